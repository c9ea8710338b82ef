// SPDX-License-Identifier: GPL-2.0
/*
 * Sending on a flow that carries control beside data.
 *
 * A frame is made in page fragments (frame.c), head and octets in one piece, and
 * handed to the transport in one call that takes the pages and copies nothing.
 * It is made before tx_lock is taken: nobody waits for a program's page with the
 * lock held, so the work item may wait for it, and what is begun is there to its
 * end.
 *
 * A small one the transport copies instead, which costs less.
 *
 * A call begins to send when nothing is pending and the transport has room, as
 * poll() says.  A message is then taken whole, of a stream a frame.  What the
 * transport has no room for waits in rsp_frames.pending, for the work item or
 * the next call: a head that left promises the octets behind it.  So what can
 * be pending is one message, of rsp_frames.message_max octets at most, and
 * RSP_CONTROLS_MAX control messages.
 *
 * What goes beside the program's octets is in frame_control.c.
 */

#include <linux/bvec.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "flow.h"
#include "flow_secure.h"
#include "frame.h"
#include "frame_send.h"
#include "session.h"

#define SEND_TURNS	16	/* room that was none, before a pause */
#define PIN_MIN		16384	/* octets, a record of TLS, that are not copied */

/**
 * struct small_frame - a frame that is copied twice
 * @head: its head
 * @octets: its octets
 */
struct small_frame {
	struct rsp_frame_head head;
	u8 octets[512];
};

/*
 * Hand octets to the transport. 0: all left, and @from is where it was; -EAGAIN:
 * not all; or an error.
 */
static __always_inline int octets_send(struct rsp_flow *flow,
				       struct iov_iter *from, int flags)
{
	struct socket *sock = flow->sock;
	struct msghdr msg = {
		.msg_iter = *from,
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL | flags,
	};
	int left = iov_iter_count(from), ret;

	/* An open record would stay here until the next one. */
	if (rsp_flow_secure(flow))
		msg.msg_flags &= ~MSG_MORE;
	ret = READ_ONCE(sock->ops)->sendmsg(sock, &msg, left);
	if (rsp_flow_secure(flow))
		rsp_secure_spend(flow);
	if (likely(ret == left))
		return 0;
	if (ret < 0)
		return ret;
	iov_iter_advance(from, ret);
	return -EAGAIN;
}

/* What is left of a frame. */
static int frame_send(struct rsp_flow *flow, struct rsp_frame *frame, int flags)
{
	struct iov_iter from __uninitialized;
	int err;

	iov_iter_bvec(&from, ITER_SOURCE, frame->pieces, frame->n,
		      frame->size);
	iov_iter_advance(&from, frame->sent);
	err = octets_send(flow, &from, flags | MSG_SPLICE_PAGES);
	frame->sent = frame->size - (err ? iov_iter_count(&from) : 0);
	return err;
}

static void pending_count(struct rsp_frames *frames, s64 octets)
{
	WRITE_ONCE(frames->n_pending, frames->n_pending + octets);
}

/**
 * rsp_send_tell() - tell who polls or waits that a call may begin to send
 * @flow: a flow, pinned
 *
 * TCP knows of none of them.
 *
 * Context: process.
 */
void rsp_send_tell(struct rsp_flow *flow)
{
	/* Pairs with pending() in flow_framed.c, and turn_take(). */
	smp_mb();
	if (test_and_clear_bit(RSP_FLOW_TX_WANTED, &flow->flags))
		flow->ssn->sk.sk_write_space(&flow->ssn->sk);
}

/**
 * rsp_pending_send() - send what is pending
 * @flow: a flow with frames; its tx_lock is held
 * @flags: MSG_MORE, or 0
 *
 * Context: process.
 * Return: 0: all left; -EAGAIN: not all; or an error.
 */
int rsp_pending_send(struct rsp_flow *flow, int flags)
{
	struct rsp_frames *frames = flow->frames;
	struct rsp_frame *frame, *next;
	int err;

	list_for_each_entry_safe(frame, next, &frames->pending, list) {
		bool last = list_is_last(&frame->list, &frames->pending);
		u32 sent = frame->sent;

		/* A FIN follows the last of all, and takes it along. */
		if (last && frames->shut && rsp_flow_secure(flow))
			rsp_secure_hold(flow, true);
		err = frame_send(flow, frame,
				 last && !frames->shut ? flags : MSG_MORE);
		pending_count(frames, -(s64)(frame->sent - sent));
		if (err)
			return err;
		frames->n_controls_pending -= frame->control;
		rsp_frame_free(frame);
	}
	if (frames->shut) {
		if (rsp_flow_secure(flow))
			rsp_secure_finish(flow);
		kernel_sock_shutdown(flow->sock, SHUT_WR);
	}
	rsp_send_tell(flow);
	return 0;
}

/**
 * rsp_frames_queue() - have frames sent after what is pending
 * @frames: of a flow; its tx_lock is held
 * @list: the frames, on the heap
 *
 * Context: process.
 */
void rsp_frames_queue(struct rsp_frames *frames, struct list_head *list)
{
	const struct rsp_frame *frame;

	list_for_each_entry(frame, list, list)
		pending_count(frames, frame->size);
	list_splice_tail_init(list, &frames->pending);
}

/*
 * May a call begin to send? -EAGAIN: not yet; or an error.
 *
 * What then does not fit is copied, and the work item woken for it.  So there
 * must be room for a frame, or as much as TCP tells who polls.
 */
static __always_inline int send_ready(struct rsp_flow *flow)
{
	const struct sock *transport = flow->sock->sk;
	int err;

	if (flow->frames->shut ||
	    READ_ONCE(transport->sk_shutdown) & SEND_SHUTDOWN)
		return -READ_ONCE(transport->sk_err) ?: -EPIPE;
	if (!list_empty(&flow->frames->pending)) {
		err = rsp_pending_send(flow, 0);
		if (err)
			return err;
	}
	if (rsp_transport_sent(transport) &&
	    sk_stream_wspace(transport) >= RSP_FRAME_MAX)
		return 0;
	if (sk_stream_memory_free(transport) &&
	    (sk_stream_wspace(transport) >= RSP_FRAME_MAX ||
	     sk_stream_is_writeable(transport)))
		return 0;
	return -EAGAIN;
}

/* There is room, but no memory for what would go there. */
static int memory_wait(long *timeo)
{
	long pause = min(*timeo, max(HZ / 50, 1)), left;

	if (!*timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(*timeo);
	left = schedule_timeout_interruptible(pause);
	if (*timeo != MAX_SCHEDULE_TIMEOUT)
		*timeo -= pause - left;
	return 0;
}

static bool may_send(struct rsp_flow *flow)
{
	const __poll_t events = EPOLLOUT | EPOLLERR | EPOLLHUP;
	struct socket *sock = flow->sock;

	return READ_ONCE(sock->ops)->poll(NULL, sock, NULL) & events;
}

static int send_wait(struct rsp_flow *flow, long *timeo)
{
	return *timeo ? rsp_flow_wait(flow, may_send, timeo) : -EAGAIN;
}

/**
 * rsp_send_wait() - wait until the transport has room
 * @flow: a flow, pinned
 * @timeo: jiffies to wait at most; becomes what is left
 * @turns: how often it was waited for the same already
 *
 * Context: process.
 * Return: as rsp_flow_wait().
 */
int rsp_send_wait(struct rsp_flow *flow, long *timeo, int *turns)
{
	return (*turns)++ < SEND_TURNS ? send_wait(flow, timeo) :
					 memory_wait(timeo);
}

/* It may not yet, and @err says why. */
static noinline int send_begin_later(struct rsp_flow *flow, long *timeo, int err)
{
	int turns = 0;

	do {
		mutex_unlock(&flow->frames->tx_lock);
		if (err == -EAGAIN)
			err = rsp_send_wait(flow, timeo, &turns);
		if (err)
			return err;
		mutex_lock(&flow->frames->tx_lock);
		err = send_ready(flow);
	} while (err);
	return 0;
}

/* Take the lock when a call may begin to send. */
static __always_inline int send_begin(struct rsp_flow *flow, long *timeo)
{
	int err;

	mutex_lock(&flow->frames->tx_lock);
	err = send_ready(flow);
	return likely(!err) ? 0 : send_begin_later(flow, timeo, err);
}

/**
 * rsp_pending_add() - have what is left of a frame wait, in pages of its own
 * @frames: of a flow; its tx_lock is held
 * @from: what is left
 * @begun: a part of it has left
 * @control: it is a control message
 * @next: what it waits before
 *
 * Context: process.
 * Return: 0, or -ENOMEM.
 */
int rsp_pending_add(struct rsp_frames *frames, struct iov_iter *from,
		    bool begun, bool control, struct list_head *next)
{
	struct rsp_frame *frame = rsp_frame_own(from);

	if (!frame)
		return -ENOMEM;
	frame->begun = begun;
	frame->control = control;
	list_add_tail(&frame->list, next);
	pending_count(frames, frame->size);
	frames->n_controls_pending += control;
	return 0;
}

/* Of @size octets, the last when nothing was pending, these did not leave. */
static noinline int add_rest(struct rsp_flow *flow, struct iov_iter *from,
			     size_t size, bool control)
{
	struct rsp_frames *frames = flow->frames;
	bool begun = iov_iter_count(from) < size;
	int err;

	err = rsp_pending_add(frames, from, begun, control, &frames->pending);
	/* The element would take what comes next for the rest. */
	if (err && begun)
		rsp_flow_abort(flow);
	return err ?: -EAGAIN;
}

/*
 * Send a frame when nothing is pending; what does not leave is pending then, and
 * the return is -EAGAIN.
 */
static __always_inline int send_or_add(struct rsp_flow *flow,
				       struct iov_iter *from, bool control,
				       int flags)
{
	size_t size = iov_iter_count(from);
	int err;

	err = octets_send(flow, from, flags);
	if (likely(err != -EAGAIN))
		return err;
	return add_rest(flow, from, size, control);
}

/**
 * rsp_control_send() - send a control message when nothing is pending
 * @flow: a flow with frames; its tx_lock is held
 * @from: the message, in its frame
 * @flags: MSG_MORE, or 0
 *
 * Context: process.
 * Return: 0; -EAGAIN: what did not leave is pending; or an error.
 */
int rsp_control_send(struct rsp_flow *flow, struct iov_iter *from, int flags)
{
	return send_or_add(flow, from, true, flags);
}

/* Have a frame leave; tx_lock is held, and a call may begin to send. */
static __always_inline int frame_leave(struct rsp_flow *flow,
				       struct iov_iter *from, int flags)
{
	int err;

	err = send_or_add(flow, from, false, flags);
	if (unlikely(err == -EAGAIN)) {
		/* Room may have come before it was known that it is waited for. */
		rsp_pending_send(flow, flags);
		err = 0;
	}
	flow->frames->sent += !err;
	return err;
}

static noinline_for_stack int small_send(struct rsp_flow *flow,
					 struct msghdr *msg, size_t len,
					 u32 ppid, int flags, long timeo)
{
	/* The compiler would fill them with zeroes first. */
	struct small_frame small __uninitialized;
	struct iov_iter from __uninitialized;
	struct kvec vec __uninitialized;
	int err;

	small.head.ppid = cpu_to_be32(ppid);
	small.head.length = cpu_to_be32(len);
	if (!copy_from_iter_full(small.octets, len, &msg->msg_iter))
		return -EFAULT;
	vec.iov_base = &small;
	vec.iov_len = sizeof(small.head) + len;
	iov_iter_kvec(&from, ITER_SOURCE, &vec, 1, vec.iov_len);
	err = send_begin(flow, &timeo);
	if (!err) {
		err = frame_leave(flow, &from, flags);
		mutex_unlock(&flow->frames->tx_lock);
	}
	if (err)
		iov_iter_revert(&msg->msg_iter, len);
	return err ?: len;
}

static noinline_for_stack int paged_send(struct rsp_flow *flow,
					 struct msghdr *msg, size_t len,
					 u32 ppid, int flags, long *timeo)
{
	struct rsp_frame frame __uninitialized;
	struct iov_iter from __uninitialized;
	int err = -EOPNOTSUPP;

	/* kTLS seals from where the octets are, and is through when it returns. */
	if (rsp_flow_secure(flow) && len >= PIN_MIN)
		err = rsp_frame_pin(&frame, ppid, len, &msg->msg_iter, len);
	if (err == -EOPNOTSUPP) {
		flags |= MSG_SPLICE_PAGES;
		err = rsp_frame_make(&frame, ppid, len, &msg->msg_iter, len,
				     NULL);
	}
	if (err)
		return err;
	iov_iter_bvec(&from, ITER_SOURCE, frame.pieces, frame.n, frame.size);
	err = send_begin(flow, timeo);
	if (!err) {
		err = frame_leave(flow, &from, flags);
		mutex_unlock(&flow->frames->tx_lock);
	}
	rsp_frame_put(&frame);
	if (err)
		iov_iter_revert(&msg->msg_iter, len);
	return err ?: len;
}

/* A frame of its own: a message that fits in it, or a part of a stream. */
static int single_send(struct rsp_flow *flow, struct msghdr *msg, size_t len,
		       u32 ppid, int flags, long *timeo)
{
	return len <= sizeof_field(struct small_frame, octets) ?
	       small_send(flow, msg, len, ppid, flags, *timeo) :
	       paged_send(flow, msg, len, ppid, flags, timeo);
}

/* A message, in frames on the heap. */
static int message_make(struct list_head *message, struct msghdr *msg,
			size_t size, u32 ppid, struct page_frag *own)
{
	size_t left = size;
	int err;

	while (left) {
		size_t len = min(left, RSP_FRAME_PAYLOAD_MAX);
		struct rsp_frame *frame;

		frame = kmalloc_obj(*frame, GFP_KERNEL_ACCOUNT);
		err = -ENOMEM;
		if (!frame)
			goto err_free;
		left -= len;
		err = rsp_frame_make(frame, ppid,
				     len | (left ? RSP_FRAME_MORE : 0),
				     &msg->msg_iter, len, own);
		if (err) {
			kfree(frame);
			goto err_free;
		}
		list_add_tail(&frame->list, message);
	}
	return 0;

err_free:
	rsp_frame_list_free(message);
	return err;
}

/* A checkpoint made room for what is sent, or the session left the flow. */
static bool may_keep(struct rsp_flow *flow)
{
	struct rsp_session *ssn = flow->ssn;

	return rsp_replay_writable(ssn->replay) ||
	       rcu_access_pointer(ssn->tx) != flow;
}

/* As send_begin(), for a message that the session keeps, @replay: unless NULL. */
static int message_begin(struct rsp_flow *flow, struct list_head *message,
			 const struct rsp_replay *replay, long *timeo)
{
	int err;

	for (;;) {
		err = send_begin(flow, timeo);
		if (err || !replay)
			return err;
		err = rsp_replay_keep(flow, message);
		if (!err)
			return 0;
		mutex_unlock(&flow->frames->tx_lock);
		if (err == -EAGAIN)
			err = rsp_flow_wait(flow, may_keep, timeo);
		if (err)
			return err;
	}
}

/* A message of one frame that is kept: what did not leave shares its pages. */
static void kept_leave(struct rsp_flow *flow, const struct rsp_frame *frame,
		       int flags)
{
	struct rsp_frames *frames = flow->frames;
	struct rsp_frame *rest;

	rest = rsp_frame_dup(frame);
	if (!rest) {
		/* The element would miss it: the next one will get it. */
		rsp_flow_abort(flow);
		return;
	}
	list_add_tail(&rest->list, &frames->pending);
	pending_count(frames, rest->size - rest->sent);
	/* Room may have come before it was known that it is waited for. */
	rsp_pending_send(flow, flags);
}

/*
 * Send a message of one frame, and keep it.  One that is kept is sent: what the
 * flow says of it does not matter.
 */
static noinline_for_stack int kept_send(struct rsp_flow *flow,
					struct rsp_replay *replay,
					struct msghdr *msg, size_t size,
					u32 ppid, int flags, long *timeo)
{
	struct rsp_frame frame __uninitialized;
	struct rsp_frames *frames = flow->frames;
	struct page_frag own = {};
	LIST_HEAD(message);
	int err;

	rsp_replay_frag_take(replay, &own);
	err = rsp_frame_make(&frame, ppid, size, &msg->msg_iter, size, &own);
	rsp_replay_frag_give(replay, &own);
	if (err)
		return err;
	list_add(&frame.list, &message);
	err = message_begin(flow, &message, replay, timeo);
	if (!err) {
		WRITE_ONCE(frames->sent, frames->sent + 1);
		if (frame_send(flow, &frame, flags))
			kept_leave(flow, &frame, flags);
		mutex_unlock(&frames->tx_lock);
	} else {
		iov_iter_revert(&msg->msg_iter, size);
	}
	rsp_frame_put(&frame);
	return err ?: size;
}

/* Send a message of any size, and keep it where the session does; likewise. */
static int message_send(struct rsp_flow *flow, struct rsp_replay *replay,
			struct msghdr *msg, size_t size, u32 ppid, int flags,
			long *timeo)
{
	struct rsp_frames *frames = flow->frames;
	struct page_frag own = {};
	LIST_HEAD(message);
	int err;

	if (replay)
		rsp_replay_frag_take(replay, &own);
	err = message_make(&message, msg, size, ppid, &own);
	if (replay)
		rsp_replay_frag_give(replay, &own);
	else
		rsp_frag_put(&own);
	if (err)
		return err;
	err = message_begin(flow, &message, replay, timeo);
	if (err) {
		rsp_frame_list_free(&message);
		iov_iter_revert(&msg->msg_iter, size);
		return err;
	}
	rsp_frames_queue(frames, &message);
	WRITE_ONCE(frames->sent, frames->sent + 1);
	rsp_pending_send(flow, flags);
	mutex_unlock(&frames->tx_lock);
	return size;
}

/* The payload protocol identifier that the program asks for, 0 unless it does. */
static int ppid_get(struct msghdr *msg, u32 *ppid)
{
	struct cmsghdr *cmsg;

	*ppid = 0;
	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg))
			return -EINVAL;
		if (cmsg->cmsg_level != SOL_RSERPOOL)
			continue;
		if (cmsg->cmsg_type != RSP_PPID ||
		    cmsg->cmsg_len != CMSG_LEN(sizeof(*ppid)))
			return -EINVAL;
		memcpy(ppid, CMSG_DATA(cmsg), sizeof(*ppid));
		if (*ppid == RSP_PPID_ASAP)
			return -EINVAL;
	}
	return 0;
}

static noinline_for_stack int any_send(struct rsp_flow *flow,
				       struct msghdr *msg, size_t size,
				       int flags, long timeo)
{
	struct rsp_frames *frames = flow->frames;
	struct rsp_replay *replay;
	size_t done = 0;
	u32 ppid;
	int ret;

	if (msg->msg_flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (frames->messages && size > READ_ONCE(frames->message_max))
		return -EMSGSIZE;
	ret = ppid_get(msg, &ppid);
	if (ret)
		return ret;
	if (!size)
		return 0;
	if (frames->messages) {
		replay = rsp_session_replay(flow->ssn);
		if (size > RSP_FRAME_PAYLOAD_MAX)
			return message_send(flow, replay, msg, size, ppid,
					    flags, &timeo);
		if (replay)
			return kept_send(flow, replay, msg, size, ppid, flags,
					 &timeo);
		return single_send(flow, msg, size, ppid, flags, &timeo);
	}
	while (done < size) {
		size_t len = min(size - done, RSP_FRAME_PAYLOAD_MAX);

		ret = single_send(flow, msg, len, ppid,
				  done + len < size ? MSG_MORE : flags, &timeo);
		if (ret < 0)
			break;
		done += ret;
	}
	return done ?: ret;
}

/**
 * rsp_frames_sendmsg() - send to the element
 * @flow: a flow with frames, pinned
 * @msg: what to send
 * @size: octets of it
 * @timeo: jiffies that the call may wait yet
 *
 * Context: process.
 * Return: octets taken, of a message all; 0 when there were none; -EMSGSIZE: the
 * message is too long; -EAGAIN: there is no room and no time left; -EINVAL: a
 * control message of SOL_RSERPOOL makes no sense; -EOPNOTSUPP: urgent data; or
 * the transport's error, or what an interrupted call returns.
 */
int rsp_frames_sendmsg(struct rsp_flow *flow, struct msghdr *msg, size_t size,
		       long timeo)
{
	/* MSG_BATCH: sendmmsg() has another one. */
	int flags = msg->msg_flags & (MSG_MORE | MSG_BATCH) ? MSG_MORE : 0;
	const struct rsp_frames *frames = flow->frames;

	/* What needs nothing but to be sent. */
	if (frames->messages && size &&
	    size <= sizeof_field(struct small_frame, octets) &&
	    size <= READ_ONCE(frames->message_max) && !msg->msg_controllen &&
	    !(msg->msg_flags & MSG_OOB) && !rsp_session_replay(flow->ssn))
		return small_send(flow, msg, size, 0, flags, timeo);
	return any_send(flow, msg, size, flags, timeo);
}
