// SPDX-License-Identifier: GPL-2.0
/*
 * A frame to send: head and octets in page fragments, in one piece if it is
 * small.
 *
 * A frame that leaves at once is made in the fragment that the task has for all
 * its sockets; the transport then charges for it as for all that it sends.  What
 * stays here, pending or kept, is in pages of its own that are charged to the
 * program's memory cgroup.  They hold nothing else: a fragment shared with
 * others would keep 32 KiB for the least of messages, and be who knows whose.
 */

#include <linux/slab.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "frame.h"

#define PIECE_MIN	256	/* octets, unless the frame ends before */

/* Pages for up to @want octets. */
static bool frag_refill(struct page_frag *frag, size_t want)
{
	unsigned int order = min(get_order(want), get_order(32768));
	struct page *page = NULL;

	if (order)
		page = alloc_pages((GFP_KERNEL_ACCOUNT & ~__GFP_DIRECT_RECLAIM) |
				   __GFP_COMP | __GFP_NOWARN | __GFP_NORETRY,
				   order);
	if (!page) {
		order = 0;
		page = alloc_page(GFP_KERNEL_ACCOUNT);
	}
	if (!page)
		return false;
	rsp_frag_put(frag);
	frag->page = page;
	frag->size = PAGE_SIZE << order;
	return true;
}

/* Room for up to @want octets behind what the frame has. 0: no memory. */
static size_t frame_room(struct rsp_frame *frame, size_t want,
			 struct page_frag *own, void **at)
{
	struct bio_vec *last = frame->n ? &frame->pieces[frame->n - 1] : NULL;
	struct page_frag *frag = own ?: &current->task_frag;
	size_t n;

	if (!own) {
		/* A small frame is one piece. */
		if (!skb_page_frag_refill(min_t(size_t, want, PAGE_SIZE), frag,
					  GFP_KERNEL))
			return 0;
	} else if (frag->size - frag->offset < min_t(size_t, want, PIECE_MIN)) {
		if (!frag_refill(frag, want))
			return 0;
	}
	n = min_t(size_t, want, frag->size - frag->offset);
	*at = page_address(frag->page) + frag->offset;
	if (last && last->bv_page == frag->page &&
	    last->bv_offset + last->bv_len == frag->offset) {
		last->bv_len += n;
	} else {
		get_page(frag->page);
		bvec_set_page(&frame->pieces[frame->n++], frag->page, n,
			      frag->offset);
	}
	frag->offset += n;
	return n;
}

static void frame_begin(struct rsp_frame *frame, size_t size)
{
	frame->size = size;
	frame->sent = 0;
	frame->begun = false;
	frame->control = false;
	frame->n = 0;
}

/**
 * rsp_frag_put() - let go of a fragment
 * @frag: of pages for rsp_frame_make(); becomes one of none
 *
 * Context: any.
 */
void rsp_frag_put(struct page_frag *frag)
{
	if (frag->page)
		put_page(frag->page);
	*frag = (struct page_frag){};
}

/**
 * rsp_frame_make() - make a frame
 * @frame: to be filled
 * @ppid: payload protocol identifier
 * @length: as it stands in the head, RSP_FRAME_MORE and all
 * @from: octets of it, from which they are taken
 * @len: how many, RSP_FRAME_PAYLOAD_MAX at most
 * @own: pages for it and others like it, and more of them when it is through,
 *	for rsp_frag_put(); NULL: it will not stay
 *
 * Context: process.
 * Return: 0, and rsp_frame_put() ends it; -ENOMEM; -EFAULT.
 */
int rsp_frame_make(struct rsp_frame *frame, u32 ppid, u32 length,
		   struct iov_iter *from, size_t len, struct page_frag *own)
{
	struct rsp_frame_head head = {
		.ppid = cpu_to_be32(ppid),
		.length = cpu_to_be32(length),
	};
	size_t left = sizeof(head) + len, skip = sizeof(head), n;
	void *at;
	int err;

	frame_begin(frame, left);
	for (; left; left -= n) {
		n = frame_room(frame, left, own, &at);
		err = -ENOMEM;
		if (n < skip)
			goto err_put;
		memcpy(at, &head, skip);
		err = -EFAULT;
		if (!copy_from_iter_full(at + skip, n - skip, from))
			goto err_put;
		skip = 0;
	}
	return 0;

err_put:
	rsp_frame_put(frame);
	return err;
}

/**
 * rsp_pieces_take() - take pages of a program
 * @iter: over its memory; is advanced by what is taken
 * @size: octets to take
 * @pieces: become those, behind the @n that are there; RSP_FRAME_PIECES_MAX at most
 * @n: how many there are
 *
 * Pages that are missing are brought in. Each piece that is to be read has a
 * reference to its page. One that is to be written to has it pinned: otherwise
 * fork() might give the page away meanwhile, and the program a copy.
 *
 * Context: process.
 * Return: octets that were taken: fewer where there are too many pages, or one is
 * not to be had.
 */
size_t rsp_pieces_take(struct iov_iter *iter, size_t size,
		       struct bio_vec *pieces, u32 *n)
{
	struct page *pages[RSP_FRAME_PIECES_MAX], **page;
	size_t left = size, offset;

	while (left && *n < RSP_FRAME_PIECES_MAX) {
		u32 room = RSP_FRAME_PIECES_MAX - *n;
		ssize_t got;

		page = pages;
		if (iov_iter_rw(iter) == READ)
			got = iov_iter_extract_pages(iter, &page, left, room, 0,
						     &offset);
		else
			got = iov_iter_get_pages2(iter, pages, left, room,
						  &offset);
		if (got <= 0)
			break;
		for (left -= got; got > 0; offset = 0) {
			size_t len = min_t(size_t, got, PAGE_SIZE - offset);

			bvec_set_page(&pieces[(*n)++], *page++, len, offset);
			got -= len;
		}
	}
	return size - left;
}

/**
 * rsp_frame_pin() - make a frame of the program's own pages
 * @frame: to be filled
 * @ppid: as for rsp_frame_make()
 * @length: likewise
 * @from: likewise
 * @len: likewise
 *
 * What is in them may change until they are put. Where they are missing, they are
 * brought in here.
 *
 * Context: process.
 * Return: 0, and rsp_frame_put() ends it; -EOPNOTSUPP: they are no pages of a
 * program, too many, or not to be had, and @from is where it was; -ENOMEM.
 */
int rsp_frame_pin(struct rsp_frame *frame, u32 ppid, u32 length,
		  struct iov_iter *from, size_t len)
{
	struct rsp_frame_head head = {
		.ppid = cpu_to_be32(ppid),
		.length = cpu_to_be32(length),
	};
	size_t got;
	void *at;

	if (!user_backed_iter(from))
		return -EOPNOTSUPP;
	frame_begin(frame, sizeof(head) + len);
	if (!frame_room(frame, sizeof(head), NULL, &at))
		return -ENOMEM;
	memcpy(at, &head, sizeof(head));
	got = rsp_pieces_take(from, len, frame->pieces, &frame->n);
	if (got == len)
		return 0;
	iov_iter_revert(from, got);
	rsp_frame_put(frame);
	return -EOPNOTSUPP;
}

/**
 * rsp_frame_own() - make a frame that stays, of what is not the program's memory
 * @from: octets of it, or of the rest of it, from the head on
 *
 * Context: process.
 * Return: a frame in pages of its own, with @begun and @control unset; NULL when
 * there is no memory.
 */
struct rsp_frame *rsp_frame_own(struct iov_iter *from)
{
	size_t left = iov_iter_count(from), n;
	struct page_frag own = {};
	struct rsp_frame *frame;
	void *at;

	frame = kmalloc_obj(*frame, GFP_KERNEL_ACCOUNT);
	if (!frame)
		return NULL;
	frame_begin(frame, left);
	for (; left; left -= n) {
		n = frame_room(frame, left, &own, &at);
		if (!n || !copy_from_iter_full(at, n, from))
			goto err_put;
	}
	rsp_frag_put(&own);
	return frame;

err_put:
	rsp_frag_put(&own);
	rsp_frame_put(frame);
	kfree(frame);
	return NULL;
}

/**
 * rsp_frame_memory() - how much memory a frame takes
 * @frame: of rsp_frame_dup(), in pages of its own
 *
 * Context: any.
 * Return: octets.
 */
size_t rsp_frame_memory(const struct rsp_frame *frame)
{
	return frame->size +
	       kmalloc_size_roundup(offsetof(struct rsp_frame,
					     pieces[frame->n]));
}

/**
 * rsp_frame_dup() - another frame of the same octets
 * @frame: a frame
 *
 * Context: process.
 * Return: one that shares its pages; NULL when there is no memory.
 */
struct rsp_frame *rsp_frame_dup(const struct rsp_frame *frame)
{
	struct rsp_frame *dup;
	u32 i;

	dup = kmemdup(frame, offsetof(struct rsp_frame, pieces[frame->n]),
		      GFP_KERNEL_ACCOUNT);
	if (!dup)
		return NULL;
	for (i = 0; i < dup->n; i++)
		get_page(dup->pieces[i].bv_page);
	return dup;
}

/**
 * rsp_frame_put() - let go of a frame's octets
 * @frame: of rsp_frame_make()
 *
 * Context: any.
 */
void rsp_frame_put(struct rsp_frame *frame)
{
	while (frame->n)
		put_page(frame->pieces[--frame->n].bv_page);
}

/**
 * rsp_frame_free() - free a frame that is in a list
 * @frame: on the heap
 *
 * Context: any.
 */
void rsp_frame_free(struct rsp_frame *frame)
{
	list_del(&frame->list);
	rsp_frame_put(frame);
	kfree(frame);
}

/**
 * rsp_frame_list_free() - free frames
 * @list: of them, on the heap
 *
 * Context: any.
 */
void rsp_frame_list_free(struct list_head *list)
{
	struct rsp_frame *frame, *next;

	list_for_each_entry_safe(frame, next, list, list)
		rsp_frame_free(frame);
}
