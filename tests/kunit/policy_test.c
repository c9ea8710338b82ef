// SPDX-License-Identifier: GPL-2.0
/* What the policies of RFC 5356 select, and in what order. */

#include <linux/random.h>

#include "policy_pool.h"

/*
 * Order: what comes as one after another is excluded
 */

struct order_case {
	const char *name;
	u32 type;
	u32 n;
	u32 value[6];
	u32 degradation[6];
	u32 order[6];
};

static const struct order_case order_cases[] = {
	{ "PRIO descends", RSP_POLICY_PRIO, 5, { 5, 0, FULL, 7, 0x80000000 },
	  .order = { 2, 4, 3, 0, 1 } },
	{ "LU ascends", RSP_POLICY_LU, 5, { 5, 0, FULL, 7, 0x80000000 },
	  .order = { 1, 0, 3, 4, 2 } },
	{ "LUD ascends", RSP_POLICY_LUD, 5, { 5, 0, FULL, 7, 0x80000000 },
	  { 1, 2, 3, 4, 5 }, { 1, 0, 3, 4, 2 } },
	{ "PLU ascends over 32 bits", RSP_POLICY_PLU, 6,
	  { 5, 0, FULL, FULL, 0x80000000, FULL },
	  { FULL, 1, 0, FULL, 0x80000000, 3 }, { 1, 2, 4, 5, 0, 3 } },
	/* RFC 5356, section 5.3.1, in percent */
	{ "PLU, the RFC's example", RSP_POLICY_PLU, 2, { 50, 50 }, { 10, 50 },
	  { 0, 1 } },
};

static void order_desc(const struct order_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(order, order_cases, order_desc);

static void test_order(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct pool *pool = pool_new(test, c->type, c->n);
	struct element *element;
	u32 i;

	for (i = 0; i < c->n; i++)
		pool_add(test, pool, params_of(c->type, c->value[i],
					       c->degradation[i]));

	for (i = 0; i < c->n; i++) {
		element = pool_select(pool);
		KUNIT_ASSERT_PTR_EQ(test, element,
				    &pool->elements[c->order[i]]);
		pool_exclude(pool, element);
	}
	KUNIT_EXPECT_NULL(test, pool_select(pool));
}

/*
 * What holds for every policy
 */

static const u32 types[] = {
	RSP_POLICY_RR, RSP_POLICY_WRR, RSP_POLICY_RAND, RSP_POLICY_WRAND,
	RSP_POLICY_PRIO, RSP_POLICY_LU, RSP_POLICY_LUD, RSP_POLICY_PLU,
	RSP_POLICY_RLU,
};

static void type_desc(const u32 *type, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%#x", *type);
}

KUNIT_ARRAY_PARAM(type, types, type_desc);

static bool weighted(u32 type)
{
	return type == RSP_POLICY_WRR || type == RSP_POLICY_WRAND;
}

static void test_known(struct kunit *test)
{
	static const u32 unknown[] = {
		0, 6, 0x3fffffff, 0x40000000, 0x40000005, 0x80000001, FULL,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		KUNIT_EXPECT_TRUE(test, rsp_policy_known(types[i]));
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		KUNIT_EXPECT_FALSE(test, rsp_policy_known(unknown[i]));
		KUNIT_EXPECT_NULL(test, rsp_policy_index_alloc(unknown[i]));
	}
}

static void test_nothing(struct kunit *test)
{
	u32 type = *(const u32 *)test->param_value, i;
	struct pool *pool = pool_new(test, type, 40);

	KUNIT_EXPECT_NULL(test, pool_select(pool));
	KUNIT_EXPECT_EQ(test, 0, rsp_policy_count(pool->index));

	for (i = 0; i < 40; i++)
		pool_add(test, pool, params_of(type, 0, 0));
	KUNIT_EXPECT_EQ(test, 40, rsp_policy_count(pool->index));
	if (weighted(type))
		KUNIT_EXPECT_NULL(test, pool_select(pool));
	else
		KUNIT_EXPECT_NOT_NULL(test, pool_select(pool));

	/* None that is there, then all. */
	for (i = 0; i < 100; i++)
		pool->ids[pool->exclude.n++] = i;
	if (!weighted(type))
		KUNIT_EXPECT_NOT_NULL(test, pool_select(pool));
	for (i = 0; i < 40; i++)
		pool_exclude(pool, &pool->elements[i]);
	KUNIT_EXPECT_NULL(test, pool_select(pool));

	for (i = 0; i < 40; i++)
		rsp_policy_remove(pool->index, &pool->elements[i].node);
	pool->exclude.n = 0;
	KUNIT_EXPECT_NULL(test, pool_select(pool));
	KUNIT_EXPECT_EQ(test, 0, rsp_policy_count(pool->index));
}

static void test_other_policy(struct kunit *test)
{
	u32 type = *(const u32 *)test->param_value;
	struct rsp_policy_params other = params_of(type ^ 0x40000000, 1, 1);
	struct pool *pool = pool_new(test, type, 1);
	struct rsp_policy_node node = { .params = other, .id = 9 };
	struct element *element = pool_add(test, pool, params_of(type, 1, 1));

	KUNIT_EXPECT_EQ(test, -EINVAL, rsp_policy_insert(pool->index, &node));
	KUNIT_EXPECT_EQ(test, -EINVAL, rsp_policy_update(pool->index,
							 &element->node,
							 &other));
	KUNIT_EXPECT_EQ(test, type, element->node.params.type);
	KUNIT_EXPECT_EQ(test, 1, rsp_policy_count(pool->index));
}

/* As the policy sorts; the same for all where it does not sort. */
static u64 rank(const struct rsp_policy_node *node)
{
	const struct rsp_policy_params *p = &node->params;

	switch (p->type) {
	case RSP_POLICY_PRIO:
		return FULL - p->priority;
	case RSP_POLICY_LU:
		return p->load;
	case RSP_POLICY_LUD:
		return p->load + (u64)p->degradation * node->used;
	case RSP_POLICY_PLU:
		return (u64)p->load + p->degradation;
	default:
		return 0;
	}
}

/* Each that can be selected is, once, and in order, until none is left. */
static void expect_round(struct kunit *test, struct pool *pool)
{
	u32 i, left = 0;
	struct element *element;
	u64 last = 0, now;

	for (i = 0; i < pool->n; i++) {
		struct rsp_policy_node *node = &pool->elements[i].node;

		pool->elements[i].hits = 0;
		if (node->indexed &&
		    (!weighted(node->params.type) || node->params.weight))
			left++;
	}
	pool->exclude.n = 0;
	while ((element = pool_select(pool))) {
		now = rank(&element->node);
		/* The selection itself has raised it. */
		if (element->node.params.type == RSP_POLICY_LUD)
			now -= element->node.params.degradation;
		KUNIT_EXPECT_TRUE(test, element->node.indexed);
		KUNIT_EXPECT_GE(test, now, last);
		KUNIT_ASSERT_EQ(test, 1, ++element->hits);
		last = now;
		left--;
		pool_exclude(pool, element);
	}
	KUNIT_EXPECT_EQ(test, 0, left);
	pool->exclude.n = 0;
}

/* Few values, so that there are equals, and the ends of the range. */
static u32 some_value(void)
{
	static const u32 values[] = {
		0, 0, 1, 2, 3, 100, 0x7fffffff, 0x80000000, FULL - 1, FULL,
	};

	return values[get_random_u32_below(ARRAY_SIZE(values))];
}

static void test_changes(struct kunit *test)
{
	u32 type = *(const u32 *)test->param_value, n = 300, step, count = n, i;
	struct pool *pool = pool_new(test, type, n);
	struct rsp_policy_params params;
	struct element *element;

	for (i = 0; i < n; i++)
		pool_add(test, pool, params_of(type, some_value(),
					       some_value()));
	for (step = 1; step <= 3000; step++) {
		element = &pool->elements[get_random_u32_below(n)];
		params = params_of(type, some_value(), some_value());
		/* First some of each, then fewer and fewer. */
		if (get_random_u32_below(3) == 0) {
			KUNIT_ASSERT_EQ(test, 0,
					rsp_policy_update(pool->index,
							  &element->node,
							  &params));
		} else if (element->node.indexed) {
			rsp_policy_remove(pool->index, &element->node);
			count--;
		} else if (step < 2000) {
			KUNIT_ASSERT_EQ(test, 0,
					rsp_policy_insert(pool->index,
							  &element->node));
			count++;
		}
		pool_select(pool);
		KUNIT_ASSERT_EQ(test, count, rsp_policy_count(pool->index));
		if (step % 500 == 0)
			expect_round(test, pool);
	}
}

/*
 * What holds for one policy
 */

/* An element goes in mid-round: the others still get their one turn each. */
static void test_rr_round(struct kunit *test)
{
	const u32 n = 10;
	struct element *gone;
	struct pool *pool;
	u32 turns, leaves, i;

	for (turns = 0; turns <= n; turns++) {
		for (leaves = 0; leaves < n; leaves++) {
			pool = pool_new(test, RSP_POLICY_RR, n);
			for (i = 0; i < n; i++)
				pool_add(test, pool,
					 params_of(RSP_POLICY_RR, 0, 0));
			for (i = 0; i < turns; i++)
				pool_select(pool)->hits++;
			gone = &pool->elements[leaves];
			rsp_policy_remove(pool->index, &gone->node);
			for (i = turns + !gone->hits; i < n; i++)
				pool_select(pool)->hits++;
			gone->hits = 1;
			for (i = 0; i < n; i++)
				KUNIT_ASSERT_EQ(test, 1,
						pool->elements[i].hits);
		}
	}
}

/* RFC 5356, section 4.2.2: as evenly distributed as possible. */
static void test_wrr_even(struct kunit *test)
{
	const u32 light = 100;
	struct pool *pool = pool_new(test, RSP_POLICY_WRR, light + 1);
	u32 i, round, in_row = 0, since = 0;
	struct element *heavy;

	heavy = pool_add(test, pool, params_of(RSP_POLICY_WRR, light, 0));
	for (i = 0; i < light; i++)
		pool_add(test, pool, params_of(RSP_POLICY_WRR, 1, 0));

	for (round = 1; round <= 5; round++) {
		for (i = 0; i < 2 * light; i++) {
			struct element *element = pool_select(pool);

			element->hits++;
			in_row = element == heavy ? in_row + 1 : 0;
			since = element == heavy ? 0 : since + 1;
			KUNIT_ASSERT_LE(test, in_row, 4);
			KUNIT_ASSERT_LE(test, since, 4);
		}
		KUNIT_EXPECT_EQ(test, round * light, heavy->hits);
		for (i = 1; i <= light; i++)
			KUNIT_EXPECT_EQ(test, round, pool->elements[i].hits);
	}
}

/* Who registers again and again neither gains by it nor loses. */
static void test_wrr_update(struct kunit *test)
{
	struct pool *pool = pool_new(test, RSP_POLICY_WRR, 2);
	struct rsp_policy_params params[] = {
		params_of(RSP_POLICY_WRR, 3, 0),
		params_of(RSP_POLICY_WRR, 4, 0),
		params_of(RSP_POLICY_WRR, 0, 0),
	};
	struct element *a, *b;
	u32 i;

	a = pool_add(test, pool, params[0]);
	b = pool_add(test, pool, params[0]);
	for (i = 0; i < 700; i++) {
		KUNIT_ASSERT_EQ(test, 0, rsp_policy_update(pool->index,
							   &a->node,
							   &params[0]));
		pool_select(pool)->hits++;
	}
	KUNIT_EXPECT_EQ(test, 350, a->hits);

	rsp_policy_update(pool->index, &a->node, &params[1]);
	for (i = 0; i < 700; i++)
		pool_select(pool)->hits++;
	KUNIT_EXPECT_LE(test, abs_diff(a->hits, 750U), 1);

	/* Out, and back in without the turns that it missed. */
	rsp_policy_update(pool->index, &a->node, &params[2]);
	for (i = 0; i < 700; i++)
		KUNIT_ASSERT_PTR_EQ(test, b, pool_select(pool));
	rsp_policy_update(pool->index, &a->node, &params[1]);
	a->hits = 0;
	for (i = 0; i < 70; i++)
		pool_select(pool)->hits++;
	KUNIT_EXPECT_LE(test, abs_diff(a->hits, 40U), 1);
}

/* Whom all selections excluded does not catch up afterwards. */
static void test_wrr_excluded(struct kunit *test)
{
	struct pool *pool = pool_new(test, RSP_POLICY_WRR, 3);
	u32 i;

	for (i = 0; i < 3; i++)
		pool_add(test, pool, params_of(RSP_POLICY_WRR, 1, 0));
	pool_exclude(pool, &pool->elements[0]);
	for (i = 0; i < 1000; i++)
		pool_select(pool);
	pool->exclude.n = 0;
	for (i = 0; i < 30; i++)
		pool_select(pool)->hits++;
	KUNIT_EXPECT_LE(test, pool->elements[0].hits, 12);
	KUNIT_EXPECT_GE(test, pool->elements[0].hits, 10);
}

/*
 * WRR and LUD select the first of all by the key, whatever others came, went,
 * were changed or excluded before.
 */

static const u32 keyed_types[] = { RSP_POLICY_WRR, RSP_POLICY_LUD };

KUNIT_ARRAY_PARAM(keyed, keyed_types, type_desc);

static bool is_excluded(const struct pool *pool, const struct element *element)
{
	return rsp_exclude_has(&pool->exclude, element->node.id);
}

/* WRR's clock can go round between two keys. */
static bool is_before(u32 type, u64 a, u64 b)
{
	return type == RSP_POLICY_WRR ? (s64)(a - b) < 0 : a < b;
}

static bool first_key(struct pool *pool, u32 type, u64 *first)
{
	struct rsp_policy_node *node;
	bool found = false;
	u32 i;

	for (i = 0; i < pool->n; i++) {
		node = &pool->elements[i].node;
		if (!node->indexed || is_excluded(pool, &pool->elements[i]) ||
		    (type == RSP_POLICY_WRR && !node->params.weight))
			continue;
		if (!found || is_before(type, node->key, *first))
			*first = node->key;
		found = true;
	}
	return found;
}

static void expect_first(struct kunit *test, struct pool *pool, u32 type)
{
	struct element *element;
	u64 first = 0, keys[64];
	bool found;
	u32 i;

	for (i = 0; i < pool->n; i++)
		keys[i] = pool->elements[i].node.key;
	found = first_key(pool, type, &first);
	element = pool_select(pool);
	KUNIT_ASSERT_EQ(test, found, !!element);
	if (!found)
		return;
	KUNIT_ASSERT_TRUE(test, element->node.indexed);
	KUNIT_ASSERT_FALSE(test, is_excluded(pool, element));
	KUNIT_ASSERT_EQ(test, first, keys[element - pool->elements]);
}

static void exclude_some(struct pool *pool, u32 one_in)
{
	u32 i;

	pool->exclude.n = 0;
	for (i = 0; one_in && i < pool->n; i++)
		if (!get_random_u32_below(one_in))
			pool_exclude(pool, &pool->elements[i]);
}

static void test_first(struct kunit *test)
{
	static const u32 one_in[] = { 0, 0, 0, 2, 16, 1 };
	u32 type = *(const u32 *)test->param_value, n = 64, step, i;
	struct pool *pool = pool_new(test, type, n);
	struct rsp_policy_params params;
	struct element *element;

	for (i = 0; i < n; i++)
		pool_add(test, pool, params_of(type, i % 7, i % 5));
	for (step = 0; step < 1000; step++) {
		element = &pool->elements[get_random_u32_below(n)];
		params = params_of(type, get_random_u32_below(7),
				   get_random_u32_below(5));
		if (step % 3 == 0)
			rsp_policy_update(pool->index, &element->node, &params);
		else if (step % 3 == 1 && element->node.indexed)
			rsp_policy_remove(pool->index, &element->node);
		else if (step % 3 == 1)
			rsp_policy_insert(pool->index, &element->node);
		exclude_some(pool, one_in[step / 16 % ARRAY_SIZE(one_in)]);
		/* Long enough for rounds in between. */
		for (i = get_random_u32_below(100); i; i--)
			expect_first(test, pool, type);
	}
}

/* RFC 5356, section 5.2.2: one a selection, and 0 with each registration. */
static void test_lud_counter(struct kunit *test)
{
	struct pool *pool = pool_new(test, RSP_POLICY_LUD, 2);
	struct rsp_policy_params params = params_of(RSP_POLICY_LUD, 10, 10);
	struct element *a, *b;

	a = pool_add(test, pool, params);
	b = pool_add(test, pool, params_of(RSP_POLICY_LUD, 25, 1));

	KUNIT_EXPECT_PTR_EQ(test, a, pool_select(pool));	/* 10, 25 */
	KUNIT_EXPECT_PTR_EQ(test, a, pool_select(pool));	/* 20, 25 */
	KUNIT_EXPECT_PTR_EQ(test, b, pool_select(pool));	/* 30, 25 */
	KUNIT_EXPECT_EQ(test, 2, a->node.used);
	KUNIT_EXPECT_EQ(test, 1, b->node.used);

	/* Not registered anew, only avoided for a time. */
	rsp_policy_remove(pool->index, &a->node);
	KUNIT_EXPECT_EQ(test, 0, rsp_policy_insert(pool->index, &a->node));
	KUNIT_EXPECT_EQ(test, 2, a->node.used);
	KUNIT_EXPECT_PTR_EQ(test, b, pool_select(pool));	/* 30, 26 */

	KUNIT_EXPECT_EQ(test, 0, rsp_policy_update(pool->index, &a->node,
						   &params));
	KUNIT_EXPECT_EQ(test, 0, a->node.used);
	KUNIT_EXPECT_PTR_EQ(test, a, pool_select(pool));	/* 10, 27 */

	rsp_policy_remove(pool->index, &a->node);
	rsp_policy_update(pool->index, &a->node, &params);
	KUNIT_EXPECT_EQ(test, 0, a->node.used);
}

/* The counter stops at its end, and the largest sums there are take turns. */
static void test_lud_largest(struct kunit *test)
{
	struct pool *pool = pool_new(test, RSP_POLICY_LUD, 4);
	struct rsp_policy_node *node;
	u32 i;

	for (i = 0; i < 4; i++) {
		node = &pool->elements[i].node;
		node->used = FULL;
		pool_add(test, pool, params_of(RSP_POLICY_LUD, FULL - !i, FULL));
		KUNIT_EXPECT_EQ(test, FULL, node->used);
	}
	KUNIT_EXPECT_PTR_EQ(test, &pool->elements[0], pool_select(pool));
	KUNIT_EXPECT_PTR_EQ(test, &pool->elements[0], pool_select(pool));

	pool_exclude(pool, &pool->elements[0]);
	for (i = 0; i < 30; i++)
		pool_select(pool)->hits++;
	for (i = 1; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, 10, pool->elements[i].hits);
		KUNIT_EXPECT_EQ(test, FULL, pool->elements[i].node.used);
	}
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(test_known),
	KUNIT_CASE_PARAM(test_order, order_gen_params),
	KUNIT_CASE_PARAM(test_nothing, type_gen_params),
	KUNIT_CASE_PARAM(test_other_policy, type_gen_params),
	KUNIT_CASE_PARAM(test_changes, type_gen_params),
	KUNIT_CASE(test_rr_round),
	KUNIT_CASE(test_wrr_even),
	KUNIT_CASE(test_wrr_update),
	KUNIT_CASE(test_wrr_excluded),
	KUNIT_CASE_PARAM(test_first, keyed_gen_params),
	KUNIT_CASE(test_lud_counter),
	KUNIT_CASE(test_lud_largest),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "rserpool-policy",
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);
