// SPDX-License-Identifier: GPL-2.0
/* Those who wait for a handle to have an element that can be selected. */

#include "handlespace_internal.h"

void rsp_handlespace_waiters_init(struct rsp_handlespace *hs)
{
	unsigned int i;

	for (i = 0; i < RSP_WAIT_BUCKETS; i++) {
		spin_lock_init(&hs->waiters[i].lock);
		INIT_HLIST_HEAD(&hs->waiters[i].list);
	}
}

static unsigned int bucket(const struct rsp_handle *handle)
{
	return rsp_handle_hash(handle) % RSP_WAIT_BUCKETS;
}

/**
 * rsp_handlespace_wait() - be woken when a handle may have what to select
 * @hs: the handlespace
 * @waiter: the waiter, with its handle and its function
 *
 * Call this first and select then: what becomes selectable after this wakes,
 * what was selectable before is seen. A wake-up promises nothing: the one woken
 * selects again, and waits on when it gets nothing.
 *
 * Context: process. Undone by rsp_handlespace_unwait().
 */
void rsp_handlespace_wait(struct rsp_handlespace *hs, struct rsp_waiter *waiter)
{
	unsigned int b = bucket(waiter->handle);

	spin_lock(&hs->waiters[b].lock);
	hlist_add_head(&waiter->node, &hs->waiters[b].list);
	spin_unlock(&hs->waiters[b].lock);
	/* Pairs with the barrier in rsp_handlespace_wake(). */
	smp_mb();
}

/**
 * rsp_handlespace_unwait() - be woken no more
 * @hs: the handlespace
 * @waiter: the waiter, after rsp_handlespace_wait()
 *
 * Context: process, not in the waiter's function. When this returns, that
 * function does not run and will not.
 */
void rsp_handlespace_unwait(struct rsp_handlespace *hs,
			    struct rsp_waiter *waiter)
{
	unsigned int b = bucket(waiter->handle);

	spin_lock(&hs->waiters[b].lock);
	hlist_del(&waiter->node);
	spin_unlock(&hs->waiters[b].lock);
}

static void wake(struct rsp_handlespace *hs, const struct rsp_handle *handle,
		 bool all)
{
	unsigned int b = bucket(handle);
	struct rsp_waiter *waiter;

	/*
	 * What the caller made selectable before a look at the list: either
	 * this sees the waiter or the waiter sees that.
	 */
	smp_mb();
	if (hlist_empty(&hs->waiters[b].list))
		return;
	spin_lock(&hs->waiters[b].lock);
	hlist_for_each_entry(waiter, &hs->waiters[b].list, node)
		if ((all || waiter->any) &&
		    rsp_handle_equal(waiter->handle, handle))
			waiter->wake(waiter);
	spin_unlock(&hs->waiters[b].lock);
}

/**
 * rsp_handlespace_wake() - wake those who wait for a handle
 * @hs: the handlespace
 * @handle: the handle
 *
 * Also for one who knows that waiting is of no use: a resolution that came to
 * nothing.
 *
 * Context: process.
 */
void rsp_handlespace_wake(struct rsp_handlespace *hs,
			  const struct rsp_handle *handle)
{
	wake(hs, handle, true);
}

/* After a change of an element, which may have made nothing selectable. */
void rsp_pool_changed(struct rsp_pool *pool)
{
	wake(pool->hs, &pool->handle, false);
}

/* After what may have made an element selectable. */
void rsp_pe_wake(struct rsp_pe *pe)
{
	if (pe->node.indexed && rsp_params_serve(&pe->node.params))
		rsp_handlespace_wake(pe->pool->hs, &pe->pool->handle);
}
