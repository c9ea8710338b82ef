// SPDX-License-Identifier: GPL-2.0
/*
 * counter POOL [PORT [ID]]: an element of a pool that counts requests.
 *
 * Its state is the count. It keeps the state with its user, as the cookie of
 * the session: whichever element comes next goes on from there.
 */
#include <arpa/inet.h>
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/rserpool.h>

static void serve(int session)
{
	uint64_t request, count = 0;
	socklen_t len = sizeof(count);

	/* Another element may have counted before. */
	if (getsockopt(session, SOL_RSERPOOL, RSP_COOKIE, &count, &len))
		err(1, "RSP_COOKIE");
	while (recv(session, &request, sizeof(request), 0) > 0) {
		count++;
		if (send(session, &count, sizeof(count), 0) < 0 ||
		    setsockopt(session, SOL_RSERPOOL, RSP_COOKIE, &count,
			       sizeof(count)))
			err(1, "answer %ju", (uintmax_t)count);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_rserpool pool = { .srp_family = AF_RSERPOOL };
	int listener, session, on = 1;

	if (argc < 2 || !*argv[1] || strlen(argv[1]) > RSP_HANDLE_MAX)
		errx(2, "usage: counter POOL [PORT [ID]]");
	pool.srp_handle_len = strlen(argv[1]);
	memcpy(pool.srp_handle, argv[1], pool.srp_handle_len);
	pool.srp_port = htons(argc > 2 ? atoi(argv[2]) : 0);
	pool.srp_pe_id = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;

	listener = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	if (listener < 0)
		err(1, "socket (is the module there? modprobe rserpool)");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (void *)&pool, sizeof(pool)) || listen(listener, 64))
		err(1, "pool %s", argv[1]);
	signal(SIGCHLD, SIG_IGN);
	while ((session = accept(listener, NULL, NULL)) >= 0) {
		if (!fork()) {
			serve(session);
			return 0;
		}
		close(session);
	}
	err(1, "accept");
}
