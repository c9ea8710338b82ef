// SPDX-License-Identifier: GPL-2.0
/*
 * server PORT [GREETING]: the server of every row, plain TCP, one epoll loop.
 * With a greeting, a connection gets its first octet as soon as it is accepted.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

struct connection {
	struct request request;
	size_t have;		/* octets of @request that have come */
	size_t held, sent;	/* octets to give back, and those given */
	bool writing;		/* waits for EPOLLOUT */
	int fd;
	char kept[MESSAGE_SIZE];
};

static char buffer[CALL_SIZE];
static int epoll;

static void watch(struct connection *c, bool writing)
{
	struct epoll_event event = {
		.events = writing ? EPOLLOUT : EPOLLIN,
		.data.ptr = c,
	};

	if (c->writing == writing)
		return;
	c->writing = writing;
	if (epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event))
		err(1, "epoll_ctl");
}

static void end(struct connection *c)
{
	close(c->fd);
	free(c);
}

/* Gives @len octets; what does not fit is kept. False: the client is gone. */
static bool give(struct connection *c, const char *octets, size_t len)
{
	ssize_t n = send(c->fd, octets, len, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN)
		return false;
	if (n < 0)
		n = 0;
	if ((size_t)n == len)
		return true;
	if (len - n > sizeof(c->kept))
		errx(1, "more than a message does not fit");
	c->sent = 0;
	c->held = len - n;
	memcpy(c->kept, octets + n, c->held);
	watch(c, true);
	return true;
}

static bool serve_source(struct connection *c)
{
	size_t len;
	ssize_t n;

	while (c->request.octets) {
		len = c->request.octets < sizeof(buffer) ?
			c->request.octets : sizeof(buffer);
		n = send(c->fd, buffer, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			watch(c, true);
			return true;
		}
		if (n < 0)
			return false;
		c->request.octets -= n;
	}
	watch(c, false);
	c->have = 0;
	return true;
}

static bool serve_writable(struct connection *c)
{
	ssize_t n;

	if (c->have == sizeof(c->request) && c->request.operation == SOURCE)
		return serve_source(c);
	n = send(c->fd, c->kept + c->sent, c->held - c->sent, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN;
	c->sent += n;
	if (c->sent == c->held)
		watch(c, false);
	return true;
}

/* One read: a request, or octets of the one being served. */
static bool serve_readable(struct connection *c)
{
	bool head = c->have < sizeof(c->request);
	size_t len = sizeof(buffer);
	ssize_t n;

	if (head)
		len = sizeof(c->request) - c->have;
	else if (c->request.octets < len)
		len = c->request.octets;
	n = recv(c->fd, head ? (char *)&c->request + c->have : buffer, len, 0);
	if (n < 0)
		return errno == EAGAIN;
	if (!n)
		return false;
	if (head) {
		c->have += n;
		if (c->have == sizeof(c->request) &&
		    c->request.operation == SOURCE)
			return serve_source(c);
		return true;
	}
	c->request.octets -= n;
	if (!c->request.octets)
		c->have = 0;
	if (c->request.operation == ECHO)
		return give(c, buffer, n);
	return c->request.octets || give(c, "", 1);
}

static void accept_all(int listener, const char *greeting)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct connection *c;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		c = calloc(1, sizeof(*c));
		if (!c)
			err(1, "calloc");
		c->fd = fd;
		event.data.ptr = c;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
			err(1, "epoll_ctl");
		if (greeting && !give(c, greeting, 1))
			end(c);
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		err(1, "accept");
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	struct rlimit files = { 100000, 100000 };
	struct epoll_event events[64], event = { .events = EPOLLIN };
	const char *greeting = argc > 2 ? argv[2] : NULL;
	struct connection *c;
	int listener, n, i, on = 1;
	bool ok;

	if (argc < 2)
		errx(1, "usage: server PORT [GREETING]");
	addr.sin_port = htons(atoi(argv[1]));
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	epoll = epoll_create1(0);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(listener, 4096) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event))
		err(1, "port %s", argv[1]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		n = epoll_wait(epoll, events, 64, -1);
		for (i = 0; i < n; i++) {
			c = events[i].data.ptr;
			if (!c) {
				accept_all(listener, greeting);
				continue;
			}
			ok = c->writing ? serve_writable(c) : serve_readable(c);
			if (!ok)
				end(c);
		}
	}
}
