// SPDX-License-Identifier: GPL-2.0
/*
 * Announcements to those who look for a registrar. They are hints: whoever
 * follows one finds out by himself who is there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../lib/log.h"
#include "../lib/transport.h"
#include "registrar.h"

/* Whose time is over is not counted any more. */
static void outdate(struct announce *announce, u64 now)
{
	u32 i = 0;

	while (i < announce->n_heard)
		if (announce->heard[i].until <= now)
			announce->heard[i] =
				announce->heard[--announce->n_heard];
		else
			i++;
}

static void heard(struct multicast *multicast, const u8 *octets, u32 len,
		  const struct sockaddr *from)
{
	struct registrar *registrar = multicast->data;
	struct announce *announce = &registrar->announce;
	u64 now = uv_now(registrar->loop);
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;
	u32 i;

	(void)from;
	if (rsp_asap_parse(&in, octets, len, &msg) ||
	    msg.type != RSP_ASAP_SERVER_ANNOUNCE ||
	    msg.server_id == registrar->id)
		return;
	registrar->counters.announcements_heard++;
	outdate(announce, now);
	for (i = 0; i < announce->n_heard; i++)
		if (announce->heard[i].id == msg.server_id)
			break;
	if (i == ANNOUNCERS_MAX)
		return;
	announce->heard[i].id = msg.server_id;
	announce->heard[i].until = now + registrar->config.announce_outdate;
	if (i == announce->n_heard)
		announce->n_heard++;
}

/* Who listens everywhere is where he sends from. */
static bool put_listeners(struct rsp_tlv_writer *w,
			  const struct registrar *registrar,
			  const struct multicast *group)
{
	const struct addresses *listen = &registrar->config.asap_listen;
	struct transport at;
	bool any = false;
	unsigned int i;

	for (i = 0; i < listen->n; i++) {
		at = listen->at[i];
		if (transport_is_wildcard(&at) &&
		    (at.family != group->group.family ||
		     !multicast_source(group, &at)))
			continue;
		at.port = listen->at[i].port;
		transport_put(w, &at, RSP_TRANSPORT_USE_DATA_ONLY);
		any = true;
	}
	return any;
}

static void send_to(struct registrar *registrar, const struct multicast *group)
{
	struct rsp_tlv_writer w;
	u32 begin;
	int len;

	rsp_tlv_writer_init(&w, registrar->answer, DATAGRAM_MAX);
	begin = rsp_asap_begin(&w, RSP_ASAP_SERVER_ANNOUNCE, 0);
	rsp_asap_put_server_id(&w, registrar->id);
	if (!put_listeners(&w, registrar, group))
		return;
	len = rsp_asap_end(&w, begin);
	if (len > 0 && !multicast_send(group, registrar->answer, (u32)len))
		registrar->counters.announcements++;
}

/* All registrars of a scope together send about one each T6-Serverannounce. */
static void on_next(struct deadline *deadline)
{
	struct registrar *registrar = container_of(deadline, struct registrar,
						   announce.next);
	struct announce *announce = &registrar->announce;
	u64 now = uv_now(registrar->loop);
	unsigned int i;

	for (i = 0; registrar->enrp.ready && i < announce->n_groups; i++)
		send_to(registrar, &announce->groups[i]);
	outdate(announce, now);
	deadline_set(&registrar->deadlines, deadline, now +
		     (u64)(announce->n_heard + 1) *
		     registrar->config.announce_interval);
}

/**
 * announce_start() - announce this registrar, where that is set
 * @registrar: the registrar, which listens
 * @why: filled on failure
 * @room: octets of @why
 *
 * Return: 0 or -1.
 */
int announce_start(struct registrar *registrar, char *why, size_t room)
{
	const struct config *config = &registrar->config;
	struct announce *announce = &registrar->announce;
	unsigned int i;

	if (!config->announce.n)
		return 0;
	announce->groups = calloc(config->announce.n,
				  sizeof(*announce->groups));
	if (!announce->groups) {
		snprintf(why, room, "no memory");
		return -1;
	}
	for (i = 0; i < config->announce.n; i++) {
		struct multicast *group = &announce->groups[i];

		group->heard = heard;
		group->data = registrar;
		announce->n_groups++;
		if (multicast_open(group, registrar->loop,
				   &config->announce.at[i],
				   config->announce_interface,
				   config->announce_hops, why, room))
			return -1;
	}
	announce->next.fire = on_next;
	on_next(&announce->next);
	return 0;
}

/**
 * announce_stop() - announce nothing any more
 * @registrar: the registrar
 */
void announce_stop(struct registrar *registrar)
{
	struct announce *announce = &registrar->announce;
	unsigned int i;

	for (i = 0; i < announce->n_groups; i++)
		multicast_close(&announce->groups[i]);
	deadline_clear(&registrar->deadlines, &announce->next);
}

/**
 * announce_fini() - give back what is left
 * @registrar: stopped, and the loop has run
 */
void announce_fini(struct registrar *registrar)
{
	free(registrar->announce.groups);
}
