// SPDX-License-Identifier: GPL-2.0
/* What peers send: from whom it is, and what it does. */
#include "../lib/log.h"
#include "registrar.h"

/* In a plain scope he is who he says. One that is new was found. */
static struct peer *introduce(struct link *link, u32 id)
{
	struct registrar *registrar = link->registrar;
	struct peer *peer = peer_of_id(registrar, id);

	if (!peer)
		peer = peer_add(registrar, id);
	if (!peer)
		return NULL;
	list_del(&link->in_strangers);
	link->peer = peer;
	if (peer->in) {
		peer->in->peer = NULL;
		channel_close(peer->in->channel, "it has connected anew");
	}
	peer->in = link;
	return peer;
}

/* The one that was found is the one that the file names. */
static void merge(struct peer *peer, struct peer *found)
{
	if (found->in && !peer->in) {
		peer->in = found->in;
		peer->in->peer = peer;
	} else if (found->in) {
		found->in->peer = NULL;
		channel_close(found->in->channel, "it is connected otherwise");
	}
	found->in = NULL;
	if (found->out) {
		found->out->peer = NULL;
		channel_close(found->out->channel, "it is connected otherwise");
	}
	/* If it was our mentor, it is so again when it is heard by this name. */
	table_stop(found);
	deadline_clear(&peer->registrar->deadlines, &found->watch);
	deadline_clear(&peer->registrar->deadlines, &found->redial);
	peer->registrar->enrp.n_peers--;
	peer_free(found);
}

/* Nobody speaks for another one; who was started anew has another number. */
static const char *identify(struct peer *peer, u32 id)
{
	struct registrar *registrar = peer->registrar;
	struct peer *other = peer_of_id(registrar, id);
	u32 former = peer->id;

	if (id == registrar->id)
		return "it has our own server identifier";
	if (other == peer)
		return NULL;
	/* Who has a key keeps his identifier, whoever says that he has gone. */
	if (other && (registrar->config.secure ||
		      (other->configured && other->state != PEER_DOWN)))
		return "another peer has its server identifier";
	if (other && !other->configured)
		merge(peer, other);
	else if (other)
		other->id = 0;
	peer->id = id;
	if (former && peer->state != PEER_DOWN) {
		peer_down(peer);
		takeover_begin(registrar, former);
	}
	return NULL;
}

/* Who was started anew has another connection, too. A reason ends this one. */
static const char *identify_link(struct link *link, struct peer *peer, u32 id)
{
	if (!peer)
		return "it is one too many, or it is this registrar itself";
	if (link->id && (link->id != id || peer->id != id))
		return "it has another server identifier now";
	/* What a takeover tells may end the connection. */
	link->id = id;
	return identify(peer, id);
}

static void act(struct peer *peer, const struct rsp_enrp_message *msg)
{
	struct registrar *registrar = peer->registrar;

	switch (msg->type) {
	case RSP_ENRP_PRESENCE:
		presence_take(peer, msg);
		break;
	case RSP_ENRP_HANDLE_TABLE_REQUEST:
		table_serve(peer, msg);
		break;
	case RSP_ENRP_HANDLE_TABLE_RESPONSE:
		table_take(peer, msg);
		break;
	case RSP_ENRP_HANDLE_UPDATE:
		update_take(peer, msg);
		break;
	case RSP_ENRP_LIST_REQUEST:
		list_tell(peer);
		break;
	case RSP_ENRP_LIST_RESPONSE:
		list_take(peer, msg);
		break;
	case RSP_ENRP_INIT_TAKEOVER:
		takeover_asked(peer, msg->target);
		break;
	case RSP_ENRP_INIT_TAKEOVER_ACK:
		takeover_agreed(peer, msg->target);
		break;
	case RSP_ENRP_TAKEOVER_SERVER:
		takeover_done(peer, msg->target);
		break;
	case RSP_ENRP_UNREACHABLE:
		unreachable_forwarded(peer, msg);
		break;
	default:
		registrar->counters.unexpected++;
		break;
	}
}

static void report(struct link *link, const struct rsp_tlv_input *in,
		   u32 receiver)
{
	struct registrar *registrar = link->registrar;
	struct rsp_tlv_writer w;

	rsp_tlv_writer_init(&w, registrar->enrp.message,
			    sizeof(registrar->enrp.message));
	channel_send(link->channel, registrar->enrp.message,
		     (u32)rsp_enrp_put_reports(&w, in, registrar->id,
					       receiver));
}

/**
 * peer_take() - a peer has sent a message
 * @link: by which connection; it may be gone afterwards
 * @data: the message
 * @len: octets of it
 */
void peer_take(struct link *link, const u8 *data, u32 len)
{
	struct registrar *registrar = link->registrar;
	struct peer *peer = link->peer;
	struct rsp_enrp_message msg;
	struct rsp_tlv_input in;
	const char *why;
	int err;

	err = rsp_enrp_parse(&in, data, len, &msg);
	if (in.n_reports)
		report(link, &in, msg.sender);
	if (err) {
		registrar->counters.malformed++;
		log_say(LOG_INFO, "peer %s: message discarded: octet %u: %s",
			channel_name(link->channel), in.error.offset,
			in.error.what);
		return;
	}
	if (!peer && msg.sender != registrar->id)
		peer = introduce(link, msg.sender);
	why = identify_link(link, peer, msg.sender);
	if (why) {
		registrar->counters.unexpected++;
		log_say(LOG_WARNING | LOG_SET_OFF, "peer %s: %s",
			channel_name(link->channel), why);
		channel_close(link->channel, why);
		return;
	}
	if (msg.receiver && msg.receiver != registrar->id) {
		registrar->counters.unexpected++;
		return;
	}
	peer_heard(peer);
	act(peer, &msg);
}
