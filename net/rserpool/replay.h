/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_REPLAY_H
#define _RSERPOOL_REPLAY_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct rsp_flow;
struct rsp_net;
struct rsp_session;
struct rsp_tlv_checkpoint;

/**
 * struct rsp_replay - what a session keeps, to send it again to the next element
 * @lock: all of it; inside the lock of a flow's frames, outside nothing
 * @rn: the namespace, which counts what all sessions keep; fixed
 * @flow: the one that serves, or served last; NULL: none did
 * @kept: frames of the messages that no checkpoint covers, oldest first
 * @frag: pages for frames to be kept, while no call makes any
 * @octets: of memory that @kept takes; read locklessly
 * @max: octets of memory that it may take, 0: nothing is kept; read locklessly
 * @sent: messages that the program sent in the session
 * @received: messages that elements gave it, up to when @flow began
 * @read: the last checkpoint: messages that the element had read
 * @written: and had written
 * @sent_before: messages that @flow's element need not be told of: number of the
 *	message before the first that it got
 * @received_before: likewise of those that it need not send
 * @cookies: a checkpoint came
 * @full: a message found no room, and no checkpoint made any since
 * @rcu: frees it
 */
struct rsp_replay {
	struct mutex lock; /* see above */
	struct rsp_net *rn;
	const struct rsp_flow *flow;
	struct list_head kept;
	struct page_frag frag;
	u64 octets;
	u64 max;
	u64 sent;
	u64 received;
	u64 read;
	u64 written;
	u64 sent_before;
	u64 received_before;
	bool cookies;
	bool full;
	struct rcu_head rcu;
};

int rsp_replay_set(struct rsp_session *ssn, u32 max);
void rsp_replay_reset(struct rsp_replay *replay);
void rsp_replay_free(struct rsp_session *ssn);
bool rsp_replay_writable(struct rsp_replay *replay);
void rsp_replay_frag_take(struct rsp_replay *replay, struct page_frag *frag);
void rsp_replay_frag_give(struct rsp_replay *replay, struct page_frag *frag);
int rsp_replay_keep(const struct rsp_flow *flow, struct list_head *message);
int rsp_replay_begin(struct rsp_session *ssn, struct rsp_flow *flow);
void rsp_replay_leave(struct rsp_session *ssn, struct rsp_flow *flow);
bool rsp_replay_checkpoint(struct rsp_session *ssn, struct rsp_flow *flow,
			   const struct rsp_tlv_checkpoint *checkpoint);

#endif /* _RSERPOOL_REPLAY_H */
