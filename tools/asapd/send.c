// SPDX-License-Identifier: GPL-2.0
/* What goes to the home registrar, as soon as there is one that reads. */
#include "agent.h"

/**
 * send_waiting() - send what waits
 * @agent: the agent
 *
 * Registrations go first. What finds no room is sent when answers have made some.
 */
void send_waiting(struct agent *agent)
{
	while (!list_empty(&agent->unsent_elements) && home_has_room(agent))
		registration_send(container_of(agent->unsent_elements.next,
					       struct element, in_unsent));
	while (!list_empty(&agent->unsent_pools) && home_has_room(agent))
		resolution_send(container_of(agent->unsent_pools.next,
					     struct pool, in_unsent));
}

/**
 * send_all_again() - there is a new home registrar
 * @agent: the agent; elements wait already
 */
void send_all_again(struct agent *agent)
{
	struct list *pos;

	list_for_each(pos, &agent->pools) {
		struct pool *pool = container_of(pos, struct pool, in_all);

		pool->pending = true;
		list_del(&pool->in_unsent);
		list_add_tail(&pool->in_unsent, &agent->unsent_pools);
	}
	send_waiting(agent);
}

/**
 * send_report() - tell that an element is unreachable (RFC 5352, 3.5)
 * @agent: the agent
 * @handle: of its pool
 * @id: PE identifier
 *
 * It is told once, or not at all: RFC 5355, 2.13.
 */
void send_report(struct agent *agent, const struct rsp_octets *handle, u32 id)
{
	const struct config *config = &agent->config;
	struct rsp_tlv_writer w;
	u32 begin;

	if (!home_is_there(agent) ||
	    !bucket_take(&agent->reports, now_of(agent), config->report_rate,
			 config->report_burst)) {
		agent->counters.reports_dropped++;
		return;
	}
	agent->counters.reports++;
	rsp_tlv_writer_init(&w, agent->message, sizeof(agent->message));
	begin = rsp_asap_begin(&w, RSP_ASAP_ENDPOINT_UNREACHABLE, 0);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, handle->data, handle->len);
	rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, id);
	home_send(agent, &w, rsp_asap_end(&w, begin));
}
