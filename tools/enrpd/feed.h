/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The feed of this host's kernel by generic netlink: the whole handlespace at
 * first and after any doubt, then what changes; and what the kernel asks for.
 */
#ifndef _ENRPD_FEED_H
#define _ENRPD_FEED_H

#include "../lib/feeder.h"
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
 * @feeder: its sockets to the kernel
 * @idle: while there is something to tell
 * @changed: elements that the kernel is to be told of
 * @gone: elements that it is to forget, struct gone
 * @begun: when the sync was, in nanoseconds
 * @told: when the kernel had been told all for the first time since; 0: not yet
 * @complete_at: until then a sync does not end, for elements may come again
 */
struct feed {
	enum feed_state state;
	struct feeder feeder;
	uv_idle_t idle;
	struct list changed;
	struct list gone;
	u64 begun;
	u64 told;
	u64 complete_at;
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
bool feed_complete(const struct feed *feed);

/* In feed_tell.c */
int feed_tell(struct feed *feed);
int feed_tell_pool(struct feed *feed, struct pool *pool);

/* In feed_asap.c */
int feed_asap_begin(struct feed *feed);
void feed_asap_ready(struct feed *feed);
int feed_asap_take(struct feeder *feeder, const struct nlmsghdr *nlh);
bool feed_alive(struct feed *feed, const struct element *element);

#endif /* _ENRPD_FEED_H */
