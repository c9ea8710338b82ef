// SPDX-License-Identifier: GPL-2.0
/*
 * Reports that an element is unreachable (RFC 5352, 3.5). Who may ask for a pool may
 * report its elements, so a report is no more than a reason to ask the element: of
 * one connection only so many are heard, one host or identity counts once until the
 * element has answered, and how often it is asked is no matter of theirs (RFC 5355,
 * 2.13 and 2.14).
 */
#include <stdlib.h>

#include "../lib/log.h"
#include "registrar.h"

/* Who reports: an identity, or the host or network of who has none. */
static u64 reporter_of(const struct client *client)
{
	if (client->account)
		return (uintptr_t)client->account;
	/* No address of memory. */
	return client_network(client) | 1ULL << 63;
}

/* Returns false when it has said so before. */
static bool note(struct element *element, u64 reporter)
{
	u64 *reporters;
	u32 i;

	for (i = 0; i < element->reports; i++)
		if (element->reporters[i] == reporter)
			return false;
	reporters = realloc(element->reporters,
			    (element->reports + 1) * sizeof(*reporters));
	if (!reporters)
		return false;
	reporters[element->reports++] = reporter;
	element->reporters = reporters;
	return true;
}

/**
 * reports_forget() - an element has shown that it is there
 * @element: it
 */
void reports_forget(struct element *element)
{
	free(element->reporters);
	element->reporters = NULL;
	element->reports = 0;
}

/*
 * The element is connected to the registrar that owns it, which can ask it: as often as
 * it would ask, for what it is told by us has one limit for all who tell us.
 */
static void forward(struct registrar *registrar, struct element *element)
{
	u64 now = uv_now(registrar->loop);
	struct peer *peer = peer_of_id(registrar, element->home->id);
	const struct pool *pool = element->pool;
	struct rsp_tlv_writer w;
	u32 begin;

	if (!peer || peer->state == PEER_DOWN ||
	    (element->asked_at &&
	     now - element->asked_at < registrar->config.keep_alive_min))
		return;
	rsp_tlv_writer_init(&w, registrar->enrp.message,
			    sizeof(registrar->enrp.message));
	begin = rsp_enrp_begin(&w, RSP_ENRP_UNREACHABLE, 0, registrar->id,
			       peer->id);
	rsp_enrp_put_target(&w, element->id);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, pool->handle, pool->handle_len);
	if (!peer_send(peer, rsp_enrp_end(&w, begin)))
		return;
	element->asked_at = now;
	registrar->counters.reports_forwarded++;
}

/**
 * unreachable_report() - somebody reports an element
 * @registrar: the registrar
 * @element: it; it may be gone afterwards
 * @reporter: who; only compared
 *
 * Of another registrar's that one is told.
 */
void unreachable_report(struct registrar *registrar, struct element *element,
			u64 reporter)
{
	u32 most = registrar->config.bad_pe_reports;

	if (element->home->id != registrar->id) {
		forward(registrar, element);
		return;
	}
	if (element->reports <= most && note(element, reporter) &&
	    element->reports > most)
		keep_alive_hurry(registrar, element);
	else if (!element->asked)
		keep_alive_ask(registrar, element);
}

/* It is said once a connection: there may be many of them. */
static void drop(struct client *client)
{
	client->registrar->counters.reports_dropped++;
	if (client->complained)
		return;
	client->complained = true;
	log_say(LOG_WARNING | LOG_SET_OFF, "%s (%s): it reports more elements than %s",
		channel_name(client->channel),
		client->account ? client->account->name : "nobody",
		client->plain ? "it may without TLS: none" : "report-rate");
}

/**
 * unreachable_take() - a connection reports an element
 * @client: whose; it may be gone afterwards
 * @msg: the message
 */
void unreachable_take(struct client *client,
		      const struct rsp_asap_message *msg)
{
	struct registrar *registrar = client->registrar;
	struct element *element = element_of(registrar, msg);

	if (client->plain ||
	    !bucket_take(&client->reports, uv_now(registrar->loop),
			 registrar->config.report_rate,
			 registrar->config.report_burst)) {
		drop(client);
		return;
	}
	registrar->counters.reports++;
	if (element)
		unreachable_report(registrar, element, reporter_of(client));
}

/**
 * unreachable_forwarded() - a peer hands on a report
 * @peer: it
 * @msg: its message
 *
 * It counts as one reporter, whoever reported there, and is as limited as one. What
 * is not ours is not handed on any further.
 */
void unreachable_forwarded(struct peer *peer,
			   const struct rsp_enrp_message *msg)
{
	struct registrar *registrar = peer->registrar;
	const struct config *config = &registrar->config;
	struct element *element;

	if (!bucket_take(&peer->reports, uv_now(registrar->loop),
			 config->report_rate, config->report_burst)) {
		registrar->counters.reports_dropped++;
		return;
	}
	registrar->counters.reports++;
	element = element_named(registrar, &msg->handle, msg->pe_id);
	if (element && element->home->id == registrar->id)
		unreachable_report(registrar, element, (uintptr_t)peer);
}
