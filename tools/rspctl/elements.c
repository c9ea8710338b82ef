// SPDX-License-Identifier: GPL-2.0
/*
 * Adding elements, as many as a message holds. The kernel checks a message
 * whole before its first change, so that one wrong element keeps out those
 * before it too: they are sent again without it, and the result is as if each
 * had been sent alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/random.h>

#include "../lib/print.h"
#include "rspctl.h"

/* An element is never smaller: its nest, a handle, an address. */
#define ELEMENTS_MAX	(NL_REQUEST_MAX / 36)

#define PICKS_MAX	100	/* identifiers that are tried for an element */

/* A power of two, well above that. */
#define SEEN_MAX	2048

static struct {
	uint8_t buf[NL_REQUEST_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;	/* NULL when there are none */
	bool exclusive;		/* one that is there is refused */
	unsigned int n;
	struct {
		uint32_t offset;	/* of its nest in the message */
		bool picked;		/* its identifier was picked here */
		unsigned long line;
	} at[ELEMENTS_MAX + 1];
	uint64_t seen[SEEN_MAX];	/* hashes of pool and identifier */
	unsigned int n_seen;
} gathered;

static uint32_t random_u32(void)
{
	static uint32_t pool[256];
	static unsigned int left;

	if (!left) {
		if (getrandom(pool, sizeof(pool), 0) != sizeof(pool))
			return 0;
		left = sizeof(pool) / sizeof(pool[0]);
	}
	return pool[--left];
}

static int pick_id(uint32_t *id)
{
	uint32_t min, max;
	int ret;

	if (!ctl.pe_id_min) {
		ret = scope_pe_id_range(&ctl.pe_id_min, &ctl.pe_id_max);
		if (ret)
			return ret;
	}
	min = ctl.pe_id_min;
	max = ctl.pe_id_max;
	*id = min + (uint32_t)(random_u32() * ((uint64_t)max - min + 1) >> 32);
	return 0;
}

static struct nlattr *nest_of(unsigned int i)
{
	return (void *)(gathered.buf + gathered.at[i].offset);
}

static void begin(void)
{
	gathered.nlh = nl_request(&ctl.client, gathered.buf,
				  RSERPOOL_CMD_ELEMENT_NEW, 0);
	gathered.n = 0;
	memset(gathered.seen, 0, sizeof(gathered.seen));
	gathered.n_seen = 0;
}

/*
 * The kernel looks whether an element is there before the first of a message
 * is added: that one is twice in it we must see. Two hashes that happen to be
 * the same cost a message or a pick, no more.
 */
static bool seen_before(const uint8_t *octets, size_t len, uint32_t id)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ id;
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ octets[i]) * UINT64_C(0x100000001b3);
	hash ^= hash >> 32;
	hash = hash * UINT64_C(0x9e3779b97f4a7c15) | 1;
	for (i = hash >> 53; gathered.seen[i]; i = (i + 1) % SEEN_MAX)
		if (gathered.seen[i] == hash)
			return true;
	/* One place stays free, or the search above would not end. */
	if (gathered.n_seen == SEEN_MAX - 1)
		return true;
	gathered.n_seen++;
	gathered.seen[i] = hash;
	return false;
}

/* Keep only the elements from @from up to @to, which begins at octet @end. */
static void keep(unsigned int from, unsigned int to)
{
	uint32_t begin_at, end_at, head, i;

	head = gathered.at[0].offset;
	begin_at = gathered.at[from].offset;
	end_at = gathered.at[to].offset;
	memmove(gathered.buf + head, gathered.buf + begin_at,
		end_at - begin_at);
	gathered.nlh->nlmsg_len = head + end_at - begin_at;
	for (i = from; i < to; i++) {
		gathered.at[i - from] = gathered.at[i];
		gathered.at[i - from].offset -= begin_at - head;
	}
	gathered.n = to - from;
	gathered.at[gathered.n].offset = gathered.nlh->nlmsg_len;
}

/* Which element the kernel blames, -1 when it does not say. */
static int blamed(void)
{
	uint32_t offset = ctl.client.error.offset;
	unsigned int i;

	for (i = 0; offset && i < gathered.n; i++)
		if (offset >= gathered.at[i].offset &&
		    offset < gathered.at[i + 1].offset)
			return (int)i;
	return gathered.n == 1 ? 0 : -1;
}

static const struct nlattr *find(unsigned int i, uint16_t type)
{
	const struct nlattr *attrs[RSERPOOL_A_ELEMENT_MAX + 1];

	nest_read(nest_of(i), attrs, RSERPOOL_A_ELEMENT_MAX);
	return attrs[type];
}

/* Say the identifiers that were picked, now that the kernel has them. */
static void announce(unsigned int to)
{
	unsigned int i;

	for (i = 0; i < to; i++) {
		if (!gathered.at[i].picked)
			continue;
		print_object_begin(NULL);
		show_handle("pool", "pool %s",
			    find(i, RSERPOOL_A_ELEMENT_HANDLE));
		show_pe_id("id", " id %s\n", find(i, RSERPOOL_A_ELEMENT_ID));
		print_object_end();
	}
}

static int refused(unsigned int i)
{
	const struct nlattr *attr = find(i, RSERPOOL_A_ELEMENT_HANDLE);
	unsigned long line = ctl.line;
	char name[HANDLE_TEXT_MAX];
	int ret;

	format_handle(mnl_attr_get_payload(attr),
		      mnl_attr_get_payload_len(attr), name);
	ctl.line = gathered.at[i].line;
	if (ctl.client.error.err == EEXIST && gathered.at[i].picked)
		ret = kernel_error("no identifier was found free in the scope's range; see: rspctl scope show");
	else if (ctl.client.error.err == EEXIST)
		ret = kernel_error("to change it: rspctl pe set pool %s", name);
	else if (ctl.client.error.err == ENOSPC)
		ret = kernel_error("see: rspctl scope show");
	else
		ret = kernel_error("see: rspctl pool show %s", name);
	ctl.line = line;
	return ret;
}

/* Send those before element @to; where one is there that is refused, or not. */
static int send_to(unsigned int to, bool exclusive)
{
	uint32_t end = gathered.at[to].offset;
	struct nlmsghdr *nlh = gathered.nlh;
	struct nlattr next;
	int ret;

	memcpy(&next, gathered.buf + end, sizeof(next));
	nlh->nlmsg_len = end;
	if (exclusive)
		mnl_attr_put(nlh, RSERPOOL_A_BATCH_EXCLUSIVE, 0, NULL);
	ret = nl_talk(&ctl.client, nlh, NULL, NULL);
	memcpy(gathered.buf + end, &next, sizeof(next));
	nlh->nlmsg_len = gathered.at[gathered.n].offset;
	return ret;
}

/* Send those before element @to, which the kernel has no fault to find with. */
static int send_before(unsigned int to)
{
	struct nl_error error = ctl.client.error;
	int ret;

	if (!to)
		return 0;
	/* Some may be there since the message that failed. */
	ret = send_to(to, false);
	if (ret)
		return ret;
	ctl.client.error = error;
	announce(to);
	return 0;
}

/* Find another identifier for an element for which one was picked. */
static bool pick_again(unsigned int k, int *tries)
{
	const struct nlattr *handle = find(k, RSERPOOL_A_ELEMENT_HANDLE);
	uint32_t id;

	while ((*tries)-- > 0) {
		if (pick_id(&id))
			return false;
		if (seen_before(mnl_attr_get_payload(handle),
				mnl_attr_get_payload_len(handle), id))
			continue;
		memcpy(mnl_attr_get_payload(find(k, RSERPOOL_A_ELEMENT_ID)),
		       &id, sizeof(id));
		return true;
	}
	return false;
}

/* The kernel blames an element; those before it are in. */
static int settle(unsigned int k, int *tries)
{
	int ret;

	if (k)
		*tries = PICKS_MAX;
	if (ctl.client.error.err == EEXIST && gathered.at[k].picked &&
	    pick_again(k, tries)) {
		keep(k, gathered.n);
		return 0;
	}
	*tries = PICKS_MAX;
	ret = refused(k);
	keep(k + 1, gathered.n);
	return ret;
}

/**
 * elements_flush() - send the elements that were gathered
 *
 * Without -force what follows the first one that is refused is not sent.
 *
 * Return: 0, or the exit status after complaints, each with its line.
 */
int elements_flush(void)
{
	int ret, k, tries = PICKS_MAX, status = 0;

	if (!gathered.nlh)
		return 0;
	while (gathered.n) {
		if (!send_to(gathered.n, gathered.exclusive)) {
			announce(gathered.n);
			break;
		}
		k = blamed();
		if (k < 0 || send_before((unsigned int)k)) {
			status = refused(0);
			break;
		}
		ret = settle((unsigned int)k, &tries);
		if (ret)
			status = ret;
		if (ret && !ctl.force)
			break;
	}
	gathered.nlh = NULL;
	return status;
}

/**
 * elements_add() - gather an element to add
 * @config: the element; where it has no identifier, one is picked for it
 *
 * Return: 0, or the exit status after a complaint, about it or those before.
 */
int elements_add(struct pe_config *config)
{
	bool picked = !(config->given & 1u << RSERPOOL_A_ELEMENT_ID);
	bool exclusive = picked || !ctl.sync;
	struct nlattr *nest;
	int ret, status;

	ret = kernel_open();
	if (ret)
		return EXIT_KERNEL;
	if (gathered.nlh && (gathered.exclusive != exclusive ||
			     gathered.nlh->nlmsg_len + PE_SIZE_MAX +
			     sizeof(struct nlattr) > NL_REQUEST_MAX))
		ret = elements_flush();
	if (ret && !ctl.force)
		return ret;
	if (picked) {
		if (pick_id(&config->id))
			return EXIT_KERNEL;
		config->given |= 1u << RSERPOOL_A_ELEMENT_ID;
	}
	if (gathered.nlh && seen_before(config->handle.octets, config->handle.len,
					config->id)) {
		status = elements_flush();
		if (status > ret)
			ret = status;
		if (ret && !ctl.force)
			return ret;
	}
	gathered.exclusive = exclusive;
	if (!gathered.nlh) {
		begin();
		seen_before(config->handle.octets, config->handle.len,
					config->id);
	}
	gathered.at[gathered.n].offset = gathered.nlh->nlmsg_len;
	gathered.at[gathered.n].picked = picked;
	gathered.at[gathered.n].line = ctl.line;
	nest = mnl_attr_nest_start(gathered.nlh, RSERPOOL_A_BATCH_ELEMENT);
	pe_put(gathered.nlh, config);
	mnl_attr_nest_end(gathered.nlh, nest);
	gathered.at[++gathered.n].offset = gathered.nlh->nlmsg_len;
	return ret;
}
