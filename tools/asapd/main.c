// SPDX-License-Identifier: GPL-2.0
/* asapd: options, signals, and the words that systemd waits for. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "../lib/settings_file.h"
#include "../lib/systemd.h"
#include "agent.h"

#define PATH	"/etc/rserpool/asapd.conf"

/**
 * struct program - the agent, and what ends and reloads it
 * @agent: it
 * @path: its file
 * @loop: its loop
 * @stop: signals that end it
 * @child: the signal that a check has ended
 * @reload: the signal that has it read the file again
 */
static struct program {
	struct agent agent;
	const char *path;
	uv_loop_t loop;
	uv_signal_t stop[2];
	uv_signal_t child;
	uv_signal_t reload;
} program;

static void on_reload(uv_signal_t *signal, int number)
{
	struct config fresh;
	char why[WHY_MAX];

	(void)signal;
	(void)number;
	systemd_notify("RELOADING=1");
	if (config_load(&fresh, program.path, why) ||
	    agent_reload(&program.agent, &fresh, why, sizeof(why))) {
		log_say(LOG_ERROR, "%s; what was read before holds", why);
	} else {
		log_debug_too = program.agent.config.log_debug;
		log_say(LOG_INFO, "%s: read again", program.path);
	}
	config_free(&fresh);
	systemd_notify("READY=1");
}

static void on_stop(uv_signal_t *signal, int number)
{
	(void)signal;
	log_say(LOG_INFO, "ends: %s", strsignal(number));
	systemd_notify("STOPPING=1");
	agent_stop(&program.agent);
	uv_close((uv_handle_t *)&program.stop[0], NULL);
	uv_close((uv_handle_t *)&program.stop[1], NULL);
	uv_close((uv_handle_t *)&program.child, NULL);
	uv_close((uv_handle_t *)&program.reload, NULL);
}

static void on_child(uv_signal_t *signal, int number)
{
	(void)signal;
	(void)number;
	service_checks_ended(&program.agent);
}

static int serve(void)
{
	struct agent *agent = &program.agent;
	char why[256];

	uv_loop_init(&program.loop);
	signal(SIGPIPE, SIG_IGN);
	uv_signal_init(&program.loop, &program.stop[0]);
	uv_signal_init(&program.loop, &program.stop[1]);
	uv_signal_init(&program.loop, &program.child);
	uv_signal_init(&program.loop, &program.reload);
	uv_signal_start(&program.reload, on_reload, SIGHUP);
	uv_signal_start(&program.child, on_child, SIGCHLD);
	uv_signal_start(&program.stop[0], on_stop, SIGTERM);
	uv_signal_start(&program.stop[1], on_stop, SIGINT);
	if (agent_init(agent, &program.loop)) {
		log_say(LOG_ERROR, "no memory");
		return EXIT_FAILURE;
	}
	if (agent_start(agent, why, sizeof(why))) {
		log_say(LOG_ERROR, "%s", why);
		return EXIT_FAILURE;
	}
	log_say(LOG_INFO, "agent: %s scope, %u registrars",
		agent->config.secure ? "secure" : "plain",
		agent->config.n_registrars);
	systemd_notify("READY=1");
	uv_run(&program.loop, UV_RUN_DEFAULT);
	uv_loop_close(&program.loop);
	agent_fini(agent);
	config_free(&agent->config);
	return EXIT_SUCCESS;
}

static int usage(FILE *file)
{
	fputs("Usage: asapd [ -t ] [ -c FILE ]\n"
	      "  -c FILE  read FILE, not " PATH "\n"
	      "  -t       say what is wrong with the file, and end\n"
	      "See asapd(8).\n", file);
	return file == stderr ? 2 : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	char why[WHY_MAX];
	bool test = false;
	int option;

	program.path = PATH;
	while ((option = getopt(argc, argv, "c:th")) != -1) {
		switch (option) {
		case 'c':
			program.path = optarg;
			break;
		case 't':
			test = true;
			break;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	if (optind != argc)
		return usage(stderr);
	log_to_person = test || isatty(STDERR_FILENO);
	if (config_load(&program.agent.config, program.path, why)) {
		log_say(LOG_ERROR, "%s", why);
		return EXIT_FAILURE;
	}
	log_debug_too = program.agent.config.log_debug;
	if (program.agent.config.key.len)
		keys_guard(program.path);
	keys_guard(program.agent.config.private_key);
	return test ? EXIT_SUCCESS : serve();
}
