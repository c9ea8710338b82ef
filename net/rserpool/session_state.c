// SPDX-License-Identifier: GPL-2.0
/* The only writer of a session's state. */

#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/kernel.h>

#include "mib.h"
#include "session_state.h"
#include "trace.h"

/* From each state, those that may follow. */
static const u8 allowed[] = {
	[RSP_SESSION_INIT]	= BIT(RSP_SESSION_RESOLVE) |
				  BIT(RSP_SESSION_CONNECT) |
				  BIT(RSP_SESSION_READY) |
				  BIT(RSP_SESSION_LISTEN) |
				  BIT(RSP_SESSION_CLOSED),
	[RSP_SESSION_RESOLVE]	= BIT(RSP_SESSION_INIT) |
				  BIT(RSP_SESSION_CONNECT) |
				  BIT(RSP_SESSION_CLOSED),
	[RSP_SESSION_CONNECT]	= BIT(RSP_SESSION_INIT) |
				  BIT(RSP_SESSION_SECURE) |
				  BIT(RSP_SESSION_READY) |
				  BIT(RSP_SESSION_CLOSED),
	[RSP_SESSION_SECURE]	= BIT(RSP_SESSION_INIT) |
				  BIT(RSP_SESSION_CONNECT) |
				  BIT(RSP_SESSION_READY) |
				  BIT(RSP_SESSION_CLOSED),
	[RSP_SESSION_READY]	= BIT(RSP_SESSION_INIT) |
				  BIT(RSP_SESSION_FAILOVER) |
				  BIT(RSP_SESSION_CLOSED),
	[RSP_SESSION_FAILOVER]	= BIT(RSP_SESSION_INIT) |
				  BIT(RSP_SESSION_READY) |
				  BIT(RSP_SESSION_CLOSED),
	[RSP_SESSION_CLOSED]	= BIT(RSP_SESSION_INIT),
	[RSP_SESSION_LISTEN]	= BIT(RSP_SESSION_CLOSED),
};

/**
 * rsp_session_state_allowed() - may one state follow the other?
 * @from: enum rsp_session_state
 * @to: enum rsp_session_state
 *
 * Return: true when it may.
 */
bool rsp_session_state_allowed(u8 from, u8 to)
{
	return from < ARRAY_SIZE(allowed) && to < ARRAY_SIZE(allowed) &&
	       allowed[from] & BIT(to);
}

/**
 * rsp_session_state_set() - change a session's state
 * @state: the state; the session's socket lock
 * @net: whose counters count it
 * @to: enum rsp_session_state; one that may follow
 *
 * Who waits for the change is woken by the caller, when all that goes with
 * the new state is in place.
 */
void rsp_session_state_set(struct rsp_session_status *state, struct net *net,
			   u8 to)
{
	if (WARN_ON_ONCE(!rsp_session_state_allowed(state->now, to)))
		return;
	trace_rsp_session_state(state->id, state->now, to);
	rsp_mib_session_state(net, to);
	WRITE_ONCE(state->now, to);
}
