/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_NETLINK_H
#define _RSERPOOL_NETLINK_H

#include <linux/rserpool.h>
#include <net/genetlink.h>

#include "handlespace.h"
#include "netlink-gen.h"

struct rsp_net;
struct rsp_registration;

extern const struct rsp_handlespace_ops rsp_nl_handlespace_ops;

int rsp_nl_family_register(void);
void rsp_nl_family_unregister(void);

/* What happens goes to the multicast groups. */
bool rsp_nl_feeder_may_listen(struct net *net);
bool rsp_nl_feeder_listens(struct net *net);
int rsp_nl_resolve(struct net *net, const struct rsp_handle *handle,
		   u32 left_ms);
int rsp_nl_register(struct net *net, const struct rsp_registration *reg);
void rsp_nl_deregister(struct net *net, const struct rsp_handle *handle,
		       u32 id);
void rsp_nl_session_event(struct net *net, u32 session_id,
			  const struct rsp_event *event,
			  const struct rsp_handle *handle);

/* Refusals. */
int rsp_nl_refuse(const struct genl_info *info, const struct nlattr *attr,
		  int err, const char *sentence);
int rsp_nl_refuse_missing(const struct genl_info *info,
			  const struct nlattr *nest, int type,
			  const char *sentence);
int rsp_nl_refuse_pool(const struct genl_info *info, const struct nlattr *attr,
		       int err);
int rsp_nl_refuse_pe(const struct genl_info *info, const struct nlattr *attr,
		     int err);

/* From and to attributes. */
int rsp_nl_get_handle(const struct genl_info *info, const struct nlattr *nest,
		      const struct nlattr *attr, int type,
		      struct rsp_handle *handle);
int rsp_nl_get_pe_config(const struct genl_info *info,
			 const struct nlattr *nest, struct nlattr **tb,
			 u32 policy, struct rsp_pe_config *config);
int rsp_nl_update_pe_config(const struct genl_info *info,
			    struct rsp_pe_config *config);
int rsp_nl_put_handle(struct sk_buff *skb, int type,
		      const struct rsp_handle *handle);
int rsp_nl_put_pool(struct sk_buff *skb, const struct rsp_pool *pool);
int rsp_nl_put_pe_config(struct sk_buff *skb, const struct rsp_handle *handle,
			 const struct rsp_pe_config *config);
int rsp_nl_put_pe(struct sk_buff *skb, const struct rsp_pe *pe);
int rsp_nl_put_registration(struct sk_buff *skb,
			    const struct rsp_registration *reg);
int rsp_nl_put_transport(struct sk_buff *skb, int type,
			 const struct rsp_transport *transport);

int rsp_nl_get_security(const struct genl_info *info, const struct rsp_net *rn,
			u8 *auth);
int rsp_nl_put_security(struct sk_buff *skb, const struct rsp_net *rn);

/* Answers. */
struct sk_buff *rsp_nl_answer(const struct genl_info *info, void **header);
int rsp_nl_reply(struct genl_info *info, struct sk_buff *msg, void *header,
		 int err);

/* Look-up for handlers; the caller holds the writer lock. */
struct rsp_pool *rsp_nl_find_pool(const struct genl_info *info,
				  const struct nlattr *attr, int type,
				  struct rsp_handlespace *hs);
struct rsp_pe *rsp_nl_find_pe(const struct genl_info *info,
			      struct rsp_handlespace *hs);

u32 rsp_nl_sever(struct net *net, const struct rsp_handle *handle, u32 id);

#endif /* _RSERPOOL_NETLINK_H */
