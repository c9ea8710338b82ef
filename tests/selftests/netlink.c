// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#include "netlink.h"

static char message[MESSAGE_MAX] __attribute__((aligned(8)));
static char answer[MESSAGE_MAX] __attribute__((aligned(8)));
struct nlmsghdr *const req = (void *)message;
struct mnl_socket *nl;
unsigned int groups[3];
int family;
struct ack ack;
uint64_t value[64];
bool has[64];
int shown;

struct mnl_socket *open_netlink(void)
{
	struct mnl_socket *s = mnl_socket_open(NETLINK_GENERIC);
	int on = 1;

	CHECK(s);
	CHECK_EQ(mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID), 0);
	CHECK_EQ(mnl_socket_setsockopt(s, NETLINK_EXT_ACK, &on, sizeof(on)), 0);
	CHECK_EQ(mnl_socket_setsockopt(s, NETLINK_CAP_ACK, &on, sizeof(on)), 0);
	on = MESSAGE_MAX;
	setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_SNDBUFFORCE, &on,
		   sizeof(on));
	return s;
}

static void begin_of(int type, int cmd, int flags)
{
	struct genlmsghdr *genl;

	mnl_nlmsg_put_header(message);
	req->nlmsg_type = type;
	req->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	genl = mnl_nlmsg_put_extra_header(req, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
}

void begin(int cmd, int flags)
{
	begin_of(family, cmd, flags);
}

static int ack_attr(const struct nlattr *attr, void *data)
{
	(void)data;
	switch (mnl_attr_get_type(attr)) {
	case NLMSGERR_ATTR_MSG:
		snprintf(ack.text, sizeof(ack.text), "%s",
			 mnl_attr_get_str(attr));
		break;
	case NLMSGERR_ATTR_OFFS:
		ack.offset = mnl_attr_get_u32(attr);
		break;
	case NLMSGERR_ATTR_MISS_TYPE:
		ack.missing = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

static int read_ack(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

	ack.text[0] = 0;
	ack.offset = ack.missing = -1;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(nlh, sizeof(*err), ack_attr, NULL);
	return -err->error;
}

void show_none(const struct nlmsghdr *nlh)
{
	(void)nlh;
}

int receive(struct mnl_socket *s, show_t *show)
{
	struct nlmsghdr *nlh;
	int len;

	for (;;) {
		len = mnl_socket_recvfrom(s, answer, sizeof(answer));
		if (len < 0)
			return errno;
		for (nlh = (void *)answer; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return read_ack(nlh);
			if (nlh->nlmsg_type == NLMSG_DONE) {
				show(nlh);
				return -*(int *)mnl_nlmsg_get_payload(nlh);
			}
			show(nlh);
		}
	}
}

int talk_on(struct mnl_socket *s, show_t *show)
{
	if (mnl_socket_sendto(s, req, req->nlmsg_len) < 0)
		return errno;
	return receive(s, show);
}

int talk(void)
{
	return talk_on(nl, show_none);
}

static int group_attr(const struct nlattr *attr, void *data)
{
	static const char *const names[] = {
		RSERPOOL_MCGRP_HANDLESPACE, RSERPOOL_MCGRP_SESSION,
		RSERPOOL_MCGRP_ASAP,
	};
	struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1] = {};
	struct nlattr *a;
	int i;

	(void)data;
	mnl_attr_for_each_nested(a, attr)
		tb[mnl_attr_get_type(a)] = a;
	for (i = 0; i < 3; i++)
		if (!strcmp(mnl_attr_get_str(tb[CTRL_ATTR_MCAST_GRP_NAME]),
			    names[i]))
			groups[i] = mnl_attr_get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
	return MNL_CB_OK;
}

static int family_attr(const struct nlattr *attr, void *data)
{
	(void)data;
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		family = mnl_attr_get_u16(attr);
	if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
		mnl_attr_parse_nested(attr, group_attr, NULL);
	return MNL_CB_OK;
}

static void show_family(const struct nlmsghdr *nlh)
{
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), family_attr, NULL);
}

void netlink_start(void)
{
	nl = open_netlink();
	/* The family comes with the module, and that with a socket. */
	close(socket(AF_RSERPOOL, SOCK_STREAM, 0));
	begin_of(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(req, CTRL_ATTR_FAMILY_NAME, RSERPOOL_FAMILY_NAME);
	CHECK_EQ(talk_on(nl, show_family), 0);
	CHECK(family);
}

int join(struct mnl_socket *s, enum group group)
{
	return mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &groups[group],
				     sizeof(groups[group]));
}

struct nlattr *put_handle(int type, const char *handle)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(req);

	mnl_attr_put(req, type, strlen(handle), handle);
	return attr;
}

struct nlattr *put_u32(int type, uint32_t value)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(req);

	mnl_attr_put_u32(req, type, value);
	return attr;
}

struct nlattr *put_transport(const char *addr, int port)
{
	struct nlattr *nest;
	struct in6_addr v6;
	struct in_addr v4;

	nest = mnl_attr_nest_start(req, RSERPOOL_A_ELEMENT_TRANSPORT);
	if (inet_pton(AF_INET, addr, &v4) == 1)
		mnl_attr_put_u32(req, RSERPOOL_A_TRANSPORT_IPV4, v4.s_addr);
	else if (inet_pton(AF_INET6, addr, &v6) == 1)
		mnl_attr_put(req, RSERPOOL_A_TRANSPORT_IPV6, 16, &v6);
	mnl_attr_put_u16(req, RSERPOOL_A_TRANSPORT_PORT, htons(port));
	mnl_attr_nest_end(req, nest);
	return nest;
}

struct nlattr *put_element(const char *handle, uint32_t id)
{
	struct nlattr *nest;

	nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, handle);
	put_u32(RSERPOOL_A_ELEMENT_ID, id);
	put_transport("192.0.2.1", 1 + id % 65535);
	mnl_attr_nest_end(req, nest);
	return nest;
}

int new_element(const char *handle, uint32_t id)
{
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	put_element(handle, id);
	return talk();
}

void name_element(int cmd, const char *handle, uint32_t id)
{
	begin(cmd, 0);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, handle);
	put_u32(RSERPOOL_A_ELEMENT_ID, id);
}

static int value_attr(const struct nlattr *attr, void *data)
{
	int type = mnl_attr_get_type(attr);

	(void)data;
	has[type] = true;
	if (mnl_attr_get_payload_len(attr) == 4)
		value[type] = mnl_attr_get_u32(attr);
	if (mnl_attr_get_payload_len(attr) == 8)
		value[type] = mnl_attr_get_u64(attr);
	return MNL_CB_OK;
}

void show_values(const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_type != family)
		return;
	shown++;
	memset(value, 0, sizeof(value));
	memset(has, 0, sizeof(has));
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), value_attr, NULL);
}

int get(void)
{
	shown = 0;
	return talk_on(nl, show_values);
}

uint32_t count_elements(void)
{
	begin(RSERPOOL_CMD_SCOPE_GET, 0);
	CHECK_EQ(get(), 0);
	return value[RSERPOOL_A_SCOPE_ELEMENTS];
}

uint32_t count_pools(void)
{
	begin(RSERPOOL_CMD_SCOPE_GET, 0);
	CHECK_EQ(get(), 0);
	return value[RSERPOOL_A_SCOPE_POOLS];
}

void set_scope(int type, uint32_t v)
{
	begin(RSERPOOL_CMD_SCOPE_SET, 0);
	put_u32(type, v);
	CHECK_EQ(talk(), 0);
}

/* What counters_get() is asked for. */
static struct {
	const char *const *names;
	int n;
	long *values;
} wanted;

static int counter_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr **attrs = data;

	if (mnl_attr_get_type(attr) <= RSERPOOL_A_COUNTER_MAX)
		attrs[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void counter_show(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[RSERPOOL_A_COUNTER_MAX + 1] = {};
	const struct nlattr *value;
	int i;

	if (nlh->nlmsg_type != family)
		return;
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), counter_attr, attrs);
	value = attrs[RSERPOOL_A_COUNTER_VALUE];
	for (i = 0; i < wanted.n; i++)
		if (!strcmp(mnl_attr_get_str(attrs[RSERPOOL_A_COUNTER_NAME]),
			    wanted.names[i]))
			wanted.values[i] = mnl_attr_get_payload_len(value) == 8 ?
					   (long)mnl_attr_get_u64(value) :
					   (long)mnl_attr_get_u32(value);
}

void counters_get(struct mnl_socket *s, const char *const *names, int n,
		  long *values)
{
	wanted.names = names;
	wanted.n = n;
	wanted.values = values;
	begin(RSERPOOL_CMD_STATS_GET, NLM_F_DUMP);
	CHECK_EQ(talk_on(s, counter_show), 0);
}
