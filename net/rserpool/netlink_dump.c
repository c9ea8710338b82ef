// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: what there is.
 *
 * A dump takes the writer lock for one message at a time. Pools and elements
 * have dense indices, so it finds the place where it left off at once, and the
 * sequence of the handlespace tells when it was overtaken: the messages from
 * there on have NLM_F_DUMP_INTR, and whoever wants all of it dumps again.
 */

#include <linux/user_namespace.h>
#include <net/sock.h>

#include "mib.h"
#include "net_ns.h"
#include "netlink.h"

static struct rsp_net *rsp_of(const struct genl_info *info)
{
	return rsp_net(genl_info_net(info));
}

/**
 * rsp_nl_answer() - begin a message that answers a request for one object
 * @info: the request
 * @header: becomes the message's
 *
 * Context: process. Return: the message, for rsp_nl_reply(); NULL, no memory.
 */
struct sk_buff *rsp_nl_answer(const struct genl_info *info, void **header)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (msg)
		*header = genlmsg_iput(msg, info);
	return msg;
}

/**
 * rsp_nl_reply() - send an answer
 * @info: the request
 * @msg: of rsp_nl_answer(); it is gone afterwards
 * @header: of @msg
 * @err: what putting the object into it gave
 *
 * Context: process. Return: 0 or an errno; @err, and nothing is sent, if that
 * is one.
 */
int rsp_nl_reply(struct genl_info *info, struct sk_buff *msg, void *header,
		 int err)
{
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, header);
	return genlmsg_reply(msg, info);
}

/* The same in a dump. NULL: the message is full. Goes to part_end(). */
static void *part(struct sk_buff *skb, struct netlink_callback *cb)
{
	void *header = __genlmsg_iput(skb, genl_info_dump(cb), NLM_F_MULTI);

	if (header)
		genl_dump_check_consistent(cb, header);
	return header;
}

/* What did not fit is for the next message. */
static int part_end(struct sk_buff *skb, void *header, int err)
{
	if (err) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/* 0 is no sequence number to the check. */
static void overtaken_at(struct netlink_callback *cb, u32 seq)
{
	cb->seq = seq ?: U32_MAX;
}

/* The scope. */

/* @request: who reads, which decides what the number of a group is. */
static int put_scope(struct sk_buff *skb, const struct sk_buff *request,
		     const struct rsp_net *rn)
{
	struct user_namespace *reader = sk_user_ns(NETLINK_CB(request).sk);
	const struct rsp_handlespace *hs = &rn->handlespace;
	const struct rsp_unreachable *unreachable = &rn->unreachable;
	const struct rsp_resolver *resolver = &rn->resolver;

	if (nla_put_string(skb, RSERPOOL_A_SCOPE_NAME, rn->name) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_POOLS_MAX, hs->limits.pools) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_ELEMENTS_MAX,
			hs->limits.elements) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_SESSIONS_MAX,
			rn->sessions_max) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_RESOLUTIONS_MAX,
			READ_ONCE(resolver->max)) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_REPLAY_MAX, rn->replay_max) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_AVOID_MIN,
			hs->limits.avoid_min_ms) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_AVOID_MAX,
			hs->limits.avoid_max_ms) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_RESOLVE_TIMEOUT,
			READ_ONCE(resolver->timeout_ms)) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_COOKIE_WINDOW,
			rn->cookie_window_ms) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_UNREACHABLE_RATE,
			unreachable->rate) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_UNREACHABLE_BURST,
			unreachable->burst) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_UNREACHABLE_PE_RATE,
			unreachable->pe_rate) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_UNREACHABLE_PE_BURST,
			unreachable->pe_burst) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_PE_ID_MIN, rn->pe_id_min) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_PE_ID_MAX, rn->pe_id_max) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_REGISTRATION,
			rn->registrations.by_self ? RSERPOOL_REGISTRATION_OWN :
						    RSERPOOL_REGISTRATION_AUTO) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_REGISTER_TIMEOUT,
			rn->registrations.timeout_ms) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_PE_GROUP_MIN,
			from_kgid_munged(reader, rn->pe_group_min)) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_PE_GROUP_MAX,
			from_kgid_munged(reader, rn->pe_group_max)) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_POOLS, hs->n_pools) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_ELEMENTS, hs->n_elements) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_SESSIONS,
			atomic_read(&rn->n_sessions)) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_RESOLUTIONS,
			READ_ONCE(resolver->n_pending)) ||
	    nla_put_uint(skb, RSERPOOL_A_SCOPE_REPLAY,
			 atomic64_read(&rn->replay_octets)) ||
	    (rn->sync_portid && nla_put_flag(skb, RSERPOOL_A_SCOPE_SYNCING)) ||
	    rsp_nl_put_security(skb, rn))
		return -EMSGSIZE;
	return 0;
}

int rserpool_nl_scope_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct rsp_net *rn = rsp_of(info);
	struct sk_buff *msg;
	void *header;
	int err;

	msg = rsp_nl_answer(info, &header);
	if (!msg)
		return -ENOMEM;

	mutex_lock(&rn->handlespace.lock);
	err = put_scope(msg, skb, rn);
	mutex_unlock(&rn->handlespace.lock);
	return rsp_nl_reply(info, msg, header, err);
}

/* Pools. */

static int put_pool(struct sk_buff *skb, struct rsp_pool *pool)
{
	unsigned long i;
	u32 sessions = 0;
	struct rsp_pe *pe;

	xa_for_each(&pool->elements, i, pe) {
		sessions += atomic_read(&pe->sessions);
		cond_resched();
	}
	if (rsp_nl_put_pool(skb, pool) ||
	    nla_put_u32(skb, RSERPOOL_A_POOL_SESSIONS, sessions))
		return -EMSGSIZE;
	return 0;
}

int rserpool_nl_pool_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct rsp_handlespace *hs = &rsp_of(info)->handlespace;
	struct rsp_pool *pool;
	struct sk_buff *msg;
	void *header;
	int err;

	msg = rsp_nl_answer(info, &header);
	if (!msg)
		return -ENOMEM;

	mutex_lock(&hs->lock);
	pool = rsp_nl_find_pool(info, info->attrs[RSERPOOL_A_POOL_HANDLE],
				RSERPOOL_A_POOL_HANDLE, hs);
	err = IS_ERR(pool) ? PTR_ERR(pool) : put_pool(msg, pool);
	mutex_unlock(&hs->lock);
	return rsp_nl_reply(info, msg, header, err);
}

static int dump_pool(struct sk_buff *skb, struct netlink_callback *cb,
		     struct rsp_pool *pool)
{
	void *header = part(skb, cb);

	if (!header)
		return -EMSGSIZE;
	return part_end(skb, header, put_pool(skb, pool));
}

/**
 * struct dump_place - where a dump goes on; in netlink_callback.ctx
 * @pool: index of the pool
 * @pe: index of the element in it
 * @begun: the first message is out
 */
struct dump_place {
	unsigned long pool;
	unsigned long pe;
	bool begun;
};

static struct dump_place *place_of(struct netlink_callback *cb)
{
	static_assert(sizeof(struct dump_place) <=
		      sizeof_field(struct netlink_callback, ctx));
	return (struct dump_place *)cb->ctx;
}

int rserpool_nl_pool_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct rsp_handlespace *hs = &rsp_of(genl_info_dump(cb))->handlespace;
	struct dump_place *place = place_of(cb);
	struct rsp_pool *pool;
	int err = 0;

	mutex_lock(&hs->lock);
	overtaken_at(cb, hs->seq);
	xa_for_each_start(&hs->pool_index, place->pool, pool, place->pool) {
		err = dump_pool(skb, cb, pool);
		if (err)
			break;
	}
	mutex_unlock(&hs->lock);
	return err ? skb->len : 0;
}

/* Elements. */

int rserpool_nl_element_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct rsp_handlespace *hs = &rsp_of(info)->handlespace;
	struct sk_buff *msg;
	struct rsp_pe *pe;
	void *header;
	int err;

	msg = rsp_nl_answer(info, &header);
	if (!msg)
		return -ENOMEM;

	mutex_lock(&hs->lock);
	pe = rsp_nl_find_pe(info, hs);
	err = IS_ERR(pe) ? PTR_ERR(pe) : rsp_nl_put_pe(msg, pe);
	mutex_unlock(&hs->lock);
	return rsp_nl_reply(info, msg, header, err);
}

static int dump_pe(struct sk_buff *skb, struct netlink_callback *cb,
		   const struct rsp_pe *pe)
{
	void *header = part(skb, cb);

	if (!header)
		return -EMSGSIZE;
	return part_end(skb, header, rsp_nl_put_pe(skb, pe));
}

static int dump_pes(struct sk_buff *skb, struct netlink_callback *cb,
		    struct rsp_pool *pool)
{
	struct dump_place *place = place_of(cb);
	struct rsp_pe *pe;
	int err;

	xa_for_each_start(&pool->elements, place->pe, pe, place->pe) {
		err = dump_pe(skb, cb, pe);
		if (err)
			return err;
	}
	place->pe = 0;
	return 0;
}

static int dump_all_pes(struct sk_buff *skb, struct netlink_callback *cb,
			struct rsp_handlespace *hs)
{
	struct dump_place *place = place_of(cb);
	unsigned long index = place->pool;
	struct rsp_pool *pool;
	int err;

	xa_for_each_start(&hs->pool_index, index, pool, place->pool) {
		/* Another pool than the one that it left off in. */
		if (index != place->pool)
			place->pe = 0;
		place->pool = index;
		err = dump_pes(skb, cb, pool);
		if (err)
			return err;
	}
	return 0;
}

static int dump_pes_of(struct sk_buff *skb, struct netlink_callback *cb,
		       struct rsp_handlespace *hs)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct dump_place *place = place_of(cb);
	struct rsp_pool *pool;

	pool = rsp_nl_find_pool(info, info->attrs[RSERPOOL_A_ELEMENT_HANDLE],
				RSERPOOL_A_ELEMENT_HANDLE, hs);
	/* It was there when the dump began: that is a change like others. */
	if (PTR_ERR_OR_ZERO(pool) == -ENOENT && place->begun)
		return 0;
	if (IS_ERR(pool))
		return PTR_ERR(pool);

	place->begun = true;
	return dump_pes(skb, cb, pool);
}

int rserpool_nl_element_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct rsp_handlespace *hs = &rsp_of(info)->handlespace;
	int err;

	mutex_lock(&hs->lock);
	overtaken_at(cb, hs->seq);
	if (info->attrs[RSERPOOL_A_ELEMENT_HANDLE])
		err = dump_pes_of(skb, cb, hs);
	else
		err = dump_all_pes(skb, cb, hs);
	mutex_unlock(&hs->lock);
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

/* Counters. */

int rserpool_nl_stats_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct net *net = genl_info_net(genl_info_dump(cb));
	struct dump_place *place = place_of(cb);
	void *header;
	int err;

	/* Counters are never overtaken: each is a fact of its own. */
	overtaken_at(cb, 1);
	for (; place->pe < __RSP_MIB_MAX; place->pe++) {
		header = part(skb, cb);
		if (!header)
			return skb->len;
		err = nla_put_string(skb, RSERPOOL_A_COUNTER_NAME,
				     rsp_mib_name(place->pe)) ?:
		      nla_put_uint(skb, RSERPOOL_A_COUNTER_VALUE,
				   rsp_mib_read(net, place->pe));
		if (part_end(skb, header, err))
			return skb->len;
	}
	return 0;
}

/* Resolutions. */

/**
 * struct resolve_dump - what shows a resolution
 * @skb: where
 * @cb: of which dump
 */
struct resolve_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

static int show_resolution(const struct rsp_handle *handle, u32 left_ms,
			   void *data)
{
	struct resolve_dump *dump = data;
	void *header = part(dump->skb, dump->cb);
	int err;

	if (!header)
		return -EMSGSIZE;
	err = rsp_nl_put_handle(dump->skb, RSERPOOL_A_RESOLUTION_HANDLE,
				handle) ?:
	      nla_put_u32(dump->skb, RSERPOOL_A_RESOLUTION_LEFT_MS, left_ms);
	return part_end(dump->skb, header, err);
}

int rserpool_nl_resolve_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	struct rsp_resolver *resolver =
		&rsp_of(genl_info_dump(cb))->resolver;
	struct resolve_dump dump = { .skb = skb, .cb = cb };
	struct dump_place *place = place_of(cb);

	overtaken_at(cb, READ_ONCE(resolver->seq));
	if (rsp_resolver_walk(resolver, &place->pool, &place->pe,
			      show_resolution, &dump))
		return skb->len;
	return 0;
}
