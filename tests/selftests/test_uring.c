// SPDX-License-Identifier: GPL-2.0
/* Sessions below io_uring, which calls again by itself what gave less. */
#define _GNU_SOURCE
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "framed.h"

#define BUFFERS		8
#define BUFFER_SIZE	4096

static struct io_uring ring;

static struct io_uring_sqe *begin(void)
{
	struct io_uring_sqe *sqe;

	if (ring.ring_fd <= 0)
		CHECK_EQ(io_uring_queue_init(64, &ring, 0), 0);
	sqe = io_uring_get_sqe(&ring);
	CHECK(sqe);
	return sqe;
}

static void submit(void)
{
	CHECK_EQ(io_uring_submit(&ring), 1);
}

struct result {
	int32_t res;
	uint32_t flags;
};

static struct result end(void)
{
	struct __kernel_timespec limit = { .tv_sec = 20 };
	struct io_uring_cqe *cqe;
	struct result result;

	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &limit), 0);
	result = (struct result){ cqe->res, cqe->flags };
	io_uring_cqe_seen(&ring, cqe);
	return result;
}

static void check_none(void)
{
	struct __kernel_timespec limit = { .tv_nsec = 100000000 };
	struct io_uring_cqe *cqe;

	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &limit), -ETIME);
}

static int uring_recv(int fd, void *buf, size_t len, int flags)
{
	io_uring_prep_recv(begin(), fd, buf, len, flags);
	submit();
	return end().res;
}

static int uring_send(int fd, const void *buf, size_t len, int flags)
{
	io_uring_prep_send(begin(), fd, buf, len, flags | MSG_NOSIGNAL);
	submit();
	return end().res;
}

static void force(int fd)
{
	set_option(fd, RSP_FORCE_FAILOVER, 0);
}

TEST(uring_talk)
{
	struct server servers[1];
	char back[64];
	uint32_t id;
	int fd;

	pool_make("p", "", 1, ECHO, servers);
	fd = pool_connect("p");
	CHECK_EQ(uring_recv(fd, &id, 4, MSG_WAITALL), 4);
	CHECK_EQ(id, 1);
	/* The answer comes while it waits. */
	io_uring_prep_recv(begin(), fd, back, 5, MSG_WAITALL);
	submit();
	check_none();
	write_all(fd, "he", 2);
	check_none();
	write_all(fd, "llo", 3);
	CHECK_EQ(end().res, 5);
	CHECK_EQ(memcmp(back, "hello", 5), 0);
	CHECK_EQ(uring_send(fd, "again", 5, MSG_WAITALL), 5);
	CHECK_EQ(uring_recv(fd, back, 64, 0), 5);
}

TEST(uring_connect)
{
	struct sockaddr_rserpool address;
	struct server servers[1];
	socklen_t len;
	uint32_t id;
	int fd;

	pool_make("p", "", 1, ECHO, servers);
	address = pool_address("p", 0, &len);
	fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);
	io_uring_prep_connect(begin(), fd, (void *)&address, len);
	submit();
	CHECK_EQ(end().res, 0);
	CHECK_EQ(uring_recv(fd, &id, 4, MSG_WAITALL), 4);

	fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);
	address = pool_address("nobody", 0, &len);
	io_uring_prep_connect(begin(), fd, (void *)&address, len);
	submit();
	CHECK_EQ(end().res, -ENOENT);
}

/* The rest of what a receive wants does not come from another element. */
TEST(uring_recv_waitall_ends_with_the_element)
{
	unsigned char buf[64];
	struct server servers[2];
	uint32_t id;
	int fd, i;

	pool_make("p", "fin failure", 2, ECHO, servers);
	fd = pool_connect("p");
	for (i = 0; i < 2; i++) {
		memset(buf, 0xaa, sizeof(buf));
		io_uring_prep_recv(begin(), fd, buf, sizeof(buf), MSG_WAITALL);
		submit();
		check_none();
		if (i)
			server_kill(&servers[get_info(fd).pe_id - 1]);
		else
			force(fd);
		CHECK_EQ(end().res, 4);
		memcpy(&id, buf, 4);
		CHECK(id == 1 || id == 2);
		for (id = 4; id < sizeof(buf); id++)
			CHECK_EQ(buf[id], 0xaa);
		CHECK_EQ(uring_recv(fd, buf, sizeof(buf), MSG_WAITALL), -EREMCHG);
		CHECK_EQ(uring_recv(fd, buf, sizeof(buf), 0), -EREMCHG);
		CHECK_EQ(uring_send(fd, buf, sizeof(buf), 0), -EREMCHG);
		CHECK_EQ(buf[0], get_info(fd).prev_pe_id);
		session_resume(fd);
	}
	CHECK_EQ(uring_recv(fd, &id, 4, MSG_WAITALL), 4);
	CHECK_EQ(id, get_info(fd).pe_id);
}

/* Nor does the rest of a message go to another element. */
TEST(uring_send_waitall_ends_with_the_element)
{
	static char block[1 << 24];
	char message[MESSAGE_SIZE];
	struct server servers[2];
	uint32_t id;
	int fd, sent;

	pool_make("p", "fin failure", 2, WHOLE, servers);
	fd = pool_connect("p");
	server_stop(&servers[get_info(fd).pe_id - 1]);
	io_uring_prep_send(begin(), fd, block, sizeof(block),
			   MSG_WAITALL | MSG_NOSIGNAL);
	submit();
	check_none();
	force(fd);
	sent = end().res;
	CHECK(sent > 0 && sent < (int)sizeof(block));
	CHECK_EQ(uring_send(fd, block, sizeof(block), MSG_WAITALL), -EREMCHG);
	session_resume(fd);
	message_fill(message, 5);
	CHECK_EQ(uring_send(fd, message, sizeof(message), MSG_WAITALL),
		 sizeof(message));
	CHECK_EQ(uring_recv(fd, &id, 4, MSG_WAITALL), 4);
	CHECK_EQ(messages_whole(), 1);
	CHECK_EQ(messages_broken(), 0);
}

static void multishot(int fd, struct io_uring_buf_ring *buffers, char *memory)
{
	struct io_uring_sqe *sqe = begin();
	int i;

	for (i = 0; i < BUFFERS; i++)
		io_uring_buf_ring_add(buffers, memory + i * BUFFER_SIZE,
				      BUFFER_SIZE, i,
				      io_uring_buf_ring_mask(BUFFERS), i);
	io_uring_buf_ring_advance(buffers, BUFFERS);
	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = 0;
	submit();
}

TEST(uring_recv_multishot)
{
	static char memory[BUFFERS * BUFFER_SIZE];
	struct io_uring_buf_ring *buffers;
	struct result cqe;
	struct server servers[2];
	uint32_t id, first;
	int fd, err;

	pool_make("p", "fin failure", 2, ECHO, servers);
	fd = pool_connect("p");
	set_option(fd, RSP_EVENTS, 1 << RSP_EVENT_FAILOVER_BEGUN |
				   1 << RSP_EVENT_FAILOVER_DONE);
	io_uring_prep_nop(begin());
	submit();
	CHECK_EQ(end().res, 0);
	buffers = io_uring_setup_buf_ring(&ring, BUFFERS, 0, 0, &err);
	CHECK(buffers);

	multishot(fd, buffers, memory);
	cqe = end();
	CHECK_EQ(cqe.res, 4);
	CHECK(cqe.flags & IORING_CQE_F_MORE);
	memcpy(&first, memory + (cqe.flags >> 16) * BUFFER_SIZE, 4);
	write_all(fd, "word", 4);
	cqe = end();
	CHECK_EQ(cqe.res, 4);
	CHECK(cqe.flags & IORING_CQE_F_MORE);
	CHECK_EQ(memcmp(memory + (cqe.flags >> 16) * BUFFER_SIZE, "word", 4), 0);

	server_kill(&servers[first - 1]);
	cqe = end();
	CHECK_EQ(cqe.res, -EREMCHG);
	CHECK(!(cqe.flags & IORING_CQE_F_MORE));
	multishot(fd, buffers, memory);
	cqe = end();
	CHECK_EQ(cqe.res, -EREMCHG);
	session_resume(fd);

	/* What the events have to say is for recvmsg(2). */
	multishot(fd, buffers, memory);
	cqe = end();
	CHECK_EQ(cqe.res, 4);
	memcpy(&id, memory + (cqe.flags >> 16) * BUFFER_SIZE, 4);
	CHECK(id != first && id <= 2);
}

TEST(uring_gives_no_events)
{
	struct rsp_event event;
	struct iovec iov = { &event, sizeof(event) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct server servers[2];
	char buf[64];
	uint32_t id;
	int fd;

	pool_make("p", "fin failure", 2, ECHO, servers);
	fd = pool_connect("p");
	set_option(fd, RSP_EVENTS, 1 << RSP_EVENT_FAILOVER_BEGUN |
				   1 << RSP_EVENT_FAILOVER_DONE);
	id = read_id(fd);
	io_uring_prep_recv(begin(), fd, buf, sizeof(buf), 0);
	submit();
	check_none();
	force(fd);
	CHECK_EQ(end().res, -EREMCHG);
	CHECK_EQ(uring_recv(fd, buf, sizeof(buf), MSG_WAITALL), -EREMCHG);
	CHECK_EQ(uring_recv(fd, buf, 1, 0), -EREMCHG);
	CHECK_EQ(recvmsg(fd, &msg, 0), sizeof(event));
	CHECK(msg.msg_flags & MSG_NOTIFICATION);
	CHECK_EQ(event.old_pe_id, id);
	session_resume(fd);
	CHECK_EQ(uring_recv(fd, &id, 4, MSG_WAITALL), 4);
	CHECK_EQ(id, get_info(fd).pe_id);
}

TEST(uring_poll)
{
	struct server servers[2];
	struct result cqe;
	int fd;

	pool_make("p", "fin failure", 2, ECHO, servers);
	fd = pool_connect("p");
	read_id(fd);
	io_uring_prep_poll_add(begin(), fd, POLLIN);
	submit();
	check_none();
	write_all(fd, "x", 1);
	CHECK(end().res & POLLIN);
	CHECK_EQ(uring_recv(fd, &cqe, 1, 0), 1);
	io_uring_prep_poll_add(begin(), fd, POLLPRI);
	submit();
	check_none();
	force(fd);
	CHECK(end().res & POLLPRI);
	session_resume(fd);
}

/* A request that waits holds the socket, which is closed already. */
TEST(uring_closed_while_it_waits)
{
	struct server servers[2];
	char buf[64];
	int fd, i;

	pool_make("p", "fin failure", 2, DEAF, servers);
	for (i = 0; i < 4; i++) {
		fd = pool_connect("p");
		io_uring_prep_recv(begin(), fd, buf, sizeof(buf), MSG_WAITALL);
		submit();
		if (i & 1)
			force(fd);
		close(fd);
	}
	/* And the ring goes with the process. */
}

/* With control beside the data: messages, and a stream. */
TEST(uring_framed)
{
	static char large[200000], back[200000];
	int fd;

	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	/* The answer comes while it waits; what follows is for the next. */
	io_uring_prep_recv(begin(), fd, back, sizeof(back), 0);
	submit();
	check_none();
	CHECK_EQ(send(fd, "hello", 5, 0), 5);
	CHECK_EQ(send(fd, "you", 3, 0), 3);
	CHECK_EQ(end().res, 5);
	CHECK_EQ(memcmp(back, "hello", 5), 0);
	CHECK_EQ(uring_recv(fd, back, sizeof(back), 0), 3);
	memset(large, 'x', sizeof(large));
	CHECK_EQ(uring_send(fd, large, sizeof(large), 0), sizeof(large));
	CHECK_EQ(uring_recv(fd, back, sizeof(back), 0), sizeof(back));
	CHECK_EQ(memcmp(back, large, sizeof(large)), 0);

	fd = framed_connect("p", SOCK_STREAM);
	CHECK_EQ(uring_send(fd, large, sizeof(large), MSG_WAITALL),
		 sizeof(large));
	memset(back, 0, sizeof(back));
	CHECK_EQ(uring_recv(fd, back, sizeof(back), MSG_WAITALL),
		 sizeof(back));
	CHECK_EQ(memcmp(back, large, sizeof(large)), 0);
}
