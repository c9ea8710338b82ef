/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_KEY_H
#define _RSERPOOL_KEY_H

#include <linux/key.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include "handlespace.h"

struct rsp_net;

#define RSP_KEY_LEN		32
#define RSP_KEYS_MAX		65536	/* of a scope */
/* rsp1-, 32 digits of the pool, -, 8 of the client, -, 8 of the element */
#define RSP_IDENTITY_LEN	(5 + 32 + 1 + 8 + 1 + 8)
#define RSP_IDENTITY_SIZE	(RSP_IDENTITY_LEN + 1)

/**
 * struct rsp_identity - for whom a key is
 * @client: number of the client, 0: any
 * @pe_id: PE identifier of the element, 0: any
 */
struct rsp_identity {
	u32 client;
	u32 pe_id;
};

/**
 * struct rsp_key - a key of a pool
 * @list: place in rsp_keys.list
 * @handle: of the pool
 * @identity: for whom it is
 * @added: jiffies_64 when it was
 * @key: it; holds a reference
 */
struct rsp_key {
	struct list_head list;
	struct rsp_handle handle;
	struct rsp_identity identity;
	u64 added;
	struct key *key;
};

/**
 * struct rsp_keys - the keys of a scope
 * @lock: all below; nothing but memory is waited for with it
 * @list: they, in the order of handles and identities
 * @n: how many
 * @seq: changes with each change, never 0
 */
struct rsp_keys {
	struct mutex lock; /* see above */
	struct list_head list;
	u32 n;
	u32 seq;
};

void rsp_keys_init(struct rsp_keys *keys);
void rsp_keys_exit(struct rsp_keys *keys);
int rsp_key_add(struct rsp_net *rn, const struct rsp_handle *handle,
		const struct rsp_identity *identity, const u8 *octets);
int rsp_key_del(struct rsp_net *rn, const struct rsp_handle *handle,
		const struct rsp_identity *identity);
key_serial_t rsp_key_offer(struct rsp_net *rn, const struct rsp_handle *handle,
			   u32 pe_id, u8 identify, char *text);
bool rsp_identity_tells(const struct rsp_identity *identity, u8 identify);
struct key *rsp_key_shown(struct rsp_net *rn, key_serial_t serial,
			  const struct rsp_handle *handle, u32 pe_id,
			  struct rsp_identity *identity);	/* Ref */

int rsp_keys_register(void);
void rsp_keys_unregister(void);

#endif /* _RSERPOOL_KEY_H */
