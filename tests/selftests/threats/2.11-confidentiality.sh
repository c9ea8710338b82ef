#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.11: who sees the wire reads neither pools nor addresses from it.
. "$(dirname "$0")/threat.sh"
. "$(dirname "$0")/secure.sh"
. "$(dirname "$0")/way.sh"

# What elements, users and registrars tell each other.
test_control() {
	local pool address

	pool=$(digits treasury) address=$(octets_of 192.0.2.77)
	hosts 1 2 3
	auth_file 1 2 3 | sed 's| ]; } );| ]; addresses = [ "192.0.2.0/24" ]; } );|' > "$tmp/auth"
	# The addresses that users connect to are on the wire.
	listens_in 'tcp port 3863 or tcp port 3864 or tcp port 9902'
	peer 1 'plain-listen = "0.0.0.0:3863"' 'plain-resolution = true'; peer 2
	together 1 2
	stays 2 2 register treasury 299 192.0.2.77:7 600
	resolves 3 1 treasury '192.0.2.77:7 home 0x00000002'
	at='"10.9.1.2:3864"' agent 3
	homes 3 1
	fails on 3 timeout 2 ask treasury
	client 2 2 deregister treasury 299 > /dev/null
	resolves 3 1 treasury 'cause 0x9'
	# So that he would have, if it were there.
	on 3 asap_client 10.9.1.2:3863 resolve nothing > /dev/null
	has_read "$(digits nothing)"
	reads_not "$pool"
	reads_not "$address"
	stays 2 2 register treasury 299 192.0.2.77:7 600
	resolves 3 1 treasury '192.0.2.77'
	on 3 asap_client 10.9.1.2:3863 resolve treasury > /dev/null
	has_read "$pool"
	has_read "$address"
}

ktap_run 2.11
