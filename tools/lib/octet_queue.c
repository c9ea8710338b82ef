// SPDX-License-Identifier: GPL-2.0
/* Octets that wait: memory as much as is there, none while nothing is. */
#include <stdlib.h>
#include <string.h>

#include "channel_internal.h"

#define ROOM_MIN	512

/**
 * octet_queue_add() - put octets behind those that are there
 * @queue: the queue
 * @data: the octets
 * @len: how many
 *
 * Return: false when there is no memory.
 */
bool octet_queue_add(struct octet_queue *queue, const void *data, uint32_t len)
{
	uint32_t need = queue->len + len, room = queue->room;
	uint8_t *grown;

	if (queue->begin && queue->begin + need > queue->room) {
		memmove(queue->data, queue->data + queue->begin, queue->len);
		queue->begin = 0;
	}
	if (need > room) {
		if (!room)
			room = ROOM_MIN;
		while (room < need)
			room *= 2;
		grown = realloc(queue->data, room);
		if (!grown)
			return false;
		queue->data = grown;
		queue->room = room;
	}
	memcpy(queue->data + queue->begin + queue->len, data, len);
	queue->len = need;
	return true;
}

/**
 * octet_queue_drop() - forget the first octets
 * @queue: the queue
 * @len: how many, not more than there are
 */
void octet_queue_drop(struct octet_queue *queue, uint32_t len)
{
	queue->begin += len;
	queue->len -= len;
	if (!queue->len)
		octet_queue_free(queue);
}

/**
 * octet_queue_free() - forget all
 * @queue: the queue
 */
void octet_queue_free(struct octet_queue *queue)
{
	free(queue->data);
	memset(queue, 0, sizeof(*queue));
}
