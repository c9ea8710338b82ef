// SPDX-License-Identifier: GPL-2.0
/* Where a socket that listens can be reached. */

#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/sock.h>

#include "endpoint.h"
#include "session.h"

static void transport_add(struct rsp_pe_config *config,
			  const struct rsp_transport *transport)
{
	if (config->n_transports < RSP_TRANSPORTS_MAX)
		config->transports[config->n_transports++] = *transport;
}

static void transports_v4(struct net *net, struct rsp_pe_config *config,
			  bool local)
{
	struct rsp_transport transport = { .family = AF_INET };
	const struct in_ifaddr *ifa;
	struct in_device *in_dev;
	struct net_device *dev;

	for_each_netdev_rcu(net, dev) {
		in_dev = __in_dev_get_rcu(dev);
		if (!in_dev || !(dev->flags & IFF_UP))
			continue;
		in_dev_for_each_ifa_rcu(ifa, in_dev) {
			if (local ? !ipv4_is_loopback(ifa->ifa_local)
				  : ifa->ifa_scope >= RT_SCOPE_LINK)
				continue;
			transport.v4 = ifa->ifa_local;
			transport_add(config, &transport);
		}
	}
}

static void transports_v6(struct net *net, struct rsp_pe_config *config,
			  bool local)
{
	const u32 unfit = IFA_F_TENTATIVE | IFA_F_DEPRECATED | IFA_F_DADFAILED;
	struct rsp_transport transport = { .family = AF_INET6 };
	const struct inet6_ifaddr *ifp;
	struct inet6_dev *idev;
	struct net_device *dev;

	for_each_netdev_rcu(net, dev) {
		idev = __in6_dev_get(dev);
		if (!idev || !(dev->flags & IFF_UP))
			continue;
		list_for_each_entry_rcu(ifp, &idev->addr_list, if_list) {
			if (ifp->flags & unfit ||
			    (local ? !ipv6_addr_loopback(&ifp->addr)
				   : ipv6_addr_src_scope(&ifp->addr) !=
				     IPV6_ADDR_SCOPE_GLOBAL))
				continue;
			transport.v6 = ifp->addr;
			transport_add(config, &transport);
		}
	}
}

/**
 * rsp_endpoint_addresses_find() - the addresses of who chose none
 * @net: the namespace
 * @config: without transports; gets all addresses of global scope, or, where
 *	there is none, those of the loopback device
 * @v6: IPv6 too
 * @port: of each
 *
 * Context: process.
 * Return: 0; -EADDRNOTAVAIL: this host has no address.
 */
int rsp_endpoint_addresses_find(struct net *net, struct rsp_pe_config *config,
				bool v6, __be16 port)
{
	u32 i;

	rcu_read_lock();
	transports_v4(net, config, false);
	if (v6)
		transports_v6(net, config, false);
	if (!config->n_transports)
		transports_v4(net, config, true);
	if (v6 && !config->n_transports)
		transports_v6(net, config, true);
	rcu_read_unlock();
	if (!config->n_transports)
		return -EADDRNOTAVAIL;
	for (i = 0; i < config->n_transports; i++)
		config->transports[i].port = port;
	return 0;
}
