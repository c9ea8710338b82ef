// SPDX-License-Identifier: GPL-2.0
/*
 * How a session leaves its element, and what becomes of it then; that the
 * element has failed is noticed in detect.c, and the next one is found by
 * connect.c.
 *
 * All of it runs under the session's socket lock: in the call of a program
 * that has something to find out (a send or receive that met a failure), and in
 * the session's work item for all that happens while no program calls.
 */

#include <linux/random.h>
#include <net/sock.h>

#include "connect.h"
#include "detect.h"
#include "failover.h"
#include "flow.h"
#include "mib.h"
#include "net_ns.h"
#include "session.h"
#include "session_control.h"
#include "session_cookie.h"
#include "session_event.h"
#include "session_work.h"
#include "standby.h"
#include "trace.h"

/*
 * The session leaves its element; what is unread of it may be read yet, unless
 * the next one will say it again.
 */
static void leave(struct rsp_session *ssn, bool moves)
{
	bool visible = ssn->generation == ssn->resumed;
	struct rsp_flow *flow = ssn->flow;

	WRITE_ONCE(ssn->flow, NULL);
	if (test_bit(RSP_FLOW_COUNTED, &flow->flags)) {
		ssn->prev_pe_id = flow->pe->node.id;
		atomic_dec(&flow->pe->sessions);
	} else {
		/* It was still being connected. */
		visible = false;
	}
	/* The cookie of a user that has gone is before its data, if it is good. */
	if (ssn->accepted && visible)
		visible = rsp_session_controls(ssn, flow) == RSP_FAILURE_NONE;
	if (moves && rsp_session_replay(ssn))
		rsp_replay_leave(ssn, flow);
	else if (visible && rsp_flow_rest(flow) &&
		 list_count_nodes(&ssn->draining) < RSP_DRAINING_MAX)
		list_add_tail(&flow->draining, &ssn->draining);
	rsp_session_publish(ssn);
	rsp_flow_abort(flow);
	if (list_empty(&flow->draining))
		rsp_flow_end(flow);
}

/**
 * rsp_session_end() - a session that had an element is over
 * @ssn: the session
 * @err: negative errno that the next call gets
 *
 * What was delivered can still be read.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_end(struct rsp_session *ssn, int err)
{
	struct sock *sk = &ssn->sk;

	rsp_search_end(ssn);
	rsp_standby_stop(ssn);
	if (ssn->flow)
		leave(ssn, false);
	ssn->resumed = ssn->generation;
	rsp_session_enter(ssn, RSP_SESSION_CLOSED);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	/* Who polls looks at the error first, then at the state. */
	smp_store_release(&sk->sk_err, -err);
	rsp_session_publish(ssn);
}

static void failover_give_up(struct rsp_session *ssn, int err)
{
	RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_FAILOVER_FAILED);
	rsp_session_event_raise(ssn, RSP_EVENT_FAILOVER_FAILED);
	rsp_session_end(ssn, err);
}

static void failover_done(struct rsp_session *ssn)
{
	ssn->failover_us = min_t(u64, U32_MAX,
				 ktime_us_delta(ktime_get(), ssn->begun));
	RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_FAILOVER_DONE);
	rsp_session_event_raise(ssn, RSP_EVENT_FAILOVER_DONE);
	if (ssn->flow->pe->node.id != ssn->prev_pe_id)
		rsp_session_event_raise(ssn, RSP_EVENT_ELEMENT_CHANGED);
	rsp_session_serve(ssn);
}

static bool for_want_of_security(const struct rsp_session *ssn)
{
	return rsp_net(sock_net(&ssn->sk))->auth &&
	       ssn->round_err == -EACCES;
}

/* The round found nobody: wait for an element, and try anyhow in a while. */
static void failover_wait(struct rsp_session *ssn)
{
	unsigned long pause = rsp_session_probation(ssn);

	ssn->round_over = true;
	assign_bit(RSP_SESSION_DENIED, &ssn->flags, for_want_of_security(ssn));
	/* What came while the round went on may have come too late for it. */
	if (test_bit(RSP_SESSION_WOKEN, &ssn->flags))
		rsp_session_kick(ssn);
	ssn->next_try = jiffies + pause + get_random_u32_below(pause + 1);
}

/* Between two rounds, and nothing came that a new one could use? */
static bool failover_waits(struct rsp_session *ssn)
{
	return ssn->round_over && time_before(jiffies, ssn->next_try) &&
	       !test_bit(RSP_SESSION_WOKEN, &ssn->flags);
}

/* The round that time ran out in may not have come to the reason again. */
static int give_up_error(const struct rsp_session *ssn)
{
	return test_bit(RSP_SESSION_DENIED, &ssn->flags) ||
	       for_want_of_security(ssn) ? -EACCES : -EHOSTUNREACH;
}

/**
 * rsp_session_failover() - go on with a failover
 * @ssn: a session in RSP_SESSION_FAILOVER
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_failover(struct rsp_session *ssn)
{
	if (time_after_eq(jiffies, ssn->deadline)) {
		failover_give_up(ssn, give_up_error(ssn));
		return;
	}
	if (!failover_waits(ssn)) {
		int err;

		if (ssn->round_over)
			rsp_search_begin(ssn, true);
		err = rsp_search_step(ssn);
		if (!err) {
			failover_done(ssn);
			return;
		}
		/* The next round would hear the same. */
		if (err != -EINPROGRESS && ssn->rejected) {
			failover_give_up(ssn, -EACCES);
			return;
		}
		if (err != -EINPROGRESS)
			failover_wait(ssn);
	}
	mod_timer(&ssn->timer, time_before(ssn->next_try, ssn->deadline) ?
			       ssn->next_try : ssn->deadline);
}

/**
 * rsp_session_fail() - the element that serves a session does so no more
 * @ssn: a session in RSP_SESSION_READY
 * @failure: why
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_fail(struct rsp_session *ssn, enum rsp_failure failure)
{
	struct net *net = sock_net(&ssn->sk);
	u8 mode = rsp_session_mode(ssn);
	struct rsp_flow *flow = ssn->flow;
	u32 id = flow->pe->node.id;
	bool rejected = failure == RSP_FAILURE_REJECTED;
	bool revoked = failure == RSP_FAILURE_REVOKED;
	bool brief = rejected ||
		     (!revoked &&
		      (u32)jiffies - flow->born < rsp_session_probation(ssn));

	trace_rsp_failover(ssn->state.id, id, failure);
	rsp_mib_failure(net, failure);
	ssn->failure = failure;
	if (revoked)
		net_info_ratelimited("rserpool: session %u: the key that it was agreed by was revoked\n",
				     ssn->state.id);
	if (failure == RSP_FAILURE_RECORDS)
		net_info_ratelimited("rserpool: session %u: its key has protected as many records as records-max allows\n",
				     ssn->state.id);
	if (failure != RSP_FAILURE_SEVERED && failure != RSP_FAILURE_FORCED &&
	    failure != RSP_FAILURE_LOCAL && !rejected && !ssn->accepted &&
	    rsp_session_speaks_for_all(ssn, failure))
		rsp_pe_failed(flow->pe);

	if (mode == RSP_FAILOVER_OFF || ssn->sk.sk_shutdown || ssn->pe_id ||
	    ssn->accepted) {
		rsp_session_end(ssn, -ECONNRESET);
		return;
	}

	RSP_INC_STATS(net, RSP_MIB_FAILOVER);
	clear_bit(RSP_SESSION_DENIED, &ssn->flags);
	ssn->begun = ktime_get();
	ssn->deadline = jiffies + ssn->failover_timeout;
	rsp_session_enter(ssn, RSP_SESSION_FAILOVER);
	leave(ssn, true);
	ssn->generation++;
	if (mode == RSP_FAILOVER_AUTO)
		ssn->resumed = ssn->generation;
	rsp_session_event_raise(ssn, RSP_EVENT_FAILOVER_BEGUN);
	rsp_session_publish(ssn);

	/*
	 * An element that connects and fails at once is one that was tried in
	 * the round that goes on: so a pool of such elements is gone through
	 * once a pause, and not as fast as it fails.  So is one that rejected
	 * the cookie, which it was perhaps given long after it was connected,
	 * when the program agreed to it.  One whose key was revoked may have
	 * another one.
	 */
	rsp_search_begin(ssn, !brief);
	ssn->rejected = rejected;
	/* Who is told to leave an element does not return to it at once. */
	if (!brief && failure == RSP_FAILURE_FORCED &&
	    rsp_search_skip(ssn, id))
		rsp_session_end(ssn, -ENOMEM);
	else if (rsp_standby_take(ssn))
		failover_done(ssn);
	else
		rsp_session_failover(ssn);
}

/* Detach all flows, each with the session's use of it, and list them. */
static void flows_take(struct rsp_session *ssn, struct list_head *flows)
{
	struct rsp_flow *flow = ssn->flow;

	if (flow && test_bit(RSP_FLOW_COUNTED, &flow->flags))
		atomic_dec(&flow->pe->sessions);
	RCU_INIT_POINTER(ssn->tx, NULL);
	RCU_INIT_POINTER(ssn->rx, NULL);
	list_splice_init(&ssn->draining, flows);
	if (flow)
		list_add_tail(&flow->draining, flows);
	WRITE_ONCE(ssn->flow, NULL);
	list_for_each_entry(flow, flows, draining)
		rsp_flow_detach(flow);
}

/* What the program is told when it takes the session apart itself. */
static int disconnect_error(const struct rsp_session *ssn)
{
	switch (ssn->state.now) {
	case RSP_SESSION_INIT:
	case RSP_SESSION_CLOSED:
		return -ssn->sk.sk_err;
	case RSP_SESSION_READY:
		/* When both sides have ended it there is nothing to reset. */
		if (test_bit(RSP_FLOW_ENDED, &ssn->flow->flags) &&
		    rsp_flow_over(ssn->flow))
			return 0;
		fallthrough;
	default:
		return -ECONNRESET;
	}
}

/**
 * rsp_session_disconnect() - take a session apart, so that it is as new
 * @ssn: the session
 *
 * As with TCP what is unread is dropped, and the next call gets ECONNRESET,
 * unless it connects.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_disconnect(struct rsp_session *ssn)
{
	struct rsp_flow *flow, *next;
	struct sock *sk = &ssn->sk;
	LIST_HEAD(flows);
	int err;

	/* The element may have ended it, and the work item not have come yet. */
	rsp_session_check(ssn, ssn->flow, 0);
	err = disconnect_error(ssn);
	rsp_search_end(ssn);
	rsp_standby_stop(ssn);
	flows_take(ssn, &flows);
	rsp_session_forget(ssn);
	rsp_session_cookies_drop(ssn);
	if (ssn->replay)
		rsp_replay_reset(ssn->replay);
	clear_bit(RSP_SESSION_SEVER, &ssn->flags);
	ssn->pending = 0;
	/* Failovers are counted on: RSP_RESUME may be on its way. */
	ssn->resumed = ssn->generation;
	WRITE_ONCE(sk->sk_shutdown, 0);
	if (ssn->state.now != RSP_SESSION_INIT)
		rsp_session_enter(ssn, RSP_SESSION_INIT);
	list_for_each_entry_safe(flow, next, &flows, draining) {
		/* First: it tells who is inside what the end means. */
		set_bit(RSP_FLOW_APART, &flow->flags);
		rsp_flow_abort(flow);
		rsp_flow_end(flow);
	}
	/* Who polls looks at the error first, then at the state. */
	smp_store_release(&sk->sk_err, -err);
	/* Detached flows wake nobody: this does, and they are dry by now. */
	rsp_session_publish(ssn);
}

/**
 * rsp_session_shut() - leave the pool for good
 * @ssn: a session whose socket is being closed
 * @flows: gets its flows, each with the session's use of it, detached
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_shut(struct rsp_session *ssn, struct list_head *flows)
{
	rsp_search_end(ssn);
	if (ssn->state.now != RSP_SESSION_CLOSED)
		rsp_session_enter(ssn, RSP_SESSION_CLOSED);
	flows_take(ssn, flows);
	rsp_standby_free(ssn, flows);
	rsp_session_forget(ssn);
}

