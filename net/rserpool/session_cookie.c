// SPDX-License-Identifier: GPL-2.0
/*
 * The cookie of a session (RFC 5352, section 3.8): the state of a service, which
 * the user keeps for the next element.
 *
 * Where the pool has a key, what the service sets is sealed, and what comes back
 * is given to the next service only if the seal is good.  A cookie that is not
 * is refused, and the session with it: what the user sends again must not meet
 * a service that knows nothing of what went before.
 *
 * Sealed cookies age, so this host keeps what its services set last, and sends
 * it again: a work item of the namespace looks each eighth of the window, and
 * what is older than a quarter by then is sealed anew, before half of the
 * window is over.  So is, at once, what is not sealed with a key that is new.
 */

#include <linux/ktime.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "asap.h"
#include "cookie.h"
#include "flow.h"
#include "frame.h"
#include "mib.h"
#include "net_ns.h"
#include "session.h"
#include "session_cookie.h"

/* What a message with a cookie has besides it. */
#define MESSAGE_ROOM	64

static_assert(RSP_MIB_COOKIE_OLD - RSP_MIB_COOKIE_UNSEALED ==
	      RSP_COOKIE_OLD - RSP_COOKIE_UNSEALED);

static const char *const faults[] = {
	[RSP_COOKIE_UNSEALED]	= "it has no seal",
	[RSP_COOKIE_KEYLESS]	= "it has a seal, and the pool no key",
	[RSP_COOKIE_FOREIGN]	= "it is another pool's",
	[RSP_COOKIE_FORGED]	= "its seal is false",
	[RSP_COOKIE_OLD]	= "it is too old",
};

static u64 now_ms(void)
{
	return ktime_to_ms(ktime_get_real());
}

static struct rsp_net *net_of(const struct rsp_session *ssn)
{
	return rsp_net(sock_net(&ssn->sk));
}

static struct rsp_cookie_keys *keys_get(const struct rsp_session *ssn)
{
	struct rsp_cookie_keys *keys;
	struct rsp_pool *pool;

	pool = rsp_pool_get(&net_of(ssn)->handlespace, &ssn->handle);
	if (!pool)
		return NULL;
	keys = rsp_pool_cookie_keys(pool);
	rsp_pool_put(pool);
	return keys;
}

/* Look after sealed cookies in a while, unless that is to be already. */
static void tend(struct rsp_net *rn)
{
	u32 ms = READ_ONCE(rn->cookie_window_ms) / 8;

	queue_delayed_work(system_dfl_wq, &rn->reseal,
			   msecs_to_jiffies(ms) ?: 1);
}

static struct rsp_cookie *cookie_make(const void *octets, u32 len)
{
	struct rsp_cookie *cookie;

	cookie = kvmalloc(struct_size(cookie, octets, len), GFP_KERNEL_ACCOUNT);
	if (!cookie)
		return NULL;
	cookie->when = jiffies;
	cookie->sealed_by = 0;
	cookie->len = len;
	memcpy(cookie->octets, octets, len);
	return cookie;
}

/* For who looks at the session from outside. */
static void cookie_note(struct rsp_session *ssn,
			const struct rsp_cookie *cookie)
{
	WRITE_ONCE(ssn->cookie_when, cookie->when);
	WRITE_ONCE(ssn->cookie_len, cookie->len);
}

/**
 * rsp_session_cookies_drop() - forget the cookies of a session
 * @ssn: the session
 *
 * Context: process; the session's socket lock, or no call uses it.
 */
void rsp_session_cookies_drop(struct rsp_session *ssn)
{
	WRITE_ONCE(ssn->cookie_len, 0);
	kvfree(ssn->cookie);
	ssn->cookie = NULL;
	kvfree(ssn->set_cookie);
	ssn->set_cookie = NULL;
}

/**
 * rsp_session_cookie_take() - keep the cookie that the element sent
 * @ssn: a session that connected
 * @flow: to the element
 * @msg: with the cookie, which may be sealed
 *
 * Without memory the one before it stays, which is older, and no lie.
 *
 * A session that replays takes a cookie with its checkpoint or not at all: what
 * is sent again must be what the cookie does not cover.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_cookie_take(struct rsp_session *ssn, struct rsp_flow *flow,
			     const struct rsp_asap_message *msg)
{
	const struct rsp_octets *octets = &msg->cookie;
	struct rsp_cookie *cookie;

	if (!octets->len || octets->len > RSP_COOKIE_SEALED_MAX)
		return;
	cookie = cookie_make(octets->data, octets->len);
	if (!cookie)
		return;
	if (rsp_session_replay(ssn) &&
	    (!msg->has_checkpoint ||
	     !rsp_replay_checkpoint(ssn, flow, &msg->checkpoint))) {
		kvfree(cookie);
		return;
	}
	kvfree(ssn->cookie);
	ssn->cookie = cookie;
	cookie_note(ssn, cookie);
}

/**
 * rsp_session_echo_take() - take the cookie of a user that had another element
 * @ssn: a session that came to an element of this host
 * @octets: the cookie
 *
 * Context: process; the session's socket lock.
 * Return: 0; -EACCES: its seal is not good; -EMSGSIZE: it is longer than one can
 * be; -ENOMEM.
 */
int rsp_session_echo_take(struct rsp_session *ssn,
			  const struct rsp_octets *octets)
{
	u32 window_ms = READ_ONCE(net_of(ssn)->cookie_window_ms);
	struct rsp_cookie_keys *keys = keys_get(ssn);
	struct rsp_octets cookie = *octets;
	enum rsp_cookie_fault fault;

	fault = rsp_cookie_open(keys, &ssn->handle, now_ms(), window_ms,
				&cookie);
	rsp_cookie_keys_put(keys);
	if (fault != RSP_COOKIE_GOOD) {
		RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_COOKIE_UNSEALED +
						  fault - RSP_COOKIE_UNSEALED);
		net_info_ratelimited("rserpool: session %u: a cookie was refused: %s\n",
				     ssn->state.id, faults[fault]);
		return -EACCES;
	}
	if (!cookie.len)
		return 0;
	if (cookie.len > RSP_COOKIE_MAX)
		return -EMSGSIZE;
	ssn->cookie = cookie_make(cookie.data, cookie.len);
	if (!ssn->cookie)
		return -ENOMEM;
	cookie_note(ssn, ssn->cookie);
	return 0;
}

/* Write a cookie, sealed where there are keys. 0 or an error. */
static int cookie_put(struct rsp_tlv_writer *w, const struct rsp_session *ssn,
		      const struct rsp_cookie *cookie,
		      const struct rsp_cookie_keys *keys)
{
	const struct rsp_octets octets = { cookie->octets, cookie->len };
	u32 begin;
	void *to;
	int len;

	if (!keys) {
		rsp_tlv_put(w, RSP_TLV_COOKIE, cookie->octets, cookie->len);
		return 0;
	}
	begin = rsp_tlv_begin(w, RSP_TLV_COOKIE);
	to = rsp_tlv_put_room(w, sizeof(struct rsp_cookie_seal) +
				 ssn->handle.len + cookie->len);
	if (!to)
		return -EMSGSIZE;
	len = rsp_cookie_seal(keys, &ssn->handle, now_ms(), &octets, to);
	if (len < 0)
		return len;
	rsp_tlv_end(w, begin);
	return 0;
}

static int cookie_send(struct rsp_session *ssn, struct rsp_flow *flow, u8 type,
		       const struct rsp_cookie *cookie,
		       const struct rsp_cookie_keys *keys)
{
	u32 room = cookie->len + RSP_COOKIE_SEAL_MAX + MESSAGE_ROOM;
	bool in_place = type == RSP_ASAP_COOKIE;
	struct rsp_tlv_writer w;
	void *buf;
	u32 begin;
	int ret;

	buf = kvmalloc(room, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	rsp_tlv_writer_init(&w, buf, room);
	begin = rsp_asap_begin(&w, type, 0);
	ret = cookie_put(&w, ssn, cookie, keys);
	if (ret)
		goto out_free;
	if (type == RSP_ASAP_COOKIE)
		rsp_tlv_put_checkpoint(&w, &cookie->checkpoint);
	ret = rsp_asap_end(&w, begin);
	if (ret > 0)
		ret = rsp_frames_control(flow, buf, ret, in_place);
out_free:
	kvfree(buf);
	return ret;
}

/**
 * rsp_session_cookie_set() - have the user keep the service's state
 * @ssn: a session that came to an element of this host
 * @octets: the state
 * @len: octets of it, 1 to RSP_COOKIE_MAX
 *
 * It keeps its place behind what the service has sent.
 *
 * Context: process; the session's socket lock.
 * Return: 0; -EOPNOTSUPP: the session is no service's; -ENOTCONN; -EAGAIN: the
 * user does not read those before it; -ENOMEM; or the error of the transport or
 * the crypto API.
 */
int rsp_session_cookie_set(struct rsp_session *ssn, const void *octets,
			   u32 len)
{
	struct rsp_flow *flow = ssn->flow;
	struct rsp_cookie_keys *keys;
	struct rsp_cookie *cookie, *old;
	int err;

	if (!ssn->accepted)
		return -EOPNOTSUPP;
	if (!flow)
		return -ENOTCONN;
	cookie = cookie_make(octets, len);
	if (!cookie)
		return -ENOMEM;
	cookie->checkpoint.read = READ_ONCE(flow->frames->received);
	cookie->checkpoint.written = READ_ONCE(flow->frames->sent);
	keys = keys_get(ssn);
	err = cookie_send(ssn, flow, RSP_ASAP_COOKIE, cookie, keys);
	if (!err) {
		cookie->sealed_by = keys ? keys->id : 0;
		old = ssn->set_cookie;
		WRITE_ONCE(ssn->set_cookie, cookie);
		cookie_note(ssn, cookie);
		cookie = old;
		if (keys)
			tend(net_of(ssn));
	}
	kvfree(cookie);
	rsp_cookie_keys_put(keys);
	return err;
}

/**
 * rsp_session_echo_send() - give an element the cookie of the one before it
 * @ssn: the session, which connected
 * @flow: to the element
 *
 * It goes as it came (RFC 5352, section 3.8).
 *
 * Context: process; the session's socket lock.
 * Return: 0, also where there is none; -ENOMEM or the transport's error.
 */
int rsp_session_echo_send(struct rsp_session *ssn, struct rsp_flow *flow)
{
	if (!ssn->cookie)
		return 0;
	return cookie_send(ssn, flow, RSP_ASAP_COOKIE_ECHO, ssn->cookie, NULL);
}

/**
 * rsp_session_cookie_wait() - wait until it is known whether there is a cookie
 * @ssn: a session
 * @timeo: jiffies that the call may wait yet
 *
 * Of a session that came to an element of this host the user's first message
 * tells: it is the echo of a cookie, good or not, or there is none.
 *
 * Context: process; the session's socket lock, given up meanwhile.
 * Return: 0; -EAGAIN; or what an interrupted call returns.
 */
int rsp_session_cookie_wait(struct rsp_session *ssn, long *timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = &ssn->sk;
	int err = 0;

	if (!ssn->accepted)
		return 0;
	add_wait_queue(sk_sleep(sk), &wait);
	while (!test_bit(RSP_SESSION_ECHOED, &ssn->flags) && ssn->flow &&
	       !rsp_frames_readable(ssn->flow)) {
		if (!*timeo)
			err = -EAGAIN;
		else if (signal_pending(current))
			err = sock_intr_errno(*timeo);
		if (err)
			break;
		release_sock(sk);
		*timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeo);
		lock_sock(sk);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

/* Was it sealed too long ago, or with a key that is not the current one? */
static bool outdated(const struct rsp_session *ssn,
		     const struct rsp_cookie_keys *keys)
{
	u32 window_ms = READ_ONCE(net_of(ssn)->cookie_window_ms);
	const struct rsp_cookie *cookie = ssn->set_cookie;

	return cookie->sealed_by != keys->id ||
	       time_after_eq(jiffies, cookie->when +
				      msecs_to_jiffies(window_ms / 4));
}

/**
 * rsp_session_cookie_renew() - send the cookie again if it will be too old soon
 * @ssn: a session
 * @flow: of it, with frames
 *
 * Not while something is pending, or a peer that reads nothing would have
 * cookies without end kept for it; the work item runs when that has left.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_cookie_renew(struct rsp_session *ssn, struct rsp_flow *flow)
{
	struct rsp_cookie *cookie = ssn->set_cookie;
	struct rsp_cookie_keys *keys;

	if (!cookie || READ_ONCE(flow->frames->n_pending) ||
	    !test_and_clear_bit(RSP_SESSION_RESEAL, &ssn->flags))
		return;
	keys = keys_get(ssn);
	if (keys && outdated(ssn, keys) &&
	    !cookie_send(ssn, flow, RSP_ASAP_COOKIE, cookie, keys)) {
		cookie->when = jiffies;
		cookie->sealed_by = keys->id;
		cookie_note(ssn, cookie);
		RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_COOKIE_RESEALED);
	}
	rsp_cookie_keys_put(keys);
}

static bool has_set_cookie(const struct rsp_session *ssn, const void *unused)
{
	return READ_ONCE(ssn->set_cookie);
}

static void cookies_tend(struct work_struct *work)
{
	struct rsp_net *rn = container_of(to_delayed_work(work), struct rsp_net,
					  reseal);

	if (rsp_sessions_kick(rn->net, RSP_SESSION_RESEAL, has_set_cookie,
			      NULL))
		tend(rn);
}

/**
 * rsp_cookies_init() - be ready to look after sealed cookies
 * @rn: a namespace that is being made
 *
 * Context: process.
 */
void rsp_cookies_init(struct rsp_net *rn)
{
	INIT_DELAYED_WORK(&rn->reseal, cookies_tend);
}

/**
 * rsp_cookies_renew() - the key of a pool or the window is another one
 * @rn: the namespace
 *
 * Context: process.
 */
void rsp_cookies_renew(struct rsp_net *rn)
{
	mod_delayed_work(system_dfl_wq, &rn->reseal, 0);
}
