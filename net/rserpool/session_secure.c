// SPDX-License-Identifier: GPL-2.0
/*
 * How a session in a secure scope makes sure of an element that it has connected:
 * it offers the most specific key that it has for that, has the agent agree on
 * TLS, and compares who has shown which key with who was meant. With certificates,
 * the agent does that: it knows them, and is told the name that is meant.
 */

#include <linux/slab.h>
#include <net/handshake.h>
#include <net/sock.h>

#include <keys/asymmetric-type.h>

#include "flow.h"
#include "flow_secure.h"
#include "key.h"
#include "mib.h"
#include "net_ns.h"
#include "session.h"
#include "session_secure.h"
#include "session_work.h"
#include "tls.h"

static void tell(void *data)
{
	rsp_session_kick(data);
}

/* Something to show, or to ask for. */
static bool has_means(const struct rsp_session *ssn,
		      struct rsp_handshake *handshake, u32 pe_id)
{
	struct rsp_net *rn = rsp_net(handshake->net);
	struct rsp_handlespace *hs = &rn->handlespace;
	u8 identify = rsp_pool_identify(hs, &ssn->handle);

	if (handshake->auth == RSP_AUTH_X509) {
		handshake->anonymous = !(identify & RSP_IDENTIFY_CLIENT);
		return rsp_pool_tls_name(hs, &ssn->handle, handshake->name);
	}
	handshake->key = rsp_key_offer(rn, &ssn->handle, pe_id, identify,
				       handshake->name);
	return handshake->key;
}

static int begin(struct rsp_session *ssn, struct rsp_flow *flow)
{
	struct rsp_handshake *handshake = flow->handshake;
	struct net *net = sock_net(&ssn->sk);
	struct rsp_net *rn = rsp_net(net);
	u32 pe_id = flow->pe->node.id;

	if (!has_means(ssn, handshake, pe_id)) {
		RSP_INC_STATS(net, RSP_MIB_HANDSHAKE_NO_KEY);
		net_warn_ratelimited("rserpool: session %u: no %s for element 0x%08x of its pool\n",
				     ssn->state.id,
				     handshake->auth == RSP_AUTH_X509 ?
				     "tls-name" : "key", pe_id);
		return -EACCES;
	}
	if (ssn->state.now == RSP_SESSION_CONNECT)
		rsp_session_enter(ssn, RSP_SESSION_SECURE);
	set_bit(RSP_FLOW_SECURING, &flow->flags);
	rsp_handshake_begin(handshake,
			    msecs_to_jiffies(READ_ONCE(rn->handshake_timeout_ms)),
			    tell, ssn);
	return 0;
}

static bool refuse(const struct rsp_handshake *handshake, u32 pe_id,
		   enum rsp_mib_field field, const char *why)
{
	struct sockaddr_storage peer = {};

	RSP_INC_STATS(handshake->net, field);
	kernel_getpeername(handshake->sock, (struct sockaddr *)&peer);
	net_warn_ratelimited("rserpool: %pISpc is refused as %selement 0x%08x: %s\n",
			     &peer, handshake->side == RSP_HANDSHAKE_SERVER ?
			     "a client of " : "", pe_id, why);
	return false;
}

/**
 * rsp_peer_is_meant() - has the peer shown that it is who was meant?
 * @handshake: one with a good end
 * @handle: of the pool that was meant
 * @pe_id: of the element that was meant
 * @identity: becomes for whom the key is that it has shown
 *
 * Context: process.
 * Return: true when it has, over TLS as strong as it must be, and by a key that
 * is for it alone where the pool demands that; false, and it was counted and
 * logged.
 */
bool rsp_peer_is_meant(struct rsp_handshake *handshake,
		       const struct rsp_handle *handle, u32 pe_id,
		       struct rsp_identity *identity)
{
	struct rsp_net *rn = rsp_net(handshake->net);
	bool server = handshake->side == RSP_HANDSHAKE_SERVER;
	u8 identify;

	if (!rsp_secure_strong(handshake->sock))
		return refuse(handshake, pe_id, RSP_MIB_HANDSHAKE_WEAK,
			      "what was agreed on is not TLS 1.3");
	identify = rsp_pool_identify(&rn->handlespace, handle) &
		   (server ? RSP_IDENTIFY_CLIENT : RSP_IDENTIFY_PE);
	if (handshake->auth == RSP_AUTH_X509) {
		*identity = (struct rsp_identity){};
		return !(server && identify) || handshake->peer != TLS_NO_PEERID ||
		       refuse(handshake, pe_id, RSP_MIB_HANDSHAKE_ANONYMOUS,
			      "it has shown no certificate, as its pool demands");
	}
	handshake->shown = rsp_key_shown(rn, handshake->peer, handle, pe_id,
					 identity);
	if (!handshake->shown)
		return refuse(handshake, pe_id, RSP_MIB_HANDSHAKE_IDENTITY,
			      "its key is not one of this pool and this element");
	if (!rsp_identity_tells(identity, identify))
		return refuse(handshake, pe_id, RSP_MIB_HANDSHAKE_ANONYMOUS,
			      "its key does not tell who it is, as its pool demands");
	return true;
}

/**
 * rsp_session_peer_subject() - of whom the peer's certificate is
 * @ssn: a session
 * @subject: becomes the RDNSequence of its subject in DER, for kfree()
 *
 * Context: process; the session's socket lock.
 * Return: how many octets; -ENOTCONN: no element serves; -ENODATA: the peer has
 * shown no certificate, or this kernel or the agent does not keep it; -ENOMEM.
 */
int rsp_session_peer_subject(const struct rsp_session *ssn, u8 **subject)
{
	const struct rsp_flow *flow = ssn->flow;
	const struct asymmetric_key_id *id = NULL;
	const struct asymmetric_key_ids *ids;
	const struct key *shown;

	if (!flow || ssn->state.now != RSP_SESSION_READY)
		return -ENOTCONN;
	shown = flow->auth == RSP_AUTH_X509 ? flow->handshake->shown : NULL;
	if (shown && !strcmp(shown->type->name, "asymmetric")) {
		ids = asymmetric_key_ids(shown);
		id = ids ? ids->id[2] : NULL;
	}
	if (!id)
		return -ENODATA;
	*subject = kmemdup(id->data, id->len, GFP_KERNEL_ACCOUNT);
	return *subject ? id->len : -ENOMEM;
}

/* What this host lacks, or has not begun, is not the element's fault. */
static enum rsp_failure failure_of(const struct rsp_handshake *handshake,
				   int result)
{
	if (!handshake->asked || result == -ENOMEM || result == -EOPNOTSUPP)
		return RSP_FAILURE_LOCAL;
	return RSP_FAILURE_SECURITY;
}

/**
 * rsp_session_secure() - agree on TLS with an element
 * @ssn: a session that looks for one
 * @flow: to it, connected
 * @failure: becomes why it could not be
 *
 * Context: process; the session's socket lock.
 * Return: 0: it is agreed, or none is wanted; -EINPROGRESS: rsp_session_kick()
 * will be called; -EACCES: it could not be.
 */
int rsp_session_secure(struct rsp_session *ssn, struct rsp_flow *flow,
		       enum rsp_failure *failure)
{
	int result;

	if (rsp_flow_usable(flow))
		return 0;
	if (!test_bit(RSP_FLOW_SECURING, &flow->flags) && begin(ssn, flow)) {
		*failure = RSP_FAILURE_LOCAL;
		return -EACCES;
	}
	result = rsp_handshake_result(flow->handshake);
	if (result == -EINPROGRESS)
		return result;
	if (result) {
		*failure = failure_of(flow->handshake, result);
		return -EACCES;
	}
	if (!rsp_peer_is_meant(flow->handshake, &ssn->handle,
			       flow->pe->node.id, &flow->identity)) {
		*failure = RSP_FAILURE_SECURITY;
		return -EACCES;
	}
	if (!flow->frames)
		rsp_secure_direct(flow);
	set_bit(RSP_FLOW_SECURED, &flow->flags);
	/* From now on its first message is waited for. */
	flow->born = jiffies;
	return 0;
}
