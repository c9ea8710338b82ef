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
#include "peers_test.h"

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

static bool walks(void *data)
{
	return ((struct peer *)data)->walk.next;
}

static bool is_asked(void *data)
{
	(void)data;
	return get(0, "web", 7)->asked;
}

static bool has_reports(void *data)
{
	return regs[0].counters.reports + regs[0].counters.reports_dropped >=
	       *(u64 *)data;
}

/* RFC 5352, 3.5: any registrar may be told, and the one that owns it asks. */
static void test_report(void **state)
{
	u64 n = 1, i;

	(void)state;
	put(0, "web", 7);
	expect_all("web", 7, 1);
	get(0, "web", 7)->local = false;
	regs[1].config.keep_alive_min = 60000;
	unreachable_report(&regs[1], get(1, "web", 7), 1);
	assert_int_equal(regs[1].counters.reports_forwarded, 1);
	test_wait("a question", is_asked, NULL);
	assert_int_equal(get(0, "web", 7)->reports, 1);
	/* Who has just been told is not told again. */
	unreachable_report(&regs[1], get(1, "web", 7), 2);
	assert_int_equal(regs[1].counters.reports_forwarded, 1);
	regs[1].config.keep_alive_min = 0;
	/* However many report there, it is one that says so here; and so often. */
	n += registrar_config().report_burst;
	for (i = 1; i < n; i++)
		unreachable_report(&regs[1], get(1, "web", 7), i);
	test_wait("all reports", has_reports, &n);
	assert_int_equal(get(0, "web", 7)->reports, 1);
	assert_true(regs[0].counters.reports_dropped > 0);
	/* What has no owner that is there goes nowhere. */
	peer_of_id(&regs[1], 1)->state = PEER_DOWN;
	unreachable_report(&regs[1], get(1, "web", 7), 1);
	assert_int_equal(regs[1].counters.reports_forwarded, n);
	peer_of_id(&regs[1], 1)->state = PEER_ACTIVE;
	assert_int_equal(regs[0].counters.reports_forwarded, 0);
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
	rsp_tlv_writer_init(&w, said, sizeof(said));
	rsp_enrp_begin(&w, RSP_ENRP_PRESENCE, 0, id, 0);
	peer_take(&link, said, (u32)rsp_enrp_end(&w, 0));
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
		SECURE(test_report),
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
