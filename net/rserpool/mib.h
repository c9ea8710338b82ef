/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_MIB_H
#define _RSERPOOL_MIB_H

#include <linux/rserpool.h>
#include <net/snmp.h>

#include "net_ns.h"

/* The counters of a namespace; mib.c has a name for each, in this order. */
enum rsp_mib_field {
	RSP_MIB_STATE_INIT,		/* sessions that entered the state, */
	RSP_MIB_STATE_RESOLVE,		/* in the order of */
	RSP_MIB_STATE_CONNECT,		/* enum rsp_session_state */
	RSP_MIB_STATE_READY,
	RSP_MIB_STATE_FAILOVER,
	RSP_MIB_STATE_CLOSED,
	RSP_MIB_STATE_LISTEN,
	RSP_MIB_STATE_SECURE,
	RSP_MIB_CONNECT,		/* connects to an element */
	RSP_MIB_CONNECT_DONE,
	RSP_MIB_CONNECT_FAILED,
	RSP_MIB_FAILOVER,		/* failovers of a session */
	RSP_MIB_FAILOVER_DONE,
	RSP_MIB_FAILOVER_FAILED,
	RSP_MIB_STANDBY_USED,		/* a failover turned to who stood by */
	RSP_MIB_STANDBY_LOST,		/* who stood by was lost before */
	RSP_MIB_FAILURE_NONE,		/* why a session left an element, */
	RSP_MIB_FAILURE_RESET,		/* in the order of enum rsp_failure */
	RSP_MIB_FAILURE_FIN,
	RSP_MIB_FAILURE_SILENT,
	RSP_MIB_FAILURE_UNREACHABLE,
	RSP_MIB_FAILURE_REFUSED,
	RSP_MIB_FAILURE_CONNECT_TIMEOUT,
	RSP_MIB_FAILURE_SEVERED,
	RSP_MIB_FAILURE_FORCED,
	RSP_MIB_FAILURE_LOCAL,
	RSP_MIB_FAILURE_FRAME,
	RSP_MIB_FAILURE_CARD,
	RSP_MIB_FAILURE_CONTROL,
	RSP_MIB_FAILURE_MESSAGE_SIZE,
	RSP_MIB_FAILURE_REJECTED,
	RSP_MIB_FAILURE_SECURITY,
	RSP_MIB_FAILURE_REVOKED,
	RSP_MIB_FAILURE_RECORDS,
	RSP_MIB_ELEMENT_AVOIDED,	/* failed, or drained */
	RSP_MIB_ELEMENT_RETURNED,	/* selected again */
	RSP_MIB_ELEMENT_EXPIRED,	/* not registered anew in time */
	RSP_MIB_RESOLVE,		/* a feeder was asked */
	RSP_MIB_RESOLVE_DONE,		/* and answered */
	RSP_MIB_RESOLVE_TIMEOUT,	/* or did not, in time */
	RSP_MIB_RESOLVE_REFUSED,	/* no feeder, or too many pending */
	RSP_MIB_REGISTER,		/* an agent was asked to register */
	RSP_MIB_REGISTER_DONE,		/* and did, or did so unasked */
	RSP_MIB_REGISTER_REFUSED,	/* or did not */
	RSP_MIB_REGISTER_TIMEOUT,	/* or did not answer in time */
	RSP_MIB_CONTROL_UNKNOWN,	/* control messages of no meaning here */
	RSP_MIB_CONTROL_ERROR,		/* ASAP_ERROR messages that came */
	RSP_MIB_UNREACHABLE,		/* elements reported to a feeder */
	RSP_MIB_UNREACHABLE_LIMITED,	/* or not, for there were too many */
	RSP_MIB_COOKIE_UNSEALED,	/* echoes that were refused, in the */
	RSP_MIB_COOKIE_KEYLESS,		/* order of enum rsp_cookie_fault */
	RSP_MIB_COOKIE_FOREIGN,
	RSP_MIB_COOKIE_FORGED,
	RSP_MIB_COOKIE_OLD,
	RSP_MIB_COOKIE_RESEALED,	/* sent again, lest they be too old */
	RSP_MIB_REPLAY_FULL,		/* messages that a session had no room */
	RSP_MIB_REPLAY_LIMITED,		/* to keep, or the scope had none */
	RSP_MIB_HANDSHAKE,		/* an agent was asked for TLS */
	RSP_MIB_HANDSHAKE_DONE,		/* and had it done */
	RSP_MIB_HANDSHAKE_FAILED,	/* or could not */
	RSP_MIB_HANDSHAKE_TIMEOUT,	/* or not in time */
	RSP_MIB_HANDSHAKE_NO_AGENT,	/* none listens */
	RSP_MIB_HANDSHAKE_BUSY,		/* the kernel had no room to ask */
	RSP_MIB_HANDSHAKE_UNHEARD,	/* no ClientHello came */
	RSP_MIB_HANDSHAKE_DISPLACED,	/* it made room for another connection */
	RSP_MIB_HANDSHAKE_NO_KEY,	/* there is none for the element */
	RSP_MIB_HANDSHAKE_IDENTITY,	/* the peer is not who was meant */
	RSP_MIB_HANDSHAKE_WEAK,		/* it is not TLS 1.3 that was agreed */
	RSP_MIB_HANDSHAKE_ANONYMOUS,	/* the peer's key tells not who it is */
	RSP_MIB_TLS_CLOSED,		/* close_notify alerts that came */
	RSP_MIB_TLS_ALERT,		/* other alerts */
	RSP_MIB_TLS_RECORD,		/* records that are broken or forged */
	RSP_MIB_TLS_UNEXPECTED,		/* records of another type */
	RSP_MIB_TLS_RENEWED,		/* flows that another one took the place of */
	RSP_MIB_TLS_TRUNCATED,		/* ends without close_notify */
	RSP_MIB_NETLINK_REFUSED,	/* requests that were refused */
	__RSP_MIB_MAX
};

/**
 * struct rsp_mib - counters of a namespace, on one CPU
 * @mibs: by enum rsp_mib_field
 */
struct rsp_mib {
	unsigned long mibs[__RSP_MIB_MAX];
};

int rsp_mib_init(struct net *net);
void rsp_mib_exit(struct net *net);
const char *rsp_mib_name(enum rsp_mib_field field);
u64 rsp_mib_read(const struct net *net, enum rsp_mib_field field);

static inline void RSP_INC_STATS(const struct net *net,
				 enum rsp_mib_field field)
{
	SNMP_INC_STATS(rsp_net(net)->mib, field);
}

/* A session enters a state. */
static inline void rsp_mib_session_state(const struct net *net,
					 enum rsp_session_state state)
{
	RSP_INC_STATS(net, (enum rsp_mib_field)(RSP_MIB_STATE_INIT + state));
}

/* A session leaves an element. */
static inline void rsp_mib_failure(const struct net *net,
				   enum rsp_failure failure)
{
	RSP_INC_STATS(net,
		      (enum rsp_mib_field)(RSP_MIB_FAILURE_NONE + failure));
}

#endif /* _RSERPOOL_MIB_H */
