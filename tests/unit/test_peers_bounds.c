// SPDX-License-Identifier: GPL-2.0
/* What a peer, or many of them, can keep us from: nothing, and for not too long. */
#include <string.h>

#include "peers_test.h"

static bool is_known(void *data)
{
	return peer_of_id(&regs[0], *(u32 *)data);
}

static bool is_forgotten(void *data)
{
	return !is_known(data);
}

static void find(u32 id)
{
	come(&regs[0], NULL);
	say_target(RSP_ENRP_INIT_TAKEOVER, id, 77);
	test_wait("a peer", is_known, &id);
}

static bool is_lost(void *data)
{
	return peer_of_id(&regs[0], *(u32 *)data)->state == PEER_DOWN;
}

static void lose(u32 id)
{
	channel_close(stranger.channel, "test over");
	test_wait("a peer to be lost", is_lost, &id);
}

/* One that was found and has gone is forgotten, one of the file is not. */
static void test_forgotten(void **state)
{
	u32 id = 9;

	(void)state;
	find(id);
	lose(id);
	test_pass(3 * OFTEN);
	assert_non_null(peer_of_id(&regs[0], id));
	peer_of_id(&regs[0], id)->down_since -= 100 * OFTEN;
	test_wait("a peer to be forgotten", is_forgotten, &id);
	assert_int_equal(regs[0].enrp.n_peers, N - 1);
	find(id);
	lose(id);
	peer_of_id(&regs[0], id)->configured = true;
	peer_of_id(&regs[0], id)->down_since -= 100 * OFTEN;
	test_pass(3 * OFTEN);
	assert_non_null(peer_of_id(&regs[0], id));
}

/* Those that have gone make place, those that are there do not. */
static void test_place(void **state)
{
	u32 first = 9, second = 10;

	(void)state;
	regs[0].config.peers_max = N;
	find(first);
	channel_close(stranger.channel, "test over");
	come(&regs[0], NULL);
	say_target(RSP_ENRP_INIT_TAKEOVER, second, 77);
	test_wait("an end", is_true, &stranger.closed);
	assert_null(peer_of_id(&regs[0], second));
	test_wait("a peer to be lost", is_lost, &first);
	find(second);
	assert_null(peer_of_id(&regs[0], first));
	assert_int_equal(regs[0].enrp.n_peers, N);
	channel_close(stranger.channel, "test over");
}

static bool is_connected(void *data)
{
	struct peer *peer = peer_of_id(&regs[0], *(u32 *)data);

	return peer && peer->state == PEER_ACTIVE;
}

/* Two that forgot each other meet by one who is heard again and knows both. */
static void test_found_again(void **state)
{
	u32 id = 2;
	struct peer *third = peer_of_id(&regs[0], 3);

	(void)state;
	peer_remove(peer_of_id(&regs[0], id), "test");
	peer_remove(peer_of_id(&regs[1], 1), "test");
	test_pass(3 * OFTEN);
	assert_null(peer_of_id(&regs[0], id));
	third->state = PEER_DOWN;
	test_wait("a peer", is_connected, &id);
	assert_int_equal(regs[0].enrp.n_peers, N - 1);
}

static void tell_more(void)
{
	struct rsp_tlv_element element = made(7, 9);
	struct rsp_tlv_writer w;
	u32 begin;

	if (stranger.type != RSP_ENRP_HANDLE_TABLE_REQUEST)
		return;
	rsp_tlv_writer_init(&w, said, sizeof(said));
	rsp_enrp_begin(&w, RSP_ENRP_HANDLE_TABLE_RESPONSE, RSP_ENRP_FLAG_MORE,
		       9, 0);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, "web", 3);
	begin = rsp_tlv_begin_element(&w, &element);
	rsp_tlv_put_octets(&w, transport, sizeof(transport));
	rsp_tlv_put_policy(&w, &element.policy);
	rsp_tlv_end(&w, begin);
	say(&w);
}

static bool is_ready(void *data)
{
	return ((struct registrar *)data)->enrp.ready;
}

/* A mentor that always has more: the starter serves after a while. */
static void test_endless(void **state)
{
	u32 id = 9;

	(void)state;
	test_loop_begin();
	channel_group_init(&strangers, &test_loop);
	prepare(0, false);
	regs[0].config.mentor_timeout = 20;
	knows(&regs[0], "registrar-9");
	start(0);
	assert_false(regs[0].enrp.ready);
	come(&regs[0], NULL);
	stranger.answer = tell_more;
	say_target(RSP_ENRP_INIT_TAKEOVER, id, 77);
	test_wait("the end of an endless table", is_ready, &regs[0]);
	assert_true(stranger.n > 10);
	assert_non_null(get(0, "web", 7));
	channel_close(stranger.channel, "test over");
}

static bool has_stopped(void *data)
{
	return !((struct peer *)data)->fetching;
}

/* Nor is an audit endless. */
static void test_endless_audit(void **state)
{
	u32 id = 9;

	(void)state;
	find(id);
	stranger.answer = tell_more;
	regs[0].config.mentor_timeout = 5;
	audit_begin(peer_of_id(&regs[0], id));
	test_wait("the end of an audit", has_stopped, peer_of_id(&regs[0], id));
	assert_non_null(get(0, "web", 7));
	channel_close(stranger.channel, "test over");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define PLAIN(f)	cmocka_unit_test_setup_teardown(f, begin_plain_audited, end)
		PLAIN(test_forgotten),
		PLAIN(test_place),
		PLAIN(test_found_again),
		PLAIN(test_endless_audit),
		cmocka_unit_test_teardown(test_endless, end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
