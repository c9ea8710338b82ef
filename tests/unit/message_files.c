// SPDX-License-Identifier: GPL-2.0
/*
 * message_files asap|enrp pcap FILE: the protocol's samples, a packet each, for
 * tshark; on stdout for each its name, a tab, and the display filter that must
 * find it.
 * message_files asap|enrp corpus CAPTURE DIR: the samples and the capture's
 * messages, a file each, for the fuzzer.
 * message_files asap frames CAPTURE DIR: the same in frames, before and behind some
 * of the program's octets, for fuzz_frames.c.
 */
#include <stdlib.h>

#include "asap_pcap.h"
#include "enrp_samples.h"

static u8 buf[1 << 16];
static bool in_frames;

/**
 * struct protocol - what messages are written of
 * @name: of the protocol, also of tshark's fields
 * @ppid: payload protocol identifier
 * @samples: its messages
 * @n_samples: how many
 */
struct protocol {
	const char *name;
	u32 ppid;
	const struct asap_sample *samples;
	int n_samples;
};

static FILE *create(const char *path)
{
	FILE *f = fopen(path, "wb");

	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void write_pcap(const struct protocol *protocol, const char *path)
{
	const struct asap_sample *sample = protocol->samples;
	const char *name = protocol->name;
	FILE *f = create(path);
	int i, len;

	asap_pcap_begin(f);
	for (i = 0; i < protocol->n_samples; i++, sample++) {
		len = asap_sample_build(sample, buf, sizeof(buf));
		asap_pcap_write(f, protocol->ppid, buf, len);
		printf("%s.%s\tframe.number == %d && %s.message_type == %d && "
		       "%s.message_flags == %d && %s\n",
		       name, sample->name, i + 1, name, sample->type, name,
		       sample->flags, sample->filter);
	}
	fclose(f);
}

static void write_frame(FILE *f, u32 ppid, u32 length, const void *octets,
			u32 len)
{
	__be32 head[] = { cpu_to_be32(ppid), cpu_to_be32(length) };

	fwrite(head, sizeof(head), 1, f);
	if (len)
		fwrite(octets, len, 1, f);
}

/* struct head of fuzz_frames.c: every one in other packets, for other calls. */
static void write_head(FILE *f)
{
	static u8 n;
	u8 head[] = { n, 0, 0, 0, n << 1 | 1, 19, 0, n * 5 };

	fwrite(head, sizeof(head), 1, f);
	n++;
}

static void write_framed(FILE *f, const void *message, u32 len)
{
	write_head(f);
	write_frame(f, 11, len, message, len);
	write_frame(f, 0, 5, "whole", 5);
	write_frame(f, 7, 2 | 1u << 31, "in", 2);
	write_frame(f, 11, len, message, len);
	write_frame(f, 7, 6, " parts", 6);
	write_frame(f, 11, 0, NULL, 0);
}

static void write_one(const char *dir, const char *name, const void *message,
		      u32 len)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = create(path);
	if (in_frames)
		write_framed(f, message, len);
	else
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

static void write_corpus(const struct protocol *protocol, const char *capture,
			 char *dir)
{
	const struct asap_sample *sample = protocol->samples;
	int i, len;

	for (i = 0; i < protocol->n_samples; i++, sample++) {
		len = asap_sample_build(sample, buf, sizeof(buf));
		write_one(dir, sample->name, buf, len);
	}
	if (asap_pcap_read(capture, protocol->ppid, write_captured, dir) <= 0) {
		fprintf(stderr, "no message in %s\n", capture);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	const struct protocol protocols[] = {
		{ "asap", RSP_ASAP_PPID, asap_samples, n_asap_samples },
		{ "enrp", RSP_ENRP_PPID, enrp_samples, n_enrp_samples },
	};
	const struct protocol *protocol = &protocols[0];

	if (argc < 4)
		return 2;
	if (!strcmp(argv[1], protocols[1].name))
		protocol = &protocols[1];
	in_frames = !strcmp(argv[2], "frames");
	if (!strcmp(argv[2], "pcap"))
		write_pcap(protocol, argv[3]);
	else if (argc == 5 && (in_frames || !strcmp(argv[2], "corpus")))
		write_corpus(protocol, argv[3], argv[4]);
	else
		return 2;
	return 0;
}
