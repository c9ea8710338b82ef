// SPDX-License-Identifier: GPL-2.0
/*
 * Every message of ASAP and ENRP, wrong in each of its octets and of each length, from
 * an element and a peer that have shown who they are: it is refused and counted, nothing
 * is stored, and whoever else is there is answered as before.
 */
#include <arpa/inet.h>
#include <linux/rserpool_netlink.h>
#include <string.h>

#include "enrp_samples.h"
#include "registrar_test.h"

#define RR		RSERPOOL_POLICY_RR
#define MESSAGE_MAX	4096

static struct caller element, user, hostile;
static struct channel_group group;
static struct channel *peer;
static bool peer_open;

/* What they are, before and after. */
struct picture {
	u32 n_elements;
	u32 n_pools;
	u32 n_peers;
	u32 n_takeovers;
	u16 checksum;
	u16 params_len;
	u8 params[256];
};

static struct picture picture_of_all(void)
{
	struct home *home = home_find(&registrar.hs, registrar.id);
	const struct element *there = stored("web", 7);
	struct picture picture = {
		.n_elements = registrar.hs.n_elements,
		.n_pools = registrar.hs.n_pools,
		.n_peers = registrar.enrp.n_peers,
		.n_takeovers = registrar.enrp.n_takeovers,
	};

	assert_non_null(there);
	assert_true(there->params_len <= sizeof(picture.params));
	picture.checksum = rsp_checksum_value(&home->checksum);
	picture.params_len = there->params_len;
	memcpy(picture.params, there->params, there->params_len);
	return picture;
}

static void on_open(struct channel *channel)
{
	(void)channel;
	peer_open = true;
}

static void on_message(struct channel *channel, const uint8_t *data,
		       uint32_t len)
{
	(void)channel;
	(void)data;
	(void)len;
}

static void on_closed(struct channel *channel, const char *why)
{
	(void)channel;
	(void)why;
	peer = NULL;
}

static const struct channel_ops ops = {
	.open = on_open, .message = on_message, .closed = on_closed,
};

static bool is_open(void *data)
{
	(void)data;
	return peer_open;
}

static bool is_ready(void *data)
{
	(void)data;
	return registrar.enrp.ready;
}

static void connect_peer(void)
{
	struct tls_config config = { .identity = "registrar-2" };
	struct sockaddr_storage address;
	char why[200];
	struct tls *tls;

	config.key.len = 32;
	memset(config.key.octets, 7, 32);
	tls = tls_new(&config, why, sizeof(why));
	assert_non_null(tls);
	channel_listener_address(&registrar.enrp.listeners[0], &address);
	peer_open = false;
	peer = channel_connect(&group, tls, &channel_limits_default,
			       (void *)&address, sizeof(struct sockaddr_in),
			       &ops, NULL);
	assert_non_null(peer);
	tls_put(tls);
	test_wait("the peer", is_open, NULL);
}

static int begin(void **state)
{
	struct transport any = { .family = AF_INET };
	struct peer *known;

	(void)state;
	test_config();
	registrar.config.enrp_listen.at = calloc(1, sizeof(any));
	assert_non_null(registrar.config.enrp_listen.at);
	any.v4.s_addr = htonl(INADDR_LOOPBACK);
	registrar.config.enrp_listen.at[0] = any;
	registrar.config.enrp_listen.n = 1;
	registrar.config.heartbeat_cycle = 1000000;
	registrar.config.max_time_last_heard = 1000000;
	registrar.config.report_rate = 1000000;
	registrar.config.report_burst = 1000000;
	known = peer_new(&registrar.enrp.file);
	assert_non_null(known);
	known->configured = true;
	strcpy(known->name, "registrar-2");
	known->has_key = true;
	known->key.len = 32;
	memset(known->key.octets, 7, 32);
	strcpy(registrar.enrp.file.name, "registrar-1");
	test_account("alpha", "*", 1, 99);
	test_account("gamma", "none", 100, 100);
	/* What he says would be stored if it were well formed. */
	test_account("hostile", "*", 101, 0xffffffff);
	test_begin();
	channel_group_init(&group, &test_loop);
	test_wait("the registrar", is_ready, NULL);
	test_connect(&element, "alpha");
	test_connect(&user, "gamma");
	test_connect(&hostile, "hostile");
	connect_peer();
	peer_register(&element, "web", 7, RR, 0, 600);
	peer_expect_cause(&element, RSP_ASAP_REGISTRATION_RESPONSE, -1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	test_forget(&element);
	test_forget(&user);
	test_forget(&hostile);
	if (peer)
		channel_close(peer, "test over");
	channel_group_fini(&group);
	test_end();
	free(registrar.config.enrp_listen.at);
	return 0;
}

/* They are answered, and what is there is as it was. */
static void check_others(const struct picture *before)
{
	struct rsp_tlv_element found;
	struct rsp_asap_message msg;
	struct rsp_tlv_list list;
	struct picture now;

	peer_resolve(&user, "web", 0);
	peer_expect(&user, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, &msg);
	list = msg.params;
	assert_true(rsp_tlv_next_element(&list, &found));
	assert_int_equal(found.id, 7);
	now = picture_of_all();
	assert_memory_equal(&now, before, sizeof(now));
}

static bool all_counted(void *data)
{
	return registrar.counters.malformed >= *(u64 *)data;
}

static bool is_malformed(bool enrp, const u8 *message, u32 len)
{
	struct rsp_enrp_message enrp_msg;
	struct rsp_asap_message asap_msg;
	struct rsp_tlv_input in;

	return enrp ? rsp_enrp_parse(&in, message, len, &enrp_msg) :
		      rsp_asap_parse(&in, message, len, &asap_msg);
}

/* Returns how many were sent: one, if it is malformed. */
static u32 send_one(bool enrp, const u8 *message, u32 len)
{
	struct channel *to = enrp ? peer : hostile.channel;

	if (!is_malformed(enrp, message, len))
		return 0;
	assert_non_null(to);
	assert_int_equal(channel_send(to, message, (len + 3) & ~3u), 0);
	return 1;
}

/* The header's length is the channel's, and says where the next message begins. */
static u32 send_changed(bool enrp, const u8 *message, u32 len)
{
	static const u8 changes[] = { 0x01, 0x80, 0xff };
	u8 octets[MESSAGE_MAX];
	u32 i, j, n = 0;

	for (i = 0; i < len; i++) {
		if (i == 2 || i == 3)
			continue;
		for (j = 0; j < ARRAY_SIZE(changes); j++) {
			memset(octets, 0, sizeof(octets));
			memcpy(octets, message, len);
			octets[i] ^= changes[j];
			n += send_one(enrp, octets, len);
		}
		octets[i] = 0;
		n += send_one(enrp, octets, len);
	}
	return n;
}

/* Shorter by each number of octets, and longer by some. */
static u32 send_cut(bool enrp, const u8 *message, u32 len)
{
	u8 octets[MESSAGE_MAX];
	u32 cut, n = 0;

	for (cut = 4; cut <= len + 8; cut++) {
		if (cut == len)
			continue;
		memset(octets, 0, sizeof(octets));
		memcpy(octets, message, cut < len ? cut : len);
		octets[2] = (u8)(cut >> 8);
		octets[3] = (u8)cut;
		n += send_one(enrp, octets, cut);
	}
	return n;
}

static void try_all(bool enrp, const struct asap_sample *samples, int n_samples,
		    int (*build)(const struct asap_sample *, void *, u32))
{
	struct picture before = picture_of_all();
	u64 sent = registrar.counters.malformed, all = 0;
	u8 message[MESSAGE_MAX];
	int i, len;

	for (i = 0; i < n_samples; i++) {
		len = build(&samples[i], message, sizeof(message));
		if (len < 0)
			continue;	/* too long to be tried so often */
		len = message[2] << 8 | message[3];
		sent += send_changed(enrp, message, (u32)len);
		sent += send_cut(enrp, message, (u32)len);
		test_wait("all to be counted", all_counted, &sent);
		assert_int_equal(registrar.counters.malformed, sent);
		check_others(&before);
		all = sent;
	}
	print_message("# %llu malformed messages\n", (unsigned long long)all);
	assert_true(all > 1000);
	assert_int_equal(registrar.counters.registrations, 1);
	assert_int_equal(registrar.counters.updates_received, 0);
}

static void test_asap(void **state)
{
	(void)state;
	try_all(false, asap_samples, n_asap_samples, asap_sample_build);
	assert_non_null(hostile.channel);
}

static int enrp_sample_build(const struct asap_sample *sample, void *buf,
			     u32 cap)
{
	struct rsp_tlv_writer w;
	u32 begin;

	rsp_tlv_writer_init(&w, buf, cap);
	begin = rsp_enrp_begin(&w, sample->type, sample->flags, 2, 1);
	sample->params(&w);
	return rsp_enrp_end(&w, begin);
}

static void test_enrp(void **state)
{
	(void)state;
	try_all(true, enrp_samples, n_enrp_samples, enrp_sample_build);
	assert_non_null(peer);
}

/* What is well formed, and for somebody else, changes nothing either. */
static void test_not_for_a_registrar(void **state)
{
	static const u8 types[] = {
		RSP_ASAP_REGISTRATION_RESPONSE, RSP_ASAP_DEREGISTRATION_RESPONSE,
		RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, RSP_ASAP_ENDPOINT_KEEP_ALIVE,
		RSP_ASAP_SERVER_ANNOUNCE, RSP_ASAP_COOKIE, RSP_ASAP_COOKIE_ECHO,
		RSP_ASAP_BUSINESS_CARD,
	};
	struct picture before = picture_of_all();
	u64 n = registrar.counters.unexpected;
	u8 message[MESSAGE_MAX];
	int i, len;

	(void)state;
	for (i = 0; i < n_asap_samples; i++) {
		len = asap_sample_build(&asap_samples[i], message,
					sizeof(message));
		if (len < 0 || !memchr(types, asap_samples[i].type, sizeof(types)))
			continue;
		assert_int_equal(channel_send(hostile.channel, message,
					      (u32)len), 0);
		n++;
	}
	peer_resolve(&hostile, "nothing", 0);
	peer_expect_cause(&hostile, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE,
			  RSP_CAUSE_UNKNOWN_HANDLE);
	assert_int_equal(registrar.counters.unexpected, n);
	check_others(&before);
}

/* A length that no message has ends the connection, and no other. */
static void test_length(void **state)
{
	static const u8 wrong[][4] = {
		{ 1, 0, 0, 0 }, { 1, 0, 0, 3 }, { 5, 0, 0, 2 }, { 0, 0, 0, 0 },
	};
	struct picture before = picture_of_all();
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(channel_send(hostile.channel, wrong[i], 4), 0);
		while (hostile.channel)
			uv_run(&test_loop, UV_RUN_ONCE);
		assert_int_equal(registrar.channels.counters.malformed, i + 1);
		check_others(&before);
		test_forget(&hostile);
		test_connect(&hostile, "hostile");
	}
}

#define TEST(test)	cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_asap),
		TEST(test_enrp),
		TEST(test_not_for_a_registrar),
		TEST(test_length),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
