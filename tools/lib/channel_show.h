/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSP_CHANNEL_SHOW_H
#define _RSP_CHANNEL_SHOW_H

#include "channel.h"
#include "counter.h"

struct counters_of channel_counters(const struct channel_group *group);

#endif /* _RSP_CHANNEL_SHOW_H */
