// SPDX-License-Identifier: GPL-2.0
/* Pools that are kept, and the elements of this host that are in them. */
#include <stdlib.h>
#include <string.h>

#include "agent.h"

#define DEADLINES_OF_POOL	2
#define DEADLINES_OF_AGENT	6

static struct list *place_of(const struct agent *agent,
			     const struct rsp_octets *handle)
{
	u32 hash = 2166136261u, i;

	for (i = 0; i < handle->len; i++)
		hash = (hash ^ handle->data[i]) * 16777619u;
	return (struct list *)&agent->places[hash % POOL_PLACES];
}

/**
 * pool_find() - a pool that is kept
 * @agent: the agent
 * @handle: its handle
 *
 * Return: it, or NULL.
 */
struct pool *pool_find(const struct agent *agent,
		       const struct rsp_octets *handle)
{
	struct list *pos, *place = place_of(agent, handle);

	list_for_each(pos, place) {
		struct pool *pool = container_of(pos, struct pool, in_place);

		if (pool->handle_len == handle->len &&
		    !memcmp(pool->handle, handle->data, handle->len))
			return pool;
	}
	return NULL;
}

/**
 * agent_reserve() - have room for all deadlines
 * @agent: the agent
 * @more: than what it has by now
 *
 * So that deadline_set() cannot fail.
 *
 * Return: 0 or -ENOMEM.
 */
int agent_reserve(struct agent *agent, u32 more)
{
	return deadlines_reserve(&agent->deadlines, DEADLINES_OF_AGENT +
				 agent->config.n_services +
				 DEADLINES_OF_POOL * agent->n_pools +
				 agent->n_elements + more);
}

/**
 * pool_get() - a pool, kept from now on if it was not
 * @agent: the agent
 * @handle: its handle
 *
 * Return: it; NULL when there are too many, or no memory.
 */
struct pool *pool_get(struct agent *agent, const struct rsp_octets *handle)
{
	struct pool *pool = pool_find(agent, handle);

	if (pool)
		return pool;
	if (handle->len > RSP_HANDLE_MAX ||
	    agent->n_pools >= agent->config.pools_max ||
	    agent_reserve(agent, DEADLINES_OF_POOL))
		return NULL;
	pool = calloc(1, sizeof(*pool) + handle->len);
	if (!pool)
		return NULL;
	pool->agent = agent;
	list_init(&pool->elements);
	list_init(&pool->in_unsent);
	pool->request.fire = resolution_timeout;
	pool->stale.fire = resolution_stale;
	pool->used = now_of(agent);
	pool->handle_len = (u8)handle->len;
	memcpy(pool->handle, handle->data, handle->len);
	list_add_tail(&pool->in_all, &agent->pools);
	list_add_tail(&pool->in_place, place_of(agent, handle));
	agent->n_pools++;
	return pool;
}

/**
 * pool_remove() - keep a pool no longer
 * @pool: without elements
 */
void pool_remove(struct pool *pool)
{
	struct agent *agent = pool->agent;

	deadline_clear(&agent->deadlines, &pool->request);
	deadline_clear(&agent->deadlines, &pool->stale);
	list_del(&pool->in_all);
	list_del(&pool->in_place);
	list_del(&pool->in_unsent);
	agent->n_pools--;
	free(pool->answer);
	free(pool->told);
	free(pool);
}

/**
 * pool_remove_if_empty() - keep a pool no longer that nobody wants
 * @pool: it
 */
void pool_remove_if_empty(struct pool *pool)
{
	if (!pool->answer && !pool->n_told && !pool->pending &&
	    list_empty(&pool->elements))
		pool_remove(pool);
}

/**
 * element_find() - an element of this host
 * @pool: its pool
 * @id: PE identifier
 *
 * Return: it, or NULL.
 */
struct element *element_find(const struct pool *pool, u32 id)
{
	struct list *pos;

	list_for_each(pos, &pool->elements) {
		struct element *element = container_of(pos, struct element,
						       in_pool);

		if (element->id == id)
			return element;
	}
	return NULL;
}

/**
 * pool_has_socket() - whether the kernel has an element from its socket
 * @pool: its pool
 * @id: PE identifier
 *
 * Return: true when a socket of this host listens for it.
 */
bool pool_has_socket(const struct pool *pool, u32 id)
{
	const struct element *element = element_find(pool, id);

	return element && !element->service;
}

/**
 * element_add() - an element of this host, of which nobody was told yet
 * @pool: its pool
 * @id: PE identifier
 *
 * Return: it; NULL when there is no memory.
 */
struct element *element_add(struct pool *pool, u32 id)
{
	struct agent *agent = pool->agent;
	struct element *element;

	if (agent_reserve(agent, 1))
		return NULL;
	element = calloc(1, sizeof(*element));
	if (!element)
		return NULL;
	element->pool = pool;
	element->id = id;
	list_init(&element->in_unsent);
	list_init(&element->in_asked);
	list_add_tail(&element->in_pool, &pool->elements);
	agent->n_elements++;
	return element;
}

/**
 * element_remove() - forget an element
 * @element: it; its pool stays
 */
void element_remove(struct element *element)
{
	struct agent *agent = element->pool->agent;

	deadline_clear(&agent->deadlines, &element->timer);
	list_del(&element->in_unsent);
	list_del(&element->in_asked);
	list_del(&element->in_pool);
	agent->n_elements--;
	free(element);
}
