// SPDX-License-Identifier: GPL-2.0
/*
 * PRIO, LU and PLU (RFC 5356, sections 4.5, 5.1 and 5.3): a maple tree sorted
 * by a value, the smallest first, and then by PE identifier.  A node is stored
 * at every index from that behind the node before it up to its own, so that no
 * empty ranges take up half of the tree, and a look-up finds what comes next.
 */

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/maple_tree.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "policy_index.h"

#define CURSOR_BITS	3

/**
 * struct ordered - an index of PRIO, LU or PLU
 * @base: what all have
 * @trees: nodes by value << 32 | id; PLU's values have 33 bits, and those with
 *	the highest set are in the second tree
 * @cursors: hashed by value: the node of that value that was selected last, as
 *	value << 32 | id, for the round among equals
 */
struct ordered {
	struct rsp_policy_index base;
	struct maple_tree trees[2];
	atomic64_t cursors[1 << CURSOR_BITS];
};

static struct ordered *ordered(struct rsp_policy_index *index)
{
	return container_of(index, struct ordered, base);
}

/* What the policy wants least of. */
static u64 value_of(const struct rsp_policy_params *params)
{
	switch (params->type) {
	case RSP_POLICY_PRIO:
		return U32_MAX - params->priority;
	case RSP_POLICY_PLU:
		return (u64)params->load + params->degradation;
	default:
		return params->load;
	}
}

/*
 * In RCU mode a tree is freed by mt_free_walk(), which takes the word behind
 * the children of an inner node that has 15 for one more, and oopses (seen on
 * 6.12 with 10^6 nodes).  Once no reader is left the mode is not needed.
 */
static void tree_destroy(struct maple_tree *tree)
{
	if (mtree_empty(tree))
		return;
	synchronize_rcu();
	mt_clear_in_rcu(tree);
	mtree_destroy(tree);
}

static void ordered_free(struct rsp_policy_index *base)
{
	struct ordered *index = ordered(base);

	tree_destroy(&index->trees[0]);
	tree_destroy(&index->trees[1]);
	kfree_rcu(index, base.rcu);
}

static struct rsp_policy_index *ordered_alloc(void)
{
	struct ordered *index = kzalloc(sizeof(*index), GFP_KERNEL);

	if (!index)
		return NULL;
	mt_init_flags(&index->trees[0], MT_FLAGS_USE_RCU);
	mt_init_flags(&index->trees[1], MT_FLAGS_USE_RCU);
	return &index->base;
}

static int store(struct ordered *index, struct rsp_policy_node *node, u64 value)
{
	unsigned long key = value << 32 | node->id;
	struct ma_state mas;
	int err;

	mas_init(&mas, &index->trees[value >> 32], key);
	mas_lock(&mas);
	mas_walk(&mas);
	mas_set_range(&mas, mas.index, key);
	err = mas_store_gfp(&mas, node, GFP_KERNEL);
	mas_unlock(&mas);
	return err;
}

/*
 * The next node takes over the range.  Without memory for that, a mark that no
 * reader takes for a node does: it fits the range, and so needs no memory.
 */
static void erase(struct ordered *index, struct rsp_policy_node *node, u64 value)
{
	unsigned long key = value << 32 | node->id, first;
	struct ma_state mas;
	void *next = NULL;

	mas_init(&mas, &index->trees[value >> 32], key);
	mas_lock(&mas);
	mas_walk(&mas);
	first = mas.index;
	if (key < ULONG_MAX) {
		mas_set(&mas, key + 1);
		next = mas_walk(&mas);
	}
	mas_set_range(&mas, first, mas.last);
	if (mas_store_gfp(&mas, next, GFP_KERNEL | __GFP_NOWARN)) {
		mas_set_range(&mas, first, key);
		WARN_ON(mas_store_gfp(&mas, XA_ZERO_ENTRY, GFP_KERNEL));
	}
	mas_unlock(&mas);
}

static int ordered_insert(struct rsp_policy_index *base,
			  struct rsp_policy_node *node)
{
	return store(ordered(base), node, value_of(&node->params));
}

static void ordered_remove(struct rsp_policy_index *base,
			   struct rsp_policy_node *node)
{
	tell_readers(base);
	erase(ordered(base), node, value_of(&node->params));
}

/*
 * For a moment it is at both places.  A reader that was past the new one before
 * that, and comes to the old one after that, is told.
 */
static int ordered_update(struct rsp_policy_index *base,
			  struct rsp_policy_node *node,
			  const struct rsp_policy_params *params)
{
	u64 old = value_of(&node->params), new = value_of(params);
	int err;

	if (old != new) {
		err = store(ordered(base), node, new);
		if (err)
			return err;
		tell_readers(base);
		erase(ordered(base), node, old);
	}
	node->params = *params;
	return 0;
}

/*
 * The first node from a key on, up to another, that is not excluded; *key
 * becomes its own.  Each step looks up from the root: mas_next() takes up again
 * behind the entry at the last key when a writer was there, which passes over
 * the next node once that has taken over the range of one that went.
 */
static struct rsp_policy_node *find(struct maple_tree *tree, u64 *key, u64 max,
				    const struct rsp_exclude *exclude)
{
	struct rsp_policy_node *node;
	struct ma_state mas;

	mas_init(&mas, tree, *key);
	for (;;) {
		node = mas_walk(&mas);
		if (mas.last > max)
			return NULL;
		if (node && !xa_is_zero(node) &&
		    !rsp_exclude_has(exclude, node->id)) {
			*key = mas.last;
			return node;
		}
		if (mas.last == max)
			return NULL;
		mas_set(&mas, mas.last + 1);
	}
}

/*
 * The best value is that of the first node.  Of its equals, take the one that
 * follows the cursor; where the cursor stands at another value, one follows
 * that cannot be foretold, lest the first of them gets all the work.
 */
static struct rsp_policy_node *
select_in(struct ordered *index, struct maple_tree *tree,
	  const struct rsp_exclude *exclude)
{
	struct rsp_policy_node *node = NULL, *first;
	u64 first_key, min, max, seen, key;
	atomic64_t *cursor;
	int tries;

	for (tries = 0; tries < RSP_POLICY_TRIES; tries++) {
		first_key = 0;
		first = find(tree, &first_key, U64_MAX, exclude);
		if (!first)
			return NULL;
		max = first_key | U32_MAX;
		min = max - U32_MAX;
		cursor = &index->cursors[hash_32(min >> 32, CURSOR_BITS)];
		seen = atomic64_read(cursor);
		key = !is_peek(exclude) && (seen | U32_MAX) == max ?
		      seen : min | get_random_u32();
		node = NULL;
		if (key++ < max)
			node = find(tree, &key, max, exclude);
		if (!node) {
			node = first;
			key = first_key;
		}
		if (is_peek(exclude) ||
		    atomic64_cmpxchg(cursor, seen, key) == seen)
			break;
	}
	return node;
}

static struct rsp_policy_node *ordered_select(struct rsp_policy_index *base,
					      const struct rsp_exclude *exclude)
{
	struct ordered *index = ordered(base);
	struct rsp_policy_node *node;

	node = select_in(index, &index->trees[0], exclude);
	return node ?: select_in(index, &index->trees[1], exclude);
}

const struct rsp_policy_ops rsp_policy_prio = {
	.type = RSP_POLICY_PRIO,
	.alloc = ordered_alloc,
	.free = ordered_free,
	.insert = ordered_insert,
	.remove = ordered_remove,
	.update = ordered_update,
	.select = ordered_select,
};

const struct rsp_policy_ops rsp_policy_lu = {
	.type = RSP_POLICY_LU,
	.alloc = ordered_alloc,
	.free = ordered_free,
	.insert = ordered_insert,
	.remove = ordered_remove,
	.update = ordered_update,
	.select = ordered_select,
};

const struct rsp_policy_ops rsp_policy_plu = {
	.type = RSP_POLICY_PLU,
	.alloc = ordered_alloc,
	.free = ordered_free,
	.insert = ordered_insert,
	.remove = ordered_remove,
	.update = ordered_update,
	.select = ordered_select,
};
