/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the bench's client and server share: the service that is measured.
 *
 * A connection carries requests, each a struct request and then, for some, its
 * octets.  The server serves one after the other until the client ends the
 * connection; it knows nothing of pools.
 *
 * With frames a request comes in one, and the octets that it names are those of
 * frames, their heads too: the server counts, takes and gives them like others.
 * It sends the card with which such a session begins, frames to a SOURCE, and
 * the checkpoints that a SINK asks for.
 */
#ifndef _BENCH_H
#define _BENCH_H

#include <stdint.h>

#define CALL_SIZE	65536	/* octets of a read or write of bulk data */
#define MESSAGE_SIZE	64	/* octets of a message of a ping-pong */
#define FRAME_SIZE	72	/* such a message with its head */

enum operation {
	ECHO = 1,	/* gives back the next octets as they come */
	SINK,		/* takes the next octets, then gives one octet */
	SOURCE,		/* gives so many octets */
};

struct request {
	uint64_t operation;
	uint64_t octets;
	uint32_t payload;	/* frames: octets of each that follows its head */
	uint32_t checkpoint;	/* SINK of frames: one each so many frames */
};

struct head {
	uint32_t ppid;		/* both in network byte order */
	uint32_t length;
};

#endif /* _BENCH_H */
