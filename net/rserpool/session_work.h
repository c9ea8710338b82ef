/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_SESSION_WORK_H
#define _RSERPOOL_SESSION_WORK_H

#include <net/sock.h>

struct rsp_session;
struct work_struct;

/* lock_sock() for a worker, which waits for nobody: under the lock's spinlock. */
static inline bool rsp_sock_own(struct sock *sk)
{
	lockdep_assert_held(&sk->sk_lock.slock);
	if (sock_owned_by_user_nocheck(sk))
		return false;
	sk->sk_lock.owned = 1;
	mutex_acquire(&sk->sk_lock.dep_map, 0, 1, _RET_IP_);
	return true;
}

int rsp_session_work_register(void);
void rsp_session_work_unregister(void);

void rsp_work_queue(struct work_struct *work);
void rsp_session_kick(struct rsp_session *ssn);
void rsp_session_work(struct work_struct *work);

#endif /* _RSERPOOL_SESSION_WORK_H */
