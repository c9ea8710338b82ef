/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Settings of a file, or of a group in it: a table says what each is called, what
 * it must be, and what it is unless set.
 */
#ifndef _RSP_SETTINGS_H
#define _RSP_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "settings_file.h"

/**
 * enum setting_kind - what a setting must be, and what it is kept as
 * @NUMBER: uint32_t
 * @TIME: uint32_t, milliseconds
 * @BOOLEAN: bool
 * @FILE_NAME: char *, NULL where it is not set
 * @WORDS: the same
 * @ADDRESSES: struct addresses
 * @ADDRESS: struct transport, of family 0 where it is not set
 * @OTHER: what the function of the table reads
 */
enum setting_kind {
	NUMBER, TIME, BOOLEAN, FILE_NAME, WORDS, ADDRESSES, ADDRESS, OTHER
};

/**
 * struct setting - one of them
 * @name: what it is called
 * @kind: what it must be
 * @offset: in the structure that is filled
 * @min: of a number, or of milliseconds
 * @max: likewise
 * @unless: what a number, a time or a boolean is unless set
 */
struct setting {
	const char *name;
	enum setting_kind kind;
	size_t offset;
	uint32_t min;
	uint32_t max;
	uint32_t unless;
};

/**
 * struct settings - those of a file or group
 * @at: they
 * @n: how many
 * @manual: where an operator finds them
 * @other: reads an OTHER one into the structure; returns 0, or -1 with @why filled
 */
struct settings {
	const struct setting *at;
	size_t n;
	const char *manual;
	int (*other)(void *into, const config_setting_t *at, char *why);
};

void settings_default(const struct settings *settings, void *into);
int settings_read(const struct settings *settings, void *into,
		  const config_setting_t *group, char *why);
void settings_free(const struct settings *settings, void *into);

#endif /* _RSP_SETTINGS_H */
