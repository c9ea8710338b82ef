// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/settings_file.h"
#include "authorization.h"

static int read_u32(const config_setting_t *at, const char *name, uint32_t min,
		    uint32_t *value, char *why)
{
	long long number = config_setting_get_int64(at);
	int type = config_setting_type(at);

	if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) ||
	    number < min || number > 0xffffffff)
		return wrong(why, at,
			     "%s: a number from %u to 4294967295 is expected",
			     name, min);
	*value = (uint32_t)number;
	return 0;
}

static int read_ids(struct grant *grant, const config_setting_t *at, char *why)
{
	const config_setting_t *min, *max;

	if (!config_setting_is_aggregate(at) || config_setting_length(at) != 2)
		return wrong(why, at,
			     "ids: the least and the largest PE identifier are expected, as [ 1, 100 ]");
	min = config_setting_get_elem(at, 0);
	max = config_setting_get_elem(at, 1);
	if (read_u32(min, "ids", 1, &grant->id_min, why) ||
	    read_u32(max, "ids", 1, &grant->id_max, why))
		return -1;
	return grant->id_min <= grant->id_max ? 0 :
	       wrong(why, at, "ids: %u is more than %u", grant->id_min,
		     grant->id_max);
}

static int parse_network(const char *text, struct network *network)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned long bits, most;
	char *end;

	if (len >= sizeof(address))
		return -1;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, network->octets) == 1)
		network->family = AF_INET;
	else if (inet_pton(AF_INET6, address, network->octets) == 1)
		network->family = AF_INET6;
	else
		return -1;
	most = network->family == AF_INET ? 32 : 128;
	bits = most;
	if (slash) {
		bits = strtoul(slash + 1, &end, 10);
		if (end == slash + 1 || *end || bits > most)
			return -1;
	}
	network->bits = (uint8_t)bits;
	return 0;
}

static int read_networks(struct grant *grant, const config_setting_t *at,
			 char *why)
{
	int i, n = config_setting_length(at);

	if (config_setting_is_list(at) || config_setting_is_array(at))
		grant->networks = calloc((size_t)n + 1,
					 sizeof(*grant->networks));
	else
		n = 0;
	for (i = 0; i < n && grant->networks; i++) {
		const config_setting_t *each;
		const char *text;

		each = config_setting_get_elem(at, (unsigned int)i);
		text = config_setting_get_string(each);
		if (!text || parse_network(text, &grant->networks[i]))
			return wrong(why, each,
				     "addresses: \"%s\" is no address or network",
				     text ? text : "");
		grant->n_networks++;
	}
	return n ? 0 : wrong(why, at,
			     "addresses: a list is expected, as [ \"192.0.2.0/24\", \"2001:db8::/32\" ]");
}

static int read_policies(struct grant *grant, const config_setting_t *at,
			 char *why)
{
	int i, n = config_setting_is_aggregate(at) ?
		   config_setting_length(at) : 0;

	grant->policies = calloc((size_t)n + 1, sizeof(*grant->policies));
	for (i = 0; i < n && grant->policies; i++) {
		const config_setting_t *each;
		const char *text, *expected;

		each = config_setting_get_elem(at, (unsigned int)i);
		text = config_setting_get_string(each);
		expected = parse_policy(text ? text : "", &grant->policies[i]);
		if (expected)
			return wrong(why, each, "policies: %s", expected);
	}
	return n ? 0 : wrong(why, at,
			     "policies: a list is expected, as [ \"rr\", \"lu\" ]");
}

static int read_grant(struct grant *grant, const config_setting_t *at,
		      char *why)
{
	int i, n = config_setting_is_group(at) ? config_setting_length(at) : 0;
	const char *name, *text, *expected;
	int ret = 0;

	grant->line = config_setting_source_line(at);
	grant->id_min = 1;
	grant->id_max = 0xffffffff;
	grant->own_address = true;
	for (i = 0; i < n && !ret; i++) {
		const config_setting_t *each;

		each = config_setting_get_elem(at, (unsigned int)i);
		name = config_setting_name(each);
		if (!strcmp(name, "handle")) {
			text = config_setting_get_string(each);
			expected = text ? pattern_parse(text, grant) :
				   "a pool handle is expected, in quotes";
			ret = expected ? wrong(why, each, "handle: %s",
					       expected) : 0;
		} else if (!strcmp(name, "ids")) {
			ret = read_ids(grant, each, why);
		} else if (!strcmp(name, "addresses")) {
			ret = read_networks(grant, each, why);
		} else if (!strcmp(name, "own-address")) {
			if (config_setting_type(each) != CONFIG_TYPE_BOOL)
				ret = wrong(why, each,
					    "own-address: true or false is expected");
			grant->own_address = config_setting_get_bool(each);
		} else if (!strcmp(name, "policies")) {
			ret = read_policies(grant, each, why);
		} else {
			ret = wrong(why, each,
				    "%s: handle, ids, addresses, own-address or policies is expected",
				    name);
		}
	}
	if (!ret && !grant->pattern.len)
		ret = wrong(why, at,
			    "handle is missing: of which pools? As { handle = \"web\"; ids = [ 1, 100 ]; }");
	return ret;
}

static int read_grants(struct account *account, const config_setting_t *at,
		       char *why)
{
	int i, n = config_setting_is_list(at) ? config_setting_length(at) : 0;

	if (!n)
		return wrong(why, at,
			     "may: a list of groups is expected, as ( { handle = \"web\"; ids = [ 1, 100 ]; } )");
	account->grants = calloc((size_t)n, sizeof(*account->grants));
	if (!account->grants)
		return wrong(why, at, "no memory");
	for (i = 0; i < n; i++) {
		account->n_grants++;
		if (read_grant(&account->grants[i],
			       config_setting_get_elem(at, (unsigned int)i),
			       why))
			return -1;
	}
	return 0;
}

static int read_name(const struct authorization *authorization,
		     struct account *account, const config_setting_t *at,
		     char *why)
{
	const char *text = config_setting_get_string(at);

	if (!text || !*text || strlen(text) > TLS_IDENTITY_MAX)
		return wrong(why, at,
			     "name: 1 to %d octets in quotes are expected",
			     TLS_IDENTITY_MAX);
	if (account_find(authorization, text))
		return wrong(why, at, "name: \"%s\" is there twice", text);
	strcpy(account->name, text);
	return 0;
}

static int read_member(const struct authorization *authorization,
		       struct account *account, const config_setting_t *at,
		       char *why)
{
	const char *name = config_setting_name(at);

	if (!strcmp(name, "name"))
		return read_name(authorization, account, at, why);
	if (!strcmp(name, "key")) {
		account->has_key = true;
		return read_key(&account->key, at, why);
	}
	if (!strcmp(name, "may"))
		return read_grants(account, at, why);
	if (!strcmp(name, "elements"))
		return read_u32(at, name, 1, &account->elements_max, why);
	if (!strcmp(name, "updates"))
		return read_u32(at, name, 1, &account->updates_rate, why);
	if (!strcmp(name, "updates-burst"))
		return read_u32(at, name, 1, &account->updates_burst, why);
	return wrong(why, at,
		     "%s: name, key, may, elements, updates or updates-burst is expected",
		     name);
}

static bool is_keyless(const struct account *account)
{
	return !strncmp(account->name, "x509:", 5) ||
	       !strncmp(account->name, "host:", 5);
}

static int read_account(struct authorization *authorization,
			const config_setting_t *at, char *why)
{
	int i, n = config_setting_is_group(at) ? config_setting_length(at) : 0;
	struct account *account = calloc(1, sizeof(*account));

	if (!account)
		return wrong(why, at, "no memory");
	list_add_tail(&account->in_all, &authorization->accounts);
	account->elements_max = 1000;
	account->updates_rate = 100;
	account->updates_burst = 1000;
	for (i = 0; i < n; i++)
		if (read_member(authorization, account,
				config_setting_get_elem(at, (unsigned int)i),
				why))
			return -1;
	if (!account->name[0])
		return wrong(why, at, "name is missing: who is it?");
	if (!account->has_key && !is_keyless(account))
		return wrong(why, at,
			     "key is missing: \"%s\" has to show something; or is it a certificate, \"x509:%s\"?",
			     account->name, account->name);
	if (account->has_key && is_keyless(account))
		return wrong(why, at, "\"%s\" is the name of a %s, and has no key",
			     account->name, *account->name == 'x' ?
			     "certificate" : "registrar's host");
	account->tokens = account->updates_burst * 1000ULL;
	return 0;
}

static int check_pair(const struct account *a, const struct account *b,
		      const config_setting_t *at, char *why)
{
	unsigned int i, j;

	for (i = 0; i < a->n_grants; i++)
		for (j = 0; j < b->n_grants; j++) {
			const struct grant *x = &a->grants[i];
			const struct grant *y = &b->grants[j];

			if (x->id_min <= y->id_max && y->id_min <= x->id_max &&
			    patterns_meet(x, y))
				return wrong(why, at,
					     "\"%s\" (line %u) and \"%s\" (line %u) may have the same PE identifiers in the same pool: their ids must not overlap",
					     a->name, x->line, b->name,
					     y->line);
		}
	return 0;
}

/* RFC 5355, 2.2 and 2.4: nobody can register what is another's. */
static int check_overlaps(const struct authorization *authorization,
			  const config_setting_t *at, char *why)
{
	const struct list *x, *y, *head = &authorization->accounts;

	list_for_each(x, head)
		for (y = x->next; y != head; y = y->next)
			if (check_pair(container_of(x, struct account, in_all),
				       container_of(y, struct account, in_all),
				       at, why))
				return -1;
	return 0;
}

static int read_all(void *into, const config_setting_t *root, char *why)
{
	struct authorization *authorization = into;
	const config_setting_t *list;
	int i;

	list = config_setting_lookup((config_setting_t *)root, "identities");
	if (!list || !config_setting_is_list(list) ||
	    config_setting_length(root) != 1)
		return wrong(why, list ? list : root,
			     "one list is expected: identities = ( { name = ...; key = ...; may = ...; } );");
	for (i = 0; i < config_setting_length(list); i++)
		if (read_account(authorization,
				 config_setting_get_elem(list, (unsigned int)i),
				 why))
			return -1;
	return check_overlaps(authorization, list, why);
}

/**
 * authorization_load() - read the file
 * @authorization: filled; for authorization_free() in any case
 * @path: the file
 * @why: filled on failure: file, line, and what was expected
 *
 * Return: 0 or -1.
 */
int authorization_load(struct authorization *authorization, const char *path,
		       char why[WHY_MAX])
{
	list_init(&authorization->accounts);
	return settings_file_read(path, read_all, authorization, why);
}
