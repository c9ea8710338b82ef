// SPDX-License-Identifier: GPL-2.0
/* What an operator is shown of the agent. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../lib/channel_show.h"
#include "../lib/print.h"
#include "agent.h"

static void show_home(const struct agent *agent)
{
	const struct home *home = &agent->home;

	if (!home->at) {
		print_string("home", " home %s", "none");
		return;
	}
	print_string("home", " home %s", channel_name(home->at->channel));
	if (home->id)
		print_id("home-id", " id %s", home->id);
}

static void show_pool(const struct pool *pool)
{
	char text[HANDLE_TEXT_MAX];

	format_handle(pool->handle, pool->handle_len, text);
	print_object_begin(NULL);
	print_string("pool", "pool %s", text);
	print_uint("elements", " elements %" PRIu64, pool->n_told);
	print_bool("local", " local", !list_empty(&pool->elements));
	print_bool("subscribed", " subscribed", pool->subscribed);
	print_bool("pending", " pending", pool->pending);
	print_uint("used-ms", " used-ms %" PRIu64 "\n",
		   now_of(pool->agent) - pool->used);
	print_object_end();
}

static void show_pools(const struct agent *agent)
{
	struct list *pos;

	print_array_begin("cache");
	list_for_each(pos, &agent->pools)
		show_pool(container_of(pos, struct pool, in_all));
	print_array_end();
}

static void show_service(const struct service *service)
{
	const struct handle *handle = &service->config->handle;
	char text[HANDLE_TEXT_MAX];

	format_handle(handle->octets, handle->len, text);
	print_object_begin(NULL);
	print_string("pool", "service pool %s", text);
	print_id("id", " id %s", service->id);
	print_bool("well", " well", service->well);
	print_text("\n");
	print_object_end();
}

static void show_services(const struct agent *agent)
{
	struct list *pos;

	print_array_begin("services");
	list_for_each(pos, &agent->services) {
		const struct service *service;

		service = container_of(pos, struct service, in_all);
		if (service->config)
			show_service(service);
	}
	print_array_end();
}

static void show_counters(const struct agent *agent)
{
	struct counters_of counters = agent_counters(agent);

	print_object_begin("counters");
	counters_show(&counters);
	counters = channel_counters(&agent->channels);
	counters_show(&counters);
	print_object_end();
}

/**
 * show() - print what is asked for
 * @data: the agent
 * @object: "agent"
 *
 * Return: false when there is no such object.
 */
bool show(void *data, const char *object)
{
	struct agent *agent = data;

	if (strcmp(object, "agent"))
		return false;
	print_object_begin(NULL);
	print_text("agent");
	print_bool("secure", " secure", agent->config.secure);
	show_home(agent);
	print_uint("registrars", " registrars %" PRIu64,
		   agent->config.n_registrars);
	print_uint("hints", " hints %" PRIu64, hints_count(agent));
	print_uint("pools", " pools %" PRIu64, agent->n_pools);
	print_uint("elements", " elements %" PRIu64, agent->n_elements);
	print_uint("registered", " registered %" PRIu64, agent_registered(agent));
	print_string("kernel", " kernel %s\n", agent->feeder.open ? "fed" :
								   "none");
	show_services(agent);
	show_pools(agent);
	show_counters(agent);
	print_object_end();
	return true;
}
