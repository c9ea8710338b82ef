// SPDX-License-Identifier: GPL-2.0
/* The words for the kernel's numbers, in the order of their enums. */
#include <string.h>

#include "rspctl.h"

const char *const failover_names[] = {
	"default", "notify", "auto", "off", NULL
};
const char *const fin_names[] = { "eof", "failure", NULL };
const char *const use_names[] = { "data", "control", NULL };
const char *const avoid_names[] = { "none", "failed", "drain", NULL };
const char *const listener_names[] = {
	"none", "asked", "own", "agent", "refused", NULL
};
const char *const registration_names[] = { "auto", "own", NULL };
const char *const state_names[] = {
	"init", "resolve", "connect", "ready", "failover", "closed",
	"listen", "secure", NULL
};
const char *const failure_names[] = {
	"none", "reset", "fin", "silent", "unreachable", "refused",
	"connect-timeout", "severed", "forced", "local", "frame", "card",
	"control", "message-size", "rejected", "security", "revoked",
	"records", NULL
};
const char *const mode_names[] = { "plain", "secure", NULL };
const char *const auth_names[] = { "none", "psk", "x509", NULL };
const char *const identify_names[] = { "none", "client", "pe", "both", NULL };
const char *const event_names[] = {
	"failover-begun", "failover-done", "failover-failed", "cookie-echoed",
	"element-changed", "replay-overflow", NULL
};

/**
 * name_of() - the word for a number
 * @names: words in order; NULL ends them
 * @value: the number
 *
 * Return: the word, or "unknown" for what a newer kernel may say.
 */
const char *name_of(const char *const *names, uint32_t value)
{
	for (; *names; names++)
		if (!value--)
			return *names;
	return "unknown";
}

static const char *const policy_names[] = {
	"rr", "wrr", "rand", "wrand", "prio", "lu", "lud", "plu", "rlu", NULL
};

static const uint32_t policies[] = {
	RSERPOOL_POLICY_RR, RSERPOOL_POLICY_WRR, RSERPOOL_POLICY_RAND,
	RSERPOOL_POLICY_WRAND, RSERPOOL_POLICY_PRIO, RSERPOOL_POLICY_LU,
	RSERPOOL_POLICY_LUD, RSERPOOL_POLICY_PLU, RSERPOOL_POLICY_RLU,
};

/**
 * policy_name() - the word for a policy
 * @policy: enum rserpool_policy
 *
 * Return: the word, or "unknown".
 */
const char *policy_name(uint32_t policy)
{
	unsigned int i;

	for (i = 0; policy_names[i]; i++)
		if (policies[i] == policy)
			return policy_names[i];
	return "unknown";
}

/**
 * take_policy() - take the policy after its keyword
 * @words: what is left
 * @policy: enum rserpool_policy
 *
 * Return: 0, or the exit status after a complaint.
 */
int take_policy(struct words *words, uint32_t *policy)
{
	const char *word;
	int ret, i;

	ret = take_value(words, "policy", &word);
	if (ret)
		return ret;
	i = pick(word, "policy", policy_names);
	if (i < 0)
		return EXIT_USAGE;
	*policy = policies[i];
	return 0;
}

/**
 * put_named() - take the value after a keyword, a word, and put it into a request
 * @words: what is left
 * @nlh: the request
 * @keyword: the keyword, for a complaint
 * @what: what the word is, likewise
 * @names: the words that there are
 * @type: the attribute's type; it becomes the word's place among them
 *
 * Return: 0, or the exit status after a complaint.
 */
int put_named(struct words *words, struct nlmsghdr *nlh, const char *keyword,
	      const char *what, const char *const *names, uint16_t type)
{
	const char *word;
	int value;

	if (take_value(words, keyword, &word))
		return EXIT_USAGE;
	value = pick(word, what, names);
	if (value < 0)
		return EXIT_USAGE;
	mnl_attr_put_u32(nlh, type, (uint32_t)value);
	return 0;
}
