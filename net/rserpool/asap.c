// SPDX-License-Identifier: GPL-2.0
/*
 * ASAP messages (RFC 5352, section 2.2): reading them, and beginning and ending
 * them around the parameters of tlv_put.c.  Pure, as tlv.c.
 *
 * A message has the parameters of its figure in the RFC, in that order.
 */

#include <linux/errno.h>
#include <linux/string.h>

#include "asap.h"

/**
 * struct rule - a parameter that a message has
 * @type: enum rsp_tlv_type
 * @other: another type that may stand in its place
 * @optional: it may be left out
 * @many: it may come more than once
 */
struct rule {
	u16 type;
	u16 other;
	bool optional;
	bool many;
};

/**
 * struct layout - what a message has
 * @known: there is such a message
 * @server_id: a server identifier follows the header
 * @flags: the flags that it may have
 * @rules: its parameters, up to one of type 0
 */
struct layout {
	bool known;
	bool server_id;
	u8 flags;
	struct rule rules[5];
};

static const struct layout layouts[] = {
	[RSP_ASAP_REGISTRATION] = {
		.known = true,
		.rules = {
			{ .type = RSP_TLV_HANDLE },
			{ .type = RSP_TLV_ELEMENT },
		},
	},
	[RSP_ASAP_DEREGISTRATION] = {
		.known = true,
		.rules = {
			{ .type = RSP_TLV_HANDLE },
			{ .type = RSP_TLV_PE_ID },
		},
	},
	[RSP_ASAP_REGISTRATION_RESPONSE] = {
		.known = true,
		.flags = RSP_ASAP_FLAG_REJECT,
		.rules = {
			{ .type = RSP_TLV_HANDLE },
			{ .type = RSP_TLV_PE_ID },
			{ .type = RSP_TLV_ERROR, .optional = true },
		},
	},
	[RSP_ASAP_DEREGISTRATION_RESPONSE] = {
		.known = true,
		.rules = {
			{ .type = RSP_TLV_HANDLE },
			{ .type = RSP_TLV_PE_ID },
			{ .type = RSP_TLV_ERROR, .optional = true },
		},
	},
	[RSP_ASAP_HANDLE_RESOLUTION] = {
		.known = true,
		.flags = RSP_ASAP_FLAG_SUBSCRIBE,
		.rules = {
			{ .type = RSP_TLV_HANDLE },
			{ .type = RSP_TLV_ITEMS, .optional = true },
		},
	},
	[RSP_ASAP_HANDLE_RESOLUTION_RESPONSE] = {
		.known = true,
		.flags = RSP_ASAP_FLAG_ACCEPTED,
		.rules = {
			{ .type = RSP_TLV_HANDLE },
			{ .type = RSP_TLV_POLICY, .optional = true },
			{ .type = RSP_TLV_ELEMENT, .optional = true,
			  .many = true },
			{ .type = RSP_TLV_ERROR, .optional = true },
		},
	},
	[RSP_ASAP_ENDPOINT_KEEP_ALIVE] = {
		.known = true,
		.server_id = true,
		.flags = RSP_ASAP_FLAG_HOME,
		.rules = {
			{ .type = RSP_TLV_HANDLE },
			{ .type = RSP_TLV_PE_ID, .optional = true },
		},
	},
	[RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK] = {
		.known = true,
		.rules = {
			{ .type = RSP_TLV_HANDLE },
			{ .type = RSP_TLV_PE_ID },
		},
	},
	[RSP_ASAP_ENDPOINT_UNREACHABLE] = {
		.known = true,
		.rules = {
			{ .type = RSP_TLV_HANDLE },
			{ .type = RSP_TLV_PE_ID },
		},
	},
	[RSP_ASAP_SERVER_ANNOUNCE] = {
		.known = true,
		.server_id = true,
		.rules = {
			{ .type = RSP_TLV_SCTP_TRANSPORT,
			  .other = RSP_TLV_TCP_TRANSPORT, .optional = true,
			  .many = true },
		},
	},
	[RSP_ASAP_COOKIE] = {
		.known = true,
		.rules = {
			{ .type = RSP_TLV_COOKIE },
			{ .type = RSP_TLV_CHECKPOINT, .optional = true },
		},
	},
	[RSP_ASAP_COOKIE_ECHO] = {
		.known = true,
		.rules = {
			{ .type = RSP_TLV_COOKIE },
		},
	},
	[RSP_ASAP_BUSINESS_CARD] = {
		.known = true,
		.rules = {
			{ .type = RSP_TLV_HANDLE },
			{ .type = RSP_TLV_ELEMENT, .optional = true,
			  .many = true },
		},
	},
	[RSP_ASAP_ERROR] = {
		.known = true,
		.rules = {
			{ .type = RSP_TLV_ERROR },
		},
	},
};

static bool fits(const struct rule *rule, const struct rsp_tlv *tlv)
{
	return tlv->type == rule->type ||
	       (rule->other && tlv->type == rule->other);
}

static const char *what_lacks(const struct rule *rule)
{
	switch (rule->type) {
	case RSP_TLV_HANDLE:
		return "the pool handle is missing";
	case RSP_TLV_ELEMENT:
		return "the pool element is missing";
	case RSP_TLV_PE_ID:
		return "the PE identifier is missing";
	case RSP_TLV_COOKIE:
		return "the cookie is missing";
	default:
		return "the operation error is missing";
	}
}

static int parse_param(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		       struct rsp_asap_message *msg)
{
	struct rsp_tlv_transport transport;
	struct rsp_tlv_element element;

	switch (tlv->type) {
	case RSP_TLV_HANDLE:
		return rsp_tlv_parse_handle(in, tlv, &msg->handle);
	case RSP_TLV_ELEMENT:
		msg->n_elements++;
		return rsp_tlv_parse_element(in, tlv, &element);
	case RSP_TLV_POLICY:
		return rsp_tlv_parse_policy(in, tlv, &msg->policy);
	case RSP_TLV_PE_ID:
		msg->has_pe_id = true;
		return rsp_tlv_parse_u32(in, tlv, &msg->pe_id);
	case RSP_TLV_ITEMS:
		msg->has_items = true;
		return rsp_tlv_parse_u32(in, tlv, &msg->items);
	case RSP_TLV_COOKIE:
		msg->cookie = tlv->value;
		return 0;
	case RSP_TLV_CHECKPOINT:
		msg->has_checkpoint = true;
		return rsp_tlv_parse_checkpoint(in, tlv, &msg->checkpoint);
	case RSP_TLV_ERROR:
		return rsp_tlv_parse_error(in, tlv, &msg->causes);
	default:
		msg->n_transports++;
		return rsp_tlv_parse_transport(in, tlv, &transport);
	}
}

/* The rule for a parameter from @rule on: what may be left out is. */
static const struct rule *rule_for(const struct rule *rule,
				   const struct rsp_tlv *tlv)
{
	while (rule->type && rule->optional && !fits(rule, tlv))
		rule++;
	return rule->type && fits(rule, tlv) ? rule : NULL;
}

static int parse_misfit(struct rsp_tlv_input *in, const struct rule *rules,
			const struct rsp_tlv *tlv)
{
	for (; rules->type; rules++)
		if (fits(rules, tlv))
			return rsp_tlv_invalid(in, tlv,
					       "a parameter is there twice or out of order");
	return rsp_tlv_unknown(in, tlv);
}

static int parse_params(struct rsp_tlv_input *in, const struct rule *rules,
			struct rsp_asap_message *msg)
{
	struct rsp_tlv_list list = msg->params;
	const struct rule *rule = rules, *next;
	struct rsp_tlv tlv;
	int err;

	while ((err = rsp_tlv_next(in, &list, &tlv)) > 0) {
		next = rule_for(rule, &tlv);
		if (next) {
			err = parse_param(in, &tlv, msg);
			rule = next->many ? next : next + 1;
		} else {
			err = parse_misfit(in, rules, &tlv);
		}
		if (err)
			return err;
	}
	if (err)
		return err;
	for (; rule->type; rule++)
		if (!rule->optional)
			return rsp_tlv_fail(in, list.end, -EINVAL,
					    what_lacks(rule));
	return 0;
}

/* RFC 5352, section 2.2.6: elements, or the reason why there are none. */
static int check_response(struct rsp_tlv_input *in,
			  const struct rsp_asap_message *msg)
{
	bool negative = msg->causes.pos != msg->causes.end;

	if (msg->type != RSP_ASAP_HANDLE_RESOLUTION_RESPONSE)
		return 0;
	if (negative && msg->n_elements)
		return rsp_tlv_fail(in, msg->params.pos, -EINVAL,
				    "a negative response has pool elements");
	if (negative && msg->policy.type)
		return rsp_tlv_fail(in, msg->params.pos, -EINVAL,
				    "a negative response has a policy");
	if (!negative && !msg->n_elements)
		return rsp_tlv_fail(in, msg->params.pos, -EINVAL,
				    "a positive response has no pool element");
	return 0;
}

static int parse_message(struct rsp_tlv_input *in, u32 len,
			 struct rsp_asap_message *msg)
{
	const u8 *data = in->message.data;
	const struct rsp_wire_message *wire = (const void *)data;
	const struct layout *layout;
	u32 fixed = sizeof(*wire);
	int err;

	err = rsp_tlv_parse_header(in, len);
	if (err)
		return err;
	if (wire->type >= ARRAY_SIZE(layouts) || !layouts[wire->type].known)
		return rsp_tlv_unknown_message(in);

	layout = &layouts[wire->type];
	msg->type = wire->type;
	msg->flags = wire->flags & layout->flags;
	if (layout->server_id) {
		if (in->message.len < fixed + sizeof(__be32))
			return rsp_tlv_fail(in, data + fixed, -EINVAL,
					    "the server identifier is missing");
		msg->server_id = get_unaligned_be32(data + fixed);
		fixed += sizeof(__be32);
	}
	msg->params.pos = data + fixed;
	msg->params.end = data + in->message.len;
	err = parse_params(in, layout->rules, msg);
	return err ? err : check_response(in, msg);
}

/**
 * rsp_asap_parse - read an ASAP message
 * @in: what is noted about it goes there
 * @data: the message; @in and @msg point into it afterwards
 * @len: octets of it, its padding included or not
 * @msg: its view; good when 0 is returned
 *
 * Whatever is returned, @in->n_reports says whether its sender is to be told of
 * something with rsp_asap_put_reports().  An ASAP_ERROR is never answered, nor
 * what is malformed.
 *
 * Context: Any.
 * Return: 0; an errno when the message is to be discarded, the same as in
 * @in->error, which says why.
 */
int rsp_asap_parse(struct rsp_tlv_input *in, const void *data, u32 len,
		   struct rsp_asap_message *msg)
{
	int err;

	memset(in, 0, sizeof(*in));
	memset(msg, 0, sizeof(*msg));
	in->message.data = data;
	in->message.len = len;
	err = parse_message(in, len, msg);
	if ((err && err != -EOPNOTSUPP) || msg->type == RSP_ASAP_ERROR)
		in->n_reports = 0;
	return err;
}

/**
 * rsp_asap_begin - begin an ASAP message
 * @w: the writer; empty or behind another message
 * @type: enum rsp_asap_type
 * @flags: RSP_ASAP_FLAG_* that it has
 *
 * The server identifier, where it has one, comes next, then the parameters in
 * the order of the figure in RFC 5352, section 2.2.
 *
 * Context: Any.
 * Return: for rsp_asap_end().
 */
u32 rsp_asap_begin(struct rsp_tlv_writer *w, u8 type, u8 flags)
{
	struct rsp_wire_message *wire;
	u32 begin = w->len;

	wire = rsp_tlv_put_room(w, sizeof(*wire));
	if (wire) {
		wire->type = type;
		wire->flags = flags;
	}
	return begin;
}

/**
 * rsp_asap_put_server_id - write the server identifier behind the header
 * @w: the writer
 * @id: server identifier
 *
 * Context: Any.
 */
void rsp_asap_put_server_id(struct rsp_tlv_writer *w, u32 id)
{
	__be32 wire = cpu_to_be32(id);

	rsp_tlv_put_octets(w, &wire, sizeof(wire));
}

/**
 * rsp_asap_end - end an ASAP message
 * @w: the writer
 * @begin: what rsp_asap_begin() gave
 *
 * Context: Any.
 * Return: octets to send, the padding at the end included; -EMSGSIZE when it
 * did not fit in the buffer or in 65535 octets.
 */
int rsp_asap_end(struct rsp_tlv_writer *w, u32 begin)
{
	struct rsp_wire_message *wire = (void *)(w->buf + begin);
	u32 len = w->len - begin;

	rsp_tlv_pad(w);
	if (w->len - begin > RSP_ASAP_LENGTH_MAX)
		w->overflow = true;
	if (w->overflow)
		return -EMSGSIZE;
	wire->length = cpu_to_be16(len);
	return w->len - begin;
}

/**
 * rsp_asap_put_reports - write the ASAP_ERROR that a sender wants
 * @w: the writer; RSP_REPORTS_SIZE octets are always enough
 * @in: what it sent, parsed, with at least one report
 *
 * Context: Any.
 * Return: as rsp_asap_end().
 */
int rsp_asap_put_reports(struct rsp_tlv_writer *w,
			 const struct rsp_tlv_input *in)
{
	u32 begin = rsp_asap_begin(w, RSP_ASAP_ERROR, 0);

	rsp_tlv_put_reports(w, in);
	return rsp_asap_end(w, begin);
}
