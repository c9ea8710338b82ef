#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What enrpd and asapd tell who scrapes their metrics, and who takes too much of that.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"

cat > "$tmp.ask" << 'END'
import socket, sys
# What is at a path or a port answers to a request; "" waits for its end.
where, request = sys.argv[1:]
if where[0] == "/":
    s = socket.socket(socket.AF_UNIX)
    s.connect(where)
else:
    s = socket.create_connection(where.split(":"))
s.settimeout(30)
s.sendall(request.encode().decode("unicode_escape").encode())
try:
    while data := s.recv(65536):
        sys.stdout.write(data.decode().replace("\r", ""))
except ConnectionResetError:
    pass
END
# ask HOST WHERE REQUEST: the answer
ask() { on "$1" python3 "$tmp.ask" "${@:2}"; }
scrape() { ask "$1" "$2" 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'; }

cat > "$tmp.py" << 'END'
import re, sys
# OpenMetrics: families in one piece, a type and a help each, counters with _total.
head, _, text = sys.stdin.read().partition("\n\n")
assert head.startswith("HTTP/1.1 200 OK\n"), head
assert "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8" in head
assert "Content-Length: %d" % len(text) in head, head
assert text.endswith("\n# EOF\n") and text.count("# EOF") == 1
families, values, family = {}, {}, None
for line in text.split("\n")[:-2]:
    if m := re.fullmatch(r"# TYPE ([a-z_]+) (counter|gauge)", line):
        family = m[1]
        assert family not in families, line
        families[family] = m[2]
        helped = False
    elif m := re.fullmatch(r"# HELP ([a-z_]+) (\S.*\.)", line):
        assert m[1] == family and not helped, line
        helped = True
    else:
        m = re.fullmatch(r'([a-z_]+)(\{cause="0x[0-9a-f]"\})? ([0-9]+)', line)
        assert m and helped, line
        suffix = "_total" if families[family] == "counter" else ""
        assert m[1] == family + suffix, line
        assert m[1] + (m[2] or "") not in values
        values[m[1] + (m[2] or "")] = int(m[3])
print("\n".join("%s %d" % i for i in sorted(values.items())))
END
trap 'rm -rf "$tmp" "$tmp.py" "$tmp.ask"' EXIT

# parsed HOST TO: the samples
parsed() { scrape "$@" | python3 "$tmp.py"; }

# all PROGRAM OBJECT SOCKET: each counter that rspctl shows is one of the samples
all() {
	rspctl -j "$2" show at "$3" | python3 -c 'import json, sys
v = json.load(sys.stdin)["counters"]
have = open(sys.argv[2]).read().split("\n")
names = {h.split()[0] for h in have if h}
for name in v:
    # A cause is a label there.
    if name.startswith("rejected-"):
        continue
    want = "%s_%s_total" % (sys.argv[1], name.replace("-", "_"))
    assert any(n.split("{")[0] == want for n in names), want
print(len(v))' "$1" "$tmp/samples"
}

test_registrar() {
	hosts 1 3
	registrar 1 'feed = false' "metrics = \"$tmp/metrics\""
	stays 3 register web 300 10.9.3.2:80 600
	says client-3 registered
	client 3 register web 1 10.9.3.2:80 600 > /dev/null
	parsed 1 "$tmp/metrics" > "$tmp/samples"
	grep -qx 'enrpd_registrations_total 1' "$tmp/samples"
	grep -qx 'enrpd_rejected_total{cause="0xa"} 1' "$tmp/samples"
	grep -qx 'enrpd_elements 1' "$tmp/samples"
	grep -qx 'enrpd_ready 1' "$tmp/samples"
	all enrpd registrar "$tmp/1.sock"
}

test_agent() {
	hosts 1 3
	registrar 1 'feed = false'
	agent 3 'metrics = "127.0.0.1:9864"'
	homes 3 1
	on 3 ip link set lo up
	parsed 3 127.0.0.1:9864 > "$tmp/samples"
	grep -qx 'asapd_homes_total 1' "$tmp/samples"
	grep -qx 'asapd_home 1' "$tmp/samples"
	all asapd agent "$tmp/agent-3.sock"
	# Nobody on another host.
	refused 1 refused ask 1 10.9.3.2:9864 ''
	on 3 ss -Hltn 'sport = 9864' | grep -q '127.0.0.1:9864'
}

# Nothing is served unless it is asked for rightly, soon, and by not too many at once.
test_bounds() {
	local at=$tmp/metrics

	hosts 1
	registrar 1 'feed = false' "metrics = \"$tmp/metrics\""
	[ "$(stat -c %a "$tmp/metrics")" = 666 ]
	[ "$(stat -c %a "$tmp/1.sock")" = 600 ]
	ask 1 "$at" 'GET / HTTP/1.0\r\n\r\n' | grep -q '^HTTP/1.1 404'
	ask 1 "$at" 'POST /metrics HTTP/1.1\r\n\r\n' | grep -q '^HTTP/1.1 405'
	same "$(ask 1 "$at" "GET /metrics HTTP/1.1\r\nX: $(printf '%05000d' 0)")" ''
	# Who says nothing has 5 s; meanwhile there are 16 of them at most.
	starts 1 idle python3 -uc 'import socket, sys
def more(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    s.connect(path)
    return s
def ended(s, request):
    try:
        s.sendall(request)
        return s.recv(1) == b""
    except (ConnectionResetError, BrokenPipeError):
        return True
idle = [more(path) for path in sys.argv[1:] for i in range(16)]
for path in sys.argv[1:]:
    assert ended(more(path), b"registrar json\nGET /metrics HTTP/1.1\r\n\r\n")
assert all(ended(s, b"x") for s in idle)
print("closed")' "$at" "$tmp/1.sock"
	says idle closed
	parsed 1 "$at" > /dev/null
	shows 1 registrar 'v["ready"]' true
	# Off unless set.
	ends enrpd-1 TERM
	[ ! -e "$tmp/metrics" ]
	registrar 1 'feed = false'
	[ ! -e "$tmp/metrics" ]
}

ktap_run metrics
