// SPDX-License-Identifier: GPL-2.0
/*
 * The handlespace of a scope: its pools and their elements.
 *
 * Objects.  Pools lie in a hash table by their handle, elements in one hash
 * table of the scope by pool and PE identifier: a table a pool would cost each
 * of 10 000 small pools more than its elements.  Beside these every pool and
 * every element has a dense index, at which a dump resumes.  Here is how they
 * are found, held and freed; handlespace_pool.c, handlespace_pe.c and
 * handlespace_sync.c have what a feeder changes.  Which elements may be selected
 * is the knowledge of the pool's policy (policy.c); handlespace_avoid.c takes an
 * element out of it for a time, and handlespace_wait.c has those who wait for one.
 *
 * Locks.  One mutex a scope serialises the writers.  Readers take no lock: RCU
 * keeps what they find for as long as they look, and refcount_inc_not_zero()
 * for longer.  Order: the mutex, then rsp_pool.avoided_lock, then the policy's
 * own locks; the locks of the waiters' buckets are taken inside the mutex alone.
 *
 * Lifetime.  The handlespace holds one reference on each pool and element,
 * each element one on its pool, sessions the others.  An element or a pool that
 * is taken out is marked dead and lives on until its last session lets go; it
 * is never put in again.  The last reference frees by way of a grace period.
 * A session holds its namespace, so it may follow rsp_pool.hs; the handlespace
 * goes when no session is left, and touches no element or pool afterwards.
 */

#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "cookie.h"
#include "handlespace_internal.h"

/* What a scope holds unless its operator says otherwise. */
#define POOLS_MAX_DEFAULT	65536
#define ELEMENTS_MAX_DEFAULT	1048576
#define AVOID_MIN_MS_DEFAULT	1000
#define AVOID_MAX_MS_DEFAULT	60000

/* One octet more a transport address would be rounded up to twice the size. */
static struct kmem_cache *pe_caches[RSP_TRANSPORTS_MAX] __read_mostly;

/* Frees pools: a policy's index wants process context. */
static struct workqueue_struct *pool_free_wq __read_mostly;

/* Handles and PE identifiers come from strangers, who must not be able to
 * choose those that fall on one chain.
 */
static siphash_aligned_key_t hash_key __read_mostly;

/* The hash tables. */

struct pe_key {
	const struct rsp_pool *pool;
	u32 id;
};

u64 rsp_handle_hash(const struct rsp_handle *handle)
{
	return siphash(handle->octets, handle->len, &hash_key);
}

/* The seed changes when a table finds its chains too long. */
static u32 hash_fold(u64 hash, u32 seed)
{
	return hash_64(hash ^ seed, 32);
}

static u32 pool_key_hash(const void *key, u32 len, u32 seed)
{
	return hash_fold(rsp_handle_hash(key), seed);
}

static u32 pool_hash(const void *obj, u32 len, u32 seed)
{
	const struct rsp_pool *pool = obj;

	return pool_key_hash(&pool->handle, len, seed);
}

static int pool_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct rsp_pool *pool = obj;

	return !rsp_handle_equal(&pool->handle, arg->key);
}

static u32 pe_key_hash(const void *key, u32 len, u32 seed)
{
	const struct pe_key *k = key;

	return hash_fold(siphash_2u32(k->pool->index, k->id, &hash_key), seed);
}

static u32 pe_hash(const void *obj, u32 len, u32 seed)
{
	const struct rsp_pe *pe = obj;
	struct pe_key key = { .pool = pe->pool, .id = pe->node.id };

	return pe_key_hash(&key, len, seed);
}

static int pe_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct pe_key *key = arg->key;
	const struct rsp_pe *pe = obj;

	return pe->pool != key->pool || pe->node.id != key->id;
}

static const struct rhashtable_params pool_table = {
	.head_offset		= offsetof(struct rsp_pool, by_handle),
	.key_len		= sizeof(struct rsp_handle),
	.hashfn			= pool_key_hash,
	.obj_hashfn		= pool_hash,
	.obj_cmpfn		= pool_cmp,
	.automatic_shrinking	= true,
};

static const struct rhashtable_params pe_table = {
	.head_offset		= offsetof(struct rsp_pe, by_id),
	.key_len		= sizeof(struct pe_key),
	.hashfn			= pe_key_hash,
	.obj_hashfn		= pe_hash,
	.obj_cmpfn		= pe_cmp,
	.automatic_shrinking	= true,
};

/*
 * The callers have looked, so what they insert is new; the rest (a table that
 * cannot grow at once) is want of memory by another name.
 */
int rsp_pool_hash(struct rsp_pool *pool)
{
	return rhashtable_insert_fast(&pool->hs->pools, &pool->by_handle,
				      pool_table) ? -ENOMEM : 0;
}

void rsp_pool_unhash(struct rsp_pool *pool)
{
	rhashtable_remove_fast(&pool->hs->pools, &pool->by_handle, pool_table);
}

int rsp_pe_hash(struct rsp_pe *pe)
{
	return rhashtable_insert_fast(&pe->pool->hs->elements, &pe->by_id,
				      pe_table) ? -ENOMEM : 0;
}

void rsp_pe_rehash(struct rsp_pe *old, struct rsp_pe *new)
{
	rhashtable_replace_fast(&old->pool->hs->elements, &old->by_id,
				&new->by_id, pe_table);
}

void rsp_pe_unhash(struct rsp_pe *pe)
{
	rhashtable_remove_fast(&pe->pool->hs->elements, &pe->by_id, pe_table);
}

/* Making, holding, freeing. */

/*
 * Of @config only what is fixed: the transports and the identifier, and the
 * policy's parameters, as the element is in no index yet.
 */
struct rsp_pe *rsp_pe_alloc(struct rsp_pool *pool,
			    const struct rsp_pe_config *config)
{
	struct rsp_pe *pe;

	pe = kmem_cache_zalloc(pe_caches[config->n_transports - 1], GFP_KERNEL);
	if (!pe)
		return NULL;
	pe->node.params = config->policy;
	pe->node.id = config->id;
	refcount_inc(&pool->refs);
	pe->pool = pool;
	refcount_set(&pe->refs, 1);
	timerqueue_init(&pe->timer);
	pe->n_transports = config->n_transports;
	memcpy(pe->transports, config->transports,
	       flex_array_size(pe, transports, config->n_transports));
	return pe;
}

/**
 * rsp_pe_lone() - make an element that is in no handlespace
 * @hs: the handlespace that it could be in
 * @handle: of its pool
 * @config: the element; its policy is known
 *
 * A socket that listens is one for the sessions that come to it, wherever it is
 * registered.
 *
 * Context: process.
 * Return: with a reference; NULL when there is no memory.
 */
struct rsp_pe *rsp_pe_lone(struct rsp_handlespace *hs,
			   const struct rsp_handle *handle,
			   const struct rsp_pe_config *config)
{
	struct rsp_pool *pool;
	struct rsp_pe *pe;

	pool = rsp_pool_alloc(hs, handle, config->policy.type);
	if (!pool)
		return NULL;
	pe = rsp_pe_alloc(pool, config);
	rsp_pool_put(pool);
	return pe;
}

static void pool_free(struct work_struct *work)
{
	struct rsp_pool *pool = container_of(work, struct rsp_pool, free);

	/* Both live on for a grace period. */
	rsp_policy_index_free(rcu_dereference_protected(pool->selectable, 1));
	rsp_cookie_keys_put(pool->cookie_keys);
	kfree_rcu(rcu_dereference_protected(pool->tls_name, 1), rcu);
	kfree_rcu(pool, rcu);
}

/* An empty pool that nobody finds yet. */
struct rsp_pool *rsp_pool_alloc(struct rsp_handlespace *hs,
				const struct rsp_handle *handle, u32 policy)
{
	struct rsp_policy_index *index;
	struct rsp_pool *pool;

	pool = kzalloc_obj(*pool, GFP_KERNEL_ACCOUNT);
	if (!pool)
		return NULL;
	index = rsp_policy_index_alloc(policy);
	if (!index) {
		kfree(pool);
		return NULL;
	}
	pool->handle.len = handle->len;
	memcpy(pool->handle.octets, handle->octets, handle->len);
	pool->config.policy = policy;
	refcount_set(&pool->refs, 1);
	pool->hs = hs;
	RCU_INIT_POINTER(pool->selectable, index);
	xa_init_flags(&pool->elements, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	spin_lock_init(&pool->avoided_lock);
	pool->avoided = RB_ROOT_CACHED;
	INIT_WORK(&pool->free, pool_free);
	return pool;
}

/**
 * rsp_pool_put() - give a reference on a pool back
 * @pool: the pool
 *
 * Context: any.
 */
void rsp_pool_put(struct rsp_pool *pool)
{
	if (refcount_dec_and_test(&pool->refs))
		queue_work(pool_free_wq, &pool->free);
}

/**
 * rsp_pe_put() - give a reference on an element back
 * @pe: the element
 *
 * Context: any.
 */
void rsp_pe_put(struct rsp_pe *pe)
{
	if (!refcount_dec_and_test(&pe->refs))
		return;
	rsp_pool_put(pe->pool);
	kfree_rcu(pe, rcu);
}

/**
 * rsp_pool_find_rcu() - find a pool by its handle
 * @hs: the handlespace
 * @handle: the handle
 *
 * Context: any; rcu_read_lock() or the writer lock.
 * Return: the pool, or NULL. It stays for as long as the caller holds what it
 * holds.
 */
struct rsp_pool *rsp_pool_find_rcu(struct rsp_handlespace *hs,
				   const struct rsp_handle *handle)
{
	return rhashtable_lookup_fast(&hs->pools, handle, pool_table);
}

/**
 * rsp_pool_get() - find a pool by its handle and take a reference
 * @hs: the handlespace
 * @handle: the handle
 *
 * Context: any.
 * Return: the pool, for rsp_pool_put(), or NULL.
 */
struct rsp_pool *rsp_pool_get(struct rsp_handlespace *hs,
			      const struct rsp_handle *handle)
{
	struct rsp_pool *pool;

	rcu_read_lock();
	pool = rsp_pool_find_rcu(hs, handle);
	if (pool && !refcount_inc_not_zero(&pool->refs))
		pool = NULL;
	rcu_read_unlock();
	return pool;
}

/**
 * rsp_pool_cookie_keys() - take the use of the keys that seal cookies
 * @pool: the pool
 *
 * Context: process.
 * Return: for rsp_cookie_keys_put(); NULL: there are none.
 */
struct rsp_cookie_keys *rsp_pool_cookie_keys(struct rsp_pool *pool)
{
	struct rsp_cookie_keys *keys;

	spin_lock(&pool->avoided_lock);
	keys = pool->cookie_keys;
	if (keys)
		refcount_inc(&keys->refs);
	spin_unlock(&pool->avoided_lock);
	return keys;
}

/**
 * rsp_pool_identify() - who must show a key that is for it alone?
 * @hs: the handlespace
 * @handle: of the pool, which need not be there
 *
 * Context: any.
 * Return: set of enum rsp_identify.
 */
u8 rsp_pool_identify(struct rsp_handlespace *hs,
		     const struct rsp_handle *handle)
{
	const struct rsp_pool *pool;
	u8 identify;

	rcu_read_lock();
	pool = rsp_pool_find_rcu(hs, handle);
	identify = pool ? READ_ONCE(pool->config.identify) : 0;
	rcu_read_unlock();
	return identify;
}

/**
 * rsp_pool_tls_name() - the name that certificates of the pool's elements bear
 * @hs: the handlespace
 * @handle: of the pool, which need not be there
 * @text: RSP_TLS_NAME_SIZE octets; becomes it
 *
 * Context: any.
 * Return: true; false: there is none.
 */
bool rsp_pool_tls_name(struct rsp_handlespace *hs,
		       const struct rsp_handle *handle, char *text)
{
	const struct rsp_tls_name *name;
	const struct rsp_pool *pool;

	rcu_read_lock();
	pool = rsp_pool_find_rcu(hs, handle);
	name = pool ? rcu_dereference(pool->tls_name) : NULL;
	if (name)
		strscpy(text, name->text, RSP_TLS_NAME_SIZE);
	rcu_read_unlock();
	return name;
}

/**
 * rsp_pe_find_rcu() - find an element of a pool by its identifier
 * @pool: the pool
 * @id: the PE identifier
 *
 * Context: any; rcu_read_lock() or the writer lock.
 * Return: the element, or NULL. It stays for as long as the caller holds what
 * it holds.
 */
struct rsp_pe *rsp_pe_find_rcu(struct rsp_pool *pool, u32 id)
{
	struct pe_key key = { .pool = pool, .id = id };

	return rhashtable_lookup_fast(&pool->hs->elements, &key, pe_table);
}

/**
 * rsp_pe_get() - find an element of a pool and take a reference
 * @pool: the pool
 * @id: the PE identifier
 *
 * An avoided or drained element is found too: a session that was opened to
 * this very element does not select.
 *
 * Context: any.
 * Return: the element, for rsp_pe_put(), or NULL.
 */
struct rsp_pe *rsp_pe_get(struct rsp_pool *pool, u32 id)
{
	struct rsp_pe *pe;

	rcu_read_lock();
	pe = rsp_pe_find_rcu(pool, id);
	if (pe && !refcount_inc_not_zero(&pe->refs))
		pe = NULL;
	rcu_read_unlock();
	return pe;
}

/* The whole. */

/**
 * rsp_handlespace_init() - make a scope's handlespace
 * @hs: memory for it
 * @ops: who hears of changes, or NULL
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int rsp_handlespace_init(struct rsp_handlespace *hs,
			 const struct rsp_handlespace_ops *ops)
{
	int err;

	memset(hs, 0, sizeof(*hs));
	err = rhashtable_init(&hs->pools, &pool_table);
	if (err)
		return err;
	err = rhashtable_init(&hs->elements, &pe_table);
	if (err)
		goto err_pools;

	mutex_init(&hs->lock);
	hs->ops = ops;
	xa_init_flags(&hs->pool_index, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	hs->limits.pools = POOLS_MAX_DEFAULT;
	hs->limits.elements = ELEMENTS_MAX_DEFAULT;
	hs->limits.avoid_min_ms = AVOID_MIN_MS_DEFAULT;
	hs->limits.avoid_max_ms = AVOID_MAX_MS_DEFAULT;
	rsp_handlespace_timers_init(hs);
	rsp_handlespace_waiters_init(hs);
	return 0;

err_pools:
	rhashtable_destroy(&hs->pools);
	return err;
}

/**
 * rsp_handlespace_exit() - take a scope's handlespace apart
 * @hs: the handlespace, which no session and no feeder uses any more
 *
 * Nobody hears of it. Sessions hold their namespace, so none has a reference
 * now; would one be left, its element and pool were freed when it is given
 * back, which touches no @hs. When the timer's work has been cancelled here
 * nothing can queue it again: it is queued for elements, and none is left.
 *
 * Context: process.
 */
void rsp_handlespace_exit(struct rsp_handlespace *hs)
{
	struct rsp_pool *pool;
	unsigned long i;

	mutex_lock(&hs->lock);
	hs->ops = NULL;
	xa_for_each(&hs->pool_index, i, pool)
		rsp_pool_del(pool);
	mutex_unlock(&hs->lock);

	cancel_delayed_work_sync(&hs->timer_work);
	rhashtable_destroy(&hs->elements);
	rhashtable_destroy(&hs->pools);
	xa_destroy(&hs->pool_index);
	mutex_destroy(&hs->lock);
}

static void pe_caches_destroy(void)
{
	unsigned int i;

	for (i = 0; i < RSP_TRANSPORTS_MAX; i++)
		kmem_cache_destroy(pe_caches[i]);
}

/**
 * rsp_handlespace_register() - what all scopes share
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int rsp_handlespace_register(void)
{
	unsigned int i;

	get_random_bytes(&hash_key, sizeof(hash_key));
	pool_free_wq = alloc_workqueue(KBUILD_MODNAME "_pool_free",
				       WQ_UNBOUND, 0);
	if (!pool_free_wq)
		return -ENOMEM;

	for (i = 0; i < RSP_TRANSPORTS_MAX; i++) {
		char name[40];

		snprintf(name, sizeof(name), KBUILD_MODNAME "_pe%u", i + 1);
		pe_caches[i] = kmem_cache_create(name,
						 offsetof(struct rsp_pe,
							  transports[i + 1]),
						 0, SLAB_ACCOUNT, NULL);
		if (!pe_caches[i])
			goto err_caches;
	}
	return 0;

err_caches:
	pe_caches_destroy();
	destroy_workqueue(pool_free_wq);
	return -ENOMEM;
}

/**
 * rsp_handlespace_unregister() - give back what all scopes shared
 *
 * Every rsp_handlespace_exit() has returned and every reference was given
 * back, so the queue gets no more pools, and its end frees those it has. What
 * they and the elements then wait for is a grace period: the barrier is for
 * what the policies free by functions of this module; kmem_cache_destroy()
 * waits for kfree_rcu() itself.
 *
 * Context: process.
 */
void rsp_handlespace_unregister(void)
{
	destroy_workqueue(pool_free_wq);
	rcu_barrier();
	pe_caches_destroy();
}
