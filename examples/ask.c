// SPDX-License-Identifier: GPL-2.0
/*
 * ask POOL: send a request a second to a pool, and print each answer.
 *
 * The program opens one socket and connects once. It names a pool and never an
 * element; when the element that serves it dies, it is told so, agrees to the
 * next one, and asks again what was not answered.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/rserpool.h>

static int fd;

/* The element changed: say so, and go on with the new one. */
static void resume(void)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	struct rsp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_RSERPOOL, RSP_INFO, &info, &len) ||
	    setsockopt(fd, SOL_RSERPOOL, RSP_RESUME, &info.generation,
		       sizeof(info.generation)))
		err(1, "resume");
	poll(&ready, 1, -1);
	len = sizeof(info);
	if (getsockopt(fd, SOL_RSERPOOL, RSP_INFO, &info, &len))
		err(1, "RSP_INFO");
	printf("-- moved from element %u to element %u in %.1f ms\n",
	       info.prev_pe_id, info.pe_id, info.failover_us / 1000.0);
}

/* Send a request and read its answer; -1 and EREMCHG: the element changed. */
static int ask(int n, char *answer, size_t size)
{
	char request[32];
	size_t got = 0;
	ssize_t len;

	snprintf(request, sizeof(request), "request %d\n", n);
	if (write(fd, request, strlen(request)) < 0)
		return -1;
	do {
		len = read(fd, answer + got, size - 1 - got);
		if (len < 0)
			return -1;
		if (!len)
			errx(1, "the service ended the session");
		got += len;
	} while (answer[got - 1] != '\n' && got < size - 1);
	answer[got] = 0;
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_rserpool pool = { .srp_family = AF_RSERPOOL };
	struct pollfd idle = { .events = POLLPRI };
	char answer[256];
	int n;

	if (argc != 2 || !*argv[1] || strlen(argv[1]) > RSP_HANDLE_MAX)
		errx(2, "usage: ask POOL");
	pool.srp_handle_len = strlen(argv[1]);
	memcpy(pool.srp_handle, argv[1], pool.srp_handle_len);

	fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);
	if (fd < 0)
		err(1, "socket (is the module there? modprobe rserpool)");
	if (connect(fd, (void *)&pool, sizeof(pool)))
		err(1, "connect to pool %s", argv[1]);

	setlinebuf(stdout);
	idle.fd = fd;
	for (n = 1;; n++) {
		while (ask(n, answer, sizeof(answer))) {
			if (errno != EREMCHG)
				err(1, "request %d", n);
			resume();
		}
		fputs(answer, stdout);
		if (poll(&idle, 1, 1000) > 0)
			resume();
	}
}
