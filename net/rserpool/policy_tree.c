// SPDX-License-Identifier: GPL-2.0
/*
 * WRR and LUD (RFC 5356, sections 4.2 and 5.2): a red-black tree of nodes, the
 * first of which is selected and moves back.  Selecting writes, so each index
 * has a lock that its callers share.
 *
 * WRR: a node is due as often in a ROUND of a clock that only selections move
 * as it weighs, at even distances.  New nodes begin at different phases, so
 * that many of little weight do not come in a row, with none of the others
 * between them.
 *
 * LUD: sorted by load and what the selections since the last registration add
 * to it; equals take turns.
 */

#include <linux/bits.h>
#include <linux/math64.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "policy_index.h"

/* Fine enough for the largest weight; the clock goes round at 64 bits. */
#define ROUND		BIT_ULL(48)

/* Multiples of the golden ratio, cut to a fraction, fill the unit evenly. */
#define PHASE_STEP	0x9e3779b9U

/**
 * struct tree - an index of WRR or LUD
 * @base: what all have
 * @lock: the rest, and the rb, key and used of the nodes
 * @root: nodes by key, those of the same key in the order they came
 * @now: WRR: when the last selected node was due
 * @phase: WRR: of the next node to come, as a fraction of 2^32
 */
struct tree {
	struct rsp_policy_index base;
	spinlock_t lock; /* see above */
	struct rb_root_cached root;
	u64 now;
	u32 phase;
};

static struct tree *tree_of(struct rsp_policy_index *index)
{
	return container_of(index, struct tree, base);
}

static struct rsp_policy_node *first_of(struct tree *tree)
{
	struct rb_node *rb = rb_first_cached(&tree->root);

	return rb_entry_safe(rb, struct rsp_policy_node, rb);
}

static struct rsp_policy_node *after(struct rsp_policy_node *node)
{
	struct rb_node *rb = rb_next(&node->rb);

	return rb_entry_safe(rb, struct rsp_policy_node, rb);
}

static struct rsp_policy_index *tree_alloc(void)
{
	struct tree *tree = kzalloc(sizeof(*tree), GFP_KERNEL);

	if (!tree)
		return NULL;
	spin_lock_init(&tree->lock);
	tree->root = RB_ROOT_CACHED;
	return &tree->base;
}

static void tree_free(struct rsp_policy_index *index)
{
	kfree_rcu(tree_of(index), base.rcu);
}

static void tree_remove(struct rsp_policy_index *index,
			struct rsp_policy_node *node)
{
	struct tree *tree = tree_of(index);

	spin_lock_bh(&tree->lock);
	if (!RB_EMPTY_NODE(&node->rb))
		rb_erase_cached(&node->rb, &tree->root);
	spin_unlock_bh(&tree->lock);
}

/*
 * WRR
 */

/* Only the difference of two times says which is first. */
static bool wrr_before(struct rb_node *a, const struct rb_node *b)
{
	const struct rsp_policy_node *x = rb_entry(a, typeof(*x), rb);
	const struct rsp_policy_node *y = rb_entry(b, typeof(*y), rb);

	return (s64)(x->key - y->key) < 0;
}

static void wrr_add(struct tree *tree, struct rsp_policy_node *node, u64 due)
{
	node->key = due;
	rb_add_cached(&node->rb, &tree->root, wrr_before);
}

static void wrr_move(struct tree *tree, struct rsp_policy_node *node, u64 due)
{
	rb_erase_cached(&node->rb, &tree->root);
	wrr_add(tree, node, due);
}

static u64 wrr_stride(const struct rsp_policy_node *node)
{
	return ROUND / node->params.weight;
}

/* By how much it missed its turn; less than 0 when that is still to come. */
static s64 wrr_lag(const struct tree *tree, const struct rsp_policy_node *node)
{
	return tree->now - node->key;
}

static void wrr_add_new(struct tree *tree, struct rsp_policy_node *node)
{
	tree->phase += PHASE_STEP;
	wrr_add(tree, node, tree->now + 1 +
			    mul_u64_u32_shr(wrr_stride(node), tree->phase, 32));
}

static int wrr_insert(struct rsp_policy_index *index,
		      struct rsp_policy_node *node)
{
	struct tree *tree = tree_of(index);

	spin_lock_bh(&tree->lock);
	RB_CLEAR_NODE(&node->rb);
	if (node->params.weight)
		wrr_add_new(tree, node);
	spin_unlock_bh(&tree->lock);
	return 0;
}

/* What is left of the time to its next turn shrinks or grows in proportion. */
static int wrr_update(struct rsp_policy_index *index,
		      struct rsp_policy_node *node,
		      const struct rsp_policy_params *params)
{
	u32 old = node->params.weight, new = params->weight;
	struct tree *tree = tree_of(index);
	u64 left;

	spin_lock_bh(&tree->lock);
	node->params = *params;
	if (old == new)
		goto unlock;
	if (!new) {
		rb_erase_cached(&node->rb, &tree->root);
		RB_CLEAR_NODE(&node->rb);
	} else if (!old) {
		wrr_add_new(tree, node);
	} else {
		left = max(-wrr_lag(tree, node), 0LL);
		wrr_move(tree, node, tree->now +
				     mul_u64_u64_div_u64(left, old, new));
	}
unlock:
	spin_unlock_bh(&tree->lock);
	return 0;
}

/*
 * Who missed more than one turn, because all selections excluded it, does not
 * get them all in a row later.
 */
static struct rsp_policy_node *wrr_select(struct rsp_policy_index *index,
					  const struct rsp_exclude *exclude)
{
	struct tree *tree = tree_of(index);
	struct rsp_policy_node *node, *next;
	u64 stride, due;

	spin_lock_bh(&tree->lock);
	for (node = first_of(tree); node; node = next) {
		if (!rsp_exclude_has(exclude, node->id))
			break;
		next = after(node);
		if (wrr_lag(tree, node) > (s64)wrr_stride(node))
			wrr_move(tree, node, tree->now);
	}
	if (node) {
		stride = wrr_stride(node);
		due = node->key;
		if (wrr_lag(tree, node) > (s64)stride)
			due = tree->now - stride;
		if (wrr_lag(tree, node) < 0)
			tree->now = node->key;
		wrr_move(tree, node, due + stride);
	}
	spin_unlock_bh(&tree->lock);
	return node;
}

/*
 * LUD
 */

static bool lud_before(struct rb_node *a, const struct rb_node *b)
{
	const struct rsp_policy_node *x = rb_entry(a, typeof(*x), rb);
	const struct rsp_policy_node *y = rb_entry(b, typeof(*y), rb);

	return x->key < y->key;
}

static void lud_add(struct tree *tree, struct rsp_policy_node *node)
{
	/* 64 bits hold the largest product and the largest load besides. */
	node->key = (u64)node->used * node->params.degradation +
		    node->params.load;
	rb_add_cached(&node->rb, &tree->root, lud_before);
}

static int lud_insert(struct rsp_policy_index *index,
		      struct rsp_policy_node *node)
{
	struct tree *tree = tree_of(index);

	spin_lock_bh(&tree->lock);
	lud_add(tree, node);
	spin_unlock_bh(&tree->lock);
	return 0;
}

static int lud_update(struct rsp_policy_index *index,
		      struct rsp_policy_node *node,
		      const struct rsp_policy_params *params)
{
	struct tree *tree = tree_of(index);

	spin_lock_bh(&tree->lock);
	rb_erase_cached(&node->rb, &tree->root);
	node->params = *params;
	node->used = 0;
	lud_add(tree, node);
	spin_unlock_bh(&tree->lock);
	return 0;
}

static struct rsp_policy_node *lud_select(struct rsp_policy_index *index,
					  const struct rsp_exclude *exclude)
{
	struct tree *tree = tree_of(index);
	struct rsp_policy_node *node;

	spin_lock_bh(&tree->lock);
	node = first_of(tree);
	while (node && rsp_exclude_has(exclude, node->id))
		node = after(node);
	if (node) {
		rb_erase_cached(&node->rb, &tree->root);
		if (node->used < U32_MAX)
			node->used++;
		lud_add(tree, node);
	}
	spin_unlock_bh(&tree->lock);
	return node;
}

const struct rsp_policy_ops rsp_policy_wrr = {
	.type = RSP_POLICY_WRR,
	.alloc = tree_alloc,
	.free = tree_free,
	.insert = wrr_insert,
	.remove = tree_remove,
	.update = wrr_update,
	.select = wrr_select,
};

const struct rsp_policy_ops rsp_policy_lud = {
	.type = RSP_POLICY_LUD,
	.alloc = tree_alloc,
	.free = tree_free,
	.insert = lud_insert,
	.remove = tree_remove,
	.update = lud_update,
	.select = lud_select,
};
