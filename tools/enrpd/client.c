// SPDX-License-Identifier: GPL-2.0
/* Connections of elements and users: what they send, and their end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "registrar.h"

#define CROWD	64	/* strangers that are looked at for one who makes room */

/**
 * client_send() - send a message, or end a client that does not read
 * @client: to whom; it may be gone afterwards
 * @data: the message
 * @len: what rsp_asap_end() gave
 */
void client_send(struct client *client, const void *data, int len)
{
	int err;

	if (len <= 0)
		return;
	err = channel_send(client->channel, data, (u32)len);
	if (!err || err == -ENOTCONN)
		return;
	client->registrar->counters.not_read++;
	channel_close(client->channel, err == -ENOBUFS ?
		      "it does not read what it is sent" : "no memory");
}

/**
 * client_known() - the authorization file says who it is
 * @client: a connection that is open
 * @account: who; NULL when it says nothing
 */
void client_known(struct client *client, struct account *account)
{
	client->account = account;
	if (account)
		list_del(&client->in_strangers);
}

static void on_open(struct channel *channel)
{
	struct client *client = channel_data(channel);
	const char *identity = channel_identity(channel);

	client->open = true;
	if (!*identity)
		return;
	client_known(client, account_find(&client->registrar->authorization,
					  identity));
	log_say(LOG_DEBUG, "%s: is %s%s", channel_name(channel), identity,
		client->account ? "" : ", of whom the file says nothing");
}

/* The client may be gone afterwards. */
static void take(struct client *client, const struct rsp_asap_message *msg)
{
	switch (msg->type) {
	case RSP_ASAP_REGISTRATION:
		registration_take(client, msg);
		break;
	case RSP_ASAP_DEREGISTRATION:
		deregistration_take(client, msg);
		break;
	case RSP_ASAP_HANDLE_RESOLUTION:
		resolution_take(client, msg);
		break;
	case RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK:
		keep_alive_ack_take(client, msg);
		break;
	case RSP_ASAP_ENDPOINT_UNREACHABLE:
		unreachable_take(client, msg);
		break;
	default:
		client->registrar->counters.unexpected++;
		log_say(LOG_INFO, "%s: message 0x%x is not for a registrar",
			channel_name(client->channel), msg->type);
		break;
	}
}

static void on_message(struct channel *channel, const uint8_t *data,
		       uint32_t len)
{
	struct client *client = channel_data(channel);
	struct registrar *registrar = client->registrar;
	struct rsp_asap_message msg;
	struct rsp_tlv_writer w;
	struct rsp_tlv_input in;
	int err;

	err = rsp_asap_parse(&in, data, len, &msg);
	if (in.n_reports) {
		rsp_tlv_writer_init(&w, registrar->answer,
				    sizeof(registrar->answer));
		if (channel_send(channel, registrar->answer,
				 (u32)rsp_asap_put_reports(&w, &in)))
			registrar->counters.not_read++;
	}
	if (!err) {
		take(client, &msg);
		return;
	}
	registrar->counters.malformed++;
	log_say(LOG_INFO, "%s: message discarded: octet %u: %s",
		channel_name(channel), in.error.offset, in.error.what);
}

static void on_closed(struct channel *channel, const char *why)
{
	struct client *client = channel_data(channel);
	struct registrar *registrar = client->registrar;
	struct list *pos, *next;

	log_say(why ? LOG_INFO : LOG_DEBUG, "%s: %s%s%s", channel_name(channel),
		client->open ? "has ended" : "turned away", why ? ": " : "",
		why ? why : "");
	client->channel = NULL;
	list_for_each_safe(pos, next, &client->subscriptions)
		subscription_end(container_of(pos, struct subscription,
					      in_client));
	list_for_each_safe(pos, next, &client->elements)
		keep_alive_lost(registrar,
				container_of(pos, struct element, in_client));
	list_del(&client->in_all);
	list_del(&client->in_strangers);
	registrar->n_clients--;
	free(client);
}

static const struct channel_ops client_ops = {
	.open = on_open,
	.message = on_message,
	.closed = on_closed,
};

/**
 * client_network() - where a client comes from
 * @client: it
 *
 * Return: its address of IPv4, or the first half of that of IPv6; only compared.
 */
u64 client_network(const struct client *client)
{
	const struct sockaddr *peer = channel_peer(client->channel);
	u64 network = 0;

	if (peer->sa_family == AF_INET)
		return ((const struct sockaddr_in *)peer)->sin_addr.s_addr;
	memcpy(&network, &((const struct sockaddr_in6 *)peer)->sin6_addr,
	       sizeof(network));
	return network;
}

/* Of those that came first, the first one of the network that most of them are of. */
static struct client *first_of_crowd(const struct registrar *registrar)
{
	struct client *clients[CROWD];
	u32 n = 0, most = 0, best = 0, i, j, alike;
	u64 networks[CROWD];
	struct list *pos;

	list_for_each(pos, &registrar->strangers) {
		if (n == CROWD)
			break;
		clients[n] = container_of(pos, struct client, in_strangers);
		networks[n] = client_network(clients[n]);
		n++;
	}
	for (i = 0; i < n; i++) {
		for (alike = 0, j = i; j < n; j++)
			alike += networks[j] == networks[i];
		if (alike > most) {
			most = alike;
			best = i;
		}
	}
	return n ? clients[best] : NULL;
}

/*
 * A crowd that shows no key keeps nobody out who has one (RFC 5355, 2.1). In a plain
 * scope all are alike.
 */
static bool make_room(struct registrar *registrar)
{
	struct client *client;

	if (registrar->n_clients < registrar->config.connections_max)
		return true;
	client = first_of_crowd(registrar);
	if (!client)
		return false;
	registrar->counters.displaced++;
	channel_close(client->channel,
		      "it made room for another one: there are as many as connections-max");
	return true;
}

/**
 * client_accept() - a connection has come
 * @listener: by which
 * @channel: it
 *
 * Return: false when there are too many.
 */
bool client_accept(struct channel_listener *listener, struct channel *channel)
{
	struct registrar *registrar = listener->data;
	struct client *client;

	/* It may ask another one, and this one soon. */
	if (!registrar->enrp.ready)
		return false;
	if (!make_room(registrar)) {
		registrar->counters.turned_away++;
		log_say(LOG_WARNING | LOG_SET_OFF,
			"%s: turned away: there are %u connections, which is connections-max",
			channel_name(channel), registrar->n_clients);
		return false;
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		return false;
	client->registrar = registrar;
	client->channel = channel;
	client->plain = registrar->config.secure && !listener->tls;
	list_init(&client->elements);
	list_init(&client->subscriptions);
	list_add_tail(&client->in_all, &registrar->clients);
	list_init(&client->in_strangers);
	if (registrar->config.secure)
		list_add_tail(&client->in_strangers, &registrar->strangers);
	registrar->n_clients++;
	client->reports.tokens = registrar->config.report_burst * 1000ULL;
	client->reports.at = uv_now(registrar->loop);
	channel_own(channel, &client_ops, client);
	return true;
}
