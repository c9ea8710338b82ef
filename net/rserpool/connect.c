// SPDX-License-Identifier: GPL-2.0
/*
 * How a session finds its element: rounds over the elements of its pool, each
 * selected and connected once a round.
 *
 * All of it runs under the session's socket lock: in the call of a program, or
 * in the session's work item.
 */

#include <linux/slab.h>
#include <net/tcp.h>

#include "connect.h"
#include "detect.h"
#include "flow.h"
#include "flow_secure.h"
#include "mib.h"
#include "net_ns.h"
#include "resolve.h"
#include "session.h"
#include "session_control.h"
#include "session_secure.h"
#include "session_work.h"
#include "trace.h"

/*
 * Elements that refuse at once are tried in one go, but not so many that
 * others wait for the session's lock.
 */
#define CONNECTS_AT_ONCE	16

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
	ssn->rejected = false;
	clear_bit(RSP_SESSION_WOKEN, &ssn->flags);
	/* Pairs with session_wake(): what wakes from now on is seen below. */
	smp_mb__after_atomic();
	pool_look_up(ssn);
}

/**
 * rsp_search_skip() - do not try an element again in this round
 * @ssn: the session
 * @id: PE identifier
 *
 * Context: process; the session's socket lock.
 * Return: 0 or -ENOMEM.
 */
int rsp_search_skip(struct rsp_session *ssn, u32 id)
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

	err = rsp_search_skip(ssn, pe->node.id);
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

/**
 * rsp_search_begin() - look for an element
 * @ssn: a session that none serves
 * @anew: none was tried yet; else the round goes on
 *
 * One that comes from now on has the work item run.
 *
 * Context: process; the session's socket lock.
 */
void rsp_search_begin(struct rsp_session *ssn, bool anew)
{
	wait_for_element(ssn);
	if (anew)
		round_begin(ssn);
	else
		pool_look_up(ssn);
}

/**
 * rsp_search_end() - look for an element no more
 * @ssn: the session
 *
 * Context: process; the session's socket lock.
 */
void rsp_search_end(struct rsp_session *ssn)
{
	wait_for_no_more(ssn);
	timer_delete(&ssn->timer);
	element_put(ssn);
}

/**
 * rsp_session_speaks_for_all() - does a session's failure count for others?
 * @ssn: the session
 * @failure: of an element
 *
 * All sessions of the scope pass over an element that failed.  A session that
 * asks more of elements than others do, or less than the way to them takes,
 * has no say in that; nor has what the operator of this host did.
 *
 * Context: process; the session's socket lock.
 * Return: true when it does.
 */
bool rsp_session_speaks_for_all(const struct rsp_session *ssn,
				enum rsp_failure failure)
{
	if (ssn->bent || ssn->sk.sk_bound_dev_if || ssn->sk.sk_mark ||
	    failure == RSP_FAILURE_REVOKED || failure == RSP_FAILURE_RECORDS)
		return false;
	return (failure != RSP_FAILURE_SILENT &&
		failure != RSP_FAILURE_CONNECT_TIMEOUT) ||
	       ssn->detect_timeout >= msecs_to_jiffies(RSP_DETECT_TIMEOUT_MS);
}

/**
 * rsp_connect_ended() - a connect to a transport address came to its end
 * @ssn: the session
 * @pe: the element
 * @failure: RSP_FAILURE_NONE, or why it failed
 * @err: and with which negative errno
 *
 * Context: process.
 */
void rsp_connect_ended(const struct rsp_session *ssn, const struct rsp_pe *pe,
		       enum rsp_failure failure, int err)
{
	const struct net *net = sock_net(&ssn->sk);

	trace_rsp_connect(ssn->state.id, pe->node.id, err);
	if (failure == RSP_FAILURE_NONE) {
		RSP_INC_STATS(net, RSP_MIB_CONNECT_DONE);
		return;
	}
	RSP_INC_STATS(net, RSP_MIB_CONNECT_FAILED);
	rsp_mib_failure(net, failure);
}

static void connect_failed(struct rsp_session *ssn, enum rsp_failure failure,
			   int err)
{
	if (ssn->flow) {
		struct rsp_flow *flow = ssn->flow;

		WRITE_ONCE(ssn->flow, NULL);
		/* It may be connected by now: with SO_LINGER it would linger. */
		rsp_flow_abort(flow);
		rsp_flow_end(flow);
	}
	if (ssn->state.now == RSP_SESSION_SECURE)
		rsp_session_enter(ssn, RSP_SESSION_CONNECT);
	rsp_connect_ended(ssn, ssn->pe, failure, err);
	if (++ssn->transport < ssn->pe->n_transports)
		return;
	/* What this host could not do is not the element's fault. */
	if (failure == RSP_FAILURE_LOCAL || failure == RSP_FAILURE_SECURITY ||
	    failure == RSP_FAILURE_REVOKED)
		ssn->round_err = err;
	if (failure != RSP_FAILURE_LOCAL &&
	    rsp_session_speaks_for_all(ssn, failure))
		rsp_pe_failed(ssn->pe);
	element_put(ssn);
}

static void connect_done(struct rsp_session *ssn)
{
	rsp_connect_ended(ssn, ssn->pe, RSP_FAILURE_NONE, 0);
	atomic_inc(&ssn->pe->sessions);
	set_bit(RSP_FLOW_COUNTED, &ssn->flow->flags);
	rsp_search_end(ssn);
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
		if (!err && !rsp_flow_secure(flow) &&
		    test_bit(RSP_FLOW_GREETED, &flow->flags)) {
			connect_done(ssn);
			return 0;
		}
		if (!err || err == -EINPROGRESS) {
			ssn->next_try = jiffies + ssn->detect_timeout;
			if (!err && rsp_flow_secure(flow))
				rsp_session_kick(ssn);
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
	switch (*failure) {
	case RSP_FAILURE_NONE:
		return -EINPROGRESS;
	case RSP_FAILURE_SECURITY:
	case RSP_FAILURE_REVOKED:
		return -EACCES;
	case RSP_FAILURE_FIN:
		*failure = RSP_FAILURE_CARD;
		fallthrough;
	default:
		return -EPROTO;
	}
}

/**
 * rsp_connect_step() - how does a connect stand?
 * @ssn: the session
 * @flow: of it, that rsp_flow_connect() began to connect
 * @until: jiffies at which it is given up
 * @failure: becomes why it failed
 *
 * Context: process; the session's socket lock.
 * Return: 0: the element may serve; -EINPROGRESS: the work item will run when
 * that changes, but not at @until; another error: it failed.
 */
int rsp_connect_step(struct rsp_session *ssn, struct rsp_flow *flow,
		     unsigned long until, enum rsp_failure *failure)
{
	int err;

	*failure = RSP_FAILURE_NONE;
	if (rsp_flow_connected(flow)) {
		err = rsp_session_secure(ssn, flow, failure);
		/* It has a time-out of its own; the card's is from then on. */
		if (err)
			return err;
		err = greet(ssn, flow, failure);
		if (err != -EINPROGRESS)
			return err;
		if (rsp_flow_secure(flow))
			until = jiffies - ((u32)jiffies - flow->born) +
				ssn->detect_timeout;
	}
	if (inet_sk_state_load(flow->sock->sk) == TCP_CLOSE)
		err = sock_error(flow->sock->sk) ?: -ECONNABORTED;
	else if (time_after_eq(jiffies, until))
		err = -ETIMEDOUT;
	else
		return -EINPROGRESS;
	*failure = err == -ETIMEDOUT ? RSP_FAILURE_CONNECT_TIMEOUT
				     : rsp_failure_of(err);
	return err;
}

/* A handshake tells when it is over, whatever @next_try says. */
static void secure_wait(struct rsp_session *ssn)
{
	const struct rsp_flow *flow = ssn->flow;

	if (test_bit(RSP_FLOW_SECURED, &flow->flags))
		ssn->next_try = jiffies + ssn->detect_timeout;
	else if (test_bit(RSP_FLOW_SECURING, &flow->flags))
		ssn->next_try = jiffies + MAX_JIFFY_OFFSET;
}

/**
 * rsp_search_step() - the connect under way, or the next one: how does it stand?
 * @ssn: a session that looks for an element
 *
 * Context: process; the session's socket lock.
 * Return: 0: connected; -EINPROGRESS: until rsp_session.next_try; another
 * error: the round is over.
 */
int rsp_search_step(struct rsp_session *ssn)
{
	enum rsp_failure failure;
	int err;

	if (!ssn->flow)
		return connect_next(ssn);
	err = rsp_connect_step(ssn, ssn->flow, ssn->next_try, &failure);
	if (err == -EINPROGRESS) {
		if (rsp_flow_secure(ssn->flow))
			secure_wait(ssn);
		return err;
	}
	if (!err) {
		connect_done(ssn);
		return 0;
	}
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
	if (ssn->state.now != RSP_SESSION_READY)
		rsp_session_enter(ssn, RSP_SESSION_READY);
	rsp_session_watch(ssn);
	rsp_session_publish(ssn);
	if (ssn->standby || test_bit(RSP_SESSION_SEVER, &ssn->flags))
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

	rsp_search_end(ssn);
	rsp_session_forget(ssn);
	WRITE_ONCE(sk->sk_err, -err);
	rsp_session_enter(ssn, RSP_SESSION_INIT);
	rsp_session_publish(ssn);
}

/**
 * rsp_session_connect() - go on with connect()
 * @ssn: a session in RSP_SESSION_CONNECT or RSP_SESSION_SECURE
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_connect(struct rsp_session *ssn)
{
	int err = rsp_search_step(ssn);

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

/**
 * rsp_session_resolve() - did the pool become known, or not?
 * @ssn: a session in RSP_SESSION_RESOLVE
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_resolve(struct rsp_session *ssn)
{
	int err;

	round_begin(ssn);
	if (pool_has_elements(ssn)) {
		wait_for_no_more(ssn);
		rsp_session_enter(ssn, RSP_SESSION_CONNECT);
		rsp_session_connect(ssn);
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
		rsp_session_enter(ssn, RSP_SESSION_RESOLVE);
		return -EINPROGRESS;
	}

	wait_for_no_more(ssn);
	rsp_session_enter(ssn, RSP_SESSION_CONNECT);
	rsp_session_connect(ssn);
	switch (ssn->state.now) {
	case RSP_SESSION_CONNECT:
	case RSP_SESSION_SECURE:
		return -EINPROGRESS;
	case RSP_SESSION_INIT:
		return sock_error(&ssn->sk) ?: -ECONNABORTED;
	default:
		return 0;
	}
}

