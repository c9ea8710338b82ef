// SPDX-License-Identifier: GPL-2.0
/* The session object and its lifetime. */

#include <linux/bits.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/inet_common.h>

#include "af_rserpool.h"
#include "card.h"
#include "connect.h"
#include "detect.h"
#include "endpoint.h"
#include "failover.h"
#include "flow.h"
#include "flow_secure.h"
#include "frame.h"
#include "inherit.h"
#include "net_ns.h"
#include "session.h"
#include "session_control.h"
#include "session_cookie.h"
#include "session_work.h"
#include "tls.h"

#define FAILOVER_TIMEOUT_MS	30000
#define MESSAGE_MAX		SZ_1M

/**
 * rsp_session_release_cb() - the end of release_sock()
 * @sk: a session's socket
 *
 * Context: under the spinlock of the socket lock.
 */
void rsp_session_release_cb(struct sock *sk)
{
	struct rsp_session *ssn = rsp_session(sk);

	if (test_and_clear_bit(RSP_SESSION_LATE, &ssn->flags))
		rsp_session_kick(ssn);
}

/* Of sockets that are a session. */
struct proto rsp_proto = {
	.name		= "RSERPOOL",
	.owner		= THIS_MODULE,
	.release_cb	= rsp_session_release_cb,
	.obj_size	= sizeof(struct rsp_session),
};

/**
 * rsp_session_alloc() - make the session of a new socket
 * @net: the namespace it belongs to
 * @sock: the socket
 * @kern: it is the kernel's own
 * @proto: rsp_proto, or one of a larger object that begins with a session
 *
 * Context: process.
 * Return: NULL when there is no memory. rsp_session_close() ends it.
 */
struct sock *rsp_session_alloc(struct net *net, struct socket *sock, int kern,
			       struct proto *proto)
{
	struct rsp_session *ssn;
	struct sock *sk;

	sk = sk_alloc(net, PF_RSERPOOL, GFP_KERNEL, proto, kern);
	if (!sk)
		return NULL;
	sock_init_data(sock, sk);

	ssn = rsp_session(sk);
	ssn->detect_timeout = msecs_to_jiffies(RSP_DETECT_TIMEOUT_MS);
	ssn->failover_timeout = msecs_to_jiffies(FAILOVER_TIMEOUT_MS);
	ssn->message_max = MESSAGE_MAX;
	ssn->tried = &ssn->tried_first;
	ssn->size_tried = 1;
	INIT_LIST_HEAD(&ssn->draining);
	INIT_LIST_HEAD(&ssn->sockopts);
	INIT_WORK(&ssn->work, rsp_session_work);
	timer_setup(&ssn->timer, rsp_session_timer, 0);
	return sk;
}

/* As rsp_session_alloc(), for a connection that came to @listener. */
static struct rsp_session *session_inherit(struct rsp_session *listener)
{
	struct sock *parent = &listener->sk, *sk;
	struct rsp_session *ssn;

	sk = rsp_session_alloc(sock_net(parent), NULL, 0, &rsp_proto);
	if (!sk)
		return NULL;
	ssn = rsp_session(sk);
	sk->sk_type = parent->sk_type;
	rsp_sock_inherit(parent, sk);
	rsp_sock_options(parent, sk);
	sk->sk_rcvlowat = parent->sk_rcvlowat;
	ssn->accepted = true;
	ssn->handle = listener->handle;
	ssn->message_max = READ_ONCE(listener->message_max);
	ssn->detect_timeout = READ_ONCE(listener->detect_timeout);
	ssn->tell_ppid = READ_ONCE(listener->tell_ppid);
	assign_bit(RSP_SESSION_TELL_PEER, &ssn->flags,
		   test_bit(RSP_SESSION_TELL_PEER, &listener->flags));
	return ssn;
}

/**
 * rsp_session_accepted() - make the session of a connection that came
 * @listener: the socket that listens
 * @pe: its element
 * @transport: the connection; the session's from now on, or gone
 * @handshake: by which it got TLS, NULL: it has none; goes with it
 * @identity: for whom the key is that the peer has shown
 *
 * Context: process.
 * Return: a session for sock_graft(), or for rsp_session_close(); NULL: it
 * could not be.
 */
struct rsp_session *rsp_session_accepted(struct rsp_session *listener,
					 struct rsp_pe *pe,
					 struct socket *transport,
					 struct rsp_handshake *handshake,
					 const struct rsp_identity *identity)
{
	struct rsp_session *ssn = session_inherit(listener);
	struct rsp_flow *flow = NULL;
	int err;

	if (ssn) {
		lock_sock(&ssn->sk);
		flow = rsp_flow_adopt(ssn, pe, transport, handshake);
	}
	if (!flow && handshake)
		rsp_handshake_end(handshake);
	else if (!flow)
		sock_release(transport);
	if (!ssn)
		return NULL;
	if (!flow)
		goto err_unlock;
	flow->identity = *identity;
	ssn->flow = flow;
	atomic_inc(&pe->sessions);
	set_bit(RSP_FLOW_COUNTED, &flow->flags);
	err = rsp_session_enlist(ssn) ?: rsp_session_card_send(ssn);
	/* What came with the end of the handshake may be forged: it is counted. */
	if (err && handshake)
		rsp_secure_failure(flow, err);
	if (err)
		goto err_unlock;
	rsp_session_serve(ssn);
	/* Who revoked its key before it had a number did not see it. */
	if (handshake && rsp_secure_revoked(flow))
		rsp_session_kick(ssn);
	release_sock(&ssn->sk);
	return ssn;

err_unlock:
	release_sock(&ssn->sk);
	rsp_session_drop(ssn);
	return NULL;
}

/**
 * rsp_session_enlist() - give a session the number that netlink shows
 * @ssn: a session
 *
 * The lowest that is free, as for a file descriptor: numbers that lie close
 * together cost the array next to nothing, one far from all others, several
 * nodes to make and to free.
 *
 * Context: process; the session's socket lock.
 * Return: 0, -ENOBUFS when the scope has as many sessions as it may, -ENOMEM.
 */
int rsp_session_enlist(struct rsp_session *ssn)
{
	struct rsp_net *rn = rsp_net(sock_net(&ssn->sk));
	u32 index;
	int err;

	if (ssn->state.id)
		return 0;
	if (atomic_inc_return(&rn->n_sessions) > READ_ONCE(rn->sessions_max)) {
		err = -ENOBUFS;
		goto err_count;
	}
	err = xa_alloc(&rn->sessions, &index, ssn, xa_limit_31b, GFP_KERNEL);
	if (err)
		goto err_count;
	ssn->state.id = index + 1;
	return 0;

err_count:
	atomic_dec(&rn->n_sessions);
	return err;
}

/**
 * rsp_session_forget() - the session is no longer about a pool
 * @ssn: the session
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_forget(struct rsp_session *ssn)
{
	struct rsp_pool *pool = ssn->pool;

	WRITE_ONCE(ssn->pool, NULL);
	if (pool)
		rsp_pool_put(pool);
	kfree(ssn->card);
	ssn->card = NULL;
	ssn->handle.len = 0;
	ssn->pe_id = 0;
}

/*
 * A program that closes its socket, or exits, ends the session.  One that was
 * killed failed, and so did one whose socket the kernel drops.
 */
static bool program_ends(void)
{
	return !(current->flags & PF_KTHREAD) &&
	       !(current->flags & PF_EXITING && current->exit_code & 0x7f);
}

/**
 * rsp_session_close() - end a session and its socket
 * @ssn: a session whose last file is gone, so that no call is inside
 *
 * Once the state is RSP_SESSION_CLOSED under the lock, nothing makes a flow,
 * registers a waiter or starts the timer again.  Each source of the work item
 * is then shut, and the work item last: flows and waiter under the lock, the
 * timer for good, and only then what they queued is waited for, and nothing can
 * be queued again: the last look at the flows would.  Netlink, which may still
 * hold a reference, finds a closed session.
 *
 * Context: process.
 */
void rsp_session_close(struct rsp_session *ssn)
{
	struct rsp_net *rn = rsp_net(sock_net(&ssn->sk));
	struct rsp_flow *flow, *next_flow;
	struct sock *sk = &ssn->sk;
	LIST_HEAD(flows);

	rsp_endpoint_close(ssn);
	if (ssn->state.id) {
		xa_erase(&rn->sessions, ssn->state.id - 1);
		atomic_dec(&rn->n_sessions);
	}

	lock_sock(sk);
	rsp_session_shut(ssn, &flows);
	sock_orphan(sk);
	release_sock(sk);

	timer_shutdown_sync(&ssn->timer);
	disable_work_sync(&ssn->work);

	/* With SO_LINGER this may take its time, so no lock is held. */
	list_for_each_entry_safe(flow, next_flow, &flows, draining) {
		list_del(&flow->draining);
		if (program_ends())
			rsp_flow_finish(flow);
		rsp_flow_unpin(flow);
	}
	rsp_sockopts_free(&ssn->sockopts);
	rsp_session_free_tried(ssn);
	rsp_replay_free(ssn);
	kfree(ssn->user);
	rsp_session_cookies_drop(ssn);
	sock_put(sk);
}

/**
 * rsp_session_drop() - end a session that no program has had
 * @ssn: one that came to an element of this host
 *
 * Nobody served its user, who is to go to another element: so this is no end in
 * good order, whoever calls.
 *
 * Context: process.
 */
void rsp_session_drop(struct rsp_session *ssn)
{
	lock_sock(&ssn->sk);
	if (ssn->flow)
		rsp_flow_abort(ssn->flow);
	release_sock(&ssn->sk);
	rsp_session_close(ssn);
}

/**
 * rsp_session_mode() - the failover mode in force
 * @ssn: the session
 *
 * Context: any. Pools are freed after a grace period.
 * Return: enum rsp_failover_mode, never RSP_FAILOVER_DEFAULT.
 */
u8 rsp_session_mode(const struct rsp_session *ssn)
{
	const struct rsp_pool *pool;
	u8 mode = READ_ONCE(ssn->mode);

	rcu_read_lock();
	pool = READ_ONCE(ssn->pool);
	if (mode == RSP_FAILOVER_DEFAULT && pool)
		mode = READ_ONCE(pool->config.failover);
	rcu_read_unlock();
	return mode == RSP_FAILOVER_DEFAULT ? RSP_FAILOVER_NOTIFY : mode;
}

/**
 * rsp_session_publish() - let sends and receives see how the session stands
 * @ssn: the session
 *
 * A send may go on without asking when an element serves and the program
 * agreed to it. A receive may as long as a failed element's octets are there,
 * and after them on the same terms as a send, once the events are read.  While one
 * flow is to take another's place, sends ask, and wait for it.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_publish(struct rsp_session *ssn)
{
	struct rsp_flow *tx = NULL, *rx;
	struct sock *sk = &ssn->sk;

	if (ssn->state.now == RSP_SESSION_READY &&
	    ssn->generation == ssn->resumed)
		tx = ssn->flow;
	if (tx && tx->frames && !test_and_set_bit(RSP_FLOW_BEGUN, &tx->flags))
		rsp_session_begin(ssn, tx);
	rx = list_first_entry_or_null(&ssn->draining, struct rsp_flow,
				      draining);
	if (!rx && !ssn->pending)
		rx = tx;
	if (tx && test_bit(RSP_FLOW_TURNED, &tx->flags))
		tx = NULL;
	rcu_assign_pointer(ssn->tx, tx);
	rcu_assign_pointer(ssn->rx, rx);
	sk->sk_state_change(sk);
	sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_IN);
	sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
}

/* What a failed element had to say is of no use, and in the reader's way. */
static void controls_drop(struct rsp_flow *flow)
{
	LIST_HEAD(controls);

	rsp_frames_controls(flow, &controls);
	rsp_controls_free(&controls);
	rsp_frames_release(flow->frames);
}

/**
 * rsp_session_drop_read() - let go of failed elements' flows that are all read
 * @ssn: the session
 *
 * A receive that took the last octet does not know that it was the last.  Control
 * that is in the way of what is left goes.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_drop_read(struct rsp_session *ssn)
{
	struct rsp_flow *flow, *next;
	LIST_HEAD(read);

	list_for_each_entry_safe(flow, next, &ssn->draining, draining) {
		if (flow->frames)
			controls_drop(flow);
		if (!rsp_flow_rest(flow))
			list_move_tail(&flow->draining, &read);
	}
	if (list_empty(&read))
		return;
	rsp_session_publish(ssn);
	list_for_each_entry_safe(flow, next, &read, draining) {
		if (test_bit(RSP_FLOW_TURNED, &flow->flags))
			rsp_frames_settle(flow);
		rsp_flow_end(flow);
	}
}

/**
 * rsp_session_resume() - the program agrees to the element that serves now
 * @ssn: the session
 * @generation: the failover that it knows of
 *
 * What is unread of the element before is dropped: the next octet that is
 * read is the new element's first.
 *
 * Context: process; the session's socket lock.
 * Return: 0; -ESTALE when there was another failover since; -EINVAL when
 * there was no such failover.
 */
int rsp_session_resume(struct rsp_session *ssn, u32 generation)
{
	struct rsp_flow *flow, *next;

	if (generation != ssn->generation)
		return (s32)(generation - ssn->generation) < 0 ? -ESTALE
							      : -EINVAL;
	if (ssn->resumed == generation)
		return 0;
	rcu_assign_pointer(ssn->rx, NULL);
	list_for_each_entry_safe(flow, next, &ssn->draining, draining)
		rsp_flow_end(flow);
	ssn->resumed = generation;
	rsp_session_publish(ssn);
	/* The flow may be worn by now. */
	rsp_session_kick(ssn);
	return 0;
}

/**
 * rsp_session_stand() - may a call go on?
 * @ssn: the session
 * @direction: SEND_SHUTDOWN or RCV_SHUTDOWN
 *
 * Context: process; the session's socket lock.
 * Return: 0: an element serves; -EINPROGRESS: rsp_session_wait() for one, or for
 * another flow;
 * -ESHUTDOWN: the direction is shut down, or the session is over; -ENOTCONN,
 * -EREMCHG; or the session's error.
 */
int rsp_session_stand(struct rsp_session *ssn, int direction)
{
	int err = sock_error(&ssn->sk);

	if (err)
		return err;
	if (ssn->sk.sk_shutdown & direction ||
	    ssn->state.now == RSP_SESSION_CLOSED)
		return -ESHUTDOWN;
	if (ssn->state.now == RSP_SESSION_INIT ||
	    ssn->state.now == RSP_SESSION_LISTEN)
		return -ENOTCONN;
	if (ssn->generation != ssn->resumed)
		return -EREMCHG;
	if (ssn->state.now != RSP_SESSION_READY)
		return -EINPROGRESS;
	return direction == SEND_SHUTDOWN &&
	       test_bit(RSP_FLOW_TURNED, &ssn->flow->flags) ? -EINPROGRESS : 0;
}

/**
 * rsp_session_wait() - wait until a session stands otherwise
 * @ssn: the session
 * @events: an event record counts too
 * @timeo: jiffies to wait at most; becomes what is left
 *
 * Context: process; the session's socket lock, given up meanwhile.
 * Return: 0: look again; -EAGAIN: no time is left; -EPIPE: the session was
 * taken apart; or what a call that a signal interrupts returns.
 */
int rsp_session_wait(struct rsp_session *ssn, bool events, long *timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	const struct rsp_flow *flow = ssn->flow;
	u32 generation = ssn->generation;
	u8 state = ssn->state.now;
	struct sock *sk = &ssn->sk;
	int changed;

	if (!*timeo)
		return -EAGAIN;
	add_wait_queue(sk_sleep(sk), &wait);
	changed = sk_wait_event(sk, timeo,
				READ_ONCE(ssn->state.now) != state ||
				READ_ONCE(ssn->generation) != generation ||
				READ_ONCE(ssn->flow) != flow ||
				(events && READ_ONCE(ssn->pending)) ||
				READ_ONCE(sk->sk_shutdown), &wait);
	remove_wait_queue(sk_sleep(sk), &wait);
	if (changed < 0)
		return changed;
	if (!changed && signal_pending(current))
		return sock_intr_errno(*timeo);
	return 0;
}

/**
 * rsp_session_next() - walk the sessions of a namespace
 * @net: the namespace
 * @id: of the session before; becomes that of the one returned
 *
 * Context: process.
 * Return: a socket with a reference; NULL at the end.
 */
struct sock *rsp_session_next(struct net *net, u32 *id)
{
	struct rsp_net *rn = rsp_net(net);
	struct rsp_session *ssn;
	unsigned long index = *id;

	xa_lock(&rn->sessions);
	ssn = xa_find(&rn->sessions, &index, UINT_MAX, XA_PRESENT);
	if (ssn)
		sock_hold(&ssn->sk);
	xa_unlock(&rn->sessions);
	*id = index + 1;
	return ssn ? &ssn->sk : NULL;
}

/**
 * rsp_session_peer() - who is at the other end of a flow
 * @ssn: a session
 * @flow: of it
 * @peer: to be filled
 *
 * Context: RCU read lock, or with the flow pinned.
 */
void rsp_session_peer(const struct rsp_session *ssn,
		      const struct rsp_flow *flow, struct rsp_peer_info *peer)
{
	*peer = (struct rsp_peer_info){ .pe_id = flow->pe->node.id };
	if (!rsp_flow_secure(flow))
		return;
	peer->auth = flow->auth;
	peer->cipher = rsp_secure_cipher(flow);
	peer->peer_id = ssn->accepted ? flow->identity.client :
					flow->identity.pe_id;
}

/**
 * rsp_session_describe() - tell how a session stands
 * @sk: its socket
 * @info: to be filled
 * @handle: to be filled, unless NULL
 *
 * It does not wait for the socket lock, which a program may make last; so what
 * is told may stem from before and after a change that happens meanwhile.
 *
 * Context: process.
 */
void rsp_session_describe(struct sock *sk, struct rsp_info *info,
			  struct rsp_handle *handle)
{
	struct rsp_session *ssn = rsp_session(sk);
	const struct rsp_flow *flow;
	struct rsp_peer_info who;

	*info = (struct rsp_info){
		.state = READ_ONCE(ssn->state.now),
		.mode = rsp_session_mode(ssn),
		.failure = READ_ONCE(ssn->failure),
		.generation = READ_ONCE(ssn->generation),
		.resumed = READ_ONCE(ssn->resumed),
		.prev_pe_id = READ_ONCE(ssn->prev_pe_id),
		.elements_tried = READ_ONCE(ssn->elements_tried),
		.standby_pe_id = READ_ONCE(ssn->standby_pe_id),
		.failover_us = READ_ONCE(ssn->failover_us),
	};
	rcu_read_lock();
	flow = READ_ONCE(ssn->flow);
	if (flow && info->state == RSP_SESSION_READY) {
		rsp_flow_names(flow, &info->local, &info->peer);
		rsp_session_peer(ssn, flow, &who);
		info->pe_id = who.pe_id;
		info->auth = who.auth;
		info->cipher = who.cipher;
		info->peer_id = who.peer_id;
	}
	if (info->state == RSP_SESSION_LISTEN)
		rsp_endpoint_describe(ssn, info);
	rcu_read_unlock();
	if (handle)
		*handle = ssn->handle;
}

/**
 * rsp_session_tally() - tell what a session has, and has done
 * @sk: its socket
 * @tally: to be filled
 *
 * As rsp_session_describe().
 *
 * Context: process.
 */
void rsp_session_tally(struct sock *sk, struct rsp_tally *tally)
{
	struct rsp_session *ssn = rsp_session(sk);
	const struct rsp_replay *replay;
	const struct rsp_flow *flow;

	*tally = (struct rsp_tally){
		.cookie_len = READ_ONCE(ssn->cookie_len),
		.cookie_age = (u32)jiffies - READ_ONCE(ssn->cookie_when),
	};
	rcu_read_lock();
	flow = READ_ONCE(ssn->flow);
	if (flow && READ_ONCE(ssn->state.now) == RSP_SESSION_READY)
		rsp_flow_octets(flow, &tally->sent, &tally->received);
	replay = READ_ONCE(ssn->replay);
	if (replay) {
		tally->replay = READ_ONCE(replay->octets);
		tally->replay_max = READ_ONCE(replay->max);
	}
	rcu_read_unlock();
}

/**
 * rsp_sessions_kick() - give sessions something to look at
 * @net: the namespace
 * @flag: enum rsp_session_flag, set in each of them before its work item runs; -1:
 *	none is
 * @match: is a session one of them? Under RCU and the lock of the array
 * @arg: for @match
 *
 * Context: process. It does not wait for the sessions.
 * Return: how many there are.
 */
int rsp_sessions_kick(struct net *net, int flag,
		      bool (*match)(const struct rsp_session *ssn,
				    const void *arg),
		      const void *arg)
{
	struct rsp_net *rn = rsp_net(net);
	struct rsp_session *ssn;
	unsigned long index;
	int n = 0;

	/*
	 * A session leaves the array before it cancels its work item, so what
	 * is queued under the array's lock is cancelled in time.
	 */
	xa_lock(&rn->sessions);
	xa_for_each(&rn->sessions, index, ssn) {
		rcu_read_lock();
		if (match(ssn, arg)) {
			if (flag >= 0)
				set_bit(flag, &ssn->flags);
			rsp_session_kick(ssn);
			n++;
		}
		rcu_read_unlock();
		cond_resched_lock(&rn->sessions.xa_lock);
	}
	xa_unlock(&rn->sessions);
	return n;
}

/* Whether it was this key is for the session to see. */
static bool may_have_shown(const struct rsp_session *ssn, const void *arg)
{
	const struct rsp_flow *flow = READ_ONCE(ssn->flow);

	return flow && rsp_handle_equal(&flow->pe->pool->handle, arg);
}

/**
 * rsp_sessions_key_revoked() - have sessions see that a key was revoked
 * @net: the namespace
 * @handle: of the pool whose key it was
 *
 * All of the pool look, for one may be about to be told that TLS is agreed.
 *
 * Context: process. It does not wait for the sessions.
 */
void rsp_sessions_key_revoked(struct net *net, const struct rsp_handle *handle)
{
	rsp_sessions_kick(net, -1, may_have_shown, handle);
}

int __init rsp_sessions_register(void)
{
	return proto_register(&rsp_proto, 1);
}

void rsp_sessions_unregister(void)
{
	proto_unregister(&rsp_proto);
}
