/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_POLICY_INDEX_H
#define _RSERPOOL_POLICY_INDEX_H

/* What the files of the policies share, and nobody else sees. */

#include <linux/seqlock.h>

#include "policy.h"

/* Lost races after which a reader takes what needs no luck. */
#define RSP_POLICY_TRIES	16

/**
 * struct rsp_policy_ops - a policy
 * @type: enum rsp_policy_type
 * @alloc: make an empty index, all but its base; NULL without memory
 * @free: free it when a grace period is over; may sleep
 * @insert: 0, or -ENOMEM and the index is as it was
 * @remove: cannot fail
 * @update: give an indexed node these parameters; 0, or -ENOMEM and all is as
 *	it was
 * @select: the next node that is not excluded, or NULL; it may miss one while
 *	the index's changes are counted up
 *
 * Those that change an index are serialised by the caller, and may sleep.
 */
struct rsp_policy_ops {
	u32 type;
	struct rsp_policy_index *(*alloc)(void);
	void (*free)(struct rsp_policy_index *index);
	int (*insert)(struct rsp_policy_index *index,
		      struct rsp_policy_node *node);
	void (*remove)(struct rsp_policy_index *index,
		       struct rsp_policy_node *node);
	int (*update)(struct rsp_policy_index *index,
		      struct rsp_policy_node *node,
		      const struct rsp_policy_params *params);
	struct rsp_policy_node *(*select)(struct rsp_policy_index *index,
					  const struct rsp_exclude *exclude);
};

/**
 * struct rsp_policy_index - what the indices of all policies begin with
 * @ops: the policy; fixed
 * @count: nodes; writers, read locklessly
 * @changes: counts, when nodes have come and before any goes or moves; a
 *	selection that lost too many races holds its lock
 * @rcu: frees it
 */
struct rsp_policy_index {
	const struct rsp_policy_ops *ops;
	u32 count;
	seqlock_t changes;
	struct rcu_head rcu;
};

extern const struct rsp_policy_ops rsp_policy_rr;
extern const struct rsp_policy_ops rsp_policy_rand;
extern const struct rsp_policy_ops rsp_policy_wrr;
extern const struct rsp_policy_ops rsp_policy_wrand;
extern const struct rsp_policy_ops rsp_policy_prio;
extern const struct rsp_policy_ops rsp_policy_lu;
extern const struct rsp_policy_ops rsp_policy_lud;
extern const struct rsp_policy_ops rsp_policy_plu;
extern const struct rsp_policy_ops rsp_policy_rlu;

/* Who found none meanwhile looks again; who holds the lock finds all first. */
static inline void tell_readers(struct rsp_policy_index *index)
{
	write_seqlock_bh(&index->changes);
	write_sequnlock_bh(&index->changes);
}

static inline unsigned int excluded_count(const struct rsp_exclude *exclude)
{
	return exclude ? exclude->n : 0;
}

static inline bool is_peek(const struct rsp_exclude *exclude)
{
	return exclude && exclude->peek;
}

u64 rsp_random_below(u64 ceil);

/* What is in a slot of a table, NULL for none, and its weight; under RCU. */
typedef struct rsp_policy_node *rsp_policy_slot_fn(void *table, u32 slot,
						   u32 *weight);

struct rsp_policy_node *rsp_policy_draw(void *table, rsp_policy_slot_fn *look,
					u32 n,
					const struct rsp_exclude *exclude);
struct rsp_policy_node *
rsp_policy_draw_uniform(void *table, rsp_policy_slot_fn *look, u32 n,
			u32 count, const struct rsp_exclude *exclude);

#endif /* _RSERPOOL_POLICY_INDEX_H */
