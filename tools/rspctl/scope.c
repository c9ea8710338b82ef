// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../lib/print.h"
#include "rspctl.h"

static const struct {
	const char *name;
	uint16_t type;
	bool is_time;
} settings[] = {
	{ "pools-max", RSERPOOL_A_SCOPE_POOLS_MAX, false },
	{ "elements-max", RSERPOOL_A_SCOPE_ELEMENTS_MAX, false },
	{ "sessions-max", RSERPOOL_A_SCOPE_SESSIONS_MAX, false },
	{ "resolutions-max", RSERPOOL_A_SCOPE_RESOLUTIONS_MAX, false },
	{ "replay-max", RSERPOOL_A_SCOPE_REPLAY_MAX, false },
	{ "avoid-min", RSERPOOL_A_SCOPE_AVOID_MIN, true },
	{ "avoid-max", RSERPOOL_A_SCOPE_AVOID_MAX, true },
	{ "resolve-timeout", RSERPOOL_A_SCOPE_RESOLVE_TIMEOUT, true },
	{ "register-timeout", RSERPOOL_A_SCOPE_REGISTER_TIMEOUT, true },
	{ "cookie-window", RSERPOOL_A_SCOPE_COOKIE_WINDOW, true },
	{ "unreachable-rate", RSERPOOL_A_SCOPE_UNREACHABLE_RATE, false },
	{ "unreachable-burst", RSERPOOL_A_SCOPE_UNREACHABLE_BURST, false },
	{ "unreachable-pe-rate", RSERPOOL_A_SCOPE_UNREACHABLE_PE_RATE, false },
	{ "unreachable-pe-burst", RSERPOOL_A_SCOPE_UNREACHABLE_PE_BURST,
	  false },
	{ "client", RSERPOOL_A_SCOPE_CLIENT, false },
	{ "handshake-timeout", RSERPOOL_A_SCOPE_HANDSHAKE_TIMEOUT, true },
	{ "records-max", RSERPOOL_A_SCOPE_RECORDS_MAX, false },
};

#define N_SETTINGS	(sizeof(settings) / sizeof(settings[0]))

static const char *const keywords[] = {
	"pools-max", "elements-max", "sessions-max", "resolutions-max",
	"replay-max", "avoid-min", "avoid-max", "resolve-timeout",
	"register-timeout", "cookie-window", "unreachable-rate",
	"unreachable-burst", "unreachable-pe-rate", "unreachable-pe-burst",
	"client", "handshake-timeout", "records-max", "name", "pe-id-range", "registration",
	"pe-group-range", "mode", "auth", NULL
};

static void show_name(const struct nlattr *attr)
{
	char text[HANDLE_TEXT_MAX] = "";
	size_t len = 0;

	if (attr)
		len = strnlen(mnl_attr_get_payload(attr),
			      mnl_attr_get_payload_len(attr));
	if (len && len <= RSERPOOL_SCOPE_NAME_MAX)
		format_handle(mnl_attr_get_payload(attr), len, text);
	print_string("name", text[0] ? " name %s" : NULL, text);
}

static void show_groups(const struct nlattr **attrs)
{
	uint32_t min = attr_u32(attrs[RSERPOOL_A_SCOPE_PE_GROUP_MIN]);
	uint32_t max = attr_u32(attrs[RSERPOOL_A_SCOPE_PE_GROUP_MAX]);
	bool none = min > max;

	print_text(none ? " pe-group-range none" : " pe-group-range ");
	print_uint("pe-group-min", none ? NULL : "%" PRIu64, min);
	print_uint("pe-group-max", none ? NULL : "-%" PRIu64, max);
}

/**
 * scope_show_settings() - print a scope's settings as scope set reads them
 * @nlh: of scope-get
 */
void scope_show_settings(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[RSERPOOL_A_SCOPE_MAX + 1];
	char text[TIME_TEXT_MAX], key[32];
	uint32_t value;
	size_t i;

	attrs_read(nlh, attrs, RSERPOOL_A_SCOPE_MAX);
	show_name(attrs[RSERPOOL_A_SCOPE_NAME]);
	for (i = 0; i < N_SETTINGS; i++) {
		value = attr_u32(attrs[settings[i].type]);
		print_text(" %s", settings[i].name);
		if (!settings[i].is_time) {
			print_uint(settings[i].name, " %" PRIu64, value);
			continue;
		}
		snprintf(key, sizeof(key), "%s-ms", settings[i].name);
		format_time(value, text);
		print_text(" %s", text);
		if (print_json())
			print_uint(key, NULL, value);
	}
	show_pe_id("pe-id-min", " pe-id-range %s-",
		   attrs[RSERPOOL_A_SCOPE_PE_ID_MIN]);
	show_pe_id("pe-id-max", "%s", attrs[RSERPOOL_A_SCOPE_PE_ID_MAX]);
	print_string("registration", " registration %s",
		     name_of(registration_names,
			     attr_u32(attrs[RSERPOOL_A_SCOPE_REGISTRATION])));
	show_groups(attrs);
	print_string("mode", " mode %s",
		     name_of(mode_names,
			     attr_u32(attrs[RSERPOOL_A_SCOPE_MODE])));
	print_string("auth", " auth %s",
		     name_of(auth_names,
			     attr_u32(attrs[RSERPOOL_A_SCOPE_AUTH])));
}

static int show_line(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_SCOPE_MAX + 1];

	(void)data;
	attrs_read(nlh, attrs, RSERPOOL_A_SCOPE_MAX);
	print_object_begin(NULL);
	print_text("scope");
	scope_show_settings(nlh);
	print_uint("pools", "\n    pools %" PRIu64,
		   attr_u32(attrs[RSERPOOL_A_SCOPE_POOLS]));
	print_uint("elements", " elements %" PRIu64,
		   attr_u32(attrs[RSERPOOL_A_SCOPE_ELEMENTS]));
	print_uint("sessions", " sessions %" PRIu64,
		   attr_u32(attrs[RSERPOOL_A_SCOPE_SESSIONS]));
	print_uint("resolutions", " resolutions %" PRIu64,
		   attr_u32(attrs[RSERPOOL_A_SCOPE_RESOLUTIONS]));
	print_uint("replay", " replay %" PRIu64,
		   attr_uint(attrs[RSERPOOL_A_SCOPE_REPLAY]));
	print_uint("keys", " keys %" PRIu64,
		   attr_u32(attrs[RSERPOOL_A_SCOPE_KEYS]));
	print_bool("syncing", " syncing", attrs[RSERPOOL_A_SCOPE_SYNCING]);
	print_text("\n");
	print_object_end();
	return 0;
}

static int show(struct words *words)
{
	struct nlmsghdr *nlh;

	if (no_more(words))
		return EXIT_USAGE;
	nlh = request(RSERPOOL_CMD_SCOPE_GET, 0);
	if (!nlh)
		return EXIT_KERNEL;
	return nl_talk(&ctl.client, nlh, show_line, NULL) ?
	       kernel_error(NULL) : 0;
}

static int put_name(struct words *words, struct nlmsghdr *nlh)
{
	char name[RSERPOOL_SCOPE_NAME_MAX + 1] = "";
	struct handle handle = { .len = 0 };
	const char *word, *expected;

	if (take_value(words, "name", &word))
		return EXIT_USAGE;
	expected = *word ? parse_handle(word, &handle) : NULL;
	if (expected || handle.len > RSERPOOL_SCOPE_NAME_MAX ||
	    memchr(handle.octets, '\0', handle.len))
		return complain("name \"%s\": a scope's name has at most %d octets, none of them 0",
				word, RSERPOOL_SCOPE_NAME_MAX);
	memcpy(name, handle.octets, handle.len);
	mnl_attr_put_strz(nlh, RSERPOOL_A_SCOPE_NAME, name);
	return 0;
}

static int put_range(struct words *words, struct nlmsghdr *nlh)
{
	uint32_t min = 0, max = 0;
	const char *word, *dash;
	char first[16] = "";

	if (take_value(words, "pe-id-range", &word))
		return EXIT_USAGE;
	dash = strchr(word, '-');
	if (dash && (size_t)(dash - word) < sizeof(first))
		memcpy(first, word, (size_t)(dash - word));
	if (!dash || parse_u32(first, &min) || parse_u32(dash + 1, &max) ||
	    !min || min > max)
		return complain("pe-id-range \"%s\": MIN-MAX is expected, from 1 up, as 0x1000-0x1fff",
				word);
	mnl_attr_put_u32(nlh, RSERPOOL_A_SCOPE_PE_ID_MIN, min);
	mnl_attr_put_u32(nlh, RSERPOOL_A_SCOPE_PE_ID_MAX, max);
	return 0;
}

static int put_groups(struct words *words, struct nlmsghdr *nlh)
{
	uint32_t min = 1, max = 0;
	const char *word, *dash;
	char first[16] = "";

	if (take_value(words, "pe-group-range", &word))
		return EXIT_USAGE;
	dash = strchr(word, '-');
	if (dash && (size_t)(dash - word) < sizeof(first))
		memcpy(first, word, (size_t)(dash - word));
	if (strcmp(word, "none") &&
	    (!dash || parse_u32(first, &min) || parse_u32(dash + 1, &max) ||
	     min > max))
		return complain("pe-group-range \"%s\": MIN-MAX is expected, as 100-199, or none",
				word);
	mnl_attr_put_u32(nlh, RSERPOOL_A_SCOPE_PE_GROUP_MIN, min);
	mnl_attr_put_u32(nlh, RSERPOOL_A_SCOPE_PE_GROUP_MAX, max);
	return 0;
}

static int put_registration(struct words *words, struct nlmsghdr *nlh)
{
	return put_named(words, nlh, "registration", "way to register",
			 registration_names, RSERPOOL_A_SCOPE_REGISTRATION);
}

static int put_mode(struct words *words, struct nlmsghdr *nlh)
{
	return put_named(words, nlh, "mode", "mode", mode_names,
			 RSERPOOL_A_SCOPE_MODE);
}

static int put_auth(struct words *words, struct nlmsghdr *nlh)
{
	return put_named(words, nlh, "auth", "way to know each other",
			 auth_names, RSERPOOL_A_SCOPE_AUTH);
}

/* Keywords behind those of @settings. */
static int (*const others[])(struct words *words, struct nlmsghdr *nlh) = {
	put_name, put_range, put_registration, put_groups, put_mode, put_auth
};

static int put_setting(struct words *words, struct nlmsghdr *nlh)
{
	uint32_t value;
	int key, ret;

	key = pick(*words->at, "keyword of the scope", keywords);
	if (key < 0)
		return EXIT_USAGE;
	words->at++;
	words->n--;
	if (key >= (int)N_SETTINGS)
		return others[key - (int)N_SETTINGS](words, nlh);
	ret = settings[key].is_time ?
	      take_time(words, keywords[key], &value) :
	      take_u32(words, keywords[key], &value);
	if (ret)
		return ret;
	if (settings[key].is_time &&
	    (!value || value > RSERPOOL_MILLISECONDS_MAX))
		return complain("%s: from 1ms to 1h", keywords[key]);
	mnl_attr_put_u32(nlh, settings[key].type, value);
	return 0;
}

static int set(struct words *words)
{
	struct nlmsghdr *nlh;
	int ret;

	if (!words->n)
		return complain("what shall be set? see: rspctl scope help");
	nlh = request(RSERPOOL_CMD_SCOPE_SET, 0);
	if (!nlh)
		return EXIT_KERNEL;
	ctl.pe_id_min = 0;
	while (words->n) {
		ret = put_setting(words, nlh);
		if (ret)
			return ret;
	}
	return nl_talk(&ctl.client, nlh, NULL, NULL) ?
	       kernel_error("see: rspctl scope show") : 0;
}

static int read_range(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_SCOPE_MAX + 1];
	uint32_t *range = data;

	attrs_read(nlh, attrs, RSERPOOL_A_SCOPE_MAX);
	range[0] = attr_u32(attrs[RSERPOOL_A_SCOPE_PE_ID_MIN]);
	range[1] = attr_u32(attrs[RSERPOOL_A_SCOPE_PE_ID_MAX]);
	return 0;
}

/**
 * scope_pe_id_range() - ask for the range that identifiers are picked from
 * @min: the least
 * @max: the largest
 *
 * Return: 0, or the exit status after a complaint.
 */
int scope_pe_id_range(uint32_t *min, uint32_t *max)
{
	uint32_t range[2] = { 0, 0 };
	struct nlmsghdr *nlh;

	nlh = request(RSERPOOL_CMD_SCOPE_GET, 0);
	if (!nlh)
		return EXIT_KERNEL;
	if (nl_talk(&ctl.client, nlh, read_range, range))
		return kernel_error(NULL);
	*min = range[0] ? range[0] : 1;
	*max = range[1] >= *min ? range[1] : UINT32_MAX;
	return 0;
}

const struct command scope_commands[] = {
	{ .name = "show", .run = show, .usage = "" },
	{
		.name = "set", .run = set,
		.usage = "[ name NAME ] [ pools-max N ] [ elements-max N ]\n"
			 "\t[ sessions-max N ] [ resolutions-max N ]\n"
			 "\t[ replay-max OCTETS ] [ avoid-min TIME ] [ avoid-max TIME ]\n"
			 "\t[ resolve-timeout TIME ] [ register-timeout TIME ]\n"
			 "\t[ cookie-window TIME ]\n"
			 "\t[ unreachable-rate N ] [ unreachable-burst N ]\n"
			 "\t[ unreachable-pe-rate N ] [ unreachable-pe-burst N ]\n"
			 "\t[ pe-id-range MIN-MAX ] [ registration { auto | own } ]\n"
			 "\t[ pe-group-range { MIN-MAX | none } ]\n"
			 "\t[ mode { plain | secure } ] [ auth { none | psk | x509 } ]\n"
			 "\t[ client N ] [ handshake-timeout TIME ] [ records-max N ]"
	},
	{ .name = NULL }
};
