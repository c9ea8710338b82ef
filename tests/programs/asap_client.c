// SPDX-License-Identifier: GPL-2.0
/*
 * An element or a user that talks to a registrar: what the arguments say, one
 * after the other, each with its answer. Keep-alives are answered.
 *
 *	asap_client ADDRESS:PORT [ psk NAME KEY | x509 CA NAME ] [ again N ] COMMAND...
 *
 *	again N		all of it by so many connections, one after the other, whether
 *			they are let in or not; says how many were
 *
 *	register POOL ID ADDRESS:PORT SECONDS [ control ]
 *	deregister POOL ID
 *	resolve POOL	subscribe POOL
 *	unreachable POOL ID
 *	ack POOL ID	the answer to a keep-alive
 *	flood N COMMAND	one of these so many times, with one identifier after the
 *			other, and many at once; says how many were refused
 *	crowd N		make so many connections beside this one, which say nothing and
 *			stay; says how many were turned away
 *	mute		answer no keep-alives from now on
 *	stay		print what comes until it is killed
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/rserpool_netlink.h>

#include "../../net/rserpool/asap.h"
#include "../../tools/lib/channel.h"
#include "../../tools/lib/text.h"
#include "../../tools/lib/transport.h"

#define FLOOD_AT_ONCE	200
#define CROWD_AT_ONCE	20

static struct channel_group group;
static struct channel *channel;
static uv_loop_t loop;
static char **words;		/* what is left of the arguments */
static bool stays, mute;

/* again: the commands, connections that are left, those that were made and let in */
static char **all;
static u32 again, tried, let_in;
static struct sockaddr_in to = { .sin_family = AF_INET };
static struct tls *tls;

/* flood: the command, how often it is sent, was sent, was answered and refused */
static char **flooded;
static u32 times, nth, answered, refused;

/* crowd: connections to be made, begun, let in and turned away */
static u32 crowd_max, crowd_begun, crowd_in, crowd_away;

static u8 buf[RSP_ASAP_LENGTH_MAX + 1];

static void die(const char *what, const char *why)
{
	printf("%s: %s\n", what, why);
	exit(1);
}

static const char *word(const char *expected)
{
	if (!*words)
		die(expected, "is missing");
	return *words++;
}

static u32 number(const char *expected)
{
	u32 value;

	if (parse_u32(word(expected), &value))
		die(expected, "is no number");
	return value;
}

static u32 identifier(void)
{
	return number("identifier") + nth;
}

static void address(struct transport *transport)
{
	const char *expected = parse_transport(word("address"), transport);

	if (expected)
		die("address", expected);
}

static void begin(struct rsp_tlv_writer *w, u8 type, u8 flags)
{
	const char *pool = word("pool");

	rsp_tlv_writer_init(w, buf, sizeof(buf));
	rsp_asap_begin(w, type, flags);
	rsp_tlv_put(w, RSP_TLV_HANDLE, pool, strlen(pool));
}

static void send_built(struct rsp_tlv_writer *w)
{
	if (channel_send(channel, buf, (u32)rsp_asap_end(w, 0)))
		die("send", "no");
}

static void put_element(struct rsp_tlv_writer *w)
{
	struct rsp_tlv_policy policy = { .type = RSERPOOL_POLICY_RR };
	struct rsp_tlv_element element = { .id = identifier() };
	u16 use = RSP_TRANSPORT_USE_DATA_ONLY;
	struct transport at;
	u32 begin;

	address(&at);
	element.life = (s32)number("seconds");
	if (*words && !strcmp(*words, "control")) {
		words++;
		use = RSP_TRANSPORT_USE_DATA_CONTROL;
	}
	begin = rsp_tlv_begin_element(w, &element);
	transport_put(w, &at, use);
	rsp_tlv_put_policy(w, &policy);
	rsp_tlv_end(w, begin);
}

/* Returns whether it is answered. */
static bool say_command(const char *command)
{
	struct rsp_tlv_writer w;

	if (!strcmp(command, "register")) {
		begin(&w, RSP_ASAP_REGISTRATION, 0);
		put_element(&w);
	} else if (!strcmp(command, "deregister")) {
		begin(&w, RSP_ASAP_DEREGISTRATION, 0);
		rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, identifier());
	} else if (!strcmp(command, "unreachable")) {
		begin(&w, RSP_ASAP_ENDPOINT_UNREACHABLE, 0);
		rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, identifier());
	} else if (!strcmp(command, "ack")) {
		begin(&w, RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK, 0);
		rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, identifier());
	} else if (!strcmp(command, "resolve")) {
		begin(&w, RSP_ASAP_HANDLE_RESOLUTION, 0);
	} else if (!strcmp(command, "subscribe")) {
		begin(&w, RSP_ASAP_HANDLE_RESOLUTION, RSP_ASAP_FLAG_SUBSCRIBE);
	} else {
		die(command, "is no command");
	}
	send_built(&w);
	return strcmp(command, "unreachable") && strcmp(command, "ack");
}

/* Some more of what is sent many times; false when all are. */
static bool flood(void)
{
	while (nth < times && nth - answered < FLOOD_AT_ONCE) {
		words = flooded;
		if (!say_command(word("command")))
			answered++;
		nth++;
	}
	if (answered < times)
		return true;
	printf("flood of %u, refused %u\n", times, refused);
	times = nth = answered = refused = 0;
	return false;
}

static void go_on(void);
static void gather(void);

static void gathered(void)
{
	if (!crowd_max)
		return;
	if (crowd_in + crowd_away < crowd_max) {
		gather();
		return;
	}
	printf("crowd of %u, turned away %u\n", crowd_max, crowd_away);
	crowd_max = 0;
	go_on();
}

static void on_crowd_in(struct channel *one)
{
	(void)one;
	crowd_in++;
	gathered();
}

static void on_crowd_told(struct channel *one, const uint8_t *data, uint32_t len)
{
	(void)one;
	(void)data;
	(void)len;
}

static void on_crowd_away(struct channel *one, const char *why)
{
	(void)one;
	(void)why;
	crowd_away++;
	gathered();
}

/* Some more of a crowd. */
static void gather(void)
{
	static const struct channel_ops ops = {
		.open = on_crowd_in, .message = on_crowd_told,
		.closed = on_crowd_away,
	};

	while (crowd_begun < crowd_max &&
	       crowd_begun - crowd_in - crowd_away < CROWD_AT_ONCE) {
		if (!channel_connect(&group, tls, &channel_limits_default,
				     (void *)&to, sizeof(to), &ops, NULL))
			die("connect", strerror(errno));
		crowd_begun++;
	}
}

/* The next command, up to one that waits for an answer. */
static void go_on(void)
{
	const char *command;

	while (*words) {
		command = word("command");
		stays = !strcmp(command, "stay");
		if (stays)
			return;
		if (!strcmp(command, "mute")) {
			mute = true;
			continue;
		}
		if (!strcmp(command, "crowd")) {
			crowd_max = number("number");
			gather();
			return;
		}
		if (!strcmp(command, "flood")) {
			times = number("number");
			flooded = words;
			if (flood())
				return;
			continue;
		}
		if (say_command(command))
			return;
	}
	channel_end(channel);
}

/* Returns whether it was one of a flood. */
static bool drowned(const struct rsp_asap_message *msg)
{
	if (!times)
		return false;
	answered++;
	refused += msg->flags & RSP_ASAP_FLAG_REJECT ||
		   msg->causes.pos != msg->causes.end;
	if (!flood())
		go_on();
	return true;
}

static void say_element(const struct rsp_tlv_element *element)
{
	struct rsp_tlv_list list = element->user, addresses;
	char text[TRANSPORT_TEXT_MAX];
	struct rsp_tlv_transport tcp;
	struct transport at = { 0 };
	struct rsp_tlv_address one;

	printf(" 0x%08x", element->id);
	while (rsp_tlv_next_transport(&list, &tcp)) {
		addresses = tcp.addresses;
		if (!rsp_tlv_next_address(&addresses, &one))
			continue;
		at.family = one.octets.len == 4 ? AF_INET : AF_INET6;
		at.port = tcp.port;
		memcpy(&at.v6, one.octets.data, one.octets.len);
		format_transport(&at, text);
		printf(" %s", text);
	}
	printf(" home 0x%08x", element->home);
}

static void say(const char *what, const struct rsp_asap_message *msg)
{
	struct rsp_tlv_list list = msg->params, causes = msg->causes;
	struct rsp_tlv_element element;
	char handle[HANDLE_TEXT_MAX];
	struct rsp_tlv cause;

	format_handle(msg->handle.data, msg->handle.len, handle);
	printf("%s %s", what, handle);
	if (msg->has_pe_id)
		printf(" 0x%08x", msg->pe_id);
	while (rsp_tlv_next_element(&list, &element))
		say_element(&element);
	while (rsp_tlv_next_cause(&causes, &cause))
		printf(" cause 0x%x", cause.type);
	printf("\n");
}

static void answer_keep_alive(const struct rsp_asap_message *msg)
{
	struct rsp_tlv_writer w;

	say("keep-alive", msg);
	if (mute)
		return;
	rsp_tlv_writer_init(&w, buf, sizeof(buf));
	rsp_asap_begin(&w, RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK, 0);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, msg->handle.data, msg->handle.len);
	rsp_tlv_put_u32(&w, RSP_TLV_PE_ID, msg->pe_id);
	send_built(&w);
}

static void on_message(struct channel *from, const uint8_t *data, uint32_t len)
{
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;

	(void)from;
	if (rsp_asap_parse(&in, data, len, &msg))
		die("message", in.error.what);
	if (msg.type == RSP_ASAP_ENDPOINT_KEEP_ALIVE) {
		answer_keep_alive(&msg);
		return;
	}
	if (drowned(&msg))
		return;
	switch (msg.type) {
	case RSP_ASAP_REGISTRATION_RESPONSE:
		say(msg.flags & RSP_ASAP_FLAG_REJECT ? "refused" : "registered",
		    &msg);
		break;
	case RSP_ASAP_DEREGISTRATION_RESPONSE:
		say("deregistered", &msg);
		break;
	case RSP_ASAP_HANDLE_RESOLUTION_RESPONSE:
		say("resolved", &msg);
		break;
	default:
		printf("message 0x%x\n", msg.type);
		break;
	}
	if (!stays)
		go_on();
}

static void on_open(struct channel *from)
{
	(void)from;
	let_in++;
	go_on();
}

static void connect_once(void);

static void on_closed(struct channel *from, const char *why)
{
	(void)from;
	if (again > 1) {
		again--;
		words = all;
		times = nth = answered = refused = 0;
		connect_once();
		return;
	}
	if (again)
		printf("connections %u, let in %u\n", tried, let_in);
	else if (why)
		die("closed", why);
	channel_group_fini(&group);
}

static void connect_once(void)
{
	static const struct channel_ops ops = {
		.open = on_open, .message = on_message, .closed = on_closed,
	};

	tried++;
	channel = channel_connect(&group, tls, &channel_limits_default,
				  (void *)&to, sizeof(to), &ops, NULL);
	if (!channel)
		die("connect", strerror(errno));
}

static void read_psk(struct tls_config *config)
{
	const char *key;
	size_t i;

	config->identity = word("identity");
	key = word("key");
	config->key.len = strlen(key) / 2;
	for (i = 0; i < config->key.len && i < TLS_PSK_MAX; i++)
		sscanf(key + 2 * i, "%2hhx", &config->key.octets[i]);
}

static void read_tls(void)
{
	struct tls_config config = { 0 };
	char why[200];

	if (*words && !strcmp(*words, "psk")) {
		words++;
		read_psk(&config);
	} else if (*words && !strcmp(*words, "x509")) {
		words++;
		config.ca = word("file of the authority");
		config.name = word("name");
	} else {
		return;
	}
	tls = tls_new(&config, why, sizeof(why));
	if (!tls)
		die("tls", why);
}

int main(int argc, char **argv)
{
	struct transport at;

	(void)argc;
	words = argv + 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	address(&at);
	to.sin_addr = at.v4;
	to.sin_port = htons(at.port);
	read_tls();
	if (*words && !strcmp(*words, "again")) {
		words++;
		again = number("number");
	}
	all = words;
	uv_loop_init(&loop);
	channel_group_init(&group, &loop);
	connect_once();
	uv_run(&loop, UV_RUN_DEFAULT);
	tls_put(tls);
	return 0;
}
