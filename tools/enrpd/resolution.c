// SPDX-License-Identifier: GPL-2.0
/*
 * Handle resolution (RFC 5352, 3.3), and the updates that its S flag asks for
 * (2.2.5). An answer has as many elements, in the policy's order, as fit in a
 * message.
 */
#include <errno.h>
#include <linux/rserpool_netlink.h>
#include <stdlib.h>

#include "registrar.h"

static int answer_none(struct registrar *registrar, const void *handle,
		       u32 len, u16 cause)
{
	struct rsp_tlv_writer w;
	u32 begin, error;

	rsp_tlv_writer_init(&w, registrar->answer, sizeof(registrar->answer));
	begin = rsp_asap_begin(&w, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, 0);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, handle, len);
	error = rsp_tlv_begin(&w, RSP_TLV_ERROR);
	rsp_tlv_put(&w, cause, NULL, 0);
	rsp_tlv_end(&w, error);
	return rsp_asap_end(&w, begin);
}

/* Builds an answer of at most @most elements, and counts them as used. */
static int answer_pool(struct registrar *registrar, struct pool *pool, u8 flags,
		       u32 most)
{
	struct selection *selection = &registrar->selection;
	struct rsp_tlv_policy policy = { .type = pool->policy };
	struct rsp_tlv_writer w;
	u32 begin, n;

	if (select_order(selection, pool))
		return answer_none(registrar, pool->handle, pool->handle_len,
				   RSP_CAUSE_LACK_OF_RESOURCES);
	rsp_tlv_writer_init(&w, registrar->answer, RSP_ASAP_LENGTH_MAX);
	begin = rsp_asap_begin(&w, RSP_ASAP_HANDLE_RESOLUTION_RESPONSE, flags);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, pool->handle, pool->handle_len);
	if (pool->policy != RSERPOOL_POLICY_RR)
		rsp_tlv_put_policy(&w, &policy);
	for (n = 0; n < selection->n && n < most; n++) {
		if (ALIGN(w.len, 4) + element_size(selection->elements[n]) >
		    RSP_ASAP_LENGTH_MAX - 3)
			break;
		element_write(&w, selection->elements[n]);
	}
	select_used(selection, pool, n);
	return rsp_asap_end(&w, begin);
}

static struct subscription *find(const struct client *client,
				 const struct pool *pool)
{
	struct list *pos;

	list_for_each(pos, &client->subscriptions) {
		struct subscription *subscription;

		subscription = container_of(pos, struct subscription,
					    in_client);
		if (subscription->pool == pool)
			return subscription;
	}
	return NULL;
}

/* Returns false when it has as many as it may. */
static bool subscribe(struct client *client, struct pool *pool)
{
	const struct config *config = &client->registrar->config;
	struct subscription *subscription = find(client, pool);

	if (subscription)
		return true;
	if (client->n_subscriptions >= config->subscriptions_max)
		return false;
	subscription = malloc(sizeof(*subscription));
	if (!subscription)
		return false;
	subscription->pool = pool;
	subscription->client = client;
	list_add_tail(&subscription->in_pool, &pool->subscribers);
	list_add_tail(&subscription->in_client, &client->subscriptions);
	client->n_subscriptions++;
	return true;
}

static void forget(struct subscription *subscription)
{
	list_del(&subscription->in_pool);
	list_del(&subscription->in_client);
	subscription->client->n_subscriptions--;
	free(subscription);
}

/**
 * subscription_end() - the pool goes, or the client
 * @subscription: it; the client is told if it is open, and may be gone then
 */
void subscription_end(struct subscription *subscription)
{
	struct client *client = subscription->client;
	struct pool *pool = subscription->pool;
	struct registrar *registrar = client->registrar;
	bool pool_goes = client->channel;

	forget(subscription);
	if (!pool_goes)
		return;
	registrar->counters.updates++;
	client_send(client, registrar->answer,
		    answer_none(registrar, pool->handle, pool->handle_len,
				RSP_CAUSE_UNKNOWN_HANDLE));
}

/**
 * resolution_take() - answer an ASAP_HANDLE_RESOLUTION
 * @client: from whom; it may be gone afterwards
 * @msg: the message
 */
void resolution_take(struct client *client,
		     const struct rsp_asap_message *msg)
{
	struct registrar *registrar = client->registrar;
	u32 most = registrar->config.answer_elements;
	struct pool *pool;
	u8 flags = 0;
	int len;

	pool = pool_find(&registrar->hs, msg->handle.data, msg->handle.len);
	if (client->plain && !registrar->config.plain_resolution) {
		/* RFC 5355, 2.15; RFC 5352, 9.3 */
		registrar->counters.rejected[RSP_CAUSE_SECURITY]++;
		len = answer_none(registrar, msg->handle.data, msg->handle.len,
				  RSP_CAUSE_SECURITY);
	} else if (!pool) {
		registrar->counters.unknown_handles++;
		len = answer_none(registrar, msg->handle.data, msg->handle.len,
				  RSP_CAUSE_UNKNOWN_HANDLE);
	} else {
		registrar->counters.resolutions++;
		if (msg->has_items && msg->items && msg->items < most)
			most = msg->items;
		if (msg->flags & RSP_ASAP_FLAG_SUBSCRIBE &&
		    subscribe(client, pool))
			flags = RSP_ASAP_FLAG_ACCEPTED;
		len = answer_pool(registrar, pool, flags, most);
	}
	client_send(client, registrar->answer, len);
}

static void update_pool(struct registrar *registrar, struct pool *pool)
{
	struct list *pos, *next;
	int len;

	list_for_each_safe(pos, next, &pool->subscribers) {
		struct subscription *subscription;

		subscription = container_of(pos, struct subscription, in_pool);
		len = answer_pool(registrar, pool, RSP_ASAP_FLAG_ACCEPTED,
				  registrar->config.answer_elements);
		registrar->counters.updates++;
		client_send(subscription->client, registrar->answer, len);
	}
}

/**
 * resolution_update() - tell subscribers of the pools that have changed
 * @deadline: of struct registrar
 */
void resolution_update(struct deadline *deadline)
{
	struct registrar *registrar = container_of(deadline, struct registrar,
						   update);
	struct pool *pool;

	while (!list_empty(&registrar->changed)) {
		pool = container_of(registrar->changed.next, struct pool,
				    in_changed);
		list_del(&pool->in_changed);
		update_pool(registrar, pool);
	}
}
