/* SPDX-License-Identifier: GPL-2.0 */
/* What the peers of test_hostile*.c do, and what is looked at beside. */
#ifndef _HOSTILE_H
#define _HOSTILE_H

#include "framed.h"

/* ASAP messages and parameters: RFC 5352, section 2.2; RFC 5354, section 3. */
enum {
	RESOLUTION	= 5,
	UNREACHABLE	= 9,
	COOKIE		= 11,
	COOKIE_ECHO	= 12,
	BUSINESS_CARD	= 13,
	ASAP_ERROR	= 14,
	PARAM_HANDLE	= 9,
	PARAM_ERROR	= 12,
	PARAM_COOKIE	= 13,
	PARAM_PE_ID	= 14,
	PARAM_CHECKPOINT = 0x8001,
};

/* A control message that is being written. */
struct control {
	unsigned char octets[FRAME_PAYLOAD_MAX];
	size_t len;
};

void control_begin(struct control *control, uint8_t type);
void control_param(struct control *control, uint16_t type, const void *value,
		   size_t len);
void control_send(int fd, struct control *control);

/* Send data frames and control of some octets. */
void data_send(int fd, const char *text);
void end_send(int fd);
/* Wait until the other end has gone. */
void wait_for_end(int fd);
/* A RST when the socket is closed. */
void reset_on_close(int fd);

/* The counter of `rspctl stats show` is that; the test fails if it never is. */
void check_counter(const char *name, unsigned long want);
/* Kilobytes that the machine has left. */
long memory_available(void);

#endif /* _HOSTILE_H */
