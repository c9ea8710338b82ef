/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registrar: one struct behind one event loop. What comes in is a message
 * (client.c) or a deadline; what changes the handlespace goes through change.c,
 * which sees to those who are told of it.
 */
#ifndef _ENRPD_REGISTRAR_H
#define _ENRPD_REGISTRAR_H

#include "../../net/rserpool/asap.h"
#include "../lib/bucket.h"
#include "../lib/channel.h"
#include "../lib/control.h"
#include "../lib/metrics.h"
#include "announce.h"
#include "authorization.h"
#include "config.h"
#include "feed.h"
#include "handlespace.h"
#include "peer.h"
#include "select.h"

/**
 * struct counters - what happened; each is a line for the operator
 * @registrations: granted, for the first time
 * @reregistrations: granted, anew
 * @rejected: registrations and deregistrations, by cause
 * @deregistrations: granted
 * @expired: elements whose registration ended
 * @resolutions: answered with elements
 * @unknown_handles: answered with none
 * @updates: sent to subscribers
 * @keep_alives: sent
 * @keep_alives_delayed: that waited for their turn
 * @keep_alive_acks: received
 * @reports: that an element is unreachable
 * @reports_forwarded: of these, to the peer that owns the element
 * @reports_dropped: beyond what a connection may send
 * @unreachable: elements removed because they did not answer
 * @reported: elements removed because of reports
 * @malformed: messages
 * @unexpected: messages that are not for a registrar
 * @not_read: connections closed because they did not read
 * @turned_away: connections beyond what there may be
 * @displaced: connections of strangers that made room for new ones
 * @fed: elements given to the kernel
 * @unfed: elements that the kernel refused
 * @syncs: begun with the kernel
 * @updates_sent: to peers, of elements
 * @updates_received: from peers
 * @updates_refused: elements that peers told of, and that were not stored
 * @updates_unauthorized: of these, those that the authorization file has no
 *	place for
 * @audits: that found that a peer owns other elements than was known
 * @peers_lost: peers that did not answer
 * @takeovers: done by this registrar
 * @announcements: sent to multicast groups
 * @announcements_heard: of other registrars
 */
struct counters {
	u64 registrations;
	u64 reregistrations;
	u64 rejected[RSP_CAUSE_SECURITY + 1];
	u64 deregistrations;
	u64 expired;
	u64 resolutions;
	u64 unknown_handles;
	u64 updates;
	u64 keep_alives;
	u64 keep_alives_delayed;
	u64 keep_alive_acks;
	u64 reports;
	u64 reports_forwarded;
	u64 reports_dropped;
	u64 unreachable;
	u64 reported;
	u64 malformed;
	u64 unexpected;
	u64 not_read;
	u64 turned_away;
	u64 displaced;
	u64 fed;
	u64 unfed;
	u64 syncs;
	u64 updates_sent;
	u64 updates_received;
	u64 updates_refused;
	u64 updates_unauthorized;
	u64 audits;
	u64 peers_lost;
	u64 takeovers;
	u64 announcements;
	u64 announcements_heard;
};

/**
 * struct client - a connection of an element or a user
 * @in_all: place in struct registrar
 * @in_strangers: likewise, while a secure scope does not know it
 * @registrar: whose it is
 * @channel: its connection
 * @account: who it is; NULL where nobody that we know
 * @open: it may send, with TLS agreed where there is TLS
 * @plain: it came by the plain port of a secure scope
 * @elements: that it registered
 * @subscriptions: pools that it is told of
 * @n_subscriptions: how many
 * @reports: of unreachable elements, that it may send
 * @complained: it was said that it sends more
 */
struct client {
	struct list in_all;
	struct list in_strangers;
	struct registrar *registrar;
	struct channel *channel;
	struct account *account;
	bool open;
	bool plain;
	struct list elements;
	struct list subscriptions;
	u32 n_subscriptions;
	struct bucket reports;
	bool complained;
};

/**
 * struct subscription - a client that is told of a pool's changes
 * @in_pool: place in @pool
 * @in_client: place in @client
 * @pool: the pool
 * @client: the client
 */
struct subscription {
	struct list in_pool;
	struct list in_client;
	struct pool *pool;
	struct client *client;
};

/**
 * struct registrar - all there is
 * @loop: behind it all
 * @config: settings
 * @authorization: who may what
 * @id: server identifier
 * @hs: handlespace
 * @deadlines: of elements
 * @channels: all connections
 * @limits: of each of them
 * @tls: our side of TLS
 * @listeners: of elements and users
 * @n_listeners: how many
 * @clients: connections of elements and users
 * @n_clients: how many
 * @strangers: those of them that make room for others, the next one first
 * @feed: of this host's kernel
 * @enrp: the side of the peers
 * @announce: to whoever looks for a registrar
 * @control: where an operator asks
 * @metrics: where a scraper does
 * @changed: pools that subscribers are to be told of
 * @update: when they are told
 * @keep_alives: that may be sent
 * @selection: of the last answer
 * @counters: what happened
 * @answer: a message that is being built
 */
struct registrar {
	uv_loop_t *loop;
	struct config config;
	struct authorization authorization;
	u32 id;
	struct handlespace hs;
	struct deadlines deadlines;
	struct channel_group channels;
	struct channel_limits limits;
	struct tls *tls;
	struct channel_listener *listeners;
	unsigned int n_listeners;
	struct list clients;
	u32 n_clients;
	struct list strangers;
	struct feed feed;
	struct enrp enrp;
	struct announce announce;
	struct control control;
	struct metrics metrics;
	struct list changed;
	struct deadline update;
	struct bucket keep_alives;
	struct selection selection;
	struct counters counters;
	u8 answer[RSP_ASAP_LENGTH_MAX + 1];
};

/* In registrar.c */
int registrar_init(struct registrar *registrar, uv_loop_t *loop);
int registrar_listen(struct registrar *registrar, char *why, size_t room);
void registrar_stop(struct registrar *registrar);
void registrar_fini(struct registrar *registrar);
int listen_at(struct registrar *registrar, struct channel_listener *listener,
	      const struct transport *address, char *why, size_t room);
u32 registrar_deadlines(const struct registrar *registrar);

/* In permission.c */
const char *permission_lacks(const struct account *account,
			     const struct rsp_octets *handle,
			     const struct rsp_tlv_element *element,
			     const struct rsp_tlv_transport *from);
struct account *permission_owner(struct authorization *authorization,
				 const struct rsp_octets *handle,
				 const struct rsp_tlv_element *element,
				 const char **why);

/* In reload.c */
void registrar_reload(struct registrar *registrar, struct authorization *fresh);

/* In client.c */
bool client_accept(struct channel_listener *listener, struct channel *channel);
void client_known(struct client *client, struct account *account);
u64 client_network(const struct client *client);
void client_send(struct client *client, const void *data, int len);

/* In registration.c */
int registration_put(struct registrar *registrar, struct client *client,
		     const struct rsp_octets *handle,
		     const struct element_data *data);
void registration_take(struct client *client,
		       const struct rsp_asap_message *msg);
void deregistration_take(struct client *client,
			 const struct rsp_asap_message *msg);
void registration_expired(struct deadline *deadline);

/* In resolution.c */
void resolution_take(struct client *client,
		     const struct rsp_asap_message *msg);
void subscription_end(struct subscription *subscription);
void resolution_update(struct deadline *deadline);

/* In keep_alive.c */
bool overdue(struct registrar *registrar, struct deadline *deadline,
	     bool *seen);
void keep_alive_ask(struct registrar *registrar, struct element *element);
void keep_alive_hurry(struct registrar *registrar, struct element *element);
void keep_alive_begin(struct registrar *registrar, struct element *element);
void keep_alive_awaited(struct registrar *registrar, struct element *element);
void keep_alive_due(struct deadline *deadline);
void keep_alive_lost(struct registrar *registrar, struct element *element);
void keep_alive_ack_take(struct client *client,
			 const struct rsp_asap_message *msg);

/* In report.c */
void reports_forget(struct element *element);
void unreachable_take(struct client *client,
		      const struct rsp_asap_message *msg);
void unreachable_report(struct registrar *registrar, struct element *element,
			u64 reporter);

/* In counters.c */
#define REJECTED_HELP	"Registrations and deregistrations refused, and resolutions without TLS, by cause (RFC 5354, 3.12)."

struct counters_of registrar_counters(const struct registrar *registrar);
void registrar_metrics(void *data, FILE *file);

/* In show.c */
bool show(void *data, const char *object);

/* In change.c */
void change_put(struct registrar *registrar, struct element *element);
void change_remove(struct registrar *registrar, struct element *element);
void change_client(struct element *element, struct client *client);
void change_account(struct element *element, struct account *account);
struct registrar *registrar_of(struct element *element);

/**
 * element_named() - find an element
 * @registrar: the registrar
 * @handle: its pool
 * @id: its PE identifier
 *
 * Return: it, or NULL.
 */
static inline struct element *element_named(const struct registrar *registrar,
					    const struct rsp_octets *handle,
					    u32 id)
{
	const struct handlespace *hs = &registrar->hs;
	struct pool *pool = pool_find(hs, handle->data, handle->len);

	return pool ? element_find(hs, pool, id) : NULL;
}

/**
 * element_of() - the element that a message is about
 * @registrar: the registrar
 * @msg: has a pool handle and a PE identifier
 *
 * Return: it, or NULL.
 */
static inline struct element *element_of(struct registrar *registrar,
					 const struct rsp_asap_message *msg)
{
	return element_named(registrar, &msg->handle, msg->pe_id);
}

#endif /* _ENRPD_REGISTRAR_H */
