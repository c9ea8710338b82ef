// SPDX-License-Identifier: GPL-2.0
/* Each way in which a handshake of TLS can go, with an agent of the test's own. */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>

#include "mib.h"
#include "tls.h"
#include "trace.h"

#define LONG	(60 * HZ)
#define SHORT	(HZ / 10)

DEFINE_TRACE(rsp_handshake, TP_PROTO(u8 side, int key, int err),
	     TP_ARGS(side, key, err));

/**
 * struct agent - what the agent does, and what was asked of it
 * @starts: what the calls that ask it return, one after the other, then 0
 * @word_first: it says 0 before the call returns
 * @in_vain: it cannot be called off
 * @word_late: and says -EACCES when that is tried
 * @heard: what the call returns that asks for a ClientHello
 * @stands: it waits for the client
 * @asks: the look from which on it has asked the element; 0: none
 * @said: the client, when it says more
 * @from: of where those are that it was asked for, one after the other
 * @n_starts: calls that asked
 * @n_cancels: calls that called off
 * @n_looks: calls that looked whether it has asked
 * @asked_at: jiffies at which it had
 * @asked: completed by each call that asks
 * @tried: by each that calls off
 * @told: by each result
 */
static struct agent {
	int starts[4];
	bool word_first;
	bool in_vain;
	bool word_late;
	int heard;
	bool stands;
	int asks;
	wait_queue_head_t said;
	u64 from[2 * RSP_HANDSHAKES_MAX];
	atomic_t n_starts;
	atomic_t n_cancels;
	int n_looks;
	unsigned long asked_at;
	struct completion asked;
	struct completion tried;
	struct completion told;
} agent;

static struct rsp_handshakes all;
static int refs;

static int fake_start(struct rsp_handshake *handshake)
{
	int n = atomic_inc_return(&agent.n_starts) - 1;
	int ret = n < ARRAY_SIZE(agent.starts) ? agent.starts[n] : 0;

	if (n < ARRAY_SIZE(agent.from))
		agent.from[n] = handshake->from;
	if (!ret && agent.word_first)
		rsp_handshake_done(handshake, 0, 42);
	complete(&agent.asked);
	return ret;
}

static bool fake_cancel(struct rsp_handshake *handshake)
{
	atomic_inc(&agent.n_cancels);
	if (agent.word_late)
		rsp_handshake_done(handshake, -EACCES, 0);
	complete(&agent.tried);
	return !agent.in_vain;
}

static int fake_heard(struct rsp_handshake *handshake)
{
	return READ_ONCE(agent.heard);
}

static bool fake_stands(struct rsp_handshake *handshake)
{
	return agent.stands;
}

static bool fake_asked(struct rsp_handshake *handshake)
{
	agent.asked_at = jiffies;
	return ++agent.n_looks >= agent.asks && agent.asks;
}

static const struct rsp_handshake_ops fake_ops = {
	.start	= fake_start,
	.cancel	= fake_cancel,
	.heard	= fake_heard,
	.stands	= fake_stands,
	.asked	= fake_asked,
};

static void tell(void *data)
{
	complete(&agent.told);
}

static struct rsp_handshake *begin(struct kunit *test, unsigned long timeout)
{
	struct rsp_handshake *handshake;

	handshake = kzalloc_obj(*handshake, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, handshake);
	rsp_handshake_init(handshake, &init_net, &all, &fake_ops,
			   RSP_HANDSHAKE_CLIENT);
	rsp_handshake_begin(handshake, timeout, tell, NULL);
	return handshake;
}

/* Of an element: with a client from there. */
static struct rsp_handshake *begin_from(struct kunit *test, u64 from,
					unsigned long timeout)
{
	struct rsp_handshake *handshake;

	handshake = kzalloc_obj(*handshake, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, handshake);
	rsp_handshake_init(handshake, &init_net, &all, &fake_ops,
			   RSP_HANDSHAKE_SERVER);
	handshake->queue = &agent.said;
	handshake->from = from;
	rsp_handshake_begin(handshake, timeout, tell, NULL);
	return handshake;
}

static void wait_for_it(struct kunit *test, struct completion *what)
{
	KUNIT_ASSERT_NE(test, 0,
			wait_for_completion_timeout(what, 20 * HZ));
}

static void expect_result(struct kunit *test, struct rsp_handshake *handshake,
			  int result, int cancels)
{
	wait_for_it(test, &agent.told);
	KUNIT_EXPECT_EQ(test, result, rsp_handshake_result(handshake));
	KUNIT_EXPECT_EQ(test, cancels, atomic_read(&agent.n_cancels));
	rsp_handshake_end(handshake);
}

/* Whose it is that it failed: the element's, or of this host alone? */
static void expect_fault(struct kunit *test, struct rsp_handshake *handshake,
			 int result, bool elements)
{
	wait_for_it(test, &agent.told);
	KUNIT_EXPECT_EQ(test, elements, handshake->asked);
	complete(&agent.told);
	expect_result(test, handshake, result, atomic_read(&agent.n_cancels));
}

static void done(struct kunit *test)
{
	struct rsp_handshake *handshake = begin(test, LONG);

	wait_for_it(test, &agent.asked);
	KUNIT_EXPECT_EQ(test, -EINPROGRESS, rsp_handshake_result(handshake));
	rsp_handshake_done(handshake, 0, 42);
	wait_for_it(test, &agent.told);
	KUNIT_EXPECT_EQ(test, 42, handshake->peer);
	complete(&agent.told);
	expect_result(test, handshake, 0, 0);
}

static void done_before_the_call_returns(struct kunit *test)
{
	agent.word_first = true;
	expect_result(test, begin(test, LONG), 0, 0);
}

static void done_with_nonsense(struct kunit *test)
{
	struct rsp_handshake *handshake = begin(test, LONG);

	wait_for_it(test, &agent.asked);
	rsp_handshake_done(handshake, 5, 0);
	expect_result(test, handshake, -EIO, 0);
}

/* The agent's process died: no word will ever come. */
static void never(struct kunit *test)
{
	expect_fault(test, begin(test, SHORT), -ETIMEDOUT, false);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&agent.n_cancels));
}

static void no_place_in_time(struct kunit *test)
{
	static struct rsp_handshake *some[RSP_HANDSHAKES_MAX];
	int i;

	agent.asks = 1;
	for (i = 0; i < ARRAY_SIZE(some); i++) {
		some[i] = begin(test, LONG);
		wait_for_it(test, &agent.asked);
	}
	expect_fault(test, begin(test, SHORT), -ETIMEDOUT, false);
	while (i--)
		rsp_handshake_end(some[i]);
}

static void no_descriptor(struct kunit *test)
{
	struct rsp_handshake *handshake = begin(test, LONG);

	wait_for_it(test, &agent.asked);
	rsp_handshake_done(handshake, -EIO, 0);
	expect_fault(test, handshake, -EIO, false);
}

static void element_refuses(struct kunit *test)
{
	struct rsp_handshake *handshake = begin(test, LONG);

	agent.asks = 1;
	wait_for_it(test, &agent.asked);
	rsp_handshake_done(handshake, -EACCES, 0);
	expect_fault(test, handshake, -EACCES, true);
}

/* The element has all of its time, however late the agent was. */
static void asked_late(struct kunit *test)
{
	struct rsp_handshake *handshake;

	agent.asks = 2;
	handshake = begin(test, SHORT);
	wait_for_it(test, &agent.told);
	KUNIT_EXPECT_EQ(test, agent.asks, agent.n_looks);
	KUNIT_EXPECT_TRUE(test, time_after_eq(handshake->deadline,
					      agent.asked_at + SHORT));
	complete(&agent.told);
	expect_fault(test, handshake, -ETIMEDOUT, true);
}

static void refused(struct kunit *test)
{
	agent.starts[0] = -ESRCH;
	expect_result(test, begin(test, LONG), -ESRCH, 0);
}

static void no_room_twice(struct kunit *test)
{
	struct rsp_handshake *handshake;

	agent.starts[0] = -EAGAIN;
	agent.starts[1] = -EAGAIN;
	agent.word_first = true;
	handshake = begin(test, LONG);
	expect_result(test, handshake, 0, 0);
	KUNIT_EXPECT_EQ(test, 3, atomic_read(&agent.n_starts));
}

static void no_room_for_too_long(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(agent.starts); i++)
		agent.starts[i] = -EAGAIN;
	/* Each pause is HZ / 50 at least. */
	expect_result(test, begin(test, 1), -ETIMEDOUT, 0);
}

static void called_off(struct kunit *test)
{
	struct rsp_handshake *handshake = begin(test, LONG);

	wait_for_it(test, &agent.asked);
	rsp_handshake_end(handshake);
	wait_for_it(test, &agent.tried);
	KUNIT_EXPECT_FALSE(test, completion_done(&agent.told));
}

static void called_off_in_vain(struct kunit *test)
{
	struct rsp_handshake *handshake = begin(test, LONG);

	agent.in_vain = true;
	wait_for_it(test, &agent.asked);
	rsp_handshake_end(handshake);
	wait_for_it(test, &agent.tried);
	/* It was on its way. */
	rsp_handshake_done(handshake, 0, 42);
	KUNIT_EXPECT_FALSE(test, completion_done(&agent.told));
}

static void late(struct kunit *test)
{
	agent.in_vain = true;
	agent.word_late = true;
	expect_result(test, begin(test, SHORT), -EACCES, 1);
}

static void ended_unbegun(struct kunit *test)
{
	struct rsp_handshake *handshake;

	handshake = kzalloc_obj(*handshake, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, handshake);
	rsp_handshake_init(handshake, &init_net, &all, &fake_ops,
			   RSP_HANDSHAKE_SERVER);
	rsp_handshake_end(handshake);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&agent.n_starts));
}

/* Two more than there may be wait in their order, and can be called off. */
static void places(struct kunit *test)
{
	static struct rsp_handshake *some[RSP_HANDSHAKES_MAX + 2];
	int i;

	for (i = 0; i < ARRAY_SIZE(some); i++)
		some[i] = begin(test, LONG);
	for (i = 0; i < RSP_HANDSHAKES_MAX; i++)
		wait_for_it(test, &agent.asked);
	/* The first of those that wait gives up. */
	for (i = 0; i < ARRAY_SIZE(some) && some[i]->started; i++)
		;
	KUNIT_ASSERT_LT(test, i, (int)ARRAY_SIZE(some));
	rsp_handshake_end(some[i]);
	some[i] = NULL;
	KUNIT_EXPECT_FALSE(test, completion_done(&agent.asked));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&agent.n_cancels));

	rsp_handshake_done(some[!i], 0, 42);
	wait_for_it(test, &agent.asked);
	rsp_handshake_end(some[!i]);
	some[!i] = NULL;
	for (i = 0; i < ARRAY_SIZE(some); i++)
		if (some[i])
			rsp_handshake_end(some[i]);
	for (i = 0; i < RSP_HANDSHAKES_MAX; i++)
		wait_for_it(test, &agent.tried);
	KUNIT_EXPECT_EQ(test, RSP_HANDSHAKES_MAX + 1,
			atomic_read(&agent.n_starts));
}

static struct rsp_handshake *crowd[RSP_HANDSHAKES_MAX];

/* Some have places already. */
static void crowd_begin(struct kunit *test, int n, unsigned long timeout)
{
	int i;

	for (i = 0; i < n; i++) {
		crowd[i] = begin_from(test, 1, timeout);
		wait_for_it(test, &agent.asked);
	}
}

static void crowd_end(struct kunit *test, int n)
{
	while (n--)
		rsp_handshake_end(crowd[n]);
}

/* With half the places taken, the agent is asked when there is something for it. */
static void heard_first(struct kunit *test)
{
	struct rsp_handshake *handshake;

	WRITE_ONCE(agent.heard, -EAGAIN);
	crowd_begin(test, RSP_HANDSHAKES_MAX / 2, LONG);
	handshake = begin_from(test, 1, LONG);
	KUNIT_EXPECT_EQ(test, 0,
			wait_for_completion_timeout(&agent.asked, SHORT));
	KUNIT_EXPECT_EQ(test, RSP_WAIT_PEER, rsp_handshake_waits(handshake));
	wake_up(&agent.said);
	KUNIT_EXPECT_EQ(test, 0,
			wait_for_completion_timeout(&agent.asked, SHORT));
	WRITE_ONCE(agent.heard, 0);
	wake_up(&agent.said);
	wait_for_it(test, &agent.asked);
	KUNIT_EXPECT_FALSE(test, wq_has_sleeper(&agent.said));
	rsp_handshake_done(handshake, 0, 42);
	expect_result(test, handshake, 0, 0);
	crowd_end(test, RSP_HANDSHAKES_MAX / 2);
}

static void never_heard(struct kunit *test)
{
	struct rsp_handshake *handshake;

	WRITE_ONCE(agent.heard, -EAGAIN);
	crowd_begin(test, RSP_HANDSHAKES_MAX / 2, LONG);
	expect_result(test, begin_from(test, 1, SHORT), -ETIMEDOUT, 0);
	handshake = begin_from(test, 1, LONG);
	WRITE_ONCE(agent.heard, -ECONNRESET);
	wake_up(&agent.said);
	expect_result(test, handshake, -ECONNRESET, 0);
	WRITE_ONCE(agent.heard, -EAGAIN);
	rsp_handshake_end(begin_from(test, 1, LONG));
	KUNIT_EXPECT_EQ(test, RSP_HANDSHAKES_MAX / 2,
			atomic_read(&agent.n_starts));
	crowd_end(test, RSP_HANDSHAKES_MAX / 2);
}

/*
 * Two come too late for a place. Two clients, who say nothing more, make room for
 * them; and first for the one of whose network nobody has a place.
 */
static void idle_make_room(struct kunit *test)
{
	struct rsp_handshake *some[2];
	int i;

	crowd_begin(test, RSP_HANDSHAKES_MAX, 8 * HZ);
	some[0] = begin_from(test, 1, 8 * HZ);
	some[1] = begin_from(test, 2, 8 * HZ);
	agent.stands = true;
	for (i = 0; i < 2; i++) {
		wait_for_it(test, &agent.tried);
		wait_for_it(test, &agent.told);
		wait_for_it(test, &agent.asked);
	}
	KUNIT_EXPECT_EQ(test, 2, agent.from[RSP_HANDSHAKES_MAX]);
	KUNIT_EXPECT_EQ(test, 1, agent.from[RSP_HANDSHAKES_MAX + 1]);
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&agent.n_cancels));
	crowd_end(test, RSP_HANDSHAKES_MAX);
	for (i = 0; i < 2; i++)
		rsp_handshake_end(some[i]);
}

static int case_init(struct kunit *test)
{
	memset(&agent, 0, sizeof(agent));
	init_waitqueue_head(&agent.said);
	init_completion(&agent.asked);
	init_completion(&agent.tried);
	init_completion(&agent.told);
	rsp_handshakes_init(&all);
	refs = module_refcount(THIS_MODULE);
	return 0;
}

/* Nothing is left of it, late or not. */
static void case_exit(struct kunit *test)
{
	int tries = 500, side;

	while (module_refcount(THIS_MODULE) != refs && tries--)
		msleep(20);
	KUNIT_EXPECT_EQ(test, refs, module_refcount(THIS_MODULE));
	for (side = 0; side < RSP_HANDSHAKE_SIDES; side++) {
		KUNIT_EXPECT_EQ(test, 0, all.taken[side]);
		KUNIT_EXPECT_TRUE(test, list_empty(&all.waiting[side]));
	}
}

static int suite_init(struct kunit_suite *suite)
{
	return rsp_mib_init(&init_net);
}

static void suite_exit(struct kunit_suite *suite)
{
	rsp_mib_exit(&init_net);
}

static struct kunit_case tls_cases[] = {
	KUNIT_CASE(done),
	KUNIT_CASE(done_before_the_call_returns),
	KUNIT_CASE(done_with_nonsense),
	KUNIT_CASE(never),
	KUNIT_CASE(no_place_in_time),
	KUNIT_CASE(no_descriptor),
	KUNIT_CASE(element_refuses),
	KUNIT_CASE(asked_late),
	KUNIT_CASE(refused),
	KUNIT_CASE(no_room_twice),
	KUNIT_CASE(no_room_for_too_long),
	KUNIT_CASE(called_off),
	KUNIT_CASE(called_off_in_vain),
	KUNIT_CASE(late),
	KUNIT_CASE(ended_unbegun),
	KUNIT_CASE(places),
	KUNIT_CASE(heard_first),
	KUNIT_CASE(never_heard),
	KUNIT_CASE(idle_make_room),
	{}
};

static struct kunit_suite tls_suite = {
	.name = "rserpool-tls",
	.suite_init = suite_init,
	.suite_exit = suite_exit,
	.init = case_init,
	.exit = case_exit,
	.test_cases = tls_cases,
};

kunit_test_suite(tls_suite);
