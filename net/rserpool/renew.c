// SPDX-License-Identifier: GPL-2.0
/*
 * A flow over TLS whose key has protected half of the records that it may (RFC
 * 8446, section 5.5): another one takes its place, and the program does not notice.
 *
 * The other one is to the same element, and stands by (standby.c) before anything
 * changes.  Then the worn one is ended in this direction, as by a program that
 * shuts it down: the element's program reads all that was sent, answers it, and
 * ends its direction.  What it sends is received meanwhile, cookies too, and sends
 * wait.  When its end is there the session goes on over the other flow, which begins
 * with the cookie and what is replayed, as after a failover; so nothing is lost or
 * done twice that would not be by a program that closes and connects again.  What the
 * program has not read by then it reads first, unless it is said again.
 *
 * An element that does not end its direction in the time of a failover is left as
 * one that failed, and so is one that fails meanwhile.
 *
 * Only flows with frames can do that: who carries data only does not know where a
 * request ends.  They fail when all records are used up.
 */

#include <linux/sizes.h>
#include <net/sock.h>

#include "connect.h"
#include "failover.h"
#include "flow.h"
#include "frame.h"
#include "mib.h"
#include "renew.h"
#include "replay.h"
#include "session.h"
#include "session_control.h"
#include "session_event.h"
#include "standby.h"
#include "trace.h"

#define ROOM	SZ_4M		/* octets of memory, at most */

/*
 * A program that waits to send may not read meanwhile; what the element has to say
 * yet, and its end behind that, must have room nevertheless.
 */
static void room_make(struct rsp_flow *flow)
{
	struct sock *transport = flow->sock->sk;

	WRITE_ONCE(transport->sk_rcvbuf,
		   max(READ_ONCE(transport->sk_rcvbuf), ROOM));
}

/* Nothing is sent over the worn flow any more. */
static void turn(struct rsp_session *ssn)
{
	struct rsp_flow *flow = ssn->flow;

	ssn->deadline = jiffies + ssn->failover_timeout;
	room_make(flow);
	set_bit(RSP_FLOW_TURNED, &flow->flags);
	rsp_session_publish(ssn);
	if (!flow->ops->shutdown(flow, SEND_SHUTDOWN) ||
	    READ_ONCE(flow->frames->shut))
		return;
	/* There was no memory, or the flow has failed. */
	clear_bit(RSP_FLOW_TURNED, &flow->flags);
	rsp_session_publish(ssn);
}

/**
 * rsp_renew_step() - go on with a renewal, if there is one
 * @ssn: a session in RSP_SESSION_READY, or that was until now
 *
 * Context: the session's work item, with its socket lock.
 */
void rsp_renew_step(struct rsp_session *ssn)
{
	if (!rsp_session_renews(ssn) || !ssn->standby)
		return;
	if (!rsp_session_turned(ssn)) {
		if (rsp_standby_renews(ssn))
			turn(ssn);
	} else if (time_after_eq(jiffies, ssn->deadline)) {
		rsp_session_fail(ssn, RSP_FAILURE_RECORDS);
	} else {
		/* What became of the other flow may have set it anew. */
		timer_reduce(&ssn->standby->timer, ssn->deadline);
	}
}

/**
 * rsp_renew_stop() - the session ends with the flow that serves
 * @ssn: a session in RSP_SESSION_READY, of which a direction is being shut down
 *
 * Context: process; the session's socket lock.
 * Return: true: that nothing more comes was said to the element already.
 */
bool rsp_renew_stop(struct rsp_session *ssn)
{
	if (!rsp_session_turned(ssn))
		return false;
	clear_bit(RSP_FLOW_TURNED, &ssn->flow->flags);
	rsp_session_publish(ssn);
	return true;
}

/*
 * Both ends have sent theirs, and know that of the other.  That TCP was reset means
 * that the element ended it without having read all: it has failed then.
 */
static bool closed(const struct rsp_flow *worn)
{
	const struct sock *transport = worn->sock->sk;

	return inet_sk_state_load(transport) == TCP_CLOSE &&
	       sock_flag(transport, SOCK_DONE) &&
	       !READ_ONCE(transport->sk_err) && !READ_ONCE(worn->err);
}

/*
 * Has the element said all?  What the program has not read may stay behind, for a
 * later receive; the cookie in it is needed now.  0: all is read, or will be said
 * again; 1: not all is read; -EAGAIN: it has not, or not all is there.
 */
static int hear_out(struct rsp_session *ssn, struct rsp_flow *worn,
		    enum rsp_failure *failure)
{
	struct rsp_control *cookie = NULL;

	*failure = rsp_session_controls(ssn, worn);
	if (*failure != RSP_FAILURE_NONE)
		return 0;
	if (READ_ONCE(worn->frames->n_controls) ||
	    list_count_nodes(&ssn->draining) >= RSP_DRAINING_MAX ||
	    !rsp_frames_rest(worn, &cookie))
		return -EAGAIN;
	if (cookie)
		*failure = rsp_session_control(ssn, worn, cookie);
	kvfree(cookie);
	return !rsp_session_replay(ssn) && rsp_flow_rest(worn);
}

/**
 * rsp_renew_over() - has the worn flow come to its end?
 * @ssn: a session of which rsp_session_turned()
 *
 * Context: process; the session's socket lock.
 * Return: true: it has, and the session goes on over another, or fails; false: not
 * yet, or there is no other yet.
 */
bool rsp_renew_over(struct rsp_session *ssn)
{
	struct rsp_flow *worn = ssn->flow;
	enum rsp_failure failure;
	int rest;

	if (!closed(worn) || !rsp_standby_renews(ssn))
		return false;
	rest = hear_out(ssn, worn, &failure);
	if (rest < 0)
		return false;
	if (failure != RSP_FAILURE_NONE) {
		rsp_session_fail(ssn, failure);
		return true;
	}
	if (!rsp_standby_renew(ssn))
		return false;

	RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_TLS_RENEWED);
	trace_rsp_renew(ssn->state.id, ssn->flow->pe->node.id);
	atomic_dec(&worn->pe->sessions);
	if (rsp_session_replay(ssn))
		rsp_replay_leave(ssn, worn);
	if (ssn->flow->pe->node.id != worn->pe->node.id) {
		ssn->prev_pe_id = worn->pe->node.id;
		rsp_session_event_raise(ssn, RSP_EVENT_ELEMENT_CHANGED);
	}
	rsp_flow_calm(worn);
	if (rest)
		list_add_tail(&worn->draining, &ssn->draining);
	if (ssn->sk.sk_shutdown & RCV_SHUTDOWN)
		ssn->flow->ops->shutdown(ssn->flow, RCV_SHUTDOWN);
	rsp_session_serve(ssn);
	if (!rest) {
		rsp_frames_settle(worn);
		rsp_flow_end(worn);
	}
	return true;
}
