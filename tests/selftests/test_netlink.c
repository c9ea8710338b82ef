// SPDX-License-Identifier: GPL-2.0
/* Requests for the scope, a pool, an element: what they do and what is refused. */
#include <arpa/inet.h>
#include <stdio.h>

#include "netlink.h"
#include "pool.h"

TEST(scope_set_and_get)
{
	netlink_start();
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

	netlink_start();
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

	netlink_start();
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

	netlink_start();
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

	netlink_start();
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

	netlink_start();
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
	netlink_start();
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

	netlink_start();
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, "p");
	put_u32(RSERPOOL_A_ELEMENT_ID, 1);
	put_used_transport(1, RSP_TRANSPORT_USE_DATA_CONTROL);
	put_used_transport(2, RSP_TRANSPORT_USE_DATA_CONTROL);
	mnl_attr_nest_end(req, nest);
	CHECK_EQ(talk(), 0);
	check_uses(RSP_TRANSPORT_USE_DATA_CONTROL,
		   RSP_TRANSPORT_USE_DATA_CONTROL);

	name_element(RSERPOOL_CMD_ELEMENT_SET, "p", 1);
	put_u32(RSERPOOL_A_ELEMENT_HOME, 6);
	CHECK_EQ(talk(), 0);
	check_uses(RSP_TRANSPORT_USE_DATA_CONTROL,
		   RSP_TRANSPORT_USE_DATA_CONTROL);

	name_element(RSERPOOL_CMD_ELEMENT_SET, "p", 1);
	put_used_transport(1, RSP_TRANSPORT_USE_DATA_CONTROL);
	attr = put_used_transport(2, RSP_TRANSPORT_USE_DATA_CONTROL + 1);
	CHECK_REFUSED(talk(), ERANGE);
	CHECK_AT(attr);

	name_element(RSERPOOL_CMD_ELEMENT_SET, "p", 1);
	put_used_transport(1, RSP_TRANSPORT_USE_DATA_ONLY);
	put_used_transport(2, RSP_TRANSPORT_USE_DATA_CONTROL);
	CHECK_REFUSED(talk(), EPROTONOSUPPORT);
	check_uses(RSP_TRANSPORT_USE_DATA_CONTROL,
		   RSP_TRANSPORT_USE_DATA_CONTROL);
	name_element(RSERPOOL_CMD_ELEMENT_SET, "p", 1);
	put_used_transport(1, RSP_TRANSPORT_USE_DATA_ONLY);
	put_transport("192.0.2.1", 2);
	CHECK_EQ(talk(), 0);
	check_uses(-1, -1);
}

static struct nlattr *put_used_element(const char *pool, int id, int use)
{
	struct nlattr *nest;

	nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, pool);
	put_u32(RSERPOOL_A_ELEMENT_ID, id);
	put_used_transport(id, use);
	mnl_attr_nest_end(req, nest);
	return nest;
}

/* RFC 5352, section 3.1. */
TEST(element_transport_use_is_the_pools)
{
	struct nlattr *bad;

	netlink_start();
	run("rspctl pool add empty");
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	put_used_element("empty", 1, RSP_TRANSPORT_USE_DATA_ONLY);
	put_used_element("new", 1, RSP_TRANSPORT_USE_DATA_CONTROL);
	put_used_element("empty", 2, RSP_TRANSPORT_USE_DATA_CONTROL);
	CHECK_REFUSED(talk(), EPROTONOSUPPORT);
	CHECK(ack.offset > 0);
	CHECK_EQ(count_elements(), 0);

	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	put_used_element("new", 1, RSP_TRANSPORT_USE_DATA_CONTROL);
	put_used_element("new", 2, RSP_TRANSPORT_USE_DATA_CONTROL);
	CHECK_EQ(talk(), 0);
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	bad = put_used_element("new", 3, RSP_TRANSPORT_USE_DATA_ONLY);
	CHECK_REFUSED(talk(), EPROTONOSUPPORT);
	CHECK_AT(bad);
	name_element(RSERPOOL_CMD_ELEMENT_SET, "new", 2);
	put_used_transport(1, RSP_TRANSPORT_USE_DATA_ONLY);
	CHECK_REFUSED(talk(), EPROTONOSUPPORT);

	/* The last one may change, and then says it for those that come. */
	run("rspctl pe del pool new id 1");
	CHECK_EQ(talk(), 0);
	begin(RSERPOOL_CMD_ELEMENT_NEW, 0);
	put_used_element("new", 3, RSP_TRANSPORT_USE_DATA_ONLY);
	CHECK_EQ(talk(), 0);
}

TEST(element_set_changes_a_part)
{
	struct nlattr *attr;

	netlink_start();
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
	netlink_start();
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

	netlink_start();
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
