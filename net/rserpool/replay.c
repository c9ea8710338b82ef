// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoint and replay: a session that moves as if nothing had happened.
 *
 * A service whose answers follow from its state and the requests sets its state
 * as the cookie of the session.  The cookie says how many messages the service
 * had read and written by then: the checkpoint.  What the user sent after it is
 * kept.  The next element gets the cookie, then what was kept; of what it then
 * sends, the program has had as many messages as the old element sent after the
 * checkpoint, and those are dropped.
 *
 * Numbers are the session's, from 1.  An element counts from when its part of
 * the session began; @sent_before and @received_before are what it does not know
 * of.
 *
 * A message is kept, and queued to the flow, under both locks, if the flow is
 * the one that serves; and what was kept is queued to the next flow under both
 * as well.  So each message goes to each flow once, whoever comes first.
 *
 * What a session keeps has the session's limit, and what all sessions of a scope
 * keep has the scope's.
 */

#include <linux/slab.h>

#include "flow.h"
#include "frame.h"
#include "mib.h"
#include "net_ns.h"
#include "replay.h"
#include "session.h"
#include "session_work.h"
#include "tlv.h"

static void octets_count(struct rsp_replay *replay, s64 octets)
{
	WRITE_ONCE(replay->octets, replay->octets + octets);
	atomic64_add(octets, &replay->rn->replay_octets);
}

static void kept_free(struct rsp_replay *replay)
{
	rsp_frame_list_free(&replay->kept);
	octets_count(replay, -(s64)replay->octets);
}

/**
 * rsp_replay_set() - keep what is sent, or stop to
 * @ssn: a session without an element yet
 * @max: octets of memory that what is kept may take; 0: nothing is
 *
 * Context: process; the session's socket lock.
 * Return: 0 or -ENOMEM.
 */
int rsp_replay_set(struct rsp_session *ssn, u32 max)
{
	struct rsp_replay *replay;

	if (ssn->replay) {
		WRITE_ONCE(ssn->replay->max, max);
		return 0;
	}
	replay = kzalloc_obj(*replay, GFP_KERNEL_ACCOUNT);
	if (!replay)
		return -ENOMEM;
	mutex_init(&replay->lock);
	replay->rn = rsp_net(sock_net(&ssn->sk));
	INIT_LIST_HEAD(&replay->kept);
	replay->max = max;
	/* A call that is ending may look at it. */
	smp_store_release(&ssn->replay, replay);
	return 0;
}

/**
 * rsp_replay_reset() - the session is taken apart
 * @replay: of it
 *
 * Context: process.
 */
void rsp_replay_reset(struct rsp_replay *replay)
{
	mutex_lock(&replay->lock);
	replay->flow = NULL;
	kept_free(replay);
	replay->full = false;
	replay->sent = 0;
	replay->received = 0;
	replay->read = 0;
	replay->written = 0;
	replay->cookies = false;
	mutex_unlock(&replay->lock);
}

/**
 * rsp_replay_free() - forget what was kept
 * @ssn: a session that no call uses
 *
 * Context: process. Who tells of sessions may look at it for a grace period yet.
 */
void rsp_replay_free(struct rsp_session *ssn)
{
	struct rsp_replay *replay = ssn->replay;

	if (!replay)
		return;
	WRITE_ONCE(ssn->replay, NULL);
	kept_free(replay);
	rsp_frag_put(&replay->frag);
	kfree_rcu(replay, rcu);
}

/**
 * rsp_replay_writable() - is there room for a message?
 * @replay: of the session
 *
 * Context: any.
 * Return: true when the session's limit leaves some, for a small one. Whose
 * turn it is when the scope's is used up nobody can tell.
 */
bool rsp_replay_writable(struct rsp_replay *replay)
{
	return READ_ONCE(replay->octets) < READ_ONCE(replay->max);
}

/* It is told once, until a checkpoint makes room. */
static void overflow(struct rsp_session *ssn, enum rsp_mib_field field)
{
	struct rsp_replay *replay = ssn->replay;

	if (replay->full)
		return;
	replay->full = true;
	RSP_INC_STATS(sock_net(&ssn->sk), field);
	set_bit(RSP_SESSION_OVERFLOW, &ssn->flags);
	rsp_session_kick(ssn);
}

/* Is there room, or when? The lock. */
static int room(struct rsp_session *ssn)
{
	struct rsp_replay *replay = ssn->replay;
	const struct rsp_net *rn = replay->rn;

	if (!rsp_replay_writable(replay)) {
		overflow(ssn, RSP_MIB_REPLAY_FULL);
		return replay->cookies ? -EAGAIN : -ENOBUFS;
	}
	if (atomic64_read(&rn->replay_octets) >= READ_ONCE(rn->replay_max)) {
		overflow(ssn, RSP_MIB_REPLAY_LIMITED);
		return -ENOBUFS;
	}
	return 0;
}

/**
 * rsp_replay_frag_take() - get pages for a message that will be kept
 * @replay: of the session
 * @frag: to be filled: messages are kept one behind the other, and let go of in
 *	the same order, so little else keeps their pages
 *
 * A message is made with no lock held, so they are one call's until
 * rsp_replay_frag_give().
 *
 * Context: process.
 */
void rsp_replay_frag_take(struct rsp_replay *replay, struct page_frag *frag)
{
	mutex_lock(&replay->lock);
	*frag = replay->frag;
	replay->frag = (struct page_frag){};
	mutex_unlock(&replay->lock);
}

/**
 * rsp_replay_frag_give() - give back what is left of the pages
 * @replay: of the session
 * @frag: of rsp_replay_frag_take()
 *
 * Context: process.
 */
void rsp_replay_frag_give(struct rsp_replay *replay, struct page_frag *frag)
{
	mutex_lock(&replay->lock);
	swap(replay->frag, *frag);
	mutex_unlock(&replay->lock);
	rsp_frag_put(frag);
}

/**
 * rsp_replay_keep() - keep a message that is about to be sent
 * @flow: where it is to be sent, of a session that replays; its tx_lock is held
 * @message: its frames, on the heap; copies of them are kept
 *
 * A message that finds room left may go beyond it: it need not fit.
 *
 * Context: process.
 * Return: 0; -EAGAIN: there is no room until a checkpoint comes; -ENOBUFS: and
 * none ever came, or the scope's limit is used up; -ESTALE: the session has left
 * the flow; -ENOMEM.
 */
int rsp_replay_keep(const struct rsp_flow *flow, struct list_head *message)
{
	struct rsp_replay *replay = flow->ssn->replay;
	struct rsp_frame *frame, *copy;
	LIST_HEAD(copies);
	u64 octets = 0;
	int err;

	mutex_lock(&replay->lock);
	err = -ESTALE;
	if (replay->flow != flow)
		goto out_unlock;
	err = room(flow->ssn);
	if (err)
		goto out_unlock;
	list_for_each_entry(frame, message, list) {
		copy = rsp_frame_dup(frame);
		if (!copy) {
			rsp_frame_list_free(&copies);
			err = -ENOMEM;
			goto out_unlock;
		}
		copy->message = replay->sent + 1;
		octets += rsp_frame_memory(copy);
		list_add_tail(&copy->list, &copies);
	}
	list_splice_tail(&copies, &replay->kept);
	replay->sent++;
	octets_count(replay, octets);
	err = 0;
out_unlock:
	mutex_unlock(&replay->lock);
	return err;
}

/**
 * rsp_replay_begin() - a flow serves from now on: send it what was kept
 * @ssn: the session
 * @flow: no call uses it yet
 *
 * Context: process; the session's socket lock.
 * Return: 0 or -ENOMEM.
 */
int rsp_replay_begin(struct rsp_session *ssn, struct rsp_flow *flow)
{
	struct rsp_replay *replay = ssn->replay;
	struct rsp_frames *frames = flow->frames;
	struct rsp_frame *frame, *copy;
	LIST_HEAD(copies);
	int err = 0;

	mutex_lock(&frames->tx_lock);
	mutex_lock(&replay->lock);
	list_for_each_entry(frame, &replay->kept, list) {
		copy = rsp_frame_dup(frame);
		if (!copy) {
			rsp_frame_list_free(&copies);
			err = -ENOMEM;
			goto out_unlock;
		}
		list_add_tail(&copy->list, &copies);
	}
	replay->flow = flow;
	replay->sent_before = replay->read;
	replay->received_before = replay->written;
	/* The flow is not shown to receives yet. */
	frames->skip = replay->received - replay->written;
	rsp_frames_queue(frames, &copies);
out_unlock:
	mutex_unlock(&replay->lock);
	mutex_unlock(&frames->tx_lock);
	return err;
}

/**
 * rsp_replay_leave() - take no more messages from an element
 * @ssn: the session
 * @flow: that served it
 *
 * What is unread of it the next element sends again.
 *
 * Context: process; the session's socket lock.
 */
void rsp_replay_leave(struct rsp_session *ssn, struct rsp_flow *flow)
{
	struct rsp_replay *replay = ssn->replay;
	struct rsp_frames *frames = flow->frames;
	u64 received;

	mutex_lock(&frames->rx_lock);
	WRITE_ONCE(frames->stopped, true);
	received = frames->received;
	mutex_unlock(&frames->rx_lock);

	mutex_lock(&replay->lock);
	if (replay->flow == flow)
		replay->received = max(replay->received,
				       replay->received_before + received);
	mutex_unlock(&replay->lock);
}

/**
 * rsp_replay_checkpoint() - the element's state covers some messages
 * @ssn: the session
 * @flow: that serves it
 * @checkpoint: what the element had read and written
 *
 * Context: process; the session's socket lock.
 * Return: false: it cannot be, and was ignored.
 */
bool rsp_replay_checkpoint(struct rsp_session *ssn, struct rsp_flow *flow,
			   const struct rsp_tlv_checkpoint *checkpoint)
{
	struct rsp_replay *replay = ssn->replay;
	struct rsp_frame *frame, *next;
	bool taken = false;
	u64 read, written;

	mutex_lock(&replay->lock);
	if (replay->flow != flow ||
	    checkpoint->read > replay->sent - replay->sent_before ||
	    checkpoint->written > READ_ONCE(flow->frames->received))
		goto out_unlock;
	read = replay->sent_before + checkpoint->read;
	written = replay->received_before + checkpoint->written;
	if (read < replay->read || written < replay->written)
		goto out_unlock;
	replay->read = read;
	replay->written = written;
	replay->cookies = true;
	taken = true;
	list_for_each_entry_safe(frame, next, &replay->kept, list) {
		if (frame->message > read)
			break;
		octets_count(replay, -(s64)rsp_frame_memory(frame));
		replay->full = false;
		rsp_frame_free(frame);
	}
out_unlock:
	mutex_unlock(&replay->lock);
	return taken;
}
