/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_SESSION_SECURE_H
#define _RSERPOOL_SESSION_SECURE_H

#include <linux/rserpool.h>

struct rsp_flow;
struct rsp_handshake;
struct rsp_handle;
struct rsp_identity;
struct rsp_session;

int rsp_session_secure(struct rsp_session *ssn, struct rsp_flow *flow,
		       enum rsp_failure *failure);
bool rsp_peer_is_meant(struct rsp_handshake *handshake,
		       const struct rsp_handle *handle, u32 pe_id,
		       struct rsp_identity *identity);
int rsp_session_peer_subject(const struct rsp_session *ssn, u8 **subject);

#endif /* _RSERPOOL_SESSION_SECURE_H */
