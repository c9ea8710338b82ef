// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool.h"

void run(const char *fmt, ...)
{
	char command[1024];
	va_list args;
	int status;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	status = system(command);
	if (status)
		test_fail(__FILE__, __LINE__, "%s: status %d", command, status);
}

static void echo(int fd)
{
	char buf[65536];
	ssize_t n, done, sent;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (done = 0; done < n; done += sent) {
			sent = write(fd, buf + done, n - done);
			if (sent < 0)
				return;
		}
}

static void count(int fd, uint32_t id)
{
	uint32_t words[1024], n = 0;
	size_t done = sizeof(words);
	ssize_t sent;
	int i;

	for (;;) {
		if (done == sizeof(words)) {
			for (i = 0; i < 1024; i++)
				words[i] = htonl(id << 24 | (n++ & 0xffffff));
			done = 0;
		}
		sent = write(fd, (char *)words + done, sizeof(words) - done);
		if (sent < 0)
			return;
		done += sent;
	}
}

static void sink(int fd)
{
	char buf[65536];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

/* Shared with all servers. */
static struct {
	unsigned int whole;
	unsigned int broken;
} *messages;

static void message_check(int fd, uint32_t id)
{
	static char got[MESSAGE_SIZE], want[MESSAGE_SIZE];
	uint32_t n;

	for (;;) {
		if (recv(fd, got, sizeof(got), MSG_WAITALL) != sizeof(got))
			return;
		memcpy(&n, got, sizeof(n));
		message_fill(want, n);
		if (memcmp(got, want, sizeof(got))) {
			__atomic_add_fetch(&messages->broken, 1,
					   __ATOMIC_SEQ_CST);
			return;
		}
		__atomic_add_fetch(&messages->whole, 1, __ATOMIC_SEQ_CST);
		if (write(fd, &id, sizeof(id)) < 0)
			return;
	}
}

void message_fill(char *message, uint32_t n)
{
	memset(message, n % 251, MESSAGE_SIZE);
	memcpy(message, &n, sizeof(n));
	memcpy(message + sizeof(n), "whole?", 6);
}

unsigned int messages_whole(void)
{
	return __atomic_load_n(&messages->whole, __ATOMIC_SEQ_CST);
}

unsigned int messages_broken(void)
{
	return __atomic_load_n(&messages->broken, __ATOMIC_SEQ_CST);
}

static void serve(int fd, uint32_t id, const void *arg)
{
	enum manner manner = *(const enum manner *)arg;

	if ((manner == ECHO || manner == BYE) &&
	    write(fd, &id, sizeof(id)) != sizeof(id))
		return;
	switch (manner) {
	case ECHO:
		echo(fd);
		break;
	case COUNT:
		count(fd, id);
		break;
	case SINK:
		sink(fd);
		break;
	case DEAF:
		for (;;)
			pause();
	case BYE:
		break;
	case WHOLE:
		message_check(fd, id);
		break;
	}
}

static void die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before. */
	if (getppid() != parent)
		_exit(0);
}

static void listen_for_ever(int listener, uint32_t id, server_fn *fn,
			    const void *arg)
{
	pid_t self = getpid();
	int fd;

	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			_exit(1);
		if (!fork()) {
			die_with_parent(self);
			close(listener);
			fn(fd, id, arg);
			_exit(0);
		}
		close(fd);
	}
}

struct server server_run(uint32_t id, int family, server_fn *fn,
			 const void *arg)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(family, SOCK_STREAM, 0), one = 1;
	struct server server = {
		.id = id, .family = family, .listener = listener,
	};
	int tries = 500, ret;
	struct sockaddr_in6 at;
	socklen_t len = sizeof(at);
	pid_t test;

	if (!messages)
		messages = mmap(NULL, sizeof(*messages), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(messages != MAP_FAILED);
	CHECK(listener >= 0);
	in.sin_port = htons(7000 + id);
	in6.sin6_port = in.sin_port;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Children of one that was killed may be on their way out. */
	do {
		if (family == AF_INET6)
			ret = bind(listener, (void *)&in6, sizeof(in6));
		else
			ret = bind(listener, (void *)&in, sizeof(in));
	} while (ret && errno == EADDRINUSE && tries-- && !usleep(10000));
	CHECK_EQ(ret, 0);
	CHECK_EQ(listen(listener, 1024), 0);
	CHECK_EQ(getsockname(listener, (void *)&at, &len), 0);
	server.port = ntohs(at.sin6_port);

	fflush(stdout);
	test = getpid();
	server.pid = fork();
	CHECK(server.pid >= 0);
	if (!server.pid) {
		setpgid(0, 0);
		die_with_parent(test);
		listen_for_ever(listener, id, fn, arg);
	}
	setpgid(server.pid, server.pid);
	close(listener);
	return server;
}

struct server server_start(uint32_t id, enum manner manner, int family)
{
	return server_run(id, family, serve, &manner);
}

void server_kill(struct server *server)
{
	int process = pidfd_open(server->pid, 0);
	int listener = pidfd_getfd(process, server->listener, 0);

	/*
	 * A session that finds its connection gone must not get another one of a
	 * server that is about to go: of a child, perhaps, that was forked just
	 * now and has not closed the listener yet.
	 */
	shutdown(listener, SHUT_RDWR);
	close(listener);
	close(process);
	CHECK_EQ(kill(server->pid, SIGKILL), 0);
	waitpid(server->pid, NULL, 0);
	if (kill(-server->pid, SIGKILL))
		CHECK_EQ(errno, ESRCH);
}

void server_stop(const struct server *server)
{
	CHECK_EQ(kill(-server->pid, SIGSTOP), 0);
}

void server_continue(const struct server *server)
{
	CHECK_EQ(kill(-server->pid, SIGCONT), 0);
}

void server_cut(const struct server *server)
{
	run("nft -f - <<END\n"
	    "table inet cut {\n"
	    "  chain c { type filter hook input priority 0;\n"
	    "    tcp dport %u drop; tcp sport %u drop; }\n"
	    "}\n"
	    "END", server->port, server->port);
}

void server_heal(void)
{
	run("nft delete table inet cut");
}

void pool_join(const char *name, const struct server *server)
{
	run("rspctl pe add pool %s id %u tcp %s:%u", name, server->id,
	    server->family == AF_INET6 ? "[::1]" : "127.0.0.1", server->port);
}

void pool_make(const char *name, const char *config, int n, enum manner manner,
	       struct server *servers)
{
	int i;

	run("rspctl pool add %s %s", name, config);
	for (i = 0; i < n; i++) {
		servers[i] = server_start(i + 1, manner, AF_INET);
		pool_join(name, &servers[i]);
	}
}

struct sockaddr_rserpool pool_address(const char *name, uint32_t pe_id,
				      socklen_t *len)
{
	struct sockaddr_rserpool address = {
		.srp_family = AF_RSERPOOL, .srp_pe_id = pe_id,
		.srp_handle_len = strlen(name),
	};

	memcpy(address.srp_handle, name, strlen(name));
	*len = offsetof(struct sockaddr_rserpool, srp_handle) + strlen(name);
	return address;
}

int new_socket(int flags)
{
	int fd = socket(AF_RSERPOOL, SOCK_STREAM | flags, 0);

	CHECK(fd >= 0);
	return fd;
}

int connect_to(int fd, const char *name)
{
	struct sockaddr_rserpool address;
	socklen_t len;

	address = pool_address(name, 0, &len);
	return connect(fd, (void *)&address, len);
}

int pool_connect(const char *name)
{
	int fd = new_socket(0);

	CHECK_EQ(connect_to(fd, name), 0);
	return fd;
}

void wait_asleep(pid_t pid)
{
	char path[64], state = 0;
	FILE *f;
	int i;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (i = 0; state != 'S'; i++) {
		CHECK(i < 10000);
		usleep(1000);
		f = fopen(path, "r");
		CHECK(f);
		CHECK_EQ(fscanf(f, "%*d (%*[^)]) %c", &state), 1);
		fclose(f);
	}
}

void read_all(int fd, void *buf, size_t len)
{
	char *at = buf;
	ssize_t n;

	while (len) {
		n = read(fd, at, len);
		CHECK(n > 0);
		at += n;
		len -= n;
	}
}

void write_all(int fd, const void *buf, size_t len)
{
	const char *at = buf;
	ssize_t n;

	while (len) {
		n = write(fd, at, len);
		CHECK(n > 0);
		at += n;
		len -= n;
	}
}

uint32_t read_id(int fd)
{
	uint32_t id;

	read_all(fd, &id, sizeof(id));
	return id;
}

void check_echo(int fd, const char *word)
{
	char back[64] = "";

	write_all(fd, word, strlen(word));
	read_all(fd, back, strlen(word));
	if (strcmp(word, back))
		test_fail(__FILE__, __LINE__, "%s came back as %s", word, back);
}

int get_option(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value;

	CHECK_EQ(getsockopt(fd, SOL_RSERPOOL, option, &value, &len), 0);
	return value;
}

void set_option(int fd, int option, int value)
{
	CHECK_EQ(setsockopt(fd, SOL_RSERPOOL, option, &value, sizeof(value)), 0);
}

int socket_error(int fd)
{
	socklen_t len = sizeof(int);
	int err;

	CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len), 0);
	return err;
}

struct rsp_info get_info(int fd)
{
	struct rsp_info info;
	socklen_t len = sizeof(info);

	CHECK_EQ(getsockopt(fd, SOL_RSERPOOL, RSP_INFO, &info, &len), 0);
	CHECK_EQ(len, sizeof(info));
	return info;
}

long counter(const char *name)
{
	char line[128];
	long n = -1;
	FILE *out;

	snprintf(line, sizeof(line),
		 "rspctl stats show zero always | awk '$1 == \"%s\" { print $2 }'",
		 name);
	out = popen(line, "r");
	CHECK(out);
	CHECK_EQ(fscanf(out, "%ld", &n), 1);
	pclose(out);
	return n;
}

short wait_for(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	if (poll(&pfd, 1, 10000) != 1)
		test_fail(__FILE__, __LINE__, "poll for 0x%x: nothing came",
			  events);
	return pfd.revents;
}

uint32_t session_resume(int fd)
{
	struct rsp_info info = get_info(fd);

	CHECK(info.generation != info.resumed);
	set_option(fd, RSP_RESUME, info.generation);
	return info.generation;
}

pid_t process(void)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	return pid;
}

void process_kill(pid_t pid)
{
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}
