// SPDX-License-Identifier: GPL-2.0
/* Authorities and certificates for tests, valid for a day or no more. */
#include <gnutls/x509.h>
#include <stdio.h>
#include <time.h>

#include "channel_test.h"

static void write_file(const char *folder, const char *file, const char *end,
		       const gnutls_datum_t *datum)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.%s", folder, file, end);
	f = fopen(path, "wb");
	assert_non_null(f);
	fwrite(datum->data, datum->size, 1, f);
	fclose(f);
}

static void read_file(const char *folder, const char *file, const char *end,
		      gnutls_datum_t *datum)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s.%s", folder, file, end);
	assert_int_equal(gnutls_load_file(path, datum), 0);
}

static gnutls_x509_crt_t begin(gnutls_x509_privkey_t key, const char *name,
			       bool expired)
{
	time_t now = time(NULL), day = 24 * 60 * 60;
	gnutls_x509_crt_t crt;
	uint32_t serial = (uint32_t)rand();

	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_key(crt, key);
	gnutls_x509_crt_set_serial(crt, &serial, sizeof(serial));
	gnutls_x509_crt_set_dn(crt, name, NULL);
	gnutls_x509_crt_set_activation_time(crt, now - 2 * day);
	gnutls_x509_crt_set_expiration_time(crt, expired ? now - day :
							   now + day);
	return crt;
}

static gnutls_x509_privkey_t new_key(void)
{
	gnutls_x509_privkey_t key;

	gnutls_x509_privkey_init(&key);
	gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
				     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
				     0);
	return key;
}

static void save(const char *folder, const char *file, gnutls_x509_crt_t crt,
		 gnutls_x509_privkey_t key)
{
	gnutls_datum_t out;

	gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &out);
	write_file(folder, file, "crt", &out);
	gnutls_free(out.data);
	gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &out);
	write_file(folder, file, "key", &out);
	gnutls_free(out.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static void authority(const char *folder, const char *file)
{
	gnutls_x509_privkey_t key = new_key();
	gnutls_x509_crt_t crt = begin(key, "CN=authority", false);

	gnutls_x509_crt_set_basic_constraints(crt, 1, -1);
	gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN);
	gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	save(folder, file, crt, key);
}

void certificate_for(const char *folder, const char *ca, const char *name,
		     const char *file, bool expired)
{
	gnutls_x509_privkey_t key = new_key(), ca_key;
	gnutls_x509_crt_t crt = begin(key, "CN=somebody", expired), ca_crt;
	gnutls_datum_t in;

	gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name,
					     (unsigned int)strlen(name),
					     GNUTLS_FSAN_SET);
	gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	gnutls_x509_crt_init(&ca_crt);
	gnutls_x509_privkey_init(&ca_key);
	read_file(folder, ca, "crt", &in);
	gnutls_x509_crt_import(ca_crt, &in, GNUTLS_X509_FMT_PEM);
	gnutls_free(in.data);
	read_file(folder, ca, "key", &in);
	gnutls_x509_privkey_import(ca_key, &in, GNUTLS_X509_FMT_PEM);
	gnutls_free(in.data);
	gnutls_x509_crt_sign2(crt, ca_crt, ca_key, GNUTLS_DIG_SHA256, 0);
	gnutls_x509_crt_deinit(ca_crt);
	gnutls_x509_privkey_deinit(ca_key);
	save(folder, file, crt, key);
}

/* Two authorities, ca and other, in a folder of mkdtemp(). */
void certificates_make(char *folder)
{
	assert_non_null(mkdtemp(folder));
	authority(folder, "ca");
	authority(folder, "other");
}
