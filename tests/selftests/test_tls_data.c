// SPDX-License-Identifier: GPL-2.0
/*
 * Data-only sessions over TLS: where the octets are put, and whence they are
 * taken.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hostile.h"
#include "secure.h"
#include "tls_peer.h"

#define LARGE	200000

static char identity[64];

/* A stream is made of words that count. */
static char octet_at(size_t at)
{
	return at / 4 >> 8 * (at % 4);
}

static bool is_stream(const char *octets, size_t len, size_t at)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (octets[i] != octet_at(at + i))
			return false;
	return true;
}

/* What an element is asked for: so many octets, so many a record. */
struct wish {
	unsigned int octets;
	unsigned int record;
};

static void must_send(struct tls_peer *peer, const char *octets, size_t len)
{
	if (tls_peer_send(peer, octets, len) != (ssize_t)len)
		_exit(1);
}

static void must_recv(struct tls_peer *peer, void *octets, size_t len)
{
	size_t done = 0;
	ssize_t ret;

	for (; done < len; done += ret) {
		ret = tls_peer_recv(peer, (char *)octets + done, len - done);
		if (ret <= 0)
			_exit(ret);
	}
}

/* A stream, so many octets each time that they are wished for. */
static void grant(int fd, uint32_t id, const void *arg)
{
	struct tls_peer *peer = tls_peer_make(fd, true, identity, TLS_AS_AGENT);
	char octets[16384];
	struct wish wish;
	size_t at = 0, n, i;

	(void)id;
	(void)arg;
	for (;;) {
		must_recv(peer, &wish, sizeof(wish));
		for (; wish.octets; wish.octets -= n, at += n) {
			n = wish.octets < wish.record ? wish.octets : wish.record;
			for (i = 0; i < n; i++)
				octets[i] = octet_at(at + i);
			must_send(peer, octets, n);
		}
	}
}

/* Takes so many octets, and says then whether they are in runs of one length. */
static void take_runs(int fd, uint32_t id, const void *arg)
{
	struct tls_peer *peer = tls_peer_make(fd, true, identity, TLS_AS_AGENT);
	char octet, last = 0, fine = 1;
	struct wish wish;
	size_t i;

	(void)id;
	(void)arg;
	must_recv(peer, &wish, sizeof(wish));
	for (i = 0; i < wish.octets; i++) {
		must_recv(peer, &octet, 1);
		if (i % wish.record && octet != last)
			fine = 0;
		last = octet;
	}
	must_send(peer, &fine, 1);
	wait_for_end(fd);
}

/* Echoes octets, of a stream that it has been told the length of. */
static void echo_all(int fd, uint32_t id, const void *arg)
{
	struct tls_peer *peer = tls_peer_make(fd, true, identity, TLS_AS_AGENT);
	static char octets[4 * LARGE];
	struct wish wish;
	size_t n, at;

	(void)id;
	(void)arg;
	for (;;) {
		must_recv(peer, &wish, sizeof(wish));
		must_recv(peer, octets, wish.octets);
		for (at = 0; at < wish.octets; at += n) {
			n = wish.octets - at < 16384 ? wish.octets - at : 16384;
			must_send(peer, octets + at, n);
		}
	}
}

/* Takes all that comes, and says at its end how many octets that was. */
static void take_to_the_end(int fd, uint32_t id, const void *arg)
{
	struct tls_peer *peer = tls_peer_make(fd, true, identity, TLS_AS_AGENT);
	static char octets[16384];
	unsigned int taken = 0;
	ssize_t n;

	(void)id;
	(void)arg;
	while ((n = tls_peer_recv(peer, octets, sizeof(octets))) > 0)
		taken += n;
	if (!n)
		must_send(peer, (char *)&taken, sizeof(taken));
	wait_for_end(fd);
}

static struct server server;

static void data_pool(server_fn *fn)
{
	secure_pool("d");
	identity_get("", identity);
	server = server_run(1, AF_INET, fn, NULL);
	run("rspctl pe add pool d id 1 tcp 127.0.0.1:%u", server.port);
}

static int session(server_fn *fn)
{
	data_pool(fn);
	return pool_connect("d");
}

static void want(int fd, unsigned int octets, unsigned int record)
{
	struct wish wish = { octets, record };

	write_all(fd, &wish, sizeof(wish));
}

static void check_blameless(int fd)
{
	CHECK_EQ(get_info(fd).pe_id, 1);
	CHECK_EQ(counter("FailureSecurity"), 0);
	CHECK_EQ(counter("TlsRecord"), 0);
}

/* Pages with one in the middle that is missing. */
static char *hole_make(size_t page)
{
	char *at = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	CHECK_EQ(munmap(at + 8 * page, page), 0);
	return at;
}

/* Of all sizes, to all places, from records of all sizes. */
TEST(data_received_everywhere)
{
	static const unsigned int records[] = { 1, 100, 4096, 5000, 16383, 16384 };
	static const size_t sizes[] = { 1, 13, 4095, 16384, 16385, 65536, LARGE };
	static char to[LARGE + 8192];
	int fd = session(grant);
	size_t at = 0, i, j, size;
	ssize_t n;

	for (i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			test_about("records of %u, calls of %zu", records[i],
				   sizes[j]);
			size = sizes[j] < 1000 ? 1000 : sizes[j];
			size = records[i] < 100 && size > 5000 ? 5000 : size;
			want(fd, size, records[i]);
			for (; size; size -= n, at += n) {
				char *place = to + (at * 31) % 8192;

				n = recv(fd, place, size < sizes[j] ? size :
					 sizes[j], 0);
				CHECK(n > 0);
				CHECK(is_stream(place, n, at));
			}
		}
	}
	check_blameless(fd);
}

/* Looked at, taken to the last octet, thrown away, to many places at once. */
TEST(data_received_in_all_ways)
{
	static char to[LARGE], again[LARGE];
	struct iovec parts[40];
	int fd = session(grant), i;
	size_t at = 0;

	want(fd, LARGE, 16384);
	CHECK_EQ(recv(fd, to, 20000, MSG_PEEK | MSG_WAITALL), 20000);
	CHECK(is_stream(to, 20000, 0));
	CHECK_EQ(recv(fd, again, 20000, MSG_WAITALL), 20000);
	CHECK(is_stream(again, 20000, 0));
	at = 20000;

	CHECK_EQ(recv(fd, to, 50001, MSG_TRUNC | MSG_WAITALL), 50001);
	at += 50001;
	for (i = 0; i < 40; i++)
		parts[i] = (struct iovec){ to + i * 3000, i % 3 ? 2001 : 0 };
	i = readv(fd, parts, 40);
	CHECK(i > 0);
	CHECK(is_stream(to + 3000, i < 2001 ? i : 2001, at));
	if (i > 2001)
		CHECK(is_stream(to + 6000, i < 4002 ? i - 2001 : 2001, at + 2001));
	at += i;
	CHECK_EQ(recv(fd, to, LARGE - at, MSG_WAITALL), (ssize_t)(LARGE - at));
	CHECK(is_stream(to, LARGE - at, at));
	want(fd, 2000, 1);
	CHECK_EQ(recv(fd, to, 2000, MSG_WAITALL), 2000);
	CHECK(is_stream(to, 2000, LARGE));

	CHECK_ERR(recv(fd, to, sizeof(to), MSG_DONTWAIT), EAGAIN);
	CHECK_ERR(recv(fd, to, sizeof(to), MSG_DONTWAIT | MSG_TRUNC), EAGAIN);
	CHECK_EQ(recv(fd, to, 0, MSG_DONTWAIT), 0);
	want(fd, 10, 10);
	wait_for(fd, POLLIN);
	CHECK_EQ(recv(fd, to, 4, MSG_DONTWAIT), 4);
	CHECK_EQ(recv(fd, to, sizeof(to), MSG_DONTWAIT), 6);
	CHECK(is_stream(to, 6, LARGE + 2004));
	check_blameless(fd);
}

/*
 * A wrong address is the program's fault, not the element's, and nothing is lost;
 * what can be given is.
 */
TEST(data_received_where_pages_are_missing)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	char *hole = hole_make(page), *end = hole + 8 * page, to[100];
	int fd = session(grant);
	size_t at = 0;
	ssize_t n;

	want(fd, 3 * 16384, 16384);
	wait_for(fd, POLLIN);
	n = recv(fd, end - page, 4 * page, 0);
	CHECK_EQ(n, (ssize_t)page);
	CHECK(is_stream(end - page, n, at));
	at += n;
	CHECK_ERR(recv(fd, end, 100, 0), EFAULT);
	CHECK_ERR(recv(fd, end, page, MSG_PEEK), EFAULT);
	CHECK_EQ(mprotect(hole, page, PROT_READ), 0);
	CHECK_ERR(recv(fd, hole, 100, 0), EFAULT);
	CHECK_EQ(recv(fd, to, sizeof(to), MSG_WAITALL), (ssize_t)sizeof(to));
	CHECK(is_stream(to, sizeof(to), at));
	at += sizeof(to);
	/* Pages that nobody has touched are not missing. */
	CHECK_EQ(recv(fd, hole + page, 7 * page, MSG_WAITALL),
		 (ssize_t)(7 * page));
	CHECK(is_stream(hole + page, 7 * page, at));
	check_blameless(fd);
}

/* Nor is memory that the kernel may not keep hold of a wrong address. */
TEST(data_received_in_secret_memory)
{
	const size_t size = 2 * sysconf(_SC_PAGESIZE);
	int memory = syscall(SYS_memfd_secret, 0), fd;
	char *secret;

	if (memory < 0) {
		CHECK_EQ(errno, ENOSYS);
		return;
	}
	CHECK_EQ(ftruncate(memory, size), 0);
	secret = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	CHECK(secret != MAP_FAILED);
	fd = session(grant);
	want(fd, 2 * size, 100);
	CHECK_EQ(recv(fd, secret, size, MSG_WAITALL), (ssize_t)size);
	CHECK(is_stream(secret, size, 0));
	CHECK_EQ(recv(fd, secret, size, MSG_WAITALL), (ssize_t)size);
	CHECK(is_stream(secret, size, size));
	check_blameless(fd);
}

/* Neither a handshake nor a receive waits for as much as SO_RCVLOWAT says. */

static void lowat_set(int fd)
{
	int much = 1 << 20;

	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &much, sizeof(much)), 0);
}

static void received_whatever_lowat(int fd)
{
	char to[100];

	want(fd, 10, 10);
	wait_for(fd, POLLIN);
	CHECK_EQ(recv(fd, to, sizeof(to), 0), 10);
	CHECK(is_stream(to, 10, 0));
	check_blameless(fd);
}

TEST(data_lowat_below_a_handshake)
{
	int fd;

	data_pool(grant);
	fd = new_socket(SOCK_NONBLOCK);
	server_stop(&server);
	CHECK_ERR(connect_to(fd, "d"), EINPROGRESS);
	lowat_set(fd);
	server_continue(&server);
	wait_for(fd, POLLOUT);
	CHECK_EQ(socket_error(fd), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
	received_whatever_lowat(fd);
}

TEST(data_lowat_of_a_session)
{
	int fd = session(grant);

	lowat_set(fd);
	received_whatever_lowat(fd);
}

/* Waiting ends by a signal or in time, and what came before is given. */

static void nothing(int signal)
{
	(void)signal;
}

static void *interrupt(void *arg)
{
	pid_t test = getpid();

	(void)arg;
	wait_asleep(test);
	syscall(SYS_tgkill, test, test, SIGUSR1);
	return NULL;
}

static void interrupted(int fd, size_t size, int flags, ssize_t ret)
{
	static char to[100];
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, interrupt, NULL), 0);
	if (ret < 0)
		CHECK_ERR(recv(fd, to, size, flags), EINTR);
	else
		CHECK_EQ(recv(fd, to, size, flags), ret);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

TEST(data_received_until_a_signal)
{
	struct sigaction action = { .sa_handler = nothing };
	struct timeval short_time = { .tv_usec = 50000 };
	int fd = session(grant);
	char to[100];

	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	interrupted(fd, 10, 0, -1);
	want(fd, 10, 10);
	wait_for(fd, POLLIN);
	interrupted(fd, 100, MSG_WAITALL, 10);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &short_time,
			    sizeof(short_time)), 0);
	CHECK_ERR(recv(fd, to, sizeof(to), 0), EAGAIN);
	want(fd, 10, 10);
	wait_for(fd, POLLIN);
	CHECK_EQ(recv(fd, to, sizeof(to), MSG_WAITALL), 10);
	CHECK(is_stream(to, 10, 10));
	check_blameless(fd);
}

/* Who looks and waits for more keeps others out, and lets them in again. */

static struct {
	int fd;
	pid_t looker, taker;
	size_t words, octets;
} shared;

static void begins(pid_t *tid)
{
	__atomic_store_n(tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
}

static void wait_until_it_waits(const pid_t *tid)
{
	pid_t pid;

	while (!(pid = __atomic_load_n(tid, __ATOMIC_ACQUIRE)))
		;
	wait_asleep(pid);
}

static void *look(void *arg)
{
	static char to[100];

	(void)arg;
	begins(&shared.looker);
	CHECK_EQ(recv(shared.fd, to, 100, MSG_PEEK | MSG_WAITALL), 100);
	CHECK(is_stream(to, 100, 0));
	return NULL;
}

static void *take_100(void *arg)
{
	char to[100];

	(void)arg;
	begins(&shared.taker);
	CHECK_EQ(recv(shared.fd, to, 100, MSG_WAITALL), 100);
	CHECK(is_stream(to, 100, 0));
	return NULL;
}

TEST(data_looked_at_and_received)
{
	pthread_t looker, taker;
	char to[10];

	shared.fd = session(grant);
	want(shared.fd, 50, 50);
	wait_for(shared.fd, POLLIN);
	CHECK_EQ(pthread_create(&looker, NULL, look, NULL), 0);
	wait_until_it_waits(&shared.looker);
	CHECK_ERR(recv(shared.fd, to, sizeof(to), MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(pthread_create(&taker, NULL, take_100, NULL), 0);
	wait_until_it_waits(&shared.taker);
	want(shared.fd, 50, 50);
	CHECK_EQ(pthread_join(looker, NULL), 0);
	CHECK_EQ(pthread_join(taker, NULL), 0);
	check_blameless(shared.fd);
}

/* Of several who receive each octet is given to one, and what follows it, too. */

static void *take_some(void *arg)
{
	static __thread uint32_t to[LARGE / 4];
	ssize_t n, i;
	size_t sum;

	(void)arg;
	while ((n = recv(shared.fd, to, sizeof(to), 0)) > 0) {
		for (i = 1; i < n / 4; i++)
			CHECK_EQ(to[i], to[0] + i);
		for (sum = 0, i = 0; i < n / 4; i++)
			sum += to[i];
		__atomic_add_fetch(&shared.words, sum, __ATOMIC_RELAXED);
		if (__atomic_add_fetch(&shared.octets, n, __ATOMIC_ACQ_REL) ==
		    5 * LARGE)
			shutdown(shared.fd, SHUT_RD);
	}
	CHECK_EQ(n, 0);
	return NULL;
}

TEST(data_received_by_several)
{
	const size_t words = 5 * LARGE / 4;
	pthread_t threads[3];
	int i;

	shared.fd = session(grant);
	for (i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, take_some, NULL), 0);
	for (i = 0; i < 5; i++)
		want(shared.fd, LARGE, i % 2 ? 16384 : 1000);
	for (i = 0; i < 3; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_EQ(shared.words, words * (words - 1) / 2);
}

/* What a forged record says does not stay where octets were wanted. */

/* As grant(), and who is on the way flips a bit of each large record. */
static void grant_forged(int fd, uint32_t id, const void *arg)
{
	unsigned char record[TLS_RECORD_MAX];
	int pair[2];
	size_t len;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	if (!fork()) {
		close(fd);
		close(pair[0]);
		grant(pair[1], id, arg);
	}
	close(pair[1]);
	if (!fork()) {
		while (recv(fd, record, 1, MSG_PEEK) > 0) {
			len = tls_record_read(fd, record);
			write_all(pair[0], record, len);
		}
		shutdown(pair[0], SHUT_WR);
		_exit(0);
	}
	while (recv(pair[0], record, 1, MSG_PEEK) > 0) {
		len = tls_record_read(pair[0], record);
		record[len - 1] ^= len > 10000;
		write_all(fd, record, len);
	}
}

static int receive(int fd, void *to, size_t len)
{
	int ret = recv(fd, to, len, 0);

	return ret < 0 ? -errno : ret;
}

/* As io_uring does where the kernel has pinned the pages before. */
static int receive_fixed(int fd, void *to, size_t len)
{
	const struct iovec buffer = { to, len };
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int ret;

	CHECK_EQ(io_uring_queue_init(1, &ring, 0), 0);
	CHECK_EQ(io_uring_register_buffers(&ring, &buffer, 1), 0);
	io_uring_prep_read_fixed(io_uring_get_sqe(&ring), fd, to, len, 0, 0);
	CHECK_EQ(io_uring_submit(&ring), 1);
	CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	ret = cqe->res;
	io_uring_queue_exit(&ring);
	return ret;
}

static void forged(int (*take)(int fd, void *to, size_t len))
{
	static char to[30000], nothing_came[30000];
	int fd = session(grant_forged);

	want(fd, 1000, 1000);
	CHECK_EQ(take(fd, to, sizeof(to)), 1000);
	CHECK(is_stream(to, 1000, 0));
	memset(to, 0, sizeof(to));
	want(fd, 12000, 12000);
	CHECK_EQ(take(fd, to, sizeof(to)), -EREMCHG);
	CHECK(!memcmp(to, nothing_came, sizeof(to)));
	CHECK_EQ(get_info(fd).failure, RSP_FAILURE_SECURITY);
	CHECK_EQ(counter("TlsRecord"), 1);
}

TEST(data_forged_is_not_seen)
{
	forged(receive);
}

TEST(data_forged_is_not_seen_in_fixed_buffers)
{
	forged(receive_fixed);
}

/* From all places, of all sizes. */
TEST(data_sent_from_everywhere)
{
	static const size_t sizes[] = { 1, 4095, 16384, 16385, 65536, LARGE };
	static char from[LARGE + 8192], back[LARGE];
	struct iovec parts[40];
	int fd = session(echo_all), i;
	size_t at = 0, j, k;

	for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
		char *place = from + 37 * j * j;

		test_about("calls of %zu", sizes[j]);
		for (k = 0; k < sizes[j]; k++)
			place[k] = octet_at(at + k);
		want(fd, sizes[j], 0);
		CHECK_EQ(send(fd, place, sizes[j], 0), (ssize_t)sizes[j]);
		/* It is the program's again. */
		memset(place, 0, sizes[j]);
		read_all(fd, back, sizes[j]);
		CHECK(is_stream(back, sizes[j], at));
		at += sizes[j];
	}
	for (i = 0; i < 40; i++) {
		parts[i] = (struct iovec){ from + i * 3000, 2001 };
		for (k = 0; k < 2001; k++)
			from[i * 3000 + k] = octet_at(at + i * 2001 + k);
	}
	want(fd, 40 * 2001, 0);
	CHECK_EQ(writev(fd, parts, 40), 40 * 2001);
	read_all(fd, back, 40 * 2001);
	CHECK(is_stream(back, 40 * 2001, at));
	check_blameless(fd);
}

/* What can be sent is, and the rest of a call is an error of the next one. */
TEST(data_sent_where_pages_are_missing)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	char *hole = hole_make(page), back[32768];
	int fd = session(echo_all);
	size_t i, there = 8 * page;
	ssize_t n;

	for (i = 0; i < there; i++)
		hole[i] = octet_at(i);
	CHECK_ERR(send(fd, hole + there, 100, 0), EFAULT);
	CHECK_ERR(send(fd, hole + there, 10 * 16384, 0), EFAULT);
	want(fd, there, 0);
	n = send(fd, hole, 16 * page, 0);
	CHECK(n > 0 && (size_t)n <= there);
	write_all(fd, hole + n, there - n);
	read_all(fd, back, there);
	CHECK(is_stream(back, there, 0));
	check_blameless(fd);
}

/* One send() is in one piece, whoever else sends. */

#define SENDS	20

static void *send_runs(void *arg)
{
	static __thread char run[100000];
	int i;

	memset(run, (int)(long)arg, sizeof(run));
	for (i = 0; i < SENDS; i++)
		CHECK_EQ(send(shared.fd, run, sizeof(run), 0),
			 (ssize_t)sizeof(run));
	return NULL;
}

static void sent_by_several(int seconds)
{
	struct timeval timeout = { .tv_sec = seconds };
	pthread_t threads[3];
	char fine;
	long i;

	shared.fd = session(take_runs);
	CHECK_EQ(setsockopt(shared.fd, SOL_SOCKET, SO_SNDTIMEO, &timeout,
			    sizeof(timeout)), 0);
	want(shared.fd, 3 * SENDS * 100000, 100000);
	for (i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, send_runs,
					(void *)(i + 1)), 0);
	for (i = 0; i < 3; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	read_all(shared.fd, &fine, 1);
	CHECK_EQ(fine, 1);
}

TEST(data_sent_by_several)
{
	sent_by_several(0);
}

TEST(data_sent_by_several_in_time)
{
	sent_by_several(60);
}

/* All of a call leaves at once, also where there is hardly room for a record. */
static void sent_through_a_small_buffer(int seconds)
{
	struct timeval timeout = { .tv_sec = seconds };
	static char from[LARGE], back[LARGE];
	int fd = session(echo_all), small = 4096;
	size_t i;

	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout,
			    sizeof(timeout)), 0);

	for (i = 0; i < LARGE; i++)
		from[i] = octet_at(i);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	want(fd, LARGE, 0);
	CHECK_EQ(send(fd, from, LARGE, 0), LARGE);
	read_all(fd, back, LARGE);
	CHECK(is_stream(back, LARGE, 0));
}

TEST(data_sent_through_a_small_buffer)
{
	sent_through_a_small_buffer(0);
}

TEST(data_sent_through_a_small_buffer_in_time)
{
	sent_through_a_small_buffer(60);
}

/* What a call has sent comes before a session's end that another one sends. */

static void *send_much(void *arg)
{
	static char from[20 * LARGE];
	sigset_t all;

	(void)arg;
	sigfillset(&all);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &all, NULL), 0);
	begins(&shared.taker);
	shared.octets = send(shared.fd, from, sizeof(from), 0);
	CHECK(shared.octets < sizeof(from));
	return NULL;
}

static void sent_before_the_end(int notsent_lowat)
{
	unsigned int taken;
	pthread_t thread;

	shared.fd = session(take_to_the_end);
	CHECK_EQ(setsockopt(shared.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT,
			    &notsent_lowat, sizeof(notsent_lowat)), 0);
	server_stop(&server);
	CHECK_EQ(pthread_create(&thread, NULL, send_much, NULL), 0);
	wait_until_it_waits(&shared.taker);
	CHECK_EQ(shutdown(shared.fd, SHUT_WR), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	server_continue(&server);
	read_all(shared.fd, &taken, sizeof(taken));
	CHECK_EQ(taken, (ssize_t)shared.octets);
}

TEST(data_sent_before_the_end)
{
	sent_before_the_end(0);
}

TEST(data_sent_before_the_end_with_a_limit)
{
	sent_before_the_end(1);
}

/* Who has no time, or little, does not wait for as long as another call does. */
TEST(data_sent_in_no_time)
{
	struct timeval short_time = { .tv_usec = 50000 };
	pthread_t thread;

	shared.fd = session(take_to_the_end);
	server_stop(&server);
	CHECK_EQ(pthread_create(&thread, NULL, send_much, NULL), 0);
	wait_until_it_waits(&shared.taker);
	CHECK_ERR(send(shared.fd, "x", 1, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(setsockopt(shared.fd, SOL_SOCKET, SO_SNDTIMEO, &short_time,
			    sizeof(short_time)), 0);
	CHECK_ERR(send(shared.fd, "x", 1, 0), EAGAIN);
	CHECK_EQ(shutdown(shared.fd, SHUT_WR), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}
