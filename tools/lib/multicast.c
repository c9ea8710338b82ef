// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "multicast.h"

#define AT_ONCE	16	/* then others of the loop have their turn */

static socklen_t fill(struct sockaddr_storage *address,
		      const struct transport *from, unsigned int interface)
{
	struct sockaddr_in6 *v6 = (void *)address;
	struct sockaddr_in *v4 = (void *)address;

	memset(address, 0, sizeof(*address));
	address->ss_family = from->family;
	if (from->family == AF_INET) {
		v4->sin_port = htons(from->port);
		v4->sin_addr = from->v4;
		return sizeof(*v4);
	}
	v6->sin6_port = htons(from->port);
	v6->sin6_addr = from->v6;
	v6->sin6_scope_id = from->scope_id ? from->scope_id : interface;
	return sizeof(*v6);
}

static bool is_group(const struct transport *address)
{
	return address->family == AF_INET ?
	       IN_MULTICAST(ntohl(address->v4.s_addr)) :
	       IN6_IS_ADDR_MULTICAST(&address->v6);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct multicast *multicast = poll->data;
	struct sockaddr_storage from;
	uint8_t octets[DATAGRAM_MAX];
	socklen_t from_len;
	ssize_t len;
	int i;

	(void)status;
	(void)events;
	for (i = 0; i < AT_ONCE && multicast->fd >= 0; i++) {
		from_len = sizeof(from);
		len = recvfrom(multicast->fd, octets, sizeof(octets), MSG_TRUNC,
			       (void *)&from, &from_len);
		if (len < 0)
			return;
		if (len <= DATAGRAM_MAX)
			multicast->heard(multicast, octets, (uint32_t)len,
					 (void *)&from);
	}
}

static int set_v4(const struct multicast *multicast, int fd, int hops)
{
	struct ip_mreqn via = { .imr_ifindex = (int)multicast->interface };

	if (multicast->interface &&
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &via, sizeof(via)))
		return -1;
	return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops,
			  sizeof(hops));
}

static int set_v6(const struct multicast *multicast, int fd, int hops)
{
	int via = (int)multicast->interface;

	if (via && setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &via,
			      sizeof(via)))
		return -1;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops,
			  sizeof(hops));
}

/* Another registrar or agent of this host may be in the group, too. */
static int join(const struct multicast *multicast, int hops)
{
	bool is_v4 = multicast->group.family == AF_INET;
	struct group_req group = { .gr_interface = multicast->interface };
	struct sockaddr_storage address;
	int fd = multicast->fd, yes = 1;
	socklen_t len;

	len = fill(&address, &multicast->group, multicast->interface);
	memcpy(&group.gr_group, &address, len);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
	    bind(fd, (void *)&address, len) ||
	    setsockopt(fd, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, MCAST_JOIN_GROUP,
		       &group, sizeof(group)))
		return -1;
	return is_v4 ? set_v4(multicast, fd, hops) :
		       set_v6(multicast, fd, hops);
}

static int open_socket(struct multicast *multicast, uv_loop_t *loop,
		       const char *interface, int hops)
{
	multicast->interface = multicast->group.scope_id;
	if (interface)
		multicast->interface = if_nametoindex(interface);
	if (interface && !multicast->interface)
		return -1;
	multicast->fd = socket(multicast->group.family, SOCK_DGRAM |
			       SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (multicast->fd < 0)
		return -1;
	if (!join(multicast, hops) &&
	    !uv_poll_init(loop, &multicast->poll, multicast->fd))
		return 0;
	close(multicast->fd);
	multicast->fd = -1;
	return -1;
}

/**
 * multicast_open() - hear a group
 * @multicast: its heard() and data are set; for multicast_close() in any case
 * @loop: behind it
 * @group: address and port
 * @interface: name of the one by which; NULL: as the group's scope or the routes
 *	say
 * @hops: that what we send may take
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int multicast_open(struct multicast *multicast, uv_loop_t *loop,
		   const struct transport *group, const char *interface,
		   unsigned int hops, char *why, size_t room)
{
	char text[TRANSPORT_TEXT_MAX];

	multicast->fd = -1;
	multicast->group = *group;
	format_transport(group, text);
	if (!is_group(group)) {
		snprintf(why, room, "%s is no multicast group", text);
		return -1;
	}
	if (open_socket(multicast, loop, interface, (int)hops)) {
		snprintf(why, room, "group %s%s%s: %s", text,
			 interface ? " at " : "", interface ? interface : "",
			 strerror(errno));
		return -1;
	}
	multicast->poll.data = multicast;
	uv_poll_start(&multicast->poll, UV_READABLE, on_readable);
	return 0;
}

static void on_closed(uv_handle_t *poll)
{
	struct multicast *multicast = poll->data;

	close(multicast->fd);
	multicast->fd = -1;
}

/**
 * multicast_close() - hear it no more
 * @multicast: it must stay until the loop has run
 */
void multicast_close(struct multicast *multicast)
{
	if (multicast->fd < 0)
		return;
	uv_poll_stop(&multicast->poll);
	uv_close((uv_handle_t *)&multicast->poll, on_closed);
}

/**
 * multicast_send() - send a datagram to a group
 * @multicast: open
 * @octets: the datagram
 * @len: octets of it
 *
 * Return: 0, or a negative errno.
 */
int multicast_send(const struct multicast *multicast, const void *octets,
		   uint32_t len)
{
	struct sockaddr_storage to;
	socklen_t to_len = fill(&to, &multicast->group, multicast->interface);

	return sendto(multicast->fd, octets, len, 0, (void *)&to, to_len) < 0 ?
	       -errno : 0;
}

/**
 * multicast_source() - by which of our addresses those of a group see us
 * @multicast: open
 * @source: filled, but for its port
 *
 * Return: false when that cannot be said.
 */
bool multicast_source(const struct multicast *multicast,
		      struct transport *source)
{
	struct sockaddr_storage address;
	const struct sockaddr_in6 *v6 = (void *)&address;
	const struct sockaddr_in *v4 = (void *)&address;
	bool is_v4 = multicast->group.family == AF_INET;
	socklen_t len = fill(&address, &multicast->group, multicast->interface);
	int fd = socket(multicast->group.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool known;

	if (fd < 0)
		return false;
	known = !(is_v4 ? set_v4(multicast, fd, 1) :
			  set_v6(multicast, fd, 1)) &&
		!connect(fd, (void *)&address, len);
	len = sizeof(address);
	known = known && !getsockname(fd, (void *)&address, &len);
	close(fd);
	if (!known)
		return false;
	memset(source, 0, sizeof(*source));
	source->family = multicast->group.family;
	if (is_v4)
		source->v4 = v4->sin_addr;
	else
		source->v6 = v6->sin6_addr;
	return true;
}
