// SPDX-License-Identifier: GPL-2.0
/*
 * RSP_STANDBY, and memory cannot be had: the session that is served does not
 * notice, what stands by comes a little later, and a failover goes without it.
 */
#include <arpa/inet.h>
#include <unistd.h>

#include "fail.h"
#include "framed.h"
#include "secure.h"

static void start(void)
{
	fail_prepare();
	run("rspctl pool add p fin failure failover auto");
	run("rspctl scope set avoid-min 1ms avoid-max 2ms");
}

static struct server servers[2];

static void start_plain(void)
{
	int i;

	start();
	for (i = 0; i < 2; i++) {
		servers[i] = server_start(i + 1, ECHO, AF_INET);
		pool_join("p", &servers[i]);
	}
}

/* They send business cards, in which the other one is. */
static void start_framed(void)
{
	int i;

	start();
	for (i = 0; i < 2; i++)
		echo_element("p", i + 1, SOCK_SEQPACKET);
}

static int plain(void)
{
	int fd = pool_connect("p");

	CHECK(read_id(fd) <= 2);
	return fd;
}

static int framed(void)
{
	return framed_connect("p", SOCK_SEQPACKET);
}

static int set_call(int fd)
{
	int one = 1;

	return setsockopt(fd, SOL_RSERPOOL, RSP_STANDBY, &one, sizeof(one));
}

static void wait_standby(int fd)
{
	int i;

	for (i = 0; !get_info(fd).standby_pe_id; i++) {
		CHECK(i < 5000);
		usleep(1000);
	}
}

static int plain_stood_by(void)
{
	int fd = plain();

	CHECK_EQ(set_call(fd), 0);
	wait_standby(fd);
	return fd;
}

static int framed_stood_by(void)
{
	int fd = framed();

	CHECK_EQ(set_call(fd), 0);
	wait_standby(fd);
	return fd;
}

static void check_never_left(int fd)
{
	struct rsp_info info = get_info(fd);

	CHECK_EQ(info.generation, 0);
	CHECK(info.standby_pe_id && info.standby_pe_id != info.pe_id);
	/* What this host lacked is not the element's fault. */
	CHECK_EQ(counter("ElementAvoided"), 0);
}

static void set_end(int fd, int err)
{
	CHECK_EQ(get_option(fd, RSP_STANDBY), !err);
	CHECK_EQ(set_call(fd), 0);
	wait_standby(fd);
	check_never_left(fd);
	check_echo(fd, "served");
	close(fd);
}

TEST(failslab_standby_set)
{
	const struct each each = { plain, set_call, set_end, 0 };

	start_plain();
	at_each_place(&each);
}

static int stand_by_call(int fd)
{
	CHECK_EQ(set_call(fd), 0);
	wait_standby(fd);
	return 0;
}

static void plain_end(int fd, int err)
{
	(void)err;
	check_never_left(fd);
	check_echo(fd, "served");
	close(fd);
}

TEST(failslab_worker_stands_by)
{
	const struct each each = { plain, stand_by_call, plain_end, 0 };

	start_plain();
	at_each_place_of_workers(&each);
}

static void framed_end(int fd, int err)
{
	(void)err;
	check_never_left(fd);
	check_message(fd, "served");
	close(fd);
}

/* With a card to take, and to keep. */
TEST(failslab_worker_stands_by_framed)
{
	const struct each each = { framed, stand_by_call, framed_end, 0 };

	start_framed();
	at_each_place_of_workers(&each);
}

static int force_call(int fd)
{
	uint32_t zero = 0;

	return setsockopt(fd, SOL_RSERPOOL, RSP_FORCE_FAILOVER, &zero,
			  sizeof(zero));
}

/* Another element serves; how often it failed until then, nobody hears. */
static struct rsp_info moved(int fd)
{
	struct rsp_info info;
	int i;

	for (i = 0; i < 5000; i++) {
		info = get_info(fd);
		if (info.state == RSP_SESSION_READY && info.generation)
			break;
		usleep(1000);
	}
	CHECK_EQ(info.state, RSP_SESSION_READY);
	CHECK_EQ(info.generation, 1);
	CHECK(info.pe_id != info.prev_pe_id);
	return info;
}

static void plain_forced(int fd, int err)
{
	if (err)
		CHECK_EQ(get_info(fd).generation, 0);
	else
		CHECK_EQ(read_id(fd), moved(fd).pe_id);
	check_echo(fd, "moved");
	close(fd);
}

static void framed_forced(int fd, int err)
{
	if (err)
		CHECK_EQ(get_info(fd).generation, 0);
	else
		moved(fd);
	check_message(fd, "moved");
	close(fd);
}

TEST(failslab_standby_failover)
{
	const struct each each = {
		plain_stood_by, force_call, plain_forced, 0,
	};

	start_plain();
	at_each_place(&each);
	CHECK(counter("StandbyUsed") >= 1);
}

TEST(failslab_standby_failover_framed)
{
	const struct each each = {
		framed_stood_by, force_call, framed_forced, 0,
	};

	start_framed();
	at_each_place(&each);
	CHECK(counter("StandbyUsed") >= 1);
}

static uint32_t killed;

static int kill_call(int fd)
{
	killed = get_info(fd).pe_id;
	server_kill(&servers[killed - 1]);
	moved(fd);
	return 0;
}

static void kill_end(int fd, int err)
{
	(void)err;
	run("rspctl pe del pool p id %u", killed);
	servers[killed - 1] = framed_server("p", killed, framed_echo, NULL);
	check_message(fd, "moved");
	close(fd);
}

TEST(failslab_worker_turns_to_a_standby)
{
	const struct each each = { framed_stood_by, kill_call, kill_end, 0 };
	int i;

	start();
	for (i = 0; i < 2; i++)
		servers[i] = framed_server("p", i + 1, framed_echo, NULL);
	at_each_place_of_workers(&each);
	CHECK(counter("StandbyUsed") >= 1);
}
