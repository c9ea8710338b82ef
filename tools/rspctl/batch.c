// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../lib/print.h"
#include "rspctl.h"

#define LINES_BETWEEN_LOOKS	1024	/* at the clock */
#define PROGRESS_MS		200

/**
 * struct progress - what is told of a batch while it runs
 * @shown: someone looks: standard error is a terminal
 * @size: octets of the file, 0 when that is not known
 * @done: octets that were read
 * @begun_ms: when
 * @told_ms: when something was told last
 */
struct progress {
	bool shown;
	uint64_t size;
	uint64_t done;
	uint64_t begun_ms;
	uint64_t told_ms;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void progress_begin(struct progress *progress, FILE *file)
{
	struct stat stat;

	memset(progress, 0, sizeof(*progress));
	progress->shown = isatty(STDERR_FILENO);
	if (!fstat(fileno(file), &stat) && S_ISREG(stat.st_mode))
		progress->size = (uint64_t)stat.st_size;
	progress->begun_ms = now_ms();
	progress->told_ms = progress->begun_ms;
}

static void progress_tell(struct progress *progress)
{
	uint64_t now, ms;

	if (!progress->shown || ctl.line % LINES_BETWEEN_LOOKS)
		return;
	now = now_ms();
	if (now - progress->told_ms < PROGRESS_MS)
		return;
	progress->told_ms = now;
	ms = now - progress->begun_ms;
	fprintf(stderr, "\r%s: %lu lines", ctl.file, ctl.line);
	if (progress->size)
		fprintf(stderr, ", %" PRIu64 "%%",
			progress->done * 100 / progress->size);
	fprintf(stderr, ", %" PRIu64 " lines/s\033[K",
		ctl.line * UINT64_C(1000) / ms);
}

static void progress_end(const struct progress *progress)
{
	if (progress->told_ms != progress->begun_ms)
		fputs("\r\033[K", stderr);
}

/* A line that ends in a backslash goes on with the next one. */
static bool goes_on(const char *line, size_t len)
{
	if (len && line[len - 1] == '\n')
		len--;
	return len && line[len - 1] == '\\' &&
	       (len == 1 || line[len - 2] == ' ' || line[len - 2] == '\t');
}

static int run_line(char *line, size_t len)
{
	char *words[WORDS_MAX + 1];
	const char *error;
	struct words left;
	int n;

	if (memchr(line, '\0', len))
		return complain("the line has an octet 0; write \\x00");
	n = lex(line, words, &error);
	if (n < 0)
		return complain("%s", error);
	left.at = words;
	left.n = n;
	return n ? run(&left) : 0;
}

/* Put the next line into @line behind @len octets, in place of " \\\n". */
static bool join_line(FILE *file, char **line, size_t *room, size_t *len,
		      unsigned long *n)
{
	static char *more;
	static size_t more_room;
	char *longer;
	ssize_t got;

	got = getline(&more, &more_room, file);
	if (got < 0)
		return false;
	++*n;
	*len -= (*line)[*len - 1] == '\n' ? 2 : 1;
	if (*len + (size_t)got + 1 > *room) {
		longer = realloc(*line, *len + (size_t)got + 1);
		if (!longer)
			return false;
		*line = longer;
		*room = *len + (size_t)got + 1;
	}
	memcpy(*line + *len, more, (size_t)got + 1);
	*len += (size_t)got;
	return true;
}

static int run_lines(FILE *file)
{
	struct progress progress;
	char *line = NULL;
	size_t room = 0, len;
	unsigned long n = 0;
	int ret, status = 0;
	ssize_t got;

	progress_begin(&progress, file);
	while ((got = getline(&line, &room, file)) >= 0) {
		len = (size_t)got;
		ctl.line = ++n;
		while (goes_on(line, len) &&
		       join_line(file, &line, &room, &len, &n))
			;
		progress.done += len;
		progress_tell(&progress);
		ret = run_line(line, len);
		if (ret > status)
			status = ret;
		if (ret && !ctl.force)
			break;
	}
	if (ferror(file))
		status = complain("%s", strerror(errno));
	ret = elements_flush();
	if (ret > status)
		status = ret;
	progress_end(&progress);
	free(line);
	return status;
}

static int tell_swept(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_SYNC_MAX + 1];

	(void)data;
	attrs_read(nlh, attrs, RSERPOOL_A_SYNC_MAX);
	print_object_begin(NULL);
	print_uint("swept", "swept %" PRIu64 "\n",
		   attr_u32(attrs[RSERPOOL_A_SYNC_SWEPT]));
	print_object_end();
	return 0;
}

static int begin(struct words *words)
{
	struct nlmsghdr *nlh;

	if (no_more(words))
		return EXIT_USAGE;
	/* The kernel forgets a sync whose socket is closed. */
	if (!ctl.file)
		return complain("sync: it is for the lines of a batch");
	nlh = request(RSERPOOL_CMD_SYNC_BEGIN, 0);
	if (!nlh)
		return EXIT_KERNEL;
	if (nl_talk(&ctl.client, nlh, NULL, NULL))
		return kernel_error(NULL);
	ctl.sync = true;
	return 0;
}

static int end(struct words *words)
{
	struct nlmsghdr *nlh;

	if (no_more(words))
		return EXIT_USAGE;
	nlh = request(RSERPOOL_CMD_SYNC_END, 0);
	if (!nlh)
		return EXIT_KERNEL;
	if (nl_talk(&ctl.client, nlh, tell_swept, NULL))
		return kernel_error("a sync begins with: sync begin");
	ctl.sync = false;
	return 0;
}

const struct command sync_commands[] = {
	{ .name = "begin", .run = begin, .usage = "" },
	{ .name = "end", .run = end, .usage = "" },
	{ .name = NULL }
};

static int run_synced(FILE *file)
{
	struct words none = { .n = 0 };
	int ret;

	ret = begin(&none);
	if (!ret)
		ret = run_lines(file);
	if (!ret)
		return end(&none);
	if (ctl.sync)
		complain("after an error nothing is swept: what the lines do not name stays");
	return ret;
}

/**
 * batch() - run the commands of a file, a line each
 * @name: the file's name, - for standard input
 * @sync: the file names all that there shall be: the rest goes at its end
 *
 * Return: the exit status, the highest of all lines.
 */
int batch(const char *name, bool sync)
{
	FILE *file = stdin;
	int ret;

	if (strcmp(name, "-")) {
		file = fopen(name, "re");
		if (!file)
			return complain("%s: %s", name, strerror(errno));
	}
	ctl.file = file == stdin ? "standard input" : name;
	ret = sync ? run_synced(file) : run_lines(file);
	ctl.file = NULL;
	if (file != stdin)
		fclose(file);
	return ret;
}
