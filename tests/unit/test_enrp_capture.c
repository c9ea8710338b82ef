// SPDX-License-Identifier: GPL-2.0
/*
 * Each ENRP message of rsplib's: it parses, and comes out again as it was; and
 * the checksums in it are those of the elements that it tells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../tools/lib/checksum.h"
#include "asap_pcap.h"
#include "enrp_samples.h"

#define CAPTURE	"tests/data/rsplib-3.4.4.pcap"

/* Of the registrar that both elements have as their home. */
#define HOME	0x83860f00

/* How many of each type: counted by tshark's dissector. */
static const int expected[] = {
	[RSP_ENRP_PRESENCE] = 32,
	[RSP_ENRP_HANDLE_TABLE_REQUEST] = 2,
	[RSP_ENRP_HANDLE_TABLE_RESPONSE] = 2,
	[RSP_ENRP_HANDLE_UPDATE] = 3,
	[RSP_ENRP_LIST_REQUEST] = 4,
	[RSP_ENRP_LIST_RESPONSE] = 3,
	[RSP_ENRP_ERROR] = 0,
};

#define N_MESSAGES	46

static void parse(const u8 *data, u32 len, struct rsp_enrp_message *msg)
{
	struct rsp_tlv_input in;
	int err;

	err = rsp_enrp_parse(&in, data, len, msg);
	if (err)
		print_message("# octet %u: %s\n", in.error.offset,
			      in.error.what);
	assert_int_equal(err, 0);
	assert_int_equal(in.n_reports, 0);
}

static void check_message(const u8 *data, u32 len, void *counts)
{
	struct rsp_enrp_message msg;
	static u8 again[1 << 16];

	parse(data, len, &msg);
	assert_int_equal(enrp_rebuild(&msg, again, sizeof(again)), len);
	assert_memory_equal(again, data, len);
	((int *)counts)[msg.type]++;
}

static void test_same_octets(void **state)
{
	int counts[ARRAY_SIZE(expected)] = { 0 };

	(void)state;
	assert_int_equal(asap_pcap_read(CAPTURE, RSP_ENRP_PPID, check_message,
					counts), N_MESSAGES);
	assert_memory_equal(counts, expected, sizeof(expected));
}

/**
 * struct follower - what a peer of HOME knows
 * @checksum: over the elements that HOME owns
 * @told: HANDLE_TABLE_RESPONSE has been there
 * @compared: PRESENCEs of HOME that were compared with it
 */
struct follower {
	struct rsp_checksum checksum;
	bool told;
	int compared;
};

static void follow_table(struct follower *follower, struct rsp_tlv_list list)
{
	struct rsp_tlv_element element;
	struct rsp_enrp_pool pool;

	memset(&follower->checksum, 0, sizeof(follower->checksum));
	while (rsp_enrp_next_pool(&list, &pool))
		while (rsp_tlv_next_element(&pool.elements, &element))
			rsp_checksum_add(&follower->checksum, pool.handle.data,
					 pool.handle.len, element.id);
	follower->told = true;
}

static void follow(const u8 *data, u32 len, void *state)
{
	struct follower *follower = state;
	struct rsp_enrp_message msg;

	parse(data, len, &msg);
	if (msg.sender != HOME)
		return;
	if (msg.type == RSP_ENRP_HANDLE_TABLE_RESPONSE)
		follow_table(follower, msg.params);
	else if (msg.type == RSP_ENRP_HANDLE_UPDATE &&
		 msg.action == RSP_ENRP_DEL_PE)
		rsp_checksum_sub(&follower->checksum, msg.handle.data,
				 msg.handle.len, msg.element.id);
	if (msg.type != RSP_ENRP_PRESENCE || !follower->told)
		return;
	assert_true(msg.has_checksum);
	assert_int_equal(rsp_checksum_value(&follower->checksum),
			 msg.checksum);
	follower->compared++;
}

static void test_checksums(void **state)
{
	struct follower follower = { .told = false };

	(void)state;
	asap_pcap_read(CAPTURE, RSP_ENRP_PPID, follow, &follower);
	assert_true(follower.compared > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_octets),
		cmocka_unit_test(test_checksums),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
