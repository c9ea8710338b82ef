// SPDX-License-Identifier: GPL-2.0
/* What the authorization file says of an identity, once it has been read. */
#include <stdlib.h>
#include <string.h>

#include "authorization.h"

static void account_free(struct account *account)
{
	unsigned int i;

	for (i = 0; i < account->n_grants; i++) {
		free(account->grants[i].networks);
		free(account->grants[i].policies);
	}
	free(account->grants);
	free(account);
}

/**
 * authorization_free() - give back what authorization_load() took
 * @authorization: filled by it
 */
void authorization_free(struct authorization *authorization)
{
	struct list *pos, *next;

	list_for_each_safe(pos, next, &authorization->accounts) {
		list_del(pos);
		account_free(container_of(pos, struct account, in_all));
	}
}

/**
 * account_find() - find an identity
 * @authorization: the file
 * @name: what it calls itself
 *
 * Return: it, or NULL.
 */
struct account *account_find(const struct authorization *authorization,
			     const char *name)
{
	struct list *pos;

	list_for_each(pos, &authorization->accounts) {
		struct account *account = container_of(pos, struct account,
						       in_all);

		if (!strcmp(account->name, name))
			return account;
	}
	return NULL;
}

/**
 * account_grant() - what lets an identity register an element
 * @account: the identity
 * @handle: the pool
 * @len: octets of @handle
 * @id: PE identifier
 *
 * Return: it; NULL when it may not.
 */
const struct grant *account_grant(const struct account *account,
				  const uint8_t *handle, uint32_t len,
				  uint32_t id)
{
	unsigned int i;

	for (i = 0; i < account->n_grants; i++) {
		const struct grant *grant = &account->grants[i];

		if (id >= grant->id_min && id <= grant->id_max &&
		    pattern_fits(grant, handle, len))
			return grant;
	}
	return NULL;
}

/**
 * account_of_element() - find the identity that may register an element
 * @authorization: the file; who is found comes first in it
 * @handle: the pool
 * @len: octets of @handle
 * @id: PE identifier
 *
 * A peer tells of many elements of one identity, one after the other.
 *
 * Return: it, or NULL.
 */
struct account *account_of_element(struct authorization *authorization,
				   const uint8_t *handle, uint32_t len,
				   uint32_t id)
{
	struct list *pos;

	list_for_each(pos, &authorization->accounts) {
		struct account *account = container_of(pos, struct account,
						       in_all);

		if (!account_grant(account, handle, len, id))
			continue;
		list_del(pos);
		list_add_tail(pos, authorization->accounts.next);
		return account;
	}
	return NULL;
}

/**
 * grant_has_address() - whether elements may be at an address
 * @grant: a grant
 * @family: AF_INET or AF_INET6
 * @octets: the address
 *
 * Return: true when they may.
 */
bool grant_has_address(const struct grant *grant, uint16_t family,
		       const uint8_t *octets)
{
	unsigned int i, whole, rest;

	for (i = 0; i < grant->n_networks; i++) {
		const struct network *network = &grant->networks[i];

		if (network->family != family)
			continue;
		whole = network->bits / 8;
		rest = network->bits % 8;
		if (!memcmp(network->octets, octets, whole) &&
		    (!rest || !((network->octets[whole] ^ octets[whole]) >>
				(8 - rest))))
			return true;
	}
	return false;
}

/**
 * grant_has_policy() - whether elements may have a policy
 * @grant: a grant
 * @policy: its type
 *
 * Return: true when they may.
 */
bool grant_has_policy(const struct grant *grant, uint32_t policy)
{
	const uint32_t *each = grant->policies;

	if (!each)
		return true;
	while (*each && *each != policy)
		each++;
	return *each;
}

/**
 * account_may_update() - take one from what an identity may do a second
 * @account: the identity
 * @now_ms: the time
 *
 * Return: false when it has done as much as it may.
 */
bool account_may_update(struct account *account, uint64_t now_ms)
{
	uint64_t most = account->updates_burst * 1000ULL;

	account->tokens += (now_ms - account->tokens_at) *
			   account->updates_rate;
	account->tokens_at = now_ms;
	if (account->tokens > most)
		account->tokens = most;
	if (account->tokens < 1000)
		return false;
	account->tokens -= 1000;
	return true;
}
