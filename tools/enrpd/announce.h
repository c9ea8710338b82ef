/* SPDX-License-Identifier: GPL-2.0 */
/* Who says to a multicast group that it is here (RFC 5352, 3.6). */
#ifndef _ENRPD_ANNOUNCE_H
#define _ENRPD_ANNOUNCE_H

#include "../lib/deadline.h"
#include "../lib/kernel.h"
#include "../lib/multicast.h"

#define ANNOUNCERS_MAX	64	/* others that are counted */

struct registrar;

/**
 * struct announcer - another registrar that was heard
 * @id: server identifier
 * @until: when it is forgotten
 */
struct announcer {
	u32 id;
	u64 until;
};

/**
 * struct announce - what this registrar announces
 * @groups: where to
 * @n_groups: how many
 * @next: T6-Serverannounce
 * @heard: others that do so
 * @n_heard: how many
 */
struct announce {
	struct multicast *groups;
	unsigned int n_groups;
	struct deadline next;
	struct announcer heard[ANNOUNCERS_MAX];
	u32 n_heard;
};

int announce_start(struct registrar *registrar, char *why, size_t room);
void announce_stop(struct registrar *registrar);
void announce_fini(struct registrar *registrar);

#endif /* _ENRPD_ANNOUNCE_H */
