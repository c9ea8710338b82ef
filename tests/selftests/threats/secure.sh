# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after threat.sh: hosts whose scopes are secure.

# secure_host N POOL: its kernel has this pool's key, and an agent for handshakes
secure_host() {
	[ -e "$tmp/key" ] || head -c 32 /dev/urandom > "$tmp/key"
	on "$1" rspctl scope set name "$ns" mode secure auth psk handshake-timeout 1m
	on "$1" rspctl key add pool "$2" file "$tmp/key"
	starts "$1" "tlshd-$1" rserpool-tlshd
	within 20 eval "on $1 rspctl doctor | grep -q '^ok *agent '"
}

# listens_in FILTER: somebody keeps what goes through the router
listens_in() {
	ip netns exec "$ns" tcpdump -i any -U -w "$tmp/wire" "$1" > "$tmp/tcpdump" 2>&1 &
	says tcpdump 'listening on'
}

# reads OCTETS: they were on the wire, in the clear; hexadecimal digits
reads() {
	python3 -c 'import sys
sys.exit(bytes.fromhex(sys.argv[1]) not in open(sys.argv[2], "rb").read())' "$1" "$tmp/wire"
}
has_read() { within 20 reads "$1"; }
reads_not() { ! reads "$1" || fail "read on the wire: $1"; }

digits() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }
