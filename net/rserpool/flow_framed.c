// SPDX-License-Identifier: GPL-2.0
/*
 * A flow that carries control beside data (RFC 5355, section 2.16): frames of
 * be32 ppid, be32 length, octets.  frame_receive.c, frame_send.c and
 * frame_control.c say how.
 */

#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/rps.h>
#include <net/tcp.h>

#include "flow.h"
#include "frame.h"
#include "session.h"

#include <asm/ioctls.h>

/* Does something wait to be sent? Then who asks is told when it has left. */
static bool pending(struct rsp_flow *flow)
{
	const struct rsp_frames *frames = flow->frames;

	if (!READ_ONCE(frames->n_pending))
		return false;
	set_bit(RSP_FLOW_TX_WANTED, &flow->flags);
	/* Pairs with pending_send(). */
	smp_mb__after_atomic();
	return READ_ONCE(frames->n_pending);
}

/* Is there nothing that TCP's own poll would say, but that there is room? */
static bool well(const struct sock *transport)
{
	return inet_sk_state_load(transport) == TCP_ESTABLISHED &&
	       !READ_ONCE(transport->sk_shutdown) &&
	       !READ_ONCE(transport->sk_err) &&
	       !READ_ONCE(tcp_sk(transport)->urg_data) &&
	       skb_queue_empty_lockless(&transport->sk_error_queue) &&
	       sk_stream_wspace(transport) >= sk_stream_min_wspace(transport) &&
	       (rsp_transport_sent(transport) ||
		__sk_stream_memory_free(transport, 1));
}

static __poll_t framed_poll(struct rsp_flow *flow, struct file *file)
{
	const __poll_t out = EPOLLOUT | EPOLLWRNORM;
	const __poll_t in = EPOLLIN | EPOLLRDNORM;
	struct rsp_replay *replay = rsp_session_replay(flow->ssn);
	struct socket *sock = flow->sock;
	__poll_t mask;

	sock_rps_record_flow(sock->sk);
	mask = out;
	if (unlikely(!well(sock->sk)))
		mask = READ_ONCE(sock->ops)->poll(file, sock, NULL) & ~in;
	if (pending(flow) || (replay && !rsp_replay_writable(replay)))
		mask &= ~out;
	/* With this side shut down there is the end of file at least. */
	if (READ_ONCE(flow->ssn->sk.sk_shutdown) & RCV_SHUTDOWN ||
	    rsp_frames_readable(flow))
		mask |= in;
	return mask;
}

static bool framed_unread(struct rsp_flow *flow)
{
	return rsp_frames_inq(flow);
}

static int framed_shutdown(struct rsp_flow *flow, int how)
{
	struct socket *sock = flow->sock;

	/* What is there can be read yet, and nothing is waited for. */
	if (how & RCV_SHUTDOWN)
		READ_ONCE(sock->ops)->shutdown(sock, SHUT_RD);
	return how & SEND_SHUTDOWN ? rsp_frames_control(flow, NULL, 0, true) : 0;
}

static int framed_ioctl(struct rsp_flow *flow, unsigned int cmd,
			unsigned long arg)
{
	struct socket *sock = flow->sock;
	int ret, octets;

	if (cmd == SIOCINQ)
		return put_user(rsp_frames_inq(flow), (int __user *)arg);
	if (cmd == SIOCOUTQ || cmd == SIOCOUTQNSD) {
		int __user *to = (int __user *)arg;

		/* Before: what the transport takes meanwhile counts twice. */
		octets = READ_ONCE(flow->frames->n_pending);
		ret = READ_ONCE(sock->ops)->ioctl(sock, cmd, arg);
		if (ret || !octets)
			return ret;
		if (get_user(ret, to))
			return -EFAULT;
		return put_user(ret + octets, to);
	}
	return READ_ONCE(sock->ops)->ioctl(sock, cmd, arg);
}

static bool framed_ended(struct rsp_flow *flow, enum rsp_failure failure)
{
	/* Who shut down its side of it does not care. */
	if (failure == RSP_FAILURE_FIN &&
	    flow->ssn->sk.sk_shutdown & RCV_SHUTDOWN)
		return true;
	return (failure == RSP_FAILURE_FIN || failure == RSP_FAILURE_RESET) &&
	       rsp_frames_ended(flow);
}

/* What is done with a transport that carries control beside data. */
const struct rsp_flow_ops rsp_framed_ops = {
	.sendmsg	= rsp_frames_sendmsg,
	.recvmsg	= rsp_frames_recvmsg,
	.poll		= framed_poll,
	.unread		= framed_unread,
	.ended		= framed_ended,
	.shutdown	= framed_shutdown,
	.ioctl		= framed_ioctl,
};

/**
 * rsp_flow_rest() - is there anything of an element that a program can have?
 * @flow: a flow, pinned or in rsp_session.draining
 *
 * That may be behind more control than is taken at once.
 *
 * Context: process.
 * Return: false: there is nothing; true: there is, or nobody knows yet.
 */
bool rsp_flow_rest(struct rsp_flow *flow)
{
	return rsp_flow_unread(flow) ||
	       (flow->frames &&
		READ_ONCE(flow->frames->n_controls) >= RSP_CONTROLS_MAX);
}

/**
 * rsp_frames_alloc() - make the framing of a flow
 * @messages: one receive gives one message
 * @message_max: octets that a message may have
 *
 * Context: process.
 * Return: NULL when there is no memory; rsp_frames_free() ends it.
 */
struct rsp_frames *rsp_frames_alloc(bool messages, u32 message_max)
{
	struct rsp_frames *frames;

	frames = kzalloc_obj(*frames, GFP_KERNEL_ACCOUNT);
	if (!frames)
		return NULL;
	mutex_init(&frames->rx_lock);
	mutex_init(&frames->tx_lock);
	INIT_LIST_HEAD(&frames->controls);
	INIT_LIST_HEAD(&frames->staged);
	INIT_LIST_HEAD(&frames->pending);
	frames->messages = messages;
	frames->message_max = message_max;
	return frames;
}

/**
 * rsp_frames_free() - end the framing of a flow
 * @frames: of a flow that nobody uses
 *
 * Context: process.
 */
void rsp_frames_free(struct rsp_frames *frames)
{
	rsp_frames_drop_received(frames);
	rsp_frames_drop_pending(frames);
	kfree(frames);
}
