// SPDX-License-Identifier: GPL-2.0
/*
 * A flow over kTLS: what is otherwise than with TCP.
 *
 * - Whether octets are there nobody knows but by decrypting a record. Looking at
 *   it (MSG_PEEK) does that, and takes the transport's lock.
 * - There are records that are no data. A receive without room for a control
 *   message gives EIO for one, and leaves it where it is; only
 *   rsp_secure_control() takes them, one caller at a time. An alert other than
 *   close_notify, or a KeyUpdate, is a failure. A server's tickets are not.
 * - The end of the stream is what the peer says by close_notify. A FIN without
 *   that is a failure: anybody can send one.
 * - What the program says in control messages of the transport is not passed on:
 *   kTLS would take the types of records from there.
 * - An open record (MSG_MORE) would never leave by itself, as TCP's octets do.
 *   So there are none.
 */

#include <linux/splice.h>
#include <net/handshake.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tls.h>
#include <net/tls_prot.h>

#include "af_rserpool.h"
#include "flow.h"
#include "flow_secure.h"
#include "frame.h"
#include "mib.h"
#include "session.h"
#include "session_work.h"
#include "tls.h"

#include <asm/ioctls.h>

#define NEW_SESSION_TICKET	4	/* RFC 8446, section 4 */
#define PEEK_STEP		32768
#define PEEK_MAX		(32 << 20)
#define TICKETS_MAX		64
#define DRAIN_MAX		64	/* records, or parts of them */

static void count(const struct rsp_flow *flow, enum rsp_mib_field field)
{
	RSP_INC_STATS(flow->handshake->net, field);
}

/**
 * rsp_secure_strong() - does a connection have the TLS that is asked for?
 * @sock: of which the agent says that it has
 *
 * Context: process.
 * Return: true when both directions have keys, and the version is 1.3.
 */
bool rsp_secure_strong(const struct socket *sock)
{
	const struct inet_connection_sock *icsk = inet_csk(sock->sk);
	const struct tls_context *tls;

	if (!icsk->icsk_ulp_ops || strcmp(icsk->icsk_ulp_ops->name, "tls"))
		return false;
	tls = tls_get_ctx(sock->sk);
	return tls && tls->tx_conf != TLS_BASE && tls->rx_conf != TLS_BASE &&
	       tls->prot_info.version == TLS_1_3_VERSION;
}

/**
 * rsp_secure_revoked() - was the key revoked by which TLS was agreed?
 * @flow: a flow over kTLS, or about to be
 *
 * Context: process; the session's socket lock.
 * Return: true when it was, by this scope.
 */
bool rsp_secure_revoked(const struct rsp_flow *flow)
{
	const struct key *shown = flow->handshake->shown;

	return shown && test_bit(KEY_FLAG_REVOKED, &shown->flags);
}

/**
 * rsp_secure_cipher() - the cipher suite of a connection
 * @flow: a flow over kTLS, found under RCU
 *
 * Context: RCU read lock; see rsp_flow_names().
 * Return: the number that IANA gave it, 0: one without.
 */
u16 rsp_secure_cipher(const struct rsp_flow *flow)
{
	const struct sock *transport = READ_ONCE(flow->sock->sk);
	const struct tls_context *tls;

	if (!transport)
		return 0;
	tls = rcu_dereference(inet_csk(transport)->icsk_ulp_data);
	switch (tls ? tls->prot_info.cipher_type : 0) {
	case TLS_CIPHER_AES_GCM_128:
		return 0x1301;
	case TLS_CIPHER_AES_GCM_256:
		return 0x1302;
	case TLS_CIPHER_CHACHA20_POLY1305:
		return 0x1303;
	case TLS_CIPHER_AES_CCM_128:
		return 0x1304;
	default:
		return 0;
	}
}

/**
 * rsp_secure_failure() - the reason of failure that an errno of kTLS stands for
 * @flow: a flow over kTLS
 * @err: a negative errno of the transport
 *
 * Context: any.
 * Return: enum rsp_failure.
 */
enum rsp_failure rsp_secure_failure(struct rsp_flow *flow, int err)
{
	switch (err) {
	case -EBADMSG:	/* it was not the peer who sealed this */
	case -EINVAL:	/* or it is no record */
	case -EMSGSIZE:
		if (!test_and_set_bit(RSP_FLOW_FORGED, &flow->flags))
			count(flow, RSP_MIB_TLS_RECORD);
		return RSP_FAILURE_SECURITY;
	default:
		return rsp_failure_of(err);
	}
}

/* Whoever has the other direction may be counting: then it is one less. */
static u64 records(const struct cipher_context *way)
{
	return get_unaligned_be64(way->rec_seq);
}

/**
 * rsp_secure_wear() - how worn is the key of a flow?
 * @flow: a flow over kTLS, pinned, or under the session's socket lock
 *
 * At half of what it may carry one with frames is worn: renew.c has another take
 * its place.  At the whole of it any flow fails.
 *
 * Context: process.
 */
void rsp_secure_wear(struct rsp_flow *flow)
{
	const struct tls_context *tls = tls_get_ctx(flow->sock->sk);
	u64 most = max(records(&tls->tx), records(&tls->rx));

	if (likely(most < flow->records_max / 2))
		return;
	if (flow->frames && !test_and_set_bit(RSP_FLOW_WORN, &flow->flags))
		rsp_session_kick(flow->ssn);
	if (most >= flow->records_max &&
	    !test_and_set_bit(RSP_FLOW_SPENT, &flow->flags))
		rsp_flow_accuse(flow);
}

static int fault(struct rsp_flow *flow)
{
	WRITE_ONCE(flow->fault, RSP_FAILURE_SECURITY);
	rsp_flow_accuse(flow);
	return -EPROTO;
}

/**
 * rsp_secure_ready() - is a record there to its end?
 * @flow: a flow over kTLS
 *
 * Context: any.
 * Return: true when one is, of whatever type.
 */
bool rsp_secure_ready(const struct rsp_flow *flow)
{
	const struct tls_sw_context_rx *rx =
		tls_sw_ctx_rx(tls_get_ctx(flow->sock->sk));

	return READ_ONCE(rx->strp.msg_ready) ||
	       !skb_queue_empty_lockless(&rx->rx_list);
}

/**
 * rsp_secure_receive() - receive octets that are there
 * @flow: a flow over kTLS
 * @msg: where to, and room for no control message but the type of the record
 * @flags: MSG_PEEK, or 0
 *
 * Context: process; the transport's lock is taken.
 * Return: as recvmsg(2), with MSG_DONTWAIT.
 */
int rsp_secure_receive(struct rsp_flow *flow, struct msghdr *msg, int flags)
{
	struct socket *sock = flow->sock;

	return READ_ONCE(sock->ops)->recvmsg(sock, msg, msg_data_left(msg),
					     flags | MSG_DONTWAIT);
}

static int peek(struct rsp_flow *flow, void *octets, size_t len)
{
	struct kvec vec = { .iov_base = octets, .iov_len = len };
	struct msghdr msg = {};

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, len);
	return rsp_secure_receive(flow, &msg, MSG_PEEK);
}

/**
 * rsp_secure_told() - does the transport have more to give than an error?
 * @flow: a flow over kTLS
 * @err: what it gave
 * @turns: how often it may yet; 1 at first
 *
 * An error that is the transport's it tells once, then what it has.
 *
 * Context: process.
 * Return: true when it is to be asked again.
 */
bool rsp_secure_told(struct rsp_flow *flow, int err, int *turns)
{
	if (err >= 0 || rsp_failure_of(err) == RSP_FAILURE_LOCAL || !*turns)
		return false;
	(*turns)--;
	WRITE_ONCE(flow->err, READ_ONCE(flow->err) ?: err);
	return true;
}

/* A record of some other type, or a part of it. @type: becomes its type; 0: none is there. */
static int record_receive(struct rsp_flow *flow, void *octets, size_t len,
			  int flags, u8 *type)
{
	struct kvec vec = { .iov_base = octets, .iov_len = len };
	union {
		struct cmsghdr cmsg;
		u8 room[CMSG_SPACE(sizeof(u8))];
	} control = {};
	struct msghdr msg = {
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int ret;

	if (octets)
		iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, len);
	else
		iov_iter_discard(&msg.msg_iter, ITER_DEST, len);
	ret = rsp_secure_receive(flow, &msg, flags);
	/* Of an empty record it gives the type, and looks for another one. */
	*type = tls_get_record_type(flow->sock->sk, &control.cmsg);
	return ret;
}

static int alert_take(struct rsp_flow *flow)
{
	u8 alert[2] = {}, type;

	if (record_receive(flow, alert, sizeof(alert), 0, &type) != 2)
		return fault(flow);
	if (alert[1] == TLS_ALERT_DESC_CLOSE_NOTIFY) {
		count(flow, RSP_MIB_TLS_CLOSED);
		set_bit(RSP_FLOW_CLOSED, &flow->flags);
		return -ESHUTDOWN;
	}
	count(flow, RSP_MIB_TLS_ALERT);
	net_info_ratelimited("rserpool: the peer of a session says alert %u\n",
			     alert[1]);
	return fault(flow);
}

/* Tickets are for another session that this one could be resumed by: none. */
static int handshake_take(struct rsp_flow *flow)
{
	u8 head[4] = {}, type;
	int len;

	if (flow->handshake->side == RSP_HANDSHAKE_CLIENT &&
	    flow->handshake->tickets++ < TICKETS_MAX &&
	    record_receive(flow, head, sizeof(head), 0, &type) == 4 &&
	    head[0] == NEW_SESSION_TICKET) {
		len = head[1] << 16 | head[2] << 8 | head[3];
		if (len && record_receive(flow, NULL, len, 0, &type) == len &&
		    type == TLS_RECORD_TYPE_HANDSHAKE)
			return 1;
	}
	count(flow, RSP_MIB_TLS_UNEXPECTED);
	return fault(flow);
}

/**
 * rsp_secure_control() - take the record that comes next, if it is no data
 * @flow: a flow over kTLS
 *
 * Context: process; the transport's lock is taken.
 * Return: 1: one was taken, go on; 0: none is there; -ESHUTDOWN: the peer has ended
 * what it sends; -EPROTO: that was a failure.
 */
int rsp_secure_control(struct rsp_flow *flow)
{
	u8 first, type;
	bool empty;
	int ret = 0;

	mutex_lock(&flow->handshake->control_lock);
	/* What somebody else has taken is not there any more, or was a failure. */
	if (READ_ONCE(flow->fault)) {
		ret = -EPROTO;
		goto out_unlock;
	}
	empty = record_receive(flow, &first, 1, MSG_PEEK, &type) <= 0;
	if (!type || type == TLS_RECORD_TYPE_DATA)
		goto out_unlock;
	/* RFC 8446, 5.4: of these none is empty; and it would stay where it is. */
	if (type == TLS_RECORD_TYPE_ALERT && !empty) {
		ret = alert_take(flow);
	} else if (type == TLS_RECORD_TYPE_HANDSHAKE && !empty) {
		ret = handshake_take(flow);
	} else {
		count(flow, RSP_MIB_TLS_UNEXPECTED);
		ret = fault(flow);
	}
out_unlock:
	mutex_unlock(&flow->handshake->control_lock);
	return ret;
}

/* For read_sock(): there are octets, and they stay. An empty record goes. */
static int found(read_descriptor_t *desc, struct sk_buff *skb,
		 unsigned int offset, size_t len)
{
	if (!len)
		return 1;
	desc->count = 0;
	return 0;
}

/*
 * As peek() of an octet, for the work item. If somebody is inside, he will find what
 * is there; he is not waited for, as he may be in a copy to a page that never comes.
 */
static int worker_peek(struct rsp_flow *flow)
{
	struct socket *sock = flow->sock;
	struct sock *transport = sock->sk;
	const struct tls_sw_context_rx *rx =
		tls_sw_ctx_rx(tls_get_ctx(transport));
	read_descriptor_t desc = { .count = 1 };
	bool owned;
	int ret;

	spin_lock_bh(&transport->sk_lock.slock);
	owned = !READ_ONCE(rx->reader_present) && rsp_sock_own(transport);
	spin_unlock_bh(&transport->sk_lock.slock);
	if (!owned)
		return 1;
	do {
		ret = READ_ONCE(sock->ops)->read_sock(transport, &desc, found);
	} while (ret > 0 && desc.count);
	/* It is no data, which stays as well; else it is no record. */
	if (ret == -EINVAL && !skb_queue_empty(&rx->rx_list))
		ret = -EIO;
	release_sock(transport);
	return desc.count ? ret : 1;
}

/**
 * rsp_secure_look() - are there octets for the program?
 * @flow: a flow over kTLS that carries data only
 *
 * Records that are no data are taken, if they come first.
 *
 * Context: process.
 * Return: true when there are, or a call is inside that is about to see.
 */
bool rsp_secure_look(struct rsp_flow *flow)
{
	int turns = 1, ret;
	u8 octet;

	while (!rsp_secure_closed(flow)) {
		if (current->flags & PF_WQ_WORKER)
			ret = worker_peek(flow);
		else
			ret = peek(flow, &octet, 1);
		if (rsp_secure_told(flow, ret, &turns))
			continue;
		if (ret != -EIO || rsp_secure_control(flow) < 0)
			return ret > 0;
	}
	return false;
}

/**
 * rsp_secure_discard() - receive octets for nobody
 * @flow: a flow over kTLS
 * @size: how many at most
 *
 * kTLS opens records in memory, where it is told so, and takes none for a forgery.
 *
 * Context: process; the transport's lock is taken.
 * Return: how many; or a negative errno.
 */
int rsp_secure_discard(struct rsp_flow *flow, size_t size)
{
	struct msghdr msg = {};
	struct kvec vec;
	int ret;

	vec.iov_len = min_t(size_t, size, TLS_MAX_PAYLOAD_SIZE);
	vec.iov_base = kmalloc(vec.iov_len, GFP_KERNEL_ACCOUNT);
	if (!vec.iov_base)
		return -ENOMEM;
	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, vec.iov_len);
	ret = rsp_secure_receive(flow, &msg, 0);
	kfree(vec.iov_base);
	return ret;
}

/**
 * rsp_secure_drain() - have nothing unread when the transport ends
 * @flow: a flow over kTLS of which nobody receives
 *
 * An element that never stops is not waited for.
 *
 * Context: process; the transport's lock is taken.
 */
void rsp_secure_drain(struct rsp_flow *flow)
{
	int records = DRAIN_MAX, ret;

	do {
		ret = rsp_secure_discard(flow, TLS_MAX_PAYLOAD_SIZE);
		if (ret == -EIO)
			ret = rsp_secure_control(flow);
	} while (ret > 0 && --records);
}

/* read_sock() gave octets: was what ended it not that there are no more? */
static bool more_follows(const struct rsp_flow *flow,
			 const read_descriptor_t *desc, int given)
{
	return given > 0 && desc->count &&
	       (rsp_secure_ready(flow) || READ_ONCE(flow->sock->sk->sk_err));
}

/**
 * rsp_secure_read_sock() - as tcp_read_sock(), decrypted
 * @flow: a flow over kTLS with frames, of which the transport's lock is held
 * @desc: as there; count becomes 0 when @actor wants no more
 * @actor: as there; it gets a record at a time
 *
 * Context: process.
 * Return: true: a record is next that is no data.
 */
int rsp_secure_read_sock(struct rsp_flow *flow, read_descriptor_t *desc,
			 sk_read_actor_t actor)
{
	struct socket *sock = flow->sock;
	struct sock *transport = sock->sk;
	int turns = 1, ret;

	do {
		ret = READ_ONCE(sock->ops)->read_sock(transport, desc, actor);
		rsp_secure_spend(flow);
		/* The one error that stays: a record that is no data. */
		if (ret == -EINVAL)
			return true;
	} while (more_follows(flow, desc, ret) ||
		 rsp_secure_told(flow, ret, &turns));
	return false;
}

/**
 * rsp_secure_peek() - a copy of all octets that are there
 * @flow: a flow over kTLS of which nobody receives meanwhile
 * @octets: becomes the copy, for kvfree()
 *
 * Context: process.
 * Return: how many octets there are; -ENOMEM.
 */
ssize_t rsp_secure_peek(struct rsp_flow *flow, u8 **octets)
{
	size_t room = PEEK_STEP + tcp_inq(flow->sock->sk);
	int turns = 1, ret;

	for (;; room *= 2) {
		*octets = kvmalloc(room, GFP_KERNEL_ACCOUNT);
		if (!*octets)
			return -ENOMEM;
		do {
			ret = peek(flow, *octets, room);
		} while (rsp_secure_told(flow, ret, &turns));
		if (ret < (ssize_t)room || room > PEEK_MAX)
			return max(ret, 0);
		kvfree(*octets);
	}
}

static void alert_send(struct socket *sock, u8 level, u8 description)
{
	union {
		struct cmsghdr cmsg;
		u8 room[CMSG_SPACE(sizeof(u8))];
	} control = {
		.cmsg.cmsg_level = SOL_TLS,
		.cmsg.cmsg_type = TLS_SET_RECORD_TYPE,
		.cmsg.cmsg_len = CMSG_LEN(sizeof(u8)),
	};
	u8 alert[2] = { level, description };
	struct kvec vec = { .iov_base = alert, .iov_len = sizeof(alert) };
	struct msghdr msg = {
		.msg_control = &control,
		.msg_controllen = sizeof(control),
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL,
	};

	*(u8 *)CMSG_DATA(&control.cmsg) = TLS_RECORD_TYPE_ALERT;
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, sizeof(alert));
	READ_ONCE(sock->ops)->sendmsg(sock, &msg, sizeof(alert));
}

/**
 * rsp_secure_refuse() - tell a peer that it is not let in
 * @sock: on which TLS was agreed, before anything else was sent
 *
 * With TLS 1.3 the client takes the session for one that came about, until the
 * server says otherwise.
 *
 * Context: process.
 */
void rsp_secure_refuse(struct socket *sock)
{
	if (rsp_secure_strong(sock))
		alert_send(sock, TLS_ALERT_LEVEL_FATAL,
			   TLS_ALERT_DESC_ACCESS_DENIED);
}

/**
 * rsp_secure_hold() - have what is sent leave with the FIN
 * @flow: a flow over kTLS, of which the session's end is about to be sent
 * @hold: true; or false: after all it was not
 *
 * A record that came after the end to a peer that is gone would be answered with a
 * reset.
 *
 * Context: process; the transport's lock is taken.
 */
void rsp_secure_hold(struct rsp_flow *flow, bool hold)
{
	tcp_sock_set_cork(flow->sock->sk, hold);
}

/**
 * rsp_secure_finish() - tell the peer that nothing more comes
 * @flow: a flow over kTLS that sends nothing after this
 *
 * A call that waits for room gets it first: it has the locks meanwhile.
 * And so has the last record, which kTLS would not keep when the socket goes.
 *
 * Context: process.
 */
void rsp_secure_finish(struct rsp_flow *flow)
{
	rsp_transport_unlimit(flow->sock->sk);
	mutex_lock(&flow->handshake->tx_lock);
	alert_send(flow->sock, TLS_ALERT_LEVEL_WARNING,
		   TLS_ALERT_DESC_CLOSE_NOTIFY);
	mutex_unlock(&flow->handshake->tx_lock);
}
