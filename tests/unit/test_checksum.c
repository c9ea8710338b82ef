// SPDX-License-Identifier: GPL-2.0
/* The PE checksum against checksum_vectors.py's, forwards and backwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../tools/lib/checksum.h"
#include "checksum_vectors.h"

static void add(struct rsp_checksum *checksum, int i)
{
	rsp_checksum_add(checksum, vectors[i].handle, vectors[i].len,
			 vectors[i].id);
}

static void sub(struct rsp_checksum *checksum, int i)
{
	rsp_checksum_sub(checksum, vectors[i].handle, vectors[i].len,
			 vectors[i].id);
}

static void test_vectors(void **state)
{
	const int n = ARRAY_SIZE(vectors);
	struct rsp_checksum checksum = { 0 };
	int i;

	(void)state;
	assert_int_equal(rsp_checksum_value(&checksum), 0xffff);
	for (i = 0; i < n; i++) {
		add(&checksum, i);
		assert_int_equal(rsp_checksum_value(&checksum),
				 vectors[i].checksum);
	}
	while (--i) {
		sub(&checksum, i);
		assert_int_equal(rsp_checksum_value(&checksum),
				 vectors[i - 1].checksum);
	}
	sub(&checksum, 0);
	assert_int_equal(rsp_checksum_value(&checksum), 0xffff);
}

/* What was there and has gone leaves nothing, also where the sum is -0. */
static void test_away(void **state)
{
	struct rsp_checksum checksum = { 0 };

	(void)state;
	rsp_checksum_add(&checksum, "\377\377", 2, 0);
	assert_int_equal(rsp_checksum_value(&checksum), 0);
	rsp_checksum_sub(&checksum, "\377\377", 2, 0);
	assert_int_equal(rsp_checksum_value(&checksum), 0xffff);
}

/* A million elements: no sum runs over, nor does folding stop too early. */
static void test_many(void **state)
{
	struct rsp_checksum checksum = { 0 };
	u32 sum = 0, i, id;
	u8 handle[96];

	(void)state;
	memset(handle, 0xfe, sizeof(handle));
	for (i = 0; i < 1000000; i++) {
		id = i * 0x9e3779b1u;
		rsp_checksum_add(&checksum, handle, sizeof(handle), id);
		sum += 48 * 0xfefe + (id >> 16) + (id & 0xffff);
		sum = (sum & 0xffff) + (sum >> 16);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	assert_int_equal(rsp_checksum_value(&checksum), ~sum & 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_away),
		cmocka_unit_test(test_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
