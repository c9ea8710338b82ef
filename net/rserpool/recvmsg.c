// SPDX-License-Identifier: GPL-2.0
/* What a receive does, from the session to the transport. */

#include <linux/bits.h>
#include <linux/splice.h>

#include "af_rserpool.h"
#include "detect.h"
#include "flow.h"
#include "renew.h"
#include "session.h"
#include "session_event.h"

/**
 * struct receive - one call of recvmsg() or splice()
 * @msg: recvmsg(): where to
 * @file: splice(): where from
 * @pipe: splice(): where to
 * @ppos: splice(): as the VFS gave it
 * @size: octets wanted
 * @flags: of recvmsg() or of splice()
 * @whole: jiffies that the call may wait
 * @timeo: those that are left
 */
struct receive {
	struct msghdr *msg;
	struct file *file;
	struct pipe_inode_info *pipe;
	loff_t *ppos;
	size_t size;
	int flags;
	long whole;
	long timeo;
};

/*
 * Only recvmsg(2) can tell a record of ours from the element's octets.  io_uring
 * uses one header for all its calls, so of it one cannot know; it asks for the
 * octets that are left, which recvmsg(2) never does.
 */
static bool can_take_events(const struct receive *rx)
{
	return rx->msg && rx->size && rx->msg->msg_control_is_user &&
	       !rx->msg->msg_get_inq;
}

static int event_give(struct rsp_session *ssn, const struct receive *rx)
{
	enum rsp_event_type type = __ffs(ssn->pending);
	struct rsp_event event;
	size_t size;

	rsp_session_event(ssn, type, &event);
	size = min(rx->size, sizeof(event));
	if (copy_to_iter(&event, size, &rx->msg->msg_iter) != size)
		return -EFAULT;
	rx->msg->msg_flags |= MSG_NOTIFICATION | MSG_EOR;
	if (size < sizeof(event))
		rx->msg->msg_flags |= MSG_TRUNC;
	if (!(rx->flags & MSG_PEEK)) {
		ssn->pending &= ~BIT(type);
		rsp_session_publish(ssn);
	}
	return size;
}

/*
 * A receive must ask: what is the matter?
 *
 * @flow is the flow whose transport had no octet more and gave @err, NULL when
 * there was none; it becomes the one to receive from, pinned, when 0 is
 * returned with @again set.  Else the return is what the receive gives.
 */
static int rx_ask(struct rsp_session *ssn, struct receive *rx,
		  struct rsp_flow **flow, int err, bool *again)
{
	struct sock *sk = &ssn->sk;
	struct rsp_flow *next;
	int ret;

	*again = false;
	lock_sock(sk);
	if (*flow)
		rsp_session_drop_read(ssn);
	rsp_session_check(ssn, *flow ?: ssn->flow, err);
	ret = *flow && test_bit(RSP_FLOW_APART, &(*flow)->flags) ? -EPIPE : 0;
	while (!ret) {
		next = list_first_entry_or_null(&ssn->draining,
						struct rsp_flow, draining);
		if (next)
			goto again;
		if (ssn->pending && can_take_events(rx)) {
			ret = event_give(ssn, rx);
			break;
		}
		ret = rsp_session_stand(ssn, RCV_SHUTDOWN);
		if (!ret) {
			next = ssn->flow;
			if (*flow != next)
				goto again;
			/* End of file, or the call itself was wrong. */
			ret = err;
			if (ret || !rsp_session_turned(ssn))
				break;
			/* It is that of the flow alone. */
			ret = -EINPROGRESS;
		}
		if (ret != -EINPROGRESS)
			break;
		ret = rsp_session_wait(ssn, can_take_events(rx), &rx->timeo);
	}
	if (ret == -ESHUTDOWN)
		ret = 0;
	release_sock(sk);
	return ret;

again:
	refcount_inc(&next->users);
	release_sock(sk);
	if (*flow)
		rsp_flow_unpin(*flow);
	*flow = next;
	*again = true;
	return 0;
}

static ssize_t transport_receive(struct rsp_flow *flow, struct receive *rx)
{
	if (rx->msg)
		return flow->ops->recvmsg(flow, rx->msg, rx->size, rx->flags,
					  rx->timeo);
	if (!flow->ops->splice_read)
		return copy_splice_read(rx->file, rx->ppos, rx->pipe, rx->size,
					rx->flags);
	return flow->ops->splice_read(flow, rx->ppos, rx->pipe, rx->size,
				      rx->flags);
}

/* As transport_receive(), for a call that has waited already. */
static ssize_t transport_receive_within(struct rsp_session *ssn,
					struct rsp_flow *flow,
					struct receive *rx)
{
	struct sock *transport = flow->sock->sk;
	ssize_t ret;

	WRITE_ONCE(transport->sk_rcvtimeo, rx->timeo);
	ret = transport_receive(flow, rx);
	WRITE_ONCE(transport->sk_rcvtimeo, READ_ONCE(ssn->sk.sk_rcvtimeo));
	return ret;
}

/* An error that says nothing of the element. */
static bool of_the_call(struct rsp_flow *flow, int err)
{
	switch (err) {
	case -EAGAIN:
		return !test_bit(RSP_FLOW_SUSPECT, &flow->flags);
	case -EFAULT:
	case -EINTR:
	case -ERESTARTSYS:
		return true;
	case -ECONNRESET:
		/* In front of what is there control may have been, until now. */
		return !flow->frames && rsp_flow_unread(flow);
	default:
		return rsp_flow_unread(flow);
	}
}

/* Does what the transport gave end the call? */
static bool final(struct rsp_flow *flow, const struct receive *rx, ssize_t ret)
{
	return ret > 0 || (!ret && !rx->size) ||
	       (rx->msg && rx->flags & MSG_ERRQUEUE) ||
	       (ret < 0 && of_the_call(flow, ret));
}

/*
 * Octets of @flow were given: from whom are they?  Told once, to the first call
 * that asks and takes octets away.
 */
static noinline void peer_tell(struct rsp_flow *flow, struct msghdr *msg,
			       int flags)
{
	struct rsp_peer_info peer;

	if (!msg->msg_controllen || flags & MSG_ERRQUEUE ||
	    test_bit(RSP_FLOW_TOLD, &flow->flags))
		return;
	if (!(flags & MSG_PEEK) && test_and_set_bit(RSP_FLOW_TOLD, &flow->flags))
		return;
	rcu_read_lock();
	rsp_session_peer(flow->ssn, flow, &peer);
	rcu_read_unlock();
	put_cmsg(msg, SOL_RSERPOOL, RSP_PEER, sizeof(peer), &peer);
}

/*
 * The rest of a receive for which the transport of @flow, pinned, gave @ret;
 * NULL: there was none.
 */
static ssize_t receive(struct rsp_session *ssn, struct receive *rx,
		       struct rsp_flow *flow, ssize_t ret, unsigned long since)
{
	bool again = true;

	rx->timeo = rx->whole;
	while (!flow || !final(flow, rx, ret)) {
		rx->timeo = rsp_time_left(rx->timeo, since);
		ret = rx_ask(ssn, rx, &flow, ret, &again);
		if (!again)
			break;
		since = jiffies;
		if (rx->timeo == rx->whole)
			ret = transport_receive(flow, rx);
		else
			ret = transport_receive_within(ssn, flow, rx);
	}
	if (again && ret > 0 && rx->msg &&
	    test_bit(RSP_SESSION_TELL_PEER, &ssn->flags))
		peer_tell(flow, rx->msg, rx->flags);
	if (flow)
		rsp_flow_unpin(flow);
	return ret;
}

static noinline_for_stack int recvmsg_further(struct rsp_session *ssn,
					      struct rsp_flow *flow,
					      struct msghdr *msg, size_t size,
					      int flags, int ret, long whole,
					      unsigned long since)
{
	struct receive rx = {
		.msg = msg,
		.size = size,
		.flags = flags,
		.whole = whole,
	};

	return receive(ssn, &rx, flow, ret, since);
}

/**
 * rsp_recvmsg() - recv(2) and its like
 * @sock: the session's socket
 * @msg: where to
 * @size: octets wanted
 * @flags: of recvmsg(2)
 *
 * Context: process.
 * Return: octets given, 0 at the end of file, or an error of rserpool(7).
 */
int rsp_recvmsg(struct socket *sock, struct msghdr *msg, size_t size, int flags)
{
	long timeo = sock_rcvtimeo(sock->sk, flags & MSG_DONTWAIT);
	struct rsp_session *ssn = rsp_session(sock->sk);
	unsigned long since = jiffies;
	struct rsp_flow *flow;
	int ret = 0;

	flow = rsp_session_pin(&ssn->rx);
	if (likely(flow)) {
		ret = flow->ops->recvmsg(flow, msg, size, flags, timeo);
		/* Mostly that is all. */
		if (likely(ret > 0)) {
			if (unlikely(test_bit(RSP_SESSION_TELL_PEER,
					      &ssn->flags)))
				peer_tell(flow, msg, flags);
			rsp_flow_unpin(flow);
			return ret;
		}
	} else if (flags & MSG_ERRQUEUE) {
		return -EAGAIN;
	}
	return recvmsg_further(ssn, flow, msg, size, flags, ret, timeo, since);
}

/**
 * rsp_splice_read() - splice(2) from a session
 * @sock: the session's socket
 * @ppos: as the VFS gave it
 * @pipe: where to
 * @len: octets wanted
 * @flags: of splice(2)
 *
 * Context: process.
 * Return: as rsp_recvmsg().
 */
ssize_t rsp_splice_read(struct socket *sock, loff_t *ppos,
			struct pipe_inode_info *pipe, size_t len,
			unsigned int flags)
{
	bool noblock = sock->file->f_flags & O_NONBLOCK;
	struct receive rx = {
		.file = sock->file,
		.pipe = pipe,
		.ppos = ppos,
		.size = len,
		.flags = flags,
		.whole = sock_rcvtimeo(sock->sk, noblock),
	};
	struct rsp_session *ssn = rsp_session(sock->sk);
	unsigned long since = jiffies;
	struct rsp_flow *flow;
	ssize_t ret = 0;

	flow = rsp_session_pin(&ssn->rx);
	if (flow)
		ret = transport_receive(flow, &rx);
	return receive(ssn, &rx, flow, ret, since);
}
