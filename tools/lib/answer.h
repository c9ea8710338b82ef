/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A server for this host: each connection sends one request, is answered, and
 * ends. Who takes long to ask, or to read, is ended too.
 */
#ifndef _RSP_ANSWER_H
#define _RSP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#include "list.h"
#include "text.h"

#define REQUEST_MAX	4096	/* octets of a request, its end included */

/**
 * struct answers - the server
 * @until: what a request ends with
 * @answer: called with a request, without its end; returns what is sent, from
 *	malloc(), or NULL: then the connection just ends
 * @data: for @answer
 * @handle: listener
 * @open: it listens
 * @callers: connections
 * @n: how many
 */
struct answers {
	const char *until;
	char *(*answer)(void *data, char *request);
	void *data;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_pipe_t pipe;
		uv_tcp_t tcp;
	};
	bool open;
	struct list callers;
	unsigned int n;
};

int answers_at_path(struct answers *answers, uv_loop_t *loop, const char *path,
		    mode_t mask);
int answers_at_port(struct answers *answers, uv_loop_t *loop,
		    const struct transport *at);
void answers_stop(struct answers *answers);

#endif /* _RSP_ANSWER_H */
