// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: what changes a scope.
 *
 * The spec, Documentation/netlink/specs/rserpool.yaml, says which attributes a
 * request may have, and their ranges; what it refuses never comes here. All
 * changes are made under the handlespace's writer lock, which also makes each
 * message one change to those who dump.
 */

#include "cookie.h"
#include "mib.h"
#include "net_ns.h"
#include "netlink.h"
#include "session_cookie.h"

static struct rsp_net *rsp_of(const struct genl_info *info)
{
	return rsp_net(genl_info_net(info));
}

/*
 * Requests that take no attributes. With an empty table 6.12 would take what it
 * does not look at.
 */

static int refuse_attributes(const struct genl_info *info)
{
	if (!genlmsg_len(info->genlhdr))
		return 0;
	return rsp_nl_refuse(info, genlmsg_data(info->genlhdr), -EINVAL,
			     "This request takes no attributes");
}

int rserpool_nl_bare_doit(const struct genl_split_ops *ops,
			  struct sk_buff *skb, struct genl_info *info)
{
	return refuse_attributes(info);
}

int rserpool_nl_bare_start(struct netlink_callback *cb)
{
	return refuse_attributes(genl_info_dump(cb));
}

/* The scope. */

static int check_scope(const struct genl_info *info, const struct rsp_net *rn)
{
	const struct rsp_limits *limits = &rn->handlespace.limits;
	struct nlattr **tb = info->attrs;
	struct nlattr *min, *max;

	min = tb[RSERPOOL_A_SCOPE_AVOID_MIN];
	max = tb[RSERPOOL_A_SCOPE_AVOID_MAX];
	if ((min || max) &&
	    (min ? nla_get_u32(min) : limits->avoid_min_ms) >
	    (max ? nla_get_u32(max) : limits->avoid_max_ms))
		return rsp_nl_refuse(info, min ?: max, -EINVAL,
				     "avoid-min must not be more than avoid-max");

	min = tb[RSERPOOL_A_SCOPE_PE_ID_MIN];
	max = tb[RSERPOOL_A_SCOPE_PE_ID_MAX];
	if ((min || max) &&
	    (min ? nla_get_u32(min) : rn->pe_id_min) >
	    (max ? nla_get_u32(max) : rn->pe_id_max))
		return rsp_nl_refuse(info, min ?: max, -EINVAL,
				     "pe-id-min must not be more than pe-id-max");
	return 0;
}

/* INVALID_GID is in no user namespace; nobody is said by two that are. */
static int get_groups(const struct sk_buff *skb, const struct genl_info *info,
		      kgid_t *min, kgid_t *max)
{
	struct user_namespace *user_ns = sk_user_ns(NETLINK_CB(skb).sk);
	struct nlattr *min_attr = info->attrs[RSERPOOL_A_SCOPE_PE_GROUP_MIN];
	struct nlattr *max_attr = info->attrs[RSERPOOL_A_SCOPE_PE_GROUP_MAX];

	if (!min_attr && !max_attr)
		return 0;
	if (!min_attr || !max_attr)
		return rsp_nl_refuse(info, min_attr ?: max_attr, -EINVAL,
				     "Say both pe-group-min and pe-group-max");
	*min = make_kgid(user_ns, nla_get_u32(min_attr));
	*max = make_kgid(user_ns, nla_get_u32(max_attr));
	if (!gid_valid(*min))
		return rsp_nl_refuse(info, min_attr, -EINVAL,
				     "There is no such group here");
	if (!gid_valid(*max))
		return rsp_nl_refuse(info, max_attr, -EINVAL,
				     "There is no such group here");
	return 0;
}

static void set_u32(u32 *value, const struct nlattr *attr)
{
	if (attr)
		WRITE_ONCE(*value, nla_get_u32(attr));
}

static void set_scope(struct rsp_net *rn, struct nlattr **tb)
{
	struct rsp_limits *limits = &rn->handlespace.limits;
	struct rsp_unreachable *unreachable = &rn->unreachable;
	struct rsp_resolver *resolver = &rn->resolver;

	if (tb[RSERPOOL_A_SCOPE_NAME])
		nla_strscpy(rn->name, tb[RSERPOOL_A_SCOPE_NAME],
			    sizeof(rn->name));
	set_u32(&limits->pools, tb[RSERPOOL_A_SCOPE_POOLS_MAX]);
	set_u32(&limits->elements, tb[RSERPOOL_A_SCOPE_ELEMENTS_MAX]);
	set_u32(&limits->avoid_min_ms, tb[RSERPOOL_A_SCOPE_AVOID_MIN]);
	set_u32(&limits->avoid_max_ms, tb[RSERPOOL_A_SCOPE_AVOID_MAX]);
	set_u32(&rn->sessions_max, tb[RSERPOOL_A_SCOPE_SESSIONS_MAX]);
	set_u32(&rn->pe_id_min, tb[RSERPOOL_A_SCOPE_PE_ID_MIN]);
	set_u32(&rn->pe_id_max, tb[RSERPOOL_A_SCOPE_PE_ID_MAX]);
	if (tb[RSERPOOL_A_SCOPE_REGISTRATION])
		WRITE_ONCE(rn->registrations.by_self,
			   nla_get_u32(tb[RSERPOOL_A_SCOPE_REGISTRATION]) ==
			   RSERPOOL_REGISTRATION_OWN);
	set_u32(&rn->registrations.timeout_ms,
		tb[RSERPOOL_A_SCOPE_REGISTER_TIMEOUT]);
	set_u32(&unreachable->rate, tb[RSERPOOL_A_SCOPE_UNREACHABLE_RATE]);
	set_u32(&unreachable->burst, tb[RSERPOOL_A_SCOPE_UNREACHABLE_BURST]);
	set_u32(&unreachable->pe_rate,
		tb[RSERPOOL_A_SCOPE_UNREACHABLE_PE_RATE]);
	set_u32(&unreachable->pe_burst,
		tb[RSERPOOL_A_SCOPE_UNREACHABLE_PE_BURST]);
	set_u32(&rn->replay_max, tb[RSERPOOL_A_SCOPE_REPLAY_MAX]);
	set_u32(&rn->client, tb[RSERPOOL_A_SCOPE_CLIENT]);
	set_u32(&rn->handshake_timeout_ms,
		tb[RSERPOOL_A_SCOPE_HANDSHAKE_TIMEOUT]);
	set_u32(&rn->records_max, tb[RSERPOOL_A_SCOPE_RECORDS_MAX]);
	set_u32(&rn->cookie_window_ms, tb[RSERPOOL_A_SCOPE_COOKIE_WINDOW]);
	if (tb[RSERPOOL_A_SCOPE_COOKIE_WINDOW])
		rsp_cookies_renew(rn);

	spin_lock(&resolver->lock);
	set_u32(&resolver->max, tb[RSERPOOL_A_SCOPE_RESOLUTIONS_MAX]);
	set_u32(&resolver->timeout_ms, tb[RSERPOOL_A_SCOPE_RESOLVE_TIMEOUT]);
	spin_unlock(&resolver->lock);
}

int rserpool_nl_scope_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct rsp_net *rn = rsp_of(info);
	kgid_t min, max;
	u8 auth;
	int err;

	mutex_lock(&rn->handlespace.lock);
	min = rn->pe_group_min;
	max = rn->pe_group_max;
	err = check_scope(info, rn) ?: get_groups(skb, info, &min, &max) ?:
	      rsp_nl_get_security(info, rn, &auth);
	if (!err) {
		rn->pe_group_min = min;
		rn->pe_group_max = max;
		rn->auth = auth;
		set_scope(rn, info->attrs);
	}
	mutex_unlock(&rn->handlespace.lock);
	return err;
}

/* Pools. */

static void get_pool_config(struct nlattr **tb, struct rsp_pool_config *config)
{
	if (tb[RSERPOOL_A_POOL_POLICY])
		config->policy = nla_get_u32(tb[RSERPOOL_A_POOL_POLICY]);
	if (tb[RSERPOOL_A_POOL_FIN])
		config->fin = nla_get_u32(tb[RSERPOOL_A_POOL_FIN]);
	if (tb[RSERPOOL_A_POOL_FAILOVER])
		config->failover = nla_get_u32(tb[RSERPOOL_A_POOL_FAILOVER]);
	if (tb[RSERPOOL_A_POOL_IDENTIFY])
		config->identify = nla_get_u32(tb[RSERPOOL_A_POOL_IDENTIFY]);
}

/*
 * What is to seal the pool's cookies: NULL: nothing, or it was not asked for.
 * All that can fail is done before the pool is changed.
 */
static int get_cookie_keys(const struct genl_info *info,
			   struct rsp_cookie_keys **keys)
{
	const struct nlattr *attr = info->attrs[RSERPOOL_A_POOL_COOKIE_KEY];

	*keys = NULL;
	if (!attr || !nla_len(attr))
		return 0;
	if (nla_len(attr) < RSP_COOKIE_KEY_MIN)
		return rsp_nl_refuse(info, attr, -EINVAL,
				     "A cookie key has 16 to 64 octets");
	*keys = rsp_cookie_keys_make(nla_data(attr), nla_len(attr));
	if (!IS_ERR(*keys))
		return 0;
	return rsp_nl_refuse(info, attr, PTR_ERR(*keys),
			     "This kernel cannot make an HMAC-SHA256 key of it");
}

/* The name of the pool's elements, likewise. */
static int get_tls_name(const struct genl_info *info,
			struct rsp_tls_name **name)
{
	const struct nlattr *attr = info->attrs[RSERPOOL_A_POOL_TLS_NAME];

	*name = NULL;
	if (!attr || !nla_len(attr) || !*(char *)nla_data(attr))
		return 0;
	*name = rsp_tls_name_make(nla_data(attr),
				  strnlen(nla_data(attr), nla_len(attr)));
	if (!IS_ERR(*name))
		return 0;
	return rsp_nl_refuse(info, attr, PTR_ERR(*name), PTR_ERR(*name) == -EINVAL ?
			     "A name of the DNS, or an address, is expected" :
			     "There is no memory for the name");
}

static int set_cookie_keys(const struct genl_info *info, struct rsp_pool *pool,
			   struct rsp_cookie_keys *keys)
{
	const struct nlattr *attr = info->attrs[RSERPOOL_A_POOL_COOKIE_KEY];
	int err;

	if (!attr)
		return 0;
	err = rsp_pool_set_cookie_keys(pool, keys);
	if (err)
		return rsp_nl_refuse(info, attr, err,
				     "This kernel cannot keep the key before it");
	rsp_cookies_renew(rsp_of(info));
	return 0;
}

static void set_tls_name(const struct genl_info *info, struct rsp_pool *pool,
			 struct rsp_tls_name *name)
{
	if (info->attrs[RSERPOOL_A_POOL_TLS_NAME])
		rsp_pool_set_tls_name(pool, name);
}

int rserpool_nl_pool_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[RSERPOOL_A_POOL_HANDLE];
	struct rsp_handlespace *hs = &rsp_of(info)->handlespace;
	struct rsp_pool_config config = { .policy = RSP_POLICY_RR };
	struct rsp_cookie_keys *keys;
	struct rsp_tls_name *name;
	struct rsp_handle handle;
	struct rsp_pool *pool;
	int err;

	err = rsp_nl_get_handle(info, NULL, attr, RSERPOOL_A_POOL_HANDLE,
				&handle);
	if (err)
		return err;
	get_pool_config(info->attrs, &config);
	err = get_tls_name(info, &name);
	if (err)
		return err;
	err = get_cookie_keys(info, &keys);
	if (err) {
		kfree(name);
		return err;
	}

	mutex_lock(&hs->lock);
	if (rsp_pool_find_rcu(hs, &handle))
		pool = ERR_PTR(-EEXIST);
	else
		pool = rsp_pool_add(hs, &handle, &config, true);
	if (!IS_ERR(pool)) {
		/* With none before it, a key is not refused. */
		set_cookie_keys(info, pool, keys);
		set_tls_name(info, pool, name);
	} else {
		rsp_cookie_keys_put(keys);
		kfree(name);
	}
	mutex_unlock(&hs->lock);
	if (PTR_ERR_OR_ZERO(pool) == -EOPNOTSUPP)
		attr = info->attrs[RSERPOOL_A_POOL_POLICY];
	return IS_ERR(pool) ? rsp_nl_refuse_pool(info, attr, PTR_ERR(pool)) : 0;
}

int rserpool_nl_pool_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[RSERPOOL_A_POOL_HANDLE];
	struct rsp_handlespace *hs = &rsp_of(info)->handlespace;
	struct rsp_pool_config config;
	struct rsp_cookie_keys *keys;
	struct rsp_tls_name *name;
	struct rsp_pool *pool;
	int err;

	err = get_tls_name(info, &name);
	if (err)
		return err;
	err = get_cookie_keys(info, &keys);
	if (err)
		goto out_name;
	mutex_lock(&hs->lock);
	pool = rsp_nl_find_pool(info, attr, RSERPOOL_A_POOL_HANDLE, hs);
	if (IS_ERR(pool)) {
		err = PTR_ERR(pool);
		goto unlock;
	}
	config = pool->config;
	get_pool_config(info->attrs, &config);
	err = rsp_pool_set(pool, &config, true);
	if (err)
		rsp_nl_refuse_pool(info,
				   info->attrs[RSERPOOL_A_POOL_POLICY] ?: attr,
				   err);
	else
		err = set_cookie_keys(info, pool, keys);
	if (!err)
		set_tls_name(info, pool, name);
unlock:
	mutex_unlock(&hs->lock);
	if (!err)
		return 0;
	rsp_cookie_keys_put(keys);
out_name:
	kfree(name);
	return err;
}

/* Removing, and severing the sessions of what is removed. */

/* The answer to a removal, which was begun before anything was removed. */
static int answer_u32(struct genl_info *info, struct sk_buff *skb, void *header,
		      int type, u32 value)
{
	return rsp_nl_reply(info, skb, header, nla_put_u32(skb, type, value));
}

int rserpool_nl_pool_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[RSERPOOL_A_POOL_HANDLE];
	struct rsp_handlespace *hs = &rsp_of(info)->handlespace;
	bool now = info->attrs[RSERPOOL_A_POOL_NOW];
	struct sk_buff *answer = NULL;
	struct rsp_handle handle;
	struct rsp_pool *pool;
	void *header;
	int err = 0;

	if (now) {
		answer = rsp_nl_answer(info, &header);
		if (!answer)
			return -ENOMEM;
	}

	mutex_lock(&hs->lock);
	pool = rsp_nl_find_pool(info, attr, RSERPOOL_A_POOL_HANDLE, hs);
	if (IS_ERR(pool)) {
		err = PTR_ERR(pool);
	} else {
		handle = pool->handle;
		rsp_pool_del(pool);
	}
	mutex_unlock(&hs->lock);
	if (err || !now) {
		nlmsg_free(answer);
		return err;
	}

	return answer_u32(info, answer, header, RSERPOOL_A_POOL_SEVERED,
			  rsp_nl_sever(genl_info_net(info), &handle, 0));
}

int rserpool_nl_element_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct rsp_handlespace *hs = &rsp_of(info)->handlespace;
	bool now = info->attrs[RSERPOOL_A_ELEMENT_NOW];
	struct sk_buff *answer = NULL;
	struct rsp_handle handle;
	struct rsp_pe *pe;
	void *header;
	u32 id;

	if (now) {
		answer = rsp_nl_answer(info, &header);
		if (!answer)
			return -ENOMEM;
	}

	mutex_lock(&hs->lock);
	pe = rsp_nl_find_pe(info, hs);
	if (!IS_ERR(pe)) {
		handle = pe->pool->handle;
		id = pe->node.id;
		rsp_pe_del(pe);
	}
	mutex_unlock(&hs->lock);
	if (IS_ERR(pe) || !now) {
		nlmsg_free(answer);
		return PTR_ERR_OR_ZERO(pe);
	}
	return answer_u32(info, answer, header, RSERPOOL_A_ELEMENT_SEVERED,
			  rsp_nl_sever(genl_info_net(info), &handle, id));
}

/* Elements. */

int rserpool_nl_element_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct rsp_handlespace *hs = &rsp_of(info)->handlespace;
	struct rsp_pe_config config;
	struct rsp_pe *pe;
	int err;

	mutex_lock(&hs->lock);
	pe = rsp_nl_find_pe(info, hs);
	if (IS_ERR(pe)) {
		err = PTR_ERR(pe);
		goto unlock;
	}
	rsp_pe_describe(pe, &config);
	err = rsp_nl_update_pe_config(info, &config);
	if (err)
		goto unlock;
	err = rsp_pe_set(pe->pool, &config);
	if (err)
		rsp_nl_refuse_pe(info, info->attrs[RSERPOOL_A_ELEMENT_ID], err);
unlock:
	mutex_unlock(&hs->lock);
	return err;
}

int rserpool_nl_element_drain_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *drain = info->attrs[RSERPOOL_A_ELEMENT_DRAIN];
	struct rsp_handlespace *hs = &rsp_of(info)->handlespace;
	struct rsp_pe *pe;

	if (!drain)
		return rsp_nl_refuse_missing(info, NULL,
					     RSERPOOL_A_ELEMENT_DRAIN,
					     "Say drain 1 or drain 0");

	mutex_lock(&hs->lock);
	pe = rsp_nl_find_pe(info, hs);
	if (!IS_ERR(pe))
		rsp_pe_drain(pe, nla_get_u32(drain));
	mutex_unlock(&hs->lock);
	return PTR_ERR_OR_ZERO(pe);
}

/* Sync. It is the socket's that began it, and is given up with that. */

int rserpool_nl_sync_begin_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct rsp_net *rn = rsp_of(info);
	struct rsp_handlespace *hs = &rn->handlespace;
	int err = 0;

	mutex_lock(&hs->lock);
	if (rn->sync_portid && rn->sync_portid != info->snd_portid) {
		err = rsp_nl_refuse(info, NULL, -EBUSY,
				    "Another program syncs; wait until it is done");
		goto unlock;
	}
	/* The same program begins anew. */
	rsp_handlespace_sync_abort(hs);
	err = rsp_handlespace_sync_begin(hs);
	if (!err)
		rn->sync_portid = info->snd_portid;
unlock:
	mutex_unlock(&hs->lock);
	return err;
}

int rserpool_nl_sync_end_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct rsp_net *rn = rsp_of(info);
	struct rsp_handlespace *hs = &rn->handlespace;
	struct sk_buff *answer;
	void *header;
	u32 swept;
	int err;

	answer = rsp_nl_answer(info, &header);
	if (!answer)
		return -ENOMEM;

	mutex_lock(&hs->lock);
	if (rn->sync_portid != info->snd_portid) {
		err = rsp_nl_refuse(info, NULL, -EALREADY,
				    "This program has not begun a sync; sync-begin does");
		goto unlock;
	}
	swept = hs->n_elements;
	err = rsp_handlespace_sync_end(hs);
	swept -= hs->n_elements;
	rn->sync_portid = 0;
unlock:
	mutex_unlock(&hs->lock);
	if (err) {
		nlmsg_free(answer);
		return err;
	}
	return answer_u32(info, answer, header, RSERPOOL_A_SYNC_SWEPT, swept);
}

static int socket_gone(struct notifier_block *block, unsigned long event,
		       void *data)
{
	const struct netlink_notify *notify = data;
	struct rsp_net *rn;

	if (event != NETLINK_URELEASE ||
	    notify->protocol != NETLINK_GENERIC || !notify->portid)
		return NOTIFY_DONE;

	rn = rsp_net(notify->net);
	rsp_register_feeder_gone(rn);
	if (READ_ONCE(rn->sync_portid) != notify->portid)
		return NOTIFY_DONE;
	mutex_lock(&rn->handlespace.lock);
	if (rn->sync_portid == notify->portid) {
		rsp_handlespace_sync_abort(&rn->handlespace);
		rn->sync_portid = 0;
	}
	mutex_unlock(&rn->handlespace.lock);
	return NOTIFY_DONE;
}

static struct notifier_block netlink_notifier = {
	.notifier_call	= socket_gone,
};

/* Resolution. */

int rserpool_nl_resolve_done_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[RSERPOOL_A_RESOLUTION_HANDLE];
	struct nlattr *result = info->attrs[RSERPOOL_A_RESOLUTION_RESULT];
	struct rsp_handle handle;
	int err;

	err = rsp_nl_get_handle(info, NULL, attr, RSERPOOL_A_RESOLUTION_HANDLE,
				&handle);
	if (err)
		return err;
	err = rsp_resolve_done(genl_info_net(info), &handle,
			       result ? -(int)nla_get_u32(result) : 0);
	if (err)
		return rsp_nl_refuse(info, attr, err,
				     "No resolution of this handle is pending");
	return 0;
}

/*
 * The generator drops the flags of groups: pending resolutions say what
 * programs look for, and are for administrators.
 */
static const struct genl_multicast_group groups[] = {
	[RSERPOOL_NLGRP_HANDLESPACE] = { RSERPOOL_MCGRP_HANDLESPACE },
	[RSERPOOL_NLGRP_SESSION] = { RSERPOOL_MCGRP_SESSION },
	[RSERPOOL_NLGRP_ASAP] = {
		.name	= RSERPOOL_MCGRP_ASAP,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

/**
 * rsp_nl_family_register() - make the family known
 *
 * Context: process, after rsp_net_register(). Return: 0 or an errno.
 */
int __init rsp_nl_family_register(void)
{
	int err;

	rserpool_nl_family.mcgrps = groups;
	rserpool_nl_family.n_mcgrps = ARRAY_SIZE(groups);

	err = netlink_register_notifier(&netlink_notifier);
	if (err)
		return err;
	err = genl_register_family(&rserpool_nl_family);
	if (err)
		netlink_unregister_notifier(&netlink_notifier);
	return err;
}

/**
 * rsp_nl_family_unregister() - take the family away
 *
 * Context: process; no request runs any more when it returns.
 */
void rsp_nl_family_unregister(void)
{
	genl_unregister_family(&rserpool_nl_family);
	netlink_unregister_notifier(&netlink_notifier);
}
