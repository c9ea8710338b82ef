// SPDX-License-Identifier: GPL-2.0
/*
 * SOCK_RDM: messages without a session.
 *
 * Each message goes to an element that is selected for it.  Below there is a
 * session with each element that was sent to of late (rdm_peer.c), which is
 * kept for the answers and for the next message; the program sees none of them.
 */

#include <linux/net.h>
#include <linux/rserpool.h>
#include <net/sock.h>

#include <asm/ioctls.h>

#include "af_rserpool.h"
#include "net_ns.h"
#include "rdm.h"

static struct proto rsp_rdm_proto = {
	.name		= "RSERPOOL-RDM",
	.owner		= THIS_MODULE,
	.release_cb	= rsp_session_release_cb,
	.obj_size	= sizeof(struct rsp_rdm),
};

/**
 * rsp_rdm_alloc() - make a new socket's
 * @net: the namespace it belongs to
 * @sock: the socket
 * @kern: it is the kernel's own
 *
 * Context: process.
 * Return: NULL when there is no memory.
 */
struct sock *rsp_rdm_alloc(struct net *net, struct socket *sock, int kern)
{
	struct rsp_rdm *rdm;
	struct sock *sk;

	sk = rsp_session_alloc(net, sock, kern, &rsp_rdm_proto);
	if (!sk)
		return NULL;
	rdm = rsp_rdm(sock);
	mutex_init(&rdm->tx_lock);
	spin_lock_init(&rdm->lock);
	return sk;
}

static int rdm_release(struct socket *sock)
{
	if (sock->sk)
		rsp_peers_free(rsp_rdm(sock));
	return rsp_release(sock);
}

/* As with UDP it says where messages go, and nothing more. */
static int rdm_connect(struct socket *sock, RSP_SOCKADDR *uaddr, int len,
		       int flags)
{
	const struct sockaddr *addr = (const struct sockaddr *)uaddr;
	struct rsp_handle handle = {};
	struct sock *sk = sock->sk;
	u32 pe_id = 0;
	__be16 port;
	int err;

	if (len < (int)sizeof(sa_family_t) || addr->sa_family != AF_UNSPEC) {
		err = rsp_address_parse(addr, len, &handle, &pe_id, &port);
		if (err)
			return err;
		if (port)
			return -EINVAL;
	}
	lock_sock(sk);
	rsp_session(sk)->handle = handle;
	rsp_session(sk)->pe_id = pe_id;
	sock->state = handle.len ? SS_CONNECTED : SS_UNCONNECTED;
	release_sock(sk);
	return 0;
}

static int name_put(struct sockaddr_rserpool *addr,
		    const struct rsp_handle *handle, u32 pe_id)
{
	memset(addr, 0, sizeof(*addr));
	addr->srp_family = AF_RSERPOOL;
	addr->srp_pe_id = pe_id;
	addr->srp_handle_len = handle->len;
	memcpy(addr->srp_handle, handle->octets, handle->len);
	return offsetof(struct sockaddr_rserpool, srp_handle) + handle->len;
}

static int rdm_getname(struct socket *sock, struct sockaddr *uaddr, int peer)
{
	const struct rsp_handle none = {};
	struct sock *sk = sock->sk;
	struct rsp_session *ssn = rsp_session(sk);
	int ret;

	if (!peer)
		return name_put((void *)uaddr, &none, 0);
	lock_sock(sk);
	ret = ssn->handle.len ?
	      name_put((void *)uaddr, &ssn->handle, ssn->pe_id) : -ENOTCONN;
	release_sock(sk);
	return ret;
}

/*
 * The first peer with a message, of those that are asked in turn: *@i more than
 * @rdm->turn, from 0 on.
 */
static struct rsp_peer *peer_with_message(struct rsp_rdm *rdm, unsigned int *i)
{
	unsigned int turn = READ_ONCE(rdm->turn);
	struct rsp_peer *peer;

	for (; *i < RSP_PEERS_MAX; ++*i) {
		peer = rsp_peer_at(rdm, (turn + *i) % RSP_PEERS_MAX);
		if (!peer)
			continue;
		if (rsp_peer_readable(peer))
			return peer;
		/* What came before it went is seen by now. */
		if (rsp_peer_gone(peer) && !rsp_peer_readable(peer))
			rsp_peer_drop(peer);
		rsp_peer_put(peer);
	}
	return NULL;
}

static __poll_t rdm_poll(struct file *file, struct socket *sock,
			 struct poll_table_struct *wait)
{
	struct rsp_rdm *rdm = rsp_rdm(sock);
	struct rsp_peer *peer;
	__poll_t mask = 0;
	unsigned int i = 0;

	sock_poll_wait(file, sock, wait);
	peer = peer_with_message(rdm, &i);
	if (peer) {
		mask |= EPOLLIN | EPOLLRDNORM;
		rsp_peer_put(peer);
	}
	peer = rsp_peer_blocked(rdm, NULL);
	if (!peer || rsp_peer_writable(peer, file))
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (peer)
		rsp_peer_put(peer);
	return mask;
}

/* -EAGAIN: there is no message. */
static int message_take(struct rsp_rdm *rdm, struct msghdr *msg, size_t size,
			int flags)
{
	struct rsp_peer *peer;
	unsigned int i = 0;
	int ret;

	for (; (peer = peer_with_message(rdm, &i)); i++) {
		ret = READ_ONCE(peer->sock->ops)->recvmsg(peer->sock, msg, size,
							  flags | MSG_DONTWAIT);
		if (ret > 0 && msg->msg_name)
			msg->msg_namelen = name_put(msg->msg_name, &peer->handle,
						    peer->pe_id);
		if (ret > 0 && !(flags & MSG_PEEK))
			WRITE_ONCE(rdm->turn, READ_ONCE(rdm->turn) + i + 1);
		/* Else another call was first, or there is but a part of it. */
		if (ret > 0 || !size || ret == -EFAULT || ret == -EOPNOTSUPP)
			i = RSP_PEERS_MAX;
		else if (ret != -EAGAIN)
			rsp_peer_drop(peer);
		rsp_peer_put(peer);
		if (i == RSP_PEERS_MAX)
			return ret;
	}
	return -EAGAIN;
}

static int rdm_recvmsg(struct socket *sock, struct msghdr *msg, size_t size,
		       int flags)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	long timeo = sock_rcvtimeo(sock->sk, flags & MSG_DONTWAIT);
	struct rsp_rdm *rdm = rsp_rdm(sock);
	int ret;

	if (flags & MSG_ERRQUEUE)
		return -EAGAIN;
	add_wait_queue(sk_sleep(sock->sk), &wait);
	for (;;) {
		ret = message_take(rdm, msg, size, flags);
		if (ret != -EAGAIN || !timeo)
			break;
		if (signal_pending(current)) {
			ret = sock_intr_errno(timeo);
			break;
		}
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	}
	remove_wait_queue(sk_sleep(sock->sk), &wait);
	return ret;
}

static int rdm_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct rsp_peer *peer;
	unsigned int i = 0;
	int ret = 0;

	if (cmd != SIOCINQ)
		return -ENOIOCTLCMD;
	peer = peer_with_message(rsp_rdm(sock), &i);
	if (!peer)
		return put_user(ret, (int __user *)arg);
	ret = READ_ONCE(peer->sock->ops)->ioctl(peer->sock, cmd, arg);
	rsp_peer_put(peer);
	return ret;
}

/* What means something where there is no session. */
static bool option_fits(int level, int name)
{
	return level != SOL_RSERPOOL || name == RSP_MESSAGE_MAX ||
	       name == RSP_RECVPPID || name == RSP_DETECT_TIMEOUT;
}

static int to_all_set(struct rsp_rdm *rdm, sockptr_t value, unsigned int len)
{
	u32 number;
	int err;

	err = rsp_sockopt_u32(value, len, &number);
	if (err)
		return err;
	if (number > 1)
		return -EINVAL;
	WRITE_ONCE(rdm->to_all, number);
	return 0;
}

static int rdm_setsockopt(struct socket *sock, int level, int name,
			  sockptr_t value, unsigned int len)
{
	struct rsp_rdm *rdm = rsp_rdm(sock);
	struct rsp_peer *peer;
	unsigned int i;
	int err;

	if (level == SOL_RSERPOOL && name == RSP_SEND_TO_ALL)
		return to_all_set(rdm, value, len);
	if (!option_fits(level, name))
		return -EOPNOTSUPP;
	err = rsp_setsockopt(sock, level, name, value, len);
	for (i = 0; i < RSP_PEERS_MAX && !err; i++) {
		peer = rsp_peer_at(rdm, i);
		if (!peer)
			continue;
		err = rsp_setsockopt(peer->sock, level, name, value, len);
		/* Nothing is sent to it any more, and its answers are there. */
		if (err && rsp_peer_gone(peer))
			err = 0;
		rsp_peer_put(peer);
	}
	return err;
}

static int rdm_getsockopt(struct socket *sock, int level, int name,
			  char __user *value, int __user *len)
{
	const struct rsp_rdm *rdm = rsp_rdm(sock);
	u32 number;
	int room;

	if (level == SOL_RSERPOOL && name == RSP_SEND_TO_ALL)
		number = READ_ONCE(rdm->to_all);
	else if (level == SOL_RSERPOOL && name == RSP_SENT_TO)
		number = READ_ONCE(rdm->sent_to);
	else if (option_fits(level, name))
		return rsp_getsockopt(sock, level, name, value, len);
	else
		return -EOPNOTSUPP;
	if (get_user(room, len))
		return -EFAULT;
	if (room < (int)sizeof(number))
		return -EINVAL;
	if (copy_to_user(value, &number, sizeof(number)) ||
	    put_user(sizeof(number), len))
		return -EFAULT;
	return 0;
}

const struct proto_ops rsp_rdm_ops = {
	.family		= PF_RSERPOOL,
	.owner		= THIS_MODULE,
	.release	= rdm_release,
	.bind		= sock_no_bind,
	.connect	= rdm_connect,
	.socketpair	= sock_no_socketpair,
	.accept		= sock_no_accept,
	.getname	= rdm_getname,
	.poll		= rdm_poll,
	.ioctl		= rdm_ioctl,
	.gettstamp	= sock_gettstamp,
	.listen		= sock_no_listen,
	.shutdown	= sock_no_shutdown,
	.setsockopt	= rdm_setsockopt,
	.getsockopt	= rdm_getsockopt,
	.sendmsg	= rsp_rdm_sendmsg,
	.recvmsg	= rdm_recvmsg,
	.mmap		= sock_no_mmap,
};

int __init rsp_rdm_register(void)
{
	return proto_register(&rsp_rdm_proto, 1);
}

void rsp_rdm_unregister(void)
{
	proto_unregister(&rsp_rdm_proto);
}
