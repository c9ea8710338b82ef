// SPDX-License-Identifier: GPL-2.0
/* Whether we have what a peer owns, and what is done if not (RFC 5353, 3.6). */
#include "../lib/log.h"
#include "registrar.h"

#define RECHECK_MAX	3600000
#define AGAIN_MS	1000	/* while it may yet be named */

static bool is_time(const struct peer *peer)
{
	return peer->recheck_at &&
	       uv_now(peer->registrar->loop) >= peer->recheck_at;
}

/*
 * What finds no room, or has another policy than its pool here, may find a place
 * another time. Each time that it does not it is looked for less often.
 */
static void back_off(struct peer *peer)
{
	u32 cycle = peer->registrar->config.heartbeat_cycle;

	peer->recheck_at = 0;
	if (!peer->n_unstored) {
		peer->recheck_in = 0;
		return;
	}
	peer->recheck_in = peer->recheck_in ? 2 * peer->recheck_in : 2 * cycle;
	if (peer->recheck_in > RECHECK_MAX)
		peer->recheck_in = RECHECK_MAX;
	peer->recheck_at = uv_now(peer->registrar->loop) + peer->recheck_in;
	log_say(LOG_WARNING,
		"peer %s: %u of its elements find no place here; they are fetched again in %u s",
		peer_name(peer), peer->n_unstored, peer->recheck_in / 1000);
}

/**
 * audit_checksum() - a peer says what it owns comes to
 * @peer: it; its connections may be gone afterwards
 * @checksum: its PE checksum
 */
void audit_checksum(struct peer *peer, u16 checksum)
{
	struct registrar *registrar = peer->registrar;
	struct home *home = home_find(&registrar->hs, peer->id);
	struct rsp_checksum sum = peer->refused;
	u16 ours;

	if (home)
		sum.sum += home->checksum.sum;
	ours = rsp_checksum_value(&sum);
	if (peer->fetching || (ours == checksum && !is_time(peer)))
		return;
	registrar->counters.audits++;
	log_say(LOG_INFO,
		"peer %s: what it owns comes to 0x%04x, what we know of it to 0x%04x (%u elements are not stored): it is fetched anew",
		peer_name(peer), checksum, ours, peer->n_refused);
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

	peer->refused.sum = 0;
	peer->n_refused = 0;
	peer->n_unstored = 0;
	if (home)
		list_for_each(pos, &home->elements)
			container_of(pos, struct element, in_home)->stale =
				true;
	table_fetch(peer, false);
}

/* No registrar has named it meanwhile. */
static void give_up(struct deadline *deadline)
{
	struct element *element = container_of(deadline, struct element,
					       keep_alive);
	struct registrar *registrar = registrar_of(element);
	struct peer *peer = peer_of_id(registrar, element->home->id);

	if (peer && peer->fetching) {
		deadline_set(&registrar->deadlines, deadline,
			     uv_now(registrar->loop) + AGAIN_MS);
		return;
	}
	if (peer)
		rsp_checksum_add(&peer->refused, element->pool->handle,
				 element->pool->handle_len, element->id);
	change_remove(registrar, element);
}

static void doubt(struct peer *peer, struct element *element)
{
	struct registrar *registrar = peer->registrar;
	u64 until = uv_now(registrar->loop) +
		    registrar->config.max_time_last_heard;

	rsp_checksum_sub(&peer->refused, element->pool->handle,
			 element->pool->handle_len, element->id);
	if (element->keep_alive.place)
		return;
	element->keep_alive.fire = give_up;
	if (until < element->awaited)
		until = element->awaited;
	deadline_set(&registrar->deadlines, &element->keep_alive, until);
}

/**
 * audit_end() - what a peer owns has come
 * @peer: it
 *
 * What has not it does not own any more. While we were cut off it may have come to
 * another one, whom we have yet to hear; it is gone if nobody who is there names it. Two
 * that took it over, and then hear each other, may each leave it to the other: so it
 * has the time that either would have given it.
 */
void audit_end(struct peer *peer)
{
	struct home *home = home_find(&peer->registrar->hs, peer->id);
	struct list *pos;

	back_off(peer);
	if (!home)
		return;
	list_for_each(pos, &home->elements) {
		struct element *element = container_of(pos, struct element,
						       in_home);

		if (element->stale)
			doubt(peer, element);
	}
}

/**
 * audit_refused() - an element that a peer told of is not stored
 * @peer: it
 * @handle: the pool
 * @id: PE identifier
 * @unstored: it may be another time
 *
 * While all that the peer owns is fetched these are counted, for they are in its
 * checksum: so one that is refused does not have all fetched anew for ever. What
 * of them changes later makes another difference, and so another fetch.
 */
void audit_refused(struct peer *peer, const struct rsp_octets *handle, u32 id,
		   bool unstored)
{
	if (!peer->fetching || peer->whole)
		return;
	rsp_checksum_add(&peer->refused, handle->data, handle->len, id);
	peer->n_refused++;
	peer->n_unstored += unstored;
}

/**
 * audit_again() - what is refused of a peer may not be so any more
 * @peer: it; its connections may be gone afterwards
 */
void audit_again(struct peer *peer)
{
	if (!peer->n_refused)
		return;
	peer->recheck_at = 1;
	/* Its answer has its checksum. */
	presence_send(peer, RSP_ENRP_FLAG_REPLY);
}
