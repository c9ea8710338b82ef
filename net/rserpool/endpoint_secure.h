/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_ENDPOINT_SECURE_H
#define _RSERPOOL_ENDPOINT_SECURE_H

#include <linux/types.h>

struct rsp_admission;
struct rsp_endpoint;
struct rsp_identity;
struct socket;

#define RSP_ADMISSIONS_MAX	1024	/* of an endpoint */

void rsp_admission_begin(struct rsp_endpoint *endpoint,
			 struct socket *transport);
struct rsp_handshake *rsp_admission_next(struct rsp_endpoint *endpoint, bool room,
					 struct rsp_identity *identity);
void rsp_admissions_end(struct rsp_endpoint *endpoint);

#endif /* _RSERPOOL_ENDPOINT_SECURE_H */
