/* SPDX-License-Identifier: GPL-2.0 */
/* ENRP messages (RFC 5353, section 2), in the manner of net/rserpool/asap.h. */
#ifndef _RSP_ENRP_H
#define _RSP_ENRP_H

#include "kernel.h"

#include "../../net/rserpool/asap.h"

#define RSP_ENRP_PPID		12	/* RFC 5353, section 5.4 */

/* What an ENRP_ERROR that rsp_enrp_put_reports() writes has at most. */
#define RSP_ENRP_REPORTS_SIZE	(RSP_REPORTS_SIZE + 8)

/* RFC 5353, section 2 */
enum rsp_enrp_type {
	RSP_ENRP_PRESENCE		= 0x01,
	RSP_ENRP_HANDLE_TABLE_REQUEST	= 0x02,
	RSP_ENRP_HANDLE_TABLE_RESPONSE	= 0x03,
	RSP_ENRP_HANDLE_UPDATE		= 0x04,
	RSP_ENRP_LIST_REQUEST		= 0x05,
	RSP_ENRP_LIST_RESPONSE		= 0x06,
	RSP_ENRP_INIT_TAKEOVER		= 0x07,
	RSP_ENRP_INIT_TAKEOVER_ACK	= 0x08,
	RSP_ENRP_TAKEOVER_SERVER	= 0x09,
	RSP_ENRP_ERROR			= 0x0a,
	/* Ours: who does not know it skips it, and says nothing (RFC 5354, 4). */
	RSP_ENRP_UNREACHABLE		= 0x8b,
};

/*
 * RFC 5353, section 2. The figure of ENRP_PRESENCE has no flag; 2.1 and 3.4
 * speak of "reply required", and rsplib and tshark have it in the lowest bit.
 */
#define RSP_ENRP_FLAG_REPLY	0x01	/* of PRESENCE */
#define RSP_ENRP_FLAG_OWN	0x01	/* W of HANDLE_TABLE_REQUEST */
#define RSP_ENRP_FLAG_REJECT	0x01	/* R of the two responses */
#define RSP_ENRP_FLAG_MORE	0x02	/* M of HANDLE_TABLE_RESPONSE */

/* RFC 5353, section 2.4 */
enum rsp_enrp_action {
	RSP_ENRP_ADD_PE	= 0,
	RSP_ENRP_DEL_PE	= 1,
};

/**
 * struct rsp_enrp_message - an ENRP message
 * @type: enum rsp_enrp_type; the other members are zero where it has none
 * @flags: RSP_ENRP_FLAG_*; bits that no RFC names are cleared
 * @has_checksum: @checksum was there
 * @has_server: @server was there
 * @checksum: PE checksum of @sender, in PRESENCE
 * @action: enum rsp_enrp_action, of HANDLE_UPDATE
 * @sender: registrar that sent it, not 0
 * @receiver: registrar that it is for, 0 for all
 * @target: registrar that is to be taken over
 * @pe_id: PE identifier, in UNREACHABLE
 * @n_pools: pool entries, in HANDLE_TABLE_RESPONSE
 * @n_elements: pool elements in them, or the one of HANDLE_UPDATE
 * @n_servers: registrars, in LIST_RESPONSE
 * @handle: pool handle, in HANDLE_UPDATE and UNREACHABLE
 * @element: pool element, in HANDLE_UPDATE
 * @server: the sender, in PRESENCE
 * @params: for rsp_enrp_next_pool() and rsp_enrp_next_server()
 * @causes: for rsp_tlv_next_cause()
 */
struct rsp_enrp_message {
	u8 type;
	u8 flags;
	bool has_checksum;
	bool has_server;
	u16 checksum;
	u16 action;
	u32 sender;
	u32 receiver;
	u32 target;
	u32 pe_id;
	u32 n_pools;
	u32 n_elements;
	u32 n_servers;
	struct rsp_octets handle;
	struct rsp_tlv_element element;
	struct rsp_tlv_server server;
	struct rsp_tlv_list params;
	struct rsp_tlv_list causes;
};

/**
 * struct rsp_enrp_pool - a pool entry
 * @handle: pool handle
 * @elements: for rsp_tlv_next_element(); at least one
 */
struct rsp_enrp_pool {
	struct rsp_octets handle;
	struct rsp_tlv_list elements;
};

/* What is said of these stands at their definitions in enrp.c. */
int rsp_enrp_parse(struct rsp_tlv_input *in, const void *data, u32 len,
		   struct rsp_enrp_message *msg);
bool rsp_enrp_next_pool(struct rsp_tlv_list *list, struct rsp_enrp_pool *pool);
bool rsp_enrp_next_server(struct rsp_tlv_list *list,
			  struct rsp_tlv_server *server);
u32 rsp_enrp_begin(struct rsp_tlv_writer *w, u8 type, u8 flags, u32 sender,
		   u32 receiver);
void rsp_enrp_put_target(struct rsp_tlv_writer *w, u32 target);
void rsp_enrp_put_action(struct rsp_tlv_writer *w, u16 action);
int rsp_enrp_end(struct rsp_tlv_writer *w, u32 begin);
int rsp_enrp_put_reports(struct rsp_tlv_writer *w,
			 const struct rsp_tlv_input *in, u32 sender,
			 u32 receiver);

#endif /* _RSP_ENRP_H */
