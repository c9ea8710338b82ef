// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that come to a socket that listens become sessions, and accept()
 * takes those.
 *
 * That a connection becomes a session does not wait for the program: the peer
 * gets the business card whether or not accept() is about to be called, as a TCP
 * client's connect() ends then.  The sessions wait in the backlog, and while that
 * is full, connections wait in TCP's.
 *
 * A call that waits in accept() admits the connection for which it was woken, and
 * takes it.  Where nobody waits, the endpoint's work item admits it; and in a
 * secure scope always, for TLS comes first.  Nothing that came is forgotten:
 *
 * - rsp_listener_wake() wakes one call that was asleep, or else queues the work item.
 * - Who was asleep looks, whatever he has to say to his program: a session, a
 *   signal, the end of his time.
 * - He admits one, and leaves it to the work item if there are more.
 */

#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>

#include "af_rserpool.h"
#include "endpoint.h"
#include "endpoint_accept.h"
#include "endpoint_secure.h"
#include "net_ns.h"
#include "session.h"
#include "session_work.h"
#include "tls.h"

#define ADMIT_AT_ONCE	64	/* connections in one run of the work item */
#define ADMIT_AGAIN	(HZ / 10)	/* after a want of memory */

/* The backlog. */

static void backlog_add(struct rsp_endpoint *endpoint, struct rsp_session *ssn)
{
	spin_lock_bh(&endpoint->lock);
	list_add_tail(&ssn->backlog, &endpoint->backlog);
	sk_acceptq_added(&endpoint->ssn->sk);
	spin_unlock_bh(&endpoint->lock);
}

/* Who polls hears of it, and one of those who wait in accept(). */
static void backlog_tell(struct rsp_endpoint *endpoint)
{
	struct sock *sk = &endpoint->ssn->sk;

	sk->sk_data_ready(sk);
	wake_up_interruptible(&endpoint->acceptors);
}

/* @full: was there no room for another one? */
static struct rsp_session *backlog_take(struct rsp_endpoint *endpoint,
					bool *full)
{
	struct rsp_session *ssn;

	spin_lock_bh(&endpoint->lock);
	*full = sk_acceptq_is_full(&endpoint->ssn->sk);
	ssn = list_first_entry_or_null(&endpoint->backlog, struct rsp_session,
				       backlog);
	if (ssn) {
		list_del(&ssn->backlog);
		sk_acceptq_removed(&endpoint->ssn->sk);
	}
	spin_unlock_bh(&endpoint->lock);
	return ssn;
}

/* The first that comes is to have it. */
static void backlog_return(struct rsp_endpoint *endpoint,
			   struct rsp_session *ssn)
{
	spin_lock_bh(&endpoint->lock);
	list_add(&ssn->backlog, &endpoint->backlog);
	sk_acceptq_added(&endpoint->ssn->sk);
	spin_unlock_bh(&endpoint->lock);
}

/**
 * rsp_endpoint_backlogged() - would accept() have something to take?
 * @endpoint: of a socket that listens
 *
 * Context: any.
 * Return: true when it would.
 */
bool rsp_endpoint_backlogged(const struct rsp_endpoint *endpoint)
{
	return !list_empty_careful(&endpoint->backlog);
}

/* Connections. */

static bool is_secure(const struct rsp_endpoint *endpoint)
{
	return READ_ONCE(rsp_net(sock_net(&endpoint->ssn->sk))->auth);
}

/**
 * rsp_listener_wake() - a connection came, perhaps
 * @wait: rsp_listener.wait
 * @mode: as of any wait queue entry
 * @wake_flags: likewise
 * @key: likewise
 *
 * Context: any, under the lock of the transport's wait queue.
 * Return: 0.
 */
int rsp_listener_wake(struct wait_queue_entry *wait, unsigned int mode,
		      int wake_flags, void *key)
{
	struct rsp_listener *listener = container_of(wait, struct rsp_listener,
						     wait);
	struct rsp_endpoint *endpoint = listener->endpoint;

	/* Who was woken sees the connection, and who was not asleep does not count. */
	if (is_secure(endpoint) ||
	    !__wake_up(&endpoint->acceptors, TASK_INTERRUPTIBLE, 1, NULL))
		rsp_work_queue(&endpoint->work);
	return 0;
}

static bool connection_waits(const struct rsp_listener *listener)
{
	const struct sock *sk = listener->sock->sk;

	return !reqsk_queue_empty(&inet_csk(sk)->icsk_accept_queue);
}

/*
 * Take a connection. -EAGAIN: none is there; -ENOMEM: there is no memory for it,
 * so it waits on, and nobody tells of it again.
 */
static int connection_take(struct rsp_listener *listener,
			   struct socket **transport)
{
	int err;

	/* A socket for a connection that is not there is made in vain. */
	if (!connection_waits(listener))
		return -EAGAIN;
	err = kernel_accept(listener->sock, transport, O_NONBLOCK);
	return err == -ENOBUFS || err == -ENFILE ? -ENOMEM : err;
}

/* A connection becomes a session, in the backlog. It is the session's, or gone. */
static bool admit(struct rsp_endpoint *endpoint, struct socket *transport,
		  struct rsp_handshake *handshake,
		  const struct rsp_identity *identity)
{
	struct rsp_session *ssn;

	ssn = rsp_session_accepted(endpoint->ssn, endpoint->pe, transport,
				   handshake, identity);
	if (ssn)
		backlog_add(endpoint, ssn);
	return ssn;
}

/* true: there is one more in the backlog. */
static bool came(struct rsp_endpoint *endpoint, struct socket *transport)
{
	const struct rsp_identity nobody = {};

	if (!is_secure(endpoint))
		return admit(endpoint, transport, NULL, &nobody);
	rsp_admission_begin(endpoint, transport);
	return false;
}

/* Then who has agreed on TLS waits, too. */
static bool is_full(const struct rsp_endpoint *endpoint)
{
	return sk_acceptq_is_full(&endpoint->ssn->sk);
}

/*
 * Take a connection in, from one listener after the other, so that a crowd at one
 * does not shut out the rest. false: there is none, or no room.
 */
static bool admit_next(struct rsp_endpoint *endpoint, bool *added)
{
	struct rsp_listener *listener;
	struct socket *transport;
	u32 n;
	int err;

	lockdep_assert_held(&endpoint->admit_lock);
	*added = false;
	if (is_full(endpoint))
		return false;
	for (n = endpoint->n_listeners; n; n--) {
		listener = &endpoint->listeners[endpoint->turn++ %
						endpoint->n_listeners];
		err = connection_take(listener, &transport);
		if (err == -ENOMEM)
			queue_delayed_work(system_dfl_wq, &endpoint->again,
					   ADMIT_AGAIN);
		if (!err) {
			*added = came(endpoint, transport);
			return true;
		}
	}
	return false;
}

static void admit_secured(struct rsp_endpoint *endpoint)
{
	struct rsp_handshake *handshake;
	struct rsp_identity identity;

	lockdep_assert_held(&endpoint->admit_lock);
	while ((handshake = rsp_admission_next(endpoint, !is_full(endpoint),
					       &identity)))
		if (admit(endpoint, handshake->sock, handshake, &identity))
			backlog_tell(endpoint);
}

static void endpoint_work(struct work_struct *work)
{
	struct rsp_endpoint *endpoint = container_of(work, struct rsp_endpoint,
						     work);
	bool added, more = true;
	struct mem_cgroup *old;
	int n;

	old = set_active_memcg(mem_cgroup_from_sk(&endpoint->ssn->sk));
	mutex_lock(&endpoint->admit_lock);
	admit_secured(endpoint);
	mutex_unlock(&endpoint->admit_lock);
	for (n = 0; more && n < ADMIT_AT_ONCE; n++) {
		mutex_lock(&endpoint->admit_lock);
		more = admit_next(endpoint, &added);
		mutex_unlock(&endpoint->admit_lock);
		if (added)
			backlog_tell(endpoint);
	}
	set_active_memcg(old);
	if (more)
		rsp_work_queue(work);
}

static void endpoint_again(struct work_struct *work)
{
	struct rsp_endpoint *endpoint = container_of(to_delayed_work(work),
						     struct rsp_endpoint,
						     again);

	rsp_work_queue(&endpoint->work);
}

static bool any_waits(const struct rsp_endpoint *endpoint)
{
	u32 i;

	for (i = 0; i < endpoint->n_listeners; i++)
		if (connection_waits(&endpoint->listeners[i]))
			return true;
	return false;
}

/* Of a call that waits. It takes what it adds, or who does had been told. */
static void admit_one(struct rsp_endpoint *endpoint)
{
	struct mem_cgroup *old;
	bool added;

	mutex_lock(&endpoint->admit_lock);
	if (!is_secure(endpoint)) {
		old = set_active_memcg(mem_cgroup_from_sk(&endpoint->ssn->sk));
		admit_next(endpoint, &added);
		set_active_memcg(old);
	}
	if (any_waits(endpoint))
		rsp_work_queue(&endpoint->work);
	mutex_unlock(&endpoint->admit_lock);
}

/* The oldest session; or -EINVAL, -EAGAIN, or what an interrupted call returns. */
static struct rsp_session *accept_wait(struct rsp_session *ssn, long timeo,
				       bool *full)
{
	struct rsp_endpoint *endpoint = ssn->endpoint;
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct rsp_session *child;
	int err = 0;

	add_wait_queue_exclusive(&endpoint->acceptors, &wait);
	for (;;) {
		admit_one(endpoint);
		child = NULL;
		if (READ_ONCE(ssn->state.now) != RSP_SESSION_LISTEN)
			err = -EINVAL;
		else
			child = backlog_take(endpoint, full);
		if (child || err)
			break;
		if (!timeo)
			err = -EAGAIN;
		else if (signal_pending(current))
			err = sock_intr_errno(timeo);
		if (err)
			break;
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	}
	remove_wait_queue(&endpoint->acceptors, &wait);
	return child ?: ERR_PTR(err);
}

/**
 * rsp_endpoint_accept() - take a session out of the backlog
 * @ssn: a listening socket
 * @newsock: gets the session
 * @flags: of accept4(2)
 *
 * Context: process, without the socket lock.
 * Return: 0; -EINVAL: it does not listen; -EAGAIN: there is none, and no time
 * left; -ENOMEM; or what an interrupted call returns.
 */
int rsp_endpoint_accept(struct rsp_session *ssn, struct socket *newsock,
			int flags)
{
	struct rsp_session *child;
	LIST_HEAD(sockopts);
	bool full;
	int err;

	/* Pairs with rsp_endpoint_listen(). */
	if (smp_load_acquire(&ssn->state.now) != RSP_SESSION_LISTEN)
		return -EINVAL;
	child = backlog_take(ssn->endpoint, &full);
	if (!child)
		child = accept_wait(ssn, sock_rcvtimeo(&ssn->sk,
						       flags & O_NONBLOCK),
				    &full);
	if (IS_ERR(child))
		return PTR_ERR(child);
	/* One that is being set meanwhile, it may have or not. */
	if (!list_empty(&ssn->sockopts)) {
		lock_sock(&ssn->sk);
		err = rsp_sockopts_copy(ssn, &sockopts);
		release_sock(&ssn->sk);
		if (err) {
			backlog_return(ssn->endpoint, child);
			return err;
		}
	}
	/* There is room again, which the work item may have missed. */
	if (full)
		rsp_work_queue(&ssn->endpoint->work);
	lock_sock(&child->sk);
	list_splice(&sockopts, &child->sockopts);
	sock_graft(&child->sk, newsock);
	release_sock(&child->sk);
	newsock->state = SS_CONNECTED;
	set_bit(SOCK_CUSTOM_SOCKOPT, &newsock->flags);
	atomic_inc(&rsp_net(sock_net(&ssn->sk))->sockets_inuse);
	return 0;
}

/**
 * rsp_endpoint_accept_init() - make ready for what will come
 * @endpoint: a new one
 */
void rsp_endpoint_accept_init(struct rsp_endpoint *endpoint)
{
	INIT_WORK(&endpoint->work, endpoint_work);
	INIT_DELAYED_WORK(&endpoint->again, endpoint_again);
	mutex_init(&endpoint->admit_lock);
	INIT_LIST_HEAD(&endpoint->admissions);
	INIT_LIST_HEAD(&endpoint->backlog);
	spin_lock_init(&endpoint->lock);
	init_waitqueue_head(&endpoint->acceptors);
}

/**
 * rsp_endpoint_accept_end() - admit no connection any more, and drop what waits
 * @endpoint: of a socket that listens no more, and whose listeners wake nobody
 *
 * Without listeners nobody admits, or has the work item look again: so after them
 * that can be ended for good.
 *
 * Context: process; no lock is held. Calls may be in rsp_endpoint_accept().
 */
void rsp_endpoint_accept_end(struct rsp_endpoint *endpoint)
{
	struct rsp_session *child;
	bool full;

	mutex_lock(&endpoint->admit_lock);
	rsp_listeners_release(endpoint);
	mutex_unlock(&endpoint->admit_lock);
	wake_up_interruptible_all(&endpoint->acceptors);
	/* A call that takes a session queues it, to no effect. */
	disable_work_sync(&endpoint->work);
	cancel_delayed_work_sync(&endpoint->again);
	rsp_admissions_end(endpoint);
	/* Nobody served them: their users go to other elements. */
	while ((child = backlog_take(endpoint, &full)))
		rsp_session_drop(child);
}
