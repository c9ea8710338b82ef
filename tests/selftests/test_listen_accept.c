// SPDX-License-Identifier: GPL-2.0
/*
 * Who waits in accept() takes the connection in for which he is woken: whatever
 * else wakes him, and however many wait, no user is forgotten.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "framed.h"

#define WAITERS	4
#define USERS	12
#define ROUNDS	15
#define CALLS	10
#define CALL_US	100000

static void ring(int signal)
{
	(void)signal;
}

/* Of a call that blocks: a signal each so many microseconds. */
static void ring_often(long us)
{
	const struct sigaction action = { .sa_handler = ring };
	const struct itimerval often = { { 0, us }, { 0, us } };

	CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_EQ(setitimer(ITIMER_REAL, &often, NULL), 0);
}

static void time_out(int fd, long us)
{
	const struct timeval timeout = { us / 1000000, us % 1000000 };

	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
			    sizeof(timeout)), 0);
}

static void answer(int session)
{
	char buf[16];
	ssize_t n;

	do
		n = recv(session, buf, sizeof(buf), 0);
	while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n > 0)
		send(session, buf, n, MSG_NOSIGNAL);
	close(session);
}

/* For ever; 0: nothing interrupts it. */
static void wait_and_serve(int listener, long us)
{
	int session;

	if (us)
		ring_often(us);
	for (;;) {
		session = accept(listener, NULL, NULL);
		if (session >= 0)
			answer(session);
		else
			CHECK(errno == EINTR || errno == EAGAIN);
	}
}

/* As who serves many: it is told, and takes what there is. */
static void poll_and_serve(int listener)
{
	struct pollfd wait = { .fd = listener, .events = POLLIN };
	int session;

	for (;;) {
		CHECK_EQ(poll(&wait, 1, -1), 1);
		session = accept(listener, NULL, NULL);
		if (session >= 0)
			answer(session);
		else
			CHECK_EQ(errno, EAGAIN);
	}
}

/* Users come all at once, again and again, and each gets its answer. */
static void check_serves(const char *name)
{
	int fds[USERS], round, i;
	char buf[16];

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < USERS; i++) {
			fds[i] = framed_connect(name, SOCK_SEQPACKET);
			CHECK_EQ(send(fds[i], "hello", 5, 0), 5);
		}
		for (i = 0; i < USERS; i++) {
			time_out(fds[i], 20000000);
			CHECK_EQ(recv(fds[i], buf, sizeof(buf), 0), 5);
			close(fds[i]);
		}
	}
}

/* Some wait, each interrupted so often, us: 0: never; the next one more seldom. */
static void check_waiters(int listener, long us, long step)
{
	pid_t pids[WAITERS];
	int i;

	for (i = 0; i < WAITERS; i++) {
		pids[i] = process();
		if (!pids[i])
			wait_and_serve(listener, us + step * i);
	}
	check_serves("w");
	while (i--)
		process_kill(pids[i]);
}

TEST(listen_accept_waiters)
{
	check_waiters(element("w", 7, SOCK_SEQPACKET), 0, 0);
}

TEST(listen_accept_waiters_interrupted)
{
	check_waiters(element("w", 7, SOCK_SEQPACKET), 150, 37);
}

/* Time is up again and again, as connections come. */
TEST(listen_accept_waiters_time_out)
{
	int listener = element("w", 7, SOCK_SEQPACKET);

	time_out(listener, 1000);
	check_waiters(listener, 0, 0);
}

/* One waits, one polls and waits a while for what the other may have taken. */
TEST(listen_accept_beside_poll)
{
	int listener = element("w", 7, SOCK_SEQPACKET);
	pid_t pids[2];

	time_out(listener, 10000);
	pids[0] = process();
	if (!pids[0])
		wait_and_serve(listener, 0);
	pids[1] = process();
	if (!pids[1])
		poll_and_serve(listener);
	check_serves("w");
	process_kill(pids[0]);
	process_kill(pids[1]);
}

/* Of a backlog of one, all that have connected are taken in the end. */
TEST(listen_accept_small_backlog)
{
	int listener = element("w", 7, SOCK_SEQPACKET);
	pid_t pid;

	CHECK_EQ(listen(listener, 1), 0);
	pid = process();
	if (!pid)
		wait_and_serve(listener, 0);
	check_serves("w");
	process_kill(pid);
}

/* Users come one by one, and find who just waits. */
TEST(listen_accept_one_by_one)
{
	int listener = element("w", 7, SOCK_SEQPACKET), fd, i;
	char buf[16];
	pid_t pid;

	pid = process();
	if (!pid)
		wait_and_serve(listener, 0);
	for (i = 0; i < 100; i++) {
		fd = framed_connect("w", SOCK_SEQPACKET);
		CHECK_EQ(send(fd, "hello", 5, 0), 5);
		CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
		/* It ended the session in good order. */
		CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 0);
		close(fd);
	}
	process_kill(pid);
}

/* Those that it forks are on its processor, and go after it. */
static void go_first(void)
{
	const struct sched_param first = { .sched_priority = 1 };
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	CHECK_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
	CHECK_EQ(sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK,
				    &first), 0);
}

/* A second call would find what the first one forgot. */
static pid_t call_once(int listener)
{
	const struct sigaction action = { .sa_handler = ring };
	pid_t pid = process();

	if (pid)
		return pid;
	CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
	accept(listener, NULL, NULL);
	for (;;)
		pause();
}

/* Without a sleep, in which the call could go on. */
static void spin(long us)
{
	struct timespec since, now;

	clock_gettime(CLOCK_MONOTONIC, &since);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - since.tv_sec) * 1000000 +
	       (now.tv_nsec - since.tv_nsec) / 1000 < us);
}

/*
 * A call is woken for a connection, and before it runs its program is sent a
 * signal, or its time is over: it runs when the user waits for his card, not
 * earlier. Nobody else is there to take him in.
 */
static void check_woken(int listener, bool interrupt)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port_of(listener)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct pollfd card = { .events = POLLIN };
	pid_t pid;
	int i;

	if (!interrupt)
		time_out(listener, CALL_US);
	go_first();
	for (i = 0; i < CALLS; i++) {
		pid = call_once(listener);
		card.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		wait_asleep(pid);
		CHECK_ERR(connect(card.fd, (void *)&to, sizeof(to)),
			  EINPROGRESS);
		if (interrupt)
			CHECK_EQ(kill(pid, SIGALRM), 0);
		else
			spin(CALL_US);
		CHECK_EQ(poll(&card, 1, 20000), 1);
		close(card.fd);
		process_kill(pid);
	}
}

TEST(listen_accept_woken_and_interrupted)
{
	check_woken(element("w", 7, SOCK_SEQPACKET), true);
}

TEST(listen_accept_woken_and_out_of_time)
{
	check_woken(element("w", 7, SOCK_SEQPACKET), false);
}
