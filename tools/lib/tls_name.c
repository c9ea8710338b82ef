// SPDX-License-Identifier: GPL-2.0
/*
 * Who a certificate is for, by RFC 5352, section 9.2: a name of the subjectAltName, of
 * the type of what is looked for. GnuTLS also takes the subject's common name, and
 * wildcards that stand for a part of a label.
 */
#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "tls_name.h"

#define NAME_MAX_OCTETS	256	/* a DNS name has less */

/* Returns how many octets the address has, 0 where it is none. */
static size_t address_of(const char *name, uint8_t octets[16])
{
	if (inet_pton(AF_INET, name, octets) == 1)
		return 4;
	return inet_pton(AF_INET6, name, octets) == 1 ? 16 : 0;
}

/**
 * tls_name_is_address() - whether a name is an address of IP
 * @name: a name
 *
 * Return: true when it is.
 */
bool tls_name_is_address(const char *name)
{
	uint8_t octets[16];

	return address_of(name, octets);
}

/**
 * tls_name_ascii() - write a name as certificates have it
 * @name: a DNS name, perhaps an internationalized one, or an address
 *
 * Return: it, for gnutls_free(); NULL when it is no name, or there is no memory.
 */
char *tls_name_ascii(const char *name)
{
	gnutls_datum_t ascii;

	if (tls_name_is_address(name))
		return gnutls_strdup(name);
	if (gnutls_idna_map(name, (unsigned int)strlen(name), &ascii, 0))
		return NULL;
	return (char *)ascii.data;
}

/* A wildcard is the whole first label, and stands for one. */
static bool dns_fits(const char *pattern, size_t len, const char *name)
{
	if (strlen(pattern) != len)
		return false;
	if (!strncmp(pattern, "*.", 2)) {
		name = strchr(name, '.');
		if (!name || !strchr(name + 1, '.'))
			return false;
		pattern++;
	}
	return !strchr(pattern, '*') && !strcasecmp(pattern, name);
}

static bool crt_is_for(gnutls_x509_crt_t crt, const char *name)
{
	char found[NAME_MAX_OCTETS];
	uint8_t octets[16];
	size_t address_len = address_of(name, octets), len;
	unsigned int i;
	int type;

	for (i = 0;; i++) {
		len = sizeof(found);
		type = gnutls_x509_crt_get_subject_alt_name(crt, i, found, &len,
							    NULL);
		if (type == GNUTLS_E_SHORT_MEMORY_BUFFER ||
		    (type >= 0 && len >= sizeof(found)))
			continue;
		if (type < 0)
			return false;
		found[len] = '\0';
		if (address_len ? type == GNUTLS_SAN_IPADDRESS &&
				  len == address_len &&
				  !memcmp(found, octets, len) :
				  type == GNUTLS_SAN_DNSNAME &&
				  dns_fits(found, len, name))
			return true;
	}
}

/**
 * tls_name_verify() - whether the peer's certificate is good, and for a name
 * @session: in or after its handshake
 * @name: what tls_name_ascii() gave; NULL for any
 *
 * Return: 0 or GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR.
 */
int tls_name_verify(gnutls_session_t session, const char *name)
{
	const gnutls_datum_t *chain;
	unsigned int n, status;
	gnutls_x509_crt_t crt;
	bool good = false;

	if (gnutls_certificate_verify_peers2(session, &status) || status)
		return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
	if (!name)
		return 0;
	chain = gnutls_certificate_get_peers(session, &n);
	if (!chain || !n || gnutls_x509_crt_init(&crt))
		return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
	if (!gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER))
		good = crt_is_for(crt, name);
	gnutls_x509_crt_deinit(crt);
	return good ? 0 : GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}
