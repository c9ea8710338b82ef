// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets in every state a session can have, closed, dup'ed, inherited, passed
 * on and killed; and what holds the module and the namespace.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool.h"

enum stage {
	INIT,
	RESOLVE,	/* a feeder listens, and says nothing */
	CONNECT,	/* to a server that is cut off */
	READY,
	FAILOVER,	/* and no element to go on with */
	CHANGED,	/* EREMCHG until it is resumed */
	DRAINING,	/* so, with octets of the old element unread */
	CLOSED,
	STAGES
};

static const uint8_t state_of[] = {
	RSP_SESSION_INIT, RSP_SESSION_RESOLVE, RSP_SESSION_CONNECT,
	RSP_SESSION_READY, RSP_SESSION_FAILOVER, RSP_SESSION_READY,
	RSP_SESSION_READY, RSP_SESSION_CLOSED,
};

static void start_server(const char *pool, uint32_t id, enum manner manner)
{
	struct server server = server_start(id, manner, AF_INET);

	pool_join(pool, &server);
}

/* Somebody listens on asap, so that resolutions begin. */
static void listen_on_asap(void)
{
	int fd, i;

	fflush(stdout);
	if (!fork()) {
		execlp("rspctl", "rspctl", "monitor", "asap", NULL);
		_exit(1);
	}
	for (i = 0; i < 100; i++) {
		fd = socket(AF_RSERPOOL, SOCK_STREAM | SOCK_NONBLOCK, 0);
		CHECK(fd >= 0);
		CHECK_ERR(connect_to(fd, "nobody"),
			  errno == ENOENT ? ENOENT : EINPROGRESS);
		if (get_info(fd).state == RSP_SESSION_RESOLVE)
			break;
		close(fd);
		usleep(50000);
	}
	CHECK_EQ(get_info(fd).state, RSP_SESSION_RESOLVE);
	close(fd);
}

/* What stage_enter() wants in this namespace. */
static void stages_prepare(void)
{
	struct server cut;

	run("rspctl scope set resolve-timeout 1m");
	run("rspctl pool add ready");
	start_server("ready", 1, ECHO);
	run("rspctl pool add cut");
	cut = server_start(2, ECHO, AF_INET);
	pool_join("cut", &cut);
	server_cut(&cut);
	run("rspctl pool add one failover auto");
	start_server("one", 3, ECHO);
	run("rspctl pool add two");
	start_server("two", 4, ECHO);
	start_server("two", 5, ECHO);
	run("rspctl pool add words");
	start_server("words", 6, COUNT);
	start_server("words", 7, COUNT);
	listen_on_asap();
}

static int stage_enter(enum stage stage)
{
	static const char *const pools[] = {
		"", "unknown", "cut", "ready", "one", "two", "words", "two",
	};
	int fd = socket(AF_RSERPOOL, SOCK_STREAM | SOCK_NONBLOCK, 0), i;
	struct rsp_info info;

	CHECK(fd >= 0);
	set_option(fd, RSP_DETECT_TIMEOUT, 60000);
	if (stage == CLOSED)
		set_option(fd, RSP_FAILOVER, RSP_FAILOVER_OFF);
	if (stage == INIT)
		return fd;
	if (connect_to(fd, pools[stage]))
		CHECK_EQ(errno, EINPROGRESS);
	if (stage >= READY) {
		wait_for(fd, POLLOUT);
		CHECK_EQ(get_info(fd).state, RSP_SESSION_READY);
	}
	if (stage >= READY && stage != CLOSED)
		wait_for(fd, POLLIN);
	if (stage >= FAILOVER)
		set_option(fd, RSP_FORCE_FAILOVER, 0);
	for (i = 0; i < 200; i++) {
		info = get_info(fd);
		if (info.state == state_of[stage])
			break;
		usleep(10000);
	}
	CHECK_EQ(info.state, state_of[stage]);
	CHECK_EQ(info.generation != info.resumed,
		 stage == CHANGED || stage == DRAINING);
	return fd;
}

/* A session's last octets may be on their way, but it goes. */
static void check_none_left(void)
{
	int i;

	for (i = 0; system("rspctl scope show | grep -q ' sessions 0 '"); i++) {
		CHECK(i < 100);
		usleep(100000);
	}
}

static void poll_once(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };

	CHECK(poll(&pfd, 1, 0) >= 0);
}

TEST(survive_close)
{
	struct linger linger = { .l_onoff = 1 };
	int stage, i, fd;

	stages_prepare();
	for (stage = 0; stage < STAGES; stage++)
		for (i = 0; i < 4; i++) {
			fd = stage_enter(stage);
			linger.l_linger = i == 2;
			if (i >= 2)
				CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER,
						    &linger, sizeof(linger)), 0);
			if (i & 1)
				shutdown(fd, SHUT_RDWR);
			CHECK_EQ(close(fd), 0);
		}
	check_none_left();
}

TEST(survive_dup)
{
	int stage, fd, copy;
	uint8_t state;

	stages_prepare();
	for (stage = 0; stage < STAGES; stage++) {
		fd = stage_enter(stage);
		copy = dup(fd);
		CHECK(copy >= 0);
		CHECK_EQ(close(fd), 0);
		poll_once(copy);
		state = get_info(copy).state;
		/* A failover that waits may have found one meanwhile. */
		if (stage != FAILOVER)
			CHECK_EQ(state, state_of[stage]);
		if (stage == READY) {
			CHECK_EQ(fcntl(copy, F_SETFL, 0), 0);
			CHECK_EQ(read_id(copy), 1);
			check_echo(copy, "by the copy");
		}
		CHECK_EQ(close(copy), 0);
	}
	check_none_left();
}

/* Block in what a program does with a socket in this stage. */
static void block_in(int fd, int stage, int how)
{
	static char block[65536];

	fcntl(fd, F_SETFL, 0);
	if (stage == RESOLVE || stage == CONNECT) {
		connect_to(fd, "ignored");
	} else if (how == 0) {
		while (read(fd, block, sizeof(block)) > 0)
			;
	} else if (how == 1) {
		while (send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
			;
	} else {
		struct pollfd pfd = { .fd = fd, .events = POLLRDHUP };

		poll(&pfd, 1, -1);
	}
	for (;;)
		pause();
}

TEST(survive_kill)
{
	int stage, how, status, ready[2];
	pid_t pid;
	char c;

	stages_prepare();
	for (stage = 0; stage < STAGES; stage++)
		for (how = 0; how < 3; how++) {
			CHECK_EQ(pipe(ready), 0);
			fflush(stdout);
			pid = fork();
			CHECK(pid >= 0);
			if (!pid) {
				int fd = stage_enter(stage);

				write_all(ready[1], "r", 1);
				block_in(fd, stage, how);
			}
			close(ready[1]);
			read_all(ready[0], &c, 1);
			close(ready[0]);
			usleep(20000);
			CHECK_EQ(kill(pid, SIGKILL), 0);
			CHECK_EQ(waitpid(pid, &status, 0), pid);
			CHECK(WIFSIGNALED(status));
		}
	check_none_left();
	/* The servers have not noticed. */
	CHECK_EQ(read_id(pool_connect("ready")), 1);
}

TEST(survive_fork)
{
	int stage, fd, status;
	pid_t pid;

	stages_prepare();
	for (stage = 0; stage < STAGES; stage++) {
		fd = stage_enter(stage);
		fflush(stdout);
		pid = fork();
		CHECK(pid >= 0);
		if (!pid) {
			/* By now it may be the only one who has it. */
			usleep(20000);
			poll_once(fd);
			get_info(fd);
			if (stage == READY) {
				CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
				CHECK_EQ(read_id(fd), 1);
				check_echo(fd, "by the child");
			}
			fflush(stdout);
			_exit(0);
		}
		close(fd);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	}
	check_none_left();
}

static void pass(int through, int fd)
{
	char octet = 'x', control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &octet, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	CHECK_EQ(sendmsg(through, &msg, 0), 1);
}

static int take(int through)
{
	char octet, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &octet, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	CHECK_EQ(recvmsg(through, &msg, 0), 1);
	CHECK(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

TEST(survive_passed_on)
{
	int stage, fd, pair[2];

	stages_prepare();
	for (stage = 0; stage < STAGES; stage++) {
		fd = stage_enter(stage);
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		pass(pair[0], fd);
		close(fd);
		fd = take(pair[1]);
		poll_once(fd);
		if (stage == READY) {
			CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
			CHECK_EQ(read_id(fd), 1);
			check_echo(fd, "by who got it");
		}
		/* One that nobody takes. */
		pass(pair[0], fd);
		close(fd);
		/* And a circle that only the collector finds. */
		pass(pair[1], pair[0]);
		pass(pair[0], pair[1]);
		close(pair[0]);
		close(pair[1]);
	}
	/* The collector works when a socket of its family is closed. */
	close(socket(AF_UNIX, SOCK_STREAM, 0));
	check_none_left();
}

static void *read_until_end(void *arg)
{
	int fd = *(int *)arg;
	char buf[256];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
	return NULL;
}

static void on_signal(int sig)
{
	(void)sig;
}

TEST(survive_close_below_a_blocked_read)
{
	struct sigaction action = { .sa_handler = on_signal };
	int stage, fd, number;
	pthread_t reader;

	stages_prepare();
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	for (stage = READY; stage <= FAILOVER; stage++) {
		fd = stage_enter(stage);
		CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
		number = fd;
		CHECK_EQ(pthread_create(&reader, NULL, read_until_end, &number),
			 0);
		usleep(50000);
		/* The read has it yet, and goes on. */
		CHECK_EQ(close(fd), 0);
		usleep(50000);
		CHECK_EQ(pthread_kill(reader, SIGUSR1), 0);
		CHECK_EQ(pthread_join(reader, NULL), 0);
	}
}

/*
 * close() waits for octets that the element will never take; what is told of
 * the transport meanwhile must not reach the session, which goes with it.
 */
TEST(survive_linger)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 10 };
	static char block[65536];
	struct server servers[1];
	int fd, i, full[2];
	pid_t killer;
	char c;

	pool_make("p", "fin failure failover auto", 1, DEAF, servers);
	run("rspctl scope set avoid-min 1ms avoid-max 2ms");
	for (i = 0; i < 4; i++) {
		CHECK_EQ(pipe(full), 0);
		fflush(stdout);
		killer = fork();
		CHECK(killer >= 0);
		if (!killer) {
			read_all(full[0], &c, 1);
			usleep(200000);
			kill(-servers[0].pid, SIGKILL);
			_exit(0);
		}
		fd = pool_connect("p");
		CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
				    sizeof(linger)), 0);
		while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
			;
		write_all(full[1], "f", 1);
		CHECK_EQ(close(fd), 0);
		CHECK_EQ(waitpid(killer, NULL, 0), killer);
		waitpid(servers[0].pid, NULL, 0);
		servers[0] = server_start(1, DEAF, AF_INET);
	}
	check_none_left();
}

static int unload(void)
{
	return syscall(SYS_delete_module, "rserpool", O_NONBLOCK);
}

/*
 * Sockets of earlier tests may be on their way out; those that are in flight in
 * a circle go when a socket of AF_UNIX is closed. As for the new one: the module
 * comes by itself, and knows no pools.
 */
static void check_unloads(void)
{
	int i, pair[2];

	for (i = 0; unload(); i++) {
		CHECK_EQ(errno, EAGAIN);
		CHECK(i < 600);
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		close(pair[0]);
		close(pair[1]);
		usleep(100000);
	}
}

TEST(survive_unload)
{
	int fd[STAGES], stage;

	stages_prepare();
	for (stage = 0; stage < STAGES; stage++) {
		fd[stage] = stage_enter(stage);
		CHECK_ERR(unload(), EAGAIN);
	}
	for (stage = 0; stage < STAGES; stage++) {
		CHECK_ERR(unload(), EAGAIN);
		CHECK_EQ(close(fd[stage]), 0);
	}
	/* Pools, a pending resolution and a listener do not hold it. */
	check_unloads();

	fd[0] = socket(AF_RSERPOOL, SOCK_STREAM, 0);
	CHECK(fd[0] >= 0);
	CHECK_ERR(connect_to(fd[0], "ready"), ENOENT);
	CHECK_ERR(unload(), EAGAIN);
	close(fd[0]);
	check_unloads();
}

/* A session keeps its namespace, which goes with it. */
TEST(survive_namespace)
{
	int pair[2], fd[STAGES], stage, status;
	pid_t pid;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		CHECK_EQ(unshare(CLONE_NEWNET), 0);
		run("ip link set lo up");
		stages_prepare();
		for (stage = 0; stage < STAGES; stage++)
			pass(pair[1], stage_enter(stage));
		fflush(stdout);
		_exit(0);
	}
	close(pair[1]);
	for (stage = 0; stage < STAGES; stage++)
		fd[stage] = take(pair[0]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	usleep(100000);
	for (stage = 0; stage < STAGES; stage++) {
		poll_once(fd[stage]);
		CHECK(get_info(fd[stage]).state <= RSP_SESSION_CLOSED);
		CHECK_EQ(close(fd[stage]), 0);
	}
}

TEST(survive_namespace_by_name)
{
	int home = open("/proc/self/ns/net", O_RDONLY), there, fd, pid = getpid();
	int waiting;

	CHECK(home >= 0);
	run("ip netns add survive%d", pid);
	run("ip netns exec survive%d ip link set lo up", pid);
	{
		char path[64];

		snprintf(path, sizeof(path), "/var/run/netns/survive%d", pid);
		there = open(path, O_RDONLY);
		CHECK(there >= 0);
	}
	CHECK_EQ(setns(there, CLONE_NEWNET), 0);
	close(there);
	run("rspctl pool add p failover auto");
	start_server("p", 1, ECHO);
	listen_on_asap();
	fd = pool_connect("p");
	CHECK_EQ(read_id(fd), 1);
	waiting = stage_enter(RESOLVE);
	CHECK_EQ(setns(home, CLONE_NEWNET), 0);
	run("ip netns del survive%d", pid);
	/* The server's process is in there, too. */
	check_echo(fd, "still there");
	CHECK_EQ(get_info(waiting).state, RSP_SESSION_RESOLVE);
	close(waiting);
	check_echo(fd, "still there");
	close(fd);
}
