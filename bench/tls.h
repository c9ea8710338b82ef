/* SPDX-License-Identifier: GPL-2.0 */
/* TLS 1.3 with AES-128-GCM and the bench's pre-shared key, set up by GnuTLS. */
#ifndef _BENCH_TLS_H
#define _BENCH_TLS_H

#include <stdbool.h>

#include <gnutls/gnutls.h>

/* bench/guest.sh makes it and gives it to the scope. */
#define TLS_KEY_FILE	"/run/bench.key"

/* NULL: it came to nothing, for which the other end has the reason. */
gnutls_session_t tls_handshake(int fd, bool server);
void tls_free(gnutls_session_t session);

/* The same, and the kernel has the keys: kTLS, without GnuTLS from now on. */
bool ktls_begin(int fd, bool server);

#endif /* _BENCH_TLS_H */
