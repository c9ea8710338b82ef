// SPDX-License-Identifier: GPL-2.0
/* SOCK_RDM: one message, one selection. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "framed.h"

#define PEERS_MAX	32
#define FDS_MAX		256

/* By the servers' ids: sessions that came to them. */
static int *accepts;

static int look(uint32_t id)
{
	return __atomic_load_n(&accepts[id], __ATOMIC_SEQ_CST);
}

static uint32_t own_id(int fd)
{
	struct sockaddr_rserpool self;
	socklen_t len = sizeof(self);

	CHECK_EQ(getsockname(fd, (void *)&self, &len), 0);
	return self.srp_pe_id;
}

/* Each message comes back with the element's id in front. */
static void answer(struct pollfd *pollfd)
{
	static char message[70000];
	uint32_t id;
	ssize_t n;

	n = recv(pollfd->fd, message + 4, sizeof(message) - 4, 0);
	if (n <= 0) {
		close(pollfd->fd);
		pollfd->fd = -1;
		return;
	}
	id = own_id(pollfd->fd);
	memcpy(message, &id, 4);
	send(pollfd->fd, message, n + 4, MSG_NOSIGNAL);
}

static void serve(struct pollfd *fds, int n, int listeners)
{
	int i, fd;

	for (;;) {
		poll(fds, n, -1);
		for (i = 0; i < listeners; i++) {
			if (!(fds[i].revents & POLLIN))
				continue;
			fd = accept(fds[i].fd, NULL, NULL);
			CHECK(fd >= 0 && n < FDS_MAX);
			__atomic_add_fetch(&accepts[own_id(fd)], 1,
					   __ATOMIC_SEQ_CST);
			fds[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
		}
		for (; i < n; i++)
			if (fds[i].revents)
				answer(&fds[i]);
	}
}

/* A process with elements first to last of a pool. */
static pid_t service(const char *name, uint32_t first, uint32_t last)
{
	static struct pollfd fds[FDS_MAX];
	int pipes[2], n = 0;
	pid_t pid;
	char octet;

	if (!accepts)
		accepts = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(accepts != MAP_FAILED);
	CHECK_EQ(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		for (; first <= last; first++, n++)
			fds[n] = (struct pollfd){
				.fd = element(name, first, SOCK_SEQPACKET),
				.events = POLLIN,
			};
		CHECK_EQ(write(pipes[1], "x", 1), 1);
		close(pipes[0]);
		serve(fds, n, n);
	}
	close(pipes[1]);
	CHECK_EQ(read(pipes[0], &octet, 1), 1);
	close(pipes[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int rdm(int flags)
{
	int fd = socket(AF_RSERPOOL, SOCK_RDM | flags, 0);

	CHECK(fd >= 0);
	return fd;
}

static ssize_t send_to(int fd, const char *name, uint32_t id, const void *octets,
		       size_t n, int flags)
{
	struct sockaddr_rserpool to;
	socklen_t len;

	to = pool_address(name, id, &len);
	return sendto(fd, octets, n, flags, (void *)&to, len);
}

/* An answer: who says that it is his, by name as in its octets. */
static uint32_t answer_from(int fd, const char *name)
{
	struct sockaddr_rserpool from;
	socklen_t len = sizeof(from);
	char octets[64];
	uint32_t id;

	CHECK_EQ(recvfrom(fd, octets, sizeof(octets), 0, (void *)&from, &len),
		 5);
	CHECK_EQ(octets[4], 'x');
	memcpy(&id, octets, 4);
	CHECK_EQ(len, offsetof(struct sockaddr_rserpool, srp_handle) +
		      strlen(name));
	CHECK_EQ(from.srp_family, AF_RSERPOOL);
	CHECK_EQ(from.srp_pe_id, id);
	CHECK_EQ(from.srp_handle_len, strlen(name));
	CHECK(!memcmp(from.srp_handle, name, strlen(name)));
	return id;
}

TEST(rdm_each_message_is_selected_for)
{
	int fd, i, n[4] = { 0 };

	service("p", 1, 3);
	fd = rdm(0);
	for (i = 0; i < 9; i++)
		CHECK_EQ(send_to(fd, "p", 0, "x", 1, 0), 1);
	for (i = 0; i < 9; i++)
		n[answer_from(fd, "p")]++;
	for (i = 1; i <= 3; i++) {
		CHECK_EQ(n[i], 3);
		CHECK_EQ(look(i), 1);
	}
	CHECK_EQ(get_option(fd, RSP_SENT_TO), 1);
	CHECK_EQ(close(fd), 0);
	run("i=0; while rspctl session show | grep -q accepted; do "
	    "[ $((i += 1)) -lt 100 ]; sleep 0.1; done");
}

TEST(rdm_connect_says_where_to)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	struct sockaddr_rserpool to, name;
	socklen_t len, name_len = sizeof(name);
	int fd;

	service("p", 1, 2);
	service("q", 7, 7);
	fd = rdm(0);
	CHECK_ERR(send(fd, "x", 1, 0), EDESTADDRREQ);
	CHECK_ERR(getpeername(fd, (void *)&name, &name_len), ENOTCONN);
	to = pool_address("q", 0, &len);
	CHECK_EQ(connect(fd, (void *)&to, len), 0);
	CHECK_EQ(getpeername(fd, (void *)&name, &name_len), 0);
	CHECK_EQ(name_len, len);
	CHECK(!memcmp(&name, &to, len));
	CHECK_EQ(send(fd, "x", 1, 0), 1);
	CHECK_EQ(answer_from(fd, "q"), 7);
	/* An address goes before it, and a PE identifier is one element. */
	CHECK_EQ(send_to(fd, "p", 2, "x", 1, 0), 1);
	CHECK_EQ(answer_from(fd, "p"), 2);
	CHECK_EQ(send_to(fd, "p", 2, "x", 1, 0), 1);
	CHECK_EQ(answer_from(fd, "p"), 2);
	CHECK_EQ(look(1), 0);
	to.srp_port = 1;
	CHECK_ERR(connect(fd, (void *)&to, len), EINVAL);
	CHECK_EQ(connect(fd, &unspec, sizeof(unspec)), 0);
	CHECK_ERR(write(fd, "x", 1), EDESTADDRREQ);
}

TEST(rdm_passes_over_who_failed)
{
	pid_t pid;
	int fd, i;

	run("rspctl scope set avoid-min 60s avoid-max 60s");
	service("p", 1, 1);
	run("rspctl pe add pool p id 9 tcp 127.0.0.1:9 use control");
	fd = rdm(0);
	for (i = 0; i < 4; i++) {
		CHECK_EQ(send_to(fd, "p", 0, "x", 1, 0), 1);
		CHECK_EQ(answer_from(fd, "p"), 1);
	}
	CHECK_EQ(counter("ElementAvoided"), 1);
	CHECK_ERR(send_to(fd, "p", 9, "x", 1, 0), EHOSTUNREACH);
	CHECK_ERR(send_to(fd, "p", 8, "x", 1, 0), EHOSTUNREACH);

	/* It dies with a connection that is kept. */
	pid = service("p", 2, 2);
	CHECK_EQ(send_to(fd, "p", 2, "x", 1, 0), 1);
	CHECK_EQ(answer_from(fd, "p"), 2);
	end(pid);
	for (i = 0; i < 4; i++) {
		CHECK_EQ(send_to(fd, "p", 0, "x", 1, 0), 1);
		CHECK_EQ(answer_from(fd, "p"), 1);
	}
}

TEST(rdm_to_all)
{
	int fd, i, n[4] = { 0 };

	service("p", 1, 3);
	fd = rdm(0);
	CHECK_EQ(get_option(fd, RSP_SEND_TO_ALL), 0);
	set_option(fd, RSP_SEND_TO_ALL, 1);
	CHECK_EQ(get_option(fd, RSP_SEND_TO_ALL), 1);
	CHECK_EQ(send_to(fd, "p", 0, "x", 1, 0), 1);
	CHECK_EQ(get_option(fd, RSP_SENT_TO), 3);
	for (i = 0; i < 3; i++)
		n[answer_from(fd, "p")]++;
	CHECK(n[1] == 1 && n[2] == 1 && n[3] == 1);
	/* Of one that is not there only the number tells. */
	run("rspctl pe add pool p id 9 tcp 127.0.0.1:9 use control");
	CHECK_EQ(send_to(fd, "p", 0, "x", 1, 0), 1);
	CHECK_EQ(get_option(fd, RSP_SENT_TO), 3);
	for (i = 0; i < 3; i++)
		answer_from(fd, "p");
	/* To one element it is as without. */
	CHECK_EQ(send_to(fd, "p", 2, "x", 1, 0), 1);
	CHECK_EQ(answer_from(fd, "p"), 2);
	CHECK_EQ(get_option(fd, RSP_SENT_TO), 1);
	CHECK_ERR(send_to(fd, "none", 0, "x", 1, 0), ENOENT);

	service("many", 10, 10 + PEERS_MAX);
	CHECK_ERR(send_to(fd, "many", 0, "x", 1, 0), ENOBUFS);
}

/* The element's port does not answer; with it every one of the test. */
static void cut(void)
{
	run("nft 'table inet cut {\n"
	    "  chain in { type filter hook input priority 0; meta l4proto tcp drop; }\n"
	    "}'");
}

TEST(rdm_without_waiting)
{
	struct timeval soon = { .tv_usec = 100000 };
	struct pollfd pollfd = { .events = POLLOUT };
	char octet;
	int fd;

	service("p", 1, 1);
	fd = rdm(SOCK_NONBLOCK);
	/* The machine may be slow: one connect, however long it takes. */
	set_option(fd, RSP_DETECT_TIMEOUT, 60000);
	pollfd.fd = fd;
	CHECK_ERR(recv(fd, &octet, 1, 0), EAGAIN);
	CHECK_EQ(wait_for(fd, POLLOUT), POLLOUT);
	cut();
	CHECK_ERR(send_to(fd, "p", 0, "x", 1, 0), EAGAIN);
	CHECK_EQ(poll(&pollfd, 1, 100), 0);
	CHECK_ERR(send_to(fd, "p", 0, "x", 1, 0), EAGAIN);
	server_heal();
	CHECK_EQ(poll(&pollfd, 1, 60000), 1);
	CHECK_EQ(pollfd.revents, POLLOUT);
	CHECK_EQ(send_to(fd, "p", 0, "x", 1, 0), 1);
	CHECK_EQ(wait_for(fd, POLLIN), POLLIN);
	CHECK_EQ(answer_from(fd, "p"), 1);
	CHECK_EQ(look(1), 1);
	close(fd);

	fd = rdm(0);
	set_option(fd, RSP_DETECT_TIMEOUT, 60000);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)),
		 0);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)),
		 0);
	CHECK_ERR(recv(fd, &octet, 1, 0), EAGAIN);
	cut();
	CHECK_ERR(send_to(fd, "p", 0, "x", 1, 0), EAGAIN);
	server_heal();
	pollfd.fd = fd;
	CHECK_EQ(poll(&pollfd, 1, 60000), 1);
	CHECK_EQ(send_to(fd, "p", 0, "x", 1, 0), 1);
	CHECK_EQ(wait_for(fd, POLLIN) & POLLIN, POLLIN);
	CHECK_EQ(answer_from(fd, "p"), 1);
}

TEST(rdm_receives_as_messages)
{
	char octets[64], control[64];
	struct iovec iov = { octets, sizeof(octets) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	static char large[60000];
	int fd, n;

	service("p", 1, 1);
	fd = rdm(0);
	set_option(fd, RSP_RECVPPID, 1);
	CHECK_EQ(send_to(fd, "p", 0, large, sizeof(large), 0), sizeof(large));
	wait_for(fd, POLLIN);
	CHECK_EQ(recv(fd, octets, 8, MSG_PEEK | MSG_TRUNC), sizeof(large) + 4);
	CHECK_EQ(ioctl(fd, FIONREAD, &n), 0);
	CHECK_EQ(n, sizeof(large) + 4);
	CHECK_EQ(recvmsg(fd, &msg, 0), sizeof(octets));
	CHECK_EQ(msg.msg_flags, MSG_TRUNC | MSG_EOR);
	CHECK_EQ(msg.msg_controllen, CMSG_SPACE(4));
	CHECK_ERR(recv(fd, octets, 1, MSG_DONTWAIT), EAGAIN);
	set_option(fd, RSP_RECVPPID, 0);
	CHECK_EQ(send_to(fd, "p", 0, "x", 1, 0), 1);
	msg.msg_controllen = sizeof(control);
	CHECK_EQ(recvmsg(fd, &msg, 0), 5);
	CHECK_EQ(msg.msg_controllen, 0);
	set_option(fd, RSP_MESSAGE_MAX, 2);
	CHECK_ERR(send_to(fd, "p", 0, "xxx", 3, 0), EMSGSIZE);
	CHECK_EQ(send_to(fd, "p", 0, "", 0, 0), 0);
}

TEST(rdm_refuses)
{
	struct sockaddr_rserpool to;
	int fd = rdm(0), on = 1;
	socklen_t len;

	to = pool_address("p", 0, &len);
	CHECK_ERR(bind(fd, (void *)&to, len), EOPNOTSUPP);
	CHECK_ERR(listen(fd, 1), EOPNOTSUPP);
	CHECK_ERR(accept(fd, NULL, NULL), EOPNOTSUPP);
	CHECK_ERR(shutdown(fd, SHUT_WR), EOPNOTSUPP);
	CHECK_ERR(send_to(fd, "p", 0, "x", 1, 0), ENOENT);
	CHECK_ERR(send_to(fd, "p", 0, "x", 1, MSG_OOB), EOPNOTSUPP);
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_FAILOVER, &on, 4),
		  EOPNOTSUPP);
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_STANDBY, &on, 4),
		  EOPNOTSUPP);
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_SENT_TO, &on, 4),
		  EOPNOTSUPP);
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_SEND_TO_ALL, &on, 3),
		  EINVAL);
	on = 2;
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_SEND_TO_ALL, &on, 4),
		  EINVAL);
	fd = new_socket(0);
	CHECK_ERR(setsockopt(fd, SOL_RSERPOOL, RSP_SEND_TO_ALL, &on, 4),
		  ENOPROTOOPT);
}

/* Who was sent to least of late makes way. */
TEST(rdm_connections_are_bounded)
{
	int fd = rdm(0), i;

	service("p", 1, 40);
	for (i = 1; i <= 40; i++) {
		CHECK_EQ(send_to(fd, "p", i, "x", 1, 0), 1);
		CHECK_EQ(answer_from(fd, "p"), i);
	}
	run("[ $(rspctl session show | grep -v accepted | grep -c ready) = %d ]",
	    PEERS_MAX);
	CHECK_EQ(send_to(fd, "p", 40, "x", 1, 0), 1);
	CHECK_EQ(answer_from(fd, "p"), 40);
	CHECK_EQ(look(40), 1);
	CHECK_EQ(send_to(fd, "p", 1, "x", 1, 0), 1);
	CHECK_EQ(answer_from(fd, "p"), 1);
	CHECK_EQ(look(1), 2);
}

static volatile bool over;
static int received;

static void *receive_all(void *arg)
{
	struct pollfd pollfd = { .fd = *(int *)arg, .events = POLLIN };
	char octets[64];

	while (!over) {
		if (poll(&pollfd, 1, 100) != 1)
			continue;
		if (recv(pollfd.fd, octets, sizeof(octets), MSG_DONTWAIT) > 0)
			__atomic_add_fetch(&received, 1, __ATOMIC_SEQ_CST);
		else
			CHECK_EQ(errno, EAGAIN);
	}
	return NULL;
}

static void *send_many(void *arg)
{
	int i;

	for (i = 0; i < 200; i++)
		CHECK_EQ(send_to(*(int *)arg, "p", 0, "x", 1, 0), 1);
	return NULL;
}

TEST(rdm_threads_share_a_socket)
{
	pthread_t senders[3], receivers[2];
	int fd, i;

	service("p", 1, 5);
	fd = rdm(0);
	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&receivers[i], NULL, receive_all, &fd),
			 0);
	for (i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&senders[i], NULL, send_many, &fd), 0);
	for (i = 0; i < 3; i++)
		CHECK_EQ(pthread_join(senders[i], NULL), 0);
	for (i = 0; __atomic_load_n(&received, __ATOMIC_SEQ_CST) < 600; i++) {
		CHECK(i < 1000);
		usleep(10000);
	}
	over = true;
	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_join(receivers[i], NULL), 0);
}
