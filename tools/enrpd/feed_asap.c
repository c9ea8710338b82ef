// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel asks for by its group "asap": pools that it does not know,
 * registration of the sockets that listen here, and its reports.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/rserpool_netlink.h>

#include "log.h"
#include "registrar.h"

static u8 buf[1024] __attribute__((aligned(8)));

typedef struct nlattr *attributes[RSERPOOL_A_ELEMENT_MAX + 1];

static struct registrar *owner(const struct feed *feed)
{
	return container_of(feed, struct registrar, feed);
}

static int note_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr **tb = data;

	if (mnl_attr_get_type(attr) <= RSERPOOL_A_ELEMENT_MAX)
		tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void read_attrs(const struct nlmsghdr *nlh, attributes tb)
{
	memset(tb, 0, sizeof(attributes));
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), note_attr, tb);
}

static u32 number(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u32(attr) : 0;
}

/* The two kinds of message have the handle in the same place. */
_Static_assert((int)RSERPOOL_A_ELEMENT_HANDLE == RSERPOOL_A_RESOLUTION_HANDLE,
	       "handle");

static bool read_handle(attributes tb, struct rsp_octets *handle)
{
	const struct nlattr *attr = tb[RSERPOOL_A_ELEMENT_HANDLE];

	if (!attr)
		return false;
	handle->data = mnl_attr_get_payload(attr);
	handle->len = mnl_attr_get_payload_len(attr);
	return handle->len;
}

/* Nothing is said of it; that nobody waits any more is no fault. */
static int answer(struct feed *feed, u8 command, const void *handle, u32 len,
		  u32 id, int err)
{
	struct nlmsghdr *nlh = nl_request(&feed->commands, buf, command, 0);
	int ret;

	mnl_attr_put(nlh, RSERPOOL_A_ELEMENT_HANDLE, len, handle);
	if (command == RSERPOOL_CMD_RESOLVE_DONE) {
		mnl_attr_put_u32(nlh, RSERPOOL_A_RESOLUTION_RESULT,
				 (u32)-err);
	} else {
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, id);
		if (err)
			mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_RESULT,
					 (u32)-err);
	}
	ret = nl_talk(&feed->commands, nlh, NULL, NULL);
	return ret == -ENOENT ? 0 : ret;
}

/* What is nowhere yet may come; until then the kernel waits. */
static int resolve(struct feed *feed, const struct rsp_octets *handle)
{
	struct pool *pool = pool_find(&owner(feed)->hs, handle->data,
				      handle->len);
	int err;

	if (!pool && !feed_complete(feed))
		return 0;
	if (pool) {
		err = feed_tell_pool(feed, pool);
		if (err)
			return err;
	}
	return answer(feed, RSERPOOL_CMD_RESOLVE_DONE, handle->data,
		      handle->len, 0, pool ? 0 : -ENOENT);
}

static void read_policy(attributes tb, struct rsp_tlv_policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	policy->type = number(tb[RSERPOOL_A_ELEMENT_POLICY]);
	policy->degradation = number(tb[RSERPOOL_A_ELEMENT_DEGRADATION]);
	switch (policy->type) {
	case RSERPOOL_POLICY_WRR:
	case RSERPOOL_POLICY_WRAND:
		policy->value = number(tb[RSERPOOL_A_ELEMENT_WEIGHT]);
		break;
	case RSERPOOL_POLICY_PRIO:
		policy->value = number(tb[RSERPOOL_A_ELEMENT_PRIORITY]);
		break;
	default:
		policy->value = number(tb[RSERPOOL_A_ELEMENT_LOAD]);
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

static int store(struct feed *feed, const struct nlmsghdr *nlh, attributes tb,
		 const struct rsp_octets *handle)
{
	struct rsp_tlv_element element = {
		.id = number(tb[RSERPOOL_A_ELEMENT_ID]),
		.life = RSP_LIFE_INFINITE,
	};
	struct registrar *registrar = owner(feed);
	struct element_data data = {
		.element = &element, .home = registrar->id,
	};
	u8 transports[RSERPOOL_TRANSPORTS_MAX * 32];
	const struct element *there;
	const struct nlattr *attr;
	struct rsp_tlv_writer w;
	struct pool *pool;

	pool = pool_find(&registrar->hs, handle->data, handle->len);
	there = pool ? element_find(&registrar->hs, pool, element.id) : NULL;
	if (there && !there->local && there->home->id == registrar->id)
		return -EADDRINUSE;
	rsp_tlv_writer_init(&w, transports, sizeof(transports));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == RSERPOOL_A_ELEMENT_TRANSPORT)
			write_transport(&w, attr);
	element.user.pos = transports;
	element.user.end = transports + w.len;
	read_policy(tb, &element.policy);
	return registration_put(registrar, NULL, handle, &data);
}

/* The kernel has seen to who may listen for which pool. */
static int register_local(struct feed *feed, const struct nlmsghdr *nlh,
			  attributes tb, const struct rsp_octets *handle)
{
	u32 id = number(tb[RSERPOOL_A_ELEMENT_ID]);
	char text[HANDLE_TEXT_MAX];
	int err;

	if (number(tb[RSERPOOL_A_ELEMENT_LISTENER]) == RSERPOOL_LISTENER_REFUSED)
		return 0;
	err = store(feed, nlh, tb, handle);
	if (err) {
		format_handle(handle->data, handle->len, text);
		log_say(LOG_INFO,
			"this host: registration of pool %s id 0x%x refused: %s",
			text, id, strerror(-err));
	}
	return answer(feed, RSERPOOL_CMD_REGISTER_DONE, handle->data,
		      handle->len, id, err);
}

static struct element *find(struct feed *feed, attributes tb,
			    const struct rsp_octets *handle)
{
	struct handlespace *hs = &owner(feed)->hs;
	struct pool *pool = pool_find(hs, handle->data, handle->len);

	return pool ? element_find(hs, pool,
				   number(tb[RSERPOOL_A_ELEMENT_ID])) : NULL;
}

static void deregister_local(struct feed *feed, struct element *element)
{
	if (!element || !element->local)
		return;
	owner(feed)->counters.deregistrations++;
	change_remove(owner(feed), element);
}

static void report(struct feed *feed, struct element *element)
{
	owner(feed)->counters.reports++;
	if (element)
		unreachable_report(owner(feed), element, feed);
}

/**
 * feed_asap_take() - the kernel asks
 * @feed: open
 * @nlh: what
 *
 * Return: 0; or a negative errno when it does not hear the answer.
 */
int feed_asap_take(struct feed *feed, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct rsp_octets handle;
	attributes tb;

	read_attrs(nlh, tb);
	if (!read_handle(tb, &handle))
		return 0;
	switch (genl->cmd) {
	case RSERPOOL_CMD_RESOLVE:
	case RSERPOOL_CMD_RESOLVE_GET:
		return resolve(feed, &handle);
	case RSERPOOL_CMD_REGISTER:
	case RSERPOOL_CMD_REGISTER_GET:
		return register_local(feed, nlh, tb, &handle);
	case RSERPOOL_CMD_DEREGISTER:
		deregister_local(feed, find(feed, tb, &handle));
		return 0;
	case RSERPOOL_CMD_UNREACHABLE:
		report(feed, find(feed, tb, &handle));
		return 0;
	default:
		return 0;
	}
}

static int take_dumped(const struct nlmsghdr *nlh, void *data)
{
	return feed_asap_take(data, nlh);
}

static int dump(struct feed *feed, u8 command)
{
	return nl_dump(&feed->commands,
		       nl_request(&feed->commands, buf, command, 0),
		       take_dumped, feed);
}

/* What listened when nobody heard that it does no more. */
static void forget_deaf(struct feed *feed)
{
	struct registrar *registrar = owner(feed);
	struct home *home = home_find(&registrar->hs, registrar->id);
	struct list *pos, *next;
	u32 left = home ? home->n : 0;

	if (!home)
		return;
	list_for_each_safe(pos, next, &home->elements) {
		struct element *element = container_of(pos, struct element,
						       in_home);

		if (element->local && !feed_alive(feed, element))
			change_remove(registrar, element);
		/* The last one to go takes its home along. */
		if (!--left)
			break;
	}
}

/**
 * feed_asap_begin() - look at all that the kernel asks for
 * @feed: opened, or something was lost
 *
 * Return: 0, or a negative errno.
 */
int feed_asap_begin(struct feed *feed)
{
	int err;

	forget_deaf(feed);
	err = dump(feed, RSERPOOL_CMD_REGISTER_GET);
	if (err >= 0)
		err = dump(feed, RSERPOOL_CMD_RESOLVE_GET);
	return err < 0 ? err : 0;
}

/**
 * feed_asap_ready() - answer those who waited for pools that may come
 * @feed: complete
 */
void feed_asap_ready(struct feed *feed)
{
	dump(feed, RSERPOOL_CMD_RESOLVE_GET);
}

/**
 * feed_alive() - whether a socket listens for an element yet
 * @feed: the feed
 * @element: one of this host
 *
 * Return: false when none does; true, too, when it cannot be said.
 */
bool feed_alive(struct feed *feed, const struct element *element)
{
	struct nlmsghdr *nlh;

	if (feed->state <= FEED_CLOSED)
		return true;
	nlh = nl_request(&feed->commands, buf, RSERPOOL_CMD_KEEP_ALIVE, 0);
	mnl_attr_put(nlh, RSERPOOL_A_ELEMENT_HANDLE, element->pool->handle_len,
		     element->pool->handle);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, element->id);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_HOME, owner(feed)->id);
	return nl_talk(&feed->commands, nlh, NULL, NULL) != -ENOENT;
}
