// SPDX-License-Identifier: GPL-2.0
/* Messages, and a stream, over a connection that carries control beside them. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "framed.h"

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
