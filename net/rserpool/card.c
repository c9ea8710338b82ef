// SPDX-License-Identifier: GPL-2.0
/*
 * Business cards (RFC 5352, section 3.9): an element tells its users in which
 * order they should try the others of its pool, should it fail.
 *
 * A card is made from this namespace's handlespace.  Of one that came only the
 * identifiers are kept: an element that this host's handlespace does not know
 * is none, whatever a card says of it.
 */

#include <linux/slab.h>
#include <net/sock.h>

#include "asap.h"
#include "card.h"
#include "endpoint.h"
#include "flow.h"
#include "frame.h"
#include "net_ns.h"
#include "session.h"

/* With eight IPv6 transports an element has less than 300 octets. */
#define ELEMENT_SIZE	300
#define CARD_SIZE	128	/* and elements */
#define CARD_ELEMENTS	(1 + RSP_RANK_MAX)

static void transport_put(struct rsp_tlv_writer *w,
			  const struct rsp_transport *transport)
{
	const struct rsp_tlv_transport wire = {
		.type = RSP_TLV_TCP_TRANSPORT,
		.port = be16_to_cpu(transport->port),
		.use = transport->use,
	};
	const struct rsp_tlv_address v4 = {
		.octets = { (const u8 *)&transport->v4, 4 },
	};
	const struct rsp_tlv_address v6 = {
		.octets = { (const u8 *)&transport->v6, 16 },
	};
	u32 begin = rsp_tlv_begin_transport(w, &wire);

	rsp_tlv_put_address(w, transport->family == AF_INET6 ? &v6 : &v4);
	rsp_tlv_end(w, begin);
}

static void element_put(struct rsp_tlv_writer *w, const struct rsp_pe *pe)
{
	const struct rsp_policy_params *params = &pe->node.params;
	const struct rsp_tlv_policy policy = {
		.type = params->type,
		.value = READ_ONCE(params->weight),
		.degradation = READ_ONCE(params->degradation),
	};
	u32 lifetime_ms = READ_ONCE(pe->lifetime_ms);
	const struct rsp_tlv_element element = {
		.id = pe->node.id,
		.home = READ_ONCE(pe->home),
		.life = lifetime_ms ? DIV_ROUND_UP(lifetime_ms, 1000)
				    : RSP_LIFE_INFINITE,
	};
	u32 begin = rsp_tlv_begin_element(w, &element), i;

	for (i = 0; i < pe->n_transports; i++)
		transport_put(w, &pe->transports[i]);
	rsp_tlv_put_policy(w, &policy);
	rsp_tlv_end(w, begin);
}

/*
 * Who is in the card that element @id sends, each with a reference.  An element of
 * this host lists the others of its pool, in the order in which its policy would
 * select them.  A user lists itself first, so that the other knows who it is; where
 * it is not there, it lists nobody.
 */
static u32 card_elements(struct rsp_session *ssn,
			 const struct rsp_handle *handle, u32 id,
			 struct rsp_pe *pes[CARD_ELEMENTS])
{
	struct rsp_net *rn = rsp_net(sock_net(&ssn->sk));
	struct rsp_pool *pool = rsp_pool_get(&rn->handlespace, handle);
	u32 n = 0;

	if (!pool)
		return 0;
	if (!ssn->accepted) {
		pes[0] = rsp_pe_get(pool, id);
		n = !!pes[0];
	}
	if (n || ssn->accepted)
		n += rsp_pool_rank(pool, id, pes + n, RSP_RANK_MAX);
	rsp_pool_put(pool);
	return n;
}

/* @id: of the element that sends the card. */
static int card_send(struct rsp_session *ssn, struct rsp_flow *flow,
		     const struct rsp_handle *handle, u32 id)
{
	struct rsp_pe *pes[CARD_ELEMENTS];
	u32 n = card_elements(ssn, handle, id, pes), i;
	size_t size = CARD_SIZE + n * ELEMENT_SIZE;
	struct rsp_tlv_writer w;
	int ret = -ENOMEM;
	u32 begin;
	void *buf;

	buf = kmalloc(size, GFP_KERNEL);
	if (!buf)
		goto out_put;
	rsp_tlv_writer_init(&w, buf, size);
	begin = rsp_asap_begin(&w, RSP_ASAP_BUSINESS_CARD, 0);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, handle->octets, handle->len);
	for (i = 0; i < n; i++)
		element_put(&w, pes[i]);
	ret = rsp_asap_end(&w, begin);
	if (ret > 0)
		ret = rsp_frames_control(flow, buf, ret, false);
	kfree(buf);
out_put:
	for (i = 0; i < n; i++)
		rsp_pe_put(pes[i]);
	return ret;
}

/**
 * rsp_session_card_send() - send the business card of the element
 * @ssn: a session that came to an element of this host, with its flow
 *
 * The element itself is not in it: the order is for when it has failed.
 *
 * Context: process; the session's socket lock.
 * Return: 0, -ENOMEM, -EPIPE: the session has ended in this direction; or the
 * transport's error.
 */
int rsp_session_card_send(struct rsp_session *ssn)
{
	return card_send(ssn, ssn->flow, &ssn->handle,
			 ssn->flow->pe->node.id);
}

/**
 * rsp_session_card_answer() - send the business card of a user that is an element
 * @ssn: a session
 * @flow: of it, with frames; the element's card came
 *
 * Users that are none have no card, and one that cannot be sent is
 * no reason to leave the element.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_card_answer(struct rsp_session *ssn, struct rsp_flow *flow)
{
	const struct rsp_endpoint *endpoint = ssn->endpoint;

	if (endpoint)
		card_send(ssn, flow, &endpoint->handle, endpoint->config.id);
}

/**
 * rsp_session_user_take() - keep who the user is, when it is an element itself
 * @ssn: a session that came to an element of this host
 * @msg: the user's business card
 *
 * It replaces the one before.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_user_take(struct rsp_session *ssn,
			   const struct rsp_asap_message *msg)
{
	struct rsp_tlv_list list = msg->params;
	struct rsp_tlv_element element;
	struct rsp_user *user = ssn->user;

	if (!user)
		user = kmalloc_obj(*user, GFP_KERNEL_ACCOUNT);
	if (!user)
		return;
	*user = (struct rsp_user){ .handle.len = msg->handle.len };
	memcpy(user->handle.octets, msg->handle.data, msg->handle.len);
	if (rsp_tlv_next_element(&list, &element))
		user->pe_id = element.id;
	ssn->user = user;
}

/**
 * rsp_session_card_renew() - send the card again if it is out of date
 * @ssn: a session
 * @flow: of it, with frames
 *
 * Not while something is pending, or a peer that reads nothing would have cards
 * without end kept for it; the work item runs when that has left. One that
 * cannot be sent leaves the user with the order that it has.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_card_renew(struct rsp_session *ssn, struct rsp_flow *flow)
{
	if (!ssn->accepted || READ_ONCE(flow->frames->n_pending))
		return;
	if (test_and_clear_bit(RSP_SESSION_CARD, &ssn->flags))
		rsp_session_card_send(ssn);
}

/**
 * rsp_session_card_take() - keep the order that the element recommends
 * @kept: of the session, or of its flow that stands by
 * @msg: the business card
 *
 * It replaces the one before, also where it lists nothing. Without memory the
 * one before stays. What is behind RSP_RANK_MAX elements is not looked at.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_card_take(struct rsp_card **kept,
			   const struct rsp_asap_message *msg)
{
	u32 n = min_t(u32, msg->n_elements, RSP_RANK_MAX), i = 0;
	struct rsp_tlv_list list = msg->params;
	struct rsp_tlv_element element;
	struct rsp_card *card = NULL;

	if (n) {
		card = kmalloc(struct_size(card, ids, n), GFP_KERNEL_ACCOUNT);
		if (!card)
			return;
		card->n = n;
		while (i < n && rsp_tlv_next_element(&list, &element))
			card->ids[i++] = element.id;
	}
	kfree(*kept);
	*kept = card;
}
