// SPDX-License-Identifier: GPL-2.0
/* When a service becomes an element, and when it is none any more. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../lib/log.h"
#include "../lib/transport.h"
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
	u16 use = config->control ? RSP_TRANSPORT_USE_DATA_CONTROL :
				    RSP_TRANSPORT_USE_DATA_ONLY;
	struct transport at[RSERPOOL_TRANSPORTS_MAX];
	struct rsp_tlv_writer w;
	unsigned int i, n;

	n = service_addresses(config, at, RSERPOOL_TRANSPORTS_MAX);
	rsp_tlv_writer_init(&w, element->transports,
			    sizeof(element->transports));
	for (i = 0; i < n; i++)
		transport_put(&w, &at[i], use);
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

static int start(struct agent *agent, const struct service_config *config)
{
	struct service *service = calloc(1, sizeof(*service));

	if (!service)
		return -ENOMEM;
	service->config = config;
	service->agent = agent;
	service->id = config->id;
	while (!service->id)
		if (getrandom(&service->id, sizeof(service->id), 0) < 0) {
			free(service);
			return -errno;
		}
	list_add_tail(&service->in_all, &agent->services);
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

	for (i = 0; !err && i < config->n_services; i++)
		err = start(agent, &config->services[i]);
	return err;
}

static void stop(struct service *service)
{
	deadline_clear(&service->agent->deadlines, &service->timer);
	if (service->checking)
		service_check_stop(service);
}

/**
 * services_stop() - check nothing any more
 * @agent: its elements have gone; for services_free() when the loop has run
 */
void services_stop(struct agent *agent)
{
	struct list *pos;

	list_for_each(pos, &agent->services)
		stop(container_of(pos, struct service, in_all));
}

/**
 * services_free() - give back what is left
 * @agent: stopped, and the loop has run
 */
void services_free(struct agent *agent)
{
	struct list *pos, *next;

	list_for_each_safe(pos, next, &agent->services)
		free(container_of(pos, struct service, in_all));
}

/**
 * service_free_if_gone() - forget one that the file does not name, as soon as that
 *	can be
 * @service: it; it may be gone afterwards
 */
void service_free_if_gone(struct service *service)
{
	if (service->config || service->open || service->pid)
		return;
	list_del(&service->in_all);
	free(service);
}

static bool same_addresses(const struct addresses *a,
			   const struct addresses *b)
{
	unsigned int i;

	for (i = 0; i < a->n && i < b->n; i++)
		if (!transport_same(&a->at[i], &b->at[i]))
			return false;
	return a->n == b->n;
}

/* One without an identifier of its own is the one that is there. */
static bool is_same(const struct service_config *a,
		    const struct service_config *b)
{
	if (a->handle.len != b->handle.len || a->id != b->id ||
	    memcmp(a->handle.octets, b->handle.octets, a->handle.len))
		return false;
	return a->id || (a->port == b->port &&
			 same_addresses(&a->addresses, &b->addresses));
}

/* What a registrar is told of it. */
static bool looks_same(const struct service_config *a,
		       const struct service_config *b)
{
	return a->port == b->port && a->control == b->control &&
	       a->policy == b->policy && a->value == b->value &&
	       a->degradation == b->degradation &&
	       same_addresses(&a->addresses, &b->addresses);
}

static void change(struct service *service,
		   const struct service_config *fresh)
{
	bool other = !looks_same(service->config, fresh);

	service->config = fresh;
	service->seen = 0;
	if (other && service->well && !join(service))
		service->well = false;
}

/* Its sessions go on: it has not said that it is ill. */
static void remove_service(struct service *service)
{
	struct element *element = element_of(service);

	say(LOG_INFO, service, "is in the file no more", "");
	if (element && element->service == service) {
		element->service = NULL;
		registration_end(element);
	}
	service->config = NULL;
	stop(service);
	service_free_if_gone(service);
}

static const struct service_config *find_fresh(const struct config *config,
					       const struct service *service,
					       bool *taken)
{
	unsigned int i;

	for (i = 0; i < config->n_services; i++)
		if (!taken[i] && is_same(service->config, &config->services[i])) {
			taken[i] = true;
			return &config->services[i];
		}
	return NULL;
}

/**
 * services_reload() - check what the file says now
 * @agent: its config is the new one; what its services point to is there yet
 */
void services_reload(struct agent *agent)
{
	const struct config *config = &agent->config;
	bool *taken = calloc(config->n_services + 1, sizeof(*taken));
	const struct service_config *fresh;
	struct list *pos, *next;
	unsigned int i;

	list_for_each_safe(pos, next, &agent->services) {
		struct service *service = container_of(pos, struct service,
						       in_all);

		/* One that has gone before may have a check to end yet. */
		if (!service->config)
			continue;
		fresh = taken ? find_fresh(config, service, taken) : NULL;
		if (fresh)
			change(service, fresh);
		else
			remove_service(service);
	}
	for (i = 0; i < config->n_services; i++)
		if ((!taken || !taken[i]) && start(agent, &config->services[i]))
			log_say(LOG_ERROR, "no memory for a service");
	free(taken);
}
