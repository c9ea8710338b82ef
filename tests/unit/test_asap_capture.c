// SPDX-License-Identifier: GPL-2.0
/* Each ASAP message of rsplib's: it parses, and comes out again as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "asap_pcap.h"
#include "asap_samples.h"

#define CAPTURE	"tests/data/rsplib-3.4.4.pcap"

/* How many of each type: counted by tshark's dissector. */
static const int expected[] = {
	[RSP_ASAP_REGISTRATION] = 3,
	[RSP_ASAP_DEREGISTRATION] = 1,
	[RSP_ASAP_REGISTRATION_RESPONSE] = 3,
	[RSP_ASAP_DEREGISTRATION_RESPONSE] = 1,
	[RSP_ASAP_HANDLE_RESOLUTION] = 2,
	[RSP_ASAP_HANDLE_RESOLUTION_RESPONSE] = 2,
	[RSP_ASAP_ENDPOINT_KEEP_ALIVE] = 9,
	[RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK] = 9,
	[RSP_ASAP_ERROR] = 0,
};

static void check_message(const u8 *data, u32 len, void *counts)
{
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;
	static u8 again[1 << 16];
	int err;

	err = rsp_asap_parse(&in, data, len, &msg);
	if (err)
		print_message("# octet %u: %s\n", in.error.offset,
			      in.error.what);
	assert_int_equal(err, 0);
	assert_int_equal(in.n_reports, 0);
	assert_int_equal(asap_rebuild(&msg, again, sizeof(again)), len);
	assert_memory_equal(again, data, len);
	((int *)counts)[msg.type]++;
}

static void test_same_octets(void **state)
{
	int counts[ARRAY_SIZE(expected)] = { 0 };

	(void)state;
	assert_int_equal(asap_pcap_read(CAPTURE, RSP_ASAP_PPID,
					check_message, counts), 30);
	assert_memory_equal(counts, expected, sizeof(expected));
}

static void check_values(const u8 *data, u32 len, void *seen)
{
	struct rsp_tlv_transport transport;
	struct rsp_tlv_element element;
	struct rsp_tlv_address address;
	struct rsp_asap_message msg;
	struct rsp_tlv_list list;
	struct rsp_tlv_input in;

	assert_int_equal(rsp_asap_parse(&in, data, len, &msg), 0);
	assert_int_equal(msg.handle.len, 8);
	assert_memory_equal(msg.handle.data, "EchoPool", 8);
	if (msg.type == RSP_ASAP_HANDLE_RESOLUTION)
		assert_true(msg.has_items && msg.items == 1);
	if (msg.type == RSP_ASAP_ENDPOINT_KEEP_ALIVE)
		assert_true(msg.has_pe_id);
	if (msg.type != RSP_ASAP_REGISTRATION)
		return;
	list = msg.params;
	assert_true(rsp_tlv_next_element(&list, &element));
	/* It is 0 until a registrar has taken it. */
	assert_true(!element.home || element.home == 0x83860f00);
	/* Milliseconds, whatever the RFC says. */
	assert_int_equal(element.life, 90000);
	assert_int_equal(element.policy.type, 1);
	assert_int_equal(element.asap.type, 0);
	list = element.user;
	assert_true(rsp_tlv_next_transport(&list, &transport));
	assert_int_equal(transport.type, RSP_TLV_SCTP_TRANSPORT);
	assert_int_equal(transport.use, RSP_TRANSPORT_USE_DATA_CONTROL);
	assert_in_range(transport.port, 5001, 5002);
	assert_true(rsp_tlv_next_address(&transport.addresses, &address));
	assert_int_equal(address.octets.len, 4);
	assert_memory_equal(address.octets.data, "\x0a\xff\xff\x01", 4);
	assert_false(rsp_tlv_next_address(&transport.addresses, &address));
	assert_false(rsp_tlv_next_transport(&list, &transport));
	++*(int *)seen;
}

static void test_values(void **state)
{
	int seen = 0;

	(void)state;
	assert_int_equal(asap_pcap_read(CAPTURE, RSP_ASAP_PPID, check_values,
					&seen), 30);
	assert_int_equal(seen, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_octets),
		cmocka_unit_test(test_values),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
