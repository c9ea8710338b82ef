// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "channel_test.h"

struct bench bench;

static bool find_key(const char *identity, struct tls_key *key, void *data)
{
	(void)data;
	if (strcmp(identity, "element"))
		return false;
	memcpy(key->octets, "0123456789abcdef0123456789abcdef", 32);
	key->len = 32;
	return true;
}

struct tls *tls_make(const struct tls_config *config)
{
	char why[200] = "";
	struct tls *tls = tls_new(config, why, sizeof(why));

	if (!tls)
		print_message("# %s\n", why);
	assert_non_null(tls);
	return tls;
}

struct tls *psk_server(void)
{
	struct tls_config config = { .server = true, .find_key = find_key };

	return tls_make(&config);
}

struct tls *psk_client(const char *identity, const char *key)
{
	struct tls_config config = { .identity = identity };

	config.key.len = strlen(key);
	memcpy(config.key.octets, key, config.key.len);
	return tls_make(&config);
}

static void on_open(struct channel *channel)
{
	struct side *side = channel_data(channel);

	side->opened++;
	strcpy(side->identity, channel_identity(channel));
}

static void on_message(struct channel *channel, const uint8_t *data,
		       uint32_t len)
{
	struct side *side = channel_data(channel);

	side->messages++;
	side->octets += len;
	memcpy(side->last, data, len < sizeof(side->last) ?
				 len : sizeof(side->last));
	if (side->close_on_message)
		channel_close(channel, "enough");
	else if (side->echo)
		assert_int_equal(channel_send(channel, data, len), 0);
}

static void on_closed(struct channel *channel, const char *why)
{
	struct side *side = channel_data(channel);

	assert_int_equal(side->closed, 0);
	side->closed++;
	side->channel = NULL;
	snprintf(side->why, sizeof(side->why), "%s", why ? why : "");
}

static const struct channel_ops ops = {
	.open = on_open,
	.message = on_message,
	.closed = on_closed,
};

static bool on_accept(struct channel_listener *listener,
		      struct channel *channel)
{
	bool echo = bench.server.echo, close = bench.server.close_on_message;

	(void)listener;
	memset(&bench.server, 0, sizeof(bench.server));
	bench.server.echo = echo;
	bench.server.close_on_message = close;
	bench.server.channel = channel;
	channel_own(channel, &ops, &bench.server);
	return true;
}

/* Takes over @server, NULL for plain. */
void bench_begin(struct tls *server)
{
	struct sockaddr_in any = { .sin_family = AF_INET };

	memset(&bench, 0, sizeof(bench));
	uv_loop_init(&bench.loop);
	uv_timer_init(&bench.loop, &bench.guard);
	channel_group_init(&bench.group, &bench.loop);
	bench.limits = channel_limits_default;
	bench.listener.group = &bench.group;
	bench.listener.tls = server;
	bench.listener.limits = &bench.limits;
	bench.listener.accept = on_accept;
	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(channel_listen(&bench.listener, (void *)&any,
					sizeof(any)), 0);
	assert_int_equal(channel_listener_address(&bench.listener,
						  &bench.address), 0);
	tls_put(server);
}

void bench_end(void)
{
	if (bench.client.channel)
		channel_close(bench.client.channel, "test over");
	if (bench.server.channel)
		channel_close(bench.server.channel, "test over");
	assert_int_equal(bench.group.n, 0);
	channel_listener_close(&bench.listener);
	channel_group_fini(&bench.group);
	uv_close((uv_handle_t *)&bench.guard, NULL);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&bench.loop), 0);
}

/* Takes over @tls, NULL for plain. */
void client_connect(struct tls *tls)
{
	bench.client.channel = channel_connect(&bench.group, tls, &bench.limits,
					       (void *)&bench.address,
					       sizeof(struct sockaddr_in), &ops,
					       &bench.client);
	assert_non_null(bench.client.channel);
	tls_put(tls);
}

static void too_long(uv_timer_t *timer)
{
	print_message("# waited in vain for %s\n# server: %s\n# client: %s\n",
		      (const char *)timer->data, bench.server.why,
		      bench.client.why);
	abort();
}

void run_until(const char *what, bool (*done)(void))
{
	bench.guard.data = (void *)what;
	uv_timer_start(&bench.guard, too_long, WAIT_MS, 0);
	while (!done())
		uv_run(&bench.loop, UV_RUN_ONCE);
	uv_timer_stop(&bench.guard);
}

static uint64_t *wanted;
static uint64_t wanted_n;

static bool is_there(void)
{
	return *wanted >= wanted_n;
}

void run_until_n(uint64_t *counter, uint64_t n)
{
	wanted = counter;
	wanted_n = n;
	run_until("a counter", is_there);
}

/* A header that says @len, then octets that tell its place. */
void message_fill(uint8_t *message, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		message[i] = (uint8_t)(i * 7 + len);
	message[0] = 1;
	message[2] = (uint8_t)(len >> 8);
	message[3] = (uint8_t)len;
}

static void run(void *data)
{
	struct stranger *stranger = data;

	stranger->result = stranger->run(stranger);
	uv_async_send(&stranger->done);
}

static void on_done(uv_async_t *async)
{
	struct stranger *stranger = async->data;

	stranger->has_ended = true;
}

void stranger_begin(struct stranger *stranger)
{
	stranger->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(stranger->fd >= 0);
	uv_sem_init(&stranger->may_go_on, 0);
	uv_async_init(&bench.loop, &stranger->done, on_done);
	stranger->done.data = stranger;
	assert_int_equal(connect(stranger->fd, (void *)&bench.address,
				 sizeof(struct sockaddr_in)), 0);
	assert_int_equal(uv_thread_create(&stranger->thread, run, stranger), 0);
}

void stranger_tell(struct stranger *stranger)
{
	uv_sem_post(&stranger->may_go_on);
}

void stranger_wait(struct stranger *stranger)
{
	uv_sem_wait(&stranger->may_go_on);
}

static struct stranger *ending;

static bool has_ended(void)
{
	return ending->has_ended;
}

int stranger_end(struct stranger *stranger)
{
	ending = stranger;
	run_until("the stranger", has_ended);
	uv_thread_join(&stranger->thread);
	uv_sem_destroy(&stranger->may_go_on);
	uv_close((uv_handle_t *)&stranger->done, NULL);
	uv_run(&bench.loop, UV_RUN_NOWAIT);
	close(stranger->fd);
	return stranger->result;
}

int stranger_handshake(struct stranger *stranger)
{
	gnutls_datum_t key = {
		(unsigned char *)"0123456789abcdef0123456789abcdef", 32
	};
	int ret;

	gnutls_init(&stranger->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
	ret = gnutls_priority_set_direct(stranger->session, stranger->rules,
					 NULL);
	if (ret)
		return ret;
	gnutls_psk_allocate_client_credentials(&stranger->credentials);
	gnutls_psk_set_client_credentials(stranger->credentials, "element",
					  &key, GNUTLS_PSK_KEY_RAW);
	gnutls_credentials_set(stranger->session, GNUTLS_CRD_PSK,
			       stranger->credentials);
	gnutls_transport_set_int(stranger->session, stranger->fd);
	do {
		ret = gnutls_handshake(stranger->session);
	} while (ret < 0 && !gnutls_error_is_fatal(ret));
	return ret;
}

void stranger_leave(struct stranger *stranger)
{
	gnutls_deinit(stranger->session);
	if (stranger->credentials)
		gnutls_psk_free_client_credentials(stranger->credentials);
}
