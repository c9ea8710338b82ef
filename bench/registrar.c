// SPDX-License-Identifier: GPL-2.0
/*
 * registrar WORK...: what elements and users have of a registrar, over 100
 * connections with TLS; and the same of a server that only answers (the echo), with
 * messages of the same sizes, in turn. A line of output is
 *
 *	sample NAME TURN ours|peer VALUE
 *
 * The works:
 *
 *	registrations COUNT AT OTHER
 *		acknowledged registrations a second of the registrar at port AT, until
 *		its peer at OTHER knows all of them
 *	resolutions COUNT AT POOLS
 *		resolutions a second of one of so many pools, at random
 *	updates COUNT AT 0
 *		milliseconds from a registration at AT until the kernel of the
 *		namespace "user", which another registrar feeds, has the element
 *	octets TURN OCTETS 0
 *		milliseconds until the echo has taken so many octets, in messages as
 *		long as they can be, each of which it answers
 *	load AT ELEMENTS POOLS
 *		no sample: registers so many elements in so many pools
 *	authorization
 *		prints a file by which a registrar grants all this
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/genetlink.h>

#include "registrar.h"

#include "../tools/lib/feeder.h"

#define EACH		40	/* requests of a user in a sample */
#define LOAD_WINDOW	20

uv_loop_t loop;
struct channel_group group;

/* A loaded registrar may keep who loads it waiting. */
const struct channel_limits limits = {
	.message_max = CHANNEL_MESSAGE_MAX, .queue_max = 1 << 20,
	.setup_ms = 600000, .linger_ms = 2000, .dead_ms = 600000,
};

static const struct turn *turn;
static u32 answered, open_users;
static struct side ours = { .name = "ours" }, peer = { .name = "peer" };
static u8 last[RSP_ASAP_LENGTH_MAX + 1];	/* answer */
static u32 last_len;

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Until something calls uv_stop(). */
void run(void)
{
	uv_run(&loop, UV_RUN_DEFAULT);
}

void give_key(struct tls_key *key)
{
	key->len = 32;
	memset(key->octets, 0x5a, key->len);
}

static void print_authorization(void)
{
	u32 i, k;

	printf("identities = (\n");
	for (i = 0; i < USERS; i++) {
		printf("%s{ name = \"user-%u\"; key = \"", i ? ",\n" : "", i);
		for (k = 0; k < 32; k++)
			printf("5a");
		printf("\"; elements = %u; updates = 1000000; updates-burst = 1000000;\n"
		       "may = ( { handle = \"*\"; ids = [ %u, %u ]; addresses = [ \"10.0.0.0/8\" ]; } ); }",
		       IDS_A_USER, i * IDS_A_USER + 1, (i + 1) * IDS_A_USER);
	}
	printf(");\n");
}

struct tls *user_tls(u32 number)
{
	struct tls_config config = { 0 };
	char name[32], why[200];
	struct tls *tls;

	snprintf(name, sizeof(name), "user-%u", number);
	config.identity = name;
	give_key(&config.key);
	tls = tls_new(&config, why, sizeof(why));
	if (!tls)
		errx(1, "TLS: %s", why);
	return tls;
}

struct channel *connect_to(u16 port, u32 user, const struct channel_ops *ops,
			   void *data)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port),
	};
	struct tls *tls = user_tls(user);
	struct channel *channel;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	channel = channel_connect(&group, tls, &limits, (void *)&to,
				  sizeof(to), ops, data);
	if (!channel)
		err(1, "connect to port %u", port);
	tls_put(tls);
	return channel;
}

static void send_request(struct channel *channel, u32 len)
{
	if (channel_send(channel, request, len))
		errx(1, "send: no room");
}

static void ask(struct user *user)
{
	send_request(user->channel,
		     turn->build(turn, user->number,
				 turn->first + user->asked++));
}

static void on_message(struct channel *channel, const uint8_t *data,
		       uint32_t len)
{
	struct user *user = channel_data(channel);

	check_answer(data, len);
	if (++answered == turn->users * turn->each) {
		memcpy(last, data, len);
		last_len = len;
		uv_stop(&loop);
	} else if (user->asked < turn->each) {
		ask(user);
	}
}

static void on_open(struct channel *channel)
{
	(void)channel;
	if (!--open_users)
		uv_stop(&loop);
}

static void on_closed(struct channel *channel, const char *why)
{
	errx(1, "%s has ended%s%s", channel_name(channel), why ? ": " : "",
	     why ? why : "");
}

static void connect_users(struct side *side, u16 port)
{
	static const struct channel_ops ops = {
		.open = on_open, .message = on_message, .closed = on_closed,
	};
	u32 i;

	open_users = USERS;
	for (i = 0; i < USERS; i++) {
		side->users[i].number = i;
		side->users[i].channel = connect_to(port, i, &ops,
						    &side->users[i]);
	}
	run();
}

/* All users have all their answers when this returns. */
static void take_turn(struct side *side, const struct turn *next)
{
	u32 i, n;

	turn = next;
	answered = 0;
	for (i = 0; i < USERS; i++)
		side->users[i].asked = 0;
	for (i = 0; i < turn->users; i++)
		for (n = 0; n < turn->window && n < turn->each; n++)
			ask(&side->users[i]);
	run();
}

static void sample(const char *name, int count, const struct side *side,
		   double value)
{
	if (count < 0)
		return;
	printf("sample %s %d %s %.6g\n", name, count, side->name,
	       value);
	fflush(stdout);
}

/* The other registrar is asked for what was registered or removed last. */
static struct channel *other;
static u32 awaited;
static bool awaited_there;

static void on_other(struct channel *channel, const uint8_t *data, uint32_t len)
{
	if (has_element(data, len, awaited) == awaited_there)
		uv_stop(&loop);
	else
		send_request(channel, build_resolution(turn, 0, turn->first));
}

static void connect_other(u16 port)
{
	static const struct channel_ops ops = {
		.open = on_open, .message = on_other, .closed = on_closed,
	};

	open_users = 1;
	other = connect_to(port, 0, &ops, NULL);
	run();
}

/*
 * One more of the first user's, when all have been answered: what a registrar
 * tells its peer comes in order.
 */
static void replicated(const struct turn *before, bool there)
{
	struct turn one = *before;

	one.users = 1;
	one.each = 1;
	one.first = before->each;
	take_turn(&ours, &one);
	awaited = element_id(0, one.first);
	awaited_there = there;
	send_request(other, build_resolution(&one, 0, one.first));
	run();
}

static void registrations(int count, u16 at, u16 other_at)
{
	static const struct turn in = {
		.build = build_registration, .users = USERS, .each = EACH,
		.window = 1, .pools = EACH * USERS / 10,
	}, out = {
		.build = build_deregistration, .users = USERS, .each = EACH,
		.window = 1, .pools = EACH * USERS / 10,
	};
	double start;
	int i;

	connect_users(&ours, at);
	connect_users(&peer, ECHO_PORT);
	connect_other(other_at);
	for (i = -1; i < count; i++) {
		start = now();
		take_turn(&ours, &in);
		if (i < 0)
			echo_answer(last, last_len);
		replicated(&in, true);
		sample("registrar-registrations", i, &ours,
		       EACH * USERS / (now() - start));
		take_turn(&ours, &out);
		replicated(&out, false);
		start = now();
		take_turn(&peer, &in);
		sample("registrar-registrations", i, &peer,
		       EACH * USERS / (now() - start));
	}
}

static void resolutions(int count, u16 at, u32 pools)
{
	const struct turn some = {
		.build = build_random_resolution, .users = USERS, .each = EACH,
		.window = 1, .pools = pools,
	};
	double start;
	int i;

	connect_users(&ours, at);
	connect_users(&peer, ECHO_PORT);
	for (i = -1; i < count; i++) {
		start = now();
		take_turn(&ours, &some);
		sample("registrar-resolutions", i, &ours,
		       EACH * USERS / (now() - start));
		if (i < 0)
			echo_answer(last, last_len);
		start = now();
		take_turn(&peer, &some);
		sample("registrar-resolutions", i, &peer,
		       EACH * USERS / (now() - start));
	}
}

/* What the kernel of the other host tells, and whether the answer has come, too. */
static struct nl_client kernel;
static bool told;

static void enter(const char *ns)
{
	int fd = open(ns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", ns);
	close(fd);
}

static int take_event(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct rsp_octets handle;
	feeder_attributes tb;

	(void)data;
	if (genl->cmd == RSERPOOL_CMD_ELEMENT_NEW_NTF &&
	    feeder_read(nlh, tb, &handle) &&
	    feeder_number(tb, RSERPOOL_A_ELEMENT_ID) == awaited)
		told = true;
	return 0;
}

static void on_events(uv_poll_t *poll, int status, int events)
{
	(void)poll;
	(void)status;
	(void)events;
	if (nl_events(&kernel, take_event, NULL) != -EAGAIN)
		errx(1, "events: %s", strerror(kernel.error.err));
	if (told)
		uv_stop(&loop);
}

static void listen_to_kernel(uv_poll_t *poll)
{
	enter("/run/netns/user");
	if (nl_open(&kernel, RSERPOOL_FAMILY_NAME) ||
	    nl_join(&kernel, RSERPOOL_MCGRP_HANDLESPACE) ||
	    nl_do_not_wait(&kernel))
		errx(1, "netlink: %s", strerror(kernel.error.err));
	enter("/run/netns/client");
	uv_poll_init(&loop, poll, mnl_socket_get_fd(kernel.socket));
	uv_poll_start(poll, UV_READABLE, on_events);
}

/* A hundred pools; an element of each user in turn. */
static void updates(int count, u16 at)
{
	struct turn one = {
		.build = build_registration, .users = 1, .each = 1, .window = 1,
		.pools = 100,
	};
	uv_poll_t poll;
	double start;
	int i;

	listen_to_kernel(&poll);
	connect_users(&ours, at);
	for (i = -1; i < count; i++) {
		one.first = (u32)i + 1;
		awaited = element_id(0, one.first);
		told = false;
		start = now();
		take_turn(&ours, &one);
		while (!told)
			run();
		sample("update-ms", i, &ours, (now() - start) * 1e3);
	}
}

static u32 build_long(const struct turn *long_turn, u32 user, u32 number)
{
	(void)long_turn;
	(void)user;
	(void)number;
	request[0] = RSP_ASAP_ENDPOINT_KEEP_ALIVE;
	request[2] = 0xff;
	request[3] = 0xfc;
	return 0xfffc;
}

static void octets(int count, u32 n)
{
	static const u8 answer[4] = {
		RSP_ASAP_DEREGISTRATION_RESPONSE, 0, 0, sizeof(answer),
	};
	const struct turn all = {
		.build = build_long, .users = 1, .each = n / 0xfffc + 1,
		.window = 1,
	};
	double start;

	echo_answer(answer, sizeof(answer));
	connect_users(&peer, ECHO_PORT);
	start = now();
	take_turn(&peer, &all);
	sample("join-ms", count, &peer, (now() - start) * 1e3);
}

static void load(u16 at, u32 elements, u32 pools)
{
	const struct turn all = {
		.build = build_registration, .users = USERS,
		.each = elements / USERS, .window = LOAD_WINDOW,
		.pools = pools,
	};

	connect_users(&ours, at);
	take_turn(&ours, &all);
}

int main(int argc, char **argv)
{
	u32 numbers[3] = { 0 };
	const char *work = argc > 1 ? argv[1] : "";
	int i;

	for (i = 2; i < argc && i < 5; i++)
		numbers[i - 2] = (u32)atoi(argv[i]);
	if (!strcmp(work, "authorization")) {
		print_authorization();
		return 0;
	}
	if (argc != 5)
		errx(1, "usage: registrar WORK NUMBER NUMBER NUMBER");
	echo_start();
	uv_loop_init(&loop);
	channel_group_init(&group, &loop);
	if (!strcmp(work, "registrations"))
		registrations((int)numbers[0], (u16)numbers[1], (u16)numbers[2]);
	else if (!strcmp(work, "resolutions"))
		resolutions((int)numbers[0], (u16)numbers[1], numbers[2]);
	else if (!strcmp(work, "updates"))
		updates((int)numbers[0], (u16)numbers[1]);
	else if (!strcmp(work, "octets"))
		octets((int)numbers[0], numbers[1]);
	else if (!strcmp(work, "load"))
		load((u16)numbers[0], numbers[1], numbers[2]);
	else
		errx(1, "no such work: %s", work);
	return 0;
}
