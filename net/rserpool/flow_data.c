// SPDX-License-Identifier: GPL-2.0
/* A flow that carries data only (RFC 5354, section 3.5): the transport as it is. */

#include <linux/net.h>
#include <net/tcp.h>

#include "flow.h"
#include "session.h"

static int data_sendmsg(struct rsp_flow *flow, struct msghdr *msg, size_t size,
			long timeo)
{
	struct socket *sock = flow->sock;

	return READ_ONCE(sock->ops)->sendmsg(sock, msg, size);
}

static int data_recvmsg(struct rsp_flow *flow, struct msghdr *msg, size_t size,
			int flags, long timeo)
{
	struct socket *sock = flow->sock;

	return READ_ONCE(sock->ops)->recvmsg(sock, msg, size, flags);
}

static ssize_t data_splice_read(struct rsp_flow *flow, loff_t *ppos,
				struct pipe_inode_info *pipe, size_t len,
				unsigned int flags)
{
	struct socket *sock = flow->sock;

	return READ_ONCE(sock->ops)->splice_read(sock, ppos, pipe, len, flags);
}

static __poll_t data_poll(struct rsp_flow *flow, struct file *file)
{
	struct socket *sock = flow->sock;

	return READ_ONCE(sock->ops)->poll(file, sock, NULL);
}

static bool data_unread(struct rsp_flow *flow)
{
	const struct sock *transport = flow->sock->sk;
	const struct tcp_sock *tp = tcp_sk(transport);
	u32 unread = READ_ONCE(tp->rcv_nxt) - READ_ONCE(tp->copied_seq);

	/* A FIN has a place in the sequence, and none in the data. */
	return unread > sock_flag(transport, SOCK_DONE);
}

static bool data_ended(struct rsp_flow *flow, enum rsp_failure failure)
{
	const struct rsp_session *ssn = flow->ssn;

	return failure == RSP_FAILURE_FIN &&
	       (ssn->sk.sk_shutdown ||
		READ_ONCE(ssn->pool->config.fin) == RSP_FIN_EOF);
}

static int data_shutdown(struct rsp_flow *flow, int how)
{
	struct socket *sock = flow->sock;

	return READ_ONCE(sock->ops)->shutdown(sock, how - 1);
}

static int data_ioctl(struct rsp_flow *flow, unsigned int cmd,
		      unsigned long arg)
{
	struct socket *sock = flow->sock;

	return READ_ONCE(sock->ops)->ioctl(sock, cmd, arg);
}

/* What is done with a transport that carries data only. */
const struct rsp_flow_ops rsp_data_ops = {
	.sendmsg	= data_sendmsg,
	.recvmsg	= data_recvmsg,
	.splice_read	= data_splice_read,
	.poll		= data_poll,
	.unread		= data_unread,
	.ended		= data_ended,
	.shutdown	= data_shutdown,
	.ioctl		= data_ioctl,
};
