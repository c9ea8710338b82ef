// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/rserpool.h>

#include "fail.h"

#define PLACES_MAX	400
#define WORKERS_MAX	256

/*
 * In how many runs nothing must fail until that is believed, for not all runs have
 * as many places; and in how many it may be no worker of those that were to.
 */
#define TRIES		3
#define OTHERS_MAX	100

static const char *const faults[] = {
	"failslab", "fail_page_alloc", "fail_usercopy", "fail_skb_realloc",
};

static void put(const char *file, const char *value)
{
	int fd = open(file, O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, value, strlen(value)), strlen(value));
	close(fd);
}

/* A knob of all that can fail, where it has it. */
static void knob(const char *name, const char *value)
{
	char path[128];
	unsigned int i;

	for (i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s",
			 faults[i], name);
		if (!access(path, W_OK))
			put(path, value);
	}
}

static void all_may_fail(void)
{
	knob("require-start", "0x0");
	knob("require-end", "0xffffffffffffffff");
}

void fail_only_the_module(void)
{
	unsigned long start = 0, size = 0;
	char line[256], value[32];
	FILE *f;

	close(socket(AF_RSERPOOL, SOCK_STREAM, 0));
	f = fopen("/proc/modules", "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "rserpool %lu %*s %*s %*s 0x%lx", &size,
			   &start) == 2)
			break;
	fclose(f);
	CHECK(start);
	snprintf(value, sizeof(value), "0x%lx", start);
	knob("require-start", value);
	snprintf(value, sizeof(value), "0x%lx", start + size);
	knob("require-end", value);
}

/* The nth allocation of a task from now on fails; none with 0. */
static void arm(int fail_nth, int nth)
{
	char value[16];
	int len = snprintf(value, sizeof(value), "%d", nth);

	/* This may be what fails. */
	while (pwrite(fail_nth, value, len, 0) != len)
		CHECK(errno == EFAULT || errno == ENOMEM);
}

/* True when something did fail; nothing does any more. */
static bool disarm(int fail_nth)
{
	char value[16] = "";
	ssize_t n;

	n = pread(fail_nth, value, sizeof(value) - 1, 0);
	arm(fail_nth, 0);
	return n > 0 && !atoi(value);
}

static int workers[WORKERS_MAX], n_workers;

static bool is_worker(const char *pid)
{
	char path[300], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = 0;
	fclose(f);
	return !strncmp(name, "kworker/", 8);
}

/* Which of them will be the one is not known. */
static void workers_find(void)
{
	struct dirent *entry;
	char path[300];
	DIR *proc;
	int fd;

	proc = opendir("/proc");
	CHECK(proc);
	while ((entry = readdir(proc))) {
		if (!atoi(entry->d_name) || !is_worker(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/fail-nth",
			 entry->d_name);
		fd = open(path, O_RDWR);
		if (fd < 0)
			continue;
		CHECK(n_workers < WORKERS_MAX);
		workers[n_workers++] = fd;
	}
	closedir(proc);
}

static void workers_arm(int nth)
{
	char value[16];
	int i, len;

	workers_find();
	len = snprintf(value, sizeof(value), "%d", nth);
	for (i = 0; i < n_workers; i++)
		if (pwrite(workers[i], value, len, 0) != len)
			CHECK_EQ(errno, ESRCH);
}

/* What a worker that was armed so has to say: it failed, or might have. */
static void workers_disarm(int nth, bool *failed, bool *came_by)
{
	char value[16];
	ssize_t n;
	int i;

	*failed = *came_by = false;
	for (i = 0; i < n_workers; i++) {
		memset(value, 0, sizeof(value));
		n = pread(workers[i], value, sizeof(value) - 1, 0);
		if (n > 0 && atoi(value) < nth)
			*came_by = true;
		if (n > 0 && !atoi(value))
			*failed = true;
		if (pwrite(workers[i], "0", 1, 0) != 1)
			CHECK_EQ(errno, ESRCH);
		close(workers[i]);
	}
	n_workers = 0;
}

void fail_prepare(void)
{
	bool failed, came_by;

	knob("verbose", "0");
	knob("probability", "0");
	knob("ignore-gfp-wait", "N");
	knob("min-order", "0");
	all_may_fail();
	/* Where a test before this one came to an early end. */
	workers_arm(0);
	workers_disarm(0, &failed, &came_by);
}

static bool precise(int err)
{
	/* ENFILE: socket()'s word for an inode that it did not get. */
	return err == ENOMEM || err == ENOBUFS || err == EFAULT ||
	       err == ENFILE;
}

static void check_result(const struct each *each, int nth, int err, bool failed)
{
	if (err && !precise(err) && err != each->also)
		test_fail(__FILE__, __LINE__, "place %d: %s", nth,
			  strerror(err));
	if (err && !failed && precise(err))
		test_fail(__FILE__, __LINE__, "%s, yet nothing failed",
			  strerror(err));
}

void at_each_place(const struct each *each)
{
	int fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	int nth = 1, tries = 0, fd, err;
	bool failed;

	CHECK(fail_nth >= 0);
	while (tries < TRIES) {
		CHECK(nth < PLACES_MAX);
		fd = each->begin();
		arm(fail_nth, nth);
		err = each->call(fd) < 0 ? errno : 0;
		failed = disarm(fail_nth);
		check_result(each, nth, err, failed);
		each->end(fd, err);
		if (failed) {
			nth++;
			tries = 0;
		} else {
			tries++;
		}
	}
	close(fail_nth);
	printf("# %d places\n", nth - 1);
}

void at_each_place_of_workers(const struct each *each)
{
	int nth = 1, tries = 0, others = 0, fd, err;
	bool failed, came_by;

	fail_only_the_module();
	while (tries < TRIES) {
		CHECK(nth < PLACES_MAX);
		CHECK(others < OTHERS_MAX);
		fd = each->begin();
		workers_arm(nth);
		err = each->call(fd) < 0 ? errno : 0;
		workers_disarm(nth, &failed, &came_by);
		check_result(each, nth, err, failed);
		each->end(fd, err);
		if (failed) {
			nth++;
			tries = 0;
		} else if (came_by) {
			tries++;
		} else {
			/* It was a new worker, which nothing was said to. */
			others++;
		}
	}
	all_may_fail();
	printf("# %d places\n", nth - 1);
}

int begin_nothing(void)
{
	return -1;
}

void end_nothing(int fd, int err)
{
	(void)fd;
	(void)err;
}
