// SPDX-License-Identifier: GPL-2.0
/*
 * asap_parse COUNT: the messages that the codec is tested with are parsed, over
 * and over, and copied; prints as client.c how many a second, COUNT times.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../tests/unit/asap_samples.h"

#define ROUNDS	2000

static u8 messages[64][4096], copy[4096];
static u32 sizes[64];
static volatile u32 seen;	/* so that nothing is left out */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void parse(int i)
{
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;

	if (rsp_asap_parse(&in, messages[i], sizes[i], &msg))
		errx(1, "%s: %s", asap_samples[i].name, in.error.what);
	seen += msg.type;
}

static void copy_octets(int i)
{
	memcpy(copy, messages[i], sizes[i]);
	seen += copy[0];
}

static double rate(void (*fn)(int i), int n)
{
	double start = now();
	int round, i;

	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < n; i++)
			fn(i);
	return ROUNDS * n / (now() - start);
}

int main(int argc, char **argv)
{
	int pair, i, n = 0, count = argc > 1 ? atoi(argv[1]) : 1;

	for (i = 0; i < n_asap_samples && i < 64; i++) {
		int len = asap_sample_build(&asap_samples[i], messages[n],
					    sizeof(messages[n]));

		if (len <= 0)
			errx(1, "%s: %d", asap_samples[i].name, len);
		sizes[n++] = len;
	}
	for (pair = 0; pair < count; pair++) {
		printf("sample asap-parse %d ours %.6g\n", pair, rate(parse, n));
		printf("sample asap-parse %d peer %.6g\n", pair,
		       rate(copy_octets, n));
	}
	return 0;
}
