// SPDX-License-Identifier: GPL-2.0
/* What a send does, from the session to the transport. */

#include <linux/sched/signal.h>

#include "af_rserpool.h"
#include "detect.h"
#include "flow.h"
#include "session.h"

/*
 * A send must ask: what is the matter?
 *
 * @flow is the flow whose transport refused with @err, NULL when there was
 * none.  0: send again; else what the send gives.
 */
static int tx_ask(struct rsp_session *ssn, struct rsp_flow *flow, int err,
		  long *timeo)
{
	struct sock *sk = &ssn->sk;
	int ret;

	lock_sock(sk);
	rsp_session_check(ssn, flow ?: ssn->flow, err);
	ret = flow && test_bit(RSP_FLOW_APART, &flow->flags) ? -EPIPE : 0;
	while (!ret) {
		ret = rsp_session_stand(ssn, SEND_SHUTDOWN);
		if (ret != -EINPROGRESS)
			break;
		ret = rsp_session_wait(ssn, false, timeo);
	}
	/* The transport is well: the call itself was wrong. */
	if (!ret && flow == ssn->flow)
		ret = err;
	else if (ret == -ESHUTDOWN)
		ret = -EPIPE;
	release_sock(sk);
	return ret;
}

/* While octets are outstanding the session's timer runs. */
static void watch_start(struct rsp_session *ssn, struct rsp_flow *flow)
{
	if (timer_pending(&ssn->timer))
		return;
	WRITE_ONCE(flow->armed, jiffies);
	mod_timer(&ssn->timer, jiffies + ssn->detect_timeout / 4);
}

static __always_inline int transport_send(struct rsp_session *ssn,
					  struct rsp_flow *flow,
					  struct msghdr *msg, size_t size,
					  long timeo)
{
	int ret;

	/* Before: it may block for as long as nobody notices the silence. */
	watch_start(ssn, flow);
	ret = flow->ops->sendmsg(flow, msg, size, timeo);
	/*
	 * And after: the timer may have found nothing outstanding meanwhile.
	 * Pairs with rsp_session_watch().
	 */
	smp_mb();
	watch_start(ssn, flow);
	return ret;
}

/* As transport_send(), for a call that has waited already. */
static int transport_send_within(struct rsp_session *ssn, struct rsp_flow *flow,
				 struct msghdr *msg, size_t size, long timeo)
{
	struct sock *transport = flow->sock->sk;
	int ret;

	WRITE_ONCE(transport->sk_sndtimeo, timeo);
	ret = transport_send(ssn, flow, msg, size, timeo);
	WRITE_ONCE(transport->sk_sndtimeo, READ_ONCE(ssn->sk.sk_sndtimeo));
	return ret;
}

/*
 * The rest of a send for which the transport of @flow, pinned, gave @ret; NULL:
 * there was none.
 */
static noinline_for_stack int send_further(struct rsp_session *ssn,
					   struct rsp_flow *flow,
					   struct msghdr *msg, size_t size,
					   int ret, long whole,
					   unsigned long since)
{
	long timeo = whole;

	for (;;) {
		timeo = rsp_time_left(timeo, since);
		ret = tx_ask(ssn, flow, ret, &timeo);
		if (flow)
			rsp_flow_unpin(flow);
		if (ret)
			return ret;
		since = jiffies;
		flow = rsp_session_pin(&ssn->tx);
		if (!flow || test_bit(RSP_FLOW_SUSPECT, &flow->flags))
			continue;
		if (timeo == whole)
			ret = transport_send(ssn, flow, msg, size, timeo);
		else
			ret = transport_send_within(ssn, flow, msg, size,
						    timeo);
		if (ret >= 0 || ret == -EAGAIN) {
			rsp_flow_unpin(flow);
			return ret;
		}
		iov_iter_revert(&msg->msg_iter, size - msg_data_left(msg));
	}
}

/**
 * rsp_sendmsg() - send(2) and its like, sendfile(2) and splice(2) to a session
 * @sock: the session's socket
 * @msg: what to send
 * @size: octets of it
 *
 * Context: process.
 * Return: octets taken, or an error of rserpool(7).
 */
int rsp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size)
{
	bool nosignal = msg->msg_flags & MSG_NOSIGNAL;
	struct rsp_session *ssn = rsp_session(sock->sk);
	unsigned long since = jiffies;
	struct rsp_flow *flow;
	int ret = 0;
	long timeo;

	if (msg->msg_flags & MSG_FASTOPEN)
		return -EOPNOTSUPP;

	/* A transport that died is not yet the end of the session. */
	msg->msg_flags |= MSG_NOSIGNAL;
	timeo = sock_sndtimeo(sock->sk, msg->msg_flags & MSG_DONTWAIT);
	flow = rsp_session_pin(&ssn->tx);
	if (likely(flow && !test_bit(RSP_FLOW_SUSPECT, &flow->flags))) {
		ret = transport_send(ssn, flow, msg, size, timeo);
		if (likely(ret >= 0 || ret == -EAGAIN)) {
			rsp_flow_unpin(flow);
			return ret;
		}
		iov_iter_revert(&msg->msg_iter, size - msg_data_left(msg));
	}
	ret = send_further(ssn, flow, msg, size, ret, timeo, since);
	if (ret == -EPIPE && !nosignal)
		send_sig(SIGPIPE, current, 0);
	return ret;
}
