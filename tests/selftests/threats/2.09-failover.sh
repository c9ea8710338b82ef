#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.9: who is left by the element or the registrar that it trusted goes on with
# one that it trusts as much, though another is nearer.
. "$(dirname "$0")/threat.sh"
. "$(dirname "$0")/secure.sh"

# at_element ID: the session of host 3 is with that, over TLS
session() { json '[[s["state"], s.get("auth"), s["pe"]] for s in v]' on 3 rspctl -j session show; }
at_element() { [ "$(session)" = "[[\"ready\", \"psk\", $1]]" ]; }

# An element of the same pool, authorized by the registrar, with neither TLS nor the
# pool's key: no session comes to it.
test_session() {
	hosts 1 2 3 4 9
	auth_file 1 2 3 4 9 > "$tmp/auth"
	registrar 1 'feed = false'
	for n in 2 3 4; do
		secure_host "$n" tally
	done
	for n in 2 3 4 9; do
		at='"10.9.1.2:3864"' agent "$n"
		homes "$n" 1
	done
	counts 2 200
	counts 9 900
	resolves 3 tally 0x00000384
	starts 3 count count tally 1000
	busy 3
	counts 4 400
	resolves 3 tally 0x00000190
	at_element 200
	# Who serves the session is its child.
	pkill -KILL -P "$(cat "$tmp/counter-200.pid")"
	kills counter-200
	within 20 at_element 400
	kill -0 "$(cat "$tmp/count.pid")"
	# It has not been elsewhere meanwhile.
	same "$(json '[v[0]["generation"], v[0]["prev-pe"]]' on 3 rspctl -j session show)" '[1, 200]'
}

# A registrar of the list that speaks plain, as somebody would who has taken the address of
# one that has gone.
test_registrar() {
	hosts 1 2 3 9
	auth_file 1 2 3 > "$tmp/auth"
	registrar 1 'feed = false'
	registrar 2 'feed = false'
	echo "secure = false; asap-listen = \"0.0.0.0:3864\"; control = \"$tmp/9.sock\";
		feed = false; log-debug = true;" > "$tmp/9.conf"
	starts 9 enrpd-9 enrpd -c "$tmp/9.conf"
	within 20 listens 9 3864
	on 9 asap_client 10.9.9.2:3864 register tally 900 10.9.9.2:1 600 control stay > /dev/null &
	shows 9 registrar 'v["elements"]' 1
	stays 2 2 register tally 200 10.9.2.2:1 600 control
	says client-2 registered
	at='"10.9.1.2:3864", "10.9.9.2:3864", "10.9.2.2:3864"' agent 3
	homes 3 1
	kills enrpd-1
	homes 3 2
	starts 3 count count tally 1
	elements 3 c8
	shown 9 registrar 'v["counters"]["resolutions"]' 0
	says enrpd-9 '10.9.3.2:.* has ended'
}

ktap_run 2.09
