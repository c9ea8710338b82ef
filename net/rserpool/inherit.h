/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_INHERIT_H
#define _RSERPOOL_INHERIT_H

#include <linux/types.h>

struct sock;

void rsp_sock_inherit(struct sock *sk, struct sock *heir);
bool rsp_sock_adopt(const struct sock *sk, struct sock *child);

#endif /* _RSERPOOL_INHERIT_H */
