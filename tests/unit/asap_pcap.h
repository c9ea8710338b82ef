/* SPDX-License-Identifier: GPL-2.0 */
/* ASAP's and ENRP's messages in captures: over SCTP and IPv4, each in one packet. */
#ifndef _ASAP_PCAP_H
#define _ASAP_PCAP_H

#include <stdio.h>

typedef void asap_pcap_fn(const u8 *message, u32 len, void *data);

int asap_pcap_read(const char *path, u32 ppid, asap_pcap_fn *fn, void *data);
void asap_pcap_begin(FILE *f);
void asap_pcap_write(FILE *f, u32 ppid, const void *message, u32 len);

#endif /* _ASAP_PCAP_H */
