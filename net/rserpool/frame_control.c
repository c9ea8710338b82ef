// SPDX-License-Identifier: GPL-2.0
/*
 * Sending what goes beside the program's octets: control messages, and the end of
 * the session in this direction.
 *
 * A control message goes ahead of pending frames, but for the one of which a
 * part has left.
 */

#include <linux/list.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "af_rserpool.h"
#include "flow.h"
#include "flow_secure.h"
#include "frame.h"
#include "frame_send.h"
#include "session.h"

/* Behind what has left in part, and other control. */
static struct list_head *control_place(struct rsp_frames *frames)
{
	struct rsp_frame *before;

	list_for_each_entry(before, &frames->pending, list)
		if (!before->begun && !before->sent && !before->control)
			break;
	return &before->list;
}

/* A FIN follows the last of all, and takes it along. */
static int end_send(struct rsp_flow *flow, struct iov_iter *from)
{
	const bool secure = rsp_flow_secure(flow);
	int err;

	if (secure)
		rsp_secure_hold(flow, true);
	err = rsp_control_send(flow, from, MSG_MORE);
	if (secure && err && err != -EAGAIN)
		rsp_secure_hold(flow, false);
	return err;
}

/**
 * rsp_frames_control() - send a control message
 * @flow: a flow with frames, connected
 * @octets: the message
 * @len: octets of it, RSP_FRAME_PAYLOAD_MAX at most; 0: the session ends in
 *	this direction, and nothing can be sent after it
 * @in_place: behind what is pending, not ahead of it
 *
 * Context: process.
 * Return: 0 when it was sent or is pending; -EAGAIN: too many are; -EPIPE: the
 * session has ended in this direction; -ENOMEM; or the transport's error.
 */
int rsp_frames_control(struct rsp_flow *flow, const void *octets, size_t len,
		       bool in_place)
{
	struct rsp_frame_head head = {
		.ppid = cpu_to_be32(RSP_PPID_ASAP),
		.length = cpu_to_be32(len),
	};
	struct kvec parts[] = {
		{ .iov_base = &head, .iov_len = sizeof(head) },
		{ .iov_base = (void *)octets, .iov_len = len },
	};
	struct rsp_frames *frames = flow->frames;
	struct iov_iter from;
	int err;

	iov_iter_kvec(&from, ITER_SOURCE, parts, ARRAY_SIZE(parts),
		      sizeof(head) + len);
	mutex_lock(&frames->tx_lock);
	err = frames->shut ? -EPIPE : 0;
	/* Who asks for answers, and reads none, gets no more of them. */
	if (len && frames->n_controls_pending >= RSP_CONTROLS_MAX)
		err = err ?: -EAGAIN;
	if (err)
		goto out_unlock;
	if (!list_empty(&frames->pending))
		err = rsp_pending_add(frames, &from, false, true, in_place ?
				      &frames->pending :
				      control_place(frames));
	else if (len)
		err = rsp_control_send(flow, &from, 0);
	else
		err = end_send(flow, &from);
	if (err && err != -EAGAIN)
		goto out_unlock;
	frames->shut = !len;
	err = rsp_pending_send(flow, 0);
	if (err == -EAGAIN)
		err = 0;
out_unlock:
	mutex_unlock(&frames->tx_lock);
	return err;
}

/**
 * rsp_frames_flush() - send what is pending
 * @flow: a flow with frames
 *
 * Context: process.
 */
void rsp_frames_flush(struct rsp_flow *flow)
{
	struct rsp_frames *frames = flow->frames;

	mutex_lock(&frames->tx_lock);
	if (!list_empty(&frames->pending))
		rsp_pending_send(flow, 0);
	mutex_unlock(&frames->tx_lock);
}

/**
 * rsp_frames_settle() - take what is no data of what was received
 * @flow: a flow with frames that is about to be released
 *
 * TCP would reset a peer of whom something is unread, and send nothing more.
 *
 * Context: process.
 */
void rsp_frames_settle(struct rsp_flow *flow)
{
	LIST_HEAD(controls);
	bool ended;

	ended = rsp_frames_controls(flow, &controls);
	rsp_controls_free(&controls);
	if (ended && rsp_flow_secure(flow))
		rsp_secure_control(flow);
}

/**
 * rsp_frames_finish() - end the session in this direction, and wait for nothing
 * @flow: a flow with frames that is about to be released
 *
 * What is pending goes to the transport, room or not: TCP sends it on when the
 * socket is gone. Control that came is no reason not to; data that nobody has
 * read is, as in TCP.
 *
 * Context: process; no call uses the flow.
 */
void rsp_frames_finish(struct rsp_flow *flow)
{
	rsp_transport_unlimit(flow->sock->sk);
	rsp_frames_control(flow, NULL, 0, true);
	rsp_frames_settle(flow);
}

/**
 * rsp_frames_drop_pending() - give up what was not sent
 * @frames: of a flow that nobody uses
 *
 * Context: process.
 */
void rsp_frames_drop_pending(struct rsp_frames *frames)
{
	rsp_frame_list_free(&frames->pending);
}
