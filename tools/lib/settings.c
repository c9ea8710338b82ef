// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "settings.h"

static void *place_of(void *into, const struct setting *setting)
{
	return (char *)into + setting->offset;
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
			struct transport *address, bool one, char *why)
{
	const char *text = config_setting_get_string(at), *expected;

	if (!text && one)
		return wrong(why, at,
			     "%s: an address is expected, as \"192.0.2.1:3864\"",
			     name);
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
			return read_address(setting->name, at, &unused, false,
					    why);
		n = 1;
	}
	addresses->at = calloc((size_t)n + 1, sizeof(*addresses->at));
	if (!addresses->at)
		return wrong(why, at, "no memory");
	for (i = 0; i < n; i++) {
		const config_setting_t *each = at;

		if (config_setting_is_aggregate(at))
			each = config_setting_get_elem(at, (unsigned int)i);
		if (read_address(setting->name, each, &addresses->at[i],
				 false, why))
			return -1;
		addresses->n++;
	}
	return 0;
}

static int read_setting(void *into, const struct setting *setting,
			const config_setting_t *at, char *why)
{
	void *place = place_of(into, setting);
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
	case FILE_NAME:
	case WORDS:
		text = config_setting_get_string(at);
		if (!text || !*text)
			return wrong(why, at, "%s: %s is expected",
				     setting->name, setting->kind == WORDS ?
				     "a text" : "the name of a file");
		*(char **)place = strdup(text);
		return *(char **)place ? 0 : wrong(why, at, "no memory");
	case ADDRESSES:
		return read_addresses(setting, at, place, why);
	case ADDRESS:
		return read_address(setting->name, at, place, true, why);
	case OTHER:
		break;
	}
	return -1;
}

static const struct setting *find(const struct settings *settings,
				  const char *name)
{
	size_t i;

	for (i = 0; i < settings->n; i++)
		if (!strcmp(settings->at[i].name, name))
			return &settings->at[i];
	return NULL;
}

/**
 * settings_default() - what is so unless it is set
 * @settings: the table
 * @into: zeroed, and filled
 */
void settings_default(const struct settings *settings, void *into)
{
	size_t i;

	for (i = 0; i < settings->n; i++) {
		void *place = place_of(into, &settings->at[i]);

		if (settings->at[i].kind == BOOLEAN)
			*(bool *)place = settings->at[i].unless;
		else if (settings->at[i].kind <= TIME)
			*(uint32_t *)place = settings->at[i].unless;
	}
}

/**
 * settings_read() - read what is set
 * @settings: the table
 * @into: filled; for settings_free() in any case
 * @group: the file's root, or a group
 * @why: WHY_MAX octets, filled on failure
 *
 * Return: 0 or -1.
 */
int settings_read(const struct settings *settings, void *into,
		  const config_setting_t *group, char *why)
{
	int i, n_set = config_setting_length(group);

	for (i = 0; i < n_set; i++) {
		const config_setting_t *at;
		const struct setting *setting;

		at = config_setting_get_elem(group, (unsigned int)i);
		setting = find(settings, config_setting_name(at));
		if (!setting)
			return wrong(why, at,
				     "%s: there is no such setting; see %s",
				     config_setting_name(at), settings->manual);
		if (setting->kind == OTHER ?
		    settings->other(into, at, why) :
		    read_setting(into, setting, at, why))
			return -1;
	}
	return 0;
}

/**
 * settings_free() - give back what settings_read() took
 * @settings: the table
 * @into: filled by it
 */
void settings_free(const struct settings *settings, void *into)
{
	size_t i;

	for (i = 0; i < settings->n; i++) {
		void *place = place_of(into, &settings->at[i]);

		if (settings->at[i].kind == FILE_NAME || settings->at[i].kind == WORDS)
			free(*(char **)place);
		else if (settings->at[i].kind == ADDRESSES)
			free(((struct addresses *)place)->at);
	}
}
