// SPDX-License-Identifier: GPL-2.0
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls.h"
#include "tls_name.h"

/*
 * TLS 1.3 and 1.2, ciphers with authentication, and with a PSK no exchange
 * without (EC)DHE, so that a key that gets known later opens no old record.
 * What RFC 5352, section 9.2, names (TLS_RSA_WITH_AES_128_CBC_SHA) has neither.
 */
#define RULES \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:" \
	"+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:" \
	"-KX-ALL:%%SAFE_RENEGOTIATION"
#define RULES_PSK	":+ECDHE-PSK:+DHE-PSK"
#define RULES_X509	":+ECDHE-ECDSA:+ECDHE-RSA"

/* A client hello, and certificates: as much as a handshake message may have. */
#define HANDSHAKE_MAX	32768

/**
 * struct tls - one side, shared by its sessions
 * @users: how many hold it
 * @server: it accepts
 * @demand: see struct tls_config
 * @name: what tls_name_ascii() made of that of struct tls_config; NULL for none
 * @find_key: see struct tls_config
 * @data: for @find_key
 * @priority: versions, ciphers and key exchanges
 * @psk_server: keys, of a server
 * @psk_client: the key, of a client
 * @x509: certificates
 */
struct tls {
	unsigned int users;
	bool server;
	bool demand;
	char *name;
	tls_key_fn *find_key;
	void *data;
	gnutls_priority_t priority;
	gnutls_psk_server_credentials_t psk_server;
	gnutls_psk_client_credentials_t psk_client;
	gnutls_certificate_credentials_t x509;
};

static int give_key(const struct tls_key *from, gnutls_datum_t *key)
{
	key->data = gnutls_malloc(from->len);
	if (!key->data)
		return -1;
	memcpy(key->data, from->octets, from->len);
	key->size = (unsigned int)from->len;
	return 0;
}

/*
 * Who is not known gets a key that nobody has: the handshake fails as with a
 * wrong key, and tells nobody which identities there are.
 */
static int find_psk(gnutls_session_t session, const char *identity,
		    gnutls_datum_t *datum)
{
	struct tls *tls = gnutls_session_get_ptr(session);
	struct tls_key key = { .len = 32 };
	int ret;

	if (strlen(identity) > TLS_IDENTITY_MAX ||
	    !tls->find_key(identity, &key, tls->data)) {
		key.len = 32;
		if (gnutls_rnd(GNUTLS_RND_KEY, key.octets, key.len))
			return -1;
	}
	ret = give_key(&key, datum);
	gnutls_memset(&key, 0, sizeof(key));
	return ret;
}

__attribute__((format(printf, 3, 4)))
static int fail(char *why, size_t room, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, room, format, args);
	va_end(args);
	return -1;
}

static int set_psk(struct tls *tls, const struct tls_config *config,
		   char *why, size_t room)
{
	gnutls_datum_t key = {
		(unsigned char *)config->key.octets,
		(unsigned int)config->key.len,
	};

	if (config->server) {
		if (gnutls_psk_allocate_server_credentials(&tls->psk_server))
			return fail(why, room, "no memory");
		tls->find_key = config->find_key;
		tls->data = config->data;
		gnutls_psk_set_server_credentials_function(tls->psk_server,
							   find_psk);
		return 0;
	}
	if (config->key.len < TLS_PSK_MIN || config->key.len > TLS_PSK_MAX)
		return fail(why, room, "the key has %zu octets, not %d to %d",
			    config->key.len, TLS_PSK_MIN, TLS_PSK_MAX);
	if (gnutls_psk_allocate_client_credentials(&tls->psk_client) ||
	    gnutls_psk_set_client_credentials(tls->psk_client,
					      config->identity, &key,
					      GNUTLS_PSK_KEY_RAW))
		return fail(why, room, "no memory");
	return 0;
}

static int set_x509(struct tls *tls, const struct tls_config *config,
		    char *why, size_t room)
{
	int ret;

	if (gnutls_certificate_allocate_credentials(&tls->x509))
		return fail(why, room, "no memory");
	if (config->ca) {
		ret = gnutls_certificate_set_x509_trust_file(tls->x509,
							     config->ca,
							     GNUTLS_X509_FMT_PEM);
		if (ret <= 0)
			return fail(why, room, "%s: %s", config->ca,
				    ret ? gnutls_strerror(ret) :
					  "there is no certificate in it");
	}
	if (!config->certificate)
		return 0;
	ret = gnutls_certificate_set_x509_key_file(tls->x509,
						   config->certificate,
						   config->private_key,
						   GNUTLS_X509_FMT_PEM);
	if (ret < 0)
		return fail(why, room, "%s, %s: %s", config->certificate,
			    config->private_key, gnutls_strerror(ret));
	return 0;
}

static int set_up(struct tls *tls, const struct tls_config *config, char *why,
		  size_t room)
{
	bool psk = config->server ? !!config->find_key : !!config->identity;
	bool x509 = config->ca || config->certificate;
	char rules[256];

	if (config->name) {
		tls->name = tls_name_ascii(config->name);
		if (!tls->name)
			return fail(why, room,
				    "\"%s\" is neither a DNS name nor an address",
				    config->name);
	}
	if (psk && set_psk(tls, config, why, room))
		return -1;
	if (x509 && set_x509(tls, config, why, room))
		return -1;
	if (!psk && !x509)
		return fail(why, room, "neither a key nor a certificate is given");
	snprintf(rules, sizeof(rules), RULES "%s%s", psk ? RULES_PSK : "",
		 x509 ? RULES_X509 : "");
	if (gnutls_priority_init(&tls->priority, rules, NULL))
		return fail(why, room, "GnuTLS does not take \"%s\"", rules);
	return 0;
}

static void destroy(struct tls *tls)
{
	if (tls->psk_server)
		gnutls_psk_free_server_credentials(tls->psk_server);
	if (tls->psk_client)
		gnutls_psk_free_client_credentials(tls->psk_client);
	if (tls->x509)
		gnutls_certificate_free_credentials(tls->x509);
	if (tls->priority)
		gnutls_priority_deinit(tls->priority);
	gnutls_free(tls->name);
	free(tls);
}

/**
 * tls_new() - make a side of TLS
 * @config: from what; not needed afterwards
 * @why: filled when it fails
 * @room: octets of @why
 *
 * Return: it, for tls_put(); NULL when it fails.
 */
struct tls *tls_new(const struct tls_config *config, char *why, size_t room)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (!tls) {
		fail(why, room, "no memory");
		return NULL;
	}
	tls->users = 1;
	tls->server = config->server;
	tls->demand = config->demand;
	if (set_up(tls, config, why, room)) {
		destroy(tls);
		return NULL;
	}
	return tls;
}

/**
 * tls_get() - hold it
 * @tls: a side, or NULL
 *
 * Return: @tls.
 */
struct tls *tls_get(struct tls *tls)
{
	if (tls)
		tls->users++;
	return tls;
}

/**
 * tls_put() - hold it no longer
 * @tls: a side, or NULL
 */
void tls_put(struct tls *tls)
{
	if (tls && !--tls->users)
		destroy(tls);
}

static int verify_server(gnutls_session_t session)
{
	const struct tls *tls = gnutls_session_get_ptr(session);

	return tls_name_verify(session, tls->name);
}

/*
 * What must be shown is checked in the handshake, and so fails it; what may be,
 * in tls_identity().
 */
static void ask_peer(struct tls *tls, gnutls_session_t session)
{
	if (!tls->server) {
		gnutls_session_set_verify_function(session, verify_server);
		return;
	}
	gnutls_certificate_server_set_request(session, tls->demand ?
					      GNUTLS_CERT_REQUIRE :
					      GNUTLS_CERT_REQUEST);
	if (tls->demand)
		gnutls_session_set_verify_cert(session, NULL, 0);
}

static int set_session(struct tls *tls, gnutls_session_t session)
{
	int ret;

	gnutls_session_set_ptr(session, tls);
	gnutls_handshake_set_max_packet_length(session, HANDSHAKE_MAX);
	ret = gnutls_priority_set(session, tls->priority);
	if (!ret && tls->psk_server)
		ret = gnutls_credentials_set(session, GNUTLS_CRD_PSK,
					     tls->psk_server);
	if (!ret && tls->psk_client)
		ret = gnutls_credentials_set(session, GNUTLS_CRD_PSK,
					     tls->psk_client);
	if (!ret && tls->x509) {
		ret = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
					     tls->x509);
		ask_peer(tls, session);
	}
	if (!ret && !tls->server && tls->name && tls->x509 &&
	    !tls_name_is_address(tls->name))
		ret = gnutls_server_name_set(session, GNUTLS_NAME_DNS,
					     tls->name, strlen(tls->name));
	return ret;
}

/**
 * tls_session() - make a session, without a transport yet
 * @tls: its side, which must be held until the session has gone
 * @session: it
 *
 * Nothing is kept of a session for a next one, and no data goes before the
 * handshake is done.
 *
 * Return: 0, or an error of GnuTLS.
 */
int tls_session(struct tls *tls, gnutls_session_t *session)
{
	int ret;

	ret = gnutls_init(session, (tls->server ? GNUTLS_SERVER :
						  GNUTLS_CLIENT) |
				   GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
				   GNUTLS_NO_TICKETS);
	if (ret)
		return ret;
	ret = set_session(tls, *session);
	if (ret)
		gnutls_deinit(*session);
	return ret;
}

/* The first DNS name; one with a NUL in it is no string of C, and none. */
static bool first_name(gnutls_x509_crt_t crt, char *name, size_t room)
{
	unsigned int i;
	size_t len;
	int ret;

	for (i = 0;; i++) {
		len = room;
		ret = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &len,
							   NULL);
		if (ret == GNUTLS_SAN_DNSNAME)
			return strnlen(name, room) == len && len < room;
		if (ret < 0 && ret != GNUTLS_E_SHORT_MEMORY_BUFFER)
			return false;
	}
}

static bool certificate_name(gnutls_session_t session, char *name, size_t room)
{
	const gnutls_datum_t *chain;
	gnutls_x509_crt_t crt;
	unsigned int n, status;
	bool found = false;

	if (gnutls_certificate_verify_peers2(session, &status) || status)
		return false;
	chain = gnutls_certificate_get_peers(session, &n);
	if (!chain || !n || gnutls_x509_crt_init(&crt))
		return false;
	if (!gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER))
		found = first_name(crt, name, room);
	gnutls_x509_crt_deinit(crt);
	return found;
}

/**
 * tls_identity() - who is on the other side
 * @session: after its handshake
 * @identity: filled; of a PSK what its owner calls himself, of a certificate
 *	"x509:" and its first DNS name
 * @room: octets of @identity
 *
 * Return: false when he has shown nothing that says it.
 */
bool tls_identity(gnutls_session_t session, char *identity, size_t room)
{
	static const char prefix[] = "x509:";
	const char *name;

	switch (gnutls_auth_client_get_type(session)) {
	case GNUTLS_CRD_PSK:
		name = gnutls_psk_server_get_username(session);
		if (!name || strlen(name) >= room)
			return false;
		strcpy(identity, name);
		return true;
	case GNUTLS_CRD_CERTIFICATE:
		if (room <= sizeof(prefix))
			return false;
		memcpy(identity, prefix, sizeof(prefix));
		return certificate_name(session, identity + sizeof(prefix) - 1,
					room - sizeof(prefix) + 1);
	default:
		return false;
	}
}
