// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes of TLS: a connected TCP socket is handed to the agent, tlshd, by
 * net/handshake, and comes back with the keys of kTLS in it, or it is of no use.
 *
 * What of net/handshake one must know:
 *
 * - A socket can have one handshake, ever, and must have a file, which alone
 *   keeps it from then on.
 * - The agent's word may come before the call that asks it returns. It never
 *   comes when the process dies that the agent has for this handshake. So the
 *   time that it may take is ours, and begins before.
 * - Nobody tells when the agent takes a handshake. But the client speaks first: so
 *   the element's time begins when something was sent to it. What fails before is
 *   the doing of this host.
 * - Who cancels, and is told that no word will come, has a socket that the agent
 *   may still write to: it is shut down. Before 6.12.117 the kernel may be about
 *   to give the agent a file of it, and holds no reference: so the file is put a
 *   second later. Since then it holds one, and tells the name of the peer with it:
 *   so all stays while anybody has the file.
 * - Who cancels in vain waits for the word, which is under way.
 * - The kernel has few handshakes pending at a time (EAGAIN): the agent has not
 *   taken them yet. Whoever finds no room tries again.
 *
 * Who connects to an element and has no key can have it wait, at no cost. So with
 * the places that the agent has, a process each:
 *
 * - where half of them are taken, who has said no ClientHello gets none;
 * - who is of a network that has the fewest gets one first;
 * - and where others wait, who keeps the agent waiting has his for an eighth of the
 *   time.
 *
 * All but the agent's word is done by the handshake's one work item, which runs
 * in one place at a time. So the call that asks and the one that cancels never
 * meet, and what only they look at needs no lock. It may be queued once more than
 * there is anything to do: so another one frees the handshake.
 */

#include <linux/file.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <net/handshake.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "mib.h"
#include "net_ns.h"
#include "tls.h"
#include "trace.h"

#define BUSY_PAUSE	(HZ / 50)	/* and up to as much again */
#define PUT_LATE	HZ

/* Of the time that a handshake may take; see above. */
#define SHARE(_timeout)	((_timeout) / 8 ?: 1)

/* RFC 8446, section 5.1. */
#define RECORD_HEAD	5
#define RECORD_HANDSHAKE 22
#define RECORD_MAX	16384

static struct workqueue_struct *handshake_wq;

/* The agent. */

/* The agent's configuration names certificate and key. */
static int start_x509(struct rsp_handshake *handshake,
		      struct tls_handshake_args *args)
{
	args->ta_my_cert = TLS_NO_CERT;
	args->ta_my_privkey = TLS_NO_PRIVKEY;
	if (handshake->anonymous)
		return tls_client_hello_anon(args, GFP_KERNEL);
	if (handshake->side == RSP_HANDSHAKE_CLIENT)
		return tls_client_hello_x509(args, GFP_KERNEL);
	/* A peer's certificate replaces the key of this name. */
	snprintf(handshake->name, sizeof(handshake->name), "rserpool-%llu-%u",
		 handshake->net->net_cookie, handshake->at);
	return tls_server_hello_x509(args, GFP_KERNEL);
}

static int agent_start(struct rsp_handshake *handshake)
{
	struct tls_handshake_args args = {
		.ta_sock = handshake->sock,
		.ta_done = rsp_handshake_done,
		.ta_data = handshake,
		.ta_peername = handshake->name,
		/* Ours is over first. */
		.ta_timeout_ms = jiffies_to_msecs(2 * handshake->timeout),
		.ta_keyring = TLS_NO_KEYRING,
		.ta_num_peerids = 1,
		.ta_my_peerids = { handshake->key },
	};

	if (handshake->auth == RSP_AUTH_X509)
		return start_x509(handshake, &args);
	return handshake->side == RSP_HANDSHAKE_CLIENT ?
	       tls_client_hello_psk(&args, GFP_KERNEL) :
	       tls_server_hello_psk(&args, GFP_KERNEL);
}

static bool agent_cancel(struct rsp_handshake *handshake)
{
	return tls_handshake_cancel(handshake->sock->sk);
}

/* Whether that is a ClientHello the agent sees; so too where it is no record. */
static int agent_heard(struct rsp_handshake *handshake)
{
	struct sock *sk = handshake->sock->sk;
	u8 head[RECORD_HEAD];
	struct kvec vec = { head, sizeof(head) };
	struct msghdr msg = { .msg_flags = MSG_PEEK | MSG_DONTWAIT };
	/* Before what is there is looked at: nothing comes behind it. */
	bool over = READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN;
	int len, octets;

	octets = kernel_recvmsg(handshake->sock, &msg, &vec, 1, sizeof(head),
				msg.msg_flags);
	if (octets <= 0)
		return octets ?: -ECONNRESET;
	if (head[0] != RECORD_HANDSHAKE)
		return 0;
	len = octets < RECORD_HEAD ? RECORD_MAX : head[3] << 8 | head[4];
	if (len > RECORD_MAX || tcp_inq(sk) >= RECORD_HEAD + len)
		return 0;
	return over ? -ECONNRESET : -EAGAIN;
}

/* Its process sleeps until something comes, and nothing is there. */
static bool agent_stands(struct rsp_handshake *handshake)
{
	struct sock *sk = handshake->sock->sk;

	return !tcp_inq(sk) && wq_has_sleeper(sk_sleep(sk));
}

/* Nothing was sent but by the agent. One that is gone need not be asked. */
static bool agent_asked(struct rsp_handshake *handshake)
{
	const struct sock *sk = handshake->sock->sk;

	return READ_ONCE(tcp_sk(sk)->bytes_sent) ||
	       inet_sk_state_load(sk) == TCP_CLOSE;
}

static const struct rsp_handshake_ops agent_ops = {
	.start	= agent_start,
	.cancel	= agent_cancel,
	.heard	= agent_heard,
	.stands	= agent_stands,
	.asked	= agent_asked,
};

/* Places. */

static bool place_take(struct rsp_handshake *handshake)
{
	struct rsp_handshakes *all = handshake->all;
	u8 side = handshake->side;

	spin_lock(&all->lock);
	if (!handshake->at && ~all->taken[side]) {
		/* Who gives one back wakes the first that waits. */
		list_del_init(&handshake->place);
		WRITE_ONCE(handshake->at, ffz(all->taken[side]) + 1);
		all->taken[side] |= BIT(handshake->at - 1);
		if (side == RSP_HANDSHAKE_SERVER)
			all->from[handshake->at - 1] = handshake->from;
	}
	if (!handshake->at && list_empty(&handshake->place))
		list_add_tail(&handshake->place, &all->waiting[side]);
	spin_unlock(&all->lock);
	return handshake->at;
}

/* Enough to have the agent wait for somebody. */
static bool places_spare(struct rsp_handshakes *all, u8 side)
{
	bool spare;

	spin_lock(&all->lock);
	spare = hweight32(all->taken[side]) < RSP_HANDSHAKES_MAX / 2;
	spin_unlock(&all->lock);
	return spare;
}

static u32 places_from(const struct rsp_handshakes *all, u64 from)
{
	u32 at, n = 0;

	for (at = 0; at < RSP_HANDSHAKES_MAX; at++)
		n += all->taken[RSP_HANDSHAKE_SERVER] & BIT(at) &&
		     all->from[at] == from;
	return n;
}

/* Who is to have a place that is free: the first of those who have the fewest. */
static struct rsp_handshake *place_next(struct rsp_handshakes *all, u8 side)
{
	struct rsp_handshake *handshake, *next = NULL;
	u32 n, fewest = RSP_HANDSHAKES_MAX;
	u64 from = 0;

	lockdep_assert_held(&all->lock);
	if (side == RSP_HANDSHAKE_CLIENT)
		return list_first_entry_or_null(&all->waiting[side],
						struct rsp_handshake, place);
	list_for_each_entry(handshake, &all->waiting[side], place) {
		if (next && handshake->from == from)
			continue;
		from = handshake->from;
		n = places_from(all, from);
		if (next && n >= fewest)
			continue;
		next = handshake;
		fewest = n;
		if (!n)
			break;
	}
	return next;
}

static void place_give(struct rsp_handshake *handshake)
{
	struct rsp_handshakes *all = handshake->all;
	struct rsp_handshake *next;
	u8 side = handshake->side;

	spin_lock(&all->lock);
	if (handshake->at)
		all->taken[side] &= ~BIT(handshake->at - 1);
	WRITE_ONCE(handshake->at, 0);
	list_del_init(&handshake->place);
	next = place_next(all, side);
	if (next && ~all->taken[side])
		mod_delayed_work(handshake_wq, &next->work, 0);
	spin_unlock(&all->lock);
}

/* Others wait for the place, and the one who has it is idle. */
static bool place_is_wasted(struct rsp_handshake *handshake)
{
	struct rsp_handshakes *all = handshake->all;
	bool wanted;

	if (handshake->side == RSP_HANDSHAKE_CLIENT ||
	    time_before(jiffies, handshake->since + SHARE(handshake->timeout)))
		return false;
	spin_lock(&all->lock);
	/* None is free: else who waits has been told. */
	wanted = !~all->taken[handshake->side] &&
		 !list_empty(&all->waiting[handshake->side]);
	spin_unlock(&all->lock);
	return wanted && handshake->ops->stands(handshake);
}

/* The end. */

static void handshake_free(struct work_struct *work)
{
	struct rsp_handshake *handshake =
		container_of(to_delayed_work(work), struct rsp_handshake, free);

	if (handshake->file && file_count(handshake->file) > 1) {
		queue_delayed_work(handshake_wq, &handshake->free, PUT_LATE);
		return;
	}
	cancel_delayed_work_sync(&handshake->work);
	if (handshake->file)
		fput(handshake->file);
	key_put(handshake->shown);
	kfree(handshake);
	module_put(THIS_MODULE);
}

static void handshake_put(struct rsp_handshake *handshake)
{
	if (!refcount_dec_and_test(&handshake->refs))
		return;
	/* Else in the task of the last owner, who may want to linger. */
	if (!handshake->late && handshake->file) {
		fput(handshake->file);
		handshake->file = NULL;
	}
	/* The module goes when its workqueue is empty. */
	queue_delayed_work(handshake_wq, &handshake->free,
			   handshake->late ? PUT_LATE : 0);
}

static void count(const struct rsp_handshake *handshake, int result)
{
	enum rsp_mib_field field;

	if (!handshake->heard) {
		RSP_INC_STATS(handshake->net, RSP_MIB_HANDSHAKE_UNHEARD);
		return;
	}
	switch (result) {
	case 0:
		field = RSP_MIB_HANDSHAKE_DONE;
		break;
	case -ESRCH:
		field = RSP_MIB_HANDSHAKE_NO_AGENT;
		net_warn_ratelimited("rserpool: no TLS: no agent listens in this network namespace; see: rspctl doctor\n");
		break;
	case -ETIMEDOUT:
		field = RSP_MIB_HANDSHAKE_TIMEOUT;
		break;
	default:
		field = RSP_MIB_HANDSHAKE_FAILED;
		break;
	}
	RSP_INC_STATS(handshake->net, field);
	trace_rsp_handshake(handshake->side, handshake->key, result);
}

/* With its place it would lose its name. */
static void certificate_take(struct rsp_handshake *handshake)
{
	struct key *key;

	if (handshake->auth != RSP_AUTH_X509 ||
	    handshake->peer == TLS_NO_PEERID)
		return;
	key = key_lookup(handshake->peer);
	if (!IS_ERR(key))
		handshake->shown = key;
}

static void finish(struct rsp_handshake *handshake, int result)
{
	if (!handshake->heard)
		remove_wait_queue(handshake->queue, &handshake->wait);
	if (!result)
		certificate_take(handshake);
	place_give(handshake);
	if (result != -ECANCELED)
		count(handshake, result);
	spin_lock_bh(&handshake->lock);
	WRITE_ONCE(handshake->result, result);
	if (handshake->tell)
		handshake->tell(handshake->data);
	handshake->tell = NULL;
	spin_unlock_bh(&handshake->lock);
	handshake_put(handshake);
}

/* The work item. */

/* What an agent says need make no sense. */
static int status_of(const struct rsp_handshake *handshake)
{
	int status = handshake->status;

	return status > 0 || status < -MAX_ERRNO || status == -EINPROGRESS ||
	       status == -ECANCELED ? -EIO : status;
}

static void look_again(struct rsp_handshake *handshake, unsigned long when)
{
	if (time_after(when, handshake->deadline))
		when = handshake->deadline;
	queue_delayed_work(handshake_wq, &handshake->work,
			   max_t(long, when - jiffies, 0));
}

static void start(struct rsp_handshake *handshake)
{
	int err;

	/* For the agent. */
	refcount_inc(&handshake->refs);
	handshake->started = true;
	handshake->since = jiffies;
	RSP_INC_STATS(handshake->net, RSP_MIB_HANDSHAKE);
	err = handshake->ops->start(handshake);
	if (!err) {
		/* If its word came meanwhile, the work item is due already. */
		look_again(handshake, jiffies + SHARE(handshake->timeout));
		return;
	}
	handshake->started = false;
	refcount_dec(&handshake->refs);
	if (err != -EAGAIN) {
		finish(handshake, err);
		return;
	}
	RSP_INC_STATS(handshake->net, RSP_MIB_HANDSHAKE_BUSY);
	queue_delayed_work(handshake_wq, &handshake->work,
			   BUSY_PAUSE + get_random_u32_below(BUSY_PAUSE + 1));
}

static void give_up(struct rsp_handshake *handshake, int result)
{
	if (handshake->started) {
		/* Not in time: then its word is on its way. */
		if (!handshake->ops->cancel(handshake))
			return;
		handshake->late = true;
		if (handshake->sock)
			kernel_sock_shutdown(handshake->sock, SHUT_RDWR);
		handshake_put(handshake);
	}
	finish(handshake, result);
}

/* What may be done before the agent is asked. */
static void prepare(struct rsp_handshake *handshake)
{
	int err;

	if (!handshake->heard) {
		err = handshake->ops->heard(handshake);
		if (err == -EAGAIN &&
		    places_spare(handshake->all, handshake->side))
			err = 0;
		if (err == -EAGAIN) {
			look_again(handshake, handshake->deadline);
			return;
		}
		if (err) {
			finish(handshake, err);
			return;
		}
		remove_wait_queue(handshake->queue, &handshake->wait);
		WRITE_ONCE(handshake->heard, true);
	}
	if (place_take(handshake))
		start(handshake);
	else
		look_again(handshake, handshake->deadline);
}

/* The element's time, whatever the agent took before. */
static void asked_look(struct rsp_handshake *handshake)
{
	if (handshake->side == RSP_HANDSHAKE_SERVER || handshake->asked ||
	    !handshake->started || !handshake->ops->asked(handshake))
		return;
	handshake->asked = true;
	handshake->deadline = jiffies + handshake->timeout;
}

static void handshake_work(struct work_struct *work)
{
	struct rsp_handshake *handshake =
		container_of(to_delayed_work(work), struct rsp_handshake, work);

	if (handshake->result != -EINPROGRESS)
		return;
	asked_look(handshake);
	/* Pairs with rsp_handshake_done(). */
	if (smp_load_acquire(&handshake->done))
		finish(handshake, status_of(handshake));
	else if (READ_ONCE(handshake->ended))
		give_up(handshake, -ECANCELED);
	else if (time_after_eq(jiffies, handshake->deadline))
		give_up(handshake, -ETIMEDOUT);
	else if (!handshake->started)
		prepare(handshake);
	else if (place_is_wasted(handshake))
		give_up(handshake, -ETIMEDOUT);
	else
		look_again(handshake, jiffies + SHARE(handshake->timeout));
}

static int said_more(struct wait_queue_entry *wait, unsigned int mode,
		     int wake_flags, void *key)
{
	struct rsp_handshake *handshake = container_of(wait,
						       struct rsp_handshake,
						       wait);

	mod_delayed_work(handshake_wq, &handshake->work, 0);
	return 0;
}

/**
 * rsp_handshake_done() - the agent's word
 * @data: the handshake
 * @status: 0 or negative errno
 * @peer: serial of the key that the peer has shown, 0: none
 *
 * Context: process.
 */
void rsp_handshake_done(void *data, int status, key_serial_t peer)
{
	struct rsp_handshake *handshake = data;

	handshake->status = status;
	handshake->peer = peer;
	/* Pairs with handshake_work(). */
	smp_store_release(&handshake->done, true);
	mod_delayed_work(handshake_wq, &handshake->work, 0);
	handshake_put(handshake);
}

/* The owner. */

/**
 * rsp_handshake_init() - set up a handshake
 * @handshake: all zero, on the heap
 * @net: whose
 * @all: what bounds it
 * @ops: who does it
 * @side: which side of it this is
 *
 * Context: any. rsp_handshake_end() ends it, and frees it when that is due.
 */
void rsp_handshake_init(struct rsp_handshake *handshake, struct net *net,
			struct rsp_handshakes *all,
			const struct rsp_handshake_ops *ops,
			enum rsp_handshake_side side)
{
	__module_get(THIS_MODULE);
	handshake->ops = ops;
	handshake->net = net;
	handshake->all = all;
	handshake->side = side;
	handshake->result = -EINPROGRESS;
	refcount_set(&handshake->refs, 1);
	mutex_init(&handshake->control_lock);
	mutex_init(&handshake->rx_lock);
	mutex_init(&handshake->tx_lock);
	INIT_LIST_HEAD(&handshake->place);
	INIT_DELAYED_WORK(&handshake->work, handshake_work);
	INIT_DELAYED_WORK(&handshake->free, handshake_free);
	init_waitqueue_func_entry(&handshake->wait, said_more);
	spin_lock_init(&handshake->lock);
}

/* An address of IPv4, or the first half of one of IPv6. */
static u64 network_of(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 &&
	    !ipv6_addr_v4mapped(&sk->sk_v6_daddr))
		return get_unaligned_be64(&sk->sk_v6_daddr);
#endif
	return be32_to_cpu(inet_sk(sk)->inet_daddr);
}

/**
 * rsp_handshake_make() - make the handshake of a connection
 * @sock: a TCP socket, to be connected before rsp_handshake_begin(); it gets a
 *	file, and goes with the handshake from now on, or now when this fails
 * @side: which side of it this is
 *
 * Context: process.
 * Return: a handshake for rsp_handshake_end(); ERR_PTR(-ENOMEM or -ENFILE).
 */
struct rsp_handshake *rsp_handshake_make(struct socket *sock,
					 enum rsp_handshake_side side)
{
	struct net *net = sock_net(sock->sk);
	struct rsp_handshake *handshake;
	struct file *file;

	handshake = kzalloc_obj(*handshake, GFP_KERNEL_ACCOUNT);
	if (!handshake) {
		sock_release(sock);
		return ERR_PTR(-ENOMEM);
	}
	file = sock_alloc_file(sock, O_NONBLOCK, NULL);
	if (IS_ERR(file)) {
		kfree(handshake);
		return ERR_CAST(file);
	}
	handshake->file = file;
	handshake->sock = sock;
	if (side == RSP_HANDSHAKE_SERVER) {
		handshake->queue = sk_sleep(sock->sk);
		handshake->from = network_of(sock->sk);
	}
	handshake->auth = READ_ONCE(rsp_net(net)->auth);
	rsp_handshake_init(handshake, net, &rsp_net(net)->handshakes,
			   &agent_ops, side);
	return handshake;
}

/**
 * rsp_handshake_begin() - begin it
 * @handshake: a new one; @key and @name are set
 * @timeout: jiffies that it may take; that the agent and then an element may
 * @tell: called once when there is a result, unless rsp_handshake_mute() or
 *	rsp_handshake_end() came before; with a spinlock held
 * @data: for @tell
 *
 * Nobody but the agent may use the socket until then, and nobody at all if the
 * result is not 0.
 *
 * Context: process.
 */
void rsp_handshake_begin(struct rsp_handshake *handshake, unsigned long timeout,
			 void (*tell)(void *data), void *data)
{
	handshake->timeout = timeout;
	handshake->deadline = jiffies + timeout;
	handshake->tell = tell;
	handshake->data = data;
	/* For the work item, until there is a result. */
	refcount_inc(&handshake->refs);
	if (handshake->queue)
		add_wait_queue(handshake->queue, &handshake->wait);
	else
		handshake->heard = true;
	queue_delayed_work(handshake_wq, &handshake->work, 0);
}

/**
 * rsp_handshake_result() - how it stands
 * @handshake: one that was begun
 *
 * Context: any.
 * Return: 0: the socket has kTLS; -EINPROGRESS; -ESRCH: no agent listens;
 * -ETIMEDOUT; or what the agent says. Only with @asked is that of the element.
 */
int rsp_handshake_result(struct rsp_handshake *handshake)
{
	int result;

	spin_lock_bh(&handshake->lock);
	result = handshake->result;
	spin_unlock_bh(&handshake->lock);
	return result;
}

/**
 * rsp_handshake_waits() - is it of any use yet?
 * @handshake: one that was begun
 *
 * Context: any.
 * Return: for what it waits; that may be over when this returns.
 */
enum rsp_handshake_wait
rsp_handshake_waits(const struct rsp_handshake *handshake)
{
	if (READ_ONCE(handshake->result) != -EINPROGRESS)
		return RSP_WAIT_NONE;
	if (!READ_ONCE(handshake->heard))
		return RSP_WAIT_PEER;
	return READ_ONCE(handshake->at) ? RSP_WAIT_NONE : RSP_WAIT_PLACE;
}

/**
 * rsp_handshake_mute() - tell the owner nothing more
 * @handshake: the handshake, begun or not
 *
 * Context: any.
 */
void rsp_handshake_mute(struct rsp_handshake *handshake)
{
	spin_lock_bh(&handshake->lock);
	handshake->tell = NULL;
	spin_unlock_bh(&handshake->lock);
}

/**
 * rsp_handshake_end() - let go of a handshake and its socket
 * @handshake: in any state; the caller must not look at it any more
 *
 * If the agent is at it, it is called off.
 *
 * Context: process.
 */
void rsp_handshake_end(struct rsp_handshake *handshake)
{
	rsp_handshake_mute(handshake);
	WRITE_ONCE(handshake->ended, true);
	/* Begun, and no result yet: the work item holds a reference of its own. */
	if (refcount_read(&handshake->refs) > 1)
		mod_delayed_work(handshake_wq, &handshake->work, 0);
	handshake_put(handshake);
}

/**
 * rsp_handshakes_init() - set up the bounds of a namespace
 * @all: they
 *
 * Context: any.
 */
void rsp_handshakes_init(struct rsp_handshakes *all)
{
	u8 side;

	spin_lock_init(&all->lock);
	for (side = 0; side < RSP_HANDSHAKE_SIDES; side++)
		INIT_LIST_HEAD(&all->waiting[side]);
}

int rsp_tls_register(void)
{
	handshake_wq = alloc_workqueue("rserpool-tls", WQ_UNBOUND, 0);
	return handshake_wq ? 0 : -ENOMEM;
}

void rsp_tls_unregister(void)
{
	destroy_workqueue(handshake_wq);
}
