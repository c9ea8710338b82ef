#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.4: an element that is not authorized to join a pool sends registrations and
# deregistrations.
. "$(dirname "$0")/threat.sh"

# It has a key, and a pool, but not this one.
test_other_pool() {
	hosts 1 2 3 9
	has_key '{ handle = "ech?"; ids = [ 900, 910 ]; policies = [ "rr" ]; },
		{ handle = "other*"; ids = [ 911, 920 ]; policies = [ "wrr" ]; }'
	scene
	before 1 3
	# Identifiers, pools and policies belong together.
	same "$(client 9 register echo 911 10.9.9.2:7 600)" 'refused echo 0x0000038f cause 0xa'
	same "$(client 9 register other 900 10.9.9.2:7 600)" 'refused other 0x00000384 cause 0xa'
	same "$(client 9 register echoo 900 10.9.9.2:7 600)" 'refused echoo 0x00000384 cause 0xa'
	same "$(client 9 register ech 900 10.9.9.2:7 600)" 'refused ech 0x00000384 cause 0xa'
	same "$(client 9 register other 911 10.9.9.2:7 600)" 'refused other 0x0000038f cause 0xa'
	same "$(client 9 deregister echo 911)" 'deregistered echo 0x0000038f cause 0xa'
	unchanged
	served 3
	says enrpd-1 '(host-9): registration of pool echoo id 0x384 refused, cause 0xa: it has no place'
	counted 1 rejected-0xa 6
}

# It was authorized, and is not any more.
test_withdrawn() {
	hosts 1 2 3 9
	auth_file 1 2 3 > "$tmp/without"
	has_key '{ handle = "echo"; ids = [ 900, 910 ]; }'
	cp "$tmp/auth" "$tmp/with"
	cp "$tmp/without" "$tmp/auth"
	scene
	before 1 3
	cp "$tmp/with" "$tmp/auth"
	kill -HUP "$(cat "$tmp/enrpd-1.pid")"
	says enrpd-1 'read again'
	stays 9 register echo 900 10.9.9.2:7 600
	says client-9 registered
	cp "$tmp/without" "$tmp/auth"
	kill -HUP "$(cat "$tmp/enrpd-1.pid")"
	says client-9 closed
	refused 1 '' client 9 register echo 901 10.9.9.2:7 600
	unchanged 'id 0x00000384'
	served 3
	says enrpd-1 'pool echo id 0x384: removed: the authorization file does not give'
	says enrpd-1 '10.9.9.2:.*: its key is not good any more'
	counted 1 handshakes-failed
}

# A program of the registrar's host, and one of a host of its agents, without the right
# to listen or to change anything.
test_program() {
	local n as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'

	hosts 1 2 3 9
	scene
	before 1 3
	for n in 1 3; do
		refused 1 'Permission denied' on "$n" $as_nobody counter echo 4000 "${n}50"
		refused 2 CAP_NET_ADMIN on "$n" $as_nobody \
			rspctl pe add pool echo id "${n}50" tcp "10.9.$n.2:7"
		refused 2 CAP_NET_ADMIN on "$n" $as_nobody rspctl pe del pool echo id 207
	done
	unchanged
	served 3
}

ktap_run 2.04
