/* SPDX-License-Identifier: GPL-2.0 */
/* What the handlespace's files share with each other, and with no one else. */
#ifndef _RSERPOOL_HANDLESPACE_INTERNAL_H
#define _RSERPOOL_HANDLESPACE_INTERNAL_H

#include "handlespace.h"

/* The index is replaced under the writer lock, which the caller holds. */
static inline struct rsp_policy_index *rsp_pool_index(struct rsp_pool *pool)
{
	return rcu_dereference_protected(pool->selectable,
					 lockdep_is_held(&pool->hs->lock));
}

/* Weight 0 says: no work for this element (RFC 5356, sections 4.2 and 4.4). */
static inline bool rsp_params_serve(const struct rsp_policy_params *params)
{
	return (params->type != RSP_POLICY_WRR &&
		params->type != RSP_POLICY_WRAND) ||
	       READ_ONCE(params->weight);
}

/* handlespace.c */
u64 rsp_handle_hash(const struct rsp_handle *handle);
struct rsp_pool *rsp_pool_alloc(struct rsp_handlespace *hs,
				const struct rsp_handle *handle, u32 policy);
int rsp_pool_hash(struct rsp_pool *pool);
void rsp_pool_unhash(struct rsp_pool *pool);
struct rsp_pe *rsp_pe_alloc(struct rsp_pool *pool,
			    const struct rsp_pe_config *config);
int rsp_pe_hash(struct rsp_pe *pe);
void rsp_pe_rehash(struct rsp_pe *old, struct rsp_pe *new);
void rsp_pe_unhash(struct rsp_pe *pe);

/* handlespace_pool.c */
void rsp_pool_remove(struct rsp_pool *pool);

/* handlespace_pe.c */
void rsp_pe_notify(struct rsp_pe *pe, enum rsp_change change);
void rsp_pe_remove(struct rsp_pe *pe, enum rsp_change change);

/* handlespace_avoid.c */
void rsp_pe_schedule(struct rsp_pe *pe);
void rsp_pe_avoid(struct rsp_pe *pe, u64 ms);
void rsp_pe_return(struct rsp_pe *pe);
void rsp_pe_forget(struct rsp_pe *pe);
void rsp_handlespace_timers_init(struct rsp_handlespace *hs);

/* handlespace_wait.c */
void rsp_pe_wake(struct rsp_pe *pe);
void rsp_pool_changed(struct rsp_pool *pool);
void rsp_handlespace_waiters_init(struct rsp_handlespace *hs);

#endif /* _RSERPOOL_HANDLESPACE_INTERNAL_H */
