// SPDX-License-Identifier: GPL-2.0
/*
 * What takes an element out of selection for a time, what time itself does to
 * elements, and selection, which has to live with both.
 *
 * An element that is not avoided is in its pool's policy.  One that failed is
 * out of it until a time that doubles from failure to failure, and is meanwhile
 * the pool's last resort.  One that is drained is out of it until somebody says
 * otherwise.  The order of the steps lets a selection that races with them get
 * on: out of the policy first and marked then, unmarked first and into the
 * policy then, so whoever meets a marked element meets it once; and an element
 * that is no last resort any more is in the policy before.
 */

#include "handlespace_internal.h"

/* Elements whose time has come are dealt with in portions of this many. */
#define PORTION		256

/* The timer looks in this often even when nothing is due. */
#define NAP_MAX_MS	(24 * 3600 * 1000)

/* Times. */

static void timers_arm(struct rsp_handlespace *hs)
{
	struct timerqueue_node *first = timerqueue_getnext(&hs->timers);
	s64 ms;

	if (!first)
		return;
	/* Rounded up, or the work would run just before the time. */
	ms = ktime_to_ms(ktime_sub(first->expires, ktime_get())) + 1;
	mod_delayed_work(system_dfl_wq, &hs->timer_work,
			 msecs_to_jiffies(clamp_t(s64, ms, 0, NAP_MAX_MS)));
}

/* After a change of rsp_pe.avoid, .avoid_until or .expires. */
void rsp_pe_schedule(struct rsp_pe *pe)
{
	struct rsp_handlespace *hs = pe->pool->hs;
	ktime_t at = pe->expires;

	if (pe->avoid == RSP_AVOID_FAILED)
		at = min(at, pe->avoid_until);

	if (timerqueue_node_queued(&pe->timer)) {
		if (pe->timer.expires == at)
			return;
		timerqueue_del(&hs->timers, &pe->timer);
	}
	if (at == KTIME_MAX)
		return;
	pe->timer.expires = at;
	if (timerqueue_add(&hs->timers, &pe->timer))
		timers_arm(hs);
}

/* The pool's last resort. */

static bool returns_before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct rsp_pe, avoided)->avoid_until <
	       rb_entry(b, struct rsp_pe, avoided)->avoid_until;
}

static void avoided_add(struct rsp_pe *pe, ktime_t until)
{
	struct rsp_pool *pool = pe->pool;

	spin_lock(&pool->avoided_lock);
	pe->avoid_until = until;
	rb_add_cached(&pe->avoided, &pool->avoided, returns_before);
	spin_unlock(&pool->avoided_lock);
}

static void avoided_del(struct rsp_pe *pe)
{
	struct rsp_pool *pool = pe->pool;

	spin_lock(&pool->avoided_lock);
	rb_erase_cached(&pe->avoided, &pool->avoided);
	spin_unlock(&pool->avoided_lock);
}

/*
 * Every element may have failed because the path to all of them did, and one
 * that is alone may be back before its time is over. What is in the tree is
 * held by the handlespace, so its count is not 0.
 */
static struct rsp_pe *first_avoided(struct rsp_pool *pool,
				    const struct rsp_exclude *exclude)
{
	struct rb_node *node;
	struct rsp_pe *pe;

	for (node = rb_first_cached(&pool->avoided); node;
	     node = rb_next(node)) {
		pe = rb_entry(node, struct rsp_pe, avoided);
		if (!rsp_params_serve(&pe->node.params) ||
		    rsp_exclude_has(exclude, pe->node.id))
			continue;
		refcount_inc(&pe->refs);
		return pe;
	}
	return NULL;
}

static struct rsp_pe *select_rcu(struct rsp_pool *pool,
				 const struct rsp_exclude *exclude)
{
	struct rsp_policy_node *node;
	struct rsp_pe *pe;

	for (;;) {
		node = rsp_policy_select(rcu_dereference(pool->selectable),
					 exclude);
		if (!node)
			return NULL;
		pe = container_of(node, struct rsp_pe, node);
		/* Marked: the policy has let go of it since. */
		if (!READ_ONCE(pe->avoid) && !READ_ONCE(pe->dead) &&
		    refcount_inc_not_zero(&pe->refs))
			return pe;
	}
}

/**
 * rsp_pool_select() - the element that serves next
 * @pool: the pool; the caller holds a reference
 * @exclude: elements that were tried already, or NULL
 *
 * What the pool's policy says; when it has nothing left, the failed element
 * that is avoided for the shortest time from now on. Drained elements and those
 * of weight 0 are never selected, nor is anything of a dead pool.
 *
 * Context: process.
 * Return: the element, for rsp_pe_put(), or NULL: there is none to try.
 */
struct rsp_pe *rsp_pool_select(struct rsp_pool *pool,
			       const struct rsp_exclude *exclude)
{
	struct rsp_pe *pe;

	rcu_read_lock();
	pe = select_rcu(pool, exclude);
	if (pe)
		goto out;
	/*
	 * One that fails or returns just now is in the tree as long as it is
	 * not in the policy, and the tree stands still under its lock: one that
	 * is not there is, or was already, in the policy.
	 */
	spin_lock(&pool->avoided_lock);
	pe = first_avoided(pool, exclude);
	if (!pe)
		pe = select_rcu(pool, exclude);
	spin_unlock(&pool->avoided_lock);
out:
	rcu_read_unlock();
	return pe;
}

/**
 * rsp_pool_rank() - the order in which the policy would select elements
 * @pool: the pool; the caller holds a reference
 * @id: element to leave out
 * @pes: gets the elements, each for rsp_pe_put()
 * @max: how many of them at most, RSP_RANK_MAX or less
 *
 * It counts as no selection. Elements that are avoided are not among them.
 *
 * Context: process.
 * Return: how many there are.
 */
u32 rsp_pool_rank(struct rsp_pool *pool, u32 id, struct rsp_pe **pes, u32 max)
{
	u32 ids[RSP_RANK_MAX + 1] = { id };
	struct rsp_exclude ranked = { .ids = ids, .n = 1, .peek = true };
	struct rsp_pe *pe;
	u32 n = 0, at;

	rcu_read_lock();
	while (n < max && (pe = select_rcu(pool, &ranked))) {
		pes[n++] = pe;
		for (at = ranked.n++; at && ids[at - 1] > pe->node.id; at--)
			ids[at] = ids[at - 1];
		ids[at] = pe->node.id;
	}
	rcu_read_unlock();
	return n;
}

/**
 * rsp_pool_peek() - the element that the policy would select next
 * @pool: the pool; the caller holds a reference
 * @exclude: elements to pass over, with @exclude->peek
 *
 * It counts as no selection. An element that is avoided is no last resort here.
 *
 * Context: process.
 * Return: the element, for rsp_pe_put(), or NULL: there is none.
 */
struct rsp_pe *rsp_pool_peek(struct rsp_pool *pool,
			     const struct rsp_exclude *exclude)
{
	struct rsp_pe *pe;

	rcu_read_lock();
	pe = select_rcu(pool, exclude);
	rcu_read_unlock();
	return pe;
}

/**
 * rsp_pe_serves() - may an element have new sessions?
 * @pe: the element
 *
 * Context: any.
 * Return: false: it is gone, avoided, or of weight 0.
 */
bool rsp_pe_serves(const struct rsp_pe *pe)
{
	return !READ_ONCE(pe->avoid) && !READ_ONCE(pe->dead) &&
	       rsp_params_serve(&pe->node.params);
}

/**
 * rsp_pool_prefer() - the first of some elements that could be selected
 * @pool: the pool; the caller holds a reference
 * @ids: PE identifiers, the most wanted first
 * @n: how many
 * @exclude: elements that were tried already, or NULL
 *
 * The policy counts it as no selection.
 *
 * Context: process.
 * Return: the element, for rsp_pe_put(), or NULL: they are gone, avoided,
 * excluded, or of weight 0.
 */
struct rsp_pe *rsp_pool_prefer(struct rsp_pool *pool, const u32 *ids, u32 n,
			       const struct rsp_exclude *exclude)
{
	struct rsp_pe *pe;
	u32 i;

	for (i = 0; i < n; i++) {
		if (rsp_exclude_has(exclude, ids[i]))
			continue;
		pe = rsp_pe_get(pool, ids[i]);
		if (!pe)
			continue;
		if (rsp_pe_serves(pe))
			return pe;
		rsp_pe_put(pe);
	}
	return NULL;
}

/* Leaving and returning. */

static void set_avoid(struct rsp_pe *pe, enum rsp_avoid_reason reason)
{
	struct rsp_pool *pool = pe->pool;

	WRITE_ONCE(pool->n_avoided,
		   pool->n_avoided + !!reason - !!pe->avoid);
	WRITE_ONCE(pe->avoid, reason);
}

/* The pool's last resort for a time; not yet avoided, or drained. */
void rsp_pe_avoid(struct rsp_pe *pe, u64 ms)
{
	avoided_add(pe, ktime_add_ms(ktime_get(), ms));
	rsp_policy_remove(rsp_pool_index(pe->pool), &pe->node);
	set_avoid(pe, RSP_AVOID_FAILED);
	rsp_pe_schedule(pe);
}

/* Into the policy, from wherever it was. */
void rsp_pe_return(struct rsp_pe *pe)
{
	struct rsp_pool *pool = pe->pool;
	enum rsp_avoid_reason reason = pe->avoid;
	int err;

	set_avoid(pe, RSP_AVOID_NONE);
	err = rsp_policy_insert(rsp_pool_index(pool), &pe->node);
	if (reason == RSP_AVOID_FAILED)
		avoided_del(pe);
	if (err) {
		/* No memory now, perhaps in a while. */
		rsp_pe_avoid(pe, max(pool->hs->limits.avoid_min_ms, 1));
		rsp_pe_notify(pe, RSP_CHANGE_AVOIDED);
		return;
	}
	rsp_pe_schedule(pe);
	rsp_pe_notify(pe, RSP_CHANGE_RETURNED);
	rsp_pe_wake(pe);
}

/* It leaves for good: neither avoided nor waiting for a time any more. */
void rsp_pe_forget(struct rsp_pe *pe)
{
	if (timerqueue_node_queued(&pe->timer))
		timerqueue_del(&pe->pool->hs->timers, &pe->timer);
	if (pe->avoid == RSP_AVOID_FAILED)
		avoided_del(pe);
	set_avoid(pe, RSP_AVOID_NONE);
}

/**
 * rsp_pe_failed() - a session or a connect failed because of an element
 * @pe: the element
 *
 * It is passed over for avoid_min_ms, and for twice as long each time that it
 * fails again before it worked, up to avoid_max_ms. What is reported while it is
 * avoided, drained or dead counts for nothing: when a host dies, all of its
 * sessions say so.
 *
 * Context: process; the caller holds a reference. Takes the writer lock.
 */
void rsp_pe_failed(struct rsp_pe *pe)
{
	struct rsp_handlespace *hs = pe->pool->hs;
	u64 ms;

	if (READ_ONCE(pe->avoid) || READ_ONCE(pe->dead))
		return;

	mutex_lock(&hs->lock);
	if (!pe->avoid && !pe->dead) {
		/* 31 doublings of 1 ms are longer than avoid_max_ms can be. */
		ms = (u64)hs->limits.avoid_min_ms << min(pe->failures, 31);
		ms = min(ms, hs->limits.avoid_max_ms);
		if (pe->failures < U16_MAX)
			WRITE_ONCE(pe->failures, pe->failures + 1);
		rsp_pe_avoid(pe, ms);
		rsp_pe_notify(pe, RSP_CHANGE_AVOIDED);
		if (hs->ops && hs->ops->pe_unreachable)
			hs->ops->pe_unreachable(pe);
	}
	mutex_unlock(&hs->lock);
}

/**
 * rsp_pe_worked() - a connect to an element succeeded
 * @pe: the element
 *
 * It is no longer avoided, and its next failure counts as the first. Costs one
 * read when there was no failure.
 *
 * Context: process; the caller holds a reference. May take the writer lock.
 */
void rsp_pe_worked(struct rsp_pe *pe)
{
	struct rsp_handlespace *hs = pe->pool->hs;

	if (!READ_ONCE(pe->failures) || READ_ONCE(pe->dead))
		return;

	mutex_lock(&hs->lock);
	WRITE_ONCE(pe->failures, 0);
	if (pe->avoid == RSP_AVOID_FAILED)
		rsp_pe_return(pe);
	mutex_unlock(&hs->lock);
}

/**
 * rsp_pe_drain() - let an element have no more sessions, or undo that
 * @pe: the element, which is in the handlespace
 * @drain: true: it is not selected until this is undone; false: at once again
 *
 * Its sessions go on.
 *
 * Context: process; writer lock.
 */
void rsp_pe_drain(struct rsp_pe *pe, bool drain)
{
	lockdep_assert_held(&pe->pool->hs->lock);

	if (!drain) {
		if (pe->avoid == RSP_AVOID_DRAIN)
			rsp_pe_return(pe);
		return;
	}
	if (pe->avoid == RSP_AVOID_DRAIN)
		return;
	if (pe->avoid == RSP_AVOID_FAILED)
		avoided_del(pe);
	rsp_policy_remove(rsp_pool_index(pe->pool), &pe->node);
	set_avoid(pe, RSP_AVOID_DRAIN);
	rsp_pe_schedule(pe);
	rsp_pe_notify(pe, RSP_CHANGE_AVOIDED);
}

/* The timer. */

static void timers_run(struct work_struct *work)
{
	struct rsp_handlespace *hs = container_of(to_delayed_work(work),
						  struct rsp_handlespace,
						  timer_work);
	struct timerqueue_node *first;
	ktime_t now = ktime_get();
	unsigned int n = 0;
	struct rsp_pe *pe;

	mutex_lock(&hs->lock);
	while ((first = timerqueue_getnext(&hs->timers)) &&
	       first->expires <= now && n++ < PORTION) {
		pe = container_of(first, struct rsp_pe, timer);
		if (pe->expires <= now)
			rsp_pe_remove(pe, RSP_CHANGE_EXPIRED);
		else
			rsp_pe_return(pe);
	}
	timers_arm(hs);
	mutex_unlock(&hs->lock);
}

void rsp_handlespace_timers_init(struct rsp_handlespace *hs)
{
	timerqueue_init_head(&hs->timers);
	INIT_DELAYED_WORK(&hs->timer_work, timers_run);
}
