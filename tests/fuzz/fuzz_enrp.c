// SPDX-License-Identifier: GPL-2.0
/*
 * The codec reads any octets. What it takes, it builds again so that nothing
 * more comes of it; what it reports becomes an ENRP_ERROR; what it refuses has
 * a reason and an octet.
 */
#include <errno.h>
#include <stdlib.h>

#include "../unit/enrp_samples.h"

#define CHECK(x) do { if (!(x)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static u8 first[1 << 16], second[1 << 16];

static void check_taken(const struct rsp_enrp_message *msg, size_t len)
{
	struct rsp_enrp_message again;
	struct rsp_tlv_input in;
	int n;

	n = enrp_rebuild(msg, first, sizeof(first));
	/* With padding that was left out of it, it may be too long. */
	if (n == -EMSGSIZE) {
		CHECK(len > RSP_ASAP_LENGTH_MAX - 3);
		return;
	}
	CHECK(n > 0 && (size_t)n <= ALIGN(len, 4));
	CHECK(!rsp_enrp_parse(&in, first, n, &again));
	CHECK(!in.n_reports);
	CHECK(again.n_pools == msg->n_pools);
	CHECK(again.n_elements == msg->n_elements);
	CHECK(again.n_servers == msg->n_servers);
	CHECK(enrp_rebuild(&again, second, sizeof(second)) == n);
	CHECK(!memcmp(first, second, n));
}

static void check_reports(const struct rsp_tlv_input *in)
{
	static u8 answer[RSP_ENRP_REPORTS_SIZE];
	struct rsp_enrp_message msg;
	struct rsp_tlv_input parsed;
	struct rsp_tlv_writer w;
	int n;

	rsp_tlv_writer_init(&w, answer, sizeof(answer));
	n = rsp_enrp_put_reports(&w, in, 1, 2);
	CHECK(n > 0);
	CHECK(!rsp_enrp_parse(&parsed, answer, n, &msg));
	CHECK(msg.type == RSP_ENRP_ERROR);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct rsp_enrp_message msg;
	struct rsp_tlv_input in;
	int err;

	err = rsp_enrp_parse(&in, data, len, &msg);
	CHECK(in.error.code == err && !err == !in.error.what);
	CHECK(in.error.offset <= len);
	if (!err)
		check_taken(&msg, len);
	else
		CHECK(err == -EINVAL || err == -EMSGSIZE || err == -EOPNOTSUPP);
	if (in.n_reports)
		check_reports(&in);
	return 0;
}
