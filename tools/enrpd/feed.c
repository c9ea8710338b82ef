// SPDX-License-Identifier: GPL-2.0
/* When the kernel is told what: syncs, changes, and what ends them. */
#include <stdlib.h>

#include "../lib/log.h"
#include "registrar.h"

static struct registrar *owner(const struct feed *feed)
{
	return container_of(feed, struct registrar, feed);
}

static void forget_gone(struct feed *feed)
{
	struct list *pos, *next;

	list_for_each_safe(pos, next, &feed->gone) {
		list_del(pos);
		free(container_of(pos, struct gone, in_feed));
	}
}

static void step(uv_idle_t *idle)
{
	struct feed *feed = container_of(idle, struct feed, idle);
	int ret = feed_tell(feed);

	if (ret > 0)
		return;
	if (feed->state == FEED_SYNCING && !feed->told)
		feed->told = uv_hrtime();
	if (!ret && feed->state == FEED_SYNCING && feed_complete(feed)) {
		ret = feeder_say(&feed->feeder, RSERPOOL_CMD_SYNC_END);
		if (!ret) {
			feed->state = FEED_STEADY;
			log_say(LOG_INFO,
				"the kernel has all %u elements, told in %u ms",
				owner(feed)->hs.n_elements,
				(u32)((feed->told - feed->begun) / 1000000));
			feed_asap_ready(feed);
		}
	}
	if (ret)
		feeder_doubt(&feed->feeder,
			     feed->feeder.commands.error.sentence);
	else
		uv_idle_stop(idle);
}

static void mark_all(struct feed *feed)
{
	struct handlespace *hs = &owner(feed)->hs;
	struct list *pos, *each;

	forget_gone(feed);
	list_for_each(pos, &hs->homes) {
		struct home *home = container_of(pos, struct home, in_all);

		list_for_each(each, &home->elements) {
			struct element *element = container_of(each,
							       struct element,
							       in_home);

			list_del(&element->in_feed);
			list_add_tail(&element->in_feed, &feed->changed);
		}
	}
}

static struct feed *feed_of(struct feeder *feeder)
{
	return container_of(feeder, struct feed, feeder);
}

static int begin_sync(struct feeder *feeder)
{
	struct feed *feed = feed_of(feeder);
	int err;

	owner(feed)->counters.syncs++;
	feed->begun = uv_hrtime();
	feed->told = 0;
	err = feeder_say(feeder, RSERPOOL_CMD_SYNC_BEGIN);
	if (err)
		return err;
	feed->state = FEED_SYNCING;
	mark_all(feed);
	err = feed_asap_begin(feed);
	/* Without memory for what has gone it was given up meanwhile. */
	if (!err && feed->state == FEED_SYNCING)
		uv_idle_start(&feed->idle, step);
	return err;
}

static void on_tick(struct feeder *feeder)
{
	struct feed *feed = feed_of(feeder);

	if (feed->state == FEED_SYNCING && feed_complete(feed))
		uv_idle_start(&feed->idle, step);
}

static void on_lost(struct feeder *feeder)
{
	struct feed *feed = feed_of(feeder);

	uv_idle_stop(&feed->idle);
	forget_gone(feed);
	feed->state = FEED_CLOSED;
}

static const struct feeder_ops feed_ops = {
	.begin = begin_sync,
	.take = feed_asap_take,
	.tick = on_tick,
	.lost = on_lost,
};

/**
 * feed_complete() - whether what is not in the handlespace is nowhere
 * @feed: the feed
 *
 * After a start the elements have some time to come again: until then the kernel
 * keeps those that it has.
 *
 * Return: true when it is.
 */
bool feed_complete(const struct feed *feed)
{
	return uv_now(owner(feed)->loop) >= feed->complete_at;
}

/**
 * feed_put() - an element is there, or is otherwise than it was
 * @feed: the feed
 * @element: it
 */
void feed_put(struct feed *feed, struct element *element)
{
	if (feed->state <= FEED_CLOSED || !list_empty(&element->in_feed))
		return;
	list_add_tail(&element->in_feed, &feed->changed);
	uv_idle_start(&feed->idle, step);
}

/**
 * feed_remove() - an element goes
 * @feed: the feed
 * @element: it
 */
void feed_remove(struct feed *feed, struct element *element)
{
	const struct pool *pool = element->pool;
	struct gone *gone;

	list_del(&element->in_feed);
	if (feed->state <= FEED_CLOSED)
		return;
	gone = malloc(sizeof(*gone) + pool->handle_len);
	if (!gone) {
		feeder_doubt(&feed->feeder, "no memory");
		return;
	}
	gone->id = element->id;
	gone->handle_len = pool->handle_len;
	memcpy(gone->handle, pool->handle, pool->handle_len);
	list_add_tail(&gone->in_feed, &feed->gone);
	uv_idle_start(&feed->idle, step);
}

/**
 * feed_init() - make a feed, which is off
 * @feed: in struct registrar, zeroed
 */
void feed_init(struct feed *feed)
{
	list_init(&feed->changed);
	list_init(&feed->gone);
	feeder_init(&feed->feeder, &feed_ops);
}

/**
 * feed_start() - feed the kernel, as soon as there is one
 * @feed: off
 */
void feed_start(struct feed *feed)
{
	struct registrar *registrar = owner(feed);

	uv_idle_init(registrar->loop, &feed->idle);
	feed->complete_at = uv_now(registrar->loop) +
			    registrar->config.start_grace;
	feed->state = FEED_CLOSED;
	feeder_start(&feed->feeder, registrar->loop,
		     registrar->config.secure);
}

/**
 * feed_stop() - feed the kernel no more; it keeps what it has
 * @feed: it may be off
 */
void feed_stop(struct feed *feed)
{
	if (feed->state == FEED_OFF)
		return;
	feeder_stop(&feed->feeder);
	feed->state = FEED_OFF;
	uv_close((uv_handle_t *)&feed->idle, NULL);
}
