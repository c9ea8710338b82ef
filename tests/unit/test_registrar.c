// SPDX-License-Identifier: GPL-2.0
/*
 * The registrar's ASAP side, over real TLS: what elements and users are
 * answered, what is stored, and that nothing is where it may not be.
 */
#include <linux/rserpool_netlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "registrar_test.h"

#define RR	RSERPOOL_POLICY_RR

static struct caller a, b, user;

static int begin_secure(void **state)
{
	(void)state;
	test_config();
	test_account("alpha", "web", 1, 99);
	test_account("beta", "web", 100, 199);
	test_account("gamma", "db-*", 1, 0xffffffff);
	test_begin();
	test_connect(&a, "alpha");
	test_connect(&b, "beta");
	test_connect(&user, "gamma");
	return 0;
}

static int end(void **state)
{
	(void)state;
	test_forget(&a);
	test_forget(&b);
	test_forget(&user);
	test_end();
	return 0;
}

static void expect_registered(struct caller *peer, int cause)
{
	peer_expect_cause(peer, RSP_ASAP_REGISTRATION_RESPONSE, cause);
}

static void test_register(void **state)
{
	struct rsp_tlv_element element;
	struct rsp_checksum checksum = { 0 };
	struct rsp_asap_message msg;

	(void)state;
	peer_register(&a, "web", 7, RR, 0, 600);
	peer_expect(&a, RSP_ASAP_REGISTRATION_RESPONSE, &msg);
	assert_int_equal(msg.flags, 0);
	assert_int_equal(msg.pe_id, 7);
	assert_memory_equal(msg.handle.data, "web", 3);

	assert_non_null(stored("web", 7));
	element_view(stored("web", 7), &element);
	assert_int_equal(element.home, registrar.id);
	assert_int_equal(element.life, 600);
	/* Where it came from: RFC 5352, 3.1, rule 4. */
	assert_int_equal(element.asap.type, RSP_TLV_TCP_TRANSPORT);
	rsp_checksum_add(&checksum, "web", 3, 7);
	assert_int_equal(rsp_checksum_value(&home_find(&registrar.hs,
						       registrar.id)->checksum),
			 rsp_checksum_value(&checksum));

	peer_register(&a, "web", 7, RR, 0, 300);
	expect_registered(&a, -1);
	assert_int_equal(stored("web", 7)->life, 300);
	assert_int_equal(registrar.hs.n_elements, 1);
	assert_int_equal(registrar.counters.registrations, 1);
	assert_int_equal(registrar.counters.reregistrations, 1);

	peer_say(&a, RSP_ASAP_DEREGISTRATION, "web", 7);
	peer_expect_cause(&a, RSP_ASAP_DEREGISTRATION_RESPONSE, -1);
	assert_int_equal(registrar.hs.n_elements, 0);
	assert_int_equal(registrar.hs.n_pools, 0);
	/* What is not there is granted: RFC 5352, 3.2. */
	peer_say(&a, RSP_ASAP_DEREGISTRATION, "web", 7);
	peer_expect_cause(&a, RSP_ASAP_DEREGISTRATION_RESPONSE, -1);
}

/* RFC 5355, 2.1 to 2.4 and 2.6: nobody has what is not his. */
static void test_not_his(void **state)
{
	struct caller stranger;

	(void)state;
	peer_register(&a, "web", 7, RR, 0, 600);
	expect_registered(&a, -1);
	/* Another's identifier, another's pool, and one of nobody. */
	peer_register(&b, "web", 7, RR, 0, 600);
	expect_registered(&b, RSP_CAUSE_SECURITY);
	peer_register(&b, "db-1", 100, RR, 0, 600);
	expect_registered(&b, RSP_CAUSE_SECURITY);
	peer_register(&b, "webb", 100, RR, 0, 600);
	expect_registered(&b, RSP_CAUSE_SECURITY);
	peer_say(&b, RSP_ASAP_DEREGISTRATION, "web", 7);
	peer_expect_cause(&b, RSP_ASAP_DEREGISTRATION_RESPONSE,
			  RSP_CAUSE_SECURITY);
	/* An address of somebody else. */
	peer_register_at(&b, "web", 100, RSP_TLV_TCP_TRANSPORT, 0, "192.0.2.1");
	expect_registered(&b, RSP_CAUSE_SECURITY);
	peer_register_at(&b, "web", 100, RSP_TLV_TCP_TRANSPORT, 0, "::1");
	expect_registered(&b, RSP_CAUSE_SECURITY);
	/* The plain port: RFC 5355, 2.15. */
	test_connect_plain(&stranger);
	peer_register(&stranger, "web", 8, RR, 0, 600);
	expect_registered(&stranger, RSP_CAUSE_SECURITY);
	peer_say(&stranger, RSP_ASAP_DEREGISTRATION, "web", 7);
	peer_expect_cause(&stranger, RSP_ASAP_DEREGISTRATION_RESPONSE,
			  RSP_CAUSE_SECURITY);
	peer_say(&stranger, RSP_ASAP_ENDPOINT_UNREACHABLE, "web", 7);
	peer_resolve(&stranger, "web", 0);
	peer_expect_cause(&stranger, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE,
			  RSP_CAUSE_SECURITY);
	assert_int_equal(registrar.counters.reports_dropped, 1);
	registrar.config.plain_resolution = true;
	peer_resolve(&stranger, "web", 0);
	peer_expect_cause(&stranger, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, -1);
	test_forget(&stranger);

	assert_int_equal(registrar.hs.n_elements, 1);
	assert_non_null(stored("web", 7));
	assert_int_equal(registrar.counters.rejected[RSP_CAUSE_SECURITY], 9);
}

static void test_listed_address(void **state)
{
	static struct network networks[] = {
		{ AF_INET, 24, { 192, 0, 2, 0 } },
		{ AF_INET6, 33, { 0x20, 1, 0xd, 0xb8, 0x80 } },
	};
	static const struct {
		const char *address;
		int cause;
	} rows[] = {
		{ "192.0.2.255", -1 }, { "192.0.3.0", RSP_CAUSE_SECURITY },
		{ "2001:db8:8000::1", -1 },
		{ "2001:db8:7fff::1", RSP_CAUSE_SECURITY },
		{ "127.0.0.1", -1 },
	};
	struct grant *grant = account_find(&registrar.authorization,
					   "alpha")->grants;
	u32 i;

	(void)state;
	grant->networks = networks;
	grant->n_networks = ARRAY_SIZE(networks);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		peer_register_at(&a, "web", 1 + i, RSP_TLV_TCP_TRANSPORT, 0,
				 rows[i].address);
		expect_registered(&a, rows[i].cause);
	}
	grant->networks = NULL;
	grant->n_networks = 0;
}

/* RFC 5352, 3.1, rules 2 and 3. */
static void test_consistent(void **state)
{
	struct rsp_asap_message msg;
	struct rsp_tlv_policy policy;
	struct rsp_tlv_list list;
	struct rsp_tlv tlv;

	(void)state;
	peer_register(&a, "web", 7, RSERPOOL_POLICY_WRR, 3, 600);
	expect_registered(&a, -1);
	peer_register(&b, "web", 100, RR, 0, 600);
	peer_expect(&b, RSP_ASAP_REGISTRATION_RESPONSE, &msg);
	assert_int_equal(msg.flags, RSP_ASAP_FLAG_REJECT);
	assert_true(rsp_tlv_next_cause(&msg.causes, &tlv));
	assert_int_equal(tlv.type, RSP_CAUSE_INCONSISTENT_POLICY);
	/* It says the pool's: RFC 5354, 3.12.6. */
	list.pos = tlv.value.data;
	list.end = tlv.value.data + tlv.value.len;
	assert_int_equal(rsp_tlv_next(NULL, &list, &tlv), 1);
	assert_int_equal(rsp_tlv_parse_policy(NULL, &tlv, &policy), 0);
	assert_int_equal(policy.type, RSERPOOL_POLICY_WRR);
	peer_say(&a, RSP_ASAP_DEREGISTRATION, "web", 7);
	peer_expect_cause(&a, RSP_ASAP_DEREGISTRATION_RESPONSE, -1);

	peer_register_at(&a, "web", 7, RSP_TLV_TCP_TRANSPORT, 0, "127.0.0.1");
	expect_registered(&a, -1);
	peer_register_at(&b, "web", 100, RSP_TLV_TCP_TRANSPORT, 1, "127.0.0.1");
	expect_registered(&b, RSP_CAUSE_INCONSISTENT_USE);
	peer_register_at(&b, "web", 100, RSP_TLV_UDP_TRANSPORT, 0, "127.0.0.1");
	expect_registered(&b, RSP_CAUSE_INCONSISTENT_TRANSPORT);
	peer_register_at(&a, "web", 7, RSP_TLV_UDP_TRANSPORT, 0, "127.0.0.1");
	expect_registered(&a, RSP_CAUSE_INCONSISTENT_TRANSPORT);
	peer_register(&b, "web", 0, RR, 0, 600);
	expect_registered(&b, RSP_CAUSE_INVALID_VALUES);
	peer_register(&b, "web", 100, RR, 0, 0);
	expect_registered(&b, RSP_CAUSE_INVALID_VALUES);
	assert_int_equal(registrar.hs.n_elements, 1);
}

static void test_limits(void **state)
{
	struct account *account = account_find(&registrar.authorization,
					       "alpha");
	int i;

	(void)state;
	account->elements_max = 2;
	for (i = 1; i <= 3; i++) {
		peer_register(&a, "web", i, RR, 0, 600);
		expect_registered(&a, i < 3 ? -1 : RSP_CAUSE_LACK_OF_RESOURCES);
	}
	/* One that is there is no further one, and one that goes makes room. */
	peer_register(&a, "web", 2, RR, 0, 600);
	expect_registered(&a, -1);
	peer_say(&a, RSP_ASAP_DEREGISTRATION, "web", 1);
	peer_expect_cause(&a, RSP_ASAP_DEREGISTRATION_RESPONSE, -1);
	peer_register(&a, "web", 3, RR, 0, 600);
	expect_registered(&a, -1);
	/* No more a second than it may; what there is stays, others go on. */
	account->updates_rate = 1;
	account->updates_burst = 2;
	account->tokens = 2000;
	for (i = 0; i < 3; i++) {
		peer_register(&a, "web", 2, RR, 0, 600);
		expect_registered(&a, i < 2 ? -1 : RSP_CAUSE_LACK_OF_RESOURCES);
	}
	peer_register(&b, "web", 100, RR, 0, 600);
	expect_registered(&b, -1);
	registrar.hs.elements_max = 3;
	peer_register(&b, "web", 101, RR, 0, 600);
	expect_registered(&b, RSP_CAUSE_LACK_OF_RESOURCES);
	assert_int_equal(registrar.hs.n_elements, 3);
}

static bool is_gone(void *data)
{
	return !stored("web", *(u32 *)data);
}

static void wait_gone(u32 id)
{
	test_wait("an element to go", is_gone, &id);
}

/* RFC 5352, 3.2: who does not register anew is told. */
static void test_expiry(void **state)
{
	struct rsp_asap_message msg;

	(void)state;
	peer_register(&a, "web", 7, RR, 0, 1);
	peer_register(&a, "web", 8, RR, 0, RSP_LIFE_INFINITE);
	expect_registered(&a, -1);
	expect_registered(&a, -1);
	peer_expect(&a, RSP_ASAP_DEREGISTRATION_RESPONSE, &msg);
	assert_int_equal(msg.pe_id, 7);
	assert_null(stored("web", 7));
	assert_non_null(stored("web", 8));
	assert_int_equal(registrar.counters.expired, 1);
}

static bool many_asked(void *data)
{
	return a.keep_alives >= *(u32 *)data;
}

static void test_keep_alive(void **state)
{
	u32 one = 1;

	(void)state;
	registrar.config.keep_alive_interval = 50;
	peer_register(&a, "web", 7, RR, 0, 600);
	expect_registered(&a, -1);
	peer_register(&b, "web", 100, RR, 0, 600);
	expect_registered(&b, -1);
	b.mute = true;
	wait_gone(100);
	assert_non_null(stored("web", 7));
	assert_int_equal(registrar.counters.unreachable, 1);
	assert_true(registrar.counters.keep_alive_acks >= 1);
	assert_int_equal(b.keep_alives, 1);
	/* Nobody answers for another, nor unasked. */
	peer_say(&b, RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK, "web", 99);
	a.mute = true;
	a.keep_alives = 0;
	test_wait("a keep-alive", many_asked, &one);
	peer_say(&b, RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK, "web", 7);
	registrar.config.keep_alive_interval = 60000;
	wait_gone(7);
	assert_int_equal(registrar.counters.unexpected, 2);
}

static bool acked(void *data)
{
	return registrar.counters.keep_alive_acks >= *(u32 *)data;
}

/* Who was stopped himself takes nobody for dead: what came lies in a socket. */
static void test_own_stop(void **state)
{
	u32 one = 1;

	(void)state;
	registrar.config.keep_alive_interval = 50;
	peer_register(&a, "web", 7, RR, 0, 600);
	expect_registered(&a, -1);
	test_wait("a keep-alive", many_asked, &one);
	usleep(2 * registrar.config.keep_alive_timeout * 1000);
	test_wait("its answer", acked, &one);
	assert_non_null(stored("web", 7));
}

static void test_connection_lost(void **state)
{
	(void)state;
	peer_register(&a, "web", 7, RR, 0, 600);
	peer_register(&a, "web", 8, RR, 0, 600);
	expect_registered(&a, -1);
	expect_registered(&a, -1);
	test_forget(&a);
	assert_non_null(stored("web", 7));
	test_connect(&a, "alpha");
	peer_register(&a, "web", 8, RR, 0, 600);
	expect_registered(&a, -1);
	wait_gone(7);
	test_pass(400);
	assert_non_null(stored("web", 8));
}

/* RFC 5352, 3.5; RFC 5355, 2.13. */
static void test_reports(void **state)
{
	u32 one = 1, i;

	(void)state;
	peer_register(&a, "web", 7, RR, 0, 600);
	expect_registered(&a, -1);
	peer_say(&user, RSP_ASAP_ENDPOINT_UNREACHABLE, "web", 7);
	test_wait("a keep-alive", many_asked, &one);
	while (stored("web", 7)->asked)
		uv_run(&test_loop, UV_RUN_ONCE);
	assert_int_equal(stored("web", 7)->reports, 0);
	/* What one alone says over and over removes nothing that answers. */
	for (i = 0; i < 50; i++)
		peer_say(&user, RSP_ASAP_ENDPOINT_UNREACHABLE, "web", 7);
	peer_resolve(&user, "web", 0);
	peer_expect_cause(&user, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, -1);
	assert_true(registrar.counters.reports_dropped >= 20);
	assert_non_null(stored("web", 7));
	assert_true(a.keep_alives < 30);
	/* One that does not answer goes. */
	test_pass(1100);
	a.mute = true;
	peer_say(&user, RSP_ASAP_ENDPOINT_UNREACHABLE, "web", 7);
	wait_gone(7);
}

static void connect_others(struct caller *others, u32 n)
{
	char name[] = "p";
	u32 i;

	for (i = 0; i < n; i++, name[0]++) {
		test_account(name, "none", 1, 1);
		test_connect(&others[i], name);
	}
}

static bool has_reports(void *data)
{
	struct element *element = stored("web", 7);

	return !element || element->reports >= *(u32 *)data;
}

/* It goes sooner; an identity counts once, by how many connections it may say so. */
static void test_too_many_reports(void **state)
{
	struct caller others[3], again[3];
	u32 i, n = 3;
	u64 began;

	(void)state;
	registrar.config.keep_alive_timeout = 4000;
	peer_register(&a, "web", 7, RR, 0, 600);
	expect_registered(&a, -1);
	a.mute = true;
	connect_others(others, 3);
	peer_say(&user, RSP_ASAP_ENDPOINT_UNREACHABLE, "web", 7);
	for (i = 0; i < 3; i++) {
		test_connect(&again[i], "gamma");
		peer_say(&again[i], RSP_ASAP_ENDPOINT_UNREACHABLE, "web", 7);
		if (i < 2)
			peer_say(&others[i], RSP_ASAP_ENDPOINT_UNREACHABLE,
				 "web", 7);
	}
	test_wait("three reports", has_reports, &n);
	test_pass(1200);
	assert_non_null(stored("web", 7));
	assert_int_equal(stored("web", 7)->reports, 3);
	began = uv_now(&test_loop);
	peer_say(&others[2], RSP_ASAP_ENDPOINT_UNREACHABLE, "web", 7);
	wait_gone(7);
	assert_true(uv_now(&test_loop) - began < 2000);
	assert_int_equal(registrar.counters.reported, 1);
	for (i = 0; i < 3; i++) {
		test_forget(&others[i]);
		test_forget(&again[i]);
	}
}

/* One that has yet to come again was asked nothing: it has all of its time. */
static void test_reports_of_the_absent(void **state)
{
	struct caller owner, others[4];
	u32 i, four = 4;

	(void)state;
	registrar.config.keep_alive_timeout = 4000;
	test_account("owner", "web", 7, 7);
	test_connect(&owner, "owner");
	peer_register(&owner, "web", 7, RR, 0, 600);
	expect_registered(&owner, -1);
	test_forget(&owner);
	connect_others(others, 4);
	for (i = 0; i < 4; i++)
		peer_say(&others[i], RSP_ASAP_ENDPOINT_UNREACHABLE, "web", 7);
	test_wait("four reports", has_reports, &four);
	test_pass(1500);
	assert_non_null(stored("web", 7));
	for (i = 0; i < 4; i++)
		test_forget(&others[i]);
}

/* Many report an element while it answers: it stays, and is not asked each time. */
static void test_reports_of_many(void **state)
{
	struct caller others[8];
	u32 i, j, one = 1;
	u64 began;

	(void)state;
	registrar.config.keep_alive_min = 300;
	peer_register(&a, "web", 7, RR, 0, 600);
	expect_registered(&a, -1);
	connect_others(others, 8);
	began = uv_now(&test_loop);
	for (j = 0; j < 20; j++)
		for (i = 0; i < 8; i++)
			peer_say(&others[i], RSP_ASAP_ENDPOINT_UNREACHABLE,
				 "web", 7);
	test_wait("an answer", acked, &one);
	test_pass(400);
	assert_non_null(stored("web", 7));
	assert_int_equal(registrar.counters.reports, 160);
	assert_in_range(registrar.counters.keep_alives, 1,
			1 + (uv_now(&test_loop) - began) / 300);
	for (i = 0; i < 8; i++)
		test_forget(&others[i]);
}

/* RFC 5355, 2.14: no more a second than there may be. */
static void test_keep_alive_rate(void **state)
{
	u64 began;
	u32 i, n = 60;

	(void)state;
	registrar.config.keep_alive_interval = 400;
	registrar.config.keep_alive_rate = 30;
	registrar.keep_alives.tokens = 0;
	registrar.keep_alives.at = uv_now(&test_loop);
	for (i = 0; i < 90; i++) {
		peer_register(&a, "web", 1 + i, RR, 0, 600);
		expect_registered(&a, -1);
	}
	began = uv_now(&test_loop);
	test_wait("keep-alives", acked, &n);
	assert_true(uv_now(&test_loop) - began > 900);
	assert_true(registrar.counters.keep_alives_delayed > 0);
	assert_int_equal(registrar.hs.n_elements, 90);
}

static u32 first_id(const struct rsp_asap_message *msg)
{
	struct rsp_tlv_list list = msg->params;
	struct rsp_tlv_element element;

	assert_true(rsp_tlv_next_element(&list, &element));
	return element.id;
}

static void test_resolution(void **state)
{
	struct rsp_asap_message msg;
	u32 i, before = 0;

	(void)state;
	peer_resolve(&user, "web", RSP_ASAP_FLAG_SUBSCRIBE);
	peer_expect(&user, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, &msg);
	assert_int_equal(msg.flags, 0);
	peer_resolve(&user, "web", 0);
	peer_expect_cause(&user, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE,
			  RSP_CAUSE_UNKNOWN_HANDLE);
	for (i = 1; i <= 3; i++) {
		peer_register(&a, "web", i, RR, 0, 600);
		expect_registered(&a, -1);
	}
	/* The head advances: RFC 5356, 4.1.2. */
	for (i = 0; i < 6; i++) {
		peer_resolve(&user, "web", 0);
		peer_expect(&user, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, &msg);
		assert_int_equal(msg.n_elements, 3);
		assert_int_equal(msg.policy.type, 0);
		assert_int_equal(first_id(&msg), before % 3 + 1);
		before = first_id(&msg);
	}
	/* It was not subscribed when the pool was not there. */
	assert_int_equal(user.n, 0);
}

static void test_subscription(void **state)
{
	struct rsp_asap_message msg;

	(void)state;
	peer_register(&a, "web", 1, RR, 0, 600);
	expect_registered(&a, -1);
	peer_resolve(&user, "web", RSP_ASAP_FLAG_SUBSCRIBE);
	peer_expect(&user, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, &msg);
	assert_int_equal(msg.flags, RSP_ASAP_FLAG_ACCEPTED);
	assert_int_equal(msg.n_elements, 1);
	peer_register(&a, "web", 2, RR, 0, 600);
	expect_registered(&a, -1);
	peer_expect(&user, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, &msg);
	assert_int_equal(msg.flags, RSP_ASAP_FLAG_ACCEPTED);
	assert_int_equal(msg.n_elements, 2);
	peer_say(&a, RSP_ASAP_DEREGISTRATION, "web", 1);
	peer_expect_cause(&a, RSP_ASAP_DEREGISTRATION_RESPONSE, -1);
	peer_expect(&user, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, &msg);
	assert_int_equal(msg.n_elements, 1);
	assert_int_equal(first_id(&msg), 2);
	/* With the pool the subscription ends. */
	peer_say(&a, RSP_ASAP_DEREGISTRATION, "web", 2);
	peer_expect_cause(&a, RSP_ASAP_DEREGISTRATION_RESPONSE, -1);
	peer_expect_cause(&user, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE,
			  RSP_CAUSE_UNKNOWN_HANDLE);
	peer_register(&a, "web", 1, RR, 0, 600);
	expect_registered(&a, -1);
	test_pass(50);
	assert_int_equal(user.n, 0);
}

static void test_subscriptions_bounded(void **state)
{
	struct rsp_asap_message msg;
	char handle[16];
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		sprintf(handle, "db-%d", i);
		peer_register(&user, handle, 1, RR, 0, 600);
		expect_registered(&user, -1);
		peer_resolve(&b, handle, RSP_ASAP_FLAG_SUBSCRIBE);
		peer_expect(&b, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, &msg);
		assert_int_equal(msg.flags, i < 3 ? RSP_ASAP_FLAG_ACCEPTED : 0);
	}
}

/* No answer is longer than a message may be: RFC 5354, section 4. */
static void test_large_pool(void **state)
{
	struct rsp_asap_message msg;
	struct rsp_tlv_element element;
	struct rsp_tlv_list list;
	u32 i, last = 0;

	(void)state;
	for (i = 1; i <= 3000; i++) {
		peer_register(&user, "db-x", i, RSERPOOL_POLICY_LU, 5000 - i,
			      600);
		expect_registered(&user, -1);
	}
	peer_resolve(&b, "db-x", 0);
	peer_expect(&b, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, &msg);
	assert_int_equal(msg.policy.type, RSERPOOL_POLICY_LU);
	assert_in_range(msg.n_elements, 700, 2999);
	/* Those with the least load, in its order: RFC 5356, 5.1.2. */
	list = msg.params;
	while (rsp_tlv_next_element(&list, &element)) {
		assert_true(element.policy.value >= last);
		assert_int_equal(element.policy.value,
				 last ? last + 1 : 2000);
		last = element.policy.value;
	}
}

static bool has_no_channel(void *data)
{
	return !((struct caller *)data)->channel;
}

/* Another authorization file applies to what is there. */
static void test_reload(void **state)
{
	struct authorization fresh;
	struct list kept;

	(void)state;
	peer_register(&a, "web", 7, RR, 0, 600);
	expect_registered(&a, -1);
	peer_register(&a, "web", 60, RR, 0, 600);
	expect_registered(&a, -1);
	peer_register(&b, "web", 100, RR, 0, 600);
	expect_registered(&b, -1);

	/* alpha may have less; beta has gone; gamma has another key. */
	kept = registrar.authorization.accounts;
	kept.next->prev = &kept;
	kept.prev->next = &kept;
	list_init(&registrar.authorization.accounts);
	test_account("alpha", "web", 1, 50);
	test_account("gamma", "db-*", 1, 9)->key.octets[0] = 0;
	fresh.accounts = registrar.authorization.accounts;
	fresh.accounts.next->prev = &fresh.accounts;
	fresh.accounts.prev->next = &fresh.accounts;
	registrar.authorization.accounts = kept;
	kept.next->prev = &registrar.authorization.accounts;
	kept.prev->next = &registrar.authorization.accounts;
	registrar_reload(&registrar, &fresh);

	test_wait("beta's end", has_no_channel, &b);
	test_wait("gamma's end", has_no_channel, &user);
	assert_non_null(stored("web", 7));
	assert_null(stored("web", 60));
	assert_null(stored("web", 100));
	peer_register(&a, "web", 60, RR, 0, 600);
	expect_registered(&a, RSP_CAUSE_SECURITY);
	peer_register(&a, "web", 7, RR, 0, 600);
	expect_registered(&a, -1);
	assert_int_equal(account_find(&registrar.authorization,
				      "alpha")->n_elements, 1);
}

static void send_octets(struct caller *peer, const void *data, u32 len)
{
	assert_int_equal(channel_send(peer->channel, data, len), 0);
}

/* What is malformed or not for a registrar is counted, and changes nothing. */
static void test_malformed(void **state)
{
	static const u8 bad[] = { 1, 0, 0, 8, 0, 9, 0, 99 };
	static const u8 unknown[] = { 0x42, 0, 0, 4 };
	static const u8 card[] = { 13, 0, 0, 12, 0, 9, 0, 7, 'w', 'e', 'b', 0 };
	struct rsp_asap_message msg;

	(void)state;
	send_octets(&a, bad, sizeof(bad));
	send_octets(&a, unknown, sizeof(unknown));
	peer_expect(&a, RSP_ASAP_ERROR, &msg);
	send_octets(&a, card, sizeof(card));
	peer_register(&a, "web", 1, RR, 0, 600);
	expect_registered(&a, -1);
	assert_int_equal(registrar.counters.malformed, 2);
	assert_int_equal(registrar.counters.unexpected, 1);
	assert_int_equal(registrar.hs.n_elements, 1);
}

static int begin_plain(void **state)
{
	(void)state;
	test_config();
	registrar.config.secure = false;
	test_begin();
	test_connect(&a, NULL);
	test_connect(&b, NULL);
	test_connect(&user, NULL);
	return 0;
}

static void test_plain_scope(void **state)
{
	(void)state;
	peer_register(&a, "any", 5, RR, 0, 600);
	expect_registered(&a, -1);
	peer_resolve(&user, "any", 0);
	peer_expect_cause(&user, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, -1);
	peer_say(&b, RSP_ASAP_DEREGISTRATION, "any", 5);
	peer_expect_cause(&b, RSP_ASAP_DEREGISTRATION_RESPONSE, -1);
	assert_int_equal(registrar.hs.n_elements, 0);
}

#define SECURE(test)	cmocka_unit_test_setup_teardown(test, begin_secure, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SECURE(test_register),
		SECURE(test_not_his),
		SECURE(test_listed_address),
		SECURE(test_consistent),
		SECURE(test_limits),
		SECURE(test_expiry),
		SECURE(test_keep_alive),
		SECURE(test_own_stop),
		SECURE(test_connection_lost),
		SECURE(test_reports),
		SECURE(test_too_many_reports),
		SECURE(test_reports_of_the_absent),
		SECURE(test_reports_of_many),
		SECURE(test_keep_alive_rate),
		SECURE(test_resolution),
		SECURE(test_subscription),
		SECURE(test_subscriptions_bounded),
		SECURE(test_large_pool),
		SECURE(test_reload),
		SECURE(test_malformed),
		cmocka_unit_test_setup_teardown(test_plain_scope, begin_plain,
						end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
