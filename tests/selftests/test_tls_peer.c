// SPDX-License-Identifier: GPL-2.0
/*
 * Elements and users in a secure scope that do not speak TLS, or an older one, or
 * have the keys and break the rules with them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hostile.h"
#include "proxy.h"
#include "secure.h"
#include "tls_peer.h"

#define ONLY_TLS(_version)						\
	"NORMAL:-VERS-ALL:+VERS-TLS" _version				\
	":-KX-ALL:+PSK:+DHE-PSK:+ECDHE-PSK:%UNSAFE_RENEGOTIATION"
#define ONLY_PSK	"NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+PSK"

static char identity[64];

/* The next best element, after those that are tried here. */
static void pool_start(void)
{
	secure_pool("e");
	identity_get("", identity);
	run("rspctl scope set avoid-min 60s avoid-max 60s");
	run("rspctl pool add e policy prio");
	echo_element("e", 1, SOCK_SEQPACKET);
}

static void peer_element_of(uint32_t id, server_fn *fn, const void *arg,
			    const char *use)
{
	struct server server = server_run(id, AF_INET, fn, arg);

	run("rspctl pe add pool e id %u priority 9 use %s "
	    "tcp 127.0.0.1:%u", id, use, server.port);
}

static void peer_element(uint32_t id, server_fn *fn, const void *arg)
{
	peer_element_of(id, fn, arg, "control");
}

/* No TLS at all. */

static void say_in_plain(int fd, uint32_t id, const void *arg)
{
	const char *text = arg;
	char hello[4096];

	(void)id;
	/* Its ClientHello: with what is unread a close would be a reset. */
	if (recv(fd, hello, sizeof(hello), 0) <= 0)
		return;
	if (text)
		send(fd, text, strlen(text), MSG_NOSIGNAL);
	else
		card_send(fd, "e");
	shutdown(fd, SHUT_WR);
	wait_for_end(fd);
}

/* Who was selected first is passed over, counted and avoided. */
static void check_refused(uint32_t id, unsigned int n)
{
	int fd = framed_connect("e", SOCK_SEQPACKET);

	check_message(fd, "hello");
	CHECK_EQ(get_info(fd).pe_id, 1);
	CHECK_EQ(get_info(fd).auth, RSP_AUTH_PSK);
	close(fd);
	CHECK_EQ(counter("HandshakeFailed"), n);
	CHECK_EQ(counter("FailureSecurity"), n);
	run("rspctl pe show pool e id %u | grep -q failed", id);
}

TEST(tls_peer_answers_in_plain)
{
	static const char *const answers[] = {
		NULL,				/* a business card */
		"220 mail.example ESMTP\r\n",
		"\x15\x03\x03\1\1\2\x28",	/* a record that is too short */
		"\x16\x03\x03\x7f\xff\2\1",	/* one that is too long */
		"\x17\x03\x03\1\4abcdefgh",	/* data, before TLS is agreed */
	};
	unsigned int i;

	pool_start();
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		test_about("answer %u", i);
		peer_element(10 + i, say_in_plain, answers[i]);
		check_refused(10 + i, i + 1);
	}
}

/* An older TLS, with the right key. */

static void speak_tls(int fd, uint32_t id, const void *arg)
{
	struct tls_peer *peer = tls_peer_make(fd, true, identity, arg);

	(void)id;
	if (!tls_peer_handshake(peer))
		tls_peer_send(peer, "agreed", 6);
	wait_for_end(fd);
}

static const char *const older[] = {
	ONLY_TLS("1.2"), ONLY_TLS("1.1"), ONLY_TLS("1.0"),
};

#define N_OLDER	(sizeof(older) / sizeof(older[0]))

TEST(tls_peer_element_is_older)
{
	unsigned int i;

	pool_start();
	for (i = 0; i < N_OLDER; i++) {
		test_about("%s", older[i]);
		peer_element(10 + i, speak_tls, older[i]);
		check_refused(10 + i, i + 1);
	}
}

static int connect_plain(int port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_EQ(connect(fd, (void *)&at, sizeof(at)), 0);
	return fd;
}

/* An element that waits for its users here. */
static int element_start(void)
{
	int listener;

	secure_pool("e");
	identity_get("", identity);
	listener = element("e", 1, SOCK_SEQPACKET);
	CHECK_EQ(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
	return listener;
}

TEST(tls_peer_user_is_older)
{
	int listener = element_start(), fd;
	struct tls_peer *peer;
	unsigned int i;

	for (i = 0; i < N_OLDER; i++) {
		test_about("%s", older[i]);
		fd = connect_plain(port_of(listener));
		peer = tls_peer_make(fd, false, identity, older[i]);
		CHECK_EQ(tls_peer_handshake(peer), -1);
		tls_peer_free(peer);
		close(fd);
		check_counter("HandshakeFailed", i + 1);
	}
	CHECK_ERR(accept(listener, NULL, NULL), EAGAIN);
	CHECK_EQ(counter("StateReady"), 0);
}

TEST(tls_peer_user_speaks_plain)
{
	int listener = element_start(), fd;

	fd = connect_plain(port_of(listener));
	data_send(fd, "hello");
	wait_for_end(fd);
	close(fd);
	check_counter("HandshakeFailed", 1);
	CHECK_ERR(accept(listener, NULL, NULL), EAGAIN);
	CHECK_EQ(counter("StateReady"), 0);
}

/* Who has the key breaks off in the middle of a frame. */

struct breaking {
	size_t octets;		/* of a frame that has 10, and its head 8 */
	bool notify;		/* close_notify comes first */
	bool reset;
	int type;		/* of the user's socket */
	enum rsp_failure failure;
};

/* What card_send() and frame_send() send. */
static ssize_t octets_made(int pair[2], void *octets, size_t len)
{
	ssize_t n = recv(pair[1], octets, len, 0);

	close(pair[0]);
	close(pair[1]);
	return n;
}

static struct tls_peer *greet(int fd)
{
	struct tls_peer *peer = tls_peer_make(fd, true, identity, TLS_AS_AGENT);
	char octets[256];
	int pair[2];
	ssize_t len;

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	card_send(pair[0], "e");
	len = octets_made(pair, octets, sizeof(octets));
	tls_peer_send(peer, octets, len);
	return peer;
}

static void break_off(int fd, uint32_t id, const void *arg)
{
	struct tls_peer *peer = greet(fd);
	const struct breaking *how = arg;
	char octets[256];
	int pair[2];

	(void)id;
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	frame_send(pair[0], 0, 5, "whole", 5);
	frame_send(pair[0], 0, 10, "0123456789", 10);
	octets_made(pair, octets, sizeof(octets));
	/* The first is there to its end. */
	tls_peer_send(peer, octets, 13 + how->octets);
	/* And the user has a session. */
	tls_peer_recv(peer, octets, sizeof(octets));
	if (how->notify)
		tls_peer_finish(peer);
	if (how->reset)
		reset_on_close(fd);
}

static void check_broken_off(uint32_t id, const struct breaking *how)
{
	size_t heard = 0, want = 5;
	char octets[64];
	ssize_t n;
	int fd;

	peer_element(id, break_off, how);
	fd = framed_connect("e", how->type);
	CHECK_EQ(get_info(fd).pe_id, id);
	CHECK_EQ(send(fd, "go", 2, 0), 2);
	if (how->type == SOCK_STREAM && how->octets > 8)
		want += how->octets - 8;
	while ((n = recv(fd, octets + heard, sizeof(octets) - heard, 0)) > 0)
		heard += n;
	CHECK_EQ(n, -1);
	CHECK_EQ(errno, EREMCHG);
	CHECK_EQ(heard, want);
	CHECK(!memcmp(octets, "whole0123456789", heard));
	CHECK_EQ(get_info(fd).failure, how->failure);
	session_resume(fd);
	check_message(fd, "hello");
	CHECK_EQ(get_info(fd).pe_id, 1);
	close(fd);
	run("rspctl pe show pool e id %u | grep -q failed", id);
}

TEST(tls_peer_breaks_off)
{
	static const struct breaking ways[] = {
		{ 14, true, false, SOCK_SEQPACKET, RSP_FAILURE_FIN },
		{ 14, false, false, SOCK_SEQPACKET, RSP_FAILURE_FIN },
		{ 14, false, true, SOCK_SEQPACKET, RSP_FAILURE_RESET },
		{ 4, true, false, SOCK_SEQPACKET, RSP_FAILURE_FIN },
		{ 0, true, false, SOCK_SEQPACKET, RSP_FAILURE_FIN },
		{ 0, false, false, SOCK_SEQPACKET, RSP_FAILURE_FIN },
		{ 14, true, false, SOCK_STREAM, RSP_FAILURE_FIN },
		{ 14, false, false, SOCK_STREAM, RSP_FAILURE_FIN },
	};
	unsigned int i;

	pool_start();
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		test_about("%zu octets, notify %d, reset %d, type %d",
			   ways[i].octets, ways[i].notify, ways[i].reset,
			   ways[i].type);
		check_broken_off(10 + i, &ways[i]);
	}
	/* Element 1, which is on this host too, counts as well. */
	CHECK(counter("FailureFin") >= (long)i - 1);
	CHECK(counter("FailureReset") >= 1);
}

/* Who has the key says what kTLS could make nothing of. */

struct breach {
	void (*commit)(struct tls_peer *peer);
	const char *counter;
	int type;
};

static void breach_commit(struct tls_peer *peer, const struct breach *breach,
			  const char *said, size_t len)
{
	char octets[16];

	tls_peer_send(peer, said, len);
	tls_peer_recv(peer, octets, sizeof(octets));
	breach->commit(peer);
	tls_peer_send(peer, said, len);
	tls_peer_finish(peer);
}

static const char whole[] = "\0\0\0\0\0\0\0\5whole";

static void breach_framed(int fd, uint32_t id, const void *arg)
{
	(void)id;
	breach_commit(greet(fd), arg, whole, sizeof(whole) - 1);
	wait_for_end(fd);
}

static void breach_data(int fd, uint32_t id, const void *arg)
{
	(void)id;
	breach_commit(tls_peer_make(fd, true, identity, TLS_AS_AGENT), arg,
		      "whole", 5);
	wait_for_end(fd);
}

static int check_breach(uint32_t id, const struct breach *breach)
{
	bool framed = breach->type == SOCK_SEQPACKET;
	long before = counter(breach->counter);
	char octets[16];
	int fd;

	peer_element_of(id, framed ? breach_framed : breach_data, breach,
			framed ? "control" : "data");
	fd = framed_connect("e", breach->type);
	CHECK_EQ(get_info(fd).pe_id, id);
	CHECK_EQ(recv(fd, octets, sizeof(octets), 0), 5);
	CHECK_EQ(send(fd, "go", 2, 0), 2);
	CHECK_ERR(recv(fd, octets, sizeof(octets), 0), EREMCHG);
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_SECURITY);
	CHECK_EQ(counter(breach->counter), before + 1);
	run("rspctl pe show pool e id %u | grep -q failed", id);
	return fd;
}

TEST(tls_peer_breaks_rules)
{
	static const struct breach breaches[] = {
		{ tls_peer_alert, "TlsAlert", SOCK_SEQPACKET },
		{ tls_peer_update_key, "TlsUnexpected", SOCK_SEQPACKET },
		{ tls_peer_no_handshake, "TlsUnexpected", SOCK_SEQPACKET },
	};
	int fd, i;

	pool_start();
	for (i = 0; i < 3; i++) {
		test_about("%s", breaches[i].counter);
		fd = check_breach(10 + i, &breaches[i]);
		session_resume(fd);
		check_message(fd, "hello");
		CHECK_EQ(get_info(fd).pe_id, 1);
		close(fd);
		CHECK_EQ(counter("FailureSecurity"), i + 1);
	}
}

TEST(tls_peer_breaks_rules_data)
{
	static const struct breach breaches[] = {
		{ tls_peer_alert, "TlsAlert", SOCK_STREAM },
		{ tls_peer_update_key, "TlsUnexpected", SOCK_STREAM },
		{ tls_peer_no_handshake, "TlsUnexpected", SOCK_STREAM },
	};
	int i;

	secure_pool("e");
	identity_get("", identity);
	run("rspctl scope set avoid-min 60s avoid-max 60s");
	run("rspctl pool add e policy prio");
	for (i = 0; i < 3; i++) {
		test_about("%s", breaches[i].counter);
		close(check_breach(10 + i, &breaches[i]));
		CHECK_EQ(counter("FailureSecurity"), i + 1);
	}
}

/* RFC 8446, 5.4: what has no octets may stand between what has. */

static void empties_send(struct tls_peer *peer, const char *said, size_t len)
{
	char octets[16];

	while (tls_peer_recv(peer, octets, sizeof(octets)) > 0) {
		tls_peer_no_data(peer);
		tls_peer_send(peer, said, len);
	}
}

static void empties_framed(int fd, uint32_t id, const void *arg)
{
	(void)id;
	(void)arg;
	empties_send(greet(fd), whole, sizeof(whole) - 1);
}

static void empties_data(int fd, uint32_t id, const void *arg)
{
	(void)id;
	(void)arg;
	empties_send(tls_peer_make(fd, true, identity, TLS_AS_AGENT), "whole", 5);
}

TEST(tls_peer_says_nothing)
{
	char octets[16];
	int fd, i;

	pool_start();
	peer_element_of(10, empties_framed, NULL, "control");
	fd = framed_connect("e", SOCK_SEQPACKET);
	CHECK_EQ(get_info(fd).pe_id, 10);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(send(fd, "go", 2, 0), 2);
		CHECK_EQ(recv(fd, octets, sizeof(octets), 0), 5);
	}
}

TEST(tls_peer_says_nothing_data)
{
	int fd, i, ends[2];
	char octets[16];

	secure_pool("e");
	identity_get("", identity);
	run("rspctl pool add e policy prio");
	peer_element_of(10, empties_data, NULL, "data");
	fd = framed_connect("e", SOCK_STREAM);
	CHECK_EQ(pipe(ends), 0);
	for (i = 0; i < 4; i++) {
		CHECK_EQ(send(fd, "go", 2, 0), 2);
		if (i % 2)
			CHECK_EQ(recv(fd, octets, sizeof(octets), 0), 5);
		else
			CHECK_EQ(splice(fd, NULL, ends[1], NULL, 16, 0), 5);
	}
}

/* Forward secrecy. */

/* Until the element has a session. */
static void agree_through(struct proxy *proxy, struct tls_peer *peer,
			  int listener)
{
	struct pollfd fds[3] = { { listener, POLLIN, 0 } };
	int tries = 1000;

	do {
		CHECK(tries--);
		CHECK(!tls_peer_handshake(peer) || errno == EAGAIN);
		if (!proxy_step(proxy))
			poll(fds, 1 + proxy_poll(proxy, fds + 1), 20);
	} while (!fds[0].revents);
}

/*
 * A user who has the key, and offers no exchange but the one without a share of
 * a Diffie-Hellman key, gets what it wants from the agent; and the kernel, which
 * gets keys alone, cannot see it.
 */
TEST(tls_peer_user_wants_no_share)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = element_start(), fd;
	static struct proxy proxy;
	struct tls_peer *peer;

	to.sin_port = htons(port_of(listener));
	proxy_open(&proxy, &to);
	proxy_begin(&proxy, (struct aim){ NO_ATTACK });
	fd = connect_plain(proxy.port);
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	peer = tls_peer_make(fd, false, identity, ONLY_PSK);
	agree_through(&proxy, peer, listener);
	CHECK(!tape_has_key_share(&proxy.tape));
	CHECK_EQ(get_info(accept(listener, NULL, NULL)).auth, RSP_AUTH_PSK);
}

/* An element that has nothing else to offer is refused: users ask for a share. */
TEST(tls_peer_element_wants_no_share)
{
	pool_start();
	peer_element(10, speak_tls, ONLY_PSK);
	check_refused(10, 1);
}
