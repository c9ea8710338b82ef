// SPDX-License-Identifier: GPL-2.0
/*
 * Registrars on one loop, with real sockets between them: what one is told all
 * know, what goes wrong is put right, and who takes over.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rserpool_netlink.h>
#include <stdio.h>
#include <string.h>

#include "../../tools/lib/log.h"
#include "registrar_test.h"

#define N	3

static struct registrar regs[N];
static struct channel_group strangers;

static struct sockaddr_storage where(const struct registrar *registrar)
{
	struct sockaddr_storage address;

	channel_listener_address(&registrar->enrp.listeners[0], &address);
	return address;
}

static struct peer *knows(struct registrar *registrar, const char *name)
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

static void at(struct peer *peer, const struct registrar *other)
{
	struct sockaddr_storage address = where(other);
	const struct sockaddr_in *v4 = (void *)&address;

	peer->address.family = AF_INET;
	peer->address.port = ntohs(v4->sin_port);
	peer->address.v4 = v4->sin_addr;
}

static void prepare(u32 i, bool secure)
{
	struct registrar *registrar = &regs[i];

	memset(registrar, 0, sizeof(*registrar));
	registrar->config = registrar_config();
	registrar->config.secure = secure;
	registrar->config.server_id = i + 1;
	list_init(&registrar->authorization.accounts);
	list_init(&registrar->enrp.file.peers);
	sprintf(registrar->enrp.file.name, "registrar-%u", i + 1);
}

static void start(u32 i)
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

static void stop(u32 i)
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

#define SELDOM	1000000		/* what is wrong stays so */
#define OFTEN	200

static int begin_plain(void **state)
{
	(void)state;
	return begin(false, SELDOM);
}

static int begin_secure(void **state)
{
	(void)state;
	return begin(true, SELDOM);
}

static int begin_audited(void **state)
{
	(void)state;
	return begin(true, OFTEN);
}

static int begin_plain_audited(void **state)
{
	(void)state;
	return begin(false, OFTEN);
}

static int end(void **state)
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

static u8 transport[] = { 0, 5, 0, 16, 0, 80, 0, 0, 0, 1, 0, 8, 127, 0, 0, 1 };

static struct rsp_tlv_element made(u32 id, u32 home)
{
	struct rsp_tlv_element element = {
		.id = id, .home = home, .life = RSP_LIFE_INFINITE,
		.user = { transport, transport + sizeof(transport) },
		.policy = { .type = RSERPOOL_POLICY_RR },
	};

	return element;
}

/* As a socket of its host that listens. */
static void put(u32 i, const char *pool, u32 id)
{
	struct rsp_octets handle = { (const u8 *)pool, strlen(pool) };
	struct rsp_tlv_element element = made(id, 0);
	struct element_data data = { .element = &element, .home = i + 1 };

	assert_int_equal(registration_put(&regs[i], NULL, &handle, &data), 0);
}

static struct element *get(u32 i, const char *pool, u32 id)
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

static void expect_all(const char *pool, u32 id, u32 home)
{
	wanted.pool = pool;
	wanted.id = id;
	wanted.home = home;
	test_wait(home ? "an element everywhere" : "an element to go", is_so,
		  NULL);
}

static void test_update(void **state)
{
	(void)state;
	put(0, "web", 7);
	put(2, "web", 8);
	expect_all("web", 7, 1);
	expect_all("web", 8, 3);
	/* Of another's elements nobody tells. */
	assert_int_equal(regs[1].counters.updates_sent, 0);
	change_remove(&regs[0], get(0, "web", 7));
	expect_all("web", 7, 0);
	expect_all("web", 8, 3);
	change_remove(&regs[2], get(2, "web", 8));
	expect_all("web", 8, 0);
	assert_int_equal(regs[1].hs.n_pools, 0);
}

static void forget_all(struct registrar *registrar, u32 id)
{
	struct home *home;

	while ((home = home_find(&registrar->hs, id)))
		change_remove(registrar, container_of(home->elements.next,
						      struct element, in_home));
}

static bool walks(void *data)
{
	return ((struct peer *)data)->walk.next;
}

/* More than a piece holds, and while it is fetched some go and some come. */
static void test_pieces(void **state)
{
	struct peer *peer, *at_other;
	u32 i;

	(void)state;
	for (i = 0; i < 3000; i++)
		put(0, "many", i + 1);
	expect_all("many", 3000, 1);
	forget_all(&regs[1], 1);
	peer = peer_of_id(&regs[1], 1);
	at_other = peer_of_id(&regs[0], 2);
	audit_begin(peer);
	test_wait("the second piece", walks, at_other);
	/* Among them is the one that comes next. */
	for (i = 0; i < 2900; i++)
		change_remove(&regs[0], get(0, "many", i + 1));
	put(0, "many", 5000);
	expect_all("many", 1, 0);
	expect_all("many", 2900, 0);
	expect_all("many", 3000, 1);
	expect_all("many", 2901, 1);
	expect_all("many", 5000, 1);
	assert_int_equal(regs[1].hs.n_elements, 101);
}

/* What was lost comes again, and what should not be there goes. */
static void test_audit(void **state)
{
	struct rsp_octets handle = { (const u8 *)"web", 3 };
	struct rsp_tlv_element element = made(9, 1);
	struct element_data data = { .element = &element, .home = 1 };
	struct element *stray;

	(void)state;
	put(0, "web", 7);
	expect_all("web", 7, 1);
	change_remove(&regs[1], get(1, "web", 7));
	expect_all("web", 7, 1);
	assert_int_equal(element_put(&regs[2].hs, &handle, &data, &stray), 1);
	change_put(&regs[2], stray);
	expect_all("web", 9, 0);
	expect_all("web", 7, 1);
	assert_true(regs[1].counters.audits > 0);
	assert_true(regs[2].counters.audits > 0);
	assert_int_equal(regs[0].counters.audits, 0);
}

/* Of the two that are left one takes over, and has the other one agree. */
static void test_takeover(void **state)
{
	(void)state;
	put(0, "web", 7);
	expect_all("web", 7, 1);
	stop(0);
	expect_all("web", 7, get(1, "web", 7)->home->id == 1 ? 3 : 2);
	assert_int_equal(regs[1].counters.takeovers +
			 regs[2].counters.takeovers, 1);
	assert_int_equal(get(1, "web", 7)->former +
			 get(2, "web", 7)->former, 1);
}

static bool has_gone(void *data)
{
	return !((struct registrar *)data)->hs.n_elements;
}

/* The last one takes it, and removes what does not come. */
static void test_last(void **state)
{
	(void)state;
	put(0, "web", 7);
	expect_all("web", 7, 1);
	regs[1].config.start_grace = 300;
	stop(2);
	stop(0);
	test_wait("the end of a grace", has_gone, &regs[1]);
	assert_int_equal(regs[1].counters.takeovers, 1);
}

/* A raw peer, which says what it is told to. */
static struct stranger {
	struct channel *channel;
	bool opened;
	bool closed;
	u32 n;
	u8 type;
	u8 flags;
} stranger;

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
}

static void on_closed(struct channel *channel, const char *why)
{
	(void)channel;
	(void)why;
	stranger.closed = true;
}

static bool is_true(void *data)
{
	return *(bool *)data;
}

static void come(struct registrar *to, const char *identity)
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
	test_wait("a connection", is_true, &stranger.opened);
}

static u8 buf[1024];

static void say(struct rsp_tlv_writer *w)
{
	int len = rsp_enrp_end(w, 0);

	assert_true(len > 0);
	assert_int_equal(channel_send(stranger.channel, buf, (u32)len), 0);
}

static void say_update(u32 sender, const char *pool, u32 id, u32 home,
		       u16 action)
{
	struct rsp_tlv_element element = made(id, home);
	struct rsp_tlv_writer w;
	u32 begin;

	rsp_tlv_writer_init(&w, buf, sizeof(buf));
	rsp_enrp_begin(&w, RSP_ENRP_HANDLE_UPDATE, 0, sender, 0);
	rsp_enrp_put_action(&w, action);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, pool, strlen(pool));
	begin = rsp_tlv_begin_element(&w, &element);
	rsp_tlv_put_octets(&w, transport, sizeof(transport));
	rsp_tlv_put_policy(&w, &element.policy);
	rsp_tlv_end(&w, begin);
	say(&w);
}

static void say_target(u8 type, u32 sender, u32 target)
{
	struct rsp_tlv_writer w;

	rsp_tlv_writer_init(&w, buf, sizeof(buf));
	rsp_enrp_begin(&w, type, 0, sender, 0);
	rsp_enrp_put_target(&w, target);
	say(&w);
}

/* RFC 5355, 2.5: a peer speaks for itself and for its own elements only. */
static void test_impostor(void **state)
{
	u64 unexpected = regs[0].counters.unexpected;

	(void)state;
	put(0, "web", 7);
	put(2, "web", 8);
	expect_all("web", 8, 3);
	/* It has the key of the second, and says that it is the third. */
	come(&regs[0], "registrar-2");
	say_update(3, "web", 8, 3, RSP_ENRP_DEL_PE);
	test_wait("an end", is_true, &stranger.closed);
	assert_int_equal(regs[0].counters.unexpected, unexpected + 1);
	come(&regs[0], "registrar-2");
	say_update(1, "web", 7, 1, RSP_ENRP_DEL_PE);
	test_wait("an end", is_true, &stranger.closed);
	come(&regs[0], "registrar-2");
	say_update(2, "web", 9, 3, RSP_ENRP_ADD_PE);
	say_update(2, "web", 8, 3, RSP_ENRP_DEL_PE);
	say_update(2, "web", 7, 1, RSP_ENRP_DEL_PE);
	say_update(2, "web", 6, 2, RSP_ENRP_ADD_PE);
	wanted.pool = "web";
	while (!get(0, "web", 6))
		uv_run(&test_loop, UV_RUN_ONCE);
	assert_int_equal(regs[0].hs.n_elements, 3);
	assert_non_null(get(0, "web", 7));
	assert_non_null(get(0, "web", 8));
	assert_int_equal(regs[0].counters.updates_refused, 1);
	channel_close(stranger.channel, "test over");
	/* Nor is it another one, be it that that one is said to have gone. */
	come(&regs[0], "registrar-2");
	say_target(RSP_ENRP_INIT_TAKEOVER, 2, 3);
	say_update(3, "web", 8, 3, RSP_ENRP_DEL_PE);
	test_wait("an end", is_true, &stranger.closed);
	come(&regs[0], "registrar-2");
	say_update(3, "web", 8, 3, RSP_ENRP_DEL_PE);
	test_wait("an end", is_true, &stranger.closed);
	assert_non_null(get(0, "web", 8));
}

static bool has_message(void *data)
{
	return stranger.type == *(u8 *)data;
}

/* Arbitration: RFC 5353, 3.5.1. A larger identifier wins. */
static void test_arbitration(void **state)
{
	u8 ack = RSP_ENRP_INIT_TAKEOVER_ACK, presence = RSP_ENRP_PRESENCE;

	(void)state;
	put(0, "web", 7);
	expect_all("web", 7, 1);
	come(&regs[1], NULL);
	say_target(RSP_ENRP_INIT_TAKEOVER, 9, 1);
	test_wait("an agreement", has_message, &ack);
	/* Who is to be taken over says that he is there. */
	stranger.type = 0;
	say_target(RSP_ENRP_INIT_TAKEOVER, 9, 2);
	test_wait("a sign of life", has_message, &presence);
	say_target(RSP_ENRP_TAKEOVER_SERVER, 9, 1);
	while (get(1, "web", 7)->home->id != 9)
		uv_run(&test_loop, UV_RUN_ONCE);
	channel_close(stranger.channel, "test over");
	/* The first one owns it: its next sign of life says so. */
	expect_all("web", 7, 1);
}

static bool is_known(void *data)
{
	return peer_of_id(&regs[0], *(u32 *)data);
}

/* One that was found, and is connected to, is the one that the file names. */
static void test_named(void **state)
{
	struct link link = { .registrar = &regs[0] };
	struct peer *found, *peer;
	struct rsp_tlv_writer w;
	u32 id = 9;

	(void)state;
	come(&regs[0], NULL);
	say_target(RSP_ENRP_INIT_TAKEOVER, id, 77);
	test_wait("a peer", is_known, &id);
	found = peer_of_id(&regs[0], id);
	at(found, &regs[1]);
	peer_dial(&found->redial);
	assert_non_null(found->out);
	peer = knows(&regs[0], "registrar-9");
	peer->registrar = &regs[0];
	peer->watch.fire = presence_due;
	regs[0].enrp.n_peers++;
	link.peer = peer;
	rsp_tlv_writer_init(&w, buf, sizeof(buf));
	rsp_enrp_begin(&w, RSP_ENRP_PRESENCE, 0, id, 0);
	peer_take(&link, buf, (u32)rsp_enrp_end(&w, 0));
	assert_ptr_equal(peer_of_id(&regs[0], id), peer);
	assert_non_null(peer->in);
	assert_int_equal(regs[0].enrp.n_peers, 3);
	test_pass(50);
	channel_close(stranger.channel, "test over");
}

/* Of a walk the next one moves to a home that it is the first of. */
static void test_walk_to_new_home(void **state)
{
	struct handlespace *hs = &regs[0].hs;
	struct walk walk = { 0 };

	(void)state;
	put(0, "web", 7);
	list_init(&walk.in_all);
	walk_begin(hs, &walk, 0);
	assert_ptr_equal(walk.next, get(0, "web", 7));
	assert_int_equal(element_move(hs, get(0, "web", 7), 9), 0);
	assert_null(walk.next);
	walk_end(&walk);
}

/* What is stored fits in a message to a peer. */
static void test_long_element(void **state)
{
	static u8 many[4090 * sizeof(transport)];
	struct rsp_octets handle = { (const u8 *)"web", 3 };
	struct rsp_tlv_element element = made(7, 0);
	struct element_data data = { .element = &element, .home = 1 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(many); i += sizeof(transport))
		memcpy(many + i, transport, sizeof(transport));
	element.user.pos = many;
	element.user.end = many + sizeof(many);
	assert_int_equal(registration_put(&regs[0], NULL, &handle, &data),
			 -EMSGSIZE);
	element.user.end = many + 4070 * sizeof(transport);
	assert_int_equal(registration_put(&regs[0], NULL, &handle, &data), 0);
	expect_all("web", 7, 1);
	forget_all(&regs[1], 1);
	audit_begin(peer_of_id(&regs[1], 1));
	expect_all("web", 7, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define PLAIN(f)	cmocka_unit_test_setup_teardown(f, begin_plain, end)
#define SECURE(f)	cmocka_unit_test_setup_teardown(f, begin_secure, end)
#define AUDITED(f)	cmocka_unit_test_setup_teardown(f, begin_audited, end)
		PLAIN(test_update),
		SECURE(test_update),
		SECURE(test_pieces),
		AUDITED(test_audit),
		SECURE(test_takeover),
		SECURE(test_last),
		SECURE(test_impostor),
		PLAIN(test_named),
		PLAIN(test_walk_to_new_home),
		PLAIN(test_long_element),
		cmocka_unit_test_setup_teardown(test_arbitration,
						begin_plain_audited, end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
