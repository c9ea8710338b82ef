// SPDX-License-Identifier: GPL-2.0
/*
 * Selection among the elements of a pool (RFC 5356): the policies' common
 * side.  Writers are serialised by the caller.  Selecting needs RCU alone: it
 * finds nodes in structures whose pieces, when replaced, live on for a grace
 * period, and it starts over when it found none and a writer got in between;
 * after too many such tries it keeps the writers out.
 */

#include <linux/bsearch.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "policy_index.h"

#ifndef CONFIG_64BIT
#error "rserpool needs a 64-bit kernel: policies sort by value << 32 | id"
#endif

static const struct rsp_policy_ops *const policies[] = {
	&rsp_policy_rr,
	&rsp_policy_wrr,
	&rsp_policy_rand,
	&rsp_policy_wrand,
	&rsp_policy_prio,
	&rsp_policy_lu,
	&rsp_policy_lud,
	&rsp_policy_plu,
	&rsp_policy_rlu,
};

static const struct rsp_policy_ops *policy_find(u32 type)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (policies[i]->type == type)
			return policies[i];
	return NULL;
}

static int compare_ids(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/**
 * rsp_exclude_has - whether a selection must pass over an element
 * @exclude: NULL for no such elements
 * @id: PE identifier
 *
 * Context: Any.
 * Return: true when @exclude names @id.
 */
bool rsp_exclude_has(const struct rsp_exclude *exclude, u32 id)
{
	return excluded_count(exclude) &&
	       bsearch(&id, exclude->ids, exclude->n, sizeof(id), compare_ids);
}

/**
 * rsp_random_below - draw a number, each with the same probability
 * @ceil: at least 1
 *
 * Context: Any.
 * Return: 0 to @ceil - 1.
 */
u64 rsp_random_below(u64 ceil)
{
	u64 mask, r;

	if (ceil <= U32_MAX)
		return get_random_u32_below(ceil);
	/* More than half of what the mask lets through is below. */
	mask = U64_MAX >> (63 - __fls(ceil - 1));
	do {
		r = get_random_u64() & mask;
	} while (r >= ceil);
	return r;
}

/* NULL when there is none that may be drawn. */
static struct rsp_policy_node *look_at(void *table, rsp_policy_slot_fn *look,
				       u32 slot, u32 *weight,
				       const struct rsp_exclude *exclude)
{
	struct rsp_policy_node *node = look(table, slot, weight);

	if (!node || !*weight || rsp_exclude_has(exclude, node->id))
		return NULL;
	return node;
}

/**
 * rsp_policy_draw - draw a node, looking at each
 * @table: where the nodes are
 * @look: finds the node in a slot of @table
 * @n: slots
 * @exclude: elements to pass over, or NULL
 *
 * The way for a selection that excludes about as many elements as there are.
 *
 * Context: Any; RCU.
 * Return: a node, drawn by weight; NULL when none has any.
 */
struct rsp_policy_node *rsp_policy_draw(void *table, rsp_policy_slot_fn *look,
					u32 n,
					const struct rsp_exclude *exclude)
{
	struct rsp_policy_node *node, *last = NULL;
	u64 sum = 0, r;
	u32 i, weight;

	for (i = 0; i < n; i++)
		if (look_at(table, look, i, &weight, exclude))
			sum += weight;
	if (!sum)
		return NULL;
	r = rsp_random_below(sum);
	for (i = 0; i < n; i++) {
		node = look_at(table, look, i, &weight, exclude);
		if (!node)
			continue;
		/* Writers may have taken the one that it was to be. */
		last = node;
		if (r < weight)
			break;
		r -= weight;
	}
	return last;
}

/**
 * rsp_policy_draw_uniform - draw a node, each with the same probability
 * @table: where the nodes are
 * @look: finds the node in a slot of @table; with weight 1
 * @n: slots, at most a few times as many as nodes
 * @count: nodes
 * @exclude: elements to pass over, or NULL
 *
 * Context: Any; RCU.
 * Return: a node; NULL when all are excluded.
 */
struct rsp_policy_node *
rsp_policy_draw_uniform(void *table, rsp_policy_slot_fn *look, u32 n,
			u32 count, const struct rsp_exclude *exclude)
{
	struct rsp_policy_node *node;
	u32 weight;
	int tries;

	if (!n)
		return NULL;
	/* While at most half are excluded, 64 misses in a row are rare. */
	if (count / 2 >= excluded_count(exclude)) {
		for (tries = 0; tries < 64; tries++) {
			node = look_at(table, look, get_random_u32_below(n),
				       &weight, exclude);
			if (node)
				return node;
		}
	}
	return rsp_policy_draw(table, look, n, exclude);
}

/**
 * rsp_policy_known - whether there is a policy of this type
 * @type: as in RFC 5356, section 7.1
 *
 * Context: Any.
 * Return: true for those of enum rsp_policy_type.
 */
bool rsp_policy_known(u32 type)
{
	return policy_find(type);
}

/**
 * rsp_policy_index_alloc - make an empty index
 * @type: enum rsp_policy_type
 *
 * Context: Process; may sleep.
 * Return: the index, to be freed by rsp_policy_index_free(); NULL without
 * memory or when the type is unknown.
 */
struct rsp_policy_index *rsp_policy_index_alloc(u32 type)
{
	const struct rsp_policy_ops *ops = policy_find(type);
	struct rsp_policy_index *index;

	if (!ops)
		return NULL;
	index = ops->alloc();
	if (!index)
		return NULL;
	index->ops = ops;
	seqlock_init(&index->changes);
	return index;
}

/**
 * rsp_policy_index_free - free an index
 * @index: no writer is there, nor will be; readers that found it under RCU may
 *	still use it.  NULL does nothing.
 *
 * The nodes in it stay as they are; they must live for a grace period too.
 *
 * Context: Process; may sleep.
 */
void rsp_policy_index_free(struct rsp_policy_index *index)
{
	if (index)
		index->ops->free(index);
}

/**
 * rsp_policy_insert - let an element be selected
 * @index: of the policy in @node->params.type
 * @node: zeroed when it was made, but for @params and @id; in no index
 *
 * An element that comes back keeps its degradation counter (RFC 5356, 5.2.2).
 *
 * Context: Process; may sleep.  The caller serialises writers.
 * Return: 0; -EINVAL when the policy is another; -ENOMEM, and the index is as
 * it was.
 */
int rsp_policy_insert(struct rsp_policy_index *index,
		      struct rsp_policy_node *node)
{
	int err;

	if (WARN_ON_ONCE(node->indexed) ||
	    node->params.type != index->ops->type)
		return -EINVAL;
	err = index->ops->insert(index, node);
	if (err)
		return err;
	node->indexed = true;
	WRITE_ONCE(index->count, index->count + 1);
	tell_readers(index);
	return 0;
}

/**
 * rsp_policy_remove - let an element not be selected any more
 * @index: where it is
 * @node: nothing happens when it is in no index.  Selections that began before
 *	may still return it: it must live for a grace period.
 *
 * Context: Process; may sleep.  The caller serialises writers.
 */
void rsp_policy_remove(struct rsp_policy_index *index,
		       struct rsp_policy_node *node)
{
	if (!node->indexed)
		return;
	index->ops->remove(index, node);
	node->indexed = false;
	/* A reader that sees this sees that nodes moved, too. */
	WRITE_ONCE(index->count, index->count - 1);
}

/**
 * rsp_policy_update - an element registered anew
 * @index: of its pool
 * @node: in the index or not
 * @params: the type is the index's
 *
 * Where an element stands in a round is kept as far as the parameters let it;
 * its degradation counter starts from 0 (RFC 5356, 5.2.2).
 *
 * Context: Process; may sleep.  The caller serialises writers.
 * Return: 0; -EINVAL when the policy is another; -ENOMEM, and index and node
 * are as they were.
 */
int rsp_policy_update(struct rsp_policy_index *index,
		      struct rsp_policy_node *node,
		      const struct rsp_policy_params *params)
{
	if (params->type != index->ops->type)
		return -EINVAL;
	if (node->indexed)
		return index->ops->update(index, node, params);
	node->params = *params;
	if (params->type == RSP_POLICY_LUD)
		node->used = 0;
	return 0;
}

/**
 * rsp_policy_select - the element that the policy names next
 * @index: found under the same RCU read lock
 * @exclude: elements to pass over, or NULL for none
 *
 * It counts as one selection, for the round of RR and WRR as for the
 * degradation of LUD, unless it is a peek.  A peek draws where the policy takes
 * turns among equals.
 *
 * Context: Process or softirq, in an RCU read-side critical section, from any
 * number of callers and beside writers.  Does not sleep.
 * Return: the node, good until the section ends; NULL when no element that has
 * any weight is left.
 */
struct rsp_policy_node *rsp_policy_select(struct rsp_policy_index *index,
					  const struct rsp_exclude *exclude)
{
	struct rsp_policy_node *node;
	unsigned int seq;
	int tries;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "selection outside of RCU");
	for (tries = 0; tries < RSP_POLICY_TRIES; tries++) {
		seq = raw_seqcount_begin(&index->changes.seqcount);
		node = index->ops->select(index, exclude);
		if (node || !read_seqretry(&index->changes, seq))
			return node;
	}
	read_seqlock_excl_bh(&index->changes);
	node = index->ops->select(index, exclude);
	read_sequnlock_excl_bh(&index->changes);
	return node;
}

/**
 * rsp_policy_count - how many elements are in an index
 * @index: held, or found under RCU
 *
 * Context: Any.
 * Return: the count, those of weight 0 included.
 */
u32 rsp_policy_count(const struct rsp_policy_index *index)
{
	return READ_ONCE(index->count);
}
