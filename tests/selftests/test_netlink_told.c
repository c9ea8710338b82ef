// SPDX-License-Identifier: GPL-2.0
/* What the kernel tells: dumps, counters, notifications. */
#include <poll.h>

#include "netlink.h"

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
	netlink_start();
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

	netlink_start();
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
	netlink_start();
	begin(RSERPOOL_CMD_POOL_DEL, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "none");
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
	struct nlmsghdr *nlh;
	char buf[8192];

	CHECK_EQ(poll(&pfd, 1, 10000), 1);
	CHECK(mnl_socket_recvfrom(s, buf, sizeof(buf)) > 0);
	nlh = (void *)buf;
	genl = mnl_nlmsg_get_payload(nlh);
	CHECK_EQ(genl->cmd, cmd);
	show_values(nlh);
}

TEST(notifications)
{
	struct mnl_socket *ear;
	struct nlattr *nest;

	netlink_start();
	ear = open_netlink();
	CHECK_EQ(join(ear, HANDLESPACE), 0);

	CHECK_EQ(new_element("p", 1), 0);
	expect(ear, RSERPOOL_CMD_POOL_NEW_NTF);
	expect(ear, RSERPOOL_CMD_ELEMENT_NEW_NTF);
	CHECK_EQ(value[RSERPOOL_A_ELEMENT_ID], 1);
	begin(RSERPOOL_CMD_POOL_SET, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "none");
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
