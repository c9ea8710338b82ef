// SPDX-License-Identifier: GPL-2.0
/*
 * Handle tables, in pieces (RFC 5353, 3.2.3 and 3.6.3): what we fetch from a peer,
 * and what it fetches from us.
 */
#include "../lib/log.h"
#include "registrar.h"

#define AGAIN_MS	1000	/* after a refusal */

/* Two elements do not make a piece too long. */
#define PIECE_MAX	(RSP_ASAP_LENGTH_MAX - 3 - RSP_HANDLE_MAX - 4)

static void set_fetch(struct peer *peer, u64 in)
{
	struct registrar *registrar = peer->registrar;

	deadline_set(&registrar->deadlines, &peer->fetch,
		     uv_now(registrar->loop) + in);
}

static void request(struct peer *peer)
{
	struct registrar *registrar = peer->registrar;
	struct rsp_tlv_writer w;
	u32 begin;

	rsp_tlv_writer_init(&w, registrar->enrp.message,
			    sizeof(registrar->enrp.message));
	begin = rsp_enrp_begin(&w, RSP_ENRP_HANDLE_TABLE_REQUEST,
			       peer->whole ? 0 : RSP_ENRP_FLAG_OWN,
			       registrar->id, peer->id);
	/* It forgets us sooner, so that we begin at the beginning then. */
	set_fetch(peer, 2ULL * registrar->config.max_time_no_response);
	peer_send(peer, rsp_enrp_end(&w, begin));
}

/**
 * table_fetch() - fetch elements from a peer
 * @peer: it; its connections may be gone afterwards
 * @whole: all that it knows, else what it owns
 */
void table_fetch(struct peer *peer, bool whole)
{
	struct registrar *registrar = peer->registrar;

	peer->fetching = true;
	peer->fetch_until = uv_now(registrar->loop) + (u64)FETCH_TIMES *
			    registrar->config.mentor_timeout;
	peer->whole = whole;
	request(peer);
}

/**
 * table_stop() - fetch no more from a peer, nor serve it
 * @peer: it
 */
void table_stop(struct peer *peer)
{
	struct registrar *registrar = peer->registrar;

	walk_end(&peer->walk);
	deadline_clear(&registrar->deadlines, &peer->fetch);
	peer->fetching = false;
	if (registrar->enrp.mentor == peer)
		registrar->enrp.mentor = NULL;
}

static struct peer *other_mentor(const struct peer *but)
{
	struct list *pos;

	list_for_each(pos, &but->registrar->enrp.file.peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);

		if (peer != but && peer->state == PEER_ACTIVE &&
		    !peer->fetching)
			return peer;
	}
	return NULL;
}

/* RFC 5353, 3.2.3: a backup mentor, or the same one again. */
static void next_mentor(struct peer *peer)
{
	struct registrar *registrar = peer->registrar;
	struct peer *other = other_mentor(peer);

	peer->fetching = false;
	if (registrar->enrp.ready || registrar->enrp.mentor != peer)
		return;
	registrar->enrp.mentor = other ? other : peer;
	set_fetch(registrar->enrp.mentor, AGAIN_MS);
}

/**
 * table_fetch_due() - it did not come, or it is asked for again
 * @deadline: fetch, of struct peer
 */
void table_fetch_due(struct deadline *deadline)
{
	struct peer *peer = container_of(deadline, struct peer, fetch);
	struct registrar *registrar = peer->registrar;

	if (peer->fetching)
		next_mentor(peer);
	else if (!registrar->enrp.ready && registrar->enrp.mentor == peer)
		table_fetch(peer, true);
}

static void put_elements(struct rsp_tlv_writer *w, struct registrar *registrar,
			 struct walk *walk)
{
	const struct pool *pool = NULL;

	while (walk->next &&
	       ALIGN(w->len, 4) + element_size(walk->next) < PIECE_MAX) {
		const struct element *element = walk->next;

		if (element->pool != pool) {
			pool = element->pool;
			rsp_tlv_put(w, RSP_TLV_HANDLE, pool->handle,
				    pool->handle_len);
		}
		element_write(w, element);
		walk_on(&registrar->hs, walk);
	}
}

/**
 * table_serve() - a peer wants elements, or the next piece of them
 * @peer: it; its connections may be gone afterwards
 * @msg: its ENRP_HANDLE_TABLE_REQUEST
 */
void table_serve(struct peer *peer, const struct rsp_enrp_message *msg)
{
	bool own = msg->flags & RSP_ENRP_FLAG_OWN;
	struct registrar *registrar = peer->registrar;
	u64 now = uv_now(registrar->loop);
	struct walk *walk = &peer->walk;
	struct rsp_tlv_writer w;
	u8 *message = registrar->enrp.message;
	u32 begin;
	int len;

	rsp_tlv_writer_init(&w, message, RSP_ASAP_LENGTH_MAX);
	begin = rsp_enrp_begin(&w, RSP_ENRP_HANDLE_TABLE_RESPONSE,
			       registrar->enrp.ready ? 0 : RSP_ENRP_FLAG_REJECT,
			       registrar->id, peer->id);
	if (registrar->enrp.ready) {
		if (!walk->next || walk->one_home != own ||
		    now > peer->walk_until)
			walk_begin(&registrar->hs, walk,
				   own ? registrar->id : 0);
		put_elements(&w, registrar, walk);
		peer->walk_until = now +
				   registrar->config.max_time_no_response;
	}
	len = rsp_enrp_end(&w, begin);
	if (walk->next && len > 0)
		((struct rsp_wire_message *)message)->flags |=
			RSP_ENRP_FLAG_MORE;
	else
		walk_end(walk);
	peer_send(peer, len);
}

static void take_pieces(struct peer *peer, const struct rsp_enrp_message *msg)
{
	struct rsp_tlv_list list = msg->params;
	struct rsp_tlv_element element;
	struct rsp_enrp_pool pool;

	while (rsp_enrp_next_pool(&list, &pool))
		while (rsp_tlv_next_element(&pool.elements, &element))
			if (peer->whole || element.home == peer->id)
				update_element(peer, &pool.handle, &element);
			else
				peer->registrar->counters.unexpected++;
}

/* One that always has more to tell does not keep us from others, or for ever. */
static void break_off(struct peer *peer)
{
	log_say(LOG_WARNING,
		"peer %s: its handle table does not come to an end; it is not fetched any further",
		peer_name(peer));
	next_mentor(peer);
}

/**
 * table_take() - elements have come from a peer
 * @peer: it; its connections may be gone afterwards
 * @msg: its ENRP_HANDLE_TABLE_RESPONSE
 */
void table_take(struct peer *peer, const struct rsp_enrp_message *msg)
{
	struct registrar *registrar = peer->registrar;

	if (!peer->fetching) {
		registrar->counters.unexpected++;
		return;
	}
	if (msg->flags & RSP_ENRP_FLAG_REJECT) {
		next_mentor(peer);
		return;
	}
	take_pieces(peer, msg);
	if (msg->flags & RSP_ENRP_FLAG_MORE) {
		if (uv_now(registrar->loop) < peer->fetch_until)
			request(peer);
		else
			break_off(peer);
		return;
	}
	peer->fetching = false;
	deadline_clear(&registrar->deadlines, &peer->fetch);
	if (!peer->whole)
		audit_end(peer);
	else if (!registrar->enrp.ready)
		enrp_ready(registrar, peer);
}
