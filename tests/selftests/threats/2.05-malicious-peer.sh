#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.5: a malicious registrar wants to be one of the legitimate ones, to
# propagate what is not so.
. "$(dirname "$0")/threat.sh"

# legitimate: registrars on hosts 1 and 2, each of which feeds its kernel; an element
# registered with the second, and a user at the first one's host
legitimate() {
	auth_file 1 2 3 9 > "$tmp/auth"
	feed=true peer 1 'start-grace = "0s"'
	feed=true peer 2 'start-grace = "0s"'
	together 1 2
	element 2 207 echo 2
	user 1 echo
}

# malicious NAME KEY-OF [SETTING...]: the attacker's, on host 9, which says to be this
# registrar to the other two, and has the keys of that one; with an element of his
malicious() {
	local name=$1 of=$2

	shift 2
	{
		echo "name = \"$name\"; peers = ("
		echo "{ name = \"registrar-1\"; key = \"$(pair_key 1 "$of")\"; address = \"10.9.1.2:9902\"; },"
		echo "{ name = \"registrar-2\"; key = \"$(pair_key 2 "$of")\"; address = \"10.9.2.2:9902\"; } );"
	} > "$tmp/peers-9"
	mentor=1s peer 9 "$@"
	says enrpd-9 'no peer gives us\|gave us all'
	stays 9 9 register echo 900 10.9.9.2:7 600
	says client-9 registered
}

# learned_nothing: the attacker has but his own element
learned_nothing() { shows 9 registrar '[v["elements"], v["own"]]' '[1, 1]'; }

# ended [PATTERN]: the attacker's has gone, and he has left no trace, see unchanged
ended() {
	kills client-9
	kills enrpd-9
	rm -f "$tmp/9.sock" "$tmp/enrpd-9" "$tmp/client-9"
	unchanged "$@"
	served 1
}

# No key, a name that nobody has.
test_no_key() {
	hosts 1 2 9
	legitimate
	before 1 2
	malicious registrar-3 9
	learned_nothing
	says enrpd-1 '10.9.9.2:.*: no connection: TLS handshake: '
	says enrpd-2 '10.9.9.2:.*: no connection: TLS handshake: '
	ended
	malicious registrar-9 9
	learned_nothing
	ended
	counted 1 handshakes-failed 2
}

# A key, but one of an element.
test_element() {
	hosts 1 2 9
	legitimate
	before 1 2
	pair_key() { key 9; }
	malicious host-9 9
	learned_nothing
	says enrpd-1 '10.9.9.2:.*: no connection: TLS handshake: '
	ended
	counted 1 handshakes-failed
}

# A peer has a key of its own: with it, it is not another one.
test_another() {
	hosts 1 2 3 9
	legitimate
	before 1 2
	id=2 malicious registrar-3 3
	learned_nothing
	says enrpd-1 'peer 10.9.9.2:.*: another peer has its server identifier'
	counted 1 unexpected
	ended
}

# It is a peer, until its key is revoked.
peers_are() {
	local n

	for n in 1 2; do
		peers_file $n "$@" > "$tmp/peers-$n"
		kill -HUP "$(cat "$tmp/enrpd-$n.pid")"
	done
}
test_revoked() {
	local n

	hosts 1 2 9
	for n in 1 2; do
		peers_file $n 1 2 > "$tmp/peers-$n"
	done
	legitimate
	before 1 2
	peers_are 1 2 3
	malicious registrar-3 3
	shows 9 registrar '[v["elements"], v["own"]]' '[2, 1]'
	for n in 1 2; do
		resolves $n $n echo '0x00000384 10.9.9.2:7 home 0x00000009'
	done
	peers_are 1 2
	for n in 1 2; do
		resolves $n $n echo '^resolved echo 0x000000cf 10.9.2.2:7207 home 0x00000002$'
		says enrpd-$n '10.9.9.2:.*: no connection: TLS handshake: '
		counted $n handshakes-failed
	done
	ended 'id 0x00000384'
}

ktap_run 2.05
