/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_SESSION_COOKIE_H
#define _RSERPOOL_SESSION_COOKIE_H

#include <linux/types.h>

struct rsp_asap_message;
struct rsp_flow;
struct rsp_net;
struct rsp_octets;
struct rsp_session;

void rsp_session_cookie_take(struct rsp_session *ssn, struct rsp_flow *flow,
			     const struct rsp_asap_message *msg);
int rsp_session_echo_take(struct rsp_session *ssn,
			  const struct rsp_octets *octets);
int rsp_session_cookie_set(struct rsp_session *ssn, const void *octets,
			   u32 len);
void rsp_session_cookies_drop(struct rsp_session *ssn);
int rsp_session_echo_send(struct rsp_session *ssn, struct rsp_flow *flow);
int rsp_session_cookie_wait(struct rsp_session *ssn, long *timeo);
void rsp_session_cookie_renew(struct rsp_session *ssn, struct rsp_flow *flow);

void rsp_cookies_init(struct rsp_net *rn);
void rsp_cookies_renew(struct rsp_net *rn);

#endif /* _RSERPOOL_SESSION_COOKIE_H */
