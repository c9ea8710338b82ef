// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes that end at each of their stages, of users and of elements: the
 * socket is closed, its task killed, or it is the last of its namespace; and each
 * time the module is asked to go, and stays. Nothing of them is left, and then the
 * module goes.
 *
 * A user and an element are joined by the test, which passes on as much as the
 * stage allows. How much that is, and who ends first, is drawn.
 *
 * RSP_SEED: the seed; it is printed, and another one each time unless it is set
 * RSP_ROUNDS: how often (20)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netlink.h"
#include "secure.h"

enum stage {
	UNTAKEN,	/* the agent is stopped, and has taken neither */
	SILENT,		/* the user hears nothing, the element half a ClientHello */
	ANSWERED,	/* some of a ServerHello, and nothing more */
	AGREED,		/* both are, and no business card comes */
	STAGES
};

enum side { USER, ELEMENT, SIDES };

#define ENDS		(STAGES * SIDES)

static struct meeting {
	int fd[SIDES];		/* of the family; -1: a task has it */
	pid_t task[SIDES];
	int relay[SIDES];	/* leads there */
} meetings[STAGES];

static int listeners[STAGES];	/* what the users take for elements */
static unsigned char hello[TLS_RECORD_MAX];	/* a ClientHello */
static size_t hello_len;
static uint32_t seed;
static pid_t agent;

/* xorshift32 */
static unsigned int draw(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % n;
}

static void shuffle(int *order, int n)
{
	int i, j;

	for (i = 0; i < n; i++) {
		j = draw(i + 1);
		order[i] = order[j];
		order[j] = i;
	}
}

/* A secure scope, and the listeners in a pool of it. */
static void prepare(void)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);
	char batch[512];
	int i, n = 0;

	for (i = 0; i < STAGES; i++) {
		at.sin_port = 0;
		listeners[i] = socket(AF_INET, SOCK_STREAM, 0);
		CHECK_EQ(bind(listeners[i], (void *)&at, sizeof(at)), 0);
		CHECK_EQ(listen(listeners[i], 16), 0);
		CHECK_EQ(getsockname(listeners[i], (void *)&at, &len), 0);
		n += snprintf(batch + n, sizeof(batch) - n,
			      "pe add pool e id %d tcp 127.0.0.1:%u use control\n",
			      1 + i, ntohs(at.sin_port));
	}
	agent = secure_pool("e");
	/* What is not called off is there until then. */
	run("rspctl scope set handshake-timeout 10m");
	run("echo '%s' | rspctl -batch -", batch);
	netlink_start();
}

static void unprepare(void)
{
	int i;

	mnl_socket_close(nl);
	for (i = 0; i < STAGES; i++)
		close(listeners[i]);
}

/* Handshakes that the agent was asked for, and those that came to a good end. */
static struct counts {
	long asked, done;
} handshakes(void)
{
	static const char *const names[] = {
		"Handshake", "HandshakeBusy", "HandshakeDone",
	};
	long n[3];

	counters_get(nl, names, 3, n);
	return (struct counts){ n[0] - n[1], n[2] };
}

static uint16_t port_at(int fd, bool there)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	CHECK_EQ(there ? getpeername(fd, (void *)&at, &len) :
			 getsockname(fd, (void *)&at, &len), 0);
	return ntohs(at.sin_port);
}

/* Octets that wait there; -1: the connection is not in this table. */
static long unread_in(const char *table, unsigned int here, unsigned int there)
{
	unsigned int local, remote, queue;
	FILE *file = fopen(table, "r");
	char line[256];
	long found = -1;

	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*d: %*x:%x %*x:%x %*x %*x:%x", &local,
			   &remote, &queue) == 3 &&
		    local == there && remote == here)
			found = queue;
	fclose(file);
	return found;
}

/* All that was sent there has been read, by the agent; an element has IPv6. */
static void wait_read(int relay)
{
	unsigned int here = port_at(relay, false), there = port_at(relay, true);
	int tries = 2000, unsent;

	for (;;) {
		CHECK_EQ(ioctl(relay, SIOCOUTQ, &unsent), 0);
		if (!unsent && (!unread_in("/proc/net/tcp", here, there) ||
				!unread_in("/proc/net/tcp6", here, there)))
			return;
		CHECK(tries--);
		usleep(5000);
	}
}

/* Until so many handshakes have come to a good end. */
static void pass_on(int from, int to, long done)
{
	struct pollfd pfd = { .fd = from, .events = POLLIN };
	unsigned char octets[TLS_RECORD_MAX];

	while (handshakes().done < done)
		if (poll(&pfd, 1, 10))
			write_all(to, octets, tls_record_read(from, octets));
}

/* From here on they are in that stage. */
static void bring(enum stage stage)
{
	const int *relay = meetings[stage].relay;
	unsigned char octets[TLS_RECORD_MAX];
	long done;
	size_t len;

	hello_len = tls_record_read(relay[USER], hello);
	if (stage == SILENT) {
		write_all(relay[ELEMENT], hello, 1 + draw(hello_len - 1));
		wait_read(relay[ELEMENT]);
		return;
	}
	write_all(relay[ELEMENT], hello, hello_len);
	len = tls_record_read(relay[ELEMENT], octets);
	if (stage == ANSWERED) {
		write_all(relay[USER], octets, 1 + draw(len));
		wait_read(relay[USER]);
		return;
	}
	write_all(relay[USER], octets, len);
	/* The user is the first who has heard enough; the card comes last. */
	done = handshakes().done;
	pass_on(relay[ELEMENT], relay[USER], done + 1);
	pass_on(relay[USER], relay[ELEMENT], done + 2);
	wait_for(relay[ELEMENT], POLLIN);
}

/* The sockets of the family. */

static pid_t task(int fd, enum side side, enum stage stage)
{
	struct sockaddr_rserpool address;
	pid_t pid, test = getpid();
	socklen_t len;

	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid) {
		close(fd);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != test)
		_exit(0);
	address = pool_address("e", 1 + stage, &len);
	if (side == USER)
		connect(fd, (void *)&address, len);
	else
		accept(fd, NULL, NULL);
	for (;;)
		pause();
}

static void enter(enum stage stage, bool in_tasks)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct meeting *meeting = &meetings[stage];
	struct sockaddr_rserpool address;
	socklen_t len;
	int fd;

	fd = meeting->fd[ELEMENT] = element("e", 11 + stage, SOCK_SEQPACKET);
	at.sin_port = htons(port_of(fd));
	if (in_tasks)
		meeting->task[ELEMENT] = task(fd, ELEMENT, stage);
	fd = meeting->fd[USER] = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	CHECK(fd >= 0);
	if (in_tasks) {
		meeting->task[USER] = task(fd, USER, stage);
	} else {
		address = pool_address("e", 1 + stage, &len);
		CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
		CHECK_ERR(connect(fd, (void *)&address, len), EINPROGRESS);
	}
	meeting->relay[USER] = accept(listeners[stage], NULL, NULL);
	CHECK(meeting->relay[USER] >= 0);
	fd = meeting->relay[ELEMENT] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(connect(fd, (void *)&at, sizeof(at)), 0);
}

/* One of each stage; the agent is stopped then. */
static void enter_all(bool in_tasks)
{
	int order[STAGES], i, tries = 2000;
	long asked = handshakes().asked;

	shuffle(order, STAGES);
	for (i = 0; i < STAGES; i++)
		if (order[i] != UNTAKEN)
			enter(order[i], in_tasks);
	for (i = 0; i < STAGES; i++)
		if (order[i] != UNTAKEN)
			bring(order[i]);
	CHECK_EQ(kill(agent, SIGSTOP), 0);
	enter(UNTAKEN, in_tasks);
	write_all(meetings[UNTAKEN].relay[ELEMENT], hello, hello_len);
	while (handshakes().asked < asked + ENDS) {
		CHECK(tries--);
		usleep(5000);
	}
}

static int unload(void)
{
	return syscall(SYS_delete_module, "rserpool", O_NONBLOCK);
}

static void leave_all(bool in_tasks)
{
	struct meeting *meeting;
	int order[ENDS], i, side;

	shuffle(order, ENDS);
	for (i = 0; i < ENDS; i++) {
		meeting = &meetings[order[i] % STAGES];
		side = order[i] / STAGES;
		test_about("stage %d, side %d", order[i] % STAGES, side);
		CHECK_ERR(unload(), EAGAIN);
		if (in_tasks) {
			CHECK_EQ(kill(meeting->task[side], SIGKILL), 0);
			CHECK_EQ(waitpid(meeting->task[side], NULL, 0),
				 meeting->task[side]);
		} else {
			CHECK_EQ(close(meeting->fd[side]), 0);
		}
		/* Whoever had the connection, the agent even, is told. */
		wait_for(meeting->relay[side], POLLRDHUP);
	}
	for (i = 0; i < ENDS; i++)
		close(meetings[i % STAGES].relay[i / STAGES]);
}

/* What must be as before. */

static long number_of(const char *command)
{
	FILE *out = popen(command, "r");
	long n;

	CHECK(out);
	CHECK_EQ(fscanf(out, "%ld", &n), 1);
	pclose(out);
	return n;
}

static void wait_number(const char *command, long most)
{
	int tries = 200;
	long n;

	while ((n = number_of(command)) > most) {
		test_about("%s: %ld, not %ld", command, n, most);
		CHECK(tries--);
		usleep(50000);
	}
}

static void check_none_left(void)
{
	int tries = 200;

	test_about("the end");
	while (unload()) {
		CHECK_EQ(errno, EAGAIN);
		CHECK(tries--);
		usleep(50000);
	}
	wait_number("grep -c 'rsp1-\\|\\.rserpool' /proc/keys", 0);
}

static unsigned int begin_rounds(void)
{
	const char *given = getenv("RSP_SEED"), *n = getenv("RSP_ROUNDS");
	unsigned int rounds = n ? atoi(n) : 20;

	CHECK_EQ(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
	if (given)
		seed = strtoul(given, NULL, 0);
	printf("# again: make check T=tls_stages SEED=%u\n", seed);
	seed = seed * 0x9e3779b1 | 1;
	alarm(60 + 5 * rounds);
	return rounds;
}

/* Every file of a socket, and every process of the agent's that has one. */
static const char sockets[] = "sed -n 's/sockets: used //p' /proc/net/sockstat";

static void go_through(bool in_tasks)
{
	unsigned int rounds = begin_rounds();
	long before;

	prepare();
	before = number_of(sockets);
	while (rounds--) {
		enter_all(in_tasks);
		leave_all(in_tasks);
		CHECK_EQ(kill(agent, SIGCONT), 0);
	}
	wait_number(sockets, before);
	agent_kill(agent);
	unprepare();
	check_none_left();
}

TEST(tls_stages_close)
{
	go_through(false);
}

TEST(tls_stages_kill)
{
	go_through(true);
}

/* Before or after the agent; a link tells that the namespace has gone. */
TEST(tls_stages_namespace)
{
	int home = open("/proc/self/ns/net", O_RDONLY);
	unsigned int rounds = begin_rounds(), i;
	bool agent_first;

	CHECK(home >= 0);
	for (i = 0; i < rounds; i++) {
		CHECK_EQ(unshare(CLONE_NEWNET), 0);
		run("ip link set lo up");
		prepare();
		enter_all(false);
		CHECK_EQ(setns(home, CLONE_NEWNET), 0);
		run("ip link add stage%u type veth peer name home netns %d", i,
		    agent);
		agent_first = draw(2);
		if (agent_first)
			agent_kill(agent);
		unprepare();
		leave_all(false);
		if (!agent_first)
			agent_kill(agent);
	}
	wait_number("ip -o link show type veth | wc -l", 0);
	check_none_left();
}
