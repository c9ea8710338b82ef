// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tls.h"

#define KEY_SIZE	32
#define PRIORITY	"NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:" \
			"-KX-ALL:+DHE-PSK:+ECDHE-PSK"

#ifndef TCP_ULP
#define TCP_ULP		31
#endif
#ifndef SOL_TLS
#define SOL_TLS		282
#endif

static unsigned char key_octets[KEY_SIZE];

static void must(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, gnutls_strerror(ret));
}

static void key_read(void)
{
	FILE *f = fopen(TLS_KEY_FILE, "r");

	if (!f || fread(key_octets, sizeof(key_octets), 1, f) != 1)
		err(1, TLS_KEY_FILE);
	fclose(f);
}

/* Whoever asks: it is one key for all. */
static int key_find(gnutls_session_t session, const char *identity,
		    gnutls_datum_t *key)
{
	(void)session;
	(void)identity;
	key->data = gnutls_malloc(KEY_SIZE);
	key->size = KEY_SIZE;
	memcpy(key->data, key_octets, KEY_SIZE);
	return 0;
}

static void key_set(gnutls_session_t session, bool server)
{
	const gnutls_datum_t key = { key_octets, sizeof(key_octets) };
	static gnutls_psk_server_credentials_t servers;
	static gnutls_psk_client_credentials_t clients;

	if (!servers) {
		key_read();
		must(gnutls_psk_allocate_server_credentials(&servers), "key");
		gnutls_psk_set_server_credentials_function(servers, key_find);
		must(gnutls_psk_allocate_client_credentials(&clients), "key");
		must(gnutls_psk_set_client_credentials(clients, "bench", &key,
						       GNUTLS_PSK_KEY_RAW),
		     "key");
	}
	must(gnutls_credentials_set(session, GNUTLS_CRD_PSK,
				    server ? (void *)servers : clients),
	     "credentials");
}

gnutls_session_t tls_handshake(int fd, bool server)
{
	gnutls_session_t session;
	int ret;

	must(gnutls_init(&session, GNUTLS_NO_TICKETS | GNUTLS_NO_SIGNAL |
			 (server ? GNUTLS_SERVER : GNUTLS_CLIENT)), "session");
	must(gnutls_priority_set_direct(session, PRIORITY, NULL), "priority");
	key_set(session, server);
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, 30000);
	do
		ret = gnutls_handshake(session);
	while (ret < 0 && !gnutls_error_is_fatal(ret));
	if (!ret)
		return session;
	warnx("handshake: %s", gnutls_strerror(ret));
	gnutls_deinit(session);
	return NULL;
}

void tls_free(gnutls_session_t session)
{
	gnutls_deinit(session);
}

static bool direction(gnutls_session_t session, int fd, bool receives)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info.version = TLS_1_3_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};
	gnutls_datum_t mac, iv, key;
	unsigned char seq[8];

	must(gnutls_record_get_state(session, receives, &mac, &iv, &key, seq),
	     "keys");
	if (key.size != sizeof(info.key) ||
	    iv.size != sizeof(info.salt) + sizeof(info.iv))
		errx(1, "another cipher");
	memcpy(info.salt, iv.data, sizeof(info.salt));
	memcpy(info.iv, iv.data + sizeof(info.salt), sizeof(info.iv));
	memcpy(info.key, key.data, sizeof(info.key));
	memcpy(info.rec_seq, seq, sizeof(info.rec_seq));
	return !setsockopt(fd, SOL_TLS, receives ? TLS_RX : TLS_TX, &info,
			   sizeof(info));
}

bool ktls_begin(int fd, bool server)
{
	gnutls_session_t session = tls_handshake(fd, server);
	bool ok;

	if (!session)
		return false;
	ok = !setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")) &&
	     direction(session, fd, false) && direction(session, fd, true);
	if (!ok)
		warn("kTLS");
	tls_free(session);
	return ok;
}
