/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_RDM_H
#define _RSERPOOL_RDM_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "session.h"

#define RSP_PEERS_MAX	32	/* elements that a socket is connected to */

struct rsp_rdm;

/**
 * struct rsp_peer - an element to which messages went
 * @rdm: the socket
 * @sock: the session with it, SOCK_SEQPACKET, failover mode off
 * @wait: hears what @sock tells its waiters
 * @refs: one for rsp_rdm.peers, one for rsp_rdm.blocked, one a call
 * @used: jiffies of the last message to it
 * @pe_id: its PE identifier, 0: not known before it is connected; rsp_rdm.lock
 * @handle: of its pool; fixed
 */
struct rsp_peer {
	struct rsp_rdm *rdm;
	struct socket *sock;
	struct wait_queue_entry wait;
	refcount_t refs;
	unsigned long used;
	u32 pe_id;
	struct rsp_handle handle;
};

/**
 * struct rsp_rdm - a socket of SOCK_RDM
 * @ssn: must be first. Its options and, in handle and pe_id, where connect()
 *	said that messages go; it never connects itself
 * @tx_lock: one message is sent after the other
 * @lock: @peers, @blocked
 * @peers: who was sent to
 * @blocked: whom a message waited for that its sender did not wait for; the
 *	next message of its pool goes there
 * @turn: index in @peers, modulo RSP_PEERS_MAX, of who is received from first;
 *	written and read locklessly
 * @sent_to: how many elements the last message went to; read locklessly
 * @to_all: RSP_SEND_TO_ALL; read locklessly
 */
struct rsp_rdm {
	struct rsp_session ssn;
	struct mutex tx_lock; /* see above */
	spinlock_t lock; /* see above */
	struct rsp_peer *peers[RSP_PEERS_MAX];
	struct rsp_peer *blocked;
	unsigned int turn;
	u32 sent_to;
	bool to_all;
};

static inline struct rsp_rdm *rsp_rdm(const struct socket *sock)
{
	return container_of(rsp_session(sock->sk), struct rsp_rdm, ssn);
}

struct rsp_peer *rsp_peer_find(struct rsp_rdm *rdm,
			       const struct rsp_handle *handle, u32 pe_id);
struct rsp_peer *rsp_peer_make(struct rsp_rdm *rdm,
			       const struct rsp_handle *handle, u32 pe_id);
struct rsp_peer *rsp_peer_at(struct rsp_rdm *rdm, unsigned int at);
struct rsp_peer *rsp_peer_blocked(struct rsp_rdm *rdm,
				  const struct rsp_handle *handle);
void rsp_peer_block(struct rsp_rdm *rdm, struct rsp_peer *peer);
int rsp_peer_wait(struct rsp_peer *peer, long timeo);
bool rsp_peer_readable(struct rsp_peer *peer);
bool rsp_peer_writable(struct rsp_peer *peer, struct file *file);
bool rsp_peer_gone(const struct rsp_peer *peer);
void rsp_peer_drop(struct rsp_peer *peer);
void rsp_peer_put(struct rsp_peer *peer);
void rsp_peers_free(struct rsp_rdm *rdm);

int rsp_rdm_sendmsg(struct socket *sock, struct msghdr *msg, size_t size);

extern const struct proto_ops rsp_rdm_ops;

struct sock *rsp_rdm_alloc(struct net *net, struct socket *sock, int kern);
int rsp_rdm_register(void);
void rsp_rdm_unregister(void);

#endif /* _RSERPOOL_RDM_H */
