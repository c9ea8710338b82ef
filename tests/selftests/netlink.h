/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to the netlink family, for tests: one is written to req, sent, and
 * what is answered is shown or remembered.
 */
#ifndef _NETLINK_H
#define _NETLINK_H

#include <stdint.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/rserpool.h>
#include <linux/rserpool_netlink.h>

#include "ktap.h"

#define MESSAGE_MAX	(1 << 20)

extern struct nlmsghdr *const req;	/* of MESSAGE_MAX octets */
extern struct mnl_socket *nl;		/* what talk() talks on */
extern int family;

enum group { HANDLESPACE, SESSION, ASAP };

extern unsigned int groups[3];

/* What the last acknowledgement said. */
extern struct ack {
	char text[256];
	int offset;		/* of the attribute, -1: none */
	int missing;		/* attribute that is missing, -1: none */
} ack;

/* Integers of the last message of the family that show_values() saw. */
extern uint64_t value[64];
extern bool has[64];
extern int shown;		/* how many there were */

typedef void show_t(const struct nlmsghdr *nlh);

show_t show_none, show_values;

struct mnl_socket *open_netlink(void);

/* Open nl; find the family and its groups. */
void netlink_start(void);

/* As setsockopt(). */
int join(struct mnl_socket *s, enum group group);

/* A new request of the family in req; with NLM_F_ACK. */
void begin(int cmd, int flags);

/*
 * Receive until the acknowledgement or the end of a dump; the errno that it
 * tells, or that of the socket.
 */
int receive(struct mnl_socket *s, show_t *show);

/* Send req, receive; talk() on nl, get() with show_values. */
int talk_on(struct mnl_socket *s, show_t *show);
int talk(void);
int get(void);

/* Each gives the attribute that it added to req. */
struct nlattr *put_handle(int type, const char *handle);
struct nlattr *put_u32(int type, uint32_t v);
struct nlattr *put_transport(const char *addr, int port);
struct nlattr *put_element(const char *handle, uint32_t id);

int new_element(const char *handle, uint32_t id);
void name_element(int cmd, const char *handle, uint32_t id);
uint32_t count_elements(void);
uint32_t count_pools(void);
void set_scope(int type, uint32_t v);

/* Of the scope of this socket, those of n counters. */
void counters_get(struct mnl_socket *s, const char *const *names, int n,
		  long *values);

/* The request is refused with this errno and with a sentence. */
#define CHECK_REFUSED(expr, want)					\
	do {								\
		CHECK_EQ(expr, want);					\
		if (!ack.text[0])					\
			test_fail(__FILE__, __LINE__, "no sentence");	\
	} while (0)

/* And the acknowledgement points at this attribute of the request. */
#define CHECK_AT(attr)							\
	CHECK_EQ(ack.offset, (char *)(attr) - (char *)req)

#endif /* _NETLINK_H */
