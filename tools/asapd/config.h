/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration file. */
#ifndef _ASAPD_CONFIG_H
#define _ASAPD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/settings.h"
#include "../lib/text.h"
#include "../lib/tls.h"
#include "service.h"

/**
 * struct server - a registrar of the list
 * @address: where it is
 * @name: what its certificate must be for; NULL where a key says who it is
 */
struct server {
	struct transport address;
	char *name;
};

/**
 * struct config - what the file says; the settings' names are those here, with
 * dashes
 * @secure: the scope is secure: TLS with every registrar
 * @log_debug: more is logged
 * @registrars: they, in the order in which they are tried
 * @n_registrars: how many
 * @identity: what this host calls itself, and shows @key for; NULL: it has none
 * @key: its key
 * @ca: who vouches for registrars with certificates
 * @certificate: of this host
 * @private_key: its key
 * @services: daemons that know nothing of pools
 * @n_services: how many
 * @announced: multicast groups that are heard for more of them
 * @announced_interface: by which interface; NULL: as the routes say
 * @announced_name: what the certificate of one that is found so must be for
 * @control: the socket where an operator asks
 * @metrics: where metrics are to be had; NULL: nowhere
 * @request_timeout: T1-ENRPrequest, milliseconds
 * @registration_timeout: T2-registration, milliseconds
 * @deregistration_timeout: T3-deregistration, milliseconds
 * @reregistration_interval: T4-reregistration, milliseconds
 * @hunt_timeout: T5-Serverhunt, milliseconds
 * @announced_outdate: T7-ENRPoutdate, milliseconds
 * @retry_max: RETRAN.max, milliseconds
 * @registration_attempts: MAX-REG-ATTEMPT
 * @request_attempts: MAX-REQUEST-RETRANSMIT
 * @registration_life: milliseconds that a registration lasts
 * @stale_timeout: stale_cache_value, milliseconds
 * @cache_lifetime: milliseconds that a pool is kept which nobody uses
 * @pools_max: that are kept
 * @report_rate: reports a second
 * @report_burst: of them at once
 * @keep_alive_rate: keep-alives that are answered a second
 * @queue_max: octets that wait for a registrar
 * @handshake_timeout: milliseconds
 * @dead_timeout: milliseconds until a silent host is taken for dead
 */
struct config {
	bool secure;
	bool log_debug;
	struct server *registrars;
	unsigned int n_registrars;
	char *identity;
	struct tls_key key;
	char *ca;
	char *certificate;
	char *private_key;
	struct service_config *services;
	unsigned int n_services;
	struct addresses announced;
	char *announced_interface;
	char *announced_name;
	char *control;
	char *metrics;
	uint32_t request_timeout;
	uint32_t registration_timeout;
	uint32_t deregistration_timeout;
	uint32_t reregistration_interval;
	uint32_t hunt_timeout;
	uint32_t announced_outdate;
	uint32_t retry_max;
	uint32_t registration_attempts;
	uint32_t request_attempts;
	uint32_t registration_life;
	uint32_t stale_timeout;
	uint32_t cache_lifetime;
	uint32_t pools_max;
	uint32_t report_rate;
	uint32_t report_burst;
	uint32_t keep_alive_rate;
	uint32_t queue_max;
	uint32_t handshake_timeout;
	uint32_t dead_timeout;
};

int config_load(struct config *config, const char *path, char why[WHY_MAX]);
void config_free(struct config *config);

/* In config_service.c */
int config_services_read(struct config *config, const config_setting_t *at,
			 char *why);
void config_services_free(struct config *config);

#endif /* _ASAPD_CONFIG_H */
