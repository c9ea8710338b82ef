// SPDX-License-Identifier: GPL-2.0
/* Patterns of pool handles: '*' and '?', over octets. */
#include <string.h>

#include "authorization.h"

static bool is_sign(const struct grant *grant, unsigned int i, char sign)
{
	return i < grant->pattern.len && grant->special[i] &&
	       grant->pattern.octets[i] == sign;
}

/**
 * pattern_fits() - whether a handle is meant by a pattern
 * @grant: has the pattern
 * @octets: the handle
 * @len: octets of it
 *
 * Return: true when it is.
 */
bool pattern_fits(const struct grant *grant, const uint8_t *octets,
		  uint32_t len)
{
	unsigned int i = 0, star = 0, from = 0;
	uint32_t at = 0;
	bool starred = false;

	while (at < len) {
		if (is_sign(grant, i, '*')) {
			starred = true;
			star = ++i;
			from = at;
		} else if (i < grant->pattern.len &&
			   (is_sign(grant, i, '?') ||
			    grant->pattern.octets[i] == octets[at])) {
			i++;
			at++;
		} else if (starred) {
			i = star;
			at = ++from;
		} else {
			return false;
		}
	}
	while (is_sign(grant, i, '*'))
		i++;
	return i == grant->pattern.len;
}

/**
 * patterns_meet() - whether there can be a handle that both mean
 * @a: has a pattern
 * @b: has another
 *
 * Return: true when there can.
 */
bool patterns_meet(const struct grant *a, const struct grant *b)
{
	/* meet[j]: what is left of @a from i on and of @b from j on can meet. */
	bool meet[RSP_HANDLE_MAX + 2] = { false }, above[RSP_HANDLE_MAX + 2];
	unsigned int i, j, n = a->pattern.len, m = b->pattern.len;

	for (i = n + 1; i-- > 0;) {
		memcpy(above, meet, sizeof(above));
		for (j = m + 1; j-- > 0;) {
			if (i == n && j == m)
				meet[j] = true;
			else if (is_sign(a, i, '*'))
				meet[j] = above[j] || (j < m && meet[j + 1]);
			else if (is_sign(b, j, '*'))
				meet[j] = meet[j + 1] || (i < n && above[j]);
			else
				meet[j] = i < n && j < m && above[j + 1] &&
					  (is_sign(a, i, '?') ||
					   is_sign(b, j, '?') ||
					   a->pattern.octets[i] ==
					   b->pattern.octets[j]);
		}
	}
	return meet[0];
}

/**
 * pattern_parse() - read a pattern
 * @text: as a handle is written, with signs; \x2a is no sign
 * @grant: its pattern is filled
 *
 * Return: NULL, or what would have been right.
 */
const char *pattern_parse(const char *text, struct grant *grant)
{
	const char *expected = parse_handle(text, &grant->pattern);
	unsigned int i;

	if (expected)
		return expected;
	for (i = 0; i < grant->pattern.len; i++) {
		grant->special[i] = *text == '*' || *text == '?';
		if (*text == '\\')
			text += text[1] == 'x' ? 4 : 2;
		else
			text++;
	}
	return NULL;
}
