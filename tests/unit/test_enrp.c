// SPDX-License-Identifier: GPL-2.0
/*
 * ENRP messages, both ways: those that we build, cut, with wrong lengths,
 * without what they must have, and with what nobody knows.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "enrp_samples.h"

#define CAP	(1 << 17)

static u8 built[CAP], again[CAP];
static struct rsp_tlv_input in;
static struct rsp_enrp_message msg;
static u8 *copy;

/* A copy that ends where its memory does, at an odd address. */
static int parse(const u8 *data, u32 len)
{
	int err;

	free(copy);
	copy = malloc(len + 1);
	assert_non_null(copy);
	memcpy(copy + 1, data, len);
	err = rsp_enrp_parse(&in, copy + 1, len, &msg);
	assert_int_equal(in.error.code, err);
	if (err) {
		assert_non_null(in.error.what);
		assert_true(in.error.offset <= len);
	}
	return err;
}

static void put16(u8 *p, u32 value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static int build(int i)
{
	return asap_sample_build(&enrp_samples[i], built, CAP);
}

static void test_both_ways(void **state)
{
	u32 seen = 0;
	int i, len;

	(void)state;
	for (i = 0; i < n_enrp_samples; i++) {
		seen |= 1u << enrp_samples[i].type % 32;
		len = build(i);
		assert_true(len > 0 && len % 4 == 0);
		assert_int_equal(parse(built, len), 0);
		assert_int_equal(msg.type, enrp_samples[i].type);
		assert_int_equal(msg.flags, enrp_samples[i].flags);
		assert_int_equal(msg.sender, 0x588c0516);
		assert_int_equal(in.n_reports, 0);
		assert_int_equal(enrp_rebuild(&msg, again, CAP), len);
		assert_memory_equal(again, built, len);
	}
	assert_int_equal(seen, 0x7fe | 1u << RSP_ENRP_UNREACHABLE % 32);
}

/* First the octets are cut alone, then the message's length says so too. */
static void test_cuts(void **state)
{
	int i, n, len, cut, length;

	(void)state;
	for (i = 0; i < n_enrp_samples; i++) {
		len = build(i);
		length = get_unaligned_be16(built + 2);
		for (cut = 0; cut < length; cut++)
			assert_int_equal(parse(built, cut), -EMSGSIZE);
		assert_int_equal(parse(built, len + 1), -EMSGSIZE);
		for (cut = 4; cut < length; cut++) {
			put16(built + 2, cut);
			if (parse(built, cut)) {
				assert_int_equal(in.error.code, -EINVAL);
				continue;
			}
			/* What may be left out is gone; no more is. */
			n = enrp_rebuild(&msg, again, CAP);
			assert_int_equal(n, ALIGN(cut, 4));
			assert_memory_equal(again + 4, built + 4, cut - 4);
		}
	}
}

static void test_no_room(void **state)
{
	int i, len, cap;
	u8 *room;

	(void)state;
	for (i = 0; i < n_enrp_samples; i++) {
		len = build(i);
		assert_int_equal(parse(built, len), 0);
		for (cap = 0; cap < len; cap++) {
			room = malloc(cap + 1);
			assert_non_null(room);
			assert_int_equal(enrp_rebuild(&msg, room + 1, cap),
					 -EMSGSIZE);
			free(room);
		}
	}
}

static u32 params_at(u8 type)
{
	return type == RSP_ENRP_HANDLE_UPDATE || type == RSP_ENRP_UNREACHABLE ||
	       (type >= RSP_ENRP_INIT_TAKEOVER &&
		type <= RSP_ENRP_TAKEOVER_SERVER) ? 16 : 12;
}

/* Where the parameters begin, and the end; returns how many there are. */
static u32 params_of(u32 *at)
{
	u32 end = get_unaligned_be16(built + 2), pos = params_at(built[0]);
	u32 n = 0;

	for (; pos < end; pos += ALIGN(get_unaligned_be16(built + pos + 2), 4))
		at[n++] = pos;
	at[n] = ALIGN(end, 4);
	return n;
}

/* Copy parameters in the order given, into a message of their own. */
static u32 reorder(const u32 *at, const u32 *order, u32 n)
{
	u32 len = params_at(built[0]), i, size;

	memcpy(again, built, len);
	for (i = 0; i < n; i++) {
		size = at[order[i] + 1] - at[order[i]];
		memcpy(again + len, built + at[order[i]], size);
		len += size;
	}
	put16(again + 2, len);
	return len;
}

/* What a message is without a parameter: row by row of its figure. */
static int without(u8 type, u16 param, u32 n)
{
	switch (type) {
	case RSP_ENRP_PRESENCE:
	case RSP_ENRP_LIST_RESPONSE:
		return 0;
	case RSP_ENRP_HANDLE_TABLE_RESPONSE:
		/* The first handle, or the only element of the last one. */
		if (param == RSP_TLV_HANDLE)
			return n ? 0 : -EINVAL;
		return n == 4 ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static void test_lacking_and_twice(void **state)
{
	u32 at[16], order[16], n, j, k;
	bool many;
	u16 type;
	int i;

	(void)state;
	for (i = 0; i < n_enrp_samples; i++) {
		build(i);
		n = params_of(at);
		for (j = 0; j < n; j++) {
			type = get_unaligned_be16(built + at[j]);
			for (k = 0; k + 1 < n; k++)
				order[k] = k < j ? k : k + 1;
			k = reorder(at, order, n - 1);
			assert_int_equal(parse(again, k),
					 without(built[0], type, j));
			for (k = 0; k <= n; k++)
				order[k] = k <= j ? k : k - 1;
			many = built[0] == RSP_ENRP_LIST_RESPONSE ||
			       (built[0] == RSP_ENRP_HANDLE_TABLE_RESPONSE &&
				type == RSP_TLV_ELEMENT);
			k = reorder(at, order, n + 1);
			assert_int_equal(parse(again, k), many ? 0 : -EINVAL);
		}
	}
}

static void test_order(void **state)
{
	u32 at[16], order[16], k;
	int i;

	(void)state;
	for (i = 0; i < n_enrp_samples; i++) {
		build(i);
		if (params_of(at) != 2 || built[0] == RSP_ENRP_LIST_RESPONSE)
			continue;
		order[0] = 1;
		order[1] = 0;
		k = reorder(at, order, 2);
		assert_int_equal(parse(again, k), -EINVAL);
	}
}

/* A rejection brings nothing: RFC 5353, 2.3 and 2.6. */
static void test_rejections(void **state)
{
	int i, len;

	(void)state;
	for (i = 0; i < n_enrp_samples; i++) {
		len = build(i);
		if (built[0] != RSP_ENRP_HANDLE_TABLE_RESPONSE &&
		    built[0] != RSP_ENRP_LIST_RESPONSE)
			continue;
		built[1] |= RSP_ENRP_FLAG_REJECT;
		assert_int_equal(parse(built, len), len > 12 ? -EINVAL : 0);
	}
}

static void test_numbers(void **state)
{
	int i, len;

	(void)state;
	for (i = 0; i < n_enrp_samples; i++) {
		len = build(i);
		/* Flags that no figure has are not looked at. */
		built[1] |= 0xfc;
		assert_int_equal(parse(built, len), 0);
		assert_int_equal(msg.flags, enrp_samples[i].flags);
		memset(built + 4, 0, 4);
		assert_int_equal(parse(built, len), -EINVAL);
		assert_int_equal(in.error.offset, 4);
	}
	for (i = 0; enrp_samples[i].type != RSP_ENRP_HANDLE_UPDATE; i++)
		;
	len = build(i);
	/* The reserved half is not looked at. */
	put16(built + 14, 0x1234);
	assert_int_equal(parse(built, len), 0);
	put16(built + 12, 2);
	assert_int_equal(parse(built, len), -EINVAL);
	assert_int_equal(in.error.offset, 12);
}

static void test_unknown_parameters(void **state)
{
	static const struct {
		u16 type;
		int result;
		u8 reports;
	} rows[] = {
		{ 0x0000, -EOPNOTSUPP, 0 }, { 0x0011, -EOPNOTSUPP, 0 },
		{ 0x4000, -EOPNOTSUPP, 1 }, { 0x7fff, -EOPNOTSUPP, 1 },
		{ 0x8000, 0, 0 }, { 0xbfff, 0, 0 },
		{ 0xc000, 0, 1 }, { 0xffff, 0, 1 },
		/* Known, and of no ENRP message. */
		{ RSP_TLV_COOKIE, -EINVAL, 0 },
	};
	u32 at[16], n, j, r, len;
	u8 changed[CAP / 8];
	int i;

	(void)state;
	for (i = 0; i < n_enrp_samples; i++) {
		len = build(i);
		n = params_of(at);
		for (j = 0; j <= n; j++) {
			memcpy(changed, built, at[j]);
			memcpy(changed + at[j] + 8, built + at[j], len - at[j]);
			memcpy(changed + at[j], "\0\0\0\x07!?!", 8);
			put16(changed + 2, len + 8);
			for (r = 0; r < ARRAY_SIZE(rows); r++) {
				put16(changed + at[j], rows[r].type);
				assert_int_equal(parse(changed, len + 8),
						 rows[r].result);
				assert_int_equal(in.n_reports,
						 built[0] == RSP_ENRP_ERROR ?
						 0 : rows[r].reports);
				if (rows[r].result)
					continue;
				assert_int_equal(enrp_rebuild(&msg, again, CAP),
						 (int)len);
				assert_memory_equal(again, built, len);
			}
		}
	}
}

static void test_unknown_messages(void **state)
{
	u8 data[] = { 0, 0, 0, 7, 'w', 'h', 'y' };
	struct rsp_tlv_writer w;
	int type, len;

	(void)state;
	for (type = 0; type < 256; type++) {
		if ((type >= RSP_ENRP_PRESENCE && type <= RSP_ENRP_ERROR) ||
		    type == RSP_ENRP_UNREACHABLE)
			continue;
		data[0] = type;
		assert_int_equal(parse(data, sizeof(data)), -EOPNOTSUPP);
		assert_int_equal(in.n_reports, type >> 6 == 1);
		if (!in.n_reports)
			continue;
		rsp_tlv_writer_init(&w, built, RSP_ENRP_REPORTS_SIZE);
		len = rsp_enrp_put_reports(&w, &in, 5, 6);
		assert_int_equal(len, 12 + 4 + 4 + 8);
		assert_int_equal(parse(built, len), 0);
		assert_int_equal(msg.type, RSP_ENRP_ERROR);
		assert_int_equal(msg.sender, 5);
		assert_int_equal(msg.receiver, 6);
	}
}

/* As many reports as there may be, of as much as is given back. */
static void test_reports_bounded(void **state)
{
	struct rsp_tlv_writer w;
	int i, len;

	(void)state;
	rsp_tlv_writer_init(&w, built, CAP);
	rsp_enrp_begin(&w, RSP_ENRP_PRESENCE, 0, 1, 0);
	for (i = 0; i < RSP_REPORTS_MAX + 1; i++) {
		memset(again, 0x2a, 1000);
		rsp_tlv_put(&w, 0xc001, again, 1000);
	}
	len = rsp_enrp_end(&w, 0);
	assert_int_equal(parse(built, len), 0);
	assert_int_equal(in.n_reports, RSP_REPORTS_MAX);
	rsp_tlv_writer_init(&w, again, RSP_ENRP_REPORTS_SIZE);
	assert_int_equal(rsp_enrp_put_reports(&w, &in, 1, 2),
			 RSP_ENRP_REPORTS_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_lacking_and_twice),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_rejections),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_unknown_parameters),
		cmocka_unit_test(test_unknown_messages),
		cmocka_unit_test(test_reports_bounded),
	};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(copy);
	return failed;
}
