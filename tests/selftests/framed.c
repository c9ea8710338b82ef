// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

#include "framed.h"

#define BUSINESS_CARD	13
#define POOL_HANDLE	9

static bool receive(int fd, void *buf, size_t len)
{
	return recv(fd, buf, len, MSG_WAITALL) == (ssize_t)len;
}

void frame_send(int fd, uint32_t ppid, uint32_t length, const void *octets,
		size_t len)
{
	uint32_t head[2] = { htonl(ppid), htonl(length) };
	struct iovec parts[2] = {
		{ .iov_base = head, .iov_len = sizeof(head) },
		{ .iov_base = (void *)octets, .iov_len = len },
	};
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };

	/* The other end may have gone. */
	sendmsg(fd, &msg, MSG_NOSIGNAL);
}

bool frame_receive(int fd, struct frame *frame)
{
	uint32_t head[2];

	if (!receive(fd, head, sizeof(head)))
		return false;
	frame->ppid = ntohl(head[0]);
	frame->length = ntohl(head[1]);
	return receive(fd, frame->octets, frame->length & ~FRAME_MORE);
}

void card_send(int fd, const char *handle)
{
	size_t len = strlen(handle), padded = (len + 3) & ~3;
	unsigned char card[128] = { BUSINESS_CARD };

	card[3] = 8 + len;
	card[5] = POOL_HANDLE;
	card[7] = 4 + len;
	memcpy(card + 8, handle, len);
	frame_send(fd, RSP_PPID_ASAP, 8 + padded, card, 8 + padded);
}

struct greeting {
	const char *handle;
	server_fn *fn;
	const void *arg;
};

static void greet(int fd, uint32_t id, const void *arg)
{
	const struct greeting *greeting = arg;

	card_send(fd, greeting->handle);
	greeting->fn(fd, id, greeting->arg);
}

struct server framed_server(const char *name, uint32_t id, server_fn *fn,
			    const void *arg)
{
	const struct greeting greeting = {
		.handle = name, .fn = fn, .arg = arg,
	};
	struct server server = server_run(id, AF_INET, greet, &greeting);

	run("rspctl pe add pool %s id %u tcp 127.0.0.1:%u use control", name,
	    id, server.port);
	return server;
}

struct server framed_pool(const char *name, const char *config, server_fn *fn,
			  const void *arg)
{
	run("rspctl pool add %s %s", name, config);
	return framed_server(name, 1, fn, arg);
}

void framed_echo(int fd, uint32_t id, const void *arg)
{
	static struct frame frame;

	(void)id;
	(void)arg;
	while (frame_receive(fd, &frame))
		frame_send(fd, frame.ppid, frame.length, frame.octets,
			   frame.length & ~FRAME_MORE);
}

int framed_connect(const char *name, int type)
{
	struct sockaddr_rserpool address;
	int fd = socket(AF_RSERPOOL, type, 0);
	socklen_t len;

	CHECK(fd >= 0);
	address = pool_address(name, 0, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	return fd;
}

int element(const char *name, uint32_t id, int type)
{
	struct sockaddr_rserpool address;
	int fd = socket(AF_RSERPOOL, type, 0);
	socklen_t len;

	CHECK(fd >= 0);
	address = pool_address(name, id, &len);
	CHECK_EQ(bind(fd, (void *)&address, len), 0);
	CHECK_EQ(listen(fd, 128), 0);
	return fd;
}

void echo_messages(int fd)
{
	static char buf[1 << 20];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		if (send(fd, buf, n, MSG_NOSIGNAL) != n)
			break;
	close(fd);
}

int port_of(int listener)
{
	struct sockaddr_rserpool address;
	socklen_t len = sizeof(address);

	CHECK_EQ(getsockname(listener, (void *)&address, &len), 0);
	return ntohs(address.srp_port);
}

bool receive_peer(int fd, int flags, struct rsp_peer_info *peer)
{
	union {
		struct cmsghdr align;
		char octets[256];
	} room;
	char buf[16];
	struct iovec part = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr msg = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &room,
		.msg_controllen = sizeof(room),
	};
	struct cmsghdr *cmsg;

	CHECK(recvmsg(fd, &msg, flags) > 0);
	CHECK(!(msg.msg_flags & MSG_CTRUNC));
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_RSERPOOL ||
		    cmsg->cmsg_type != RSP_PEER)
			continue;
		CHECK_EQ(cmsg->cmsg_len, CMSG_LEN(sizeof(*peer)));
		memcpy(peer, CMSG_DATA(cmsg), sizeof(*peer));
		CHECK_EQ(peer->reserved, 0);
		return true;
	}
	return false;
}
