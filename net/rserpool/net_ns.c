// SPDX-License-Identifier: GPL-2.0
/* What a network namespace owns. */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/rserpool.h>
#include <linux/uidgid.h>
#include <net/netns/generic.h>

#include "mib.h"
#include "net_ns.h"
#include "netlink.h"
#include "session_cookie.h"

/* Unless the scope says otherwise. */
#define SESSIONS_MAX		1048576
/* What one session may ask for, or 4096 sessions with 64 KiB each. */
#define REPLAY_MAX		RSP_REPLAY_LIMIT
#define COOKIE_WINDOW_MS	(10 * 60 * 1000)
#define HANDSHAKE_TIMEOUT_MS	10000
#define UNREACHABLE_RATE	10	/* a second */
#define UNREACHABLE_BURST	100
#define UNREACHABLE_PE_RATE	6	/* a minute */
#define UNREACHABLE_PE_BURST	2

static unsigned int rsp_net_id __read_mostly;

/**
 * rsp_net() - the module's part of a network namespace
 * @net: the namespace; the caller holds a reference or is its pernet callback
 *
 * Context: any.
 * Return: never NULL.
 */
struct rsp_net *rsp_net(const struct net *net)
{
	return net_generic(net, rsp_net_id);
}

static bool in_groups(kgid_t min, kgid_t max)
{
	const struct group_info *groups = current_cred()->group_info;
	int i;

	if (gid_lte(min, current_egid()) && gid_lte(current_egid(), max))
		return true;
	for (i = 0; i < groups->ngroups; i++)
		if (gid_lte(min, groups->gid[i]) && gid_lte(groups->gid[i], max))
			return true;
	return false;
}

/**
 * rsp_net_may_listen() - may a program give its socket a pool's handle?
 * @net: the socket's namespace
 *
 * Who does speaks for the pool.
 *
 * Context: process, of the program.
 * Return: true when it has CAP_NET_BIND_SERVICE, or is in a group that may.
 */
bool rsp_net_may_listen(const struct net *net)
{
	struct rsp_net *rn = rsp_net(net);
	kgid_t min, max;

	if (ns_capable(net->user_ns, CAP_NET_BIND_SERVICE))
		return true;
	mutex_lock(&rn->handlespace.lock);
	min = rn->pe_group_min;
	max = rn->pe_group_max;
	mutex_unlock(&rn->handlespace.lock);
	return in_groups(min, max);
}

static int __net_init rsp_net_init(struct net *net)
{
	struct rsp_net *rn = rsp_net(net);
	int err;

	rn->net = net;
	rn->sessions_max = SESSIONS_MAX;
	rn->pe_id_min = 1;
	rn->pe_id_max = U32_MAX;
	/* Nobody. */
	rn->pe_group_min = KGIDT_INIT(1);
	rn->pe_group_max = KGIDT_INIT(0);
	rn->unreachable.rate = UNREACHABLE_RATE;
	rn->unreachable.burst = UNREACHABLE_BURST;
	rn->unreachable.pe_rate = UNREACHABLE_PE_RATE;
	rn->unreachable.pe_burst = UNREACHABLE_PE_BURST;
	rn->replay_max = REPLAY_MAX;
	atomic64_set(&rn->replay_octets, 0);
	rn->cookie_window_ms = COOKIE_WINDOW_MS;
	rsp_cookies_init(rn);
	rn->handshake_timeout_ms = HANDSHAKE_TIMEOUT_MS;
	rn->records_max = RSERPOOL_TLS_RECORDS_MAX;
	rsp_keys_init(&rn->keys);
	rsp_handshakes_init(&rn->handshakes);
	atomic_set(&rn->sockets_inuse, 0);
	xa_init_flags(&rn->sessions, XA_FLAGS_ALLOC);
	atomic_set(&rn->n_sessions, 0);

	err = rsp_mib_init(net);
	if (err)
		return err;
	err = rsp_handlespace_init(&rn->handlespace, &rsp_nl_handlespace_ops);
	if (err)
		goto err_mib;
	/*
	 * The node of the first numbers stays.  Else a session that comes and
	 * goes beside one other makes it, and frees it.
	 */
	err = xa_reserve(&rn->sessions, XA_CHUNK_MASK, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_handlespace;
	rsp_resolver_init(&rn->resolver);
	rsp_registrations_init(&rn->registrations);
	return 0;

err_handlespace:
	rsp_handlespace_exit(&rn->handlespace);
err_mib:
	rsp_mib_exit(net);
	return err;
}

static void __net_exit rsp_net_exit(struct net *net)
{
	struct rsp_net *rn = rsp_net(net);

	/* A socket holds its namespace, so none can be left. */
	WARN_ON_ONCE(atomic_read(&rn->sockets_inuse));
	cancel_delayed_work_sync(&rn->reseal);
	rsp_registrations_exit(&rn->registrations);
	rsp_resolver_exit(&rn->resolver);
	rsp_handlespace_exit(&rn->handlespace);
	xa_destroy(&rn->sessions);
	rsp_keys_exit(&rn->keys);
	rsp_mib_exit(net);
}

static struct pernet_operations rsp_net_ops = {
	.init	= rsp_net_init,
	.exit	= rsp_net_exit,
	.id	= &rsp_net_id,
	.size	= sizeof(struct rsp_net),
};

int __init rsp_net_register(void)
{
	int err;

	err = rsp_handlespace_register();
	if (err)
		return err;

	err = register_pernet_subsys(&rsp_net_ops);
	if (err)
		rsp_handlespace_unregister();
	return err;
}

void rsp_net_unregister(void)
{
	unregister_pernet_subsys(&rsp_net_ops);
	rsp_handlespace_unregister();
}
