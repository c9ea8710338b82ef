// SPDX-License-Identifier: GPL-2.0
/* Another file: what is the same in it notices nothing. */
#include <stdio.h>
#include <string.h>

#include "../lib/log.h"
#include "agent.h"

/**
 * same_text() - whether two texts are the same
 * @a: one, or NULL for none
 * @b: the other
 */
bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_addresses(const struct addresses *a,
			   const struct addresses *b)
{
	unsigned int i;

	for (i = 0; i < a->n && i < b->n; i++)
		if (!same_place(&a->at[i], &b->at[i]))
			return false;
	return a->n == b->n;
}

/* What we are known by to registrars, and they to us. */
static bool same_identity(const struct config *a, const struct config *b)
{
	return same_text(a->identity, b->identity) &&
	       tls_key_same(&a->key, &b->key) && same_text(a->ca, b->ca) &&
	       same_text(a->certificate, b->certificate) &&
	       same_text(a->private_key, b->private_key);
}

static void swap_text(char **a, char **b)
{
	char *kept = *a;

	*a = *b;
	*b = kept;
}

static void say_kept(const struct config *now, const struct config *unused)
{
	if (!same_text(unused->control, now->control) ||
	    !same_text(unused->metrics, now->metrics) ||
	    !same_text(unused->announced_interface, now->announced_interface) ||
	    !same_text(unused->announced_name, now->announced_name) ||
	    !same_addresses(&unused->announced, &now->announced))
		log_say(LOG_WARNING,
			"control, metrics, announced, announced-interface and announced-name change with a restart only");
}

/* Sockets that are open stay so, and what is heard there is judged as before. */
static void keep(struct config *fresh, struct config *old)
{
	struct addresses groups = old->announced;

	swap_text(&fresh->control, &old->control);
	swap_text(&fresh->metrics, &old->metrics);
	swap_text(&fresh->announced_interface, &old->announced_interface);
	swap_text(&fresh->announced_name, &old->announced_name);
	old->announced = fresh->announced;
	fresh->announced = groups;
}

/**
 * agent_reload() - use another file
 * @agent: the agent
 * @fresh: what was read; taken over
 * @why: filled on failure
 * @room: octets of @why
 *
 * The home registrar stays, unless it is in the list no more, or there by another
 * name, or we show another key: then what listens here is registered with another one, as always when one
 * is lost.
 *
 * Return: 0; -1 when all is as it was, and @fresh the caller's.
 */
int agent_reload(struct agent *agent, struct config *fresh, char *why,
		 size_t room)
{
	struct config old = agent->config;
	struct sides sides = { 0 };

	if (fresh->secure != old.secure) {
		snprintf(why, room, "secure changes with a restart only");
		return -1;
	}
	if (agent_reserve(agent, fresh->n_services)) {
		snprintf(why, room, "no memory");
		return -1;
	}
	keep(fresh, &old);
	if (sides_make(&sides, fresh, why, room)) {
		sides_free(&sides);
		keep(&old, fresh);
		return -1;
	}
	say_kept(fresh, &old);
	agent->config = *fresh;
	memset(fresh, 0, sizeof(*fresh));
	agent->limits.queue_max = agent->config.queue_max;
	agent->limits.setup_ms = agent->config.handshake_timeout;
	agent->limits.dead_ms = agent->config.dead_timeout;
	home_take_sides(agent, &sides);
	services_reload(agent);
	home_reload(agent, &old, same_identity(&old, &agent->config) ? NULL :
		    "this host has another key");
	config_free(&old);
	return 0;
}
