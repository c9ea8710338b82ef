// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "print.h"

#define DEPTH_MAX	8

static struct {
	FILE *file;		/* NULL: standard output */
	bool json;
	bool pretty;
	unsigned int depth;
	bool started[DEPTH_MAX];	/* a value stands at this depth */
} out;

/**
 * print_init() - choose how everything that follows is printed
 * @json: JSON rather than text
 * @pretty: with JSON, a value a line
 */
void print_init(bool json, bool pretty)
{
	out.json = json;
	out.pretty = pretty;
	out.depth = 0;
	out.started[0] = false;
}

/**
 * print_to() - choose where everything that follows is printed
 * @file: there; NULL: standard output
 */
void print_to(FILE *file)
{
	out.file = file;
}

static FILE *file(void)
{
	return out.file ? out.file : stdout;
}

/**
 * print_json() - whether values are printed as JSON
 *
 * Return: true for JSON, false for text.
 */
bool print_json(void)
{
	return out.json;
}

/**
 * print_pretty() - whether JSON has a value a line
 *
 * Return: true when it has.
 */
bool print_pretty(void)
{
	return out.pretty;
}

static void indent(void)
{
	unsigned int i;

	if (!out.pretty)
		return;
	putc('\n', file());
	for (i = 0; i < out.depth; i++)
		putc('\t', file());
}

static void quote(const char *s)
{
	unsigned char c;

	putc('"', file());
	for (; (c = *s); s++) {
		if (c == '"' || c == '\\')
			fprintf(file(), "\\%c", c);
		else if (c < ' ')
			fprintf(file(), "\\u%04x", c);
		else
			putc(c, file());
	}
	putc('"', file());
}

/* What stands before a value: comma, line, key. */
static void lead(const char *key)
{
	if (out.depth) {
		if (out.started[out.depth])
			putc(',', file());
		indent();
	}
	out.started[out.depth] = true;
	if (key) {
		quote(key);
		putc(':', file());
		if (out.pretty)
			putc(' ', file());
	}
}

static void begin(const char *key, char bracket)
{
	if (!out.json)
		return;
	lead(key);
	putc(bracket, file());
	out.depth++;
	out.started[out.depth] = false;
}

static void end(char bracket)
{
	bool filled = out.started[out.depth];

	if (!out.json)
		return;
	out.depth--;
	if (filled)
		indent();
	putc(bracket, file());
	if (!out.depth)
		putc('\n', file());
}

/**
 * print_array_begin() - open a JSON array; nothing in text
 * @key: its name in the object around it, or NULL
 */
void print_array_begin(const char *key)
{
	begin(key, '[');
}

/**
 * print_array_end() - close what print_array_begin() opened
 */
void print_array_end(void)
{
	end(']');
}

/**
 * print_object_begin() - open a JSON object; nothing in text
 * @key: its name in the object around it, or NULL
 */
void print_object_begin(const char *key)
{
	begin(key, '{');
}

/**
 * print_object_end() - close what print_object_begin() opened
 *
 * An outermost object or array ends its line, so that a program can read one
 * value a line.
 */
void print_object_end(void)
{
	end('}');
}

/* The formats are the callers' literals, one conversion each. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/**
 * print_string() - print a string
 * @key: its name in JSON, NULL in an array
 * @fmt: its format in text, with a %s; NULL: JSON only
 * @value: the string: octets below 0x80
 */
void print_string(const char *key, const char *fmt, const char *value)
{
	if (out.json) {
		lead(key);
		quote(value);
	} else if (fmt) {
		fprintf(file(), fmt, value);
	}
}

/**
 * print_uint() - print a number
 * @key: its name in JSON, NULL in an array
 * @fmt: its format in text, with a PRI*64; NULL: JSON only
 * @value: the number
 */
void print_uint(const char *key, const char *fmt, uint64_t value)
{
	if (out.json) {
		lead(key);
		fprintf(file(), "%" PRIu64, value);
	} else if (fmt) {
		fprintf(file(), fmt, value);
	}
}

/**
 * print_id() - print the identifier of an element or a registrar
 * @key: its name in JSON, where it is a number
 * @fmt: its format in text, with a %s for 0x and eight digits
 * @id: the identifier
 */
void print_id(const char *key, const char *fmt, uint32_t id)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%08" PRIx32, id);
	if (print_json())
		print_uint(key, NULL, id);
	else
		print_string(key, fmt, text);
}

/**
 * print_counter() - print a counter, in text on a line of its own
 * @name: its name
 * @value: its value
 */
void print_counter(const char *name, uint64_t value)
{
	print_text("%-24s ", name);
	print_uint(name, "%" PRIu64 "\n", value);
}

/**
 * print_bool() - print whether something holds
 * @key: its name in JSON, NULL in an array
 * @if_true: what text says when it does; text says nothing otherwise
 * @value: whether it does
 */
void print_bool(const char *key, const char *if_true, bool value)
{
	if (out.json) {
		lead(key);
		fputs(value ? "true" : "false", file());
	} else if (value) {
		fputs(if_true, file());
	}
}

/**
 * print_text() - print what only text has
 * @fmt: as printf()
 */
void print_text(const char *fmt, ...)
{
	va_list args;

	if (out.json)
		return;
	va_start(args, fmt);
	vfprintf(file(), fmt, args);
	va_end(args);
}

/**
 * print_flush() - hand what was printed to whoever reads it
 *
 * Return: 0, or -1 when it could not all be written, with errno.
 */
int print_flush(void)
{
	return fflush(file()) || ferror(file()) ? -1 : 0;
}
