/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The authorization file: which identity may register which PE identifiers in
 * which pools, where they may be, and how many and how often.
 */
#ifndef _ENRPD_AUTHORIZATION_H
#define _ENRPD_AUTHORIZATION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "../lib/list.h"
#include "../lib/text.h"
#include "../lib/tls.h"

/**
 * struct network - addresses with the same beginning
 * @family: AF_INET or AF_INET6
 * @bits: of the beginning
 * @octets: an address
 */
struct network {
	uint16_t family;
	uint8_t bits;
	uint8_t octets[16];
};

/**
 * struct grant - what an identity may register
 * @pattern: the pools' handles; '*' is any octets, '?' is one, where the octet
 *	was not written with a backslash
 * @special: of each octet of @pattern, whether it is such a sign
 * @id_min: the least PE identifier
 * @id_max: the largest one
 * @networks: where elements may be
 * @own_address: and at the address that they were registered from
 * @n_networks: how many
 * @policies: which policies, 0-ended; NULL: any
 * @line: in the file
 */
struct grant {
	struct handle pattern;
	bool special[RSP_HANDLE_MAX];
	uint32_t id_min;
	uint32_t id_max;
	struct network *networks;
	bool own_address;
	unsigned int n_networks;
	uint32_t *policies;
	unsigned int line;
};

/**
 * struct account - an identity
 * @in_all: place in struct authorization
 * @name: what it calls itself; of a certificate "x509:" and its DNS name, of
 *	sockets that listen on a registrar's host "host:" and a word
 * @key: its PSK
 * @has_key: it has one
 * @grants: what it may register
 * @n_grants: how many
 * @elements_max: how many elements at once
 * @updates_rate: registrations and deregistrations a second
 * @updates_burst: of them at once
 * @n_elements: elements it has
 * @tokens: updates that it may do yet, in thousandths
 * @tokens_at: when that was so, in milliseconds
 * @successor: the same identity in a file that takes the place of this one; NULL: none
 */
struct account {
	struct list in_all;
	char name[TLS_IDENTITY_MAX + 1];
	struct tls_key key;
	bool has_key;
	struct grant *grants;
	unsigned int n_grants;
	uint32_t elements_max;
	uint32_t updates_rate;
	uint32_t updates_burst;
	uint32_t n_elements;
	uint64_t tokens;
	uint64_t tokens_at;
	struct account *successor;
};

/**
 * struct authorization - the whole file
 * @accounts: all identities
 */
struct authorization {
	struct list accounts;
};

int authorization_load(struct authorization *authorization, const char *path,
		       char why[WHY_MAX]);

/* In account.c */
void authorization_free(struct authorization *authorization);
struct account *account_find(const struct authorization *authorization,
			     const char *name);
struct account *account_of_element(struct authorization *authorization,
				   const uint8_t *handle, uint32_t len,
				   uint32_t id);
const struct grant *account_grant(const struct account *account,
				  const uint8_t *handle, uint32_t len,
				  uint32_t id);
bool grant_has_address(const struct grant *grant, uint16_t family,
		       const uint8_t *octets);
bool grant_has_policy(const struct grant *grant, uint32_t policy);
bool account_may_update(struct account *account, uint64_t now_ms);

/* In pattern.c */
bool pattern_fits(const struct grant *grant, const uint8_t *octets,
		  uint32_t len);
bool patterns_meet(const struct grant *a, const struct grant *b);
const char *pattern_parse(const char *text, struct grant *grant);

#endif /* _ENRPD_AUTHORIZATION_H */
