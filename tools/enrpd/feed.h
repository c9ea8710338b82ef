/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The feed of this host's kernel by generic netlink: the whole handlespace at
 * first and after any doubt, then what changes; and what the kernel asks for.
 */
#ifndef _ENRPD_FEED_H
#define _ENRPD_FEED_H

#include <uv.h>

#include "../lib/nl.h"
#include "handlespace.h"

/**
 * enum feed_state - how far it is
 * @FEED_OFF: the kernel is not fed
 * @FEED_CLOSED: it is to be, and is tried again and again
 * @FEED_SYNCING: between sync-begin and sync-end
 * @FEED_STEADY: the kernel has all but what is in the two lists
 */
enum feed_state { FEED_OFF, FEED_CLOSED, FEED_SYNCING, FEED_STEADY };

/**
 * struct feed - the feed
 * @state: how far it is
 * @commands: what the kernel is told by; it acknowledges before a send returns
 * @events: what it asks by, never waited for
 * @lock: of the scope, held by who feeds it; -1: it is not held
 * @poll: of @events
 * @polling: @poll is not closed yet
 * @idle: while there is something to tell
 * @tick: tries again, and looks whether the kernel is there yet
 * @ticks: since it was looked
 * @changed: elements that the kernel is to be told of
 * @gone: elements that it is to forget, struct gone
 * @complete_at: until then a sync does not end, for elements may come again
 * @said: why it does not work has been said
 */
struct feed {
	enum feed_state state;
	struct nl_client commands;
	struct nl_client events;
	int lock;
	uv_poll_t poll;
	bool polling;
	uv_idle_t idle;
	uv_timer_t tick;
	unsigned int ticks;
	struct list changed;
	struct list gone;
	u64 complete_at;
	bool said;
};

/**
 * struct gone - an element that the kernel is to forget
 * @in_feed: place in struct feed
 * @id: PE identifier
 * @handle_len: octets of @handle
 * @handle: of its pool
 */
struct gone {
	struct list in_feed;
	u32 id;
	u8 handle_len;
	u8 handle[];
};

/* In feed.c */
void feed_init(struct feed *feed);
void feed_start(struct feed *feed);
void feed_stop(struct feed *feed);
void feed_put(struct feed *feed, struct element *element);
void feed_remove(struct feed *feed, struct element *element);
void feed_doubt(struct feed *feed, const char *why);
bool feed_complete(const struct feed *feed);

/* In feed_tell.c */
int feed_tell(struct feed *feed);
int feed_tell_pool(struct feed *feed, struct pool *pool);
int feed_sync(struct feed *feed, u8 command);
int feed_check(struct feed *feed);

/* In feed_asap.c */
int feed_asap_begin(struct feed *feed);
void feed_asap_ready(struct feed *feed);
int feed_asap_take(struct feed *feed, const struct nlmsghdr *nlh);
bool feed_alive(struct feed *feed, const struct element *element);

#endif /* _ENRPD_FEED_H */
