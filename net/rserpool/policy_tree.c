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
 *
 * Nodes of one step, which is the weight or the degradation, move back equally
 * far.  Whatever is selected is the first of all, and that only moves on: so
 * they come back in the order in which they went.  They form a queue, of which
 * only the first node is in the tree.  After a round the tree has a node a
 * step, not a node an element, and a selection touches few nodes that none
 * touched for long; with as many steps as elements it is O(log n).
 *
 * A queue hides only what sorts behind its first node.  The keys say who is
 * selected, as if all were in the tree: nobody gains by a queue, or waits for
 * it.  So a node goes into its queue only after a selection, and only when it
 * sorts behind the last one there.  Else it is in the tree alone: when it is
 * new, came back or has other parameters, when it missed its turn because
 * selections excluded it, when others registered with less load.  The next
 * selection finds it a place in its queue.  When a selection excludes the first
 * of a queue, that one goes on alone, and the next one is the queue's first.
 *
 * Of equals, the one that has been in the tree longest is selected.  Where a
 * selection does not move its node, the step being 0, equals stay equal, and
 * need a turn each: all in their queue have the same key, since what sorts
 * before a selected node was excluded, and so is in no queue.
 */

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "policy_index.h"

/* Fine enough for the largest weight; the clock goes round at 64 bits. */
#define ROUND		BIT_ULL(48)

/* Multiples of the golden ratio, cut to a fraction, fill the unit evenly. */
#define PHASE_STEP	0x9e3779b9U

/**
 * struct rsp_policy_queue - nodes of one step
 * @first: it is in the tree; NULL when none is in the queue
 * @rest: those behind it, by key
 * @by_step: place in tree.queues; writers
 * @rcu: frees it
 * @step: weight (WRR), degradation (LUD); fixed
 * @n_nodes: nodes of this step, those in the tree alone too; writers
 */
struct rsp_policy_queue {
	struct rsp_policy_node *first;
	struct list_head rest;
	union {
		struct rb_node by_step;
		struct rcu_head rcu;
	};
	u32 step;
	u32 n_nodes;
};

/**
 * struct tree - an index of WRR or LUD
 * @base: what all have
 * @lock: @root, @now and @phase, what is in queues and in which order, and what
 *	struct rsp_policy_node says
 * @root: nodes by key, those of the same key in the order they came
 * @queues: by step; writers
 * @now: WRR: when the last selected node was due
 * @phase: WRR: of the next node to come, as a fraction of 2^32
 */
struct tree {
	struct rsp_policy_index base;
	spinlock_t lock; /* see above */
	struct rb_root_cached root;
	struct rb_root queues;
	u64 now;
	u32 phase;
};

static struct tree *tree_of(struct rsp_policy_index *index)
{
	return container_of(index, struct tree, base);
}

/* Of WRR's times only the difference says which is first. */
static bool before(const struct rsp_policy_node *a,
		   const struct rsp_policy_node *b)
{
	if (a->params.type == RSP_POLICY_WRR)
		return (s64)(a->key - b->key) < 0;
	return a->key < b->key;
}

static bool rb_before(struct rb_node *a, const struct rb_node *b)
{
	return before(rb_entry(a, struct rsp_policy_node, rb),
		      rb_entry(b, struct rsp_policy_node, rb));
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

static struct rsp_policy_node *last_of(struct rsp_policy_queue *queue)
{
	if (list_empty(&queue->rest))
		return queue->first;
	return list_last_entry(&queue->rest, struct rsp_policy_node, behind);
}

/* Into the tree, and into no queue. */
static void add_alone(struct tree *tree, struct rsp_policy_node *node, u64 key)
{
	node->key = key;
	rb_add_cached(&node->rb, &tree->root, rb_before);
}

/* The queue's first node leaves it; what it does in the tree is its matter. */
static void next_in_queue(struct tree *tree, struct rsp_policy_queue *queue)
{
	queue->first = list_first_entry_or_null(&queue->rest,
						struct rsp_policy_node, behind);
	if (!queue->first)
		return;
	list_del(&queue->first->behind);
	queue->first->queued = false;
	rb_add_cached(&queue->first->rb, &tree->root, rb_before);
}

static void take(struct tree *tree, struct rsp_policy_node *node)
{
	if (node->queued) {
		list_del(&node->behind);
		node->queued = false;
		return;
	}
	rb_erase_cached(&node->rb, &tree->root);
	if (node->queue->first == node)
		next_in_queue(tree, node->queue);
}

/* Its next turn, after a selection; where it was it has been taken from. */
static void put_back(struct tree *tree, struct rsp_policy_node *node, u64 key)
{
	struct rsp_policy_queue *queue = node->queue;
	struct rsp_policy_node *last = last_of(queue);

	node->key = key;
	if (last && !before(node, last)) {
		list_add_tail(&node->behind, &queue->rest);
		node->queued = true;
		return;
	}
	/* One that sorts late must not keep the others out for long. */
	if (list_empty(&queue->rest))
		queue->first = node;
	rb_add_cached(&node->rb, &tree->root, rb_before);
}

/* A selection passes over it: what is behind it in its queue comes to light. */
static struct rsp_policy_node *pass_over(struct tree *tree,
					 struct rsp_policy_node *node)
{
	if (node->queue->first == node)
		next_in_queue(tree, node->queue);
	return after(node);
}

static int compare_step(const void *key, const struct rb_node *rb)
{
	u32 a = *(const u32 *)key;
	u32 b = rb_entry(rb, struct rsp_policy_queue, by_step)->step;

	return a < b ? -1 : a > b;
}

static bool step_before(struct rb_node *a, const struct rb_node *b)
{
	return compare_step(&rb_entry(a, struct rsp_policy_queue, by_step)->step, b) < 0;
}

/* For one more node; writers.  NULL without memory. */
static struct rsp_policy_queue *queue_get(struct tree *tree, u32 step)
{
	struct rb_node *rb = rb_find(&step, &tree->queues, compare_step);
	struct rsp_policy_queue *queue = rb_entry_safe(rb, struct rsp_policy_queue, by_step);

	if (!queue) {
		queue = kzalloc_obj(*queue, GFP_KERNEL | __GFP_NOWARN);
		if (!queue)
			return NULL;
		INIT_LIST_HEAD(&queue->rest);
		queue->step = step;
		rb_add(&queue->by_step, &tree->queues, step_before);
	}
	queue->n_nodes++;
	return queue;
}

/* No node in the tree leads selections here when the last has gone. */
static void queue_put(struct tree *tree, struct rsp_policy_queue *queue)
{
	if (!queue || --queue->n_nodes)
		return;
	rb_erase(&queue->by_step, &tree->queues);
	kfree(queue);
}

static struct rsp_policy_index *tree_alloc(void)
{
	struct tree *tree = kzalloc(sizeof(*tree), GFP_KERNEL);

	if (!tree)
		return NULL;
	spin_lock_init(&tree->lock);
	tree->root = RB_ROOT_CACHED;
	tree->queues = RB_ROOT;
	return &tree->base;
}

static void tree_free(struct rsp_policy_index *index)
{
	struct tree *tree = tree_of(index);
	struct rsp_policy_queue *queue, *next;

	rbtree_postorder_for_each_entry_safe(queue, next, &tree->queues,
					     by_step) {
		kfree_rcu(queue, rcu);
		cond_resched();
	}
	kfree_rcu(tree, base.rcu);
}

static void tree_remove(struct rsp_policy_index *index,
			struct rsp_policy_node *node)
{
	struct tree *tree = tree_of(index);

	spin_lock_bh(&tree->lock);
	if (node->queue)
		take(tree, node);
	spin_unlock_bh(&tree->lock);
	queue_put(tree, node->queue);
	node->queue = NULL;
}

/*
 * WRR
 */

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
	add_alone(tree, node, tree->now + 1 +
			      mul_u64_u32_shr(wrr_stride(node), tree->phase,
					      32));
}

/* A node without weight has no queue, and is not in the tree. */
static int wrr_insert(struct rsp_policy_index *index,
		      struct rsp_policy_node *node)
{
	struct tree *tree = tree_of(index);

	if (!node->params.weight)
		return 0;
	node->queue = queue_get(tree, node->params.weight);
	if (!node->queue)
		return -ENOMEM;
	spin_lock_bh(&tree->lock);
	wrr_add_new(tree, node);
	spin_unlock_bh(&tree->lock);
	return 0;
}

/* What is left of the time to its next turn shrinks or grows in proportion. */
static int wrr_update(struct rsp_policy_index *index,
		      struct rsp_policy_node *node,
		      const struct rsp_policy_params *params)
{
	u32 weight = node->params.weight, new = params->weight;
	struct rsp_policy_queue *queue = NULL, *old = node->queue;
	struct tree *tree = tree_of(index);
	u64 left;

	if (new && new != weight) {
		queue = queue_get(tree, new);
		if (!queue)
			return -ENOMEM;
	}
	spin_lock_bh(&tree->lock);
	node->params = *params;
	if (new == weight)
		goto unlock;
	left = max(-wrr_lag(tree, node), 0LL);
	if (old)
		take(tree, node);
	node->queue = queue;
	if (new && !old)
		wrr_add_new(tree, node);
	else if (new)
		add_alone(tree, node, tree->now +
				      mul_u64_u64_div_u64(left, weight, new));
unlock:
	spin_unlock_bh(&tree->lock);
	if (new != weight)
		queue_put(tree, old);
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
		next = pass_over(tree, node);
		if (!is_peek(exclude) &&
		    wrr_lag(tree, node) > (s64)wrr_stride(node)) {
			take(tree, node);
			add_alone(tree, node, tree->now);
		}
	}
	if (node && !is_peek(exclude)) {
		stride = wrr_stride(node);
		due = node->key;
		if (wrr_lag(tree, node) > (s64)stride)
			due = tree->now - stride;
		if (wrr_lag(tree, node) < 0)
			tree->now = node->key;
		take(tree, node);
		put_back(tree, node, due + stride);
	}
	spin_unlock_bh(&tree->lock);
	return node;
}

/*
 * LUD
 */

/* 64 bits hold the largest product and the largest load besides. */
static u64 lud_key(const struct rsp_policy_node *node)
{
	return (u64)node->used * node->params.degradation + node->params.load;
}

static int lud_insert(struct rsp_policy_index *index,
		      struct rsp_policy_node *node)
{
	struct tree *tree = tree_of(index);

	node->queue = queue_get(tree, node->params.degradation);
	if (!node->queue)
		return -ENOMEM;
	spin_lock_bh(&tree->lock);
	add_alone(tree, node, lud_key(node));
	spin_unlock_bh(&tree->lock);
	return 0;
}

static int lud_update(struct rsp_policy_index *index,
		      struct rsp_policy_node *node,
		      const struct rsp_policy_params *params)
{
	struct rsp_policy_queue *queue, *old = node->queue;
	struct tree *tree = tree_of(index);

	queue = queue_get(tree, params->degradation);
	if (!queue)
		return -ENOMEM;
	spin_lock_bh(&tree->lock);
	take(tree, node);
	node->params = *params;
	node->queue = queue;
	node->used = 0;
	add_alone(tree, node, lud_key(node));
	spin_unlock_bh(&tree->lock);
	queue_put(tree, old);
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
		node = pass_over(tree, node);
	if (!node || is_peek(exclude))
		goto unlock;
	take(tree, node);
	/* With its counter at the end it moves by no step any more. */
	if (node->used == U32_MAX) {
		add_alone(tree, node, node->key);
		goto unlock;
	}
	node->used++;
	put_back(tree, node, lud_key(node));
unlock:
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
