/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pool for a test: servers are processes on ports of the loopback address,
 * registered with rspctl, and die, stop or fall silent when told.
 */
#ifndef _POOL_H
#define _POOL_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/rserpool.h>

#include "ktap.h"

/* What a server does with a connection. */
enum manner {
	ECHO,		/* says its id (4 octets), then echoes */
	COUNT,		/* sends 4-octet words, id << 24 | n, for ever */
	SINK,		/* reads all, says nothing */
	DEAF,		/* never reads, says nothing */
	BYE,		/* says its id, then ends the connection */
	WHOLE,		/* reads messages of message_fill(), counts them and */
			/* answers each with its id; ends with a broken one */
};

#define MESSAGE_SIZE	32768

void message_fill(char *message, uint32_t n);

/*
 * Of all WHOLE servers: messages that were whole, connections with octets that
 * were none. A last one that was cut off counts as neither.
 */
unsigned int messages_whole(void);
unsigned int messages_broken(void);

struct server {
	pid_t pid;
	uint32_t id;	/* PE identifier, and what it says */
	uint16_t port;
	int family;
	int listener;	/* descriptor, of the process */
};

/* Run a command; the test fails when it does. */
void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* As fork(), for a child that does not return from its test, and SIGKILL for it. */
pid_t process(void);
void process_kill(pid_t pid);

/* What a server does with a connection, in a process of its own. */
typedef void server_fn(int fd, uint32_t id, const void *arg);

/* A server listens when this returns; not registered yet. */
struct server server_run(uint32_t id, int family, server_fn *fn,
			 const void *arg);
struct server server_start(uint32_t id, enum manner manner, int family);
void server_kill(struct server *server);	/* SIGKILL, children too */
void server_stop(const struct server *server);	/* SIGSTOP, children too */
void server_continue(const struct server *server);
void server_cut(const struct server *server);	/* drop what comes and goes */
void server_heal(void);					/* and no more */

/* A pool with n servers, ids 1 to n, in the given manner. */
void pool_make(const char *name, const char *config, int n, enum manner manner,
	       struct server *servers);
void pool_join(const char *name, const struct server *server);

struct sockaddr_rserpool pool_address(const char *name, uint32_t pe_id,
				      socklen_t *len);

int new_socket(int flags);	/* SOCK_NONBLOCK, or none */

/* As connect(). */
int connect_to(int fd, const char *name);
int pool_connect(const char *name);

/* Wait until that process sleeps: in a call, which is all that it sleeps in. */
void wait_asleep(pid_t pid);

/* The id that an ECHO or BYE server says first. */
uint32_t read_id(int fd);
void read_all(int fd, void *buf, size_t len);
void write_all(int fd, const void *buf, size_t len);
void check_echo(int fd, const char *word);
int get_option(int fd, int option);
void set_option(int fd, int option, int value);
/* Agree to the failover that there was: its generation. */
uint32_t session_resume(int fd);
int socket_error(int fd);
struct rsp_info get_info(int fd);
/* What rspctl says of a counter of the scope. */
long counter(const char *name);

/* Wait until poll() says one of events; the test fails after ten seconds. */
short wait_for(int fd, short events);

#endif /* _POOL_H */
