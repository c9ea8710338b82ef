/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_TLS_H
#define _RSERPOOL_TLS_H

#include <linux/key.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "key.h"

struct file;
struct net;
struct rsp_handshake;
struct socket;

/* Of a namespace and a side; the agent runs a process for each. */
#define RSP_HANDSHAKES_MAX	BITS_PER_TYPE(u32)

enum rsp_handshake_side {
	RSP_HANDSHAKE_CLIENT,
	RSP_HANDSHAKE_SERVER,
	RSP_HANDSHAKE_SIDES
};

/* For what a handshake waits, that has not come to the agent. */
enum rsp_handshake_wait {
	RSP_WAIT_NONE,	/* it has come there, or is over */
	RSP_WAIT_PLACE,
	RSP_WAIT_PEER,
};

/**
 * struct rsp_handshakes - what bounds the handshakes of a namespace
 * @lock: all below
 * @taken: set of the places that are taken, of each side
 * @from: from where those are who have the elements' places
 * @waiting: those that wait for one, the first that came first
 */
struct rsp_handshakes {
	spinlock_t lock; /* see above */
	u32 taken[RSP_HANDSHAKE_SIDES];
	u64 from[RSP_HANDSHAKES_MAX];
	struct list_head waiting[RSP_HANDSHAKE_SIDES];
};

/**
 * struct rsp_handshake_ops - who does handshakes; KUnit has another one
 * @start: as tls_client_hello_psk(): 0: rsp_handshake_done() is called once,
 *	perhaps before this returns, or never; else it is not called
 * @cancel: as tls_handshake_cancel(): true: rsp_handshake_done() will not be
 *	called; false: it was, or is being called
 * @heard: has the client said what the agent begins with? 0; -EAGAIN: not yet;
 *	or another errno: it never will
 * @stands: does the agent wait for the peer?
 * @asked: has the agent said something to the element, or is that gone?
 */
struct rsp_handshake_ops {
	int (*start)(struct rsp_handshake *handshake);
	bool (*cancel)(struct rsp_handshake *handshake);
	int (*heard)(struct rsp_handshake *handshake);
	bool (*stands)(struct rsp_handshake *handshake);
	bool (*asked)(struct rsp_handshake *handshake);
};

/**
 * struct rsp_handshake - a handshake of TLS, and the connection that it is for
 * @ops: who does it; fixed
 * @net: whose; fixed
 * @all: what bounds it; fixed
 * @side: enum rsp_handshake_side; fixed
 * @auth: enum rsp_auth, not RSP_AUTH_NONE; fixed
 * @file: of @sock, which lives as long as this; fixed
 * @sock: a connected TCP socket; fixed
 * @queue: is woken when a client has said more; NULL: of a client; fixed
 * @from: the network of a client; fixed
 * @key: serial of the key to offer, 0: the client chooses; fixed by
 *	rsp_handshake_begin()
 * @anonymous: the client shows no certificate; as @key
 * @name: what the agent calls the peer, which it else looks up in the DNS; of a
 *	client with certificates, the name that the peer's must bear
 * @refs: one of the owner, one of the work item while the handshake lasts, one
 *	of the agent
 * @work: does all that is done, in each state; ordered by itself
 * @free: frees it, when nobody refers to it
 * @place: in rsp_handshakes.waiting; @all's lock
 * @at: the place that it has, plus 1; 0: none; the same, read locklessly
 * @timeout: jiffies that it may take; fixed by rsp_handshake_begin()
 * @deadline: jiffies at which it is given up; @work's
 * @wait: in @queue, until @heard
 * @heard: the client has said enough for the agent to begin, or need not; @work's,
 *	read locklessly
 * @started: the agent was asked; @work's
 * @since: jiffies at which it was; the same
 * @asked: of a client: and has asked the element; the same, fixed when @result is
 *	there
 * @late: @file is to be put late; @work's
 * @control_lock: taking records that are no data; outside the transport's lock
 * @tickets: that came; @control_lock
 * @rx_lock: receiving data only, by several calls of kTLS's for one of a program's;
 *	likewise
 * @tx_lock: sending data only, and the end of what is sent, likewise
 * @ended: owner's hands are off; it may be given up
 * @done: @status and @peer are there; the agent's word
 * @status: what the agent says, 0 or negative errno
 * @peer: serial of the key or the certificate that the peer has shown, 0: none
 * @shown: what the peer has shown; holds a reference. A key of this scope, once the
 *	owner knows it; the owner's. Or a certificate, NULL where it has shown none or
 *	this kernel does not keep it; set when @result is
 * @lock: the rest
 * @result: 0, negative errno, or -EINPROGRESS; read locklessly
 * @tell: to be called when @result is there, under the lock; NULL: nobody wants
 *	to know
 * @data: for @tell
 */
struct rsp_handshake {
	const struct rsp_handshake_ops *ops;
	struct net *net;
	struct rsp_handshakes *all;
	u8 side;
	u8 auth;
	struct file *file;
	struct socket *sock;
	wait_queue_head_t *queue;
	u64 from;
	key_serial_t key;
	bool anonymous;
	char name[RSP_TLS_NAME_SIZE];
	refcount_t refs;
	struct delayed_work work;
	struct delayed_work free;
	struct list_head place;
	u8 at;
	unsigned long timeout;
	unsigned long deadline;
	struct wait_queue_entry wait;
	bool heard;
	bool started;
	unsigned long since;
	bool asked;
	bool late;
	struct mutex control_lock; /* see above */
	u32 tickets;
	struct mutex rx_lock; /* see above */
	struct mutex tx_lock; /* see above */
	bool ended;
	bool done;
	int status;
	key_serial_t peer;
	struct key *shown;
	spinlock_t lock; /* see above */
	int result;
	void (*tell)(void *data);
	void *data;
};

struct rsp_handshake *rsp_handshake_make(struct socket *sock,
					 enum rsp_handshake_side side);
void rsp_handshake_init(struct rsp_handshake *handshake, struct net *net,
			struct rsp_handshakes *all,
			const struct rsp_handshake_ops *ops,
			enum rsp_handshake_side side);
void rsp_handshake_begin(struct rsp_handshake *handshake, unsigned long timeout,
			 void (*tell)(void *data), void *data);
int rsp_handshake_result(struct rsp_handshake *handshake);
enum rsp_handshake_wait
rsp_handshake_waits(const struct rsp_handshake *handshake);
void rsp_handshake_mute(struct rsp_handshake *handshake);
void rsp_handshake_end(struct rsp_handshake *handshake);
void rsp_handshake_done(void *data, int status, key_serial_t peer);

void rsp_handshakes_init(struct rsp_handshakes *all);
int rsp_tls_register(void);
void rsp_tls_unregister(void);

#endif /* _RSERPOOL_TLS_H */
