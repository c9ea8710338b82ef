// SPDX-License-Identifier: GPL-2.0
/*
 * listeners ADDRESS:PORT N: very many daemons in one: it listens at so many ports from
 * this one on, and takes what connections come; they end at once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG		8
#define EVENTS		64

static int listen_at(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (const void *)at, sizeof(*at)) || listen(fd, BACKLOG))
		err(1, "port %u", ntohs(at->sin_port));
	return fd;
}

static void take(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, 0)) >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct epoll_event events[EVENTS];
	unsigned int port, n, i;
	char address[16];
	int epoll, ready;

	if (argc != 3 ||
	    sscanf(argv[1], "%15[^:]:%u", address, &port) != 2 ||
	    inet_pton(AF_INET, address, &at.sin_addr) != 1)
		errx(2, "usage: listeners ADDRESS:PORT N");
	n = atoi(argv[2]);
	epoll = epoll_create1(0);
	for (i = 0; i < n; i++) {
		at.sin_port = htons(port + i);
		events[0].events = EPOLLIN;
		events[0].data.fd = listen_at(&at);
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, events[0].data.fd, events))
			err(1, "epoll");
	}
	printf("%u listen\n", n);
	fflush(stdout);
	while ((ready = epoll_wait(epoll, events, EVENTS, -1)) >= 0)
		while (ready--)
			take(events[ready].data.fd);
	err(1, "epoll");
}
