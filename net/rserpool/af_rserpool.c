// SPDX-License-Identifier: GPL-2.0
/*
 * The address family AF_RSERPOOL and its proto_ops.
 *
 * Objects
 *
 * A session (session.h) is the socket that a program has.  A flow (flow.h) is
 * one TCP connection of it to one pool element.  Pools and elements
 * (handlespace.h) belong to the network namespace and know no session.
 *
 *	program -> session -> flow -> TCP socket
 *	              |         |
 *	            pool     element
 *
 * Each arrow is a reference.  A session has one flow that connects or serves,
 * and may have flows of failed elements whose octets are not all read yet, and
 * one that stands by.
 *
 * States
 *
 *	INIT -> [RESOLVE ->] CONNECT -> [SECURE ->] READY <-> FAILOVER
 *
 * and from each to CLOSED; a connect() that fails leads back to INIT, and so
 * does connect() to AF_UNSPEC, from each.  In READY
 * the program may have to agree to the element first (RSP_RESUME), which
 * rsp_session.resumed tells from rsp_session.generation.
 *
 * Locks, the outer first
 *
 *	lock_sock(session)		all of a session but what says otherwise
 *	rsp_handlespace.lock		changes of pools and elements
 *	lock_sock(transport)		TCP's own
 *	wait queue of a transport	wake-ups of a flow
 *	wait queue of a session		wake-ups of a program
 *
 * A session's lock and its transport's are never taken the other way round:
 * what TCP tells reaches the session as bits and a queued work item.  Sends
 * and receives take no lock of the session: they pin a flow that rsp_session.tx
 * or .rx shows, and call its transport; when there is none, or the transport
 * fails, they take the lock and ask.
 *
 * Ends
 *
 * rsp_release() runs when the last file is gone, so no call is inside.  It
 * says in rsp_session_close() why nothing can run after it.
 */

#include <linux/module.h>
#include <linux/net.h>
#include <linux/rserpool.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include <asm/ioctls.h>

#include "af_rserpool.h"
#include "connect.h"
#include "endpoint.h"
#include "endpoint_accept.h"
#include "failover.h"
#include "flow.h"
#include "net_ns.h"
#include "rdm.h"
#include "renew.h"
#include "session.h"
#include "session_control.h"
#include "session_work.h"

/**
 * rsp_release() - the last file of a socket is gone
 * @sock: the socket
 *
 * Context: process.
 * Return: 0.
 */
int rsp_release(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (!sk)
		return 0;
	atomic_dec(&rsp_net(sock_net(sk))->sockets_inuse);
	sock->sk = NULL;
	rsp_session_close(rsp_session(sk));
	return 0;
}

/**
 * rsp_address_parse() - read an address that a program gave
 * @uaddr: the address, in the kernel's memory
 * @len: octets of it
 * @handle: becomes the pool's handle
 * @pe_id: becomes the PE identifier, 0: any
 * @port: becomes the port
 *
 * Context: any.
 * Return: 0, -EAFNOSUPPORT or -EINVAL.
 */
int rsp_address_parse(const struct sockaddr *uaddr, int len,
		      struct rsp_handle *handle, u32 *pe_id, __be16 *port)
{
	const struct sockaddr_rserpool *addr = (const void *)uaddr;
	const int head = offsetof(struct sockaddr_rserpool, srp_handle);

	if (len < (int)sizeof(addr->srp_family))
		return -EINVAL;
	if (addr->srp_family != AF_RSERPOOL)
		return -EAFNOSUPPORT;
	if (len <= head || len > (int)sizeof(*addr) ||
	    !addr->srp_handle_len || addr->srp_handle_len > RSP_HANDLE_MAX ||
	    addr->srp_handle_len > len - head ||
	    memchr_inv(addr->srp_reserved, 0, sizeof(addr->srp_reserved)))
		return -EINVAL;

	memset(handle, 0, sizeof(*handle));
	handle->len = addr->srp_handle_len;
	memcpy(handle->octets, addr->srp_handle, handle->len);
	*pe_id = addr->srp_pe_id;
	*port = addr->srp_port;
	return 0;
}

static int rsp_bind(struct socket *sock, RSP_SOCKADDR *uaddr, int len)
{
	struct rsp_session *ssn = rsp_session(sock->sk);
	struct rsp_handle handle;
	struct sock *sk = sock->sk;
	__be16 port;
	u32 pe_id;
	int err;

	err = rsp_address_parse((const struct sockaddr *)uaddr, len, &handle,
				&pe_id, &port);
	if (err)
		return err;
	if (!rsp_net_may_listen(sock_net(sk)))
		return -EACCES;
	lock_sock(sk);
	err = -EINVAL;
	if (ssn->state.now == RSP_SESSION_INIT)
		err = rsp_endpoint_bind(ssn, &handle, pe_id, port);
	release_sock(sk);
	return err;
}

static int rsp_listen(struct socket *sock, int backlog)
{
	bool noblock = sock->file && sock->file->f_flags & O_NONBLOCK;
	struct rsp_session *ssn = rsp_session(sock->sk);
	struct sock *sk = sock->sk;
	int err = -EINVAL;

	lock_sock(sk);
	if (ssn->state.now == RSP_SESSION_INIT ||
	    ssn->state.now == RSP_SESSION_LISTEN)
		err = rsp_endpoint_listen(ssn, backlog, noblock);
	release_sock(sk);
	return err;
}

static int rsp_accept(struct socket *sock, struct socket *newsock,
		      struct proto_accept_arg *arg)
{
	return rsp_endpoint_accept(rsp_session(sock->sk), newsock, arg->flags);
}

static int connect_wait(struct rsp_session *ssn, int flags)
{
	long timeo = sock_sndtimeo(&ssn->sk, flags & O_NONBLOCK);
	int err;

	while (ssn->state.now == RSP_SESSION_RESOLVE ||
	       ssn->state.now == RSP_SESSION_CONNECT ||
	       ssn->state.now == RSP_SESSION_SECURE) {
		err = rsp_session_wait(ssn, false, &timeo);
		if (err)
			return err == -EAGAIN ? -EINPROGRESS : err;
	}
	err = sock_error(&ssn->sk);
	/* Another call was told what was wrong. */
	if (!err && ssn->state.now == RSP_SESSION_INIT)
		err = -ECONNABORTED;
	return err;
}

static int disconnect(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct rsp_session *ssn = rsp_session(sk);

	lock_sock(sk);
	if (ssn->state.now == RSP_SESSION_LISTEN || ssn->accepted ||
	    (ssn->endpoint && ssn->endpoint->opening)) {
		release_sock(sk);
		return -EOPNOTSUPP;
	}
	/* Calls that wait, for another session as it were, end. */
	sk->sk_disconnects++;
	rsp_session_disconnect(ssn);
	sock->state = SS_UNCONNECTED;
	release_sock(sk);
	return 0;
}

static socket_state state_of(u8 state)
{
	switch (state) {
	case RSP_SESSION_INIT:
		return SS_UNCONNECTED;
	case RSP_SESSION_RESOLVE:
	case RSP_SESSION_CONNECT:
	case RSP_SESSION_SECURE:
		return SS_CONNECTING;
	default:
		return SS_CONNECTED;
	}
}

static int rsp_connect(struct socket *sock, RSP_SOCKADDR *uaddr, int len,
		       int flags)
{
	struct rsp_session *ssn = rsp_session(sock->sk);
	struct rsp_handle handle;
	struct sock *sk = sock->sk;
	__be16 port;
	u32 pe_id;
	int err;

	if (len >= (int)sizeof(sa_family_t) &&
	    ((const struct sockaddr *)uaddr)->sa_family == AF_UNSPEC)
		return disconnect(sock);
	err = rsp_address_parse((const struct sockaddr *)uaddr, len, &handle,
				&pe_id, &port);
	if (err)
		return err;
	/* An element's port is its own affair. */
	if (port)
		return -EINVAL;

	lock_sock(sk);
	switch (ssn->state.now) {
	case RSP_SESSION_INIT:
		err = -EOPNOTSUPP;
		if (ssn->endpoint && ssn->endpoint->opening)
			break;
		/* Who was not told yet, unless it is its own doing. */
		err = sock_error(sk);
		if (sock->state == SS_UNCONNECTED)
			err = 0;
		err = err ?: rsp_session_enlist(ssn);
		if (err)
			break;
		ssn->handle = handle;
		ssn->pe_id = pe_id;
		err = rsp_session_start(ssn);
		if (err && err != -EINPROGRESS)
			rsp_session_forget(ssn);
		break;
	case RSP_SESSION_RESOLVE:
	case RSP_SESSION_CONNECT:
	case RSP_SESSION_SECURE:
		err = flags & O_NONBLOCK ? -EALREADY : -EINPROGRESS;
		break;
	default:
		/* Who asked whether it is connected yet is told once that it is. */
		err = sock->state == SS_CONNECTING ? 0 : -EISCONN;
		break;
	}
	if (err == -EINPROGRESS) {
		sock->state = SS_CONNECTING;
		err = connect_wait(ssn, flags);
	}
	sock->state = state_of(ssn->state.now);
	release_sock(sk);
	return err;
}

/* Who has a user's message may ask who it is: it said so before. */
static void hear_user(struct rsp_session *ssn)
{
	enum rsp_failure failure;

	if (!ssn->accepted || ssn->state.now != RSP_SESSION_READY)
		return;
	failure = rsp_session_controls(ssn, ssn->flow);
	if (failure != RSP_FAILURE_NONE)
		rsp_session_fail(ssn, failure);
}

static int rsp_getname(struct socket *sock, struct sockaddr *uaddr, int peer)
{
	struct sockaddr_rserpool *addr = (void *)uaddr;
	struct rsp_session *ssn = rsp_session(sock->sk);
	const struct rsp_handle *handle = NULL;
	struct sock *sk = sock->sk;
	struct rsp_flow *flow;
	int err = 0;

	memset(addr, 0, sizeof(*addr));
	addr->srp_family = AF_RSERPOOL;
	lock_sock(sk);
	if (peer)
		hear_user(ssn);
	flow = ssn->state.now == RSP_SESSION_READY ? ssn->flow : NULL;
	if (peer) {
		if (ssn->accepted) {
			/* Who connects need be in no pool. */
			err = flow ? 0 : -ENOTCONN;
			if (flow && ssn->user) {
				handle = &ssn->user->handle;
				addr->srp_pe_id = ssn->user->pe_id;
			}
		} else if (ssn->state.now == RSP_SESSION_READY ||
			   ssn->state.now == RSP_SESSION_FAILOVER) {
			handle = &ssn->handle;
			addr->srp_pe_id = flow ? flow->pe->node.id : 0;
		} else {
			err = -ENOTCONN;
		}
	} else {
		if (flow)
			addr->srp_port = inet_sk(flow->sock->sk)->inet_sport;
		else if (ssn->endpoint)
			addr->srp_port = rsp_endpoint_port(ssn->endpoint);
		if (ssn->endpoint) {
			handle = &ssn->endpoint->handle;
			addr->srp_pe_id = ssn->endpoint->config.id;
		} else if (ssn->accepted) {
			handle = &ssn->handle;
			addr->srp_pe_id = flow ? flow->pe->node.id : 0;
		}
	}
	if (handle) {
		addr->srp_handle_len = handle->len;
		memcpy(addr->srp_handle, handle->octets, handle->len);
	}
	release_sock(sk);
	return err ?: offsetof(struct sockaddr_rserpool, srp_handle) +
		      addr->srp_handle_len;
}

/* What a poll of the transport says, but for the signs of a failure. */
static __always_inline __poll_t flow_poll(struct file *file,
					  struct rsp_flow *flow)
{
	__poll_t mask;

	mask = flow->ops->poll(flow, file);
	if (mask & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
		rsp_flow_suspect(flow);
	if (!test_bit(RSP_FLOW_SUSPECT, &flow->flags))
		return mask;
	/* The work item is about to say what it means, and wakes us then. */
	mask &= EPOLLIN | EPOLLRDNORM | EPOLLPRI;
	return rsp_flow_unread(flow) ? mask : 0;
}

static __poll_t rsp_poll(struct file *file, struct socket *sock,
			 struct poll_table_struct *wait)
{
	const __poll_t in = EPOLLIN | EPOLLRDNORM;
	const __poll_t out = EPOLLOUT | EPOLLWRNORM;
	struct sock *sk = sock->sk;
	struct rsp_session *ssn = rsp_session(sk);
	struct rsp_flow *rx, *tx;
	__poll_t mask = 0;
	u8 state;

	sock_poll_wait(file, sock, wait);
	if (READ_ONCE(ssn->state.now) == RSP_SESSION_LISTEN) {
		if (READ_ONCE(sk->sk_err))
			mask = EPOLLERR;
		return rsp_endpoint_backlogged(ssn->endpoint) ? mask | in
							      : mask;
	}
	rx = rsp_session_pin(&ssn->rx);
	/*
	 * Mostly the same one serves both, and then the session is ready and has
	 * nothing to tell: rsp_session_publish() shows it else in one at most.
	 * When that changes, we are woken.
	 */
	if (likely(rx && rcu_access_pointer(ssn->tx) == rx)) {
		mask = flow_poll(file, rx);
		rsp_flow_unpin(rx);
		return mask;
	}
	/* Pairs with rsp_session_end(). */
	if (smp_load_acquire(&sk->sk_err))
		mask = EPOLLERR;
	tx = rsp_session_pin(&ssn->tx);
	state = READ_ONCE(ssn->state.now);

	/* Of a failed element only what it delivered is of interest. */
	if (rx && rsp_flow_unread(rx))
		mask |= in;
	else if (rx && rx != READ_ONCE(ssn->flow))
		/* Read to its end: make way for the next. */
		rsp_session_kick(ssn);
	if (tx)
		mask |= flow_poll(file, tx) & ~in;
	if (rx)
		rsp_flow_unpin(rx);
	if (tx)
		rsp_flow_unpin(tx);

	if (READ_ONCE(ssn->pending))
		mask |= in | EPOLLPRI;
	if (state == RSP_SESSION_INIT)
		mask |= out | EPOLLHUP;
	else if (state == RSP_SESSION_CLOSED)
		mask |= in | out | EPOLLHUP | EPOLLRDHUP;
	else if (READ_ONCE(ssn->generation) != READ_ONCE(ssn->resumed))
		mask |= in | out | EPOLLPRI;
	return mask;
}

static int rsp_shutdown(struct socket *sock, int how)
{
	struct rsp_session *ssn = rsp_session(sock->sk);
	struct sock *sk = sock->sk;
	bool stop = false;
	int err = 0, sent = 0;

	/* SHUT_RD, SHUT_WR, SHUT_RDWR: 0, 1, 2; the kernel's are bits. */
	how++;
	if (how & ~SHUTDOWN_MASK || !how)
		return -EINVAL;

	lock_sock(sk);
	switch (ssn->state.now) {
	case RSP_SESSION_RESOLVE:
	case RSP_SESSION_CONNECT:
	case RSP_SESSION_SECURE:
		rsp_session_disconnect(ssn);
		sock->state = SS_UNCONNECTED;
		break;
	case RSP_SESSION_READY:
		/* The end that was sent is the session's, and not sent again. */
		if (how & SEND_SHUTDOWN && rsp_renew_stop(ssn))
			sent = SEND_SHUTDOWN;
		WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | how);
		if (ssn->standby)
			rsp_session_kick(ssn);
		if (ssn->generation == ssn->resumed) {
			err = ssn->flow->ops->shutdown(ssn->flow, how & ~sent);
			break;
		}
		fallthrough;
	case RSP_SESSION_FAILOVER:
		/* A session with a direction shut down does not move. */
		rsp_session_end(ssn, -ECONNRESET);
		break;
	case RSP_SESSION_LISTEN:
		/* As with TCP, there is nothing to shut down for sending. */
		stop = how & RCV_SHUTDOWN;
		if (stop)
			rsp_session_state_set(&ssn->state, sock_net(sk),
					      RSP_SESSION_CLOSED);
		break;
	default:
		err = -ENOTCONN;
		break;
	}
	sk->sk_state_change(sk);
	release_sock(sk);
	if (stop)
		rsp_endpoint_stop(ssn);
	return err;
}

static int rsp_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct rsp_session *ssn = rsp_session(sock->sk);
	struct rsp_flow *flow;
	int ret;

	switch (cmd) {
	case SIOCINQ:
	case SIOCATMARK:
		flow = rsp_session_pin(&ssn->rx);
		break;
	case SIOCOUTQ:
	case SIOCOUTQNSD:
		flow = rsp_session_pin(&ssn->tx);
		break;
	default:
		return -ENOIOCTLCMD;
	}
	if (!flow)
		return put_user(0, (int __user *)arg);
	ret = flow->ops->ioctl(flow, cmd, arg);
	rsp_flow_unpin(flow);
	return ret;
}

static const struct proto_ops rsp_ops = {
	.family		= PF_RSERPOOL,
	.owner		= THIS_MODULE,
	.release	= rsp_release,
	.bind		= rsp_bind,
	.connect	= rsp_connect,
	.socketpair	= sock_no_socketpair,
	.accept		= rsp_accept,
	.getname	= rsp_getname,
	.poll		= rsp_poll,
	.ioctl		= rsp_ioctl,
	.gettstamp	= sock_gettstamp,
	.listen		= rsp_listen,
	.shutdown	= rsp_shutdown,
	.setsockopt	= rsp_setsockopt,
	.getsockopt	= rsp_getsockopt,
	.sendmsg	= rsp_sendmsg,
	.recvmsg	= rsp_recvmsg,
	.splice_read	= rsp_splice_read,
	.mmap		= sock_no_mmap,
};

static int rsp_create(struct net *net, struct socket *sock, int protocol,
		      int kern)
{
	struct sock *sk;

	if (sock->type != SOCK_STREAM && sock->type != SOCK_SEQPACKET &&
	    sock->type != SOCK_RDM)
		return -ESOCKTNOSUPPORT;
	if (protocol)
		return -EPROTONOSUPPORT;

	if (sock->type == SOCK_RDM) {
		sk = rsp_rdm_alloc(net, sock, kern);
		sock->ops = &rsp_rdm_ops;
	} else {
		sk = rsp_session_alloc(net, sock, kern, &rsp_proto);
		sock->ops = &rsp_ops;
	}
	if (!sk)
		return -ENOMEM;
	set_bit(SOCK_CUSTOM_SOCKOPT, &sock->flags);
	atomic_inc(&rsp_net(net)->sockets_inuse);
	return 0;
}

static const struct net_proto_family rsp_family = {
	.family	= PF_RSERPOOL,
	.create	= rsp_create,
	.owner	= THIS_MODULE,
};

int __init rsp_family_register(void)
{
	return sock_register(&rsp_family);
}

void rsp_family_unregister(void)
{
	sock_unregister(PF_RSERPOOL);
}
