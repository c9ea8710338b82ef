// SPDX-License-Identifier: GPL-2.0
/*
 * SOCK_RDM, and memory cannot be had: a message that was refused went to nobody,
 * and the next one goes.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <unistd.h>

#include "fail.h"
#include "secure.h"

#define ELEMENTS	3

static void start(void)
{
	int i;

	fail_prepare();
	run("rspctl scope set avoid-min 1ms avoid-max 2ms");
	for (i = 1; i <= ELEMENTS; i++)
		echo_element("p", i, SOCK_SEQPACKET);
}

static int rdm_call(int fd)
{
	fd = socket(AF_RSERPOOL, SOCK_RDM, 0);
	if (fd >= 0)
		close(fd);
	return fd;
}

TEST(failslab_rdm_socket)
{
	const struct each each = { begin_nothing, rdm_call, end_nothing, 0 };

	fail_prepare();
	close(new_socket(0));
	at_each_place(&each);
}

static int rdm(void)
{
	int fd = socket(AF_RSERPOOL, SOCK_RDM, 0);

	CHECK(fd >= 0);
	return fd;
}

static int send_to(int fd, const char *name, char octet)
{
	struct sockaddr_rserpool to;
	socklen_t len;

	to = pool_address(name, 0, &len);
	return sendto(fd, &octet, 1, 0, (void *)&to, len);
}

static int send_call(int fd)
{
	return send_to(fd, "p", 'a');
}

/* An answer, and of whom. */
static char answer(int fd, uint32_t *id)
{
	struct sockaddr_rserpool from;
	socklen_t len = sizeof(from);
	char octets[8];

	wait_for(fd, POLLIN);
	CHECK_EQ(recvfrom(fd, octets, sizeof(octets), 0, (void *)&from, &len),
		 1);
	CHECK_EQ(len, offsetof(struct sockaddr_rserpool, srp_handle) + 1);
	CHECK(from.srp_pe_id >= 1 && from.srp_pe_id <= ELEMENTS);
	*id = from.srp_pe_id;
	return octets[0];
}

/* As many answers as there are elements that were sent to, one of each. */
static void answers(int fd, char octet, int n)
{
	bool came[ELEMENTS + 1] = {};
	uint32_t id;

	while (n--) {
		CHECK_EQ(answer(fd, &id), octet);
		CHECK(!came[id]);
		came[id] = true;
	}
}

/* To each in turn: an answer to what was refused would come before theirs. */
static void send_end(int fd, int err)
{
	uint32_t id;
	int i;

	if (!err)
		CHECK_EQ(answer(fd, &id), 'a');
	for (i = 0; i < ELEMENTS; i++)
		CHECK_EQ(send_to(fd, "p", 'b'), 1);
	answers(fd, 'b', ELEMENTS);
	close(fd);
}

TEST(failslab_rdm_first_message)
{
	const struct each each = { rdm, send_call, send_end, 0 };

	start();
	at_each_place(&each);
	/* What this host lacked is not the element's fault. */
	CHECK_EQ(counter("ElementAvoided"), 0);
}

/* To each element there is a connection. */
static int connected(void)
{
	int fd = rdm(), i;
	uint32_t id;

	for (i = 0; i < ELEMENTS; i++)
		CHECK_EQ(send_to(fd, "p", 'c'), 1);
	for (i = 0; i < ELEMENTS; i++)
		CHECK_EQ(answer(fd, &id), 'c');
	return fd;
}

TEST(failslab_rdm_message)
{
	const struct each each = { connected, send_call, send_end, 0 };

	start();
	at_each_place(&each);
	CHECK_EQ(counter("ElementAvoided"), 0);
}

static int unknown_call(int fd)
{
	return send_to(fd, "unknown", 'a');
}

static void unknown_end(int fd, int err)
{
	CHECK(err);
	send_end(fd, err);
}

/* A session of its own asks for the pool, and nobody knows it. */
TEST(failslab_rdm_unknown)
{
	const struct each each = { rdm, unknown_call, unknown_end, ENOENT };

	start();
	at_each_place(&each);
}

static int to_all(void)
{
	int fd = rdm();

	set_option(fd, RSP_SEND_TO_ALL, 1);
	return fd;
}

static void to_all_end(int fd, int err)
{
	if (!err)
		answers(fd, 'a', get_option(fd, RSP_SENT_TO));
	CHECK_EQ(send_to(fd, "p", 'b'), 1);
	CHECK_EQ(get_option(fd, RSP_SENT_TO), ELEMENTS);
	answers(fd, 'b', ELEMENTS);
	close(fd);
}

TEST(failslab_rdm_to_all)
{
	const struct each each = { to_all, send_call, to_all_end, 0 };

	start();
	at_each_place(&each);
	CHECK_EQ(counter("ElementAvoided"), 0);
}

static int answered(void)
{
	int fd = rdm();

	CHECK_EQ(send_to(fd, "p", 'a'), 1);
	wait_for(fd, POLLIN);
	return fd;
}

static int recv_call(int fd)
{
	struct sockaddr_rserpool from;
	socklen_t len = sizeof(from);
	char octets[8];

	return recvfrom(fd, octets, sizeof(octets), 0, (void *)&from, &len);
}

/* The message may have been taken before its sender could be told. */
static void recv_end(int fd, int err)
{
	char octet;

	if (err)
		recv(fd, &octet, 1, MSG_DONTWAIT);
	send_end(fd, EFAULT);
}

TEST(failslab_rdm_receive)
{
	const struct each each = { answered, recv_call, recv_end, 0 };

	start();
	at_each_place(&each);
}

static int tos_call(int fd)
{
	int tos = 0x10;

	return setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
}

/* Each connection has the option, when the call says so. */
static void tos_end(int fd, int err)
{
	if (err)
		CHECK_EQ(tos_call(fd), 0);
	run("[ $(ss -Hnt --tos state established | grep -c tos:0x10) = %d ]",
	    ELEMENTS);
	send_end(fd, EFAULT);
	run("for i in $(seq 500); do "
	    "ss -Hnt --tos state established | grep -q tos:0x10 || exit 0; "
	    "sleep 0.01; done; exit 1");
}

TEST(failslab_rdm_options)
{
	const struct each each = { connected, tos_call, tos_end, 0 };

	start();
	at_each_place(&each);
}

static int close_call(int fd)
{
	return close(fd);
}

TEST(failslab_rdm_close)
{
	const struct each each = { connected, close_call, end_nothing, 0 };

	start();
	at_each_place(&each);
	run("i=0; while rspctl session show | grep -q ready; do "
	    "[ $((i += 1)) -lt 100 ]; sleep 0.1; done");
}

/* Who may not wait is told when it goes on; workers connect. */
static int poll_call(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	int ret;

	while ((ret = send_to(fd, "p", 'a')) < 0 && errno == EAGAIN)
		CHECK_EQ(poll(&pfd, 1, 10000), 1);
	return ret;
}

static int nonblock(void)
{
	int fd = socket(AF_RSERPOOL, SOCK_RDM | SOCK_NONBLOCK, 0);

	CHECK(fd >= 0);
	return fd;
}

static void poll_end(int fd, int err)
{
	uint32_t id;

	if (!err)
		CHECK_EQ(answer(fd, &id), 'a');
	CHECK_EQ(poll_call(fd), 1);
	CHECK_EQ(answer(fd, &id), 'a');
	close(fd);
}

TEST(failslab_worker_of_rdm)
{
	const struct each each = { nonblock, poll_call, poll_end, 0 };

	start();
	at_each_place_of_workers(&each);
}

static int nonblock_to_all(void)
{
	int fd = nonblock();

	set_option(fd, RSP_SEND_TO_ALL, 1);
	return fd;
}

static void poll_all_end(int fd, int err)
{
	if (!err)
		answers(fd, 'a', get_option(fd, RSP_SENT_TO));
	CHECK_EQ(poll_call(fd), 1);
	answers(fd, 'a', get_option(fd, RSP_SENT_TO));
	close(fd);
}

TEST(failslab_worker_of_rdm_to_all)
{
	const struct each each = { nonblock_to_all, poll_call, poll_all_end, 0 };

	start();
	at_each_place_of_workers(&each);
}
