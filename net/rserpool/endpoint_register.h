/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registration of the elements for which sockets of this host listen.
 *
 * Where an agent listens to group "asap", it is asked to register the element,
 * and the socket waits for its answer; where none does, the element goes into
 * this scope's own handlespace at once.  An agent that comes later finds it in a
 * dump and takes it over by answering what it was not asked.
 *
 * Once it is registered, with whomever, the element is in the handlespace until
 * the socket listens no more: a sync of the agent does not sweep it, and it does
 * not expire (rsp_pe.listener).  An operator may still delete it.
 *
 * A load that changes is in the handlespace at once; an agent is told of it ten
 * times a second at most, the last word always.
 */
#ifndef _RSERPOOL_ENDPOINT_REGISTER_H
#define _RSERPOOL_ENDPOINT_REGISTER_H

#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "handlespace.h"

struct rsp_net;
struct sock;

/**
 * struct rsp_registrations - the registrations of a namespace
 * @lock: all of the below, and of each registration; outside the handlespace's
 *	writer lock
 * @list: registrations
 * @n_asked: those that wait for an agent's answer; read locklessly
 * @seq: grows with each change, so that a dump sees it was overtaken
 * @by_self: no agent is asked; written under the handlespace's writer lock, read
 *	locklessly
 * @timeout_ms: how long an answer may take; the same
 */
struct rsp_registrations {
	struct mutex lock; /* see above */
	struct xarray list;
	u32 n_asked;
	u32 seq;
	bool by_self;
	u32 timeout_ms;
};

/**
 * struct rsp_registration - of an element for which a socket listens
 * @sk: the socket; fixed
 * @index: place in rsp_registrations.list
 * @kind: enum rsp_listener_kind; RSP_LISTENER_NONE: in no list; read locklessly
 * @news: the agent was not told yet what changed last
 * @waited: a call waits for the end of RSP_LISTENER_ASKED
 * @result: of RSP_LISTENER_REFUSED, negative
 * @deadline: jiffies at which RSP_LISTENER_ASKED ends
 * @timeout: looks at @deadline
 * @told: jiffies at which the agent was last told of it
 * @tell: tells it what changed since
 * @handle: of the pool
 * @config: the element, as its socket says
 *
 * All but @sk, @timeout and @tell under rsp_registrations.lock.
 */
struct rsp_registration {
	struct sock *sk;
	u32 index;
	u8 kind;
	bool news;
	bool waited;
	int result;
	unsigned long deadline;
	struct delayed_work timeout;
	unsigned long told;
	struct delayed_work tell;
	struct rsp_handle handle;
	struct rsp_pe_config config;
};

/* Listening sockets. */
void rsp_registration_init(struct rsp_registration *reg, struct sock *sk);
int rsp_registration_begin(struct rsp_registration *reg,
			   const struct rsp_handle *handle,
			   const struct rsp_pe_config *config, bool policy_set,
			   bool waits);
int rsp_registration_result(struct rsp_registration *reg);
int rsp_registration_update(struct rsp_registration *reg,
			    const struct rsp_policy_params *policy);
void rsp_registration_end(struct rsp_registration *reg);

/* Netlink. */
int rsp_register_done(struct rsp_net *rn, const struct rsp_handle *handle,
		      u32 id, int result);
int rsp_register_alive(struct rsp_net *rn, const struct rsp_handle *handle,
		       u32 id, const u32 *home);
void rsp_register_feeder_gone(struct rsp_net *rn);

/* The namespace. */
void rsp_registrations_init(struct rsp_registrations *regs);
void rsp_registrations_exit(struct rsp_registrations *regs);

#endif /* _RSERPOOL_ENDPOINT_REGISTER_H */
