#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.2: registrations and deregistrations that are not authorized, at a very
# rapid rate: from a node that has not the key of whom it says to be, and from an
# element that registers more than it may.
. "$(dirname "$0")/threat.sh"

test_wrong_key() {
	hosts 1 2 3 9
	scene
	before 1 3
	same "$(on 9 asap_client 10.9.1.2:3864 psk host-2 "$(key 9)" again 20 \
		register echo 209 10.9.2.2:7 600)" 'connections 20, let in 0'
	unchanged
	served 3
	says enrpd-1 '10.9.9.2:.*: turned away: TLS handshake: '
	counted 1 handshakes-failed 20
}

test_flood() {
	hosts 1 2 3 9
	has_key '{ handle = "other"; ids = [ 900, 999 ]; }'
	scene
	before 1 3
	attacks flood asap_client 10.9.1.2:3864 psk host-9 "$(key 9)" again 1000000 \
		flood 5000 register echo 900 10.9.9.2:7 600 flood 5000 deregister echo 207
	counted 1 rejected 10000
	registered_in_time
	served 3
	called_off
	unchanged 0x000000d0
	says enrpd-1 '10.9.9.2:.* (host-9): registration of pool echo .* refused, cause 0xa: it has no place'
	says enrpd-1 '(host-9): deregistration of pool echo .* refused, cause 0xa'
	says enrpd-1 'refused, cause 0x6: it has done as many updates as its identity may'
}

# What is his is as much as his entry says, and as often.
test_quota() {
	hosts 1 2 3 9
	has_key '{ handle = "other"; ids = [ 1000, 9999 ]; }' 'elements = 3;'
	scene
	before 1 3
	same "$(client 9 flood 500 register other 1000 10.9.9.2:7 600)" 'flood of 500, refused 497'
	says enrpd-1 '(host-9): registration of pool other .* refused, cause 0x6: there are as many elements'
	counted 1 rejected-0x6 497
	client 9 flood 3 deregister other 1000
	served 3
	unchanged other
}

test_rate() {
	hosts 1 2 3 9
	has_key '{ handle = "other"; ids = [ 1000, 9999 ]; }' 'updates = 1; updates-burst = 5;'
	scene
	before 1 3
	client 9 flood 300 register other 1000 10.9.9.2:7 600 > "$tmp/flood"
	[ "$(sed 's/.* //' "$tmp/flood")" -gt 200 ]
	says enrpd-1 '(host-9): registration of pool other .* refused, cause 0x6: it has done'
	counted 1 rejected-0x6 200
	registered_in_time
	served 3
}

ktap_run 2.02
