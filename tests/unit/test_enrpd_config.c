// SPDX-License-Identifier: GPL-2.0
/* The two files: what is taken, and what is said of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/rserpool_netlink.h>

#include "../../tools/enrpd/authorization.h"
#include "../../tools/enrpd/config.h"
#include "../../tools/enrpd/peer.h"
#include "../../tools/lib/log.h"

static char path[64];
static char why[WHY_MAX];

static void write_file(const char *text)
{
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/rserpool-test-%d.conf", getpid());
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int load(struct config *config, const char *text)
{
	int ret;

	write_file(text);
	ret = config_load(config, path, why);
	unlink(path);
	return ret;
}

static void expect_why(unsigned int line, const char *part)
{
	char place[128];

	snprintf(place, sizeof(place), line ? "%s:%u: " : "%s: ", path, line);
	if (strncmp(why, place, strlen(place)) || !strstr(why, part))
		print_message("# %s\n# is not: %s...%s\n", why, place, part);
	assert_memory_equal(why, place, strlen(place));
	assert_non_null(strstr(why, part));
}

#define LISTEN	"asap-listen = [ \"127.0.0.1:3864\", \"[::1]:3864\" ];\n"
#define RIGHT	LISTEN "authorization = \"auth\";\n"

static void test_right(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(load(&config, RIGHT "keep-alive-interval = \"2m\";\n"
			      "server-id = 0xffffffffL;\n"
			      "plain-listen = \"0.0.0.0:3863\";\n"
			      "plain-resolution = true;\n"
			      "certificate = \"c\"; private-key = \"k\";"), 0);
	assert_true(config.secure);
	assert_int_equal(config.asap_listen.n, 2);
	assert_int_equal(config.asap_listen.at[1].family, AF_INET6);
	assert_int_equal(config.plain_listen.n, 1);
	assert_int_equal(config.plain_listen.at[0].port, 3863);
	assert_int_equal(config.keep_alive_interval, 120000);
	assert_int_equal(config.keep_alive_timeout, 5000);
	assert_int_equal(config.bad_pe_reports, 3);
	assert_int_equal(config.server_id, 0xffffffff);
	assert_string_equal(config.authorization, "auth");
	config_free(&config);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *part;
	} rows[] = {
		{ RIGHT "colour = 1;", 3, "colour: there is no such setting" },
		{ RIGHT "secure = 1;", 3, "secure: true or false is expected" },
		{ RIGHT "bad-pe-reports = -1;", 3, "a number from 0 to" },
		{ RIGHT "bad-pe-reports = 1.5;", 3, "a number from 0 to" },
		{ RIGHT "keep-alive-interval = 30;", 3, "a time from 100ms to" },
		{ RIGHT "keep-alive-interval = \"2h\";", 3, "a time from" },
		{ RIGHT "keep-alive-interval = \"x\";", 3, "a time from" },
		{ RIGHT "metrics = \"0.0.0.0:9864\";", 3,
		  "metrics: the path of a socket is expected, or a port of" },
		{ RIGHT "metrics = \"run/m\";", 3, "metrics: the path" },
		{ RIGHT "ca = 5;", 3, "the name of a file is expected" },
		{ "asap-listen = 5;", 1, "a list of addresses is expected" },
		{ "asap-listen = [\n\"127.0.0.1\" ];", 2, "\"127.0.0.1\"" },
		{ "asap-listen = (\n5 );", 2, "a list of addresses" },
		{ RIGHT "certificate = \"x\";", 0, "private-key is missing" },
		{ LISTEN, 0, "authorization is missing" },
		{ "authorization = \"x\";", 0, "asap-listen is missing" },
		{ LISTEN "secure = false; plain-listen = \"0.0.0.0:1\";", 0,
		  "plain-listen is for a secure scope" },
		{ RIGHT "enrp-listen = \"0.0.0.0:9902\";", 0,
		  "peers is missing" },
		{ LISTEN "secure = \n;", 3, "syntax error" },
	};
	struct config config;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(load(&config, rows[i].text), -1);
		expect_why(rows[i].line, rows[i].part);
		config_free(&config);
	}
	assert_int_equal(config_load(&config, "/nowhere/at/all", why), -1);
	assert_string_equal(why, "/nowhere/at/all: it cannot be read: No such file or directory");
	config_free(&config);
}

static char doubts[1024];

static void note_doubt(enum log_level level, const char *line)
{
	assert_int_equal(level, LOG_WARNING);
	strcat(doubts, line);
	strcat(doubts, "\n");
}

/* What works, and is hardly meant, is said and taken. */
static void test_doubtful(void **state)
{
	static const struct {
		const char *text;
		const char *doubts;	/* without the file's name */
	} rows[] = {
		{ RIGHT "heartbeat-cycle = \"1s\"; max-time-last-heard = \"2s\";"
		  "enrp-listen = \"0.0.0.0:1\"; peers = \"p\"; ca = \"c\";", "" },
		{ LISTEN "secure = false;\nenrp-listen = \"0.0.0.0:1\";", "" },
		{ RIGHT "heartbeat-cycle = \"61s\";",
		  ":3: heartbeat-cycle: it is not less than max-time-last-heard: peers with such settings take each other for silent between two heartbeats\n" },
		{ RIGHT "max-time-last-heard = \"30s\";",
		  ": heartbeat-cycle: it is not less than max-time-last-heard: peers with such settings take each other for silent between two heartbeats\n" },
		{ RIGHT "peers = \"p\";",
		  ":3: peers: without enrp-listen no peer can connect to this registrar, it only to them\n" },
		{ RIGHT "secure = false;",
		  ":2: authorization: with secure = false it is not used: who connects is believed\n" },
		{ LISTEN "secure = false;\nca = \"c\";",
		  ":3: ca: with secure = false it is not used: who connects is believed\n" },
	};
	void (*before)(enum log_level level, const char *line) = log_line;
	struct config config;
	char want[1024];
	size_t i;

	(void)state;
	log_line = note_doubt;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		doubts[0] = '\0';
		assert_int_equal(load(&config, rows[i].text), 0);
		snprintf(want, sizeof(want), "%s%s",
			 *rows[i].doubts ? path : "", rows[i].doubts);
		assert_string_equal(doubts, want);
		config_free(&config);
	}
	log_line = before;
}

static int authorize(struct authorization *authorization, const char *text)
{
	int ret;

	write_file(text);
	ret = authorization_load(authorization, path, why);
	unlink(path);
	return ret;
}

#define KEY	"key = \"000102030405060708090a0b0c0d0e0f\";"
#define ONE(name, may) "{ name = \"" name "\"; " KEY " may = ( " may " ); }"
#define TWO(x, y)	"identities = (\n" ONE("one", x) ",\n" ONE("two", y) ");"

static void test_authorization(void **state)
{
	struct authorization authorization;
	const struct grant *grant;
	struct account *account;
	uint8_t v4[4] = { 10, 1, 2, 3 };

	(void)state;
	assert_int_equal(authorize(&authorization,
		"identities = ( { name = \"web-1\"; " KEY "\n"
		"elements = 5; updates = 7; updates-burst = 9;\n"
		"may = ( { handle = \"web\"; ids = [ 1, 9 ];\n"
		"  addresses = [ \"10.0.0.0/8\", \"2001:db8::/32\" ];\n"
		"  policies = [ \"rr\", \"lu\" ]; },\n"
		"  { handle = \"a?c*\"; own-address = false; } ); },\n"
		"{ name = \"x509:host.example\"; may = ( { handle = \"x\"; } ); },\n"
		"{ name = \"host:a\"; may = ( { handle = \"y\"; } ); } );"),
		0);
	account = account_find(&authorization, "web-1");
	assert_non_null(account);
	assert_int_equal(account->key.len, 16);
	assert_int_equal(account->key.octets[15], 15);
	assert_int_equal(account->elements_max, 5);
	assert_int_equal(account->updates_burst, 9);
	grant = account_grant(account, (const uint8_t *)"web", 3, 9);
	assert_non_null(grant);
	assert_true(grant->own_address);
	assert_true(grant_has_policy(grant, RSERPOOL_POLICY_LU));
	assert_false(grant_has_policy(grant, RSERPOOL_POLICY_WRR));
	assert_true(grant_has_address(grant, AF_INET, v4));
	v4[0] = 11;
	assert_false(grant_has_address(grant, AF_INET, v4));
	assert_null(account_grant(account, (const uint8_t *)"web", 3, 10));
	assert_null(account_grant(account, (const uint8_t *)"we", 2, 1));
	grant = account_grant(account, (const uint8_t *)"abc", 3, 99);
	assert_non_null(grant);
	assert_false(grant->own_address);
	assert_null(account_grant(account, (const uint8_t *)"ac", 2, 99));
	assert_non_null(account_find(&authorization, "x509:host.example"));
	assert_null(account_find(&authorization, "web"));
	/* Whoever is found comes first, and all stay. */
	assert_ptr_equal(account_of_element(&authorization,
					    (const uint8_t *)"y", 1, 1),
			 account_find(&authorization, "host:a"));
	assert_null(account_of_element(&authorization, (const uint8_t *)"z", 1,
				       1));
	assert_non_null(account_find(&authorization, "web-1"));
	assert_non_null(account_find(&authorization, "x509:host.example"));
	authorization_free(&authorization);
}

static void test_authorization_wrong(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *part;
	} rows[] = {
		{ "", 0, "one list is expected" },
		{ "identities = 5;", 1, "one list is expected" },
		{ "identities = (\n{ " KEY " } );", 2, "name is missing" },
		{ "identities = (\n{ name = \"a\"; } );", 2, "key is missing" },
		{ "identities = (\n{ name = \"host:a\"; " KEY " } );", 2,
		  "\"host:a\" is the name of a registrar's host, and has no key" },
		{ "identities = (\n{ name = \"x509:a\"; " KEY " } );", 2,
		  "is the name of a certificate, and has no key" },
		{ "identities = (\n" ONE("one", "{ handle = \"a\"; own-address = 1; }") ");",
		  2, "own-address: true or false is expected" },
		{ "identities = ( { name = \"a\";\nkey = \"0g\"; } );", 2,
		  "32 to 128 hexadecimal digits" },
		{ "identities = ( { name = \"a\";\n"
		  "key = \"000102030405060708090a0b0c0d0e0g\"; } );", 2,
		  "digit 32 is not hexadecimal" },
		{ "identities = (\n{ name = \"x509:a\"; " KEY " } );", 2,
		  "has no key" },
		{ "identities = (\n" ONE("a", "{ ids = [ 1, 2 ]; }") ");", 2,
		  "handle is missing" },
		{ "identities = (\n" ONE("a", "{ handle = \"a\"; ids = [ 2, 1 ]; }")
		  ");", 2, "2 is more than 1" },
		{ "identities = (\n" ONE("a", "{ handle = \"a\"; ids = [ 0, 1 ]; }")
		  ");", 2, "a number from 1" },
		{ "identities = (\n" ONE("a", "{ handle = \"a\"; "
		  "addresses = [ \"10.0.0.0/33\" ]; }") ");", 2,
		  "no address or network" },
		{ "identities = (\n" ONE("a", "{ handle = \"a\"; "
		  "policies = [ \"best\" ]; }") ");", 2, "rr, wrr" },
		{ "identities = (\n" ONE("a", "{ handle = \"a\"; color = 1; }")
		  ");", 2, "color: handle, ids" },
		{ "identities = (\n" ONE("a", "") ");", 2,
		  "may: a list of groups" },
		{ "identities = (\n" ONE("a", "{ handle = \"a\"; }") ",\n"
		  ONE("a", "{ handle = \"b\"; }") ");", 3, "there twice" },
	};
	struct authorization authorization;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(authorize(&authorization, rows[i].text), -1);
		expect_why(rows[i].line, rows[i].part);
		authorization_free(&authorization);
	}
}

/* Two identities never have the same identifier in the same pool. */
static void test_overlaps(void **state)
{
	static const struct {
		const char *a, *b;
		bool meet;
	} rows[] = {
		{ "web", "web", true }, { "web", "webb", false },
		{ "*", "web", true }, { "w*", "*b", true },
		{ "w*x", "w*y", false }, { "w*x*", "*y", true },
		{ "a?c", "abc", true }, { "a?c", "ac", false },
		{ "?", "*", true }, { "??", "?", false },
		{ "a*b*c", "axbxc", true }, { "a*b*c", "axbx", false },
		/* \x2a is no sign: libconfig wants the backslash doubled. */
		{ "a\\\\x2a", "ab", false }, { "a\\\\x2a", "a*", true },
	};
	struct authorization authorization;
	char text[512];
	size_t i;
	int j, ret;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (j = 0; j < 4; j++) {
			const char *a = j % 2 ? rows[i].b : rows[i].a;
			const char *b = j % 2 ? rows[i].a : rows[i].b;

			snprintf(text, sizeof(text), TWO("{ handle = \"%s\"; ids = [ 1, 10 ]; }",
							 "{ handle = \"%s\"; ids = [ %d, 20 ]; }"),
				 a, b, j < 2 ? 10 : 11);
			ret = authorize(&authorization, text);
			if (!ret != !(rows[i].meet && j < 2))
				print_message("# %s\n", text);
			assert_int_equal(!ret, !(rows[i].meet && j < 2));
			if (ret)
				assert_non_null(strstr(why, "must not overlap"));
			authorization_free(&authorization);
		}
	}
}

static void test_wrong_peers(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *part;
	} rows[] = {
		{ "name = \"a\";\ncolour = 1;", 2, "name or peers is expected" },
		{ "peers = ();", 0, "name is missing" },
		{ "name = \"a\";", 0, "a list of peers is expected" },
		{ "name = \"a\";\npeers = 5;", 2, "a list of peers" },
		{ "name = \"\"; peers = ();", 1, "1 to 128 octets" },
		{ "name = \"a\"; peers = (\n{ " KEY " } );", 2,
		  "name is missing" },
		{ "name = \"a\"; peers = (\n{ name = \"a\"; } );", 2,
		  "this registrar itself" },
		{ "name = \"a\"; peers = ( { name = \"b\"; },\n"
		  "{ name = \"b\"; } );", 2, "is there twice" },
		{ "name = \"a\"; peers = (\n{ name = \"b\"; at = 1; } );", 2,
		  "name, key or address is expected" },
		{ "name = \"a\"; peers = (\n{ key = \"0\"; } );", 2,
		  "hexadecimal digits are expected" },
		{ "name = \"a\"; peers = (\n{ address = \"x\"; } );", 2, "\"x\"" },
	};
	struct peers_file file;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&file, 0, sizeof(file));
		list_init(&file.peers);
		write_file(rows[i].text);
		assert_int_equal(peers_load(&file, path, why), -1);
		unlink(path);
		expect_why(rows[i].line, rows[i].part);
		peers_free(&file);
	}
	/* What is right by itself, and too little for a secure scope. */
	write_file("name = \"a\"; peers = ( { name = \"b\"; } );");
	assert_int_equal(peers_load(&file, path, why), 0);
	assert_int_equal(peers_check(&file, path, true, why), -1);
	assert_non_null(strstr(why, "\"b\" has no key"));
	unlink(path);
	peers_free(&file);
	write_file("name = \"a\"; peers = ( { name = \"b\"; " KEY " } );");
	assert_int_equal(peers_load(&file, path, why), 0);
	assert_int_equal(peers_check(&file, path, true, why), 0);
	assert_int_equal(peers_check(&file, path, false, why), -1);
	assert_non_null(strstr(why, "\"b\" has no address"));
	unlink(path);
	peers_free(&file);
}

/* The examples, as they are and with every default in them written out. */
static void test_examples(void **state)
{
	static char text[1 << 16];
	struct authorization authorization;
	struct config config, defaults;
	struct peers_file peers;
	char *line;
	size_t len;
	FILE *f;

	(void)state;
	assert_int_equal(authorization_load(&authorization,
					    "packaging/enrpd.auth", why), 0);
	assert_non_null(account_find(&authorization, "web-1"));
	authorization_free(&authorization);
	list_init(&peers.peers);
	assert_int_equal(peers_load(&peers, "packaging/enrpd.peers", why), 0);
	assert_int_equal(peers_check(&peers, "packaging/enrpd.peers", true,
				     why), 0);
	assert_string_equal(peers.name, "registrar-1");
	assert_false(list_empty(&peers.peers));
	peers_free(&peers);
	assert_int_equal(config_load(&defaults, "packaging/enrpd.conf", why),
			 0);
	f = fopen("packaging/enrpd.conf", "r");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = '\0';
	/* A comment that is a setting ends as one. */
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] == '#' && line[strcspn(line, "\n") - 1] == ';' &&
		    strcspn(line, "=") < strcspn(line, "\n"))
			line[0] = ' ';
	}
	assert_int_equal(load(&config, text), 0);
	assert_non_null(config.ca);
	assert_int_equal(config.plain_listen.n, 1);
	assert_memory_equal(&config.connections_max, &defaults.connections_max,
			    sizeof(config) - offsetof(struct config,
						      connections_max));
	config_free(&config);
	config_free(&defaults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_doubtful),
		cmocka_unit_test(test_authorization),
		cmocka_unit_test(test_authorization_wrong),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_wrong_peers),
		cmocka_unit_test(test_examples),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
