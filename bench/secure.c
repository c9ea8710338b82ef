// SPDX-License-Identifier: GPL-2.0
/*
 * The works of the bench's client that only sessions with TLS have.
 *
 *	user		as bulk; the peer has GnuTLS seal and open what it sends and
 *			gets, itself
 *	tls-connect	sessions a second: connect, handshake, close.  The peer is
 *			a socket of the kernel's, which bench/upcall connects and
 *			hands to the agent
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include "client.h"
#include "tls.h"

#define HANDSHAKES	20

static size_t put(const struct side *side, gnutls_session_t session,
		  const void *octets, size_t len)
{
	ssize_t n;

	n = session ? gnutls_record_send(session, octets, len) :
		      send(side->fd, octets, len, MSG_NOSIGNAL);
	if (n <= 0)
		err(1, "send of %s", side->name);
	return n;
}

static void put_all(const struct side *side, gnutls_session_t session,
		    const void *octets, size_t len)
{
	size_t n;

	for (; len; len -= n, octets = (const char *)octets + n)
		n = put(side, session, octets, len);
}

static void get_all(const struct side *side, gnutls_session_t session,
		    size_t len)
{
	ssize_t n;

	for (; len; len -= n) {
		size_t room = len < CALL_SIZE ? len : CALL_SIZE;

		n = session ? gnutls_record_recv(session, buffer, room) :
			      recv(side->fd, buffer, room, 0);
		if (n <= 0)
			err(1, "recv of %s", side->name);
	}
}

static void work_user(struct side *side, int pair)
{
	struct request request = { .operation = SINK, .octets = BULK_OCTETS };
	gnutls_session_t session = NULL;
	double start;
	int i;

	side->fd = socket(side->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	connect_session(side, side->fd);
	if (!side->handle && !side->ktls) {
		session = tls_handshake(side->fd, false);
		if (!session)
			errx(1, "no TLS");
	}
	start = now();
	put_all(side, session, &request, sizeof(request));
	for (i = 0; i < BULK_OCTETS / CALL_SIZE; i++)
		put_all(side, session, buffer, CALL_SIZE);
	get_all(side, session, 1);
	sample(".out", pair, side, BULK_OCTETS / (now() - start) / 1e6);

	start = now();
	request.operation = SOURCE;
	put_all(side, session, &request, sizeof(request));
	get_all(side, session, BULK_OCTETS);
	sample(".in", pair, side, BULK_OCTETS / (now() - start) / 1e6);
	close(side->fd);
	if (session)
		tls_free(session);
}

static void start_connect(struct side *side)
{
	if (side->handle)
		return;
	side->fd = open("/dev/rsp_upcall", O_WRONLY | O_CLOEXEC);
	if (side->fd < 0)
		err(1, "/dev/rsp_upcall");
}

static void work_connect(struct side *side, int pair)
{
	double start = now();
	int i, fd;

	for (i = 0; i < HANDSHAKES; i++) {
		if (!side->handle) {
			if (write(side->fd, &side->addr,
				  sizeof(struct sockaddr_in)) < 0)
				err(1, "upcall");
			continue;
		}
		fd = socket(side->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		connect_session(side, fd);
		close(fd);
	}
	sample("", pair, side, HANDSHAKES / (now() - start));
}

const struct work secure_works[] = {
	{ "user", start_nothing, work_user },
	{ "tls-connect", start_connect, work_connect },
};

const int n_secure_works = sizeof(secure_works) / sizeof(*secure_works);
