// SPDX-License-Identifier: GPL-2.0
/* A session whose element fails: what the program sees, mode by mode. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pool.h"

/* The servers that did not fail: ids are 1 to n. */
static uint32_t other_than(uint32_t id, const struct server *servers, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (servers[i].id != id)
			return servers[i].id;
	return 0;
}

TEST(failover_notify_says_so_until_resumed)
{
	struct server servers[2];
	uint32_t id;
	char octet;
	int fd;

	pool_make("p", "fin failure", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	check_echo(fd, "before");
	server_kill(&servers[id - 1]);
	CHECK_ERR(read(fd, &octet, 1), EREMCHG);
	CHECK_ERR(read(fd, &octet, 1), EREMCHG);
	CHECK_ERR(write(fd, "x", 1), EREMCHG);
	CHECK_ERR(send(fd, "x", 1, MSG_DONTWAIT), EREMCHG);
	CHECK_EQ(wait_for(fd, POLLIN | POLLOUT | POLLPRI | POLLERR),
		 POLLIN | POLLOUT | POLLPRI);
	CHECK_EQ(session_resume(fd), 1);
	CHECK_EQ(read_id(fd), other_than(id, servers, 2));
	check_echo(fd, "after");
}

TEST(failover_notify_while_blocked_in_read)
{
	struct server servers[2];
	uint32_t id;
	pid_t killer;
	char octet;
	int fd;

	pool_make("p", "fin failure", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	killer = fork();
	if (!killer) {
		usleep(300000);
		kill(-servers[id - 1].pid, SIGKILL);
		_exit(0);
	}
	CHECK_ERR(read(fd, &octet, 1), EREMCHG);
	session_resume(fd);
	CHECK_EQ(read_id(fd), other_than(id, servers, 2));
}

TEST(failover_resume_wants_the_generation)
{
	struct server servers[2];
	uint32_t id, generation;
	char octet;
	int fd;

	pool_make("p", "fin failure", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	generation = 1;
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_RESUME, &generation, 4),
		  EINVAL);
	server_kill(&servers[id - 1]);
	CHECK_ERR(read(fd, &octet, 1), EREMCHG);
	generation = 0;
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_RESUME, &generation, 4),
		  ESTALE);
	CHECK_ERR(read(fd, &octet, 1), EREMCHG);
	generation = 2;
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_RESUME, &generation, 4),
		  EINVAL);
	generation = 1;
	set_option(fd, RSP_RESUME, generation);
	set_option(fd, RSP_RESUME, generation);
	check_echo(fd, "");
}

TEST(failover_auto)
{
	struct server servers[3];
	uint32_t id, next;
	int fd;

	pool_make("p", "fin failure failover auto", 3, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	check_echo(fd, "one");
	server_kill(&servers[id - 1]);
	next = read_id(fd);
	CHECK(next != id);
	check_echo(fd, "two");
	server_kill(&servers[next - 1]);
	CHECK(read_id(fd) != next);
	check_echo(fd, "three");
	CHECK_EQ(get_info(fd).generation, 2);
	CHECK_EQ(get_info(fd).resumed, 2);
	CHECK_EQ(get_info(fd).prev_pe_id, next);
	CHECK(get_info(fd).failover_us > 0);
}

TEST(failover_off)
{
	struct server servers[2];
	char octet;
	int fd;

	pool_make("p", "fin failure failover off", 2, ECHO, servers);
	fd = pool_connect("p");
	server_kill(&servers[read_id(fd) - 1]);
	CHECK(wait_for(fd, POLLIN) & POLLHUP);
	CHECK_ERR(read(fd, &octet, 1), ECONNRESET);
	CHECK_EQ(read(fd, &octet, 1), 0);
	CHECK_ERR(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
}

TEST(failover_socket_goes_before_pool)
{
	struct server servers[2];
	char octet;
	int fd;

	pool_make("p", "fin failure failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	CHECK_EQ(get_option(fd, RSP_FAILOVER), RSP_FAILOVER_AUTO);
	set_option(fd, RSP_FAILOVER, RSP_FAILOVER_NOTIFY);
	server_kill(&servers[read_id(fd) - 1]);
	CHECK_ERR(read(fd, &octet, 1), EREMCHG);
}

TEST(failover_fin_is_eof_unless_the_pool_says_so)
{
	struct server servers[2];
	char octet;
	int fd;

	pool_make("p", "", 2, BYE, servers);
	fd = pool_connect("p");
	read_id(fd);
	CHECK_EQ(read(fd, &octet, 1), 0);
	CHECK_EQ(read(fd, &octet, 1), 0);
	CHECK_EQ(get_info(fd).generation, 0);
}

TEST(failover_after_shutdown_there_is_none)
{
	struct server servers[2];
	uint32_t id;
	char octet;
	int fd;

	pool_make("p", "fin failure failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	write_all(fd, "x", 1);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	read_all(fd, &octet, 1);
	/* The server ends too: that is the end, and no failure. */
	CHECK_EQ(read(fd, &octet, 1), 0);
	CHECK_EQ(get_info(fd).generation, 0);
	(void)id;

	fd = pool_connect("p");
	id = read_id(fd);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	CHECK_EQ(read(fd, &octet, 1), 0);
}

/* What came before EREMCHG is the old one's, octet by octet; then the new's. */
static void check_words(int fd, uint32_t id, uint32_t *n, char *tail,
			size_t *tail_len, const char *buf, size_t len)
{
	uint32_t word;

	while (len--) {
		tail[(*tail_len)++] = *buf++;
		if (*tail_len < 4)
			continue;
		memcpy(&word, tail, 4);
		CHECK_EQ(ntohl(word), id << 24 | ((*n)++ & 0xffffff));
		*tail_len = 0;
	}
	(void)fd;
}

static void stream_checked(const char *config, bool notify)
{
	struct server servers[3];
	uint32_t id, n = 0;
	char buf[10007], tail[4];
	size_t tail_len = 0;
	int fd, failovers, i;
	ssize_t len;

	pool_make("s", config, 3, COUNT, servers);
	fd = pool_connect("s");
	id = get_info(fd).pe_id;
	for (failovers = 0; failovers < 2; failovers++) {
		for (i = 0; i < 50; i++) {
			len = read(fd, buf, sizeof(buf));
			CHECK(len > 0);
			check_words(fd, id, &n, tail, &tail_len, buf, len);
		}
		server_kill(&servers[id - 1]);
		while ((len = read(fd, buf, sizeof(buf))) > 0)
			check_words(fd, id, &n, tail, &tail_len, buf, len);
		CHECK(notify && len == -1 && errno == EREMCHG);
		session_resume(fd);
		len = read(fd, buf, sizeof(buf));
		CHECK(len >= 4);
		CHECK((uint32_t)(unsigned char)buf[0] != id);
		id = buf[0];
		n = 0;
		tail_len = 0;
		check_words(fd, id, &n, tail, &tail_len, buf, len);
	}
}

TEST(failover_stream_octet_by_octet)
{
	stream_checked("fin failure", true);
}

TEST(failover_resume_drops_what_is_unread)
{
	struct server servers[2];
	uint32_t id;
	int fd;

	pool_make("s", "fin failure", 2, ECHO, servers);
	fd = pool_connect("s");
	wait_for(fd, POLLIN);
	id = get_info(fd).pe_id;
	server_kill(&servers[id - 1]);
	wait_for(fd, POLLPRI);
	CHECK_ERR(write(fd, "x", 1), EREMCHG);
	session_resume(fd);
	CHECK_EQ(read_id(fd), other_than(id, servers, 2));
}

TEST(failover_all_waits_for_an_element)
{
	struct server servers[1], next;
	char octet;
	pid_t pid;
	int fd;

	pool_make("p", "fin failure failover auto", 1, ECHO, servers);
	fd = pool_connect("p");
	CHECK_EQ(read_id(fd), 1);
	server_kill(&servers[0]);
	CHECK_ERR(recv(fd, &octet, 1, MSG_DONTWAIT), EAGAIN);
	pid = fork();
	if (!pid) {
		usleep(300000);
		next = server_start(2, ECHO, AF_INET);
		pool_join("p", &next);
		pause();
	}
	CHECK_EQ(read_id(fd), 2);
	check_echo(fd, "found");
	kill(pid, SIGKILL);
}

TEST(failover_same_element_comes_back)
{
	struct server servers[1];
	int fd;

	pool_make("p", "fin failure failover auto", 1, ECHO, servers);
	fd = pool_connect("p");
	CHECK_EQ(read_id(fd), 1);
	server_kill(&servers[0]);
	servers[0] = server_start(1, ECHO, AF_INET);
	CHECK_EQ(read_id(fd), 1);
	check_echo(fd, "back");
}

TEST(failover_time_limit)
{
	struct server servers[1];
	char octet;
	int fd;

	pool_make("p", "fin failure failover auto", 1, ECHO, servers);
	fd = pool_connect("p");
	CHECK_EQ(read_id(fd), 1);
	set_option(fd, RSP_FAILOVER_TIMEOUT, 500);
	server_kill(&servers[0]);
	CHECK_ERR(read(fd, &octet, 1), EHOSTUNREACH);
	CHECK_EQ(read(fd, &octet, 1), 0);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_CLOSED);
}

TEST(failover_element_deleted_now)
{
	struct server servers[2];
	uint32_t id;
	int fd;

	pool_make("p", "failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	run("rspctl pe del pool p id %u now", id);
	CHECK_EQ(read_id(fd), other_than(id, servers, 2));
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_SEVERED);
}

TEST(failover_element_deleted_lets_sessions_be)
{
	struct server servers[2];
	uint32_t id;
	int fd, i;

	pool_make("p", "failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	run("rspctl pe del pool p id %u", id);
	check_echo(fd, "still here");
	CHECK_EQ(get_info(fd).generation, 0);
	for (i = 0; i < 4; i++)
		CHECK(read_id(pool_connect("p")) != id);
}

TEST(failover_forced)
{
	struct server servers[2];
	uint32_t id;
	int fd;

	pool_make("p", "failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	set_option(fd, RSP_FORCE_FAILOVER, 0);
	CHECK_EQ(read_id(fd), other_than(id, servers, 2));
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_FORCED);
	/* The element is none the worse for it. */
	CHECK(read_id(pool_connect("p")) + read_id(pool_connect("p")) == 3);
}

TEST(failover_silent_host_while_sending)
{
	struct server servers[2];
	uint32_t id;
	int fd;

	pool_make("p", "failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	set_option(fd, RSP_DETECT_TIMEOUT, 1000);
	id = read_id(fd);
	server_cut(&servers[id - 1]);
	write_all(fd, "lost", 4);
	CHECK_EQ(read_id(fd), other_than(id, servers, 2));
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_SILENT);
	check_echo(fd, "again");
}

TEST(failover_silent_host_while_idle)
{
	struct server servers[2];
	uint32_t id;
	int fd;

	pool_make("p", "failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	set_option(fd, RSP_DETECT_TIMEOUT, 1000);
	id = read_id(fd);
	server_cut(&servers[id - 1]);
	CHECK_EQ(read_id(fd), other_than(id, servers, 2));
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_SILENT);
}

TEST(failover_not_of_one_who_does_not_read)
{
	static char block[65536];
	struct server servers[2];
	int fd, queued;

	pool_make("p", "", 2, DEAF, servers);
	fd = pool_connect("p");
	set_option(fd, RSP_DETECT_TIMEOUT, RSP_DETECT_MIN);
	while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
	/* Some times what would be a failure, and many of TCP's probes. */
	sleep(6);
	CHECK_EQ(get_info(fd).generation, 0);
	CHECK_EQ(ioctl(fd, SIOCOUTQ, &queued), 0);
	CHECK(queued > 0);
}

TEST(failover_not_of_one_who_is_stopped)
{
	struct server servers[2];
	uint32_t id;
	int fd;

	pool_make("p", "", 2, ECHO, servers);
	fd = pool_connect("p");
	set_option(fd, RSP_DETECT_TIMEOUT, RSP_DETECT_MIN);
	id = read_id(fd);
	server_stop(&servers[id - 1]);
	write_all(fd, "x", 1);
	sleep(4);
	CHECK_EQ(get_info(fd).generation, 0);
}

TEST(failover_events)
{
	struct rsp_event event;
	struct iovec iov = { &event, sizeof(event) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct server servers[2];
	uint32_t id, other;
	char octet;
	int fd;

	pool_make("p", "fin failure", 2, ECHO, servers);
	fd = pool_connect("p");
	set_option(fd, RSP_EVENTS, 1 << RSP_EVENT_FAILOVER_BEGUN |
				   1 << RSP_EVENT_FAILOVER_DONE);
	id = read_id(fd);
	other = other_than(id, servers, 2);
	server_kill(&servers[id - 1]);

	CHECK_EQ(recvmsg(fd, &msg, 0), sizeof(event));
	CHECK(msg.msg_flags & MSG_NOTIFICATION);
	CHECK_EQ(event.type, RSP_EVENT_FAILOVER_BEGUN);
	CHECK_EQ(event.generation, 1);
	CHECK_EQ(event.old_pe_id, id);
	CHECK_EQ(event.failure, RSP_FAILURE_FIN);
	/* Who gets no flags gets no event. */
	CHECK_ERR(read(fd, &octet, 1), EREMCHG);
	set_option(fd, RSP_RESUME, event.generation);
	CHECK_EQ(recvmsg(fd, &msg, 0), sizeof(event));
	CHECK_EQ(event.type, RSP_EVENT_FAILOVER_DONE);
	CHECK_EQ(event.pe_id, other);
	CHECK_EQ(read_id(fd), other);
	CHECK_EQ(msg.msg_flags & MSG_TRUNC, 0);
}

TEST(failover_repeated)
{
	struct server servers[2];
	uint32_t id, old;
	int fd, i;

	pool_make("p", "fin failure failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	for (i = 0; i < 10; i++) {
		check_echo(fd, "round");
		old = id;
		server_kill(&servers[old - 1]);
		id = read_id(fd);
		CHECK(id != old);
		/* Not before: it would be as good as the other. */
		servers[old - 1] = server_start(old, ECHO, AF_INET);
	}
	CHECK_EQ(get_info(fd).generation, 10);
}
