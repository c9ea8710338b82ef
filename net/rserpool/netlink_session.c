// SPDX-License-Identifier: GPL-2.0
/* Netlink: the sessions that there are. */

#include <linux/in.h>
#include <linux/user_namespace.h>
#include <net/sock.h>

#include "netlink.h"
#include "session.h"

/* @address: of IPv4 or IPv6, or of neither while there is none. */
static int put_address(struct sk_buff *skb, int type,
		       const struct __kernel_sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	struct rsp_transport transport = {
		.family	= address->ss_family,
	};

	switch (address->ss_family) {
	case AF_INET:
		transport.port = v4->sin_port;
		transport.v4 = v4->sin_addr.s_addr;
		break;
	case AF_INET6:
		transport.port = v6->sin6_port;
		transport.v6 = v6->sin6_addr;
		transport.scope_id = v6->sin6_scope_id;
		break;
	default:
		return 0;
	}
	return rsp_nl_put_transport(skb, type, &transport);
}

static int put_tally(struct sk_buff *skb, struct sock *sk)
{
	struct rsp_tally tally;

	rsp_session_tally(sk, &tally);
	if (nla_put_uint(skb, RSERPOOL_A_SESSION_OCTETS_SENT, tally.sent) ||
	    nla_put_uint(skb, RSERPOOL_A_SESSION_OCTETS_RECEIVED,
			 tally.received))
		return -EMSGSIZE;
	if (tally.cookie_len &&
	    (nla_put_u32(skb, RSERPOOL_A_SESSION_COOKIE, tally.cookie_len) ||
	     nla_put_u32(skb, RSERPOOL_A_SESSION_COOKIE_AGE,
			 jiffies_to_msecs(tally.cookie_age))))
		return -EMSGSIZE;
	if (tally.replay_max &&
	    (nla_put_uint(skb, RSERPOOL_A_SESSION_REPLAY, tally.replay) ||
	     nla_put_u32(skb, RSERPOOL_A_SESSION_REPLAY_MAX,
			 tally.replay_max)))
		return -EMSGSIZE;
	return 0;
}

/* @request: who reads, which decides what the number of a user is. */
static int put_session(struct sk_buff *skb, const struct sk_buff *request,
		       u32 id, struct sock *sk)
{
	struct user_namespace *reader = sk_user_ns(NETLINK_CB(request).sk);
	const struct rsp_session *ssn = rsp_session(sk);
	struct rsp_handle handle;
	struct rsp_info session;

	rsp_session_describe(sk, &session, &handle);
	if (nla_put_u32(skb, RSERPOOL_A_SESSION_ID, id) ||
	    (handle.len && rsp_nl_put_handle(skb, RSERPOOL_A_SESSION_HANDLE,
					     &handle)) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_STATE, session.state) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_MODE, session.mode) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_FAILURE, session.failure) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_GENERATION,
			session.generation) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_RESUMED, session.resumed) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_PE_ID, session.pe_id) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_PREV_PE_ID,
			session.prev_pe_id) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_ELEMENTS_TRIED,
			session.elements_tried) ||
	    nla_put_uint(skb, RSERPOOL_A_SESSION_FAILOVER_US,
			 session.failover_us) ||
	    put_address(skb, RSERPOOL_A_SESSION_LOCAL, &session.local) ||
	    put_address(skb, RSERPOOL_A_SESSION_PEER, &session.peer) ||
	    nla_put_u32(skb, RSERPOOL_A_SESSION_UID,
			from_kuid_munged(reader, READ_ONCE(sk->sk_uid))) ||
	    (session.standby_pe_id &&
	     nla_put_u32(skb, RSERPOOL_A_SESSION_STANDBY,
			 session.standby_pe_id)) ||
	    (ssn->accepted && nla_put_flag(skb, RSERPOOL_A_SESSION_ACCEPTED)) ||
	    put_tally(skb, sk))
		return -EMSGSIZE;
	if (session.auth != RSP_AUTH_NONE &&
	    (nla_put_u32(skb, RSERPOOL_A_SESSION_AUTH, session.auth) ||
	     nla_put_u32(skb, RSERPOOL_A_SESSION_CIPHER, session.cipher) ||
	     nla_put_u32(skb, RSERPOOL_A_SESSION_PEER_ID, session.peer_id)))
		return -EMSGSIZE;
	if (session.state == RSP_SESSION_LISTEN &&
	    (nla_put_u32(skb, RSERPOOL_A_SESSION_BACKLOG,
			 READ_ONCE(sk->sk_ack_backlog)) ||
	     nla_put_u32(skb, RSERPOOL_A_SESSION_BACKLOG_MAX,
			 READ_ONCE(sk->sk_max_ack_backlog))))
		return -EMSGSIZE;
	return 0;
}

int rserpool_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[RSERPOOL_A_SESSION_ID];
	struct sk_buff *msg;
	struct sock *sk;
	void *header;
	u32 id, found;
	int err;

	if (!attr)
		return rsp_nl_refuse_missing(info, NULL, RSERPOOL_A_SESSION_ID,
					     "Name the session by its id");
	id = nla_get_u32(attr);
	found = id - 1;
	sk = id ? rsp_session_next(genl_info_net(info), &found) : NULL;
	if (!sk || found != id) {
		if (sk)
			sock_put(sk);
		return rsp_nl_refuse(info, attr, -ENOENT,
				     "There is no such session");
	}

	err = -ENOMEM;
	msg = rsp_nl_answer(info, &header);
	if (msg)
		err = rsp_nl_reply(info, msg, header,
				   put_session(msg, skb, id, sk));
	sock_put(sk);
	return err;
}

/*
 * Sessions come and go all the time, and each message is true of its session;
 * there is no sequence that a dump could be overtaken by.
 */
int rserpool_nl_session_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct net *net = genl_info_net(info);
	u32 *last = (u32 *)cb->ctx;
	struct sock *sk;
	void *header;
	u32 id = *last;

	for (; (sk = rsp_session_next(net, &id)); *last = id) {
		header = __genlmsg_iput(skb, info, NLM_F_MULTI);
		if (!header || put_session(skb, cb->skb, id, sk)) {
			genlmsg_cancel(skb, header);
			sock_put(sk);
			return skb->len;
		}
		genlmsg_end(skb, header);
		sock_put(sk);
	}
	return 0;
}

/**
 * struct removed - what was removed with "now"
 * @handle: the pool, or that of the element
 * @id: PE identifier, 0: all elements of the pool
 */
struct removed {
	const struct rsp_handle *handle;
	u32 id;
};

/*
 * By name: the element that serves a session is another object than the one that
 * was removed, and so may its pool be, if either was registered anew since.  One
 * that was registered anew after the removal is not dead.
 */
static bool is_of_removed(const struct rsp_session *ssn, const void *arg)
{
	const struct rsp_flow *flow = READ_ONCE(ssn->flow);
	const struct removed *removed = arg;
	const struct rsp_pe *pe;

	if (!flow || ssn->accepted)
		return false;
	pe = flow->pe;
	return READ_ONCE(pe->dead) &&
	       (!removed->id || pe->node.id == removed->id) &&
	       rsp_handle_equal(&pe->pool->handle, removed->handle);
}

/**
 * rsp_nl_sever() - move the sessions off what was removed
 * @net: the scope
 * @handle: a pool's
 * @id: PE identifier, 0: the pool and all its elements were removed
 *
 * Context: process, without the writer lock. Return: how many sessions.
 */
u32 rsp_nl_sever(struct net *net, const struct rsp_handle *handle, u32 id)
{
	const struct removed removed = { .handle = handle, .id = id };

	return rsp_sessions_kick(net, RSP_SESSION_SEVER, is_of_removed,
				 &removed);
}
