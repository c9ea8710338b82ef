/* SPDX-License-Identifier: GPL-2.0 */
/* Which elements of a pool an answer has, and in which order (RFC 5356). */
#ifndef _ENRPD_SELECT_H
#define _ENRPD_SELECT_H

#include "handlespace.h"

/**
 * struct selection - the elements for an answer
 * @elements: in the order in which a user is to take them
 * @n: how many
 * @room: that fit there
 */
struct selection {
	struct element **elements;
	u32 n;
	u32 room;
};

int select_order(struct selection *selection, struct pool *pool);
void select_used(const struct selection *selection, struct pool *pool, u32 n);
void selection_fini(struct selection *selection);

#endif /* _ENRPD_SELECT_H */
