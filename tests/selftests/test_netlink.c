// SPDX-License-Identifier: GPL-2.0
/* netlink*.c: requests good and bad, batches, dumps, syncs, notifications. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/rserpool.h>
#include <linux/rserpool_netlink.h>

#include "ktap.h"

#define MESSAGE_MAX	(1 << 20)

static char message[MESSAGE_MAX], answer[MESSAGE_MAX];
static struct nlmsghdr *req;
static struct mnl_socket *nl;
static unsigned int groups[3];
static int family;

/* What the last acknowledgement said. */
static struct {
	char text[256];
	int offset;		/* of the attribute, -1: none */
	int missing;		/* attribute that is missing, -1: none */
} ack;

static struct mnl_socket *open_netlink(void)
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

	req = mnl_nlmsg_put_header(message);
	req->nlmsg_type = type;
	req->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	genl = mnl_nlmsg_put_extra_header(req, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
}

static void begin(int cmd, int flags)
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

typedef void show_t(const struct nlmsghdr *nlh);

static void show_none(const struct nlmsghdr *nlh)
{
	(void)nlh;
}

/* Receive until the acknowledgement or the end of a dump; its errno. */
static int receive(struct mnl_socket *s, show_t *show)
{
	struct nlmsghdr *nlh;
	int len;

	for (;;) {
		len = mnl_socket_recvfrom(s, answer, sizeof(answer));
		CHECK(len >= 0);
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

static int talk_on(struct mnl_socket *s, show_t *show)
{
	CHECK(mnl_socket_sendto(s, req, req->nlmsg_len) >= 0);
	return receive(s, show);
}

static int talk(void)
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

static void start(void)
{
	nl = open_netlink();
	/* The family comes with the module, and that with a socket. */
	close(socket(AF_RSERPOOL, SOCK_STREAM, 0));
	begin_of(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(req, CTRL_ATTR_FAMILY_NAME, RSERPOOL_FAMILY_NAME);
	CHECK_EQ(talk_on(nl, show_family), 0);
	CHECK(family);
}

/* The request is refused with this errno and with a sentence. */
#define CHECK_REFUSED(expr, want)					\
	do {								\
		CHECK_EQ(expr, want);					\
		if (!ack.text[0])					\
			test_fail(__FILE__, __LINE__, "no sentence");	\
	} while (0)

/* And the acknowledgement points at this attribute of the request. */
#define CHECK_AT(attr)							\
	CHECK_EQ(ack.offset, (char *)(attr) - (char *)req)

static struct nlattr *put_handle(int type, const char *handle)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(req);

	mnl_attr_put(req, type, strlen(handle), handle);
	return attr;
}

static struct nlattr *put_u32(int type, uint32_t value)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(req);

	mnl_attr_put_u32(req, type, value);
	return attr;
}

static struct nlattr *put_transport(const char *addr, int port)
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

static struct nlattr *put_element(const char *handle, uint32_t id)
{
	struct nlattr *nest;

	nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, handle);
	put_u32(RSERPOOL_A_ELEMENT_ID, id);
	put_transport("192.0.2.1", 1 + id % 65535);
	mnl_attr_nest_end(req, nest);
	return nest;
}

static int new_element(const char *handle, uint32_t id)
{
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	put_element(handle, id);
	return talk();
}

static void name_element(int cmd, const char *handle, uint32_t id)
{
	begin(cmd, 0);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, handle);
	put_u32(RSERPOOL_A_ELEMENT_ID, id);
}

/* Integers of the last message of a command that was shown. */
static uint64_t value[64];
static bool has[64];
static int shown;

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

static void show_values(const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_type != family)
		return;
	shown++;
	memset(value, 0, sizeof(value));
	memset(has, 0, sizeof(has));
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), value_attr, NULL);
}

static int get(void)
{
	shown = 0;
	return talk_on(nl, show_values);
}

static uint32_t count_elements(void)
{
	begin(RSERPOOL_CMD_SCOPE_GET, 0);
	CHECK_EQ(get(), 0);
	return value[RSERPOOL_A_SCOPE_ELEMENTS];
}

static uint32_t count_pools(void)
{
	begin(RSERPOOL_CMD_SCOPE_GET, 0);
	CHECK_EQ(get(), 0);
	return value[RSERPOOL_A_SCOPE_POOLS];
}

static void set_scope(int type, uint32_t v)
{
	begin(RSERPOOL_CMD_SCOPE_SET, 0);
	put_u32(type, v);
	CHECK_EQ(talk(), 0);
}

TEST(scope_set_and_get)
{
	start();
	begin(RSERPOOL_CMD_SCOPE_SET, 0);
	mnl_attr_put_strz(req, RSERPOOL_A_SCOPE_NAME, "example");
	put_u32(RSERPOOL_A_SCOPE_POOLS_MAX, 7);
	put_u32(RSERPOOL_A_SCOPE_AVOID_MIN, 50);
	put_u32(RSERPOOL_A_SCOPE_RESOLVE_TIMEOUT, 60);
	put_u32(RSERPOOL_A_SCOPE_PE_ID_MIN, 16);
	CHECK_EQ(talk(), 0);
	begin(RSERPOOL_CMD_SCOPE_GET, 0);
	CHECK_EQ(get(), 0);
	CHECK_EQ(shown, 1);
	CHECK_EQ(value[RSERPOOL_A_SCOPE_POOLS_MAX], 7);
	CHECK_EQ(value[RSERPOOL_A_SCOPE_AVOID_MIN], 50);
	CHECK_EQ(value[RSERPOOL_A_SCOPE_RESOLVE_TIMEOUT], 60);
	CHECK_EQ(value[RSERPOOL_A_SCOPE_PE_ID_MIN], 16);
	CHECK_EQ(value[RSERPOOL_A_SCOPE_PE_ID_MAX], 0xffffffff);
	CHECK(!has[RSERPOOL_A_SCOPE_SYNCING]);
}

TEST(scope_refuses_contradictions)
{
	struct nlattr *attr;

	start();
	begin(RSERPOOL_CMD_SCOPE_SET, 0);
	attr = put_u32(RSERPOOL_A_SCOPE_AVOID_MIN, 100);
	put_u32(RSERPOOL_A_SCOPE_AVOID_MAX, 99);
	CHECK_REFUSED(talk(), EINVAL);
	CHECK_AT(attr);
	begin(RSERPOOL_CMD_SCOPE_SET, 0);
	put_u32(RSERPOOL_A_SCOPE_PE_ID_MIN, 100);
	put_u32(RSERPOOL_A_SCOPE_PE_ID_MAX, 99);
	CHECK_REFUSED(talk(), EINVAL);
	begin(RSERPOOL_CMD_SCOPE_SET, 0);
	attr = put_u32(RSERPOOL_A_SCOPE_RESOLVE_TIMEOUT, 0);
	CHECK_REFUSED(talk(), ERANGE);
	CHECK_AT(attr);
}

TEST(pool_new_get_set_del)
{
	struct nlattr *attr;

	start();
	begin(RSERPOOL_CMD_POOL_NEW, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "echo");
	put_u32(RSERPOOL_A_POOL_FIN, RSP_FIN_FAILURE);
	CHECK_EQ(talk(), 0);
	attr = mnl_nlmsg_get_payload_offset(req, sizeof(struct genlmsghdr));
	CHECK_REFUSED(talk(), EEXIST);
	CHECK_AT(attr);

	begin(RSERPOOL_CMD_POOL_SET, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "echo");
	put_u32(RSERPOOL_A_POOL_FAILOVER, RSP_FAILOVER_AUTO);
	put_u32(RSERPOOL_A_POOL_POLICY, RSERPOOL_POLICY_RAND);
	CHECK_EQ(talk(), 0);
	begin(RSERPOOL_CMD_POOL_GET, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "echo");
	CHECK_EQ(get(), 0);
	CHECK_EQ(value[RSERPOOL_A_POOL_FIN], RSP_FIN_FAILURE);
	CHECK_EQ(value[RSERPOOL_A_POOL_FAILOVER], RSP_FAILOVER_AUTO);
	CHECK_EQ(value[RSERPOOL_A_POOL_POLICY], RSERPOOL_POLICY_RAND);
	CHECK(has[RSERPOOL_A_POOL_EXPLICIT]);

	CHECK_EQ(new_element("echo", 1), 0);
	begin(RSERPOOL_CMD_POOL_SET, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "echo");
	attr = put_u32(RSERPOOL_A_POOL_POLICY, RSERPOOL_POLICY_RR);
	CHECK_REFUSED(talk(), EPROTOTYPE);
	CHECK_AT(attr);

	begin(RSERPOOL_CMD_POOL_DEL, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "echo");
	CHECK_EQ(talk(), 0);
	CHECK_REFUSED(talk(), ENOENT);
	CHECK_EQ(count_elements(), 0);
	begin(RSERPOOL_CMD_POOL_SET, 0);
	CHECK_REFUSED(talk(), EINVAL);
	CHECK_EQ(ack.missing, RSERPOOL_A_POOL_HANDLE);
}

TEST(pool_handle_lengths)
{
	char handle[98];
	int len;

	start();
	memset(handle, 0xff, sizeof(handle));
	for (len = 0; len < (int)sizeof(handle); len++) {
		begin(RSERPOOL_CMD_POOL_NEW, 0);
		mnl_attr_put(req, RSERPOOL_A_POOL_HANDLE, len, handle);
		if (len >= 1 && len <= RSERPOOL_HANDLE_MAX)
			CHECK_EQ(talk(), 0);
		else
			CHECK_REFUSED(talk(), len ? ERANGE : EINVAL);
	}
	CHECK_EQ(count_pools(), RSERPOOL_HANDLE_MAX);
}

TEST(pool_limit)
{
	struct nlattr *nest;

	start();
	set_scope(RSERPOOL_A_SCOPE_POOLS_MAX, 2);
	CHECK_EQ(new_element("one", 1), 0);
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	put_element("two", 1);
	nest = put_element("zero", 1);
	CHECK_REFUSED(talk(), ENOSPC);
	CHECK_AT(mnl_attr_get_payload(nest));
	CHECK_EQ(count_pools(), 1);
	CHECK_EQ(new_element("two", 1), 0);
	begin(RSERPOOL_CMD_POOL_NEW, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "three");
	CHECK_REFUSED(talk(), ENOSPC);
}

/* The parameters that each policy has. */
static const struct {
	uint32_t policy;
	int has[2];
} policies[] = {
	{ RSERPOOL_POLICY_RR, {} },
	{ RSERPOOL_POLICY_WRR, { RSERPOOL_A_ELEMENT_WEIGHT } },
	{ RSERPOOL_POLICY_RAND, {} },
	{ RSERPOOL_POLICY_WRAND, { RSERPOOL_A_ELEMENT_WEIGHT } },
	{ RSERPOOL_POLICY_PRIO, { RSERPOOL_A_ELEMENT_PRIORITY } },
	{ RSERPOOL_POLICY_LU, { RSERPOOL_A_ELEMENT_LOAD } },
	{ RSERPOOL_POLICY_LUD, { RSERPOOL_A_ELEMENT_LOAD,
				 RSERPOOL_A_ELEMENT_DEGRADATION } },
	{ RSERPOOL_POLICY_PLU, { RSERPOOL_A_ELEMENT_LOAD,
				 RSERPOOL_A_ELEMENT_DEGRADATION } },
	{ RSERPOOL_POLICY_RLU, { RSERPOOL_A_ELEMENT_LOAD } },
};

static int new_with_params(uint32_t policy, const int *params, int n,
			   struct nlattr **last)
{
	struct nlattr *nest;
	char handle[16];
	int i;

	snprintf(handle, sizeof(handle), "policy %x", policy);
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, handle);
	put_u32(RSERPOOL_A_ELEMENT_ID, 9);
	put_u32(RSERPOOL_A_ELEMENT_POLICY, policy);
	put_transport("192.0.2.1", 80);
	for (i = 0; i < n; i++)
		if (params[i])
			*last = put_u32(params[i], 77 + i);
	mnl_attr_nest_end(req, nest);
	return talk();
}

TEST(element_policies)
{
	static const int all[] = {
		RSERPOOL_A_ELEMENT_WEIGHT, RSERPOOL_A_ELEMENT_PRIORITY,
		RSERPOOL_A_ELEMENT_LOAD, RSERPOOL_A_ELEMENT_DEGRADATION,
	};
	struct nlattr *attr = NULL;
	int params[3], i, j, n;
	char handle[16];

	start();
	for (i = 0; i < (int)(sizeof(policies) / sizeof(*policies)); i++) {
		n = !!policies[i].has[0] + !!policies[i].has[1];
		if (n) {
			CHECK_REFUSED(new_with_params(policies[i].policy,
						      policies[i].has, n - 1,
						      &attr), EINVAL);
			CHECK_EQ(ack.missing, policies[i].has[n - 1]);
		}
		for (j = 0; j < 4; j++) {
			if (all[j] == policies[i].has[0] ||
			    all[j] == policies[i].has[1])
				continue;
			memcpy(params, policies[i].has, sizeof(policies[i].has));
			params[2] = all[j];
			CHECK_REFUSED(new_with_params(policies[i].policy,
						      params, 3, &attr),
				      EINVAL);
			CHECK_AT(attr);
		}
		CHECK_EQ(count_pools(), i);
		CHECK_EQ(new_with_params(policies[i].policy, policies[i].has, n,
					 &attr), 0);
		snprintf(handle, sizeof(handle), "policy %x",
			 policies[i].policy);
		name_element(RSERPOOL_CMD_ELEMENT_GET, handle, 9);
		CHECK_EQ(get(), 0);
		CHECK_EQ(value[RSERPOOL_A_ELEMENT_POLICY], policies[i].policy);
		for (j = 0; j < n; j++)
			CHECK_EQ(value[policies[i].has[j]], 77 + j);
	}
	CHECK_REFUSED(new_with_params(6, NULL, 0, &attr), EOPNOTSUPP);
	CHECK_REFUSED(new_with_params(0, NULL, 0, &attr), EOPNOTSUPP);
}

static int new_at(const char *addr, int port, int n, int scope_id)
{
	struct nlattr *nest, *transport;
	struct in6_addr v6;

	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, "p");
	put_u32(RSERPOOL_A_ELEMENT_ID, 1);
	while (n--) {
		if (!scope_id) {
			put_transport(addr, port);
			continue;
		}
		transport = mnl_attr_nest_start(req,
						RSERPOOL_A_ELEMENT_TRANSPORT);
		CHECK_EQ(inet_pton(AF_INET6, addr, &v6), 1);
		mnl_attr_put(req, RSERPOOL_A_TRANSPORT_IPV6, 16, &v6);
		mnl_attr_put_u16(req, RSERPOOL_A_TRANSPORT_PORT, htons(port));
		put_u32(RSERPOOL_A_TRANSPORT_SCOPE_ID, scope_id);
		mnl_attr_nest_end(req, transport);
	}
	mnl_attr_nest_end(req, nest);
	return talk();
}

TEST(element_transports)
{
	start();
	CHECK_REFUSED(new_at("", 80, 0, 0), EINVAL);
	CHECK_EQ(ack.missing, RSERPOOL_A_ELEMENT_TRANSPORT);
	CHECK_REFUSED(new_at("192.0.2.1", 80, 9, 0), E2BIG);
	CHECK_REFUSED(new_at("192.0.2.1", 0, 1, 0), ERANGE);
	CHECK_REFUSED(new_at("0.0.0.0", 80, 1, 0), EADDRNOTAVAIL);
	CHECK_REFUSED(new_at("224.0.0.1", 80, 1, 0), EADDRNOTAVAIL);
	CHECK_REFUSED(new_at("255.255.255.255", 80, 1, 0), EADDRNOTAVAIL);
	CHECK_REFUSED(new_at("::", 80, 1, 0), EADDRNOTAVAIL);
	CHECK_REFUSED(new_at("ff02::1", 80, 1, 0), EADDRNOTAVAIL);
	CHECK_REFUSED(new_at("::ffff:192.0.2.1", 80, 1, 0), EINVAL);
	CHECK_REFUSED(new_at("fe80::1", 80, 1, 0), EINVAL);
	CHECK_REFUSED(new_at("2001:db8::1", 80, 1, 1), EINVAL);
	CHECK_REFUSED(new_at("neither", 80, 1, 0), EINVAL);
	CHECK_EQ(count_elements(), 0);
	CHECK_EQ(new_at("192.0.2.1", 80, 8, 0), 0);
	CHECK_EQ(new_at("2001:db8::1", 80, 1, 0), 0);
	CHECK_EQ(new_at("fe80::1", 80, 1, 1), 0);
	CHECK_EQ(count_elements(), 1);
}

static int uses[2], n_uses;

static int use_attr(const struct nlattr *attr, void *data)
{
	int *use = data;

	if (mnl_attr_get_type(attr) == RSERPOOL_A_TRANSPORT_USE)
		*use = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static void show_uses(const struct nlmsghdr *nlh)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != RSERPOOL_A_ELEMENT_TRANSPORT)
			continue;
		CHECK(n_uses < 2);
		uses[n_uses] = -1;
		mnl_attr_parse_nested(attr, use_attr, &uses[n_uses++]);
	}
}

/* What the element says of its two addresses; -1: nothing. */
static void check_uses(int first, int second)
{
	n_uses = 0;
	name_element(RSERPOOL_CMD_ELEMENT_GET, "p", 1);
	CHECK_EQ(talk_on(nl, show_uses), 0);
	CHECK_EQ(n_uses, 2);
	CHECK_EQ(uses[0], first);
	CHECK_EQ(uses[1], second);
}

static struct nlattr *put_used_transport(int port, int use)
{
	struct nlattr *nest, *attr;

	nest = mnl_attr_nest_start(req, RSERPOOL_A_ELEMENT_TRANSPORT);
	mnl_attr_put_u32(req, RSERPOOL_A_TRANSPORT_IPV4, htonl(0x7f000001));
	mnl_attr_put_u16(req, RSERPOOL_A_TRANSPORT_PORT, htons(port));
	attr = put_u32(RSERPOOL_A_TRANSPORT_USE, use);
	mnl_attr_nest_end(req, nest);
	return attr;
}

/* Data only is what there is where nothing is said, and is not said. */
TEST(element_transport_use)
{
	struct nlattr *nest, *attr;

	start();
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, "p");
	put_u32(RSERPOOL_A_ELEMENT_ID, 1);
	put_used_transport(1, RSP_TRANSPORT_USE_DATA_CONTROL);
	put_transport("192.0.2.1", 2);
	mnl_attr_nest_end(req, nest);
	CHECK_EQ(talk(), 0);
	check_uses(RSP_TRANSPORT_USE_DATA_CONTROL, -1);

	name_element(RSERPOOL_CMD_ELEMENT_SET, "p", 1);
	put_u32(RSERPOOL_A_ELEMENT_HOME, 6);
	CHECK_EQ(talk(), 0);
	check_uses(RSP_TRANSPORT_USE_DATA_CONTROL, -1);

	name_element(RSERPOOL_CMD_ELEMENT_SET, "p", 1);
	put_used_transport(1, RSP_TRANSPORT_USE_DATA_CONTROL);
	attr = put_used_transport(2, RSP_TRANSPORT_USE_DATA_CONTROL + 1);
	CHECK_REFUSED(talk(), ERANGE);
	CHECK_AT(attr);
	check_uses(RSP_TRANSPORT_USE_DATA_CONTROL, -1);

	name_element(RSERPOOL_CMD_ELEMENT_SET, "p", 1);
	put_used_transport(1, RSP_TRANSPORT_USE_DATA_ONLY);
	put_used_transport(2, RSP_TRANSPORT_USE_DATA_CONTROL);
	CHECK_EQ(talk(), 0);
	check_uses(-1, RSP_TRANSPORT_USE_DATA_CONTROL);
}

TEST(element_set_changes_a_part)
{
	struct nlattr *attr;

	start();
	CHECK_EQ(new_with_params(RSERPOOL_POLICY_WRR, policies[1].has, 1,
				 &attr), 0);
	name_element(RSERPOOL_CMD_ELEMENT_SET, "policy 2", 9);
	put_u32(RSERPOOL_A_ELEMENT_WEIGHT, 5);
	put_u32(RSERPOOL_A_ELEMENT_HOME, 6);
	CHECK_EQ(talk(), 0);
	name_element(RSERPOOL_CMD_ELEMENT_GET, "policy 2", 9);
	CHECK_EQ(get(), 0);
	CHECK_EQ(value[RSERPOOL_A_ELEMENT_WEIGHT], 5);
	CHECK_EQ(value[RSERPOOL_A_ELEMENT_HOME], 6);
	CHECK(has[RSERPOOL_A_ELEMENT_TRANSPORT]);
	CHECK(!has[RSERPOOL_A_ELEMENT_EXPIRES_MS]);

	name_element(RSERPOOL_CMD_ELEMENT_SET, "policy 2", 9);
	attr = put_u32(RSERPOOL_A_ELEMENT_LOAD, 5);
	CHECK_REFUSED(talk(), EINVAL);
	CHECK_AT(attr);
	name_element(RSERPOOL_CMD_ELEMENT_SET, "policy 2", 8);
	CHECK_REFUSED(talk(), ENOENT);
	name_element(RSERPOOL_CMD_ELEMENT_SET, "no such", 9);
	CHECK_REFUSED(talk(), ENOENT);
}

TEST(element_del_takes_the_pool_along)
{
	start();
	CHECK_EQ(new_element("p", 1), 0);
	CHECK_EQ(new_element("p", 2), 0);
	name_element(RSERPOOL_CMD_ELEMENT_DEL, "p", 1);
	CHECK_EQ(talk(), 0);
	CHECK_REFUSED(talk(), ENOENT);
	CHECK_EQ(count_pools(), 1);
	name_element(RSERPOOL_CMD_ELEMENT_DEL, "p", 2);
	mnl_attr_put(req, RSERPOOL_A_ELEMENT_NOW, 0, NULL);
	CHECK_EQ(get(), 0);
	CHECK_EQ(shown, 1);
	CHECK(has[RSERPOOL_A_ELEMENT_SEVERED]);
	CHECK_EQ(count_pools(), 0);
}

TEST(pool_del_now)
{
	int i;

	start();
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	for (i = 1; i <= 100; i++)
		put_element("p", i);
	CHECK_EQ(talk(), 0);
	begin(RSERPOOL_CMD_POOL_DEL, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "p");
	mnl_attr_put(req, RSERPOOL_A_POOL_NOW, 0, NULL);
	CHECK_EQ(get(), 0);
	CHECK(has[RSERPOOL_A_POOL_SEVERED]);
	CHECK_EQ(count_elements(), 0);
	CHECK_EQ(count_pools(), 0);
}

TEST(batch_is_checked_whole)
{
	struct nlattr *nest, *attr, *bad;
	int i;

	start();
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	CHECK_REFUSED(talk(), EINVAL);
	CHECK_EQ(ack.missing, RSERPOOL_A_BATCH_ELEMENT);

	/* The last of many is bad: none is registered. */
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	for (i = 1; i <= 5000; i++)
		put_element(i % 2 ? "odd" : "even", i);
	nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, "odd");
	put_u32(RSERPOOL_A_ELEMENT_ID, 3);
	put_transport("192.0.2.1", 80);
	attr = put_u32(RSERPOOL_A_ELEMENT_WEIGHT, 3);
	mnl_attr_nest_end(req, nest);
	CHECK_REFUSED(talk(), EINVAL);
	CHECK_AT(attr);
	CHECK_EQ(count_elements(), 0);
	CHECK_EQ(count_pools(), 0);

	/* Elements of a pool that is to be made differ in their policy. */
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	put_element("b", 1);
	put_element("a", 1);
	bad = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, "b");
	put_u32(RSERPOOL_A_ELEMENT_ID, 3);
	put_u32(RSERPOOL_A_ELEMENT_POLICY, RSERPOOL_POLICY_RAND);
	put_transport("192.0.2.1", 80);
	mnl_attr_nest_end(req, bad);
	CHECK_REFUSED(talk(), EPROTOTYPE);
	CHECK(ack.offset > 0);
	CHECK_EQ(count_pools(), 0);
}

TEST(batch_of_many_pools)
{
	char handle[16];
	int i;

	start();
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	for (i = 0; i < 3000; i++) {
		snprintf(handle, sizeof(handle), "pool %d", i * 7 % 1000);
		put_element(handle, 1 + i / 1000);
	}
	CHECK_EQ(talk(), 0);
	CHECK_EQ(count_pools(), 1000);
	CHECK_EQ(count_elements(), 3000);
	/* The same again changes nothing. */
	CHECK_EQ(talk(), 0);
	CHECK_EQ(count_elements(), 3000);
}

TEST(batch_exclusive_and_replace)
{
	struct nlattr *nest;

	start();
	CHECK_EQ(new_element("p", 1), 0);
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	mnl_attr_put(req, RSERPOOL_A_BATCH_EXCLUSIVE, 0, NULL);
	put_element("p", 2);
	nest = put_element("p", 1);
	CHECK_REFUSED(talk(), EEXIST);
	CHECK_AT(nest);
	CHECK_EQ(count_elements(), 1);
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	mnl_attr_put(req, RSERPOOL_A_BATCH_EXCLUSIVE, 0, NULL);
	put_element("p", 2);
	put_element("q", 3);
	nest = put_element("p", 2);
	put_element("p", 4);
	CHECK_REFUSED(talk(), EEXIST);
	CHECK_AT(nest);
	CHECK(strstr(ack.text, "Element 2"));
	CHECK_EQ(count_elements(), 3);
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	mnl_attr_put(req, RSERPOOL_A_BATCH_REPLACE, 0, NULL);
	put_element("p", 1);
	nest = put_element("p", 5);
	CHECK_REFUSED(talk(), ENOENT);
	CHECK_AT(nest);
}

TEST(batch_stops_at_the_limit)
{
	struct nlattr *nest;

	start();
	set_scope(RSERPOOL_A_SCOPE_ELEMENTS_MAX, 3);
	CHECK_EQ(new_element("p", 1), 0);
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	put_element("p", 1);
	put_element("p", 2);
	put_element("q", 1);
	nest = put_element("q", 2);
	CHECK_REFUSED(talk(), ENOSPC);
	CHECK_AT(nest);
	CHECK_EQ(count_elements(), 1);
}

/* One good request of each kind that takes attributes. */
static void good(int kind)
{
	switch (kind) {
	case 0:
		begin(RSERPOOL_CMD_SCOPE_SET, 0);
		mnl_attr_put_strz(req, RSERPOOL_A_SCOPE_NAME, "scope");
		put_u32(RSERPOOL_A_SCOPE_POOLS_MAX, 1000);
		break;
	case 1:
		begin(RSERPOOL_CMD_POOL_NEW, 0);
		put_handle(RSERPOOL_A_POOL_HANDLE, "new");
		put_u32(RSERPOOL_A_POOL_FIN, RSP_FIN_FAILURE);
		break;
	case 2:
		begin(RSERPOOL_CMD_POOL_SET, 0);
		put_handle(RSERPOOL_A_POOL_HANDLE, "pool");
		put_u32(RSERPOOL_A_POOL_FAILOVER, RSP_FAILOVER_OFF);
		break;
	case 3:
		begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
		put_element("pool", 1);
		put_element("pool", 2);
		break;
	case 4:
		name_element(RSERPOOL_CMD_ELEMENT_SET, "pool", 1);
		put_transport("192.0.2.2", 80);
		break;
	case 5:
		name_element(RSERPOOL_CMD_ELEMENT_DRAIN, "pool", 1);
		put_u32(RSERPOOL_A_ELEMENT_DRAIN, 1);
		break;
	case 6:
		name_element(RSERPOOL_CMD_ELEMENT_GET, "pool", 1);
		break;
	case 7:
		begin(RSERPOOL_CMD_POOL_GET, 0);
		put_handle(RSERPOOL_A_POOL_HANDLE, "pool");
		break;
	case 8:
		name_element(RSERPOOL_CMD_ELEMENT_DEL, "pool", 1);
		mnl_attr_put(req, RSERPOOL_A_ELEMENT_NOW, 0, NULL);
		break;
	case 9:
		begin(RSERPOOL_CMD_POOL_DEL, 0);
		put_handle(RSERPOOL_A_POOL_HANDLE, "pool");
		break;
	case 10:
		begin(RSERPOOL_CMD_RESOLVE_DONE, 0);
		put_handle(RSERPOOL_A_RESOLUTION_HANDLE, "asked");
		put_u32(RSERPOOL_A_RESOLUTION_RESULT, ENOENT);
		break;
	case 11:
		begin(RSERPOOL_CMD_SESSION_GET, 0);
		put_u32(RSERPOOL_A_SESSION_ID, 4711);
		break;
	case 12:
		begin(RSERPOOL_CMD_SYNC_BEGIN, 0);
		break;
	case 13:
		begin(RSERPOOL_CMD_SYNC_END, 0);
		break;
	case 14:
		begin(RSERPOOL_CMD_SCOPE_GET, 0);
		break;
	}
}

#define KINDS	15

/* Without an attribute, or without its padding, a message may be good. */
TEST(messages_cut)
{
	const unsigned int head = MNL_NLMSG_HDRLEN + sizeof(struct genlmsghdr);
	unsigned int len, whole;
	struct nlattr *attr;
	bool boundary;
	int kind;

	start();
	for (kind = 0; kind < KINDS; kind++) {
		good(kind);
		whole = req->nlmsg_len;
		for (len = MNL_NLMSG_HDRLEN; len < whole; len++) {
			good(kind);
			boundary = len == head;
			mnl_attr_for_each(attr, req, sizeof(struct genlmsghdr))
				if ((char *)req + len == (char *)attr ||
				    ((char *)req + len >=
				     (char *)attr + attr->nla_len &&
				     (char *)req + len <=
				     (char *)mnl_attr_next(attr)))
					boundary = true;
			req->nlmsg_len = len;
			if (!talk() && !boundary)
				test_fail(__FILE__, __LINE__,
					  "kind %d cut at %u of %u is taken",
					  kind, len, whole);
		}
	}
}

TEST(messages_with_unknown_attributes)
{
	static const int types[] = { 20, 100, 0x3fff };
	static const int dumps[] = {
		RSERPOOL_CMD_POOL_GET, RSERPOOL_CMD_ELEMENT_GET,
		RSERPOOL_CMD_SESSION_GET, RSERPOOL_CMD_STATS_GET,
		RSERPOOL_CMD_RESOLVE_GET,
	};
	struct nlattr *attr;
	int kind, i;

	start();
	for (kind = 0; kind < KINDS; kind++)
		for (i = 0; i < 3; i++) {
			good(kind);
			attr = put_u32(types[i], 1);
			CHECK_REFUSED(talk(), EINVAL);
			CHECK_AT(attr);
		}
	for (i = 0; i < (int)(sizeof(dumps) / sizeof(*dumps)); i++) {
		begin(dumps[i], NLM_F_DUMP);
		put_u32(100, 1);
		CHECK(talk());
	}
	/* What is only read cannot be set. */
	good(2);
	attr = put_u32(RSERPOOL_A_POOL_ELEMENTS, 1);
	CHECK_REFUSED(talk(), EINVAL);
	CHECK_AT(attr);
	CHECK_EQ(count_elements(), 0);
}

/* In each place where there is an attribute, one of another length. */
TEST(messages_with_wrong_lengths)
{
	static char junk[300];
	const struct { int cmd, type, good; } list[] = {
		{ RSERPOOL_CMD_SCOPE_SET, RSERPOOL_A_SCOPE_POOLS_MAX, 4 },
		{ RSERPOOL_CMD_POOL_NEW, RSERPOOL_A_POOL_POLICY, 4 },
		{ RSERPOOL_CMD_POOL_NEW, RSERPOOL_A_POOL_FIN, 4 },
		{ RSERPOOL_CMD_ELEMENT_SET, RSERPOOL_A_ELEMENT_ID, 4 },
		{ RSERPOOL_CMD_ELEMENT_DEL, RSERPOOL_A_ELEMENT_NOW, 0 },
		{ RSERPOOL_CMD_ELEMENT_DRAIN, RSERPOOL_A_ELEMENT_DRAIN, 4 },
		{ RSERPOOL_CMD_RESOLVE_DONE, RSERPOOL_A_RESOLUTION_RESULT, 4 },
		{ RSERPOOL_CMD_SESSION_GET, RSERPOOL_A_SESSION_ID, 4 },
	};
	struct nlattr *attr;
	int i, len;

	start();
	for (i = 0; i < (int)(sizeof(list) / sizeof(*list)); i++)
		for (len = 0; len < (int)sizeof(junk); len++) {
			if (len == list[i].good)
				continue;
			begin(list[i].cmd, 0);
			attr = mnl_nlmsg_get_payload_tail(req);
			mnl_attr_put(req, list[i].type, len, junk);
			CHECK(talk());
			CHECK(ack.text[0]);
			CHECK_AT(attr);
		}
}

TEST(messages_nested_wrongly)
{
	struct nlattr *nest, *inner;

	start();
	/* A nest that does not say that it is one. */
	good(3);
	nest = mnl_nlmsg_get_payload_offset(req, sizeof(struct genlmsghdr));
	nest->nla_type &= ~NLA_F_NESTED;
	CHECK_REFUSED(talk(), EINVAL);
	CHECK_AT(nest);
	/* An integer that says that it is one. */
	begin(RSERPOOL_CMD_SCOPE_SET, 0);
	nest = put_u32(RSERPOOL_A_SCOPE_POOLS_MAX | NLA_F_NESTED, 5);
	CHECK_REFUSED(talk(), EINVAL);
	/* An empty nest, and one that is shorter than a header. */
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	mnl_attr_nest_end(req, nest);
	CHECK_REFUSED(talk(), EINVAL);
	CHECK_EQ(ack.missing, RSERPOOL_A_ELEMENT_HANDLE);
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	mnl_attr_put(req, RSERPOOL_A_BATCH_ELEMENT | NLA_F_NESTED, 3, "abc");
	CHECK_REFUSED(talk(), ERANGE);
	/* A nest that ends behind its end. */
	good(3);
	nest = mnl_nlmsg_get_payload_offset(req, sizeof(struct genlmsghdr));
	inner = mnl_attr_get_payload(nest);
	inner->nla_len = 200;
	CHECK_REFUSED(talk(), EINVAL);
	/* An element in an element. */
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_element("p", 1);
	mnl_attr_nest_end(req, nest);
	CHECK(talk());
	CHECK(ack.text[0]);
	CHECK_EQ(count_elements(), 0);
}

static void in_child(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (!pid) {
		fn();
		fflush(stdout);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
}

static int join(struct mnl_socket *s, int group)
{
	return mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &groups[group],
				     sizeof(int));
}

static const int reading[] = { 6, 7, 11, 14 };

static void may_only_read(void)
{
	unsigned int i;
	int kind;

	nl = open_netlink();
	for (kind = 0; kind < KINDS; kind++) {
		for (i = 0; i < 4 && reading[i] != kind; i++)
			;
		good(kind);
		if (i < 4)
			CHECK_EQ(talk(), kind == 11 ? ENOENT : 0);
		else
			CHECK_EQ(talk(), EPERM);
	}
	begin(RSERPOOL_CMD_RESOLVE_GET, NLM_F_DUMP);
	CHECK_EQ(talk(), EPERM);
	begin(RSERPOOL_CMD_STATS_GET, NLM_F_DUMP);
	CHECK_EQ(talk(), 0);
	begin(RSERPOOL_CMD_ELEMENT_GET, NLM_F_DUMP);
	CHECK_EQ(talk(), 0);
	CHECK_EQ(join(nl, 0), 0);
	CHECK_ERR(join(nl, 2), EPERM);
}

static void without_privilege(void)
{
	CHECK_EQ(setresgid(65534, 65534, 65534), 0);
	CHECK_EQ(setresuid(65534, 65534, 65534), 0);
	may_only_read();
}

static void in_other_user_namespace(void)
{
	CHECK_EQ(unshare(CLONE_NEWUSER), 0);
	may_only_read();
}

static void in_own_namespaces(void)
{
	CHECK_EQ(unshare(CLONE_NEWUSER | CLONE_NEWNET), 0);
	nl = open_netlink();
	CHECK_EQ(count_elements(), 0);
	good(3);
	CHECK_EQ(talk(), 0);
	CHECK_EQ(count_elements(), 2);
	CHECK_EQ(join(nl, 2), 0);
}

TEST(permissions)
{
	start();
	good(3);
	CHECK_EQ(talk(), 0);
	in_child(without_privilege);
	in_child(in_other_user_namespace);
	in_child(in_own_namespaces);
	CHECK_EQ(count_elements(), 2);
	CHECK_EQ(join(nl, 2), 0);
}

TEST(sync_sweeps)
{
	start();
	CHECK_EQ(new_element("p", 1), 0);
	CHECK_EQ(new_element("p", 2), 0);
	CHECK_EQ(new_element("q", 1), 0);
	begin(RSERPOOL_CMD_POOL_NEW, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "operator's");
	CHECK_EQ(talk(), 0);

	good(13);
	CHECK_REFUSED(talk(), EALREADY);
	good(12);
	CHECK_EQ(talk(), 0);
	CHECK_EQ(talk(), 0);
	CHECK_EQ(new_element("p", 2), 0);
	CHECK_EQ(new_element("p", 3), 0);
	CHECK_EQ(count_elements(), 4);
	CHECK(has[RSERPOOL_A_SCOPE_SYNCING]);
	good(13);
	CHECK_EQ(get(), 0);
	CHECK_EQ(value[RSERPOOL_A_SYNC_SWEPT], 2);
	CHECK_EQ(count_elements(), 2);
	CHECK_EQ(count_pools(), 2);
	CHECK(!has[RSERPOOL_A_SCOPE_SYNCING]);
}

TEST(sync_ends_with_its_socket)
{
	struct mnl_socket *other;

	start();
	other = open_netlink();
	CHECK_EQ(new_element("p", 1), 0);
	good(12);
	CHECK_EQ(talk_on(other, show_none), 0);
	CHECK_REFUSED(talk(), EBUSY);
	good(13);
	CHECK_REFUSED(talk(), EALREADY);
	mnl_socket_close(other);
	CHECK_EQ(count_elements(), 1);
	CHECK(!has[RSERPOOL_A_SCOPE_SYNCING]);
	good(12);
	CHECK_EQ(talk(), 0);
}

#define MANY	20000

static bool seen[MANY + 1];
static int interrupted;

static void show_element(const struct nlmsghdr *nlh)
{
	interrupted += !!(nlh->nlmsg_flags & NLM_F_DUMP_INTR);
	if (nlh->nlmsg_type != family)
		return;
	show_values(nlh);
	CHECK(value[RSERPOOL_A_ELEMENT_ID] <= MANY);
	CHECK(!seen[value[RSERPOOL_A_ELEMENT_ID]]);
	seen[value[RSERPOOL_A_ELEMENT_ID]] = true;
}

static void many_elements(void)
{
	int i, id = 1;

	while (id <= MANY) {
		begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
		for (i = 0; i < 1000; i++, id++)
			put_element("many", id);
		CHECK_EQ(talk(), 0);
	}
}

TEST(dump_resumes)
{
	start();
	many_elements();
	CHECK_EQ(new_element("other", 1), 0);
	begin(RSERPOOL_CMD_ELEMENT_GET, NLM_F_DUMP);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, "many");
	shown = 0;
	CHECK_EQ(talk_on(nl, show_element), 0);
	CHECK_EQ(shown, MANY);
	CHECK_EQ(interrupted, 0);

	begin(RSERPOOL_CMD_ELEMENT_GET, NLM_F_DUMP);
	CHECK_EQ(get(), 0);
	CHECK_EQ(shown, MANY + 1);
	begin(RSERPOOL_CMD_POOL_GET, NLM_F_DUMP);
	CHECK_EQ(get(), 0);
	CHECK_EQ(shown, 2);
	begin(RSERPOOL_CMD_ELEMENT_GET, NLM_F_DUMP);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, "no such");
	CHECK_EQ(talk(), ENOENT);
}

TEST(dump_says_that_it_was_overtaken)
{
	struct mnl_socket *dump;

	start();
	many_elements();
	dump = open_netlink();
	begin(RSERPOOL_CMD_ELEMENT_GET, NLM_F_DUMP);
	CHECK(mnl_socket_sendto(dump, req, req->nlmsg_len) > 0);
	/* The first messages of it are made; now the rest is another table. */
	name_element(RSERPOOL_CMD_ELEMENT_DEL, "many", MANY);
	CHECK_EQ(talk(), 0);
	CHECK_EQ(receive(dump, show_element), 0);
	CHECK(interrupted);
	CHECK(!seen[MANY]);

	/* The pool goes meanwhile. */
	memset(seen, 0, sizeof(seen));
	interrupted = 0;
	begin(RSERPOOL_CMD_ELEMENT_GET, NLM_F_DUMP);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, "many");
	CHECK(mnl_socket_sendto(dump, req, req->nlmsg_len) > 0);
	begin(RSERPOOL_CMD_POOL_DEL, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "many");
	CHECK_EQ(talk(), 0);
	CHECK_EQ(receive(dump, show_element), 0);
	CHECK(interrupted);
}

static int refusals;

static void show_counter(const struct nlmsghdr *nlh)
{
	struct nlattr *attr;
	bool refused = false;

	show_values(nlh);
	if (nlh->nlmsg_type != family)
		return;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == RSERPOOL_A_COUNTER_NAME)
			refused = !strcmp(mnl_attr_get_str(attr),
					  "NetlinkRefused");
	if (refused)
		refusals = value[RSERPOOL_A_COUNTER_VALUE];
}

TEST(stats)
{
	start();
	good(9);
	CHECK_REFUSED(talk(), ENOENT);
	CHECK_REFUSED(talk(), ENOENT);
	begin(RSERPOOL_CMD_STATS_GET, NLM_F_DUMP);
	shown = 0;
	CHECK_EQ(talk_on(nl, show_counter), 0);
	CHECK(shown > 20);
	CHECK_EQ(refusals, 2);
}

/* The next notification, which must come in time, is of this command. */
static void expect(struct mnl_socket *s, int cmd)
{
	struct pollfd pfd = { .fd = mnl_socket_get_fd(s), .events = POLLIN };
	struct genlmsghdr *genl;
	int len;

	CHECK_EQ(poll(&pfd, 1, 10000), 1);
	len = mnl_socket_recvfrom(s, answer, sizeof(answer));
	CHECK(len > 0);
	genl = mnl_nlmsg_get_payload((struct nlmsghdr *)answer);
	CHECK_EQ(genl->cmd, cmd);
	show_values((struct nlmsghdr *)answer);
}

TEST(notifications)
{
	struct mnl_socket *ear;
	struct nlattr *nest;

	start();
	ear = open_netlink();
	CHECK_EQ(join(ear, 0), 0);

	CHECK_EQ(new_element("p", 1), 0);
	expect(ear, RSERPOOL_CMD_POOL_NEW_NTF);
	expect(ear, RSERPOOL_CMD_ELEMENT_NEW_NTF);
	CHECK_EQ(value[RSERPOOL_A_ELEMENT_ID], 1);
	good(2);
	CHECK_REFUSED(talk(), ENOENT);
	begin(RSERPOOL_CMD_POOL_SET, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "p");
	put_u32(RSERPOOL_A_POOL_FAILOVER, RSP_FAILOVER_OFF);
	CHECK_EQ(talk(), 0);
	expect(ear, RSERPOOL_CMD_POOL_SET_NTF);
	CHECK_EQ(value[RSERPOOL_A_POOL_FAILOVER], RSP_FAILOVER_OFF);
	name_element(RSERPOOL_CMD_ELEMENT_DRAIN, "p", 1);
	put_u32(RSERPOOL_A_ELEMENT_DRAIN, 1);
	CHECK_EQ(talk(), 0);
	expect(ear, RSERPOOL_CMD_ELEMENT_AVOIDED_NTF);
	CHECK_EQ(value[RSERPOOL_A_ELEMENT_AVOID], RSERPOOL_AVOID_DRAIN);
	name_element(RSERPOOL_CMD_ELEMENT_DRAIN, "p", 1);
	put_u32(RSERPOOL_A_ELEMENT_DRAIN, 0);
	CHECK_EQ(talk(), 0);
	expect(ear, RSERPOOL_CMD_ELEMENT_RETURNED_NTF);
	name_element(RSERPOOL_CMD_ELEMENT_SET, "p", 1);
	put_u32(RSERPOOL_A_ELEMENT_HOME, 7);
	CHECK_EQ(talk(), 0);
	expect(ear, RSERPOOL_CMD_ELEMENT_SET_NTF);
	name_element(RSERPOOL_CMD_ELEMENT_DEL, "p", 1);
	CHECK_EQ(talk(), 0);
	expect(ear, RSERPOOL_CMD_ELEMENT_DEL_NTF);

	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, "short");
	put_u32(RSERPOOL_A_ELEMENT_ID, 1);
	put_u32(RSERPOOL_A_ELEMENT_LIFETIME, 100);
	put_transport("192.0.2.1", 80);
	mnl_attr_nest_end(req, nest);
	CHECK_EQ(talk(), 0);
	expect(ear, RSERPOOL_CMD_POOL_NEW_NTF);
	expect(ear, RSERPOOL_CMD_ELEMENT_NEW_NTF);
	CHECK(has[RSERPOOL_A_ELEMENT_EXPIRES_MS]);
	expect(ear, RSERPOOL_CMD_ELEMENT_EXPIRED_NTF);
	expect(ear, RSERPOOL_CMD_POOL_DEL_NTF);
}
