// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: registering elements, as many as a message holds.
 *
 * All elements are read and checked, together with the pools that they make,
 * before the first is registered. After that only want of memory is in the way;
 * then those before the one that failed stay, and the answer names it.
 */

#include <linux/sort.h>

#include "net_ns.h"
#include "netlink.h"

/**
 * struct fresh - a pool that a batch will make, or give its first elements
 * @handle: its handle's attribute, in the message
 * @nest: the first of its elements there
 * @policy: what that says
 * @use: and of its transports, enum rsp_transport_use
 * @known: the pool is there
 */
struct fresh {
	const struct nlattr *handle;
	const struct nlattr *nest;
	u32 policy;
	u8 use;
	bool known;
};

/**
 * struct batch - a message of elements
 * @info: the request
 * @hs: where they go
 * @index: which of them is looked at, from 0
 * @tb: its attributes
 * @handle: its pool's handle
 * @pool: its pool, NULL when that is yet to be made
 * @config: what it says
 * @added: elements before it that are new
 * @fresh: pools without elements yet, in the order of their handles
 * @n_fresh: how many
 * @sorted: @fresh is in order
 */
struct batch {
	const struct genl_info *info;
	struct rsp_handlespace *hs;
	u32 index;
	struct nlattr *tb[RSERPOOL_A_ELEMENT_TRANSPORT + 1];
	struct rsp_handle handle;
	struct rsp_pool *pool;
	struct rsp_pe_config config;
	u32 added;
	struct fresh *fresh;
	u32 n_fresh;
	bool sorted;
};

static bool same_handle(const struct rsp_handle *handle,
			const struct nlattr *attr)
{
	return attr && handle->len == nla_len(attr) &&
	       !memcmp(handle->octets, nla_data(attr), handle->len);
}

static int compare_fresh(const void *a, const void *b)
{
	const struct nlattr *x = ((const struct fresh *)a)->handle;
	const struct nlattr *y = ((const struct fresh *)b)->handle;

	return nla_len(x) - nla_len(y) ?:
	       memcmp(nla_data(x), nla_data(y), nla_len(x));
}

/* Read an element of a batch, and find its pool. */
static int read_pe(struct batch *batch, const struct nlattr *nest)
{
	const struct genl_info *info = batch->info;
	const struct nlattr *handle;
	int err;

	nla_parse_nested_deprecated(batch->tb, RSERPOOL_A_ELEMENT_TRANSPORT,
				    nest, NULL, NULL);
	handle = batch->tb[RSERPOOL_A_ELEMENT_HANDLE];
	if (!batch->pool || !same_handle(&batch->handle, handle)) {
		err = rsp_nl_get_handle(info, nest, handle,
					RSERPOOL_A_ELEMENT_HANDLE,
					&batch->handle);
		if (err)
			return err;
		batch->pool = rsp_pool_find_rcu(batch->hs, &batch->handle);
	}
	return rsp_nl_get_pe_config(info, nest, batch->tb,
				    batch->pool ? batch->pool->config.policy :
						  RSP_POLICY_RR,
				    &batch->config);
}

/* Elements of a pool have one policy and one use of their transports. */
static int check_alike(const struct batch *batch, const struct fresh *a,
		       const struct fresh *b)
{
	if (a->policy != b->policy)
		return rsp_nl_refuse_pe(batch->info, b->nest, -EPROTOTYPE);
	if (a->use != b->use)
		return rsp_nl_refuse_pe(batch->info, b->nest, -EPROTONOSUPPORT);
	return 0;
}

static int note_fresh(struct batch *batch, const struct nlattr *nest)
{
	struct fresh *last = batch->fresh + batch->n_fresh - 1;
	struct fresh fresh = {
		.handle	= batch->tb[RSERPOOL_A_ELEMENT_HANDLE],
		.nest	= nest,
		.policy	= batch->config.policy.type,
		.use	= batch->config.transports[0].use,
		.known	= batch->pool,
	};
	int order = batch->n_fresh ? compare_fresh(last, &fresh) : -1;

	if (!order)
		return check_alike(batch, last, &fresh);
	if (order > 0)
		batch->sorted = false;
	batch->fresh[batch->n_fresh++] = fresh;
	return 0;
}

/* All but want of memory that could be refused of an element is refused. */
static int check_pe(struct batch *batch, const struct nlattr *nest)
{
	struct nlattr **flags = batch->info->attrs;
	struct rsp_pe *pe = NULL;
	int err;

	err = read_pe(batch, nest);
	if (err)
		return err;
	if (batch->pool)
		pe = rsp_pe_find_rcu(batch->pool, batch->config.id);
	if (pe && flags[RSERPOOL_A_BATCH_EXCLUSIVE])
		return rsp_nl_refuse_pe(batch->info, nest, -EEXIST);
	if (!pe && flags[RSERPOOL_A_BATCH_REPLACE])
		return rsp_nl_refuse_pe(batch->info, nest, -ENOENT);
	err = rsp_pe_check(batch->hs, batch->pool, &batch->config,
			   batch->added);
	if (err)
		return rsp_nl_refuse_pe(batch->info, nest, err);
	if (!pe)
		batch->added++;
	if (batch->pool && batch->pool->n_elements)
		return 0;
	return note_fresh(batch, nest);
}

/* The same for the pools that have no elements yet. */
static int check_fresh(struct batch *batch)
{
	struct rsp_handlespace *hs = batch->hs;
	u32 n_pools = hs->n_pools;
	struct fresh *fresh;
	int err;
	u32 i;

	if (!batch->sorted)
		sort(batch->fresh, batch->n_fresh, sizeof(*batch->fresh),
		     compare_fresh, NULL);
	for (i = 0, fresh = batch->fresh; i < batch->n_fresh; i++, fresh++) {
		if (i && !compare_fresh(fresh - 1, fresh)) {
			err = check_alike(batch, fresh - 1, fresh);
			if (err)
				return err;
			continue;
		}
		if (!fresh->known && n_pools++ >= hs->limits.pools)
			return rsp_nl_refuse_pool(batch->info, fresh->handle,
					   -ENOSPC);
	}
	return 0;
}

static int apply_pe(struct batch *batch, const struct nlattr *nest)
{
	struct rsp_pool_config config = {};
	struct rsp_pool *pool;
	int err;

	err = read_pe(batch, nest);
	if (err)
		return err;
	if (!batch->pool) {
		config.policy = batch->config.policy.type;
		pool = rsp_pool_add(batch->hs, &batch->handle, &config, false);
		if (IS_ERR(pool))
			return PTR_ERR(pool);
		batch->pool = pool;
	}
	/* One that is twice in the message was not there when it was checked. */
	if (batch->info->attrs[RSERPOOL_A_BATCH_EXCLUSIVE] &&
	    rsp_pe_find_rcu(batch->pool, batch->config.id))
		return -EEXIST;
	err = rsp_pe_set(batch->pool, &batch->config);
	if (err && !batch->pool->explicit && !batch->pool->n_elements)
		rsp_pool_del(batch->pool);
	return err;
}

/* @nest: where it ended, when that is not the end. */
static int walk_pes(struct batch *batch, bool apply,
		    const struct nlattr **nest)
{
	const struct genlmsghdr *msg = batch->info->genlhdr;
	int rem, err;

	batch->index = 0;
	batch->pool = NULL;
	nla_for_each_attr(*nest, genlmsg_data(msg), genlmsg_len(msg), rem) {
		if (nla_type(*nest) != RSERPOOL_A_BATCH_ELEMENT)
			continue;
		err = apply ? apply_pe(batch, *nest) : check_pe(batch, *nest);
		if (err)
			return err;
		batch->index++;
		cond_resched();
	}
	return 0;
}

static u32 count_pes(const struct genl_info *info)
{
	const struct nlattr *nest;
	u32 n = 0;
	int rem;

	nla_for_each_attr(nest, genlmsg_data(info->genlhdr),
			  genlmsg_len(info->genlhdr), rem)
		n += nla_type(nest) == RSERPOOL_A_BATCH_ELEMENT;
	return n;
}

int rserpool_nl_element_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct batch batch = {
		.info	= info,
		.hs	= &rsp_net(genl_info_net(info))->handlespace,
		.sorted	= true,
	};
	const struct nlattr *nest;
	u32 n = count_pes(info);
	int err;

	if (!n)
		return rsp_nl_refuse_missing(info, NULL,
					     RSERPOOL_A_BATCH_ELEMENT,
					     "Name one element at least");
	batch.fresh = kvmalloc_array(n, sizeof(*batch.fresh),
				     GFP_KERNEL_ACCOUNT);
	if (!batch.fresh)
		return -ENOMEM;

	mutex_lock(&batch.hs->lock);
	err = walk_pes(&batch, false, &nest);
	if (!err)
		err = check_fresh(&batch);
	if (err)
		goto unlock;
	err = walk_pes(&batch, true, &nest);
	if (err) {
		rsp_nl_refuse_pe(info, nest, err);
		NL_SET_ERR_MSG_FMT(info->extack,
				   "Element %u failed; those before it stay",
				   batch.index);
	}
unlock:
	mutex_unlock(&batch.hs->lock);
	kvfree(batch.fresh);
	return err;
}
