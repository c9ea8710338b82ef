// SPDX-License-Identifier: GPL-2.0
/* Business cards: the failover order that an element recommends. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "framed.h"

#define BUSINESS_CARD	13
#define ELEMENT		10
#define RANK_MAX	16
#define IDS_MAX		64

static uint32_t get(const void *at, int octets)
{
	const unsigned char *p = at;
	uint32_t v = 0;

	while (octets--)
		v = v << 8 | *p++;
	return v;
}

/* The identifiers in a card; how many. */
static int card_ids(const struct frame *frame, uint32_t *ids)
{
	size_t at = 4, len = get(frame->octets + 2, 2);
	int n = 0;

	CHECK_EQ(frame->ppid, RSP_PPID_ASAP);
	CHECK_EQ(frame->octets[0], BUSINESS_CARD);
	CHECK_EQ((len + 3) & ~3, frame->length);
	while (at < len) {
		const char *tlv = frame->octets + at;

		if (get(tlv, 2) == ELEMENT)
			ids[n++] = get(tlv + 4, 4);
		at += (get(tlv + 2, 2) + 3) & ~3;
	}
	return n;
}

/* Listen as an element of a pool; connect to it as a peer of bare TCP. */
static int element_peer(const char *name, uint32_t id, int *listener)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_rserpool address;
	socklen_t len;
	int fd;

	*listener = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	CHECK(*listener >= 0);
	address = pool_address(name, id, &len);
	CHECK_EQ(bind(*listener, (void *)&address, len), 0);
	CHECK_EQ(listen(*listener, 16), 0);
	len = sizeof(address);
	CHECK_EQ(getsockname(*listener, (void *)&address, &len), 0);
	sin.sin_port = address.srp_port;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(connect(fd, (void *)&sin, sizeof(sin)), 0);
	return fd;
}

static void expect_card(int fd, int n, const uint32_t *want)
{
	static struct frame frame;
	uint32_t ids[IDS_MAX];
	int i;

	CHECK(frame_receive(fd, &frame));
	CHECK_EQ(card_ids(&frame, ids), n);
	for (i = 0; i < n; i++)
		CHECK_EQ(ids[i], want[i]);
}

/* All but itself, and who is drained. */
TEST(card_lists_the_pool)
{
	static struct frame frame;
	uint32_t ids[IDS_MAX];
	int listener, fd;

	run("rspctl pool add p");
	run("rspctl pe add pool p id 3 tcp 127.0.0.1:9 use control");
	run("rspctl pe add pool p id 4 tcp 127.0.0.1:9 use control");
	run("rspctl pe add pool p id 2 tcp [::1]:9 tcp 127.0.0.1:9 use control");
	run("rspctl pe drain pool p id 4");
	fd = element_peer("p", 7, &listener);
	CHECK(frame_receive(fd, &frame));
	CHECK_EQ(card_ids(&frame, ids), 2);
	CHECK_EQ(ids[0] + ids[1], 5);
	CHECK(ids[0] == 2 || ids[0] == 3);
}

TEST(card_has_a_bound)
{
	static struct frame frame;
	uint32_t ids[IDS_MAX];
	int i, j, n, listener;

	run("rspctl pool add p policy rr");
	for (i = 1; i <= 40; i++)
		run("rspctl pe add pool p id %d tcp 127.0.0.1:9 use control", i);
	CHECK(frame_receive(element_peer("p", 100, &listener), &frame));
	n = card_ids(&frame, ids);
	CHECK_EQ(n, RANK_MAX);
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			CHECK(ids[i] != ids[j]);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

TEST(card_again_when_the_pool_changes)
{
	struct pollfd poll_fd = { .events = POLLIN };
	static struct frame frame;
	uint32_t ids[IDS_MAX];
	int listener, n, i;
	double begun;

	run("rspctl pool add p");
	poll_fd.fd = element_peer("p", 1, &listener);
	expect_card(poll_fd.fd, 0, NULL);
	run("rspctl pe add pool p id 2 tcp 127.0.0.1:9 use control");
	expect_card(poll_fd.fd, 1, (uint32_t[]){ 2 });
	run("rspctl pe del pool p id 2");
	expect_card(poll_fd.fd, 0, NULL);

	/* Many changes are told of in few cards, and the last of them is. */
	begun = now();
	for (i = 2; i < 12; i++)
		run("rspctl pe add pool p id %d tcp 127.0.0.1:9 use control", i);
	for (i = 0, n = 0; n < 10; i++) {
		CHECK(frame_receive(poll_fd.fd, &frame));
		n = card_ids(&frame, ids);
	}
	CHECK(i <= now() - begun + 1);
	CHECK_EQ(poll(&poll_fd, 1, 1500), 0);
}

/* A card with these elements in this order. */
static void card_with(int fd, const char *handle, const uint32_t *ids, int n)
{
	size_t len = strlen(handle), at = 8 + ((len + 3) & ~3);
	unsigned char card[1024] = { BUSINESS_CARD };
	int i;

	card[5] = 9;
	card[7] = 4 + len;
	memcpy(card + 8, handle, len);
	for (i = 0; i < n; i++) {
		static const unsigned char rest[] = {
			0, 0, 0, 0, 0, 0, 0, 60,	/* home, life */
			0, 5, 0, 16, 0, 9, 0, 1,	/* TCP, port 9 */
			0, 1, 0, 8, 127, 0, 0, 1,
			0, 8, 0, 8, 0, 0, 0, 1,		/* round robin */
		};
		uint32_t id = htonl(ids[i]);

		card[at + 1] = ELEMENT;
		card[at + 3] = 8 + sizeof(rest);
		memcpy(card + at + 4, &id, 4);
		memcpy(card + at + 8, rest, sizeof(rest));
		at += card[at + 3];
	}
	card[2] = at >> 8;
	card[3] = at;
	frame_send(fd, RSP_PPID_ASAP, at, card, at);
}

struct order {
	int n;
	uint32_t ids[IDS_MAX];
};

/* The first of the two orders is said first. */
static void recommend(int fd, uint32_t id, const void *arg)
{
	const struct order *orders = arg;

	card_with(fd, "p", orders[0].ids, orders[0].n);
	if (orders[1].n)
		card_with(fd, "p", orders[1].ids, orders[1].n);
	framed_echo(fd, id, NULL);
}

/* Of the pool's elements 2 to 5, who comes after 1, which says so? */
static uint32_t next_after(const struct order *orders, const char *change)
{
	struct server first, others[4];
	char buf[8];
	int fd, i;

	run("rspctl pool add p policy prio failover auto");
	first = server_run(1, AF_INET, recommend, orders);
	run("rspctl pe add pool p id 1 tcp 127.0.0.1:%u use control policy prio priority 9",
	    first.port);
	for (i = 0; i < 4; i++) {
		static const struct order none[2];

		others[i] = server_run(i + 2, AF_INET, recommend, none);
		run("rspctl pe add pool p id %d tcp 127.0.0.1:%u use control policy prio priority %d",
		    i + 2, others[i].port, 5 - i);
	}
	fd = framed_connect("p", SOCK_SEQPACKET);
	CHECK_EQ(get_info(fd).pe_id, 1);
	CHECK_EQ(send(fd, "x", 1, 0), 1);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 1);
	if (change)
		run("%s", change);
	server_kill(&first);
	CHECK_EQ(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 500),
		 0);
	CHECK_EQ(send(fd, "y", 1, 0), 1);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 1);
	return get_info(fd).pe_id;
}

TEST(card_none_is_the_policy)
{
	static const struct order orders[2];

	CHECK_EQ(next_after(orders, NULL), 2);
}

TEST(card_order_comes_first)
{
	static const struct order orders[2] = { { 3, { 4, 3, 2 } } };

	CHECK_EQ(next_after(orders, NULL), 4);
}

/* One that nobody knows, one that is drained, the one that failed. */
TEST(card_passes_over)
{
	static const struct order orders[2] = { { 4, { 77, 5, 1, 4 } } };

	CHECK_EQ(next_after(orders, "rspctl pe drain pool p id 5"), 4);
}

TEST(card_of_nobody_there_is_the_policy)
{
	static const struct order orders[2] = { { 2, { 77, 78 } } };

	CHECK_EQ(next_after(orders, NULL), 2);
}

TEST(card_new_one_replaces)
{
	static const struct order orders[2] = {
		{ 2, { 4, 3 } }, { 2, { 5, 3 } },
	};

	CHECK_EQ(next_after(orders, NULL), 5);
}

static int bound(const char *name, uint32_t id)
{
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	struct sockaddr_rserpool address;
	socklen_t len;

	CHECK(fd >= 0);
	address = pool_address(name, id, &len);
	CHECK_EQ(bind(fd, (void *)&address, len), 0);
	return fd;
}

static void check_name(int fd, int peer, const char *name, uint32_t id)
{
	struct sockaddr_rserpool address;
	socklen_t len = sizeof(address);

	CHECK_EQ(peer ? getpeername(fd, (void *)&address, &len) :
			getsockname(fd, (void *)&address, &len), 0);
	CHECK_EQ(address.srp_handle_len, strlen(name));
	CHECK(!memcmp(address.srp_handle, name, strlen(name)));
	CHECK_EQ(address.srp_pe_id, id);
}

/* What the user says has come when its first message has. */
static int take(int listener)
{
	int fd = accept(listener, NULL, NULL);
	char octet;

	CHECK(fd >= 0);
	CHECK_EQ(recv(fd, &octet, 1, 0), 1);
	return fd;
}

static void say(int fd, const char *name)
{
	struct sockaddr_rserpool to;
	socklen_t len;

	to = pool_address(name, 0, &len);
	CHECK_EQ(connect(fd, (void *)&to, len), 0);
	CHECK_EQ(send(fd, "x", 1, 0), 1);
}

/* RFC 5352, section 3.9: the element learns of which pool its user is. */
TEST(card_of_a_user_that_is_an_element)
{
	int services[2], user, fd, none;

	element("users", 9, SOCK_SEQPACKET);
	element("users", 8, SOCK_SEQPACKET);
	services[0] = element("services", 1, SOCK_SEQPACKET);
	user = bound("users", 9);
	set_option(user, RSP_FAILOVER, RSP_FAILOVER_AUTO);
	check_name(user, 0, "users", 9);
	say(user, "services");
	check_name(user, 0, "users", 9);
	check_name(user, 1, "services", 1);
	fd = take(services[0]);
	check_name(fd, 0, "services", 1);
	check_name(fd, 1, "users", 9);

	/* The next element is told as well. */
	services[1] = element("services", 2, SOCK_SEQPACKET);
	run("rspctl pe del pool services id 1 now");
	while (get_info(user).pe_id != 2)
		usleep(10000);
	CHECK_EQ(send(user, "y", 1, 0), 1);
	check_name(take(services[1]), 1, "users", 9);

	/* One that names no element of it, and one that is in no pool. */
	fd = bound("users", 0);
	say(fd, "services");
	check_name(take(services[1]), 1, "users", 0);
	none = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	say(none, "services");
	check_name(take(services[1]), 1, "", 0);

	/* It may be taken apart and listen then; it cannot do both. */
	CHECK_ERR(listen(fd, 1), EINVAL);
	CHECK_EQ(connect(fd, &(struct sockaddr){ .sa_family = AF_UNSPEC },
			 sizeof(struct sockaddr)), 0);
	check_name(fd, 0, "users", 0);
	CHECK_EQ(listen(fd, 1), 0);
	run("rspctl pool show users | grep -q 'elements 3'");
	CHECK_ERR(connect(fd, &(struct sockaddr){ .sa_family = AF_UNSPEC },
			  sizeof(struct sockaddr)), EOPNOTSUPP);
}

#define KEEP_ALIVE	7
#define KEEP_ALIVE_ACK	8
#define PE_ID		14

/* Its handle has four octets. id 0: none is said. */
static void keep_alive_send(int fd, const char *handle, uint32_t id)
{
	unsigned char msg[24] = { KEEP_ALIVE, 1 };

	msg[3] = id ? 24 : 16;
	msg[7] = 5;	/* the registrar's identifier */
	msg[9] = 9;	/* pool handle */
	msg[11] = 8;
	memcpy(msg + 12, handle, 4);
	msg[17] = PE_ID;
	msg[19] = 8;
	msg[23] = id;
	frame_send(fd, RSP_PPID_ASAP, msg[3], msg, msg[3]);
}

static void expect_ack(int fd)
{
	static const unsigned char want[] = {
		KEEP_ALIVE_ACK, 0, 0, 20, 0, 9, 0, 8, 'p', 'o', 'o', 'l',
		0, PE_ID, 0, 8, 0, 0, 0, 7,
	};
	static struct frame frame;

	CHECK(frame_receive(fd, &frame));
	CHECK_EQ(frame.ppid, RSP_PPID_ASAP);
	CHECK_EQ(frame.length, sizeof(want));
	CHECK(!memcmp(frame.octets, want, sizeof(want)));
}

/* RFC 5352, section 3.4: an element answers as long as it is one. */
TEST(card_keep_alive)
{
	struct pollfd pollfd = { .events = POLLIN };
	static struct frame frame;
	int listener, fd, session;

	fd = element_peer("pool", 7, &listener);
	CHECK(frame_receive(fd, &frame));
	keep_alive_send(fd, "pool", 0);
	expect_ack(fd);
	keep_alive_send(fd, "loop", 7);
	keep_alive_send(fd, "pool", 6);
	keep_alive_send(fd, "pool", 7);
	expect_ack(fd);
	/* Who asks so is nobody's home. */
	run("! rspctl pe show pool pool | grep -q home");

	frame_send(fd, 0, 1, "x", 1);
	session = take(listener);
	CHECK_EQ(close(listener), 0);
	keep_alive_send(fd, "pool", 7);
	frame_send(fd, 0, 1, "y", 1);
	CHECK_EQ(recv(session, frame.octets, 2, 0), 1);
	pollfd.fd = fd;
	CHECK_EQ(poll(&pollfd, 1, 1000), 0);
}
