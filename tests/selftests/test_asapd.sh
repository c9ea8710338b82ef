#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The agent of hosts without a registrar: what listens on host 3 a client on host 4
# connects to, by what registrars on hosts 1 and 2 say over TLS.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"

# elements N TEXT: the identifiers of what the kernel there knows, now or soon
known() { [ "$(json 'sorted(e["id"] for e in v)' on "$1" rspctl -j pe show)" = "$2" ]; }
elements() { within 20 known "$@"; }

# homes N A...: the agent there has had these home registrars, now or soon
found() { [ "$(sed -n 's/.*home registrar is 10.9.\(.\).*/\1/p' "$tmp/asapd-$1" | paste -sd ' ')" = "$2" ]; }
homes() { within 20 found "$1" "${*:2}"; }

# counter N ID: it listens for pool tally there, as counter-ID
counts() { starts "$1" "counter-$2" counter tally "4$2" "$2"; }

# busy N: a session there is served
busy() { within 20 eval "on $1 rspctl -j session show | grep -q '\"state\":\"ready\"'"; }

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
	! ends enrpd-1 KILL
	on 4 timeout 20 count tally 1
	homes 3 1 2
	homes 4 1 2
	resolves 2 2 tally '^resolved tally 0x0000012c 10.9.3.2:4300 home 0x00000002$'
	counts 3 301
	elements 4 '[300, 301]'
	wait "$(cat "$tmp/count.pid")"
	grep -q ' 0 failovers, no gap' "$tmp/count"
	! ends counter-300 KILL
	elements 4 '[301]'
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

# What is not this host's: its identity may not register it.
test_refused() {
	hosts 1 3
	registrar 1
	agent 3
	refused 1 'Permission denied' on 3 counter tally 400 400
	says asapd-3 'registration refused by the registrar, cause 0xa'
	on 3 rspctl -j pe show | grep -qx '\[\]'
}

# The kernel keeps what it has; what is otherwise meanwhile is found.
test_restart() {
	hosts 1 2 3 4
	registrar 1 'keep-alive-timeout = "1m"'
	agent 3; agent 4
	counts 3 300
	stays 2 register tally 200 10.9.2.2:1 600 control register tally 201 10.9.2.2:2 600 control
	says client-2 'registered tally 0x000000c9'
	resolves 1 tally 0x0000012c
	starts 4 count count tally 0
	elements 4 '[200, 201, 300]'
	on 4 rspctl pe add pool mine id 7 tcp 192.0.2.1:1
	! ends asapd-4 KILL
	! ends asapd-3 KILL
	client 2 deregister tally 200 register tally 202 10.9.2.2:3 600 control > /dev/null
	elements 4 '[7, 200, 201, 300]'
	starts 4 monitor rspctl monitor handlespace
	within 20 eval 'on 4 rspctl pool add p; on 4 rspctl pool del p; grep -q . "$tmp/monitor"'
	agent 3; agent 4
	elements 4 '[7, 201, 202, 300]'
	resolves 1 tally '0x0000012c 10.9.3.2:4300 '
	! grep 'pe-del .*id 0x0000012c' "$tmp/monitor"
	# One that ends properly leaves it all to the next one.
	ends asapd-4 TERM
	elements 4 '[7, 201, 202, 300]'
	# What nobody uses is forgotten, but not what an operator said.
	agent 4 'stale-timeout = "500ms"' 'cache-lifetime = "1s"'
	elements 4 '[7]'
}

# A pool is kept as long as it is used, and no longer.
test_lifetime() {
	hosts 1 3 4
	registrar 1
	agent 3
	agent 4 'stale-timeout = "300ms"' 'cache-lifetime = "1s"'
	counts 3 300
	resolves 1 tally 0x0000012c
	starts 4 count count tally 1000
	busy 4
	sleep 2
	elements 4 '[300]'
	! ends count KILL
	elements 4 '[]'
	# Killed, it cannot say so: the kernel forgets by itself.
	starts 4 again count tally 1000
	busy 4
	! ends asapd-4 KILL
	elements 4 '[]'
	busy 4
}

# One that does not answer is reported, and is not there any more.
test_unreachable() {
	hosts 1 2 4
	registrar 1 'bad-pe-reports = 0'
	agent 4
	stays 2 mute register tally 200 10.9.2.2:1 600 control
	says client-2 registered
	! on 4 timeout 5 count tally 0
	shows 1 registrar 'v["counters"]["reported"]' 1
	elements 4 '[]'
}

ktap_run asapd
