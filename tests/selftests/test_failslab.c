// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that cannot be had, at each place in turn: a call is made again and
 * again, with the first, the second, ... allocation in it failing, until all of
 * its allocations were had. Each time it succeeds or says precisely what the
 * matter is, and the next call works. That nothing leaks is for kmemleak to
 * say, at the end of the machine's run.
 *
 * Copies from and to the program fail in the same way, hence EFAULT.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/rserpool_netlink.h>

#include "pool.h"

#define PLACES_MAX	400

static const char *const faults[] = {
	"failslab", "fail_page_alloc", "fail_usercopy", "fail_skb_realloc",
};

static void put(const char *file, const char *value)
{
	int fd = open(file, O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, value, strlen(value)), strlen(value));
	close(fd);
}

/* A knob of all that can fail, where it has it. */
static void knob(const char *name, const char *value)
{
	char path[128];
	unsigned int i;

	for (i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s",
			 faults[i], name);
		if (!access(path, W_OK))
			put(path, value);
	}
}

/* Only what the module is part of fails. */
static void only_the_module(void)
{
	unsigned long start = 0, size = 0;
	char line[256], value[32];
	FILE *f;

	close(socket(AF_RSERPOOL, SOCK_STREAM, 0));
	f = fopen("/proc/modules", "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "rserpool %lu %*s %*s %*s 0x%lx", &size,
			   &start) == 2)
			break;
	fclose(f);
	CHECK(start);
	snprintf(value, sizeof(value), "0x%lx", start);
	knob("require-start", value);
	snprintf(value, sizeof(value), "0x%lx", start + size);
	knob("require-end", value);
}

static void all_may_fail(void)
{
	knob("require-start", "0x0");
	knob("require-end", "0xffffffffffffffff");
}

static int fail_fd;

static void prepare(void)
{
	knob("verbose", "0");
	knob("probability", "0");
	knob("ignore-gfp-wait", "N");
	knob("min-order", "0");
	all_may_fail();
	fail_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	CHECK(fail_fd >= 0);
}

static void fail_begin(int nth)
{
	char value[16];

	snprintf(value, sizeof(value), "%d", nth);
	CHECK(pwrite(fail_fd, value, strlen(value), 0) > 0);
}

/* True when something did fail. */
static bool fail_end(void)
{
	char value[16] = "";
	ssize_t n;

	/* These two may be the ones that fail. */
	n = pread(fail_fd, value, sizeof(value) - 1, 0);
	while (pwrite(fail_fd, "0", 1, 0) != 1)
		;
	return n > 0 && !atoi(value);
}

static bool precise(int err)
{
	/* ENFILE: socket()'s word for an inode that it did not get. */
	return err == ENOMEM || err == ENOBUFS || err == EFAULT ||
	       err == ENFILE;
}

/*
 * A call: begin gives it something to work on, call is what may fail, end is
 * told what came of it: an errno, or 0.
 */
struct each {
	int (*begin)(void);
	int (*call)(int fd);
	void (*end)(int fd, int err);
	int also;		/* an errno that is right, too */
};

static void at_each_place(const struct each *each)
{
	int nth, fd, ret, err;
	bool failed;

	for (nth = 1; ; nth++) {
		CHECK(nth < PLACES_MAX);
		fd = each->begin();
		fail_begin(nth);
		ret = each->call(fd);
		err = ret < 0 ? errno : 0;
		failed = fail_end();
		if (err && !precise(err) && err != each->also)
			test_fail(__FILE__, __LINE__, "place %d: %s", nth,
				  strerror(err));
		if (err && !failed && precise(err))
			test_fail(__FILE__, __LINE__, "%s, yet nothing failed",
				  strerror(err));
		each->end(fd, err);
		if (!failed)
			break;
	}
	printf("# %d places\n", nth - 1);
}

static struct server servers[3];

static void start(const char *config)
{
	prepare();
	pool_make("p", config, 2, ECHO, servers);
	run("rspctl scope set avoid-min 1ms avoid-max 2ms");
}

static int new_socket(void)
{
	int fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);

	CHECK(fd >= 0);
	return fd;
}

static int connect_to(int fd, const char *name)
{
	struct sockaddr_rserpool address;
	socklen_t len;

	address = pool_address(name, 0, &len);
	return connect(fd, (void *)&address, len);
}

static int nothing(void)
{
	return -1;
}

static int make_socket(int fd)
{
	fd = socket(AF_RSERPOOL, SOCK_STREAM, 0);
	if (fd >= 0)
		close(fd);
	return fd;
}

static void forget(int fd, int err)
{
	(void)fd;
	(void)err;
}

TEST(failslab_socket)
{
	const struct each each = { nothing, make_socket, forget, 0 };

	prepare();
	close(new_socket());
	at_each_place(&each);
}

static int connect_call(int fd)
{
	return connect_to(fd, "p");
}

/* One that failed is as new, and connects. */
static void connect_end(int fd, int err)
{
	if (err && connect_to(fd, "p"))
		CHECK_EQ(errno, EISCONN);
	CHECK(read_id(fd) <= 2);
	check_echo(fd, "connected");
	close(fd);
}

TEST(failslab_connect)
{
	const struct each each = { new_socket, connect_call, connect_end, 0 };

	start("");
	at_each_place(&each);
}

static int nonblock_socket(void)
{
	int fd = socket(AF_RSERPOOL, SOCK_STREAM | SOCK_NONBLOCK, 0);

	CHECK(fd >= 0);
	return fd;
}

static int resolve_call(int fd)
{
	return connect_to(fd, "unknown");
}

static void resolve_end(int fd, int err)
{
	CHECK(err);
	/* It times out, and then the socket is as new. */
	if (err == EINPROGRESS)
		wait_for(fd, POLLERR);
	CHECK_EQ(get_info(fd).state, RSP_SESSION_INIT);
	close(fd);
}

TEST(failslab_resolve)
{
	const struct each each = {
		nonblock_socket, resolve_call, resolve_end, EINPROGRESS,
	};
	int fd, i;

	start("");
	run("rspctl scope set resolve-timeout 10ms");
	if (!fork()) {
		execlp("rspctl", "rspctl", "monitor", "asap", NULL);
		_exit(1);
	}
	fd = nonblock_socket();
	for (i = 0; i < 100; i++) {
		resolve_call(fd);
		if (errno == EINPROGRESS)
			break;
		usleep(50000);
	}
	CHECK(i < 100);
	usleep(50000);
	at_each_place(&each);
}

static int connected(void)
{
	int fd = pool_connect("p");

	CHECK(read_id(fd) <= 2);
	return fd;
}

static void check_talks(int fd, int err)
{
	(void)err;
	check_echo(fd, "still");
	close(fd);
}

static int option_call(int fd)
{
	int one = 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static int info_call(int fd)
{
	struct rsp_info info;
	socklen_t len = sizeof(info);

	return getsockopt(fd, SOL_RSERPOOL, RSP_INFO, &info, &len);
}

TEST(failslab_options)
{
	const struct each set = { connected, option_call, check_talks, 0 };
	const struct each get = { connected, info_call, check_talks, 0 };

	start("");
	at_each_place(&set);
	at_each_place(&get);
}

static ssize_t sent;

static int send_call(int fd)
{
	char block[100] = "";

	sent = send(fd, block, sizeof(block), 0);
	return sent < 0 ? -1 : 0;
}

/* What was sent was sent, and no more. */
static void send_end(int fd, int err)
{
	char block[100];

	if (!err)
		read_all(fd, block, sent);
	check_talks(fd, err);
}

static int await_octets(void)
{
	int fd = connected();

	write_all(fd, "octets", 6);
	wait_for(fd, POLLIN);
	return fd;
}

static int recv_call(int fd)
{
	char octets[64];

	return recv(fd, octets, 6, MSG_WAITALL);
}

static void recv_end(int fd, int err)
{
	char octets[64];

	if (err)
		recv(fd, octets, 6, MSG_DONTWAIT);
	close(fd);
}

TEST(failslab_data)
{
	const struct each out = { connected, send_call, send_end, 0 };
	const struct each in = { await_octets, recv_call, recv_end, 0 };

	start("");
	at_each_place(&out);
	at_each_place(&in);
}

static int force_call(int fd)
{
	uint32_t zero = 0;

	return setsockopt(fd, SOL_RSERPOOL, RSP_FORCE_FAILOVER, &zero,
			  sizeof(zero));
}

/* The session found another element, later perhaps, or said why it did not. */
static void force_end(int fd, int err)
{
	socklen_t len = sizeof(int);
	struct rsp_info info;
	uint32_t id;
	int why, i;

	for (i = 0; i < 500; i++) {
		info = get_info(fd);
		if (info.state == RSP_SESSION_READY ||
		    info.state == RSP_SESSION_CLOSED)
			break;
		usleep(10000);
	}
	if (info.state == RSP_SESSION_CLOSED) {
		CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len), 0);
		CHECK_EQ(why, ENOMEM);
	} else {
		CHECK_EQ(info.state, RSP_SESSION_READY);
		CHECK_EQ(info.generation, !err);
		if (!err)
			read_all(fd, &id, sizeof(id));
		check_echo(fd, "moved");
	}
	close(fd);
}

TEST(failslab_failover)
{
	const struct each each = { connected, force_call, force_end, 0 };

	start("fin failure failover auto");
	at_each_place(&each);
}

static int close_call(int fd)
{
	return close(fd);
}

TEST(failslab_close)
{
	const struct each each = { await_octets, close_call, forget, 0 };

	start("");
	at_each_place(&each);
	run("rspctl scope show | grep -q ' sessions 0 '");
}

static char message[8192];
static struct nlmsghdr *req = (void *)message;
static struct mnl_socket *nl;
static int family;

static void begin(int type, int cmd, int flags)
{
	struct genlmsghdr *genl;

	mnl_nlmsg_put_header(message);
	req->nlmsg_type = type;
	req->nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(req, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
}

static int family_attr(const struct nlattr *attr, void *data)
{
	(void)data;
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int open_netlink(void)
{
	nl = mnl_socket_open(NETLINK_GENERIC);
	CHECK(nl);
	CHECK_EQ(mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID), 0);
	return mnl_socket_get_fd(nl);
}

static void find_family(void)
{
	char answer[8192];

	close(new_socket());
	open_netlink();
	begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(req, CTRL_ATTR_FAMILY_NAME, RSERPOOL_FAMILY_NAME);
	CHECK(mnl_socket_sendto(nl, req, req->nlmsg_len) > 0);
	CHECK(mnl_socket_recvfrom(nl, answer, sizeof(answer)) > 0);
	mnl_attr_parse((void *)answer, sizeof(struct genlmsghdr), family_attr,
		       NULL);
	mnl_socket_close(nl);
	CHECK(family);
}

/* Send the request and read the answers to it. */
static int talk(int fd)
{
	char answer[16384];
	struct nlmsghdr *nlh = (void *)answer;
	int len;

	if (send(fd, req, req->nlmsg_len, 0) < 0)
		return -1;
	for (;;) {
		len = recv(fd, answer, sizeof(answer), 0);
		if (len < 0)
			return -1;
		for (nlh = (void *)answer; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_type == NLMSG_ERROR ||
			    nlh->nlmsg_type == NLMSG_DONE) {
				errno = -*(int *)mnl_nlmsg_get_payload(nlh);
				return errno ? -1 : 0;
			}
		}
	}
}

static void put_text(int type, const char *text)
{
	mnl_attr_put(req, type, strlen(text), text);
}

static void put_element(int n)
{
	struct nlattr *nest, *transport;

	for (; n; n--) {
		nest = mnl_attr_nest_start(req, RSERPOOL_A_BATCH_ELEMENT);
		put_text(RSERPOOL_A_ELEMENT_HANDLE, n & 1 ? "x" : "y");
		mnl_attr_put_u32(req, RSERPOOL_A_ELEMENT_ID, n);
		transport = mnl_attr_nest_start(req,
						RSERPOOL_A_ELEMENT_TRANSPORT);
		mnl_attr_put_u32(req, RSERPOOL_A_TRANSPORT_IPV4, 0x0100007f);
		mnl_attr_put_u16(req, RSERPOOL_A_TRANSPORT_PORT, 9);
		mnl_attr_nest_end(req, transport);
		mnl_attr_nest_end(req, nest);
	}
}

static int pool_new(void)
{
	begin(family, RSERPOOL_CMD_POOL_NEW, NLM_F_ACK);
	put_text(RSERPOOL_A_POOL_HANDLE, "x");
	return open_netlink();
}

static int elements_new(void)
{
	begin(family, RSERPOOL_CMD_ELEMENT_NEW, NLM_F_ACK);
	put_element(4);
	return open_netlink();
}

/* A request of its own, with all memory that it wants. */
static int ask(int cmd, int flags, const char *handle)
{
	int fd = open_netlink(), ret;

	begin(family, cmd, flags);
	if (handle)
		put_text(1, handle);
	else if (cmd == RSERPOOL_CMD_ELEMENT_NEW)
		put_element(1);
	ret = talk(fd);
	mnl_socket_close(nl);
	return ret;
}

static int element_set(void)
{
	CHECK_EQ(ask(RSERPOOL_CMD_ELEMENT_NEW, NLM_F_ACK, NULL), 0);
	begin(family, RSERPOOL_CMD_ELEMENT_SET, NLM_F_ACK);
	put_text(RSERPOOL_A_ELEMENT_HANDLE, "x");
	mnl_attr_put_u32(req, RSERPOOL_A_ELEMENT_ID, 1);
	mnl_attr_put_u32(req, RSERPOOL_A_ELEMENT_HOME, 7);
	mnl_attr_put_u32(req, RSERPOOL_A_ELEMENT_LIFETIME, 10000);
	return open_netlink();
}

static int element_del(void)
{
	CHECK_EQ(ask(RSERPOOL_CMD_ELEMENT_NEW, NLM_F_ACK, NULL), 0);
	begin(family, RSERPOOL_CMD_ELEMENT_DEL, NLM_F_ACK);
	put_text(RSERPOOL_A_ELEMENT_HANDLE, "x");
	mnl_attr_put_u32(req, RSERPOOL_A_ELEMENT_ID, 1);
	return open_netlink();
}

static int element_dump(void)
{
	begin(family, RSERPOOL_CMD_ELEMENT_GET, NLM_F_DUMP);
	return open_netlink();
}

static int session_dump(void)
{
	begin(family, RSERPOOL_CMD_SESSION_GET, NLM_F_DUMP);
	return open_netlink();
}

static void netlink_end(int fd, int err)
{
	(void)fd;
	(void)err;
	mnl_socket_close(nl);
	/* As much of it as there is, is whole. */
	CHECK_EQ(ask(RSERPOOL_CMD_POOL_GET, NLM_F_DUMP, NULL), 0);
	CHECK_EQ(ask(RSERPOOL_CMD_ELEMENT_GET, NLM_F_DUMP, NULL), 0);
	if (ask(RSERPOOL_CMD_POOL_DEL, NLM_F_ACK, "x"))
		CHECK_EQ(errno, ENOENT);
	if (ask(RSERPOOL_CMD_POOL_DEL, NLM_F_ACK, "y"))
		CHECK_EQ(errno, ENOENT);
}

TEST(failslab_netlink)
{
	int (*const begins[])(void) = {
		pool_new, elements_new, element_set, element_del, element_dump,
		session_dump,
	};
	struct each each = { .call = talk, .end = netlink_end };
	unsigned int i;

	find_family();
	start("");
	pool_connect("p");
	for (i = 0; i < sizeof(begins) / sizeof(*begins); i++) {
		each.begin = begins[i];
		at_each_place(&each);
	}
	run("rspctl scope show | grep -q ' pools 1 elements 2 '");
}

static int namespace_call(int fd)
{
	int ret = unshare(CLONE_NEWNET);

	(void)fd;
	return ret;
}

static void namespace_end(int fd, int err)
{
	(void)fd;
	if (!err)
		CHECK_ERR(connect_to(new_socket(), "p"), ENOENT);
}

TEST(failslab_namespace)
{
	const struct each each = { nothing, namespace_call, namespace_end, 0 };

	prepare();
	only_the_module();
	at_each_place(&each);
	all_may_fail();
}

/* Where no program calls: the worker that finds the next element. */
TEST(failslab_workers)
{
	int fd, i, moved = 0;
	struct rsp_info info;
	uint32_t id;

	start("fin failure failover auto");
	only_the_module();
	fd = connected();
	for (i = 0; i < 30; i++) {
		id = get_info(fd).pe_id;
		knob("times", "-1");
		knob("task-filter", "N");
		knob("probability", "30");
		server_kill(&servers[id - 1]);
		usleep(30000);
		knob("probability", "0");
		servers[id - 1] = server_start(id, ECHO, AF_INET);
		do {
			usleep(1000);
			info = get_info(fd);
		} while (info.state == RSP_SESSION_FAILOVER);
		if (info.state == RSP_SESSION_READY) {
			moved++;
			id = read_id(fd);
			check_echo(fd, "moved");
			continue;
		}
		CHECK_EQ(info.state, RSP_SESSION_CLOSED);
		CHECK_ERR(recv(fd, &id, sizeof(id), 0), ENOMEM);
		close(fd);
		fd = connected();
	}
	all_may_fail();
	CHECK(moved > 0);
}
