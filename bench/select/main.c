// SPDX-License-Identifier: GPL-2.0
/*
 * How long a selection takes in a large pool, and how long in a small one: all
 * is done while the module is loaded. The two take turns, and the first turn is
 * thrown away; what is printed are samples for bench/run.py, and what the large
 * pool's index takes of memory.
 */

#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "handlespace.h"

#define SMALL	100
#define LARGE	1000000

static char *policy = "rr";
module_param(policy, charp, 0444);
MODULE_PARM_DESC(policy, "which: rr, wrr, rand, wrand, prio, lu, lud, plu, rlu");

static unsigned int pairs = 11;
module_param(pairs, uint, 0444);
MODULE_PARM_DESC(pairs, "how many turns each of the two has");

static unsigned int calls = 100000;
module_param(calls, uint, 0444);
MODULE_PARM_DESC(calls, "selections in a turn");

static const struct {
	const char *name;
	u32 type;
} policies[] = {
	{ "rr",		RSP_POLICY_RR },
	{ "wrr",	RSP_POLICY_WRR },
	{ "rand",	RSP_POLICY_RAND },
	{ "wrand",	RSP_POLICY_WRAND },
	{ "prio",	RSP_POLICY_PRIO },
	{ "lu",		RSP_POLICY_LU },
	{ "lud",	RSP_POLICY_LUD },
	{ "plu",	RSP_POLICY_PLU },
	{ "rlu",	RSP_POLICY_RLU },
};

/**
 * struct pool - an index and its elements
 * @index: of the policy
 * @n: elements
 * @pes: they are apart in memory, as the module's are
 */
struct pool {
	struct rsp_policy_index *index;
	u32 n;
	struct rsp_pe **pes;
};

/* A tenth has each value, so that the best has equals. */
static struct rsp_pe *pe_new(u32 type, u32 i)
{
	struct rsp_pe *pe = kzalloc(struct_size(pe, transports, 1), GFP_KERNEL);

	if (!pe)
		return NULL;
	pe->node.id = (i + 1) * 0x9e3779b1U;
	pe->node.params.type = type;
	pe->node.params.weight = 1 + i % 10;
	pe->node.params.degradation = i % 10;
	return pe;
}

static void pool_free(struct pool *pool)
{
	u32 i;

	rsp_policy_index_free(pool->index);
	synchronize_rcu();
	for (i = 0; pool->pes && i < pool->n; i++)
		kfree(pool->pes[i]);
	kvfree(pool->pes);
}

/* What writers replaced goes within five seconds (kvfree_rcu). */
static unsigned long pages_left(void)
{
	struct sysinfo info;

	rcu_barrier();
	msleep(8000);
	si_meminfo(&info);
	return info.freeram;
}

static int pool_init(struct pool *pool, u32 type, u32 n, u64 *octets)
{
	unsigned long before;
	int err = -ENOMEM;
	u32 i;

	pool->n = n;
	pool->pes = kvcalloc(n, sizeof(*pool->pes), GFP_KERNEL);
	if (!pool->pes)
		goto err;
	for (i = 0; i < n; i++) {
		pool->pes[i] = pe_new(type, i);
		if (!pool->pes[i])
			goto err;
	}
	before = pages_left();
	pool->index = rsp_policy_index_alloc(type);
	if (!pool->index)
		goto err;
	for (i = 0; i < n; i++) {
		err = rsp_policy_insert(pool->index, &pool->pes[i]->node);
		if (err)
			goto err;
		cond_resched();
	}
	*octets = (u64)(before - pages_left()) << PAGE_SHIFT;
	return 0;

err:
	pool_free(pool);
	return err;
}

/* Nanoseconds a selection. */
static u64 turn(struct pool *pool, u32 *none)
{
	ktime_t begin = ktime_get();
	u32 i;

	for (i = 0; i < calls; i++) {
		rcu_read_lock();
		if (!rsp_policy_select(pool->index, NULL))
			++*none;
		rcu_read_unlock();
		if (i % 256 == 0)
			cond_resched();
	}
	return div_u64(ktime_to_ns(ktime_sub(ktime_get(), begin)), calls);
}

static int measure(const char *name, u32 type)
{
	struct pool small = {}, large = {};
	u64 octets, ours, peer;
	u32 i, none = 0;
	int err;

	err = pool_init(&small, type, SMALL, &octets);
	if (err)
		return err;
	err = pool_init(&large, type, LARGE, &octets);
	if (err)
		goto free_small;
	pr_info("select-scale-%s: the index takes %llu octets an element\n",
		name, div_u64(octets, LARGE));

	for (i = 0; i <= pairs; i++) {
		ours = turn(&large, &none);
		peer = turn(&small, &none);
		if (!i)
			continue;
		pr_info("sample select-scale-%s %u ours %llu\n", name, i, ours);
		pr_info("sample select-scale-%s %u peer %llu\n", name, i, peer);
	}
	if (none)
		err = -ENOENT;

	pool_free(&large);
free_small:
	pool_free(&small);
	return err;
}

static int __init rsp_select_bench_init(void)
{
	int i;

	if (!calls)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (!strcmp(policies[i].name, policy))
			return measure(policies[i].name, policies[i].type);
	return -EINVAL;
}

static void __exit rsp_select_bench_exit(void)
{
	/* What the policies gave to RCU. */
	rcu_barrier();
}

module_init(rsp_select_bench_init);
module_exit(rsp_select_bench_exit);

MODULE_DESCRIPTION("How long a selection takes in large pools");
MODULE_LICENSE("GPL");
