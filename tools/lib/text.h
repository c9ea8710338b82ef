/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What people write and read: handles, addresses, times, loads. A parser
 * returns NULL, or a sentence that says what would have been right.
 */
#ifndef _RSP_TEXT_H
#define _RSP_TEXT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/rserpool.h>

/* A handle as text: each octet may become \xNN. */
#define HANDLE_TEXT_MAX	(4 * RSP_HANDLE_MAX + 1)

/* An address as text: [V6%INTERFACE]:PORT */
#define TRANSPORT_TEXT_MAX	(INET6_ADDRSTRLEN + 16 + 10)

#define TIME_TEXT_MAX	24
#define LOAD_TEXT_MAX	24

/* What is wrong in a file: its name, the line, and what was expected. */
#define WHY_MAX		512

/**
 * struct handle - a pool handle
 * @len: 1 to RSP_HANDLE_MAX
 * @octets: any octets
 */
struct handle {
	uint8_t len;
	uint8_t octets[RSP_HANDLE_MAX];
};

/**
 * struct transport - a TCP transport address
 * @family: AF_INET or AF_INET6
 * @port: host byte order
 * @scope_id: interface index of a link-local @v6, else 0
 * @v4: address when @family is AF_INET
 * @v6: address when @family is AF_INET6
 */
struct transport {
	uint16_t family;
	uint16_t port;
	uint32_t scope_id;
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

/**
 * struct addresses - some transport addresses
 * @at: they
 * @n: how many
 */
struct addresses {
	struct transport *at;
	unsigned int n;
};

int hex_digit(char c);
const char *parse_u32(const char *s, uint32_t *value);
const char *parse_handle(const char *s, struct handle *handle);
void format_handle(const uint8_t *octets, size_t len,
		   char text[HANDLE_TEXT_MAX]);
const char *parse_transport(const char *s, struct transport *transport);
void format_transport(const struct transport *transport,
		      char text[TRANSPORT_TEXT_MAX]);
const char *parse_metrics(const char *text, struct transport *at);
bool transport_same(const struct transport *a, const struct transport *b);
bool transport_is_wildcard(const struct transport *transport);
const char *parse_time(const char *s, uint32_t *ms);
void format_time(uint64_t ms, char text[TIME_TEXT_MAX]);
const char *parse_policy(const char *s, uint32_t *policy);
const char *parse_load(const char *s, uint32_t *load);
void format_load(uint32_t load, char text[LOAD_TEXT_MAX]);

#endif /* _RSP_TEXT_H */
