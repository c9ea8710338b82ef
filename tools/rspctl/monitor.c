// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <linux/genetlink.h>
#include <sys/socket.h>

#include "../lib/print.h"
#include "rspctl.h"

static const char *const group_names[] = {
	RSERPOOL_MCGRP_HANDLESPACE, RSERPOOL_MCGRP_SESSION,
	RSERPOOL_MCGRP_ASAP, "all", NULL
};

#define GROUP_ALL	3

static void show_resolve(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[RSERPOOL_A_RESOLUTION_MAX + 1];
	uint32_t left;

	attrs_read(nlh, attrs, RSERPOOL_A_RESOLUTION_MAX);
	left = attr_u32(attrs[RSERPOOL_A_RESOLUTION_LEFT_MS]);
	show_handle("pool", "pool %s", attrs[RSERPOOL_A_RESOLUTION_HANDLE]);
	print_uint("left-ms", " within %" PRIu64 "ms", left);
}

static void show_element(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[RSERPOOL_A_ELEMENT_MAX + 1];

	attrs_read(nlh, attrs, RSERPOOL_A_ELEMENT_MAX);
	show_handle("pool", "pool %s", attrs[RSERPOOL_A_ELEMENT_HANDLE]);
	show_pe_id("id", " id %s", attrs[RSERPOOL_A_ELEMENT_ID]);
}

static const struct {
	const char *name;
	void (*show)(const struct nlmsghdr *nlh);
} events[RSERPOOL_CMD_MAX + 1] = {
	[RSERPOOL_CMD_RESOLVE] = { "resolve", show_resolve },
	[RSERPOOL_CMD_UNREACHABLE] = { "unreachable", show_element },
	[RSERPOOL_CMD_REGISTER] = { "register", registration_show },
	[RSERPOOL_CMD_DEREGISTER] = { "deregister", show_element },
	[RSERPOOL_CMD_POOL_NEW_NTF] = { "pool-new", pool_show },
	[RSERPOOL_CMD_POOL_SET_NTF] = { "pool-set", pool_show },
	[RSERPOOL_CMD_POOL_DEL_NTF] = { "pool-del", pool_show },
	[RSERPOOL_CMD_ELEMENT_NEW_NTF] = { "pe-new", pe_show },
	[RSERPOOL_CMD_ELEMENT_SET_NTF] = { "pe-set", pe_show },
	[RSERPOOL_CMD_ELEMENT_DEL_NTF] = { "pe-del", pe_show },
	[RSERPOOL_CMD_ELEMENT_EXPIRED_NTF] = { "pe-expired", pe_show },
	[RSERPOOL_CMD_ELEMENT_AVOIDED_NTF] = { "pe-avoided", pe_show },
	[RSERPOOL_CMD_ELEMENT_RETURNED_NTF] = { "pe-returned", pe_show },
	[RSERPOOL_CMD_SESSION_EVENT] = { "session", session_show_event },
};

static int show_event(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	(void)data;
	if (genl->cmd > RSERPOOL_CMD_MAX || !events[genl->cmd].name)
		return 0;
	print_object_begin(NULL);
	print_string("event", "%s ", events[genl->cmd].name);
	events[genl->cmd].show(nlh);
	print_text("\n");
	print_object_end();
	return print_flush() ? -EPIPE : 0;
}

/* Multicast may lose; who reads us must hear that it did. */
static int show_lost(void)
{
	print_object_begin(NULL);
	print_string("event", "%s\n", "lost");
	print_object_end();
	return print_flush();
}

static int join(int group)
{
	int i;

	for (i = 0; i < GROUP_ALL; i++) {
		if (group != GROUP_ALL && group != i)
			continue;
		if (!nl_join(&ctl.client, group_names[i]))
			continue;
		/* All that one may hear of. */
		if (group == GROUP_ALL && ctl.client.error.err == EPERM)
			continue;
		return kernel_error(NULL);
	}
	return 0;
}

/**
 * monitor() - print what happens, until something ends this program
 * @words: the group, all if none
 *
 * Return: the exit status.
 */
int monitor(struct words *words)
{
	int ret, group = GROUP_ALL, room = 8 << 20;

	if (words->n) {
		group = pick(*words->at, "group", group_names);
		if (group < 0)
			return EXIT_USAGE;
		words->at++;
		words->n--;
	}
	if (no_more(words))
		return EXIT_USAGE;
	if (kernel_open())
		return EXIT_KERNEL;
	ret = join(group);
	if (ret)
		return ret;
	/* Without CAP_NET_ADMIN it stays as it is. */
	setsockopt(mnl_socket_get_fd(ctl.client.socket), SOL_SOCKET,
		   SO_RCVBUFFORCE, &room, sizeof(room));
	do {
		ret = nl_events(&ctl.client, show_event, NULL);
	} while (ret == -ENOBUFS && !show_lost());
	return ret == -EPIPE ? 0 : kernel_error(NULL);
}
