#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What a plain TCP client sees of a server that fails.

In a test machine, as root: failure_signs.py [NAME]...; without a name all
cases but the long ones (default-retries: 16 minutes,
default-connect: 2). Nothing of ours runs:
socat is the server, in a network namespace of its own behind a router.

    cli 10.1.0.1 -- 10.1.0.2 rtr 10.2.0.2 -- 10.2.0.1 srv

Prints, for each case, calls and packets with the milliseconds since the
failure. Documentation/networking/failure-signs.rst has what this showed.
"""
import errno
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

ADDR, PORT = "10.2.0.1", 7000
BITS = ("IN", "PRI", "OUT", "ERR", "HUP", "RDHUP")
ALL = select.POLLIN | select.POLLPRI | select.POLLOUT | select.POLLRDHUP
IP_RECVERR = 11

cases = {}
t0 = 0.0
lines = []


def case(function):
    cases[function.__name__.replace("_", "-")] = function
    return function


def say(what, at=None):
    lines.append((time.monotonic() if at is None else at, what))


def failure(what):
    """The moment from which the times count."""
    global t0
    t0 = time.monotonic()
    say(f"== {what}", t0)


def sh(command):
    subprocess.run(command, shell=True, check=True)


def in_ns(name, *args, **kwargs):
    return subprocess.Popen(["ip", "netns", "exec", name, *args], **kwargs)


def nft(ns, rules):
    sh(f"ip netns exec {ns} nft '{rules}'")


def topology():
    for ns in ("cli", "rtr", "srv"):
        subprocess.run(f"ip netns del {ns} 2>/dev/null", shell=True)
        sh(f"ip netns add {ns}; ip -n {ns} link set lo up")
    sh("""
    ip link add c netns cli type veth peer name rc netns rtr
    ip link add s netns srv type veth peer name rs netns rtr
    ip -n cli addr add 10.1.0.1/24 dev c; ip -n cli link set c up
    ip -n rtr addr add 10.1.0.2/24 dev rc; ip -n rtr link set rc up
    ip -n rtr addr add 10.2.0.2/24 dev rs; ip -n rtr link set rs up
    ip -n srv addr add 10.2.0.1/24 dev s; ip -n srv link set s up
    ip -n cli route add default via 10.1.0.2
    ip -n srv route add default via 10.2.0.2
    ip netns exec rtr sysctl -q net.ipv4.ip_forward=1
    """)
    # No duplicate address detection in the middle of a measurement.
    time.sleep(0.2)
    with open("/run/netns/cli") as ns:
        os.setns(ns.fileno(), os.CLONE_NEWNET)


class Wire(threading.Thread):
    """Says what passes the client's interface."""

    def __init__(self):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                  socket.htons(3))
        self.sock.bind(("c", 0))
        self.quiet = False

    def run(self):
        while True:
            try:
                packet, address = self.sock.recvfrom(65536)
            except OSError:
                continue
            now = time.monotonic()
            if self.quiet:
                continue
            way = "->" if address[2] == socket.PACKET_OUTGOING else "<-"
            if packet[12:14] == b"\x08\x06":
                say(f"     wire {way} ARP", now)
                continue
            if packet[12:14] != b"\x08\x00":
                continue
            header = (packet[14] & 15) * 4
            length = struct.unpack("!H", packet[16:18])[0]
            body = packet[14 + header:]
            if packet[23] == 1:
                say(f"     wire {way} ICMP type {body[0]} code {body[1]}", now)
            elif packet[23] == 6:
                bits = body[13]
                flags = "".join(c for i, c in enumerate("FSRPA")
                                if bits & 1 << i)
                window = struct.unpack("!H", body[14:16])[0]
                octets = length - header - (body[12] >> 4) * 4
                seq = struct.unpack("!I", body[4:8])[0]
                say(f"     wire {way} {flags} seq ..{seq % 100000:05d} "
                    f"len {octets} win {window}", now)


class Server:
    """socat as an echo server; stop, cont and kill reach its children too."""

    def __init__(self, what="PIPE", options="reuseaddr,fork"):
        self.process = in_ns("srv", "socat",
                             f"TCP-LISTEN:{PORT},{options}", what,
                             start_new_session=True,
                             stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            listening = subprocess.run(
                f"ip netns exec srv ss -Hltn sport = :{PORT}", shell=True,
                capture_output=True, check=False).stdout
            if listening:
                return
            time.sleep(0.05)
        sys.exit("socat does not listen")

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def stop(self):
        self.signal(signal.SIGSTOP)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()


class Client:
    def __init__(self, **options):
        self.sock = socket.socket()
        for level, option, value in options.get("options", ()):
            self.sock.setsockopt(level, option, value)
        if options.get("connect", True):
            self.sock.connect((ADDR, PORT))
            self.sock.setblocking(False)
            if options.get("greet", True):
                self.sock.send(b"hello\n")
                select.select([self.sock], [], [], 10)
                assert self.sock.recv(100) == b"hello\n"
                time.sleep(0.3)

    def do(self, what, call):
        begin = time.monotonic()
        try:
            result = call()
            if isinstance(result, bytes):
                result = f"{len(result)} octets" if result else "0 (end)"
        except OSError as e:
            result = errno.errorcode[e.errno]
        took = (time.monotonic() - begin) * 1000
        say(f"  {what}: {result}" + (f" ({took:.0f} ms)" if took > 20 else ""))
        return result

    def read(self, size=1000000):
        return self.do("read", lambda: self.sock.recv(size))

    def write(self, octets=b"question\n"):
        return self.do(f"write {len(octets)}", lambda: self.sock.send(octets))

    def so_error(self):
        def get():
            e = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            return errno.errorcode[e] if e else 0
        return self.do("SO_ERROR", get)

    def poll(self, timeout=0, mask=ALL):
        """Wait for anything besides OUT; then say all bits."""
        poll = select.poll()
        poll.register(self.sock, mask & ~select.POLLOUT)
        poll.poll(timeout * 1000)
        poll.modify(self.sock, mask)
        bits = (poll.poll(0) or [(0, 0)])[0][1]
        names = [n for n in BITS if bits & getattr(select, "POLL" + n)]
        say("  poll: " + ("|".join(names) or "nothing"))
        return bits

    def info(self):
        """struct tcp_info, as far as it is of use here."""
        b = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        state, ca, retransmits, probes, backoff = b[:5]
        words = struct.unpack("24I", b[8:104])
        return {
            "state": state, "retransmits": retransmits, "probes": probes,
            "backoff": backoff, "rto": words[0] // 1000,
            "unacked": words[4], "last_data_sent": words[9],
            "last_data_recv": words[11], "last_ack_recv": words[12],
            "notsent": struct.unpack("I", b[144:148])[0],
        }

    def say_info(self):
        i = self.info()
        say("  tcp_info: " + " ".join(f"{k} {v}" for k, v in i.items()))
        return i

    def watch(self, seconds, step=1.0):
        """Say the tcp_info's silence and counters until then or an error."""
        end = time.monotonic() + seconds
        last = None
        while time.monotonic() < end:
            i = self.info()
            key = (i["probes"], i["retransmits"], i["backoff"], i["state"])
            if key != last:
                last = key
                self.say_info()
            poll = select.poll()
            poll.register(self.sock, select.POLLRDHUP)
            if poll.poll(step * 1000):
                break
        self.say_info()
        self.poll()

    def fill(self):
        """Write until the peer's and our buffers take no more."""
        total = 0
        idle = time.monotonic()
        while time.monotonic() - idle < 1.0:
            try:
                total += self.sock.send(bytes(65536))
                idle = time.monotonic()
            except BlockingIOError:
                time.sleep(0.02)
        say(f"  written until EAGAIN: {total} octets")

    # What each order of calls gives, after the sign has arrived.
    def orders(self, order):
        for call in order.split():
            getattr(self, {"r": "read", "w": "write", "e": "so_error",
                           "p": "poll", "i": "say_info"}[call])()
            time.sleep(0.15)


# After a death, calls in different orders: a new connection for each.
ORDERS = ("p r r w p r w w e p", "p w p w w r r e p", "p e e p r r w w p")


def each_order(before, die, orders=ORDERS):
    for order in orders:
        server = Server()
        client = Client()
        before(server, client)
        failure(f"the failure; then: {order}")
        die(server)
        client.poll(5)
        client.orders(order)
        client.sock.close()
        show()
        server.kill()


def nothing(*_):
    pass


@case
def kill_idle():
    each_order(nothing, Server.kill)


@case
def kill_unread():
    """Octets that the server has not read when it dies."""
    def unread(server, client):
        server.stop()
        client.write()
        time.sleep(0.3)
    each_order(unread, Server.kill)


@case
def kill_unread_both():
    """As before, and the client has not read an answer either."""
    def unread(server, client):
        client.write(b"first\n")
        time.sleep(0.5)
        server.stop()
        client.write(b"second\n")
        time.sleep(0.3)
    each_order(unread, Server.kill)


@case
def kill_idle_unread_answer():
    """The client has not read the last answer; the server had read all."""
    def unread(_, client):
        client.write(b"first\n")
        time.sleep(0.5)
    each_order(unread, Server.kill)


@case
def kill_sending():
    """The client is in the middle of sending; the server reads nothing."""
    server = Server("PIPE")
    client = Client()
    server.stop()
    wire.quiet = True
    client.fill()
    wire.quiet = False
    failure("SIGKILL")
    server.kill()
    client.poll(5)
    client.orders("w r w e p")
    client.sock.close()
    show()


@case
def kill_answering():
    """The server is in the middle of sending; the client reads nothing."""
    server = Server("OPEN:/dev/zero", "reuseaddr")
    client = Client(greet=False)
    wire.quiet = True
    time.sleep(2)
    wire.quiet = False
    failure("SIGKILL")
    server.kill()
    time.sleep(1)
    client.poll()
    wire.quiet = True
    total = 0
    while True:
        try:
            octets = client.sock.recv(1 << 20)
        except BlockingIOError:
            client.poll(1)
            continue
        if not octets:
            break
        total += len(octets)
    say(f"  read after the death: {total} octets, then 0 (end)")
    wire.quiet = False
    client.orders("r w w p")
    client.sock.close()
    show()


@case
def kill_blocked():
    """Blocked in read, and in write, when it happens."""
    for unread in (False, True):
        server = Server()
        client = Client()
        if unread:
            server.stop()
            client.write()
            time.sleep(0.2)
        client.sock.setblocking(True)
        thread = threading.Thread(target=client.read)
        thread.start()
        time.sleep(0.3)
        failure(f"SIGKILL with a reader blocked, unread: {unread}")
        server.kill()
        thread.join()
        client.sock.close()
        show()
    server = Server()
    client = Client()
    server.stop()
    wire.quiet = True
    client.fill()
    client.sock.setblocking(True)
    thread = threading.Thread(target=client.write, args=(bytes(65536),))
    thread.start()
    time.sleep(0.3)
    wire.quiet = False
    failure("SIGKILL with a writer blocked")
    server.kill()
    thread.join()
    client.sock.close()
    show()


@case
def stopped():
    server = Server()
    client = Client()
    failure("SIGSTOP")
    server.stop()
    client.write()
    time.sleep(0.3)
    client.poll()
    client.watch(15)
    other = Client(greet=False)
    say("  another connect to it: succeeded")
    other.write()
    other.poll(2)
    other.say_info()
    failure("SIGKILL; the second was never accepted")
    server.kill()
    client.poll(5)
    client.read()
    other.poll(5)
    other.read()
    show()


@case
def cut_idle():
    server = Server()
    client = Client()
    failure("the router drops all; client idle, no keepalive")
    nft("rtr", "add table ip t; add chain ip t f "
        "{ type filter hook forward priority 0; policy drop; }")
    client.watch(30)
    client.orders("r e p")
    show()
    server.kill()
    nft("rtr", "flush ruleset")


def keepalive(idle, interval, count):
    return ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle),
            (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval),
            (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, count))


DROP = ("add table ip t; add chain ip t f "
        "{ type filter hook forward priority 0; policy drop; }")


def cut(what, options=(), rules=DROP, order="e r w p"):
    server = Server()
    client = Client(options=options)
    failure(what)
    nft("rtr", rules)
    return server, client, order


def cut_end(server, client, order, seconds=30):
    client.watch(seconds, 0.25)
    client.orders(order)
    show()
    client.sock.close()
    nft("rtr", "flush ruleset")
    server.kill()


@case
def cut_keepalive():
    for order in ("e r w p", "r r w p", "w w r p"):
        cut_end(*cut("dropped; keepalive 1 s, 1 s, 3", keepalive(1, 1, 3),
                     order=order))


@case
def cut_outstanding():
    for options, what in (((), "no option"),
                          (((socket.IPPROTO_TCP, 18, 5000),),
                           "TCP_USER_TIMEOUT 5 s"),
                          (keepalive(1, 1, 3), "keepalive 1 s, 1 s, 3")):
        server, client, order = cut(f"dropped, then a write; {what}", options)
        client.write()
        cut_end(server, client, order)


@case
def default_retries():
    """Long: until the kernel itself gives up."""
    server, client, order = cut("dropped, then a write")
    client.write()
    cut_end(server, client, order, 1100)


@case
def default_connect():
    """Long: until the kernel itself gives up connecting."""
    nft("rtr", DROP)
    connecting("connect, all dropped", 200)
    nft("rtr", "flush ruleset")


@case
def cut_link():
    """The server's link is down: the router says so by ICMP, after ARP."""
    for options in ((), ((socket.IPPROTO_IP, IP_RECVERR, 1),)):
        for side in ("srv", "rtr"):
            server = Server()
            client = Client(options=options)
            device = "s" if side == "srv" else "rs"
            failure(f"the server's link down at {side}, then a write; "
                    f"options {len(options)}")
            sh(f"ip -n {side} link set {device} down")
            client.write()
            client.watch(20, 0.25)
            client.orders("e r w p")
            show()
            sh(f"ip -n {side} link set {device} up")
            sh("ip -n srv route replace default via 10.2.0.2")
            server.kill()
            client.sock.close()


@case
def cut_own_link():
    """The client's own link goes down."""
    server = Server()
    client = Client()
    failure("the client's own interface down, then a write")
    sh("ip -n cli link set c down")
    client.write()
    client.watch(10, 0.25)
    client.orders("e r w p")
    show()
    sh("ip -n cli link set c up; ip -n cli route replace default via 10.1.0.2")
    server.kill()


@case
def icmp():
    """An ICMP error for each segment, connection established."""
    for kind in ("host-unreachable", "net-unreachable", "port-unreachable",
                 "admin-prohibited"):
        for options in ((), ((socket.IPPROTO_IP, IP_RECVERR, 1),)):
            server, client, order = cut(
                f"router answers {kind}, then a write; "
                + ("IP_RECVERR" if options else "no option"), options,
                rules="add table ip t; add chain ip t f { type filter hook "
                "forward priority 0; policy accept; } ; add rule ip t f ip "
                f"daddr {ADDR} reject with icmp type {kind}")
            client.write()
            cut_end(server, client, order, 4)


def connecting(what, seconds):
    client = Client(connect=False)
    client.sock.setblocking(False)
    failure(what)
    client.do("connect", lambda: client.sock.connect((ADDR, PORT)))
    client.poll(seconds)
    client.orders("e e p r w p")
    client.do("connect again", lambda: client.sock.connect((ADDR, PORT)))
    # A second answer may come.
    if seconds < 100:
        time.sleep(1.5)
        client.orders("p e e p r w p")
        client.do("connect again", lambda: client.sock.connect((ADDR, PORT)))
    client.sock.close()
    show()


@case
def refused():
    connecting("connect, nobody listens", 5)
    client = Client(connect=False)
    failure("blocking connect, nobody listens")
    client.do("connect", lambda: client.sock.connect((ADDR, PORT)))
    client.orders("e p r w p")
    show()


@case
def connect_cut():
    nft("rtr", DROP)
    connecting("connect, all dropped", 12)
    client = Client(connect=False, options=(
        (socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 2, 0)),))
    client.sock.setblocking(True)
    failure("blocking connect, all dropped, SO_SNDTIMEO 2 s")
    client.do("connect", lambda: client.sock.connect((ADDR, PORT)))
    client.orders("e p")
    show()
    nft("rtr", "flush ruleset")
    for kind in ("host-unreachable", "net-unreachable", "port-unreachable",
                 "admin-prohibited"):
        nft("rtr", "add table ip t; add chain ip t f { type filter hook "
            "forward priority 0; policy accept; } ; add rule ip t f ip "
            f"daddr {ADDR} reject with icmp type {kind}")
        connecting(f"connect, router answers {kind}", 10)
        nft("rtr", "flush ruleset")
    sh("ip -n srv link set s down")
    connecting("connect, the server's link is down", 10)
    sh("ip -n srv link set s up; ip -n srv route replace default via 10.2.0.2")


@case
def accept_queue_full():
    server = Server(options="reuseaddr,backlog=1")
    server.stop()
    filler = []
    for _ in range(4):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex((ADDR, PORT))
        filler.append(s)
    time.sleep(0.5)
    connecting("connect to a stopped listener with a full accept queue", 5)
    server.kill()


@case
def reborn():
    """The host comes back and knows nothing of the connection."""
    for idle in (False, True):
        server = Server()
        client = Client(options=keepalive(1, 1, 3) if idle else ())
        nft("rtr", DROP)
        server.kill()
        time.sleep(0.3)
        # The killed one's FIN is retransmitted from its host: forget it.
        sh("ip netns exec srv ss -K sport = :7000 >/dev/null 2>&1 || true")
        time.sleep(0.3)
        failure("host is back without the connection; "
                + ("idle with keepalive 1 s" if idle else "then a write"))
        nft("rtr", "flush ruleset")
        if not idle:
            client.write()
        client.poll(10)
        client.orders("r r w e p")
        client.sock.close()
        show()


@case
def slow():
    """How silent a living peer can be while octets are outstanding."""
    wire.quiet = True
    for netem in ("delay 300ms", "delay 1000ms 300ms", "delay 2000ms",
                  "loss 10%", "loss 30%", "delay 100ms loss 30%"):
        server = Server()
        client = Client()
        sh(f"tc -n rtr qdisc replace dev rs root netem {netem}; "
           f"tc -n rtr qdisc replace dev rc root netem {netem}")
        failure(f"netem {netem} both ways, 20 s of ping-pong")
        end = time.monotonic() + 20
        trips, silence, retransmits = [], 0, 0
        while time.monotonic() < end:
            begin = time.monotonic()
            client.sock.send(b"x")
            while not select.select([client.sock], [], [], 0.01)[0]:
                i = client.info()
                if i["unacked"]:
                    silence = max(silence, min(
                        i["last_ack_recv"],
                        int((time.monotonic() - begin) * 1000)))
                retransmits = max(retransmits, i["retransmits"])
                if time.monotonic() > end + 20:
                    break
            if client.sock.recv(10) != b"x":
                break
            trips.append((time.monotonic() - begin) * 1000)
        trips.sort()
        say(f"  round trips {len(trips)}, median {trips[len(trips) // 2]:.0f} "
            f"ms, worst {trips[-1]:.0f} ms; longest silence with octets "
            f"outstanding {silence} ms; most retransmissions {retransmits}")
        show()
        sh("tc -n rtr qdisc del dev rs root; tc -n rtr qdisc del dev rc root")
        client.sock.close()
        server.kill()
    wire.quiet = False


def zero_window(seconds, then_cut=None):
    server = Server()
    client = Client()
    server.stop()
    wire.quiet = True
    failure("SIGSTOP; the client writes until it cannot")
    client.fill()
    wire.quiet = False
    end = time.monotonic() + seconds
    last, worst, cut_done = None, 0, False
    while time.monotonic() < end:
        i = client.info()
        worst = max(worst, i["last_ack_recv"])
        key = (i["probes"], i["backoff"], i["state"])
        if key != last:
            client.say_info()
            last = key
        if then_cut and not cut_done and time.monotonic() - t0 > then_cut:
            nft("rtr", DROP)
            cut_done = True
            worst = 0
            failure("and now all is dropped")
        time.sleep(0.05)
    client.say_info()
    client.poll()
    say(f"  the largest last_ack_recv: {worst} ms")
    show()
    if then_cut:
        nft("rtr", "flush ruleset")
    server.signal(signal.SIGCONT)
    server.kill()


@case
def window_zero():
    zero_window(60)


@case
def window_zero_cut():
    zero_window(40, 8)


def show():
    lines.sort()
    for at, what in lines:
        print(f"{(at - t0) * 1000:10.1f} {what}")
    lines.clear()
    sys.stdout.flush()


LONG = ("default-retries", "default-connect")
topology()
wire = Wire()
wire.start()
for name in sys.argv[1:] or [n for n in cases if n not in LONG]:
    print(f"\n=== {name}: {cases[name].__doc__ or ''}", flush=True)
    cases[name]()
