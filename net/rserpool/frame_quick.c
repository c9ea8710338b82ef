// SPDX-License-Identifier: GPL-2.0
/*
 * Most messages are of one frame, whole in the first of the packets that the
 * transport holds.  Such a one is given from where it is, without a pass
 * (frame_pass.c), and what is otherwise in any way is left to that
 * (frame_receive.c).
 */

#include <linux/skbuff.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include "flow.h"
#include "flow_secure.h"
#include "frame.h"
#include "frame_pass.h"
#include "frame_quick.h"
#include "session_work.h"

/* Octets that are copied while packets of the transport spin. */
#define SPIN_OCTETS	PAGE_SIZE

/**
 * struct front - where what the transport holds begins
 * @skb: the packet
 * @offset: of the first octet in it
 * @octets: from there on
 * @n: how many are there in one piece
 */
struct front {
	struct sk_buff *skb;
	unsigned int offset;
	const u8 *octets;
	unsigned int n;
};

/**
 * rsp_message_tell_ppid() - tell a message's payload protocol identifier
 * @msg: of the call that takes the message
 * @ppid: the identifier
 *
 * Context: process.
 */
void rsp_message_tell_ppid(struct msghdr *msg, u32 ppid)
{
	put_cmsg(msg, SOL_RSERPOOL, RSP_PPID, sizeof(ppid), &ppid);
}

/* Not in the first fragment. */
static noinline const u8 *fragment_at(const struct sk_buff *skb,
				      unsigned int offset, unsigned int *n)
{
	const skb_frag_t *frag = skb_shinfo(skb)->frags;
	const skb_frag_t *end = frag + skb_shinfo(skb)->nr_frags;

	for (; frag < end && offset >= skb_frag_size(frag); frag++)
		offset -= skb_frag_size(frag);
	if (frag == end)
		return NULL;
	*n = skb_frag_size(frag) - offset;
	return skb_frag_address(frag) + offset;
}

/* At least @want octets, in one piece. */
static __always_inline bool front_find(const struct sock *transport,
				       struct front *front, unsigned int want)
{
	struct sk_buff *skb = skb_peek(&transport->sk_receive_queue);
	const struct skb_shared_info *shared;
	unsigned int offset;

	if (unlikely(!skb))
		return false;
	offset = tcp_sk(transport)->copied_seq - TCP_SKB_CB(skb)->seq;
	front->skb = skb;
	front->offset = offset;
	if (offset < skb_headlen(skb)) {
		front->n = skb_headlen(skb) - offset;
		front->octets = skb->data + offset;
		return front->n >= want;
	}
	/* Is there an address? */
	if (IS_ENABLED(CONFIG_HIGHMEM) || !skb_frags_readable(skb))
		return false;
	offset -= skb_headlen(skb);
	shared = skb_shinfo(skb);
	if (likely(shared->nr_frags &&
		   offset < skb_frag_size(&shared->frags[0]))) {
		front->n = skb_frag_size(&shared->frags[0]) - offset;
		front->octets = skb_frag_address(&shared->frags[0]) + offset;
		return front->n >= want;
	}
	front->octets = fragment_at(skb, offset, &front->n);
	return front->octets && front->n >= want;
}

/**
 * struct next - the program's frame that comes next
 * @head: octets of its head that are there
 * @length: octets that follow the head
 * @ppid: its payload protocol identifier
 */
struct next {
	u32 head;
	u32 length;
	u32 ppid;
};

/* Is the program's frame what comes next, and as a message by itself? */
static __always_inline bool next_find(const struct rsp_flow *flow,
				      const struct front *front,
				      struct next *next)
{
	const struct rsp_frames *frames = flow->frames;

	if (!frames->head_len) {
		next->head = sizeof(struct rsp_frame_head);
		if (front->n < next->head)
			return false;
		next->ppid = get_unaligned_be32(front->octets +
				offsetof(struct rsp_frame_head, ppid));
		/* With RSP_FRAME_MORE it is more than there may be. */
		next->length = get_unaligned_be32(front->octets +
				offsetof(struct rsp_frame_head, length));
	} else {
		/* A pass has taken it off, and found it good. */
		next->head = 0;
		next->ppid = frames->ppid;
		next->length = frames->left;
		if (frames->head_len < sizeof(frames->head) || frames->more)
			return false;
	}
	return next->ppid != RSP_PPID_ASAP && next->length &&
	       next->length <= RSP_FRAME_PAYLOAD_MAX &&
	       next->length <= READ_ONCE(frames->message_max);
}

/* As far as the program's pages are there; all or nothing. */
static __always_inline bool front_give(const struct front *front, u32 head,
				       size_t fits, struct iov_iter *to)
{
	size_t copied;

	pagefault_disable();
	if (front->n >= head + fits)
		copied = copy_to_iter(front->octets + head, fits, to);
	else
		copied = skb_copy_datagram_iter(front->skb,
						front->offset + head, to,
						fits) ? 0 : fits;
	pagefault_enable();
	if (copied == fits)
		return true;
	/* skb_copy_datagram_iter() has done so itself. */
	iov_iter_revert(to, copied);
	return false;
}

/* Does something follow that is not the program's? Then someone must look. */
static __always_inline bool control_follows(const struct rsp_flow *flow,
					    const struct front *front,
					    u32 size)
{
	const struct tcp_sock *tp = tcp_sk(flow->sock->sk);

	if (front->n >= size + sizeof(__be32))
		return get_unaligned_be32(front->octets + size) ==
		       RSP_PPID_ASAP;
	return tp->rcv_nxt - tp->copied_seq != size;
}

/**
 * struct message - a message that was given
 * @ppid: its payload protocol identifier
 * @passed: octets of it
 * @given: those that the program got
 */
struct message {
	u32 ppid;
	size_t passed;
	size_t given;
};

/*
 * -EAGAIN: it must be left to a pass.  -EMSGSIZE: there is too much to copy with
 * nothing but the transport's spin lock, for which it is not @owned.
 */
static __always_inline int message_give(struct rsp_flow *flow,
					struct iov_iter *to, size_t size,
					bool owned, struct message *message)
{
	struct rsp_frames *frames = flow->frames;
	struct sock *transport = flow->sock->sk;
	struct front front __uninitialized;
	struct next next __uninitialized;
	bool look;
	u32 taken;

	if (tcp_sk(transport)->urg_data || !front_find(transport, &front, 1) ||
	    !next_find(flow, &front, &next))
		return -EAGAIN;
	taken = next.head + next.length;
	if (taken > front.skb->len - front.offset)
		return -EAGAIN;
	message->ppid = next.ppid;
	message->passed = next.length;
	message->given = min_t(size_t, size, next.length);
	if (message->given > SPIN_OCTETS && !owned)
		return -EMSGSIZE;
	if (!front_give(&front, next.head, message->given, to))
		return -EAGAIN;
	look = control_follows(flow, &front, taken);
	tcp_read_done(transport, taken);
	if (!next.head) {
		frames->head_len = 0;
		WRITE_ONCE(frames->data_next, false);
		WRITE_ONCE(transport->sk_rcvlowat, 1);
	}
	WRITE_ONCE(frames->received, frames->received + 1);
	if (look && !rsp_frames_data_first(flow))
		rsp_session_kick(flow->ssn);
	return 0;
}

/* Both locks of receiving are taken, of the transport's mostly the spin lock. */
static __always_inline int quick(struct rsp_flow *flow, struct msghdr *msg,
				 size_t size, int flags)
{
	struct rsp_frames *frames = flow->frames;
	struct sock *transport = flow->sock->sk;
	struct message message __uninitialized;
	int err = -EAGAIN;
	bool owned;

	if (rsp_pass_dry(flow) || rsp_flow_secure(flow) || flags & MSG_PEEK ||
	    READ_ONCE(flow->sock->ops)->read_sock != tcp_read_sock)
		return -EAGAIN;
	mutex_lock(&frames->rx_lock);
	if (frames->middle || frames->n_staged || frames->hold ||
	    frames->skip || frames->stopped || frames->ended || frames->fault ||
	    !test_bit(RSP_FLOW_GREETED, &flow->flags))
		goto out_unlock;
	owned = lock_sock_fast(transport);
again:
	err = message_give(flow, &msg->msg_iter, size, owned, &message);
	unlock_sock_fast(transport, owned);
	if (unlikely(err == -EMSGSIZE)) {
		lock_sock(transport);
		__acquire(&transport->sk_lock.slock);
		owned = true;
		goto again;
	}
out_unlock:
	mutex_unlock(&frames->rx_lock);
	return err ?: rsp_message_tell(flow, msg, flags, message.ppid,
				       message.passed, message.given);
}

/**
 * rsp_message_quick() - give the message that comes next, if that is easy
 * @flow: a flow with frames and messages
 * @msg: where to
 * @size: octets wanted
 * @flags: of recvmsg(2)
 *
 * Context: process.
 * Return: what recvmsg(2) gives; -EAGAIN: nothing has changed.
 */
int rsp_message_quick(struct rsp_flow *flow, struct msghdr *msg, size_t size,
		      int flags)
{
	return quick(flow, msg, size, flags);
}

/**
 * rsp_frames_recvmsg() - receive what the element sent
 * @flow: a flow with frames, pinned
 * @msg: where to
 * @size: octets wanted
 * @flags: of recvmsg(2)
 * @timeo: jiffies that the call may wait yet
 *
 * Where it fails, @msg's iterator is where it was.
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
	int ret;

	if (flow->frames->messages && !(flags & (MSG_OOB | MSG_ERRQUEUE))) {
		ret = quick(flow, msg, size, flags);
		if (likely(ret != -EAGAIN))
			return ret;
	}
	return rsp_frames_receive(flow, msg, size, flags, timeo);
}

/*
 * Is a whole frame of the program what comes next?  That is what a poll mostly
 * finds, and it is known without a pass.
 */
static __always_inline bool message_peek(const struct rsp_flow *flow)
{
	const struct rsp_frames *frames = flow->frames;
	struct sock *transport = flow->sock->sk;
	struct front front __uninitialized;
	struct next next __uninitialized;
	bool found = false;
	u32 size;

	if (READ_ONCE(frames->skip) || READ_ONCE(frames->middle) ||
	    READ_ONCE(frames->stopped) || rsp_flow_secure(flow))
		return false;
	/* While nobody owns the lock no pass is under way. */
	spin_lock_bh(&transport->sk_lock.slock);
	if (!sock_owned_by_user_nocheck(transport) && !frames->hold &&
	    test_bit(RSP_FLOW_GREETED, &flow->flags) &&
	    front_find(transport, &front, 1) &&
	    next_find(flow, &front, &next)) {
		size = next.head + next.length;
		found = size <= front.skb->len - front.offset ||
			size <= tcp_inq(transport);
	}
	spin_unlock_bh(&transport->sk_lock.slock);
	return found;
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
	if (likely(!READ_ONCE(flow->frames->n_staged) &&
		   !rsp_pass_dry(flow) && message_peek(flow)))
		return true;
	return rsp_frames_look(flow);
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
	struct front front __uninitialized;

	/* What is sealed nobody can tell here. */
	if (rsp_flow_secure(flow))
		return false;
	if (flow->frames->head_len)
		return READ_ONCE(flow->frames->data_next);
	return front_find(flow->sock->sk, &front, sizeof(__be32)) &&
	       get_unaligned_be32(front.octets) != RSP_PPID_ASAP;
}
