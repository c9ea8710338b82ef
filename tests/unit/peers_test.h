/* SPDX-License-Identifier: GPL-2.0 */
/* Registrars on one loop that are peers of each other, and a stranger. */
#ifndef _PEERS_TEST_H
#define _PEERS_TEST_H

#include "registrar_test.h"

#define N	3

#define SELDOM	1000000		/* what is wrong stays so */
#define OFTEN	200

/**
 * struct stranger - a raw peer, which says what it is told to
 * @channel: its connection
 * @opened: it may send
 * @closed: it may not any more
 * @n: messages that came
 * @type: of the last one
 * @flags: likewise
 * @answer: called with each; NULL for nothing
 */
struct stranger {
	struct channel *channel;
	bool opened;
	bool closed;
	u32 n;
	u8 type;
	u8 flags;
	void (*answer)(void);
};

extern struct registrar regs[N];
extern struct stranger stranger;
extern struct channel_group strangers;

/* Set-up and teardown of a test: all N, which know each other. */
int begin_plain(void **state);
int begin_secure(void **state);
int begin_audited(void **state);
int begin_plain_audited(void **state);
int end(void **state);

struct peer *knows(struct registrar *registrar, const char *name);
void at(struct peer *peer, const struct registrar *other);
struct account *allow(struct authorization *authorization, const char *pattern,
		      u32 id_min, u32 id_max);
void prepare(u32 i, bool secure);
void start(u32 i);
void stop(u32 i);
struct rsp_tlv_element made(u32 id, u32 home);
void put(u32 i, const char *pool, u32 id);
struct element *get(u32 i, const char *pool, u32 id);
void expect_all(const char *pool, u32 id, u32 home);
void forget_all(struct registrar *registrar, u32 id);

void come(struct registrar *to, const char *identity);
void come_in_vain(struct registrar *to, const char *identity);
void say(struct rsp_tlv_writer *w);
void say_update(u32 sender, const char *pool, u32 id, u32 home, u16 action);
void say_target(u8 type, u32 sender, u32 target);
bool is_true(void *data);

extern u8 said[1024];
extern u8 transport[16];

#endif /* _PEERS_TEST_H */
