/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that the module builds for.  Kbuild
 * includes this file ahead of every other; no other file asks for a version.
 */
#ifndef _RSERPOOL_COMPAT_H
#define _RSERPOOL_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "rserpool needs Linux 6.12 or newer"
#endif

#include <linux/net.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <net/netlink.h>
#include <net/sock.h>

#ifndef kzalloc_obj
#define kmalloc_obj(_obj, _gfp)		kmalloc(sizeof(_obj), _gfp)
#define kzalloc_obj(_obj, _gfp)		kzalloc(sizeof(_obj), _gfp)
#endif

/* The netlink tables are generated for 7.2. */
#ifndef NLA_POLICY_MAX_LEN
#define NLA_POLICY_MAX_LEN(_len)	NLA_POLICY_MAX(NLA_BINARY, _len)
#endif

/*
 * 7.0 gave the addresses that protocols are handed a type of their own, and
 * the owner of a socket an accessor.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define RSP_SOCKADDR	struct sockaddr

static inline kuid_t rsp_sk_uid(const struct sock *sk)
{
	return READ_ONCE(sk->sk_uid);
}

/* When TCP's timer of retransmissions and window probes runs out; jiffies. */
#define tcp_timeout_expires(_sk)	READ_ONCE(inet_csk(_sk)->icsk_timeout)
#else
#define RSP_SOCKADDR	struct sockaddr_unsized

static inline kuid_t rsp_sk_uid(const struct sock *sk)
{
	return sk_uid(sk);
}
#endif

#endif /* _RSERPOOL_COMPAT_H */
