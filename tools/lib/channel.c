// SPDX-License-Identifier: GPL-2.0
/*
 * One connection: set-up, records in and out, and its end. The socket is polled
 * and GnuTLS reads and writes it itself, or we do where there is no TLS.
 *
 * A record is not started again: with TLS 1.2 a peer that wants a new handshake
 * is closed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel_internal.h"

#define RECORDS_A_TURN	16	/* then the others have theirs */

const struct channel_limits channel_limits_default = {
	.message_max = CHANNEL_MESSAGE_MAX,
	.queue_max = 1 << 20,
	.setup_ms = 10000,
	.linger_ms = 2000,
	.dead_ms = 30000,
};

static void on_poll(uv_poll_t *poll, int status, int events);

/* Who sends and does not read our answers is not read either. */
static void wait_for(struct channel *channel, bool write)
{
	int events = 0;

	if (channel->state == CHANNEL_CLOSED)
		return;
	if (channel->state == CHANNEL_SECURING)
		events = write ? UV_WRITABLE : UV_READABLE;
	else if (channel->state == CHANNEL_CONNECTING ||
		 channel->state == CHANNEL_ENDING)
		events = UV_WRITABLE;
	else
		events = (write ? UV_WRITABLE : 0) |
			 (channel->out.len > channel->limits->queue_max / 2 ?
			  0 : UV_READABLE);
	if (events == channel->events)
		return;
	channel->events = events;
	uv_poll_start(&channel->poll, events, on_poll);
}

static void list_unsent(struct channel *channel)
{
	if (channel->unsent)
		return;
	channel->unsent = true;
	channel->next_unsent = channel->group->unsent;
	channel->group->unsent = channel;
}

/* Returns what send() or GnuTLS does; -EAGAIN when it must be tried again. */
static ssize_t send_some(struct channel *channel)
{
	const uint8_t *data = channel->out.data + channel->out.begin;
	uint32_t len = channel->out.len;
	ssize_t sent;

	if (!channel->tls) {
		sent = send(channel->fd, data, len, MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EINTR ? -EAGAIN : -errno;
		return sent;
	}
	if (channel->resend)
		sent = gnutls_record_send(channel->session, NULL, 0);
	else
		sent = gnutls_record_send(channel->session, data,
					  len < CHANNEL_RECORD_MAX ?
					  len : CHANNEL_RECORD_MAX);
	channel->resend = sent == GNUTLS_E_AGAIN ||
			  sent == GNUTLS_E_INTERRUPTED;
	if (channel->resend)
		return -EAGAIN;
	return sent < 0 ? -EPIPE : sent;
}

static void finish_end(struct channel *channel)
{
	if (channel->tls)
		gnutls_bye(channel->session, GNUTLS_SHUT_WR);
	channel_close(channel, NULL);
}

static void send_queued(struct channel *channel)
{
	ssize_t sent = 0;

	while (channel->out.len) {
		sent = send_some(channel);
		if (sent < 0)
			break;
		octet_queue_drop(&channel->out, (uint32_t)sent);
	}
	if (sent < 0 && sent != -EAGAIN && sent != -EWOULDBLOCK)
		channel_close(channel, strerror((int)-sent));
	else if (!channel->out.len && channel->state == CHANNEL_ENDING)
		finish_end(channel);
	else
		wait_for(channel, channel->out.len);
}

static void before_wait(uv_prepare_t *prepare)
{
	struct channel_group *group = prepare->data;
	struct channel *channel;

	while ((channel = group->unsent)) {
		group->unsent = channel->next_unsent;
		channel->unsent = false;
		if (channel->state == CHANNEL_OPEN ||
		    channel->state == CHANNEL_ENDING)
			send_queued(channel);
	}
}

static void opened(struct channel *channel)
{
	channel->state = CHANNEL_OPEN;
	uv_timer_stop(&channel->timer);
	wait_for(channel, false);
	channel->ops->open(channel);
}

static void setup_failed(struct channel *channel, const char *why)
{
	bool connecting = channel->state == CHANNEL_CONNECTING;
	char text[256];

	if (connecting)
		channel->group->counters.connects_failed++;
	else
		channel->group->counters.handshakes_failed++;
	snprintf(text, sizeof(text), "%s: %s", connecting ? "connect" :
							    "TLS handshake", why);
	channel_close(channel, text);
}

/* A key that is another one there is no more to TLS than a parameter of the hello. */
static bool is_of_keys(const struct channel *channel, int err)
{
	return err == GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER ||
	       (err == GNUTLS_E_FATAL_ALERT_RECEIVED &&
		gnutls_alert_get(channel->session) == GNUTLS_A_ILLEGAL_PARAMETER);
}

static void handshake_failed(struct channel *channel, int err)
{
	const char *why = err == GNUTLS_E_FATAL_ALERT_RECEIVED ?
		gnutls_alert_get_name(gnutls_alert_get(channel->session)) :
		gnutls_strerror(err);
	char text[200];

	snprintf(text, sizeof(text), "%s%s", why, is_of_keys(channel, err) ?
		 " (have both sides the same name, and the same key with it?)" :
		 "");
	setup_failed(channel, text);
}

static void handshake(struct channel *channel)
{
	int ret;

	do {
		ret = gnutls_handshake(channel->session);
	} while (ret < 0 && ret != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(ret));
	if (ret == GNUTLS_E_AGAIN) {
		wait_for(channel,
			 gnutls_record_get_direction(channel->session));
		return;
	}
	if (ret < 0) {
		if (ret != GNUTLS_E_PREMATURE_TERMINATION &&
		    ret != GNUTLS_E_FATAL_ALERT_RECEIVED)
			gnutls_alert_send_appropriate(channel->session, ret);
		handshake_failed(channel, ret);
		return;
	}
	channel->group->counters.secured++;
	if (!tls_identity(channel->session, channel->identity,
			  sizeof(channel->identity)))
		channel->identity[0] = '\0';
	opened(channel);
}

static int socket_error(const struct channel *channel)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(channel->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return errno;
	return err;
}

static void connected(struct channel *channel)
{
	int err = socket_error(channel);

	if (err) {
		setup_failed(channel, strerror(err));
		return;
	}
	channel->group->counters.connected++;
	if (!channel->tls) {
		opened(channel);
		return;
	}
	channel->state = CHANNEL_SECURING;
	handshake(channel);
}

/* Whether it is what came that ends the connection, and not that nothing does. */
static bool is_refusal(ssize_t got)
{
	return got < 0 && got != GNUTLS_E_PREMATURE_TERMINATION &&
	       got != GNUTLS_E_PULL_ERROR && got != GNUTLS_E_FATAL_ALERT_RECEIVED;
}

static const char *end_of(struct channel *channel, ssize_t got)
{
	if (channel->tls && is_refusal(got)) {
		channel->group->counters.records_refused++;
		return got == GNUTLS_E_REHANDSHAKE ?
		       "the peer wanted another handshake" :
		       gnutls_strerror((int)got);
	}
	if (channel->in.len) {
		channel->group->counters.cut_off++;
		return "the peer ended in the middle of a message";
	}
	if (!got)
		return NULL;
	if (channel->tls && got == GNUTLS_E_PREMATURE_TERMINATION) {
		channel->group->counters.cut_off++;
		return "the peer ended without a word of TLS";
	}
	return channel->tls ? gnutls_strerror((int)got) : strerror((int)-got);
}

/* Returns false when there is no more for now. */
static bool receive(struct channel *channel)
{
	uint8_t *scratch = channel->group->scratch;
	ssize_t got;

	if (channel->tls) {
		got = gnutls_record_recv(channel->session, scratch,
					 CHANNEL_RECORD_MAX);
		if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
			return false;
		if (got < 0 && got != GNUTLS_E_REHANDSHAKE &&
		    !gnutls_error_is_fatal((int)got))
			return true;
	} else {
		got = recv(channel->fd, scratch, CHANNEL_RECORD_MAX, 0);
		if (got < 0)
			got = -errno;
		if (got == -EAGAIN || got == -EINTR)
			return false;
	}
	if (got <= 0) {
		channel_close(channel, end_of(channel, got));
		return false;
	}
	channel_feed(channel, scratch, (uint32_t)got);
	return channel->state == CHANNEL_OPEN;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct channel *channel = poll->data;
	int i;

	if (status < 0 && channel->state != CHANNEL_CONNECTING) {
		i = socket_error(channel);
		channel_close(channel, strerror(i ? i : ECONNRESET));
		return;
	}
	switch (channel->state) {
	case CHANNEL_CONNECTING:
		connected(channel);
		return;
	case CHANNEL_SECURING:
		handshake(channel);
		return;
	case CHANNEL_CLOSED:
		return;
	default:
		break;
	}
	if (events & UV_WRITABLE)
		send_queued(channel);
	if (events & UV_READABLE && channel->state == CHANNEL_OPEN)
		for (i = 0; i < RECORDS_A_TURN && receive(channel); i++)
			;
}

static void on_timer(uv_timer_t *timer)
{
	struct channel *channel = timer->data;

	if (channel->state == CHANNEL_ENDING)
		channel_close(channel, "the peer did not read to the end");
	else
		setup_failed(channel, "it took too long");
}

/* Who is silent because he is not there any more is found out. */
static void set_socket(const struct channel *channel)
{
	int dead_ms = (int)channel->limits->dead_ms, on = 1, n = 3;
	int idle = dead_ms / 4000 > 0 ? dead_ms / 4000 : 1;

	setsockopt(channel->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(channel->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(channel->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(channel->fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle,
		   sizeof(idle));
	setsockopt(channel->fd, IPPROTO_TCP, TCP_KEEPCNT, &n, sizeof(n));
	setsockopt(channel->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms,
		   sizeof(dead_ms));
}

static void set_name(struct channel *channel)
{
	const struct sockaddr_in6 *v6 = (const void *)&channel->peer;
	const struct sockaddr_in *v4 = (const void *)&channel->peer;
	char text[INET6_ADDRSTRLEN];

	if (channel->peer.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
		snprintf(channel->name, sizeof(channel->name), "[%s]:%u", text,
			 ntohs(v6->sin6_port));
	} else if (channel->peer.ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
		snprintf(channel->name, sizeof(channel->name), "%s:%u", text,
			 ntohs(v4->sin_port));
	}
}

/* Frees a channel that channel_start() has not seen, and closes its socket. */
void channel_free(struct channel *channel)
{
	close(channel->fd);
	tls_put(channel->tls);
	free(channel);
}

/* Takes @fd over when it does not return NULL. */
struct channel *channel_new(struct channel_group *group, struct tls *tls,
			    const struct channel_limits *limits, int fd,
			    const struct sockaddr *peer, socklen_t len)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (!channel)
		return NULL;
	channel->group = group;
	channel->tls = tls_get(tls);
	channel->limits = limits;
	channel->fd = fd;
	memcpy(&channel->peer, peer, len);
	set_name(channel);
	set_socket(channel);
	return channel;
}

/* Begins to poll; on failure the channel is as channel_new() left it. */
int channel_start(struct channel *channel, enum channel_state state)
{
	uv_loop_t *loop = channel->group->loop;

	if (channel->tls && tls_session(channel->tls, &channel->session))
		return -ENOMEM;
	if (uv_poll_init(loop, &channel->poll, channel->fd)) {
		if (channel->tls)
			gnutls_deinit(channel->session);
		return -ENOMEM;
	}
	uv_timer_init(loop, &channel->timer);
	channel->poll.data = channel;
	channel->timer.data = channel;
	channel->state = state;
	channel->group->n++;
	if (channel->tls)
		gnutls_transport_set_int(channel->session, channel->fd);
	uv_timer_start(&channel->timer, on_timer, channel->limits->setup_ms, 0);
	if (state == CHANNEL_OPEN)
		opened(channel);
	else
		wait_for(channel, false);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct channel *channel = handle->data;

	if (--channel->closing)
		return;
	if (channel->tls)
		gnutls_deinit(channel->session);
	octet_queue_free(&channel->in);
	octet_queue_free(&channel->out);
	channel_free(channel);
}

static void forget_unsent(struct channel *channel)
{
	struct channel **at = &channel->group->unsent;

	if (!channel->unsent)
		return;
	while (*at != channel)
		at = &(*at)->next_unsent;
	*at = channel->next_unsent;
	channel->unsent = false;
}

/**
 * channel_close() - end a channel at once
 * @channel: the channel
 * @why: a sentence for its owner; NULL: it ended properly
 *
 * What waits to be sent is lost.
 */
void channel_close(struct channel *channel, const char *why)
{
	if (channel->state == CHANNEL_CLOSED)
		return;
	channel->state = CHANNEL_CLOSED;
	channel->group->n--;
	forget_unsent(channel);
	channel->closing = 2;
	uv_close((uv_handle_t *)&channel->poll, on_closed);
	uv_close((uv_handle_t *)&channel->timer, on_closed);
	channel->ops->closed(channel, why);
}

/**
 * channel_end() - end a channel when what waits has been sent
 * @channel: the channel; nothing comes from it any more but closed()
 */
void channel_end(struct channel *channel)
{
	if (channel->state != CHANNEL_OPEN) {
		channel_close(channel, NULL);
		return;
	}
	channel->state = CHANNEL_ENDING;
	uv_timer_start(&channel->timer, on_timer, channel->limits->linger_ms,
		       0);
	list_unsent(channel);
}

/**
 * channel_send() - queue a message
 * @channel: an open channel
 * @data: the message, with its padding
 * @len: octets of it
 *
 * It is sent before the loop waits next, with others in one record.
 *
 * Return: 0; -ENOBUFS when too much waits: the peer does not read; -ENOTCONN;
 * -ENOMEM.
 */
int channel_send(struct channel *channel, const void *data, uint32_t len)
{
	if (channel->state != CHANNEL_OPEN)
		return -ENOTCONN;
	if (len > channel->limits->queue_max ||
	    channel->out.len > channel->limits->queue_max - len) {
		channel->group->counters.queue_full++;
		return -ENOBUFS;
	}
	if (!octet_queue_add(&channel->out, data, len))
		return -ENOMEM;
	channel->group->counters.messages_sent++;
	list_unsent(channel);
	return 0;
}

/**
 * channel_own() - set what is called
 * @channel: the channel
 * @ops: functions
 * @data: for channel_data()
 */
void channel_own(struct channel *channel, const struct channel_ops *ops,
		 void *data)
{
	channel->ops = ops;
	channel->data = data;
}

void *channel_data(const struct channel *channel)
{
	return channel->data;
}

/* Who is on the other side, "" where nobody has said and shown it. */
const char *channel_identity(const struct channel *channel)
{
	return channel->identity;
}

const struct sockaddr *channel_peer(const struct channel *channel)
{
	return (const void *)&channel->peer;
}

/* The peer's address and port, for a log. */
const char *channel_name(const struct channel *channel)
{
	return channel->name;
}

uint32_t channel_queued(const struct channel *channel)
{
	return channel->out.len;
}

/**
 * channel_group_init() - prepare for channels on a loop
 * @group: filled
 * @loop: the loop
 *
 * Return: 0, or an error of libuv.
 */
int channel_group_init(struct channel_group *group, uv_loop_t *loop)
{
	memset(group, 0, sizeof(*group));
	group->loop = loop;
	group->prepare.data = group;
	uv_prepare_init(loop, &group->prepare);
	uv_unref((uv_handle_t *)&group->prepare);
	return uv_prepare_start(&group->prepare, before_wait);
}

/**
 * channel_group_fini() - the last channel has been closed
 * @group: the group, which must live until the loop has run once more
 */
void channel_group_fini(struct channel_group *group)
{
	uv_close((uv_handle_t *)&group->prepare, NULL);
}
