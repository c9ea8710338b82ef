/* SPDX-License-Identifier: GPL-2.0 */
/* A registrar, and elements and users that connect to it, on one loop. */
#ifndef _REGISTRAR_TEST_H
#define _REGISTRAR_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../tools/enrpd/registrar.h"

#define WAIT_MS		20000
#define INBOX		64

/**
 * struct caller - an element or a user
 * @channel: its connection, NULL when that has ended
 * @opened: it may send
 * @mute: it answers no keep-alive
 * @n: messages that came, the first INBOX of them in @inbox
 * @inbox: they
 * @keep_alives: that came
 */
struct caller {
	struct channel *channel;
	bool opened;
	bool mute;
	u32 n;
	struct {
		u8 *data;
		u32 len;
	} inbox[INBOX];
	u32 keep_alives;
};

extern struct registrar registrar;
extern uv_loop_t test_loop;

struct config registrar_config(void);
void test_config(void);
void test_loop_begin(void);
void test_loop_end(void);
struct account *account_in(struct authorization *authorization,
			   const char *name, const char *pattern, u32 id_min,
			   u32 id_max);
struct account *test_account(const char *name, const char *pattern, u32 id_min,
			     u32 id_max);
void test_begin(void);
void test_end(void);
void test_connect(struct caller *peer, const char *identity);
void test_connect_plain(struct caller *peer);
void test_forget(struct caller *peer);
void test_wait(const char *what, bool (*done)(void *data), void *data);
void test_pass(u64 ms);

void peer_register(struct caller *peer, const char *handle, u32 id, u32 policy,
		   u32 value, s32 life);
void peer_register_at(struct caller *peer, const char *handle, u32 id,
		      u16 type, u16 use, const char *address);
void peer_say(struct caller *peer, u8 type, const char *handle, u32 id);
void peer_resolve(struct caller *peer, const char *handle, u8 flags);

/* Waits for the next message of this type and parses it. */
void peer_expect(struct caller *peer, u8 type, struct rsp_asap_message *msg);
void peer_expect_cause(struct caller *peer, u8 type, int cause);
struct element *stored(const char *handle, u32 id);

#endif /* _REGISTRAR_TEST_H */
