// SPDX-License-Identifier: GPL-2.0
/* RSP_STANDBY: a connection that stands by, to the element of the next failover. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "framed.h"

#define COOKIE		11
#define COOKIE_ECHO	12
#define IDS		8

/* Shared with all servers, by their ids. */
static struct {
	int accepts;		/* connections that came */
	int ends;		/* and that the user ended */
	int controls;		/* control messages that came */
	int messages;		/* messages that came */
} *seen;

static int look(const int *at)
{
	return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static void add(int *at)
{
	__atomic_add_fetch(at, 1, __ATOMIC_SEQ_CST);
}

static void seen_init(void)
{
	seen = mmap(NULL, IDS * sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(seen != MAP_FAILED);
}

/* Says its id, then echoes; an exclamation mark is more than it can bear. */
static void plain(int fd, uint32_t id, const void *arg)
{
	char buf[4096];
	ssize_t n;

	(void)arg;
	add(&seen[id].accepts);
	if (write(fd, &id, sizeof(id)) != sizeof(id))
		return;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (buf[0] == '!' || write(fd, buf, n) != n)
			return;
	if (!n)
		add(&seen[id].ends);
}

/* Ends each connection in which nothing is said for a while. */
static void hasty(int fd, uint32_t id, const void *arg)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	if (poll(&pollfd, 1, 300))
		plain(fd, id, arg);
	else
		add(&seen[id].accepts);
}

/* The first one echoes with control; it sets a cookie. */
static void framed(int fd, uint32_t id, const void *arg)
{
	static const unsigned char cookie[] = {
		COOKIE, 0, 0, 12, 0, 13, 0, 8, 's', 't', 'a', 't',
	};
	static struct frame frame;

	(void)arg;
	add(&seen[id].accepts);
	/* All do so; of one that stands by it says nothing of the session. */
	frame_send(fd, RSP_PPID_ASAP, sizeof(cookie), cookie, sizeof(cookie));
	while (frame_receive(fd, &frame)) {
		if (frame.ppid != RSP_PPID_ASAP) {
			add(&seen[id].messages);
			frame_send(fd, frame.ppid, frame.length, frame.octets,
				   frame.length);
		} else if (!frame.length) {
			add(&seen[id].ends);
		} else if (frame.octets[0] == COOKIE_ECHO) {
			CHECK_EQ(frame.length, sizeof(cookie));
			CHECK(!memcmp(frame.octets + 8, "stat", 4));
			add(&seen[id].controls);
		}
	}
}

static struct server server(uint32_t id, server_fn *fn)
{
	struct server server = server_run(id, AF_INET, fn, NULL);

	run("rspctl pe add pool p id %u tcp 127.0.0.1:%u", id, server.port);
	return server;
}

/* Servers 1 to n. */
static void pool(const char *config, int n, server_fn *fn,
		 struct server *servers)
{
	int i;

	seen_init();
	run("rspctl scope set avoid-min 200ms avoid-max 400ms");
	run("rspctl pool add p fin failure failover auto %s", config);
	for (i = 0; i < n; i++)
		servers[i] = server(i + 1, fn);
}

/* Wait until it is @id that stands by, 0: any. */
static uint32_t standby_is(int fd, uint32_t id)
{
	uint32_t now;
	int i;

	for (i = 0; i < 1000; i++) {
		now = get_info(fd).standby_pe_id;
		if (now && (!id || now == id))
			return now;
		usleep(10000);
	}
	test_fail(__FILE__, __LINE__, "%u does not stand by, but %u", id, now);
}

static void standby_gone(int fd)
{
	int i;

	for (i = 0; get_info(fd).standby_pe_id; i++) {
		CHECK(i < 1000);
		usleep(10000);
	}
}

static void wait_count(const int *at, int want)
{
	int i;

	for (i = 0; look(at) < want; i++) {
		CHECK(i < 1000);
		usleep(10000);
	}
	CHECK_EQ(look(at), want);
}

static int standby_socket(void)
{
	int fd = new_socket(0);

	set_option(fd, RSP_STANDBY, 1);
	return fd;
}

static int standby_connect(void)
{
	int fd = standby_socket();

	CHECK_EQ(connect_to(fd, "p"), 0);
	return fd;
}

TEST(standby_failover_opens_no_connection)
{
	struct server servers[2];
	struct rsp_info info;
	uint32_t id, next;
	int fd;

	pool("", 2, plain, servers);
	fd = standby_connect();
	id = read_id(fd);
	next = standby_is(fd, 3 - id);
	/* Its greeting is not for now. */
	CHECK_EQ(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 100),
		 0);
	check_echo(fd, "before");
	CHECK_EQ(look(&seen[next].accepts), 1);
	server_kill(&servers[id - 1]);
	CHECK_EQ(read_id(fd), next);
	check_echo(fd, "after");
	info = get_info(fd);
	CHECK_EQ(info.pe_id, next);
	CHECK_EQ(info.prev_pe_id, id);
	CHECK_EQ(info.standby_pe_id, 0);
	CHECK_EQ(look(&seen[next].accepts), 1);
	CHECK_EQ(counter("StandbyUsed"), 1);
	CHECK_EQ(counter("StandbyLost"), 0);
	CHECK_EQ(counter("ConnectDone"), 2);

	/* The other comes back, and stands by for the next. */
	servers[id - 1] = server_run(id, AF_INET, plain, NULL);
	standby_is(fd, id);
	server_kill(&servers[next - 1]);
	CHECK_EQ(read_id(fd), id);
	CHECK_EQ(look(&seen[id].accepts), 2);
	CHECK_EQ(counter("StandbyUsed"), 2);
}

TEST(standby_in_notify_waits_for_the_resume)
{
	struct server servers[2];
	uint32_t id;
	char octet;
	int fd;

	pool("", 2, plain, servers);
	fd = standby_socket();
	set_option(fd, RSP_FAILOVER, RSP_FAILOVER_NOTIFY);
	CHECK_EQ(connect_to(fd, "p"), 0);
	id = read_id(fd);
	standby_is(fd, 0);
	server_kill(&servers[id - 1]);
	CHECK_ERR(read(fd, &octet, 1), EREMCHG);
	set_option(fd, RSP_RESUME, 1);
	CHECK_EQ(read_id(fd), 3 - id);
	CHECK_EQ(look(&seen[3 - id].accepts), 1);
	CHECK_EQ(counter("StandbyUsed"), 1);
}

/* A session with server 1; what stands by comes later. */
static int framed_session(struct server *servers)
{
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	struct sockaddr_rserpool p;
	socklen_t len;

	seen_init();
	servers[0] = framed_pool("p", "failover auto", framed, NULL);
	set_option(fd, RSP_STANDBY, 1);
	p = pool_address("p", 0, &len);
	CHECK_EQ(connect(fd, (void *)&p, len), 0);
	return fd;
}

static void moved_to(int fd, uint32_t id)
{
	int i;

	for (i = 0; get_info(fd).pe_id != id; i++) {
		CHECK(i < 1000);
		usleep(10000);
	}
}

static void ask(int fd)
{
	char octet;

	CHECK_EQ(send(fd, "x", 1, 0), 1);
	CHECK_EQ(recv(fd, &octet, 1, 0), 1);
}

/* It has shown its card; what is of the session comes when the session does. */
TEST(standby_framed_is_told_nothing)
{
	struct server servers[2];
	int fd;

	fd = framed_session(servers);
	ask(fd);
	servers[1] = framed_server("p", 2, framed, NULL);
	standby_is(fd, 2);
	ask(fd);
	wait_count(&seen[2].accepts, 1);
	CHECK_EQ(look(&seen[2].controls), 0);
	server_kill(&servers[0]);
	moved_to(fd, 2);
	ask(fd);
	CHECK_EQ(look(&seen[2].accepts), 1);
	CHECK_EQ(look(&seen[2].controls), 1);
	CHECK_EQ(look(&seen[2].messages), 1);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	wait_count(&seen[2].ends, 1);
}

static void no_card(int fd, uint32_t id, const void *arg)
{
	char octet;

	(void)arg;
	add(&seen[id].accepts);
	while (read(fd, &octet, 1) > 0)
		;
}

/* One that shows no card does not stand by. */
TEST(standby_framed_without_card)
{
	struct server servers[2], mute;
	int fd;

	fd = framed_session(servers);
	mute = server_run(3, AF_INET, no_card, NULL);
	run("rspctl pe add pool p id 3 tcp 127.0.0.1:%u use control", mute.port);
	wait_count(&seen[3].accepts, 1);
	ask(fd);
	CHECK_EQ(get_info(fd).standby_pe_id, 0);
	servers[1] = framed_server("p", 2, framed, NULL);
	standby_is(fd, 2);
	CHECK(counter("ElementAvoided") >= 1);
	ask(fd);
}

TEST(standby_replaced_when_its_element_goes)
{
	struct server servers[4];
	uint32_t id, now, was;
	int fd;

	pool("", 4, plain, servers);
	fd = standby_connect();
	id = read_id(fd);

	was = standby_is(fd, 0);
	run("rspctl pe del pool p id %u", was);
	while ((now = standby_is(fd, 0)) == was)
		;
	/* In good order: it has done nothing wrong. */
	wait_count(&seen[was].ends, 1);
	CHECK_EQ(counter("StandbyLost"), 1);
	pool_join("p", &servers[was - 1]);

	was = now;
	run("rspctl pe drain pool p id %u", was);
	while ((now = standby_is(fd, 0)) == was)
		;
	while (!look(&seen[was].ends))
		usleep(10000);

	was = now;
	server_kill(&servers[was - 1]);
	while ((now = standby_is(fd, 0)) == was)
		;
	CHECK_EQ(counter("StandbyLost"), 3);
	CHECK(now != id);
	check_echo(fd, "never left");
	CHECK_EQ(get_info(fd).generation, 0);
}

/* Another session finds that it has failed. */
TEST(standby_replaced_when_its_element_is_avoided)
{
	struct server servers[3];
	uint32_t was;
	int fd, other;

	pool("policy prio", 0, plain, NULL);
	run("rspctl scope set avoid-min 60s avoid-max 60s");
	for (int i = 0; i < 3; i++) {
		servers[i] = server_run(i + 1, AF_INET, plain, NULL);
		run("rspctl pe add pool p id %d tcp 127.0.0.1:%u priority %d",
		    i + 1, servers[i].port, 9 - i);
	}
	fd = standby_connect();
	CHECK_EQ(read_id(fd), 1);
	was = standby_is(fd, 2);
	other = new_socket(0);
	run("rspctl pe drain pool p id 1");
	CHECK_EQ(connect_to(other, "p"), 0);
	CHECK_EQ(read_id(other), was);
	write_all(other, "!", 1);
	standby_is(fd, 3);
	check_echo(fd, "never left");
}

TEST(standby_pool_shrinks_to_one_and_grows)
{
	struct server servers[3];
	uint32_t id;
	int fd, i;

	pool("", 3, plain, servers);
	fd = standby_connect();
	id = read_id(fd);
	standby_is(fd, 0);
	for (i = 1; i <= 3; i++)
		if ((uint32_t)i != id)
			run("rspctl pe del pool p id %d", i);
	standby_gone(fd);
	check_echo(fd, "alone");
	pool_join("p", &servers[id % 3]);
	standby_is(fd, id % 3 + 1);
	/* The pool goes and is made anew. */
	run("rspctl pool del p");
	standby_gone(fd);
	check_echo(fd, "in no pool");
	run("rspctl pool add p fin failure failover auto");
	pool_join("p", &servers[(id + 1) % 3]);
	standby_is(fd, (id + 1) % 3 + 1);
	server_kill(&servers[id - 1]);
	CHECK_EQ(read_id(fd), (id + 1) % 3 + 1);
}

/* The one that fails first is not the one that serves. */
TEST(standby_both_fail)
{
	struct server servers[3];
	uint32_t id, next, now;
	int fd;

	pool("", 3, plain, servers);
	fd = standby_connect();
	id = read_id(fd);
	next = standby_is(fd, 0);
	server_kill(&servers[next - 1]);
	server_kill(&servers[id - 1]);
	/* What stood by may have seemed to live, and have greeted. */
	do
		now = read_id(fd);
	while (now == next);
	CHECK_EQ(now, 6 - id - next);
	check_echo(fd, "the last");
}

TEST(standby_of_a_silent_host)
{
	struct server servers[2];
	uint32_t id;
	int fd;

	pool("", 2, plain, servers);
	fd = standby_socket();
	set_option(fd, RSP_DETECT_TIMEOUT, RSP_DETECT_MIN);
	CHECK_EQ(connect_to(fd, "p"), 0);
	id = read_id(fd);
	standby_is(fd, 3 - id);
	server_cut(&servers[2 - id]);
	standby_gone(fd);
	check_echo(fd, "alive");
	/* And while it is being connected. */
	CHECK_EQ(get_info(fd).generation, 0);
	server_heal();
	standby_is(fd, 3 - id);
	CHECK_EQ(get_info(fd).generation, 0);
}

/* A server that ends what is idle has not failed, and is tried in a while. */
TEST(standby_of_a_hasty_server)
{
	struct server servers[2];
	int fd;

	seen_init();
	run("rspctl scope set avoid-min 200ms avoid-max 400ms");
	run("rspctl pool add p fin eof failover auto");
	servers[0] = server(1, plain);
	fd = standby_connect();
	CHECK_EQ(read_id(fd), 1);
	servers[1] = server(2, hasty);
	wait_count(&seen[2].accepts, 2);
	CHECK(counter("StandbyLost") >= 1);
	CHECK_EQ(counter("ElementAvoided"), 0);
	standby_is(fd, 2);
	CHECK_EQ(get_info(fd).generation, 0);
	check_echo(fd, "as ever");
	server_kill(&servers[1]);
}

/* What is first by its priority; where turns are taken, it stays. */
TEST(standby_moves_to_a_higher_priority)
{
	struct server servers[4];
	int fd, i;

	pool("policy prio", 0, plain, NULL);
	for (i = 1; i <= 4; i++)
		servers[i - 1] = server_run(i, AF_INET, plain, NULL);
	run("rspctl pe add pool p id 1 tcp 127.0.0.1:%u priority 9",
	    servers[0].port);
	run("rspctl pe add pool p id 2 tcp 127.0.0.1:%u priority 2",
	    servers[1].port);
	fd = standby_connect();
	CHECK_EQ(read_id(fd), 1);
	standby_is(fd, 2);
	run("rspctl pe add pool p id 3 tcp 127.0.0.1:%u priority 3",
	    servers[2].port);
	standby_is(fd, 3);
	wait_count(&seen[2].ends, 1);
	run("rspctl pe add pool p id 4 tcp 127.0.0.1:%u priority 3",
	    servers[3].port);
	CHECK_EQ(usleep(300000), 0);
	CHECK_EQ(get_info(fd).standby_pe_id, 3);
	CHECK_EQ(look(&seen[3].accepts), 1);
	CHECK_EQ(counter("StandbyLost"), 0);
}

/* Where a failover is out of the question, nothing stands by. */
TEST(standby_only_where_the_session_can_move)
{
	struct sockaddr_rserpool address;
	struct server servers[2];
	socklen_t len;
	uint32_t id;
	int fd;

	pool("", 2, plain, servers);
	fd = standby_socket();
	address = pool_address("p", 1, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	CHECK_EQ(read_id(fd), 1);
	check_echo(fd, "this one");
	CHECK_EQ(look(&seen[2].accepts), 0);
	close(fd);

	fd = standby_socket();
	set_option(fd, RSP_FAILOVER, RSP_FAILOVER_OFF);
	CHECK_EQ(connect_to(fd, "p"), 0);
	id = read_id(fd);
	check_echo(fd, "or none");
	CHECK_EQ(get_info(fd).standby_pe_id, 0);
	close(fd);

	fd = standby_connect();
	id = read_id(fd);
	standby_is(fd, 0);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	standby_gone(fd);
	while (!look(&seen[3 - id].ends))
		usleep(10000);
}

TEST(standby_set_and_cleared)
{
	int fd, session, listener, on = 1, value = 2;
	struct server servers[2];
	socklen_t len = sizeof(on);
	uint32_t id;

	pool("", 2, plain, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	CHECK_EQ(get_option(fd, RSP_STANDBY), 0);
	CHECK_EQ(look(&seen[3 - id].accepts), 0);
	set_option(fd, RSP_STANDBY, 1);
	CHECK_EQ(get_option(fd, RSP_STANDBY), 1);
	standby_is(fd, 3 - id);
	run("rspctl session show | grep -q ' standby 0x%08x '", 3 - id);
	run("rspctl -json session show | grep -q '\"standby\": *%u'", 3 - id);
	set_option(fd, RSP_STANDBY, 1);
	set_option(fd, RSP_STANDBY, 0);
	CHECK_EQ(get_info(fd).standby_pe_id, 0);
	wait_count(&seen[3 - id].ends, 1);
	run("! rspctl session show | grep -q standby");
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_STANDBY, &value, len),
		  EINVAL);
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_STANDBY, &on, 3), EINVAL);

	listener = element("q", 1, SOCK_STREAM);
	CHECK_ERR(setsockopt(listener, SOL_RSERPOOL, RSP_STANDBY, &on, len),
		  EOPNOTSUPP);
	fd = pool_connect("q");
	session = accept(listener, NULL, NULL);
	CHECK(session >= 0);
	CHECK_ERR(setsockopt(session, SOL_RSERPOOL, RSP_STANDBY, &on, len),
		  EOPNOTSUPP);
}

/* What is set of the session is true of who stands by. */
TEST(standby_has_the_options)
{
	struct linger linger = { 1, 3600 };
	static char message[300000], back[sizeof(message) + 1];
	struct server servers[2];
	int fd, mark = 77;

	fd = framed_session(servers);
	ask(fd);
	servers[1] = framed_server("p", 2, framed, NULL);
	standby_is(fd, 2);
	set_option(fd, RSP_MESSAGE_MAX, sizeof(message));
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)), 0);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
			    sizeof(linger)), 0);
	server_kill(&servers[0]);
	moved_to(fd, 2);
	memset(message, 'm', sizeof(message));
	CHECK_EQ(send(fd, message, 65528, 0), 65528);
	CHECK_EQ(recv(fd, back, sizeof(back), 0), 65528);
	set_option(fd, RSP_MESSAGE_MAX, 1);
	CHECK_ERR(send(fd, message, 2, 0), EMSGSIZE);
	run("ss -Htme state established 'dport = %u' | grep -q fwmark:0x4d",
	    servers[1].port);
	/* Nobody waits for it to end: the work item would. */
	run("rspctl pe del pool p id 1");
	servers[0] = framed_server("p", 1, framed, NULL);
	standby_is(fd, 1);
	set_option(fd, RSP_STANDBY, 0);
	linger.l_onoff = 0;
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
			    sizeof(linger)), 0);
}

static volatile bool over;

static void *echo_for_ever(void *arg)
{
	int fd = *(int *)arg;
	uint32_t word;

	while (!over) {
		if (send(fd, "abcd", 4, MSG_NOSIGNAL) != 4)
			break;
		if (recv(fd, &word, 4, MSG_WAITALL) != 4)
			break;
	}
	CHECK(over);
	return NULL;
}

TEST(standby_set_and_cleared_under_load)
{
	struct server servers[3];
	pthread_t thread;
	int fd, i;

	pool("", 3, plain, servers);
	run("rspctl scope set avoid-min 1ms avoid-max 2ms");
	fd = pool_connect("p");
	CHECK_EQ(pthread_create(&thread, NULL, echo_for_ever, &fd), 0);
	for (i = 0; i < 200; i++) {
		set_option(fd, RSP_STANDBY, ~i & 1);
		if (i % 20 == 10)
			run("rspctl pe del pool p id %d", i / 20 % 3 + 1);
		else if (i % 20 == 15)
			pool_join("p", &servers[i / 20 % 3]);
		if (i % 40 == 0) {
			standby_is(fd, 0);
			set_option(fd, RSP_FORCE_FAILOVER, 0);
		}
	}
	set_option(fd, RSP_STANDBY, 1);
	standby_is(fd, 0);
	over = true;
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(get_info(fd).generation, 5);
}

/* READY, and the one that is to stand by does not answer. */
static int connecting(const struct server *servers)
{
	int fd = standby_socket();

	CHECK_EQ(connect_to(fd, "two"), 0);
	server_cut(&servers[1]);
	pool_join("two", &servers[1]);
	while (get_info(fd).elements_tried < 2)
		usleep(1000);
	CHECK_EQ(get_info(fd).standby_pe_id, 0);
	return fd;
}

static const char *const states[] = {
	"new", "connects", "ready", "stood by", "nearly stood by", "moved",
	"over",
};

#define STATES	(int)(sizeof(states) / sizeof(*states))

static int in_state(int state, const struct server *servers)
{
	struct sockaddr_rserpool hole;
	int fd = standby_socket();
	socklen_t len;

	switch (state) {
	case 0:
		return fd;
	case 1:
		close(fd);
		fd = new_socket(SOCK_NONBLOCK);
		set_option(fd, RSP_STANDBY, 1);
		hole = pool_address("hole", 0, &len);
		CHECK_ERR(connect(fd, (void *)&hole, len), EINPROGRESS);
		return fd;
	case 4:
		close(fd);
		return connecting(servers);
	}
	CHECK_EQ(connect_to(fd, "p"), 0);
	if (state > 2)
		standby_is(fd, 0);
	if (state == 6)
		set_option(fd, RSP_FAILOVER, RSP_FAILOVER_OFF);
	if (state > 4)
		set_option(fd, RSP_FORCE_FAILOVER, 0);
	return fd;
}

/* As server_heal(), also where nothing was cut. */
static void heal(void)
{
	run("nft delete table inet cut 2> /dev/null || :");
}

static void ends(int fd, int how)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	pid_t child;

	switch (how) {
	case 1:
		CHECK_EQ(connect(fd, &unspec, sizeof(unspec)), 0);
		CHECK_EQ(get_info(fd).standby_pe_id, 0);
		heal();
		/* The option holds for the next session. */
		set_option(fd, RSP_FAILOVER, RSP_FAILOVER_AUTO);
		if (connect_to(fd, "p"))
			CHECK_EQ(errno, EINPROGRESS);
		standby_is(fd, 0);
		break;
	case 2:
		shutdown(fd, SHUT_RDWR);
		standby_gone(fd);
		break;
	case 3:
		child = fork();
		if (!child)
			for (;;)
				pause();
		close(fd);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		return;
	}
	CHECK_EQ(close(fd), 0);
}

TEST(standby_every_state_ends)
{
	struct server servers[3];
	int state, how;

	pool("", 3, plain, servers);
	run("rspctl pool add two");
	pool_join("two", &servers[0]);
	run("rspctl pe add pool hole id 1 tcp 127.0.0.1:9");
	run("nft 'table inet hole {\n"
	    "  chain in { type filter hook input priority 0; tcp dport 9 drop; }\n"
	    "}'");
	for (how = 0; how < 4; how++) {
		for (state = 0; state < STATES; state++) {
			printf("# %s, %d\n", states[state], how);
			ends(in_state(state, servers), how);
			if (state != 4)
				continue;
			heal();
			run("rspctl pe del pool two id 2");
		}
	}
	run("[ \"$(rspctl -json session show)\" = '[]' ]");
	run("! rspctl -json pe show | grep -q '\"sessions\": *[1-9]'");
}
