// SPDX-License-Identifier: GPL-2.0
/* Elements that fail are reported to the feeder, once each time. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "framed.h"
#include "netlink.h"

#define ELEMENTS	20
#define BUSY_MS		3000

static struct mnl_socket *feeder_open(void)
{
	struct mnl_socket *feeder = open_netlink();
	int room = 4 << 20;

	netlink_start();
	CHECK_EQ(join(feeder, ASAP), 0);
	setsockopt(mnl_socket_get_fd(feeder), SOL_SOCKET, SO_RCVBUFFORCE, &room,
		   sizeof(room));
	return feeder;
}

/* Count the reports that are there, and those of each element. */
static int reports(struct mnl_socket *feeder, const char *handle, int *of)
{
	struct pollfd pfd = {
		.fd = mnl_socket_get_fd(feeder), .events = POLLIN,
	};
	char buf[8192];
	int n = 0;

	memset(of, 0, (ELEMENTS + 1) * sizeof(*of));
	while (poll(&pfd, 1, 100) == 1) {
		struct nlmsghdr *nlh = (void *)buf;
		const struct genlmsghdr *genl;
		const struct nlattr *attr;
		uint32_t id = 0;

		CHECK(mnl_socket_recvfrom(feeder, buf, sizeof(buf)) > 0);
		genl = mnl_nlmsg_get_payload(nlh);
		CHECK_EQ(genl->cmd, RSERPOOL_CMD_UNREACHABLE);
		mnl_attr_for_each(attr, nlh, sizeof(*genl)) {
			if (mnl_attr_get_type(attr) == RSERPOOL_A_ELEMENT_ID)
				id = mnl_attr_get_u32(attr);
			else
				CHECK(!memcmp(mnl_attr_get_payload(attr),
					      handle, strlen(handle)));
		}
		CHECK(id && id <= ELEMENTS);
		of[id]++;
		n++;
	}
	return n;
}

static void elements_make(const char *name, int n)
{
	int i;

	run("rspctl pool add %s", name);
	for (i = 1; i <= n; i++)
		run("rspctl pe add pool %s id %d tcp 127.0.0.1:9", name, i);
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

TEST(unreachable_once_a_failure)
{
	struct mnl_socket *feeder = feeder_open();
	int of[ELEMENTS + 1];

	elements_make("p", 2);
	CHECK_ERR(connect_to(new_socket(0), "p"), EHOSTUNREACH);
	CHECK_EQ(reports(feeder, "p", of), 2);
	CHECK_EQ(of[1], 1);
	CHECK_EQ(of[2], 1);
	/* They are avoided: that they fail again is no news. */
	CHECK_ERR(connect_to(new_socket(0), "p"), EHOSTUNREACH);
	CHECK_EQ(reports(feeder, "p", of), 0);
	CHECK_EQ(counter("Unreachable"), 2);
}

TEST(unreachable_when_a_session_fails)
{
	struct mnl_socket *feeder = feeder_open();
	struct server server;
	int of[ELEMENTS + 1];
	int fd;

	pool_make("p", "fin failure", 1, ECHO, &server);
	fd = pool_connect("p");
	read_id(fd);
	server_kill(&server);
	CHECK_EQ(reports(feeder, "p", of), 1);
	CHECK_EQ(of[1], 1);
}

/* Drained and removed elements are the operator's doing. */
TEST(unreachable_not_for_what_the_operator_does)
{
	struct mnl_socket *feeder = feeder_open();
	int of[ELEMENTS + 1];

	elements_make("p", 2);
	run("rspctl pe drain pool p id 1");
	run("rspctl pe del pool p id 2 now");
	CHECK_EQ(reports(feeder, "p", of), 0);
}

/*
 * Fail all the time, for a while, and once when it is over, lest a pause of this
 * host leave unused what may be said by then; how long that was, ms.
 */
static double flood(const char *name)
{
	double begun = now_ms();
	bool over;

	run("rspctl scope set avoid-min 1ms avoid-max 1ms");
	do {
		int fd = new_socket(0);

		over = now_ms() - begun >= BUSY_MS;
		usleep(over ? 20000 : 1000);
		CHECK_ERR(connect_to(fd, name), EHOSTUNREACH);
		close(fd);
	} while (!over);
	return now_ms() - begun;
}

TEST(unreachable_flood_of_the_scope)
{
	struct mnl_socket *feeder = feeder_open();
	int of[ELEMENTS + 1];
	double ms;
	int n;

	elements_make("p", ELEMENTS);
	run("rspctl scope set unreachable-rate 5 unreachable-burst 10 unreachable-pe-rate 1000000 unreachable-pe-burst 1000000");
	ms = flood("p");
	n = reports(feeder, "p", of);
	CHECK(n >= 10 + 5 * (BUSY_MS / 1000 - 1));
	CHECK(n <= 10 + 5 * ms / 1000 + 1);
	CHECK_EQ(counter("Unreachable"), n);
	CHECK_EQ(counter("Unreachable") + counter("UnreachableLimited"),
		 counter("ElementAvoided"));
	CHECK(counter("UnreachableLimited") > n);
}

TEST(unreachable_flood_of_an_element)
{
	struct mnl_socket *feeder = feeder_open();
	int of[ELEMENTS + 1];
	double ms;
	int i;

	elements_make("p", 3);
	run("rspctl scope set unreachable-rate 1000000 unreachable-burst 1000000 unreachable-pe-rate 60 unreachable-pe-burst 3");
	ms = flood("p");
	reports(feeder, "p", of);
	for (i = 1; i <= 3; i++) {
		CHECK(of[i] >= 3 + BUSY_MS / 1000 - 1);
		CHECK(of[i] <= 3 + ms / 1000 + 1);
	}
	CHECK(counter("UnreachableLimited") > of[1] + of[2] + of[3]);
}

/* As it is unless somebody says otherwise. */
TEST(unreachable_defaults)
{
	struct mnl_socket *feeder = feeder_open();
	int of[ELEMENTS + 1];

	elements_make("p", 1);
	flood("p");
	CHECK_EQ(reports(feeder, "p", of), 2);
}

static void complain(int fd, uint32_t id, const void *arg)
{
	/* ASAP_ERROR with the cause "security considerations". */
	const unsigned char error[] = { 14, 0, 0, 12, 0, 12, 0, 8,
					0, 10, 0, 4 };

	frame_send(fd, RSP_PPID_ASAP, sizeof(error), error, sizeof(error));
	framed_echo(fd, id, arg);
}

TEST(error_is_counted_and_no_more)
{
	char buf[8];
	int fd;

	framed_pool("p", "", complain, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	CHECK_EQ(send(fd, "hello", 5, 0), 5);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	usleep(100000);
	CHECK_EQ(counter("ControlError"), 1);
	CHECK_EQ(counter("ControlUnknown"), 0);
}
