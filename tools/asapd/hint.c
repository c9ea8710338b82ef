// SPDX-License-Identifier: GPL-2.0
/*
 * Registrars that multicast groups were told of (RFC 5352, 3.6). Anybody can say
 * so, and often: that one may be there is all that is taken from it, and of no more
 * than HINTS_MAX. Who is there has to prove who he is, as those of the file do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "agent.h"

/**
 * same_place() - whether two addresses are the same
 * @a: one
 * @b: the other
 *
 * Return: true when they are.
 */
bool same_place(const struct transport *a, const struct transport *b)
{
	return a->family == b->family && a->port == b->port &&
	       (a->family == AF_INET ?
		a->v4.s_addr == b->v4.s_addr :
		!memcmp(&a->v6, &b->v6, sizeof(a->v6)));
}

/* T7-ENRPoutdate. */
static void outdate(struct hints *hints, u64 now)
{
	u32 i, n = 0;

	for (i = 0; i < hints->n; i++)
		if (hints->at[i].until > now)
			hints->at[n++] = hints->at[i];
	hints->n = n;
}

static bool is_configured(const struct agent *agent,
			  const struct transport *at)
{
	const struct config *config = &agent->config;
	unsigned int i;

	for (i = 0; i < config->n_registrars; i++)
		if (same_place(&config->registrars[i].address, at))
			return true;
	return false;
}

static void take(struct agent *agent, const struct transport *at)
{
	struct hints *hints = &agent->hints;
	char text[TRANSPORT_TEXT_MAX];
	u64 now = now_of(agent);
	u32 i;

	if (is_configured(agent, at))
		return;
	for (i = 0; i < hints->n && !same_place(&hints->at[i].address, at);)
		i++;
	if (i == HINTS_MAX) {
		agent->counters.hints_dropped++;
		return;
	}
	hints->at[i].until = now + agent->config.announced_outdate;
	if (i < hints->n)
		return;
	hints->at[i].address = *at;
	hints->at[i].tried = false;
	hints->n++;
	format_transport(at, text);
	log_say(LOG_DEBUG, "a registrar may be at %s, a group was told", text);
	home_hinted(agent);
}

static bool read_transport(const struct rsp_tlv_transport *from,
			   struct transport *at)
{
	struct rsp_tlv_list list = from->addresses;
	struct rsp_tlv_address address;

	if (from->type != RSP_TLV_TCP_TRANSPORT || !from->port ||
	    !rsp_tlv_next_address(&list, &address))
		return false;
	memset(at, 0, sizeof(*at));
	at->family = address.octets.len == 4 ? AF_INET : AF_INET6;
	at->port = from->port;
	memcpy(&at->v6, address.octets.data, address.octets.len);
	return !transport_is_wildcard(at);
}

/* One without a transport means SCTP, which there is not. */
static void heard(struct multicast *multicast, const u8 *octets, u32 len,
		  const struct sockaddr *from)
{
	struct agent *agent = multicast->data;
	struct rsp_tlv_transport transport;
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;
	struct transport at;

	(void)from;
	if (rsp_asap_parse(&in, octets, len, &msg) ||
	    msg.type != RSP_ASAP_SERVER_ANNOUNCE) {
		agent->counters.announcements_malformed++;
		return;
	}
	agent->counters.announcements++;
	outdate(&agent->hints, now_of(agent));
	while (rsp_tlv_next_transport(&msg.params, &transport))
		if (read_transport(&transport, &at))
			take(agent, &at);
}

/**
 * hint_next() - take the next one that was not tried in this round
 * @agent: the agent
 *
 * Return: where a registrar may be, until the next announcement; NULL: nowhere.
 */
const struct transport *hint_next(struct agent *agent)
{
	struct hints *hints = &agent->hints;
	u32 i;

	outdate(hints, now_of(agent));
	for (i = 0; i < hints->n; i++)
		if (!hints->at[i].tried) {
			hints->at[i].tried = true;
			return &hints->at[i].address;
		}
	return NULL;
}

/**
 * hints_tried() - begin or end a round
 * @agent: the agent
 * @tried: no hint is tried any more, else all are again
 */
void hints_tried(struct agent *agent, bool tried)
{
	u32 i;

	for (i = 0; i < agent->hints.n; i++)
		agent->hints.at[i].tried = tried;
}

/**
 * hints_left() - whether hints are to be tried in this round yet
 * @agent: the agent
 *
 * Return: true when one is.
 */
bool hints_left(const struct agent *agent)
{
	u32 i;

	for (i = 0; i < agent->hints.n; i++)
		if (!agent->hints.at[i].tried)
			return true;
	return false;
}

/**
 * hints_count() - how many hints there are
 * @agent: the agent
 *
 * Return: the number.
 */
u32 hints_count(struct agent *agent)
{
	outdate(&agent->hints, now_of(agent));
	return agent->hints.n;
}

/**
 * hints_start() - hear the groups, where that is set
 * @agent: the agent
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int hints_start(struct agent *agent, char *why, size_t room)
{
	const struct addresses *groups = &agent->config.announced;
	struct hints *hints = &agent->hints;

	if (!groups->n)
		return 0;
	hints->groups = calloc(groups->n, sizeof(*hints->groups));
	if (!hints->groups) {
		snprintf(why, room, "no memory");
		return -1;
	}
	while (hints->n_groups < groups->n) {
		struct multicast *group = &hints->groups[hints->n_groups];

		group->heard = heard;
		group->data = agent;
		if (multicast_open(group, agent->loop,
				   &groups->at[hints->n_groups++],
				   agent->config.announced_interface, 1, why,
				   room))
			return -1;
	}
	return 0;
}

/**
 * hints_stop() - hear nothing any more
 * @agent: the agent
 */
void hints_stop(struct agent *agent)
{
	unsigned int i;

	for (i = 0; i < agent->hints.n_groups; i++)
		multicast_close(&agent->hints.groups[i]);
}
