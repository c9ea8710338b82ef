// SPDX-License-Identifier: GPL-2.0
#include "counter.h"
#include "print.h"

/**
 * counters_show() - print counters, each on a line
 * @counters: they
 */
void counters_show(const struct counters_of *counters)
{
	const char *in = counters->in;
	size_t i;

	for (i = 0; i < counters->n; i++)
		print_counter(counters->at[i].name, *(const uint64_t *)
			      (in + counters->at[i].offset));
}
