/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_ENDPOINT_ACCEPT_H
#define _RSERPOOL_ENDPOINT_ACCEPT_H

#include <linux/wait.h>

struct rsp_endpoint;
struct rsp_session;
struct socket;

int rsp_listener_wake(struct wait_queue_entry *wait, unsigned int mode,
		      int wake_flags, void *key);
bool rsp_endpoint_backlogged(const struct rsp_endpoint *endpoint);
int rsp_endpoint_accept(struct rsp_session *ssn, struct socket *newsock,
			int flags);
void rsp_endpoint_accept_init(struct rsp_endpoint *endpoint);
void rsp_endpoint_accept_end(struct rsp_endpoint *endpoint);

#endif /* _RSERPOOL_ENDPOINT_ACCEPT_H */
