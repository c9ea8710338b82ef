// SPDX-License-Identifier: GPL-2.0
/* enrpd: options, signals, and the words that systemd waits for. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "../lib/settings_file.h"
#include "../lib/systemd.h"
#include "limits.h"
#include "registrar.h"

#define PATH	"/etc/rserpool/enrpd.conf"

/**
 * struct program - the registrar, and what ends and reloads it
 * @registrar: it
 * @loop: its loop
 * @stop: signals that end it
 * @reload: the signal that has it read the files again, but for the one of settings
 */
static struct program {
	struct registrar registrar;
	uv_loop_t loop;
	uv_signal_t stop[2];
	uv_signal_t reload;
} program;

static int load_others(const struct config *config,
		       struct authorization *authorization,
		       struct peers_file *peers, char why[WHY_MAX])
{
	if (config->authorization &&
	    authorization_load(authorization, config->authorization, why))
		return -1;
	if (!config->peers)
		return 0;
	if (peers_load(peers, config->peers, why))
		return -1;
	return config->secure ? peers_check(peers, config->peers,
					    config->enrp_listen.n, why) : 0;
}

static bool peers_have_keys(const struct peers_file *peers)
{
	struct list *pos;

	list_for_each(pos, &peers->peers)
		if (container_of(pos, struct peer, in_all)->has_key)
			return true;
	return false;
}

static bool identities_have_keys(const struct authorization *authorization)
{
	struct list *pos;

	list_for_each(pos, &authorization->accounts)
		if (container_of(pos, struct account, in_all)->has_key)
			return true;
	return false;
}

/* What works, and is hardly meant; config_load() has said what the settings alone can. */
static void doubt(const struct registrar *registrar)
{
	const struct config *config = &registrar->config;

	keys_guard(config->private_key);
	if (identities_have_keys(&registrar->authorization))
		keys_guard(config->authorization);
	if (!peers_have_keys(&registrar->enrp.file))
		return;
	keys_guard(config->peers);
	if (!config->secure)
		log_say(LOG_WARNING, "%s: with secure = false its keys are not used",
			config->peers);
}

static int load(struct registrar *registrar, const char *path)
{
	char why[WHY_MAX];

	list_init(&registrar->authorization.accounts);
	list_init(&registrar->enrp.file.peers);
	if (config_load(&registrar->config, path, why) ||
	    load_others(&registrar->config, &registrar->authorization,
			&registrar->enrp.file, why)) {
		log_say(LOG_ERROR, "%s", why);
		return -1;
	}
	log_debug_too = registrar->config.log_debug;
	doubt(registrar);
	return 0;
}

static void on_reload(uv_signal_t *signal, int number)
{
	struct registrar *registrar = &program.registrar;
	const struct config *config = &registrar->config;
	struct authorization authorization;
	struct peers_file peers = { 0 };
	char why[WHY_MAX];

	(void)signal;
	(void)number;
	systemd_notify("RELOADING=1");
	list_init(&authorization.accounts);
	list_init(&peers.peers);
	if (load_others(config, &authorization, &peers, why)) {
		log_say(LOG_ERROR, "%s; what was read before holds", why);
		authorization_free(&authorization);
		peers_free(&peers);
	} else {
		if (config->peers)
			peers_reload(registrar, &peers);
		if (config->authorization)
			registrar_reload(registrar, &authorization);
		log_say(LOG_INFO, "read again:%s%s%s%s",
			config->authorization ? " " : "",
			config->authorization ? config->authorization : "",
			config->peers ? " " : "",
			config->peers ? config->peers : "");
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

	limits_set(&registrar->config);
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
	log_to_person = test || isatty(STDERR_FILENO);
	if (load(&program.registrar, path))
		return EXIT_FAILURE;
	return test ? EXIT_SUCCESS : serve();
}
