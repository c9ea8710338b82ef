// SPDX-License-Identifier: GPL-2.0
/* One table: what a setting is called, what it must be, what it is unless set. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "settings_file.h"

enum kind { NUMBER, TIME, BOOLEAN, TEXT, ADDRESSES };

/**
 * struct setting - a line of the file
 * @name: what it is called
 * @kind: what it must be
 * @offset: in struct config
 * @min: of a number, or of milliseconds
 * @max: likewise
 * @unless: what it is unless set
 */
struct setting {
	const char *name;
	enum kind kind;
	size_t offset;
	uint32_t min;
	uint32_t max;
	uint32_t unless;
};

#define AT(member)	offsetof(struct config, member)
#define HOUR		3600000

static const struct setting settings[] = {
	{ "server-id", NUMBER, AT(server_id), 0, 0xffffffff, 0 },
	{ "secure", BOOLEAN, AT(secure), 0, 1, 1 },
	{ "log-debug", BOOLEAN, AT(log_debug), 0, 1, 0 },
	{ "asap-listen", ADDRESSES, AT(asap_listen), 0, 0, 0 },
	{ "plain-listen", ADDRESSES, AT(plain_listen), 0, 0, 0 },
	{ "plain-resolution", BOOLEAN, AT(plain_resolution), 0, 1, 0 },
	{ "authorization", TEXT, AT(authorization), 0, 0, 0 },
	{ "certificate", TEXT, AT(certificate), 0, 0, 0 },
	{ "private-key", TEXT, AT(private_key), 0, 0, 0 },
	{ "ca", TEXT, AT(ca), 0, 0, 0 },
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
	{ "bad-pe-reports", NUMBER, AT(bad_pe_reports), 0, 1000000, 3 },
	{ "report-rate", NUMBER, AT(report_rate), 1, 1000000, 10 },
	{ "report-burst", NUMBER, AT(report_burst), 1, 1000000, 100 },
	{ "update-interval", TIME, AT(update_interval), 0, HOUR, 100 },
	{ "feed", BOOLEAN, AT(feed), 0, 1, 1 },
	{ "start-grace", TIME, AT(start_grace), 0, HOUR, 30000 },
	{ "enrp-listen", ADDRESSES, AT(enrp_listen), 0, 0, 0 },
	{ "control", TEXT, AT(control), 0, 0, 0 },
	{ "peers", TEXT, AT(peers), 0, 0, 0 },
	{ "peers-max", NUMBER, AT(peers_max), 1, 10000, 64 },
	{ "heartbeat-cycle", TIME, AT(heartbeat_cycle), 100, HOUR, 30000 },
	{ "max-time-last-heard", TIME, AT(max_time_last_heard), 100, HOUR,
	  61000 },
	{ "max-time-no-response", TIME, AT(max_time_no_response), 100, HOUR,
	  5000 },
	{ "mentor-timeout", TIME, AT(mentor_timeout), 100, HOUR, 5000 },
};

#define N_SETTINGS	(sizeof(settings) / sizeof(settings[0]))

static void *place_of(struct config *config, const struct setting *setting)
{
	return (char *)config + setting->offset;
}

static int read_number(const struct setting *setting,
		       const config_setting_t *at, uint32_t *value, char *why)
{
	long long number = config_setting_get_int64(at);
	int type = config_setting_type(at);

	if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) ||
	    number < setting->min || number > setting->max)
		return wrong(why, at,
			     "%s: a number from %u to %u is expected",
			     setting->name, setting->min, setting->max);
	*value = (uint32_t)number;
	return 0;
}

static int read_time(const struct setting *setting, const config_setting_t *at,
		     uint32_t *value, char *why)
{
	const char *text = config_setting_get_string(at);
	char min[TIME_TEXT_MAX], max[TIME_TEXT_MAX];

	if (text && !parse_time(text, value) && *value >= setting->min &&
	    *value <= setting->max)
		return 0;
	format_time(setting->min, min);
	format_time(setting->max, max);
	return wrong(why, at,
		     "%s: a time from %s to %s is expected, as \"30s\" or \"500ms\"",
		     setting->name, min, max);
}

static int read_address(const char *name, const config_setting_t *at,
			struct transport *address, char *why)
{
	const char *text = config_setting_get_string(at), *expected;

	if (!text)
		return wrong(why, at,
			     "%s: a list of addresses is expected, as [ \"192.0.2.1:3864\", \"[::]:3864\" ]",
			     name);
	expected = parse_transport(text, address);
	return expected ? wrong(why, at, "%s: \"%s\": %s", name, text,
				expected) : 0;
}

static int read_addresses(const struct setting *setting,
			  const config_setting_t *at,
			  struct addresses *addresses, char *why)
{
	int n = config_setting_is_aggregate(at) ? config_setting_length(at) : 0;
	int i;

	if (!config_setting_is_list(at) && !config_setting_is_array(at)) {
		struct transport unused;

		/* One alone may stand without its brackets. */
		if (!config_setting_get_string(at))
			return read_address(setting->name, at, &unused, why);
		n = 1;
	}
	addresses->at = calloc((size_t)n + 1, sizeof(*addresses->at));
	if (!addresses->at)
		return wrong(why, at, "no memory");
	for (i = 0; i < n; i++) {
		const config_setting_t *each = at;

		if (config_setting_is_aggregate(at))
			each = config_setting_get_elem(at, (unsigned int)i);
		if (read_address(setting->name, each, &addresses->at[i], why))
			return -1;
		addresses->n++;
	}
	return 0;
}

static int read_setting(struct config *config, const struct setting *setting,
			const config_setting_t *at, char *why)
{
	void *place = place_of(config, setting);
	const char *text;

	switch (setting->kind) {
	case NUMBER:
		return read_number(setting, at, place, why);
	case TIME:
		return read_time(setting, at, place, why);
	case BOOLEAN:
		if (config_setting_type(at) != CONFIG_TYPE_BOOL)
			return wrong(why, at, "%s: true or false is expected",
				     setting->name);
		*(bool *)place = config_setting_get_bool(at);
		return 0;
	case TEXT:
		text = config_setting_get_string(at);
		if (!text || !*text)
			return wrong(why, at,
				     "%s: the name of a file is expected",
				     setting->name);
		*(char **)place = strdup(text);
		return *(char **)place ? 0 : wrong(why, at, "no memory");
	case ADDRESSES:
		return read_addresses(setting, at, place, why);
	}
	return -1;
}

static const struct setting *find(const char *name)
{
	size_t i;

	for (i = 0; i < N_SETTINGS; i++)
		if (!strcmp(settings[i].name, name))
			return &settings[i];
	return NULL;
}

static void set_defaults(struct config *config)
{
	size_t i;

	memset(config, 0, sizeof(*config));
	for (i = 0; i < N_SETTINGS; i++) {
		if (settings[i].kind == BOOLEAN)
			*(bool *)place_of(config, &settings[i]) =
				settings[i].unless;
		else if (settings[i].kind <= TIME)
			*(uint32_t *)place_of(config, &settings[i]) =
				settings[i].unless;
	}
}

/* What no single setting can say. */
static int check(const struct config *config, const config_setting_t *root,
		 char *why)
{
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

static int read_all(void *into, const config_setting_t *root, char *why)
{
	struct config *config = into;
	int i, n = config_setting_length(root);

	for (i = 0; i < n; i++) {
		const config_setting_t *at;
		const struct setting *setting;

		at = config_setting_get_elem(root, (unsigned int)i);
		setting = find(config_setting_name(at));
		if (!setting)
			return wrong(why, at,
				     "%s: there is no such setting; see enrpd(8)",
				     config_setting_name(at));
		if (read_setting(config, setting, at, why))
			return -1;
	}
	return check(config, root, why);
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
	set_defaults(config);
	return settings_file_read(path, read_all, config, why);
}

/**
 * config_free() - give back what config_load() took
 * @config: filled by it
 */
void config_free(struct config *config)
{
	size_t i;

	for (i = 0; i < N_SETTINGS; i++) {
		void *place = place_of(config, &settings[i]);

		if (settings[i].kind == TEXT)
			free(*(char **)place);
		else if (settings[i].kind == ADDRESSES)
			free(((struct addresses *)place)->at);
	}
	memset(config, 0, sizeof(*config));
}
