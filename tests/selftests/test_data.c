// SPDX-License-Identifier: GPL-2.0
/* Data through a session that nothing happens to: as through a TCP socket. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <unistd.h>

#include "pool.h"

#define BULK	(4 << 20)

/* A session with an echo server, whose id is read. */
static int echo_session(void)
{
	struct server servers[1];
	int fd;

	pool_make("data", "", 1, ECHO, servers);
	fd = pool_connect("data");
	CHECK_EQ(read_id(fd), 1);
	return fd;
}

static void wait_queued(int fd, int len)
{
	int queued;

	do {
		CHECK_EQ(ioctl(fd, FIONREAD, &queued), 0);
	} while (queued < len);
	CHECK_EQ(queued, len);
}

static char *pattern(size_t len)
{
	char *buf = malloc(len);
	size_t i;

	CHECK(buf);
	for (i = 0; i < len; i++)
		buf[i] = i * 2654435761u >> 13;
	return buf;
}

static void *write_bulk(void *fd)
{
	write_all(*(int *)fd, pattern(BULK), BULK);
	return NULL;
}

static void check_bulk(int fd)
{
	char *want = pattern(BULK), *got = malloc(BULK);

	read_all(fd, got, BULK);
	CHECK_EQ(memcmp(want, got, BULK), 0);
}

TEST(data_bulk_both_ways)
{
	int fd = echo_session();
	pthread_t writer;

	CHECK_EQ(pthread_create(&writer, NULL, write_bulk, &fd), 0);
	check_bulk(fd);
	pthread_join(writer, NULL);
}

TEST(data_peek)
{
	int fd = echo_session();
	char buf[8] = "";

	write_all(fd, "abcd", 4);
	wait_queued(fd, 4);
	CHECK_EQ(recv(fd, buf, 2, MSG_PEEK), 2);
	CHECK_EQ(recv(fd, buf, 8, MSG_PEEK), 4);
	CHECK_EQ(memcmp(buf, "abcd", 4), 0);
	CHECK_EQ(recv(fd, buf, 8, 0), 4);
}

TEST(data_waitall)
{
	char buf[6] = "";
	int fd = echo_session();

	if (!fork()) {
		write_all(fd, "abc", 3);
		usleep(100000);
		write_all(fd, "def", 3);
		_exit(0);
	}
	CHECK_EQ(recv(fd, buf, 6, MSG_WAITALL), 6);
	CHECK_EQ(memcmp(buf, "abcdef", 6), 0);
}

TEST(data_dontwait)
{
	int fd = echo_session();
	char octet;

	CHECK_ERR(recv(fd, &octet, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERR(read(fd, &octet, 1), EAGAIN);
}

TEST(data_more)
{
	int fd = echo_session();
	char buf[4];

	CHECK_EQ(send(fd, "ab", 2, MSG_MORE), 2);
	CHECK_EQ(send(fd, "cd", 2, 0), 2);
	read_all(fd, buf, 4);
	CHECK_EQ(memcmp(buf, "abcd", 4), 0);
}

TEST(data_trunc_discards)
{
	int fd = echo_session();
	char buf[4] = "....";

	write_all(fd, "abcd", 4);
	wait_queued(fd, 4);
	CHECK_EQ(recv(fd, buf, 2, MSG_TRUNC), 2);
	CHECK_EQ(memcmp(buf, "....", 4), 0);
	CHECK_EQ(recv(fd, buf, 2, 0), 2);
	CHECK_EQ(memcmp(buf, "cd..", 4), 0);
}

TEST(data_receive_timeout)
{
	struct timeval soon = { .tv_usec = 100000 };
	int fd = echo_session();
	char octet;

	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
	CHECK_ERR(read(fd, &octet, 1), EAGAIN);
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST(data_interrupted)
{
	struct itimerval soon = { .it_value.tv_usec = 100000 };
	struct sigaction action = { .sa_handler = on_alarm };
	int fd = echo_session();
	char octet;

	CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_EQ(setitimer(ITIMER_REAL, &soon, NULL), 0);
	CHECK_ERR(read(fd, &octet, 1), EINTR);
	check_echo(fd, "still");
}

TEST(data_not_connected)
{
	int fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);
	char octet;

	CHECK_ERR(read(fd, &octet, 1), ENOTCONN);
	CHECK_ERR(write(fd, "x", 1), ENOTCONN);
	CHECK_ERR(shutdown(fd, SHUT_WR), ENOTCONN);
}

static volatile sig_atomic_t pipes;

static void on_pipe(int sig)
{
	(void)sig;
	pipes++;
}

TEST(data_pipe_signal)
{
	int fd = echo_session();

	signal(SIGPIPE, on_pipe);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	CHECK_ERR(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_EQ(pipes, 0);
	CHECK_ERR(write(fd, "x", 1), EPIPE);
	CHECK_EQ(pipes, 1);
}

TEST(data_shutdown)
{
	int fd = echo_session();
	char octet;

	write_all(fd, "x", 1);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	read_all(fd, &octet, 1);
	CHECK_EQ(read(fd, &octet, 1), 0);
	CHECK_ERR(shutdown(fd, 3), EINVAL);
	CHECK(wait_for(fd, POLLIN | POLLRDHUP) & POLLRDHUP);
}

TEST(data_queues)
{
	struct server servers[1];
	char block[65536];
	int fd, queued;

	pool_make("q", "", 1, DEAF, servers);
	fd = pool_connect("q");
	CHECK_EQ(ioctl(fd, SIOCOUTQ, &queued), 0);
	CHECK_EQ(queued, 0);
	while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(ioctl(fd, SIOCOUTQ, &queued), 0);
	CHECK(queued > 0);
}

TEST(data_sendfile_and_splice)
{
	char path[] = "/tmp/bulkXXXXXX", *want = pattern(BULK);
	int fd = echo_session(), file = mkstemp(path), pipes[2], got = 0;
	char *buf = malloc(BULK);
	off_t at = 0;
	ssize_t n;

	write_all(file, want, BULK);
	if (!fork()) {
		while (at < BULK)
			CHECK(sendfile(fd, file, &at, BULK - at) > 0);
		_exit(0);
	}
	CHECK_EQ(pipe(pipes), 0);
	while (got < BULK) {
		n = splice(fd, NULL, pipes[1], NULL, 65536, 0);
		CHECK(n > 0);
		read_all(pipes[0], buf + got, n);
		got += n;
	}
	CHECK_EQ(memcmp(want, buf, BULK), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERR(splice(fd, NULL, pipes[1], NULL, 1, 0), EAGAIN);
	unlink(path);
}

TEST(data_sendmmsg)
{
	struct iovec iov[3] = { { "ab", 2 }, { "cd", 2 }, { "ef", 2 } };
	struct mmsghdr msgs[3] = { 0 };
	int fd = echo_session(), i;
	char buf[6];

	for (i = 0; i < 3; i++) {
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	CHECK_EQ(sendmmsg(fd, msgs, 3, 0), 3);
	read_all(fd, buf, 6);
	CHECK_EQ(memcmp(buf, "abcdef", 6), 0);
}

TEST(data_epoll_edge)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int ep = epoll_create1(0), fd = echo_session();
	char octet;

	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event), 0);
	CHECK_EQ(epoll_wait(ep, &event, 1, 1000), 1);
	CHECK_EQ(event.events, EPOLLOUT);
	CHECK_EQ(epoll_wait(ep, &event, 1, 0), 0);
	write_all(fd, "x", 1);
	do {
		CHECK_EQ(epoll_wait(ep, &event, 1, 10000), 1);
	} while (!(event.events & EPOLLIN));
	CHECK_EQ(epoll_wait(ep, &event, 1, 0), 0);
	CHECK_EQ(read(fd, &octet, 1), 1);
	write_all(fd, "y", 1);
	do {
		CHECK_EQ(epoll_wait(ep, &event, 1, 10000), 1);
	} while (!(event.events & EPOLLIN));
}

TEST(data_epoll_write_space)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int ep = epoll_create1(0), fd = echo_session(), i;
	static char block[65536];

	while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event), 0);
	for (i = 0; i < 64; i++) {
		if (epoll_wait(ep, &event, 1, 0) == 1)
			break;
		CHECK(recv(fd, block, sizeof(block), 0) > 0);
	}
	CHECK_EQ(event.events & EPOLLOUT, EPOLLOUT);
}

TEST(data_options_of_the_transport)
{
	int one = 1, value = 0, fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);
	socklen_t len = sizeof(value);
	struct server servers[2];
	uint32_t id;

	CHECK_EQ(setsockopt(fd, SOL_TCP, TCP_NODELAY, &one, sizeof(one)), 0);
	CHECK_EQ(getsockopt(fd, SOL_TCP, TCP_NODELAY, &value, &len), 0);
	CHECK_EQ(value, 1);
	CHECK_ERR(setsockopt(fd, SOL_TCP, TCP_NODELAY, &one, 1), EINVAL);
	CHECK_ERR(setsockopt(fd, SOL_TCP, TCP_ULP, "tls", 3), ENOPROTOOPT);
	close(fd);

	/* And after a failover they are what they were. */
	pool_make("opt", "fin failure failover auto", 2, ECHO, servers);
	fd = pool_connect("opt");
	CHECK_EQ(setsockopt(fd, SOL_TCP, TCP_NODELAY, &one, sizeof(one)), 0);
	value = 77;
	CHECK_EQ(setsockopt(fd, SOL_TCP, TCP_KEEPIDLE, &value, sizeof(value)),
		 0);
	id = read_id(fd);
	server_kill(&servers[id - 1]);
	CHECK(read_id(fd) != id);
	value = 0;
	CHECK_EQ(getsockopt(fd, SOL_TCP, TCP_NODELAY, &value, &len), 0);
	CHECK_EQ(value, 1);
	CHECK_EQ(getsockopt(fd, SOL_TCP, TCP_KEEPIDLE, &value, &len), 0);
	CHECK_EQ(value, 77);
}

TEST(data_every_option_length)
{
	static const int options[] = {
		RSP_FAILOVER, RSP_EVENTS, RSP_INFO, RSP_RESUME,
		RSP_FORCE_FAILOVER, RSP_FAILOVER_TIMEOUT, RSP_DETECT_TIMEOUT,
	};
	int fd = socket(AF_RSERPOOL, SOCK_STREAM, 0), ret;
	char value[2 * sizeof(struct rsp_info)];
	unsigned int i;
	socklen_t len;

	for (i = 0; i < sizeof(options) / sizeof(*options); i++) {
		for (len = 0; len <= sizeof(value); len++) {
			socklen_t room = len;

			memset(value, 0, sizeof(value));
			ret = setsockopt(fd, SOL_RSERPOOL, options[i], value,
					 len);
			CHECK(len >= 4 || (ret == -1 && errno == EINVAL) ||
			      (ret == -1 && errno == ENOPROTOOPT));
			memset(value, 0x55, sizeof(value));
			ret = getsockopt(fd, SOL_RSERPOOL, options[i], value,
					 &room);
			if (!ret)
				CHECK(room <= len);
			for (; room < sizeof(value) && !ret; room++)
				CHECK_EQ(value[room], 0x55);
		}
	}
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, 99, value, 4), ENOPROTOOPT);
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_FAILOVER, value, 4), EINVAL);
}

TEST(data_sigio)
{
	int fd = echo_session(), sig;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_EQ(fcntl(fd, F_SETOWN, getpid()), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_ASYNC), 0);
	alarm(10);
	write_all(fd, "x", 1);
	CHECK_EQ(sigwait(&set, &sig), 0);
	CHECK_EQ(sig, SIGIO);
}
