// SPDX-License-Identifier: GPL-2.0
/* Whether this kernel can do kTLS, and has keys of the type that is wanted. */
#include <errno.h>
#include <linux/keyctl.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"

#ifndef SOL_TLS
#define SOL_TLS		282
#endif
#ifndef TCP_ULP
#define TCP_ULP		31
#endif

/* A TCP connection of this host with itself. 0 or errno. */
static int connection(int *listener, int *fd)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct timeval timeout = { .tv_sec = 5 };
	socklen_t len = sizeof(address);

	*listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*listener < 0 || *fd < 0 ||
	    setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &timeout,
		       sizeof(timeout)) ||
	    bind(*listener, (void *)&address, len) || listen(*listener, 1) ||
	    getsockname(*listener, (void *)&address, &len))
		return errno;
	return connect(*fd, (void *)&address, len) ? errno : 0;
}

/* With keys that are all zero; nothing is sent. */
static int keys_set(int fd)
{
	struct tls12_crypto_info_aes_gcm_128 keys = {
		.info.version = TLS_1_3_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};

	return setsockopt(fd, SOL_TLS, TLS_TX, &keys, sizeof(keys)) ||
	       setsockopt(fd, SOL_TLS, TLS_RX, &keys, sizeof(keys)) ? errno : 0;
}

/**
 * doctor_tls() - can this kernel do kTLS?
 * @patient: for the answer
 */
void doctor_tls(struct patient *patient)
{
	int listener, fd, err;

	err = connection(&listener, &fd);
	if (err) {
		ill(patient, "tls", "ip link set lo up",
		    "it takes a connection to 127.0.0.1 to try it: %s",
		    strerror(err));
	} else if (setsockopt(fd, SOL_TCP, TCP_ULP, "tls", 3)) {
		ill(patient, "tls", "modprobe tls",
		    "this kernel has no kTLS: %s", strerror(errno));
	} else {
		err = keys_set(fd);
		if (err)
			ill(patient, "tls", "modprobe gcm; modprobe aes_generic",
			    "this kernel's kTLS has no gcm(aes): %s",
			    strerror(err));
		else
			well("tls", "kTLS works, with gcm(aes)");
	}
	if (listener >= 0)
		close(listener);
	if (fd >= 0)
		close(fd);
}

static bool file_names(const char *path, const char *word)
{
	bool found = false;
	char line[4096];
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, word);
	fclose(file);
	return found;
}

/* Would the kernel find it if it wanted it? */
static bool module_there(const char *name)
{
	struct utsname uts;
	char path[512], word[64];

	uname(&uts);
	snprintf(word, sizeof(word), "/%s.ko", name);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", uts.release);
	if (file_names(path, word))
		return true;
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin",
		 uts.release);
	return file_names(path, word);
}

/**
 * doctor_key_type() - has this kernel keys of type psk?
 * @patient: for the answer
 *
 * A key without octets is refused as such where it has, else for its type.
 */
void doctor_key_type(struct patient *patient)
{
	long ret = syscall(SYS_add_key, "psk", "rspctl doctor", "", 0,
			   KEY_SPEC_PROCESS_KEYRING);

	if (ret >= 0 || errno != ENODEV)
		well("psk", "this kernel has keys of type psk");
	else if (module_there("nvme-keyring"))
		well("psk", "the first key will load nvme-keyring");
	else
		ill(patient, "psk",
		    "use a kernel with CONFIG_NVME_KEYRING, as Debian's; there: modprobe nvme-keyring",
		    "this kernel has no keys of type psk (nvme-keyring)");
}
