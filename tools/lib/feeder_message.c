// SPDX-License-Identifier: GPL-2.0
/* What a feeder and the kernel say: elements as netlink and as ASAP have them. */
#include <errno.h>
#include <linux/genetlink.h>

#include "feeder.h"
#include "log.h"

static u8 buf[1024] __attribute__((aligned(8)));

/**
 * feeder_say() - say a command that has no attributes
 * @feeder: open
 * @command: it
 *
 * Return: 0, or a negative errno.
 */
int feeder_say(struct feeder *feeder, u8 command)
{
	return nl_talk(&feeder->commands,
		       nl_request(&feeder->commands, buf, command, 0), NULL,
		       NULL);
}

static int take_scope(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == RSERPOOL_A_SCOPE_MODE)
			*(u32 *)data = mnl_attr_get_u32(attr);
	return 0;
}

/* It is allowed, and hardly meant. */
static void warn_of_plain(struct feeder *feeder)
{
	if (!feeder->warned)
		log_say(LOG_WARNING,
			"the kernel's scope is plain: its sessions are in the clear, with elements of a secure scope too; see: rspctl doctor");
	feeder->warned = true;
}

/**
 * feeder_look() - whether the kernel is there, and may be fed
 * @feeder: open
 *
 * Who has registered in a plain scope has no place in a secure one (RFC 5355, 2.15).
 *
 * Return: NULL, or a sentence that says why not.
 */
const char *feeder_look(struct feeder *feeder)
{
	u32 mode = RSERPOOL_MODE_PLAIN;
	int err;

	err = nl_talk(&feeder->commands,
		      nl_request(&feeder->commands, buf, RSERPOOL_CMD_SCOPE_GET,
				 0), take_scope, &mode);
	if (err)
		return "it is not there any more";
	if (mode == RSERPOOL_MODE_PLAIN && feeder->secure)
		warn_of_plain(feeder);
	return mode == RSERPOOL_MODE_SECURE && !feeder->secure ?
	       "its scope is secure, and what is registered here is not" : NULL;
}

static int take_dumped(const struct nlmsghdr *nlh, void *data)
{
	struct feeder *feeder = data;

	return feeder->ops->take(feeder, nlh);
}

/**
 * feeder_dump() - have the owner take all that a dump gives
 * @feeder: open
 * @command: the dump's
 *
 * Return: 0, or a negative errno.
 */
int feeder_dump(struct feeder *feeder, u8 command)
{
	int ret = nl_dump(&feeder->commands,
			  nl_request(&feeder->commands, buf, command, 0),
			  take_dumped, feeder);

	return ret < 0 ? ret : 0;
}

static struct nlmsghdr *about(struct feeder *feeder, u8 command,
			      const struct rsp_octets *handle)
{
	struct nlmsghdr *nlh = nl_request(&feeder->commands, buf, command, 0);

	mnl_attr_put(nlh, RSERPOOL_A_ELEMENT_HANDLE, handle->len, handle->data);
	return nlh;
}

/**
 * feeder_delete() - take an element out of the kernel
 * @feeder: open
 * @handle: its pool's
 * @id: PE identifier
 *
 * Return: 0, also when it was not there; or a negative errno.
 */
int feeder_delete(struct feeder *feeder, const struct rsp_octets *handle,
		  u32 id)
{
	struct nlmsghdr *nlh = about(feeder, RSERPOOL_CMD_ELEMENT_DEL, handle);
	int err;

	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, id);
	err = nl_talk(&feeder->commands, nlh, NULL, NULL);
	/* An operator was faster, or the kernel had refused it. */
	return err == -ENOENT ? 0 : err;
}

/**
 * feeder_answer() - answer what the kernel asked for
 * @feeder: open
 * @command: RSERPOOL_CMD_RESOLVE_DONE or RSERPOOL_CMD_REGISTER_DONE
 * @handle: of the pool
 * @id: PE identifier; of no matter for a resolution
 * @err: 0, or a negative errno
 *
 * That nobody waits any more is no fault.
 *
 * Return: 0, or a negative errno.
 */
int feeder_answer(struct feeder *feeder, u8 command,
		  const struct rsp_octets *handle, u32 id, int err)
{
	struct nlmsghdr *nlh = about(feeder, command, handle);
	int ret;

	if (command == RSERPOOL_CMD_RESOLVE_DONE) {
		mnl_attr_put_u32(nlh, RSERPOOL_A_RESOLUTION_RESULT,
				 (u32)-err);
	} else {
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, id);
		if (err)
			mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_RESULT,
					 (u32)-err);
	}
	ret = nl_talk(&feeder->commands, nlh, NULL, NULL);
	return ret == -ENOENT ? 0 : ret;
}

/**
 * feeder_alive() - whether a socket listens for an element yet
 * @feeder: it need not be open
 * @handle: its pool's
 * @id: PE identifier
 * @home: server identifier of who asks, its home from now on
 *
 * Return: false when none does; true, too, when it cannot be said.
 */
bool feeder_alive(struct feeder *feeder, const struct rsp_octets *handle,
		  u32 id, u32 home)
{
	struct nlmsghdr *nlh;

	if (!feeder->open)
		return true;
	nlh = about(feeder, RSERPOOL_CMD_KEEP_ALIVE, handle);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, id);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_HOME, home);
	return nl_talk(&feeder->commands, nlh, NULL, NULL) != -ENOENT;
}

/**
 * feeder_is_refusal() - whether the kernel will not have one element
 * @err: why it has taken none of a message
 *
 * Return: true; false when it is a doubt about all.
 */
bool feeder_is_refusal(int err)
{
	switch (err) {
	case -EINVAL:
	case -EPROTOTYPE:
	case -EPROTONOSUPPORT:
	case -EADDRINUSE:
	case -EEXIST:
	case -ENOSPC:
	case -ERANGE:
	case -EOPNOTSUPP:
		return true;
	default:
		return false;
	}
}

static void put_policy(struct nlmsghdr *nlh, const struct rsp_tlv_policy *policy)
{
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_POLICY, policy->type);
	switch (policy->type) {
	case RSERPOOL_POLICY_WRR:
	case RSERPOOL_POLICY_WRAND:
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_WEIGHT, policy->value);
		break;
	case RSERPOOL_POLICY_PRIO:
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_PRIORITY,
				 policy->value);
		break;
	case RSERPOOL_POLICY_LUD:
	case RSERPOOL_POLICY_PLU:
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_DEGRADATION,
				 policy->degradation);
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_LOAD, policy->value);
		break;
	case RSERPOOL_POLICY_LU:
	case RSERPOOL_POLICY_RLU:
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_LOAD, policy->value);
		break;
	}
}

static void put_transport(struct nlmsghdr *nlh,
			  const struct rsp_tlv_transport *tcp,
			  const struct rsp_octets *address)
{
	struct nlattr *nest;

	nest = mnl_attr_nest_start(nlh, RSERPOOL_A_ELEMENT_TRANSPORT);
	mnl_attr_put(nlh, address->len == 4 ? RSERPOOL_A_TRANSPORT_IPV4 :
					      RSERPOOL_A_TRANSPORT_IPV6,
		     address->len, address->data);
	mnl_attr_put_u16(nlh, RSERPOOL_A_TRANSPORT_PORT, htobe16(tcp->port));
	mnl_attr_put_u32(nlh, RSERPOOL_A_TRANSPORT_USE, tcp->use);
	mnl_attr_nest_end(nlh, nest);
}

/**
 * feeder_put_element() - add an element to an element-new
 * @nlh: the message, with room for FEEDER_ELEMENT_MAX
 * @handle: of its pool
 * @element: it; its transports are TCP, which is what the kernel has
 * @lifetime: milliseconds, 0 for ever
 */
void feeder_put_element(struct nlmsghdr *nlh, const struct rsp_octets *handle,
			const struct rsp_tlv_element *element, u32 lifetime)
{
	struct rsp_tlv_list user = element->user;
	struct rsp_tlv_transport transport;
	struct rsp_tlv_address address;
	unsigned int n = 0;
	struct nlattr *nest;

	nest = mnl_attr_nest_start(nlh, RSERPOOL_A_BATCH_ELEMENT);
	mnl_attr_put(nlh, RSERPOOL_A_ELEMENT_HANDLE, handle->len, handle->data);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, element->id);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_HOME, element->home);
	if (lifetime)
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_LIFETIME, lifetime);
	put_policy(nlh, &element->policy);
	while (n < RSERPOOL_TRANSPORTS_MAX &&
	       rsp_tlv_next_transport(&user, &transport)) {
		struct rsp_tlv_list list = transport.addresses;

		if (!rsp_tlv_next_address(&list, &address))
			continue;
		put_transport(nlh, &transport, &address.octets);
		n++;
	}
	mnl_attr_nest_end(nlh, nest);
}

/* The two kinds of message have the handle in the same place. */
_Static_assert((int)RSERPOOL_A_ELEMENT_HANDLE == RSERPOOL_A_RESOLUTION_HANDLE,
	       "handle");

static int note_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr **tb = data;

	if (mnl_attr_get_type(attr) <= RSERPOOL_A_ELEMENT_MAX)
		tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

/**
 * feeder_read() - read a message about an element or a pool
 * @nlh: it
 * @tb: filled
 * @handle: filled
 *
 * Return: false when it has no handle.
 */
bool feeder_read(const struct nlmsghdr *nlh, feeder_attributes tb,
		 struct rsp_octets *handle)
{
	const struct nlattr *attr;

	memset(tb, 0, sizeof(feeder_attributes));
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), note_attr, tb);
	attr = tb[RSERPOOL_A_ELEMENT_HANDLE];
	if (!attr)
		return false;
	handle->data = mnl_attr_get_payload(attr);
	handle->len = mnl_attr_get_payload_len(attr);
	return handle->len;
}

/**
 * feeder_number() - a number of a message
 * @tb: from feeder_read()
 * @type: which
 *
 * Return: it, 0 where it is not there.
 */
u32 feeder_number(feeder_attributes tb, unsigned int type)
{
	return tb[type] ? mnl_attr_get_u32(tb[type]) : 0;
}

static void read_policy(feeder_attributes tb, struct rsp_tlv_policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	policy->type = feeder_number(tb, RSERPOOL_A_ELEMENT_POLICY);
	policy->degradation = feeder_number(tb, RSERPOOL_A_ELEMENT_DEGRADATION);
	switch (policy->type) {
	case RSERPOOL_POLICY_WRR:
	case RSERPOOL_POLICY_WRAND:
		policy->value = feeder_number(tb, RSERPOOL_A_ELEMENT_WEIGHT);
		break;
	case RSERPOOL_POLICY_PRIO:
		policy->value = feeder_number(tb, RSERPOOL_A_ELEMENT_PRIORITY);
		break;
	default:
		policy->value = feeder_number(tb, RSERPOOL_A_ELEMENT_LOAD);
		break;
	}
}

static void write_transport(struct rsp_tlv_writer *w, const struct nlattr *nest)
{
	struct rsp_tlv_transport tcp = { .type = RSP_TLV_TCP_TRANSPORT };
	struct rsp_tlv_address address = { { NULL, 0 } };
	const struct nlattr *attr;
	u32 begin;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case RSERPOOL_A_TRANSPORT_IPV4:
		case RSERPOOL_A_TRANSPORT_IPV6:
			address.octets.data = mnl_attr_get_payload(attr);
			address.octets.len = mnl_attr_get_payload_len(attr);
			break;
		case RSERPOOL_A_TRANSPORT_PORT:
			tcp.port = be16toh(mnl_attr_get_u16(attr));
			break;
		case RSERPOOL_A_TRANSPORT_USE:
			tcp.use = (u16)mnl_attr_get_u32(attr);
			break;
		}
	}
	if (!address.octets.data)
		return;
	begin = rsp_tlv_begin_transport(w, &tcp);
	rsp_tlv_put_address(w, &address);
	rsp_tlv_end(w, begin);
}

/**
 * feeder_get_element() - an element that listens here, as ASAP has it
 * @nlh: a register or register-get
 * @tb: from feeder_read()
 * @element: filled; its life and its home are the caller's
 * @transports: filled; the element's user transports are there
 */
void feeder_get_element(const struct nlmsghdr *nlh, feeder_attributes tb,
			struct rsp_tlv_element *element,
			u8 transports[FEEDER_TRANSPORTS_SIZE])
{
	const struct nlattr *attr;
	struct rsp_tlv_writer w;

	memset(element, 0, sizeof(*element));
	element->id = feeder_number(tb, RSERPOOL_A_ELEMENT_ID);
	rsp_tlv_writer_init(&w, transports, FEEDER_TRANSPORTS_SIZE);
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == RSERPOOL_A_ELEMENT_TRANSPORT)
			write_transport(&w, attr);
	element->user.pos = transports;
	element->user.end = transports + w.len;
	read_policy(tb, &element->policy);
}
