/* SPDX-License-Identifier: GPL-2.0 */
/* An index of a policy with the elements in it, for the policies' suites. */
#ifndef _RSERPOOL_POLICY_POOL_H
#define _RSERPOOL_POLICY_POOL_H

#include <kunit/test.h>

#include "policy.h"

#define FULL	0xffffffff

struct element {
	struct rsp_policy_node node;
	u32 hits;
};

struct pool {
	struct rsp_policy_index *index;
	struct element *elements;
	u32 n;
	u32 ids[2048];	/* those of exclude */
	struct rsp_exclude exclude;
};

struct rsp_policy_params params_of(u32 type, u32 value, u32 degradation);
struct pool *pool_new(struct kunit *test, u32 type, u32 n);
struct element *pool_add(struct kunit *test, struct pool *pool,
			 struct rsp_policy_params params);
void pool_exclude(struct pool *pool, const struct element *element);
struct element *pool_select(struct pool *pool);

#endif /* _RSERPOOL_POLICY_POOL_H */
