// SPDX-License-Identifier: GPL-2.0
/*
 * The listening side: a socket that bind() gave a pool handle and listen()
 * made a pool element.
 *
 * TCP sockets of the kernel's own listen for it; what becomes of the connections
 * that come is in endpoint_accept.c.
 *
 * Ends: rsp_endpoint_stop() takes the element out of the handlespace, then the
 * wait queue entries out of the queues, so that nothing starts the work item
 * any more, then the listeners, so that no call admits a connection, waits for
 * the work item, and drops what is in the backlog.  The same with the waiter and
 * the work that tells the sessions of changes.
 */

#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "af_rserpool.h"
#include "endpoint.h"
#include "endpoint_accept.h"
#include "flow.h"
#include "frame.h"
#include "net_ns.h"
#include "session.h"
#include "session_control.h"
#include "session_work.h"
#include "tls.h"

#define TELL_AFTER	HZ	/* at most one new card in this time */

/* Listeners. */

static int listener_bind(struct socket *sock,
			 const struct rsp_transport *transport, __be16 port)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = port,
	};
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = port,
	};

	if (sock->sk->sk_family == AF_INET6) {
		if (transport) {
			sin6.sin6_addr = transport->v6;
			sin6.sin6_scope_id = transport->scope_id;
		}
		return kernel_bind(sock, (RSP_SOCKADDR *)&sin6, sizeof(sin6));
	}
	if (transport)
		sin.sin_addr.s_addr = transport->v4;
	return kernel_bind(sock, (RSP_SOCKADDR *)&sin, sizeof(sin));
}

/* @transport: where it listens, NULL: everywhere. */
static int listener_open(struct rsp_endpoint *endpoint, int family,
			 const struct rsp_transport *transport, __be16 port)
{
	struct rsp_listener *listener =
		&endpoint->listeners[endpoint->n_listeners];
	struct sock *sk = &endpoint->ssn->sk;
	struct socket *sock;
	int err;

	err = __sock_create(sock_net(sk), family, SOCK_STREAM, IPPROTO_TCP,
			    &sock, 0);
	if (err)
		return err;
	tcp_sock_set_nodelay(sock->sk);
	rsp_transport_configure(endpoint->ssn, sock);
	sock->sk->sk_reuse = sk->sk_reuse;
	sock->sk->sk_reuseport = sk->sk_reuseport;
	if (family == AF_INET6)
		sock->sk->sk_ipv6only = !!transport;
	err = listener_bind(sock, transport, port);
	if (!err)
		err = kernel_listen(sock, sk->sk_max_ack_backlog);
	if (err) {
		sock_release(sock);
		return err;
	}
	listener->sock = sock;
	listener->endpoint = endpoint;
	endpoint->n_listeners++;
	return 0;
}

static int listeners_open(struct rsp_endpoint *endpoint)
{
	struct rsp_pe_config *config = &endpoint->config;
	struct net *net = sock_net(&endpoint->ssn->sk);
	bool v6 = ipv6_mod_enabled();
	__be16 port = endpoint->port;
	u32 i;
	int err;

	if (!config->n_transports) {
		err = listener_open(endpoint, v6 ? AF_INET6 : AF_INET, NULL,
				    port);
		if (err)
			return err;
		port = inet_sk(endpoint->listeners[0].sock->sk)->inet_sport;
		return rsp_endpoint_addresses_find(net, config, v6, port);
	}
	for (i = 0; i < config->n_transports; i++) {
		struct rsp_transport *transport = &config->transports[i];

		err = listener_open(endpoint, transport->family, transport,
				    port);
		if (err)
			return err;
		/* An ephemeral port is the same for all. */
		port = inet_sk(endpoint->listeners[i].sock->sk)->inet_sport;
		transport->port = port;
	}
	return 0;
}

/* No wake-up starts the work item any more. */
static void listeners_detach(struct rsp_endpoint *endpoint)
{
	struct rsp_listener *listener;
	u32 i;

	for (i = 0; i < endpoint->n_listeners; i++) {
		listener = &endpoint->listeners[i];
		if (!listener->wait.func)
			continue;
		remove_wait_queue(sk_sleep(listener->sock->sk),
				  &listener->wait);
		listener->wait.func = NULL;
	}
}

/**
 * rsp_listeners_release() - end the transports that listen
 * @endpoint: whose; nothing of them starts its work item
 *
 * Context: process; the session's socket lock, or rsp_endpoint.admit_lock when
 * it listened.
 */
void rsp_listeners_release(struct rsp_endpoint *endpoint)
{
	while (endpoint->n_listeners)
		sock_release(endpoint->listeners[--endpoint->n_listeners].sock);
}

/* Changes of the pool: the sessions' business cards are out of date. */

static bool is_served_by(const struct rsp_session *ssn, const void *pe)
{
	const struct rsp_flow *flow = READ_ONCE(ssn->flow);

	return flow && flow->pe == pe;
}

static void endpoint_tell(struct work_struct *work)
{
	struct rsp_endpoint *endpoint = container_of(to_delayed_work(work),
						     struct rsp_endpoint, tell);

	rsp_sessions_kick(sock_net(&endpoint->ssn->sk), RSP_SESSION_CARD,
			  is_served_by, endpoint->pe);
}

/* What changes before the work runs is told with it. */
static void pool_changed(struct rsp_waiter *waiter)
{
	struct rsp_endpoint *endpoint = container_of(waiter,
						     struct rsp_endpoint,
						     waiter);

	queue_delayed_work(system_dfl_wq, &endpoint->tell, TELL_AFTER);
}

/* Calls. */

/**
 * rsp_endpoint_bind() - give a socket the handle of the pool that it is of
 * @ssn: a socket in RSP_SESSION_INIT
 * @handle: the pool's
 * @pe_id: PE identifier, 0: one that is free
 * @port: transport port, 0: an ephemeral one
 *
 * Context: process; the session's socket lock.
 * Return: 0; -EINVAL: it is bound already; -ENOMEM.
 */
int rsp_endpoint_bind(struct rsp_session *ssn, const struct rsp_handle *handle,
		      u32 pe_id, __be16 port)
{
	struct rsp_endpoint *endpoint;

	if (ssn->endpoint)
		return -EINVAL;
	endpoint = kzalloc_obj(*endpoint, GFP_KERNEL_ACCOUNT);
	if (!endpoint)
		return -ENOMEM;
	endpoint->ssn = ssn;
	endpoint->port = port;
	endpoint->config.id = pe_id;
	endpoint->config.policy.type = RSP_POLICY_RR;
	rsp_endpoint_accept_init(endpoint);
	INIT_DELAYED_WORK(&endpoint->tell, endpoint_tell);
	rsp_registration_init(&endpoint->registration, &ssn->sk);
	endpoint->handle = *handle;
	ssn->endpoint = endpoint;
	return 0;
}

/* Has registering been begun? */
static bool is_registered(const struct rsp_endpoint *endpoint)
{
	return READ_ONCE(endpoint->registration.kind) != RSP_LISTENER_NONE;
}

static bool is_refused(const struct rsp_endpoint *endpoint)
{
	return READ_ONCE(endpoint->registration.kind) == RSP_LISTENER_REFUSED;
}

/* Wait for the agent; its time is limited by the registration. */
static int registration_wait(struct rsp_endpoint *endpoint)
{
	struct rsp_registration *reg = &endpoint->registration;
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = &endpoint->ssn->sk;
	long timeo = MAX_SCHEDULE_TIMEOUT;
	int done;

	add_wait_queue(sk_sleep(sk), &wait);
	do {
		done = sk_wait_event(sk, &timeo, READ_ONCE(reg->kind) !=
						 RSP_LISTENER_ASKED, &wait);
	} while (!done && !signal_pending(current));
	remove_wait_queue(sk_sleep(sk), &wait);
	return done ? rsp_registration_result(reg) : sock_intr_errno(timeo);
}

static int element_register(struct rsp_endpoint *endpoint, bool noblock)
{
	struct rsp_registration *reg = &endpoint->registration;
	struct rsp_pe_config *config = &endpoint->config;
	int err;

	err = rsp_registration_begin(reg, &endpoint->handle, config,
				     endpoint->policy_set, !noblock);
	if (err == -EINPROGRESS && noblock)
		err = 0;
	if (err == -EINPROGRESS) {
		endpoint->opening = true;
		err = registration_wait(endpoint);
		endpoint->opening = false;
		if (err)
			rsp_registration_end(reg);
	}
	if (err)
		return err;
	config->id = reg->config.id;
	/* Another one may have been set meanwhile. */
	if (!endpoint->policy_set)
		config->policy = reg->config.policy;
	return 0;
}

/**
 * rsp_endpoint_listen() - become a pool element
 * @ssn: a socket that bind() gave a handle, or one that listens already
 * @backlog: sessions that may wait for accept()
 * @noblock: do not wait for the agent that was asked to register the element;
 *	the socket's error tells that it did not
 *
 * One that listens, and was refused since, asks again.
 *
 * Context: process; the session's socket lock, given up while it waits.
 * Return: 0; -EDESTADDRREQ: no handle; -EALREADY: another call is at it; the
 * errors of bind(2) and listen(2) of TCP; those of rsp_registration_begin();
 * the agent's refusal; -EADDRNOTAVAIL: this host has no address; or what an
 * interrupted call returns.
 */
int rsp_endpoint_listen(struct rsp_session *ssn, int backlog, bool noblock)
{
	struct rsp_endpoint *endpoint = ssn->endpoint;
	struct sock *sk = &ssn->sk;
	u32 i;
	int err;

	if (!endpoint)
		return -EDESTADDRREQ;
	if (endpoint->opening)
		return -EALREADY;
	WRITE_ONCE(sk->sk_max_ack_backlog,
		   min_t(u32, backlog,
			 READ_ONCE(sock_net(sk)->core.sysctl_somaxconn)));
	if (endpoint->n_listeners) {
		for (i = 0; i < endpoint->n_listeners; i++)
			kernel_listen(endpoint->listeners[i].sock,
				      sk->sk_max_ack_backlog);
		/* There may be room for those that wait in TCP's. */
		rsp_work_queue(&endpoint->work);
		if (!is_refused(endpoint))
			return 0;
		rsp_registration_end(&endpoint->registration);
		sock_error(sk);	/* the refusal's */
		return element_register(endpoint, noblock);
	}

	err = rsp_session_enlist(ssn);
	if (err)
		return err;
	err = listeners_open(endpoint);
	if (err)
		goto err_release;
	for (i = 0; i < endpoint->config.n_transports; i++)
		endpoint->config.transports[i].use =
			RSP_TRANSPORT_USE_DATA_CONTROL;
	endpoint->pe = rsp_pe_lone(&rsp_net(sock_net(sk))->handlespace,
				   &endpoint->handle, &endpoint->config);
	err = -ENOMEM;
	if (!endpoint->pe)
		goto err_release;
	err = element_register(endpoint, noblock);
	if (err)
		goto err_pe;
	endpoint->pe->node.id = endpoint->config.id;
	endpoint->waiter.handle = &endpoint->pe->pool->handle;
	endpoint->waiter.any = true;
	endpoint->waiter.wake = pool_changed;
	rsp_handlespace_wait(&rsp_net(sock_net(sk))->handlespace,
			     &endpoint->waiter);
	/* Pairs with rsp_endpoint_accept(). */
	smp_wmb();
	ssn->handle = endpoint->handle;
	rsp_session_state_set(&ssn->state, sock_net(sk), RSP_SESSION_LISTEN);
	for (i = 0; i < endpoint->n_listeners; i++) {
		struct rsp_listener *listener = &endpoint->listeners[i];

		init_waitqueue_func_entry(&listener->wait,
					  rsp_listener_wake);
		add_wait_queue(sk_sleep(listener->sock->sk), &listener->wait);
	}
	/* Somebody may have been quick. */
	rsp_work_queue(&endpoint->work);
	return 0;

err_pe:
	rsp_pe_put(endpoint->pe);
	endpoint->pe = NULL;
err_release:
	rsp_listeners_release(endpoint);
	if (!endpoint->chosen)
		endpoint->config.n_transports = 0;
	return err;
}

/**
 * rsp_endpoint_port() - the transport port
 * @endpoint: of a socket that was bound
 *
 * Context: process; the session's socket lock.
 * Return: as bind() gave it, or as listen() found it.
 */
__be16 rsp_endpoint_port(const struct rsp_endpoint *endpoint)
{
	return endpoint->n_listeners ? endpoint->config.transports[0].port
				     : endpoint->port;
}

/**
 * rsp_endpoint_set_policy() - what the element says for its pool's policy
 * @ssn: a socket that bind() gave a handle
 * @policy: it
 *
 * Context: process; the session's socket lock.
 * Return: 0; -EDESTADDRREQ: no handle; -EOPNOTSUPP: the policy is unknown;
 * -EPROTOTYPE: it listens, and the pool has another one; -ENOMEM.
 */
int rsp_endpoint_set_policy(struct rsp_session *ssn,
			    const struct rsp_policy_params *policy)
{
	struct rsp_endpoint *endpoint = ssn->endpoint;
	int err = 0;

	if (!endpoint)
		return -EDESTADDRREQ;
	if (!rsp_policy_known(policy->type))
		return -EOPNOTSUPP;
	if (is_registered(endpoint))
		err = rsp_registration_update(&endpoint->registration, policy);
	if (err)
		return err;
	endpoint->config.policy = *policy;
	endpoint->policy_set = true;
	return 0;
}

/**
 * rsp_endpoint_stop() - be a pool element no more
 * @ssn: a socket that is no longer in RSP_SESSION_LISTEN
 *
 * Context: process; no lock is held. Calls may be in rsp_endpoint_accept().
 */
void rsp_endpoint_stop(struct rsp_session *ssn)
{
	struct rsp_endpoint *endpoint = ssn->endpoint;

	rsp_registration_end(&endpoint->registration);
	/* Its sessions go on, but say so when they are asked. */
	if (endpoint->pe)
		WRITE_ONCE(endpoint->pe->dead, true);
	listeners_detach(endpoint);
	rsp_endpoint_accept_end(endpoint);
}

/**
 * rsp_endpoint_close() - the listening side of a socket ends
 * @ssn: a socket that is being closed
 *
 * Context: process; no call is inside, and no lock is held.
 */
void rsp_endpoint_close(struct rsp_session *ssn)
{
	struct rsp_endpoint *endpoint = ssn->endpoint;

	if (!endpoint)
		return;
	rsp_endpoint_stop(ssn);
	if (endpoint->pe) {
		rsp_handlespace_unwait(&rsp_net(sock_net(&ssn->sk))->handlespace,
				       &endpoint->waiter);
		cancel_delayed_work_sync(&endpoint->tell);
		rsp_pe_put(endpoint->pe);
	}
	WRITE_ONCE(ssn->endpoint, NULL);
	kfree_rcu(endpoint, rcu);
}
