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

#include <linux/slab.h>

#ifndef kzalloc_obj
#define kzalloc_obj(_obj, _gfp)		kzalloc(sizeof(_obj), _gfp)
#endif

/* The netlink tables are generated for 7.2. */
#include <net/netlink.h>

#ifndef NLA_POLICY_MAX_LEN
#define NLA_POLICY_MAX_LEN(_len)	NLA_POLICY_MAX(NLA_BINARY, _len)
#endif

#endif /* _RSERPOOL_COMPAT_H */
