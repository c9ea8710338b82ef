/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_FRAME_QUICK_H
#define _RSERPOOL_FRAME_QUICK_H

#include <linux/types.h>

struct iov_iter;
struct rsp_flow;

/**
 * struct rsp_message - a message that was received
 * @given: octets that the program got
 * @passed: octets of it
 * @ppid: its payload protocol identifier
 */
struct rsp_message {
	size_t given;
	size_t passed;
	u32 ppid;
};

bool rsp_message_peek(const struct rsp_flow *flow);
bool rsp_message_quick(struct rsp_flow *flow, struct iov_iter *to, size_t size,
		       struct rsp_message *message);

#endif /* _RSERPOOL_FRAME_QUICK_H */
