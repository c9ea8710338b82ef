// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control.h"
#include "print.h"

static char *answer(void *data, char *line)
{
	struct control *control = data;
	char *how = strchr(line, ' '), *text = NULL;
	FILE *file;
	bool known;
	size_t len;

	if (!how)
		return NULL;
	*how++ = '\0';
	file = open_memstream(&text, &len);
	if (!file)
		return NULL;
	print_init(strcmp(how, "text"), !strcmp(how, "pretty"));
	print_to(file);
	known = control->show(control->data, line);
	print_to(NULL);
	fclose(file);
	if (known)
		return text;
	free(text);
	return NULL;
}

/**
 * control_start() - listen to rspctl
 * @control: with its function; the rest is filled
 * @loop: behind it
 * @path: where; NULL: nowhere
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int control_start(struct control *control, uv_loop_t *loop, const char *path,
		  char *why, size_t room)
{
	int err;

	if (!path)
		return 0;
	mkdir("/run/rserpool", 0755);
	control->answers.until = "\n";
	control->answers.answer = answer;
	control->answers.data = control;
	/* Nobody but us may connect. */
	err = answers_at_path(&control->answers, loop, path, 0177);
	if (!err)
		return 0;
	snprintf(why, room, "control socket %s: %s", path, uv_strerror(err));
	return -1;
}

/**
 * control_stop() - listen no more, and end all connections
 * @control: it may have been started nowhere
 */
void control_stop(struct control *control)
{
	answers_stop(&control->answers);
}
