// SPDX-License-Identifier: GPL-2.0
/* Servers that are sockets of the family: bind, listen, accept. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "framed.h"

/* An element whose process accepts and echoes, session by session. */
static pid_t echo_element(const char *name, uint32_t id, int type)
{
	int listener = element(name, id, type), fd;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid) {
		close(listener);
		return pid;
	}
	while ((fd = accept(listener, NULL, NULL)) >= 0)
		echo_messages(fd);
	_exit(1);
}

TEST(endpoint_echo)
{
	char buf[16];
	int fd;

	echo_element("e", 7, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	CHECK_EQ(get_info(fd).pe_id, 7);
	CHECK_EQ(send(fd, "hello", 5, 0), 5);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	CHECK(!memcmp(buf, "hello", 5));
}

TEST(endpoint_stream)
{
	int fd;

	echo_element("e", 0, SOCK_STREAM);
	fd = pool_connect("e");
	check_echo(fd, "hello");
	check_echo(fd, "again");
}

/* A program that ends has ended its sessions, one that is killed has failed. */
TEST(endpoint_end_and_failure)
{
	char buf[16];
	pid_t pid;
	int fd;

	pid = echo_element("e", 1, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	CHECK_EQ(send(fd, "hello", 5, 0), 5);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	echo_element("e", 2, SOCK_SEQPACKET);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	session_resume(fd);
	CHECK_EQ(send(fd, "you", 3, 0), 3);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 3);
	CHECK_EQ(get_info(fd).pe_id, 2);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 0);
}

TEST(endpoint_accept_waits_no_longer_than_told)
{
	struct timeval time = { .tv_usec = 100000 };
	int listener = element("e", 0, SOCK_SEQPACKET), fd;

	CHECK_EQ(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &time,
			    sizeof(time)), 0);
	CHECK_ERR(accept(listener, NULL, NULL), EAGAIN);
	CHECK_EQ(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERR(accept(listener, NULL, NULL), EAGAIN);
	fd = framed_connect("e", SOCK_SEQPACKET);
	wait_for(listener, POLLIN);
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

TEST(endpoint_shutdown_ends_the_listening)
{
	struct sockaddr_rserpool address;
	int listener = element("e", 0, SOCK_SEQPACKET), client, status;
	socklen_t len;
	char octet;
	pid_t pid;

	client = framed_connect("e", SOCK_SEQPACKET);
	wait_for(listener, POLLIN);
	pid = fork();
	if (!pid) {
		close(accept(listener, NULL, NULL));
		_exit(accept(listener, NULL, NULL) < 0 ? errno : 0);
	}
	/* The session that the other process took and closed. */
	CHECK_EQ(recv(client, &octet, 1, 0), 0);
	CHECK_EQ(shutdown(listener, SHUT_WR), 0);
	CHECK_EQ(shutdown(listener, SHUT_RD), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, EINVAL << 8);
	CHECK_ERR(accept(listener, NULL, NULL), EINVAL);
	client = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	address = pool_address("e", 0, &len);
	CHECK_ERR(connect(client, (void *)&address, len), ENOENT);
}

/* Sessions that nobody took have lost their element with their listener. */
TEST(endpoint_close_with_a_backlog)
{
	int listener = element("e", 0, SOCK_SEQPACKET), clients[3], i;
	char octet;

	for (i = 0; i < 3; i++)
		clients[i] = framed_connect("e", SOCK_SEQPACKET);
	CHECK_EQ(close(listener), 0);
	for (i = 0; i < 3; i++)
		CHECK_ERR(recv(clients[i], &octet, 1, 0), EREMCHG);
}

TEST(endpoint_policy)
{
	struct rsp_policy policy = { .type = 2, .value = 5 }, got;
	struct sockaddr_rserpool address;
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0), other;
	socklen_t len = sizeof(got);

	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_POLICY, &policy,
			     sizeof(policy)), EDESTADDRREQ);
	address = pool_address("e", 1, &len);
	CHECK_EQ(bind(fd, (void *)&address, len), 0);
	CHECK_EQ(setsockopt(fd, SOL_RSERPOOL, RSP_POLICY, &policy,
			    sizeof(policy)), 0);
	CHECK_EQ(listen(fd, 1), 0);
	run("rspctl pe show | grep -q 'policy wrr weight 5'");
	policy.value = 6;
	CHECK_EQ(setsockopt(fd, SOL_RSERPOOL, RSP_POLICY, &policy,
			    sizeof(policy)), 0);
	run("rspctl pe show | grep -q 'policy wrr weight 6'");
	len = sizeof(got);
	CHECK_EQ(getsockopt(fd, SOL_RSERPOOL, RSP_POLICY, &got, &len), 0);
	CHECK(!memcmp(&got, &policy, sizeof(got)));
	policy.reserved = 1;
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_POLICY, &policy,
			     sizeof(policy)), EINVAL);
	policy.reserved = 0;
	policy.type = 1;
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_POLICY, &policy,
			     sizeof(policy)), EPROTOTYPE);
	policy.type = 99;
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_POLICY, &policy,
			     sizeof(policy)), EOPNOTSUPP);

	/* Another one takes the pool's, and its identifier is its own. */
	other = element("e", 0, SOCK_SEQPACKET);
	run("rspctl pe show | grep -q 'policy wrr weight 1'");
	close(other);
	other = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	address = pool_address("e", 1, &len);
	CHECK_EQ(bind(other, (void *)&address, len), 0);
	CHECK_ERR(listen(other, 1), EADDRINUSE);
	len = sizeof(address);
	CHECK_EQ(getsockname(fd, (void *)&address, &len), 0);
	CHECK_EQ(address.srp_pe_id, 1);
	CHECK(address.srp_port);
	CHECK_EQ(address.srp_handle_len, 1);
}

/* More room lets in those that waited in TCP's backlog. */
TEST(endpoint_backlog_grows)
{
	int listener = element("e", 7, SOCK_SEQPACKET), fds[6], i, n = 0;
	struct sockaddr_rserpool to;
	socklen_t len;

	CHECK_EQ(listen(listener, 1), 0);
	to = pool_address("e", 0, &len);
	for (i = 0; i < 4; i++) {
		fds[i] = socket(AF_RSERPOOL, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
		CHECK_ERR(connect(fds[i], (void *)&to, len), EINPROGRESS);
	}
	for (i = 0; i < 2; i++)
		wait_for(fds[i], POLLOUT);
	usleep(200000);
	CHECK(get_info(fds[3]).state != RSP_SESSION_READY);
	CHECK_EQ(listen(listener, 8), 0);
	for (i = 0; i < 4; i++)
		wait_for(fds[i], POLLOUT);
	for (i = 0; i < 4; i++)
		n += get_info(fds[i]).state == RSP_SESSION_READY;
	CHECK_EQ(n, 4);
}
