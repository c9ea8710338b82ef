// SPDX-License-Identifier: GPL-2.0
/*
 * As much of pcap, Ethernet, IPv4 (RFC 791) and SCTP (RFC 9260) as captures of
 * ASAP and ENRP need. What does not look like that is passed over.
 */
#include <stdlib.h>

#include "../../net/rserpool/asap_proto.h"
#include "asap_pcap.h"

#define MAGIC		0xa1b2c3d4	/* of this machine's byte order */
#define ETHERNET	1
#define RAW_IP		101
#define PROTO_SCTP	132
#define DATA_WHOLE	3		/* begins and ends a user message */

struct pcap_head {
	u32 magic;
	u32 version;
	u32 unused[2];
	u32 snaplen;
	u32 link;
};

struct pcap_packet {
	u32 seconds;
	u32 micros;
	u32 len;
	u32 original_len;
};

/* Chunks behind SCTP's common header of 12 octets. */
static int read_sctp(const u8 *p, u32 len, u32 ppid, asap_pcap_fn *fn,
		     void *data)
{
	u32 pos = 12, chunk;
	int n = 0;

	for (; pos + 4 <= len; pos += ALIGN(chunk, 4)) {
		chunk = get_unaligned_be16(p + pos + 2);
		if (chunk < 4 || chunk > len - pos)
			break;
		if (p[pos] || chunk < 16 ||
		    (p[pos + 1] & DATA_WHOLE) != DATA_WHOLE ||
		    get_unaligned_be32(p + pos + 12) != ppid)
			continue;
		fn(p + pos + 16, chunk - 16, data);
		n++;
	}
	return n;
}

static int read_ip(const u8 *p, u32 len, u32 ppid, asap_pcap_fn *fn,
		   void *data)
{
	u32 head, total;

	if (len < 20 || p[0] >> 4 != 4 || p[9] != PROTO_SCTP)
		return 0;
	head = 4 * (p[0] & 15);
	total = get_unaligned_be16(p + 2);
	if (head < 20 || total < head || total > len)
		return 0;
	return read_sctp(p + head, total - head, ppid, fn, data);
}

/* Returns how many messages there were, -1 when the file cannot be read. */
int asap_pcap_read(const char *path, u32 ppid, asap_pcap_fn *fn, void *data)
{
	struct pcap_packet packet;
	struct pcap_head head;
	u32 skip;
	int n = 0;
	u8 *p;
	FILE *f;

	f = fopen(path, "rb");
	if (!f)
		return -1;
	if (fread(&head, sizeof(head), 1, f) != 1 || head.magic != MAGIC ||
	    (head.link != ETHERNET && head.link != RAW_IP)) {
		fclose(f);
		return -1;
	}
	skip = head.link == ETHERNET ? 14 : 0;
	while (fread(&packet, sizeof(packet), 1, f) == 1 &&
	       packet.len <= 1 << 18) {
		p = malloc(packet.len + 1);
		if (p && fread(p, packet.len, 1, f) == 1 && packet.len >= skip)
			n += read_ip(p + skip, packet.len - skip, ppid, fn,
				     data);
		free(p);
	}
	fclose(f);
	return n;
}

void asap_pcap_begin(FILE *f)
{
	struct pcap_head head = {
		.magic = MAGIC, .version = 2 | 4 << 16, .snaplen = 1 << 18,
		.link = RAW_IP,
	};

	fwrite(&head, sizeof(head), 1, f);
}

void asap_pcap_write(FILE *f, u32 ppid, const void *message, u32 len)
{
	u8 p[20 + 12 + 16] = {
		/* IPv4, 192.0.2.1 to 192.0.2.2, without a checksum */
		[0] = 0x45, [8] = 64, [9] = PROTO_SCTP, [12] = 192, [14] = 2,
		[15] = 1, [16] = 192, [18] = 2, [19] = 2,
		/* SCTP, from and to port 3863, without a checksum */
		[20] = 15, [21] = 23, [22] = 15, [23] = 23,
		/* DATA */
		[33] = DATA_WHOLE, [47] = ppid,
	};
	u32 total = sizeof(p) + ALIGN(len, 4);
	struct pcap_packet packet = { .len = total, .original_len = total };
	static const u8 zeros[3];

	p[2] = total >> 8;
	p[3] = total;
	p[34] = (16 + len) >> 8;
	p[35] = 16 + len;
	fwrite(&packet, sizeof(packet), 1, f);
	fwrite(p, sizeof(p), 1, f);
	fwrite(message, len, 1, f);
	fwrite(zeros, ALIGN(len, 4) - len, 1, f);
}
