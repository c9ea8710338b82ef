// SPDX-License-Identifier: GPL-2.0
/*
 * Sending on a socket of SOCK_RDM: one message, one selection (RFC 5352, section
 * 6.5.2), or one message to all elements of a pool (6.5.5).
 *
 * A message that an element did not take, for it has failed since, goes to the
 * next one that is selected; one that it took is its own.
 */

#include <net/sock.h>

#include "af_rserpool.h"
#include "net_ns.h"
#include "rdm.h"

/**
 * struct send - one call
 * @msg: what is sent
 * @size: octets of it
 * @handle: of the pool
 * @pe_id: the only element that may get it, 0: any
 * @timeo: jiffies that the call may wait
 * @ids: PE identifiers of the elements that failed, ascending
 * @n: how many
 */
struct send {
	struct msghdr *msg;
	size_t size;
	struct rsp_handle handle;
	u32 pe_id;
	long timeo;
	u32 ids[RSP_PEERS_MAX];
	unsigned int n;
};

static struct rsp_pool *pool_get(const struct rsp_rdm *rdm,
				 const struct send *tx)
{
	struct rsp_net *rn = rsp_net(sock_net(&rdm->ssn.sk));

	return rsp_pool_get(&rn->handlespace, &tx->handle);
}

static struct rsp_peer *peer_get(struct rsp_rdm *rdm, const struct send *tx,
				 u32 pe_id)
{
	struct rsp_peer *peer = rsp_peer_find(rdm, &tx->handle, pe_id);

	return peer ?: rsp_peer_make(rdm, &tx->handle, pe_id);
}

/*
 * The element that the pool's policy names next, @id: if that is known. NULL:
 * none is left.
 */
static struct rsp_peer *peer_select(struct rsp_rdm *rdm, const struct send *tx,
				    u32 *id)
{
	const struct rsp_exclude failed = { .ids = tx->ids, .n = tx->n };
	struct rsp_pe *pe = NULL;
	struct rsp_pool *pool;

	*id = tx->pe_id;
	if (tx->pe_id)
		return tx->n ? NULL : peer_get(rdm, tx, tx->pe_id);
	pool = pool_get(rdm, tx);
	if (pool) {
		pe = rsp_pool_select(pool, &failed);
		rsp_pool_put(pool);
	}
	if (!pe)
		/* Then a feeder may know it: a session asks. */
		return tx->n ? NULL : rsp_peer_make(rdm, &tx->handle, 0);
	*id = pe->node.id;
	rsp_pe_put(pe);
	return peer_get(rdm, tx, *id);
}

/* Do not select it again; false: there were too many. */
static bool failed(struct send *tx, u32 id)
{
	unsigned int at = tx->n;

	if (at == RSP_PEERS_MAX)
		return false;
	for (; at && tx->ids[at - 1] > id; at--)
		tx->ids[at] = tx->ids[at - 1];
	tx->ids[at] = id;
	tx->n++;
	return true;
}

/* Errors that say nothing of the element. */
static bool of_the_call(int err)
{
	switch (err) {
	case -ECONNABORTED:
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -ENOTCONN:
	case -EPIPE:
	case -EPROTO:
	case -ESTALE:
	case -ETIMEDOUT:
		return false;
	default:
		return true;
	}
}

/* Wait until the peer is connected, and send. The size, or an error. */
static int peer_send(struct rsp_peer *peer, const struct send *tx)
{
	struct msghdr msg = *tx->msg;
	unsigned long since = jiffies;
	long timeo = tx->timeo;
	int err;

	err = rsp_peer_wait(peer, timeo);
	if (err)
		return err == -EINPROGRESS ? -EAGAIN : err;
	timeo = rsp_time_left(timeo, since);
	WRITE_ONCE(peer->sock->sk->sk_sndtimeo, timeo);
	msg.msg_name = NULL;
	msg.msg_namelen = 0;
	msg.msg_flags |= MSG_NOSIGNAL | (timeo ? 0 : MSG_DONTWAIT);
	WRITE_ONCE(peer->used, jiffies);
	return READ_ONCE(peer->sock->ops)->sendmsg(peer->sock, &msg, tx->size);
}

/* Who could not be sent to is let go of. */
static int peer_try(struct rsp_rdm *rdm, struct rsp_peer *peer,
		    const struct send *tx)
{
	int ret = peer_send(peer, tx);

	if (ret == -EAGAIN || ret == -EINTR || ret == -ERESTARTSYS)
		rsp_peer_block(rdm, peer);
	else if (ret < 0 && !of_the_call(ret))
		rsp_peer_drop(peer);
	return ret;
}

static int send_to_one(struct rsp_rdm *rdm, struct send *tx)
{
	int ret = -EHOSTUNREACH;
	struct rsp_peer *peer;
	unsigned long since;
	u32 id;

	peer = tx->pe_id ? NULL : rsp_peer_blocked(rdm, &tx->handle);
	if (peer)
		id = peer->pe_id;
	else
		peer = peer_select(rdm, tx, &id);
	for (; peer; peer = peer_select(rdm, tx, &id)) {
		since = jiffies;
		if (IS_ERR(peer)) {
			ret = PTR_ERR(peer);
		} else {
			ret = peer_try(rdm, peer, tx);
			rsp_peer_put(peer);
		}
		if (ret >= 0) {
			rsp_peer_block(rdm, NULL);
			WRITE_ONCE(rdm->sent_to, 1);
		}
		if (ret >= 0 || of_the_call(ret) || !failed(tx, id))
			break;
		tx->timeo = rsp_time_left(tx->timeo, since);
		ret = -EHOSTUNREACH;
	}
	return ret;
}

/* The elements of the pool that may be sent to. How many, or an error. */
static int elements_list(struct rsp_rdm *rdm, const struct send *tx, u32 *ids)
{
	struct rsp_pool *pool = pool_get(rdm, tx);
	unsigned long index;
	struct rsp_pe *pe;
	int n = 0;

	if (!pool)
		return 0;
	rcu_read_lock();
	xa_for_each(&pool->elements, index, pe) {
		if (!rsp_pe_serves(pe))
			continue;
		if (n == RSP_PEERS_MAX) {
			n = -ENOBUFS;
			break;
		}
		ids[n++] = pe->node.id;
	}
	rcu_read_unlock();
	rsp_pool_put(pool);
	return n;
}

/* A pool that nobody knows yet is asked for by a session. */
static int pool_find(struct rsp_rdm *rdm, const struct send *tx, u32 *ids)
{
	int n = elements_list(rdm, tx, ids), err;
	struct rsp_peer *peer;

	if (n)
		return n;
	peer = rsp_peer_blocked(rdm, &tx->handle) ?:
	       rsp_peer_make(rdm, &tx->handle, 0);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = rsp_peer_wait(peer, tx->timeo);
	rsp_peer_block(rdm, err == -EINPROGRESS ? peer : NULL);
	if (err && err != -EINPROGRESS)
		rsp_peer_drop(peer);
	rsp_peer_put(peer);
	if (err)
		return err == -EINPROGRESS ? -EAGAIN : err;
	return elements_list(rdm, tx, ids) ?: -EHOSTUNREACH;
}

/* All connect at once; those that cannot are NULL, and @err says why. */
static void peers_get(struct rsp_rdm *rdm, const struct send *tx,
		      const u32 *ids, int n, struct rsp_peer **peers, int *err)
{
	int i;

	for (i = 0; i < n; i++) {
		peers[i] = peer_get(rdm, tx, ids[i]);
		if (!IS_ERR(peers[i]))
			continue;
		*err = PTR_ERR(peers[i]);
		peers[i] = NULL;
	}
}

/* Whom a call that may not wait would wait for. */
static struct rsp_peer *not_ready(struct rsp_peer **peers, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (peers[i] && rsp_peer_wait(peers[i], 0) == -EINPROGRESS)
			return peers[i];
	return NULL;
}

static int send_to_all(struct rsp_rdm *rdm, struct send *tx)
{
	int i, n, ret, err = -EHOSTUNREACH, sent = 0;
	struct rsp_peer *peers[RSP_PEERS_MAX], *late;
	unsigned long since = jiffies;
	long whole = tx->timeo;
	u32 ids[RSP_PEERS_MAX];

	n = pool_find(rdm, tx, ids);
	if (n < 0)
		return n;
	peers_get(rdm, tx, ids, n, peers, &err);
	late = whole ? NULL : not_ready(peers, n);
	rsp_peer_block(rdm, late);
	for (i = 0; i < n; i++) {
		if (!peers[i])
			continue;
		if (late) {
			rsp_peer_put(peers[i]);
			continue;
		}
		tx->timeo = max(rsp_time_left(whole, since), 0L);
		ret = peer_try(rdm, peers[i], tx);
		if (ret >= 0)
			sent++;
		else
			err = ret;
		rsp_peer_put(peers[i]);
	}
	if (late)
		return -EAGAIN;
	WRITE_ONCE(rdm->sent_to, sent);
	return sent ? tx->size : err;
}

/* Where to: as sendto() says, else as connect() did. */
static int destination(struct rsp_rdm *rdm, const struct msghdr *msg,
		       struct send *tx)
{
	struct sock *sk = &rdm->ssn.sk;
	__be16 port;
	int err = 0;

	if (msg->msg_name) {
		err = rsp_address_parse(msg->msg_name, msg->msg_namelen,
					&tx->handle, &tx->pe_id, &port);
		return err ?: port ? -EINVAL : 0;
	}
	lock_sock(sk);
	tx->handle = rdm->ssn.handle;
	tx->pe_id = rdm->ssn.pe_id;
	if (!tx->handle.len)
		err = -EDESTADDRREQ;
	release_sock(sk);
	return err;
}

/**
 * rsp_rdm_sendmsg() - send(2) and its like
 * @sock: a socket of SOCK_RDM
 * @msg: what to send, and perhaps where to
 * @size: octets of it
 *
 * Context: process.
 * Return: @size, or an error of rserpool(7).
 */
int rsp_rdm_sendmsg(struct socket *sock, struct msghdr *msg, size_t size)
{
	bool nowait = msg->msg_flags & MSG_DONTWAIT;
	struct rsp_rdm *rdm = rsp_rdm(sock);
	struct send tx = { .msg = msg, .size = size };
	int ret;

	if (msg->msg_flags & (MSG_OOB | MSG_FASTOPEN))
		return -EOPNOTSUPP;
	if (size > READ_ONCE(rdm->ssn.message_max))
		return -EMSGSIZE;
	ret = destination(rdm, msg, &tx);
	if (ret || !size)
		return ret;
	if (nowait) {
		if (!mutex_trylock(&rdm->tx_lock))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&rdm->tx_lock)) {
		return -ERESTARTSYS;
	}
	tx.timeo = sock_sndtimeo(sock->sk, nowait);
	if (READ_ONCE(rdm->to_all) && !tx.pe_id)
		ret = send_to_all(rdm, &tx);
	else
		ret = send_to_one(rdm, &tx);
	mutex_unlock(&rdm->tx_lock);
	return ret;
}
