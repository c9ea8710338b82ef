// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/rserpool.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: make gen */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/rserpool_netlink.h>
#include <linux/rserpool.h>

/* Integer value ranges */
static const struct netlink_range_validation rserpool_a_scope_avoid_min_range = {
	.min	= 1ULL,
	.max	= RSERPOOL_MILLISECONDS_MAX,
};

static const struct netlink_range_validation rserpool_a_scope_avoid_max_range = {
	.min	= 1ULL,
	.max	= RSERPOOL_MILLISECONDS_MAX,
};

static const struct netlink_range_validation rserpool_a_scope_resolve_timeout_range = {
	.min	= 1ULL,
	.max	= RSERPOOL_MILLISECONDS_MAX,
};

static const struct netlink_range_validation rserpool_a_scope_cookie_window_range = {
	.min	= 1ULL,
	.max	= RSERPOOL_MILLISECONDS_MAX,
};

static const struct netlink_range_validation rserpool_a_scope_register_timeout_range = {
	.min	= 1ULL,
	.max	= RSERPOOL_MILLISECONDS_MAX,
};

static const struct netlink_range_validation rserpool_a_scope_handshake_timeout_range = {
	.min	= 1ULL,
	.max	= RSERPOOL_MILLISECONDS_MAX,
};

static const struct netlink_range_validation rserpool_a_scope_records_max_range = {
	.min	= 64ULL,
	.max	= RSERPOOL_TLS_RECORDS_MAX,
};

/* Common nested types */
const struct nla_policy rserpool_element_config_nl_policy[RSERPOOL_A_ELEMENT_TRANSPORT + 1] = {
	[RSERPOOL_A_ELEMENT_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_ELEMENT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_ELEMENT_HOME] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_LIFETIME] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_POLICY] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_WEIGHT] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_PRIORITY] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_LOAD] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_DEGRADATION] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_TRANSPORT] = NLA_POLICY_NESTED(rserpool_transport_nl_policy),
};

const struct nla_policy rserpool_transport_nl_policy[RSERPOOL_A_TRANSPORT_USE + 1] = {
	[RSERPOOL_A_TRANSPORT_IPV4] = { .type = NLA_BE32, },
	[RSERPOOL_A_TRANSPORT_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[RSERPOOL_A_TRANSPORT_PORT] = NLA_POLICY_MIN(NLA_BE16, 1),
	[RSERPOOL_A_TRANSPORT_SCOPE_ID] = { .type = NLA_U32, },
	[RSERPOOL_A_TRANSPORT_USE] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* RSERPOOL_CMD_SCOPE_SET - do */
static const struct nla_policy rserpool_scope_set_nl_policy[RSERPOOL_A_SCOPE_RECORDS_MAX + 1] = {
	[RSERPOOL_A_SCOPE_NAME] = { .type = NLA_NUL_STRING, .len = RSERPOOL_SCOPE_NAME_MAX, },
	[RSERPOOL_A_SCOPE_POOLS_MAX] = { .type = NLA_U32, },
	[RSERPOOL_A_SCOPE_ELEMENTS_MAX] = { .type = NLA_U32, },
	[RSERPOOL_A_SCOPE_SESSIONS_MAX] = { .type = NLA_U32, },
	[RSERPOOL_A_SCOPE_RESOLUTIONS_MAX] = { .type = NLA_U32, },
	[RSERPOOL_A_SCOPE_REPLAY_MAX] = { .type = NLA_U32, },
	[RSERPOOL_A_SCOPE_AVOID_MIN] = NLA_POLICY_FULL_RANGE(NLA_U32, &rserpool_a_scope_avoid_min_range),
	[RSERPOOL_A_SCOPE_AVOID_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32, &rserpool_a_scope_avoid_max_range),
	[RSERPOOL_A_SCOPE_RESOLVE_TIMEOUT] = NLA_POLICY_FULL_RANGE(NLA_U32, &rserpool_a_scope_resolve_timeout_range),
	[RSERPOOL_A_SCOPE_COOKIE_WINDOW] = NLA_POLICY_FULL_RANGE(NLA_U32, &rserpool_a_scope_cookie_window_range),
	[RSERPOOL_A_SCOPE_UNREACHABLE_RATE] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_SCOPE_UNREACHABLE_BURST] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_SCOPE_UNREACHABLE_PE_RATE] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_SCOPE_UNREACHABLE_PE_BURST] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_SCOPE_PE_ID_MIN] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_SCOPE_PE_ID_MAX] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_SCOPE_REGISTRATION] = NLA_POLICY_MAX(NLA_U32, 1),
	[RSERPOOL_A_SCOPE_REGISTER_TIMEOUT] = NLA_POLICY_FULL_RANGE(NLA_U32, &rserpool_a_scope_register_timeout_range),
	[RSERPOOL_A_SCOPE_PE_GROUP_MIN] = { .type = NLA_U32, },
	[RSERPOOL_A_SCOPE_PE_GROUP_MAX] = { .type = NLA_U32, },
	[RSERPOOL_A_SCOPE_MODE] = NLA_POLICY_MAX(NLA_U32, 1),
	[RSERPOOL_A_SCOPE_AUTH] = NLA_POLICY_MAX(NLA_U32, 2),
	[RSERPOOL_A_SCOPE_CLIENT] = { .type = NLA_U32, },
	[RSERPOOL_A_SCOPE_HANDSHAKE_TIMEOUT] = NLA_POLICY_FULL_RANGE(NLA_U32, &rserpool_a_scope_handshake_timeout_range),
	[RSERPOOL_A_SCOPE_RECORDS_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32, &rserpool_a_scope_records_max_range),
};

/* RSERPOOL_CMD_POOL_GET - do */
static const struct nla_policy rserpool_pool_get_nl_policy[RSERPOOL_A_POOL_HANDLE + 1] = {
	[RSERPOOL_A_POOL_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
};

/* RSERPOOL_CMD_POOL_NEW - do */
static const struct nla_policy rserpool_pool_new_nl_policy[RSERPOOL_A_POOL_TLS_NAME + 1] = {
	[RSERPOOL_A_POOL_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_POOL_POLICY] = { .type = NLA_U32, },
	[RSERPOOL_A_POOL_FIN] = NLA_POLICY_MAX(NLA_U32, 1),
	[RSERPOOL_A_POOL_FAILOVER] = NLA_POLICY_MAX(NLA_U32, 3),
	[RSERPOOL_A_POOL_IDENTIFY] = NLA_POLICY_MAX(NLA_U32, 3),
	[RSERPOOL_A_POOL_COOKIE_KEY] = NLA_POLICY_MAX_LEN(RSERPOOL_COOKIE_KEY_MAX),
	[RSERPOOL_A_POOL_TLS_NAME] = { .type = NLA_NUL_STRING, .len = RSERPOOL_TLS_NAME_MAX, },
};

/* RSERPOOL_CMD_POOL_SET - do */
static const struct nla_policy rserpool_pool_set_nl_policy[RSERPOOL_A_POOL_TLS_NAME + 1] = {
	[RSERPOOL_A_POOL_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_POOL_POLICY] = { .type = NLA_U32, },
	[RSERPOOL_A_POOL_FIN] = NLA_POLICY_MAX(NLA_U32, 1),
	[RSERPOOL_A_POOL_FAILOVER] = NLA_POLICY_MAX(NLA_U32, 3),
	[RSERPOOL_A_POOL_IDENTIFY] = NLA_POLICY_MAX(NLA_U32, 3),
	[RSERPOOL_A_POOL_COOKIE_KEY] = NLA_POLICY_MAX_LEN(RSERPOOL_COOKIE_KEY_MAX),
	[RSERPOOL_A_POOL_TLS_NAME] = { .type = NLA_NUL_STRING, .len = RSERPOOL_TLS_NAME_MAX, },
};

/* RSERPOOL_CMD_POOL_DEL - do */
static const struct nla_policy rserpool_pool_del_nl_policy[RSERPOOL_A_POOL_NOW + 1] = {
	[RSERPOOL_A_POOL_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_POOL_NOW] = { .type = NLA_FLAG, },
};

/* RSERPOOL_CMD_ELEMENT_GET - do */
static const struct nla_policy rserpool_element_get_do_nl_policy[RSERPOOL_A_ELEMENT_ID + 1] = {
	[RSERPOOL_A_ELEMENT_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_ELEMENT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* RSERPOOL_CMD_ELEMENT_GET - dump */
static const struct nla_policy rserpool_element_get_dump_nl_policy[RSERPOOL_A_ELEMENT_HANDLE + 1] = {
	[RSERPOOL_A_ELEMENT_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
};

/* RSERPOOL_CMD_ELEMENT_NEW - do */
static const struct nla_policy rserpool_element_new_nl_policy[RSERPOOL_A_BATCH_REPLACE + 1] = {
	[RSERPOOL_A_BATCH_ELEMENT] = NLA_POLICY_NESTED(rserpool_element_config_nl_policy),
	[RSERPOOL_A_BATCH_EXCLUSIVE] = { .type = NLA_FLAG, },
	[RSERPOOL_A_BATCH_REPLACE] = { .type = NLA_FLAG, },
};

/* RSERPOOL_CMD_ELEMENT_SET - do */
static const struct nla_policy rserpool_element_set_nl_policy[RSERPOOL_A_ELEMENT_TRANSPORT + 1] = {
	[RSERPOOL_A_ELEMENT_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_ELEMENT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_ELEMENT_HOME] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_LIFETIME] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_WEIGHT] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_PRIORITY] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_LOAD] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_DEGRADATION] = { .type = NLA_U32, },
	[RSERPOOL_A_ELEMENT_TRANSPORT] = NLA_POLICY_NESTED(rserpool_transport_nl_policy),
};

/* RSERPOOL_CMD_ELEMENT_DEL - do */
static const struct nla_policy rserpool_element_del_nl_policy[RSERPOOL_A_ELEMENT_NOW + 1] = {
	[RSERPOOL_A_ELEMENT_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_ELEMENT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_ELEMENT_NOW] = { .type = NLA_FLAG, },
};

/* RSERPOOL_CMD_ELEMENT_DRAIN - do */
static const struct nla_policy rserpool_element_drain_nl_policy[RSERPOOL_A_ELEMENT_DRAIN + 1] = {
	[RSERPOOL_A_ELEMENT_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_ELEMENT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_ELEMENT_DRAIN] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* RSERPOOL_CMD_SESSION_GET - do */
static const struct nla_policy rserpool_session_get_nl_policy[RSERPOOL_A_SESSION_ID + 1] = {
	[RSERPOOL_A_SESSION_ID] = { .type = NLA_U32, },
};

/* RSERPOOL_CMD_KEY_NEW - do */
static const struct nla_policy rserpool_key_new_nl_policy[RSERPOOL_A_KEY_SECRET + 1] = {
	[RSERPOOL_A_KEY_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_KEY_CLIENT] = { .type = NLA_U32, },
	[RSERPOOL_A_KEY_PE_ID] = { .type = NLA_U32, },
	[RSERPOOL_A_KEY_SECRET] = NLA_POLICY_EXACT_LEN(RSERPOOL_KEY_LEN),
};

/* RSERPOOL_CMD_KEY_DEL - do */
static const struct nla_policy rserpool_key_del_nl_policy[RSERPOOL_A_KEY_PE_ID + 1] = {
	[RSERPOOL_A_KEY_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_KEY_CLIENT] = { .type = NLA_U32, },
	[RSERPOOL_A_KEY_PE_ID] = { .type = NLA_U32, },
};

/* RSERPOOL_CMD_RESOLVE_DONE - do */
static const struct nla_policy rserpool_resolve_done_nl_policy[RSERPOOL_A_RESOLUTION_RESULT + 1] = {
	[RSERPOOL_A_RESOLUTION_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_RESOLUTION_RESULT] = NLA_POLICY_MAX(NLA_U32, RSERPOOL_ERRNO_MAX),
};

/* RSERPOOL_CMD_REGISTER_DONE - do */
static const struct nla_policy rserpool_register_done_nl_policy[RSERPOOL_A_ELEMENT_RESULT + 1] = {
	[RSERPOOL_A_ELEMENT_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_ELEMENT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_ELEMENT_RESULT] = NLA_POLICY_MAX(NLA_U32, RSERPOOL_ERRNO_MAX),
};

/* RSERPOOL_CMD_KEEP_ALIVE - do */
static const struct nla_policy rserpool_keep_alive_nl_policy[RSERPOOL_A_ELEMENT_HOME + 1] = {
	[RSERPOOL_A_ELEMENT_HANDLE] = NLA_POLICY_MAX_LEN(RSERPOOL_HANDLE_MAX),
	[RSERPOOL_A_ELEMENT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[RSERPOOL_A_ELEMENT_HOME] = { .type = NLA_U32, },
};

/* Ops table for rserpool */
static const struct genl_split_ops rserpool_nl_ops[] = {
	{
		.cmd		= RSERPOOL_CMD_SCOPE_GET,
		.pre_doit	= rserpool_nl_bare_doit,
		.doit		= rserpool_nl_scope_get_doit,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_SCOPE_SET,
		.doit		= rserpool_nl_scope_set_doit,
		.policy		= rserpool_scope_set_nl_policy,
		.maxattr	= RSERPOOL_A_SCOPE_RECORDS_MAX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_POOL_GET,
		.doit		= rserpool_nl_pool_get_doit,
		.policy		= rserpool_pool_get_nl_policy,
		.maxattr	= RSERPOOL_A_POOL_HANDLE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= RSERPOOL_CMD_POOL_GET,
		.start	= rserpool_nl_bare_start,
		.dumpit	= rserpool_nl_pool_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= RSERPOOL_CMD_POOL_NEW,
		.doit		= rserpool_nl_pool_new_doit,
		.policy		= rserpool_pool_new_nl_policy,
		.maxattr	= RSERPOOL_A_POOL_TLS_NAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_POOL_SET,
		.doit		= rserpool_nl_pool_set_doit,
		.policy		= rserpool_pool_set_nl_policy,
		.maxattr	= RSERPOOL_A_POOL_TLS_NAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_POOL_DEL,
		.doit		= rserpool_nl_pool_del_doit,
		.policy		= rserpool_pool_del_nl_policy,
		.maxattr	= RSERPOOL_A_POOL_NOW,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_ELEMENT_GET,
		.doit		= rserpool_nl_element_get_doit,
		.policy		= rserpool_element_get_do_nl_policy,
		.maxattr	= RSERPOOL_A_ELEMENT_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_ELEMENT_GET,
		.dumpit		= rserpool_nl_element_get_dumpit,
		.policy		= rserpool_element_get_dump_nl_policy,
		.maxattr	= RSERPOOL_A_ELEMENT_HANDLE,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= RSERPOOL_CMD_ELEMENT_NEW,
		.doit		= rserpool_nl_element_new_doit,
		.policy		= rserpool_element_new_nl_policy,
		.maxattr	= RSERPOOL_A_BATCH_REPLACE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_ELEMENT_SET,
		.doit		= rserpool_nl_element_set_doit,
		.policy		= rserpool_element_set_nl_policy,
		.maxattr	= RSERPOOL_A_ELEMENT_TRANSPORT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_ELEMENT_DEL,
		.doit		= rserpool_nl_element_del_doit,
		.policy		= rserpool_element_del_nl_policy,
		.maxattr	= RSERPOOL_A_ELEMENT_NOW,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_ELEMENT_DRAIN,
		.doit		= rserpool_nl_element_drain_doit,
		.policy		= rserpool_element_drain_nl_policy,
		.maxattr	= RSERPOOL_A_ELEMENT_DRAIN,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_SESSION_GET,
		.doit		= rserpool_nl_session_get_doit,
		.policy		= rserpool_session_get_nl_policy,
		.maxattr	= RSERPOOL_A_SESSION_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= RSERPOOL_CMD_SESSION_GET,
		.start	= rserpool_nl_bare_start,
		.dumpit	= rserpool_nl_session_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= RSERPOOL_CMD_KEY_NEW,
		.doit		= rserpool_nl_key_new_doit,
		.policy		= rserpool_key_new_nl_policy,
		.maxattr	= RSERPOOL_A_KEY_SECRET,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_KEY_DEL,
		.doit		= rserpool_nl_key_del_doit,
		.policy		= rserpool_key_del_nl_policy,
		.maxattr	= RSERPOOL_A_KEY_PE_ID,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= RSERPOOL_CMD_KEY_GET,
		.start	= rserpool_nl_bare_start,
		.dumpit	= rserpool_nl_key_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd	= RSERPOOL_CMD_STATS_GET,
		.start	= rserpool_nl_bare_start,
		.dumpit	= rserpool_nl_stats_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= RSERPOOL_CMD_SYNC_BEGIN,
		.pre_doit	= rserpool_nl_bare_doit,
		.doit		= rserpool_nl_sync_begin_doit,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_SYNC_END,
		.pre_doit	= rserpool_nl_bare_doit,
		.doit		= rserpool_nl_sync_end_doit,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= RSERPOOL_CMD_RESOLVE_GET,
		.start	= rserpool_nl_bare_start,
		.dumpit	= rserpool_nl_resolve_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= RSERPOOL_CMD_RESOLVE_DONE,
		.doit		= rserpool_nl_resolve_done_doit,
		.policy		= rserpool_resolve_done_nl_policy,
		.maxattr	= RSERPOOL_A_RESOLUTION_RESULT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= RSERPOOL_CMD_REGISTER_GET,
		.start	= rserpool_nl_bare_start,
		.dumpit	= rserpool_nl_register_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= RSERPOOL_CMD_REGISTER_DONE,
		.doit		= rserpool_nl_register_done_doit,
		.policy		= rserpool_register_done_nl_policy,
		.maxattr	= RSERPOOL_A_ELEMENT_RESULT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= RSERPOOL_CMD_KEEP_ALIVE,
		.doit		= rserpool_nl_keep_alive_doit,
		.policy		= rserpool_keep_alive_nl_policy,
		.maxattr	= RSERPOOL_A_ELEMENT_HOME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

static const struct genl_multicast_group rserpool_nl_mcgrps[] = {
	[RSERPOOL_NLGRP_HANDLESPACE] = { "handlespace", },
	[RSERPOOL_NLGRP_SESSION] = { "session", },
	[RSERPOOL_NLGRP_ASAP] = { "asap", },
};

struct genl_family rserpool_nl_family __ro_after_init = {
	.name		= RSERPOOL_FAMILY_NAME,
	.version	= RSERPOOL_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= rserpool_nl_ops,
	.n_split_ops	= ARRAY_SIZE(rserpool_nl_ops),
	.mcgrps		= rserpool_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(rserpool_nl_mcgrps),
};
