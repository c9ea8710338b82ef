// SPDX-License-Identifier: GPL-2.0
/* Sealed cookies: what a user can do with one but give it back. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "framed.h"

#define COOKIE		11
#define COOKIE_ECHO	12
#define ASAP_ERROR	14
#define CAUSE_SECURITY	10
#define WINDOW_MS	12000	/* a busy machine is late by a second or so */
#define SEAL_SIZE	49	/* struct rsp_cookie_seal, without the handle */

static const char key_a[] = "/tmp/rsp_key_a", key_b[] = "/tmp/rsp_key_b",
		  key_c[] = "/tmp/rsp_key_c";

static void keys_make(void)
{
	run("printf aaaaaaaaaaaaaaaa > %s", key_a);
	run("printf bbbbbbbbbbbbbbbbbbbb > %s", key_b);
	run("printf cccccccccccccccccccccccc > %s", key_c);
}

/* A socket that listens, and the address for peers of bare TCP. */
struct element {
	int fd;
	struct sockaddr_in sin;
};

static struct element element_make(const char *name)
{
	struct element element = { .sin.sin_family = AF_INET };
	struct sockaddr_rserpool address;
	socklen_t len;

	element.fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	CHECK(element.fd >= 0);
	address = pool_address(name, 0, &len);
	CHECK_EQ(bind(element.fd, (void *)&address, len), 0);
	CHECK_EQ(listen(element.fd, 16), 0);
	len = sizeof(address);
	CHECK_EQ(getsockname(element.fd, (void *)&address, &len), 0);
	element.sin.sin_port = address.srp_port;
	element.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return element;
}

static int peer_connect(const struct element *element)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_EQ(connect(fd, (void *)&element->sin, sizeof(element->sin)), 0);
	return fd;
}

struct cookie {
	size_t len;
	unsigned char octets[512];
	unsigned char checkpoint[20];
};

/* The next cookie that comes; what else comes is passed over. */
static struct cookie cookie_receive(int peer)
{
	static struct frame frame;
	struct cookie cookie;

	do
		CHECK(frame_receive(peer, &frame));
	while (frame.ppid != RSP_PPID_ASAP || frame.octets[0] != COOKIE);
	cookie.len = ((unsigned char)frame.octets[6] << 8 |
		      (unsigned char)frame.octets[7]) - 4;
	CHECK(cookie.len <= sizeof(cookie.octets));
	memcpy(cookie.octets, frame.octets + 8, cookie.len);
	memcpy(cookie.checkpoint,
	       frame.octets + 8 + ((cookie.len + 3) & ~3), 20);
	return cookie;
}

/* A user that comes with this cookie, and says "go". */
static int peer_echo(const struct element *element, const struct cookie *cookie)
{
	size_t len = 8 + ((cookie->len + 3) & ~3);
	unsigned char message[600] = { COOKIE_ECHO };
	int peer = peer_connect(element);

	message[2] = (8 + cookie->len) >> 8;
	message[3] = 8 + cookie->len;
	message[5] = 13;
	message[6] = (4 + cookie->len) >> 8;
	message[7] = 4 + cookie->len;
	memcpy(message + 8, cookie->octets, cookie->len);
	frame_send(peer, RSP_PPID_ASAP, len, message, len);
	frame_send(peer, 0, 2, "go", 2);
	return peer;
}

/* A cookie as the element's kernel sends it. */
static struct cookie cookie_of(const struct element *element,
			       const char *state)
{
	int peer = peer_connect(element);
	int fd = accept(element->fd, NULL, NULL);
	struct cookie cookie;

	CHECK_EQ(setsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, state,
			    strlen(state)), 0);
	cookie = cookie_receive(peer);
	close(fd);
	close(peer);
	return cookie;
}

static void expect_good(const struct element *element,
			const struct cookie *cookie, const char *state)
{
	int peer = peer_echo(element, cookie);
	char got[64], buf[8];
	socklen_t size = sizeof(got);
	int fd;

	fd = accept(element->fd, NULL, NULL);
	CHECK(fd >= 0);
	CHECK_EQ(getsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, got, &size), 0);
	CHECK_EQ(size, strlen(state));
	CHECK(!memcmp(got, state, strlen(state)));
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 2);
	close(fd);
	close(peer);
}

/* The service gets nothing of what the user sent; the user is told why. */
static void expect_refused(const struct element *element,
			   const struct cookie *cookie, const char *name)
{
	const char cause[] = { ASAP_ERROR, 0, 0, 12, 0, 12, 0, 8,
			       0, CAUSE_SECURITY, 0, 4 };
	long before = counter(name), failures = counter("FailureRejected");
	int peer = peer_echo(element, cookie), fd;
	static struct frame frame;
	char got[64];
	socklen_t size = sizeof(got);

	CHECK(before >= 0);
	fd = accept(element->fd, NULL, NULL);
	CHECK(fd >= 0);
	CHECK_ERR(getsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, got, &size), EACCES);
	CHECK_ERR(recv(fd, got, sizeof(got), 0), ECONNRESET);
	do
		CHECK(frame_receive(peer, &frame));
	while (frame.octets[0] != ASAP_ERROR);
	CHECK_EQ(frame.ppid, RSP_PPID_ASAP);
	CHECK_EQ(frame.length, sizeof(cause));
	CHECK(!memcmp(frame.octets, cause, sizeof(cause)));
	CHECK(!frame_receive(peer, &frame));
	CHECK_EQ(counter(name), before + 1);
	CHECK_EQ(counter("FailureRejected"), failures + 1);
	close(fd);
	close(peer);
}

TEST(cookie_sealed)
{
	struct element element;
	struct cookie cookie;

	keys_make();
	run("rspctl pool add p cookie-key %s", key_a);
	element = element_make("p");
	cookie = cookie_of(&element, "state");
	CHECK_EQ(cookie.len, SEAL_SIZE + 1 + 5);
	CHECK(!memcmp(cookie.octets, "RSPSEAL\1", 8));
	expect_good(&element, &cookie, "state");
}

TEST(cookie_without_a_key_is_as_it_was_set)
{
	struct element element = element_make("p");
	struct cookie cookie = cookie_of(&element, "state");

	CHECK_EQ(cookie.len, 5);
	expect_good(&element, &cookie, "state");
}

TEST(cookie_refused)
{
	struct element element, other;
	struct cookie cookie, bent;

	keys_make();
	run("rspctl pool add p cookie-key %s", key_a);
	run("rspctl pool add q cookie-key %s", key_a);
	element = element_make("p");
	other = element_make("q");
	cookie = cookie_of(&element, "state");

	bent = cookie;
	bent.octets[bent.len - 1] ^= 1;
	expect_refused(&element, &bent, "CookieForged");
	bent = cookie;
	bent.octets[15] ^= 1;
	expect_refused(&element, &bent, "CookieForged");
	expect_refused(&other, &cookie, "CookieForeign");
	bent.len = 5;
	memcpy(bent.octets, "state", 5);
	expect_refused(&element, &bent, "CookieUnsealed");
	expect_good(&element, &cookie, "state");
	run("rspctl scope set cookie-window 200ms");
	usleep(300000);
	expect_refused(&element, &cookie, "CookieOld");
	run("rspctl scope set cookie-window 1m");
	expect_good(&element, &cookie, "state");
	run("rspctl pool set p cookie-key none");
	expect_refused(&element, &cookie, "CookieKeyless");
}

TEST(cookie_key_rotates)
{
	struct element element;
	struct cookie cookie;

	keys_make();
	run("rspctl pool add p cookie-key %s", key_a);
	element = element_make("p");
	cookie = cookie_of(&element, "state");
	run("rspctl pool set p cookie-key %s", key_b);
	run("rspctl pool show p | grep -q 'cookie-keys 2'");
	expect_good(&element, &cookie, "state");
	run("rspctl pool set p cookie-key %s", key_c);
	expect_refused(&element, &cookie, "CookieForged");
}

/* A user that forges gets one try a session. */
TEST(cookie_second_echo_ends_the_session)
{
	const unsigned char echo[] = { COOKIE_ECHO, 0, 0, 12, 0, 13, 0, 8,
				       1, 2, 3, 4 };
	struct element element;
	char octet;
	int peer;

	keys_make();
	run("rspctl pool add p cookie-key %s", key_a);
	element = element_make("p");
	peer = peer_connect(&element);
	frame_send(peer, RSP_PPID_ASAP, sizeof(echo), echo, sizeof(echo));
	frame_send(peer, RSP_PPID_ASAP, sizeof(echo), echo, sizeof(echo));
	CHECK_EQ(poll(&(struct pollfd){ .fd = peer, .events = POLLRDHUP }, 1,
		      5000), 1);
	while (recv(peer, &octet, 1, 0) > 0)
		;
	CHECK_EQ(counter("CookieUnsealed"), 1);
}

static uint64_t time_of(const struct cookie *cookie)
{
	uint64_t time = 0;
	int i;

	for (i = 8; i < 16; i++)
		time = time << 8 | cookie->octets[i];
	return time;
}

/* Before half of the window, with all as it was but the time. */
TEST(cookie_of_an_idle_session_does_not_age)
{
	struct cookie first, next;
	struct element element;
	int peer, fd, i;

	keys_make();
	run("rspctl scope set cookie-window %dms", WINDOW_MS);
	run("rspctl pool add p cookie-key %s", key_a);
	element = element_make("p");
	peer = peer_connect(&element);
	fd = accept(element.fd, NULL, NULL);
	frame_send(peer, 0, 2, "hi", 2);
	CHECK_EQ(recv(fd, &first, 2, 0), 2);
	CHECK_EQ(setsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, "state", 5), 0);
	first = cookie_receive(peer);
	CHECK_EQ(first.checkpoint[11], 1);
	for (i = 0; i < 2; i++) {
		next = cookie_receive(peer);
		CHECK(time_of(&next) >= time_of(&first) + WINDOW_MS / 5);
		CHECK(time_of(&next) <= time_of(&first) + WINDOW_MS / 2);
		CHECK(!memcmp(first.checkpoint, next.checkpoint, 20));
		CHECK_EQ(next.len, first.len);
		first = next;
	}
	expect_good(&element, &next, "state");

	/* With a new key at once. */
	run("rspctl scope set cookie-window 1m");
	while (poll(&(struct pollfd){ .fd = peer, .events = POLLIN }, 1, 300))
		cookie_receive(peer);
	run("rspctl pool set p cookie-key %s", key_b);
	next = cookie_receive(peer);
	run("rspctl pool set p cookie-key %s", key_c);
	expect_good(&element, &next, "state");
	expect_refused(&element, &first, "CookieForged");
}

/* A server whose cookie nobody else takes; it goes when it is asked. */
static void give_and_go(int fd, uint32_t id, const void *arg)
{
	/* With a checkpoint: nothing read, nothing written. */
	const unsigned char cookie[32] = { COOKIE, 0, 0, 32, 0, 13, 0, 8,
					   1, 2, 3, 4, 0x80, 1, 0, 20 };
	static struct frame frame;

	(void)id;
	(void)arg;
	card_send(fd, "p");
	frame_send(fd, RSP_PPID_ASAP, sizeof(cookie), cookie, sizeof(cookie));
	frame_receive(fd, &frame);
}

/* One that takes any cookie, and sends back what comes. */
static void take_and_echo(int fd, uint32_t id, const void *arg)
{
	static struct frame frame;

	(void)id;
	(void)arg;
	card_send(fd, "p");
	while (frame_receive(fd, &frame))
		if (frame.ppid != RSP_PPID_ASAP)
			frame_send(fd, frame.ppid, frame.length, frame.octets,
				   frame.length);
}

/* Of the pool's elements the one with the least identifier is tried first. */
static void server_add(uint32_t id, server_fn *fn)
{
	struct server server = server_run(id, AF_INET, fn, NULL);

	run("rspctl pe add pool p id %u tcp 127.0.0.1:%u use control priority %u",
	    id, server.port, 10 - id);
}

/* With an element that gives a cookie, and one that takes none without a seal. */
static int session_with_a_bad_cookie(bool notify)
{
	struct rsp_policy policy = { .type = 5, .value = 8 };
	struct sockaddr_rserpool address;
	socklen_t len;
	int fd;

	keys_make();
	run("rspctl pool add p policy prio cookie-key %s", key_a);
	server_add(1, give_and_go);
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	address = pool_address("p", 2, &len);
	CHECK_EQ(bind(fd, (void *)&address, len), 0);
	CHECK_EQ(setsockopt(fd, SOL_RSERPOOL, RSP_POLICY, &policy,
			    sizeof(policy)), 0);
	CHECK_EQ(listen(fd, 16), 0);
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	if (!notify)
		set_option(fd, RSP_FAILOVER, RSP_FAILOVER_AUTO);
	set_option(fd, RSP_REPLAY, 1000);
	address = pool_address("p", 0, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	CHECK_EQ(get_info(fd).pe_id, 1);
	return fd;
}

/* What is sent again must not meet a service that knows nothing. */
TEST(cookie_refused_is_a_failover)
{
	int fd = session_with_a_bad_cookie(false);
	char buf[16];

	server_add(3, take_and_echo);
	usleep(100000);
	CHECK_EQ(send(fd, "again", 5, 0), 5);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	CHECK(!memcmp(buf, "again", 5));
	CHECK_EQ(get_info(fd).pe_id, 3);
	CHECK_EQ(get_info(fd).prev_pe_id, 2);
	CHECK_EQ(get_info(fd).generation, 2);
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_REJECTED);
	run("rspctl session show | grep -q 'last: rejected'");
	CHECK_EQ(counter("CookieUnsealed"), 1);
	CHECK_EQ(counter("FailureRejected"), 2);
	CHECK_EQ(counter("ControlError"), 1);
	/* That the cookie is bad is not the element's fault. */
	run("! rspctl pe show pool p id 2 | grep -q avoided");
}

TEST(cookie_refused_by_all)
{
	int fd = session_with_a_bad_cookie(false);
	struct rsp_event event;
	struct iovec part = { .iov_base = &event, .iov_len = sizeof(event) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	set_option(fd, RSP_EVENTS, 1 << RSP_EVENT_FAILOVER_FAILED);
	usleep(100000);
	run("rspctl pe del pool p id 1");
	CHECK_EQ(send(fd, "again", 5, 0), 5);
	CHECK_EQ(recvmsg(fd, &msg, 0), sizeof(event));
	CHECK(msg.msg_flags & MSG_NOTIFICATION);
	CHECK_EQ(event.failure, RSP_FAILURE_REJECTED);
	CHECK_ERR(recvmsg(fd, &msg, 0), EACCES);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_CLOSED);
}

/* The cookie goes to an element when the program has agreed to that. */
TEST(cookie_refused_after_the_resume)
{
	int fd = session_with_a_bad_cookie(true), i;
	char buf[16];

	server_add(3, take_and_echo);
	usleep(100000);
	CHECK_EQ(send(fd, "again", 5, 0), 5);
	for (i = 1; i <= 2; i++) {
		CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
		/* Longer than an element must serve to be forgiven. */
		usleep(1200000);
		CHECK_EQ(get_info(fd).pe_id, i + 1);
		set_option(fd, RSP_RESUME, i);
	}
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 5);
	CHECK_EQ(get_info(fd).pe_id, 3);
}

TEST(cookie_key_that_is_none)
{
	run("rspctl pool add p");
	run("printf short > %s", key_a);
	run("! rspctl pool set p cookie-key %s 2> /dev/null", key_a);
	run("! rspctl pool set p cookie-key /nowhere 2> /dev/null");
	run("rspctl pool show p | grep -vq cookie-keys");
}
