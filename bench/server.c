// SPDX-License-Identifier: GPL-2.0
/*
 * server [-d] [-t] [-c HANDLE] PORT [GREETING]: the server of the rows, plain TCP,
 * one epoll loop.  With a greeting, a connection gets its first octet as soon as it
 * is accepted; -d: TCP_NODELAY; -t: over kTLS, which GnuTLS sets up; -c: with
 * frames, and the card of this pool.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rserpool.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
#include "tls.h"

#define BUSINESS_CARD	0x0d	/* RFC 5352, section 2.2 */
#define COOKIE		0x0b
#define POOL_HANDLE	0x09	/* RFC 5354, section 3 */
#define COOKIE_PARAM	0x0d
#define CHECKPOINT	0x8001	/* net/rserpool/asap_proto.h */
#define CONTROL_MAX	200

struct connection {
	struct {
		struct head head;	/* without frames no one sends it */
		struct request request;
	};
	size_t have;		/* octets of the two that have come */
	size_t asked;		/* octets that the request asked for */
	size_t held, sent;	/* octets to give back, and those given */
	bool writing;		/* waits for EPOLLOUT */
	size_t told;		/* frames that the last checkpoint told of */
	int fd;
	char kept[FRAME_SIZE];
};

static char buffer[CALL_SIZE];
static char frames[CALL_SIZE];	/* as many as there is room for */
static uint32_t frames_payload;
static const char *greeting;
static size_t greeting_len = 1;
static bool no_delay, secure;
static size_t request_at = sizeof(struct head);
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

struct param {
	uint16_t type;
	size_t len;
	const void *octets;
};

/* A frame with a control message; there is room for a card. */
static size_t put_control(char *to, uint8_t type, const struct param *params,
			  int n)
{
	struct head head = { .ppid = htonl(RSP_PPID_ASAP) };
	size_t len = 4;
	uint16_t field;
	int i;

	memset(to, 0, CONTROL_MAX);
	to += sizeof(head);
	for (i = 0; i < n; i++) {
		field = htons(params[i].type);
		memcpy(to + len, &field, 2);
		field = htons(4 + params[i].len);
		memcpy(to + len + 2, &field, 2);
		memcpy(to + len + 4, params[i].octets, params[i].len);
		len += 4 + (params[i].len + 3) / 4 * 4;
	}
	to[0] = type;
	field = htons(len);
	memcpy(to + 2, &field, 2);
	head.length = htonl(len);
	memcpy(to - sizeof(head), &head, sizeof(head));
	return sizeof(head) + len;
}

static void speak_frames(const char *handle)
{
	struct param param = { POOL_HANDLE, strlen(handle), handle };
	static char card[CONTROL_MAX];

	greeting_len = put_control(card, BUSINESS_CARD, &param, 1);
	greeting = card;
	no_delay = true;
	request_at = 0;
}

/* The state of the service: it has read so many, and written none. */
static bool checkpoint(struct connection *c)
{
	size_t size = sizeof(c->head) + c->request.payload;
	size_t n = (c->asked - c->request.octets) / size + 1;
	uint64_t counts[2] = { htobe64(n) };
	struct param params[] = {
		{ COOKIE_PARAM, sizeof(counts), counts },
		{ CHECKPOINT, sizeof(counts), counts },
	};
	char cookie[CONTROL_MAX];
	size_t len;

	if (!c->request.checkpoint || n - c->told < c->request.checkpoint)
		return true;
	c->told = n;
	len = put_control(cookie, COOKIE, params, 2);
	return send(c->fd, cookie, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static void fill_frames(uint32_t payload)
{
	struct head head = { .length = htonl(payload) };
	size_t at;

	for (at = 0; at + sizeof(head) + payload <= sizeof(frames);
	     at += sizeof(head) + payload)
		memcpy(frames + at, &head, sizeof(head));
	frames_payload = payload;
}

/* The octets at @octets before the end of a SOURCE, as many as go at once. */
static const char *source(struct connection *c, size_t *len)
{
	size_t size = sizeof(c->head) + c->request.payload, whole, at;

	*len = c->request.octets;
	if (request_at) {
		if (*len > sizeof(buffer))
			*len = sizeof(buffer);
		return buffer;
	}
	if (c->request.payload != frames_payload)
		fill_frames(c->request.payload);
	whole = sizeof(frames) / size * size;
	at = (size - c->request.octets % size) % size;
	if (*len > whole - at)
		*len = whole - at;
	return frames + at;
}

static bool serve_source(struct connection *c)
{
	const char *octets;
	size_t len;
	ssize_t n;

	while (c->request.octets) {
		octets = source(c, &len);
		n = send(c->fd, octets, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			watch(c, true);
			return true;
		}
		if (n < 0)
			return false;
		c->request.octets -= n;
	}
	watch(c, false);
	c->have = request_at;
	return true;
}

static bool has_request(const struct connection *c)
{
	return c->have == sizeof(c->head) + sizeof(c->request);
}

static bool serve_writable(struct connection *c)
{
	ssize_t n;

	if (has_request(c) && c->request.operation == SOURCE)
		return serve_source(c);
	n = send(c->fd, c->kept + c->sent, c->held - c->sent, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN;
	c->sent += n;
	if (c->sent == c->held)
		watch(c, false);
	return true;
}

static bool answer_sink(struct connection *c)
{
	static const char answer[sizeof(struct head) + 1] = { [7] = 1 };

	return give(c, answer + request_at, sizeof(answer) - request_at);
}

/* One read: a request, or octets of the one being served. */
static bool serve_readable(struct connection *c)
{
	size_t len = sizeof(buffer);
	void *to = buffer;
	ssize_t n;

	if (!has_request(c)) {
		to = (char *)&c->head + c->have;
		len = sizeof(c->head) + sizeof(c->request) - c->have;
	} else if (c->request.octets < len) {
		len = c->request.octets;
	}
	n = recv(c->fd, to, len, 0);
	/* kTLS: EIO, for close_notify is no data. */
	if (n < 0)
		return errno == EAGAIN;
	if (!n)
		return false;
	if (!has_request(c)) {
		c->have += n;
		c->asked = c->request.octets;
		if (has_request(c) && c->request.operation == SOURCE)
			return serve_source(c);
		return true;
	}
	c->request.octets -= n;
	if (!c->request.octets)
		c->have = request_at;
	if (c->request.operation == ECHO)
		return give(c, buffer, n);
	return checkpoint(c) && (c->request.octets || answer_sink(c));
}

static void accept_all(int listener)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct connection *c;
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		/* One after the other. */
		if (secure && !ktls_begin(fd, true)) {
			close(fd);
			continue;
		}
		if (fcntl(fd, F_SETFL, O_NONBLOCK))
			err(1, "O_NONBLOCK");
		c = calloc(1, sizeof(*c));
		if (!c)
			err(1, "calloc");
		c->fd = fd;
		c->have = request_at;
		event.data.ptr = c;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
			err(1, "epoll_ctl");
		if (greeting && !give(c, greeting, greeting_len))
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
	struct connection *c;
	int listener, n, i, on = 1;
	bool ok;

	while ((n = getopt(argc, argv, "dtc:")) != -1) {
		if (n == 'c')
			speak_frames(optarg);
		else if (n == 't')
			secure = true;
		else
			no_delay = n == 'd';
	}
	if (optind >= argc)
		errx(1, "usage: server [-d] [-t] [-c HANDLE] PORT [GREETING]");
	addr.sin_port = htons(atoi(argv[optind]));
	if (argv[optind + 1])
		greeting = argv[optind + 1];
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	epoll = epoll_create1(0);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (no_delay)
		setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(listener, 4096) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event))
		err(1, "port %s", argv[optind]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		n = epoll_wait(epoll, events, 64, -1);
		for (i = 0; i < n; i++) {
			c = events[i].data.ptr;
			if (!c) {
				accept_all(listener);
				continue;
			}
			ok = c->writing ? serve_writable(c) : serve_readable(c);
			if (!ok)
				end(c);
		}
	}
}
