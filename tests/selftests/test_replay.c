// SPDX-License-Identifier: GPL-2.0
/*
 * A counter whose state is its cookie: whatever happens to its servers, the
 * answers are 1, 2, 3, ... without a gap or a repeat.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "framed.h"

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

/* Without a checkpoint no more than was allowed is kept. */
TEST(replay_full)
{
	pid_t server = counting_element("count", 1, 1000);
	int fd = replaying("count", 64), i;
	uint64_t request = 0;

	for (i = 0; i < 8; i++)
		CHECK_EQ(send(fd, &request, sizeof(request), 0), 8);
	CHECK_ERR(send(fd, &request, sizeof(request), MSG_DONTWAIT), ENOBUFS);
	kill(server, SIGKILL);
}
