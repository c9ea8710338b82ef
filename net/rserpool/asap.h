/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_ASAP_H
#define _RSERPOOL_ASAP_H

#include "tlv.h"

/**
 * struct rsp_asap_message - an ASAP message (RFC 5352, section 2.2)
 * @type: enum rsp_asap_type; the other members are zero where it has none
 * @flags: RSP_ASAP_FLAG_*; bits that no RFC names are cleared
 * @has_pe_id: @pe_id was there
 * @has_items: @items was there
 * @has_checkpoint: @checkpoint was there
 * @server_id: registrar
 * @pe_id: PE identifier; rsplib has one in ENDPOINT_KEEP_ALIVE too
 * @items: elements wanted, at most: rsplib's, in HANDLE_RESOLUTION
 * @n_elements: how many pool elements
 * @n_transports: how many transports of a registrar
 * @handle: pool handle
 * @cookie: cookie
 * @checkpoint: what it was set after: ours, in COOKIE
 * @policy: the pool's, in HANDLE_RESOLUTION_RESPONSE
 * @params: for rsp_tlv_next_element() and rsp_tlv_next_transport()
 * @causes: for rsp_tlv_next_cause(); empty where there is no operation error
 */
struct rsp_asap_message {
	u8 type;
	u8 flags;
	bool has_pe_id;
	bool has_items;
	bool has_checkpoint;
	u32 server_id;
	u32 pe_id;
	u32 items;
	u32 n_elements;
	u32 n_transports;
	struct rsp_octets handle;
	struct rsp_octets cookie;
	struct rsp_tlv_checkpoint checkpoint;
	struct rsp_tlv_policy policy;
	struct rsp_tlv_list params;
	struct rsp_tlv_list causes;
};

/* What is said of these stands at their definitions in asap.c. */
int rsp_asap_parse(struct rsp_tlv_input *in, const void *data, u32 len,
		   struct rsp_asap_message *msg);
u32 rsp_asap_begin(struct rsp_tlv_writer *w, u8 type, u8 flags);
void rsp_asap_put_server_id(struct rsp_tlv_writer *w, u32 id);
int rsp_asap_end(struct rsp_tlv_writer *w, u32 begin);
int rsp_asap_put_reports(struct rsp_tlv_writer *w,
			 const struct rsp_tlv_input *in);

#endif /* _RSERPOOL_ASAP_H */
