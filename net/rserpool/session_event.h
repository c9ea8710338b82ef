/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_SESSION_EVENT_H
#define _RSERPOOL_SESSION_EVENT_H

#include <linux/rserpool.h>

struct rsp_session;

void rsp_session_event(const struct rsp_session *ssn, enum rsp_event_type type,
		       struct rsp_event *event);
void rsp_session_event_raise(struct rsp_session *ssn, enum rsp_event_type type);

#endif /* _RSERPOOL_SESSION_EVENT_H */
