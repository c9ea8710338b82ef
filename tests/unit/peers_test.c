// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <linux/rserpool_netlink.h>
#include <stdio.h>
#include <string.h>

#include "../../tools/lib/log.h"
#include "peers_test.h"

struct registrar regs[N];
struct channel_group strangers;

static struct sockaddr_storage where(const struct registrar *registrar)
{
	struct sockaddr_storage address;

	channel_listener_address(&registrar->enrp.listeners[0], &address);
	return address;
}

struct peer *knows(struct registrar *registrar, const char *name)
{
	struct peer *peer = peer_new(&registrar->enrp.file);

	assert_non_null(peer);
	peer->configured = true;
	strcpy(peer->name, name);
	peer->has_key = registrar->config.secure;
	peer->key.len = 32;
	memset(peer->key.octets, 7, 32);
	return peer;
}

void at(struct peer *peer, const struct registrar *other)
{
	struct sockaddr_storage address = where(other);
	const struct sockaddr_in *v4 = (void *)&address;

	peer->address.family = AF_INET;
	peer->address.port = ntohs(v4->sin_port);
	peer->address.v4 = v4->sin_addr;
}

/* Somebody may have these elements, at the address that all have. */
struct account *allow(struct authorization *authorization, const char *pattern,
		      u32 id_min, u32 id_max)
{
	struct account *account = account_in(authorization, pattern, pattern,
					     id_min, id_max);
	struct network *network = calloc(1, sizeof(*network));

	assert_non_null(network);
	network->family = AF_INET;
	network->bits = 32;
	memcpy(network->octets, (u8[]){ 127, 0, 0, 1 }, 4);
	account->grants->networks = network;
	account->grants->n_networks = 1;
	return account;
}

void prepare(u32 i, bool secure)
{
	struct registrar *registrar = &regs[i];

	memset(registrar, 0, sizeof(*registrar));
	registrar->config = registrar_config();
	registrar->config.secure = secure;
	registrar->config.server_id = i + 1;
	list_init(&registrar->authorization.accounts);
	list_init(&registrar->enrp.file.peers);
	sprintf(registrar->enrp.file.name, "registrar-%u", i + 1);
	allow(&registrar->authorization, "*", 1, 0xffffffff);
}

void start(u32 i)
{
	struct registrar *registrar = &regs[i];
	struct transport any = { .family = AF_INET };
	char why[200] = "";

	any.v4.s_addr = htonl(INADDR_LOOPBACK);
	registrar->config.enrp_listen.at = calloc(1, sizeof(any));
	registrar->config.enrp_listen.at[0] = any;
	registrar->config.enrp_listen.n = 1;
	assert_int_equal(registrar_init(registrar, &test_loop), 0);
	if (registrar_listen(registrar, why, sizeof(why)))
		print_message("# %s\n", why);
	assert_int_equal(registrar->enrp.n_listeners, 1);
}

void stop(u32 i)
{
	struct registrar *registrar = &regs[i];

	registrar_stop(registrar);
	while (registrar->channels.n)
		uv_run(&test_loop, UV_RUN_ONCE);
	uv_run(&test_loop, UV_RUN_NOWAIT);
	free(registrar->config.enrp_listen.at);
	registrar_fini(registrar);
	memset(registrar, 0, sizeof(*registrar));
}

/* Each knows those before it, and is waited for by them in a secure scope. */
static void start_all(bool secure, u32 heartbeat)
{
	char name[32];
	u32 i, j;

	for (i = 0; i < N; i++) {
		prepare(i, secure);
		regs[i].config.heartbeat_cycle = heartbeat;
		regs[i].config.max_time_last_heard = 10 * heartbeat;
		for (j = 0; j < N; j++) {
			sprintf(name, "registrar-%u", j + 1);
			if (j < i)
				at(knows(&regs[i], name), &regs[j]);
			else if (j > i && secure)
				knows(&regs[i], name);
		}
		start(i);
	}
}

static bool all_ready(void *data)
{
	u32 i, n = 0;
	struct list *pos;

	(void)data;
	for (i = 0; i < N; i++) {
		if (!regs[i].enrp.ready)
			return false;
		list_for_each(pos, &regs[i].enrp.file.peers)
			n += container_of(pos, struct peer, in_all)->state ==
			     PEER_ACTIVE;
	}
	return n == N * (N - 1);
}

static int begin(bool secure, u32 heartbeat)
{
	test_loop_begin();
	channel_group_init(&strangers, &test_loop);
	start_all(secure, heartbeat);
	test_wait("all registrars", all_ready, NULL);
	return 0;
}

int begin_plain(void **state)
{
	(void)state;
	return begin(false, SELDOM);
}

int begin_secure(void **state)
{
	(void)state;
	return begin(true, SELDOM);
}

int begin_audited(void **state)
{
	(void)state;
	return begin(true, OFTEN);
}

int begin_plain_audited(void **state)
{
	(void)state;
	return begin(false, OFTEN);
}

int end(void **state)
{
	u32 i;

	(void)state;
	for (i = 0; i < N; i++)
		if (regs[i].loop)
			stop(i);
	while (strangers.n)
		uv_run(&test_loop, UV_RUN_ONCE);
	channel_group_fini(&strangers);
	test_loop_end();
	return 0;
}

u8 transport[] = { 0, 5, 0, 16, 0, 80, 0, 0, 0, 1, 0, 8, 127, 0, 0, 1 };

struct rsp_tlv_element made(u32 id, u32 home)
{
	struct rsp_tlv_element element = {
		.id = id, .home = home, .life = RSP_LIFE_INFINITE,
		.user = { transport, transport + sizeof(transport) },
		.policy = { .type = RSERPOOL_POLICY_RR },
	};

	return element;
}

/* As a socket of its host that listens. */
void put(u32 i, const char *pool, u32 id)
{
	struct rsp_octets handle = { (const u8 *)pool, strlen(pool) };
	struct rsp_tlv_element element = made(id, 0);
	struct element_data data = { .element = &element, .home = i + 1 };

	assert_int_equal(registration_put(&regs[i], NULL, &handle, &data), 0);
}

struct element *get(u32 i, const char *pool, u32 id)
{
	struct pool *at = pool_find(&regs[i].hs, pool, strlen(pool));

	return at ? element_find(&regs[i].hs, at, id) : NULL;
}

/* What all have, or the two that are left. */
static struct {
	const char *pool;
	u32 id;
	u32 home;		/* 0: nobody has it */
} wanted;

static bool is_so(void *data)
{
	u32 i;

	(void)data;
	for (i = 0; i < N; i++) {
		struct element *element;

		if (!regs[i].loop)
			continue;
		element = get(i, wanted.pool, wanted.id);
		if ((element ? element->home->id : 0) != wanted.home)
			return false;
	}
	return true;
}

void expect_all(const char *pool, u32 id, u32 home)
{
	wanted.pool = pool;
	wanted.id = id;
	wanted.home = home;
	test_wait(home ? "an element everywhere" : "an element to go", is_so,
		  NULL);
}

void forget_all(struct registrar *registrar, u32 id)
{
	struct home *home;

	while ((home = home_find(&registrar->hs, id)))
		change_remove(registrar, container_of(home->elements.next,
						      struct element, in_home));
}

struct stranger stranger;

static void on_open(struct channel *channel)
{
	(void)channel;
	stranger.opened = true;
}

static void on_message(struct channel *channel, const uint8_t *data,
		       uint32_t len)
{
	(void)channel;
	(void)len;
	stranger.n++;
	stranger.type = data[0];
	stranger.flags = data[1];
	if (stranger.answer)
		stranger.answer();
}

static void on_closed(struct channel *channel, const char *why)
{
	(void)channel;
	(void)why;
	stranger.closed = true;
}

bool is_true(void *data)
{
	return *(bool *)data;
}

static void connect_to(struct registrar *to, const char *identity)
{
	static const struct channel_ops ops = {
		.open = on_open, .message = on_message, .closed = on_closed,
	};
	struct tls_config config = { .identity = identity };
	struct sockaddr_storage address = where(to);
	struct tls *tls = NULL;
	char why[200];

	memset(&stranger, 0, sizeof(stranger));
	if (identity) {
		config.key.len = 32;
		memset(config.key.octets, 7, 32);
		tls = tls_new(&config, why, sizeof(why));
	}
	stranger.channel = channel_connect(&strangers, tls,
					   &channel_limits_default,
					   (void *)&address,
					   sizeof(struct sockaddr_in), &ops,
					   NULL);
	assert_non_null(stranger.channel);
	tls_put(tls);
}

void come(struct registrar *to, const char *identity)
{
	connect_to(to, identity);
	test_wait("a connection", is_true, &stranger.opened);
}

/* It is closed before it may say a thing. */
void come_in_vain(struct registrar *to, const char *identity)
{
	connect_to(to, identity);
	test_wait("an end", is_true, &stranger.closed);
}

u8 said[1024];

void say(struct rsp_tlv_writer *w)
{
	int len = rsp_enrp_end(w, 0);

	assert_true(len > 0);
	assert_int_equal(channel_send(stranger.channel, said, (u32)len), 0);
}

void say_update(u32 sender, const char *pool, u32 id, u32 home,
		       u16 action)
{
	struct rsp_tlv_element element = made(id, home);
	struct rsp_tlv_writer w;
	u32 begin;

	rsp_tlv_writer_init(&w, said, sizeof(said));
	rsp_enrp_begin(&w, RSP_ENRP_HANDLE_UPDATE, 0, sender, 0);
	rsp_enrp_put_action(&w, action);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, pool, strlen(pool));
	begin = rsp_tlv_begin_element(&w, &element);
	rsp_tlv_put_octets(&w, transport, sizeof(transport));
	rsp_tlv_put_policy(&w, &element.policy);
	rsp_tlv_end(&w, begin);
	say(&w);
}

void say_target(u8 type, u32 sender, u32 target)
{
	struct rsp_tlv_writer w;

	rsp_tlv_writer_init(&w, said, sizeof(said));
	rsp_enrp_begin(&w, type, 0, sender, 0);
	rsp_enrp_put_target(&w, target);
	say(&w);
}

