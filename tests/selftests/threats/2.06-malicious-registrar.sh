#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.6: an element registers and deregisters with a malicious registrar, and does
# not know it: he has the address of the legitimate one, and what the element sends there.
. "$(dirname "$0")/threat.sh"
. "$(dirname "$0")/way.sh"

# [ at=LIST who=SETTINGS ] legitimate [SETTING...]: besides the scene, an element on host 4,
# whose agent knows no other registrar
legitimate() {
	[ -e "$tmp/auth" ] || auth_file 1 2 3 4 > "$tmp/auth"
	who='' scene 'keep-alive-interval = "500ms"' 'keep-alive-timeout = "1h"' "$@"
	serves 4 407
	at=${at:-'"10.9.1.2:3864"'} agent 4 'hunt-timeout = "2s"' 'retry-max = "2s"' \
		'services = ( { handle = "echo"; id = 407; port = 7407; interval = "200ms"; } )'
	resolves 3 echo '^resolved echo 0x00000197 10.9.4.2:7407 '
	# It is told by the first question whether the element is there.
	shows agent-4 agent 'v.get("home-id")' 1
}

# ignored: the agent has seen who he is, and found the legitimate one again
ignored() {
	before 1 3
	intercepts 4 'TLS handshake: '
	served 3
	passes 4
	unchanged
	served 3
}

# He has no key of anybody.
test_no_key() {
	hosts 1 2 3 4 9
	legitimate
	sed "s/0\{50\}/$(printf '7%.0s' {1..50})/" "$tmp/auth" > "$tmp/false"
	rogue malicious 3864 "authorization = \"$tmp/false\"" 'server-id = 1'
	ignored
}

# He needs none. Of an element that ends meanwhile the legitimate one hears.
test_plain() {
	hosts 1 2 3 4 9
	legitimate
	rogue malicious 3864 'secure = false' 'server-id = 1'
	before 1 3
	intercepts 4 'it takes too long'
	refused 1 '' client 4 deregister echo 407
	kills server-407
	says asapd-4 'the service is ill'
	resolves 3 echo '^resolved echo 0x00000197 10.9.4.2:7407 '
	served 3
	passes 4
	resolves 3 echo '^resolved echo 0x000000cf 10.9.2.2:7207 home 0x00000001$'
	serves 4 407
	resolves 3 echo '^resolved echo 0x00000197 10.9.4.2:7407 '
	unchanged 0x00000197
	served 3
}

# He has the key of an element of this very pool, but of another one.
test_other_key() {
	hosts 1 2 3 4 9
	legitimate
	sed "s/\"0\{50\}[0-9]*\"/\"$(key 9)\"/" "$tmp/auth" > "$tmp/false"
	rogue malicious 3864 "authorization = \"$tmp/false\"" 'server-id = 1'
	ignored
}

# He has a certificate of the authority whom the element trusts; it is not for a registrar.
test_certificate() {
	local who at='{ address = "10.9.1.2:3864"; name = "www.example.org"; }'

	hosts 1 2 3 4 9
	"$(dirname "$0")/../certificates.sh" "$tmp"
	who="ca = \"$tmp/ca.pem\"; certificate = \"$tmp/client.pem\"; private-key = \"$tmp/client.key\";"
	auth_file 1 2 3 4 | sed 's/name = "host-4"; key = "[0-9]*"/name = "x509:client-4"/' \
		> "$tmp/auth"
	legitimate "ca = \"$tmp/ca.pem\"" "certificate = \"$tmp/server.pem\"" \
		"private-key = \"$tmp/server.key\""
	rogue malicious 3864 "authorization = \"$tmp/auth\"" 'server-id = 1' \
		"ca = \"$tmp/ca.pem\"" "certificate = \"$tmp/other.pem\"" "private-key = \"$tmp/other.key\""
	ignored
}

ktap_run 2.06
