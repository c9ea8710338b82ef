/* SPDX-License-Identifier: GPL-2.0 */
/* The other end of a flow that carries control beside data, octet by octet. */
#ifndef _FRAMED_H
#define _FRAMED_H

#include "pool.h"

#define FRAME_PAYLOAD_MAX	65528
#define FRAME_MORE		0x80000000u

struct frame {
	uint32_t ppid;
	uint32_t length;	/* as it stands in the head */
	char octets[FRAME_PAYLOAD_MAX];
};

/* The head says what it is told to, whatever the octets are. */
void frame_send(int fd, uint32_t ppid, uint32_t length, const void *octets,
		size_t len);
/* false: the connection ended before the frame did. */
bool frame_receive(int fd, struct frame *frame);

/* ASAP_BUSINESS_CARD with the pool's handle and no elements. */
void card_send(int fd, const char *handle);

/* A pool with one such server, id 1; it sends its card, then fn() goes on. */
struct server framed_pool(const char *name, const char *config, server_fn *fn,
			  const void *arg);
/* Another such server. */
struct server framed_server(const char *name, uint32_t id, server_fn *fn,
			    const void *arg);
/* fn(): what it gets it sends back, frame by frame. */
void framed_echo(int fd, uint32_t id, const void *arg);

int framed_connect(const char *name, int type);

/* Receives some octets; is RSP_PEER with them? */
bool receive_peer(int fd, int flags, struct rsp_peer_info *peer);

/* What comes of a session is sent back, until it ends; then it is closed. */
void echo_messages(int fd);

/* A socket that listens, and so is an element; id 0: any. */
int element(const char *name, uint32_t id, int type);
/* The port on which it listens. */
int port_of(int listener);

#endif /* _FRAMED_H */
