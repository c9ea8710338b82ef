// SPDX-License-Identifier: GPL-2.0
/* Sessions of a secure scope: TLS by tlshd and kTLS, with pre-shared keys. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "secure.h"

TEST(tls_echo)
{
	struct rsp_info info;
	int fd;

	secure_pool("e");
	echo_element("e", 7, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	check_message(fd, "hello");
	check_message(fd, "again");
	info = get_info(fd);
	CHECK_EQ(info.pe_id, 7);
	CHECK_EQ(info.auth, RSP_AUTH_PSK);
	CHECK(info.cipher >= 0x1301 && info.cipher <= 0x1304);
	CHECK_EQ(info.peer_id, 0);
	run("rspctl session show | grep -q 'tls 1.3 auth psk cipher'");
	CHECK_EQ(counter("HandshakeDone"), 2);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	CHECK_EQ(recv(fd, &info, sizeof(info), 0), 0);
}

/* Who closes need not have heard how the other one ended: all he sent arrives. */
TEST(tls_closed_with_the_end_unread)
{
	static char message[4096];
	int listener, fd, peer, sent = 0;

	secure_pool("e");
	listener = element("e", 1, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	peer = accept(listener, NULL, NULL);
	CHECK(peer >= 0);
	while (send(peer, message, sizeof(message), MSG_DONTWAIT) > 0)
		sent++;
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	wait_for(peer, POLLIN);
	CHECK_EQ(close(peer), 0);
	while (sent--)
		CHECK_EQ(recv(fd, message, sizeof(message), 0),
			 (ssize_t)sizeof(message));
	CHECK_EQ(recv(fd, message, sizeof(message), 0), 0);
}

/* Of all sizes around those of records and frames. */
TEST(tls_messages_of_all_sizes)
{
	static const size_t sizes[] = {
		1, 16367, 16368, 16369, 16376, 16384, 16385, 32768, 65527,
		65528, 65529, 300000,
	};
	static char out[1 << 20], in[1 << 20];
	size_t i, j;
	int fd;

	secure_pool("e");
	echo_element("e", 1, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (j = 0; j < sizes[i]; j++)
			out[j] = j * 7 + i;
		CHECK_EQ(send(fd, out, sizes[i], 0), (ssize_t)sizes[i]);
		CHECK_EQ(recv(fd, in, sizeof(in), 0), (ssize_t)sizes[i]);
		CHECK(!memcmp(out, in, sizes[i]));
	}
}

/*
 * What is sent from the program's own pages, and kept in records until its end is
 * there: also where pages are missing, or are many.
 */
TEST(tls_large_messages_and_missing_pages)
{
	static char out[60000], in[60000];
	struct iovec parts[30];
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 30 };
	const size_t page = sysconf(_SC_PAGESIZE);
	size_t i;
	char *hole;
	int fd;

	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 7;
	hole = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(hole != MAP_FAILED);
	CHECK_EQ(munmap(hole + 8 * page, page), 0);
	secure_pool("e");
	echo_element("e", 1, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);

	/* Nothing of it leaves. */
	CHECK_ERR(send(fd, hole, 16 * page, 0), EFAULT);
	check_message(fd, "hello");

	/* More pages than a frame has pieces. */
	for (i = 0; i < 30; i++)
		parts[i] = (struct iovec){ out + i * 2000, 2000 };
	CHECK_EQ(sendmsg(fd, &msg, 0), (ssize_t)sizeof(out));
	wait_for(fd, POLLIN);
	CHECK_EQ(recv(fd, in, 3, MSG_PEEK), 3);
	CHECK_EQ(recv(fd, in, sizeof(in), 0), (ssize_t)sizeof(in));
	CHECK(!memcmp(out, in, sizeof(in)));

	/* Pages that are there, if they are asked for; and none. */
	CHECK_EQ(send(fd, out, sizeof(out), 0), (ssize_t)sizeof(out));
	CHECK_EQ(madvise(hole, 8 * page, MADV_DONTNEED), 0);
	CHECK_EQ(recv(fd, hole, 8 * page, 0), (ssize_t)(8 * page));
	CHECK(!memcmp(out, hole, 8 * page));
	CHECK_EQ(send(fd, out, sizeof(out), 0), (ssize_t)sizeof(out));
	CHECK_ERR(recv(fd, hole, 16 * page, 0), EFAULT);
	check_message(fd, "again");
}

TEST(tls_stream)
{
	int fd, octets = 0;

	secure_pool("e");
	echo_element("e", 0, SOCK_STREAM);
	fd = pool_connect("e");
	check_echo(fd, "hello");
	write_all(fd, "again", 5);
	wait_for(fd, POLLIN);
	CHECK_EQ(ioctl(fd, FIONREAD, &octets), 0);
	CHECK(octets >= 1 && octets <= 5);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	while (read(fd, &octets, 4) > 0)
		;
	CHECK_EQ(read(fd, &octets, 4), 0);
}

#define ROUNDS_MAX	4000

static struct {
	int fd;
	unsigned int rounds;
	size_t size;
} load;

static void *send_all(void *arg)
{
	static char message[65536];
	unsigned int i;

	(void)arg;
	for (i = 0; i < load.rounds; i++) {
		memset(message, i, load.size);
		memcpy(message, &i, sizeof(i));
		if (send(load.fd, message, load.size, 0) !=
		    (ssize_t)load.size)
			return (void *)1;
	}
	return NULL;
}

/*
 * Two threads on one session, one of which waits with epoll, edge triggered: a
 * wake-up that is lost is an end of the test. Both ends are busy all the time, so
 * octets come while the transport's lock is held.
 */
static void echo_by_two(int type, size_t size, unsigned int rounds)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	static char message[65536];
	unsigned int i = 0, n;
	size_t got = 0;
	pthread_t sender;
	void *failed;
	int epoll;
	ssize_t ret;

	load.fd = framed_connect("e", type);
	load.size = size;
	load.rounds = rounds;
	epoll = epoll_create1(0);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, load.fd, &event), 0);
	CHECK_EQ(pthread_create(&sender, NULL, send_all, NULL), 0);
	while (i < rounds) {
		CHECK_EQ(epoll_wait(epoll, &event, 1, 20000), 1);
		for (;;) {
			ret = recv(load.fd, message + got, size - got,
				   MSG_DONTWAIT);
			if (ret < 0) {
				CHECK_EQ(errno, EAGAIN);
				break;
			}
			CHECK(ret > 0);
			got += ret;
			if (got < size)
				continue;
			memcpy(&n, message, sizeof(n));
			CHECK_EQ(n, i);
			CHECK_EQ((unsigned char)message[size - 1], i & 0xff);
			got = 0;
			i++;
		}
	}
	CHECK_EQ(pthread_join(sender, &failed), 0);
	CHECK(!failed);
	close(epoll);
	close(load.fd);
}

static unsigned int rounds(unsigned int n)
{
	/* The debug kernel takes its time. */
	return access("/sys/kernel/debug/kmemleak", F_OK) ? n : n / 10;
}

TEST(tls_two_threads_and_epoll)
{
	secure_pool("e");
	echo_element("e", 1, SOCK_SEQPACKET);
	echo_by_two(SOCK_SEQPACKET, 64, rounds(2000));
	echo_by_two(SOCK_SEQPACKET, 20000, rounds(1000));
}

TEST(tls_two_threads_and_epoll_on_a_stream)
{
	secure_pool("e");
	echo_element("e", 1, SOCK_STREAM);
	echo_by_two(SOCK_STREAM, 64, rounds(2000));
	echo_by_two(SOCK_STREAM, 60000, rounds(500));
}

/* The key of secure_pool(). */
#define KEY_1	"0102030405060708090a0b0c0d0e0f10" \
		"1112131415161718191a1b1c1d1e1f20"

#define WRONG_KEY "-psk ff02030405060708090a0b0c0d0e0f10" \
		"1112131415161718191a1b1c1d1e1f20"

/* A server that knows nothing of pools: openssl's, which sends lines reversed. */
static pid_t openssl_start(int port, const char *also)
{
	char identity[64], command[512];
	pid_t pid, test = getpid();

	identity_get("", identity);
	snprintf(command, sizeof(command), "exec openssl s_server -quiet "
		 "-nocert -tls1_3 -accept 127.0.0.1:%d -psk_identity %s "
		 "-psk " KEY_1 " %s -rev > /dev/null 2>&1", port, identity,
		 also);
	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		setpgid(0, 0);
		/* It has the test's sockets. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != test)
			_exit(0);
		execlp("sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	setpgid(pid, pid);
	/* It listens when its port is taken. */
	run("for i in $(seq 500); do ss -Hltn sport = %d | grep -q . && exit 0; sleep 0.02; done; exit 1",
	    port);
	return pid;
}

/* With the one element of pool o, that carries data only. */
static int openssl_session(pid_t *pid)
{
	secure_pool("o");
	*pid = openssl_start(4433, "");
	run("rspctl pe add pool o id 5 tcp 127.0.0.1:4433");
	return pool_connect("o");
}

static void check_reversed(int fd)
{
	char back[6];

	write_all(fd, "abcde\n", 6);
	read_all(fd, back, 6);
	CHECK(!memcmp(back, "edcba\n", 6));
}

/* Its tickets come first, and are not the program's. */
TEST(tls_data_only)
{
	struct pollfd pfd = { .events = POLLIN };
	char octet;
	pid_t pid;
	int fd;

	fd = openssl_session(&pid);
	pfd.fd = fd;
	CHECK_EQ(poll(&pfd, 1, 300), 0);
	check_reversed(fd);
	check_reversed(fd);
	CHECK_ERR(recv(fd, &octet, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(get_info(fd).auth, RSP_AUTH_PSK);
	CHECK_EQ(counter("FailureSecurity"), 0);
}

/* What openssl ends with close_notify is an end of file; being killed is not. */
TEST(tls_end_and_truncation)
{
	char octet;
	pid_t pid;
	int fd;

	fd = openssl_session(&pid);
	check_reversed(fd);
	/* s_server -rev closes the connection at this word. */
	write_all(fd, "CLOSE\n", 6);
	CHECK_EQ(read(fd, &octet, 1), 0);
	CHECK_EQ(counter("TlsClosed"), 1);
	close(fd);

	fd = pool_connect("o");
	check_reversed(fd);
	CHECK_EQ(kill(-pid, SIGKILL), 0);
	CHECK_ERR(read(fd, &octet, 1), EREMCHG);
	CHECK_EQ(counter("TlsTruncated"), 1);
}

TEST(tls_failover)
{
	struct rsp_peer_info peer;
	pid_t first;
	char buf[16];
	int fd;

	secure_pool("e");
	first = echo_element("e", 1, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	check_message(fd, "one");
	set_option(fd, RSP_RECVPEER, 1);
	echo_element("e", 2, SOCK_SEQPACKET);
	CHECK_EQ(kill(-first, SIGKILL), 0);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	session_resume(fd);
	CHECK_EQ(send(fd, "two", 3, 0), 3);
	CHECK(receive_peer(fd, 0, &peer));
	CHECK_EQ(peer.pe_id, 2);
	CHECK_EQ(peer.auth, RSP_AUTH_PSK);
	CHECK_EQ(peer.cipher, get_info(fd).cipher);
	CHECK(peer.cipher);
	check_message(fd, "three");
	CHECK_EQ(get_info(fd).pe_id, 2);
	CHECK_EQ(get_info(fd).auth, RSP_AUTH_PSK);
}

/* An element that echoes a few messages and is killed then. */
static void dying_element(const char *name, int type, int n)
{
	int listener = element(name, 1, type), fd;
	char buf[16];
	ssize_t len;

	fflush(NULL);
	if (fork()) {
		close(listener);
		return;
	}
	fd = accept(listener, NULL, NULL);
	while (n--) {
		len = recv(fd, buf, 3, MSG_WAITALL);
		send(fd, buf, len, 0);
	}
	raise(SIGKILL);
}

/* What was delivered is read first. */
static void delivered(int type)
{
	char buf[16];
	int fd, i;

	secure_pool("e");
	dying_element("e", type, 3);
	fd = framed_connect("e", type);
	for (i = 0; i < 3; i++)
		CHECK_EQ(send(fd, "abc", 3, 0), 3);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(recv(fd, buf, 3, MSG_WAITALL), 3);
		CHECK(!memcmp(buf, "abc", 3));
	}
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
}

TEST(tls_delivered_messages_are_read_first)
{
	delivered(SOCK_SEQPACKET);
}

TEST(tls_delivered_stream_is_read_first)
{
	delivered(SOCK_STREAM);
}

/*
 * A user that knows nothing of pools and has this key. It takes the connection
 * for one that came about: with TLS 1.3 the server has the last word.
 */
static void intrude(int port, const char *whose)
{
	char identity[64];

	identity_get(whose, identity);
	run("(echo hello; sleep 1) | timeout 20 openssl s_client -quiet "
	    "-connect 127.0.0.1:%d -tls1_3 -psk_identity %s -psk " KEY_1
	    " > /dev/null 2>&1; true", port, identity);
}

static void wait_counter(const char *name, long n)
{
	int tries = 1000;

	while (counter(name) < n && tries--)
		usleep(20000);
	CHECK_EQ(counter(name), n);
}

/* FIN comes behind close_notify, and only the work item looks. */
TEST(tls_end_while_nobody_calls)
{
	char octet;
	pid_t pid;
	int fd;

	fd = openssl_session(&pid);
	check_reversed(fd);
	write_all(fd, "CLOSE\n", 6);
	run("for i in $(seq 500); do ss -Htn dport = 4433 | grep -q '^ESTAB *[1-9]' && exit 0; sleep 0.02; done; exit 1");
	CHECK_EQ(kill(-pid, SIGKILL), 0);
	wait_counter("TlsClosed", 1);
	CHECK_EQ(read(fd, &octet, 1), 0);
	CHECK_EQ(counter("TlsTruncated"), 0);
}

/* The agent finds each key that this host has; the kernel knows whose it is. */
TEST(tls_other_pools_key)
{
	int listener;

	secure_pool("a");
	key_add("b", "", 1);
	key_add("a", "pe 8", 1);
	listener = element("a", 7, SOCK_SEQPACKET);
	intrude(port_of(listener), "b");
	wait_counter("HandshakeIdentity", 1);
	intrude(port_of(listener), "a pe 0x00000008");
	wait_counter("HandshakeIdentity", 2);
	CHECK_EQ(counter("StateReady"), 0);
	intrude(port_of(listener), "a added");
	wait_counter("StateReady", 1);
	CHECK_EQ(counter("HandshakeIdentity"), 2);
}

/* A server that has not the key is passed over in the same round. */
TEST(tls_wrong_key_is_passed_over)
{
	int fd;

	secure_pool("o");
	run("rspctl scope set avoid-max 60s avoid-min 60s");
	openssl_start(4433, "");
	openssl_start(4434, WRONG_KEY);
	run("rspctl pool add o policy prio");
	run("rspctl pe add pool o id 1 tcp 127.0.0.1:4434 priority 2");
	run("rspctl pe add pool o id 2 tcp 127.0.0.1:4433 priority 1");
	fd = pool_connect("o");
	check_reversed(fd);
	CHECK_EQ(get_info(fd).pe_id, 2);
	CHECK_EQ(counter("HandshakeFailed"), 1);
	CHECK_EQ(counter("FailureSecurity"), 1);
	run("rspctl pe show pool o id 1 | grep -q failed");
}

/*
 * Time runs out while the handshake goes on that a round before has failed in: that
 * is the reason still.
 */
TEST(tls_given_up_in_a_round)
{
	pid_t agent, first;
	char octet;
	int fd;

	agent = secure_pool("o");
	run("rspctl scope set avoid-min 100ms avoid-max 100ms");
	run("rspctl pool add o failover auto");
	first = openssl_start(4433, "");
	run("rspctl pe add pool o id 1 tcp 127.0.0.1:4433");
	fd = pool_connect("o");
	check_reversed(fd);
	openssl_start(4434, WRONG_KEY);
	run("rspctl pe add pool o id 2 tcp 127.0.0.1:4434");
	set_option(fd, RSP_FAILOVER_TIMEOUT, 6000);
	CHECK_EQ(kill(-first, SIGKILL), 0);
	while (!counter("FailureSecurity"))
		usleep(20000);
	agent_signal(agent, SIGSTOP);
	CHECK_ERR(read(fd, &octet, 1), EACCES);
	CHECK_EQ(counter("FailoverFailed"), 1);
}

TEST(tls_never_in_plain)
{
	struct server server;
	int fd;

	secure_pool("p");
	run("rspctl scope set handshake-timeout 2s");
	server = server_start(1, ECHO, AF_INET);
	run("rspctl pe add pool p id 1 tcp 127.0.0.1:%d", server.port);
	CHECK_EQ(try_connect("p", SOCK_STREAM, &fd), EACCES);
	CHECK(counter("HandshakeFailed") + counter("HandshakeTimeout") == 1);
}

TEST(tls_no_key)
{
	int fd;

	secure_scope();
	agent_start();
	run("rspctl pe add pool p id 1 tcp 127.0.0.1:9");
	CHECK_EQ(try_connect("p", SOCK_STREAM, &fd), EHOSTUNREACH);
	server_start(1, ECHO, AF_INET);
	run("rspctl pe add pool p id 2 tcp 127.0.0.1:7001");
	CHECK_EQ(try_connect("p", SOCK_STREAM, &fd), EACCES);
	CHECK_EQ(counter("HandshakeNoKey"), 1);
	CHECK_EQ(counter("Handshake"), 0);
}

static void check_none_failed(void)
{
	run("rspctl pe show | grep -q failed && exit 1 || exit 0");
}

TEST(tls_no_agent)
{
	int fd;

	secure_scope();
	key_add("e", "", 1);
	echo_element("e", 1, SOCK_SEQPACKET);
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &fd), EACCES);
	CHECK(counter("HandshakeNoAgent") >= 1);
	run("dmesg | grep -q 'no agent listens.*rspctl doctor'");
	/* That is not the element's fault. */
	check_none_failed();
	agent_start();
	fd = framed_connect("e", SOCK_SEQPACKET);
	check_message(fd, "hello");
}

/* Sessions live on without it; handshakes end in time. */
TEST(tls_agent_killed_and_stopped)
{
	pid_t agent = secure_pool("e");
	int fd, other;

	echo_element("e", 1, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	agent_kill(agent);
	check_message(fd, "hello");
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &other), EACCES);
	agent = agent_start();
	other = framed_connect("e", SOCK_SEQPACKET);
	check_message(other, "hello");

	run("rspctl scope set handshake-timeout 500ms");
	agent_signal(agent, SIGSTOP);
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &other), EACCES);
	CHECK(counter("HandshakeTimeout") >= 1);
	check_none_failed();
	check_message(fd, "again");
	agent_signal(agent, SIGCONT);
	run("rspctl scope set handshake-timeout 1m");
	other = framed_connect("e", SOCK_SEQPACKET);
	check_message(other, "hello");
}

/* Closed while TLS is being agreed: at once, and nothing is left. */
TEST(tls_close_in_a_handshake)
{
	struct sockaddr_rserpool address;
	pid_t agent = secure_pool("e");
	socklen_t len;
	int fd, i;

	echo_element("e", 1, SOCK_SEQPACKET);
	address = pool_address("e", 0, &len);
	for (i = 0; i < 20; i++) {
		if (i == 10)
			agent_signal(agent, SIGSTOP);
		fd = socket(AF_RSERPOOL, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
		CHECK_ERR(connect(fd, (void *)&address, len), EINPROGRESS);
		usleep(i % 10 * 5000);
		CHECK_EQ(close(fd), 0);
	}
	agent_signal(agent, SIGCONT);
	fd = framed_connect("e", SOCK_SEQPACKET);
	check_message(fd, "hello");
	run("rspctl -json pe show | grep -q '\"sessions\":1[^0-9]'");
}

TEST(tls_mode_is_fixed)
{
	int fd;

	run("rspctl pe add pool p id 1 tcp 127.0.0.1:9");
	run("! rspctl scope set mode secure auth psk 2> /tmp/said.%d", getpid());
	run("grep -q 'cannot be changed' /tmp/said.%d", getpid());
	run("rspctl pe del pool p id 1");
	run("rspctl scope set name test mode secure");
	run("rspctl scope show | grep -q 'mode secure auth psk'");
	run("! rspctl scope set auth none 2> /dev/null");
	run("rspctl scope set mode plain");
	run("! rspctl scope set auth psk 2> /dev/null");
	secure_scope();
	fd = element("p", 1, SOCK_SEQPACKET);
	run("! rspctl scope set mode plain 2> /dev/null");
	run("rspctl scope set mode secure");
	close(fd);
}
