/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_CONNECT_H
#define _RSERPOOL_CONNECT_H

#include <linux/rserpool.h>

struct rsp_flow;
struct rsp_pe;
struct rsp_session;

void rsp_search_begin(struct rsp_session *ssn, bool anew);
int rsp_search_skip(struct rsp_session *ssn, u32 id);
int rsp_connect_step(struct rsp_session *ssn, struct rsp_flow *flow,
		     unsigned long until, enum rsp_failure *failure);
void rsp_connect_ended(const struct rsp_session *ssn, const struct rsp_pe *pe,
		       enum rsp_failure failure, int err);
int rsp_search_step(struct rsp_session *ssn);
void rsp_search_end(struct rsp_session *ssn);

int rsp_session_start(struct rsp_session *ssn);
void rsp_session_resolve(struct rsp_session *ssn);
void rsp_session_connect(struct rsp_session *ssn);
void rsp_session_serve(struct rsp_session *ssn);
bool rsp_session_speaks_for_all(const struct rsp_session *ssn,
				enum rsp_failure failure);

#endif /* _RSERPOOL_CONNECT_H */
