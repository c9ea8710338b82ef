/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files that user space shares with the module (net/rserpool/tlv.c,
 * tlv_put.c, asap.c), and those beside this one that go with them, need of the
 * kernel's own headers.  The Makefile includes it ahead of them, in place of
 * net/rserpool/compat.h.
 */
#ifndef _TOOLS_KERNEL_H
#define _TOOLS_KERNEL_H

#include <endian.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;

#define __packed		__attribute__((packed))
#define static_assert(_expr)	_Static_assert(_expr, #_expr)

#define ALIGN(_x, _a)		(((_x) + (_a) - 1) / (_a) * (_a))
#define ARRAY_SIZE(_array)	(sizeof(_array) / sizeof((_array)[0]))

#define min_t(_type, _x, _y) ({			\
	_type __x = (_x), __y = (_y);		\
						\
	__x < __y ? __x : __y; })

#define be16_to_cpu	be16toh
#define be32_to_cpu	be32toh
#define be64_to_cpu	be64toh
#define cpu_to_be16	htobe16
#define cpu_to_be32	htobe32
#define cpu_to_be64	htobe64

static inline u16 get_unaligned_be16(const void *p)
{
	__be16 value;

	memcpy(&value, p, sizeof(value));
	return be16toh(value);
}

static inline u32 get_unaligned_be32(const void *p)
{
	__be32 value;

	memcpy(&value, p, sizeof(value));
	return be32toh(value);
}

#endif /* _TOOLS_KERNEL_H */
