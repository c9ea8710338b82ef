// SPDX-License-Identifier: GPL-2.0
/*
 * Elements whose control messages are malformed, unknown, too many or lies, and
 * those that read nothing.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "hostile.h"

static struct control control;

/* Malformed control messages: each ends a flow of its own. */

static const struct {
	unsigned char len;
	unsigned char octets[24];
} malformed[] = {
	{ 1, { 13 } },
	{ 3, { 13, 0, 0 } },
	{ 4, { 13, 0, 0, 3 } },			/* shorter than its head */
	{ 4, { 13, 0, 0, 5 } },			/* longer than the frame */
	{ 4, { 13, 0, 0xff, 0xff } },
	{ 12, { 13, 0, 0, 4 } },		/* shorter than the frame */
	{ 4, { 13, 0, 0, 4 } },			/* no parameter */
	{ 8, { 13, 0, 0, 8, 0, 9, 0, 3 } },	/* a parameter's length */
	{ 8, { 13, 0, 0, 8, 0, 9, 0, 4 } },	/* an empty handle */
	{ 8, { 13, 0, 0, 8, 0, 9, 0xff, 0xff } },
	{ 12, { 13, 0, 0, 12, 0, 9, 0, 9, 'b', 'a', 'd' } },
	{ 8, { 11, 0, 0, 8, 0, 9, 0, 4 } },	/* no cookie in it */
	{ 16, { 11, 0, 0, 16, 0, 13, 0, 5, 1, 0, 0, 0, 0x80, 1, 0, 4 } },
	{ 8, { 12, 0, 0, 8, 0, 13, 0, 4 } },	/* and an echo to a user */
};

static void send_malformed(int fd, uint32_t id, const void *arg)
{
	const unsigned int *i = arg;
	struct frame frame;

	(void)id;
	/* A session that fails at once may fail in connect(). */
	frame_receive(fd, &frame);
	frame_send(fd, RSP_PPID_ASAP, malformed[*i].len, malformed[*i].octets,
		   malformed[*i].len);
	wait_for_end(fd);
}

TEST(hostile_malformed)
{
	const unsigned int n = sizeof(malformed) / sizeof(*malformed);
	char name[16], buf[16];
	unsigned int i;
	int fd;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "bad%u", i);
		run("rspctl pool add %s failover off", name);
		framed_server(name, i + 1, send_malformed, &i);
		fd = framed_connect(name, SOCK_SEQPACKET);
		CHECK_EQ(send(fd, "go", 2, 0), 2);
		if (recv(fd, buf, sizeof(buf), 0) != -1 || errno != ECONNRESET)
			test_fail(__FILE__, __LINE__, "message %u (errno: %s)",
				  i, strerror(errno));
		CHECK_EQ(get_info(fd).failure, RSP_FAILURE_CONTROL);
	}
	check_counter("FailureControl", n);
}

/* What an element says, for hostile_every_*: the user's message says which. */

static const uint8_t said[] = { BUSINESS_CARD, COOKIE, COOKIE, ASAP_ERROR };

#define SAID	(sizeof(said) / sizeof(said[0]))

static void said_make(unsigned int i)
{
	control_begin(&control, said[i]);
	switch (i) {
	case 0:
		control_param(&control, PARAM_HANDLE, "p", 1);
		break;
	case 1:
		control_param(&control, PARAM_COOKIE, "state", 5);
		break;
	case 2:
		control_param(&control, PARAM_COOKIE, "state", 5);
		control_param(&control, PARAM_CHECKPOINT,
			      "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0", 16);
		break;
	case 3:
		control_param(&control, PARAM_ERROR, "\0\2\0\4", 4);
		break;
	}
	control.octets[3] = control.len;
}

static void say_cut(int fd, uint32_t id, const void *arg)
{
	static struct frame frame;

	(void)id;
	(void)arg;
	if (!frame_receive(fd, &frame))
		return;
	said_make(frame.octets[0]);
	frame_send(fd, RSP_PPID_ASAP, frame.octets[1], control.octets,
		   frame.octets[1]);
	wait_for_end(fd);
}

static int asked(const char *what, size_t len)
{
	int fd = framed_connect("p", SOCK_SEQPACKET);

	CHECK_EQ(send(fd, what, len, 0), len);
	return fd;
}

TEST(hostile_every_cut)
{
	char what[2], buf[16];
	unsigned int cuts = 0;
	int fd;

	framed_pool("p", "failover off", say_cut, NULL);
	for (what[0] = 0; what[0] < (char)SAID; what[0]++) {
		said_make(what[0]);
		for (what[1] = 1; what[1] < (char)control.len; what[1]++) {
			fd = asked(what, sizeof(what));
			CHECK_ERR(recv(fd, buf, sizeof(buf), 0), ECONNRESET);
			CHECK_EQ(get_info(fd).failure, RSP_FAILURE_CONTROL);
			close(fd);
			cuts++;
		}
	}
	check_counter("FailureControl", cuts);
}

static void say_length(int fd, uint32_t id, const void *arg)
{
	static struct frame frame;
	unsigned int at, value;

	(void)id;
	(void)arg;
	if (!frame_receive(fd, &frame))
		return;
	said_make(frame.octets[0]);
	at = frame.octets[1];
	value = frame.octets[2];
	control.octets[at] = value > 32 ? 0xff : 0;
	control.octets[at + 1] = value;
	frame_send(fd, RSP_PPID_ASAP, control.len, control.octets, control.len);
	end_send(fd);
	wait_for_end(fd);
}

/* Of the message, and of its parameter. */
TEST(hostile_every_length)
{
	char what[3], buf[16];
	int fd;

	framed_pool("p", "failover off", say_length, NULL);
	for (what[0] = 0; what[0] < (char)SAID; what[0]++) {
		for (what[1] = 2; what[1] <= 6; what[1] += 4) {
			for (what[2] = 0; what[2] < 40; what[2]++) {
				fd = asked(what, sizeof(what));
				/* Ended, one way or the other. */
				CHECK(recv(fd, buf, sizeof(buf), 0) <= 0);
				close(fd);
			}
		}
	}
}

/* What is unknown: RFC 5354, sections 3 and 4. */

/* The next control message is ASAP_ERROR with one cause about these octets. */
static bool error_follows(int fd, uint16_t cause, const void *about, size_t len)
{
	static struct frame frame;
	unsigned char *at = (void *)frame.octets;

	/* The message, the parameter in it, the cause in that. */
	return frame_receive(fd, &frame) && frame.ppid == RSP_PPID_ASAP &&
	       frame.length == 12 + len && at[0] == ASAP_ERROR &&
	       (at[2] << 8 | at[3]) == (int)(12 + len) &&
	       (at[4] << 8 | at[5]) == 0x0c &&
	       (at[6] << 8 | at[7]) == (int)(8 + len) &&
	       (at[8] << 8 | at[9]) == cause &&
	       (at[10] << 8 | at[11]) == (int)(4 + len) &&
	       !memcmp(at + 12, about, len);
}

static void check_unknown(int fd, uint32_t id, const void *arg)
{
	static const unsigned char message[] = { 0x3f, 0x7f, 0xbf, 0xff };
	static const uint16_t param[] = { 0x3ffe, 0x7ffe, 0xbffe, 0xfffe };
	unsigned char about[8] = { 0 };
	struct frame frame;
	bool good = true;
	int i;

	(void)id;
	(void)arg;
	for (i = 0; i < 4; i++) {
		control_begin(&control, message[i]);
		control_send(fd, &control);
		if (message[i] == 0x7f)
			good &= error_follows(fd, 2, control.octets, 4);
	}
	for (i = 0; i < 4; i++) {
		control_begin(&control, BUSINESS_CARD);
		control_param(&control, PARAM_HANDLE, "p", 1);
		control_param(&control, param[i], "what", 4);
		control_send(fd, &control);
		memcpy(about, control.octets + 12, 8);
		if (i & 1)
			good &= error_follows(fd, 1, about, 8);
	}
	/* An answer is not answered, whatever is in it. */
	control_begin(&control, ASAP_ERROR);
	control_param(&control, PARAM_ERROR, "\0\2\0\4", 4);
	control_param(&control, 0xfffe, "what", 4);
	control_send(fd, &control);
	data_send(fd, good ? "good" : "bad");
	/* Nothing but this came otherwise. */
	good = frame_receive(fd, &frame) && !frame.ppid && frame.length == 4;
	data_send(fd, good ? "good" : "bad");
	wait_for_end(fd);
}

TEST(hostile_unknown)
{
	char buf[16] = "";
	int fd;

	framed_pool("p", "", check_unknown, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 4);
	CHECK(!memcmp(buf, "good", 4));
	CHECK_EQ(send(fd, "well", 4, 0), 4);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 4);
	CHECK(!memcmp(buf, "good", 4));
	CHECK_EQ(get_info(fd).generation, 0);
}

/* Too many: memory is bounded, and what follows them comes. */

#define MILLION		1000000
#define BOUND_KB	(48 << 10)	/* what else the machine does, too */

/* A kernel that checks itself is slow: see tests/selftests/run.sh. */
static long many_answers(void)
{
	return access("/proc/self/fail-nth", F_OK) ? MILLION : MILLION / 20;
}

static void many_of(int fd, const void *what, size_t size, long n)
{
	static char octets[64 << 10];
	size_t fit = sizeof(octets) / size, i;

	for (i = 0; i < fit; i++)
		memcpy(octets + i * size, what, size);
	for (; n > 0; n -= fit)
		send(fd, octets, size * (n < (long)fit ? n : (long)fit),
		     MSG_NOSIGNAL);
}

/* Messages that want an answer each, from one who reads none. */
static void many_controls(int fd, uint32_t id, const void *arg)
{
	static const unsigned char what[] = {
		0, 0, 0, 11, 0, 0, 0, 4, 0x7f, 0, 0, 4,
	};

	(void)id;
	(void)arg;
	many_of(fd, what, sizeof(what), many_answers());
	data_send(fd, "after");
	for (;;)
		pause();
}

/* The least that is left until a message comes. */
static long least_memory(int fd, char *buf, size_t len, ssize_t want)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	long least = memory_available(), now;
	int i;

	for (i = 0; i < 1000 && !poll(&pfd, 1, 100); i++) {
		now = memory_available();
		if (now < least)
			least = now;
	}
	CHECK_EQ(recv(fd, buf, len, MSG_DONTWAIT), want);
	return least;
}

TEST(hostile_many_controls)
{
	long before, least;
	char buf[16];
	int fd;

	framed_pool("p", "", many_controls, NULL);
	before = memory_available();
	fd = framed_connect("p", SOCK_SEQPACKET);
	least = least_memory(fd, buf, sizeof(buf), 5);
	printf("# %ld messages, %ld KiB\n", many_answers(), before - least);
	CHECK(before - least < BOUND_KB);
	check_counter("ControlUnknown", many_answers());
	CHECK_EQ(get_info(fd).generation, 0);
}

/* A message in frames of an octet each. */
static void many_frames(int fd, uint32_t id, const void *arg)
{
	static const unsigned char what[] = {
		0, 0, 0, 0, 0x80, 0, 0, 1, 'x',
	};
	struct frame *frame = malloc(sizeof(*frame));

	(void)id;
	(void)arg;
	many_of(fd, what, sizeof(what), MILLION);
	frame_receive(fd, frame);
	data_send(fd, "last");
	wait_for_end(fd);
}

TEST(hostile_many_frames)
{
	struct timeval patience = { .tv_sec = 5 };
	char *buf = malloc(MILLION + 4);
	long before, left;
	int fd;

	memset(buf, 0, MILLION + 4);
	framed_pool("p", "", many_frames, NULL);
	before = memory_available();
	fd = framed_connect("p", SOCK_SEQPACKET);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	CHECK_ERR(recv(fd, buf, MILLION + 4, 0), EAGAIN);
	left = memory_available();
	printf("# %d frames, %ld KiB\n", MILLION, before - left);
	CHECK(before - left < BOUND_KB);
	CHECK_EQ(send(fd, "go", 2, 0), 2);
	CHECK_EQ(recv(fd, buf, MILLION + 4, 0), MILLION + 4);
	CHECK(!memcmp(buf + MILLION - 2, "xxlast", 6));
}

static void many_cookies(int fd, uint32_t id, const void *arg)
{
	static char octets[RSP_COOKIE_MAX];
	int i;

	(void)id;
	(void)arg;
	control_begin(&control, COOKIE);
	control_param(&control, PARAM_COOKIE, octets, sizeof(octets));
	for (i = 0; i < 2000; i++)
		control_send(fd, &control);
	data_send(fd, "after");
	wait_for_end(fd);
}

TEST(hostile_many_cookies)
{
	long before, least;
	char buf[16];
	int fd;

	framed_pool("p", "", many_cookies, NULL);
	before = memory_available();
	fd = framed_connect("p", SOCK_SEQPACKET);
	least = least_memory(fd, buf, sizeof(buf), 5);
	printf("# 2000 cookies of %d octets, %ld KiB\n", RSP_COOKIE_MAX,
	       before - least);
	CHECK(before - least < BOUND_KB);
	CHECK_EQ(get_info(fd).generation, 0);
}

/*
 * Checkpoints that cannot be: what was sent is not forgotten for them, and
 * their cookie is not taken.
 */

static void put64(unsigned char *at, uint64_t value)
{
	int i;

	for (i = 0; i < 8; i++)
		at[i] = value >> (56 - 8 * i);
}

static void lie(int fd, uint64_t read, uint64_t written)
{
	unsigned char counts[16];

	put64(counts, read);
	put64(counts + 8, written);
	control_begin(&control, COOKIE);
	control_param(&control, PARAM_COOKIE, "lie", 3);
	control_param(&control, PARAM_CHECKPOINT, counts, sizeof(counts));
	control_send(fd, &control);
}

static void liar(int fd, uint32_t id, const void *arg)
{
	struct frame frame;
	int i;

	(void)id;
	(void)arg;
	for (i = 0; i < 3; i++)
		frame_receive(fd, &frame);
	lie(fd, ~0ULL, ~0ULL);
	lie(fd, 5, 0);
	lie(fd, 0, 2);
	lie(fd, 1ULL << 63, 0);
	data_send(fd, "done");
	frame_receive(fd, &frame);
}

/* The next one gets all that was sent, and first. */
static void successor(int fd, uint32_t id, const void *arg)
{
	static const char *const want[] = { "one", "two", "three", "go" };
	struct frame frame;
	bool good = true;
	int i;

	(void)id;
	(void)arg;
	for (i = 0; i < 4; i++)
		good &= frame_receive(fd, &frame) && !frame.ppid &&
			frame.length == strlen(want[i]) &&
			!memcmp(frame.octets, want[i], frame.length);
	/* What the program has had, and what it has not. */
	data_send(fd, "done");
	data_send(fd, good ? "good" : "bad");
	wait_for_end(fd);
}

TEST(hostile_checkpoints)
{
	struct sockaddr_rserpool address;
	char buf[16];
	socklen_t len;
	int fd;

	framed_pool("p", "failover auto", liar, NULL);
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	set_option(fd, RSP_REPLAY, 1000);
	address = pool_address("p", 0, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	framed_server("p", 2, successor, NULL);
	CHECK_EQ(send(fd, "one", 3, 0), 3);
	CHECK_EQ(send(fd, "two", 3, 0), 3);
	CHECK_EQ(send(fd, "three", 5, 0), 5);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 4);
	CHECK(!memcmp(buf, "done", 4));
	CHECK_EQ(send(fd, "go", 2, 0), 2);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 4);
	CHECK(!memcmp(buf, "good", 4));
	CHECK_EQ(get_info(fd).pe_id, 2);
}

/* A peer that reads nothing. */

static void deaf(int fd, uint32_t id, const void *arg)
{
	(void)fd;
	(void)id;
	(void)arg;
	for (;;)
		pause();
}

static void check_deaf(int type)
{
	int small = 4096, fd, queued, i;
	static char buf[100000];
	ssize_t sent = 0, n;

	framed_pool("p", "", deaf, NULL);
	fd = framed_connect("p", type);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	for (i = 0; i < 100000; i++) {
		n = send(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0)
			break;
		sent += n;
	}
	CHECK_EQ(errno, EAGAIN);
	CHECK_ERR(send(fd, buf, 1, MSG_DONTWAIT), EAGAIN);
	/* What the other end took of it stands in its window. */
	CHECK_EQ(ioctl(fd, SIOCOUTQ, &queued), 0);
	printf("# taken %zd, unacknowledged %d\n", sent, queued);
	CHECK(queued <= 400000);
	CHECK(sent <= 8 << 20);
}

TEST(hostile_reads_nothing)
{
	check_deaf(SOCK_SEQPACKET);
}

TEST(hostile_reads_nothing_of_a_stream)
{
	check_deaf(SOCK_STREAM);
}
