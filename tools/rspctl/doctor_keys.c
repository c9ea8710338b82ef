// SPDX-License-Identifier: GPL-2.0
/* Whether there is a key for each element of each pool; or a name for each pool. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "rspctl.h"

/**
 * struct key - whose a key is
 * @handle: of the pool
 * @client: number of the client, 0: any
 * @pe_id: PE identifier of the element, 0: any
 */
struct key {
	struct handle handle;
	uint32_t client;
	uint32_t pe_id;
};

/**
 * struct pool - a pool, and what it lacks
 * @handle: its handle
 * @identify: enum rserpool_identify
 * @named: it has a tls-name
 * @lacks: an element for which there is no key
 * @pe_id: which, the first one
 * @listens: it is one of this host; with certificates, any of them is
 */
struct pool {
	struct handle handle;
	uint32_t identify;
	bool named;
	bool lacks;
	uint32_t pe_id;
	bool listens;
};

/* A table that grows. */
struct table {
	void *rows;
	size_t n;
};

struct tables {
	const struct patient *patient;
	struct table keys;
	struct table pools;
	bool seals;
};

static void *row_add(struct table *table, size_t size)
{
	void *rows = table->rows;

	/* It doubles at each power of two. */
	if (!(table->n & (table->n - 1)))
		rows = realloc(rows, (table->n ? 2 * table->n : 1) * size);
	if (!rows) {
		perror("rspctl");
		exit(EXIT_USAGE);
	}
	table->rows = rows;
	rows = (char *)rows + table->n++ * size;
	memset(rows, 0, size);
	return rows;
}

static int read_key(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_KEY_MAX + 1];
	struct tables *tables = data;
	struct key *key = row_add(&tables->keys, sizeof(*key));

	attrs_read(nlh, attrs, RSERPOOL_A_KEY_MAX);
	attr_handle(attrs[RSERPOOL_A_KEY_HANDLE], &key->handle);
	key->client = attr_u32(attrs[RSERPOOL_A_KEY_CLIENT]);
	key->pe_id = attr_u32(attrs[RSERPOOL_A_KEY_PE_ID]);
	return 0;
}

static int read_pool(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_POOL_MAX + 1];
	struct tables *tables = data;
	struct pool *pool = row_add(&tables->pools, sizeof(*pool));

	attrs_read(nlh, attrs, RSERPOOL_A_POOL_MAX);
	attr_handle(attrs[RSERPOOL_A_POOL_HANDLE], &pool->handle);
	pool->identify = attr_u32(attrs[RSERPOOL_A_POOL_IDENTIFY]);
	pool->named = attrs[RSERPOOL_A_POOL_TLS_NAME];
	if (attr_u32(attrs[RSERPOOL_A_POOL_COOKIE_KEYS]))
		tables->seals = true;
	return 0;
}

static struct pool *pool_of(struct tables *tables, const struct handle *handle)
{
	struct pool *pool = tables->pools.rows;
	size_t i;

	for (i = 0; i < tables->pools.n; i++)
		if (handle_equal(&pool[i].handle, handle))
			return &pool[i];
	pool = row_add(&tables->pools, sizeof(*pool));
	pool->handle = *handle;
	return pool;
}

/*
 * Would it do for this element? One of this host takes the keys of all clients;
 * to others this host shows its own.
 */
static bool is_for(const struct key *key, const struct pool *pool,
		   uint32_t pe_id, bool listens, uint32_t client)
{
	if (!handle_equal(&key->handle, &pool->handle) ||
	    (key->pe_id && key->pe_id != pe_id) ||
	    (!listens && key->client && key->client != client))
		return false;
	return (key->client ||
		!(pool->identify & RSERPOOL_IDENTIFY_CLIENT)) &&
	       (key->pe_id || !(pool->identify & RSERPOOL_IDENTIFY_PE));
}

static int read_element(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_ELEMENT_MAX + 1];
	struct tables *tables = data;
	const struct key *key = tables->keys.rows;
	struct handle handle;
	struct pool *pool;
	uint32_t pe_id;
	bool listens;
	size_t i;

	attrs_read(nlh, attrs, RSERPOOL_A_ELEMENT_MAX);
	attr_handle(attrs[RSERPOOL_A_ELEMENT_HANDLE], &handle);
	pool = pool_of(tables, &handle);
	pe_id = attr_u32(attrs[RSERPOOL_A_ELEMENT_ID]);
	listens = attr_u32(attrs[RSERPOOL_A_ELEMENT_LISTENER]) !=
		  RSERPOOL_LISTENER_NONE;
	if (tables->patient->auth == RSP_AUTH_X509) {
		pool->listens |= listens;
		return 0;
	}
	for (i = 0; i < tables->keys.n; i++)
		if (is_for(&key[i], pool, pe_id, listens,
			   tables->patient->client))
			return 0;
	if (!pool->lacks) {
		pool->lacks = true;
		pool->pe_id = pe_id;
		pool->listens = listens;
	}
	return 0;
}

static unsigned int keys_of(const struct tables *tables,
			    const struct pool *pool)
{
	const struct key *key = tables->keys.rows;
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < tables->keys.n; i++)
		n += handle_equal(&key[i].handle, &pool->handle);
	return n;
}

static void say_what_it_lacks(struct patient *patient, const struct pool *pool,
			      const char *name)
{
	bool client = pool->identify & RSERPOOL_IDENTIFY_CLIENT;
	bool pe = pool->identify & RSERPOOL_IDENTIFY_PE;
	char next[2 * HANDLE_TEXT_MAX];

	if (client && !pool->listens && !patient->client) {
		ill(patient, "keys",
		    "rspctl scope set client N, and a key for that client, here and where the elements are",
		    "pool %s wants to know its clients, and this host has no number as a client",
		    name);
		return;
	}
	snprintf(next, sizeof(next),
		 "rspctl key add pool %s%s%s file FILE, with the same FILE on all hosts that use or serve it",
		 name, client ? " client N" : "", pe ? " pe ID" : "");
	if (pool->lacks)
		ill(patient, "keys", next,
		    "pool %s has no key for element 0x%08" PRIx32, name,
		    pool->pe_id);
	else
		ill(patient, "keys", next, "pool %s has no key", name);
}

static void look_at_names(struct patient *patient, const struct pool *pool,
			  const char *name)
{
	char next[2 * HANDLE_TEXT_MAX];

	snprintf(next, sizeof(next),
		 "rspctl pool set %s tls-name NAME, which the certificates of its elements bear",
		 name);
	if (pool->named)
		well("names", "pool %s has one", name);
	else
		ill(patient, "names", next,
		    "pool %s has no tls-name; nothing connects to it", name);
	if (pool->listens && !patient->certified)
		ill(patient, "names",
		    "name x509.certificate and x509.private_key in tlshd's configuration, under [authenticate.server], and restart it",
		    "pool %s has elements on this host, without a certificate",
		    name);
	if (pool->identify & RSERPOOL_IDENTIFY_CLIENT &&
	    !patient->user_certified)
		ill(patient, "names",
		    "name x509.certificate and x509.private_key in tlshd's configuration, under [authenticate.client], and restart it",
		    "pool %s wants to know its clients, and this host has no certificate to show",
		    name);
}

static int table(uint8_t cmd, nl_fn fn, struct tables *tables)
{
	struct nlmsghdr *nlh = request(cmd, 0);

	return nlh ? dump(nlh, fn, tables) : EXIT_KERNEL;
}

/**
 * doctor_keys() - is there a key for each element of each pool?
 * @patient: of whom the scope is known; for the answer
 *
 * Return: 0, or the exit status after a complaint.
 */
int doctor_keys(struct patient *patient)
{
	struct tables tables = { .patient = patient };
	char name[HANDLE_TEXT_MAX];
	struct pool *pool;
	unsigned int n;
	size_t i;
	int ret;

	ret = table(RSERPOOL_CMD_KEY_GET, read_key, &tables);
	if (!ret)
		ret = table(RSERPOOL_CMD_POOL_GET, read_pool, &tables);
	if (!ret)
		ret = table(RSERPOOL_CMD_ELEMENT_GET, read_element, &tables);
	if (!ret)
		ret = table(RSERPOOL_CMD_REGISTER_GET, read_element, &tables);
	pool = tables.pools.rows;
	for (i = 0; !ret && i < tables.pools.n; i++) {
		format_handle(pool[i].handle.octets, pool[i].handle.len, name);
		n = keys_of(&tables, &pool[i]);
		if (patient->auth == RSP_AUTH_X509)
			look_at_names(patient, &pool[i], name);
		else if (pool[i].lacks || !n)
			say_what_it_lacks(patient, &pool[i], name);
		else
			well("keys", "pool %s has %u for all of its elements",
			     name, n);
	}
	if (!ret && !tables.pools.n && patient->auth != RSP_AUTH_X509)
		well("keys", "there is no pool yet; %zu of pools to come",
		     tables.keys.n);
	patient->seals = tables.seals;
	free(tables.keys.rows);
	free(tables.pools.rows);
	return ret;
}
