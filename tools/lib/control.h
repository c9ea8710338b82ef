/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control socket: rspctl sends a line, the name of an object and how it is to be
 * printed, "text", "json" or "pretty"; and is sent that.
 */
#ifndef _RSP_CONTROL_H
#define _RSP_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "answer.h"

/* Prints the object; false: there is none of that name. */
typedef bool control_show_fn(void *data, const char *object);

/**
 * struct control - the socket
 * @show: prints what is asked for
 * @data: for @show
 * @answers: the server
 */
struct control {
	control_show_fn *show;
	void *data;
	struct answers answers;
};

int control_start(struct control *control, uv_loop_t *loop, const char *path,
		  char *why, size_t room);
void control_stop(struct control *control);

#endif /* _RSP_CONTROL_H */
