/* SPDX-License-Identifier: GPL-2.0 */
/* A scope of its own for each case, and short words for what is done to it. */
#ifndef _RSERPOOL_HANDLESPACE_TEST_H
#define _RSERPOOL_HANDLESPACE_TEST_H

#include <kunit/test.h>
#include <linux/completion.h>

#include "handlespace.h"

/* An event that has not come in this time will not come. */
#define PATIENCE	(10 * HZ)

struct scope {
	struct rsp_handlespace hs;
	unsigned int pool_changes[RSP_CHANGE_RETURNED + 1];
	unsigned int pe_changes[RSP_CHANGE_RETURNED + 1];
	struct completion expired;
	struct completion returned;
};

int scope_init(struct kunit *test);
void scope_exit(struct kunit *test);
struct rsp_handle handle_of(const void *octets, u8 len);
struct rsp_handle handle_named(const char *name);
struct rsp_pool *try_pool(struct scope *s,
			  const struct rsp_handle *handle, u32 policy,
			  bool explicit);
struct rsp_pool *add_pool(struct kunit *test, const char *name,
			  u32 policy, bool explicit);
struct rsp_pe_config pe_config(struct rsp_pool *pool, u32 id);
int set_pe(struct rsp_pool *pool, const struct rsp_pe_config *config);
struct rsp_pe *find_pe(struct rsp_pool *pool, u32 id);
struct rsp_pe *add_pe(struct kunit *test, struct rsp_pool *pool, u32 id);
void del_pe(struct rsp_pe *pe);
void drain_pe(struct rsp_pe *pe, bool drain);
u32 selected(struct rsp_pool *pool, const struct rsp_exclude *exclude);
void set_avoidance(struct scope *s, u32 min_ms, u32 max_ms);

#endif /* _RSERPOOL_HANDLESPACE_TEST_H */
