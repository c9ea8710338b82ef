/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_SESSION_STATE_H
#define _RSERPOOL_SESSION_STATE_H

#include <linux/rserpool.h>
#include <linux/types.h>

struct net;

/**
 * struct rsp_session_status - what a session does now
 * @now: enum rsp_session_state; written by rsp_session_state_set() alone,
 *	under the session's socket lock; read locklessly
 * @id: of the session, 0 before connect(); for the trace; fixed
 */
struct rsp_session_status {
	u8 now;
	u32 id;
};

bool rsp_session_state_allowed(u8 from, u8 to);
void rsp_session_state_set(struct rsp_session_status *state, struct net *net,
			   u8 to);

#endif /* _RSERPOOL_SESSION_STATE_H */
