// SPDX-License-Identifier: GPL-2.0
/*
 * What no program calls, and memory cannot be had: workers find the next
 * element of a session, connect where a pool became known, and take elements
 * out and back when their time has come.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "fail.h"
#include "netlink.h"
#include "pool.h"

static struct server servers[2];
static struct mnl_socket *ear;

static void start(const char *config)
{
	fail_prepare();
	netlink_start();
	pool_make("p", config, 2, ECHO, servers);
	set_scope(RSERPOOL_A_SCOPE_AVOID_MIN, 1);
	set_scope(RSERPOOL_A_SCOPE_AVOID_MAX, 2);
}

static void listen_to(enum group group)
{
	ear = open_netlink();
	CHECK_EQ(join(ear, group), 0);
}

static bool hear(char *buf, size_t len)
{
	return recv(mnl_socket_get_fd(ear), buf, len, MSG_DONTWAIT) >= 0;
}

/* It was told this, or that it missed something. */
static void check_heard(int cmd)
{
	struct genlmsghdr *genl;
	char buf[8192];

	memset(has, 0, sizeof(has));
	while (hear(buf, sizeof(buf))) {
		genl = mnl_nlmsg_get_payload((struct nlmsghdr *)buf);
		has[genl->cmd] = true;
	}
	if (errno == ENOBUFS) {
		/* What is behind that is for the next time. */
		while (hear(buf, sizeof(buf)))
			;
		return;
	}
	CHECK_EQ(errno, EAGAIN);
	CHECK(has[cmd]);
}

static int state_of(int fd)
{
	return get_info(fd).state;
}

/* Wait as long as the session is in this state. */
static int left(int fd, int state)
{
	int i, now;

	for (i = 0; i < 5000; i++) {
		now = state_of(fd);
		if (now != state)
			return now;
		usleep(1000);
	}
	test_fail(__FILE__, __LINE__, "state %d does not end", state);
}

static int connected(void)
{
	int fd = pool_connect("p");

	CHECK(read_id(fd) <= 2);
	return fd;
}

static int kill_call(int fd)
{
	int i;

	server_kill(&servers[get_info(fd).pe_id - 1]);
	for (i = 0; !get_info(fd).generation; i++) {
		CHECK(i < 5000);
		usleep(1000);
	}
	if (left(fd, RSP_SESSION_FAILOVER) == RSP_SESSION_READY)
		return 0;
	errno = socket_error(fd);
	return -1;
}

/* With another one, or ended for want of memory. */
static void kill_end(int fd, int err)
{
	struct rsp_info info = get_info(fd);

	CHECK_EQ(info.generation, 1);
	servers[info.prev_pe_id - 1] = server_start(info.prev_pe_id, ECHO,
						    AF_INET);
	check_heard(RSERPOOL_CMD_SESSION_EVENT);
	if (err) {
		CHECK_EQ(info.state, RSP_SESSION_CLOSED);
	} else {
		CHECK_EQ(info.state, RSP_SESSION_READY);
		CHECK_EQ(read_id(fd), info.pe_id);
		CHECK(info.pe_id != info.prev_pe_id);
		check_echo(fd, "moved");
	}
	close(fd);
}

TEST(failslab_worker_fails_over)
{
	const struct each each = { connected, kill_call, kill_end, 0 };

	start("fin failure failover auto");
	listen_to(SESSION);
	at_each_place_of_workers(&each);
}

static struct mnl_socket *feeder;

static int pending(void)
{
	int fd = new_socket(SOCK_NONBLOCK);

	CHECK_ERR(connect_to(fd, "asked"), EINPROGRESS);
	return fd;
}

/*
 * The feeder registers the pool's elements, one that refuses and one that
 * does not: a worker connects.
 */
static int answer_call(int fd)
{
	struct nlattr *nest;
	int id;

	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	for (id = 2; id; id--) {
		nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
		put_handle(RSERPOOL_A_ELEMENT_HANDLE, "asked");
		put_u32(RSERPOOL_A_ELEMENT_ID, id);
		put_transport("127.0.0.1", id == 1 ? servers[0].port : 9);
		mnl_attr_nest_end(req, nest);
	}
	CHECK_EQ(talk(), 0);
	left(fd, RSP_SESSION_RESOLVE);
	if (left(fd, RSP_SESSION_CONNECT) == RSP_SESSION_READY)
		return 0;
	errno = socket_error(fd);
	return -1;
}

/* One that failed is as new, and connects. */
static void answer_end(int fd, int err)
{
	char buf[8192];

	if (err) {
		CHECK_EQ(state_of(fd), RSP_SESSION_INIT);
		if (connect_to(fd, "asked"))
			CHECK_EQ(errno, EINPROGRESS);
	}
	wait_for(fd, POLLIN);
	CHECK_EQ(read_id(fd), 1);
	close(fd);
	begin(RSERPOOL_CMD_POOL_DEL, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "asked");
	CHECK_EQ(talk(), 0);
	/* What it was told; an event without memory is an ENOBUFS. */
	while (recv(mnl_socket_get_fd(feeder), buf, sizeof(buf),
		    MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		;
	begin(RSERPOOL_CMD_RESOLVE_DONE, 0);
	put_handle(RSERPOOL_A_RESOLUTION_HANDLE, "asked");
	CHECK_EQ(talk(), 0);
}

TEST(failslab_worker_connects)
{
	const struct each each = { pending, answer_call, answer_end, 0 };

	start("");
	feeder = open_netlink();
	CHECK_EQ(join(feeder, ASAP), 0);
	at_each_place_of_workers(&each);
}

#define MORTALS		4

static int mortals(void)
{
	struct nlattr *nest;
	int id;

	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	for (id = 1; id <= MORTALS; id++) {
		nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
		put_handle(RSERPOOL_A_ELEMENT_HANDLE, "short");
		put_u32(RSERPOOL_A_ELEMENT_ID, id);
		put_u32(RSERPOOL_A_ELEMENT_LIFETIME, 100);
		put_transport("192.0.2.1", 80);
		mnl_attr_nest_end(req, nest);
	}
	CHECK_EQ(talk(), 0);
	return -1;
}

static int expire_call(int fd)
{
	int i;

	(void)fd;
	for (i = 0; count_elements() > 2; i++) {
		CHECK(i < 5000);
		usleep(1000);
	}
	return 0;
}

static void expire_end(int fd, int err)
{
	(void)fd;
	(void)err;
	check_heard(RSERPOOL_CMD_ELEMENT_EXPIRED_NTF);
	CHECK_EQ(count_pools(), 1);
}

TEST(failslab_worker_expires)
{
	const struct each each = { mortals, expire_call, expire_end, 0 };

	start("");
	listen_to(HANDLESPACE);
	at_each_place_of_workers(&each);
}

#define REFUSE		32

/* All of them have been tried, and are passed over for a while. */
static int avoided(void)
{
	int fd = new_socket(0);

	CHECK_ERR(connect_to(fd, "refuse"), EHOSTUNREACH);
	CHECK_EQ(get_info(fd).elements_tried, REFUSE);
	close(fd);
	return -1;
}

static int return_call(int fd)
{
	int i;

	(void)fd;
	for (i = 0; i < 5000; i++) {
		begin(RSERPOOL_CMD_POOL_GET, 0);
		put_handle(RSERPOOL_A_POOL_HANDLE, "refuse");
		CHECK_EQ(get(), 0);
		if (!value[RSERPOOL_A_POOL_AVOIDED])
			return 0;
		usleep(1000);
	}
	test_fail(__FILE__, __LINE__, "not all return");
}

/* The policy's index shrank when they left it: it has to grow. */
static void all_return(const char *config)
{
	const struct each each = { avoided, return_call, end_nothing, 0 };

	start("");
	set_scope(RSERPOOL_A_SCOPE_AVOID_MAX, 300);
	set_scope(RSERPOOL_A_SCOPE_AVOID_MIN, 300);
	run("for id in $(seq %d); do"
	    " echo pe add pool refuse id $id tcp 127.0.0.1:9 policy %s;"
	    "done | rspctl -batch - > /dev/null", REFUSE, config);
	at_each_place_of_workers(&each);
}

TEST(failslab_worker_returns_rr)
{
	all_return("rr");
}

TEST(failslab_worker_returns_wrand)
{
	all_return("wrand weight 2");
}
