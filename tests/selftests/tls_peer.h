/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other end of TLS, in user space: it has the keys, and does with them what
 * neither the kernel nor its agent would.
 */
#ifndef _TLS_PEER_H
#define _TLS_PEER_H

#include <stddef.h>
#include <sys/types.h>

#include "ktap.h"

#define KEY_OCTETS	32
/* GnuTLS's words for what the agent does. */
#define TLS_AS_AGENT	"NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+DHE-PSK:+ECDHE-PSK"

struct tls_peer;

/*
 * Of a TCP connection; it shows, or wants to see, the key of secure_pool() with
 * this identity, and goes by GnuTLS's priorities.
 */
struct tls_peer *tls_peer_make(int fd, bool server, const char *identity,
			       const char *priority);
/* 0; or -1 and errno: EAGAIN, where the socket does not block; EPROTO. */
int tls_peer_handshake(struct tls_peer *peer);
/*
 * As recv() and send(); the handshake is done first. 0: close_notify came.
 * ECONNRESET: an end without; EBADMSG: no record of the peer's; EPROTO: an alert,
 * and others.
 */
ssize_t tls_peer_recv(struct tls_peer *peer, void *octets, size_t len);
ssize_t tls_peer_send(struct tls_peer *peer, const void *octets, size_t len);
/* close_notify is sent. */
void tls_peer_finish(struct tls_peer *peer);
/* An alert that is another one; another key for what is sent from now on. */
void tls_peer_alert(struct tls_peer *peer);
void tls_peer_update_key(struct tls_peer *peer);
/* A record that has no octets: of the handshake, or of the data. */
void tls_peer_no_handshake(struct tls_peer *peer);
void tls_peer_no_data(struct tls_peer *peer);
void tls_peer_free(struct tls_peer *peer);

#endif /* _TLS_PEER_H */
