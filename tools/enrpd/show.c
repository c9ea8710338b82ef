// SPDX-License-Identifier: GPL-2.0
/* What an operator is shown of the registrar. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../lib/channel_show.h"
#include "../lib/print.h"
#include "registrar.h"

static void show_home(struct registrar *registrar, u32 id)
{
	struct home *home = id ? home_find(&registrar->hs, id) : NULL;
	struct rsp_checksum none = { 0 };
	char text[16];

	snprintf(text, sizeof(text), "0x%04x",
		 rsp_checksum_value(home ? &home->checksum : &none));
	print_uint("own", " own %" PRIu64, home ? home->n : 0);
	print_string("checksum", " checksum %s", text);
}

static const char *state_of_feed(const struct feed *feed)
{
	static const char *const states[] = {
		[FEED_OFF] = "off", [FEED_CLOSED] = "none",
		[FEED_SYNCING] = "syncing", [FEED_STEADY] = "fed",
	};

	return states[feed->state];
}

static void show_rejected(const struct registrar *registrar)
{
	const u64 *rejected = registrar->counters.rejected;
	char name[32];
	u64 n = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(registrar->counters.rejected); i++)
		n += rejected[i];
	print_counter("rejected", n);
	for (i = 0; i < ARRAY_SIZE(registrar->counters.rejected); i++) {
		snprintf(name, sizeof(name), "rejected-0x%zx", i);
		if (rejected[i])
			print_counter(name, rejected[i]);
	}
}

static void show_counters(const struct registrar *registrar)
{
	struct counters_of counters = registrar_counters(registrar);

	print_object_begin("counters");
	counters_show(&counters);
	show_rejected(registrar);
	counters = channel_counters(&registrar->channels);
	counters_show(&counters);
	print_object_end();
}

static void show_registrar(struct registrar *registrar)
{
	print_object_begin(NULL);
	print_id("id", "registrar %s", registrar->id);
	print_bool("secure", " secure", registrar->config.secure);
	print_bool("ready", " ready", registrar->enrp.ready);
	print_uint("pools", " pools %" PRIu64, registrar->hs.n_pools);
	print_uint("elements", " elements %" PRIu64, registrar->hs.n_elements);
	show_home(registrar, registrar->id);
	print_uint("connections", " connections %" PRIu64,
		   registrar->n_clients);
	print_uint("peers", " peers %" PRIu64, registrar->enrp.n_peers);
	print_string("kernel", " kernel %s\n", state_of_feed(&registrar->feed));
	show_counters(registrar);
	print_object_end();
}

static void show_peer(struct registrar *registrar, const struct peer *peer)
{
	static const char *const states[] = {
		[PEER_DOWN] = "down", [PEER_ACTIVE] = "active",
		[PEER_ASKED] = "asked",
	};
	char at[TRANSPORT_TEXT_MAX];

	print_object_begin(NULL);
	print_string("name", "%s", *peer->name ? peer->name : "-");
	print_id("id", " id %s", peer->id);
	print_string("state", " %s", states[peer->state]);
	if (peer->address.family) {
		format_transport(&peer->address, at);
		print_string("address", " at %s", at);
	}
	print_bool("connected-to", " connected-to",
		   peer->out && peer->out->open);
	print_bool("connected-from", " connected-from",
		   peer->in && peer->in->open);
	show_home(registrar, peer->id);
	print_bool("fetching", " fetching", peer->fetching);
	print_text("\n");
	print_object_end();
}

static void show_peers(struct registrar *registrar)
{
	struct list *pos;

	print_array_begin(NULL);
	list_for_each(pos, &registrar->enrp.file.peers)
		show_peer(registrar, container_of(pos, struct peer, in_all));
	print_array_end();
}

/**
 * show() - print what is asked for
 * @data: the registrar
 * @object: "registrar" or "peer"
 *
 * Return: false when there is no such object.
 */
bool show(void *data, const char *object)
{
	struct registrar *registrar = data;

	if (!strcmp(object, "registrar"))
		show_registrar(registrar);
	else if (!strcmp(object, "peer"))
		show_peers(registrar);
	else
		return false;
	return true;
}
