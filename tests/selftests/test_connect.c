// SPDX-License-Identifier: GPL-2.0
/* connect() to a pool: addresses, errors, blocking and not. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

#include "pool.h"

static int connect_to_pe(int fd, const char *name, uint32_t pe_id)
{
	struct sockaddr_rserpool address;
	socklen_t len;

	address = pool_address(name, pe_id, &len);
	return connect(fd, (void *)&address, len);
}

TEST(connect_unknown_pool)
{
	CHECK_ERR(connect_to(new_socket(0), "nobody"), ENOENT);
}

TEST(connect_empty_pool)
{
	run("rspctl pool add empty");
	CHECK_ERR(connect_to(new_socket(0), "empty"), EHOSTUNREACH);
}

TEST(connect_and_talk)
{
	struct server servers[1];
	int fd;

	pool_make("talk", "", 1, ECHO, servers);
	fd = pool_connect("talk");
	CHECK_EQ(read_id(fd), 1);
	check_echo(fd, "hello");
	CHECK_ERR(connect_to(fd, "talk"), EISCONN);
}

TEST(connect_ipv6)
{
	struct server server = server_start(6, ECHO, AF_INET6);
	int fd;

	run("rspctl pool add six");
	pool_join("six", &server);
	fd = pool_connect("six");
	CHECK_EQ(read_id(fd), 6);
	check_echo(fd, "hello");
	CHECK_EQ(get_info(fd).peer.ss_family, AF_INET6);
}

TEST(connect_nonblock)
{
	struct server servers[1];
	int fd, ret;

	pool_make("nb", "", 1, ECHO, servers);
	fd = new_socket(SOCK_NONBLOCK);
	CHECK(wait_for(fd, POLLOUT) & POLLHUP);
	ret = connect_to(fd, "nb");
	if (ret)
		CHECK_EQ(errno, EINPROGRESS);
	CHECK_EQ(wait_for(fd, POLLOUT) & (POLLERR | POLLHUP), 0);
	CHECK_EQ(socket_error(fd), 0);
	wait_for(fd, POLLIN);
	CHECK_EQ(read_id(fd), 1);
}

TEST(connect_nonblock_refused)
{
	struct server servers[1];
	int fd;

	pool_make("gone", "", 1, ECHO, servers);
	server_kill(&servers[0]);
	fd = new_socket(SOCK_NONBLOCK);
	if (connect_to(fd, "gone") && errno == EINPROGRESS) {
		CHECK(wait_for(fd, POLLOUT) & POLLERR);
		CHECK_EQ(socket_error(fd), EHOSTUNREACH);
	} else {
		CHECK_EQ(errno, EHOSTUNREACH);
	}
}

TEST(connect_passes_over_the_dead)
{
	struct server servers[3];
	int fd;

	pool_make("half", "", 3, ECHO, servers);
	server_kill(&servers[0]);
	server_kill(&servers[2]);
	fd = pool_connect("half");
	CHECK_EQ(read_id(fd), 2);
	/* And so do those who come later, without trying the dead again. */
	fd = pool_connect("half");
	CHECK_EQ(read_id(fd), 2);
	CHECK_EQ(get_info(fd).elements_tried, 1);
}

TEST(connect_again_after_failure)
{
	struct server servers[1], server;
	int fd = new_socket(0);

	pool_make("later", "", 1, ECHO, servers);
	server_kill(&servers[0]);
	CHECK_ERR(connect_to(fd, "later"), EHOSTUNREACH);
	server = server_start(1, ECHO, AF_INET);
	CHECK_EQ(server.port, servers[0].port);
	CHECK_EQ(connect_to(fd, "later"), 0);
	CHECK_EQ(read_id(fd), 1);
}

TEST(connect_to_one_element)
{
	struct server servers[3];
	int fd = new_socket(0), i;

	pool_make("one", "fin failure", 3, ECHO, servers);
	for (i = 0; i < 4; i++) {
		fd = new_socket(0);
		CHECK_EQ(connect_to_pe(fd, "one", 2), 0);
		CHECK_EQ(read_id(fd), 2);
	}
	CHECK_ERR(connect_to_pe(new_socket(0), "one", 9), EHOSTUNREACH);
	server_kill(&servers[1]);
	CHECK_ERR(connect_to_pe(new_socket(0), "one", 2), EHOSTUNREACH);
	/* It does not move to another. */
	CHECK_ERR(read(fd, &i, sizeof(i)), ECONNRESET);
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST(connect_interrupted)
{
	struct itimerval soon = { .it_value.tv_usec = 200000 };
	struct sigaction action = { .sa_handler = on_alarm };
	struct server servers[1];
	int fd = new_socket(0);

	pool_make("cut", "", 1, ECHO, servers);
	server_cut(&servers[0]);
	CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_EQ(setitimer(ITIMER_REAL, &soon, NULL), 0);
	CHECK_ERR(connect_to(fd, "cut"), EINTR);
	/* It goes on all the same. */
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERR(connect_to(fd, "cut"), EALREADY);
}

TEST(connect_times_out_on_the_silent)
{
	struct server servers[2];
	int fd = new_socket(0), i;

	pool_make("silent", "", 2, ECHO, servers);
	server_cut(&servers[0]);
	for (i = 0; i < 2; i++) {
		fd = new_socket(0);
		set_option(fd, RSP_DETECT_TIMEOUT, 1000);
		CHECK_EQ(connect_to(fd, "silent"), 0);
		CHECK_EQ(read_id(fd), 2);
	}
}

TEST(connect_send_timeout)
{
	struct timeval soon = { .tv_usec = 300000 };
	struct server servers[1];
	int fd = new_socket(0);

	pool_make("silent", "", 1, ECHO, servers);
	server_cut(&servers[0]);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)), 0);
	CHECK_ERR(connect_to(fd, "silent"), EINPROGRESS);
}

TEST(connect_every_address_length)
{
	struct sockaddr_rserpool address;
	struct server servers[1];
	socklen_t len, good;
	int fd;

	pool_make("length", "", 1, ECHO, servers);
	address = pool_address("length", 0, &good);
	for (len = 0; len <= sizeof(struct sockaddr_storage); len++) {
		struct sockaddr_storage storage = { 0 };

		memcpy(&storage, &address, sizeof(address));
		fd = new_socket(0);
		if (len >= good && len <= sizeof(address))
			CHECK_EQ(connect(fd, (void *)&storage, len), 0);
		else
			CHECK_ERR(connect(fd, (void *)&storage, len), EINVAL);
		close(fd);
	}
}

TEST(connect_refuses_bad_addresses)
{
	struct sockaddr_rserpool good, bad;
	socklen_t len;

	good = pool_address("pool", 0, &len);
	bad = good;
	bad.srp_family = AF_INET;
	CHECK_ERR(connect(new_socket(0), (void *)&bad, len), EAFNOSUPPORT);
	bad = good;
	bad.srp_reserved[2] = 1;
	CHECK_ERR(connect(new_socket(0), (void *)&bad, len), EINVAL);
	bad = good;
	bad.srp_port = 1;
	CHECK_ERR(connect(new_socket(0), (void *)&bad, len), EINVAL);
	bad = good;
	bad.srp_handle_len = 0;
	CHECK_ERR(connect(new_socket(0), (void *)&bad, len), EINVAL);
	bad = good;
	bad.srp_handle_len = 97;
	CHECK_ERR(connect(new_socket(0), (void *)&bad, sizeof(bad)), EINVAL);
}

TEST(connect_names)
{
	struct sockaddr_rserpool name = { 0 };
	socklen_t len = sizeof(name);
	struct server servers[1];
	int fd;

	fd = new_socket(0);
	CHECK_ERR(getpeername(fd, (void *)&name, &len), ENOTCONN);
	pool_make("names", "", 1, ECHO, servers);
	fd = pool_connect("names");
	len = sizeof(name);
	CHECK_EQ(getpeername(fd, (void *)&name, &len), 0);
	CHECK_EQ(name.srp_family, AF_RSERPOOL);
	CHECK_EQ(name.srp_pe_id, 1);
	CHECK_EQ(name.srp_handle_len, 5);
	CHECK_EQ(memcmp(name.srp_handle, "names", 5), 0);
	CHECK_EQ(len, offsetof(struct sockaddr_rserpool, srp_handle) + 5);
	len = sizeof(name);
	CHECK_EQ(getsockname(fd, (void *)&name, &len), 0);
	CHECK_EQ(name.srp_family, AF_RSERPOOL);
	CHECK(name.srp_port != 0);
}

TEST(connect_round_robin)
{
	struct server servers[3];
	int seen[4] = { 0 }, i;

	pool_make("rr", "policy rr", 3, ECHO, servers);
	for (i = 0; i < 9; i++)
		seen[read_id(pool_connect("rr"))]++;
	CHECK_EQ(seen[1], 3);
	CHECK_EQ(seen[2], 3);
	CHECK_EQ(seen[3], 3);
}
