/* SPDX-License-Identifier: GPL-2.0 */
/* A multicast group: datagrams to it and from it (RFC 5352, 3.6). */
#ifndef _RSP_MULTICAST_H
#define _RSP_MULTICAST_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "text.h"

#define DATAGRAM_MAX	2048	/* octets; what is longer is not for us */

/**
 * struct multicast - a group that is heard
 * @heard: called with each datagram, who sent it, and his length
 * @data: the caller's
 * @group: address and port
 * @interface: index, 0: the one that the routes say
 * @fd: socket, -1 for none
 * @poll: of it
 */
struct multicast {
	void (*heard)(struct multicast *multicast, const uint8_t *octets,
		      uint32_t len, const struct sockaddr *from);
	void *data;
	struct transport group;
	unsigned int interface;
	int fd;
	uv_poll_t poll;
};

int multicast_open(struct multicast *multicast, uv_loop_t *loop,
		   const struct transport *group, const char *interface,
		   unsigned int hops, char *why, size_t room);
void multicast_close(struct multicast *multicast);
int multicast_send(const struct multicast *multicast, const void *octets,
		   uint32_t len);
bool multicast_source(const struct multicast *multicast,
		      struct transport *source);

#endif /* _RSP_MULTICAST_H */
