// SPDX-License-Identifier: GPL-2.0
/* Channels between two ends of ours, and between one of ours and a stranger. */
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "channel_test.h"

#define KEY	"0123456789abcdef0123456789abcdef"
#define PSK13	"NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK"
#define PSK12	"NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-PSK"

static bool both_open(void)
{
	return bench.server.opened && bench.client.opened;
}

static bool server_open(void)
{
	return bench.server.opened;
}

static bool server_closed(void)
{
	return bench.server.closed;
}

static bool both_closed(void)
{
	return bench.server.closed && bench.client.closed;
}

static void assert_why(const struct side *side, const char *part)
{
	if (!strstr(side->why, part))
		print_message("# \"%s\" is not in \"%s\"\n", part, side->why);
	assert_non_null(strstr(side->why, part));
}

static void send_message(struct side *side, uint32_t len)
{
	static uint8_t message[CHANNEL_MESSAGE_MAX];

	message_fill(message, len);
	assert_int_equal(channel_send(side->channel, message,
				      (len + 3) & ~3u), 0);
}

/* Every length around the records' and the buffers' sizes, there and back. */
static void echo_all(void)
{
	static const uint32_t sizes[] = {
		4, 5, 8, 511, 512, 513, 1400, 16380, 16384, 16385, 16388,
		32767, 65532, 65535,
	};
	uint64_t octets = 0;
	uint32_t i, round;

	bench.server.echo = true;
	for (round = 0; round < 3; round++)
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			send_message(&bench.client, sizes[i]);
			octets += (sizes[i] + 3) & ~3u;
		}
	run_until_n(&bench.client.messages, 3 * i);
	assert_int_equal(bench.client.octets, octets);
	assert_int_equal(bench.server.octets, octets);
}

static void end_properly(void)
{
	channel_end(bench.client.channel);
	run_until("a proper end", both_closed);
	assert_string_equal(bench.client.why, "");
	assert_string_equal(bench.server.why, "");
	bench_end();
}

static void test_plain(void **state)
{
	(void)state;
	bench_begin(NULL);
	client_connect(NULL);
	run_until("open", both_open);
	assert_string_equal(bench.server.identity, "");
	echo_all();
	end_properly();
}

static void test_psk(void **state)
{
	(void)state;
	bench_begin(psk_server());
	client_connect(psk_client("element", KEY));
	run_until("open", both_open);
	assert_string_equal(bench.server.identity, "element");
	assert_int_equal(bench.group.counters.secured, 2);
	echo_all();
	end_properly();
}

static void refuse(struct tls *server, struct tls *client)
{
	bench_begin(server);
	client_connect(client);
	run_until("a refusal", both_closed);
	assert_int_equal(bench.server.opened, 0);
	assert_why(&bench.server, "TLS handshake: ");
	assert_int_equal(bench.server.messages, 0);
	assert_true(bench.group.counters.handshakes_failed >= 1);
	bench_end();
}

/* Both fail alike: nobody learns which identities there are. */
static void test_psk_wrong(void **state)
{
	char why[200];

	(void)state;
	refuse(psk_server(), psk_client("element", "0123456789abcdeX"));
	strcpy(why, bench.client.why);
	refuse(psk_server(), psk_client("nobody", KEY));
	assert_string_equal(why, bench.client.why);
}

static void test_plain_at_tls(void **state)
{
	(void)state;
	bench_begin(psk_server());
	client_connect(NULL);
	while (!bench.client.opened)
		uv_run(&bench.loop, UV_RUN_ONCE);
	send_message(&bench.client, 8);
	run_until("a refusal", server_closed);
	assert_int_equal(bench.server.messages, 0);
	bench_end();
}

static int handshake_only(struct stranger *stranger)
{
	int ret = stranger_handshake(stranger);
	uint8_t message[8], back[8];

	message_fill(message, 8);
	if (!ret && (gnutls_record_send(stranger->session, message, 8) != 8 ||
		     gnutls_record_recv(stranger->session, back, 8) != 8 ||
		     memcmp(message, back, 8)))
		ret = -1;
	/* A ticket would be for another session without a handshake. */
	if (!ret && gnutls_session_get_flags(stranger->session) &
		    GNUTLS_SFLAGS_SESSION_TICKET)
		ret = -2;
	if (!ret)
		gnutls_bye(stranger->session, GNUTLS_SHUT_WR);
	stranger_leave(stranger);
	return ret;
}

static void test_rules(void **state)
{
	static const struct {
		const char *rules;
		bool taken;
	} rows[] = {
		{ PSK13, true },
		{ PSK12, true },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-PSK", true },
		/* No (EC)DHE; no authenticated cipher; too old; no key. */
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+PSK", false },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+PSK", false },
		{ PSK12 ":-CIPHER-ALL:+AES-128-CBC", false },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.1:-KX-ALL:+ECDHE-PSK", false },
		{ "NORMAL:-KX-ALL:+RSA:-VERS-ALL:+VERS-TLS1.2", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stranger stranger = {
			.run = handshake_only, .rules = rows[i].rules,
		};
		int ret;

		bench_begin(psk_server());
		bench.server.echo = true;
		stranger_begin(&stranger);
		ret = stranger_end(&stranger);
		run_until("the end", server_closed);
		if (!ret != rows[i].taken)
			print_message("# %s: %d\n", rows[i].rules, ret);
		assert_int_equal(!ret, rows[i].taken);
		assert_int_equal(bench.server.opened, rows[i].taken);
		bench_end();
	}
}

static int handshake_again(struct stranger *stranger)
{
	uint8_t message[8];
	int ret = stranger_handshake(stranger);

	message_fill(message, 8);
	if (!ret)
		gnutls_record_send(stranger->session, message, 8);
	if (!ret)
		ret = gnutls_handshake(stranger->session);
	stranger_leave(stranger);
	return ret;
}

static void test_no_renegotiation(void **state)
{
	struct stranger stranger = { .run = handshake_again, .rules = PSK12 };

	(void)state;
	bench_begin(psk_server());
	stranger_begin(&stranger);
	assert_true(stranger_end(&stranger) < 0);
	run_until("a refusal", server_closed);
	assert_int_equal(bench.server.messages, 1);
	assert_why(&bench.server, "another handshake");
	bench_end();
}

/* TLS 1.3's way to new keys is none. */
static int update_keys(struct stranger *stranger)
{
	int i, ret = stranger_handshake(stranger);
	uint8_t message[8];
	ssize_t got;

	message_fill(message, 8);
	for (i = 0; i < 3 && !ret; i++) {
		ret = gnutls_session_key_update(stranger->session,
						GNUTLS_KU_PEER);
		gnutls_record_send(stranger->session, message, 8);
		do {
			got = gnutls_record_recv(stranger->session, message, 8);
		} while (got < 0 && !gnutls_error_is_fatal((int)got));
		if (got != 8)
			ret = -1;
	}
	gnutls_bye(stranger->session, GNUTLS_SHUT_WR);
	stranger_leave(stranger);
	return ret;
}

static void test_key_update(void **state)
{
	struct stranger stranger = { .run = update_keys, .rules = PSK13 };

	(void)state;
	bench_begin(psk_server());
	bench.server.echo = true;
	stranger_begin(&stranger);
	assert_int_equal(stranger_end(&stranger), 0);
	run_until("the end", server_closed);
	assert_int_equal(bench.server.messages, 3);
	assert_string_equal(bench.server.why, "");
	bench_end();
}

static int flip_a_bit(struct stranger *stranger)
{
	/* As a record of TLS 1.2 looks, with octets that no key has made. */
	uint8_t record[5 + 32] = { 23, 3, 3, 0, 32 };
	int ret = stranger_handshake(stranger);

	if (!ret && write(stranger->fd, record, sizeof(record)) < 0)
		ret = -1;
	if (!ret && gnutls_record_recv(stranger->session, record, 8) >= 0)
		ret = -2;
	stranger_leave(stranger);
	return ret;
}

static void test_forged_record(void **state)
{
	struct stranger stranger = { .run = flip_a_bit, .rules = PSK13 };

	(void)state;
	bench_begin(psk_server());
	stranger_begin(&stranger);
	assert_int_equal(stranger_end(&stranger), 0);
	run_until("a refusal", server_closed);
	assert_int_equal(bench.server.messages, 0);
	bench_end();
}

/**
 * struct hostile - octets that end a channel
 * @octets: they
 * @len: how many
 * @messages: of them that are some
 * @why: what the channel says
 * @bye: TLS is ended properly behind them
 */
static const struct hostile {
	const char *octets;
	size_t len;
	uint64_t messages;
	const char *why;
	bool bye;
} hostile[] = {
	{ "\1\0\0\0", 4, 0, "less than its header's", true },
	{ "\1\0\0\3", 4, 0, "less than its header's", true },
	{ "\1\0\0\4\1\0\0\1", 8, 1, "less than its header's", true },
	{ "\1\0\4\1", 4, 0, "1025 octets, the limit is 1024", true },
	{ "\1\0\xff\xff", 4, 0, "65535 octets", true },
	{ "\1\0\0\4\1\0\0\5!\0\0\0\1", 13, 2, "middle of a message", true },
	{ "\1\0\0\5!\0\0", 7, 0, "middle of a message", false },
	{ "\1\0\0\4\1\0\0\4\1\0\0\4", 12, 3, "without a word of TLS", false },
	{ "\1\0\0\4\1\0\0\4\1\0\0\4", 12, 3, "", true },
};

static const struct hostile *sending;
static bool octet_by_octet;

static int send_hostile(struct stranger *stranger)
{
	size_t step = octet_by_octet ? 1 : sending->len, i;
	int ret = stranger_handshake(stranger);

	for (i = 0; i < sending->len && !ret; i += step)
		if (gnutls_record_send(stranger->session, sending->octets + i,
				       step) < 0)
			break;
	if (!ret && sending->bye)
		gnutls_bye(stranger->session, GNUTLS_SHUT_WR);
	shutdown(stranger->fd, SHUT_WR);
	stranger_leave(stranger);
	return ret;
}

static void test_hostile(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 2 * sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct stranger stranger = {
			.run = send_hostile, .rules = i % 4 < 2 ? PSK13 : PSK12,
		};

		sending = &hostile[i / 2];
		octet_by_octet = i % 2;
		bench_begin(psk_server());
		bench.limits.message_max = 1024;
		stranger_begin(&stranger);
		assert_int_equal(stranger_end(&stranger), 0);
		run_until("the end", server_closed);
		assert_why(&bench.server, sending->why);
		if (!sending->why[0])
			assert_string_equal(bench.server.why, "");
		assert_int_equal(bench.server.messages, sending->messages);
		bench_end();
	}
}

static int say_nothing(struct stranger *stranger)
{
	stranger_wait(stranger);
	return 0;
}

static void test_silent_handshake(void **state)
{
	struct stranger stranger = { .run = say_nothing };

	(void)state;
	bench_begin(psk_server());
	bench.limits.setup_ms = 100;
	stranger_begin(&stranger);
	run_until("a time-out", server_closed);
	assert_why(&bench.server, "it took too long");
	assert_int_equal(bench.server.opened, 0);
	stranger_tell(&stranger);
	stranger_end(&stranger);
	bench_end();
}

/* Its host has gone: nothing that is sent to it arrives any more. */
static int vanish(struct stranger *stranger)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = { .len = 1, .filter = &drop };
	int ret = stranger_handshake(stranger);

	if (!ret)
		ret = setsockopt(stranger->fd, SOL_SOCKET, SO_ATTACH_FILTER,
				 &filter, sizeof(filter));
	uv_async_send(&stranger->done);
	stranger_wait(stranger);
	stranger_leave(stranger);
	return ret;
}

static struct stranger *vanishing;

static bool has_vanished(void)
{
	return vanishing->has_ended;
}

static void half_open(bool busy)
{
	struct stranger stranger = { .run = vanish, .rules = PSK13 };

	bench_begin(psk_server());
	bench.limits.dead_ms = 1500;
	stranger_begin(&stranger);
	vanishing = &stranger;
	run_until("open", has_vanished);
	run_until("open", server_open);
	if (busy)
		send_message(&bench.server, 100);
	run_until("the death", server_closed);
	assert_why(&bench.server, "timed out");
	stranger_tell(&stranger);
	assert_int_equal(stranger_end(&stranger), 0);
	bench_end();
}

static void test_half_open_idle(void **state)
{
	(void)state;
	half_open(false);
}

static void test_half_open_busy(void **state)
{
	(void)state;
	half_open(true);
}

static int never_read(struct stranger *stranger)
{
	int ret = stranger_handshake(stranger);

	stranger_wait(stranger);
	stranger_leave(stranger);
	return ret;
}

static void test_queue_limit(void **state)
{
	struct stranger stranger = { .run = never_read, .rules = PSK13 };
	uint8_t message[4096];
	int i, ret = 0;

	(void)state;
	bench_begin(psk_server());
	bench.limits.queue_max = 100000;
	bench.limits.linger_ms = 100;
	stranger_begin(&stranger);
	run_until("open", server_open);
	message_fill(message, sizeof(message));
	for (i = 0; i < 100000 && !ret; i++) {
		ret = channel_send(bench.server.channel, message,
				   sizeof(message));
		if (channel_queued(bench.server.channel) > 90000)
			uv_run(&bench.loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(ret, -ENOBUFS);
	assert_true(channel_queued(bench.server.channel) <= 100000);
	assert_int_equal(bench.group.counters.queue_full, 1);
	channel_end(bench.server.channel);
	run_until("the end", server_closed);
	assert_why(&bench.server, "did not read");
	stranger_tell(&stranger);
	stranger_end(&stranger);
	bench_end();
}

/* Who sends requests and reads no answers is not read for ever. */
static int only_send(struct stranger *stranger)
{
	struct timeval brief = { .tv_usec = 300000 };
	int i, ret = stranger_handshake(stranger);
	uint8_t message[4096];

	message_fill(message, sizeof(message));
	setsockopt(stranger->fd, SOL_SOCKET, SO_SNDTIMEO, &brief,
		   sizeof(brief));
	for (i = 0; i < 1000000 && !ret; i++)
		if (gnutls_record_send(stranger->session, message,
				       sizeof(message)) < 0)
			ret = 1;
	stranger_leave(stranger);
	return ret;
}

static void test_not_reading(void **state)
{
	struct stranger stranger = { .run = only_send, .rules = PSK13 };

	(void)state;
	bench_begin(psk_server());
	bench.server.echo = true;
	bench.limits.queue_max = 1 << 20;
	stranger_begin(&stranger);
	assert_int_equal(stranger_end(&stranger), 1);
	assert_int_equal(bench.group.counters.queue_full, 0);
	bench_end();
}

static void test_close_on_message(void **state)
{
	int i;

	(void)state;
	bench_begin(psk_server());
	bench.server.close_on_message = true;
	client_connect(psk_client("element", KEY));
	run_until("open", both_open);
	for (i = 0; i < 5; i++)
		send_message(&bench.client, 1000);
	run_until("the end", both_closed);
	assert_int_equal(bench.server.messages, 1);
	assert_string_equal(bench.server.why, "enough");
	bench_end();
}

static void test_refused(void **state)
{
	(void)state;
	bench_begin(psk_server());
	/* Nobody listens on the port of an unbound socket's neighbour. */
	((struct sockaddr_in *)&bench.address)->sin_port = htons(1);
	client_connect(psk_client("element", KEY));
	while (!bench.client.closed)
		uv_run(&bench.loop, UV_RUN_ONCE);
	assert_why(&bench.client, "connect: Connection refused");
	bench_end();
}

static bool one_refused(void)
{
	return bench.group.counters.refused;
}

/* Without a descriptor nobody is taken; with one again the next one is. */
static void test_no_descriptor(void **state)
{
	struct rlimit limit, low;
	int fd, i;

	(void)state;
	bench_begin(psk_server());
	client_connect(psk_client("element", KEY));
	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	fd = dup(0);
	close(fd);
	low.rlim_cur = (rlim_t)fd;
	setrlimit(RLIMIT_NOFILE, &low);
	run_until("a refusal", one_refused);
	/* It does not spin meanwhile. */
	for (i = 0; i < 3; i++)
		uv_run(&bench.loop, UV_RUN_NOWAIT);
	assert_true(bench.group.counters.refused < 3);
	setrlimit(RLIMIT_NOFILE, &limit);
	run_until("open", both_open);
	end_properly();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_psk),
		cmocka_unit_test(test_psk_wrong),
		cmocka_unit_test(test_plain_at_tls),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_no_renegotiation),
		cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_forged_record),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_silent_handshake),
		cmocka_unit_test(test_half_open_idle),
		cmocka_unit_test(test_half_open_busy),
		cmocka_unit_test(test_queue_limit),
		cmocka_unit_test(test_not_reading),
		cmocka_unit_test(test_close_on_message),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_descriptor),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
