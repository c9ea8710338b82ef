/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What net/rserpool/frame_pass.c, frame_quick.c and frame_receive.c need of the
 * kernel, so that they can be run here, under the sanitizers.  The Makefile includes it ahead of
 * them, in place of net/rserpool/compat.h, and gives them empty files for the
 * kernel's own headers.
 *
 * There is one thread.  A lock is a flag, so that what is taken twice, given
 * back twice, or held where something is waited for is seen.  A page of the
 * program is PROGRAM_PAGE octets, may be missing, and is brought in as in the
 * kernel.  TCP is in frames_tcp.c.
 */
#ifndef _FRAMES_KERNEL_H
#define _FRAMES_KERNEL_H

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "../../tools/lib/kernel.h"

typedef unsigned int __poll_t;
typedef unsigned int gfp_t;

#define CHECK(x) do { if (!(x)) __builtin_trap(); } while (0)

/* Plain things. */

#define __counted_by(_n)
#define READ_ONCE(_x)		(_x)
#define WRITE_ONCE(_x, _value)	((_x) = (_value))
#define container_of(_ptr, _type, _member) \
	((_type *)((char *)(_ptr) - offsetof(_type, _member)))
#define struct_size(_p, _member, _n) \
	(sizeof(*(_p)) + sizeof(*(_p)->_member) * (_n))
#define min(_x, _y) ({				\
	__typeof__(_x) __a = (_x);		\
	__typeof__(_y) __b = (_y);		\
						\
	__a < __b ? __a : (__typeof__(_x))__b; })
#define IS_ENABLED(_option)	0
#define likely(_x)		(_x)
#define unlikely(_x)		(_x)
#define noinline
#define noinline_for_stack
#undef __always_inline
#define __always_inline		inline
#define __uninitialized
#define __acquire(_lock)
#define min3(_x, _y, _z)	min(min(_x, _y), _z)
#define max_t(_type, _x, _y) ({			\
	_type __x = (_x), __y = (_y);		\
						\
	__x > __y ? __x : __y; })

#define PAGE_SIZE		512	/* messages have a few thousand at most */
#define GFP_KERNEL_ACCOUNT	0

static inline bool test_bit(int bit, const unsigned long *bits)
{
	return *bits >> bit & 1;
}

/* Lists. */

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

#define LIST_HEAD(_name)	struct list_head _name = { &(_name), &(_name) }

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *list)
{
	entry->next = list;
	entry->prev = list->prev;
	list->prev->next = entry;
	list->prev = entry;
}

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	entry->next = NULL;
	entry->prev = NULL;
}

static inline void list_splice_tail_init(struct list_head *from,
					 struct list_head *to)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	INIT_LIST_HEAD(from);
}

#define list_entry(_ptr, _type, _member) container_of(_ptr, _type, _member)
#define list_last_entry(_list, _type, _member) \
	list_entry((_list)->prev, _type, _member)
#define list_for_each_entry(_at, _list, _member)			      \
	for (_at = list_entry((_list)->next, __typeof__(*_at), _member);      \
	     &_at->_member != (_list);					      \
	     _at = list_entry(_at->_member.next, __typeof__(*_at), _member))
#define list_for_each_entry_safe(_at, _next, _list, _member)		      \
	for (_at = list_entry((_list)->next, __typeof__(*_at), _member),      \
	     _next = list_entry(_at->_member.next, __typeof__(*_at), _member); \
	     &_at->_member != (_list);					      \
	     _at = _next,						      \
	     _next = list_entry(_next->_member.next, __typeof__(*_at), _member))

/* Memory, of which there may be none. */

bool memory_fails(void);

static inline void *kvmalloc(size_t size, gfp_t gfp)
{
	(void)gfp;
	return memory_fails() ? NULL : malloc(size);
}

static inline void kvfree(void *p)
{
	free(p);
}

/* Locks. */

struct mutex {
	bool held;
};

static inline void mutex_lock(struct mutex *mutex)
{
	CHECK(!mutex->held);
	mutex->held = true;
}

static inline void mutex_unlock(struct mutex *mutex)
{
	CHECK(mutex->held);
	mutex->held = false;
}

/* What is used by pointer only, or not at all. */

struct timer_list {
	int unused;
};

struct bio_vec {
	int unused;
};

struct wait_queue_entry {
	int unused;
};

struct rcu_head {
	void *unused;
};

typedef struct {
	int refs;
} refcount_t;

static inline bool refcount_dec_and_test(refcount_t *refs)
{
	return !--refs->refs;
}

struct page_frag;

/* The program's memory. */

#define PROGRAM_PAGE	64
#define PROGRAM_MAX	(1 << 17)

struct program_memory {
	u8 octets[PROGRAM_MAX];
	bool absent[PROGRAM_MAX / PROGRAM_PAGE];
};

/**
 * struct iov_iter - a place in the program's memory
 * @memory: NULL: octets go nowhere
 * @at: the next octet
 * @count: how many fit
 */
struct iov_iter {
	struct program_memory *memory;
	size_t at;
	size_t count;
};

/* Of the kernel's, not of the C library. */
#define msghdr kernel_msghdr

struct msghdr {
	struct iov_iter msg_iter;
	unsigned int msg_flags;
	u32 ppid;
};

static inline size_t iov_iter_count(const struct iov_iter *iter)
{
	return iter->count;
}

static inline void iov_iter_revert(struct iov_iter *iter, size_t n)
{
	CHECK(n <= iter->at);
	iter->at -= n;
	iter->count += n;
}

#define ITER_DEST 0

static inline void iov_iter_discard(struct iov_iter *iter, int direction,
				    size_t n)
{
	(void)direction;
	*iter = (struct iov_iter){ .count = n };
}

void pagefault_disable(void);
void pagefault_enable(void);
size_t copy_to_iter(const void *from, size_t n, struct iov_iter *to);
size_t fault_in_iov_iter_writeable(const struct iov_iter *iter, size_t n);

int put_cmsg(struct msghdr *msg, int level, int type, int len,
	     const void *data);

/* TCP. */

typedef struct {
	u8 *octets;
	u32 size;
	bool high;	/* it has no address */
} skb_frag_t;

#define FRAGS_MAX 4

struct skb_shared_info {
	u8 nr_frags;
	skb_frag_t frags[FRAGS_MAX];
};

/* @next of the last one is the queue. */
struct sk_buff {
	struct sk_buff *next;
	u32 seq;
	u32 end_seq;
	u32 len;
	u32 head_len;
	u8 *data;
	struct skb_shared_info shared;
};

#define TCP_SKB_CB(_skb)	(_skb)

/* There is no TLS, and so no record that stays. */
static inline struct sk_buff *skb_get(struct sk_buff *skb)
{
	CHECK(!skb);
	return skb;
}

static inline void consume_skb(struct sk_buff *skb)
{
	CHECK(!skb);
}

#define TCP_CLOSE		7
#define RCV_SHUTDOWN		1

typedef int spinlock_t;

/* All of a TCP socket that is looked at. */
struct sock {
	struct sk_buff sk_receive_queue;
	struct {
		spinlock_t slock;
		bool owned;
		bool was_owned;	/* when it was to be taken fast */
	} sk_lock;
	int sk_rcvlowat;
	u8 sk_shutdown;
	u8 sk_state;
	u32 rcv_nxt;
	u32 copied_seq;
	u32 write_seq;
	u32 snd_nxt;
	bool urg_data;
};

#define tcp_sock sock

typedef struct {
	size_t count;
	union {
		void *data;
	} arg;
} read_descriptor_t;

typedef int (*sk_read_actor_t)(read_descriptor_t *desc, struct sk_buff *skb,
			       unsigned int offset, size_t len);

struct socket;

struct proto_ops {
	int (*read_sock)(struct sock *sk, read_descriptor_t *desc,
			 sk_read_actor_t actor);
	int (*recvmsg)(struct socket *sock, struct msghdr *msg, size_t size,
		       int flags);
};

struct socket {
	const struct proto_ops *ops;
	struct sock *sk;
};

static inline struct tcp_sock *tcp_sk(const struct sock *sk)
{
	return (struct tcp_sock *)sk;
}

static inline int tcp_inq(const struct sock *sk)
{
	return sk->rcv_nxt - sk->copied_seq;
}

static inline int inet_sk_state_load(const struct sock *sk)
{
	return sk->sk_state;
}

static inline void lock_sock(struct sock *sk)
{
	CHECK(!sk->sk_lock.owned && !sk->sk_lock.slock);
	sk->sk_lock.owned = true;
}

static inline void release_sock(struct sock *sk)
{
	CHECK(sk->sk_lock.owned);
	sk->sk_lock.owned = false;
}

static inline bool sock_owned_by_user_nocheck(const struct sock *sk)
{
	return sk->sk_lock.owned;
}

static inline void spin_lock_bh(spinlock_t *lock)
{
	CHECK(!(*lock)++);
}

static inline void spin_unlock_bh(spinlock_t *lock)
{
	CHECK(!--*lock);
}

/* Each second time somebody had it. */
static inline bool lock_sock_fast(struct sock *sk)
{
	sk->sk_lock.was_owned = !sk->sk_lock.was_owned;
	if (sk->sk_lock.was_owned)
		lock_sock(sk);
	else
		spin_lock_bh(&sk->sk_lock.slock);
	return sk->sk_lock.was_owned;
}

static inline void unlock_sock_fast(struct sock *sk, bool owned)
{
	if (owned)
		release_sock(sk);
	else
		spin_unlock_bh(&sk->sk_lock.slock);
}

static inline struct sk_buff *skb_peek(const struct sk_buff *queue)
{
	return queue->next == queue ? NULL : queue->next;
}

static inline unsigned int skb_headlen(const struct sk_buff *skb)
{
	return skb->head_len;
}

#define skb_shinfo(_skb)	(&(_skb)->shared)

static inline bool skb_frags_readable(const struct sk_buff *skb)
{
	int i;

	for (i = 0; i < skb->shared.nr_frags; i++)
		if (skb->shared.frags[i].high)
			return false;
	return true;
}

static inline unsigned int skb_frag_size(const skb_frag_t *frag)
{
	return frag->size;
}

static inline void *skb_frag_address_safe(const skb_frag_t *frag)
{
	return frag->high ? NULL : frag->octets;
}

static inline void *skb_frag_address(const skb_frag_t *frag)
{
	CHECK(!frag->high);
	return frag->octets;
}

int skb_copy_bits(const struct sk_buff *skb, int offset, void *to, int n);
int skb_copy_datagram_iter(const struct sk_buff *skb, int offset,
			   struct iov_iter *to, int n);
bool tcp_epollin_ready(const struct sock *sk, int target);
int tcp_read_sock(struct sock *sk, read_descriptor_t *desc,
		  sk_read_actor_t actor);
void tcp_read_done(struct sock *sk, size_t len);

/* net/rserpool/key.h and flow_secure.h: there is no TLS here. */

#define _RSERPOOL_KEY_H
#define _RSERPOOL_FLOW_SECURE_H

struct rsp_flow;

struct rsp_identity {
	u32 client;
	u32 pe_id;
};

static inline bool rsp_flow_secure(const struct rsp_flow *flow)
{
	(void)flow;
	return false;
}

bool rsp_secure_ready(const struct rsp_flow *flow);
int rsp_secure_control(struct rsp_flow *flow);
int rsp_secure_read_sock(struct rsp_flow *flow, read_descriptor_t *desc,
			 sk_read_actor_t actor);
ssize_t rsp_secure_peek(struct rsp_flow *flow, u8 **octets);

/* net/rserpool/session.h, as far as it matters here. */

#define _RSERPOOL_SESSION_H

struct rsp_session {
	struct rsp_flow *flow;
	bool tell_ppid;
};

#endif /* _FRAMES_KERNEL_H */
