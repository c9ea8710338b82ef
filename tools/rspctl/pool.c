// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <string.h>

#include "../lib/print.h"
#include "rspctl.h"

#define COOKIE_KEY_MIN	16

/**
 * pool_show() - print a pool
 * @nlh: of pool-get, or of what tells of a change
 */
void pool_show(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[RSERPOOL_A_POOL_MAX + 1];
	uint32_t identify;

	attrs_read(nlh, attrs, RSERPOOL_A_POOL_MAX);
	show_handle("pool", "%s", attrs[RSERPOOL_A_POOL_HANDLE]);
	print_string("policy", " policy %s",
		     policy_name(attr_u32(attrs[RSERPOOL_A_POOL_POLICY])));
	print_string("fin", " fin %s",
		     name_of(fin_names, attr_u32(attrs[RSERPOOL_A_POOL_FIN])));
	print_string("failover", " failover %s",
		     name_of(failover_names,
			     attr_u32(attrs[RSERPOOL_A_POOL_FAILOVER])));
	identify = attr_u32(attrs[RSERPOOL_A_POOL_IDENTIFY]);
	print_string("identify", identify ? " identify %s" : NULL,
		     name_of(identify_names, identify));
	if (attrs[RSERPOOL_A_POOL_TLS_NAME])
		print_string("tls-name", " tls-name %s",
			     mnl_attr_get_str(attrs[RSERPOOL_A_POOL_TLS_NAME]));
	print_uint("cookie-keys",
		   attr_u32(attrs[RSERPOOL_A_POOL_COOKIE_KEYS]) ?
		   " cookie-keys %" PRIu64 : NULL,
		   attr_u32(attrs[RSERPOOL_A_POOL_COOKIE_KEYS]));
	print_uint("elements", " elements %" PRIu64,
		   attr_u32(attrs[RSERPOOL_A_POOL_ELEMENTS]));
	print_uint("avoided", " avoided %" PRIu64,
		   attr_u32(attrs[RSERPOOL_A_POOL_AVOIDED]));
	print_uint("sessions", ctl.stats ? " sessions %" PRIu64 : NULL,
		   attr_u32(attrs[RSERPOOL_A_POOL_SESSIONS]));
	print_bool("explicit", " explicit", attrs[RSERPOOL_A_POOL_EXPLICIT]);
}

static int show_line(const struct nlmsghdr *nlh, void *data)
{
	(void)data;
	print_object_begin(NULL);
	pool_show(nlh);
	print_text("\n");
	print_object_end();
	return 0;
}

static int refused(const struct handle *handle)
{
	char name[HANDLE_TEXT_MAX];

	format_handle(handle->octets, handle->len, name);
	switch (ctl.client.error.err) {
	case EEXIST:
		return kernel_error("to change it: rspctl pool set %s", name);
	case ENOENT:
		return *name == '-' ? kernel_error(OPTIONS_FIRST, name) :
				      kernel_error("see: rspctl pool show");
	default:
		return kernel_error("see: rspctl pool show %s", name);
	}
}

static int show_one(struct words *words)
{
	struct handle handle;
	struct nlmsghdr *nlh;
	int ret = 0;

	if (take_handle(words, "pool", &handle) || no_more(words))
		return EXIT_USAGE;
	nlh = request(RSERPOOL_CMD_POOL_GET, 0);
	if (!nlh)
		return EXIT_KERNEL;
	put_handle(nlh, RSERPOOL_A_POOL_HANDLE, &handle);
	print_array_begin(NULL);
	if (nl_talk(&ctl.client, nlh, show_line, NULL))
		ret = refused(&handle);
	print_array_end();
	return ret;
}

static int show(struct words *words)
{
	if (words->n)
		return show_one(words);
	return show_table(RSERPOOL_CMD_POOL_GET, show_line);
}

/* Settings whose value is a word; the others are behind them. */
static const struct {
	const char *what;
	const char *const *names;
	uint16_t type;
} settings[] = {
	{ "meaning of a FIN", fin_names, RSERPOOL_A_POOL_FIN },
	{ "failover mode", failover_names, RSERPOOL_A_POOL_FAILOVER },
	{ "one to be identified", identify_names, RSERPOOL_A_POOL_IDENTIFY },
};

static const char *const keywords[] = {
	"fin", "failover", "identify", "policy", "cookie-key", "tls-name", NULL
};

#define N_SETTINGS	(sizeof(settings) / sizeof(settings[0]))

/* All octets of a file are the key; what ends a line too. */
static int put_cookie_key(struct words *words, struct nlmsghdr *nlh)
{
	char key[RSERPOOL_COOKIE_KEY_MAX + 1];
	const char *name;
	size_t len = 0;
	FILE *file;
	int ret = 0;

	if (take_value(words, "cookie-key", &name))
		return EXIT_USAGE;
	if (!is_word(name, "none")) {
		file = fopen(name, "re");
		if (!file)
			return complain("cookie-key %s: %s", name,
					strerror(errno));
		setvbuf(file, NULL, _IONBF, 0);
		len = fread(key, 1, sizeof(key), file);
		if (ferror(file) || len < COOKIE_KEY_MIN ||
		    len > RSERPOOL_COOKIE_KEY_MAX)
			ret = complain("cookie-key %s: the file must have %d to %d octets",
				       name, COOKIE_KEY_MIN,
				       RSERPOOL_COOKIE_KEY_MAX);
		fclose(file);
	}
	if (!ret)
		mnl_attr_put(nlh, RSERPOOL_A_POOL_COOKIE_KEY, len, key);
	explicit_bzero(key, sizeof(key));
	return ret;
}

/* Whether it is a name is the kernel's to say. */
static int put_tls_name(struct words *words, struct nlmsghdr *nlh)
{
	const char *name;

	if (take_value(words, "tls-name", &name))
		return EXIT_USAGE;
	if (strlen(name) > RSERPOOL_TLS_NAME_MAX)
		return complain("tls-name: it has %d octets at most",
				RSERPOOL_TLS_NAME_MAX);
	mnl_attr_put_strz(nlh, RSERPOOL_A_POOL_TLS_NAME,
			  is_word(name, "none") ? "" : name);
	return 0;
}

static int put_setting(struct words *words, struct nlmsghdr *nlh)
{
	uint32_t policy;
	int key;

	key = pick(*words->at, "keyword of a pool", keywords);
	if (key < 0)
		return EXIT_USAGE;
	words->at++;
	words->n--;
	if (key == N_SETTINGS) {
		if (take_policy(words, &policy))
			return EXIT_USAGE;
		mnl_attr_put_u32(nlh, RSERPOOL_A_POOL_POLICY, policy);
		return 0;
	}
	if (key == N_SETTINGS + 1)
		return put_cookie_key(words, nlh);
	if (key > (int)N_SETTINGS)
		return put_tls_name(words, nlh);
	return put_named(words, nlh, keywords[key], settings[key].what,
			 settings[key].names, settings[key].type);
}

/* @cmd and, where that finds a pool there already, @cmd2 if not 0. */
static int configure(struct words *words, uint8_t cmd, uint8_t cmd2)
{
	struct genlmsghdr *genl;
	struct handle handle;
	struct nlmsghdr *nlh;
	int ret;

	if (take_handle(words, "pool", &handle))
		return EXIT_USAGE;
	nlh = request(cmd, 0);
	if (!nlh)
		return EXIT_KERNEL;
	put_handle(nlh, RSERPOOL_A_POOL_HANDLE, &handle);
	while (words->n)
		if (put_setting(words, nlh))
			return EXIT_USAGE;
	ret = nl_talk(&ctl.client, nlh, NULL, NULL);
	if (ret == -EEXIST && cmd2) {
		genl = mnl_nlmsg_get_payload(nlh);
		genl->cmd = cmd2;
		ret = nl_talk(&ctl.client, nlh, NULL, NULL);
	}
	return ret ? refused(&handle) : 0;
}

static int add(struct words *words)
{
	return configure(words, RSERPOOL_CMD_POOL_NEW,
			 ctl.sync ? RSERPOOL_CMD_POOL_SET : 0);
}

static int set(struct words *words)
{
	if (words->n == 1)
		return complain("what shall be set? say policy, fin, failover, identify, cookie-key or tls-name");
	return configure(words, RSERPOOL_CMD_POOL_SET, 0);
}

static int show_severed(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_POOL_MAX + 1];

	(void)data;
	attrs_read(nlh, attrs, RSERPOOL_A_POOL_MAX);
	print_object_begin(NULL);
	print_uint("severed", "severed %" PRIu64 "\n",
		   attr_u32(attrs[RSERPOOL_A_POOL_SEVERED]));
	print_object_end();
	return 0;
}

static int del(struct words *words)
{
	struct handle handle;
	struct nlmsghdr *nlh;
	bool now = false;

	if (take_handle(words, "pool", &handle))
		return EXIT_USAGE;
	if (words->n && is_word(*words->at, "now")) {
		now = true;
		words->at++;
		words->n--;
	}
	if (no_more(words))
		return EXIT_USAGE;
	nlh = request(RSERPOOL_CMD_POOL_DEL, 0);
	if (!nlh)
		return EXIT_KERNEL;
	put_handle(nlh, RSERPOOL_A_POOL_HANDLE, &handle);
	if (now)
		mnl_attr_put(nlh, RSERPOOL_A_POOL_NOW, 0, NULL);
	return nl_talk(&ctl.client, nlh, now ? show_severed : NULL, NULL) ?
	       refused(&handle) : 0;
}

const struct command pool_commands[] = {
	{ .name = "show", .run = show, .usage = "[ NAME ]" },
	{
		.name = "add", .run = add,
		.usage = "NAME [ policy POLICY ] [ fin { eof | failure } ]\n"
			 "\t[ failover { notify | auto | off | default } ]\n"
			 "\t[ identify { none | client | pe | both } ]\n"
			 "\t[ cookie-key { FILE | none } ] [ tls-name { NAME | none } ]"
	},
	{
		.name = "set", .run = set,
		.usage = "NAME [ policy POLICY ] [ fin { eof | failure } ]\n"
			 "\t[ failover { notify | auto | off | default } ]\n"
			 "\t[ identify { none | client | pe | both } ]\n"
			 "\t[ cookie-key { FILE | none } ] [ tls-name { NAME | none } ]"
	},
	{ .name = "del", .run = del, .usage = "NAME [ now ]" },
	{ .name = NULL }
};
