// SPDX-License-Identifier: GPL-2.0
/*
 * The elements that a socket of SOCK_RDM is connected to: a session each, for
 * the answers too.
 *
 * There are RSP_PEERS_MAX at most; the one that was used least of late makes way
 * for another, unless an answer of it is unread.
 *
 * The sessions are sockets like a program's, but for their file: made in the
 * call of the program, and so its own in every respect.  Whoever waits for the
 * socket hears of them through an entry on the wait queue of each.
 */

#include <linux/net.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "af_rserpool.h"
#include "flow.h"
#include "frame.h"
#include "rdm.h"

/* The queue of a peer's session wakes the socket's: always in this order. */
static struct lock_class_key peer_wait_key;

static struct rsp_session *session_of(const struct rsp_peer *peer)
{
	return rsp_session(peer->sock->sk);
}

/* Runs under the lock of the session's wait queue, in any context. */
static int peer_wake(struct wait_queue_entry *wait, unsigned int mode,
		     int wake_flags, void *key)
{
	struct rsp_peer *peer = container_of(wait, struct rsp_peer, wait);
	struct sock *sk = &peer->rdm->ssn.sk;
	/* A peer goes before its socket does. */
	struct socket_wq *wq = rcu_dereference_check(sk->sk_wq, 1);
	__poll_t events = key_to_poll(key);

	if (skwq_has_sleeper(wq)) {
		if (events)
			__wake_up(&wq->wait, TASK_INTERRUPTIBLE, 1, key);
		else
			wake_up_interruptible_all(&wq->wait);
	}
	sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_IN);
	return 0;
}

/**
 * rsp_peer_put() - give up a use of a peer
 * @peer: the peer
 *
 * Context: process; the last one ends the session.
 */
void rsp_peer_put(struct rsp_peer *peer)
{
	if (!refcount_dec_and_test(&peer->refs))
		return;
	remove_wait_queue(sk_sleep(peer->sock->sk), &peer->wait);
	sock_release(peer->sock);
	kfree(peer);
}

static bool connecting(const struct rsp_peer *peer)
{
	u8 state = READ_ONCE(session_of(peer)->state.now);

	return state != RSP_SESSION_INIT && state != RSP_SESSION_READY &&
	       state != RSP_SESSION_CLOSED;
}

/**
 * rsp_peer_gone() - can nothing be sent to a peer any more?
 * @peer: the peer
 *
 * Context: process.
 * Return: true: nothing, but it may have answers that are unread.
 */
bool rsp_peer_gone(const struct rsp_peer *peer)
{
	const struct rsp_session *ssn = session_of(peer);
	const struct rsp_flow *flow;
	bool gone;

	if (connecting(peer))
		return false;
	rcu_read_lock();
	flow = READ_ONCE(ssn->flow);
	gone = READ_ONCE(ssn->state.now) != RSP_SESSION_READY || !flow ||
	       test_bit(RSP_FLOW_ENDED, &flow->flags);
	rcu_read_unlock();
	return gone;
}

/**
 * rsp_peer_readable() - is there a message to be received?
 * @peer: the peer
 *
 * Context: process.
 * Return: true when there is one.
 */
bool rsp_peer_readable(struct rsp_peer *peer)
{
	struct rsp_flow *flow = rsp_session_pin(&session_of(peer)->rx);
	bool readable;

	if (!flow)
		return false;
	/* Of a message in part there is something, and nothing to receive. */
	readable = rsp_frames_readable(flow) && rsp_flow_unread(flow);
	rsp_flow_unpin(flow);
	return readable;
}

/**
 * rsp_peer_writable() - would a message to a peer not have to wait?
 * @peer: the peer
 * @file: of the socket
 *
 * Context: process.
 * Return: true: it would not, be it that the peer is gone.
 */
bool rsp_peer_writable(struct rsp_peer *peer, struct file *file)
{
	const __poll_t events = EPOLLOUT | EPOLLHUP | EPOLLERR;

	return !connecting(peer) &&
	       READ_ONCE(peer->sock->ops)->poll(file, peer->sock, NULL) &
	       events;
}

/**
 * rsp_peer_at() - take hold of a peer
 * @rdm: the socket
 * @at: index, RSP_PEERS_MAX - 1 at most
 *
 * Context: process.
 * Return: the peer, for rsp_peer_put(), or NULL: there is none.
 */
struct rsp_peer *rsp_peer_at(struct rsp_rdm *rdm, unsigned int at)
{
	struct rsp_peer *peer;

	spin_lock(&rdm->lock);
	peer = rdm->peers[at];
	if (peer)
		refcount_inc(&peer->refs);
	spin_unlock(&rdm->lock);
	return peer;
}

/**
 * rsp_peer_find() - find a peer that messages can be sent to
 * @rdm: the socket
 * @handle: of its pool
 * @pe_id: its PE identifier
 *
 * Context: process.
 * Return: the peer, for rsp_peer_put(), or NULL: there is none.
 */
struct rsp_peer *rsp_peer_find(struct rsp_rdm *rdm,
			       const struct rsp_handle *handle, u32 pe_id)
{
	struct rsp_peer *peer, *found = NULL;
	unsigned int i;

	spin_lock(&rdm->lock);
	for (i = 0; i < RSP_PEERS_MAX && !found; i++) {
		peer = rdm->peers[i];
		if (peer && peer->pe_id == pe_id &&
		    rsp_handle_equal(&peer->handle, handle) &&
		    !rsp_peer_gone(peer))
			found = peer;
	}
	if (found)
		refcount_inc(&found->refs);
	spin_unlock(&rdm->lock);
	return found;
}

/**
 * rsp_peer_drop() - keep a peer no more
 * @peer: the peer, which the caller holds
 *
 * Context: process.
 */
void rsp_peer_drop(struct rsp_peer *peer)
{
	struct rsp_rdm *rdm = peer->rdm;
	unsigned int i, n = 0;

	spin_lock(&rdm->lock);
	for (i = 0; i < RSP_PEERS_MAX; i++) {
		if (rdm->peers[i] != peer)
			continue;
		rdm->peers[i] = NULL;
		n++;
	}
	if (rdm->blocked == peer) {
		rdm->blocked = NULL;
		n++;
	}
	spin_unlock(&rdm->lock);
	while (n--)
		rsp_peer_put(peer);
}

/**
 * rsp_peer_block() - poll() is to wait for a peer
 * @rdm: the socket; its tx_lock is held
 * @peer: the peer, or NULL: for none
 *
 * Context: process.
 */
void rsp_peer_block(struct rsp_rdm *rdm, struct rsp_peer *peer)
{
	struct rsp_peer *old;

	if (peer)
		refcount_inc(&peer->refs);
	spin_lock(&rdm->lock);
	old = rdm->blocked;
	rdm->blocked = peer;
	spin_unlock(&rdm->lock);
	if (old)
		rsp_peer_put(old);
}

/**
 * rsp_peer_blocked() - whom did the last message wait for?
 * @rdm: the socket
 * @handle: of which pool; NULL: any
 *
 * Context: process.
 * Return: the peer, for rsp_peer_put(), or NULL.
 */
struct rsp_peer *rsp_peer_blocked(struct rsp_rdm *rdm,
				  const struct rsp_handle *handle)
{
	struct rsp_peer *peer;

	spin_lock(&rdm->lock);
	peer = rdm->blocked;
	if (peer && handle && !rsp_handle_equal(&peer->handle, handle))
		peer = NULL;
	if (peer)
		refcount_inc(&peer->refs);
	spin_unlock(&rdm->lock);
	return peer;
}

/* Make room for one more. false: there is none. */
static bool room_make(struct rsp_rdm *rdm)
{
	struct rsp_peer *peer, *oldest = NULL;
	bool room = false;
	unsigned int i;

	for (i = 0; i < RSP_PEERS_MAX; i++) {
		peer = rsp_peer_at(rdm, i);
		if (!peer) {
			room = true;
			break;
		}
		/* More uses than these two: a call is at it, or waits for it. */
		if (refcount_read(&peer->refs) > 2 || rsp_peer_readable(peer) ||
		    (oldest && !rsp_peer_gone(peer) &&
		     time_after_eq(READ_ONCE(peer->used), oldest->used))) {
			rsp_peer_put(peer);
			continue;
		}
		if (oldest)
			rsp_peer_put(oldest);
		oldest = peer;
		if (rsp_peer_gone(peer))
			break;
	}
	if (oldest) {
		if (!room)
			rsp_peer_drop(oldest);
		rsp_peer_put(oldest);
		room = true;
	}
	return room;
}

static int options_inherit(struct rsp_rdm *rdm, struct rsp_session *ssn)
{
	struct sock *sk = &rdm->ssn.sk;
	int err;

	lock_sock(sk);
	err = rsp_sockopts_copy(&rdm->ssn, &ssn->sockopts);
	rsp_sock_options(sk, &ssn->sk);
	ssn->message_max = rdm->ssn.message_max;
	ssn->detect_timeout = rdm->ssn.detect_timeout;
	ssn->tell_ppid = rdm->ssn.tell_ppid;
	ssn->bent = rdm->ssn.bent;
	ssn->mode = RSP_FAILOVER_OFF;
	release_sock(sk);
	return err;
}

static struct rsp_peer *peer_alloc(struct rsp_rdm *rdm,
				   const struct rsp_handle *handle, u32 pe_id)
{
	struct rsp_peer *peer;
	int err;

	peer = kzalloc_obj(*peer, GFP_KERNEL_ACCOUNT);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	err = __sock_create(sock_net(&rdm->ssn.sk), PF_RSERPOOL,
			    SOCK_SEQPACKET, 0, &peer->sock, 0);
	if (err) {
		kfree(peer);
		return ERR_PTR(err);
	}
	lockdep_set_class(&peer->sock->wq.wait.lock, &peer_wait_key);
	peer->rdm = rdm;
	peer->handle = *handle;
	peer->pe_id = pe_id;
	peer->used = jiffies;
	refcount_set(&peer->refs, 1);
	init_waitqueue_func_entry(&peer->wait, peer_wake);
	add_wait_queue(sk_sleep(peer->sock->sk), &peer->wait);
	err = options_inherit(rdm, session_of(peer));
	if (err) {
		rsp_peer_put(peer);
		return ERR_PTR(err);
	}
	return peer;
}

static int peer_connect(struct rsp_peer *peer, int flags)
{
	struct sockaddr_rserpool to = {
		.srp_family = AF_RSERPOOL,
		.srp_pe_id = peer->pe_id,
		.srp_handle_len = peer->handle.len,
	};

	memcpy(to.srp_handle, peer->handle.octets, peer->handle.len);
	return READ_ONCE(peer->sock->ops)->connect(peer->sock,
						   (RSP_SOCKADDR *)&to,
						   sizeof(to), flags);
}

/**
 * rsp_peer_make() - begin to connect to a peer
 * @rdm: the socket; its tx_lock is held
 * @handle: of its pool
 * @pe_id: its PE identifier; 0: which one the pool's policy selects
 *
 * Context: process.
 * Return: the peer, for rsp_peer_put(), connected or not yet; or ERR_PTR with the
 * error of socket(2) or connect(2), -ENOBUFS: there are too many whose answers
 * are unread.
 */
struct rsp_peer *rsp_peer_make(struct rsp_rdm *rdm,
			       const struct rsp_handle *handle, u32 pe_id)
{
	struct rsp_peer *peer;
	unsigned int i;
	int err;

	if (!room_make(rdm))
		return ERR_PTR(-ENOBUFS);
	peer = peer_alloc(rdm, handle, pe_id);
	if (IS_ERR(peer))
		return peer;
	err = peer_connect(peer, O_NONBLOCK);
	if (err && err != -EINPROGRESS) {
		rsp_peer_put(peer);
		return ERR_PTR(err);
	}
	refcount_inc(&peer->refs);
	spin_lock(&rdm->lock);
	for (i = 0; rdm->peers[i]; i++)
		;
	rdm->peers[i] = peer;
	spin_unlock(&rdm->lock);
	return peer;
}

/**
 * rsp_peer_wait() - wait until a peer is connected
 * @peer: the peer; the socket's tx_lock is held
 * @timeo: jiffies to wait at most
 *
 * Context: process.
 * Return: 0; -EINPROGRESS: not in this time; or the error of connect(2).
 */
int rsp_peer_wait(struct rsp_peer *peer, long timeo)
{
	struct rsp_session *ssn = session_of(peer);
	struct rsp_info info;
	int err = 0;

	if (ssn->state.now != RSP_SESSION_READY || !peer->pe_id) {
		WRITE_ONCE(ssn->sk.sk_sndtimeo, timeo);
		err = peer_connect(peer, timeo ? 0 : O_NONBLOCK);
	}
	if (err == -EALREADY)
		return -EINPROGRESS;
	if (err && err != -EISCONN)
		return err;
	if (!peer->pe_id) {
		rsp_session_describe(&ssn->sk, &info, NULL);
		spin_lock(&peer->rdm->lock);
		peer->pe_id = info.pe_id;
		spin_unlock(&peer->rdm->lock);
	}
	return 0;
}

/**
 * rsp_peers_free() - let go of all peers
 * @rdm: a socket that no call uses
 *
 * Context: process.
 */
void rsp_peers_free(struct rsp_rdm *rdm)
{
	unsigned int i;

	rsp_peer_block(rdm, NULL);
	for (i = 0; i < RSP_PEERS_MAX; i++)
		if (rdm->peers[i])
			rsp_peer_put(rdm->peers[i]);
}
