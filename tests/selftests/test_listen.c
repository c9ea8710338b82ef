// SPDX-License-Identifier: GPL-2.0
/*
 * Listening sockets and their sessions passed on, inherited, killed, and in
 * namespaces that go; who may listen, and where.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "framed.h"

static int bound(const char *name, uint32_t id, int flags)
{
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET | flags, 0);
	struct sockaddr_rserpool address;
	socklen_t len;

	CHECK(fd >= 0);
	address = pool_address(name, id, &len);
	CHECK_EQ(bind(fd, (void *)&address, len), 0);
	return fd;
}

static bool is_element(const char *name)
{
	char command[80];

	snprintf(command, sizeof(command),
		 "rspctl pe show pool %s 2>&1 | grep -q '^pool'", name);
	return system(command) == 0;
}

/* The test in the process went well. */
static void process_end(pid_t pid)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static int take(int listener)
{
	int fd = accept(listener, NULL, NULL);

	CHECK(fd >= 0);
	return fd;
}

static void check_message(int from, int to, const char *word)
{
	int len = strlen(word);
	char buf[64];

	CHECK_EQ(send(from, word, len, 0), len);
	CHECK_EQ(recv(to, buf, sizeof(buf), 0), len);
	CHECK(!memcmp(buf, word, len));
}

static struct sockaddr_storage storage(const char *address, uint16_t port)
{
	struct sockaddr_storage storage = { .ss_family = AF_INET };
	struct sockaddr_in6 *v6 = (void *)&storage;
	struct sockaddr_in *v4 = (void *)&storage;

	v4->sin_port = htons(port);
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1)
		return storage;
	storage.ss_family = AF_INET6;
	CHECK_EQ(inet_pton(AF_INET6, address, &v6->sin6_addr), 1);
	return storage;
}

static int choose(int fd, const struct sockaddr_storage *addresses, int n)
{
	return setsockopt(fd, SOL_RSERPOOL, RSP_ADDRESSES, addresses,
			  n * sizeof(*addresses));
}

static int chosen(int fd, struct sockaddr_storage *addresses)
{
	socklen_t len = RSP_ADDRESSES_MAX * sizeof(*addresses);

	CHECK_EQ(getsockopt(fd, SOL_RSERPOOL, RSP_ADDRESSES, addresses, &len),
		 0);
	return len / sizeof(*addresses);
}

TEST(listen_addresses)
{
	struct sockaddr_storage some[9] = {
		storage("::1", 0), storage("127.0.0.2", 0),
	}, got[RSP_ADDRESSES_MAX], one;
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0), i;
	struct sockaddr_rserpool address;
	socklen_t len;

	CHECK_ERR(choose(fd, some, 2), EDESTADDRREQ);
	close(fd);
	fd = bound("a", 1, 0);
	CHECK_EQ(chosen(fd, got), 0);
	for (i = 2; i < 9; i++)
		some[i] = storage("127.0.0.3", 0);
	CHECK_ERR(choose(fd, some, 9), EINVAL);
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_ADDRESSES, some, 127),
		  EINVAL);
	one = storage("127.0.0.1", 1);
	CHECK_ERR(choose(fd, &one, 1), EINVAL);
	one = storage("0.0.0.0", 0);
	CHECK_ERR(choose(fd, &one, 1), EADDRNOTAVAIL);
	one = storage("::ffff:127.0.0.1", 0);
	CHECK_ERR(choose(fd, &one, 1), EADDRNOTAVAIL);
	one.ss_family = AF_UNIX;
	CHECK_ERR(choose(fd, &one, 1), EAFNOSUPPORT);
	CHECK_EQ(chosen(fd, got), 0);
	one = storage("192.0.2.1", 0);
	CHECK_EQ(choose(fd, &one, 1), 0);
	CHECK_ERR(listen(fd, 8), EADDRNOTAVAIL);
	CHECK(!is_element("a"));

	CHECK_EQ(choose(fd, some, 2), 0);
	CHECK_EQ(chosen(fd, got), 2);
	CHECK(!memcmp(got, some, 2 * sizeof(*got)));
	len = 127;
	CHECK_ERR(getsockopt(fd, SOL_RSERPOOL, RSP_ADDRESSES, got, &len),
		  EINVAL);
	CHECK_EQ(listen(fd, 8), 0);
	CHECK_ERR(choose(fd, some, 1), EINVAL);
	CHECK_EQ(chosen(fd, got), 2);
	len = sizeof(address);
	CHECK_EQ(getsockname(fd, (void *)&address, &len), 0);
	CHECK(address.srp_port);
	for (i = 0; i < 2; i++) {
		CHECK_EQ(((struct sockaddr_in *)&got[i])->sin_port,
			 address.srp_port);
		((struct sockaddr_in *)&got[i])->sin_port = 0;
	}
	CHECK(!memcmp(got, some, 2 * sizeof(*got)));
	run("rspctl pe show pool a | grep -q 'tcp .::1.:%u tcp 127.0.0.2:%u use control'",
	    ntohs(address.srp_port), ntohs(address.srp_port));
	framed_connect("a", SOCK_SEQPACKET);
	take(fd);

	/* The choice undone: all that there are. */
	fd = bound("b", 1, 0);
	CHECK_EQ(choose(fd, some, 2), 0);
	CHECK_EQ(choose(fd, NULL, 0), 0);
	CHECK_EQ(listen(fd, 8), 0);
	run("rspctl pe show pool b | grep -q 127.0.0.1");
}

/* bind() of one who is in these groups and has no privilege; its errno. */
static int bind_as(gid_t first, gid_t second)
{
	struct sockaddr_rserpool address;
	socklen_t len;
	int status, fd;
	pid_t pid;

	pid = process();
	if (!pid) {
		fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
		CHECK_EQ(setgroups(1, &second), 0);
		CHECK_EQ(setresgid(first, first, first), 0);
		CHECK_EQ(setresuid(1000, 1000, 1000), 0);
		address = pool_address("g", 0, &len);
		if (bind(fd, (void *)&address, len))
			_exit(errno);
		_exit(listen(fd, 8) ? errno : 0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST(listen_groups)
{
	CHECK_EQ(bind_as(0, 1), EACCES);
	run("rspctl scope show | grep -q 'pe-group-range none'");
	run("rspctl scope set pe-group-range 200-300");
	run("rspctl scope show | grep -q 'pe-group-range 200-300'");
	CHECK_EQ(bind_as(199, 301), EACCES);
	CHECK_EQ(bind_as(200, 1), 0);
	CHECK_EQ(bind_as(1, 300), 0);
	run("rspctl save | grep -q 'pe-group-range 200-300'");
	run("! rspctl scope set pe-group-range 300-200 2>/dev/null");
	run("rspctl scope set pe-group-range none");
	CHECK_EQ(bind_as(200, 200), EACCES);
}

TEST(listen_shown)
{
	int listener = element("s", 7, SOCK_SEQPACKET), fds[3], i;

	CHECK_EQ(get_info(listener).state, RSP_SESSION_LISTEN);
	CHECK_EQ(get_info(listener).pe_id, 7);
	CHECK(get_info(listener).local.ss_family);
	for (i = 0; i < 3; i++)
		fds[i] = framed_connect("s", SOCK_SEQPACKET);
	for (i = 0; i < 100 && system("rspctl session show | grep -q 'backlog 3 of 128'"); i++)
		usleep(100000);
	run("rspctl session show pool s | grep 'state listen' | grep -q 'pe 0x00000007 local .*backlog 3 of 128'");
	take(listener);
	run("rspctl session show | grep -q 'backlog 2 of 128'");
	run("test $(rspctl session show pool s | grep -c ' accepted') = 3");
	run("test $(rspctl session show pool s | grep -c 'state ready') = 6");
	for (i = 0; i < 3; i++)
		close(fds[i]);
}

static int option(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value;

	CHECK_EQ(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void option_set(int fd, int level, int name, int value)
{
	CHECK_EQ(setsockopt(fd, level, name, &value, sizeof(value)), 0);
}

/* As TCP's children, sessions have what their listening socket had. */
TEST(listen_options_inherited)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 3 };
	const struct timeval timeout = { .tv_sec = 7 };
	int listener = bound("o", 7, 0), session;
	struct timeval time;
	struct linger lingers;
	socklen_t len;

	option_set(listener, SOL_SOCKET, SO_SNDBUF, 40000);
	option_set(listener, IPPROTO_TCP, TCP_KEEPIDLE, 77);
	CHECK_EQ(setsockopt(listener, SOL_SOCKET, SO_LINGER, &linger,
			    sizeof(linger)), 0);
	CHECK_EQ(listen(listener, 8), 0);
	option_set(listener, SOL_SOCKET, SO_RCVBUF, 50000);
	option_set(listener, SOL_SOCKET, SO_PRIORITY, 5);
	option_set(listener, IPPROTO_TCP, TCP_MAXSEG, 900);
	CHECK_EQ(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &timeout,
			    sizeof(timeout)), 0);
	framed_connect("o", SOCK_SEQPACKET);
	session = take(listener);
	CHECK_EQ(option(session, SOL_SOCKET, SO_SNDBUF), 80000);
	CHECK_EQ(option(session, SOL_SOCKET, SO_RCVBUF), 100000);
	CHECK_EQ(option(session, SOL_SOCKET, SO_PRIORITY), 5);
	CHECK_EQ(option(session, IPPROTO_TCP, TCP_KEEPIDLE), 77);
	len = sizeof(lingers);
	CHECK_EQ(getsockopt(session, SOL_SOCKET, SO_LINGER, &lingers, &len), 0);
	CHECK(!memcmp(&linger, &lingers, len));
	len = sizeof(time);
	CHECK_EQ(getsockopt(session, SOL_SOCKET, SO_RCVTIMEO, &time, &len), 0);
	CHECK_EQ(time.tv_sec, 7);

	/* What was said once outlives the detection's own idea of it. */
	set_option(session, RSP_DETECT_TIMEOUT, 20000);
	CHECK_EQ(option(session, IPPROTO_TCP, TCP_KEEPIDLE), 77);
}

static void pass(int channel, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = "", octet = 0;
	struct iovec iov = { .iov_base = &octet, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	CHECK_EQ(sendmsg(channel, &msg, 0), 1);
	close(fd);
}

static int passed(int channel)
{
	char control[CMSG_SPACE(sizeof(int))], octet;
	struct iovec iov = { .iov_base = &octet, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	CHECK_EQ(recvmsg(channel, &msg, 0), 1);
	CHECK(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* What is passed on lives on with who got it. */
TEST(listen_passed_on)
{
	int channel[2], listener, session, client, other;
	char buf[8];
	pid_t pid;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, channel), 0);
	pid = process();
	if (!pid) {
		close(channel[0]);
		listener = passed(channel[1]);
		session = passed(channel[1]);
		CHECK_EQ(recv(session, buf, sizeof(buf), 0), 5);
		CHECK_EQ(send(session, buf, 5, 0), 5);
		other = take(listener);
		CHECK_EQ(send(other, "other", 5, 0), 5);
		CHECK_EQ(read(channel[1], buf, 1), 0);
		_exit(0);
	}
	close(channel[1]);
	listener = element("p", 7, SOCK_SEQPACKET);
	client = framed_connect("p", SOCK_SEQPACKET);
	session = take(listener);
	CHECK_EQ(send(client, "first", 5, 0), 5);
	pass(channel[0], listener);
	pass(channel[0], session);
	CHECK_EQ(recv(client, buf, sizeof(buf), 0), 5);
	CHECK(!memcmp(buf, "first", 5));
	other = framed_connect("p", SOCK_SEQPACKET);
	CHECK_EQ(recv(other, buf, sizeof(buf), 0), 5);
	CHECK(is_element("p"));
	/* Who exits has ended its sessions. */
	close(channel[0]);
	process_end(pid);
	CHECK(!is_element("p"));
	CHECK_EQ(recv(client, buf, sizeof(buf), 0), 0);
	CHECK_EQ(recv(other, buf, sizeof(buf), 0), 0);

	/* In a socket that nobody reads any more. */
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, channel), 0);
	listener = element("q", 7, SOCK_SEQPACKET);
	client = framed_connect("q", SOCK_SEQPACKET);
	pass(channel[0], take(listener));
	pass(channel[0], listener);
	CHECK(is_element("q"));
	close(channel[1]);
	close(channel[0]);
	CHECK(!is_element("q"));
	CHECK(recv(client, buf, sizeof(buf), 0) <= 0);
}

TEST(listen_inherited)
{
	int listener = element("f", 7, SOCK_SEQPACKET), client, session;
	char buf[8];
	pid_t pid;

	pid = process();
	if (!pid) {
		for (;;) {
			session = take(listener);
			CHECK_EQ(recv(session, buf, sizeof(buf), 0), 2);
			CHECK_EQ(send(session, buf, 2, 0), 2);
		}
	}
	CHECK_EQ(close(listener), 0);
	CHECK(is_element("f"));
	client = framed_connect("f", SOCK_SEQPACKET);
	CHECK_EQ(send(client, "go", 2, 0), 2);
	CHECK_EQ(recv(client, buf, sizeof(buf), 0), 2);
	process_kill(pid);
	CHECK(!is_element("f"));
	CHECK_ERR(recv(client, buf, sizeof(buf), 0), EREMCHG);
}

static pid_t execed(const char *name, int flags)
{
	int sync[2];
	char octet;
	pid_t pid;

	/* Its end is closed by exec(). */
	CHECK_EQ(pipe2(sync, O_CLOEXEC), 0);
	pid = process();
	if (!pid) {
		CHECK_EQ(listen(bound(name, 7, flags), 8), 0);
		execlp("sleep", "sleep", "100", NULL);
		_exit(1);
	}
	close(sync[1]);
	CHECK_EQ(read(sync[0], &octet, 1), 0);
	close(sync[0]);
	return pid;
}

TEST(listen_execed)
{
	pid_t kept = execed("k", 0), left = execed("l", SOCK_CLOEXEC);

	CHECK(is_element("k"));
	CHECK(!is_element("l"));
	process_kill(kept);
	process_kill(left);
	CHECK(!is_element("k"));
}

/* A namespace with all that a server can have goes with the last process. */
TEST(listen_namespace_goes)
{
	int listener, client, session, sync[2], i;
	char octet;
	pid_t pid;

	CHECK_EQ(pipe(sync), 0);
	pid = process();
	if (!pid) {
		CHECK_EQ(unshare(CLONE_NEWNET), 0);
		run("ip link set lo up");
		listener = element("n", 7, SOCK_SEQPACKET);
		element("n", 8, SOCK_STREAM);
		client = framed_connect("n", SOCK_SEQPACKET);
		for (i = 0; i < 5; i++)
			framed_connect("n", SOCK_SEQPACKET);
		session = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
		(void)session;
		send(client, "unread", 6, 0);
		CHECK_EQ(write(sync[1], "", 1), 1);
		pause();
	}
	CHECK_EQ(read(sync[0], &octet, 1), 1);
	run("ip link add v0 type veth peer name v1 netns %d", pid);
	process_kill(pid);
	for (i = 0; i < 100 && !system("ip link show v0 >/dev/null 2>&1"); i++)
		usleep(100000);
	CHECK(i < 100);
}

TEST(listen_many_of_one_pool)
{
	struct sockaddr_rserpool address;
	int fds[200], i, one = 1;
	socklen_t len;

	for (i = 0; i < 200; i++)
		fds[i] = element("m", 0, SOCK_SEQPACKET);
	run("rspctl pool show m | grep -q 'elements 200'");
	for (i = 0; i < 10; i++)
		framed_connect("m", SOCK_SEQPACKET);
	for (i = 0; i < 200; i++)
		CHECK_EQ(close(fds[i]), 0);
	CHECK(!is_element("m"));

	/* Two at one port; of another pool, for those of above look for one. */
	address = pool_address("n", 0, &len);
	address.srp_port = htons(7777);
	for (i = 0; i < 3; i++) {
		fds[i] = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
		if (i < 2)
			CHECK_EQ(setsockopt(fds[i], SOL_SOCKET, SO_REUSEPORT,
					    &one, sizeof(one)), 0);
		CHECK_EQ(bind(fds[i], (void *)&address, len), 0);
		if (i == 2)
			CHECK_ERR(listen(fds[i], 8), EADDRINUSE);
		else
			CHECK_EQ(listen(fds[i], 128), 0);
	}
	for (i = 0; i < 10; i++)
		framed_connect("n", SOCK_SEQPACKET);
}

TEST(listen_sessions_max)
{
	int listener, client = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	struct sockaddr_rserpool to;
	socklen_t len;

	run("rspctl scope set sessions-max 0");
	listener = bound("x", 7, 0);
	CHECK_ERR(listen(listener, 8), ENOBUFS);
	run("rspctl scope set sessions-max 2");
	CHECK_EQ(listen(listener, 8), 0);
	/* There is a session for the user, but none for the element. */
	to = pool_address("x", 0, &len);
	CHECK_ERR(connect(client, (void *)&to, len), EHOSTUNREACH);
	run("rspctl scope set sessions-max 3");
	CHECK_EQ(connect(client, (void *)&to, len), 0);
	check_message(client, take(listener), "all is well");
}

/* accept() in a process of its own, which has only to come back. */
static pid_t accept_elsewhere(int listener)
{
	pid_t pid = process();

	if (!pid) {
		accept(listener, NULL, NULL);
		_exit(0);
	}
	return pid;
}

/* Sessions come and go while two processes accept, and then it is shut. */
TEST(listen_accept_races_shutdown)
{
	int round, i, listener, fds[8];
	struct sockaddr_rserpool to;
	pid_t waiters[2];
	socklen_t len;

	for (round = 0; round < 50; round++) {
		listener = element("r", 7, SOCK_SEQPACKET);
		to = pool_address("r", 0, &len);
		for (i = 0; i < 2; i++)
			waiters[i] = accept_elsewhere(listener);
		for (i = 0; i < 8; i++) {
			fds[i] = socket(AF_RSERPOOL,
					SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
			connect(fds[i], (void *)&to, len);
		}
		usleep(round * 100);
		CHECK_EQ(shutdown(listener, round % 2 ? SHUT_RD : SHUT_RDWR),
			 0);
		for (i = 0; i < 2; i++)
			process_end(waiters[i]);
		close(listener);
		for (i = 0; i < 8; i++)
			close(fds[i]);
	}
}

static void ring(int signal)
{
	(void)signal;
}

TEST(listen_accept_interrupted)
{
	const struct sigaction action = { .sa_handler = ring };
	int listener = element("i", 7, SOCK_SEQPACKET), fd;

	CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
	ualarm(50000, 0);
	CHECK_ERR(accept(listener, NULL, NULL), EINTR);
	CHECK_ERR(accept4(listener, NULL, NULL, 0xff), EINVAL);
	framed_connect("i", SOCK_SEQPACKET);
	fd = take(listener);
	CHECK(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
	CHECK(!(fcntl(fd, F_GETFD) & FD_CLOEXEC));
}
