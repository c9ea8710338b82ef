// SPDX-License-Identifier: GPL-2.0
/* A stream over a connection that carries control beside it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "hostile.h"

static struct control control;

static void control_between(int fd)
{
	control_begin(&control, 0xbf);
	control_send(fd, &control);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void fill(char *octets, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		octets[i] = i * 2654435761u >> 13;
}

static ssize_t inq(int fd)
{
	int n;

	CHECK_EQ(ioctl(fd, FIONREAD, &n), 0);
	return n;
}

/*
 * abc, control, de, control twice, f: when something came of the user, and in
 * one packet.
 */
static void pieces(int fd, uint32_t id, const void *arg)
{
	int cork = 1, uncork = 0;
	struct frame frame;

	(void)id;
	(void)arg;
	while (frame_receive(fd, &frame)) {
		if (frame.ppid == RSP_PPID_ASAP)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_CORK, &cork, sizeof(cork));
		data_send(fd, "abc");
		control_between(fd);
		data_send(fd, "de");
		control_between(fd);
		control_between(fd);
		data_send(fd, "f");
		setsockopt(fd, IPPROTO_TCP, TCP_CORK, &uncork, sizeof(uncork));
	}
}

static void pieces_ask(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	CHECK_EQ(send(fd, "go", 2, 0), 2);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
}

static int pieces_connect(void)
{
	int fd;

	framed_pool("p", "", pieces, NULL);
	fd = framed_connect("p", SOCK_STREAM);
	pieces_ask(fd);
	return fd;
}

TEST(stream_across_frames)
{
	int fd = pieces_connect();
	char buf[16] = "";

	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 6);
	CHECK(!memcmp(buf, "abcdef", 6));
	CHECK_ERR(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(inq(fd), 0);
}

TEST(stream_octet_by_octet)
{
	int fd = pieces_connect(), i;
	char c;

	for (i = 0; i < 6; i++) {
		CHECK_EQ(recv(fd, &c, 1, 0), 1);
		CHECK_EQ(c, "abcdef"[i]);
	}
}

TEST(stream_peek)
{
	int fd = pieces_connect();
	char buf[16] = "";

	CHECK_EQ(recv(fd, buf, 2, MSG_PEEK), 2);
	CHECK(!memcmp(buf, "ab", 2));
	CHECK(inq(fd) > 0);
	CHECK_EQ(recv(fd, buf, 5, MSG_PEEK), 5);
	CHECK(!memcmp(buf, "abcde", 5));
	CHECK_EQ(recv(fd, buf, 1, 0), 1);
	CHECK_EQ(buf[0], 'a');
	CHECK_EQ(recv(fd, buf, sizeof(buf), MSG_PEEK), 5);
	CHECK(!memcmp(buf, "bcdef", 5));
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	CHECK(!memcmp(buf, "bcdef", 5));
	CHECK_ERR(recv(fd, buf, 1, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	/* And again: what was peeked at leaves nothing behind. */
	pieces_ask(fd);
	CHECK_EQ(recv(fd, buf, 4, MSG_PEEK), 4);
	CHECK_EQ(recv(fd, buf, 6, MSG_WAITALL), 6);
	CHECK(!memcmp(buf, "abcdef", 6));
}

TEST(stream_waitall)
{
	struct timeval patience = { .tv_usec = 300000 };
	int fd = pieces_connect();
	char buf[16];

	CHECK_EQ(recv(fd, buf, 6, MSG_WAITALL), 6);
	CHECK(!memcmp(buf, "abcdef", 6));
	/* What there is when the time is over. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	pieces_ask(fd);
	CHECK_EQ(recv(fd, buf, 7, MSG_WAITALL), 6);
	CHECK_ERR(recv(fd, buf, 7, MSG_WAITALL), EAGAIN);
}

/* As with TCP the octets are dropped, and counted. */
TEST(stream_trunc)
{
	int fd = pieces_connect();
	char buf[16] = "untouched";

	CHECK_EQ(recv(fd, buf, 4, MSG_TRUNC), 4);
	CHECK(!strcmp(buf, "untouched"));
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 2);
	CHECK(!memcmp(buf, "ef", 2));
}

/* Control alone is nothing to read. */
static void control_alone(int fd, uint32_t id, const void *arg)
{
	int i;

	(void)id;
	(void)arg;
	for (i = 0; i < 100; i++)
		control_between(fd);
	usleep(500000);
	data_send(fd, "x");
	wait_for_end(fd);
}

TEST(stream_control_alone)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct pollfd pfd = { .events = POLLIN };
	int fd, epoll = epoll_create1(0);
	char c;

	framed_pool("p", "", control_alone, NULL);
	fd = framed_connect("p", SOCK_STREAM);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	pfd.fd = fd;
	CHECK_EQ(poll(&pfd, 1, 200), 0);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 5000), 1);
	CHECK_EQ(recv(fd, &c, 1, 0), 1);
	check_counter("ControlUnknown", 100);
}

/* splice(2) and sendfile(2) */

TEST(stream_splice)
{
	char *out = malloc(200000), *in = malloc(200000);
	int fd, pipes[2], file;
	size_t done, sent;
	ssize_t n;

	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", SOCK_STREAM);
	fill(out, 200000);
	file = memfd_create("out", 0);
	CHECK(file >= 0);
	CHECK_EQ(write(file, out, 200000), 200000);
	CHECK_EQ(lseek(file, 0, SEEK_SET), 0);
	CHECK_EQ(pipe(pipes), 0);
	for (sent = 0; sent < 100000; sent += n) {
		n = sendfile(fd, file, NULL, 100000 - sent);
		CHECK(n > 0);
	}
	while (sent < 200000) {
		n = splice(file, NULL, pipes[1], NULL, 200000 - sent, 0);
		CHECK(n > 0);
		for (done = 0; done < (size_t)n; ) {
			ssize_t left = splice(pipes[0], NULL, fd, NULL,
					      n - done, SPLICE_F_MORE);

			CHECK(left > 0);
			done += left;
		}
		sent += n;
	}
	for (done = 0; done < 200000; ) {
		n = splice(fd, NULL, pipes[1], NULL, 200000 - done, 0);
		CHECK(n > 0);
		read_all(pipes[0], in + done, n);
		done += n;
	}
	CHECK(!memcmp(in, out, 200000));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK_ERR(splice(fd, NULL, pipes[1], NULL, 10, 0), EAGAIN);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
}

static void ends_after_all(int fd, uint32_t id, const void *arg)
{
	struct frame frame;

	(void)id;
	(void)arg;
	while (frame_receive(fd, &frame) && frame.length)
		;
	/* It had the user's end; now its own. */
	data_send(fd, "all");
	end_send(fd);
	wait_for_end(fd);
}

TEST(stream_half_close)
{
	int fd, pipes[2];
	char buf[16];

	framed_pool("p", "", ends_after_all, NULL);
	fd = framed_connect("p", SOCK_STREAM);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_EQ(send(fd, "some", 4, 0), 4);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERR(send(fd, "more", 4, 0), EPIPE);
	CHECK_EQ(recv(fd, buf, sizeof(buf), MSG_WAITALL), 3);
	CHECK(!memcmp(buf, "all", 3));
	CHECK_EQ(wait_for(fd, POLLIN) & POLLIN, POLLIN);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 0);
	CHECK_EQ(recv(fd, buf, sizeof(buf), MSG_PEEK), 0);
	CHECK_EQ(splice(fd, NULL, pipes[1], NULL, 10, 0), 0);
	CHECK_EQ(get_info(fd).generation, 0);
}

TEST(stream_shut_for_reading)
{
	struct pollfd pfd = { .events = POLLIN };
	int fd = pieces_connect();
	char buf[16];

	CHECK_EQ(shutdown(fd, SHUT_RD), 0);
	/* What is there is given yet; then there is the end. */
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 6);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 0);
	pfd.fd = fd;
	CHECK_EQ(poll(&pfd, 1, 0), 1);
	CHECK_EQ(pfd.revents & POLLIN, POLLIN);
	CHECK_EQ(get_info(fd).failure, 0);
	CHECK_EQ(socket_error(fd), 0);
	/* An answer may find both sides shut, and resets then, as with TCP. */
	CHECK_EQ(send(fd, "go", 2, 0), 2);
	CHECK_EQ(shutdown(fd, SHUT_RDWR), 0);
}

/* A receive that waits when the session is shut down ends. */
TEST(stream_shut_while_reading)
{
	char buf[16];
	pid_t pid;
	int fd;

	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", SOCK_STREAM);
	pid = fork();
	if (!pid) {
		usleep(300000);
		shutdown(fd, SHUT_RD);
		_exit(0);
	}
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 0);
}

/* Time and signals. */

static void on_alarm(int sig)
{
	(void)sig;
}

static void deaf(int fd, uint32_t id, const void *arg)
{
	(void)fd;
	(void)id;
	(void)arg;
	for (;;)
		pause();
}

TEST(stream_timeouts_and_signals)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_value.tv_usec = 200000 };
	struct timeval patience = { .tv_usec = 300000 };
	struct timeval none = { 0 };
	static char buf[1 << 20];
	ssize_t n, sent = 0;
	double start;
	int fd;

	framed_pool("p", "", deaf, NULL);
	fd = framed_connect("p", SOCK_STREAM);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	start = now();
	CHECK_ERR(recv(fd, buf, 1, 0), EAGAIN);
	CHECK(now() - start > 0.25 && now() - start < 2);
	while ((n = send(fd, buf, sizeof(buf), 0)) > 0)
		sent += n;
	CHECK_EQ(errno, EAGAIN);
	CHECK(sent > 0);
	start = now();
	CHECK_ERR(send(fd, buf, 1, 0), EAGAIN);
	CHECK(now() - start > 0.25 && now() - start < 2);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	CHECK_ERR(recv(fd, buf, 1, 0), EINTR);
	setitimer(ITIMER_REAL, &soon, NULL);
	CHECK_ERR(send(fd, buf, 1, 0), EINTR);
	CHECK_EQ(get_info(fd).generation, 0);
}

/* What is sent is what comes, however it is cut up. */
TEST(stream_cut_up)
{
	static char out[1 << 20], in[1 << 20];
	size_t sent = 0, got = 0, len;
	int fd, peek;
	ssize_t n;

	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", SOCK_STREAM);
	fill(out, sizeof(out));
	srand(1);
	while (got < sizeof(in)) {
		len = rand() % (rand() % 3 ? 200 : 150000) + 1;
		if (len > sizeof(out) - sent)
			len = sizeof(out) - sent;
		n = len ? send(fd, out + sent, len,
			       MSG_DONTWAIT | (rand() % 2 ? MSG_MORE : 0)) : 0;
		sent += n > 0 ? n : 0;
		len = rand() % (rand() % 3 ? 200 : 150000) + 1;
		if (len > sizeof(in) - got)
			len = sizeof(in) - got;
		peek = rand() % 4 ? 0 : MSG_PEEK;
		n = recv(fd, in + got, len, MSG_DONTWAIT | peek);
		if (n < 0)
			CHECK_EQ(errno, EAGAIN);
		else if (memcmp(in + got, out + got, n))
			test_fail(__FILE__, __LINE__, "%zd octets at %zu", n,
				  got);
		got += n > 0 && !peek ? n : 0;
		/* What MSG_MORE held back would not leave by itself. */
		if (sent < sizeof(out))
			continue;
		n = recv(fd, in + got, sizeof(in) - got, MSG_WAITALL);
		CHECK_EQ(n, sizeof(in) - got);
		got += n;
	}
	CHECK(!memcmp(in, out, sizeof(in)));
}
