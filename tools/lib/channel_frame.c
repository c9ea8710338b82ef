// SPDX-License-Identifier: GPL-2.0
/*
 * From octets to messages. Of a message that has not come whole as much is kept
 * as has come: what its length says costs its sender as much as us.
 */
#include <stdio.h>
#include <string.h>

#include "channel_internal.h"

#define HEADER	4

/* Octets of the message that begins so, with padding; 0 after a complaint. */
static uint32_t message_size(struct channel *channel, const uint8_t *header)
{
	uint32_t len = header[2] << 8 | header[3], size = (len + 3) & ~3u;
	char why[96];

	if (len < HEADER) {
		channel->group->counters.malformed++;
		channel_close(channel,
			      "a message's length is less than its header's");
		return 0;
	}
	if (size <= channel->limits->message_max)
		return size;
	channel->group->counters.too_long++;
	snprintf(why, sizeof(why), "a message has %u octets, the limit is %u",
		 len, channel->limits->message_max);
	channel_close(channel, why);
	return 0;
}

static void deliver(struct channel *channel, const uint8_t *data, uint32_t len)
{
	channel->group->counters.messages_received++;
	channel->ops->message(channel, data, len);
}

static bool keep(struct channel *channel, const uint8_t *data, uint32_t len)
{
	if (octet_queue_add(&channel->in, data, len))
		return true;
	channel_close(channel, "no memory for a message");
	return false;
}

/* Returns how many octets belong to the message that is kept; 0: closed. */
static uint32_t feed_kept(struct channel *channel, const uint8_t *data,
			  uint32_t len)
{
	struct octet_queue *in = &channel->in, whole;
	uint32_t want = HEADER, take;

	if (in->len >= HEADER)
		want = message_size(channel, in->data + in->begin);
	take = want - in->len < len ? want - in->len : len;
	if (!keep(channel, data, take))
		return 0;
	if (in->len < HEADER)
		return take;
	want = message_size(channel, in->data + in->begin);
	if (!want || in->len < want)
		return want ? take : 0;
	/* The owner may close the channel, which frees what is kept. */
	whole = *in;
	memset(in, 0, sizeof(*in));
	deliver(channel, whole.data + whole.begin, whole.len);
	octet_queue_free(&whole);
	return take;
}

/**
 * channel_feed() - give on what has come
 * @channel: where; it may be closed afterwards
 * @data: the octets
 * @len: how many
 */
void channel_feed(struct channel *channel, const uint8_t *data, uint32_t len)
{
	uint32_t size;

	while (len && channel->state == CHANNEL_OPEN) {
		if (channel->in.len || len < HEADER) {
			size = feed_kept(channel, data, len);
		} else {
			size = message_size(channel, data);
			if (size > len)
				size = keep(channel, data, len) ? len : 0;
			else if (size)
				deliver(channel, data, size);
		}
		if (!size)
			return;
		data += size;
		len -= size;
	}
}
