/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Resolution: asking a feeder for a pool that the handlespace does not know.
 *
 * A session that finds no pool, or no element to select, registers a waiter
 * with rsp_handlespace_wait() and then calls rsp_resolve(). It is woken when
 * an element of the pool can be selected, and when the resolution ends. So
 * when it wakes, it looks for an element; there being none, it waits on while
 * rsp_resolve_result() is -EINPROGRESS, and fails otherwise.
 *
 * An element that appears does not end a resolution: the feeder may have more
 * to say, and its resolve-done is no error then.
 */
#ifndef _RSERPOOL_RESOLVE_H
#define _RSERPOOL_RESOLVE_H

#include <linux/errno.h>
#include <linux/spinlock.h>
#include <linux/timerqueue.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

struct net;
struct rsp_handle;

#define RSP_RESOLVE_BUCKETS	64

/**
 * struct rsp_resolver - the resolutions of a namespace
 * @lock: all of the below
 * @buckets: resolutions by handle, pending and ended
 * @timers: the same, the one to look at first in front
 * @n: how many
 * @n_pending: how many of them wait for an answer
 * @max: how many there may be
 * @timeout_ms: how long an answer may take
 * @seq: grows with each change, so that a dump sees it was overtaken
 * @work: looks at what is due in @timers
 */
struct rsp_resolver {
	spinlock_t lock; /* see above */
	struct hlist_head buckets[RSP_RESOLVE_BUCKETS];
	struct timerqueue_head timers;
	u32 n;
	u32 n_pending;
	u32 max;
	u32 timeout_ms;
	u32 seq;
	struct delayed_work work;
};

/**
 * typedef rsp_resolve_show_t - shows a pending resolution
 * @handle: what is asked for
 * @left_ms: for how long yet
 * @data: the caller's
 *
 * It must not sleep. Return: 0 to go on, another value to stop.
 */
typedef int (*rsp_resolve_show_t)(const struct rsp_handle *handle, u32 left_ms,
				  void *data);

void rsp_resolver_init(struct rsp_resolver *resolver);
void rsp_resolver_exit(struct rsp_resolver *resolver);

/* Sessions. */
int rsp_resolve(struct net *net, const struct rsp_handle *handle, kuid_t user);
int rsp_resolve_result(struct net *net, const struct rsp_handle *handle);

/* Netlink. */
int rsp_resolve_done(struct net *net, const struct rsp_handle *handle,
		     int result);
int rsp_resolver_walk(struct rsp_resolver *resolver, unsigned long *bucket,
		      unsigned long *place, rsp_resolve_show_t show, void *data);

#endif /* _RSERPOOL_RESOLVE_H */
