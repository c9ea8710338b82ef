// SPDX-License-Identifier: GPL-2.0
/* When a service becomes an element, and when it is none any more. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../lib/log.h"
#include "agent.h"

static struct rsp_octets handle_of_service(const struct service *service)
{
	const struct handle *handle = &service->config->handle;

	return (struct rsp_octets){ handle->octets, handle->len };
}

static void say(enum log_level level, const struct service *service,
		const char *what, const char *why)
{
	const struct handle *handle = &service->config->handle;
	char text[HANDLE_TEXT_MAX];

	format_handle(handle->octets, handle->len, text);
	log_say(level, "pool %s id 0x%x: the service %s%s", text, service->id,
		what, why);
}

/* As of a socket that listens at all addresses: those of global scope. */
static bool is_global(const struct ifaddrs *each)
{
	const struct sockaddr_in6 *v6 = (const void *)each->ifa_addr;
	const struct sockaddr_in *v4 = (const void *)each->ifa_addr;

	if (!each->ifa_addr || !(each->ifa_flags & IFF_UP) ||
	    each->ifa_flags & IFF_LOOPBACK)
		return false;
	if (each->ifa_addr->sa_family == AF_INET)
		return (ntohl(v4->sin_addr.s_addr) & 0xffff0000) != 0xa9fe0000;
	return each->ifa_addr->sa_family == AF_INET6 &&
	       !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
}

/**
 * service_addresses() - where a service is
 * @config: the service
 * @at: filled, in order of preference
 * @room: transports that fit there
 *
 * Return: how many.
 */
unsigned int service_addresses(const struct service_config *config,
			       struct transport *at, unsigned int room)
{
	struct ifaddrs *all, *each;
	unsigned int n;

	for (n = 0; n < config->addresses.n && n < room; n++)
		at[n] = config->addresses.at[n];
	if (n || getifaddrs(&all))
		return n;
	for (each = all; each && n < room; each = each->ifa_next) {
		const struct sockaddr_in6 *v6 = (const void *)each->ifa_addr;
		const struct sockaddr_in *v4 = (const void *)each->ifa_addr;

		if (!is_global(each))
			continue;
		memset(&at[n], 0, sizeof(at[n]));
		at[n].family = each->ifa_addr->sa_family;
		at[n].port = (uint16_t)config->port;
		if (at[n].family == AF_INET)
			at[n].v4 = v4->sin_addr;
		else
			at[n].v6 = v6->sin6_addr;
		n++;
	}
	freeifaddrs(all);
	return n;
}

static void put_addresses(struct element *element,
			  const struct service_config *config)
{
	struct rsp_tlv_transport tcp = { .type = RSP_TLV_TCP_TRANSPORT };
	struct transport at[RSERPOOL_TRANSPORTS_MAX];
	struct rsp_tlv_address address;
	struct rsp_tlv_writer w;
	unsigned int i, n;
	u32 begin;

	if (config->control)
		tcp.use = RSP_TRANSPORT_USE_DATA_CONTROL;
	n = service_addresses(config, at, RSERPOOL_TRANSPORTS_MAX);
	rsp_tlv_writer_init(&w, element->transports,
			    sizeof(element->transports));
	for (i = 0; i < n; i++) {
		tcp.port = at[i].port;
		address.octets.data = (u8 *)&at[i].v6;
		address.octets.len = at[i].family == AF_INET ? 4 : 16;
		begin = rsp_tlv_begin_transport(&w, &tcp);
		rsp_tlv_put_address(&w, &address);
		rsp_tlv_end(&w, begin);
	}
	element->transports_len = w.len;
}

static struct element *element_of(const struct service *service)
{
	struct rsp_octets handle = handle_of_service(service);
	struct pool *pool = pool_find(service->agent, &handle);

	return pool ? element_find(pool, service->id) : NULL;
}

/* Returns false when it cannot be an element now. */
static bool join(struct service *service)
{
	const struct service_config *config = service->config;
	struct rsp_octets handle = handle_of_service(service);
	struct element *element = element_of(service);
	struct pool *pool;

	if (element && element->service != service) {
		say(LOG_WARNING, service, "has the identifier of another one",
		    "");
		return false;
	}
	if (!element) {
		pool = pool_get(service->agent, &handle);
		element = pool ? element_add(pool, service->id) : NULL;
		if (pool)
			pool_remove_if_empty(pool);
	}
	if (!element)
		return false;
	element->service = service;
	element->policy.type = config->policy;
	element->policy.value = config->value;
	element->policy.degradation = config->degradation;
	put_addresses(element, config);
	registration_begin(element);
	return true;
}

static void leave(struct service *service)
{
	struct element *element = element_of(service);

	if (element && element->service == service)
		registration_end(element);
	if (service->config->sever && service_sever(service->config))
		say(LOG_WARNING, service, "keeps its connections: ",
		    strerror(errno));
}

/**
 * service_checked() - a check has ended
 * @service: of which
 * @why: why it failed; NULL: it succeeded
 */
void service_checked(struct service *service, const char *why)
{
	const struct service_config *config = service->config;
	struct agent *agent = service->agent;

	service->checking = false;
	deadline_set(&agent->deadlines, &service->timer,
		     now_of(agent) + config->interval);
	if (service->well == !why) {
		service->seen = 0;
		return;
	}
	if (++service->seen < (why ? config->fall : config->rise))
		return;
	service->seen = 0;
	if (why) {
		say(LOG_WARNING, service, "is ill: ", why);
		service->well = false;
		leave(service);
	} else if (join(service)) {
		say(LOG_INFO, service, "is well", "");
		service->well = true;
	}
}

static void on_timer(struct deadline *deadline)
{
	struct service *service = container_of(deadline, struct service, timer);
	struct agent *agent = service->agent;

	if (service->checking) {
		service->late = true;
		service_check_stop(service);
		return;
	}
	/* The last check's handle may have to be closed yet. */
	deadline_set(&agent->deadlines, &service->timer, now_of(agent) +
		     (service->open ? 1 : service->config->timeout));
	if (!service->open)
		service_check_start(service);
}

static int start(struct agent *agent, struct service *service,
		 const struct service_config *config)
{
	service->config = config;
	service->agent = agent;
	service->id = config->id;
	while (!service->id)
		if (getrandom(&service->id, sizeof(service->id), 0) < 0)
			return -errno;
	service->timer.fire = on_timer;
	deadline_set(&agent->deadlines, &service->timer, now_of(agent));
	return 0;
}

/**
 * services_start() - check all services from now on
 * @agent: initialized
 *
 * Return: 0, or a negative errno.
 */
int services_start(struct agent *agent)
{
	const struct config *config = &agent->config;
	unsigned int i;
	int err = 0;

	if (!config->n_services)
		return 0;
	agent->services = calloc(config->n_services, sizeof(*agent->services));
	if (!agent->services)
		return -ENOMEM;
	for (i = 0; !err && i < config->n_services; i++)
		err = start(agent, &agent->services[i], &config->services[i]);
	return err;
}

/**
 * services_stop() - check nothing any more
 * @agent: its elements have gone; agent->services is the caller's when the loop has
 *	run
 */
void services_stop(struct agent *agent)
{
	unsigned int i;

	for (i = 0; agent->services && i < agent->config.n_services; i++) {
		struct service *service = &agent->services[i];

		deadline_clear(&agent->deadlines, &service->timer);
		if (service->checking)
			service_check_stop(service);
	}
}
