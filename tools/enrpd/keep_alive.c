// SPDX-License-Identifier: GPL-2.0
/*
 * Whether elements are there yet (RFC 5352, 3.4 and 3.5). They are asked at
 * intervals that vary by half, and when somebody reports them; one is asked only so
 * often, and by the whole registrar only so many a second, whatever sets it off (RFC
 * 5355, 2.13 and 2.14).
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
	element->asked_at = now_of(registrar);
	if (feed_alive(&registrar->feed, element))
		set(registrar, element,
		    varied(registrar->config.keep_alive_interval));
	else
		remove_with(registrar, element, "no socket listens for it");
}

/* Too many have reported it. */
static bool is_suspect(const struct registrar *registrar,
		       const struct element *element)
{
	return element->reports > registrar->config.bad_pe_reports;
}

/* The element may be gone afterwards, with the connection. */
static void send_keep_alive(struct registrar *registrar,
			    struct element *element)
{
	const struct pool *pool = element->pool;
	u32 timeout = registrar->config.keep_alive_timeout;
	struct rsp_tlv_writer w;
	u32 begin;

	element->asked = true;
	element->asked_at = now_of(registrar);
	element->overdue = false;
	set(registrar, element, is_suspect(registrar, element) ? timeout / 8 :
								 timeout);
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

/**
 * keep_alive_ask() - ask an element whether it is there, or as soon as that may be
 * @registrar: the registrar
 * @element: it, not asked yet; it may be gone afterwards
 */
void keep_alive_ask(struct registrar *registrar, struct element *element)
{
	u64 since = now_of(registrar) - element->asked_at;
	u32 rate = registrar->config.keep_alive_rate;

	if (element->asked_at && since < registrar->config.keep_alive_min) {
		registrar->counters.keep_alives_delayed++;
		set(registrar, element,
		    registrar->config.keep_alive_min - since);
		return;
	}
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
	reports_forget(element);
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
	element->awaited = now_of(registrar) + registrar->config.start_grace;
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
		keep_alive_ask(registrar, element);
		return;
	}
	if (!overdue(registrar, deadline, &element->overdue))
		return;
	if (is_suspect(registrar, element))
		registrar->counters.reported++;
	else
		registrar->counters.unreachable++;
	remove_with(registrar, element, element->client ?
		    "it does not answer keep-alives" :
		    "its connection has ended, and no other has come");
}

/**
 * keep_alive_hurry() - too many have reported an element
 * @registrar: the registrar
 * @element: it; it may be gone afterwards
 *
 * It has less time to answer, and not none: reports may come faster than it can. One
 * that has yet to come here was not asked, and has its time.
 */
void keep_alive_hurry(struct registrar *registrar, struct element *element)
{
	u64 until = now_of(registrar) + registrar->config.keep_alive_timeout / 8;

	if (!element->asked)
		keep_alive_ask(registrar, element);
	else if (element->client && !element->overdue &&
		 element->keep_alive.at > until)
		deadline_set(&registrar->deadlines, &element->keep_alive,
			     until);
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
	reports_forget(element);
	set(registrar, element, varied(registrar->config.keep_alive_interval));
}
