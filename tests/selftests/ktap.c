// SPDX-License-Identifier: GPL-2.0
/* main() of every test program: run its tests, each in a child. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"

#define TEST_TIMEOUT 120	/* seconds: a test that hangs is one that fails */

static struct test *tests, **tests_end = &tests;

void test_register(struct test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

static char about[256];

void test_about(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(about, sizeof(about), fmt, args);
	va_end(args);
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	printf("# %s:%d: %s%s", file, line, about, *about ? ": " : "");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

static bool run(const struct test *test)
{
	const char *timeout = getenv("RSP_TEST_TIMEOUT");
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return false;
	if (!pid) {
		setpgid(0, 0);
		alarm(timeout ? atoi(timeout) : TEST_TIMEOUT);
		if (unshare(CLONE_NEWNET) || system("ip link set lo up"))
			test_fail(__FILE__, __LINE__, "no namespace: %s",
				  strerror(errno));
		test->fn();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL);
	if (WIFSIGNALED(status))
		printf("# %s: %s\n", test->name, strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* An argument picks the tests that have it in their name. */
int main(int argc, char **argv)
{
	const char *pick = argc > 1 ? argv[1] : "";
	int n = 0, failed = 0;
	struct test *test;
	bool ok;

	for (test = tests; test; test = test->next)
		n += !!strstr(test->name, pick);
	printf("KTAP version 1\n1..%d\n", n);
	n = 0;
	for (test = tests; test; test = test->next) {
		if (!strstr(test->name, pick))
			continue;
		ok = run(test);
		failed += !ok;
		printf("%sok %d %s\n", ok ? "" : "not ", ++n, test->name);
	}
	return failed ? 1 : 0;
}
