// SPDX-License-Identifier: GPL-2.0
/* What a feeder sends: many elements in one message, and all that there are. */
#include <stdio.h>

#include "netlink.h"

TEST(batch_is_checked_whole)
{
	struct nlattr *nest, *attr, *bad;
	int i;

	netlink_start();
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

	netlink_start();
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

	netlink_start();
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

	netlink_start();
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

TEST(sync_sweeps)
{
	netlink_start();
	CHECK_EQ(new_element("p", 1), 0);
	CHECK_EQ(new_element("p", 2), 0);
	CHECK_EQ(new_element("q", 1), 0);
	begin(RSERPOOL_CMD_POOL_NEW, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "operator's");
	CHECK_EQ(talk(), 0);

	begin(RSERPOOL_CMD_SYNC_END, 0);
	CHECK_REFUSED(talk(), EALREADY);
	begin(RSERPOOL_CMD_SYNC_BEGIN, 0);
	CHECK_EQ(talk(), 0);
	CHECK_EQ(talk(), 0);
	CHECK_EQ(new_element("p", 2), 0);
	CHECK_EQ(new_element("p", 3), 0);
	CHECK_EQ(count_elements(), 4);
	CHECK(has[RSERPOOL_A_SCOPE_SYNCING]);
	begin(RSERPOOL_CMD_SYNC_END, 0);
	CHECK_EQ(get(), 0);
	CHECK_EQ(value[RSERPOOL_A_SYNC_SWEPT], 2);
	CHECK_EQ(count_elements(), 2);
	CHECK_EQ(count_pools(), 2);
	CHECK(!has[RSERPOOL_A_SCOPE_SYNCING]);
}

TEST(sync_ends_with_its_socket)
{
	struct mnl_socket *other;

	netlink_start();
	other = open_netlink();
	CHECK_EQ(new_element("p", 1), 0);
	begin(RSERPOOL_CMD_SYNC_BEGIN, 0);
	CHECK_EQ(talk_on(other, show_none), 0);
	CHECK_REFUSED(talk(), EBUSY);
	begin(RSERPOOL_CMD_SYNC_END, 0);
	CHECK_REFUSED(talk(), EALREADY);
	mnl_socket_close(other);
	CHECK_EQ(count_elements(), 1);
	CHECK(!has[RSERPOOL_A_SCOPE_SYNCING]);
	begin(RSERPOOL_CMD_SYNC_BEGIN, 0);
	CHECK_EQ(talk(), 0);
}
