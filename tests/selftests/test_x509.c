// SPDX-License-Identifier: GPL-2.0
/* Sessions over TLS whose ends know each other by certificates. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hosts.h"
#include "secure.h"

static char folder[32];

static void certificates_make(void)
{
	snprintf(folder, sizeof(folder), "/tmp/x509.%d", getpid());
	run("tests/selftests/certificates.sh %s", folder);
}

/* NULL: it has none. */
static void section(char *text, size_t size, const char *side,
		    const char *certificate)
{
	size_t len = strlen(text);

	len += snprintf(text + len, size - len,
			"[authenticate.%s]\nx509.truststore=%s/ca.pem\n", side,
			folder);
	if (certificate)
		snprintf(text + len, size - len,
			 "x509.certificate=%s/%s.pem\nx509.private_key=%s/%s.key\n",
			 folder, certificate, folder, certificate);
}

/* An agent with a certificate for elements of this host, and one for clients. */
static pid_t agent_with(const char *server, const char *client)
{
	char text[1024] = "";

	section(text, sizeof(text), "client", client);
	section(text, sizeof(text), "server", server);
	return agent_start_by(text);
}

static void scope_make(void)
{
	run("rspctl scope set mode secure auth x509 handshake-timeout 1m "
	    "avoid-min 1ms avoid-max 1ms");
}

/* Is this in the name of whom the peer's certificate is? */
static bool subject_has(int fd, const char *word)
{
	char subject[1024];
	socklen_t len = sizeof(subject);

	CHECK_EQ(getsockopt(fd, SOL_RSERPOOL, RSP_PEER_SUBJECT, subject, &len),
		 0);
	return memmem(subject, len, word, strlen(word));
}

static int subject_error(int fd, socklen_t len)
{
	char subject[1024];

	return getsockopt(fd, SOL_RSERPOOL, RSP_PEER_SUBJECT, subject, &len) ?
	       errno : 0;
}

TEST(x509_session)
{
	struct rsp_info info;
	int fd, accepted, listener;
	pid_t first;

	certificates_make();
	scope_make();
	agent_with("server", "client");
	run("rspctl pool add e policy prio identify client "
	    "tls-name www.example.org");
	run("rspctl pool show e | grep -q ' tls-name www.example.org '");
	run("rspctl save | grep -q '^pool add e .* tls-name www.example.org$'");
	first = echo_element("e", 1, SOCK_SEQPACKET);
	fd = framed_connect("e", SOCK_SEQPACKET);
	check_message(fd, "hello");
	info = get_info(fd);
	CHECK_EQ(info.auth, RSP_AUTH_X509);
	CHECK(info.cipher >> 8 == 0x13);
	run("rspctl session show | grep -q ' auth x509 '");
	run("rspctl doctor | grep -q '^ok *names '");

	listener = element("e", 2, SOCK_SEQPACKET);
	CHECK_EQ(kill(-first, SIGKILL), 0);
	accepted = accept(listener, NULL, NULL);
	CHECK(accepted >= 0);
	CHECK_EQ(get_info(accepted).auth, RSP_AUTH_X509);
	CHECK(subject_has(accepted, "client-4"));
	CHECK_EQ(subject_error(accepted, 3), EINVAL);
	CHECK_EQ(counter("HandshakeDone"), 4);
}

/* No certificate but one of the pool's name, signed and of today, will do. */
static void refuse_wrong_certificates(const char *identify)
{
	static const char *const wrong[] = { "other", "old", "alone" };
	struct host host;
	pid_t agent;
	size_t i;
	int fd;

	certificates_make();
	scope_make();
	agent_with("server", "client");
	host_make(&host, 1);
	host_enter(&host);
	scope_make();
	fd = element("e", 1, SOCK_SEQPACKET);
	host_leave();
	run("rspctl pool add e identify %s", identify);
	run("rspctl pe add pool e id 1 use control tcp 10.77.1.2:%d",
	    port_of(fd));
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &fd), EACCES);
	CHECK_EQ(counter("HandshakeNoKey"), 1);
	run("rspctl pool set e tls-name www.example.org");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		host_enter(&host);
		agent = agent_with(wrong[i], NULL);
		host_leave();
		CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &fd), EACCES);
		CHECK_EQ(counter("FailureSecurity"), i + 1);
		agent_kill(agent);
	}
	host_enter(&host);
	agent_with("server", NULL);
	host_leave();
	fd = framed_connect("e", SOCK_SEQPACKET);
	CHECK_EQ(get_info(fd).pe_id, 1);
	run("rspctl pool set e tls-name other.example.org");
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &fd), EACCES);
	run("rspctl pool set e tls-name none");
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &fd), EACCES);
	CHECK_EQ(counter("HandshakeNoKey"), 2);
}

TEST(x509_wrong_certificates)
{
	refuse_wrong_certificates("client");
}

TEST(x509_wrong_certificates_of_elements_alone)
{
	refuse_wrong_certificates("none");
}

/* Who has no certificate is let in, but where the pool wants to know its clients. */
TEST(x509_client_must_be_identified)
{
	struct host host;
	int fd, listener, accepted;
	pid_t agent;

	certificates_make();
	host_make(&host, 1);
	host_enter(&host);
	scope_make();
	agent_with("server", NULL);
	run("rspctl pool add e");
	listener = element("e", 1, SOCK_SEQPACKET);
	host_leave();

	scope_make();
	agent = agent_with(NULL, NULL);
	run("rspctl pool add e tls-name www.example.org");
	run("rspctl pe add pool e id 1 use control tcp 10.77.1.2:%d",
	    port_of(listener));
	fd = framed_connect("e", SOCK_SEQPACKET);
	accepted = accept(listener, NULL, NULL);
	CHECK(accepted >= 0);
	CHECK_EQ(subject_error(accepted, 1024), ENODATA);
	close(fd);

	host_enter(&host);
	run("rspctl pool set e identify client");
	host_leave();
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &fd), EACCES);
	CHECK_EQ(counter("TlsAlert"), 1);
	host_enter(&host);
	CHECK_EQ(counter("HandshakeAnonymous"), 1);
	host_leave();

	run("rspctl pool set e identify client");
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &fd), EACCES);
	agent_kill(agent);
	agent = agent_with(NULL, "alone");
	CHECK_EQ(try_connect("e", SOCK_SEQPACKET, &fd), EACCES);
	agent_kill(agent);
	agent_with(NULL, "client");
	fd = framed_connect("e", SOCK_SEQPACKET);
	accepted = accept(listener, NULL, NULL);
	CHECK(accepted >= 0);
	CHECK(subject_has(accepted, "client-4"));
}

TEST(x509_scope_and_names)
{
	run("! rspctl scope set mode plain auth x509 2> /dev/null");
	run("! rspctl scope set mode secure auth none 2> /dev/null");
	run("rspctl scope set mode secure auth x509");
	run("rspctl scope show | grep -q ' mode secure auth x509$'");
	run("rspctl scope set auth psk");
	run("rspctl scope show | grep -q ' mode secure auth psk$'");
	run("rspctl scope set auth x509");
	run("rspctl pool add e");
	run("! rspctl pool set e tls-name 'www example' 2> /dev/null");
	run("! rspctl pool set e tls-name '*.example.org' 2> /dev/null");
	run("! rspctl pool set e tls-name $(printf %%254s | tr ' ' a) "
	    "2> /dev/null");
	run("rspctl pool set e tls-name $(printf %%253s | tr ' ' a)");
	run("rspctl pe add pool e id 1 tcp 127.0.0.1:9");
	run("! rspctl scope set auth psk 2> /tmp/said.%d", getpid());
	run("grep -q 'cannot be changed' /tmp/said.%d", getpid());
	run("! rspctl doctor > /tmp/said.%d", getpid());
	run("rspctl pool set e tls-name none");
	run("rspctl doctor | grep -q 'pool e has no tls-name'");
}

TEST(x509_doctor)
{
	certificates_make();
	scope_make();
	agent_with("server", NULL);
	run("rspctl pool add e tls-name www.example.org");
	run("rspctl doctor > /tmp/said.%d", getpid());
	run("grep -q 'elements of this host have one' /tmp/said.%d", getpid());
	run("grep -q 'users of this host have none' /tmp/said.%d", getpid());
	run("rspctl pool set e identify client");
	run("! rspctl doctor > /tmp/said.%d", getpid());
	run("grep -q 'no certificate to show' /tmp/said.%d", getpid());
}
