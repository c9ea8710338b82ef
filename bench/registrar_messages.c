// SPDX-License-Identifier: GPL-2.0
/* What elements and users ask a registrar, and what it answers. */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/rserpool_netlink.h>

#include "registrar.h"

u8 request[RSP_ASAP_LENGTH_MAX + 1];

u32 element_id(u32 user, u32 number)
{
	return user * IDS_A_USER + 1 + number;
}

static u32 pool_of(const struct turn *turn, u32 user, u32 number)
{
	return (number * USERS + user) % turn->pools;
}

/* Handles are of one length, and so are all requests and answers of a kind. */
static void begin(struct rsp_tlv_writer *w, u8 type, u32 pool)
{
	char handle[32];
	int len;

	rsp_tlv_writer_init(w, request, sizeof(request));
	rsp_asap_begin(w, type, 0);
	len = snprintf(handle, sizeof(handle), "bench-%06u", pool);
	rsp_tlv_put(w, RSP_TLV_HANDLE, handle, (u32)len);
}

/* Where it is says its number, so that no two are alike. */
u32 build_registration(const struct turn *turn, u32 user, u32 number)
{
	struct rsp_tlv_policy policy = { .type = RSERPOOL_POLICY_RR };
	struct rsp_tlv_transport tcp = {
		.type = RSP_TLV_TCP_TRANSPORT, .port = 7000,
	};
	struct rsp_tlv_element element = {
		.id = element_id(user, number), .life = LIFE,
	};
	__be32 v4 = htonl(10 << 24 | (number * USERS + user));
	struct rsp_tlv_address address = { .octets = { (u8 *)&v4, 4 } };
	struct rsp_tlv_writer w;
	u32 outer, inner;

	begin(&w, RSP_ASAP_REGISTRATION, pool_of(turn, user, number));
	outer = rsp_tlv_begin_element(&w, &element);
	inner = rsp_tlv_begin_transport(&w, &tcp);
	rsp_tlv_put_address(&w, &address);
	rsp_tlv_end(&w, inner);
	rsp_tlv_put_policy(&w, &policy);
	rsp_tlv_end(&w, outer);
	return (u32)rsp_asap_end(&w, 0);
}

u32 build_deregistration(const struct turn *turn, u32 user, u32 number)
{
	struct rsp_tlv_writer w;

	begin(&w, RSP_ASAP_DEREGISTRATION, pool_of(turn, user, number));
	rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, element_id(user, number));
	return (u32)rsp_asap_end(&w, 0);
}

static u32 resolution(u32 pool)
{
	struct rsp_tlv_writer w;

	begin(&w, RSP_ASAP_HANDLE_RESOLUTION, pool);
	return (u32)rsp_asap_end(&w, 0);
}

u32 build_resolution(const struct turn *turn, u32 user, u32 number)
{
	return resolution(pool_of(turn, user, number));
}

u32 build_random_resolution(const struct turn *turn, u32 user, u32 number)
{
	(void)user;
	(void)number;
	return resolution((u32)random() % turn->pools);
}

/* Whether a resolution's answer has this element. */
bool has_element(const u8 *data, u32 len, u32 id)
{
	struct rsp_tlv_element element;
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;

	if (rsp_asap_parse(&in, data, len, &msg))
		errx(1, "answer: %s", in.error.what);
	while (rsp_tlv_next_element(&msg.params, &element))
		if (element.id == id)
			return true;
	return false;
}

/* As much of it as tells that it was granted. */
void check_answer(const u8 *data, u32 len)
{
	switch (data[0]) {
	case RSP_ASAP_REGISTRATION_RESPONSE:
		if (data[1] & RSP_ASAP_FLAG_REJECT)
			errx(1, "a registration was refused");
		return;
	case RSP_ASAP_DEREGISTRATION_RESPONSE:
		return;
	case RSP_ASAP_HANDLE_RESOLUTION_RESPONSE:
		/* One without elements has a handle and a cause. */
		if (len < 60)
			errx(1, "a resolution without elements");
		return;
	}
	errx(1, "message 0x%x", data[0]);
}
