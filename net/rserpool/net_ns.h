/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_NET_NS_H
#define _RSERPOOL_NET_NS_H

#include <net/net_namespace.h>

#include "handlespace.h"

/**
 * struct rsp_net - what the module keeps for a network namespace
 * @sockets_inuse: sockets of the family that are open here
 * @handlespace: pools and their elements
 */
struct rsp_net {
	atomic_t sockets_inuse;
	struct rsp_handlespace handlespace;
};

struct rsp_net *rsp_net(const struct net *net);

int rsp_net_register(void);
void rsp_net_unregister(void);

#endif /* _RSERPOOL_NET_NS_H */
