// SPDX-License-Identifier: GPL-2.0
/* A frame to send: head and octets in page fragments, in one piece if it is small. */

#include <linux/slab.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "frame.h"

/* Room for up to @want octets behind what the frame has. 0: no memory. */
static size_t frame_room(struct rsp_frame *frame, size_t want, void **at)
{
	struct bio_vec *last = frame->n ? &frame->pieces[frame->n - 1] : NULL;
	struct page_frag *frag = &current->task_frag;
	size_t n;

	/* A small frame is one piece. */
	if (!skb_page_frag_refill(min_t(size_t, want, PAGE_SIZE), frag,
				  GFP_KERNEL))
		return 0;
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

/**
 * rsp_frame_make() - make a frame
 * @frame: to be filled
 * @ppid: payload protocol identifier
 * @length: as it stands in the head, RSP_FRAME_MORE and all
 * @from: octets of it, from which they are taken
 * @len: how many, RSP_FRAME_PAYLOAD_MAX at most
 *
 * Context: process.
 * Return: 0, and rsp_frame_put() ends it; -ENOMEM; -EFAULT.
 */
int rsp_frame_make(struct rsp_frame *frame, u32 ppid, u32 length,
		   struct iov_iter *from, size_t len)
{
	struct rsp_frame_head head = {
		.ppid = cpu_to_be32(ppid),
		.length = cpu_to_be32(length),
	};
	size_t left = sizeof(head) + len, skip = sizeof(head), n;
	void *at;
	int err;

	frame->size = left;
	frame->sent = 0;
	frame->control = false;
	frame->n = 0;
	for (; left; left -= n) {
		n = frame_room(frame, left, &at);
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
