// SPDX-License-Identifier: GPL-2.0
/* What rspctl makes of words: lines, numbers, handles, addresses, elements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/rspctl/rspctl.h"

struct rspctl ctl;

#define N(array)	(sizeof(array) / sizeof((array)[0]))

static char complaint[1024];

static void complaints_begin(void)
{
	static FILE *stream;

	if (stream)
		fclose(stream);
	memset(complaint, 0, sizeof(complaint));
	stream = fmemopen(complaint, sizeof(complaint) - 1, "w");
	assert_non_null(stream);
	setvbuf(stream, NULL, _IONBF, 0);
	stderr = stream;
}

/* A copy of the text as one line's words, on the heap, so that ASan watches. */
static int words_of(const char *text, char ***words, char **line,
		    const char **error)
{
	*line = strdup(text);
	*words = calloc(WORDS_MAX + 1, sizeof(**words));
	assert_non_null(*line);
	assert_non_null(*words);
	return lex(*line, *words, error);
}

static void test_lex(void **state)
{
	static const struct {
		const char *line;
		int n;
		const char *words[6];
	} rows[] = {
		{ "", 0, { NULL } },
		{ " \t\r\n", 0, { NULL } },
		{ "# all of it", 0, { NULL } },
		{ "pe add", 2, { "pe", "add" } },
		{ "  pe\tadd \n", 2, { "pe", "add" } },
		{ "pool add x # why", 3, { "pool", "add", "x" } },
		{ "pool add a#b", 3, { "pool", "add", "a#b" } },
		{ "pool add \"a b\"", 3, { "pool", "add", "a b" } },
		{ "pool add '\"' x", 4, { "pool", "add", "\"", "x" } },
		{ "pool add \"#\"\n", 3, { "pool", "add", "#" } },
		{ "x \"\"", 2, { "x", "" } },
		{ "a\\x20b c", 2, { "a\\x20b", "c" } },
		{ "it's", 1, { "it's" } },
	};
	char **words, *line;
	const char *error;
	size_t i;
	int n, j;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		n = words_of(rows[i].line, &words, &line, &error);
		assert_int_equal(n, rows[i].n);
		for (j = 0; j < n; j++)
			assert_string_equal(words[j], rows[i].words[j]);
		assert_null(words[n]);
		free(words);
		free(line);
	}
}

static void test_lex_refuses(void **state)
{
	static const char *const rows[] = {
		"pool add \"a", "'", "\"a\"b", "'a''b'",
	};
	char many[2 * WORDS_MAX + 3];
	char **words, *line;
	const char *error;
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		error = NULL;
		assert_int_equal(words_of(rows[i], &words, &line, &error), -1);
		assert_non_null(error);
		free(words);
		free(line);
	}
	for (i = 0; i <= WORDS_MAX; i++)
		memcpy(many + 2 * i, "a ", 3);
	assert_int_equal(words_of(many, &words, &line, &error), -1);
	free(words);
	free(line);
	many[2 * WORDS_MAX] = '\0';
	assert_int_equal(words_of(many, &words, &line, &error), WORDS_MAX);
	free(words);
	free(line);
}

static void test_u32(void **state)
{
	static const struct {
		const char *text;
		uint32_t value;
	} right[] = {
		{ "0", 0 }, { "007", 7 }, { "4294967295", UINT32_MAX },
		{ "0x0", 0 }, { "0Xff", 255 }, { "0xFFFFFFFF", UINT32_MAX },
		{ "0x00000000001", 1 },
	};
	static const char *const wrong[] = {
		"", "-1", "+1", " 1", "1 ", "4294967296", "0x", "0x100000000",
		"0xg", "1x", "99999999999999999999999", "one",
	};
	uint32_t value;
	size_t i;

	(void)state;
	for (i = 0; i < N(right); i++) {
		assert_null(parse_u32(right[i].text, &value));
		assert_int_equal(value, right[i].value);
	}
	for (i = 0; i < N(wrong); i++)
		assert_non_null(parse_u32(wrong[i], &value));
}

static void test_handle(void **state)
{
	static const struct {
		const char *text;
		uint8_t len;
		const char *octets;
		const char *shown;	/* NULL: as @text */
	} rows[] = {
		{ "echo", 4, "echo", NULL },
		{ "EchoPool.example-1", 18, "EchoPool.example-1", NULL },
		{ "a\\x00b", 3, "a\0b", NULL },
		{ "\\\\", 1, "\\", NULL },
		{ "\\x5c", 1, "\\", "\\\\" },
		{ "a b", 3, "a b", "a\\x20b" },
		{ "\xc3\xbc", 2, "\xc3\xbc", "\\xc3\\xbc" },
		{ "0x00ff", 2, "\0\xff", "\\x00\\xff" },
		{ "0x61", 1, "a", "a" },
		{ "\\x30x61", 4, "0x61", NULL },
		{ "\\x30X", 2, "0X", NULL },
		{ "0x", 2, "0x", "\\x30x" },
		{ "0xyz", 4, "0xyz", "\\x30xyz" },
		{ "0", 1, "0", NULL },
		{ "10x", 3, "10x", NULL },
		{ "#1", 2, "#1", "\\x231" },
		{ "n#1", 3, "n#1", NULL },
		{ "\"q'", 3, "\"q'", "\\x22q\\x27" },
	};
	char text[HANDLE_TEXT_MAX];
	struct handle handle;
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		assert_null(parse_handle(rows[i].text, &handle));
		assert_int_equal(handle.len, rows[i].len);
		assert_memory_equal(handle.octets, rows[i].octets, handle.len);
		format_handle(handle.octets, handle.len, text);
		assert_string_equal(text, rows[i].shown ? rows[i].shown :
						       rows[i].text);
	}
}

static void test_handle_refuses(void **state)
{
	static const char *const rows[] = {
		"", "\\", "\\x", "\\x1", "\\xg0", "\\n", "a\\", "0x123",
	};
	char text[2 * RSP_HANDLE_MAX + 8];
	struct handle handle;
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++)
		assert_non_null(parse_handle(rows[i], &handle));
	memset(text, 'a', sizeof(text));
	text[RSP_HANDLE_MAX + 1] = '\0';
	assert_non_null(parse_handle(text, &handle));
	text[RSP_HANDLE_MAX] = '\0';
	assert_null(parse_handle(text, &handle));
	assert_int_equal(handle.len, RSP_HANDLE_MAX);
	memset(text, 'a', sizeof(text));
	memcpy(text, "0x", 2);
	text[2 + 2 * RSP_HANDLE_MAX] = '\0';
	assert_null(parse_handle(text, &handle));
	assert_int_equal(handle.len, RSP_HANDLE_MAX);
	memset(text, 'a', sizeof(text));
	memcpy(text, "0x", 2);
	text[4 + 2 * RSP_HANDLE_MAX] = '\0';
	assert_non_null(parse_handle(text, &handle));
}

/* What is shown is read back, and lexes as one word, whatever the octets. */
static void test_handle_round_trip(void **state)
{
	char *text = malloc(HANDLE_TEXT_MAX), *words[WORDS_MAX + 1];
	uint8_t octets[RSP_HANDLE_MAX];
	struct handle handle;
	const char *error;
	size_t len, i;
	int round;

	(void)state;
	srandom(1);
	for (round = 0; round < 20000; round++) {
		len = 1 + (size_t)random() % RSP_HANDLE_MAX;
		for (i = 0; i < len; i++)
			octets[i] = (uint8_t)(random() %
					      (round % 2 ? 256 : 128));
		if (round < 65536 && round % 3 == 0) {
			octets[0] = (uint8_t)round;
			octets[len > 1] = "xX0\\#\"'"[random() % 7];
		}
		format_handle(octets, len, text);
		assert_true(strlen(text) < HANDLE_TEXT_MAX);
		assert_int_equal(lex(text, words, &error), 1);
		assert_null(parse_handle(words[0], &handle));
		assert_int_equal(handle.len, len);
		assert_memory_equal(handle.octets, octets, len);
	}
	free(text);
}

static void test_transport(void **state)
{
	static const struct {
		const char *text;
		uint16_t family, port;
		uint32_t scope_id;
		const char *shown;
	} rows[] = {
		{ "10.0.0.1:80", AF_INET, 80, 0, NULL },
		{ "255.255.255.255:65535", AF_INET, 65535, 0, NULL },
		{ "0.0.0.0:1", AF_INET, 1, 0, NULL },
		{ "[fd00::1]:80", AF_INET6, 80, 0, NULL },
		{ "[FD00:0::0001]:080", AF_INET6, 80, 0, "[fd00::1]:80" },
		{ "[::ffff:1.2.3.4]:5", AF_INET6, 5, 0, NULL },
		{ "[fe80::1%lo]:9", AF_INET6, 9, 1, NULL },
		{ "[fe80::1%1]:9", AF_INET6, 9, 1, "[fe80::1%lo]:9" },
		{ "[fe80::1%4294967295]:9", AF_INET6, 9, UINT32_MAX, NULL },
	};
	static const char *const wrong[] = {
		"", ":", "10.0.0.1", "10.0.0.1:", "10.0.0.1:0",
		"10.0.0.1:65536", "10.0.0.1:80x", "10.0.0:80", "10.0.0.256:80",
		"10.0.0.01:80", "10.0.0.1.2:80", "a.example:80", "fd00::1:80",
		"[fd00::1]", "[fd00::1]80", "[fd00::1:80", "[]:80", "[::g]:80",
		"[fe80::1%]:9", "[fe80::1%nosuch0]:9", "[fe80::1%0]:9",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd]:1",
		"10.0.0.1:999999999999999999999",
	};
	char text[TRANSPORT_TEXT_MAX];
	struct transport transport;
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		assert_null(parse_transport(rows[i].text, &transport));
		assert_int_equal(transport.family, rows[i].family);
		assert_int_equal(transport.port, rows[i].port);
		assert_int_equal(transport.scope_id, rows[i].scope_id);
		format_transport(&transport, text);
		assert_string_equal(text, rows[i].shown ? rows[i].shown :
						       rows[i].text);
	}
	for (i = 0; i < N(wrong); i++)
		assert_non_null(parse_transport(wrong[i], &transport));
}

static void test_time(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
		const char *shown;
	} rows[] = {
		{ "0", 0, "0ms" }, { "0s", 0, "0ms" }, { "1ms", 1, NULL },
		{ "1000ms", 1000, "1s" }, { "1500ms", 1500, NULL },
		{ "30s", 30000, NULL }, { "60s", 60000, "1m" },
		{ "2h", 7200000, NULL }, { "1d", 86400000, NULL },
		{ "49d", 4233600000u, NULL },
		{ "4294967295ms", UINT32_MAX, NULL },
	};
	static const char *const wrong[] = {
		"", "1", "s", "1 s", "1S", "-1s", "1.5s", "50d",
		"4294967296ms", "4294968s", "1sec",
	};
	char text[TIME_TEXT_MAX];
	uint32_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		assert_null(parse_time(rows[i].text, &ms));
		assert_int_equal(ms, rows[i].ms);
		format_time(ms, text);
		assert_string_equal(text, rows[i].shown ? rows[i].shown :
						       rows[i].text);
	}
	for (i = 0; i < N(wrong); i++)
		assert_non_null(parse_time(wrong[i], &ms));
}

static void test_load(void **state)
{
	static const struct {
		const char *text;
		uint32_t load;
		const char *shown;
	} rows[] = {
		{ "0%", 0, NULL }, { "0", 0, "0%" },
		{ "100%", UINT32_MAX, NULL }, { "100.00%", UINT32_MAX, "100%" },
		{ "4294967295", UINT32_MAX, "100%" },
		{ "20%", 858993459, NULL }, { "0x33333333", 858993459, "20%" },
		{ "12.5%", 536870912, "12.50%" }, { "0.01%", 429497, NULL },
		{ "99.99%", 4294537798u, NULL }, { "1", 1, NULL },
		{ "858993460", 858993460, NULL },
	};
	static const char *const wrong[] = {
		"", "%", "101%", "100.01%", "1.%", ".5%", "1.234%", "-1%",
		"4294967296", "1%%", "1%x", "1.5",
	};
	char text[LOAD_TEXT_MAX];
	uint32_t load, again;
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		assert_null(parse_load(rows[i].text, &load));
		assert_int_equal(load, rows[i].load);
		format_load(load, text);
		assert_string_equal(text, rows[i].shown ? rows[i].shown :
						       rows[i].text);
	}
	for (i = 0; i < N(wrong); i++)
		assert_non_null(parse_load(wrong[i], &load));
	for (i = 0, load = 0; i < 100000; i++, load += 429497 / 7) {
		format_load(load, text);
		assert_null(parse_load(text, &again));
		assert_int_equal(again, load);
	}
}

static void test_pick(void **state)
{
	static const char *const names[] = { "lu", "lud", "plu", "prio", NULL };

	(void)state;
	complaints_begin();
	assert_int_equal(pick("lu", "policy", names), 0);
	assert_int_equal(pick("lud", "policy", names), 1);
	assert_int_equal(pick("pr", "policy", names), 3);
	assert_string_equal(complaint, "");
	assert_int_equal(pick("p", "policy", names), -1);
	assert_string_equal(complaint, "rspctl: \"p\" could be: plu, prio\n");
	complaints_begin();
	assert_int_equal(pick("prior", "policy", names), -1);
	assert_string_equal(complaint,
			    "rspctl: \"prior\" is no policy; there are: lu, lud, plu, prio\n");
	complaints_begin();
	assert_int_equal(pick("-j", "policy", names), -1);
	assert_string_equal(complaint,
			    "rspctl: \"-j\": options come before the object, as: rspctl -j pool show\n");
	complaints_begin();
	assert_int_equal(pick("-1", "policy", names), -1);
	assert_non_null(strstr(complaint, "\"-1\" is no policy"));
	complaints_begin();
	ctl.file = "a.batch";
	ctl.line = 7;
	assert_int_equal(pick("", "policy", names), -1);
	assert_true(!strncmp(complaint, "a.batch:7: ", 11));
	ctl.file = NULL;
}

static int parse_pe(const char *text, bool add, struct pe_config *config)
{
	const char *error;
	struct words left;
	char **words, *line;
	int ret;

	left.n = words_of(text, &words, &line, &error);
	assert_true(left.n >= 0);
	left.at = words;
	complaints_begin();
	ret = pe_parse(&left, add, config);
	assert_int_equal(!!ret, !!*complaint);
	free(words);
	free(line);
	return ret;
}

static void test_pe(void **state)
{
	struct pe_config config;

	(void)state;
	assert_int_equal(parse_pe("pool echo id 0x10 tcp 10.0.0.1:80 "
				  "tcp [fd00::1]:81 policy lud load 20% "
				  "degradation 1% lifetime 30s home 5",
				  true, &config), 0);
	assert_int_equal(config.handle.len, 4);
	assert_int_equal(config.id, 16);
	assert_int_equal(config.n_transports, 2);
	assert_int_equal(config.transports[1].port, 81);
	assert_int_equal(config.policy, RSERPOOL_POLICY_LUD);
	assert_int_equal(config.load, 858993459);
	assert_int_equal(config.degradation, 42949673);
	assert_int_equal(config.lifetime, 30000);
	assert_int_equal(config.home, 5);
	assert_int_equal(config.given,
			 1u << RSERPOOL_A_ELEMENT_HANDLE |
			 1u << RSERPOOL_A_ELEMENT_ID |
			 1u << RSERPOOL_A_ELEMENT_TRANSPORT |
			 1u << RSERPOOL_A_ELEMENT_POLICY |
			 1u << RSERPOOL_A_ELEMENT_LOAD |
			 1u << RSERPOOL_A_ELEMENT_DEGRADATION |
			 1u << RSERPOOL_A_ELEMENT_LIFETIME |
			 1u << RSERPOOL_A_ELEMENT_HOME);
	/* Any order, beginnings of words. */
	assert_int_equal(parse_pe("t 1.2.3.4:5 poo a we 3 pol wrr", true,
				  &config), 0);
	assert_int_equal(config.weight, 3);
	assert_int_equal(parse_pe("pool a id 1 weight 0", false, &config), 0);
}

static void test_pe_use(void **state)
{
	struct pe_config config;

	(void)state;
	memset(&config, 0xff, sizeof(config));
	assert_int_equal(parse_pe("pool a tcp 1.2.3.4:1 use control "
				  "t 1.2.3.4:2 weight 1", true, &config), 0);
	assert_int_equal(config.n_transports, 2);
	assert_int_equal(config.use, RSP_TRANSPORT_USE_DATA_CONTROL);
	assert_int_equal(config.given, 1u << RSERPOOL_A_ELEMENT_HANDLE |
				       1u << RSERPOOL_A_ELEMENT_TRANSPORT |
				       1u << RSERPOOL_A_ELEMENT_WEIGHT);
	assert_int_equal(parse_pe("pool a u c tcp 1.2.3.4:1", true, &config), 0);
	assert_int_equal(config.use, RSP_TRANSPORT_USE_DATA_CONTROL);
	assert_int_equal(parse_pe("pool a tcp 1.2.3.4:1", true, &config), 0);
	assert_int_equal(config.use, RSP_TRANSPORT_USE_DATA_ONLY);
}

static void test_policies(void **state)
{
	static const struct {
		const char *name;
		uint32_t policy;
	} rows[] = {
		/* RFC 5356, section 7.1 */
		{ "rr", 0x00000001 }, { "wrr", 0x00000002 },
		{ "rand", 0x00000003 }, { "wrand", 0x00000004 },
		{ "prio", 0x00000005 }, { "lu", 0x40000001 },
		{ "lud", 0x40000002 }, { "plu", 0x40000003 },
		{ "rlu", 0x40000004 },
	};
	struct pe_config config;
	char text[80];
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		snprintf(text, sizeof(text), "pool a tcp 1.2.3.4:5 policy %s",
			 rows[i].name);
		assert_int_equal(parse_pe(text, true, &config), 0);
		assert_int_equal(config.policy, rows[i].policy);
		assert_string_equal(policy_name(rows[i].policy), rows[i].name);
	}
	assert_string_equal(policy_name(77), "unknown");
}

static void test_pe_refuses(void **state)
{
	static const struct {
		bool add;
		const char *text;
		const char *complaint;	/* a part of it */
	} rows[] = {
		{ true, "", "pool NAME" },
		{ true, "tcp 1.2.3.4:5", "pool NAME" },
		{ true, "pool a", "tcp ADDR:PORT" },
		{ true, "pool a id 0 tcp 1.2.3.4:5", "not 0" },
		{ true, "pool a tcp", "missing" },
		{ true, "pool a tcp 1.2.3.4", "tcp \"1.2.3.4\"" },
		{ true, "pool a pool b tcp 1.2.3.4:5", "twice" },
		{ true, "pool a tcp 1.2.3.4:5 policy best", "no policy" },
		{ true, "pool a tcp 1.2.3.4:5 po rr", "pool, policy" },
		{ true, "pool a tcp 1.2.3.4:5 weight -1", "weight \"-1\"" },
		{ true, "pool a tcp 1.2.3.4:5 load 101%", "load \"101%\"" },
		{ true, "pool a tcp 1.2.3.4:5 lifetime 30", "unit" },
		{ true, "pool a tcp 1.2.3.4:5 sctp", "no keyword" },
		{ true, "pool a tcp 1.2.3.4:1 tcp 1.2.3.4:2 tcp 1.2.3.4:3 "
			"tcp 1.2.3.4:4 tcp 1.2.3.4:5 tcp 1.2.3.4:6 "
			"tcp 1.2.3.4:7 tcp 1.2.3.4:8 tcp 1.2.3.4:9", "at most 8" },
		{ true, "pool a tcp 1.2.3.4:5 use", "missing" },
		{ true, "pool a tcp 1.2.3.4:5 use both", "data, control" },
		{ true, "pool a tcp 1.2.3.4:5 use data use data", "twice" },
		{ false, "pool a id 1 use control", "which addresses" },
		{ false, "pool a weight 1", "id ID" },
		{ false, "pool a id 1", "what shall be set" },
		{ false, "pool a id 1 policy rr", "the pool's" },
	};
	struct pe_config config;
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		assert_int_equal(parse_pe(rows[i].text, rows[i].add, &config),
				 EXIT_USAGE);
		assert_non_null(strstr(complaint, rows[i].complaint));
	}
}

/* The largest element there is takes what is set aside for it, no more. */
static void test_pe_size(void **state)
{
	uint8_t *buf = malloc(MNL_NLMSG_HDRLEN + PE_SIZE_MAX);
	char text[2048], handle[RSP_HANDLE_MAX + 1];
	struct pe_config config;
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	int len;

	(void)state;
	memset(handle, 'a', RSP_HANDLE_MAX);
	handle[RSP_HANDLE_MAX] = '\0';
	len = snprintf(text, sizeof(text),
		       "pool %s id 1 policy plu load 1 degradation 2 weight 3 priority 4 lifetime 5s home 6 use control",
		       handle);
	for (int i = 0; i < RSERPOOL_TRANSPORTS_MAX; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				" tcp [fe80::%d%%lo]:%d", i, i + 1);
	assert_int_equal(parse_pe(text, true, &config), 0);
	nlh = mnl_nlmsg_put_header(buf);
	nest = mnl_attr_nest_start(nlh, RSERPOOL_A_BATCH_ELEMENT);
	pe_put(nlh, &config);
	mnl_attr_nest_end(nlh, nest);
	assert_int_equal(nlh->nlmsg_len - MNL_NLMSG_HDRLEN, PE_SIZE_MAX);
	free(buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lex),
		cmocka_unit_test(test_lex_refuses),
		cmocka_unit_test(test_u32),
		cmocka_unit_test(test_handle),
		cmocka_unit_test(test_handle_refuses),
		cmocka_unit_test(test_handle_round_trip),
		cmocka_unit_test(test_transport),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_pe),
		cmocka_unit_test(test_pe_use),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_pe_refuses),
		cmocka_unit_test(test_pe_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
