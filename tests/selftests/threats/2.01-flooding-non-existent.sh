#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.1: registrations and deregistrations on behalf of elements that there are
# not, at a very rapid rate, from a node that has no key.
. "$(dirname "$0")/threat.sh"

test_no_key() {
	hosts 1 2 3 9
	scene 'plain-listen = "0.0.0.0:3863"'
	before 1 3
	refused 1 '' on 9 asap_client 10.9.1.2:3864 psk host-9 "$(key 9)" \
		register echo 900 10.9.9.2:7 600
	refused 1 '' on 9 asap_client 10.9.1.2:3864 register echo 900 10.9.9.2:7 600
	same "$(on 9 asap_client 10.9.1.2:3863 register echo 900 10.9.9.2:7 600)" \
		'refused echo 0x00000384 cause 0xa'
	same "$(on 9 asap_client 10.9.1.2:3863 deregister echo 207)" \
		'deregistered echo 0x000000cf cause 0xa'
	unchanged
	served 3
	says enrpd-1 '10.9.9.2:.*: turned away: TLS handshake: '
	counted 1 handshakes-failed 2
	says enrpd-1 '10.9.9.2:.* (nobody): registration of pool echo id 0x384 refused, cause 0xa: it does not come over TLS'
	says enrpd-1 '10.9.9.2:.* (nobody): deregistration of pool echo id 0xcf refused, cause 0xa'
	counted 1 rejected-0xa 2
}

test_flood() {
	local i

	hosts 1 2 3 9
	scene 'plain-listen = "0.0.0.0:3863"'
	before 1 3
	for i in 1 2; do
		attacks keys-$i asap_client 10.9.1.2:3864 psk host-9 "$(key 9)" again 1000000 \
			register echo 900 10.9.9.2:7 600
		attacks plain-$i asap_client 10.9.1.2:3863 again 1000000 \
			flood 1000 register echo 10000 10.9.9.2:7 600 \
			flood 1000 deregister echo 207
	done
	counted 1 handshakes-failed 20
	counted 1 rejected-0xa 5000
	registered_in_time
	served 3
	called_off
	unchanged 0x000000d0
	says enrpd-1 '[0-9] lines were left out'
}

# It has nothing to say, and comes again when it is closed.
test_crowd() {
	hosts 1 2 3 9
	scene 'connections-max = 20'
	before 1 3
	attacks crowd python3 -c '
import select, socket
crowd = []
while True:
	while len(crowd) < 100:
		crowd.append(socket.create_connection(("10.9.1.2", 3864)))
	crowd = [s for s in crowd if s not in select.select(crowd, [], [], 0.01)[0]]'
	shows 1 registrar 'v["connections"] >= 20' true
	registered_in_time
	served 3
	counted 1 displaced 100
	called_off
	unchanged 0x000000d0
	says enrpd-1 '10.9.9.2:.*: turned away: it made room for another one'
}

ktap_run 2.01
