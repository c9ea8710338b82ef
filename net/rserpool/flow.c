// SPDX-License-Identifier: GPL-2.0
/*
 * One transport connection of a session to one element.
 *
 * The transport is a TCP socket of the kernel's own.  A flow does not replace
 * its callbacks: it hears of it through an entry on the transport's wait queue
 * and passes each wake-up on to the session's, so that whoever polls the
 * session hears what a poller of the transport would hear.
 */

#include <linux/bpf-cgroup.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "af_rserpool.h"
#include "flow.h"
#include "flow_secure.h"
#include "frame.h"
#include "frame_pass.h"
#include "handlespace.h"
#include "inherit.h"
#include "net_ns.h"
#include "session.h"
#include "session_work.h"
#include "tls.h"
#include "trace.h"

#define KEEPALIVE_PROBES	3

/* A transport's queue wakes a session's: two classes, always in this order. */
static struct lock_class_key flow_wait_key;

/**
 * rsp_flow_suspect() - have someone look, unless the transport is well
 * @flow: a flow of a session that is not closed
 *
 * Context: any.
 */
void rsp_flow_suspect(struct rsp_flow *flow)
{
	const struct sock *transport = flow->sock->sk;
	int err = READ_ONCE(transport->sk_err);

	if (err)
		WRITE_ONCE(flow->err, -err);
	if (!err &&
	    ((test_bit(RSP_FLOW_ENDED, &flow->flags) &&
	      !test_bit(RSP_FLOW_TURNED, &flow->flags)) ||
	     test_bit(RSP_FLOW_HALF, &flow->flags) ||
	     (test_bit(RSP_FLOW_CONNECTED, &flow->flags) &&
	      inet_sk_state_load(transport) == TCP_ESTABLISHED)))
		return;
	rsp_flow_accuse(flow);
}

/**
 * rsp_flow_accuse() - have the session's work item look whether a flow failed
 * @flow: a flow of a session that is not closed
 *
 * Context: any.
 */
void rsp_flow_accuse(struct rsp_flow *flow)
{
	set_bit(RSP_FLOW_SUSPECT, &flow->flags);
	rsp_session_kick(flow->ssn);
}

/* Is there something that may not be for the program? */
static bool control_may_be(struct rsp_flow *flow)
{
	return !rsp_pass_dry(flow) && !READ_ONCE(flow->frames->data_next);
}

static void frames_late(struct timer_list *timer)
{
	struct rsp_frames *frames = container_of(timer, struct rsp_frames, late);

	if (control_may_be(frames->flow))
		rsp_session_kick(frames->flow->ssn);
}

/*
 * Control is for the work item, and so is the rest of a frame; but if somebody
 * waits, he looks as well, and octets of the program are for him alone.  Who
 * waits for a checkpoint, or for the flow that takes the place of a worn one, looks
 * at what he has sent.  When it names an event, TCP
 * has the transport's lock.
 *
 * What a sealed record is nobody knows yet, and mostly a program is about to read it.
 */
static void frames_wake(struct rsp_flow *flow, __poll_t events, bool sleeper)
{
	struct rsp_frames *frames = flow->frames;
	bool in = !events || events & EPOLLIN;
	bool out = !events || events & EPOLLOUT;

	if (in && test_bit(RSP_FLOW_GREETED, &flow->flags)) {
		bool waited_for = rsp_session_replay(flow->ssn) ||
				  test_bit(RSP_FLOW_TURNED, &flow->flags);

		in = (!sleeper || waited_for) && control_may_be(flow) &&
		     !(events && rsp_frames_data_first(flow));
		if (in && events && !waited_for && rsp_flow_secure(flow)) {
			in = false;
			if (!timer_pending(&frames->late))
				mod_timer(&frames->late, jiffies + 1);
		}
	}
	if (in || (out && READ_ONCE(frames->n_pending)))
		rsp_session_kick(flow->ssn);
}

static noinline void wake_async(struct sock *sk, __poll_t events)
{
	if (events & EPOLLIN)
		sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_IN);
	if (events & EPOLLOUT)
		sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
}

/*
 * Runs under the lock of the transport's wait queue, with interrupts off, in
 * any context.
 */
static int flow_wake(struct wait_queue_entry *wait, unsigned int mode,
		     int wake_flags, void *key)
{
	struct rsp_flow *flow = container_of(wait, struct rsp_flow, wait);
	struct sock *sk = &flow->ssn->sk;
	/*
	 * A session lets go of its flows before it lets go of its queue; one
	 * that no accept() has taken has none yet.
	 */
	struct socket_wq *wq = rcu_dereference_check(sk->sk_wq, 1);
	wait_queue_head_t *queue = &wq->wait;
	/* The barrier before it is that of TCP's look at its own queue. */
	bool sleeper = wq && waitqueue_active(queue);
	__poll_t events = key_to_poll(key);

	if (unlikely(!events || events & (EPOLLERR | EPOLLHUP))) {
		set_bit(RSP_FLOW_ALARMED, &flow->flags);
		rsp_flow_suspect(flow);
	}

	if (flow->frames)
		frames_wake(flow, events, sleeper);
	if (sleeper && events) {
		spin_lock(&queue->lock);
		if (wake_flags)
			__wake_up_locked_sync_key(queue, TASK_INTERRUPTIBLE,
						  key);
		else
			__wake_up_locked_key(queue, TASK_INTERRUPTIBLE, key);
		spin_unlock(&queue->lock);
	} else if (sleeper) {
		wake_up_interruptible_all(queue);
	}
	if (unlikely(sock_flag(sk, SOCK_FASYNC)))
		wake_async(sk, events);
	return 0;
}

/* As flow_wake(), of a flow that stands by: whatever it is, the work item looks. */
static int standby_wake(struct wait_queue_entry *wait, unsigned int mode,
			int wake_flags, void *key)
{
	struct rsp_flow *flow = container_of(wait, struct rsp_flow, wait);
	int err = READ_ONCE(flow->sock->sk->sk_err);

	if (err)
		WRITE_ONCE(flow->err, -err);
	rsp_session_kick(flow->ssn);
	return 0;
}

static void flow_attach(struct rsp_flow *flow)
{
	bool standby = test_bit(RSP_FLOW_STANDBY, &flow->flags);

	init_waitqueue_func_entry(&flow->wait,
				  standby ? standby_wake : flow_wake);
	add_wait_queue(sk_sleep(flow->sock->sk), &flow->wait);
	set_bit(RSP_FLOW_ATTACHED, &flow->flags);
	/*
	 * What came before the entry stood there woke nobody.  Pairs with the
	 * barrier in TCP's wake-up: octets first, then the entry.
	 */
	smp_mb__after_atomic();
	flow->wait.func(&flow->wait, TASK_INTERRUPTIBLE, 0, NULL);
}

/**
 * rsp_flow_promote() - the session turns to the element of a flow that stood by
 * @flow: a connected flow with RSP_FLOW_STANDBY
 *
 * Context: process; the session's socket lock.
 */
void rsp_flow_promote(struct rsp_flow *flow)
{
	wait_queue_head_t *queue = sk_sleep(flow->sock->sk);

	clear_bit(RSP_FLOW_STANDBY, &flow->flags);
	flow->born = jiffies;
	spin_lock_irq(&queue->lock);
	flow->wait.func = flow_wake;
	spin_unlock_irq(&queue->lock);
}

static int transport_inherit(struct sock *sk, struct sock *transport)
{
	sk_net_refcnt_upgrade(transport);
	rsp_sock_inherit(sk, transport);
	SOCK_INODE(transport->sk_socket)->i_uid = rsp_sk_uid(sk);
	/* What the program's cgroup says of each new socket. */
	return BPF_CGROUP_RUN_PROG_INET_SOCK(transport);
}

/* As __sock_create() for a program, in its call or for it in a worker. */
static int transport_create(struct sock *sk, int family, struct socket **sock)
{
	struct mem_cgroup *old;
	int err;

	if (!(current->flags & PF_WQ_WORKER))
		return __sock_create(sock_net(sk), family, SOCK_STREAM,
				     IPPROTO_TCP, sock, 0);

	old = set_active_memcg(mem_cgroup_from_sk(sk));
	err = __sock_create(sock_net(sk), family, SOCK_STREAM, IPPROTO_TCP,
			    sock, 1);
	set_active_memcg(old);
	if (err)
		return err;
	err = transport_inherit(sk, (*sock)->sk);
	if (err)
		sock_release(*sock);
	return err;
}

/*
 * An idle connection is probed so that silence is seen in time: half of it
 * before the first probe, the rest for the probes.
 */
static void keepalive_set(struct sock *transport, unsigned long timeout)
{
	struct tcp_sock *tp = tcp_sk(transport);

	WRITE_ONCE(tp->keepalive_time, max(timeout / 2, 1UL));
	WRITE_ONCE(tp->keepalive_intvl,
		   max(timeout / 2 / KEEPALIVE_PROBES, 1UL));
	WRITE_ONCE(tp->keepalive_probes, KEEPALIVE_PROBES);
}

/**
 * rsp_transport_configure() - give a transport what the session's socket has
 * @ssn: the session, or a socket that listens
 * @sock: a transport that is not connected yet
 *
 * Context: process; the session's socket lock.
 */
void rsp_transport_configure(struct rsp_session *ssn, struct socket *sock)
{
	struct sock *transport = sock->sk;

	rsp_sock_options(&ssn->sk, transport);
	keepalive_set(transport, ssn->detect_timeout);
	sock_set_flag(transport, SOCK_KEEPOPEN);

	/* ICMP's word that the host is unreachable is a failure, not a hint. */
	if (transport->sk_family == AF_INET6)
		ip6_sock_set_recverr(transport);
	else
		ip_sock_set_recverr(transport);

	rsp_transport_sockopts(ssn, sock);
}

static void transport_release(struct socket *sock,
			      struct rsp_handshake *handshake)
{
	if (handshake) {
		rsp_handshake_end(handshake);
		return;
	}
	sock->file = NULL;
	sock_release(sock);
}

/* A flow of a transport; all but @transport is set. */
static struct rsp_flow *flow_alloc(struct rsp_session *ssn, struct rsp_pe *pe,
				   struct socket *sock,
				   struct rsp_handshake *handshake, u8 use)
{
	const struct sock *sk = &ssn->sk;
	struct rsp_flow *flow;

	flow = kzalloc_obj(*flow, GFP_KERNEL_ACCOUNT);
	if (!flow)
		return NULL;
	flow->ops = handshake ? &rsp_secure_ops : &rsp_data_ops;
	if (use == RSP_TRANSPORT_USE_DATA_CONTROL) {
		flow->ops = &rsp_framed_ops;
		flow->frames = rsp_frames_alloc(sk->sk_type == SOCK_SEQPACKET,
						ssn->message_max);
		if (!flow->frames) {
			kfree(flow);
			return NULL;
		}
		flow->frames->flow = flow;
		timer_setup(&flow->frames->late, frames_late, 0);
	}
	if (flow->ops == &rsp_data_ops)
		sock->sk->sk_rcvlowat = sk->sk_rcvlowat;
	lockdep_set_class(&sock->wq.wait.lock, &flow_wait_key);
	flow->handshake = handshake;
	if (handshake) {
		flow->auth = handshake->auth;
		flow->records_max =
			READ_ONCE(rsp_net(handshake->net)->records_max);
		/* A call may be a thousand records. */
		flow->calls_mask = flow->records_max >= SZ_1M ? 63 : 0;
	}
	flow->sock = sock;
	refcount_set(&flow->users, 1);
	INIT_LIST_HEAD(&flow->draining);
	flow->ssn = ssn;
	refcount_inc(&pe->refs);
	flow->pe = pe;
	flow->born = jiffies;
	return flow;
}

/**
 * rsp_flow_open() - make a flow to an element, not connected yet
 * @ssn: the session
 * @pe: the element; the flow takes a reference of its own
 * @transport: one of @pe's transport addresses
 *
 * Context: process; the session's socket lock.
 * Return: a flow with one use, which the caller ends with rsp_flow_end(); or
 * ERR_PTR with the error of socket(2), -EPROTONOSUPPORT also where the element
 * takes no messages.
 */
struct rsp_flow *rsp_flow_open(struct rsp_session *ssn, struct rsp_pe *pe,
			       const struct rsp_transport *transport)
{
	struct rsp_handshake *handshake = NULL;
	struct sock *sk = &ssn->sk;
	struct rsp_flow *flow;
	struct socket *sock;
	int err;

	if (sk->sk_type == SOCK_SEQPACKET &&
	    transport->use == RSP_TRANSPORT_USE_DATA_ONLY)
		return ERR_PTR(-EPROTONOSUPPORT);
	err = transport_create(sk, transport->family, &sock);
	if (err)
		return ERR_PTR(err);
	/*
	 * A control message may go right before one of the program, which must
	 * not wait until that is acknowledged.
	 */
	if (transport->use != RSP_TRANSPORT_USE_DATA_ONLY)
		tcp_sock_set_nodelay(sock->sk);
	rsp_transport_configure(ssn, sock);
	if (rsp_net(sock_net(sk))->auth) {
		handshake = rsp_handshake_make(sock, RSP_HANDSHAKE_CLIENT);
		if (IS_ERR(handshake))
			return ERR_CAST(handshake);
	} else {
		/*
		 * splice() asks this file whether it may block.  It is the
		 * session's own file, which outlives each call on the session
		 * and so on the flow.
		 */
		sock->file = sk->sk_socket->file;
	}
	flow = flow_alloc(ssn, pe, sock, handshake, transport->use);
	if (!flow) {
		transport_release(sock, handshake);
		return ERR_PTR(-ENOMEM);
	}
	flow->transport = transport;
	if (!flow->frames)
		__set_bit(RSP_FLOW_GREETED, &flow->flags);
	return flow;
}

/**
 * rsp_flow_adopt() - make a flow of a connection that came
 * @ssn: a new session
 * @pe: the element to which it came; the flow takes a reference of its own
 * @sock: the transport, connected
 * @handshake: by which it got TLS, NULL: it has none
 *
 * Context: process; the session's socket lock.
 * Return: as rsp_flow_open(); NULL when there is no memory, or the program's
 * cgroup may have no more.
 */
struct rsp_flow *rsp_flow_adopt(struct rsp_session *ssn, struct rsp_pe *pe,
				struct socket *sock,
				struct rsp_handshake *handshake)
{
	struct rsp_flow *flow;

	if (!rsp_sock_adopt(&ssn->sk, sock->sk))
		return NULL;
	flow = flow_alloc(ssn, pe, sock, handshake,
			  RSP_TRANSPORT_USE_DATA_CONTROL);
	if (!flow)
		return NULL;
	flow->flags = BIT(RSP_FLOW_CONNECTED) | BIT(RSP_FLOW_GREETED) |
		      BIT(RSP_FLOW_PROVEN) | BIT(RSP_FLOW_SECURED);
	flow_attach(flow);
	return flow;
}

/**
 * rsp_flow_connect() - begin to connect
 * @flow: a new flow
 *
 * Context: process; the session's socket lock.
 * Return: 0 when it is connected, -EINPROGRESS when rsp_session_kick() will be
 * called at the end, or the error of connect(2).
 */
int rsp_flow_connect(struct rsp_flow *flow)
{
	const struct rsp_transport *transport = flow->transport;
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = transport->port,
	};
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = transport->port,
	};
	int err;

	if (transport->family == AF_INET6) {
		sin6.sin6_addr = transport->v6;
		sin6.sin6_scope_id = transport->scope_id;
		err = kernel_connect(flow->sock, (RSP_SOCKADDR *)&sin6,
				     sizeof(sin6), O_NONBLOCK);
	} else {
		sin.sin_addr.s_addr = transport->v4;
		err = kernel_connect(flow->sock, (RSP_SOCKADDR *)&sin,
				     sizeof(sin), O_NONBLOCK);
	}
	if (err && err != -EINPROGRESS)
		return err;

	/*
	 * On this host the answer is there by now.  Else the entry on the wait
	 * queue brings it.
	 */
	if (rsp_flow_connected(flow)) {
		flow_attach(flow);
		return 0;
	}
	flow_attach(flow);
	return -EINPROGRESS;
}

/**
 * rsp_flow_connected() - has the connect come to its good end?
 * @flow: a flow that rsp_flow_connect() began to connect
 *
 * Context: process; the session's socket lock.
 * Return: true when it has.
 */
bool rsp_flow_connected(struct rsp_flow *flow)
{
	if (test_bit(RSP_FLOW_CONNECTED, &flow->flags))
		return true;
	switch (inet_sk_state_load(flow->sock->sk)) {
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:	/* connected, and ended by the other side */
		flow->sock->state = SS_CONNECTED;
		set_bit(RSP_FLOW_CONNECTED, &flow->flags);
		return true;
	default:
		return false;
	}
}

/**
 * rsp_flow_keepalive() - have idle silence seen in the session's new time
 * @flow: a flow of a session whose detect_timeout has changed
 *
 * Context: process; the session's socket lock.
 */
void rsp_flow_keepalive(struct rsp_flow *flow)
{
	struct sock *transport = flow->sock->sk;

	lock_sock(transport);
	keepalive_set(transport, flow->ssn->detect_timeout);
	/* Off and on again: what counts is the time from now. */
	sock_reset_flag(transport, SOCK_KEEPOPEN);
	transport->sk_prot->keepalive(transport, 1);
	sock_set_flag(transport, SOCK_KEEPOPEN);
	release_sock(transport);
}

/**
 * rsp_flow_abort() - end the connection and whoever waits in a call on it
 * @flow: a flow that neither rsp_session.tx nor rsp_session.rx shows any more,
 *	unless it has octets to be read
 *
 * What the element delivered can still be read.
 *
 * A call may have the transport's lock for as long as it likes, in a copy from
 * or to a page that is not there. It is not waited for: it finds the end when it
 * is through, and the transport is reset when the last of the calls is.
 *
 * Context: process.
 */
void rsp_flow_abort(struct rsp_flow *flow)
{
	struct sock *transport = flow->sock->sk;

	WRITE_ONCE(transport->sk_err, ECONNRESET);
	WRITE_ONCE(transport->sk_shutdown, SHUTDOWN_MASK);
	/* Who gets the lock after this sees the end, and gives it back. */
	smp_mb();
	if (!sock_owned_by_user_nocheck(transport)) {
		tcp_abort(transport, ECONNRESET);
		return;
	}
	set_bit(RSP_FLOW_LATE, &flow->flags);
	transport->sk_state_change(transport);
}

/**
 * rsp_flow_wait() - wait for what is told on the session's wait queue
 * @flow: a flow, pinned
 * @until: what is waited for
 * @timeo: jiffies to wait at most; becomes what is left
 *
 * Context: process, with no lock held that who is waited for may want.
 * Return: 0; -EAGAIN: no time is left; or what an interrupted call returns.
 */
int rsp_flow_wait(struct rsp_flow *flow, bool (*until)(struct rsp_flow *flow),
		  long *timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = &flow->ssn->sk;
	int err = 0;

	add_wait_queue(sk_sleep(sk), &wait);
	while (!until(flow)) {
		if (!*timeo)
			err = -EAGAIN;
		else if (signal_pending(current))
			err = sock_intr_errno(*timeo);
		if (err)
			break;
		*timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeo);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

/**
 * rsp_flow_names() - the transport addresses of both ends
 * @flow: a connected flow, found under RCU
 * @local: to be filled
 * @peer: to be filled
 *
 * No use of the flow is taken, lest its end wait for who asks.  Socket and
 * transport are freed after a grace period, and what a connected transport
 * says of itself does not change before.
 *
 * Context: RCU read lock.
 */
void rsp_flow_names(const struct rsp_flow *flow,
		    struct __kernel_sockaddr_storage *local,
		    struct __kernel_sockaddr_storage *peer)
{
	const struct sock *transport = READ_ONCE(flow->sock->sk);
	const struct inet_sock *inet = inet_sk(transport);

	if (!transport)
		return;
	if (transport->sk_family == AF_INET6) {
		struct sockaddr_in6 *l = (void *)local, *p = (void *)peer;

		l->sin6_family = AF_INET6;
		l->sin6_port = inet->inet_sport;
		l->sin6_addr = transport->sk_v6_rcv_saddr;
		p->sin6_family = AF_INET6;
		p->sin6_port = inet->inet_dport;
		p->sin6_addr = transport->sk_v6_daddr;
		p->sin6_scope_id =
			ipv6_iface_scope_id(&p->sin6_addr,
					    transport->sk_bound_dev_if);
	} else {
		struct sockaddr_in *l = (void *)local, *p = (void *)peer;

		l->sin_family = AF_INET;
		l->sin_port = inet->inet_sport;
		l->sin_addr.s_addr = inet->inet_rcv_saddr;
		p->sin_family = AF_INET;
		p->sin_port = inet->inet_dport;
		p->sin_addr.s_addr = inet->inet_daddr;
	}
}

/**
 * rsp_flow_octets() - what went over the transport
 * @flow: a connected flow, found under RCU
 * @sent: octets that left
 * @received: octets that came
 *
 * Context: RCU read lock; see rsp_flow_names().
 */
void rsp_flow_octets(const struct rsp_flow *flow, u64 *sent, u64 *received)
{
	const struct sock *transport = READ_ONCE(flow->sock->sk);

	if (!transport)
		return;
	*sent = READ_ONCE(tcp_sk(transport)->bytes_sent) -
		READ_ONCE(tcp_sk(transport)->bytes_retrans);
	*received = READ_ONCE(tcp_sk(transport)->bytes_received);
}

/**
 * rsp_flow_detach() - let the flow tell its session nothing more
 * @flow: a flow that neither rsp_session.tx nor rsp_session.rx shows any more
 *
 * Nothing of the flow can touch the session after this: the entry leaves the
 * wait queue under the queue's lock, which each wake-up holds, and the timer that
 * these set ends then.  Calls that are still inside the transport use the flow
 * alone.
 *
 * Context: process; the session's socket lock.
 */
void rsp_flow_detach(struct rsp_flow *flow)
{
	if (flow->handshake)
		rsp_handshake_mute(flow->handshake);
	if (test_and_clear_bit(RSP_FLOW_ATTACHED, &flow->flags))
		remove_wait_queue(sk_sleep(flow->sock->sk), &flow->wait);
	if (flow->frames)
		timer_shutdown_sync(&flow->frames->late);
}

/**
 * rsp_flow_calm() - have nobody wait for what SO_LINGER says
 * @flow: a flow that is to end in good order while the session goes on
 *
 * No program closes it, which that is for.
 *
 * Context: process; the transport's lock is taken.
 */
void rsp_flow_calm(struct rsp_flow *flow)
{
	struct sock *transport = flow->sock->sk;

	lock_sock(transport);
	sock_reset_flag(transport, SOCK_LINGER);
	release_sock(transport);
}

/**
 * rsp_flow_finish() - end the session in this direction in good order
 * @flow: a flow that is about to be released
 *
 * Not while TLS is being agreed: the peer knows of no session yet.
 *
 * Context: process; no call uses the flow.
 */
void rsp_flow_finish(struct rsp_flow *flow)
{
	if (!rsp_flow_usable(flow))
		return;
	if (flow->frames)
		rsp_frames_finish(flow);
	else if (rsp_flow_secure(flow))
		rsp_secure_finish(flow);
}

/**
 * rsp_flow_end() - give up the session's own use of a flow
 * @flow: as for rsp_flow_detach()
 *
 * Context: process; the session's socket lock.
 */
void rsp_flow_end(struct rsp_flow *flow)
{
	rsp_flow_detach(flow);
	list_del_init(&flow->draining);
	rsp_flow_unpin(flow);
}

/**
 * rsp_flow_release() - the last use of a flow is gone
 * @flow: the flow
 *
 * Context: process. Readers that found the flow but no use of it left may look
 * at it for a grace period yet, so it is freed after one.
 */
void rsp_flow_release(struct rsp_flow *flow)
{
	if (test_bit(RSP_FLOW_LATE, &flow->flags))
		tcp_abort(flow->sock->sk, ECONNRESET);
	/*
	 * The file is there yet, for filters that ask whose the FIN is. With a
	 * file sock_release() would leave the rest to that.
	 */
	if (!flow->handshake)
		READ_ONCE(flow->sock->ops)->release(flow->sock);
	transport_release(flow->sock, flow->handshake);
	if (flow->frames)
		rsp_frames_free(flow->frames);
	rsp_pe_put(flow->pe);
	kfree_rcu(flow, rcu);
}
