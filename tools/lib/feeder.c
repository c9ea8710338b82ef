// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feeder.h"
#include "list.h"
#include "log.h"

#define TICK_MS		500
#define EVENTS_A_TURN	256	/* then the connections have theirs */
#define CHECK_TICKS	20	/* between two looks at a kernel that is silent */

/* One line for each time that it stops working. */
static void say_why(struct feeder *feeder, const char *why)
{
	if (!feeder->said)
		log_say(LOG_WARNING,
			"the kernel is not fed: %s; it is tried again", why);
	feeder->said = true;
}

/* One feeder a scope: it would take away what another one has told. */
static int lock_scope(struct feeder *feeder)
{
	char path[64], why[128];
	struct stat ns;

	if (feeder->lock >= 0)
		return 0;
	if (stat("/proc/self/ns/net", &ns))
		return -errno;
	mkdir("/run/rserpool", 0755);
	snprintf(path, sizeof(path), "/run/rserpool/feeder-%lu",
		 (unsigned long)ns.st_ino);
	feeder->lock = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (feeder->lock < 0) {
		snprintf(why, sizeof(why), "%s: %s", path, strerror(errno));
		say_why(feeder, why);
		return -1;
	}
	if (!flock(feeder->lock, LOCK_EX | LOCK_NB))
		return 0;
	close(feeder->lock);
	feeder->lock = -1;
	say_why(feeder, "another program feeds this scope");
	return -1;
}

static void unlock_scope(struct feeder *feeder)
{
	if (feeder->lock >= 0)
		close(feeder->lock);
	feeder->lock = -1;
}

static void close_kernel(uv_handle_t *poll)
{
	struct feeder *feeder = container_of(poll, struct feeder, poll);

	nl_close(&feeder->events);
	nl_close(&feeder->commands);
	feeder->polling = false;
}

/* The sockets go when libuv has let them go. */
static void let_go(struct feeder *feeder)
{
	if (!feeder->open)
		return;
	feeder->open = false;
	if (feeder->polling && !uv_is_closing((uv_handle_t *)&feeder->poll))
		uv_close((uv_handle_t *)&feeder->poll, close_kernel);
	feeder->ops->lost(feeder);
}

static int take_event(const struct nlmsghdr *nlh, void *data)
{
	struct feeder *feeder = data;

	return feeder->ops->take(feeder, nlh);
}

static void on_events(uv_poll_t *poll, int status, int events)
{
	struct feeder *feeder = container_of(poll, struct feeder, poll);
	int err, i;

	(void)events;
	for (i = 0, err = 0; !err && i < EVENTS_A_TURN; i++)
		err = nl_event(&feeder->events, take_event, feeder);
	if (!feeder->open)
		return;
	/* An error of the socket, which was just read, ends the poll. */
	if (status < 0 && (!err || err == -EAGAIN || err == -ENOBUFS))
		uv_poll_start(poll, UV_READABLE, on_events);
	if (err == -EAGAIN)
		return;
	if (err == -ENOBUFS) {
		log_say(LOG_WARNING,
			"what the kernel asked for was lost: all is told anew");
		err = feeder->ops->begin(feeder);
	}
	if (err)
		feeder_doubt(feeder, strerror(-err));
}

static int open_kernel(struct feeder *feeder)
{
	int err;

	err = nl_open(&feeder->commands, RSERPOOL_FAMILY_NAME);
	if (!err)
		err = nl_open(&feeder->events, RSERPOOL_FAMILY_NAME);
	else
		memset(&feeder->events, 0, sizeof(feeder->events));
	if (!err)
		err = nl_join(&feeder->events, RSERPOOL_MCGRP_ASAP);
	if (!err)
		err = nl_do_not_wait(&feeder->events);
	if (!err)
		err = nl_do_not_wait(&feeder->commands);
	if (!err)
		err = uv_poll_init(feeder->tick.loop, &feeder->poll,
				   mnl_socket_get_fd(feeder->events.socket));
	if (!err)
		return 0;
	nl_close(&feeder->events);
	nl_close(&feeder->commands);
	return err;
}

static void start_kernel(struct feeder *feeder)
{
	const char *why;
	int err;

	if (lock_scope(feeder))
		return;
	err = open_kernel(feeder);
	if (err) {
		say_why(feeder, err == -ENOENT ?
			"it has no RSerPool: is the module loaded?" :
			strerror(-err));
		return;
	}
	feeder->polling = true;
	feeder->open = true;
	uv_poll_start(&feeder->poll, UV_READABLE, on_events);
	why = feeder_look(feeder);
	if (why) {
		feeder_doubt(feeder, why);
		/* Another one may be who should feed it. */
		unlock_scope(feeder);
		return;
	}
	err = feeder->ops->begin(feeder);
	if (err)
		feeder_doubt(feeder, *feeder->commands.error.sentence ?
			     feeder->commands.error.sentence : strerror(-err));
	else
		feeder->said = false;
}

static void on_tick(uv_timer_t *tick)
{
	struct feeder *feeder = container_of(tick, struct feeder, tick);
	const char *why = NULL;

	if (!feeder->open) {
		if (!feeder->polling)
			start_kernel(feeder);
		return;
	}
	if (++feeder->ticks % CHECK_TICKS == 0)
		why = feeder_look(feeder);
	if (why) {
		feeder_doubt(feeder, why);
		return;
	}
	if (feeder->ops->tick)
		feeder->ops->tick(feeder);
}

/**
 * feeder_doubt() - the kernel may not have what it was told
 * @feeder: the feeder; it is begun anew, soon
 * @why: a sentence
 */
void feeder_doubt(struct feeder *feeder, const char *why)
{
	say_why(feeder, *why ? why : "it does not answer");
	let_go(feeder);
}

/**
 * feeder_init() - make a feeder, which is not started
 * @feeder: zeroed
 * @ops: its owner's
 */
void feeder_init(struct feeder *feeder, const struct feeder_ops *ops)
{
	feeder->ops = ops;
	feeder->lock = -1;
}

/**
 * feeder_start() - feed the kernel, as soon as there is one
 * @feeder: not started
 * @loop: behind it
 * @secure: what it will be told of has been registered in a secure scope
 */
void feeder_start(struct feeder *feeder, uv_loop_t *loop, bool secure)
{
	feeder->secure = secure;
	uv_timer_init(loop, &feeder->tick);
	feeder->started = true;
	start_kernel(feeder);
	uv_timer_start(&feeder->tick, on_tick, TICK_MS, TICK_MS);
}

/**
 * feeder_stop() - feed the kernel no more; it keeps what it has
 * @feeder: it may not be started
 */
void feeder_stop(struct feeder *feeder)
{
	if (!feeder->started)
		return;
	let_go(feeder);
	feeder->started = false;
	uv_close((uv_handle_t *)&feeder->tick, NULL);
	unlock_scope(feeder);
}
