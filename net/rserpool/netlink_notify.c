// SPDX-License-Identifier: GPL-2.0
/* Netlink: what happens goes to the multicast groups. */

#include <net/sock.h>

#include "mib.h"
#include "net_ns.h"
#include "netlink.h"

/*
 * An element with all its transport addresses, and a pool's handle, take less
 * than 700 octets.
 */
#define NOTIFICATION_SIZE	1024

static struct net *net_of(const struct rsp_handlespace *hs)
{
	return container_of(hs, struct rsp_net, handlespace)->net;
}

/* A message for @cmd, to be filled after its header; NULL: no memory. */
static struct sk_buff *message(u8 cmd, void **header)
{
	struct sk_buff *skb = genlmsg_new(NOTIFICATION_SIZE, GFP_KERNEL);

	if (skb)
		*header = genlmsg_put(skb, 0, 0, &rserpool_nl_family, 0, cmd);
	return skb;
}

static void multicast(struct net *net, struct sk_buff *skb, void *header,
		      unsigned int group)
{
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&rserpool_nl_family, net, skb, 0, group,
				GFP_KERNEL);
}

/* Those who listen learn with their next receive that they missed something. */
static void lost(struct net *net, unsigned int group)
{
	genl_set_err(&rserpool_nl_family, net, 0, group, -ENOBUFS);
}

static bool nobody_listens(struct net *net, unsigned int group)
{
	return !genl_has_listeners(&rserpool_nl_family, net, group);
}

static const u8 pool_commands[] = {
	[RSP_CHANGE_NEW]	= RSERPOOL_CMD_POOL_NEW_NTF,
	[RSP_CHANGE_SET]	= RSERPOOL_CMD_POOL_SET_NTF,
	[RSP_CHANGE_DEL]	= RSERPOOL_CMD_POOL_DEL_NTF,
};

static void pool_changed(struct rsp_pool *pool, enum rsp_change change)
{
	struct net *net = net_of(pool->hs);
	struct sk_buff *skb;
	void *header;

	if (nobody_listens(net, RSERPOOL_NLGRP_HANDLESPACE))
		return;

	skb = message(pool_commands[change], &header);
	if (!skb || rsp_nl_put_pool(skb, pool)) {
		nlmsg_free(skb);
		lost(net, RSERPOOL_NLGRP_HANDLESPACE);
		return;
	}
	multicast(net, skb, header, RSERPOOL_NLGRP_HANDLESPACE);
}

static const u8 pe_commands[] = {
	[RSP_CHANGE_NEW]	= RSERPOOL_CMD_ELEMENT_NEW_NTF,
	[RSP_CHANGE_SET]	= RSERPOOL_CMD_ELEMENT_SET_NTF,
	[RSP_CHANGE_DEL]	= RSERPOOL_CMD_ELEMENT_DEL_NTF,
	[RSP_CHANGE_EXPIRED]	= RSERPOOL_CMD_ELEMENT_EXPIRED_NTF,
	[RSP_CHANGE_AVOIDED]	= RSERPOOL_CMD_ELEMENT_AVOIDED_NTF,
	[RSP_CHANGE_RETURNED]	= RSERPOOL_CMD_ELEMENT_RETURNED_NTF,
};

static void count_pe(struct net *net, enum rsp_change change)
{
	switch (change) {
	case RSP_CHANGE_EXPIRED:
		RSP_INC_STATS(net, RSP_MIB_ELEMENT_EXPIRED);
		break;
	case RSP_CHANGE_AVOIDED:
		RSP_INC_STATS(net, RSP_MIB_ELEMENT_AVOIDED);
		break;
	case RSP_CHANGE_RETURNED:
		RSP_INC_STATS(net, RSP_MIB_ELEMENT_RETURNED);
		break;
	default:
		break;
	}
}

static void pe_changed(struct rsp_pe *pe, enum rsp_change change)
{
	struct net *net = net_of(pe->pool->hs);
	struct sk_buff *skb;
	void *header;

	count_pe(net, change);
	if (nobody_listens(net, RSERPOOL_NLGRP_HANDLESPACE))
		return;

	skb = message(pe_commands[change], &header);
	if (!skb || rsp_nl_put_pe(skb, pe)) {
		nlmsg_free(skb);
		lost(net, RSERPOOL_NLGRP_HANDLESPACE);
		return;
	}
	multicast(net, skb, header, RSERPOOL_NLGRP_HANDLESPACE);
}

/* RFC 5355, section 2.13: those who lie about elements flood no registrar. */
static bool may_report(struct rsp_unreachable *unreachable, struct rsp_pe *pe)
{
	u64 pe_interval = div_u64(60ULL * NSEC_PER_SEC, unreachable->pe_rate);
	u64 interval = div_u64(NSEC_PER_SEC, unreachable->rate);
	u64 now = ktime_get_ns();

	if (!rsp_bucket_has(&pe->reports, now, pe_interval,
			    unreachable->pe_burst) ||
	    !rsp_bucket_has(&unreachable->reports, now, interval,
			    unreachable->burst))
		return false;
	rsp_bucket_take(&pe->reports, now, pe_interval);
	rsp_bucket_take(&unreachable->reports, now, interval);
	return true;
}

/* RFC 5352, section 3.5 */
static void pe_unreachable(struct rsp_pe *pe)
{
	struct net *net = net_of(pe->pool->hs);
	struct sk_buff *skb;
	void *header;

	if (nobody_listens(net, RSERPOOL_NLGRP_ASAP))
		return;
	if (!may_report(&rsp_net(net)->unreachable, pe)) {
		RSP_INC_STATS(net, RSP_MIB_UNREACHABLE_LIMITED);
		return;
	}
	skb = message(RSERPOOL_CMD_UNREACHABLE, &header);
	if (!skb ||
	    rsp_nl_put_handle(skb, RSERPOOL_A_ELEMENT_HANDLE,
			      &pe->pool->handle) ||
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_ID, pe->node.id)) {
		nlmsg_free(skb);
		lost(net, RSERPOOL_NLGRP_ASAP);
		return;
	}
	multicast(net, skb, header, RSERPOOL_NLGRP_ASAP);
	RSP_INC_STATS(net, RSP_MIB_UNREACHABLE);
}

const struct rsp_handlespace_ops rsp_nl_handlespace_ops = {
	.pool_changed	= pool_changed,
	.pe_changed	= pe_changed,
	.pe_unreachable	= pe_unreachable,
};

/**
 * rsp_nl_session_event() - tell group "session" of a session
 * @net: the scope
 * @session_id: the session's number
 * @event: what happened
 * @handle: of the pool that it is connected to
 *
 * Context: process.
 */
void rsp_nl_session_event(struct net *net, u32 session_id,
			  const struct rsp_event *event,
			  const struct rsp_handle *handle)
{
	struct sk_buff *skb;
	void *header;

	if (nobody_listens(net, RSERPOOL_NLGRP_SESSION))
		return;

	skb = message(RSERPOOL_CMD_SESSION_EVENT, &header);
	if (!skb ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_ID, session_id) ||
	    rsp_nl_put_handle(skb, RSERPOOL_A_SESSION_HANDLE, handle) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_EVENT, event->type) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_FAILURE, event->failure) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_GENERATION,
			event->generation) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_PREV_PE_ID,
			event->old_pe_id) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_PE_ID, event->pe_id) ||
	    nla_put_uint(skb, RSERPOOL_A_SESSION_FAILOVER_US,
			 event->failover_us)) {
		nlmsg_free(skb);
		lost(net, RSERPOOL_NLGRP_SESSION);
		return;
	}
	multicast(net, skb, header, RSERPOOL_NLGRP_SESSION);
}

/**
 * rsp_nl_feeder_may_listen() - whether a resolution is worth the trouble
 * @net: the scope
 *
 * Netlink keeps one list of listeners for all namespaces, so this may be true
 * for those of another one.
 *
 * Context: any. Return: false when no feeder listens for certain.
 */
bool rsp_nl_feeder_may_listen(struct net *net)
{
	return !nobody_listens(net, RSERPOOL_NLGRP_ASAP);
}

/**
 * struct audience - who gets a request
 * @net: the scope that it is of
 * @there: somebody of this scope listens, even if his buffer is full
 */
struct audience {
	struct net *net;
	bool there;
};

static int note_listener(struct sock *sk, struct sk_buff *skb, void *data)
{
	struct audience *audience = data;

	if (net_eq(sock_net(sk), audience->net))
		audience->there = true;
	return 0;
}

static int note_listener_only(struct sock *sk, struct sk_buff *skb, void *data)
{
	note_listener(sk, skb, data);
	return 1;
}

/* -ENOENT: nobody of this scope listens. */
static int request(struct net *net, struct sk_buff *skb, void *header)
{
	struct audience audience = { .net = net };

	genlmsg_end(skb, header);
	genlmsg_multicast_netns_filtered(&rserpool_nl_family, net, skb, 0,
					 RSERPOOL_NLGRP_ASAP, GFP_KERNEL,
					 note_listener, &audience);
	return audience.there ? 0 : -ENOENT;
}

/**
 * rsp_nl_feeder_listens() - does a feeder of this scope listen?
 * @net: the scope
 *
 * Context: process. Return: false when none does for certain.
 */
bool rsp_nl_feeder_listens(struct net *net)
{
	struct audience audience = { .net = net };
	struct sk_buff *skb;
	void *header;

	if (nobody_listens(net, RSERPOOL_NLGRP_ASAP))
		return false;
	/* Nobody gets it. */
	skb = message(RSERPOOL_CMD_REGISTER, &header);
	if (!skb)
		return true;
	genlmsg_end(skb, header);
	genlmsg_multicast_netns_filtered(&rserpool_nl_family, net, skb, 0,
					 RSERPOOL_NLGRP_ASAP, GFP_KERNEL,
					 note_listener_only, &audience);
	return audience.there;
}

/**
 * rsp_nl_resolve() - ask the feeders that listen for a pool
 * @net: the scope
 * @handle: the pool's
 * @left_ms: how long an answer may take
 *
 * A feeder whose buffer is full gets ENOBUFS with its next receive, and then
 * dumps what is pending.
 *
 * Context: process. Return: 0; -ENOENT, nobody listens; -ENOMEM.
 */
int rsp_nl_resolve(struct net *net, const struct rsp_handle *handle,
		   u32 left_ms)
{
	struct sk_buff *skb;
	void *header;

	skb = message(RSERPOOL_CMD_RESOLVE, &header);
	if (!skb ||
	    rsp_nl_put_handle(skb, RSERPOOL_A_RESOLUTION_HANDLE, handle) ||
	    nla_put_u32(skb, RSERPOOL_A_RESOLUTION_LEFT_MS, left_ms)) {
		nlmsg_free(skb);
		return -ENOMEM;
	}
	return request(net, skb, header);
}

/**
 * rsp_nl_register() - ask the agent that listens to register an element
 * @net: the scope
 * @reg: its registration
 *
 * An agent whose buffer is full gets ENOBUFS with its next receive, and then
 * dumps the registrations.
 *
 * Context: process; rsp_registrations.lock.
 * Return: 0; -ENOENT, nobody listens; -ENOMEM.
 */
int rsp_nl_register(struct net *net, const struct rsp_registration *reg)
{
	struct sk_buff *skb;
	void *header;

	if (nobody_listens(net, RSERPOOL_NLGRP_ASAP))
		return -ENOENT;
	skb = message(RSERPOOL_CMD_REGISTER, &header);
	if (!skb || rsp_nl_put_registration(skb, reg)) {
		nlmsg_free(skb);
		lost(net, RSERPOOL_NLGRP_ASAP);
		return -ENOMEM;
	}
	return request(net, skb, header);
}

/**
 * rsp_nl_deregister() - tell the agent that an element is none any more
 * @net: the scope
 * @handle: the pool's
 * @id: PE identifier
 *
 * Context: process; rsp_registrations.lock.
 */
void rsp_nl_deregister(struct net *net, const struct rsp_handle *handle,
		       u32 id)
{
	struct sk_buff *skb;
	void *header;

	if (nobody_listens(net, RSERPOOL_NLGRP_ASAP))
		return;
	skb = message(RSERPOOL_CMD_DEREGISTER, &header);
	if (!skb ||
	    rsp_nl_put_handle(skb, RSERPOOL_A_ELEMENT_HANDLE, handle) ||
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_ID, id)) {
		nlmsg_free(skb);
		lost(net, RSERPOOL_NLGRP_ASAP);
		return;
	}
	multicast(net, skb, header, RSERPOOL_NLGRP_ASAP);
}
