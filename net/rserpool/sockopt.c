// SPDX-License-Identifier: GPL-2.0
/* Socket options: those of SOL_RSERPOOL, which are the session's. */

#include <linux/slab.h>
#include <net/sock.h>

#include "af_rserpool.h"
#include "endpoint.h"
#include "failover.h"
#include "flow.h"
#include "frame.h"
#include "session.h"
#include "session_cookie.h"
#include "session_control.h"
#include "session_secure.h"

static void flow_set_message_max(struct rsp_flow *flow, u32 octets)
{
	if (flow && flow->frames)
		WRITE_ONCE(flow->frames->message_max, octets);
}

static void flow_detect(const struct rsp_session *ssn, struct rsp_flow *flow)
{
	if (!flow)
		return;
	rsp_flow_keepalive(flow);
	rsp_transport_sockopts(ssn, flow->sock);
}

static int session_set(struct rsp_session *ssn, int name, u32 value)
{
	const u8 events = BIT(RSP_EVENT_REPLAY_OVERFLOW + 1) - 1;

	switch (name) {
	case RSP_FAILOVER:
		if (value > RSP_FAILOVER_OFF)
			return -EINVAL;
		ssn->mode = value;
		return 0;
	case RSP_EVENTS:
		if (value & ~events)
			return -EINVAL;
		ssn->events = value;
		ssn->pending &= value;
		rsp_session_publish(ssn);
		return 0;
	case RSP_RESUME:
		return rsp_session_resume(ssn, value);
	case RSP_FORCE_FAILOVER:
		if (value)
			return -EINVAL;
		if (ssn->state.now != RSP_SESSION_READY)
			return ssn->state.now == RSP_SESSION_FAILOVER ?
			       -EALREADY : -ENOTCONN;
		if (list_count_nodes(&ssn->draining) >= RSP_DRAINING_MAX)
			return -ENOBUFS;
		rsp_session_fail(ssn, RSP_FAILURE_FORCED);
		return 0;
	case RSP_MESSAGE_MAX:
		if (!value || value > RSP_MESSAGE_LIMIT)
			return -EINVAL;
		ssn->message_max = value;
		flow_set_message_max(ssn->flow, value);
		flow_set_message_max(rsp_standby_flow(ssn->standby), value);
		return 0;
	case RSP_REPLAY:
		if (value > RSP_REPLAY_LIMIT)
			return -EINVAL;
		if (ssn->sk.sk_type != SOCK_SEQPACKET)
			return -EOPNOTSUPP;
		if (ssn->state.now != RSP_SESSION_INIT)
			return -EISCONN;
		return rsp_replay_set(ssn, value);
	case RSP_RECVPPID:
		if (value > 1)
			return -EINVAL;
		WRITE_ONCE(ssn->tell_ppid, value);
		return 0;
	case RSP_RECVPEER:
		if (value > 1)
			return -EINVAL;
		assign_bit(RSP_SESSION_TELL_PEER, &ssn->flags, value);
		return 0;
	case RSP_FAILOVER_TIMEOUT:
		if (value > RSP_TIMEOUT_MAX)
			return -EINVAL;
		ssn->failover_timeout = msecs_to_jiffies(value);
		return 0;
	case RSP_DETECT_TIMEOUT:
		if (value < RSP_DETECT_MIN || value > RSP_TIMEOUT_MAX)
			return -EINVAL;
		ssn->detect_timeout = msecs_to_jiffies(value);
		flow_detect(ssn, ssn->flow);
		flow_detect(ssn, rsp_standby_flow(ssn->standby));
		return 0;
	case RSP_STANDBY:
		if (value > 1)
			return -EINVAL;
		if (ssn->accepted || ssn->state.now == RSP_SESSION_LISTEN)
			return -EOPNOTSUPP;
		return rsp_standby_set(ssn, value);
	default:
		return -ENOPROTOOPT;
	}
}

static int cookie_set(struct rsp_session *ssn, sockptr_t value,
		      unsigned int len)
{
	void *octets;
	int err;

	if (!len || len > RSP_COOKIE_MAX)
		return -EINVAL;
	octets = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!octets)
		return -ENOMEM;
	err = -EFAULT;
	if (copy_from_sockptr(octets, value, len))
		goto out_free;
	lock_sock(&ssn->sk);
	err = rsp_session_cookie_set(ssn, octets, len);
	release_sock(&ssn->sk);
out_free:
	kvfree(octets);
	return err;
}

/* No cookie is one of no octets. */
static int cookie_get(struct socket *sock, char __user *value, int room,
		      int __user *len)
{
	bool noblock = sock->file && sock->file->f_flags & O_NONBLOCK;
	struct rsp_session *ssn = rsp_session(sock->sk);
	long timeo = sock_rcvtimeo(sock->sk, noblock);
	struct rsp_cookie *cookie;
	int err;

	lock_sock(sock->sk);
	err = rsp_session_cookie_wait(ssn, &timeo);
	cookie = ssn->cookie;
	if (!err && test_bit(RSP_SESSION_REFUSED, &ssn->flags))
		err = -EACCES;
	if (err)
		goto out_release;
	err = -EINVAL;
	if (cookie && room < (int)cookie->len)
		goto out_release;
	err = -EFAULT;
	if (cookie && copy_to_user(value, cookie->octets, cookie->len))
		goto out_release;
	err = put_user(cookie ? cookie->len : 0, len);
out_release:
	release_sock(sock->sk);
	return err;
}

static int policy_set(struct rsp_session *ssn, sockptr_t value,
		      unsigned int len)
{
	struct rsp_policy_params params;
	struct rsp_policy policy;
	int err;

	if (len < sizeof(policy))
		return -EINVAL;
	if (copy_from_sockptr(&policy, value, sizeof(policy)))
		return -EFAULT;
	if (policy.reserved)
		return -EINVAL;
	params = (struct rsp_policy_params){
		.type = policy.type,
		.weight = policy.value,
		.degradation = policy.degradation,
	};
	lock_sock(&ssn->sk);
	err = rsp_endpoint_set_policy(ssn, &params);
	release_sock(&ssn->sk);
	return err;
}

static int policy_get(struct rsp_session *ssn, struct rsp_policy *policy)
{
	const struct rsp_policy_params *params;
	int err = -EDESTADDRREQ;

	lock_sock(&ssn->sk);
	if (ssn->endpoint) {
		params = &ssn->endpoint->config.policy;
		*policy = (struct rsp_policy){
			.type = params->type,
			.value = params->weight,
			.degradation = params->degradation,
		};
		err = 0;
	}
	release_sock(&ssn->sk);
	return err;
}

static int addresses_set(struct rsp_session *ssn, sockptr_t value,
			 unsigned int len)
{
	struct __kernel_sockaddr_storage *addresses;
	int err;

	if (len % sizeof(*addresses) ||
	    len > RSP_ADDRESSES_MAX * sizeof(*addresses))
		return -EINVAL;
	addresses = kmalloc(len ?: 1, GFP_KERNEL_ACCOUNT);
	if (!addresses)
		return -ENOMEM;
	err = -EFAULT;
	if (copy_from_sockptr(addresses, value, len))
		goto out_free;
	lock_sock(&ssn->sk);
	err = rsp_endpoint_set_addresses(ssn, addresses,
					 len / sizeof(*addresses));
	release_sock(&ssn->sk);
out_free:
	kfree(addresses);
	return err;
}

/* All of an option's value, or none of it. */
static int value_give(const void *from, int size, char __user *value, int room,
		      int __user *len)
{
	if (room < size || room < 0)
		return -EINVAL;
	if (copy_to_user(value, from, size) || put_user(size, len))
		return -EFAULT;
	return 0;
}

static int addresses_get(struct rsp_session *ssn, char __user *value, int room,
			 int __user *len)
{
	struct __kernel_sockaddr_storage *addresses;
	int ret;

	addresses = kmalloc_array(RSP_ADDRESSES_MAX, sizeof(*addresses),
				  GFP_KERNEL_ACCOUNT);
	if (!addresses)
		return -ENOMEM;
	lock_sock(&ssn->sk);
	ret = rsp_endpoint_get_addresses(ssn, addresses);
	release_sock(&ssn->sk);
	if (ret < 0)
		goto out_free;
	ret = value_give(addresses, ret * sizeof(*addresses), value, room, len);
out_free:
	kfree(addresses);
	return ret;
}

static int peer_subject_get(struct rsp_session *ssn, char __user *value,
			    int room, int __user *len)
{
	u8 *subject;
	int ret;

	lock_sock(&ssn->sk);
	ret = rsp_session_peer_subject(ssn, &subject);
	release_sock(&ssn->sk);
	if (ret < 0)
		return ret;
	ret = value_give(subject, ret, value, room, len);
	kfree(subject);
	return ret;
}

/**
 * rsp_sockopt_u32() - the value of an option that is a number
 * @value: what setsockopt(2) got; may be longer, as with other families
 * @len: octets of it
 * @number: becomes the number
 *
 * Context: process.
 * Return: 0, -EINVAL when it is too short, or -EFAULT.
 */
int rsp_sockopt_u32(sockptr_t value, unsigned int len, u32 *number)
{
	if (len < sizeof(*number))
		return -EINVAL;
	return copy_from_sockptr(number, value, sizeof(*number)) ? -EFAULT : 0;
}

/**
 * rsp_setsockopt() - setsockopt(2)
 * @sock: the session's socket
 * @level: SOL_RSERPOOL, SOL_SOCKET, SOL_TCP, SOL_IP or SOL_IPV6
 * @name: the option
 * @value: its value
 * @len: octets of it
 *
 * Context: process.
 * Return: 0 or an error of rserpool(7).
 */
int rsp_setsockopt(struct socket *sock, int level, int name, sockptr_t value,
		   unsigned int len)
{
	struct sock *sk = sock->sk;
	u32 number;
	int err;

	if (level == SOL_SOCKET)
		return rsp_socket_setsockopt(sock, name, value, len);
	if (level != SOL_RSERPOOL)
		return rsp_transport_setsockopt(sock, level, name, value, len);

	if (name == RSP_POLICY)
		return policy_set(rsp_session(sk), value, len);
	if (name == RSP_ADDRESSES)
		return addresses_set(rsp_session(sk), value, len);
	if (name == RSP_COOKIE)
		return cookie_set(rsp_session(sk), value, len);
	err = rsp_sockopt_u32(value, len, &number);
	if (err)
		return err;
	lock_sock(sk);
	err = session_set(rsp_session(sk), name, number);
	release_sock(sk);
	return err;
}

/**
 * rsp_getsockopt() - getsockopt(2), SOL_SOCKET aside
 * @sock: the session's socket
 * @level: SOL_RSERPOOL, SOL_TCP, SOL_IP or SOL_IPV6
 * @name: the option
 * @value: where to
 * @len: room there; becomes the octets given
 *
 * Context: process.
 * Return: 0 or an error of rserpool(7).
 */
int rsp_getsockopt(struct socket *sock, int level, int name,
		   char __user *value, int __user *len)
{
	struct rsp_session *ssn = rsp_session(sock->sk);
	struct rsp_policy policy;
	struct rsp_info info;
	const void *from;
	int room, size, err;
	u32 number;

	if (level == SOL_TCP || level == SOL_IP || level == SOL_IPV6)
		return rsp_transport_getsockopt(sock, level, name, value, len);
	if (level != SOL_RSERPOOL)
		return -ENOPROTOOPT;

	if (get_user(room, len))
		return -EFAULT;
	from = &number;
	size = sizeof(number);
	switch (name) {
	case RSP_FAILOVER:
		number = rsp_session_mode(ssn);
		break;
	case RSP_EVENTS:
		number = READ_ONCE(ssn->events);
		break;
	case RSP_RESUME:
		number = READ_ONCE(ssn->generation);
		break;
	case RSP_FAILOVER_TIMEOUT:
		number = jiffies_to_msecs(READ_ONCE(ssn->failover_timeout));
		break;
	case RSP_DETECT_TIMEOUT:
		number = jiffies_to_msecs(READ_ONCE(ssn->detect_timeout));
		break;
	case RSP_MESSAGE_MAX:
		number = READ_ONCE(ssn->message_max);
		break;
	case RSP_RECVPPID:
		number = READ_ONCE(ssn->tell_ppid);
		break;
	case RSP_RECVPEER:
		number = test_bit(RSP_SESSION_TELL_PEER, &ssn->flags);
		break;
	case RSP_STANDBY:
		number = test_bit(RSP_SESSION_STANDBY, &ssn->flags);
		break;
	case RSP_REPLAY:
		lock_sock(sock->sk);
		number = ssn->replay ? ssn->replay->max : 0;
		release_sock(sock->sk);
		break;
	case RSP_POLICY:
		err = policy_get(ssn, &policy);
		if (err)
			return err;
		from = &policy;
		size = sizeof(policy);
		break;
	case RSP_ADDRESSES:
		return addresses_get(ssn, value, room, len);
	case RSP_PEER_SUBJECT:
		return peer_subject_get(ssn, value, room, len);
	case RSP_COOKIE:
		return cookie_get(sock, value, room, len);
	case RSP_INFO:
		rsp_session_describe(sock->sk, &info, NULL);
		from = &info;
		size = min_t(int, room, sizeof(info));
		break;
	default:
		return -ENOPROTOOPT;
	}
	return value_give(from, size, value, room, len);
}
