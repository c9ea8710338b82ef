/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control socket: rspctl sends a line, "registrar" or "peer" and how it is to be
 * printed, "text", "json" or "pretty"; and is sent that.
 */
#ifndef _ENRPD_CONTROL_H
#define _ENRPD_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "../lib/list.h"

struct registrar;

/**
 * struct control - the socket
 * @pipe: it
 * @open: it listens
 * @callers: connections
 * @n: how many
 * @path: where it is
 */
struct control {
	uv_pipe_t pipe;
	bool open;
	struct list callers;
	unsigned int n;
	const char *path;
};

/* In control.c */
int control_start(struct registrar *registrar, char *why, size_t room);
void control_stop(struct registrar *registrar);

/* In show.c */
bool show(struct registrar *registrar, const char *object);

#endif /* _ENRPD_CONTROL_H */
