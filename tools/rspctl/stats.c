// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../lib/print.h"
#include "rspctl.h"

static int show_counter(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_COUNTER_MAX + 1], *attr;
	char name[RSERPOOL_COUNTER_NAME_MAX + 1];
	const bool *zeros = data;
	uint64_t value;

	attrs_read(nlh, attrs, RSERPOOL_A_COUNTER_MAX);
	attr = attrs[RSERPOOL_A_COUNTER_NAME];
	value = attr_uint(attrs[RSERPOOL_A_COUNTER_VALUE]);
	if (!attr || (!value && !*zeros))
		return 0;
	snprintf(name, sizeof(name), "%.*s",
		 (int)mnl_attr_get_payload_len(attr), mnl_attr_get_str(attr));
	print_text("%-31s ", name);
	print_uint(name, "%" PRIu64 "\n", value);
	return 0;
}

static int take_zero(struct words *words, bool *zeros)
{
	static const char *const whens[] = { "always", "never", NULL };
	const char *word;
	int when;

	if (take_value(words, "zero", &word))
		return EXIT_USAGE;
	when = pick(word, "value of zero", whens);
	*zeros = !when;
	return when < 0 ? EXIT_USAGE : 0;
}

static int show(struct words *words)
{
	static const char *const keywords[] = { "zero", NULL };
	struct nlmsghdr *nlh;
	bool zeros = true;
	int ret;

	while (words->n) {
		if (pick(*words->at, "keyword of this command", keywords) < 0)
			return EXIT_USAGE;
		words->at++;
		words->n--;
		if (take_zero(words, &zeros))
			return EXIT_USAGE;
	}
	nlh = request(RSERPOOL_CMD_STATS_GET, 0);
	if (!nlh)
		return EXIT_KERNEL;
	print_object_begin(NULL);
	ret = dump(nlh, show_counter, &zeros);
	print_object_end();
	return ret;
}

const struct command stats_commands[] = {
	{ .name = "show", .run = show, .usage = "[ zero { always | never } ]" },
	{ .name = NULL }
};
