/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_FRAME_H
#define _RSERPOOL_FRAME_H

#include <linux/bvec.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/rserpool.h>
#include <linux/timer.h>
#include <net/tcp.h>

struct rsp_flow;

#define RSP_FRAME_MAX		65536	/* octets, the head too */
#define RSP_FRAME_PAYLOAD_MAX	(RSP_FRAME_MAX - sizeof(struct rsp_frame_head))
#define RSP_FRAME_MORE		0x80000000	/* of rsp_frame_head.length */
#define RSP_CONTROLS_MAX	16	/* not looked at yet, or not sent */

/**
 * struct rsp_frame_head - what stands before the octets of a frame
 * @ppid: payload protocol identifier, as SCTP's: RSP_PPID_ASAP is a control
 *	message, every other one the program's
 * @length: octets that follow; with RSP_FRAME_MORE: the message goes on in the
 *	next frame of this @ppid
 */
struct rsp_frame_head {
	__be32 ppid;
	__be32 length;
};

/* With pages of the least order, and a first and a last one in part. */
#define RSP_FRAME_PIECES_MAX	(RSP_FRAME_MAX / PAGE_SIZE + 2)

/**
 * struct rsp_frame - a frame to send
 * @list: place in rsp_frames.pending, in rsp_replay.kept, or among those of a
 *	message
 * @message: in rsp_replay.kept: number of the message
 * @size: octets of it, the head too
 * @sent: octets of it that have left
 * @begun: it is the rest of one that has left in part
 * @control: it is a control message
 * @n: pieces
 * @pieces: where they are; each holds a reference to its page
 */
struct rsp_frame {
	struct list_head list;
	u64 message;
	u32 size;
	u32 sent;
	bool begun;
	bool control;
	u32 n;
	struct bio_vec pieces[RSP_FRAME_PIECES_MAX];
};

/**
 * struct rsp_control - a control message that was received
 * @list: place in rsp_frames.controls
 * @len: octets of it, 1 to RSP_FRAME_PAYLOAD_MAX
 * @filled: how many of them are there
 * @octets: the message
 */
struct rsp_control {
	struct list_head list;
	u32 len;
	u32 filled;
	u8 octets[] __counted_by(len);
};

/**
 * struct rsp_frames - the framing of a flow that carries control beside data
 * @flow: that has it; fixed
 * @late: over TLS: nobody has read by then what came; set by what the transport
 *	tells, ended by rsp_flow_detach()
 * @rx_lock: receiving: the fields down to @skip; outside the transport's lock;
 *	nothing but memory is waited for with it
 * @head: of the frame that is being received
 * @head_len: octets of @head that are there; all: the frame's octets follow
 * @more: the message goes on in another frame
 * @middle: so it did in the frame before
 * @ended: the element said that nothing follows; read locklessly
 * @data_next: the program's octets are what comes next, so that control behind
 *	them waits for a reader; read locklessly
 * @ppid: of the frame that is being received
 * @left: octets of it that are to come
 * @message_ppid: of the message that is being received
 * @control: the control message that is being received, NULL: none
 * @controls: control messages for the session's work item
 * @n_controls: how many; read locklessly
 * @hold: one that came must be looked at before data behind it is given; read
 *	locklessly
 * @staged: the program's octets that had to leave the transport before a call
 *	took them, struct rsp_piece
 * @n_staged: how many octets that is
 * @staged_whole: a message's end is the last of them
 * @fault: enum rsp_failure: the peer broke the rules and how; read locklessly
 * @stopped: the session left the element, and takes no more from it
 * @received: messages that were given to the program, or skipped; read
 *	locklessly
 * @skip: messages that are to come and that the program has had from another
 *	element
 * @tx_lock: sending: all below; outside the transport's lock; likewise
 * @pending: frames that the transport had no room for, struct frame in
 *	frame_send.c; emptiness read locklessly
 * @n_pending: octets of them; read locklessly
 * @n_controls_pending: how many of them are control
 * @shut: what is in @pending is the last
 * @sent: messages that the program sent; read locklessly
 * @messages: one receive gives one message; fixed
 * @message_max: octets that a message may have
 */
struct rsp_frames {
	struct rsp_flow *flow;
	struct timer_list late;
	struct mutex rx_lock; /* see above */
	struct rsp_frame_head head;
	u8 head_len;
	bool more;
	bool middle;
	bool ended;
	bool data_next;
	u32 ppid;
	u32 left;
	u32 message_ppid;
	struct rsp_control *control;
	struct list_head controls;
	u32 n_controls;
	bool hold;
	struct list_head staged;
	u32 n_staged;
	bool staged_whole;
	u8 fault;
	bool stopped;
	u64 received;
	u64 skip;

	struct mutex tx_lock; /* see above */
	struct list_head pending;
	u32 n_pending;
	u32 n_controls_pending;
	bool shut;
	u64 sent;

	bool messages;
	u32 message_max;
};

/*
 * Has all left?  Then no limit of what has not (TCP_NOTSENT_LOWAT) is reached, and
 * TCP need not be asked.  Without the transport's lock this is a guess, as TCP's
 * own is: what a call then finds no room for waits in rsp_frames.pending.
 */
static inline bool rsp_transport_sent(const struct sock *transport)
{
	const struct tcp_sock *tp = tcp_sk(transport);

	return READ_ONCE(tp->write_seq) == READ_ONCE(tp->snd_nxt);
}

int rsp_frame_make(struct rsp_frame *frame, u32 ppid, u32 length,
		   struct iov_iter *from, size_t len, struct page_frag *own);
int rsp_frame_pin(struct rsp_frame *frame, u32 ppid, u32 length,
		  struct iov_iter *from, size_t len);
size_t rsp_pieces_take(struct iov_iter *iter, size_t size,
		       struct bio_vec *pieces, u32 *n);
struct rsp_frame *rsp_frame_dup(const struct rsp_frame *frame);
struct rsp_frame *rsp_frame_own(struct iov_iter *from);
size_t rsp_frame_memory(const struct rsp_frame *frame);
void rsp_frag_put(struct page_frag *frag);
void rsp_frame_put(struct rsp_frame *frame);
void rsp_frame_free(struct rsp_frame *frame);
void rsp_frame_list_free(struct list_head *list);

struct rsp_frames *rsp_frames_alloc(bool messages, u32 message_max);
void rsp_frames_free(struct rsp_frames *frames);

int rsp_frames_recvmsg(struct rsp_flow *flow, struct msghdr *msg, size_t size,
		       int flags, long timeo);
int rsp_frames_receive(struct rsp_flow *flow, struct msghdr *msg, size_t size,
		       int flags, long timeo);
bool rsp_frames_readable(struct rsp_flow *flow);
bool rsp_frames_look(struct rsp_flow *flow);
int rsp_frames_inq(struct rsp_flow *flow);
bool rsp_frames_data_first(const struct rsp_flow *flow);
bool rsp_frames_ended(struct rsp_flow *flow);
bool rsp_frames_rest(struct rsp_flow *flow, struct rsp_control **cookie);
bool rsp_frames_controls(struct rsp_flow *flow, struct list_head *controls);
void rsp_frames_release(struct rsp_frames *frames);
void rsp_controls_free(struct list_head *controls);
void rsp_frames_drop_received(struct rsp_frames *frames);

int rsp_frames_sendmsg(struct rsp_flow *flow, struct msghdr *msg, size_t size,
		       long timeo);
int rsp_frames_control(struct rsp_flow *flow, const void *octets, size_t len,
		       bool in_place);
void rsp_frames_queue(struct rsp_frames *frames, struct list_head *list);
void rsp_frames_flush(struct rsp_flow *flow);
void rsp_frames_settle(struct rsp_flow *flow);
void rsp_frames_finish(struct rsp_flow *flow);
void rsp_frames_drop_pending(struct rsp_frames *frames);

#endif /* _RSERPOOL_FRAME_H */
