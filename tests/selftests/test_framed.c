// SPDX-License-Identifier: GPL-2.0
/* Messages over a connection that carries control beside them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hostile.h"

static struct control control;

static char *pattern(size_t len)
{
	char *buf = malloc(len);
	size_t i;

	CHECK(buf);
	for (i = 0; i < len; i++)
		buf[i] = i * 2654435761u >> 13;
	return buf;
}

static ssize_t receive(int fd, void *buf, size_t len, int flags, int *out)
{
	struct iovec part = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n = recvmsg(fd, &msg, flags);

	*out = msg.msg_flags;
	return n;
}

TEST(framed_message)
{
	char buf[64];
	int fd, flags;

	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	CHECK_EQ(send(fd, "hello", 5, 0), 5);
	CHECK_EQ(send(fd, "", 0, 0), 0);
	CHECK_EQ(send(fd, "you", 3, 0), 3);
	CHECK_EQ(receive(fd, buf, sizeof(buf), 0, &flags), 5);
	CHECK(!memcmp(buf, "hello", 5));
	CHECK_EQ(flags & (MSG_EOR | MSG_TRUNC), MSG_EOR);
	CHECK_EQ(receive(fd, buf, 2, 0, &flags), 2);
	CHECK(!memcmp(buf, "yo", 2));
	CHECK_EQ(flags & (MSG_EOR | MSG_TRUNC), MSG_EOR | MSG_TRUNC);
	CHECK_ERR(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
}

TEST(framed_message_sizes)
{
	static const size_t sizes[] = {
		1, 7, 8, 4087, 4088, 4089, 32760, 65527, 65528, 65529, 131056,
		131057, 1 << 20,
	};
	char *sent = pattern(1 << 20), *got = malloc((1 << 20) + 1);
	int fd, flags;
	size_t i;

	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		CHECK_EQ(send(fd, sent, sizes[i], 0), sizes[i]);
		CHECK_EQ(receive(fd, got, (1 << 20) + 1, 0, &flags), sizes[i]);
		CHECK(!memcmp(sent, got, sizes[i]));
		CHECK_EQ(flags & (MSG_EOR | MSG_TRUNC), MSG_EOR);
	}
	CHECK_ERR(send(fd, sent, (1 << 20) + 1, 0), EMSGSIZE);
	set_option(fd, RSP_MESSAGE_MAX, 10);
	CHECK_ERR(send(fd, sent, 11, 0), EMSGSIZE);
}

/* A message of several frames with control between them, and one of one. */
static void in_frames(int fd, uint32_t id, const void *arg)
{
	struct frame frame;
	int i;

	(void)id;
	(void)arg;
	while (frame_receive(fd, &frame)) {
		if (frame.ppid == RSP_PPID_ASAP)
			continue;
		for (i = 0; i < 5; i++) {
			control_begin(&control, 0xbf);
			control_send(fd, &control);
			frame_send(fd, 7, 2 | (i < 4 ? FRAME_MORE : 0),
				   &"aabbccddee"[2 * i], 2);
		}
		frame_send(fd, 8, 3, "one", 3);
	}
}

static int in_frames_connect(void)
{
	int fd;

	framed_pool("p", "", in_frames, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	CHECK_EQ(send(fd, "go", 2, 0), 2);
	return fd;
}

TEST(framed_message_in_frames)
{
	int fd = in_frames_connect(), flags;
	char buf[16];

	CHECK_EQ(receive(fd, buf, sizeof(buf), 0, &flags), 10);
	CHECK(!memcmp(buf, "aabbccddee", 10));
	CHECK_EQ(flags & (MSG_EOR | MSG_TRUNC), MSG_EOR);
	CHECK_EQ(receive(fd, buf, sizeof(buf), 0, &flags), 3);
	CHECK(!memcmp(buf, "one", 3));
	check_counter("ControlUnknown", 5);
	/* What does not fit is dropped, and told on request. */
	CHECK_EQ(send(fd, "go", 2, 0), 2);
	CHECK_EQ(receive(fd, buf, 3, MSG_TRUNC, &flags), 10);
	CHECK(!memcmp(buf, "aab", 3));
	CHECK_EQ(flags & (MSG_EOR | MSG_TRUNC), MSG_EOR | MSG_TRUNC);
	CHECK_EQ(receive(fd, buf, 1, MSG_TRUNC, &flags), 3);
	CHECK_EQ(flags & (MSG_EOR | MSG_TRUNC), MSG_EOR | MSG_TRUNC);
}

TEST(framed_message_peek)
{
	int fd = in_frames_connect(), flags, i, n;
	char buf[16] = "";

	for (i = 0; i < 3; i++) {
		CHECK_EQ(receive(fd, buf, sizeof(buf), MSG_PEEK, &flags), 10);
		CHECK(!memcmp(buf, "aabbccddee", 10));
		CHECK_EQ(flags & (MSG_EOR | MSG_TRUNC), MSG_EOR);
		CHECK_EQ(receive(fd, buf, 4, MSG_PEEK | MSG_TRUNC, &flags), 10);
		CHECK_EQ(flags & (MSG_EOR | MSG_TRUNC), MSG_EOR | MSG_TRUNC);
	}
	CHECK_EQ(ioctl(fd, FIONREAD, &n), 0);
	CHECK_EQ(n, 10);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 10);
	CHECK_EQ(recv(fd, buf, sizeof(buf), MSG_PEEK), 3);
	CHECK(!memcmp(buf, "one", 3));
	CHECK_EQ(ioctl(fd, FIONREAD, &n), 0);
	CHECK_EQ(n, 3);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 3);
	CHECK_ERR(recv(fd, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(ioctl(fd, FIONREAD, &n), 0);
	CHECK_EQ(n, 0);
}

/* Payload protocol identifiers. */

static ssize_t send_ppid(int fd, const void *ppid, size_t len)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(16)];
	} u = { 0 };
	struct iovec part = { .iov_base = "hello", .iov_len = 5 };
	struct msghdr msg = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &u,
		.msg_controllen = CMSG_SPACE(len),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_RSERPOOL;
	cmsg->cmsg_type = RSP_PPID;
	cmsg->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cmsg), ppid, len);
	return sendmsg(fd, &msg, 0);
}

/* The identifier that came with a message, ~0: none was told. */
static uint32_t receive_ppid(int fd, int flags)
{
	union {
		struct cmsghdr align;
		char octets[64];
	} u;
	char buf[16];
	struct iovec part = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr msg = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &u,
		.msg_controllen = sizeof(u),
	};
	struct cmsghdr *cmsg;
	uint32_t ppid;

	CHECK(recvmsg(fd, &msg, flags) > 0);
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg)
		return ~0;
	CHECK_EQ(cmsg->cmsg_level, SOL_RSERPOOL);
	CHECK_EQ(cmsg->cmsg_type, RSP_PPID);
	CHECK_EQ(cmsg->cmsg_len, CMSG_LEN(sizeof(ppid)));
	memcpy(&ppid, CMSG_DATA(cmsg), sizeof(ppid));
	return ppid;
}

TEST(framed_ppid)
{
	uint32_t ppid = 0x12345678, asap = RSP_PPID_ASAP, zero = 0;
	uint64_t wide = 5;
	int fd;

	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	CHECK_EQ(send_ppid(fd, &ppid, 4), 5);
	CHECK_EQ(receive_ppid(fd, 0), ~0u);
	set_option(fd, RSP_RECVPPID, 1);
	CHECK_EQ(get_option(fd, RSP_RECVPPID), 1);
	CHECK_EQ(send_ppid(fd, &ppid, 4), 5);
	CHECK_EQ(receive_ppid(fd, MSG_PEEK), ppid);
	CHECK_EQ(receive_ppid(fd, 0), ppid);
	CHECK_EQ(send_ppid(fd, &zero, 4), 5);
	CHECK_EQ(receive_ppid(fd, 0), 0);
	CHECK_EQ(send(fd, "hello", 5, 0), 5);
	CHECK_EQ(receive_ppid(fd, 0), 0);
	CHECK_ERR(send_ppid(fd, &asap, 4), EINVAL);
	CHECK_ERR(send_ppid(fd, &ppid, 3), EINVAL);
	CHECK_ERR(send_ppid(fd, &wide, 8), EINVAL);
	CHECK_EQ(send_ppid(fd, &ppid, 4), 5);
	CHECK_EQ(receive_ppid(fd, 0), ppid);
}

/* Once a connection, and not unless it is asked for. */
static void peer_is_told(int type)
{
	struct rsp_peer_info peer;
	int fd, generation, two = 2;

	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", type);
	CHECK_EQ(get_option(fd, RSP_RECVPEER), 0);
	CHECK_EQ(send(fd, "hello", 5, 0), 5);
	CHECK(!receive_peer(fd, 0, &peer));
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_RECVPEER, &two, sizeof(two)),
		  EINVAL);
	set_option(fd, RSP_RECVPEER, 1);
	CHECK_EQ(get_option(fd, RSP_RECVPEER), 1);
	set_option(fd, RSP_RECVPPID, 1);
	CHECK_EQ(send(fd, "hello", 5, 0), 5);
	CHECK(receive_peer(fd, MSG_PEEK, &peer));
	CHECK(receive_peer(fd, 0, &peer));
	CHECK_EQ(peer.pe_id, 1);
	CHECK_EQ(peer.auth, RSP_AUTH_NONE);
	CHECK_EQ(peer.cipher, 0);
	CHECK_EQ(send(fd, "hello", 5, 0), 5);
	CHECK(!receive_peer(fd, 0, &peer));

	framed_server("p", 2, framed_echo, NULL);
	set_option(fd, RSP_FORCE_FAILOVER, 0);
	generation = get_option(fd, RSP_RESUME);
	set_option(fd, RSP_RESUME, generation);
	CHECK_EQ(send(fd, "hello", 5, 0), 5);
	CHECK(receive_peer(fd, 0, &peer));
	CHECK_EQ(peer.pe_id, 2);
	CHECK_EQ(send(fd, "hello", 5, 0), 5);
	CHECK(!receive_peer(fd, 0, &peer));
}

TEST(framed_peer_is_told)
{
	peer_is_told(SOCK_SEQPACKET);
}

TEST(framed_peer_is_told_of_a_stream)
{
	peer_is_told(SOCK_STREAM);
}

TEST(framed_many_a_call)
{
	struct mmsghdr out[16], in[16];
	struct iovec out_parts[16], in_parts[16];
	char numbers[16][4], got[16][8];
	int fd, i, n, done;

	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	memset(out, 0, sizeof(out));
	memset(in, 0, sizeof(in));
	for (i = 0; i < 16; i++) {
		memset(numbers[i], i, 4);
		out_parts[i] = (struct iovec){ numbers[i], 1 + i % 4 };
		in_parts[i] = (struct iovec){ got[i], 8 };
		out[i].msg_hdr.msg_iov = &out_parts[i];
		out[i].msg_hdr.msg_iovlen = 1;
		in[i].msg_hdr.msg_iov = &in_parts[i];
		in[i].msg_hdr.msg_iovlen = 1;
	}
	CHECK_EQ(sendmmsg(fd, out, 16, 0), 16);
	for (done = 0; done < 16; done += n) {
		n = recvmmsg(fd, in + done, 16 - done, MSG_WAITFORONE, NULL);
		CHECK(n > 0);
	}
	for (i = 0; i < 16; i++) {
		CHECK_EQ(in[i].msg_len, 1 + i % 4);
		CHECK_EQ(in[i].msg_hdr.msg_flags & MSG_EOR, MSG_EOR);
		CHECK(!memcmp(got[i], numbers[i], in[i].msg_len));
	}
}

/* Whatever the socket's buffers: a message is taken whole when poll says so. */

TEST(framed_larger_than_the_buffer)
{
	const size_t size = 1 << 20;
	char *out = pattern(size), *in = malloc(size);
	int fd, small = 4096, i;
	struct server server;

	server = framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	for (i = 0; i < 8; i++) {
		wait_for(fd, POLLOUT);
		server_stop(&server);
		CHECK_EQ(send(fd, out, size, MSG_DONTWAIT), size);
		CHECK_ERR(send(fd, out, 1, MSG_DONTWAIT), EAGAIN);
		server_continue(&server);
		memset(in, 0, size);
		CHECK_EQ(recv(fd, in, size, 0), size);
		CHECK(!memcmp(in, out, size));
	}
}

/* Nobody calls while it leaves: who waits in epoll is told of room. */
static void reads_late(int fd, uint32_t id, const void *arg)
{
	struct frame frame;
	int i;

	(void)id;
	(void)arg;
	usleep(300000);
	for (i = 0; i < 32 && frame_receive(fd, &frame); i++)
		;
	wait_for_end(fd);
}

static void room_is_told(uint32_t how)
{
	struct epoll_event event = { .events = EPOLLOUT | how };
	int fd, small = 4096, i, epoll = epoll_create1(0);
	char *out = pattern(1 << 20);

	framed_pool("p", "", reads_late, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	for (i = 0; i < 20; i++) {
		CHECK_EQ(epoll_wait(epoll, &event, 1, 10000), 1);
		while (send(fd, out, 1 << 20, MSG_DONTWAIT) > 0)
			;
		CHECK_EQ(errno, EAGAIN);
	}
}

TEST(framed_room_is_told)
{
	room_is_told(0);
}

TEST(framed_room_is_told_once)
{
	room_is_told(EPOLLET);
}

/* Says whether a message of that size came, and the end of the session. */
static void takes_one(int fd, uint32_t id, const void *arg)
{
	const int *said = arg;
	size_t octets = 0;
	struct frame frame;
	bool whole;

	(void)id;
	do {
		whole = frame_receive(fd, &frame);
		octets += frame.length & ~FRAME_MORE;
	} while (whole && frame.ppid != RSP_PPID_ASAP);
	whole = whole && octets == 1 << 20;
	write_all(said[1], &whole, sizeof(whole));
	wait_for_end(fd);
}

/* What TCP_NOTSENT_LOWAT kept back leaves with the session's end. */
TEST(framed_closed_with_a_rest)
{
	const size_t size = 1 << 20;
	int fd, few = 1, said[2];
	struct server server;
	bool whole;

	CHECK_EQ(pipe(said), 0);
	server = framed_pool("p", "", takes_one, said);
	fd = framed_connect("p", SOCK_SEQPACKET);
	CHECK_EQ(setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &few,
			    sizeof(few)), 0);
	server_stop(&server);
	CHECK_EQ(send(fd, pattern(size), size, 0), (ssize_t)size);
	CHECK_EQ(close(fd), 0);
	server_continue(&server);
	wait_for(said[0], POLLIN);
	read_all(said[0], &whole, sizeof(whole));
	CHECK(whole);
}

TEST(framed_larger_than_the_window)
{
	struct sockaddr_rserpool address;
	int fd, small = 2048, flags;
	char *out = pattern(65528), *in = malloc(65528);
	size_t sizes[] = { 65528, 3000, 20000, 1 };
	socklen_t len;
	unsigned int i;

	framed_pool("p", "", framed_echo, NULL);
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	address = pool_address("p", 0, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	for (i = 0; i < 4; i++) {
		CHECK_EQ(send(fd, out, sizes[i], 0), sizes[i]);
		/* At first only polled, so that nobody receives meanwhile. */
		CHECK_EQ(wait_for(fd, POLLIN), POLLIN);
		CHECK_EQ(receive(fd, in, 65528, MSG_DONTWAIT, &flags),
			 sizes[i]);
		CHECK(!memcmp(in, out, sizes[i]));
	}
}

/* One that is shorter than SO_RCVLOWAT is told, whenever that was set. */

static void lowat_set(int fd)
{
	int much = 1000;

	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &much, sizeof(much)), 0);
}

static void check_told(int from, int to)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0);
	char buf[16];

	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, to, &event), 0);
	CHECK_EQ(send(from, "hello", 5, 0), 5);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 10000), 1);
	CHECK_EQ(recv(to, buf, sizeof(buf), MSG_DONTWAIT), 5);
	close(epoll);
}

TEST(framed_shorter_than_lowat)
{
	int listener = element("p", 1, SOCK_SEQPACKET);
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0), peer;
	struct sockaddr_rserpool address;
	socklen_t len;

	lowat_set(listener);
	lowat_set(fd);
	address = pool_address("p", 0, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	peer = accept(listener, NULL, NULL);
	CHECK(peer >= 0);
	check_told(fd, peer);
	check_told(peer, fd);
	lowat_set(peer);
	lowat_set(fd);
	check_told(fd, peer);
	check_told(peer, fd);
}

/* epoll */

static void bursts(int fd, uint32_t id, const void *arg)
{
	char octets[256];
	int i, n, at;

	(void)id;
	(void)arg;
	for (i = 0; i < 200; i++) {
		for (n = at = 0; n < 5; n++, at += 9) {
			memcpy(octets + at, "\0\0\0\0\0\0\0\1x", 9);
		}
		/* Several at once, and at times the last in two parts. */
		send(fd, octets, at - i % 9, 0);
		if (i % 9) {
			usleep(1000);
			send(fd, octets + at - i % 9, i % 9, 0);
		}
		usleep(i % 3 * 500);
	}
	wait_for_end(fd);
}

static void all_bursts(uint32_t how, bool drain)
{
	struct epoll_event event = { .events = EPOLLIN | how };
	int fd, epoll = epoll_create1(0), got = 0;
	char buf[16];
	ssize_t n;

	framed_pool("p", "", bursts, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	while (got < 1000) {
		if (epoll_wait(epoll, &event, 1, 5000) != 1)
			test_fail(__FILE__, __LINE__, "only %d came", got);
		do {
			n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
			if (n > 0)
				CHECK_EQ(n, 1);
			else
				CHECK_EQ(errno, EAGAIN);
			got += n > 0;
		} while (drain && n > 0);
		if (!drain)
			CHECK_EQ(n, 1);
	}
}

TEST(framed_epoll)
{
	all_bursts(0, false);
}

TEST(framed_epoll_edge)
{
	all_bursts(EPOLLET, true);
}

/* Two threads receive, two send: messages stay whole. */

#define EACH	500
#define WORDS	4000	/* 16 000 octets; and some in several frames */

static int shared;

static void *send_all(void *arg)
{
	static uint32_t words[2][10 * WORDS];
	uint32_t *mine = words[(long)arg];
	size_t n;
	int i, w;

	for (i = 0; i < EACH; i++) {
		n = i % 50 ? WORDS : 10 * WORDS;
		for (w = 0; w < 10 * WORDS; w++)
			mine[w] = (uint32_t)(long)arg << 24 | i;
		CHECK_EQ(send(shared, mine, 4 * n, 0), 4 * n);
	}
	return NULL;
}

static void *receive_all(void *arg)
{
	static uint32_t words[2][10 * WORDS];
	uint32_t *mine = words[(long)arg];
	ssize_t n;
	int i, w;

	for (i = 0; i < EACH; i++) {
		n = recv(shared, mine, sizeof(words[0]), 0);
		CHECK_EQ(n, (mine[0] & 0xffffff) % 50 ? 4 * WORDS : 40 * WORDS);
		for (w = 1; w < n / 4; w++)
			CHECK_EQ(mine[w], mine[0]);
	}
	return NULL;
}

TEST(framed_threads)
{
	pthread_t threads[4];
	long i;

	framed_pool("p", "", framed_echo, NULL);
	shared = framed_connect("p", SOCK_SEQPACKET);
	for (i = 0; i < 2; i++) {
		CHECK_EQ(pthread_create(&threads[i], NULL, send_all,
					(void *)i), 0);
		CHECK_EQ(pthread_create(&threads[2 + i], NULL, receive_all,
					(void *)i), 0);
	}
	for (i = 0; i < 4; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

static void *receive_once(void *fd)
{
	char octet;

	return (void *)(long)recv(*(int *)fd, &octet, 1, 0);
}

/* Whoever waits hears that the session was taken apart. */
TEST(framed_disconnect)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	pthread_t threads[64];
	void *ret;
	int fd, i;

	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	for (i = 0; i < 64; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, receive_once, &fd),
			 0);
	usleep(300000);
	CHECK_EQ(connect(fd, &nobody, sizeof(nobody)), 0);
	for (i = 0; i < 64; i++) {
		CHECK_EQ(pthread_join(threads[i], &ret), 0);
		CHECK_EQ((long)ret, -1);
	}
}
