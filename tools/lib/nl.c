// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

#include "nl.h"

static int fail(struct nl_client *client, int err)
{
	memset(&client->error, 0, sizeof(client->error));
	client->error.err = err;
	return -err;
}

static int send_request(struct nl_client *client, struct nlmsghdr *nlh)
{
	nlh->nlmsg_seq = ++client->seq;
	fail(client, 0);
	if (mnl_socket_sendto(client->socket, nlh, nlh->nlmsg_len) < 0)
		return fail(client, errno);
	return 0;
}

static ssize_t receive(struct nl_client *client)
{
	ssize_t len;

	do {
		len = mnl_socket_recvfrom(client->socket, client->answer,
					  NL_ANSWER_MAX);
	} while (len < 0 && errno == EINTR);
	return len < 0 ? fail(client, errno) : len;
}

static int read_ack_attr(const struct nlattr *attr, void *data)
{
	struct nl_error *error = data;
	size_t len = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case NLMSGERR_ATTR_MSG:
		if (len >= sizeof(error->sentence))
			len = sizeof(error->sentence) - 1;
		memcpy(error->sentence, mnl_attr_get_payload(attr), len);
		error->sentence[len] = '\0';
		break;
	case NLMSGERR_ATTR_OFFS:
	case NLMSGERR_ATTR_MISS_NEST:
		if (len == sizeof(uint32_t))
			error->offset = mnl_attr_get_u32(attr);
		break;
	case NLMSGERR_ATTR_MISS_TYPE:
		if (len == sizeof(uint32_t))
			error->missing = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

/* An acknowledgment, or the end of a dump: an error number, then attributes. */
static int read_ack(struct nl_client *client, const struct nlmsghdr *nlh)
{
	size_t skip = sizeof(int);
	int err;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(int))
		return fail(client, nlh->nlmsg_type == NLMSG_DONE ? 0 : EBADMSG);
	memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	fail(client, err < 0 ? -err : 0);
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *ack = mnl_nlmsg_get_payload(nlh);

		if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ack))
			return fail(client, EBADMSG);
		skip = sizeof(*ack);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			skip += mnl_nlmsg_get_payload_len(&ack->msg);
	}
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS &&
	    skip <= mnl_nlmsg_get_payload_len(nlh))
		mnl_attr_parse(nlh, (unsigned int)skip, read_ack_attr,
			       &client->error);
	return -client->error.err;
}

/**
 * nl_request() - begin a request
 * @client: an open client
 * @buf: room for NL_REQUEST_MAX octets
 * @cmd: command of the family
 * @flags: NLM_F_* besides NLM_F_REQUEST
 *
 * Return: the header, to which attributes are put.
 */
struct nlmsghdr *nl_request(struct nl_client *client, void *buf, uint8_t cmd,
			    uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = client->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = client->version;
	return nlh;
}

/**
 * nl_talk() - send a request, give its answers to a function, read the
 *	acknowledgment
 * @client: an open client
 * @nlh: from nl_request()
 * @fn: called for each answer, or NULL
 * @data: for @fn
 *
 * The kernel handles a request before the send returns, so that nothing is
 * gained by sending the next before the acknowledgment is read.
 *
 * Return: 0, or a negative errno with more in @client->error; or what @fn
 * returned when that was negative.
 */
int nl_talk(struct nl_client *client, struct nlmsghdr *nlh, nl_fn fn,
	    void *data)
{
	const struct nlmsghdr *answer;
	int ret, left, said = 0;
	ssize_t len;

	nlh->nlmsg_flags |= NLM_F_ACK;
	ret = send_request(client, nlh);
	if (ret)
		return ret;
	for (;;) {
		len = receive(client);
		if (len < 0)
			return (int)len;
		answer = (const void *)client->answer;
		for (left = (int)len; mnl_nlmsg_ok(answer, left);
		     answer = mnl_nlmsg_next(answer, &left)) {
			if (answer->nlmsg_seq != client->seq)
				continue;
			if (answer->nlmsg_type == NLMSG_ERROR) {
				ret = read_ack(client, answer);
				return ret ? ret : said;
			}
			if (fn && !said && answer->nlmsg_type >= NLMSG_MIN_TYPE)
				said = fn(answer, data);
			if (said > 0)
				said = 0;
		}
	}
}

static int keep(struct nl_client *client, size_t len)
{
	size_t room = client->dump_room;
	uint8_t *dump;

	while (room - client->dump_len < len)
		room = room ? 2 * room : 4 * NL_ANSWER_MAX;
	if (room != client->dump_room) {
		dump = realloc(client->dump, room);
		if (!dump)
			return fail(client, ENOMEM);
		client->dump = dump;
		client->dump_room = room;
	}
	memcpy(client->dump + client->dump_len, client->answer, len);
	client->dump_len += len;
	return 0;
}

/* Returns 1 when the table changed meanwhile. */
static int dump_once(struct nl_client *client, struct nlmsghdr *nlh)
{
	const struct nlmsghdr *answer;
	bool torn = false;
	ssize_t len;
	int ret, left;

	client->dump_len = 0;
	ret = send_request(client, nlh);
	if (ret)
		return ret;
	for (;;) {
		len = receive(client);
		if (len < 0)
			return (int)len;
		ret = keep(client, (size_t)len);
		if (ret)
			return ret;
		answer = (const void *)client->answer;
		for (left = (int)len; mnl_nlmsg_ok(answer, left);
		     answer = mnl_nlmsg_next(answer, &left)) {
			if (answer->nlmsg_seq != client->seq)
				continue;
			torn |= answer->nlmsg_flags & NLM_F_DUMP_INTR;
			if (answer->nlmsg_type == NLMSG_DONE ||
			    answer->nlmsg_type == NLMSG_ERROR) {
				ret = read_ack(client, answer);
				return ret ? ret : torn;
			}
		}
	}
}

/**
 * nl_dump() - read a whole table, then give its parts to a function
 * @client: an open client
 * @nlh: from nl_request()
 * @fn: called for each answer, and may talk itself, but not dump; a negative
 *	return ends it
 * @data: for @fn
 *
 * All of it is kept first: what changed while it was read (NLM_F_DUMP_INTR)
 * is thrown away and read again, NL_DUMP_TRIES times at most.
 *
 * Return: 0; 1 when it changed each time, and @fn was given the last one; or
 * a negative errno with more in @client->error.
 */
int nl_dump(struct nl_client *client, struct nlmsghdr *nlh, nl_fn fn,
	    void *data)
{
	const struct nlmsghdr *answer;
	int ret, torn, left, tries = 0;
	uint32_t seq;

	nlh->nlmsg_flags |= NLM_F_DUMP;
	do {
		torn = dump_once(client, nlh);
	} while (torn > 0 && ++tries < NL_DUMP_TRIES);
	if (torn < 0)
		return torn;
	seq = client->seq;
	answer = (const void *)client->dump;
	/* mnl_nlmsg_ok() counts in int: go on in pieces of less. */
	for (size_t done = 0; done < client->dump_len;) {
		size_t rest = client->dump_len - done;

		left = rest > 1 << 30 ? 1 << 30 : (int)rest;
		answer = (const void *)(client->dump + done);
		if (!mnl_nlmsg_ok(answer, left))
			break;
		if (answer->nlmsg_seq == seq &&
		    answer->nlmsg_type >= NLMSG_MIN_TYPE) {
			ret = fn(answer, data);
			if (ret < 0)
				return ret;
		}
		done += MNL_ALIGN(answer->nlmsg_len);
	}
	return torn;
}

static int read_group(struct nl_client *client, const struct nlattr *group)
{
	const struct nlattr *attr;
	const char *name = NULL;
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, group) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			name = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			id = mnl_attr_get_u32(attr);
	}
	if (!name || client->n_groups == NL_GROUPS_MAX)
		return MNL_CB_OK;
	strncpy(client->groups[client->n_groups].name, name,
		sizeof(client->groups[0].name) - 1);
	client->groups[client->n_groups++].id = id;
	return MNL_CB_OK;
}

static int read_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *group;
	struct nl_client *client = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_FAMILY_ID:
			client->family = mnl_attr_get_u16(attr);
			break;
		case CTRL_ATTR_VERSION:
			client->version = (uint8_t)mnl_attr_get_u32(attr);
			break;
		case CTRL_ATTR_MCAST_GROUPS:
			mnl_attr_for_each_nested(group, attr)
				read_group(client, group);
			break;
		}
	}
	return MNL_CB_OK;
}

/* The kernel loads the module for this request, if it can. */
static int find_family(struct nl_client *client, const char *family)
{
	uint8_t buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	client->family = GENL_ID_CTRL;
	client->version = 1;
	nlh = nl_request(client, buf, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, family);
	return nl_talk(client, nlh, read_family, client);
}

/**
 * nl_open() - open a socket to a generic netlink family
 * @client: filled; what it held is not looked at
 * @family: the family's name
 *
 * Return: 0, or a negative errno with more in @client->error; -ENOENT when
 * the kernel has no such family. nl_close() in any case.
 */
int nl_open(struct nl_client *client, const char *family)
{
	int on = 1;

	memset(client, 0, sizeof(*client));
	client->answer = malloc(NL_ANSWER_MAX);
	if (!client->answer)
		return fail(client, ENOMEM);
	client->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!client->socket)
		return fail(client, errno);
	if (mnl_socket_bind(client->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return fail(client, errno);
	if (mnl_socket_setsockopt(client->socket, NETLINK_EXT_ACK, &on,
				  sizeof(on)) < 0 ||
	    mnl_socket_setsockopt(client->socket, NETLINK_CAP_ACK, &on,
				  sizeof(on)) < 0 ||
	    mnl_socket_setsockopt(client->socket, NETLINK_GET_STRICT_CHK, &on,
				  sizeof(on)) < 0)
		return fail(client, errno);
	return find_family(client, family);
}

/**
 * nl_close() - give back what nl_open() took
 * @client: the client
 */
void nl_close(struct nl_client *client)
{
	if (client->socket)
		mnl_socket_close(client->socket);
	free(client->answer);
	free(client->dump);
	memset(client, 0, sizeof(*client));
}

/**
 * nl_do_not_wait() - have a client never wait
 * @client: an open client
 *
 * The answers to a request are there when its send returns, so that only
 * nl_events() has something else to say: -EAGAIN when nothing more has come.
 *
 * Return: 0, or a negative errno.
 */
int nl_do_not_wait(struct nl_client *client)
{
	int fd = mnl_socket_get_fd(client->socket);
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return fail(client, errno);
	return 0;
}

/**
 * nl_join() - hear of what a multicast group tells
 * @client: an open client
 * @group: the group's name
 *
 * Return: 0, or a negative errno with more in @client->error.
 */
int nl_join(struct nl_client *client, const char *group)
{
	unsigned int i;

	for (i = 0; i < client->n_groups; i++) {
		if (strcmp(client->groups[i].name, group))
			continue;
		if (mnl_socket_setsockopt(client->socket,
					  NETLINK_ADD_MEMBERSHIP,
					  &client->groups[i].id,
					  sizeof(client->groups[i].id)) < 0)
			return fail(client, errno);
		return 0;
	}
	return fail(client, ENOENT);
}

/**
 * nl_event() - give what the joined groups tell next to a function
 * @client: an open client
 * @fn: called for each message; a negative return ends it
 * @data: for @fn
 *
 * Return: 0; or as nl_events().
 */
int nl_event(struct nl_client *client, nl_fn fn, void *data)
{
	ssize_t len = receive(client);
	const struct nlmsghdr *event;
	int ret, left;

	if (len < 0)
		return (int)len;
	event = (const void *)client->answer;
	for (left = (int)len; mnl_nlmsg_ok(event, left);
	     event = mnl_nlmsg_next(event, &left)) {
		if (event->nlmsg_type != client->family)
			continue;
		ret = fn(event, data);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/**
 * nl_events() - give what the joined groups tell to a function, for ever or
 *	until nothing more has come
 * @client: an open client
 * @fn: called for each message; a negative return ends it
 * @data: for @fn
 *
 * Return: what @fn returned, or a negative errno; -ENOBUFS when messages were
 * lost, after which it may be called again; -EAGAIN after nl_do_not_wait().
 */
int nl_events(struct nl_client *client, nl_fn fn, void *data)
{
	int ret;

	do {
		ret = nl_event(client, fn, data);
	} while (!ret);
	return ret;
}
