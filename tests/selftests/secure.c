// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "secure.h"

void secure_scope(void)
{
	/* Keys of other tests are in the same keyring. */
	run("rspctl scope set name test%d mode secure auth psk "
	    "handshake-timeout 1m", getpid());
}

void key_add(const char *pool, const char *also, int n)
{
	char path[64], octets[32];
	int fd, i;

	snprintf(path, sizeof(path), "/tmp/key.%d", getpid());
	for (i = 0; i < 32; i++)
		octets[i] = n + i;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CHECK(fd >= 0);
	write_all(fd, octets, sizeof(octets));
	close(fd);
	run("rspctl key add pool %s %s file %s", pool, also, path);
	unlink(path);
}

void key_del(const char *pool, const char *also)
{
	run("rspctl key del pool %s %s", pool, also);
}

void identity_get(const char *whose, char *identity)
{
	char command[256];
	FILE *out;

	snprintf(command, sizeof(command), "rspctl key show | "
		 "sed -n '/^pool %s/,$ s/.*identity //p'", whose);
	out = popen(command, "r");
	CHECK(out);
	CHECK_EQ(fscanf(out, "%63s", identity), 1);
	pclose(out);
}

/* A socket of its protocol has joined a group: it is for the agent's requests. */
static bool agent_listens(pid_t agent)
{
	char line[256];
	unsigned int protocol, portid, groups;
	bool found = false;
	FILE *file = fopen("/proc/net/netlink", "r");

	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %u %u %x", &protocol, &portid,
			   &groups) == 3 &&
		    protocol == 16 && (pid_t)(portid & 0x3fffff) == agent && groups)
			found = true;
	fclose(file);
	return found;
}

pid_t agent_start_by(const char *more)
{
	char path[64];
	pid_t agent, test = getpid();
	int tries = 500;
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/tlshd.%d.conf", test);
	file = fopen(path, "w");
	CHECK(file);
	fprintf(file, "[debug]\nloglevel=0\ntls=0\nnl=0\n"
		      "[authenticate]\nkeyrings=.rserpool\n%s", more);
	fclose(file);
	fflush(NULL);
	agent = fork();
	CHECK(agent >= 0);
	if (!agent) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!getenv("RSP_TLSHD_SPEAKS")) {
			int null = open("/dev/null", O_RDWR);

			dup2(null, 1);
			dup2(null, 2);
		}
		execlp("tlshd", "tlshd", "-s", "-c", path, NULL);
		_exit(127);
	}
	setpgid(agent, agent);
	while (!agent_listens(agent)) {
		CHECK(tries--);
		usleep(20000);
	}
	return agent;
}

pid_t agent_start(void)
{
	return agent_start_by("");
}

void agent_signal(pid_t agent, int signal)
{
	CHECK_EQ(kill(-agent, signal), 0);
}

void agent_kill(pid_t agent)
{
	agent_signal(agent, SIGKILL);
	CHECK_EQ(waitpid(agent, NULL, 0), agent);
}

pid_t secure_pool(const char *pool)
{
	secure_scope();
	key_add(pool, "", 1);
	return agent_start();
}

pid_t serve_element(int listener, void (*serve)(int fd))
{
	pid_t pid, test = getpid();
	int fd;

	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid) {
		setpgid(pid, pid);
		close(listener);
		return pid;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != test)
		_exit(0);
	signal(SIGCHLD, SIG_IGN);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		if (!fork()) {
			close(listener);
			serve(fd);
			_exit(0);
		}
		close(fd);
	}
	_exit(1);
}

pid_t echo_element(const char *name, uint32_t id, int type)
{
	return serve_element(element(name, id, type), echo_messages);
}

size_t tls_record_read(int fd, unsigned char *octets)
{
	size_t len;

	read_all(fd, octets, 5);
	len = 5 + (octets[3] << 8 | octets[4]);
	CHECK(len <= TLS_RECORD_MAX);
	read_all(fd, octets + 5, len - 5);
	return len;
}

int try_connect(const char *name, int type, int *fd)
{
	struct sockaddr_rserpool address;
	socklen_t len;

	*fd = socket(AF_RSERPOOL, type, 0);
	CHECK(*fd >= 0);
	address = pool_address(name, 0, &len);
	return connect(*fd, (void *)&address, len) ? errno : 0;
}

void check_message(int fd, const char *word)
{
	char back[64] = "";

	CHECK_EQ(send(fd, word, strlen(word), 0), (ssize_t)strlen(word));
	CHECK_EQ(recv(fd, back, sizeof(back), 0), (ssize_t)strlen(word));
	CHECK(!strcmp(back, word));
}
