// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions while all around them changes: elements come and go, servers die one
 * after the other, threads share a socket.
 *
 * RSP_FAILOVERS: how many servers die in each loop (100)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool.h"

static unsigned int failovers(void)
{
	const char *n = getenv("RSP_FAILOVERS");

	/* Of a 32-bit program the loop has nothing new to say. */
	if (sizeof(long) == 4)
		return 10;
	if (!n)
		return 100;
	/* As many as that take longer than a test may. */
	alarm(120 + atoi(n));
	return atoi(n);
}

static volatile bool over;

/* What a program may see of a pool that is taken apart below it. */
static bool expected(int err)
{
	switch (err) {
	case EREMCHG:
	case ECONNRESET:
	case EHOSTUNREACH:
	case ENOENT:
	case EPIPE:
	case EAGAIN:
		return true;
	default:
		return false;
	}
}

static unsigned int talks;

/* Connect, talk, close, again and again. */
static void *visit(void *arg)
{
	struct timeval soon = { .tv_sec = 2 };
	char word[8], back[8];
	uint32_t id;
	int fd, i;

	while (!over) {
		fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);
		CHECK(fd >= 0);
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
		if (connect_to(fd, arg)) {
			CHECK(expected(errno));
			goto next;
		}
		if (recv(fd, &id, 4, MSG_WAITALL) != 4)
			goto next;
		CHECK(id >= 1 && id <= 9);
		for (i = 0; i < 3; i++) {
			snprintf(word, sizeof(word), "%u.%d", id, i);
			if (send(fd, word, 8, MSG_NOSIGNAL) < 0) {
				CHECK(expected(errno));
				goto next;
			}
			if (recv(fd, back, 8, MSG_WAITALL) != 8 ||
			    get_info(fd).generation)
				goto next;
			CHECK(!memcmp(word, back, 8));
		}
		__atomic_add_fetch(&talks, 1, __ATOMIC_RELAXED);
next:
		close(fd);
	}
	return NULL;
}

static void start_threads(pthread_t *threads, int n, void *(*fn)(void *),
			  void *arg)
{
	int i;

	over = false;
	for (i = 0; i < n; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, fn, arg), 0);
}

static void end_threads(pthread_t *threads, int n)
{
	int i;

	over = true;
	for (i = 0; i < n; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

static void put_pe(FILE *f, int id)
{
	fprintf(f, "pe add pool p id %d tcp 127.0.0.1:%d\n", id, 7000 + id);
}

/* The pool as pool_make() made it, and so again at the end. */
static void write_batch(const char *name)
{
	FILE *f = fopen(name, "w");
	int round, id;

	CHECK(f);
	for (round = 0; round < 10; round++) {
		for (id = 1; id <= 3; id++) {
			fprintf(f, "pe drain pool p id %d\n", id);
			fprintf(f, "pe del pool p id %d%s\n", id,
				round & 1 ? " now" : "");
			put_pe(f, id);
		}
		fprintf(f, "pe del pool p id 1 now\n");
		fprintf(f, "pe del pool p id 2\n");
		fprintf(f, "pe del pool p id 3 now\n");
		if (round == 5)
			fprintf(f, "pool del p%s\n"
				"pool add p fin failure failover auto\n",
				round & 2 ? " now" : "");
		for (id = 1; id <= 3; id++)
			put_pe(f, id);
	}
	CHECK_EQ(fclose(f), 0);
}

TEST(churn_elements)
{
	struct server servers[3];
	pthread_t threads[4];
	char name[64];
	int i;

	pool_make("p", "fin failure failover auto", 3, ECHO, servers);
	run("rspctl scope set avoid-min 10ms avoid-max 20ms");
	snprintf(name, sizeof(name), "/tmp/churn.%d", getpid());
	write_batch(name);
	start_threads(threads, 4, visit, (void *)"p");
	for (i = 0; i < 8; i++)
		run("rspctl -batch %s > /dev/null", name);
	end_threads(threads, 4);
	unlink(name);
	CHECK(talks > 10);
	for (i = 0; i < 6; i++)
		check_echo(pool_connect("p"), "");
	run("rspctl pool show p | grep -q 'elements 3'");
}

/*
 * The servers die one after the other, and each comes back as soon as the
 * session has found another.  The model: each death is one generation, and the
 * session then is with one that lives.
 */
static void die_in_turn(const char *config, bool notify)
{
	unsigned int i, n = failovers();
	struct server servers[3];
	pthread_t threads[2];
	struct rsp_info info;
	uint32_t id, old;
	char octet;
	int fd;

	run("rspctl scope set avoid-min 1ms avoid-max 2ms");
	pool_make("p", config, 3, ECHO, servers);
	start_threads(threads, 2, visit, (void *)"p");
	fd = pool_connect("p");
	id = read_id(fd);
	for (i = 1; i <= n; i++) {
		check_echo(fd, "alive");
		old = id;
		server_kill(&servers[old - 1]);
		if (notify) {
			CHECK_ERR(recv(fd, &octet, 1, 0), EREMCHG);
			CHECK_ERR(send(fd, "x", 1, 0), EREMCHG);
			CHECK_EQ(get_info(fd).resumed, i - 1);
			set_option(fd, RSP_RESUME, i);
		}
		id = read_id(fd);
		CHECK(id != old && id >= 1 && id <= 3);
		info = get_info(fd);
		CHECK_EQ(info.state, RSP_SESSION_READY);
		CHECK_EQ(info.generation, i);
		CHECK_EQ(info.resumed, i);
		CHECK_EQ(info.pe_id, id);
		CHECK_EQ(info.prev_pe_id, old);
		servers[old - 1] = server_start(old, ECHO, AF_INET);
	}
	end_threads(threads, 2);
	CHECK(talks > 0);
}

TEST(churn_failovers_auto)
{
	die_in_turn("fin failure failover auto", false);
}

TEST(churn_failovers_notify)
{
	die_in_turn("fin failure failover notify", true);
}

/* A socket that a writer, a reader and one who resumes share. */
static struct {
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopped;		/* the reader saw EREMCHG, not resumed yet */
	unsigned int read;	/* whole answers */
} shared = {
	.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER,
};

/* A message of which a part was refused is given up; the next is another. */
static void *write_messages(void *arg)
{
	char message[MESSAGE_SIZE];
	uint32_t n = 0;
	ssize_t sent;

	(void)arg;
	while (!over) {
		message_fill(message, n++);
		sent = send(shared.fd, message, sizeof(message), MSG_NOSIGNAL);
		if (sent < 0) {
			CHECK_EQ(errno, EREMCHG);
			usleep(1000);
		}
	}
	return NULL;
}

/* All answers between two failovers come from one element, and are whole. */
static void *read_answers(void *arg)
{
	uint32_t id = 0, first = 0;
	ssize_t n;

	(void)arg;
	while (!over) {
		n = recv(shared.fd, &id, sizeof(id), MSG_WAITALL);
		if (n == sizeof(id)) {
			if (!first)
				first = id;
			CHECK_EQ(id, first);
			shared.read++;
			continue;
		}
		/* What was begun is not ended by another. */
		if (n >= 0)
			n = recv(shared.fd, &id, sizeof(id), 0);
		CHECK_EQ(n, -1);
		CHECK_EQ(errno, EREMCHG);
		pthread_mutex_lock(&shared.lock);
		shared.stopped = true;
		pthread_cond_signal(&shared.changed);
		while (shared.stopped)
			pthread_cond_wait(&shared.changed, &shared.lock);
		pthread_mutex_unlock(&shared.lock);
		first = 0;
	}
	return NULL;
}

TEST(churn_threads_share_a_socket)
{
	struct server servers[3];
	pthread_t writer, reader;
	uint32_t id;
	int i;

	run("rspctl scope set avoid-min 1ms avoid-max 2ms");
	pool_make("p", "fin failure", 3, WHOLE, servers);
	shared.fd = pool_connect("p");
	start_threads(&writer, 1, write_messages, NULL);
	start_threads(&reader, 1, read_answers, NULL);
	for (i = 0; i < 40; i++) {
		usleep(i % 7 * 3000);
		id = get_info(shared.fd).pe_id;
		if (i & 1 && id) {
			server_kill(&servers[id - 1]);
			servers[id - 1] = server_start(id, WHOLE, AF_INET);
		} else {
			set_option(shared.fd, RSP_FORCE_FAILOVER, 0);
		}
		pthread_mutex_lock(&shared.lock);
		while (!shared.stopped)
			pthread_cond_wait(&shared.changed, &shared.lock);
		CHECK(get_info(shared.fd).resumed !=
		      get_info(shared.fd).generation);
		if (i == 39)
			over = true;
		/* There may be one more since. */
		session_resume(shared.fd);
		shared.stopped = false;
		pthread_cond_signal(&shared.changed);
		pthread_mutex_unlock(&shared.lock);
	}
	CHECK_EQ(pthread_join(writer, NULL), 0);
	CHECK_EQ(pthread_join(reader, NULL), 0);
	CHECK(shared.read > 0);
	CHECK(messages_whole() > 0);
	CHECK_EQ(messages_broken(), 0);
}

/* A session of WHOLE servers, the one that serves stopped. */
static int session_that_blocks(struct server *servers)
{
	int fd;

	pool_make("p", "fin failure", 2, WHOLE, servers);
	fd = pool_connect("p");
	server_stop(&servers[get_info(fd).pe_id - 1]);
	return fd;
}

static void *force_soon(void *arg)
{
	usleep(500000);
	set_option(*(int *)arg, RSP_FORCE_FAILOVER, 0);
	return NULL;
}

/* After a failover: the new element gets what comes after the resume. */
static void check_fresh(int fd)
{
	char message[MESSAGE_SIZE];
	uint32_t id;

	CHECK_ERR(send(fd, "x", 1, 0), EREMCHG);
	session_resume(fd);
	message_fill(message, 77);
	write_all(fd, message, sizeof(message));
	read_all(fd, &id, sizeof(id));
	CHECK_EQ(messages_broken(), 0);
	CHECK_EQ(messages_whole(), 1);
}

TEST(churn_send_is_cut)
{
	static char block[1 << 24];
	struct server servers[2];
	pthread_t thread;
	ssize_t sent;
	int fd;

	fd = session_that_blocks(servers);
	CHECK_EQ(pthread_create(&thread, NULL, force_soon, &fd), 0);
	sent = send(fd, block, sizeof(block), MSG_WAITALL);
	CHECK(sent > 0 && sent < (ssize_t)sizeof(block));
	CHECK_EQ(pthread_join(thread, NULL), 0);
	check_fresh(fd);
}

TEST(churn_sendmmsg_is_cut)
{
	static char block[1 << 20];
	struct iovec iov = { block, sizeof(block) };
	struct mmsghdr vec[32];
	struct server servers[2];
	pthread_t thread;
	int fd, i, n;

	memset(vec, 0, sizeof(vec));
	for (i = 0; i < 32; i++) {
		vec[i].msg_hdr.msg_iov = &iov;
		vec[i].msg_hdr.msg_iovlen = 1;
	}
	fd = session_that_blocks(servers);
	CHECK_EQ(pthread_create(&thread, NULL, force_soon, &fd), 0);
	n = sendmmsg(fd, vec, 32, 0);
	CHECK(n > 0 && n < 32);
	for (i = 0; i < n - 1; i++)
		CHECK_EQ(vec[i].msg_len, sizeof(block));
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_ERR(sendmmsg(fd, vec, 32, 0), EREMCHG);
	check_fresh(fd);
}

static int file_of(size_t len)
{
	char name[] = "/tmp/churn.XXXXXX";
	int fd = mkstemp(name);

	CHECK(fd >= 0);
	unlink(name);
	CHECK_EQ(ftruncate(fd, len), 0);
	return fd;
}

TEST(churn_sendfile_is_cut)
{
	int fd, file = file_of(1 << 24);
	struct server servers[2];
	pthread_t thread;
	ssize_t sent;

	fd = session_that_blocks(servers);
	CHECK_EQ(pthread_create(&thread, NULL, force_soon, &fd), 0);
	sent = sendfile(fd, file, NULL, 1 << 24);
	CHECK(sent > 0 && sent < 1 << 24);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_ERR(sendfile(fd, file, NULL, 4096), EREMCHG);
	check_fresh(fd);
}

TEST(churn_splice_is_cut)
{
	int fd, pipes[2], file = file_of(1 << 24);
	struct server servers[2];
	pthread_t thread;
	ssize_t sent;

	fd = session_that_blocks(servers);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_EQ(pthread_create(&thread, NULL, force_soon, &fd), 0);
	for (;;) {
		CHECK(splice(file, NULL, pipes[1], NULL, 65536, 0) > 0);
		sent = splice(pipes[0], NULL, fd, NULL, 65536, 0);
		if (sent != 65536)
			break;
	}
	if (sent < 0)
		CHECK_EQ(errno, EREMCHG);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_ERR(splice(pipes[0], NULL, fd, NULL, 65536, 0), EREMCHG);
	check_fresh(fd);
}

/* What is spliced from a failed element is its own octets and no record. */
TEST(churn_splice_gives_no_events)
{
	struct rsp_event event;
	struct iovec iov = { &event, sizeof(event) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	uint32_t id, words[1024], n = 0;
	char buf[4096], *tail = buf;
	struct server servers[2];
	int fd, pipes[2];
	ssize_t len;
	char *at;

	pool_make("p", "fin failure", 2, COUNT, servers);
	fd = pool_connect("p");
	set_option(fd, RSP_EVENTS, 1 << RSP_EVENT_FAILOVER_BEGUN |
				   1 << RSP_EVENT_FAILOVER_DONE);
	id = get_info(fd).pe_id;
	wait_for(fd, POLLIN);
	set_option(fd, RSP_FORCE_FAILOVER, 0);
	CHECK_EQ(pipe(pipes), 0);
	while ((len = splice(fd, NULL, pipes[1], NULL, 1024, 0)) > 0) {
		read_all(pipes[0], tail, len);
		len += tail - buf;
		memcpy(words, buf, len & ~3);
		for (at = buf; at - buf + 4 <= len; at += 4) {
			CHECK_EQ(ntohl(words[(at - buf) / 4]),
				 id << 24 | (n++ & 0xffffff));
		}
		memmove(buf, at, len & 3);
		tail = buf + (len & 3);
	}
	CHECK_EQ(len, -1);
	CHECK_EQ(errno, EREMCHG);
	CHECK(n > 0);
	CHECK_ERR(splice(fd, NULL, pipes[1], NULL, 4096, 0), EREMCHG);
	CHECK_ERR(read(fd, buf, sizeof(buf)), EREMCHG);
	CHECK_EQ(recvmsg(fd, &msg, 0), sizeof(event));
	CHECK_EQ(event.type, RSP_EVENT_FAILOVER_BEGUN);
	CHECK_EQ(event.old_pe_id, id);
}
