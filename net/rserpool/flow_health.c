// SPDX-License-Identifier: GPL-2.0
/*
 * How well the transport of a flow is: whether it has failed and why, whether
 * its element is silent, and how to find out.
 */

#include <net/tcp.h>

#include "flow.h"
#include "flow_secure.h"
#include "frame.h"

#define BACKOFF_MAX	8	/* doublings of TCP's retransmission time */

/**
 * rsp_failure_of() - the reason of failure that an errno stands for
 * @err: a negative errno of the transport
 *
 * Return: enum rsp_failure, RSP_FAILURE_LOCAL for what says nothing of the
 * element.
 */
enum rsp_failure rsp_failure_of(int err)
{
	switch (-err) {
	case ECONNREFUSED:
		return RSP_FAILURE_REFUSED;
	case ETIMEDOUT:
		return RSP_FAILURE_SILENT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case ENOPROTOOPT:	/* ICMP: protocol unreachable */
	case EOPNOTSUPP:
	case EPROTO:
		return RSP_FAILURE_UNREACHABLE;
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		return RSP_FAILURE_RESET;
	default:
		return RSP_FAILURE_LOCAL;
	}
}

static enum rsp_failure transport_failure(struct rsp_flow *flow, int err)
{
	const struct sock *transport = flow->sock->sk;
	int state = inet_sk_state_load(transport);
	/* A call takes the error away from the transport, not from us. */
	int known = -READ_ONCE(transport->sk_err) ?: READ_ONCE(flow->err);

	if (flow->frames && READ_ONCE(flow->frames->fault))
		return READ_ONCE(flow->frames->fault);
	if (READ_ONCE(flow->fault))
		return READ_ONCE(flow->fault);
	if (rsp_flow_secure(flow) && rsp_secure_revoked(flow))
		return RSP_FAILURE_REVOKED;
	if (known)
		return rsp_flow_secure(flow) ? rsp_secure_failure(flow, known) :
					       rsp_failure_of(known);
	if (test_bit(RSP_FLOW_SPENT, &flow->flags))
		return RSP_FAILURE_RECORDS;
	if (state == TCP_CLOSE) {
		/* EPIPE is no cause. */
		if (err && err != -EAGAIN && err != -EPIPE)
			return rsp_failure_of(err);
		return sock_flag(transport, SOCK_DONE) ? RSP_FAILURE_FIN
						       : RSP_FAILURE_RESET;
	}
	if (state != TCP_ESTABLISHED &&
	    READ_ONCE(transport->sk_shutdown) & RCV_SHUTDOWN)
		return RSP_FAILURE_FIN;
	return RSP_FAILURE_NONE;
}

/**
 * rsp_flow_failure() - what is wrong with the transport
 * @flow: a connected flow
 * @err: a negative errno that a call on it gave, or 0
 *
 * Context: process.
 * Return: RSP_FAILURE_NONE when nothing is; RSP_FAILURE_FIN when the element
 * ended it, which the caller knows how to take.
 */
enum rsp_failure rsp_flow_failure(struct rsp_flow *flow, int err)
{
	enum rsp_failure failure = transport_failure(flow, err);

	if (failure != RSP_FAILURE_FIN || flow->frames || !rsp_flow_secure(flow))
		return failure;
	/* Whether that is the end is told by what nobody has read yet. */
	if (!rsp_secure_look(flow))
		return READ_ONCE(flow->fault) ?: failure;
	set_bit(RSP_FLOW_HALF, &flow->flags);
	return RSP_FAILURE_NONE;
}

/**
 * rsp_flow_over() - is nothing left of the connection?
 * @flow: a connected flow
 *
 * Return: true when nothing is.
 */
bool rsp_flow_over(const struct rsp_flow *flow)
{
	return inet_sk_state_load(flow->sock->sk) == TCP_CLOSE;
}

/**
 * rsp_flow_outstanding() - does the element owe us an acknowledgment?
 * @flow: the flow
 *
 * Return: true when it does.
 */
bool rsp_flow_outstanding(const struct rsp_flow *flow)
{
	const struct sock *transport = flow->sock->sk;

	return READ_ONCE(tcp_sk(transport)->packets_out) ||
	       !tcp_write_queue_empty(transport);
}

/**
 * rsp_flow_silence() - for how long nothing was heard
 * @flow: a flow with octets outstanding
 *
 * Return: jiffies since a segment came, or since the session began to watch
 * if that was later.
 */
unsigned long rsp_flow_silence(const struct rsp_flow *flow)
{
	const struct tcp_sock *tp = tcp_sk(flow->sock->sk);

	return min_t(u32, keepalive_time_elapsed(tp),
		     (u32)jiffies - READ_ONCE(flow->armed));
}

/**
 * rsp_flow_probe() - have TCP ask the element soon
 * @flow: a flow with octets outstanding
 * @within: jiffies
 *
 * TCP sends again, and probes the window of an element that does not read, at
 * longer and longer intervals, far beyond the time in which silence is a
 * failure; a live element must be given the chance to answer. A call that has
 * the transport's lock is not waited for.
 *
 * Context: process.
 */
void rsp_flow_probe(struct rsp_flow *flow, unsigned long within)
{
	struct sock *transport = flow->sock->sk;
	int pending;

	/* What TCP's timers do, they do so too. */
	spin_lock_bh(&transport->sk_lock.slock);
	pending = sock_owned_by_user(transport) ?
		  0 : inet_csk(transport)->icsk_pending;
	if ((pending == ICSK_TIME_PROBE0 || pending == ICSK_TIME_RETRANS) &&
	    time_after(tcp_timeout_expires(transport), jiffies + within)) {
		inet_csk_reset_xmit_timer(transport, pending, within,
					  TCP_RTO_MAX);
		/* Each brings TCP's own interval nearer to its maximum. */
		inet_csk(transport)->icsk_backoff =
			min_t(u8, inet_csk(transport)->icsk_backoff,
			      BACKOFF_MAX);
	}
	spin_unlock_bh(&transport->sk_lock.slock);
}
