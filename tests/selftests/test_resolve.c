// SPDX-License-Identifier: GPL-2.0
/* connect() to a pool that the kernel does not know: a feeder is asked. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "netlink.h"
#include "pool.h"

/* What a resolution says of itself, in a request or in a dump. */
struct resolution {
	char handle[RSERPOOL_HANDLE_MAX + 1];
	uint32_t left_ms;
};

static int resolution_attr(const struct nlattr *attr, void *data)
{
	struct resolution *r = data;

	switch (mnl_attr_get_type(attr)) {
	case RSERPOOL_A_RESOLUTION_HANDLE:
		memcpy(r->handle, mnl_attr_get_payload(attr),
		       mnl_attr_get_payload_len(attr));
		break;
	case RSERPOOL_A_RESOLUTION_LEFT_MS:
		r->left_ms = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

static struct resolution resolution_of(const struct nlmsghdr *nlh)
{
	struct resolution r = { .left_ms = ~0U };

	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), resolution_attr, &r);
	return r;
}

static struct resolution dumped[16];
static int n_dumped;

static void show_resolution(const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_type == family && n_dumped < 16)
		dumped[n_dumped++] = resolution_of(nlh);
}

/* A feeder listens once this returned. */
static struct mnl_socket *feeder_start(void)
{
	struct mnl_socket *feeder = open_netlink();

	netlink_start();
	CHECK_EQ(join(feeder, ASAP), 0);
	return feeder;
}

/* The next request, which must be for this handle. */
static void hear(struct mnl_socket *feeder, const char *handle)
{
	char buf[8192];
	struct nlmsghdr *nlh = (void *)buf;
	struct genlmsghdr *genl;

	wait_for(mnl_socket_get_fd(feeder), POLLIN);
	CHECK(mnl_socket_recvfrom(feeder, buf, sizeof(buf)) > 0);
	genl = mnl_nlmsg_get_payload(nlh);
	CHECK_EQ(genl->cmd, RSERPOOL_CMD_RESOLVE);
	if (strcmp(resolution_of(nlh).handle, handle))
		test_fail(__FILE__, __LINE__, "asked for %s, not for %s",
			  resolution_of(nlh).handle, handle);
	CHECK(resolution_of(nlh).left_ms <= RSERPOOL_MILLISECONDS_MAX);
}

static void hear_nothing(struct mnl_socket *feeder)
{
	struct pollfd pfd = {
		.fd = mnl_socket_get_fd(feeder), .events = POLLIN,
	};

	CHECK_EQ(poll(&pfd, 1, 300), 0);
}

/* The feeder has said what it knows; the errno of its message. */
static int done(const char *handle, int result)
{
	begin(RSERPOOL_CMD_RESOLVE_DONE, 0);
	put_handle(RSERPOOL_A_RESOLUTION_HANDLE, handle);
	if (result)
		put_u32(RSERPOOL_A_RESOLUTION_RESULT, result);
	return talk();
}

static int dump(void)
{
	n_dumped = 0;
	begin(RSERPOOL_CMD_RESOLVE_GET, NLM_F_DUMP);
	CHECK_EQ(talk_on(nl, show_resolution), 0);
	return n_dumped;
}

/* A socket whose pool is being asked for. */
static int pending(const char *name)
{
	int fd = new_socket(SOCK_NONBLOCK);

	CHECK_ERR(connect_to(fd, name), EINPROGRESS);
	return fd;
}

/* connect() has come to this end. */
static void check_refused(int fd, int err)
{
	CHECK(wait_for(fd, POLLOUT) & POLLERR);
	CHECK_EQ(socket_error(fd), err);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_INIT);
}

static void check_serves(int fd)
{
	wait_for(fd, POLLOUT);
	CHECK_EQ(socket_error(fd), 0);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_READY);
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
	CHECK_EQ(read_id(fd), 1);
	check_echo(fd, "resolved");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

TEST(resolve_nobody_listens)
{
	double begun = now();

	CHECK_ERR(connect_to(new_socket(0), "nobody"), ENOENT);
	CHECK_ERR(connect_to(new_socket(SOCK_NONBLOCK), "nobody"), ENOENT);
	mnl_socket_close(feeder_start());
	CHECK_ERR(connect_to(new_socket(0), "nobody"), ENOENT);
	CHECK(now() - begun < 3);
	CHECK_EQ(dump(), 0);
}

/* A feeder that answers all it is asked with what fn does. */
static pid_t feeder_child(void (*fn)(struct mnl_socket *feeder))
{
	struct mnl_socket *feeder = feeder_start();
	pid_t pid;

	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		fn(feeder);
		fflush(stdout);
		_exit(0);
	}
	mnl_socket_close(feeder);
	return pid;
}

static void check_child(pid_t pid)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
}

static struct server server;

static void know(struct mnl_socket *feeder)
{
	hear(feeder, "p");
	run("rspctl pool add p failover auto");
	pool_join("p", &server);
	CHECK_EQ(done("p", 0), 0);
}

TEST(resolve_answered)
{
	pid_t feeder;
	int fd;

	server = server_start(1, ECHO, AF_INET);
	feeder = feeder_child(know);
	fd = pool_connect("p");
	check_serves(fd);
	CHECK_EQ(get_option(fd, RSP_FAILOVER), RSP_FAILOVER_AUTO);
	check_child(feeder);
	CHECK_EQ(dump(), 0);
}

static void refuse(struct mnl_socket *feeder)
{
	hear(feeder, "closed");
	CHECK_EQ(done("closed", EACCES), 0);
	hear(feeder, "none");
	CHECK_EQ(done("none", 0), 0);
	run("rspctl pool add empty");
	hear(feeder, "empty");
	CHECK_EQ(done("empty", 0), 0);
}

TEST(resolve_refused)
{
	pid_t feeder = feeder_child(refuse);
	int fd = new_socket(0);

	CHECK_ERR(connect_to(fd, "closed"), EACCES);
	CHECK_ERR(connect_to(fd, "none"), ENOENT);
	CHECK_ERR(connect_to(fd, "empty"), EHOSTUNREACH);
	check_child(feeder);
}

TEST(resolve_pool_without_elements)
{
	struct mnl_socket *feeder = feeder_start();
	int fd;

	server = server_start(1, ECHO, AF_INET);
	run("rspctl pool add p");
	fd = pending("p");
	hear(feeder, "p");
	CHECK_EQ(get_info(fd).state, RSP_SESSION_RESOLVE);
	pool_join("p", &server);
	check_serves(fd);
	CHECK_EQ(done("p", 0), 0);
}

TEST(resolve_times_out)
{
	struct mnl_socket *feeder = feeder_start();
	double begun;
	int fd;

	run("rspctl scope set resolve-timeout 500ms");
	begun = now();
	CHECK_ERR(connect_to(new_socket(0), "slow"), ETIMEDOUT);
	CHECK(now() - begun >= 0.45);
	hear(feeder, "slow");
	fd = pending("slow");
	hear(feeder, "slow");
	check_refused(fd, ETIMEDOUT);
	/* It is too late now. */
	CHECK_EQ(done("slow", 0), ENOENT);
	/* A feeder that leaves is one that does not answer. */
	fd = pending("left");
	mnl_socket_close(feeder);
	check_refused(fd, ETIMEDOUT);
}

TEST(resolve_nonblock)
{
	struct mnl_socket *feeder = feeder_start();
	struct pollfd pfd;
	char octet;
	int fd;

	server = server_start(1, ECHO, AF_INET);
	fd = pending("p");
	pfd = (struct pollfd){ .fd = fd, .events = POLLIN | POLLOUT };
	CHECK_ERR(connect_to(fd, "p"), EALREADY);
	CHECK_EQ(poll(&pfd, 1, 100), 0);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_RESOLVE);
	CHECK_ERR(recv(fd, &octet, 1, 0), EAGAIN);
	CHECK_ERR(send(fd, &octet, 1, MSG_NOSIGNAL), EAGAIN);
	know(feeder);
	wait_for(fd, POLLOUT);
	CHECK_EQ(connect_to(fd, "p"), 0);
	CHECK_ERR(connect_to(fd, "p"), EISCONN);
	check_serves(fd);

	fd = pending("closed");
	hear(feeder, "closed");
	CHECK_EQ(done("closed", EACCES), 0);
	check_refused(fd, EACCES);
	/* And the socket is as new. */
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
	CHECK_EQ(connect_to(fd, "p"), 0);
	check_serves(fd);
}

TEST(resolve_shut_down)
{
	struct mnl_socket *feeder = feeder_start();
	int fd;

	server = server_start(1, ECHO, AF_INET);
	fd = pending("p");
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	check_refused(fd, ECONNRESET);
	/* It is still asked for, on behalf of whoever comes next. */
	CHECK_ERR(connect_to(fd, "p"), EINPROGRESS);
	know(feeder);
	check_serves(fd);
}

TEST(resolve_one_request_for_all_who_ask)
{
	struct mnl_socket *feeder = feeder_start();
	int fd[4], i;

	server = server_start(1, ECHO, AF_INET);
	for (i = 0; i < 4; i++)
		fd[i] = pending(i == 3 ? "q" : "p");
	hear(feeder, "p");
	hear(feeder, "q");
	hear_nothing(feeder);
	run("rspctl pool add p");
	pool_join("p", &server);
	CHECK_EQ(done("p", 0), 0);
	CHECK_EQ(done("q", ECONNREFUSED), 0);
	for (i = 0; i < 3; i++)
		check_serves(fd[i]);
	check_refused(fd[3], ECONNREFUSED);
	/* What is known is not asked for. */
	check_serves(pool_connect("p"));
	hear_nothing(feeder);
	/* What was refused is, each time. */
	fd[3] = pending("q");
	hear(feeder, "q");
	CHECK_EQ(done("q", 0), 0);
	check_refused(fd[3], ENOENT);
}

TEST(resolve_all_who_ask_are_refused)
{
	struct mnl_socket *feeder = feeder_start();
	int fd[3], i;

	for (i = 0; i < 3; i++)
		fd[i] = pending("p");
	hear(feeder, "p");
	CHECK_EQ(done("p", EKEYREJECTED), 0);
	CHECK_EQ(done("p", 0), ENOENT);
	for (i = 0; i < 3; i++)
		check_refused(fd[i], EKEYREJECTED);
}

TEST(resolve_dump)
{
	struct mnl_socket *feeder = feeder_start();
	char name[2] = "a";
	int i;

	CHECK_EQ(dump(), 0);
	for (i = 0; i < 5; i++, name[0]++)
		pending(name);
	CHECK_EQ(dump(), 5);
	for (i = 0; i < 5; i++) {
		CHECK(dumped[i].left_ms > 0 && dumped[i].left_ms <= 5000);
		CHECK_EQ(strlen(dumped[i].handle), 1);
		CHECK(strchr("abcde", dumped[i].handle[0]));
	}
	for (i = 0; i < 5; i++) {
		name[0] = 'a' + i;
		hear(feeder, name);
	}
	CHECK_EQ(done("c", 0), 0);
	CHECK_EQ(dump(), 4);
	for (i = 0; i < 4; i++)
		CHECK(dumped[i].handle[0] != 'c');
	CHECK_EQ(done("f", 0), ENOENT);
}

TEST(resolve_limit)
{
	struct mnl_socket *feeder = feeder_start();
	int fd, i;

	run("rspctl scope set resolutions-max 2");
	pending("a");
	pending("b");
	CHECK_ERR(connect_to(new_socket(0), "c"), ENOBUFS);
	CHECK_ERR(connect_to(new_socket(SOCK_NONBLOCK), "c"), ENOBUFS);
	/* Who asks for the same is not one more. */
	pending("a");
	hear(feeder, "a");
	hear(feeder, "b");
	hear_nothing(feeder);
	CHECK_EQ(done("a", 0), 0);
	/* Those of the last second count. */
	fd = new_socket(SOCK_NONBLOCK);
	for (i = 0; connect_to(fd, "c") && errno == ENOBUFS && i < 50; i++)
		usleep(100000);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_RESOLVE);
	CHECK(i > 0);
	hear(feeder, "c");
}

/* As a user: 0, or the errno of the first request that is refused. */
static int ask_for(uid_t user, const char *name)
{
	int fd, ret;

	CHECK_EQ(seteuid(user), 0);
	fd = new_socket(SOCK_NONBLOCK);
	ret = connect_to(fd, name) && errno != EINPROGRESS ? errno : 0;
	CHECK_EQ(seteuid(0), 0);
	return ret;
}

/* One user leaves as many to others as it has. */
TEST(resolve_share_of_a_user)
{
	feeder_start();
	run("rspctl scope set resolutions-max 4");
	CHECK_EQ(ask_for(1000, "a"), 0);
	CHECK_EQ(ask_for(1000, "b"), 0);
	CHECK_EQ(ask_for(1000, "c"), ENOBUFS);
	CHECK_EQ(ask_for(1000, "a"), 0);
	CHECK_EQ(ask_for(1001, "d"), 0);
	CHECK_EQ(ask_for(1001, "e"), ENOBUFS);
	CHECK_EQ(ask_for(0, "f"), 0);
	CHECK_EQ(ask_for(0, "g"), ENOBUFS);
}

TEST(resolve_send_timeout)
{
	struct timeval soon = { .tv_usec = 300000 };
	int fd = new_socket(0);

	feeder_start();
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)), 0);
	CHECK_ERR(connect_to(fd, "p"), EINPROGRESS);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_RESOLVE);
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST(resolve_interrupted)
{
	struct itimerval soon = { .it_value.tv_usec = 200000 };
	struct sigaction action = { .sa_handler = on_alarm };
	struct mnl_socket *feeder = feeder_start();
	int fd = new_socket(0);

	server = server_start(1, ECHO, AF_INET);
	CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_EQ(setitimer(ITIMER_REAL, &soon, NULL), 0);
	CHECK_ERR(connect_to(fd, "p"), EINTR);
	/* It goes on all the same. */
	know(feeder);
	check_serves(fd);
}

TEST(resolve_socket_closed)
{
	struct mnl_socket *feeder = feeder_start();

	server = server_start(1, ECHO, AF_INET);
	close(pending("p"));
	hear(feeder, "p");
	/* The feeder is at work already; who comes next may profit from it. */
	CHECK_EQ(dump(), 1);
	run("rspctl pool add p");
	pool_join("p", &server);
	CHECK_EQ(done("p", 0), 0);
	check_serves(pool_connect("p"));
}

TEST(resolve_process_killed)
{
	struct mnl_socket *feeder = feeder_start();
	int i, status;
	pid_t pid[8];

	fflush(stdout);
	for (i = 0; i < 8; i++) {
		pid[i] = fork();
		CHECK(pid[i] >= 0);
		if (!pid[i]) {
			connect_to(new_socket(0), "p");
			_exit(0);
		}
	}
	hear(feeder, "p");
	for (i = 0; i < 8; i++) {
		CHECK_EQ(kill(pid[i], SIGKILL), 0);
		CHECK_EQ(waitpid(pid[i], &status, 0), pid[i]);
		CHECK(WIFSIGNALED(status));
	}
	CHECK_EQ(done("p", 0), 0);
	CHECK_EQ(dump(), 0);
}

/*
 * Closed and answered at the same time: the session's waiter goes while it is
 * being woken.
 */
TEST(resolve_closed_while_answered)
{
	struct mnl_socket *feeder = feeder_start();
	int i, fd, status;
	pid_t pid;

	fflush(stdout);
	for (i = 0; i < 50; i++) {
		fd = pending("p");
		hear(feeder, "p");
		pid = fork();
		CHECK(pid >= 0);
		if (!pid) {
			close(fd);
			_exit(0);
		}
		close(fd);
		CHECK_EQ(done("p", i % 2 ? EACCES : 0), 0);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
	}
}

static void in_namespace(void (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		CHECK_EQ(unshare(CLONE_NEWNET), 0);
		fn();
		fflush(stdout);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
}

static void leave_resolutions(void)
{
	char name[2] = "a";

	feeder_start();
	for (; name[0] < 'i'; name[0]++)
		close(pending(name));
	CHECK_EQ(dump(), 8);
}

static void leave_sockets(void)
{
	char name[2] = "a";

	feeder_start();
	for (; name[0] < 'i'; name[0]++)
		pending(name);
	CHECK_EQ(dump(), 8);
}

/* That nothing of it is left is for the end of the machine's run to say. */
TEST(resolve_namespace_gone)
{
	int i;

	for (i = 0; i < 4; i++) {
		in_namespace(leave_resolutions);
		in_namespace(leave_sockets);
	}
}
