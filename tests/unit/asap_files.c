// SPDX-License-Identifier: GPL-2.0
/*
 * asap_files pcap FILE: the samples, a packet each, for tshark; on stdout for
 * each its name, a tab, and the display filter that must find it.
 * asap_files corpus CAPTURE DIR: the samples and the capture's messages, a file
 * each, for the fuzzer.
 */
#include <stdlib.h>

#include "asap_pcap.h"
#include "asap_samples.h"

static u8 buf[1 << 16];

static FILE *create(const char *path)
{
	FILE *f = fopen(path, "wb");

	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void write_pcap(const char *path)
{
	FILE *f = create(path);
	int i, len;

	asap_pcap_begin(f);
	for (i = 0; i < n_asap_samples; i++) {
		len = asap_sample_build(&asap_samples[i], buf, sizeof(buf));
		asap_pcap_write(f, buf, len);
		printf("%s\tframe.number == %d && asap.message_type == %d && "
		       "asap.message_flags == %d && %s\n",
		       asap_samples[i].name, i + 1, asap_samples[i].type,
		       asap_samples[i].flags, asap_samples[i].filter);
	}
	fclose(f);
}

static void write_one(const char *dir, const char *name, const void *message,
		      u32 len)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = create(path);
	fwrite(message, len, 1, f);
	fclose(f);
}

static void write_captured(const u8 *message, u32 len, void *dir)
{
	static int n;
	char name[32];

	snprintf(name, sizeof(name), "capture-%d", n++);
	write_one(dir, name, message, len);
}

static void write_corpus(const char *capture, char *dir)
{
	int i, len;

	for (i = 0; i < n_asap_samples; i++) {
		len = asap_sample_build(&asap_samples[i], buf, sizeof(buf));
		write_one(dir, asap_samples[i].name, buf, len);
	}
	if (asap_pcap_read(capture, write_captured, dir) <= 0) {
		fprintf(stderr, "no message in %s\n", capture);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "pcap"))
		write_pcap(argv[2]);
	else if (argc == 4 && !strcmp(argv[1], "corpus"))
		write_corpus(argv[2], argv[3]);
	else
		return 2;
	return 0;
}
