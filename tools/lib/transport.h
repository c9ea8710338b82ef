/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSP_TRANSPORT_H
#define _RSP_TRANSPORT_H

#include "../../net/rserpool/tlv.h"
#include "text.h"

void transport_put(struct rsp_tlv_writer *w, const struct transport *at, u16 use);

#endif
