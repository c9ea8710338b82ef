// SPDX-License-Identifier: GPL-2.0
/* What the kernel is told: elements, as many as a message holds. */
#include <errno.h>
#include <linux/rserpool_netlink.h>
#include <stdlib.h>

#include "log.h"
#include "registrar.h"

#define ELEMENT_MAX	1024	/* octets of an element in a message, at most */
#define GONE_A_STEP	64

static u8 buf[NL_REQUEST_MAX] __attribute__((aligned(8)));

/* What has nothing to do with one element is a doubt about all. */
static bool is_refusal(int err)
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

/* The kernel has TCP; what it could do nothing with it is not told. */
static void put_element(struct nlmsghdr *nlh, const struct element *element)
{
	const struct pool *pool = element->pool;
	struct rsp_tlv_transport transport;
	struct rsp_tlv_address address;
	struct rsp_tlv_element view;
	unsigned int n = 0;
	struct nlattr *nest;

	if (pool->transport != RSP_TLV_TCP_TRANSPORT)
		return;
	element_view(element, &view);
	nest = mnl_attr_nest_start(nlh, RSERPOOL_A_BATCH_ELEMENT);
	mnl_attr_put(nlh, RSERPOOL_A_ELEMENT_HANDLE, pool->handle_len,
		     pool->handle);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, element->id);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_HOME, view.home);
	put_policy(nlh, &view.policy);
	while (n < RSERPOOL_TRANSPORTS_MAX &&
	       rsp_tlv_next_transport(&view.user, &transport)) {
		struct rsp_tlv_list list = transport.addresses;

		if (!rsp_tlv_next_address(&list, &address))
			continue;
		put_transport(nlh, &transport, &address.octets);
		n++;
	}
	mnl_attr_nest_end(nlh, nest);
}

static int tell_one(struct feed *feed, const struct element *element)
{
	struct registrar *registrar = container_of(feed, struct registrar,
						   feed);
	char handle[HANDLE_TEXT_MAX];
	struct nlmsghdr *nlh;
	int err;

	if (element->pool->transport != RSP_TLV_TCP_TRANSPORT)
		return 0;
	nlh = nl_request(&feed->commands, buf, RSERPOOL_CMD_ELEMENT_NEW, 0);
	put_element(nlh, element);
	err = nl_talk(&feed->commands, nlh, NULL, NULL);
	if (!is_refusal(err))
		return err;
	registrar->counters.unfed++;
	format_handle(element->pool->handle, element->pool->handle_len, handle);
	log_say(LOG_WARNING, "pool %s id 0x%x: the kernel refuses it: %s",
		handle, element->id, feed->commands.error.sentence);
	return 0;
}

/* Of elements that were told at once one was refused, and so all. */
static int tell_each(struct feed *feed, struct list *told)
{
	struct list *pos;
	int err;

	list_for_each(pos, told) {
		err = tell_one(feed, container_of(pos, struct element,
						  in_feed));
		if (err)
			return err;
	}
	return 0;
}

/* Takes from @from what fits in a message. */
static int tell_batch(struct feed *feed, struct list *from)
{
	struct registrar *registrar = container_of(feed, struct registrar,
						   feed);
	struct nlmsghdr *nlh;
	struct list told;
	u32 empty;
	int err;

	list_init(&told);
	nlh = nl_request(&feed->commands, buf, RSERPOOL_CMD_ELEMENT_NEW, 0);
	empty = nlh->nlmsg_len;
	while (!list_empty(from) &&
	       nlh->nlmsg_len < sizeof(buf) - ELEMENT_MAX) {
		struct list *pos = from->next;

		put_element(nlh, container_of(pos, struct element, in_feed));
		list_del(pos);
		list_add_tail(pos, &told);
		registrar->counters.fed++;
	}
	err = nlh->nlmsg_len == empty ? 0 :
	      nl_talk(&feed->commands, nlh, NULL, NULL);
	if (is_refusal(err))
		err = tell_each(feed, &told);
	while (!list_empty(&told))
		list_del(told.next);
	return err;
}

static int tell_gone(struct feed *feed, const struct gone *gone)
{
	struct nlmsghdr *nlh;
	int err;

	nlh = nl_request(&feed->commands, buf, RSERPOOL_CMD_ELEMENT_DEL, 0);
	mnl_attr_put(nlh, RSERPOOL_A_ELEMENT_HANDLE, gone->handle_len,
		     gone->handle);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, gone->id);
	err = nl_talk(&feed->commands, nlh, NULL, NULL);
	/* An operator was faster, or the kernel had refused it. */
	return err == -ENOENT ? 0 : err;
}

/**
 * feed_tell() - tell the kernel some of what it does not know
 * @feed: open
 *
 * Return: 1 when there is more; 0; or a negative errno.
 */
int feed_tell(struct feed *feed)
{
	unsigned int n = 0;
	int err;

	while (!list_empty(&feed->gone) && n++ < GONE_A_STEP) {
		struct gone *gone = container_of(feed->gone.next, struct gone,
						 in_feed);

		list_del(&gone->in_feed);
		err = tell_gone(feed, gone);
		free(gone);
		if (err)
			return err;
	}
	if (!list_empty(&feed->gone))
		return 1;
	err = list_empty(&feed->changed) ? 0 : tell_batch(feed, &feed->changed);
	return err ? err : !list_empty(&feed->changed);
}

/* What went from a pool and has come again must not go after that. */
static int tell_gone_of(struct feed *feed, const struct pool *pool)
{
	struct list *pos, *next;
	int err = 0;

	list_for_each_safe(pos, next, &feed->gone) {
		struct gone *gone = container_of(pos, struct gone, in_feed);

		if (gone->handle_len != pool->handle_len ||
		    memcmp(gone->handle, pool->handle, pool->handle_len))
			continue;
		list_del(pos);
		err = tell_gone(feed, gone);
		free(gone);
		if (err)
			break;
	}
	return err;
}

/**
 * feed_tell_pool() - tell the kernel of a pool that it asks for
 * @feed: open
 * @pool: it
 *
 * Return: 0, or a negative errno.
 */
int feed_tell_pool(struct feed *feed, struct pool *pool)
{
	struct list *pos, elements;
	int err = tell_gone_of(feed, pool);

	list_init(&elements);
	list_for_each(pos, &pool->elements) {
		struct element *element = container_of(pos, struct element,
						       in_pool);

		list_del(&element->in_feed);
		list_add_tail(&element->in_feed, &elements);
	}
	while (!err && !list_empty(&elements))
		err = tell_batch(feed, &elements);
	while (!list_empty(&elements))
		list_del(elements.next);
	return err;
}

/**
 * feed_sync() - begin or end a sync
 * @feed: open
 * @command: RSERPOOL_CMD_SYNC_BEGIN or RSERPOOL_CMD_SYNC_END
 *
 * Return: 0, or a negative errno.
 */
int feed_sync(struct feed *feed, u8 command)
{
	return nl_talk(&feed->commands,
		       nl_request(&feed->commands, buf, command, 0), NULL,
		       NULL);
}

/**
 * feed_check() - whether the kernel is still the one that was told
 * @feed: open
 *
 * Return: 0, or a negative errno.
 */
int feed_check(struct feed *feed)
{
	return feed_sync(feed, RSERPOOL_CMD_SCOPE_GET);
}
