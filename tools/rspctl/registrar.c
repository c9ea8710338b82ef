// SPDX-License-Identifier: GPL-2.0
/* The registrar of this host and its peers: enrpd prints, here it is passed on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../lib/print.h"
#include "rspctl.h"

#define CONTROL	"/run/rserpool/enrpd.sock"

static int connect_to(const char *path)
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
	complain("%s: %s; does enrpd run here?", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int pass_on(int fd, const char *object)
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
	complain("enrpd does not answer%s%s", len ? ": " : "",
		 len ? strerror(errno) : "");
	return EXIT_KERNEL;
}

static int show(struct words *words, const char *object)
{
	static const char *const keywords[] = { "at", NULL };
	const char *path = CONTROL;
	int fd, ret;

	if (words->n) {
		if (pick(*words->at, "keyword of this command", keywords) < 0)
			return EXIT_USAGE;
		words->at++;
		words->n--;
		if (take_value(words, "at", &path) || no_more(words))
			return EXIT_USAGE;
	}
	fd = connect_to(path);
	if (fd < 0)
		return EXIT_KERNEL;
	ret = pass_on(fd, object);
	close(fd);
	return ret;
}

static int show_registrar(struct words *words)
{
	return show(words, "registrar");
}

static int show_peers(struct words *words)
{
	return show(words, "peer");
}

const struct command registrar_commands[] = {
	{ .name = "show", .run = show_registrar, .usage = "[ at SOCKET ]" },
	{ .name = NULL }
};

const struct command peer_commands[] = {
	{ .name = "show", .run = show_peers, .usage = "[ at SOCKET ]" },
	{ .name = NULL }
};
