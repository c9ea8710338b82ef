// SPDX-License-Identifier: GPL-2.0
/*
 * RR and RAND (RFC 5356, sections 4.1 and 4.3): a dense array of nodes, where
 * the last one fills a gap.
 */

#include <linux/atomic.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "policy_index.h"

#define ARRAY_MIN	8

/**
 * struct array - the nodes; replaced as a whole
 * @capacity: slots; fixed
 * @rcu: frees it
 * @slots: those from the index's count on are NULL
 */
struct array {
	u32 capacity;
	struct rcu_head rcu;
	struct rsp_policy_node __rcu *slots[];
};

/**
 * struct array_index - an index of RR or RAND
 * @base: what all have
 * @array: NULL until there is a node; writers, RCU
 * @cursor: RR: which slot comes next; those before it had their turn in this
 *	round
 */
struct array_index {
	struct rsp_policy_index base;
	struct array __rcu *array;
	atomic_t cursor;
};

static struct array_index *array_index(struct rsp_policy_index *index)
{
	return container_of(index, struct array_index, base);
}

/* Writers are serialised by the caller, with a lock unknown here. */
static struct array *array_of(struct array_index *index)
{
	return rcu_dereference_protected(index->array, true);
}

static struct rsp_policy_node *node_at(struct array *array, u32 pos)
{
	return rcu_dereference_protected(array->slots[pos], true);
}

static struct rsp_policy_index *array_alloc(void)
{
	struct array_index *index = kzalloc(sizeof(*index), GFP_KERNEL);

	return index ? &index->base : NULL;
}

static void array_free(struct rsp_policy_index *base)
{
	struct array_index *index = array_index(base);
	struct array *array = array_of(index);

	if (array)
		kvfree_rcu(array, rcu);
	kfree_rcu(index, base.rcu);
}

static int array_resize(struct array_index *index, u32 capacity, gfp_t gfp)
{
	struct array *old = array_of(index), *new;
	u32 i;

	new = kvzalloc(struct_size(new, slots, capacity), gfp);
	if (!new)
		return -ENOMEM;
	new->capacity = capacity;
	for (i = 0; i < index->base.count; i++)
		RCU_INIT_POINTER(new->slots[i], node_at(old, i));
	rcu_assign_pointer(index->array, new);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

static int array_insert(struct rsp_policy_index *base,
			struct rsp_policy_node *node)
{
	struct array_index *index = array_index(base);
	struct array *array = array_of(index);
	u32 n = base->count;
	int err;

	if (!array || n == array->capacity) {
		err = array_resize(index, n + n / 2 + ARRAY_MIN,
				   GFP_KERNEL | __GFP_NOWARN);
		if (err)
			return err;
		array = array_of(index);
	}
	node->pos = n;
	/* Before the count, which the caller sets, lets readers look here. */
	rcu_assign_pointer(array->slots[n], node);
	return 0;
}

static void array_put(struct array *array, u32 pos,
		      struct rsp_policy_node *node)
{
	rcu_assign_pointer(array->slots[pos], node);
	node->pos = pos;
}

/*
 * The last node waits for its turn in this round.  If the gap is among those
 * that had theirs, take the node just before the cursor to the gap, the last
 * one to where that was, and the cursor one back.  A selection that moved the
 * cursor meanwhile left the waiting node behind it: carry it on.
 */
static void fill_gap(struct array_index *index, struct array *array, u32 gap,
		     u32 last)
{
	struct rsp_policy_node *waits = node_at(array, last);
	u32 cursor = atomic_read(&index->cursor), seen;

	while (gap < cursor && cursor <= last) {
		array_put(array, gap, node_at(array, cursor - 1));
		array_put(array, cursor - 1, waits);
		gap = cursor - 1;
		seen = atomic_cmpxchg(&index->cursor, cursor, gap);
		if (seen == cursor)
			return;
		cursor = seen;
	}
	array_put(array, gap, waits);
}

static void array_remove(struct rsp_policy_index *base,
			 struct rsp_policy_node *node)
{
	struct array_index *index = array_index(base);
	struct array *array = array_of(index);
	u32 last = base->count - 1;

	write_seqlock_bh(&base->changes);
	if (node->pos != last)
		fill_gap(index, array, node->pos, last);
	RCU_INIT_POINTER(array->slots[last], NULL);
	write_sequnlock_bh(&base->changes);

	/* Without memory it stays as large as it is. */
	if (array->capacity > ARRAY_MIN && last < array->capacity / 4)
		array_resize(index, last + last / 2 + ARRAY_MIN,
			     GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
}

static int array_update(struct rsp_policy_index *base,
			struct rsp_policy_node *node,
			const struct rsp_policy_params *params)
{
	node->params = *params;
	return 0;
}

/* A reader may see an old array beside a new count, and the other way round. */
static u32 array_count(const struct array_index *index,
		       const struct array *array)
{
	return array ? min(READ_ONCE(index->base.count), array->capacity) : 0;
}

/*
 * From the cursor on, over those that are excluded; *pos is where it was
 * found.
 */
static struct rsp_policy_node *rr_walk(struct array *array, u32 n, u32 start,
				       const struct rsp_exclude *exclude,
				       u32 *pos)
{
	struct rsp_policy_node *node;
	u32 i;

	for (i = 0; i < n; i++) {
		*pos = start < n - i ? start + i : start - (n - i);
		node = rcu_dereference(array->slots[*pos]);
		if (node && !rsp_exclude_has(exclude, node->id))
			return node;
	}
	return NULL;
}

static struct rsp_policy_node *as_equals(void *table, u32 slot, u32 *weight)
{
	struct array *array = table;

	*weight = 1;
	return rcu_dereference(array->slots[slot]);
}

static struct rsp_policy_node *rand_select(struct rsp_policy_index *base,
					   const struct rsp_exclude *exclude)
{
	struct array_index *index = array_index(base);
	struct array *array = rcu_dereference(index->array);
	u32 n = array_count(index, array);

	return rsp_policy_draw_uniform(array, as_equals, n, n, exclude);
}

static struct rsp_policy_node *rr_select(struct rsp_policy_index *base,
					 const struct rsp_exclude *exclude)
{
	struct array_index *index = array_index(base);
	struct rsp_policy_node *node = NULL;
	u32 n, cursor, pos, next;
	struct array *array;
	int tries;

	/* Who peeks comes in anywhere: the cursor is for those who select. */
	if (is_peek(exclude))
		return rand_select(base, exclude);
	for (tries = 0; tries < RSP_POLICY_TRIES; tries++) {
		array = rcu_dereference(index->array);
		n = array_count(index, array);
		cursor = atomic_read(&index->cursor);
		node = n ? rr_walk(array, n, cursor < n ? cursor : 0, exclude,
				   &pos) : NULL;
		if (!node)
			return NULL;
		next = pos + 1 < n ? pos + 1 : 0;
		if (atomic_cmpxchg(&index->cursor, cursor, next) == cursor)
			break;
	}
	return node;
}

const struct rsp_policy_ops rsp_policy_rr = {
	.type = RSP_POLICY_RR,
	.alloc = array_alloc,
	.free = array_free,
	.insert = array_insert,
	.remove = array_remove,
	.update = array_update,
	.select = rr_select,
};

const struct rsp_policy_ops rsp_policy_rand = {
	.type = RSP_POLICY_RAND,
	.alloc = array_alloc,
	.free = array_free,
	.insert = array_insert,
	.remove = array_remove,
	.update = array_update,
	.select = rand_select,
};
