// SPDX-License-Identifier: GPL-2.0
/* What the kernel is told: the elements of a pool, and what became of a request. */
#include <errno.h>
#include <stdlib.h>

#include "../lib/log.h"
#include "agent.h"

static u8 buf[NL_REQUEST_MAX] __attribute__((aligned(8)));

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* Whether the kernel can have it, and has it not from its socket. */
static bool is_told(const struct pool *pool,
		    const struct rsp_tlv_element *element)
{
	struct rsp_tlv_list user = element->user;
	struct rsp_tlv_transport transport;

	return rsp_tlv_next_transport(&user, &transport) &&
	       transport.type == RSP_TLV_TCP_TRANSPORT &&
	       !pool_has_socket(pool, element->id);
}

static int tell_one(struct pool *pool, const struct rsp_tlv_element *element)
{
	struct rsp_octets handle = handle_of(pool);
	struct agent *agent = pool->agent;
	struct nl_client *commands = &agent->feeder.commands;
	char text[HANDLE_TEXT_MAX];
	struct nlmsghdr *nlh;
	int err;

	nlh = nl_request(commands, buf, RSERPOOL_CMD_ELEMENT_NEW, 0);
	feeder_put_element(nlh, &handle, element, agent->config.cache_lifetime);
	err = nl_talk(commands, nlh, NULL, NULL);
	if (!feeder_is_refusal(err))
		return err;
	agent->counters.unfed++;
	format_handle(pool->handle, pool->handle_len, text);
	log_say(LOG_WARNING, "pool %s id 0x%x: the kernel refuses it: %s", text,
		element->id, commands->error.sentence);
	return 0;
}

/* Of elements that were told at once one was refused, and so all. */
static int tell_each(struct pool *pool, struct rsp_tlv_list list,
		     const u8 *end)
{
	struct rsp_tlv_element element;
	int err = 0;

	while (!err && list.pos != end && rsp_tlv_next_element(&list, &element))
		if (is_told(pool, &element))
			err = tell_one(pool, &element);
	return err;
}

/* Tells from @list what fits in a message. */
static int tell_batch(struct pool *pool, struct rsp_tlv_list *list)
{
	struct rsp_octets handle = handle_of(pool);
	struct agent *agent = pool->agent;
	struct rsp_tlv_list from = *list;
	struct rsp_tlv_element element;
	struct nlmsghdr *nlh;
	u32 empty;
	int err;

	nlh = nl_request(&agent->feeder.commands, buf, RSERPOOL_CMD_ELEMENT_NEW,
			 0);
	empty = nlh->nlmsg_len;
	while (nlh->nlmsg_len < sizeof(buf) - FEEDER_ELEMENT_MAX &&
	       rsp_tlv_next_element(list, &element)) {
		if (!is_told(pool, &element))
			continue;
		feeder_put_element(nlh, &handle, &element,
				   agent->config.cache_lifetime);
		agent->counters.fed++;
	}
	err = nlh->nlmsg_len == empty ? 0 :
	      nl_talk(&agent->feeder.commands, nlh, NULL, NULL);
	return feeder_is_refusal(err) ? tell_each(pool, from, list->pos) : err;
}

static bool make_room(u32 **ids, u32 *room, u32 n)
{
	u32 *more;

	if (n <= *room)
		return true;
	more = realloc(*ids, n * sizeof(**ids));
	if (!more)
		return false;
	*ids = more;
	*room = n;
	return true;
}

/* What the kernel has of the pool, and is not in the answer any more, goes. */
static int replace(struct pool *pool, const struct rsp_asap_message *msg)
{
	struct rsp_octets handle = handle_of(pool);
	struct rsp_tlv_list list = msg->params;
	struct rsp_tlv_element element;
	u32 *ids = NULL, room = 0, n = 0, i;
	int err = 0;

	if (!make_room(&ids, &room, msg->n_elements + 1))
		return -ENOMEM;
	while (rsp_tlv_next_element(&list, &element))
		if (is_told(pool, &element))
			ids[n++] = element.id;
	qsort(ids, n, sizeof(*ids), compare);
	for (i = 0; !err && i < pool->n_told; i++)
		if (!bsearch(&pool->told[i], ids, n, sizeof(*ids), compare) &&
		    !pool_has_socket(pool, pool->told[i]))
			err = feeder_delete(&pool->agent->feeder, &handle,
					    pool->told[i]);
	free(pool->told);
	pool->told = ids;
	pool->n_told = n;
	pool->told_room = room;
	return err;
}

static int tell(struct pool *pool)
{
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;
	struct rsp_tlv_list list;
	int err = 0;

	if (rsp_asap_parse(&in, pool->answer, pool->answer_len, &msg))
		return 0;
	list = msg.params;
	while (!err && list.pos != list.end)
		err = tell_batch(pool, &list);
	return err ? err : replace(pool, &msg);
}

static void doubt_if(struct agent *agent, int err)
{
	if (err)
		feeder_doubt(&agent->feeder,
			     *agent->feeder.commands.error.sentence ?
			     agent->feeder.commands.error.sentence :
			     strerror(-err));
}

/**
 * kernel_tell() - give the kernel what is known of a pool
 * @pool: it
 *
 * New elements come before old ones go, so that none is missed.
 */
void kernel_tell(struct pool *pool)
{
	if (pool->answer && pool->agent->feeder.open)
		doubt_if(pool->agent, tell(pool));
}

/**
 * kernel_forget() - take a pool from the kernel, but for what listens here
 * @pool: it
 */
void kernel_forget(struct pool *pool)
{
	struct rsp_octets handle = handle_of(pool);
	struct feeder *feeder = &pool->agent->feeder;
	int err = 0;
	u32 i;

	for (i = 0; feeder->open && !err && i < pool->n_told; i++)
		if (!pool_has_socket(pool, pool->told[i]))
			err = feeder_delete(feeder, &handle, pool->told[i]);
	pool->n_told = 0;
	doubt_if(pool->agent, err);
}

/**
 * kernel_has() - the kernel has an element, of ours or of who was the agent before
 * @pool: its pool
 * @id: PE identifier
 *
 * Return: 0 or -ENOMEM.
 */
int kernel_has(struct pool *pool, u32 id)
{
	if (pool->n_told == pool->told_room &&
	    !make_room(&pool->told, &pool->told_room,
		       pool->told_room ? 2 * pool->told_room : 16))
		return -ENOMEM;
	pool->told[pool->n_told++] = id;
	return 0;
}

/**
 * kernel_answer() - the resolution of a pool has ended
 * @pool: it
 * @err: 0, or a negative errno
 */
void kernel_answer(struct pool *pool, int err)
{
	struct rsp_octets handle = handle_of(pool);
	struct agent *agent = pool->agent;

	if (pool->asked && agent->feeder.open)
		doubt_if(agent, feeder_answer(&agent->feeder,
					      RSERPOOL_CMD_RESOLVE_DONE,
					      &handle, 0, err));
	pool->asked = false;
}
