// SPDX-License-Identifier: GPL-2.0
/*
 * Prints what rspctl -batch makes the same scope of: its settings, pools and
 * elements. Left out are elements of a home registrar, which feeds them again
 * when it comes up, those for which sockets of this host listen, which come and
 * go with these, and that an element failed, which time mends.
 */
#include <stdio.h>

#include "../lib/print.h"
#include "rspctl.h"

static int save_scope(const struct nlmsghdr *nlh, void *data)
{
	(void)data;
	print_text("scope set");
	scope_show_settings(nlh);
	print_text("\n");
	return 0;
}

static void print_config(const char *verb, const struct nlattr **attrs,
			 bool policy)
{
	print_text("pool %s", verb);
	show_handle(NULL, " %s", attrs[RSERPOOL_A_POOL_HANDLE]);
	if (policy)
		print_text(" policy %s", policy_name(attr_u32(
				   attrs[RSERPOOL_A_POOL_POLICY])));
	print_text(" fin %s failover %s identify %s",
		   name_of(fin_names, attr_u32(attrs[RSERPOOL_A_POOL_FIN])),
		   name_of(failover_names,
			   attr_u32(attrs[RSERPOOL_A_POOL_FAILOVER])),
		   name_of(identify_names,
			   attr_u32(attrs[RSERPOOL_A_POOL_IDENTIFY])));
	if (attrs[RSERPOOL_A_POOL_TLS_NAME])
		print_text(" tls-name %s",
			   mnl_attr_get_str(attrs[RSERPOOL_A_POOL_TLS_NAME]));
	print_text("\n");
}

static int save_made_pool(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_POOL_MAX + 1];

	(void)data;
	attrs_read(nlh, attrs, RSERPOOL_A_POOL_MAX);
	if (attrs[RSERPOOL_A_POOL_EXPLICIT])
		print_config("add", attrs, true);
	return 0;
}

/* A pool that goes with its last element is set once it has its elements. */
static int save_other_pool(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_POOL_MAX + 1];

	(void)data;
	attrs_read(nlh, attrs, RSERPOOL_A_POOL_MAX);
	if (!attrs[RSERPOOL_A_POOL_EXPLICIT] &&
	    (attr_u32(attrs[RSERPOOL_A_POOL_FIN]) != RSP_FIN_EOF ||
	     attr_u32(attrs[RSERPOOL_A_POOL_FAILOVER]) > RSP_FAILOVER_NOTIFY ||
	     attr_u32(attrs[RSERPOOL_A_POOL_IDENTIFY]) ||
	     attrs[RSERPOOL_A_POOL_TLS_NAME]))
		print_config("set", attrs, false);
	return 0;
}

static int save_element(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_ELEMENT_MAX + 1];

	(void)data;
	attrs_read(nlh, attrs, RSERPOOL_A_ELEMENT_MAX);
	if (attr_u32(attrs[RSERPOOL_A_ELEMENT_HOME]) ||
	    attr_u32(attrs[RSERPOOL_A_ELEMENT_LISTENER]))
		return 0;
	print_text("pe add ");
	pe_show_config(nlh);
	print_text("\n");
	if (attr_u32(attrs[RSERPOOL_A_ELEMENT_AVOID]) != RSERPOOL_AVOID_DRAIN)
		return 0;
	show_handle(NULL, "pe drain pool %s", attrs[RSERPOOL_A_ELEMENT_HANDLE]);
	show_pe_id(NULL, " id %s\n", attrs[RSERPOOL_A_ELEMENT_ID]);
	return 0;
}

static int table(uint8_t cmd, nl_fn fn)
{
	struct nlmsghdr *nlh = request(cmd, 0);

	return nlh ? dump(nlh, fn, NULL) : EXIT_KERNEL;
}

/**
 * save() - print the commands that make this scope what it is
 * @words: none
 *
 * Return: the exit status.
 */
int save(struct words *words)
{
	struct nlmsghdr *nlh;
	int ret;

	if (no_more(words))
		return EXIT_USAGE;
	if (print_json())
		return complain("save: it prints commands, not JSON");
	nlh = request(RSERPOOL_CMD_SCOPE_GET, 0);
	if (!nlh)
		return EXIT_KERNEL;
	print_text("# rspctl save; restore with: rspctl -sync -batch FILE\n");
	if (nl_talk(&ctl.client, nlh, save_scope, NULL))
		return kernel_error(NULL);
	ret = table(RSERPOOL_CMD_POOL_GET, save_made_pool);
	if (!ret)
		ret = table(RSERPOOL_CMD_ELEMENT_GET, save_element);
	if (!ret)
		ret = table(RSERPOOL_CMD_POOL_GET, save_other_pool);
	return ret;
}
