// SPDX-License-Identifier: GPL-2.0
/*
 * Calls on a session in which memory cannot be had: each time the call succeeds
 * or says precisely what the matter is, and the next call works.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "fail.h"
#include "pool.h"

static struct server servers[3];

static void start(const char *config)
{
	fail_prepare();
	pool_make("p", config, 2, ECHO, servers);
	run("rspctl scope set avoid-min 1ms avoid-max 2ms");
}

static int make_socket(int fd)
{
	fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);
	if (fd >= 0)
		close(fd);
	return fd;
}

TEST(failslab_socket)
{
	const struct each each = {
		begin_nothing, make_socket, end_nothing, 0,
	};

	fail_prepare();
	close(new_socket(0));
	at_each_place(&each);
}

static int blocking_socket(void)
{
	return new_socket(0);
}

static int connect_call(int fd)
{
	return connect_to(fd, "p");
}

/* One that failed is as new, and connects. */
static void connect_end(int fd, int err)
{
	if (err && connect_to(fd, "p"))
		CHECK_EQ(errno, EISCONN);
	CHECK(read_id(fd) <= 2);
	check_echo(fd, "connected");
	close(fd);
}

TEST(failslab_connect)
{
	const struct each each = { blocking_socket, connect_call, connect_end, 0 };

	start("");
	at_each_place(&each);
}

static int nonblock_socket(void)
{
	return new_socket(SOCK_NONBLOCK);
}

static int resolve_call(int fd)
{
	return connect_to(fd, "unknown");
}

static void resolve_end(int fd, int err)
{
	CHECK(err);
	/* It times out, and then the socket is as new. */
	if (err == EINPROGRESS)
		wait_for(fd, POLLERR);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_INIT);
	close(fd);
}

TEST(failslab_resolve)
{
	const struct each each = {
		nonblock_socket, resolve_call, resolve_end, EINPROGRESS,
	};
	int fd, i;

	start("");
	run("rspctl scope set resolve-timeout 10ms");
	if (!fork()) {
		execlp("rspctl", "rspctl", "monitor", "asap", NULL);
		_exit(1);
	}
	fd = nonblock_socket();
	for (i = 0; i < 100; i++) {
		resolve_call(fd);
		if (errno == EINPROGRESS)
			break;
		usleep(50000);
	}
	CHECK(i < 100);
	usleep(50000);
	at_each_place(&each);
}

static int connected(void)
{
	int fd = pool_connect("p");

	CHECK(read_id(fd) <= 2);
	return fd;
}

static void check_talks(int fd, int err)
{
	(void)err;
	check_echo(fd, "still");
	close(fd);
}

static int option_call(int fd)
{
	int one = 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static int info_call(int fd)
{
	struct rsp_info info;
	socklen_t len = sizeof(info);

	return getsockopt(fd, SOL_RSERPOOL, RSP_INFO, &info, &len);
}

TEST(failslab_options)
{
	const struct each set = { connected, option_call, check_talks, 0 };
	const struct each get = { connected, info_call, check_talks, 0 };

	start("");
	at_each_place(&set);
	at_each_place(&get);
}

static ssize_t sent;

static int send_call(int fd)
{
	char block[100] = "";

	sent = send(fd, block, sizeof(block), 0);
	return sent < 0 ? -1 : 0;
}

/* What was sent was sent, and no more. */
static void send_end(int fd, int err)
{
	char block[100];

	if (!err)
		read_all(fd, block, sent);
	check_talks(fd, err);
}

static int await_octets(void)
{
	int fd = connected();

	write_all(fd, "octets", 6);
	wait_for(fd, POLLIN);
	return fd;
}

static int recv_call(int fd)
{
	char octets[64];

	return recv(fd, octets, 6, MSG_WAITALL);
}

static void recv_end(int fd, int err)
{
	char octets[64];

	if (err)
		recv(fd, octets, 6, MSG_DONTWAIT);
	close(fd);
}

TEST(failslab_data)
{
	const struct each out = { connected, send_call, send_end, 0 };
	const struct each in = { await_octets, recv_call, recv_end, 0 };

	start("");
	at_each_place(&out);
	at_each_place(&in);
}

static int force_call(int fd)
{
	uint32_t zero = 0;

	return setsockopt(fd, SOL_RSERPOOL, RSP_FORCE_FAILOVER, &zero,
			  sizeof(zero));
}

/* The session found another element, later perhaps, or said why it did not. */
static void force_end(int fd, int err)
{
	struct rsp_info info;
	uint32_t id;
	int i;

	for (i = 0; i < 500; i++) {
		info = get_info(fd);
		if (info.state == RSP_SESSION_READY ||
		    info.state == RSP_SESSION_CLOSED)
			break;
		usleep(10000);
	}
	if (info.state == RSP_SESSION_CLOSED) {
		CHECK_EQ(socket_error(fd), ENOMEM);
	} else {
		CHECK_EQ(info.state, RSP_SESSION_READY);
		CHECK_EQ(info.generation, !err);
		if (!err)
			read_all(fd, &id, sizeof(id));
		check_echo(fd, "moved");
	}
	close(fd);
}

TEST(failslab_failover)
{
	const struct each each = { connected, force_call, force_end, 0 };

	start("fin failure failover auto");
	at_each_place(&each);
}

static int close_call(int fd)
{
	return close(fd);
}

TEST(failslab_close)
{
	const struct each each = { await_octets, close_call, end_nothing, 0 };

	start("");
	at_each_place(&each);
	run("rspctl scope show | grep -q ' sessions 0 '");
}

static int namespace_call(int fd)
{
	int ret = unshare(CLONE_NEWNET);

	(void)fd;
	return ret;
}

static void namespace_end(int fd, int err)
{
	(void)fd;
	if (!err)
		CHECK_ERR(connect_to(new_socket(0), "p"), ENOENT);
}

TEST(failslab_namespace)
{
	const struct each each = {
		begin_nothing, namespace_call, namespace_end, 0,
	};

	fail_prepare();
	fail_only_the_module();
	at_each_place(&each);
}
