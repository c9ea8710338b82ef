/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_AF_RSERPOOL_H
#define _RSERPOOL_AF_RSERPOOL_H

#include <linux/list.h>
#include <linux/net.h>
#include <linux/sockptr.h>

struct msghdr;
struct pipe_inode_info;
struct rsp_handle;
struct rsp_session;
struct sock;

int rsp_release(struct socket *sock);
int rsp_address_parse(const struct sockaddr *uaddr, int len,
		      struct rsp_handle *handle, u32 *pe_id, __be16 *port);
int rsp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size);
int rsp_recvmsg(struct socket *sock, struct msghdr *msg, size_t size,
		int flags);
ssize_t rsp_splice_read(struct socket *sock, loff_t *ppos,
			struct pipe_inode_info *pipe, size_t len,
			unsigned int flags);
int rsp_setsockopt(struct socket *sock, int level, int name, sockptr_t value,
		   unsigned int len);
int rsp_getsockopt(struct socket *sock, int level, int name,
		   char __user *value, int __user *len);
int rsp_transport_setsockopt(struct socket *sock, int level, int name,
			     sockptr_t value, unsigned int len);
int rsp_transport_getsockopt(struct socket *sock, int level, int name,
			     char __user *value, int __user *len);
int rsp_socket_setsockopt(struct socket *sock, int name, sockptr_t value,
			  unsigned int len);
int rsp_sockopt_u32(sockptr_t value, unsigned int len, u32 *number);
void rsp_transport_unlimit(struct sock *transport);
void rsp_transport_sockopts(const struct rsp_session *ssn,
			    struct socket *transport);
void rsp_sock_options(const struct sock *sk, struct sock *heir);
int rsp_sockopts_copy(const struct rsp_session *ssn, struct list_head *copies);
void rsp_sockopts_free(struct list_head *opts);

int rsp_family_register(void);
void rsp_family_unregister(void);

#endif /* _RSERPOOL_AF_RSERPOOL_H */
