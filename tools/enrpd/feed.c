// SPDX-License-Identifier: GPL-2.0
/* When the kernel is told what: syncs, changes, and what ends them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/rserpool_netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "registrar.h"

#define TICK_MS		500
#define EVENTS_A_TURN	256	/* then the connections have theirs */
#define CHECK_TICKS	20	/* between two looks at a kernel that is silent */

static struct registrar *owner(const struct feed *feed)
{
	return container_of(feed, struct registrar, feed);
}

/* One line for each time that it stops working. */
static void say_why(struct feed *feed, const char *why)
{
	if (!feed->said)
		log_say(LOG_WARNING,
			"the kernel is not fed: %s; it is tried again", why);
	feed->said = true;
}

/* One feeder a scope: its sync would sweep what another one registered. */
static int lock_scope(struct feed *feed)
{
	char path[64], why[128];
	struct stat ns;

	if (feed->lock >= 0)
		return 0;
	if (stat("/proc/self/ns/net", &ns))
		return -errno;
	mkdir("/run/rserpool", 0755);
	snprintf(path, sizeof(path), "/run/rserpool/feeder-%lu",
		 (unsigned long)ns.st_ino);
	feed->lock = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (feed->lock < 0) {
		snprintf(why, sizeof(why), "%s: %s", path, strerror(errno));
		say_why(feed, why);
		return -1;
	}
	if (!flock(feed->lock, LOCK_EX | LOCK_NB))
		return 0;
	close(feed->lock);
	feed->lock = -1;
	say_why(feed, "another program feeds this scope");
	return -1;
}

static void forget_gone(struct feed *feed)
{
	struct list *pos, *next;

	list_for_each_safe(pos, next, &feed->gone) {
		list_del(pos);
		free(container_of(pos, struct gone, in_feed));
	}
}

static void close_kernel(uv_handle_t *poll)
{
	struct feed *feed = container_of(poll, struct feed, poll);

	nl_close(&feed->events);
	nl_close(&feed->commands);
	feed->polling = false;
}

/* The sockets go when libuv has let them go. */
static void let_go(struct feed *feed)
{
	uv_idle_stop(&feed->idle);
	forget_gone(feed);
	if (feed->state > FEED_CLOSED && feed->polling &&
	    !uv_is_closing((uv_handle_t *)&feed->poll))
		uv_close((uv_handle_t *)&feed->poll, close_kernel);
	feed->state = FEED_CLOSED;
}

static void step(uv_idle_t *idle)
{
	struct feed *feed = container_of(idle, struct feed, idle);
	int ret = feed_tell(feed);

	if (ret > 0)
		return;
	if (!ret && feed->state == FEED_SYNCING && feed_complete(feed)) {
		ret = feed_sync(feed, RSERPOOL_CMD_SYNC_END);
		if (!ret) {
			feed->state = FEED_STEADY;
			log_say(LOG_INFO, "the kernel has all %u elements",
				owner(feed)->hs.n_elements);
			feed_asap_ready(feed);
		}
	}
	if (ret)
		feed_doubt(feed, feed->commands.error.sentence);
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

static int begin_sync(struct feed *feed)
{
	int err;

	owner(feed)->counters.syncs++;
	err = feed_sync(feed, RSERPOOL_CMD_SYNC_BEGIN);
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

static int take_event(const struct nlmsghdr *nlh, void *data)
{
	return feed_asap_take(data, nlh);
}

static void on_events(uv_poll_t *poll, int status, int events)
{
	struct feed *feed = container_of(poll, struct feed, poll);
	int err, i;

	(void)events;
	for (i = 0, err = 0; !err && i < EVENTS_A_TURN; i++)
		err = nl_event(&feed->events, take_event, feed);
	if (feed->state <= FEED_CLOSED)
		return;
	/* An error of the socket, which was just read, ends the poll. */
	if (status < 0 && (!err || err == -EAGAIN || err == -ENOBUFS))
		uv_poll_start(poll, UV_READABLE, on_events);
	if (err == -EAGAIN)
		return;
	if (err == -ENOBUFS) {
		log_say(LOG_WARNING,
			"what the kernel asked for was lost: all is told anew");
		err = begin_sync(feed);
	}
	if (err)
		feed_doubt(feed, strerror(-err));
}

static int open_kernel(struct feed *feed)
{
	int err;

	err = nl_open(&feed->commands, RSERPOOL_FAMILY_NAME);
	if (!err)
		err = nl_open(&feed->events, RSERPOOL_FAMILY_NAME);
	else
		memset(&feed->events, 0, sizeof(feed->events));
	if (!err)
		err = nl_join(&feed->events, RSERPOOL_MCGRP_ASAP);
	if (!err)
		err = nl_do_not_wait(&feed->events);
	if (!err)
		err = nl_do_not_wait(&feed->commands);
	if (!err)
		err = uv_poll_init(feed->tick.loop, &feed->poll,
				   mnl_socket_get_fd(feed->events.socket));
	if (!err)
		return 0;
	nl_close(&feed->events);
	nl_close(&feed->commands);
	return err;
}

static void start_kernel(struct feed *feed)
{
	int err;

	if (lock_scope(feed))
		return;
	err = open_kernel(feed);
	if (err) {
		say_why(feed, err == -ENOENT ?
			"it has no RSerPool: is the module loaded?" :
			strerror(-err));
		return;
	}
	feed->polling = true;
	uv_poll_start(&feed->poll, UV_READABLE, on_events);
	err = begin_sync(feed);
	if (!err) {
		feed->said = false;
		return;
	}
	say_why(feed, *feed->commands.error.sentence ?
		feed->commands.error.sentence : strerror(-err));
	feed->state = FEED_SYNCING;
	let_go(feed);
}

static void on_tick(uv_timer_t *tick)
{
	struct feed *feed = container_of(tick, struct feed, tick);

	switch (feed->state) {
	case FEED_OFF:
		break;
	case FEED_CLOSED:
		if (!feed->polling)
			start_kernel(feed);
		break;
	case FEED_SYNCING:
		if (feed_complete(feed))
			uv_idle_start(&feed->idle, step);
		break;
	case FEED_STEADY:
		if (++feed->ticks % CHECK_TICKS == 0 && feed_check(feed))
			feed_doubt(feed, "it is not there any more");
		break;
	}
}

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
	return uv_now(feed->tick.loop) >= feed->complete_at;
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
		feed_doubt(feed, "no memory");
		return;
	}
	gone->id = element->id;
	gone->handle_len = pool->handle_len;
	memcpy(gone->handle, pool->handle, pool->handle_len);
	list_add_tail(&gone->in_feed, &feed->gone);
	uv_idle_start(&feed->idle, step);
}

/**
 * feed_doubt() - the kernel may not have what it was told
 * @feed: the feed; all is begun anew, soon
 * @why: a sentence
 */
void feed_doubt(struct feed *feed, const char *why)
{
	say_why(feed, *why ? why : "it does not answer");
	let_go(feed);
}

/**
 * feed_init() - make a feed, which is off
 * @feed: in struct registrar, zeroed
 */
void feed_init(struct feed *feed)
{
	list_init(&feed->changed);
	list_init(&feed->gone);
	feed->lock = -1;
}

/**
 * feed_start() - feed the kernel, as soon as there is one
 * @feed: off
 */
void feed_start(struct feed *feed)
{
	struct registrar *registrar = owner(feed);

	uv_idle_init(registrar->loop, &feed->idle);
	uv_timer_init(registrar->loop, &feed->tick);
	feed->complete_at = uv_now(registrar->loop) +
			    registrar->config.start_grace;
	feed->state = FEED_CLOSED;
	start_kernel(feed);
	uv_timer_start(&feed->tick, on_tick, TICK_MS, TICK_MS);
}

/**
 * feed_stop() - feed the kernel no more; it keeps what it has
 * @feed: it may be off
 */
void feed_stop(struct feed *feed)
{
	if (feed->state == FEED_OFF)
		return;
	let_go(feed);
	feed->state = FEED_OFF;
	uv_close((uv_handle_t *)&feed->idle, NULL);
	uv_close((uv_handle_t *)&feed->tick, NULL);
	if (feed->lock >= 0)
		close(feed->lock);
}
