// SPDX-License-Identifier: GPL-2.0
/*
 * PE checksum (RFC 5353, section 3.6.2): the Internet checksum of RFC 1071 over
 * a block for each pool element, its handle padded with zeros to a multiple of
 * 4 octets and its PE identifier.
 *
 * The sum is kept whole and folded only when it is asked for. In one's
 * complement, where 0 has two forms, what is taken off could leave the other
 * one than a new sum has, and the audit would see a difference where none is.
 */
#include "checksum.h"

static u64 block(const u8 *handle, u32 len, u32 id)
{
	u64 sum = (id >> 16) + (id & 0xffff);
	u32 i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? handle[i] : handle[i] << 8;
	return sum;
}

/**
 * rsp_checksum_add() - count a pool element in
 * @checksum: where
 * @handle: its pool's handle
 * @len: octets of it
 * @id: PE identifier
 */
void rsp_checksum_add(struct rsp_checksum *checksum, const void *handle,
		      u32 len, u32 id)
{
	checksum->sum += block(handle, len, id);
}

/**
 * rsp_checksum_sub() - take out a pool element that was counted in
 * @checksum: where
 * @handle: its pool's handle
 * @len: octets of it
 * @id: PE identifier
 */
void rsp_checksum_sub(struct rsp_checksum *checksum, const void *handle,
		      u32 len, u32 id)
{
	checksum->sum -= block(handle, len, id);
}

/**
 * rsp_checksum_value() - the checksum as ENRP_PRESENCE has it
 * @checksum: of the pool elements that one registrar owns
 *
 * Return: it, in host byte order; 0xffff where there is no element.
 */
u16 rsp_checksum_value(const struct rsp_checksum *checksum)
{
	u64 sum = checksum->sum;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}
