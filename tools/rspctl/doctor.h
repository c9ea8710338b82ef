/* SPDX-License-Identifier: GPL-2.0 */
/* rspctl doctor: what a secure scope needs, and what to do where it lacks it. */
#ifndef _RSPCTL_DOCTOR_H
#define _RSPCTL_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct patient - what is known of the scope so far
 * @ok: all that was checked was well
 * @client: number of this host as a client, 0: it has none
 * @auth: enum rsp_auth of the scope
 * @certified: the agent has a certificate for elements of this host
 * @user_certified: it has one for the users of pools
 * @seals: a pool has a key for cookies
 */
struct patient {
	bool ok;
	uint32_t client;
	uint32_t auth;
	bool certified;
	bool user_certified;
	bool seals;
};

/* All is well with it; or not, and what to do next. A line of the answer. */
void well(const char *check, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void ill(struct patient *patient, const char *check, const char *next,
	 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* doctor_tls.c */
void doctor_tls(struct patient *patient);
void doctor_key_type(struct patient *patient);

/* doctor_agent.c */
void doctor_agent(struct patient *patient);

/* doctor_keys.c: 0, or the exit status after a complaint */
int doctor_keys(struct patient *patient);

#endif /* _RSPCTL_DOCTOR_H */
