// SPDX-License-Identifier: GPL-2.0
/*
 * The registrar of this host and its peers, or its agent: the daemon prints, here it is
 * passed on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../lib/print.h"
#include "rspctl.h"

/**
 * struct daemon - who is asked
 * @name: what it is called
 * @control: where it listens, unless it was told otherwise
 */
struct daemon {
	const char *name;
	const char *control;
};

static const struct daemon enrpd = { "enrpd", "/run/rserpool/enrpd.sock" };
static const struct daemon asapd = { "asapd", "/run/rserpool/asapd.sock" };

static int connect_to(const struct daemon *daemon, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		complain("%s: the name is too long", path);
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (void *)&address, sizeof(address)))
		return fd;
	complain("%s: %s; does %s run here?", path, strerror(errno),
		 daemon->name);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int pass_on(const struct daemon *daemon, int fd, const char *object)
{
	char buf[4096];
	ssize_t len, all = 0;

	dprintf(fd, "%s %s\n", object, !print_json() ? "text" :
		print_pretty() ? "pretty" : "json");
	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		fwrite(buf, 1, (size_t)len, stdout);
		all += len;
	}
	if (!len && (all || !strcmp(object, "peer")))
		return 0;
	complain("%s does not answer%s%s", daemon->name, len ? ": " : "",
		 len ? strerror(errno) : "");
	return EXIT_KERNEL;
}

static int show(struct words *words, const struct daemon *daemon,
		const char *object)
{
	static const char *const keywords[] = { "at", NULL };
	const char *path = daemon->control;
	int fd, ret;

	if (words->n) {
		if (pick(*words->at, "keyword of this command", keywords) < 0)
			return EXIT_USAGE;
		words->at++;
		words->n--;
		if (take_value(words, "at", &path) || no_more(words))
			return EXIT_USAGE;
	}
	fd = connect_to(daemon, path);
	if (fd < 0)
		return EXIT_KERNEL;
	ret = pass_on(daemon, fd, object);
	close(fd);
	return ret;
}

static int show_registrar(struct words *words)
{
	return show(words, &enrpd, "registrar");
}

static int show_peers(struct words *words)
{
	return show(words, &enrpd, "peer");
}

static int show_agent(struct words *words)
{
	return show(words, &asapd, "agent");
}

const struct command registrar_commands[] = {
	{ .name = "show", .run = show_registrar, .usage = "[ at SOCKET ]" },
	{ .name = NULL }
};

const struct command peer_commands[] = {
	{ .name = "show", .run = show_peers, .usage = "[ at SOCKET ]" },
	{ .name = NULL }
};

const struct command agent_commands[] = {
	{ .name = "show", .run = show_agent, .usage = "[ at SOCKET ]" },
	{ .name = NULL }
};
