// SPDX-License-Identifier: GPL-2.0
/*
 * Ends the connections of a service: its users get a reset, and go on with another
 * element at once, where a daemon that hangs would keep them waiting.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/kernel.h"
#include "service.h"

#define CONNECTED	(1 << TCP_ESTABLISHED | 1 << TCP_SYN_RECV | \
			 1 << TCP_FIN_WAIT1 | 1 << TCP_FIN_WAIT2 | \
			 1 << TCP_CLOSE_WAIT | 1 << TCP_LAST_ACK)

/**
 * struct found - connections of a service
 * @config: the service
 * @at: they
 * @n: how many
 * @room: that fit in @at
 * @failed: there is no memory for more
 */
struct found {
	const struct service_config *config;
	struct inet_diag_req_v2 *at;
	size_t n;
	size_t room;
	bool failed;
};

static bool is_at(const struct inet_diag_msg *msg, const struct transport *at)
{
	return at->family == msg->idiag_family &&
	       at->port == ntohs(msg->id.idiag_sport) &&
	       !memcmp(msg->id.idiag_src, &at->v6,
		       at->family == AF_INET ? 4 : 16);
}

/* An IPv4 connection of a socket of IPv6 says where it is in IPv6. */
static bool is_at_mapped(const struct inet_diag_msg *msg,
			 const struct transport *at)
{
	const struct in6_addr *src = (const void *)msg->id.idiag_src;

	return at->family == AF_INET && msg->idiag_family == AF_INET6 &&
	       at->port == ntohs(msg->id.idiag_sport) &&
	       IN6_IS_ADDR_V4MAPPED(src) &&
	       !memcmp(&src->s6_addr[12], &at->v4, 4);
}

static bool is_of(const struct inet_diag_msg *msg,
		  const struct service_config *config)
{
	unsigned int i;

	if (!config->addresses.n)
		return ntohs(msg->id.idiag_sport) == config->port;
	for (i = 0; i < config->addresses.n; i++)
		if (is_at(msg, &config->addresses.at[i]) ||
		    is_at_mapped(msg, &config->addresses.at[i]))
			return true;
	return false;
}

static int note(const struct nlmsghdr *nlh, void *data)
{
	const struct inet_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	struct found *found = data;
	void *more;

	if (!is_of(msg, found->config))
		return MNL_CB_OK;
	if (found->n == found->room) {
		size_t room = found->room ? 2 * found->room : 64;

		more = realloc(found->at, room * sizeof(*found->at));
		if (!more) {
			found->failed = true;
			return MNL_CB_OK;
		}
		found->at = more;
		found->room = room;
	}
	found->at[found->n++] = (struct inet_diag_req_v2){
		.sdiag_family = msg->idiag_family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = CONNECTED,
		.id = msg->id,
	};
	return MNL_CB_OK;
}

static int talk(struct mnl_socket *nl, uint16_t type, uint16_t flags,
		const struct inet_diag_req_v2 *request, struct found *found)
{
	static uint8_t buf[32768] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	ssize_t len;
	int ret;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	memcpy(mnl_nlmsg_put_extra_header(nlh, sizeof(*request)), request,
	       sizeof(*request));
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		ret = len < 0 ? -1 : mnl_cb_run(buf, (size_t)len, 0, 0, note,
						found);
	} while (ret > 0);
	return ret;
}

static int sever(struct mnl_socket *nl, struct found *found)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct inet_diag_req_v2 request = {
		.sdiag_protocol = IPPROTO_TCP, .idiag_states = CONNECTED,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		request.sdiag_family = families[i];
		if (talk(nl, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, found))
			return -1;
	}
	for (i = 0; i < found->n; i++)
		/* One that has ended by itself is as good. */
		if (talk(nl, SOCK_DESTROY, NLM_F_ACK, &found->at[i], found) &&
		    errno != ENOENT)
			return -1;
	if (found->failed)
		errno = ENOMEM;
	return found->failed ? -1 : 0;
}

/**
 * service_sever() - end the connections of a service
 * @config: the service
 *
 * Return: 0, or -1 with errno.
 */
int service_sever(const struct service_config *config)
{
	struct found found = { .config = config };
	struct mnl_socket *nl;
	int ret, err;

	nl = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (!nl)
		return -1;
	ret = mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID);
	if (!ret)
		ret = sever(nl, &found);
	err = errno;
	mnl_socket_close(nl);
	free(found.at);
	errno = err;
	return ret;
}
