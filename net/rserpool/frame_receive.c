// SPDX-License-Identifier: GPL-2.0
/*
 * Receiving on a flow that carries control beside data: one pass over what the
 * transport holds takes a frame's head off and copies its octets to whoever
 * wants them, the program's to its buffers, control to a list for the session's
 * work item.
 *
 * All of it is done while the transport has octets, and nothing waits with
 * rx_lock held: a call that finds too little gives the lock back, and waits on
 * the session's queue.
 *
 * A message (SOCK_SEQPACKET) is given when it is there to its end.  One of a
 * single frame is left in the transport until then, where TCP's window bounds
 * it.  What cannot be left there is staged: a message of several frames, one
 * that is larger than the window, and what MSG_PEEK looks at.  Frames of a
 * stream are given as they come.
 *
 * This is not strparser, which hands over messages in clones of the packets: it
 * takes them off the transport whether somebody reads or not, and a clone and a
 * list for each message cost more than the copy.
 */

#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include "asap_proto.h"
#include "flow.h"
#include "frame.h"
#include "session.h"
#include "session_work.h"

/**
 * struct piece - octets of the program that left the transport
 * @list: place in rsp_frames.staged
 * @size: room
 * @filled: octets that came
 * @taken: octets that a call took
 * @octets: they
 */
struct piece {
	struct list_head list;
	u32 size;
	u32 filled;
	u32 taken;
	u8 octets[] __counted_by(size);
};

/**
 * struct run - octets of a packet that lie in one piece
 * @begin: where in the packet
 * @end: and where not any more
 * @next: number of the fragment behind them
 * @octets: they, NULL: not to be reached by an address
 */
struct run {
	unsigned int begin;
	unsigned int end;
	unsigned int next;
	const u8 *octets;
};

/**
 * struct pass - one pass over what the transport holds
 * @flow: whose
 * @frames: of it
 * @to: where the program's octets go, NULL: nowhere
 * @want: octets that still fit there
 * @given: octets that were put there
 * @passed: octets of the program that were taken off the transport
 * @avail: octets that the transport holds yet
 * @run: of the packet that the transport gives, where the pass is
 * @stage: octets that may be staged, if they cannot be given
 * @stuck: TCP will not take more octets before some are read
 * @peek: stage what could be given
 * @ready: a call would have something to take
 * @whole: a message was given to its end
 * @ppid: the message's
 * @trunc: and did not fit
 * @stop: nothing more can be done in this pass
 * @err: why, negative errno
 */
struct pass {
	const struct rsp_flow *flow;
	struct rsp_frames *frames;
	struct iov_iter *to;
	size_t want;
	size_t given;
	size_t passed;
	size_t avail;
	struct run run;
	size_t stage;
	u32 ppid;
	bool stuck;
	bool peek;
	bool ready;
	bool whole;
	bool trunc;
	bool stop;
	int err;
};

static size_t pass_stop(struct pass *pass, int err)
{
	pass->stop = true;
	/* What is behind a message that was given is not its receiver's. */
	if (!pass->err && !pass->whole)
		pass->err = err;
	return 0;
}

static size_t pass_fault(struct pass *pass, enum rsp_failure failure)
{
	WRITE_ONCE(pass->frames->fault, failure);
	return pass_stop(pass, -EPROTO);
}

/*
 * Where the octets are, if they are in one piece, as they mostly are: frames are
 * many, and to look for each from the packet's beginning costs more than to copy
 * its octets.  Within a packet @offset only grows.
 */
static const u8 *octets_find(struct pass *pass, const struct sk_buff *skb,
			     unsigned int offset, size_t len)
{
	const struct skb_shared_info *shared = skb_shinfo(skb);
	struct run *run = &pass->run;

	if (offset >= run->end) {
		const skb_frag_t *frag;

		do {
			if (run->next == shared->nr_frags)
				return NULL;
			frag = &shared->frags[run->next++];
			run->begin = run->end;
			run->end += skb_frag_size(frag);
		} while (offset >= run->end);
		run->octets = skb_frags_readable(skb) ?
			      skb_frag_address_safe(frag) : NULL;
	}
	if (!run->octets || len > run->end - offset)
		return NULL;
	return run->octets + (offset - run->begin);
}

static int octets_copy(struct pass *pass, const struct sk_buff *skb,
		       unsigned int offset, void *to, size_t len)
{
	const u8 *octets = octets_find(pass, skb, offset, len);

	if (!octets)
		return skb_copy_bits(skb, offset, to, len);
	memcpy(to, octets, len);
	return 0;
}

static int octets_give(struct pass *pass, const struct sk_buff *skb,
		       unsigned int offset, size_t len)
{
	const u8 *octets = octets_find(pass, skb, offset, len);
	size_t copied;

	if (!octets)
		return skb_copy_datagram_iter(skb, offset, pass->to, len);
	copied = copy_to_iter(octets, len, pass->to);
	if (copied == len)
		return 0;
	iov_iter_revert(pass->to, copied);
	return -EFAULT;
}

static bool in_frame(const struct rsp_frames *frames)
{
	return frames->head_len == sizeof(frames->head);
}

/* What comes before the card is looked at could be anything. */
static bool greeted(const struct rsp_flow *flow)
{
	return test_bit(RSP_FLOW_GREETED, &flow->flags);
}

/* Octets that the message which is being received may yet have. */
static u32 message_room(const struct rsp_frames *frames)
{
	u32 max = READ_ONCE(frames->message_max);

	return max - min(max, frames->n_staged);
}

/* The last octet of a frame was taken. */
static void frame_end(struct rsp_frames *frames)
{
	frames->head_len = 0;
	WRITE_ONCE(frames->data_next, false);
	if (frames->ppid != RSP_PPID_ASAP)
		frames->middle = frames->more;
}

static void head_parse(struct pass *pass)
{
	struct rsp_frames *frames = pass->frames;
	u32 length = be32_to_cpu(frames->head.length);

	frames->ppid = be32_to_cpu(frames->head.ppid);
	frames->more = length & RSP_FRAME_MORE;
	frames->left = length & ~RSP_FRAME_MORE;
	if (!greeted(pass->flow) &&
	    (frames->ppid != RSP_PPID_ASAP || !frames->left)) {
		pass_fault(pass, RSP_FAILURE_CARD);
		return;
	}
	if (frames->left > RSP_FRAME_PAYLOAD_MAX) {
		pass_fault(pass, RSP_FAILURE_FRAME);
		return;
	}
	if (frames->ppid == RSP_PPID_ASAP) {
		if (frames->more) {
			pass_fault(pass, RSP_FAILURE_FRAME);
		} else if (!frames->left) {
			if (frames->middle)
				pass_fault(pass, RSP_FAILURE_FRAME);
			WRITE_ONCE(frames->ended, true);
			pass->ready = true;
			pass_stop(pass, 0);
		}
		return;
	}
	if (!frames->left ||
	    (frames->middle && frames->ppid != frames->message_ppid)) {
		pass_fault(pass, RSP_FAILURE_FRAME);
		return;
	}
	if (frames->messages && frames->left > message_room(frames)) {
		pass_fault(pass, RSP_FAILURE_MESSAGE_SIZE);
		return;
	}
	frames->message_ppid = frames->ppid;
	WRITE_ONCE(frames->data_next, true);
}

static size_t head_take(struct pass *pass, const struct sk_buff *skb,
			unsigned int offset, size_t len)
{
	struct rsp_frames *frames = pass->frames;
	u8 *head = (u8 *)&frames->head;
	size_t n = min(len, sizeof(frames->head) - frames->head_len);

	if (frames->hold || (frames->n_controls && !greeted(pass->flow)))
		return pass_stop(pass, 0);
	if (octets_copy(pass, skb, offset, head + frames->head_len, n))
		return pass_stop(pass, -EFAULT);
	frames->head_len += n;
	if (in_frame(frames))
		head_parse(pass);
	return n;
}

static size_t control_take(struct pass *pass, const struct sk_buff *skb,
			   unsigned int offset, size_t len)
{
	struct rsp_frames *frames = pass->frames;
	struct rsp_control *control = frames->control;
	size_t n = min_t(size_t, len, frames->left);

	if (!control) {
		if (frames->n_controls >= RSP_CONTROLS_MAX)
			return pass_stop(pass, 0);
		control = kvmalloc(struct_size(control, octets, frames->left),
				   GFP_KERNEL_ACCOUNT);
		if (!control)
			return pass_stop(pass, -ENOMEM);
		control->len = frames->left;
		control->filled = 0;
		frames->control = control;
	}
	if (octets_copy(pass, skb, offset, control->octets + control->filled,
			n))
		return pass_stop(pass, -EFAULT);
	control->filled += n;
	frames->left -= n;
	if (!frames->left) {
		list_add_tail(&control->list, &frames->controls);
		WRITE_ONCE(frames->n_controls, frames->n_controls + 1);
		if (control->octets[0] == RSP_ASAP_COOKIE_ECHO)
			WRITE_ONCE(frames->hold, true);
		frames->control = NULL;
		frame_end(frames);
	}
	return n;
}

static struct piece *piece_add(struct rsp_frames *frames)
{
	u32 size = frames->left;
	struct piece *piece;

	/* Frames of an octet each must not cost a piece each. */
	if (!list_empty(&frames->staged))
		size = max_t(u32, size, PAGE_SIZE - sizeof(*piece));
	piece = kvmalloc(struct_size(piece, octets, size), GFP_KERNEL_ACCOUNT);
	if (!piece)
		return NULL;
	piece->size = size;
	piece->filled = 0;
	piece->taken = 0;
	list_add_tail(&piece->list, &frames->staged);
	return piece;
}

static void piece_free(struct piece *piece)
{
	list_del(&piece->list);
	kvfree(piece);
}

static size_t stage(struct pass *pass, const struct sk_buff *skb,
		    unsigned int offset, size_t len)
{
	struct rsp_frames *frames = pass->frames;
	size_t n = min_t(size_t, len, frames->left);
	struct piece *piece = NULL;

	if (!frames->messages) {
		n = min(n, pass->stage);
		if (!n)
			return pass_stop(pass, 0);
	}
	if (!list_empty(&frames->staged))
		piece = list_last_entry(&frames->staged, struct piece, list);
	if (!piece || piece->filled == piece->size)
		piece = piece_add(frames);
	if (!piece)
		return pass_stop(pass, -ENOMEM);

	n = min_t(size_t, n, piece->size - piece->filled);
	if (octets_copy(pass, skb, offset, piece->octets + piece->filled, n))
		return pass_stop(pass, -EFAULT);
	piece->filled += n;
	frames->n_staged += n;
	frames->left -= n;
	if (!frames->messages) {
		pass->stage -= n;
		pass->ready = true;
	}
	if (!frames->left) {
		frames->staged_whole = !frames->more;
		frame_end(frames);
		if (frames->messages && frames->staged_whole) {
			pass->ready = true;
			pass_stop(pass, 0);
		}
	}
	return n;
}

static size_t give(struct pass *pass, const struct sk_buff *skb,
		   unsigned int offset, size_t len)
{
	struct rsp_frames *frames = pass->frames;
	size_t n = min_t(size_t, len, frames->left);
	size_t fits = min(n, pass->want);

	if (fits && octets_give(pass, skb, offset, fits)) {
		if (!frames->messages)
			return pass_stop(pass, -EFAULT);
		/* As a datagram's, the octets are gone. */
		pass->err = -EFAULT;
		pass->want = 0;
		fits = 0;
	}
	if (!frames->messages) {
		if (!fits)
			return pass_stop(pass, 0);
		n = fits;
	}
	pass->trunc |= fits < n;
	pass->want -= fits;
	pass->given += fits;
	pass->passed += n;
	frames->left -= n;
	if (!frames->left) {
		frame_end(frames);
		if (frames->messages) {
			/* What comes next? Just look. */
			pass->whole = true;
			pass->ppid = frames->message_ppid;
			pass->to = NULL;
		}
	}
	return n;
}

static size_t data_take(struct pass *pass, const struct sk_buff *skb,
			unsigned int offset, size_t len)
{
	struct rsp_frames *frames = pass->frames;

	if (pass->peek)
		return stage(pass, skb, offset, len);
	if (!frames->messages) {
		pass->ready = true;
		return pass->to ? give(pass, skb, offset, len) : pass_stop(pass, 0);
	}
	if (frames->more || frames->middle || frames->n_staged)
		return pass->whole ? pass_stop(pass, 0)
				   : stage(pass, skb, offset, len);
	if (pass->avail >= frames->left) {
		pass->ready = true;
		return pass->to ? give(pass, skb, offset, len) : pass_stop(pass, 0);
	}
	if (pass->stuck && !pass->whole)
		return stage(pass, skb, offset, len);
	return pass_stop(pass, 0);
}

static int pass_actor(read_descriptor_t *desc, struct sk_buff *skb,
		      unsigned int offset, size_t len)
{
	struct pass *pass = desc->arg.data;
	struct rsp_frames *frames = pass->frames;
	size_t used = 0, n;

	pass->run = (struct run){ .end = skb_headlen(skb), .octets = skb->data };
	while (used < len && !pass->stop) {
		if (!in_frame(frames))
			n = head_take(pass, skb, offset + used, len - used);
		else if (frames->ppid == RSP_PPID_ASAP)
			n = control_take(pass, skb, offset + used, len - used);
		else
			n = data_take(pass, skb, offset + used, len - used);
		used += n;
		pass->avail -= n;
	}
	desc->count = !pass->stop;
	return used;
}

/* How many octets must be there until it is worth to look again. */
static void lowat_set(const struct rsp_frames *frames, struct sock *transport)
{
	int lowat = 1;

	if (frames->messages && in_frame(frames) && frames->data_next &&
	    !frames->more && !frames->middle && !frames->n_staged)
		lowat = frames->left;
	if (transport->sk_rcvlowat != lowat)
		WRITE_ONCE(transport->sk_rcvlowat, lowat);
}

static void pass_run(struct rsp_flow *flow, struct pass *pass)
{
	struct rsp_frames *frames = flow->frames;
	struct socket *sock = flow->sock;
	struct sock *transport = sock->sk;
	read_descriptor_t desc = {
		.arg.data = pass,
		.count = 1,
	};
	u32 n_controls = frames->n_controls;
	const struct tcp_sock *tp;

	if (frames->stopped) {
		pass->err = -ESTALE;
		return;
	}
	if (frames->ended || frames->fault) {
		pass->ready = true;
		pass->err = frames->fault ? -EPROTO : 0;
		return;
	}
	/* Who has the lock wakes us for what comes until he gives it back. */
	tp = tcp_sk(transport);
	if (READ_ONCE(tp->rcv_nxt) == READ_ONCE(tp->copied_seq))
		return;
	pass->flow = flow;
	pass->frames = frames;
	lock_sock(transport);
	pass->avail = tcp_inq(transport);
	pass->stuck = tcp_epollin_ready(transport, INT_MAX);
	if (pass->avail)
		READ_ONCE(sock->ops)->read_sock(transport, &desc, pass_actor);
	/* It is of no use in a frame, and stops the reading. */
	if (tp->urg_data)
		pass_fault(pass, RSP_FAILURE_FRAME);
	lowat_set(frames, transport);
	release_sock(transport);

	if (frames->fault)
		rsp_flow_accuse(flow);
	else if (frames->n_controls != n_controls || frames->ended)
		rsp_session_kick(flow->ssn);
}

/* Nobody waits for the lock: who found it taken asked to be called again. */
static void rx_unlock(struct rsp_flow *flow)
{
	mutex_unlock(&flow->frames->rx_lock);
	/* Pairs with rsp_frames_controls(). */
	smp_mb();
	if (test_and_clear_bit(RSP_FLOW_RX_WANTED, &flow->flags))
		rsp_session_kick(flow->ssn);
}

static bool staged_ready(const struct rsp_frames *frames)
{
	return frames->n_staged && !frames->stopped &&
	       (!frames->messages || frames->staged_whole);
}

static size_t staged_give(struct rsp_frames *frames, struct iov_iter *to,
			  size_t want, bool peek)
{
	struct piece *piece, *next;
	size_t given = 0;

	list_for_each_entry_safe(piece, next, &frames->staged, list) {
		size_t n = min_t(size_t, piece->filled - piece->taken,
				 want - given);
		size_t copied;

		copied = copy_to_iter(piece->octets + piece->taken, n, to);
		given += copied;
		if (!peek) {
			piece->taken += copied;
			frames->n_staged -= copied;
			/* The last is perhaps not filled yet. */
			if (piece->taken == piece->size)
				piece_free(piece);
		}
		if (copied < n || given == want)
			break;
	}
	return given;
}

static void staged_drop(struct rsp_frames *frames)
{
	struct piece *piece, *next;

	list_for_each_entry_safe(piece, next, &frames->staged, list)
		piece_free(piece);
	frames->n_staged = 0;
	frames->staged_whole = false;
}

static void ppid_tell(struct rsp_flow *flow, struct msghdr *msg, u32 ppid)
{
	if (READ_ONCE(flow->ssn->tell_ppid))
		put_cmsg(msg, SOL_RSERPOOL, RSP_PPID, sizeof(ppid), &ppid);
}

/* Take a message, if one is there to its end. -EAGAIN: none is. */
static int message_take(struct rsp_flow *flow, struct pass *pass,
			struct iov_iter *to, size_t size, int flags)
{
	struct rsp_frames *frames = flow->frames;
	bool peek = flags & MSG_PEEK;

	*pass = (struct pass){ .to = to, .want = size, .peek = peek };
	if (!staged_ready(frames)) {
		pass_run(flow, pass);
		if (pass->err && !pass->whole)
			return pass->err;
	}
	if (staged_ready(frames) && !pass->whole) {
		pass->passed = frames->n_staged;
		pass->given = min(size, pass->passed);
		pass->whole = true;
		pass->ppid = frames->message_ppid;
		if (staged_give(frames, to, pass->given, peek) != pass->given)
			pass->err = -EFAULT;
		pass->trunc = pass->given < pass->passed;
		if (!peek)
			staged_drop(frames);
	}
	if (!pass->whole)
		return -EAGAIN;
	if (!peek)
		WRITE_ONCE(frames->received, frames->received + 1);
	return pass->err;
}

/* Messages that the program has had from another element. */
static int messages_drop(struct rsp_flow *flow)
{
	struct rsp_frames *frames = flow->frames;
	struct iov_iter nowhere;
	struct pass pass;
	int err;

	while (frames->skip) {
		iov_iter_discard(&nowhere, ITER_DEST, 0);
		err = message_take(flow, &pass, &nowhere, 0, 0);
		if (err)
			return err;
		frames->skip--;
	}
	return 0;
}

static int messages_skip(struct rsp_flow *flow)
{
	return flow->frames->skip ? messages_drop(flow) : 0;
}

/* A message, if one is there to its end. -EAGAIN: none is. */
static int message_receive(struct rsp_flow *flow, struct msghdr *msg,
			   size_t size, int flags)
{
	struct pass pass;
	int err;

	err = messages_skip(flow);
	if (!err)
		err = message_take(flow, &pass, &msg->msg_iter, size, flags);
	if (err == -EAGAIN && flow->frames->ended)
		return 0;
	if (err)
		return err;
	msg->msg_flags |= MSG_EOR;
	if (pass.trunc)
		msg->msg_flags |= MSG_TRUNC;
	ppid_tell(flow, msg, pass.ppid);
	return flags & MSG_TRUNC ? pass.passed : pass.given;
}

/* Some octets of a stream. -EAGAIN: none are there. */
static int stream_receive(struct rsp_flow *flow, struct msghdr *msg,
			  size_t size, int flags)
{
	struct rsp_frames *frames = flow->frames;
	struct pass pass = {
		.peek = flags & MSG_PEEK,
		.want = size,
	};
	struct iov_iter nowhere;

	pass.to = &msg->msg_iter;
	if (flags & MSG_TRUNC) {
		iov_iter_discard(&nowhere, ITER_DEST, size);
		pass.to = &nowhere;
	}
	if (pass.peek) {
		pass.stage = size - min_t(size_t, size, frames->n_staged);
		if (pass.stage)
			pass_run(flow, &pass);
	}
	if (frames->n_staged) {
		pass.given = staged_give(frames, pass.to, size, pass.peek);
		pass.want -= pass.given;
		if (!pass.given)
			pass.err = -EFAULT;
	}
	if (!pass.peek && pass.want && !frames->n_staged)
		pass_run(flow, &pass);
	if (pass.given)
		return pass.given;
	if (pass.err)
		return pass.err;
	return frames->ended ? 0 : -EAGAIN;
}

/* Nothing will ever come again. */
static bool dry(const struct rsp_flow *flow)
{
	const struct sock *transport = flow->sock->sk;

	return READ_ONCE(transport->sk_shutdown) & RCV_SHUTDOWN ||
	       inet_sk_state_load(transport) == TCP_CLOSE;
}

static bool worth_a_look(const struct rsp_flow *flow)
{
	const struct sock *transport = flow->sock->sk;

	/* The work item must make room first, and says so. */
	if (READ_ONCE(flow->frames->n_controls) >= RSP_CONTROLS_MAX ||
	    READ_ONCE(flow->frames->hold))
		return false;
	return tcp_epollin_ready(transport, READ_ONCE(transport->sk_rcvlowat));
}

static bool may_receive(struct rsp_flow *flow)
{
	return READ_ONCE(flow->frames->ended) || worth_a_look(flow) ||
	       dry(flow);
}

/**
 * rsp_frames_recvmsg() - receive what the element sent
 * @flow: a flow with frames, pinned
 * @msg: where to
 * @size: octets wanted
 * @flags: of recvmsg(2)
 * @timeo: jiffies that the call may wait yet
 *
 * Context: process.
 * Return: octets given; 0 when the element ended the session; -EAGAIN: nothing
 * is there and no time is left; -EPROTO: the element broke the rules;
 * -ESTALE: the session has left it;
 * -ECONNRESET: nothing will come any more; or what an interrupted call returns.
 */
int rsp_frames_recvmsg(struct rsp_flow *flow, struct msghdr *msg, size_t size,
		       int flags, long timeo)
{
	bool all = flags & MSG_WAITALL && !(flags & MSG_PEEK) &&
		   !flow->frames->messages;
	size_t given = 0;
	bool dried;
	int ret;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!size && !flow->frames->messages)
		return 0;
	for (;;) {
		/* Before the look, which then saw all that there ever was. */
		dried = dry(flow);
		ret = mutex_lock_interruptible(&flow->frames->rx_lock);
		if (ret)
			return given ?: sock_intr_errno(timeo);
		ret = flow->frames->messages ?
		      message_receive(flow, msg, size, flags) :
		      stream_receive(flow, msg, size - given, flags);
		rx_unlock(flow);
		if (ret > 0) {
			given += ret;
			if (!all || given == size)
				return given;
		} else if (ret != -EAGAIN) {
			return given ?: ret;
		}
		if (dried)
			return given ?: -ECONNRESET;
		ret = rsp_flow_wait(flow, may_receive, &timeo);
		if (ret)
			return given ?: ret;
	}
}

/**
 * rsp_frames_readable() - would a receive have something to take?
 * @flow: a flow with frames, pinned
 *
 * Control messages in front of the program's octets are taken out of the way.
 *
 * Context: process.
 * Return: true when it would, the end of the session included.
 */
bool rsp_frames_readable(struct rsp_flow *flow)
{
	struct rsp_frames *frames = flow->frames;
	struct pass pass = {};

	/* Mostly it is asked again when all was taken. */
	if (!READ_ONCE(frames->n_staged) && !READ_ONCE(frames->ended) &&
	    !READ_ONCE(frames->fault) && !worth_a_look(flow))
		return false;
	mutex_lock(&frames->rx_lock);
	messages_skip(flow);
	pass.ready = staged_ready(frames);
	if (!pass.ready)
		pass_run(flow, &pass);
	rx_unlock(flow);
	return pass.ready;
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
 * It does not wait for a call that is receiving: that has the work item run
 * again.  Who calls it has done what the messages said that it took before.
 *
 * Context: process.
 * Return: true: a receive that waits has something to take: data was held up by
 * them, or the session's end came.
 */
bool rsp_frames_controls(struct rsp_flow *flow, struct list_head *controls)
{
	struct rsp_frames *frames = flow->frames;
	struct pass pass = {};
	bool held, ended;

	if (!mutex_trylock(&frames->rx_lock)) {
		set_bit(RSP_FLOW_RX_WANTED, &flow->flags);
		/* Pairs with rx_unlock(). */
		smp_mb__after_atomic();
		if (!mutex_trylock(&frames->rx_lock))
			return false;
	}
	held = frames->hold && list_empty(&frames->controls);
	if (held)
		WRITE_ONCE(frames->hold, false);
	if (!staged_ready(frames))
		pass_run(flow, &pass);
	list_splice_tail_init(&frames->controls, controls);
	WRITE_ONCE(frames->n_controls, 0);
	ended = frames->ended;
	rx_unlock(flow);
	return held || ended;
}

/*
 * The octets at @seq of what the transport holds. false: it does not hold them.
 * The transport's lock.
 */
static bool octets_at(const struct sock *transport, u32 seq, void *to,
		      size_t len)
{
	const struct sk_buff *skb;

	skb_queue_walk(&transport->sk_receive_queue, skb) {
		u32 offset = seq - TCP_SKB_CB(skb)->seq;
		size_t n;

		if (offset >= skb->len)
			continue;
		n = min_t(size_t, len, skb->len - offset);
		if (skb_copy_bits(skb, offset, to, n))
			return false;
		seq += n;
		to += n;
		len -= n;
		if (!len)
			return true;
	}
	return false;
}

/**
 * rsp_frames_data_first() - are the program's octets what comes next?
 * @flow: a flow with frames; the transport's lock is held
 *
 * Its place in the frames is the transport's lock's, too: a pass moves it.
 *
 * Context: any.
 * Return: true when they are, and there is nothing for the work item yet.
 */
bool rsp_frames_data_first(const struct rsp_flow *flow)
{
	const struct sock *transport = flow->sock->sk;
	const struct rsp_frames *frames = flow->frames;
	__be32 ppid;

	if (frames->head_len)
		return READ_ONCE(frames->data_next);
	return octets_at(transport, tcp_sk(transport)->copied_seq, &ppid,
			 sizeof(ppid)) && ppid != cpu_to_be32(RSP_PPID_ASAP);
}

static bool end_follows(const struct rsp_frames *frames,
			const struct sock *transport)
{
	u32 seq = tcp_sk(transport)->copied_seq;
	struct rsp_frame_head head = frames->head;
	size_t has = frames->head_len;

	if (in_frame(frames)) {
		seq += frames->left;
		has = 0;
	}
	for (;;) {
		u32 length;

		if (!octets_at(transport, seq, (u8 *)&head + has,
			       sizeof(head) - has))
			return false;
		seq += sizeof(head) - has;
		has = 0;
		length = be32_to_cpu(head.length) & ~RSP_FRAME_MORE;
		if (!length && head.ppid == cpu_to_be32(RSP_PPID_ASAP))
			return true;
		if (!length || length > RSP_FRAME_PAYLOAD_MAX)
			return false;
		seq += length;
	}
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
	struct sock *transport = flow->sock->sk;
	struct rsp_frames *frames = flow->frames;
	bool ended;

	mutex_lock(&frames->rx_lock);
	lock_sock(transport);
	ended = frames->ended ||
		(!frames->fault && end_follows(frames, transport));
	release_sock(transport);
	rx_unlock(flow);
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
	struct pass pass = {};
	u32 octets;

	mutex_lock(&frames->rx_lock);
	messages_skip(flow);
	if (!staged_ready(frames))
		pass_run(flow, &pass);
	octets = staged_ready(frames) ? frames->n_staged : 0;
	if (!octets && pass.ready && frames->data_next)
		octets = min_t(u32, frames->left, pass.avail);
	rx_unlock(flow);
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
	staged_drop(frames);
}
