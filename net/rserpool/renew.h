/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_RENEW_H
#define _RSERPOOL_RENEW_H

#include "session.h"

/* Is another flow to take the place of the one that serves? The socket lock. */
static inline bool rsp_session_renews(const struct rsp_session *ssn)
{
	const struct rsp_flow *flow = ssn->flow;

	if (ssn->state.now != RSP_SESSION_READY || ssn->accepted ||
	    ssn->generation != ssn->resumed ||
	    !test_bit(RSP_FLOW_WORN, &flow->flags))
		return false;
	return test_bit(RSP_FLOW_TURNED, &flow->flags) ||
	       (!ssn->sk.sk_shutdown &&
		!test_bit(RSP_FLOW_ENDED, &flow->flags));
}

/* Is the session's end, which the element is about to send, the flow's alone? */
static inline bool rsp_session_turned(const struct rsp_session *ssn)
{
	return rsp_session_renews(ssn) &&
	       test_bit(RSP_FLOW_TURNED, &ssn->flow->flags);
}

void rsp_renew_step(struct rsp_session *ssn);
bool rsp_renew_over(struct rsp_session *ssn);
bool rsp_renew_stop(struct rsp_session *ssn);

#endif /* _RSERPOOL_RENEW_H */
