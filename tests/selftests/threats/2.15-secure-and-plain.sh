#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.15: registrations that have used security and such that have not in one
# database. Into a secure one nothing comes without TLS, from any side.
. "$(dirname "$0")/threat.sh"
. "$(dirname "$0")/secure.sh"

# RFC 5354, 3.12.10, and RFC 5352, 9.3. Who knows the registrar's certificate, and shows
# none of his own, has not shown who he is either.
test_element() {
	local tls

	hosts 1 2 3 9
	"$(dirname "$0")/../certificates.sh" "$tmp"
	scene 'plain-listen = "0.0.0.0:3863"' "certificate = \"$tmp/server.pem\"" \
		"private-key = \"$tmp/server.key\""
	before 1 3
	same "$(on 9 asap_client 10.9.1.2:3863 register echo 900 10.9.9.2:7 600)" \
		'refused echo 0x00000384 cause 0xa'
	same "$(on 2 asap_client 10.9.1.2:3863 register echo 207 10.9.2.2:7207 600)" \
		'refused echo 0x000000cf cause 0xa'
	same "$(on 2 asap_client 10.9.1.2:3863 deregister echo 207)" \
		'deregistered echo 0x000000cf cause 0xa'
	same "$(on 9 asap_client 10.9.1.2:3863 resolve echo)" 'resolved echo cause 0xa'
	tls=(asap_client 10.9.1.2:3864 x509 "$tmp/ca.pem" www.example.org)
	same "$(on 9 "${tls[@]}" register echo 900 10.9.9.2:7 600)" \
		'refused echo 0x00000384 cause 0xa'
	same "$(on 9 "${tls[@]}" resolve echo)" \
		'resolved echo 0x000000cf 10.9.2.2:7207 home 0x00000001'
	refused 1 '' on 9 asap_client 10.9.1.2:3864 register echo 900 10.9.9.2:7 600
	unchanged
	served 3
	says enrpd-1 '(nobody): registration of pool echo id 0x384 refused, cause 0xa: it does not come over TLS'
	says enrpd-1 '(nobody): registration of pool echo id 0x384 refused, cause 0xa: it has not shown who it is'
	counted 1 rejected-0xa 5
	counted 1 handshakes-failed
}

test_resolution() {
	hosts 1 2 3 9
	scene 'plain-listen = "0.0.0.0:3863"' 'plain-resolution = true'
	before 1 3
	same "$(on 9 asap_client 10.9.1.2:3863 resolve echo)" \
		'resolved echo 0x000000cf 10.9.2.2:7207 home 0x00000001'
	same "$(on 9 asap_client 10.9.1.2:3863 register echo 900 10.9.9.2:7 600)" \
		'refused echo 0x00000384 cause 0xa'
	on 9 asap_client 10.9.1.2:3863 flood 10 unreachable echo 207 resolve echo | grep -q cf
	unchanged
	served 3
	counted 1 rejected-0xa 1
}

# One that speaks ENRP without TLS connects, and waits to be connected to.
test_peer() {
	hosts 1 2 9
	sed 's/10.9.3.2:9902/10.9.9.2:9902/' <(peers_file 1 1 2 3) > "$tmp/peers-1"
	peers_file 2 1 2 3 > "$tmp/peers-2"
	auth_file 1 2 > "$tmp/auth"
	feed=true peer 1 'start-grace = "0s"'
	feed=true peer 2 'start-grace = "0s"'
	together 1 2
	element 2 207 echo 2
	user 1 echo
	before 1 2
	sed 's/key = "[0-9]*";//' <(peers_file 3 1 2 3) > "$tmp/peers-9"
	rogue plain 3863 'secure = false' 'server-id = 3' 'enrp-listen = "0.0.0.0:9902"' \
		"peers = \"$tmp/peers-9\"" 'mentor-timeout = "1s"'
	says rogue-plain 'no peer gives us'
	on 9 asap_client 10.9.9.2:3863 register echo 900 10.9.9.2:7 600 | grep -q registered
	says enrpd-1 '10.9.9.2:.*: no connection: TLS handshake: '
	says enrpd-2 '10.9.9.2:.*: no connection: TLS handshake: '
	counted 1 handshakes-failed
	same "$(json '[p["id"] for p in v if p["state"] != "down"]' \
		rspctl -j peer show at "$tmp/rogue-plain.sock")" '[]'
	called_off
	rm "$tmp/rogue-plain.sock"
	unchanged
	served 1
}

# Who feeds a secure kernel has registered nothing in plain, be it a registrar (host 1) or
# an agent (host 3).
test_feeder() {
	local n not_fed='the kernel is not fed: its scope is secure, and what is registered here is not'

	hosts 1 2 3 9
	for n in 1 2 3; do secure_host "$n" tally; done
	before 1 2 3
	registrar 1 'secure = false' 'start-grace = "0s"'
	at='"10.9.1.2:3864"' who=' ' agent 3 'secure = false'
	homes 3 1
	attacks evil asap_client 10.9.1.2:3864 register tally 900 10.9.9.2:7 600 control stay
	says evil 'registered tally 0x00000384'
	says enrpd-1 "$not_fed"
	says asapd-3 "$not_fed"
	fails on 3 timeout 5 count tally 1
	counts 3 300
	within 20 listens 3 4300
	shown agent-3 agent '[v["kernel"], v["elements"]]' '["none", 0]'
	kills counter-300
	called_off
	kills enrpd-1
	kills asapd-3
	rm "$tmp/1.sock" "$tmp/agent-3.sock"
	unchanged 'elements 0 avoided\|id 0x0000012c'
	# What is secure is fed.
	registrar 1 'start-grace = "0s"'
	for n in 2 3; do
		at='"10.9.1.2:3864"' agent "$n"
		homes "$n" 1
	done
	counts 2 200
	elements 1 c8
	none 'scope is plain' "$tmp/enrpd-1" "$tmp/asapd-3"
	on 3 timeout 20 count tally 1
}

ktap_run 2.15
