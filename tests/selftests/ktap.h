/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests that print KTAP. A test is a function in a process of its own, with a
 * network namespace of its own:
 *
 *	TEST(connect_refused)
 *	{
 *		CHECK_ERR(connect(...), ECONNREFUSED);
 *	}
 *
 * The first check that fails ends the test.
 */
#ifndef _KTAP_H
#define _KTAP_H

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct test {
	const char *name;
	void (*fn)(void);
	struct test *next;
};

void test_register(struct test *test);
void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
/* What the test is at; said when it fails. */
void test_about(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define TEST(_name)							\
	static void test_##_name(void);					\
	static struct test test_##_name##_entry = {			\
		.name = #_name, .fn = test_##_name,			\
	};								\
	__attribute__((constructor)) static void register_##_name(void)	\
	{								\
		test_register(&test_##_name##_entry);			\
	}								\
	static void test_##_name(void)

#define CHECK(cond)							\
	do {								\
		if (!(cond))						\
			test_fail(__FILE__, __LINE__, "%s (errno: %s)",	\
				  #cond, strerror(errno));		\
	} while (0)

#define CHECK_EQ(expr, want)						\
	do {								\
		long long _got = (expr), _want = (want);		\
									\
		if (_got != _want)					\
			test_fail(__FILE__, __LINE__,			\
				  "%s is %lld, not %lld (errno: %s)",	\
				  #expr, _got, _want, strerror(errno));	\
	} while (0)

/* The call fails with this errno. */
#define CHECK_ERR(call, want)						\
	do {								\
		long long _ret = (call);				\
		int _err = errno;					\
									\
		if (_ret != -1)						\
			test_fail(__FILE__, __LINE__,			\
				  "%s gives %lld, not an error",	\
				  #call, _ret);				\
		if (_err != (want))					\
			test_fail(__FILE__, __LINE__,			\
				  "%s: %s, not %s", #call,		\
				  strerror(_err), strerror(want));	\
	} while (0)

#endif /* _KTAP_H */
