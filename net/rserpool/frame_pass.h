/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_FRAME_PASS_H
#define _RSERPOOL_FRAME_PASS_H

#include <linux/list.h>
#include <linux/types.h>
#include <net/tcp.h>

#include "flow_secure.h"

struct iov_iter;
struct rsp_frames;
struct sk_buff;

/**
 * struct rsp_piece - octets of the program that left the transport
 * @list: place in rsp_frames.staged, or with the call that took them
 * @skb: they are in this record, and nothing in @octets; NULL: they are not
 * @offset: of the first in it
 * @size: room
 * @filled: octets that came
 * @taken: octets that a call took
 * @octets: they
 */
struct rsp_piece {
	struct list_head list;
	struct sk_buff *skb;
	u32 offset;
	u32 size;
	u32 filled;
	u32 taken;
	u8 octets[] __counted_by(size);
};

/**
 * struct rsp_pass - one pass over what the transport holds
 * @flow: whose
 * @frames: of it
 * @to: where the program's octets go, NULL: nowhere
 * @want: octets that still fit there
 * @given: octets that were put there
 * @passed: octets of the program that were taken off the transport
 * @avail: octets that the transport holds yet
 * @skb: the packet that the transport gives
 * @offset: of the next octet in it
 * @end: where the piece ends in which that lies
 * @next: number of the fragment behind the piece
 * @octets: the next octet, NULL: not to be reached by an address
 * @stage: octets that may be staged, if they cannot be given
 * @missing: octets that could not be given for want of the program's page
 * @ppid: the message's
 * @peek: stage what could be given
 * @ready: a call would have something to take
 * @copied: the message was given, and is yet to be taken off
 * @whole: a message was given to its end
 * @stop: nothing more can be done in this pass
 * @err: why, negative errno
 *
 * Who runs one sets @to, @want, @stage and @peek.
 */
struct rsp_pass {
	const struct rsp_flow *flow;
	struct rsp_frames *frames;
	struct iov_iter *to;
	size_t want;
	size_t given;
	size_t passed;
	size_t avail;
	const struct sk_buff *skb;
	unsigned int offset;
	unsigned int end;
	unsigned int next;
	const u8 *octets;
	size_t stage;
	size_t missing;
	u32 ppid;
	bool peek;
	bool ready;
	bool copied;
	bool whole;
	bool stop;
	int err;
};

/*
 * Does the transport hold nothing?  Who has its lock wakes us for what comes
 * until he gives it back.
 */
static inline bool rsp_pass_dry(const struct rsp_flow *flow)
{
	const struct tcp_sock *tp = tcp_sk(flow->sock->sk);

	return READ_ONCE(tp->rcv_nxt) == READ_ONCE(tp->copied_seq) &&
	       !(rsp_flow_secure(flow) && rsp_secure_ready(flow));
}

void rsp_pass_run(struct rsp_flow *flow, struct rsp_pass *pass);
bool rsp_pass_end_follows(struct rsp_flow *flow);

#endif /* _RSERPOOL_FRAME_PASS_H */
