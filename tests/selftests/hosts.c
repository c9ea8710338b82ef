// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <unistd.h>

#include "hosts.h"
#include "pool.h"

#define LINK	"netem delay 1ms rate 200mbit limit 2000"

static int home = -1;

static int own_ns(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

void host_enter(const struct host *host)
{
	CHECK_EQ(setns(host->ns, CLONE_NEWNET), 0);
}

void host_leave(void)
{
	CHECK_EQ(setns(home, CLONE_NEWNET), 0);
}

void host_make(struct host *host, int n)
{
	if (home < 0)
		home = own_ns();
	host->n = n;
	CHECK_EQ(unshare(CLONE_NEWNET), 0);
	host->ns = own_ns();
	host_leave();
	run("ip link add to%d type veth peer name eth netns /proc/%d/fd/%d && "
	    "ip address add 10.77.%d.1/24 dev to%d && ip link set to%d up && "
	    "tc qdisc add dev to%d root " LINK, n, getpid(), host->ns, n, n, n,
	    n);
	host_enter(host);
	run("ip link set lo up && ip address add 10.77.%d.2/24 dev eth && "
	    "ip link set eth up && tc qdisc add dev eth root " LINK, n);
	host_leave();
}

/* Have the kernel destroy the connections in buf, of a dump. false: the last. */
static bool destroy_listed(int fd, char *buf, int len)
{
	struct nlmsghdr *nlh = (void *)buf;
	struct {
		struct nlmsghdr nlh;
		struct inet_diag_req_v2 req;
	} destroy = {
		.nlh.nlmsg_len = sizeof(destroy),
		.nlh.nlmsg_type = SOCK_DESTROY,
		.nlh.nlmsg_flags = NLM_F_REQUEST,
		.req.sdiag_protocol = IPPROTO_TCP,
		.req.idiag_states = 1 << TCP_ESTABLISHED,
	};

	for (; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len)) {
		const struct inet_diag_msg *msg = NLMSG_DATA(nlh);

		if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			return false;
		destroy.req.sdiag_family = msg->idiag_family;
		destroy.req.id = msg->id;
		CHECK_EQ(send(fd, &destroy, sizeof(destroy), 0),
			 sizeof(destroy));
	}
	return true;
}

void host_reset(void)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct {
		struct nlmsghdr nlh;
		struct inet_diag_req_v2 req;
	} dump = {
		.nlh.nlmsg_len = sizeof(dump),
		.nlh.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.req.sdiag_protocol = IPPROTO_TCP,
		.req.idiag_states = 1 << TCP_ESTABLISHED,
	};
	static char buf[32768];
	int list, destroy, i, n;

	destroy = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			 NETLINK_SOCK_DIAG);
	for (i = 0; i < 2; i++) {
		list = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			      NETLINK_SOCK_DIAG);
		CHECK(list >= 0 && destroy >= 0);
		dump.req.sdiag_family = families[i];
		CHECK_EQ(send(list, &dump, sizeof(dump), 0), sizeof(dump));
		do
			n = recv(list, buf, sizeof(buf), 0);
		while (n > 0 && destroy_listed(destroy, buf, n));
		close(list);
	}
	close(destroy);
}

static void link_change(const struct host *host, bool to, const char *how)
{
	if (to) {
		run("tc qdisc change dev to%d root " LINK " %s", host->n, how);
		return;
	}
	host_enter(host);
	run("tc qdisc change dev eth root " LINK " %s", how);
	host_leave();
}

static void filter(const struct host *host, const char *in, const char *out)
{
	host_enter(host);
	run("nft 'table inet cut {\n"
	    "  chain in { type filter hook input priority 0; %s; }\n"
	    "  chain out { type filter hook output priority 0; %s; }\n"
	    "}'", in, out);
	host_leave();
}

void host_cut(const struct host *host, enum cut cut)
{
	switch (cut) {
	case CUT_BOTH:
		filter(host, "drop", "drop");
		break;
	case CUT_TO:
	case CUT_FROM:
		link_change(host, cut == CUT_TO, "loss 100%");
		break;
	case CUT_LINK:
		run("ip link set to%d down", host->n);
		break;
	case CUT_ICMP:
		filter(host, "meta l4proto tcp reject with icmpx type host-unreachable",
		       "accept");
		break;
	case CUT_RESET:
		filter(host, "meta l4proto tcp reject with tcp reset", "accept");
		break;
	case CUTS:
		break;
	}
}

void host_heal(const struct host *host, enum cut cut)
{
	switch (cut) {
	case CUT_BOTH:
	case CUT_ICMP:
	case CUT_RESET:
		host_enter(host);
		run("nft delete table inet cut");
		host_leave();
		break;
	case CUT_TO:
	case CUT_FROM:
		link_change(host, cut == CUT_TO, "loss 0%");
		break;
	case CUT_LINK:
		run("ip link set to%d up", host->n);
		break;
	case CUTS:
		break;
	}
}

void host_lossy(const struct host *host, bool lossy)
{
	link_change(host, false, lossy ? "loss 5%" : "loss 0%");
}
