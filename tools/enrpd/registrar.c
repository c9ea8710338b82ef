// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../lib/log.h"
#include "registrar.h"

static bool find_key(const char *identity, struct tls_key *key, void *data)
{
	struct registrar *registrar = data;
	struct account *account;

	account = account_find(&registrar->authorization, identity);
	if (!account || !account->has_key)
		return false;
	*key = account->key;
	return true;
}

static int make_tls(struct registrar *registrar, char *why, size_t room)
{
	struct tls_config config = {
		.server = true,
		.find_key = find_key,
		.data = registrar,
		.ca = registrar->config.ca,
		.certificate = registrar->config.certificate,
		.private_key = registrar->config.private_key,
	};

	if (!registrar->config.secure)
		return 0;
	registrar->tls = tls_new(&config, why, room);
	return registrar->tls ? 0 : -1;
}

static void say_refuse(struct channel_listener *listener, int err)
{
	(void)listener;
	log_say(LOG_WARNING,
		"connections are not taken now: %s; those that are there stay",
		strerror(err));
}

/**
 * listen_at() - take connections at an address
 * @registrar: the registrar
 * @listener: its accept() and, where there is TLS, tls are set
 * @address: where
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int listen_at(struct registrar *registrar, struct channel_listener *listener,
	      const struct transport *address, char *why, size_t room)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	bool is_v4 = address->family == AF_INET;
	char text[TRANSPORT_TEXT_MAX];
	int err;

	v4.sin_port = htons(address->port);
	v4.sin_addr = address->v4;
	v6.sin6_port = htons(address->port);
	v6.sin6_addr = address->v6;
	v6.sin6_scope_id = address->scope_id;
	listener->group = &registrar->channels;
	listener->limits = &registrar->limits;
	listener->refuse = say_refuse;
	listener->data = registrar;
	err = channel_listen(listener, is_v4 ? (void *)&v4 : (void *)&v6,
			     is_v4 ? sizeof(v4) : sizeof(v6));
	if (!err)
		return 0;
	format_transport(address, text);
	snprintf(why, room, "listen at %s: %s", text, strerror(-err));
	return -1;
}

static int serve_at(struct registrar *registrar,
		    const struct transport *address, struct tls *tls,
		    char *why, size_t room)
{
	struct channel_listener *listener;

	listener = &registrar->listeners[registrar->n_listeners];
	listener->tls = tls;
	listener->accept = client_accept;
	if (listen_at(registrar, listener, address, why, room))
		return -1;
	registrar->n_listeners++;
	return 0;
}

/**
 * registrar_deadlines() - how many deadlines there may be, with one more element
 * @registrar: the registrar
 *
 * Return: two of each element, three of each peer, one of each takeover, and our
 * own.
 */
u32 registrar_deadlines(const struct registrar *registrar)
{
	return 2 * registrar->hs.n_elements + 3 * registrar->enrp.n_peers +
	       registrar->enrp.n_takeovers + 8;
}

/**
 * registrar_listen() - take connections
 * @registrar: initialized
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int registrar_listen(struct registrar *registrar, char *why, size_t room)
{
	const struct config *config = &registrar->config;
	unsigned int i;

	if (make_tls(registrar, why, room))
		return -1;
	registrar->listeners = calloc(config->asap_listen.n +
				      config->plain_listen.n,
				      sizeof(*registrar->listeners));
	if (!registrar->listeners) {
		snprintf(why, room, "no memory");
		return -1;
	}
	for (i = 0; i < config->asap_listen.n; i++)
		if (serve_at(registrar, &config->asap_listen.at[i],
			     registrar->tls, why, room))
			return -1;
	for (i = 0; i < config->plain_listen.n; i++)
		if (serve_at(registrar, &config->plain_listen.at[i], NULL, why,
			     room))
			return -1;
	if (enrp_start(registrar, why, room) ||
	    announce_start(registrar, why, room))
		return -1;
	registrar->control.show = show;
	registrar->control.data = registrar;
	if (control_start(&registrar->control, registrar->loop, config->control,
			  why, room))
		return -1;
	registrar->metrics.write = registrar_metrics;
	registrar->metrics.data = registrar;
	if (metrics_start(&registrar->metrics, registrar->loop,
			  config->metrics, why, room))
		return -1;
	if (config->feed)
		feed_start(&registrar->feed);
	return 0;
}

/**
 * registrar_init() - make a registrar, with an empty handlespace
 * @registrar: zeroed but for config and authorization
 * @loop: behind it all
 *
 * Return: 0, or a negative errno.
 */
int registrar_init(struct registrar *registrar, uv_loop_t *loop)
{
	const struct config *config = &registrar->config;

	registrar->loop = loop;
	registrar->id = config->server_id;
	/* RFC 5353, 3.2.1 */
	while (!registrar->id)
		if (getrandom(&registrar->id, sizeof(registrar->id), 0) < 0)
			return -errno;
	list_init(&registrar->clients);
	list_init(&registrar->strangers);
	list_init(&registrar->changed);
	feed_init(&registrar->feed);
	enrp_init(registrar);
	registrar->limits = channel_limits_default;
	registrar->limits.queue_max = config->queue_max;
	registrar->limits.setup_ms = config->handshake_timeout;
	registrar->limits.dead_ms = config->dead_timeout;
	registrar->update.fire = resolution_update;
	registrar->keep_alives.at = uv_now(loop);
	registrar->keep_alives.tokens = config->keep_alive_rate * 1000ULL;
	deadlines_init(&registrar->deadlines, loop);
	channel_group_init(&registrar->channels, loop);
	if (deadlines_reserve(&registrar->deadlines,
			      registrar_deadlines(registrar)))
		return -ENOMEM;
	return handlespace_init(&registrar->hs, config->pools_max,
				config->elements_max);
}

/**
 * registrar_stop() - take no more, end all connections, forget all elements
 * @registrar: the registrar, for registrar_fini() when the loop has run
 */
void registrar_stop(struct registrar *registrar)
{
	unsigned int i;

	control_stop(&registrar->control);
	metrics_stop(&registrar->metrics);
	feed_stop(&registrar->feed);
	announce_stop(registrar);
	enrp_stop(registrar);
	for (i = 0; i < registrar->n_listeners; i++)
		channel_listener_close(&registrar->listeners[i]);
	while (!list_empty(&registrar->clients))
		channel_close(container_of(registrar->clients.next,
					   struct client, in_all)->channel,
			      NULL);
	while (!list_empty(&registrar->hs.pools)) {
		struct pool *pool = container_of(registrar->hs.pools.next,
						 struct pool, in_all);

		change_remove(registrar, container_of(pool->elements.next,
						      struct element,
						      in_pool));
	}
	deadline_clear(&registrar->deadlines, &registrar->update);
	channel_group_fini(&registrar->channels);
	deadlines_fini(&registrar->deadlines);
	tls_put(registrar->tls);
}

/**
 * registrar_fini() - give back what is left
 * @registrar: stopped, and the loop has run; its config is the caller's
 */
void registrar_fini(struct registrar *registrar)
{
	selection_fini(&registrar->selection);
	handlespace_fini(&registrar->hs);
	free(registrar->listeners);
	announce_fini(registrar);
	enrp_fini(registrar);
	authorization_free(&registrar->authorization);
}
