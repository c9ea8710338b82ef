/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/rserpool.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: make gen */

#ifndef _LINUX_RSERPOOL_GEN_H
#define _LINUX_RSERPOOL_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/rserpool_netlink.h>
#include <linux/rserpool.h>

#define RSERPOOL_ERRNO_MAX	4095

/* Common nested types */
extern const struct nla_policy rserpool_element_config_nl_policy[RSERPOOL_A_ELEMENT_TRANSPORT + 1];
extern const struct nla_policy rserpool_transport_nl_policy[RSERPOOL_A_TRANSPORT_USE + 1];

int rserpool_nl_bare_doit(const struct genl_split_ops *ops,
			  struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_bare_start(struct netlink_callback *cb);

int rserpool_nl_scope_get_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_scope_set_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_pool_get_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_pool_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int rserpool_nl_pool_new_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_pool_set_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_pool_del_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_element_get_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_element_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb);
int rserpool_nl_element_new_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_element_set_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_element_del_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_element_drain_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_session_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb);
int rserpool_nl_key_new_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_key_del_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_key_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int rserpool_nl_stats_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int rserpool_nl_sync_begin_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_sync_end_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_resolve_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb);
int rserpool_nl_resolve_done_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_register_get_dumpit(struct sk_buff *skb,
				    struct netlink_callback *cb);
int rserpool_nl_register_done_doit(struct sk_buff *skb, struct genl_info *info);
int rserpool_nl_keep_alive_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	RSERPOOL_NLGRP_HANDLESPACE,
	RSERPOOL_NLGRP_SESSION,
	RSERPOOL_NLGRP_ASAP,
};

extern struct genl_family rserpool_nl_family;

#endif /* _LINUX_RSERPOOL_GEN_H */
