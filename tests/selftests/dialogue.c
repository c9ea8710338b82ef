// SPDX-License-Identifier: GPL-2.0
#include <sys/socket.h>
#include <unistd.h>

#include "dialogue.h"
#include "pool.h"

/* What is said, in this order. */
static const struct {
	enum way way;
	const char *text;
} script[] = {
	{ UP, "one" }, { UP, "two, which is longer" },
	{ DOWN, "three" }, { DOWN, "four, and some octets more" },
	{ UP, "five" }, { DOWN, "six" },
};

#define LINES		(sizeof(script) / sizeof(script[0]))

/* All that goes that way. */
static size_t whole_of(enum way way, char *octets)
{
	size_t len = 0, i;

	for (i = 0; i < LINES; i++) {
		if (script[i].way != way)
			continue;
		if (octets)
			memcpy(octets + len, script[i].text,
			       strlen(script[i].text));
		len += strlen(script[i].text);
	}
	return len;
}

/* The octets of the first @n lines of that way. */
size_t octets_of_lines(enum way way, unsigned int n)
{
	size_t len = 0, i;

	for (i = 0; i < LINES && n; i++)
		if (script[i].way == way) {
			len += strlen(script[i].text);
			n--;
		}
	return len;
}

bool end_is_over(const struct end *end)
{
	return end->whole || end->err;
}

void end_fails(struct end *end, int err)
{
	if (!end->tls && end->begun)
		end->failure = get_info(end->fd).failure;
	end->err = err;
}

void end_close(struct end *end)
{
	if (end->tls)
		tls_peer_free(end->tls);
	if (end->fd >= 0)
		close(end->fd);
	end->tls = NULL;
	end->fd = -1;
}

/* A message is the next one, to its end; octets of a stream are the next ones. */
static void check_heard(const struct end *end, const char *octets, ssize_t n)
{
	enum way way = !end->says;
	size_t len, i, at = 0;
	char all[1024];

	len = whole_of(way, all);
	CHECK(end->heard + n <= len);
	CHECK(!memcmp(octets, all + end->heard, n));
	if (!end->messages)
		return;
	for (i = 0; i < LINES_EACH && at < end->heard; i++)
		at = octets_of_lines(way, i + 1);
	CHECK_EQ(at, end->heard);
	CHECK_EQ(octets_of_lines(way, i + 1) - at, n);
}

/* Some of it, as recv(). */
static ssize_t hear_some(struct end *end)
{
	char octets[1024];
	ssize_t n;

	n = end->tls ? tls_peer_recv(end->tls, octets, sizeof(octets)) :
		       recv(end->fd, octets, sizeof(octets), 0);
	if (n > 0) {
		check_heard(end, octets, n);
		end->heard += n;
	}
	return n;
}

static bool hear(struct end *end)
{
	ssize_t n = hear_some(end);

	if (n < 0 && errno == EAGAIN)
		return false;
	end->begun = true;
	if (n < 0) {
		end_fails(end, errno);
	} else if (!n) {
		CHECK_EQ(end->heard, whole_of(!end->says, NULL));
		end->whole = true;
	}
	return true;
}

/* Its next line, when it has heard those before. */
static bool say(struct end *end)
{
	size_t must = 0, i, n = 0;
	ssize_t sent;
	size_t len;

	for (i = 0; i < LINES; i++) {
		if (script[i].way != end->says)
			must += strlen(script[i].text);
		else if (n++ == end->said)
			break;
	}
	if (end->shut || end->heard < must)
		return false;
	if (i == LINES) {
		/* The user is the first to end it. */
		if (end->says == DOWN && !end->whole)
			return false;
		if (end->tls)
			tls_peer_finish(end->tls);
		shutdown(end->fd, SHUT_WR);
		end->shut = true;
		return true;
	}
	len = strlen(script[i].text);
	sent = end->tls ? tls_peer_send(end->tls, script[i].text, len) :
			  send(end->fd, script[i].text, len, MSG_NOSIGNAL);
	if (sent < 0 && errno == EAGAIN)
		return false;
	if (sent < 0) {
		int err = errno;

		/* What came before can be heard yet. */
		while (hear_some(end) > 0)
			;
		end_fails(end, err);
		return true;
	}
	CHECK_EQ(sent, (ssize_t)len);
	end->said++;
	return true;
}

bool end_step(struct end *end)
{
	bool said, heard;

	if (end_is_over(end) && (end->err || end->shut))
		return false;
	said = say(end);
	heard = !end_is_over(end) && hear(end);
	if (end->err || (end->whole && end->shut && end->says == DOWN))
		end_close(end);
	return said || heard;
}

