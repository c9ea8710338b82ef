// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel asks for, and what it has when we begin: elements that the agent
 * before us told it, sockets that listen, pools that somebody waits for.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

#include "../lib/log.h"
#include "agent.h"

#define LOOK_AGAIN_MS	1000	/* at the sessions */

static struct agent *agent_of(struct feeder *feeder)
{
	return container_of(feeder, struct agent, feeder);
}

static int resolve(struct agent *agent, const struct rsp_octets *handle)
{
	struct pool *pool = pool_get(agent, handle);

	if (!pool)
		return feeder_answer(&agent->feeder, RSERPOOL_CMD_RESOLVE_DONE,
				     handle, 0, -ENOBUFS);
	pool->asked = true;
	pool->used = now_of(agent);
	resolution_begin(pool);
	return 0;
}

static bool same_policy(const struct rsp_tlv_policy *a,
			const struct rsp_tlv_policy *b)
{
	return a->type == b->type && a->value == b->value &&
	       a->degradation == b->degradation;
}

/* Returns false when nothing is new. */
static bool update(struct element *element, const struct rsp_tlv_element *from)
{
	u32 len = (u32)(from->user.end - from->user.pos);

	if (same_policy(&element->policy, &from->policy) &&
	    element->transports_len == len &&
	    !memcmp(element->transports, from->user.pos, len))
		return false;
	element->policy = from->policy;
	element->transports_len = len;
	memcpy(element->transports, from->user.pos, len);
	return true;
}

static int refuse(struct agent *agent, const struct rsp_octets *handle, u32 id,
		  int err)
{
	return feeder_answer(&agent->feeder, RSERPOOL_CMD_REGISTER_DONE, handle,
			     id, err);
}

/* A socket listens, or says something else of its element. */
static int listens(struct agent *agent, const struct nlmsghdr *nlh,
		   feeder_attributes tb, const struct rsp_octets *handle)
{
	u32 listener = feeder_number(tb, RSERPOOL_A_ELEMENT_LISTENER);
	u8 transports[FEEDER_TRANSPORTS_SIZE];
	struct rsp_tlv_element from;
	struct element *element;
	struct pool *pool;
	bool news;

	if (listener == RSERPOOL_LISTENER_REFUSED)
		return 0;
	feeder_get_element(nlh, tb, &from, transports);
	pool = pool_get(agent, handle);
	if (!pool)
		return refuse(agent, handle, from.id, -ENOBUFS);
	element = element_find(pool, from.id);
	if (element && element->service)
		return refuse(agent, handle, from.id, -EADDRINUSE);
	news = !element || listener != RSERPOOL_LISTENER_AGENT ||
	       element->state >= ELEMENT_LEAVES;
	if (!element)
		element = element_add(pool, from.id);
	if (!element) {
		pool_remove_if_empty(pool);
		return refuse(agent, handle, from.id, -ENOBUFS);
	}
	news |= update(element, &from);
	element->seen = true;
	element->awaited = listener == RSERPOOL_LISTENER_ASKED;
	if (news) {
		element->attempts = 0;
		registration_begin(element);
	}
	return 0;
}

static void listens_no_more(struct agent *agent, feeder_attributes tb,
			    const struct rsp_octets *handle)
{
	struct pool *pool = pool_find(agent, handle);
	struct element *element;

	element = pool ? element_find(pool, feeder_number(tb,
					RSERPOOL_A_ELEMENT_ID)) : NULL;
	if (element && !element->service)
		registration_end(element);
}

/* An element of the kernel's; a registrar's, if it names one. */
static int note_element(struct agent *agent, feeder_attributes tb,
			const struct rsp_octets *handle)
{
	struct pool *pool;

	if (!feeder_number(tb, RSERPOOL_A_ELEMENT_HOME) ||
	    feeder_number(tb, RSERPOOL_A_ELEMENT_LISTENER))
		return 0;
	pool = pool_get(agent, handle);
	if (!pool)
		return 0;
	if (!pool->stale.place)
		deadline_set(&agent->deadlines, &pool->stale,
			     now_of(agent) + agent->config.stale_timeout);
	return kernel_has(pool, feeder_number(tb, RSERPOOL_A_ELEMENT_ID));
}

static int take(struct feeder *feeder, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct agent *agent = agent_of(feeder);
	struct rsp_octets handle;
	feeder_attributes tb;

	if (!feeder_read(nlh, tb, &handle))
		return 0;
	switch (genl->cmd) {
	case RSERPOOL_CMD_RESOLVE:
	case RSERPOOL_CMD_RESOLVE_GET:
		return resolve(agent, &handle);
	case RSERPOOL_CMD_REGISTER:
	case RSERPOOL_CMD_REGISTER_GET:
		return listens(agent, nlh, tb, &handle);
	case RSERPOOL_CMD_DEREGISTER:
		listens_no_more(agent, tb, &handle);
		return 0;
	case RSERPOOL_CMD_UNREACHABLE:
		send_report(agent, &handle,
			    feeder_number(tb, RSERPOOL_A_ELEMENT_ID));
		return 0;
	case RSERPOOL_CMD_ELEMENT_GET:
		return note_element(agent, tb, &handle);
	default:
		return 0;
	}
}

static void mark_unseen(struct agent *agent)
{
	struct list *pos, *each;

	list_for_each(pos, &agent->pools) {
		struct pool *pool = container_of(pos, struct pool, in_all);

		pool->n_told = 0;
		list_for_each(each, &pool->elements)
			container_of(each, struct element, in_pool)->seen =
				false;
	}
}

/* What listened when we did not hear that it does no more. */
static void forget_unseen(struct agent *agent)
{
	struct list *pos, *next, *each, *next_each;

	list_for_each_safe(pos, next, &agent->pools) {
		struct pool *pool = container_of(pos, struct pool, in_all);
		bool was_last = false;

		for (each = pool->elements.next;
		     !was_last && each != &pool->elements; each = next_each) {
			struct element *element;

			element = container_of(each, struct element, in_pool);
			next_each = each->next;
			/* The last one may take its pool along. */
			was_last = next_each == &pool->elements;
			if (!element->seen && !element->service)
				registration_end(element);
		}
	}
}

static void tell_all(struct agent *agent)
{
	struct list *pos;

	list_for_each(pos, &agent->pools) {
		struct pool *pool = container_of(pos, struct pool, in_all);

		kernel_tell(pool);
		if (!pool->subscribed)
			resolution_begin(pool);
	}
}

/*
 * The kernel keeps what it has until a registrar has said what there is: no pool
 * that was known is unknown meanwhile.
 */
static int begin(struct feeder *feeder)
{
	struct agent *agent = agent_of(feeder);
	int err;

	mark_unseen(agent);
	err = feeder_dump(feeder, RSERPOOL_CMD_ELEMENT_GET);
	if (!err)
		err = feeder_dump(feeder, RSERPOOL_CMD_REGISTER_GET);
	if (err)
		return err;
	forget_unseen(agent);
	tell_all(agent);
	return feeder->open ? feeder_dump(feeder, RSERPOOL_CMD_RESOLVE_GET) : 0;
}

static void lost(struct feeder *feeder)
{
	(void)feeder;
}

const struct feeder_ops kernel_ops = {
	.begin = begin,
	.take = take,
	.lost = lost,
};

static int note_session(const struct nlmsghdr *nlh, void *data)
{
	struct agent *agent = data;
	struct rsp_octets handle;
	const struct nlattr *attr;
	struct pool *pool;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != RSERPOOL_A_SESSION_HANDLE)
			continue;
		handle.data = mnl_attr_get_payload(attr);
		handle.len = mnl_attr_get_payload_len(attr);
		pool = pool_find(agent, &handle);
		if (pool)
			pool->used = now_of(agent);
	}
	return 0;
}

/**
 * kernel_look_for_sessions() - note which pools are used
 * @agent: the agent
 */
void kernel_look_for_sessions(struct agent *agent)
{
	u8 buf[256] __attribute__((aligned(8)));
	struct nl_client *commands = &agent->feeder.commands;

	if (!agent->feeder.open ||
	    (agent->sessions_seen &&
	     now_of(agent) - agent->sessions_seen < LOOK_AGAIN_MS))
		return;
	agent->sessions_seen = now_of(agent);
	nl_dump(commands,
		nl_request(commands, buf, RSERPOOL_CMD_SESSION_GET, 0),
		note_session, agent);
}
