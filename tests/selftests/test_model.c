// SPDX-License-Identifier: GPL-2.0
/*
 * A client and three servers of a service, each on a host of its own, and all
 * that may befall them, in an order that a seed gives.  What the client must see
 * is known beforehand: each answer, in its order, once.
 *
 * The service folds each request into its state, which is its cookie, and
 * answers with it.  So an answer tells of all requests up to its own: one that
 * was lost, doubled or out of order, or a cookie that does not fit to what was
 * sent again, makes every answer after it another one.
 *
 * Each failure that the schedule makes is one failover, and what is no failure
 * is none: generations are counted as well.
 *
 * RSP_SEED: the seed; it is printed, and another one each time unless it is set
 * RSP_FAILOVERS: how many (100)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "netlink.h"
#include "secure.h"
#include "pool.h"

#define NODES		3
#define PORT		7001
#define SESSIONS	4		/* of each test, each with other habits */
#define REQUEST_MAX	150000
#define COOKIE_ROOM	65000
#define CHECKPOINT	8		/* messages between two, at most */
#define AHEAD_MAX	32		/* requests that are not answered yet */
#define DETECT_MS	1000

/* xorshift64*: what is drawn follows from the seed. */
struct dice {
	uint64_t state;
};

static struct dice dice_of(uint64_t seed)
{
	return (struct dice){ (seed + 1) * 0x9e3779b97f4a7c15 | 1 };
}

static uint32_t draw(struct dice *dice, uint32_t n)
{
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return (dice->state * 0x2545f4914f6cdd1d >> 32) % n;
}

/* The service. */

struct state {
	uint64_t n;		/* requests so far */
	uint64_t digest;	/* of them all */
};

static void fold(struct state *state, const void *request, size_t len)
{
	const unsigned char *octets = request;
	uint64_t word = len;

	state->n++;
	for (;;) {
		state->digest = (state->digest ^ word) * 0x100000001b3;
		state->digest ^= state->digest >> 29;
		if (!len)
			return;
		word = 0;
		memcpy(&word, octets, len < 8 ? len : 8);
		octets += len < 8 ? len : 8;
		len -= len < 8 ? len : 8;
	}
}

/* A state with octets behind it that follow from it, as many as it says. */
static size_t spread(const struct state *state, unsigned char *octets,
		     size_t room)
{
	size_t len = sizeof(*state) + state->digest % 61, i;

	if (state->digest % 16 == 3)
		len += state->digest / 16 % (room - 128);
	memcpy(octets, state, sizeof(*state));
	for (i = sizeof(*state); i < len; i++)
		octets[i] = state->digest + i;
	return len;
}

static bool is_spread(const unsigned char *octets, size_t len, size_t room)
{
	static __thread unsigned char want[REQUEST_MAX];
	struct state state;

	if (len < sizeof(state))
		return false;
	memcpy(&state, octets, sizeof(state));
	return spread(&state, want, room) == len && !memcmp(octets, want, len);
}

struct service {
	int fd;
	struct dice dice;
};

static void *serve(void *arg)
{
	static __thread unsigned char buf[REQUEST_MAX];
	struct service *service = arg;
	int fd = service->fd, until = 1;
	socklen_t len = sizeof(buf);
	struct state state = {};
	ssize_t n;

	if (getsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, buf, &len))
		goto out;
	if (len) {
		/* One that is no cookie of ours ends in answers that are none. */
		if (!is_spread(buf, len, COOKIE_ROOM))
			memset(buf, 0xff, sizeof(state));
		memcpy(&state, buf, sizeof(state));
	}
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		fold(&state, buf, n);
		n = spread(&state, buf, REQUEST_MAX);
		if (send(fd, buf, n, MSG_NOSIGNAL) < 0)
			break;
		if (--until > 0)
			continue;
		n = spread(&state, buf, COOKIE_ROOM);
		if (!setsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, buf, n))
			until = 1 + draw(&service->dice, CHECKPOINT);
		else if (errno != EAGAIN)
			break;
	}
out:
	close(fd);
	free(service);
	return NULL;
}

static void server(int listener, struct dice dice)
{
	struct service *service;
	pthread_t thread;
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		service = malloc(sizeof(*service));
		service->fd = fd;
		service->dice = dice_of(draw(&dice, ~0u));
		if (pthread_create(&thread, NULL, serve, service))
			break;
		pthread_detach(thread);
	}
	_exit(1);
}

/* The session, as the schedule knows it. */
static struct {
	int fd;
	pid_t client;
	uint32_t generation;	/* as it must be */
} trial = { .fd = -1 };

/* The servers. */

static struct node {
	struct host host;
	pid_t pid;		/* 0: it does not run */
} nodes[NODES];

static struct dice schedule;	/* what happens, and when */
static bool sealed;
static bool secure;

static void node_start(struct node *node)
{
	struct sockaddr_rserpool address;
	pid_t parent = getpid();
	int fd, one = 1;
	socklen_t len;

	address = pool_address("model", node->host.n, &len);
	address.srp_port = htons(PORT);
	host_enter(&node->host);
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	host_leave();
	CHECK(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	set_option(fd, RSP_DETECT_TIMEOUT, DETECT_MS);
	CHECK_EQ(bind(fd, (void *)&address, len), 0);
	CHECK_EQ(listen(fd, 16), 0);
	fflush(stdout);
	node->pid = fork();
	CHECK(node->pid >= 0);
	if (!node->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		close(trial.fd);
		server(fd, dice_of(draw(&schedule, ~0u)));
	}
	close(fd);
}

static void node_kill(struct node *node)
{
	CHECK_EQ(kill(node->pid, SIGKILL), 0);
	waitpid(node->pid, NULL, 0);
	node->pid = 0;
}

/* Not with rspctl: in a busy machine each program takes its time to start. */
static void node_add(const struct node *node)
{
	struct nlattr *element, *transport;
	char address[16];

	snprintf(address, sizeof(address), "10.77.%d.2", node->host.n);
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	element = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, "model");
	put_u32(RSERPOOL_A_ELEMENT_ID, node->host.n);
	transport = mnl_attr_nest_start(req, RSERPOOL_A_ELEMENT_TRANSPORT);
	mnl_attr_put_u32(req, RSERPOOL_A_TRANSPORT_IPV4, inet_addr(address));
	mnl_attr_put_u16(req, RSERPOOL_A_TRANSPORT_PORT, htons(PORT));
	mnl_attr_put_u32(req, RSERPOOL_A_TRANSPORT_USE,
			 RSP_TRANSPORT_USE_DATA_CONTROL);
	mnl_attr_nest_end(req, transport);
	mnl_attr_nest_end(req, element);
	CHECK_EQ(talk(), 0);
}

static void node_remove(const struct node *node, bool now)
{
	name_element(RSERPOOL_CMD_ELEMENT_DEL, "model", node->host.n);
	if (now)
		mnl_attr_put(req, RSERPOOL_A_ELEMENT_NOW, 0, NULL);
	CHECK_EQ(talk(), 0);
}

/* The host that the calling thread is on has keys and an agent. */
static void host_secure(void)
{
	secure_pool("model");
	/* One that falls silent in a handshake is given up, too. */
	run("rspctl scope set handshake-timeout 3s");
}

static void nodes_make(void)
{
	const char *key = sealed ? "cookie-key /tmp/rsp_key" : "";
	int i;

	run("printf 0123456789abcdef > /tmp/rsp_key");
	netlink_start();
	if (secure)
		host_secure();
	run("rspctl scope set avoid-min 20ms avoid-max 50ms");
	run("rspctl pool add model policy %s",
	    draw(&schedule, 2) ? "rr" : "rand");
	for (i = 0; i < NODES; i++) {
		host_make(&nodes[i].host, i + 1);
		host_enter(&nodes[i].host);
		if (secure)
			host_secure();
		run("rspctl pool add model %s", key);
		host_leave();
		node_start(&nodes[i]);
		node_add(&nodes[i]);
	}
}

/* The client: a process that talks until it is told to stop. */

static struct shared {
	uint64_t asked;
	uint64_t answered;
	uint32_t changes;	/* EREMCHG, each until it was resumed */
	bool idle;		/* asks nothing for now */
	bool over;
} *shared;

/* What a session is like. */
struct habit {
	uint8_t mode;
	uint32_t ahead;
	uint32_t request_max;
	uint32_t replay;
};

struct client {
	int fd;
	struct habit habit;
	struct dice dice;
	struct state state;		/* of the service, as it must be */
	struct state expected[AHEAD_MAX];
	uint64_t asked;
	uint64_t answered;
	uint32_t resumed;
	bool full;			/* no send is possible */
};

/* Both directions say so, and go on saying so; then it is agreed to. */
static void client_resume(struct client *client)
{
	struct pollfd pfd = { .fd = client->fd, .events = POLLIN | POLLOUT };
	struct rsp_info info;
	uint64_t octets = 0;
	int i, fd = client->fd;

	CHECK_EQ(client->habit.mode, RSP_FAILOVER_NOTIFY);
	for (i = 0; i < 2; i++) {
		CHECK_ERR(recv(fd, &octets, sizeof(octets), 0), EREMCHG);
		CHECK_ERR(send(fd, &octets, sizeof(octets), 0), EREMCHG);
		CHECK_EQ(poll(&pfd, 1, 0), 1);
		CHECK_EQ(pfd.revents & (POLLIN | POLLOUT | POLLERR | POLLHUP),
			 POLLIN | POLLOUT);
		if (!draw(&client->dice, 4))
			usleep(draw(&client->dice, 30000));
	}
	info = get_info(fd);
	CHECK_EQ(info.generation, client->resumed + 1);
	client->resumed = info.generation;
	set_option(fd, RSP_RESUME, info.generation);
	shared->changes++;
	client->full = false;
}

static bool client_ask(struct client *client)
{
	static unsigned char request[REQUEST_MAX];
	struct state before = client->state;
	struct dice dice = client->dice;
	size_t len, i;

	if (client->full || shared->idle || shared->over ||
	    client->asked - client->answered >= client->habit.ahead)
		return false;
	len = 1 + draw(&client->dice, 300);
	if (!draw(&client->dice, 16))
		len = 1 + draw(&client->dice, client->habit.request_max);
	for (i = 0; i < len; i++)
		request[i] = len + i * 7;
	memcpy(request, &client->asked, len < 8 ? len : 8);
	fold(&client->state, request, len);
	client->expected[client->asked % AHEAD_MAX] = client->state;
	if (send(client->fd, request, len, MSG_DONTWAIT) == (ssize_t)len) {
		shared->asked = ++client->asked;
		return true;
	}
	client->state = before;
	client->dice = dice;
	if (errno == EREMCHG)
		client_resume(client);
	else if (errno == EAGAIN || errno == ENOBUFS)
		client->full = true;
	else
		test_fail(__FILE__, __LINE__, "send: %s", strerror(errno));
	return false;
}

static bool client_hear(struct client *client)
{
	static unsigned char answer[REQUEST_MAX];
	const struct state *want;
	struct state got;
	ssize_t n;

	n = recv(client->fd, answer, sizeof(answer), MSG_DONTWAIT);
	if (n < 0 && errno == EREMCHG)
		client_resume(client);
	else if (n < 0)
		CHECK_EQ(errno, EAGAIN);
	if (n < 0)
		return false;
	want = &client->expected[client->answered % AHEAD_MAX];
	CHECK(client->answered < client->asked);
	CHECK(n >= (ssize_t)sizeof(got));
	memcpy(&got, answer, sizeof(got));
	if (got.n != want->n || got.digest != want->digest)
		test_fail(__FILE__, __LINE__,
			  "answer %llu of %llu: the service counts %llu, %s",
			  (unsigned long long)client->answered + 1,
			  (unsigned long long)client->asked,
			  (unsigned long long)got.n, got.n == want->n ?
			  "but has heard something else" : "");
	CHECK(is_spread(answer, n, REQUEST_MAX));
	shared->answered = ++client->answered;
	return true;
}

static void client_run(int fd, const struct habit *habit, uint32_t seed)
{
	struct client client = {
		.fd = fd, .habit = *habit, .dice = dice_of(seed),
	};
	struct pollfd pfd = { .fd = fd };
	bool moved;

	while (!shared->over || client.answered < client.asked) {
		moved = client_ask(&client);
		moved |= client_hear(&client);
		/* The schedule wants some of the machine, too. */
		if (!draw(&client.dice, 8))
			usleep(draw(&client.dice, 5000));
		if (moved)
			continue;
		pfd.events = POLLIN;
		if (client.full ||
		    client.asked - client.answered < habit->ahead)
			pfd.events |= POLLOUT;
		/* In peace it is told of nothing, and looks. */
		if (shared->idle || shared->over ||
		    client.asked == client.answered)
			poll(&pfd, 1, 20);
		else if (poll(&pfd, 1, 10000) != 1)
			test_fail(__FILE__, __LINE__,
				  "nothing for ten seconds, %llu asked, %llu answered",
				  (unsigned long long)client.asked,
				  (unsigned long long)client.answered);
		client.full &= !(pfd.revents & POLLOUT);
	}
}

static int client_connect(const struct habit *habit)
{
	struct sockaddr_rserpool address;
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	socklen_t len;

	CHECK(fd >= 0);
	set_option(fd, RSP_FAILOVER, habit->mode);
	set_option(fd, RSP_REPLAY, habit->replay);
	set_option(fd, RSP_DETECT_TIMEOUT, DETECT_MS);
	address = pool_address("model", 0, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	return fd;
}

/* The schedule. */

static void client_check(void)
{
	int status;

	if (waitpid(trial.client, &status, WNOHANG))
		test_fail(__FILE__, __LINE__, "the client ended with 0x%x",
			  status);
}

static void pause_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

/* The client has so many more answers. */
static void progress(uint32_t answers)
{
	uint64_t until = shared->answered + answers;
	int i;

	for (i = 0; i < 10000 && shared->answered < until; i++) {
		client_check();
		pause_ms(1);
	}
	CHECK(shared->answered >= until);
}

/* It is served, after as many failovers as there were failures. */
static struct rsp_info settle(void)
{
	struct rsp_info info;
	int i;

	for (i = 0; i < 10000; i++) {
		info = get_info(trial.fd);
		if (info.state == RSP_SESSION_READY &&
		    (int32_t)(info.generation - trial.generation) >= 0 &&
		    info.resumed == info.generation)
			break;
		client_check();
		pause_ms(1);
	}
	CHECK_EQ(info.state, RSP_SESSION_READY);
	CHECK_EQ(info.generation, trial.generation);
	return info;
}

enum failure {
	KILL, KILL_STOPPED, RESET_THERE, RESET_HERE, SEVER, FORCE, CUT, SILENT,
};

/* Of 100, how many are which; silence costs a second each. */
static const uint8_t failures[][2] = {
	{ KILL, 30 }, { KILL_STOPPED, 6 }, { RESET_THERE, 18 },
	{ RESET_HERE, 8 }, { SEVER, 12 }, { FORCE, 12 }, { CUT, 6 },
	{ SILENT, 8 },
};

static enum failure failure_draw(void)
{
	uint32_t at = draw(&schedule, 100), i = 0;

	while (at >= failures[i][1])
		at -= failures[i++][1];
	return failures[i][0];
}

static void fail(struct node *node, enum failure failure, enum cut cut)
{
	switch (failure) {
	case KILL:
		node_kill(node);
		break;
	case KILL_STOPPED:
		kill(node->pid, SIGSTOP);
		pause_ms(draw(&schedule, 50));
		node_kill(node);
		break;
	case RESET_THERE:
		host_enter(&node->host);
		host_reset();
		host_leave();
		break;
	case RESET_HERE:
		host_reset();
		break;
	case SEVER:
		node_remove(node, true);
		break;
	case FORCE:
		set_option(trial.fd, RSP_FORCE_FAILOVER, 0);
		break;
	case CUT:
	case SILENT:
		host_cut(&node->host, cut);
		break;
	}
}

static void repair(struct node *node, enum failure failure, enum cut cut)
{
	if (!node->pid)
		node_start(node);
	if (failure == SEVER)
		node_add(node);
	if (failure == CUT || failure == SILENT)
		host_heal(&node->host, cut);
}

/* What is no failure: the session stays where it is. */
static void trouble(struct node *serving)
{
	struct node *node = &nodes[draw(&schedule, NODES)];

	switch (draw(&schedule, 3)) {
	case 0:
		kill(serving->pid, SIGSTOP);
		pause_ms(draw(&schedule, 12) ? draw(&schedule, 100)
					    : DETECT_MS + 200);
		CHECK_EQ(get_info(trial.fd).generation, trial.generation);
		kill(serving->pid, SIGCONT);
		break;
	case 1:
		node_remove(node, false);
		node_add(node);
		break;
	case 2:
		host_lossy(&serving->host, true);
		progress(draw(&schedule, 20));
		host_lossy(&serving->host, false);
		break;
	}
}

static void failover(void)
{
	struct node *other = NULL, *serving;
	enum failure failure = failure_draw();
	enum cut cut;

	serving = &nodes[settle().pe_id - 1];
	if (failure == CUT)
		cut = draw(&schedule, 2) ? CUT_ICMP : CUT_RESET;
	else
		cut = draw(&schedule, CUT_LINK + 1);
	if (!draw(&schedule, 5))
		trouble(serving);
	if (!draw(&schedule, 4))
		other = &nodes[(serving - nodes + 1) % NODES];
	if (other)
		node_kill(other);
	shared->idle = !draw(&schedule, 5);
	if (!shared->idle)
		progress(draw(&schedule, 30));
	else
		pause_ms(draw(&schedule, 60));

	CHECK_EQ(get_info(trial.fd).generation, trial.generation);
	fail(serving, failure, cut);
	trial.generation++;
	settle();
	shared->idle = false;
	repair(serving, failure, cut);
	if (other)
		repair(other, KILL, cut);
}

static struct habit habit_draw(uint8_t mode)
{
	struct habit habit = {
		.mode = mode,
		.ahead = 1 + draw(&schedule, AHEAD_MAX),
		.request_max = draw(&schedule, 2) ? REQUEST_MAX : 1000,
	};

	/* With less, a checkpoint need not come before it is full. */
	habit.replay = (CHECKPOINT + 1) * habit.request_max;
	return habit;
}

static void session(uint8_t mode, unsigned int failovers)
{
	struct habit habit = habit_draw(mode);
	unsigned int i;
	int status;

	memset(shared, 0, sizeof(*shared));
	trial.fd = client_connect(&habit);
	trial.generation = 0;
	fflush(stdout);
	trial.client = fork();
	CHECK(trial.client >= 0);
	if (!trial.client) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		client_run(trial.fd, &habit, draw(&schedule, ~0u));
		_exit(0);
	}
	for (i = 0; i < failovers; i++)
		failover();
	progress(10);
	shared->over = true;
	CHECK_EQ(waitpid(trial.client, &status, 0), trial.client);
	CHECK_EQ(status, 0);
	CHECK_EQ(shared->answered, shared->asked);
	CHECK_EQ(get_info(trial.fd).generation, failovers);
	CHECK_EQ(get_info(trial.fd).auth,
		 secure ? RSP_AUTH_PSK : RSP_AUTH_NONE);
	CHECK_EQ(shared->changes,
		 mode == RSP_FAILOVER_NOTIFY ? failovers : 0);
	printf("# %u failovers, %llu answers, ahead %u, up to %u octets\n",
	       failovers, (unsigned long long)shared->answered, habit.ahead,
	       habit.request_max);
	close(trial.fd);
	trial.fd = -1;
}

static unsigned int failovers(void)
{
	const char *n = getenv("RSP_FAILOVERS");

	if (n)
		return atoi(n);
	/* UML with all its checks is slow, and 32 bits are nothing new. */
	return sizeof(long) == 4 || !access("/sys/kernel/debug/kmemleak", F_OK) ?
	       16 : 80;
}

static void model(uint8_t mode, unsigned int n)
{
	const char *given = getenv("RSP_SEED");
	uint32_t seed;
	unsigned int i;

	CHECK_EQ(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
	if (given)
		seed = strtoul(given, NULL, 0);
	printf("# again: make check T=model SEED=%u\n", seed);
	schedule = dice_of(seed);
	sealed = draw(&schedule, 2);
	alarm(120 + 3 * n);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	nodes_make();
	for (i = 0; i < SESSIONS; i++)
		session(mode, n * (i + 1) / SESSIONS - n * i / SESSIONS);
}

TEST(model_auto)
{
	model(RSP_FAILOVER_AUTO, failovers());
}

TEST(model_notify)
{
	model(RSP_FAILOVER_NOTIFY, failovers() / 4);
}

TEST(model_auto_over_tls)
{
	secure = true;
	model(RSP_FAILOVER_AUTO, failovers() / 4);
}

TEST(model_notify_over_tls)
{
	secure = true;
	model(RSP_FAILOVER_NOTIFY, failovers() / 8);
}
