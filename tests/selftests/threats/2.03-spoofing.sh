#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.3: false registrations and deregistrations concerning a legitimate element,
# from an element that has a key of its own.
. "$(dirname "$0")/threat.sh"

# His entry has all pools, and addresses of his: but not another's element, nor its host.
test_another() {
	hosts 1 2 3 9
	has_key '{ handle = "*"; ids = [ 900, 999 ]; addresses = [ "10.8.0.0/16" ]; }'
	scene
	before 1 3
	# That very element, at another place; a new one of the same host; its end.
	same "$(client 9 register echo 207 10.9.9.2:7 600)" 'refused echo 0x000000cf cause 0xa'
	same "$(client 9 register echo 208 10.9.2.2:7 600)" 'refused echo 0x000000d0 cause 0xa'
	same "$(client 9 deregister echo 207)" 'deregistered echo 0x000000cf cause 0xa'
	unchanged
	served 3
	says enrpd-1 '(host-9): registration of pool echo id 0xcf refused, cause 0xa'
	says enrpd-1 '(host-9): deregistration of pool echo id 0xcf refused, cause 0xa'
	counted 1 rejected-0xa 3
}

# Who is to be drowned in users is not there, but is said to be.
test_target() {
	hosts 1 2 3 9
	has_key '{ handle = "*"; ids = [ 900, 999 ]; addresses = [ "10.8.0.0/16" ]; }'
	scene
	before 1 3
	same "$(client 9 register echo 900 10.9.3.2:80 600)" 'refused echo 0x00000384 cause 0xa'
	same "$(client 9 register echo 900 10.9.2.2:7207 600)" 'refused echo 0x00000384 cause 0xa'
	same "$(client 9 register echo 900 10.7.255.255:80 600)" 'refused echo 0x00000384 cause 0xa'
	unchanged
	served 3
	says enrpd-1 '(host-9): registration of pool echo id 0x384 refused, cause 0xa'
	counted 1 rejected-0xa 3
}

# An element that has died is kept alive by nobody else.
test_alive() {
	hosts 1 2 3 9
	has_key '{ handle = "*"; ids = [ 900, 999 ]; }'
	scene 'keep-alive-interval = "500ms"' 'keep-alive-timeout = "3s"'
	stays 3 mute register echo 300 10.9.3.2:80 600
	says client-3 'keep-alive echo 0x0000012c'
	attacks acks asap_client 10.9.1.2:3864 psk host-9 "$(key 9)" again 1000000 \
		flood 10 ack echo 300 resolve nothing
	says enrpd-1 'pool echo id 0x12c: .*does not answer'
	called_off
	resolves 2 echo '^resolved echo 0x000000cf 10.9.2.2:7207 home 0x00000001$'
	served 3
	counted 1 unexpected 10
}

ktap_run 2.03
