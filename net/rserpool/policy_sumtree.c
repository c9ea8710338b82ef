// SPDX-License-Identifier: GPL-2.0
/*
 * WRAND and RLU (RFC 5356, sections 4.4 and 5.4): a hash table of nodes by PE
 * identifier, with their weights beside them and a tree of sums above these.
 * The hash finds what a selection excludes, so that the draw is among the
 * weights of the others at once, however much the excluded ones weigh.
 *
 * FAN weights are a leaf.  FAN leaves, or FAN bundles of a level of the tree,
 * have a bundle of the level above, which is a binary tree in itself: each sum
 * in it is that of the left one of two halves.  A draw goes right with what it
 * has left of its number, or left: five reads a bundle, from three cache lines.
 *
 * A writer changes sums one by one.  A draw that runs into sums that do not
 * fit together begins anew.
 */

#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "policy_index.h"

#define FAN_BITS	5
#define FAN		32U
#define LEVELS_MAX	6
#define NODES_MAX	0x40000000U

/**
 * struct leaf - FAN nodes; those of a draw are close in memory to their weights
 * @weights: 0 where there is no node
 * @nodes: a node or NULL
 */
struct leaf {
	u32 weights[FAN];
	struct rsp_policy_node __rcu *nodes[FAN];
};

/**
 * struct bundle - sums of what is below, in FAN branches
 * @left: 1: of the first half of them; 2 and 3: of the first half of either
 *	half; and so on
 */
struct bundle {
	u64 left[FAN];
};

/**
 * struct table - the nodes of a sum tree; replaced as a whole
 * @n_slots: a multiple of FAN; fixed
 * @n_levels: of bundles; the last has one; 0 with one leaf; fixed
 * @seed: of the hash; fixed
 * @sum: of all weights
 * @bundles: by level; those of level 0 are of leaves
 * @branches: how many leaves or bundles are below those of a level; fixed
 * @rcu: frees it
 * @leaves: FAN slots each
 */
struct table {
	u32 n_slots;
	u32 n_levels;
	u32 seed;
	u64 sum;
	struct bundle *bundles[LEVELS_MAX];
	u32 branches[LEVELS_MAX];
	struct rcu_head rcu;
	struct leaf leaves[] ____cacheline_aligned;
};

/**
 * struct sumtree - an index of WRAND or RLU
 * @base: what all have
 * @table: NULL until there is a node; writers, RCU
 */
struct sumtree {
	struct rsp_policy_index base;
	struct table __rcu *table;
};

static struct sumtree *sumtree(struct rsp_policy_index *index)
{
	return container_of(index, struct sumtree, base);
}

/* Writers are serialised by the caller, with a lock unknown here. */
static struct table *table_of(struct sumtree *tree)
{
	return rcu_dereference_protected(tree->table, true);
}

static struct rsp_policy_node __rcu **slot_at(struct table *table, u32 slot)
{
	return &table->leaves[slot / FAN].nodes[slot % FAN];
}

static u32 *weight_at(struct table *table, u32 slot)
{
	return &table->leaves[slot / FAN].weights[slot % FAN];
}

static struct rsp_policy_node *node_at(struct table *table, u32 slot)
{
	return rcu_dereference_protected(*slot_at(table, slot), true);
}

static u32 weight_of(const struct rsp_policy_params *params)
{
	if (params->type == RSP_POLICY_RLU)
		return U32_MAX - params->load;
	return params->weight;
}

static u32 slot_of(const struct table *table, u32 id)
{
	return reciprocal_scale(jhash_1word(id, table->seed), table->n_slots);
}

static u32 slot_after(const struct table *table, u32 slot)
{
	return slot + 1 < table->n_slots ? slot + 1 : 0;
}

/* A branch of a bundle weighs more by this. */
static void add_weight(struct bundle *bundle, u32 branch, u64 delta)
{
	u32 i, half = 1;

	branch %= FAN;
	for (i = FAN / 2; i; i /= 2) {
		if (!(branch & i))
			WRITE_ONCE(bundle->left[half],
				   bundle->left[half] + delta);
		half = 2 * half + !!(branch & i);
	}
}

static void set_weight(struct table *table, u32 slot, u32 weight)
{
	u64 delta = (u64)weight - *weight_at(table, slot);
	u32 level;

	WRITE_ONCE(*weight_at(table, slot), weight);
	for (level = 0; level < table->n_levels; level++) {
		slot >>= FAN_BITS;
		add_weight(&table->bundles[level][slot / FAN], slot, delta);
	}
	WRITE_ONCE(table->sum, table->sum + delta);
}

static void put_node(struct table *table, u32 slot,
		     struct rsp_policy_node *node, u32 weight)
{
	rcu_assign_pointer(*slot_at(table, slot), node);
	set_weight(table, slot, weight);
	node->pos = slot;
}

static void put_new(struct table *table, struct rsp_policy_node *node)
{
	u32 slot = slot_of(table, node->id);

	while (node_at(table, slot))
		slot = slot_after(table, slot);
	put_node(table, slot, node, weight_of(&node->params));
}

static struct table *table_alloc(u32 n_slots, gfp_t gfp)
{
	u32 n_leaves = n_slots / FAN, n_bundles = 0, levels = 0, n, level;
	u32 branches[LEVELS_MAX];
	struct bundle *bundles;
	struct table *table;

	for (n = n_leaves; n > 1; n_bundles += n) {
		branches[levels++] = n;
		n = DIV_ROUND_UP(n, FAN);
	}
	table = kvzalloc(struct_size(table, leaves, n_leaves) +
			 n_bundles * sizeof(*bundles), gfp);
	if (!table)
		return NULL;
	table->n_slots = n_slots;
	table->n_levels = levels;
	table->seed = get_random_u32();
	bundles = (struct bundle *)&table->leaves[n_leaves];
	for (level = 0; level < levels; level++) {
		table->branches[level] = branches[level];
		table->bundles[level] = bundles;
		bundles += DIV_ROUND_UP(branches[level], FAN);
	}
	return table;
}

/* Half of the slots are in use afterwards. */
static int table_resize(struct sumtree *tree, u32 count, gfp_t gfp)
{
	struct table *old = table_of(tree), *new;
	struct rsp_policy_node *node;
	u32 i;

	if (count > NODES_MAX)
		return -ENOMEM;
	new = table_alloc(round_up(max(count, 1U) * 2, FAN), gfp);
	if (!new)
		return -ENOMEM;
	for (i = 0; old && i < old->n_slots; i++) {
		node = node_at(old, i);
		if (node)
			put_new(new, node);
	}
	rcu_assign_pointer(tree->table, new);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

static struct rsp_policy_index *sumtree_alloc(void)
{
	struct sumtree *tree = kzalloc(sizeof(*tree), GFP_KERNEL);

	return tree ? &tree->base : NULL;
}

static void sumtree_free(struct rsp_policy_index *index)
{
	struct sumtree *tree = sumtree(index);
	struct table *table = table_of(tree);

	if (table)
		kvfree_rcu(table, rcu);
	kfree_rcu(tree, base.rcu);
}

static int sumtree_insert(struct rsp_policy_index *index,
			  struct rsp_policy_node *node)
{
	struct sumtree *tree = sumtree(index);
	struct table *table = table_of(tree);
	int err;

	if (!table || index->count >= table->n_slots / 4 * 3) {
		err = table_resize(tree, index->count + 1,
				   GFP_KERNEL | __GFP_NOWARN);
		if (err)
			return err;
	}
	write_seqlock_bh(&index->changes);
	put_new(table_of(tree), node);
	write_sequnlock_bh(&index->changes);
	return 0;
}

/* Whether a search that begins at @home comes over @gap before @slot. */
static bool passes(u32 home, u32 gap, u32 slot)
{
	return gap <= slot ? home <= gap || home > slot :
			     home <= gap && home > slot;
}

static void sumtree_remove(struct rsp_policy_index *index,
			   struct rsp_policy_node *node)
{
	struct sumtree *tree = sumtree(index);
	struct table *table = table_of(tree);
	u32 gap = node->pos, slot = gap;

	write_seqlock_bh(&index->changes);
	set_weight(table, gap, 0);
	for (;;) {
		slot = slot_after(table, slot);
		node = node_at(table, slot);
		if (!node)
			break;
		if (!passes(slot_of(table, node->id), gap, slot))
			continue;
		put_node(table, gap, node, *weight_at(table, slot));
		set_weight(table, slot, 0);
		gap = slot;
	}
	RCU_INIT_POINTER(*slot_at(table, gap), NULL);
	write_sequnlock_bh(&index->changes);

	/* Without memory it stays as large as it is. */
	if (table->n_slots > FAN && index->count <= table->n_slots / 4)
		table_resize(tree, index->count - 1,
			     GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
}

static int sumtree_update(struct rsp_policy_index *index,
			  struct rsp_policy_node *node,
			  const struct rsp_policy_params *params)
{
	write_seqlock_bh(&index->changes);
	node->params = *params;
	set_weight(table_of(sumtree(index)), node->pos, weight_of(params));
	write_sequnlock_bh(&index->changes);
	return 0;
}

/* What an excluded element weighs, and in which slot; 0 if it is not here. */
static u32 find_weight(struct table *table, u32 id, u32 *slot)
{
	struct rsp_policy_node *node;
	u32 i;

	*slot = slot_of(table, id);
	for (i = 0; i < table->n_slots; i++) {
		node = rcu_dereference(*slot_at(table, *slot));
		if (!node)
			break;
		if (node->id == id)
			return READ_ONCE(*weight_at(table, *slot));
		*slot = slot_after(table, *slot);
	}
	return 0;
}

static u64 excluded_weight(struct table *table,
			   const struct rsp_exclude *exclude)
{
	u64 sum = 0;
	u32 slot, i;

	for (i = 0; i < excluded_count(exclude); i++)
		sum += find_weight(table, exclude->ids[i], &slot);
	return sum;
}

/* What of the branches of a bundle is excluded. */
static void exclude_from(struct table *table, u32 level, u32 bundle,
			 const struct rsp_exclude *exclude,
			 struct bundle *minus)
{
	u32 weight, slot, i;

	memset(minus, 0, sizeof(*minus));
	for (i = 0; i < exclude->n; i++) {
		weight = find_weight(table, exclude->ids[i], &slot);
		slot >>= (level + 1) * FAN_BITS;
		if (weight && slot / FAN == bundle)
			add_weight(minus, slot, weight);
	}
}

/* The branch at which the sums reach more than *r, which they then precede. */
static u32 branch_at(const struct bundle *bundle, const struct bundle *minus,
		     u64 *r)
{
	u32 half = 1;
	u64 left;

	while (half < FAN) {
		left = READ_ONCE(bundle->left[half]);
		if (minus)
			left -= minus->left[half];
		half *= 2;
		if (*r >= left) {
			*r -= left;
			half++;
		}
	}
	return half - FAN;
}

static u32 weight_left(struct table *table, u32 slot,
		       const struct rsp_exclude *exclude)
{
	u32 weight = READ_ONCE(*weight_at(table, slot));
	struct rsp_policy_node *node;

	if (!weight || !excluded_count(exclude))
		return weight;
	node = rcu_dereference(*slot_at(table, slot));
	return node && !rsp_exclude_has(exclude, node->id) ? weight : 0;
}

/*
 * Walk down to the slot at which the weights that are not excluded add up to
 * more than r; NULL when they do not.
 */
static struct rsp_policy_node *draw(struct table *table,
				    const struct rsp_exclude *exclude, u64 r)
{
	struct bundle space, *minus = excluded_count(exclude) ? &space : NULL;
	struct rsp_policy_node *node;
	u32 level, branch = 0, slot;
	u32 weight;

	for (level = table->n_levels; level--; ) {
		if (minus)
			exclude_from(table, level, branch, exclude, minus);
		branch = branch * FAN +
			 branch_at(&table->bundles[level][branch], minus, &r);
		if (branch >= table->branches[level])
			return NULL;
	}
	slot = branch * FAN;
	while ((weight = weight_left(table, slot, exclude)) <= r) {
		r -= weight;
		if (++slot % FAN == 0)
			return NULL;
	}
	node = rcu_dereference(*slot_at(table, slot));
	return node && !rsp_exclude_has(exclude, node->id) ? node : NULL;
}

static struct rsp_policy_node *by_weight(void *table, u32 slot, u32 *weight)
{
	*weight = READ_ONCE(*weight_at(table, slot));
	return rcu_dereference(*slot_at(table, slot));
}

static struct rsp_policy_node *as_equals(void *table, u32 slot, u32 *weight)
{
	*weight = 1;
	return rcu_dereference(*slot_at(table, slot));
}

/* Weights add up to 0: RLU then takes any, WRAND none. */
static struct rsp_policy_node *
sumtree_draw(struct sumtree *tree, const struct rsp_exclude *exclude,
	     bool any)
{
	struct rsp_policy_node *node = NULL;
	struct table *table;
	unsigned int seq;
	u64 sum, minus;
	int tries;
	u32 count;

	for (tries = 0; tries < RSP_POLICY_TRIES; tries++) {
		seq = raw_seqcount_begin(&tree->base.changes.seqcount);
		count = READ_ONCE(tree->base.count);
		table = rcu_dereference(tree->table);
		if (!table)
			return NULL;
		if (count / 2 < excluded_count(exclude))
			break;
		sum = READ_ONCE(table->sum);
		minus = excluded_weight(table, exclude);
		if (sum > minus)
			node = draw(table, exclude,
				    rsp_random_below(sum - minus));
		if (node)
			return node;
		if (sum == minus &&
		    !read_seqretry(&tree->base.changes, seq))
			goto weightless;
	}
	node = rsp_policy_draw(table, by_weight, table->n_slots, exclude);
	if (node)
		return node;
weightless:
	return any ? rsp_policy_draw_uniform(table, as_equals, table->n_slots,
					     count, exclude) : NULL;
}

static struct rsp_policy_node *wrand_select(struct rsp_policy_index *index,
					    const struct rsp_exclude *exclude)
{
	return sumtree_draw(sumtree(index), exclude, false);
}

/* When all are fully loaded, none is better than another. */
static struct rsp_policy_node *rlu_select(struct rsp_policy_index *index,
					  const struct rsp_exclude *exclude)
{
	return sumtree_draw(sumtree(index), exclude, true);
}

const struct rsp_policy_ops rsp_policy_wrand = {
	.type = RSP_POLICY_WRAND,
	.alloc = sumtree_alloc,
	.free = sumtree_free,
	.insert = sumtree_insert,
	.remove = sumtree_remove,
	.update = sumtree_update,
	.select = wrand_select,
};

const struct rsp_policy_ops rsp_policy_rlu = {
	.type = RSP_POLICY_RLU,
	.alloc = sumtree_alloc,
	.free = sumtree_free,
	.insert = sumtree_insert,
	.remove = sumtree_remove,
	.update = sumtree_update,
	.select = rlu_select,
};
