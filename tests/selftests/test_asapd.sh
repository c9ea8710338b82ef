#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The agent of hosts without a registrar: what listens on host 3 a client on host 4
# connects to, by what registrars on hosts 1 and 2 say over TLS.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"

test_session() {
	hosts 1 2 3 4
	peer 1
	says enrpd-1 'no peer gives us'
	agent 3; agent 4
	homes 3 1
	homes 4 1
	peer 2
	together 1 2
	counts 3 300
	resolves 1 tally '^resolved tally 0x0000012c 10.9.3.2:4300 home 0x00000001$'
	same "$(json 'v[0]["listener"]' on 3 rspctl -j pe show)" '"agent"'
	starts 4 count count tally 4
	busy 4
	same "$(json '[v[0]["id"], v[0]["home"]]' on 4 rspctl -j pe show)" '[300, 1]'
	# What is nowhere is said to be nowhere.
	refused 1 'No such file' on 4 ask nobody
	# Another of the list takes over; the session and new ones go on.
	kills enrpd-1
	on 4 timeout 20 count tally 1
	homes 3 2
	homes 4 2
	shows 2 registrar \
		'v["counters"]["registrations"] + v["counters"]["reregistrations"]' 1
	resolves 2 2 tally '^resolved tally 0x0000012c 10.9.3.2:4300 home 0x00000002$'
	counts 3 301
	elements 4 12c 12d
	shows agent-3 agent '[v["secure"], v["elements"], v["registered"], v["kernel"]]' \
		'[true, 2, 2, "fed"]'
	shows agent-4 agent '[[p["pool"], p["elements"], p["subscribed"]] for p in v["cache"]]' \
		'[["tally", 2, true]]'
	rspctl agent show at "$tmp/agent-4.sock" |
		grep -q '^agent secure home 10.9.2.2:3864 .* pools 1 elements 0 '
	wait "$(cat "$tmp/count.pid")"
	grep -q ' 0 failovers, no gap' "$tmp/count"
	kills counter-300
	elements 4 12d
	on 4 timeout 20 count tally 1
}

# It has a name in the list, but not the key: the next one is asked.
test_forged() {
	hosts 1 2 3
	auth_file 1 2 > "$tmp/auth"
	registrar 1
	auth_file 1 2 3 > "$tmp/auth"
	registrar 2
	agent 3
	homes 3 2
	grep -q 'registrar 10.9.1.2:3864: ' "$tmp/asapd-3"
	counts 3 300
	resolves 1 2 tally '^resolved tally 0x0000012c 10.9.3.2:4300 '
}

# Nobody is there yet, or does not answer: what listens waits, and so does who connects.
test_before() {
	hosts 1 3 4
	agent 3 'hunt-timeout = "2s"' 'retry-max = "2s"'
	says asapd-3 'no registrar of the list is there'
	counts 3 300
	registrar 1
	resolves 1 tally '^resolved tally 0x0000012c 10.9.3.2:4300 '
	agent 4
	homes 4 1
	on 4 rspctl scope set resolve-timeout 1h
	kill -STOP "$(cat "$tmp/enrpd-1.pid")"
	starts 4 count count tally 0
	within 20 eval 'on 4 rspctl -j scope | grep -q "\"resolutions\":1"'
	kill -CONT "$(cat "$tmp/enrpd-1.pid")"
	says count 'no gap'
}

# Its home registrar is stopped, and its system holds the connections: before the one that
# takes over gives its elements up they have come there.
test_stopped() {
	hosts 1 2 3
	peer 1; peer 2 'start-grace = "10s"'
	together 1 2
	agent 3 'stale-timeout = "4s"' 'request-timeout = "2s"' \
		'services = ( { handle = "web"; id = 300; port = 80; command = "true"; } )'
	homes 3 1
	resolves 2 2 web 'home 0x00000001'
	kill -STOP "$(cat "$tmp/enrpd-1.pid")"
	homes 3 2
	shows 2 registrar '[v["elements"], v["counters"]["registrations"] +
		v["counters"]["reregistrations"], v["counters"]["unreachable"]]' '[1, 1, 0]'
	grep -q 'is lost: it does not answer a resolution' "$tmp/asapd-3"
}

# It is asked for more than it answers in a second: all of it stays.
test_asked() {
	local i services=

	hosts 1 3
	registrar 1 'keep-alive-interval = "1s"' 'keep-alive-min = "1s"'
	for i in {301..330}; do
		services+="${services:+, }{ handle = \"web\"; id = $i; port = 80;
			command = \"true\"; interval = \"1m\"; rise = 1; }"
	done
	agent 3 'keep-alive-rate = 10' "services = ( $services )"
	shows agent-3 agent 'v["registered"]' 30
	shows agent-3 agent 'v["counters"]["keep-alives"] >= 100' true
	shows agent-3 agent '[v["registered"], v["counters"]["keep-alives-delayed"] > 0,
		v["counters"]["expired"]]' '[30, true, 0]'
	shows 1 registrar '[v["elements"], v["counters"]["unreachable"]]' '[30, 0]'
	grep -q 'asks more often than keep-alive-rate' "$tmp/asapd-3"
}

# What is not this host's: its identity may not register it.
test_refused() {
	hosts 1 3
	registrar 1
	agent 3
	homes 3 1
	refused 1 'Permission denied' on 3 counter tally 400 400
	says asapd-3 'registration refused by the registrar, cause 0xa'
	on 3 rspctl -j pe show | grep -qx '\[\]'
}

ktap_run asapd
