/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_COOKIE_H
#define _RSERPOOL_COOKIE_H

#include <linux/refcount.h>
#include <linux/rserpool.h>
#include <linux/types.h>

#include "tlv.h"

struct crypto_shash;
struct rsp_handle;

#define RSP_COOKIE_KEY_MIN	16	/* octets of a key */
#define RSP_COOKIE_KEY_MAX	64

#define RSP_COOKIE_MAC_SIZE	32	/* SHA-256's */

/**
 * struct rsp_cookie_seal - what a sealed cookie begins with
 * @magic: "RSPSEAL" and the version, 1
 * @time: when it was sealed, ms since 1970
 * @mac: HMAC-SHA256 over the two before it and all behind it
 * @handle_len: octets of the pool handle that follows; behind that the cookie
 */
struct rsp_cookie_seal {
	u8 magic[8];
	__be64 time;
	u8 mac[RSP_COOKIE_MAC_SIZE];
	u8 handle_len;
} __packed;

/* What the seal adds to a cookie, and what a sealed one has, at most. */
#define RSP_COOKIE_SEAL_MAX	(sizeof(struct rsp_cookie_seal) + RSP_HANDLE_MAX)
#define RSP_COOKIE_SEALED_MAX	(RSP_COOKIE_MAX + RSP_COOKIE_SEAL_MAX)

/* What is wrong with a cookie that came. */
enum rsp_cookie_fault {
	RSP_COOKIE_GOOD,
	RSP_COOKIE_UNSEALED,	/* there is a key, and no seal */
	RSP_COOKIE_KEYLESS,	/* there is a seal, and no key */
	RSP_COOKIE_FOREIGN,	/* the seal is another pool's */
	RSP_COOKIE_FORGED,	/* the seal is of none of the keys, or broken */
	RSP_COOKIE_OLD,		/* sealed too long ago, or too far ahead */
};

/**
 * struct rsp_cookie_keys - the keys that seal the cookies of a pool
 * @refs: one for the pool, one for each who uses them
 * @id: no other keys have it, nor had it; never 0
 * @current_key: seals, and opens
 * @last_key: opens what was sealed before the current one came; NULL: none
 * @spare: becomes @last_key of those that replace others
 * @len: octets of @octets
 * @octets: of the current key
 *
 * All is fixed once others see it.
 */
struct rsp_cookie_keys {
	refcount_t refs;
	u64 id;
	struct crypto_shash *current_key;
	struct crypto_shash *last_key;
	struct crypto_shash *spare;
	u32 len;
	u8 octets[RSP_COOKIE_KEY_MAX];
};

struct rsp_cookie_keys *rsp_cookie_keys_make(const void *octets, u32 len);
int rsp_cookie_keys_follow(struct rsp_cookie_keys *keys,
			   const struct rsp_cookie_keys *old);
void rsp_cookie_keys_put(struct rsp_cookie_keys *keys);

int rsp_cookie_seal(const struct rsp_cookie_keys *keys,
		    const struct rsp_handle *handle, u64 now,
		    const struct rsp_octets *cookie, void *sealed);
enum rsp_cookie_fault rsp_cookie_open(const struct rsp_cookie_keys *keys,
				      const struct rsp_handle *handle, u64 now,
				      u32 window_ms, struct rsp_octets *cookie);

#endif /* _RSERPOOL_COOKIE_H */
