// SPDX-License-Identifier: GPL-2.0
/* What the handlespace's suites share. */

#include "handlespace_test.h"

static struct scope *to_scope(struct rsp_handlespace *hs)
{
	return container_of(hs, struct scope, hs);
}

static void pool_changed(struct rsp_pool *pool, enum rsp_change change)
{
	to_scope(pool->hs)->pool_changes[change]++;
}

static void pe_changed(struct rsp_pe *pe, enum rsp_change change)
{
	struct scope *s = to_scope(pe->pool->hs);

	s->pe_changes[change]++;
	if (change == RSP_CHANGE_EXPIRED)
		complete(&s->expired);
	if (change == RSP_CHANGE_RETURNED)
		complete(&s->returned);
}

static const struct rsp_handlespace_ops ops = {
	.pool_changed	= pool_changed,
	.pe_changed	= pe_changed,
};

int scope_init(struct kunit *test)
{
	struct scope *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	init_completion(&s->expired);
	init_completion(&s->returned);
	test->priv = s;
	return rsp_handlespace_init(&s->hs, &ops);
}

void scope_exit(struct kunit *test)
{
	struct scope *s = test->priv;

	rsp_handlespace_exit(&s->hs);
}

struct rsp_handle handle_of(const void *octets, u8 len)
{
	struct rsp_handle handle = { .len = len };

	memcpy(handle.octets, octets, len);
	return handle;
}

struct rsp_handle handle_named(const char *name)
{
	return handle_of(name, strlen(name));
}

struct rsp_pool *try_pool(struct scope *s,
			  const struct rsp_handle *handle, u32 policy,
			  bool explicit)
{
	struct rsp_pool_config config = { .policy = policy };
	struct rsp_pool *pool;

	mutex_lock(&s->hs.lock);
	pool = rsp_pool_add(&s->hs, handle, &config, explicit);
	mutex_unlock(&s->hs.lock);
	return pool;
}

struct rsp_pool *add_pool(struct kunit *test, const char *name,
			  u32 policy, bool explicit)
{
	struct rsp_handle handle = handle_named(name);
	struct rsp_pool *pool;

	pool = try_pool(test->priv, &handle, policy, explicit);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	return pool;
}

struct rsp_pe_config pe_config(struct rsp_pool *pool, u32 id)
{
	return (struct rsp_pe_config) {
		.id = id,
		.policy = { .type = pool->config.policy, .weight = 1 },
		.n_transports = 1,
		.transports[0] = {
			.family = AF_INET,
			.port = htons(80),
			.v4 = htonl(0x0a000000 + id),
		},
	};
}

int set_pe(struct rsp_pool *pool, const struct rsp_pe_config *config)
{
	int err;

	mutex_lock(&pool->hs->lock);
	err = rsp_pe_set(pool, config);
	mutex_unlock(&pool->hs->lock);
	return err;
}

/* Without a reference: the tests know how long it is there. */
struct rsp_pe *find_pe(struct rsp_pool *pool, u32 id)
{
	struct rsp_pe *pe;

	rcu_read_lock();
	pe = rsp_pe_find_rcu(pool, id);
	rcu_read_unlock();
	return pe;
}

struct rsp_pe *add_pe(struct kunit *test, struct rsp_pool *pool, u32 id)
{
	struct rsp_pe_config config = pe_config(pool, id);
	struct rsp_pe *pe;

	KUNIT_ASSERT_EQ(test, set_pe(pool, &config), 0);
	pe = find_pe(pool, id);
	KUNIT_ASSERT_NOT_NULL(test, pe);
	return pe;
}

void del_pe(struct rsp_pe *pe)
{
	struct rsp_handlespace *hs = pe->pool->hs;

	mutex_lock(&hs->lock);
	rsp_pe_del(pe);
	mutex_unlock(&hs->lock);
}

void drain_pe(struct rsp_pe *pe, bool drain)
{
	mutex_lock(&pe->pool->hs->lock);
	rsp_pe_drain(pe, drain);
	mutex_unlock(&pe->pool->hs->lock);
}

/* The identifier of what is selected, 0 for nothing. */
u32 selected(struct rsp_pool *pool, const struct rsp_exclude *exclude)
{
	struct rsp_pe *pe = rsp_pool_select(pool, exclude);
	u32 id;

	if (!pe)
		return 0;
	id = pe->node.id;
	rsp_pe_put(pe);
	return id;
}

void set_avoidance(struct scope *s, u32 min_ms, u32 max_ms)
{
	mutex_lock(&s->hs.lock);
	s->hs.limits.avoid_min_ms = min_ms;
	s->hs.limits.avoid_max_ms = max_ms;
	mutex_unlock(&s->hs.lock);
}
