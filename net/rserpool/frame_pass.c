// SPDX-License-Identifier: GPL-2.0
/*
 * What the transport of a flow with frames holds: one pass over it takes a
 * frame's head off and copies its octets to whoever wants them, the program's to
 * its buffers, control to a list for the session's work item.
 *
 * A pass has the transport's lock, as well as rx_lock, and the session's work
 * item waits for both.  But a page of the program may be long in coming, or
 * never come (userfaultfd, FUSE).  So the copies of a pass do not bring pages
 * in: they end where a page is not there, and who ran the pass goes on when both
 * locks are given back.  Of a message all is copied before any of it leaves the
 * transport, so that one which cannot be given can be staged as a whole.
 *
 * This is not strparser, which hands over messages in clones of the packets: it
 * takes them off the transport whether somebody reads or not, and a clone and a
 * list for each message cost more than the copy.
 */

#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include "asap_proto.h"
#include "flow.h"
#include "flow_secure.h"
#include "frame.h"
#include "frame_pass.h"
#include "session.h"
#include "session_work.h"

#define RECORD_MIN	2048	/* octets that are not worth to be copied */

static size_t pass_stop(struct rsp_pass *pass, int err)
{
	pass->stop = true;
	/* What is behind a message that was given is not its receiver's. */
	if (!pass->err && !pass->whole)
		pass->err = err;
	return 0;
}

static size_t pass_fault(struct rsp_pass *pass, enum rsp_failure failure)
{
	WRITE_ONCE(pass->frames->fault, failure);
	return pass_stop(pass, -EPROTO);
}

/*
 * Find the piece of the packet with the next octet: frames are many, and to look
 * for each from the packet's beginning costs more than to copy its octets.
 */
static void piece_find(struct rsp_pass *pass)
{
	const struct skb_shared_info *shared = skb_shinfo(pass->skb);
	const skb_frag_t *frag;
	unsigned int begin;

	do {
		if (pass->next == shared->nr_frags) {
			pass->end = pass->skb->len;
			pass->octets = NULL;
			return;
		}
		frag = &shared->frags[pass->next++];
		begin = pass->end;
		pass->end += skb_frag_size(frag);
	} while (pass->offset >= pass->end);
	pass->octets = skb_frags_readable(pass->skb) ?
		       skb_frag_address_safe(frag) : NULL;
	if (pass->octets)
		pass->octets += pass->offset - begin;
}

static int octets_copy(const struct rsp_pass *pass, void *to, size_t len)
{
	if (!pass->octets)
		return skb_copy_bits(pass->skb, pass->offset, to, len);
	memcpy(to, pass->octets, len);
	return 0;
}

/* To the program, as far as its pages are there: how many. */
static size_t octets_give(const struct rsp_pass *pass, size_t len)
{
	size_t given;

	pagefault_disable();
	if (pass->octets)
		given = copy_to_iter(pass->octets, len, pass->to);
	else
		given = skb_copy_datagram_iter(pass->skb, pass->offset,
					       pass->to, len) ? 0 : len;
	pagefault_enable();
	return given;
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

static void head_parse(struct rsp_pass *pass)
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

static size_t head_take(struct rsp_pass *pass, size_t len)
{
	struct rsp_frames *frames = pass->frames;
	u8 *head = (u8 *)&frames->head;
	size_t n = min(len, sizeof(frames->head) - frames->head_len);

	if (frames->hold || (frames->n_controls && !greeted(pass->flow)))
		return pass_stop(pass, 0);
	if (octets_copy(pass, head + frames->head_len, n))
		return pass_stop(pass, -EFAULT);
	frames->head_len += n;
	if (in_frame(frames))
		head_parse(pass);
	return n;
}

static struct rsp_control *control_alloc(u32 len)
{
	struct rsp_control *control;

	control = kvmalloc(struct_size(control, octets, len),
			   GFP_KERNEL_ACCOUNT);
	if (control) {
		control->len = len;
		control->filled = 0;
	}
	return control;
}

static size_t control_take(struct rsp_pass *pass, size_t len)
{
	struct rsp_frames *frames = pass->frames;
	struct rsp_control *control = frames->control;
	size_t n = min_t(size_t, len, frames->left);

	if (!control) {
		if (frames->n_controls >= RSP_CONTROLS_MAX)
			return pass_stop(pass, 0);
		control = control_alloc(frames->left);
		if (!control)
			return pass_stop(pass, -ENOMEM);
		frames->control = control;
	}
	if (octets_copy(pass, control->octets + control->filled, n))
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

static struct rsp_piece *piece_add(struct rsp_frames *frames)
{
	u32 size = frames->left;
	struct rsp_piece *piece;

	/* Frames of an octet each must not cost a piece each. */
	if (!list_empty(&frames->staged))
		size = max_t(u32, size, PAGE_SIZE - sizeof(*piece));
	piece = kvmalloc(struct_size(piece, octets, size), GFP_KERNEL_ACCOUNT);
	if (!piece)
		return NULL;
	piece->skb = NULL;
	piece->size = size;
	piece->filled = 0;
	piece->taken = 0;
	list_add_tail(&piece->list, &frames->staged);
	return piece;
}

static size_t staged(struct rsp_pass *pass, size_t n)
{
	struct rsp_frames *frames = pass->frames;

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

/* A record that is mostly of one message need not be copied to stay. */
static bool stays(const struct rsp_pass *pass, size_t n)
{
	const struct rsp_frames *frames = pass->frames;

	return rsp_flow_secure(pass->flow) && frames->messages &&
	       !frames->more && !frames->middle && n >= RECORD_MIN &&
	       n >= pass->skb->len / 2;
}

static size_t stage_record(struct rsp_pass *pass, size_t n)
{
	struct rsp_frames *frames = pass->frames;
	struct rsp_piece *piece;

	piece = kvmalloc(struct_size(piece, octets, 0),
			 GFP_KERNEL_ACCOUNT);
	if (!piece)
		return pass_stop(pass, -ENOMEM);
	piece->skb = skb_get((struct sk_buff *)pass->skb);
	piece->offset = pass->offset;
	piece->size = 0;
	piece->filled = n;
	piece->taken = 0;
	list_add_tail(&piece->list, &frames->staged);
	return staged(pass, n);
}

static size_t stage(struct rsp_pass *pass, size_t len)
{
	struct rsp_frames *frames = pass->frames;
	size_t n = min_t(size_t, pass->avail, frames->left);
	struct rsp_piece *piece = NULL;

	if (stays(pass, n))
		return stage_record(pass, n);
	n = min(n, len);

	if (!frames->messages) {
		n = min(n, pass->stage);
		if (!n)
			return pass_stop(pass, 0);
	}
	if (!list_empty(&frames->staged))
		piece = list_last_entry(&frames->staged, struct rsp_piece,
					list);
	if (!piece || piece->filled >= piece->size)
		piece = piece_add(frames);
	if (!piece)
		return pass_stop(pass, -ENOMEM);

	n = min_t(size_t, n, piece->size - piece->filled);
	if (octets_copy(pass, piece->octets + piece->filled, n))
		return pass_stop(pass, -EFAULT);
	piece->filled += n;
	return staged(pass, n);
}

/* As much of a stream's frame as there is room and are pages for. */
static size_t stream_give(struct rsp_pass *pass, size_t len)
{
	struct rsp_frames *frames = pass->frames;
	size_t fits = min3(len, (size_t)frames->left, pass->want), n;

	if (!fits)
		return pass_stop(pass, 0);
	n = octets_give(pass, fits);
	pass->want -= n;
	pass->given += n;
	frames->left -= n;
	if (!frames->left)
		frame_end(frames);
	if (n < fits) {
		pass->missing = fits - n;
		pass_stop(pass, -EFAULT);
	}
	return n;
}

/*
 * Copy what the program wants of a message that is there to its end; @len octets
 * of it are in one piece.  The next packets are looked at here, for those that
 * were taken are gone.
 */
static bool message_copy(struct rsp_pass *pass, size_t len, size_t fits)
{
	size_t before = iov_iter_count(pass->to), left = fits;
	const struct sk_buff *skb = pass->skb;
	unsigned int offset = pass->offset;
	size_t n = min(len, left);
	bool copied = octets_give(pass, n) == n;

	pagefault_disable();
	while (copied && left > n) {
		left -= n;
		offset += n;
		if (offset >= skb->len) {
			u32 seq = TCP_SKB_CB(skb)->end_seq;

			skb = skb->next;
			offset = seq - TCP_SKB_CB(skb)->seq;
		}
		n = min_t(size_t, left, skb->len - offset);
		copied = !skb_copy_datagram_iter(skb, offset, pass->to, n);
	}
	pagefault_enable();
	if (!copied)
		iov_iter_revert(pass->to, before - iov_iter_count(pass->to));
	return copied;
}

static size_t message_give(struct rsp_pass *pass, size_t len)
{
	struct rsp_frames *frames = pass->frames;
	size_t n = min_t(size_t, len, frames->left);

	if (!pass->copied) {
		size_t fits = min_t(size_t, frames->left, pass->want);

		if (fits && !message_copy(pass, len, fits))
			return stage(pass, len);
		pass->given = fits;
		pass->passed = frames->left;
		pass->copied = true;
	}
	frames->left -= n;
	if (!frames->left) {
		frame_end(frames);
		/* What comes next? Just look. */
		pass->whole = true;
		pass->ppid = frames->message_ppid;
		pass->to = NULL;
	}
	return n;
}

static size_t data_take(struct rsp_pass *pass, size_t len)
{
	struct rsp_frames *frames = pass->frames;

	if (pass->peek)
		return stage(pass, len);
	if (!frames->messages) {
		pass->ready = true;
		return pass->to ? stream_give(pass, len) :
				  pass_stop(pass, 0);
	}
	if (frames->more || frames->middle || frames->n_staged)
		return pass->whole ? pass_stop(pass, 0) :
				     stage(pass, len);
	if (pass->avail >= frames->left) {
		pass->ready = true;
		return pass->to ? message_give(pass, len) :
				  pass_stop(pass, 0);
	}
	/*
	 * TCP will not take more octets before some are read, and TLS gives the
	 * next record when this one is.
	 */
	if (!pass->whole && (rsp_flow_secure(pass->flow) ||
			     tcp_epollin_ready(pass->flow->sock->sk, INT_MAX)))
		return stage(pass, len);
	return pass_stop(pass, 0);
}

static int pass_actor(read_descriptor_t *desc, struct sk_buff *skb,
		      unsigned int offset, size_t len)
{
	struct rsp_pass *pass = desc->arg.data;
	struct rsp_frames *frames = pass->frames;
	const unsigned int end = offset + len;
	size_t n;

	/* An empty record, which kTLS of 6.12 would give for ever. */
	if (!len)
		return 1;

	if (rsp_flow_secure(pass->flow))
		pass->avail = len;
	pass->skb = skb;
	pass->offset = offset;
	pass->end = skb_headlen(skb);
	pass->next = 0;
	pass->octets = skb->data + offset;
	while (pass->offset < end && !pass->stop) {
		if (pass->offset >= pass->end)
			piece_find(pass);
		n = min(pass->end, end) - pass->offset;
		if (!in_frame(frames))
			n = head_take(pass, n);
		else if (frames->ppid == RSP_PPID_ASAP)
			n = control_take(pass, n);
		else
			n = data_take(pass, n);
		pass->offset += n;
		if (pass->octets)
			pass->octets += n;
		pass->avail -= n;
	}
	/* Then there is no more to look at, which kTLS need not be asked. */
	if (pass->whole && rsp_flow_secure(pass->flow) &&
	    !rsp_secure_ready(pass->flow))
		pass->stop = true;
	desc->count = !pass->stop;
	return pass->offset - offset;
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

static void secure_run(struct rsp_flow *flow, struct rsp_pass *pass,
		       read_descriptor_t *desc)
{
	struct sock *transport = flow->sock->sk;
	bool control;

	do {
		lock_sock(transport);
		control = rsp_secure_read_sock(flow, desc, pass_actor);
		release_sock(transport);
	} while (control && rsp_secure_control(flow) >= 0);
	if (flow->fault && !pass->err && !pass->whole)
		pass->err = -EPROTO;
}

/**
 * rsp_pass_run() - one pass over what the transport holds
 * @flow: a flow with frames; its rx_lock is held
 * @pass: what is wanted; becomes what came of it
 *
 * Context: process.
 */
void rsp_pass_run(struct rsp_flow *flow, struct rsp_pass *pass)
{
	struct rsp_frames *frames = flow->frames;
	struct socket *sock = flow->sock;
	struct sock *transport = sock->sk;
	read_descriptor_t desc = {
		.arg.data = pass,
		.count = 1,
	};
	u32 n_controls = frames->n_controls;

	if (frames->stopped) {
		pass->err = -ESTALE;
		return;
	}
	if (frames->ended || frames->fault || flow->fault) {
		pass->ready = true;
		pass->err = frames->ended && !frames->fault ? 0 : -EPROTO;
		return;
	}
	if (rsp_pass_dry(flow))
		return;
	pass->flow = flow;
	pass->frames = frames;
	if (rsp_flow_secure(flow)) {
		secure_run(flow, pass, &desc);
	} else {
		lock_sock(transport);
		pass->avail = tcp_inq(transport);
		if (pass->avail)
			READ_ONCE(sock->ops)->read_sock(transport, &desc,
							pass_actor);
		/* It is of no use in a frame, and stops the reading. */
		if (tcp_sk(transport)->urg_data)
			pass_fault(pass, RSP_FAILURE_FRAME);
		lowat_set(frames, transport);
		release_sock(transport);
	}

	if (frames->fault)
		rsp_flow_accuse(flow);
	else if (frames->n_controls != n_controls || frames->ended)
		rsp_session_kick(flow->ssn);
}

/*
 * The octets at @seq of what the transport holds, at @skb or behind it; @skb
 * becomes the packet with the last of them.  false: it does not hold them.  The
 * transport's lock.
 */
static bool octets_at(const struct sock *transport, const struct sk_buff **skb,
		      u32 seq, void *to, size_t len)
{
	const struct sk_buff *at = *skb;

	for (; at && at != (const struct sk_buff *)&transport->sk_receive_queue;
	     at = at->next) {
		u32 offset = seq - TCP_SKB_CB(at)->seq;
		size_t n;

		if (offset >= at->len)
			continue;
		n = min_t(size_t, len, at->len - offset);
		if (skb_copy_bits(at, offset, to, n))
			return false;
		*skb = at;
		seq += n;
		to += n;
		len -= n;
		if (!len)
			return true;
	}
	return false;
}

/**
 * struct ahead - what is there and nobody has read
 * @transport: it has it
 * @skb: and here is the next octet, or behind it
 * @octets: or there is a copy of it
 * @len: octets of that
 * @cookie: in the copy, the last ASAP_COOKIE
 * @cookie_len: octets of that, 0: there is none
 */
struct ahead {
	const struct sock *transport;
	const struct sk_buff *skb;
	const u8 *octets;
	size_t len;
	u32 cookie;
	u32 cookie_len;
};

/* Octets at @at, counted from the first; as octets_at(). */
static bool ahead_get(struct ahead *ahead, u32 at, void *to, size_t len)
{
	if (!ahead->octets)
		return octets_at(ahead->transport, &ahead->skb,
				 tcp_sk(ahead->transport)->copied_seq + at, to,
				 len);
	if (at > ahead->len || len > ahead->len - at)
		return false;
	memcpy(to, ahead->octets + at, len);
	return true;
}

static bool is_cookie(const struct ahead *ahead, __be32 ppid, u32 at)
{
	return ahead->octets && ppid == cpu_to_be32(RSP_PPID_ASAP) &&
	       at < ahead->len && ahead->octets[at] == RSP_ASAP_COOKIE;
}

static bool end_follows(const struct rsp_frames *frames, struct ahead *ahead)
{
	struct rsp_frame_head head = frames->head;
	size_t has = frames->head_len;
	u32 seq = 0;

	if (in_frame(frames)) {
		seq += frames->left;
		has = 0;
	}
	for (;;) {
		u32 length;

		if (!ahead_get(ahead, seq, (u8 *)&head + has,
			       sizeof(head) - has))
			return false;
		seq += sizeof(head) - has;
		has = 0;
		length = be32_to_cpu(head.length) & ~RSP_FRAME_MORE;
		if (!length && head.ppid == cpu_to_be32(RSP_PPID_ASAP))
			return true;
		if (!length || length > RSP_FRAME_PAYLOAD_MAX)
			return false;
		if (is_cookie(ahead, head.ppid, seq)) {
			ahead->cookie = seq;
			ahead->cookie_len = length;
		}
		seq += length;
	}
}

/* @cookie: NULL; or becomes the last one before the end, if there is one. */
static bool secure_end_follows(struct rsp_flow *flow,
			       struct rsp_control **cookie)
{
	struct ahead ahead = {};
	bool follows;
	u8 *octets;
	ssize_t n;

	n = rsp_secure_peek(flow, &octets);
	if (n < 0)
		return false;
	ahead.octets = octets;
	ahead.len = n;
	follows = end_follows(flow->frames, &ahead);
	if (follows && cookie && ahead.cookie_len) {
		*cookie = control_alloc(ahead.cookie_len);
		if (*cookie)
			memcpy((*cookie)->octets, octets + ahead.cookie,
			       ahead.cookie_len);
		else
			follows = false;
	}
	kvfree(octets);
	return follows;
}

/**
 * rsp_frames_rest() - is all that a flow will give there, to the session's end?
 * @flow: one over TLS, with control that comes first taken
 * @cookie: NULL; becomes the last ASAP_COOKIE that is behind unread octets, if there
 *	is one, for kvfree()
 *
 * Context: process.
 * Return: true when it is; false: not yet, or there is no memory.
 */
bool rsp_frames_rest(struct rsp_flow *flow, struct rsp_control **cookie)
{
	struct rsp_frames *frames = flow->frames;
	bool follows;

	mutex_lock(&frames->rx_lock);
	if (frames->n_controls)
		follows = false;
	else if (frames->ended)
		follows = true;
	else	/* A cookie of which a part was taken is not in the copy. */
		follows = !frames->fault &&
			  !(in_frame(frames) && frames->ppid == RSP_PPID_ASAP) &&
			  secure_end_follows(flow, cookie);
	mutex_unlock(&frames->rx_lock);
	return follows;
}

/**
 * rsp_pass_end_follows() - does the transport hold the session's end?
 * @flow: a flow with frames; its rx_lock is held
 *
 * Context: process.
 * Return: true when it does, behind octets that nobody has read yet.
 */
bool rsp_pass_end_follows(struct rsp_flow *flow)
{
	struct sock *transport = flow->sock->sk;
	struct ahead ahead = { .transport = transport };
	bool follows;

	if (rsp_flow_secure(flow))
		return secure_end_follows(flow, NULL);
	lock_sock(transport);
	ahead.skb = skb_peek(&transport->sk_receive_queue);
	follows = end_follows(flow->frames, &ahead);
	release_sock(transport);
	return follows;
}
