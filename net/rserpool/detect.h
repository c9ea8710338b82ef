/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_DETECT_H
#define _RSERPOOL_DETECT_H

struct rsp_flow;
struct rsp_session;
struct timer_list;

unsigned long rsp_session_probation(const struct rsp_session *ssn);
void rsp_session_watch(struct rsp_session *ssn);
void rsp_session_timer(struct timer_list *timer);
void rsp_session_check(struct rsp_session *ssn, struct rsp_flow *flow, int err);

#endif /* _RSERPOOL_DETECT_H */
