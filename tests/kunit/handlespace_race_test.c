// SPDX-License-Identifier: GPL-2.0
/* The handlespace: with every policy, with other tasks, with many elements. */

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>

#include "handlespace_test.h"

static const u32 all_policies[] = {
	RSP_POLICY_RR, RSP_POLICY_WRR, RSP_POLICY_RAND, RSP_POLICY_WRAND,
	RSP_POLICY_PRIO, RSP_POLICY_LU, RSP_POLICY_LUD, RSP_POLICY_PLU,
	RSP_POLICY_RLU,
};

static void policy_name(const u32 *policy, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "policy 0x%08x", *policy);
}

KUNIT_ARRAY_PARAM(policy, all_policies, policy_name);

/* Each once: those in the policy first, then the failed, then nothing. */
static void round_meets_each_once(struct kunit *test)
{
	const u32 policy = *(const u32 *)test->param_value;
	struct rsp_pool *pool = add_pool(test, "p", policy, true);
	struct rsp_exclude exclude = { 0 };
	const u32 n = 24, failed = 8, drained = 3;
	u32 tried[24], id, i;

	for (id = 1; id <= n; id++)
		add_pe(test, pool, id);
	for (id = 1; id <= failed; id++)
		rsp_pe_failed(find_pe(pool, id));
	for (id = n - drained + 1; id <= n; id++)
		drain_pe(find_pe(pool, id), true);

	exclude.ids = tried;
	while (exclude.n < n) {
		id = selected(pool, &exclude);
		if (!id)
			break;
		KUNIT_ASSERT_LE(test, id, n - drained);
		if (exclude.n < n - drained - failed)
			KUNIT_EXPECT_GT(test, id, failed);
		for (i = exclude.n; i && tried[i - 1] > id; i--)
			tried[i] = tried[i - 1];
		KUNIT_ASSERT_FALSE_MSG(test, i && tried[i - 1] == id,
				       "%u came twice", id);
		tried[i] = id;
		exclude.n++;
	}
	KUNIT_EXPECT_EQ(test, exclude.n, n - drained);
}

#ifdef CONFIG_FAILSLAB
enum op { OP_POOL, OP_NEW, OP_UPDATE, OP_MOVE, OP_RETURN, OP_UNDRAIN, OPS };

static int do_op(struct kunit *test, struct rsp_pool *pool, enum op op)
{
	struct rsp_pe_config config = pe_config(pool, op == OP_NEW ? 3 : 1);
	struct rsp_handle handle = handle_named("other");

	switch (op) {
	case OP_POOL:
		return PTR_ERR_OR_ZERO(try_pool(test->priv, &handle,
						pool->config.policy, true));
	case OP_UPDATE:
		config.policy.weight = 5;
		break;
	case OP_MOVE:
		config.transports[0].port++;
		break;
	case OP_RETURN:
		rsp_pe_worked(find_pe(pool, 1));
		return 0;
	case OP_UNDRAIN:
		drain_pe(find_pe(pool, 1), false);
		return 0;
	default:
		break;
	}
	return set_pe(pool, &config);
}

/* So that a change that was done in spite of a failure can be tried again. */
static void undo_op(struct rsp_pool *pool)
{
	struct rsp_handle handle = handle_named("other");
	struct rsp_handlespace *hs = pool->hs;
	struct rsp_pool *other;
	struct rsp_pe *pe;

	mutex_lock(&hs->lock);
	other = rsp_pool_find_rcu(hs, &handle);
	if (other)
		rsp_pool_del(other);
	pe = rsp_pe_find_rcu(pool, 3);
	if (pe)
		rsp_pe_del(pe);
	mutex_unlock(&hs->lock);
}

/* Each allocation of each change fails once: all is as it was, or done. */
static void without_memory_nothing_changes(struct kunit *test)
{
	const u32 policy = *(const u32 *)test->param_value;
	struct rsp_pool *pool = add_pool(test, "p", policy, true);
	struct scope *s = test->priv;
	u32 n_elements, n_pools, avoid;
	enum op op;
	int nth, err;
	bool fired;

	add_pe(test, pool, 1);
	add_pe(test, pool, 2);
	for (op = 0; op < OPS; op++) {
		for (nth = 1; nth < 100; nth++) {
			undo_op(pool);
			if (op == OP_RETURN)
				rsp_pe_failed(find_pe(pool, 1));
			if (op == OP_UNDRAIN)
				drain_pe(find_pe(pool, 1), true);
			n_pools = s->hs.n_pools;
			n_elements = s->hs.n_elements;
			current->fail_nth = nth;
			err = do_op(test, pool, op);
			fired = !current->fail_nth;
			current->fail_nth = 0;
			if (fired && err) {
				KUNIT_EXPECT_EQ(test, err, -ENOMEM);
				KUNIT_EXPECT_EQ(test, s->hs.n_pools, n_pools);
				KUNIT_EXPECT_EQ(test, s->hs.n_elements,
						n_elements);
			} else {
				KUNIT_EXPECT_EQ(test, err, 0);
				KUNIT_EXPECT_EQ(test, s->hs.n_pools,
						n_pools + (op == OP_POOL));
				KUNIT_EXPECT_EQ(test, s->hs.n_elements,
						n_elements + (op == OP_NEW));
			}
			/* Whoever lost its place comes back by itself. */
			avoid = find_pe(pool, 1)->avoid;
			KUNIT_EXPECT_EQ(test, pool->n_avoided, !!avoid);
			KUNIT_EXPECT_NE(test, avoid, RSP_AVOID_DRAIN);
			KUNIT_EXPECT_NE(test, selected(pool, NULL), 0);
			if (avoid)
				rsp_pe_worked(find_pe(pool, 1));
			if (!fired)
				break;
		}
		KUNIT_EXPECT_LT(test, nth, 100);
	}
}
#endif

struct selector {
	struct rsp_pool *pool;
	bool always;	/* the pool never looks empty */
	unsigned long selections;
	unsigned long empty;
	unsigned long wrong;
};

static int select_until_stopped(void *data)
{
	struct selector *selector = data;
	struct rsp_pe *pe;

	while (!kthread_should_stop()) {
		pe = rsp_pool_select(selector->pool, NULL);
		if (!pe) {
			selector->empty++;
		} else {
			if (pe->pool != selector->pool || !pe->n_transports)
				selector->wrong++;
			rsp_pe_put(pe);
		}
		WRITE_ONCE(selector->selections, selector->selections + 1);
		cond_resched();
	}
	return 0;
}

static struct task_struct *start(struct kunit *test, struct selector *selector)
{
	struct task_struct *task;

	task = kthread_run(select_until_stopped, selector, "rsp_select");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	while (!READ_ONCE(selector->selections))
		msleep(20);
	return task;
}

static void selection_beside_changes(struct kunit *test)
{
	const u32 policy = *(const u32 *)test->param_value;
	struct rsp_pool *pool = add_pool(test, "p", policy, true);
	struct selector selectors[2] = { { .pool = pool }, { .pool = pool } };
	struct task_struct *tasks[2];
	struct rsp_pe_config config;
	struct rsp_pe *pe;
	u32 id, seed = 1;
	int i, err = 0;

	set_avoidance(test->priv, 1, 4);
	tasks[0] = start(test, &selectors[0]);
	tasks[1] = start(test, &selectors[1]);
	for (i = 0; i < 1000 && !err; i++) {
		seed = seed * 1103515245 + 12345;
		id = 1 + (seed >> 16) % 16;
		config = pe_config(pool, id);
		switch ((seed >> 24) % 5) {
		case 0:
			config.transports[0].port = 1 + (seed >> 28);
			fallthrough;
		case 1:
			config.policy.weight = 1 + (seed >> 28);
			err = set_pe(pool, &config);
			break;
		case 2:
			pe = find_pe(pool, id);
			if (pe)
				del_pe(pe);
			break;
		case 3:
			pe = find_pe(pool, id);
			if (pe)
				rsp_pe_failed(pe);
			break;
		case 4:
			pe = find_pe(pool, id);
			if (pe)
				drain_pe(pe, seed >> 31);
			break;
		}
		cond_resched();
	}
	for (i = 0; i < 2; i++) {
		kthread_stop(tasks[i]);
		KUNIT_EXPECT_GT(test, selectors[i].selections, 0);
		KUNIT_EXPECT_EQ(test, selectors[i].wrong, 0);
	}
	KUNIT_EXPECT_EQ(test, err, 0);
}

/* While it fails, returns and moves, the only element is always to be had. */
static void the_only_element_is_never_missed(struct kunit *test)
{
	const u32 policy = *(const u32 *)test->param_value;
	struct rsp_pool *pool = add_pool(test, "p", policy, true);
	struct selector selector = { .pool = pool };
	struct rsp_pe_config config = pe_config(pool, 1);
	struct task_struct *task;
	struct rsp_pe *pe;
	int i;

	pe = add_pe(test, pool, 1);
	task = start(test, &selector);
	for (i = 0; i < 1000; i++) {
		rsp_pe_failed(pe);
		rsp_pe_worked(pe);
		config.transports[0].port++;
		if (set_pe(pool, &config))
			break;
		pe = find_pe(pool, 1);
		cond_resched();
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, i, 1000);
	KUNIT_EXPECT_GT(test, selector.selections, 0);
	KUNIT_EXPECT_EQ(test, selector.empty, 0);
}

static void many_are_found(struct kunit *test)
{
	const u32 n_pools = 200, n_elements = 100;
	struct scope *s = test->priv;
	struct rsp_handle handle;
	struct rsp_pool *pool;
	u32 i, id, found = 0;
	struct sysinfo info;
	unsigned long before;

	si_meminfo(&info);
	before = info.freeram;
	for (i = 0; i < n_pools; i++) {
		handle = handle_of(&i, sizeof(i));
		pool = try_pool(s, &handle, RSP_POLICY_WRR, false);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
		for (id = 1; id <= n_elements; id++)
			add_pe(test, pool, id);
	}
	si_meminfo(&info);
	kunit_info(test, "%ld octets an element with the debug kernel's own\n",
		   (long)(before - info.freeram) * (long)PAGE_SIZE /
		   (long)(n_pools * n_elements));
	kunit_info(test, "struct rsp_pe: %zu octets, and %zu a transport\n",
		   sizeof(struct rsp_pe), sizeof(struct rsp_transport));

	for (i = 0; i < n_pools; i++) {
		handle = handle_of(&i, sizeof(i));
		pool = rsp_pool_get(&s->hs, &handle);
		KUNIT_ASSERT_NOT_NULL(test, pool);
		for (id = 1; id <= n_elements; id++)
			found += find_pe(pool, id) &&
				 find_pe(pool, id)->node.id == id;
		rsp_pool_put(pool);
	}
	KUNIT_EXPECT_EQ(test, found, n_pools * n_elements);
	KUNIT_EXPECT_EQ(test, s->hs.n_elements, n_pools * n_elements);
}

/*
 * The bar is 512 octets at a million elements of one or of 10 000 pools. A
 * bucket and the array's slot come to 8 octets / 0.375 at worst and 9; a sum
 * tree's or a maple tree's share is below 64, and the memory controller has a
 * pointer for each.
 */
static_assert(sizeof(struct rsp_pe) +
	      RSP_TRANSPORTS_MAX * sizeof(struct rsp_transport) +
	      22 + 9 + 64 + 8 <= 512);

static struct kunit_case handlespace_race_cases[] = {
	KUNIT_CASE_PARAM(round_meets_each_once, policy_gen_params),
#ifdef CONFIG_FAILSLAB
	KUNIT_CASE_PARAM(without_memory_nothing_changes, policy_gen_params),
#endif
	KUNIT_CASE_PARAM(selection_beside_changes, policy_gen_params),
	KUNIT_CASE_PARAM(the_only_element_is_never_missed, policy_gen_params),
	KUNIT_CASE(many_are_found),
	{}
};

static struct kunit_suite handlespace_race_suite = {
	.name		= "rserpool-handlespace-race",
	.init		= scope_init,
	.exit		= scope_exit,
	.test_cases	= handlespace_race_cases,
};

kunit_test_suite(handlespace_race_suite);
