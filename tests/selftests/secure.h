/* SPDX-License-Identifier: GPL-2.0 */
/* A secure scope for a test: mode, keys, and tlshd. */
#ifndef _SECURE_H
#define _SECURE_H

#include "framed.h"

/* The scope of the test is secure; no key and no agent yet. */
void secure_scope(void);

/*
 * A key of a pool, of 32 octets n, n + 1, ...; also: what else rspctl is told,
 * as "pe 1".
 */
void key_add(const char *pool, const char *also, int n);
void key_del(const char *pool, const char *also);
/* Of the first key for which key show prints @whose; at most 63 octets. */
void identity_get(const char *whose, char *identity);

/* tlshd runs in the test's namespace, and has begun to listen. */
pid_t agent_start(void);
/* The same, with more lines in its configuration. */
pid_t agent_start_by(const char *more);
/* That and the processes that it has for handshakes. */
void agent_signal(pid_t agent, int signal);
/* And it is gone, with all that it was at. */
void agent_kill(pid_t agent);

/* A pool's key and scope and agent, all that most tests want. */
pid_t secure_pool(const char *pool);

/* A process has the listener from now on, and a child of it serves each session. */
pid_t serve_element(int listener, void (*serve)(int fd));

/* An element whose process accepts sessions and echoes each in a child. */
pid_t echo_element(const char *name, uint32_t id, int type);

/* A record of TLS, with its head: what waits there, or will; its length. */
#define TLS_RECORD_MAX	(5 + 16384 + 256)
size_t tls_record_read(int fd, unsigned char *octets);

/* connect(), which fails with this errno; 0: it does not. */
int try_connect(const char *name, int type, int *fd);

/* It is sent, and an echo of it comes. */
void check_message(int fd, const char *word);

#endif /* _SECURE_H */
