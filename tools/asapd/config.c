// SPDX-License-Identifier: GPL-2.0
/* What the settings are called, what they must be, what they are unless set. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/settings.h"
#include "config.h"

#define AT(member)	offsetof(struct config, member)
#define HOUR		3600000
#define DAY		(24 * HOUR)

static const struct setting table[] = {
	{ "secure", BOOLEAN, AT(secure), 0, 1, 1 },
	{ "log-debug", BOOLEAN, AT(log_debug), 0, 1, 0 },
	{ "registrars", OTHER, AT(registrars), 0, 0, 0 },
	{ "identity", WORDS, AT(identity), 0, 0, 0 },
	{ "key", OTHER, AT(key), 0, 0, 0 },
	{ "ca", FILE_NAME, AT(ca), 0, 0, 0 },
	{ "certificate", FILE_NAME, AT(certificate), 0, 0, 0 },
	{ "private-key", FILE_NAME, AT(private_key), 0, 0, 0 },
	{ "services", OTHER, AT(services), 0, 0, 0 },
	{ "announced", ADDRESSES, AT(announced), 0, 0, 0 },
	{ "announced-interface", WORDS, AT(announced_interface), 0, 0, 0 },
	{ "announced-outdate", TIME, AT(announced_outdate), 100, HOUR, 5000 },
	{ "announced-name", WORDS, AT(announced_name), 0, 0, 0 },
	{ "control", FILE_NAME, AT(control), 0, 0, 0 },
	{ "metrics", WORDS, AT(metrics), 0, 0, 0 },
	{ "request-timeout", TIME, AT(request_timeout), 100, HOUR, 15000 },
	{ "registration-timeout", TIME, AT(registration_timeout), 100, HOUR,
	  30000 },
	{ "deregistration-timeout", TIME, AT(deregistration_timeout), 100, HOUR,
	  30000 },
	{ "reregistration-interval", TIME, AT(reregistration_interval), 100,
	  DAY, 600000 },
	{ "hunt-timeout", TIME, AT(hunt_timeout), 100, HOUR, 10000 },
	{ "retry-max", TIME, AT(retry_max), 100, HOUR, 60000 },
	{ "registration-attempts", NUMBER, AT(registration_attempts), 1, 1000,
	  2 },
	{ "request-attempts", NUMBER, AT(request_attempts), 1, 1000, 2 },
	{ "registration-life", TIME, AT(registration_life), 1000, DAY, 900000 },
	{ "stale-timeout", TIME, AT(stale_timeout), 100, HOUR, 60000 },
	{ "cache-lifetime", TIME, AT(cache_lifetime), 200, DAY, 600000 },
	{ "pools-max", NUMBER, AT(pools_max), 1, 1000000, 65536 },
	{ "report-rate", NUMBER, AT(report_rate), 1, 1000000, 10 },
	{ "keep-alive-rate", NUMBER, AT(keep_alive_rate), 1, 1000000, 2000 },
	{ "report-burst", NUMBER, AT(report_burst), 1, 1000000, 100 },
	{ "queue-max", NUMBER, AT(queue_max), 65536, 1 << 30, 1 << 20 },
	{ "handshake-timeout", TIME, AT(handshake_timeout), 100, HOUR, 10000 },
	{ "dead-timeout", TIME, AT(dead_timeout), 1000, HOUR, 30000 },
};

static int read_other(void *into, const config_setting_t *at, char *why);

static const struct settings settings = {
	.at = table, .n = ARRAY_SIZE(table), .manual = "asapd.conf(5)",
	.other = read_other,
};

static const struct setting server_table[] = {
	{ "address", ADDRESS, offsetof(struct server, address), 0, 0, 0 },
	{ "name", WORDS, offsetof(struct server, name), 0, 0, 0 },
};

static const struct settings server_settings = {
	.at = server_table, .n = ARRAY_SIZE(server_table),
	.manual = "asapd.conf(5)",
};

/* An address, or a group of it and what belongs to it. */
static int read_server(struct server *server, const config_setting_t *at,
		       char *why)
{
	const char *text = config_setting_get_string(at), *expected;

	if (text) {
		expected = parse_transport(text, &server->address);
		return expected ? wrong(why, at, "registrars: \"%s\": %s", text,
					expected) : 0;
	}
	if (!config_setting_is_group(at))
		return wrong(why, at,
			     "registrars: an address is expected, or a group, as { address = \"192.0.2.1:3864\"; name = \"registrar.example.org\"; }");
	if (settings_read(&server_settings, server, at, why))
		return -1;
	return server->address.family ? 0 :
	       wrong(why, at, "registrars: address is missing");
}

static int read_servers(struct config *config, const config_setting_t *at,
			char *why)
{
	int i, n = config_setting_is_aggregate(at) ? config_setting_length(at) :
						     0;

	if ((!config_setting_is_list(at) && !config_setting_is_array(at)) || !n)
		return wrong(why, at,
			     "registrars: a list is expected, as ( \"192.0.2.1:3864\", \"192.0.2.2:3864\" )");
	config->registrars = calloc((size_t)n, sizeof(*config->registrars));
	if (!config->registrars)
		return wrong(why, at, "no memory");
	config->n_registrars = (unsigned int)n;
	for (i = 0; i < n; i++)
		if (read_server(&config->registrars[i],
				config_setting_get_elem(at, (unsigned int)i),
				why))
			return -1;
	return 0;
}

static int read_other(void *into, const config_setting_t *at, char *why)
{
	struct config *config = into;

	if (!strcmp(config_setting_name(at), "key"))
		return read_key(&config->key, at, why);
	if (!strcmp(config_setting_name(at), "services"))
		return config_services_read(config, at, why);
	return read_servers(config, at, why);
}

/* Who a registrar is, and who we are. */
static int check_tls(const struct config *config, const config_setting_t *root,
		     char *why)
{
	unsigned int i;

	if (!config->identity != !config->key.len)
		return wrong(why, root, "identity and key go together: %s is missing",
			     config->identity ? "key" : "identity");
	if (!config->certificate != !config->private_key)
		return wrong(why, root,
			     "certificate and private-key go together: %s is missing",
			     config->certificate ? "private-key" :
						   "certificate");
	if (config->secure && !config->identity == !config->ca)
		return wrong(why, root,
			     "of a secure scope: either identity and key, or ca, say who a registrar is");
	if (config->certificate && !config->ca)
		return wrong(why, root,
			     "ca is missing: who vouches for the registrars?");
	if (config->ca && config->announced.n && !config->announced_name)
		return wrong(why, root,
			     "announced-name is missing: what must the certificate of a registrar be for that is announced?");
	for (i = 0; config->ca && i < config->n_registrars; i++)
		if (!config->registrars[i].name)
			return wrong(why, root,
				     "registrars: each needs a name that its certificate must be for");
	return 0;
}

/* What no single setting can say. */
static int check(const struct config *config, const config_setting_t *root,
		 char *why)
{
	struct transport at;

	if (config->metrics && parse_metrics(config->metrics, &at))
		return wrong(why, config_setting_get_member(root, "metrics"),
			     "metrics: %s", parse_metrics(config->metrics,
							  &at));
	if (!config->n_registrars)
		return wrong(why, root,
			     "registrars is missing: who keeps the pools? As: registrars = ( \"192.0.2.1:%u\" );",
			     config->secure ? 3864 : 3863);
	if (config->stale_timeout > config->cache_lifetime / 2)
		return wrong(why, root,
			     "stale-timeout is to be half of cache-lifetime at most");
	return check_tls(config, root, why);
}

/* What works, and is hardly meant. */
static void doubt(const struct config *config, const config_setting_t *root)
{
	static const char *const proofs[] = { "key", "ca", "certificate", NULL };

	if (!config->secure)
		doubt_in_plain(root, proofs);
}

static int read_all(void *into, const config_setting_t *root, char *why)
{
	if (settings_read(&settings, into, root, why))
		return -1;
	if (check(into, root, why))
		return -1;
	doubt(into, root);
	return 0;
}

/**
 * config_load() - read the configuration file
 * @config: filled; for config_free() in any case
 * @path: the file
 * @why: filled on failure: file, line, and what was expected
 *
 * Return: 0 or -1.
 */
int config_load(struct config *config, const char *path, char why[WHY_MAX])
{
	memset(config, 0, sizeof(*config));
	settings_default(&settings, config);
	return settings_file_read(path, read_all, config, why);
}

/**
 * config_free() - give back what config_load() took
 * @config: filled by it
 */
void config_free(struct config *config)
{
	unsigned int i;

	for (i = 0; i < config->n_registrars; i++)
		settings_free(&server_settings, &config->registrars[i]);
	free(config->registrars);
	config_services_free(config);
	settings_free(&settings, config);
	memset(config, 0, sizeof(*config));
}
