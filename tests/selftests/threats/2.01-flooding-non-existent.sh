#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.1: registrations on behalf of elements that there are not, from a node that
# has no key.
. "$(dirname "$0")/threat.sh"

test_no_key() {
	hosts 1 2 3 9
	scene 'plain-listen = "0.0.0.0:3863"'
	before 1 3
	refused 1 '' on 9 asap_client 10.9.1.2:3864 psk host-9 "$(key 9)" \
		register echo 900 10.9.9.2:7 600
	same "$(on 9 asap_client 10.9.1.2:3863 register echo 900 10.9.9.2:7 600)" \
		'refused echo 0x00000384 cause 0xa'
	served 3
	unchanged
	says enrpd-1 '10.9.9.2:.* (nobody): registration of pool echo id 0x384 refused, cause 0xa'
	counted 1 rejected
}

ktap_run 2.01
