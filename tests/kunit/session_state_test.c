// SPDX-License-Identifier: GPL-2.0
/* What may follow what: the table of Documentation/networking/rserpool.rst. */

#include <kunit/test.h>

#include "mib.h"
#include "net_ns.h"
#include "session_state.h"
#include "trace.h"

#define N_STATES	(RSP_SESSION_SECURE + 1)

struct change {
	u8 from;
	u8 to;
	const char *event;
};

static const struct change changes[] = {
	{ RSP_SESSION_INIT, RSP_SESSION_CONNECT,
	  "connect, the pool has elements" },
	{ RSP_SESSION_INIT, RSP_SESSION_RESOLVE,
	  "connect, it has none, a feeder is asked" },
	{ RSP_SESSION_RESOLVE, RSP_SESSION_CONNECT, "an element comes" },
	{ RSP_SESSION_RESOLVE, RSP_SESSION_INIT,
	  "the resolution ends, no element" },
	{ RSP_SESSION_CONNECT, RSP_SESSION_READY, "an element accepts" },
	{ RSP_SESSION_CONNECT, RSP_SESSION_INIT, "round over" },
	{ RSP_SESSION_CONNECT, RSP_SESSION_SECURE,
	  "an element accepts, the scope is secure" },
	{ RSP_SESSION_SECURE, RSP_SESSION_READY, "TLS is agreed" },
	{ RSP_SESSION_SECURE, RSP_SESSION_CONNECT, "it could not be" },
	{ RSP_SESSION_SECURE, RSP_SESSION_INIT, "shutdown" },
	{ RSP_SESSION_READY, RSP_SESSION_FAILOVER,
	  "failure, the session may move" },
	{ RSP_SESSION_READY, RSP_SESSION_CLOSED, "failure, it may not" },
	{ RSP_SESSION_FAILOVER, RSP_SESSION_READY, "an element accepts" },
	{ RSP_SESSION_FAILOVER, RSP_SESSION_CLOSED, "deadline, shutdown" },
	{ RSP_SESSION_READY, RSP_SESSION_INIT, "taken apart" },
	{ RSP_SESSION_FAILOVER, RSP_SESSION_INIT, "taken apart" },
	{ RSP_SESSION_CLOSED, RSP_SESSION_INIT, "taken apart" },
	{ RSP_SESSION_INIT, RSP_SESSION_LISTEN, "listen" },
	{ RSP_SESSION_INIT, RSP_SESSION_READY, "accepted" },
	/* "any": the last file is closed. */
	{ RSP_SESSION_LISTEN, RSP_SESSION_CLOSED, "closed" },
	{ RSP_SESSION_INIT, RSP_SESSION_CLOSED, "closed before connect" },
	{ RSP_SESSION_RESOLVE, RSP_SESSION_CLOSED, "closed in resolution" },
	{ RSP_SESSION_CONNECT, RSP_SESSION_CLOSED, "closed in connect" },
	{ RSP_SESSION_SECURE, RSP_SESSION_CLOSED, "closed in a handshake" },
};

/* The state's counters and trace point, without the rest of the module. */
static struct rsp_net counted;
static struct change traced;
static u32 n_traced;

struct rsp_net *rsp_net(const struct net *net)
{
	return &counted;
}

DEFINE_TRACE(rsp_session_state, TP_PROTO(u32 session, u8 from, u8 to),
	     TP_ARGS(session, from, to));

static void probe(void *data, u32 session, u8 from, u8 to)
{
	traced = (struct change){ .from = from, .to = to };
	n_traced += session == 7;
}

static bool in_table(u8 from, u8 to)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(changes); i++)
		if (changes[i].from == from && changes[i].to == to)
			return true;
	return false;
}

static void only_the_table_is_allowed(struct kunit *test)
{
	u8 from, to;

	for (from = 0; from < N_STATES; from++)
		for (to = 0; to < N_STATES; to++)
			KUNIT_EXPECT_EQ_MSG(test, in_table(from, to),
					    rsp_session_state_allowed(from, to),
					    "from %u to %u", from, to);
}

static void no_other_state_is_there(struct kunit *test)
{
	unsigned int from, to;

	for (from = 0; from <= U8_MAX; from++)
		for (to = 0; to <= U8_MAX; to++)
			if (from >= N_STATES || to >= N_STATES)
				KUNIT_ASSERT_FALSE(test,
						   rsp_session_state_allowed(from,
									     to));
}

static void change_desc(const struct change *change, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u to %u: %s", change->from,
		 change->to, change->event);
}

KUNIT_ARRAY_PARAM(change, changes, change_desc);

static void changes_are_counted_and_traced(struct kunit *test)
{
	const struct change *change = test->param_value;
	struct rsp_session_status status = { .now = change->from, .id = 7 };
	u64 before[N_STATES];
	u8 state;

	for (state = 0; state < N_STATES; state++)
		before[state] = rsp_mib_read(&init_net,
					     RSP_MIB_STATE_INIT + state);
	n_traced = 0;

	rsp_session_state_set(&status, &init_net, change->to);

	KUNIT_EXPECT_EQ(test, change->to, status.now);
	for (state = 0; state < N_STATES; state++)
		KUNIT_EXPECT_EQ(test, before[state] + (state == change->to),
				rsp_mib_read(&init_net,
					     RSP_MIB_STATE_INIT + state));
	KUNIT_EXPECT_EQ(test, 1, n_traced);
	KUNIT_EXPECT_EQ(test, change->from, traced.from);
	KUNIT_EXPECT_EQ(test, change->to, traced.to);
}

static int suite_init(struct kunit_suite *suite)
{
	int err = rsp_mib_init(&init_net);

	if (err)
		return err;
	err = register_trace_rsp_session_state(probe, NULL);
	if (err)
		rsp_mib_exit(&init_net);
	return err;
}

static void suite_exit(struct kunit_suite *suite)
{
	unregister_trace_rsp_session_state(probe, NULL);
	tracepoint_synchronize_unregister();
	rsp_mib_exit(&init_net);
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE(only_the_table_is_allowed),
	KUNIT_CASE(no_other_state_is_there),
	KUNIT_CASE_PARAM(changes_are_counted_and_traced, change_gen_params),
	{}
};

static struct kunit_suite state_suite = {
	.name = "rserpool-session-state",
	.suite_init = suite_init,
	.suite_exit = suite_exit,
	.test_cases = state_cases,
};

kunit_test_suite(state_suite);
