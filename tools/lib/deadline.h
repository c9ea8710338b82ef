/* SPDX-License-Identifier: GPL-2.0 */
/* Deadlines, a million of them, behind one timer of the loop. */
#ifndef _RSP_DEADLINE_H
#define _RSP_DEADLINE_H

#include <stdint.h>
#include <uv.h>

/**
 * struct deadline - something is to be done at a time
 * @at: milliseconds of the loop's clock
 * @place: in the heap, counted from 1; 0: it is not set
 * @fire: what is done; it may set and clear any deadline
 */
struct deadline {
	uint64_t at;
	uint32_t place;
	void (*fire)(struct deadline *deadline);
};

/**
 * struct deadlines - those of a loop
 * @loop: the loop
 * @timer: for the next one
 * @heap: the next one first
 * @n: how many
 * @room: that fit in @heap
 */
struct deadlines {
	uv_loop_t *loop;
	uv_timer_t timer;
	struct deadline **heap;
	uint32_t n;
	uint32_t room;
};

void deadlines_init(struct deadlines *deadlines, uv_loop_t *loop);
void deadlines_fini(struct deadlines *deadlines);
int deadlines_reserve(struct deadlines *deadlines, uint32_t n);
void deadline_set(struct deadlines *deadlines, struct deadline *deadline,
		  uint64_t at);
void deadline_clear(struct deadlines *deadlines, struct deadline *deadline);

#endif /* _RSP_DEADLINE_H */
