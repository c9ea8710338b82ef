/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_FRAME_QUICK_H
#define _RSERPOOL_FRAME_QUICK_H

#include <linux/socket.h>

#include "flow.h"
#include "session.h"

void rsp_message_tell_ppid(struct msghdr *msg, u32 ppid);
int rsp_message_quick(struct rsp_flow *flow, struct msghdr *msg, size_t size,
		      int flags);

/* What a call gives of a message that it has taken. */
static __always_inline int rsp_message_tell(const struct rsp_flow *flow,
					    struct msghdr *msg, int flags,
					    u32 ppid, size_t passed,
					    size_t given)
{
	msg->msg_flags |= given < passed ? MSG_EOR | MSG_TRUNC : MSG_EOR;
	if (READ_ONCE(flow->ssn->tell_ppid))
		rsp_message_tell_ppid(msg, ppid);
	return flags & MSG_TRUNC ? passed : given;
}

#endif /* _RSERPOOL_FRAME_QUICK_H */
