// SPDX-License-Identifier: GPL-2.0
/* enrpd: options, signals, and the words that systemd waits for. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "../lib/systemd.h"
#include "registrar.h"

#define PATH	"/etc/rserpool/enrpd.conf"

/**
 * struct program - the registrar, and what ends and reloads it
 * @registrar: it
 * @loop: its loop
 * @stop: signals that end it
 * @reload: the signal that has it read the authorization file again
 */
static struct program {
	struct registrar registrar;
	uv_loop_t loop;
	uv_signal_t stop[2];
	uv_signal_t reload;
} program;

static int load(struct registrar *registrar, const char *path)
{
	char why[WHY_MAX];

	list_init(&registrar->authorization.accounts);
	list_init(&registrar->enrp.file.peers);
	if (config_load(&registrar->config, path, why) ||
	    (registrar->config.authorization &&
	     authorization_load(&registrar->authorization,
				registrar->config.authorization, why)) ||
	    (registrar->config.peers &&
	     peers_load(&registrar->enrp.file, registrar->config.peers,
			why)) ||
	    (registrar->config.secure &&
	     peers_check(&registrar->enrp.file, registrar->config.peers,
			 why))) {
		log_say(LOG_ERROR, "%s", why);
		return -1;
	}
	log_debug_too = registrar->config.log_debug;
	return 0;
}

static void on_reload(uv_signal_t *signal, int number)
{
	struct registrar *registrar = &program.registrar;
	char why[WHY_MAX];
	struct authorization fresh;

	(void)signal;
	(void)number;
	if (!registrar->config.authorization)
		return;
	systemd_notify("RELOADING=1");
	if (authorization_load(&fresh, registrar->config.authorization, why)) {
		log_say(LOG_ERROR, "%s; what was read before holds", why);
		authorization_free(&fresh);
	} else {
		registrar_reload(registrar, &fresh);
		log_say(LOG_INFO, "%s: read again",
			registrar->config.authorization);
	}
	systemd_notify("READY=1");
}

static void on_stop(uv_signal_t *signal, int number)
{
	(void)signal;
	log_say(LOG_INFO, "ends: %s", strsignal(number));
	systemd_notify("STOPPING=1");
	registrar_stop(&program.registrar);
	uv_close((uv_handle_t *)&program.stop[0], NULL);
	uv_close((uv_handle_t *)&program.stop[1], NULL);
	uv_close((uv_handle_t *)&program.reload, NULL);
}

static int serve(void)
{
	struct registrar *registrar = &program.registrar;
	char why[256];

	uv_loop_init(&program.loop);
	signal(SIGPIPE, SIG_IGN);
	uv_signal_init(&program.loop, &program.stop[0]);
	uv_signal_init(&program.loop, &program.stop[1]);
	uv_signal_init(&program.loop, &program.reload);
	uv_signal_start(&program.stop[0], on_stop, SIGTERM);
	uv_signal_start(&program.stop[1], on_stop, SIGINT);
	uv_signal_start(&program.reload, on_reload, SIGHUP);
	if (registrar_init(registrar, &program.loop)) {
		log_say(LOG_ERROR, "no memory");
		return EXIT_FAILURE;
	}
	if (registrar_listen(registrar, why, sizeof(why))) {
		log_say(LOG_ERROR, "%s", why);
		return EXIT_FAILURE;
	}
	log_say(LOG_INFO, "registrar 0x%08x: %s scope, %u listeners",
		registrar->id, registrar->config.secure ? "secure" : "plain",
		registrar->n_listeners);
	systemd_notify("READY=1");
	uv_run(&program.loop, UV_RUN_DEFAULT);
	uv_loop_close(&program.loop);
	registrar_fini(registrar);
	config_free(&registrar->config);
	return EXIT_SUCCESS;
}

static int usage(FILE *file)
{
	fputs("Usage: enrpd [ -t ] [ -c FILE ]\n"
	      "  -c FILE  read FILE, not " PATH "\n"
	      "  -t       say what is wrong with the files, and end\n"
	      "See enrpd(8).\n", file);
	return file == stderr ? 2 : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *path = PATH;
	bool test = false;
	int option;

	while ((option = getopt(argc, argv, "c:th")) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
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
	if (load(&program.registrar, path))
		return EXIT_FAILURE;
	return test ? EXIT_SUCCESS : serve();
}
