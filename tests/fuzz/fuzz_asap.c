// SPDX-License-Identifier: GPL-2.0
/*
 * The codec reads any octets. What it takes, it builds again so that nothing
 * more comes of it; what it reports becomes an ASAP_ERROR; what it refuses has
 * a reason and an octet.
 */
#include <errno.h>
#include <stdlib.h>

#include "../unit/asap_samples.h"

#define CHECK(x) do { if (!(x)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static u8 first[1 << 16], second[1 << 16];

static void check_taken(const struct rsp_asap_message *msg, size_t len)
{
	struct rsp_asap_message again;
	struct rsp_tlv_input in;
	int n;

	n = asap_rebuild(msg, first, sizeof(first));
	/* With padding that was left out of it, it may be too long. */
	if (n == -EMSGSIZE) {
		CHECK(len > RSP_ASAP_LENGTH_MAX - 3);
		return;
	}
	CHECK(n > 0 && (size_t)n <= ALIGN(len, 4));
	CHECK(!rsp_asap_parse(&in, first, n, &again));
	CHECK(!in.n_reports);
	CHECK(again.n_elements == msg->n_elements);
	CHECK(again.n_transports == msg->n_transports);
	CHECK(asap_rebuild(&again, second, sizeof(second)) == n);
	CHECK(!memcmp(first, second, n));
}

static void check_reports(const struct rsp_tlv_input *in)
{
	static u8 answer[RSP_REPORTS_SIZE];
	struct rsp_asap_message msg;
	struct rsp_tlv_input parsed;
	struct rsp_tlv_writer w;
	int n;

	rsp_tlv_writer_init(&w, answer, sizeof(answer));
	n = rsp_asap_put_reports(&w, in);
	CHECK(n > 0);
	CHECK(!rsp_asap_parse(&parsed, answer, n, &msg));
	CHECK(msg.type == RSP_ASAP_ERROR);
}

/* Parameters that only ENRP's messages have, at the top. */
static void check_enrp(const u8 *data, size_t len)
{
	struct rsp_tlv_list list = { data, data + len };
	struct rsp_tlv_input in = { .message = { data, len } };
	struct rsp_tlv_server server;
	struct rsp_tlv tlv;
	u16 checksum;
	int err;

	while (rsp_tlv_next(&in, &list, &tlv) > 0) {
		if (tlv.type == RSP_TLV_SERVER)
			err = rsp_tlv_parse_server(&in, &tlv, &server);
		else if (tlv.type == RSP_TLV_PE_CHECKSUM)
			err = rsp_tlv_parse_checksum(&in, &tlv, &checksum);
		else
			continue;
		CHECK(!err || in.error.offset < len);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;
	int err;

	err = rsp_asap_parse(&in, data, len, &msg);
	CHECK(in.error.code == err && !err == !in.error.what);
	CHECK(in.error.offset <= len);
	if (!err)
		check_taken(&msg, len);
	else
		CHECK(err == -EINVAL || err == -EMSGSIZE || err == -EOPNOTSUPP);
	if (in.n_reports)
		check_reports(&in);
	if (len >= 4)
		check_enrp(data + 4, len - 4);
	return 0;
}
