// SPDX-License-Identifier: GPL-2.0
/* asapd's file: what is taken, and what is said of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/rserpool_netlink.h>

#include "../../tools/asapd/config.h"

#define KEY	"00112233445566778899aabbccddeeff"
#define LIST	"registrars = ( \"192.0.2.1:3864\", \"[::1]:3864\" );\n"
#define WHO	"identity = \"a\"; key = \"" KEY "\";\n"

static char why[WHY_MAX];

static int load(struct config *config, const char *text)
{
	char path[64];
	FILE *f;
	int ret;

	snprintf(path, sizeof(path), "/tmp/rserpool-test-%d.conf", getpid());
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	ret = config_load(config, path, why);
	unlink(path);
	return ret;
}

static void test_right(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(load(&config, LIST WHO "hunt-timeout = \"2s\";"), 0);
	assert_true(config.secure);
	assert_int_equal(config.n_registrars, 2);
	assert_int_equal(config.registrars[0].address.port, 3864);
	assert_int_equal(config.registrars[1].address.family, AF_INET6);
	assert_null(config.registrars[0].name);
	assert_string_equal(config.identity, "a");
	assert_int_equal(config.key.len, 16);
	assert_int_equal(config.hunt_timeout, 2000);
	assert_int_equal(config.request_timeout, 15000);
	assert_int_equal(config.registration_timeout, 30000);
	assert_int_equal(config.deregistration_timeout, 30000);
	assert_int_equal(config.reregistration_interval, 600000);
	assert_int_equal(config.retry_max, 60000);
	assert_int_equal(config.registration_attempts, 2);
	assert_int_equal(config.request_attempts, 2);
	config_free(&config);
}

static void test_certificates(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(load(&config, "registrars = (\n"
			      "{ address = \"192.0.2.1:1\"; name = \"r.example\"; } );\n"
			      "ca = \"ca\"; certificate = \"c\"; private-key = \"k\";"),
			 0);
	assert_string_equal(config.registrars[0].name, "r.example");
	assert_int_equal(config.registrars[0].address.port, 1);
	config_free(&config);
	assert_int_equal(load(&config, "secure = false; registrars = [ \"192.0.2.1:3863\" ];"),
			 0);
	assert_false(config.secure);
	config_free(&config);
}

struct wrong {
	const char *text;	/* of a file */
	const char *why;	/* part of what is said of it */
};

static void check_wrong(const struct wrong *cases, size_t n)
{
	struct config config;
	size_t i;

	for (i = 0; i < n; i++) {
		assert_int_equal(load(&config, cases[i].text), -1);
		if (!strstr(why, cases[i].why))
			print_message("# %s\n# is not: ...%s...\n", why,
				      cases[i].why);
		assert_non_null(strstr(why, cases[i].why));
		config_free(&config);
	}
}

static void test_wrong(void **state)
{
	static const struct wrong cases[] = {
		{ WHO, ".conf: registrars is missing" },
		{ WHO "registrars = ( );", ":2: registrars: a list is expected" },
		{ WHO "registrars = \"192.0.2.1:1\";", ":2: registrars: a list" },
		{ WHO "registrars = ( 7 );", ":2: registrars: an address is" },
		{ WHO "registrars = ( \"192.0.2.1\" );", ":2: registrars: \"192" },
		{ WHO "registrars = ( { name = \"x\"; } );", "address is missing" },
		{ WHO "registrars = ( { address = 7; } );",
		  ":2: address: an address is expected" },
		{ WHO "registrars = ( { addres = \"192.0.2.1:1\"; } );",
		  ":2: addres: there is no such setting; see asapd.conf(5)" },
		{ LIST, "either identity and key, or ca" },
		{ LIST WHO "ca = \"ca\";", "either identity and key, or ca" },
		{ LIST "identity = \"a\";", "key is missing" },
		{ LIST "key = \"" KEY "\";", "identity is missing" },
		{ LIST "identity = 7;", ":2: identity: a text is expected" },
		{ LIST "identity = \"a\"; key = \"00\";", ":2: key: 32 to 128" },
		{ LIST "ca = \"ca\";", "each needs a name" },
		{ LIST "ca = \"ca\"; announced = \"224.0.1.185:3863\";",
		  "announced-name is missing" },
		{ LIST "ca = \"ca\"; certificate = \"c\";", "private-key is missing" },
		{ LIST WHO "certificate = \"c\"; private-key = \"k\";",
		  "ca is missing" },
		{ LIST WHO "hunt-timeout = \"1ms\";",
		  ":3: hunt-timeout: a time from 100ms to 1h" },
		{ LIST WHO "stale-timeout = \"20s\"; cache-lifetime = \"30s\";",
		  "half of cache-lifetime" },
		{ LIST WHO "report-rate = 0;", ":3: report-rate: a number from 1" },
		{ LIST WHO "huh = 1;", ":3: huh: there is no such setting" },
		{ LIST WHO "secure = ;", ":3: syntax error" },
	};
	struct config config;

	(void)state;
	check_wrong(cases, sizeof(cases) / sizeof(cases[0]));
	assert_int_equal(config_load(&config, "/nowhere", why), -1);
	assert_string_equal(why, "/nowhere: it cannot be read: No such file or directory");
}

#define SERVICE(_rest)	LIST WHO "services = ( { handle = \"web\"; " _rest " } );"

static void test_services(void **state)
{
	const struct service_config *service;
	struct config config;

	(void)state;
	assert_int_equal(load(&config, LIST WHO "services = (\n"
			      "{ handle = \"web\"; id = 7; port = 80; policy = \"wrr\"; value = 3; },\n"
			      "{ handle = \"web\"; addresses = [ \"192.0.2.1:81\" ]; unit = \"u\"; } );"),
			 0);
	assert_int_equal(config.n_services, 2);
	service = &config.services[0];
	assert_int_equal(service->handle.len, 3);
	assert_int_equal(service->id, 7);
	assert_int_equal(service->port, 80);
	assert_int_equal(service->policy, RSERPOOL_POLICY_WRR);
	assert_int_equal(service->value, 3);
	assert_int_equal(service->interval, 5000);
	assert_int_equal(service->timeout, 2000);
	assert_int_equal(service->rise, 2);
	assert_int_equal(service->fall, 3);
	assert_false(service->sever);
	service = &config.services[1];
	assert_int_equal(service->policy, RSERPOOL_POLICY_RR);
	assert_int_equal(service->addresses.at[0].port, 81);
	assert_string_equal(service->unit, "u");
	config_free(&config);
}

static void test_wrong_services(void **state)
{
	static const struct wrong cases[] = {
		{ LIST WHO "services = 7;", ":3: services: a list of groups" },
		{ LIST WHO "services = ( 7 );", ":3: services: a group" },
		{ LIST WHO "services = ( { port = 80; } );", "handle is missing" },
		{ SERVICE(""), "either port or addresses" },
		{ SERVICE("port = 80; addresses = \"192.0.2.1:80\";"),
		  "either port or addresses" },
		{ SERVICE("port = 0;"), ":3: port: a number from 1 to 65535" },
		{ SERVICE("port = 80; policy = \"best\";"), ":3: policy: rr, wrr" },
		{ SERVICE("port = 80; handle = \"x\";"), ":3: duplicate" },
		{ SERVICE("port = 80; command = \"a\"; unit = \"b\";"),
		  "either command or unit" },
		{ SERVICE("port = 80; rise = 0;"), ":3: rise: a number from 1" },
		{ SERVICE("port = 80; id = 1; }, { handle = \"web\"; id = 1; port = 81;"),
		  "the pool has another one with this id" },
	};

	(void)state;
	check_wrong(cases, sizeof(cases) / sizeof(cases[0]));
}

/* The example is right, and so are the defaults that are in its comments. */
static void test_example(void **state)
{
	struct config config, defaults;
	static char text[8192];
	char *line;
	FILE *f;

	(void)state;
	assert_int_equal(load(&defaults, LIST WHO), 0);
	f = fopen("packaging/asapd.conf", "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	for (line = text; line; line = strchr(line, '\n')) {
		size_t len;

		line += *line == '\n';
		len = strcspn(line, "\n");
		if (!strncmp(line, "#\t", 2) || !strncmp(line, "# );", 4) ||
		    !strncmp(line, "# services", 10) ||
		    (line[0] == '#' && len && line[len - 1] == ';' &&
		     strcspn(line, "=") < len && strcspn(line, "(/") >= len))
			line[0] = ' ';
	}
	assert_int_equal(load(&config, text), 0);
	assert_int_equal(config.n_registrars, 2);
	assert_int_equal(config.n_services, 1);
	assert_int_equal(config.services[0].interval, 5000);
	assert_int_equal(config.services[0].timeout, 2000);
	assert_int_equal(config.services[0].rise, 2);
	assert_int_equal(config.services[0].fall, 3);
	assert_memory_equal(&config.request_timeout, &defaults.request_timeout,
			    sizeof(config) - offsetof(struct config,
						      request_timeout));
	config_free(&config);
	config_free(&defaults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_wrong_services),
		cmocka_unit_test(test_example),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
