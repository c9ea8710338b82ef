// SPDX-License-Identifier: GPL-2.0
/* Certificates: who is believed to be whom (RFC 5355, 2.7; RFC 5352, 9.2). */
#include <stdio.h>
#include <unistd.h>

#include "channel_test.h"

static char folder[] = "/tmp/rserpool-test-XXXXXX";
static char paths[6][64];

static const char *path(int i, const char *file, const char *end)
{
	snprintf(paths[i], sizeof(paths[i]), "%s/%s.%s", folder, file, end);
	return paths[i];
}

static struct tls *server(const char *file, bool demand)
{
	struct tls_config config = {
		.server = true,
		.certificate = path(0, file, "crt"),
		.private_key = path(1, file, "key"),
		.ca = path(2, "ca", "crt"),
		.demand = demand,
	};

	return tls_make(&config);
}

/* @file: its own certificate, NULL for none. */
static struct tls *client(const char *name, const char *file)
{
	struct tls_config config = {
		.ca = path(3, "ca", "crt"),
		.name = name,
		.certificate = file ? path(4, file, "crt") : NULL,
		.private_key = file ? path(5, file, "key") : NULL,
	};

	return tls_make(&config);
}

static bool both_open(void)
{
	return bench.server.opened && bench.client.opened;
}

static bool both_closed(void)
{
	return bench.server.closed && bench.client.closed;
}

static void test_server_name(void **state)
{
	static const struct {
		const char *file, *name;
		bool taken;
	} rows[] = {
		{ "registrar", "registrar.example", true },
		{ "registrar", "REGISTRAR.example", true },
		{ "registrar", "other.example", false },
		{ "registrar", "registrar.example.evil.example", false },
		{ "wild", "any.wild.example", true },
		{ "wild", "two.any.wild.example", false },
		{ "wild", "wild.example", false },
		{ "forged", "registrar.example", false },
		{ "expired", "registrar.example", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bench_begin(server(rows[i].file, false));
		client_connect(client(rows[i].name, NULL));
		run_until(rows[i].name, rows[i].taken ? both_open : both_closed);
		assert_int_equal(bench.client.opened, rows[i].taken);
		assert_string_equal(bench.server.identity, "");
		bench_end();
	}
}

static void test_client_identity(void **state)
{
	static const struct {
		const char *file, *identity;
		bool demand, taken;
	} rows[] = {
		{ "element", "x509:element.example", false, true },
		{ "element", "x509:element.example", true, true },
		{ NULL, "", false, true },
		{ NULL, NULL, true, false },
		/* What nobody vouches for says nothing. */
		{ "forged", "", false, true },
		{ "forged", NULL, true, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bench_begin(server("registrar", rows[i].demand));
		client_connect(client("registrar.example", rows[i].file));
		run_until("an answer", rows[i].taken ? both_open : both_closed);
		assert_int_equal(bench.server.opened, rows[i].taken);
		if (rows[i].taken)
			assert_string_equal(bench.server.identity,
					    rows[i].identity);
		bench_end();
	}
}

static void test_bad_files(void **state)
{
	struct tls_config config = { .ca = path(0, "nowhere", "crt") };
	char why[200];

	(void)state;
	assert_null(tls_new(&config, why, sizeof(why)));
	assert_non_null(strstr(why, "nowhere.crt"));
	config.ca = path(0, "ca", "key");
	assert_null(tls_new(&config, why, sizeof(why)));
	config.ca = NULL;
	config.certificate = path(1, "registrar", "crt");
	config.private_key = path(2, "element", "key");
	assert_null(tls_new(&config, why, sizeof(why)));
	config.certificate = NULL;
	assert_null(tls_new(&config, why, sizeof(why)));
	assert_non_null(strstr(why, "neither a key nor a certificate"));
	config.identity = "short";
	config.key.len = TLS_PSK_MIN - 1;
	assert_null(tls_new(&config, why, sizeof(why)));
	assert_non_null(strstr(why, "15 octets"));
}

static int make_files(void **state)
{
	(void)state;
	certificates_make(folder);
	certificate_for(folder, "ca", "registrar.example", "registrar", false);
	certificate_for(folder, "ca", "registrar.example", "expired", true);
	certificate_for(folder, "ca", "*.wild.example", "wild", false);
	certificate_for(folder, "ca", "element.example", "element", false);
	certificate_for(folder, "other", "registrar.example", "forged", false);
	return 0;
}

static int remove_files(void **state)
{
	static const char *const files[] = {
		"ca", "other", "registrar", "expired", "wild", "element",
		"forged",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		unlink(path(0, files[i], "crt"));
		unlink(path(0, files[i], "key"));
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_name),
		cmocka_unit_test(test_client_identity),
		cmocka_unit_test(test_bad_files),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
