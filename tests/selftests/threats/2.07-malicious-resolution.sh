#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.7: a malicious registrar resolves a handle as it likes. A registrar's
# certificate and its name are checked, by the rules of RFC 5352, section 9.2.
. "$(dirname "$0")/threat.sh"
. "$(dirname "$0")/way.sh"

# certificate NAME SUBJECT SAN: one of the authority
certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/$1.key" -out "$tmp/$1.pem" \
		-subj "/O=Example/CN=$2" -days 1 -CA "$tmp/ca.pem" -CAkey "$tmp/ca.key" \
		-addext basicConstraints=critical,CA:FALSE ${3:+-addext "subjectAltName=$3"} \
		2> /dev/null
}

# goes_on_with PORT NAME: who looks for this name is content with what is shown there
goes_on_with() {
	[ "$(on 9 asap_client "10.9.1.2:$1" x509 "$tmp/ca.pem" "$2" again 1 \
		unreachable echo 1)" = 'connections 1, let in 1' ]
}

test_names() {
	local row port name good status

	hosts 1 9
	"$(dirname "$0")/../certificates.sh" "$tmp"
	certificate 4001 x 'DNS:other.example.org,DNS:REGISTRAR.Example.org'
	certificate 4002 x 'DNS:*.example.org'
	certificate 4003 x 'DNS:registrar.*.org,DNS:reg*.example.org,DNS:*istrar.example.org'
	certificate 4004 x 'DNS:xn--bcher-kva.example.org'
	certificate 4005 x 'IP:10.9.1.2,IP:2001:db8::1'
	certificate 4006 x 'DNS:10.9.1.2,IP:10.9.1.3'
	certificate 4007 registrar.example.org
	certificate 4008 registrar.example.org 'DNS:other.example.org'
	for port in 400{1..8}; do
		starts 1 "at-$port" openssl s_server -quiet -accept "$port" \
			-cert "$tmp/$port.pem" -key "$tmp/$port.key"
	done
	for port in 400{1..8}; do within 20 listens 1 "$port"; done
	for row in 4001:registrar.example.org:y 4001:other.example.org:y 4001:example.org:n \
		4002:registrar.example.org:y 4002:example.org:n \
		4002:a.registrar.example.org:n 4002:registrar.example.com:n \
		4003:registrar.example.org:n 4004:bücher.example.org:y \
		4004:bucher.example.org:n 4005:10.9.1.2:y 4005:2001-db8--1:y 4005:10.9.1.3:n \
		4006:10.9.1.2:n 4007:registrar.example.org:n 4008:registrar.example.org:n; do
		IFS=: read -r port name good <<< "$row"
		goes_on_with "$port" "${name//-/:}" && status=y || status=n
		same "$row $status" "$row $good"
	done
}

# RFC 5352, 9.2, names TLS_RSA_WITH_AES_128_CBC_SHA: without forward secrecy, and open to
# padding oracles. It is agreed on with nobody, by neither side; nor is an older version.
test_cipher() {
	local rsa='-tls1_2 -cipher AES128-SHA:@SECLEVEL=0' each
	local better='-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256'

	hosts 1 9
	"$(dirname "$0")/../certificates.sh" "$tmp"
	certificate rsa x DNS:registrar.example.org
	registrar 1 'feed = false' "certificate = \"$tmp/rsa.pem\"" \
		"private-key = \"$tmp/rsa.key\""
	for each in "$rsa" '-tls1_1 -cipher ALL:@SECLEVEL=0' \
		'-tls1_2 -cipher DHE-PSK-AES128-GCM-SHA256:PSK-AES128-GCM-SHA256 -psk 00'; do
		# shellcheck disable=SC2086
		refused 1 '' on 9 openssl s_client -connect 10.9.1.2:3864 $each
	done
	# shellcheck disable=SC2086
	on 9 openssl s_client -connect 10.9.1.2:3864 $better < /dev/null > /dev/null 2>&1
	says enrpd-1 '10.9.9.2:.*: turned away: TLS handshake: '
	counted 1 handshakes-failed 3
	# shellcheck disable=SC2086
	starts 1 rsa openssl s_server -quiet -accept 4001 -cert "$tmp/rsa.pem" \
		-key "$tmp/rsa.key" $rsa
	# shellcheck disable=SC2086
	starts 1 better openssl s_server -quiet -accept 4002 -cert "$tmp/rsa.pem" \
		-key "$tmp/rsa.key" $better
	within 20 listens 1 4001
	within 20 listens 1 4002
	goes_on_with 4002 registrar.example.org
	if goes_on_with 4001 registrar.example.org; then fail 'it was agreed on'; fi
}

# forges WHY [SETTING...]: he answers in the registrar's place, and would lead to himself
# the users of a host that knows who signs registrars' certificates
forges() {
	local why=$1 known=(asap_client 10.9.1.2:3864 x509 "$tmp/ca.pem" www.example.org)

	scene 'keep-alive-timeout = "1h"' "certificate = \"$tmp/server.pem\"" \
		"private-key = \"$tmp/server.key\""
	at='{ address = "10.9.1.2:3864"; name = "www.example.org"; }' \
		who="ca = \"$tmp/ca.pem\";" agent 4 'hunt-timeout = "2s"' 'retry-max = "2s"' \
		'dead-timeout = "9s"'
	homes 4 1
	user 4 echo
	rogue malicious 3864 'server-id = 1' "${@:2}"
	starts 9 evil socat TCP-LISTEN:7007,fork,reuseaddr EXEC:cat
	starts 9 client-evil "${evil[@]}" register echo 900 10.9.9.2:7007 600 stay
	says client-evil registered
	before 1 3 4
	intercepts 4 "$why"
	refused 1 '' on 4 "${known[@]}" resolve echo
	served 4
	told='[1, 0, 0]' passes 4
	unchanged
	served 4
	same "$(on 4 "${known[@]}" resolve echo)" \
		'resolved echo 0x000000cf 10.9.2.2:7207 home 0x00000001'
}

# With a certificate of that name, which he has signed himself.
test_forged() {
	local evil

	hosts 1 2 3 4 9
	"$(dirname "$0")/../certificates.sh" "$tmp"
	auth_file 9 > "$tmp/evil"
	evil=(asap_client 10.9.9.2:3864 psk host-9 "$(key 9)")
	forges 'TLS handshake: ' "authorization = \"$tmp/evil\"" \
		"certificate = \"$tmp/alone.pem\"" "private-key = \"$tmp/alone.key\""
}

# In plain.
test_plain() {
	local evil=(asap_client 10.9.9.2:3864)

	hosts 1 2 3 4 9
	"$(dirname "$0")/../certificates.sh" "$tmp"
	forges 'it takes too long' 'secure = false'
}

ktap_run 2.07
