// SPDX-License-Identifier: GPL-2.0
/* Netlink: the elements that listen here, for the agent that registers them. */

#include "endpoint_register.h"
#include "net_ns.h"
#include "netlink.h"

/**
 * rsp_nl_put_registration() - add a registration to a message
 * @skb: the message
 * @reg: it
 *
 * Context: process; rsp_registrations.lock. Return: 0 or -EMSGSIZE.
 */
int rsp_nl_put_registration(struct sk_buff *skb,
			    const struct rsp_registration *reg)
{
	long left = reg->deadline - jiffies;

	if (rsp_nl_put_pe_config(skb, &reg->handle, &reg->config) ||
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_LISTENER, reg->kind) ||
	    (reg->kind == RSP_LISTENER_ASKED &&
	     nla_put_u32(skb, RSERPOOL_A_ELEMENT_LEFT_MS,
			 jiffies_to_msecs(max(left, 0L)))))
		return -EMSGSIZE;
	return 0;
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct rsp_registration *reg)
{
	void *header = __genlmsg_iput(skb, genl_info_dump(cb), NLM_F_MULTI);

	if (!header)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, header);
	if (rsp_nl_put_registration(skb, reg)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

int rserpool_nl_register_get_dumpit(struct sk_buff *skb,
				    struct netlink_callback *cb)
{
	struct rsp_registrations *regs =
		&rsp_net(genl_info_net(genl_info_dump(cb)))->registrations;
	unsigned long *place = (unsigned long *)cb->ctx;
	struct rsp_registration *reg;
	int err = 0;

	mutex_lock(&regs->lock);
	/* 0 is no sequence number to the check. */
	cb->seq = regs->seq ?: U32_MAX;
	xa_for_each_start(&regs->list, *place, reg, *place) {
		err = dump_one(skb, cb, reg);
		if (err)
			break;
	}
	mutex_unlock(&regs->lock);
	return err ? skb->len : 0;
}

/* Which element a request is about. */
static int get_element(const struct genl_info *info, struct rsp_handle *handle,
		       u32 *id)
{
	struct nlattr *attr = info->attrs[RSERPOOL_A_ELEMENT_ID];
	int err;

	err = rsp_nl_get_handle(info, NULL,
				info->attrs[RSERPOOL_A_ELEMENT_HANDLE],
				RSERPOOL_A_ELEMENT_HANDLE, handle);
	if (err)
		return err;
	if (!attr)
		return rsp_nl_refuse_missing(info, NULL, RSERPOOL_A_ELEMENT_ID,
					     "Name the element by its PE identifier");
	*id = nla_get_u32(attr);
	return 0;
}

static int refuse(const struct genl_info *info, int err)
{
	struct nlattr *attr = info->attrs[RSERPOOL_A_ELEMENT_ID];

	if (err == -ENOENT)
		return rsp_nl_refuse(info, attr, err,
				     "No socket of this host listens for this element");
	return rsp_nl_refuse_pe(info, attr, err);
}

int rserpool_nl_register_done_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *result = info->attrs[RSERPOOL_A_ELEMENT_RESULT];
	struct rsp_handle handle;
	u32 id;
	int err;

	err = get_element(info, &handle, &id);
	if (err)
		return err;
	err = rsp_register_done(rsp_net(genl_info_net(info)), &handle, id,
				result ? -(int)nla_get_u32(result) : 0);
	return err ? refuse(info, err) : 0;
}

int rserpool_nl_keep_alive_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[RSERPOOL_A_ELEMENT_HOME];
	struct rsp_handle handle;
	struct sk_buff *msg;
	u32 id, home = 0;
	void *header;
	int err;

	err = get_element(info, &handle, &id);
	if (err)
		return err;
	msg = rsp_nl_answer(info, &header);
	if (!msg)
		return -ENOMEM;
	if (attr)
		home = nla_get_u32(attr);
	err = rsp_register_alive(rsp_net(genl_info_net(info)), &handle, id,
				 attr ? &home : NULL);
	if (err) {
		nlmsg_free(msg);
		return refuse(info, err);
	}
	if (rsp_nl_put_handle(msg, RSERPOOL_A_ELEMENT_HANDLE, &handle) ||
	    nla_put_u32(msg, RSERPOOL_A_ELEMENT_ID, id))
		err = -EMSGSIZE;
	return rsp_nl_reply(info, msg, header, err);
}
