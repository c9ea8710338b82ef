// SPDX-License-Identifier: GPL-2.0
/*
 * Calls on a few sessions in any order with any arguments, while their servers
 * die and elements come and go.  Some of the elements are sockets among them.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>

#include <linux/sockios.h>

#define CALLS		4000
#define SOCKETS		8
#define SERVERS		4
#define OPTIONS		(RSP_SENT_TO + 2)
#define ADDRESS_HEAD	(int)offsetof(struct sockaddr_rserpool, srp_handle)

static int fds[SOCKETS], pipes[2];
static struct server servers[SERVERS];
static char memory[65536 + 64];

static const enum manner manners[SERVERS] = { ECHO, COUNT, SINK, DEAF };
static const int types[] = {
	SOCK_STREAM, SOCK_STREAM, SOCK_SEQPACKET, SOCK_SEQPACKET, SOCK_RDM,
};
static const char *const pools[] = { "p", "q", "r", "nobody", "own" };

/* A length: often small, often odd, at times much. */
static size_t some_len(void)
{
	switch (rnd(4)) {
	case 0:
		return rnd(5);
	case 1:
		return rnd(200);
	case 2:
		return rnd(5000);
	default:
		return rnd(65536 + 1);
	}
}

static void *some_memory(void)
{
	return rnd(32) ? memory : (void *)8UL;
}

/* What is behind the room that a call was given stays as it was. */
static void guard(size_t room)
{
	memset(memory + room, 0x5a, 64);
}

static void check_guard(size_t room)
{
	size_t i;

	for (i = room; i < room + 64; i++)
		CHECK_EQ(memory[i], 0x5a);
}

static int some_flags(void)
{
	static const int flags[] = {
		MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL, MSG_TRUNC, MSG_MORE,
		MSG_NOSIGNAL, MSG_OOB, MSG_ERRQUEUE, MSG_EOR, MSG_FASTOPEN,
		MSG_ZEROCOPY, MSG_NOTIFICATION, MSG_CMSG_CLOEXEC,
	};
	int n = rnd(4), all = rnd(3) ? MSG_DONTWAIT : 0;

	if (!rnd(64))
		return rnd(~0U);
	while (n--)
		all |= flags[rnd(sizeof(flags) / sizeof(*flags))];
	return all;
}

static struct sockaddr_rserpool some_address(socklen_t *len)
{
	struct sockaddr_rserpool address;

	address = pool_address(pools[rnd(5)], rnd(4) ? 0 : rnd(6), len);
	if (!rnd(8))
		((unsigned char *)&address)[rnd(ADDRESS_HEAD)] = rnd(256);
	if (!rnd(8))
		*len = rnd(sizeof(address) + 8);
	return address;
}

static void do_connect(int fd)
{
	struct sockaddr_rserpool address;
	socklen_t len;
	int err;

	address = some_address(&len);
	err = connect(fd, (void *)&address, len) ? errno : 0;
	if (address.srp_family == AF_RSERPOOL &&
	    (int)len < ADDRESS_HEAD + address.srp_handle_len)
		CHECK_EQ(err, EINVAL);
}

static void do_send(int fd)
{
	struct sockaddr_rserpool address;
	socklen_t len;

	if (rnd(2)) {
		send(fd, some_memory(), some_len(), some_flags());
		return;
	}
	address = some_address(&len);
	sendto(fd, some_memory(), some_len(), some_flags(), (void *)&address,
	       len);
}

/* Become an element, or give a session that came to one. */
static void do_element(int *fd)
{
	struct sockaddr_rserpool address;
	socklen_t len;
	int came;

	if (rnd(2)) {
		came = accept4(*fd, NULL, NULL,
			       rnd(4) ? SOCK_NONBLOCK : rnd(~0U));
		if (came < 0)
			return;
		close(fds[0]);
		fds[0] = came;
		return;
	}
	address = pool_address("own", rnd(2) ? 0 : 1 + rnd(4), &len);
	if (!rnd(8))
		address.srp_port = rnd(65536);
	if (!rnd(8))
		len = rnd(sizeof(address) + 8);
	bind(*fd, (void *)&address, len);
	if (rnd(8))
		listen(*fd, rnd(4) ? 8 : (int)rnd(~0U));
}

static void do_cookie(int fd)
{
	socklen_t len = rnd(2) ? rnd(64) : rnd(RSP_COOKIE_MAX + 10);

	if (rnd(2)) {
		setsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, some_memory(), len);
	} else {
		guard(len);
		getsockopt(fd, SOL_RSERPOOL, RSP_COOKIE, memory,
			   &(socklen_t){ len });
		check_guard(len);
	}
}

static void do_message(int fd, bool out)
{
	struct iovec iov[4];
	union {
		struct cmsghdr head;
		char octets[128];
	} control;
	struct sockaddr_rserpool name;
	struct mmsghdr vec[3];
	int i, n = 1 + rnd(3);
	socklen_t name_len;

	for (i = 0; i < (int)sizeof(control); i++)
		control.octets[i] = rnd(8) ? 0 : rnd(256);
	control.head.cmsg_len = rnd(4) ? CMSG_LEN(4) : rnd(128);
	control.head.cmsg_level = rnd(8) ? SOL_RSERPOOL : SOL_SOCKET;
	control.head.cmsg_type = rnd(8) ? RSP_PPID : rnd(8);
	memset(vec, 0, sizeof(vec));
	for (i = 0; i < 4; i++)
		iov[i] = (struct iovec){ some_memory(), some_len() };
	for (i = 0; i < n; i++) {
		vec[i].msg_hdr.msg_iov = iov;
		vec[i].msg_hdr.msg_iovlen = rnd(5);
		if (!rnd(4)) {
			vec[i].msg_hdr.msg_control = &control;
			vec[i].msg_hdr.msg_controllen =
				rnd(2) ? CMSG_SPACE(4) : rnd(128);
		}
		if (!rnd(4)) {
			name = some_address(&name_len);
			vec[i].msg_hdr.msg_name = &name;
			vec[i].msg_hdr.msg_namelen = name_len;
		}
	}
	if (n > 1 && out)
		sendmmsg(fd, vec, n, some_flags());
	else if (n > 1)
		recvmmsg(fd, vec, n, some_flags(), NULL);
	else if (out)
		sendmsg(fd, &vec[0].msg_hdr, some_flags());
	else
		recvmsg(fd, &vec[0].msg_hdr, some_flags());
}

static int some_level(void)
{
	static const int levels[] = {
		SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6,
	};

	return rnd(2) ? SOL_RSERPOOL : levels[rnd(4)];
}

static void do_setsockopt(int fd)
{
	static const uint32_t values[] = { 0, 1, 2, 3, 7, 1000, 65536, ~0U };
	uint32_t value[16];
	int i, ret, name, level = some_level();
	socklen_t len;

	for (i = 0; i < 16; i++)
		value[i] = rnd(4) ? values[rnd(8)] : rnd(~0U);
	len = rnd(2) ? 4 : rnd(64);
	name = rnd(level == SOL_RSERPOOL ? OPTIONS : 70);
	ret = setsockopt(fd, level, name, value, len);
	if (level == SOL_RSERPOOL && len < 4 && name != RSP_COOKIE &&
	    name != RSP_ADDRESSES)
		CHECK_EQ(ret, -1);
}

static void do_getsockopt(int fd)
{
	socklen_t room = rnd(4) ? 4 : rnd(512), len = room;
	int level = some_level();

	guard(room);
	getsockopt(fd, level, rnd(level == SOL_RSERPOOL ? OPTIONS : 70),
		   some_memory(), &len);
	check_guard(room);
}

static void do_recv(int fd)
{
	size_t room = some_len();

	guard(room);
	recv(fd, some_memory(), room, some_flags());
	check_guard(room);
}

static void do_names(int fd)
{
	socklen_t room = rnd(200), len = room;

	guard(room);
	if (rnd(2))
		getsockname(fd, some_memory(), &len);
	else
		getpeername(fd, some_memory(), &len);
	check_guard(room);
}

static void do_ioctl(int fd)
{
	static const unsigned long requests[] = {
		FIONREAD, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK, FIONBIO, FIOASYNC,
	};

	memset(memory, rnd(2), 8);
	ioctl(fd, rnd(8) ? requests[rnd(6)] : rnd(0x9000), memory);
}

static void resume(int fd)
{
	struct rsp_info info;
	socklen_t len = sizeof(info);

	/* The kernel's answer goes back to it; what is called stays the same. */
	if (!getsockopt(fd, SOL_RSERPOOL, RSP_INFO, &info, &len))
		setsockopt(fd, SOL_RSERPOOL, RSP_RESUME, &info.generation, 4);
}

static void do_servers(void)
{
	int i = rnd(SERVERS);
	sigset_t alarms;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGUSR1);
	sigprocmask(SIG_BLOCK, &alarms, NULL);
	switch (rnd(4)) {
	case 0:
		server_kill(&servers[i]);
		servers[i] = server_start(i + 1, manners[i], AF_INET);
		break;
	case 1:
		run("rspctl pe del pool %s id %d %s > /dev/null 2>&1 || true",
		    pools[rnd(3)], i + 1, rnd(2) ? "now" : "");
		break;
	case 2:
		run("rspctl pe drain pool %s id %d %s 2> /dev/null || true",
		    pools[rnd(3)], i + 1, rnd(2) ? "off" : "");
		break;
	default:
		run("rspctl pe add pool %s id %d tcp 127.0.0.1:%d 2> /dev/null || true",
		    pools[rnd(3)], i + 1, 7001 + i);
		break;
	}
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
}

static void renew(int *fd)
{
	close(*fd);
	*fd = socket(AF_RSERPOOL, types[rnd(5)] |
		     (rnd(4) ? SOCK_NONBLOCK : 0), 0);
	CHECK(*fd >= 0);
	setsockopt(*fd, SOL_RSERPOOL, RSP_FAILOVER,
		   &(uint32_t){ rnd(4) }, 4);
	setsockopt(*fd, SOL_RSERPOOL, RSP_EVENTS, &(uint32_t){ rnd(8) }, 4);
	if (rnd(2))
		setsockopt(*fd, SOL_RSERPOOL, RSP_REPLAY,
			   &(uint32_t){ rnd(200000) }, 4);
	if (rnd(2))
		setsockopt(*fd, SOL_RSERPOOL, RSP_STANDBY, &(uint32_t){ 1 }, 4);
	if (rnd(2))
		setsockopt(*fd, SOL_RSERPOOL, RSP_SEND_TO_ALL,
			   &(uint32_t){ 1 }, 4);
	if (!rnd(4))
		setsockopt(*fd, SOL_RSERPOOL, RSP_MESSAGE_MAX,
			   &(uint32_t){ 1 + rnd(100000) }, 4);
	if (rnd(8))
		do_connect(*fd);
}

static void call(void)
{
	int *fd = &fds[rnd(SOCKETS)];
	struct pollfd pfd = { .fd = *fd };

	switch (rnd(28)) {
	case 0:
	case 1:
		renew(fd);
		break;
	case 2:
		do_connect(*fd);
		break;
	case 3:
	case 4:
	case 5:
		do_send(*fd);
		break;
	case 6:
	case 7:
	case 8:
		do_recv(*fd);
		break;
	case 9:
	case 10:
		do_message(*fd, rnd(2));
		break;
	case 11:
	case 12:
		do_setsockopt(*fd);
		break;
	case 13:
		do_getsockopt(*fd);
		break;
	case 14:
		if (!rnd(6))
			shutdown(*fd, rnd(4));
		break;
	case 15:
		pfd.events = rnd(65536);
		poll(&pfd, 1, rnd(3));
		break;
	case 16:
		do_ioctl(*fd);
		break;
	case 17:
		fcntl(*fd, F_SETFL, rnd(2) ? O_NONBLOCK : 0);
		break;
	case 18:
		do_names(*fd);
		break;
	case 19:
		splice(*fd, NULL, pipes[1], NULL, some_len(),
		       SPLICE_F_NONBLOCK);
		break;
	case 20:
		splice(pipes[0], NULL, *fd, NULL, some_len(),
		       rnd(2) ? SPLICE_F_NONBLOCK : SPLICE_F_MORE);
		break;
	case 21:
		setsockopt(*fd, SOL_RSERPOOL, RSP_FORCE_FAILOVER,
			   &(uint32_t){ 0 }, 4);
		break;
	case 22:
		resume(*fd);
		break;
	case 23:
	case 24:
	case 25:
		do_element(fd);
		break;
	case 26:
		do_cookie(*fd);
		break;
	case 27:
		if (!rnd(5))
			do_servers();
		else if (!rnd(4))
			dup2(fds[rnd(SOCKETS)], *fd);
		break;
	}
	++*fuzz_count;
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void seed(void)
{
	/* Calls that block are interrupted; they were to block, for a while. */
	struct itimerspec often = { { 0, 5000000 }, { 0, 5000000 } };
	struct sigaction action = { .sa_handler = on_alarm };
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
	};
	timer_t timer;
	int i, fd;

	CHECK_EQ(pipe2(pipes, O_NONBLOCK), 0);
	fcntl(pipes[0], F_SETPIPE_SZ, 1 << 20);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	run("rspctl scope set avoid-min 5ms avoid-max 20ms");
	run("rspctl pool add p fin failure failover auto");
	run("rspctl pool add q");
	run("rspctl pool add r failover off policy rand");
	for (i = 0; i < SERVERS; i++) {
		servers[i] = server_start(i + 1, manners[i], AF_INET);
		pool_join("p", &servers[i]);
		pool_join("q", &servers[i]);
		pool_join("r", &servers[i]);
	}
	for (i = 0; i < SOCKETS; i++) {
		fds[i] = -1;
		renew(&fds[i]);
	}
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	CHECK_EQ(timer_settime(timer, 0, &often, NULL), 0);
	for (i = 0; i < CALLS; i++)
		call();
	CHECK_EQ(timer_delete(timer), 0);
	for (i = 0; i < SOCKETS; i++)
		close(fds[i]);
	/* The servers that were started meanwhile have them, too. */
	for (i = 0; i < SERVERS; i++)
		server_kill(&servers[i]);
	/* Nothing of them is left, and it still does what it should. */
	run("for i in $(seq 100); do"
	    " rspctl scope show | grep -q ' sessions 0 ' && exit; sleep 0.1;"
	    "done; false");
	run("rspctl pool add after");
	servers[0] = server_start(9, ECHO, AF_INET);
	pool_join("after", &servers[0]);
	fd = pool_connect("after");
	CHECK_EQ(read_id(fd), 9);
	check_echo(fd, "after all");
}

TEST(fuzz_socket)
{
	fuzz(seed);
}
