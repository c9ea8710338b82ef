/* SPDX-License-Identifier: GPL-2.0 */
/* PE checksum of RFC 5353, section 3.6.2. */
#ifndef _RSP_CHECKSUM_H
#define _RSP_CHECKSUM_H

#include "kernel.h"

/**
 * struct rsp_checksum - what the checksum of some pool elements comes of
 * @sum: of their words of 16 bits; zero it to begin
 */
struct rsp_checksum {
	u64 sum;
};

void rsp_checksum_add(struct rsp_checksum *checksum, const void *handle,
		      u32 len, u32 id);
void rsp_checksum_sub(struct rsp_checksum *checksum, const void *handle,
		      u32 len, u32 id);
u16 rsp_checksum_value(const struct rsp_checksum *checksum);

#endif /* _RSP_CHECKSUM_H */
