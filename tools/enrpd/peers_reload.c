// SPDX-License-Identifier: GPL-2.0
/* Another file of the peers: who is not in it has gone, and who is new is there. */
#include <stdlib.h>

#include "../lib/log.h"
#include "registrar.h"

static void close_links(struct peer *peer, const char *why)
{
	if (peer->out)
		channel_close(peer->out->channel, why);
	if (peer->in)
		channel_close(peer->in->channel, why);
}

static void dial(struct peer *peer)
{
	if (peer->address.family)
		peer_dial(&peer->redial);
	else
		deadline_clear(&peer->registrar->deadlines, &peer->redial);
}

static void remove_peer(struct peer *peer)
{
	log_say(LOG_WARNING, "peer %s: the file names it no more",
		peer_name(peer));
	peer_remove(peer, "the file of the peers names it no more");
}

/* Those that stay agree on who takes over what the others owned. */
static void remove_peers(struct registrar *registrar,
			 const struct peers_file *fresh)
{
	struct enrp *enrp = &registrar->enrp;
	u32 n = 0, *gone = calloc(enrp->n_peers + 1, sizeof(*gone));
	struct list *pos, *next;

	list_for_each_safe(pos, next, &enrp->file.peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);

		if (!peer->configured || peer_of_name(fresh, peer->name))
			continue;
		if (gone && peer->id)
			gone[n++] = peer->id;
		remove_peer(peer);
	}
	while (n)
		takeover_begin(registrar, gone[--n]);
	free(gone);
}

static void change_peer(struct peer *peer, const struct peer *fresh)
{
	bool other_key = !tls_key_same(&peer->key, &fresh->key);
	bool secure = peer->registrar->config.secure;
	struct transport address = fresh->address;
	char why[256];

	/* In a plain scope it may have said where it is. */
	if (!address.family && !secure)
		address = peer->address;
	if (transport_same(&peer->address, &address) && !other_key)
		return;
	log_say(LOG_INFO, "peer %s: the file gives it another %s",
		peer_name(peer), other_key ? "key" : "address");
	peer->address = address;
	peer->key = fresh->key;
	peer->has_key = fresh->has_key;
	if (other_key && secure) {
		close_links(peer, "its key is not good any more");
		if (peer_key(peer, why, sizeof(why)))
			log_say(LOG_ERROR, "peer %s: %s", peer_name(peer),
				why);
	} else if (peer->out) {
		channel_close(peer->out->channel, "it is elsewhere");
	}
	dial(peer);
}

static void add_peer(struct registrar *registrar, struct peer *peer)
{
	char why[256];

	list_del(&peer->in_all);
	list_add_tail(&peer->in_all, &registrar->enrp.file.peers);
	if (peer_begin(registrar, peer, why, sizeof(why))) {
		log_say(LOG_ERROR, "peer %s: %s", peer->name, why);
		registrar->enrp.n_peers--;
		peer_free(peer);
		return;
	}
	log_say(LOG_INFO, "peer %s: the file names it now", peer_name(peer));
	dial(peer);
}

/**
 * peers_reload() - use another file of the peers
 * @registrar: the registrar
 * @fresh: what was read; taken over
 *
 * Who is the same in both notices nothing. Who is not named any more, or by
 * another key, loses his connections (RFC 5355, 2.5), and so do those of whom it is
 * not known yet by which key they come. Peers that were found stay.
 */
void peers_reload(struct registrar *registrar, struct peers_file *fresh)
{
	struct enrp *enrp = &registrar->enrp;
	struct list *pos, *next;

	if (strcmp(enrp->file.name, fresh->name))
		log_say(LOG_WARNING,
			"this registrar is called \"%s\" until it is started anew, not \"%s\"",
			enrp->file.name, fresh->name);
	while (registrar->config.secure && !list_empty(&enrp->strangers))
		channel_close(container_of(enrp->strangers.next, struct link,
					   in_strangers)->channel,
			      "the file of the peers was read again");
	remove_peers(registrar, fresh);
	list_for_each(pos, &enrp->file.peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);

		if (peer->configured)
			change_peer(peer, peer_of_name(fresh, peer->name));
	}
	list_for_each_safe(pos, next, &fresh->peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);

		if (!peer_of_name(&enrp->file, peer->name))
			add_peer(registrar, peer);
	}
	peers_free(fresh);
	if (!enrp->heartbeat.place && enrp->n_peers)
		presence_heartbeat(&enrp->heartbeat);
}
