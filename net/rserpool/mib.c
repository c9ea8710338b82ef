// SPDX-License-Identifier: GPL-2.0
/* Counters of a namespace, read over netlink. */

#include <linux/percpu.h>

#include "mib.h"
#include "netlink-gen.h"

/* In step with enum rsp_mib_field. */
static const char *const names[] = {
	[RSP_MIB_STATE_INIT]			= "StateInit",
	[RSP_MIB_STATE_RESOLVE]			= "StateResolve",
	[RSP_MIB_STATE_CONNECT]			= "StateConnect",
	[RSP_MIB_STATE_READY]			= "StateReady",
	[RSP_MIB_STATE_FAILOVER]		= "StateFailover",
	[RSP_MIB_STATE_CLOSED]			= "StateClosed",
	[RSP_MIB_STATE_LISTEN]			= "StateListen",
	[RSP_MIB_STATE_SECURE]			= "StateSecure",
	[RSP_MIB_CONNECT]			= "Connect",
	[RSP_MIB_CONNECT_DONE]			= "ConnectDone",
	[RSP_MIB_CONNECT_FAILED]		= "ConnectFailed",
	[RSP_MIB_FAILOVER]			= "Failover",
	[RSP_MIB_FAILOVER_DONE]			= "FailoverDone",
	[RSP_MIB_FAILOVER_FAILED]		= "FailoverFailed",
	[RSP_MIB_STANDBY_USED]			= "StandbyUsed",
	[RSP_MIB_STANDBY_LOST]			= "StandbyLost",
	[RSP_MIB_FAILURE_NONE]			= "FailureNone",
	[RSP_MIB_FAILURE_RESET]			= "FailureReset",
	[RSP_MIB_FAILURE_FIN]			= "FailureFin",
	[RSP_MIB_FAILURE_SILENT]		= "FailureSilent",
	[RSP_MIB_FAILURE_UNREACHABLE]		= "FailureUnreachable",
	[RSP_MIB_FAILURE_REFUSED]		= "FailureRefused",
	[RSP_MIB_FAILURE_CONNECT_TIMEOUT]	= "FailureConnectTimeout",
	[RSP_MIB_FAILURE_SEVERED]		= "FailureSevered",
	[RSP_MIB_FAILURE_FORCED]		= "FailureForced",
	[RSP_MIB_FAILURE_LOCAL]			= "FailureLocal",
	[RSP_MIB_FAILURE_FRAME]			= "FailureFrame",
	[RSP_MIB_FAILURE_CARD]			= "FailureCard",
	[RSP_MIB_FAILURE_CONTROL]		= "FailureControl",
	[RSP_MIB_FAILURE_MESSAGE_SIZE]		= "FailureMessageSize",
	[RSP_MIB_FAILURE_REJECTED]		= "FailureRejected",
	[RSP_MIB_FAILURE_SECURITY]		= "FailureSecurity",
	[RSP_MIB_FAILURE_REVOKED]		= "FailureRevoked",
	[RSP_MIB_FAILURE_RECORDS]		= "FailureRecords",
	[RSP_MIB_ELEMENT_AVOIDED]		= "ElementAvoided",
	[RSP_MIB_ELEMENT_RETURNED]		= "ElementReturned",
	[RSP_MIB_ELEMENT_EXPIRED]		= "ElementExpired",
	[RSP_MIB_RESOLVE]			= "Resolve",
	[RSP_MIB_RESOLVE_DONE]			= "ResolveDone",
	[RSP_MIB_RESOLVE_TIMEOUT]		= "ResolveTimeout",
	[RSP_MIB_RESOLVE_REFUSED]		= "ResolveRefused",
	[RSP_MIB_REGISTER]			= "Register",
	[RSP_MIB_REGISTER_DONE]			= "RegisterDone",
	[RSP_MIB_REGISTER_REFUSED]		= "RegisterRefused",
	[RSP_MIB_REGISTER_TIMEOUT]		= "RegisterTimeout",
	[RSP_MIB_CONTROL_UNKNOWN]		= "ControlUnknown",
	[RSP_MIB_CONTROL_ERROR]			= "ControlError",
	[RSP_MIB_UNREACHABLE]			= "Unreachable",
	[RSP_MIB_UNREACHABLE_LIMITED]		= "UnreachableLimited",
	[RSP_MIB_COOKIE_UNSEALED]		= "CookieUnsealed",
	[RSP_MIB_COOKIE_KEYLESS]		= "CookieKeyless",
	[RSP_MIB_COOKIE_FOREIGN]		= "CookieForeign",
	[RSP_MIB_COOKIE_FORGED]			= "CookieForged",
	[RSP_MIB_COOKIE_OLD]			= "CookieOld",
	[RSP_MIB_COOKIE_RESEALED]		= "CookieResealed",
	[RSP_MIB_REPLAY_FULL]			= "ReplayFull",
	[RSP_MIB_REPLAY_LIMITED]		= "ReplayLimited",
	[RSP_MIB_HANDSHAKE]			= "Handshake",
	[RSP_MIB_HANDSHAKE_DONE]		= "HandshakeDone",
	[RSP_MIB_HANDSHAKE_FAILED]		= "HandshakeFailed",
	[RSP_MIB_HANDSHAKE_TIMEOUT]		= "HandshakeTimeout",
	[RSP_MIB_HANDSHAKE_NO_AGENT]		= "HandshakeNoAgent",
	[RSP_MIB_HANDSHAKE_BUSY]		= "HandshakeBusy",
	[RSP_MIB_HANDSHAKE_UNHEARD]		= "HandshakeUnheard",
	[RSP_MIB_HANDSHAKE_DISPLACED]		= "HandshakeDisplaced",
	[RSP_MIB_HANDSHAKE_NO_KEY]		= "HandshakeNoKey",
	[RSP_MIB_HANDSHAKE_IDENTITY]		= "HandshakeIdentity",
	[RSP_MIB_HANDSHAKE_WEAK]		= "HandshakeWeak",
	[RSP_MIB_HANDSHAKE_ANONYMOUS]		= "HandshakeAnonymous",
	[RSP_MIB_TLS_CLOSED]			= "TlsClosed",
	[RSP_MIB_TLS_ALERT]			= "TlsAlert",
	[RSP_MIB_TLS_RECORD]			= "TlsRecord",
	[RSP_MIB_TLS_UNEXPECTED]		= "TlsUnexpected",
	[RSP_MIB_TLS_RENEWED]			= "TlsRenewed",
	[RSP_MIB_TLS_TRUNCATED]			= "TlsTruncated",
	[RSP_MIB_NETLINK_REFUSED]		= "NetlinkRefused",
};

static_assert(ARRAY_SIZE(names) == __RSP_MIB_MAX);
static_assert(RSP_MIB_STATE_INIT + RSP_SESSION_SECURE ==
	      RSP_MIB_STATE_SECURE);
static_assert(RSP_MIB_FAILURE_NONE + RSP_FAILURE_RECORDS ==
	      RSP_MIB_FAILURE_RECORDS);

/**
 * rsp_mib_init() - make the counters of a namespace
 * @net: the namespace
 *
 * Context: process. Return: 0 or -ENOMEM.
 */
int rsp_mib_init(struct net *net)
{
	rsp_net(net)->mib = alloc_percpu(struct rsp_mib);
	return rsp_net(net)->mib ? 0 : -ENOMEM;
}

/**
 * rsp_mib_exit() - free the counters of a namespace
 * @net: the namespace; nothing counts in it any more
 *
 * Context: process.
 */
void rsp_mib_exit(struct net *net)
{
	free_percpu(rsp_net(net)->mib);
}

/**
 * rsp_mib_name() - the name of a counter
 * @field: which
 *
 * Context: any. Return: at most RSERPOOL_COUNTER_NAME_MAX octets.
 */
const char *rsp_mib_name(enum rsp_mib_field field)
{
	return names[field];
}

/**
 * rsp_mib_read() - the value of a counter, over all CPUs
 * @net: the namespace
 * @field: which
 *
 * Context: any. Return: the value.
 */
u64 rsp_mib_read(const struct net *net, enum rsp_mib_field field)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(rsp_net(net)->mib,
					     cpu)->mibs[field]);
	return sum;
}
