// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink messages that are nearly right: commands with attributes of their
 * own, then cut, stretched, nested, doubled and overwritten.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/rserpool_netlink.h>

#define MESSAGES	1500

static int family, groups[8], n_groups;

static int group_attr(const struct nlattr *attr, void *data)
{
	struct nlattr *a, *b;

	(void)data;
	mnl_attr_for_each_nested(a, attr)
		mnl_attr_for_each_nested(b, a)
			if (mnl_attr_get_type(b) == CTRL_ATTR_MCAST_GRP_ID &&
			    n_groups < 8)
				groups[n_groups++] = mnl_attr_get_u32(b);
	return MNL_CB_OK;
}

static int family_attr(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		family = mnl_attr_get_u16(attr);
	if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
		group_attr(attr, data);
	return MNL_CB_OK;
}

static struct mnl_socket *open_netlink(void)
{
	struct mnl_socket *s = mnl_socket_open(NETLINK_GENERIC);
	int on = 1;

	CHECK(s);
	CHECK_EQ(mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID), 0);
	CHECK_EQ(mnl_socket_setsockopt(s, NETLINK_EXT_ACK, &on, sizeof(on)), 0);
	return s;
}

static char message[1 << 16];
static struct nlmsghdr *nlh = (void *)message;

static void begin(int type, int cmd, int flags)
{
	struct genlmsghdr *genl;

	mnl_nlmsg_put_header(message);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
}

static void find_family(struct mnl_socket *s)
{
	char answer[8192];

	close(socket(AF_RSERPOOL, SOCK_STREAM, 0));
	begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_REQUEST);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, RSERPOOL_FAMILY_NAME);
	CHECK(mnl_socket_sendto(s, nlh, nlh->nlmsg_len) > 0);
	CHECK(mnl_socket_recvfrom(s, answer, sizeof(answer)) > 0);
	mnl_attr_parse((void *)answer, sizeof(struct genlmsghdr), family_attr,
		       NULL);
	CHECK(family && n_groups == 3);
}

static const char *const handles[] = { "a", "b", "c", "a longer handle" };

static void put_handle(int type)
{
	const char *handle = handles[rnd(4)];

	mnl_attr_put(nlh, type, strlen(handle), handle);
}

static void put_transport(void)
{
	struct nlattr *nest;

	nest = mnl_attr_nest_start(nlh, RSERPOOL_A_ELEMENT_TRANSPORT);
	mnl_attr_put_u32(nlh, RSERPOOL_A_TRANSPORT_IPV4,
			 htobe32(0x7f000001 + rnd(3)));
	mnl_attr_put_u16(nlh, RSERPOOL_A_TRANSPORT_PORT, 1 + rnd(65535));
	if (!rnd(4))
		mnl_attr_put_u32(nlh, RSERPOOL_A_TRANSPORT_USE, rnd(3));
	mnl_attr_nest_end(nlh, nest);
}

/* An attribute of the right kind for its type, more often than not. */
static void put_any(int max)
{
	static const uint32_t values[] = { 0, 1, 2, 3, 100, ~0U, 0x40000001 };
	int type = 1 + rnd(max);

	switch (rnd(5)) {
	case 0:
		mnl_attr_put_u32(nlh, type, values[rnd(7)]);
		break;
	case 1:
		mnl_attr_put(nlh, type, 0, NULL);
		break;
	case 2:
		put_transport();
		break;
	case 3:
		put_handle(type);
		break;
	default:
		mnl_attr_put_u32(nlh, type, rnd(~0U));
		break;
	}
}

static void put_element(void)
{
	static const uint32_t policies[] = {
		RSERPOOL_POLICY_RR, RSERPOOL_POLICY_WRR, RSERPOOL_POLICY_RAND,
		RSERPOOL_POLICY_WRAND, RSERPOOL_POLICY_PRIO, RSERPOOL_POLICY_LU,
		RSERPOOL_POLICY_LUD, RSERPOOL_POLICY_PLU, RSERPOOL_POLICY_RLU,
	};

	put_handle(RSERPOOL_A_ELEMENT_HANDLE);
	mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, 1 + rnd(8));
	put_transport();
	if (!rnd(2)) {
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_POLICY,
				 policies[rnd(9)]);
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_WEIGHT, rnd(5));
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_LOAD, rnd(~0U));
	}
	if (!rnd(4))
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_LIFETIME, 1 + rnd(50));
	while (!rnd(3))
		put_any(RSERPOOL_A_ELEMENT_MAX);
}

static void make(void)
{
	int cmd = 1 + rnd(RSERPOOL_CMD_RESOLVE_DONE + 1);
	struct nlattr *nest;
	int i;

	begin(family, cmd, NLM_F_REQUEST | (rnd(4) ? NLM_F_ACK : 0) |
			   (rnd(4) ? 0 : NLM_F_DUMP));
	switch (cmd) {
	case RSERPOOL_CMD_ELEMENT_NEW:
		for (i = rnd(6); i >= 0; i--) {
			nest = mnl_attr_nest_start(nlh,
						   RSERPOOL_A_BATCH_ELEMENT);
			put_element();
			mnl_attr_nest_end(nlh, nest);
		}
		if (!rnd(4))
			mnl_attr_put(nlh, 2 + rnd(2), 0, NULL);
		break;
	case RSERPOOL_CMD_ELEMENT_GET:
	case RSERPOOL_CMD_ELEMENT_SET:
	case RSERPOOL_CMD_ELEMENT_DEL:
	case RSERPOOL_CMD_ELEMENT_DRAIN:
		put_handle(RSERPOOL_A_ELEMENT_HANDLE);
		mnl_attr_put_u32(nlh, RSERPOOL_A_ELEMENT_ID, 1 + rnd(8));
		while (rnd(2))
			put_any(RSERPOOL_A_ELEMENT_MAX);
		break;
	case RSERPOOL_CMD_SCOPE_SET:
		while (rnd(3))
			put_any(RSERPOOL_A_SCOPE_MAX);
		break;
	default:
		put_handle(1);
		while (rnd(2))
			put_any(RSERPOOL_A_POOL_MAX);
		break;
	}
}

/* The place of an attribute in what looks like a list of them, if any. */
static struct nlattr *some_attr(void)
{
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN, len;
	struct nlattr *attr = NULL;
	int steps = rnd(12);

	while (at + NLA_HDRLEN <= nlh->nlmsg_len) {
		attr = (void *)(message + at);
		if (!steps--)
			break;
		len = attr->nla_len;
		/* Into it, or past it. */
		at += len < NLA_HDRLEN || !rnd(3) ? NLA_HDRLEN : NLA_ALIGN(len);
	}
	return attr;
}

static void mutate(void)
{
	struct nlattr *attr = some_attr();
	size_t len = nlh->nlmsg_len;

	switch (rnd(9)) {
	case 0:
		message[NLMSG_HDRLEN + rnd(len - NLMSG_HDRLEN)] = rnd(256);
		break;
	case 1:
		message[NLMSG_HDRLEN + rnd(len - NLMSG_HDRLEN)] ^= 1 << rnd(8);
		break;
	case 2:
		if (attr)
			attr->nla_len += (int)rnd(17) - 8;
		break;
	case 3:
		if (attr)
			attr->nla_len = rnd(65536);
		break;
	case 4:
		if (attr)
			attr->nla_type = rnd(2) ? rnd(32) : rnd(65536);
		break;
	case 5:
		if (attr)
			attr->nla_type ^= rnd(2) ? NLA_F_NESTED :
						   NLA_F_NET_BYTEORDER;
		break;
	case 6:
		nlh->nlmsg_len -= rnd(len - NLMSG_HDRLEN + 1);
		break;
	case 7:
		nlh->nlmsg_flags = rnd(65536) | NLM_F_REQUEST;
		break;
	case 8:
		/* All of it once more: nested lists get what follows them. */
		if (len < 8192) {
			memcpy(message + NLMSG_ALIGN(len),
			       message + NLMSG_HDRLEN + GENL_HDRLEN,
			       len - NLMSG_HDRLEN - GENL_HDRLEN);
			nlh->nlmsg_len = NLMSG_ALIGN(len) + len -
					 NLMSG_HDRLEN - GENL_HDRLEN;
		}
		break;
	}
	if (nlh->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		nlh->nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
}

static void give(struct mnl_socket *s)
{
	static char answer[65536];
	int fd = mnl_socket_get_fd(s), i;

	make();
	for (i = rnd(4); i; i--)
		mutate();
	send(fd, message, nlh->nlmsg_len + (rnd(8) ? 0 : rnd(64)), 0);
	/* A dump goes on with each receive; some are left unread. */
	for (i = rnd(8) ? 50 : 1; i; i--)
		if (recv(fd, answer, sizeof(answer), MSG_DONTWAIT) < 0)
			break;
	++*fuzz_count;
}

/* Sessions to the pools that there are, or not. */
static void sessions_turn(void)
{
	static int ring[16], at;
	struct sockaddr_rserpool address;
	socklen_t len;

	if (ring[at])
		close(ring[at]);
	ring[at] = socket(AF_RSERPOOL, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK(ring[at] > 0);
	address = pool_address(handles[rnd(4)], 0, &len);
	connect(ring[at], (void *)&address, len);
	at = (at + 1) % 16;
}

static void unprivileged(void)
{
	struct mnl_socket *s;
	int i;

	CHECK_EQ(seteuid(65534), 0);
	s = open_netlink();
	for (i = 0; i < MESSAGES / 4; i++)
		give(s);
	CHECK_EQ(seteuid(0), 0);
	mnl_socket_close(s);
	run("rspctl scope show | grep -q 'pools 0 elements 0'");
}

static void seed(void)
{
	struct mnl_socket *s[3], *ear;
	int i;

	for (i = 0; i < 3; i++)
		s[i] = open_netlink();
	find_family(s[0]);
	unprivileged();
	/* One who listens to all and never reads. */
	ear = open_netlink();
	for (i = 0; i < n_groups; i++)
		CHECK_EQ(mnl_socket_setsockopt(ear, NETLINK_ADD_MEMBERSHIP,
					       &groups[i], sizeof(int)), 0);
	for (i = 0; i < MESSAGES; i++) {
		give(s[rnd(3)]);
		if (!rnd(16))
			sessions_turn();
	}
	/* It still does what it should. */
	for (i = 0; i < 3; i++)
		mnl_socket_close(s[i]);
	run("rspctl scope set pools-max 1000 elements-max 1000 pe-id-range 1-9");
	run("rspctl pool add after");
	run("rspctl pe add pool after id 1 tcp 127.0.0.1:1");
	run("rspctl pe show pool after id 1 | grep -q 127.0.0.1:1");
	run("rspctl save > /dev/null");
}

TEST(fuzz_netlink)
{
	fuzz(seed);
}
