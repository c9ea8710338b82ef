// SPDX-License-Identifier: GPL-2.0
/*
 * The works of the bench's client where a pool's session has control beside its
 * data.  The server sends its card and speaks frames with both sides of a pair,
 * or, where the peer is plain TCP without frames, is another process of the same
 * program.  TCP_NODELAY is on at both ends, as a session has it.
 *
 *	framed-64k	MB/s of messages of 65528 octets; NAME.out and NAME.in.
 *			The peer frames for itself, with a writev and two reads
 *	framed-1k-out	messages of 1 KiB a second, 64 with each sendmmsg; the
 *			peer: a writev each
 *	framed-1k-in	the same in the other direction, a recv each; the peer:
 *			two reads each
 *	framed-stream-in MB/s of a stream of frames of 1 KiB, in reads of 64 KiB;
 *			the peer has no frames
 *	framed-rtt	microseconds of a ping-pong of 64 octets; likewise
 *	framed-parallel	messages a second, 1000 sessions; likewise
 *	replay		MB/s of messages of 65528 octets with replay, a checkpoint
 *			each MiB; the peer: without
 *	accept		sessions a second that a server accepts, each with a
 *			message either way.  The client is plain TCP
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <linux/rserpool.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "client.h"

#define LARGE		65528	/* the most that is in one frame */
#define SMALL		1024
#define SMALL_OCTETS	(16 << 20)
#define BATCH		64	/* messages with a sendmmsg */
#define REPLAY_OCTETS	(4 << 20)
#define ACCEPTS		500

/* A message each call, or a stream. */
static int open_framed(const struct side *side, int type, unsigned int replay)
{
	int fd, on = 1;

	if (!side->handle)
		type = SOCK_STREAM;
	fd = socket(side->addr.ss_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket of %s", side->name);
	if (replay && setsockopt(fd, SOL_RSERPOOL, RSP_REPLAY, &replay,
				 sizeof(replay)))
		err(1, "RSP_REPLAY");
	connect_session(side, fd);
	if (!side->handle)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* What a program does that frames for itself. */
static void write_frame(int fd, const void *octets, size_t len)
{
	struct head head = { .length = htonl(len) };
	struct iovec parts[] = {
		{ &head, sizeof(head) }, { (void *)octets, len },
	};
	ssize_t n;

	n = writev(fd, parts, 2);
	if (n < 0)
		err(1, "writev");
	if (n < (ssize_t)sizeof(head))
		errx(1, "a part of a head was sent");
	n -= sizeof(head);
	send_all(fd, (const char *)octets + n, len - n);
}

static ssize_t read_frame(int fd)
{
	struct head head;
	size_t len;

	if (recv(fd, &head, sizeof(head), MSG_WAITALL) != sizeof(head))
		errx(1, "no head");
	len = ntohl(head.length);
	if (len > sizeof(buffer))
		errx(1, "a frame of %zu octets", len);
	if (recv(fd, buffer, len, MSG_WAITALL) != (ssize_t)len)
		errx(1, "no frame");
	return len;
}

static void send_message(const struct side *side, int fd, const void *octets,
			 size_t len)
{
	if (!side->handle)
		write_frame(fd, octets, len);
	else if (send(fd, octets, len, MSG_NOSIGNAL) != (ssize_t)len)
		err(1, "send");
}

static void receive_message(const struct side *side, int fd, size_t len)
{
	ssize_t n;

	n = side->handle ? recv(fd, buffer, sizeof(buffer), 0) : read_frame(fd);
	if (n != (ssize_t)len)
		err(1, "a message of %zd octets, not %zu", n, len);
}

/* For the server that frames; @octets of payload. */
static void ask_frames(const struct side *side, int fd,
		       enum operation operation, size_t octets,
		       uint32_t payload, uint32_t checkpoint)
{
	struct request request = {
		.operation = operation,
		.octets = octets / payload * (sizeof(struct head) + payload),
		.payload = payload,
		.checkpoint = checkpoint,
	};

	send_message(side, fd, &request, sizeof(request));
}

/* The card, and the session is there. */
static int open_messages(const struct side *side)
{
	int fd = open_framed(side, SOCK_SEQPACKET, 0);

	if (!side->handle)
		read_frame(fd);
	ask_frames(side, fd, ECHO, MESSAGE_SIZE, MESSAGE_SIZE, 0);
	send_message(side, fd, buffer, MESSAGE_SIZE);
	receive_message(side, fd, MESSAGE_SIZE);
	return fd;
}

static void send_64k(const struct side *side, int fd, const char *suffix,
		     int pair, uint32_t checkpoint)
{
	const int count = BULK_OCTETS / LARGE;
	double start = now();
	int i;

	ask_frames(side, fd, SINK, count * LARGE, LARGE, checkpoint);
	for (i = 0; i < count; i++)
		send_message(side, fd, buffer, LARGE);
	receive_message(side, fd, 1);
	sample(suffix, pair, side, count * LARGE / (now() - start) / 1e6);
}

static void work_64k(struct side *side, int pair)
{
	const int count = BULK_OCTETS / LARGE;
	int fd = open_messages(side), i;
	double start;

	send_64k(side, fd, ".out", pair, 0);
	start = now();
	ask_frames(side, fd, SOURCE, count * LARGE, LARGE, 0);
	for (i = 0; i < count; i++)
		receive_message(side, fd, LARGE);
	sample(".in", pair, side, count * LARGE / (now() - start) / 1e6);
	close(fd);
}

static void send_batches(int fd, int count)
{
	struct iovec octets = { buffer, SMALL };
	struct mmsghdr batch[BATCH];
	int i, n;

	memset(batch, 0, sizeof(batch));
	for (i = 0; i < BATCH; i++) {
		batch[i].msg_hdr.msg_iov = &octets;
		batch[i].msg_hdr.msg_iovlen = 1;
	}
	while (count) {
		n = sendmmsg(fd, batch, count < BATCH ? count : BATCH,
			     MSG_NOSIGNAL);
		if (n < 0)
			err(1, "sendmmsg");
		count -= n;
	}
}

static void work_1k_out(struct side *side, int pair)
{
	const int count = SMALL_OCTETS / SMALL;
	int fd = open_messages(side), i;
	double start = now();

	ask_frames(side, fd, SINK, SMALL_OCTETS, SMALL, 0);
	if (side->handle)
		send_batches(fd, count);
	else
		for (i = 0; i < count; i++)
			write_frame(fd, buffer, SMALL);
	receive_message(side, fd, 1);
	sample("", pair, side, count / (now() - start));
	close(fd);
}

static void work_1k_in(struct side *side, int pair)
{
	const int count = SMALL_OCTETS / SMALL;
	int fd = open_messages(side), i;
	double start = now();

	ask_frames(side, fd, SOURCE, SMALL_OCTETS, SMALL, 0);
	for (i = 0; i < count; i++)
		receive_message(side, fd, SMALL);
	sample("", pair, side, count / (now() - start));
	close(fd);
}

static void work_stream_in(struct side *side, int pair)
{
	int fd = open_framed(side, SOCK_STREAM, 0);
	double start = now();

	if (side->handle)
		ask_frames(side, fd, SOURCE, BULK_OCTETS, SMALL, 0);
	else
		ask(fd, SOURCE, BULK_OCTETS);
	receive_all(fd, BULK_OCTETS);
	sample("", pair, side, BULK_OCTETS / (now() - start) / 1e6);
	close(fd);
}

/* An echo of as many messages as it gets, or of octets. */
static int open_echo(const struct side *side)
{
	int fd = open_framed(side, SOCK_SEQPACKET, 0);

	if (side->handle)
		ask_frames(side, fd, ECHO, SIZE_MAX / FRAME_SIZE * MESSAGE_SIZE,
			   MESSAGE_SIZE, 0);
	else
		ask(fd, ECHO, SIZE_MAX);
	return fd;
}

static void start_rtt(struct side *side)
{
	side->fd = open_echo(side);
}

static void work_rtt(struct side *side, int pair)
{
	double start = now();
	int i;

	for (i = 0; i < ROUND_TRIPS; i++) {
		send_all(side->fd, buffer, MESSAGE_SIZE);
		receive_all(side->fd, MESSAGE_SIZE);
	}
	sample("", pair, side, (now() - start) / ROUND_TRIPS * 1e6);
}

static void start_parallel(struct side *side)
{
	int i;

	side->fds = calloc(PARALLEL, sizeof(*side->fds));
	for (i = 0; i < PARALLEL; i++)
		side->fds[i] = open_echo(side);
	watch_sessions(side);
}

/* The request is the first message of all, and a checkpoint counts it. */
static void work_replay(struct side *side, int pair)
{
	bool keeps = !strcmp(side->name, "ours");
	int fd = open_framed(side, SOCK_SEQPACKET, keeps ? REPLAY_OCTETS : 0);

	send_64k(side, fd, "", pair, keeps ? 16 : 0);
	close(fd);
}

static void serve_messages(int listener)
{
	static char octets[MESSAGE_SIZE];
	ssize_t n;
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		n = recv(fd, octets, sizeof(octets), 0);
		if (n < 0 || send(fd, octets, n, MSG_NOSIGNAL) != n)
			break;
		close(fd);
	}
	_exit(1);
}

/* A server in a process of its own, on PORT, an element or plain TCP. */
static void start_accept(struct side *side)
{
	struct sockaddr_rserpool *pool = (void *)&side->addr;
	struct sockaddr_in tcp = {
		.sin_family = AF_INET,
		.sin_port = htons(side->first_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener, on = 1;

	if (side->handle)
		pool->srp_port = htons(side->first_port);
	listener = socket(side->addr.ss_family,
			  side->handle ? SOCK_SEQPACKET : SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!side->handle)
		setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&side->addr, side->addr_len) ||
	    listen(listener, 4096))
		err(1, "server of %s", side->name);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_messages(listener);
	}
	close(listener);
	memcpy(&side->addr, &tcp, sizeof(tcp));
	side->addr_len = sizeof(tcp);
}

static void accept_framed(int fd)
{
	read_frame(fd);
	write_frame(fd, buffer, MESSAGE_SIZE);
	if (read_frame(fd) != MESSAGE_SIZE)
		errx(1, "no echo");
	/* The end of the session, a frame of none. */
	if (read_frame(fd))
		errx(1, "no end");
}

static void accept_plain(int fd)
{
	send_all(fd, buffer, MESSAGE_SIZE);
	receive_all(fd, MESSAGE_SIZE);
}

/* The server ends each session, and the client hears of it. */
static void work_accept(struct side *side, int pair)
{
	double start = now();
	int i, fd, on = 1;

	for (i = 0; i < ACCEPTS; i++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		connect_session(side, fd);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (side->handle)
			accept_framed(fd);
		else
			accept_plain(fd);
		if (recv(fd, buffer, 1, 0))
			errx(1, "no end of file");
		close(fd);
	}
	sample("", pair, side, ACCEPTS / (now() - start));
}

const struct work framed_works[] = {
	{ "framed-64k", start_nothing, work_64k },
	{ "framed-1k-out", start_nothing, work_1k_out },
	{ "framed-1k-in", start_nothing, work_1k_in },
	{ "framed-stream-in", start_nothing, work_stream_in },
	{ "framed-rtt", start_rtt, work_rtt },
	{ "framed-parallel", start_parallel, work_parallel },
	{ "replay", start_nothing, work_replay },
	{ "accept", start_accept, work_accept },
};

const int n_framed_works = sizeof(framed_works) / sizeof(*framed_works);
