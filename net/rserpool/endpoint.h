/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_ENDPOINT_H
#define _RSERPOOL_ENDPOINT_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "endpoint_register.h"
#include "handlespace.h"

struct rsp_endpoint;
struct rsp_session;

/**
 * struct rsp_listener - a transport that listens for an endpoint
 * @sock: a TCP socket
 * @wait: on its wait queue: a connection came
 * @endpoint: whose
 */
struct rsp_listener {
	struct socket *sock;
	struct wait_queue_entry wait;
	struct rsp_endpoint *endpoint;
};

/**
 * struct rsp_endpoint - what a socket is that bind() gave a handle: a pool
 *	element, once it listens; else a user that is of this pool itself
 * @ssn: the socket; its lock is that of all that says nothing else
 * @handle: of the pool; fixed
 * @port: that bind() gave, 0: any
 * @chosen: the program chose @config.transports
 * @policy_set: and @config.policy
 * @config: what the element is registered with
 * @opening: a call of listen() waits for the agent
 * @registration: with whom the element is registered
 * @pe: the element for the sessions that it serves, in no handlespace; fixed
 *	by listen()
 * @n_listeners: how many
 * @listeners: fixed by listen()
 * @admit_lock: connections become sessions, or end: down to @n_admissions;
 *	@listeners once it listens; outside the new session's socket lock
 * @turn: counts looks at listeners, for which is the next
 * @admissions: connections that are no sessions yet, for TLS is being agreed
 * @n_admissions: how many
 * @acceptors: calls that wait in accept(), each to admit the connection for which
 *	it is woken
 * @work: takes in connections for which no call waits
 * @again: queues @work once there may be memory
 * @waiter: is told of changes of the pool, while @pe is there
 * @tell: tells the sessions of them
 * @lock: @backlog
 * @backlog: sessions that no accept() has taken, oldest first, through
 *	rsp_session.backlog; sk_ack_backlog counts them
 * @rcu: frees it, for who tells of it
 */
struct rsp_endpoint {
	struct rsp_session *ssn;
	struct rsp_handle handle;
	__be16 port;
	bool chosen;
	bool policy_set;
	struct rsp_pe_config config;
	bool opening;
	struct rsp_registration registration;
	struct rsp_pe *pe;
	u32 n_listeners;
	struct rsp_listener listeners[RSP_TRANSPORTS_MAX];
	struct mutex admit_lock; /* see above */
	u32 turn;
	struct list_head admissions;
	u32 n_admissions;
	wait_queue_head_t acceptors;
	struct work_struct work;
	struct delayed_work again;
	struct rsp_waiter waiter;
	struct delayed_work tell;
	spinlock_t lock; /* see above */
	struct list_head backlog;
	struct rcu_head rcu;
};

int rsp_endpoint_bind(struct rsp_session *ssn, const struct rsp_handle *handle,
		      u32 pe_id, __be16 port);
int rsp_endpoint_listen(struct rsp_session *ssn, int backlog, bool noblock);
__be16 rsp_endpoint_port(const struct rsp_endpoint *endpoint);
int rsp_endpoint_set_policy(struct rsp_session *ssn,
			    const struct rsp_policy_params *policy);
int rsp_endpoint_addresses_find(struct net *net, struct rsp_pe_config *config,
				bool v6, __be16 port);
int rsp_endpoint_set_addresses(struct rsp_session *ssn,
			       const struct __kernel_sockaddr_storage *addresses,
			       u32 n);
int rsp_endpoint_get_addresses(const struct rsp_session *ssn,
			       struct __kernel_sockaddr_storage *addresses);
void rsp_endpoint_describe(const struct rsp_session *ssn,
			   struct rsp_info *info);
void rsp_listeners_release(struct rsp_endpoint *endpoint);
void rsp_endpoint_stop(struct rsp_session *ssn);
void rsp_endpoint_close(struct rsp_session *ssn);

#endif /* _RSERPOOL_ENDPOINT_H */
