// SPDX-License-Identifier: GPL-2.0
#include "bucket.h"

/**
 * bucket_take() - take one of what may be done a second
 * @bucket: the bucket
 * @now: the time, in milliseconds
 * @rate: how many a second
 * @burst: how many at once
 *
 * Return: false when there is none.
 */
bool bucket_take(struct bucket *bucket, uint64_t now, uint32_t rate,
		 uint32_t burst)
{
	uint64_t most = burst * 1000ULL;

	bucket->tokens += (now - bucket->at) * rate;
	bucket->at = now;
	if (bucket->tokens > most)
		bucket->tokens = most;
	if (bucket->tokens < 1000)
		return false;
	bucket->tokens -= 1000;
	return true;
}
