/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_FRAME_SEND_H
#define _RSERPOOL_FRAME_SEND_H

#include <linux/types.h>

struct iov_iter;
struct list_head;
struct rsp_flow;
struct rsp_frames;

void rsp_send_tell(struct rsp_flow *flow);
int rsp_send_wait(struct rsp_flow *flow, long *timeo, int *turns);
int rsp_pending_send(struct rsp_flow *flow, int flags);
int rsp_pending_add(struct rsp_frames *frames, struct iov_iter *from,
		    bool begun, bool control, struct list_head *next);
int rsp_control_send(struct rsp_flow *flow, struct iov_iter *from, int flags);

#endif /* _RSERPOOL_FRAME_SEND_H */
