// SPDX-License-Identifier: GPL-2.0
/*
 * What ASAP's messages say to a session, and what it says by them
 * (RFC 5352, sections 2.2 and 3).
 */

#include <linux/slab.h>
#include <net/sock.h>

#include "asap.h"
#include "card.h"
#include "failover.h"
#include "flow.h"
#include "frame.h"
#include "mib.h"
#include "net_ns.h"
#include "session.h"
#include "session_control.h"

/*
 * Without memory the one before it stays, which is older, and no lie.
 *
 * A session that replays takes a cookie with its checkpoint or not at all: what
 * is sent again must be what the cookie does not cover.
 */
static void cookie_take(struct rsp_session *ssn, struct rsp_flow *flow,
			const struct rsp_asap_message *msg)
{
	const struct rsp_octets *octets = &msg->cookie;
	struct rsp_cookie *cookie;

	if (!octets->len || octets->len > RSP_COOKIE_MAX)
		return;
	cookie = kvmalloc(struct_size(cookie, octets, octets->len),
			  GFP_KERNEL_ACCOUNT);
	if (!cookie)
		return;
	if (rsp_session_replay(ssn) &&
	    (!msg->has_checkpoint ||
	     !rsp_replay_checkpoint(ssn, flow, &msg->checkpoint))) {
		kvfree(cookie);
		return;
	}
	cookie->when = jiffies;
	cookie->len = octets->len;
	memcpy(cookie->octets, octets->data, octets->len);
	kvfree(ssn->cookie);
	ssn->cookie = cookie;
}

static bool same_handle(const struct rsp_session *ssn,
			const struct rsp_octets *handle)
{
	return handle->len == ssn->handle.len &&
	       !memcmp(handle->data, ssn->handle.octets, handle->len);
}

/* RFC 5354, sections 3 and 4: what the sender asked to be told of. */
static void report(struct rsp_flow *flow, const struct rsp_tlv_input *in)
{
	struct rsp_tlv_writer w;
	u8 *buf;
	int len;

	buf = kmalloc(RSP_REPORTS_SIZE, GFP_KERNEL);
	if (!buf)
		return;
	rsp_tlv_writer_init(&w, buf, RSP_REPORTS_SIZE);
	len = rsp_asap_put_reports(&w, in);
	if (len > 0)
		rsp_frames_control(flow, buf, len, false);
	kfree(buf);
}

static enum rsp_failure control_take(struct rsp_session *ssn,
				     struct rsp_flow *flow,
				     const struct rsp_control *control)
{
	struct net *net = sock_net(&ssn->sk);
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;
	int err;

	err = rsp_asap_parse(&in, control->octets, control->len, &msg);
	if (in.n_reports)
		report(flow, &in);
	if (err == -EOPNOTSUPP) {
		RSP_INC_STATS(net, RSP_MIB_CONTROL_UNKNOWN);
		return RSP_FAILURE_NONE;
	}
	if (err) {
		net_warn_ratelimited("rserpool: session %u: control message of type %u: %s, at octet %u\n",
				     ssn->state.id, control->octets[0],
				     in.error.what, in.error.offset);
		return RSP_FAILURE_CONTROL;
	}
	if (!test_bit(RSP_FLOW_GREETED, &flow->flags) &&
	    msg.type != RSP_ASAP_BUSINESS_CARD)
		return RSP_FAILURE_CARD;

	switch (msg.type) {
	case RSP_ASAP_BUSINESS_CARD:
		if (ssn->accepted)
			break;
		if (!same_handle(ssn, &msg.handle))
			return RSP_FAILURE_CARD;
		rsp_session_card_take(ssn, &msg);
		set_bit(RSP_FLOW_GREETED, &flow->flags);
		break;
	case RSP_ASAP_COOKIE:
		if (ssn->accepted)
			return RSP_FAILURE_CONTROL;
		cookie_take(ssn, flow, &msg);
		break;
	case RSP_ASAP_COOKIE_ECHO:
		if (!ssn->accepted || ssn->cookie)
			return RSP_FAILURE_CONTROL;
		cookie_take(ssn, flow, &msg);
		break;
	default:
		RSP_INC_STATS(net, RSP_MIB_CONTROL_UNKNOWN);
		break;
	}
	return RSP_FAILURE_NONE;
}

/* Send a cookie, or an echo of one. */
static int cookie_send(struct rsp_flow *flow, u8 type, const void *octets,
		       u32 len, const struct rsp_tlv_checkpoint *checkpoint)
{
	u32 room = len + 64;
	struct rsp_tlv_writer w;
	void *buf;
	u32 begin;
	int ret;

	buf = kvmalloc(room, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	rsp_tlv_writer_init(&w, buf, room);
	begin = rsp_asap_begin(&w, type, 0);
	rsp_tlv_put(&w, RSP_TLV_COOKIE, octets, len);
	if (checkpoint)
		rsp_tlv_put_checkpoint(&w, checkpoint);
	ret = rsp_asap_end(&w, begin);
	if (ret > 0)
		ret = rsp_frames_control(flow, buf, ret, checkpoint);
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
 * Return: 0; -EOPNOTSUPP: the session is no service's; -ENOTCONN; -ENOMEM; or
 * the transport's error.
 */
int rsp_session_cookie_set(struct rsp_session *ssn, const void *octets,
			   u32 len)
{
	struct rsp_tlv_checkpoint checkpoint;
	struct rsp_flow *flow = ssn->flow;

	if (!ssn->accepted)
		return -EOPNOTSUPP;
	if (!flow)
		return -ENOTCONN;
	checkpoint.read = READ_ONCE(flow->frames->received);
	checkpoint.written = READ_ONCE(flow->frames->sent);
	return cookie_send(flow, RSP_ASAP_COOKIE, octets, len, &checkpoint);
}

/**
 * rsp_session_cookie_wait() - wait until it is known whether there is a cookie
 * @ssn: a session
 * @timeo: jiffies that the call may wait yet
 *
 * Of a session that came to an element of this host the user's first message
 * tells: it is the echo of a cookie, or there is none.
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
	while (!ssn->cookie && ssn->flow && !rsp_frames_readable(ssn->flow)) {
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

/**
 * rsp_session_begin() - an element that the program agreed to begins to serve
 * @ssn: the session
 * @flow: to it, which no call uses yet
 *
 * An element that takes up where another one left gets the cookie first (RFC
 * 5352, section 3.8), then what was sent after the checkpoint.
 *
 * Context: process; the session's socket lock.
 */
void rsp_session_begin(struct rsp_session *ssn, struct rsp_flow *flow)
{
	const struct rsp_cookie *cookie = ssn->cookie;
	int err = 0;

	if (ssn->accepted)
		return;
	if (cookie)
		err = cookie_send(flow, RSP_ASAP_COOKIE_ECHO, cookie->octets,
				  cookie->len, NULL);
	if (!err && rsp_session_replay(ssn))
		err = rsp_replay_begin(ssn, flow);
	if (err)
		rsp_flow_abort(flow);
	else
		rsp_frames_flush(flow);
}

/**
 * rsp_session_controls() - do what the peer's control messages say
 * @ssn: the session
 * @flow: of it, with frames
 *
 * It takes a handful; if there are more, the work item runs again.
 *
 * Context: process; the session's socket lock.
 * Return: RSP_FAILURE_NONE, or how the peer broke the rules.
 */
enum rsp_failure rsp_session_controls(struct rsp_session *ssn,
				      struct rsp_flow *flow)
{
	enum rsp_failure failure = RSP_FAILURE_NONE;
	struct rsp_control *control;
	LIST_HEAD(controls);

	if (rsp_frames_controls(flow, &controls))
		ssn->sk.sk_state_change(&ssn->sk);
	if (list_empty(&controls))
		return failure;
	list_for_each_entry(control, &controls, list) {
		failure = control_take(ssn, flow, control);
		if (failure != RSP_FAILURE_NONE)
			break;
	}
	rsp_controls_free(&controls);
	/* A reader may wait for room, and there may be more of them. */
	ssn->sk.sk_state_change(&ssn->sk);
	rsp_session_kick(ssn);
	return failure;
}
