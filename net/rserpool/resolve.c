// SPDX-License-Identifier: GPL-2.0
/* Resolution: asking a feeder for pools; see resolve.h. */

#include <linux/capability.h>
#include <linux/ktime.h>
#include <linux/stringhash.h>

#include "handlespace.h"
#include "mib.h"
#include "net_ns.h"
#include "netlink.h"
#include "resolve.h"

#define RESOLUTIONS_MAX		4096	/* unless the scope says otherwise */
#define RESOLVE_TIMEOUT_MS	5000	/* unless the scope says otherwise */

/*
 * How long the result of a resolution is kept for those who wait for it. Until
 * then it counts as one, so this bounds the rate of resolutions, too.
 */
#define RESULT_KEPT_MS		1000

/**
 * struct resolution - a handle that a feeder was asked for
 * @node: place in rsp_resolver.buckets
 * @timer: place in rsp_resolver.timers: when it times out, or is forgotten
 * @result: -EINPROGRESS while it is pending, then 0 or an errno
 * @user: who asked first; the last one to do so, when it is asked again
 * @handle: fixed
 *
 * All under rsp_resolver.lock.
 */
struct resolution {
	struct hlist_node node;
	struct timerqueue_node timer;
	int result;
	kuid_t user;
	struct rsp_handle handle;
};

static struct hlist_head *bucket_of(struct rsp_resolver *resolver,
				    const struct rsp_handle *handle)
{
	unsigned int hash = full_name_hash(resolver, handle->octets,
					   handle->len);

	return &resolver->buckets[hash % RSP_RESOLVE_BUCKETS];
}

static struct resolution *find(struct rsp_resolver *resolver,
			       const struct rsp_handle *handle)
{
	struct resolution *resolution;

	lockdep_assert_held(&resolver->lock);

	hlist_for_each_entry(resolution, bucket_of(resolver, handle), node)
		if (resolution->handle.len == handle->len &&
		    !memcmp(resolution->handle.octets, handle->octets,
			    handle->len))
			return resolution;
	return NULL;
}

static void start_work(struct rsp_resolver *resolver)
{
	struct timerqueue_node *first = timerqueue_getnext(&resolver->timers);
	s64 ms;

	lockdep_assert_held(&resolver->lock);

	if (!first)
		return;
	ms = ktime_ms_delta(first->expires, ktime_get());
	mod_delayed_work(system_power_efficient_wq, &resolver->work,
			 ms < 0 ? 0 : msecs_to_jiffies(ms) + 1);
}

static void set_timer(struct rsp_resolver *resolver,
		      struct resolution *resolution, u32 ms)
{
	lockdep_assert_held(&resolver->lock);

	resolution->timer.expires = ktime_add_ms(ktime_get(), ms);
	timerqueue_add(&resolver->timers, &resolution->timer);
	start_work(resolver);
}

static void begin(struct rsp_resolver *resolver, struct resolution *resolution,
		  kuid_t user)
{
	resolution->result = -EINPROGRESS;
	resolution->user = user;
	resolver->n_pending++;
	resolver->seq++;
	set_timer(resolver, resolution, resolver->timeout_ms);
}

static void end(struct rsp_resolver *resolver, struct resolution *resolution,
		int result)
{
	resolution->result = result;
	resolver->n_pending--;
	resolver->seq++;
	timerqueue_del(&resolver->timers, &resolution->timer);
	set_timer(resolver, resolution, RESULT_KEPT_MS);
}

static void forget(struct rsp_resolver *resolver, struct resolution *resolution)
{
	lockdep_assert_held(&resolver->lock);

	timerqueue_del(&resolver->timers, &resolution->timer);
	hlist_del(&resolution->node);
	resolver->n--;
	kfree(resolution);
}

/* The next resolution that times out now, if any, is ended. */
static bool end_due(struct rsp_resolver *resolver, struct rsp_handle *handle)
{
	struct resolution *resolution;
	struct timerqueue_node *first;
	bool ended = false;

	spin_lock(&resolver->lock);
	while (!ended) {
		first = timerqueue_getnext(&resolver->timers);
		if (!first || ktime_after(first->expires, ktime_get()))
			break;
		resolution = container_of(first, struct resolution, timer);
		if (resolution->result == -EINPROGRESS) {
			*handle = resolution->handle;
			end(resolver, resolution, -ETIMEDOUT);
			ended = true;
		} else {
			forget(resolver, resolution);
		}
	}
	if (!ended)
		start_work(resolver);
	spin_unlock(&resolver->lock);
	return ended;
}

static void resolver_work(struct work_struct *work)
{
	struct rsp_resolver *resolver =
		container_of(to_delayed_work(work), struct rsp_resolver, work);
	struct rsp_net *rn = container_of(resolver, struct rsp_net, resolver);
	struct rsp_handle handle;

	while (end_due(resolver, &handle)) {
		RSP_INC_STATS(rn->net, RSP_MIB_RESOLVE_TIMEOUT);
		rsp_handlespace_wake(&rn->handlespace, &handle);
		cond_resched();
	}
}

/**
 * rsp_resolver_init() - make the resolver of a namespace
 * @resolver: in its struct rsp_net
 *
 * Context: process.
 */
void rsp_resolver_init(struct rsp_resolver *resolver)
{
	int i;

	spin_lock_init(&resolver->lock);
	for (i = 0; i < RSP_RESOLVE_BUCKETS; i++)
		INIT_HLIST_HEAD(&resolver->buckets[i]);
	timerqueue_init_head(&resolver->timers);
	resolver->max = RESOLUTIONS_MAX;
	resolver->timeout_ms = RESOLVE_TIMEOUT_MS;
	INIT_DELAYED_WORK(&resolver->work, resolver_work);
}

/**
 * rsp_resolver_exit() - end the resolver of a namespace
 * @resolver: no socket of any kind is left in its namespace
 *
 * Resolutions may be pending; nobody waits for them any more.
 *
 * Context: process; before rsp_handlespace_exit().
 */
void rsp_resolver_exit(struct rsp_resolver *resolver)
{
	struct timerqueue_node *first;

	/* ORDER: what runs now may start itself again, but nobody else does. */
	cancel_delayed_work_sync(&resolver->work);

	spin_lock(&resolver->lock);
	while ((first = timerqueue_getnext(&resolver->timers)))
		forget(resolver, container_of(first, struct resolution, timer));
	spin_unlock(&resolver->lock);
}

static u32 n_of_user(struct rsp_resolver *resolver, kuid_t user)
{
	struct timerqueue_node *node;
	u32 n = 0;

	lockdep_assert_held(&resolver->lock);

	for (node = timerqueue_getnext(&resolver->timers); node;
	     node = timerqueue_iterate_next(node))
		n += uid_eq(container_of(node, struct resolution, timer)->user,
			    user);
	return n;
}

/*
 * A user may have as many as are left to others; one who may set the limit, all.
 * So none keeps another from asking: there is always one more for who has none,
 * until more users ask than the limit has doublings.
 */
static bool may_begin(struct rsp_resolver *resolver, kuid_t user,
		      bool privileged)
{
	u32 left = resolver->max - min(resolver->n, resolver->max);

	lockdep_assert_held(&resolver->lock);

	if (privileged || !left)
		return left;
	return resolver->n < left || n_of_user(resolver, user) < left;
}

/* 1: a feeder is to be asked; 0: one was already; or an errno. */
static int begin_unless_pending(struct rsp_resolver *resolver,
				const struct rsp_handle *handle, kuid_t user,
				bool privileged)
{
	struct resolution *resolution, *fresh;
	int ret = 1;

	fresh = kzalloc_obj(*fresh, GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return -ENOMEM;

	spin_lock(&resolver->lock);
	resolution = find(resolver, handle);
	if (resolution && resolution->result == -EINPROGRESS) {
		ret = 0;
	} else if (resolution) {
		timerqueue_del(&resolver->timers, &resolution->timer);
		begin(resolver, resolution, user);
	} else if (!may_begin(resolver, user, privileged)) {
		ret = -ENOBUFS;
	} else {
		fresh->handle = *handle;
		timerqueue_init(&fresh->timer);
		hlist_add_head(&fresh->node, bucket_of(resolver, handle));
		resolver->n++;
		begin(resolver, fresh, user);
		fresh = NULL;
	}
	spin_unlock(&resolver->lock);
	kfree(fresh);
	return ret;
}

static bool end_if_pending(struct rsp_net *rn, const struct rsp_handle *handle,
			   int result)
{
	struct rsp_resolver *resolver = &rn->resolver;
	struct resolution *resolution;
	bool pending;

	spin_lock(&resolver->lock);
	resolution = find(resolver, handle);
	pending = resolution && resolution->result == -EINPROGRESS;
	if (pending)
		end(resolver, resolution, result);
	spin_unlock(&resolver->lock);

	if (pending)
		rsp_handlespace_wake(&rn->handlespace, handle);
	return pending;
}

/**
 * rsp_resolve() - ask a feeder for a pool
 * @net: the scope
 * @handle: the pool's
 * @user: on whose behalf
 *
 * The caller has registered its waiter before, see resolve.h.
 *
 * Context: process, of the program that asks. Return: 0, the resolution is
 * pending, with all who ask for the same handle; -ENOENT, nobody listens;
 * -ENOBUFS, too many are pending, of all or of @user; -ENOMEM.
 */
int rsp_resolve(struct net *net, const struct rsp_handle *handle, kuid_t user)
{
	bool privileged = ns_capable_noaudit(net->user_ns, CAP_NET_ADMIN);
	struct rsp_net *rn = rsp_net(net);
	int ret;

	if (!rsp_nl_feeder_may_listen(net)) {
		ret = -ENOENT;
		goto refused;
	}

	ret = begin_unless_pending(&rn->resolver, handle, user, privileged);
	if (ret < 0)
		goto refused;
	if (!ret)
		return 0;

	/*
	 * ORDER: the resolution is there before anybody is asked, so that no
	 * answer can be too early for it.
	 */
	ret = rsp_nl_resolve(net, handle, READ_ONCE(rn->resolver.timeout_ms));
	if (ret) {
		end_if_pending(rn, handle, ret);
		goto refused;
	}
	RSP_INC_STATS(net, RSP_MIB_RESOLVE);
	return 0;

refused:
	RSP_INC_STATS(net, RSP_MIB_RESOLVE_REFUSED);
	return ret;
}

/**
 * rsp_resolve_result() - what became of a resolution
 * @net: the scope
 * @handle: the pool's
 *
 * Context: any but hard or soft interrupts. Return: -EINPROGRESS, it is
 * pending; 0, the feeder has said all that it knows; -ETIMEDOUT; the errno that
 * the feeder gave; -ENOENT, too, when nobody asked in the last second.
 */
int rsp_resolve_result(struct net *net, const struct rsp_handle *handle)
{
	struct rsp_resolver *resolver = &rsp_net(net)->resolver;
	struct resolution *resolution;
	int result;

	spin_lock(&resolver->lock);
	resolution = find(resolver, handle);
	result = resolution ? resolution->result : -ENOENT;
	spin_unlock(&resolver->lock);
	return result;
}

/**
 * rsp_resolve_done() - a feeder answers
 * @net: the scope
 * @handle: the pool's
 * @result: 0, it has registered what it knows; or an errno, negative
 *
 * Context: process. Return: 0; -ENOENT when no such resolution is pending.
 */
int rsp_resolve_done(struct net *net, const struct rsp_handle *handle,
		     int result)
{
	if (!end_if_pending(rsp_net(net), handle, result))
		return -ENOENT;
	RSP_INC_STATS(net, RSP_MIB_RESOLVE_DONE);
	return 0;
}

/**
 * rsp_resolver_walk() - show all pending resolutions
 * @resolver: the namespace's
 * @bucket: 0 at first; where to go on
 * @place: 0 at first; where to go on
 * @show: called under the resolver's lock
 * @data: passed to @show
 *
 * Context: process. Return: 0 at the end; what @show returned when it stopped,
 * then the next call begins with the resolution that it stopped at.
 */
int rsp_resolver_walk(struct rsp_resolver *resolver, unsigned long *bucket,
		      unsigned long *place, rsp_resolve_show_t show, void *data)
{
	struct resolution *resolution;
	ktime_t now = ktime_get();
	unsigned int i;
	s64 left;
	int ret;

	spin_lock(&resolver->lock);
	for (; *bucket < RSP_RESOLVE_BUCKETS; (*bucket)++, *place = 0) {
		i = 0;
		hlist_for_each_entry(resolution, &resolver->buckets[*bucket],
				     node) {
			if (i++ < *place ||
			    resolution->result != -EINPROGRESS)
				continue;
			left = ktime_ms_delta(resolution->timer.expires, now);
			ret = show(&resolution->handle, max_t(s64, left, 0),
				   data);
			if (ret)
				goto out;
			*place = i;
		}
	}
	ret = 0;
out:
	spin_unlock(&resolver->lock);
	return ret;
}
