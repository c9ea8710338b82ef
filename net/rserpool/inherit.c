// SPDX-License-Identifier: GPL-2.0
/*
 * A worker is nobody: what it opens or takes in must be labelled, charged and
 * filtered as the socket that a program opened, for which it works.
 */

#include <linux/bpf-cgroup.h>
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/security.h>
#include <net/sock.h>

#include "inherit.h"

#ifdef CONFIG_MEMCG
static void memcg_inherit(const struct sock *sk, struct sock *heir)
{
	struct mem_cgroup *from = mem_cgroup_from_sk(heir);
	struct mem_cgroup *to = mem_cgroup_from_sk(sk);

	if (from == to)
		return;
	if (to)
		css_get(&to->css);
	heir->sk_memcg = sk->sk_memcg;
	if (from)
		css_put(&from->css);
}

/*
 * TCP charges a connection when it is accepted, to who accepts it: in a worker
 * to nobody.  What it holds by then is taken once more, as the cgroup's, and
 * given back once as nobody's.
 */
static bool memcg_adopt(const struct sock *sk, struct sock *child)
{
	struct mem_cgroup *to = mem_cgroup_from_sk(sk);
	bool charged = true;
	int held;

	if (!to || mem_cgroup_from_sk(child))
		return true;
	lock_sock(child);
	held = sk_mem_pages(child->sk_forward_alloc +
			    atomic_read(&child->sk_rmem_alloc) +
			    child->sk_wmem_queued) << PAGE_SHIFT;
	memcg_inherit(sk, child);
	if (held) {
		charged = __sk_mem_schedule(child, held, SK_MEM_RECV);
		child->sk_memcg = NULL;
		if (charged) {
			__sk_mem_reclaim(child, held);
			child->sk_memcg = sk->sk_memcg;
		} else {
			css_put(&to->css);
		}
	}
	release_sock(child);
	return charged;
}
#else
static void memcg_inherit(const struct sock *sk, struct sock *heir)
{
}

static bool memcg_adopt(const struct sock *sk, struct sock *child)
{
	return true;
}
#endif

/**
 * rsp_sock_inherit() - make a socket that a worker made a program's
 * @sk: a socket that a program opened
 * @heir: a new one, which holds nothing yet
 *
 * Context: process; nobody else knows @heir.
 */
void rsp_sock_inherit(struct sock *sk, struct sock *heir)
{
	security_sk_clone(sk, heir);
	WRITE_ONCE(heir->sk_uid, rsp_sk_uid(sk));
#ifdef CONFIG_SOCK_CGROUP_DATA
	{
		struct cgroup *from = sock_cgroup_ptr(&heir->sk_cgrp_data);
		struct cgroup *to = sock_cgroup_ptr(&sk->sk_cgrp_data);

		cgroup_get(to);
		cgroup_bpf_get(to);
		heir->sk_cgrp_data = sk->sk_cgrp_data;
		cgroup_bpf_put(from);
		cgroup_put(from);
	}
#endif
	memcg_inherit(sk, heir);
}

/**
 * rsp_sock_adopt() - make a connection that a worker took in a program's
 * @sk: a socket that a program opened
 * @child: the connection, which may hold octets; it has the label and the
 *	cgroup of the socket that listened from TCP, but the worker's owner
 *
 * Context: process; the session's socket lock.
 * Return: false: its cgroup may have no more memory.
 */
bool rsp_sock_adopt(const struct sock *sk, struct sock *child)
{
	WRITE_ONCE(child->sk_uid, rsp_sk_uid(sk));
	SOCK_INODE(child->sk_socket)->i_uid = rsp_sk_uid(sk);
	return memcg_adopt(sk, child);
}
