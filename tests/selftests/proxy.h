/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Somebody on the way between a user and an element, who sees the records of TLS
 * and does one thing to one of them.
 */
#ifndef _PROXY_H
#define _PROXY_H

#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "ktap.h"

/* Where a record goes. */
enum way {
	UP,		/* to the element */
	DOWN,		/* to the user */
	WAYS,
};

enum attack {
	NO_ATTACK,
	FLIP_TYPE,	/* a bit is flipped: in the head's three fields, ... */
	FLIP_VERSION,
	FLIP_LENGTH,
	FLIP_OCTET,	/* in what is sealed, in the last octet, of the tag */
	FLIP_TAG,
	DROP,
	DOUBLE,
	SWAP,		/* with the next of its way */
	INVENT,		/* a record of zeros comes before it */
	FORGE_END,	/* a close_notify in the clear, and a FIN, instead of it */
	CUT_FIN,	/* a FIN, or a reset, instead of it; or in its middle */
	CUT_RST,
	CUT_INSIDE_FIN,
	CUT_INSIDE_RST,
	ATTACKS,
};

/* What is done, and to which record of which way, from 0. */
struct aim {
	enum attack attack;
	enum way way;
	unsigned int n;
};

#define RECORD_HEAD	5
#define RECORDS_MAX	64
#define TAPE_MAX	65536

/* As they came: a record of the whole connection, and of each way its octets. */
struct tape {
	struct {
		enum way way;
		uint8_t type;
		size_t at;	/* in octets[way] */
		size_t len;	/* with the head */
	} records[RECORDS_MAX];
	unsigned int n_records;
	unsigned int n[WAYS];
	unsigned char octets[WAYS][TAPE_MAX];
	size_t len[WAYS];
};

struct proxy {
	struct sockaddr_in to;		/* the element */
	struct aim aim;
	struct tape tape;
	int listener;
	uint16_t port;
	int fd[WAYS];			/* that leads that way; -1: none */
	size_t passed[WAYS];		/* octets of the tape that were looked at */
	int held;			/* record of the tape, -1: none */
	bool over[WAYS];		/* nothing comes for this way any more */
	bool swallow[WAYS];		/* what comes goes nowhere */
	bool done;			/* the aim was met */
};

/* It listens, for connections to that address. */
void proxy_open(struct proxy *proxy, const struct sockaddr_in *to);
/* Let go of the connection, and of those that wait; have another aim. */
void proxy_begin(struct proxy *proxy, struct aim aim);
/* Do what can be done at once; false: nothing could. */
bool proxy_step(struct proxy *proxy);
/*
 * Everybody waits: the record that is held goes on, or, if one is missing or its
 * end is, both hear that the connection has ended. false: nothing is missing.
 */
bool proxy_quiet(struct proxy *proxy);
/* What to wait for: appended. */
int proxy_poll(const struct proxy *proxy, struct pollfd *fds);
/* Both ends have gone. */
bool proxy_is_over(const struct proxy *proxy);

/*
 * Of the handshake: the element has sent its share of a Diffie-Hellman key, with
 * the PSK; the user has offered nothing else.
 */
bool tape_has_key_share(const struct tape *tape);
bool tape_asks_for_key_share(const struct tape *tape);

const char *attack_name(enum attack attack);

#endif /* _PROXY_H */
