// SPDX-License-Identifier: GPL-2.0
/*
 * The peer of a registrar: a process that answers each message with the answer
 * that the registrar gave last, octet by octet, and does nothing else; on the same
 * loop, channels and TLS.
 */
#include <arpa/inet.h>
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "registrar.h"

static struct {
	u32 len;
	u8 octets[RSP_ASAP_LENGTH_MAX + 1];
} *answer;

/* What the echo answers from now on. */
void echo_answer(const u8 *data, u32 len)
{
	memcpy(answer->octets, data, len);
	answer->len = len;
}

static void on_open(struct channel *channel)
{
	(void)channel;
}

static void on_message(struct channel *channel, const uint8_t *data,
		       uint32_t len)
{
	(void)data;
	(void)len;
	if (channel_send(channel, answer->octets, answer->len))
		errx(1, "echo: no room");
}

static void on_closed(struct channel *channel, const char *why)
{
	(void)channel;
	(void)why;
}

static bool on_accept(struct channel_listener *listener,
		      struct channel *channel)
{
	static const struct channel_ops ops = {
		.open = on_open, .message = on_message, .closed = on_closed,
	};

	(void)listener;
	channel_own(channel, &ops, NULL);
	return true;
}

static bool find_key(const char *identity, struct tls_key *key, void *data)
{
	(void)identity;
	(void)data;
	give_key(key);
	return true;
}

static void serve(int ready)
{
	struct tls_config config = { .server = true, .find_key = find_key };
	struct channel_listener listener = {
		.group = &group, .limits = &limits, .accept = on_accept,
	};
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(ECHO_PORT),
	};
	char why[200];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	uv_loop_init(&loop);
	channel_group_init(&group, &loop);
	listener.tls = tls_new(&config, why, sizeof(why));
	if (!listener.tls)
		errx(1, "echo: %s", why);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (channel_listen(&listener, (void *)&at, sizeof(at)))
		errx(1, "echo: listen");
	if (write(ready, "", 1) != 1)
		err(1, "echo: ready");
	uv_run(&loop, UV_RUN_DEFAULT);
	exit(1);
}

/* It is listening when this returns. Before there is a loop. */
void echo_start(void)
{
	int pipes[2];
	char octet;

	answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (answer == MAP_FAILED || pipe(pipes))
		err(1, "echo");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		close(pipes[0]);
		serve(pipes[1]);
	}
	close(pipes[1]);
	if (read(pipes[0], &octet, 1) != 1)
		errx(1, "the echo did not begin");
	close(pipes[0]);
}
