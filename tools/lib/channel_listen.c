// SPDX-License-Identifier: GPL-2.0
/* Where channels come from: accepted and connected sockets. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel_internal.h"

#define BACKLOG		1024
#define ACCEPTS_A_TURN	64
#define PAUSE_MS	200	/* when there is no descriptor */

static void on_poll(uv_poll_t *poll, int status, int events);

static void on_pause(uv_timer_t *pause)
{
	struct channel_listener *listener = pause->data;

	uv_poll_start(&listener->poll, UV_READABLE, on_poll);
}

static void refuse(struct channel_listener *listener, int err)
{
	listener->group->counters.refused++;
	if (listener->refuse && !listener->refuses)
		listener->refuse(listener, err);
	listener->refuses = true;
}

static void take(struct channel_listener *listener, int fd,
		 const struct sockaddr *peer, socklen_t len)
{
	struct channel *channel;

	channel = channel_new(listener->group, listener->tls, listener->limits,
			      fd, peer, len);
	if (!channel) {
		refuse(listener, ENOMEM);
		close(fd);
		return;
	}
	if (!listener->accept(listener, channel)) {
		channel_free(channel);
		return;
	}
	if (channel_start(channel, channel->tls ? CHANNEL_SECURING :
						  CHANNEL_OPEN)) {
		refuse(listener, ENOMEM);
		channel->ops->closed(channel, "no memory");
		channel_free(channel);
		return;
	}
	listener->group->counters.accepted++;
	listener->refuses = false;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct channel_listener *listener = poll->data;
	struct sockaddr_storage peer;
	socklen_t len;
	int i, fd;

	(void)status;
	(void)events;
	for (i = 0; i < ACCEPTS_A_TURN && !listener->closing; i++) {
		len = sizeof(peer);
		fd = accept4(listener->fd, (struct sockaddr *)&peer, &len,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			take(listener, fd, (struct sockaddr *)&peer, len);
			continue;
		}
		if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS &&
		    errno != ENOMEM)
			return;
		/* It would be readable at once again. */
		refuse(listener, errno);
		uv_poll_stop(&listener->poll);
		uv_timer_start(&listener->pause, on_pause, PAUSE_MS, 0);
		return;
	}
}

static int open_socket(const struct sockaddr *address, socklen_t len)
{
	int fd, err, on = 1;

	fd = socket(address->sa_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, address, len) || listen(fd, BACKLOG)) {
		err = errno;
		close(fd);
		return -err;
	}
	return fd;
}

/**
 * channel_listen() - accept channels
 * @listener: with group, tls, limits, accept and data filled
 * @address: where to listen
 * @len: of @address
 *
 * Return: 0, or a negative errno.
 */
int channel_listen(struct channel_listener *listener,
		   const struct sockaddr *address, socklen_t len)
{
	uv_loop_t *loop = listener->group->loop;

	listener->closing = 0;
	listener->refuses = false;
	listener->fd = open_socket(address, len);
	if (listener->fd < 0)
		return listener->fd;
	if (uv_poll_init(loop, &listener->poll, listener->fd)) {
		close(listener->fd);
		return -ENOMEM;
	}
	uv_timer_init(loop, &listener->pause);
	listener->poll.data = listener;
	listener->pause.data = listener;
	tls_get(listener->tls);
	uv_poll_start(&listener->poll, UV_READABLE, on_poll);
	return 0;
}

/**
 * channel_listener_address() - where it listens
 * @listener: a listener
 * @address: filled
 *
 * Return: 0, or a negative errno.
 */
int channel_listener_address(const struct channel_listener *listener,
			     struct sockaddr_storage *address)
{
	socklen_t len = sizeof(*address);

	return getsockname(listener->fd, (struct sockaddr *)address, &len) ?
	       -errno : 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct channel_listener *listener = handle->data;

	if (!--listener->closing)
		close(listener->fd);
}

/**
 * channel_listener_close() - accept no more
 * @listener: the listener, which must live until the loop has run once more
 */
void channel_listener_close(struct channel_listener *listener)
{
	listener->closing = 2;
	tls_put(listener->tls);
	uv_close((uv_handle_t *)&listener->poll, on_closed);
	uv_close((uv_handle_t *)&listener->pause, on_closed);
}

/**
 * channel_connect() - make a channel
 * @group: its group
 * @tls: our side, NULL for plain
 * @limits: what it may take; must outlive it
 * @address: to where
 * @len: of @address
 * @ops: its owner's
 * @data: its owner's
 *
 * Return: the channel; NULL when there is no memory, no descriptor or no
 * route, and nothing was called: errno says which.
 */
struct channel *channel_connect(struct channel_group *group, struct tls *tls,
				const struct channel_limits *limits,
				const struct sockaddr *address, socklen_t len,
				const struct channel_ops *ops, void *data)
{
	struct channel *channel;
	int fd, err;

	fd = socket(address->sa_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return NULL;
	if (connect(fd, address, len) && errno != EINPROGRESS) {
		err = errno;
		close(fd);
		errno = err;
		return NULL;
	}
	channel = channel_new(group, tls, limits, fd, address, len);
	if (!channel) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	channel_own(channel, ops, data);
	if (!channel_start(channel, CHANNEL_CONNECTING))
		return channel;
	channel_free(channel);
	errno = ENOMEM;
	return NULL;
}
