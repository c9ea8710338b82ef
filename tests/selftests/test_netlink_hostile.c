// SPDX-License-Identifier: GPL-2.0
/* Requests that are broken, and those of whoever may not make them. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netlink.h"

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

	netlink_start();
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

	netlink_start();
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

	netlink_start();
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

	netlink_start();
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
	CHECK_EQ(join(nl, HANDLESPACE), 0);
	CHECK_ERR(join(nl, ASAP), EPERM);
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
	CHECK_EQ(join(nl, ASAP), 0);
}

TEST(permissions)
{
	netlink_start();
	good(3);
	CHECK_EQ(talk(), 0);
	in_child(without_privilege);
	in_child(in_other_user_namespace);
	in_child(in_own_namespaces);
	CHECK_EQ(count_elements(), 2);
	CHECK_EQ(join(nl, ASAP), 0);
}
