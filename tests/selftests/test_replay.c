// SPDX-License-Identifier: GPL-2.0
/*
 * A counter whose state is its cookie: whatever happens to its servers, the
 * answers are 1, 2, 3, ... without a gap or a repeat.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "framed.h"

#define MEMORY	80	/* of a message of 8 octets that is kept */

/* Each answer is the count of requests; each @every-th is a checkpoint. */
static void count(int fd, uint64_t every)
{
	uint64_t n = 0, request;
	socklen_t len = sizeof(n);

	if (getsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, &n, &len))
		return;
	while (recv(fd, &request, sizeof(request), 0) > 0) {
		n++;
		if (send(fd, &n, sizeof(n), MSG_NOSIGNAL) < 0)
			return;
		if (n % every == 0)
			setsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, &n, sizeof(n));
	}
}

static pid_t counting_element(const char *name, uint32_t id, uint64_t every)
{
	int listener = element(name, id, SOCK_SEQPACKET), fd;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid) {
		close(listener);
		return pid;
	}
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		count(fd, every);
		close(fd);
	}
	_exit(1);
}

/* Ask @n times, with up to @ahead requests on their way. */
static void ask(int fd, uint64_t *asked, uint64_t *answered, uint64_t n,
		uint64_t ahead)
{
	uint64_t end = *answered + n, answer;

	while (*answered < end) {
		while (*asked < end && *asked - *answered < ahead) {
			++*asked;
			CHECK_EQ(send(fd, asked, sizeof(*asked), 0),
				 sizeof(*asked));
		}
		CHECK_EQ(recv(fd, &answer, sizeof(answer), 0), sizeof(answer));
		CHECK_EQ(answer, ++*answered);
	}
}

static int replaying(const char *name, int octets)
{
	struct sockaddr_rserpool address;
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	socklen_t len;

	set_option(fd, RSP_FAILOVER, RSP_FAILOVER_AUTO);
	set_option(fd, RSP_REPLAY, octets);
	address = pool_address(name, 0, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	return fd;
}

static struct rsp_event next_event(int fd)
{
	struct rsp_event event;
	struct iovec part = { .iov_base = &event, .iov_len = sizeof(event) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	CHECK_EQ(recvmsg(fd, &msg, 0), sizeof(event));
	CHECK(msg.msg_flags & MSG_NOTIFICATION);
	return event;
}

static void survive(uint64_t every, uint64_t ahead, int rounds)
{
	uint64_t asked = 0, answered = 0;
	pid_t servers[2];
	int fd, i;

	servers[0] = counting_element("count", 1, every);
	fd = replaying("count", 65536);
	for (i = 1; i <= rounds; i++) {
		ask(fd, &asked, &answered, 7, ahead);
		servers[i % 2] = counting_element("count", i + 1, every);
		kill(servers[(i + 1) % 2], SIGKILL);
		waitpid(servers[(i + 1) % 2], NULL, 0);
	}
	ask(fd, &asked, &answered, 7, ahead);
	CHECK_EQ(get_info(fd).generation, rounds);
}

TEST(replay_checkpoint_each_time)
{
	survive(1, 1, 5);
}

TEST(replay_checkpoint_at_times)
{
	survive(3, 5, 10);
}

TEST(replay_without_a_checkpoint)
{
	survive(1000, 5, 3);
}

TEST(replay_sealed)
{
	run("printf 0123456789abcdef > /tmp/rsp_key");
	run("rspctl pool add count cookie-key /tmp/rsp_key");
	survive(3, 5, 4);
}

/* Requests on their way when the server dies. */
TEST(replay_in_the_middle)
{
	uint64_t asked = 0, answered = 0, answer;
	pid_t server = counting_element("count", 1, 2);
	int fd = replaying("count", 65536), round;

	for (round = 2; round < 12; round++) {
		uint64_t end = asked + 20;
		pid_t next;

		while (asked < end) {
			asked++;
			CHECK_EQ(send(fd, &asked, sizeof(asked), 0),
				 sizeof(asked));
			if (asked + 13 == end) {
				next = counting_element("count", round, 2);
				kill(server, SIGKILL);
				waitpid(server, NULL, 0);
				server = next;
			}
		}
		while (answered < end) {
			CHECK_EQ(recv(fd, &answer, sizeof(answer), 0),
				 sizeof(answer));
			CHECK_EQ(answer, ++answered);
		}
	}
}

/* Without a checkpoint no more than was allowed is kept, of memory. */
TEST(replay_full)
{
	pid_t server = counting_element("count", 1, 1000);
	int fd = replaying("count", 8 * MEMORY), i;
	uint64_t request = 0;

	set_option(fd, RSP_EVENTS, 1 << RSP_EVENT_REPLAY_OVERFLOW);
	for (i = 0; i < 8; i++)
		CHECK_EQ(send(fd, &request, sizeof(request), 0), 8);
	for (i = 0; i < 3; i++)
		CHECK_ERR(send(fd, &request, sizeof(request), MSG_DONTWAIT),
			  ENOBUFS);
	/* It is told and counted once. */
	wait_for(fd, POLLPRI);
	CHECK_EQ(next_event(fd).type, RSP_EVENT_REPLAY_OVERFLOW);
	CHECK_EQ(recv(fd, &request, sizeof(request), 0), 8);
	CHECK_EQ(counter("ReplayFull"), 1);
	kill(server, SIGKILL);
}

static int told(int fd, int type)
{
	struct rsp_event event = next_event(fd);

	CHECK_EQ(event.type, type);
	return event.pe_id;
}

TEST(replay_events)
{
	pid_t server = counting_element("count", 1, 1);
	uint64_t asked = 0, answered = 0;
	int fd = replaying("count", 65536);

	run("rspctl scope set avoid-min 50ms");
	set_option(fd, RSP_EVENTS, 63);
	/* The first cookie comes before the second answer. */
	ask(fd, &asked, &answered, 2, 1);
	counting_element("count", 2, 1);
	kill(server, SIGKILL);
	/* Its session is closed before its listener is. */
	waitpid(server, NULL, 0);
	CHECK_EQ(told(fd, RSP_EVENT_FAILOVER_BEGUN), 0);
	CHECK_EQ(told(fd, RSP_EVENT_FAILOVER_DONE), 2);
	CHECK_EQ(told(fd, RSP_EVENT_COOKIE_ECHOED), 2);
	CHECK_EQ(told(fd, RSP_EVENT_ELEMENT_CHANGED), 2);
	ask(fd, &asked, &answered, 1, 1);
	/* To the same again. */
	set_option(fd, RSP_FORCE_FAILOVER, 0);
	CHECK_EQ(told(fd, RSP_EVENT_FAILOVER_BEGUN), 0);
	CHECK_EQ(told(fd, RSP_EVENT_FAILOVER_DONE), 2);
	CHECK_EQ(told(fd, RSP_EVENT_COOKIE_ECHOED), 2);
	ask(fd, &asked, &answered, 1, 1);
}

/* What all sessions keep has a limit, too. */
TEST(replay_limit_of_the_scope)
{
	pid_t server = counting_element("count", 1, 1000);
	int first = replaying("count", 65536), second, i;
	uint64_t request = 0;

	run("rspctl scope set replay-max 100");
	for (i = 0; i < 2; i++)
		CHECK_EQ(send(first, &request, sizeof(request), 0), 8);
	CHECK_ERR(send(first, &request, sizeof(request), 0), ENOBUFS);
	second = replaying("count", 65536);
	CHECK_ERR(send(second, &request, sizeof(request), 0), ENOBUFS);
	CHECK_EQ(counter("ReplayLimited"), 2);
	run("rspctl scope show | grep -qw 'replay %d'", 2 * MEMORY);
	close(first);
	CHECK_EQ(send(second, &request, sizeof(request), 0), 8);
	run("rspctl scope show | grep -qw 'replay %d'", MEMORY);
	close(second);
	run("rspctl scope show | grep -qw 'replay 0'");
	kill(server, SIGKILL);
}

/* As an operator sees it, on both sides. */
TEST(replay_shown)
{
	pid_t server = counting_element("count", 1, 3);
	uint64_t asked = 0, answered = 0;
	int fd = replaying("count", 65536);

	run("! rspctl session show | grep -q cookie");
	ask(fd, &asked, &answered, 4, 1);
	run("rspctl session show | grep -q 'replay %d of 65536 octets'",
	    MEMORY);
	run("[ $(rspctl session show | grep -c 'cookie 8 octets, set .* ago') = 2 ]");
	run("[ $(rspctl session show | grep -c ' accepted') = 1 ]");
	/* A request and an answer are 16 octets each with the head, 4 times. */
	run("rspctl -s session show | grep -q 'octets sent 64 received'");
	kill(server, SIGKILL);
}
