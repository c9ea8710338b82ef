/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_FLOW_H
#define _RSERPOOL_FLOW_H

#include <linux/list.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rserpool.h>
#include <linux/wait.h>

struct rsp_pe;
struct rsp_session;
struct rsp_transport;

/* Bits of rsp_flow.flags */
enum rsp_flow_flag {
	RSP_FLOW_CONNECTED,	/* the handshake of TCP is done */
	RSP_FLOW_SUSPECT,	/* its transport changed: someone must look */
	RSP_FLOW_ENDED,		/* the element ended it, and that is no failure */
	RSP_FLOW_PROVEN,	/* its element has served for a while */
	RSP_FLOW_APART,		/* the program took the session apart */
	RSP_FLOW_LATE,		/* its last use is to reset the transport */
	RSP_FLOW_ATTACHED,	/* @wait is on the transport's queue */
};

/**
 * struct rsp_flow - one transport connection of a session to an element
 * @sock: the transport; fixed, released with the last of @users
 * @flags: enum rsp_flow_flag; atomic bits
 * @users: one for the session, one a call that is inside the transport
 * @armed: low 32 bits of the jiffies at which rsp_session.timer last began to
 *	watch this flow; written by senders, any of them will do
 * @ssn: its session; fixed; valid while the session's own use lasts, and
 *	while @wait is queued
 * @pe: the element; holds a reference; fixed
 * @transport: which of the element's transport addresses; fixed
 * @wait: hears what the transport tells its waiters
 * @draining: place in rsp_session.draining; the session's socket lock
 * @born: low 32 bits of the jiffies at which the session turned to the element;
 *	fixed
 * @err: the last error that the transport told of, negative; 0: none
 * @rcu: frees it
 */
struct rsp_flow {
	struct socket *sock;
	unsigned long flags;
	refcount_t users;
	u32 armed;
	struct rsp_session *ssn;
	struct rsp_pe *pe;
	const struct rsp_transport *transport;
	struct wait_queue_entry wait;
	struct list_head draining;
	u32 born;
	int err;
	struct rcu_head rcu;
};

struct rsp_flow *rsp_flow_open(struct rsp_session *ssn, struct rsp_pe *pe,
			       const struct rsp_transport *transport);
int rsp_flow_connect(struct rsp_flow *flow);
bool rsp_flow_connected(struct rsp_flow *flow);
void rsp_flow_suspect(struct rsp_flow *flow);
enum rsp_failure rsp_flow_failure(struct rsp_flow *flow, int err);
enum rsp_failure rsp_failure_of(int err);
bool rsp_flow_over(const struct rsp_flow *flow);
bool rsp_flow_unread(const struct rsp_flow *flow);
bool rsp_flow_outstanding(const struct rsp_flow *flow);
unsigned long rsp_flow_silence(const struct rsp_flow *flow);
void rsp_flow_probe(struct rsp_flow *flow, unsigned long within);
void rsp_flow_keepalive(struct rsp_flow *flow);
void rsp_flow_abort(struct rsp_flow *flow);
void rsp_flow_names(const struct rsp_flow *flow,
		    struct __kernel_sockaddr_storage *local,
		    struct __kernel_sockaddr_storage *peer);
void rsp_flow_detach(struct rsp_flow *flow);
void rsp_flow_end(struct rsp_flow *flow);
void rsp_flow_release(struct rsp_flow *flow);

/* Give back what rsp_session_pin() gave. May sleep. */
static inline void rsp_flow_unpin(struct rsp_flow *flow)
{
	if (refcount_dec_and_test(&flow->users))
		rsp_flow_release(flow);
}

#endif /* _RSERPOOL_FLOW_H */
