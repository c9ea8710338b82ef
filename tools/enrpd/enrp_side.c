// SPDX-License-Identifier: GPL-2.0
/* The ENRP side as a whole: its start, and its end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../lib/log.h"
#include "registrar.h"

static bool find_key(const char *identity, struct tls_key *key, void *data)
{
	struct registrar *registrar = data;
	struct list *pos;

	list_for_each(pos, &registrar->enrp.file.peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);

		if (!peer->has_key || strcmp(peer->name, identity))
			continue;
		*key = peer->key;
		return true;
	}
	return false;
}

static int make_server(struct registrar *registrar, char *why, size_t room)
{
	struct tls_config config = {
		.server = true, .find_key = find_key, .data = registrar,
	};

	registrar->enrp.tls = tls_new(&config, why, room);
	return registrar->enrp.tls ? 0 : -1;
}

/**
 * peer_key() - connect to a peer with its key from now on
 * @peer: it, of a secure scope
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int peer_key(struct peer *peer, char *why, size_t room)
{
	struct tls_config config = {
		.identity = peer->registrar->enrp.file.name, .key = peer->key,
	};

	tls_put(peer->tls);
	peer->tls = tls_new(&config, why, room);
	return peer->tls ? 0 : -1;
}

/**
 * peer_begin() - have a peer, which the file names
 * @registrar: the registrar
 * @peer: it, in the list
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int peer_begin(struct registrar *registrar, struct peer *peer, char *why,
	       size_t room)
{
	peer->registrar = registrar;
	peer->redial.fire = peer_dial;
	peer->watch.fire = presence_due;
	peer->fetch.fire = table_fetch_due;
	registrar->enrp.n_peers++;
	if (registrar->config.secure && peer_key(peer, why, room))
		return -1;
	if (!deadlines_reserve(&registrar->deadlines,
			       registrar_deadlines(registrar)))
		return 0;
	snprintf(why, room, "no memory");
	return -1;
}

static int prepare(struct registrar *registrar, char *why, size_t room)
{
	struct list *pos;

	if (registrar->config.secure && make_server(registrar, why, room))
		return -1;
	list_for_each(pos, &registrar->enrp.file.peers)
		if (peer_begin(registrar,
			       container_of(pos, struct peer, in_all), why,
			       room))
			return -1;
	return 0;
}

/**
 * enrp_ready() - serve elements and users
 * @registrar: the registrar
 * @mentor: who gave us the handlespace; NULL: nobody has one
 */
void enrp_ready(struct registrar *registrar, const struct peer *mentor)
{
	struct enrp *enrp = &registrar->enrp;
	struct list *pos;

	enrp->ready = true;
	enrp->mentor = NULL;
	deadline_clear(&registrar->deadlines, &enrp->alone);
	/* He may have been started a moment ago himself: elements come yet. */
	if (mentor)
		log_say(LOG_INFO, "peer %s gave us all %u elements",
			peer_name(mentor), registrar->hs.n_elements);
	else
		log_say(LOG_INFO, "no peer gives us its handlespace");
	/* What they own is looked at now. */
	list_for_each(pos, &enrp->file.peers)
		presence_send(container_of(pos, struct peer, in_all),
			      RSP_ENRP_FLAG_REPLY);
}

static void alone(struct deadline *deadline)
{
	struct registrar *registrar = container_of(deadline, struct registrar,
						   enrp.alone);
	struct peer *mentor = registrar->enrp.mentor;
	u64 now = uv_now(registrar->loop);

	/* It is under way: who does not answer is noticed by itself. */
	if (mentor && mentor->fetching && now < registrar->enrp.alone_at)
		deadline_set(&registrar->deadlines, deadline,
			     now + registrar->config.mentor_timeout);
	else
		enrp_ready(registrar, NULL);
}

/**
 * enrp_init() - make an ENRP side without connections
 * @registrar: its enrp.file has been read, or has no peers
 */
void enrp_init(struct registrar *registrar)
{
	list_init(&registrar->enrp.strangers);
	list_init(&registrar->enrp.takeovers);
	registrar->enrp.heartbeat.fire = presence_heartbeat;
	registrar->enrp.alone.fire = alone;
}

/**
 * enrp_start() - look for the peers, and let them find us
 * @registrar: the registrar
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int enrp_start(struct registrar *registrar, char *why, size_t room)
{
	const struct addresses *listen = &registrar->config.enrp_listen;
	struct enrp *enrp = &registrar->enrp;
	u64 now = uv_now(registrar->loop);
	unsigned int i;
	struct list *pos;

	if (!listen->n && list_empty(&enrp->file.peers)) {
		enrp->ready = true;
		return 0;
	}
	if (prepare(registrar, why, room))
		return -1;
	enrp->listeners = calloc(listen->n + 1, sizeof(*enrp->listeners));
	if (!enrp->listeners) {
		snprintf(why, room, "no memory");
		return -1;
	}
	for (i = 0; i < listen->n; i++) {
		struct channel_listener *listener = &enrp->listeners[i];

		listener->tls = enrp->tls;
		listener->accept = peer_accept;
		if (listen_at(registrar, listener, &listen->at[i], why, room))
			return -1;
		enrp->n_listeners++;
	}
	list_for_each(pos, &enrp->file.peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);

		if (peer->address.family)
			peer_dial(&peer->redial);
	}
	deadline_set(&registrar->deadlines, &enrp->heartbeat,
		     now + registrar->config.heartbeat_cycle);
	enrp->alone_at = now + (u64)FETCH_TIMES *
			 registrar->config.mentor_timeout;
	if (list_empty(&enrp->file.peers))
		enrp->ready = true;
	else
		deadline_set(&registrar->deadlines, &enrp->alone,
			     now + registrar->config.mentor_timeout);
	return 0;
}

static void stop_peer(struct peer *peer)
{
	struct registrar *registrar = peer->registrar;

	if (!registrar)
		return;
	if (peer->out)
		channel_close(peer->out->channel, NULL);
	if (peer->in)
		channel_close(peer->in->channel, NULL);
	table_stop(peer);
	deadline_clear(&registrar->deadlines, &peer->redial);
	deadline_clear(&registrar->deadlines, &peer->watch);
}

/**
 * enrp_stop() - end all connections with peers, without a word
 * @registrar: the registrar
 */
void enrp_stop(struct registrar *registrar)
{
	struct enrp *enrp = &registrar->enrp;
	struct list *pos;
	unsigned int i;

	for (i = 0; i < enrp->n_listeners; i++)
		channel_listener_close(&enrp->listeners[i]);
	while (!list_empty(&enrp->strangers))
		channel_close(container_of(enrp->strangers.next, struct link,
					   in_strangers)->channel,
			      NULL);
	list_for_each(pos, &enrp->file.peers)
		stop_peer(container_of(pos, struct peer, in_all));
	while (!list_empty(&enrp->takeovers))
		takeover_abort(registrar,
			       container_of(enrp->takeovers.next,
					    struct takeover, in_all)->target);
	deadline_clear(&registrar->deadlines, &enrp->heartbeat);
	deadline_clear(&registrar->deadlines, &enrp->alone);
	tls_put(enrp->tls);
}

/**
 * enrp_fini() - give back what is left
 * @registrar: stopped, and the loop has run
 */
void enrp_fini(struct registrar *registrar)
{
	peers_free(&registrar->enrp.file);
	free(registrar->enrp.listeners);
}
