// SPDX-License-Identifier: GPL-2.0
/*
 * Valid messages in any order, from connections that come and go: whatever they
 * do, what is stored agrees with itself. RSP_SEED=N does the same again.
 */
#include <linux/rserpool_netlink.h>
#include <stdio.h>
#include <string.h>

#include "registrar_test.h"

#define PEERS	6
#define STEPS	8000

static struct caller peers[PEERS];
static u32 seed;

static u32 draw(u32 below)
{
	seed = seed * 1664525 + 1013904223;
	return (u32)((u64)(seed ^ seed >> 16) * below >> 32);
}

static const char *const names[] = { "alpha", "beta", "gamma" };
static const char *const handles[] = { "web", "db-1", "db-2", "none" };

static void accounts(void)
{
	test_account("alpha", "web", 1, 9);
	test_account("beta", "web", 10, 19);
	test_account("gamma", "db-*", 1, 0xffffffff);
}

/* Where it is, each list is right, and each sum is what its parts are. */
static void check_home(const struct home *home)
{
	struct rsp_checksum checksum = { 0 };
	const struct list *pos;
	u32 n = 0;

	list_for_each(pos, &home->elements) {
		const struct element *element = container_of(pos,
							     struct element,
							     in_home);
		const struct pool *pool = element->pool;

		assert_ptr_equal(element->home, home);
		assert_ptr_equal(pool_find(&registrar.hs, pool->handle,
					   pool->handle_len), pool);
		assert_ptr_equal(element_find(&registrar.hs, pool, element->id),
				 element);
		rsp_checksum_add(&checksum, pool->handle, pool->handle_len,
				 element->id);
		n++;
	}
	assert_int_equal(n, home->n);
	assert_int_equal(rsp_checksum_value(&checksum),
			 rsp_checksum_value(&home->checksum));
}

static u32 check_pools(void)
{
	const struct list *pos, *each;
	u32 all = 0, pools = 0, n;

	list_for_each(pos, &registrar.hs.pools) {
		const struct pool *pool = container_of(pos, struct pool,
						       in_all);

		n = 0;
		list_for_each(each, &pool->elements) {
			const struct element *element;

			element = container_of(each, struct element, in_pool);
			assert_true(element->keep_alive.place);
			assert_true(element->account);
			n++;
		}
		assert_int_equal(n, pool->n);
		assert_true(n);
		all += n;
		pools++;
	}
	assert_int_equal(pools, registrar.hs.n_pools);
	return all;
}

static void check_clients(void)
{
	const struct list *pos, *each;
	u32 clients = 0, n;

	list_for_each(pos, &registrar.clients) {
		const struct client *client = container_of(pos, struct client,
							   in_all);

		n = 0;
		list_for_each(each, &client->subscriptions)
			n++;
		assert_int_equal(n, client->n_subscriptions);
		list_for_each(each, &client->elements)
			assert_ptr_equal(container_of(each, struct element,
						      in_client)->client,
					 client);
		clients++;
	}
	assert_int_equal(clients, registrar.n_clients);
}

static void check_all(void)
{
	const struct list *pos;
	u32 owned = 0, accounted = 0;

	list_for_each(pos, &registrar.hs.homes) {
		const struct home *home = container_of(pos, struct home,
						       in_all);

		check_home(home);
		owned += home->n;
	}
	list_for_each(pos, &registrar.authorization.accounts)
		accounted += container_of(pos, struct account,
					  in_all)->n_elements;
	assert_int_equal(owned, registrar.hs.n_elements);
	assert_int_equal(accounted, registrar.hs.n_elements);
	assert_int_equal(check_pools(), registrar.hs.n_elements);
	check_clients();
}

static void forget_inbox(struct caller *peer)
{
	u32 i;

	for (i = 0; i < peer->n && i < INBOX; i++)
		free(peer->inbox[i].data);
	peer->n = 0;
}

static void reload(void)
{
	struct list *pos, *next;
	struct list old;
	struct authorization fresh;

	/* Both lists are built in the same place: carry the old one aside. */
	list_init(&old);
	list_for_each_safe(pos, next, &registrar.authorization.accounts) {
		list_del(pos);
		list_add_tail(pos, &old);
	}
	accounts();
	list_init(&fresh.accounts);
	list_for_each_safe(pos, next, &registrar.authorization.accounts) {
		struct account *account = container_of(pos, struct account,
						       in_all);

		list_del(pos);
		/* Now and then somebody may less than before. */
		if (draw(4) == 0)
			account->grants->id_max = 1 + draw(15);
		list_add_tail(pos, &fresh.accounts);
	}
	list_for_each_safe(pos, next, &old) {
		list_del(pos);
		list_add_tail(pos, &registrar.authorization.accounts);
	}
	registrar_reload(&registrar, &fresh);
}

static void step(void)
{
	static const u8 says[] = {
		RSP_ASAP_DEREGISTRATION, RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK,
		RSP_ASAP_ENDPOINT_UNREACHABLE,
	};
	u32 i = draw(PEERS);
	struct caller *peer = &peers[i];
	const char *handle = handles[draw(ARRAY_SIZE(handles))];
	u32 id = 1 + draw(20);

	if (!peer->channel) {
		forget_inbox(peer);
		test_connect(peer, names[i % ARRAY_SIZE(names)]);
		peer->mute = draw(3) == 0;
	}
	switch (draw(16)) {
	case 0:
		channel_close(peer->channel, "goes");
		break;
	case 1:
		channel_end(peer->channel);
		break;
	case 2:
		if (draw(4) == 0)
			reload();
		break;
	case 3:
	case 4:
	case 5:
		peer_resolve(peer, handle, (u8)draw(2));
		break;
	case 6:
	case 7:
	case 8:
		peer_say(peer, says[draw(ARRAY_SIZE(says))], handle, id);
		break;
	default:
		peer_register(peer, handle, id, 1 + draw(2), draw(5),
			      draw(4) ? 600 : 1);
		break;
	}
}

static void test_sequences(void **state)
{
	const char *given = getenv("RSP_SEED");
	u32 i;

	(void)state;
	seed = given && *given ? (u32)strtoul(given, NULL, 0) :
				 (u32)uv_hrtime();
	print_message("# RSP_SEED=%u\n", seed);
	test_config();
	accounts();
	registrar.config.keep_alive_interval = 40;
	registrar.config.keep_alive_timeout = 60;
	registrar.config.update_interval = 5;
	test_begin();
	for (i = 0; i < STEPS; i++) {
		step();
		uv_run(&test_loop, UV_RUN_NOWAIT);
		check_all();
		if (i % 16 == 0)
			forget_inbox(&peers[draw(PEERS)]);
	}
	assert_true(registrar.counters.registrations > 100);
	assert_true(registrar.counters.updates > 0);
	for (i = 0; i < PEERS; i++)
		test_forget(&peers[i]);
	test_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequences),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
