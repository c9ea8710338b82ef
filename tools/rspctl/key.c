// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../lib/print.h"
#include "rspctl.h"

/**
 * struct key - what a command says of a key
 * @handle: its pool
 * @client: number of the client that has it, 0: any
 * @pe_id: PE identifier of the element that has it, 0: any
 * @file: where it is, NULL: that was not said
 */
struct key {
	struct handle handle;
	uint32_t client;
	uint32_t pe_id;
	const char *file;
};

static const char *const keywords[] = {
	"pool", "client", "pe", "file", NULL
};

/* @file: one is expected. */
static int parse(struct words *words, bool file, struct key *key)
{
	int ret = 0, word;

	memset(key, 0, sizeof(*key));
	while (words->n && !ret) {
		word = pick(*words->at, "keyword of a key", keywords);
		if (word < 0)
			return EXIT_USAGE;
		words->at++;
		words->n--;
		if (word == 0)
			ret = take_handle(words, "pool", &key->handle);
		else if (word == 1)
			ret = take_u32(words, "client", &key->client);
		else if (word == 2)
			ret = take_u32(words, "pe", &key->pe_id);
		else if (file)
			ret = take_value(words, "file", &key->file);
		else
			ret = complain("a key that is there needs no file");
	}
	if (!ret && !key->handle.len)
		ret = complain("say pool NAME");
	if (!ret && file && !key->file)
		ret = complain("say file FILE; it has the %d octets of the key",
			       RSERPOOL_KEY_LEN);
	return ret;
}

static void put(struct nlmsghdr *nlh, const struct key *key)
{
	put_handle(nlh, RSERPOOL_A_KEY_HANDLE, &key->handle);
	mnl_attr_put_u32(nlh, RSERPOOL_A_KEY_CLIENT, key->client);
	mnl_attr_put_u32(nlh, RSERPOOL_A_KEY_PE_ID, key->pe_id);
}

/* All octets of a file are the key; what ends a line too. */
static int put_secret(struct nlmsghdr *nlh, const char *name)
{
	char secret[RSERPOOL_KEY_LEN + 1];
	FILE *file;
	size_t len;
	int ret = 0;

	file = fopen(name, "re");
	if (!file)
		return complain("file %s: %s", name, strerror(errno));
	setvbuf(file, NULL, _IONBF, 0);
	len = fread(secret, 1, sizeof(secret), file);
	if (ferror(file) || len != RSERPOOL_KEY_LEN)
		ret = complain("file %s: it must have %d octets, as head -c %d /dev/urandom gives them",
			       name, RSERPOOL_KEY_LEN, RSERPOOL_KEY_LEN);
	else
		mnl_attr_put(nlh, RSERPOOL_A_KEY_SECRET, len, secret);
	fclose(file);
	explicit_bzero(secret, sizeof(secret));
	return ret;
}

static int add(struct words *words)
{
	struct nlmsghdr *nlh;
	struct key key;
	int ret;

	ret = parse(words, true, &key);
	if (ret)
		return ret;
	nlh = request(RSERPOOL_CMD_KEY_NEW, 0);
	if (!nlh)
		return EXIT_KERNEL;
	put(nlh, &key);
	ret = put_secret(nlh, key.file);
	if (!ret && nl_talk(&ctl.client, nlh, NULL, NULL))
		ret = kernel_error(NULL);
	explicit_bzero(nlh, nlh->nlmsg_len);
	return ret;
}

static int del(struct words *words)
{
	struct nlmsghdr *nlh;
	struct key key;
	int ret;

	ret = parse(words, false, &key);
	if (ret)
		return ret;
	nlh = request(RSERPOOL_CMD_KEY_DEL, 0);
	if (!nlh)
		return EXIT_KERNEL;
	put(nlh, &key);
	return nl_talk(&ctl.client, nlh, NULL, NULL) ?
	       kernel_error("see: rspctl key show") : 0;
}

static int show_line(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_KEY_MAX + 1];
	uint32_t client, pe_id;
	char age[TIME_TEXT_MAX];

	(void)data;
	attrs_read(nlh, attrs, RSERPOOL_A_KEY_MAX);
	client = attr_u32(attrs[RSERPOOL_A_KEY_CLIENT]);
	pe_id = attr_u32(attrs[RSERPOOL_A_KEY_PE_ID]);
	print_object_begin(NULL);
	show_handle("pool", "pool %s", attrs[RSERPOOL_A_KEY_HANDLE]);
	print_uint("client", client ? " client %" PRIu64 : NULL, client);
	show_pe_id("pe", pe_id ? " pe %s" : NULL,
		   attrs[RSERPOOL_A_KEY_PE_ID]);
	format_time(attr_uint(attrs[RSERPOOL_A_KEY_AGE]), age);
	print_text(" added %s ago", age);
	print_uint("age-ms", NULL, attr_uint(attrs[RSERPOOL_A_KEY_AGE]));
	if (attrs[RSERPOOL_A_KEY_IDENTITY])
		print_string("identity", "\n    identity %s", mnl_attr_get_str(
				     attrs[RSERPOOL_A_KEY_IDENTITY]));
	print_text("\n");
	print_object_end();
	return 0;
}

static int show(struct words *words)
{
	if (no_more(words))
		return EXIT_USAGE;
	return show_table(RSERPOOL_CMD_KEY_GET, show_line);
}

const struct command key_commands[] = {
	{ .name = "show", .run = show, .usage = "" },
	{
		.name = "add", .run = add,
		.usage = "pool NAME [ client N ] [ pe ID ] file FILE"
	},
	{
		.name = "del", .run = del,
		.usage = "pool NAME [ client N ] [ pe ID ]"
	},
	{ .name = NULL }
};
