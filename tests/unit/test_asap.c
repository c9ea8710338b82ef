// SPDX-License-Identifier: GPL-2.0
/*
 * ASAP messages, both ways: those that we build, cut, with wrong lengths, in
 * wrong orders, and with parameters and messages that nobody knows.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "asap_samples.h"

#define CAP	(1 << 17)

static u8 built[CAP], again[CAP];
static struct rsp_tlv_input in;
static struct rsp_asap_message msg;
static u8 *copy;

/*
 * Parse a copy that ends where its memory does, so that ASan watches, and that
 * begins at an odd address, for UBSan. The copy lives until the next one.
 */
static int parse(const u8 *data, u32 len)
{
	int err;

	free(copy);
	copy = malloc(len + 1);
	assert_non_null(copy);
	memcpy(copy + 1, data, len);
	err = rsp_asap_parse(&in, copy + 1, len, &msg);
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

/* What is built again has the same octets; its length counts no padding. */
static void assert_same(const u8 *data, u32 len)
{
	int n = asap_rebuild(&msg, again, CAP);

	assert_int_equal(n, ALIGN(len, 4));
	assert_memory_equal(again, data, 2);
	assert_int_equal(ALIGN(get_unaligned_be16(again + 2), 4), n);
	assert_memory_equal(again + 4, data + 4, len - 4);
}

static void test_both_ways(void **state)
{
	int i, len;

	(void)state;
	for (i = 0; i < n_asap_samples; i++) {
		len = asap_sample_build(&asap_samples[i], built, CAP);
		assert_true(len > 0 && len % 4 == 0);
		assert_int_equal(parse(built, len), 0);
		assert_int_equal(msg.type, asap_samples[i].type);
		assert_int_equal(msg.flags, asap_samples[i].flags);
		assert_int_equal(in.n_reports, 0);
		assert_int_equal(asap_rebuild(&msg, again, CAP), len);
		assert_memory_equal(again, built, len);
	}
}

/* Each message is there, and each has what its figure in RFC 5352 says. */
static void test_all_there(void **state)
{
	u32 seen = 0;
	int i;

	(void)state;
	for (i = 0; i < n_asap_samples; i++)
		seen |= 1u << asap_samples[i].type;
	assert_int_equal(seen, 0x7ffe);
}

static void test_no_room(void **state)
{
	int i, len, cap;
	u8 *room;

	(void)state;
	for (i = 0; i < n_asap_samples; i++) {
		len = asap_sample_build(&asap_samples[i], built, CAP);
		for (cap = 0; cap <= len; cap++) {
			room = malloc(cap + 1);
			assert_non_null(room);
			assert_int_equal(asap_sample_build(&asap_samples[i],
							   room + 1, cap),
					 cap < len ? -EMSGSIZE : len);
			free(room);
		}
	}
}

/*
 * First the octets are cut alone, then the message's length says so too: what
 * is still taken then is a message whose optional parameters are gone.
 */
static void test_cuts(void **state)
{
	int i, len, cut, length;

	(void)state;
	for (i = 0; i < n_asap_samples; i++) {
		len = asap_sample_build(&asap_samples[i], built, CAP);
		length = get_unaligned_be16(built + 2);
		for (cut = 0; cut < length; cut++)
			assert_int_equal(parse(built, cut), -EMSGSIZE);
		for (; cut < len; cut++)
			assert_int_equal(parse(built, cut), 0);
		assert_int_equal(parse(built, len + 1), -EMSGSIZE);

		for (cut = 4; cut < length; cut++) {
			put16(built + 2, cut);
			if (parse(built, cut))
				assert_int_equal(in.error.code, -EINVAL);
			else
				assert_same(built, cut);
		}
		for (cut = 0; cut < 4; cut++) {
			put16(built + 2, cut);
			assert_int_equal(parse(built, len), -EINVAL);
		}
	}
}

/* Where the length fields of parameters are. */
static u32 fields[256], n_fields;

/* How far behind a parameter's header others begin in it; 0: nowhere. */
static u32 nested_at(u16 type)
{
	switch (type) {
	case RSP_TLV_ELEMENT:
		return 12;
	case RSP_TLV_DCCP_TRANSPORT:
		return 8;
	case RSP_TLV_SCTP_TRANSPORT:
	case RSP_TLV_TCP_TRANSPORT:
	case RSP_TLV_UDP_TRANSPORT:
	case RSP_TLV_UDPLITE_TRANSPORT:
		return 4;
	default:
		return 0;
	}
}

static void find_causes(u32 pos, u32 end)
{
	for (; pos < end; pos += ALIGN(get_unaligned_be16(built + pos + 2), 4))
		fields[n_fields++] = pos + 2;
}

static void find_fields(u32 pos, u32 end)
{
	u32 type, len;

	for (; pos < end; pos += ALIGN(len, 4)) {
		type = get_unaligned_be16(built + pos);
		len = get_unaligned_be16(built + pos + 2);
		fields[n_fields++] = pos + 2;
		if (nested_at(type))
			find_fields(pos + 4 + nested_at(type), pos + len);
		if (type == RSP_TLV_ERROR)
			find_causes(pos + 4, pos + len);
	}
}

static u32 params_at(u8 type)
{
	return type == RSP_ASAP_ENDPOINT_KEEP_ALIVE ||
	       type == RSP_ASAP_SERVER_ANNOUNCE ? 8 : 4;
}

static int build_and_find(int i)
{
	int len = asap_sample_build(&asap_samples[i], built, CAP);

	n_fields = 0;
	find_fields(params_at(built[0]), get_unaligned_be16(built + 2));
	assert_in_range(n_fields, 0, ARRAY_SIZE(fields) - 1);
	return len;
}

static void test_lengths(void **state)
{
	static const int wrong[] = { -1, 1, -2, 2, -3, 3, -4, 4, 8, 256 };
	u32 f, j, right;
	int i, len, n;

	(void)state;
	for (i = 0; i < n_asap_samples; i++) {
		len = build_and_find(i);
		for (f = 0; f < n_fields; f++) {
			right = get_unaligned_be16(built + fields[f]);
			for (j = 0; j < 4; j++) {
				put16(built + fields[f], j);
				assert_int_equal(parse(built, len), -EINVAL);
				/* It may be of a nest that looks otherwise. */
				assert_in_range(in.error.offset, 4,
						fields[f] - 2);
			}
			put16(built + fields[f], 0xffff);
			assert_int_equal(parse(built, len), -EINVAL);
			assert_int_equal(in.error.offset, fields[f] - 2);
			for (j = 0; j < ARRAY_SIZE(wrong); j++) {
				put16(built + fields[f], right + wrong[j]);
				if (parse(built, len))
					continue;
				/* Another message then, but one. */
				n = asap_rebuild(&msg, again, CAP);
				assert_int_equal(parse(again, n), 0);
				assert_same(again, n);
			}
			put16(built + fields[f], right);
		}
	}
}

/* Parameters of a message: where they begin; returns how many. */
static u32 params_of(const u8 *data, u32 *at)
{
	u32 end = get_unaligned_be16(data + 2), pos = params_at(data[0]), n = 0;

	for (; pos < end; pos += ALIGN(get_unaligned_be16(data + pos + 2), 4))
		at[n++] = pos;
	at[n] = ALIGN(end, 4);
	return n;
}

/* Copy parameters in the order given, into a message of their own. */
static u32 reorder(const u8 *data, const u32 *at, const u32 *order, u32 n)
{
	u32 len = params_at(data[0]), i, size;

	memcpy(again, data, len);
	for (i = 0; i < n; i++) {
		size = at[order[i] + 1] - at[order[i]];
		memcpy(again + len, data + at[order[i]], size);
		len += size;
	}
	put16(again + 2, len);
	return len;
}

static u16 type_at(const u8 *data, u32 at)
{
	u16 type = get_unaligned_be16(data + at);

	/* Of an announcement the two are alike. */
	return data[0] == RSP_ASAP_SERVER_ANNOUNCE ? 0 : type;
}

static void test_order(void **state)
{
	u32 at[16], order[16], n, j, k;
	int i, expected;

	(void)state;
	for (i = 0; i < n_asap_samples; i++) {
		asap_sample_build(&asap_samples[i], built, CAP);
		n = params_of(built, at);
		for (j = 0; j + 1 < n; j++) {
			for (k = 0; k < n; k++)
				order[k] = k;
			order[j] = j + 1;
			order[j + 1] = j;
			expected = type_at(built, at[j]) ==
				   type_at(built, at[j + 1]) ? 0 : -EINVAL;
			k = reorder(built, at, order, n);
			assert_int_equal(parse(again, k), expected);
		}
	}
}

static void test_twice(void **state)
{
	u32 at[16], order[16], n, j, k;
	bool many;
	int i;

	(void)state;
	for (i = 0; i < n_asap_samples; i++) {
		asap_sample_build(&asap_samples[i], built, CAP);
		n = params_of(built, at);
		for (j = 0; j < n; j++) {
			for (k = 0; k <= n; k++)
				order[k] = k <= j ? k : k - 1;
			many = built[0] == RSP_ASAP_SERVER_ANNOUNCE ||
			       (built[0] != RSP_ASAP_REGISTRATION &&
				type_at(built, at[j]) == RSP_TLV_ELEMENT);
			k = reorder(built, at, order, n + 1);
			assert_int_equal(parse(again, k), many ? 0 : -EINVAL);
		}
	}
}

/* Each parameter away: an error, where the RFC does not say "optional". */
static void test_lacking(void **state)
{
	u32 at[16], order[16], n, j, k;
	int i;

	(void)state;
	for (i = 0; i < n_asap_samples; i++) {
		asap_sample_build(&asap_samples[i], built, CAP);
		n = params_of(built, at);
		for (j = 0; j < n; j++) {
			for (k = 0; k + 1 < n; k++)
				order[k] = k < j ? k : k + 1;
			k = reorder(built, at, order, n - 1);
			if (parse(again, k)) {
				assert_int_equal(in.error.code, -EINVAL);
				continue;
			}
			switch (get_unaligned_be16(built + at[j])) {
			case RSP_TLV_HANDLE:
			case RSP_TLV_COOKIE:
				fail();
				break;
			case RSP_TLV_PE_ID:
				assert_int_equal(built[0],
						 RSP_ASAP_ENDPOINT_KEEP_ALIVE);
				break;
			case RSP_TLV_ELEMENT:
				assert_int_not_equal(built[0],
						     RSP_ASAP_REGISTRATION);
				break;
			case RSP_TLV_ERROR:
				assert_int_not_equal(built[0], RSP_ASAP_ERROR);
				break;
			}
		}
	}
}

/* A resolution's response is positive or negative: RFC 5352, section 2.2.6. */
static void test_response(void **state)
{
	static const u8 handle[] = { 0, 9, 0, 5, 'p', 0, 0, 0 };
	static const u8 policy[] = { 0, 8, 0, 8, 0, 0, 0, 1 };
	static const u8 error[] = { 0, 12, 0, 8, 0, 9, 0, 4 };
	static const u8 element[] = {
		0, 10, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9,
		0, 5, 0, 16, 0, 80, 0, 0, 0, 1, 0, 8, 192, 0, 2, 1,
		0, 8, 0, 8, 0, 0, 0, 1,
	};
	static const struct {
		bool policy, element, error;
		int result;
	} rows[] = {
		{ false, false, false, -EINVAL },
		{ false, false, true, 0 },
		{ false, true, false, 0 },
		{ false, true, true, -EINVAL },
		{ true, false, false, -EINVAL },
		{ true, false, true, -EINVAL },
		{ true, true, false, 0 },
		{ true, true, true, -EINVAL },
	};
	struct rsp_tlv_writer w;
	u32 i, begin;
	int len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		rsp_tlv_writer_init(&w, built, CAP);
		begin = rsp_asap_begin(&w, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE,
				       0);
		rsp_tlv_put_octets(&w, handle, sizeof(handle));
		if (rows[i].policy)
			rsp_tlv_put_octets(&w, policy, sizeof(policy));
		if (rows[i].element)
			rsp_tlv_put_octets(&w, element, sizeof(element));
		if (rows[i].error)
			rsp_tlv_put_octets(&w, error, sizeof(error));
		len = rsp_asap_end(&w, begin);
		assert_int_equal(parse(built, len), rows[i].result);
	}
}

/* What the two high bits say, at each place at the top of each message. */
static void test_unknown_parameters(void **state)
{
	static const struct {
		u16 type;
		int result;
		u8 reports;
	} rows[] = {
		{ 0x0000, -EOPNOTSUPP, 0 }, { 0x0011, -EOPNOTSUPP, 0 },
		{ 0x3fff, -EOPNOTSUPP, 0 }, { 0x4000, -EOPNOTSUPP, 1 },
		{ 0x7fff, -EOPNOTSUPP, 1 }, { 0x8000, 0, 0 },
		{ 0xbfff, 0, 0 }, { 0xc000, 0, 1 }, { 0xffff, 0, 1 },
	};
	u32 at[16], n, j, r, len;
	u8 saved[CAP / 8];
	int i;

	(void)state;
	for (i = 0; i < n_asap_samples; i++) {
		len = asap_sample_build(&asap_samples[i], built, CAP);
		n = params_of(built, at);
		for (j = 0; j <= n; j++) {
			memcpy(saved, built, at[j]);
			memcpy(saved + at[j] + 8, built + at[j], len - at[j]);
			memcpy(saved + at[j], "\0\0\0\x07!?!", 8);
			put16(saved + 2, len + 8);
			for (r = 0; r < ARRAY_SIZE(rows); r++) {
				put16(saved + at[j], rows[r].type);
				assert_int_equal(parse(saved, len + 8),
						 rows[r].result);
				if (rows[r].result)
					assert_int_equal(in.error.offset,
							 at[j]);
				else
					assert_same(built, len);
				if (built[0] == RSP_ASAP_ERROR) {
					assert_int_equal(in.n_reports, 0);
					continue;
				}
				assert_int_equal(in.n_reports,
						 rows[r].reports);
				if (!in.n_reports)
					continue;
				assert_int_equal(in.reports[0].cause,
						 RSP_CAUSE_UNKNOWN_PARAMETER);
				assert_int_equal(in.reports[0].octets.len, 7);
				assert_ptr_equal(in.reports[0].octets.data,
						 copy + 1 + at[j]);
			}
		}
	}
}

static void test_unknown_messages(void **state)
{
	u8 data[] = { 0, 0, 0, 7, 'w', 'h', 'y' };
	int type;

	(void)state;
	for (type = 0; type < 256; type++) {
		if (type >= RSP_ASAP_REGISTRATION && type <= RSP_ASAP_ERROR)
			continue;
		data[0] = type;
		assert_int_equal(parse(data, sizeof(data)), -EOPNOTSUPP);
		/* 10 and 11 are reserved: RFC 5354, section 4. */
		assert_int_equal(in.n_reports, type >> 6 == 1);
		if (!in.n_reports)
			continue;
		assert_int_equal(in.reports[0].cause,
				 RSP_CAUSE_UNKNOWN_MESSAGE);
		assert_int_equal(in.reports[0].octets.len, sizeof(data));
	}
}

/* The answer: RFC 5352, section 2.2.14, with the octets as they came. */
static void test_reports(void **state)
{
	static const u8 message[] = {
		0x0c, 0, 0, 0x1f,
		0, 0x0d, 0, 5, 'c', 0, 0, 0,
		0x92, 0x34, 0, 4,
		0xd2, 0x34, 0, 6, 1, 2, 9, 9,
		0x52, 0x34, 0, 7, 3, 4, 5,
	};
	static const u8 answer[] = {
		0x0e, 0, 0, 0x1f,
		0, 0x0c, 0, 0x1b,
		0, 1, 0, 10, 0xd2, 0x34, 0, 6, 1, 2, 0, 0,
		0, 1, 0, 11, 0x52, 0x34, 0, 7, 3, 4, 5, 0,
	};
	static const u8 unknown[] = { 0x55, 1, 0, 5, 'x' };
	static const u8 unknown_answer[] = {
		0x0e, 0, 0, 0x11,
		0, 0x0c, 0, 0x0d,
		0, 2, 0, 9, 0x55, 1, 0, 5, 'x', 0, 0, 0,
	};
	struct rsp_tlv_writer w;

	(void)state;
	assert_int_equal(parse(message, sizeof(message)), -EOPNOTSUPP);
	rsp_tlv_writer_init(&w, built, CAP);
	assert_int_equal(rsp_asap_put_reports(&w, &in), sizeof(answer));
	assert_memory_equal(built, answer, sizeof(answer));

	assert_int_equal(parse(unknown, sizeof(unknown)), -EOPNOTSUPP);
	rsp_tlv_writer_init(&w, built, CAP);
	assert_int_equal(rsp_asap_put_reports(&w, &in),
			 sizeof(unknown_answer));
	assert_memory_equal(built, unknown_answer, sizeof(unknown_answer));
}

/* However much is unknown: so much goes back, and is an ASAP_ERROR. */
static void test_reports_bounded(void **state)
{
	u8 answer[RSP_REPORTS_SIZE];
	struct rsp_tlv_writer w;
	u32 begin, i;
	int len;

	(void)state;
	rsp_tlv_writer_init(&w, built, CAP);
	begin = rsp_asap_begin(&w, RSP_ASAP_COOKIE_ECHO, 0);
	rsp_tlv_put(&w, RSP_TLV_COOKIE, NULL, 0);
	for (i = 0; i < 60; i++)
		rsp_tlv_put(&w, 0xc000 + i, again, 1000);
	len = rsp_asap_end(&w, begin);
	assert_int_equal(parse(built, len), 0);
	assert_int_equal(in.n_reports, RSP_REPORTS_MAX);

	rsp_tlv_writer_init(&w, answer, sizeof(answer));
	len = rsp_asap_put_reports(&w, &in);
	assert_int_equal(len, RSP_REPORTS_SIZE);
	assert_int_equal(parse(answer, len), 0);
	assert_int_equal(msg.type, RSP_ASAP_ERROR);

	/* Malformed behind them: no answer. */
	put16(built + 8 + 59 * 1004 + 2, 3);
	assert_int_equal(parse(built, get_unaligned_be16(built + 2)), -EINVAL);
	assert_int_equal(in.n_reports, 0);
}

static void test_too_long(void **state)
{
	struct rsp_tlv_writer w;
	u32 begin;
	int len;

	(void)state;
	rsp_tlv_writer_init(&w, built, CAP);
	begin = rsp_asap_begin(&w, RSP_ASAP_COOKIE, 0);
	rsp_tlv_put(&w, RSP_TLV_COOKIE, again, 65524);
	len = rsp_asap_end(&w, begin);
	assert_int_equal(len, 65532);
	assert_int_equal(parse(built, len), 0);
	assert_int_equal(msg.cookie.len, 65524);

	rsp_tlv_writer_init(&w, built, CAP);
	begin = rsp_asap_begin(&w, RSP_ASAP_COOKIE, 0);
	rsp_tlv_put(&w, RSP_TLV_COOKIE, again, 65525);
	assert_int_equal(rsp_asap_end(&w, begin), -EMSGSIZE);

	rsp_tlv_writer_init(&w, built, CAP);
	begin = rsp_asap_begin(&w, RSP_ASAP_COOKIE, 0);
	rsp_tlv_put(&w, RSP_TLV_COOKIE, again, 65532);
	assert_true(w.overflow);
	assert_int_equal(rsp_asap_end(&w, begin), -EMSGSIZE);
}

/* Flags that the message does not have are ignored: RFC 5354, section 4. */
static void test_flags(void **state)
{
	static const u16 with_flag = 1 << RSP_ASAP_REGISTRATION_RESPONSE |
				     1 << RSP_ASAP_HANDLE_RESOLUTION |
				     1 << RSP_ASAP_HANDLE_RESOLUTION_RESPONSE |
				     1 << RSP_ASAP_ENDPOINT_KEEP_ALIVE;
	int i, len;

	(void)state;
	for (i = 0; i < n_asap_samples; i++) {
		len = asap_sample_build(&asap_samples[i], built, CAP);
		built[1] = 0xff;
		assert_int_equal(parse(built, len), 0);
		assert_int_equal(msg.flags, with_flag >> built[0] & 1);
	}
}

/* What is in the padding is ignored, and zeros when we write it. */
static void test_padding(void **state)
{
	static const u8 message[] = {
		0x02, 0, 0, 0x18,
		0, 9, 0, 9, 'p', 'o', 'o', 'l', '1', 1, 2, 3,
		0, 0x0e, 0, 8, 0, 0, 0, 7,
	};

	(void)state;
	assert_int_equal(parse(message, sizeof(message)), 0);
	assert_int_equal(msg.handle.len, 5);
	assert_int_equal(msg.pe_id, 7);
	assert_int_equal(asap_rebuild(&msg, again, CAP), sizeof(message));
	assert_memory_equal(again, message, 13);
	assert_memory_equal(again + 13, "\0\0\0", 3);
	assert_memory_equal(again + 16, message + 16, 8);
}

/* Who counts the padding at the end is understood. */
static void test_padding_counted(void **state)
{
	static const u8 message[] = {
		0x05, 0, 0, 0x10,
		0, 9, 0, 9, 'p', 'o', 'o', 'l', '1', 0, 0, 0,
	};

	(void)state;
	assert_int_equal(parse(message, sizeof(message)), 0);
	assert_int_equal(msg.handle.len, 5);
}

static int teardown(void **state)
{
	(void)state;
	free(copy);
	copy = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_all_there),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_lacking),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_unknown_parameters),
		cmocka_unit_test(test_unknown_messages),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_reports_bounded),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_padding_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, teardown);
}
