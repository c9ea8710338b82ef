/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Reliable Server Pooling (RFC 5351 to RFC 5356): the address family
 * AF_RSERPOOL, its addresses and its socket options.  See rserpool(7).
 */
#ifndef _UAPI_LINUX_RSERPOOL_H
#define _UAPI_LINUX_RSERPOOL_H

#include <linux/socket.h>
#include <linux/types.h>

/*
 * A module cannot add a family number to the kernel's own list.  18 was set
 * aside for AF_ASH, which no kernel ever had.
 */
#ifndef AF_RSERPOOL
#define AF_RSERPOOL	18
#define PF_RSERPOOL	AF_RSERPOOL
#endif

#define RSP_HANDLE_MAX	96	/* octets of a pool handle */

/**
 * struct sockaddr_rserpool - the address of a pool, or of one of its elements
 * @srp_family: AF_RSERPOOL
 * @srp_port: listening sockets: the transport port, network byte order, 0 for
 *	an ephemeral one; must be 0 in connect()
 * @srp_pe_id: PE identifier (RFC 5354, section 3.9), host byte order; 0 means
 *	any element of the pool, anything else that element and no other
 * @srp_handle_len: octets of @srp_handle in use, 1 to RSP_HANDLE_MAX
 * @srp_reserved: must be 0
 * @srp_handle: the pool handle (RFC 5354, section 3.8): octets, not a string
 *
 * An address may be given with any length from the last octet of the handle
 * in use up to the size of the struct.
 */
struct sockaddr_rserpool {
	__kernel_sa_family_t	srp_family;
	__be16			srp_port;
	__u32			srp_pe_id;
	__u8			srp_handle_len;
	__u8			srp_reserved[3];
	__u8			srp_handle[RSP_HANDLE_MAX];
};

#endif /* _UAPI_LINUX_RSERPOOL_H */
