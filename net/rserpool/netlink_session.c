// SPDX-License-Identifier: GPL-2.0
/* Netlink: the sessions that there are; sockets do not connect yet. */

#include "netlink.h"

int rserpool_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return rsp_nl_refuse(info, info->attrs[RSERPOOL_A_SESSION_ID], -ENOENT,
			     "There is no such session");
}

int rserpool_nl_session_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	return 0;
}

/**
 * rsp_nl_sever() - move the sessions off an element that was removed
 * @net: the scope
 * @pe: the element; the caller's reference goes
 *
 * Context: process, without the writer lock. Return: how many sessions.
 */
u32 rsp_nl_sever(struct net *net, struct rsp_pe *pe)
{
	rsp_pe_put(pe);
	return 0;
}
