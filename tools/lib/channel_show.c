// SPDX-License-Identifier: GPL-2.0
/* What an operator is shown of the channels of a daemon. */
#include <stddef.h>

#include "channel_show.h"
#include "kernel.h"
#include "print.h"

/**
 * channel_counters_show() - print the counters, each on a line
 * @counters: of a group
 */
void channel_counters_show(const struct channel_counters *counters)
{
#define COUNTER(name, member)	{ name, offsetof(struct channel_counters, member) }
	static const struct {
		const char *name;
		size_t offset;
	} rows[] = {
		COUNTER("connections-accepted", accepted),
		COUNTER("connections-made", connected),
		COUNTER("connects-failed", connects_failed),
		COUNTER("handshakes", secured),
		COUNTER("handshakes-failed", handshakes_failed),
		COUNTER("records-refused", records_refused),
		COUNTER("cut-off", cut_off),
		COUNTER("lengths-refused", malformed),
		COUNTER("too-long", too_long),
		COUNTER("no-descriptor", refused),
	};
	const char *at = (const char *)counters;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		print_counter(rows[i].name,
			      *(const uint64_t *)(at + rows[i].offset));
#undef COUNTER
}
