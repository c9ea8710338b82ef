/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_HANDLESPACE_H
#define _RSERPOOL_HANDLESPACE_H

#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/rserpool.h>
#include <linux/rserpool_netlink.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timerqueue.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "bucket.h"
#include "policy.h"

struct rsp_cookie_keys;

#define RSP_TRANSPORTS_MAX	RSP_ADDRESSES_MAX	/* of an element */
#define RSP_RANK_MAX		16	/* elements in rsp_pool_rank() */

/**
 * struct rsp_handle - a pool handle (RFC 5354, section 3.9)
 * @len: 1 to RSP_HANDLE_MAX
 * @octets: any octets; those behind @len are not looked at
 */
struct rsp_handle {
	u8 len;
	u8 octets[RSP_HANDLE_MAX];
};

static inline bool rsp_handle_equal(const struct rsp_handle *a,
				    const struct rsp_handle *b)
{
	return a->len == b->len && !memcmp(a->octets, b->octets, a->len);
}

/**
 * struct rsp_transport - a transport address of an element; TCP
 * @family: AF_INET or AF_INET6
 * @use: enum rsp_transport_use
 * @port: network byte order
 * @v4: address when @family is AF_INET
 * @v6: address when @family is AF_INET6
 * @scope_id: interface index of a link-local @v6, else 0
 */
struct rsp_transport {
	u8 family;
	u8 use;
	__be16 port;
	union {
		__be32 v4;
		struct in6_addr v6;
	};
	u32 scope_id;
};

/**
 * struct rsp_limits - what a scope will hold at most, and for how long
 * @pools: pools
 * @elements: elements over all pools
 * @avoid_min_ms: how long a failed element is passed over at first
 * @avoid_max_ms: what that time doubles to, failure after failure
 */
struct rsp_limits {
	u32 pools;
	u32 elements;
	u32 avoid_min_ms;
	u32 avoid_max_ms;
};

/* Who of a session's two ends must show a key that is for it alone. */
enum rsp_identify {
	RSP_IDENTIFY_CLIENT	= 1,
	RSP_IDENTIFY_PE		= 2,
	RSP_IDENTIFY_ALL	= RSP_IDENTIFY_CLIENT | RSP_IDENTIFY_PE,
};

#define RSP_TLS_NAME_SIZE	(RSERPOOL_TLS_NAME_MAX + 1)

/**
 * struct rsp_tls_name - a name of the DNS, or an address
 * @rcu: frees it
 * @text: it, fixed
 */
struct rsp_tls_name {
	struct rcu_head rcu;
	char text[];
};

/**
 * struct rsp_pool_config - what an operator sets of a pool
 * @policy: enum rsp_policy_type; fixed once the pool has an element
 * @fin: enum rsp_fin: what a FIN of an element means
 * @failover: enum rsp_failover_mode for sockets that set none; 0: notify
 * @identify: set of enum rsp_identify
 */
struct rsp_pool_config {
	u32 policy;
	u8 fin;
	u8 failover;
	u8 identify;
};

/**
 * struct rsp_pool - a pool; read under RCU or with a reference
 * @by_handle: place in rsp_handlespace.pools
 * @handle: fixed
 * @index: place in rsp_handlespace.pool_index, for dumps; fixed
 * @config: writer lock; all but @config.policy is read locklessly
 * @refs: one for the handlespace, one an element, one a session
 * @dead: taken out of the handlespace for good: whoever holds it looks the
 *	handle up anew; writer lock, read locklessly
 * @explicit: made by an operator: stays when its last element goes
 * @hs: where it belongs
 * @selectable: the policy's index of the elements that are not avoided;
 *	replaced under the writer lock only while the pool has no element
 * @elements: dense index of all elements, for dumps; writer lock, RCU
 * @n_elements: how many; writer lock, read locklessly
 * @use: enum rsp_transport_use of all of them; writer lock
 * @avoided_lock: @avoided and @cookie_keys, inside the writer lock
 * @avoided: elements with RSP_AVOID_FAILED, the first to return first;
 *	@avoided_lock
 * @n_avoided: elements with any enum rsp_avoid_reason; writer lock, read
 *	locklessly
 * @cookie_keys: what seals cookies, NULL: nothing does; the writer lock and
 *	@avoided_lock to change
 * @tls_name: which the certificates of its elements must bear, NULL: there is
 *	none; writer lock, RCU
 * @mark: generation of the last sync that named it; writer lock
 * @free: frees it
 * @rcu: the same, a grace period later
 */
struct rsp_pool {
	struct rhash_head by_handle;
	struct rsp_handle handle;
	u32 index;
	struct rsp_pool_config config;
	refcount_t refs;
	bool dead;
	bool explicit;
	struct rsp_handlespace *hs;
	struct rsp_policy_index __rcu *selectable;
	struct xarray elements;
	u32 n_elements;
	u8 use;
	spinlock_t avoided_lock; /* see above */
	struct rb_root_cached avoided;
	u32 n_avoided;
	struct rsp_cookie_keys *cookie_keys;
	struct rsp_tls_name __rcu *tls_name;
	u32 mark;
	struct work_struct free;
	struct rcu_head rcu;
};

/* Whose an element is, where a socket of this host listens for it. */
enum rsp_listener_kind {
	RSP_LISTENER_NONE,	/* none does: a feeder's */
	RSP_LISTENER_ASKED,	/* an agent was asked to register it */
	RSP_LISTENER_OWN,	/* nobody else was told of it */
	RSP_LISTENER_AGENT,	/* an agent has registered it */
	RSP_LISTENER_REFUSED,	/* an agent has not, or not in time */
};

/**
 * struct rsp_pe_config - what a feeder says of an element
 * @id: PE identifier (RFC 5354, section 3.14), not 0
 * @home: home registrar's server identifier, 0 when none
 * @lifetime_ms: it expires when not registered anew in this time; 0: never
 * @listener: RSP_LISTENER_OWN or _AGENT when it is said for one that listens
 *	here, else RSP_LISTENER_NONE
 * @policy: policy and parameters; the type is the pool's
 * @n_transports: 1 to RSP_TRANSPORTS_MAX
 * @transports: in the order of preference; all of one use, which is the pool's
 */
struct rsp_pe_config {
	u32 id;
	u32 home;
	u32 lifetime_ms;
	u8 listener;
	struct rsp_policy_params policy;
	u8 n_transports;
	struct rsp_transport transports[RSP_TRANSPORTS_MAX];
};

/* Why an element is passed over. */
enum rsp_avoid_reason {
	RSP_AVOID_NONE,
	RSP_AVOID_FAILED,	/* a session or a connect to it failed */
	RSP_AVOID_DRAIN,	/* the operator drains it: no end by itself */
};

/**
 * struct rsp_pe - a pool element; read under RCU or with a reference
 * @node: its place in the policy; @node.id is the PE identifier
 * @by_id: place in rsp_handlespace.elements, keyed by pool and identifier
 * @pool: its pool; holds a reference
 * @index: place in rsp_pool.elements; fixed
 * @home: home registrar; writer lock
 * @refs: one for the handlespace, one a session
 * @failures: failures since it last worked; writer lock, read locklessly
 * @dead: taken out of the handlespace, or its socket listens no more; its
 *	sessions go on; writer lock, read locklessly
 * @avoid: enum rsp_avoid_reason; writer lock, read locklessly
 * @avoid_until: ktime at which RSP_AVOID_FAILED ends; writer lock
 * @avoided: place in rsp_pool.avoided
 * @expires: ktime at which it expires, KTIME_MAX: never; writer lock
 * @lifetime_ms: see struct rsp_pe_config; writer lock
 * @reports: limits how often it is reported as unreachable; writer lock
 * @sessions: sessions that it serves now
 * @timer: place in rsp_handlespace.timers, at the nearer of @avoid_until and
 *	@expires; writer lock
 * @rcu: frees it
 * @mark: generation of the last sync that named it; writer lock
 * @listener: enum rsp_listener_kind; while it is not RSP_LISTENER_NONE, it neither
 *	expires nor is swept; writer lock
 * @n_transports: how many; fixed
 * @transports: fixed: an element that moves is replaced
 *
 * The order of the members leaves no holes: there can be a million.
 */
struct rsp_pe {
	struct rsp_policy_node node;
	struct rhash_head by_id;
	struct rsp_pool *pool;
	u32 index;
	u32 home;
	refcount_t refs;
	u16 failures;
	bool dead;
	u8 avoid;
	ktime_t avoid_until;
	struct rb_node avoided;
	ktime_t expires;
	struct rsp_bucket reports;
	u32 lifetime_ms;
	atomic_t sessions;
	struct timerqueue_node timer;
	struct rcu_head rcu;
	u32 mark;
	u8 listener;
	u8 n_transports;
	struct rsp_transport transports[] __counted_by(n_transports);
};

/* What happened to a pool (the first three only) or an element. */
enum rsp_change {
	RSP_CHANGE_NEW,
	RSP_CHANGE_SET,		/* a replaced element too; told of the new one */
	RSP_CHANGE_DEL,
	RSP_CHANGE_EXPIRED,
	RSP_CHANGE_AVOIDED,	/* rsp_pe.avoid says why */
	RSP_CHANGE_RETURNED,
};

/**
 * struct rsp_handlespace_ops - who hears of changes
 * @pool_changed: a pool came, changed or goes
 * @pe_changed: an element came, changed or goes
 * @pe_unreachable: a session found that it is; may be NULL
 *
 * All are called with the writer lock held, may sleep, and must not call
 * back into the handlespace's writers.
 */
struct rsp_handlespace_ops {
	void (*pool_changed)(struct rsp_pool *pool, enum rsp_change change);
	void (*pe_changed)(struct rsp_pe *pe, enum rsp_change change);
	void (*pe_unreachable)(struct rsp_pe *pe);
};

/**
 * struct rsp_waiter - one who waits for a handle to have a selectable element
 * @node: place in a bucket of rsp_handlespace.waiters; the bucket's lock
 * @handle: of the waiter's own memory; fixed while it waits
 * @any: it is woken by every other change of the pool's elements too
 * @wake: called under the bucket's lock, so it must not sleep, nor call
 *	rsp_handlespace_unwait(); the waiter stays until it does that later
 */
struct rsp_waiter {
	struct hlist_node node;
	const struct rsp_handle *handle;
	bool any;
	void (*wake)(struct rsp_waiter *waiter);
};

#define RSP_WAIT_BUCKETS	64

/**
 * struct rsp_handlespace - the handlespace of a scope
 * @lock: the writer lock: every change of pools and elements
 * @ops: who hears of changes, may be NULL; fixed until rsp_handlespace_exit()
 * @pools: pools by handle; RCU
 * @elements: elements by pool and PE identifier; RCU
 * @pool_index: dense index of pools, for dumps; RCU
 * @n_pools: how many; @lock, read locklessly
 * @n_elements: how many; @lock, read locklessly
 * @limits: @lock, read locklessly
 * @seq: grows with each change, so that a dump sees it was overtaken; @lock,
 *	read locklessly
 * @mark: generation of the sync under way or of the last one; @lock
 * @syncing: a sync is under way; @lock
 * @timers: elements by the time at which something happens to them; @lock
 * @timer_work: runs what is due in @timers
 * @waiters: hashed by handle
 */
struct rsp_handlespace {
	struct mutex lock; /* see above */
	const struct rsp_handlespace_ops *ops;
	struct rhashtable pools;
	struct rhashtable elements;
	struct xarray pool_index;
	u32 n_pools;
	u32 n_elements;
	struct rsp_limits limits;
	u32 seq;
	u32 mark;
	bool syncing;
	struct timerqueue_head timers;
	struct delayed_work timer_work;
	struct {
		spinlock_t lock; /* the list below */
		struct hlist_head list;
	} waiters[RSP_WAIT_BUCKETS];
};

/*
 * Each stands described at its definition. "Ref" marks what returns with a
 * reference that the caller gives back.
 */
int rsp_handlespace_register(void);
void rsp_handlespace_unregister(void);
int rsp_handlespace_init(struct rsp_handlespace *hs,
			 const struct rsp_handlespace_ops *ops);
void rsp_handlespace_exit(struct rsp_handlespace *hs);

/* Readers: any context, no lock. */
struct rsp_pool *rsp_pool_find_rcu(struct rsp_handlespace *hs,
				   const struct rsp_handle *handle);
struct rsp_pool *rsp_pool_get(struct rsp_handlespace *hs,
			      const struct rsp_handle *handle);	/* Ref */
void rsp_pool_put(struct rsp_pool *pool);
struct rsp_cookie_keys *rsp_pool_cookie_keys(struct rsp_pool *pool); /* Ref */
bool rsp_pool_tls_name(struct rsp_handlespace *hs,
		       const struct rsp_handle *handle, char *text);
u8 rsp_pool_identify(struct rsp_handlespace *hs,
		     const struct rsp_handle *handle);
struct rsp_pe *rsp_pe_find_rcu(struct rsp_pool *pool, u32 id);
struct rsp_pe *rsp_pe_get(struct rsp_pool *pool, u32 id);	/* Ref */
void rsp_pe_put(struct rsp_pe *pe);
struct rsp_pe *rsp_pe_lone(struct rsp_handlespace *hs,
			   const struct rsp_handle *handle,
			   const struct rsp_pe_config *config);	/* Ref */

/* Sessions: process context. */
struct rsp_pe *rsp_pool_select(struct rsp_pool *pool,
			       const struct rsp_exclude *exclude); /* Ref */
struct rsp_pe *rsp_pool_peek(struct rsp_pool *pool,
			     const struct rsp_exclude *exclude);	/* Ref */
bool rsp_pe_serves(const struct rsp_pe *pe);
u32 rsp_pool_rank(struct rsp_pool *pool, u32 id, struct rsp_pe **pes,
		  u32 max);						/* Refs */
struct rsp_pe *rsp_pool_prefer(struct rsp_pool *pool, const u32 *ids, u32 n,
			       const struct rsp_exclude *exclude); /* Ref */
void rsp_handlespace_wait(struct rsp_handlespace *hs,
			  struct rsp_waiter *waiter);
void rsp_handlespace_unwait(struct rsp_handlespace *hs,
			    struct rsp_waiter *waiter);
void rsp_handlespace_wake(struct rsp_handlespace *hs,
			  const struct rsp_handle *handle);

/* What sessions tell: process context; they take the writer lock. */
void rsp_pe_failed(struct rsp_pe *pe);
void rsp_pe_worked(struct rsp_pe *pe);

/* Writers: the caller holds rsp_handlespace.lock. */
int rsp_pool_check(struct rsp_handlespace *hs,
		   const struct rsp_handle *handle,
		   const struct rsp_pool_config *config);
struct rsp_pool *rsp_pool_add(struct rsp_handlespace *hs,
			      const struct rsp_handle *handle,
			      const struct rsp_pool_config *config,
			      bool explicit);
int rsp_pool_set(struct rsp_pool *pool, const struct rsp_pool_config *config,
		 bool explicit);
struct rsp_tls_name *rsp_tls_name_make(const char *text, size_t len);
void rsp_pool_set_tls_name(struct rsp_pool *pool, struct rsp_tls_name *name);
int rsp_pool_set_cookie_keys(struct rsp_pool *pool,
			     struct rsp_cookie_keys *keys);
void rsp_pool_del(struct rsp_pool *pool);
int rsp_pe_check(struct rsp_handlespace *hs, struct rsp_pool *pool,
		 const struct rsp_pe_config *config, u32 ahead);
int rsp_pe_set(struct rsp_pool *pool, const struct rsp_pe_config *config);
void rsp_pe_describe(const struct rsp_pe *pe, struct rsp_pe_config *config);
bool rsp_pe_is_at(const struct rsp_pe *pe, const struct rsp_pe_config *config);
void rsp_pe_del(struct rsp_pe *pe);
void rsp_pe_drain(struct rsp_pe *pe, bool drain);
int rsp_handlespace_sync_begin(struct rsp_handlespace *hs);
int rsp_handlespace_sync_end(struct rsp_handlespace *hs);
void rsp_handlespace_sync_abort(struct rsp_handlespace *hs);

#endif /* _RSERPOOL_HANDLESPACE_H */
