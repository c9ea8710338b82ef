/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_FLOW_SECURE_H
#define _RSERPOOL_FLOW_SECURE_H

#include <linux/rserpool.h>
#include <net/tcp.h>

#include "flow.h"

/* It has TLS, or is to have it. */
static inline bool rsp_flow_secure(const struct rsp_flow *flow)
{
	return flow->handshake;
}

/* What the session may use it for now: not before TLS is agreed. */
static inline bool rsp_flow_usable(const struct rsp_flow *flow)
{
	return !rsp_flow_secure(flow) ||
	       test_bit(RSP_FLOW_SECURED, &flow->flags);
}

void rsp_secure_wear(struct rsp_flow *flow);

/* Records may have gone over a flow, which is pinned or the session's. */
static inline void rsp_secure_spend(struct rsp_flow *flow)
{
	u8 calls = READ_ONCE(flow->calls) + 1;

	WRITE_ONCE(flow->calls, calls);
	if (unlikely(!(calls & flow->calls_mask)))
		rsp_secure_wear(flow);
}

/* Nothing of what may come is the program's. */
static inline bool rsp_secure_closed(const struct rsp_flow *flow)
{
	return test_bit(RSP_FLOW_CLOSED, &flow->flags) ||
	       READ_ONCE(flow->fault);
}

extern const struct rsp_flow_ops rsp_secure_ops;

bool rsp_secure_strong(const struct socket *sock);
void rsp_secure_refuse(struct socket *sock);
bool rsp_secure_revoked(const struct rsp_flow *flow);
u16 rsp_secure_cipher(const struct rsp_flow *flow);
enum rsp_failure rsp_secure_failure(struct rsp_flow *flow, int err);
bool rsp_secure_ready(const struct rsp_flow *flow);
int rsp_secure_receive(struct rsp_flow *flow, struct msghdr *msg, int flags);
bool rsp_secure_told(struct rsp_flow *flow, int err, int *turns);
bool rsp_secure_look(struct rsp_flow *flow);
int rsp_secure_control(struct rsp_flow *flow);
int rsp_secure_read_sock(struct rsp_flow *flow, read_descriptor_t *desc,
			 sk_read_actor_t actor);
int rsp_secure_discard(struct rsp_flow *flow, size_t size);
void rsp_secure_drain(struct rsp_flow *flow);
ssize_t rsp_secure_peek(struct rsp_flow *flow, u8 **octets);
void rsp_secure_hold(struct rsp_flow *flow, bool hold);
void rsp_secure_finish(struct rsp_flow *flow);
void rsp_secure_direct(struct rsp_flow *flow);

#endif /* _RSERPOOL_FLOW_SECURE_H */
