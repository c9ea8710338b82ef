// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"

bool log_to_person;

static void to_stderr(enum log_level level, const char *line)
{
	if (log_to_person)
		fprintf(stderr, "%s\n", line);
	else
		fprintf(stderr, "<%d>%s\n", level, line);
}

bool log_debug_too;
void (*log_line)(enum log_level level, const char *line) = to_stderr;

/*
 * Returns false when this second has had its lines; the next one says so. What
 * everybody can set off leaves the others theirs.
 */
static bool may_say(int share)
{
	static unsigned int said[(LOG_DEBUG | LOG_SET_OFF) + 1], left_out;
	static time_t second;
	struct timespec now;
	char line[64];

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec != second) {
		second = now.tv_sec;
		memset(said, 0, sizeof(said));
		if (left_out) {
			snprintf(line, sizeof(line), "%u lines were left out",
				 left_out);
			log_line(LOG_WARNING, line);
		}
		left_out = 0;
	}
	if (said[share] == LOG_LINES_A_SECOND) {
		left_out++;
		return false;
	}
	said[share]++;
	return true;
}

/**
 * log_say() - log a line
 * @level: enum log_level, how much it matters, or with LOG_SET_OFF; of what is not an
 *	error only so much is said
 * @format: as printf(), without a newline
 */
void log_say(int level, const char *format, ...)
{
	char line[1024];
	va_list args;

	if (level == LOG_DEBUG && !log_debug_too)
		return;
	if (level != LOG_ERROR && !may_say(level))
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	log_line(level & ~LOG_SET_OFF, line);
}
