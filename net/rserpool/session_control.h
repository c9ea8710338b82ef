/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_SESSION_CONTROL_H
#define _RSERPOOL_SESSION_CONTROL_H

#include <linux/rserpool.h>

struct rsp_control;
struct rsp_flow;
struct rsp_session;

void rsp_session_begin(struct rsp_session *ssn, struct rsp_flow *flow);
enum rsp_failure rsp_session_control(struct rsp_session *ssn,
				     struct rsp_flow *flow,
				     const struct rsp_control *control);
enum rsp_failure rsp_session_controls(struct rsp_session *ssn,
				      struct rsp_flow *flow);

#endif /* _RSERPOOL_SESSION_CONTROL_H */
