// SPDX-License-Identifier: GPL-2.0
/* A call that does not come back, in a copy from a page that never comes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pool.h"

/* Memory that nobody brings in; NULL where the kernel cannot do that. */
static void *page_that_never_comes(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.mode = UFFDIO_REGISTER_MODE_MISSING,
		.range.len = sysconf(_SC_PAGESIZE),
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	void *page;

	if (fd < 0 && errno == ENOSYS)
		return NULL;
	CHECK(fd >= 0);
	CHECK_EQ(ioctl(fd, UFFDIO_API, &api), 0);
	page = mmap(NULL, range.range.len, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	range.range.start = (unsigned long)page;
	CHECK_EQ(ioctl(fd, UFFDIO_REGISTER, &range), 0);
	return page;
}

/* No worker is in a session's work item, then or a second later. */
static void check_no_worker_held(void)
{
	sleep(1);
	run("! grep -ls rsp_session_work /proc/[0-9]*/stack");
}

TEST(stuck_send)
{
	struct server servers[2];
	uint32_t id;
	void *page;
	pid_t pid;
	int fd;

	pool_make("p", "failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	pid = fork();
	if (!pid) {
		page = page_that_never_comes();
		if (page)
			send(fd, page, 100, 0);
		pause();
	}
	usleep(500000);
	run("rspctl pe del pool p id %u now", id);
	CHECK_EQ(read_id(fd), 3 - id);
	check_echo(fd, "moved");
	check_no_worker_held();
	kill(pid, SIGKILL);
}

TEST(stuck_in_an_option)
{
	struct server servers[2];
	struct sock_fprog filter = { .len = 1 };
	uint32_t id;
	pid_t pid;
	int fd;

	pool_make("p", "failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	pid = fork();
	if (!pid) {
		filter.filter = page_that_never_comes();
		if (filter.filter)
			setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
				   sizeof(filter));
		pause();
	}
	usleep(500000);
	run("rspctl pe del pool p id %u now", id);
	check_no_worker_held();
	/* When the call ends, what was to be done is. */
	kill(pid, SIGKILL);
	CHECK_EQ(read_id(fd), 3 - id);
}
