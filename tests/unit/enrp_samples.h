/* SPDX-License-Identifier: GPL-2.0 */
/* ENRP messages to test with, and how to build again what was parsed. */
#ifndef _ENRP_SAMPLES_H
#define _ENRP_SAMPLES_H

#include "../../tools/lib/enrp.h"
#include "asap_samples.h"

extern const struct asap_sample enrp_samples[];
extern const int n_enrp_samples;

int enrp_rebuild(const struct rsp_enrp_message *msg, void *buf, u32 cap);

#endif /* _ENRP_SAMPLES_H */
