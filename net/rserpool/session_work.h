/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_SESSION_WORK_H
#define _RSERPOOL_SESSION_WORK_H

struct rsp_session;
struct sock;
struct work_struct;

int rsp_session_work_register(void);
void rsp_session_work_unregister(void);

void rsp_work_queue(struct work_struct *work);
void rsp_session_kick(struct rsp_session *ssn);
bool rsp_sock_own(struct sock *sk);
void rsp_session_work(struct work_struct *work);

#endif /* _RSERPOOL_SESSION_WORK_H */
