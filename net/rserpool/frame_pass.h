/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_FRAME_PASS_H
#define _RSERPOOL_FRAME_PASS_H

#include <linux/list.h>
#include <linux/types.h>

struct iov_iter;
struct rsp_flow;
struct rsp_frames;

/**
 * struct rsp_piece - octets of the program that left the transport
 * @list: place in rsp_frames.staged, or with the call that took them
 * @size: room
 * @filled: octets that came
 * @taken: octets that a call took
 * @octets: they
 */
struct rsp_piece {
	struct list_head list;
	u32 size;
	u32 filled;
	u32 taken;
	u8 octets[] __counted_by(size);
};

/**
 * struct rsp_run - octets of a packet that lie in one piece
 * @begin: where in the packet
 * @end: and where not any more
 * @next: number of the fragment behind them
 * @octets: they, NULL: not to be reached by an address
 */
struct rsp_run {
	unsigned int begin;
	unsigned int end;
	unsigned int next;
	const u8 *octets;
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
 * @run: of the packet that the transport gives, where the pass is
 * @stage: octets that may be staged, if they cannot be given
 * @missing: octets that could not be given for want of the program's page
 * @ppid: the message's
 * @stuck: TCP will not take more octets before some are read
 * @peek: stage what could be given
 * @ready: a call would have something to take
 * @copied: the message was given, and is yet to be taken off
 * @whole: a message was given to its end
 * @trunc: and did not fit
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
	struct rsp_run run;
	size_t stage;
	size_t missing;
	u32 ppid;
	bool stuck;
	bool peek;
	bool ready;
	bool copied;
	bool whole;
	bool trunc;
	bool stop;
	int err;
};

void rsp_pass_run(struct rsp_flow *flow, struct rsp_pass *pass);
bool rsp_pass_end_follows(struct rsp_flow *flow);

#endif /* _RSERPOOL_FRAME_PASS_H */
