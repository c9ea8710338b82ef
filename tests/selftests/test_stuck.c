// SPDX-License-Identifier: GPL-2.0
/* A call that does not come back, in a copy from a page that never comes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <linux/filter.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "framed.h"

/* Memory that nobody brings in; NULL where the kernel cannot do that. */
static void *page_that_never_comes(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.mode = UFFDIO_REGISTER_MODE_MISSING,
		.range.len = sysconf(_SC_PAGESIZE),
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	void *page;

	if (fd < 0 && errno == ENOSYS)
		return NULL;
	CHECK(fd >= 0);
	CHECK_EQ(ioctl(fd, UFFDIO_API, &api), 0);
	page = mmap(NULL, range.range.len, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	range.range.start = (unsigned long)page;
	CHECK_EQ(ioctl(fd, UFFDIO_REGISTER, &range), 0);
	return page;
}

/* No worker is in a session's work item, then or a second later. */
static void check_no_worker_held(void)
{
	sleep(1);
	run("! grep -ls rsp_session_work /proc/[0-9]*/stack");
}

TEST(stuck_send)
{
	struct server servers[2];
	uint32_t id;
	void *page;
	pid_t pid;
	int fd;

	pool_make("p", "failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	pid = fork();
	if (!pid) {
		page = page_that_never_comes();
		if (page)
			send(fd, page, 100, 0);
		pause();
	}
	usleep(500000);
	run("rspctl pe del pool p id %u now", id);
	CHECK_EQ(read_id(fd), 3 - id);
	check_echo(fd, "moved");
	check_no_worker_held();
	kill(pid, SIGKILL);
}

TEST(stuck_in_an_option)
{
	struct server servers[2];
	struct sock_fprog filter = { .len = 1 };
	uint32_t id;
	pid_t pid;
	int fd;

	pool_make("p", "failover auto", 2, ECHO, servers);
	fd = pool_connect("p");
	id = read_id(fd);
	pid = fork();
	if (!pid) {
		filter.filter = page_that_never_comes();
		if (filter.filter)
			setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
				   sizeof(filter));
		pause();
	}
	usleep(500000);
	run("rspctl pe del pool p id %u now", id);
	check_no_worker_held();
	/* When the call ends, what was to be done is. */
	kill(pid, SIGKILL);
	CHECK_EQ(read_id(fd), 3 - id);
}

/* Words come back; "old" may be left of the element before. */
static void check_word(int fd, const char *word)
{
	char buf[16] = "";

	CHECK_EQ(send(fd, word, strlen(word), 0), strlen(word));
	do
		CHECK(recv(fd, buf, strlen(word), 0) > 0);
	while (!strncmp(buf, "old", 3));
	CHECK(!strcmp(buf, word));
}

/* A receive with these flags is stuck: all else goes on. */
static void stuck_receive_framed(int type, int flags, int replay)
{
	struct sockaddr_rserpool address;
	struct server servers[2];
	int fd = socket(AF_RSERPOOL, type, 0);
	socklen_t len;
	void *page;
	pid_t pid;

	servers[0] = framed_pool("p", "failover auto", framed_echo, NULL);
	servers[1] = framed_server("p", 2, framed_echo, NULL);
	if (replay)
		set_option(fd, RSP_REPLAY, replay);
	address = pool_address("p", 0, &len);
	CHECK_EQ(connect(fd, (void *)&address, len), 0);
	CHECK_EQ(send(fd, "old", 3, 0), 3);
	wait_for(fd, POLLIN);
	pid = fork();
	if (!pid) {
		page = page_that_never_comes();
		if (page)
			recv(fd, page, 3, flags);
		pause();
	}
	usleep(500000);
	check_word(fd, "one");
	run("rspctl pe del pool p id %u now", get_info(fd).pe_id);
	while (get_info(fd).generation != 1 ||
	       get_info(fd).state != RSP_SESSION_READY)
		usleep(10000);
	check_word(fd, "two");
	check_no_worker_held();
	kill(pid, SIGKILL);
	server_kill(&servers[0]);
	server_kill(&servers[1]);
}

TEST(stuck_receive_of_a_message)
{
	stuck_receive_framed(SOCK_SEQPACKET, 0, 0);
}

TEST(stuck_receive_of_a_stream)
{
	stuck_receive_framed(SOCK_STREAM, 0, 0);
}

TEST(stuck_look_at_a_message)
{
	stuck_receive_framed(SOCK_SEQPACKET, MSG_PEEK, 0);
}

TEST(stuck_receive_where_messages_are_kept)
{
	stuck_receive_framed(SOCK_SEQPACKET, 0, 65536);
}

/* A page comes in later than the message: it is given as a whole, and once. */
static void receive_to_new_pages(int type, size_t len, int flags)
{
	char *sent = malloc(len), *got;
	size_t i, n = 0;
	int fd;

	for (i = 0; i < len; i++)
		sent[i] = i * 2654435761u >> 13;
	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", type);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(send(fd, sent, len, 0), len);
		got = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(got != MAP_FAILED);
		n = recv(fd, got, len, flags);
		CHECK_EQ(n, len);
		CHECK(!memcmp(sent, got, len));
		if (flags & MSG_PEEK)
			CHECK_EQ(recv(fd, got, len, 0), len);
		munmap(got, len);
	}
	CHECK_ERR(recv(fd, sent, len, MSG_DONTWAIT), EAGAIN);
	free(sent);
}

TEST(new_pages_message)
{
	receive_to_new_pages(SOCK_SEQPACKET, 50000, 0);
}

TEST(new_pages_message_of_frames)
{
	receive_to_new_pages(SOCK_SEQPACKET, 500000, 0);
}

TEST(new_pages_look)
{
	receive_to_new_pages(SOCK_SEQPACKET, 50000, MSG_PEEK);
}

TEST(new_pages_stream)
{
	receive_to_new_pages(SOCK_STREAM, 500000, MSG_WAITALL);
}

/* Where there is no page the message stays, or goes, but the next is whole. */
TEST(new_pages_that_are_none)
{
	char buf[64], *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	CHECK(page != MAP_FAILED);
	CHECK_EQ(mprotect(page + 4096, 4096, PROT_NONE), 0);
	framed_pool("p", "", framed_echo, NULL);
	fd = framed_connect("p", SOCK_SEQPACKET);
	CHECK_EQ(send(fd, "first", 5, 0), 5);
	wait_for(fd, POLLIN);
	CHECK_ERR(recv(fd, page + 4094, 5, 0), EFAULT);
	CHECK_EQ(send(fd, "next", 4, 0), 4);
	do
		CHECK(recv(fd, buf, sizeof(buf), 0) > 0);
	while (!memcmp(buf, "first", 5));
	CHECK(!memcmp(buf, "next", 4));

	fd = framed_connect("p", SOCK_STREAM);
	CHECK_EQ(send(fd, "stream", 6, 0), 6);
	wait_for(fd, POLLIN);
	CHECK_EQ(recv(fd, page + 4094, 6, 0), 2);
	CHECK_ERR(recv(fd, page + 4096, 4, 0), EFAULT);
	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), 4);
	CHECK(!memcmp(buf, "ream", 4));
}
