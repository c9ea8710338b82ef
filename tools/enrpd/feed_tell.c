// SPDX-License-Identifier: GPL-2.0
/* What the kernel is told: elements, as many as a message holds. */
#include <errno.h>
#include <linux/rserpool_netlink.h>
#include <stdlib.h>

#include "../lib/log.h"
#include "registrar.h"

#define GONE_A_STEP	64

static u8 buf[NL_REQUEST_MAX] __attribute__((aligned(8)));

/* The kernel has TCP; what it could do nothing with it is not told. */
static void put_element(struct nlmsghdr *nlh, const struct element *element)
{
	const struct pool *pool = element->pool;
	struct rsp_octets handle = { pool->handle, pool->handle_len };
	struct rsp_tlv_element view;

	if (pool->transport != RSP_TLV_TCP_TRANSPORT)
		return;
	element_view(element, &view);
	feeder_put_element(nlh, &handle, &view, 0);
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
	nlh = nl_request(&feed->feeder.commands, buf, RSERPOOL_CMD_ELEMENT_NEW, 0);
	put_element(nlh, element);
	err = nl_talk(&feed->feeder.commands, nlh, NULL, NULL);
	if (!feeder_is_refusal(err))
		return err;
	registrar->counters.unfed++;
	format_handle(element->pool->handle, element->pool->handle_len, handle);
	log_say(LOG_WARNING, "pool %s id 0x%x: the kernel refuses it: %s",
		handle, element->id, feed->feeder.commands.error.sentence);
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
	nlh = nl_request(&feed->feeder.commands, buf, RSERPOOL_CMD_ELEMENT_NEW, 0);
	empty = nlh->nlmsg_len;
	while (!list_empty(from) &&
	       nlh->nlmsg_len < sizeof(buf) - FEEDER_ELEMENT_MAX) {
		struct list *pos = from->next;

		put_element(nlh, container_of(pos, struct element, in_feed));
		list_del(pos);
		list_add_tail(pos, &told);
		registrar->counters.fed++;
	}
	err = nlh->nlmsg_len == empty ? 0 :
	      nl_talk(&feed->feeder.commands, nlh, NULL, NULL);
	if (feeder_is_refusal(err))
		err = tell_each(feed, &told);
	while (!list_empty(&told))
		list_del(told.next);
	return err;
}

static int tell_gone(struct feed *feed, const struct gone *gone)
{
	struct rsp_octets handle = { gone->handle, gone->handle_len };

	return feeder_delete(&feed->feeder, &handle, gone->id);
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
