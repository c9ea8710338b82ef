// SPDX-License-Identifier: GPL-2.0
/* Whether we have what a peer owns, and what is done if not (RFC 5353, 3.6). */
#include "../lib/log.h"
#include "registrar.h"

/**
 * audit_checksum() - a peer says what it owns comes to
 * @peer: it; its connections may be gone afterwards
 * @checksum: its PE checksum
 */
void audit_checksum(struct peer *peer, u16 checksum)
{
	struct registrar *registrar = peer->registrar;
	struct home *home = home_find(&registrar->hs, peer->id);
	struct rsp_checksum none = { 0 };
	u16 ours = rsp_checksum_value(home ? &home->checksum : &none);

	if (ours == checksum || peer->fetching)
		return;
	registrar->counters.audits++;
	log_say(LOG_INFO,
		"peer %s: what it owns comes to 0x%04x, what we know of it to 0x%04x: it is fetched anew",
		peer_name(peer), checksum, ours);
	audit_begin(peer);
}

/**
 * audit_begin() - fetch anew what a peer owns
 * @peer: it; its connections may be gone afterwards
 */
void audit_begin(struct peer *peer)
{
	struct home *home = home_find(&peer->registrar->hs, peer->id);
	struct list *pos;

	if (home)
		list_for_each(pos, &home->elements)
			container_of(pos, struct element, in_home)->stale =
				true;
	table_fetch(peer, false);
}

/**
 * audit_end() - what a peer owns has come; what has not is gone
 * @peer: it
 */
void audit_end(struct peer *peer)
{
	struct registrar *registrar = peer->registrar;
	struct home *home = home_find(&registrar->hs, peer->id);
	struct element *element, *next;
	u32 left;

	if (!home)
		return;
	home_for_each_safe(element, next, left, home)
		if (element->stale)
			change_remove(registrar, element);
}
