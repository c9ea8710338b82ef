/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client of the generic netlink family "rserpool". One request is under way
 * at a time; errors are kept with the sentence that the kernel gave.
 */
#ifndef _RSP_NL_H
#define _RSP_NL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NL_REQUEST_MAX	32768	/* octets of a request */
#define NL_ANSWER_MAX	65536	/* octets of what the kernel gives at once */
#define NL_DUMP_TRIES	5	/* dumps of a table that keeps changing */
#define NL_GROUPS_MAX	8

/**
 * struct nl_error - why a request failed
 * @err: errno, 0 for none
 * @offset: in the request, of the attribute that is to blame, or of the nest
 *	that lacks one; 0 for none
 * @missing: type of the attribute that is missing; 0 for none
 * @sentence: the kernel's words, or ""; with @err 0 a warning
 */
struct nl_error {
	int err;
	uint32_t offset;
	uint32_t missing;
	char sentence[256];
};

/**
 * struct nl_client - an open socket to the family
 * @socket: the socket
 * @family: its number of the family
 * @version: the family's version
 * @seq: of the last request
 * @groups: multicast groups of the family
 * @n_groups: how many
 * @error: of the last request
 * @answer: what was received last
 * @dump: what nl_dump() received
 * @dump_len: octets in @dump
 * @dump_room: octets that fit there
 */
struct nl_client {
	struct mnl_socket *socket;
	uint16_t family;
	uint8_t version;
	uint32_t seq;
	struct {
		char name[16];
		uint32_t id;
	} groups[NL_GROUPS_MAX];
	unsigned int n_groups;
	struct nl_error error;
	uint8_t *answer;
	uint8_t *dump;
	size_t dump_len;
	size_t dump_room;
};

typedef int (*nl_fn)(const struct nlmsghdr *nlh, void *data);

int nl_open(struct nl_client *client, const char *family);
void nl_close(struct nl_client *client);
struct nlmsghdr *nl_request(struct nl_client *client, void *buf, uint8_t cmd,
			    uint16_t flags);
int nl_talk(struct nl_client *client, struct nlmsghdr *nlh, nl_fn fn,
	    void *data);
int nl_dump(struct nl_client *client, struct nlmsghdr *nlh, nl_fn fn,
	    void *data);
int nl_do_not_wait(struct nl_client *client);
int nl_join(struct nl_client *client, const char *group);
int nl_event(struct nl_client *client, nl_fn fn, void *data);
int nl_events(struct nl_client *client, nl_fn fn, void *data);

#endif /* _RSP_NL_H */
