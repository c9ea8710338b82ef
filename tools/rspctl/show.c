// SPDX-License-Identifier: GPL-2.0
/* Values that several objects have, printed from their attributes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../lib/print.h"
#include "rspctl.h"

/**
 * show_handle() - print a handle
 * @key: its name in JSON
 * @fmt: its format in text
 * @attr: the attribute, or NULL
 */
void show_handle(const char *key, const char *fmt, const struct nlattr *attr)
{
	char text[HANDLE_TEXT_MAX];
	struct handle handle;

	if (!attr)
		return;
	attr_handle(attr, &handle);
	format_handle(handle.octets, handle.len, text);
	print_string(key, fmt, text);
}

/**
 * show_pe_id() - print a PE identifier; a number in JSON, as pe takes both
 * @key: its name in JSON
 * @fmt: its format in text, with a %s
 * @attr: the attribute, or NULL
 */
void show_pe_id(const char *key, const char *fmt, const struct nlattr *attr)
{
	if (attr)
		print_id(key, fmt, attr_u32(attr));
}

/**
 * show_transport() - print a transport address
 * @key: its name in JSON
 * @fmt: its format in text
 * @attr: the nest, or NULL
 */
void show_transport(const char *key, const char *fmt,
		    const struct nlattr *attr)
{
	const struct nlattr *attrs[RSERPOOL_A_TRANSPORT_MAX + 1];
	struct transport transport = { .family = AF_INET };
	char text[TRANSPORT_TEXT_MAX];
	const struct nlattr *v6;

	if (!attr)
		return;
	nest_read(attr, attrs, RSERPOOL_A_TRANSPORT_MAX);
	v6 = attrs[RSERPOOL_A_TRANSPORT_IPV6];
	if (v6 && mnl_attr_get_payload_len(v6) == sizeof(transport.v6)) {
		transport.family = AF_INET6;
		memcpy(&transport.v6, mnl_attr_get_payload(v6),
		       sizeof(transport.v6));
	} else {
		transport.v4.s_addr =
			attr_u32(attrs[RSERPOOL_A_TRANSPORT_IPV4]);
	}
	if (attrs[RSERPOOL_A_TRANSPORT_PORT])
		transport.port = ntohs(mnl_attr_get_u16(
			attrs[RSERPOOL_A_TRANSPORT_PORT]));
	transport.scope_id = attr_u32(attrs[RSERPOOL_A_TRANSPORT_SCOPE_ID]);
	format_transport(&transport, text);
	print_string(key, fmt, text);
}
