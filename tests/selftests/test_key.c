// SPDX-License-Identifier: GPL-2.0
/* Pre-shared keys: whose they are, who must have one of its own, revocation. */
#define _GNU_SOURCE
#include <arpa/inet.h>
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

/* A key that is replaced while a session lives, and one that is revoked. */
TEST(tls_key_replaced_and_revoked)
{
	int fd, other;

	secure_pool("e");
	echo_element("e", 1, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	key_add("e", "", 5);
	other = framed_connect("e", SOCK_SEQPACKET);
	check_message(other, "hello");
	check_message(fd, "hello");
	key_del("e", "");
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &other), EACCES);
	CHECK_EQ(counter("HandshakeNoKey"), 1);
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

/* The port on which the element of a socket listens. */
static int port_of(int listener)
{
	struct sockaddr_rserpool address;
	socklen_t len = sizeof(address);

	CHECK_EQ(getsockname(listener, (void *)&address, &len), 0);
	return ntohs(address.srp_port);
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
