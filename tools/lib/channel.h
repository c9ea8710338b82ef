/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Channels: ASAP or ENRP messages over TCP, in TLS or plain, on a loop of
 * libuv. A message delimits itself by the length in its header (RFC 5354,
 * section 4), and is followed by the padding that the length leaves out.
 *
 * All runs in the loop's thread.
 */
#ifndef _RSP_CHANNEL_H
#define _RSP_CHANNEL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "tls.h"

#define CHANNEL_MESSAGE_MAX	65536	/* octets, with the padding */
#define CHANNEL_RECORD_MAX	16384	/* octets of a TLS record */

/**
 * struct channel_limits - what a channel may take
 * @message_max: octets of a message, at most CHANNEL_MESSAGE_MAX
 * @queue_max: octets that wait to be sent
 * @setup_ms: until TCP is connected and the handshake done
 * @linger_ms: for what waits when channel_end() is called
 * @dead_ms: until a peer that acknowledges nothing is taken for dead, idle or
 *	not
 */
struct channel_limits {
	uint32_t message_max;
	uint32_t queue_max;
	uint32_t setup_ms;
	uint32_t linger_ms;
	uint32_t dead_ms;
};

extern const struct channel_limits channel_limits_default;

/**
 * struct channel_counters - what the channels of a group met
 * @accepted: connections taken
 * @connected: connections made
 * @secured: handshakes done
 * @connects_failed: connects that failed or took too long
 * @handshakes_failed: handshakes that failed or took too long
 * @messages_received: messages
 * @messages_sent: messages
 * @malformed: closed for a length that cannot be
 * @too_long: closed for a message longer than the limit
 * @queue_full: sends that found no room
 * @cut_off: closed by the peer in a message, or without an end of TLS
 * @records_refused: closed for a record that the peer's keys have not made, or
 *	that TLS does not allow there
 * @refused: connections that were not taken for lack of descriptors or memory
 */
struct channel_counters {
	uint64_t accepted;
	uint64_t connected;
	uint64_t secured;
	uint64_t connects_failed;
	uint64_t handshakes_failed;
	uint64_t messages_received;
	uint64_t messages_sent;
	uint64_t malformed;
	uint64_t too_long;
	uint64_t queue_full;
	uint64_t cut_off;
	uint64_t records_refused;
	uint64_t refused;
};

struct channel;

/**
 * struct channel_group - the channels of one loop
 * @loop: the loop
 * @counters: of all of them
 * @n: channels that are not closed
 * @prepare: sends what was queued, before the loop waits
 * @unsent: channels that have something queued since
 * @scratch: a record, decrypted
 */
struct channel_group {
	uv_loop_t *loop;
	struct channel_counters counters;
	unsigned int n;
	uv_prepare_t prepare;
	struct channel *unsent;
	uint8_t scratch[CHANNEL_RECORD_MAX];
};

/**
 * struct channel_ops - what the owner of a channel does
 * @open: it is connected and, with TLS, secured; messages may be sent
 * @message: one has come, with its padding; it goes when this returns
 * @closed: the channel goes: nothing is called afterwards, and nothing of it
 *	may be used. It is called once for each channel, whoever closes it,
 *	perhaps before channel_send() or channel_close() returns. @why is a
 *	sentence, NULL when the peer or channel_end() ended it properly
 */
struct channel_ops {
	void (*open)(struct channel *channel);
	void (*message)(struct channel *channel, const uint8_t *data,
			uint32_t len);
	void (*closed)(struct channel *channel, const char *why);
};

/**
 * struct channel_listener - where channels come from
 * @group: theirs
 * @tls: theirs, NULL for plain
 * @limits: theirs
 * @accept: called for each, before its handshake: set its owner with
 *	channel_own(), or return false to have it closed without a word
 * @refuse: called when connections begin to be refused for lack of descriptors or
 *	memory; or NULL
 * @data: for the owner
 * @refuses: that was said
 * @poll: of the socket
 * @pause: until it accepts again
 * @fd: the socket
 * @closing: handles that libuv has not let go
 */
struct channel_listener {
	struct channel_group *group;
	struct tls *tls;
	const struct channel_limits *limits;
	bool (*accept)(struct channel_listener *listener,
		       struct channel *channel);
	void (*refuse)(struct channel_listener *listener, int err);
	void *data;
	bool refuses;
	uv_poll_t poll;
	uv_timer_t pause;
	int fd;
	int closing;
};

int channel_group_init(struct channel_group *group, uv_loop_t *loop);
void channel_group_fini(struct channel_group *group);

int channel_listen(struct channel_listener *listener,
		   const struct sockaddr *address, socklen_t len);
int channel_listener_address(const struct channel_listener *listener,
			     struct sockaddr_storage *address);
void channel_listener_close(struct channel_listener *listener);

struct channel *channel_connect(struct channel_group *group, struct tls *tls,
				const struct channel_limits *limits,
				const struct sockaddr *address, socklen_t len,
				const struct channel_ops *ops, void *data);
void channel_own(struct channel *channel, const struct channel_ops *ops,
		 void *data);
void *channel_data(const struct channel *channel);
const char *channel_identity(const struct channel *channel);
const struct sockaddr *channel_peer(const struct channel *channel);
const char *channel_name(const struct channel *channel);
uint32_t channel_queued(const struct channel *channel);
int channel_send(struct channel *channel, const void *data, uint32_t len);
void channel_end(struct channel *channel);
void channel_close(struct channel *channel, const char *why);

#endif /* _RSP_CHANNEL_H */
