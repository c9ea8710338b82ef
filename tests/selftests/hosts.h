/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hosts for a test: network namespaces, each joined to that of the test by a
 * link of its own.
 */
#ifndef _HOSTS_H
#define _HOSTS_H

#include "ktap.h"

struct host {
	int n;			/* from 1; its address is 10.77.n.2 */
	int ns;			/* its network namespace */
};

/* Each link takes its time, and holds what is on its way. */
void host_make(struct host *host, int n);

/* What the calling thread opens and runs from now on is on that host. */
void host_enter(const struct host *host);
void host_leave(void);

/* Reset every TCP connection of the calling thread's host. */
void host_reset(void);

enum cut {
	CUT_BOTH,		/* what comes and goes is dropped */
	CUT_TO,			/* only what goes to the host */
	CUT_FROM,		/* only what comes from it */
	CUT_LINK,		/* the link is down */
	CUT_ICMP,		/* the host says that it is unreachable */
	CUT_RESET,		/* the host resets what comes */
	CUTS,
};

void host_cut(const struct host *host, enum cut cut);
void host_heal(const struct host *host, enum cut cut);

/* One packet of twenty that it sends is lost; or none again. */
void host_lossy(const struct host *host, bool lossy);

#endif /* _HOSTS_H */
