// SPDX-License-Identifier: GPL-2.0
/* How it is seen whether a service is well: a connect, or a command. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

/* The agent may stop, or have no such service any more: then nothing is to be said. */
static void ended(struct service *service, const char *why)
{
	if (service->config && !service->agent->home.stopped)
		service_checked(service, service->late ? "it takes too long" :
							 why);
}

static void on_tcp_closed(uv_handle_t *tcp)
{
	struct service *service = container_of(tcp, struct service, tcp);

	service->open = false;
	service_free_if_gone(service);
}

static void on_connect(uv_connect_t *connect, int status)
{
	struct service *service = container_of(connect, struct service,
					       connect);

	if (!uv_is_closing((uv_handle_t *)&service->tcp))
		uv_close((uv_handle_t *)&service->tcp, on_tcp_closed);
	ended(service, status ? uv_strerror(status) : NULL);
}

static int connect_to(struct service *service, const struct transport *at)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	v4.sin_port = htons(at->port);
	v4.sin_addr = at->v4;
	v6.sin6_port = htons(at->port);
	v6.sin6_addr = at->v6;
	v6.sin6_scope_id = at->scope_id;
	return uv_tcp_connect(&service->connect, &service->tcp,
			      at->family == AF_INET ? (void *)&v4 : (void *)&v6,
			      on_connect);
}

static void check_connect(struct service *service)
{
	struct transport at;
	int err;

	if (!service_addresses(service->config, &at, 1)) {
		ended(service, "this host has no address");
		return;
	}
	uv_tcp_init(service->agent->loop, &service->tcp);
	service->open = true;
	err = connect_to(service, &at);
	if (!err)
		return;
	uv_close((uv_handle_t *)&service->tcp, on_tcp_closed);
	ended(service, uv_strerror(err));
}

static void check_command(struct service *service, char **words)
{
	posix_spawn_file_actions_t nothing;
	posix_spawnattr_t attributes;
	sigset_t signals;
	int err;

	/* libuv would copy our memory, and the rings in it, for each check. */
	posix_spawn_file_actions_init(&nothing);
	posix_spawn_file_actions_addopen(&nothing, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&nothing, 0, 1);
	posix_spawn_file_actions_adddup2(&nothing, 0, 2);
	posix_spawnattr_init(&attributes);
	/* What it starts is to end with it. */
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
				 POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&attributes, 0);
	sigemptyset(&signals);
	posix_spawnattr_setsigmask(&attributes, &signals);
	sigaddset(&signals, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	err = posix_spawnp(&service->pid, words[0], &nothing, &attributes,
			   words, environ);
	posix_spawn_file_actions_destroy(&nothing);
	posix_spawnattr_destroy(&attributes);
	if (err) {
		service->pid = 0;
		ended(service, strerror(err));
	}
}

static void command_ended(struct service *service, int status)
{
	char why[64];

	service->pid = 0;
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "the check ends with signal %d",
			 WTERMSIG(status));
	else
		snprintf(why, sizeof(why), "the check ends with %d",
			 WEXITSTATUS(status));
	ended(service, status ? why : NULL);
	service_free_if_gone(service);
}

/**
 * service_checks_ended() - some commands may have
 * @agent: the agent, which got SIGCHLD
 */
void service_checks_ended(struct agent *agent)
{
	struct list *pos, *next;
	int status;

	list_for_each_safe(pos, next, &agent->services) {
		struct service *service = container_of(pos, struct service,
						       in_all);

		if (service->pid > 0 &&
		    waitpid(service->pid, &status, WNOHANG) == service->pid)
			command_ended(service, status);
	}
}

/**
 * service_check_start() - check a service
 * @service: it; service_checked() is called, perhaps before this returns
 */
void service_check_start(struct service *service)
{
	const struct service_config *config = service->config;
	char *shell[] = { "/bin/sh", "-c", config->command, NULL };
	char *systemctl[] = {
		"systemctl", "is-active", "--quiet", "--", config->unit, NULL
	};

	service->checking = true;
	service->late = false;
	if (config->command)
		check_command(service, shell);
	else if (config->unit)
		check_command(service, systemctl);
	else
		check_connect(service);
}

/**
 * service_check_stop() - a check is not to go on
 * @service: one is under way; service_checked() is called soon, unless the agent
 *	stops
 */
void service_check_stop(struct service *service)
{
	if (service->pid > 0)
		kill(-service->pid, SIGKILL);
	else if (service->open &&
		 !uv_is_closing((uv_handle_t *)&service->tcp))
		uv_close((uv_handle_t *)&service->tcp, on_tcp_closed);
}
