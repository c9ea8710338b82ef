// SPDX-License-Identifier: GPL-2.0
/* Of HTTP there is as much as a scraper needs: one GET a connection. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

#define TYPE	"application/openmetrics-text; version=1.0.0; charset=utf-8"

static void write_name(FILE *file, const char *program, const char *name)
{
	fprintf(file, "%s_", program);
	for (; *name; name++)
		fputc(*name == '-' ? '_' : *name, file);
}

static void write_family(FILE *file, const char *program, const char *name,
			 const char *type, const char *help)
{
	fputs("# TYPE ", file);
	write_name(file, program, name);
	fprintf(file, " %s\n# HELP ", type);
	write_name(file, program, name);
	fprintf(file, " %s\n", help);
}

/**
 * metrics_counters() - write counters
 * @file: where to
 * @program: what their names begin with
 * @counters: they
 */
void metrics_counters(FILE *file, const char *program,
		      const struct counters_of *counters)
{
	const char *in = counters->in;
	size_t i;

	for (i = 0; i < counters->n; i++) {
		const struct counter *each = &counters->at[i];

		write_family(file, program, each->name, "counter", each->help);
		write_name(file, program, each->name);
		fprintf(file, "_total %" PRIu64 "\n",
			*(const uint64_t *)(in + each->offset));
	}
}

/**
 * metrics_gauge() - write how many there are of something
 * @file: where to
 * @program: what its name begins with
 * @name: of it
 * @help: what it is
 * @value: how many
 */
void metrics_gauge(FILE *file, const char *program, const char *name,
		   const char *help, uint64_t value)
{
	write_family(file, program, name, "gauge", help);
	write_name(file, program, name);
	fprintf(file, " %" PRIu64 "\n", value);
}

static char *respond(const char *status, const char *type, const char *body)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		return NULL;
	fprintf(file, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
		status, type, strlen(body), body);
	fclose(file);
	return text;
}

static char *answer(void *data, char *request)
{
	struct metrics *metrics = data;
	char *body = NULL, *text;
	size_t len;
	FILE *file;

	request[strcspn(request, "\r\n")] = '\0';
	if (strncmp(request, "GET ", 4))
		return respond("405 Method Not Allowed\r\nAllow: GET",
			       "text/plain", "GET only\n");
	request += 4;
	request[strcspn(request, " ?")] = '\0';
	if (strcmp(request, "/metrics"))
		return respond("404 Not Found", "text/plain", "/metrics\n");
	file = open_memstream(&body, &len);
	if (!file)
		return NULL;
	metrics->write(metrics->data, file);
	fputs("# EOF\n", file);
	fclose(file);
	text = body ? respond("200 OK", TYPE, body) : NULL;
	free(body);
	return text;
}

/**
 * metrics_start() - let metrics be read
 * @metrics: with its function; the rest is filled
 * @loop: behind it
 * @at: path of a socket or address of a port, as parse_metrics() has it; NULL:
 *	nowhere
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int metrics_start(struct metrics *metrics, uv_loop_t *loop, const char *at,
		  char *why, size_t room)
{
	struct transport port;
	int err;

	if (!at)
		return 0;
	metrics->answers.until = "\r\n\r\n";
	metrics->answers.answer = answer;
	metrics->answers.data = metrics;
	/* Whoever is on this host may read them, as by a port. */
	if (*at == '/')
		err = answers_at_path(&metrics->answers, loop, at, 0111);
	else if (parse_metrics(at, &port))
		err = UV_EINVAL;
	else
		err = answers_at_port(&metrics->answers, loop, &port);
	if (!err)
		return 0;
	snprintf(why, room, "metrics at %s: %s", at, uv_strerror(err));
	return -1;
}

/**
 * metrics_stop() - let them be read no more
 * @metrics: it may have been started nowhere
 */
void metrics_stop(struct metrics *metrics)
{
	answers_stop(&metrics->answers);
}
