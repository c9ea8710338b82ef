// SPDX-License-Identifier: GPL-2.0
/* Walks over the handlespace that take their time, while it changes. */
#include "handlespace.h"

/* A home to which the element is about to move has none yet. */
static struct element *first_of(struct list *home, const struct list *homes)
{
	for (; home != homes; home = home->next) {
		struct home *each = container_of(home, struct home, in_all);

		if (each->n)
			return container_of(each->elements.next, struct element,
					    in_home);
	}
	return NULL;
}

static struct element *behind(const struct handlespace *hs,
			      const struct walk *walk,
			      const struct element *element)
{
	struct home *home = element->home;

	if (element->in_home.next != &home->elements)
		return container_of(element->in_home.next, struct element,
				    in_home);
	return walk->one_home ? NULL : first_of(home->in_all.next, &hs->homes);
}

/**
 * walk_begin() - begin at the first element
 * @hs: handlespace
 * @walk: it, which may be under way
 * @home: whose elements; 0: all
 */
void walk_begin(struct handlespace *hs, struct walk *walk, u32 home)
{
	struct home *first;

	walk_end(walk);
	list_add_tail(&walk->in_all, &hs->walks);
	walk->one_home = home;
	if (!home) {
		walk->next = first_of(hs->homes.next, &hs->homes);
		return;
	}
	first = home_find(hs, home);
	walk->next = first ? first_of(&first->in_all, &hs->homes) : NULL;
}

/**
 * walk_on() - go on to the next element
 * @hs: handlespace
 * @walk: not at its end
 */
void walk_on(const struct handlespace *hs, struct walk *walk)
{
	walk->next = behind(hs, walk, walk->next);
}

/**
 * walk_end() - end a walk
 * @walk: it, or one that is not under way
 */
void walk_end(struct walk *walk)
{
	list_del(&walk->in_all);
	walk->next = NULL;
}

/**
 * walks_skip() - an element leaves its home
 * @hs: handlespace
 * @element: it
 */
void walks_skip(struct handlespace *hs, const struct element *element)
{
	struct list *pos;

	list_for_each(pos, &hs->walks) {
		struct walk *walk = container_of(pos, struct walk, in_all);

		if (walk->next == element)
			walk->next = behind(hs, walk, element);
	}
}
