// SPDX-License-Identifier: GPL-2.0
/* Whose memory the transports of a session take. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "framed.h"

#define GROUP "/sys/fs/cgroup/charged"

static char message[16 << 20];
static struct frame frame;

static void put(const char *file, const char *value)
{
	int fd = open(file, O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, value, strlen(value)), strlen(value));
	close(fd);
}

/* From here on the program is in a cgroup of its own; its servers are not. */
static void cgroup_enter(void)
{
	CHECK_EQ(unshare(CLONE_NEWNS), 0);
	CHECK_EQ(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK(!mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) ||
	      errno == EBUSY);	/* it is there */
	put("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	CHECK(!mkdir(GROUP, 0755) || errno == EEXIST);
	put(GROUP "/memory.max", "64M");
	put(GROUP "/cgroup.procs", "0");
}

static void cgroup_leave(void)
{
	put("/sys/fs/cgroup/cgroup.procs", "0");
	rmdir(GROUP);
}

/* Octets of this kind that are charged to the cgroup. */
static long charged(const char *kind)
{
	FILE *stat = fopen(GROUP "/memory.stat", "r");
	char line[128], name[64];
	long octets, found = -1;

	CHECK(stat);
	while (fgets(line, sizeof(line), stat))
		if (sscanf(line, "%63s %ld", name, &octets) == 2 &&
		    !strcmp(name, kind))
			found = octets;
	fclose(stat);
	return found;
}

/* At least so many octets are, or not. */
static void check_charged(const char *kind, long octets, bool want)
{
	int i;

	for (i = 0; i < 100 && (charged(kind) >= octets) != want; i++)
		usleep(100000);
	CHECK_EQ(charged(kind) >= octets, want);
}

/* The flow that connect() opens, and the one that a worker opens later. */
TEST(charge_to_the_opener)
{
	struct server servers[2];
	int fd;

	pool_make("p", "", 2, COUNT, servers);
	cgroup_enter();
	check_charged("sock", 32768, false);
	fd = pool_connect("p");
	check_charged("sock", 32768, true);

	run("rspctl pe del pool p id %u now", get_info(fd).pe_id);
	while (get_info(fd).generation != 1 ||
	       get_info(fd).state != RSP_SESSION_READY)
		usleep(10000);
	/* The old one's octets go. */
	set_option(fd, RSP_RESUME, 1);
	check_charged("sock", 32768, true);
	close(fd);
	check_charged("sock", 32768, false);
	cgroup_leave();
}

static void sink(int fd, uint32_t id, const void *arg)
{
	(void)id;
	(void)arg;
	while (frame_receive(fd, &frame))
		;
}

static void deaf(int fd, uint32_t id, const void *arg)
{
	(void)fd;
	(void)id;
	(void)arg;
	pause();
}

/* Messages that are kept until a checkpoint comes. */
TEST(charge_what_is_kept)
{
	struct sockaddr_rserpool address;
	socklen_t len;
	long before;
	int fd;

	framed_pool("p", "", sink, NULL);
	cgroup_enter();
	before = charged("kernel");
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	set_option(fd, RSP_REPLAY, 8 << 20);
	address = pool_address("p", 0, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	while (send(fd, message, 60000, 0) == 60000)
		;
	CHECK_EQ(errno, ENOBUFS);
	check_charged("kernel", before + (7 << 20), true);
	close(fd);
	check_charged("kernel", before + (7 << 20), false);
	cgroup_leave();
}

/* A message that waits to leave. */
TEST(charge_what_is_pending)
{
	struct server server = framed_pool("p", "", deaf, NULL);
	long before;
	int fd;

	cgroup_enter();
	before = charged("kernel");
	fd = framed_connect("p", SOCK_SEQPACKET);
	set_option(fd, RSP_MESSAGE_MAX, sizeof(message));
	CHECK_EQ(send(fd, message, sizeof(message), 0), sizeof(message));
	check_charged("kernel", before + (15 << 20), true);
	close(fd);
	/* Until then TCP tries to send it. */
	server_kill(&server);
	check_charged("kernel", before + (15 << 20), false);
	cgroup_leave();
}

/* It connects as soon as there is an element, and writes for ever. */
static pid_t writer_elsewhere(const char *name)
{
	static char octets[FRAME_PAYLOAD_MAX];
	struct sockaddr_rserpool to;
	socklen_t len;
	pid_t pid;
	int fd;

	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid)
		return pid;
	to = pool_address(name, 0, &len);
	for (;;) {
		fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
		if (!connect(fd, (void *)&to, len))
			break;
		close(fd);
		usleep(100000);
	}
	while (send(fd, octets, sizeof(octets), MSG_NOSIGNAL) > 0)
		;
	_exit(0);
}

/* A worker took it in, but it is the program's that listens. */
TEST(charge_to_the_listener)
{
	pid_t writer = writer_elsewhere("p");
	struct sockaddr_rserpool address;
	int listener;
	socklen_t len;

	cgroup_enter();
	check_charged("sock", 32768, false);
	listener = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	address = pool_address("p", 1, &len);
	CHECK_EQ(bind(listener, (void *)&address, len), 0);
	CHECK_EQ(listen(listener, 8), 0);
	check_charged("sock", 32768, true);
	close(listener);
	check_charged("sock", 32768, false);
	CHECK_EQ(kill(writer, SIGKILL), 0);
	cgroup_leave();
}
