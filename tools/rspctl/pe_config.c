// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "rspctl.h"

enum keyword {
	KEY_POOL, KEY_ID, KEY_TCP, KEY_USE, KEY_POLICY, KEY_WEIGHT,
	KEY_PRIORITY, KEY_LOAD, KEY_DEGRADATION, KEY_LIFETIME, KEY_HOME,
};

static const char *const keywords[] = {
	[KEY_POOL] = "pool",
	[KEY_ID] = "id",
	[KEY_TCP] = "tcp",
	[KEY_USE] = "use",
	[KEY_POLICY] = "policy",
	[KEY_WEIGHT] = "weight",
	[KEY_PRIORITY] = "priority",
	[KEY_LOAD] = "load",
	[KEY_DEGRADATION] = "degradation",
	[KEY_LIFETIME] = "lifetime",
	[KEY_HOME] = "home",
	NULL
};

static const uint16_t attributes[] = {
	[KEY_POOL] = RSERPOOL_A_ELEMENT_HANDLE,
	[KEY_ID] = RSERPOOL_A_ELEMENT_ID,
	[KEY_TCP] = RSERPOOL_A_ELEMENT_TRANSPORT,
	[KEY_POLICY] = RSERPOOL_A_ELEMENT_POLICY,
	[KEY_WEIGHT] = RSERPOOL_A_ELEMENT_WEIGHT,
	[KEY_PRIORITY] = RSERPOOL_A_ELEMENT_PRIORITY,
	[KEY_LOAD] = RSERPOOL_A_ELEMENT_LOAD,
	[KEY_DEGRADATION] = RSERPOOL_A_ELEMENT_DEGRADATION,
	[KEY_LIFETIME] = RSERPOOL_A_ELEMENT_LIFETIME,
	[KEY_HOME] = RSERPOOL_A_ELEMENT_HOME,
};

static int take_transport(struct words *words, struct pe_config *config)
{
	const char *word, *expected;
	int ret;

	ret = take_value(words, "tcp", &word);
	if (ret)
		return ret;
	if (config->n_transports == RSERPOOL_TRANSPORTS_MAX)
		return complain("tcp \"%s\": an element has at most %d addresses",
				word, RSERPOOL_TRANSPORTS_MAX);
	expected = parse_transport(word,
				   &config->transports[config->n_transports]);
	if (expected)
		return complain("tcp \"%s\": %s", word, expected);
	config->n_transports++;
	return 0;
}

static int take_use(struct words *words, struct pe_config *config)
{
	const char *word;
	int use;

	if (take_value(words, "use", &word))
		return EXIT_USAGE;
	use = pick(word, "use of its addresses", use_names);
	if (use < 0)
		return EXIT_USAGE;
	config->use = (uint32_t)use;
	return 0;
}

static int take_keyword(struct words *words, enum keyword key,
			struct pe_config *config)
{
	const char *name = keywords[key];

	switch (key) {
	case KEY_POOL:
		return take_handle(words, name, &config->handle);
	case KEY_ID:
		if (take_u32(words, name, &config->id))
			return EXIT_USAGE;
		return config->id ? 0 : complain("id: it is not 0");
	case KEY_TCP:
		return take_transport(words, config);
	case KEY_USE:
		return take_use(words, config);
	case KEY_POLICY:
		return take_policy(words, &config->policy);
	case KEY_WEIGHT:
		return take_u32(words, name, &config->weight);
	case KEY_PRIORITY:
		return take_u32(words, name, &config->priority);
	case KEY_LOAD:
		return take_load(words, name, &config->load);
	case KEY_DEGRADATION:
		return take_load(words, name, &config->degradation);
	case KEY_LIFETIME:
		return take_time(words, name, &config->lifetime);
	case KEY_HOME:
		return take_u32(words, name, &config->home);
	}
	return EXIT_USAGE;
}

static int check(const struct pe_config *config, bool add)
{
	uint32_t given = config->given;

	if (!(given & 1u << RSERPOOL_A_ELEMENT_HANDLE))
		return complain("whose? say: pool NAME");
	if (add && !config->n_transports)
		return complain("where is it? say: tcp ADDR:PORT");
	if (add)
		return 0;
	if (!(given & 1u << RSERPOOL_A_ELEMENT_ID))
		return complain("which one? say: id ID; see: rspctl pe show");
	if (given & 1u << RSERPOOL_A_ELEMENT_POLICY)
		return complain("policy: it is the pool's, and fixed while the pool has elements; weight, priority, load and degradation can be set");
	if (!(given & ~(1u << RSERPOOL_A_ELEMENT_HANDLE |
			1u << RSERPOOL_A_ELEMENT_ID)))
		return complain("what shall be set? see: rspctl pe help");
	return 0;
}

/**
 * pe_parse() - read what is said of an element
 * @words: what is left of the command; all of it is taken
 * @add: it is to be added: it needs an address, but no identifier
 * @config: what was read
 *
 * Return: 0, or the exit status after a complaint.
 */
int pe_parse(struct words *words, bool add, struct pe_config *config)
{
	bool use_given = false;
	uint32_t bit;
	int key;

	config->given = 0;
	config->use = RSP_TRANSPORT_USE_DATA_ONLY;
	config->n_transports = 0;
	while (words->n) {
		key = pick(*words->at, "keyword of an element", keywords);
		if (key < 0)
			return EXIT_USAGE;
		words->at++;
		words->n--;
		bit = 1u << attributes[key];
		if (key == KEY_USE ? use_given :
		    config->given & bit && key != KEY_TCP)
			return complain("%s: it is there twice",
					keywords[key]);
		if (key == KEY_USE)
			use_given = true;
		else
			config->given |= bit;
		if (take_keyword(words, key, config))
			return EXIT_USAGE;
	}
	if (use_given && !config->n_transports)
		return complain("use: of which addresses? say: tcp ADDR:PORT use control");
	return check(config, add);
}

static void put_transport(struct nlmsghdr *nlh,
			  const struct transport *transport, uint32_t use)
{
	struct nlattr *nest;

	nest = mnl_attr_nest_start(nlh, RSERPOOL_A_ELEMENT_TRANSPORT);
	if (transport->family == AF_INET)
		mnl_attr_put_u32(nlh, RSERPOOL_A_TRANSPORT_IPV4,
				 transport->v4.s_addr);
	else
		mnl_attr_put(nlh, RSERPOOL_A_TRANSPORT_IPV6,
			     sizeof(transport->v6), &transport->v6);
	mnl_attr_put_u16(nlh, RSERPOOL_A_TRANSPORT_PORT,
			 htons(transport->port));
	if (transport->scope_id)
		mnl_attr_put_u32(nlh, RSERPOOL_A_TRANSPORT_SCOPE_ID,
				 transport->scope_id);
	if (use != RSP_TRANSPORT_USE_DATA_ONLY)
		mnl_attr_put_u32(nlh, RSERPOOL_A_TRANSPORT_USE, use);
	mnl_attr_nest_end(nlh, nest);
}

/**
 * pe_put() - put an element's attributes into a request
 * @nlh: the request, with room for PE_SIZE_MAX
 * @config: the element; its @config.given says which
 */
void pe_put(struct nlmsghdr *nlh, const struct pe_config *config)
{
	const struct {
		uint16_t type;
		uint32_t value;
	} numbers[] = {
		{ RSERPOOL_A_ELEMENT_ID, config->id },
		{ RSERPOOL_A_ELEMENT_HOME, config->home },
		{ RSERPOOL_A_ELEMENT_LIFETIME, config->lifetime },
		{ RSERPOOL_A_ELEMENT_POLICY, config->policy },
		{ RSERPOOL_A_ELEMENT_WEIGHT, config->weight },
		{ RSERPOOL_A_ELEMENT_PRIORITY, config->priority },
		{ RSERPOOL_A_ELEMENT_LOAD, config->load },
		{ RSERPOOL_A_ELEMENT_DEGRADATION, config->degradation },
	};
	unsigned int i;

	mnl_attr_put(nlh, RSERPOOL_A_ELEMENT_HANDLE, config->handle.len,
		     config->handle.octets);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (config->given & 1u << numbers[i].type)
			mnl_attr_put_u32(nlh, numbers[i].type,
					 numbers[i].value);
	for (i = 0; i < config->n_transports; i++)
		put_transport(nlh, &config->transports[i], config->use);
}
