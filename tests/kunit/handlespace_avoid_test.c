// SPDX-License-Identifier: GPL-2.0
/* The handlespace: elements that expire, that fail, that are drained. */

#include "handlespace_test.h"

static void elements_expire(struct kunit *test)
{
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_RR, false);
	struct rsp_handle handle = handle_named("p");
	struct scope *s = test->priv;
	struct rsp_pe_config config;
	u32 id;

	/* Those that are registered anew for good stay. */
	for (id = 1; id <= 4; id++) {
		config = pe_config(pool, id);
		config.lifetime_ms = id <= 2 ? 30 : 60000;
		KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	}
	config = pe_config(pool, 1);
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&s->expired,
							  PATIENCE), 0);
	KUNIT_EXPECT_NULL(test, find_pe(pool, 2));
	KUNIT_EXPECT_NOT_NULL(test, find_pe(pool, 1));
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_EXPIRED], 1);

	/* A life that is cut short, one that ends while it is drained. */
	config = pe_config(pool, 3);
	config.lifetime_ms = 1;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&s->expired,
							  PATIENCE), 0);
	config.id = 4;
	config.transports[0].v4 = htonl(0x0a000004);
	drain_pe(find_pe(pool, 4), true);
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&s->expired,
							  PATIENCE), 0);
	KUNIT_EXPECT_EQ(test, pool->n_elements, 1);

	/* A pool that its elements made goes with the last. */
	config = pe_config(pool, 1);
	config.lifetime_ms = 1;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&s->expired,
							  PATIENCE), 0);
	mutex_lock(&s->hs.lock);
	KUNIT_EXPECT_NULL(test, rsp_pool_find_rcu(&s->hs, &handle));
	KUNIT_EXPECT_EQ(test, s->hs.n_elements, 0);
	mutex_unlock(&s->hs.lock);
}

static void avoidance_doubles(struct kunit *test)
{
	static const unsigned int ms[] = { 10, 20, 40, 50, 50 };
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_RR, true);
	struct scope *s = test->priv;
	struct rsp_pe *pe = add_pe(test, pool, 1);
	ktime_t before, after;
	int i, round;

	set_avoidance(s, 10, 50);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < ARRAY_SIZE(ms); i++) {
			before = ktime_get();
			rsp_pe_failed(pe);
			after = ktime_get();
			KUNIT_EXPECT_EQ(test, pe->failures, i + 1);
			KUNIT_EXPECT_GE(test, pe->avoid_until,
					ktime_add_ms(before, ms[i]));
			KUNIT_EXPECT_LE(test, pe->avoid_until,
					ktime_add_ms(after, ms[i]));
			KUNIT_ASSERT_GT(test,
					wait_for_completion_timeout(&s->returned,
								    PATIENCE),
					0);
			KUNIT_EXPECT_GE(test, ktime_get(),
					ktime_add_ms(before, ms[i]));
			mutex_lock(&s->hs.lock);
			KUNIT_EXPECT_EQ(test, pe->avoid, RSP_AVOID_NONE);
			KUNIT_EXPECT_EQ(test, pool->n_avoided, 0);
			mutex_unlock(&s->hs.lock);
		}
		/* A success makes the next failure a first one. */
		rsp_pe_worked(pe);
		KUNIT_EXPECT_EQ(test, pe->failures, 0);
	}

	/* No number of failures wraps. */
	set_avoidance(s, 1, 5000);
	pe->failures = U16_MAX;
	before = ktime_get();
	rsp_pe_failed(pe);
	KUNIT_EXPECT_EQ(test, pe->failures, U16_MAX);
	KUNIT_EXPECT_GE(test, pe->avoid_until, ktime_add_ms(before, 5000));
}

static void failures_at_once_count_once(struct kunit *test)
{
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_RR, true);
	struct scope *s = test->priv;
	struct rsp_pe *pe = add_pe(test, pool, 1);
	ktime_t until;

	rsp_pe_failed(pe);
	until = pe->avoid_until;
	rsp_pe_failed(pe);
	rsp_pe_failed(pe);
	KUNIT_EXPECT_EQ(test, pe->failures, 1);
	KUNIT_EXPECT_EQ(test, pe->avoid_until, until);
	KUNIT_EXPECT_EQ(test, pool->n_avoided, 1);
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_AVOIDED], 1);

	/* The same registration does not end it, a success does. */
	add_pe(test, pool, 1);
	KUNIT_EXPECT_EQ(test, pe->avoid, RSP_AVOID_FAILED);
	rsp_pe_worked(pe);
	KUNIT_EXPECT_EQ(test, pe->avoid, RSP_AVOID_NONE);
	KUNIT_EXPECT_EQ(test, pool->n_avoided, 0);
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_RETURNED], 1);
}

static void drained_is_not_selected(struct kunit *test)
{
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_RR, true);
	struct scope *s = test->priv;
	struct rsp_pe_config config;
	struct rsp_pe *pe;

	pe = add_pe(test, pool, 1);
	drain_pe(pe, true);
	drain_pe(pe, true);
	KUNIT_EXPECT_EQ(test, pool->n_avoided, 1);
	KUNIT_EXPECT_EQ(test, s->pe_changes[RSP_CHANGE_AVOIDED], 1);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 0);
	rsp_pe_failed(pe);
	KUNIT_EXPECT_EQ(test, pe->failures, 0);
	KUNIT_EXPECT_EQ(test, pe->avoid, RSP_AVOID_DRAIN);

	/* Registered anew, here or elsewhere, it stays drained. */
	add_pe(test, pool, 1);
	config = pe_config(pool, 1);
	config.transports[0].port++;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	pe = find_pe(pool, 1);
	KUNIT_EXPECT_EQ(test, pe->avoid, RSP_AVOID_DRAIN);
	KUNIT_EXPECT_EQ(test, pool->n_avoided, 1);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 0);

	drain_pe(pe, false);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 1);
	KUNIT_EXPECT_EQ(test, pool->n_avoided, 0);

	/* One that failed is not even the last resort once it is drained. */
	rsp_pe_failed(pe);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 1);
	drain_pe(pe, true);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 0);
	rsp_pe_worked(pe);
	KUNIT_EXPECT_EQ(test, pe->avoid, RSP_AVOID_DRAIN);
	del_pe(pe);
	KUNIT_EXPECT_EQ(test, pool->n_avoided, 0);
}

static void last_resort_is_what_returns_first(struct kunit *test)
{
	struct rsp_pool *pool = add_pool(test, "p", RSP_POLICY_WRR, true);
	u32 tried[] = { 1, 2, 3, 4 };
	struct rsp_exclude exclude = { .ids = tried };
	struct scope *s = test->priv;
	struct rsp_pe_config config;
	struct rsp_pe *pe[5];
	u32 id;

	for (id = 1; id <= 4; id++)
		pe[id] = add_pe(test, pool, id);
	set_avoidance(s, 60000, 60000);
	rsp_pe_failed(pe[2]);
	set_avoidance(s, 20000, 20000);
	rsp_pe_failed(pe[1]);
	set_avoidance(s, 40000, 40000);
	rsp_pe_failed(pe[4]);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 3);
	exclude.ids = &tried[2];
	exclude.n = 1;
	KUNIT_EXPECT_EQ(test, selected(pool, &exclude), 1);
	rsp_pe_failed(pe[3]);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 1);
	exclude.ids = tried;
	KUNIT_EXPECT_EQ(test, selected(pool, &exclude), 4);
	exclude.n = 3;
	KUNIT_EXPECT_EQ(test, selected(pool, &exclude), 4);
	exclude.n = 4;
	KUNIT_EXPECT_EQ(test, selected(pool, &exclude), 0);

	/* Weight 0 is no work, not even then. */
	config = pe_config(pool, 1);
	config.policy.weight = 0;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 4);
	config.policy.weight = 1;
	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 1);

	/* One that works goes before all that failed. */
	rsp_pe_worked(pe[2]);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 2);
	del_pe(pe[2]);
	KUNIT_EXPECT_EQ(test, selected(pool, NULL), 1);
}

/* What a selection would say, of a pool of five; the third is drained. */
static void ranked_pool(struct kunit *test, const char *name, u32 policy,
			struct rsp_pool **pool)
{
	struct rsp_pe_config config;
	u32 id;

	*pool = add_pool(test, name, policy, true);
	for (id = 1; id <= 5; id++) {
		config = pe_config(*pool, id);
		config.policy.load = 10 * id;
		config.policy.degradation = 7;
		KUNIT_ASSERT_EQ(test, set_pe(*pool, &config), 0);
	}
	drain_pe(find_pe(*pool, 3), true);
}

static void ranks_as_it_selects(struct kunit *test)
{
	static const struct {
		u32 policy;
		u32 ids[3];
	} orders[] = {
		{ RSP_POLICY_PRIO, { 5, 4, 1 } },
		{ RSP_POLICY_LU, { 1, 4, 5 } },
		{ RSP_POLICY_LUD, { 1, 4, 5 } },
		{ RSP_POLICY_PLU, { 1, 4, 5 } },
	};
	struct rsp_pe *pes[RSP_RANK_MAX];
	struct rsp_pool *pool;
	char name[2] = "a";
	int i;
	u32 j;

	for (i = 0; i < ARRAY_SIZE(orders); i++, name[0]++) {
		ranked_pool(test, name, orders[i].policy, &pool);
		KUNIT_ASSERT_EQ(test, rsp_pool_rank(pool, 2, pes,
						    RSP_RANK_MAX), 3);
		for (j = 0; j < 3; j++) {
			KUNIT_EXPECT_EQ(test, pes[j]->node.id,
					orders[i].ids[j]);
			rsp_pe_put(pes[j]);
		}
		KUNIT_ASSERT_EQ(test, rsp_pool_rank(pool, 2, pes, 1), 1);
		rsp_pe_put(pes[0]);
	}
}

/* Two pools that are the same select the same, ranked between or not. */
static void ranking_takes_no_turn(struct kunit *test)
{
	static const u32 policies[] = {
		RSP_POLICY_RR, RSP_POLICY_WRR, RSP_POLICY_LUD,
	};
	struct rsp_pe *pes[RSP_RANK_MAX];
	struct rsp_pool *pool, *twin;
	char name[2] = "a";
	int i, round;
	u32 n;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		ranked_pool(test, name, policies[i], &pool);
		name[0]++;
		ranked_pool(test, name, policies[i], &twin);
		name[0]++;
		for (round = 0; round < 50; round++) {
			n = rsp_pool_rank(pool, 5, pes, RSP_RANK_MAX);
			KUNIT_EXPECT_EQ(test, n, 3);
			while (n)
				rsp_pe_put(pes[--n]);
			KUNIT_EXPECT_EQ(test, selected(pool, NULL),
					selected(twin, NULL));
		}
	}
}

static void prefers_what_could_be_selected(struct kunit *test)
{
	static const u32 wanted[] = { 9, 3, 4, 1 }, tried[] = { 1, 2, 5 };
	struct rsp_exclude exclude = { .ids = tried, .n = 3 };
	struct rsp_pool *pool;
	struct rsp_pe *pe;

	ranked_pool(test, "p", RSP_POLICY_LU, &pool);
	pe = rsp_pool_prefer(pool, wanted, 4, &exclude);
	KUNIT_ASSERT_NOT_NULL(test, pe);
	KUNIT_EXPECT_EQ(test, pe->node.id, 4);
	rsp_pe_failed(pe);
	rsp_pe_put(pe);
	KUNIT_EXPECT_NULL(test, rsp_pool_prefer(pool, wanted, 4, &exclude));
	pe = rsp_pool_prefer(pool, wanted, 4, NULL);
	KUNIT_ASSERT_NOT_NULL(test, pe);
	KUNIT_EXPECT_EQ(test, pe->node.id, 1);
	rsp_pe_put(pe);
}

static struct kunit_case avoid_cases[] = {
	KUNIT_CASE(elements_expire),
	KUNIT_CASE(avoidance_doubles),
	KUNIT_CASE(failures_at_once_count_once),
	KUNIT_CASE(drained_is_not_selected),
	KUNIT_CASE(last_resort_is_what_returns_first),
	KUNIT_CASE(ranks_as_it_selects),
	KUNIT_CASE(ranking_takes_no_turn),
	KUNIT_CASE(prefers_what_could_be_selected),
	{}
};

static struct kunit_suite avoid_suite = {
	.name		= "rserpool-handlespace-avoid",
	.init		= scope_init,
	.exit		= scope_exit,
	.test_cases	= avoid_cases,
};

kunit_test_suite(avoid_suite);
