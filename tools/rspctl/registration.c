// SPDX-License-Identifier: GPL-2.0
/*
 * Elements for which sockets of this host listen: what an agent is asked, and
 * its answers, for an operator who is the agent.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/genetlink.h>
#include <string.h>

#include "../lib/print.h"
#include "rspctl.h"

/**
 * registration_show() - print a registration
 * @nlh: of register-get or register
 */
void registration_show(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[RSERPOOL_A_ELEMENT_MAX + 1];
	const struct nlattr *left;

	pe_show_config(nlh);
	attrs_read(nlh, attrs, RSERPOOL_A_ELEMENT_MAX);
	print_string("listener", " listener %s",
		     name_of(listener_names,
			     attr_u32(attrs[RSERPOOL_A_ELEMENT_LISTENER])));
	left = attrs[RSERPOOL_A_ELEMENT_LEFT_MS];
	if (left)
		print_uint("left-ms", " within %" PRIu64 "ms", attr_u32(left));
}

static int show_line(const struct nlmsghdr *nlh, void *data)
{
	(void)data;
	print_object_begin(NULL);
	registration_show(nlh);
	print_text("\n");
	print_object_end();
	return 0;
}

static int show(struct words *words)
{
	if (no_more(words))
		return EXIT_USAGE;
	return show_table(RSERPOOL_CMD_REGISTER_GET, show_line);
}

static const struct {
	const char *name;
	uint32_t result;
} errors[] = {
	{ "access", EACCES },
	{ "id", EADDRINUSE },
	{ "policy", EPROTOTYPE },
	{ "use", EPROTONOSUPPORT },
	{ "resources", ENOSPC },
	{ "registrar", EHOSTUNREACH },
};

static int take_error(struct words *words, uint32_t *result)
{
	const char *names[sizeof(errors) / sizeof(errors[0]) + 1];
	const char *word;
	size_t i;
	int found;

	if (take_value(words, "error", &word))
		return EXIT_USAGE;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		names[i] = errors[i].name;
	names[i] = NULL;
	found = pick(word, "reason to refuse", names);
	if (found < 0)
		return EXIT_USAGE;
	*result = errors[found].result;
	return 0;
}

/**
 * struct answer - what a command says of a registration
 * @handle: the pool
 * @id: PE identifier
 * @home: home registrar, 0: it says nothing of that
 * @result: errno of a refusal
 */
struct answer {
	struct handle handle;
	uint32_t id;
	uint32_t home;
	uint32_t result;
};

/* pool NAME id ID, and @further with its value if the command knows that word. */
static int take_answer(struct words *words, const char *further,
		       int (*take)(struct words *words, struct answer *answer),
		       struct answer *answer)
{
	const char *const keywords[] = { "pool", "id", further, NULL };
	bool has_handle = false;
	int key, ret;

	while (words->n) {
		key = pick(*words->at, "keyword of this command", keywords);
		if (key < 0)
			return EXIT_USAGE;
		words->at++;
		words->n--;
		switch (key) {
		case 0:
			ret = take_handle(words, "pool", &answer->handle);
			has_handle = true;
			break;
		case 1:
			ret = take_u32(words, "id", &answer->id);
			break;
		default:
			ret = take(words, answer);
			break;
		}
		if (ret)
			return EXIT_USAGE;
	}
	if (!has_handle)
		return complain("whose? say: pool NAME");
	if (!answer->id)
		return complain("which one? say: id ID; see: rspctl registration show");
	return 0;
}

static int take_refusal(struct words *words, struct answer *answer)
{
	return take_error(words, &answer->result);
}

static int take_home(struct words *words, struct answer *answer)
{
	return take_u32(words, "home", &answer->home);
}

static struct nlmsghdr *about(uint8_t cmd, const struct answer *answer)
{
	struct nlmsghdr *nlh = request(cmd, 0);

	if (!nlh)
		return NULL;
	put_handle(nlh, RSERPOOL_A_ELEMENT_HANDLE, &answer->handle);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, answer->id);
	return nlh;
}

static int answer_send(const struct answer *answer)
{
	struct nlmsghdr *nlh = about(RSERPOOL_CMD_REGISTER_DONE, answer);

	if (!nlh)
		return EXIT_KERNEL;
	if (answer->result)
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_RESULT,
				 answer->result);
	return nl_talk(&ctl.client, nlh, NULL, NULL) ?
	       kernel_error("see: rspctl registration show") : 0;
}

static int done(struct words *words)
{
	struct answer answer = { .result = 0 };

	return take_answer(words, NULL, NULL, &answer) ? EXIT_USAGE :
							 answer_send(&answer);
}

static int refuse(struct words *words)
{
	struct answer answer = { .result = EACCES };

	return take_answer(words, "error", take_refusal, &answer) ?
	       EXIT_USAGE : answer_send(&answer);
}

static int show_alive(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_ELEMENT_MAX + 1];

	(void)data;
	attrs_read(nlh, attrs, RSERPOOL_A_ELEMENT_MAX);
	print_object_begin(NULL);
	show_handle("pool", "pool %s", attrs[RSERPOOL_A_ELEMENT_HANDLE]);
	show_pe_id("id", " id %s", attrs[RSERPOOL_A_ELEMENT_ID]);
	print_text(" is alive\n");
	print_object_end();
	return 0;
}

static int keep_alive(struct words *words)
{
	struct answer answer = { .home = 0 };
	struct nlmsghdr *nlh;

	if (take_answer(words, "home", take_home, &answer))
		return EXIT_USAGE;
	nlh = about(RSERPOOL_CMD_KEEP_ALIVE, &answer);
	if (!nlh)
		return EXIT_KERNEL;
	if (answer.home)
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_HOME, answer.home);
	return nl_talk(&ctl.client, nlh, show_alive, NULL) ?
	       kernel_error("see: rspctl registration show") : 0;
}

const struct command registration_commands[] = {
	{ .name = "show", .run = show, .usage = "" },
	{ .name = "done", .run = done, .usage = "pool NAME id ID" },
	{
		.name = "refuse", .run = refuse,
		.usage = "pool NAME id ID\n"
			 "\t[ error { access | id | policy | use | resources | registrar } ]"
	},
	{
		.name = "keep-alive", .run = keep_alive,
		.usage = "pool NAME id ID [ home ID ]"
	},
	{ .name = NULL }
};
