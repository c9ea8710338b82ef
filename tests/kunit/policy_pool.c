// SPDX-License-Identifier: GPL-2.0
/* What the policies' suites share. */

#include <linux/rcupdate.h>
#include <linux/sort.h>

#include "policy_pool.h"

struct rsp_policy_params params_of(u32 type, u32 value, u32 degradation)
{
	return (struct rsp_policy_params){
		.type = type,
		.weight = value,
		.degradation = degradation,
	};
}

static void free_index(void *index)
{
	rsp_policy_index_free(index);
}

struct pool *pool_new(struct kunit *test, u32 type, u32 n)
{
	struct pool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	pool->exclude.ids = pool->ids;
	pool->elements = kunit_kcalloc(test, n, sizeof(*pool->elements),
				       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pool->elements);
	pool->index = rsp_policy_index_alloc(type);
	KUNIT_ASSERT_NOT_NULL(test, pool->index);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_index,
							   pool->index));
	return pool;
}

struct element *pool_add(struct kunit *test, struct pool *pool,
			 struct rsp_policy_params params)
{
	struct element *element = &pool->elements[pool->n++];

	element->node.params = params;
	/* Spread, and never 0. */
	element->node.id = pool->n * 0x9e3779b1U;
	KUNIT_ASSERT_EQ(test, 0, rsp_policy_insert(pool->index,
						   &element->node));
	return element;
}

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

void pool_exclude(struct pool *pool, const struct element *element)
{
	pool->ids[pool->exclude.n++] = element->node.id;
	sort(pool->ids, pool->exclude.n, sizeof(u32), compare_u32, NULL);
}

/* The elements are the test's own: they live longer than the read lock. */
struct element *pool_select(struct pool *pool)
{
	struct rsp_policy_node *node;

	rcu_read_lock();
	node = rsp_policy_select(pool->index, &pool->exclude);
	rcu_read_unlock();
	return node ? container_of(node, struct element, node) : NULL;
}
