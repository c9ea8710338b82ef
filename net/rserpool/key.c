// SPDX-License-Identifier: GPL-2.0
/*
 * The pre-shared keys of a scope's pools.
 *
 * They are keys of the kernel's, of type "psk", in the keyring .rserpool, which
 * the agent has linked: it finds a key by its description, the identity that
 * goes over the wire. That type comes with the module nvme-keyring; it looks
 * for a description by the beginning, so those here have one length. And it
 * looks in the keyring alone, whatever the namespace: so the scope's name is in
 * the description. Two scopes of one name on one host, which tests have, find
 * each other's keys; so who has shown a key is told by its description, not by
 * its serial.
 *
 * A key of 32 octets has the agent offer no exchange of keys but those with a
 * Diffie-Hellman share, so others are refused.
 */

#include <crypto/utils.h>
#include <crypto/sha2.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/hex.h>
#include <linux/jiffies.h>
#include <linux/key-type.h>
#include <linux/kmod.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <keys/user-type.h>

#include "key.h"
#include "net_ns.h"

#define KEY_TYPE	"psk"

/* Nobody but the module writes there; the agent, which is root, may link it. */
#define KEYRING_PERM	((KEY_POS_ALL & ~KEY_POS_SETATTR) | KEY_USR_VIEW | \
			 KEY_USR_READ | KEY_USR_SEARCH | KEY_USR_LINK)
#define KEY_PERM	(KEY_POS_VIEW | KEY_POS_READ | KEY_POS_SEARCH | \
			 KEY_POS_LINK | KEY_USR_VIEW)

static struct key *keyring;

static void identity_text(const struct rsp_net *rn,
			  const struct rsp_handle *handle,
			  const struct rsp_identity *identity, char *text)
{
	u8 octets[RSP_SCOPE_NAME_MAX + 1 + RSP_HANDLE_MAX];
	u8 digest[SHA256_DIGEST_SIZE];
	size_t len = strlen(rn->name);

	memcpy(octets, rn->name, len);
	octets[len++] = 0;
	memcpy(octets + len, handle->octets, handle->len);
	sha256(octets, len + handle->len, digest);
	snprintf(text, RSP_IDENTITY_SIZE, "rsp1-%16phN-%08x-%08x", digest,
		 identity->client, identity->pe_id);
}

static int order_u32(u32 a, u32 b)
{
	return (a > b) - (a < b);
}

static int compare(const struct rsp_key *key, const struct rsp_handle *handle,
		   const struct rsp_identity *identity)
{
	int order = memcmp(key->handle.octets, handle->octets,
			   min(key->handle.len, handle->len));

	if (!order)
		order = key->handle.len - handle->len;
	if (!order)
		order = order_u32(key->identity.client, identity->client);
	return order ?: order_u32(key->identity.pe_id, identity->pe_id);
}

/* @after: gets the place behind which it belongs. */
static struct rsp_key *find(const struct rsp_keys *keys,
			    const struct rsp_handle *handle,
			    const struct rsp_identity *identity,
			    struct list_head **after)
{
	struct rsp_key *key;
	int order;

	list_for_each_entry(key, &keys->list, list) {
		order = compare(key, handle, identity);
		if (!order)
			return key;
		if (order > 0)
			break;
	}
	if (after)
		*after = key->list.prev;
	return NULL;
}

static void changed(struct rsp_keys *keys)
{
	if (!++keys->seq)
		keys->seq++;
}

/* Does a key have these octets? One that was revoked has none. */
static bool has_octets(struct key *key, const u8 *octets)
{
	const struct user_key_payload *payload;
	bool same;

	down_read(&key->sem);
	payload = user_key_payload_locked(key);
	same = payload && !test_bit(KEY_FLAG_REVOKED, &key->flags) &&
	       payload->datalen == RSP_KEY_LEN &&
	       !crypto_memneq(payload->data, octets, RSP_KEY_LEN);
	up_read(&key->sem);
	return same;
}

/* @key is not this scope's alone, so it may be revoked meanwhile. */
static bool same_octets(struct key *key, struct key *own)
{
	u8 octets[RSP_KEY_LEN];
	bool same;

	if (key == own)
		return true;
	down_read(&own->sem);
	memcpy(octets, user_key_payload_locked(own)->data, RSP_KEY_LEN);
	up_read(&own->sem);
	same = has_octets(key, octets);
	memzero_explicit(octets, sizeof(octets));
	return same;
}

/* The agent may not use it any more. */
static void revoke(struct key *key)
{
	key_revoke(key);
	key_put(key);
}

/*
 * Nor does it find it. Not for a key that another one replaced: that would be
 * unlinked, for it has the same description.
 */
static void withdraw(struct key *key)
{
	key_unlink(keyring, key);
	revoke(key);
}

static struct key *make(const char *text, const u8 *octets)
{
	const unsigned long flags = KEY_ALLOC_NOT_IN_QUOTA |
				    KEY_ALLOC_BUILT_IN |
				    KEY_ALLOC_BYPASS_RESTRICTION;
	key_ref_t made;
	int tries = 2;

	do {
		made = key_create_or_update(make_key_ref(keyring, true),
					    KEY_TYPE, text, octets, RSP_KEY_LEN,
					    KEY_PERM, flags);
	} while (PTR_ERR_OR_ZERO(made) == -ENODEV && --tries &&
		 !request_module("nvme-keyring"));
	if (PTR_ERR_OR_ZERO(made) == -ENODEV)
		return ERR_PTR(-EOPNOTSUPP);
	return IS_ERR(made) ? ERR_CAST(made) : key_ref_to_ptr(made);
}

/**
 * rsp_key_add() - add a key of a pool, or replace it
 * @rn: the scope
 * @handle: of the pool, which need not be there
 * @identity: for whom it is
 * @octets: RSP_KEY_LEN of them
 *
 * One that is there, with the same octets, stays as it is.
 *
 * Context: process; the handlespace's writer lock, which keeps the scope's name.
 * Return: 0; 1: it has replaced one; -ENOMEM; -ENOSPC: the scope holds as many as it
 * may; -EOPNOTSUPP: this kernel has no keys of this type.
 */
int rsp_key_add(struct rsp_net *rn, const struct rsp_handle *handle,
		const struct rsp_identity *identity, const u8 *octets)
{
	struct rsp_keys *keys = &rn->keys;
	char text[RSP_IDENTITY_SIZE];
	struct list_head *after;
	struct key *made, *old;
	struct rsp_key *key;
	bool same, room;

	mutex_lock(&keys->lock);
	key = find(keys, handle, identity, NULL);
	same = key && has_octets(key->key, octets);
	room = key || keys->n < RSP_KEYS_MAX;
	mutex_unlock(&keys->lock);
	if (same)
		return 0;
	if (!room)
		return -ENOSPC;
	identity_text(rn, handle, identity, text);
	made = make(text, octets);
	if (IS_ERR(made))
		return PTR_ERR(made);
	mutex_lock(&keys->lock);
	key = find(keys, handle, identity, &after);
	if (!key) {
		key = kzalloc_obj(*key, GFP_KERNEL_ACCOUNT);
		if (!key) {
			mutex_unlock(&keys->lock);
			withdraw(made);
			return -ENOMEM;
		}
		key->handle = *handle;
		key->identity = *identity;
		list_add(&key->list, after);
		keys->n++;
	}
	old = key->key;
	key->key = made;
	key->added = get_jiffies_64();
	changed(keys);
	mutex_unlock(&keys->lock);
	if (!old)
		return 0;
	revoke(old);
	return 1;
}

/**
 * rsp_key_del() - revoke a key of a pool
 * @rn: the scope
 * @handle: of the pool
 * @identity: for whom it is
 *
 * Context: process.
 * Return: 0; -ENOENT: there is none.
 */
int rsp_key_del(struct rsp_net *rn, const struct rsp_handle *handle,
		const struct rsp_identity *identity)
{
	struct rsp_keys *keys = &rn->keys;
	struct rsp_key *key;

	mutex_lock(&keys->lock);
	key = find(keys, handle, identity, NULL);
	if (key) {
		list_del(&key->list);
		keys->n--;
		changed(keys);
	}
	mutex_unlock(&keys->lock);
	if (!key)
		return -ENOENT;
	withdraw(key->key);
	kfree(key);
	return 0;
}

/**
 * rsp_identity_tells() - is a key for one client, or one element, alone?
 * @identity: for whom it is
 * @identify: set of enum rsp_identify: what is asked for
 *
 * Context: any. Return: true when it is, for all that is asked for.
 */
bool rsp_identity_tells(const struct rsp_identity *identity, u8 identify)
{
	return (identity->client || !(identify & RSP_IDENTIFY_CLIENT)) &&
	       (identity->pe_id || !(identify & RSP_IDENTIFY_PE));
}

/**
 * rsp_key_offer() - the key that a client shows an element
 * @rn: the scope
 * @handle: of the pool
 * @pe_id: of the element
 * @identify: set of enum rsp_identify: for whom it must be
 * @text: RSP_IDENTITY_SIZE octets, for the identity
 *
 * The most specific that there is: for this client and this element, for this
 * client, for this element, the pool's.
 *
 * Context: process.
 * Return: its serial; 0: there is none.
 */
key_serial_t rsp_key_offer(struct rsp_net *rn, const struct rsp_handle *handle,
			   u32 pe_id, u8 identify, char *text)
{
	u32 client = READ_ONCE(rn->client);
	const struct rsp_identity tried[] = {
		{ client, pe_id }, { client, 0 }, { 0, pe_id }, { 0, 0 },
	};
	struct rsp_keys *keys = &rn->keys;
	key_serial_t serial = 0;
	struct rsp_key *key;
	int i;

	mutex_lock(&keys->lock);
	for (i = 0; i < ARRAY_SIZE(tried) && !serial; i++) {
		if (!rsp_identity_tells(&tried[i], identify))
			continue;
		key = find(keys, handle, &tried[i], NULL);
		if (!key)
			continue;
		serial = key_serial(key->key);
		identity_text(rn, handle, &tried[i], text);
	}
	mutex_unlock(&keys->lock);
	return serial;
}

/* What a description says; whether it is true, the caller compares. */
static bool identity_parse(const char *text, struct rsp_identity *identity)
{
	__be32 client, pe_id;

	if (strlen(text) != RSP_IDENTITY_LEN ||
	    hex2bin((u8 *)&client, text + RSP_IDENTITY_LEN - 17, 4) ||
	    hex2bin((u8 *)&pe_id, text + RSP_IDENTITY_LEN - 8, 4))
		return false;
	identity->client = be32_to_cpu(client);
	identity->pe_id = be32_to_cpu(pe_id);
	return true;
}

/**
 * rsp_key_shown() - is the key that a peer has shown one of a pool?
 * @rn: the scope
 * @serial: of the key, as the agent gave it
 * @handle: of the pool that is meant
 * @pe_id: of the element that is meant
 * @identity: becomes for whom the key is
 *
 * What was shown may be of another scope of this name on this host; it is as good
 * as this scope's own if it has the same octets.
 *
 * Context: process.
 * Return: the scope's own, for key_put(), when it is, and for this element, and
 * not revoked; else NULL.
 */
struct key *rsp_key_shown(struct rsp_net *rn, key_serial_t serial,
			  const struct rsp_handle *handle, u32 pe_id,
			  struct rsp_identity *identity)
{
	struct rsp_keys *keys = &rn->keys;
	char text[RSP_IDENTITY_SIZE];
	struct key *key, *own = NULL;
	struct rsp_key *found;

	if (!serial)
		return NULL;
	key = key_lookup(serial);
	if (IS_ERR(key))
		return NULL;
	mutex_lock(&keys->lock);
	if (!strcmp(key->type->name, KEY_TYPE) &&
	    identity_parse(key->description, identity) &&
	    (!identity->pe_id || identity->pe_id == pe_id)) {
		identity_text(rn, handle, identity, text);
		found = find(keys, handle, identity, NULL);
		if (found && !strcmp(key->description, text) &&
		    same_octets(key, found->key))
			own = key_get(found->key);
	}
	mutex_unlock(&keys->lock);
	key_put(key);
	return own;
}

/**
 * rsp_keys_init() - set up a scope that has no keys
 * @keys: its keys
 *
 * Context: any.
 */
void rsp_keys_init(struct rsp_keys *keys)
{
	mutex_init(&keys->lock);
	INIT_LIST_HEAD(&keys->list);
	keys->seq = 1;
}

/**
 * rsp_keys_exit() - revoke all keys of a scope
 * @keys: they
 *
 * Context: process.
 */
void rsp_keys_exit(struct rsp_keys *keys)
{
	struct rsp_key *key, *next;

	list_for_each_entry_safe(key, next, &keys->list, list) {
		withdraw(key->key);
		kfree(key);
	}
}

int __init rsp_keys_register(void)
{
	keyring = keyring_alloc(".rserpool", GLOBAL_ROOT_UID, GLOBAL_ROOT_GID,
				current_cred(), KEYRING_PERM,
				KEY_ALLOC_NOT_IN_QUOTA, NULL, NULL);
	return PTR_ERR_OR_ZERO(keyring);
}

void rsp_keys_unregister(void)
{
	key_revoke(keyring);
	key_put(keyring);
}
