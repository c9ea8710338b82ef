// SPDX-License-Identifier: GPL-2.0
/* Servers that are sockets of the family: bind, listen, accept. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "framed.h"

static int element(const char *name, uint32_t id, int type)
{
	struct sockaddr_rserpool address;
	int fd = socket(AF_RSERPOOL, type, 0);
	socklen_t len;

	CHECK(fd >= 0);
	address = pool_address(name, id, &len);
	CHECK_EQ(bind(fd, (void *)&address, len), 0);
	CHECK_EQ(listen(fd, 128), 0);
	return fd;
}

static void echo_messages(int fd)
{
	static char buf[1 << 20];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		if (send(fd, buf, n, MSG_NOSIGNAL) != n)
			break;
	close(fd);
}

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
	set_option(fd, RSP_RESUME, get_option(fd, RSP_RESUME));
	CHECK_EQ(send(fd, "you", 3, 0), 3);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 3);
	CHECK_EQ(get_info(fd).pe_id, 2);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 0);
}
