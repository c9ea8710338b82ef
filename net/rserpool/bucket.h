/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_BUCKET_H
#define _RSERPOOL_BUCKET_H

#include <linux/types.h>

/**
 * struct rsp_bucket - a bucket of tokens
 * @full_at: ktime at which it is, or was, full again
 *
 * Zeroed it is full.  The caller serialises its users.
 */
struct rsp_bucket {
	u64 full_at;
};

/* What is said of these stands at their definitions in bucket.c. */
bool rsp_bucket_has(const struct rsp_bucket *bucket, u64 now, u64 interval,
		    u32 burst);
void rsp_bucket_take(struct rsp_bucket *bucket, u64 now, u64 interval);

#endif /* _RSERPOOL_BUCKET_H */
