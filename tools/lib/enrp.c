// SPDX-License-Identifier: GPL-2.0
/*
 * ENRP messages (RFC 5353, section 2): reading them, and beginning and ending
 * them around the parameters of tlv_put.c. Nothing is copied nor allocated, as
 * in asap.c.
 *
 * A message has the parameters of its figure in the RFC, in that order.
 */
#include <errno.h>
#include <string.h>

#include "enrp.h"

/**
 * struct layout - what a message has
 * @flags: the flags that it may have
 * @words: numbers of 32 bits behind the header: sender, receiver, and one more
 * @param: takes a parameter, or gives it to misfit()
 * @complete: looks at what there is in the end; NULL where nothing must be
 */
struct layout {
	u8 flags;
	u8 words;
	int (*param)(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		     struct rsp_enrp_message *msg);
	int (*complete)(struct rsp_tlv_input *in,
			const struct rsp_enrp_message *msg);
};

/* One that the message has elsewhere is known, and so an error. */
static int misfit(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		  struct rsp_enrp_message *msg)
{
	(void)msg;
	return rsp_tlv_unknown(in, tlv);
}

static int lacks(struct rsp_tlv_input *in, const struct rsp_enrp_message *msg,
		 const char *what)
{
	return rsp_tlv_fail(in, msg->params.end, -EINVAL, what);
}

static int presence_param(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			  struct rsp_enrp_message *msg)
{
	if (msg->has_server)
		return misfit(in, tlv, msg);
	if (tlv->type == RSP_TLV_PE_CHECKSUM && !msg->has_checksum) {
		msg->has_checksum = true;
		return rsp_tlv_parse_checksum(in, tlv, &msg->checksum);
	}
	if (tlv->type == RSP_TLV_SERVER) {
		msg->has_server = true;
		return rsp_tlv_parse_server(in, tlv, &msg->server);
	}
	return misfit(in, tlv, msg);
}

static int table_param(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		       struct rsp_enrp_message *msg)
{
	struct rsp_tlv_element element;
	struct rsp_octets handle;

	switch (tlv->type) {
	case RSP_TLV_HANDLE:
		msg->n_pools++;
		return rsp_tlv_parse_handle(in, tlv, &handle);
	case RSP_TLV_ELEMENT:
		msg->n_elements++;
		return rsp_tlv_parse_element(in, tlv, &element);
	default:
		return misfit(in, tlv, msg);
	}
}

/* Entries, each a handle and at least one element; none in a rejection. */
static int table_complete(struct rsp_tlv_input *in,
			  const struct rsp_enrp_message *msg)
{
	struct rsp_tlv_list list = msg->params;
	struct rsp_tlv tlv;
	u16 before = 0;

	if (msg->flags & RSP_ENRP_FLAG_REJECT &&
	    (msg->n_pools || msg->n_elements))
		return rsp_tlv_fail(in, msg->params.pos, -EINVAL,
				    "a rejection has pool entries");
	while (rsp_tlv_next(NULL, &list, &tlv) > 0) {
		if (tlv.type == RSP_TLV_ELEMENT && !before)
			return rsp_tlv_invalid(in, &tlv,
					       "a pool element has no pool handle before it");
		if (tlv.type == RSP_TLV_HANDLE && before == RSP_TLV_HANDLE)
			return rsp_tlv_invalid(in, &tlv,
					       "the pool entry before has no pool element");
		if (tlv.type == RSP_TLV_ELEMENT || tlv.type == RSP_TLV_HANDLE)
			before = tlv.type;
	}
	if (before == RSP_TLV_HANDLE)
		return lacks(in, msg, "the last pool entry has no pool element");
	return 0;
}

static int update_param(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			struct rsp_enrp_message *msg)
{
	if (tlv->type == RSP_TLV_HANDLE && !msg->handle.len)
		return rsp_tlv_parse_handle(in, tlv, &msg->handle);
	if (tlv->type == RSP_TLV_ELEMENT && msg->handle.len &&
	    !msg->n_elements) {
		msg->n_elements++;
		return rsp_tlv_parse_element(in, tlv, &msg->element);
	}
	return misfit(in, tlv, msg);
}

static int update_complete(struct rsp_tlv_input *in,
			   const struct rsp_enrp_message *msg)
{
	if (!msg->handle.len)
		return lacks(in, msg, "the pool handle is missing");
	if (!msg->n_elements)
		return lacks(in, msg, "the pool element is missing");
	if (msg->action > RSP_ENRP_DEL_PE)
		return rsp_tlv_fail(in, msg->params.pos - sizeof(u32), -EINVAL,
				    "an update's action is unknown");
	return 0;
}

static int list_param(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		      struct rsp_enrp_message *msg)
{
	struct rsp_tlv_server server;

	if (tlv->type != RSP_TLV_SERVER)
		return misfit(in, tlv, msg);
	msg->n_servers++;
	return rsp_tlv_parse_server(in, tlv, &server);
}

static int list_complete(struct rsp_tlv_input *in,
			 const struct rsp_enrp_message *msg)
{
	if (msg->n_servers && msg->flags & RSP_ENRP_FLAG_REJECT)
		return rsp_tlv_fail(in, msg->params.pos, -EINVAL,
				    "a rejection has server information");
	return 0;
}

static int error_param(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		       struct rsp_enrp_message *msg)
{
	if (tlv->type == RSP_TLV_ERROR && !msg->causes.pos)
		return rsp_tlv_parse_error(in, tlv, &msg->causes);
	return misfit(in, tlv, msg);
}

static int error_complete(struct rsp_tlv_input *in,
			  const struct rsp_enrp_message *msg)
{
	return msg->causes.pos ? 0 :
	       lacks(in, msg, "the operation error is missing");
}

static int unreachable_param(struct rsp_tlv_input *in,
			     const struct rsp_tlv *tlv,
			     struct rsp_enrp_message *msg)
{
	if (tlv->type == RSP_TLV_HANDLE && !msg->handle.len)
		return rsp_tlv_parse_handle(in, tlv, &msg->handle);
	return misfit(in, tlv, msg);
}

static int unreachable_complete(struct rsp_tlv_input *in,
				const struct rsp_enrp_message *msg)
{
	return msg->handle.len ? 0 :
	       lacks(in, msg, "the pool handle is missing");
}

static const struct layout layouts[] = {
	[RSP_ENRP_PRESENCE] = {
		.flags = RSP_ENRP_FLAG_REPLY, .words = 2,
		.param = presence_param,
	},
	[RSP_ENRP_HANDLE_TABLE_REQUEST] = {
		.flags = RSP_ENRP_FLAG_OWN, .words = 2, .param = misfit,
	},
	[RSP_ENRP_HANDLE_TABLE_RESPONSE] = {
		.flags = RSP_ENRP_FLAG_REJECT | RSP_ENRP_FLAG_MORE, .words = 2,
		.param = table_param, .complete = table_complete,
	},
	[RSP_ENRP_HANDLE_UPDATE] = {
		.words = 3, .param = update_param, .complete = update_complete,
	},
	[RSP_ENRP_LIST_REQUEST] = { .words = 2, .param = misfit },
	[RSP_ENRP_LIST_RESPONSE] = {
		.flags = RSP_ENRP_FLAG_REJECT, .words = 2, .param = list_param,
		.complete = list_complete,
	},
	[RSP_ENRP_INIT_TAKEOVER] = { .words = 3, .param = misfit },
	[RSP_ENRP_INIT_TAKEOVER_ACK] = { .words = 3, .param = misfit },
	[RSP_ENRP_TAKEOVER_SERVER] = { .words = 3, .param = misfit },
	[RSP_ENRP_ERROR] = {
		.words = 2, .param = error_param, .complete = error_complete,
	},
	[RSP_ENRP_UNREACHABLE] = {
		.words = 3, .param = unreachable_param,
		.complete = unreachable_complete,
	},
};

static int parse_words(struct rsp_tlv_input *in, const struct layout *layout,
		       struct rsp_enrp_message *msg)
{
	const u8 *words = in->message.data + sizeof(struct rsp_wire_message);

	msg->params.pos = words + layout->words * sizeof(u32);
	msg->params.end = in->message.data + in->message.len;
	if (words + layout->words * sizeof(u32) > msg->params.end)
		return rsp_tlv_fail(in, words, -EINVAL,
				    "the server identifiers are cut short");
	msg->sender = get_unaligned_be32(words);
	msg->receiver = get_unaligned_be32(words + 4);
	if (msg->type == RSP_ENRP_HANDLE_UPDATE)
		msg->action = get_unaligned_be16(words + 8);
	else if (msg->type == RSP_ENRP_UNREACHABLE)
		msg->pe_id = get_unaligned_be32(words + 8);
	else if (layout->words > 2)
		msg->target = get_unaligned_be32(words + 8);
	if (!msg->sender)
		return rsp_tlv_fail(in, words, -EINVAL,
				    "the sender's server identifier is 0");
	return 0;
}

static int parse_message(struct rsp_tlv_input *in, u32 len,
			 struct rsp_enrp_message *msg)
{
	const struct rsp_wire_message *wire = (const void *)in->message.data;
	const struct layout *layout;
	struct rsp_tlv_list list;
	struct rsp_tlv tlv;
	int err;

	err = rsp_tlv_parse_header(in, len);
	if (err)
		return err;
	if (wire->type >= ARRAY_SIZE(layouts) || !layouts[wire->type].param)
		return rsp_tlv_unknown_message(in);
	layout = &layouts[wire->type];
	msg->type = wire->type;
	msg->flags = wire->flags & layout->flags;
	err = parse_words(in, layout, msg);
	list = msg->params;
	while (!err) {
		err = rsp_tlv_next(in, &list, &tlv);
		if (err <= 0)
			break;
		err = layout->param(in, &tlv, msg);
	}
	if (!err && layout->complete)
		err = layout->complete(in, msg);
	return err;
}

/**
 * rsp_enrp_parse() - read an ENRP message
 * @in: what is noted about it goes there
 * @data: the message; @in and @msg point into it afterwards
 * @len: octets of it, its padding included or not
 * @msg: its view; good when 0 is returned
 *
 * Whatever is returned, @in->n_reports says whether its sender is to be told of
 * something with rsp_enrp_put_reports(). An ENRP_ERROR is never answered, nor
 * what is malformed.
 *
 * Return: 0; an errno when the message is to be discarded, the same as in
 * @in->error, which says why.
 */
int rsp_enrp_parse(struct rsp_tlv_input *in, const void *data, u32 len,
		   struct rsp_enrp_message *msg)
{
	int err;

	memset(in, 0, sizeof(*in));
	memset(msg, 0, sizeof(*msg));
	in->message.data = data;
	in->message.len = len;
	err = parse_message(in, len, msg);
	if ((err && err != -EOPNOTSUPP) || msg->type == RSP_ENRP_ERROR)
		in->n_reports = 0;
	return err;
}

/**
 * rsp_enrp_next_pool() - take the next pool entry of a handle table
 * @list: a copy of the list that rsp_enrp_parse() gave
 * @pool: it
 *
 * Return: false at the end of the list.
 */
bool rsp_enrp_next_pool(struct rsp_tlv_list *list, struct rsp_enrp_pool *pool)
{
	struct rsp_tlv_list behind;
	struct rsp_tlv tlv;

	do {
		if (rsp_tlv_next(NULL, list, &tlv) <= 0)
			return false;
	} while (tlv.type != RSP_TLV_HANDLE);
	pool->handle = tlv.value;
	pool->elements.pos = list->pos;
	behind = *list;
	while (rsp_tlv_next(NULL, &behind, &tlv) > 0 &&
	       tlv.type != RSP_TLV_HANDLE)
		list->pos = behind.pos;
	pool->elements.end = list->pos;
	return true;
}

/**
 * rsp_enrp_next_server() - take the next registrar of a list
 * @list: a copy of the list that rsp_enrp_parse() gave
 * @server: it
 *
 * Return: false at the end of the list.
 */
bool rsp_enrp_next_server(struct rsp_tlv_list *list,
			  struct rsp_tlv_server *server)
{
	struct rsp_tlv tlv;

	while (rsp_tlv_next(NULL, list, &tlv) > 0)
		if (tlv.type == RSP_TLV_SERVER)
			return !rsp_tlv_parse_server(NULL, &tlv, server);
	return false;
}

static void put_be32(struct rsp_tlv_writer *w, u32 value)
{
	__be32 wire = cpu_to_be32(value);

	rsp_tlv_put_octets(w, &wire, sizeof(wire));
}

/**
 * rsp_enrp_begin() - begin an ENRP message
 * @w: the writer; empty or behind another message
 * @type: enum rsp_enrp_type
 * @flags: RSP_ENRP_FLAG_* that it has
 * @sender: our server identifier
 * @receiver: whom it is for, 0 for all
 *
 * What the message has besides comes next, in the order of its figure.
 *
 * Return: for rsp_enrp_end().
 */
u32 rsp_enrp_begin(struct rsp_tlv_writer *w, u8 type, u8 flags, u32 sender,
		   u32 receiver)
{
	u32 begin = rsp_asap_begin(w, type, flags);

	put_be32(w, sender);
	put_be32(w, receiver);
	return begin;
}

/**
 * rsp_enrp_put_target() - write whom a takeover is about
 * @w: the writer
 * @target: server identifier
 */
void rsp_enrp_put_target(struct rsp_tlv_writer *w, u32 target)
{
	put_be32(w, target);
}

/**
 * rsp_enrp_put_action() - write what ENRP_HANDLE_UPDATE is to do
 * @w: the writer
 * @action: enum rsp_enrp_action
 */
void rsp_enrp_put_action(struct rsp_tlv_writer *w, u16 action)
{
	put_be32(w, (u32)action << 16);
}

/**
 * rsp_enrp_end() - end an ENRP message
 * @w: the writer
 * @begin: what rsp_enrp_begin() gave
 *
 * Return: octets to send, the padding at the end included; -EMSGSIZE when it
 * did not fit in the buffer or in 65535 octets.
 */
int rsp_enrp_end(struct rsp_tlv_writer *w, u32 begin)
{
	return rsp_asap_end(w, begin);
}

/**
 * rsp_enrp_put_reports() - write the ENRP_ERROR that a sender wants
 * @w: the writer; RSP_ENRP_REPORTS_SIZE octets are always enough
 * @in: what it sent, parsed, with at least one report
 * @sender: our server identifier
 * @receiver: its
 *
 * Return: as rsp_enrp_end().
 */
int rsp_enrp_put_reports(struct rsp_tlv_writer *w,
			 const struct rsp_tlv_input *in, u32 sender,
			 u32 receiver)
{
	u32 begin = rsp_enrp_begin(w, RSP_ENRP_ERROR, 0, sender, receiver);

	rsp_tlv_put_reports(w, in);
	return rsp_enrp_end(w, begin);
}
