// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"

/**
 * agent_init() - make an agent, which has nothing yet
 * @agent: zeroed but for config
 * @loop: behind it all
 *
 * Return: 0 or -ENOMEM.
 */
int agent_init(struct agent *agent, uv_loop_t *loop)
{
	const struct config *config = &agent->config;
	unsigned int i;

	agent->loop = loop;
	list_init(&agent->pools);
	list_init(&agent->services);
	for (i = 0; i < POOL_PLACES; i++)
		list_init(&agent->places[i]);
	list_init(&agent->unsent_elements);
	list_init(&agent->unsent_pools);
	list_init(&agent->asked);
	agent->answers.fire = keep_alive_due;
	agent->limits = channel_limits_default;
	agent->limits.queue_max = config->queue_max;
	agent->limits.setup_ms = config->handshake_timeout;
	agent->limits.dead_ms = config->dead_timeout;
	agent->reports.at = uv_now(loop);
	agent->reports.tokens = config->report_burst * 1000ULL;
	agent->keep_alives.at = uv_now(loop);
	agent->keep_alives.tokens = config->keep_alive_rate * 1000ULL;
	feeder_init(&agent->feeder, &kernel_ops);
	deadlines_init(&agent->deadlines, loop);
	channel_group_init(&agent->channels, loop);
	return deadlines_reserve(&agent->deadlines,
				 16 + config->n_services);
}

/**
 * agent_start() - listen to the kernel, and look for a home registrar
 * @agent: initialized
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int agent_start(struct agent *agent, char *why, size_t room)
{
	agent->control.show = show;
	agent->control.data = agent;
	agent->metrics.write = agent_metrics;
	agent->metrics.data = agent;
	if (control_start(&agent->control, agent->loop, agent->config.control,
			  why, room) ||
	    metrics_start(&agent->metrics, agent->loop, agent->config.metrics,
			  why, room) ||
	    home_start(agent, why, room))
		return -1;
	if (services_start(agent)) {
		snprintf(why, room, "no memory");
		return -1;
	}
	feeder_start(&agent->feeder, agent->loop, agent->config.secure);
	return 0;
}

/**
 * agent_stop() - end all connections; the kernel keeps what it has
 * @agent: the agent, for agent_fini() when the loop has run
 *
 * What listens here is not deregistered: another agent may come.
 */
void agent_stop(struct agent *agent)
{
	control_stop(&agent->control);
	metrics_stop(&agent->metrics);
	home_stop(agent);
	feeder_stop(&agent->feeder);
	while (!list_empty(&agent->pools)) {
		struct pool *pool = container_of(agent->pools.next, struct pool,
						 in_all);

		while (!list_empty(&pool->elements))
			element_remove(container_of(pool->elements.next,
						    struct element, in_pool));
		pool_remove(pool);
	}
	services_stop(agent);
	channel_group_fini(&agent->channels);
	deadlines_fini(&agent->deadlines);
}

/**
 * agent_fini() - give back what is left
 * @agent: stopped, and the loop has run; its config is the caller's
 */
void agent_fini(struct agent *agent)
{
	services_free(agent);
	free(agent->hints.groups);
}
