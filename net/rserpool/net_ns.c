// SPDX-License-Identifier: GPL-2.0
/* What a network namespace owns. */

#include <net/netns/generic.h>

#include "net_ns.h"

static unsigned int rsp_net_id __read_mostly;

/**
 * rsp_net() - the module's part of a network namespace
 * @net: the namespace; the caller holds a reference or is its pernet callback
 *
 * Context: any. Return: never NULL.
 */
struct rsp_net *rsp_net(const struct net *net)
{
	return net_generic(net, rsp_net_id);
}

static int __net_init rsp_net_init(struct net *net)
{
	atomic_set(&rsp_net(net)->sockets_inuse, 0);
	return 0;
}

static void __net_exit rsp_net_exit(struct net *net)
{
	/* A socket holds its namespace, so none can be left. */
	WARN_ON_ONCE(atomic_read(&rsp_net(net)->sockets_inuse));
}

static struct pernet_operations rsp_net_ops = {
	.init	= rsp_net_init,
	.exit	= rsp_net_exit,
	.id	= &rsp_net_id,
	.size	= sizeof(struct rsp_net),
};

int __init rsp_net_register(void)
{
	return register_pernet_subsys(&rsp_net_ops);
}

void rsp_net_unregister(void)
{
	unregister_pernet_subsys(&rsp_net_ops);
}
