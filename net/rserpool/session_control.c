// SPDX-License-Identifier: GPL-2.0
/*
 * What ASAP's messages say to a session, and what it says by them
 * (RFC 5352, sections 2.2 and 3).
 */

#include <linux/slab.h>
#include <net/sock.h>

#include "asap.h"
#include "card.h"
#include "flow.h"
#include "frame.h"
#include "mib.h"
#include "net_ns.h"
#include "session.h"
#include "session_control.h"
#include "session_cookie.h"
#include "session_event.h"
#include "session_work.h"
#include "standby.h"

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

/* Tell the user why it is not served (RFC 5354, section 3.12). */
static void refuse(struct rsp_flow *flow, enum rsp_cause cause)
{
	u8 buf[sizeof(struct rsp_wire_message) +
	       2 * sizeof(struct rsp_wire_tlv)];
	struct rsp_tlv_writer w;
	u32 begin, error;
	int len;

	rsp_tlv_writer_init(&w, buf, sizeof(buf));
	begin = rsp_asap_begin(&w, RSP_ASAP_ERROR, 0);
	error = rsp_tlv_begin(&w, RSP_TLV_ERROR);
	rsp_tlv_put(&w, cause, NULL, 0);
	rsp_tlv_end(&w, error);
	len = rsp_asap_end(&w, begin);
	if (len > 0)
		rsp_frames_control(flow, buf, len, false);
}

/* What cannot be had is not none: the user goes on to another element. */
static enum rsp_failure echo_take(struct rsp_session *ssn,
				  struct rsp_flow *flow,
				  const struct rsp_octets *cookie)
{
	switch (rsp_session_echo_take(ssn, cookie)) {
	case 0:
		return RSP_FAILURE_NONE;
	case -EACCES:
		set_bit(RSP_SESSION_REFUSED, &ssn->flags);
		refuse(flow, RSP_CAUSE_SECURITY);
		return RSP_FAILURE_REJECTED;
	case -EMSGSIZE:
		refuse(flow, RSP_CAUSE_INVALID_VALUES);
		return RSP_FAILURE_CONTROL;
	default:
		set_bit(RSP_SESSION_REFUSED, &ssn->flags);
		refuse(flow, RSP_CAUSE_LACK_OF_RESOURCES);
		return RSP_FAILURE_LOCAL;
	}
}

/* RFC 5354, section 3.12: it is not answered, least of all by another. */
static enum rsp_failure error_take(const struct rsp_session *ssn,
				   const struct rsp_flow *flow,
				   const struct rsp_asap_message *msg)
{
	struct rsp_tlv_list causes = msg->causes;
	struct rsp_tlv cause = { .type = RSP_CAUSE_UNSPECIFIED };

	rsp_tlv_next_cause(&causes, &cause);
	RSP_INC_STATS(sock_net(&ssn->sk), RSP_MIB_CONTROL_ERROR);
	net_info_ratelimited("rserpool: session %u: the peer reports an error, cause %u\n",
			     ssn->state.id, cause.type);
	/* To an element after the first one the cookie was echoed. */
	if (cause.type == RSP_CAUSE_SECURITY && ssn->cookie &&
	    (ssn->generation || test_bit(RSP_FLOW_RENEWED, &flow->flags)))
		return RSP_FAILURE_REJECTED;
	return RSP_FAILURE_NONE;
}

/*
 * RFC 5352, section 3.4.  It asks for the element, not for this session: there
 * is an answer as long as its socket listens.  Anybody may ask; so who does is
 * not believed that it is the element's home registrar (flag H), which asks by
 * netlink.
 */
static void keep_alive_take(const struct rsp_session *ssn,
			    struct rsp_flow *flow,
			    const struct rsp_asap_message *msg)
{
	u32 begin, id = flow->pe->node.id;
	u8 buf[16 + RSP_HANDLE_MAX];
	struct rsp_tlv_writer w;
	int len;

	if (!same_handle(ssn, &msg->handle) ||
	    (msg->has_pe_id && msg->pe_id != id) || READ_ONCE(flow->pe->dead))
		return;
	rsp_tlv_writer_init(&w, buf, sizeof(buf));
	begin = rsp_asap_begin(&w, RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK, 0);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, ssn->handle.octets, ssn->handle.len);
	rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, id);
	len = rsp_asap_end(&w, begin);
	if (len > 0)
		rsp_frames_control(flow, buf, len, false);
}

/**
 * rsp_session_control() - do what a control message of the peer's says
 * @ssn: the session
 * @flow: of it, with frames
 * @control: the message
 *
 * Context: process; the session's socket lock.
 * Return: RSP_FAILURE_NONE, or how the peer broke the rules.
 */
enum rsp_failure rsp_session_control(struct rsp_session *ssn,
				     struct rsp_flow *flow,
				     const struct rsp_control *control)
{
	bool greeted = test_bit(RSP_FLOW_GREETED, &flow->flags);
	struct net *net = sock_net(&ssn->sk);
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;
	int err;

	err = rsp_asap_parse(&in, control->octets, control->len, &msg);
	if (in.n_reports)
		report(flow, &in);
	if (err == -EOPNOTSUPP) {
		RSP_INC_STATS(net, RSP_MIB_CONTROL_UNKNOWN);
		return greeted ? RSP_FAILURE_NONE : RSP_FAILURE_CARD;
	}
	if (err) {
		net_warn_ratelimited("rserpool: session %u: control message of type %u: %s, at octet %u\n",
				     ssn->state.id, control->octets[0],
				     in.error.what, in.error.offset);
		return RSP_FAILURE_CONTROL;
	}
	if (!greeted && msg.type != RSP_ASAP_BUSINESS_CARD)
		return RSP_FAILURE_CARD;

	switch (msg.type) {
	case RSP_ASAP_BUSINESS_CARD:
		if (ssn->accepted) {
			rsp_session_user_take(ssn, &msg);
			break;
		}
		if (!same_handle(ssn, &msg.handle))
			return RSP_FAILURE_CARD;
		rsp_session_card_take(flow == ssn->flow ? &ssn->card :
							  &ssn->standby->card,
				      &msg);
		if (!test_and_set_bit(RSP_FLOW_GREETED, &flow->flags))
			rsp_session_card_answer(ssn, flow);
		break;
	case RSP_ASAP_ENDPOINT_KEEP_ALIVE:
		if (ssn->accepted)
			keep_alive_take(ssn, flow, &msg);
		break;
	case RSP_ASAP_COOKIE:
		if (ssn->accepted)
			return RSP_FAILURE_CONTROL;
		/* Who stands by does not know the session's state. */
		if (flow == ssn->flow)
			rsp_session_cookie_take(ssn, flow, &msg);
		break;
	case RSP_ASAP_COOKIE_ECHO:
		/* Behind a message it is too late: there was no state. */
		if (!ssn->accepted || READ_ONCE(flow->frames->received) ||
		    test_and_set_bit(RSP_SESSION_ECHOED, &ssn->flags))
			return RSP_FAILURE_CONTROL;
		return echo_take(ssn, flow, &msg.cookie);
	case RSP_ASAP_ERROR:
		return error_take(ssn, flow, &msg);
	default:
		RSP_INC_STATS(net, RSP_MIB_CONTROL_UNKNOWN);
		break;
	}
	return RSP_FAILURE_NONE;
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
	int err;

	if (ssn->accepted)
		return;
	err = rsp_session_echo_send(ssn, flow);
	if (!err && ssn->cookie)
		rsp_session_event_raise(ssn, RSP_EVENT_COOKIE_ECHOED);
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
		failure = rsp_session_control(ssn, flow, control);
		if (failure != RSP_FAILURE_NONE)
			break;
	}
	rsp_controls_free(&controls);
	if (failure == RSP_FAILURE_NONE)
		rsp_frames_release(flow->frames);
	/* A reader may wait for room, and there may be more of them. */
	ssn->sk.sk_state_change(&ssn->sk);
	rsp_session_kick(ssn);
	return failure;
}
