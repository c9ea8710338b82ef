// SPDX-License-Identifier: GPL-2.0
/* How often the policies of RFC 5356 select each element. */

#include <linux/math64.h>
#include <linux/random.h>

#include "policy_pool.h"

#define KINDS_MAX	8

/**
 * struct share_case - a pool, and the shares its elements should have
 * @name: of the case
 * @type: enum rsp_policy_type
 * @kinds: of elements
 * @copies: elements of each kind; 0 means 1
 * @value: weight, priority or load, a kind
 * @degradation: a kind
 * @excluded: set of kinds
 * @share: expected, a kind
 */
struct share_case {
	const char *name;
	u32 type;
	u32 kinds;
	u32 copies;
	u32 value[KINDS_MAX];
	u32 degradation[KINDS_MAX];
	u32 excluded;
	u64 share[KINDS_MAX];
};

static const struct share_case share_cases[] = {
	{ "RR", RSP_POLICY_RR, 5, .share = { 1, 1, 1, 1, 1 } },
	{ "RR, some excluded", RSP_POLICY_RR, 5, .excluded = 0x0a,
	  .share = { 1, 0, 1, 0, 1 } },
	{ "RR, most excluded", RSP_POLICY_RR, 8, 6, .excluded = 0xde,
	  .share = { 1, 0, 0, 0, 0, 1, 0, 0 } },
	{ "WRR", RSP_POLICY_WRR, 6, .value = { 1, 2, 3, 4, 0, 10 },
	  .share = { 1, 2, 3, 4, 0, 10 } },
	{ "WRR, all weights 1", RSP_POLICY_WRR, 4, .value = { 1, 1, 1, 1 },
	  .share = { 1, 1, 1, 1 } },
	{ "WRR, some excluded", RSP_POLICY_WRR, 6,
	  .value = { 1, 2, 3, 4, 0, 1000 }, .excluded = 0x24,
	  .share = { 1, 2, 0, 4, 0, 0 } },
	{ "WRR, sum over 32 bits", RSP_POLICY_WRR, 3,
	  .value = { FULL, FULL, FULL / 2 }, .share = { 2, 2, 1 } },
	{ "RAND", RSP_POLICY_RAND, 8, .share = { 1, 1, 1, 1, 1, 1, 1, 1 } },
	{ "RAND, some excluded", RSP_POLICY_RAND, 8, 16, .excluded = 0x03,
	  .share = { 0, 0, 1, 1, 1, 1, 1, 1 } },
	{ "RAND, most excluded", RSP_POLICY_RAND, 8, 6, .excluded = 0xde,
	  .share = { 1, 0, 0, 0, 0, 1, 0, 0 } },
	{ "WRAND", RSP_POLICY_WRAND, 6, .value = { 1, 2, 3, 4, 0, 10 },
	  .share = { 1, 2, 3, 4, 0, 10 } },
	{ "WRAND, many", RSP_POLICY_WRAND, 6, 300,
	  .value = { 1, 2, 3, 4, 0, 10 }, .share = { 1, 2, 3, 4, 0, 10 } },
	{ "WRAND, some excluded", RSP_POLICY_WRAND, 8, 16,
	  .value = { 1, 2, 3, 4, 5, 6, 0, 8 }, .excluded = 0x21,
	  .share = { 0, 2, 3, 4, 5, 0, 0, 8 } },
	{ "WRAND, nearly all weight excluded", RSP_POLICY_WRAND, 8, 16,
	  .value = { 1, 2, 3, 4, 5, FULL, FULL, 6 }, .excluded = 0x60,
	  .share = { 1, 2, 3, 4, 5, 0, 0, 6 } },
	{ "WRAND, many, some excluded", RSP_POLICY_WRAND, 8, 80,
	  .value = { 1, 2, 3, 4, 5, 6, 0, FULL }, .excluded = 0x82,
	  .share = { 1, 0, 3, 4, 5, 6, 0, 0 } },
	{ "WRAND, most excluded", RSP_POLICY_WRAND, 8, 6,
	  .value = { 1, 2, 3, 4, 5, FULL, FULL, 6 }, .excluded = 0x7e,
	  .share = { 1, 0, 0, 0, 0, 0, 0, 6 } },
	{ "WRAND, sum over 32 bits", RSP_POLICY_WRAND, 3, 50,
	  .value = { FULL, FULL, FULL / 2 }, .share = { 2, 2, 1 } },
	{ "PRIO, equals", RSP_POLICY_PRIO, 5, .value = { 7, 9, 9, 0, 9 },
	  .share = { 0, 1, 1, 0, 1 } },
	{ "PRIO, best excluded", RSP_POLICY_PRIO, 6, 3,
	  .value = { FULL, 9, 9, 0, 9, FULL }, .excluded = 0x21,
	  .share = { 0, 1, 1, 0, 1, 0 } },
	{ "LU, equals", RSP_POLICY_LU, 5, .value = { 3, 2, 2, FULL, 2 },
	  .share = { 0, 1, 1, 0, 1 } },
	{ "LU, all fully loaded", RSP_POLICY_LU, 3, 20,
	  .value = { FULL, FULL, FULL }, .share = { 1, 1, 1 } },
	{ "LU, best excluded", RSP_POLICY_LU, 5, 3, .value = { 3, 2, 3, FULL, 2 },
	  .excluded = 0x12, .share = { 1, 0, 1, 0, 0 } },
	{ "PLU, equal sums", RSP_POLICY_PLU, 4, .value = { 50, 20, 10, 0 },
	  .degradation = { 0, 30, 40, 40 }, .excluded = 0x08,
	  .share = { 1, 1, 1, 0 } },
	{ "PLU, sums over 32 bits", RSP_POLICY_PLU, 4,
	  .value = { FULL, FULL - 1, 5, FULL },
	  .degradation = { 4, 5, FULL - 2, 5 }, .excluded = 0x04,
	  .share = { 1, 1, 0, 0 } },
	{ "LUD, equals", RSP_POLICY_LUD, 3, .value = { 4, 4, 5 },
	  .share = { 1, 1, 0 } },
	{ "LUD, by degradation", RSP_POLICY_LUD, 4, .value = { 0, 0, 0, 0 },
	  .degradation = { 1000, 2000, 4000, 8000 }, .share = { 8, 4, 2, 1 } },
	{ "LUD, some excluded", RSP_POLICY_LUD, 4, 5, .value = { 0, 0, 0, 0 },
	  .degradation = { 1000, 2000, 4000, 8000 }, .excluded = 0x01,
	  .share = { 0, 4, 2, 1 } },
	{ "RLU", RSP_POLICY_RLU, 5,
	  .value = { FULL - 1, FULL - 2, FULL - 4, FULL - 8, FULL },
	  .share = { 1, 2, 4, 8, 0 } },
	{ "RLU, sum over 32 bits", RSP_POLICY_RLU, 4, 30,
	  .value = { 0, 0, FULL / 2, FULL }, .share = { 2, 2, 1, 0 } },
	{ "RLU, all fully loaded", RSP_POLICY_RLU, 3, 40,
	  .value = { FULL, FULL, FULL }, .share = { 1, 1, 1 } },
	{ "RLU, idle ones excluded", RSP_POLICY_RLU, 4, 40,
	  .value = { FULL, 0, FULL, FULL }, .excluded = 0x02,
	  .share = { 1, 0, 1, 1 } },
	{ "RLU, most excluded, the rest fully loaded", RSP_POLICY_RLU, 4, 10,
	  .value = { FULL, 0, FULL, 5 }, .excluded = 0x0a,
	  .share = { 1, 0, 1, 0 } },
};

static void share_desc(const struct share_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(share, share_cases, share_desc);

#define DRAWS		3000

/* Chi-squared that one in 10^9 right samplers reaches, in thousandths. */
static const u32 chi_bound[KINDS_MAX] = {
	0, 37325, 41447, 44841, 47879, 50692, 53345, 55875,
};

static bool fits(const struct share_case *c, const u32 *hits)
{
	u64 chi = 0, sum = 0, expected, off;
	u32 i, kinds = 0;

	for (i = 0; i < c->kinds; i++)
		sum += c->share[i];
	for (i = 0; i < c->kinds; i++) {
		if (!c->share[i] && hits[i])
			return false;
		if (!c->share[i])
			continue;
		kinds++;
		/* In thousandths. */
		expected = div64_u64(c->share[i] * DRAWS * 1000, sum);
		off = abs_diff(hits[i] * 1000ULL, expected);
		chi += div64_u64(off * off, expected);
	}
	return chi < chi_bound[kinds - 1];
}

static struct pool *share_pool(struct kunit *test, const struct share_case *c)
{
	u32 copies = c->copies ?: 1, i;
	struct element *element;
	struct pool *pool;

	pool = pool_new(test, c->type, c->kinds * copies);
	for (i = 0; i < c->kinds * copies; i++) {
		element = pool_add(test, pool,
				   params_of(c->type, c->value[i % c->kinds],
					     c->degradation[i % c->kinds]));
		if (c->excluded & BIT(i % c->kinds))
			pool_exclude(pool, element);
	}
	return pool;
}

static u32 share_draw(struct kunit *test, const struct share_case *c,
		      struct pool *pool)
{
	struct element *element = pool_select(pool);

	KUNIT_ASSERT_NOT_NULL(test, element);
	return (element - pool->elements) % c->kinds;
}

static void test_share(struct kunit *test)
{
	const struct share_case *c = test->param_value;
	struct pool *pool = share_pool(test, c);
	u32 hits[KINDS_MAX] = { 0 }, i;

	for (i = 0; i < DRAWS; i++)
		hits[share_draw(test, c, pool)]++;

	KUNIT_EXPECT_TRUE_MSG(test, fits(c, hits),
			      "%u %u %u %u %u %u %u %u", hits[0], hits[1],
			      hits[2], hits[3], hits[4], hits[5], hits[6],
			      hits[7]);
}

/* Three of four selections of the kind that should come most are made again. */
static void test_share_bias(struct kunit *test)
{
	const struct share_case *c = test->param_value;
	struct pool *pool = share_pool(test, c);
	u32 hits[KINDS_MAX] = { 0 }, i, kind, best = 0;

	for (i = 0; i < c->kinds; i++)
		if (c->share[i] > c->share[best])
			best = i;
	for (i = 0; i < DRAWS; i++) {
		kind = share_draw(test, c, pool);
		if (kind == best && get_random_u32_below(4))
			kind = share_draw(test, c, pool);
		hits[kind]++;
	}

	KUNIT_EXPECT_FALSE(test, fits(c, hits));
}

static struct kunit_case share_tests[] = {
	KUNIT_CASE_PARAM(test_share, share_gen_params),
	KUNIT_CASE_PARAM(test_share_bias, share_gen_params),
	{}
};

static struct kunit_suite share_suite = {
	.name = "rserpool-policy-share",
	.test_cases = share_tests,
};

kunit_test_suite(share_suite);
