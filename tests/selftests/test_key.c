// SPDX-License-Identifier: GPL-2.0
/* Pre-shared keys: whose they are, who must have one of its own, their end. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "hosts.h"
#include "secure.h"

TEST(tls_keys)
{
	secure_scope();
	key_add("a", "", 1);
	key_add("a", "client 3 pe 9", 2);
	key_add("a", "pe 9", 3);
	key_add("a", "pe 9", 4);
	run("rspctl key show | sed -n 's/ added .* ago$//p' > /tmp/keys.%d", getpid());
	run("printf 'pool a\\npool a pe 0x00000009\\n"
	    "pool a client 3 pe 0x00000009\\n' | cmp - /tmp/keys.%d", getpid());
	run("! rspctl scope set name other 2> /dev/null");
	key_del("a", "pe 9");
	run("! rspctl key del pool a pe 9 2> /dev/null");
	run("[ $(rspctl key show | grep -c identity) = 2 ]");
	run("head -c 31 /dev/zero > /tmp/k31");
	run("! rspctl key add pool a file /tmp/k31 2> /dev/null");
	run("head -c 33 /dev/zero > /tmp/k33");
	run("! rspctl key add pool a file /tmp/k33 2> /dev/null");
}

/* The keyring is the host's: who is root in a user namespace may not write there. */
TEST(key_takes_the_hosts_root)
{
	const int pid = getpid();

	run("head -c 32 /dev/zero > /tmp/key.%d", pid);
	run("unshare -Urn rspctl pool add a");
	run("! unshare -Urn rspctl key add pool a file /tmp/key.%d 2> /tmp/said.%d", pid, pid);
	run("grep -q CAP_NET_ADMIN /tmp/said.%d", pid);
	run("unshare -n rspctl key add pool a file /tmp/key.%d", pid);
}

/* The key for this element goes before the pool's, which it has not. */
TEST(tls_most_specific_key)
{
	struct rsp_info info;
	int fd, listener;
	char buf[8];

	secure_scope();
	agent_start();
	key_add("e", "", 1);
	key_add("e", "pe 7", 2);
	key_add("e", "client 4 pe 7", 3);
	listener = element("e", 7, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	CHECK_EQ(get_info(fd).peer_id, 7);
	info = get_info(accept(listener, NULL, NULL));
	CHECK_EQ(info.auth, RSP_AUTH_PSK);
	CHECK_EQ(info.peer_id, 0);
	close(fd);

	run("rspctl scope set client 4");
	fd = framed_connect("e", SOCK_SEQPACKET);
	CHECK_EQ(send(fd, "who", 3, 0), 3);
	listener = accept(listener, NULL, NULL);
	CHECK_EQ(recv(listener, buf, sizeof(buf), 0), 3);
	CHECK_EQ(get_info(listener).peer_id, 4);
}

/*
 * A pool that wants to know its clients, by the word of the element's host. Who
 * has the pool's key alone is refused, told so, and goes on to the next element.
 */
TEST(tls_client_must_be_identified)
{
	struct host strict;
	struct rsp_info info;
	int fd, listener, accepted;
	pid_t other;

	host_make(&strict, 1);
	host_enter(&strict);
	secure_pool("e");
	key_add("e", "client 4", 2);
	run("rspctl pool add e identify client");
	run("rspctl pool show e | grep -q ' identify client '");
	run("rspctl save | grep -q '^pool add e .* identify client$'");
	listener = element("e", 1, SOCK_SEQPACKET);
	host_leave();

	secure_pool("e");
	key_add("e", "client 4", 2);
	run("rspctl scope set avoid-min 1ms avoid-max 1ms");
	run("rspctl pool add e policy prio");
	run("rspctl pe add pool e id 1 priority 9 use control tcp 10.77.1.2:%d",
	    port_of(listener));
	other = echo_element("e", 2, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	check_message(fd, "hello");
	CHECK_EQ(get_info(fd).pe_id, 2);
	CHECK_EQ(counter("FailureSecurity"), 1);
	CHECK_EQ(counter("TlsAlert"), 1);
	close(fd);
	CHECK_EQ(kill(-other, SIGKILL), 0);
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &fd), EACCES);

	run("rspctl scope set client 4");
	fd = framed_connect("e", SOCK_SEQPACKET);
	CHECK_EQ(get_info(fd).pe_id, 1);
	accepted = accept(listener, NULL, NULL);
	info = get_info(accepted);
	CHECK_EQ(info.peer_id, 4);
	host_enter(&strict);
	CHECK_EQ(counter("HandshakeAnonymous"), 2);
	CHECK_EQ(counter("StateReady"), 1);
	host_leave();
}

/* And one that wants to know its elements, by the word of the client's host. */
TEST(tls_element_must_be_identified)
{
	int fd;

	secure_pool("e");
	run("rspctl pool add e identify pe");
	echo_element("e", 7, SOCK_SEQPACKET);
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &fd), EACCES);
	CHECK_EQ(counter("HandshakeNoKey"), 1);
	CHECK_EQ(counter("HandshakeDone"), 0);
	key_add("e", "pe 7", 2);
	fd = framed_connect("e", SOCK_SEQPACKET);
	check_message(fd, "hello");
	CHECK_EQ(get_info(fd).peer_id, 7);
	run("rspctl pool set e identify both");
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &fd), EACCES);
	run("rspctl scope set client 4");
	key_add("e", "client 4 pe 7", 3);
	fd = framed_connect("e", SOCK_SEQPACKET);
	check_message(fd, "hello");
	run("! rspctl pool set e identify all 2> /dev/null");
}

/* A client, number 4, and an element each on a host; both have these keys. */
static void keys_add(void)
{
	secure_pool("e");
	key_add("e", "client 4", 2);
}

static int element_on(struct host *host)
{
	int listener;

	host_make(host, 1);
	host_enter(host);
	keys_add();
	listener = element("e", 1, SOCK_SEQPACKET);
	host_leave();
	keys_add();
	run("rspctl pe add pool e id 1 use control tcp 10.77.1.2:%d",
	    port_of(listener));
	return listener;
}

/* A session with such an element, as this client, and its other end. */
static int connect_as(int client, int listener, int *accepted)
{
	int fd;

	run("rspctl scope set client %d", client);
	fd = framed_connect("e", SOCK_SEQPACKET);
	*accepted = accept(listener, NULL, NULL);
	CHECK_EQ(get_info(*accepted).peer_id, client);
	return fd;
}

static void check_passes(int from, int to)
{
	char buf[8];

	CHECK_EQ(send(from, "word", 4, 0), 4);
	CHECK_EQ(recv(to, buf, sizeof(buf), 0), 4);
}

/*
 * The client's host revokes a key: its sessions go on with what keys are left, at
 * once and with the same element, which has done nothing. Others do not notice.
 */
TEST(key_revoked_by_the_client)
{
	int listener, fd, accepted, other, other_accepted;
	struct host host;
	char buf[8];

	listener = element_on(&host);
	other = connect_as(0, listener, &other_accepted);
	fd = connect_as(4, listener, &accepted);
	/* Of an idle session too, and one that waits. */
	key_del("e", "client 4");
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_REVOKED);
	CHECK_ERR(recv(accepted, buf, sizeof(buf), 0), ECONNRESET);
	session_resume(fd);
	CHECK_EQ(send(fd, "back", 4, 0), 4);
	accepted = accept(listener, NULL, NULL);
	CHECK_EQ(recv(accepted, buf, sizeof(buf), 0), 4);
	CHECK_EQ(get_info(accepted).peer_id, 0);
	check_passes(other, other_accepted);
	CHECK_EQ(get_info(other).generation, 0);
	CHECK_EQ(counter("FailureRevoked"), 1);
	CHECK_EQ(counter("ElementAvoided"), 0);

	/* None is left. */
	set_option(fd, RSP_FAILOVER_TIMEOUT, 500);
	key_del("e", "");
	CHECK_ERR(recv(other, buf, sizeof(buf), 0), EREMCHG);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	session_resume(fd);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EACCES);
	CHECK_EQ(counter("FailureRevoked"), 3);
}

/* The element's does: who has accepted gets an end, and nobody comes again. */
TEST(key_revoked_by_the_element)
{
	int listener, fd, accepted, other, other_accepted, tries = 1000;
	struct host host;
	char buf[8];

	listener = element_on(&host);
	other = connect_as(0, listener, &other_accepted);
	fd = connect_as(4, listener, &accepted);
	run("rspctl scope set avoid-min 1ms avoid-max 1ms");
	host_enter(&host);
	key_del("e", "client 4");
	host_leave();
	CHECK_ERR(recv(accepted, buf, sizeof(buf), 0), ECONNRESET);
	CHECK_EQ(get_info(accepted).failure, RSP_FAILURE_REVOKED);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	while (!counter("FailureSecurity") && tries--)
		usleep(20000);
	CHECK(tries > 0);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_FAILOVER);
	close(fd);
	check_passes(other, other_accepted);
	check_passes(other_accepted, other);
	host_enter(&host);
	CHECK_EQ(counter("FailureRevoked"), 1);
	CHECK_EQ(counter("StateReady"), 2);
	host_leave();
}

/* Other octets are another key; the same ones are none. */
TEST(key_replaced)
{
	int fd, other;
	char buf[8];

	secure_pool("e");
	key_add("e", "pe 2", 9);
	echo_element("e", 1, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	key_add("e", "", 1);
	/* What is done to sessions is done before this session is over. */
	key_add("e", "pe 1", 3);
	other = framed_connect("e", SOCK_SEQPACKET);
	CHECK_EQ(get_info(other).peer_id, 1);
	key_del("e", "pe 1");
	CHECK_ERR(recv(other, buf, sizeof(buf), 0), EREMCHG);
	check_message(fd, "hello");
	CHECK_EQ(get_info(fd).generation, 0);

	key_add("e", "", 5);
	CHECK_ERR(recv(fd, buf, sizeof(buf), 0), EREMCHG);
	session_resume(fd);
	check_message(fd, "again");
	CHECK_EQ(get_info(fd).generation, 1);
	key_del("e", "");
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &other), EACCES);
	CHECK(counter("HandshakeNoKey") >= 1);
}

static void element_keys_add(void)
{
	secure_scope();
	agent_start();
	key_add("e", "pe 1", 1);
	key_add("e", "pe 2", 2);
}

/*
 * What stands by is of no use any more, by the word of the user's host alone, and
 * that is all.
 */
TEST(key_of_a_standby_revoked)
{
	int fd, accepted, i, listeners[2], tries = 1000;
	struct host host;
	char buf[8];

	host_make(&host, 1);
	host_enter(&host);
	element_keys_add();
	for (i = 0; i < 2; i++)
		listeners[i] = element("e", i + 1, SOCK_SEQPACKET);
	host_leave();
	element_keys_add();
	run("rspctl pe add pool e id 1 use control tcp 10.77.1.2:%d",
	    port_of(listeners[0]));
	fd = framed_connect("e", SOCK_SEQPACKET);
	set_option(fd, RSP_STANDBY, 1);
	run("rspctl pe add pool e id 2 use control tcp 10.77.1.2:%d",
	    port_of(listeners[1]));
	while (get_info(fd).standby_pe_id != 2 && tries--)
		usleep(20000);
	accepted = accept(listeners[1], NULL, NULL);
	key_del("e", "pe 2");
	while (get_info(fd).standby_pe_id && tries-- > 0)
		usleep(20000);
	CHECK(tries > 0);
	CHECK_EQ(counter("StandbyLost"), 1);
	CHECK_EQ(counter("ElementAvoided"), 0);
	CHECK_ERR(recv(accepted, buf, sizeof(buf), 0), ECONNRESET);
	accepted = accept(listeners[0], NULL, NULL);
	check_passes(fd, accepted);
	CHECK_EQ(get_info(fd).generation, 0);
	host_enter(&host);
	CHECK_EQ(counter("FailureRevoked"), 0);
	host_leave();
}

/* Keys come and go while sessions do: none is left that has a key that is gone. */
TEST(key_revoked_while_sessions_come)
{
	int fd, i, err;

	secure_pool("e");
	echo_element("e", 1, SOCK_SEQPACKET);
	for (i = 0; i < 20; i++) {
		key_add("e", "", i % 2);
		run("(sleep 0.0%d; rspctl key del pool e) &", i % 10);
		err = try_connect("e", SOCK_SEQPACKET, &fd);
		CHECK(!err || err == EACCES || err == EHOSTUNREACH);
		run("for i in $(seq 500); do rspctl key show | grep -q identity || exit 0; sleep 0.02; done; exit 1");
		if (!err)
			wait_for(fd, POLLPRI);
		close(fd);
	}
}
