/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a certificate is for a name. */
#ifndef _RSP_TLS_NAME_H
#define _RSP_TLS_NAME_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

bool tls_name_is_address(const char *name);
char *tls_name_ascii(const char *name);
int tls_name_verify(gnutls_session_t session, const char *name);

#endif /* _RSP_TLS_NAME_H */
