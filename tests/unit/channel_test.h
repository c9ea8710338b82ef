/* SPDX-License-Identifier: GPL-2.0 */
/* Two ends of a channel on one loop, and peers that are none of ours. */
#ifndef _CHANNEL_TEST_H
#define _CHANNEL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/lib/channel.h"

#define WAIT_MS	20000

/**
 * struct side - what a channel of ours has told
 * @channel: it, NULL when it has gone
 * @echo: it sends back what comes
 * @opened: how often open() was called
 * @closed: how often closed() was called
 * @why: what that said, "" for a proper end
 * @identity: who it said is there
 * @messages: how many came
 * @octets: in them
 * @last: the last one's first octets
 * @close_on_message: it closes itself then
 */
struct side {
	struct channel *channel;
	bool echo;
	int opened;
	int closed;
	char why[200];
	char identity[TLS_IDENTITY_MAX + 1];
	uint64_t messages;
	uint64_t octets;
	uint8_t last[64];
	bool close_on_message;
};

/**
 * struct bench - a server, and what connects to it
 * @loop: of all
 * @group: of all
 * @limits: of all
 * @listener: of the server
 * @address: where it listens
 * @server: the last channel that it accepted
 * @client: of client_connect()
 * @guard: ends a test that hangs
 */
struct bench {
	uv_loop_t loop;
	struct channel_group group;
	struct channel_limits limits;
	struct channel_listener listener;
	struct sockaddr_storage address;
	struct side server;
	struct side client;
	uv_timer_t guard;
};

extern struct bench bench;

struct tls *tls_make(const struct tls_config *config);
struct tls *psk_server(void);
struct tls *psk_client(const char *identity, const char *key);

void bench_begin(struct tls *server);
void bench_end(void);
void client_connect(struct tls *tls);
void run_until(const char *what, bool (*done)(void));
void run_until_n(uint64_t *counter, uint64_t n);
void message_fill(uint8_t *message, uint32_t len);

/**
 * struct stranger - a peer in a thread of its own, with blocking calls
 * @run: what it does; what it returns is kept in @result
 * @rules: GnuTLS's priorities for stranger_handshake()
 * @thread: its thread
 * @fd: connected to the server
 * @session: after stranger_handshake()
 * @credentials: of @session
 * @result: of @run
 * @done: it has returned
 * @may_go_on: set by stranger_tell(), waited for by stranger_wait()
 */
struct stranger {
	int (*run)(struct stranger *stranger);
	const char *rules;
	uv_thread_t thread;
	int fd;
	gnutls_session_t session;
	gnutls_psk_client_credentials_t credentials;
	int result;
	uv_async_t done;
	bool has_ended;
	uv_sem_t may_go_on;
};

void stranger_begin(struct stranger *stranger);
void stranger_tell(struct stranger *stranger);
int stranger_end(struct stranger *stranger);
void stranger_wait(struct stranger *stranger);
int stranger_handshake(struct stranger *stranger);
void stranger_leave(struct stranger *stranger);

/* In certificates.c: PEM files in a new folder. */
void certificates_make(char *folder);
void certificate_for(const char *folder, const char *ca, const char *name,
		     const char *file, bool expired);

#endif /* _CHANNEL_TEST_H */
