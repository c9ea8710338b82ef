// SPDX-License-Identifier: GPL-2.0
/* Another authorization file applies to what is stored, and to who is there. */
#include "../lib/log.h"
#include "registrar.h"

static bool same_key(const struct account *a, const struct account *b)
{
	return a->has_key == b->has_key && a->key.len == b->key.len &&
	       !memcmp(a->key.octets, b->key.octets, a->key.len);
}

/* Where it may be is not looked at again: its connection has said that. */
static bool may_stay(const struct element *element,
		     const struct account *account)
{
	const struct pool *pool = element->pool;
	const struct grant *grant;

	if (!account)
		return false;
	grant = account_grant(account, pool->handle, pool->handle_len,
			      element->id);
	return grant && grant_has_policy(grant, pool->policy);
}

static void apply_to(struct registrar *registrar, struct element *element,
		     const struct authorization *fresh)
{
	struct account *account;
	char handle[HANDLE_TEXT_MAX];

	if (!element->account)
		return;
	account = account_find(fresh, element->account->name);
	if (may_stay(element, account)) {
		change_account(element, account);
		return;
	}
	format_handle(element->pool->handle, element->pool->handle_len, handle);
	log_say(LOG_WARNING,
		"pool %s id 0x%x: removed: the authorization file has no place for it any more",
		handle, element->id);
	change_remove(registrar, element);
}

/**
 * registrar_reload() - use another authorization file
 * @registrar: the registrar
 * @fresh: what was read; taken over
 *
 * Who has lost his key, or has another, has to come again with it.
 */
void registrar_reload(struct registrar *registrar, struct authorization *fresh)
{
	struct list *pos, *next, *home, *next_home;
	struct authorization old;

	list_for_each_safe(pos, next, &registrar->clients) {
		struct client *client = container_of(pos, struct client,
						     in_all);
		const char *name = channel_identity(client->channel);
		struct account *account = account_find(fresh, name);

		if (client->account &&
		    (!account || !same_key(account, client->account)))
			channel_close(client->channel,
				      "its key is not good any more");
		else
			client->account = account;
	}
	list_for_each_safe(home, next_home, &registrar->hs.homes) {
		struct home *each = container_of(home, struct home, in_all);
		u32 left = each->n;

		/* The last one to go takes its home along. */
		list_for_each_safe(pos, next, &each->elements) {
			apply_to(registrar, container_of(pos, struct element,
							 in_home), fresh);
			if (!--left)
				break;
		}
	}
	list_init(&old.accounts);
	while (!list_empty(&registrar->authorization.accounts)) {
		pos = registrar->authorization.accounts.next;
		list_del(pos);
		list_add_tail(pos, &old.accounts);
	}
	while (!list_empty(&fresh->accounts)) {
		pos = fresh->accounts.next;
		list_del(pos);
		list_add_tail(pos, &registrar->authorization.accounts);
	}
	authorization_free(&old);
}
