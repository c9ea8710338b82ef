// SPDX-License-Identifier: GPL-2.0
/* The list of services. */
#include <linux/rserpool_netlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/settings.h"
#include "config.h"

#define AT(member)	offsetof(struct service_config, member)
#define HOUR		3600000

static const struct setting table[] = {
	{ "handle", OTHER, AT(handle), 0, 0, 0 },
	{ "id", NUMBER, AT(id), 0, 0xffffffff, 0 },
	{ "port", NUMBER, AT(port), 1, 65535, 0 },
	{ "addresses", ADDRESSES, AT(addresses), 0, 0, 0 },
	{ "control", BOOLEAN, AT(control), 0, 1, 0 },
	{ "policy", OTHER, AT(policy), 0, 0, 0 },
	{ "value", NUMBER, AT(value), 0, 0xffffffff, 1 },
	{ "degradation", NUMBER, AT(degradation), 0, 0xffffffff, 0 },
	{ "command", WORDS, AT(command), 0, 0, 0 },
	{ "unit", WORDS, AT(unit), 0, 0, 0 },
	{ "interval", TIME, AT(interval), 100, HOUR, 5000 },
	{ "timeout", TIME, AT(timeout), 100, HOUR, 2000 },
	{ "rise", NUMBER, AT(rise), 1, 1000, 2 },
	{ "fall", NUMBER, AT(fall), 1, 1000, 3 },
	{ "sever", BOOLEAN, AT(sever), 0, 1, 0 },
};

static int read_other(void *into, const config_setting_t *at, char *why)
{
	const char *name = config_setting_name(at), *expected;
	const char *text = config_setting_get_string(at);
	struct service_config *service = into;

	if (!text)
		return wrong(why, at, "%s: a text is expected", name);
	expected = strcmp(name, "policy") ?
		   parse_handle(text, &service->handle) :
		   parse_policy(text, &service->policy);
	return expected ? wrong(why, at, "%s: %s", name, expected) : 0;
}

static const struct settings settings = {
	.at = table, .n = ARRAY_SIZE(table), .manual = "asapd.conf(5)",
	.other = read_other,
};

/* What no single setting can say. */
static int check(const struct service_config *service,
		 const config_setting_t *at, char *why)
{
	if (!service->handle.len)
		return wrong(why, at,
			     "services: handle is missing: of which pool?");
	if (!service->port == !service->addresses.n)
		return wrong(why, at,
			     "services: either port or addresses says where it listens");
	if (service->addresses.n > RSERPOOL_TRANSPORTS_MAX)
		return wrong(why, at, "services: %d addresses at most",
			     RSERPOOL_TRANSPORTS_MAX);
	if (service->command && service->unit)
		return wrong(why, at,
			     "services: either command or unit says whether it is well");
	return 0;
}

/* No two are the same element. */
static int check_all(const struct config *config, const config_setting_t *list,
		     char *why)
{
	const struct service_config *a, *b;
	unsigned int i, j;

	for (i = 1; i < config->n_services; i++) {
		for (j = 0; j < i; j++) {
			a = &config->services[i];
			b = &config->services[j];
			if (a->id && a->id == b->id &&
			    a->handle.len == b->handle.len &&
			    !memcmp(a->handle.octets, b->handle.octets,
				    a->handle.len))
				return wrong(why, config_setting_get_elem(list,
									  i),
					     "services: the pool has another one with this id");
		}
	}
	return 0;
}

/**
 * config_services_read() - read the list of services
 * @config: its services are filled; for config_services_free() in any case
 * @at: the list
 * @why: filled on failure
 *
 * Return: 0 or -1.
 */
int config_services_read(struct config *config, const config_setting_t *at,
			 char *why)
{
	int n = config_setting_is_list(at) ? config_setting_length(at) : 0;
	unsigned int i;

	if (!config_setting_is_list(at))
		return wrong(why, at,
			     "services: a list of groups is expected, as ( { handle = \"web\"; id = 1; port = 80; } )");
	config->services = calloc((size_t)n + 1, sizeof(*config->services));
	if (!config->services)
		return wrong(why, at, "no memory");
	for (i = 0; i < (unsigned int)n; i++) {
		const config_setting_t *group = config_setting_get_elem(at, i);
		struct service_config *service = &config->services[i];

		if (!config_setting_is_group(group))
			return wrong(why, group,
				     "services: a group is expected, as { handle = \"web\"; id = 1; port = 80; }");
		service->policy = RSERPOOL_POLICY_RR;
		settings_default(&settings, service);
		config->n_services++;
		if (settings_read(&settings, service, group, why) ||
		    check(service, group, why))
			return -1;
	}
	return check_all(config, at, why);
}

/**
 * config_services_free() - give back what config_services_read() took
 * @config: filled by it
 */
void config_services_free(struct config *config)
{
	unsigned int i;

	for (i = 0; i < config->n_services; i++)
		settings_free(&settings, &config->services[i]);
	free(config->services);
}
