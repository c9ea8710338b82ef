// SPDX-License-Identifier: GPL-2.0
/*
 * Who takes over what a registrar owned that has gone (RFC 5353, 3.5): who has all
 * others agree, and of two at once who has the larger identifier.
 */
#include <stdlib.h>

#include "../lib/log.h"
#include "registrar.h"

static struct takeover *find(const struct registrar *registrar, u32 target)
{
	struct list *pos;

	list_for_each(pos, &registrar->enrp.takeovers) {
		struct takeover *takeover = container_of(pos, struct takeover,
							 in_all);

		if (takeover->target == target)
			return takeover;
	}
	return NULL;
}

static void forget(struct takeover *takeover)
{
	deadline_clear(&takeover->registrar->deadlines, &takeover->again);
	list_del(&takeover->in_all);
	takeover->registrar->enrp.n_takeovers--;
	free(takeover);
}

static void tell(struct peer *peer, u8 type, u32 target)
{
	struct registrar *registrar = peer->registrar;
	struct rsp_tlv_writer w;
	u32 begin;

	rsp_tlv_writer_init(&w, registrar->enrp.message,
			    sizeof(registrar->enrp.message));
	begin = rsp_enrp_begin(&w, type, 0, registrar->id, peer->id);
	rsp_enrp_put_target(&w, target);
	peer_send(peer, rsp_enrp_end(&w, begin));
}

/* The target, too, if it is there: it says so then. */
static void tell_all(struct registrar *registrar, u8 type, u32 target)
{
	struct list *pos;

	list_for_each(pos, &registrar->enrp.file.peers)
		tell(container_of(pos, struct peer, in_all), type, target);
}

/* Another one owns all of what @from owned; if that is us, they may come here. */
static void move_all(struct registrar *registrar, u32 from, u32 to)
{
	struct home *home = home_find(&registrar->hs, from);
	struct element *element, *next;
	u32 left;

	if (!home)
		return;
	home_for_each_safe(element, next, left, home) {
		if (element_move(&registrar->hs, element, to))
			return;
		element->former = 0;
		deadline_clear(&registrar->deadlines, &element->keep_alive);
		if (to == registrar->id) {
			element->former = from;
			keep_alive_awaited(registrar, element);
		}
		feed_put(&registrar->feed, element);
	}
}

static void finish(struct takeover *takeover)
{
	struct registrar *registrar = takeover->registrar;
	u32 target = takeover->target;
	struct home *home = home_find(&registrar->hs, target);

	log_say(LOG_WARNING, "taken over: %u elements of registrar 0x%08x",
		home ? home->n : 0, target);
	registrar->counters.takeovers++;
	forget(takeover);
	tell_all(registrar, RSP_ENRP_TAKEOVER_SERVER, target);
	move_all(registrar, target, registrar->id);
}

static void agreed(struct takeover *takeover, u32 id)
{
	u32 i;

	for (i = 0; i < takeover->n && takeover->waiting[i] != id; i++)
		;
	if (i < takeover->n)
		takeover->waiting[i] = takeover->waiting[--takeover->n];
	if (!takeover->n)
		finish(takeover);
}

/* Who has gone meanwhile is not waited for. */
static void ask_again(struct deadline *deadline)
{
	struct takeover *takeover = container_of(deadline, struct takeover,
						 again);
	struct registrar *registrar = takeover->registrar;
	u32 i = 0;

	deadline_set(&registrar->deadlines, deadline,
		     uv_now(registrar->loop) +
		     registrar->config.max_time_no_response);
	while (i < takeover->n) {
		struct peer *peer = peer_of_id(registrar,
					       takeover->waiting[i]);

		if (peer && peer->state != PEER_DOWN) {
			tell(peer, RSP_ENRP_INIT_TAKEOVER, takeover->target);
			i++;
		} else {
			takeover->waiting[i] =
				takeover->waiting[--takeover->n];
		}
	}
	if (!takeover->n)
		finish(takeover);
}

/**
 * takeover_begin() - a registrar has gone: take over what it owned
 * @registrar: the registrar
 * @target: the one that has gone
 */
void takeover_begin(struct registrar *registrar, u32 target)
{
	struct enrp *enrp = &registrar->enrp;
	struct takeover *takeover;
	struct list *pos;

	if (!home_find(&registrar->hs, target) || find(registrar, target))
		return;
	takeover = calloc(1, sizeof(*takeover) +
			     enrp->n_peers * sizeof(takeover->waiting[0]));
	if (!takeover)
		return;
	takeover->registrar = registrar;
	takeover->target = target;
	takeover->again.fire = ask_again;
	list_add_tail(&takeover->in_all, &enrp->takeovers);
	enrp->n_takeovers++;
	if (deadlines_reserve(&registrar->deadlines,
			      registrar_deadlines(registrar))) {
		forget(takeover);
		return;
	}
	list_for_each(pos, &enrp->file.peers) {
		struct peer *peer = container_of(pos, struct peer, in_all);

		if (peer->state != PEER_DOWN && peer->id != target)
			takeover->waiting[takeover->n++] = peer->id;
	}
	tell_all(registrar, RSP_ENRP_INIT_TAKEOVER, target);
	deadline_set(&registrar->deadlines, &takeover->again,
		     uv_now(registrar->loop) +
		     registrar->config.max_time_no_response);
	if (!takeover->n)
		finish(takeover);
}

/**
 * takeover_abort() - a registrar is there after all
 * @registrar: the registrar
 * @target: the one that was to be taken over
 */
void takeover_abort(struct registrar *registrar, u32 target)
{
	struct takeover *takeover = find(registrar, target);

	if (takeover)
		forget(takeover);
}

/**
 * takeover_asked() - a peer wants to take over from a registrar
 * @peer: it; its connections may be gone afterwards
 * @target: from whom
 */
void takeover_asked(struct peer *peer, u32 target)
{
	struct registrar *registrar = peer->registrar;
	struct peer *gone = peer_of_id(registrar, target);

	if (target == registrar->id) {
		presence_all(registrar);
		return;
	}
	if (find(registrar, target) && registrar->id > peer->id)
		return;
	takeover_abort(registrar, target);
	if (gone && gone != peer) {
		peer_down(gone);
		deadline_clear(&registrar->deadlines, &gone->watch);
	}
	tell(peer, RSP_ENRP_INIT_TAKEOVER_ACK, target);
}

/**
 * takeover_agreed() - a peer lets us take over
 * @peer: it
 * @target: from whom
 */
void takeover_agreed(struct peer *peer, u32 target)
{
	struct takeover *takeover = find(peer->registrar, target);

	if (takeover)
		agreed(takeover, peer->id);
}

/**
 * takeover_done() - a peer has taken over from a registrar
 * @peer: it; its connections may be gone afterwards
 * @target: from whom
 */
void takeover_done(struct peer *peer, u32 target)
{
	struct registrar *registrar = peer->registrar;

	/* What it took from us it gives back when it hears us. */
	if (target == registrar->id) {
		presence_all(registrar);
		return;
	}
	takeover_abort(registrar, target);
	move_all(registrar, target, peer->id);
}

/**
 * takeover_orphans() - look for elements whose registrar is not there
 * @registrar: the registrar
 *
 * Who was to take over may have gone himself, and of some we know by others only.
 */
void takeover_orphans(struct registrar *registrar)
{
	u64 now = uv_now(registrar->loop);
	struct list *pos, *next;

	if (!registrar->enrp.ready)
		return;
	list_for_each_safe(pos, next, &registrar->hs.homes) {
		struct home *home = container_of(pos, struct home, in_all);
		struct peer *peer = peer_of_id(registrar, home->id);

		if (home->id == registrar->id ||
		    (peer && peer->state != PEER_DOWN)) {
			home->orphan_since = 0;
		} else if (!home->orphan_since) {
			home->orphan_since = now;
		} else if (now - home->orphan_since >
			   registrar->config.max_time_last_heard) {
			home->orphan_since = now;
			takeover_begin(registrar, home->id);
			/* Homes may have come and gone. */
			return;
		}
	}
}

/**
 * takeover_return() - a registrar is there again: it owns what it owned
 * @registrar: the registrar
 * @id: the one that is there again
 *
 * But for what has come to us meanwhile. What it does not have it does not name
 * when it is asked.
 */
void takeover_return(struct registrar *registrar, u32 id)
{
	struct home *home = home_find(&registrar->hs, registrar->id);
	struct element *element, *next;
	u32 left;

	if (!home)
		return;
	home_for_each_safe(element, next, left, home) {
		if (element->former != id || element->client || element->local)
			continue;
		if (element_move(&registrar->hs, element, id))
			return;
		element->former = 0;
		element->asked = false;
		deadline_clear(&registrar->deadlines, &element->expiry);
		deadline_clear(&registrar->deadlines, &element->keep_alive);
		feed_put(&registrar->feed, element);
	}
}
