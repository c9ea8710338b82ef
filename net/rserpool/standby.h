/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_STANDBY_H
#define _RSERPOOL_STANDBY_H

#include <linux/timer.h>

#include "handlespace.h"

struct rsp_card;
struct rsp_flow;
struct rsp_session;

/* What happens to a flow that stands by. */
enum rsp_standby_event {
	RSP_STANDBY_READY,	/* it does from now on */
	RSP_STANDBY_USED,	/* the session turned to it */
	RSP_STANDBY_LOST,	/* it failed, or its element may have no sessions */
	RSP_STANDBY_LEFT,	/* the session has no use for it any more */
};

/**
 * struct rsp_standby - the connected flow that a session holds for a failover
 * @ssn: the session; its socket lock holds for all below
 * @flow: the flow, NULL: there is none
 * @card: what its element sent first, NULL: nothing, or an empty one
 * @next: jiffies at which the connect under way is given up, or before which
 *	none is begun
 * @since: jiffies at which the flow was ready
 * @waiter: is woken when the pool's elements change, if @waiting
 * @timer: runs out at @next
 * @passed: PE identifier to pass over if there is another, 0: none; the
 *	scope does not avoid it, but it was of no use here
 * @lost: flows in a row that were of no use soon
 * @transport: index of the transport address being connected
 * @ready: @flow is connected and its element has shown its card
 * @waiting: @waiter is registered
 */
struct rsp_standby {
	struct rsp_session *ssn;
	struct rsp_flow *flow;
	struct rsp_card *card;
	unsigned long next;
	unsigned long since;
	struct rsp_waiter waiter;
	struct timer_list timer;
	u32 passed;
	u8 lost;
	u8 transport;
	bool ready;
	bool waiting;
};

/* The one that stands by or is to, NULL: there is none. */
static inline struct rsp_flow *
rsp_standby_flow(const struct rsp_standby *standby)
{
	return standby ? standby->flow : NULL;
}

int rsp_standby_set(struct rsp_session *ssn, bool on);
void rsp_standby_step(struct rsp_session *ssn);
bool rsp_standby_take(struct rsp_session *ssn);
bool rsp_standby_renews(const struct rsp_session *ssn);
bool rsp_standby_renew(struct rsp_session *ssn);
void rsp_standby_stop(struct rsp_session *ssn);
void rsp_standby_free(struct rsp_session *ssn, struct list_head *flows);

#endif /* _RSERPOOL_STANDBY_H */
