/* SPDX-License-Identifier: GPL-2.0 */
/* Messages to test with, and how to build again what was parsed. */
#ifndef _ASAP_SAMPLES_H
#define _ASAP_SAMPLES_H

#include "../../net/rserpool/asap.h"

/**
 * struct asap_sample - a message that we can build
 * @name: names a file, too
 * @type: enum rsp_asap_type
 * @flags: its flags
 * @params: writes what is behind the header
 * @filter: what tshark's display filter must find in it
 */
struct asap_sample {
	const char *name;
	u8 type;
	u8 flags;
	void (*params)(struct rsp_tlv_writer *w);
	const char *filter;
};

extern const struct asap_sample asap_samples[];
extern const int n_asap_samples;

extern const struct rsp_tlv_address sample_v4, sample_v6;

void sample_handle(struct rsp_tlv_writer *w);
void sample_element(struct rsp_tlv_writer *w, u32 id);
void sample_transport(struct rsp_tlv_writer *w, u16 type, u16 use,
		      const struct rsp_tlv_address *address);
int asap_sample_build(const struct asap_sample *sample, void *buf, u32 cap);
int asap_rebuild(const struct rsp_asap_message *msg, void *buf, u32 cap);
void asap_put_transport(struct rsp_tlv_writer *w,
			const struct rsp_tlv_transport *transport);
void asap_put_element(struct rsp_tlv_writer *w,
		      const struct rsp_tlv_element *element);
void asap_put_causes(struct rsp_tlv_writer *w, struct rsp_tlv_list causes);

#endif /* _ASAP_SAMPLES_H */
