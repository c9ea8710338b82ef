// SPDX-License-Identifier: GPL-2.0
/* The file of the peers: who they are, where, and the key that the two share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"
#include "../lib/settings_file.h"

static int read_name(char name[TLS_IDENTITY_MAX + 1],
		     const config_setting_t *at, char *why)
{
	const char *text = config_setting_get_string(at);

	if (!text || !*text || strlen(text) > TLS_IDENTITY_MAX)
		return wrong(why, at,
			     "name: 1 to %d octets in quotes are expected",
			     TLS_IDENTITY_MAX);
	strcpy(name, text);
	return 0;
}

static int read_address(struct transport *address, const config_setting_t *at,
			char *why)
{
	const char *text = config_setting_get_string(at), *expected;

	if (!text)
		return wrong(why, at,
			     "address: where it listens is expected, as \"192.0.2.2:9902\"");
	expected = parse_transport(text, address);
	return expected ? wrong(why, at, "address: \"%s\": %s", text,
				expected) : 0;
}

static int read_member(struct peer *peer, const config_setting_t *at,
		       char *why)
{
	const char *name = config_setting_name(at);

	if (!strcmp(name, "name"))
		return read_name(peer->name, at, why);
	if (!strcmp(name, "address"))
		return read_address(&peer->address, at, why);
	if (strcmp(name, "key"))
		return wrong(why, at, "%s: name, key or address is expected",
			     name);
	if (read_key(&peer->key, at, why))
		return -1;
	peer->has_key = true;
	return 0;
}

static int read_peer(struct peers_file *file, const config_setting_t *at,
		     char *why)
{
	int i, n = config_setting_is_group(at) ? config_setting_length(at) : 0;
	struct peer *peer = peer_new(file);
	struct list *pos;

	if (!peer)
		return wrong(why, at, "no memory");
	peer->configured = true;
	for (i = 0; i < n; i++)
		if (read_member(peer,
				config_setting_get_elem(at, (unsigned int)i),
				why))
			return -1;
	if (!*peer->name)
		return wrong(why, at, "name is missing: which peer is it?");
	if (!strcmp(peer->name, file->name))
		return wrong(why, at, "\"%s\" is this registrar itself",
			     peer->name);
	list_for_each(pos, &file->peers) {
		struct peer *other = container_of(pos, struct peer, in_all);

		if (other != peer && !strcmp(other->name, peer->name))
			return wrong(why, at, "name: \"%s\" is there twice",
				     peer->name);
	}
	return 0;
}

static int read_all(void *into, const config_setting_t *root, char *why)
{
	const config_setting_t *name, *peers;
	struct peers_file *file = into;
	int i, n = config_setting_length(root);

	for (i = 0; i < n; i++) {
		const config_setting_t *at;

		at = config_setting_get_elem(root, (unsigned int)i);
		if (strcmp(config_setting_name(at), "name") &&
		    strcmp(config_setting_name(at), "peers"))
			return wrong(why, at, "%s: name or peers is expected",
				     config_setting_name(at));
	}
	name = config_setting_get_member(root, "name");
	peers = config_setting_get_member(root, "peers");
	if (!name)
		return wrong(why, root,
			     "name is missing: what is this registrar called?");
	if (read_name(file->name, name, why))
		return -1;
	if (!peers || !config_setting_is_list(peers))
		return wrong(why, peers ? peers : root,
			     "a list of peers is expected, as: peers = ( { name = \"registrar-2\"; } );");
	n = config_setting_length(peers);
	for (i = 0; i < n; i++)
		if (read_peer(file, config_setting_get_elem(peers,
							    (unsigned int)i),
			      why))
			return -1;
	return 0;
}

/**
 * peers_load() - read the file of the peers
 * @file: its list is empty; for peers_free() in any case
 * @path: the file
 * @why: filled on failure: file, line, and what was expected
 *
 * Return: 0 or -1.
 */
int peers_load(struct peers_file *file, const char *path, char why[WHY_MAX])
{
	return settings_file_read(path, read_all, file, why);
}

/**
 * peers_check() - whether each peer of a secure scope has a key, and a way to meet
 * @file: what was read
 * @path: from there
 * @listen: whether a peer can connect to this registrar
 * @why: filled if not
 *
 * Return: 0 or -1.
 */
int peers_check(const struct peers_file *file, const char *path, bool listen,
		char why[WHY_MAX])
{
	struct list *pos;

	list_for_each(pos, &file->peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);
		const char *lacks = NULL;

		if (!peer->has_key)
			lacks = "key, and the scope is secure";
		else if (!peer->address.family && !listen)
			lacks = "address, and without enrp-listen it cannot connect to this registrar";
		if (!lacks)
			continue;
		snprintf(why, WHY_MAX, "%s: peer \"%s\" has no %s", path,
			 peer->name, lacks);
		return -1;
	}
	return 0;
}
