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
#include "flow.h"
#include "frame.h"
#include "net_ns.h"
#include "session.h"

/* With eight IPv6 transports an element has less than 300 octets. */
#define ELEMENT_SIZE	300
#define CARD_SIZE	(128 + RSP_RANK_MAX * ELEMENT_SIZE)

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

/* The others of the pool, in the order in which its policy would select them. */
static void elements_put(struct rsp_tlv_writer *w,
			 const struct rsp_session *ssn)
{
	struct rsp_net *rn = rsp_net(sock_net(&ssn->sk));
	struct rsp_pe *pes[RSP_RANK_MAX];
	struct rsp_pool *pool;
	u32 n, i;

	pool = rsp_pool_get(&rn->handlespace, &ssn->handle);
	if (!pool)
		return;
	n = rsp_pool_rank(pool, ssn->flow->pe->node.id, pes, RSP_RANK_MAX);
	for (i = 0; i < n; i++) {
		element_put(w, pes[i]);
		rsp_pe_put(pes[i]);
	}
	rsp_pool_put(pool);
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
	struct rsp_tlv_writer w;
	u32 begin;
	void *buf;
	int ret;

	buf = kmalloc(CARD_SIZE, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	rsp_tlv_writer_init(&w, buf, CARD_SIZE);
	begin = rsp_asap_begin(&w, RSP_ASAP_BUSINESS_CARD, 0);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, ssn->handle.octets, ssn->handle.len);
	elements_put(&w, ssn);
	ret = rsp_asap_end(&w, begin);
	if (ret > 0)
		ret = rsp_frames_control(ssn->flow, buf, ret, false);
	kfree(buf);
	return ret;
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
 * @ssn: the session
 * @msg: the business card
 *
 * It replaces the one before, also where it lists nothing. Without memory the
 * one before stays. What is behind RSP_RANK_MAX elements is not looked at.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_card_take(struct rsp_session *ssn,
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
	kfree(ssn->card);
	ssn->card = card;
}
