#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The agent of host 3 is given another file: what is the same in it notices nothing.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"

# service ID PORT [SETTING]: one that is well
service() {
	echo "{ handle = \"echo\"; id = $1; port = $2; interval = \"200ms\";"
	echo "command = \"${3:-true}\"; timeout = \"10s\"; rise = 1; fall = 1; }"
}

# again N: the agent there reads its file again
again() { kill -HUP "$(cat "$tmp/asapd-$1.pid")"; }
# changes SED...: of its file, which it then reads
changes() {
	sed -i "$@" "$tmp/agent-3.conf"
	again 3
}
# reads N: it has, so many times
has_read() { [ "$(grep -c 'read again$' "$tmp/asapd-3")" = "$1" ]; }
reads() { within 20 has_read "$1"; }

test_services() {
	hosts 1 3
	registrar 1
	agent 3 "services = ( $(service 300 8080), $(service 301 8081 'touch /dev/null') )"
	homes 3 1
	resolves 1 echo 0x0000012c
	resolves 1 echo 0x0000012d
	# One that is wrong changes nothing.
	cp "$tmp/agent-3.conf" "$tmp/right"
	changes 's/id = 301/id = "x"/'
	says asapd-3 'what was read before holds'
	cp "$tmp/right" "$tmp/agent-3.conf"
	changes 's/^secure.*//; $ a secure = false;'
	says asapd-3 'what was read before holds'
	# One is elsewhere, one has gone, one is new.
	cp "$tmp/right" "$tmp/agent-3.conf"
	changes 's/8080/8088/; s/id = 301; port = 8081/id = 302; port = 8082/'
	reads 1
	resolves 1 echo '0x0000012c 10.9.3.2:8088'
	resolves 1 echo '0x0000012e 10.9.3.2:8082'
	client 1 resolve echo | none 0x0000012d
	shows 1 registrar '[v["counters"][c] for c in ("registrations", "reregistrations", "deregistrations")]' \
		'[3, 1, 1]'
	# What says that it is well is another command, at once.
	changes "s/touch/false/"
	says asapd-3 'id 0x12e: the service is ill'
	changes 's/false/true/; $ a registration-life = "1h";'
	resolves 1 echo '0x0000012e 10.9.3.2:8082'
	reads 3
	changes '/^services/,/^)/d'
	resolves 1 echo 'cause 0x9'
	shows agent-3 agent '[v["services"], v["counters"]["homes"]]' '[[], 1]'
	none 'is lost' "$tmp/asapd-3"
	ends asapd-3 TERM
}

# The home registrar stays while it is in the list by its name, and we have the same key.
test_home() {
	hosts 1 2 3
	registrar 1
	registrar 2
	agent 3 "services = ( $(service 300 8080) )"
	homes 3 1
	resolves 1 echo 0x0000012c
	changes 's/"10.9.1.2:3864", "10.9.2.2:3864"/"10.9.2.2:3864", "10.9.1.2:3864"/'
	reads 1
	homes 3 1
	changes 's/, "10.9.1.2:3864"//'
	says asapd-3 'is lost: it is in the list no more'
	homes 3 2
	resolves 1 2 echo 0x0000012c
	# A new key, on both sides.
	sed "s/$(key 3)/$(key 33)/" "$tmp/auth" > "$tmp/auth.new"
	mv "$tmp/auth.new" "$tmp/auth"
	kill -HUP "$(cat "$tmp/enrpd-2.pid")"
	says enrpd-2 'key is not good any more'
	changes "s/$(key 3)/$(key 33)/"
	homes 3 2
	resolves 1 2 echo 0x0000012c
	same "$(json 'v["counters"]["homes"]' rspctl -j agent show at "$tmp/agent-3.sock")" 3
	# By the same key nobody notices; by another the connection is made anew.
	again 3
	reads 4
	same "$(json 'v["counters"]["homes"]' rspctl -j agent show at "$tmp/agent-3.sock")" 3
	changes "s/$(key 33)/$(key 3)/"
	says asapd-3 'is lost: this host has another key'
	sed "s/$(key 33)/$(key 3)/" "$tmp/auth" > "$tmp/auth.new"
	mv "$tmp/auth.new" "$tmp/auth"
	kill -HUP "$(cat "$tmp/enrpd-2.pid")"
	homes 3 2
	# It has but just been found, and the list is gone through at once all the same.
	: > "$tmp/asapd-3"
	changes 's/"10.9.2.2:3864"/{ address = "10.9.2.2:3864"; name = "other"; }/'
	says asapd-3 'is lost: it is in the list by another name'
	homes 3 2
	none 'no registrar of the list is there' "$tmp/asapd-3"
}

ktap_run asapd_reload
