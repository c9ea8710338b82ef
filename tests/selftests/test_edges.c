// SPDX-License-Identifier: GPL-2.0
/* Edges of failover and of its detection that are easy to fall off. */
#define _GNU_SOURCE
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pool.h"

/* The host of a server answers what is sent to it with an ICMP error. */
static void server_unreachable(const struct server *server)
{
	run("nft -f - <<END\n"
	    "table inet cut {\n"
	    "  chain c { type filter hook input priority 0;\n"
	    "    tcp dport %u reject with icmpx type host-unreachable; }\n"
	    "}\n"
	    "END", server->port);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

/* A program that polls, reads once and polls again. */
TEST(edge_poll_after_the_last_octet)
{
	struct server servers[2];
	struct pollfd ready;
	uint32_t id;
	int fd;

	pool_make("p", "failover auto fin failure", 2, ECHO, servers);
	fd = pool_connect("p");
	ready = (struct pollfd){ .fd = fd, .events = POLLIN };
	wait_for(fd, POLLIN);
	server_kill(&servers[get_info(fd).pe_id - 1]);
	while (get_info(fd).generation != 1 ||
	       get_info(fd).state != RSP_SESSION_READY)
		usleep(10000);
	wait_for(fd, POLLIN);
	CHECK_EQ(recv(fd, &id, sizeof(id), 0), sizeof(id));
	CHECK_EQ(poll(&ready, 1, 5000), 1);
	CHECK(read_id(fd) != id);
}

/* The first send blocks, so nothing comes back that could start a watch. */
TEST(edge_silence_under_a_blocked_send)
{
	static char block[4 << 20];
	struct server servers[2];
	int fd, sndbuf = 16384;
	pid_t pid;

	pool_make("p", "", 2, SINK, servers);
	fd = pool_connect("p");
	set_option(fd, RSP_DETECT_TIMEOUT, RSP_DETECT_MIN);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf,
			    sizeof(sndbuf)), 0);
	server_cut(&servers[get_info(fd).pe_id - 1]);
	pid = fork();
	if (!pid)
		_exit(write(fd, block, sizeof(block)) < 0);
	wait_for(fd, POLLPRI);
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_SILENT);
	kill(pid, SIGKILL);
}

/*
 * Small segments fill the receiver's memory before its window: it drops what
 * is in flight, and TCP sends that again at longer and longer intervals.
 */
TEST(edge_deaf_with_octets_in_flight)
{
	struct server servers[2];
	int fd, one = 1, i;

	run("sysctl -qw net.ipv4.tcp_rmem='4096 65536 65536'");
	pool_make("p", "", 2, DEAF, servers);
	fd = pool_connect("p");
	CHECK_EQ(setsockopt(fd, SOL_TCP, TCP_NODELAY, &one, sizeof(one)), 0);
	set_option(fd, RSP_DETECT_TIMEOUT, 4000);
	for (i = 0; i < 200000; i++)
		if (send(fd, "x", 1, MSG_DONTWAIT) < 0)
			break;
	sleep(12);
	CHECK_EQ(get_info(fd).generation, 0);
}

/*
 * The host is back before its silence has lasted too long; TCP would not ask again
 * before that.
 */
TEST(edge_short_outage)
{
	struct server servers[2];
	int fd;

	pool_make("p", "", 2, ECHO, servers);
	fd = pool_connect("p");
	set_option(fd, RSP_DETECT_TIMEOUT, 10000);
	server_cut(&servers[read_id(fd) - 1]);
	write_all(fd, "x", 1);
	sleep(7);
	server_heal();
	wait_for(fd, POLLIN);
	CHECK_EQ(get_info(fd).generation, 0);
}

TEST(edge_severed_after_a_move)
{
	struct server servers[1], other;
	int fd;

	pool_make("p", "failover auto", 1, ECHO, servers);
	fd = pool_connect("p");
	CHECK_EQ(read_id(fd), 1);
	other = server_start(9, ECHO, AF_INET);
	run("rspctl pe set pool p id 1 tcp 127.0.0.1:%u", other.port);
	run("rspctl pe add pool p id 2 tcp 127.0.0.1:%u", other.port);
	run("rspctl pe del pool p id 1 now");
	CHECK_EQ(read_id(fd), 9);
}

/* Two wait for one connect, and each is told that it failed. */
TEST(edge_connect_of_two)
{
	struct sockaddr_rserpool address;
	struct server servers[1];
	int fd, status;
	socklen_t len;
	pid_t pid;

	pool_make("p", "", 1, ECHO, servers);
	server_cut(&servers[0]);
	fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);
	set_option(fd, RSP_DETECT_TIMEOUT, RSP_DETECT_MIN);
	address = pool_address("p", 0, &len);
	pid = fork();
	if (!pid)
		_exit(connect(fd, (void *)&address, len) == 0);
	while (get_info(fd).state != RSP_SESSION_CONNECT)
		usleep(1000);
	CHECK_EQ(connect(fd, (void *)&address, len), -1);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

/* The call that takes ICMP's error away must not keep it to itself. */
TEST(edge_unreachable_while_sending)
{
	struct server servers[2];
	ssize_t n;
	int fd, i;

	pool_make("p", "", 2, SINK, servers);
	for (i = 0; i < 4; i++) {
		fd = pool_connect("p");
		server_unreachable(&servers[get_info(fd).pe_id - 1]);
		do {
			n = send(fd, "x", 1, 0);
		} while (n == 1);
		CHECK_EQ(errno, EREMCHG);
		CHECK_EQ(get_info(fd).failure, RSP_FAILURE_UNREACHABLE);
		server_heal();
		close(fd);
	}
}

/* A second process leaves the element three seconds from now. */
static void leave_in_three_seconds(int fd)
{
	if (fork())
		return;
	sleep(3);
	set_option(fd, RSP_FORCE_FAILOVER, 0);
	_exit(0);
}

/* A call that goes on with the next element has no more time than any. */
TEST(edge_time_of_a_call)
{
	struct timeval four = { .tv_sec = 4 };
	static char much[16 << 20];
	struct server servers[2];
	double begun;
	char octet;
	int fd, i;

	pool_make("p", "failover auto", 2, DEAF, servers);
	fd = pool_connect("p");
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &four, sizeof(four)), 0);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &four, sizeof(four)), 0);

	begun = now();
	leave_in_three_seconds(fd);
	CHECK_ERR(recv(fd, &octet, 1, 0), EAGAIN);
	CHECK_EQ(get_info(fd).generation, 1);
	CHECK(now() - begun > 3.9);
	CHECK(now() - begun < 6);

	/* What is on its way makes room yet. */
	for (i = 0; i < 10; i++, usleep(100000))
		while (send(fd, much, sizeof(much), MSG_DONTWAIT) > 0)
			;
	begun = now();
	leave_in_three_seconds(fd);
	CHECK(send(fd, much, sizeof(much), 0) < (ssize_t)sizeof(much));
	CHECK_EQ(get_info(fd).generation, 2);
	CHECK(now() - begun > 3.9);
	CHECK(now() - begun < 6);
}

static void disconnect(int fd)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	CHECK_EQ(connect(fd, &nobody, sizeof(nobody)), 0);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_INIT);
	CHECK_EQ(get_info(fd).resumed, get_info(fd).generation);
}

/* The session is gone, and its socket connects to a pool of one, "q". */
static void check_as_new(int fd)
{
	struct sockaddr_rserpool address;
	socklen_t len;
	char octet;

	CHECK_ERR(recv(fd, &octet, 1, 0), ENOTCONN);
	address = pool_address("q", 0, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	CHECK_EQ(read_id(fd), 9);
	check_echo(fd, "new");
}

/* In each state that TCP does not have. */
TEST(edge_disconnect)
{
	struct server servers[2], other = server_start(9, ECHO, AF_INET);
	char octet;
	pid_t pid;
	int fd, status;

	run("rspctl pool add q");
	pool_join("q", &other);
	pool_make("p", "fin failure", 2, ECHO, servers);

	/* With octets of the failed element unread, and before the resume. */
	fd = pool_connect("p");
	wait_for(fd, POLLIN);
	set_option(fd, RSP_FORCE_FAILOVER, 0);
	while (get_info(fd).state != RSP_SESSION_READY)
		usleep(10000);
	disconnect(fd);
	CHECK_ERR(recv(fd, &octet, 1, 0), ECONNRESET);
	check_as_new(fd);
	CHECK_EQ(get_info(fd).generation, 1);
	disconnect(fd);

	/* While no element is there, with a call that waits for one. */
	fd = pool_connect("p");
	set_option(fd, RSP_FAILOVER, RSP_FAILOVER_AUTO);
	CHECK_EQ(read_id(fd) | 3, 3);
	server_kill(&servers[0]);
	server_kill(&servers[1]);
	while (get_info(fd).state != RSP_SESSION_FAILOVER)
		usleep(10000);
	pid = fork();
	if (!pid)
		_exit(recv(fd, &octet, 1, 0) < 0 ? errno : 0);
	wait_asleep(pid);
	disconnect(fd);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, EPIPE << 8);
	CHECK_ERR(recv(fd, &octet, 1, 0), ECONNRESET);
	check_as_new(fd);

	/* And when the session is over. */
	set_option(fd, RSP_FAILOVER, RSP_FAILOVER_OFF);
	set_option(fd, RSP_FORCE_FAILOVER, 0);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_CLOSED);
	CHECK_ERR(recv(fd, &octet, 1, 0), ECONNRESET);
	disconnect(fd);
	check_as_new(fd);
}

/* Filters that ask for the owner see it to the end. */
TEST(edge_owner_of_the_fin)
{
	struct server servers[1];
	int fd;

	pool_make("p", "", 1, ECHO, servers);
	run("nft -f - <<END\n"
	    "table inet owner {\n"
	    "  chain c { type filter hook output priority 0;\n"
	    "    tcp dport %u tcp flags & fin == fin meta skuid 1000 counter; }\n"
	    "}\n"
	    "END", servers[0].port);
	CHECK_EQ(seteuid(1000), 0);
	fd = pool_connect("p");
	CHECK_EQ(read_id(fd), 1);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(seteuid(0), 0);
	run("nft list table inet owner | grep -q 'packets 1 '");
}
