// SPDX-License-Identifier: GPL-2.0
/*
 * The work item of a session: what happens while no program calls.
 *
 * A session has one timer.  What it means depends on the state:
 *
 *	RESOLVE		nothing: the resolution has its own time-out
 *	CONNECT		the connect under way is given up, after detect_timeout
 *	SECURE		nothing: the handshake has its own time-out
 *	READY		octets are outstanding: is the element silent? It runs
 *			only while octets are, each quarter of detect_timeout;
 *			a send starts it. The work item looks only when nothing
 *			was heard for a quarter. And once where the element had
 *			failed before: it has served for a while now
 *	FAILOVER	the connect under way is given up, or a new round is
 *			tried, or the failover is given up at the deadline
 *
 * What stands by (standby.c) has a timer of its own.
 *
 * Silence while nothing is outstanding is found by TCP's keepalive, which the
 * flow sets up.
 */

#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <net/sock.h>

#include "card.h"
#include "connect.h"
#include "detect.h"
#include "failover.h"
#include "flow.h"
#include "frame.h"
#include "renew.h"
#include "session.h"
#include "session_control.h"
#include "session_cookie.h"
#include "session_event.h"
#include "session_work.h"
#include "standby.h"

static struct workqueue_struct *session_wq;

/**
 * rsp_work_queue() - have a work item of a session or an endpoint run
 * @work: the work item
 *
 * Context: any.
 */
void rsp_work_queue(struct work_struct *work)
{
	queue_work(session_wq, work);
}

/**
 * rsp_session_kick() - have the session's work item run
 * @ssn: a session whose flow or waiter is in place
 *
 * Context: any.
 */
void rsp_session_kick(struct rsp_session *ssn)
{
	rsp_work_queue(&ssn->work);
}

/* The operator removed the element now. */
static bool severed(struct rsp_session *ssn)
{
	return test_and_clear_bit(RSP_SESSION_SEVER, &ssn->flags) &&
	       READ_ONCE(ssn->flow->pe->dead);
}

static void serve_step(struct rsp_session *ssn)
{
	enum rsp_failure failure = RSP_FAILURE_NONE;

	if (test_and_clear_bit(RSP_SESSION_OVERFLOW, &ssn->flags)) {
		rsp_session_event_raise(ssn, RSP_EVENT_REPLAY_OVERFLOW);
		rsp_session_publish(ssn);
	}
	if (ssn->flow->frames) {
		rsp_frames_flush(ssn->flow);
		rsp_session_card_renew(ssn, ssn->flow);
		rsp_session_cookie_renew(ssn, ssn->flow);
		failure = rsp_session_controls(ssn, ssn->flow);
	}
	if (severed(ssn))
		failure = RSP_FAILURE_SEVERED;
	if (failure != RSP_FAILURE_NONE)
		rsp_session_fail(ssn, failure);
	else
		rsp_session_check(ssn, ssn->flow, 0);
}

/**
 * rsp_sock_own() - lock_sock() for a worker, which waits for nobody
 * @sk: a socket
 *
 * Context: process; @sk's lock's spinlock.
 * Return: false: a call has the lock.
 */
bool rsp_sock_own(struct sock *sk)
{
	lockdep_assert_held(&sk->sk_lock.slock);
	if (sock_owned_by_user_nocheck(sk))
		return false;
	sk->sk_lock.owned = 1;
	mutex_acquire(&sk->sk_lock.dep_map, 0, 1, _RET_IP_);
	return true;
}

/*
 * lock_sock(), unless a call has the lock: in a copy from or to the program it
 * may have it for ever. Its release_sock() queues the work item again.
 */
static bool lock_unless_late(struct rsp_session *ssn)
{
	struct sock *sk = &ssn->sk;
	bool locked;

	spin_lock_bh(&sk->sk_lock.slock);
	locked = rsp_sock_own(sk);
	if (!locked)
		set_bit(RSP_SESSION_LATE, &ssn->flags);
	spin_unlock_bh(&sk->sk_lock.slock);
	return locked;
}

/**
 * rsp_session_work() - look at the flow and at the time
 * @work: of the session
 *
 * All namespaces share the workers. So a program must not be able to hold one:
 * neither the socket's lock nor that of a transport in use is waited for, and
 * what is left to wait for is memory.
 */
void rsp_session_work(struct work_struct *work)
{
	struct rsp_session *ssn = container_of(work, struct rsp_session, work);
	struct sock *sk = &ssn->sk;
	struct mem_cgroup *old;

	if (!lock_unless_late(ssn))
		return;
	/* A worker is nobody: memory is the program's that has the socket. */
	old = set_active_memcg(mem_cgroup_from_sk(sk));
	rsp_session_drop_read(ssn);
	switch (ssn->state.now) {
	case RSP_SESSION_RESOLVE:
		rsp_session_resolve(ssn);
		break;
	case RSP_SESSION_CONNECT:
	case RSP_SESSION_SECURE:
		rsp_session_connect(ssn);
		break;
	case RSP_SESSION_READY:
		serve_step(ssn);
		if (ssn->standby || rsp_session_renews(ssn))
			rsp_standby_step(ssn);
		rsp_renew_step(ssn);
		break;
	case RSP_SESSION_FAILOVER:
		rsp_session_failover(ssn);
		break;
	}
	set_active_memcg(old);
	release_sock(sk);
}

int __init rsp_session_work_register(void)
{
	session_wq = alloc_workqueue("rserpool", WQ_UNBOUND, 0);
	return session_wq ? 0 : -ENOMEM;
}

void rsp_session_work_unregister(void)
{
	destroy_workqueue(session_wq);
}
