// SPDX-License-Identifier: GPL-2.0
/*
 * The home registrar, and the hunt for one (RFC 5352, 3.6). The list is gone
 * through in its order, each once a round, and then what announcements hint at; the
 * first connection that is made, and whose TLS is agreed, is the home registrar's. One
 * that fails, and one that does
 * not prove who it is, makes room for the next (RFC 5355, 2.7).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "agent.h"

#define BESIDE_MS	500	/* until one is tried beside a silent one */

static struct agent *agent_of(struct home *home)
{
	return container_of(home, struct agent, home);
}

static void try_next(struct agent *agent);

static void begin_round(struct agent *agent)
{
	struct home *home = &agent->home;

	home->tried = 0;
	hints_tried(agent, false);
	deadline_set(&agent->deadlines, &home->round,
		     now_of(agent) + home->timeout);
	try_next(agent);
}

static void hunt(struct agent *agent)
{
	agent->home.timeout = agent->config.hunt_timeout;
	begin_round(agent);
}

static void end_attempts(struct agent *agent, const struct attempt *but,
			 const char *why)
{
	struct home *home = &agent->home;
	unsigned int i;

	deadline_clear(&agent->deadlines, &home->beside);
	for (i = 0; i < ATTEMPTS_MAX; i++)
		if (home->attempts[i].channel && &home->attempts[i] != but)
			channel_close(home->attempts[i].channel, why);
}

/* SH5: the time of a round is over. */
static void on_round(struct deadline *deadline)
{
	struct home *home = container_of(deadline, struct home, round);
	struct agent *agent = agent_of(home);

	home->timeout = home->timeout > agent->config.retry_max / 2 ?
			agent->config.retry_max : 2 * home->timeout;
	/* Nothing more is tried in this round. */
	home->tried = agent->config.n_registrars;
	hints_tried(agent, true);
	end_attempts(agent, NULL, "it takes too long");
	log_say(LOG_WARNING, "no registrar of the list is there; they are tried again");
	begin_round(agent);
}

static void on_beside(struct deadline *deadline)
{
	try_next(agent_of(container_of(deadline, struct home, beside)));
}

/* One that is stopped has a system that keeps its connections. */
static void heard(struct agent *agent)
{
	deadline_set(&agent->deadlines, &agent->home.silence,
		     now_of(agent) + agent->config.stale_timeout / 2);
}

static void on_silence(struct deadline *deadline)
{
	struct agent *agent = agent_of(container_of(deadline, struct home,
						    silence));

	heard(agent);
	/* It is left if it does not answer. */
	if (!list_empty(&agent->pools))
		resolution_begin(container_of(agent->pools.next, struct pool,
					      in_all));
}

static void on_open(struct channel *channel)
{
	struct attempt *attempt = channel_data(channel);
	struct agent *agent = attempt->agent;
	struct home *home = &agent->home;

	home->at = attempt;
	home->id = 0;
	home->since = now_of(agent);
	agent->counters.homes++;
	deadline_clear(&agent->deadlines, &home->round);
	end_attempts(agent, attempt, "another one was found");
	heard(agent);
	log_say(LOG_INFO, "home registrar is %s", channel_name(channel));
	send_all_again(agent);
}

static void on_message(struct channel *channel, const uint8_t *data,
		       uint32_t len)
{
	struct attempt *attempt = channel_data(channel);
	struct agent *agent = attempt->agent;
	struct rsp_asap_message msg;
	struct rsp_tlv_writer w;
	struct rsp_tlv_input in;
	int err;

	heard(agent);
	err = rsp_asap_parse(&in, data, len, &msg);
	if (in.n_reports) {
		rsp_tlv_writer_init(&w, agent->message, sizeof(agent->message));
		home_send(agent, &w, rsp_asap_put_reports(&w, &in));
	}
	if (err) {
		agent->counters.malformed++;
		log_say(LOG_INFO, "%s: message discarded: octet %u: %s",
			channel_name(channel), in.error.offset, in.error.what);
		return;
	}
	switch (msg.type) {
	case RSP_ASAP_REGISTRATION_RESPONSE:
		registration_answered(agent, &msg);
		break;
	case RSP_ASAP_DEREGISTRATION_RESPONSE:
		deregistration_answered(agent, &msg);
		break;
	case RSP_ASAP_HANDLE_RESOLUTION_RESPONSE:
		resolution_answered(agent, &msg, data, len);
		break;
	case RSP_ASAP_ENDPOINT_KEEP_ALIVE:
		keep_alive_take(agent, &msg);
		break;
	default:
		agent->counters.unexpected++;
		log_say(LOG_INFO, "%s: message 0x%x is not for an agent",
			channel_name(channel), msg.type);
		break;
	}
	send_waiting(agent);
}

static void home_lost(struct agent *agent, const char *name, const char *why)
{
	struct home *home = &agent->home;
	struct list *pos, *each;
	bool brief;

	log_say(LOG_WARNING, "home registrar %s is lost: %s", name,
		why ? why : "it has ended");
	brief = home->since &&
		now_of(agent) - home->since < agent->config.hunt_timeout;
	home->at = NULL;
	deadline_clear(&agent->deadlines, &home->silence);
	list_for_each(pos, &agent->pools) {
		struct pool *pool = container_of(pos, struct pool, in_all);

		pool->subscribed = false;
		deadline_clear(&agent->deadlines, &pool->request);
		list_for_each(each, &pool->elements)
			registration_home_lost(container_of(each,
							    struct element,
							    in_pool));
	}
	if (!brief) {
		hunt(agent);
		return;
	}
	/* It counts as tried: one that goes at once is not asked all the time. */
	deadline_set(&agent->deadlines, &home->round,
		     now_of(agent) + home->timeout);
	try_next(agent);
}

static void on_closed(struct channel *channel, const char *why)
{
	struct attempt *attempt = channel_data(channel);
	struct agent *agent = attempt->agent;

	attempt->channel = NULL;
	if (agent->home.stopped)
		return;
	if (agent->home.at == attempt) {
		home_lost(agent, channel_name(channel), why);
		return;
	}
	if (agent->home.at)
		return;
	agent->counters.attempts_failed++;
	log_say(LOG_INFO, "registrar %s: %s", channel_name(channel),
		why ? why : "it has ended");
	try_next(agent);
}

static const struct channel_ops home_ops = {
	.open = on_open,
	.message = on_message,
	.closed = on_closed,
};

static struct channel *connect_to(struct agent *agent, struct tls *tls,
				  struct attempt *attempt)
{
	const struct transport *to = &attempt->address;
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	bool is_v4 = to->family == AF_INET;

	v4.sin_port = htons(to->port);
	v4.sin_addr = to->v4;
	v6.sin6_port = htons(to->port);
	v6.sin6_addr = to->v6;
	v6.sin6_scope_id = to->scope_id;
	return channel_connect(&agent->channels, tls, &agent->limits, is_v4 ?
			       (void *)&v4 : (void *)&v6, is_v4 ? sizeof(v4) :
			       sizeof(v6), &home_ops, attempt);
}

/* The next of the list, and after these the next that is hinted at. */
static bool pick(struct agent *agent, struct attempt *attempt,
		 struct tls **tls)
{
	const struct transport *hint;
	struct home *home = &agent->home;
	unsigned int index = home->next;

	if (home->tried < agent->config.n_registrars) {
		home->next = (index + 1) % agent->config.n_registrars;
		home->tried++;
		attempt->address = agent->config.registrars[index].address;
		attempt->hinted = false;
		*tls = home->sides.n ? home->sides.listed[index] : NULL;
		return true;
	}
	hint = hint_next(agent);
	if (!hint)
		return false;
	attempt->address = *hint;
	attempt->hinted = true;
	*tls = home->sides.hinted;
	return true;
}

/* Returns false when there is no place for another one. */
static bool try_one(struct agent *agent)
{
	struct home *home = &agent->home;
	char text[TRANSPORT_TEXT_MAX];
	struct attempt *attempt;
	struct tls *tls;

	for (attempt = home->attempts; attempt->channel; attempt++)
		if (attempt == &home->attempts[ATTEMPTS_MAX - 1])
			return false;
	if (!pick(agent, attempt, &tls))
		return false;
	attempt->agent = agent;
	attempt->channel = connect_to(agent, tls, attempt);
	if (!attempt->channel) {
		agent->counters.attempts_failed++;
		format_transport(&attempt->address, text);
		log_say(LOG_INFO, "registrar %s: %s", text, strerror(errno));
	}
	return true;
}

static bool more_to_try(const struct agent *agent)
{
	return agent->home.tried < agent->config.n_registrars ||
	       hints_left(agent);
}

/* SH1 and SH4: each of the list once a round. */
static void try_next(struct agent *agent)
{
	struct home *home = &agent->home;

	if (home->at || !more_to_try(agent) || !try_one(agent))
		return;
	if (more_to_try(agent))
		deadline_set(&agent->deadlines, &home->beside,
			     now_of(agent) + BESIDE_MS);
}

/**
 * home_hinted() - there may be another registrar
 * @agent: the agent
 *
 * Those of the list have their turn before it.
 */
void home_hinted(struct agent *agent)
{
	if (agent->home.tried >= agent->config.n_registrars &&
	    !agent->home.beside.place)
		try_next(agent);
}

/**
 * home_is_there() - whether there is a home registrar
 * @agent: the agent
 *
 * Return: true when messages can be sent to it.
 */
bool home_is_there(const struct agent *agent)
{
	return agent->home.at;
}

/**
 * home_has_room() - whether more may be sent now
 * @agent: the agent
 *
 * Return: true; false when enough waits, or there is no home registrar. An answer
 * makes room.
 */
bool home_has_room(const struct agent *agent)
{
	const struct attempt *at = agent->home.at;

	return at && channel_queued(at->channel) < agent->limits.queue_max / 2;
}

/**
 * home_leave() - look for another home registrar
 * @agent: the agent
 * @why: a sentence
 */
void home_leave(struct agent *agent, const char *why)
{
	if (agent->home.at)
		channel_close(agent->home.at->channel, why);
}

/**
 * home_send() - send a message to the home registrar
 * @agent: the agent; it may have none afterwards
 * @w: where it was built
 * @len: what rsp_asap_end() gave
 */
void home_send(struct agent *agent, const struct rsp_tlv_writer *w, int len)
{
	int err;

	if (len <= 0 || !agent->home.at)
		return;
	err = channel_send(agent->home.at->channel, w->buf, (u32)len);
	if (err && err != -ENOTCONN)
		home_leave(agent, err == -ENOBUFS ?
			   "it does not read what it is sent" : "no memory");
}

/**
 * sides_free() - give back what sides_make() took
 * @sides: filled by it
 */
void sides_free(struct sides *sides)
{
	unsigned int i;

	for (i = 0; i < sides->n; i++)
		tls_put(sides->listed[i]);
	free(sides->listed);
	tls_put(sides->hinted);
	memset(sides, 0, sizeof(*sides));
}

/**
 * sides_make() - what registrars are connected to with
 * @sides: zeroed, and filled; for sides_free() in any case
 * @config: says it
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int sides_make(struct sides *sides, const struct config *config, char *why,
	       size_t room)
{
	struct tls_config tls = {
		.identity = config->identity,
		.key = config->key,
		.ca = config->ca,
		.certificate = config->certificate,
		.private_key = config->private_key,
	};
	struct tls *side;

	if (!config->secure)
		return 0;
	sides->listed = calloc(config->n_registrars, sizeof(struct tls *));
	if (!sides->listed) {
		snprintf(why, room, "no memory");
		return -1;
	}
	while (sides->n < config->n_registrars) {
		tls.name = config->registrars[sides->n].name;
		side = tls_new(&tls, why, room);
		if (!side)
			return -1;
		sides->listed[sides->n++] = side;
	}
	if (!config->announced.n)
		return 0;
	tls.name = config->announced_name;
	sides->hinted = tls_new(&tls, why, room);
	return sides->hinted ? 0 : -1;
}

static const struct server *listed(const struct config *config,
				   const struct attempt *attempt)
{
	unsigned int i;

	for (i = 0; i < config->n_registrars; i++)
		if (same_place(&config->registrars[i].address,
			       &attempt->address))
			return &config->registrars[i];
	return NULL;
}

/* Is it to be left, which was found by the old file? NULL: it is not. */
static const char *why_leave(const struct config *now, const struct config *old,
			     const struct attempt *home)
{
	const struct server *is = listed(now, home);
	const struct server *was = listed(old, home);

	if (home->hinted)
		return NULL;
	if (!is)
		return "it is in the list no more";
	if (was && !same_text(is->name, was->name))
		return "it is in the list by another name";
	return NULL;
}

/**
 * home_take_sides() - connect with these from now on
 * @agent: its config is the one that they were made of
 * @fresh: taken over
 */
void home_take_sides(struct agent *agent, struct sides *fresh)
{
	struct home *home = &agent->home;

	sides_free(&home->sides);
	home->sides = *fresh;
	home->next = 0;
}

/**
 * home_reload() - the list of registrars is another one, or what we show them
 * @agent: its config is the new one
 * @old: the one before it
 * @why: the home registrar has to be found anew; NULL: it stays if it is listed
 */
void home_reload(struct agent *agent, const struct config *old, const char *why)
{
	struct home *home = &agent->home;

	if (home->at) {
		why = why ?: why_leave(&agent->config, old, home->at);
		if (!why)
			return;
		/* That it was there but a moment says nothing against it. */
		home->since = 0;
		home_leave(agent, why);
		return;
	}
	/* None of those that are under way is to make room for a next one. */
	home->tried = agent->config.n_registrars;
	hints_tried(agent, true);
	end_attempts(agent, NULL, "the file was read again");
	hunt(agent);
}

/**
 * home_start() - begin to hunt
 * @agent: initialized
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int home_start(struct agent *agent, char *why, size_t room)
{
	agent->home.round.fire = on_round;
	agent->home.beside.fire = on_beside;
	agent->home.silence.fire = on_silence;
	if (sides_make(&agent->home.sides, &agent->config, why, room) ||
	    hints_start(agent, why, room))
		return -1;
	hunt(agent);
	return 0;
}

/**
 * home_stop() - end all connections
 * @agent: the agent
 */
void home_stop(struct agent *agent)
{
	struct home *home = &agent->home;

	home->stopped = true;
	hints_stop(agent);
	home->at = NULL;
	end_attempts(agent, NULL, NULL);
	deadline_clear(&agent->deadlines, &home->round);
	deadline_clear(&agent->deadlines, &home->silence);
	sides_free(&home->sides);
}
