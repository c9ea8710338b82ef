// SPDX-License-Identifier: GPL-2.0
/*
 * A crowd at an element of a secure scope: connections that say nothing, or half
 * a ClientHello; and those that replay a whole one and never answer what the agent
 * says to it. Each that is closed comes again. Who has the key gets in, and what the
 * crowd costs is bounded.
 *
 * RSP_HALF_OPEN: how many say nothing, or half (10000; 2000 where the kernel is slow)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "netlink.h"
#include "secure.h"

#define GROUP		"/sys/fs/cgroup/half_open"
#define HOSTS		8	/* of the crowd, whose loopback addresses they are */
#define TIMEOUT		32	/* seconds, of the scope's handshakes */
#define HELD_MAX	1024	/* connections to an element that are no sessions */
#define HELD_SLACK	64	/* sockets that are on their way out; and of others */
#define OCTETS_MAX	16384	/* of each; KASAN doubles them */

static struct sockaddr_in element_at = { .sin_family = AF_INET };
static unsigned char hello[TLS_RECORD_MAX];	/* that a user said once */
static size_t hello_len;

static bool is_slow(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

static unsigned int half_open(void)
{
	const char *n = getenv("RSP_HALF_OPEN");

	return n ? atoi(n) : is_slow() ? 2000 : 10000;
}

static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What the element's memory is charged to. */

static void put(const char *file, const char *value)
{
	int fd = open(file, O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, value, strlen(value)), (ssize_t)strlen(value));
	close(fd);
}

static void group_make(void)
{
	CHECK(!mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) ||
	      errno == EBUSY);	/* it is there */
	put("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	CHECK(!mkdir(GROUP, 0755) || errno == EEXIST);
}

static long number_in(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	char line[256];
	long found = -1;

	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			found = atol(line + strlen(name));
	fclose(file);
	CHECK(found >= 0);
	return found;
}

static long octets_charged(void)
{
	return number_in(GROUP "/memory.stat", "slab ") +
	       number_in(GROUP "/memory.stat", "sock ");
}

/* Of this namespace, the crowd's own too. */
static long sockets_used(void)
{
	return number_in("/proc/net/sockstat", "sockets: used ");
}

/* The crowd. */

static void join_crowd(int *fds, unsigned int i, unsigned int endless, int epoll)
{
	struct epoll_event event = { .events = EPOLLRDHUP, .data.u32 = i };
	struct sockaddr_in from = { .sin_family = AF_INET };
	size_t len = i < endless ? hello_len : i & 1 ? hello_len / 2 : 0;

	fds[i] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(fds[i] >= 0);
	/* From a few hosts. */
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + i % HOSTS);
	CHECK_EQ(bind(fds[i], (void *)&from, sizeof(from)), 0);
	CHECK_EQ(connect(fds[i], (void *)&element_at, sizeof(element_at)), 0);
	/* It may be closed already. */
	send(fds[i], hello, len, MSG_NOSIGNAL);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event), 0);
}

static void crowd_run(unsigned int n, unsigned int endless, int ready)
{
	struct rlimit limit = { n + 64, n + 64 };
	int *fds = calloc(n, sizeof(*fds)), epoll = epoll_create1(0);
	struct epoll_event event;
	unsigned int i;

	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (i = 0; i < n; i++)
		join_crowd(fds, i, endless, epoll);
	write_all(ready, "r", 1);
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			continue;
		close(fds[event.data.u32]);
		join_crowd(fds, event.data.u32, endless, epoll);
		/* At most five hundred a second. */
		usleep(2000);
	}
}

static pid_t crowd_start(unsigned int n, unsigned int endless)
{
	int ready[2];
	pid_t pid;
	char c;

	CHECK_EQ(pipe(ready), 0);
	pid = process();
	if (!pid) {
		close(ready[0]);
		crowd_run(n, endless, ready[1]);
	}
	close(ready[1]);
	read_all(ready[0], &c, 1);
	close(ready[0]);
	return pid;
}

/* A user says it to who only listens. */
static void hello_record(void)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(7000),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM, 0), user, fd;
	struct sockaddr_rserpool address;
	socklen_t len;

	CHECK_EQ(bind(listener, (void *)&at, sizeof(at)), 0);
	CHECK_EQ(listen(listener, 1), 0);
	run("rspctl pe add pool e id 1 tcp 127.0.0.1:7000 use control");
	user = socket(AF_RSERPOOL, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	address = pool_address("e", 1, &len);
	CHECK_ERR(connect(user, (void *)&address, len), EINPROGRESS);
	fd = accept(listener, NULL, NULL);
	CHECK(fd >= 0);
	hello_len = tls_record_read(fd, hello);
	close(user);
	close(fd);
	close(listener);
	run("rspctl pe del pool e id 1");
}

/*
 * The longest that one who has the key takes, of a few. Where the machine is slow he
 * may be the one who keeps the agent waiting, and has to come again.
 */
static long proper_users(unsigned int n)
{
	long longest = 0, begun, took;
	int fd;

	while (n--) {
		begun = milliseconds();
		while (try_connect("e", SOCK_SEQPACKET, &fd)) {
			close(fd);
			CHECK(milliseconds() - begun < TIMEOUT * 1000);
			usleep(20000);
		}
		took = milliseconds() - begun;
		check_message(fd, "hello");
		close(fd);
		if (took > longest)
			longest = took;
	}
	return longest;
}

static void check_held(unsigned int n, long sockets, long octets)
{
	long held = sockets_used() - sockets - n;
	long charged = octets_charged() - octets;

	printf("# %u half-open connections: the element holds %ld, of %ld octets each\n",
	       n, held, held > 0 ? charged / held : 0);
	CHECK(held <= HELD_MAX + HELD_SLACK);
	CHECK(charged <= (HELD_MAX + HELD_SLACK) * OCTETS_MAX);
}

/* It serves one after the other; its memory is charged to the group. */
static pid_t element_start(void)
{
	int listener, fd;
	pid_t pid;

	group_make();
	put(GROUP "/cgroup.procs", "0");
	listener = element("e", 7, SOCK_SEQPACKET);
	element_at.sin_port = htons(port_of(listener));
	element_at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	pid = process();
	if (!pid)
		while ((fd = accept(listener, NULL, NULL)) >= 0)
			echo_messages(fd);
	close(listener);
	put("/sys/fs/cgroup/cgroup.procs", "0");
	return pid;
}

TEST(half_open)
{
	static const char *const names[] = {
		"Handshake", "HandshakeBusy", "HandshakeDisplaced",
		"HandshakeTimeout",
	};
	unsigned int n = half_open(), endless = is_slow() ? 40 : 250;
	long octets, sockets, took, begun, counts[4];
	pid_t serves, silent, speak;

	/* A safety net, on whatever host: what it takes is measured below. */
	alarm(900);
	secure_pool("e");
	run("rspctl scope set handshake-timeout %us avoid-min 1ms avoid-max 1ms",
	    TIMEOUT);
	netlink_start();
	hello_record();
	serves = element_start();
	printf("# a user takes %ld ms\n", proper_users(2));
	octets = octets_charged();
	sockets = sockets_used();

	begun = milliseconds();
	silent = crowd_start(n, 0);
	printf("# beside %u half-open connections: %ld ms\n", n,
	       proper_users(3));
	check_held(n, sockets, octets);
	/* That keeps no more than a few places busy, each for all the time it has. */
	counters_get(nl, names, 4, counts);
	took = (milliseconds() - begun) / (TIMEOUT * 1000) + 1;
	printf("# the agent was asked for %ld handshakes\n",
	       counts[0] - counts[1]);
	CHECK(counts[0] - counts[1] <= 1 + 2 * 5 + 24 * took);

	speak = crowd_start(endless, endless);
	took = proper_users(2);
	printf("# and %u handshakes that never end: %ld ms\n", endless, took);
	/* An eighth until a place is given up; the rest is for the handshake. */
	CHECK(took < TIMEOUT * 1000 / 2);
	check_held(n + endless, sockets, octets);

	counters_get(nl, names, 4, counts);
	printf("# %ld connections made room, %ld of them in the middle\n",
	       counts[2] + counts[3], counts[3]);
	CHECK(counts[2] >= (long)n - HELD_MAX - HELD_SLACK);
	CHECK(counts[3] >= 1);
	process_kill(silent);
	process_kill(speak);
	process_kill(serves);
	rmdir(GROUP);
}
