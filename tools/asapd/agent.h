/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The agent: one struct behind one event loop. The kernel of this host asks
 * (kernel.c); what it asks goes to the home registrar (home.c), as a registration
 * (registration.c) or a resolution (resolution.c), and the answers go to the
 * kernel.
 */
#ifndef _ASAPD_AGENT_H
#define _ASAPD_AGENT_H

#include "../../net/rserpool/asap.h"
#include "../lib/bucket.h"
#include "../lib/channel.h"
#include "../lib/control.h"
#include "../lib/deadline.h"
#include "../lib/feeder.h"
#include "../lib/list.h"
#include "../lib/metrics.h"
#include "../lib/multicast.h"
#include "config.h"
#include "service.h"

#define POOL_PLACES	1024
#define ATTEMPTS_MAX	3	/* RFC 5352, 3.6, SH1 */
#define HINTS_MAX	16

struct agent;
struct pool;

/**
 * struct counters - what happened; each is a line for the operator
 * @homes: home registrars that were found
 * @attempts_failed: connections to registrars that were not made
 * @registrations: sent
 * @registered: answered, and granted
 * @rejected: and refused
 * @deregistrations: sent
 * @expired: registrations that a registrar has ended
 * @resolutions: sent
 * @resolved: answered with elements, asked for or not
 * @unknown_handles: answered with none
 * @timeouts: requests that were not answered
 * @keep_alives: answered
 * @keep_alives_delayed: more than are answered a second
 * @reports: sent, that an element is unreachable
 * @reports_dropped: too many, or no home registrar
 * @announcements: heard, of registrars
 * @announcements_malformed: datagrams to their groups that are none
 * @hints_dropped: addresses in them, beyond those that are kept
 * @malformed: messages
 * @unexpected: messages that are not for an agent, or for nothing it has
 * @fed: elements given to the kernel
 * @unfed: elements that the kernel refused
 */
struct counters {
	u64 homes;
	u64 attempts_failed;
	u64 registrations;
	u64 registered;
	u64 rejected;
	u64 deregistrations;
	u64 expired;
	u64 resolutions;
	u64 resolved;
	u64 unknown_handles;
	u64 timeouts;
	u64 keep_alives;
	u64 keep_alives_delayed;
	u64 reports;
	u64 reports_dropped;
	u64 announcements;
	u64 announcements_malformed;
	u64 hints_dropped;
	u64 malformed;
	u64 unexpected;
	u64 fed;
	u64 unfed;
};

/**
 * struct attempt - a connection to a registrar
 * @agent: whose
 * @channel: it, NULL for none
 * @address: where to
 * @hinted: that was announced
 */
struct attempt {
	struct agent *agent;
	struct channel *channel;
	struct transport address;
	bool hinted;
};

/**
 * struct hint - where a registrar may be
 * @address: there
 * @until: when that is forgotten
 * @tried: in this round
 */
struct hint {
	struct transport address;
	u64 until;
	bool tried;
};

/**
 * struct hints - what multicast groups were told
 * @groups: that are heard
 * @n_groups: how many
 * @at: where registrars may be, in the order in which they came
 * @n: how many
 */
struct hints {
	struct multicast *groups;
	unsigned int n_groups;
	struct hint at[HINTS_MAX];
	u32 n;
};

/**
 * struct sides - our sides of TLS; all NULL in a plain scope
 * @listed: one for each registrar of the list
 * @n: how many
 * @hinted: and the one for all others
 */
struct sides {
	struct tls **listed;
	unsigned int n;
	struct tls *hinted;
};

/**
 * struct home - the home registrar, and the hunt for one
 * @attempts: connections
 * @at: the one that is the home registrar; NULL: none is
 * @id: its server identifier, 0 until it has said it
 * @since: when it became that; 0: it is left, and not by its fault
 * @next: of the list, which is tried next
 * @tried: of the list, how many were in this round
 * @timeout: of this round, milliseconds
 * @round: T5-Serverhunt: the end of the round
 * @beside: another one is tried beside those that have not answered
 * @silence: it is asked whether it is there
 * @stopped: nothing is tried any more
 * @sides: what it is connected to with
 */
struct home {
	struct attempt attempts[ATTEMPTS_MAX];
	struct attempt *at;
	u32 id;
	u64 since;
	unsigned int next;
	unsigned int tried;
	u32 timeout;
	struct deadline round;
	struct deadline beside;
	struct deadline silence;
	bool stopped;
	struct sides sides;
};

/**
 * enum element_state - how far a registration is
 * @ELEMENT_WAITS: it is to be sent
 * @ELEMENT_ASKED: it was sent
 * @ELEMENT_REGISTERED: it was granted
 * @ELEMENT_DEFERRED: the registrar lacked something; it is sent again
 * @ELEMENT_LEAVES: a deregistration is to be sent
 * @ELEMENT_LEAVING: it was sent
 */
enum element_state {
	ELEMENT_WAITS, ELEMENT_ASKED, ELEMENT_REGISTERED, ELEMENT_DEFERRED,
	ELEMENT_LEAVES, ELEMENT_LEAVING
};

/**
 * struct element - a socket of this host listens for it, or has; or it is a service
 * @in_pool: place in @pool
 * @in_unsent: place among those that wait to be sent
 * @in_asked: place among those that the registrar asked for
 * @pool: its pool
 * @service: of which it is; NULL: a socket's
 * @state: how far it is
 * @timer: T2, T3 or T4, as @state says
 * @attempts: that were not answered
 * @sent: a registrar may know of it
 * @awaited: the socket waits for the first answer
 * @seen: in the dump that is being read
 * @id: PE identifier
 * @policy: what it says of the pool's policy
 * @transports_len: octets of @transports
 * @transports: user transports
 */
struct element {
	struct list in_pool;
	struct list in_unsent;
	struct list in_asked;
	struct pool *pool;
	struct service *service;
	enum element_state state;
	struct deadline timer;
	u32 attempts;
	bool sent;
	bool awaited;
	bool seen;
	u32 id;
	struct rsp_tlv_policy policy;
	u32 transports_len;
	u8 transports[FEEDER_TRANSPORTS_SIZE];
};

/**
 * struct pool - a pool that the kernel asked for, or that has an element here
 * @in_all: place in struct agent
 * @in_place: the same, by handle
 * @in_unsent: place among those that are to be resolved
 * @agent: whose
 * @elements: those of this host
 * @asked: the kernel waits for an answer
 * @pending: a resolution is to be sent, or was
 * @subscribed: the home registrar tells of changes
 * @attempts: resolutions that were not answered
 * @request: T1-ENRPrequest
 * @stale: when it is looked at again
 * @used: when it was last asked for, or a session was seen
 * @answer: the last one; NULL: none yet
 * @answer_len: octets of it
 * @told: identifiers of the elements that the kernel has of a registrar
 * @n_told: how many
 * @told_room: that fit in @told
 * @handle_len: octets of @handle
 * @handle: pool handle
 */
struct pool {
	struct list in_all;
	struct list in_place;
	struct list in_unsent;
	struct agent *agent;
	struct list elements;
	bool asked;
	bool pending;
	bool subscribed;
	u32 attempts;
	struct deadline request;
	struct deadline stale;
	u64 used;
	u8 *answer;
	u32 answer_len;
	u32 *told;
	u32 n_told;
	u32 told_room;
	u8 handle_len;
	u8 handle[];
};

/**
 * struct agent - all there is
 * @loop: behind it all
 * @config: settings
 * @deadlines: of all
 * @channels: all connections
 * @limits: of each of them
 * @home: the home registrar
 * @hints: where another one may be
 * @feeder: of this host's kernel
 * @control: where an operator asks
 * @metrics: where a scraper does
 * @services: those of the file
 * @pools: all of them
 * @places: the same, by handle
 * @n_pools: how many
 * @n_elements: how many elements
 * @unsent_elements: that wait to be sent
 * @unsent_pools: that wait to be resolved
 * @sessions_seen: when the kernel's sessions were looked at
 * @reports: that may be sent
 * @asked: elements that the registrar asked for, and was not answered for
 * @answers: when more of them may be
 * @keep_alives: that may be answered
 * @counters: what happened
 * @message: one that is being built
 */
struct agent {
	uv_loop_t *loop;
	struct config config;
	struct deadlines deadlines;
	struct channel_group channels;
	struct channel_limits limits;
	struct home home;
	struct hints hints;
	struct feeder feeder;
	struct control control;
	struct metrics metrics;
	struct list services;
	struct list pools;
	struct list places[POOL_PLACES];
	u32 n_pools;
	u32 n_elements;
	struct list unsent_elements;
	struct list unsent_pools;
	u64 sessions_seen;
	struct bucket reports;
	struct list asked;
	struct deadline answers;
	struct bucket keep_alives;
	struct counters counters;
	u8 message[RSP_ASAP_LENGTH_MAX + 1];
};

static inline u64 now_of(const struct agent *agent)
{
	return uv_now(agent->loop);
}

static inline struct rsp_octets handle_of(const struct pool *pool)
{
	return (struct rsp_octets){ pool->handle, pool->handle_len };
}

/* In reload.c */
bool same_text(const char *a, const char *b);
int agent_reload(struct agent *agent, struct config *fresh, char *why,
		 size_t room);

/* In agent.c */
int agent_init(struct agent *agent, uv_loop_t *loop);
int agent_start(struct agent *agent, char *why, size_t room);
void agent_stop(struct agent *agent);
void agent_fini(struct agent *agent);

/* In pool.c */
int agent_reserve(struct agent *agent, u32 more);
struct pool *pool_find(const struct agent *agent,
		       const struct rsp_octets *handle);
struct pool *pool_get(struct agent *agent, const struct rsp_octets *handle);
void pool_remove(struct pool *pool);
void pool_remove_if_empty(struct pool *pool);
struct element *element_find(const struct pool *pool, u32 id);
bool pool_has_socket(const struct pool *pool, u32 id);
struct element *element_add(struct pool *pool, u32 id);
void element_remove(struct element *element);

/* In home.c */
int home_start(struct agent *agent, char *why, size_t room);
void home_stop(struct agent *agent);
bool home_is_there(const struct agent *agent);
int sides_make(struct sides *sides, const struct config *config, char *why,
	       size_t room);
void sides_free(struct sides *sides);
void home_take_sides(struct agent *agent, struct sides *fresh);
void home_reload(struct agent *agent, const struct config *old,
		 const char *why);
void home_hinted(struct agent *agent);
void home_leave(struct agent *agent, const char *why);
bool home_has_room(const struct agent *agent);
void home_send(struct agent *agent, const struct rsp_tlv_writer *w, int len);

/* In hint.c */
bool same_place(const struct transport *a, const struct transport *b);
const struct transport *hint_next(struct agent *agent);
void hints_tried(struct agent *agent, bool tried);
u32 hints_count(struct agent *agent);
bool hints_left(const struct agent *agent);
int hints_start(struct agent *agent, char *why, size_t room);
void hints_stop(struct agent *agent);

/* In registration.c */
void registration_begin(struct element *element);
void registration_end(struct element *element);
void registration_send(struct element *element);
void registration_home_lost(struct element *element);
void registration_answered(struct agent *agent,
			   const struct rsp_asap_message *msg);
void deregistration_answered(struct agent *agent,
			     const struct rsp_asap_message *msg);
void keep_alive_due(struct deadline *deadline);
void keep_alive_take(struct agent *agent, const struct rsp_asap_message *msg);

/* In resolution.c */
void resolution_begin(struct pool *pool);
void resolution_send(struct pool *pool);
void resolution_answered(struct agent *agent,
			 const struct rsp_asap_message *msg,
			 const void *data, u32 len);
void resolution_stale(struct deadline *deadline);
void resolution_timeout(struct deadline *deadline);

/* In send.c */
void send_waiting(struct agent *agent);
void send_all_again(struct agent *agent);
void send_report(struct agent *agent, const struct rsp_octets *handle, u32 id);

/* In counters.c */
struct counters_of agent_counters(const struct agent *agent);
u32 agent_registered(const struct agent *agent);
void agent_metrics(void *data, FILE *file);

/* In show.c */
bool show(void *data, const char *object);

/* In kernel.c */
extern const struct feeder_ops kernel_ops;
void kernel_look_for_sessions(struct agent *agent);

/* In kernel_tell.c */
void kernel_tell(struct pool *pool);
void kernel_forget(struct pool *pool);
int kernel_has(struct pool *pool, u32 id);
void kernel_answer(struct pool *pool, int err);

#endif /* _ASAPD_AGENT_H */
