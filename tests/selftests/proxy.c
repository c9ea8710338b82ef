// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "hostile.h"
#include "proxy.h"

static const char *const names[ATTACKS] = {
	"nothing", "flip in the type", "flip in the version",
	"flip in the length", "flip in the octets", "flip in the tag", "drop",
	"double", "swap", "invent", "forge the end", "FIN", "RST", "FIN inside", "RST inside",
};

const char *attack_name(enum attack attack)
{
	return names[attack];
}

void proxy_open(struct proxy *proxy, const struct sockaddr_in *to)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);

	proxy->to = *to;
	proxy->fd[UP] = proxy->fd[DOWN] = -1;
	proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(bind(proxy->listener, (void *)&at, len), 0);
	CHECK_EQ(listen(proxy->listener, 16), 0);
	CHECK_EQ(getsockname(proxy->listener, (void *)&at, &len), 0);
	proxy->port = ntohs(at.sin_port);
}

static void hang_up(struct proxy *proxy)
{
	enum way way;

	for (way = 0; way < WAYS; way++) {
		if (proxy->fd[way] >= 0)
			close(proxy->fd[way]);
		proxy->fd[way] = -1;
		proxy->over[way] = true;
	}
}

void proxy_begin(struct proxy *proxy, struct aim aim)
{
	enum way way;
	int fd;

	hang_up(proxy);
	while ((fd = accept(proxy->listener, NULL, NULL)) >= 0)
		close(fd);
	proxy->aim = aim;
	proxy->held = -1;
	proxy->done = false;
	proxy->tape.n_records = 0;
	for (way = 0; way < WAYS; way++) {
		proxy->tape.n[way] = 0;
		proxy->tape.len[way] = 0;
		proxy->passed[way] = 0;
		proxy->over[way] = false;
		proxy->swallow[way] = false;
	}
}

static bool take_connection(struct proxy *proxy)
{
	int one = 1;
	enum way way;

	proxy->fd[DOWN] = accept(proxy->listener, NULL, NULL);
	if (proxy->fd[DOWN] < 0)
		return false;
	proxy->fd[UP] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(connect(proxy->fd[UP], (void *)&proxy->to,
			 sizeof(proxy->to)), 0);
	for (way = 0; way < WAYS; way++)
		setsockopt(proxy->fd[way], IPPROTO_TCP, TCP_NODELAY, &one,
			   sizeof(one));
	return true;
}

static void put(struct proxy *proxy, enum way way, const void *octets,
		size_t len)
{
	if (!proxy->swallow[way] && proxy->fd[way] >= 0)
		send(proxy->fd[way], octets, len, MSG_NOSIGNAL);
}

static void put_record(struct proxy *proxy, unsigned int n)
{
	enum way way = proxy->tape.records[n].way;

	put(proxy, way, proxy->tape.octets[way] + proxy->tape.records[n].at,
	    proxy->tape.records[n].len);
}

static void put_fin(struct proxy *proxy, enum way way)
{
	shutdown(proxy->fd[way], SHUT_WR);
	proxy->swallow[way] = true;
}

static void reset_both(struct proxy *proxy)
{
	enum way way;

	for (way = 0; way < WAYS; way++)
		if (proxy->fd[way] >= 0)
			reset_on_close(proxy->fd[way]);
	hang_up(proxy);
}

static void attack(struct proxy *proxy, unsigned int n)
{
	static const unsigned char invented[RECORD_HEAD + 40] = {
		23, 3, 3, 0, 40,
	};
	static const unsigned char end[] = { 21, 3, 3, 0, 2, 1, 0 };
	enum way way = proxy->tape.records[n].way;
	size_t len = proxy->tape.records[n].len;
	unsigned char octets[TAPE_MAX];

	memcpy(octets, proxy->tape.octets[way] + proxy->tape.records[n].at,
	       len);
	switch (proxy->aim.attack) {
	case FLIP_TYPE:
		octets[0] ^= 1;
		break;
	case FLIP_VERSION:
		octets[2] ^= 1;
		break;
	case FLIP_LENGTH:
		/* One octet more or less; or more than a record may have. */
		if (proxy->aim.n & 1)
			octets[4] ^= 1;
		else
			octets[3] ^= 0x80;
		break;
	case FLIP_OCTET:
		octets[RECORD_HEAD] ^= 0x10;
		break;
	case FLIP_TAG:
		octets[len - 1] ^= 1;
		break;
	case DROP:
		return;
	case DOUBLE:
		put(proxy, way, octets, len);
		break;
	case SWAP:
		proxy->held = n;
		return;
	case INVENT:
		put(proxy, way, invented, sizeof(invented));
		break;
	case FORGE_END:
		put(proxy, way, end, sizeof(end));
		break;
	case CUT_INSIDE_FIN:
	case CUT_INSIDE_RST:
		put(proxy, way, octets, len / 2);
		break;
	default:
		break;
	}
	switch (proxy->aim.attack) {
	case FORGE_END:
	case CUT_FIN:
	case CUT_INSIDE_FIN:
		put_fin(proxy, way);
		break;
	case CUT_RST:
	case CUT_INSIDE_RST:
		reset_both(proxy);
		break;
	default:
		put(proxy, way, octets, len);
		break;
	}
}

/* The next record of the tape, if it is there to its end. */
static bool pass_record(struct proxy *proxy, enum way way)
{
	struct tape *tape = &proxy->tape;
	const unsigned char *head = tape->octets[way] + proxy->passed[way];
	size_t left = tape->len[way] - proxy->passed[way], len;
	unsigned int n = tape->n_records;
	int held = proxy->held;

	if (left < RECORD_HEAD)
		return false;
	len = RECORD_HEAD + (head[3] << 8 | head[4]);
	if (left < len)
		return false;
	CHECK(n < RECORDS_MAX);
	tape->records[n].way = way;
	tape->records[n].type = head[0];
	tape->records[n].at = proxy->passed[way];
	tape->records[n].len = len;
	tape->n_records++;
	proxy->passed[way] += len;
	if (way == proxy->aim.way && tape->n[way]++ == proxy->aim.n &&
	    proxy->aim.attack != NO_ATTACK) {
		proxy->done = true;
		attack(proxy, n);
		return true;
	}
	if (way != proxy->aim.way)
		tape->n[way]++;
	put_record(proxy, n);
	if (held >= 0 && tape->records[held].way == way) {
		put_record(proxy, held);
		proxy->held = -1;
	}
	return true;
}

static bool pass(struct proxy *proxy, enum way way)
{
	struct tape *tape = &proxy->tape;
	size_t room = TAPE_MAX - tape->len[way];
	ssize_t n;

	if (proxy->over[way] || proxy->fd[!way] < 0)
		return false;
	CHECK(room);
	n = recv(proxy->fd[!way], tape->octets[way] + tape->len[way], room,
		 MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n < 0) {
		reset_both(proxy);
		return true;
	}
	tape->len[way] += n;
	while (pass_record(proxy, way))
		;
	if (!n && proxy->fd[way] >= 0) {
		put(proxy, way, tape->octets[way] + proxy->passed[way],
		    tape->len[way] - proxy->passed[way]);
		put_fin(proxy, way);
		proxy->over[way] = true;
		if (proxy->over[!way])
			hang_up(proxy);
	}
	return true;
}

bool proxy_step(struct proxy *proxy)
{
	bool up, down;

	if (proxy_is_over(proxy))
		return false;
	if (proxy->fd[DOWN] < 0)
		return take_connection(proxy);
	up = pass(proxy, UP);
	down = pass(proxy, DOWN);
	return up || down;
}

bool proxy_quiet(struct proxy *proxy)
{
	int held = proxy->held;

	if (!proxy->done || proxy_is_over(proxy))
		return false;
	if (held >= 0) {
		proxy->held = -1;
		proxy->done = false;
		put_record(proxy, held);
		return true;
	}
	put_fin(proxy, UP);
	put_fin(proxy, DOWN);
	return true;
}

int proxy_poll(const struct proxy *proxy, struct pollfd *fds)
{
	enum way way;
	int n = 0;

	if (proxy_is_over(proxy))
		return 0;
	if (proxy->fd[DOWN] < 0) {
		fds[0] = (struct pollfd){ proxy->listener, POLLIN, 0 };
		return 1;
	}
	for (way = 0; way < WAYS; way++)
		if (!proxy->over[way])
			fds[n++] = (struct pollfd){ proxy->fd[!way], POLLIN, 0 };
	return n;
}

bool proxy_is_over(const struct proxy *proxy)
{
	return proxy->over[UP] && proxy->over[DOWN];
}

#define HANDSHAKE	22	/* RFC 8446, section 5.1 */
#define KEY_SHARE	51	/* section 4.2 */
#define PSK_MODES	45

static unsigned int get16(const unsigned char *at)
{
	return at[0] << 8 | at[1];
}

/* The octets of an extension of the first hello of a way, and their number, or -1. */
static int extension(const struct tape *tape, enum way way, unsigned int which,
		     const unsigned char **octets)
{
	const unsigned char *at = tape->octets[way], *end;

	CHECK_EQ(at[0], HANDSHAKE);
	/* Of the record and the message; version and random; session. */
	at += RECORD_HEAD + 4 + 2 + 32;
	at += 1 + *at;
	/* Cipher suites and compression: what is offered, or what is taken. */
	at += way == UP ? 2 + get16(at) : 2;
	at += way == UP ? 1 + *at : 1;
	end = at + 2 + get16(at);
	CHECK(end <= tape->octets[way] + tape->len[way]);
	for (at += 2; at < end; at += 4 + get16(at + 2)) {
		*octets = at + 4;
		if (get16(at) == which)
			return get16(at + 2);
	}
	return -1;
}

bool tape_has_key_share(const struct tape *tape)
{
	const unsigned char *share;
	int len = extension(tape, DOWN, KEY_SHARE, &share);

	/* The group, the length, and 32 octets of X25519 or more. */
	return len >= 4 + 32 && get16(share + 2) == (unsigned int)len - 4;
}

bool tape_asks_for_key_share(const struct tape *tape)
{
	const unsigned char *modes;

	/* psk_dhe_ke, and nothing else. */
	return extension(tape, UP, PSK_MODES, &modes) == 2 &&
	       modes[0] == 1 && modes[1] == 1;
}
