// SPDX-License-Identifier: GPL-2.0
/* Registration of the elements that listen here; see endpoint_register.h. */

#include <linux/random.h>
#include <net/sock.h>

#include "endpoint_register.h"
#include "mib.h"
#include "net_ns.h"
#include "netlink.h"

#define REGISTER_TIMEOUT_MS	30000	/* unless the scope says otherwise */
#define PE_ID_TRIES		100
#define TELL_INTERVAL		(HZ / 10)	/* an agent, of one element */

static struct rsp_net *rsp_of(const struct rsp_registration *reg)
{
	return rsp_net(sock_net(reg->sk));
}

static struct rsp_registration *find(struct rsp_registrations *regs,
				     const struct rsp_handle *handle, u32 id)
{
	struct rsp_registration *reg;
	unsigned long index;

	lockdep_assert_held(&regs->lock);

	xa_for_each(&regs->list, index, reg)
		if (reg->config.id == id &&
		    rsp_handle_equal(&reg->handle, handle))
			return reg;
	return NULL;
}

/* The handlespace. */

static bool is_ours(const struct rsp_pe *pe, const struct rsp_registration *reg)
{
	return pe->listener != RSP_LISTENER_NONE ||
	       rsp_pe_is_at(pe, &reg->config);
}

/* The handlespace's element, unless a feeder has another one of that name. */
static struct rsp_pe *entry(const struct rsp_registration *reg)
{
	struct rsp_pool *pool;
	struct rsp_pe *pe;

	pool = rsp_pool_find_rcu(&rsp_of(reg)->handlespace, &reg->handle);
	pe = pool ? rsp_pe_find_rcu(pool, reg->config.id) : NULL;
	return pe && is_ours(pe, reg) ? pe : NULL;
}

static int entry_add(const struct rsp_registration *reg, struct rsp_pool *pool,
		     u8 kind)
{
	const struct rsp_pool_config pool_config = {
		.policy = reg->config.policy.type,
	};
	struct rsp_pe_config config = reg->config;
	int err;

	if (!pool)
		pool = rsp_pool_add(&rsp_of(reg)->handlespace, &reg->handle,
				    &pool_config, false);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	config.listener = kind;
	err = rsp_pe_set(pool, &config);
	if (err && !pool->n_elements && !pool->explicit)
		rsp_pool_del(pool);
	return err;
}

/* An agent's word that the element is this one is taken. */
static int enter(struct rsp_registration *reg, u8 kind)
{
	struct rsp_handlespace *hs = &rsp_of(reg)->handlespace;
	struct rsp_pe_config config;
	struct rsp_pool *pool;
	struct rsp_pe *pe;
	int err;

	mutex_lock(&hs->lock);
	pool = rsp_pool_find_rcu(hs, &reg->handle);
	pe = pool ? rsp_pe_find_rcu(pool, reg->config.id) : NULL;
	if (!pe) {
		err = entry_add(reg, pool, kind);
	} else if (kind == RSP_LISTENER_OWN && !is_ours(pe, reg)) {
		err = -EADDRINUSE;
	} else {
		if (kind == RSP_LISTENER_OWN && pe->listener == RSP_LISTENER_NONE)
			config = reg->config;
		else
			rsp_pe_describe(pe, &config);
		config.listener = kind;
		err = rsp_pe_set(pool, &config);
	}
	mutex_unlock(&hs->lock);
	return err;
}

static void leave(struct rsp_registration *reg)
{
	struct rsp_handlespace *hs = &rsp_of(reg)->handlespace;
	struct rsp_pe *pe;

	mutex_lock(&hs->lock);
	pe = entry(reg);
	if (pe)
		rsp_pe_del(pe);
	mutex_unlock(&hs->lock);
}

/* States. */

static void set_kind(struct rsp_registration *reg, u8 kind)
{
	struct rsp_registrations *regs = &rsp_of(reg)->registrations;

	lockdep_assert_held(&regs->lock);

	WRITE_ONCE(regs->n_asked, regs->n_asked +
		   (kind == RSP_LISTENER_ASKED) -
		   (reg->kind == RSP_LISTENER_ASKED));
	regs->seq++;
	WRITE_ONCE(reg->kind, kind);
}

/* @kind: what it is from now on, or @err. */
static void settle(struct rsp_registration *reg, u8 kind, int err)
{
	struct sock *sk = reg->sk;

	if (err)
		leave(reg);
	reg->result = err;
	set_kind(reg, err ? RSP_LISTENER_REFUSED : kind);
	/* Who waits in listen() is told by that, another by its socket. */
	if (err && !reg->waited) {
		WRITE_ONCE(sk->sk_err, -err);
		sk_error_report(sk);
	}
	sk->sk_state_change(sk);
}

static void timed_out(struct work_struct *work)
{
	struct rsp_registration *reg =
		container_of(to_delayed_work(work), struct rsp_registration,
			     timeout);
	struct rsp_net *rn = rsp_of(reg);

	mutex_lock(&rn->registrations.lock);
	if (reg->kind == RSP_LISTENER_ASKED &&
	    time_after_eq(jiffies, reg->deadline)) {
		RSP_INC_STATS(rn->net, RSP_MIB_REGISTER_TIMEOUT);
		settle(reg, RSP_LISTENER_REFUSED, -ETIMEDOUT);
		rsp_nl_deregister(rn->net, &reg->handle, reg->config.id);
	}
	mutex_unlock(&rn->registrations.lock);
}

/* Changes of an element that is registered. */

static void tell_agent(struct rsp_registration *reg)
{
	struct rsp_net *rn = rsp_of(reg);

	lockdep_assert_held(&rn->registrations.lock);

	if (reg->kind == RSP_LISTENER_NONE ||
	    reg->kind == RSP_LISTENER_REFUSED ||
	    READ_ONCE(rn->registrations.by_self))
		return;
	reg->told = jiffies;
	reg->news = false;
	rsp_nl_register(rn->net, reg);
}

static void tell(struct rsp_registration *reg)
{
	unsigned long due = reg->told + TELL_INTERVAL;

	if (time_after_eq(jiffies, due)) {
		tell_agent(reg);
		return;
	}
	reg->news = true;
	queue_delayed_work(system_power_efficient_wq, &reg->tell,
			   due - jiffies);
}

static void tell_late(struct work_struct *work)
{
	struct rsp_registration *reg =
		container_of(to_delayed_work(work), struct rsp_registration,
			     tell);
	struct rsp_net *rn = rsp_of(reg);

	mutex_lock(&rn->registrations.lock);
	if (reg->news)
		tell(reg);
	mutex_unlock(&rn->registrations.lock);
}

/**
 * rsp_registration_init() - make a registration, which is not begun
 * @reg: it
 * @sk: the socket that is to listen
 *
 * Context: process.
 */
void rsp_registration_init(struct rsp_registration *reg, struct sock *sk)
{
	reg->sk = sk;
	reg->kind = RSP_LISTENER_NONE;
	INIT_DELAYED_WORK(&reg->timeout, timed_out);
	INIT_DELAYED_WORK(&reg->tell, tell_late);
}

/* 0: there is none. */
static u32 pe_id_pick(struct rsp_net *rn, const struct rsp_handle *handle,
		      struct rsp_pool *pool)
{
	u32 id, tries = 0;

	while (tries++ < PE_ID_TRIES) {
		id = rn->pe_id_min +
		     get_random_u32_below(rn->pe_id_max - rn->pe_id_min ?: 1);
		if (!find(&rn->registrations, handle, id) &&
		    !(pool && rsp_pe_find_rcu(pool, id)))
			return id;
	}
	return 0;
}

/* Who says nothing of the policy takes the pool's. */
static void policy_default(struct rsp_policy_params *policy, u32 type)
{
	*policy = (struct rsp_policy_params){ .type = type };
	if (type == RSP_POLICY_WRR || type == RSP_POLICY_WRAND)
		policy->weight = 1;
}

/* One that is where this one listens is what was fed of it before it came again. */
static bool is_taken(const struct rsp_registration *reg,
		     struct rsp_pool *pool)
{
	const struct rsp_pe *pe;

	if (find(&rsp_of(reg)->registrations, &reg->handle, reg->config.id))
		return true;
	pe = pool ? rsp_pe_find_rcu(pool, reg->config.id) : NULL;
	return pe && !rsp_pe_is_at(pe, &reg->config);
}

/* What is left open is filled in, and what can be refused at once is. */
static int prepare(struct rsp_registration *reg, bool policy_set)
{
	struct rsp_net *rn = rsp_of(reg);
	struct rsp_handlespace *hs = &rn->handlespace;
	struct rsp_pe_config *config = &reg->config;
	struct rsp_pool_config pool_config = {};
	struct rsp_pool *pool;
	int err;

	mutex_lock(&hs->lock);
	pool = rsp_pool_find_rcu(hs, &reg->handle);
	if (!policy_set && pool)
		policy_default(&config->policy, pool->config.policy);
	err = -EADDRINUSE;
	if (!config->id) {
		config->id = pe_id_pick(rn, &reg->handle, pool);
		if (!config->id)
			goto out_unlock;
	} else if (is_taken(reg, pool)) {
		goto out_unlock;
	}
	if (!pool) {
		pool_config.policy = config->policy.type;
		err = rsp_pool_check(hs, &reg->handle, &pool_config);
		if (err)
			goto out_unlock;
	}
	err = rsp_pe_check(hs, pool, config, 0);
out_unlock:
	mutex_unlock(&hs->lock);
	return err;
}

/* -ENOENT: no agent listens. */
static int ask(struct rsp_registration *reg)
{
	struct rsp_net *rn = rsp_of(reg);
	unsigned long time;
	int err;

	if (READ_ONCE(rn->registrations.by_self))
		return -ENOENT;
	time = msecs_to_jiffies(READ_ONCE(rn->registrations.timeout_ms));
	set_kind(reg, RSP_LISTENER_ASKED);
	reg->deadline = jiffies + time;
	reg->told = jiffies;
	/* ORDER: who answers at once waits for the lock. */
	err = rsp_nl_register(rn->net, reg);
	if (err) {
		set_kind(reg, RSP_LISTENER_NONE);
		return err;
	}
	RSP_INC_STATS(rn->net, RSP_MIB_REGISTER);
	mod_delayed_work(system_power_efficient_wq, &reg->timeout, time);
	return -EINPROGRESS;
}

/**
 * rsp_registration_begin() - register an element
 * @reg: a registration in no list
 * @handle: of the pool
 * @config: the element; identifier 0: one that is free
 * @policy_set: its policy is the program's word; else it is the pool's, where
 *	there is one
 * @waits: the caller waits for the end of RSP_LISTENER_ASKED; else the socket's
 *	error says that it came to nothing
 *
 * Where it returns 0 or -EINPROGRESS, @reg->config is what was registered.
 *
 * Context: process; the session's socket lock.
 * Return: 0: it is registered; -EINPROGRESS: an agent was asked, see
 * rsp_registration_result(); -EADDRINUSE: the pool has an element of this
 * identifier that is somewhere else, or another socket's; -EPROTOTYPE,
 * -EPROTONOSUPPORT, -ENOSPC and others of rsp_pe_check(); -ENOMEM.
 */
int rsp_registration_begin(struct rsp_registration *reg,
			   const struct rsp_handle *handle,
			   const struct rsp_pe_config *config, bool policy_set,
			   bool waits)
{
	struct rsp_registrations *regs = &rsp_of(reg)->registrations;
	int err;

	mutex_lock(&regs->lock);
	reg->handle = *handle;
	reg->config = *config;
	reg->waited = waits;
	err = prepare(reg, policy_set);
	if (err)
		goto out_unlock;
	err = xa_alloc(&regs->list, &reg->index, reg, xa_limit_31b,
		       GFP_KERNEL_ACCOUNT);
	if (err)
		goto out_unlock;
	err = ask(reg);
	if (err == -ENOENT) {
		err = enter(reg, RSP_LISTENER_OWN);
		if (!err)
			set_kind(reg, RSP_LISTENER_OWN);
	}
	if (err && err != -EINPROGRESS)
		xa_erase(&regs->list, reg->index);
out_unlock:
	mutex_unlock(&regs->lock);
	return err;
}

/**
 * rsp_registration_result() - how it ended, for who has waited
 * @reg: a registration that was begun
 *
 * Context: process.
 * Return: 0: it is registered; -EINPROGRESS: it is not over; -EINVAL: it was
 * ended; or why it is not.
 */
int rsp_registration_result(struct rsp_registration *reg)
{
	struct rsp_registrations *regs = &rsp_of(reg)->registrations;
	int err = 0;

	mutex_lock(&regs->lock);
	if (reg->kind == RSP_LISTENER_ASKED)
		err = -EINPROGRESS;
	else if (reg->kind == RSP_LISTENER_REFUSED)
		err = reg->result;
	else if (reg->kind == RSP_LISTENER_NONE)
		err = -EINVAL;
	reg->waited = false;
	mutex_unlock(&regs->lock);
	return err;
}

/**
 * rsp_registration_update() - the element says something else of its policy
 * @reg: a registration that was begun
 * @policy: it
 *
 * It is in this scope's handlespace at once. An agent is told of it, which is not
 * waited for. What an operator has deleted does not come back by it.
 *
 * Context: process; the session's socket lock.
 * Return: 0; -EPROTOTYPE: the pool has another policy; -ENOMEM.
 */
int rsp_registration_update(struct rsp_registration *reg,
			    const struct rsp_policy_params *policy)
{
	struct rsp_net *rn = rsp_of(reg);
	struct rsp_handlespace *hs = &rn->handlespace;
	struct rsp_pe_config config;
	struct rsp_pool *pool;
	struct rsp_pe *pe;
	int err = 0;

	mutex_lock(&rn->registrations.lock);
	/* A shutdown() came first: the element may be another socket's now. */
	if (reg->kind == RSP_LISTENER_NONE)
		goto out_unlock;
	mutex_lock(&hs->lock);
	pool = rsp_pool_find_rcu(hs, &reg->handle);
	pe = entry(reg);
	if (pool && pool->config.policy != policy->type) {
		err = -EPROTOTYPE;
	} else if (pe) {
		rsp_pe_describe(pe, &config);
		config.policy = *policy;
		err = rsp_pe_set(pool, &config);
	}
	mutex_unlock(&hs->lock);
	if (!err) {
		reg->config.policy = *policy;
		rn->registrations.seq++;
		tell(reg);
	}
out_unlock:
	mutex_unlock(&rn->registrations.lock);
	return err;
}

/**
 * rsp_registration_end() - the socket listens no more
 * @reg: a registration, begun or not
 *
 * Context: process; the session's socket lock may be held.
 */
void rsp_registration_end(struct rsp_registration *reg)
{
	struct rsp_net *rn = rsp_of(reg);

	mutex_lock(&rn->registrations.lock);
	if (reg->kind != RSP_LISTENER_NONE) {
		xa_erase(&rn->registrations.list, reg->index);
		leave(reg);
		/* One that was refused is registered nowhere. */
		if (reg->kind != RSP_LISTENER_REFUSED)
			rsp_nl_deregister(rn->net, &reg->handle,
					  reg->config.id);
		set_kind(reg, RSP_LISTENER_NONE);
		reg->sk->sk_state_change(reg->sk);
	}
	mutex_unlock(&rn->registrations.lock);
	cancel_delayed_work_sync(&reg->timeout);
	cancel_delayed_work_sync(&reg->tell);
}

/* What a program may be told; the rest would tell it of the agent's affairs. */
static int refusal(int result)
{
	switch (result) {
	case -EADDRINUSE:	/* another element has the identifier */
	case -EPROTOTYPE:	/* the pool has another policy */
	case -EPROTONOSUPPORT:	/* the pool's elements take data only */
	case -ENOSPC:
	case -ENOBUFS:
	case -ENOMEM:
	case -ETIMEDOUT:
	case -EHOSTUNREACH:	/* no registrar */
		return result;
	default:
		return -EACCES;
	}
}

/**
 * rsp_register_done() - an agent answers, or takes over, or gives up
 * @rn: the scope
 * @handle: the pool's
 * @id: PE identifier
 * @result: 0: it has registered the element; or an errno, negative
 *
 * Context: process.
 * Return: 0; -ENOENT: no socket listens for it; or why this scope could not
 * take it, as the socket is told then.
 */
int rsp_register_done(struct rsp_net *rn, const struct rsp_handle *handle,
		      u32 id, int result)
{
	struct rsp_registration *reg;
	int err = -ENOENT;

	mutex_lock(&rn->registrations.lock);
	reg = find(&rn->registrations, handle, id);
	if (!reg)
		goto out_unlock;
	err = result ? 0 : enter(reg, RSP_LISTENER_AGENT);
	RSP_INC_STATS(rn->net, result || err ? RSP_MIB_REGISTER_REFUSED
					     : RSP_MIB_REGISTER_DONE);
	settle(reg, RSP_LISTENER_AGENT, err ?: result ? refusal(result) : 0);
out_unlock:
	mutex_unlock(&rn->registrations.lock);
	return err;
}

/**
 * rsp_register_alive() - is there a socket that listens for an element?
 * @rn: the scope
 * @handle: the pool's
 * @id: PE identifier
 * @home: server identifier of the registrar that asks and is its home from now
 *	on (RFC 5352, section 2.2.7); NULL: it is not
 *
 * Context: process.
 * Return: 0: there is; -ENOENT; -ENOMEM.
 */
int rsp_register_alive(struct rsp_net *rn, const struct rsp_handle *handle,
		       u32 id, const u32 *home)
{
	struct rsp_registration *reg;
	struct rsp_pe_config config;
	struct rsp_pe *pe;
	int err = -ENOENT;

	mutex_lock(&rn->registrations.lock);
	reg = find(&rn->registrations, handle, id);
	if (!reg || reg->kind == RSP_LISTENER_REFUSED)
		goto out_unlock;
	err = 0;
	if (!home)
		goto out_unlock;
	reg->config.home = *home;
	mutex_lock(&rn->handlespace.lock);
	pe = entry(reg);
	if (pe) {
		rsp_pe_describe(pe, &config);
		config.home = *home;
		err = rsp_pe_set(pe->pool, &config);
	}
	mutex_unlock(&rn->handlespace.lock);
out_unlock:
	mutex_unlock(&rn->registrations.lock);
	return err;
}

/**
 * rsp_register_feeder_gone() - somebody who may have been the agent is gone
 * @rn: the scope
 *
 * Where it was the last one that listened, nobody answers any more.
 *
 * Context: process.
 */
void rsp_register_feeder_gone(struct rsp_net *rn)
{
	struct rsp_registration *reg;
	unsigned long index;

	if (!READ_ONCE(rn->registrations.n_asked) ||
	    rsp_nl_feeder_listens(rn->net))
		return;
	mutex_lock(&rn->registrations.lock);
	xa_for_each(&rn->registrations.list, index, reg)
		if (reg->kind == RSP_LISTENER_ASKED)
			settle(reg, RSP_LISTENER_OWN,
			       enter(reg, RSP_LISTENER_OWN));
	mutex_unlock(&rn->registrations.lock);
}

/**
 * rsp_registrations_init() - make the registrations of a namespace
 * @regs: in its struct rsp_net
 *
 * Context: process.
 */
void rsp_registrations_init(struct rsp_registrations *regs)
{
	mutex_init(&regs->lock);
	xa_init_flags(&regs->list, XA_FLAGS_ALLOC);
	regs->timeout_ms = REGISTER_TIMEOUT_MS;
}

/**
 * rsp_registrations_exit() - end the registrations of a namespace
 * @regs: no socket of any kind is left in its namespace
 *
 * Context: process.
 */
void rsp_registrations_exit(struct rsp_registrations *regs)
{
	xa_destroy(&regs->list);
	mutex_destroy(&regs->lock);
}
