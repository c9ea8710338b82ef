/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handlespace: pools, their elements, and the registrars that own them.
 * It knows no connection and no message; who changes it tells the others.
 */
#ifndef _ENRPD_HANDLESPACE_H
#define _ENRPD_HANDLESPACE_H

#include "../lib/kernel.h"

#include "../../net/rserpool/tlv.h"
#include "../lib/checksum.h"
#include "../lib/list.h"
#include "../lib/deadline.h"

struct account;
struct client;
struct handlespace;

/* Of an element in a message: with a handle it fits in one of any kind. */
#define ELEMENT_SIZE_MAX	(RSP_ASAP_LENGTH_MAX - 256)

/**
 * struct home - a registrar that owns elements
 * @in_all: place in struct handlespace
 * @id: server identifier, 0 of those that have no registrar
 * @n: elements
 * @elements: they
 * @checksum: over them
 * @orphan_since: since when no peer of this identifier is there; 0: one is
 */
struct home {
	struct list in_all;
	u32 id;
	u32 n;
	struct list elements;
	struct rsp_checksum checksum;
	u64 orphan_since;
};

/**
 * struct pool - a pool
 * @hs: where it is
 * @next: in the same place of the table
 * @in_all: place in struct handlespace
 * @in_changed: place in the registrar's list of those that subscribers are to
 *	be told of
 * @elements: in the order in which their turn is
 * @subscribers: who is told of changes
 * @n: elements
 * @turn: of WRR, whose turn it is: that of struct element
 * @policy: its type
 * @transport: type of its elements' user transports
 * @use: Transport Use of all of them
 * @handle_len: octets of @handle
 * @handle: pool handle
 */
struct pool {
	struct handlespace *hs;
	struct pool *next;
	struct list in_all;
	struct list in_changed;
	struct list elements;
	struct list subscribers;
	u32 n;
	u64 turn;
	u32 policy;
	u16 transport;
	u16 use;
	u8 handle_len;
	u8 handle[];
};

/**
 * struct element - a pool element
 * @next: in the same place of the table
 * @pool: its pool
 * @home: who owns it
 * @in_pool: place in @pool
 * @in_home: place in @home
 * @in_client: place in @client
 * @in_feed: place among those that the kernel is to be told of
 * @client: the connection that it registered by; NULL when that has gone
 * @account: whose it is; NULL: nobody's that we know
 * @expiry: when its registration ends
 * @keep_alive: when it is asked next, or is to have answered
 * @id: PE identifier
 * @life: seconds, or RSP_LIFE_INFINITE
 * @value: weight, priority or load
 * @degradation: as the policy has it
 * @turn: of LUD the degradation counter, of WRR the next turn
 * @reports: who say that it is unreachable, since it answered
 * @reporters: they
 * @asked_at: when a keep-alive was sent last, or the registrar that owns it told of a
 *	report, 0: never
 * @local: a socket of this host listens for it
 * @asked: a keep-alive waits for its answer
 * @overdue: the answer's time was over once
 * @expiring: the registration's time was over once
 * @stale: its home may not have it any more
 * @former: the registrar that it was taken over from; 0: none
 * @awaited: until when it may come, if it was ours and had not; milliseconds
 * @params_len: octets of @params
 * @params: its parameters as they were registered: user transports, policy,
 *	ASAP transport
 */
struct element {
	struct element *next;
	struct pool *pool;
	struct home *home;
	struct list in_pool;
	struct list in_home;
	struct list in_client;
	struct list in_feed;
	struct client *client;
	struct account *account;
	struct deadline expiry;
	struct deadline keep_alive;
	u32 id;
	s32 life;
	u32 value;
	u32 degradation;
	u64 turn;
	u32 reports;
	u64 *reporters;
	u64 asked_at;
	bool local;
	bool asked;
	bool overdue;
	bool expiring;
	bool stale;
	u32 former;
	u64 awaited;
	u16 params_len;
	u8 *params;
};

/**
 * struct handlespace - all of it
 * @pools: all pools
 * @homes: all registrars that own something
 * @walks: under way
 * @pool_table: by handle, of a power of two
 * @element_table: by pool and identifier, of a power of two
 * @n_pools: how many
 * @n_elements: how many
 * @pools_max: that there may be
 * @elements_max: that there may be
 * @pool_places: of @pool_table
 * @element_places: of @element_table
 * @scarce: there was hardly any memory when it was looked for last
 * @seed: nobody outside can know which handles meet in a place
 */
struct handlespace {
	struct list pools;
	struct list homes;
	struct list walks;
	struct pool **pool_table;
	struct element **element_table;
	u32 n_pools;
	u32 n_elements;
	u32 pools_max;
	u32 elements_max;
	u32 pool_places;
	u32 element_places;
	bool scarce;
	u64 seed[2];
};

/**
 * home_for_each_safe() - each element of a home, and each of them may go
 * @element: the loop's; moved or removed in it, and the home with the last one
 * @next: the one behind it
 * @left: u32, how many come after it
 * @home: read only before the last one has its turn
 */
#define home_for_each_safe(element, next, left, home)			\
	for ((left) = (home)->n,					\
	     (element) = container_of((home)->elements.next,		\
				      struct element, in_home);		\
	     (left) && ((next) = container_of((element)->in_home.next,	\
					      struct element, in_home),	\
			(left)--);					\
	     (element) = (next))

/**
 * struct walk - over elements, while they come and go
 * @in_all: place in struct handlespace
 * @next: the next one; NULL: it was the last
 * @one_home: of one registrar only
 */
struct walk {
	struct list in_all;
	struct element *next;
	bool one_home;
};

/**
 * struct element_data - what an element is registered with
 * @element: its numbers, user transports and policy
 * @home: who owns it from now on
 * @asap: its ASAP transport; NULL: that of @element, if it has one
 */
struct element_data {
	const struct rsp_tlv_element *element;
	u32 home;
	const struct rsp_tlv_transport *asap;
};

int handlespace_init(struct handlespace *hs, u32 pools_max, u32 elements_max);
void handlespace_fini(struct handlespace *hs);
struct pool *pool_find(const struct handlespace *hs, const void *handle,
		       u32 len);
struct element *element_find(const struct handlespace *hs,
			     const struct pool *pool, u32 id);
struct home *home_find(const struct handlespace *hs, u32 id);
int element_put(struct handlespace *hs, const struct rsp_octets *handle,
		const struct element_data *data, struct element **put);
int element_move(struct handlespace *hs, struct element *element, u32 home);
void element_remove(struct handlespace *hs, struct element *element);
u32 element_size(const struct element *element);
void element_write(struct rsp_tlv_writer *w, const struct element *element);
void element_view(const struct element *element, struct rsp_tlv_element *view);
void transport_write(struct rsp_tlv_writer *w,
		     const struct rsp_tlv_transport *transport);

/* In walk.c */
void walk_begin(struct handlespace *hs, struct walk *walk, u32 home);
void walk_on(const struct handlespace *hs, struct walk *walk);
void walk_end(struct walk *walk);
void walks_skip(struct handlespace *hs, const struct element *element);

#endif /* _ENRPD_HANDLESPACE_H */
