/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSPCTL_H
#define _RSPCTL_H

#include <linux/rserpool_netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/nl.h"
#include "../lib/text.h"

/* Exit status, as of ip(8). */
#define EXIT_USAGE	1	/* the command is wrong, or could not be tried */
#define EXIT_KERNEL	2	/* the kernel refused it */

/* As with ip(8). A %s for the option that stands elsewhere. */
#define OPTIONS_FIRST	"options come before the object, as: rspctl %s pool show"

#define WORDS_MAX	64	/* words of a line */

/**
 * struct words - what is left of a command
 * @at: the next word
 * @n: how many there are
 */
struct words {
	char **at;
	int n;
};

/**
 * struct rspctl - what holds for all commands
 * @client: open once a command needs it
 * @is_open: it is
 * @stats: -stats: print counts too
 * @force: go on after an error in a batch
 * @sync: between sync begin and sync end: what is there may be added anew
 * @pe_id_min: what identifiers are picked from; 0 when it is not known
 * @pe_id_max: the same
 * @file: the batch's name, NULL outside of one
 * @line: the line that a complaint is about
 * @request: room for a request
 */
struct rspctl {
	struct nl_client client;
	bool is_open;
	bool stats;
	bool force;
	bool sync;
	uint32_t pe_id_min;
	uint32_t pe_id_max;
	const char *file;
	unsigned long line;
	uint8_t request[NL_REQUEST_MAX] __attribute__((aligned(8)));
};

extern struct rspctl ctl;

/**
 * struct command - what can be done with an object
 * @name: the word, of which a unique beginning will do
 * @run: does what the rest of the words say; returns the exit status
 * @gathers: it may leave elements for elements_flush()
 * @usage: the rest of the words
 */
struct command {
	const char *name;
	int (*run)(struct words *words);
	bool gathers;
	const char *usage;
};

/* lex.c */
int lex(char *line, char **words, const char **error);

/* words.c */
int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool is_word(const char *word, const char *name);
int pick(const char *word, const char *what, const char *const *names);
int take_value(struct words *words, const char *keyword, const char **value);
int take_u32(struct words *words, const char *keyword, uint32_t *value);
int take_time(struct words *words, const char *keyword, uint32_t *ms);
int take_load(struct words *words, const char *keyword, uint32_t *load);
int take_handle(struct words *words, const char *keyword,
		struct handle *handle);
int no_more(const struct words *words);

/* names.c */
extern const char *const failover_names[];
extern const char *const fin_names[];
extern const char *const use_names[];
extern const char *const avoid_names[];
extern const char *const listener_names[];
extern const char *const registration_names[];
extern const char *const state_names[];
extern const char *const failure_names[];
extern const char *const mode_names[];
extern const char *const auth_names[];
extern const char *const identify_names[];
extern const char *const event_names[];
const char *name_of(const char *const *names, uint32_t value);
const char *policy_name(uint32_t policy);
int take_policy(struct words *words, uint32_t *policy);
int put_named(struct words *words, struct nlmsghdr *nlh, const char *keyword,
	      const char *what, const char *const *names, uint16_t type);

/* kernel.c */
int kernel_try(void);
int kernel_open(void);
struct nlmsghdr *request(uint8_t cmd, uint16_t flags);
int dump(struct nlmsghdr *nlh, nl_fn fn, void *data);
int show_table(uint8_t cmd, nl_fn line);
int kernel_error(const char *hint, ...)
	__attribute__((format(printf, 1, 2)));
void attrs_read(const struct nlmsghdr *nlh, const struct nlattr **attrs,
		uint16_t max);
void nest_read(const struct nlattr *nest, const struct nlattr **attrs,
	       uint16_t max);
uint32_t attr_u32(const struct nlattr *attr);
uint64_t attr_uint(const struct nlattr *attr);
void attr_handle(const struct nlattr *attr, struct handle *handle);
bool handle_equal(const struct handle *a, const struct handle *b);
void put_handle(struct nlmsghdr *nlh, uint16_t type,
		const struct handle *handle);

/* show.c */
void show_handle(const char *key, const char *fmt, const struct nlattr *attr);
void show_pe_id(const char *key, const char *fmt, const struct nlattr *attr);
void show_transport(const char *key, const char *fmt,
		    const struct nlattr *attr);

/* pe_config.c */

/**
 * struct pe_config - what a command says of an element
 * @handle: its pool
 * @id: PE identifier
 * @given: bits 1 << RSERPOOL_A_ELEMENT_* of what was said
 * @home: home registrar
 * @lifetime: milliseconds
 * @policy: enum rserpool_policy
 * @weight: WRR, WRAND
 * @priority: PRIO
 * @load: LU, LUD, PLU, RLU
 * @degradation: LUD, PLU
 * @n_transports: how many
 * @transports: in the order of preference
 * @use: enum rsp_transport_use of all of them
 */
struct pe_config {
	struct handle handle;
	uint32_t id;
	uint32_t given;
	uint32_t home;
	uint32_t lifetime;
	uint32_t policy;
	uint32_t weight;
	uint32_t priority;
	uint32_t load;
	uint32_t degradation;
	unsigned int n_transports;
	struct transport transports[RSERPOOL_TRANSPORTS_MAX];
	uint32_t use;
};

/* Octets that pe_put() takes at most. */
#define PE_SIZE_MAX	(4 + 4 + RSERPOOL_HANDLE_MAX + 8 * 8 + \
			 RSERPOOL_TRANSPORTS_MAX * (4 + 20 + 8 + 8 + 8))

int pe_parse(struct words *words, bool add, struct pe_config *config);
void pe_put(struct nlmsghdr *nlh, const struct pe_config *config);

/* elements.c */
int elements_add(struct pe_config *config);
int elements_flush(void);

/* Objects, a file each. The lists end with an empty command. */
extern const struct command scope_commands[];
extern const struct command pool_commands[];
extern const struct command pe_commands[];
extern const struct command registration_commands[];
extern const struct command session_commands[];
extern const struct command key_commands[];
extern const struct command stats_commands[];
extern const struct command sync_commands[];
extern const struct command registrar_commands[];
extern const struct command peer_commands[];
extern const struct command agent_commands[];
int monitor(struct words *words);
int save(struct words *words);
int doctor(struct words *words);

/* What monitor prints of an event, as show does. */
void pool_show(const struct nlmsghdr *nlh);
void pe_show(const struct nlmsghdr *nlh);
void pe_show_config(const struct nlmsghdr *nlh);
void registration_show(const struct nlmsghdr *nlh);
void session_show_event(const struct nlmsghdr *nlh);

/* scope.c */
void scope_show_settings(const struct nlmsghdr *nlh);
int scope_pe_id_range(uint32_t *min, uint32_t *max);

/* batch.c */
int batch(const char *file, bool sync);

/* rspctl.c */
int run(struct words *words);

#endif /* _RSPCTL_H */
