/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines for an operator, on standard error; with the journal's priorities, unless a
 * person reads them there.
 */
#ifndef _RSP_LOG_H
#define _RSP_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

/* With a level: whoever connects can set it off. That has a share of its own. */
#define LOG_SET_OFF		0x8

/* So many lines of a share a second at most. */
#define LOG_LINES_A_SECOND	20

extern bool log_debug_too;
extern bool log_to_person;
extern void (*log_line)(enum log_level level, const char *line);

__attribute__((format(printf, 2, 3)))
void log_say(int level, const char *format, ...);

#endif /* _RSP_LOG_H */
