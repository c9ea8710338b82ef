// SPDX-License-Identifier: GPL-2.0
#include <sys/socket.h>

#include "transport.h"

/**
 * transport_put() - write a TCP transport parameter (RFC 5354, 3.5)
 * @w: where
 * @at: its address and port; the interface stays here
 * @use: RSP_TRANSPORT_USE_DATA_ONLY or RSP_TRANSPORT_USE_DATA_CONTROL
 */
void transport_put(struct rsp_tlv_writer *w, const struct transport *at, u16 use)
{
	struct rsp_tlv_transport tcp = {
		.type = RSP_TLV_TCP_TRANSPORT, .port = at->port, .use = use,
	};
	struct rsp_tlv_address address = {
		.octets = { (const u8 *)&at->v6,
			    at->family == AF_INET ? 4 : 16 },
	};
	u32 begin = rsp_tlv_begin_transport(w, &tcp);

	rsp_tlv_put_address(w, &address);
	rsp_tlv_end(w, begin);
}
