// SPDX-License-Identifier: GPL-2.0
/* Netlink: the pre-shared keys of a scope, and whether it wants them. */

#include <linux/jiffies.h>
#include <linux/stringify.h>

#include "key.h"
#include "net_ns.h"
#include "netlink.h"
#include "session.h"

static struct rsp_net *rsp_of(const struct genl_info *info)
{
	return rsp_net(genl_info_net(info));
}

static bool in_use(const struct rsp_net *rn)
{
	return rn->handlespace.n_elements || atomic_read(&rn->n_sessions);
}

/**
 * rsp_nl_get_security() - what a request says of the scope's security
 * @info: scope-set
 * @rn: the scope; its handlespace's writer lock is held
 * @auth: becomes how the ends of its sessions are to know each other
 *
 * Context: process.
 * Return: 0, or a refusal.
 */
int rsp_nl_get_security(const struct genl_info *info, const struct rsp_net *rn,
			u8 *auth)
{
	const struct nlattr *mode = info->attrs[RSERPOOL_A_SCOPE_MODE];
	const struct nlattr *by = info->attrs[RSERPOOL_A_SCOPE_AUTH];
	const struct nlattr *name = info->attrs[RSERPOOL_A_SCOPE_NAME];
	bool secure = rn->auth;

	*auth = rn->auth;
	if (mode)
		secure = nla_get_u32(mode) == RSERPOOL_MODE_SECURE;
	if (by)
		*auth = nla_get_u32(by);
	else if (secure != !!rn->auth)
		*auth = secure ? RSP_AUTH_PSK : RSP_AUTH_NONE;
	if (secure != !!*auth)
		return rsp_nl_refuse(info, by, -EINVAL, secure ?
				     "A secure scope wants auth psk or x509" :
				     "Only a secure scope has auth psk or x509");
	if (*auth != rn->auth && in_use(rn))
		return rsp_nl_refuse(info, mode ?: by, -EBUSY,
				     "Mode and auth cannot be changed while there are elements or sessions");
	if (name && rn->keys.n && nla_strcmp(name, rn->name))
		return rsp_nl_refuse(info, name, -EBUSY,
				     "The keys are for this name; remove them first");
	return 0;
}

/**
 * rsp_nl_put_security() - tell of a scope's security
 * @skb: where
 * @rn: the scope; its handlespace's writer lock is held
 *
 * Context: process. Return: 0 or -EMSGSIZE.
 */
int rsp_nl_put_security(struct sk_buff *skb, const struct rsp_net *rn)
{
	if (nla_put_u32(skb, RSERPOOL_A_SCOPE_MODE,
			rn->auth ? RSERPOOL_MODE_SECURE :
				   RSERPOOL_MODE_PLAIN) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_AUTH, rn->auth) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_CLIENT, rn->client) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_HANDSHAKE_TIMEOUT,
			rn->handshake_timeout_ms) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_RECORDS_MAX, rn->records_max) ||
	    nla_put_u32(skb, RSERPOOL_A_SCOPE_KEYS, READ_ONCE(rn->keys.n)))
		return -EMSGSIZE;
	return 0;
}

static int get_name(const struct genl_info *info, struct rsp_handle *handle,
		    struct rsp_identity *identity)
{
	struct nlattr **tb = info->attrs;

	identity->client = 0;
	identity->pe_id = 0;
	if (tb[RSERPOOL_A_KEY_CLIENT])
		identity->client = nla_get_u32(tb[RSERPOOL_A_KEY_CLIENT]);
	if (tb[RSERPOOL_A_KEY_PE_ID])
		identity->pe_id = nla_get_u32(tb[RSERPOOL_A_KEY_PE_ID]);
	return rsp_nl_get_handle(info, NULL, tb[RSERPOOL_A_KEY_HANDLE],
				 RSERPOOL_A_KEY_HANDLE, handle);
}

static void refuse_key(const struct genl_info *info, int err)
{
	const char *why = "The kernel could not make the key";

	if (err == -EOPNOTSUPP)
		why = "This kernel has no keys of type psk (nvme-keyring)";
	else if (err == -ENOSPC)
		why = "The scope has " __stringify(RSP_KEYS_MAX) " keys, and may have no more";
	rsp_nl_refuse(info, info->attrs[RSERPOOL_A_KEY_SECRET], err, why);
}

int rserpool_nl_key_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *secret = info->attrs[RSERPOOL_A_KEY_SECRET];
	struct rsp_net *rn = rsp_of(info);
	struct rsp_identity identity;
	struct rsp_handle handle;
	int err;

	err = get_name(info, &handle, &identity);
	if (!err && !secret)
		err = rsp_nl_refuse_missing(info, NULL, RSERPOOL_A_KEY_SECRET,
					    "A key has 32 octets");
	if (err)
		goto out_forget;
	/* It keeps the scope's name, which the key bears. */
	mutex_lock(&rn->handlespace.lock);
	err = rsp_key_add(rn, &handle, &identity, nla_data(secret));
	mutex_unlock(&rn->handlespace.lock);
	if (err > 0) {
		rsp_sessions_key_revoked(genl_info_net(info), &handle);
		err = 0;
	}
	if (err)
		refuse_key(info, err);
out_forget:
	if (secret)
		memzero_explicit(nla_data(secret), nla_len(secret));
	return err;
}

int rserpool_nl_key_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct rsp_identity identity;
	struct rsp_handle handle;
	int err;

	err = get_name(info, &handle, &identity);
	if (err)
		return err;
	err = rsp_key_del(rsp_of(info), &handle, &identity);
	if (err)
		return rsp_nl_refuse(info, info->attrs[RSERPOOL_A_KEY_HANDLE],
				     err, "There is no such key");
	rsp_sessions_key_revoked(genl_info_net(info), &handle);
	return 0;
}

static int put_key(struct sk_buff *skb, const struct rsp_key *key)
{
	u64 age = jiffies64_to_msecs(get_jiffies_64() - key->added);

	if (rsp_nl_put_handle(skb, RSERPOOL_A_KEY_HANDLE, &key->handle) ||
	    nla_put_u32(skb, RSERPOOL_A_KEY_CLIENT, key->identity.client) ||
	    nla_put_u32(skb, RSERPOOL_A_KEY_PE_ID, key->identity.pe_id) ||
	    nla_put_uint(skb, RSERPOOL_A_KEY_AGE, age) ||
	    nla_put_string(skb, RSERPOOL_A_KEY_IDENTITY,
			   key->key->description))
		return -EMSGSIZE;
	return 0;
}

int rserpool_nl_key_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct rsp_keys *keys = &rsp_of(info)->keys;
	unsigned long *place = (unsigned long *)cb->ctx, n = 0;
	const struct rsp_key *key;
	void *header;
	int ret = 0;

	mutex_lock(&keys->lock);
	cb->seq = keys->seq;
	list_for_each_entry(key, &keys->list, list) {
		if (n++ < *place)
			continue;
		header = __genlmsg_iput(skb, info, NLM_F_MULTI);
		if (header)
			genl_dump_check_consistent(cb, header);
		if (!header || put_key(skb, key)) {
			genlmsg_cancel(skb, header);
			ret = skb->len;
			break;
		}
		genlmsg_end(skb, header);
		*place = n;
	}
	mutex_unlock(&keys->lock);
	return ret;
}
