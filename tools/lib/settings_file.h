/* SPDX-License-Identifier: GPL-2.0 */
/* What the files have in common: they are read by libconfig, or say why not. */
#ifndef _RSP_SETTINGS_FILE_H
#define _RSP_SETTINGS_FILE_H

#include <libconfig.h>

#include "text.h"
#include "tls.h"

__attribute__((format(printf, 3, 4)))
int wrong(char *why, const config_setting_t *at, const char *format, ...);
void doubtful(const config_setting_t *root, const char *name, const char *why);
void doubt_in_plain(const config_setting_t *root, const char *const *names);
int settings_file_read(const char *path,
		       int (*read)(void *into, const config_setting_t *root,
				   char *why),
		       void *into, char *why);
int read_key(struct tls_key *key, const config_setting_t *at, char *why);
void keys_guard(const char *path);

#endif /* _RSP_SETTINGS_FILE_H */
