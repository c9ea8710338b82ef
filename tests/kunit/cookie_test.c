// SPDX-License-Identifier: GPL-2.0
/* Sealed cookies, by what Python's hmac makes of the same octets. */

#include <kunit/test.h>
#include <linux/slab.h>

#include "cookie.h"
#include "handlespace.h"

#define HOUR_MS	3600000
#define SEALED_MAX	(RSP_COOKIE_SEAL_MAX + 256)

static const char handle40[] = "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh";
static const char cookie60[] =
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/*
 * hmac.new(bytes(range(key_len)), b'RSPSEAL\x01' + struct.pack('>Q', time) +
 * bytes([len(handle)]) + handle + cookie, 'sha256').digest()
 */
static const struct vector {
	u32 key_len;
	u64 time;
	const char *handle;
	u8 handle_len;
	const char *cookie;
	u32 cookie_len;
	u8 mac[RSP_COOKIE_MAC_SIZE];
} vectors[] = {
	{
		.key_len = 32,
		.time = 1700000000123ULL,
		.handle = "counter",
		.handle_len = 7,
		.cookie = "state 1",
		.cookie_len = 7,
		.mac = {
			0x46, 0xeb, 0x87, 0xa2, 0x6e, 0xb1, 0x7b, 0xc7, 0xf9, 0xb5,
			0xda, 0x63, 0xf9, 0x0a, 0xeb, 0x32, 0x78, 0x4b, 0x98, 0xd0,
			0xe4, 0x54, 0xe0, 0x1a, 0x43, 0xbd, 0x98, 0xcc, 0xb1, 0xdc,
			0xd5, 0xe7,
		},
	},
	{
		.key_len = 16,
		.time = 0,
		.handle = "p",
		.handle_len = 1,
		.cookie = "x",
		.cookie_len = 1,
		.mac = {
			0xa2, 0xd4, 0xb4, 0x27, 0x02, 0xac, 0x1c, 0x31, 0x94, 0x69,
			0x69, 0xd1, 0x6e, 0xa6, 0xd4, 0xa3, 0x54, 0x45, 0xbc, 0x2e,
			0xd7, 0x06, 0x4b, 0x24, 0xb7, 0x23, 0xa2, 0xe6, 0xd5, 0xfb,
			0x3e, 0x0e,
		},
	},
	{
		.key_len = 64,
		.time = 0x7fffffffffffffff,
		.handle = handle40,
		.handle_len = 40,
		.cookie = cookie60,
		.cookie_len = 60,
		.mac = {
			0xdb, 0x84, 0xb7, 0x81, 0x9d, 0xd2, 0x14, 0xee, 0x16, 0x81,
			0xba, 0x7a, 0x13, 0x5d, 0x60, 0x6e, 0x7b, 0x66, 0x9b, 0x23,
			0x40, 0x7c, 0x26, 0x7d, 0x62, 0xf6, 0x91, 0x50, 0x9d, 0x58,
			0xdc, 0x2c,
		},
	},
};

static struct rsp_cookie_keys *keys_of(struct kunit *test, u8 first, u32 len)
{
	struct rsp_cookie_keys *keys;
	u8 octets[RSP_COOKIE_KEY_MAX];
	u32 i;

	for (i = 0; i < sizeof(octets); i++)
		octets[i] = first + i;
	keys = rsp_cookie_keys_make(octets, len);
	KUNIT_ASSERT_FALSE(test, IS_ERR(keys));
	return keys;
}

static struct rsp_handle handle_of_vector(const struct vector *vector)
{
	struct rsp_handle handle = { .len = vector->handle_len };

	memcpy(handle.octets, vector->handle, vector->handle_len);
	return handle;
}

static void seals_as_others_do(struct kunit *test)
{
	u8 *sealed = kunit_kzalloc(test, SEALED_MAX, GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, sealed);
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *vector = &vectors[i];
		struct rsp_handle handle = handle_of_vector(vector);
		const struct rsp_octets cookie = {
			(const u8 *)vector->cookie, vector->cookie_len,
		};
		struct rsp_cookie_keys *keys = keys_of(test, 0,
						       vector->key_len);
		const struct rsp_cookie_seal *seal = (const void *)sealed;
		struct rsp_octets octets = { sealed };

		octets.len = rsp_cookie_seal(keys, &handle, vector->time,
					     &cookie, sealed);
		KUNIT_EXPECT_EQ(test, octets.len,
				sizeof(*seal) + handle.len + cookie.len);
		KUNIT_EXPECT_MEMEQ(test, seal->mac, vector->mac,
				   sizeof(seal->mac));
		KUNIT_EXPECT_EQ(test, rsp_cookie_open(keys, &handle,
						      vector->time, 0,
						      &octets),
				RSP_COOKIE_GOOD);
		KUNIT_ASSERT_EQ(test, octets.len, cookie.len);
		KUNIT_EXPECT_MEMEQ(test, octets.data, vector->cookie,
				   cookie.len);
		rsp_cookie_keys_put(keys);
	}
}

/* What opens a cookie that was sealed at 1 000 000 with keys from 0 on. */
struct look {
	const struct rsp_cookie_keys *keys;
	u8 handle;
	u64 now;
	u32 len;
	int flip;
};

static enum rsp_cookie_fault look_at(struct kunit *test, const u8 *sealed,
				     const struct look *look)
{
	struct rsp_handle handle = { .len = 1, .octets = { look->handle } };
	u8 *copy = kunit_kmalloc(test, look->len ?: 1, GFP_KERNEL);
	struct rsp_octets octets = { copy, look->len };
	enum rsp_cookie_fault fault;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, sealed, look->len);
	if (look->flip >= 0)
		copy[look->flip / 8] ^= 1 << look->flip % 8;
	fault = rsp_cookie_open(look->keys, &handle, look->now, HOUR_MS,
				&octets);
	kunit_kfree(test, copy);
	return fault;
}

static void refuses_the_rest(struct kunit *test)
{
	struct rsp_cookie_keys *keys = keys_of(test, 0, 32);
	struct rsp_cookie_keys *other = keys_of(test, 1, 32);
	const struct rsp_handle handle = { .len = 1, .octets = { 'p' } };
	const struct rsp_octets cookie = { (const u8 *)"state", 5 };
	const u64 time = 10 * HOUR_MS;
	struct look look = { keys, 'p', time, 0, -1 };
	u8 sealed[RSP_COOKIE_SEAL_MAX];
	enum rsp_cookie_fault fault;
	int len, bit;

	len = rsp_cookie_seal(keys, &handle, time, &cookie, sealed);
	look.len = len;
	KUNIT_EXPECT_EQ(test, look_at(test, sealed, &look), RSP_COOKIE_GOOD);

	/* Not a bit can be another one. */
	for (bit = 0; bit < 8 * len; bit++) {
		look.flip = bit;
		fault = look_at(test, sealed, &look);
		if (bit < 64)
			KUNIT_EXPECT_EQ(test, fault, RSP_COOKIE_UNSEALED);
		else
			KUNIT_EXPECT_TRUE_MSG(test,
					      fault == RSP_COOKIE_FORGED ||
					      fault == RSP_COOKIE_FOREIGN,
					      "bit %d gives %d", bit, fault);
	}
	look.flip = -1;

	/* Nor one less be there. */
	for (look.len = 0; look.len < len; look.len++)
		KUNIT_EXPECT_NE(test, look_at(test, sealed, &look),
				RSP_COOKIE_GOOD);
	look.len = len;

	look.handle = 'q';
	KUNIT_EXPECT_EQ(test, look_at(test, sealed, &look), RSP_COOKIE_FOREIGN);
	look.handle = 'p';
	look.now = time + HOUR_MS;
	KUNIT_EXPECT_EQ(test, look_at(test, sealed, &look), RSP_COOKIE_GOOD);
	look.now = time + HOUR_MS + 1;
	KUNIT_EXPECT_EQ(test, look_at(test, sealed, &look), RSP_COOKIE_OLD);
	look.now = time - HOUR_MS - 1;
	KUNIT_EXPECT_EQ(test, look_at(test, sealed, &look), RSP_COOKIE_OLD);
	look.now = time;
	look.keys = other;
	KUNIT_EXPECT_EQ(test, look_at(test, sealed, &look), RSP_COOKIE_FORGED);
	look.keys = NULL;
	KUNIT_EXPECT_EQ(test, look_at(test, sealed, &look), RSP_COOKIE_KEYLESS);

	/* Without a key any octets that bear no seal will do. */
	look.len = 5;
	KUNIT_EXPECT_EQ(test, look_at(test, "state", &look), RSP_COOKIE_GOOD);
	look.keys = keys;
	KUNIT_EXPECT_EQ(test, look_at(test, "state", &look),
			RSP_COOKIE_UNSEALED);
	rsp_cookie_keys_put(keys);
	rsp_cookie_keys_put(other);
}

static void opens_with_the_last_key(struct kunit *test)
{
	struct rsp_cookie_keys *first = keys_of(test, 0, 32);
	struct rsp_cookie_keys *second = keys_of(test, 1, 16);
	struct rsp_cookie_keys *third = keys_of(test, 2, 64);
	const struct rsp_handle handle = { .len = 1, .octets = { 'p' } };
	const struct rsp_octets cookie = { (const u8 *)"state", 5 };
	struct look look = { second, 'p', 0, 0, -1 };
	u8 sealed[RSP_COOKIE_SEAL_MAX];

	KUNIT_ASSERT_EQ(test, rsp_cookie_keys_follow(second, first), 0);
	KUNIT_ASSERT_EQ(test, rsp_cookie_keys_follow(third, second), 0);
	look.len = rsp_cookie_seal(first, &handle, 0, &cookie, sealed);
	KUNIT_EXPECT_EQ(test, look_at(test, sealed, &look), RSP_COOKIE_GOOD);
	look.keys = third;
	KUNIT_EXPECT_EQ(test, look_at(test, sealed, &look), RSP_COOKIE_FORGED);
	look.len = rsp_cookie_seal(second, &handle, 0, &cookie, sealed);
	KUNIT_EXPECT_EQ(test, look_at(test, sealed, &look), RSP_COOKIE_GOOD);
	rsp_cookie_keys_put(first);
	rsp_cookie_keys_put(second);
	rsp_cookie_keys_put(third);
}

static void keys_have_a_length(struct kunit *test)
{
	u8 octets[RSP_COOKIE_KEY_MAX + 1] = {};

	KUNIT_EXPECT_EQ(test, PTR_ERR(rsp_cookie_keys_make(octets, 15)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(rsp_cookie_keys_make(octets, 65)),
			-EINVAL);
}

static struct kunit_case cookie_cases[] = {
	KUNIT_CASE(seals_as_others_do),
	KUNIT_CASE(refuses_the_rest),
	KUNIT_CASE(opens_with_the_last_key),
	KUNIT_CASE(keys_have_a_length),
	{}
};

static struct kunit_suite cookie_suite = {
	.name = "rserpool-cookie",
	.test_cases = cookie_cases,
};

kunit_test_suite(cookie_suite);
