// SPDX-License-Identifier: GPL-2.0
/* The transport and the program's memory, as fuzz_frames.c has them. */

#include "frames_tcp.h"

u32 memory_failures, page_faults;

static u64 dice;
static int no_faults;
static u32 window;
static struct sk_buff *last;	/* while the queue is not empty */

/* xorshift64* */
void dice_begin(u32 seed)
{
	dice = (seed + 1ull) * 0x9e3779b97f4a7c15 | 1;
}

u32 draw(u32 n)
{
	dice ^= dice >> 12;
	dice ^= dice << 25;
	dice ^= dice >> 27;
	return n ? (dice * 0x2545f4914f6cdd1d >> 32) % n : 0;
}

bool memory_fails(void)
{
	return memory_failures && !draw(memory_failures);
}

/* The program's memory. */

void pagefault_disable(void)
{
	no_faults++;
}

void pagefault_enable(void)
{
	CHECK(no_faults > 0);
	no_faults--;
}

size_t copy_to_iter(const void *from, size_t n, struct iov_iter *to)
{
	struct program_memory *memory = to->memory;
	size_t done = 0;

	n = min(n, to->count);
	while (done < n && memory) {
		bool *absent = &memory->absent[(to->at + done) / PROGRAM_PAGE];
		size_t part = PROGRAM_PAGE - (to->at + done) % PROGRAM_PAGE;

		if (*absent && no_faults)
			break;
		*absent = false;
		part = min(part, n - done);
		memcpy(memory->octets + to->at + done, from + done, part);
		done += part;
	}
	if (!memory)
		done = n;
	to->at += done;
	to->count -= done;
	return done;
}

/* How many are not there; mostly none, and some go again before they are used. */
size_t fault_in_iov_iter_writeable(const struct iov_iter *iter, size_t n)
{
	size_t at;

	CHECK(!no_faults);
	CHECK(n && n <= iter->count);
	if (!iter->memory)
		return 0;
	if (!draw(64))
		return n;
	for (at = iter->at; at < iter->at + n; at += PROGRAM_PAGE)
		iter->memory->absent[at / PROGRAM_PAGE] = !draw(64);
	return 0;
}

/* Packets. */

int skb_copy_bits(const struct sk_buff *skb, int offset, void *to, int n)
{
	u32 begin = 0, i;

	if (offset < 0 || n < 0 || (u32)offset + n > skb->len)
		return -EFAULT;
	for (i = 0; i <= skb->shared.nr_frags; i++) {
		const skb_frag_t *frag = i ? &skb->shared.frags[i - 1] : NULL;
		const u8 *octets = frag ? frag->octets : skb->data;
		u32 size = frag ? frag->size : skb->head_len;

		if ((u32)offset < begin + size && n) {
			int part = min_t(int, n, begin + size - offset);

			memcpy(to, octets + (offset - begin), part);
			to += part;
			offset += part;
			n -= part;
		}
		begin += size;
	}
	CHECK(!n);
	return 0;
}

int skb_copy_datagram_iter(const struct sk_buff *skb, int offset,
			   struct iov_iter *to, int n)
{
	static u8 octets[PROGRAM_MAX];
	size_t copied;

	CHECK(n <= PROGRAM_MAX);
	if (skb_copy_bits(skb, offset, octets, n))
		return -EFAULT;
	copied = copy_to_iter(octets, n, to);
	if (copied == (size_t)n)
		return 0;
	iov_iter_revert(to, copied);
	return -EFAULT;
}

static u8 *exactly(const u8 *octets, u32 n)
{
	u8 *copy = malloc(n);

	if (n)
		memcpy(copy, octets, n);
	return copy;
}

static struct sk_buff *skb_make(const u8 *octets, u32 n)
{
	struct sk_buff *skb = calloc(1, sizeof(*skb));
	skb_frag_t *frag;

	skb->len = n;
	skb->head_len = draw(2) ? n : draw(n + 1);
	skb->data = exactly(octets, skb->head_len);
	octets += skb->head_len;
	n -= skb->head_len;
	while (n) {
		frag = &skb->shared.frags[skb->shared.nr_frags++];
		frag->size = skb->shared.nr_frags == FRAGS_MAX ? n
							       : 1 + draw(n);
		frag->high = !draw(8);
		frag->octets = exactly(octets, frag->size);
		octets += frag->size;
		n -= frag->size;
	}
	return skb;
}

static void skb_eat(struct sock *sk, struct sk_buff *skb)
{
	CHECK(sk->sk_receive_queue.next == skb);
	sk->sk_receive_queue.next = skb->next;
	while (skb->shared.nr_frags)
		free(skb->shared.frags[--skb->shared.nr_frags].octets);
	free(skb->data);
	free(skb);
}

/* TCP. */

/* Is it worth a receiver's while? When the window is closed, too. */
bool tcp_epollin_ready(const struct sock *sk, int target)
{
	int avail = tcp_inq(sk);

	return avail > 0 && (avail >= target || (u32)avail >= window);
}

static struct sk_buff *tcp_recv_skb(struct sock *sk, u32 seq, u32 *offset)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&sk->sk_receive_queue))) {
		*offset = seq - skb->seq;
		if (*offset < skb->len)
			return skb;
		skb_eat(sk, skb);
	}
	return NULL;
}

void tcp_read_done(struct sock *sk, size_t len)
{
	u32 seq = sk->copied_seq, offset;
	struct sk_buff *skb;

	CHECK((sk->sk_lock.owned || sk->sk_lock.slock) &&
	      (int)len <= tcp_inq(sk));
	while (len && (skb = tcp_recv_skb(sk, seq, &offset))) {
		size_t used = min_t(size_t, skb->len - offset, len);

		seq += used;
		len -= used;
		if (offset + used == skb->len)
			skb_eat(sk, skb);
	}
	sk->copied_seq = seq;
}

int tcp_read_sock(struct sock *sk, read_descriptor_t *desc,
		  sk_read_actor_t actor)
{
	u32 seq = sk->copied_seq, offset;
	struct sk_buff *skb;
	int copied = 0;

	CHECK(sk->sk_lock.owned);
	while ((skb = tcp_recv_skb(sk, seq, &offset))) {
		size_t len = skb->len - offset;
		int used = actor(desc, skb, offset, len);

		CHECK(used >= 0 && (size_t)used <= len);
		if (used <= 0)
			break;
		seq += used;
		copied += used;
		if ((size_t)used < len)
			continue;
		skb_eat(sk, skb);
		if (!desc->count)
			break;
		sk->copied_seq = seq;
	}
	sk->copied_seq = seq;
	return copied;
}

/* There is no TLS, so nobody calls these. */

bool rsp_secure_ready(const struct rsp_flow *flow)
{
	(void)flow;
	__builtin_trap();
}

int rsp_secure_control(struct rsp_flow *flow)
{
	(void)flow;
	__builtin_trap();
}

int rsp_secure_read_sock(struct rsp_flow *flow, read_descriptor_t *desc,
			 sk_read_actor_t actor)
{
	(void)flow;
	(void)desc;
	(void)actor;
	__builtin_trap();
}

ssize_t rsp_secure_peek(struct rsp_flow *flow, u8 **octets)
{
	(void)flow;
	(void)octets;
	__builtin_trap();
}

const struct proto_ops tcp_ops = {
	.read_sock	= tcp_read_sock,
};

static void fin(struct sock *sk, const struct wire *wire)
{
	if (!wire->fin || wire->sent < wire->len)
		return;
	sk->sk_shutdown = RCV_SHUTDOWN;
	if (draw(2))
		sk->sk_state = TCP_CLOSE;
}

void tcp_begin(struct sock *sk, const struct wire *wire)
{
	struct sk_buff *queue = &sk->sk_receive_queue;

	*sk = (struct sock){ .sk_rcvlowat = 1, .sk_state = 1 };
	queue->next = queue;
	/* It goes round where it likes. */
	sk->rcv_nxt = draw(2) ? draw(~0u) : -draw(4096);
	sk->copied_seq = sk->rcv_nxt;
	window = wire->window;
	no_faults = 0;
	fin(sk, wire);
}

/*
 * Up to @n more octets come, in a packet that may begin with some that came
 * before.  false: none do, for the window is closed, or there are no more.
 */
bool tcp_deliver(struct sock *sk, struct wire *wire, u32 n)
{
	u32 inq = tcp_inq(sk), again = 0;
	struct sk_buff *skb;

	if (wire->sent == wire->len || inq >= wire->window)
		return false;
	n = min(n, wire->len - wire->sent);
	n = min(n, wire->window - inq);
	if (!draw(4))
		again = draw(min_t(u32, wire->sent, 40) + 1);
	skb = skb_make(wire->octets + wire->sent - again, again + n);
	skb->seq = sk->rcv_nxt - again;
	skb->end_seq = sk->rcv_nxt + n;
	if (!skb_peek(&sk->sk_receive_queue))
		last = &sk->sk_receive_queue;
	skb->next = &sk->sk_receive_queue;
	last->next = skb;
	last = skb;
	sk->rcv_nxt += n;
	wire->sent += n;
	fin(sk, wire);
	return true;
}

void tcp_end(struct sock *sk)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&sk->sk_receive_queue)))
		skb_eat(sk, skb);
}

#pragma clang attribute pop
