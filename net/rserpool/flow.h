/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_FLOW_H
#define _RSERPOOL_FLOW_H

#include <linux/list.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rserpool.h>
#include <linux/wait.h>

#include "key.h"

struct file;
struct pipe_inode_info;
struct rsp_flow;
struct rsp_frames;
struct rsp_handshake;
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
	RSP_FLOW_GREETED,	/* no business card is waited for */
	RSP_FLOW_BEGUN,		/* the session's cookie went to its element */
	RSP_FLOW_COUNTED,	/* it is one of rsp_pe.sessions */
	RSP_FLOW_SECURING,	/* the agent was asked for TLS */
	RSP_FLOW_SECURED,	/* TLS was agreed with who was meant */
	RSP_FLOW_TALKED,	/* TLS: octets of the program came */
	RSP_FLOW_CLOSED,	/* TLS: close_notify came, which is the last */
	RSP_FLOW_HALF,		/* TLS: FIN came, perhaps close_notify before it */
	RSP_FLOW_FORGED,	/* TLS: a record was counted as forged */
	RSP_FLOW_ALARMED,	/* TLS: an error was told while records were opened */
	RSP_FLOW_TX_WANTED,	/* who polls or sends waits for what goes before */
	RSP_FLOW_STANDBY,	/* it is no business of the program's yet */
	RSP_FLOW_TOLD,		/* the program was told who the peer is */
	RSP_FLOW_WORN,		/* TLS: another one is to take its place */
	RSP_FLOW_SPENT,		/* TLS: its key has protected all that it may */
	RSP_FLOW_TURNED,	/* its end was sent, and that is not the session's */
	RSP_FLOW_RENEWED,	/* it took the place of one that was worn */
};

/**
 * struct rsp_flow_ops - what is done otherwise with control beside the data
 * @sendmsg: as that of proto_ops; waits for @timeo jiffies at most, which the
 *	transport was told if they are other than the session's
 * @recvmsg: likewise
 * @splice_read: likewise; NULL: it copies
 * @poll: a poll mask; the transport's own word on errors
 * @unread: are there octets for the program that nobody has received?
 * @ended: the transport came to an end: did the element end the session?
 * @shutdown: SEND_SHUTDOWN, RCV_SHUTDOWN or both, as of sock_shutdown_cmd()
 * @ioctl: SIOCINQ, SIOCATMARK, SIOCOUTQ, SIOCOUTQNSD
 *
 * Context: process, with the flow pinned, or under the session's socket lock.
 */
struct rsp_flow_ops {
	int (*sendmsg)(struct rsp_flow *flow, struct msghdr *msg, size_t size,
		       long timeo);
	int (*recvmsg)(struct rsp_flow *flow, struct msghdr *msg, size_t size,
		       int flags, long timeo);
	ssize_t (*splice_read)(struct rsp_flow *flow, loff_t *ppos,
			       struct pipe_inode_info *pipe, size_t len,
			       unsigned int flags);
	__poll_t (*poll)(struct rsp_flow *flow, struct file *file);
	bool (*unread)(struct rsp_flow *flow);
	bool (*ended)(struct rsp_flow *flow, enum rsp_failure failure);
	int (*shutdown)(struct rsp_flow *flow, int how);
	int (*ioctl)(struct rsp_flow *flow, unsigned int cmd,
		     unsigned long arg);
};

/**
 * struct rsp_flow - one transport connection of a session to an element
 * @ops: by the kind of flow; fixed
 * @frames: of a flow that carries control beside data, else NULL; fixed
 * @handshake: of a flow with TLS, else NULL; it has the transport; fixed
 * @sock: the transport; fixed, released with the last of @users
 * @flags: enum rsp_flow_flag; atomic bits
 * @users: one for the session, one a call that is inside the transport
 * @armed: low 32 bits of the jiffies at which rsp_session.timer last began to
 *	watch this flow; written by senders, any of them will do
 * @ssn: its session; fixed; valid while the session's own use lasts, and
 *	while @wait is queued
 * @pe: the element; holds a reference; fixed
 * @transport: which of the element's transport addresses; fixed; NULL of a
 *	connection that came
 * @wait: hears what the transport tells its waiters
 * @draining: place in rsp_session.draining; the session's socket lock
 * @born: low 32 bits of the jiffies at which the session turned to the element
 * @identity: TLS: for whom the key is that the peer has shown; fixed before it is
 *	used
 * @auth: enum rsp_auth; fixed
 * @fault: TLS: enum rsp_failure: what came must not have come
 * @calls: TLS: calls that may have made or opened records; which of two at a time
 *	counts does not matter
 * @calls_mask: TLS: those are looked at where these bits of @calls are zero; fixed
 * @records_max: TLS: records that it carries at most each way; fixed
 * @err: the last error that the transport told of, negative; 0: none
 * @rcu: frees it, when no list has it
 */
struct rsp_flow {
	const struct rsp_flow_ops *ops;
	struct rsp_frames *frames;
	struct rsp_handshake *handshake;
	struct socket *sock;
	unsigned long flags;
	refcount_t users;
	u32 armed;
	struct rsp_session *ssn;
	struct rsp_pe *pe;
	const struct rsp_transport *transport;
	struct wait_queue_entry wait;
	u32 born;
	int err;
	struct rsp_identity identity;
	u8 auth;
	u8 fault;
	u8 calls;
	u8 calls_mask;
	u32 records_max;
	union {
		struct list_head draining;
		struct rcu_head rcu;
	};
};

extern const struct rsp_flow_ops rsp_data_ops;
extern const struct rsp_flow_ops rsp_framed_ops;

struct rsp_flow *rsp_flow_open(struct rsp_session *ssn, struct rsp_pe *pe,
			       const struct rsp_transport *transport);
struct rsp_flow *rsp_flow_adopt(struct rsp_session *ssn, struct rsp_pe *pe,
				struct socket *sock,
				struct rsp_handshake *handshake);
void rsp_transport_configure(struct rsp_session *ssn, struct socket *sock);
int rsp_flow_connect(struct rsp_flow *flow);
bool rsp_flow_connected(struct rsp_flow *flow);
void rsp_flow_promote(struct rsp_flow *flow);
void rsp_flow_suspect(struct rsp_flow *flow);
void rsp_flow_accuse(struct rsp_flow *flow);
enum rsp_failure rsp_flow_failure(struct rsp_flow *flow, int err);
enum rsp_failure rsp_failure_of(int err);
bool rsp_flow_over(const struct rsp_flow *flow);
bool rsp_flow_outstanding(const struct rsp_flow *flow);
unsigned long rsp_flow_silence(const struct rsp_flow *flow);
void rsp_flow_probe(struct rsp_flow *flow, unsigned long within);
void rsp_flow_keepalive(struct rsp_flow *flow);
void rsp_flow_abort(struct rsp_flow *flow);
int rsp_flow_wait(struct rsp_flow *flow, bool (*until)(struct rsp_flow *flow),
		  long *timeo);
void rsp_flow_names(const struct rsp_flow *flow,
		    struct __kernel_sockaddr_storage *local,
		    struct __kernel_sockaddr_storage *peer);
void rsp_flow_octets(const struct rsp_flow *flow, u64 *sent, u64 *received);
bool rsp_flow_rest(struct rsp_flow *flow);
void rsp_flow_detach(struct rsp_flow *flow);
void rsp_flow_calm(struct rsp_flow *flow);
void rsp_flow_finish(struct rsp_flow *flow);
void rsp_flow_end(struct rsp_flow *flow);
void rsp_flow_release(struct rsp_flow *flow);

/* Are there octets for the program that nobody has received? */
static inline bool rsp_flow_unread(struct rsp_flow *flow)
{
	return flow->ops->unread(flow);
}

/* Give back what rsp_session_pin() gave. May sleep. */
static inline void rsp_flow_unpin(struct rsp_flow *flow)
{
	if (refcount_dec_and_test(&flow->users))
		rsp_flow_release(flow);
}

#endif /* _RSERPOOL_FLOW_H */
