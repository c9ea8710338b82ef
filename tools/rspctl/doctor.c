// SPDX-License-Identifier: GPL-2.0
/*
 * rspctl doctor: the order of what it checks, and how it says so. Each thing that
 * a secure scope needs is a line, so that what is in order is seen too.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

#include "../lib/print.h"
#include "doctor.h"
#include "rspctl.h"

static void line(const char *check, bool ok, const char *text, const char *next)
{
	print_object_begin(NULL);
	print_bool("ok", "ok       ", ok);
	if (!ok)
		print_text("problem  ");
	print_string("check", "%-8s ", check);
	print_string("text", "%s", text);
	if (!ok)
		print_string("next", "\n         next: %s", next);
	print_text("\n");
	print_object_end();
}

/**
 * well() - say that something is in order
 * @check: what was checked, a word
 * @fmt: what was found, as printf()
 */
void well(const char *check, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	line(check, true, text, NULL);
}

/**
 * ill() - say that something is not
 * @patient: whose
 * @check: what was checked, a word
 * @next: what to do about it
 * @fmt: what was found, as printf()
 */
void ill(struct patient *patient, const char *check, const char *next,
	 const char *fmt, ...)
{
	char text[512];
	va_list args;

	patient->ok = false;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	line(check, false, text, next);
}

static bool module(struct patient *patient)
{
	int ret = kernel_try();

	if (!ret) {
		well("module", "rserpool is loaded");
		return true;
	}
	nl_close(&ctl.client);
	ill(patient, "module", ret == -ENOENT ? "modprobe rserpool" :
						"try as root",
	    "rserpool does not answer: %s", strerror(-ret));
	return false;
}

static int read_scope(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[RSERPOOL_A_SCOPE_MAX + 1];
	struct patient *patient = data;

	attrs_read(nlh, attrs, RSERPOOL_A_SCOPE_MAX);
	patient->client = attr_u32(attrs[RSERPOOL_A_SCOPE_CLIENT]);
	patient->auth = attr_u32(attrs[RSERPOOL_A_SCOPE_AUTH]);
	if (patient->auth)
		well("scope", "it is secure, with %s",
		     patient->auth == RSP_AUTH_X509 ? "certificates" : "keys");
	else
		ill(patient, "scope",
		    "before there are elements and sessions: rspctl scope set name NAME mode secure auth psk",
		    "it is plain: what its sessions send is in the clear");
	return 0;
}

/* Only sealed cookies have a time in them. */
static void clock_check(struct patient *patient)
{
	struct timex timex = { .modes = 0 };

	if (!patient->seals)
		well("clock", "no pool seals cookies, so nothing depends on it");
	else if (adjtimex(&timex) == TIME_ERROR)
		ill(patient, "clock",
		    "have it set by NTP, as: timedatectl set-ntp true",
		    "it is not synchronized; a sealed cookie of another host may be taken for old or forged");
	else
		well("clock", "it is synchronized");
}

/**
 * doctor() - check all that a secure scope needs
 * @words: none
 *
 * Return: the exit status: 0 when all is well, 1 when not.
 */
int doctor(struct words *words)
{
	struct patient patient = { .ok = true };
	struct nlmsghdr *nlh;
	bool loaded;
	int ret = 0;

	if (no_more(words))
		return EXIT_USAGE;
	print_array_begin(NULL);
	loaded = module(&patient);
	if (loaded) {
		nlh = request(RSERPOOL_CMD_SCOPE_GET, 0);
		if (!nlh || nl_talk(&ctl.client, nlh, read_scope, &patient))
			ret = kernel_error(NULL);
	}
	doctor_tls(&patient);
	if (patient.auth != RSP_AUTH_X509)
		doctor_key_type(&patient);
	doctor_agent(&patient);
	if (loaded && !ret)
		ret = doctor_keys(&patient);
	if (loaded && !ret)
		clock_check(&patient);
	print_array_end();
	return ret ? ret : !patient.ok;
}
