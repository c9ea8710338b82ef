// SPDX-License-Identifier: GPL-2.0
/*
 * Elements that break the rules of frames and of ASAP.  Each harms its own flow
 * and no other: there is a session beside that goes on.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hostile.h"

#define ASAP	RSP_PPID_ASAP

static struct control control;
static int beside;	/* the session that goes on */

static void beside_start(void)
{
	/* An element that failed is not tried again meanwhile. */
	run("rspctl scope set avoid-min 60s avoid-max 60s");
	run("rspctl pool add good");
	framed_server("good", 99, framed_echo, NULL);
	beside = framed_connect("good", SOCK_SEQPACKET);
}

static void beside_check(void)
{
	char buf[16];

	CHECK_EQ(send(beside, "beside", 6, 0), 6);
	CHECK_EQ(recv(beside, buf, sizeof(buf), 0), 6);
	CHECK(!memcmp(buf, "beside", 6));
	CHECK_EQ(get_info(beside).generation, 0);
}

/* A session with an element that does fn() once it has sent its card. */
static int hostile_session(server_fn *fn, const void *arg, int type)
{
	beside_start();
	framed_pool("bad", "", fn, arg);
	return framed_connect("bad", type);
}

static void check_failed(int fd, enum rsp_failure failure, const char *word,
			 const char *counter)
{
	CHECK_EQ(get_info(fd).failure, failure);
	CHECK_EQ(get_info(fd).generation, 1);
	run("rspctl -s session show | grep -q 'last: %s'", word);
	check_counter(counter, 1);
	beside_check();
}

/* What the element sends is a fault, found by a receive. */
static void fails(server_fn *fn, int type, enum rsp_failure failure,
		  const char *word, const char *counter)
{
	int fd = hostile_session(fn, NULL, type);
	char buf[16];

	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	check_failed(fd, failure, word, counter);
}

#define TEST_FAULT(_name, _type, _failure, _word, _counter)		\
	TEST(hostile_##_name)						\
	{								\
		fails(_name, _type, _failure, _word, _counter);		\
	}

#define TEST_FRAME(_name)						\
	TEST_FAULT(_name, SOCK_SEQPACKET, RSP_FAILURE_FRAME, "frame",	\
		   "FailureFrame")

#define SERVER(_name, ...)						\
	static void _name(int fd, uint32_t id, const void *arg)		\
	{								\
		(void)id;						\
		(void)arg;						\
		__VA_ARGS__;						\
		wait_for_end(fd);					\
	}

SERVER(length_all_ones, frame_send(fd, 0, ~0u, "x", 1))
TEST_FRAME(length_all_ones)

SERVER(length_one_too_many, frame_send(fd, 0, 65529, "x", 1))
TEST_FRAME(length_one_too_many)

SERVER(length_zero, frame_send(fd, 0, 0, NULL, 0))
TEST_FRAME(length_zero)

SERVER(length_zero_more, frame_send(fd, 0, FRAME_MORE, NULL, 0))
TEST_FRAME(length_zero_more)

SERVER(control_length, frame_send(fd, ASAP, 65529, "x", 1))
TEST_FRAME(control_length)

SERVER(control_more, frame_send(fd, ASAP, 4 | FRAME_MORE, "\xff\0\0\4", 4))
TEST_FRAME(control_more)

SERVER(end_more, frame_send(fd, ASAP, FRAME_MORE, NULL, 0))
TEST_FRAME(end_more)

SERVER(another_ppid, frame_send(fd, 5, 3 | FRAME_MORE, "abc", 3);
		     frame_send(fd, 6, 3, "def", 3))
TEST_FRAME(another_ppid)

SERVER(end_inside, frame_send(fd, 0, 3 | FRAME_MORE, "abc", 3);
		   end_send(fd))
TEST_FRAME(end_inside)

SERVER(urgent, send(fd, "x", 1, MSG_OOB))
TEST_FRAME(urgent)

SERVER(urgent_inside, frame_send(fd, 0, 10, "abc", 3);
		      send(fd, "x", 1, MSG_OOB);
		      send(fd, "defghi", 6, 0))
TEST_FRAME(urgent_inside)

/* A stream as well. */
TEST(hostile_stream_frame)
{
	fails(length_all_ones, SOCK_STREAM, RSP_FAILURE_FRAME, "frame",
	      "FailureFrame");
}

TEST(hostile_stream_end_inside)
{
	int fd = hostile_session(end_inside, NULL, SOCK_STREAM);
	char buf[16];

	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 3);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	check_failed(fd, RSP_FAILURE_FRAME, "frame", "FailureFrame");
}

/* The fault is found behind messages that are good: they are given first. */
SERVER(good_then_bad, data_send(fd, "one");
		      data_send(fd, "three");
		      frame_send(fd, 0, 0, NULL, 0))

TEST(hostile_good_then_bad)
{
	int fd = hostile_session(good_then_bad, NULL, SOCK_SEQPACKET);
	char buf[16];

	usleep(200000);
	wait_for(fd, POLLIN);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 3);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	check_failed(fd, RSP_FAILURE_FRAME, "frame", "FailureFrame");
}

/* And nobody receives: poll() finds it. */
TEST(hostile_found_by_poll)
{
	int fd = hostile_session(length_zero, NULL, SOCK_SEQPACKET);
	char buf[16];

	wait_for(fd, POLLPRI);
	CHECK_ERR(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), EREMCHG);
	check_failed(fd, RSP_FAILURE_FRAME, "frame", "FailureFrame");
}

/* RSP_MESSAGE_MAX */

static void too_long(int fd, uint32_t id, const void *arg)
{
	const size_t *frames = arg;
	size_t i, len = 1001 / *frames;
	static char octets[1001];

	(void)id;
	for (i = 1; i <= *frames; i++) {
		size_t n = i < *frames ? len : 1001 - len * (*frames - 1);

		frame_send(fd, 0, n | (i < *frames ? FRAME_MORE : 0), octets,
			   n);
	}
	wait_for_end(fd);
}

static void message_too_long(size_t frames)
{
	struct sockaddr_rserpool address;
	char buf[16];
	socklen_t len;
	int fd;

	beside_start();
	framed_pool("bad", "", too_long, &frames);
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	set_option(fd, RSP_MESSAGE_MAX, 1000);
	address = pool_address("bad", 0, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	check_failed(fd, RSP_FAILURE_MESSAGE_SIZE, "message-size",
		     "FailureMessageSize");
}

TEST(hostile_message_too_long)
{
	message_too_long(1);
}

TEST(hostile_message_too_long_in_frames)
{
	message_too_long(7);
}

TEST(hostile_message_too_long_in_octets)
{
	message_too_long(1001);
}

static void endless(int fd, uint32_t id, const void *arg)
{
	static char octets[FRAME_PAYLOAD_MAX];

	(void)id;
	(void)arg;
	for (;;)
		frame_send(fd, 0, sizeof(octets) | FRAME_MORE, octets,
			   sizeof(octets));
}

TEST_FAULT(endless, SOCK_SEQPACKET, RSP_FAILURE_MESSAGE_SIZE, "message-size",
	   "FailureMessageSize")

/* A limit that is lowered in the middle of a message. */
static void slow_message(int fd, uint32_t id, const void *arg)
{
	static struct frame frame;

	(void)id;
	(void)arg;
	frame_send(fd, 0, 500 | FRAME_MORE, frame.octets, 500);
	frame_receive(fd, &frame);
	frame_send(fd, 0, 500, frame.octets, 500);
	wait_for_end(fd);
}

TEST(hostile_limit_lowered)
{
	int fd = hostile_session(slow_message, NULL, SOCK_SEQPACKET);
	char buf[16];

	usleep(100000);
	CHECK_ERR(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	set_option(fd, RSP_MESSAGE_MAX, 100);
	CHECK_EQ(send(fd, "go", 2, 0), 2);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	check_failed(fd, RSP_FAILURE_MESSAGE_SIZE, "message-size",
		     "FailureMessageSize");
}

/* The end of the connection where it is no end of the session. */

static void half_a_frame_and_reset(int fd, uint32_t id, const void *arg)
{
	(void)id;
	(void)arg;
	frame_send(fd, 0, 10, "half", 4);
	usleep(100000);
	reset_on_close(fd);
}

TEST_FAULT(half_a_frame_and_reset, SOCK_SEQPACKET, RSP_FAILURE_RESET, "reset",
	   "FailureReset")

static void two_and_gone(int fd, uint32_t id, const void *arg)
{
	(void)id;
	(void)arg;
	data_send(fd, "one");
	data_send(fd, "three");
}

TEST(hostile_unread_and_gone)
{
	int fd = hostile_session(two_and_gone, NULL, SOCK_SEQPACKET);
	char buf[16];

	wait_for(fd, POLLPRI);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 3);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	check_failed(fd, RSP_FAILURE_FIN, "fin", "FailureFin");
}

/* What a program can have lies behind more control than is taken at once. */
static void much_control_and_gone(int fd, uint32_t id, const void *arg)
{
	static const char *const texts[] = { "one", "three" };
	int cork = 1, i, n;

	(void)id;
	(void)arg;
	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &cork, sizeof(cork));
	for (i = 0; i < 2; i++) {
		for (n = 0; n < 200; n++) {
			control_begin(&control, 0x3f);
			control_send(fd, &control);
		}
		data_send(fd, texts[i]);
	}
}

TEST(hostile_unread_behind_control)
{
	int fd = hostile_session(much_control_and_gone, NULL, SOCK_SEQPACKET);
	char buf[16];

	wait_for(fd, POLLPRI);
	CHECK_EQ(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 3);
	CHECK_EQ(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 5);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	check_failed(fd, RSP_FAILURE_FIN, "fin", "FailureFin");
}

/* All but the last octet of a message, and the FIN in its place. */
static void one_octet_short(int fd, uint32_t id, const void *arg)
{
	struct frame frame;

	(void)id;
	(void)arg;
	frame_send(fd, 0, 6, "hello", 5);
	frame_receive(fd, &frame);
}

TEST(hostile_one_octet_short)
{
	int fd = hostile_session(one_octet_short, NULL, SOCK_SEQPACKET);
	char buf[16] = "untouched";
	int n;

	CHECK_ERR(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(send(fd, "go", 2, 0), 2);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	CHECK(!strcmp(buf, "untouched"));
	CHECK_EQ(ioctl(fd, FIONREAD, &n), 0);
	CHECK_EQ(n, 0);
	check_failed(fd, RSP_FAILURE_FIN, "fin", "FailureFin");
}

/* What follows the end is not looked at. */
static void after_the_end(int fd, uint32_t id, const void *arg)
{
	(void)id;
	(void)arg;
	data_send(fd, "hello");
	end_send(fd);
	data_send(fd, "after");
	frame_send(fd, 0, ~0u, "x", 1);
	wait_for_end(fd);
}

TEST(hostile_after_the_end)
{
	int fd = hostile_session(after_the_end, NULL, SOCK_SEQPACKET);
	char buf[16];

	usleep(100000);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 0);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 0);
	CHECK_EQ(send(fd, "yet", 3, 0), 3);
	CHECK_EQ(get_info(fd).generation, 0);
	CHECK_EQ(close(fd), 0);
	beside_check();
}

/* A head that is never whole holds up its own session, and nobody. */
static void half_a_head(int fd, uint32_t id, const void *arg)
{
	(void)id;
	(void)arg;
	send(fd, "\0\0\0\0", 4, 0);
	wait_for_end(fd);
}

TEST(hostile_half_a_head)
{
	int fd = hostile_session(half_a_head, NULL, SOCK_SEQPACKET);
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };
	char buf[16];

	CHECK_EQ(poll(&pfd, 1, 300), 1);
	CHECK_EQ(pfd.revents, POLLOUT);
	CHECK_ERR(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(send(fd, "yet", 3, 0), 3);
	beside_check();
}

/* The business card. */

static void no_session(server_fn *fn, const char *counter)
{
	struct sockaddr_rserpool address;
	struct server server;
	socklen_t len;
	int fd;

	beside_start();
	run("rspctl pool add bad");
	server = server_run(1, AF_INET, fn, NULL);
	run("rspctl pe add pool bad id 1 tcp 127.0.0.1:%u use control",
	    server.port);
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	set_option(fd, RSP_DETECT_TIMEOUT, 1000);
	address = pool_address("bad", 0, &len);
	CHECK_ERR(connect(fd, (void *)&address, len), EHOSTUNREACH);
	check_counter(counter, 1);
	beside_check();
}

#define TEST_CARD(_name, _counter)					\
	TEST(hostile_##_name)						\
	{								\
		no_session(_name, _counter);				\
	}

SERVER(card_none, )
TEST_CARD(card_none, "FailureConnectTimeout")

SERVER(card_half_a_head, send(fd, "\0\0\0\13", 4, 0))
TEST_CARD(card_half_a_head, "FailureConnectTimeout")

SERVER(card_cut, frame_send(fd, ASAP, 12, "\15\0\0\13\0\11", 6))
TEST_CARD(card_cut, "FailureConnectTimeout")

SERVER(card_after_data, data_send(fd, "x"); card_send(fd, "bad"))
TEST_CARD(card_after_data, "FailureCard")

SERVER(card_of_another, card_send(fd, "good"))
TEST_CARD(card_of_another, "FailureCard")

SERVER(card_not, control_begin(&control, COOKIE);
		 control_param(&control, PARAM_COOKIE, "x", 1);
		 control_send(fd, &control))
TEST_CARD(card_not, "FailureCard")

SERVER(card_unknown, control_begin(&control, 0xff);
		     control_send(fd, &control);
		     card_send(fd, "bad"))
TEST_CARD(card_unknown, "FailureCard")

SERVER(card_end, end_send(fd))
TEST_CARD(card_end, "FailureCard")

SERVER(card_http, send(fd, "HTTP/1.0 400 Bad Request\r\n\r\n", 28, 0))
TEST_CARD(card_http, "FailureCard")

SERVER(card_bare, control_begin(&control, BUSINESS_CARD);
		  control_send(fd, &control))
TEST_CARD(card_bare, "FailureControl")

static void card_gone(int fd, uint32_t id, const void *arg)
{
	(void)fd;
	(void)id;
	(void)arg;
}

TEST_CARD(card_gone, "FailureCard")

/* A second one may not be another pool's. */
SERVER(card_changed, card_send(fd, "bad"); card_send(fd, "good"))
TEST_FAULT(card_changed, SOCK_SEQPACKET, RSP_FAILURE_CARD, "card",
	   "FailureCard")
