/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What feeds this host's kernel by generic netlink, and is asked by its group
 * "asap": opened as soon as there is a kernel that has RSerPool, and begun anew
 * after any doubt.
 */
#ifndef _RSP_FEEDER_H
#define _RSP_FEEDER_H

#include <uv.h>

#include "kernel.h"

#include "../../net/rserpool/tlv.h"
#include "nl.h"

#include <linux/rserpool_netlink.h>

struct feeder;

/**
 * struct feeder_ops - what the owner of a feeder does
 * @begin: the kernel is there, or some of its messages were lost: look at all, and
 *	tell all. Returns 0, or a negative errno: it is tried again
 * @take: the kernel asks. Returns 0, or a negative errno when it does not hear the
 *	answer: it is begun anew
 * @tick: twice a second while it is open; may be NULL
 * @lost: it is not open any more, and will be begun anew
 */
struct feeder_ops {
	int (*begin)(struct feeder *feeder);
	int (*take)(struct feeder *feeder, const struct nlmsghdr *nlh);
	void (*tick)(struct feeder *feeder);
	void (*lost)(struct feeder *feeder);
};

/**
 * struct feeder - a feeder
 * @ops: its owner's
 * @commands: what the kernel is told by; it acknowledges before a send returns
 * @events: what it asks by, never waited for
 * @secure: what it is told of has been registered in a secure scope
 * @started: it is to be open, and is tried again and again
 * @open: it is
 * @lock: of the scope, held by who feeds it; -1: it is not held
 * @poll: of @events
 * @polling: @poll is not closed yet
 * @tick: tries again, and looks whether the kernel is there yet
 * @ticks: since it was looked
 * @said: why it does not work has been said
 * @warned: and that sessions are in the clear
 */
struct feeder {
	const struct feeder_ops *ops;
	struct nl_client commands;
	struct nl_client events;
	bool secure;
	bool started;
	bool open;
	int lock;
	uv_poll_t poll;
	bool polling;
	uv_timer_t tick;
	unsigned int ticks;
	bool said;
	bool warned;
};

/* By attribute of an element or a resolution. */
typedef struct nlattr *feeder_attributes[RSERPOOL_A_ELEMENT_MAX + 1];

/* Octets of an element in a message, at most. */
#define FEEDER_ELEMENT_MAX	1024

/* Of the user transports that feeder_get_element() writes. */
#define FEEDER_TRANSPORTS_SIZE	(RSERPOOL_TRANSPORTS_MAX * 32)

/* In feeder.c */
void feeder_init(struct feeder *feeder, const struct feeder_ops *ops);
void feeder_start(struct feeder *feeder, uv_loop_t *loop, bool secure);
void feeder_stop(struct feeder *feeder);
void feeder_doubt(struct feeder *feeder, const char *why);

/* In feeder_message.c */
const char *feeder_look(struct feeder *feeder);
int feeder_say(struct feeder *feeder, u8 command);
int feeder_dump(struct feeder *feeder, u8 command);
int feeder_delete(struct feeder *feeder, const struct rsp_octets *handle,
		  u32 id);
int feeder_answer(struct feeder *feeder, u8 command,
		  const struct rsp_octets *handle, u32 id, int err);
bool feeder_alive(struct feeder *feeder, const struct rsp_octets *handle,
		  u32 id, u32 home);
bool feeder_is_refusal(int err);
void feeder_put_element(struct nlmsghdr *nlh, const struct rsp_octets *handle,
			const struct rsp_tlv_element *element, u32 lifetime);
bool feeder_read(const struct nlmsghdr *nlh, feeder_attributes tb,
		 struct rsp_octets *handle);
u32 feeder_number(feeder_attributes tb, unsigned int type);
void feeder_get_element(const struct nlmsghdr *nlh, feeder_attributes tb,
			struct rsp_tlv_element *element,
			u8 transports[FEEDER_TRANSPORTS_SIZE]);

#endif /* _RSP_FEEDER_H */
