// SPDX-License-Identifier: GPL-2.0
/* Selecting beside writers, and writers without memory. */

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "policy.h"

#define STAYING		8	/* elements that no writer touches */
#define PASSING		64	/* that come, change and go */
#define READERS		3
#define ALIVE		0x600dU
#define DEAD		0xdeadU

struct element {
	struct rsp_policy_node node;
	struct rcu_head rcu;
	u32 alive;
	atomic_t hits;
};

struct race {
	struct rsp_policy_index *index;
	struct element staying[STAYING];
	struct element *passing[PASSING];
	u32 spared;		/* of those that stay, that are not excluded */
	atomic_t selected;
	atomic_t none;		/* though one that stays was not excluded */
	atomic_t wrong;		/* excluded, or its grace period was over */
};

static const u32 types[] = {
	RSP_POLICY_RR, RSP_POLICY_WRR, RSP_POLICY_RAND, RSP_POLICY_WRAND,
	RSP_POLICY_PRIO, RSP_POLICY_LU, RSP_POLICY_LUD, RSP_POLICY_PLU,
	RSP_POLICY_RLU,
};

static void type_desc(const u32 *type, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%#x", *type);
}

KUNIT_ARRAY_PARAM(type, types, type_desc);

static u32 staying_id(u32 i)
{
	return (i + 1) * 0x10000000;
}

static u32 passing_id(u32 i)
{
	return (i + 1) * 0x00fedcbb;
}

/* The weights of those that pass are 0 now and then, and very large too. */
static struct rsp_policy_params some_params(u32 type)
{
	return (struct rsp_policy_params){
		.type = type,
		.weight = get_random_u32() >> get_random_u32_below(32) >> 1,
		.degradation = get_random_u32_below(3),
	};
}

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* All that stay but one, and some of the others, as often all of them. */
static void some_exclude(u32 *ids, struct rsp_exclude *exclude)
{
	u32 spared = get_random_u32_below(STAYING), i;
	u32 mode = get_random_u32_below(4);

	exclude->ids = ids;
	exclude->n = 0;
	for (i = 0; i < STAYING; i++)
		if (i != spared && mode)
			ids[exclude->n++] = staying_id(i);
	for (i = 0; i < PASSING; i++)
		if (mode == 3 || (mode == 2 && get_random_u32_below(8) == 0))
			ids[exclude->n++] = passing_id(i);
	sort(ids, exclude->n, sizeof(*ids), compare_u32, NULL);
}

static bool names(const struct rsp_exclude *exclude, u32 id)
{
	u32 i;

	for (i = 0; i < exclude->n; i++)
		if (exclude->ids[i] == id)
			return true;
	return false;
}

static int reader(void *data)
{
	u32 ids[STAYING + PASSING];
	struct rsp_policy_node *node;
	struct race *race = data;
	struct rsp_exclude exclude;
	struct element *element;
	int i;

	while (!kthread_should_stop()) {
		some_exclude(ids, &exclude);
		for (i = 0; i < 16; i++) {
			rcu_read_lock();
			node = rsp_policy_select(race->index, &exclude);
			if (node) {
				element = container_of(node, struct element,
						       node);
				if (READ_ONCE(element->alive) != ALIVE ||
				    names(&exclude, node->id))
					atomic_inc(&race->wrong);
				atomic_inc(&race->selected);
			} else {
				atomic_inc(&race->none);
			}
			rcu_read_unlock();
		}
		cond_resched();
	}
	return 0;
}

static struct element *element_new(u32 id,
				   const struct rsp_policy_params *params)
{
	struct element *element = kzalloc(sizeof(*element), GFP_KERNEL);

	if (!element)
		return NULL;
	element->alive = ALIVE;
	element->node.id = id;
	element->node.params = *params;
	return element;
}

static void element_free(struct rcu_head *rcu)
{
	struct element *element = container_of(rcu, struct element, rcu);

	WRITE_ONCE(element->alive, DEAD);
	kfree(element);
}

static void writer_insert(struct kunit *test, struct race *race, u32 i,
			  const struct rsp_policy_params *params)
{
	struct element *element = element_new(passing_id(i), params);

	if (!element) {
		KUNIT_FAIL(test, "no memory");
		return;
	}
	race->passing[i] = element;
	KUNIT_EXPECT_EQ(test, 0, rsp_policy_insert(race->index,
						   &element->node));
}

static void writer_remove(struct race *race, u32 i)
{
	struct element *element = race->passing[i];

	rsp_policy_remove(race->index, &element->node);
	race->passing[i] = NULL;
	call_rcu(&element->rcu, element_free);
}

static void writer_step(struct kunit *test, struct race *race, u32 type)
{
	struct rsp_policy_params params = some_params(type);
	u32 i = get_random_u32_below(PASSING);

	if (!race->passing[i])
		writer_insert(test, race, i, &params);
	else if (get_random_u32_below(2))
		KUNIT_EXPECT_EQ(test, 0,
				rsp_policy_update(race->index,
						  &race->passing[i]->node,
						  &params));
	else
		writer_remove(race, i);
}

/* Now and then all go at once, so that the index shrinks. */
static void writer_clear(struct race *race)
{
	u32 i;

	for (i = 0; i < PASSING; i++)
		if (race->passing[i])
			writer_remove(race, i);
}

static void start_readers(struct kunit *test, struct task_struct **readers,
			  int (*function)(void *), void *data)
{
	u32 i;

	for (i = 0; i < READERS; i++) {
		readers[i] = kthread_run(function, data, "rsp-reader/%u", i);
		KUNIT_EXPECT_FALSE(test, IS_ERR(readers[i]));
	}
}

static void stop_readers(struct task_struct **readers)
{
	u32 i;

	for (i = 0; i < READERS; i++)
		if (!IS_ERR(readers[i]))
			kthread_stop(readers[i]);
}

static void free_index(void *index)
{
	rsp_policy_index_free(index);
}

static struct race *race_new(struct kunit *test, u32 type)
{
	struct element *element;
	struct race *race;
	u32 i;

	race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, race);
	race->index = rsp_policy_index_alloc(type);
	KUNIT_ASSERT_NOT_NULL(test, race->index);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_index,
							   race->index));
	for (i = 0; i < STAYING; i++) {
		element = &race->staying[i];
		element->alive = ALIVE;
		element->node.id = staying_id(i);
		element->node.params.type = type;
		element->node.params.weight = 1 + i % 2;
		KUNIT_ASSERT_EQ(test, 0, rsp_policy_insert(race->index,
							   &element->node));
	}
	return race;
}

static void test_race(struct kunit *test)
{
	u32 type = *(const u32 *)test->param_value, i;
	struct task_struct *readers[READERS];
	struct race *race;
	unsigned long end;

	race = race_new(test, type);
	start_readers(test, readers, reader, race);

	end = jiffies + msecs_to_jiffies(250);
	for (i = 0; time_before(jiffies, end); i++) {
		if (i % 512 == 511)
			writer_clear(race);
		else
			writer_step(test, race, type);
		cond_resched();
	}

	stop_readers(readers);
	writer_clear(race);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, STAYING, rsp_policy_count(race->index));
	KUNIT_EXPECT_GT(test, atomic_read(&race->selected), 100);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&race->none));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&race->wrong));
	kunit_info(test, "%u changes, %d selections", i,
		   atomic_read(&race->selected));
}

/*
 * Moves: what is not excluded never seems to be gone
 */

static int mover_reader(void *data)
{
	u32 ids[STAYING + PASSING];
	struct rsp_exclude exclude = { .ids = ids };
	struct race *race = data;
	u32 i;

	for (i = race->spared; i < STAYING; i++)
		ids[exclude.n++] = staying_id(i);
	for (i = 0; i < PASSING; i++)
		ids[exclude.n++] = passing_id(i);
	sort(ids, exclude.n, sizeof(*ids), compare_u32, NULL);

	while (!kthread_should_stop()) {
		for (i = 0; i < 16; i++) {
			rcu_read_lock();
			if (!rsp_policy_select(race->index, &exclude))
				atomic_inc(&race->none);
			rcu_read_unlock();
		}
		cond_resched();
	}
	return 0;
}

/* The best value and the worst take turns; in an array it fills gaps. */
static void test_moves(struct kunit *test)
{
	u32 type = *(const u32 *)test->param_value, i;
	struct rsp_policy_params params = { .type = type };
	struct task_struct *readers[READERS];
	struct race *race = race_new(test, type);
	struct rsp_policy_node *mover = &race->staying[0].node;
	struct rsp_policy_node *other = &race->staying[1].node;
	unsigned long end;

	race->spared = 1;
	for (i = 0; i < 2 * PASSING; i++)
		writer_step(test, race, type);
	start_readers(test, readers, mover_reader, race);
	end = jiffies + msecs_to_jiffies(200);
	for (i = 0; time_before(jiffies, end); i++) {
		params.weight = i % 2 ? 1 : U32_MAX - 1;
		KUNIT_EXPECT_EQ(test, 0, rsp_policy_update(race->index, mover,
							   &params));
		rsp_policy_remove(race->index, other);
		KUNIT_EXPECT_EQ(test, 0, rsp_policy_insert(race->index, other));
		other = &race->staying[1 + i % (STAYING - 1)].node;
		cond_resched();
	}
	stop_readers(readers);
	writer_clear(race);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&race->none));
}

/*
 * Of the two that are not excluded one is always there.  In an array that one
 * is the last, which fills the gap of the other; sorted, it follows some that
 * come and go.
 */
static void test_turns(struct kunit *test)
{
	u32 type = *(const u32 *)test->param_value, i, passing;
	struct rsp_policy_params params = { .type = type, .weight = 1 };
	struct task_struct *readers[READERS];
	struct race *race = race_new(test, type);
	struct rsp_policy_node *turn;
	unsigned long end;

	race->spared = 2;
	for (i = 2; i < STAYING; i++)
		rsp_policy_remove(race->index, &race->staying[i].node);
	start_readers(test, readers, mover_reader, race);
	end = jiffies + msecs_to_jiffies(200);
	for (i = 0; time_before(jiffies, end); i++) {
		passing = staying_id(i % 2) / passing_id(0) - 1 -
			  get_random_u32_below(4);
		if (race->passing[passing])
			writer_remove(race, passing);
		else
			writer_insert(test, race, passing, &params);
		if (get_random_u32_below(2)) {
			turn = &race->staying[i % 2].node;
			rsp_policy_remove(race->index, turn);
			KUNIT_EXPECT_EQ(test, 0,
					rsp_policy_insert(race->index, turn));
		}
		cond_resched();
	}
	stop_readers(readers);
	writer_clear(race);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 2, rsp_policy_count(race->index));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&race->none));
}

/*
 * One of many is not excluded, and it goes from the end of an array to a place
 * that those who look for it have passed.  That is the only change meanwhile.
 */

#define CROWD		1024
#define LEAPS		20

struct crowd {
	struct rsp_policy_index *index;
	struct rsp_policy_node nodes[CROWD + 2];
	u32 ids[CROWD];
	atomic_t looks[READERS];
	atomic_t readers;
	atomic_t none;
};

static int crowd_reader(void *data)
{
	struct crowd *crowd = data;
	struct rsp_exclude exclude = { .ids = crowd->ids, .n = CROWD };
	atomic_t *looks = &crowd->looks[atomic_inc_return(&crowd->readers) - 1];

	while (!kthread_should_stop()) {
		rcu_read_lock();
		if (!rsp_policy_select(crowd->index, &exclude))
			atomic_inc(&crowd->none);
		rcu_read_unlock();
		atomic_inc(looks);
		cond_resched();
	}
	return 0;
}

/* Each reader ends what it had begun. */
static void await_looks(struct crowd *crowd)
{
	int i, seen;

	for (i = 0; i < READERS; i++) {
		seen = atomic_read(&crowd->looks[i]);
		while (atomic_read(&crowd->looks[i]) == seen)
			usleep_range(50, 100);
	}
}

static void test_leaps(struct kunit *test)
{
	u32 type = *(const u32 *)test->param_value, i;
	struct rsp_policy_node *first, *here, *there;
	struct task_struct *readers[READERS];
	struct crowd *crowd;

	crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->index = rsp_policy_index_alloc(type);
	KUNIT_ASSERT_NOT_NULL(test, crowd->index);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_index,
							   crowd->index));
	for (i = 0; i < CROWD + 2; i++) {
		crowd->nodes[i].id = i + 1;
		crowd->nodes[i].params.type = type;
		crowd->nodes[i].params.weight = 1;
		if (i < CROWD)
			crowd->ids[i] = i + 1;
	}
	first = &crowd->nodes[0];
	here = &crowd->nodes[CROWD];
	there = &crowd->nodes[CROWD + 1];
	for (i = 0; i <= CROWD; i++)
		KUNIT_ASSERT_EQ(test, 0, rsp_policy_insert(crowd->index,
							   &crowd->nodes[i]));

	start_readers(test, readers, crowd_reader, crowd);
	for (i = 0; i < LEAPS; i++) {
		await_looks(crowd);
		rsp_policy_remove(crowd->index, first);
		await_looks(crowd);
		/* The first where it was, and the other one at the end. */
		KUNIT_EXPECT_EQ(test, 0, rsp_policy_insert(crowd->index,
							   there));
		KUNIT_EXPECT_EQ(test, 0, rsp_policy_insert(crowd->index,
							   first));
		rsp_policy_remove(crowd->index, here);
		swap(here, there);
	}
	stop_readers(readers);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&crowd->none));
}

/*
 * Rounds: those who select at the same time share one
 */

#define TURNS		2000
#define SHARE		(1U * TURNS * READERS / STAYING)

static int round_reader(void *data)
{
	struct rsp_policy_node *node;
	struct race *race = data;
	int i;

	for (i = 0; i < TURNS; i++) {
		rcu_read_lock();
		node = rsp_policy_select(race->index, NULL);
		if (node)
			atomic_inc(&container_of(node, struct element,
						 node)->hits);
		rcu_read_unlock();
		cond_resched();
	}
	atomic_inc(&race->selected);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static bool takes_turns(u32 type)
{
	return type != RSP_POLICY_RAND && type != RSP_POLICY_WRAND &&
	       type != RSP_POLICY_RLU;
}

static void test_round(struct kunit *test)
{
	u32 type = *(const u32 *)test->param_value, i;
	struct task_struct *readers[READERS];
	struct race *race;
	u32 all = 0, hits;

	race = race_new(test, type);
	if (!takes_turns(type))
		kunit_skip(test, "a draw has no rounds");
	for (i = 0; i < STAYING; i++) {
		struct rsp_policy_params params = { .type = type, .weight = 1 };

		KUNIT_EXPECT_EQ(test, 0,
				rsp_policy_update(race->index,
						  &race->staying[i].node,
						  &params));
	}
	start_readers(test, readers, round_reader, race);
	while (atomic_read(&race->selected) < READERS)
		msleep(20);
	stop_readers(readers);

	for (i = 0; i < STAYING; i++) {
		hits = atomic_read(&race->staying[i].hits);
		/* Who lost too many races goes out of turn. */
		KUNIT_EXPECT_LE(test, abs_diff(hits, SHARE),
				READERS);
		all += hits;
	}
	KUNIT_EXPECT_EQ(test, TURNS * READERS, all);
}

/*
 * No memory: tests/kunit/run.sh has failslab fail what this task allocates
 * while it says so
 */

#ifdef CONFIG_FAULT_INJECTION

#define MANY		300

enum failing { NONE, NTH, ALL };

static void fail(enum failing failing, u32 nth)
{
	current->make_it_fail = failing == ALL;
	current->fail_nth = failing == NTH ? nth : 0;
}

struct poor {
	struct kunit *test;
	struct rsp_policy_index *index;
	struct rsp_policy_node nodes[MANY];
	u32 ids[MANY];
	u32 failures;
};

/* Either it is there as it should be, or nothing has happened. */
static int insert_poor(struct poor *poor, u32 i, enum failing failing, u32 nth)
{
	u32 count = rsp_policy_count(poor->index);
	int err;

	fail(failing, nth);
	err = rsp_policy_insert(poor->index, &poor->nodes[i]);
	fail(NONE, 0);
	if (err) {
		poor->failures++;
		KUNIT_EXPECT_EQ(poor->test, -ENOMEM, err);
	}
	KUNIT_EXPECT_EQ(poor->test, !err, poor->nodes[i].indexed);
	KUNIT_EXPECT_EQ(poor->test, count + !err,
			rsp_policy_count(poor->index));
	return err;
}

static int update_poor(struct poor *poor, u32 i, enum failing failing, u32 nth)
{
	struct rsp_policy_params old = poor->nodes[i].params, new = old;
	int err;

	new.weight = 1 + i * 7 % 50;
	fail(failing, nth);
	err = rsp_policy_update(poor->index, &poor->nodes[i], &new);
	fail(NONE, 0);
	if (err) {
		poor->failures++;
		KUNIT_EXPECT_EQ(poor->test, -ENOMEM, err);
	}
	KUNIT_EXPECT_EQ(poor->test, err ? old.weight : new.weight,
			poor->nodes[i].params.weight);
	return err;
}

static void remove_poor(struct poor *poor, u32 i, enum failing failing)
{
	fail(failing, 1 + i % 3);
	rsp_policy_remove(poor->index, &poor->nodes[i]);
	fail(NONE, 0);
}

/* Selecting until none is left finds the odd ones, each once. */
static void expect_odd(struct poor *poor)
{
	struct rsp_exclude exclude = { .ids = poor->ids };
	struct rsp_policy_node *node;
	u32 i;

	for (i = 0; i <= MANY / 2; i++) {
		rcu_read_lock();
		node = rsp_policy_select(poor->index, &exclude);
		rcu_read_unlock();
		KUNIT_ASSERT_EQ(poor->test, i == MANY / 2, !node);
		if (!node)
			break;
		KUNIT_ASSERT_EQ(poor->test, 1, (node - poor->nodes) % 2);
		KUNIT_ASSERT_FALSE(poor->test, names(&exclude, node->id));
		poor->ids[exclude.n++] = node->id;
		sort(poor->ids, exclude.n, sizeof(u32), compare_u32, NULL);
	}
}

static struct poor *poor_new(struct kunit *test, u32 type)
{
	struct poor *poor = kunit_kzalloc(test, sizeof(*poor), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, poor);
	poor->test = test;
	fail(ALL, 0);
	poor->index = rsp_policy_index_alloc(type);
	fail(NONE, 0);
	if (poor->index) {
		rsp_policy_index_free(poor->index);
		kunit_skip(test, "failslab is not set up");
	}
	poor->index = rsp_policy_index_alloc(type);
	KUNIT_ASSERT_NOT_NULL(test, poor->index);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_index,
							   poor->index));
	for (i = 0; i < MANY; i++) {
		poor->nodes[i].id = passing_id(i);
		poor->nodes[i].params.type = type;
		poor->nodes[i].params.weight = 1 + i % 50;
	}
	return poor;
}

static void test_no_memory(struct kunit *test)
{
	u32 type = *(const u32 *)test->param_value, i, nth;
	struct poor *poor = poor_new(test, type);

	for (i = 0; i < MANY; i++) {
		if (!insert_poor(poor, i, ALL, 0))
			continue;
		for (nth = 1; insert_poor(poor, i, NTH, nth); nth++)
			;
	}
	KUNIT_EXPECT_GT(test, poor->failures, 0);
	for (i = 0; i < MANY; i++) {
		if (!update_poor(poor, i, ALL, 0))
			continue;
		for (nth = 1; update_poor(poor, i, NTH, nth); nth++)
			;
	}

	for (i = 0; i < MANY; i += 2)
		remove_poor(poor, i, ALL);
	expect_odd(poor);
	/* Where they were, others can be. */
	for (i = 0; i < MANY; i += 2)
		KUNIT_ASSERT_EQ(test, 0, insert_poor(poor, i, NONE, 0));
	for (i = 0; i < MANY; i += 2)
		remove_poor(poor, i, NTH);
	expect_odd(poor);
	for (i = 1; i < MANY; i += 2)
		remove_poor(poor, i, ALL);
	KUNIT_EXPECT_EQ(test, 0, rsp_policy_count(poor->index));
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, rsp_policy_select(poor->index, NULL));
	rcu_read_unlock();
}

#endif /* CONFIG_FAULT_INJECTION */

static struct kunit_case race_cases[] = {
	KUNIT_CASE_PARAM(test_race, type_gen_params),
	KUNIT_CASE_PARAM(test_moves, type_gen_params),
	KUNIT_CASE_PARAM(test_turns, type_gen_params),
	KUNIT_CASE_PARAM(test_leaps, type_gen_params),
	KUNIT_CASE_PARAM(test_round, type_gen_params),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE_PARAM(test_no_memory, type_gen_params),
#endif
	{}
};

static struct kunit_suite race_suite = {
	.name = "rserpool-policy-race",
	.test_cases = race_cases,
};

kunit_test_suite(race_suite);
