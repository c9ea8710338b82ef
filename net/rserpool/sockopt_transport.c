// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options of the transports.
 *
 * Those of SOL_SOCKET are kept in the session's socket and given to its
 * transports.  Those of TCP and IP are given to the transports, and kept for the
 * ones that follow.
 */

#include <linux/ip.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "af_rserpool.h"
#include "endpoint.h"
#include "flow.h"
#include "session.h"

#define SOCKOPT_LEN_MAX	64	/* octets of a transport option's value */

/**
 * rsp_sock_options() - give a socket the options of SOL_SOCKET of another
 * @sk: a session's socket, or one that listens
 * @heir: a transport that is not connected yet, or an accepted session's socket
 *
 * Context: process; @sk's socket lock, unless it listens: a session that comes
 * then may have an option that is being set, or not.
 */
void rsp_sock_options(const struct sock *sk, struct sock *heir)
{
	const unsigned int locks = SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK;

	/* Where the program set none, a cgroup may have. */
	if (sk->sk_priority)
		heir->sk_priority = sk->sk_priority;
	if (sk->sk_mark)
		heir->sk_mark = sk->sk_mark;
	if (sk->sk_bound_dev_if)
		heir->sk_bound_dev_if = sk->sk_bound_dev_if;
	heir->sk_incoming_cpu = sk->sk_incoming_cpu;
	heir->sk_rcvtimeo = sk->sk_rcvtimeo;
	heir->sk_sndtimeo = sk->sk_sndtimeo;
	heir->sk_lingertime = sk->sk_lingertime;
	sock_valbool_flag(heir, SOCK_LINGER, sock_flag(sk, SOCK_LINGER));
	sock_valbool_flag(heir, SOCK_URGINLINE, sock_flag(sk, SOCK_URGINLINE));
	sock_valbool_flag(heir, SOCK_LOCALROUTE,
			  sock_flag(sk, SOCK_LOCALROUTE));
	heir->sk_userlocks |= sk->sk_userlocks & locks;
	if (sk->sk_userlocks & SOCK_SNDBUF_LOCK)
		WRITE_ONCE(heir->sk_sndbuf, sk->sk_sndbuf);
	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK)
		WRITE_ONCE(heir->sk_rcvbuf, sk->sk_rcvbuf);
}

/* Of SOL_SOCKET, what a transport that is in use must hear of too. */
static bool for_transport(int name)
{
	switch (name) {
	case SO_SNDBUF:
	case SO_RCVBUF:
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
	case SO_RCVLOWAT:
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
	case SO_LINGER:
	case SO_PRIORITY:
	case SO_MARK:
	case SO_OOBINLINE:
	case SO_DONTROUTE:
	case SO_INCOMING_CPU:
		return true;
	default:
		return false;
	}
}

/* Options of the transport that mean the same on each one that follows. */
static bool transport_option(int level, int name)
{
	switch (level) {
	case SOL_SOCKET:
		switch (name) {
		case SO_MAX_PACING_RATE:
		case SO_TIMESTAMP_OLD:
		case SO_TIMESTAMP_NEW:
		case SO_TIMESTAMPNS_OLD:
		case SO_TIMESTAMPNS_NEW:
		case SO_TIMESTAMPING_OLD:
		case SO_TIMESTAMPING_NEW:
		case SO_BUSY_POLL:
			return true;
		}
		return false;
	case SOL_TCP:
		switch (name) {
		case TCP_NODELAY:
		case TCP_CORK:
		case TCP_MAXSEG:
		case TCP_KEEPIDLE:
		case TCP_KEEPINTVL:
		case TCP_KEEPCNT:
		case TCP_SYNCNT:
		case TCP_LINGER2:
		case TCP_WINDOW_CLAMP:
		case TCP_QUICKACK:
		case TCP_CONGESTION:
		case TCP_THIN_LINEAR_TIMEOUTS:
		case TCP_USER_TIMEOUT:
		case TCP_NOTSENT_LOWAT:
		case TCP_INQ:
			return true;
		}
		return false;
	case SOL_IP:
		switch (name) {
		case IP_TOS:
		case IP_TTL:
		case IP_MTU_DISCOVER:
		case IP_FREEBIND:
		case IP_LOCAL_PORT_RANGE:
			return true;
		}
		return false;
	case SOL_IPV6:
		switch (name) {
		case IPV6_TCLASS:
		case IPV6_UNICAST_HOPS:
		case IPV6_MTU_DISCOVER:
		case IPV6_ADDR_PREFERENCES:
			return true;
		}
		return false;
	default:
		return false;
	}
}

/* Of the options of SOL_TCP, SOL_IP and SOL_IPV6, those that only tell. */
static bool transport_tells(int level, int name)
{
	switch (level) {
	case SOL_TCP:
		return name == TCP_INFO || name == TCP_CC_INFO;
	case SOL_IP:
		return name == IP_MTU;
	case SOL_IPV6:
		return name == IPV6_MTU;
	default:
		return false;
	}
}

/* Options with which a program can make a good element fail. */
static bool bends(int level, int name)
{
	return (level == SOL_IP && name == IP_TTL) ||
	       (level == SOL_IPV6 && name == IPV6_UNICAST_HOPS) ||
	       (level == SOL_TCP &&
		(name == TCP_USER_TIMEOUT || name == TCP_SYNCNT ||
		 name == TCP_MAXSEG || name == TCP_KEEPIDLE ||
		 name == TCP_KEEPINTVL || name == TCP_KEEPCNT));
}

static int option_set(struct socket *transport, const struct rsp_sockopt *opt)
{
	if (opt->level == SOL_SOCKET)
		return sock_setsockopt(transport, opt->level, opt->name,
				       KERNEL_SOCKPTR((void *)opt->value),
				       opt->len);
	return READ_ONCE(transport->ops)->setsockopt(transport, opt->level,
			opt->name, KERNEL_SOCKPTR((void *)opt->value),
			opt->len);
}

/**
 * rsp_transport_sockopts() - give a transport the options that are kept
 * @ssn: the session
 * @transport: of one of its flows
 *
 * Context: process; the session's socket lock.
 */
void rsp_transport_sockopts(const struct rsp_session *ssn,
			    struct socket *transport)
{
	const struct rsp_sockopt *opt;

	/* An option of IPv6 finds no taker on IPv4, and that is all right. */
	list_for_each_entry(opt, &ssn->sockopts, list)
		option_set(transport, opt);
}

/**
 * rsp_sockopts_free() - let go of options that were kept
 * @opts: struct rsp_sockopt through its list
 *
 * Context: any.
 */
void rsp_sockopts_free(struct list_head *opts)
{
	struct rsp_sockopt *opt, *next;

	list_for_each_entry_safe(opt, next, opts, list)
		kfree(opt);
	INIT_LIST_HEAD(opts);
}

/**
 * rsp_sockopts_copy() - copy the options that are kept
 * @ssn: the session, or a socket that listens
 * @copies: gets them, for rsp_sockopts_free() or another session
 *
 * Context: process; the session's socket lock.
 * Return: 0 or -ENOMEM.
 */
int rsp_sockopts_copy(const struct rsp_session *ssn, struct list_head *copies)
{
	const struct rsp_sockopt *opt;
	struct rsp_sockopt *copy;

	list_for_each_entry(opt, &ssn->sockopts, list) {
		copy = kmemdup(opt, struct_size(opt, value, opt->len),
			       GFP_KERNEL_ACCOUNT);
		if (!copy) {
			rsp_sockopts_free(copies);
			return -ENOMEM;
		}
		list_add_tail(&copy->list, copies);
	}
	return 0;
}

/**
 * rsp_transport_unlimit() - have a transport take whatever it is given
 * @transport: of a flow that is about to end in this direction
 *
 * Neither SO_SNDBUF nor TCP_NOTSENT_LOWAT counts any more, and who waits for room
 * has it.
 *
 * Context: process; the transport's lock is taken.
 */
void rsp_transport_unlimit(struct sock *transport)
{
	lock_sock(transport);
	transport->sk_userlocks |= SOCK_SNDBUF_LOCK;
	WRITE_ONCE(transport->sk_sndbuf, INT_MAX / 2);
	WRITE_ONCE(tcp_sk(transport)->notsent_lowat, UINT_MAX);
	transport->sk_write_space(transport);
	release_sock(transport);
}

/*
 * TCP's sockets that listen for this one, whose children have their options.
 * Under the lock they stay while it listens, or is about to.
 */
static u32 n_listeners(const struct rsp_session *ssn)
{
	const struct rsp_endpoint *endpoint = ssn->endpoint;

	return endpoint && (ssn->state.now == RSP_SESSION_LISTEN ||
			    endpoint->opening) ? endpoint->n_listeners : 0;
}

/* A TCP socket with the options that the next flow will have. */
static struct socket *transport_sample(struct rsp_session *ssn, int level)
{
	struct socket *sample;
	int err;

	err = sock_create_kern(sock_net(&ssn->sk),
			       level == SOL_IPV6 ? AF_INET6 : AF_INET,
			       SOCK_STREAM, IPPROTO_TCP, &sample);
	if (err)
		return ERR_PTR(err);
	rsp_transport_sockopts(ssn, sample);
	return sample;
}

static int transport_set(struct rsp_session *ssn, struct rsp_sockopt *new)
{
	struct rsp_sockopt *opt, *next;
	struct socket *sample;
	struct rsp_flow *flow;
	int err;
	u32 i;

	/* A refusal is told now, not when the next flow is made. */
	sample = transport_sample(ssn, new->level);
	if (IS_ERR(sample))
		return PTR_ERR(sample);
	err = option_set(sample, new);
	sock_release(sample);
	if (err)
		return err;

	flow = ssn->flow;
	if (flow && !(new->level == SOL_IPV6 &&
		      flow->sock->sk->sk_family != AF_INET6)) {
		err = option_set(flow->sock, new);
		if (err)
			return err;
	}
	flow = rsp_standby_flow(ssn->standby);
	if (flow)
		option_set(flow->sock, new);
	for (i = 0; i < n_listeners(ssn); i++)
		option_set(ssn->endpoint->listeners[i].sock, new);
	list_for_each_entry_safe(opt, next, &ssn->sockopts, list) {
		if (opt->level != new->level || opt->name != new->name)
			continue;
		list_del(&opt->list);
		kfree(opt);
	}
	list_add_tail(&new->list, &ssn->sockopts);
	ssn->bent |= bends(new->level, new->name);
	return 0;
}

/**
 * rsp_transport_setsockopt() - set an option of the session's transports
 * @sock: the session's socket
 * @level: SOL_SOCKET, SOL_TCP, SOL_IP or SOL_IPV6
 * @name: the option
 * @value: its value
 * @len: octets of it
 *
 * Those that follow get it too.
 *
 * Context: process.
 * Return: 0 or an error of rserpool(7).
 */
int rsp_transport_setsockopt(struct socket *sock, int level, int name,
			     sockptr_t value, unsigned int len)
{
	struct rsp_session *ssn = rsp_session(sock->sk);
	struct rsp_sockopt *new;
	int err;

	if (!transport_option(level, name))
		return -ENOPROTOOPT;
	if (!len || len > SOCKOPT_LEN_MAX)
		return -EINVAL;

	new = kmalloc(struct_size(new, value, len), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->len = len;
	new->level = level;
	new->name = name;
	if (copy_from_sockptr(new->value, value, len)) {
		kfree(new);
		return -EFAULT;
	}

	lock_sock(sock->sk);
	err = transport_set(ssn, new);
	release_sock(sock->sk);
	if (err)
		kfree(new);
	return err;
}

/**
 * rsp_transport_getsockopt() - read an option of the session's transports
 * @sock: the session's socket
 * @level: SOL_TCP, SOL_IP or SOL_IPV6
 * @name: the option
 * @value: where to
 * @len: room there; becomes the octets given
 *
 * While there is none, what the next one will have.
 *
 * Context: process.
 * Return: 0 or an error of rserpool(7).
 */
int rsp_transport_getsockopt(struct socket *sock, int level, int name,
			     char __user *value, int __user *len)
{
	struct rsp_session *ssn = rsp_session(sock->sk);
	struct socket *sample, *transport;
	int err;

	if (!transport_option(level, name) && !transport_tells(level, name))
		return -ENOPROTOOPT;

	lock_sock(sock->sk);
	if (ssn->flow && !(level == SOL_IPV6 &&
			   ssn->flow->sock->sk->sk_family != AF_INET6)) {
		transport = ssn->flow->sock;
		err = READ_ONCE(transport->ops)->getsockopt(transport, level,
							    name, value, len);
		release_sock(sock->sk);
		return err;
	}
	sample = transport_sample(ssn, level);
	release_sock(sock->sk);
	if (IS_ERR(sample))
		return PTR_ERR(sample);
	err = READ_ONCE(sample->ops)->getsockopt(sample, level, name, value,
						 len);
	sock_release(sample);
	return err;
}

/* The kernel has it for sockets of IP only, which those that listen for us are. */
static int reuseport_set(struct sock *sk, sockptr_t value, unsigned int len)
{
	u32 on;
	int err;

	err = rsp_sockopt_u32(value, len, &on);
	if (err)
		return err;
	lock_sock(sk);
	sk->sk_reuseport = !!on;
	release_sock(sk);
	return 0;
}

static int flow_set(struct rsp_flow *flow, int name, sockptr_t value,
		    unsigned int len)
{
	/* Else what TCP has are not the octets that the program counts. */
	if (name == SO_RCVLOWAT && flow->ops != &rsp_data_ops)
		return 0;
	return sock_setsockopt(flow->sock, SOL_SOCKET, name, value, len);
}

/**
 * rsp_socket_setsockopt() - set an option of SOL_SOCKET
 * @sock: the session's socket
 * @name: the option
 * @value: its value
 * @len: octets of it
 *
 * Transports that it is for get it too.
 *
 * Context: process.
 * Return: 0 or an error of rserpool(7).
 */
int rsp_socket_setsockopt(struct socket *sock, int name, sockptr_t value,
			  unsigned int len)
{
	struct rsp_session *ssn = rsp_session(sock->sk);
	struct rsp_flow *flow;
	int err;
	u32 i;

	if (name == SO_REUSEPORT)
		return reuseport_set(sock->sk, value, len);
	err = sock_setsockopt(sock, SOL_SOCKET, name, value, len);
	if (err)
		return err;
	if (transport_option(SOL_SOCKET, name))
		return rsp_transport_setsockopt(sock, SOL_SOCKET, name, value,
						len);
	if (!for_transport(name))
		return 0;

	lock_sock(sock->sk);
	flow = ssn->flow;
	if (flow)
		err = flow_set(flow, name, value, len);
	flow = rsp_standby_flow(ssn->standby);
	if (flow)
		err = err ?: flow_set(flow, name, value, len);
	/* What is ended in good order lingers for nobody. */
	list_for_each_entry(flow, &ssn->draining, draining)
		if (!test_bit(RSP_FLOW_TURNED, &flow->flags))
			err = err ?: flow_set(flow, name, value, len);
	/* What comes to those has frames. */
	for (i = 0; name != SO_RCVLOWAT && i < n_listeners(ssn); i++)
		err = err ?: sock_setsockopt(ssn->endpoint->listeners[i].sock,
					     SOL_SOCKET, name, value, len);
	release_sock(sock->sk);
	return err;
}
