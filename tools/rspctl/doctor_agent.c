// SPDX-License-Identifier: GPL-2.0
/* Whether an agent does handshakes here, and finds the keys. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "rspctl.h"

#define KEYRING		".rserpool"
#define PID_MASK	0x3fffff	/* of a port that libnl has chosen */
#define GROUPS_SHOWN	32		/* of a socket, in /proc/net/netlink */

static bool is_tlshd(unsigned int pid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	return !strcmp(name, "tlshd\n");
}

/* Does a line of /proc/net/netlink speak of a socket that is in a group? */
static bool in_group(const char *line, uint32_t group, unsigned int *pid)
{
	unsigned int protocol, port, groups;

	if (sscanf(line, "%*s %u %u %x", &protocol, &port, &groups) != 3 ||
	    protocol != NETLINK_GENERIC)
		return false;
	*pid = port & PID_MASK;
	if (group > GROUPS_SHOWN)
		return is_tlshd(*pid);
	return groups & 1u << (group - 1);
}

/* The process that listens in this namespace; 0: none. */
static unsigned int listener(uint32_t group)
{
	unsigned int pid, found = 0;
	char line[256];
	FILE *file;

	file = fopen("/proc/net/netlink", "re");
	if (!file)
		return 0;
	while (!found && fgets(line, sizeof(line), file))
		if (in_group(line, group, &pid))
			found = pid;
	fclose(file);
	return found;
}

/* The group that the kernel asks; 0: this kernel asks nobody. */
static uint32_t group_of_agents(void)
{
	struct nl_client client;
	uint32_t group = 0;
	unsigned int i;

	if (!nl_open(&client, "handshake"))
		for (i = 0; i < client.n_groups; i++)
			if (!strcmp(client.groups[i].name, "tlshd"))
				group = client.groups[i].id;
	nl_close(&client);
	return group;
}

/* What stands behind -c or --config in the command line of a process. */
static void config_given(unsigned int pid, char *path, size_t size)
{
	char command[4096], name[64], *word, *next;
	size_t len = 0;
	FILE *file;

	path[0] = '\0';
	snprintf(name, sizeof(name), "/proc/%u/cmdline", pid);
	file = fopen(name, "re");
	if (file) {
		len = fread(command, 1, sizeof(command) - 1, file);
		fclose(file);
	}
	command[len] = '\0';
	for (word = command; word < command + len; word = next) {
		next = word + strlen(word) + 1;
		if (!strncmp(word, "--config=", 9))
			snprintf(path, size, "%s", word + 9);
		else if ((!strcmp(word, "-c") || !strcmp(word, "--config")) &&
			 next < command + len)
			snprintf(path, size, "%s", next);
	}
}

/* A line of the form keyrings=A;B that has it. */
static bool names_keyring(char *line)
{
	char *rest, *word;

	line += strspn(line, " \t");
	if (strncmp(line, "keyrings", 8))
		return false;
	line += 8 + strspn(line + 8, " \t");
	if (*line++ != '=')
		return false;
	for (word = strtok_r(line, "; \t\n", &rest); word;
	     word = strtok_r(NULL, "; \t\n", &rest))
		if (!strcmp(word, KEYRING))
			return true;
	return false;
}

/* A line of the form x509.certificate=FILE. */
static bool names_certificate(char *line)
{
	static const char word[] = "x509.certificate";

	line += strspn(line, " \t");
	if (strncmp(line, word, strlen(word)))
		return false;
	line += strlen(word);
	line += strspn(line, " \t");
	return *line == '=' && line[1 + strspn(line + 1, " \t\n")];
}

/*
 * Has the agent's configuration such a line, in a section if one is named?
 * -errno: it cannot be read; else 0 or 1.
 */
static int config_has(unsigned int pid, char *path, size_t size,
		      const char *section, bool (*is_it)(char *line))
{
	static const char *const usual[] = { "/etc/tlshd.conf",
					     "/etc/tlshd/config" };
	char name[PATH_MAX + 32], line[1024];
	bool inside = !section;
	int found = 0;
	FILE *file;

	config_given(pid, path, size);
	if (!path[0])
		snprintf(path, size, "%s",
			 usual[!!access(usual[0], F_OK) &&
			       !access(usual[1], F_OK)]);
	snprintf(name, sizeof(name), "/proc/%u/%s%s", pid,
		 path[0] == '/' ? "root" : "cwd/", path);
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (!found && fgets(line, sizeof(line), file)) {
		if (section && *line == '[')
			inside = !strncmp(line, section, strlen(section));
		found = inside && is_it(line);
	}
	fclose(file);
	return found;
}

/* How many hold the keyring; 0: it is not to be seen. The module is one. */
static int keyring_holders(void)
{
	char line[512], type[32], name[32];
	int holders = 0, n;
	FILE *file;

	file = fopen("/proc/keys", "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %*s %d %*s %*s %*s %*s %31s %31s", &n,
			   type, name) == 3 &&
		    !strcmp(type, "keyring") && !strcmp(name, KEYRING ":"))
			holders = n;
	fclose(file);
	return holders;
}

static void keyring(struct patient *patient, unsigned int pid)
{
	char path[PATH_MAX];
	int named = config_has(pid, path, sizeof(path), NULL, names_keyring);
	int holders = keyring_holders();

	if (named < 0)
		ill(patient, "keyring", "try as root",
		    "tlshd's configuration %s cannot be read: %s", path,
		    strerror(-named));
	else if (!named)
		ill(patient, "keyring",
		    "write keyrings=" KEYRING " there, under [authenticate], and restart it; or start rserpool-tlshd instead",
		    "tlshd's configuration %s does not name the keyring " KEYRING,
		    path);
	else if (!holders)
		ill(patient, "keyring", "modprobe rserpool, and try as root",
		    "there is no keyring " KEYRING " to be seen");
	else if (holders < 2)
		ill(patient, "keyring", "systemctl restart tlshd",
		    "tlshd has not the keyring " KEYRING ": it began before the module was loaded");
	else
		well("keyring", "tlshd has " KEYRING ", by %s", path);
}

/* Does the agent have a certificate for those, by a section of its configuration? */
static bool certificate(struct patient *patient, unsigned int pid,
			const char *section, const char *whose)
{
	char path[PATH_MAX];
	int named = config_has(pid, path, sizeof(path), section,
			       names_certificate);

	if (named < 0)
		ill(patient, "certificate", "try as root",
		    "tlshd's configuration %s cannot be read: %s", path,
		    strerror(-named));
	else
		well("certificate", "%s of this host have %s, by %s", whose,
		     named ? "one" : "none", path);
	return named > 0;
}

static void certificates(struct patient *patient, unsigned int pid)
{
	patient->certified = certificate(patient, pid, "[authenticate.server]",
					 "elements");
	patient->user_certified = certificate(patient, pid,
					      "[authenticate.client]", "users");
}

/**
 * doctor_agent() - does an agent do handshakes in this network namespace?
 * @patient: for the answer
 */
void doctor_agent(struct patient *patient)
{
	uint32_t group = group_of_agents();
	unsigned int pid;

	if (!group) {
		ill(patient, "agent", "use a kernel with CONFIG_NET_HANDSHAKE",
		    "this kernel hands no handshake to tlshd");
		return;
	}
	pid = listener(group);
	if (!pid) {
		ill(patient, "agent",
		    "start it in this network namespace: systemctl start tlshd, or rserpool-tlshd",
		    "no tlshd does handshakes here");
		return;
	}
	well("agent", "tlshd does handshakes, as process %u", pid);
	if (patient->auth == RSP_AUTH_X509)
		certificates(patient, pid);
	else
		keyring(patient, pid);
}
