// SPDX-License-Identifier: GPL-2.0
/*
 * Receiving on a flow that carries control beside data: what calls, and the
 * session's work item, make of the passes over the transport (frame_pass.c).
 *
 * All of it is done while the transport has octets, and nothing waits with
 * rx_lock held: a call that finds too little gives the lock back, and waits on
 * the session's queue.  So does a call that finds a page of the program missing
 * bring that in.  That is why the session's work item may wait for rx_lock.
 *
 * A message (SOCK_SEQPACKET) is given when it is there to its end.  One of a
 * single frame is left in the transport until then, where TCP's window bounds
 * it.  What cannot be left there is staged: a message of several frames, one
 * that is larger than the window, one for which the program's pages are not
 * there, and what MSG_PEEK looks at.  A staged message is a call's own once it
 * has taken it, so it is copied with no lock held.  Frames of a stream are given
 * as they come.
 */

#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include "flow.h"
#include "flow_secure.h"
#include "frame.h"
#include "frame_pass.h"
#include "frame_quick.h"
#include "session.h"

/* Pages that were brought in, and had gone again, before it is a fault. */
#define FAULT_TURNS	16

static void piece_free(struct rsp_piece *piece)
{
	list_del(&piece->list);
	if (piece->skb)
		consume_skb(piece->skb);
	kvfree(piece);
}

static void pieces_free(struct list_head *pieces)
{
	struct rsp_piece *piece, *next;

	list_for_each_entry_safe(piece, next, pieces, list)
		piece_free(piece);
}

static size_t piece_copy(const struct rsp_piece *piece, struct iov_iter *to,
			 size_t n)
{
	if (!piece->skb)
		return copy_to_iter(piece->octets + piece->taken, n, to);
	return skb_copy_datagram_iter(piece->skb, piece->offset + piece->taken,
				      to, n) ? 0 : n;
}

/* How many octets could be copied. */
static size_t pieces_copy(const struct list_head *pieces, struct iov_iter *to,
			  size_t want)
{
	const struct rsp_piece *piece;
	size_t given = 0;

	list_for_each_entry(piece, pieces, list) {
		size_t n = min_t(size_t, piece->filled - piece->taken,
				 want - given);
		size_t copied = piece_copy(piece, to, n);

		given += copied;
		if (copied < n || given == want)
			break;
	}
	return given;
}

static bool staged_ready(const struct rsp_frames *frames)
{
	return frames->n_staged && !frames->stopped &&
	       (!frames->messages || frames->staged_whole);
}

/* Under rx_lock, so as far as the program's pages are there. */
static size_t staged_copy(const struct rsp_frames *frames, struct iov_iter *to,
			  size_t want)
{
	size_t given;

	pagefault_disable();
	given = pieces_copy(&frames->staged, to, want);
	pagefault_enable();
	return given;
}

/* The first octets of a stream are a call's. */
static void staged_pass(struct rsp_frames *frames, size_t len)
{
	struct rsp_piece *piece, *next;

	frames->n_staged -= len;
	list_for_each_entry_safe(piece, next, &frames->staged, list) {
		size_t n = min_t(size_t, piece->filled - piece->taken, len);

		piece->taken += n;
		len -= n;
		/* The last is perhaps not filled yet. */
		if (piece->taken == piece->size)
			piece_free(piece);
		if (!len)
			break;
	}
}

/* The message is a call's. */
static void staged_take(struct rsp_frames *frames, struct list_head *pieces)
{
	list_splice_tail_init(&frames->staged, pieces);
	frames->n_staged = 0;
	frames->staged_whole = false;
}

/*
 * Take a message, if one is there to its end.  If it was staged, and is not just
 * looked at, it is in @pieces and not copied yet.  -EAGAIN: none is there.
 */
static int message_take(struct rsp_flow *flow, struct rsp_pass *pass,
			struct iov_iter *to, size_t size, bool peek,
			struct list_head *pieces)
{
	struct rsp_frames *frames = flow->frames;

	*pass = (struct rsp_pass){ .to = to, .want = size, .peek = peek };
	if (!staged_ready(frames)) {
		rsp_pass_run(flow, pass);
		if (pass->err && !pass->whole)
			return pass->err;
	}
	if (!pass->whole && staged_ready(frames)) {
		size_t copied;

		pass->passed = frames->n_staged;
		pass->given = min(size, pass->passed);
		pass->whole = true;
		pass->ppid = frames->message_ppid;
		if (peek) {
			copied = staged_copy(frames, to, pass->given);
			if (copied < pass->given) {
				iov_iter_revert(to, copied);
				pass->missing = pass->given;
				return -EFAULT;
			}
		} else {
			staged_take(frames, pieces);
		}
	}
	if (!pass->whole)
		return frames->ended ? -ESHUTDOWN : -EAGAIN;
	if (!peek)
		WRITE_ONCE(frames->received, frames->received + 1);
	return 0;
}

/* Messages that the program has had from another element. */
static int messages_drop(struct rsp_flow *flow)
{
	struct rsp_frames *frames = flow->frames;
	struct iov_iter nowhere;
	struct rsp_pass pass;
	LIST_HEAD(pieces);
	int err;

	while (frames->skip) {
		iov_iter_discard(&nowhere, ITER_DEST, 0);
		err = message_take(flow, &pass, &nowhere, 0, false, &pieces);
		if (err)
			return err;
		pieces_free(&pieces);
		frames->skip--;
	}
	return 0;
}

static int messages_skip(struct rsp_flow *flow)
{
	return flow->frames->skip ? messages_drop(flow) : 0;
}

/* Some octets of a stream, or an error. -EAGAIN: none are there. */
static int stream_take(struct rsp_flow *flow, struct rsp_pass *pass,
		       struct iov_iter *to, size_t size, bool peek)
{
	struct rsp_frames *frames = flow->frames;

	*pass = (struct rsp_pass){ .to = to, .want = size, .peek = peek };
	if (peek) {
		pass->stage = size - min_t(size_t, size, frames->n_staged);
		if (pass->stage)
			rsp_pass_run(flow, pass);
	}
	if (frames->n_staged) {
		size_t fits = min_t(size_t, size, frames->n_staged);

		pass->given = staged_copy(frames, to, fits);
		pass->want -= pass->given;
		pass->missing = fits - pass->given;
		if (pass->missing)
			pass->err = -EFAULT;
		if (!peek)
			staged_pass(frames, pass->given);
	}
	if (!peek && pass->want && !frames->n_staged)
		rsp_pass_run(flow, pass);
	if (pass->given)
		return pass->given;
	if (pass->err)
		return pass->err;
	return frames->ended ? -ESHUTDOWN : -EAGAIN;
}

/* Nothing will ever come again. */
static bool dry(const struct rsp_flow *flow)
{
	const struct sock *transport = flow->sock->sk;

	return READ_ONCE(transport->sk_shutdown) & RCV_SHUTDOWN ||
	       inet_sk_state_load(transport) == TCP_CLOSE;
}

/* Control must be looked at before the next octet is: who did says so. */
static bool held_up(const struct rsp_flow *flow)
{
	return READ_ONCE(flow->frames->n_controls) >= RSP_CONTROLS_MAX ||
	       READ_ONCE(flow->frames->hold);
}

static bool worth_a_look(const struct rsp_flow *flow)
{
	const struct sock *transport = flow->sock->sk;

	if (held_up(flow))
		return false;
	return rsp_flow_secure(flow) ? rsp_secure_ready(flow) :
	       tcp_epollin_ready(transport, READ_ONCE(transport->sk_rcvlowat));
}

/* Nobody looks at control of an element that the session has left. */
static bool dried_up(const struct rsp_flow *flow)
{
	return dry(flow) &&
	       (!held_up(flow) || READ_ONCE(flow->ssn->flow) != flow);
}

static bool may_receive(struct rsp_flow *flow)
{
	return READ_ONCE(flow->frames->ended) || worth_a_look(flow) ||
	       dried_up(flow);
}

/*
 * Bring in pages that a copy under a lock missed: with no lock held, for it may
 * take for ever.  false: that cannot be.
 */
static bool bring_in(const struct rsp_pass *pass, const struct iov_iter *to,
		     int *turns)
{
	return (*turns)-- &&
	       fault_in_iov_iter_writeable(to, pass->missing) < pass->missing;
}

/* Is it known, without a look, that there is nothing? */
static bool nothing_new(const struct rsp_flow *flow)
{
	const struct rsp_frames *frames = flow->frames;

	return rsp_pass_dry(flow) && !held_up(flow) &&
	       !READ_ONCE(frames->n_staged) && !READ_ONCE(frames->ended) &&
	       !READ_ONCE(frames->fault) && !READ_ONCE(frames->stopped);
}

/* What is to be done after @err. 0: try again; or what the call gives. */
static int receive_wait(struct rsp_flow *flow, int err, bool dried, long *timeo)
{
	if (err != -EAGAIN)
		return err;
	if (dried)
		return -ECONNRESET;
	if (!*timeo)
		return -EAGAIN;
	return rsp_flow_wait(flow, may_receive, timeo);
}

static noinline_for_stack int message_slow(struct rsp_flow *flow,
					   struct msghdr *msg, size_t size,
					   int flags, bool *dried)
{
	struct rsp_frames *frames = flow->frames;
	struct iov_iter *to = &msg->msg_iter;
	int turns = FAULT_TURNS, err;
	struct rsp_pass pass;
	LIST_HEAD(pieces);

	do {
		mutex_lock(&frames->rx_lock);
		err = messages_skip(flow) ?:
		      message_take(flow, &pass, to, size, flags & MSG_PEEK,
				   &pieces);
		*dried = *dried && dried_up(flow);
		mutex_unlock(&frames->rx_lock);
	} while (err == -EFAULT && bring_in(&pass, to, &turns));
	if (err)
		return err;

	if (!list_empty(&pieces)) {
		size_t copied = pieces_copy(&pieces, to, pass.given);

		pieces_free(&pieces);
		if (copied < pass.given) {
			/* As a datagram's, the octets are gone. */
			iov_iter_revert(to, copied);
			return -EFAULT;
		}
	}
	return rsp_message_tell(flow, msg, flags, pass.ppid, pass.passed,
				pass.given);
}

static int message_receive(struct rsp_flow *flow, struct msghdr *msg,
			   size_t size, int flags, long timeo)
{
	bool dried;
	int ret;

	do {
		/* Before the look, which then saw all that there ever was. */
		dried = dry(flow);
		ret = -EAGAIN;
		if (!nothing_new(flow)) {
			ret = message_slow(flow, msg, size, flags, &dried);
			if (ret >= 0)
				return ret;
		}
		ret = receive_wait(flow, ret, dried, &timeo);
		if (ret)
			return ret == -ESHUTDOWN ? 0 : ret;
		ret = rsp_message_quick(flow, msg, size, flags);
	} while (ret == -EAGAIN);
	return ret;
}

static int stream_receive(struct rsp_flow *flow, struct msghdr *msg,
			  size_t size, int flags, long timeo)
{
	struct rsp_frames *frames = flow->frames;
	struct iov_iter *to = &msg->msg_iter;
	bool peek = flags & MSG_PEEK;
	int turns = FAULT_TURNS, ret;
	struct iov_iter nowhere;
	struct rsp_pass pass;
	size_t given = 0;
	bool dried;

	if (!size)
		return 0;
	if (flags & MSG_TRUNC) {
		iov_iter_discard(&nowhere, ITER_DEST, size);
		to = &nowhere;
	}
	for (;;) {
		dried = dry(flow);
		mutex_lock(&frames->rx_lock);
		ret = stream_take(flow, &pass, to, size - given, peek);
		dried = dried && dried_up(flow);
		mutex_unlock(&frames->rx_lock);
		if (ret > 0) {
			given += ret;
			turns = FAULT_TURNS;
			if (given == size || peek)
				return given;
		}
		if (pass.missing) {
			if (bring_in(&pass, to, &turns))
				continue;
			return given ?: -EFAULT;
		}
		if (given && !(flags & MSG_WAITALL))
			return given;
		if (ret > 0)
			ret = -EAGAIN;
		ret = receive_wait(flow, ret, dried, &timeo);
		if (ret == -ESHUTDOWN)
			return given;
		if (ret)
			return given ?: ret;
	}
}

/**
 * rsp_frames_receive() - receive what needs a pass, or is to be waited for
 * @flow: as for rsp_frames_recvmsg()
 * @msg: likewise
 * @size: likewise
 * @flags: likewise
 * @timeo: likewise
 *
 * Context: process.
 * Return: as rsp_frames_recvmsg().
 */
int rsp_frames_receive(struct rsp_flow *flow, struct msghdr *msg, size_t size,
		       int flags, long timeo)
{
	struct socket *sock = flow->sock;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (flags & MSG_ERRQUEUE)
		return READ_ONCE(sock->ops)->recvmsg(sock, msg, size, flags);
	return flow->frames->messages ?
	       message_receive(flow, msg, size, flags, timeo) :
	       stream_receive(flow, msg, size, flags, timeo);
}

static noinline_for_stack bool readable(struct rsp_flow *flow)
{
	struct rsp_frames *frames = flow->frames;
	struct rsp_pass pass = {};

	mutex_lock(&frames->rx_lock);
	messages_skip(flow);
	pass.ready = staged_ready(frames);
	if (!pass.ready)
		rsp_pass_run(flow, &pass);
	mutex_unlock(&frames->rx_lock);
	return pass.ready;
}

/**
 * rsp_frames_look() - as rsp_frames_readable(), with a pass
 * @flow: a flow with frames, pinned
 *
 * Context: process.
 * Return: as rsp_frames_readable().
 */
bool rsp_frames_look(struct rsp_flow *flow)
{
	const struct rsp_frames *frames = flow->frames;

	/* Mostly it is asked again when all was taken. */
	if (!READ_ONCE(frames->n_staged) && !READ_ONCE(frames->ended) &&
	    !READ_ONCE(frames->fault) && !worth_a_look(flow))
		return false;
	return readable(flow);
}

/**
 * rsp_controls_free() - free control messages
 * @controls: a list of struct rsp_control
 *
 * Context: process.
 */
void rsp_controls_free(struct list_head *controls)
{
	struct rsp_control *control, *next;

	list_for_each_entry_safe(control, next, controls, list) {
		list_del(&control->list);
		kvfree(control);
	}
}

/**
 * rsp_frames_controls() - take the control messages that came
 * @flow: a flow with frames that the session's work item looks at
 * @controls: they are appended, for rsp_controls_free()
 *
 * When it was done what they say, rsp_frames_release() is due.
 *
 * Context: process; the session's socket lock.
 * Return: true: the session's end came, which a receive may wait for.
 */
bool rsp_frames_controls(struct rsp_flow *flow, struct list_head *controls)
{
	struct rsp_frames *frames = flow->frames;
	struct rsp_pass pass = {};
	bool ended;

	mutex_lock(&frames->rx_lock);
	if (!staged_ready(frames))
		rsp_pass_run(flow, &pass);
	list_splice_tail_init(&frames->controls, controls);
	WRITE_ONCE(frames->n_controls, 0);
	ended = frames->ended;
	mutex_unlock(&frames->rx_lock);
	return ended;
}

/**
 * rsp_frames_release() - let data through that control held up
 * @frames: of a flow; all of rsp_frames_controls() has been looked at
 *
 * Not what came since: that is looked at next.
 *
 * Context: process; the session's socket lock.
 */
void rsp_frames_release(struct rsp_frames *frames)
{
	mutex_lock(&frames->rx_lock);
	if (list_empty(&frames->controls))
		WRITE_ONCE(frames->hold, false);
	mutex_unlock(&frames->rx_lock);
}

/**
 * rsp_frames_ended() - has the element said that nothing follows?
 * @flow: a flow with frames
 *
 * It may have, behind octets that nobody has read yet.
 *
 * Context: process.
 * Return: true when it has.
 */
bool rsp_frames_ended(struct rsp_flow *flow)
{
	struct rsp_frames *frames = flow->frames;
	bool ended;

	mutex_lock(&frames->rx_lock);
	ended = frames->ended ||
		(!frames->fault && rsp_pass_end_follows(flow));
	mutex_unlock(&frames->rx_lock);
	return ended;
}

/**
 * rsp_frames_inq() - octets that a receive would give at once
 * @flow: a flow with frames, pinned
 *
 * Context: process.
 * Return: of a message those that are there, of a stream the same of a frame.
 */
int rsp_frames_inq(struct rsp_flow *flow)
{
	struct rsp_frames *frames = flow->frames;
	struct rsp_pass pass = {};
	u32 octets;

	mutex_lock(&frames->rx_lock);
	messages_skip(flow);
	if (!staged_ready(frames))
		rsp_pass_run(flow, &pass);
	octets = staged_ready(frames) ? frames->n_staged : 0;
	if (!octets && pass.ready && frames->data_next)
		octets = min_t(u32, frames->left, pass.avail);
	mutex_unlock(&frames->rx_lock);
	return octets;
}

/**
 * rsp_frames_drop_received() - give up what was not received
 * @frames: of a flow that nobody uses
 *
 * Context: process.
 */
void rsp_frames_drop_received(struct rsp_frames *frames)
{
	rsp_controls_free(&frames->controls);
	kvfree(frames->control);
	pieces_free(&frames->staged);
}
