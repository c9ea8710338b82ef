// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <linux/rserpool_netlink.h>
#include <stdio.h>
#include <string.h>

#include "../../tools/lib/log.h"
#include "registrar_test.h"

struct registrar registrar;
uv_loop_t test_loop;

static struct channel_group peers;
static uv_timer_t guard;
static const char *waiting;

/* All that the file would set, at its defaults but the times. */
struct config registrar_config(void)
{
	struct config config = {
		.secure = true,
		.connections_max = 100,
		.subscriptions_max = 3,
		.answer_elements = 65535,
		.pools_max = 100,
		.elements_max = 20000,
		.queue_max = 1 << 20,
		.handshake_timeout = 5000,
		.dead_timeout = 10000,
		.keep_alive_interval = 60000,
		.keep_alive_timeout = 300,
		.keep_alive_rate = 1000,
		.bad_pe_reports = 3,
		.report_rate = 10,
		.report_burst = 20,
		.start_grace = 60000,
		.peers_max = 10,
		.heartbeat_cycle = 200,
		.max_time_last_heard = 2000,
		.max_time_no_response = 1000,
		.mentor_timeout = 300,
	};

	return config;
}

void test_config(void)
{
	memset(&registrar, 0, sizeof(registrar));
	registrar.config = registrar_config();
	list_init(&registrar.authorization.accounts);
	list_init(&registrar.enrp.file.peers);
}

struct account *account_in(struct authorization *authorization,
			   const char *name, const char *pattern, u32 id_min,
			   u32 id_max)
{
	struct account *account = calloc(1, sizeof(*account));

	assert_non_null(account);
	account->grants = calloc(1, sizeof(*account->grants));
	assert_non_null(account->grants);
	account->n_grants = 1;
	assert_null(pattern_parse(pattern, account->grants));
	account->grants->id_min = id_min;
	account->grants->id_max = id_max;
	account->grants->own_address = true;
	strcpy(account->name, name);
	account->has_key = true;
	account->key.len = 32;
	memset(account->key.octets, name[0], 32);
	account->elements_max = 20000;
	account->updates_rate = 100000;
	account->updates_burst = 100000;
	account->tokens = 100000000;
	list_add_tail(&account->in_all, &authorization->accounts);
	return account;
}

struct account *test_account(const char *name, const char *pattern, u32 id_min,
			     u32 id_max)
{
	return account_in(&registrar.authorization, name, pattern, id_min,
			  id_max);
}

static void too_long(uv_timer_t *timer)
{
	(void)timer;
	print_message("# waited in vain for %s\n", waiting);
	abort();
}

void test_wait(const char *what, bool (*done)(void *data), void *data)
{
	waiting = what;
	uv_timer_start(&guard, too_long, WAIT_MS, 0);
	while (!done(data))
		uv_run(&test_loop, UV_RUN_ONCE);
	uv_timer_stop(&guard);
}

static void stop_passing(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

static bool is_true(void *data)
{
	return *(bool *)data;
}

/* For what must not happen: let the time go by in which it would. */
void test_pass(u64 ms)
{
	uv_timer_t timer;
	bool passed = false;

	uv_timer_init(&test_loop, &timer);
	timer.data = &passed;
	uv_timer_start(&timer, stop_passing, ms, 0);
	test_wait("the time to pass", is_true, &passed);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&test_loop, UV_RUN_NOWAIT);
}

static void no_line(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

void test_loop_begin(void)
{
	log_line = no_line;
	uv_loop_init(&test_loop);
	uv_timer_init(&test_loop, &guard);
}

void test_loop_end(void)
{
	uv_close((uv_handle_t *)&guard, NULL);
	uv_run(&test_loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&test_loop), 0);
}

void test_begin(void)
{
	struct transport any = { .family = AF_INET };
	char why[200] = "";
	unsigned int n = 1 + registrar.config.secure;

	test_loop_begin();
	channel_group_init(&peers, &test_loop);
	any.v4.s_addr = htonl(INADDR_LOOPBACK);
	registrar.config.asap_listen.at = calloc(1, sizeof(any));
	registrar.config.asap_listen.n = 1;
	registrar.config.asap_listen.at[0] = any;
	if (registrar.config.secure) {
		registrar.config.plain_listen.at = calloc(1, sizeof(any));
		registrar.config.plain_listen.n = 1;
		registrar.config.plain_listen.at[0] = any;
	}
	assert_int_equal(registrar_init(&registrar, &test_loop), 0);
	if (registrar_listen(&registrar, why, sizeof(why)))
		print_message("# %s\n", why);
	assert_int_equal(registrar.n_listeners, n);
}

void test_end(void)
{
	registrar_stop(&registrar);
	assert_int_equal(registrar.hs.n_elements, 0);
	assert_int_equal(registrar.hs.n_pools, 0);
	assert_true(list_empty(&registrar.hs.homes));
	while (peers.n)
		uv_run(&test_loop, UV_RUN_ONCE);
	channel_group_fini(&peers);
	test_loop_end();
	free(registrar.config.asap_listen.at);
	free(registrar.config.plain_listen.at);
	registrar_fini(&registrar);
}

static void on_open(struct channel *channel)
{
	struct caller *peer = channel_data(channel);

	peer->opened = true;
}

static void answer_keep_alive(struct caller *peer, const u8 *data, u32 len)
{
	char handle[RSP_HANDLE_MAX + 1] = "";
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;

	assert_int_equal(rsp_asap_parse(&in, data, len, &msg), 0);
	assert_int_equal(msg.server_id, registrar.id);
	assert_true(msg.has_pe_id);
	peer->keep_alives++;
	memcpy(handle, msg.handle.data, msg.handle.len);
	if (!peer->mute)
		peer_say(peer, RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK, handle,
			 msg.pe_id);
}

static void on_message(struct channel *channel, const uint8_t *data,
		       uint32_t len)
{
	struct caller *peer = channel_data(channel);

	if (data[0] == RSP_ASAP_ENDPOINT_KEEP_ALIVE) {
		answer_keep_alive(peer, data, len);
		return;
	}
	if (peer->n < INBOX) {
		peer->inbox[peer->n].data = malloc(len);
		memcpy(peer->inbox[peer->n].data, data, len);
		peer->inbox[peer->n].len = len;
	}
	peer->n++;
}

static void on_closed(struct channel *channel, const char *why)
{
	struct caller *peer = channel_data(channel);

	(void)why;
	peer->channel = NULL;
}

static const struct channel_ops ops = {
	.open = on_open,
	.message = on_message,
	.closed = on_closed,
};

static bool is_open(void *data)
{
	return ((struct caller *)data)->opened;
}

static void connect_to(struct caller *peer, unsigned int listener,
		       struct tls *tls)
{
	struct sockaddr_storage address;

	memset(peer, 0, sizeof(*peer));
	channel_listener_address(&registrar.listeners[listener], &address);
	peer->channel = channel_connect(&peers, tls, &channel_limits_default,
					(void *)&address,
					sizeof(struct sockaddr_in), &ops, peer);
	assert_non_null(peer->channel);
	tls_put(tls);
	test_wait("a connection", is_open, peer);
}

/* In a secure scope with the identity's key; in a plain one @identity is NULL. */
void test_connect(struct caller *peer, const char *identity)
{
	struct tls_config config = { .identity = identity };
	struct tls *tls = NULL;
	char why[200];

	if (identity) {
		config.key.len = 32;
		memset(config.key.octets, identity[0], 32);
		tls = tls_new(&config, why, sizeof(why));
		assert_non_null(tls);
	}
	connect_to(peer, 0, tls);
}

void test_connect_plain(struct caller *peer)
{
	connect_to(peer, 1, NULL);
}

static bool is_noticed(void *data)
{
	return registrar.n_clients < *(u32 *)data;
}

/* Ends its connection, and waits until the registrar knows. */
void test_forget(struct caller *peer)
{
	u32 n = registrar.n_clients, i;

	if (peer->channel) {
		channel_close(peer->channel, "test over");
		test_wait("an end", is_noticed, &n);
	}
	for (i = 0; i < peer->n && i < INBOX; i++)
		free(peer->inbox[i].data);
	memset(peer, 0, sizeof(*peer));
}

static u8 buf[1 << 16];

static void send_built(struct caller *peer, struct rsp_tlv_writer *w)
{
	int len = rsp_asap_end(w, 0);

	assert_true(len > 0);
	assert_int_equal(channel_send(peer->channel, buf, (u32)len), 0);
}

static void begin(struct rsp_tlv_writer *w, u8 type, u8 flags,
		  const char *handle)
{
	rsp_tlv_writer_init(w, buf, sizeof(buf));
	rsp_asap_begin(w, type, flags);
	rsp_tlv_put(w, RSP_TLV_HANDLE, handle, strlen(handle));
}

static void put_element(struct rsp_tlv_writer *w, u32 id, s32 life, u16 type,
			u16 use, const char *at, u32 policy, u32 value)
{
	struct rsp_tlv_transport transport = {
		.type = type, .port = 80, .use = use,
	};
	struct rsp_tlv_element element = { .id = id, .life = life };
	struct rsp_tlv_policy from = {
		.type = policy, .value = value, .degradation = 1000,
	};
	u32 begin = rsp_tlv_begin_element(w, &element), inner;
	struct rsp_tlv_address address;
	u8 octets[16];

	address.octets.data = octets;
	address.octets.len = inet_pton(AF_INET, at, octets) == 1 ? 4 : 16;
	if (address.octets.len == 16)
		assert_int_equal(inet_pton(AF_INET6, at, octets), 1);
	inner = rsp_tlv_begin_transport(w, &transport);
	rsp_tlv_put_address(w, &address);
	rsp_tlv_end(w, inner);
	rsp_tlv_put_policy(w, &from);
	rsp_tlv_end(w, begin);
}

void peer_register(struct caller *peer, const char *handle, u32 id, u32 policy,
		   u32 value, s32 life)
{
	struct rsp_tlv_writer w;

	begin(&w, RSP_ASAP_REGISTRATION, 0, handle);
	put_element(&w, id, life, RSP_TLV_TCP_TRANSPORT, 0, "127.0.0.1", policy,
		    value);
	send_built(peer, &w);
}

void peer_register_at(struct caller *peer, const char *handle, u32 id,
		      u16 type, u16 use, const char *address)
{
	struct rsp_tlv_writer w;

	begin(&w, RSP_ASAP_REGISTRATION, 0, handle);
	put_element(&w, id, 600, type, use, address, RSERPOOL_POLICY_RR, 0);
	send_built(peer, &w);
}

void peer_say(struct caller *peer, u8 type, const char *handle, u32 id)
{
	struct rsp_tlv_writer w;

	begin(&w, type, 0, handle);
	rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, id);
	send_built(peer, &w);
}

void peer_resolve(struct caller *peer, const char *handle, u8 flags)
{
	struct rsp_tlv_writer w;

	begin(&w, RSP_ASAP_HANDLE_RESOLUTION, flags, handle);
	send_built(peer, &w);
}

static bool has_come(void *data)
{
	return ((struct caller *)data)->n;
}

/* The last one's octets live until the next is expected. */
void peer_expect(struct caller *peer, u8 type, struct rsp_asap_message *msg)
{
	static u8 last[1 << 16];
	struct rsp_tlv_input in;
	u32 len, i;

	test_wait("a message", has_come, peer);
	len = peer->inbox[0].len;
	memcpy(last, peer->inbox[0].data, len);
	free(peer->inbox[0].data);
	peer->n--;
	for (i = 0; i < peer->n && i + 1 < INBOX; i++)
		peer->inbox[i] = peer->inbox[i + 1];
	assert_int_equal(rsp_asap_parse(&in, last, len, msg), 0);
	assert_int_equal(msg->type, type);
}

/* @cause: -1 for none */
void peer_expect_cause(struct caller *peer, u8 type, int cause)
{
	struct rsp_asap_message msg;
	struct rsp_tlv tlv;
	int found = -1;

	peer_expect(peer, type, &msg);
	if (rsp_tlv_next_cause(&msg.causes, &tlv))
		found = tlv.type;
	assert_int_equal(found, cause);
	if (type == RSP_ASAP_REGISTRATION_RESPONSE)
		assert_int_equal(msg.flags, cause < 0 ? 0 :
						       RSP_ASAP_FLAG_REJECT);
}

struct element *stored(const char *handle, u32 id)
{
	struct pool *pool = pool_find(&registrar.hs, handle, strlen(handle));

	return pool ? element_find(&registrar.hs, pool, id) : NULL;
}
