/* SPDX-License-Identifier: GPL-2.0 */
/* The other registrars (RFC 5353): connections, and what goes over them. */
#ifndef _ENRPD_PEER_H
#define _ENRPD_PEER_H

#include "../lib/bucket.h"
#include "../lib/channel.h"
#include "../lib/enrp.h"
#include "../lib/text.h"
#include "handlespace.h"

struct registrar;
struct peer;

/* All that is fetched from a peer is to come in so many times mentor-timeout. */
#define FETCH_TIMES	60

/**
 * enum peer_state - what is known of a peer
 * @PEER_DOWN: nothing, or it does not answer any more
 * @PEER_ACTIVE: it was heard
 * @PEER_ASKED: it was not for long, and is asked whether it is there
 */
enum peer_state { PEER_DOWN, PEER_ACTIVE, PEER_ASKED };

/**
 * struct link - a connection with a peer
 * @registrar: whose it is
 * @peer: with whom; NULL until he has said who he is
 * @in_strangers: place in struct enrp, while he has not
 * @channel: it
 * @open: something may be sent
 * @id: server identifier that he speaks with; 0: he has not spoken
 */
struct link {
	struct registrar *registrar;
	struct peer *peer;
	struct list in_strangers;
	struct channel *channel;
	bool open;
	u32 id;
};

/**
 * struct peer - another registrar
 * @in_all: place in struct enrp
 * @registrar: whose it is
 * @name: what it calls itself; empty of one that was found
 * @key: that the two share
 * @has_key: it has one
 * @configured: the file names it
 * @address: where it is; of one without, family is 0
 * @tls: our side, to connect with
 * @id: server identifier, 0 while it is not known
 * @state: what is known
 * @down_since: when it was last heard of, if it is down
 * @out: the connection that we made
 * @in: the one that it made
 * @complained: it was said why it cannot be connected to
 * @redial: when it is connected to
 * @watch: when it must have been heard
 * @late: that time was over once
 * @fetch: what we fetch from it must have come by then
 * @fetching: something is fetched
 * @fetch_until: it is to have come by then, however much it is
 * @whole: that is the whole handlespace, else what it owns
 * @refused: what it owns, as it said when that was fetched last, and what is
 *	not stored here; less what is stored as its own and it did not name
 * @n_refused: elements in @refused
 * @n_unstored: of these, those which may be stored another time
 * @recheck_in: milliseconds; how long after such a fetch it is done again
 * @recheck_at: when; 0: not
 * @said_at: when a refusal was logged
 * @n_unsaid: refusals since then
 * @reports: that it may send
 * @walk: what it fetches from us
 * @walk_until: when it must have asked for more
 */
struct peer {
	struct list in_all;
	struct registrar *registrar;
	char name[TLS_IDENTITY_MAX + 1];
	struct tls_key key;
	bool has_key;
	bool configured;
	struct transport address;
	struct tls *tls;
	u32 id;
	enum peer_state state;
	u64 down_since;
	struct link *out;
	struct link *in;
	bool complained;
	struct deadline redial;
	struct deadline watch;
	bool late;
	struct deadline fetch;
	bool fetching;
	u64 fetch_until;
	bool whole;
	struct rsp_checksum refused;
	u32 n_refused;
	u32 n_unstored;
	u32 recheck_in;
	u64 recheck_at;
	u64 said_at;
	u32 n_unsaid;
	struct bucket reports;
	struct walk walk;
	u64 walk_until;
};

/**
 * struct takeover - of what a registrar owned that has gone
 * @in_all: place in struct enrp
 * @registrar: who takes it over
 * @target: whose elements
 * @again: when those who have not agreed are asked again
 * @n: how many have not agreed yet
 * @waiting: they, by server identifier
 */
struct takeover {
	struct list in_all;
	struct registrar *registrar;
	u32 target;
	struct deadline again;
	u32 n;
	u32 waiting[];
};

/**
 * struct peers_file - what the file of the peers says
 * @name: what this registrar calls itself
 * @peers: the others, struct peer
 */
struct peers_file {
	char name[TLS_IDENTITY_MAX + 1];
	struct list peers;
};

/**
 * struct enrp - the ENRP side of a registrar
 * @file: the peers, those of the file and those that were found
 * @n_peers: how many
 * @tls: our side, to be connected to
 * @listeners: of peers
 * @n_listeners: how many
 * @strangers: connections of whom it is not known whose they are
 * @heartbeat: when peers are told that we are there
 * @alone: when it is no use to wait for a mentor any more
 * @alone_at: when a mentor that does not come to an end is waited for no longer
 * @ready: elements and users are served
 * @mentor: who is asked for the handlespace; NULL: nobody
 * @takeovers: under way
 * @n_takeovers: how many
 * @message: one that is being built
 */
struct enrp {
	struct peers_file file;
	u32 n_peers;
	struct tls *tls;
	struct channel_listener *listeners;
	unsigned int n_listeners;
	struct list strangers;
	struct deadline heartbeat;
	struct deadline alone;
	u64 alone_at;
	bool ready;
	struct peer *mentor;
	struct list takeovers;
	u32 n_takeovers;
	u8 message[RSP_ASAP_LENGTH_MAX + 1];
};

/* In peers_file.c */
int peers_load(struct peers_file *file, const char *path, char why[WHY_MAX]);
int peers_check(const struct peers_file *file, const char *path, bool listen,
		char why[WHY_MAX]);

/* In peers.c: what stands there needs no connections. */
struct peer *peer_new(struct peers_file *file);
void peer_free(struct peer *peer);
void peers_free(struct peers_file *file);
struct peer *peer_of_name(const struct peers_file *file, const char *name);
struct peer *peer_of_id(const struct registrar *registrar, u32 id);

/* In peer.c */
struct peer *peer_add(struct registrar *registrar, u32 id);
void peer_down(struct peer *peer);
void peer_remove(struct peer *peer, const char *why);
void peers_forget(struct registrar *registrar);
bool peer_send(struct peer *peer, int len);
const char *peer_name(const struct peer *peer);
void peer_dial(struct deadline *deadline);
void peer_heard(struct peer *peer);
bool peer_accept(struct channel_listener *listener, struct channel *channel);

/* In peers_reload.c */
void peers_reload(struct registrar *registrar, struct peers_file *fresh);

/* In enrp_side.c */
int peer_key(struct peer *peer, char *why, size_t room);
int peer_begin(struct registrar *registrar, struct peer *peer, char *why,
	       size_t room);
void enrp_init(struct registrar *registrar);
int enrp_start(struct registrar *registrar, char *why, size_t room);
void enrp_stop(struct registrar *registrar);
void enrp_fini(struct registrar *registrar);
void enrp_ready(struct registrar *registrar, const struct peer *mentor);

/* In peer_message.c: what a message does; the link may be gone afterwards. */
void peer_take(struct link *link, const u8 *data, u32 len);

/* In presence.c */
void presence_send(struct peer *peer, u8 flags);
void presence_take(struct peer *peer, const struct rsp_enrp_message *msg);
void presence_all(struct registrar *registrar);
void presence_heartbeat(struct deadline *deadline);
void presence_due(struct deadline *deadline);
void presence_lost(struct peer *peer);
void list_ask(struct peer *peer);
void list_tell(struct peer *peer);
void list_take(struct peer *peer, const struct rsp_enrp_message *msg);

/* In table.c */
void table_fetch(struct peer *peer, bool whole);
void table_fetch_due(struct deadline *deadline);
void table_stop(struct peer *peer);
void table_serve(struct peer *peer, const struct rsp_enrp_message *msg);
void table_take(struct peer *peer, const struct rsp_enrp_message *msg);

/* In audit.c */
void audit_checksum(struct peer *peer, u16 checksum);
void audit_begin(struct peer *peer);
void audit_end(struct peer *peer);
void audit_refused(struct peer *peer, const struct rsp_octets *handle, u32 id,
		   bool unstored);
void audit_again(struct peer *peer);

/* In update.c */
void update_send(struct registrar *registrar, const struct element *element,
		 u16 action);
void update_take(struct peer *peer, const struct rsp_enrp_message *msg);
void update_element(struct peer *peer, const struct rsp_octets *handle,
		    const struct rsp_tlv_element *from);

/* In report.c */
void unreachable_forwarded(struct peer *peer,
			   const struct rsp_enrp_message *msg);

/* In takeover.c */
void takeover_begin(struct registrar *registrar, u32 target);
void takeover_abort(struct registrar *registrar, u32 target);
void takeover_asked(struct peer *peer, u32 target);
void takeover_agreed(struct peer *peer, u32 target);
void takeover_done(struct peer *peer, u32 target);
void takeover_orphans(struct registrar *registrar);
void takeover_return(struct registrar *registrar, u32 id);

#endif /* _ENRPD_PEER_H */
