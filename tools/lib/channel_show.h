/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSP_CHANNEL_SHOW_H
#define _RSP_CHANNEL_SHOW_H

#include "channel.h"

void channel_counters_show(const struct channel_counters *counters);

#endif /* _RSP_CHANNEL_SHOW_H */
