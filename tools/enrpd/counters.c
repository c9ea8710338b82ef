// SPDX-License-Identifier: GPL-2.0
/* The counters' names and meanings, for rspctl and for metrics. */
#include <inttypes.h>

#include "../lib/channel_show.h"
#include "registrar.h"

#define ROW(name, member, help) { name, offsetof(struct counters, member), help }

static const struct counter rows[] = {
	ROW("registrations", registrations,
	    "Registrations granted, for the first time."),
	ROW("reregistrations", reregistrations, "Registrations granted, anew."),
	ROW("deregistrations", deregistrations, "Deregistrations granted."),
	ROW("expired", expired, "Elements whose registration ended."),
	ROW("resolutions", resolutions,
	    "Resolutions answered with elements."),
	ROW("unknown-handles", unknown_handles,
	    "Resolutions of pools that there are not."),
	ROW("updates", updates, "Changes of pools told to subscribers."),
	ROW("keep-alives", keep_alives, "Keep-alives sent to elements."),
	ROW("keep-alives-delayed", keep_alives_delayed,
	    "Keep-alives that waited, for so many a second are sent at most."),
	ROW("keep-alive-acks", keep_alive_acks,
	    "Keep-alives that elements answered."),
	ROW("reports", reports,
	    "Reports that an element is unreachable, of users, this host's kernel or peers."),
	ROW("reports-forwarded", reports_forwarded,
	    "Reports handed on to the registrar that owns the element."),
	ROW("reports-dropped", reports_dropped,
	    "Reports beyond what a connection may send, or by a plain port."),
	ROW("unreachable", unreachable,
	    "Elements removed because they did not answer."),
	ROW("reported", reported,
	    "Elements removed because they did not answer, when too many had reported them."),
	ROW("malformed", malformed, "Messages discarded as malformed."),
	ROW("unexpected", unexpected,
	    "Messages that are not for a registrar, not asked for, or of a peer that is not who it says."),
	ROW("not-read", not_read,
	    "Connections closed because what they were sent was not read."),
	ROW("turned-away", turned_away,
	    "Connections turned away, for there were too many."),
	ROW("displaced", displaced,
	    "Connections that made place for another one, having shown no key yet."),
	ROW("fed", fed, "Elements given to this host's kernel."),
	ROW("unfed", unfed, "Elements that this host's kernel refused."),
	ROW("syncs", syncs, "Times that the kernel was told all."),
	ROW("updates-sent", updates_sent,
	    "Changes of elements told to peers, each peer counted."),
	ROW("updates-received", updates_received,
	    "Changes of elements that peers told."),
	ROW("updates-refused", updates_refused,
	    "Elements that peers told of, and that were not stored."),
	ROW("updates-unauthorized", updates_unauthorized,
	    "Of these, elements that the authorization file gives to nobody."),
	ROW("audits", audits,
	    "Times that all of a peer's elements were fetched anew."),
	ROW("peers-lost", peers_lost, "Times that a peer did not answer."),
	ROW("takeovers", takeovers,
	    "Times that this registrar took over what another one owned."),
	ROW("announcements", announcements,
	    "Announcements sent to multicast groups."),
	ROW("announcements-heard", announcements_heard,
	    "Announcements of other registrars."),
};

/**
 * registrar_counters() - the counters of a registrar
 * @registrar: it
 *
 * Return: they, but for refused registrations, which have causes.
 */
struct counters_of registrar_counters(const struct registrar *registrar)
{
	return (struct counters_of){
		rows, ARRAY_SIZE(rows), &registrar->counters
	};
}

static u32 n_active(const struct registrar *registrar)
{
	struct list *pos;
	u32 n = 0;

	list_for_each(pos, &registrar->enrp.file.peers)
		n += container_of(pos, struct peer, in_all)->state ==
		     PEER_ACTIVE;
	return n;
}

static void write_rejected(FILE *file, const struct registrar *registrar)
{
	size_t cause;

	fputs("# TYPE enrpd_rejected counter\n# HELP enrpd_rejected " REJECTED_HELP "\n",
	      file);
	for (cause = 0; cause < ARRAY_SIZE(registrar->counters.rejected);
	     cause++)
		fprintf(file, "enrpd_rejected_total{cause=\"0x%zx\"} %" PRIu64 "\n",
			cause, (uint64_t)registrar->counters.rejected[cause]);
}

/**
 * registrar_metrics() - write a registrar's metrics
 * @data: it
 * @file: where to
 */
void registrar_metrics(void *data, FILE *file)
{
	const struct registrar *registrar = data;
	struct counters_of counters = registrar_counters(registrar);
	const struct home *own = home_find(&registrar->hs, registrar->id);

	metrics_gauge(file, "enrpd", "ready", "It serves elements and users.",
		      registrar->enrp.ready);
	metrics_gauge(file, "enrpd", "pools", "Pools that there are.",
		      registrar->hs.n_pools);
	metrics_gauge(file, "enrpd", "elements", "Elements that there are.",
		      registrar->hs.n_elements);
	metrics_gauge(file, "enrpd", "own", "Elements that it owns.",
		      own ? own->n : 0);
	metrics_gauge(file, "enrpd", "connections",
		      "Connections of elements and users.",
		      registrar->n_clients);
	metrics_gauge(file, "enrpd", "peers", "Registrars that it knows.",
		      registrar->enrp.n_peers);
	metrics_gauge(file, "enrpd", "peers-active",
		      "Registrars that it hears.", n_active(registrar));
	metrics_gauge(file, "enrpd", "kernel-fed",
		      "This host's kernel has all elements.",
		      registrar->feed.state == FEED_STEADY);
	metrics_counters(file, "enrpd", &counters);
	write_rejected(file, registrar);
	counters = channel_counters(&registrar->channels);
	metrics_counters(file, "enrpd", &counters);
}
