// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/rserpool_netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/**
 * hex_digit() - read a hexadecimal digit
 * @c: of either case
 *
 * Return: its value, or -1 where it is none.
 */
int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Digits up to what is none, for numbers of at most 32 bits: a million of
 * them in a batch is what makes strtoul() too slow. NULL: no digit, or more
 * than @max.
 */
static const char *digits(const char *s, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;
	const char *p;

	for (p = s; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > max)
			return NULL;
	}
	*value = v;
	return p == s ? NULL : p;
}

/**
 * parse_u32() - a number, decimal or hexadecimal after 0x
 * @s: text
 * @value: the number
 *
 * Return: NULL or what was expected.
 */
const char *parse_u32(const char *s, uint32_t *value)
{
	static const char expected[] =
		"a number from 0 to 4294967295 is expected, or one in hexadecimal after 0x";
	uint64_t v = 0;
	int n;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		for (s += 2, n = 0; hex_digit(*s) >= 0; s++, n++) {
			v = v << 4 | (uint64_t)hex_digit(*s);
			if (v > UINT32_MAX)
				return expected;
		}
		if (!n)
			return expected;
	} else {
		s = digits(s, UINT32_MAX, &v);
	}
	if (!s || *s)
		return expected;
	*value = (uint32_t)v;
	return NULL;
}

static const char handle_long[] = "a handle has at most 96 octets";

static const char *handle_from_hex(const char *s, struct handle *handle)
{
	size_t len = strlen(s), i;

	if (len % 2)
		return "a handle in hexadecimal has an even number of digits";
	if (len / 2 > RSP_HANDLE_MAX)
		return handle_long;
	for (i = 0; i < len / 2; i++)
		handle->octets[i] = (uint8_t)(hex_digit(s[2 * i]) << 4 |
					      hex_digit(s[2 * i + 1]));
	handle->len = (uint8_t)(len / 2);
	return NULL;
}

/**
 * parse_handle() - a pool handle
 * @s: its octets, where \xNN stands for any octet and \\ for a backslash; or
 *	0x and all of them in hexadecimal
 * @handle: the handle
 *
 * Return: NULL or what was expected.
 */
const char *parse_handle(const char *s, struct handle *handle)
{
	size_t len = 0;
	uint8_t c;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && s[2] &&
	    strspn(s + 2, "0123456789abcdefABCDEF") == strlen(s + 2))
		return handle_from_hex(s + 2, handle);
	while (*s) {
		c = (uint8_t)*s++;
		if (c == '\\' && *s == '\\') {
			s++;
		} else if (c == '\\') {
			if (s[0] != 'x' || hex_digit(s[1]) < 0 ||
			    hex_digit(s[2]) < 0)
				return "after a backslash a handle has xNN, two hexadecimal digits, or another backslash";
			c = (uint8_t)(hex_digit(s[1]) << 4 | hex_digit(s[2]));
			s += 3;
		}
		if (len == RSP_HANDLE_MAX)
			return handle_long;
		handle->octets[len++] = c;
	}
	if (!len)
		return "a handle has at least one octet";
	handle->len = (uint8_t)len;
	return NULL;
}

/*
 * What needs no quotes in a shell's word or in a batch. A leading 0x would be
 * read as hexadecimal, a leading # as a comment.
 */
static bool plain(const uint8_t *octets, size_t i)
{
	uint8_t c = octets[i];

	if (c <= ' ' || c >= 0x7f || c == '"' || c == '\'')
		return false;
	return i || (c != '0' && c != '#');
}

/**
 * format_handle() - a handle as parse_handle() reads it
 * @octets: of the handle
 * @len: how many, at most RSP_HANDLE_MAX
 * @text: room for the text
 */
void format_handle(const uint8_t *octets, size_t len,
		   char text[HANDLE_TEXT_MAX])
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		uint8_t c = octets[i];

		if (c == '\\') {
			*text++ = '\\';
			*text++ = '\\';
		} else if (plain(octets, i) ||
			   (!i && c == '0' &&
			    (len == 1 || (octets[1] | 0x20) != 'x'))) {
			*text++ = (char)c;
		} else {
			*text++ = '\\';
			*text++ = 'x';
			*text++ = hex[c >> 4];
			*text++ = hex[c & 15];
		}
	}
	*text = '\0';
}

static const char *parse_port(const char *s, uint16_t *port)
{
	uint64_t v;

	s = digits(s, 65535, &v);
	if (!s || *s || !v)
		return "a port from 1 to 65535 is expected";
	*port = (uint16_t)v;
	return NULL;
}

static const char *parse_v4(const char *s, struct transport *transport)
{
	static const char expected[] =
		"an address is expected: A.B.C.D:PORT or [V6]:PORT";
	uint32_t addr = 0;
	uint64_t v;
	int i;

	for (i = 0; i < 4; i++) {
		/* Leading zeros are octal to some readers: take none. */
		if (s[0] == '0' && s[1] >= '0' && s[1] <= '9')
			return expected;
		s = digits(s, 255, &v);
		if (!s || *s++ != (i < 3 ? '.' : ':'))
			return expected;
		addr = addr << 8 | (uint32_t)v;
	}
	transport->family = AF_INET;
	transport->scope_id = 0;
	transport->v4.s_addr = htonl(addr);
	return parse_port(s, &transport->port);
}

static const char *parse_v6(const char *s, struct transport *transport)
{
	static const char expected[] =
		"an IPv6 address is expected: [V6]:PORT or [V6%INTERFACE]:PORT";
	char addr[INET6_ADDRSTRLEN + IF_NAMESIZE + 1], *percent;
	const char *end = strchr(s, ']');

	if (!end || end[1] != ':' || (size_t)(end - s) >= sizeof(addr))
		return expected;
	memcpy(addr, s, (size_t)(end - s));
	addr[end - s] = '\0';
	transport->family = AF_INET6;
	transport->scope_id = 0;
	percent = strchr(addr, '%');
	if (percent) {
		*percent++ = '\0';
		transport->scope_id = if_nametoindex(percent);
		if (!transport->scope_id &&
		    parse_u32(percent, &transport->scope_id))
			return "there is no such interface; see: ip link";
		if (!transport->scope_id)
			return "an interface's index is not 0";
	}
	if (inet_pton(AF_INET6, addr, &transport->v6) != 1)
		return expected;
	return parse_port(end + 2, &transport->port);
}

/**
 * parse_transport() - a transport address
 * @s: A.B.C.D:PORT, [V6]:PORT or [V6%INTERFACE]:PORT
 * @transport: the address
 *
 * Return: NULL or what was expected.
 */
const char *parse_transport(const char *s, struct transport *transport)
{
	return *s == '[' ? parse_v6(s + 1, transport) :
			   parse_v4(s, transport);
}

/**
 * format_transport() - a transport address as parse_transport() reads it
 * @transport: the address
 * @text: room for the text
 */
void format_transport(const struct transport *transport,
		      char text[TRANSPORT_TEXT_MAX])
{
	char addr[INET6_ADDRSTRLEN], name[IF_NAMESIZE];

	if (transport->family == AF_INET) {
		inet_ntop(AF_INET, &transport->v4, addr, sizeof(addr));
		snprintf(text, TRANSPORT_TEXT_MAX, "%s:%u", addr,
			 transport->port);
		return;
	}
	inet_ntop(AF_INET6, &transport->v6, addr, sizeof(addr));
	if (!transport->scope_id)
		snprintf(text, TRANSPORT_TEXT_MAX, "[%s]:%u", addr,
			 transport->port);
	else if (if_indextoname(transport->scope_id, name))
		snprintf(text, TRANSPORT_TEXT_MAX, "[%s%%%s]:%u", addr, name,
			 transport->port);
	else
		snprintf(text, TRANSPORT_TEXT_MAX, "[%s%%%" PRIu32 "]:%u",
			 addr, transport->scope_id, transport->port);
}

static const struct {
	const char *name;
	uint32_t ms;
} units[] = {
	/* Descending: format_time() takes the largest that divides. */
	{ "d", 86400000 },
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

#define N_UNITS	(sizeof(units) / sizeof(units[0]))

/**
 * transport_same() - whether two transport addresses are one, by the same interface
 * @a: one
 * @b: the other; none, if family is 0
 *
 * Return: true when they are.
 */
bool transport_same(const struct transport *a, const struct transport *b)
{
	char texts[2][TRANSPORT_TEXT_MAX];

	if (!a->family || !b->family)
		return a->family == b->family;
	format_transport(a, texts[0]);
	format_transport(b, texts[1]);
	return !strcmp(texts[0], texts[1]);
}

/**
 * transport_is_wildcard() - whether an address is all of a host's
 * @transport: where somebody listens
 *
 * Return: true when it is.
 */
bool transport_is_wildcard(const struct transport *transport)
{
	return transport->family == AF_INET ?
	       !transport->v4.s_addr :
	       IN6_IS_ADDR_UNSPECIFIED(&transport->v6);
}

/**
 * parse_metrics() - read where metrics are to be had
 * @text: the path of a socket, or an address and port
 * @at: filled, unless it is a path
 *
 * Return: NULL, or what would have been right.
 */
const char *parse_metrics(const char *text, struct transport *at)
{
	if (*text == '/')
		return NULL;
	if (!parse_transport(text, at) &&
	    (at->family == AF_INET ? ntohl(at->v4.s_addr) >> 24 == 127 :
				     IN6_IS_ADDR_LOOPBACK(&at->v6)))
		return NULL;
	return "the path of a socket is expected, or a port of this host alone, as \"127.0.0.1:9864\" or \"[::1]:9864\"";
}

/**
 * parse_time() - a span of time
 * @s: a whole number and ms, s, m, h or d
 * @ms: milliseconds
 *
 * Return: NULL or what was expected.
 */
const char *parse_time(const char *s, uint32_t *ms)
{
	uint64_t v;
	size_t i;

	s = digits(s, UINT32_MAX, &v);
	if (s && !*s && !v) {
		*ms = 0;
		return NULL;
	}
	for (i = 0; s && i < N_UNITS; i++) {
		if (strcmp(s, units[i].name))
			continue;
		v *= units[i].ms;
		if (v > UINT32_MAX)
			return "a time is at most 4294967295ms, about 49d";
		*ms = (uint32_t)v;
		return NULL;
	}
	return "a time with its unit is expected: 500ms, 30s, 5m, 2h, 1d";
}

/**
 * format_time() - a span of time as parse_time() reads it
 * @ms: milliseconds
 * @text: room for the text
 */
void format_time(uint64_t ms, char text[TIME_TEXT_MAX])
{
	size_t i;

	for (i = 0; i < N_UNITS - 1; i++)
		if (ms && !(ms % units[i].ms))
			break;
	snprintf(text, TIME_TEXT_MAX, "%" PRIu64 "%s", ms / units[i].ms,
		 units[i].name);
}

/* A share in units of 1/100 % to its part of 2^32 - 1, and back; rounded. */
static uint32_t load_of(uint32_t share)
{
	return (uint32_t)(((uint64_t)share * UINT32_MAX + 5000) / 10000);
}

static uint32_t share_of(uint32_t load)
{
	return (uint32_t)(((uint64_t)load * 10000 + UINT32_MAX / 2) /
			  UINT32_MAX);
}

/**
 * parse_load() - a load or a degradation
 * @s: percent, with two digits after the point at most, or parts of 2^32 - 1
 * @load: 0 idle to UINT32_MAX fully used
 *
 * Return: NULL or what was expected.
 */
const char *parse_load(const char *s, uint32_t *load)
{
	static const char expected[] =
		"a load is expected: 0% to 100%, as 12.5%, or 0 to 4294967295 for its part of 4294967295";
	uint64_t whole, part = 0;
	const char *p;
	int n;

	if (!strchr(s, '%'))
		return parse_u32(s, load) ? expected : NULL;
	p = digits(s, 100, &whole);
	if (p && *p == '.') {
		s = p + 1;
		p = digits(s, 99, &part);
		n = p ? (int)(p - s) : 0;
		if (n < 1 || n > 2)
			return expected;
		if (n == 1)
			part *= 10;
	}
	if (!p || strcmp(p, "%") || whole * 100 + part > 10000)
		return expected;
	*load = load_of((uint32_t)(whole * 100 + part));
	return NULL;
}

/**
 * format_load() - a load as parse_load() reads it
 * @load: 0 to UINT32_MAX
 * @text: room for the text: percent where that is exact, the number where not
 */
void format_load(uint32_t load, char text[LOAD_TEXT_MAX])
{
	uint32_t share = share_of(load);

	if (load_of(share) != load)
		snprintf(text, LOAD_TEXT_MAX, "%" PRIu32, load);
	else if (share % 100)
		snprintf(text, LOAD_TEXT_MAX, "%u.%02u%%", share / 100,
			 share % 100);
	else
		snprintf(text, LOAD_TEXT_MAX, "%u%%", share / 100);
}

/**
 * parse_policy() - read a pool's policy
 * @s: its name
 * @policy: set on success: RSERPOOL_POLICY_*
 *
 * Return: NULL, or what was expected.
 */
const char *parse_policy(const char *s, uint32_t *policy)
{
	static const struct {
		const char *name;
		uint32_t type;
	} policies[] = {
		{ "rr", RSERPOOL_POLICY_RR }, { "wrr", RSERPOOL_POLICY_WRR },
		{ "rand", RSERPOOL_POLICY_RAND },
		{ "wrand", RSERPOOL_POLICY_WRAND },
		{ "prio", RSERPOOL_POLICY_PRIO }, { "lu", RSERPOOL_POLICY_LU },
		{ "lud", RSERPOOL_POLICY_LUD }, { "plu", RSERPOOL_POLICY_PLU },
		{ "rlu", RSERPOOL_POLICY_RLU },
	};
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (!strcmp(policies[i].name, s)) {
			*policy = policies[i].type;
			return NULL;
		}
	}
	return "rr, wrr, rand, wrand, prio, lu, lud, plu or rlu is expected";
}
