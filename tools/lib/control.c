// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "print.h"

#define CONNECTIONS_MAX	16
#define LINE_MAX_LEN	64

/**
 * struct caller - a connection
 * @in_all: place in struct control
 * @pipe: it
 * @control: whose
 * @line: what has come of the line
 * @len: octets of it
 * @write: the answer
 * @text: likewise
 */
struct caller {
	struct list in_all;
	uv_pipe_t pipe;
	struct control *control;
	char line[LINE_MAX_LEN];
	size_t len;
	uv_write_t write;
	char *text;
};

static void on_closed(uv_handle_t *pipe)
{
	struct caller *caller = container_of(pipe, struct caller, pipe);

	caller->control->n--;
	list_del(&caller->in_all);
	free(caller->text);
	free(caller);
}

static void end(struct caller *caller)
{
	if (!uv_is_closing((uv_handle_t *)&caller->pipe))
		uv_close((uv_handle_t *)&caller->pipe, on_closed);
}

static void on_written(uv_write_t *write, int status)
{
	(void)status;
	end(container_of(write, struct caller, write));
}

static bool render(struct caller *caller, const char *object, const char *how)
{
	size_t len;
	FILE *file = open_memstream(&caller->text, &len);
	bool known;

	if (!file)
		return false;
	print_init(strcmp(how, "text"), !strcmp(how, "pretty"));
	print_to(file);
	known = caller->control->show(caller->control->data, object);
	print_to(NULL);
	fclose(file);
	return known && caller->text;
}

static void answer(struct caller *caller)
{
	char *how = strchr(caller->line, ' ');
	uv_buf_t buf;

	uv_read_stop((uv_stream_t *)&caller->pipe);
	if (!how)
		goto no_answer;
	*how++ = '\0';
	if (!render(caller, caller->line, how))
		goto no_answer;
	buf = uv_buf_init(caller->text, (unsigned int)strlen(caller->text));
	if (!uv_write(&caller->write, (uv_stream_t *)&caller->pipe, &buf, 1,
		      on_written))
		return;
no_answer:
	end(caller);
}

static void give_room(uv_handle_t *pipe, size_t wanted, uv_buf_t *buf)
{
	struct caller *caller = container_of(pipe, struct caller, pipe);

	(void)wanted;
	*buf = uv_buf_init(caller->line + caller->len,
			   (unsigned int)(LINE_MAX_LEN - 1 - caller->len));
}

static void on_read(uv_stream_t *pipe, ssize_t len, const uv_buf_t *buf)
{
	struct caller *caller = container_of(pipe, struct caller, pipe);
	char *newline;

	(void)buf;
	if (len < 0) {
		end(caller);
		return;
	}
	caller->len += (size_t)len;
	caller->line[caller->len] = '\0';
	newline = strchr(caller->line, '\n');
	if (newline) {
		*newline = '\0';
		answer(caller);
	} else if (caller->len == LINE_MAX_LEN - 1) {
		end(caller);
	}
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct control *control = container_of(listener, struct control, pipe);
	struct caller *caller;

	if (status < 0)
		return;
	caller = calloc(1, sizeof(*caller));
	if (!caller)
		return;
	caller->control = control;
	control->n++;
	list_add_tail(&caller->in_all, &control->callers);
	uv_pipe_init(listener->loop, &caller->pipe, 0);
	if (uv_accept(listener, (uv_stream_t *)&caller->pipe) ||
	    control->n > CONNECTIONS_MAX ||
	    uv_read_start((uv_stream_t *)&caller->pipe, give_room, on_read))
		end(caller);
}

/* One that a killed daemon left is taken away; one that is in use stays. */
static bool take_away(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	bool used;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path) || lstat(path, &st) ||
	    !S_ISSOCK(st.st_mode))
		return false;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	used = !connect(fd, (void *)&address, sizeof(address)) ||
	       errno == EAGAIN;
	close(fd);
	return !used && !unlink(path);
}

static int bind_to(struct control *control)
{
	mode_t before;
	int err;

	mkdir("/run/rserpool", 0755);
	/* Nobody but us may connect, from the first moment on. */
	before = umask(0177);
	err = uv_pipe_bind(&control->pipe, control->path);
	if (err == UV_EADDRINUSE && take_away(control->path))
		err = uv_pipe_bind(&control->pipe, control->path);
	umask(before);
	return err;
}

/**
 * control_start() - listen to rspctl
 * @control: with its function; the rest is filled
 * @loop: behind it
 * @path: where; it must live as long as this. NULL: nowhere
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int control_start(struct control *control, uv_loop_t *loop, const char *path,
		  char *why, size_t room)
{
	int err;

	list_init(&control->callers);
	control->path = path;
	if (!path)
		return 0;
	uv_pipe_init(loop, &control->pipe, 0);
	control->open = true;
	err = bind_to(control);
	if (!err)
		err = uv_listen((uv_stream_t *)&control->pipe, CONNECTIONS_MAX,
				on_connection);
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
	struct list *pos;

	if (!control->open)
		return;
	uv_close((uv_handle_t *)&control->pipe, NULL);
	control->open = false;
	list_for_each(pos, &control->callers)
		end(container_of(pos, struct caller, in_all));
}
