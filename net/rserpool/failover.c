// SPDX-License-Identifier: GPL-2.0
/*
 * How a session finds its element, and the next one when that has failed; that
 * it has failed is noticed in detect.c.
 *
 * All of it runs under the session's socket lock: in the call of a program
 * that has something to find out (connect, a send or receive that met a
 * failure), and in the session's work item for all that happens while no
 * program calls.
 *
 * A session has one timer.  What it means depends on the state:
 *
 *	RESOLVE		nothing: the resolution has its own time-out
 *	CONNECT		the connect under way is given up, after detect_timeout
 *	READY		octets are outstanding: is the element silent? It runs
 *			only while octets are, each quarter of detect_timeout;
 *			a send starts it. The work item looks only when nothing
 *			was heard for a quarter. And once where the element had
 *			failed before: it has served for a while now
 *	FAILOVER	the connect under way is given up, or a new round is
 *			tried, or the failover is given up at the deadline
 *
 * Silence while nothing is outstanding is found by TCP's keepalive, which the
 * flow sets up.
 */

#include <linux/random.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "card.h"
#include "detect.h"
#include "failover.h"
#include "flow.h"
#include "frame.h"
#include "mib.h"
#include "net_ns.h"
#include "netlink.h"
#include "resolve.h"
#include "session.h"
#include "session_control.h"
#include "session_cookie.h"
#include "trace.h"

/*
 * Elements that refuse at once are tried in one go, but not so many that
 * others wait for the session's lock.
 */
#define CONNECTS_AT_ONCE	16

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

static void session_wake(struct rsp_waiter *waiter)
{
	struct rsp_session *ssn = container_of(waiter, struct rsp_session,
					       waiter);

	set_bit(RSP_SESSION_WOKEN, &ssn->flags);
	rsp_session_kick(ssn);
}

static struct rsp_handlespace *handlespace(const struct rsp_session *ssn)
{
	return &rsp_net(sock_net(&ssn->sk))->handlespace;
}

static void wait_for_element(struct rsp_session *ssn)
{
	if (ssn->waiting)
		return;
	ssn->waiter.handle = &ssn->handle;
	ssn->waiter.wake = session_wake;
	rsp_handlespace_wait(handlespace(ssn), &ssn->waiter);
	ssn->waiting = true;
}

static void wait_for_no_more(struct rsp_session *ssn)
{
	if (!ssn->waiting)
		return;
	rsp_handlespace_unwait(handlespace(ssn), &ssn->waiter);
	ssn->waiting = false;
}

static void state_set(struct rsp_session *ssn, u8 to)
{
	rsp_session_state_set(&ssn->state, sock_net(&ssn->sk), to);
}

static void event_raise(struct rsp_session *ssn, enum rsp_event_type type)
{
	struct rsp_event event;

	/* What a failover tells outdates what the one before it told. */
	if (type == RSP_EVENT_FAILOVER_BEGUN)
		ssn->pending = 0;
	ssn->pending |= BIT(type) & ssn->events;
	rsp_session_event(ssn, type, &event);
	rsp_nl_session_event(sock_net(&ssn->sk), ssn->state.id, &event,
			     &ssn->handle);
}

/* The pool may be another than when it was last looked up. */
static void pool_look_up(struct rsp_session *ssn)
{
	struct rsp_pool *pool = ssn->pool;

	WRITE_ONCE(ssn->pool, rsp_pool_get(handlespace(ssn), &ssn->handle));
	if (pool)
		rsp_pool_put(pool);
}

/* Start of a round: no element is tried yet. */
static void round_begin(struct rsp_session *ssn)
{
	ssn->n_tried = 0;
	ssn->round_over = false;
	ssn->round_err = 0;
	clear_bit(RSP_SESSION_WOKEN, &ssn->flags);
	/* Pairs with session_wake(): what wakes from now on is seen below. */
	smp_mb__after_atomic();
	pool_look_up(ssn);
}

static int tried_add(struct rsp_session *ssn, u32 id)
{
	unsigned int at = ssn->n_tried;

	if (at == ssn->size_tried) {
		unsigned int size = max(2 * at, 8u);
		u32 *tried;

		tried = kmalloc_array(size, sizeof(*tried), GFP_KERNEL_ACCOUNT);
		if (!tried)
			return -ENOMEM;
		memcpy(tried, ssn->tried, at * sizeof(*tried));
		rsp_session_free_tried(ssn);
		ssn->tried = tried;
		ssn->size_tried = size;
	}
	for (; at && ssn->tried[at - 1] > id; at--)
		ssn->tried[at] = ssn->tried[at - 1];
	ssn->tried[at] = id;
	ssn->n_tried++;
	return 0;
}

static struct rsp_pe *element_next(struct rsp_session *ssn)
{
	const struct rsp_exclude tried = {
		.ids = ssn->tried,
		.n = ssn->n_tried,
	};
	struct rsp_pe *pe;
	int err;

	if (!ssn->pool)
		return NULL;
	if (ssn->pe_id)
		pe = ssn->n_tried ? NULL : rsp_pe_get(ssn->pool, ssn->pe_id);
	else if (ssn->card)
		/* RFC 5352, section 3.9, BC2 */
		pe = rsp_pool_prefer(ssn->pool, ssn->card->ids, ssn->card->n,
				     &tried) ?:
		     rsp_pool_select(ssn->pool, &tried);
	else
		pe = rsp_pool_select(ssn->pool, &tried);
	if (!pe)
		return NULL;

	err = tried_add(ssn, pe->node.id);
	if (err) {
		rsp_pe_put(pe);
		return ERR_PTR(err);
	}
	return pe;
}

static void element_put(struct rsp_session *ssn)
{
	if (ssn->pe)
		rsp_pe_put(ssn->pe);
	ssn->pe = NULL;
}

/*
 * All sessions of the scope pass over an element that failed.  A session that
 * asks more of elements than others do, or less than the way to them takes,
 * has no say in that.
 */
static bool speaks_for_all(const struct rsp_session *ssn,
			   enum rsp_failure failure)
{
	if (ssn->bent || ssn->sk.sk_bound_dev_if || ssn->sk.sk_mark)
		return false;
	return (failure != RSP_FAILURE_SILENT &&
		failure != RSP_FAILURE_CONNECT_TIMEOUT) ||
	       ssn->detect_timeout >= msecs_to_jiffies(RSP_DETECT_TIMEOUT_MS);
}

static void connect_failed(struct rsp_session *ssn, enum rsp_failure failure,
			   int err)
{
	struct net *net = sock_net(&ssn->sk);

	if (ssn->flow) {
		struct rsp_flow *flow = ssn->flow;

		WRITE_ONCE(ssn->flow, NULL);
		/* It may be connected by now: with SO_LINGER it would linger. */
		rsp_flow_abort(flow);
		rsp_flow_end(flow);
	}
	trace_rsp_connect(ssn->state.id, ssn->pe->node.id, err);
	RSP_INC_STATS(net, RSP_MIB_CONNECT_FAILED);
	rsp_mib_failure(net, failure);
	if (++ssn->transport < ssn->pe->n_transports)
		return;
	/* What this host could not do is not the element's fault. */
	if (failure == RSP_FAILURE_LOCAL)
		ssn->round_err = err;
	else if (speaks_for_all(ssn, failure))
		rsp_pe_failed(ssn->pe);
	element_put(ssn);
}

static void connect_done(struct rsp_session *ssn)
{
	trace_rsp_connect(ssn->state.id, ssn->pe->node.id, 0);
	RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_CONNECT_DONE);
	atomic_inc(&ssn->pe->sessions);
	element_put(ssn);
	wait_for_no_more(ssn);
	timer_delete(&ssn->timer);
}

/*
 * Go on with the round.  0: connected; -EINPROGRESS: the work item goes on;
 * another error: the round is over.
 */
static int connect_next(struct rsp_session *ssn)
{
	struct net *net = sock_net(&ssn->sk);
	struct rsp_flow *flow;
	int n, err;

	for (n = 0; n < CONNECTS_AT_ONCE; n++) {
		if (!ssn->pe) {
			struct rsp_pe *pe = element_next(ssn);

			if (IS_ERR(pe))
				return PTR_ERR(pe);
			if (!pe)
				return ssn->round_err ?: -EHOSTUNREACH;
			ssn->pe = pe;
			ssn->transport = 0;
		}
		ssn->elements_tried++;
		RSP_INC_STATS(net, RSP_MIB_CONNECT);
		flow = rsp_flow_open(ssn, ssn->pe,
				     &ssn->pe->transports[ssn->transport]);
		if (IS_ERR(flow)) {
			connect_failed(ssn, RSP_FAILURE_LOCAL, PTR_ERR(flow));
			continue;
		}
		WRITE_ONCE(ssn->flow, flow);
		err = rsp_flow_connect(flow);
		if (!err && test_bit(RSP_FLOW_GREETED, &flow->flags)) {
			connect_done(ssn);
			return 0;
		}
		if (!err || err == -EINPROGRESS) {
			ssn->next_try = jiffies + ssn->detect_timeout;
			return -EINPROGRESS;
		}
		/* Nothing was heard of the element yet. */
		connect_failed(ssn, RSP_FAILURE_LOCAL, err);
	}
	ssn->next_try = jiffies;
	return -EINPROGRESS;
}

/* The element's first message is its business card: how does that stand? */
static int greet(struct rsp_session *ssn, struct rsp_flow *flow,
		 enum rsp_failure *failure)
{
	if (test_bit(RSP_FLOW_GREETED, &flow->flags))
		return 0;
	*failure = rsp_session_controls(ssn, flow);
	if (test_bit(RSP_FLOW_GREETED, &flow->flags))
		return 0;
	if (*failure == RSP_FAILURE_NONE)
		*failure = rsp_flow_failure(flow, 0);
	if (*failure == RSP_FAILURE_FIN)
		*failure = RSP_FAILURE_CARD;
	return *failure == RSP_FAILURE_NONE ? -EINPROGRESS : -EPROTO;
}

/* The connect under way: how does it stand? */
static int connect_check(struct rsp_session *ssn)
{
	enum rsp_failure failure = RSP_FAILURE_NONE;
	struct rsp_flow *flow = ssn->flow;
	int err = -EINPROGRESS;

	if (!flow)
		return connect_next(ssn);
	if (rsp_flow_connected(flow)) {
		err = greet(ssn, flow, &failure);
		if (!err) {
			connect_done(ssn);
			return 0;
		}
	}
	if (err == -EPROTO)
		goto failed;
	if (inet_sk_state_load(flow->sock->sk) == TCP_CLOSE)
		err = sock_error(flow->sock->sk) ?: -ECONNABORTED;
	else if (time_after_eq(jiffies, ssn->next_try))
		err = -ETIMEDOUT;
	else
		return -EINPROGRESS;
	failure = err == -ETIMEDOUT ? RSP_FAILURE_CONNECT_TIMEOUT
				    : rsp_failure_of(err);
failed:
	connect_failed(ssn, failure, err);
	return connect_next(ssn);
}

/**
 * rsp_session_serve() - an element serves a session from now on
 * @ssn: a session whose flow is connected
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_serve(struct rsp_session *ssn)
{
	struct rsp_flow *flow = ssn->flow;

	clear_bit(RSP_FLOW_SUSPECT, &flow->flags);
	WRITE_ONCE(flow->armed, jiffies);
	state_set(ssn, RSP_SESSION_READY);
	rsp_session_watch(ssn);
	rsp_session_publish(ssn);
	if (test_bit(RSP_SESSION_SEVER, &ssn->flags))
		rsp_session_kick(ssn);
	/*
	 * The element may have gone already.  It is left to the work item to
	 * find out: elements that go as soon as they came must not nest.
	 */
	rsp_flow_suspect(flow);
}

/* connect() came to nothing: the socket is as new, and may try again. */
static void connect_give_up(struct rsp_session *ssn, int err)
{
	struct sock *sk = &ssn->sk;

	wait_for_no_more(ssn);
	timer_delete(&ssn->timer);
	element_put(ssn);
	rsp_session_forget(ssn);
	WRITE_ONCE(sk->sk_err, -err);
	state_set(ssn, RSP_SESSION_INIT);
	rsp_session_publish(ssn);
}

static void connect_step(struct rsp_session *ssn)
{
	int err = connect_check(ssn);

	if (!err)
		rsp_session_serve(ssn);
	else if (err == -EINPROGRESS)
		mod_timer(&ssn->timer, ssn->next_try);
	else
		connect_give_up(ssn, err);
}

static bool pool_has_elements(const struct rsp_session *ssn)
{
	return ssn->pool && READ_ONCE(ssn->pool->n_elements);
}

static void resolve_step(struct rsp_session *ssn)
{
	int err;

	round_begin(ssn);
	if (pool_has_elements(ssn)) {
		wait_for_no_more(ssn);
		state_set(ssn, RSP_SESSION_CONNECT);
		connect_step(ssn);
		return;
	}
	err = rsp_resolve_result(sock_net(&ssn->sk), &ssn->handle);
	if (err == -EINPROGRESS)
		return;
	connect_give_up(ssn, ssn->pool ? -EHOSTUNREACH : err ?: -ENOENT);
}

/**
 * rsp_session_start() - begin to connect to the pool in @ssn's handle
 * @ssn: a session in RSP_SESSION_INIT
 *
 * Context: process; the session's socket lock.
 * Return: 0 when it is connected; -EINPROGRESS when the state will tell;
 * -ENOENT: no such pool; -EHOSTUNREACH: no element of it can be reached; or
 * the error of this host, such as -ENOMEM.
 */
int rsp_session_start(struct rsp_session *ssn)
{
	struct net *net = sock_net(&ssn->sk);
	int err;

	ssn->elements_tried = 0;
	round_begin(ssn);
	if (!pool_has_elements(ssn)) {
		/* One that comes from now on wakes; one may have come before. */
		wait_for_element(ssn);
		pool_look_up(ssn);
	}
	if (!pool_has_elements(ssn)) {
		err = rsp_resolve(net, &ssn->handle, rsp_sk_uid(&ssn->sk));
		if (err) {
			wait_for_no_more(ssn);
			return ssn->pool && err == -ENOENT ? -EHOSTUNREACH
							   : err;
		}
		state_set(ssn, RSP_SESSION_RESOLVE);
		return -EINPROGRESS;
	}

	wait_for_no_more(ssn);
	state_set(ssn, RSP_SESSION_CONNECT);
	connect_step(ssn);
	switch (ssn->state.now) {
	case RSP_SESSION_CONNECT:
		return -EINPROGRESS;
	case RSP_SESSION_INIT:
		return sock_error(&ssn->sk) ?: -ECONNABORTED;
	default:
		return 0;
	}
}

/*
 * The session leaves its element; what is unread of it may be read yet, unless
 * the next one will say it again.
 */
static void leave(struct rsp_session *ssn, bool moves)
{
	bool visible = ssn->generation == ssn->resumed;
	struct rsp_flow *flow = ssn->flow;

	WRITE_ONCE(ssn->flow, NULL);
	if (test_bit(RSP_FLOW_CONNECTED, &flow->flags)) {
		ssn->prev_pe_id = flow->pe->node.id;
		atomic_dec(&flow->pe->sessions);
	}
	if (moves && rsp_session_replay(ssn))
		rsp_replay_leave(ssn, flow);
	else if (visible && rsp_flow_unread(flow) &&
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

	wait_for_no_more(ssn);
	timer_delete(&ssn->timer);
	element_put(ssn);
	if (ssn->flow)
		leave(ssn, false);
	ssn->resumed = ssn->generation;
	state_set(ssn, RSP_SESSION_CLOSED);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	/* Who polls looks at the error first, then at the state. */
	smp_store_release(&sk->sk_err, -err);
	rsp_session_publish(ssn);
}

static void failover_give_up(struct rsp_session *ssn)
{
	RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_FAILOVER_FAILED);
	event_raise(ssn, RSP_EVENT_FAILOVER_FAILED);
	rsp_session_end(ssn, -EHOSTUNREACH);
}

static void failover_done(struct rsp_session *ssn)
{
	ssn->failover_us = min_t(u64, U32_MAX,
				 ktime_us_delta(ktime_get(), ssn->begun));
	RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_FAILOVER_DONE);
	event_raise(ssn, RSP_EVENT_FAILOVER_DONE);
	rsp_session_serve(ssn);
}

/* The round found nobody: wait for an element, and try anyhow in a while. */
static void failover_wait(struct rsp_session *ssn)
{
	unsigned long pause = rsp_session_probation(ssn);

	ssn->round_over = true;
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

static void failover_step(struct rsp_session *ssn)
{
	if (time_after_eq(jiffies, ssn->deadline)) {
		failover_give_up(ssn);
		return;
	}
	if (!failover_waits(ssn)) {
		int err;

		if (ssn->round_over)
			round_begin(ssn);
		err = connect_check(ssn);
		if (!err) {
			failover_done(ssn);
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
	bool brief = (u32)jiffies - flow->born < rsp_session_probation(ssn);

	trace_rsp_failover(ssn->state.id, id, failure);
	rsp_mib_failure(net, failure);
	ssn->failure = failure;
	if (failure != RSP_FAILURE_SEVERED && failure != RSP_FAILURE_FORCED &&
	    failure != RSP_FAILURE_LOCAL && !ssn->accepted &&
	    speaks_for_all(ssn, failure))
		rsp_pe_failed(flow->pe);

	if (mode == RSP_FAILOVER_OFF || ssn->sk.sk_shutdown || ssn->pe_id ||
	    ssn->accepted) {
		rsp_session_end(ssn, -ECONNRESET);
		return;
	}

	RSP_INC_STATS(net, RSP_MIB_FAILOVER);
	ssn->begun = ktime_get();
	ssn->deadline = jiffies + ssn->failover_timeout;
	state_set(ssn, RSP_SESSION_FAILOVER);
	leave(ssn, true);
	ssn->generation++;
	if (mode == RSP_FAILOVER_AUTO)
		ssn->resumed = ssn->generation;
	event_raise(ssn, RSP_EVENT_FAILOVER_BEGUN);
	rsp_session_publish(ssn);

	/*
	 * An element that connects and fails at once is one that was tried in
	 * the round that goes on: so a pool of such elements is gone through
	 * once a pause, and not as fast as it fails.
	 */
	wait_for_element(ssn);
	if (brief)
		pool_look_up(ssn);
	else
		round_begin(ssn);
	/* Who is told to leave an element does not return to it at once. */
	if (!brief && failure == RSP_FAILURE_FORCED && tried_add(ssn, id))
		rsp_session_end(ssn, -ENOMEM);
	else
		failover_step(ssn);
}

/* Detach all flows, each with the session's use of it, and list them. */
static void flows_take(struct rsp_session *ssn, struct list_head *flows)
{
	struct rsp_flow *flow = ssn->flow;

	if (flow && test_bit(RSP_FLOW_CONNECTED, &flow->flags))
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
	wait_for_no_more(ssn);
	timer_delete(&ssn->timer);
	element_put(ssn);
	flows_take(ssn, &flows);
	rsp_session_forget(ssn);
	kvfree(ssn->cookie);
	ssn->cookie = NULL;
	kvfree(ssn->set_cookie);
	ssn->set_cookie = NULL;
	if (ssn->replay)
		rsp_replay_reset(ssn->replay);
	clear_bit(RSP_SESSION_SEVER, &ssn->flags);
	ssn->pending = 0;
	/* Failovers are counted on: RSP_RESUME may be on its way. */
	ssn->resumed = ssn->generation;
	WRITE_ONCE(sk->sk_shutdown, 0);
	if (ssn->state.now != RSP_SESSION_INIT)
		state_set(ssn, RSP_SESSION_INIT);
	/* Who polls looks at the error first, then at the state. */
	smp_store_release(&sk->sk_err, -err);
	rsp_session_publish(ssn);
	list_for_each_entry_safe(flow, next, &flows, draining) {
		/* First: it tells who is inside what the end means. */
		set_bit(RSP_FLOW_APART, &flow->flags);
		rsp_flow_abort(flow);
		rsp_flow_end(flow);
	}
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
	wait_for_no_more(ssn);
	element_put(ssn);
	if (ssn->state.now != RSP_SESSION_CLOSED)
		state_set(ssn, RSP_SESSION_CLOSED);
	flows_take(ssn, flows);
	rsp_session_forget(ssn);
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

/*
 * lock_sock(), unless a call has the lock: in a copy from or to the program it
 * may have it for ever. Its release_sock() queues the work item again.
 */
static bool lock_unless_late(struct rsp_session *ssn)
{
	struct sock *sk = &ssn->sk;
	bool locked;

	spin_lock_bh(&sk->sk_lock.slock);
	locked = !sock_owned_by_user_nocheck(sk);
	if (locked)
		sk->sk_lock.owned = 1;
	else
		set_bit(RSP_SESSION_LATE, &ssn->flags);
	spin_unlock_bh(&sk->sk_lock.slock);
	if (locked)
		mutex_acquire(&sk->sk_lock.dep_map, 0, 1, _RET_IP_);
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

	if (!lock_unless_late(ssn))
		return;
	rsp_session_drop_read(ssn);
	switch (ssn->state.now) {
	case RSP_SESSION_RESOLVE:
		resolve_step(ssn);
		break;
	case RSP_SESSION_CONNECT:
		connect_step(ssn);
		break;
	case RSP_SESSION_READY:
		serve_step(ssn);
		break;
	case RSP_SESSION_FAILOVER:
		failover_step(ssn);
		break;
	}
	release_sock(sk);
}

int __init rsp_failover_register(void)
{
	session_wq = alloc_workqueue("rserpool", WQ_UNBOUND, 0);
	return session_wq ? 0 : -ENOMEM;
}

void rsp_failover_unregister(void)
{
	destroy_workqueue(session_wq);
}
