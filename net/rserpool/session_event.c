// SPDX-License-Identifier: GPL-2.0
/* What a program with RSP_EVENTS, and group "session", are told of a session. */

#include <linux/bits.h>
#include <net/sock.h>

#include "flow.h"
#include "netlink.h"
#include "session.h"
#include "session_event.h"

/**
 * rsp_session_event() - what an event record says
 * @ssn: the session
 * @type: enum rsp_event_type
 * @event: the record to fill
 *
 * Context: the session's socket lock.
 */
void rsp_session_event(const struct rsp_session *ssn, enum rsp_event_type type,
		       struct rsp_event *event)
{
	*event = (struct rsp_event){
		.type = type,
		.failure = ssn->failure,
		.generation = ssn->generation,
		.old_pe_id = ssn->prev_pe_id,
	};
	if (type == RSP_EVENT_FAILOVER_BEGUN ||
	    type == RSP_EVENT_FAILOVER_FAILED)
		return;
	event->pe_id = ssn->flow ? ssn->flow->pe->node.id : 0;
	if (type == RSP_EVENT_FAILOVER_DONE)
		event->failover_us = ssn->failover_us;
}

/**
 * rsp_session_event_raise() - something happened to a session
 * @ssn: the session
 * @type: what
 *
 * Who calls publishes the session afterwards.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_event_raise(struct rsp_session *ssn, enum rsp_event_type type)
{
	struct rsp_event event;

	/* What a failover tells outdates what the one before it told. */
	if (type == RSP_EVENT_FAILOVER_BEGUN)
		ssn->pending = 0;
	ssn->pending |= BIT(type) & ssn->events;
	rsp_session_event(ssn, type, &event);
	rsp_nl_session_event(sock_net(&ssn->sk), ssn->state.id, &event,
			     &ssn->handle);
}
