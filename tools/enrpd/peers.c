// SPDX-License-Identifier: GPL-2.0
/* The list of the peers. */
#include <stdlib.h>
#include <string.h>

#include "registrar.h"

/**
 * peer_new() - add a peer
 * @file: where
 *
 * Return: it, or NULL.
 */
struct peer *peer_new(struct peers_file *file)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	list_init(&peer->walk.in_all);
	list_add_tail(&peer->in_all, &file->peers);
	return peer;
}

/**
 * peer_free() - forget a peer
 * @peer: without connections, deadlines and a walk
 */
void peer_free(struct peer *peer)
{
	list_del(&peer->in_all);
	tls_put(peer->tls);
	free(peer);
}

/**
 * peers_free() - give back what peers_load() took
 * @file: filled by it
 */
void peers_free(struct peers_file *file)
{
	while (!list_empty(&file->peers))
		peer_free(container_of(file->peers.next, struct peer, in_all));
}

/**
 * peer_of_name() - find a peer that the file names
 * @file: where
 * @name: what it calls itself
 *
 * Return: it, or NULL.
 */
struct peer *peer_of_name(const struct peers_file *file, const char *name)
{
	struct list *pos;

	list_for_each(pos, &file->peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);

		if (peer->configured && !strcmp(peer->name, name))
			return peer;
	}
	return NULL;
}

/**
 * peer_of_id() - find a peer
 * @registrar: whose
 * @id: server identifier
 *
 * Return: it, or NULL.
 */
struct peer *peer_of_id(const struct registrar *registrar, u32 id)
{
	struct list *pos;

	list_for_each(pos, &registrar->enrp.file.peers)
		if (container_of(pos, struct peer, in_all)->id == id)
			return container_of(pos, struct peer, in_all);
	return NULL;
}
