// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <string.h>

#include "../lib/print.h"
#include "rspctl.h"

/**
 * session_show_event() - print what happened to a session
 * @nlh: of session-event
 */
void session_show_event(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[RSERPOOL_A_SESSION_MAX + 1];
	const struct nlattr *attr;

	attrs_read(nlh, attrs, RSERPOOL_A_SESSION_MAX);
	print_uint("id", "id %" PRIu64, attr_u32(attrs[RSERPOOL_A_SESSION_ID]));
	show_handle("pool", " pool %s", attrs[RSERPOOL_A_SESSION_HANDLE]);
	print_string("what", " %s",
		     name_of(event_names,
			     attr_u32(attrs[RSERPOOL_A_SESSION_EVENT])));
	print_string("failure", " failure %s",
		     name_of(failure_names,
			     attr_u32(attrs[RSERPOOL_A_SESSION_FAILURE])));
	print_uint("generation", " generation %" PRIu64,
		   attr_u32(attrs[RSERPOOL_A_SESSION_GENERATION]));
	show_pe_id("prev-pe", " from pe %s",
		   attrs[RSERPOOL_A_SESSION_PREV_PE_ID]);
	show_pe_id("pe", " to pe %s", attrs[RSERPOOL_A_SESSION_PE_ID]);
	attr = attrs[RSERPOOL_A_SESSION_FAILOVER_US];
	if (attr)
		print_uint("failover-us", " in %" PRIu64 " us",
			   attr_uint(attr));
}

static void show_failovers(const struct nlattr **attrs)
{
	uint32_t generation = attr_u32(attrs[RSERPOOL_A_SESSION_GENERATION]);
	uint64_t us = attr_uint(attrs[RSERPOOL_A_SESSION_FAILOVER_US]);
	bool text = generation || ctl.stats;

	print_uint("generation", text ? "\n    failovers %" PRIu64 : NULL,
		   generation);
	print_uint("resumed", text ? " resumed %" PRIu64 : NULL,
		   attr_u32(attrs[RSERPOOL_A_SESSION_RESUMED]));
	print_string("failure", text ? " last: %s" : NULL,
		     name_of(failure_names,
			     attr_u32(attrs[RSERPOOL_A_SESSION_FAILURE])));
	if (print_json() || (text && generation))
		show_pe_id("prev-pe", " from pe %s",
			   attrs[RSERPOOL_A_SESSION_PREV_PE_ID]);
	print_uint("failover-us", text ? " in %" PRIu64 " us" : NULL, us);
	print_uint("elements-tried", ctl.stats ? " tried %" PRIu64 : NULL,
		   attr_u32(attrs[RSERPOOL_A_SESSION_ELEMENTS_TRIED]));
}

static void show_tally(const struct nlattr **attrs)
{
	const struct nlattr *cookie = attrs[RSERPOOL_A_SESSION_COOKIE];
	const struct nlattr *replay = attrs[RSERPOOL_A_SESSION_REPLAY];
	uint32_t age = attr_u32(attrs[RSERPOOL_A_SESSION_COOKIE_AGE]);
	char text[TIME_TEXT_MAX];

	print_uint("octets-sent", ctl.stats ? "\n    octets sent %" PRIu64 :
					      NULL,
		   attr_uint(attrs[RSERPOOL_A_SESSION_OCTETS_SENT]));
	print_uint("octets-received", ctl.stats ? " received %" PRIu64 : NULL,
		   attr_uint(attrs[RSERPOOL_A_SESSION_OCTETS_RECEIVED]));
	if (cookie) {
		format_time(age, text);
		print_uint("cookie", "\n    cookie %" PRIu64 " octets",
			   attr_u32(cookie));
		print_text(", set %s ago", text);
		print_uint("cookie-age-ms", NULL, age);
	}
	if (replay) {
		print_uint("replay", "\n    replay %" PRIu64,
			   attr_uint(replay));
		print_uint("replay-max", " of %" PRIu64 " octets",
			   attr_u32(attrs[RSERPOOL_A_SESSION_REPLAY_MAX]));
	}
}

static const char *cipher_name(uint32_t cipher)
{
	switch (cipher) {
	case 0x1301:
		return "aes-128-gcm";
	case 0x1302:
		return "aes-256-gcm";
	case 0x1303:
		return "chacha20-poly1305";
	case 0x1304:
		return "aes-128-ccm";
	default:
		return "unknown";
	}
}

static void show_security(const struct nlattr **attrs)
{
	uint32_t peer = attr_u32(attrs[RSERPOOL_A_SESSION_PEER_ID]);

	if (!attrs[RSERPOOL_A_SESSION_AUTH])
		return;
	print_string("auth", "\n    tls 1.3 auth %s",
		     name_of(auth_names,
			     attr_u32(attrs[RSERPOOL_A_SESSION_AUTH])));
	print_string("cipher", " cipher %s",
		     cipher_name(attr_u32(attrs[RSERPOOL_A_SESSION_CIPHER])));
	if (attrs[RSERPOOL_A_SESSION_ACCEPTED])
		print_uint("key-client", peer ? " key client %" PRIu64 : NULL,
			   peer);
	else
		show_pe_id("key-pe", peer ? " key pe %s" : NULL,
			   attrs[RSERPOOL_A_SESSION_PEER_ID]);
}

static void show_session(const struct nlattr **attrs)
{
	print_object_begin(NULL);
	print_uint("id", "id %" PRIu64, attr_u32(attrs[RSERPOOL_A_SESSION_ID]));
	show_handle("pool", " pool %s", attrs[RSERPOOL_A_SESSION_HANDLE]);
	print_string("state", " state %s",
		     name_of(state_names,
			     attr_u32(attrs[RSERPOOL_A_SESSION_STATE])));
	print_string("mode", " mode %s",
		     name_of(failover_names,
			     attr_u32(attrs[RSERPOOL_A_SESSION_MODE])));
	show_pe_id("pe", " pe %s", attrs[RSERPOOL_A_SESSION_PE_ID]);
	show_transport("local", " local %s", attrs[RSERPOOL_A_SESSION_LOCAL]);
	show_transport("peer", " peer %s", attrs[RSERPOOL_A_SESSION_PEER]);
	show_pe_id("standby", " standby %s", attrs[RSERPOOL_A_SESSION_STANDBY]);
	print_uint("uid", " uid %" PRIu64,
		   attr_u32(attrs[RSERPOOL_A_SESSION_UID]));
	print_bool("accepted", " accepted",
		   attrs[RSERPOOL_A_SESSION_ACCEPTED]);
	if (attrs[RSERPOOL_A_SESSION_BACKLOG]) {
		print_uint("backlog", " backlog %" PRIu64,
			   attr_u32(attrs[RSERPOOL_A_SESSION_BACKLOG]));
		print_uint("backlog-max", " of %" PRIu64,
			   attr_u32(attrs[RSERPOOL_A_SESSION_BACKLOG_MAX]));
	}
	show_security(attrs);
	show_failovers(attrs);
	show_tally(attrs);
	print_text("\n");
	print_object_end();
}

/**
 * struct wanted - whose sessions are shown
 * @handle: the pool's
 * @found: there are some
 */
struct wanted {
	struct handle handle;
	bool found;
};

/* @data: struct wanted, or NULL for all. */
static int show_line(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_SESSION_MAX + 1];
	struct wanted *wanted = data;
	struct handle handle;

	attrs_read(nlh, attrs, RSERPOOL_A_SESSION_MAX);
	attr_handle(attrs[RSERPOOL_A_SESSION_HANDLE], &handle);
	if (wanted && !handle_equal(&handle, &wanted->handle))
		return 0;
	if (wanted)
		wanted->found = true;
	show_session(attrs);
	return 0;
}

static int show_one(struct nlmsghdr *nlh, uint32_t id)
{
	mnl_attr_put_u32(nlh, RSERPOOL_A_SESSION_ID, id);
	return nl_talk(&ctl.client, nlh, show_line, NULL) ?
	       kernel_error("see: rspctl session show") : 0;
}

/* Sessions may outlive their pool: it is missed only where there are none. */
static int show_pool(struct nlmsghdr *nlh, struct wanted *wanted)
{
	int ret = dump(nlh, show_line, wanted);

	if (ret || wanted->found)
		return ret;
	nlh = request(RSERPOOL_CMD_POOL_GET, 0);
	if (!nlh)
		return EXIT_KERNEL;
	put_handle(nlh, RSERPOOL_A_POOL_HANDLE, &wanted->handle);
	return nl_talk(&ctl.client, nlh, NULL, NULL) ?
	       kernel_error("see: rspctl pool show") : 0;
}

static int show(struct words *words)
{
	static const char *const keywords[] = { "id", "pool", NULL };
	struct wanted wanted = { .found = false };
	struct nlmsghdr *nlh;
	uint32_t id = 0;
	int ret = 0, key = -1;

	if (words->n) {
		key = pick(*words->at, "keyword of this command", keywords);
		if (key < 0)
			return EXIT_USAGE;
		words->at++;
		words->n--;
		ret = key ? take_handle(words, "pool", &wanted.handle) :
			    take_u32(words, "id", &id);
		if (ret || no_more(words))
			return EXIT_USAGE;
	}
	nlh = request(RSERPOOL_CMD_SESSION_GET, 0);
	if (!nlh)
		return EXIT_KERNEL;
	print_array_begin(NULL);
	if (!key)
		ret = show_one(nlh, id);
	else if (key > 0)
		ret = show_pool(nlh, &wanted);
	else
		ret = dump(nlh, show_line, NULL);
	print_array_end();
	return ret;
}

const struct command session_commands[] = {
	{ .name = "show", .run = show, .usage = "[ id N | pool NAME ]" },
	{ .name = NULL }
};
