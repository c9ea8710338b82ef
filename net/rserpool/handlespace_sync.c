// SPDX-License-Identifier: GPL-2.0
/*
 * Mark and sweep: a feeder names all that there is, and the rest goes.  All of it
 * under the handlespace's writer lock.
 */

#include "handlespace_internal.h"

/**
 * rsp_handlespace_sync_begin() - a feeder begins to name all that there is
 * @hs: the handlespace
 *
 * Context: process; writer lock.
 * Return: 0, or -EBUSY: a sync is under way.
 */
int rsp_handlespace_sync_begin(struct rsp_handlespace *hs)
{
	lockdep_assert_held(&hs->lock);

	if (hs->syncing)
		return -EBUSY;
	hs->syncing = true;
	hs->mark++;
	return 0;
}

/* What is left of @pool when only what has this generation's mark stays. */
static void pool_sweep(struct rsp_pool *pool)
{
	struct rsp_handlespace *hs = pool->hs;
	struct rsp_pe *pe;
	unsigned long i;

	refcount_inc(&pool->refs);
	xa_for_each(&pool->elements, i, pe) {
		if (pe->mark != hs->mark && pe->listener == RSP_LISTENER_NONE)
			rsp_pe_remove(pe, RSP_CHANGE_DEL);
		cond_resched();
	}
	if (!pool->dead && !pool->explicit && !pool->n_elements &&
	    pool->mark != hs->mark)
		rsp_pool_remove(pool);
	rsp_pool_put(pool);
}

/**
 * rsp_handlespace_sync_end() - a feeder has named all that there is
 * @hs: the handlespace
 *
 * Elements that were not set since rsp_handlespace_sync_begin() go, but for those
 * of sockets that listen here, and pools without any that were neither set nor
 * made by an operator.
 *
 * Context: process; writer lock.
 * Return: 0, or -EALREADY: no sync is under way.
 */
int rsp_handlespace_sync_end(struct rsp_handlespace *hs)
{
	struct rsp_pool *pool;
	unsigned long i;

	lockdep_assert_held(&hs->lock);

	if (!hs->syncing)
		return -EALREADY;
	hs->syncing = false;
	xa_for_each(&hs->pool_index, i, pool) {
		pool_sweep(pool);
		cond_resched();
	}
	return 0;
}

/**
 * rsp_handlespace_sync_abort() - a feeder went before it had named all
 * @hs: the handlespace
 *
 * Nothing goes. Does nothing when no sync is under way.
 *
 * Context: process; writer lock.
 */
void rsp_handlespace_sync_abort(struct rsp_handlespace *hs)
{
	lockdep_assert_held(&hs->lock);

	hs->syncing = false;
}
