// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "settings_file.h"

/* The file that is being read: libconfig knows it not of all settings. */
static const char *reading;

/* FILE:LINE, or the file where there is no line. */
static int put_place(char *text, const config_setting_t *at)
{
	const char *file = config_setting_source_file(at);
	unsigned int line = config_setting_source_line(at);

	return snprintf(text, WHY_MAX, line ? "%s:%u: " : "%s: ",
			file ? file : reading, line);
}

/**
 * wrong() - say what is wrong with a setting, and where it stands
 * @why: WHY_MAX octets, filled
 * @at: the setting
 * @format: what was expected, as of printf()
 *
 * Return: -1, for the caller to return.
 */
int wrong(char *why, const config_setting_t *at, const char *format, ...)
{
	int len = put_place(why, at);
	va_list args;

	va_start(args, format);
	vsnprintf(why + len, (size_t)(WHY_MAX - len), format, args);
	va_end(args);
	return -1;
}

/**
 * doubtful() - log that a setting is likely a mistake
 * @root: the file's root
 * @name: the setting
 * @why: a sentence
 */
void doubtful(const config_setting_t *root, const char *name, const char *why)
{
	const config_setting_t *at = config_setting_get_member(root, name);
	char place[WHY_MAX];

	put_place(place, at ? at : root);
	log_say(LOG_WARNING, "%s%s: %s", place, name, why);
}

/**
 * doubt_in_plain() - log which settings a plain scope does not use
 * @root: the file's root
 * @names: of settings by which somebody proves who he is; NULL ends them
 */
void doubt_in_plain(const config_setting_t *root, const char *const *names)
{
	for (; *names; names++)
		if (config_setting_get_member(root, *names))
			doubtful(root, *names,
				 "with secure = false it is not used: who connects is believed");
}

/**
 * settings_file_read() - read a file
 * @path: the file
 * @read: reads its settings; returns 0, or -1 with @why filled
 * @into: for @read
 * @why: WHY_MAX octets, filled on failure: file, line, and what was
 *	expected
 *
 * Return: 0 or -1.
 */
int settings_file_read(const char *path,
		       int (*read)(void *into, const config_setting_t *root,
				   char *why),
		       void *into, char *why)
{
	config_t file;
	int ret = -1;

	reading = path;
	config_init(&file);
	errno = 0;
	if (config_read_file(&file, path))
		ret = read(into, config_root_setting(&file), why);
	else if (config_error_type(&file) == CONFIG_ERR_FILE_IO)
		/* libconfig refuses a directory without asking the system. */
		snprintf(why, WHY_MAX, "%s: it cannot be read: %s", path,
			 strerror(errno ? errno : EISDIR));
	else
		snprintf(why, WHY_MAX, "%s:%d: %s", config_error_file(&file),
			 config_error_line(&file), config_error_text(&file));
	config_destroy(&file);
	return ret;
}

/**
 * read_key() - read a key
 * @key: filled
 * @at: its setting
 * @why: WHY_MAX octets, filled on failure
 *
 * Return: 0 or -1.
 */
int read_key(struct tls_key *key, const config_setting_t *at, char *why)
{
	const char *text = config_setting_get_string(at);
	size_t i, len = text ? strlen(text) : 0;

	if (len % 2 || len / 2 < TLS_PSK_MIN || len / 2 > TLS_PSK_MAX)
		return wrong(why, at,
			     "key: %d to %d hexadecimal digits are expected, two an octet; as: openssl rand -hex 32",
			     2 * TLS_PSK_MIN, 2 * TLS_PSK_MAX);
	for (i = 0; i < len / 2; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return wrong(why, at,
				     "key: digit %zu is not hexadecimal",
				     2 * i + 1 + (high >= 0));
		key->octets[i] = (uint8_t)(high << 4 | low);
	}
	key->len = len / 2;
	return 0;
}

/**
 * keys_guard() - warn where others can read keys
 * @path: a file that has some; NULL: there is none
 */
void keys_guard(const char *path)
{
	struct stat stat_of;

	if (path && !stat(path, &stat_of) && stat_of.st_mode & S_IROTH)
		log_say(LOG_WARNING,
			"%s: it has keys, and others can read it: chmod 600 %s",
			path, path);
}
