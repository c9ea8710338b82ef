// SPDX-License-Identifier: GPL-2.0
/*
 * A flow over kTLS that carries data only.
 *
 * kTLS opens a record where the program wants its octets, when it is told that
 * peers do not pad.  It then takes a page that is not there for a record that is
 * forged.  So it gets pages that are pinned, not the program's addresses, unless
 * the octets are copied anyway: where the program only looks.
 *
 * Pages are pinned while what is there is opened, not while it is waited for.
 * That is done here, and outside of kTLS: who is inside and waits keeps others
 * out.  Those who look, and splice(), still do.
 */

#include <linux/sizes.h>
#include <linux/splice.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tls.h>

#include <crypto/aes.h>

#include "flow.h"
#include "flow_secure.h"
#include "frame.h"
#include "frame_send.h"
#include "mib.h"
#include "session.h"
#include "tls.h"

#include <asm/ioctls.h>

#define INQ_MAX	SZ_64K	/* what SIOCINQ tells at most */

/*
 * Have the sealed octets of a record lie as those do that are sealed: AES-GCM
 * goes by what both have in one page, and buffers blocks that are in two. kTLS
 * takes memory for them from this fragment, and would begin with its first octet
 * if nobody else had the page: so it has another user until the record is there.
 */
static struct page *record_place(const struct sock *transport,
				 const struct iov_iter *from)
{
	unsigned long at = (unsigned long)iter_iov_addr(from) - TLS_HEADER_SIZE;
	struct page_frag *frag = &current->task_frag;

	if (!transport->sk_use_task_frag ||
	    !skb_page_frag_refill(PAGE_SIZE, frag, transport->sk_allocation))
		return NULL;
	frag->offset += (at - frag->offset) % AES_BLOCK_SIZE;
	get_page(frag->page);
	return frag->page;
}

/* One call of kTLS. */
static int record_send(struct rsp_flow *flow, struct msghdr *msg, size_t size)
{
	struct iov_iter *from = &msg->msg_iter;
	size_t rest = iov_iter_count(from) - size;
	struct socket *sock = flow->sock;
	struct page *page = NULL;
	int ret;

	if (user_backed_iter(from))
		page = record_place(sock->sk, from);
	iov_iter_truncate(from, size);
	ret = READ_ONCE(sock->ops)->sendmsg(sock, msg, size);
	iov_iter_reexpand(from, iov_iter_count(from) + rest);
	if (page)
		put_page(page);
	rsp_secure_spend(flow);
	return ret;
}

/* Somebody is about to send the end of the session in this direction. */
static bool ends(const struct rsp_flow *flow)
{
	return READ_ONCE(flow->ssn->sk.sk_shutdown) & SEND_SHUTDOWN;
}

static bool turn_take(struct rsp_flow *flow)
{
	set_bit(RSP_FLOW_TX_WANTED, &flow->flags);
	/* Pairs with rsp_send_tell(). */
	smp_mb__after_atomic();
	return mutex_trylock(&flow->handshake->tx_lock);
}

/* Who has the lock may wait for room meanwhile, for longer than others want to. */
static int turn_wait(struct rsp_flow *flow, long *timeo)
{
	struct mutex *lock = &flow->handshake->tx_lock;

	if (mutex_trylock(lock))
		return 0;
	if (*timeo != MAX_SCHEDULE_TIMEOUT)
		return rsp_flow_wait(flow, turn_take, timeo);
	return mutex_lock_interruptible(lock) ? sock_intr_errno(*timeo) : 0;
}

static void turn_give(struct rsp_flow *flow)
{
	mutex_unlock(&flow->handshake->tx_lock);
	rsp_send_tell(flow);
}

/* The next record, when there is room for it. */
static int record_within(struct rsp_flow *flow, struct msghdr *msg, size_t size,
			 long *timeo)
{
	int turns = 0, ret;

	for (;;) {
		if (ends(flow))
			return -EPIPE;
		ret = record_send(flow, msg, size);
		if (ret != -EAGAIN)
			return ret;
		ret = rsp_send_wait(flow, timeo, &turns);
		if (ret)
			return ret;
	}
}

/* A record at a time, all of a call in one piece though others send, too. */
static int records_send(struct rsp_flow *flow, struct msghdr *msg, size_t size,
			long timeo)
{
	size_t most = user_backed_iter(&msg->msg_iter) ? TLS_MAX_PAYLOAD_SIZE :
							 size;
	size_t sent = 0, want;
	int ret;

	ret = turn_wait(flow, &timeo);
	if (ret)
		return ret;
	/* kTLS would wait as long for each record, and more than once for one. */
	if (timeo != MAX_SCHEDULE_TIMEOUT)
		msg->msg_flags |= MSG_DONTWAIT;
	do {
		want = min(size - sent, most);
		ret = record_within(flow, msg, want, &timeo);
		sent += max(ret, 0);
	} while (ret == (int)want && sent < size);
	turn_give(flow);
	return sent ?: ret;
}

static int secure_sendmsg(struct rsp_flow *flow, struct msghdr *msg,
			  size_t size, long timeo)
{
	const unsigned int passed = MSG_DONTWAIT | MSG_NOSIGNAL |
				    MSG_SPLICE_PAGES;
	unsigned int flags = msg->msg_flags;
	size_t controls = msg->msg_controllen;
	int ret;

	if (flags & (MSG_OOB | MSG_ZEROCOPY))
		return -EOPNOTSUPP;
	if (!size)
		return 0;
	msg->msg_flags &= passed;
	msg->msg_controllen = 0;
	ret = records_send(flow, msg, size, timeo);
	msg->msg_flags = flags;
	msg->msg_controllen = controls;
	return ret;
}

static const struct tls_sw_context_rx *receiving(const struct rsp_flow *flow)
{
	return tls_sw_ctx_rx(tls_get_ctx(flow->sock->sk));
}

/* Are records opened where their octets are wanted? Once not, never again. */
static bool direct(const struct rsp_flow *flow)
{
	return receiving(flow)->zc_capable;
}

static void direct_set(struct rsp_flow *flow, int direct)
{
	struct socket *sock = flow->sock;

	READ_ONCE(sock->ops)->setsockopt(sock, SOL_TLS, TLS_RX_EXPECT_NO_PAD,
					 KERNEL_SOCKPTR(&direct),
					 sizeof(direct));
}

/**
 * rsp_secure_direct() - have records opened where their octets are wanted
 * @flow: a flow over kTLS that carries data only, of which nobody receives yet
 *
 * Context: process; the transport's lock is taken.
 */
void rsp_secure_direct(struct rsp_flow *flow)
{
	direct_set(flow, true);
}

/* A receive of kTLS's own, without what it says of records. */
static int plain_receive(struct rsp_flow *flow, struct msghdr *msg, size_t size,
			 int flags)
{
	size_t controls = msg->msg_controllen;
	unsigned int flagged = msg->msg_flags;
	void *control = msg->msg_control;
	struct socket *sock = flow->sock;
	int ret;

	msg->msg_control = NULL;
	msg->msg_controllen = 0;
	ret = READ_ONCE(sock->ops)->recvmsg(sock, msg, size, flags);
	msg->msg_control = control;
	msg->msg_controllen = controls;
	msg->msg_flags = flagged;
	return ret;
}

/*
 * What was opened of a record that is forged is not for the program.  kTLS has told
 * of it, if anybody hears; the error itself may be another one by now, or taken.
 */
static void forged_wipe(const struct rsp_flow *flow, struct iov_iter *to,
			size_t given)
{
	if (likely(!test_bit(RSP_FLOW_ALARMED, &flow->flags) &&
		   test_bit(RSP_FLOW_ATTACHED, &flow->flags)))
		return;
	iov_iter_advance(to, given);
	iov_iter_zero(iov_iter_count(to), to);
}

/* Octets that are there, into pages of the program; never more than it has. */
static int pinned_receive(struct rsp_flow *flow, struct msghdr *msg, size_t size)
{
	/* There may be as many, and one record more, which has left TCP. */
	size_t most = tcp_inq(flow->sock->sk) + TLS_MAX_PAYLOAD_SIZE, given;
	struct bio_vec pieces[RSP_FRAME_PIECES_MAX];
	struct msghdr to = {};
	struct iov_iter whole;
	u32 n = 0, i;
	size_t taken;
	int ret;

	taken = rsp_pieces_take(&msg->msg_iter, min(size, most), pieces, &n);
	if (!taken) {
		/* No memory of the program's, or none that can be pinned. */
		direct_set(flow, false);
		return plain_receive(flow, msg, size, MSG_DONTWAIT);
	}
	iov_iter_bvec(&whole, ITER_DEST, pieces, n, taken);
	to.msg_iter = whole;
	if (unlikely(test_bit(RSP_FLOW_ALARMED, &flow->flags)))
		clear_bit(RSP_FLOW_ALARMED, &flow->flags);
	ret = rsp_secure_receive(flow, &to, 0);
	given = max(ret, 0);
	forged_wipe(flow, &whole, given);
	for (i = 0; i < n; i++)
		unpin_user_pages_dirty_lock(&pieces[i].bv_page, 1, true);
	iov_iter_revert(&msg->msg_iter, taken - given);
	return ret;
}

/* All that is there and has room, in one piece though others receive, too. */
static int direct_receive(struct rsp_flow *flow, struct msghdr *msg, size_t size,
			  int flags, long timeo)
{
	struct mutex *lock = &flow->handshake->rx_lock;
	size_t given = 0;
	int ret;

	if (mutex_lock_interruptible(lock))
		return sock_intr_errno(timeo);
	do {
		ret = flags & MSG_TRUNC ?
		      rsp_secure_discard(flow, size - given) :
		      pinned_receive(flow, msg, size - given);
		given += max(ret, 0);
	} while (ret > 0 && given < size && rsp_secure_ready(flow));
	mutex_unlock(lock);
	return given ?: ret;
}

static bool may_receive(struct rsp_flow *flow)
{
	const struct sock *transport = flow->sock->sk;

	return rsp_secure_closed(flow) || rsp_secure_ready(flow) ||
	       READ_ONCE(transport->sk_err) ||
	       READ_ONCE(transport->sk_shutdown) & RCV_SHUTDOWN;
}

/*
 * Wait for octets.  Who looks or splices may be inside of kTLS and wait as well:
 * he is to be through, for until then there is nothing for anybody else.  A
 * receive of no octets waits for that.
 */
static int receive_wait(struct rsp_flow *flow, long *timeo)
{
	struct socket *sock = flow->sock;
	struct msghdr msg = {};
	int err;

	if (!*timeo)
		return -EAGAIN;
	err = rsp_flow_wait(flow, may_receive, timeo);
	if (!err && READ_ONCE(receiving(flow)->reader_present))
		err = READ_ONCE(sock->ops)->recvmsg(sock, &msg, 0, 0);
	return err;
}

/* What an end of the transport is: 0: that of the stream. */
static int end_of(struct rsp_flow *flow)
{
	if (test_bit(RSP_FLOW_CLOSED, &flow->flags) ||
	    READ_ONCE(flow->ssn->sk.sk_shutdown) & RCV_SHUTDOWN)
		return 0;
	return READ_ONCE(flow->fault) ? -EPROTO : -ECONNRESET;
}

/* Nothing more comes; or it was an empty record that a call of kTLS ended with. */
static bool at_end(const struct rsp_flow *flow)
{
	const struct sock *transport = flow->sock->sk;

	return test_bit(RSP_FLOW_CLOSED, &flow->flags) ||
	       READ_ONCE(flow->fault) || READ_ONCE(transport->sk_err) ||
	       READ_ONCE(transport->sk_shutdown) & RCV_SHUTDOWN ||
	       sock_flag(transport, SOCK_DONE);
}

/*
 * Octets are pinned and waited for here; else kTLS does all by itself.  Then it may
 * not open records in pages of somebody else's, which nobody would wipe.
 */
static bool opens_here(struct rsp_flow *flow, const struct msghdr *msg,
		       size_t size, int flags)
{
	if (!size || flags & MSG_PEEK || !direct(flow))
		return false;
	if (flags & MSG_TRUNC || user_backed_iter(&msg->msg_iter))
		return true;
	direct_set(flow, false);
	return false;
}

static int secure_recvmsg(struct rsp_flow *flow, struct msghdr *msg,
			  size_t size, int flags, long timeo)
{
	const int passed = MSG_DONTWAIT | MSG_PEEK | MSG_WAITALL;
	struct iov_iter to = msg->msg_iter;
	struct socket *sock = flow->sock;
	size_t least = sock_rcvlowat(sock->sk, flags & MSG_WAITALL, size);
	size_t given = 0;
	int turns = 1, ret;

	if (flags & MSG_ERRQUEUE)
		return READ_ONCE(sock->ops)->recvmsg(sock, msg, size, flags);
	if (flags & MSG_OOB)
		return -EINVAL;
	if (flags & MSG_TRUNC)
		iov_iter_discard(&msg->msg_iter, ITER_DEST, size);
	for (;;) {
		bool here = opens_here(flow, msg, size, flags);

		ret = 0;
		if (rsp_secure_closed(flow))
			break;
		if (here)
			ret = direct_receive(flow, msg, size - given, flags,
					     timeo);
		else
			ret = plain_receive(flow, msg, size - given,
					    flags & passed);
		rsp_secure_spend(flow);
		given += max(ret, 0);
		if (ret > 0 && (!here || given >= least))
			break;
		if (ret == -EIO) {
			rsp_secure_control(flow);
		} else if (ret == -EAGAIN && here) {
			ret = receive_wait(flow, &timeo);
			if (ret)
				break;
		} else if (!ret && size && !at_end(flow)) {
			continue;
		} else if (ret <= 0 && !rsp_secure_told(flow, ret, &turns)) {
			break;
		}
	}
	if (flags & MSG_TRUNC)
		msg->msg_iter = to;
	if (given) {
		set_bit(RSP_FLOW_TALKED, &flow->flags);
		return given;
	}
	return ret || !size ? ret : end_of(flow);
}

static ssize_t secure_splice_read(struct rsp_flow *flow, loff_t *ppos,
				  struct pipe_inode_info *pipe, size_t len,
				  unsigned int flags)
{
	const struct file *file = flow->ssn->sk.sk_socket->file;
	struct socket *sock = flow->sock;
	int turns = 1;
	ssize_t ret;
	bool taken;

	if (file->f_flags & O_NONBLOCK)
		flags |= SPLICE_F_NONBLOCK;
	do {
		ret = 0;
		if (!rsp_secure_closed(flow))
			ret = READ_ONCE(sock->ops)->splice_read(sock, ppos, pipe,
								len, flags);
		/* It says EINVAL of what is no data, and 0 of what is empty. */
		taken = (ret == -EINVAL && (rsp_secure_control(flow) > 0 ||
					    rsp_secure_look(flow))) ||
			(!ret && len && !at_end(flow));
	} while (taken || (ret == -EINVAL && rsp_secure_closed(flow)) ||
		 rsp_secure_told(flow, ret, &turns));
	rsp_secure_spend(flow);
	if (ret > 0)
		set_bit(RSP_FLOW_TALKED, &flow->flags);
	return ret || !len ? ret : end_of(flow);
}

/* Tickets come before the first octets; later what comes is for the program. */
static __poll_t secure_poll(struct rsp_flow *flow, struct file *file)
{
	const __poll_t in = EPOLLIN | EPOLLRDNORM;
	struct socket *sock = flow->sock;
	__poll_t mask;

	mask = READ_ONCE(sock->ops)->poll(file, sock, NULL);
	if (mask & in && !(mask & EPOLLRDHUP) &&
	    !test_bit(RSP_FLOW_TALKED, &flow->flags) &&
	    !rsp_secure_look(flow) && !rsp_secure_closed(flow))
		mask &= ~in;
	return mask;
}

static bool secure_ended(struct rsp_flow *flow, enum rsp_failure failure)
{
	const struct rsp_session *ssn = flow->ssn;

	if (failure != RSP_FAILURE_FIN)
		return false;
	if (ssn->sk.sk_shutdown & RCV_SHUTDOWN)
		return true;
	if (!test_bit(RSP_FLOW_CLOSED, &flow->flags)) {
		RSP_INC_STATS(flow->handshake->net, RSP_MIB_TLS_TRUNCATED);
		return false;
	}
	return ssn->sk.sk_shutdown ||
	       READ_ONCE(ssn->pool->config.fin) == RSP_FIN_EOF;
}

static int secure_shutdown(struct rsp_flow *flow, int how)
{
	struct socket *sock = flow->sock;

	if (how & SEND_SHUTDOWN)
		rsp_secure_finish(flow);
	return READ_ONCE(sock->ops)->shutdown(sock, how - 1);
}

/*
 * Octets that a receive would give at once; of many not all, for they are opened to
 * be counted, and then are in nobody's account.
 */
static int inq(struct rsp_flow *flow)
{
	struct msghdr msg = {};

	if (rsp_secure_closed(flow))
		return 0;
	iov_iter_discard(&msg.msg_iter, ITER_DEST, INQ_MAX);
	return max(rsp_secure_receive(flow, &msg, MSG_PEEK), 0);
}

static int secure_ioctl(struct rsp_flow *flow, unsigned int cmd,
			unsigned long arg)
{
	struct socket *sock = flow->sock;

	if (cmd == SIOCINQ)
		return put_user(inq(flow), (int __user *)arg);
	return READ_ONCE(sock->ops)->ioctl(sock, cmd, arg);
}

/* What is done with a transport that carries data only, over TLS. */
const struct rsp_flow_ops rsp_secure_ops = {
	.sendmsg	= secure_sendmsg,
	.recvmsg	= secure_recvmsg,
	.splice_read	= secure_splice_read,
	.poll		= secure_poll,
	.unread		= rsp_secure_look,
	.ended		= secure_ended,
	.shutdown	= secure_shutdown,
	.ioctl		= secure_ioctl,
};
