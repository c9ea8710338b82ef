// SPDX-License-Identifier: GPL-2.0
/* Requests to the kernel, and its refusals in words. */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../lib/print.h"
#include "rspctl.h"

/**
 * kernel_try() - open the netlink family, once
 *
 * Return: 0; -ENOENT: the module is not loaded; or what the kernel says. Where it
 * failed nl_close() is due, which forgets why.
 */
int kernel_try(void)
{
	int ret;

	if (ctl.is_open)
		return 0;
	ret = nl_open(&ctl.client, RSERPOOL_FAMILY_NAME);
	ctl.is_open = !ret;
	return ret;
}

/**
 * kernel_open() - as kernel_try(), with a complaint
 *
 * Return: 0, or the exit status after a complaint.
 */
int kernel_open(void)
{
	int ret = kernel_try();

	if (!ret)
		return 0;
	if (ret == -ENOENT)
		complain("the rserpool module is not loaded; try: modprobe rserpool");
	else
		kernel_error(NULL);
	nl_close(&ctl.client);
	return EXIT_KERNEL;
}

/**
 * request() - begin a request
 * @cmd: RSERPOOL_CMD_*
 * @flags: NLM_F_* besides NLM_F_REQUEST
 *
 * Return: the request, or NULL after a complaint.
 */
struct nlmsghdr *request(uint8_t cmd, uint16_t flags)
{
	if (kernel_open())
		return NULL;
	return nl_request(&ctl.client, ctl.request, cmd, flags);
}

/**
 * kernel_error() - say why the kernel refused the last request
 * @hint: what to do next, as printf(), or NULL
 *
 * Return: EXIT_KERNEL.
 */
int kernel_error(const char *hint, ...)
{
	const struct nl_error *error = &ctl.client.error;
	char text[256] = "";
	va_list args;

	if (hint) {
		va_start(args, hint);
		vsnprintf(text, sizeof(text), hint, args);
		va_end(args);
	}
	if (error->err == EPERM)
		snprintf(text, sizeof(text),
			 "it takes CAP_NET_ADMIN in the namespace; try as root");
	complain("%s%s%s", error->sentence[0] ? error->sentence :
						strerror(error->err),
		 text[0] ? "; " : "", text);
	return EXIT_KERNEL;
}

/**
 * dump() - send a request for a table and give its parts to a function
 * @nlh: the request
 * @fn: called for each part
 * @data: for @fn
 *
 * Return: 0, or the exit status after a complaint, which is there also when
 * the table never stood still; @fn saw it then as it was read last.
 */
int dump(struct nlmsghdr *nlh, nl_fn fn, void *data)
{
	int ret;

	ret = nl_dump(&ctl.client, nlh, fn, data);
	if (ret < 0)
		return kernel_error("see: rspctl pool show");
	if (!ret)
		return 0;
	complain("it changed each of the %d times that it was read: what changed meanwhile may be missing or twice",
		 NL_DUMP_TRIES);
	return EXIT_KERNEL;
}

/**
 * show_table() - print all of a table
 * @cmd: enum rserpool_cmd, which gets it
 * @line: prints a part
 *
 * Return: 0, or the exit status after a complaint.
 */
int show_table(uint8_t cmd, nl_fn line)
{
	struct nlmsghdr *nlh = request(cmd, 0);
	int ret;

	if (!nlh)
		return EXIT_KERNEL;
	print_array_begin(NULL);
	ret = dump(nlh, line, NULL);
	print_array_end();
	return ret;
}

/**
 * attrs_read() - find the attributes of a message
 * @nlh: the message
 * @attrs: the attributes by type, NULL for those that are not there
 * @max: the largest type; what is above is from a newer kernel
 */
void attrs_read(const struct nlmsghdr *nlh, const struct nlattr **attrs,
		uint16_t max)
{
	const struct nlattr *attr;

	memset(attrs, 0, sizeof(*attrs) * (max + 1u));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) <= max)
			attrs[mnl_attr_get_type(attr)] = attr;
}

/**
 * nest_read() - find the attributes of a nest
 * @nest: the nest
 * @attrs: the attributes by type, NULL for those that are not there
 * @max: the largest type
 */
void nest_read(const struct nlattr *nest, const struct nlattr **attrs,
	       uint16_t max)
{
	const struct nlattr *attr;

	memset(attrs, 0, sizeof(*attrs) * (max + 1u));
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) <= max)
			attrs[mnl_attr_get_type(attr)] = attr;
}

/**
 * attr_u32() - a number of 32 bits
 * @attr: the attribute, or NULL
 *
 * Return: the number, 0 where there is none.
 */
uint32_t attr_u32(const struct nlattr *attr)
{
	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(uint32_t))
		return 0;
	return mnl_attr_get_u32(attr);
}

/**
 * attr_uint() - a number of 32 or 64 bits
 * @attr: the attribute, or NULL
 *
 * Return: the number, 0 where there is none.
 */
uint64_t attr_uint(const struct nlattr *attr)
{
	uint64_t value;

	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(value))
		return attr_u32(attr);
	memcpy(&value, mnl_attr_get_payload(attr), sizeof(value));
	return value;
}

/**
 * attr_handle() - a pool handle
 * @attr: the attribute, or NULL
 * @handle: becomes the handle, of no octets where there is none
 */
void attr_handle(const struct nlattr *attr, struct handle *handle)
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	if (len > sizeof(handle->octets))
		len = sizeof(handle->octets);
	handle->len = (uint8_t)len;
	if (len)
		memcpy(handle->octets, mnl_attr_get_payload(attr), len);
}

/**
 * handle_equal() - are two handles the same?
 * @a: one
 * @b: the other
 */
bool handle_equal(const struct handle *a, const struct handle *b)
{
	return a->len == b->len && !memcmp(a->octets, b->octets, a->len);
}

/**
 * put_handle() - put a handle into a request
 * @nlh: the request
 * @type: the attribute's type
 * @handle: the handle
 */
void put_handle(struct nlmsghdr *nlh, uint16_t type,
		const struct handle *handle)
{
	mnl_attr_put(nlh, type, handle->len, handle->octets);
}
