/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One call prints a value as text or as JSON, so that the two never tell
 * different things. In JSON a format is ignored; in text a key is.
 */
#ifndef _RSP_PRINT_H
#define _RSP_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

void print_init(bool json, bool pretty);
void print_to(FILE *file);
bool print_json(void);
bool print_pretty(void);
void print_array_begin(const char *key);
void print_array_end(void);
void print_object_begin(const char *key);
void print_object_end(void);
void print_string(const char *key, const char *fmt, const char *value);
void print_uint(const char *key, const char *fmt, uint64_t value);
void print_id(const char *key, const char *fmt, uint32_t id);
void print_counter(const char *name, uint64_t value);
void print_bool(const char *key, const char *if_true, bool value);
void print_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int print_flush(void);

#endif /* _RSP_PRINT_H */
