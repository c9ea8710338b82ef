#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Three registrars, each on its host: what one is told all know, whoever dies.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"

test_update() {
	hosts 1 2 3
	peer 1; peer 2; peer 3
	together 1 2 3
	stays 2 2 register web 200 10.9.2.2:80 600
	says client-2 registered
	for n in 1 2 3; do
		resolves "$n" "$n" web '^resolved web 0x000000c8 10.9.2.2:80 home 0x00000002$'
	done
	client 2 2 deregister web 200 > /dev/null
	for n in 1 2 3; do
		resolves "$n" "$n" web 'cause 0x9'
	done
}

# Who comes later gets all, from a mentor, before he serves anybody.
test_mentor() {
	local i many=

	hosts 1 2 3
	peer 1; peer 2
	together 1 2
	for ((i = 100; i < 200; i++)); do
		many+=" register web-$i $i 10.9.1.2:80 600"
	done
	# shellcheck disable=SC2086
	stays 1 register web 100 10.9.1.2:80 600 $many
	stays 2 2 register web 200 10.9.2.2:80 600
	says client-1 web-199
	says client-2 registered
	mentor=1h peer 3
	says enrpd-3 'gave us all 102 elements'
	same "$(client 3 3 resolve web-150)" \
		'resolved web-150 0x00000096 10.9.1.2:80 home 0x00000001'
	client 3 3 resolve web | grep -q '0x000000c8 10.9.2.2:80 home 0x00000002'
}

test_strangers() {
	hosts 1 2 3
	peer 1; peer 2
	together 1 2
	# One who has a key, but not the right one, and one with a name of another.
	pair_key() { printf "%064d" 7; }
	peer 3
	says enrpd-3 'no peer gives us'
	stays 3 3 register evil 300 10.9.3.2:80 600
	says client-3 registered
	same "$(client 1 resolve evil)" 'resolved evil cause 0x9'
	none 'registrar-3 .*is there' "$tmp/enrpd-1" "$tmp/enrpd-2"
}

# What the authorization file gives to nobody is not stored, whoever tells of it.
test_authorized() {
	hosts 1 2 3
	auth_file 1 3 > "$tmp/auth-1"
	auth=$tmp/auth-1 peer 1
	peer 2
	together 1 2
	stays 2 2 register web 200 10.9.2.2:80 600
	stays 3 2 register web 300 10.9.3.2:80 600
	says client-2 registered
	says enrpd-1 'web id 0xc8 is not stored: the authorization file gives nobody this PE id'
	resolves 3 web '^resolved web 0x0000012c 10.9.3.2:80 home 0x00000002$'
	client 3 resolve web | none 0x000000c8
	shows 1 registrar '[v["elements"], v["counters"]["updates-unauthorized"] > 0]' '[1, true]'
	# It is in the other one's checksum: that makes one audit, and no second.
	shows 1 registrar 'v["counters"]["audits"]' 1
	sleep 2
	shows 1 registrar 'v["counters"]["audits"]' 1
	auth_file 1 2 3 > "$tmp/auth-1"
	kill -HUP "$(cat "$tmp/enrpd-1.pid")"
	resolves 3 web '0x000000c8 10.9.2.2:80 home 0x00000002'
	auth_file 1 2 > "$tmp/auth-1"
	kill -HUP "$(cat "$tmp/enrpd-1.pid")"
	says enrpd-1 'web id 0x12c: removed: the authorization file does not give this PE id'
	same "$(client 2 resolve web)" 'resolved web 0x000000c8 10.9.2.2:80 home 0x00000002'
	# Who deregisters does so anywhere.
	same "$(client 2 deregister web 200)" 'deregistered web 0x000000c8'
	resolves 2 2 web '^resolved web 0x0000012c 10.9.3.2:80 home 0x00000002$'
	client 2 2 resolve web | none 0x000000c8
}

# Whose key is revoked, or who is not named any more, loses his connections at once; the
# others do not notice.
test_reload() {
	local n

	hosts 1 2 3
	peer 1; peer 2; peer 3
	together 1 2 3
	stays 2 3 register web 200 10.9.2.2:80 600
	stays 1 1 register other 100 10.9.1.2:80 600
	resolves 1 1 web 'home 0x00000003'
	says client-1 registered
	echo 'name = ;' > "$tmp/peers-1"
	kill -HUP "$(cat "$tmp/enrpd-1.pid")"
	says enrpd-1 'what was read before holds'
	for n in 1 2; do peers_file $n 1 2 > "$tmp/peers-$n"; done
	kill -HUP "$(cat "$tmp/enrpd-1.pid")"
	kill -HUP "$(cat "$tmp/enrpd-2.pid")"
	says enrpd-1 'peer registrar-3 .*the file names it no more'
	resolves 1 1 web 'home 0x0000000[12]'
	resolves 2 2 web 'home 0x0000000[12]'
	stays 3 3 register evil 300 10.9.3.2:80 600
	says client-3 registered
	shows 3 peer '[p["state"] for p in v]' '["down", "down"]'
	same "$(client 1 resolve evil)" 'resolved evil cause 0x9'
	same "$(client 1 resolve other)" 'resolved other 0x00000064 10.9.1.2:80 home 0x00000001'
	shows 1 peer '[[p["name"], p["state"]] for p in v]' '[["registrar-2", "active"]]'
	same "$(grep -c 'peer registrar-2 .*is there' "$tmp/enrpd-1")" 1
	same "$(grep -c closed "$tmp/client-1")" 0
	# It is named again, by another key: by the old one it does not get in.
	for n in 1 2; do peers_file $n 1 2 3 > "$tmp/peers-$n"; done
	sed -i "s/$(pair_key 1 3)/$(key 77)/" "$tmp/peers-1"
	kill -HUP "$(cat "$tmp/enrpd-1.pid")"
	says enrpd-1 'peer registrar-3 .*the file names it now'
	kill -HUP "$(cat "$tmp/enrpd-2.pid")"
	resolves 2 2 evil 'home 0x00000003'
	same "$(client 1 resolve evil)" 'resolved evil cause 0x9'
	sed -i "s/$(key 77)/$(pair_key 1 3)/" "$tmp/peers-1"
	kill -HUP "$(cat "$tmp/enrpd-1.pid")"
	resolves 1 1 evil 'home 0x00000003'
	same "$(grep -c 'peer registrar-2 .*is there' "$tmp/enrpd-1")" 1
}

# The elements of a registrar that dies are another one's, and stay if they come.
test_takeover() {
	hosts 1 2 3
	peer 1 'start-grace = "5s"'; peer 2 'start-grace = "5s"'; peer 3
	together 1 2 3
	stays 2 3 register web 200 10.9.2.2:80 600 register lost 201 10.9.2.2:80 600
	says client-2 'registered lost'
	resolves 1 1 web 'home 0x00000003'
	kills enrpd-3
	within 20 eval 'cat "$tmp"/enrpd-[12] | grep -q "taken over: 2 elements of registrar 0x00000003"'
	same "$(cat "$tmp"/enrpd-[12] | grep -c 'taken over')" 1
	stays 2 register web 200 10.9.2.2:80 600
	for n in 1 2; do
		resolves "$n" "$n" web '^resolved web 0x000000c8 10.9.2.2:80 home 0x00000001$'
		resolves "$n" "$n" lost 'cause 0x9'
	done
	# It comes again, and finds what has become of them.
	mentor=1h peer 3
	says enrpd-3 'gave us all'
	resolves 3 3 web '^resolved web 0x000000c8 10.9.2.2:80 home 0x00000001$'
}

# What an operator sees, and that all have the same.
test_show() {
	local n of='{p["id"]: p["checksum"] for p in v}' sum

	hosts 1 2 3
	peer 1; peer 2; peer 3
	together 1 2 3
	stays 1 register web 100 10.9.1.2:80 600
	stays 2 2 register web 200 10.9.2.2:80 600 register web 201 10.9.2.2:81 600
	says client-2 'registered web 0x000000c9'
	for n in 1 2 3; do
		shows "$n" registrar '[v["id"], v["ready"], v["elements"], v["peers"]]' \
			"[$n, true, 3, 2]"
	done
	sum=$(json 'v["checksum"]' rspctl -j registrar show at "$tmp/2.sock")
	shows 1 peer "${of}[2]" "$sum"
	shows 3 peer "${of}[2]" "$sum"
	shows 3 peer '[p["own"] for p in v]' '[1, 2]'
	shows 2 registrar 'v["counters"]["registrations"]' 2
	rspctl peer show at "$tmp/1.sock" |
		grep -q '^registrar-2 id 0x00000002 active at 10.9.2.2:9902'
	rspctl registrar show at "$tmp/1.sock" |
		grep -q '^registrar 0x00000001 secure ready pools 1 elements 3 own 1'
	kills enrpd-3
	shows 1 peer '[p["state"] for p in v if p["id"] == 3]' '["down"]'
	refused 2 'does enrpd run here' rspctl peer show at "$tmp/nowhere"
	# It takes the place of the socket that the killed one left.
	peer 3
	shows 3 registrar 'v["id"]' 3
}

# One that was only stopped owns again what it has, and is told what it missed.
test_stopped() {
	hosts 1 2 3
	peer 1 'start-grace = "1h"'; peer 2 'start-grace = "1h"'
	peer 3 'start-grace = "1h"'
	together 1 2 3
	stays 2 3 register web 200 10.9.2.2:80 600
	says client-2 registered
	resolves 1 1 web 'home 0x00000003'
	resolves 2 2 web 'home 0x00000003'
	kill -STOP "$(cat "$tmp/enrpd-3.pid")"
	resolves 1 1 web 'home 0x0000000[12]'
	stays 1 1 register other 100 10.9.1.2:80 600
	kill -CONT "$(cat "$tmp/enrpd-3.pid")"
	for n in 1 2 3; do
		resolves "$n" "$n" web '^resolved web 0x000000c8 10.9.2.2:80 home 0x00000003$'
		resolves "$n" "$n" other '0x00000064 10.9.1.2:80 home 0x00000001'
	done
}

# One was cut off while an element went from one of the others to the other. It hears the
# former one first, which does not have it any more.
test_moved() {
	hosts 1 2 3
	heard=10s peer 1 'start-grace = "1h"'
	peer 2 'start-grace = "1h"'; peer 3 'start-grace = "1h"'
	together 1 2 3
	stays 2 3 register web 200 10.9.2.2:80 600 register lost 201 10.9.2.2:80 600
	resolves 1 1 lost 'home 0x00000003'
	apart 1 2; apart 1 3
	shows 1 peer '[p["state"] for p in v]' '["down", "down"]'
	client 2 3 deregister lost 201 > /dev/null
	stays 2 2 register web 200 10.9.2.2:80 600
	resolves 3 3 web 'home 0x00000002'
	apart_over 1 3
	shows 1 registrar 'v["counters"]["audits"]' 1
	shows 1 peer '[p["fetching"] for p in v]' '[false, false]'
	resolves 1 1 web '^resolved web 0x000000c8 10.9.2.2:80 home 0x00000003$'
	apart_over 1 2
	resolves 1 1 web '^resolved web 0x000000c8 10.9.2.2:80 home 0x00000002$'
	# Nobody has named the other one, and it was not asked for over and over.
	resolves 1 1 lost 'cause 0x9'
	shows 1 registrar 'v["counters"]["audits"] <= 4' true
}

# Two take over what a third one still has, and then hear each other: each may leave it to
# the other. It is there yet when the third one is heard again.
test_ceded() {
	local n

	hosts 1 2 3
	for n in 1 2 3; do heard=2s peer $n 'start-grace = "1h"'; done
	together 1 2 3
	stays 2 2 register web 200 10.9.2.2:80 600
	resolves 1 1 web 'home 0x00000002'
	resolves 3 3 web 'home 0x00000002'
	apart 1 2; apart 2 3; apart 1 3
	says enrpd-1 'taken over: 1 elements'
	says enrpd-3 'taken over: 1 elements'
	apart_over 1 3
	shows 1 registrar 'v["counters"]["audits"] > 0' true
	shows 3 registrar 'v["counters"]["audits"] > 0' true
	# Longer than what nobody names is kept.
	sleep 4
	resolves 1 1 web '^resolved web 0x000000c8 '
	resolves 3 3 web '^resolved web 0x000000c8 '
	apart_over 1 2; apart_over 2 3
	resolves 1 1 web 'home 0x00000002'
	resolves 3 3 web 'home 0x00000002'
	none 'removed' "$tmp/enrpd-1" "$tmp/enrpd-3"
}

ktap_run enrp
