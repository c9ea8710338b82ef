// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions whose keys have protected as many records as one may: another flow
 * takes the place of one with control beside its data, and no program notices; a
 * flow without fails.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hosts.h"
#include "secure.h"
#include "tls_peer.h"

#define RECORDS_MAX	64	/* the least; the element's: two a request */
#define AHEAD_MAX	1000	/* with requests under way: */
#define AHEAD		375	/* wear a flow, and do not spend it */
#define WINDOW		300	/* so many at a time */

/* Each answer is the sum of all requests: the cookie of the session. */
static void sum_and_end(int fd)
{
	uint64_t sum = 0, request;
	socklen_t len = sizeof(sum);

	CHECK_EQ(getsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, &sum, &len), 0);
	while (recv(fd, &request, sizeof(request), 0) == sizeof(request)) {
		sum += request;
		if (send(fd, &sum, sizeof(sum), MSG_NOSIGNAL) < 0)
			break;
		/* It is taken when the user has read some. */
		while (setsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, &sum,
				  sizeof(sum)) && errno == EAGAIN)
			usleep(1000);
	}
}

static void sum_and_stay(int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sum_and_end(fd);
	pause();
}

static int last_port;	/* of the last sum_element() */

static pid_t sum_element(uint32_t id, void (*serve)(int fd))
{
	int listener = element("e", id, SOCK_SEQPACKET);

	last_port = port_of(listener);
	return serve_element(listener, serve);
}

static void prepare(int records_max)
{
	secure_pool("e");
	run("rspctl scope set records-max %d avoid-min 100ms avoid-max 200ms",
	    records_max);
}

static int user(int mode)
{
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);

	CHECK(fd >= 0);
	set_option(fd, RSP_FAILOVER, mode);
	CHECK_EQ(connect_to(fd, "e"), 0);
	return fd;
}

static void ask(int fd, uint64_t request)
{
	CHECK_EQ(send(fd, &request, sizeof(request), 0), sizeof(request));
}

static uint64_t answer(int fd)
{
	uint64_t sum;

	CHECK_EQ(recv(fd, &sum, sizeof(sum), 0), sizeof(sum));
	return sum;
}

/* Requests one after the other; @sum of those before. */
static uint64_t ask_all(int fd, int n, uint64_t sum)
{
	while (n--) {
		sum += n;
		ask(fd, n);
		CHECK_EQ(answer(fd), sum);
	}
	return sum;
}

static void wait_renewed(int times)
{
	int tries = 3000;

	while (counter("TlsRenewed") < times) {
		test_about("renewal %d: StandbyUsed %ld, StandbyLost %ld, Failover %ld",
			   times, counter("StandbyUsed"),
			   counter("StandbyLost"), counter("Failover"));
		CHECK(tries--);
		usleep(20000);
	}
}

/* As many as wear a flow, and again when another one has taken its place. */
static uint64_t ask_and_renew(int fd, int times, uint64_t sum)
{
	int i;

	for (i = 1; i <= times; i++) {
		sum = ask_all(fd, RECORDS_MAX / 4, sum);
		wait_renewed(i);
	}
	return ask_all(fd, 2, sum);
}

/* Neither the program nor anybody else took it for a failover. */
static void check_unnoticed(int fd, int times)
{
	struct rsp_info info = get_info(fd);

	CHECK_EQ(info.generation, 0);
	CHECK_EQ(info.prev_pe_id, 0);
	CHECK_EQ(info.pe_id, 1);
	wait_renewed(times);
	CHECK_EQ(counter("Failover"), 0);
	CHECK_EQ(counter("ElementAvoided"), 0);
	run("rspctl -json pe show | grep -q '\"sessions\":1[^0-9]'");
}

TEST(renew_unnoticed)
{
	int fd;

	prepare(RECORDS_MAX);
	sum_element(1, sum_and_end);
	fd = user(RSP_FAILOVER_NOTIFY);
	ask_and_renew(fd, 5, 0);
	check_unnoticed(fd, 5);
	CHECK_EQ(get_option(fd, RSP_STANDBY), 0);
}

TEST(renew_without_failover)
{
	int fd;

	prepare(RECORDS_MAX);
	sum_element(1, sum_and_end);
	fd = user(RSP_FAILOVER_OFF);
	ask_and_renew(fd, 1, 0);
	check_unnoticed(fd, 1);
}

/*
 * Many requests are under way all the time.  Who waits until one can be sent reads
 * no answer.
 */
TEST(renew_with_requests_under_way)
{
	uint64_t sum = 0;
	int fd, i, times;

	prepare(AHEAD_MAX);
	sum_element(1, sum_and_end);
	fd = user(RSP_FAILOVER_NOTIFY);
	for (times = 1; times <= 3; times++) {
		for (i = 0; i < AHEAD + WINDOW; i++) {
			if (i < AHEAD)
				ask(fd, i);
			if (i >= WINDOW)
				CHECK_EQ(answer(fd), sum += i - WINDOW);
		}
		wait_renewed(times);
	}
	check_unnoticed(fd, 3);
}

/* A task that only sends, and what is sent is kept. */
TEST(renew_with_replay)
{
	int fd, i, times, status;
	uint64_t sum = 0;
	pid_t sender;

	prepare(AHEAD_MAX);
	sum_element(1, sum_and_end);
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	set_option(fd, RSP_FAILOVER, RSP_FAILOVER_AUTO);
	set_option(fd, RSP_REPLAY, 100000);
	CHECK_EQ(connect_to(fd, "e"), 0);
	for (times = 1; times <= 2; times++) {
		fflush(NULL);
		sender = fork();
		CHECK(sender >= 0);
		if (!sender) {
			for (i = 0; i < AHEAD; i++)
				ask(fd, i);
			_exit(0);
		}
		for (i = 0; i < AHEAD; i++)
			CHECK_EQ(answer(fd), sum += i);
		CHECK_EQ(waitpid(sender, &status, 0), sender);
		CHECK_EQ(status, 0);
		wait_renewed(times);
	}
	check_unnoticed(fd, 2);
}

/* A stream has no messages, but frames; who echoes has no state. */
TEST(renew_of_a_stream)
{
	char out[1000], in[1000];
	int fd, i, times = 0;

	prepare(RECORDS_MAX);
	echo_element("e", 1, SOCK_STREAM);
	fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);
	CHECK_EQ(connect_to(fd, "e"), 0);
	for (i = 1; i <= RECORDS_MAX; i++) {
		memset(out, i, sizeof(out));
		write_all(fd, out, sizeof(out));
		read_all(fd, in, sizeof(in));
		CHECK(!memcmp(out, in, sizeof(in)));
		if (i % (RECORDS_MAX / 2) == 0)
			wait_renewed(++times);
	}
	check_unnoticed(fd, times);
}

/* One that stands by with another element does so again. */
TEST(renew_beside_a_standby)
{
	int fd;

	prepare(RECORDS_MAX);
	sum_element(1, sum_and_end);
	fd = user(RSP_FAILOVER_NOTIFY);
	sum_element(2, sum_and_end);
	set_option(fd, RSP_STANDBY, 1);
	ask_and_renew(fd, 2, 0);
	CHECK_EQ(counter("Failover"), 0);
	CHECK_EQ(get_info(fd).pe_id, 1);
	while (!get_info(fd).standby_pe_id)
		usleep(10000);
	CHECK_EQ(get_info(fd).standby_pe_id, 2);
	CHECK_EQ(get_option(fd, RSP_STANDBY), 1);
}

/* It goes on with another one, if its own takes no new sessions. */
TEST(renew_with_another_element)
{
	pid_t pid;
	int fd;

	prepare(RECORDS_MAX);
	pid = sum_element(1, sum_and_end);
	fd = user(RSP_FAILOVER_NOTIFY);
	ask_all(fd, 1, 0);
	/* Its session stays, and it leaves the pool. */
	CHECK_EQ(kill(pid, SIGKILL), 0);
	sum_element(2, sum_and_end);
	run("for i in $(seq 500); do rspctl pe show | grep -q 'id 0x00000001' || exit 0; sleep 0.02; done; exit 1");
	ask_and_renew(fd, 1, 0);
	CHECK_EQ(get_info(fd).pe_id, 2);
	CHECK_EQ(get_info(fd).generation, 0);
}

/* Or if it cannot be connected to. */
TEST(renew_beyond_an_element_that_is_full)
{
	int fd, port;

	prepare(RECORDS_MAX);
	sum_element(1, sum_and_end);
	port = last_port;
	fd = user(RSP_FAILOVER_NOTIFY);
	sum_element(2, sum_and_end);
	run("nft add table inet full; "
	    "nft add chain inet full in '{ type filter hook input priority 0; }'; "
	    "nft add rule inet full in tcp dport %d tcp flags syn / syn,ack reject with tcp reset",
	    port);
	ask_and_renew(fd, 1, 0);
	CHECK_EQ(get_info(fd).pe_id, 2);
	CHECK_EQ(get_info(fd).prev_pe_id, 1);
	CHECK_EQ(get_info(fd).generation, 0);
}

/* Until the worn flow is one to which nothing is sent any more. */
static uint64_t ask_until_turned(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	uint64_t sum = 0;
	int tries = 1000;

	while (counter("StandbyUsed") == 0 && poll(&pfd, 1, 0) == 1) {
		CHECK(tries--);
		ask(fd, 1);
		CHECK_EQ(answer(fd), ++sum);
	}
	return sum;
}

/* It is left in the time of a failover, and that is one. */
TEST(renew_of_an_element_that_goes_on)
{
	uint64_t sum;
	int fd;

	prepare(RECORDS_MAX);
	sum_element(1, sum_and_stay);
	fd = user(RSP_FAILOVER_AUTO);
	set_option(fd, RSP_FAILOVER_TIMEOUT, 500);
	sum = ask_until_turned(fd);
	ask_all(fd, 3, sum);
	CHECK_EQ(counter("FailureRecords"), 1);
	CHECK_EQ(counter("ElementAvoided"), 0);
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_RECORDS);
	CHECK_EQ(get_info(fd).generation, 1);
}

/*
 * The program waits meanwhile.  What fails then is a failover, and not to the flow
 * that stands by.
 */
TEST(renew_of_an_element_that_dies)
{
	uint64_t sum, unsent = 0;
	pid_t pid;
	int fd;

	prepare(RECORDS_MAX);
	pid = sum_element(1, sum_and_stay);
	fd = user(RSP_FAILOVER_NOTIFY);
	sum = ask_until_turned(fd);
	CHECK_ERR(send(fd, &unsent, sizeof(unsent), MSG_DONTWAIT), EAGAIN);
	CHECK_ERR(recv(fd, &unsent, sizeof(unsent), MSG_DONTWAIT), EAGAIN);
	sum_element(2, sum_and_end);
	CHECK_EQ(kill(-pid, SIGKILL), 0);
	CHECK_ERR(send(fd, &sum, sizeof(sum), 0), EREMCHG);
	session_resume(fd);
	ask_all(fd, 3, sum);
	/* A reset, or an end in the middle. */
	CHECK(get_info(fd).failure != RSP_FAILURE_RECORDS);
	CHECK_EQ(get_info(fd).pe_id, 2);
}

/* Who shuts down what he sends has done so, and hears the rest. */
TEST(renew_and_shut_down)
{
	struct pollfd pfd = { .events = POLLOUT };
	char octet;
	pid_t pid;
	int fd;

	prepare(RECORDS_MAX);
	pid = sum_element(1, sum_and_stay);
	fd = user(RSP_FAILOVER_NOTIFY);
	ask_until_turned(fd);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	CHECK_ERR(send(fd, &octet, 1, MSG_NOSIGNAL), EPIPE);
	pfd.fd = fd;
	CHECK_EQ(poll(&pfd, 1, 0), 1);
	CHECK_EQ(kill(-pid, SIGTERM), 0);
	CHECK(recv(fd, &octet, 1, 0) <= 0);
	CHECK_EQ(counter("TlsRenewed"), 0);
	CHECK_EQ(counter("Failover"), 0);
}

/* A sender that waits meanwhile hears of the end of the socket. */
TEST(renew_and_close)
{
	uint64_t sum = 1;
	pid_t sender;
	int fd, status;

	prepare(RECORDS_MAX);
	sum_element(1, sum_and_stay);
	fd = user(RSP_FAILOVER_NOTIFY);
	ask_until_turned(fd);
	fflush(NULL);
	sender = fork();
	CHECK(sender >= 0);
	if (!sender) {
		ssize_t ret = send(fd, &sum, sizeof(sum), MSG_NOSIGNAL);

		_exit(ret < 0 && errno == EPIPE ? 0 : 1);
	}
	usleep(100000);
	CHECK_EQ(shutdown(fd, SHUT_RDWR), 0);
	CHECK_EQ(waitpid(sender, &status, 0), sender);
	CHECK_EQ(status, 0);
	CHECK_EQ(close(fd), 0);
}

/* An element ends its side of a session whose user does not move in time. */
TEST(renew_is_the_users)
{
	struct host host;
	int listener, fd, peer, i;
	uint64_t word = 0;

	prepare(RECORDS_MAX);
	run("rspctl scope set records-max 1000000");
	host_make(&host, 1);
	host_enter(&host);
	run("rspctl scope set name test%d mode secure auth psk", getpid());
	key_add("e", "", 1);
	run("rspctl scope set records-max %d", RECORDS_MAX);
	agent_start();
	listener = element("e", 1, SOCK_SEQPACKET);
	host_leave();
	run("rspctl pe add pool e id 1 use control tcp 10.77.1.2:%d",
	    port_of(listener));
	fd = user(RSP_FAILOVER_OFF);
	peer = accept(listener, NULL, NULL);
	CHECK(peer >= 0);
	for (i = 0; i < RECORDS_MAX; i++)
		if (send(fd, &word, sizeof(word), MSG_NOSIGNAL) < 0 ||
		    recv(peer, &word, sizeof(word), 0) < 0)
			break;
	CHECK_ERR(recv(peer, &word, sizeof(word), 0), ECONNRESET);
	CHECK_EQ(get_info(peer).failure, RSP_FAILURE_RECORDS);
	CHECK_ERR(recv(fd, &word, sizeof(word), 0), ECONNRESET);
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_RESET);
}

/* A server that knows nothing of pools. */
static void tls_echo(int fd, uint32_t id, const void *identity)
{
	struct tls_peer *peer = tls_peer_make(fd, true, identity, TLS_AS_AGENT);
	uint64_t word;

	(void)id;
	while (tls_peer_recv(peer, &word, sizeof(word)) == sizeof(word))
		if (tls_peer_send(peer, &word, sizeof(word)) < 0)
			break;
}

/* Nobody knows where a request ends: it is a failover, and not the element's fault. */
TEST(renew_not_of_data_only)
{
	static char identity[64];
	struct server server;
	uint64_t word = 7;
	int fd, i;

	prepare(RECORDS_MAX);
	identity_get("", identity);
	server = server_run(1, AF_INET, tls_echo, identity);
	run("rspctl pe add pool e id 1 tcp 127.0.0.1:%d", server.port);
	fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);
	CHECK_EQ(connect_to(fd, "e"), 0);
	for (i = 0; i < RECORDS_MAX - 1; i++) {
		CHECK_EQ(send(fd, &word, sizeof(word), 0), sizeof(word));
		read_all(fd, &word, sizeof(word));
	}
	CHECK_EQ(get_info(fd).generation, 0);
	CHECK_EQ(send(fd, &word, sizeof(word), 0), sizeof(word));
	while (recv(fd, &word, sizeof(word), 0) > 0)
		;
	CHECK_EQ(errno, EREMCHG);
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_RECORDS);
	session_resume(fd);
	CHECK_EQ(send(fd, &word, sizeof(word), 0), sizeof(word));
	read_all(fd, &word, sizeof(word));
	CHECK_EQ(counter("FailureRecords"), 1);
	CHECK_EQ(counter("ElementAvoided"), 0);
}
