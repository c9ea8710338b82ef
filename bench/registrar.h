/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the bench of registrars share. */
#ifndef _BENCH_REGISTRAR_H
#define _BENCH_REGISTRAR_H

#include "../tools/lib/kernel.h"

#include "../net/rserpool/asap.h"
#include "../tools/lib/channel.h"

#define USERS		100
#define IDS_A_USER	1000000
#define ECHO_PORT	3900
#define LIFE		86400	/* seconds; nobody registers anew */

/**
 * struct user - a connection, of an element or a user of pools
 * @channel: it
 * @number: which of the USERS
 * @asked: how many requests it has sent in this turn
 */
struct user {
	struct channel *channel;
	u32 number;
	u32 asked;
};

/**
 * struct side - who is asked
 * @name: "ours" or "peer"
 * @users: who ask
 */
struct side {
	const char *name;
	struct user users[USERS];
};

/**
 * struct turn - the same work of users
 * @build: the request in which user and number say what it is about; octets of it
 * @users: how many of them, the first ones
 * @each: requests of a user
 * @window: how many of them wait for their answers
 * @pools: among which they are
 * @first: number of the first one
 */
struct turn {
	u32 (*build)(const struct turn *turn, u32 user, u32 number);
	u32 users;
	u32 each;
	u32 window;
	u32 pools;
	u32 first;
};

extern uv_loop_t loop;
extern struct channel_group group;
extern const struct channel_limits limits;
extern u8 request[RSP_ASAP_LENGTH_MAX + 1];

/* In registrar.c */
double now(void);
void run(void);
void give_key(struct tls_key *key);
struct tls *user_tls(u32 number);
struct channel *connect_to(u16 port, u32 user, const struct channel_ops *ops,
			   void *data);

/* In registrar_messages.c */
u32 build_registration(const struct turn *turn, u32 user, u32 number);
u32 build_deregistration(const struct turn *turn, u32 user, u32 number);
u32 build_resolution(const struct turn *turn, u32 user, u32 number);
u32 build_random_resolution(const struct turn *turn, u32 user, u32 number);
u32 element_id(u32 user, u32 number);
bool has_element(const u8 *data, u32 len, u32 id);
void check_answer(const u8 *data, u32 len);

/* In registrar_echo.c */
void echo_start(void);
void echo_answer(const u8 *data, u32 len);

#endif /* _BENCH_REGISTRAR_H */
