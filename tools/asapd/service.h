/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Services: daemons of this host that know nothing of pools, and are elements as
 * long as a check finds them well.
 */
#ifndef _ASAPD_SERVICE_H
#define _ASAPD_SERVICE_H

#include <sys/types.h>
#include <uv.h>

#include "../lib/deadline.h"
#include "../lib/list.h"
#include "../lib/text.h"

struct agent;

/**
 * struct service_config - what the file says of one; the settings' names are those
 * here, with dashes
 * @handle: of its pool
 * @id: PE identifier; 0: a random one
 * @port: where it listens, at the addresses of this host
 * @addresses: or where it does, in order of preference
 * @control: it speaks frames, and ASAP in them
 * @policy: the pool's
 * @value: weight, priority or load, as that has one
 * @degradation: as that has one
 * @command: is well when this ends with 0; NULL
 * @unit: is well when this unit of systemd is active; NULL
 * @interval: milliseconds between two checks
 * @timeout: milliseconds that one may take
 * @rise: so many that succeed make it well
 * @fall: so many that fail make it ill
 * @sever: its connections end when it is ill
 */
struct service_config {
	struct handle handle;
	uint32_t id;
	uint32_t port;
	struct addresses addresses;
	bool control;
	uint32_t policy;
	uint32_t value;
	uint32_t degradation;
	char *command;
	char *unit;
	uint32_t interval;
	uint32_t timeout;
	uint32_t rise;
	uint32_t fall;
	bool sever;
};

/**
 * struct service - one, while the file has it
 * @in_all: place in struct agent, or nowhere
 * @config: what the file says; NULL: it does not name this any more
 * @agent: whose
 * @id: PE identifier
 * @well: it is an element
 * @seen: checks of the other result since it is @well, or is not
 * @timer: the next check is due, or this one has taken too long
 * @checking: a check has no result yet
 * @open: the handle of a connect is not closed yet
 * @late: it took too long
 * @pid: of a command; 0: none runs
 * @tcp: of a connect
 * @connect: the same
 */
struct service {
	struct list in_all;
	const struct service_config *config;
	struct agent *agent;
	uint32_t id;
	bool well;
	uint32_t seen;
	struct deadline timer;
	bool checking;
	bool open;
	bool late;
	pid_t pid;
	uv_tcp_t tcp;
	uv_connect_t connect;
};

/* In service.c */
int services_start(struct agent *agent);
void services_stop(struct agent *agent);
void services_free(struct agent *agent);
void services_reload(struct agent *agent);
void service_free_if_gone(struct service *service);
unsigned int service_addresses(const struct service_config *config,
			       struct transport *at, unsigned int room);

/* In service_check.c */
void service_check_start(struct service *service);
void service_check_stop(struct service *service);
void service_checks_ended(struct agent *agent);
void service_checked(struct service *service, const char *why);

/* In service_sever.c */
int service_sever(const struct service_config *config);

#endif /* _ASAPD_SERVICE_H */
