// SPDX-License-Identifier: GPL-2.0
/*
 * Writing the parameters of RFC 5354 into a caller's buffer.  Pure, as tlv.c.
 *
 * Padding is written before the next parameter, not behind the last: so a
 * length never counts the padding at its own end, and counts what is between
 * the parameters inside (RFC 5354, section 2).
 */

#include <linux/rserpool_netlink.h>
#include <linux/string.h>

#include "tlv.h"

/**
 * rsp_tlv_policy_words - how much policy-specific data a policy has
 * @type: as in RFC 5356, section 7.1
 *
 * Context: Any.
 * Return: numbers of 32 bits; -1 when the type is not known.
 */
int rsp_tlv_policy_words(u32 type)
{
	switch (type) {
	case RSERPOOL_POLICY_RR:
	case RSERPOOL_POLICY_RAND:
		return 0;
	case RSERPOOL_POLICY_WRR:
	case RSERPOOL_POLICY_WRAND:
	case RSERPOOL_POLICY_PRIO:
	case RSERPOOL_POLICY_LU:
	case RSERPOOL_POLICY_RLU:
		return 1;
	case RSERPOOL_POLICY_LUD:
	case RSERPOOL_POLICY_PLU:
		return 2;
	default:
		return -1;
	}
}

/**
 * rsp_tlv_writer_init - begin to write
 * @w: the writer
 * @buf: where to
 * @cap: octets of it
 *
 * Context: Any.
 */
void rsp_tlv_writer_init(struct rsp_tlv_writer *w, void *buf, u32 cap)
{
	w->buf = buf;
	w->cap = cap;
	w->len = 0;
	w->overflow = false;
}

/**
 * rsp_tlv_put_room - leave room for octets
 * @w: the writer
 * @len: how many
 *
 * Context: Any.
 * Return: where to put them; NULL when they do not fit.
 */
void *rsp_tlv_put_room(struct rsp_tlv_writer *w, u32 len)
{
	void *room = w->buf + w->len;

	if (w->overflow || len > w->cap - w->len) {
		w->overflow = true;
		return NULL;
	}
	w->len += len;
	return room;
}

/**
 * rsp_tlv_put_octets - write octets
 * @w: the writer
 * @data: the first of them
 * @len: how many; 0 writes nothing
 *
 * Context: Any.
 */
void rsp_tlv_put_octets(struct rsp_tlv_writer *w, const void *data, u32 len)
{
	void *room = rsp_tlv_put_room(w, len);

	if (room && len)
		memcpy(room, data, len);
}

/**
 * rsp_tlv_pad - write zeros up to a multiple of 4 octets
 * @w: the writer
 *
 * Context: Any.
 */
void rsp_tlv_pad(struct rsp_tlv_writer *w)
{
	static const u8 zeros[3];

	rsp_tlv_put_octets(w, zeros, ALIGN(w->len, 4) - w->len);
}

/**
 * rsp_tlv_begin - begin a parameter or an error cause
 * @w: the writer
 * @type: enum rsp_tlv_type or enum rsp_cause
 *
 * Context: Any.
 * Return: for rsp_tlv_end(), once its value has been written.
 */
u32 rsp_tlv_begin(struct rsp_tlv_writer *w, u16 type)
{
	struct rsp_wire_tlv *wire;
	u32 begin;

	rsp_tlv_pad(w);
	begin = w->len;
	wire = rsp_tlv_put_room(w, sizeof(*wire));
	if (wire)
		wire->type = cpu_to_be16(type);
	return begin;
}

/**
 * rsp_tlv_end - end a parameter or an error cause
 * @w: the writer
 * @begin: what rsp_tlv_begin() gave
 *
 * Context: Any.
 */
void rsp_tlv_end(struct rsp_tlv_writer *w, u32 begin)
{
	struct rsp_wire_tlv *wire = (void *)(w->buf + begin);
	u32 len = w->len - begin;

	if (len > RSP_ASAP_LENGTH_MAX)
		w->overflow = true;
	if (!w->overflow)
		wire->length = cpu_to_be16(len);
}

/**
 * rsp_tlv_put - write a parameter or an error cause
 * @w: the writer
 * @type: enum rsp_tlv_type or enum rsp_cause
 * @data: its value
 * @len: octets of it; may be 0
 *
 * For pool handles, cookies, opaque transports, and causes without parameters.
 *
 * Context: Any.
 */
void rsp_tlv_put(struct rsp_tlv_writer *w, u16 type, const void *data, u32 len)
{
	u32 begin = rsp_tlv_begin(w, type);

	rsp_tlv_put_octets(w, data, len);
	rsp_tlv_end(w, begin);
}

static void put_be32(struct rsp_tlv_writer *w, u32 value)
{
	__be32 wire = cpu_to_be32(value);

	rsp_tlv_put_octets(w, &wire, sizeof(wire));
}

/**
 * rsp_tlv_put_u32 - write a parameter that is a number of 32 bits
 * @w: the writer
 * @type: RSP_TLV_PE_ID or RSP_TLV_ITEMS
 * @value: in host byte order
 *
 * Context: Any.
 */
void rsp_tlv_put_u32(struct rsp_tlv_writer *w, u16 type, u32 value)
{
	__be32 wire = cpu_to_be32(value);

	rsp_tlv_put(w, type, &wire, sizeof(wire));
}

/**
 * rsp_tlv_put_checksum - write a PE checksum (RFC 5354, section 3.15)
 * @w: the writer
 * @checksum: in host byte order
 *
 * Context: Any.
 */
void rsp_tlv_put_checksum(struct rsp_tlv_writer *w, u16 checksum)
{
	__be16 wire = cpu_to_be16(checksum);

	rsp_tlv_put(w, RSP_TLV_PE_CHECKSUM, &wire, sizeof(wire));
}

/**
 * rsp_tlv_put_checkpoint - write what a cookie was set after
 * @w: the writer
 * @checkpoint: the counts
 *
 * Context: Any.
 */
void rsp_tlv_put_checkpoint(struct rsp_tlv_writer *w,
			    const struct rsp_tlv_checkpoint *checkpoint)
{
	struct rsp_wire_checkpoint wire = {
		.read = cpu_to_be64(checkpoint->read),
		.written = cpu_to_be64(checkpoint->written),
	};

	rsp_tlv_put(w, RSP_TLV_CHECKPOINT, &wire, sizeof(wire));
}

/**
 * rsp_tlv_put_address - write an IP address (RFC 5354, 3.1 and 3.2)
 * @w: the writer
 * @address: of 4 octets: IPv4, else of 16: IPv6
 *
 * Context: Any.
 */
void rsp_tlv_put_address(struct rsp_tlv_writer *w,
			 const struct rsp_tlv_address *address)
{
	rsp_tlv_put(w, address->octets.len == 4 ? RSP_TLV_IPV4_ADDRESS :
						  RSP_TLV_IPV6_ADDRESS,
		    address->octets.data, address->octets.len);
}

/**
 * rsp_tlv_begin_transport - begin a transport (RFC 5354, 3.3 to 3.7, 3.16)
 * @w: the writer
 * @transport: all of it but the addresses
 *
 * Context: Any.
 * Return: for rsp_tlv_end(), once its addresses have been written.
 */
u32 rsp_tlv_begin_transport(struct rsp_tlv_writer *w,
			    const struct rsp_tlv_transport *transport)
{
	u32 begin = rsp_tlv_begin(w, transport->type);
	struct rsp_wire_transport wire = {
		.port = cpu_to_be16(transport->port),
		.use = cpu_to_be16(transport->use),
	};

	if (transport->type == RSP_TLV_OPAQUE_TRANSPORT) {
		rsp_tlv_put_octets(w, transport->opaque.data,
				   transport->opaque.len);
		return begin;
	}
	rsp_tlv_put_octets(w, &wire, sizeof(wire));
	if (transport->type == RSP_TLV_DCCP_TRANSPORT)
		put_be32(w, transport->service_code);
	return begin;
}

/**
 * rsp_tlv_put_policy - write a policy (RFC 5354, section 3.8; RFC 5356)
 * @w: the writer
 * @policy: of a known type the numbers, of others the octets are written
 *
 * Context: Any.
 */
void rsp_tlv_put_policy(struct rsp_tlv_writer *w,
			const struct rsp_tlv_policy *policy)
{
	u32 begin = rsp_tlv_begin(w, RSP_TLV_POLICY);
	int words = rsp_tlv_policy_words(policy->type);

	put_be32(w, policy->type);
	if (words > 0)
		put_be32(w, policy->value);
	if (words > 1)
		put_be32(w, policy->degradation);
	if (words < 0)
		rsp_tlv_put_octets(w, policy->data.data, policy->data.len);
	rsp_tlv_end(w, begin);
}

/**
 * rsp_tlv_begin_element - begin a pool element (RFC 5354, section 3.10)
 * @w: the writer
 * @element: its numbers are written
 *
 * What comes next: its user transports, its policy, its ASAP transport if it
 * has one.
 *
 * Context: Any.
 * Return: for rsp_tlv_end(), once the parameters in it have been written.
 */
u32 rsp_tlv_begin_element(struct rsp_tlv_writer *w,
			  const struct rsp_tlv_element *element)
{
	u32 begin = rsp_tlv_begin(w, RSP_TLV_ELEMENT);
	struct rsp_wire_element wire = {
		.id = cpu_to_be32(element->id),
		.home = cpu_to_be32(element->home),
		.life = cpu_to_be32(element->life),
	};

	rsp_tlv_put_octets(w, &wire, sizeof(wire));
	return begin;
}

/**
 * rsp_tlv_begin_server - begin server information (RFC 5354, section 3.11)
 * @w: the writer
 * @id: server identifier
 *
 * Context: Any.
 * Return: for rsp_tlv_end(), once its transport has been written.
 */
u32 rsp_tlv_begin_server(struct rsp_tlv_writer *w, u32 id)
{
	u32 begin = rsp_tlv_begin(w, RSP_TLV_SERVER);

	put_be32(w, id);
	return begin;
}

/**
 * rsp_tlv_put_reports - write what a sender wants to be told of
 * @w: the writer
 * @in: what it sent, parsed, with at least one report
 *
 * It becomes one operation error with a cause for each report (RFC 5354,
 * 3.12.2 and 3.12.3).  Differs from the RFC: of what a cause is about, no more
 * than RSP_REPORT_OCTETS are given back.
 *
 * Context: Any.
 */
void rsp_tlv_put_reports(struct rsp_tlv_writer *w,
			 const struct rsp_tlv_input *in)
{
	u32 begin = rsp_tlv_begin(w, RSP_TLV_ERROR);
	const struct rsp_tlv_report *report;
	int i;

	for (i = 0; i < in->n_reports; i++) {
		report = &in->reports[i];
		rsp_tlv_put(w, report->cause, report->octets.data,
			    min_t(u32, report->octets.len, RSP_REPORT_OCTETS));
	}
	rsp_tlv_end(w, begin);
}
