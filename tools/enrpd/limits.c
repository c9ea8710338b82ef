// SPDX-License-Identifier: GPL-2.0
/* What the system lets the registrar have: descriptors, and memory. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "../lib/log.h"
#include "limits.h"

#define CGROUPS	"/sys/fs/cgroup"

/* Each connection takes a descriptor. */
static void set_descriptors(struct config *config)
{
	rlim_t others = 64 + 3 * (rlim_t)config->peers_max;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= others + config->connections_max)
		return;
	config->connections_max = limit.rlim_cur > others ?
				  (u32)(limit.rlim_cur - others) : 1;
	log_say(LOG_WARNING,
		"connections-max is %u: there may be no more descriptors than %ju",
		config->connections_max, (uintmax_t)limit.rlim_cur);
}

/* A cgroup's memory.max, in octets; RLIM_INFINITY where it has none. */
static rlim_t cgroup_max(const char *cgroup)
{
	char path[PATH_MAX], word[32] = "", *end;
	unsigned long long max;
	FILE *file;

	if (snprintf(path, sizeof(path), CGROUPS "%s/memory.max", cgroup) >=
	    (int)sizeof(path))
		return RLIM_INFINITY;
	file = fopen(path, "re");
	if (!file)
		return RLIM_INFINITY;
	if (!fgets(word, sizeof(word), file))
		word[0] = '\0';
	fclose(file);
	errno = 0;
	max = strtoull(word, &end, 10);
	return end == word || errno ? RLIM_INFINITY : max;
}

/* The least of this process's cgroup (version 2) and of those that it is in. */
static rlim_t cgroups_max(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	rlim_t least = RLIM_INFINITY, max;
	char line[PATH_MAX], *end;

	if (!file)
		return RLIM_INFINITY;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "0::/", 4))
			continue;
		line[strcspn(line, "\n")] = '\0';
		for (;;) {
			max = cgroup_max(line + 3);
			if (max < least)
				least = max;
			end = strrchr(line + 3, '/');
			if (!end)
				break;
			*end = '\0';
		}
	}
	fclose(file);
	return least;
}

/*
 * A cgroup ends who wants more, where a limit of the process's own refuses it. What is
 * not in its data, such as what the kernel keeps for its connections, has a quarter.
 */
static void set_memory(void)
{
	rlim_t max = cgroups_max();
	struct rlimit limit;

	if (max == RLIM_INFINITY || getrlimit(RLIMIT_DATA, &limit))
		return;
	max -= max / 4;
	if (limit.rlim_cur <= max)
		return;
	limit.rlim_cur = max;
	if (!setrlimit(RLIMIT_DATA, &limit))
		log_say(LOG_INFO,
			"at most %ju MiB are used: three quarters of the cgroup's memory.max",
			(uintmax_t)max >> 20);
}

void limits_set(struct config *config)
{
	set_descriptors(config);
	set_memory();
}
