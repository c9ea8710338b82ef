// SPDX-License-Identifier: GPL-2.0
/* listen() registers with the agent that listens, or with its own scope. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "framed.h"
#include "netlink.h"

#define ERRNO_MAX	4095	/* that the family takes */

/* What a message says of an element. */
struct registered {
	int cmd;
	char handle[RSERPOOL_HANDLE_MAX + 1];
	uint32_t id;
	uint32_t policy;
	uint32_t load;
	uint32_t listener;
	uint32_t left_ms;
	int n_transports;
};

static int element_attr(const struct nlattr *attr, void *data)
{
	struct registered *r = data;

	switch (mnl_attr_get_type(attr)) {
	case RSERPOOL_A_ELEMENT_HANDLE:
		memcpy(r->handle, mnl_attr_get_payload(attr),
		       mnl_attr_get_payload_len(attr));
		break;
	case RSERPOOL_A_ELEMENT_ID:
		r->id = mnl_attr_get_u32(attr);
		break;
	case RSERPOOL_A_ELEMENT_POLICY:
		r->policy = mnl_attr_get_u32(attr);
		break;
	case RSERPOOL_A_ELEMENT_LOAD:
		r->load = mnl_attr_get_u32(attr);
		break;
	case RSERPOOL_A_ELEMENT_LISTENER:
		r->listener = mnl_attr_get_u32(attr);
		break;
	case RSERPOOL_A_ELEMENT_LEFT_MS:
		r->left_ms = mnl_attr_get_u32(attr);
		break;
	case RSERPOOL_A_ELEMENT_TRANSPORT:
		r->n_transports++;
		break;
	}
	return MNL_CB_OK;
}

static struct registered registered_of(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct registered r = { .cmd = genl->cmd };

	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), element_attr, &r);
	return r;
}

/* An agent listens once this returned. */
static struct mnl_socket *agent_start(void)
{
	struct mnl_socket *agent = open_netlink();

	netlink_start();
	CHECK_EQ(join(agent, ASAP), 0);
	return agent;
}

/* The next request, which must be this one. */
static struct registered hear(struct mnl_socket *agent, int cmd,
			      const char *handle)
{
	char buf[8192];
	struct registered r;

	wait_for(mnl_socket_get_fd(agent), POLLIN);
	CHECK(mnl_socket_recvfrom(agent, buf, sizeof(buf)) > 0);
	r = registered_of((void *)buf);
	CHECK_EQ(r.cmd, cmd);
	CHECK(!strcmp(r.handle, handle));
	CHECK(r.id);
	return r;
}

static void hear_nothing(struct mnl_socket *agent)
{
	struct pollfd pfd = {
		.fd = mnl_socket_get_fd(agent), .events = POLLIN,
	};

	CHECK_EQ(poll(&pfd, 1, 300), 0);
}

/* The errno that the agent gets for its answer. */
static int answer(const char *handle, uint32_t id, int result)
{
	name_element(RSERPOOL_CMD_REGISTER_DONE, handle, id);
	if (result)
		put_u32(RSERPOOL_A_ELEMENT_RESULT, result);
	return talk();
}

static int keep_alive(const char *handle, uint32_t id, uint32_t home)
{
	name_element(RSERPOOL_CMD_KEEP_ALIVE, handle, id);
	if (home)
		put_u32(RSERPOOL_A_ELEMENT_HOME, home);
	return get();
}

static struct registered dumped[16];
static int n_dumped;

static void show_registered(const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_type == family && n_dumped < 16)
		dumped[n_dumped++] = registered_of(nlh);
}

static int dump(void)
{
	n_dumped = 0;
	begin(RSERPOOL_CMD_REGISTER_GET, NLM_F_DUMP);
	CHECK_EQ(talk_on(nl, show_registered), 0);
	return n_dumped;
}

static int bound(const char *name, uint32_t id, int flags)
{
	int fd = socket(AF_RSERPOOL, SOCK_SEQPACKET | flags, 0);
	struct sockaddr_rserpool address;
	socklen_t len;

	CHECK(fd >= 0);
	address = pool_address(name, id, &len);
	CHECK_EQ(bind(fd, (void *)&address, len), 0);
	return fd;
}

/* A process that calls listen(), as often as it is refused. */
struct service {
	pid_t pid;
	int results;	/* errno after errno comes out of it */
};

static struct service service_start(const char *name, uint32_t id)
{
	struct service service;
	int pipes[2], fd, err;

	CHECK_EQ(pipe(pipes), 0);
	fflush(NULL);
	service.pid = fork();
	CHECK(service.pid >= 0);
	service.results = pipes[0];
	if (service.pid) {
		close(pipes[1]);
		return service;
	}
	/* The agent is the test's alone. */
	CHECK_EQ(dup2(pipes[1], 3), 3);
	CHECK_EQ(close_range(4, ~0U, 0), 0);
	fd = bound(name, id, 0);
	do {
		err = listen(fd, 8) ? errno : 0;
		CHECK_EQ(write(3, &err, sizeof(err)), sizeof(err));
	} while (err);
	for (;;)
		close(accept(fd, NULL, NULL));
}

static int service_result(const struct service *service)
{
	int err;

	CHECK_EQ(read(service->results, &err, sizeof(err)), sizeof(err));
	return err;
}

static void service_waits(const struct service *service)
{
	struct pollfd pfd = { .fd = service->results, .events = POLLIN };

	CHECK_EQ(poll(&pfd, 1, 300), 0);
}

static void service_kill(const struct service *service)
{
	CHECK_EQ(kill(service->pid, SIGKILL), 0);
	CHECK_EQ(waitpid(service->pid, NULL, 0), service->pid);
}

TEST(register_with_an_agent)
{
	struct mnl_socket *agent = agent_start();
	struct service service;
	struct registered r;

	service = service_start("r", 7);
	r = hear(agent, RSERPOOL_CMD_REGISTER, "r");
	CHECK_EQ(r.id, 7);
	CHECK_EQ(r.policy, RSERPOOL_POLICY_RR);
	CHECK_EQ(r.listener, RSERPOOL_LISTENER_ASKED);
	CHECK(r.n_transports >= 1);
	CHECK(r.left_ms > 20000 && r.left_ms <= 30000);
	service_waits(&service);
	CHECK_EQ(count_elements(), 0);
	CHECK_EQ(dump(), 1);
	CHECK_EQ(dumped[0].id, 7);
	CHECK_EQ(dumped[0].listener, RSERPOOL_LISTENER_ASKED);
	CHECK_EQ(keep_alive("r", 7, 0), 0);

	CHECK_EQ(answer("r", 7, 0), 0);
	CHECK_EQ(service_result(&service), 0);
	CHECK_EQ(count_elements(), 1);
	run("rspctl pe show pool r | grep -q 'use control.*listener agent'");
	framed_connect("r", SOCK_SEQPACKET);
	hear_nothing(agent);

	/* The element goes at once with its process, and the agent is told. */
	service_kill(&service);
	CHECK_EQ(hear(agent, RSERPOOL_CMD_DEREGISTER, "r").id, 7);
	CHECK_EQ(count_elements(), 0);
	CHECK_EQ(answer("r", 7, 0), ENOENT);
	CHECK_EQ(keep_alive("r", 7, 0), ENOENT);
}

TEST(register_refused)
{
	static const struct { int result, told; } cases[] = {
		{ EACCES, EACCES }, { EPERM, EACCES }, { EIO, EACCES },
		{ EADDRINUSE, EADDRINUSE }, { EPROTOTYPE, EPROTOTYPE },
		{ EPROTONOSUPPORT, EPROTONOSUPPORT },
		{ ENOSPC, ENOSPC }, { EHOSTUNREACH, EHOSTUNREACH },
		{ ERRNO_MAX, EACCES }, { 0, 0 },
	};
	struct mnl_socket *agent = agent_start();
	struct service service = service_start("r", 7);
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_EQ(count_elements(), 0);
		hear(agent, RSERPOOL_CMD_REGISTER, "r");
		CHECK_EQ(answer("r", 7, cases[i].result), 0);
		CHECK_EQ(service_result(&service), cases[i].told);
	}
	CHECK_EQ(count_elements(), 1);
	service_kill(&service);
	hear(agent, RSERPOOL_CMD_DEREGISTER, "r");
}

TEST(register_without_waiting)
{
	struct mnl_socket *agent = agent_start();
	int fd = bound("r", 0, SOCK_NONBLOCK);
	uint32_t id;

	CHECK_EQ(listen(fd, 8), 0);
	id = hear(agent, RSERPOOL_CMD_REGISTER, "r").id;
	CHECK_ERR(accept(fd, NULL, NULL), EAGAIN);
	CHECK_EQ(socket_error(fd), 0);
	CHECK_EQ(count_elements(), 0);
	CHECK_EQ(answer("r", id, EPERM), 0);
	CHECK(wait_for(fd, POLLIN) & POLLERR);
	CHECK_EQ(socket_error(fd), EACCES);
	CHECK_EQ(socket_error(fd), 0);
	CHECK_EQ(count_elements(), 0);

	CHECK_EQ(listen(fd, 8), 0);
	CHECK_EQ(hear(agent, RSERPOOL_CMD_REGISTER, "r").id, id);
	CHECK_EQ(answer("r", id, 0), 0);
	CHECK_EQ(count_elements(), 1);
	framed_connect("r", SOCK_SEQPACKET);
	wait_for(fd, POLLIN);
	CHECK(accept(fd, NULL, NULL) >= 0);

	/* The registrar gives it up: it is an element no more. */
	CHECK_EQ(answer("r", id, ETIMEDOUT), 0);
	CHECK(wait_for(fd, POLLIN) & POLLERR);
	CHECK_EQ(socket_error(fd), ETIMEDOUT);
	CHECK_EQ(count_elements(), 0);
	CHECK_EQ(close(fd), 0);
	hear_nothing(agent);
}

TEST(register_taken_over)
{
	struct rsp_policy policy = { .type = RSERPOOL_POLICY_LU, .value = 1 };
	int fd, other, twin;
	struct mnl_socket *agent;
	struct registered r;

	fd = bound("r", 7, 0);
	CHECK_EQ(setsockopt(fd, SOL_RSERPOOL, RSP_POLICY, &policy,
			    sizeof(policy)), 0);
	CHECK_EQ(listen(fd, 8), 0);
	run("rspctl pe show pool r | grep -q 'listener own'");

	agent = agent_start();
	CHECK_EQ(dump(), 1);
	CHECK_EQ(dumped[0].listener, RSERPOOL_LISTENER_OWN);
	/* A sync that does not know of it sweeps it not, others it does. */
	CHECK_EQ(new_element("s", 1), 0);
	begin(RSERPOOL_CMD_SYNC_BEGIN, 0);
	CHECK_EQ(talk(), 0);
	begin(RSERPOOL_CMD_SYNC_END, 0);
	CHECK_EQ(talk(), 0);
	CHECK_EQ(count_elements(), 1);
	CHECK_EQ(answer("r", 7, 0), 0);
	run("rspctl pe show pool r | grep -q 'listener agent'");
	CHECK_EQ(dump(), 1);
	CHECK_EQ(dumped[0].listener, RSERPOOL_LISTENER_AGENT);

	/* What the agent feeds of it changes it, but it lives on as before. */
	name_element(RSERPOOL_CMD_ELEMENT_SET, "r", 7);
	put_u32(RSERPOOL_A_ELEMENT_HOME, 9);
	put_u32(RSERPOOL_A_ELEMENT_LIFETIME, 100);
	CHECK_EQ(talk(), 0);
	usleep(500000);
	run("rspctl pe show pool r | grep -q 'home 0x00000009.*listener agent'");

	policy.value = 0x80000000;
	CHECK_EQ(setsockopt(fd, SOL_RSERPOOL, RSP_POLICY, &policy,
			    sizeof(policy)), 0);
	r = hear(agent, RSERPOOL_CMD_REGISTER, "r");
	CHECK_EQ(r.load, policy.value);
	CHECK_EQ(r.listener, RSERPOOL_LISTENER_AGENT);
	run("rspctl pe show pool r | grep -q 'load 50%%.*home 0x00000009'");

	/* One more of this pool is the agent's from the start. */
	other = bound("r", 8, SOCK_NONBLOCK);
	CHECK_EQ(listen(other, 8), 0);
	CHECK_EQ(hear(agent, RSERPOOL_CMD_REGISTER, "r").id, 8);
	twin = bound("r", 8, SOCK_NONBLOCK);
	CHECK_ERR(listen(twin, 8), EADDRINUSE);
	CHECK_EQ(shutdown(fd, SHUT_RD), 0);
	CHECK_EQ(hear(agent, RSERPOOL_CMD_DEREGISTER, "r").id, 7);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(close(other), 0);
	CHECK_EQ(hear(agent, RSERPOOL_CMD_DEREGISTER, "r").id, 8);
	CHECK_EQ(count_pools(), 0);
	CHECK_EQ(dump(), 0);
}

/* A feeder knows the element still that was here before, or another one. */
TEST(register_again)
{
	struct sockaddr_rserpool address;
	struct mnl_socket *agent;
	socklen_t len;
	int fd;

	netlink_start();
	run("rspctl pe add pool r id 7 tcp 127.0.0.1:4007 use control policy wrr weight 3");
	fd = bound("r", 7, 0);
	CHECK_ERR(listen(fd, 8), EADDRINUSE);
	CHECK_EQ(close(fd), 0);

	address = pool_address("r", 7, &len);
	address.srp_port = htons(4007);
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET, 0);
	CHECK_EQ(bind(fd, (void *)&address, len), 0);
	CHECK_EQ(listen(fd, 8), 0);
	CHECK_EQ(count_elements(), 1);
	run("rspctl pe show pool r | grep -q ':4007 .*weight 1 listener own'");
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(count_elements(), 0);

	run("rspctl pe add pool r id 7 tcp 127.0.0.1:4007 use control policy wrr weight 3");
	agent = agent_start();
	fd = socket(AF_RSERPOOL, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	CHECK_EQ(bind(fd, (void *)&address, len), 0);
	CHECK_EQ(listen(fd, 8), 0);
	CHECK_EQ(hear(agent, RSERPOOL_CMD_REGISTER, "r").id, 7);
	CHECK_EQ(count_elements(), 1);
	CHECK_EQ(answer("r", 7, 0), 0);
	run("rspctl pe show pool r | grep -q ':4007 .*listener agent'");
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(hear(agent, RSERPOOL_CMD_DEREGISTER, "r").id, 7);
	CHECK_EQ(count_elements(), 0);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void set_load(int fd, uint32_t load)
{
	const struct rsp_policy policy = {
		.type = RSERPOOL_POLICY_LU, .value = load,
	};

	CHECK_EQ(setsockopt(fd, SOL_RSERPOOL, RSP_POLICY, &policy,
			    sizeof(policy)), 0);
}

/* Each is in the handlespace at once; the agent is told the last of many. */
TEST(register_load_is_told_in_time)
{
	struct mnl_socket *agent = agent_start();
	int n_told = 0, fd = bound("r", 7, SOCK_NONBLOCK);
	uint32_t load = 0, told = 0;
	double begun;

	set_load(fd, 0);
	CHECK_EQ(listen(fd, 8), 0);
	hear(agent, RSERPOOL_CMD_REGISTER, "r");
	CHECK_EQ(answer("r", 7, 0), 0);
	begun = now();
	while (now() < begun + 1) {
		set_load(fd, ++load << 20);
		name_element(RSERPOOL_CMD_ELEMENT_GET, "r", 7);
		CHECK_EQ(get(), 0);
		CHECK_EQ(value[RSERPOOL_A_ELEMENT_LOAD], load << 20);
	}
	for (; told != load << 20; n_told++)
		told = hear(agent, RSERPOOL_CMD_REGISTER, "r").load;
	printf("# %u changes, told of %d\n", load, n_told);
	/* In the second itself, at both of its ends, and of the last. */
	CHECK(n_told <= 10 * (now() - begun) + 2);
	CHECK(n_told >= 3);
	hear_nothing(agent);

	/* What is due when it listens no more is not told. */
	set_load(fd, 1);
	set_load(fd, 2);
	CHECK_EQ(hear(agent, RSERPOOL_CMD_REGISTER, "r").load, 1);
	CHECK_EQ(close(fd), 0);
	hear(agent, RSERPOOL_CMD_DEREGISTER, "r");
	hear_nothing(agent);
}

TEST(register_agent_late_or_gone)
{
	struct mnl_socket *agent = agent_start();
	struct service service;

	set_scope(RSERPOOL_A_SCOPE_REGISTER_TIMEOUT, 300);
	service = service_start("r", 7);
	hear(agent, RSERPOOL_CMD_REGISTER, "r");
	CHECK_EQ(service_result(&service), ETIMEDOUT);
	CHECK_EQ(hear(agent, RSERPOOL_CMD_DEREGISTER, "r").id, 7);
	CHECK(counter("RegisterTimeout") >= 1);
	CHECK_EQ(count_elements(), 0);

	/* With the last agent goes who could answer. */
	service_kill(&service);
	set_scope(RSERPOOL_A_SCOPE_REGISTER_TIMEOUT, 60000);
	service = service_start("r", 7);
	service_waits(&service);
	CHECK_EQ(mnl_socket_close(agent), 0);
	CHECK_EQ(service_result(&service), 0);
	run("rspctl pe show pool r | grep -q 'listener own'");
	service_kill(&service);
	CHECK_EQ(count_elements(), 0);
}

static void ring(int signal)
{
	(void)signal;
}

TEST(register_interrupted)
{
	const struct sigaction action = { .sa_handler = ring };
	struct mnl_socket *agent = agent_start();
	int fd = bound("r", 7, 0);

	CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
	ualarm(200000, 0);
	CHECK_ERR(listen(fd, 8), EINTR);
	hear(agent, RSERPOOL_CMD_REGISTER, "r");
	hear(agent, RSERPOOL_CMD_DEREGISTER, "r");
	CHECK_ERR(accept(fd, NULL, NULL), EINVAL);
	CHECK_EQ(dump(), 0);
	CHECK_EQ(mnl_socket_close(agent), 0);
	CHECK_EQ(listen(fd, 8), 0);
	CHECK_EQ(count_elements(), 1);
}

TEST(register_by_self)
{
	struct mnl_socket *agent = agent_start();
	int fd = bound("r", 7, 0);

	set_scope(RSERPOOL_A_SCOPE_REGISTRATION, RSERPOOL_REGISTRATION_OWN);
	CHECK_EQ(listen(fd, 8), 0);
	hear_nothing(agent);
	run("rspctl scope show | grep -q 'registration own'");
	run("rspctl pe show pool r | grep -q 'listener own'");
	CHECK_EQ(keep_alive("r", 7, 5), 0);
	CHECK_EQ(value[RSERPOOL_A_ELEMENT_ID], 7);
	run("rspctl pe show pool r | grep -q 'home 0x00000005'");
	run("! rspctl save | grep -q 'pe add'");
}

/* An element that a feeder put in its place is not the socket's to take out. */
TEST(register_replaced)
{
	int fd;

	netlink_start();
	fd = bound("r", 7, 0);
	CHECK_EQ(listen(fd, 8), 0);
	CHECK_EQ(new_element("r", 7), 0);
	run("rspctl pe show pool r | grep -q 192.0.2.1");
	run("! rspctl pe show pool r | grep -q listener");
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(count_elements(), 1);

	/* What an operator deleted does not come back as its load changes. */
	fd = bound("s", 7, 0);
	CHECK_EQ(listen(fd, 8), 0);
	name_element(RSERPOOL_CMD_ELEMENT_DEL, "s", 7);
	CHECK_EQ(talk(), 0);
	CHECK_EQ(setsockopt(fd, SOL_RSERPOOL, RSP_POLICY,
			    &(struct rsp_policy){ .type = 1 },
			    sizeof(struct rsp_policy)), 0);
	CHECK_EQ(count_elements(), 1);
}

TEST(register_answers_that_are_none)
{
	netlink_start();
	CHECK_REFUSED(answer("r", 7, 0), ENOENT);
	begin(RSERPOOL_CMD_REGISTER_DONE, 0);
	CHECK_REFUSED(talk(), EINVAL);
	begin(RSERPOOL_CMD_REGISTER_DONE, 0);
	put_handle(RSERPOOL_A_ELEMENT_HANDLE, "r");
	CHECK_REFUSED(talk(), EINVAL);
	CHECK_EQ(ack.missing, RSERPOOL_A_ELEMENT_ID);
	CHECK_EQ(answer("r", 7, ERRNO_MAX + 1), ERANGE);
	CHECK_REFUSED(keep_alive("r", 7, 0), ENOENT);
	CHECK_EQ(dump(), 0);
}
