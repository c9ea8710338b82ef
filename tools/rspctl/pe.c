// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <linux/genetlink.h>
#include <string.h>

#include "../lib/print.h"
#include "rspctl.h"

static void show_time(const char *key, const char *fmt, uint64_t ms)
{
	char text[TIME_TEXT_MAX];

	format_time(ms, text);
	if (print_json())
		print_uint(key, NULL, ms);
	else
		print_string(NULL, fmt, text);
}

static void show_load(const char *key, const char *fmt,
		      const struct nlattr *attr)
{
	char text[LOAD_TEXT_MAX];

	if (!attr)
		return;
	format_load(attr_u32(attr), text);
	if (print_json())
		print_uint(key, NULL, attr_u32(attr));
	else
		print_string(NULL, fmt, text);
}

static void show_policy(const struct nlattr **attrs)
{
	const struct nlattr *attr;

	print_string("policy", " policy %s",
		     policy_name(attr_u32(attrs[RSERPOOL_A_ELEMENT_POLICY])));
	attr = attrs[RSERPOOL_A_ELEMENT_WEIGHT];
	if (attr)
		print_uint("weight", " weight %" PRIu64, attr_u32(attr));
	attr = attrs[RSERPOOL_A_ELEMENT_PRIORITY];
	if (attr)
		print_uint("priority", " priority %" PRIu64, attr_u32(attr));
	show_load("load", " load %s", attrs[RSERPOOL_A_ELEMENT_LOAD]);
	show_load("degradation", " degradation %s",
		  attrs[RSERPOOL_A_ELEMENT_DEGRADATION]);
}

static uint32_t transport_use(const struct nlattr *transport)
{
	const struct nlattr *attrs[RSERPOOL_A_TRANSPORT_MAX + 1];

	nest_read(transport, attrs, RSERPOOL_A_TRANSPORT_MAX);
	return attr_u32(attrs[RSERPOOL_A_TRANSPORT_USE]);
}

/* Text leaves out what pe add assumes. All addresses have one use. */
static void show_transports(const struct nlmsghdr *nlh)
{
	uint32_t use = RSP_TRANSPORT_USE_DATA_ONLY;
	const struct nlattr *attr;

	print_array_begin("tcp");
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != RSERPOOL_A_ELEMENT_TRANSPORT)
			continue;
		show_transport(NULL, " tcp %s", attr);
		use = transport_use(attr);
	}
	print_array_end();
	print_string("use",
		     use == RSP_TRANSPORT_USE_DATA_ONLY ? NULL : " use %s",
		     name_of(use_names, use));
}

/**
 * pe_show_config() - print an element as pe add reads it
 * @nlh: of element-get, or of what tells of a change
 */
void pe_show_config(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[RSERPOOL_A_ELEMENT_MAX + 1];
	uint32_t value;

	attrs_read(nlh, attrs, RSERPOOL_A_ELEMENT_MAX);
	show_handle("pool", "pool %s", attrs[RSERPOOL_A_ELEMENT_HANDLE]);
	show_pe_id("id", " id %s", attrs[RSERPOOL_A_ELEMENT_ID]);
	show_transports(nlh);
	show_policy(attrs);
	value = attr_u32(attrs[RSERPOOL_A_ELEMENT_LIFETIME]);
	if (value)
		show_time("lifetime-ms", " lifetime %s", value);
	if (attr_u32(attrs[RSERPOOL_A_ELEMENT_HOME]))
		show_pe_id("home", " home %s",
			   attrs[RSERPOOL_A_ELEMENT_HOME]);
}

static void show_avoided(const struct nlattr **attrs)
{
	uint32_t avoid = attr_u32(attrs[RSERPOOL_A_ELEMENT_AVOID]);

	print_string("avoid", avoid ? "\n    avoided: %s" : NULL,
		     name_of(avoid_names, avoid));
	if (avoid == RSERPOOL_AVOID_FAILED)
		show_time("avoid-ms", ", for %s more",
			  attr_u32(attrs[RSERPOOL_A_ELEMENT_AVOID_MS]));
	if (avoid == RSERPOOL_AVOID_DRAIN)
		print_text(", sessions left %u; ends with: pe drain ... off",
			   attr_u32(attrs[RSERPOOL_A_ELEMENT_SESSIONS]));
}

/**
 * pe_show() - print an element
 * @nlh: of element-get, or of what tells of a change
 */
void pe_show(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[RSERPOOL_A_ELEMENT_MAX + 1];
	const char *fmt;

	pe_show_config(nlh);
	attrs_read(nlh, attrs, RSERPOOL_A_ELEMENT_MAX);
	if (attrs[RSERPOOL_A_ELEMENT_EXPIRES_MS])
		show_time("expires-ms", " expires in %s",
			  attr_u32(attrs[RSERPOOL_A_ELEMENT_EXPIRES_MS]));
	if (attrs[RSERPOOL_A_ELEMENT_LISTENER])
		print_string("listener", " listener %s",
			     name_of(listener_names,
				     attr_u32(attrs[RSERPOOL_A_ELEMENT_LISTENER])));
	show_avoided(attrs);
	fmt = ctl.stats ? "\n    sessions %" PRIu64 : NULL;
	print_uint("sessions", fmt,
		   attr_u32(attrs[RSERPOOL_A_ELEMENT_SESSIONS]));
	fmt = ctl.stats ? " failures %" PRIu64 : NULL;
	print_uint("failures", fmt,
		   attr_u32(attrs[RSERPOOL_A_ELEMENT_FAILURES]));
}

static int show_line(const struct nlmsghdr *nlh, void *data)
{
	(void)data;
	print_object_begin(NULL);
	pe_show(nlh);
	print_text("\n");
	print_object_end();
	return 0;
}

/**
 * struct place - which element a command is about
 * @handle: its pool
 * @id: PE identifier
 * @has_handle: the pool was named
 * @has_id: the element was named
 * @word: the further word that the command takes was there
 */
struct place {
	struct handle handle;
	uint32_t id;
	bool has_handle;
	bool has_id;
	bool word;
};

/* pool NAME id ID, and @further if the command knows that word. */
static int take_place(struct words *words, const char *further,
		      struct place *place)
{
	const char *const keywords[] = { "pool", "id", further, NULL };
	int key;

	memset(place, 0, sizeof(*place));
	while (words->n) {
		key = pick(*words->at, "keyword of this command", keywords);
		if (key < 0)
			return EXIT_USAGE;
		words->at++;
		words->n--;
		if (key == 2) {
			place->word = true;
		} else if (!key) {
			if (take_handle(words, "pool", &place->handle))
				return EXIT_USAGE;
			place->has_handle = true;
		} else {
			if (take_u32(words, "id", &place->id))
				return EXIT_USAGE;
			if (!place->id)
				return complain("id: it is not 0");
			place->has_id = true;
		}
	}
	if (place->has_id && !place->has_handle)
		return complain("whose? say: pool NAME");
	return 0;
}

static int take_element(struct words *words, const char *further,
			struct place *place)
{
	if (take_place(words, further, place))
		return EXIT_USAGE;
	if (!place->has_handle)
		return complain("whose? say: pool NAME");
	if (!place->has_id)
		return complain("which one? say: id ID; see: rspctl pe show");
	return 0;
}

static void put_place(struct nlmsghdr *nlh, const struct place *place)
{
	if (place->has_handle)
		put_handle(nlh, RSERPOOL_A_ELEMENT_HANDLE, &place->handle);
	if (place->has_id)
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, place->id);
}

/* Whether the pool or the element is what is not there, the kernel says. */
static int refused(const struct nlmsghdr *nlh, const struct handle *handle)
{
	const struct nl_error *error = &ctl.client.error;
	char name[HANDLE_TEXT_MAX];

	if (error->err == ENOENT &&
	    error->offset == NLMSG_HDRLEN + GENL_HDRLEN &&
	    error->offset < nlh->nlmsg_len)
		return kernel_error("see: rspctl pool show");
	format_handle(handle->octets, handle->len, name);
	return kernel_error("see: rspctl pe show pool %s", name);
}

static int show(struct words *words)
{
	struct nlmsghdr *nlh;
	struct place place;
	int ret = 0;

	if (take_place(words, NULL, &place))
		return EXIT_USAGE;
	nlh = request(RSERPOOL_CMD_ELEMENT_GET, 0);
	if (!nlh)
		return EXIT_KERNEL;
	put_place(nlh, &place);
	print_array_begin(NULL);
	if (!place.has_id)
		ret = dump(nlh, show_line, NULL);
	else if (nl_talk(&ctl.client, nlh, show_line, NULL))
		ret = refused(nlh, &place.handle);
	print_array_end();
	return ret;
}

static int add(struct words *words)
{
	struct pe_config config;

	return pe_parse(words, true, &config) ? EXIT_USAGE :
						elements_add(&config);
}

static int set(struct words *words)
{
	struct pe_config config;
	struct nlmsghdr *nlh;

	if (pe_parse(words, false, &config))
		return EXIT_USAGE;
	nlh = request(RSERPOOL_CMD_ELEMENT_SET, 0);
	if (!nlh)
		return EXIT_KERNEL;
	pe_put(nlh, &config);
	return nl_talk(&ctl.client, nlh, NULL, NULL) ?
	       refused(nlh, &config.handle) : 0;
}

static int show_severed(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_ELEMENT_MAX + 1];

	(void)data;
	attrs_read(nlh, attrs, RSERPOOL_A_ELEMENT_MAX);
	print_object_begin(NULL);
	print_uint("severed", "severed %" PRIu64 "\n",
		   attr_u32(attrs[RSERPOOL_A_ELEMENT_SEVERED]));
	print_object_end();
	return 0;
}

static int del(struct words *words)
{
	struct nlmsghdr *nlh;
	struct place place;
	nl_fn fn = NULL;

	if (take_element(words, "now", &place))
		return EXIT_USAGE;
	nlh = request(RSERPOOL_CMD_ELEMENT_DEL, 0);
	if (!nlh)
		return EXIT_KERNEL;
	put_place(nlh, &place);
	if (place.word) {
		mnl_attr_put(nlh, RSERPOOL_A_ELEMENT_NOW, 0, NULL);
		fn = show_severed;
	}
	return nl_talk(&ctl.client, nlh, fn, NULL) ?
	       refused(nlh, &place.handle) : 0;
}

static int drain(struct words *words)
{
	struct nlmsghdr *nlh;
	struct place place;

	if (take_element(words, "off", &place))
		return EXIT_USAGE;
	nlh = request(RSERPOOL_CMD_ELEMENT_DRAIN, 0);
	if (!nlh)
		return EXIT_KERNEL;
	put_place(nlh, &place);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_DRAIN, !place.word);
	return nl_talk(&ctl.client, nlh, NULL, NULL) ?
	       refused(nlh, &place.handle) : 0;
}

const struct command pe_commands[] = {
	{ .name = "show", .run = show, .usage = "[ pool NAME [ id ID ] ]" },
	{
		.name = "add", .run = add, .gathers = true,
		.usage = "pool NAME [ id ID ] ADDRESS [ ADDRESS ]... [ use USE ]\n"
			 "\t[ policy POLICY ] [ PARAMETER ]... [ lifetime TIME ] [ home ID ]"
	},
	{
		.name = "set", .run = set,
		.usage = "pool NAME id ID [ ADDRESS ]... [ use USE ] [ PARAMETER ]...\n"
			 "\t[ lifetime TIME ] [ home ID ]"
	},
	{ .name = "del", .run = del, .usage = "pool NAME id ID [ now ]" },
	{ .name = "drain", .run = drain, .usage = "pool NAME id ID [ off ]" },
	{ .name = NULL }
};
