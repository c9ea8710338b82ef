/* SPDX-License-Identifier: GPL-2.0 */
/* Counters in a struct, each with a name and a sentence; one table for all uses. */
#ifndef _RSP_COUNTER_H
#define _RSP_COUNTER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct counter - one
 * @name: for who reads it, with dashes
 * @offset: where the uint64_t is in the struct
 * @help: what is counted
 */
struct counter {
	const char *name;
	size_t offset;
	const char *help;
};

/**
 * struct counters_of - a struct with counters
 * @at: the table
 * @n: how many
 * @in: the struct
 */
struct counters_of {
	const struct counter *at;
	size_t n;
	const void *in;
};

void counters_show(const struct counters_of *counters);

/* In metrics.c */
void metrics_counters(FILE *file, const char *program,
		      const struct counters_of *counters);
void metrics_gauge(FILE *file, const char *program, const char *name,
		   const char *help, uint64_t value);

#endif /* _RSP_COUNTER_H */
