// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "answer.h"

#define CONNECTIONS_MAX	16
#define TIME_MS		5000	/* for a whole connection */

/**
 * struct caller - a connection
 * @in_all: place in struct answers
 * @handle: it
 * @timer: it takes too long
 * @n_open: handles that are not closed yet
 * @answers: whose
 * @request: what has come of it
 * @len: octets of it
 * @write: the answer
 * @text: likewise
 */
struct caller {
	struct list in_all;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_pipe_t pipe;
		uv_tcp_t tcp;
	};
	uv_timer_t timer;
	unsigned int n_open;
	struct answers *answers;
	char request[REQUEST_MAX];
	size_t len;
	uv_write_t write;
	char *text;
};

static void on_closed(uv_handle_t *handle)
{
	struct caller *caller = handle->data;

	if (--caller->n_open)
		return;
	caller->answers->n--;
	list_del(&caller->in_all);
	free(caller->text);
	free(caller);
}

static void end(struct caller *caller)
{
	if (uv_is_closing(&caller->handle))
		return;
	uv_close(&caller->handle, on_closed);
	uv_close((uv_handle_t *)&caller->timer, on_closed);
}

static void on_written(uv_write_t *write, int status)
{
	(void)status;
	end(container_of(write, struct caller, write));
}

static void on_time(uv_timer_t *timer)
{
	end(container_of(timer, struct caller, timer));
}

static void answer(struct caller *caller)
{
	struct answers *answers = caller->answers;
	uv_buf_t buf;

	uv_read_stop(&caller->stream);
	caller->text = answers->answer(answers->data, caller->request);
	if (!caller->text) {
		end(caller);
		return;
	}
	buf = uv_buf_init(caller->text, (unsigned int)strlen(caller->text));
	if (uv_write(&caller->write, &caller->stream, &buf, 1, on_written))
		end(caller);
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
	struct caller *caller = handle->data;

	(void)wanted;
	*buf = uv_buf_init(caller->request + caller->len,
			   (unsigned int)(REQUEST_MAX - 1 - caller->len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct caller *caller = stream->data;
	char *until;

	(void)buf;
	if (len < 0) {
		end(caller);
		return;
	}
	caller->len += (size_t)len;
	caller->request[caller->len] = '\0';
	until = strstr(caller->request, caller->answers->until);
	if (until) {
		*until = '\0';
		answer(caller);
	} else if (caller->len == REQUEST_MAX - 1) {
		end(caller);
	}
}

static int take(struct answers *answers, struct caller *caller)
{
	uv_loop_t *loop = answers->handle.loop;
	int err;

	if (answers->handle.type == UV_TCP)
		uv_tcp_init(loop, &caller->tcp);
	else
		uv_pipe_init(loop, &caller->pipe, 0);
	uv_timer_init(loop, &caller->timer);
	caller->n_open = 2;
	caller->handle.data = caller;
	caller->timer.data = caller;
	uv_timer_start(&caller->timer, on_time, TIME_MS, 0);
	err = uv_accept(&answers->stream, &caller->stream);
	if (!err && answers->n > CONNECTIONS_MAX)
		err = UV_EBUSY;
	return err ? err : uv_read_start(&caller->stream, give_room, on_read);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct answers *answers = listener->data;
	struct caller *caller;

	if (status < 0)
		return;
	caller = calloc(1, sizeof(*caller));
	if (!caller)
		return;
	caller->answers = answers;
	answers->n++;
	list_add_tail(&caller->in_all, &answers->callers);
	if (take(answers, caller))
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

static void begin(struct answers *answers)
{
	answers->handle.data = answers;
	answers->open = true;
	list_init(&answers->callers);
}

/**
 * answers_at_path() - serve at a local socket
 * @answers: its functions are set; for answers_stop() in any case
 * @loop: behind it
 * @path: where
 * @mask: what not all may do there
 *
 * One that a killed daemon left is taken away.
 *
 * Return: 0 or an error of libuv.
 */
int answers_at_path(struct answers *answers, uv_loop_t *loop, const char *path,
		    mode_t mask)
{
	mode_t before;
	int err;

	uv_pipe_init(loop, &answers->pipe, 0);
	begin(answers);
	/* From the first moment on. */
	before = umask(mask);
	err = uv_pipe_bind(&answers->pipe, path);
	if (err == UV_EADDRINUSE && take_away(path))
		err = uv_pipe_bind(&answers->pipe, path);
	umask(before);
	return err ? err : uv_listen(&answers->stream, CONNECTIONS_MAX,
				     on_connection);
}

/**
 * answers_at_port() - serve at a TCP port
 * @answers: its functions are set; for answers_stop() in any case
 * @loop: behind it
 * @at: where
 *
 * Return: 0 or an error of libuv.
 */
int answers_at_port(struct answers *answers, uv_loop_t *loop,
		    const struct transport *at)
{
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(at->port),
		.sin6_addr = at->v6,
	};
	struct sockaddr_in v4 = {
		.sin_family = AF_INET, .sin_port = htons(at->port),
		.sin_addr = at->v4,
	};
	int err;

	uv_tcp_init(loop, &answers->tcp);
	begin(answers);
	err = uv_tcp_bind(&answers->tcp, at->family == AF_INET ?
			  (void *)&v4 : (void *)&v6, 0);
	return err ? err : uv_listen(&answers->stream, CONNECTIONS_MAX,
				     on_connection);
}

/**
 * answers_stop() - serve nobody any more
 * @answers: it may have been started nowhere
 */
void answers_stop(struct answers *answers)
{
	struct list *pos;

	if (!answers->open)
		return;
	uv_close(&answers->handle, NULL);
	answers->open = false;
	list_for_each(pos, &answers->callers)
		end(container_of(pos, struct caller, in_all));
}
