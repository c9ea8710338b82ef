// SPDX-License-Identifier: GPL-2.0
/*
 * count POOL SECONDS: ask a counter in a pool as fast as it answers, for so long
 * or until SIGINT.
 *
 * The answers must be 1, 2, 3, ... The servers may die as they like: the kernel
 * moves the session, and sends again what the dead one had not accounted for.
 */
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/rserpool.h>

static volatile sig_atomic_t enough;

static void on_signal(int number)
{
	enough = number;
}

int main(int argc, char **argv)
{
	struct sockaddr_rserpool pool = { .srp_family = AF_RSERPOOL };
	uint32_t mode = RSP_FAILOVER_AUTO, kept = 65536;
	uint64_t asked = 0, answer;
	struct rsp_info info;
	socklen_t len = sizeof(info);
	time_t end;
	int fd;

	if (argc != 3 || !*argv[1] || strlen(argv[1]) > RSP_HANDLE_MAX)
		errx(2, "usage: count POOL SECONDS");
	pool.srp_handle_len = strlen(argv[1]);
	memcpy(pool.srp_handle, argv[1], pool.srp_handle_len);

	signal(SIGINT, on_signal);
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	if (fd < 0)
		err(1, "socket (is the module there? modprobe rserpool)");
	if (setsockopt(fd, SOL_RSERPOOL, RSP_FAILOVER, &mode, sizeof(mode)) ||
	    setsockopt(fd, SOL_RSERPOOL, RSP_REPLAY, &kept, sizeof(kept)) ||
	    connect(fd, (void *)&pool, sizeof(pool)))
		err(1, "connect to pool %s", argv[1]);

	for (end = time(NULL) + atoi(argv[2]); !enough && time(NULL) < end;) {
		asked++;
		if (send(fd, &asked, sizeof(asked), 0) < 0 ||
		    recv(fd, &answer, sizeof(answer), 0) != sizeof(answer))
			err(1, "request %ju", (uintmax_t)asked);
		if (answer != asked)
			errx(1, "%s: answer %ju to request %ju",
			     answer < asked ? "a repeat" : "a gap",
			     (uintmax_t)answer, (uintmax_t)asked);
	}
	if (getsockopt(fd, SOL_RSERPOOL, RSP_INFO, &info, &len))
		err(1, "RSP_INFO");
	printf("%ju requests, %u failovers, no gap and no repeat\n",
	       (uintmax_t)asked, info.generation);
}
