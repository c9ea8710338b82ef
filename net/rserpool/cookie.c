// SPDX-License-Identifier: GPL-2.0
/*
 * Cookies that a user can keep but not make (RFC 5352, section 3.8): the element
 * that sends one seals it with a key that the elements of the pool share, and
 * the element that gets it back looks at the seal.
 */

#include <crypto/hash.h>
#include <crypto/utils.h>
#include <linux/atomic.h>
#include <linux/slab.h>

#include "cookie.h"
#include "handlespace.h"

static const u8 magic[8] = { 'R', 'S', 'P', 'S', 'E', 'A', 'L', 1 };

static atomic64_t last_id;

static void key_free(struct crypto_shash *key)
{
	if (key)
		crypto_free_shash(key);
}

/**
 * rsp_cookie_keys_make() - make the keys of a pool that has none
 * @octets: the key
 * @len: octets of it, RSP_COOKIE_KEY_MIN to RSP_COOKIE_KEY_MAX
 *
 * Context: process.
 * Return: for rsp_cookie_keys_put(); or an error: -EINVAL: the length; -ENOENT:
 * the kernel has no HMAC-SHA256; -ENOMEM; or the crypto API's.
 */
struct rsp_cookie_keys *rsp_cookie_keys_make(const void *octets, u32 len)
{
	struct rsp_cookie_keys *keys;
	int err;

	if (len < RSP_COOKIE_KEY_MIN || len > RSP_COOKIE_KEY_MAX)
		return ERR_PTR(-EINVAL);
	keys = kzalloc_obj(*keys, GFP_KERNEL_ACCOUNT);
	if (!keys)
		return ERR_PTR(-ENOMEM);
	refcount_set(&keys->refs, 1);
	keys->id = atomic64_inc_return(&last_id);
	keys->len = len;
	memcpy(keys->octets, octets, len);
	keys->current_key = crypto_alloc_shash("hmac(sha256)", 0, 0);
	err = PTR_ERR_OR_ZERO(keys->current_key);
	if (err) {
		keys->current_key = NULL;
		goto err_put;
	}
	keys->spare = crypto_alloc_shash("hmac(sha256)", 0, 0);
	err = PTR_ERR_OR_ZERO(keys->spare);
	if (err) {
		keys->spare = NULL;
		goto err_put;
	}
	err = crypto_shash_setkey(keys->current_key, octets, len);
	if (err)
		goto err_put;
	return keys;

err_put:
	rsp_cookie_keys_put(keys);
	return ERR_PTR(err);
}

/**
 * rsp_cookie_keys_follow() - open what others sealed, too
 * @keys: keys that nobody else sees yet
 * @old: those that they replace; their last key is forgotten
 *
 * Context: process.
 * Return: 0 or the crypto API's error.
 */
int rsp_cookie_keys_follow(struct rsp_cookie_keys *keys,
			   const struct rsp_cookie_keys *old)
{
	int err = crypto_shash_setkey(keys->spare, old->octets, old->len);

	if (err)
		return err;
	keys->last_key = keys->spare;
	keys->spare = NULL;
	return 0;
}

/**
 * rsp_cookie_keys_put() - give back the use of keys
 * @keys: NULL: there are none
 *
 * Context: process.
 */
void rsp_cookie_keys_put(struct rsp_cookie_keys *keys)
{
	if (!keys || !refcount_dec_and_test(&keys->refs))
		return;
	key_free(keys->current_key);
	key_free(keys->last_key);
	key_free(keys->spare);
	kfree_sensitive(keys);
}

/* @seal: with what follows it, @len octets in all. */
static int mac_make(struct crypto_shash *key,
		    const struct rsp_cookie_seal *seal, u32 len, u8 *mac)
{
	const u32 behind = offsetof(struct rsp_cookie_seal, handle_len);
	SHASH_DESC_ON_STACK(desc, key);
	int err;

	desc->tfm = key;
	err = crypto_shash_init(desc) ?:
	      crypto_shash_update(desc, (const u8 *)seal,
				  offsetof(struct rsp_cookie_seal, mac)) ?:
	      crypto_shash_finup(desc, (const u8 *)seal + behind, len - behind,
				 mac);
	shash_desc_zero(desc);
	return err;
}

/**
 * rsp_cookie_seal() - seal a cookie
 * @keys: of the pool
 * @handle: of the pool
 * @now: ms since 1970
 * @cookie: the cookie
 * @sealed: gets it with the seal; room for RSP_COOKIE_SEAL_MAX octets more
 *
 * Context: process.
 * Return: octets of @sealed, or the crypto API's error.
 */
int rsp_cookie_seal(const struct rsp_cookie_keys *keys,
		    const struct rsp_handle *handle, u64 now,
		    const struct rsp_octets *cookie, void *sealed)
{
	struct rsp_cookie_seal *seal = sealed;
	u32 len = sizeof(*seal) + handle->len + cookie->len;
	u8 *behind = sealed + sizeof(*seal);
	int err;

	memcpy(seal->magic, magic, sizeof(magic));
	seal->time = cpu_to_be64(now);
	seal->handle_len = handle->len;
	memcpy(behind, handle->octets, handle->len);
	memcpy(behind + handle->len, cookie->data, cookie->len);
	err = mac_make(keys->current_key, seal, len, seal->mac);
	return err ?: len;
}

static bool sealed_by(struct crypto_shash *key,
		      const struct rsp_cookie_seal *seal, u32 len)
{
	u8 mac[RSP_COOKIE_MAC_SIZE];

	return key && !mac_make(key, seal, len, mac) &&
	       !crypto_memneq(mac, seal->mac, sizeof(mac));
}

/**
 * rsp_cookie_open() - look at the seal of a cookie
 * @keys: of the pool; NULL: it has none
 * @handle: of the pool
 * @now: ms since 1970
 * @window_ms: how far from @now it may have been sealed
 * @cookie: as it came; becomes what is in it, where it is good
 *
 * Context: process.
 * Return: RSP_COOKIE_GOOD, or what is wrong with it.
 */
enum rsp_cookie_fault rsp_cookie_open(const struct rsp_cookie_keys *keys,
				      const struct rsp_handle *handle, u64 now,
				      u32 window_ms, struct rsp_octets *cookie)
{
	const struct rsp_cookie_seal *seal = (const void *)cookie->data;
	u32 before = sizeof(*seal) + handle->len;
	u64 time;

	if (cookie->len < sizeof(magic) ||
	    memcmp(seal->magic, magic, sizeof(magic)))
		return keys ? RSP_COOKIE_UNSEALED : RSP_COOKIE_GOOD;
	if (!keys)
		return RSP_COOKIE_KEYLESS;
	if (cookie->len < sizeof(*seal) ||
	    cookie->len <= sizeof(*seal) + seal->handle_len)
		return RSP_COOKIE_FORGED;
	if (seal->handle_len != handle->len ||
	    memcmp(cookie->data + sizeof(*seal), handle->octets, handle->len))
		return RSP_COOKIE_FOREIGN;
	if (!sealed_by(keys->current_key, seal, cookie->len) &&
	    !sealed_by(keys->last_key, seal, cookie->len))
		return RSP_COOKIE_FORGED;
	time = be64_to_cpu(seal->time);
	if (max(now, time) - min(now, time) > window_ms)
		return RSP_COOKIE_OLD;
	cookie->data += before;
	cookie->len -= before;
	return RSP_COOKIE_GOOD;
}
