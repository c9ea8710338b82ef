/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that cannot be had, at each place in turn: something is done again and
 * again, with the first, the second, ... allocation in it failing, until all of
 * its allocations were had. Copies from and to the program fail in the same way,
 * hence EFAULT.
 *
 * That nothing leaks is for kmemleak to say, at the end of the machine's run.
 */
#ifndef _FAIL_H
#define _FAIL_H

#include "ktap.h"

/*
 * begin gives what call is to work on, call is what may fail, end is told what
 * came of it: an errno, or 0.
 */
struct each {
	int (*begin)(void);
	int (*call)(int fd);
	void (*end)(int fd, int err);
	int also;		/* an errno that is right, too */
};

/* All knobs as they should be; the first of a test that lets something fail. */
void fail_prepare(void);

/* From here on only what the module is part of fails. */
void fail_only_the_module(void);

/* Places in the call itself. */
void at_each_place(const struct each *each);

/*
 * Places in the kernel's workers, while call waits for what they do; only the
 * module's.
 */
void at_each_place_of_workers(const struct each *each);

/* For struct each. */
int begin_nothing(void);
void end_nothing(int fd, int err);

#endif /* _FAIL_H */
