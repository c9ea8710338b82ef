// SPDX-License-Identifier: GPL-2.0
/*
 * Users that break the rules, against an element that is a socket of the
 * family: each ends its own session, and the next user is served.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "hostile.h"

#define ASAP	RSP_PPID_ASAP
#define PORT	7500

static struct control control;
static struct frame frame;
static int listener;

static void listen_at_port(int type)
{
	struct sockaddr_rserpool address;
	socklen_t len;

	listener = socket(AF_RSERPOOL, type, 0);
	CHECK(listener >= 0);
	address = pool_address("e", 1, &len);
	address.srp_port = htons(PORT);
	CHECK_EQ(bind(listener, (void *)&address, len), 0);
	CHECK_EQ(listen(listener, 16), 0);
}

/* A user that had the card; octet by octet. */
static int user(void)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_EQ(connect(fd, (void *)&in, sizeof(in)), 0);
	CHECK(frame_receive(fd, &frame));
	CHECK_EQ(frame.ppid, ASAP);
	CHECK_EQ(frame.octets[0], BUSINESS_CARD);
	return fd;
}

static int session(void)
{
	int fd;

	wait_for(listener, POLLIN);
	fd = accept(listener, NULL, NULL);
	CHECK(fd >= 0);
	return fd;
}

/* A user comes and is served. */
static void check_served(void)
{
	int peer = user(), fd = session();
	char buf[16];

	data_send(peer, "hello");
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	CHECK_EQ(send(fd, "you", 3, 0), 3);
	CHECK(frame_receive(peer, &frame));
	CHECK_EQ(frame.length, 3);
	end_send(peer);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 0);
	CHECK_EQ(close(fd), 0);
	close(peer);
}

static void echo_send(int fd, size_t len)
{
	static char octets[FRAME_PAYLOAD_MAX];

	control_begin(&control, COOKIE_ECHO);
	control_param(&control, PARAM_COOKIE, octets, len);
	control_send(fd, &control);
}

static void fails(void (*fn)(int peer), enum rsp_failure failure,
		  const char *counter)
{
	int peer, fd;
	char buf[16];

	listen_at_port(SOCK_SEQPACKET);
	peer = user();
	fd = session();
	fn(peer);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), ECONNRESET);
	CHECK_EQ(get_info(fd).failure, failure);
	check_counter(counter, 1);
	check_served();
}

#define TEST_USER(_name, _failure, _counter, ...)			\
	static void _name(int peer)					\
	{								\
		__VA_ARGS__;						\
	}								\
	TEST(hostile_user_##_name)					\
	{								\
		fails(_name, _failure, _counter);			\
	}

TEST_USER(length, RSP_FAILURE_FRAME, "FailureFrame",
	  frame_send(peer, 0, ~0u, "x", 1))
TEST_USER(urgent, RSP_FAILURE_FRAME, "FailureFrame",
	  send(peer, "x", 1, MSG_OOB))
TEST_USER(end_inside, RSP_FAILURE_FRAME, "FailureFrame",
	  frame_send(peer, 0, 3 | FRAME_MORE, "abc", 3);
	  end_send(peer))
TEST_USER(cookie, RSP_FAILURE_CONTROL, "FailureControl",
	  control_begin(&control, COOKIE);
	  control_param(&control, PARAM_COOKIE, "x", 1);
	  control_send(peer, &control))
TEST_USER(second_echo, RSP_FAILURE_CONTROL, "FailureControl",
	  echo_send(peer, 5);
	  echo_send(peer, 5))
TEST_USER(cut_echo, RSP_FAILURE_CONTROL, "FailureControl",
	  control_begin(&control, COOKIE_ECHO);
	  control_send(peer, &control))
TEST_USER(reset, RSP_FAILURE_RESET, "FailureReset",
	  frame_send(peer, 0, 10, "half", 4);
	  usleep(100000);
	  reset_on_close(peer);
	  close(peer))
TEST_USER(gone, RSP_FAILURE_FIN, "FailureFin",
	  close(peer))

/* A session whose user says a word, and that it was all. */
static int session_that_ends(int type, int *peer)
{
	int fd;

	listen_at_port(type);
	*peer = user();
	fd = session();
	data_send(*peer, "hello");
	end_send(*peer);
	return fd;
}

/* Who has said all may be gone before he hears the rest. */
TEST(hostile_user_ends_and_resets)
{
	int peer, fd = session_that_ends(SOCK_SEQPACKET, &peer);
	char buf[16];

	reset_on_close(peer);
	wait_for(fd, POLLIN);
	close(peer);
	while (get_info(fd).state != RSP_SESSION_CLOSED)
		usleep(10000);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 0);
	CHECK_ERR(send(fd, "more", 4, MSG_NOSIGNAL), EPIPE);
	check_counter("FailureReset", 1);
	check_served();
}

/* An echo behind data: the service has begun without a state. */
TEST(hostile_user_late_echo)
{
	int peer, fd;
	char buf[16];

	listen_at_port(SOCK_SEQPACKET);
	peer = user();
	fd = session();
	data_send(peer, "hello");
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	echo_send(peer, 5);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), ECONNRESET);
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_CONTROL);
	check_served();
}

/* Who never says whether there is a cookie holds up this call, for its time. */
TEST(hostile_user_says_nothing)
{
	struct timeval patience = { .tv_usec = 300000 };
	int peer, fd;
	socklen_t len = 16;
	char buf[16];

	listen_at_port(SOCK_SEQPACKET);
	peer = user();
	fd = session();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	CHECK_ERR(getsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, buf, &len), EAGAIN);
	/* Half an echo is none. */
	frame_send(peer, ASAP, 20, "\14\0\0\24\0\15", 6);
	CHECK_ERR(getsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, buf, &len), EAGAIN);
	check_served();
	close(peer);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), ECONNRESET);
}

/* Users that come and go before accept(), or never say a word. */
TEST(hostile_user_goes_before_accept)
{
	int peers[8], i;

	listen_at_port(SOCK_SEQPACKET);
	for (i = 0; i < 8; i++) {
		peers[i] = user();
		if (i & 1)
			frame_send(peers[i], 0, ~0u, "x", 1);
		else
			reset_on_close(peers[i]);
	}
	for (i = 0; i < 8; i++)
		close(peers[i]);
	usleep(200000);
	for (i = 0; i < 8; i++) {
		struct pollfd pfd = { .fd = listener, .events = POLLIN };

		if (!poll(&pfd, 1, 0))
			break;
		close(session());
	}
	check_served();
}

/* Cookies for a user that reads nothing: so many, and no more. */
TEST(hostile_user_reads_no_cookies)
{
	static char octets[RSP_COOKIE_MAX];
	int peer, fd, i, ret;
	long before, left;

	listen_at_port(SOCK_SEQPACKET);
	peer = user();
	fd = session();
	before = memory_available();
	for (i = 0; i < 5000; i++) {
		ret = setsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, octets,
				 sizeof(octets));
		if (ret)
			break;
	}
	left = memory_available();
	CHECK_EQ(ret, -1);
	CHECK_EQ(errno, EAGAIN);
	printf("# %d cookies, %ld KiB\n", i, before - left);
	CHECK(before - left < 24 << 10);
	CHECK_ERR(send(fd, octets, 1, MSG_DONTWAIT), EAGAIN);
	/* Once they are read it goes on. */
	while (i--) {
		CHECK(frame_receive(peer, &frame));
		CHECK_EQ(frame.octets[0], COOKIE);
	}
	wait_for(fd, POLLOUT);
	CHECK_EQ(setsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, octets,
			    sizeof(octets)), 0);
	CHECK(frame_receive(peer, &frame));
	CHECK_EQ(frame.length, 4 + 4 + RSP_COOKIE_MAX + 4 + 16);
	check_served();
}

/* An accepted session in which only one side has ended. */
TEST(hostile_user_ends_first)
{
	int peer, fd = session_that_ends(SOCK_STREAM, &peer);
	char buf[16];

	close(peer);
	CHECK_EQ(recv(fd, buf, sizeof(buf), MSG_WAITALL), 5);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 0);
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_NONE);
	CHECK_EQ(close(fd), 0);
	check_served();
}

/* What a user, an element and a registrar say to each other. */
static void message_make(unsigned int i)
{
	static const uint8_t types[] = { COOKIE_ECHO, ASAP_ERROR, RESOLUTION,
					 UNREACHABLE };

	control_begin(&control, types[i]);
	switch (types[i]) {
	case COOKIE_ECHO:
		control_param(&control, PARAM_COOKIE, "state", 5);
		break;
	case ASAP_ERROR:
		control_param(&control, PARAM_ERROR, "\0\2\0\4", 4);
		break;
	case UNREACHABLE:
		control_param(&control, PARAM_HANDLE, "e", 1);
		control_param(&control, PARAM_PE_ID, "\0\0\0\1", 4);
		break;
	default:
		control_param(&control, PARAM_HANDLE, "e", 1);
		break;
	}
	control.octets[3] = control.len;
}

#define MESSAGES	4

/* Each of them, cut at each octet. */
TEST(hostile_user_every_cut)
{
	unsigned int i, cuts = 0;
	int peer, fd;
	size_t cut;
	char octet;

	listen_at_port(SOCK_SEQPACKET);
	for (i = 0; i < MESSAGES; i++) {
		message_make(i);
		for (cut = 1; cut < control.len; cut++) {
			peer = user();
			fd = session();
			frame_send(peer, ASAP, cut, control.octets, cut);
			CHECK_ERR(recv(fd, &octet, 1, 0), ECONNRESET);
			CHECK_EQ(get_info(fd).failure, RSP_FAILURE_CONTROL);
			close(fd);
			close(peer);
			cuts++;
		}
	}
	check_counter("FailureControl", cuts);
	check_served();
}

/* With each length that its own may be, and each that its parameter may. */
TEST(hostile_user_every_length)
{
	unsigned int i, field, value;
	int peer, fd;
	char octet;

	listen_at_port(SOCK_SEQPACKET);
	for (i = 0; i < MESSAGES; i++) {
		for (field = 2; field <= 6; field += 4) {
			for (value = 0; value < 40; value++) {
				message_make(i);
				control.octets[field] = value > 32 ? 0xff : 0;
				control.octets[field + 1] = value;
				peer = user();
				fd = session();
				frame_send(peer, ASAP, control.len,
					   control.octets, control.len);
				end_send(peer);
				/* Ended, one way or the other. */
				CHECK(recv(fd, &octet, 1, 0) <= 0);
				close(fd);
				close(peer);
			}
		}
	}
	check_served();
}

/* A user that goes without a word leaves what it sent, the cookie before all. */
TEST(hostile_user_gone_behind_a_cookie)
{
	int peer, fd, one = 1;
	char buf[16];
	socklen_t len = sizeof(buf);

	listen_at_port(SOCK_SEQPACKET);
	peer = user();
	fd = session();
	/* All of it comes at once. */
	setsockopt(peer, IPPROTO_TCP, TCP_CORK, &one, sizeof(one));
	echo_send(peer, 4);
	data_send(peer, "left");
	close(peer);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 4);
	CHECK(!memcmp(buf, "left", 4));
	CHECK_EQ(getsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, buf, &len), 0);
	CHECK_EQ(len, 4);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), ECONNRESET);
}
