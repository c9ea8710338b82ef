// SPDX-License-Identifier: GPL-2.0
/* echo POOL [PORT [ID]]: an element of a pool that sends messages back. */
#include <arpa/inet.h>
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/rserpool.h>

static void serve(int session)
{
	static char message[65536];
	ssize_t len;

	while ((len = recv(session, message, sizeof(message), 0)) > 0)
		if (send(session, message, len, 0) < 0)
			err(1, "send");
	if (len < 0)
		err(1, "recv");
}

int main(int argc, char **argv)
{
	struct sockaddr_rserpool pool = { .srp_family = AF_RSERPOOL };
	int listener, session, on = 1;

	if (argc < 2 || !*argv[1] || strlen(argv[1]) > RSP_HANDLE_MAX)
		errx(2, "usage: echo POOL [PORT [ID]]");
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
