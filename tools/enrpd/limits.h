/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ENRPD_LIMITS_H
#define _ENRPD_LIMITS_H

#include "config.h"

/**
 * limits_set() - fit what is used to what the system gives
 * @config: its connections_max becomes less, where there may not be as many descriptors
 *
 * Descriptors are as many as the process may have. Where its cgroup, or one above that,
 * has a memory.max, its data (RLIMIT_DATA) is kept below that.
 */
void limits_set(struct config *config);

#endif
