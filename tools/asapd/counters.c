// SPDX-License-Identifier: GPL-2.0
/* The counters' names and meanings, for rspctl and for metrics. */
#include "../lib/channel_show.h"
#include "agent.h"

#define ROW(name, member, help) { name, offsetof(struct counters, member), help }

static const struct counter rows[] = {
	ROW("homes", homes, "Home registrars that were found."),
	ROW("attempts-failed", attempts_failed,
	    "Connections to registrars that were not made."),
	ROW("registrations", registrations, "Registrations sent."),
	ROW("registered", registered, "Registrations granted."),
	ROW("rejected", rejected, "Registrations refused."),
	ROW("deregistrations", deregistrations, "Deregistrations sent."),
	ROW("expired", expired, "Registrations that a registrar ended."),
	ROW("resolutions", resolutions, "Resolutions sent."),
	ROW("resolved", resolved,
	    "Answers with elements, asked for or not."),
	ROW("unknown-handles", unknown_handles,
	    "Answers that there is no such pool."),
	ROW("timeouts", timeouts, "Requests that were not answered."),
	ROW("keep-alives", keep_alives, "Keep-alives answered."),
	ROW("keep-alives-delayed", keep_alives_delayed,
	    "Keep-alives beyond those that are answered a second."),
	ROW("reports", reports,
	    "Reports sent that an element is unreachable."),
	ROW("reports-dropped", reports_dropped,
	    "Reports that were too many, or found no home registrar."),
	ROW("announcements", announcements, "Announcements of registrars."),
	ROW("announcements-malformed", announcements_malformed,
	    "Datagrams to the groups of announcements that are none."),
	ROW("hints-dropped", hints_dropped,
	    "Addresses in announcements beyond those that are kept."),
	ROW("malformed", malformed, "Messages discarded as malformed."),
	ROW("unexpected", unexpected,
	    "Messages that are not for an agent, or for nothing it has."),
	ROW("fed", fed, "Elements given to this host's kernel."),
	ROW("unfed", unfed, "Elements that this host's kernel refused."),
};

/**
 * agent_counters() - the counters of an agent
 * @agent: it
 *
 * Return: they.
 */
struct counters_of agent_counters(const struct agent *agent)
{
	return (struct counters_of){ rows, ARRAY_SIZE(rows), &agent->counters };
}

static u32 n_well(const struct agent *agent)
{
	struct list *pos;
	u32 n = 0;

	list_for_each(pos, &agent->services)
		n += container_of(pos, struct service, in_all)->well;
	return n;
}

/**
 * agent_registered() - how many elements are registered now
 * @agent: the agent
 *
 * Return: the number.
 */
u32 agent_registered(const struct agent *agent)
{
	struct list *pos, *each;
	u32 n = 0;

	list_for_each(pos, &agent->pools)
		list_for_each(each, &container_of(pos, struct pool,
						  in_all)->elements)
			n += container_of(each, struct element,
					  in_pool)->state == ELEMENT_REGISTERED;
	return n;
}

/**
 * agent_metrics() - write an agent's metrics
 * @data: it
 * @file: where to
 */
void agent_metrics(void *data, FILE *file)
{
	struct agent *agent = data;
	struct counters_of counters = agent_counters(agent);

	metrics_gauge(file, "asapd", "home", "It has a home registrar.",
		      home_is_there(agent));
	metrics_gauge(file, "asapd", "registrars",
		      "Registrars that its file names.",
		      agent->config.n_registrars);
	metrics_gauge(file, "asapd", "hints",
		      "Other registrars that are announced.",
		      hints_count(agent));
	metrics_gauge(file, "asapd", "pools", "Pools that it keeps.",
		      agent->n_pools);
	metrics_gauge(file, "asapd", "elements",
		      "Elements that listen here.", agent->n_elements);
	metrics_gauge(file, "asapd", "elements-registered",
		      "Of these, those that are registered.",
		      agent_registered(agent));
	metrics_gauge(file, "asapd", "services", "Services that it checks.",
		      agent->config.n_services);
	metrics_gauge(file, "asapd", "services-well",
		      "Of these, those that are well.", n_well(agent));
	metrics_gauge(file, "asapd", "kernel-fed",
		      "This host's kernel is there, and is told.",
		      agent->feeder.open);
	metrics_counters(file, "asapd", &counters);
	counters = channel_counters(&agent->channels);
	metrics_counters(file, "asapd", &counters);
}
