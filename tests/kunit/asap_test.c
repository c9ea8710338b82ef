// SPDX-License-Identifier: GPL-2.0
/*
 * ASAP messages in the kernel: octets written by hand after the figures of RFC
 * 5352 and RFC 5354.  tests/unit has the codec's other tests.
 */

#include <kunit/test.h>

#include "asap.h"

#define HANDLE		"\x00\x09\x00\x08pool"
#define PE_ID		"\x00\x0e\x00\x08\xac\x78\x69\x51"
#define TCP		"\x00\x05\x00\x10\x12\x67\x00\x01" IPV4
#define IPV4		"\x00\x01\x00\x08\xc0\x00\x02\x01"
#define RR		"\x00\x08\x00\x08\x00\x00\x00\x01"
#define ELEMENT(_id)	"\x00\x0a\x00\x28\x00\x00\x00" _id \
			"\x00\x00\x00\x08\x00\x00\x01\x2c" TCP RR
#define COOKIE		"\x00\x0d\x00\x05\x63\x00\x00\x00"
#define CHECKPOINT	"\x80\x01\x00\x14\x00\x00\x00\x00\x00\x00\x00\x03" \
			"\x00\x00\x00\x01\x00\x00\x00\x04"
#define ERROR		"\x00\x0c\x00\x08\x00\x09\x00\x04"
#define SERVER_ID	"\x83\x86\x0f\x00"

/* A string's octets, without the one that ends it. */
#define LEN(_octets)	(sizeof(_octets) - 1)

/**
 * struct vector - a message, and what is made of it
 * @what: says what it is
 * @octets: of it
 * @len: how many, where it does not say that itself
 * @code: what parsing returns
 * @offset: where it says that something is wrong
 * @reports: how many it wants sent back
 */
struct vector {
	const char *what;
	const char *octets;
	u32 len;
	int code;
	u32 offset;
	u8 reports;
};

static const struct vector vectors[] = {
	{ .what = "registration",
	  .octets = "\x01\x00\x00\x34" HANDLE ELEMENT("\x07") },
	{ .what = "deregistration",
	  .octets = "\x02\x00\x00\x14" HANDLE PE_ID },
	{ .what = "registration response",
	  .octets = "\x03\x00\x00\x14" HANDLE PE_ID },
	{ .what = "registration response, rejected",
	  .octets = "\x03\x01\x00\x1c" HANDLE PE_ID ERROR },
	{ .what = "deregistration response",
	  .octets = "\x04\x00\x00\x14" HANDLE PE_ID },
	{ .what = "handle resolution",
	  .octets = "\x05\x01\x00\x0c" HANDLE },
	{ .what = "handle resolution response",
	  .octets = "\x06\x01\x00\x64" HANDLE RR ELEMENT("\x07")
		    ELEMENT("\x09") },
	{ .what = "handle resolution response, unknown",
	  .octets = "\x06\x00\x00\x14" HANDLE ERROR },
	{ .what = "keep-alive",
	  .octets = "\x07\x01\x00\x10" SERVER_ID HANDLE },
	{ .what = "keep-alive ack",
	  .octets = "\x08\x00\x00\x14" HANDLE PE_ID },
	{ .what = "unreachable",
	  .octets = "\x09\x00\x00\x14" HANDLE PE_ID },
	{ .what = "server announce",
	  .octets = "\x0a\x00\x00\x18" SERVER_ID TCP },
	{ .what = "cookie",
	  .octets = "\x0b\x00\x00\x20" COOKIE CHECKPOINT },
	{ .what = "cookie echo, padding not counted", .len = 12,
	  .octets = "\x0c\x00\x00\x09" COOKIE },
	{ .what = "business card",
	  .octets = "\x0d\x00\x00\x5c" HANDLE ELEMENT("\x01") ELEMENT("\x02") },
	{ .what = "error",
	  .octets = "\x0e\x00\x00\x0c" ERROR },
	{ .what = "unknown parameter, 00",
	  .code = -EOPNOTSUPP, .offset = 12,
	  .octets = "\x0c\x00\x00\x10" COOKIE "\x3f\x00\x00\x04" },
	{ .what = "unknown parameter, 01",
	  .code = -EOPNOTSUPP, .offset = 12, .reports = 1,
	  .octets = "\x0c\x00\x00\x10" COOKIE "\x7f\x00\x00\x04" },
	{ .what = "unknown parameter, 10",
	  .octets = "\x0c\x00\x00\x10" COOKIE "\xbf\x00\x00\x04" },
	{ .what = "unknown parameter, 11",
	  .reports = 1,
	  .octets = "\x0c\x00\x00\x10" COOKIE "\xff\x00\x00\x04" },
	{ .what = "unknown parameter in an error",
	  .octets = "\x0e\x00\x00\x10" ERROR "\xff\x00\x00\x04" },
	{ .what = "unknown message, 00",
	  .code = -EOPNOTSUPP,
	  .octets = "\x0f\x00\x00\x04" },
	{ .what = "unknown message, 01",
	  .code = -EOPNOTSUPP, .reports = 1,
	  .octets = "\x40\x00\x00\x04" },
	{ .what = "unknown message, 10",
	  .code = -EOPNOTSUPP,
	  .octets = "\x80\x00\x00\x04" },
	{ .what = "unknown message, 11",
	  .code = -EOPNOTSUPP,
	  .octets = "\xff\x00\x00\x04" },
	{ .what = "no message", .len = 3,
	  .code = -EMSGSIZE,
	  .octets = "\x0b\x00\x00" },
	{ .what = "longer than it is", .len = 12,
	  .code = -EMSGSIZE,
	  .octets = "\x0c\x00\x00\x10" COOKIE },
	{ .what = "shorter than it is", .len = 12,
	  .code = -EMSGSIZE,
	  .octets = "\x0c\x00\x00\x08" COOKIE },
	{ .what = "no cookie",
	  .code = -EINVAL, .offset = 4,
	  .octets = "\x0c\x00\x00\x04" },
	{ .what = "two cookies",
	  .code = -EINVAL, .offset = 12,
	  .octets = "\x0c\x00\x00\x14" COOKIE COOKIE },
	{ .what = "two checkpoints",
	  .code = -EINVAL, .offset = 32,
	  .octets = "\x0b\x00\x00\x34" COOKIE CHECKPOINT CHECKPOINT },
	{ .what = "wrong order",
	  .code = -EINVAL, .offset = 4,
	  .octets = "\x02\x00\x00\x14" PE_ID HANDLE },
	{ .what = "foreign parameter",
	  .code = -EINVAL, .offset = 12,
	  .octets = "\x0c\x00\x00\x14" COOKIE HANDLE },
	{ .what = "no use of a transport",
	  .code = -EINVAL, .offset = 8,
	  .octets = "\x0a\x00\x00\x18" SERVER_ID
		    "\x00\x05\x00\x10\x00\x50\x00\x02" IPV4 },
	{ .what = "neither elements nor error",
	  .code = -EINVAL, .offset = 4,
	  .octets = "\x06\x00\x00\x0c" HANDLE },
};

static void vector_desc(const struct vector *vector, char *desc)
{
	strscpy(desc, vector->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vector, vectors, vector_desc);

static u32 length_of(const struct vector *vector)
{
	return get_unaligned_be16(vector->octets + 2);
}

/* So that KASAN sees what is read behind the end. */
static u8 *exact_copy(struct kunit *test, const char *octets, u32 len)
{
	u8 *copy = kunit_kmalloc(test, max(len, 1), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, octets, len);
	return copy;
}

static void messages_are_judged(struct kunit *test)
{
	const struct vector *vector = test->param_value;
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;
	u32 len = vector->len ?: length_of(vector);

	KUNIT_EXPECT_EQ(test, vector->code,
			rsp_asap_parse(&in,
				       exact_copy(test, vector->octets, len),
				       len, &msg));
	KUNIT_EXPECT_EQ(test, vector->code, in.error.code);
	KUNIT_EXPECT_EQ(test, vector->offset, in.error.offset);
	KUNIT_EXPECT_EQ(test, !vector->code, !in.error.what);
	KUNIT_EXPECT_EQ(test, vector->reports, in.n_reports);
}

/* Nothing is read behind a cut; only padding can be missing. */
static void cuts_are_noticed(struct kunit *test)
{
	const struct vector *vector = test->param_value;
	struct rsp_asap_message msg;
	struct rsp_tlv_input in;
	u32 length, cut;
	u8 *copy;

	if (vector->code)
		return;
	length = length_of(vector);
	for (cut = 0; cut < length; cut++) {
		copy = exact_copy(test, vector->octets, cut);
		KUNIT_EXPECT_EQ(test, -EMSGSIZE,
				rsp_asap_parse(&in, copy, cut, &msg));
		if (cut >= sizeof(struct rsp_wire_message)) {
			put_unaligned_be16(cut, copy + 2);
			rsp_asap_parse(&in, copy, cut, &msg);
			KUNIT_EXPECT_LE(test, in.error.offset, cut);
		}
	}
}

static void a_card_is_walked_and_built(struct kunit *test)
{
	static const char card[] =
		"\x0d\x00\x00\x5c" HANDLE ELEMENT("\x01") ELEMENT("\x02");
	struct rsp_tlv_transport transport;
	struct rsp_tlv_element element;
	struct rsp_tlv_address address;
	struct rsp_asap_message msg;
	struct rsp_tlv_list list;
	struct rsp_tlv_writer w;
	struct rsp_tlv_input in;
	u32 begin, pe, user, id = 0;
	u8 built[LEN(card)];

	KUNIT_ASSERT_EQ(test, 0,
			rsp_asap_parse(&in, card, LEN(card), &msg));
	KUNIT_EXPECT_EQ(test, RSP_ASAP_BUSINESS_CARD, msg.type);
	KUNIT_EXPECT_EQ(test, 2, msg.n_elements);

	rsp_tlv_writer_init(&w, built, sizeof(built));
	begin = rsp_asap_begin(&w, msg.type, msg.flags);
	rsp_tlv_put(&w, RSP_TLV_HANDLE, msg.handle.data, msg.handle.len);
	list = msg.params;
	while (rsp_tlv_next_element(&list, &element)) {
		KUNIT_EXPECT_EQ(test, ++id, element.id);
		KUNIT_EXPECT_EQ(test, 8, element.home);
		KUNIT_EXPECT_EQ(test, 300, element.life);
		KUNIT_EXPECT_EQ(test, 1, element.policy.type);
		KUNIT_EXPECT_EQ(test, 0, element.asap.type);
		KUNIT_ASSERT_TRUE(test, rsp_tlv_next_transport(&element.user,
							       &transport));
		KUNIT_EXPECT_EQ(test, RSP_TLV_TCP_TRANSPORT, transport.type);
		KUNIT_EXPECT_EQ(test, 4711, transport.port);
		KUNIT_EXPECT_EQ(test, RSP_TRANSPORT_USE_DATA_CONTROL,
				transport.use);
		pe = rsp_tlv_begin_element(&w, &element);
		user = rsp_tlv_begin_transport(&w, &transport);
		KUNIT_ASSERT_TRUE(test,
				  rsp_tlv_next_address(&transport.addresses,
						       &address));
		KUNIT_EXPECT_EQ(test, 4, address.octets.len);
		rsp_tlv_put_address(&w, &address);
		rsp_tlv_end(&w, user);
		rsp_tlv_put_policy(&w, &element.policy);
		rsp_tlv_end(&w, pe);
	}
	KUNIT_EXPECT_EQ(test, 2, id);
	KUNIT_EXPECT_EQ(test, LEN(card), rsp_asap_end(&w, begin));
	KUNIT_EXPECT_MEMEQ(test, card, built, LEN(card));
}

static void a_cookie_has_its_checkpoint(struct kunit *test)
{
	static const char cookie[] =
		"\x0b\x00\x00\x20" COOKIE CHECKPOINT;
	struct rsp_asap_message msg;
	struct rsp_tlv_writer w;
	struct rsp_tlv_input in;
	u8 built[LEN(cookie)];
	u32 begin;

	KUNIT_ASSERT_EQ(test, 0,
			rsp_asap_parse(&in, cookie, LEN(cookie), &msg));
	KUNIT_EXPECT_EQ(test, 1, msg.cookie.len);
	KUNIT_EXPECT_TRUE(test, msg.has_checkpoint);
	KUNIT_EXPECT_EQ(test, 3ULL, msg.checkpoint.read);
	KUNIT_EXPECT_EQ(test, 0x100000004ULL, msg.checkpoint.written);

	rsp_tlv_writer_init(&w, built, sizeof(built));
	begin = rsp_asap_begin(&w, RSP_ASAP_COOKIE, 0);
	rsp_tlv_put(&w, RSP_TLV_COOKIE, msg.cookie.data, msg.cookie.len);
	rsp_tlv_put_checkpoint(&w, &msg.checkpoint);
	KUNIT_EXPECT_EQ(test, LEN(cookie), rsp_asap_end(&w, begin));
	KUNIT_EXPECT_MEMEQ(test, cookie, built, LEN(cookie));

	rsp_tlv_writer_init(&w, built, sizeof(built) - 1);
	begin = rsp_asap_begin(&w, RSP_ASAP_COOKIE, 0);
	rsp_tlv_put(&w, RSP_TLV_COOKIE, msg.cookie.data, msg.cookie.len);
	rsp_tlv_put_checkpoint(&w, &msg.checkpoint);
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, rsp_asap_end(&w, begin));
}

/* RFC 5352, section 2.2.14; RFC 5354, section 3.12.2 */
static void what_is_unknown_goes_back(struct kunit *test)
{
	static const char message[] =
		"\x0c\x00\x00\x12" COOKIE "\xff\x00\x00\x06\x01\x02";
	static const char answer[] =
		"\x0e\x00\x00\x12\x00\x0c\x00\x0e\x00\x01\x00\x0a"
		"\xff\x00\x00\x06\x01\x02\x00\x00";
	struct rsp_asap_message msg;
	struct rsp_tlv_writer w;
	struct rsp_tlv_input in;
	u8 built[LEN(answer)];

	KUNIT_ASSERT_EQ(test, 0,
			rsp_asap_parse(&in, message, LEN(message), &msg));
	rsp_tlv_writer_init(&w, built, sizeof(built));
	KUNIT_EXPECT_EQ(test, LEN(answer), rsp_asap_put_reports(&w, &in));
	KUNIT_EXPECT_MEMEQ(test, answer, built, LEN(answer));
}

static struct kunit_case asap_cases[] = {
	KUNIT_CASE_PARAM(messages_are_judged, vector_gen_params),
	KUNIT_CASE_PARAM(cuts_are_noticed, vector_gen_params),
	KUNIT_CASE(a_card_is_walked_and_built),
	KUNIT_CASE(a_cookie_has_its_checkpoint),
	KUNIT_CASE(what_is_unknown_goes_back),
	{}
};

static struct kunit_suite asap_suite = {
	.name = "rserpool-asap",
	.test_cases = asap_cases,
};

kunit_test_suite(asap_suite);
