// SPDX-License-Identifier: GPL-2.0
/* One table: what a setting is called, what it must be, what it is unless set. */
#include <stddef.h>
#include <string.h>

#include "../lib/settings.h"
#include "config.h"

#define AT(member)	offsetof(struct config, member)
#define HOUR		3600000

static const struct setting table[] = {
	{ "server-id", NUMBER, AT(server_id), 0, 0xffffffff, 0 },
	{ "secure", BOOLEAN, AT(secure), 0, 1, 1 },
	{ "log-debug", BOOLEAN, AT(log_debug), 0, 1, 0 },
	{ "asap-listen", ADDRESSES, AT(asap_listen), 0, 0, 0 },
	{ "plain-listen", ADDRESSES, AT(plain_listen), 0, 0, 0 },
	{ "plain-resolution", BOOLEAN, AT(plain_resolution), 0, 1, 0 },
	{ "authorization", FILE_NAME, AT(authorization), 0, 0, 0 },
	{ "certificate", FILE_NAME, AT(certificate), 0, 0, 0 },
	{ "private-key", FILE_NAME, AT(private_key), 0, 0, 0 },
	{ "ca", FILE_NAME, AT(ca), 0, 0, 0 },
	{ "connections-max", NUMBER, AT(connections_max), 1, 1000000, 10000 },
	{ "subscriptions-max", NUMBER, AT(subscriptions_max), 0, 1000000, 100 },
	{ "answer-elements", NUMBER, AT(answer_elements), 1, 65535, 65535 },
	{ "pools-max", NUMBER, AT(pools_max), 1, 16777216, 65536 },
	{ "elements-max", NUMBER, AT(elements_max), 1, 16777216, 1048576 },
	{ "queue-max", NUMBER, AT(queue_max), 65536, 1 << 30, 1 << 20 },
	{ "handshake-timeout", TIME, AT(handshake_timeout), 100, HOUR, 10000 },
	{ "dead-timeout", TIME, AT(dead_timeout), 1000, HOUR, 30000 },
	{ "keep-alive-interval", TIME, AT(keep_alive_interval), 100, HOUR,
	  30000 },
	{ "keep-alive-timeout", TIME, AT(keep_alive_timeout), 100, HOUR, 5000 },
	{ "keep-alive-rate", NUMBER, AT(keep_alive_rate), 1, 1000000, 1000 },
	{ "keep-alive-min", TIME, AT(keep_alive_min), 0, HOUR, 1000 },
	{ "bad-pe-reports", NUMBER, AT(bad_pe_reports), 0, 1000, 3 },
	{ "report-rate", NUMBER, AT(report_rate), 1, 1000000, 10 },
	{ "report-burst", NUMBER, AT(report_burst), 1, 1000000, 100 },
	{ "update-interval", TIME, AT(update_interval), 0, HOUR, 100 },
	{ "feed", BOOLEAN, AT(feed), 0, 1, 1 },
	{ "start-grace", TIME, AT(start_grace), 0, HOUR, 30000 },
	{ "enrp-listen", ADDRESSES, AT(enrp_listen), 0, 0, 0 },
	{ "announce", ADDRESSES, AT(announce), 0, 0, 0 },
	{ "announce-interface", WORDS, AT(announce_interface), 0, 0, 0 },
	{ "announce-interval", TIME, AT(announce_interval), 100, HOUR, 1000 },
	{ "announce-outdate", TIME, AT(announce_outdate), 100, HOUR, 5000 },
	{ "announce-hops", NUMBER, AT(announce_hops), 1, 255, 1 },
	{ "control", FILE_NAME, AT(control), 0, 0, 0 },
	{ "metrics", WORDS, AT(metrics), 0, 0, 0 },
	{ "peers", FILE_NAME, AT(peers), 0, 0, 0 },
	{ "peers-max", NUMBER, AT(peers_max), 1, 10000, 64 },
	{ "heartbeat-cycle", TIME, AT(heartbeat_cycle), 100, HOUR, 30000 },
	{ "max-time-last-heard", TIME, AT(max_time_last_heard), 100, HOUR,
	  61000 },
	{ "max-time-no-response", TIME, AT(max_time_no_response), 100, HOUR,
	  5000 },
	{ "mentor-timeout", TIME, AT(mentor_timeout), 100, HOUR, 5000 },
};

static const struct settings settings = {
	.at = table, .n = ARRAY_SIZE(table), .manual = "enrpd(8)",
};

/* What no single setting can say. */
static int check(const struct config *config, const config_setting_t *root,
		 char *why)
{
	struct transport at;

	if (config->metrics && parse_metrics(config->metrics, &at))
		return wrong(why, config_setting_get_member(root, "metrics"),
			     "metrics: %s", parse_metrics(config->metrics,
							  &at));
	if (!config->asap_listen.n)
		return wrong(why, root,
			     "asap-listen is missing: where shall elements and users connect? As: asap-listen = [ \"0.0.0.0:%u\" ];",
			     config->secure ? 3864 : 3863);
	if (!config->certificate != !config->private_key)
		return wrong(why, root,
			     "certificate and private-key go together: %s is missing",
			     config->certificate ? "private-key" :
						   "certificate");
	if (config->secure && !config->authorization)
		return wrong(why, root,
			     "authorization is missing: a secure scope must know who may register what");
	if (!config->secure && config->plain_listen.n)
		return wrong(why, root,
			     "plain-listen is for a secure scope; this one is plain as a whole: asap-listen");
	if (config->secure && config->enrp_listen.n && !config->peers)
		return wrong(why, root,
			     "peers is missing: in a secure scope a peer must have a key to connect to enrp-listen");
	return 0;
}

/* What works, and is hardly meant. */
static void doubt(const struct config *config, const config_setting_t *root)
{
	static const char *const proofs[] = {
		"authorization", "certificate", "ca", NULL
	};

	if (!config->secure)
		doubt_in_plain(root, proofs);
	if (config->peers && !config->enrp_listen.n)
		doubtful(root, "peers",
			 "without enrp-listen no peer can connect to this registrar, it only to them");
	if (config->heartbeat_cycle >= config->max_time_last_heard)
		doubtful(root, "heartbeat-cycle",
			 "it is not less than max-time-last-heard: peers with such settings take each other for silent between two heartbeats");
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
int config_load(struct config *config, const char *path,
		char why[WHY_MAX])
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
	settings_free(&settings, config);
	memset(config, 0, sizeof(*config));
}
