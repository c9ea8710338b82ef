// SPDX-License-Identifier: GPL-2.0
#include "rspctl.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/**
 * lex() - cut a line into words, where it stands
 * @line: the line; its words are ended in it
 * @words: room for WORDS_MAX + 1 words; NULL follows the last
 * @error: what is wrong with the line
 *
 * Words are parted by blanks. One that begins with " or ' ends with the same;
 * one that begins with # ends the line. Nothing else is special: a backslash
 * belongs to the handle that it stands in.
 *
 * Return: how many words, or -1.
 */
int lex(char *line, char **words, const char **error)
{
	char quote;
	int n = 0;

	for (;;) {
		while (is_space(*line))
			line++;
		if (!*line || *line == '#')
			break;
		if (n == WORDS_MAX) {
			*error = "the line has too many words";
			return -1;
		}
		quote = *line == '"' || *line == '\'' ? *line++ : '\0';
		words[n++] = line;
		while (*line && (quote ? *line != quote : !is_space(*line)))
			line++;
		if (quote && *line != quote) {
			*error = "a quotation mark has no other one";
			return -1;
		}
		if (quote && line[1] && !is_space(line[1])) {
			*error = "a blank is expected after a quotation mark";
			return -1;
		}
		if (*line)
			*line++ = '\0';
	}
	words[n] = NULL;
	return n;
}
