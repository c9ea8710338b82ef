/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_SESSION_H
#define _RSERPOOL_SESSION_H

#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "flow.h"
#include "handlespace.h"
#include "replay.h"
#include "session_state.h"
#include "standby.h"
#include "tlv.h"

/**
 * struct rsp_sockopt - a transport option that each new flow gets
 * @list: place in rsp_session.sockopts; the socket lock
 * @level: as in setsockopt(2)
 * @name: as in setsockopt(2)
 * @len: octets of @value
 * @value: as the program gave it
 */
struct rsp_sockopt {
	struct list_head list;
	int level;
	int name;
	unsigned int len;
	u8 value[] __counted_by(len);
};

/**
 * struct rsp_cookie - the state of a service, for the next element
 * @when: jiffies at which it came, or was sent last
 * @checkpoint: of one that was sent: what it was set after
 * @sealed_by: of one that was sent: rsp_cookie_keys.id, 0: it was not sealed
 * @len: octets of it, 1 to RSP_COOKIE_MAX
 * @octets: they
 */
struct rsp_cookie {
	unsigned long when;
	struct rsp_tlv_checkpoint checkpoint;
	u64 sealed_by;
	u32 len;
	u8 octets[] __counted_by(len);
};

/**
 * struct rsp_card - the failover order that an element recommends
 * @n: how many elements, RSP_RANK_MAX at most
 * @ids: their PE identifiers, the first to try first
 */
struct rsp_card {
	u32 n;
	u32 ids[] __counted_by(n);
};

/**
 * struct rsp_user - who a user is that is an element of a pool itself
 * @handle: of the pool
 * @pe_id: which of its elements, 0: it did not say
 */
struct rsp_user {
	struct rsp_handle handle;
	u32 pe_id;
};

/**
 * struct rsp_tally - what a session has, and has done
 * @sent: octets that left over its transport
 * @received: octets that came over it
 * @cookie_len: octets of its cookie, 0: it has none
 * @cookie_age: jiffies since that came, or was sent last
 * @replay: octets that are kept, to be sent again
 * @replay_max: octets that are kept at most, 0: nothing is
 */
struct rsp_tally {
	u64 sent;
	u64 received;
	u32 cookie_len;
	u32 cookie_age;
	u64 replay;
	u64 replay_max;
};

#define RSP_DRAINING_MAX	8	/* flows in rsp_session.draining */
#define RSP_DETECT_TIMEOUT_MS	5000	/* unless RSP_DETECT_TIMEOUT was set */

enum rsp_session_flag {
	RSP_SESSION_WOKEN,	/* @waiter was called */
	RSP_SESSION_LATE,	/* the work item found the socket locked */
	RSP_SESSION_SEVER,	/* its element may be one to leave now */
	RSP_SESSION_ECHOED,	/* accepted: a cookie came */
	RSP_SESSION_REFUSED,	/* accepted: and was refused */
	RSP_SESSION_RESEAL,	/* accepted: the cookie may be too old soon */
	RSP_SESSION_CARD,	/* accepted: the business card is out of date */
	RSP_SESSION_OVERFLOW,	/* a message found no room in @replay */
	RSP_SESSION_SEEK,	/* there may be an element to stand by */
	RSP_SESSION_DENIED,	/* the failover's last whole round: no TLS with any */
	RSP_SESSION_STANDBY,	/* RSP_STANDBY is set */
	RSP_SESSION_TELL_PEER,	/* recvmsg() tells who the peer is, once a flow */
};

/**
 * struct rsp_session - a socket of the family, and its session
 * @sk: must be first. Its lock, lock_sock(), is the session's: all fields
 *	below are written under it unless they say otherwise.
 * @tx: what a send may use without asking; NULL: it must ask
 * @rx: what a receive may use without asking; NULL: it must ask
 * @flow: the flow that connects or serves, NULL while there is none
 * @draining: flows of failed elements that have unread octets, oldest first
 * @state: see session_state.h
 * @flags: enum rsp_session_flag; atomic bits
 * @generation: failovers begun
 * @resumed: the last of them that the program agreed to
 * @detect_timeout: jiffies of silence that make a failure
 * @failover_timeout: jiffies that a failover may take
 * @deadline: jiffies at which the failover, resolution or renewal under way gives
 *	up
 * @next_try: jiffies at which a waiting failover tries again, or the connect
 *	under way is given up
 * @begun: ktime (ns) at which the last failover began
 * @pe_id: the only element that connect() allows, 0: any
 * @prev_pe_id: element before the one that serves now
 * @elements_tried: connects begun since connect()
 * @standby_pe_id: element to which a flow stands by, 0: none does; read locklessly
 * @round_err: the last error of this host in this round, 0: none
 * @pool: holds a reference; looked up anew for each round
 * @pe: the element being connected; holds a reference
 * @tried: PE identifiers tried in this round, ascending; @tried_first while
 *	that holds them
 * @n_tried: how many
 * @size_tried: room in @tried
 * @tried_first: most rounds try one element
 * @failover_us: how long the last finished failover took, U32_MAX at most
 * @waiter: waits for the pool to have an element, if @waiting
 * @backlog: instead of it in one that was accepted: place in
 *	rsp_endpoint.backlog
 * @standby: RSP_STANDBY is set, or a renewal under way: the flow that a failover
 *	would turn to
 * @endpoint: the element that the socket is, NULL unless bind() was called
 * @replay: what is kept to be sent again, NULL: nothing is; once made, it stays
 * @cookie: of the last ASAP_COOKIE that came, or of the ASAP_COOKIE_ECHO in an
 *	accepted session; NULL: none did
 * @set_cookie: accepted: what the service set last, to be sent again when its
 *	seal gets old; whether there is one is read locklessly
 * @cookie_len: octets of the newer of these two, 0: there is none; read locklessly
 * @cookie_when: low 32 bits of the jiffies at which it came, or was sent last; the
 *	same
 * @card: of the last ASAP_BUSINESS_CARD that listed elements; NULL: none did
 * @user: accepted: the user's, of its last ASAP_BUSINESS_CARD; NULL: it sent none
 * @sockopts: what each new flow gets
 * @timer: connect time-out, silence, retry or deadline, as the state says
 * @work: looks at the flow and the time; runs on rsp_session_wq
 * @handle: of the pool; zero length before connect()
 * @transport: index of @pe's transport address being connected
 * @mode: enum rsp_failover_mode that the program set, 0: the pool's
 * @failure: enum rsp_failure of the last failover
 * @events: set of 1 << enum rsp_event_type that the program wants
 * @pending: set of 1 << enum rsp_event_type to be given to it
 * @waiting: @waiter is registered
 * @round_over: all elements were tried; the next round begins at @next_try
 * @accepted: it came to an element of this host
 * @bent: an option in @sockopts can make a good element fail
 * @rejected: the last element that the round found rejected the cookie
 * @tell_ppid: recvmsg() tells a message's payload protocol identifier; written
 *	and read locklessly
 * @message_max: octets that a message may have
 *
 * The order of the members leaves no holes: a program can have many.
 */
struct rsp_session {
	struct sock sk;
	struct rsp_flow __rcu *tx;
	struct rsp_flow __rcu *rx;
	struct rsp_flow *flow;
	struct list_head draining;
	struct rsp_session_status state;
	unsigned long flags;
	u32 generation;
	u32 resumed;
	u32 detect_timeout;
	u32 failover_timeout;
	unsigned long deadline;
	unsigned long next_try;
	ktime_t begun;
	u32 pe_id;
	u32 prev_pe_id;
	u32 elements_tried;
	u32 standby_pe_id;
	int round_err;
	struct rsp_pool *pool;
	struct rsp_pe *pe;
	u32 *tried;
	unsigned int n_tried;
	unsigned int size_tried;
	u32 tried_first;
	u32 failover_us;
	union {
		struct rsp_waiter waiter;
		struct list_head backlog;
	};
	struct rsp_standby *standby;
	struct rsp_endpoint *endpoint;
	struct rsp_replay *replay;
	struct rsp_cookie *cookie;
	struct rsp_cookie *set_cookie;
	u32 cookie_len;
	u32 cookie_when;
	struct rsp_card *card;
	struct rsp_user *user;
	struct list_head sockopts;
	struct timer_list timer;
	struct work_struct work;
	struct rsp_handle handle;
	u8 transport;
	u8 mode;
	u8 failure;
	u8 events;
	u8 pending;
	bool waiting;
	bool round_over;
	bool accepted;
	bool bent;
	bool rejected;
	bool tell_ppid;
	u32 message_max;
};

static inline struct rsp_session *rsp_session(struct sock *sk)
{
	return container_of(sk, struct rsp_session, sk);
}

static inline void rsp_session_enter(struct rsp_session *ssn, u8 state)
{
	rsp_session_state_set(&ssn->state, sock_net(&ssn->sk), state);
}

/**
 * rsp_session_pin() - take hold of the flow that a call may use
 * @which: rsp_session.tx or .rx
 *
 * Each send, receive and poll of a program begins here, so it is inline, and a
 * reader of RCU by not being preempted, which costs no call.
 *
 * Context: process, without the socket lock.
 * Return: a flow to be given back to rsp_flow_unpin(); NULL: ask under the
 * lock.
 */
static inline struct rsp_flow *rsp_session_pin(struct rsp_flow __rcu **which)
{
	struct rsp_flow *flow;

	rcu_read_lock_sched();
	flow = rcu_dereference_sched(*which);
	if (flow && !refcount_inc_not_zero(&flow->users))
		flow = NULL;
	rcu_read_unlock_sched();
	return flow;
}

/* What is left of a call's time to wait, after what began at @since. */
static inline long rsp_time_left(long timeo, unsigned long since)
{
	if (timeo == MAX_SCHEDULE_TIMEOUT)
		return timeo;
	return timeo - min_t(unsigned long, timeo, jiffies - since);
}

extern struct proto rsp_proto;
void rsp_session_release_cb(struct sock *sk);

struct sock *rsp_session_alloc(struct net *net, struct socket *sock, int kern,
			       struct proto *proto);
struct rsp_session *rsp_session_accepted(struct rsp_session *listener,
					 struct rsp_pe *pe,
					 struct socket *transport,
					 struct rsp_handshake *handshake,
					 const struct rsp_identity *identity);
void rsp_session_close(struct rsp_session *ssn);
void rsp_session_drop(struct rsp_session *ssn);
int rsp_session_enlist(struct rsp_session *ssn);
void rsp_session_forget(struct rsp_session *ssn);
void rsp_session_publish(struct rsp_session *ssn);
void rsp_session_drop_read(struct rsp_session *ssn);
int rsp_session_resume(struct rsp_session *ssn, u32 generation);
u8 rsp_session_mode(const struct rsp_session *ssn);
int rsp_session_stand(struct rsp_session *ssn, int direction);
int rsp_session_wait(struct rsp_session *ssn, bool events, long *timeo);

void rsp_session_peer(const struct rsp_session *ssn,
		      const struct rsp_flow *flow, struct rsp_peer_info *peer);
struct sock *rsp_session_next(struct net *net, u32 *id);
void rsp_session_tally(struct sock *sk, struct rsp_tally *tally);
void rsp_session_describe(struct sock *sk, struct rsp_info *info,
			  struct rsp_handle *handle);
int rsp_sessions_kick(struct net *net, int flag,
		      bool (*match)(const struct rsp_session *ssn,
				    const void *arg),
		      const void *arg);

void rsp_sessions_key_revoked(struct net *net, const struct rsp_handle *handle);

int rsp_sessions_register(void);
void rsp_sessions_unregister(void);

/* Is what the session sends kept, to be sent again? */
static inline struct rsp_replay *rsp_session_replay(struct rsp_session *ssn)
{
	struct rsp_replay *replay = READ_ONCE(ssn->replay);

	return replay && READ_ONCE(replay->max) ? replay : NULL;
}

/* Only where @tried is set anew or not used any more. */
static inline void rsp_session_free_tried(struct rsp_session *ssn)
{
	if (ssn->tried != &ssn->tried_first)
		kfree(ssn->tried);
}

#endif /* _RSERPOOL_SESSION_H */
