// SPDX-License-Identifier: GPL-2.0
/* Token buckets: how often something may happen, and how often in a row. */

#include <linux/math64.h>
#include <linux/minmax.h>

#include "bucket.h"

/**
 * rsp_bucket_has() - is there a token?
 * @bucket: the bucket
 * @now: ktime, ns
 * @interval: ns in which a token comes
 * @burst: how many it holds, at least 1
 *
 * The two may be others than last time: what is taken stays taken.
 *
 * Context: any.
 * Return: true when rsp_bucket_take() may be called.
 */
bool rsp_bucket_has(const struct rsp_bucket *bucket, u64 now, u64 interval,
		    u32 burst)
{
	return bucket->full_at <= now ||
	       DIV64_U64_ROUND_UP(bucket->full_at - now, interval) < burst;
}

/**
 * rsp_bucket_take() - take a token
 * @bucket: the bucket, which has one
 * @now: as it was for rsp_bucket_has()
 * @interval: the same
 *
 * Context: any.
 */
void rsp_bucket_take(struct rsp_bucket *bucket, u64 now, u64 interval)
{
	bucket->full_at = max(bucket->full_at, now) + interval;
}
