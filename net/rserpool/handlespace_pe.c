// SPDX-License-Identifier: GPL-2.0
/*
 * What feeders and operators change of elements, under the handlespace's writer
 * lock.
 */

#include <net/ipv6.h>

#include "handlespace_internal.h"

void rsp_pe_notify(struct rsp_pe *pe, enum rsp_change change)
{
	struct rsp_handlespace *hs = pe->pool->hs;

	WRITE_ONCE(hs->seq, hs->seq + 1);
	if (hs->ops)
		hs->ops->pe_changed(pe, change);
	rsp_pool_changed(pe->pool);
}

static int transport_check(const struct rsp_transport *transport)
{
	bool link_local;

	if (!transport->port ||
	    transport->use > RSP_TRANSPORT_USE_DATA_CONTROL)
		return -EINVAL;
	switch (transport->family) {
	case AF_INET:
		if (ipv4_is_zeronet(transport->v4) ||
		    ipv4_is_multicast(transport->v4) ||
		    ipv4_is_lbcast(transport->v4))
			return -EADDRNOTAVAIL;
		return transport->scope_id ? -EINVAL : 0;
	case AF_INET6:
		if (ipv6_addr_any(&transport->v6) ||
		    ipv6_addr_is_multicast(&transport->v6))
			return -EADDRNOTAVAIL;
		link_local = ipv6_addr_type(&transport->v6) &
			     IPV6_ADDR_LINKLOCAL;
		return link_local == !!transport->scope_id ? 0 : -EINVAL;
	default:
		return -EAFNOSUPPORT;
	}
}

static bool one_use(const struct rsp_pe_config *config)
{
	unsigned int i;

	for (i = 1; i < config->n_transports; i++)
		if (config->transports[i].use != config->transports[0].use)
			return false;
	return true;
}

/**
 * rsp_pe_check() - whether an element could be added or changed
 * @hs: the handlespace
 * @pool: its pool, or NULL for one that is yet to be made (and is checked with
 *	rsp_pool_check())
 * @config: what it would be given
 * @ahead: how many elements the same batch adds to the scope before this one
 *
 * Says beforehand everything but want of memory that rsp_pe_set() refuses.
 *
 * Context: process; writer lock.
 * Return: 0, or
 * -EINVAL: the identifier is 0, there is no transport or too many, a port is
 * 0, a use is unknown, or a scope id is missing or too much;
 * -EAFNOSUPPORT: a transport is neither IPv4 nor IPv6;
 * -EADDRNOTAVAIL: nobody can listen on a transport's address;
 * -EOPNOTSUPP: the policy is unknown;
 * -EPROTOTYPE: the policy is not the pool's (RFC 5352, section 3.1);
 * -EPROTONOSUPPORT: the transports' use is not, or they have two (the same);
 * -ENOSPC: the scope holds as many elements as it may.
 */
int rsp_pe_check(struct rsp_handlespace *hs, struct rsp_pool *pool,
		 const struct rsp_pe_config *config, u32 ahead)
{
	unsigned int i;
	bool known;
	int err;

	lockdep_assert_held(&hs->lock);

	if (!config->id || !config->n_transports ||
	    config->n_transports > RSP_TRANSPORTS_MAX)
		return -EINVAL;
	for (i = 0; i < config->n_transports; i++) {
		err = transport_check(&config->transports[i]);
		if (err)
			return err;
	}
	if (!rsp_policy_known(config->policy.type))
		return -EOPNOTSUPP;
	if (pool && pool->config.policy != config->policy.type)
		return -EPROTOTYPE;
	known = pool && rsp_pe_find_rcu(pool, config->id);
	if (!one_use(config) ||
	    (pool && pool->n_elements > known &&
	     pool->use != config->transports[0].use))
		return -EPROTONOSUPPORT;
	if (known)
		return 0;
	if ((u64)hs->n_elements + ahead >= hs->limits.elements)
		return -ENOSPC;
	return 0;
}

/* What each registration says anew, whether or not the element was known. */
static void pe_register(struct rsp_pe *pe, const struct rsp_pe_config *config)
{
	struct rsp_handlespace *hs = pe->pool->hs;

	pe->home = config->home;
	pe->lifetime_ms = config->lifetime_ms;
	if (config->listener != RSP_LISTENER_NONE)
		pe->listener = config->listener;
	pe->expires = KTIME_MAX;
	if (config->lifetime_ms && pe->listener == RSP_LISTENER_NONE)
		pe->expires = ktime_add_ms(ktime_get(), config->lifetime_ms);
	pe->mark = hs->mark;
	pe->pool->mark = hs->mark;
	pe->pool->use = config->transports[0].use;
	rsp_pe_schedule(pe);
}

static int pe_add(struct rsp_pool *pool, const struct rsp_pe_config *config)
{
	struct rsp_handlespace *hs = pool->hs;
	struct rsp_pe *pe;

	pe = rsp_pe_alloc(pool, config);
	if (!pe)
		return -ENOMEM;
	if (xa_alloc(&pool->elements, &pe->index, NULL, xa_limit_32b,
		     GFP_KERNEL_ACCOUNT))
		goto err_pe;
	if (rsp_pe_hash(pe))
		goto err_index;
	if (rsp_policy_insert(rsp_pool_index(pool), &pe->node))
		goto err_hash;
	/* The place is there, so this takes no memory. */
	xa_store(&pool->elements, pe->index, pe, GFP_KERNEL_ACCOUNT);
	pe_register(pe, config);

	WRITE_ONCE(pool->n_elements, pool->n_elements + 1);
	WRITE_ONCE(hs->n_elements, hs->n_elements + 1);
	rsp_pe_notify(pe, RSP_CHANGE_NEW);
	rsp_pe_wake(pe);
	return 0;

err_hash:
	WRITE_ONCE(pe->dead, true);
	rsp_pe_unhash(pe);
err_index:
	xa_erase(&pool->elements, pe->index);
err_pe:
	rsp_pe_put(pe);
	return -ENOMEM;
}

static int pe_update(struct rsp_pe *pe, const struct rsp_pe_config *config)
{
	const struct rsp_policy_params *params = &pe->node.params;
	struct rsp_pool *pool = pe->pool;
	bool changed;
	int err;

	changed = pe->home != config->home ||
		  pe->lifetime_ms != config->lifetime_ms ||
		  (config->listener != RSP_LISTENER_NONE &&
		   pe->listener != config->listener) ||
		  params->load != config->policy.load ||
		  params->degradation != config->policy.degradation;

	err = rsp_policy_update(rsp_pool_index(pool), &pe->node,
				&config->policy);
	if (err)
		return err;
	pe_register(pe, config);

	/* A registration that only goes on is nothing to tell of. */
	if (changed) {
		rsp_pe_notify(pe, RSP_CHANGE_SET);
		rsp_pe_wake(pe);
	}
	return 0;
}

static bool same_address(const struct rsp_transport *a,
			 const struct rsp_transport *b)
{
	return a->family == b->family && a->port == b->port &&
	       a->scope_id == b->scope_id &&
	       (a->family == AF_INET ? a->v4 == b->v4 :
				       ipv6_addr_equal(&a->v6, &b->v6));
}

static bool same_transports(const struct rsp_pe *pe,
			    const struct rsp_pe_config *config)
{
	unsigned int i;

	if (pe->n_transports != config->n_transports)
		return false;
	for (i = 0; i < pe->n_transports; i++)
		if (pe->transports[i].use != config->transports[i].use ||
		    !same_address(&pe->transports[i], &config->transports[i]))
			return false;
	return true;
}

/**
 * rsp_pe_is_at() - does an element have a transport address of these?
 * @pe: the element
 * @config: the addresses
 *
 * A feeder may know fewer of an element's addresses than the element itself, or
 * more.
 *
 * Context: any.
 * Return: true when they have one in common.
 */
bool rsp_pe_is_at(const struct rsp_pe *pe, const struct rsp_pe_config *config)
{
	unsigned int i, j;

	for (i = 0; i < pe->n_transports; i++)
		for (j = 0; j < config->n_transports; j++)
			if (same_address(&pe->transports[i],
					 &config->transports[j]))
				return true;
	return false;
}

/**
 * rsp_pe_describe() - what was said of an element
 * @pe: the element
 * @config: to be filled, for rsp_pe_set() with some of it changed
 *
 * Context: process; writer lock.
 */
void rsp_pe_describe(const struct rsp_pe *pe, struct rsp_pe_config *config)
{
	lockdep_assert_held(&pe->pool->hs->lock);

	*config = (struct rsp_pe_config){
		.id = pe->node.id,
		.home = pe->home,
		.lifetime_ms = pe->lifetime_ms,
		.policy = pe->node.params,
		.n_transports = pe->n_transports,
	};
	memcpy(config->transports, pe->transports,
	       flex_array_size(pe, transports, pe->n_transports));
}

/*
 * The element moved: it is another one of the same name. What is known of the
 * old addresses' failures says nothing of the new ones; that the operator
 * drains the element still holds.
 */
static int pe_replace(struct rsp_pe *old, const struct rsp_pe_config *config)
{
	struct rsp_pool *pool = old->pool;
	struct rsp_pe *new;
	bool was_avoided;

	new = rsp_pe_alloc(pool, config);
	if (!new)
		return -ENOMEM;
	new->index = old->index;
	if (rsp_pe_is_at(old, config))
		new->listener = old->listener;

	if (old->avoid == RSP_AVOID_DRAIN) {
		new->avoid = RSP_AVOID_DRAIN;
		WRITE_ONCE(pool->n_avoided, pool->n_avoided + 1);
	} else {
		/*
		 * A policy holds one node of an identifier. Between the two the
		 * old one is the last resort, lest the pool look empty.
		 */
		was_avoided = old->avoid;
		if (!was_avoided)
			rsp_pe_avoid(old, 0);
		if (rsp_policy_insert(rsp_pool_index(pool), &new->node))
			goto err_new;
	}
	rsp_pe_forget(old);
	WRITE_ONCE(old->dead, true);
	rsp_pe_rehash(old, new);
	xa_store(&pool->elements, new->index, new, GFP_KERNEL_ACCOUNT);
	rsp_pe_put(old);

	pe_register(new, config);
	rsp_pe_notify(new, RSP_CHANGE_SET);
	rsp_pe_wake(new);
	return 0;

err_new:
	if (!was_avoided)
		rsp_pe_return(old);
	rsp_pe_put(new);
	return -ENOMEM;
}

/**
 * rsp_pe_set() - register an element, or register it anew
 * @pool: its pool
 * @config: what the feeder says of it
 *
 * A known element with the same transports is updated in place: policy
 * parameters, home, lifetime from now, LUD's count of selections (RFC 5356,
 * section 5.2.2). It stays avoided or drained where it was. With other
 * transports a new element takes its place, which nobody avoids; sessions go
 * on with the old one.  It stays the one of the socket that listens here if it
 * has an address in common with it.
 *
 * Context: process; writer lock.
 * Return: 0; nothing is changed by any of the errors of rsp_pe_check() and by
 * -ENOMEM: no memory.
 */
int rsp_pe_set(struct rsp_pool *pool, const struct rsp_pe_config *config)
{
	struct rsp_pe *pe;
	int err;

	lockdep_assert_held(&pool->hs->lock);

	err = rsp_pe_check(pool->hs, pool, config, 0);
	if (err)
		return err;
	pe = rsp_pe_find_rcu(pool, config->id);
	if (!pe)
		return pe_add(pool, config);
	if (same_transports(pe, config))
		return pe_update(pe, config);
	return pe_replace(pe, config);
}

/*
 * Out of the policy first, marked dead then: a selection that meets the mark
 * does not meet the element a second time.
 */
void rsp_pe_remove(struct rsp_pe *pe, enum rsp_change change)
{
	struct rsp_pool *pool = pe->pool;
	struct rsp_handlespace *hs = pool->hs;

	rsp_policy_remove(rsp_pool_index(pool), &pe->node);
	rsp_pe_forget(pe);
	WRITE_ONCE(pe->dead, true);
	rsp_pe_unhash(pe);
	xa_erase(&pool->elements, pe->index);
	WRITE_ONCE(pool->n_elements, pool->n_elements - 1);
	WRITE_ONCE(hs->n_elements, hs->n_elements - 1);
	rsp_pe_notify(pe, change);

	if (!pool->n_elements && !pool->explicit)
		rsp_pool_remove(pool);
	rsp_pe_put(pe);
}

/**
 * rsp_pe_del() - delete an element
 * @pe: the element; it may be gone afterwards, and its pool with it (RFC 5352,
 *	section 3.2, deregistration)
 *
 * It is not selected again; its sessions go on.
 *
 * Context: process; writer lock.
 */
void rsp_pe_del(struct rsp_pe *pe)
{
	lockdep_assert_held(&pe->pool->hs->lock);

	rsp_pe_remove(pe, RSP_CHANGE_DEL);
}
