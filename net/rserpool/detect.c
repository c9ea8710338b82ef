// SPDX-License-Identifier: GPL-2.0
/*
 * How a session notices that its element failed; see the opening of
 * session_work.c.
 *
 * What comes of it is up to rsp_session_fail().
 */

#include <net/sock.h>

#include "detect.h"
#include "failover.h"
#include "flow.h"
#include "mib.h"
#include "net_ns.h"
#include "renew.h"
#include "session.h"
#include "session_control.h"
#include "session_work.h"

/**
 * rsp_session_probation() - how long an element must serve to be forgiven
 * @ssn: the session
 *
 * Context: any.
 * Return: jiffies; no less than an element that failed is avoided for.
 */
unsigned long rsp_session_probation(const struct rsp_session *ssn)
{
	const struct rsp_net *rn = rsp_net(sock_net(&ssn->sk));

	return msecs_to_jiffies(READ_ONCE(rn->handlespace.limits.avoid_min_ms));
}

/**
 * rsp_session_watch() - set the timer to when there may be something to see
 * @ssn: a session in RSP_SESSION_READY
 *
 * That is silence, if octets are outstanding, or the end of a probation.
 *
 * Context: process, with the session's socket lock; or soft interrupt, with
 * its spinlock while no process has the lock.
 */
void rsp_session_watch(struct rsp_session *ssn)
{
	struct rsp_flow *flow = ssn->flow;
	unsigned long in = 0;

	/* Pairs with watch_start() in sendmsg.c: octets first, then the timer. */
	smp_mb();
	if (rsp_flow_outstanding(flow))
		in = min(ssn->detect_timeout / 4,
			 ssn->detect_timeout -
			 min(rsp_flow_silence(flow), ssn->detect_timeout));
	else if (!test_bit(RSP_FLOW_PROVEN, &flow->flags) &&
		 READ_ONCE(flow->pe->failures))
		in = min(ssn->detect_timeout / 4, rsp_session_probation(ssn));
	else
		return;
	mod_timer(&ssn->timer, jiffies + max(in, 1UL));
}

/*
 * Octets were outstanding a while ago.  Mostly all is well: some were
 * acknowledged since.  Then the work item need not look.
 */
static bool watch_goes_on(struct rsp_session *ssn)
{
	struct rsp_flow *flow = ssn->flow;

	if (ssn->state.now != RSP_SESSION_READY ||
	    READ_ONCE(flow->pe->failures) ||
	    (rsp_flow_outstanding(flow) &&
	     rsp_flow_silence(flow) >= ssn->detect_timeout / 4))
		return false;
	rsp_session_watch(ssn);
	return true;
}

/**
 * rsp_session_timer() - the session's timer ran out
 * @timer: of the session
 *
 * Context: soft interrupt. The socket lock's spinlock, while no process has the
 * socket lock, is as good as that.
 */
void rsp_session_timer(struct timer_list *timer)
{
	struct rsp_session *ssn = container_of(timer, struct rsp_session,
					       timer);
	struct sock *sk = &ssn->sk;
	bool well;

	bh_lock_sock(sk);
	well = !sock_owned_by_user(sk) && watch_goes_on(ssn);
	bh_unlock_sock(sk);
	if (!well)
		rsp_session_kick(ssn);
}

/* Octets are outstanding: has the element been silent for too long? */
static bool silent(struct rsp_session *ssn)
{
	unsigned long quarter = ssn->detect_timeout / 4;
	unsigned long silence;

	if (!rsp_flow_outstanding(ssn->flow))
		return false;
	silence = rsp_flow_silence(ssn->flow);
	if (silence >= ssn->detect_timeout)
		return true;
	if (silence >= quarter)
		rsp_flow_probe(ssn->flow, quarter / 2);
	return false;
}

/* An element that goes may have said why. */
static enum rsp_failure last_words(struct rsp_session *ssn,
				   struct rsp_flow *flow,
				   enum rsp_failure failure)
{
	enum rsp_failure said = rsp_session_controls(ssn, flow);

	return said != RSP_FAILURE_NONE ? said : failure;
}

/**
 * rsp_session_check() - has the session's element failed?
 * @ssn: the session
 * @flow: the flow that gave cause to ask; nothing happens when the session
 *	has left it already
 * @err: a negative errno that a call on @flow gave, or 0
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_check(struct rsp_session *ssn, struct rsp_flow *flow, int err)
{
	enum rsp_failure failure;
	bool suspect;

	if (!flow || flow != ssn->flow || ssn->state.now != RSP_SESSION_READY)
		return;

	if (rsp_session_turned(ssn) && rsp_renew_over(ssn))
		return;
	/* Pairs with the order in flow_wake(): state first, then the bit. */
	suspect = test_and_clear_bit(RSP_FLOW_SUSPECT, &flow->flags);
	failure = rsp_flow_failure(flow, err);
	if (failure != RSP_FAILURE_NONE && flow->ops->ended(flow, failure)) {
		if (!test_and_set_bit(RSP_FLOW_ENDED, &flow->flags))
			rsp_session_publish(ssn);
		if (failure == RSP_FAILURE_FIN)
			failure = RSP_FAILURE_NONE;
	}
	if (failure != RSP_FAILURE_NONE && flow->frames)
		failure = last_words(ssn, flow, failure);
	if (failure == RSP_FAILURE_NONE && silent(ssn))
		failure = RSP_FAILURE_SILENT;
	if (failure == RSP_FAILURE_NONE) {
		if ((u32)jiffies - flow->born >= rsp_session_probation(ssn) &&
		    !test_and_set_bit(RSP_FLOW_PROVEN, &flow->flags))
			rsp_pe_worked(flow->pe);
		rsp_session_watch(ssn);
		/* Who polled meanwhile was told nothing. */
		if (suspect)
			ssn->sk.sk_state_change(&ssn->sk);
		return;
	}
	if (test_bit(RSP_FLOW_ENDED, &flow->flags) && !rsp_session_turned(ssn)) {
		rsp_mib_failure(sock_net(&ssn->sk), failure);
		/* As in TCP: who said all may reset what comes after it. */
		rsp_session_end(ssn, failure == RSP_FAILURE_RESET ?
				     0 : -ECONNRESET);
		return;
	}
	rsp_session_fail(ssn, failure);
}
