// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel asks for by its group "asap": pools that it does not know,
 * registration of the sockets that listen here, and its reports.
 */
#include <errno.h>
#include <linux/genetlink.h>

#include "../lib/log.h"
#include "registrar.h"

static struct registrar *owner(const struct feed *feed)
{
	return container_of(feed, struct registrar, feed);
}

/* What is nowhere yet may come; until then the kernel waits. */
static int resolve(struct feed *feed, const struct rsp_octets *handle)
{
	struct pool *pool = pool_find(&owner(feed)->hs, handle->data,
				      handle->len);
	int err;

	if (!pool && !feed_complete(feed))
		return 0;
	if (pool) {
		err = feed_tell_pool(feed, pool);
		if (err)
			return err;
	}
	return feeder_answer(&feed->feeder, RSERPOOL_CMD_RESOLVE_DONE, handle, 0,
			     pool ? 0 : -ENOENT);
}

/* The authorization file is not asked here, but by peers. */
static void warn(struct registrar *registrar, const struct rsp_octets *handle,
		 const struct rsp_tlv_element *element)
{
	char text[HANDLE_TEXT_MAX];
	const char *lacks;

	if (!registrar->config.secure || !registrar->enrp.n_peers ||
	    permission_owner(&registrar->authorization, handle, element,
			     &lacks))
		return;
	format_handle(handle->data, handle->len, text);
	log_say(LOG_WARNING | LOG_SET_OFF,
		"this host: pool %s id 0x%x: peers will not store it: the authorization file gives nobody %s",
		text, element->id, lacks);
}

static int store(struct feed *feed, const struct nlmsghdr *nlh,
		 feeder_attributes tb, const struct rsp_octets *handle)
{
	struct registrar *registrar = owner(feed);
	u8 transports[FEEDER_TRANSPORTS_SIZE];
	struct rsp_tlv_element element;
	struct element_data data = {
		.element = &element, .home = registrar->id,
	};
	const struct element *there;

	feeder_get_element(nlh, tb, &element, transports);
	element.life = RSP_LIFE_INFINITE;
	there = element_named(registrar, handle, element.id);
	if (there && !there->local && there->home->id == registrar->id)
		return -EADDRINUSE;
	if (!there)
		warn(registrar, handle, &element);
	return registration_put(registrar, NULL, handle, &data);
}

/* The kernel has seen to who may listen for which pool. */
static int register_local(struct feed *feed, const struct nlmsghdr *nlh,
			  feeder_attributes tb, const struct rsp_octets *handle)
{
	u32 id = feeder_number(tb, RSERPOOL_A_ELEMENT_ID);
	char text[HANDLE_TEXT_MAX];
	int err;

	if (feeder_number(tb, RSERPOOL_A_ELEMENT_LISTENER) ==
	    RSERPOOL_LISTENER_REFUSED)
		return 0;
	err = store(feed, nlh, tb, handle);
	if (err) {
		format_handle(handle->data, handle->len, text);
		log_say(LOG_INFO,
			"this host: registration of pool %s id 0x%x refused: %s",
			text, id, strerror(-err));
	}
	return feeder_answer(&feed->feeder, RSERPOOL_CMD_REGISTER_DONE, handle,
			     id, err);
}

static struct element *find(struct feed *feed, feeder_attributes tb,
			    const struct rsp_octets *handle)
{
	return element_named(owner(feed), handle,
			     feeder_number(tb, RSERPOOL_A_ELEMENT_ID));
}

static void deregister_local(struct feed *feed, struct element *element)
{
	if (!element || !element->local)
		return;
	owner(feed)->counters.deregistrations++;
	change_remove(owner(feed), element);
}

static void report(struct feed *feed, struct element *element)
{
	owner(feed)->counters.reports++;
	if (element)
		unreachable_report(owner(feed), element, (uintptr_t)feed);
}

/**
 * feed_asap_take() - the kernel asks
 * @feeder: open
 * @nlh: what
 *
 * Return: 0; or a negative errno when it does not hear the answer.
 */
int feed_asap_take(struct feeder *feeder, const struct nlmsghdr *nlh)
{
	struct feed *feed = container_of(feeder, struct feed, feeder);
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct rsp_octets handle;
	feeder_attributes tb;

	if (!feeder_read(nlh, tb, &handle))
		return 0;
	switch (genl->cmd) {
	case RSERPOOL_CMD_RESOLVE:
	case RSERPOOL_CMD_RESOLVE_GET:
		return resolve(feed, &handle);
	case RSERPOOL_CMD_REGISTER:
	case RSERPOOL_CMD_REGISTER_GET:
		return register_local(feed, nlh, tb, &handle);
	case RSERPOOL_CMD_DEREGISTER:
		deregister_local(feed, find(feed, tb, &handle));
		return 0;
	case RSERPOOL_CMD_UNREACHABLE:
		report(feed, find(feed, tb, &handle));
		return 0;
	default:
		return 0;
	}
}

/* What listened when nobody heard that it does no more. */
static void forget_deaf(struct feed *feed)
{
	struct registrar *registrar = owner(feed);
	struct home *home = home_find(&registrar->hs, registrar->id);
	struct list *pos, *next;
	u32 left = home ? home->n : 0;

	if (!home)
		return;
	list_for_each_safe(pos, next, &home->elements) {
		struct element *element = container_of(pos, struct element,
						       in_home);

		if (element->local && !feed_alive(feed, element))
			change_remove(registrar, element);
		/* The last one to go takes its home along. */
		if (!--left)
			break;
	}
}

/**
 * feed_asap_begin() - look at all that the kernel asks for
 * @feed: opened, or something was lost
 *
 * Return: 0, or a negative errno.
 */
int feed_asap_begin(struct feed *feed)
{
	int err;

	forget_deaf(feed);
	err = feeder_dump(&feed->feeder, RSERPOOL_CMD_REGISTER_GET);
	if (!err)
		err = feeder_dump(&feed->feeder, RSERPOOL_CMD_RESOLVE_GET);
	return err;
}

/**
 * feed_asap_ready() - answer those who waited for pools that may come
 * @feed: complete
 */
void feed_asap_ready(struct feed *feed)
{
	feeder_dump(&feed->feeder, RSERPOOL_CMD_RESOLVE_GET);
}

/**
 * feed_alive() - whether a socket listens for an element yet
 * @feed: the feed
 * @element: one of this host
 *
 * Return: false when none does; true, too, when it cannot be said.
 */
bool feed_alive(struct feed *feed, const struct element *element)
{
	struct rsp_octets handle = {
		element->pool->handle, element->pool->handle_len
	};

	return feeder_alive(&feed->feeder, &handle, element->id,
			    owner(feed)->id);
}
