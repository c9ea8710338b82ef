// SPDX-License-Identifier: GPL-2.0
/* What changes at one registrar all others are told (RFC 5353, 3.3). */
#include <errno.h>

#include "../lib/log.h"
#include "registrar.h"

#define REFUSED_SAY_MS	60000

/**
 * update_send() - tell the peers of an element that we own
 * @registrar: the registrar
 * @element: it is there, or is otherwise than it was, or goes
 * @action: enum rsp_enrp_action
 */
void update_send(struct registrar *registrar, const struct element *element,
		 u16 action)
{
	const struct pool *pool = element->pool;
	struct rsp_tlv_writer w;
	struct list *pos;
	u32 begin;
	int len;

	if (!registrar->enrp.n_peers)
		return;
	rsp_tlv_writer_init(&w, registrar->enrp.message,
			    sizeof(registrar->enrp.message));
	begin = rsp_enrp_begin(&w, RSP_ENRP_HANDLE_UPDATE, 0, registrar->id,
			       0);
	rsp_enrp_put_action(&w, action);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, pool->handle, pool->handle_len);
	element_write(&w, element);
	len = rsp_enrp_end(&w, begin);
	list_for_each(pos, &registrar->enrp.file.peers)
		if (peer_send(container_of(pos, struct peer, in_all), len))
			registrar->counters.updates_sent++;
}

/* Nobody asks it here: who owns it does. */
static void let_go(struct registrar *registrar, struct element *element)
{
	change_client(element, NULL);
	change_account(element, NULL);
	deadline_clear(&registrar->deadlines, &element->expiry);
	deadline_clear(&registrar->deadlines, &element->keep_alive);
	element->local = false;
	element->asked = false;
	element->stale = false;
	element->former = 0;
}

/* A peer may tell of as many as it likes: one line a minute is said of it. */
static void say_refused(struct peer *peer, const struct rsp_octets *handle,
			u32 id, const char *lacks, const char *why)
{
	u64 now = uv_now(peer->registrar->loop);
	char text[HANDLE_TEXT_MAX];

	if (peer->said_at && now - peer->said_at < REFUSED_SAY_MS) {
		peer->n_unsaid++;
		return;
	}
	format_handle(handle->data, handle->len, text);
	log_say(LOG_WARNING,
		"peer %s: pool %s id 0x%x is not stored: %s%s; nor %u others since the last such line",
		peer_name(peer), text, id,
		lacks ? "the authorization file gives nobody " : "",
		lacks ? lacks : why, peer->n_unsaid);
	peer->said_at = now;
	peer->n_unsaid = 0;
}

/* What it was before, if that is the peer's, it is not any more. */
static int refuse(struct peer *peer, const struct rsp_octets *handle, u32 id,
		  const char *lacks, int err)
{
	struct registrar *registrar = peer->registrar;
	struct element *element = element_named(registrar, handle, id);

	registrar->counters.updates_refused++;
	if (lacks)
		registrar->counters.updates_unauthorized++;
	audit_refused(peer, handle, id, !lacks && err != -EINVAL);
	say_refused(peer, handle, id, lacks, strerror(-err));
	if (element && element->home->id == peer->id)
		change_remove(registrar, element);
	return err;
}

static int store(struct peer *peer, const struct rsp_octets *handle,
		 const struct rsp_tlv_element *from)
{
	struct registrar *registrar = peer->registrar;
	struct element_data data = { .element = from, .home = from->home };
	struct account *account = NULL;
	const char *lacks = NULL;
	struct element *element;
	int ret;

	if (registrar->config.secure)
		account = permission_owner(&registrar->authorization, handle,
					   from, &lacks);
	if (lacks)
		return refuse(peer, handle, from->id, lacks, -EACCES);
	ret = deadlines_reserve(&registrar->deadlines,
				registrar_deadlines(registrar));
	if (!ret)
		ret = element_put(&registrar->hs, handle, &data, &element);
	if (ret < 0)
		return refuse(peer, handle, from->id, NULL, ret);
	let_go(registrar, element);
	change_account(element, account);
	change_put(registrar, element);
	return 0;
}

/*
 * It is ours, says he, who owned it before we were started anew. So it is, if it
 * comes.
 */
static void store_own(struct peer *peer, const struct rsp_octets *handle,
		      const struct rsp_tlv_element *from)
{
	struct registrar *registrar = peer->registrar;

	if (!element_named(registrar, handle, from->id) &&
	    !store(peer, handle, from))
		keep_alive_awaited(registrar,
				   element_named(registrar, handle, from->id));
}

/*
 * A table says of an element that it is the peer's, and it is ours: both were
 * right while they could not hear each other. Whom it is connected to has it; if
 * that is both, who has the smaller identifier.
 */
static bool stays_ours(const struct peer *peer, const struct element *element)
{
	const struct registrar *registrar = peer->registrar;

	return element->home->id == registrar->id &&
	       (element->local ||
		(element->client && registrar->id < peer->id));
}

/**
 * update_element() - a peer's table has an element
 * @peer: whose table
 * @handle: the pool
 * @from: the element
 */
void update_element(struct peer *peer, const struct rsp_octets *handle,
		    const struct rsp_tlv_element *from)
{
	struct registrar *registrar = peer->registrar;
	struct element *element = element_named(registrar, handle, from->id);

	if (!from->home || !from->id) {
		refuse(peer, handle, from->id, NULL, -EINVAL);
	} else if (from->home == registrar->id) {
		store_own(peer, handle, from);
	} else if (element && stays_ours(peer, element)) {
		update_send(registrar, element, RSP_ENRP_ADD_PE);
	} else if (!element || from->home == peer->id) {
		/* Of what is another's he tells only what we do not know. */
		store(peer, handle, from);
	}
}

/**
 * update_take() - a peer has registered an element, or removed it
 * @peer: it
 * @msg: its ENRP_HANDLE_UPDATE
 */
void update_take(struct peer *peer, const struct rsp_enrp_message *msg)
{
	struct registrar *registrar = peer->registrar;
	struct element *element = element_named(registrar, &msg->handle,
				       msg->element.id);

	registrar->counters.updates_received++;
	if (msg->action == RSP_ENRP_ADD_PE) {
		if (msg->element.home == peer->id && msg->element.id)
			store(peer, &msg->handle, &msg->element);
		else
			refuse(peer, &msg->handle, msg->element.id, NULL,
			       -EINVAL);
	} else if (element && element->home->id == peer->id) {
		change_remove(registrar, element);
	}
}
