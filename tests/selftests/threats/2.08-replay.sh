#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.8: who has no key, and has recorded what an element, a registrar or a peer
# has sent, sends it once more.
. "$(dirname "$0")/threat.sh"
. "$(dirname "$0")/way.sh"

# replays TAPE PORT: he sends all of a connection to the registrar, by one of his own
replays() {
	on 9 socat -t 5 - "TCP:10.9.1.2:$2" < "$tmp/$1" > /dev/null 2>&1 || :
}

# A registration, by the connection by which it came.
test_again() {
	hosts 1 2 3 4 9
	anywhere 1 2 3 4 > "$tmp/auth"
	scene
	meddles 3864 again 1
	stays 4 9 register gone 499 10.9.4.2:9 600 deregister gone 499
	says client-4 'deregistered gone'
	before 1 3
	kill -USR1 "$(cat "$tmp/way-3864.pid")"
	says way-3864 'sent again'
	served 3
	unchanged
	says client-4 closed
	says enrpd-1 '10.9.9.2:.* has ended: '
	counted 1 records-refused
}

# Registrations and deregistrations, by a connection of his own; and what the registrar
# said to one agent, to another.
test_whole() {
	hosts 1 2 3 4 9
	anywhere 1 2 3 4 > "$tmp/auth"
	scene
	meddles 3864 tape "$tmp/tape"
	client 4 9 register gone 499 10.9.4.2:9 600 deregister gone 499 > /dev/null
	client 4 9 register kept 400 10.9.4.2:9 600 deregister kept 400 > /dev/null
	stays 4 register kept 400 10.9.4.2:9 600
	says client-4 registered
	before 1 3
	replays tape.0.up 3864
	replays tape.1.up 3864
	served 3
	unchanged
	counted 1 handshakes-failed 2
	says enrpd-1 '10.9.9.2:.* turned away: TLS handshake: '
	starts 9 forged socat TCP-LISTEN:3865,fork,reuseaddr "SYSTEM:cat $tmp/tape.0.down; sleep 9"
	within 20 listens 9 3865
	at='"10.9.9.2:3865", "10.9.1.2:3864"' agent 4
	homes 4 1
	says asapd-4 'registrar 10.9.9.2:3865: TLS handshake: '
	shows agent-4 agent 'v["counters"]["handshakes-failed"]' 1
}

# What a registrar told its peer.
test_peers() {
	hosts 1 2 3 9
	peers_by_way
	meddles 9902 tape "$tmp/tape"
	feed=true peer 1 'start-grace = "0s"'
	peer 2
	together 1 2
	client 2 2 register gone 299 10.9.2.2:9 600 > /dev/null
	resolves 3 gone 0x0000012b
	cp "$tmp/tape.0.up" "$tmp/begin"
	client 2 2 deregister gone 299 > /dev/null
	resolves 3 gone 'cause 0x9'
	stays 2 2 register kept 200 10.9.2.2:9 600
	resolves 3 kept 0x000000c8
	elements 1 c8
	before 1
	replays tape.0.up 9902
	replays begin 9902
	unchanged
	same "$(client 3 resolve kept)" \
		'resolved kept 0x000000c8 10.9.2.2:9 home 0x00000002'
	counted 1 handshakes-failed 2
	says enrpd-1 'peer 10.9.9.2:.* no connection: TLS handshake: '
}

ktap_run 2.08
