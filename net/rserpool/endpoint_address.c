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

/* RSP_ADDRESSES. */

static int transport_of(const struct __kernel_sockaddr_storage *address,
			__be16 port, struct rsp_transport *transport)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

	*transport = (struct rsp_transport){ .family = address->ss_family };
	switch (address->ss_family) {
	case AF_INET:
		if (v4->sin_port && v4->sin_port != port)
			return -EINVAL;
		if (v4->sin_addr.s_addr == htonl(INADDR_ANY))
			return -EADDRNOTAVAIL;
		transport->v4 = v4->sin_addr.s_addr;
		return 0;
	case AF_INET6:
		if (v6->sin6_port && v6->sin6_port != port)
			return -EINVAL;
		if (ipv6_addr_any(&v6->sin6_addr) ||
		    ipv6_addr_v4mapped(&v6->sin6_addr))
			return -EADDRNOTAVAIL;
		transport->v6 = v6->sin6_addr;
		if (ipv6_addr_type(&v6->sin6_addr) & IPV6_ADDR_LINKLOCAL)
			transport->scope_id = v6->sin6_scope_id;
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

static void address_of(const struct rsp_transport *transport,
		       struct __kernel_sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	address->ss_family = transport->family;
	if (transport->family == AF_INET) {
		v4->sin_port = transport->port;
		v4->sin_addr.s_addr = transport->v4;
		return;
	}
	v6->sin6_port = transport->port;
	v6->sin6_addr = transport->v6;
	v6->sin6_scope_id = transport->scope_id;
}

/**
 * rsp_endpoint_set_addresses() - choose where a socket will listen
 * @ssn: a socket that bind() gave a handle
 * @addresses: they, with bind()'s port or none; those that this host does not
 *	have are found by listen()
 * @n: how many, RSP_TRANSPORTS_MAX at most; 0: wherever this host can be reached
 *
 * Context: process; the session's socket lock.
 * Return: 0; -EDESTADDRREQ: no handle; -EINVAL: it listens, or a port is another
 * one; -EAFNOSUPPORT; -EADDRNOTAVAIL: an address is none, or IPv4's in IPv6.
 */
int rsp_endpoint_set_addresses(struct rsp_session *ssn,
			       const struct __kernel_sockaddr_storage *addresses,
			       u32 n)
{
	struct rsp_endpoint *endpoint = ssn->endpoint;
	struct rsp_transport transport;
	u32 i;
	int err;

	if (!endpoint)
		return -EDESTADDRREQ;
	if (endpoint->n_listeners)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		err = transport_of(&addresses[i], endpoint->port, &transport);
		if (err)
			return err;
	}
	for (i = 0; i < n; i++)
		transport_of(&addresses[i], endpoint->port,
			     &endpoint->config.transports[i]);
	endpoint->config.n_transports = n;
	endpoint->chosen = n;
	return 0;
}

/**
 * rsp_endpoint_get_addresses() - where a socket listens, or will
 * @ssn: a socket that bind() gave a handle
 * @addresses: gets RSP_TRANSPORTS_MAX at most
 *
 * Context: process; the session's socket lock.
 * Return: how many; 0: none were chosen, and it does not listen; -EDESTADDRREQ:
 * no handle.
 */
int rsp_endpoint_get_addresses(const struct rsp_session *ssn,
			       struct __kernel_sockaddr_storage *addresses)
{
	const struct rsp_endpoint *endpoint = ssn->endpoint;
	u32 i;

	if (!endpoint)
		return -EDESTADDRREQ;
	for (i = 0; i < endpoint->config.n_transports; i++)
		address_of(&endpoint->config.transports[i], &addresses[i]);
	return endpoint->config.n_transports;
}

/**
 * rsp_endpoint_describe() - tell of a socket that listens
 * @ssn: it; it may be closed meanwhile
 * @info: gets the element's identifier and its first transport address
 *
 * Context: RCU read lock.
 */
void rsp_endpoint_describe(const struct rsp_session *ssn, struct rsp_info *info)
{
	const struct rsp_endpoint *endpoint = READ_ONCE(ssn->endpoint);

	if (!endpoint)
		return;
	info->pe_id = READ_ONCE(endpoint->config.id);
	address_of(&endpoint->config.transports[0], &info->local);
}
