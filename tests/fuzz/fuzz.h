/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzzers share. A seed is a process with a network namespace of its
 * own, and makes the same calls each time: what they give changes nothing of
 * what comes next.
 *
 * RSP_SEEDS: how many seeds (3)
 * RSP_SEED: the first of them (1)
 */
#ifndef _FUZZ_H
#define _FUZZ_H

#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../selftests/pool.h"

static uint64_t fuzz_state;
static unsigned long *fuzz_count;

/* 0 to n - 1, by xorshift64*. */
static uint32_t rnd(uint32_t n)
{
	fuzz_state ^= fuzz_state >> 12;
	fuzz_state ^= fuzz_state << 25;
	fuzz_state ^= fuzz_state >> 27;
	return n ? (fuzz_state * 0x2545f4914f6cdd1dULL >> 32) % n : 0;
}

static int fuzz_number(const char *name, int otherwise)
{
	const char *value = getenv(name);

	return value ? atoi(value) : otherwise;
}

static void fuzz_one(uint32_t seed, void (*fn)(void))
{
	int status;
	pid_t pid;

	printf("# seed %u\n", seed);
	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		alarm(120);
		CHECK_EQ(unshare(CLONE_NEWNET), 0);
		run("ip link set lo up");
		fuzz_state = seed * 0x9e3779b97f4a7c15ULL + 1;
		fn();
		fflush(stdout);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	if (status)
		test_fail(__FILE__, __LINE__,
			  "RSP_SEED=%u RSP_SEEDS=1 gives status 0x%x", seed,
			  status);
}

static void fuzz(void (*fn)(void))
{
	int first = fuzz_number("RSP_SEED", 1), n = fuzz_number("RSP_SEEDS", 3);
	int i;

	fuzz_count = mmap(NULL, sizeof(*fuzz_count), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(fuzz_count != MAP_FAILED);
	alarm(120 * (n + 1));
	for (i = 0; i < n; i++)
		fuzz_one(first + i, fn);
	printf("# %lu executions of %d seeds\n", *fuzz_count, n);
}

#endif /* _FUZZ_H */
