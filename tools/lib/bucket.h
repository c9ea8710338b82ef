/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSP_BUCKET_H
#define _RSP_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct bucket - so many a second, and some at once
 * @tokens: in thousandths
 * @at: when that was so, in milliseconds
 */
struct bucket {
	uint64_t tokens;
	uint64_t at;
};

bool bucket_take(struct bucket *bucket, uint64_t now, uint32_t rate,
		 uint32_t burst);

#endif /* _RSP_BUCKET_H */
