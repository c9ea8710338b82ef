// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that came to a listening socket of a secure scope and are no
 * sessions yet: TLS is being agreed.
 *
 * All of it is the endpoint's work item's, under rsp_endpoint.admit_lock, or is done
 * when that is over.
 */

#include <linux/slab.h>
#include <net/sock.h>

#include "endpoint.h"
#include "endpoint_secure.h"
#include "flow_secure.h"
#include "mib.h"
#include "net_ns.h"
#include "session.h"
#include "session_secure.h"
#include "session_work.h"
#include "tls.h"

/**
 * struct rsp_admission - a connection that is no session yet
 * @list: place in rsp_endpoint.admissions
 * @handshake: it has the connection
 */
struct rsp_admission {
	struct list_head list;
	struct rsp_handshake *handshake;
};

static void tell(void *data)
{
	struct rsp_endpoint *endpoint = data;

	rsp_work_queue(&endpoint->work);
}

static void admission_free(struct rsp_endpoint *endpoint,
			   struct rsp_admission *admission)
{
	list_del(&admission->list);
	endpoint->n_admissions--;
	kfree(admission);
}

/*
 * There are as many as there may be, and each has cost its peer nothing: so the
 * one that has been silent for the longest goes, or has waited for the agent. The
 * agent cannot be at all of them.
 */
static void make_room(struct rsp_endpoint *endpoint)
{
	struct rsp_admission *admission, *least = NULL;
	enum rsp_handshake_wait wait, most = RSP_WAIT_NONE;

	list_for_each_entry(admission, &endpoint->admissions, list) {
		wait = rsp_handshake_waits(admission->handshake);
		if (wait > most) {
			least = admission;
			most = wait;
		}
		if (wait == RSP_WAIT_PEER)
			break;
	}
	if (!least)
		return;
	RSP_INC_STATS(least->handshake->net, RSP_MIB_HANDSHAKE_DISPLACED);
	rsp_handshake_end(least->handshake);
	admission_free(endpoint, least);
}

/**
 * rsp_admission_begin() - agree on TLS with who has connected
 * @endpoint: to which
 * @transport: the connection; gone if that cannot be
 *
 * Context: process; the endpoint's work item.
 */
void rsp_admission_begin(struct rsp_endpoint *endpoint,
			 struct socket *transport)
{
	struct rsp_net *rn = rsp_net(sock_net(transport->sk));
	struct rsp_admission *admission;
	struct rsp_handshake *handshake;

	if (endpoint->n_admissions >= RSP_ADMISSIONS_MAX)
		make_room(endpoint);
	handshake = rsp_handshake_make(transport, RSP_HANDSHAKE_SERVER);
	if (IS_ERR(handshake))
		return;
	admission = kzalloc_obj(*admission, GFP_KERNEL_ACCOUNT);
	if (!admission) {
		rsp_handshake_end(handshake);
		return;
	}
	/* The DNS is not to be asked who that is. */
	strscpy(handshake->name, "rserpool");
	admission->handshake = handshake;
	list_add_tail(&admission->list, &endpoint->admissions);
	endpoint->n_admissions++;
	rsp_handshake_begin(handshake,
			    msecs_to_jiffies(READ_ONCE(rn->handshake_timeout_ms)),
			    tell, endpoint);
}

/**
 * rsp_admission_next() - the next connection with which TLS is agreed
 * @endpoint: to which it came
 * @room: one is wanted; else it is to wait
 * @identity: becomes for whom the key is that the peer has shown
 *
 * Those with which it could not be are dropped.
 *
 * Context: process; the endpoint's work item.
 * Return: a handshake, the caller's; NULL: there is none now.
 */
struct rsp_handshake *rsp_admission_next(struct rsp_endpoint *endpoint, bool room,
					 struct rsp_identity *identity)
{
	struct rsp_admission *admission, *next;
	struct rsp_handshake *handshake;
	int result;

	list_for_each_entry_safe(admission, next, &endpoint->admissions, list) {
		handshake = admission->handshake;
		result = rsp_handshake_result(handshake);
		if (result == -EINPROGRESS || (!result && !room))
			continue;
		admission_free(endpoint, admission);
		if (!result &&
		    rsp_peer_is_meant(handshake, &endpoint->handle,
				      endpoint->config.id, identity))
			return handshake;
		if (!result)
			rsp_secure_refuse(handshake->sock);
		rsp_handshake_end(handshake);
	}
	return NULL;
}

/**
 * rsp_admissions_end() - drop all connections that are no sessions yet
 * @endpoint: its work item runs no more
 *
 * Context: process.
 */
void rsp_admissions_end(struct rsp_endpoint *endpoint)
{
	struct rsp_admission *admission, *next;

	list_for_each_entry_safe(admission, next, &endpoint->admissions, list) {
		rsp_handshake_end(admission->handshake);
		admission_free(endpoint, admission);
	}
}
