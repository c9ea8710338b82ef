// SPDX-License-Identifier: GPL-2.0
/* Connections with peers: made, taken, lost; and who is at the other end. */
#include <errno.h>
#include <stdlib.h>

#include "../lib/log.h"
#include "registrar.h"

#define REDIAL_MS	1000

/* One that was found is forgotten after so many times max-time-last-heard. */
#define FORGET_TIMES	10

static const struct channel_ops link_ops;

/**
 * peer_down() - a peer is not there
 * @peer: it
 */
void peer_down(struct peer *peer)
{
	peer->state = PEER_DOWN;
	peer->down_since = uv_now(peer->registrar->loop);
}

static void drop(struct link *link, const char *why)
{
	if (!link)
		return;
	link->peer = NULL;
	channel_close(link->channel, why);
}

/**
 * peer_remove() - a peer is none any more
 * @peer: it
 * @why: its connections end
 */
void peer_remove(struct peer *peer, const char *why)
{
	struct registrar *registrar = peer->registrar;

	drop(peer->out, why);
	drop(peer->in, why);
	table_stop(peer);
	deadline_clear(&registrar->deadlines, &peer->redial);
	deadline_clear(&registrar->deadlines, &peer->watch);
	registrar->enrp.n_peers--;
	peer_free(peer);
}

/* Who is being connected to has sent nothing yet. */
static bool is_gone(const struct peer *peer)
{
	return !peer->configured && peer->state == PEER_DOWN && !peer->in &&
	       !(peer->out && peer->out->open);
}

/* Who was found and has gone makes place for who is found. */
static bool make_place(struct registrar *registrar)
{
	struct peer *oldest = NULL;
	struct list *pos;

	list_for_each(pos, &registrar->enrp.file.peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);

		if (is_gone(peer) &&
		    (!oldest || peer->down_since < oldest->down_since))
			oldest = peer;
	}
	if (oldest)
		peer_remove(oldest, "others are found");
	return oldest;
}

/**
 * peers_forget() - forget those that were found and have gone for long
 * @registrar: the registrar
 */
void peers_forget(struct registrar *registrar)
{
	u64 long_ago = (u64)FORGET_TIMES *
		       registrar->config.max_time_last_heard;
	u64 now = uv_now(registrar->loop);
	struct list *pos, *next;

	list_for_each_safe(pos, next, &registrar->enrp.file.peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);

		if (!is_gone(peer) || now - peer->down_since < long_ago)
			continue;
		log_say(LOG_INFO, "peer %s is forgotten", peer_name(peer));
		peer_remove(peer, "it is forgotten");
	}
}

/**
 * peer_add() - add a peer that was found
 * @registrar: whose
 * @id: server identifier
 *
 * Return: it; NULL when there are too many, or no memory.
 */
struct peer *peer_add(struct registrar *registrar, u32 id)
{
	struct peer *peer;

	if (registrar->enrp.n_peers >= registrar->config.peers_max &&
	    !make_place(registrar))
		return NULL;
	peer = peer_new(&registrar->enrp.file);
	if (!peer)
		return NULL;
	peer->registrar = registrar;
	peer->id = id;
	peer->down_since = uv_now(registrar->loop);
	peer->redial.fire = peer_dial;
	peer->watch.fire = presence_due;
	peer->fetch.fire = table_fetch_due;
	registrar->enrp.n_peers++;
	if (!deadlines_reserve(&registrar->deadlines,
			       registrar_deadlines(registrar)))
		return peer;
	registrar->enrp.n_peers--;
	peer_free(peer);
	return NULL;
}

/**
 * peer_name() - a peer, for the log
 * @peer: it
 *
 * Return: its name, or where it is; until the next call.
 */
const char *peer_name(const struct peer *peer)
{
	static char text[TLS_IDENTITY_MAX + TRANSPORT_TEXT_MAX + 16];
	char at[TRANSPORT_TEXT_MAX] = "";

	if (peer->address.family)
		format_transport(&peer->address, at);
	snprintf(text, sizeof(text), "%s%s%s (0x%08x)", peer->name,
		 *peer->name && *at ? " " : "", at, peer->id);
	return text;
}

/* What we have asked and told goes one way as long as it is there. */
static struct link *way_to(const struct peer *peer)
{
	if (peer->out && peer->out->open)
		return peer->out;
	return peer->in && peer->in->open ? peer->in : NULL;
}

/**
 * peer_send() - send what is in enrp.message
 * @peer: to whom; its connections may be gone afterwards
 * @len: what rsp_enrp_end() gave
 *
 * Return: false when it was not sent.
 */
bool peer_send(struct peer *peer, int len)
{
	struct registrar *registrar = peer->registrar;
	struct link *link = way_to(peer);
	int err;

	if (!link || len <= 0)
		return false;
	err = channel_send(link->channel, registrar->enrp.message, (u32)len);
	if (!err)
		return true;
	if (err != -ENOTCONN) {
		registrar->counters.not_read++;
		channel_close(link->channel, "it does not read what it is sent");
	}
	return false;
}

/**
 * peer_heard() - a peer has sent something
 * @peer: it
 */
void peer_heard(struct peer *peer)
{
	struct registrar *registrar = peer->registrar;
	bool was_down = peer->state == PEER_DOWN;

	peer->state = PEER_ACTIVE;
	peer->late = false;
	deadline_set(&registrar->deadlines, &peer->watch,
		     uv_now(registrar->loop) +
		     registrar->config.max_time_last_heard);
	if (!was_down)
		return;
	log_say(LOG_INFO, "peer %s is there", peer_name(peer));
	takeover_abort(registrar, peer->id);
	takeover_return(registrar, peer->id);
	/* It may know some that were forgotten while nobody could be heard. */
	if (!registrar->config.secure || !registrar->enrp.ready)
		list_ask(peer);
	if (registrar->enrp.ready || registrar->enrp.mentor)
		return;
	registrar->enrp.mentor = peer;
	table_fetch(peer, true);
}

/**
 * peer_dial() - connect to a peer
 * @deadline: redial, of struct peer
 */
void peer_dial(struct deadline *deadline)
{
	struct peer *peer = container_of(deadline, struct peer, redial);
	struct registrar *registrar = peer->registrar;
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	bool is_v4 = peer->address.family == AF_INET;
	struct link *link;
	char why[256];

	deadline_set(&registrar->deadlines, &peer->redial,
		     uv_now(registrar->loop) + REDIAL_MS);
	if (peer->out)
		return;
	/* It was given another key, and there was no memory for it. */
	if (registrar->config.secure && !peer->tls &&
	    peer_key(peer, why, sizeof(why)))
		return;
	link = calloc(1, sizeof(*link));
	if (!link)
		return;
	v4.sin_port = htons(peer->address.port);
	v4.sin_addr = peer->address.v4;
	v6.sin6_port = htons(peer->address.port);
	v6.sin6_addr = peer->address.v6;
	v6.sin6_scope_id = peer->address.scope_id;
	link->registrar = registrar;
	link->peer = peer;
	list_init(&link->in_strangers);
	link->channel = channel_connect(&registrar->channels, peer->tls,
					&registrar->limits,
					is_v4 ? (void *)&v4 : (void *)&v6,
					is_v4 ? sizeof(v4) : sizeof(v6),
					&link_ops, link);
	if (link->channel)
		peer->out = link;
	else
		free(link);
}

/* A connection that it makes anew replaces the one before. */
static void attach_in(struct link *link, struct peer *peer)
{
	struct link *old = peer->in;

	list_del(&link->in_strangers);
	link->peer = peer;
	peer->in = link;
	if (!old)
		return;
	old->peer = NULL;
	channel_close(old->channel, "it has connected anew");
}

static void on_open(struct channel *channel)
{
	struct link *link = channel_data(channel);
	struct registrar *registrar = link->registrar;
	struct peer *peer = link->peer;

	link->open = true;
	if (peer)
		peer->complained = false;
	if (!peer && registrar->config.secure) {
		peer = peer_of_name(&registrar->enrp.file,
				    channel_identity(channel));
		if (!peer) {
			channel_close(channel, "it is no peer of ours");
			return;
		}
		attach_in(link, peer);
	}
	/* Of whom has connected to us it is heard what he is. */
	if (peer && peer->out == link)
		presence_send(peer, RSP_ENRP_FLAG_REPLY);
}

/* Of one that is not there, and is tried each second, it is said once. */
static void say_why(const struct channel *channel, const char *why)
{
	const struct link *link = channel_data(channel);
	enum log_level level = why ? LOG_INFO : LOG_DEBUG;
	struct peer *peer = link->peer;

	if (peer && peer->out == link && !link->open) {
		if (peer->complained)
			level = LOG_DEBUG;
		peer->complained = true;
	}
	log_say(level, "peer %s: %s%s%s", channel_name(channel),
		link->open ? "connection has ended" : "no connection",
		why ? ": " : "", why ? why : "");
}

static void on_message(struct channel *channel, const uint8_t *data,
		       uint32_t len)
{
	peer_take(channel_data(channel), data, len);
}

static void on_closed(struct channel *channel, const char *why)
{
	struct link *link = channel_data(channel);
	struct peer *peer = link->peer;

	say_why(channel, why);
	list_del(&link->in_strangers);
	if (peer && peer->out == link)
		peer->out = NULL;
	if (peer && peer->in == link)
		peer->in = NULL;
	free(link);
	if (peer && !peer->out && !peer->in)
		presence_lost(peer);
}

static const struct channel_ops link_ops = {
	.open = on_open,
	.message = on_message,
	.closed = on_closed,
};

/* Who has not said who he is for the longest time goes first. */
static void make_room(struct registrar *registrar)
{
	struct list *pos;
	u32 n = 0;

	list_for_each(pos, &registrar->enrp.strangers)
		n++;
	if (n < registrar->config.peers_max)
		return;
	pos = registrar->enrp.strangers.next;
	channel_close(container_of(pos, struct link, in_strangers)->channel,
		      "too many have not said who they are");
}

/**
 * peer_accept() - a peer connects
 * @listener: where
 * @channel: by this
 *
 * Return: false when there is no memory.
 */
bool peer_accept(struct channel_listener *listener, struct channel *channel)
{
	struct registrar *registrar = listener->data;
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return false;
	make_room(registrar);
	link->registrar = registrar;
	link->channel = channel;
	list_add_tail(&link->in_strangers, &registrar->enrp.strangers);
	channel_own(channel, &link_ops, link);
	return true;
}
