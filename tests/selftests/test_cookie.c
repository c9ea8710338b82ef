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

/* A user that comes with this cookie: what is the service given? */
static int echoed(const struct element *element, const struct cookie *cookie,
		  char *state, size_t room)
{
	size_t len = 8 + ((cookie->len + 3) & ~3);
	unsigned char message[600] = { COOKIE_ECHO };
	int peer = peer_connect(element), fd;
	socklen_t size = room;
	char buf[8];

	message[2] = (8 + cookie->len) >> 8;
	message[3] = 8 + cookie->len;
	message[5] = 13;
	message[6] = (4 + cookie->len) >> 8;
	message[7] = 4 + cookie->len;
	memcpy(message + 8, cookie->octets, cookie->len);
	frame_send(peer, RSP_PPID_ASAP, len, message, len);
	frame_send(peer, 0, 2, "go", 2);
	fd = accept(element->fd, NULL, NULL);
	CHECK(fd >= 0);
	CHECK_EQ(getsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, state, &size), 0);
	/* Good or not, the session goes on. */
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 2);
	close(fd);
	close(peer);
	return size;
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
	char got[64];

	CHECK_EQ(echoed(element, cookie, got, sizeof(got)), strlen(state));
	CHECK(!memcmp(got, state, strlen(state)));
}

static void expect_refused(const struct element *element,
			   const struct cookie *cookie, const char *name)
{
	long before = counter(name);
	char got[64];

	CHECK(before >= 0);
	CHECK_EQ(echoed(element, cookie, got, sizeof(got)), 0);
	CHECK_EQ(counter(name), before + 1);
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

TEST(cookie_key_that_is_none)
{
	run("rspctl pool add p");
	run("printf short > %s", key_a);
	run("! rspctl pool set p cookie-key %s 2> /dev/null", key_a);
	run("! rspctl pool set p cookie-key /nowhere 2> /dev/null");
	run("rspctl pool show p | grep -vq cookie-keys");
}
