// SPDX-License-Identifier: GPL-2.0
/* Whether the peers are there, and which there are (RFC 5353, 3.2.2 and 3.4). */
#include "../lib/log.h"
#include "../lib/transport.h"
#include "registrar.h"

static void put_server(struct rsp_tlv_writer *w, u32 id,
		       const struct transport *at)
{
	u32 begin = rsp_tlv_begin_server(w, id);

	transport_put(w, at, RSP_TRANSPORT_USE_DATA_ONLY);
	rsp_tlv_end(w, begin);
}

static int build(struct registrar *registrar, u32 receiver, u8 flags)
{
	const struct addresses *listen = &registrar->config.enrp_listen;
	struct home *own = home_find(&registrar->hs, registrar->id);
	struct rsp_checksum none = { 0 };
	struct rsp_tlv_writer w;
	u32 begin;

	rsp_tlv_writer_init(&w, registrar->enrp.message,
			    sizeof(registrar->enrp.message));
	begin = rsp_enrp_begin(&w, RSP_ENRP_PRESENCE, flags, registrar->id,
			       receiver);
	rsp_tlv_put_checksum(&w, rsp_checksum_value(own ? &own->checksum :
							  &none));
	if (listen->n && !transport_is_wildcard(&listen->at[0]))
		put_server(&w, registrar->id, &listen->at[0]);
	return rsp_enrp_end(&w, begin);
}

/**
 * presence_send() - tell a peer that we are there
 * @peer: it; its connections may be gone afterwards
 * @flags: 0 or RSP_ENRP_FLAG_REPLY
 */
void presence_send(struct peer *peer, u8 flags)
{
	peer_send(peer, build(peer->registrar, peer->id, flags));
}

/**
 * presence_all() - tell all peers that we are there
 * @registrar: the registrar
 */
void presence_all(struct registrar *registrar)
{
	struct list *pos;

	list_for_each(pos, &registrar->enrp.file.peers)
		presence_send(container_of(pos, struct peer, in_all), 0);
}

/* Where it listens it can be connected to; in a secure scope the file says so. */
static void learn_address(struct peer *peer,
			  const struct rsp_tlv_server *server)
{
	struct rsp_tlv_list list = server->transport.addresses;
	struct transport *at = &peer->address;
	struct rsp_tlv_address address;

	if (at->family || peer->registrar->config.secure ||
	    server->transport.type != RSP_TLV_TCP_TRANSPORT ||
	    !rsp_tlv_next_address(&list, &address))
		return;
	at->port = server->transport.port;
	memcpy(&at->v6, address.octets.data, address.octets.len);
	at->family = address.octets.len == 4 ? AF_INET : AF_INET6;
	if (!transport_is_wildcard(at))
		peer_dial(&peer->redial);
	else
		at->family = 0;
}

/**
 * presence_take() - a peer is there
 * @peer: it
 * @msg: its ENRP_PRESENCE
 */
void presence_take(struct peer *peer, const struct rsp_enrp_message *msg)
{
	/* A silent one cannot say so itself: it is said to it only. */
	if (msg->flags & RSP_ENRP_FLAG_REPLY)
		presence_send(peer, 0);
	if (msg->has_server && msg->server.id == peer->id)
		learn_address(peer, &msg->server);
	if (msg->has_checksum && peer->registrar->enrp.ready)
		audit_checksum(peer, msg->checksum);
}

/**
 * presence_heartbeat() - it is time to be heard
 * @deadline: heartbeat, of struct enrp
 */
void presence_heartbeat(struct deadline *deadline)
{
	struct registrar *registrar = container_of(deadline, struct registrar,
						   enrp.heartbeat);

	presence_all(registrar);
	peers_forget(registrar);
	takeover_orphans(registrar);
	deadline_set(&registrar->deadlines, deadline,
		     uv_now(registrar->loop) +
		     registrar->config.heartbeat_cycle);
}

static void ask(struct peer *peer)
{
	struct registrar *registrar = peer->registrar;

	peer->state = PEER_ASKED;
	peer->late = false;
	deadline_set(&registrar->deadlines, &peer->watch,
		     uv_now(registrar->loop) +
		     registrar->config.max_time_no_response);
}

/**
 * presence_due() - a peer has been silent for too long
 * @deadline: watch, of struct peer
 */
void presence_due(struct deadline *deadline)
{
	struct peer *peer = container_of(deadline, struct peer, watch);
	struct registrar *registrar = peer->registrar;

	if (peer->state == PEER_ACTIVE) {
		ask(peer);
		presence_send(peer, RSP_ENRP_FLAG_REPLY);
		return;
	}
	if (!overdue(registrar, deadline, &peer->late))
		return;
	log_say(LOG_WARNING, "peer %s is not there any more",
		peer_name(peer));
	registrar->counters.peers_lost++;
	peer_down(peer);
	table_stop(peer);
	takeover_begin(registrar, peer->id);
}

/**
 * presence_lost() - the last connection with a peer has ended
 * @peer: it; it has as long to come again as to answer
 */
void presence_lost(struct peer *peer)
{
	table_stop(peer);
	if (peer->state == PEER_ACTIVE)
		ask(peer);
}

static u32 begin_list(struct registrar *registrar, struct rsp_tlv_writer *w,
		      u8 type, u8 flags, const struct peer *peer)
{
	rsp_tlv_writer_init(w, registrar->enrp.message,
			    sizeof(registrar->enrp.message));
	return rsp_enrp_begin(w, type, flags, registrar->id, peer->id);
}

/**
 * list_ask() - ask a peer which registrars it knows
 * @peer: it; its connections may be gone afterwards
 */
void list_ask(struct peer *peer)
{
	struct rsp_tlv_writer w;
	u32 begin = begin_list(peer->registrar, &w, RSP_ENRP_LIST_REQUEST, 0,
			       peer);

	peer_send(peer, rsp_enrp_end(&w, begin));
}

/**
 * list_tell() - tell a peer which registrars we know
 * @peer: it; its connections may be gone afterwards
 */
void list_tell(struct peer *peer)
{
	struct registrar *registrar = peer->registrar;
	bool ready = registrar->enrp.ready;
	struct rsp_tlv_writer w;
	struct list *pos;
	u32 begin;

	begin = begin_list(registrar, &w, RSP_ENRP_LIST_RESPONSE,
			   ready ? 0 : RSP_ENRP_FLAG_REJECT, peer);
	list_for_each(pos, &registrar->enrp.file.peers) {
		struct peer *each = container_of(pos, struct peer, in_all);

		if (ready && each->state == PEER_ACTIVE && each != peer &&
		    each->address.family)
			put_server(&w, each->id, &each->address);
	}
	peer_send(peer, rsp_enrp_end(&w, begin));
}

/* One of the file has not said yet who it is. */
static bool one_is_unheard(const struct registrar *registrar)
{
	struct list *pos;

	list_for_each(pos, &registrar->enrp.file.peers)
		if (!container_of(pos, struct peer, in_all)->id)
			return true;
	return false;
}

/* In a secure scope whom the file does not name has no key. */
static void found(struct registrar *registrar,
		  const struct rsp_tlv_server *server)
{
	struct peer *peer;

	if (server->id == registrar->id || peer_of_id(registrar, server->id))
		return;
	if (registrar->config.secure) {
		if (one_is_unheard(registrar))
			return;
		log_say(LOG_INFO,
			"registrar 0x%08x is a peer of our mentor and none of ours: it has no key in the file of the peers",
			server->id);
		return;
	}
	peer = peer_add(registrar, server->id);
	if (peer)
		learn_address(peer, server);
}

/**
 * list_take() - a peer says which registrars it knows
 * @peer: it
 * @msg: its ENRP_LIST_RESPONSE
 */
void list_take(struct peer *peer, const struct rsp_enrp_message *msg)
{
	struct rsp_tlv_list list = msg->params;
	struct rsp_tlv_server server;

	while (rsp_enrp_next_server(&list, &server))
		found(peer->registrar, &server);
}
