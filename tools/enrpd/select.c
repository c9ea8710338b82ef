// SPDX-License-Identifier: GPL-2.0
/*
 * The order of an answer is that of a key which the policy gives each element,
 * and among equals that of the pool's list, whose head advances with each
 * answer (RFC 5356, 4.1.2).
 */
#include <errno.h>
#include <linux/rserpool_netlink.h>
#include <math.h>
#include <stdlib.h>
#include <sys/random.h>

#include "select.h"

/* What weight 1 is away from its next turn. */
#define STRIDE	(1ULL << 32)

struct ranked {
	double key;
	u32 place;
	struct element *element;
};

/* Above 0, below 1. */
static double random_part(void)
{
	static u32 numbers[256];
	static unsigned int left;

	if (!left) {
		if (getrandom(numbers, sizeof(numbers), 0) != sizeof(numbers))
			return 0.5;
		left = ARRAY_SIZE(numbers);
	}
	return (numbers[--left] + 0.5) / 4294967296.0;
}

/*
 * Sorted by these, elements are drawn one after the other with chances as their
 * weights are (Efraimidis and Spirakis, 2006). Weight 0 is drawn last.
 */
static double draw(u32 weight)
{
	return weight ? -log(random_part()) / weight : INFINITY;
}

/* Who comes anew has his turn now, and has not missed those before. */
static u64 turn_of(const struct element *element)
{
	u64 now = element->pool->turn;

	return element->turn > now ? element->turn : now;
}

static double key_of(const struct element *element)
{
	switch (element->pool->policy) {
	case RSERPOOL_POLICY_WRR:
		return element->value ? (double)turn_of(element) : INFINITY;
	case RSERPOOL_POLICY_RAND:
		return random_part();
	case RSERPOOL_POLICY_WRAND:
		return draw(element->value);
	case RSERPOOL_POLICY_PRIO:
		return -(double)element->value;
	case RSERPOOL_POLICY_LU:
		return element->value;
	case RSERPOOL_POLICY_LUD:
		return element->value +
		       (double)element->turn * element->degradation;
	case RSERPOOL_POLICY_PLU:
		return (double)element->value + element->degradation;
	case RSERPOOL_POLICY_RLU:
		return draw(0xffffffff - element->value);
	default:
		return 0;
	}
}

static int compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

static bool is_list(u32 policy)
{
	return policy == RSERPOOL_POLICY_RR ||
	       rsp_tlv_policy_words(policy) < 0;
}

static int reserve(struct selection *selection, u32 n)
{
	struct element **elements;

	if (n <= selection->room)
		return 0;
	elements = realloc(selection->elements, n * sizeof(*elements));
	if (!elements)
		return -ENOMEM;
	selection->elements = elements;
	selection->room = n;
	return 0;
}

/* A policy that is not known is handed through, and its elements in turns. */
static void take_list(struct selection *selection, const struct pool *pool)
{
	const struct list *pos;

	list_for_each(pos, &pool->elements)
		selection->elements[selection->n++] =
			container_of(pos, struct element, in_pool);
}

/**
 * select_order() - put all elements of a pool in the order of its policy
 * @selection: zeroed, or of an earlier answer
 * @pool: the pool
 *
 * Return: 0 or -ENOMEM.
 */
int select_order(struct selection *selection, struct pool *pool)
{
	struct ranked *ranked;
	const struct list *pos;
	u32 i = 0;

	selection->n = 0;
	if (reserve(selection, pool->n))
		return -ENOMEM;
	if (is_list(pool->policy)) {
		take_list(selection, pool);
		return 0;
	}
	ranked = malloc(pool->n * sizeof(*ranked));
	if (!ranked)
		return -ENOMEM;
	list_for_each(pos, &pool->elements) {
		ranked[i].element = container_of(pos, struct element, in_pool);
		ranked[i].key = key_of(ranked[i].element);
		ranked[i].place = i;
		i++;
	}
	qsort(ranked, pool->n, sizeof(*ranked), compare);
	while (selection->n < pool->n) {
		selection->elements[selection->n] = ranked[selection->n].element;
		selection->n++;
	}
	free(ranked);
	return 0;
}

/**
 * select_used() - an answer was given
 * @selection: what select_order() made
 * @pool: the pool
 * @n: how many of them were in the answer
 */
void select_used(const struct selection *selection, struct pool *pool, u32 n)
{
	struct element *head;
	u32 i;

	if (!n)
		return;
	if (pool->policy == RSERPOOL_POLICY_LUD)
		for (i = 0; i < n; i++)
			selection->elements[i]->turn++;
	head = selection->elements[0];
	if (pool->policy == RSERPOOL_POLICY_WRR && head->value) {
		pool->turn = turn_of(head);
		head->turn = pool->turn + STRIDE / head->value;
	}
	head = container_of(pool->elements.next, struct element, in_pool);
	list_del(&head->in_pool);
	list_add_tail(&head->in_pool, &pool->elements);
}

/**
 * selection_fini() - give back its memory
 * @selection: it
 */
void selection_fini(struct selection *selection)
{
	free(selection->elements);
	memset(selection, 0, sizeof(*selection));
}
