// SPDX-License-Identifier: GPL-2.0
/* The address family AF_RSERPOOL and its proto_ops. */

#include <linux/module.h>
#include <linux/net.h>
#include <linux/rserpool.h>
#include <net/sock.h>

#include "af_rserpool.h"
#include "net_ns.h"

static struct proto rsp_proto = {
	.name		= "RSERPOOL",
	.owner		= THIS_MODULE,
	.obj_size	= sizeof(struct sock),
};

static int rsp_release(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (!sk)
		return 0;
	atomic_dec(&rsp_net(sock_net(sk))->sockets_inuse);
	sock_orphan(sk);
	sock->sk = NULL;
	sock_put(sk);
	return 0;
}

static const struct proto_ops rsp_stream_ops = {
	.family		= PF_RSERPOOL,
	.owner		= THIS_MODULE,
	.release	= rsp_release,
	.bind		= sock_no_bind,
	.connect	= sock_no_connect,
	.socketpair	= sock_no_socketpair,
	.accept		= sock_no_accept,
	.getname	= sock_no_getname,
	.ioctl		= sock_no_ioctl,
	.listen		= sock_no_listen,
	.shutdown	= sock_no_shutdown,
	.sendmsg	= sock_no_sendmsg,
	.recvmsg	= sock_no_recvmsg,
	.mmap		= sock_no_mmap,
};

static int rsp_create(struct net *net, struct socket *sock, int protocol,
		      int kern)
{
	struct sock *sk;

	if (sock->type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (protocol)
		return -EPROTONOSUPPORT;

	sk = sk_alloc(net, PF_RSERPOOL, GFP_KERNEL, &rsp_proto, kern);
	if (!sk)
		return -ENOMEM;
	sock->ops = &rsp_stream_ops;
	sock_init_data(sock, sk);
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
	int err;

	err = proto_register(&rsp_proto, 1);
	if (err)
		return err;

	err = sock_register(&rsp_family);
	if (err)
		proto_unregister(&rsp_proto);
	return err;
}

void rsp_family_unregister(void)
{
	sock_unregister(PF_RSERPOOL);
	proto_unregister(&rsp_proto);
}
