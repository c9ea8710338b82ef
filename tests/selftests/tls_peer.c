// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "tls_peer.h"

struct tls_peer {
	gnutls_session_t session;
	gnutls_psk_server_credentials_t server;
	gnutls_psk_client_credentials_t client;
	bool agreed;
};

static void key_octets(unsigned char *octets)
{
	int i;

	for (i = 0; i < KEY_OCTETS; i++)
		octets[i] = 1 + i;
}

static int key_find(gnutls_session_t session, const char *identity,
		    gnutls_datum_t *key)
{
	const char *known = gnutls_session_get_ptr(session);

	if (strcmp(identity, known))
		return -1;
	key->data = gnutls_malloc(KEY_OCTETS);
	key->size = KEY_OCTETS;
	key_octets(key->data);
	return 0;
}

static void key_set(struct tls_peer *peer, bool server, const char *identity)
{
	unsigned char octets[KEY_OCTETS];
	gnutls_datum_t key = { octets, sizeof(octets) };

	key_octets(octets);
	if (server) {
		gnutls_session_set_ptr(peer->session, (void *)identity);
		CHECK(!gnutls_psk_allocate_server_credentials(&peer->server));
		gnutls_psk_set_server_credentials_function(peer->server,
							   key_find);
		gnutls_credentials_set(peer->session, GNUTLS_CRD_PSK,
				       peer->server);
		return;
	}
	CHECK(!gnutls_psk_allocate_client_credentials(&peer->client));
	CHECK(!gnutls_psk_set_client_credentials(peer->client, identity, &key,
						 GNUTLS_PSK_KEY_RAW));
	gnutls_credentials_set(peer->session, GNUTLS_CRD_PSK, peer->client);
}

struct tls_peer *tls_peer_make(int fd, bool server, const char *identity,
			       const char *priority)
{
	struct tls_peer *peer = calloc(1, sizeof(*peer));

	CHECK(peer);
	CHECK(!gnutls_init(&peer->session, GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
			   GNUTLS_NO_TICKETS |
			   (server ? GNUTLS_SERVER : GNUTLS_CLIENT)));
	CHECK(!gnutls_priority_set_direct(peer->session, priority, NULL));
	key_set(peer, server, identity);
	gnutls_transport_set_int(peer->session, fd);
	return peer;
}

static int answer(ssize_t ret)
{
	switch (ret) {
	case GNUTLS_E_AGAIN:
	case GNUTLS_E_INTERRUPTED:
		errno = EAGAIN;
		break;
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
		errno = ECONNRESET;
		break;
	case GNUTLS_E_DECRYPTION_FAILED:
	case GNUTLS_E_UNEXPECTED_PACKET:
	case GNUTLS_E_UNEXPECTED_PACKET_LENGTH:
	case GNUTLS_E_RECORD_OVERFLOW:
	case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
		errno = EBADMSG;
		break;
	default:
		errno = EPROTO;
		break;
	}
	return -1;
}

int tls_peer_handshake(struct tls_peer *peer)
{
	int ret;

	if (peer->agreed)
		return 0;
	do
		ret = gnutls_handshake(peer->session);
	while (ret < 0 && !gnutls_error_is_fatal(ret) &&
	       ret != GNUTLS_E_AGAIN);
	if (ret && gnutls_error_is_fatal(ret))
		gnutls_alert_send_appropriate(peer->session, ret);
	if (ret)
		return answer(ret);
	peer->agreed = true;
	return 0;
}

ssize_t tls_peer_recv(struct tls_peer *peer, void *octets, size_t len)
{
	ssize_t ret;

	if (tls_peer_handshake(peer))
		return -1;
	ret = gnutls_record_recv(peer->session, octets, len);
	return ret < 0 ? answer(ret) : ret;
}

ssize_t tls_peer_send(struct tls_peer *peer, const void *octets, size_t len)
{
	ssize_t ret;

	if (tls_peer_handshake(peer))
		return -1;
	ret = gnutls_record_send(peer->session, octets, len);
	return ret < 0 ? answer(ret) : ret;
}

void tls_peer_finish(struct tls_peer *peer)
{
	gnutls_bye(peer->session, GNUTLS_SHUT_WR);
}

void tls_peer_alert(struct tls_peer *peer)
{
	gnutls_alert_send(peer->session, GNUTLS_AL_FATAL,
			  GNUTLS_A_INTERNAL_ERROR);
}

void tls_peer_update_key(struct tls_peer *peer)
{
	gnutls_session_key_update(peer->session, 0);
}

/* RFC 8446, 5.2 and 5.3 */
static void send_nothing(struct tls_peer *peer, unsigned char type)
{
	unsigned char record[5 + 1 + 16] = { 23, 3, 3, 0, 1 + 16 };
	unsigned char nonce[12], seq[8];
	gnutls_datum_t iv, key, mac;
	gnutls_aead_cipher_hd_t cipher;
	size_t sealed = 1 + 16;
	int i;

	CHECK(!gnutls_record_get_state(peer->session, 0, &mac, &iv, &key, seq));
	CHECK_EQ(iv.size, sizeof(nonce));
	memcpy(nonce, iv.data, sizeof(nonce));
	for (i = 0; i < 8; i++)
		nonce[4 + i] ^= seq[i];
	CHECK(!gnutls_aead_cipher_init(&cipher, gnutls_cipher_get(peer->session),
				       &key));
	CHECK(!gnutls_aead_cipher_encrypt(cipher, nonce, sizeof(nonce), record, 5,
					  16, &type, 1, record + 5, &sealed));
	gnutls_aead_cipher_deinit(cipher);
	CHECK_EQ(sealed, 1 + 16);
	CHECK_EQ(write(gnutls_transport_get_int(peer->session), record,
		       sizeof(record)), sizeof(record));
	for (i = 7; i >= 0 && !++seq[i]; i--)
		;
	CHECK(!gnutls_record_set_state(peer->session, 0, seq));
}

void tls_peer_no_handshake(struct tls_peer *peer)
{
	send_nothing(peer, 22);
}

void tls_peer_no_data(struct tls_peer *peer)
{
	send_nothing(peer, 23);
}

void tls_peer_free(struct tls_peer *peer)
{
	gnutls_deinit(peer->session);
	if (peer->server)
		gnutls_psk_free_server_credentials(peer->server);
	if (peer->client)
		gnutls_psk_free_client_credentials(peer->client);
	free(peer);
}
