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
 * - Who cancels, and is told that no word will come, has a socket that the agent
 *   may still write to: it is shut down. Before 6.12.117 the kernel may be about
 *   to give the agent a file of it, and holds no reference: so the file is put a
 *   second later.
 * - Who cancels in vain waits for the word, which is under way.
 * - The kernel has few handshakes pending at a time (EAGAIN): the agent has not
 *   taken them yet. Whoever finds no room tries again.
 *
 * All but the agent's word is done by the handshake's one work item, which runs
 * in one place at a time. So the call that asks and the one that cancels never
 * meet, and what only they look at needs no lock.
 */

#include <linux/file.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/handshake.h>
#include <net/sock.h>

#include "mib.h"
#include "net_ns.h"
#include "tls.h"
#include "trace.h"

#define BUSY_PAUSE	(HZ / 50)	/* and up to as much again */
#define PUT_LATE	HZ

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
		.ta_timeout_ms = jiffies_to_msecs(handshake->deadline - jiffies),
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

static const struct rsp_handshake_ops agent_ops = {
	.start	= agent_start,
	.cancel	= agent_cancel,
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
		handshake->at = ffz(all->taken[side]) + 1;
		all->taken[side] |= BIT(handshake->at - 1);
	}
	if (!handshake->at && list_empty(&handshake->place))
		list_add_tail(&handshake->place, &all->waiting[side]);
	spin_unlock(&all->lock);
	return handshake->at;
}

static void place_give(struct rsp_handshake *handshake)
{
	struct rsp_handshakes *all = handshake->all;
	struct rsp_handshake *next;
	u8 side = handshake->side;

	spin_lock(&all->lock);
	if (handshake->at)
		all->taken[side] &= ~BIT(handshake->at - 1);
	handshake->at = 0;
	list_del_init(&handshake->place);
	next = list_first_entry_or_null(&all->waiting[side],
					struct rsp_handshake, place);
	if (next && ~all->taken[side])
		mod_delayed_work(handshake_wq, &next->work, 0);
	spin_unlock(&all->lock);
}

/* The end. */

static void handshake_free(struct rsp_handshake *handshake)
{
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
	mod_delayed_work(handshake_wq, &handshake->work,
			 handshake->late ? PUT_LATE : 0);
}

static void count(const struct rsp_handshake *handshake, int result)
{
	enum rsp_mib_field field;

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
	if (!result)
		certificate_take(handshake);
	place_give(handshake);
	if (result != -ECANCELED)
		count(handshake, result);
	spin_lock_bh(&handshake->lock);
	handshake->result = result;
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

static void start(struct rsp_handshake *handshake)
{
	int err;

	/* For the agent. */
	refcount_inc(&handshake->refs);
	handshake->started = true;
	RSP_INC_STATS(handshake->net, RSP_MIB_HANDSHAKE);
	err = handshake->ops->start(handshake);
	if (!err) {
		/* If its word came meanwhile, the work item is due already. */
		queue_delayed_work(handshake_wq, &handshake->work,
				   max_t(long, handshake->deadline - jiffies,
					 0));
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

static void handshake_work(struct work_struct *work)
{
	struct rsp_handshake *handshake =
		container_of(to_delayed_work(work), struct rsp_handshake, work);

	if (!refcount_read(&handshake->refs)) {
		handshake_free(handshake);
		return;
	}
	if (handshake->result != -EINPROGRESS)
		return;
	/* Pairs with rsp_handshake_done(). */
	if (smp_load_acquire(&handshake->done)) {
		finish(handshake, status_of(handshake));
	} else if (READ_ONCE(handshake->ended)) {
		give_up(handshake, -ECANCELED);
	} else if (time_after_eq(jiffies, handshake->deadline)) {
		give_up(handshake, -ETIMEDOUT);
	} else if (handshake->started) {
		/* Too early. */
		queue_delayed_work(handshake_wq, &handshake->work,
				   handshake->deadline - jiffies);
	} else if (place_take(handshake)) {
		start(handshake);
	} else {
		queue_delayed_work(handshake_wq, &handshake->work,
				   handshake->deadline - jiffies);
	}
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
	INIT_LIST_HEAD(&handshake->place);
	INIT_DELAYED_WORK(&handshake->work, handshake_work);
	spin_lock_init(&handshake->lock);
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
	/* The agent polls, as TCP does for kTLS: for an octet. */
	WRITE_ONCE(sock->sk->sk_rcvlowat, 1);
	handshake->file = file;
	handshake->sock = sock;
	handshake->auth = READ_ONCE(rsp_net(net)->auth);
	rsp_handshake_init(handshake, net, &rsp_net(net)->handshakes,
			   &agent_ops, side);
	return handshake;
}

/**
 * rsp_handshake_begin() - begin it
 * @handshake: a new one; @key and @name are set
 * @timeout: jiffies that it may take
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
	handshake->deadline = jiffies + timeout;
	handshake->tell = tell;
	handshake->data = data;
	/* For the work item, until there is a result. */
	refcount_inc(&handshake->refs);
	queue_delayed_work(handshake_wq, &handshake->work, 0);
}

/**
 * rsp_handshake_result() - how it stands
 * @handshake: one that was begun
 *
 * Context: any.
 * Return: 0: the socket has kTLS; -EINPROGRESS; -ESRCH: no agent listens;
 * -ETIMEDOUT; or what the agent says.
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
