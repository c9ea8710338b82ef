// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "handlespace.h"

#define PLACES_MIN	64
#define LEFT		(4 << 20)	/* octets */
#define LOOKED_AFTER	64		/* new elements */

static u64 mix(u64 hash)
{
	hash ^= hash >> 32;
	hash *= 0xd6e8feb86659fd93ULL;
	hash ^= hash >> 32;
	hash *= 0xd6e8feb86659fd93ULL;
	return hash ^ hash >> 32;
}

static u64 hash_handle(const struct handlespace *hs, const u8 *handle, u32 len)
{
	u64 hash = hs->seed[0] ^ len;
	u32 i;

	for (i = 0; i < len; i++)
		hash = mix(hash + handle[i]) + hs->seed[1];
	return hash;
}

static u64 hash_element(const struct handlespace *hs, const struct pool *pool,
			u32 id)
{
	return mix(hs->seed[0] + id + mix(hs->seed[1] + (uintptr_t)pool));
}

/**
 * pool_find() - find a pool
 * @hs: handlespace
 * @handle: its handle
 * @len: octets of it
 *
 * Return: it, or NULL.
 */
struct pool *pool_find(const struct handlespace *hs, const void *handle,
		       u32 len)
{
	u64 hash = hash_handle(hs, handle, len);
	struct pool *pool = hs->pool_table[hash & (hs->pool_places - 1)];

	while (pool && (pool->handle_len != len ||
			memcmp(pool->handle, handle, len)))
		pool = pool->next;
	return pool;
}

/**
 * element_find() - find an element
 * @hs: handlespace
 * @pool: its pool, or NULL
 * @id: PE identifier
 *
 * Return: it, or NULL.
 */
struct element *element_find(const struct handlespace *hs,
			     const struct pool *pool, u32 id)
{
	u64 hash = hash_element(hs, pool, id);
	struct element *element;

	element = hs->element_table[hash & (hs->element_places - 1)];
	while (element && (element->pool != pool || element->id != id))
		element = element->next;
	return element;
}

/**
 * home_find() - find who owns elements
 * @hs: handlespace
 * @id: server identifier
 *
 * Return: it; NULL when it owns none.
 */
struct home *home_find(const struct handlespace *hs, u32 id)
{
	struct list *pos;

	list_for_each(pos, &hs->homes)
		if (container_of(pos, struct home, in_all)->id == id)
			return container_of(pos, struct home, in_all);
	return NULL;
}

static struct home *home_get(struct handlespace *hs, u32 id)
{
	struct home *home = home_find(hs, id);

	if (home)
		return home;
	home = calloc(1, sizeof(*home));
	if (!home)
		return NULL;
	home->id = id;
	list_init(&home->elements);
	list_add_tail(&home->in_all, &hs->homes);
	return home;
}

static void home_put(struct home *home)
{
	if (home->n)
		return;
	list_del(&home->in_all);
	free(home);
}

static void own(struct home *home, struct element *element)
{
	const struct pool *pool = element->pool;

	element->home = home;
	list_add_tail(&element->in_home, &home->elements);
	home->n++;
	rsp_checksum_add(&home->checksum, pool->handle, pool->handle_len,
			 element->id);
}

static void disown(struct element *element)
{
	const struct pool *pool = element->pool;
	struct home *home = element->home;

	walks_skip(pool->hs, element);
	list_del(&element->in_home);
	home->n--;
	rsp_checksum_sub(&home->checksum, pool->handle, pool->handle_len,
			 element->id);
	home_put(home);
}

/* Tables grow; one that finds no memory for that works on, more slowly. */
static void grow_pools(struct handlespace *hs)
{
	u32 places = 2 * hs->pool_places;
	struct pool **table, **place;
	struct list *pos;

	if (hs->n_pools < hs->pool_places)
		return;
	table = calloc(places, sizeof(*table));
	if (!table)
		return;
	list_for_each(pos, &hs->pools) {
		struct pool *pool = container_of(pos, struct pool, in_all);

		place = &table[hash_handle(hs, pool->handle, pool->handle_len) &
			       (places - 1)];
		pool->next = *place;
		*place = pool;
	}
	free(hs->pool_table);
	hs->pool_table = table;
	hs->pool_places = places;
}

static void grow_elements(struct handlespace *hs)
{
	u32 places = 2 * hs->element_places, i;
	struct element **table, **place, *element, *next;

	if (hs->n_elements < hs->element_places)
		return;
	table = calloc(places, sizeof(*table));
	if (!table)
		return;
	for (i = 0; i < hs->element_places; i++)
		for (element = hs->element_table[i]; element; element = next) {
			next = element->next;
			place = &table[hash_element(hs, element->pool,
						    element->id) &
				       (places - 1)];
			element->next = *place;
			*place = element;
		}
	free(hs->element_table);
	hs->element_table = table;
	hs->element_places = places;
}

static struct pool *pool_new(struct handlespace *hs,
			     const struct rsp_octets *handle)
{
	struct pool *pool, **place;

	if (hs->n_pools == hs->pools_max)
		return NULL;
	pool = calloc(1, sizeof(*pool) + handle->len);
	if (!pool)
		return NULL;
	grow_pools(hs);
	pool->hs = hs;
	memcpy(pool->handle, handle->data, handle->len);
	pool->handle_len = handle->len;
	list_init(&pool->elements);
	list_init(&pool->subscribers);
	list_init(&pool->in_changed);
	list_add_tail(&pool->in_all, &hs->pools);
	place = &hs->pool_table[hash_handle(hs, handle->data, handle->len) &
				(hs->pool_places - 1)];
	pool->next = *place;
	*place = pool;
	hs->n_pools++;
	return pool;
}

static void pool_free(struct handlespace *hs, struct pool *pool)
{
	u64 hash = hash_handle(hs, pool->handle, pool->handle_len);
	struct pool **place = &hs->pool_table[hash & (hs->pool_places - 1)];

	while (*place != pool)
		place = &(*place)->next;
	*place = pool->next;
	list_del(&pool->in_all);
	list_del(&pool->in_changed);
	hs->n_pools--;
	free(pool);
}

/* All user transports have one type and use; the parser saw to the type. */
static int transport_of(const struct rsp_tlv_element *element, u16 *type,
			u16 *use)
{
	struct rsp_tlv_list list = element->user;
	struct rsp_tlv_transport transport;

	if (!rsp_tlv_next_transport(&list, &transport))
		return -EINVAL;
	*type = transport.type;
	*use = transport.use;
	while (rsp_tlv_next_transport(&list, &transport))
		if (transport.use != *use)
			return -EINVAL;
	return 0;
}

/**
 * transport_write() - write a transport parameter as it was read
 * @w: where to
 * @transport: it
 */
void transport_write(struct rsp_tlv_writer *w,
		     const struct rsp_tlv_transport *transport)
{
	struct rsp_tlv_list list = transport->addresses;
	u32 begin = rsp_tlv_begin_transport(w, transport);
	struct rsp_tlv_address address;

	while (rsp_tlv_next_address(&list, &address))
		rsp_tlv_put_address(w, &address);
	rsp_tlv_end(w, begin);
}

static u32 size_with(u32 params_len)
{
	return ALIGN(sizeof(struct rsp_wire_tlv) +
		     sizeof(struct rsp_wire_element) + params_len, 4);
}

/* The octets of the user transports are handed through as they came. */
static int write_params(const struct element_data *data, u8 **params, u16 *len)
{
	const struct rsp_tlv_element *element = data->element;
	static u8 buf[RSP_ASAP_LENGTH_MAX];
	struct rsp_tlv_writer w;

	rsp_tlv_writer_init(&w, buf, sizeof(buf));
	rsp_tlv_put_octets(&w, element->user.pos,
			   element->user.end - element->user.pos);
	rsp_tlv_put_policy(&w, &element->policy);
	if (data->asap)
		transport_write(&w, data->asap);
	else if (element->asap.type)
		transport_write(&w, &element->asap);
	if (w.overflow || size_with(w.len) > ELEMENT_SIZE_MAX)
		return -EMSGSIZE;
	*params = malloc(w.len);
	if (!*params)
		return -ENOMEM;
	memcpy(*params, buf, w.len);
	*len = w.len;
	return 0;
}

static struct element *element_new(struct handlespace *hs, struct pool *pool,
				   u32 id)
{
	struct element *element, **place;

	element = calloc(1, sizeof(*element));
	if (!element)
		return NULL;
	grow_elements(hs);
	element->pool = pool;
	element->id = id;
	list_init(&element->in_client);
	list_init(&element->in_feed);
	list_add_tail(&element->in_pool, &pool->elements);
	pool->n++;
	place = &hs->element_table[hash_element(hs, pool, id) &
				   (hs->element_places - 1)];
	element->next = *place;
	*place = element;
	hs->n_elements++;
	return element;
}

static void unlink_element(struct handlespace *hs, struct element *element)
{
	struct pool *pool = element->pool;
	u64 hash = hash_element(hs, pool, element->id);
	struct element **place;

	place = &hs->element_table[hash & (hs->element_places - 1)];
	while (*place != element)
		place = &(*place)->next;
	*place = element->next;
	list_del(&element->in_pool);
	pool->n--;
	hs->n_elements--;
}

/* RFC 5352, 3.1: all elements of a pool agree with the first one. */
static int check_pool(const struct pool *pool,
		      const struct rsp_tlv_element *element, u16 type, u16 use)
{
	if (pool->policy != element->policy.type)
		return -EPROTOTYPE;
	if (pool->transport != type)
		return -EPROTONOSUPPORT;
	return pool->use == use ? 0 : -EOPNOTSUPP;
}

/* Gets what a new element takes, and gives back what is not used. */
static int make(struct handlespace *hs, const struct rsp_octets *handle,
		struct pool *pool, u32 id, struct element **made)
{
	struct pool *fresh = NULL;

	if (hs->n_elements == hs->elements_max)
		return -ENOSPC;
	if (!pool) {
		if (hs->n_pools == hs->pools_max)
			return -ENOSPC;
		fresh = pool_new(hs, handle);
		if (!fresh)
			return -ENOMEM;
		pool = fresh;
	}
	*made = element_new(hs, pool, id);
	if (*made)
		return 0;
	if (fresh)
		pool_free(hs, fresh);
	return -ENOMEM;
}

/*
 * What is left when there is hardly any memory is for those who are here already: their
 * messages, and the records that these come in.
 */
static bool has_memory(struct handlespace *hs)
{
	void *volatile left;

	if (hs->n_elements % LOOKED_AFTER && !hs->scarce)
		return true;
	left = malloc(LEFT);
	free(left);
	hs->scarce = !left;
	return left;
}

/**
 * element_put() - register an element, for the first time or anew
 * @hs: handlespace
 * @handle: its pool, which is made where there is none
 * @data: all that is said of it
 * @put: it
 *
 * Return: 1 when it is new, 0 when it was there; -EPROTOTYPE,
 * -EPROTONOSUPPORT or -EOPNOTSUPP when policy, transport or Transport Use is
 * not the pool's; -EINVAL, -ENOSPC, -ENOMEM, -EMSGSIZE. On an error nothing has
 * changed.
 */
int element_put(struct handlespace *hs, const struct rsp_octets *handle,
		const struct element_data *data, struct element **put)
{
	struct pool *pool = pool_find(hs, handle->data, handle->len);
	const struct rsp_tlv_element *from = data->element;
	struct element *element = NULL;
	u16 type, use, len;
	struct home *home;
	int ret;
	u8 *params;
	bool is_new;

	ret = transport_of(from, &type, &use);
	if (!ret && pool)
		ret = check_pool(pool, from, type, use);
	if (!ret)
		ret = write_params(data, &params, &len);
	if (ret)
		return ret;
	home = home_get(hs, data->home);
	if (pool)
		element = element_find(hs, pool, from->id);
	is_new = !element;
	ret = home && (!is_new || has_memory(hs)) ? 0 : -ENOMEM;
	if (!ret && is_new)
		ret = make(hs, handle, pool, from->id, &element);
	if (ret) {
		if (home)
			home_put(home);
		free(params);
		return ret;
	}
	pool = element->pool;
	pool->policy = from->policy.type;
	pool->transport = type;
	pool->use = use;
	if (element->home != home) {
		if (element->home)
			disown(element);
		own(home, element);
	}
	free(element->params);
	element->params = params;
	element->params_len = len;
	element->life = from->life;
	element->value = from->policy.value;
	element->degradation = from->policy.degradation;
	/* RFC 5356, 5.2.2 */
	element->turn = 0;
	*put = element;
	return is_new;
}

/**
 * element_move() - another registrar owns an element
 * @hs: handlespace
 * @element: it
 * @id: who
 *
 * Return: 0 or -ENOMEM.
 */
int element_move(struct handlespace *hs, struct element *element, u32 id)
{
	struct home *home;

	if (element->home->id == id)
		return 0;
	home = home_get(hs, id);
	if (!home)
		return -ENOMEM;
	disown(element);
	own(home, element);
	return 0;
}

/**
 * element_remove() - forget an element, and its pool with the last one
 * @hs: handlespace
 * @element: in no list, and without a deadline that is set
 */
void element_remove(struct handlespace *hs, struct element *element)
{
	struct pool *pool = element->pool;

	disown(element);
	unlink_element(hs, element);
	free(element->params);
	free(element->reporters);
	free(element);
	if (!pool->n)
		pool_free(hs, pool);
}

/**
 * element_size() - how much of a message an element takes
 * @element: it
 *
 * Return: octets, with the padding.
 */
u32 element_size(const struct element *element)
{
	return size_with(element->params_len);
}

/**
 * element_write() - write an element's parameter
 * @w: the writer
 * @element: it
 */
void element_write(struct rsp_tlv_writer *w, const struct element *element)
{
	struct rsp_tlv_element numbers = {
		.id = element->id,
		.home = element->home->id,
		.life = element->life,
	};
	u32 begin = rsp_tlv_begin_element(w, &numbers);

	rsp_tlv_put_octets(w, element->params, element->params_len);
	rsp_tlv_end(w, begin);
}

/**
 * element_view() - an element's parameters, as they are in a message
 * @element: it
 * @view: filled; points into @element
 */
void element_view(const struct element *element, struct rsp_tlv_element *view)
{
	struct rsp_tlv_list list = {
		element->params, element->params + element->params_len
	};
	struct rsp_tlv tlv;

	memset(view, 0, sizeof(*view));
	view->id = element->id;
	view->home = element->home->id;
	view->life = element->life;
	view->user = list;
	while (rsp_tlv_next(NULL, &list, &tlv) > 0) {
		if (tlv.type == RSP_TLV_POLICY) {
			rsp_tlv_parse_policy(NULL, &tlv, &view->policy);
			view->user.end = tlv.value.data -
					 sizeof(struct rsp_wire_tlv);
		} else if (view->policy.type) {
			rsp_tlv_parse_transport(NULL, &tlv, &view->asap);
		}
	}
}

/**
 * handlespace_init() - make an empty handlespace
 * @hs: filled
 * @pools_max: pools that there may be
 * @elements_max: elements that there may be
 *
 * Return: 0, or a negative errno.
 */
int handlespace_init(struct handlespace *hs, u32 pools_max, u32 elements_max)
{
	memset(hs, 0, sizeof(*hs));
	list_init(&hs->pools);
	list_init(&hs->homes);
	list_init(&hs->walks);
	hs->pools_max = pools_max;
	hs->elements_max = elements_max;
	hs->pool_places = PLACES_MIN;
	hs->element_places = PLACES_MIN;
	hs->pool_table = calloc(PLACES_MIN, sizeof(*hs->pool_table));
	hs->element_table = calloc(PLACES_MIN, sizeof(*hs->element_table));
	if (!hs->pool_table || !hs->element_table) {
		handlespace_fini(hs);
		return -ENOMEM;
	}
	if (getrandom(hs->seed, sizeof(hs->seed), 0) == sizeof(hs->seed))
		return 0;
	handlespace_fini(hs);
	return -EIO;
}

/**
 * handlespace_fini() - forget all tables; the elements have been removed
 * @hs: handlespace
 */
void handlespace_fini(struct handlespace *hs)
{
	free(hs->pool_table);
	free(hs->element_table);
	memset(hs, 0, sizeof(*hs));
}
