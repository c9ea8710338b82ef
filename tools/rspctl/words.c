// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rspctl.h"

/**
 * complain() - say what is wrong, and in which line of a batch
 * @fmt: as printf()
 *
 * Return: EXIT_USAGE, for those who return at once.
 */
int complain(const char *fmt, ...)
{
	va_list args;

	if (ctl.file)
		fprintf(stderr, "%s:%lu: ", ctl.file, ctl.line);
	else
		fputs("rspctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

/**
 * is_word() - whether a word is a keyword or the beginning of it
 * @word: the word
 * @name: the keyword
 *
 * Return: true when it is.
 */
bool is_word(const char *word, const char *name)
{
	if (*word != *name)
		return false;
	while (*word && *word == *name) {
		word++;
		name++;
	}
	return !*word;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && isalpha((unsigned char)word[1]);
}

/**
 * pick() - find which of some names a word means
 * @word: a name or a beginning that only one of them has
 * @what: what the names are, for the complaint
 * @names: the names; NULL ends them
 *
 * Return: its place among the names, or -1 after a complaint.
 */
int pick(const char *word, const char *what, const char *const *names)
{
	char list[512];
	int i, found = -1, n = 0, len = 0;

	for (i = 0; names[i]; i++) {
		if (!is_word(word, names[i]))
			continue;
		if (!names[i][strlen(word)])
			return i;
		found = i;
		n++;
	}
	if (n == 1)
		return found;
	if (is_option(word)) {
		complain("\"%s\": " OPTIONS_FIRST, word, word);
		return -1;
	}
	list[0] = '\0';
	for (i = 0; names[i] && len < (int)sizeof(list); i++)
		if (!n || is_word(word, names[i]))
			len += snprintf(list + len, sizeof(list) - (size_t)len,
					"%s%s", len ? ", " : "", names[i]);
	complain(n ? "\"%s\" could be: %s" :
		     "\"%s\" is no %s; there are: %s",
		 word, n ? list : what, list);
	return -1;
}

/**
 * take_value() - take the word after a keyword
 * @words: what is left
 * @keyword: the keyword, for the complaint
 * @value: the word
 *
 * Return: 0, or the exit status after a complaint.
 */
int take_value(struct words *words, const char *keyword, const char **value)
{
	if (!words->n) {
		complain("%s: its value is missing", keyword);
		return EXIT_USAGE;
	}
	*value = *words->at++;
	words->n--;
	return 0;
}

static int judge(const char *keyword, const char *value, const char *expected)
{
	if (!expected)
		return 0;
	return complain("%s \"%s\": %s", keyword, value, expected);
}

/**
 * take_u32() - take the number after a keyword
 * @words: what is left
 * @keyword: the keyword, for the complaint
 * @value: the number
 *
 * Return: 0, or the exit status after a complaint.
 */
int take_u32(struct words *words, const char *keyword, uint32_t *value)
{
	const char *word;
	int ret;

	ret = take_value(words, keyword, &word);
	return ret ? ret : judge(keyword, word, parse_u32(word, value));
}

/**
 * take_time() - take the time after a keyword
 * @words: what is left
 * @keyword: the keyword, for the complaint
 * @ms: milliseconds
 *
 * Return: 0, or the exit status after a complaint.
 */
int take_time(struct words *words, const char *keyword, uint32_t *ms)
{
	const char *word;
	int ret;

	ret = take_value(words, keyword, &word);
	return ret ? ret : judge(keyword, word, parse_time(word, ms));
}

/**
 * take_load() - take the load after a keyword
 * @words: what is left
 * @keyword: the keyword, for the complaint
 * @load: the load
 *
 * Return: 0, or the exit status after a complaint.
 */
int take_load(struct words *words, const char *keyword, uint32_t *load)
{
	const char *word;
	int ret;

	ret = take_value(words, keyword, &word);
	return ret ? ret : judge(keyword, word, parse_load(word, load));
}

/**
 * take_handle() - take a pool handle
 * @words: what is left
 * @keyword: what stands before it, for the complaint
 * @handle: the handle
 *
 * Return: 0, or the exit status after a complaint.
 */
int take_handle(struct words *words, const char *keyword, struct handle *handle)
{
	const char *word;
	int ret;

	ret = take_value(words, keyword, &word);
	return ret ? ret : judge(keyword, word, parse_handle(word, handle));
}

/**
 * no_more() - see that nothing is left of a command
 * @words: what is left
 *
 * Return: 0, or the exit status after a complaint.
 */
int no_more(const struct words *words)
{
	if (!words->n)
		return 0;
	if (is_option(*words->at))
		return complain("\"%s\": " OPTIONS_FIRST, *words->at,
				*words->at);
	return complain("\"%s\" is too much here; see: rspctl help",
			words->at[0]);
}
