// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"

#define A_TURN	1024	/* then the connections have theirs */

static void place(struct deadlines *deadlines, uint32_t at,
		  struct deadline *deadline)
{
	deadlines->heap[at - 1] = deadline;
	deadline->place = at;
}

static void sift_up(struct deadlines *deadlines, struct deadline *deadline)
{
	uint32_t at = deadline->place;
	struct deadline *above;

	for (; at > 1; at /= 2) {
		above = deadlines->heap[at / 2 - 1];
		if (above->at <= deadline->at)
			break;
		place(deadlines, at, above);
	}
	place(deadlines, at, deadline);
}

static void sift_down(struct deadlines *deadlines, struct deadline *deadline)
{
	uint32_t at = deadline->place, below;

	for (; (below = 2 * at) <= deadlines->n; at = below) {
		if (below < deadlines->n && deadlines->heap[below]->at <
					    deadlines->heap[below - 1]->at)
			below++;
		if (deadlines->heap[below - 1]->at >= deadline->at)
			break;
		place(deadlines, at, deadlines->heap[below - 1]);
	}
	place(deadlines, at, deadline);
}

static void on_timer(uv_timer_t *timer);

static void arm(struct deadlines *deadlines)
{
	uint64_t now = uv_now(deadlines->loop), at;

	if (!deadlines->n) {
		uv_timer_stop(&deadlines->timer);
		return;
	}
	at = deadlines->heap[0]->at;
	uv_timer_start(&deadlines->timer, on_timer, at > now ? at - now : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct deadlines *deadlines = timer->data;
	uint64_t now = uv_now(deadlines->loop);
	struct deadline *deadline;
	int i;

	for (i = 0; i < A_TURN && deadlines->n; i++) {
		deadline = deadlines->heap[0];
		if (deadline->at > now)
			break;
		deadline_clear(deadlines, deadline);
		deadline->fire(deadline);
	}
	arm(deadlines);
}

/**
 * deadlines_init() - prepare for deadlines
 * @deadlines: filled
 * @loop: the loop
 */
void deadlines_init(struct deadlines *deadlines, uv_loop_t *loop)
{
	memset(deadlines, 0, sizeof(*deadlines));
	deadlines->loop = loop;
	uv_timer_init(loop, &deadlines->timer);
	deadlines->timer.data = deadlines;
}

/**
 * deadlines_fini() - all have been cleared
 * @deadlines: they, which must live until the loop has run once more
 */
void deadlines_fini(struct deadlines *deadlines)
{
	free(deadlines->heap);
	uv_close((uv_handle_t *)&deadlines->timer, NULL);
}

/**
 * deadlines_reserve() - make room, so that deadline_set() cannot fail
 * @deadlines: they
 * @n: how many there may be
 *
 * Return: 0 or -ENOMEM.
 */
int deadlines_reserve(struct deadlines *deadlines, uint32_t n)
{
	uint32_t room = deadlines->room ? deadlines->room : 64;
	struct deadline **heap;

	while (room < n)
		room *= 2;
	if (room == deadlines->room)
		return 0;
	heap = realloc(deadlines->heap, room * sizeof(struct deadline *));
	if (!heap)
		return -ENOMEM;
	deadlines->heap = heap;
	deadlines->room = room;
	return 0;
}

/**
 * deadline_set() - say when
 * @deadlines: with room for it
 * @deadline: set or not
 * @at: milliseconds of the loop's clock
 */
void deadline_set(struct deadlines *deadlines, struct deadline *deadline,
		  uint64_t at)
{
	deadline->at = at;
	if (!deadline->place)
		place(deadlines, ++deadlines->n, deadline);
	sift_up(deadlines, deadline);
	sift_down(deadlines, deadline);
	if (deadlines->heap[0] == deadline)
		arm(deadlines);
}

/**
 * deadline_clear() - it is not to be done
 * @deadlines: they
 * @deadline: set or not
 */
void deadline_clear(struct deadlines *deadlines, struct deadline *deadline)
{
	struct deadline *last;

	if (!deadline->place)
		return;
	last = deadlines->heap[--deadlines->n];
	if (last != deadline) {
		place(deadlines, deadline->place, last);
		sift_up(deadlines, last);
		sift_down(deadlines, last);
	}
	deadline->place = 0;
}
