/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration file. */
#ifndef _ENRPD_CONFIG_H
#define _ENRPD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/text.h"

/**
 * struct config - what the file says; the settings' names are those here, with
 * dashes
 * @server_id: 0: a random one
 * @secure: the scope is secure: TLS wherever something is registered
 * @log_debug: more is logged
 * @asap_listen: where elements and users connect
 * @plain_listen: of a secure scope: where nothing can be registered
 * @plain_resolution: whether handles are resolved there
 * @authorization: the file that says who may register what
 * @certificate: of this registrar, for who has no PSK
 * @private_key: its key
 * @ca: who vouches for elements with certificates
 * @enrp_listen: where peers connect
 * @peers: the file that says who they are
 * @announce: multicast groups that are told where this registrar is
 * @announce_interface: by which interface; NULL: as the routes say
 * @control: the socket where an operator asks
 * @metrics: where metrics are to be had; NULL: nowhere
 * @connections_max: at once
 * @subscriptions_max: a connection
 * @answer_elements: elements in an answer, at most
 * @pools_max: in the handlespace
 * @elements_max: in the handlespace
 * @queue_max: octets that wait for a connection
 * @handshake_timeout: milliseconds
 * @dead_timeout: milliseconds until a silent host is taken for dead
 * @keep_alive_interval: milliseconds between two keep-alives, +-50 %
 * @keep_alive_timeout: milliseconds that an answer may take
 * @keep_alive_rate: keep-alives a second at most
 * @keep_alive_min: milliseconds between two that are sent to an element, at least
 * @bad_pe_reports: MAX-BAD-PE-REPORT
 * @report_rate: reports a second of one connection
 * @report_burst: of them at once
 * @update_interval: milliseconds between two updates to subscribers
 * @feed: this host's kernel is given the handlespace
 * @start_grace: milliseconds that elements have to come again after a start or a
 *	takeover
 * @peers_max: how many peers there may be
 * @heartbeat_cycle: PEER-HEARTBEAT-CYCLE, milliseconds
 * @max_time_last_heard: MAX-TIME-LAST-HEARD, milliseconds
 * @max_time_no_response: MAX-TIME-NO-RESPONSE, milliseconds
 * @mentor_timeout: milliseconds that a peer is looked for at the start
 * @announce_interval: T6-Serverannounce, milliseconds
 * @announce_outdate: T7-ENRPoutdate, milliseconds
 * @announce_hops: how far announcements go
 */
struct config {
	uint32_t server_id;
	bool secure;
	bool log_debug;
	struct addresses asap_listen;
	struct addresses plain_listen;
	bool plain_resolution;
	char *authorization;
	char *certificate;
	char *private_key;
	char *ca;
	struct addresses enrp_listen;
	char *peers;
	struct addresses announce;
	char *announce_interface;
	char *control;
	char *metrics;
	uint32_t connections_max;
	uint32_t subscriptions_max;
	uint32_t answer_elements;
	uint32_t pools_max;
	uint32_t elements_max;
	uint32_t queue_max;
	uint32_t handshake_timeout;
	uint32_t dead_timeout;
	uint32_t keep_alive_interval;
	uint32_t keep_alive_timeout;
	uint32_t keep_alive_rate;
	uint32_t keep_alive_min;
	uint32_t bad_pe_reports;
	uint32_t report_rate;
	uint32_t report_burst;
	uint32_t update_interval;
	bool feed;
	uint32_t start_grace;
	uint32_t peers_max;
	uint32_t heartbeat_cycle;
	uint32_t max_time_last_heard;
	uint32_t max_time_no_response;
	uint32_t mentor_timeout;
	uint32_t announce_interval;
	uint32_t announce_outdate;
	uint32_t announce_hops;
};

int config_load(struct config *config, const char *path,
		char why[WHY_MAX]);
void config_free(struct config *config);

#endif /* _ENRPD_CONFIG_H */
