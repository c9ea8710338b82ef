// SPDX-License-Identifier: GPL-2.0
/*
 * What feeders and operators change of pools, under the handlespace's writer lock.
 */

#include <linux/ctype.h>

#include "cookie.h"
#include "handlespace_internal.h"

static void pool_notify(struct rsp_pool *pool, enum rsp_change change)
{
	struct rsp_handlespace *hs = pool->hs;

	WRITE_ONCE(hs->seq, hs->seq + 1);
	if (hs->ops)
		hs->ops->pool_changed(pool, change);
}

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
void rsp_pool_remove(struct rsp_pool *pool)
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
		rsp_pool_remove(pool);
	rsp_pool_put(pool);
}
