// SPDX-License-Identifier: GPL-2.0
/*
 * What a session must do as TCP does: a script runs on a TCP socket, and then
 * on a session with the same server, and gives the same.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool.h"

static bool on_pool;
static struct server server;

/* What the script gave, on TCP and on a pool. */
static struct {
	const char *what;
	int value;
} notes[2][64];
static int n_notes;

static void note(const char *what, int value)
{
	notes[on_pool][n_notes].what = what;
	notes[on_pool][n_notes++].value = value;
}

#define NOTE(_expr) note(#_expr, (_expr))

static void like_tcp(void (*script)(void), enum manner manner)
{
	int i, n = 0;

	server = server_start(1, manner, AF_INET);
	run("rspctl pool add p");
	pool_join("p", &server);
	for (i = 0; i < 2; i++) {
		on_pool = i;
		n_notes = 0;
		script();
		if (i)
			CHECK_EQ(n_notes, n);
		n = n_notes;
	}
	for (i = 0; i < n; i++)
		if (notes[0][i].value != notes[1][i].value)
			test_fail(__FILE__, __LINE__,
				  "%d. %s: %d on TCP, %d on a session", i,
				  notes[0][i].what, notes[0][i].value,
				  notes[1][i].value);
}

static int either_socket(int flags)
{
	int fd = socket(on_pool ? AF_RSERPOOL : AF_INET, SOCK_STREAM | flags, 0);

	CHECK(fd >= 0);
	return fd;
}

/* 0 or the errno of a call. */
static int result(int ret)
{
	return ret < 0 ? errno : 0;
}

static int connect_server(int fd)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(server.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	if (!on_pool)
		return result(connect(fd, (void *)&in, sizeof(in)));
	return result(connect_to(fd, "p"));
}

static int connected(void)
{
	int fd = either_socket(0);

	CHECK_EQ(connect_server(fd), 0);
	return fd;
}

static int connecting(void)
{
	int fd = either_socket(SOCK_NONBLOCK);

	CHECK_EQ(connect_server(fd), EINPROGRESS);
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
	return fd;
}

static int polled(int fd)
{
	struct pollfd ready = {
		.fd = fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP,
	};

	poll(&ready, 1, 0);
	return ready.revents;
}

/* Another process is in a call on fd while the script goes on. */
static pid_t beside(int (*call)(int fd), int fd)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		signal(SIGPIPE, SIG_IGN);
		_exit(call(fd));
	}
	usleep(300000);
	return pid;
}

static int outcome(pid_t pid)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int send_octet(int fd)
{
	return result(send(fd, "x", 1, MSG_NOSIGNAL));
}

static int recv_octet(int fd)
{
	char octet;

	return result(recv(fd, &octet, 1, 0));
}

static int send_much(int fd)
{
	static char much[16 << 20];
	ssize_t n;

	do {
		n = send(fd, much, sizeof(much), MSG_NOSIGNAL);
	} while (n > 0);
	return errno;
}

static int disconnect(int fd)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	return result(connect(fd, &nobody, sizeof(nobody)));
}

/* It can be connected, and connects to an ECHO server. */
static void check_as_new(int fd)
{
	CHECK_EQ(connect_server(fd), 0);
	NOTE(socket_error(fd));
	NOTE(read_id(fd));
	check_echo(fd, "again");
}

static void shutdown_while_connecting(void)
{
	int fd, how;
	pid_t pid;

	for (how = SHUT_RD; how <= SHUT_RDWR; how++) {
		server_cut(&server);
		fd = connecting();
		NOTE(result(shutdown(fd, how)));
		NOTE(polled(fd));
		if (how == SHUT_WR)
			NOTE(socket_error(fd));
		server_heal();
		check_as_new(fd);
		close(fd);
	}
	server_cut(&server);
	fd = either_socket(0);
	pid = beside(connect_server, fd);
	NOTE(result(shutdown(fd, SHUT_RDWR)));
	NOTE(outcome(pid));
	NOTE(socket_error(fd));
	NOTE(polled(fd));
	close(fd);
	fd = connecting();
	pid = beside(send_octet, fd);
	NOTE(result(shutdown(fd, SHUT_RDWR)));
	NOTE(outcome(pid));
	server_heal();
}

TEST(like_tcp_shutdown_while_connecting)
{
	like_tcp(shutdown_while_connecting, ECHO);
}

static void disconnect_before_connect(void)
{
	int fd = either_socket(0);

	NOTE(disconnect(fd));
	NOTE(polled(fd));
	check_as_new(fd);
}

TEST(like_tcp_disconnect_before_connect)
{
	like_tcp(disconnect_before_connect, ECHO);
}

static void disconnect_while_connecting(void)
{
	pid_t pid;
	int fd;

	server_cut(&server);
	fd = connecting();
	NOTE(disconnect(fd));
	NOTE(polled(fd));
	NOTE(recv_octet(fd));
	NOTE(recv_octet(fd));
	server_heal();
	check_as_new(fd);

	server_cut(&server);
	fd = either_socket(0);
	pid = beside(connect_server, fd);
	NOTE(disconnect(fd));
	NOTE(outcome(pid));
	fd = connecting();
	pid = beside(recv_octet, fd);
	NOTE(disconnect(fd));
	NOTE(outcome(pid));
	server_heal();
	check_as_new(fd);
}

TEST(like_tcp_disconnect_while_connecting)
{
	like_tcp(disconnect_while_connecting, ECHO);
}

static void disconnect_when_connected(void)
{
	pid_t pid;
	int fd;

	/* The server's id is unread. */
	fd = connected();
	wait_for(fd, POLLIN);
	NOTE(disconnect(fd));
	NOTE(polled(fd));
	NOTE(recv_octet(fd));
	NOTE(recv_octet(fd));
	check_as_new(fd);
	NOTE(disconnect(fd));
	check_as_new(fd);

	pid = beside(recv_octet, fd);
	NOTE(disconnect(fd));
	NOTE(outcome(pid));
	check_as_new(fd);

	NOTE(result(shutdown(fd, SHUT_WR)));
	wait_for(fd, POLLHUP);
	NOTE(disconnect(fd));
	NOTE(socket_error(fd));
	check_as_new(fd);
}

TEST(like_tcp_disconnect_when_connected)
{
	like_tcp(disconnect_when_connected, ECHO);
}

static void disconnect_below_a_send(void)
{
	int fd = connected();
	pid_t pid;

	pid = beside(send_much, fd);
	NOTE(disconnect(fd));
	NOTE(outcome(pid));
	NOTE(connect_server(fd));
	NOTE(result(shutdown(fd, SHUT_WR)));
	NOTE(disconnect(fd));
	NOTE(socket_error(fd));
}

TEST(like_tcp_disconnect_below_a_send)
{
	like_tcp(disconnect_below_a_send, DEAF);
}

static void disconnect_after_the_end(void)
{
	int fd = connected();

	read_id(fd);
	wait_for(fd, POLLIN);
	NOTE(recv_octet(fd));
	NOTE(disconnect(fd));
	NOTE(polled(fd));
	NOTE(socket_error(fd));
	NOTE(connect_server(fd));
	NOTE(read_id(fd));
}

TEST(like_tcp_disconnect_after_the_end)
{
	like_tcp(disconnect_after_the_end, BYE);
}

static int polled_when_there(int fd, int octets)
{
	int there;

	for (;;) {
		CHECK_EQ(ioctl(fd, FIONREAD, &there), 0);
		if (there >= octets)
			break;
		usleep(1000);
	}
	return polled(fd) & POLLIN;
}

/* Set for a connection that is to come, and for one that is there. */
static void lowat(void)
{
	int fd = either_socket(0), octets;
	char echoed[12];

	for (octets = 8; octets <= 12; octets += 4) {
		CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &octets,
				    sizeof(octets)), 0);
		if (octets == 8) {
			CHECK_EQ(connect_server(fd), 0);
			NOTE(polled_when_there(fd, 4));
			NOTE(read_id(fd));
		}
		write_all(fd, "abcdefghijkl", octets - 4);
		NOTE(polled_when_there(fd, octets - 4));
		write_all(fd, "mnop", 4);
		NOTE(polled_when_there(fd, octets));
		NOTE(recv(fd, echoed, sizeof(echoed), 0));
	}
}

TEST(like_tcp_lowat)
{
	like_tcp(lowat, ECHO);
}
