// SPDX-License-Identifier: GPL-2.0
/* The order of answers by each policy (RFC 5356), and the store itself. */
#include <errno.h>
#include <linux/rserpool_netlink.h>
#include <string.h>

#include "registrar_test.h"

static struct handlespace hs;
static struct selection selection;

static int put(const char *handle, u32 id, u32 policy, u32 value,
	       u32 degradation, u32 home)
{
	static const u8 user[] = {
		0, 5, 0, 16, 0, 80, 0, 0, 0, 1, 0, 8, 192, 0, 2, 1,
	};
	struct rsp_tlv_element from = {
		.id = id,
		.life = 600,
		.user = { user, user + sizeof(user) },
		.policy = {
			.type = policy, .value = value,
			.degradation = degradation,
		},
	};
	struct rsp_octets name = { (const u8 *)handle, strlen(handle) };
	struct element_data data = { .element = &from, .home = home };
	struct element *element;

	return element_put(&hs, &name, &data, &element);
}

static struct pool *pool_of(const char *handle)
{
	return pool_find(&hs, handle, strlen(handle));
}

static int begin(void **state)
{
	(void)state;
	return handlespace_init(&hs, 100000, 1000000);
}

static int end(void **state)
{
	(void)state;
	while (!list_empty(&hs.pools)) {
		struct pool *pool = container_of(hs.pools.next, struct pool,
						 in_all);

		element_remove(&hs, container_of(pool->elements.next,
						 struct element, in_pool));
	}
	assert_true(list_empty(&hs.homes));
	selection_fini(&selection);
	handlespace_fini(&hs);
	return 0;
}

/* Asks once, and says which @n came first. */
static void ask(u32 n, u32 *ids)
{
	struct pool *pool = pool_of("p");
	u32 i;

	assert_int_equal(select_order(&selection, pool), 0);
	assert_int_equal(selection.n, pool->n);
	for (i = 0; i < n; i++)
		ids[i] = selection.elements[i]->id;
	select_used(&selection, pool, n);
}

static void expect(u32 n, const u32 *expected)
{
	u32 ids[8];

	ask(n, ids);
	assert_memory_equal(ids, expected, n * sizeof(u32));
}

static void test_rr(void **state)
{
	static const u32 turns[][3] = { { 1, 2, 3 }, { 2, 3, 1 }, { 3, 1, 2 } };
	u32 i;

	(void)state;
	for (i = 1; i <= 3; i++)
		put("p", i, RSERPOOL_POLICY_RR, 0, 0, 1);
	for (i = 0; i < 6; i++)
		expect(3, turns[i % 3]);
}

/* As often as the weights are, and evenly: RFC 5356, 4.2.2. */
static void test_wrr(void **state)
{
	u32 counts[5] = { 0 }, ids[1], i, last = 0;

	(void)state;
	put("p", 1, RSERPOOL_POLICY_WRR, 1, 0, 1);
	put("p", 2, RSERPOOL_POLICY_WRR, 2, 0, 1);
	put("p", 3, RSERPOOL_POLICY_WRR, 3, 0, 1);
	put("p", 4, RSERPOOL_POLICY_WRR, 0, 0, 1);
	for (i = 0; i < 600; i++) {
		ask(1, ids);
		counts[ids[0]]++;
		assert_false(last == 1 && ids[0] == 1);
		last = ids[0];
	}
	assert_in_range(counts[1], 99, 101);
	assert_in_range(counts[2], 199, 201);
	assert_in_range(counts[3], 299, 301);
	assert_int_equal(counts[4], 0);
	/* One that comes later has not missed the turns before. */
	put("p", 5, RSERPOOL_POLICY_WRR, 6, 0, 1);
	for (i = counts[0] = 0; i < 12; i++) {
		ask(1, ids);
		counts[0] += ids[0] == 5;
	}
	assert_in_range(counts[0], 5, 7);
}

static void shares(u32 policy, const u32 *values, const u32 *per_thousand)
{
	u32 counts[4] = { 0 }, ids[3], i, n = 30000;

	for (i = 0; i < 3; i++)
		put("p", 1 + i, policy, values[i], 0, 1);
	for (i = 0; i < n; i++) {
		ask(3, ids);
		assert_true(ids[0] != ids[1] && ids[1] != ids[2] &&
			    ids[0] != ids[2]);
		counts[ids[0]]++;
	}
	/* Six sigma of a binomial distribution are less than 18 of 1000. */
	for (i = 0; i < 3; i++) {
		u32 share = counts[1 + i] * 1000 / n;

		assert_in_range(share, per_thousand[i] < 18 ? 0 :
				per_thousand[i] - 18, per_thousand[i] + 18);
	}
}

static void test_rand(void **state)
{
	static const u32 values[3] = { 0 }, expected[] = { 333, 333, 333 };

	(void)state;
	shares(RSERPOOL_POLICY_RAND, values, expected);
}

static void test_wrand(void **state)
{
	static const u32 values[] = { 1, 3, 0 }, expected[] = { 250, 750, 0 };

	(void)state;
	shares(RSERPOOL_POLICY_WRAND, values, expected);
}

static void test_rlu(void **state)
{
	static const u32 values[] = { 0xffffffff, 0x80000000, 0 };
	static const u32 expected[] = { 0, 333, 666 };

	(void)state;
	shares(RSERPOOL_POLICY_RLU, values, expected);
}

static void test_prio(void **state)
{
	static const u32 expected[] = { 3, 1, 2 };

	(void)state;
	put("p", 1, RSERPOOL_POLICY_PRIO, 5, 0, 1);
	put("p", 2, RSERPOOL_POLICY_PRIO, 4, 0, 1);
	put("p", 3, RSERPOOL_POLICY_PRIO, 0xffffffff, 0, 1);
	expect(3, expected);
	expect(3, expected);
}

/* Ascending by load, and among equals in turns: RFC 5356, 5.1.2. */
static void test_lu(void **state)
{
	u32 ids[3], first = 0, i;

	(void)state;
	put("p", 1, RSERPOOL_POLICY_LU, 9, 0, 1);
	put("p", 2, RSERPOOL_POLICY_LU, 5, 0, 1);
	put("p", 3, RSERPOOL_POLICY_LU, 5, 0, 1);
	for (i = 0; i < 6; i++) {
		ask(3, ids);
		assert_int_equal(ids[2], 1);
		first += ids[0] == 2;
	}
	assert_in_range(first, 2, 4);
}

/* RFC 5356, 5.2.2: counted when it is returned, 0 when it registers anew. */
static void test_lud(void **state)
{
	u32 ids[1], i;

	(void)state;
	put("p", 1, RSERPOOL_POLICY_LUD, 0, 10, 1);
	put("p", 2, RSERPOOL_POLICY_LUD, 35, 10, 1);
	for (i = 0; i < 4; i++) {
		ask(1, ids);
		assert_int_equal(ids[0], 1);
	}
	ask(1, ids);
	assert_int_equal(ids[0], 2);
	put("p", 1, RSERPOOL_POLICY_LUD, 0, 10, 1);
	ask(1, ids);
	assert_int_equal(ids[0], 1);
}

static void test_plu(void **state)
{
	static const u32 expected[] = { 2, 3, 1 };

	(void)state;
	put("p", 1, RSERPOOL_POLICY_PLU, 0xffffffff, 0xffffffff, 1);
	put("p", 2, RSERPOOL_POLICY_PLU, 1, 2, 1);
	put("p", 3, RSERPOOL_POLICY_PLU, 0, 4, 1);
	expect(3, expected);
}

/* Checksums follow the owner, whatever way an element gets another. */
static void test_owners(void **state)
{
	struct rsp_checksum one = { 0 }, two = { 0 };

	(void)state;
	put("p", 1, RSERPOOL_POLICY_RR, 0, 0, 10);
	put("p", 2, RSERPOOL_POLICY_RR, 0, 0, 10);
	put("q", 1, RSERPOOL_POLICY_RR, 0, 0, 10);
	assert_int_equal(put("p", 2, RSERPOOL_POLICY_RR, 0, 0, 20), 0);
	assert_int_equal(element_move(&hs, element_find(&hs, pool_of("q"), 1),
				      20), 0);
	rsp_checksum_add(&one, "p", 1, 1);
	rsp_checksum_add(&two, "p", 1, 2);
	rsp_checksum_add(&two, "q", 1, 1);
	assert_int_equal(rsp_checksum_value(&home_find(&hs, 10)->checksum),
			 rsp_checksum_value(&one));
	assert_int_equal(rsp_checksum_value(&home_find(&hs, 20)->checksum),
			 rsp_checksum_value(&two));
	element_remove(&hs, element_find(&hs, pool_of("p"), 1));
	assert_null(home_find(&hs, 10));
}

static void test_refused(void **state)
{
	(void)state;
	assert_int_equal(put("p", 1, RSERPOOL_POLICY_RR, 0, 0, 10), 1);
	assert_int_equal(put("p", 2, RSERPOOL_POLICY_LU, 0, 0, 20),
			 -EPROTOTYPE);
	assert_int_equal(put("p", 1, RSERPOOL_POLICY_LU, 0, 0, 20),
			 -EPROTOTYPE);
	hs.elements_max = 1;
	assert_int_equal(put("p", 2, RSERPOOL_POLICY_RR, 0, 0, 20), -ENOSPC);
	assert_int_equal(put("q", 2, RSERPOOL_POLICY_RR, 0, 0, 20), -ENOSPC);
	hs.elements_max = 1000;
	hs.pools_max = 1;
	assert_int_equal(put("q", 2, RSERPOOL_POLICY_RR, 0, 0, 20), -ENOSPC);
	assert_null(home_find(&hs, 20));
	assert_int_equal(hs.n_elements, 1);
	assert_int_equal(element_find(&hs, pool_of("p"), 1)->home->id, 10);
}

static void test_many(void **state)
{
	char handle[16];
	u32 i, n = 100000;

	(void)state;
	for (i = 0; i < n; i++) {
		snprintf(handle, sizeof(handle), "pool-%u", i % 1000);
		assert_int_equal(put(handle, 1 + i, RSERPOOL_POLICY_RR, 0, 0,
				     1), 1);
	}
	for (i = 0; i < n; i++) {
		snprintf(handle, sizeof(handle), "pool-%u", i % 1000);
		assert_non_null(element_find(&hs, pool_of(handle), 1 + i));
		assert_null(element_find(&hs, pool_of(handle), 1 + i + n));
	}
	assert_int_equal(hs.n_pools, 1000);
	assert_int_equal(hs.n_elements, n);
}

static struct deadlines deadlines;
static struct deadline some[1000];
static u32 fired;

static void fire(struct deadline *deadline)
{
	static u64 before;

	assert_true(fired == 0 || deadline->at >= before);
	before = deadline->at;
	fired++;
}

static bool all_fired(void *data)
{
	(void)data;
	return fired == 500;
}

/* In their order, whatever was set again or cleared meanwhile. */
static void test_deadlines(void **state)
{
	u32 i, n = ARRAY_SIZE(some);

	(void)state;
	uv_loop_init(&test_loop);
	deadlines_init(&deadlines, &test_loop);
	assert_int_equal(deadlines_reserve(&deadlines, n), 0);
	for (i = 0; i < n; i++) {
		some[i].fire = fire;
		deadline_set(&deadlines, &some[i],
			     uv_now(&test_loop) + i * 7919 % 97);
	}
	for (i = 0; i < n; i += 3)
		deadline_set(&deadlines, &some[i],
			     uv_now(&test_loop) + i * 31 % 53);
	for (i = 0; i < n; i += 2)
		deadline_clear(&deadlines, &some[i]);
	assert_int_equal(deadlines.n, 500);
	while (!all_fired(NULL))
		uv_run(&test_loop, UV_RUN_ONCE);
	assert_int_equal(deadlines.n, 0);
	deadlines_fini(&deadlines);
	uv_run(&test_loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&test_loop), 0);
}

#define TEST(test)	cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rr), TEST(test_wrr), TEST(test_rand),
		TEST(test_wrand), TEST(test_rlu), TEST(test_prio),
		TEST(test_lu), TEST(test_lud), TEST(test_plu),
		TEST(test_owners), TEST(test_refused), TEST(test_many),
		cmocka_unit_test(test_deadlines),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
