// SPDX-License-Identifier: GPL-2.0
/* What an operator is shown of the channels of a daemon. */
#include "channel_show.h"
#include "kernel.h"

#define ROW(name, member, help) \
	{ name, offsetof(struct channel_counters, member), help }

static const struct counter rows[] = {
	ROW("connections-accepted", accepted, "Connections taken."),
	ROW("connections-made", connected, "Connections made."),
	ROW("connects-failed", connects_failed,
	    "Connects that failed or took too long."),
	ROW("handshakes", secured, "TLS handshakes done."),
	ROW("handshakes-failed", handshakes_failed,
	    "TLS handshakes that failed or took too long."),
	ROW("records-refused", records_refused,
	    "Connections closed for a record that the keys of the other side have not made, or that TLS does not allow there."),
	ROW("cut-off", cut_off,
	    "Connections that the other side ended inside a message, or without an end of TLS."),
	ROW("lengths-refused", malformed,
	    "Connections closed for a length that no message can have."),
	ROW("too-long", too_long,
	    "Connections closed for a message that is too long."),
	ROW("connections-refused", refused,
	    "Connections that were not taken, for lack of descriptors or memory."),
};

/**
 * channel_counters() - the counters of channels
 * @group: of whose
 *
 * Return: they.
 */
struct counters_of channel_counters(const struct channel_group *group)
{
	return (struct counters_of){ rows, ARRAY_SIZE(rows), &group->counters };
}
