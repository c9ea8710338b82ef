/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FRAMES_TCP_H
#define _FRAMES_TCP_H

/* What the fuzzer is to find its way in is the framing, not what is around it. */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), \
			     apply_to = function)

/* What is drawn follows from the input. */
void dice_begin(u32 seed);
u32 draw(u32 n);

/* One in how many allocations fails, and pages are missing; 0: none. */
extern u32 memory_failures, page_faults;

/**
 * struct wire - what a peer has to say
 * @octets: it
 * @len: how many
 * @sent: of which have come
 * @window: octets that TCP holds at most
 * @fin: the connection ends behind them
 */
struct wire {
	u8 *octets;
	u32 len;
	u32 sent;
	u32 window;
	bool fin;
};

extern const struct proto_ops tcp_ops;

void tcp_begin(struct sock *sk, const struct wire *wire);
bool tcp_deliver(struct sock *sk, struct wire *wire, u32 n);
void tcp_end(struct sock *sk);

#endif /* _FRAMES_TCP_H */
