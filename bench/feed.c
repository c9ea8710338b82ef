// SPDX-License-Identifier: GPL-2.0
/*
 * feed ELEMENTS POOLS TURN: gives the kernel the elements that "registrar load"
 * registers, in messages that are as large as enrpd's and were made before, and
 * prints how many a second:
 *
 *	sample feed TURN peer VALUE
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "registrar.h"

#include "../tools/lib/feeder.h"

#define HOME	1

static struct nl_client client;
static u8 *messages;		/* NL_REQUEST_MAX octets for each */
static u32 n_messages;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static struct nlmsghdr *next_message(void)
{
	messages = realloc(messages, (n_messages + 1) * NL_REQUEST_MAX);
	if (!messages)
		err(1, "memory");
	return nl_request(&client,
			  messages + n_messages++ * (size_t)NL_REQUEST_MAX,
			  RSERPOOL_CMD_ELEMENT_NEW, 0);
}

static void put_element(struct nlmsghdr *nlh, const struct turn *turn, u32 user,
			u32 number)
{
	struct rsp_tlv_element element;
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;
	u32 len = build_registration(turn, user, number);

	if (rsp_asap_parse(&in, request, len, &msg) ||
	    !rsp_tlv_next_element(&msg.params, &element))
		errx(1, "registration");
	element.home = HOME;
	feeder_put_element(nlh, &msg.handle, &element, 0);
}

static void prepare(u32 elements, u32 pools)
{
	struct turn turn = { .pools = pools };
	struct nlmsghdr *nlh = NULL;
	u32 i;

	for (i = 0; i < elements; i++) {
		if (!nlh || nlh->nlmsg_len >= NL_REQUEST_MAX - FEEDER_ELEMENT_MAX)
			nlh = next_message();
		put_element(nlh, &turn, i % USERS, i / USERS);
	}
}

static void talk(struct nlmsghdr *nlh)
{
	if (nl_talk(&client, nlh, NULL, NULL))
		errx(1, "the kernel: %s", client.error.sentence);
}

static void say(u8 command)
{
	static u8 buf[NL_REQUEST_MAX] __attribute__((aligned(8)));

	talk(nl_request(&client, buf, command, 0));
}

int main(int argc, char **argv)
{
	u32 elements, i;
	double start;

	if (argc != 4)
		errx(1, "usage: feed ELEMENTS POOLS TURN");
	elements = (u32)atoi(argv[1]);
	if (nl_open(&client, RSERPOOL_FAMILY_NAME))
		errx(1, "netlink: %s", strerror(client.error.err));
	prepare(elements, (u32)atoi(argv[2]));
	start = seconds();
	say(RSERPOOL_CMD_SYNC_BEGIN);
	for (i = 0; i < n_messages; i++)
		talk((void *)(messages + i * (size_t)NL_REQUEST_MAX));
	if (atoi(argv[3]) >= 0)
		printf("sample feed %s peer %.6g\n", argv[3],
		       elements / (seconds() - start));
	say(RSERPOOL_CMD_SYNC_END);
	return 0;
}
