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

/* Octets of sockets that are charged to the cgroup. */
static long charged(void)
{
	FILE *stat = fopen(GROUP "/memory.stat", "r");
	char line[128];
	long sock = -1;

	CHECK(stat);
	while (fgets(line, sizeof(line), stat))
		sscanf(line, "sock %ld", &sock);
	fclose(stat);
	return sock;
}

static void check_charged(bool want)
{
	int i;

	for (i = 0; i < 100 && (charged() >= 32768) != want; i++)
		usleep(100000);
	CHECK_EQ(charged() >= 32768, want);
}

/* The flow that connect() opens, and the one that a worker opens later. */
TEST(charge_to_the_opener)
{
	struct server servers[2];
	int fd;

	pool_make("p", "", 2, COUNT, servers);
	cgroup_enter();
	check_charged(false);
	fd = pool_connect("p");
	check_charged(true);

	run("rspctl pe del pool p id %u now", get_info(fd).pe_id);
	while (get_info(fd).generation != 1 ||
	       get_info(fd).state != RSP_SESSION_READY)
		usleep(10000);
	/* The old one's octets go. */
	set_option(fd, RSP_RESUME, 1);
	check_charged(true);
	close(fd);
	check_charged(false);
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
	check_charged(false);
	listener = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	address = pool_address("p", 1, &len);
	CHECK_EQ(bind(listener, (void *)&address, len), 0);
	CHECK_EQ(listen(listener, 8), 0);
	check_charged(true);
	close(listener);
	check_charged(false);
	CHECK_EQ(kill(writer, SIGKILL), 0);
	cgroup_leave();
}
