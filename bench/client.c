// SPDX-License-Identifier: GPL-2.0
/*
 * client NAME WORK COUNT OURS PEER: does a work COUNT times through OURS and as
 * often through PEER, in turn, and prints what each took.
 *
 * OURS and PEER are each one of
 *
 *	tcp ADDR PORT
 *	tls ADDR PORT	kTLS that GnuTLS sets up
 *	pool HANDLE
 *
 * and from there on the same code.  A line of output is
 *
 *	sample NAME PAIR ours|peer VALUE
 *
 * The works:
 *
 *	rtt		microseconds of a ping-pong of 64 octets
 *	bulk		MB/s of 64 KiB calls; NAME.out and NAME.in
 *	connect		connect and close, a second
 *	parallel	messages a second, 1000 sessions in one epoll loop
 *	failover	milliseconds from a server's SIGKILL to the first octet
 *			from the next one
 *	standby		the same of two pools, in the namespace "far", to the
 *			answer to what is asked then; OURS has RSP_STANDBY
 *	tls-failover	the same over TLS, on this host
 *	session		octets of kernel memory at this end of an idle session
 *
 * Those of framed.c and secure.c are described there.  The last three start servers
 * themselves, on ADDR's ports from PORT on; for a pool these are named after it:
 * pool HANDLE PORT.  "client memory" prints how
 * many octets of memory the kernel uses.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rserpool.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "tls.h"

#define CONNECTS	500
#define IDLE		10000
#define FIRST_GREETING	'!'

char buffer[CALL_SIZE];
static const char *row;

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

void sample(const char *suffix, int pair, const struct side *side,
	    double value)
{
	if (pair < 0)
		return;
	printf("sample %s%s %d %s %.6g\n", row, suffix, pair, side->name,
	       value);
	fflush(stdout);
}

static void set_port(struct side *side, int port)
{
	((struct sockaddr_in *)&side->addr)->sin_port = htons(port);
}

void connect_session(const struct side *side, int fd)
{
	if (connect(fd, (const struct sockaddr *)&side->addr, side->addr_len))
		err(1, "connect of %s", side->name);
	if (side->ktls && !ktls_begin(fd, false))
		errx(1, "no kTLS");
}

static int open_session(const struct side *side)
{
	int fd = socket(side->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC,
			0);

	if (fd < 0)
		err(1, "socket of %s", side->name);
	connect_session(side, fd);
	return fd;
}

void send_all(int fd, const void *octets, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(fd, octets, len, MSG_NOSIGNAL);
		if (n < 0)
			err(1, "send");
		octets = (const char *)octets + n;
		len -= n;
	}
}

void receive_all(int fd, size_t len)
{
	ssize_t n;

	while (len) {
		n = recv(fd, buffer, len < sizeof(buffer) ? len : sizeof(buffer),
			 0);
		if (n < 0)
			err(1, "recv");
		if (!n)
			errx(1, "the server ended the connection");
		len -= n;
	}
}

void ask(int fd, enum operation operation, size_t octets)
{
	struct request request = {
		.operation = operation,
		.octets = octets,
	};

	send_all(fd, &request, sizeof(request));
}

static void ping(int fd)
{
	send_all(fd, buffer, MESSAGE_SIZE);
	receive_all(fd, MESSAGE_SIZE);
}

/*
 * Asks for so many round trips and makes the first.  One write: of two, the
 * second would wait for the ACK of the first, which the server delays by 40 ms
 * (Nagle), for it has nothing to answer yet.  When the octets are back, the
 * server has accepted this session and all before.
 */
static void first_ping(int fd, size_t round_trips)
{
	struct request request = {
		.operation = ECHO,
		.octets = round_trips * MESSAGE_SIZE,
	};
	char octets[sizeof(request) + MESSAGE_SIZE] = { 0 };

	memcpy(octets, &request, sizeof(request));
	send_all(fd, octets, sizeof(octets));
	receive_all(fd, MESSAGE_SIZE);
}

static void start_fd(struct side *side)
{
	side->fd = open_session(side);
}

static void work_rtt(struct side *side, int pair)
{
	double start;
	int i;

	first_ping(side->fd, ROUND_TRIPS + 1);
	start = now();
	for (i = 0; i < ROUND_TRIPS; i++)
		ping(side->fd);
	sample("", pair, side, (now() - start) / ROUND_TRIPS * 1e6);
}

void start_nothing(struct side *side)
{
	(void)side;
}

static void work_bulk(struct side *side, int pair)
{
	double start;
	int i;

	/* A session that went before would bring its windows along. */
	start_fd(side);
	first_ping(side->fd, 1);
	start = now();
	ask(side->fd, SINK, BULK_OCTETS);
	for (i = 0; i < BULK_OCTETS / CALL_SIZE; i++)
		send_all(side->fd, buffer, CALL_SIZE);
	receive_all(side->fd, 1);
	sample(".out", pair, side, BULK_OCTETS / (now() - start) / 1e6);

	start = now();
	ask(side->fd, SOURCE, BULK_OCTETS);
	receive_all(side->fd, BULK_OCTETS);
	sample(".in", pair, side, BULK_OCTETS / (now() - start) / 1e6);
	close(side->fd);
}

static void work_connect(struct side *side, int pair)
{
	double start = now();
	int i, fd;

	for (i = 0; i < CONNECTS; i++)
		close(open_session(side));
	fd = open_session(side);
	first_ping(fd, 1);
	close(fd);
	sample("", pair, side, CONNECTS / (now() - start));
}

void watch_sessions(struct side *side)
{
	struct epoll_event event = { .events = EPOLLIN };
	int i;

	side->epoll = epoll_create1(0);
	for (i = 0; i < PARALLEL; i++) {
		event.data.fd = side->fds[i];
		if (epoll_ctl(side->epoll, EPOLL_CTL_ADD, side->fds[i], &event))
			err(1, "epoll_ctl");
	}
}

static void start_parallel(struct side *side)
{
	int i;

	side->fds = calloc(PARALLEL, sizeof(*side->fds));
	for (i = 0; i < PARALLEL; i++) {
		side->fds[i] = open_session(side);
		ask(side->fds[i], ECHO, SIZE_MAX);
	}
	watch_sessions(side);
}

void work_parallel(struct side *side, int pair)
{
	struct epoll_event events[64];
	int i, n, sent = 0, done = 0;
	double start = now();

	for (; sent < PARALLEL; sent++)
		send_all(side->fds[sent], buffer, MESSAGE_SIZE);
	while (done < MESSAGES) {
		n = epoll_wait(side->epoll, events, 64, -1);
		if (n < 0)
			err(1, "epoll_wait");
		for (i = 0; i < n; i++, done++) {
			receive_all(events[i].data.fd, MESSAGE_SIZE);
			if (sent++ >= MESSAGES)
				continue;
			send_all(events[i].data.fd, buffer, MESSAGE_SIZE);
		}
	}
	sample("", pair, side, MESSAGES / (now() - start));
}

static bool servers_secure;	/* tls-failover */

/* Start ./server on this host; it is listening when this returns. */
static pid_t start_server(int port, const char *greeting)
{
	char text[8];
	int pipes[2];
	pid_t pid;

	snprintf(text, sizeof(text), "%d", port);
	if (pipe(pipes))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipes[1], 1);
		close(pipes[0]);
		if (servers_secure)
			execl("out/bench/server", "server", "-t", text, NULL);
		execl("out/bench/server", "server", text, greeting, NULL);
		_exit(127);
	}
	close(pipes[1]);
	if (read(pipes[0], text, 1) != 1)
		errx(1, "no server on port %d", port);
	close(pipes[0]);
	return pid;
}

static void end_server(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int server_count;	/* failover: how many each side has */

static void receive_greeting(struct side *side)
{
	receive_all(side->fd, 1);
	side->serving = buffer[0] - FIRST_GREETING;
}

static void start_failover(struct side *side)
{
	__u32 mode = RSP_FAILOVER_AUTO;
	char greeting[2] = { 0 };
	int i;

	side->servers = calloc(server_count, sizeof(*side->servers));
	for (i = 0; i < server_count; i++) {
		greeting[0] = FIRST_GREETING + i;
		side->servers[i] = start_server(side->first_port + i, greeting);
	}
	start_fd(side);
	if (side->handle && setsockopt(side->fd, SOL_RSERPOOL, RSP_FAILOVER,
				       &mode, sizeof(mode)))
		err(1, "RSP_FAILOVER");
	receive_greeting(side);
}

/* What a program does that knows where the next server is. */
static void receive_or_reconnect(struct side *side)
{
	ssize_t n;

	n = recv(side->fd, buffer, 1, 0);
	if (n > 0)
		errx(1, "an octet of a killed server");
	if (n < 0 && errno != ECONNRESET)
		err(1, "recv");
	close(side->fd);
	set_port(side, side->first_port + side->serving + 1);
	start_fd(side);
	receive_greeting(side);
}

/* So that no later selection meets a server that is dead. */
static void remove_element(const struct side *side, int server)
{
	char command[200];

	snprintf(command, sizeof(command), "rspctl pe del pool %s id %d",
		 side->handle, side->first_port + server);
	if (system(command))
		errx(1, "%s: failed", command);
}

static void work_failover(struct side *side, int pair)
{
	int server = side->serving;
	double start = now();

	if (pair < 0)
		return;
	kill(side->servers[server], SIGKILL);
	if (side->handle)
		receive_greeting(side);
	else
		receive_or_reconnect(side);
	sample("", pair, side, (now() - start) * 1e3);
	waitpid(side->servers[server], NULL, 0);
	if (side->handle)
		remove_element(side, server);
}

/* What is opened from now on is in this namespace. */
static void enter(const char *ns)
{
	int fd = open(ns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", ns);
	close(fd);
}

static struct rsp_info info_of(const struct side *side)
{
	struct rsp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(side->fd, SOL_RSERPOOL, RSP_INFO, &info, &len))
		err(1, "RSP_INFO");
	return info;
}

static bool holds_standby(const struct side *side)
{
	return !strcmp(side->name, "ours");
}

static void start_servers(struct side *side)
{
	int i;

	side->servers = calloc(server_count, sizeof(*side->servers));
	for (i = 0; i < server_count; i++)
		side->servers[i] = start_server(side->first_port + i, NULL);
}

static void open_standby(struct side *side)
{
	__u32 on = holds_standby(side);

	start_fd(side);
	if (setsockopt(side->fd, SOL_RSERPOOL, RSP_STANDBY, &on, sizeof(on)))
		err(1, "RSP_STANDBY");
	first_ping(side->fd, 1);
}

static void start_standby(struct side *side)
{
	enter("/run/netns/far");
	start_servers(side);
	enter("/run/netns/client");
	open_standby(side);
}

static void start_tls_failover(struct side *side)
{
	servers_secure = true;
	start_servers(side);
	open_standby(side);
}

static void work_standby(struct side *side, int pair)
{
	int server = info_of(side).pe_id - side->first_port;
	__u32 generation;
	double start;

	if (pair < 0)
		return;
	while (holds_standby(side) && !info_of(side).standby_pe_id)
		usleep(1000);
	start = now();
	kill(side->servers[server], SIGKILL);
	if (recv(side->fd, buffer, 1, 0) >= 0 || errno != EREMCHG)
		err(1, "recv");
	generation = info_of(side).generation;
	if (setsockopt(side->fd, SOL_RSERPOOL, RSP_RESUME, &generation,
		       sizeof(generation)))
		err(1, "RSP_RESUME");
	first_ping(side->fd, 1);
	sample("", pair, side, (now() - start) * 1e3);
	waitpid(side->servers[server], NULL, 0);
	remove_element(side, server);
}

/* Octets in the slabs by objects in use: a half-empty page counts by half. */
static double slab_memory(void)
{
	double total = 0, active, size;
	char line[400];
	FILE *f;

	f = fopen("/proc/slabinfo", "r");
	if (!f)
		err(1, "slabinfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %lf %*f %lf", &active, &size) == 2)
			total += active * size;
	fclose(f);
	return total;
}

/* The sum of some counters of /proc/meminfo, in octets. */
static double meminfo(const char * const *names)
{
	double total = 0, kib;
	char name[64];
	FILE *f;
	int i;

	f = fopen("/proc/meminfo", "r");
	if (!f)
		err(1, "meminfo");
	while (fscanf(f, "%63s %lf%*[^\n]", name, &kib) == 2)
		for (i = 0; names[i]; i++)
			if (!strcmp(name, names[i]))
				total += kib;
	fclose(f);
	return total * 1024;
}

/* Octets in pages that are neither free nor a process's or a file's. */
static double page_memory(void)
{
	static const char * const all[] = { "MemTotal:", NULL };
	static const char * const others[] = {
		"MemFree:", "Buffers:", "Cached:", "SwapCached:", "AnonPages:",
		NULL,
	};

	return meminfo(all) - meminfo(others);
}

/*
 * What is freed already comes back late (RCU), and caches are of no use here.
 * Sleeping costs nothing where time is a count of instructions.
 */
static void settle_memory(void)
{
	int fd;

	sleep(2);
	fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
	if (fd < 0 || write(fd, "3", 1) != 1)
		err(1, "drop_caches");
	close(fd);
	sleep(2);
}

/*
 * Where objects that stay and objects that went share pages.  Of the pages
 * outside of the slabs only those of a counter: free ones that wait in a
 * processor's list are counted nowhere, and are MiBs.
 */
static double object_memory(void)
{
	static const char * const pages[] = {
		"Percpu:", "KernelStack:", "VmallocUsed:", NULL,
	};

	settle_memory();
	return slab_memory() + meminfo(pages);
}

/*
 * Both ends of the sessions are in this kernel, and only the client's is asked
 * for.  With @server_end the client's ends, of plain TCP, go without a packet
 * (TCP_REPAIR) before the second look, so that it sees what the server's cost.
 */
static double measure_sessions(struct side *side, bool server_end)
{
	double before, with;
	pid_t server;
	int i, on = 1;

	server = start_server(side->first_port, NULL);
	before = object_memory();
	for (i = 0; i < IDLE; i++) {
		side->fds[i] = open_session(side);
		first_ping(side->fds[i], 1);
	}
	for (i = 0; server_end && i < IDLE; i++) {
		if (setsockopt(side->fds[i], IPPROTO_TCP, TCP_REPAIR, &on,
			       sizeof(on)))
			err(1, "TCP_REPAIR");
		close(side->fds[i]);
	}
	with = object_memory();
	for (i = 0; !server_end && i < IDLE; i++)
		close(side->fds[i]);
	end_server(server);
	return (with - before) / IDLE;
}

static double server_end;

static void start_session(struct side *side)
{
	side->fds = calloc(IDLE, sizeof(*side->fds));
	if (!side->handle)
		server_end = measure_sessions(side, true);
}

static void work_session(struct side *side, int pair)
{
	sample("", pair, side, measure_sessions(side, false) - server_end);
}

static char **parse_side(char **argv, struct side *side)
{
	struct sockaddr_rserpool *pool = (void *)&side->addr;
	struct sockaddr_in *tcp = (void *)&side->addr;

	if (argv[0] && argv[1] && !strcmp(argv[0], "pool")) {
		side->handle = argv[1];
		pool->srp_family = AF_RSERPOOL;
		pool->srp_handle_len = strlen(side->handle);
		memcpy(pool->srp_handle, side->handle, pool->srp_handle_len);
		side->addr_len = sizeof(*pool);
		side->first_port = argv[2] ? atoi(argv[2]) : 0;
		return argv + 2 + !!side->first_port;
	}
	if (argv[0] && argv[1] && argv[2] &&
	    (!strcmp(argv[0], "tcp") || !strcmp(argv[0], "tls"))) {
		side->ktls = !strcmp(argv[0], "tls");
		side->first_port = atoi(argv[2]);
		tcp->sin_family = AF_INET;
		tcp->sin_port = htons(side->first_port);
		if (inet_pton(AF_INET, argv[1], &tcp->sin_addr) != 1)
			errx(1, "address %s", argv[1]);
		side->addr_len = sizeof(*tcp);
		return argv + 3;
	}
	errx(1, "tcp ADDR PORT, tls ADDR PORT or pool HANDLE, not %s", argv[0] ?: "nothing");
}

static const struct work works[] = {
	{ "rtt", start_fd, work_rtt },
	{ "bulk", start_nothing, work_bulk },
	{ "connect", start_nothing, work_connect },
	{ "parallel", start_parallel, work_parallel },
	{ "failover", start_failover, work_failover },
	{ "standby", start_standby, work_standby },
	{ "tls-failover", start_tls_failover, work_standby },
	{ "session", start_session, work_session },
};

static const struct work *find_work(const char *name)
{
	int i;

	for (i = 0; i < (int)(sizeof(works) / sizeof(*works)); i++)
		if (!strcmp(works[i].name, name))
			return &works[i];
	for (i = 0; i < n_framed_works; i++)
		if (!strcmp(framed_works[i].name, name))
			return &framed_works[i];
	for (i = 0; i < n_secure_works; i++)
		if (!strcmp(secure_works[i].name, name))
			return &secure_works[i];
	errx(1, "no such work: %s", name);
}

int main(int argc, char **argv)
{
	struct side ours = { .name = "ours" }, peer = { .name = "peer" };
	struct rlimit files = { 100000, 100000 };
	const struct work *work;
	int pair, count;
	char **rest;

	if (argc == 2 && !strcmp(argv[1], "memory")) {
		settle_memory();
		printf("%.0f\n", page_memory());
		return 0;
	}
	if (argc < 4)
		errx(1, "usage: client NAME WORK COUNT OURS PEER");
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	row = argv[1];
	work = find_work(argv[2]);
	count = atoi(argv[3]);
	rest = parse_side(argv + 4, &ours);
	if (*parse_side(rest, &peer))
		errx(1, "more arguments than OURS and PEER");
	server_count = count + 1;

	work->start(&ours);
	work->start(&peer);
	/*
	 * The first, which no line reports, warms both up.  Never the same side
	 * twice in a row: what a session does after a pause (quick ACKs) would
	 * then depend on the order.
	 */
	for (pair = -1; pair < count; pair++) {
		work->once(&ours, pair);
		work->once(&peer, pair);
	}
	return 0;
}
