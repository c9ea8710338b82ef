// SPDX-License-Identifier: GPL-2.0
/*
 * What a peer sends on a flow with frames, in packets of any size, and what the
 * program and the session's work item get of it, by calls of any kind in any
 * order.  A model reads the same octets all at once, and says what that must be.
 *
 * An input is struct head, and then octets: as they are sent (RAW), or a frame
 * for each four of them.
 */
#include "../../net/rserpool/asap_proto.h"
#include "../../net/rserpool/flow.h"
#include "../../net/rserpool/frame.h"
#include "../../net/rserpool/frame_pass.h"
#include "../../net/rserpool/session_work.h"
#include "frames_tcp.h"

#define WIRE_MAX	150000
#define EVENTS_MAX	(WIRE_MAX / 8)

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

enum head_flag {
	RAW		= 1,
	STREAM		= 2,
	GREETED		= 4,	/* no card is waited for */
	FIN		= 8,
	NO_MEMORY	= 16,	/* at times */
	NO_PAGES	= 32,	/* at times */
	SMALL_WINDOW	= 64,
	SKIP		= 128,
};

struct head {
	u8 seed[4];
	u8 flags;
	u8 message_max;		/* a power of two, about */
	u8 skip;		/* messages that the program has had */
	u8 packet;		/* octets of one, about */
};

static u8 octets[WIRE_MAX];

/* The model. */

/* What stands in the octets: a message of the program, or of control. */
struct event {
	u32 at;		/* in @stream, or of a control message in the wire */
	u32 len;
	u32 ppid;
	u32 echoes;	/* cookies that must have been looked at before */
};

static struct {
	u8 stream[WIRE_MAX];	/* the program's octets, without heads */
	struct event messages[EVENTS_MAX], controls[EVENTS_MAX];
	u32 n_messages, n_controls, n_stream;
	u8 fault;
	bool ended;
} model;

static u32 be32_at(const u8 *at)
{
	return (u32)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static void model_data(const u8 *from, u32 len)
{
	memcpy(model.stream + model.n_stream, from, len);
	model.n_stream += len;
}

static enum rsp_failure model_read(const struct wire *wire, bool stream,
				   bool greeted, u32 message_max)
{
	u32 at = 0, begun = 0, ppid = 0, echoes = 0;
	bool middle = false;

	while (wire->len - at >= 8) {
		u32 this = be32_at(wire->octets + at);
		u32 length = be32_at(wire->octets + at + 4);
		bool more = length >> 31;
		u32 has;

		length &= 0x7fffffff;
		at += 8;
		has = min(length, wire->len - at);
		if (!greeted && (this != 11 || !length))
			return RSP_FAILURE_CARD;
		if (length > 65528)
			return RSP_FAILURE_FRAME;
		if (this == 11) {
			if (more || (!length && middle))
				return RSP_FAILURE_FRAME;
			if (!length) {
				model.ended = true;
				return RSP_FAILURE_NONE;
			}
			if (has < length)
				return RSP_FAILURE_NONE;
			model.controls[model.n_controls++] = (struct event){
				.at = at, .len = length,
			};
			echoes += wire->octets[at] == 0x0c;
			greeted = true;
			at += length;
			continue;
		}
		if (!length || (middle && this != ppid))
			return RSP_FAILURE_FRAME;
		if (!middle)
			begun = model.n_stream;
		if (!stream && length > message_max - (model.n_stream - begun))
			return RSP_FAILURE_MESSAGE_SIZE;
		ppid = this;
		model_data(wire->octets + at, has);
		at += has;
		if (stream ? has : has == length && !more) {
			model.messages[model.n_messages++] = (struct event){
				.at = stream ? model.n_stream - has : begun,
				.len = stream ? has : model.n_stream - begun,
				.ppid = ppid,
				.echoes = echoes,
			};
		}
		middle = more;
		if (has < length)
			break;
	}
	return RSP_FAILURE_NONE;
}

/* The flow. */

static struct {
	struct rsp_flow flow;
	struct rsp_frames frames;
	struct rsp_session ssn;
	struct socket sock;
	struct sock transport;
	struct wire wire;
	bool stream;
	bool kicked;
	u32 next;		/* message, or octet of a stream */
	u32 segment;		/* in which frame of it, about */
	u32 n_controls;		/* looked at */
	u32 n_echoes;		/* and let go on */
	u32 packet;
	u32 message_max;
} now;

static struct program_memory memory;

void rsp_session_kick(struct rsp_session *ssn)
{
	CHECK(ssn == &now.ssn);
	now.kicked = true;
}

void rsp_flow_accuse(struct rsp_flow *flow)
{
	CHECK(flow->frames->fault);
}

static bool is_free(void)
{
	return !now.frames.rx_lock.held && !now.transport.sk_lock.owned &&
	       !now.transport.sk_lock.slock;
}

/* The program's page may be missing. */
int put_cmsg(struct msghdr *msg, int level, int type, int len,
	     const void *data)
{
	CHECK(is_free() && level == SOL_RSERPOOL && type == RSP_PPID);
	CHECK(len == sizeof(msg->ppid));
	memcpy(&msg->ppid, data, len);
	return 0;
}

static bool deliver(void)
{
	return tcp_deliver(&now.transport, &now.wire, 1 + draw(now.packet));
}

/* The session's work item: did it have anything to do? */
static bool work(void)
{
	const struct rsp_control *control;
	u32 before = now.n_controls, echoes = 0;
	LIST_HEAD(controls);

	now.kicked = false;
	if (rsp_frames_controls(&now.flow, &controls))
		CHECK(model.ended || model.fault);
	list_for_each_entry(control, &controls, list) {
		const struct event *want = &model.controls[now.n_controls];

		CHECK(now.n_controls < model.n_controls);
		CHECK(control->len == want->len);
		CHECK(control->filled == control->len);
		CHECK(!memcmp(control->octets, now.wire.octets + want->at,
			      want->len));
		echoes += control->octets[0] == RSP_ASAP_COOKIE_ECHO;
		now.n_controls++;
	}
	CHECK(now.n_controls - before <= RSP_CONTROLS_MAX);
	rsp_controls_free(&controls);
	if (now.n_controls)
		now.flow.flags |= 1ul << RSP_FLOW_GREETED;
	now.n_echoes += echoes;
	rsp_frames_release(&now.frames);
	CHECK(is_free());
	return now.n_controls > before;
}

/* Something comes, or nothing ever will. */
int rsp_flow_wait(struct rsp_flow *flow, bool (*until)(struct rsp_flow *flow),
		  long *timeo)
{
	CHECK(is_free());
	while (*timeo && !until(flow)) {
		if (now.kicked)
			work();
		else if (!deliver())
			return -EAGAIN;
	}
	if (!*timeo)
		return -EAGAIN;
	*timeo = draw(4) * *timeo;
	return 0;
}

/* Calls. */

/* No call gets to a flow before. */
static bool greeted(void)
{
	return test_bit(RSP_FLOW_GREETED, &now.flow.flags);
}

static bool may_have(const struct event *message)
{
	return now.n_echoes >= message->echoes && greeted();
}

/* A receive that gave nothing. */
static int check_nothing(int ret)
{
	bool all = now.next == (now.stream ? model.n_stream : model.n_messages);

	switch (ret) {
	case 0:
		CHECK(all && model.ended && !model.fault);
		break;
	case -EPROTO:
		CHECK(all && now.frames.fault == model.fault && model.fault);
		break;
	case -ECONNRESET:
		CHECK(now.wire.fin && now.wire.sent == now.wire.len);
		break;
	case -EFAULT:
		CHECK(page_faults);
		break;
	case -ENOMEM:
		CHECK(memory_failures);
		break;
	default:
		CHECK(ret == -EAGAIN);
	}
	return ret;
}

static void check_octets(u32 at, u32 n)
{
	CHECK(!memcmp(memory.octets, model.stream + at, n));
}

static int check_message(const struct msghdr *msg, int ret, u32 size, int flags)
{
	const struct event *message = &model.messages[now.next];
	u32 given;

	/* One of no room is a message all the same. */
	if (ret < 0 || (!ret && !(msg->msg_flags & MSG_EOR)))
		return check_nothing(ret);
	CHECK(now.next < model.n_messages);
	CHECK(may_have(message));
	given = min(size, message->len);
	CHECK((u32)ret == (flags & MSG_TRUNC ? message->len : given));
	CHECK(!(msg->msg_flags & MSG_TRUNC) == (size >= message->len));
	CHECK(msg->ppid == message->ppid);
	check_octets(message->at, given);
	if (!(flags & MSG_PEEK))
		now.next++;
	return 1;
}

static int check_stream(int ret, u32 size, int flags)
{
	u32 i = now.segment;

	if (!size)
		return -EAGAIN;
	if (ret <= 0)
		return check_nothing(ret);
	CHECK((u32)ret <= size && (u32)ret <= model.n_stream - now.next);
	while (model.messages[i].at + model.messages[i].len < now.next + ret)
		i++;
	CHECK(may_have(&model.messages[i]));
	if (!(flags & MSG_TRUNC))
		check_octets(now.next, ret);
	if (!(flags & MSG_PEEK)) {
		now.next += ret;
		now.segment = i;
	}
	return 1;
}

/* 1: something; or what a call gives. */
static int receive(u32 size, int flags, long timeo)
{
	struct msghdr msg = {
		.msg_iter = { .memory = &memory, .count = size },
	};
	u32 i;
	int ret;

	memset(memory.octets, 0xa5, min(size, 256u));
	for (i = 0; page_faults && i < PROGRAM_MAX / PROGRAM_PAGE; i++)
		memory.absent[i] = !draw(page_faults);
	ret = rsp_frames_recvmsg(&now.flow, &msg, size, flags, timeo);
	CHECK(is_free());
	CHECK(now.frames.n_staged <= max_t(u32, now.message_max, WIRE_MAX *
					   now.stream));
	if (ret < 0)
		CHECK(!msg.msg_iter.at);
	return now.stream ? check_stream(ret, size, flags)
			  : check_message(&msg, ret, size, flags);
}

static u32 draw_size(void)
{
	switch (draw(4)) {
	case 0:
		return draw(16);
	case 1:
		return draw(1024);
	default:
		return draw(PROGRAM_MAX + 1);
	}
}

static int draw_flags(void)
{
	static const int all[] = { MSG_PEEK, MSG_TRUNC, MSG_WAITALL };
	u32 which = draw(16), i;
	int flags = 0;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (which >> i & 1 && which < 8)
			flags |= all[i];
	return flags;
}

static void check_inq(void)
{
	int inq = rsp_frames_inq(&now.flow);

	CHECK(is_free() && inq >= 0);
	if (now.stream)
		CHECK((u32)inq <= model.n_stream - now.next);
	else if (inq && !now.frames.skip)
		CHECK(now.next < model.n_messages &&
		      (u32)inq == model.messages[now.next].len);
}

/* What a poll promises a receive keeps. */
static void check_readable(void)
{
	bool readable = rsp_frames_readable(&now.flow);

	CHECK(is_free());
	if (readable && !memory_failures && !page_faults)
		CHECK(receive(PROGRAM_MAX, MSG_PEEK, 0) != -EAGAIN);
}

static void check_heads(void)
{
	if (rsp_frames_ended(&now.flow))
		CHECK(model.ended || model.fault);
	lock_sock(&now.transport);
	rsp_frames_data_first(&now.flow);
	release_sock(&now.transport);
	CHECK(is_free());
}

static void one_call(void)
{
	switch (draw(greeted() ? 8 : 3)) {
	case 0:
	case 1:
		deliver();
		break;
	case 2:
		work();
		break;
	case 3:
		check_readable();
		break;
	case 4:
		if (draw(2))
			check_inq();
		else
			check_heads();
		break;
	default:
		receive(draw_size(), draw_flags(), draw(2) ? 0 : 1 << draw(8));
	}
}

/* All of it has come, and is there for the asking. */
static void check_all(void)
{
	u32 turns = 0;
	bool moved;
	int ret;

	memory_failures = 0;
	page_faults = 0;
	memset(memory.absent, 0, sizeof(memory.absent));
	do {
		moved = deliver();
		moved |= work();
		ret = greeted() ? receive(PROGRAM_MAX, 0, 0) : -EAGAIN;
		moved |= ret > 0;
		turns = moved ? 0 : turns + 1;
		CHECK(turns < 4);
	} while (ret > 0 || (ret == -EAGAIN && !now.frames.fault &&
			     (now.kicked || now.wire.sent < now.wire.len)));
	CHECK(now.frames.fault == model.fault);
	if (!greeted()) {
		CHECK(!model.n_controls);
		return;
	}
	CHECK(now.next == (now.stream ? model.n_stream : model.n_messages));
	if (model.fault)
		CHECK(ret == -EPROTO);
	else if (model.ended)
		CHECK(!ret && rsp_frames_ended(&now.flow));
	else
		CHECK(ret == (now.wire.fin ? -ECONNRESET : -EAGAIN));
	while (work())
		;
	CHECK(now.n_controls == model.n_controls);
}

/* Frames for four octets each: kind, length, and what is in it. */
static u32 frames_make(const u8 *from, size_t n)
{
	static const u32 ppids[] = { 11, 0, 0, 7 };
	static u8 patterns[4][256 + 65536];
	u32 at = 0;

	if (!patterns[0][1])
		for (u32 i = 0; i < sizeof(patterns); i++)
			(&patterns[0][0])[i] = i % sizeof(patterns[0]) *
					       (1 + i / sizeof(patterns[0]));
	for (; n >= 4; n -= 4, from += 4) {
		u32 length = from[1] | from[2] << 8, head, i;
		u8 kind = from[0];

		/* Of all sizes, most of them small. */
		if ((kind & 0xc) != 0xc)
			length &= kind & 4 ? 0xfff : 0x3f;
		if (at + 8 + length > WIRE_MAX)
			break;
		head = length;
		if ((kind & 0x30) == 0x30)
			head |= RSP_FRAME_MORE;
		if (kind == 0xff)
			head ^= 1u << from[3] % 32;
		for (i = 0; i < 4; i++) {
			octets[at + i] = ppids[kind & 3] >> (24 - 8 * i);
			octets[at + 4 + i] = head >> (24 - 8 * i);
		}
		at += 8;
		memcpy(octets + at, patterns[kind >> 6] + from[3], length);
		at += length;
	}
	return at;
}

static void begin(const struct head *head, const u8 *data, size_t len)
{
	struct rsp_frames *frames = &now.frames;
	bool greeted = head->flags & GREETED;

	memset(&now, 0, sizeof(now));
	dice_begin(head->seed[0] | head->seed[1] << 8 | head->seed[2] << 16 |
		   (u32)head->seed[3] << 24);
	now.stream = head->flags & STREAM;
	now.message_max = 1u << head->message_max % 20;
	now.message_max += head->message_max / 20;
	now.packet = 1 + ((head->packet & 31) << 2 * (head->packet >> 5));
	now.wire = (struct wire){
		.octets = octets,
		.window = 1 + draw(head->flags & SMALL_WINDOW ? 2000 : 200000),
		.fin = head->flags & FIN,
	};
	if (head->flags & RAW) {
		now.wire.len = min_t(size_t, len, WIRE_MAX);
		memcpy(octets, data, now.wire.len);
	} else {
		now.wire.len = frames_make(data, len);
	}
	/* Not more packets than it takes to find out. */
	now.packet = max_t(u32, now.packet, now.wire.len / 300);
	memory_failures = head->flags & NO_MEMORY ? 8 : 0;
	page_faults = head->flags & NO_PAGES ? 16 : 0;
	memset(memory.absent, 0, sizeof(memory.absent));
	tcp_begin(&now.transport, &now.wire);
	now.sock = (struct socket){ .ops = &tcp_ops, .sk = &now.transport };
	INIT_LIST_HEAD(&frames->controls);
	INIT_LIST_HEAD(&frames->staged);
	frames->messages = !now.stream;
	frames->message_max = now.message_max;
	now.ssn.tell_ppid = true;
	now.flow.frames = frames;
	now.flow.sock = &now.sock;
	now.flow.ssn = &now.ssn;
	now.ssn.flow = &now.flow;
	now.flow.flags = (unsigned long)greeted << RSP_FLOW_GREETED;

	model.n_messages = 0;
	model.n_controls = 0;
	model.n_stream = 0;
	model.ended = false;
	model.fault = model_read(&now.wire, now.stream, greeted,
				 now.message_max);
	if (head->flags & SKIP && !now.stream) {
		frames->skip = head->skip % 8;
		now.next = min_t(u32, frames->skip, model.n_messages);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct head head;
	u32 calls;

	if (len < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	begin(&head, data + sizeof(head), len - sizeof(head));
	for (calls = draw(64); calls; calls--)
		one_call();
	check_all();
	rsp_frames_drop_received(&now.frames);
	tcp_end(&now.transport);
	return 0;
}

#pragma clang attribute pop
