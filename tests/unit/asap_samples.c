// SPDX-License-Identifier: GPL-2.0
/* Each message and each parameter that there is, at least once. */
#include <linux/rserpool_netlink.h>

#include "asap_samples.h"

#define DATA_ONLY	RSP_TRANSPORT_USE_DATA_ONLY
#define CONTROL		RSP_TRANSPORT_USE_DATA_CONTROL

static const u8 v4_octets[] = { 192, 0, 2, 1 };
static const u8 v4_other_octets[] = { 198, 51, 100, 7 };
static const u8 v6_octets[] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
const struct rsp_tlv_address sample_v4 = { { v4_octets, 4 } };
static const struct rsp_tlv_address v4_other = { { v4_other_octets, 4 } };
const struct rsp_tlv_address sample_v6 = { { v6_octets, 16 } };

/* 5 octets: wants padding. */
void sample_handle(struct rsp_tlv_writer *w)
{
	rsp_tlv_put(w, RSP_TLV_HANDLE, "pool1", 5);
}

static void put_pe_id(struct rsp_tlv_writer *w)
{
	rsp_tlv_put_u32(w, RSP_TLV_PE_ID, 0xac786951);
}

void sample_transport(struct rsp_tlv_writer *w, u16 type, u16 use,
		      const struct rsp_tlv_address *address)
{
	struct rsp_tlv_transport transport = {
		.type = type, .port = 4711, .use = use,
		.service_code = 0xfedcba98,
	};
	u32 begin = rsp_tlv_begin_transport(w, &transport);

	rsp_tlv_put_address(w, address);
	rsp_tlv_end(w, begin);
}

static void put_policy(struct rsp_tlv_writer *w, u32 type)
{
	struct rsp_tlv_policy policy = {
		.type = type, .value = 0x12345678, .degradation = 0x1234,
	};

	rsp_tlv_put_policy(w, &policy);
}

static u32 begin_element(struct rsp_tlv_writer *w, u32 id)
{
	struct rsp_tlv_element element = {
		.id = id, .home = 0x83860f00, .life = 300,
	};

	return rsp_tlv_begin_element(w, &element);
}

void sample_element(struct rsp_tlv_writer *w, u32 id)
{
	u32 begin = begin_element(w, id);

	sample_transport(w, RSP_TLV_TCP_TRANSPORT, CONTROL, &sample_v4);
	put_policy(w, RSERPOOL_POLICY_RR);
	rsp_tlv_end(w, begin);
}

static void registration(struct rsp_tlv_writer *w)
{
	sample_handle(w);
	sample_element(w, 7);
}

/* An element for ever, with a transport and a policy. */
static void put_registration(struct rsp_tlv_writer *w, u16 type,
			     const struct rsp_tlv_address *address, u32 policy)
{
	struct rsp_tlv_element element = { .id = 8, .life = RSP_LIFE_INFINITE };
	u32 begin;

	sample_handle(w);
	begin = rsp_tlv_begin_element(w, &element);
	sample_transport(w, type, DATA_ONLY, address);
	put_policy(w, policy);
	rsp_tlv_end(w, begin);
}

static void registration_tcp6(struct rsp_tlv_writer *w)
{
	put_registration(w, RSP_TLV_TCP_TRANSPORT, &sample_v6, RSERPOOL_POLICY_WRR);
}

static void registration_udp(struct rsp_tlv_writer *w)
{
	put_registration(w, RSP_TLV_UDP_TRANSPORT, &sample_v4, RSERPOOL_POLICY_RAND);
}

static void registration_udplite(struct rsp_tlv_writer *w)
{
	put_registration(w, RSP_TLV_UDPLITE_TRANSPORT, &sample_v6,
			 RSERPOOL_POLICY_WRAND);
}

static void registration_dccp(struct rsp_tlv_writer *w)
{
	put_registration(w, RSP_TLV_DCCP_TRANSPORT, &sample_v4, RSERPOOL_POLICY_PRIO);
}

static void registration_lu(struct rsp_tlv_writer *w)
{
	put_registration(w, RSP_TLV_TCP_TRANSPORT, &sample_v4, RSERPOOL_POLICY_LU);
}

static void registration_lud(struct rsp_tlv_writer *w)
{
	put_registration(w, RSP_TLV_TCP_TRANSPORT, &sample_v4, RSERPOOL_POLICY_LUD);
}

static void registration_plu(struct rsp_tlv_writer *w)
{
	put_registration(w, RSP_TLV_TCP_TRANSPORT, &sample_v4, RSERPOOL_POLICY_PLU);
}

static void registration_rlu(struct rsp_tlv_writer *w)
{
	put_registration(w, RSP_TLV_TCP_TRANSPORT, &sample_v4, RSERPOOL_POLICY_RLU);
}

static void registration_opaque(struct rsp_tlv_writer *w)
{
	struct rsp_tlv_transport transport = {
		.type = RSP_TLV_OPAQUE_TRANSPORT,
		.opaque = { (const u8 *)"where?", 6 },
	};
	struct rsp_tlv_policy policy = {
		.type = 0xc0ffee, .data = { (const u8 *)"later", 5 },
	};
	u32 begin;

	sample_handle(w);
	begin = begin_element(w, 9);
	rsp_tlv_end(w, rsp_tlv_begin_transport(w, &transport));
	rsp_tlv_put_policy(w, &policy);
	rsp_tlv_end(w, begin);
}

/* SCTP on two hosts, and where the registrar saw it. */
static void registration_sctp(struct rsp_tlv_writer *w)
{
	struct rsp_tlv_transport transport = {
		.type = RSP_TLV_SCTP_TRANSPORT, .port = 5001,
		.use = CONTROL,
	};
	u32 element, begin;

	sample_handle(w);
	element = begin_element(w, 10);
	begin = rsp_tlv_begin_transport(w, &transport);
	rsp_tlv_put_address(w, &sample_v4);
	rsp_tlv_put_address(w, &sample_v6);
	rsp_tlv_put_address(w, &v4_other);
	rsp_tlv_end(w, begin);
	put_policy(w, RSERPOOL_POLICY_RR);
	sample_transport(w, RSP_TLV_SCTP_TRANSPORT, DATA_ONLY, &sample_v4);
	rsp_tlv_end(w, element);
}

static void registration_two(struct rsp_tlv_writer *w)
{
	u32 element;

	sample_handle(w);
	element = begin_element(w, 11);
	sample_transport(w, RSP_TLV_TCP_TRANSPORT, DATA_ONLY, &sample_v6);
	sample_transport(w, RSP_TLV_TCP_TRANSPORT, DATA_ONLY, &sample_v4);
	put_policy(w, RSERPOOL_POLICY_RR);
	rsp_tlv_end(w, element);
}

static void handle_and_pe_id(struct rsp_tlv_writer *w)
{
	sample_handle(w);
	put_pe_id(w);
}

/* Every cause; what each is about as RFC 5354, section 3.12, has it. */
static void rejected(struct rsp_tlv_writer *w)
{
	u32 begin, cause;

	handle_and_pe_id(w);
	begin = rsp_tlv_begin(w, RSP_TLV_ERROR);
	rsp_tlv_put(w, RSP_CAUSE_UNSPECIFIED, NULL, 0);
	cause = rsp_tlv_begin(w, RSP_CAUSE_INVALID_VALUES);
	sample_handle(w);
	rsp_tlv_end(w, cause);
	rsp_tlv_put(w, RSP_CAUSE_PE_ID_IN_USE, NULL, 0);
	cause = rsp_tlv_begin(w, RSP_CAUSE_INCONSISTENT_POLICY);
	put_policy(w, RSERPOOL_POLICY_WRR);
	rsp_tlv_end(w, cause);
	rsp_tlv_put(w, RSP_CAUSE_LACK_OF_RESOURCES, NULL, 0);
	cause = rsp_tlv_begin(w, RSP_CAUSE_INCONSISTENT_TRANSPORT);
	sample_transport(w, RSP_TLV_TCP_TRANSPORT, DATA_ONLY, &sample_v4);
	rsp_tlv_end(w, cause);
	rsp_tlv_put(w, RSP_CAUSE_INCONSISTENT_USE, NULL, 0);
	rsp_tlv_put(w, RSP_CAUSE_SECURITY, NULL, 0);
	rsp_tlv_end(w, begin);
}

static void denied(struct rsp_tlv_writer *w)
{
	u32 begin;

	handle_and_pe_id(w);
	begin = rsp_tlv_begin(w, RSP_TLV_ERROR);
	rsp_tlv_put(w, RSP_CAUSE_SECURITY, NULL, 0);
	rsp_tlv_end(w, begin);
}

static void resolution_items(struct rsp_tlv_writer *w)
{
	sample_handle(w);
	rsp_tlv_put_u32(w, RSP_TLV_ITEMS, 3);
}

static void response(struct rsp_tlv_writer *w)
{
	sample_handle(w);
	put_policy(w, RSERPOOL_POLICY_LU);
	sample_element(w, 1);
	sample_element(w, 2);
	sample_element(w, 0xffffffff);
}

static void response_rr(struct rsp_tlv_writer *w)
{
	sample_handle(w);
	sample_element(w, 1);
}

static void response_unknown(struct rsp_tlv_writer *w)
{
	u32 begin;

	sample_handle(w);
	begin = rsp_tlv_begin(w, RSP_TLV_ERROR);
	rsp_tlv_put(w, RSP_CAUSE_UNKNOWN_HANDLE, NULL, 0);
	rsp_tlv_end(w, begin);
}

static void keep_alive(struct rsp_tlv_writer *w)
{
	rsp_asap_put_server_id(w, 0x83860f00);
	sample_handle(w);
}

static void keep_alive_pe_id(struct rsp_tlv_writer *w)
{
	keep_alive(w);
	put_pe_id(w);
}

static void announce(struct rsp_tlv_writer *w)
{
	rsp_asap_put_server_id(w, 0x83860f00);
	sample_transport(w, RSP_TLV_SCTP_TRANSPORT, DATA_ONLY, &sample_v4);
	sample_transport(w, RSP_TLV_TCP_TRANSPORT, DATA_ONLY, &sample_v6);
	sample_transport(w, RSP_TLV_SCTP_TRANSPORT, DATA_ONLY, &sample_v6);
}

static void announce_alone(struct rsp_tlv_writer *w)
{
	rsp_asap_put_server_id(w, 0x83860f00);
}

static void cookie(struct rsp_tlv_writer *w)
{
	rsp_tlv_put(w, RSP_TLV_COOKIE, "state: 42", 9);
}

static void cookie_checkpoint(struct rsp_tlv_writer *w)
{
	struct rsp_tlv_checkpoint checkpoint = {
		.read = 0x0123456789abcdefULL, .written = 1,
	};

	cookie(w);
	rsp_tlv_put_checkpoint(w, &checkpoint);
}

static void cookie_empty(struct rsp_tlv_writer *w)
{
	rsp_tlv_put(w, RSP_TLV_COOKIE, NULL, 0);
}

/* The last one's policy has an odd length: two paddings end together. */
static void card(struct rsp_tlv_writer *w)
{
	struct rsp_tlv_policy policy = {
		.type = 0x40000009, .data = { (const u8 *)"?", 1 },
	};
	u32 begin;

	sample_handle(w);
	sample_element(w, 3);
	begin = begin_element(w, 4);
	sample_transport(w, RSP_TLV_TCP_TRANSPORT, CONTROL, &sample_v6);
	rsp_tlv_put_policy(w, &policy);
	rsp_tlv_end(w, begin);
}

static void error_unknown(struct rsp_tlv_writer *w)
{
	u32 begin = rsp_tlv_begin(w, RSP_TLV_ERROR);
	u32 cause = rsp_tlv_begin(w, RSP_CAUSE_UNKNOWN_PARAMETER);

	rsp_tlv_put(w, 0xd234, "what's this", 11);
	rsp_tlv_end(w, cause);
	cause = rsp_tlv_begin(w, RSP_CAUSE_UNKNOWN_MESSAGE);
	rsp_tlv_put_octets(w, "\x42\0\0\x0c\x12\x34\0\x08what", 12);
	rsp_tlv_end(w, cause);
	rsp_tlv_end(w, begin);
}

#define HANDLE	"asap.pool_handle_pool_handle == 70:6f:6f:6c:31"
#define PE_ID	"asap.pe_identifier == 0xac786951"
#define V4	"asap.ipv4_address == 192.0.2.1"
#define V6	"asap.ipv6_address == 2001:db8::1"
#define ENTRY	"asap.pool_element_home_enrp_server_identifier == 0x83860f00"
#define POLICY	"asap.pool_member_selection_policy_type == "
/* tshark shows loads as per cent. */
#define LOAD	"asap.pool_member_selection_policy_load > 7.11 && " \
		"asap.pool_member_selection_policy_load < 7.12"
#define DEGRADATION \
	"asap.pool_member_selection_policy_degradation > 0.000108 && " \
	"asap.pool_member_selection_policy_degradation < 0.000109"
#define SERVER	"asap.server_identifier == 0x83860f00"
#define CAUSE	"asap.cause_code == "

const struct asap_sample asap_samples[] = {
	{ "registration", RSP_ASAP_REGISTRATION, 0, registration,
	  HANDLE " && " V4 " && " ENTRY " && " POLICY "1 &&"
	  "asap.pool_element_pe_identifier == 7 &&"
	  "asap.pool_element_registration_life == 300 &&"
	  "asap.tcp_transport_port == 4711" },
	{ "registration-tcp6", RSP_ASAP_REGISTRATION, 0, registration_tcp6,
	  V6 " && " POLICY "2 &&"
	  "asap.pool_member_selection_policy_weight == 0x12345678 &&"
	  "asap.pool_element_registration_life == -1" },
	{ "registration-udp", RSP_ASAP_REGISTRATION, 0, registration_udp,
	  POLICY "3 && asap.udp_transport_port == 4711" },
	{ "registration-udplite", RSP_ASAP_REGISTRATION, 0,
	  registration_udplite,
	  POLICY "4 && asap.udp_lite_transport_port == 4711 &&"
	  "asap.pool_member_selection_policy_weight == 0x12345678" },
	{ "registration-dccp", RSP_ASAP_REGISTRATION, 0, registration_dccp,
	  POLICY "5 && asap.dccp_transport_port == 4711 &&"
	  "asap.pool_member_selection_policy_priority == 0x12345678" },
	{ "registration-lu", RSP_ASAP_REGISTRATION, 0, registration_lu,
	  POLICY "0x40000001 && " LOAD },
	{ "registration-lud", RSP_ASAP_REGISTRATION, 0, registration_lud,
	  POLICY "0x40000002 && " LOAD " && " DEGRADATION },
	{ "registration-plu", RSP_ASAP_REGISTRATION, 0, registration_plu,
	  POLICY "0x40000003 && " LOAD " && " DEGRADATION },
	{ "registration-rlu", RSP_ASAP_REGISTRATION, 0, registration_rlu,
	  POLICY "0x40000004 && " LOAD },
	{ "registration-opaque", RSP_ASAP_REGISTRATION, 0,
	  registration_opaque, POLICY "0xc0ffee" },
	{ "registration-sctp", RSP_ASAP_REGISTRATION, 0, registration_sctp,
	  V4 " && " V6 " && asap.ipv4_address == 198.51.100.7 &&"
	  "asap.sctp_transport_port == 5001 && asap.transport_use == 1 &&"
	  "asap.sctp_transport_port == 4711" },
	{ "registration-two", RSP_ASAP_REGISTRATION, 0, registration_two,
	  V4 " && " V6 },
	{ "deregistration", RSP_ASAP_DEREGISTRATION, 0, handle_and_pe_id,
	  HANDLE " && " PE_ID },
	{ "registration-response", RSP_ASAP_REGISTRATION_RESPONSE, 0,
	  handle_and_pe_id, HANDLE " && " PE_ID " && asap.r_bit == 0" },
	{ "registration-rejected", RSP_ASAP_REGISTRATION_RESPONSE,
	  RSP_ASAP_FLAG_REJECT, rejected,
	  "asap.r_bit == 1 &&" CAUSE "0 && " CAUSE "3 && " CAUSE "4 && "
	  CAUSE "5 && " CAUSE "6 && " CAUSE "7 && " CAUSE "8 && " CAUSE "10" },
	{ "deregistration-response", RSP_ASAP_DEREGISTRATION_RESPONSE, 0,
	  handle_and_pe_id, HANDLE " && " PE_ID },
	{ "deregistration-denied", RSP_ASAP_DEREGISTRATION_RESPONSE, 0,
	  denied, CAUSE "10" },
	{ "handle-resolution", RSP_ASAP_HANDLE_RESOLUTION, 0, sample_handle,
	  HANDLE },
	{ "handle-resolution-items", RSP_ASAP_HANDLE_RESOLUTION,
	  RSP_ASAP_FLAG_SUBSCRIBE, resolution_items,
	  HANDLE " && asap.hropt_items == 3 && asap.message_flags == 1" },
	{ "handle-resolution-response", RSP_ASAP_HANDLE_RESOLUTION_RESPONSE,
	  RSP_ASAP_FLAG_ACCEPTED, response,
	  HANDLE " && " POLICY "0x40000001 &&"
	  "asap.pool_element_pe_identifier == 1 &&"
	  "asap.pool_element_pe_identifier == 2 &&"
	  "asap.pool_element_pe_identifier == 0xffffffff" },
	{ "handle-resolution-response-rr",
	  RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, 0, response_rr,
	  HANDLE " && " V4 },
	{ "handle-resolution-unknown", RSP_ASAP_HANDLE_RESOLUTION_RESPONSE,
	  0, response_unknown, HANDLE " && " CAUSE "9" },
	{ "keep-alive", RSP_ASAP_ENDPOINT_KEEP_ALIVE, 0, keep_alive,
	  SERVER " && " HANDLE " && asap.h_bit == 0" },
	{ "keep-alive-home", RSP_ASAP_ENDPOINT_KEEP_ALIVE,
	  RSP_ASAP_FLAG_HOME, keep_alive_pe_id,
	  SERVER " && " HANDLE " && " PE_ID " && asap.h_bit == 1" },
	{ "keep-alive-ack", RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK, 0,
	  handle_and_pe_id, HANDLE " && " PE_ID },
	{ "unreachable", RSP_ASAP_ENDPOINT_UNREACHABLE, 0, handle_and_pe_id,
	  HANDLE " && " PE_ID },
	{ "announce", RSP_ASAP_SERVER_ANNOUNCE, 0, announce,
	  SERVER " && " V4 " && " V6 " && asap.sctp_transport_port == 4711 &&"
	  "asap.tcp_transport_port == 4711" },
	{ "announce-alone", RSP_ASAP_SERVER_ANNOUNCE, 0, announce_alone,
	  SERVER },
	{ "cookie", RSP_ASAP_COOKIE, 0, cookie,
	  "asap.cookie == 73:74:61:74:65:3a:20:34:32" },
	{ "cookie-checkpoint", RSP_ASAP_COOKIE, 0, cookie_checkpoint,
	  "asap.cookie == 73:74:61:74:65:3a:20:34:32 &&"
	  "asap.parameter_type == 0x8001 && asap.parameter_value =="
	  "01:23:45:67:89:ab:cd:ef:00:00:00:00:00:00:00:01" },
	{ "cookie-echo", RSP_ASAP_COOKIE_ECHO, 0, cookie,
	  "asap.cookie == 73:74:61:74:65:3a:20:34:32" },
	{ "cookie-echo-empty", RSP_ASAP_COOKIE_ECHO, 0, cookie_empty,
	  "asap.parameter_type == 0xd && asap.parameter_length == 4" },
	{ "business-card", RSP_ASAP_BUSINESS_CARD, 0, card,
	  HANDLE " && " V4 " && " V6 " &&"
	  "asap.pool_element_pe_identifier == 3 &&"
	  "asap.pool_element_pe_identifier == 4" },
	{ "business-card-alone", RSP_ASAP_BUSINESS_CARD, 0, sample_handle,
	  HANDLE },
	{ "error", RSP_ASAP_ERROR, 0, error_unknown, CAUSE "1 && " CAUSE "2" },
};

const int n_asap_samples = ARRAY_SIZE(asap_samples);

int asap_sample_build(const struct asap_sample *sample, void *buf, u32 cap)
{
	struct rsp_tlv_writer w;
	u32 begin;

	rsp_tlv_writer_init(&w, buf, cap);
	begin = rsp_asap_begin(&w, sample->type, sample->flags);
	sample->params(&w);
	return rsp_asap_end(&w, begin);
}

void asap_put_transport(struct rsp_tlv_writer *w,
			const struct rsp_tlv_transport *transport)
{
	struct rsp_tlv_list addresses = transport->addresses;
	u32 begin = rsp_tlv_begin_transport(w, transport);
	struct rsp_tlv_address address;

	while (rsp_tlv_next_address(&addresses, &address))
		rsp_tlv_put_address(w, &address);
	rsp_tlv_end(w, begin);
}

void asap_put_element(struct rsp_tlv_writer *w,
		      const struct rsp_tlv_element *element)
{
	u32 begin = rsp_tlv_begin_element(w, element);
	struct rsp_tlv_list user = element->user;
	struct rsp_tlv_transport transport;

	while (rsp_tlv_next_transport(&user, &transport))
		asap_put_transport(w, &transport);
	rsp_tlv_put_policy(w, &element->policy);
	if (element->asap.type)
		asap_put_transport(w, &element->asap);
	rsp_tlv_end(w, begin);
}

void asap_put_causes(struct rsp_tlv_writer *w, struct rsp_tlv_list causes)
{
	u32 begin = rsp_tlv_begin(w, RSP_TLV_ERROR);
	struct rsp_tlv cause;

	while (rsp_tlv_next_cause(&causes, &cause))
		rsp_tlv_put(w, cause.type, cause.value.data, cause.value.len);
	rsp_tlv_end(w, begin);
}

/* What the message has, in the order that all messages keep. */
int asap_rebuild(const struct rsp_asap_message *msg, void *buf, u32 cap)
{
	struct rsp_tlv_list elements = msg->params, transports = msg->params;
	struct rsp_tlv_transport transport;
	struct rsp_tlv_element element;
	struct rsp_tlv_writer w;
	u32 begin;

	rsp_tlv_writer_init(&w, buf, cap);
	begin = rsp_asap_begin(&w, msg->type, msg->flags);
	if (msg->type == RSP_ASAP_ENDPOINT_KEEP_ALIVE ||
	    msg->type == RSP_ASAP_SERVER_ANNOUNCE)
		rsp_asap_put_server_id(&w, msg->server_id);
	if (msg->handle.len)
		rsp_tlv_put(&w, RSP_TLV_HANDLE, msg->handle.data,
			    msg->handle.len);
	if (msg->policy.type)
		rsp_tlv_put_policy(&w, &msg->policy);
	while (rsp_tlv_next_element(&elements, &element))
		asap_put_element(&w, &element);
	if (msg->has_pe_id)
		rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, msg->pe_id);
	if (msg->has_items)
		rsp_tlv_put_u32(&w, RSP_TLV_ITEMS, msg->items);
	if (msg->causes.pos != msg->causes.end)
		asap_put_causes(&w, msg->causes);
	while (rsp_tlv_next_transport(&transports, &transport))
		asap_put_transport(&w, &transport);
	if (msg->type == RSP_ASAP_COOKIE || msg->type == RSP_ASAP_COOKIE_ECHO)
		rsp_tlv_put(&w, RSP_TLV_COOKIE, msg->cookie.data,
			    msg->cookie.len);
	if (msg->has_checkpoint)
		rsp_tlv_put_checkpoint(&w, &msg->checkpoint);
	return rsp_asap_end(&w, begin);
}
