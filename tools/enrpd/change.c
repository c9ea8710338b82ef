// SPDX-License-Identifier: GPL-2.0
/*
 * What changes the handlespace, and who hears of it: this host's kernel, the
 * peers, and subscribers, after a while in which more may change.
 */
#include "registrar.h"

struct registrar *registrar_of(struct element *element)
{
	return container_of(element->pool->hs, struct registrar, hs);
}

static void mark_changed(struct registrar *registrar, struct pool *pool)
{
	if (list_empty(&pool->subscribers) || !list_empty(&pool->in_changed))
		return;
	list_add_tail(&pool->in_changed, &registrar->changed);
	if (!registrar->update.place)
		deadline_set(&registrar->deadlines, &registrar->update,
			     uv_now(registrar->loop) +
			     registrar->config.update_interval);
}

/**
 * change_put() - an element is there, or is otherwise than it was
 * @registrar: the registrar
 * @element: it
 */
void change_put(struct registrar *registrar, struct element *element)
{
	mark_changed(registrar, element->pool);
	feed_put(&registrar->feed, element);
	if (element->home->id == registrar->id)
		update_send(registrar, element, RSP_ENRP_ADD_PE);
}

/**
 * change_remove() - an element goes
 * @registrar: the registrar
 * @element: it
 */
void change_remove(struct registrar *registrar, struct element *element)
{
	struct pool *pool = element->pool;
	struct list *pos, *next;

	deadline_clear(&registrar->deadlines, &element->expiry);
	deadline_clear(&registrar->deadlines, &element->keep_alive);
	list_del(&element->in_client);
	change_account(element, NULL);
	feed_remove(&registrar->feed, element);
	if (element->home->id == registrar->id)
		update_send(registrar, element, RSP_ENRP_DEL_PE);
	if (pool->n > 1) {
		mark_changed(registrar, pool);
	} else {
		list_for_each_safe(pos, next, &pool->subscribers)
			subscription_end(container_of(pos, struct subscription,
						      in_pool));
	}
	element_remove(&registrar->hs, element);
}

/**
 * change_client() - an element is registered by a connection
 * @element: it
 * @client: the connection, NULL for none
 */
void change_client(struct element *element, struct client *client)
{
	list_del(&element->in_client);
	element->client = client;
	if (client)
		list_add_tail(&element->in_client, &client->elements);
}

/**
 * change_account() - an element belongs to an identity
 * @element: it
 * @account: the identity, NULL for none
 */
void change_account(struct element *element, struct account *account)
{
	if (element->account)
		element->account->n_elements--;
	element->account = account;
	if (account)
		account->n_elements++;
}
