/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a side of TLS shows and asks for: keys, certificates and the rules that
 * hold for all of our connections (RFC 5352, section 9; RFC 5355).
 */
#ifndef _RSP_TLS_H
#define _RSP_TLS_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TLS_PSK_MIN		16	/* octets of a key */
#define TLS_PSK_MAX		64
#define TLS_IDENTITY_MAX	128	/* octets of an identity */

/**
 * struct tls_key - a key that two sides share
 * @octets: it
 * @len: TLS_PSK_MIN to TLS_PSK_MAX
 */
struct tls_key {
	uint8_t octets[TLS_PSK_MAX];
	size_t len;
};

/**
 * tls_key_fn - find the key of who calls himself so
 * @identity: what he says
 * @key: filled
 * @data: of struct tls_config
 *
 * Return: false when there is none.
 */
typedef bool tls_key_fn(const char *identity, struct tls_key *key, void *data);

/**
 * struct tls_config - what tls_new() makes a side from
 * @server: it accepts, else it connects
 * @find_key: of a server that knows PSKs
 * @data: for @find_key
 * @identity: of a client with a PSK; else NULL
 * @key: its key
 * @ca: file of the authorities that the other side's certificate must come from
 * @certificate: file of our own certificate and those above it, PEM
 * @private_key: file of its key, PEM
 * @name: of a client: what the server's certificate must be for
 * @demand: of a server with @ca: refuse who shows neither a PSK nor a
 *	certificate
 */
struct tls_config {
	bool server;
	tls_key_fn *find_key;
	void *data;
	const char *identity;
	struct tls_key key;
	const char *ca;
	const char *certificate;
	const char *private_key;
	const char *name;
	bool demand;
};

static inline bool tls_key_same(const struct tls_key *a,
				const struct tls_key *b)
{
	return a->len == b->len && !memcmp(a->octets, b->octets, a->len);
}

struct tls;

struct tls *tls_new(const struct tls_config *config, char *why, size_t room);
struct tls *tls_get(struct tls *tls);
void tls_put(struct tls *tls);
int tls_session(struct tls *tls, gnutls_session_t *session);
bool tls_identity(gnutls_session_t session, char *identity, size_t room);

#endif /* _RSP_TLS_H */
