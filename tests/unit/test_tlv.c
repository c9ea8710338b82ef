// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters of RFC 5354, as octets written by hand after its figures; those
 * that no ASAP message has (PE checksum, server information) among them.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "asap_samples.h"

static struct rsp_tlv_input in;
static struct rsp_tlv tlv;
static u8 built[1024];

/* One parameter, or as much as there is of it. */
static void take(const void *data, u32 len)
{
	struct rsp_tlv_list list = { data, (const u8 *)data + len };

	memset(&in, 0, sizeof(in));
	in.message.data = data;
	in.message.len = len;
	assert_int_equal(rsp_tlv_next(&in, &list, &tlv), 1);
	assert_ptr_equal(list.pos, list.end);
	assert_int_equal(rsp_tlv_next(&in, &list, &tlv), 0);
}

#define TAKE(...) do {						\
	static const u8 _octets[] = { __VA_ARGS__ };		\
								\
	take(_octets, sizeof(_octets));				\
} while (0)

static void assert_built(const struct rsp_tlv_writer *w)
{
	assert_false(w->overflow);
	assert_int_equal(w->len, in.message.len);
	assert_memory_equal(w->buf, in.message.data, w->len);
}

static void begin(struct rsp_tlv_writer *w)
{
	rsp_tlv_writer_init(w, built, sizeof(built));
}

static void test_addresses(void **state)
{
	struct rsp_tlv_address address;
	struct rsp_tlv_writer w;

	(void)state;
	TAKE(0, 1, 0, 8, 192, 0, 2, 1);
	assert_int_equal(rsp_tlv_parse_address(&in, &tlv, &address), 0);
	assert_int_equal(address.octets.len, 4);
	begin(&w);
	rsp_tlv_put_address(&w, &address);
	assert_built(&w);

	TAKE(0, 2, 0, 20, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	     1);
	assert_int_equal(rsp_tlv_parse_address(&in, &tlv, &address), 0);
	assert_int_equal(address.octets.len, 16);
	begin(&w);
	rsp_tlv_put_address(&w, &address);
	assert_built(&w);

	TAKE(0, 1, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_int_equal(rsp_tlv_parse_address(&in, &tlv, &address), -EINVAL);
	TAKE(0, 2, 0, 8, 192, 0, 2, 1);
	assert_int_equal(rsp_tlv_parse_address(&in, &tlv, &address), -EINVAL);
	TAKE(0, 1, 0, 7, 192, 0, 2, 1);
	assert_int_equal(rsp_tlv_parse_address(&in, &tlv, &address), -EINVAL);
}

static void test_transports(void **state)
{
	struct rsp_tlv_transport transport;
	struct rsp_tlv_writer w;
	u16 type;

	(void)state;
	TAKE(0, 3, 0, 20, 0x12, 0x67, 0, 0, 0xde, 0xad, 0xbe, 0xef,
	     0, 1, 0, 8, 192, 0, 2, 1);
	assert_int_equal(rsp_tlv_parse_transport(&in, &tlv, &transport), 0);
	assert_int_equal(transport.port, 4711);
	assert_int_equal(transport.service_code, 0xdeadbeef);
	begin(&w);
	asap_put_transport(&w, &transport);
	assert_built(&w);

	TAKE(0, 4, 0, 24, 0x12, 0x67, 0, 1, 0, 1, 0, 8, 192, 0, 2, 1,
	     0, 1, 0, 8, 192, 0, 2, 2);
	assert_int_equal(rsp_tlv_parse_transport(&in, &tlv, &transport), 0);
	assert_int_equal(transport.use, RSP_TRANSPORT_USE_DATA_CONTROL);
	begin(&w);
	asap_put_transport(&w, &transport);
	assert_built(&w);

	TAKE(0, 16, 0, 5, 'x', 0, 0, 0);
	assert_int_equal(rsp_tlv_parse_transport(&in, &tlv, &transport), 0);
	assert_int_equal(transport.opaque.len, 1);
	begin(&w);
	asap_put_transport(&w, &transport);
	rsp_tlv_pad(&w);
	assert_built(&w);

	/* What RFC 5354 reserves in UDP is ignored; TCP has a use there. */
	for (type = RSP_TLV_DCCP_TRANSPORT; type <= RSP_TLV_UDPLITE_TRANSPORT;
	     type++) {
		u8 octets[] = {
			0, type, 0, 20, 0x12, 0x67, 0, 2, 0, 0x80, 0, 4,
			0, 1, 0, 8, 192, 0, 2, 1,
		};
		bool has_use = type == RSP_TLV_SCTP_TRANSPORT ||
			       type == RSP_TLV_TCP_TRANSPORT;

		/* Of DCCP a service code, of the others a parameter to skip. */
		if (type != RSP_TLV_DCCP_TRANSPORT)
			octets[8] = 0x80;
		take(octets, sizeof(octets));
		assert_int_equal(rsp_tlv_parse_transport(&in, &tlv, &transport),
				 has_use ? -EINVAL : 0);
		octets[7] = 1;
		assert_int_equal(rsp_tlv_parse_transport(&in, &tlv, &transport),
				 0);
		assert_int_equal(transport.use, has_use);
	}
}

static void test_transports_refused(void **state)
{
	struct rsp_tlv_transport transport;
	u16 type;

	(void)state;
	/* Two addresses, but of SCTP. */
	for (type = RSP_TLV_DCCP_TRANSPORT; type <= RSP_TLV_UDPLITE_TRANSPORT;
	     type++) {
		u8 octets[] = {
			0, type, 0, 28, 0x12, 0x67, 0, 0, 0x80, 0, 0, 4,
			0, 1, 0, 8, 192, 0, 2, 1, 0, 1, 0, 8, 192, 0, 2, 2,
		};

		take(octets, sizeof(octets));
		if (type == RSP_TLV_SCTP_TRANSPORT) {
			assert_int_equal(rsp_tlv_parse_transport(&in, &tlv,
								 &transport),
					 0);
			continue;
		}
		assert_int_equal(rsp_tlv_parse_transport(&in, &tlv, &transport),
				 -EINVAL);
		assert_int_equal(in.error.offset, 20);
	}
	/* None; nothing at all; half a service code; a handle for an address */
	TAKE(0, 4, 0, 8, 0x12, 0x67, 0, 0);
	assert_int_equal(rsp_tlv_parse_transport(&in, &tlv, &transport),
			 -EINVAL);
	TAKE(0, 5, 0, 4);
	assert_int_equal(rsp_tlv_parse_transport(&in, &tlv, &transport),
			 -EINVAL);
	TAKE(0, 3, 0, 10, 0x12, 0x67, 0, 0, 1, 2, 0, 0);
	assert_int_equal(rsp_tlv_parse_transport(&in, &tlv, &transport),
			 -EINVAL);
	TAKE(0, 5, 0, 13, 0x12, 0x67, 0, 0, 0, 9, 0, 5, 'x', 0, 0, 0);
	assert_int_equal(rsp_tlv_parse_transport(&in, &tlv, &transport),
			 -EINVAL);
	assert_int_equal(in.error.offset, 8);
	/* An unknown one that is not to be skipped, and to be reported */
	TAKE(0, 5, 0, 20, 0x12, 0x67, 0, 0, 0, 1, 0, 8, 192, 0, 2, 1,
	     0x40, 1, 0, 4);
	assert_int_equal(rsp_tlv_parse_transport(&in, &tlv, &transport),
			 -EOPNOTSUPP);
	assert_int_equal(in.error.offset, 16);
	assert_int_equal(in.n_reports, 1);
}

/* How many numbers of 32 bits each policy of RFC 5356 has. */
static void test_policies(void **state)
{
	static const struct {
		u32 type;
		int words;
	} rows[] = {
		{ 0x00000001, 0 }, { 0x00000002, 1 }, { 0x00000003, 0 },
		{ 0x00000004, 1 }, { 0x00000005, 1 }, { 0x40000001, 1 },
		{ 0x40000002, 2 }, { 0x40000003, 2 }, { 0x40000004, 1 },
	};
	u8 octets[] = {
		0, 8, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0xff, 0xfe, 0xfd, 0xfc,
		9, 9, 9, 9,
	};
	struct rsp_tlv_policy policy;
	struct rsp_tlv_writer w;
	u32 i, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		octets[4] = rows[i].type >> 24;
		octets[7] = rows[i].type;
		for (len = 4; len <= sizeof(octets); len++) {
			octets[3] = len;
			take(octets, len);
			if (len != 8 + 4 * (u32)rows[i].words) {
				assert_int_equal(rsp_tlv_parse_policy(&in, &tlv,
								      &policy),
						 -EINVAL);
				continue;
			}
			assert_int_equal(rsp_tlv_parse_policy(&in, &tlv,
							      &policy), 0);
			assert_int_equal(policy.type, rows[i].type);
			assert_int_equal(policy.value,
					 rows[i].words ? 0x01020304 : 0);
			assert_int_equal(policy.degradation,
					 rows[i].words > 1 ? 0xfffefdfc : 0);
			begin(&w);
			rsp_tlv_put_policy(&w, &policy);
			assert_built(&w);
		}
	}

	TAKE(0, 8, 0, 8, 0, 0, 0, 0);
	assert_int_equal(rsp_tlv_parse_policy(&in, &tlv, &policy), -EINVAL);
	TAKE(0, 8, 0, 9, 0xb0, 0, 0, 1, 'x');
	assert_int_equal(rsp_tlv_parse_policy(&in, &tlv, &policy), 0);
	assert_int_equal(policy.data.len, 1);
	begin(&w);
	rsp_tlv_put_policy(&w, &policy);
	assert_built(&w);
}

static void test_handles(void **state)
{
	u8 octets[4 + 97] = { 0, 9 };
	struct rsp_octets handle;
	u32 len;

	(void)state;
	for (len = 0; len <= 97; len++) {
		octets[3] = 4 + len;
		take(octets, 4 + len);
		assert_int_equal(rsp_tlv_parse_handle(&in, &tlv, &handle),
				 len && len <= 96 ? 0 : -EINVAL);
	}
}

#define TCP(_use)	0, 5, 0, 16, 0, 80, 0, _use, 0, 1, 0, 8, 192, 0, 2, 1
#define UDP		0, 6, 0, 16, 0, 80, 0, 0, 0, 1, 0, 8, 192, 0, 2, 1
#define SCTP		0, 4, 0, 16, 0, 80, 0, 0, 0, 1, 0, 8, 192, 0, 2, 1
#define RR		0, 8, 0, 8, 0, 0, 0, 1
#define ELEMENT(_len)	0, 10, 0, _len, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9

#define REFUSED(_code, _offset, ...) do {				\
	TAKE(__VA_ARGS__);						\
	assert_int_equal(rsp_tlv_parse_element(&in, &tlv, &element),	\
			 _code);					\
	assert_int_equal(in.error.offset, _offset);			\
} while (0)

static void test_elements(void **state)
{
	struct rsp_tlv_element element;
	struct rsp_tlv_writer w;

	(void)state;
	TAKE(ELEMENT(40), TCP(0), RR);
	assert_int_equal(rsp_tlv_parse_element(&in, &tlv, &element), 0);
	assert_int_equal(element.id, 7);
	assert_int_equal(element.home, 8);
	assert_int_equal(element.life, 9);
	begin(&w);
	asap_put_element(&w, &element);
	assert_built(&w);

	TAKE(ELEMENT(72), TCP(1), TCP(0), RR, SCTP);
	assert_int_equal(rsp_tlv_parse_element(&in, &tlv, &element), 0);
	assert_int_equal(element.asap.type, RSP_TLV_SCTP_TRANSPORT);
	begin(&w);
	asap_put_element(&w, &element);
	assert_built(&w);

	REFUSED(-EINVAL, 0, ELEMENT(16));
	REFUSED(-EINVAL, 0, 0, 10, 0, 8, 0, 0, 0, 7);
	REFUSED(-EINVAL, 0, ELEMENT(32), TCP(0));
	REFUSED(-EINVAL, 16, ELEMENT(24), RR);
	REFUSED(-EINVAL, 16, ELEMENT(40), RR, TCP(0));
	REFUSED(-EINVAL, 40, ELEMENT(48), TCP(0), RR, RR);
	REFUSED(-EINVAL, 32, ELEMENT(56), TCP(0), UDP, RR);
	REFUSED(-EINVAL, 40, ELEMENT(56), TCP(0), RR, UDP);
	REFUSED(-EINVAL, 56, ELEMENT(72), TCP(0), RR, SCTP, SCTP);
	REFUSED(-EINVAL, 40, ELEMENT(48), TCP(0), RR, 0, 14, 0, 8, 0, 0, 0, 1);
	REFUSED(-EOPNOTSUPP, 16, ELEMENT(44), 0, 99, 0, 4, TCP(0), RR);
	TAKE(ELEMENT(44), TCP(0), 0xc0, 1, 0, 4, RR);
	assert_int_equal(rsp_tlv_parse_element(&in, &tlv, &element), 0);
	assert_int_equal(in.n_reports, 1);
}

/* For ever is -1: RFC 5354, section 3.10. */
static void test_life(void **state)
{
	u8 octets[] = { ELEMENT(40), TCP(0), RR };
	static const struct {
		u32 life;
		int result;
	} rows[] = {
		{ 0, 0 }, { 0x7fffffff, 0 }, { 0xffffffff, 0 },
		{ 0xfffffffe, -EINVAL }, { 0x80000000, -EINVAL },
	};
	struct rsp_tlv_element element;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		octets[12] = rows[i].life >> 24;
		octets[13] = octets[14] = rows[i].life >> 16;
		octets[15] = rows[i].life;
		take(octets, sizeof(octets));
		assert_int_equal(rsp_tlv_parse_element(&in, &tlv, &element),
				 rows[i].result);
		if (!rows[i].result)
			assert_int_equal((u32)element.life, rows[i].life);
	}
}

static void test_server(void **state)
{
	struct rsp_tlv_server server;
	struct rsp_tlv_writer w;
	u32 mark;

	(void)state;
	TAKE(0, 11, 0, 24, 0xca, 0xfe, 0, 1, SCTP);
	assert_int_equal(rsp_tlv_parse_server(&in, &tlv, &server), 0);
	assert_int_equal(server.id, 0xcafe0001);
	begin(&w);
	mark = rsp_tlv_begin_server(&w, server.id);
	asap_put_transport(&w, &server.transport);
	rsp_tlv_end(&w, mark);
	assert_built(&w);

	TAKE(0, 11, 0, 6, 0xca, 0xfe, 0, 0);
	assert_int_equal(rsp_tlv_parse_server(&in, &tlv, &server), -EINVAL);
	TAKE(0, 11, 0, 8, 0xca, 0xfe, 0, 1);
	assert_int_equal(rsp_tlv_parse_server(&in, &tlv, &server), -EINVAL);
	TAKE(0, 11, 0, 40, 0xca, 0xfe, 0, 1, SCTP, SCTP);
	assert_int_equal(rsp_tlv_parse_server(&in, &tlv, &server), -EINVAL);
	assert_int_equal(in.error.offset, 24);
	TAKE(0, 11, 0, 24, 0xca, 0xfe, 0, 1, UDP);
	assert_int_equal(rsp_tlv_parse_server(&in, &tlv, &server), -EINVAL);
}

static void test_numbers(void **state)
{
	struct rsp_tlv_checkpoint checkpoint;
	struct rsp_tlv_writer w;
	u16 checksum;
	u32 id;

	(void)state;
	TAKE(0, 15, 0, 6, 0xbe, 0xef, 0, 0);
	assert_int_equal(rsp_tlv_parse_checksum(&in, &tlv, &checksum), 0);
	assert_int_equal(checksum, 0xbeef);
	begin(&w);
	rsp_tlv_put_checksum(&w, checksum);
	rsp_tlv_pad(&w);
	assert_built(&w);
	TAKE(0, 15, 0, 8, 0xbe, 0xef, 0, 0);
	assert_int_equal(rsp_tlv_parse_checksum(&in, &tlv, &checksum), -EINVAL);

	TAKE(0, 14, 0, 8, 1, 2, 3, 4);
	assert_int_equal(rsp_tlv_parse_u32(&in, &tlv, &id), 0);
	assert_int_equal(id, 0x01020304);
	begin(&w);
	rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, id);
	assert_built(&w);
	TAKE(0, 14, 0, 7, 1, 2, 3, 4);
	assert_int_equal(rsp_tlv_parse_u32(&in, &tlv, &id), -EINVAL);

	TAKE(0x80, 1, 0, 20, 0, 0, 0, 0, 0, 0, 1, 0, 0xff, 0, 0, 0, 0, 0, 0, 2);
	assert_int_equal(rsp_tlv_parse_checkpoint(&in, &tlv, &checkpoint), 0);
	assert_int_equal(checkpoint.read, 0x100);
	assert_true(checkpoint.written == 0xff00000000000002ULL);
	begin(&w);
	rsp_tlv_put_checkpoint(&w, &checkpoint);
	assert_built(&w);
	TAKE(0x80, 1, 0, 12, 0, 0, 0, 0, 0, 0, 1, 0);
	assert_int_equal(rsp_tlv_parse_checkpoint(&in, &tlv, &checkpoint),
			 -EINVAL);
}

static void test_errors(void **state)
{
	struct rsp_tlv_list causes;
	struct rsp_tlv cause;

	(void)state;
	TAKE(0, 12, 0, 25, 0, 0, 0, 4, 0, 3, 0, 6, 1, 2, 0, 0,
	     0xff, 0xff, 0, 9, 'w', 'h', 'a', 't', '?');
	assert_int_equal(rsp_tlv_parse_error(&in, &tlv, &causes), 0);
	assert_true(rsp_tlv_next_cause(&causes, &cause));
	assert_int_equal(cause.type, RSP_CAUSE_UNSPECIFIED);
	assert_int_equal(cause.value.len, 0);
	assert_true(rsp_tlv_next_cause(&causes, &cause));
	assert_int_equal(cause.type, RSP_CAUSE_INVALID_VALUES);
	assert_int_equal(cause.value.len, 2);
	assert_true(rsp_tlv_next_cause(&causes, &cause));
	assert_int_equal(cause.type, 0xffff);
	assert_int_equal(cause.value.len, 5);
	assert_false(rsp_tlv_next_cause(&causes, &cause));

	TAKE(0, 12, 0, 4);
	assert_int_equal(rsp_tlv_parse_error(&in, &tlv, &causes), -EINVAL);
	TAKE(0, 12, 0, 8, 0, 0, 0, 5);
	assert_int_equal(rsp_tlv_parse_error(&in, &tlv, &causes), -EINVAL);
	TAKE(0, 12, 0, 10, 0, 0, 0, 4, 0, 1, 0, 0);
	assert_int_equal(rsp_tlv_parse_error(&in, &tlv, &causes), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_transports),
		cmocka_unit_test(test_transports_refused),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_handles),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_errors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
