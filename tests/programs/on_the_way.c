// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody on the way, who has no key: connections to LISTEN go on to TO, and he does
 * one thing to them.
 *
 *	on_the_way LISTEN TO tape FILE
 *		keep what the n-th of them, from 0, has sent: FILE.n.up, FILE.n.down
 *	on_the_way LISTEN TO change OCTETS OTHERS
 *		where he reads these octets (hexadecimal digits) he writes the others,
 *		as many
 *	on_the_way LISTEN TO again N
 *		at SIGUSR1 send once more what went up by the last of them as its N-th
 *		record of data, or message where there is no TLS, from 0
 *	on_the_way LISTEN TO THING up|down [ FIRST ]
 *		do this to a record of TLS, or a message where there is none: of the
 *		n-th connection, from 0, to the n-th of that way behind FIRST. "flip" a bit, of its
 *		octets or its head; "cut" it in its middle, with a proper end of TCP
 *
 * When a connection has ended, it is a line what was done to it, and how often.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD	5			/* octets, of a record's head */
#define ROOM	(HEAD + 65535)		/* of one that is forged, too */
#define PLACES	5

enum { UP, DOWN, WAYS };

static const char *const way_names[] = { "up", "down" };

/**
 * struct way - what goes one way
 * @from: read from here
 * @to: written there
 * @over: no more comes
 * @mute: no more goes on
 * @n: records that have gone on
 * @len: octets of @data
 * @data: that have come and not gone on
 * @tape: of all that came
 */
struct way {
	int from;
	int to;
	bool over;
	bool mute;
	unsigned int n;
	size_t len;
	uint8_t data[ROOM];
	FILE *tape;
};

static struct way ways[WAYS];
static const char *thing;
static const char *file;		/* of tape */
static uint8_t wanted[256], other[256];	/* of change */
static size_t change_len;
static int attacked = -1;		/* the way; of the rest */
static unsigned int first, record, place;	/* that is attacked, where */
static unsigned int connection;		/* which it is */
static unsigned int done;		/* how often the thing was done to it */
static unsigned int wanted_one;		/* of again */
static unsigned int n_data;
static uint8_t kept[ROOM];
static size_t n_kept;
static volatile sig_atomic_t told;	/* SIGUSR1 */
static pid_t last;			/* who has the last connection */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in address(const char *text)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	unsigned int port;
	char host[32];

	if (sscanf(text, "%31[^:]:%u", host, &port) != 2 ||
	    inet_pton(AF_INET, host, &at.sin_addr) != 1) {
		fprintf(stderr, "%s: an address and a port are wanted\n", text);
		exit(2);
	}
	at.sin_port = htons(port);
	return at;
}

static size_t octets(const char *text, uint8_t *to)
{
	size_t n = strlen(text) / 2, i;

	for (i = 0; i < n && i < sizeof(wanted); i++)
		sscanf(text + 2 * i, "%2hhx", &to[i]);
	return i;
}

static void put(struct way *way, const uint8_t *data, size_t len)
{
	ssize_t sent;

	while (len && !way->mute) {
		sent = send(way->to, data, len, MSG_NOSIGNAL);
		if (sent < 0)
			way->mute = true;
		else
			data += sent, len -= sent;
	}
}

static void end_way(struct way *way)
{
	shutdown(way->to, SHUT_WR);
	way->mute = true;
}

static void change(struct way *way)
{
	size_t i;

	for (i = 0; change_len && i + change_len <= way->len; i++)
		if (!memcmp(way->data + i, wanted, change_len)) {
			memcpy(way->data + i, other, change_len);
			done++;
		}
}

/* First and last of the octets; length, version and type. */
static void flip(struct way *way, size_t len)
{
	const size_t places[PLACES] = { HEAD, len - 1, 3, 2, 0 };

	/* A record that is much longer, lest both sides wait for its end. */
	way->data[places[place] % len] ^= place == 2 ? 0x80 : 1;
}

static void attack(struct way *way, size_t len)
{
	done++;
	printf("# connection %u %s record %u, of type %u\n", connection,
	       way_names[attacked], way->n, way->data[0]);
	if (!strcmp(thing, "cut")) {
		put(way, way->data, len / 2);
		end_way(way);
		return;
	}
	flip(way, len);
	put(way, way->data, len);
}

static bool is_record(const struct way *way)
{
	return way->data[0] >= 20 && way->data[0] <= 24 && way->data[1] == 3;
}

/* Octets of the record or message that has come; 0: it has not. */
static size_t one_size(const struct way *way)
{
	size_t len;

	if (way->len < HEAD)
		return 0;
	if (is_record(way))
		len = HEAD + (way->data[3] << 8 | way->data[4]);
	else
		len = ((way->data[2] << 8 | way->data[3]) + 3) & ~3;
	return way->len < len ? 0 : len;
}

static void keep(const struct way *way, size_t len)
{
	if (way != &ways[UP] || (is_record(way) && way->data[0] != 23) ||
	    n_data++ != wanted_one)
		return;
	memcpy(kept, way->data, len);
	n_kept = len;
}

static void pass_one(struct way *way, size_t len)
{
	keep(way, len);
	if (attacked >= 0 && way == &ways[attacked] && way->n == record)
		attack(way, len);
	else
		put(way, way->data, len);
	way->n++;
}

static void pass(struct way *way)
{
	size_t len;

	if (file || change_len) {
		change(way);
		put(way, way->data, way->len);
		way->len = 0;
		return;
	}
	while ((len = one_size(way))) {
		pass_one(way, len);
		way->len -= len;
		memmove(way->data, way->data + len, way->len);
	}
}

static void take(struct way *way)
{
	ssize_t got = recv(way->from, way->data + way->len,
			   ROOM - way->len, 0);

	if (got <= 0) {
		way->over = true;
		put(way, way->data, way->len);
		end_way(way);
		return;
	}
	if (way->tape) {
		fwrite(way->data + way->len, 1, (size_t)got, way->tape);
		fflush(way->tape);
	}
	way->len += got;
	pass(way);
}

static FILE *tape(int way)
{
	char name[256];
	FILE *to;

	if (!file)
		return NULL;
	snprintf(name, sizeof(name), "%s.%u.%s", file, connection,
		 way_names[way]);
	to = fopen(name, "w");
	if (!to)
		die(name);
	return to;
}

static void begin(int way, int from, int to)
{
	ways[way].from = from;
	ways[way].to = to;
	ways[way].over = ways[way].mute = false;
	ways[way].n = 0;
	ways[way].len = 0;
	ways[way].tape = tape(way);
}

/* Until both ends have gone; or one has, and the other hears nothing more. */
static void serve(int down, int up)
{
	struct pollfd fds[WAYS] = { { .fd = down }, { .fd = up } };
	int way;

	begin(UP, down, up);
	begin(DOWN, up, down);
	done = 0;
	while (!(ways[UP].over && ways[DOWN].over)) {
		for (way = 0; way < WAYS; way++) {
			fds[way].fd = ways[way].over ? -1 : ways[way].from;
			fds[way].events = POLLIN;
		}
		if (poll(fds, WAYS, -1) < 0 && errno != EINTR)
			die("poll");
		if (told) {
			told = 0;
			done++;
			put(&ways[UP], kept, n_kept);
			printf("# connection %u: sent again\n", connection);
			continue;
		}
		for (way = 0; way < WAYS; way++)
			if (fds[way].fd >= 0 && fds[way].revents)
				take(&ways[way]);
	}
	for (way = 0; way < WAYS; way++)
		if (ways[way].tape)
			fclose(ways[way].tape);
	printf("connection %u %s %u\n", connection, thing, done);
}

static void on_signal(int signal)
{
	told = 1;
	if (last)
		kill(last, signal);
}

static void take_arguments(char **argv)
{
	thing = argv[0];
	if (!strcmp(thing, "tape") && argv[1]) {
		file = argv[1];
	} else if (!strcmp(thing, "change") && argv[1] && argv[2]) {
		change_len = octets(argv[1], wanted);
		if (change_len && octets(argv[2], other) == change_len)
			return;
		exit(2);
	} else if (!strcmp(thing, "again") && argv[1]) {
		wanted_one = (unsigned int)atoi(argv[1]);
	} else {
		attacked = argv[1] && !strcmp(argv[1], "up") ? UP : DOWN;
		first = argv[1] && argv[2] ? (unsigned int)atoi(argv[2]) : 0;
	}
}

static void go_between(int down, const struct sockaddr_in *to)
{
	int up = socket(AF_INET, SOCK_STREAM, 0);

	record = first + connection;
	place = connection % PLACES;
	if (!connect(up, (const void *)to, sizeof(*to)))
		serve(down, up);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sockaddr_in at, to;
	int listener, down, on = 1;

	if (argc < 4)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	at = address(argv[1]);
	to = address(argv[2]);
	take_arguments(argv + 3);
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGCHLD, SIG_IGN);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (void *)&at, sizeof(at)) || listen(listener, 64))
		die(argv[1]);
	for (;; connection++) {
		while ((down = accept(listener, NULL, NULL)) < 0)
			if (errno != EINTR)
				die("accept");
		last = fork();
		if (!last) {
			close(listener);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			go_between(down, &to);
			return 0;
		}
		close(down);
	}
}
