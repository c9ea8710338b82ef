/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_POLICY_H
#define _RSERPOOL_POLICY_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

/* RFC 5356, section 7.1 */
enum rsp_policy_type {
	RSP_POLICY_RR	 = 0x00000001,
	RSP_POLICY_WRR	 = 0x00000002,
	RSP_POLICY_RAND	 = 0x00000003,
	RSP_POLICY_WRAND = 0x00000004,
	RSP_POLICY_PRIO	 = 0x00000005,
	RSP_POLICY_LU	 = 0x40000001,
	RSP_POLICY_LUD	 = 0x40000002,
	RSP_POLICY_PLU	 = 0x40000003,
	RSP_POLICY_RLU	 = 0x40000004,
};

/**
 * struct rsp_policy_params - what an element says for its pool's policy
 * @type: one of enum rsp_policy_type; the same for all elements of a pool
 * @weight: WRR, WRAND: share of the work, 0 for none
 * @priority: PRIO: the largest is served first
 * @load: LU, LUD, PLU, RLU: 0 idle to 0xffffffff fully used
 * @degradation: LUD, PLU: what one more session adds to the load
 */
struct rsp_policy_params {
	u32 type;
	union {
		u32 weight;
		u32 priority;
		u32 load;
	};
	u32 degradation;
};

/**
 * struct rsp_policy_node - an element's place in its pool's policy
 * @params: writer lock; WRR, LUD: the index's own lock too
 * @id: PE identifier; fixed
 * @indexed: it is in the index; writer lock
 * @queued: WRR, LUD: it has @behind rather than @rb; the index's own lock
 * @pos: RR, RAND, WRAND, RLU: in which slot; writer lock
 * @used: LUD: selections since the last registration (RFC 5356, 5.2.2); the
 *	index's own lock
 * @rb: WRR, LUD: place in the tree; the index's own lock
 * @behind: WRR, LUD: place behind others in the queue; the index's own lock
 * @key: WRR, LUD: what tree and queue are sorted by; the index's own lock
 * @queue: WRR, LUD: of those that move as far back at each selection; NULL
 *	when it is not in the index; writer lock and the index's own
 *
 * Freed by its owner a grace period after rsp_policy_remove().
 */
struct rsp_policy_node {
	struct rsp_policy_params params;
	u32 id;
	bool indexed;
	bool queued;
	union {
		u32 pos;
		u32 used;
	};
	union {
		struct rb_node rb;
		struct list_head behind;
	};
	u64 key;
	struct rsp_policy_queue *queue;
};

/**
 * struct rsp_exclude - what a selection has to mind
 * @ids: elements to pass over: PE identifiers in ascending order
 * @n: how many
 * @peek: it counts as no selection, and moves no element's turn
 */
struct rsp_exclude {
	const u32 *ids;
	unsigned int n;
	bool peek;
};

struct rsp_policy_index;

/* What is said of these stands at their definitions in policy.c. */
bool rsp_exclude_has(const struct rsp_exclude *exclude, u32 id);
bool rsp_policy_known(u32 type);
struct rsp_policy_index *rsp_policy_index_alloc(u32 type);
void rsp_policy_index_free(struct rsp_policy_index *index);
int rsp_policy_insert(struct rsp_policy_index *index,
		      struct rsp_policy_node *node);
void rsp_policy_remove(struct rsp_policy_index *index,
		       struct rsp_policy_node *node);
int rsp_policy_update(struct rsp_policy_index *index,
		      struct rsp_policy_node *node,
		      const struct rsp_policy_params *params);
struct rsp_policy_node *rsp_policy_select(struct rsp_policy_index *index,
					  const struct rsp_exclude *exclude);
u32 rsp_policy_count(const struct rsp_policy_index *index);

#endif /* _RSERPOOL_POLICY_H */
