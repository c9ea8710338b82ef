// SPDX-License-Identifier: GPL-2.0
/*
 * Registration and deregistration of what listens here (RFC 5352, 3.1, 3.2), and
 * whether it still does (3.4).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../lib/log.h"
#include "agent.h"

#define BEFORE_EXPIRY_MS	20000	/* T4: RFC 5352, 7.1 */

static struct agent *agent_of(const struct element *element)
{
	return element->pool->agent;
}

static void set_timer(struct element *element, u64 in)
{
	struct agent *agent = agent_of(element);

	deadline_set(&agent->deadlines, &element->timer, now_of(agent) + in);
}

static void wait_to_be_sent(struct element *element, enum element_state state)
{
	struct agent *agent = agent_of(element);

	element->state = state;
	deadline_clear(&agent->deadlines, &element->timer);
	list_del(&element->in_unsent);
	list_add_tail(&element->in_unsent, &agent->unsent_elements);
}

/* The pool goes when nobody else wants it. */
static void forget(struct element *element)
{
	struct pool *pool = element->pool;

	element_remove(element);
	pool_remove_if_empty(pool);
}

/* Returns 0; or a negative errno when the kernel cannot have the element. */
static int tell_kernel(struct element *element, int err)
{
	struct agent *agent = agent_of(element);
	struct rsp_octets handle = handle_of(element->pool);
	int ret;

	element->awaited = false;
	if (element->service || !agent->feeder.open)
		return 0;
	ret = feeder_answer(&agent->feeder, RSERPOOL_CMD_REGISTER_DONE, &handle,
			    element->id, err);
	if (!ret || feeder_is_refusal(ret))
		return ret;
	feeder_doubt(&agent->feeder, agent->feeder.commands.error.sentence);
	return 0;
}

static void log_element(enum log_level level, const struct element *element,
			const char *what, const char *why)
{
	char handle[HANDLE_TEXT_MAX];

	format_handle(element->pool->handle, element->pool->handle_len, handle);
	log_say(level, "pool %s id 0x%x: %s%s", handle, element->id, what, why);
}

static void on_timer(struct deadline *deadline)
{
	struct element *element = container_of(deadline, struct element, timer);
	struct agent *agent = agent_of(element);

	switch (element->state) {
	case ELEMENT_ASKED:
		agent->counters.timeouts++;
		element->attempts++;
		log_element(LOG_WARNING, element, "registration",
			    " is not answered");
		if (element->awaited &&
		    element->attempts >= agent->config.registration_attempts) {
			tell_kernel(element, -ETIMEDOUT);
			forget(element);
		}
		home_leave(agent, "it does not answer a registration");
		break;
	case ELEMENT_LEAVING:
		agent->counters.timeouts++;
		if (++element->attempts >= agent->config.registration_attempts)
			forget(element);
		home_leave(agent, "it does not answer a deregistration");
		break;
	case ELEMENT_REGISTERED:
	case ELEMENT_DEFERRED:
		registration_begin(element);
		break;
	case ELEMENT_WAITS:
	case ELEMENT_LEAVES:
		break;
	}
}

/**
 * registration_begin() - register an element, or register it anew
 * @element: it
 */
void registration_begin(struct element *element)
{
	element->timer.fire = on_timer;
	wait_to_be_sent(element, ELEMENT_WAITS);
	send_waiting(agent_of(element));
}

/**
 * registration_end() - an element listens no more
 * @element: it; it and its pool may be gone afterwards
 */
void registration_end(struct element *element)
{
	if (!element->sent) {
		forget(element);
		return;
	}
	switch (element->state) {
	case ELEMENT_WAITS:
	case ELEMENT_DEFERRED:
	case ELEMENT_ASKED:
	case ELEMENT_REGISTERED:
		element->attempts = 0;
		wait_to_be_sent(element, ELEMENT_LEAVES);
		send_waiting(agent_of(element));
		break;
	case ELEMENT_LEAVES:
	case ELEMENT_LEAVING:
		break;
	}
}

static void put_element(struct rsp_tlv_writer *w, const struct element *element)
{
	const struct config *config = &agent_of(element)->config;
	struct rsp_tlv_element of = {
		.id = element->id,
		.life = (s32)(config->registration_life / 1000),
	};
	u32 begin = rsp_tlv_begin_element(w, &of);

	rsp_tlv_put_octets(w, element->transports, element->transports_len);
	rsp_tlv_put_policy(w, &element->policy);
	rsp_tlv_end(w, begin);
}

/**
 * registration_send() - send what an element waits for
 * @element: it waits to be sent; there is a home registrar, and may be none
 *	afterwards
 */
void registration_send(struct element *element)
{
	bool leaves = element->state == ELEMENT_LEAVES;
	struct agent *agent = agent_of(element);
	struct pool *pool = element->pool;
	struct rsp_tlv_writer w;
	u32 begin;

	list_del(&element->in_unsent);
	element->sent = true;
	rsp_tlv_writer_init(&w, agent->message, sizeof(agent->message));
	begin = rsp_asap_begin(&w, leaves ? RSP_ASAP_DEREGISTRATION :
					    RSP_ASAP_REGISTRATION, 0);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, pool->handle, pool->handle_len);
	if (leaves) {
		agent->counters.deregistrations++;
		rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, element->id);
		element->state = ELEMENT_LEAVING;
		set_timer(element, agent->config.deregistration_timeout);
	} else {
		agent->counters.registrations++;
		put_element(&w, element);
		element->state = ELEMENT_ASKED;
		set_timer(element, agent->config.registration_timeout);
	}
	home_send(agent, &w, rsp_asap_end(&w, begin));
}

/**
 * registration_home_lost() - what was sent is to be sent again
 * @element: it
 */
void registration_home_lost(struct element *element)
{
	list_del(&element->in_asked);
	switch (element->state) {
	case ELEMENT_ASKED:
	case ELEMENT_REGISTERED:
	case ELEMENT_DEFERRED:
		wait_to_be_sent(element, ELEMENT_WAITS);
		break;
	case ELEMENT_LEAVING:
		wait_to_be_sent(element, ELEMENT_LEAVES);
		break;
	case ELEMENT_WAITS:
	case ELEMENT_LEAVES:
		break;
	}
}

static u16 cause_of(const struct rsp_asap_message *msg)
{
	struct rsp_tlv_list causes = msg->causes;
	struct rsp_tlv cause;

	return rsp_tlv_next_cause(&causes, &cause) ? cause.type :
						     RSP_CAUSE_UNSPECIFIED;
}

static int errno_of(u16 cause)
{
	switch (cause) {
	case RSP_CAUSE_PE_ID_IN_USE:
		return -EADDRINUSE;
	case RSP_CAUSE_INCONSISTENT_POLICY:
		return -EPROTOTYPE;
	case RSP_CAUSE_INCONSISTENT_TRANSPORT:
	case RSP_CAUSE_INCONSISTENT_USE:
		return -EPROTONOSUPPORT;
	case RSP_CAUSE_LACK_OF_RESOURCES:
		return -ENOSPC;
	default:
		return -EACCES;
	}
}

/* The elements of an agent that came at once are not sent again at once. */
static u32 spread(const struct element *element, u32 around)
{
	return around - (u32)((u64)around * (element->id % 64) / 256);
}

static void granted(struct element *element)
{
	struct agent *agent = agent_of(element);
	u32 life = agent->config.registration_life;
	u32 again = life > 2 * BEFORE_EXPIRY_MS ? life - BEFORE_EXPIRY_MS :
						  life / 2;

	if (again > agent->config.reregistration_interval)
		again = agent->config.reregistration_interval;
	agent->counters.registered++;
	element->state = ELEMENT_REGISTERED;
	element->attempts = 0;
	set_timer(element, spread(element, again));
	if (tell_kernel(element, 0)) {
		registration_end(element);
		return;
	}
	/* Users of this host are to have the others too. */
	if (!element->pool->subscribed)
		resolution_begin(element->pool);
}

static void rejected(struct element *element, u16 cause)
{
	struct agent *agent = agent_of(element);
	u64 in = 1000ULL << (element->attempts < 16 ? element->attempts : 16);
	char why[64];

	snprintf(why, sizeof(why), "refused by the registrar, cause 0x%x",
		 cause);
	log_element(LOG_WARNING, element, "registration ", why);
	agent->counters.rejected++;
	/*
	 * What is there already stays, and the registrar may have more later. Of
	 * a service nobody can be told: it is its operator's to put it right.
	 */
	if (element->service ||
	    (cause == RSP_CAUSE_LACK_OF_RESOURCES && !element->awaited)) {
		element->attempts++;
		element->state = ELEMENT_DEFERRED;
		set_timer(element, spread(element, in < agent->config.retry_max ?
					  (u32)in : agent->config.retry_max));
		return;
	}
	tell_kernel(element, errno_of(cause));
	forget(element);
}

static struct element *element_of(const struct agent *agent,
				  const struct rsp_asap_message *msg)
{
	struct pool *pool = pool_find(agent, &msg->handle);

	return pool ? element_find(pool, msg->pe_id) : NULL;
}

/**
 * registration_answered() - the home registrar has answered a registration
 * @agent: the agent
 * @msg: the answer
 */
void registration_answered(struct agent *agent,
			   const struct rsp_asap_message *msg)
{
	struct element *element = element_of(agent, msg);

	if (!element || element->state != ELEMENT_ASKED) {
		agent->counters.unexpected++;
		return;
	}
	if (msg->flags & RSP_ASAP_FLAG_REJECT)
		rejected(element, cause_of(msg));
	else
		granted(element);
}

/**
 * deregistration_answered() - the home registrar has ended a registration
 * @agent: the agent
 * @msg: its message; it may come unasked (RFC 5352, 3.2)
 */
void deregistration_answered(struct agent *agent,
			     const struct rsp_asap_message *msg)
{
	struct element *element = element_of(agent, msg);

	if (!element) {
		agent->counters.unexpected++;
	} else if (element->state == ELEMENT_LEAVING) {
		forget(element);
	} else if (element->state == ELEMENT_REGISTERED) {
		agent->counters.expired++;
		log_element(LOG_INFO, element, "its registration has ended",
			    "; it is registered anew");
		registration_begin(element);
	}
}

static void acknowledge(struct element *element)
{
	struct agent *agent = agent_of(element);
	struct pool *pool = element->pool;
	struct rsp_tlv_writer w;
	u32 begin;

	agent->counters.keep_alives++;
	rsp_tlv_writer_init(&w, agent->message, sizeof(agent->message));
	begin = rsp_asap_begin(&w, RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK, 0);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, pool->handle, pool->handle_len);
	rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, element->id);
	home_send(agent, &w, rsp_asap_end(&w, begin));
}

static bool listens(struct element *element)
{
	struct rsp_octets handle = handle_of(element->pool);
	struct agent *agent = agent_of(element);

	if (element->service)
		return element->service->well;
	return feeder_alive(&agent->feeder, &handle, element->id,
			    agent->home.id);
}

static void is_there(struct element *element)
{
	if (element->state != ELEMENT_REGISTERED &&
	    element->state != ELEMENT_ASKED)
		return;
	if (listens(element))
		acknowledge(element);
	else
		registration_end(element);
}

/* RFC 5355, 2.14: each costs the kernel a question, and whoever serves here time. */
static void answer_asked(struct agent *agent)
{
	u32 rate = agent->config.keep_alive_rate;

	while (!list_empty(&agent->asked)) {
		struct element *element = container_of(agent->asked.next,
						       struct element, in_asked);

		if (!bucket_take(&agent->keep_alives, now_of(agent), rate, rate)) {
			deadline_set(&agent->deadlines, &agent->answers,
				     now_of(agent) + 1000 / rate + 1);
			return;
		}
		list_del(&element->in_asked);
		is_there(element);
	}
}

/**
 * keep_alive_due() - elements that were asked for may be answered for
 * @deadline: that of an agent's answers
 */
void keep_alive_due(struct deadline *deadline)
{
	answer_asked(container_of(deadline, struct agent, answers));
}

/* However often an element is asked for until then, it is answered for once. */
static void ask(struct element *element)
{
	struct agent *agent = agent_of(element);

	if (list_empty(&element->in_asked)) {
		list_add_tail(&element->in_asked, &agent->asked);
		answer_asked(agent);
	}
	if (list_empty(&element->in_asked))
		return;
	if (!agent->counters.keep_alives_delayed++)
		log_say(LOG_WARNING,
			"the registrar asks more often than keep-alive-rate whether elements are there: it is answered late");
}

/**
 * keep_alive_take() - the home registrar asks whether an element is there
 * @agent: the agent
 * @msg: its message; it may name an element, or mean all of the pool's
 */
void keep_alive_take(struct agent *agent, const struct rsp_asap_message *msg)
{
	struct pool *pool = pool_find(agent, &msg->handle);
	struct list *pos;

	if (msg->server_id)
		agent->home.id = msg->server_id;
	if (!pool) {
		agent->counters.unexpected++;
		return;
	}
	list_for_each(pos, &pool->elements) {
		struct element *element = container_of(pos, struct element,
						       in_pool);

		if (!msg->has_pe_id || element->id == msg->pe_id)
			ask(element);
	}
}
