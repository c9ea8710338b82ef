// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink messages that are nearly right: commands with attributes of their
 * own, then cut, stretched, nested, doubled and overwritten.
 */
#include "fuzz.h"

#include "../selftests/netlink.h"

#define MESSAGES	1500

static const char *const handles[] = { "a", "b", "c", "a longer handle" };

static void put_some_handle(int type)
{
	put_handle(type, handles[rnd(4)]);
}

static void put_some_transport(void)
{
	struct nlattr *nest;

	nest = mnl_attr_nest_start(req, RSERPOOL_A_ELEMENT_TRANSPORT);
	put_u32(RSERPOOL_A_TRANSPORT_IPV4, htobe32(0x7f000001 + rnd(3)));
	mnl_attr_put_u16(req, RSERPOOL_A_TRANSPORT_PORT, 1 + rnd(65535));
	if (!rnd(4))
		put_u32(RSERPOOL_A_TRANSPORT_USE, rnd(3));
	mnl_attr_nest_end(req, nest);
}

/* An attribute of the right kind for its type, more often than not. */
static void put_any(int max)
{
	static const uint32_t values[] = { 0, 1, 2, 3, 100, ~0U, 0x40000001 };
	int type = 1 + rnd(max);

	switch (rnd(5)) {
	case 0:
		put_u32(type, values[rnd(7)]);
		break;
	case 1:
		mnl_attr_put(req, type, 0, NULL);
		break;
	case 2:
		put_some_transport();
		break;
	case 3:
		put_some_handle(type);
		break;
	default:
		put_u32(type, rnd(~0U));
		break;
	}
}

static void put_some_element(void)
{
	static const uint32_t policies[] = {
		RSERPOOL_POLICY_RR, RSERPOOL_POLICY_WRR, RSERPOOL_POLICY_RAND,
		RSERPOOL_POLICY_WRAND, RSERPOOL_POLICY_PRIO, RSERPOOL_POLICY_LU,
		RSERPOOL_POLICY_LUD, RSERPOOL_POLICY_PLU, RSERPOOL_POLICY_RLU,
	};

	put_some_handle(RSERPOOL_A_ELEMENT_HANDLE);
	put_u32(RSERPOOL_A_ELEMENT_ID, 1 + rnd(8));
	put_some_transport();
	if (!rnd(2)) {
		put_u32(RSERPOOL_A_ELEMENT_POLICY, policies[rnd(9)]);
		put_u32(RSERPOOL_A_ELEMENT_WEIGHT, rnd(5));
		put_u32(RSERPOOL_A_ELEMENT_LOAD, rnd(~0U));
	}
	if (!rnd(4))
		put_u32(RSERPOOL_A_ELEMENT_LIFETIME, 1 + rnd(50));
	while (!rnd(3))
		put_any(RSERPOOL_A_ELEMENT_MAX);
}

static void make(void)
{
	int cmd = 1 + rnd(RSERPOOL_CMD_RESOLVE_DONE + 1);
	struct nlattr *nest;
	int i;

	begin(cmd, rnd(4) ? 0 : NLM_F_DUMP);
	if (!rnd(4))
		req->nlmsg_flags &= ~NLM_F_ACK;
	switch (cmd) {
	case RSERPOOL_CMD_ELEMENT_NEW:
		for (i = rnd(6); i >= 0; i--) {
			nest = mnl_attr_nest_start(req,
						   RSERPOOL_A_BATCH_ELEMENT);
			put_some_element();
			mnl_attr_nest_end(req, nest);
		}
		if (!rnd(4))
			mnl_attr_put(req, 2 + rnd(2), 0, NULL);
		break;
	case RSERPOOL_CMD_ELEMENT_GET:
	case RSERPOOL_CMD_ELEMENT_SET:
	case RSERPOOL_CMD_ELEMENT_DEL:
	case RSERPOOL_CMD_ELEMENT_DRAIN:
		put_some_handle(RSERPOOL_A_ELEMENT_HANDLE);
		put_u32(RSERPOOL_A_ELEMENT_ID, 1 + rnd(8));
		while (rnd(2))
			put_any(RSERPOOL_A_ELEMENT_MAX);
		break;
	case RSERPOOL_CMD_SCOPE_SET:
		while (rnd(3))
			put_any(RSERPOOL_A_SCOPE_MAX);
		break;
	default:
		put_some_handle(1);
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

	while (at + NLA_HDRLEN <= req->nlmsg_len) {
		attr = (void *)((char *)req + at);
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
	size_t len = req->nlmsg_len;
	char *octets = (char *)req;

	switch (rnd(9)) {
	case 0:
		octets[NLMSG_HDRLEN + rnd(len - NLMSG_HDRLEN)] = rnd(256);
		break;
	case 1:
		octets[NLMSG_HDRLEN + rnd(len - NLMSG_HDRLEN)] ^= 1 << rnd(8);
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
		req->nlmsg_len -= rnd(len - NLMSG_HDRLEN + 1);
		break;
	case 7:
		req->nlmsg_flags = rnd(65536) | NLM_F_REQUEST;
		break;
	case 8:
		/* All of it once more: nested lists get what follows them. */
		if (len < 8192) {
			memcpy(octets + NLMSG_ALIGN(len),
			       octets + NLMSG_HDRLEN + GENL_HDRLEN,
			       len - NLMSG_HDRLEN - GENL_HDRLEN);
			req->nlmsg_len = NLMSG_ALIGN(len) + len -
					 NLMSG_HDRLEN - GENL_HDRLEN;
		}
		break;
	}
	if (req->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		req->nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
}

static void give(struct mnl_socket *s)
{
	static char answer[65536];
	int fd = mnl_socket_get_fd(s), i;

	make();
	for (i = rnd(4); i; i--)
		mutate();
	send(fd, req, req->nlmsg_len + (rnd(8) ? 0 : rnd(64)), 0);
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

	if (ring[at])
		close(ring[at]);
	ring[at] = new_socket(SOCK_NONBLOCK);
	connect_to(ring[at], handles[rnd(4)]);
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

	netlink_start();
	for (i = 0; i < 3; i++)
		s[i] = open_netlink();
	unprivileged();
	/* One who listens to all and never reads. */
	ear = open_netlink();
	for (i = 0; i < 3; i++)
		CHECK_EQ(join(ear, i), 0);
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
