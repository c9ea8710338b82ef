// SPDX-License-Identifier: GPL-2.0
/* af_rserpool.c: sockets that open and close. */
#include <sys/socket.h>
#include <unistd.h>

#include <linux/rserpool.h>

#include "ktap.h"

TEST(open_and_close)
{
	int fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);

	CHECK(fd >= 0);
	CHECK_EQ(close(fd), 0);
}

TEST(open_refuses_other_types)
{
	CHECK_ERR(socket(AF_RSERPOOL, SOCK_DGRAM, 0), ESOCKTNOSUPPORT);
	CHECK_ERR(socket(AF_RSERPOOL, SOCK_RAW, 0), ESOCKTNOSUPPORT);
	CHECK_ERR(socket(AF_RSERPOOL, SOCK_STREAM, 6), EPROTONOSUPPORT);
}

TEST(close_dup)
{
	int fd = socket(AF_RSERPOOL, SOCK_STREAM, 0), other;

	CHECK(fd >= 0);
	other = dup(fd);
	CHECK(other >= 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(close(other), 0);
}
