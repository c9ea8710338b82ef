/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_NET_NS_H
#define _RSERPOOL_NET_NS_H

#include <net/net_namespace.h>

#include "endpoint_register.h"
#include "handlespace.h"
#include "key.h"
#include "resolve.h"
#include "tls.h"

struct rsp_mib;

#define RSP_SCOPE_NAME_MAX	63

/**
 * struct rsp_unreachable - how often elements are reported as unreachable
 * @rate: a second, at most
 * @burst: in a row, at most
 * @pe_rate: a minute of one element, at most
 * @pe_burst: in a row of one element, at most
 * @reports: of all elements
 */
struct rsp_unreachable {
	u32 rate;
	u32 burst;
	u32 pe_rate;
	u32 pe_burst;
	struct rsp_bucket reports;
};

/**
 * struct rsp_net - what the module keeps for a network namespace
 * @net: the namespace
 * @mib: counters; see mib.h
 * @handlespace: pools and elements
 * @resolver: pools that a feeder was asked for
 * @registrations: elements for which sockets of this host listen
 * @name: of the scope, NUL-terminated; the handlespace's writer lock
 * @sessions_max: sessions that there may be; the handlespace's writer lock, read
 *	locklessly
 * @pe_id_min: the least PE identifier for programs that pick one; the same
 * @pe_id_max: the largest such; the same
 * @pe_group_min: the least of the groups whose members may listen; the
 *	handlespace's writer lock
 * @pe_group_max: the largest of them; the same
 * @unreachable: limits reports of unreachable elements; the same
 * @replay_max: octets that all sessions may keep, to send them again; the same
 * @replay_octets: octets that they do
 * @cookie_window_ms: how old a sealed cookie may be when it comes back; the same
 * @auth: enum rsp_auth of all sessions; fixed before the first element; the same
 * @client: number of this host as a client, 0: it has none; the same
 * @handshake_timeout_ms: how long a handshake of TLS may take; the same
 * @records_max: records that a flow with TLS carries at most each way; the same
 * @keys: the pools' keys
 * @handshakes: bounds the handshakes under way
 * @reseal: has sessions send their cookies again before they are too old
 * @sync_portid: netlink port of the socket that began the sync under way, 0
 *	when none is; the handlespace's writer lock
 * @sockets_inuse: sockets of the family that are open here
 * @sessions: those that have called connect(), each at its number less 1; its
 *	own lock
 * @n_sessions: how many are in @sessions, or about to be
 */
struct rsp_net {
	struct net *net;
	struct rsp_mib __percpu *mib;
	struct rsp_handlespace handlespace;
	struct rsp_resolver resolver;
	struct rsp_registrations registrations;
	char name[RSP_SCOPE_NAME_MAX + 1];
	u32 sessions_max;
	u32 pe_id_min;
	u32 pe_id_max;
	kgid_t pe_group_min;
	kgid_t pe_group_max;
	struct rsp_unreachable unreachable;
	u32 replay_max;
	u32 cookie_window_ms;
	u8 auth;
	u32 client;
	u32 handshake_timeout_ms;
	u32 records_max;
	struct rsp_keys keys;
	struct rsp_handshakes handshakes;
	struct delayed_work reseal;
	u32 sync_portid;
	atomic_t sockets_inuse;
	struct xarray sessions;
	atomic_t n_sessions;
	atomic64_t replay_octets;
};

struct rsp_net *rsp_net(const struct net *net);
bool rsp_net_may_listen(const struct net *net);

int rsp_net_register(void);
void rsp_net_unregister(void);

#endif /* _RSERPOOL_NET_NS_H */
