/* SPDX-License-Identifier: GPL-2.0 */
/* What the works of the bench's client share. */
#ifndef _BENCH_CLIENT_H
#define _BENCH_CLIENT_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "bench.h"

#define ROUND_TRIPS	2000
#define BULK_OCTETS	(64 << 20)
#define PARALLEL	1000
#define MESSAGES	20000

struct side {
	const char *name;
	const char *handle;	/* NULL: plain TCP */
	bool ktls;		/* it sets up kTLS, by GnuTLS */
	struct sockaddr_storage addr;
	socklen_t addr_len;
	int first_port;		/* of servers that this program starts */
	int fd;			/* the works that keep their session */
	int *fds, epoll;	/* parallel, session */
	pid_t *servers;		/* failover */
	int serving;		/* which of them */
};

struct work {
	const char *name;
	void (*start)(struct side *side);
	void (*once)(struct side *side, int pair);
};

extern char buffer[CALL_SIZE];
extern const struct work framed_works[];
extern const int n_framed_works;
extern const struct work secure_works[];
extern const int n_secure_works;

double now(void);
void sample(const char *suffix, int pair, const struct side *side,
	    double value);
void connect_session(const struct side *side, int fd);
void receive_all(int fd, size_t len);
void send_all(int fd, const void *octets, size_t len);
void ask(int fd, enum operation operation, size_t octets);
void start_nothing(struct side *side);
void watch_sessions(struct side *side);
void work_parallel(struct side *side, int pair);

#endif /* _BENCH_CLIENT_H */
