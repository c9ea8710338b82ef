// SPDX-License-Identifier: GPL-2.0
/*
 * What a peer tells is looked at as what an element says of itself: whose it is,
 * and where it may be.
 */
#include <linux/rserpool_netlink.h>
#include <stdio.h>
#include <string.h>

#include "peers_test.h"

static struct account *account(u32 i)
{
	return container_of(regs[i].authorization.accounts.next,
			    struct account, in_all);
}

static bool has_refused(void *data)
{
	return regs[0].counters.updates_refused >= *(u64 *)data;
}

static void expect_refused(u64 n)
{
	test_wait("a refusal", has_refused, &n);
	assert_int_equal(regs[0].counters.updates_refused, n);
	assert_int_equal(regs[0].counters.updates_unauthorized, n);
}

static struct peer *second(void)
{
	return peer_of_id(&regs[0], 2);
}

static bool has_audited(void *data)
{
	return regs[0].counters.audits >= *(u64 *)data && !second()->fetching;
}

static void expect_audits(u64 n)
{
	test_wait("an audit", has_audited, &n);
	assert_int_equal(regs[0].counters.audits, n);
}

static bool has_been_heard(void *data)
{
	return second()->watch.at > *(u64 *)data;
}

/* Its heartbeats come, and nothing is fetched. */
static void expect_quiet(void)
{
	u64 audits = regs[0].counters.audits, at, i;

	for (i = 0; i < 3; i++) {
		at = second()->watch.at;
		test_wait("a heartbeat", has_been_heard, &at);
	}
	assert_int_equal(regs[0].counters.audits, audits);
}

static bool is_stored(void *data)
{
	(void)data;
	return get(0, "web", 7);
}

/* RFC 5355, 2.3 to 2.6: nothing is stored that is nobody's. */
static void test_nobodys(void **state)
{
	static u32 policies[] = { RSERPOOL_POLICY_LU, 0 };
	struct grant *grant = account(0)->grants;

	(void)state;
	grant->id_max = 99;
	assert_null(pattern_parse("web", grant));
	come(&regs[0], "registrar-2");
	say_update(2, "web", 7, 2, RSP_ENRP_ADD_PE);
	say_update(2, "web", 100, 2, RSP_ENRP_ADD_PE);
	say_update(2, "db", 8, 2, RSP_ENRP_ADD_PE);
	expect_refused(2);
	assert_ptr_equal(get(0, "web", 7)->account, account(0));
	assert_int_equal(account(0)->n_elements, 1);
	assert_int_equal(regs[0].hs.n_elements, 1);
	/* Where nobody may be, nor by which policy. */
	grant->networks->octets[3] = 2;
	say_update(2, "web", 8, 2, RSP_ENRP_ADD_PE);
	expect_refused(3);
	grant->networks->octets[3] = 1;
	grant->policies = policies;
	say_update(2, "web", 8, 2, RSP_ENRP_ADD_PE);
	expect_refused(4);
	assert_int_equal(regs[0].hs.n_elements, 1);
	/* What it was before it is not any more. */
	say_update(2, "web", 7, 2, RSP_ENRP_ADD_PE);
	expect_refused(5);
	assert_int_equal(regs[0].hs.n_elements, 0);
	grant->policies = NULL;
	say_update(2, "web", 7, 2, RSP_ENRP_ADD_PE);
	test_wait("an element", is_stored, NULL);
	/* Another's, or ours, is not his to change, be it refused or not. */
	put(0, "web", 9);
	grant->id_max = 6;
	say_update(2, "web", 9, 2, RSP_ENRP_ADD_PE);
	expect_refused(6);
	assert_int_equal(get(0, "web", 9)->home->id, 1);
	channel_close(stranger.channel, "test over");
}

/* Where it was registered from is what its home registrar says. */
static void test_own_address(void **state)
{
	struct grant *grant = account(0)->grants;
	struct rsp_tlv_element element = made(7, 2);
	struct rsp_octets web = { (const u8 *)"web", 3 };
	const char *why = NULL;

	(void)state;
	grant->n_networks = 0;
	assert_null(permission_owner(&regs[0].authorization, &web, &element,
				     &why));
	assert_string_equal(why, "this address");
	element.asap.type = RSP_TLV_TCP_TRANSPORT;
	element.asap.addresses.pos = transport + 8;
	element.asap.addresses.end = transport + 16;
	assert_ptr_equal(permission_owner(&regs[0].authorization, &web,
					  &element, &why), account(0));
	grant->own_address = false;
	assert_null(permission_owner(&regs[0].authorization, &web, &element,
				     &why));
	grant->n_networks = 1;
	assert_non_null(permission_owner(&regs[0].authorization, &web,
					 &element, &why));
}

/* One that is refused is in the peer's checksum, and is not fetched for ever. */
static void test_audit_ends(void **state)
{
	(void)state;
	account(0)->grants->id_max = 99;
	put(1, "web", 7);
	expect_all("web", 7, 2);
	put(1, "web", 100);
	put(1, "web", 101);
	expect_audits(1);
	assert_int_equal(second()->n_refused, 2);
	expect_quiet();
	/* One goes: that makes a difference, once. */
	change_remove(&regs[1], get(1, "web", 100));
	expect_audits(2);
	assert_int_equal(second()->n_refused, 1);
	put(1, "web", 8);
	expect_all("web", 8, 2);
	expect_quiet();
	assert_null(get(0, "web", 101));
	assert_non_null(get(2, "web", 101));
}

/* What there was no room for is looked for again, and comes when there is some. */
static void test_no_room(void **state)
{
	u64 refused;

	(void)state;
	regs[0].hs.elements_max = 1;
	put(1, "web", 7);
	expect_all("web", 7, 2);
	put(1, "web", 8);
	expect_audits(1);
	assert_int_equal(second()->n_unstored, 1);
	assert_int_equal(regs[0].counters.updates_unauthorized, 0);
	assert_int_equal(second()->recheck_in, 2 * OFTEN);
	expect_audits(2);
	assert_int_equal(second()->recheck_in, 4 * OFTEN);
	refused = regs[0].counters.updates_refused;
	regs[0].hs.elements_max = 2;
	expect_all("web", 8, 2);
	assert_int_equal(regs[0].counters.updates_refused, refused);
	assert_int_equal(second()->recheck_at, 0);
	expect_quiet();
}

static void reload(u32 i, const char *pattern, u32 id_max)
{
	struct authorization file;

	list_init(&file.accounts);
	allow(&file, pattern, 1, id_max);
	registrar_reload(&regs[i], &file);
}

/* Another file applies to what peers told, and to what they told in vain. */
static void test_reload(void **state)
{
	(void)state;
	put(1, "web", 7);
	put(1, "web", 100);
	put(0, "web", 200);
	expect_all("web", 7, 2);
	expect_all("web", 100, 2);
	reload(0, "*", 99);
	assert_null(get(0, "web", 100));
	assert_non_null(get(0, "web", 7));
	/* A socket of this host is the kernel's to allow. */
	assert_non_null(get(0, "web", 200));
	assert_int_equal(account(0)->n_elements, 1);
	expect_audits(1);
	expect_quiet();
	reload(0, "*", 100);
	expect_all("web", 100, 2);
	assert_int_equal(account(0)->n_elements, 2);
	/* Whose they were is not who has them now. */
	reload(0, "w*", 100);
	assert_null(get(0, "web", 7));
	assert_null(get(0, "web", 100));
	expect_all("web", 100, 2);
	expect_all("web", 7, 2);
	assert_int_equal(account(0)->n_elements, 2);
	expect_quiet();
}

/* The file of the peers of the first one: these, by the keys that they have. */
static void reload_peers(const char *names, u8 key)
{
	struct peers_file file = { .name = "registrar-1" };
	struct peer *peer;

	list_init(&file.peers);
	for (; *names; names++) {
		peer = peer_new(&file);
		peer->configured = true;
		sprintf(peer->name, "registrar-%c", *names);
		peer->has_key = true;
		peer->key.len = 32;
		memset(peer->key.octets, key, 32);
		at(peer, &regs[*names - '1']);
	}
	peers_reload(&regs[0], &file);
}

static struct peer *named(const char *name)
{
	return peer_of_name(&regs[0].enrp.file, name);
}

static bool are_connected(void *data)
{
	struct list *pos;

	(void)data;
	list_for_each(pos, &regs[0].enrp.file.peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);

		if (peer->state != PEER_ACTIVE || !peer->out || !peer->in ||
		    !peer->out->open || !peer->in->open)
			return false;
	}
	return true;
}

static bool is_taken_over(void *data)
{
	(void)data;
	return get(0, "web", 7)->home->id != 3;
}

/* RFC 5355, 2.5: whose key is revoked has gone, and the others notice nothing. */
static void test_reload_peers(void **state)
{
	struct link *out, *in;

	(void)state;
	put(2, "web", 7);
	expect_all("web", 7, 3);
	reload_peers("23", 7);
	test_wait("all connections", are_connected, NULL);
	out = named("registrar-2")->out;
	in = named("registrar-2")->in;
	/* The third is revoked, and what it owned is taken over. */
	reload_peers("2", 7);
	assert_null(named("registrar-3"));
	assert_null(peer_of_id(&regs[0], 3));
	assert_int_equal(regs[0].enrp.n_peers, 1);
	test_wait("a takeover", is_taken_over, NULL);
	assert_ptr_equal(named("registrar-2")->out, out);
	assert_ptr_equal(named("registrar-2")->in, in);
	/* It is not let in again. */
	come_in_vain(&regs[0], "registrar-3");
	/* The second has another key: both of its connections end. */
	reload_peers("2", 8);
	assert_null(second()->in);
	assert_true(!second()->out || second()->out != out);
	come_in_vain(&regs[0], "registrar-2");
	assert_null(second()->in);
	reload_peers("23", 7);
	test_wait("all connections", are_connected, NULL);
	assert_int_equal(regs[0].enrp.n_peers, 2);
}

/* What a peer of a plain scope has said of where it is stays, too. */
static void test_reload_learnt(void **state)
{
	struct peers_file file = { .name = "registrar-1" };
	struct peer *peer = knows(&regs[0], "registrar-9");
	char why[64];

	(void)state;
	assert_int_equal(peer_begin(&regs[0], peer, why, sizeof(why)), 0);
	at(peer, &regs[1]);
	list_init(&file.peers);
	strcpy(peer_new(&file)->name, "registrar-9");
	container_of(file.peers.next, struct peer, in_all)->configured = true;
	peers_reload(&regs[0], &file);
	assert_ptr_equal(named("registrar-9"), peer);
	assert_int_equal(peer->address.family, AF_INET);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define SECURE(f)	cmocka_unit_test_setup_teardown(f, begin_secure, end)
#define AUDITED(f)	cmocka_unit_test_setup_teardown(f, begin_audited, end)
		SECURE(test_nobodys),
		SECURE(test_own_address),
		AUDITED(test_audit_ends),
		AUDITED(test_no_room),
		AUDITED(test_reload),
		SECURE(test_reload_peers),
		cmocka_unit_test_setup_teardown(test_reload_learnt,
						begin_plain, end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
