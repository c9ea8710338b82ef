// SPDX-License-Identifier: GPL-2.0
/* Another authorization file applies to what is stored, and to who is there. */
#include "../lib/log.h"
#include "registrar.h"

static bool same_key(const struct account *a, const struct account *b)
{
	return a->has_key == b->has_key && tls_key_same(&a->key, &b->key);
}

/* What has another owner now has to be registered by that one. */
static void apply_to(struct registrar *registrar, struct element *element)
{
	const struct pool *pool = element->pool;
	struct rsp_octets handle = { pool->handle, pool->handle_len };
	const char *lacks = "this PE identifier in this pool";
	struct account *account;
	struct rsp_tlv_element view;
	char text[HANDLE_TEXT_MAX];

	if (element->local)
		return;
	element_view(element, &view);
	account = element->account ? element->account->successor : NULL;
	if (account)
		lacks = permission_lacks(account, &handle, &view, &view.asap);
	if (!lacks) {
		change_account(element, account);
		return;
	}
	format_handle(handle.data, handle.len, text);
	log_say(LOG_WARNING,
		"pool %s id 0x%x: removed: the authorization file does not give %s any more",
		text, element->id, lacks);
	change_remove(registrar, element);
}

static void apply_to_all(struct registrar *registrar,
			 const struct authorization *fresh)
{
	struct list *pos, *next_home;
	struct element *element, *next;
	u32 left;

	list_for_each(pos, &registrar->authorization.accounts) {
		struct account *account = container_of(pos, struct account,
						       in_all);

		account->successor = account_find(fresh, account->name);
	}
	list_for_each_safe(pos, next_home, &registrar->hs.homes) {
		struct home *home = container_of(pos, struct home, in_all);

		home_for_each_safe(element, next, left, home)
			apply_to(registrar, element);
	}
}

/* In the order in which they come in the file that they are of. */
static void move_accounts(struct list *from, struct list *to)
{
	struct list *pos, *next;

	list_init(to);
	list_for_each_safe(pos, next, from) {
		list_del(pos);
		list_add_tail(pos, to);
	}
}

/**
 * registrar_reload() - use another authorization file
 * @registrar: the registrar
 * @fresh: what was read; taken over
 *
 * Who has lost his key, or has another, has to come again with it; so has he of
 * whom it is not known yet by which key he comes.
 */
void registrar_reload(struct registrar *registrar, struct authorization *fresh)
{
	struct authorization old;
	struct list *pos, *next;

	list_for_each_safe(pos, next, &registrar->clients) {
		struct client *client = container_of(pos, struct client,
						     in_all);
		const char *name = channel_identity(client->channel);
		struct account *account = account_find(fresh, name);

		if (!client->open)
			channel_close(client->channel,
				      "the authorization file was read again");
		else if (client->account &&
			 (!account || !same_key(account, client->account)))
			channel_close(client->channel,
				      "its key is not good any more");
		else
			client_known(client, account);
	}
	if (registrar->config.secure)
		apply_to_all(registrar, fresh);
	move_accounts(&registrar->authorization.accounts, &old.accounts);
	move_accounts(&fresh->accounts, &registrar->authorization.accounts);
	authorization_free(&old);
	list_for_each(pos, &registrar->enrp.file.peers)
		audit_again(container_of(pos, struct peer, in_all));
}
