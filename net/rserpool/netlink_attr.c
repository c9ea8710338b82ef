// SPDX-License-Identifier: GPL-2.0
/* Netlink: what objects look like as attributes, and back. */

#include <net/ipv6.h>

#include "mib.h"
#include "cookie.h"
#include "netlink.h"

static_assert(RSERPOOL_HANDLE_MAX == RSP_HANDLE_MAX);
static_assert(RSERPOOL_TRANSPORTS_MAX == RSP_TRANSPORTS_MAX);
static_assert((u32)RSERPOOL_POLICY_RR == RSP_POLICY_RR);
static_assert((u32)RSERPOOL_POLICY_WRR == RSP_POLICY_WRR);
static_assert((u32)RSERPOOL_POLICY_RAND == RSP_POLICY_RAND);
static_assert((u32)RSERPOOL_POLICY_WRAND == RSP_POLICY_WRAND);
static_assert((u32)RSERPOOL_POLICY_PRIO == RSP_POLICY_PRIO);
static_assert((u32)RSERPOOL_POLICY_LU == RSP_POLICY_LU);
static_assert((u32)RSERPOOL_POLICY_LUD == RSP_POLICY_LUD);
static_assert((u32)RSERPOOL_POLICY_PLU == RSP_POLICY_PLU);
static_assert((u32)RSERPOOL_POLICY_RLU == RSP_POLICY_RLU);
static_assert((u32)RSERPOOL_AVOID_FAILED == RSP_AVOID_FAILED);
static_assert((u32)RSERPOOL_AVOID_DRAIN == RSP_AVOID_DRAIN);
static_assert((u32)RSERPOOL_LISTENER_ASKED == RSP_LISTENER_ASKED);
static_assert((u32)RSERPOOL_LISTENER_OWN == RSP_LISTENER_OWN);
static_assert((u32)RSERPOOL_LISTENER_AGENT == RSP_LISTENER_AGENT);
static_assert((u32)RSERPOOL_LISTENER_REFUSED == RSP_LISTENER_REFUSED);
static_assert((u32)RSERPOOL_IDENTIFY_CLIENT == RSP_IDENTIFY_CLIENT);
static_assert((u32)RSERPOOL_IDENTIFY_PE == RSP_IDENTIFY_PE);
static_assert((u32)RSERPOOL_IDENTIFY_BOTH == RSP_IDENTIFY_ALL);

#define UNKNOWN_POLICY	"There is no such policy in RFC 5356"

/**
 * rsp_nl_refuse() - refuse a request
 * @info: the request
 * @attr: what is wrong there, or NULL
 * @err: the errno that it gets
 * @sentence: says what is wrong, or what to do; fewer than 80 octets
 *
 * Context: any. Return: @err.
 */
int rsp_nl_refuse(const struct genl_info *info, const struct nlattr *attr,
		  int err, const char *sentence)
{
	NL_SET_ERR_MSG_ATTR_FMT(info->extack, attr, "%s", sentence);
	RSP_INC_STATS(genl_info_net(info), RSP_MIB_NETLINK_REFUSED);
	return err;
}

/**
 * rsp_nl_refuse_missing() - refuse a request that lacks an attribute
 * @info: the request
 * @nest: where it should be, NULL for the message itself
 * @type: its number
 * @sentence: says what is wanted; fewer than 80 octets
 *
 * Context: any. Return: -EINVAL.
 */
int rsp_nl_refuse_missing(const struct genl_info *info,
			  const struct nlattr *nest, int type,
			  const char *sentence)
{
	NL_SET_ERR_ATTR_MISS(info->extack, nest, type);
	return rsp_nl_refuse(info, NULL, -EINVAL, sentence);
}

/**
 * rsp_nl_refuse_pool() - say what the handlespace has against a pool
 * @info: the request
 * @attr: what is wrong there
 * @err: the handlespace's errno
 *
 * Context: any. Return: @err.
 */
int rsp_nl_refuse_pool(const struct genl_info *info, const struct nlattr *attr,
		       int err)
{
	switch (err) {
	case -EEXIST:
		return rsp_nl_refuse(info, attr, err,
				     "There is a pool with this handle");
	case -ENOSPC:
		return rsp_nl_refuse(info, attr, err,
				     "The scope holds as many pools as its pools-max");
	case -EPROTOTYPE:
		return rsp_nl_refuse(info, attr, err,
				     "The policy is fixed while the pool has an element");
	case -EOPNOTSUPP:
		return rsp_nl_refuse(info, attr, err, UNKNOWN_POLICY);
	case -ENOMEM:
		return rsp_nl_refuse(info, attr, err, "Out of memory");
	default:
		return rsp_nl_refuse(info, attr, err,
				     "The handlespace takes no such pool");
	}
}

/**
 * rsp_nl_refuse_pe() - say what the handlespace has against an element
 * @info: the request
 * @attr: what is wrong there
 * @err: the handlespace's errno
 *
 * Context: any. Return: @err.
 */
int rsp_nl_refuse_pe(const struct genl_info *info, const struct nlattr *attr,
		     int err)
{
	switch (err) {
	case -EEXIST:
		return rsp_nl_refuse(info, attr, err,
				     "The pool has an element with this identifier");
	case -ENOENT:
		return rsp_nl_refuse(info, attr, err,
				     "The pool has no such element to replace");
	case -ENOSPC:
		return rsp_nl_refuse(info, attr, err,
				     "The scope holds as many elements as its elements-max");
	case -EPROTOTYPE:
		return rsp_nl_refuse(info, attr, err,
				     "The element's policy is not its pool's");
	case -EPROTONOSUPPORT:
		return rsp_nl_refuse(info, attr, err,
				     "The transports' use is not that of the pool's other elements");
	case -ENOMEM:
		return rsp_nl_refuse(info, attr, err, "Out of memory");
	default:
		return rsp_nl_refuse(info, attr, err,
				     "The handlespace takes no such element");
	}
}

/**
 * rsp_nl_get_handle() - a pool handle
 * @info: the request
 * @nest: the nest that it is in, NULL for the message itself
 * @attr: its attribute, NULL when it is missing
 * @type: the attribute's number
 * @handle: it goes here
 *
 * Context: process. Return: 0 or -EINVAL, with the extended ack set.
 */
int rsp_nl_get_handle(const struct genl_info *info, const struct nlattr *nest,
		      const struct nlattr *attr, int type,
		      struct rsp_handle *handle)
{
	if (!attr)
		return rsp_nl_refuse_missing(info, nest, type,
					     "Name the pool by its handle");
	/* The generated policy has the maximum, and cannot have both. */
	if (!nla_len(attr))
		return rsp_nl_refuse(info, attr, -EINVAL,
				     "A pool handle has 1 to 96 octets");

	memset(handle, 0, sizeof(*handle));
	handle->len = nla_len(attr);
	nla_memcpy(handle->octets, attr, sizeof(handle->octets));
	return 0;
}

static u32 get_u32(const struct nlattr *attr, u32 otherwise)
{
	return attr ? nla_get_u32(attr) : otherwise;
}

static int get_ipv4(const struct genl_info *info, const struct nlattr *attr,
		    struct rsp_transport *transport)
{
	__be32 v4 = nla_get_be32(attr);

	if (ipv4_is_zeronet(v4) || ipv4_is_multicast(v4) || ipv4_is_lbcast(v4))
		return rsp_nl_refuse(info, attr, -EADDRNOTAVAIL,
				     "Nobody can listen on this address");
	transport->family = AF_INET;
	transport->v4 = v4;
	return 0;
}

static int get_ipv6(const struct genl_info *info, const struct nlattr *attr,
		    const struct nlattr *scope_id,
		    struct rsp_transport *transport)
{
	struct in6_addr v6;
	bool link_local;

	nla_memcpy(&v6, attr, sizeof(v6));
	link_local = ipv6_addr_type(&v6) & IPV6_ADDR_LINKLOCAL;
	if (ipv6_addr_any(&v6) || ipv6_addr_is_multicast(&v6))
		return rsp_nl_refuse(info, attr, -EADDRNOTAVAIL,
				     "Nobody can listen on this address");
	if (ipv6_addr_v4mapped(&v6))
		return rsp_nl_refuse(info, attr, -EINVAL,
				     "Give an IPv4 address as such");
	if (link_local && (!scope_id || !nla_get_u32(scope_id)))
		return rsp_nl_refuse(info, attr, -EINVAL,
				     "A link-local address needs a scope-id");
	if (!link_local && scope_id)
		return rsp_nl_refuse(info, scope_id, -EINVAL,
				     "Only a link-local address has a scope-id");
	transport->family = AF_INET6;
	transport->v6 = v6;
	transport->scope_id = link_local ? nla_get_u32(scope_id) : 0;
	return 0;
}

/* The policy has looked into the nests of all messages before any handler. */
static int get_transport(const struct genl_info *info,
			 const struct nlattr *nest,
			 struct rsp_transport *transport)
{
	struct nlattr *tb[RSERPOOL_A_TRANSPORT_MAX + 1];
	struct nlattr *v4, *v6, *port;

	nla_parse_nested_deprecated(tb, RSERPOOL_A_TRANSPORT_MAX, nest, NULL,
				    NULL);
	v4 = tb[RSERPOOL_A_TRANSPORT_IPV4];
	v6 = tb[RSERPOOL_A_TRANSPORT_IPV6];
	port = tb[RSERPOOL_A_TRANSPORT_PORT];

	memset(transport, 0, sizeof(*transport));
	if (!port)
		return rsp_nl_refuse_missing(info, nest,
					     RSERPOOL_A_TRANSPORT_PORT,
					     "A transport address has a port");
	if (!v4 == !v6)
		return rsp_nl_refuse(info, nest, -EINVAL,
				     "A transport address is of IPv4 or of IPv6");
	if (v4 && tb[RSERPOOL_A_TRANSPORT_SCOPE_ID])
		return rsp_nl_refuse(info, tb[RSERPOOL_A_TRANSPORT_SCOPE_ID],
				     -EINVAL, "IPv4 has no scope-id");
	transport->port = nla_get_be16(port);
	transport->use = get_u32(tb[RSERPOOL_A_TRANSPORT_USE],
				 RSP_TRANSPORT_USE_DATA_ONLY);
	if (v4)
		return get_ipv4(info, v4, transport);
	return get_ipv6(info, v6, tb[RSERPOOL_A_TRANSPORT_SCOPE_ID], transport);
}

static int get_transports(const struct genl_info *info,
			  const struct nlattr *head, int len,
			  struct rsp_pe_config *config)
{
	const struct nlattr *attr;
	int rem, err;

	config->n_transports = 0;
	nla_for_each_attr(attr, head, len, rem) {
		if (nla_type(attr) != RSERPOOL_A_ELEMENT_TRANSPORT)
			continue;
		if (config->n_transports == RSP_TRANSPORTS_MAX)
			return rsp_nl_refuse(info, attr, -E2BIG,
					     "An element has at most 8 transport addresses");
		err = get_transport(info, attr,
				    &config->transports[config->n_transports]);
		if (err)
			return err;
		config->n_transports++;
	}
	return 0;
}

/**
 * struct policy_params - which parameters a policy has (RFC 5356)
 * @type: the policy
 * @weight: it has a weight
 * @priority: it has a priority
 * @load: it has a load
 * @degradation: it has a load degradation
 */
struct policy_params {
	u32 type;
	bool weight;
	bool priority;
	bool load;
	bool degradation;
};

static const struct policy_params policies[] = {
	{ .type = RSP_POLICY_RR },
	{ .type = RSP_POLICY_WRR, .weight = true },
	{ .type = RSP_POLICY_RAND },
	{ .type = RSP_POLICY_WRAND, .weight = true },
	{ .type = RSP_POLICY_PRIO, .priority = true },
	{ .type = RSP_POLICY_LU, .load = true },
	{ .type = RSP_POLICY_LUD, .load = true, .degradation = true },
	{ .type = RSP_POLICY_PLU, .load = true, .degradation = true },
	{ .type = RSP_POLICY_RLU, .load = true },
};

static const struct policy_params *policy_params(u32 type)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (policies[i].type == type)
			return &policies[i];
	return NULL;
}

/* @all: what the policy has must be there. The policy is known. */
static int get_params(const struct genl_info *info, const struct nlattr *nest,
		      struct nlattr **tb, bool all,
		      struct rsp_policy_params *params)
{
	const struct policy_params *has = policy_params(params->type);
	const struct {
		bool has;
		int type;
		u32 *value;
	} list[] = {
		{ has->weight, RSERPOOL_A_ELEMENT_WEIGHT, &params->weight },
		{ has->priority, RSERPOOL_A_ELEMENT_PRIORITY,
		  &params->priority },
		{ has->load, RSERPOOL_A_ELEMENT_LOAD, &params->load },
		{ has->degradation, RSERPOOL_A_ELEMENT_DEGRADATION,
		  &params->degradation },
	};
	const struct nlattr *attr;
	int i;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		attr = tb[list[i].type];
		if (attr && !list[i].has)
			return rsp_nl_refuse(info, attr, -EINVAL,
					     "The pool's policy has no such parameter");
		if (!attr && list[i].has && all)
			return rsp_nl_refuse_missing(info, nest, list[i].type,
						     "The pool's policy needs this parameter of each element");
		if (attr)
			*list[i].value = nla_get_u32(attr);
	}
	return 0;
}

/**
 * rsp_nl_get_pe_config() - what a registration says of an element
 * @info: the request
 * @nest: the nest that it is in
 * @tb: the attributes of @nest, up to RSERPOOL_A_ELEMENT_TRANSPORT
 * @policy: its policy when it names none
 * @config: it goes here
 *
 * Context: process. Return: 0 or an errno, with the extended ack set.
 */
int rsp_nl_get_pe_config(const struct genl_info *info,
			 const struct nlattr *nest, struct nlattr **tb,
			 u32 policy, struct rsp_pe_config *config)
{
	int err;

	if (!tb[RSERPOOL_A_ELEMENT_ID])
		return rsp_nl_refuse_missing(info, nest, RSERPOOL_A_ELEMENT_ID,
					     "An element has a PE identifier");

	config->id = nla_get_u32(tb[RSERPOOL_A_ELEMENT_ID]);
	config->home = get_u32(tb[RSERPOOL_A_ELEMENT_HOME], 0);
	config->lifetime_ms = get_u32(tb[RSERPOOL_A_ELEMENT_LIFETIME], 0);
	config->listener = RSP_LISTENER_NONE;
	config->policy = (struct rsp_policy_params){
		.type = get_u32(tb[RSERPOOL_A_ELEMENT_POLICY], policy),
	};
	if (!policy_params(config->policy.type))
		return rsp_nl_refuse(info, tb[RSERPOOL_A_ELEMENT_POLICY],
				     -EOPNOTSUPP, UNKNOWN_POLICY);
	err = get_params(info, nest, tb, true, &config->policy);
	if (err)
		return err;

	if (!tb[RSERPOOL_A_ELEMENT_TRANSPORT])
		return rsp_nl_refuse_missing(info, nest,
					     RSERPOOL_A_ELEMENT_TRANSPORT,
					     "An element has a transport address");
	return get_transports(info, nla_data(nest), nla_len(nest), config);
}

/**
 * rsp_nl_update_pe_config() - what element-set changes of an element
 * @info: the request
 * @config: what the element has; what the request names is changed
 *
 * Context: process. Return: 0 or an errno, with the extended ack set.
 */
int rsp_nl_update_pe_config(const struct genl_info *info,
			    struct rsp_pe_config *config)
{
	struct nlattr **tb = info->attrs;
	int err;

	config->home = get_u32(tb[RSERPOOL_A_ELEMENT_HOME], config->home);
	config->lifetime_ms = get_u32(tb[RSERPOOL_A_ELEMENT_LIFETIME],
				      config->lifetime_ms);
	err = get_params(info, NULL, tb, false, &config->policy);
	if (err || !tb[RSERPOOL_A_ELEMENT_TRANSPORT])
		return err;
	return get_transports(info, genlmsg_data(info->genlhdr),
			      genlmsg_len(info->genlhdr), config);
}

/**
 * rsp_nl_find_pool() - the pool that a request names
 * @info: the request
 * @attr: the handle's attribute, may be NULL
 * @type: the attribute's number
 * @hs: where to look
 *
 * Context: process; writer lock.
 * Return: the pool or an ERR_PTR(), with the extended ack set.
 */
struct rsp_pool *rsp_nl_find_pool(const struct genl_info *info,
				  const struct nlattr *attr, int type,
				  struct rsp_handlespace *hs)
{
	struct rsp_handle handle;
	struct rsp_pool *pool;
	int err;

	err = rsp_nl_get_handle(info, NULL, attr, type, &handle);
	if (err)
		return ERR_PTR(err);
	pool = rsp_pool_find_rcu(hs, &handle);
	if (!pool)
		return ERR_PTR(rsp_nl_refuse(info, attr, -ENOENT,
					     "There is no pool with this handle"));
	return pool;
}

/**
 * rsp_nl_find_pe() - the element that a request names
 * @info: a request with attributes of an element
 * @hs: where to look
 *
 * Context: process; writer lock.
 * Return: the element or an ERR_PTR(), with the extended ack set.
 */
struct rsp_pe *rsp_nl_find_pe(const struct genl_info *info,
			      struct rsp_handlespace *hs)
{
	struct nlattr *id = info->attrs[RSERPOOL_A_ELEMENT_ID];
	struct rsp_pool *pool;
	struct rsp_pe *pe;

	pool = rsp_nl_find_pool(info, info->attrs[RSERPOOL_A_ELEMENT_HANDLE],
				RSERPOOL_A_ELEMENT_HANDLE, hs);
	if (IS_ERR(pool))
		return ERR_CAST(pool);
	if (!id)
		return ERR_PTR(rsp_nl_refuse_missing(info, NULL,
						     RSERPOOL_A_ELEMENT_ID,
						     "Name the element by its PE identifier"));
	pe = rsp_pe_find_rcu(pool, nla_get_u32(id));
	if (!pe)
		return ERR_PTR(rsp_nl_refuse(info, id, -ENOENT,
					     "The pool has no such element"));
	return pe;
}

/**
 * rsp_nl_put_handle() - add a pool handle to a message
 * @skb: the message
 * @type: the attribute's number
 * @handle: the handle
 *
 * Context: any. Return: 0 or -EMSGSIZE.
 */
int rsp_nl_put_handle(struct sk_buff *skb, int type,
		      const struct rsp_handle *handle)
{
	return nla_put(skb, type, handle->len, handle->octets);
}

/**
 * rsp_nl_put_pool() - add a pool to a message
 * @skb: the message
 * @pool: the pool
 *
 * Its sessions are left to the caller: counting them takes time.
 *
 * Context: process; writer lock. Return: 0 or -EMSGSIZE.
 */
int rsp_nl_put_pool(struct sk_buff *skb, const struct rsp_pool *pool)
{
	const struct rsp_cookie_keys *keys = pool->cookie_keys;
	const struct rsp_pool_config *config = &pool->config;
	const struct rsp_tls_name *name =
		rcu_dereference_protected(pool->tls_name,
					  lockdep_is_held(&pool->hs->lock));

	if (rsp_nl_put_handle(skb, RSERPOOL_A_POOL_HANDLE, &pool->handle) ||
	    nla_put_u32(skb, RSERPOOL_A_POOL_POLICY, config->policy) ||
	    nla_put_u32(skb, RSERPOOL_A_POOL_FIN, config->fin) ||
	    nla_put_u32(skb, RSERPOOL_A_POOL_FAILOVER, config->failover) ||
	    nla_put_u32(skb, RSERPOOL_A_POOL_IDENTIFY, config->identify) ||
	    (name && nla_put_string(skb, RSERPOOL_A_POOL_TLS_NAME,
				    name->text)) ||
	    nla_put_u32(skb, RSERPOOL_A_POOL_COOKIE_KEYS,
			keys ? 1 + !!keys->last_key : 0) ||
	    nla_put_u32(skb, RSERPOOL_A_POOL_ELEMENTS, pool->n_elements) ||
	    nla_put_u32(skb, RSERPOOL_A_POOL_AVOIDED, pool->n_avoided) ||
	    (pool->explicit && nla_put_flag(skb, RSERPOOL_A_POOL_EXPLICIT)))
		return -EMSGSIZE;
	return 0;
}

/**
 * rsp_nl_put_transport() - add a transport address to a message
 * @skb: the message
 * @type: the attribute's number
 * @transport: the address
 *
 * Context: any. Return: 0 or -EMSGSIZE.
 */
int rsp_nl_put_transport(struct sk_buff *skb, int type,
			 const struct rsp_transport *transport)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	int err;

	if (!nest)
		return -EMSGSIZE;
	if (transport->family == AF_INET)
		err = nla_put_in_addr(skb, RSERPOOL_A_TRANSPORT_IPV4,
				      transport->v4);
	else
		err = nla_put_in6_addr(skb, RSERPOOL_A_TRANSPORT_IPV6,
				       &transport->v6);
	if (err ||
	    nla_put_be16(skb, RSERPOOL_A_TRANSPORT_PORT, transport->port) ||
	    (transport->scope_id &&
	     nla_put_u32(skb, RSERPOOL_A_TRANSPORT_SCOPE_ID,
			 transport->scope_id)) ||
	    (transport->use != RSP_TRANSPORT_USE_DATA_ONLY &&
	     nla_put_u32(skb, RSERPOOL_A_TRANSPORT_USE, transport->use))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_params(struct sk_buff *skb,
		      const struct rsp_policy_params *params)
{
	const struct policy_params *has = policy_params(params->type);

	if (nla_put_u32(skb, RSERPOOL_A_ELEMENT_POLICY, params->type) ||
	    (has->weight && nla_put_u32(skb, RSERPOOL_A_ELEMENT_WEIGHT,
					params->weight)) ||
	    (has->priority && nla_put_u32(skb, RSERPOOL_A_ELEMENT_PRIORITY,
					  params->priority)) ||
	    (has->load && nla_put_u32(skb, RSERPOOL_A_ELEMENT_LOAD,
				      params->load)) ||
	    (has->degradation && nla_put_u32(skb,
					     RSERPOOL_A_ELEMENT_DEGRADATION,
					     params->degradation)))
		return -EMSGSIZE;
	return 0;
}

static int put_transports(struct sk_buff *skb,
			  const struct rsp_transport *transports,
			  unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (rsp_nl_put_transport(skb, RSERPOOL_A_ELEMENT_TRANSPORT,
					 &transports[i]))
			return -EMSGSIZE;
	return 0;
}

/**
 * rsp_nl_put_pe_config() - add what is said of an element to a message
 * @skb: the message
 * @handle: of its pool
 * @config: it; its lifetime is left out
 *
 * Context: any. Return: 0 or -EMSGSIZE.
 */
int rsp_nl_put_pe_config(struct sk_buff *skb, const struct rsp_handle *handle,
			 const struct rsp_pe_config *config)
{
	if (rsp_nl_put_handle(skb, RSERPOOL_A_ELEMENT_HANDLE, handle) ||
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_ID, config->id) ||
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_HOME, config->home) ||
	    put_params(skb, &config->policy))
		return -EMSGSIZE;
	return put_transports(skb, config->transports, config->n_transports);
}

static u32 ms_until(ktime_t when)
{
	return clamp_t(s64, ktime_ms_delta(when, ktime_get()), 0, U32_MAX);
}

static int put_times(struct sk_buff *skb, const struct rsp_pe *pe)
{
	if (pe->avoid == RSP_AVOID_FAILED &&
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_AVOID_MS,
			ms_until(pe->avoid_until)))
		return -EMSGSIZE;
	if (pe->expires != KTIME_MAX &&
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_EXPIRES_MS,
			ms_until(pe->expires)))
		return -EMSGSIZE;
	return 0;
}

/**
 * rsp_nl_put_pe() - add an element to a message
 * @skb: the message
 * @pe: the element
 *
 * Context: process; writer lock. Return: 0 or -EMSGSIZE.
 */
int rsp_nl_put_pe(struct sk_buff *skb, const struct rsp_pe *pe)
{
	if (rsp_nl_put_handle(skb, RSERPOOL_A_ELEMENT_HANDLE,
			      &pe->pool->handle) ||
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_ID, pe->node.id) ||
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_HOME, pe->home) ||
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_LIFETIME, pe->lifetime_ms) ||
	    put_params(skb, &pe->node.params) ||
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_AVOID, pe->avoid) ||
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_FAILURES, pe->failures) ||
	    nla_put_u32(skb, RSERPOOL_A_ELEMENT_SESSIONS,
			atomic_read(&pe->sessions)) ||
	    (pe->listener != RSP_LISTENER_NONE &&
	     nla_put_u32(skb, RSERPOOL_A_ELEMENT_LISTENER, pe->listener)) ||
	    put_times(skb, pe))
		return -EMSGSIZE;
	return put_transports(skb, pe->transports, pe->n_transports);
}
