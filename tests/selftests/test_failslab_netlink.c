// SPDX-License-Identifier: GPL-2.0
/* Netlink requests in which memory cannot be had. */
#include "fail.h"
#include "netlink.h"
#include "pool.h"

/* What failed may have left an answer or the half of a dump on the socket. */
static int fresh_socket(void)
{
	nl = open_netlink();
	return -1;
}

static int talk_call(int fd)
{
	(void)fd;
	errno = talk();
	return errno ? -1 : 0;
}

static int pool_new(void)
{
	begin(RSERPOOL_CMD_POOL_NEW, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, "x");
	return fresh_socket();
}

static int elements_new(void)
{
	int id;

	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	for (id = 1; id <= 4; id++)
		put_element(id & 1 ? "x" : "y", id);
	return fresh_socket();
}

/* The request is made, with all memory that it wants. */
static int made(void)
{
	int err;

	fresh_socket();
	err = talk();
	mnl_socket_close(nl);
	return err;
}

static void one_element(void)
{
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	put_element("x", 1);
	CHECK_EQ(made(), 0);
}

static int element_set(void)
{
	one_element();
	name_element(RSERPOOL_CMD_ELEMENT_SET, "x", 1);
	put_u32(RSERPOOL_A_ELEMENT_HOME, 7);
	put_u32(RSERPOOL_A_ELEMENT_LIFETIME, 10000);
	return fresh_socket();
}

static int element_del(void)
{
	one_element();
	name_element(RSERPOOL_CMD_ELEMENT_DEL, "x", 1);
	return fresh_socket();
}

static int element_dump(void)
{
	begin(RSERPOOL_CMD_ELEMENT_GET, NLM_F_DUMP);
	return fresh_socket();
}

static int session_dump(void)
{
	begin(RSERPOOL_CMD_SESSION_GET, NLM_F_DUMP);
	return fresh_socket();
}

static void check_dump(int cmd)
{
	begin(cmd, NLM_F_DUMP);
	CHECK_EQ(made(), 0);
}

static void pool_del(const char *handle)
{
	int err;

	begin(RSERPOOL_CMD_POOL_DEL, 0);
	put_handle(RSERPOOL_A_POOL_HANDLE, handle);
	err = made();
	CHECK(!err || err == ENOENT);
}

static void netlink_end(int fd, int err)
{
	(void)fd;
	(void)err;
	mnl_socket_close(nl);
	/* As much of it as there is, is whole. */
	check_dump(RSERPOOL_CMD_POOL_GET);
	check_dump(RSERPOOL_CMD_ELEMENT_GET);
	pool_del("x");
	pool_del("y");
}

TEST(failslab_netlink)
{
	int (*const begins[])(void) = {
		pool_new, elements_new, element_set, element_del, element_dump,
		session_dump,
	};
	struct each each = { .call = talk_call, .end = netlink_end };
	struct server servers[2];
	unsigned int i;

	fail_prepare();
	netlink_start();
	pool_make("p", "", 2, ECHO, servers);
	pool_connect("p");
	/* One who listens, and never reads. */
	CHECK_EQ(join(open_netlink(), HANDLESPACE), 0);
	for (i = 0; i < sizeof(begins) / sizeof(*begins); i++) {
		each.begin = begins[i];
		at_each_place(&each);
	}
	run("rspctl scope show | grep -q ' pools 1 elements 2 '");
}
