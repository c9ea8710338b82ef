// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that listen, and memory cannot be had: the call says so and has left
 * nothing behind, and the next one works; a connection that came waits.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fail.h"
#include "framed.h"
#include "netlink.h"

static int bound(int flags)
{
	struct sockaddr_rserpool address;
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET | flags, 0);
	socklen_t len;

	CHECK(fd >= 0);
	address = pool_address("f", 7, &len);
	CHECK_EQ(bind(fd, (void *)&address, len), 0);
	return fd;
}

static int bind_call(int fd)
{
	struct sockaddr_rserpool address;
	socklen_t len;

	address = pool_address("f", 7, &len);
	return bind(fd, (void *)&address, len);
}

static int unbound(void)
{
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);

	CHECK(fd >= 0);
	return fd;
}

static void bind_end(int fd, int err)
{
	if (err)
		CHECK_EQ(bind_call(fd), 0);
	CHECK_ERR(bind_call(fd), EINVAL);
	close(fd);
}

TEST(failslab_bind)
{
	const struct each each = { unbound, bind_call, bind_end, 0 };

	fail_prepare();
	at_each_place(&each);
}

static int blocking(void)
{
	return bound(0);
}

static int listen_call(int fd)
{
	return listen(fd, 8);
}

static void check_serves(int fd)
{
	int user = framed_connect("f", SOCK_SEQPACKET), session;
	char buf[16];

	session = accept(fd, NULL, NULL);
	CHECK(session >= 0);
	CHECK_EQ(send(user, "hello", 5, 0), 5);
	CHECK_EQ(recv(session, buf, sizeof(buf), 0), 5);
	close(user);
	close(session);
}

static void listen_end(int fd, int err)
{
	if (err) {
		CHECK_EQ(count_elements(), 0);
		CHECK_ERR(accept(fd, NULL, NULL), EINVAL);
		CHECK_EQ(listen(fd, 8), 0);
	}
	CHECK_EQ(count_elements(), 1);
	check_serves(fd);
	close(fd);
	CHECK_EQ(count_pools(), 0);
}

/* EADDRINUSE: TCP's word for the bind bucket that it did not get. */
TEST(failslab_listen)
{
	const struct each each = {
		blocking, listen_call, listen_end, EADDRINUSE,
	};

	fail_prepare();
	netlink_start();
	at_each_place(&each);
}

static struct mnl_socket *agent;

static void agent_hears_out(void)
{
	char buf[8192];

	while (recv(mnl_socket_get_fd(agent), buf, sizeof(buf),
		    MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		;
}

static int nonblock(void)
{
	return bound(SOCK_NONBLOCK);
}

static int answer(void)
{
	name_element(RSERPOOL_CMD_REGISTER_DONE, "f", 7);
	return talk();
}

/* One that could not be asked is asked with the next call. */
static void ask_end(int fd, int err)
{
	if (err) {
		CHECK_EQ(answer(), ENOENT);
		CHECK_EQ(listen(fd, 8), 0);
	}
	CHECK_EQ(count_elements(), 0);
	CHECK_EQ(answer(), 0);
	CHECK_EQ(count_elements(), 1);
	close(fd);
	CHECK_EQ(count_pools(), 0);
	agent_hears_out();
}

TEST(failslab_listen_asks)
{
	const struct each each = {
		nonblock, listen_call, ask_end, EADDRINUSE,
	};

	fail_prepare();
	netlink_start();
	agent = open_netlink();
	CHECK_EQ(join(agent, ASAP), 0);
	at_each_place(&each);
}

static int listener = -1, user, session;

static void start(void)
{
	int one = 1;

	fail_prepare();
	netlink_start();
	listener = bound(0);
	/* An option that each session inherits. */
	setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	CHECK_EQ(listen(listener, 8), 0);
	set_scope(RSERPOOL_A_SCOPE_AVOID_MIN, 1);
	set_scope(RSERPOOL_A_SCOPE_AVOID_MAX, 2);
}

static int user_waits(void)
{
	user = framed_connect("f", SOCK_SEQPACKET);
	wait_for(listener, POLLIN);
	return listener;
}

static int accept_call(int fd)
{
	session = accept(fd, NULL, NULL);
	return session;
}

/* It was not lost. */
static void accept_end(int fd, int err)
{
	char buf[16];

	if (err)
		CHECK(accept_call(fd) >= 0);
	CHECK_EQ(send(user, "hello", 5, 0), 5);
	CHECK_EQ(recv(session, buf, sizeof(buf), 0), 5);
	close(session);
	close(user);
}

TEST(failslab_accept)
{
	const struct each each = { user_waits, accept_call, accept_end, 0 };

	start();
	at_each_place(&each);
}

static int connect_call(int fd)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };
	struct sockaddr_rserpool address;
	socklen_t len;

	address = pool_address("f", 0, &len);
	if (connect(fd, (void *)&address, len))
		return -1;
	/* Well before the user would take it for dead. */
	CHECK_EQ(poll(&pfd, 1, 3000), 1);
	return 0;
}

static int new_user(void)
{
	user = unbound();
	return user;
}

/* Who was sent away comes again. */
static void connect_end(int fd, int err)
{
	int i;

	for (i = 0; err && i < 100; i++) {
		err = connect_call(fd) ? errno : 0;
		usleep(10000);
	}
	CHECK_EQ(err, 0);
	/* It was taken in, whatever became of it. */
	CHECK(accept_call(listener) >= 0);
	close(session);
	close(user);
}

TEST(failslab_worker_admits)
{
	const struct each each = {
		new_user, connect_call, connect_end, EHOSTUNREACH,
	};

	start();
	at_each_place_of_workers(&each);
}
