/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a user and an element say to each other in a short session, in turns. Each
 * knows what is said, and checks that it hears a beginning of it.
 */
#ifndef _DIALOGUE_H
#define _DIALOGUE_H

#include <linux/rserpool.h>

#include "proxy.h"
#include "tls_peer.h"

#define LINES_EACH	3	/* what either says */

/* An end of the session that is under way. */
struct end {
	int fd;			/* does not block; -1: not there */
	struct tls_peer *tls;	/* that the kernel knows nothing of */
	enum way says;
	bool messages;		/* a line is one, else octets of a stream */
	bool begun;		/* it has a session */
	bool shut;
	unsigned int said;	/* lines */
	size_t heard;		/* octets */
	bool whole;		/* over, and the other one has said so */
	int err;		/* over, by this */
	enum rsp_failure failure;
};

/* Say and hear what can be at once; false: nothing could. */
bool end_step(struct end *end);
bool end_is_over(const struct end *end);
void end_fails(struct end *end, int err);
void end_close(struct end *end);

/* The octets of the first n lines of that way. */
size_t octets_of_lines(enum way way, unsigned int n);

#endif /* _DIALOGUE_H */
