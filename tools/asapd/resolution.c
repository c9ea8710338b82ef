// SPDX-License-Identifier: GPL-2.0
/*
 * Handle resolution (RFC 5352, 3.3), and the cache: what was resolved is kept up
 * to date as long as somebody uses it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "agent.h"

/* However often the registrar tells of it. */
static void look_again(struct pool *pool)
{
	struct agent *agent = pool->agent;

	if (pool->stale.place)
		return;
	deadline_set(&agent->deadlines, &pool->stale,
		     now_of(agent) + agent->config.stale_timeout);
}

/**
 * resolution_begin() - ask the home registrar for a pool
 * @pool: it
 */
void resolution_begin(struct pool *pool)
{
	struct agent *agent = pool->agent;

	if (pool->pending)
		return;
	pool->pending = true;
	list_add_tail(&pool->in_unsent, &agent->unsent_pools);
	send_waiting(agent);
}

/**
 * resolution_send() - send a resolution that waits
 * @pool: it; there is a home registrar, and may be none afterwards
 */
void resolution_send(struct pool *pool)
{
	struct agent *agent = pool->agent;
	struct rsp_tlv_writer w;
	u32 begin;

	list_del(&pool->in_unsent);
	agent->counters.resolutions++;
	deadline_set(&agent->deadlines, &pool->request,
		     now_of(agent) + agent->config.request_timeout);
	rsp_tlv_writer_init(&w, agent->message, sizeof(agent->message));
	begin = rsp_asap_begin(&w, RSP_ASAP_HANDLE_RESOLUTION,
			       RSP_ASAP_FLAG_SUBSCRIBE);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, pool->handle, pool->handle_len);
	home_send(agent, &w, rsp_asap_end(&w, begin));
}

/**
 * resolution_timeout() - T1: a resolution is not answered (RFC 5352, 3.7.2)
 * @deadline: of its pool
 */
void resolution_timeout(struct deadline *deadline)
{
	struct pool *pool = container_of(deadline, struct pool, request);
	struct agent *agent = pool->agent;

	agent->counters.timeouts++;
	if (++pool->attempts >= agent->config.request_attempts) {
		pool->pending = false;
		pool->attempts = 0;
		kernel_answer(pool, -ETIMEDOUT);
		pool_remove_if_empty(pool);
	}
	home_leave(agent, "it does not answer a resolution");
}

static bool keep_answer(struct pool *pool, const void *data, u32 len)
{
	u8 *answer = realloc(pool->answer, len);

	if (!answer)
		return false;
	memcpy(answer, data, len);
	pool->answer = answer;
	pool->answer_len = len;
	return true;
}

static void forget(struct pool *pool)
{
	free(pool->answer);
	pool->answer = NULL;
	kernel_forget(pool);
}

static int errno_of(u16 cause)
{
	switch (cause) {
	case RSP_CAUSE_UNKNOWN_HANDLE:
		return -ENOENT;
	case RSP_CAUSE_SECURITY:
		return -EACCES;
	case RSP_CAUSE_LACK_OF_RESOURCES:
		return -ENOBUFS;
	default:
		return -EPROTO;
	}
}

static void refused(struct pool *pool, u16 cause)
{
	char handle[HANDLE_TEXT_MAX];

	if (cause == RSP_CAUSE_UNKNOWN_HANDLE) {
		pool->agent->counters.unknown_handles++;
		forget(pool);
	} else {
		format_handle(pool->handle, pool->handle_len, handle);
		log_say(LOG_WARNING,
			"pool %s: the registrar does not resolve it, cause 0x%x",
			handle, cause);
	}
	kernel_answer(pool, errno_of(cause));
	look_again(pool);
	pool_remove_if_empty(pool);
}

/**
 * resolution_answered() - the home registrar tells of a pool
 * @agent: the agent
 * @msg: what
 * @data: the same, as it came
 * @len: octets of it
 *
 * It tells unasked of a pool that it was asked for once; we may want it no more.
 */
void resolution_answered(struct agent *agent,
			 const struct rsp_asap_message *msg,
			 const void *data, u32 len)
{
	struct pool *pool = pool_find(agent, &msg->handle);
	struct rsp_tlv_list causes = msg->causes;
	struct rsp_tlv cause;

	if (!pool)
		return;
	if (list_empty(&pool->in_unsent)) {
		pool->pending = false;
		pool->attempts = 0;
		deadline_clear(&agent->deadlines, &pool->request);
	}
	pool->subscribed = msg->flags & RSP_ASAP_FLAG_ACCEPTED;
	if (rsp_tlv_next_cause(&causes, &cause)) {
		refused(pool, cause.type);
		return;
	}
	agent->counters.resolved++;
	if (keep_answer(pool, data, len))
		kernel_tell(pool);
	kernel_answer(pool, 0);
	look_again(pool);
}

/**
 * resolution_stale() - whether a pool is wanted yet, and is as it was
 * @deadline: of the pool
 */
void resolution_stale(struct deadline *deadline)
{
	struct pool *pool = container_of(deadline, struct pool, stale);
	struct agent *agent = pool->agent;

	if (list_empty(&pool->elements) &&
	    now_of(agent) - pool->used >= agent->config.cache_lifetime)
		kernel_look_for_sessions(agent);
	if (list_empty(&pool->elements) &&
	    now_of(agent) - pool->used >= agent->config.cache_lifetime) {
		forget(pool);
		pool_remove(pool);
		return;
	}
	look_again(pool);
	/* Its elements live in the kernel as long as we say so. */
	kernel_tell(pool);
	if (!pool->subscribed)
		resolution_begin(pool);
}
