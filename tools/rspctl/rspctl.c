// SPDX-License-Identifier: GPL-2.0
/*
 * rspctl: pools, their elements and sessions. Options, objects, help.
 *
 *	lex.c words.c names.c		words of a command
 *	pe_config.c elements.c		what is said of elements, many a message
 *	scope.c pool.c pe.c registration.c session.c key.c stats.c monitor.c save.c
 *					an object each
 *	registrar.c			what enrpd and asapd say of themselves
 *	doctor.c doctor_*.c		what a secure scope needs
 *	batch.c				files of commands
 *	kernel.c show.c			requests, answers
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/print.h"
#include "rspctl.h"

struct rspctl ctl;

/**
 * struct object - what commands are about
 * @name: the word, of which a unique beginning will do
 * @commands: what can be done with it; the first when nothing is said
 * @run: instead of @commands
 * @usage: with @run, the rest of the words
 */
struct object {
	const char *name;
	const struct command *commands;
	int (*run)(struct words *words);
	const char *usage;
};

static int help(struct words *words);

static const struct object objects[] = {
	{ .name = "scope", .commands = scope_commands },
	{ .name = "pool", .commands = pool_commands },
	{ .name = "pe", .commands = pe_commands },
	{ .name = "registration", .commands = registration_commands },
	{ .name = "registrar", .commands = registrar_commands },
	{ .name = "peer", .commands = peer_commands },
	{ .name = "agent", .commands = agent_commands },
	{ .name = "session", .commands = session_commands },
	{ .name = "key", .commands = key_commands },
	{ .name = "stats", .commands = stats_commands },
	{
		.name = "monitor", .run = monitor,
		.usage = "[ handlespace | session | asap | all ]"
	},
	{ .name = "doctor", .run = doctor, .usage = "" },
	{ .name = "save", .run = save, .usage = "" },
	{ .name = "sync", .commands = sync_commands },
	{ .name = "help", .run = help, .usage = "" },
};

#define WIDTH		80
#define N_OBJECTS	(sizeof(objects) / sizeof(objects[0]))

static void print_usage(const struct object *object)
{
	const struct command *command = object->commands;

	if (!command)
		printf("rspctl %s %s\n", object->name, object->usage);
	for (; command && command->name; command++)
		printf("rspctl %s %s %s\n", object->name, command->name,
		       command->usage);
}

static void print_objects(void)
{
	int indent = printf("OBJECT := { ");
	int column = indent + printf("%s", objects[0].name);
	size_t i;

	for (i = 1; i < N_OBJECTS; i++) {
		const char *name = objects[i].name;

		if (column + (int)strlen(name) + 5 > WIDTH) {
			puts(" |");
			column = printf("%*s%s", indent, "", name);
		} else {
			column += printf(" | %s", name);
		}
	}
	puts(" }");
}

static int help(struct words *words)
{
	size_t i;

	if (no_more(words))
		return EXIT_USAGE;
	puts("Usage: rspctl [ OPTION ]... OBJECT { COMMAND | help }\n"
	     "       rspctl [ OPTION ]... -batch { FILE | - } [ -sync ] [ -force ]\n");
	print_objects();
	puts("OPTION := { -n NETNS | -json | -pretty | -stats | -Version | -help }\n"
	     "ADDRESS := tcp { A.B.C.D:PORT | [V6]:PORT | [V6%INTERFACE]:PORT }\n"
	     "USE := { data | control }\n"
	     "POLICY := { rr | wrr | rand | wrand | prio | lu | lud | plu | rlu }\n"
	     "PARAMETER := { weight N | priority N | load LOAD | degradation LOAD }\n"
	     "LOAD := { 0% to 100% | 0 to 4294967295 }\n"
	     "TIME := { Nms | Ns | Nm | Nh | Nd }\n"
	     "NAME := { its octets, \\xNN for any of them | 0xHEXADECIMAL }\n");
	for (i = 0; i < N_OBJECTS; i++)
		print_usage(&objects[i]);
	return 0;
}

static const struct command *find_command(const struct object *object,
					  struct words *words)
{
	const char *names[16];
	unsigned int i;
	int found;

	if (!words->n)
		return object->commands;
	for (i = 0; object->commands[i].name; i++)
		names[i] = object->commands[i].name;
	names[i++] = "help";
	names[i] = NULL;
	found = pick(*words->at, "command of this object", names);
	if (found < 0)
		return NULL;
	words->at++;
	words->n--;
	return &object->commands[found];
}

static const struct object *find_object(struct words *words)
{
	static const char *names[N_OBJECTS + 1];
	size_t i;
	int found;

	for (i = 0; i < N_OBJECTS; i++)
		names[i] = objects[i].name;
	found = pick(*words->at, "object", names);
	if (found < 0)
		return NULL;
	words->at++;
	words->n--;
	return &objects[found];
}

/* Whole, for "h" may be the beginning of another word. */
static bool wants_help(const struct words *words)
{
	return words->n == 1 && !strcmp(*words->at, "help");
}

/**
 * run() - run a command
 * @words: its words, one at least
 *
 * Elements that were gathered before go to the kernel first, unless the
 * command gathers one more.
 *
 * Return: the exit status, of it or of the elements before it.
 */
int run(struct words *words)
{
	const struct command *command = NULL;
	const struct object *object;
	int ret = 0, status;

	object = find_object(words);
	if (!object)
		return EXIT_USAGE;
	if (object->commands) {
		command = find_command(object, words);
		if (!command)
			return EXIT_USAGE;
	}
	if (command ? !command->name : wants_help(words)) {
		print_usage(object);
		return 0;
	}
	if (!command || !command->gathers)
		ret = elements_flush();
	if (ret && !ctl.force)
		return ret;
	status = command ? command->run(words) : object->run(words);
	return status > ret ? status : ret;
}

/* The namespace that ip netns made. */
static int enter_netns(const char *name)
{
	char path[256];
	int fd, ret;

	if (strchr(name, '/') ||
	    snprintf(path, sizeof(path), "/run/netns/%s", name) >=
	    (int)sizeof(path))
		return complain("-n \"%s\": it is no name of a namespace",
				name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return complain("-n \"%s\": %s; see: ip netns", name,
				strerror(errno));
	ret = setns(fd, CLONE_NEWNET);
	if (ret)
		complain("-n \"%s\": %s", name, strerror(errno));
	close(fd);
	return ret ? EXIT_USAGE : 0;
}

/**
 * struct options - what stands before the object
 * @json: -json
 * @pretty: -pretty
 * @sync: -sync
 * @batch: the file of -batch
 */
struct options {
	bool json;
	bool pretty;
	bool sync;
	const char *batch;
};

enum option {
	OPTION_STATS, OPTION_NETNS, OPTION_JSON, OPTION_PRETTY, OPTION_BATCH,
	OPTION_FORCE, OPTION_SYNC, OPTION_VERSION, OPTION_HELP,
};

/* As with ip(8), -s is -stats: what comes first wins. */
static const char *const option_names[] = {
	[OPTION_STATS] = "stats",
	[OPTION_NETNS] = "netns",
	[OPTION_JSON] = "json",
	[OPTION_PRETTY] = "pretty",
	[OPTION_BATCH] = "batch",
	[OPTION_FORCE] = "force",
	[OPTION_SYNC] = "sync",
	[OPTION_VERSION] = "Version",
	[OPTION_HELP] = "help",
};

#define N_OPTIONS	(sizeof(option_names) / sizeof(option_names[0]))

static int take_option(struct words *words, struct options *options)
{
	const char *word = *words->at, *name = word + 1, *value;
	size_t i;

	if (*name == '-')
		name++;
	words->at++;
	words->n--;
	for (i = 0; i < N_OPTIONS; i++)
		if (*name && is_word(name, option_names[i]))
			break;
	switch (i) {
	case OPTION_STATS:
		ctl.stats = true;
		return 0;
	case OPTION_NETNS:
		return take_value(words, word, &value) ? EXIT_USAGE :
							 enter_netns(value);
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_PRETTY:
		options->pretty = true;
		return 0;
	case OPTION_BATCH:
		return take_value(words, word, &options->batch);
	case OPTION_FORCE:
		ctl.force = true;
		return 0;
	case OPTION_SYNC:
		options->sync = true;
		return 0;
	case OPTION_VERSION:
		printf("rspctl " RELEASE ", netlink family version %d\n",
		       RSERPOOL_FAMILY_VERSION);
		exit(0);
	case OPTION_HELP:
		words->n = 0;
		exit(help(words));
	}
	return complain("there is no option %s; see: rspctl help", word);
}

static int run_options(struct words *words)
{
	struct options options = { .batch = NULL };
	int ret;

	/* Options may also follow -batch FILE, but not an object. */
	while (words->n && words->at[0][0] == '-') {
		ret = take_option(words, &options);
		if (ret)
			return ret;
	}
	print_init(options.json, options.pretty);
	if (options.batch)
		return no_more(words) ? EXIT_USAGE :
			batch(options.batch, options.sync);
	if (options.sync)
		return complain("-sync goes with -batch");
	if (!words->n) {
		help(words);
		return EXIT_USAGE;
	}
	ret = run(words);
	return ret ? ret : elements_flush();
}

int main(int argc, char **argv)
{
	struct words words = { .at = argv + 1, .n = argc - 1 };
	int ret;

	ret = run_options(&words);
	if (print_flush()) {
		complain("standard output: %s", strerror(errno));
		ret = ret ? ret : EXIT_USAGE;
	}
	if (ctl.is_open)
		nl_close(&ctl.client);
	return ret;
}
