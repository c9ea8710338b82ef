/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_FAILOVER_H
#define _RSERPOOL_FAILOVER_H

#include <linux/rserpool.h>

struct list_head;
struct rsp_session;

void rsp_session_fail(struct rsp_session *ssn, enum rsp_failure failure);
void rsp_session_failover(struct rsp_session *ssn);
void rsp_session_end(struct rsp_session *ssn, int err);
void rsp_session_disconnect(struct rsp_session *ssn);
void rsp_session_shut(struct rsp_session *ssn, struct list_head *flows);

#endif /* _RSERPOOL_FAILOVER_H */
