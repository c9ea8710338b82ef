// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody on the way who has no key does one thing to one record of a short
 * session: each thing, to each record, of each way. Whatever it is, either end
 * gets a beginning of what the other one sent, and never takes it for the whole;
 * and the end that is to blame it on somebody says so, and counts it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "dialogue.h"
#include "hostile.h"
#include "hosts.h"
#include "netlink.h"
#include "proxy.h"
#include "secure.h"
#include "tls_peer.h"

#define QUIET		150	/* milliseconds: everybody waits for somebody */
#define QUIET_MAX	100

static struct {
	bool framed;
	struct host host;	/* of the element with frames */
	int listener;		/* of the element */
	struct proxy proxy;
	struct mnl_socket *stats[WAYS];	/* of whom this way leads to */
	char identity[64];
} stage;

static struct tape honest;
static struct end user, peer;

/* Counters. */

static const char *const counted[] = {
	"FailureSecurity", "FailureReset", "FailureFin", "FailureCard",
	"TlsRecord", "TlsTruncated", "HandshakeFailed", "Handshake",
	"HandshakeDone", "HandshakeBusy", "HandshakeTimeout", "HandshakeUnheard",
	"StateReady",
};

enum {
	SECURITY, RESET, FIN, CARD, RECORD, TRUNCATED, HANDSHAKE_FAILED,
	HANDSHAKE, HANDSHAKE_DONE, HANDSHAKE_BUSY, HANDSHAKE_TIMEOUT,
	HANDSHAKE_UNHEARD, READY, COUNTED,
};

struct counts {
	long n[COUNTED];
};

static struct counts counts_of(enum way way)
{
	struct counts counts = {};

	counters_get(stage.stats[way], counted, COUNTED, counts.n);
	return counts;
}

/* All handshakes of the user, or of the element, have come to their ends. */
static struct counts counts_settled(enum way way)
{
	struct counts counts;
	int tries = 2000;

	do {
		counts = counts_of(way);
		if (counts.n[HANDSHAKE] == counts.n[HANDSHAKE_DONE] +
					   counts.n[HANDSHAKE_FAILED] +
					   counts.n[HANDSHAKE_TIMEOUT] +
					   counts.n[HANDSHAKE_BUSY])
			return counts;
		usleep(5000);
	} while (tries--);
	test_fail(__FILE__, __LINE__, "a handshake does not end");
}

/* The user, and the element. */

static void set_nonblocking(int fd)
{
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
}

static bool user_connected(void)
{
	struct pollfd pfd = { user.fd, POLLOUT, 0 };
	int err;

	if (user.begun)
		return true;
	if (!poll(&pfd, 1, 0))
		return false;
	err = socket_error(user.fd);
	if (err)
		end_fails(&user, err);
	else
		user.begun = true;
	return !err;
}

static bool user_step(void)
{
	bool begun = user.begun;

	if (end_is_over(&user))
		return false;
	if (!user_connected())
		return user.err;
	return end_step(&user) || !begun;
}

static bool peer_step(void)
{
	if (peer.fd >= 0)
		return end_step(&peer);
	if (end_is_over(&peer))
		return false;
	peer.fd = accept4(stage.listener, NULL, NULL, SOCK_NONBLOCK);
	if (peer.fd < 0)
		return false;
	peer.begun = stage.framed;
	if (!stage.framed)
		peer.tls = tls_peer_make(peer.fd, true, stage.identity,
					 TLS_AS_AGENT);
	return true;
}

static void user_begin(void)
{
	struct sockaddr_rserpool address;
	socklen_t len;
	int late;

	/* Of the last session, perhaps. */
	while ((late = accept(stage.listener, NULL, NULL)) >= 0)
		close(late);
	user = (struct end){ .says = UP, .messages = stage.framed };
	peer = (struct end){
		.fd = -1, .says = DOWN, .messages = stage.framed,
	};
	user.fd = socket(AF_RSERPOOL, (stage.framed ? SOCK_SEQPACKET :
				       SOCK_STREAM) | SOCK_NONBLOCK, 0);
	CHECK(user.fd >= 0);
	/* That the session goes on elsewhere has tests of its own. */
	set_option(user.fd, RSP_FAILOVER, RSP_FAILOVER_OFF);
	address = pool_address("e", 0, &len);
	CHECK_ERR(connect(user.fd, (void *)&address, len), EINPROGRESS);
}

/* Everybody has done what he could do at once. */
static bool wait_for_somebody(void)
{
	struct pollfd fds[8];
	int n;

	n = proxy_poll(&stage.proxy, fds);
	if (!end_is_over(&user))
		fds[n++] = (struct pollfd){ user.fd, user.begun ? POLLIN :
					    POLLOUT, 0 };
	if (peer.fd >= 0)
		fds[n++] = (struct pollfd){ peer.fd, POLLIN, 0 };
	else if (!end_is_over(&peer))
		fds[n++] = (struct pollfd){ stage.listener, POLLIN, 0 };
	return poll(fds, n, QUIET);
}

/* The stage. */

static void stage_make(bool framed)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	socklen_t len = sizeof(to);

	stage.framed = framed;
	secure_pool("e");
	identity_get("", stage.identity);
	/* An element that has failed may be tried again. */
	run("rspctl scope set avoid-min 1ms avoid-max 1ms");
	netlink_start();
	stage.stats[UP] = stage.stats[DOWN] = nl;
	if (framed) {
		host_make(&stage.host, 1);
		host_enter(&stage.host);
		secure_pool("e");
		stage.stats[UP] = open_netlink();
		stage.listener = element("e", 1, SOCK_SEQPACKET);
		host_leave();
		to.sin_addr.s_addr = inet_addr("10.77.1.2");
		to.sin_port = htons(port_of(stage.listener));
	} else {
		stage.listener = socket(AF_INET, SOCK_STREAM, 0);
		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		CHECK_EQ(bind(stage.listener, (void *)&to, sizeof(to)), 0);
		CHECK_EQ(listen(stage.listener, 16), 0);
		CHECK_EQ(getsockname(stage.listener, (void *)&to, &len), 0);
	}
	set_nonblocking(stage.listener);
	proxy_open(&stage.proxy, &to);
	run("rspctl pe add pool e id 1 use %s tcp 127.0.0.1:%d",
	    framed ? "control" : "data", stage.proxy.port);
}

/* What comes before the lines of a way, after its handshake: the card. */
static int lead(enum way way)
{
	return stage.framed && way == DOWN;
}

/*
 * The first record of each way that is not of the handshake. The user's has one
 * that is sealed. Behind its lines each end has as many.
 */
static unsigned int session_from(enum way way)
{
	unsigned int i, n = 0;

	for (i = 0; i < honest.n_records; i++)
		if (honest.records[i].way == UP) {
			n++;
			if (honest.records[i].type == 23)
				break;
		}
	return way == UP ? n : honest.n[DOWN] - (honest.n[UP] - n) - lead(way);
}

/* Of a record: which of the lines it has; less than 0: none yet. */
static int line_of(const struct aim *aim)
{
	return (int)aim->n - (int)session_from(aim->way) - lead(aim->way);
}

static uint8_t type_of(const struct aim *aim)
{
	unsigned int i, n = 0;

	for (i = 0; i < honest.n_records; i++)
		if (honest.records[i].way == aim->way && n++ == aim->n)
			return honest.records[i].type;
	return 0;
}

/* Does the next record of its way follow without a word of the other end? */
static bool is_followed(const struct aim *aim)
{
	unsigned int i, n = 0;

	for (i = 0; i + 1 < honest.n_records; i++)
		if (honest.records[i].way == aim->way && n++ == aim->n)
			return honest.records[i + 1].way == aim->way;
	return false;
}

static bool is_cut(enum attack attack)
{
	return attack >= CUT_FIN;
}

/*
 * Nobody need look at it: the record that is there for what knows TLS 1.2 only,
 * and the version in the head of a record of the handshake.
 */
static bool is_nothing_to_tls(const struct aim *aim)
{
	return aim->attack == FLIP_VERSION ||
	       (type_of(aim) == 20 && !is_cut(aim->attack) &&
		aim->attack != FORGE_END);
}

/* If nobody says anything: what was done keeps nobody from it. */
static bool is_slow(const struct aim *aim)
{
	return is_nothing_to_tls(aim) && stage.proxy.held < 0;
}

/* A whole session, with that done to it. */
static void play(struct aim aim)
{
	int quiet = 0;

	proxy_begin(&stage.proxy, aim);
	user_begin();
	while (!end_is_over(&user) || peer.fd >= 0 ||
	       !proxy_is_over(&stage.proxy)) {
		bool moved = user_step();

		moved |= proxy_step(&stage.proxy);
		moved |= peer_step();
		if (end_is_over(&user) && user.fd >= 0)
			end_close(&user);
		if (moved || wait_for_somebody())
			continue;
		if (is_slow(&aim) || !proxy_quiet(&stage.proxy))
			CHECK(quiet++ < QUIET_MAX);
	}
}

/* The end to which the way leads must have counted one of these. */
static void check_counted(enum way way, const struct counts *before,
			  unsigned int what)
{
	struct counts now;
	int tries = 300, i;

	for (;;) {
		now = counts_of(way);
		for (i = 0; i < COUNTED; i++)
			if (what & 1 << i && now.n[i] > before->n[i])
				return;
		if (!tries--) {
			for (i = 0; i < COUNTED; i++)
				printf("# %s: %ld\n", counted[i],
				       now.n[i] - before->n[i]);
			test_fail(__FILE__, __LINE__, "nothing is counted");
		}
		usleep(10000);
	}
}

static void judge_handshake(const struct aim *aim, const struct counts *before)
{
	if (user.whole && peer.whole) {
		CHECK(is_nothing_to_tls(aim));
		return;
	}
	CHECK(!user.whole && !peer.whole);
	CHECK(user.err);
	CHECK_EQ(user.heard, 0);
	CHECK_EQ(peer.heard, 0);
	/* What comes twice, or too late, comes after the handshake perhaps. */
	if (stage.framed || aim->way == DOWN)
		check_counted(aim->way, before, 1 << HANDSHAKE_FAILED |
			      1 << HANDSHAKE_TIMEOUT |
			      1 << HANDSHAKE_UNHEARD | 1 << RECORD);
	if (!stage.framed)
		CHECK(peer.err);
	else if (aim->attack != DOUBLE && aim->attack != SWAP)
		CHECK(!peer.begun);
}

/* What ends what: as the kernel sees it, and then tells. */
static void judge_failure(const struct aim *aim, const struct end *end,
			  const struct counts *before)
{
	const unsigned int forged = 1 << RECORD;
	const unsigned int cut = 1 << FIN | 1 << RESET | 1 << CARD;
	unsigned int counts = forged;

	if (is_cut(aim->attack))
		counts = cut;
	/* An end may come before the agent has taken what was before it. */
	if ((is_cut(aim->attack) || aim->attack == FORGE_END) && !end->begun)
		counts |= 1 << HANDSHAKE_FAILED | 1 << HANDSHAKE_TIMEOUT;
	/* When nothing else comes, it is the end that is wrong. */
	else if (aim->attack == DROP || aim->attack == FLIP_LENGTH)
		counts |= cut;
	check_counted(aim->way, before, counts);
	if (!end->begun) {
		/* It may have begun, and be over, before anybody looked. */
		CHECK(end->err == EACCES || end->err == EHOSTUNREACH ||
		      end->err == ECONNRESET);
		return;
	}
	CHECK_EQ(end->err, ECONNRESET);
	if (end->failure == RSP_FAILURE_SECURITY)
		CHECK(counts & forged);
	else
		CHECK(counts & cut && (end->failure == RSP_FAILURE_FIN ||
				       end->failure == RSP_FAILURE_RESET));
}

static void judge_session(const struct aim *aim, const struct counts *before)
{
	const struct end *end = aim->way == UP ? &peer : &user;
	int line = line_of(aim), heard = line < 0 ? 0 : line;

	/* The other end has said that this is all. */
	if (line > LINES_EACH ||
	    (line == LINES_EACH && aim->attack == DOUBLE)) {
		CHECK_EQ(end->heard, octets_of_lines(aim->way, LINES_EACH));
		return;
	}
	CHECK(!end->whole);
	CHECK(end->err);
	if (aim->attack == DOUBLE && line >= 0)
		heard++;
	CHECK_EQ(end->heard, octets_of_lines(aim->way, heard));
	if (!end->tls && (stage.framed || end == &user))
		judge_failure(aim, end, before);
}

static void judge(const struct aim *aim, const struct counts *before)
{
	bool whole = user.whole && peer.whole;

	if (!stage.proxy.done)
		CHECK(whole);
	/* The type that counts is sealed. */
	else if (aim->attack == FLIP_TYPE && whole)
		return;
	else if (aim->n < session_from(aim->way))
		judge_handshake(aim, before);
	else
		judge_session(aim, before);
}

static void honest_session(void)
{
	enum way way;

	play((struct aim){ NO_ATTACK });
	CHECK(user.whole && peer.whole);
	honest = stage.proxy.tape;
	/* The end of the frames, and of TLS. */
	for (way = 0; way < WAYS; way++)
		CHECK_EQ(honest.n[way] - session_from(way),
			 lead(way) + LINES_EACH + 1 + stage.framed);
}

static void attack_one(struct aim aim)
{
	struct counts before;

	if (aim.attack == SWAP && !is_followed(&aim))
		return;
	test_about("%s, %s record %u", attack_name(aim.attack),
		   aim.way == UP ? "up" : "down", aim.n);
	before = counts_settled(aim.way);
	play(aim);
	test_about("%s, %s record %u; user: %zu, error %d, failure %d; "
		   "element: %zu, error %d, failure %d",
		   attack_name(aim.attack), aim.way == UP ? "up" : "down",
		   aim.n, user.heard, user.err, user.failure, peer.heard,
		   peer.err, peer.failure);
	judge(&aim, &before);
	CHECK(stage.proxy.done || aim.attack == SWAP);
}

static void attack_all(bool framed, enum attack first, enum attack last)
{
	struct aim aim;

	stage_make(framed);
	honest_session();
	for (aim.attack = first; aim.attack <= last; aim.attack++)
		for (aim.way = 0; aim.way < WAYS; aim.way++)
			for (aim.n = 0; aim.n < honest.n[aim.way]; aim.n++)
				attack_one(aim);
}

TEST(tls_proxy_flips)
{
	attack_all(true, FLIP_TYPE, FLIP_TAG);
}

TEST(tls_proxy_flips_data)
{
	attack_all(false, FLIP_TYPE, FLIP_TAG);
}

TEST(tls_proxy_order)
{
	attack_all(true, DROP, SWAP);
}

TEST(tls_proxy_order_data)
{
	attack_all(false, DROP, SWAP);
}

TEST(tls_proxy_forgeries)
{
	attack_all(true, INVENT, FORGE_END);
}

TEST(tls_proxy_forgeries_data)
{
	attack_all(false, INVENT, FORGE_END);
}

TEST(tls_proxy_cuts)
{
	attack_all(true, CUT_FIN, CUT_INSIDE_RST);
}

TEST(tls_proxy_cuts_data)
{
	attack_all(false, CUT_FIN, CUT_INSIDE_RST);
}

/* What an element once heard, whole, is no session to it. */
static void replay_to_element(void)
{
	struct counts before = counts_settled(UP);
	const struct tape *tape = &honest;
	int fd;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(connect(fd, (void *)&stage.proxy.to, sizeof(stage.proxy.to)),
		 0);
	CHECK_EQ(send(fd, tape->octets[UP], tape->len[UP], MSG_NOSIGNAL),
		 (ssize_t)tape->len[UP]);
	wait_for_end(fd);
	close(fd);
	check_counted(UP, &before, 1 << HANDSHAKE_FAILED);
	CHECK_EQ(counts_settled(UP).n[READY], before.n[READY]);
	CHECK_ERR(accept(stage.listener, NULL, NULL), EAGAIN);
}

/* Nor is to a user what one once heard: at once, or when it would be due. */
static void replay_to_user(bool due)
{
	struct counts before = counts_settled(DOWN);
	static char hello[TAPE_MAX];
	const struct tape *tape = &honest;
	int fd;

	proxy_begin(&stage.proxy, (struct aim){ NO_ATTACK });
	user_begin();
	wait_for(stage.proxy.listener, POLLIN);
	fd = accept(stage.proxy.listener, NULL, NULL);
	CHECK(fd >= 0);
	if (due)
		CHECK(recv(fd, hello, sizeof(hello), 0) > 0);
	CHECK_EQ(send(fd, tape->octets[DOWN], tape->len[DOWN], MSG_NOSIGNAL),
		 (ssize_t)tape->len[DOWN]);
	wait_for(user.fd, POLLOUT);
	CHECK_EQ(socket_error(user.fd), EACCES);
	end_close(&user);
	close(fd);
	check_counted(DOWN, &before, 1 << HANDSHAKE_FAILED);
	check_counted(DOWN, &before, 1 << SECURITY);
	CHECK_EQ(counts_settled(DOWN).n[READY], before.n[READY]);
}

TEST(tls_proxy_replay)
{
	stage_make(true);
	honest_session();
	replay_to_element();
	replay_to_user(false);
	replay_to_user(true);
}

TEST(tls_proxy_replay_data)
{
	stage_make(false);
	honest_session();
	replay_to_user(false);
	replay_to_user(true);
}

/* Who gets the key later cannot read what was recorded: RFC 8446, section 2.2. */
TEST(tls_proxy_key_share)
{
	stage_make(true);
	honest_session();
	CHECK(tape_has_key_share(&honest));
	CHECK(tape_asks_for_key_share(&honest));
}
