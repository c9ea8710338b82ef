/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the bench's client and server share: the service that is measured.
 *
 * A connection carries requests, each a struct request and then, for some, its
 * octets.  The server serves one after the other until the client ends the
 * connection; it knows nothing of pools.
 */
#ifndef _BENCH_H
#define _BENCH_H

#include <stdint.h>

#define CALL_SIZE	65536	/* octets of a read or write of bulk data */
#define MESSAGE_SIZE	64	/* octets of a message of a ping-pong */

enum operation {
	ECHO = 1,	/* gives back the next octets as they come */
	SINK,		/* takes the next octets, then gives one octet */
	SOURCE,		/* gives so many octets */
};

struct request {
	uint64_t operation;
	uint64_t octets;
};

#endif /* _BENCH_H */
