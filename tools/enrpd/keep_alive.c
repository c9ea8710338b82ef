// SPDX-License-Identifier: GPL-2.0
/*
 * Whether elements are there yet (RFC 5352, 3.4 and 3.5). They are asked at
 * intervals that vary by half, and when somebody reports them; the whole
 * registrar asks only so many a second, whatever sets it off (RFC 5355, 2.13
 * and 2.14).
 */
#include <errno.h>
#include <sys/random.h>

#include "../lib/log.h"
#include "registrar.h"

static u64 now_of(const struct registrar *registrar)
{
	return uv_now(registrar->loop);
}

/* @around, plus or minus a half of it. */
static u64 varied(u32 around)
{
	u32 number = 0;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return around;
	return around / 2 + ((u64)number * around >> 32);
}

static void set(struct registrar *registrar, struct element *element, u64 in)
{
	deadline_set(&registrar->deadlines, &element->keep_alive,
		     now_of(registrar) + in);
}

static void remove_with(struct registrar *registrar, struct element *element,
			const char *why)
{
	char handle[HANDLE_TEXT_MAX];

	format_handle(element->pool->handle, element->pool->handle_len, handle);
	log_say(LOG_WARNING, "pool %s id 0x%x: removed: %s", handle,
		element->id, why);
	change_remove(registrar, element);
}

/**
 * overdue() - whether a time is really over
 * @registrar: the registrar
 * @deadline: it fired
 * @seen: what is remembered until the next time
 *
 * We may have been stopped ourselves, and what we waited for lies in a socket.
 * So the time is over when it was over before, the sockets have been read since,
 * and we came in time then.
 *
 * Return: false when the deadline was set again.
 */
bool overdue(struct registrar *registrar, struct deadline *deadline,
	     bool *seen)
{
	u32 grace = registrar->config.keep_alive_timeout / 8;
	u64 now = now_of(registrar);

	if (*seen && now - deadline->at <= grace)
		return true;
	*seen = true;
	deadline_set(&registrar->deadlines, deadline, now + grace);
	return false;
}

/* Of a socket of this host the kernel knows. The element may be gone then. */
static void ask_kernel(struct registrar *registrar, struct element *element)
{
	if (feed_alive(&registrar->feed, element))
		set(registrar, element,
		    varied(registrar->config.keep_alive_interval));
	else
		remove_with(registrar, element, "no socket listens for it");
}

/* The element may be gone afterwards, with the connection. */
static void send_keep_alive(struct registrar *registrar,
			    struct element *element)
{
	const struct pool *pool = element->pool;
	struct rsp_tlv_writer w;
	u32 begin;

	element->asked = true;
	element->overdue = false;
	set(registrar, element, registrar->config.keep_alive_timeout);
	/* Who has no connection has as long to come again. */
	if (!element->client)
		return;
	registrar->counters.keep_alives++;
	rsp_tlv_writer_init(&w, registrar->answer, sizeof(registrar->answer));
	begin = rsp_asap_begin(&w, RSP_ASAP_ENDPOINT_KEEP_ALIVE, 0);
	rsp_asap_put_server_id(&w, registrar->id);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, pool->handle, pool->handle_len);
	/* A connection may have many elements: it is said which is meant. */
	rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, element->id);
	client_send(element->client, registrar->answer,
		    rsp_asap_end(&w, begin));
}

static void ask(struct registrar *registrar, struct element *element)
{
	u32 rate = registrar->config.keep_alive_rate;

	if (element->local) {
		ask_kernel(registrar, element);
		return;
	}
	if (bucket_take(&registrar->keep_alives, now_of(registrar), rate,
			rate)) {
		send_keep_alive(registrar, element);
		return;
	}
	registrar->counters.keep_alives_delayed++;
	set(registrar, element, varied(1000));
}

/**
 * keep_alive_begin() - an element was registered
 * @registrar: the registrar
 * @element: it
 *
 * That is as good as an answer.
 */
void keep_alive_begin(struct registrar *registrar, struct element *element)
{
	element->keep_alive.fire = keep_alive_due;
	element->asked = false;
	set(registrar, element, varied(registrar->config.keep_alive_interval));
}

/**
 * keep_alive_awaited() - an element is ours, and has yet to come
 * @registrar: the registrar
 * @element: it; it has the grace of a start to register, or is removed
 */
void keep_alive_awaited(struct registrar *registrar, struct element *element)
{
	element->keep_alive.fire = keep_alive_due;
	element->expiry.fire = registration_expired;
	element->expiring = false;
	element->asked = true;
	element->overdue = false;
	set(registrar, element, registrar->config.start_grace);
	if (element->life != RSP_LIFE_INFINITE)
		deadline_set(&registrar->deadlines, &element->expiry,
			     now_of(registrar) + 1000ULL * element->life);
}

/**
 * keep_alive_due() - ask an element, or give it up
 * @deadline: of the element
 */
void keep_alive_due(struct deadline *deadline)
{
	struct element *element = container_of(deadline, struct element,
					       keep_alive);
	struct registrar *registrar = registrar_of(element);

	if (!element->asked) {
		ask(registrar, element);
		return;
	}
	if (!overdue(registrar, deadline, &element->overdue))
		return;
	registrar->counters.unreachable++;
	remove_with(registrar, element, element->client ?
		    "it does not answer keep-alives" :
		    "its connection has ended, and no other has come");
}

/**
 * keep_alive_lost() - the connection of an element has ended
 * @registrar: the registrar
 * @element: it; it has as long to register anew as to answer a keep-alive
 */
void keep_alive_lost(struct registrar *registrar, struct element *element)
{
	change_client(element, NULL);
	element->asked = true;
	element->overdue = false;
	set(registrar, element, registrar->config.keep_alive_timeout);
}

/**
 * keep_alive_ack_take() - an element has answered
 * @client: from whom
 * @msg: the message
 */
void keep_alive_ack_take(struct client *client,
			 const struct rsp_asap_message *msg)
{
	struct registrar *registrar = client->registrar;
	struct element *element = element_of(registrar, msg);

	/* Nobody answers for another, nor before he was asked. */
	if (!element || element->client != client || !element->asked) {
		registrar->counters.unexpected++;
		return;
	}
	registrar->counters.keep_alive_acks++;
	element->asked = false;
	element->reports = 0;
	element->reporter = NULL;
	set(registrar, element, varied(registrar->config.keep_alive_interval));
}

/**
 * unreachable_report() - somebody reports an element
 * @registrar: the registrar
 * @element: it; it may be gone afterwards
 * @reporter: who; only compared
 *
 * Who says it again before the element could answer has said no more than once.
 */
void unreachable_report(struct registrar *registrar, struct element *element,
			const void *reporter)
{
	if (element->home->id != registrar->id)
		return;
	if (element->reporter != reporter) {
		element->reporter = reporter;
		element->reports++;
	}
	if (element->reports > registrar->config.bad_pe_reports) {
		registrar->counters.reported++;
		remove_with(registrar, element, "too many reported it");
	} else if (!element->asked) {
		ask(registrar, element);
	}
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
	    !bucket_take(&client->reports, now_of(registrar),
			 registrar->config.report_rate,
			 registrar->config.report_burst)) {
		registrar->counters.reports_dropped++;
		return;
	}
	registrar->counters.reports++;
	if (element)
		unreachable_report(registrar, element, client);
}
