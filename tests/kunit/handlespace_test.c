// SPDX-License-Identifier: GPL-2.0
/* The handlespace: pools, elements, sync, waiters. */

#include "handlespace_test.h"

#define OCTETS_95 "0123456789012345678901234567890123456789012345678901234" \
	"5678901234567890123456789012345678901234"

static void handles_are_octets(struct kunit *test)
{
	static const struct {
		const char *octets;
		u8 len;
	} handles[] = {
		{ "\0", 1 }, { "\0\0", 2 }, { "a", 1 }, { "a\0", 2 },
		{ "a\0b", 3 }, { "a\0c", 3 }, { "ab", 2 }, { "abc", 3 },
		{ "\xff", 1 },
		{ OCTETS_95, 95 },
		{ OCTETS_95 "5", 96 },
	};
	struct rsp_pool *pools[ARRAY_SIZE(handles)];
	struct scope *s = test->priv;
	struct rsp_handle handle;
	struct rsp_pool *pool;
	int i;

	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		handle = handle_of(handles[i].octets, handles[i].len);
		KUNIT_EXPECT_NULL(test, rsp_pool_get(&s->hs, &handle));
		pools[i] = try_pool(s, &handle, RSP_POLICY_RR, true);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pools[i]);
	}
	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		handle = handle_of(handles[i].octets, handles[i].len);
		/* What is behind the handle is no part of it. */
		memset(handle.octets + handle.len, 0x55,
		       RSP_HANDLE_MAX - handle.len);
		pool = rsp_pool_get(&s->hs, &handle);
		KUNIT_ASSERT_PTR_EQ(test, pool, pools[i]);
		rsp_pool_put(pool);
		KUNIT_EXPECT_PTR_EQ(test,
				    try_pool(s, &handle, RSP_POLICY_RR, true),
				    ERR_PTR(-EEXIST));
	}
	handle.len = 0;
	KUNIT_EXPECT_PTR_EQ(test, try_pool(s, &handle, RSP_POLICY_RR, true),
			    ERR_PTR(-EINVAL));
	handle.len = RSP_HANDLE_MAX + 1;
	KUNIT_EXPECT_PTR_EQ(test, try_pool(s, &handle, RSP_POLICY_RR, true),
			    ERR_PTR(-EINVAL));
	KUNIT_EXPECT_EQ(test, s->hs.n_pools, ARRAY_SIZE(handles));
}

static void references_outlive_the_handlespace(struct kunit *test)
{
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_RR, false);
	struct rsp_handle handle = handle_named("p");
	struct scope *s = test->priv;
	struct rsp_pe *pe, *other;

	add_pe(test, pool, 1);
	pe = rsp_pe_get(pool, 1);
	KUNIT_ASSERT_NOT_NULL(test, pe);
	pool = rsp_pool_get(&s->hs, &handle);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_EXPECT_NULL(test, rsp_pe_get(pool, 2));

	del_pe(pe);
	KUNIT_EXPECT_TRUE(test, pe->dead);
	KUNIT_EXPECT_TRUE(test, pool->dead);
	KUNIT_EXPECT_NULL(test, rsp_pool_get(&s->hs, &handle));
	KUNIT_EXPECT_NULL(test, rsp_pe_get(pool, 1));
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 0);
	/* What sessions tell of the dead changes nothing. */
	rsp_pe_failed(pe);
	rsp_pe_worked(pe);
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_AVOIDED], 0);

	/* The name is free for another pool, which the old one is no part of. */
	other = add_pe(test, add_pool(test, "p", RSP_POLICY_RR, false), 1);
	KUNIT_EXPECT_PTR_NE(test, other, pe);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 0);

	KUNIT_EXPECT_EQ(test, pe->transports[0].v4, htonl(0x0a000001));
	rsp_pe_put(pe);
	rsp_pool_put(pool);
}

static void limits_hold(struct kunit *test)
{
	struct rsp_handle full = handle_named("full");
	struct rsp_pe_config config;
	struct scope *s = test->priv;
	struct rsp_pool *a, *b;

	s->hs.limits.pools = 2;
	s->hs.limits.elements = 3;
	a = add_pool(test, "a", RSP_POLICY_RR, true);
	b = add_pool(test, "b", RSP_POLICY_RR, true);
	KUNIT_EXPECT_PTR_EQ(test, try_pool(s, &full, RSP_POLICY_RR, true),
			    ERR_PTR(-ENOSPC));

	add_pe(test, a, 1);
	mutex_lock(&s->hs.lock);
	config = pe_config(b, 1);
	KUNIT_EXPECT_EQ(test, rsp_pe_check(&s->hs, b, &config, 1), 0);
	KUNIT_EXPECT_EQ(test, rsp_pe_check(&s->hs, b, &config, 2), -ENOSPC);
	KUNIT_EXPECT_EQ(test, rsp_pe_check(&s->hs, NULL, &config, 2), -ENOSPC);
	KUNIT_EXPECT_EQ(test, rsp_pe_check(&s->hs, b, &config, U32_MAX),
			-ENOSPC);
	/* One that is there adds none. */
	config = pe_config(a, 1);
	KUNIT_EXPECT_EQ(test, rsp_pe_check(&s->hs, a, &config, 2), 0);
	mutex_unlock(&s->hs.lock);

	add_pe(test, b, 1);
	add_pe(test, b, 2);
	config = pe_config(a, 2);
	KUNIT_EXPECT_EQ(test, set_pe(a, &config), -ENOSPC);
	add_pe(test, a, 1);
	del_pe(find_pe(b, 1));
	add_pe(test, a, 2);
	KUNIT_EXPECT_EQ(test, s->hs.n_elements, 3);
	KUNIT_EXPECT_EQ(test, a->n_elements, 2);
	KUNIT_EXPECT_EQ(test, b->n_elements, 1);
}

static void what_cannot_be_is_refused(struct kunit *test)
{
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_WRR, true);
	static const struct in6_addr v6[] = {
		IN6ADDR_ANY_INIT,
		IN6ADDR_LINKLOCAL_ALLNODES_INIT,
		IN6ADDR_LOOPBACK_INIT,
		{ { { 0xfe, 0x80, [15] = 1 } } },
	};
	static const struct {
		int err;
		u32 id;
		u8 n;
		u32 policy;
		struct rsp_transport transport;
	} cases[] = {
#define V4(addr) { .family = AF_INET, .port = 1, .v4 = addr }
#define V6(addr, scope) \
	{ .family = AF_INET6, .port = 1, .v6 = addr, .scope_id = scope }
		{ 0, 1, 1, RSP_POLICY_WRR, V4(htonl(0x7f000001)) },
		{ -EINVAL, 0, 1, RSP_POLICY_WRR, V4(htonl(0x7f000001)) },
		{ -EINVAL, 1, 0, RSP_POLICY_WRR, V4(htonl(0x7f000001)) },
		{ -EINVAL, 1, 9, RSP_POLICY_WRR, V4(htonl(0x7f000001)) },
		{ -EOPNOTSUPP, 1, 1, 0, V4(htonl(0x7f000001)) },
		{ -EOPNOTSUPP, 1, 1, 0x40000005, V4(htonl(0x7f000001)) },
		{ -EPROTOTYPE, 1, 1, RSP_POLICY_RR, V4(htonl(0x7f000001)) },
		{ -EADDRNOTAVAIL, 1, 1, RSP_POLICY_WRR, V4(0) },
		{ -EADDRNOTAVAIL, 1, 1, RSP_POLICY_WRR, V4(htonl(0xe0000001)) },
		{ -EADDRNOTAVAIL, 1, 1, RSP_POLICY_WRR, V4(htonl(0xffffffff)) },
		{ -EAFNOSUPPORT, 1, 1, RSP_POLICY_WRR,
		  { .family = AF_UNIX, .port = 1 } },
		{ -EINVAL, 1, 1, RSP_POLICY_WRR,
		  { .family = AF_INET, .v4 = htonl(0x7f000001) } },
		{ -EINVAL, 1, 1, RSP_POLICY_WRR,
		  { .family = AF_INET, .port = 1, .v4 = htonl(0x7f000001),
		    .use = RSP_TRANSPORT_USE_DATA_CONTROL + 1 } },
	};
	struct scope *s = test->priv;
	struct rsp_pe_config config;
	struct rsp_pool_config pool_config = { .policy = RSP_POLICY_RR };
	unsigned int seq;
	int i, err;

	mutex_lock(&s->hs.lock);
	seq = s->hs.seq;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		config = pe_config(pool, cases[i].id);
		config.policy.type = cases[i].policy;
		config.n_transports = cases[i].n;
		config.transports[0] = cases[i].transport;
		err = rsp_pe_check(&s->hs, pool, &config, 0);
		KUNIT_EXPECT_EQ_MSG(test, err, cases[i].err, "case %d", i);
		if (cases[i].err)
			KUNIT_EXPECT_EQ(test, rsp_pe_set(pool, &config),
					cases[i].err);
	}
	config = pe_config(pool, 1);
	config.transports[0] = (struct rsp_transport)V6(v6[0], 0);
	KUNIT_EXPECT_EQ(test, rsp_pe_set(pool, &config), -EADDRNOTAVAIL);
	config.transports[0] = (struct rsp_transport)V6(v6[1], 1);
	KUNIT_EXPECT_EQ(test, rsp_pe_set(pool, &config), -EADDRNOTAVAIL);
	config.transports[0] = (struct rsp_transport)V6(v6[2], 1);
	KUNIT_EXPECT_EQ(test, rsp_pe_set(pool, &config), -EINVAL);
	config.transports[0] = (struct rsp_transport)V6(v6[3], 0);
	KUNIT_EXPECT_EQ(test, rsp_pe_set(pool, &config), -EINVAL);
	KUNIT_EXPECT_EQ(test, s->hs.seq, seq);
	config.transports[0] = (struct rsp_transport)V6(v6[3], 1);
	KUNIT_EXPECT_EQ(test, rsp_pe_set(pool, &config), 0);

	KUNIT_EXPECT_EQ(test, rsp_pool_set(pool, &pool_config, true),
			-EPROTOTYPE);
	pool_config.policy = RSP_POLICY_WRR;
	pool_config.fin = RSP_FIN_FAILURE + 1;
	KUNIT_EXPECT_EQ(test, rsp_pool_set(pool, &pool_config, true), -EINVAL);
	pool_config.fin = RSP_FIN_FAILURE;
	pool_config.failover = RSP_FAILOVER_OFF + 1;
	KUNIT_EXPECT_EQ(test, rsp_pool_set(pool, &pool_config, true), -EINVAL);
	pool_config.failover = RSP_FAILOVER_AUTO;
	pool_config.identify = RSP_IDENTIFY_ALL + 1;
	KUNIT_EXPECT_EQ(test, rsp_pool_set(pool, &pool_config, true), -EINVAL);
	pool_config.identify = RSP_IDENTIFY_PE;
	KUNIT_EXPECT_EQ(test, rsp_pool_set(pool, &pool_config, true), 0);
	KUNIT_EXPECT_EQ(test, pool->config.failover, RSP_FAILOVER_AUTO);
	KUNIT_EXPECT_EQ(test, pool->config.identify, RSP_IDENTIFY_PE);
	pool_config.policy = 99;
	KUNIT_EXPECT_EQ(test, rsp_pool_set(pool, &pool_config, true),
			-EOPNOTSUPP);
	mutex_unlock(&s->hs.lock);
}

static void policy_changes_while_empty(struct kunit *test)
{
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_RR, true);
	struct rsp_pool_config config = { .policy = RSP_POLICY_PRIO };
	struct scope *s = test->priv;

	del_pe(add_pe(test, pool, 1));
	mutex_lock(&s->hs.lock);
	KUNIT_EXPECT_EQ(test, rsp_pool_set(pool, &config, true), 0);
	mutex_unlock(&s->hs.lock);
	add_pe(test, pool, 1);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 1);
}

static void another_address_is_another_element(struct kunit *test)
{
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_LUD, true);
	struct scope *s = test->priv;
	struct rsp_pe_config config;
	struct rsp_pe *old, *new;
	u32 index;

	add_pe(test, pool, 1);
	add_pe(test, pool, 2);
	old = rsp_pe_get(pool, 1);
	index = old->index;
	rsp_pe_failed(old);

	config = pe_config(pool, 1);
	config.policy.load = 7;
	config.home = 3;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_EXPECT_PTR_EQ(test, find_pe(pool, 1), old);
	KUNIT_EXPECT_EQ(test, old->node.params.load, 7);
	KUNIT_EXPECT_EQ(test, old->home, 3);
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_SET], 1);
	/* Nothing new: nothing to tell. */
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_SET], 1);

	config.n_transports = 2;
	config.transports[1] = config.transports[0];
	config.transports[1].port++;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	new = find_pe(pool, 1);
	KUNIT_ASSERT_PTR_NE(test, new, old);
	KUNIT_EXPECT_TRUE(test, old->dead);
	KUNIT_EXPECT_FALSE(test, new->dead);
	KUNIT_EXPECT_EQ(test, new->index, index);
	KUNIT_EXPECT_PTR_EQ(test, (struct rsp_pe *)xa_load(&pool->elements,
							   index), new);
	KUNIT_EXPECT_EQ(test, new->failures, 0);
	KUNIT_EXPECT_EQ(test, pool->n_avoided, 0);
	KUNIT_EXPECT_EQ(test, pool->n_elements, 2);
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_SET], 2);
	KUNIT_EXPECT_EQ(test, old->n_transports, 1);
	rsp_pe_failed(old);
	KUNIT_EXPECT_EQ(test, new->avoid, RSP_AVOID_NONE);
	rsp_pe_put(old);

	/* The order is the element's preference, so it counts. */
	swap(config.transports[0], config.transports[1]);
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_EXPECT_PTR_NE(test, find_pe(pool, 1), new);
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_RETURNED], 0);
}

static void another_use_is_another_element(struct kunit *test)
{
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_RR, true);
	struct scope *s = test->priv;
	struct rsp_pe_config config;
	struct rsp_pe *old, *new;

	add_pe(test, pool, 1);
	old = rsp_pe_get(pool, 1);
	rsp_pe_failed(old);

	config = pe_config(pool, 1);
	config.transports[0].use = RSP_TRANSPORT_USE_DATA_CONTROL;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	new = find_pe(pool, 1);
	KUNIT_ASSERT_PTR_NE(test, new, old);
	KUNIT_EXPECT_TRUE(test, old->dead);
	KUNIT_EXPECT_EQ(test, new->avoid, RSP_AVOID_NONE);
	KUNIT_EXPECT_EQ(test, old->transports[0].use,
			RSP_TRANSPORT_USE_DATA_ONLY);
	KUNIT_EXPECT_EQ(test, new->transports[0].use,
			RSP_TRANSPORT_USE_DATA_CONTROL);
	KUNIT_EXPECT_EQ(test, pool->n_elements, 1);
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_SET], 1);
	rsp_pe_put(old);

	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_EXPECT_PTR_EQ(test, find_pe(pool, 1), new);
}

static void registration_resets_degradation(struct kunit *test)
{
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_LUD, true);
	struct rsp_pe_config config = pe_config(pool, 1);
	struct rsp_pe *pe;

	config.policy.degradation = 10;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	pe = find_pe(pool, 1);
	selected(pool, NULL);
	selected(pool, NULL);
	KUNIT_EXPECT_EQ(test, pe->node.used, 2);
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_EXPECT_EQ(test, pe->node.used, 0);
	selected(pool, NULL);
	drain_pe(pe, true);
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_EXPECT_EQ(test, pe->node.used, 0);
}

static int sync_do(struct scope *s, int (*what)(struct rsp_handlespace *hs))
{
	int err;

	mutex_lock(&s->hs.lock);
	err = what(&s->hs);
	mutex_unlock(&s->hs.lock);
	return err;
}

static void sync_sweeps(struct kunit *test)
{
	struct rsp_handle a = handle_named("a"), b = handle_named("b"),
			  c = handle_named("c"), d = handle_named("d");
	struct rsp_pool_config config = { .policy = RSP_POLICY_RR };
	struct rsp_pool *pool_a, *pool_b, *pool_c;
	struct scope *s = test->priv;
	struct rsp_pe_config moved;

	pool_a = add_pool(test, "a", RSP_POLICY_RR, false);
	pool_b = add_pool(test, "b", RSP_POLICY_RR, true);
	pool_c = add_pool(test, "c", RSP_POLICY_RR, false);
	add_pool(test, "d", RSP_POLICY_RR, false);
	add_pe(test, pool_a, 1);
	add_pe(test, pool_a, 2);
	add_pe(test, pool_a, 3);
	add_pe(test, pool_b, 1);
	add_pe(test, pool_c, 1);

	KUNIT_EXPECT_EQ(test, sync_do(s, rsp_handlespace_sync_end), -EALREADY);
	KUNIT_EXPECT_EQ(test, sync_do(s, rsp_handlespace_sync_begin), 0);
	KUNIT_EXPECT_EQ(test, sync_do(s, rsp_handlespace_sync_begin), -EBUSY);
	add_pe(test, pool_a, 2);
	add_pe(test, pool_a, 4);
	moved = pe_config(pool_a, 3);
	moved.transports[0].port++;
	KUNIT_ASSERT_EQ(test, set_pe(pool_a, &moved), 0);
	/* Until the end nothing is missing. */
	KUNIT_EXPECT_EQ(test, s->hs.n_elements, 6);
	KUNIT_EXPECT_EQ(test, sync_do(s, rsp_handlespace_sync_end), 0);
	KUNIT_EXPECT_EQ(test, sync_do(s, rsp_handlespace_sync_end), -EALREADY);

	mutex_lock(&s->hs.lock);
	KUNIT_EXPECT_PTR_EQ(test, rsp_pool_find_rcu(&s->hs, &a), pool_a);
	KUNIT_EXPECT_PTR_EQ(test, rsp_pool_find_rcu(&s->hs, &b), pool_b);
	KUNIT_EXPECT_NULL(test, rsp_pool_find_rcu(&s->hs, &c));
	KUNIT_EXPECT_NULL(test, rsp_pool_find_rcu(&s->hs, &d));
	KUNIT_EXPECT_NULL(test, rsp_pe_find_rcu(pool_a, 1));
	KUNIT_EXPECT_NOT_NULL(test, rsp_pe_find_rcu(pool_a, 2));
	KUNIT_EXPECT_NOT_NULL(test, rsp_pe_find_rcu(pool_a, 3));
	KUNIT_EXPECT_NOT_NULL(test, rsp_pe_find_rcu(pool_a, 4));
	KUNIT_EXPECT_EQ(test, pool_b->n_elements, 0);
	KUNIT_EXPECT_EQ(test, s->hs.n_elements, 3);
	mutex_unlock(&s->hs.lock);

	/* A feeder that names an empty pool keeps it. */
	add_pool(test, "c", RSP_POLICY_RR, false);
	KUNIT_EXPECT_EQ(test, sync_do(s, rsp_handlespace_sync_begin), 0);
	mutex_lock(&s->hs.lock);
	pool_c = rsp_pool_find_rcu(&s->hs, &c);
	KUNIT_EXPECT_EQ(test, rsp_pool_set(pool_c, &config, false), 0);
	rsp_handlespace_sync_abort(&s->hs);
	KUNIT_EXPECT_EQ(test, s->hs.n_elements, 3);
	mutex_unlock(&s->hs.lock);

	/* What an aborted sync named is not named in the next. */
	KUNIT_EXPECT_EQ(test, sync_do(s, rsp_handlespace_sync_begin), 0);
	mutex_lock(&s->hs.lock);
	KUNIT_EXPECT_EQ(test, rsp_pool_set(pool_c, &config, false), 0);
	mutex_unlock(&s->hs.lock);
	KUNIT_EXPECT_EQ(test, sync_do(s, rsp_handlespace_sync_end), 0);
	mutex_lock(&s->hs.lock);
	KUNIT_EXPECT_PTR_EQ(test, rsp_pool_find_rcu(&s->hs, &c), pool_c);
	KUNIT_EXPECT_NULL(test, rsp_pool_find_rcu(&s->hs, &a));
	KUNIT_EXPECT_EQ(test, s->hs.n_elements, 0);
	KUNIT_EXPECT_EQ(test, s->hs.n_pools, 2);
	mutex_unlock(&s->hs.lock);
}

static void only_explicit_pools_stay(struct kunit *test)
{
	struct rsp_pool_config config = { .policy = RSP_POLICY_RR };
	struct rsp_handle a = handle_named("a"), b = handle_named("b"),
			  c = handle_named("c");
	struct rsp_pool *pool_a, *pool_b, *pool_c;
	struct scope *s = test->priv;

	pool_a = add_pool(test, "a", RSP_POLICY_RR, false);
	pool_b = add_pool(test, "b", RSP_POLICY_RR, true);
	pool_c = add_pool(test, "c", RSP_POLICY_RR, false);
	add_pe(test, pool_a, 1);
	add_pe(test, pool_a, 2);
	add_pe(test, pool_b, 1);
	add_pe(test, pool_c, 1);
	mutex_lock(&s->hs.lock);
	KUNIT_EXPECT_EQ(test, rsp_pool_set(pool_a, &config, false), 0);
	KUNIT_EXPECT_EQ(test, rsp_pool_set(pool_c, &config, true), 0);
	rsp_pe_del(rsp_pe_find_rcu(pool_a, 1));
	KUNIT_EXPECT_NOT_NULL(test, rsp_pool_find_rcu(&s->hs, &a));
	rsp_pe_del(rsp_pe_find_rcu(pool_a, 2));
	rsp_pe_del(rsp_pe_find_rcu(pool_b, 1));
	rsp_pe_del(rsp_pe_find_rcu(pool_c, 1));
	KUNIT_EXPECT_NULL(test, rsp_pool_find_rcu(&s->hs, &a));
	KUNIT_EXPECT_PTR_EQ(test, rsp_pool_find_rcu(&s->hs, &b), pool_b);
	KUNIT_EXPECT_PTR_EQ(test, rsp_pool_find_rcu(&s->hs, &c), pool_c);
	rsp_pool_del(pool_b);
	KUNIT_EXPECT_NULL(test, rsp_pool_find_rcu(&s->hs, &b));
	mutex_unlock(&s->hs.lock);

	/* Deleted with its elements, made by them or not. */
	pool_a = add_pool(test, "a", RSP_POLICY_RR, false);
	add_pe(test, pool_a, 1);
	add_pe(test, pool_a, 2);
	add_pe(test, pool_c, 1);
	mutex_lock(&s->hs.lock);
	rsp_pool_del(pool_a);
	rsp_pool_del(pool_c);
	KUNIT_EXPECT_EQ(test, s->hs.n_pools, 0);
	KUNIT_EXPECT_EQ(test, s->hs.n_elements, 0);
	mutex_unlock(&s->hs.lock);
	KUNIT_EXPECT_EQ(test, s->pool_changes[RSP_CHANGE_NEW], 4);
	KUNIT_EXPECT_EQ(test, s->pool_changes[RSP_CHANGE_SET], 2);
	KUNIT_EXPECT_EQ(test, s->pool_changes[RSP_CHANGE_DEL], 4);
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_NEW], 7);
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_DEL], 7);
	KUNIT_EXPECT_EQ(test, s->hs.seq, 4 + 2 + 4 + 7 + 7);
}

struct sleeper {
	struct rsp_waiter waiter;
	struct completion woken;
	unsigned int n;
};

static void sleeper_wake(struct rsp_waiter *waiter)
{
	struct sleeper *sleeper = container_of(waiter, struct sleeper, waiter);

	sleeper->n++;
	complete(&sleeper->woken);
}

static void waiters_are_woken(struct kunit *test)
{
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_WRR, true);
	struct rsp_pool *other = add_pool(test, "q", RSP_POLICY_WRR, true);
	struct rsp_handle handle = handle_named("p");
	struct sleeper sleeper = { .waiter = {
		.handle = &handle,
		.wake = sleeper_wake,
	} };
	struct scope *s = test->priv;
	struct rsp_pe_config config;
	struct rsp_pe *pe;

	init_completion(&sleeper.woken);
	rsp_handlespace_wait(&s->hs, &sleeper.waiter);
	add_pe(test, other, 1);
	config = pe_config(pool, 1);
	config.policy.weight = 0;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_EXPECT_EQ(test, sleeper.n, 0);
	pe = add_pe(test, pool, 1);
	KUNIT_EXPECT_EQ_MSG(test, sleeper.n, 1, "weight from 0");
	add_pe(test, pool, 2);
	KUNIT_EXPECT_EQ_MSG(test, sleeper.n, 2, "new");
	drain_pe(pe, true);
	KUNIT_EXPECT_EQ(test, sleeper.n, 2);
	config.policy.weight = 2;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_EXPECT_EQ_MSG(test, sleeper.n, 2, "changed while drained");
	drain_pe(pe, false);
	KUNIT_EXPECT_EQ_MSG(test, sleeper.n, 3, "undrained");
	config.transports[0].port++;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_EXPECT_EQ_MSG(test, sleeper.n, 4, "replaced");

	pe = find_pe(pool, 1);
	set_avoidance(s, 5, 5);
	reinit_completion(&sleeper.woken);
	rsp_pe_failed(pe);
	KUNIT_EXPECT_GT(test, wait_for_completion_timeout(&sleeper.woken,
							  PATIENCE), 0);
	mutex_lock(&s->hs.lock);
	KUNIT_EXPECT_EQ_MSG(test, sleeper.n, 5, "returned");
	mutex_unlock(&s->hs.lock);

	rsp_handlespace_wake(&s->hs, &handle);
	KUNIT_EXPECT_EQ_MSG(test, sleeper.n, 6, "by hand");
	rsp_handlespace_unwait(&s->hs, &sleeper.waiter);
	add_pe(test, pool, 3);
	rsp_handlespace_wake(&s->hs, &handle);
	KUNIT_EXPECT_EQ(test, sleeper.n, 6);
}

static struct kunit_case handlespace_cases[] = {
	KUNIT_CASE(handles_are_octets),
	KUNIT_CASE(references_outlive_the_handlespace),
	KUNIT_CASE(limits_hold),
	KUNIT_CASE(what_cannot_be_is_refused),
	KUNIT_CASE(policy_changes_while_empty),
	KUNIT_CASE(another_address_is_another_element),
	KUNIT_CASE(another_use_is_another_element),
	KUNIT_CASE(registration_resets_degradation),
	KUNIT_CASE(sync_sweeps),
	KUNIT_CASE(only_explicit_pools_stay),
	KUNIT_CASE(waiters_are_woken),
	{}
};

static struct kunit_suite handlespace_suite = {
	.name		= "rserpool-handlespace",
	.init		= scope_init,
	.exit		= scope_exit,
	.test_cases	= handlespace_cases,
};

kunit_test_suite(handlespace_suite);
