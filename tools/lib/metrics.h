/* SPDX-License-Identifier: GPL-2.0 */
/* OpenMetrics text for who scrapes it, by HTTP. */
#ifndef _RSP_METRICS_H
#define _RSP_METRICS_H

#include <stdio.h>
#include <uv.h>

#include "answer.h"
#include "counter.h"

/**
 * struct metrics - the server
 * @write: writes them, but for the end
 * @data: for @write
 * @answers: of it
 */
struct metrics {
	void (*write)(void *data, FILE *file);
	void *data;
	struct answers answers;
};

int metrics_start(struct metrics *metrics, uv_loop_t *loop, const char *at,
		  char *why, size_t room);
void metrics_stop(struct metrics *metrics);

#endif /* _RSP_METRICS_H */
