/* SPDX-License-Identifier: GPL-2.0 */
/* Lists in both directions, in the objects themselves. */
#ifndef _RSP_LIST_H
#define _RSP_LIST_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct list - a place in a list, or its head
 * @next: itself where it is in no list
 * @prev: likewise
 */
struct list {
	struct list *next;
	struct list *prev;
};

#define container_of(_ptr, _type, _member) \
	((_type *)(void *)((char *)(_ptr) - offsetof(_type, _member)))

#define list_for_each(_pos, _head) \
	for (_pos = (_head)->next; _pos != (_head); _pos = _pos->next)

/* While @_pos may be taken out. */
#define list_for_each_safe(_pos, _next, _head) \
	for (_pos = (_head)->next, _next = _pos->next; _pos != (_head); \
	     _pos = _next, _next = _pos->next)

static inline void list_init(struct list *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_add_tail(struct list *entry, struct list *head)
{
	entry->prev = head->prev;
	entry->next = head;
	head->prev->next = entry;
	head->prev = entry;
}

static inline void list_del(struct list *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	list_init(entry);
}

#endif /* _RSP_LIST_H */
