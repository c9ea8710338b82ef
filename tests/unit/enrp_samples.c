// SPDX-License-Identifier: GPL-2.0
/* Each ENRP message that there is, at least once. */
#include "enrp_samples.h"

#define SENDER		0x588c0516
#define RECEIVER	0x83860f00
#define TARGET		0x2482f75c

static void put_be32(struct rsp_tlv_writer *w, u32 value)
{
	__be32 wire = cpu_to_be32(value);

	rsp_tlv_put_octets(w, &wire, sizeof(wire));
}

static void to_one(struct rsp_tlv_writer *w)
{
	put_be32(w, SENDER);
	put_be32(w, RECEIVER);
}

static void to_all(struct rsp_tlv_writer *w)
{
	put_be32(w, SENDER);
	put_be32(w, 0);
}

static void put_server(struct rsp_tlv_writer *w, u32 id, u16 type,
		       const struct rsp_tlv_address *address)
{
	u32 begin = rsp_tlv_begin_server(w, id);

	sample_transport(w, type, RSP_TRANSPORT_USE_DATA_ONLY, address);
	rsp_tlv_end(w, begin);
}

static void presence(struct rsp_tlv_writer *w)
{
	to_all(w);
	rsp_tlv_put_checksum(w, 0xd59c);
	put_server(w, SENDER, RSP_TLV_SCTP_TRANSPORT, &sample_v4);
}

static void presence_tcp(struct rsp_tlv_writer *w)
{
	to_one(w);
	rsp_tlv_put_checksum(w, 0xffff);
	put_server(w, SENDER, RSP_TLV_TCP_TRANSPORT, &sample_v6);
}

static void presence_checksum(struct rsp_tlv_writer *w)
{
	to_one(w);
	rsp_tlv_put_checksum(w, 0);
}

static void table(struct rsp_tlv_writer *w)
{
	to_one(w);
	sample_handle(w);
	sample_element(w, 1);
	sample_element(w, 2);
	rsp_tlv_put(w, RSP_TLV_HANDLE, "another", 7);
	sample_element(w, 0xffffffff);
}

static void update_add(struct rsp_tlv_writer *w)
{
	to_all(w);
	put_be32(w, RSP_ENRP_ADD_PE << 16);
	sample_handle(w);
	sample_element(w, 7);
}

static void update_del(struct rsp_tlv_writer *w)
{
	to_all(w);
	put_be32(w, RSP_ENRP_DEL_PE << 16);
	sample_handle(w);
	sample_element(w, 7);
}

static void list(struct rsp_tlv_writer *w)
{
	to_one(w);
	put_server(w, SENDER, RSP_TLV_SCTP_TRANSPORT, &sample_v4);
	put_server(w, TARGET, RSP_TLV_TCP_TRANSPORT, &sample_v6);
}

static void takeover(struct rsp_tlv_writer *w)
{
	to_all(w);
	put_be32(w, TARGET);
}

static void takeover_ack(struct rsp_tlv_writer *w)
{
	to_one(w);
	put_be32(w, TARGET);
}

static void unreachable(struct rsp_tlv_writer *w)
{
	to_one(w);
	put_be32(w, 7);
	sample_handle(w);
}

static void error(struct rsp_tlv_writer *w)
{
	u32 begin, cause;

	to_one(w);
	begin = rsp_tlv_begin(w, RSP_TLV_ERROR);
	cause = rsp_tlv_begin(w, RSP_CAUSE_UNKNOWN_PARAMETER);
	rsp_tlv_put(w, 0xd234, "what's this", 11);
	rsp_tlv_end(w, cause);
	rsp_tlv_put(w, RSP_CAUSE_SECURITY, NULL, 0);
	rsp_tlv_end(w, begin);
}

#define SENT	"enrp.sender_servers_id == 0x588c0516 && "
#define TO_ALL	SENT "enrp.receiver_servers_id == 0"
#define TO_ONE	SENT "enrp.receiver_servers_id == 0x83860f00"
#define ABOUT	"enrp.target_servers_id == 0x2482f75c"
#define HANDLE	"enrp.pool_handle_pool_handle == 70:6f:6f:6c:31"
#define V4	"enrp.ipv4_address == 192.0.2.1"
#define V6	"enrp.ipv6_address == 2001:db8::1"
#define ID	"enrp.pool_element_pe_identifier == "
#define SERVER	"enrp.server_information_server_identifier == "

const struct asap_sample enrp_samples[] = {
	{ "presence", RSP_ENRP_PRESENCE, 0, presence,
	  TO_ALL " && enrp.pe_checksum == 0xd59c && " SERVER "0x588c0516 && "
	  V4 " && enrp.sctp_transport_port == 4711" },
	{ "presence-reply", RSP_ENRP_PRESENCE, RSP_ENRP_FLAG_REPLY,
	  presence_tcp,
	  TO_ONE " && enrp.pe_checksum == 0xffff && enrp.r_bit == 1 && "
	  V6 " && enrp.tcp_transport_port == 4711" },
	{ "presence-checksum", RSP_ENRP_PRESENCE, 0, presence_checksum,
	  TO_ONE " && enrp.pe_checksum == 0" },
	{ "presence-alone", RSP_ENRP_PRESENCE, 0, to_all, TO_ALL },
	{ "handle-table-request", RSP_ENRP_HANDLE_TABLE_REQUEST, 0, to_one,
	  TO_ONE " && enrp.w_bit == 0" },
	{ "handle-table-request-own", RSP_ENRP_HANDLE_TABLE_REQUEST,
	  RSP_ENRP_FLAG_OWN, to_one, TO_ONE " && enrp.w_bit == 1" },
	{ "handle-table-response", RSP_ENRP_HANDLE_TABLE_RESPONSE,
	  RSP_ENRP_FLAG_MORE, table,
	  TO_ONE " && enrp.m_bit == 1 && enrp.r_bit == 0 && " HANDLE " && "
	  "enrp.pool_handle_pool_handle == 61:6e:6f:74:68:65:72 && "
	  ID "1 && " ID "2 && " ID "0xffffffff && " V4 },
	{ "handle-table-response-none", RSP_ENRP_HANDLE_TABLE_RESPONSE, 0,
	  to_one, TO_ONE " && enrp.m_bit == 0 && enrp.r_bit == 0" },
	{ "handle-table-rejected", RSP_ENRP_HANDLE_TABLE_RESPONSE,
	  RSP_ENRP_FLAG_REJECT, to_one, TO_ONE " && enrp.r_bit == 1" },
	{ "handle-update-add", RSP_ENRP_HANDLE_UPDATE, 0, update_add,
	  TO_ALL " && enrp.update_action == 0 && " HANDLE " && " ID "7" },
	{ "handle-update-del", RSP_ENRP_HANDLE_UPDATE, 0, update_del,
	  TO_ALL " && enrp.update_action == 1 && " HANDLE " && " ID "7" },
	{ "list-request", RSP_ENRP_LIST_REQUEST, 0, to_one, TO_ONE },
	{ "list-response", RSP_ENRP_LIST_RESPONSE, 0, list,
	  TO_ONE " && enrp.r_bit == 0 && " SERVER "0x588c0516 && "
	  SERVER "0x2482f75c && " V4 " && " V6 },
	{ "list-rejected", RSP_ENRP_LIST_RESPONSE, RSP_ENRP_FLAG_REJECT,
	  to_one, TO_ONE " && enrp.r_bit == 1" },
	{ "init-takeover", RSP_ENRP_INIT_TAKEOVER, 0, takeover,
	  TO_ALL " && " ABOUT },
	{ "init-takeover-ack", RSP_ENRP_INIT_TAKEOVER_ACK, 0, takeover_ack,
	  TO_ONE " && " ABOUT },
	{ "takeover-server", RSP_ENRP_TAKEOVER_SERVER, 0, takeover,
	  TO_ALL " && " ABOUT },
	{ "error", RSP_ENRP_ERROR, 0, error,
	  TO_ONE " && enrp.cause_code == 1 && enrp.cause_code == 10" },
	/* Not the RFC's: nobody else's dissector knows it. */
	{ "unreachable", RSP_ENRP_UNREACHABLE, 0, unreachable,
	  "enrp.message_type == 0x8b" },
};

const int n_enrp_samples = ARRAY_SIZE(enrp_samples);

static void rebuild_table(struct rsp_tlv_writer *w, struct rsp_tlv_list list)
{
	struct rsp_tlv_element element;
	struct rsp_enrp_pool pool;

	while (rsp_enrp_next_pool(&list, &pool)) {
		rsp_tlv_put(w, RSP_TLV_HANDLE, pool.handle.data,
			    pool.handle.len);
		while (rsp_tlv_next_element(&pool.elements, &element))
			asap_put_element(w, &element);
	}
}

static void rebuild_server(struct rsp_tlv_writer *w,
			   const struct rsp_tlv_server *server)
{
	u32 begin = rsp_tlv_begin_server(w, server->id);

	asap_put_transport(w, &server->transport);
	rsp_tlv_end(w, begin);
}

static void rebuild_list(struct rsp_tlv_writer *w, struct rsp_tlv_list list)
{
	struct rsp_tlv_server server;

	while (rsp_enrp_next_server(&list, &server))
		rebuild_server(w, &server);
}

int enrp_rebuild(const struct rsp_enrp_message *msg, void *buf, u32 cap)
{
	struct rsp_tlv_writer w;
	u32 begin;

	rsp_tlv_writer_init(&w, buf, cap);
	begin = rsp_enrp_begin(&w, msg->type, msg->flags, msg->sender,
			       msg->receiver);
	switch (msg->type) {
	case RSP_ENRP_PRESENCE:
		if (msg->has_checksum)
			rsp_tlv_put_checksum(&w, msg->checksum);
		if (msg->has_server)
			rebuild_server(&w, &msg->server);
		break;
	case RSP_ENRP_HANDLE_TABLE_RESPONSE:
		rebuild_table(&w, msg->params);
		break;
	case RSP_ENRP_HANDLE_UPDATE:
		rsp_enrp_put_action(&w, msg->action);
		rsp_tlv_put(&w, RSP_TLV_HANDLE, msg->handle.data,
			    msg->handle.len);
		asap_put_element(&w, &msg->element);
		break;
	case RSP_ENRP_LIST_RESPONSE:
		rebuild_list(&w, msg->params);
		break;
	case RSP_ENRP_INIT_TAKEOVER:
	case RSP_ENRP_INIT_TAKEOVER_ACK:
	case RSP_ENRP_TAKEOVER_SERVER:
		rsp_enrp_put_target(&w, msg->target);
		break;
	case RSP_ENRP_UNREACHABLE:
		rsp_enrp_put_target(&w, msg->pe_id);
		rsp_tlv_put(&w, RSP_TLV_HANDLE, msg->handle.data,
			    msg->handle.len);
		break;
	case RSP_ENRP_ERROR:
		asap_put_causes(&w, msg->causes);
		break;
	}
	return rsp_enrp_end(&w, begin);
}
