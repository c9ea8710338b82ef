#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.10: what is told on the way is changed, where it can be read, and otherwise
# in each of its records: then it has not been told.
. "$(dirname "$0")/threat.sh"
. "$(dirname "$0")/way.sh"

# forges: another address than that of the element on host 2
forges() { meddles "$1" change "$(octets_of 10.9.2.2)" "$(octets_of 10.9.9.2)"; }

right='resolved echo 0x000000cf 10.9.2.2:7207 home 0x00000001'
resolves_or_not() {
	local said

	said=$(client 4 9 resolve echo) || return 0
	same "$said" "$right"
}

# a. A handle resolution.
test_a() {
	hosts 1 2 3 4 9
	auth_file 1 2 3 4 > "$tmp/auth"
	scene
	starts 9 evil socat TCP-LISTEN:7207,fork,reuseaddr EXEC:cat
	forges 3864
	at='"10.9.9.2:3864"' agent 4
	homes 4 9
	user 4 echo
	served 4
	same "$(on 4 rspctl -j pe show | grep -o '"10[^]]*')" \
		"$(on 3 rspctl -j pe show | grep -o '"10[^]]*')"
	ends asapd-4 TERM
	stops 3864
	before 1 3
	each_record flip resolves_or_not
	served 3
	unchanged
	counted 1 handshakes-failed
	counted 1 records-refused
	says enrpd-1 '10.9.9.2:.* turned away: TLS handshake: '
	says enrpd-1 '10.9.9.2:.* has ended: '
}

# flipped N: he has done it to so many connections
flipped() { [ "$(grep -c ' 1$' "$tmp/way-9902")" -ge "$1" ]; }

# b. What a registrar tells its peer.
test_b() {
	local told='^resolved echo 0x000000cf 10.9.2.2:7207 home 0x00000002$'

	hosts 1 2 3 9
	peers_by_way
	forges 9902
	peer 1; peer 2
	together 1 2
	stays 2 2 register echo 207 10.9.2.2:7207 600
	resolves 3 echo "$told"
	# Of two connections each another record, after those of the handshake.
	for way in up down; do
		stops 9902
		meddles 9902 flip "$way" 3
		within 20 flipped 2
		client 3 resolve echo |
			grep '^resolved echo 0x000000cf 10.9.2.2:7207 home 0x0000000[12]$'
	done
	counted 1 records-refused
	counted 2 records-refused
	says enrpd-1 'peer 10.9.9.2:.* connection has ended: '
	stops 9902
	meddles 9902 tape "$tmp/tape"
	resolves 3 echo "$told"
	resolves 3 2 echo "$told"
}

# A new port, each time; it is stored, or what was there before is yet.
updates_or_not() {
	local port=7$((RANDOM % 1000)) now

	now=$(client 3 resolve val)
	client 4 9 register val 400 "10.9.2.2:$port" 600 > /dev/null || :
	[ "$(client 3 resolve val)" = "$now" ] ||
		same "$(client 3 resolve val)" \
			"resolved val 0x00000190 10.9.2.2:$port home 0x00000001"
}

# c. What an element updates.
test_c() {
	hosts 1 2 3 4 9
	anywhere 1 2 3 4 > "$tmp/auth"
	scene 'keep-alive-timeout = "1h"'
	forges 3864
	client 4 9 register val 400 10.9.2.2:7 600 > /dev/null
	resolves 3 val '^resolved val 0x00000190 10.9.2.2:7 home 0x00000001$'
	stops 3864
	before 3
	each_record flip updates_or_not
	served 3
	client 4 register val 400 10.9.2.2:7 600 > /dev/null
	unchanged
	counted 1 handshakes-failed
	counted 1 records-refused
}

# offers IDENTITY KEY PORT PRIORITIES [OPTION...]: he has the key, and this is what he
# would agree on
offers() {
	on 9 timeout 20 gnutls-cli --pskusername "$1" --pskkey "$2" -p "$3" \
		--priority "NORMAL:-KX-ALL:$4" "${@:5}" 10.9.1.2 < /dev/null > "$tmp/said" 2>&1
}
# no_less IDENTITY KEY PORT: registrar 1 agrees on TLS 1.3 and 1.2, with integrity and a
# Diffie-Hellman share, on nothing less, and on nothing twice
no_less() {
	local now=-VERS-ALL:+VERS-TLS1.3 before=-VERS-ALL:+VERS-TLS1.2 version

	offers "$@" "$now:+ECDHE-PSK"
	offers "$@" "$before:+ECDHE-PSK"
	fails offers "$@" "-VERS-ALL:+VERS-TLS1.1:+ECDHE-PSK"
	fails offers "$@" "$now:+PSK"
	fails offers "$@" "$before:+PSK"
	fails offers "$@" "$before:+ECDHE-PSK:-CIPHER-ALL:+NULL:+SHA256:+SHA1"
	fails offers "$@" "$before:+ECDHE-PSK:-CIPHER-ALL:+AES-128-CBC:+SHA256:+SHA1"
	fails offers "$@" "$before:+ECDHE-PSK" --rehandshake
	for version in $now $before; do
		offers "$@" "$version:+ECDHE-PSK" --resume || grep -q 'again' "$tmp/said"
		none 'resumed' "$tmp/said"
	done
	head -c 100 /dev/zero > "$tmp/early"
	fails offers "$@" "$now:+ECDHE-PSK" --resume --earlydata="$tmp/early"
	grep -q 'error sending early data' "$tmp/said"
}

# Who is on the way, or at the other end, has less to offer: versions without protection
# of the handshake, exchanges that are read later, ciphers that protect nothing.
test_older() {
	local priorities='NORMAL:-VERS-ALL:+VERS-TLS1.1:-KX-ALL:+ECDHE-PSK:+PSK'

	hosts 1 2 3 4 9
	auth_file 1 2 3 4 > "$tmp/auth"
	peers_by_way
	peer 1
	says enrpd-1 'no peer gives us'
	no_less host-4 "$(key 4)" 3864
	no_less registrar-2 "$(pair_key 1 2)" 9902
	says enrpd-1 '10.9.9.2:.* wanted another handshake'
	says enrpd-1 '10.9.9.2:.* turned away: TLS handshake: '
	counted 1 records-refused 2
	counted 1 handshakes-failed 10
	# He poses as a registrar, of an agent and of a peer.
	echo "host-4:$(key 4)" > "$tmp/keys"
	echo "registrar-2:$(pair_key 1 2)" >> "$tmp/keys"
	for port in 3864 9902; do
		starts 9 "old-$port" gnutls-serv --echo --pskpasswd "$tmp/keys" \
			--priority "$priorities" -p "$port"
		within 20 listens 9 "$port"
	done
	at='"10.9.9.2:3864", "10.9.1.2:3864"' agent 4
	homes 4 1
	says asapd-4 'registrar 10.9.9.2:3864: TLS handshake: '
	peer 2
	says enrpd-2 'peer 10.9.9.2:9902: no connection: TLS handshake: '
	shown 2 registrar 'v["counters"]["handshakes"]' 0
}

ktap_run 2.10
