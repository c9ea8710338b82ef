/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of channels share. */
#ifndef _RSP_CHANNEL_INTERNAL_H
#define _RSP_CHANNEL_INTERNAL_H

#include "channel.h"

enum channel_state {
	CHANNEL_CONNECTING,
	CHANNEL_SECURING,
	CHANNEL_OPEN,
	CHANNEL_ENDING,		/* only what waits is sent yet */
	CHANNEL_CLOSED,
};

/**
 * struct octet_queue - octets in memory of their own
 * @data: NULL while there are none
 * @begin: where the first is
 * @len: how many there are
 * @room: that fit there
 */
struct octet_queue {
	uint8_t *data;
	uint32_t begin;
	uint32_t len;
	uint32_t room;
};

/**
 * struct channel - a connection
 * @group: its group
 * @tls: its side of TLS, NULL for plain
 * @session: of TLS
 * @limits: what it may take
 * @ops: the owner's
 * @data: the owner's
 * @state: where it is
 * @fd: its socket
 * @events: what @poll waits for
 * @resend: the record layer wants the last send again
 * @unsent: it is in the group's list
 * @next_unsent: the next one there
 * @poll: of @fd
 * @timer: set-up, then end
 * @closing: handles that libuv has not let go
 * @peer: the other end's address
 * @name: that in words
 * @identity: who it is, "" for nobody
 * @in: the beginning of a message
 * @out: what waits to be sent
 */
struct channel {
	struct channel_group *group;
	struct tls *tls;
	gnutls_session_t session;
	const struct channel_limits *limits;
	const struct channel_ops *ops;
	void *data;
	enum channel_state state;
	int fd;
	int events;
	bool resend;
	bool unsent;
	struct channel *next_unsent;
	uv_poll_t poll;
	uv_timer_t timer;
	int closing;
	struct sockaddr_storage peer;
	char name[64];
	char identity[TLS_IDENTITY_MAX + 1];
	struct octet_queue in;
	struct octet_queue out;
};

/* In octet_queue.c */
bool octet_queue_add(struct octet_queue *queue, const void *data, uint32_t len);
void octet_queue_drop(struct octet_queue *queue, uint32_t len);
void octet_queue_free(struct octet_queue *queue);

/* In channel_frame.c */
void channel_feed(struct channel *channel, const uint8_t *data, uint32_t len);

/* In channel.c */
struct channel *channel_new(struct channel_group *group, struct tls *tls,
			    const struct channel_limits *limits, int fd,
			    const struct sockaddr *peer, socklen_t len);
int channel_start(struct channel *channel, enum channel_state state);
void channel_free(struct channel *channel);

#endif /* _RSP_CHANNEL_INTERNAL_H */
