// SPDX-License-Identifier: GPL-2.0
/*
 * Registration and deregistration (RFC 5352, 3.1 and 3.2). All is checked
 * before anything is stored: who it is, what he may (RFC 5355, 2.1 to 2.4 and
 * 2.6), and what the pool is.
 */
#include <errno.h>

#include "../lib/log.h"
#include "registrar.h"

static u16 cause_of(int err)
{
	switch (err) {
	case -EACCES:
		return RSP_CAUSE_SECURITY;
	case -EADDRINUSE:
		return RSP_CAUSE_PE_ID_IN_USE;
	case -EPROTOTYPE:
		return RSP_CAUSE_INCONSISTENT_POLICY;
	case -EPROTONOSUPPORT:
		return RSP_CAUSE_INCONSISTENT_TRANSPORT;
	case -EOPNOTSUPP:
		return RSP_CAUSE_INCONSISTENT_USE;
	case -EINVAL:
	case -EMSGSIZE:
		return RSP_CAUSE_INVALID_VALUES;
	default:
		return RSP_CAUSE_LACK_OF_RESOURCES;
	}
}

/* What the pool has: RFC 5354, 3.12.6 and 3.12.8. */
static void put_of_pool(struct rsp_tlv_writer *w, u16 cause,
			const struct pool *pool)
{
	struct rsp_tlv_policy policy = { .type = pool->policy };
	struct rsp_tlv_transport transport;
	struct rsp_tlv_element element;

	if (cause == RSP_CAUSE_INCONSISTENT_POLICY) {
		rsp_tlv_put_policy(w, &policy);
		return;
	}
	element_view(container_of(pool->elements.next, struct element,
				  in_pool), &element);
	if (rsp_tlv_next_transport(&element.user, &transport))
		transport_write(w, &transport);
}

static void put_cause(struct rsp_tlv_writer *w, u16 cause, u32 id,
		      const struct pool *pool)
{
	u32 error = rsp_tlv_begin(w, RSP_TLV_ERROR);
	u32 begin = rsp_tlv_begin(w, cause);

	if (cause == RSP_CAUSE_INVALID_VALUES)
		rsp_tlv_put_u32(w, RSP_TLV_PE_ID, id);
	else if (cause == RSP_CAUSE_INCONSISTENT_POLICY ||
		 cause == RSP_CAUSE_INCONSISTENT_TRANSPORT)
		put_of_pool(w, cause, pool);
	rsp_tlv_end(w, begin);
	rsp_tlv_end(w, error);
}

static const char *words_of(const struct client *client, int err)
{
	switch (err) {
	case -EACCES:
		return client->plain ? "it does not come over TLS" :
		       client->account ? "it has no place in the authorization file" :
		       "it has not shown who it is";
	case -EAGAIN:
		return "it has done as many updates as its identity may";
	case -ENOSPC:
		return "there are as many elements as there may be";
	default:
		return strerror(-err);
	}
}

/* @err: 0, or why not. The client may be gone afterwards. */
static void respond(struct client *client, u8 type,
		    const struct rsp_asap_message *msg,
		    const struct rsp_tlv_element *element, int err)
{
	struct registrar *registrar = client->registrar;
	u32 id = element ? element->id : msg->pe_id, begin;
	u8 flags = err && element ? RSP_ASAP_FLAG_REJECT : 0;
	char handle[HANDLE_TEXT_MAX];
	struct rsp_tlv_writer w;

	rsp_tlv_writer_init(&w, registrar->answer, sizeof(registrar->answer));
	begin = rsp_asap_begin(&w, type, flags);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, msg->handle.data, msg->handle.len);
	rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, id);
	if (err) {
		format_handle(msg->handle.data, msg->handle.len, handle);
		log_say((err == -EACCES ? LOG_WARNING : LOG_INFO) | LOG_SET_OFF,
			"%s (%s): %sregistration of pool %s id 0x%x refused, cause 0x%x: %s",
			channel_name(client->channel),
			client->account ? client->account->name : "nobody",
			element ? "" : "de", handle, id, cause_of(err),
			words_of(client, err));
		registrar->counters.rejected[cause_of(err)]++;
		put_cause(&w, cause_of(err), id,
			  pool_find(&registrar->hs, msg->handle.data,
				    msg->handle.len));
	}
	client_send(client, registrar->answer, rsp_asap_end(&w, begin));
}

/* Who it is, and how often he may. */
static int check_client(struct client *client)
{
	struct registrar *registrar = client->registrar;

	if (!registrar->config.secure)
		return 0;
	if (client->plain || !client->account)
		return -EACCES;
	return account_may_update(client->account, uv_now(registrar->loop)) ?
	       0 : -EAGAIN;
}

static int check(struct client *client, const struct rsp_asap_message *msg,
		 const struct element_data *data, const struct element *there)
{
	const struct rsp_tlv_element *element = data->element;
	int err = check_client(client);

	if (err)
		return err;
	if (!element->id || !element->life)
		return -EINVAL;
	if (!client->registrar->config.secure)
		return 0;
	if (permission_lacks(client->account, &msg->handle, element,
			     data->asap))
		return -EACCES;
	if (there && (there->local || (there->account &&
				       there->account != client->account)))
		return -EADDRINUSE;
	if (!(there && there->account) &&
	    client->account->n_elements >= client->account->elements_max)
		return -ENOSPC;
	return 0;
}

/* RFC 5352, 3.1, rule 4: where the registration came from. */
static void asap_transport(const struct client *client, u8 buf[20],
			   struct rsp_tlv_transport *transport)
{
	const struct sockaddr *peer = channel_peer(client->channel);
	const struct sockaddr_in6 *v6 = (const void *)peer;
	const struct sockaddr_in *v4 = (const void *)peer;
	struct rsp_tlv_address address = {
		.octets = { (const u8 *)&v4->sin_addr, 4 },
	};
	struct rsp_tlv_writer w;

	if (peer->sa_family == AF_INET6)
		address.octets = (struct rsp_octets){
			(const u8 *)&v6->sin6_addr, 16
		};
	rsp_tlv_writer_init(&w, buf, 20);
	rsp_tlv_put_address(&w, &address);
	memset(transport, 0, sizeof(*transport));
	transport->type = RSP_TLV_TCP_TRANSPORT;
	transport->port = ntohs(peer->sa_family == AF_INET6 ? v6->sin6_port :
							      v4->sin_port);
	transport->addresses.pos = buf;
	transport->addresses.end = buf + w.len;
}

/**
 * registration_put() - store an element that this registrar owns
 * @registrar: the registrar
 * @client: the connection that registered it; NULL: a socket of this host
 * @handle: its pool
 * @data: all that is said of it; it has been checked
 *
 * Return: 0, or as element_put().
 */
int registration_put(struct registrar *registrar, struct client *client,
		     const struct rsp_octets *handle,
		     const struct element_data *data)
{
	struct element *element;
	s32 life = data->element->life;
	int ret;

	if (deadlines_reserve(&registrar->deadlines,
			      registrar_deadlines(registrar)))
		return -ENOMEM;
	ret = element_put(&registrar->hs, handle, data, &element);
	if (ret < 0)
		return ret;
	if (ret)
		registrar->counters.registrations++;
	else
		registrar->counters.reregistrations++;
	element->expiry.fire = registration_expired;
	element->expiring = false;
	if (life == RSP_LIFE_INFINITE)
		deadline_clear(&registrar->deadlines, &element->expiry);
	else
		deadline_set(&registrar->deadlines, &element->expiry,
			     uv_now(registrar->loop) + 1000ULL * life);
	element->local = !client;
	element->stale = false;
	element->former = 0;
	change_client(element, client);
	change_account(element, client ? client->account : NULL);
	keep_alive_begin(registrar, element);
	change_put(registrar, element);
	return 0;
}

/**
 * registration_take() - answer an ASAP_REGISTRATION
 * @client: from whom; it may be gone afterwards
 * @msg: the message
 */
void registration_take(struct client *client,
		       const struct rsp_asap_message *msg)
{
	struct registrar *registrar = client->registrar;
	struct rsp_tlv_list list = msg->params;
	struct rsp_tlv_transport asap;
	struct rsp_tlv_element element;
	struct element_data data = {
		.element = &element, .home = registrar->id, .asap = &asap,
	};
	struct pool *pool;
	u8 buf[20];
	int err;

	rsp_tlv_next_element(&list, &element);
	asap_transport(client, buf, &asap);
	pool = pool_find(&registrar->hs, msg->handle.data, msg->handle.len);
	err = check(client, msg, &data,
		    pool ? element_find(&registrar->hs, pool, element.id) :
			   NULL);
	if (!err)
		err = registration_put(registrar, client, &msg->handle, &data);
	respond(client, RSP_ASAP_REGISTRATION_RESPONSE, msg, &element, err);
}

/* What another registrar owns has to be ours first: peers would not hear us. */
static int remove_here(struct registrar *registrar, struct element *element)
{
	int err = element_move(&registrar->hs, element, registrar->id);

	if (err)
		return err;
	change_put(registrar, element);
	registrar->counters.deregistrations++;
	change_remove(registrar, element);
	return 0;
}

/**
 * deregistration_take() - answer an ASAP_DEREGISTRATION
 * @client: from whom; it may be gone afterwards
 * @msg: the message
 */
void deregistration_take(struct client *client,
			 const struct rsp_asap_message *msg)
{
	struct registrar *registrar = client->registrar;
	struct element *element = element_of(registrar, msg);
	int err = check_client(client);

	if (!err && registrar->config.secure &&
	    (element ? element->account != client->account :
		       !account_grant(client->account, msg->handle.data,
				      msg->handle.len, msg->pe_id)))
		err = -EACCES;
	if (!err && element)
		err = remove_here(registrar, element);
	respond(client, RSP_ASAP_DEREGISTRATION_RESPONSE, msg, NULL, err);
}

/**
 * registration_expired() - a registration was not renewed (RFC 5352, 3.2)
 * @deadline: of its element
 *
 * Who registered it is told by a response that it did not ask for.
 */
void registration_expired(struct deadline *deadline)
{
	struct element *element = container_of(deadline, struct element,
					       expiry);
	struct registrar *registrar = registrar_of(element);
	struct client *client = element->client;
	char handle[HANDLE_TEXT_MAX];
	struct rsp_tlv_writer w;
	u32 begin;

	if (!overdue(registrar, deadline, &element->expiring))
		return;
	format_handle(element->pool->handle, element->pool->handle_len, handle);
	log_say(LOG_INFO, "pool %s id 0x%x: its registration has ended",
		handle, element->id);
	registrar->counters.expired++;
	rsp_tlv_writer_init(&w, registrar->answer, sizeof(registrar->answer));
	begin = rsp_asap_begin(&w, RSP_ASAP_DEREGISTRATION_RESPONSE, 0);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, element->pool->handle,
		    element->pool->handle_len);
	rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, element->id);
	if (client)
		client_send(client, registrar->answer,
			    rsp_asap_end(&w, begin));
	change_remove(registrar, element);
}
