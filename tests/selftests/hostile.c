// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#include "hostile.h"

static void put16(unsigned char *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

void control_begin(struct control *control, uint8_t type)
{
	memset(control, 0, sizeof(*control));
	control->octets[0] = type;
	control->len = 4;
}

void control_param(struct control *control, uint16_t type, const void *value,
		   size_t len)
{
	unsigned char *at = control->octets + control->len;

	put16(at, type);
	put16(at + 2, 4 + len);
	memcpy(at + 4, value, len);
	control->len += 4 + ((len + 3) & ~3);
}

void control_send(int fd, struct control *control)
{
	put16(control->octets + 2, control->len);
	frame_send(fd, RSP_PPID_ASAP, control->len, control->octets,
		   control->len);
}

void data_send(int fd, const char *text)
{
	frame_send(fd, 0, strlen(text), text, strlen(text));
}

void end_send(int fd)
{
	frame_send(fd, RSP_PPID_ASAP, 0, NULL, 0);
}

void wait_for_end(int fd)
{
	static char buf[65536];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

void reset_on_close(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

void check_counter(const char *name, unsigned long want)
{
	run("for i in $(seq 50); do"
	    " rspctl stats show | grep -q '^%s *%lu *$' && exit; sleep 0.1;"
	    "done; rspctl stats show | grep '^%s '; false", name, want, name);
}

long memory_available(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long kilobytes = 0;

	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %ld", &kilobytes) == 1)
			break;
	fclose(file);
	CHECK(kilobytes);
	return kilobytes;
}
