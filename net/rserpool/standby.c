// SPDX-License-Identifier: GPL-2.0
/*
 * RSP_STANDBY: one more flow of a session, connected to the element that the
 * policy would select next, so that a failover need not connect.
 *
 * The session's work item makes it while an element serves, and looks after it.
 * It has gone as far as a flow can that is no business of the program's: the
 * element has shown its card, and was told nothing.  The cookie and what is
 * replayed follow when the session turns to it, as on every other flow.
 *
 * It fails without a failure of the session.  Its element is blamed as for a
 * connect that failed, unless it ended the connection in good order, as servers
 * do that have no patience with who says nothing.  That one, and one that this
 * session alone has trouble with, is tried again after a pause that doubles.
 *
 * Where the policy takes turns or goes by the load, what it would select next
 * is another element all the time; so one that stands by stays as long as its
 * element may have sessions.  Only a higher priority of another one counts.
 *
 * While a flow is worn (renew.c), one to the element that serves stands by, whether
 * RSP_STANDBY is set or not: it is to take the worn one's place.
 */

#include <linux/random.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "connect.h"
#include "detect.h"
#include "flow.h"
#include "flow_secure.h"
#include "frame.h"
#include "mib.h"
#include "net_ns.h"
#include "renew.h"
#include "session.h"
#include "session_control.h"
#include "session_work.h"
#include "standby.h"
#include "trace.h"

#define DOUBLINGS_MAX	6	/* of the pause */

static struct rsp_handlespace *handlespace(const struct rsp_session *ssn)
{
	return &rsp_net(sock_net(&ssn->sk))->handlespace;
}

/* Have the work item look for an element to stand by. */
static void seek(struct rsp_session *ssn)
{
	if (!test_and_set_bit(RSP_SESSION_SEEK, &ssn->flags))
		rsp_session_kick(ssn);
}

static void standby_wake(struct rsp_waiter *waiter)
{
	seek(container_of(waiter, struct rsp_standby, waiter)->ssn);
}

static void standby_timer(struct timer_list *timer)
{
	struct rsp_standby *standby = container_of(timer, struct rsp_standby,
						   timer);

	set_bit(RSP_SESSION_SEEK, &standby->ssn->flags);
	rsp_session_kick(standby->ssn);
}

/* Would a failover have any use for it? */
static bool wanted(const struct rsp_session *ssn)
{
	if (rsp_session_renews(ssn))
		return true;
	return test_bit(RSP_SESSION_STANDBY, &ssn->flags) &&
	       ssn->state.now == RSP_SESSION_READY && !ssn->sk.sk_shutdown &&
	       !ssn->pe_id && rsp_session_mode(ssn) != RSP_FAILOVER_OFF &&
	       !test_bit(RSP_FLOW_ENDED, &ssn->flow->flags);
}

/* The flow is the caller's from now on, and the card is gone. */
static struct rsp_flow *flow_take(struct rsp_standby *standby,
				  enum rsp_standby_event event,
				  enum rsp_failure failure)
{
	struct rsp_session *ssn = standby->ssn;
	struct rsp_flow *flow = standby->flow;

	if (standby->ready)
		trace_rsp_standby(ssn->state.id, flow->pe->node.id, event,
				  failure);
	timer_delete(&standby->timer);
	WRITE_ONCE(ssn->standby_pe_id, 0);
	standby->flow = NULL;
	standby->ready = false;
	kfree(standby->card);
	standby->card = NULL;
	return flow;
}

/*
 * Be ready for an end in good order: octets that are unread, a greeting, would
 * make it a reset.
 */
static void calm(struct rsp_flow *flow)
{
	const int flags = MSG_DONTWAIT | MSG_TRUNC;
	struct msghdr msg = {};

	rsp_flow_calm(flow);
	/* While TLS is being agreed, what comes is the agent's. */
	if (!test_bit(RSP_FLOW_CONNECTED, &flow->flags) ||
	    !rsp_flow_usable(flow))
		return;
	if (flow->handshake) {
		rsp_secure_drain(flow);
		return;
	}
	iov_iter_discard(&msg.msg_iter, ITER_DEST, INT_MAX);
	READ_ONCE(flow->sock->ops)->recvmsg(flow->sock, &msg, INT_MAX, flags);
}

/* End it in good order: its element has done nothing wrong. */
static void leave(struct rsp_standby *standby)
{
	struct rsp_flow *flow;

	if (!standby->flow)
		return;
	flow = flow_take(standby, RSP_STANDBY_LEFT, RSP_FAILURE_NONE);
	calm(flow);
	if (test_bit(RSP_FLOW_CONNECTED, &flow->flags))
		rsp_flow_finish(flow);
	rsp_flow_end(flow);
}

/* How long not to try again. */
static unsigned long pause(const struct rsp_standby *standby)
{
	unsigned long least = rsp_session_probation(standby->ssn);

	return least << min(standby->lost, DOUBLINGS_MAX);
}

/*
 * The flow failed. Whose fault that was, and whether all sessions are to know,
 * is as with a connect that failed.
 */
static void lose(struct rsp_standby *standby, enum rsp_failure failure)
{
	struct rsp_session *ssn = standby->ssn;
	bool good = failure == RSP_FAILURE_LOCAL ||
		    failure == RSP_FAILURE_REJECTED ||
		    failure == RSP_FAILURE_RECORDS || rsp_session_renews(ssn) ||
		    (standby->ready &&
		     standby->flow->ops->ended(standby->flow, failure));
	struct rsp_flow *flow;

	if (standby->ready) {
		RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_STANDBY_LOST);
		if (time_after(jiffies, standby->since + pause(standby)))
			standby->lost = 0;
	}
	flow = flow_take(standby, RSP_STANDBY_LOST, failure);
	rsp_flow_abort(flow);
	if (!good && rsp_session_speaks_for_all(ssn, failure)) {
		rsp_pe_failed(flow->pe);
		standby->next = jiffies;
	} else {
		standby->passed = flow->pe->node.id;
		standby->next = jiffies + pause(standby) +
				get_random_u32_below(pause(standby) + 1);
		if (standby->lost < DOUBLINGS_MAX)
			standby->lost++;
	}
	rsp_flow_end(flow);
	seek(ssn);
}

/*
 * The element that stands by: not the one that serves, nor one that is avoided.  In a
 * renewal the one that serves, unless it was of no use for that.
 */
static struct rsp_pe *choose(const struct rsp_session *ssn, u32 passed)
{
	u32 ids[] = { ssn->flow->pe->node.id, passed };
	struct rsp_exclude others = {
		.ids = ids,
		.n = 1 + (passed && passed != ids[0]),
		.peek = true,
	};
	struct rsp_pe *pe = NULL;
	struct rsp_pool *pool;

	if (others.n == 2 && ids[0] > ids[1])
		swap(ids[0], ids[1]);
	pool = rsp_pool_get(handlespace(ssn), &ssn->handle);
	if (!pool)
		return NULL;
	if (rsp_session_renews(ssn) && passed != ssn->flow->pe->node.id)
		pe = rsp_pe_get(pool, ssn->flow->pe->node.id);
	if (pe && !rsp_pe_serves(pe)) {
		rsp_pe_put(pe);
		pe = NULL;
	}
	if (!pe && ssn->card && !ssn->pe_id)
		pe = rsp_pool_prefer(pool, ssn->card->ids, ssn->card->n,
				     &others);
	if (!pe && !ssn->pe_id)
		pe = rsp_pool_peek(pool, &others);
	rsp_pool_put(pool);
	return pe;
}

/* Worth a connect while another one stands by already? */
static bool better(const struct rsp_pe *pe, const struct rsp_pe *than)
{
	return pe->node.params.type == RSP_POLICY_PRIO &&
	       READ_ONCE(pe->node.params.priority) >
	       READ_ONCE(than->node.params.priority);
}

static void ready(struct rsp_standby *standby)
{
	struct rsp_session *ssn = standby->ssn;
	const struct rsp_pe *pe = standby->flow->pe;

	rsp_connect_ended(ssn, pe, RSP_FAILURE_NONE, 0);
	trace_rsp_standby(ssn->state.id, pe->node.id, RSP_STANDBY_READY,
			  RSP_FAILURE_NONE);
	timer_delete(&standby->timer);
	standby->ready = true;
	if (!rsp_session_renews(ssn))
		standby->passed = 0;
	standby->since = jiffies;
	if (pe->node.id != ssn->flow->pe->node.id)
		WRITE_ONCE(ssn->standby_pe_id, pe->node.id);
	seek(ssn);
}

/* Begin to connect to one of an element's transport addresses. 0 or an error. */
static int begin(struct rsp_standby *standby, struct rsp_pe *pe)
{
	struct rsp_session *ssn = standby->ssn;
	struct rsp_flow *flow;
	int err;

	ssn->elements_tried++;
	RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_CONNECT);
	flow = rsp_flow_open(ssn, pe, &pe->transports[standby->transport]);
	if (IS_ERR(flow))
		return PTR_ERR(flow);
	__set_bit(RSP_FLOW_STANDBY, &flow->flags);
	standby->flow = flow;
	err = rsp_flow_connect(flow);
	if (err && err != -EINPROGRESS) {
		standby->flow = NULL;
		rsp_flow_end(flow);
		return err;
	}
	/* Where it is connected already, the work item says what comes of it. */
	rsp_session_kick(ssn);
	standby->next = jiffies + ssn->detect_timeout;
	mod_timer(&standby->timer, standby->next);
	return 0;
}

/* From @standby->transport on, the first that can be connected to. */
static void element_try(struct rsp_standby *standby, struct rsp_pe *pe)
{
	struct rsp_session *ssn = standby->ssn;
	int err;

	for (; standby->transport < pe->n_transports; standby->transport++) {
		err = begin(standby, pe);
		if (!err)
			return;
		/* Nothing was heard of the element. */
		rsp_connect_ended(ssn, pe, RSP_FAILURE_LOCAL, err);
	}
	standby->passed = pe->node.id;
	standby->next = jiffies + pause(standby);
	if (standby->lost < DOUBLINGS_MAX)
		standby->lost++;
	seek(ssn);
}

static void connect_look(struct rsp_standby *standby)
{
	struct rsp_flow *flow = standby->flow;
	struct rsp_pe *pe = flow->pe;
	enum rsp_failure failure;
	int err;

	err = rsp_connect_step(standby->ssn, flow, standby->next, &failure);
	if (!err)
		ready(standby);
	/* With TLS it may take longer than a connect. */
	if (err == -EINPROGRESS && !timer_pending(&standby->timer))
		mod_timer(&standby->timer,
			  jiffies + standby->ssn->detect_timeout);
	if (!err || err == -EINPROGRESS)
		return;

	rsp_connect_ended(standby->ssn, pe, failure, err);
	if (standby->transport + 1 == pe->n_transports) {
		lose(standby, failure);
		return;
	}
	refcount_inc(&pe->refs);
	flow = flow_take(standby, RSP_STANDBY_LOST, failure);
	rsp_flow_abort(flow);
	rsp_flow_end(flow);
	standby->transport++;
	element_try(standby, pe);
	rsp_pe_put(pe);
}

/* What became of the flow? RSP_FAILURE_NONE: it stands by. */
static enum rsp_failure state_of(struct rsp_standby *standby)
{
	enum rsp_failure failure = RSP_FAILURE_NONE;
	struct rsp_flow *flow = standby->flow;

	if (flow->frames) {
		rsp_frames_flush(flow);
		failure = rsp_session_controls(standby->ssn, flow);
	}
	if (failure == RSP_FAILURE_NONE)
		failure = rsp_flow_failure(flow, 0);
	if (failure == RSP_FAILURE_NONE && flow->frames &&
	    READ_ONCE(flow->frames->ended))
		failure = RSP_FAILURE_FIN;
	return failure;
}

/* Is it with the element with which it should be? */
static bool well_placed(const struct rsp_standby *standby)
{
	const struct rsp_pe *pe = standby->flow->pe;
	const struct rsp_pe *serves = standby->ssn->flow->pe;

	if (!rsp_session_renews(standby->ssn))
		return pe->node.id != serves->node.id;
	return pe->node.id == serves->node.id || !rsp_pe_serves(serves) ||
	       standby->passed == serves->node.id;
}

static void look(struct rsp_standby *standby)
{
	struct rsp_session *ssn = standby->ssn;
	bool serves = rsp_pe_serves(standby->flow->pe);
	enum rsp_failure failure;

	if (!serves || !well_placed(standby)) {
		if (standby->ready && !serves)
			RSP_INC_STATS(sock_net(&ssn->sk),
				      RSP_MIB_STANDBY_LOST);
		leave(standby);
		set_bit(RSP_SESSION_SEEK, &ssn->flags);
		return;
	}
	if (!standby->ready) {
		connect_look(standby);
		return;
	}
	failure = state_of(standby);
	if (failure != RSP_FAILURE_NONE)
		lose(standby, failure);
}

static void find(struct rsp_standby *standby)
{
	struct rsp_session *ssn = standby->ssn;
	struct rsp_pe *pe;

	if (standby->flow && !standby->ready)
		return;
	if (!standby->flow && time_before(jiffies, standby->next) &&
	    !(rsp_session_renews(ssn) && !standby->passed)) {
		mod_timer(&standby->timer, standby->next);
		return;
	}
	pe = choose(ssn, standby->passed);
	if (!pe && standby->passed)
		pe = choose(ssn, 0);
	if (!pe)
		return;
	if (!standby->flow || (!rsp_session_renews(ssn) &&
			       better(pe, standby->flow->pe))) {
		leave(standby);
		standby->transport = 0;
		element_try(standby, pe);
	}
	rsp_pe_put(pe);
}

static int make(struct rsp_session *ssn)
{
	struct rsp_standby *standby;

	if (ssn->standby)
		return 0;
	standby = kzalloc_obj(*standby, GFP_KERNEL_ACCOUNT);
	if (!standby)
		return -ENOMEM;
	standby->ssn = ssn;
	standby->waiter.handle = &ssn->handle;
	standby->waiter.any = true;
	standby->waiter.wake = standby_wake;
	timer_setup(&standby->timer, standby_timer, 0);
	WRITE_ONCE(ssn->standby, standby);
	return 0;
}

/**
 * rsp_standby_step() - make the flow that stands by, or see how it is
 * @ssn: a session with RSP_STANDBY, or of which rsp_session_renews(), or that was
 *	one
 *
 * Context: process; the session's socket lock.
 */
void rsp_standby_step(struct rsp_session *ssn)
{
	struct rsp_standby *standby;

	if (make(ssn))
		return;
	standby = ssn->standby;
	if (!wanted(ssn)) {
		rsp_standby_stop(ssn);
		if (!test_bit(RSP_SESSION_STANDBY, &ssn->flags))
			rsp_standby_free(ssn, NULL);
		return;
	}
	if (!standby->waiting) {
		rsp_handlespace_wait(handlespace(ssn), &standby->waiter);
		standby->waiting = true;
		standby->next = jiffies;
		set_bit(RSP_SESSION_SEEK, &ssn->flags);
	}
	if (standby->flow)
		look(standby);
	if (test_and_clear_bit(RSP_SESSION_SEEK, &ssn->flags))
		find(standby);
}

/* The session has the flow from now on. */
static void turn_to(struct rsp_standby *standby)
{
	struct rsp_session *ssn = standby->ssn;
	struct rsp_flow *flow;

	if (standby->card)
		swap(ssn->card, standby->card);
	flow = flow_take(standby, RSP_STANDBY_USED, RSP_FAILURE_NONE);
	atomic_inc(&flow->pe->sessions);
	set_bit(RSP_FLOW_COUNTED, &flow->flags);
	WRITE_ONCE(ssn->flow, flow);
	rsp_flow_promote(flow);
	standby->next = jiffies;
	standby->passed = 0;
	set_bit(RSP_SESSION_SEEK, &ssn->flags);
}

/* Is it fit for use? If not, it goes. */
static bool fit(struct rsp_standby *standby)
{
	enum rsp_failure failure;

	if (!standby->ready || !rsp_pe_serves(standby->flow->pe)) {
		leave(standby);
		return false;
	}
	failure = state_of(standby);
	if (failure != RSP_FAILURE_NONE)
		lose(standby, failure);
	return failure == RSP_FAILURE_NONE;
}

/**
 * rsp_standby_take() - turn to the element that stands by
 * @ssn: a session that has left its element and begun to search
 *
 * Context: process; the session's socket lock.
 * Return: true: it is the session's, and the search is over; false: there is
 * none that is of any use.
 */
bool rsp_standby_take(struct rsp_session *ssn)
{
	struct rsp_standby *standby = ssn->standby;

	if (!standby || !standby->flow)
		return false;
	/* In a renewal it is with the element that has failed just now. */
	if (standby->flow->pe->node.id == ssn->prev_pe_id &&
	    ssn->failure != RSP_FAILURE_RECORDS) {
		leave(standby);
		return false;
	}
	if (!fit(standby))
		return false;
	/* Should it fail at once, the round goes on without it. */
	if (rsp_search_skip(ssn, standby->flow->pe->node.id))
		return false;

	RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_STANDBY_USED);
	rsp_search_end(ssn);
	turn_to(standby);
	return true;
}

/**
 * rsp_standby_renews() - does a flow stand by that is to take a worn one's place?
 * @ssn: a session of which rsp_session_renews()
 *
 * Context: process; the session's socket lock.
 * Return: true when it does.
 */
bool rsp_standby_renews(const struct rsp_session *ssn)
{
	return ssn->standby->ready && well_placed(ssn->standby);
}

/**
 * rsp_standby_renew() - have the flow that stands by take the place of a worn one
 * @ssn: a session of which rsp_session_renews()
 *
 * The worn one is the caller's from now on.
 *
 * Context: process; the session's socket lock.
 * Return: true: it has; false: there is none that is of any use.
 */
bool rsp_standby_renew(struct rsp_session *ssn)
{
	struct rsp_standby *standby = ssn->standby;

	if (!standby || !standby->flow || !fit(standby))
		return false;
	turn_to(standby);
	set_bit(RSP_FLOW_RENEWED, &ssn->flow->flags);
	return true;
}

/**
 * rsp_standby_stop() - let nothing stand by for now
 * @ssn: a session
 *
 * Context: process; the session's socket lock.
 */
void rsp_standby_stop(struct rsp_session *ssn)
{
	struct rsp_standby *standby = ssn->standby;

	if (!standby)
		return;
	leave(standby);
	timer_delete(&standby->timer);
	if (standby->waiting)
		rsp_handlespace_unwait(handlespace(ssn), &standby->waiter);
	standby->waiting = false;
	standby->passed = 0;
	standby->lost = 0;
}

/**
 * rsp_standby_free() - let nothing stand by any more
 * @ssn: a session
 * @flows: gets the flow, if there is one, detached and with the session's use of
 *	it; NULL: it is ended here
 *
 * Context: process; the session's socket lock.
 */
void rsp_standby_free(struct rsp_session *ssn, struct list_head *flows)
{
	struct rsp_standby *standby = ssn->standby;
	struct rsp_flow *flow;

	if (!standby)
		return;
	if (flows && standby->flow) {
		flow = flow_take(standby, RSP_STANDBY_LEFT, RSP_FAILURE_NONE);
		calm(flow);
		rsp_flow_detach(flow);
		list_add_tail(&flow->draining, flows);
	}
	rsp_standby_stop(ssn);
	timer_shutdown_sync(&standby->timer);
	WRITE_ONCE(ssn->standby, NULL);
	kfree(standby);
}

/**
 * rsp_standby_set() - hold a flow for a failover, or stop to
 * @ssn: a session that is no element's
 * @on: which
 *
 * Context: process; the session's socket lock.
 * Return: 0 or -ENOMEM.
 */
int rsp_standby_set(struct rsp_session *ssn, bool on)
{
	int err = on ? make(ssn) : 0;

	if (err)
		return err;
	assign_bit(RSP_SESSION_STANDBY, &ssn->flags, on);
	if (!on && !rsp_session_renews(ssn))
		rsp_standby_free(ssn, NULL);
	rsp_session_kick(ssn);
	return 0;
}
