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

#endif /* _RSERPOOL_COMPAT_H */
