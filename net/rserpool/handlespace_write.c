// SPDX-License-Identifier: GPL-2.0
/*
 * What feeders and operators change of a handlespace: pools, elements, and the
 * whole by mark and sweep.  All of it under the writer lock.
 */

#include <linux/ctype.h>
#include <net/ipv6.h>

#include "cookie.h"
#include "handlespace_internal.h"

/* Telling of changes. */

static void pool_notify(struct rsp_pool *pool, enum rsp_change change)
{
	struct rsp_handlespace *hs = pool->hs;

	WRITE_ONCE(hs->seq, hs->seq + 1);
	if (hs->ops)
		hs->ops->pool_changed(pool, change);
}

void rsp_pe_notify(struct rsp_pe *pe, enum rsp_change change)
{
	struct rsp_handlespace *hs = pe->pool->hs;

	WRITE_ONCE(hs->seq, hs->seq + 1);
	if (hs->ops)
		hs->ops->pe_changed(pe, change);
	rsp_pool_changed(pe->pool);
}

/* Pools. */

/**
 * rsp_pool_check() - whether a pool could be made or set
 * @hs: the handlespace
 * @handle: of the pool
 * @config: what it would be given
 *
 * Says beforehand everything but want of memory that rsp_pool_add() refuses
 * when there is no such pool, or rsp_pool_set() when there is one.
 *
 * Context: process; writer lock.
 * Return: 0, or
 * -EINVAL: the handle's length, @config->fin, @config->failover or
 * @config->identify is out of range;
 * -EOPNOTSUPP: the policy is unknown;
 * -EPROTOTYPE: the pool has elements, and they have another policy;
 * -ENOSPC: the scope holds as many pools as it may.
 */
int rsp_pool_check(struct rsp_handlespace *hs,
		   const struct rsp_handle *handle,
		   const struct rsp_pool_config *config)
{
	struct rsp_pool *pool;

	lockdep_assert_held(&hs->lock);

	if (!handle->len || handle->len > RSP_HANDLE_MAX)
		return -EINVAL;
	if (config->fin > RSP_FIN_FAILURE ||
	    config->failover > RSP_FAILOVER_OFF ||
	    config->identify > RSP_IDENTIFY_ALL)
		return -EINVAL;
	if (!rsp_policy_known(config->policy))
		return -EOPNOTSUPP;

	pool = rsp_pool_find_rcu(hs, handle);
	if (!pool)
		return hs->n_pools < hs->limits.pools ? 0 : -ENOSPC;
	if (pool->n_elements && pool->config.policy != config->policy)
		return -EPROTOTYPE;
	return 0;
}

static void pool_set_config(struct rsp_pool *pool,
			    const struct rsp_pool_config *config)
{
	pool->config.policy = config->policy;
	WRITE_ONCE(pool->config.fin, config->fin);
	WRITE_ONCE(pool->config.failover, config->failover);
	WRITE_ONCE(pool->config.identify, config->identify);
}

/**
 * rsp_pool_add() - make a pool
 * @hs: the handlespace
 * @handle: its handle
 * @config: what it is given
 * @explicit: an operator makes it: it stays when its last element goes, and
 *	when a sync does not name it
 *
 * Whoever makes a pool for an element and then cannot add the element deletes
 * the pool again.
 *
 * Context: process; writer lock.
 * Return: the pool, which stays as long as the lock is held, or an ERR_PTR():
 * see rsp_pool_check(), and
 * -EEXIST: there is one of this handle;
 * -ENOMEM: no memory.
 */
struct rsp_pool *rsp_pool_add(struct rsp_handlespace *hs,
			      const struct rsp_handle *handle,
			      const struct rsp_pool_config *config,
			      bool explicit)
{
	struct rsp_pool *pool;
	int err;

	lockdep_assert_held(&hs->lock);

	err = rsp_pool_check(hs, handle, config);
	if (err)
		return ERR_PTR(err);
	if (rsp_pool_find_rcu(hs, handle))
		return ERR_PTR(-EEXIST);

	pool = rsp_pool_alloc(hs, handle, config->policy);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	pool_set_config(pool, config);
	pool->explicit = explicit;
	pool->mark = hs->mark;

	if (xa_alloc(&hs->pool_index, &pool->index, NULL, xa_limit_32b,
		     GFP_KERNEL_ACCOUNT))
		goto err_pool;
	if (rsp_pool_hash(pool))
		goto err_index;
	/* The place is there, so this takes no memory. */
	xa_store(&hs->pool_index, pool->index, pool, GFP_KERNEL_ACCOUNT);

	WRITE_ONCE(hs->n_pools, hs->n_pools + 1);
	pool_notify(pool, RSP_CHANGE_NEW);
	return pool;

err_index:
	xa_erase(&hs->pool_index, pool->index);
err_pool:
	rsp_pool_put(pool);
	return ERR_PTR(-ENOMEM);
}

/* Only while the pool has no element, so that no node is in the index. */
static int pool_set_policy(struct rsp_pool *pool, u32 policy)
{
	struct rsp_policy_index *old, *new;

	new = rsp_policy_index_alloc(policy);
	if (!new)
		return -ENOMEM;
	old = rcu_replace_pointer(pool->selectable, new,
				  lockdep_is_held(&pool->hs->lock));
	rsp_policy_index_free(old);
	return 0;
}

/**
 * rsp_pool_set() - change what is set of a pool
 * @pool: the pool
 * @config: all of it
 * @explicit: an operator says so: from now on it stays when its last element
 *	goes, and when a sync does not name it
 *
 * Context: process; writer lock.
 * Return: 0; nothing is changed by
 * -EINVAL, -EOPNOTSUPP, -EPROTOTYPE: see rsp_pool_check();
 * -ENOMEM: no memory.
 */
int rsp_pool_set(struct rsp_pool *pool, const struct rsp_pool_config *config,
		 bool explicit)
{
	struct rsp_handlespace *hs = pool->hs;
	int err;

	lockdep_assert_held(&hs->lock);

	err = rsp_pool_check(hs, &pool->handle, config);
	if (err)
		return err;
	if (pool->config.policy != config->policy) {
		err = pool_set_policy(pool, config->policy);
		if (err)
			return err;
	}
	pool_set_config(pool, config);
	if (explicit)
		pool->explicit = true;
	pool->mark = hs->mark;
	pool_notify(pool, RSP_CHANGE_SET);
	return 0;
}

/* The pool has no element. */
static void pool_remove(struct rsp_pool *pool)
{
	struct rsp_handlespace *hs = pool->hs;

	WRITE_ONCE(pool->dead, true);
	rsp_pool_unhash(pool);
	xa_erase(&hs->pool_index, pool->index);
	WRITE_ONCE(hs->n_pools, hs->n_pools - 1);
	pool_notify(pool, RSP_CHANGE_DEL);
	rsp_pool_put(pool);
}

/**
 * rsp_pool_set_cookie_keys() - seal cookies with another key
 * @pool: the pool
 * @keys: the pool's from now on, where this succeeds; NULL: seal none
 *
 * What the key before sealed is opened yet.
 *
 * Context: process; writer lock.
 * Return: 0, or the crypto API's error.
 */
int rsp_pool_set_cookie_keys(struct rsp_pool *pool,
			     struct rsp_cookie_keys *keys)
{
	struct rsp_cookie_keys *old = pool->cookie_keys;
	int err;

	lockdep_assert_held(&pool->hs->lock);

	if (keys && old) {
		err = rsp_cookie_keys_follow(keys, old);
		if (err)
			return err;
	}
	spin_lock(&pool->avoided_lock);
	pool->cookie_keys = keys;
	spin_unlock(&pool->avoided_lock);
	rsp_cookie_keys_put(old);
	pool_notify(pool, RSP_CHANGE_SET);
	return 0;
}

static bool is_tls_name(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isalnum(text[i]) && !strchr("-.:_", text[i]))
			return false;
	return len && len < RSP_TLS_NAME_SIZE && isalnum(*text);
}

/**
 * rsp_tls_name_make() - make a name for a pool's elements
 * @text: it
 * @len: of how many octets
 *
 * Context: process.
 * Return: for rsp_pool_set_tls_name() or kfree(); or an ERR_PTR():
 * -EINVAL: it is neither a name of the DNS nor an address;
 * -ENOMEM: no memory.
 */
struct rsp_tls_name *rsp_tls_name_make(const char *text, size_t len)
{
	struct rsp_tls_name *name;

	if (!is_tls_name(text, len))
		return ERR_PTR(-EINVAL);
	name = kzalloc(struct_size(name, text, len + 1), GFP_KERNEL_ACCOUNT);
	if (!name)
		return ERR_PTR(-ENOMEM);
	memcpy(name->text, text, len);
	return name;
}

/**
 * rsp_pool_set_tls_name() - certificates of the pool's elements bear another name
 * @pool: the pool
 * @name: the pool's from now on; NULL: they bear none
 *
 * It is for handshakes to come.
 *
 * Context: process; writer lock.
 */
void rsp_pool_set_tls_name(struct rsp_pool *pool, struct rsp_tls_name *name)
{
	struct rsp_tls_name *old;

	old = rcu_replace_pointer(pool->tls_name, name,
				  lockdep_is_held(&pool->hs->lock));
	kfree_rcu(old, rcu);
	pool_notify(pool, RSP_CHANGE_SET);
}

/**
 * rsp_pool_del() - delete a pool with all its elements
 * @pool: the pool; it may be gone afterwards
 *
 * Sessions go on with the elements that serve them.
 *
 * Context: process; writer lock.
 */
void rsp_pool_del(struct rsp_pool *pool)
{
	struct rsp_pe *pe;
	unsigned long i;

	lockdep_assert_held(&pool->hs->lock);

	refcount_inc(&pool->refs);
	xa_for_each(&pool->elements, i, pe) {
		rsp_pe_remove(pe, RSP_CHANGE_DEL);
		cond_resched();
	}
	if (!pool->dead)
		pool_remove(pool);
	rsp_pool_put(pool);
}

/* Elements. */

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
		pool_remove(pool);
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

/* Mark and sweep. */

/**
 * rsp_handlespace_sync_begin() - a feeder begins to name all that there is
 * @hs: the handlespace
 *
 * Context: process; writer lock.
 * Return: 0, or -EBUSY: a sync is under way.
 */
int rsp_handlespace_sync_begin(struct rsp_handlespace *hs)
{
	lockdep_assert_held(&hs->lock);

	if (hs->syncing)
		return -EBUSY;
	hs->syncing = true;
	hs->mark++;
	return 0;
}

/* What is left of @pool when only what has this generation's mark stays. */
static void pool_sweep(struct rsp_pool *pool)
{
	struct rsp_handlespace *hs = pool->hs;
	struct rsp_pe *pe;
	unsigned long i;

	refcount_inc(&pool->refs);
	xa_for_each(&pool->elements, i, pe) {
		if (pe->mark != hs->mark && pe->listener == RSP_LISTENER_NONE)
			rsp_pe_remove(pe, RSP_CHANGE_DEL);
		cond_resched();
	}
	if (!pool->dead && !pool->explicit && !pool->n_elements &&
	    pool->mark != hs->mark)
		pool_remove(pool);
	rsp_pool_put(pool);
}

/**
 * rsp_handlespace_sync_end() - a feeder has named all that there is
 * @hs: the handlespace
 *
 * Elements that were not set since rsp_handlespace_sync_begin() go, but for those
 * of sockets that listen here, and pools without any that were neither set nor
 * made by an operator.
 *
 * Context: process; writer lock.
 * Return: 0, or -EALREADY: no sync is under way.
 */
int rsp_handlespace_sync_end(struct rsp_handlespace *hs)
{
	struct rsp_pool *pool;
	unsigned long i;

	lockdep_assert_held(&hs->lock);

	if (!hs->syncing)
		return -EALREADY;
	hs->syncing = false;
	xa_for_each(&hs->pool_index, i, pool) {
		pool_sweep(pool);
		cond_resched();
	}
	return 0;
}

/**
 * rsp_handlespace_sync_abort() - a feeder went before it had named all
 * @hs: the handlespace
 *
 * Nothing goes. Does nothing when no sync is under way.
 *
 * Context: process; writer lock.
 */
void rsp_handlespace_sync_abort(struct rsp_handlespace *hs)
{
	lockdep_assert_held(&hs->lock);

	hs->syncing = false;
}
