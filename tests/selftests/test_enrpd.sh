#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The registrar as it is installed: its files, its port, TLS, and signals, with
# elements and users on other hosts.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"

test_register() {
	hosts 1 2 3
	registrar 1 'keep-alive-timeout = "1s"'
	stays 2 register web 207 10.9.2.2:80 600
	says client-2 'registered web 0x000000cf'
	same "$(client 3 resolve web)" \
		'resolved web 0x000000cf 10.9.2.2:80 home 0x00000001'
	same "$(client 3 resolve db)" 'resolved db cause 0x9'
	# What is not his: an identifier, an address, another's element.
	same "$(client 3 register web 208 10.9.3.2:80 600)" \
		'refused web 0x000000d0 cause 0xa'
	same "$(client 3 register web 300 10.9.2.2:80 600)" \
		'refused web 0x0000012c cause 0xa'
	same "$(client 3 deregister web 207)" 'deregistered web 0x000000cf cause 0xa'
	says enrpd-1 'host-3.*refused, cause 0xa'
	# Who does not come again goes, and his pool with him.
	kills client-2
	resolves 3 web 'web cause 0x9'
	says enrpd-1 'no other has come'
}

test_strangers() {
	hosts 1 2
	registrar 1
	refused 1 '' on 2 asap_client 10.9.1.2:3864 psk host-2 "$(key 3)" resolve web
	refused 1 '' on 2 asap_client 10.9.1.2:3864 psk nobody "$(key 2)" resolve web
	refused 1 '' on 2 asap_client 10.9.1.2:3864 resolve web
	same "$(client 2 resolve web)" 'resolved web cause 0x9'
}

test_keep_alive() {
	hosts 1 2 3
	registrar 1 'keep-alive-interval = "200ms"' 'keep-alive-timeout = "2s"'
	stays 2 register web 207 10.9.2.2:80 600
	stays 3 mute register web 300 10.9.3.2:80 600
	says client-3 'keep-alive web 0x0000012c'
	resolves 3 web '^resolved web 0x000000cf 10.9.2.2:80 home 0x00000001$'
	says client-2 'keep-alive web 0x000000cf'
	says enrpd-1 'does not answer'
}

test_subscribe() {
	hosts 1 2 3
	registrar 1
	stays 2 register web 207 10.9.2.2:80 600
	says client-2 registered
	stays 3 subscribe web
	says client-3 0x000000cf
	client 2 register web 208 10.9.2.2:81 600 > /dev/null
	says client-3 '0x000000d0 10.9.2.2:81'
	client 2 deregister web 207 deregister web 208 > /dev/null
	says client-3 'resolved web cause 0x9'
}

# What is stored has a place in the new file, or goes; the rest stays.
test_reload() {
	hosts 1 2 3
	registrar 1
	stays 2 register web 207 10.9.2.2:80 600
	stays 3 register web 300 10.9.3.2:80 600
	says client-2 registered
	says client-3 registered
	echo 'identities = ( { name = ' > "$tmp/auth"
	kill -HUP "$(cat "$tmp/enrpd-1.pid")"
	says enrpd-1 'what was read before holds'
	auth_file 1 3 > "$tmp/auth"
	kill -HUP "$(cat "$tmp/enrpd-1.pid")"
	says enrpd-1 'key is not good any more'
	says client-2 closed
	same "$(client 3 resolve web)" \
		'resolved web 0x0000012c 10.9.3.2:80 home 0x00000001'
	ends enrpd-1 TERM
}

# Who reads what is wrong: a person, or the journal.
test_wrong() {
	local daemon missing

	for daemon in enrpd asapd; do
		echo 'log-debug = 1;' > "$tmp/conf"
		same "$($daemon -t -c "$tmp/conf" 2>&1 || :)" \
			"$tmp/conf:1: log-debug: true or false is expected"
		same "$($daemon -c "$tmp/conf" 2>&1 || :)" \
			"<3>$tmp/conf:1: log-debug: true or false is expected"
		same "$(script -qec "$daemon -c $tmp/conf" /dev/null | tr -d '\r')" \
			"$tmp/conf:1: log-debug: true or false is expected"
		# What is missing is in no line.
		: > "$tmp/conf"
		missing=asap-listen
		[ $daemon = enrpd ] || missing=registrars
		[[ $($daemon -t -c "$tmp/conf" 2>&1 || :) == "$tmp/conf: $missing is missing: "* ]]
		refused 1 "$tmp/none: it cannot be read: No such file" $daemon -t -c "$tmp/none"
		refused 1 "$tmp: it cannot be read: Is a directory" $daemon -t -c "$tmp"
		echo "@include \"$tmp/other\"" > "$tmp/conf"
		printf '\nsecure = ;\n' > "$tmp/other"
		refused 1 "$tmp/other:2: syntax error" $daemon -t -c "$tmp/conf"
	done
}

# Who has keys in a file that others can read is told, and it is taken.
test_open_files() {
	local file

	auth_file 1 2 > "$tmp/auth"
	peers_file 1 2 > "$tmp/peers"
	: > "$tmp/pem"
	{
		echo "asap-listen = \"127.0.0.1:3864\"; enrp-listen = \"127.0.0.1:9902\";"
		echo "authorization = \"$tmp/auth\"; peers = \"$tmp/peers\";"
		echo "certificate = \"$tmp/pem\"; private-key = \"$tmp/pem\";"
	} > "$tmp/enrpd.conf"
	echo "registrars = ( \"127.0.0.1:3864\" ); identity = \"a\"; key = \"$(key 1)\";" \
		> "$tmp/asapd.conf"
	chmod 644 "$tmp"/*.conf
	chmod 640 "$tmp"/{auth,peers,pem}
	same "$(enrpd -t -c "$tmp/enrpd.conf" 2>&1)" ''
	for file in auth peers pem; do
		chmod 644 "$tmp/$file"
		same "$(enrpd -t -c "$tmp/enrpd.conf" 2>&1)" \
			"$tmp/$file: it has keys, and others can read it: chmod 600 $tmp/$file"
		chmod 600 "$tmp/$file"
	done
	same "$(asapd -t -c "$tmp/asapd.conf" 2>&1)" \
		"$tmp/asapd.conf: it has keys, and others can read it: chmod 600 $tmp/asapd.conf"
	chmod 600 "$tmp/asapd.conf"
	same "$(asapd -t -c "$tmp/asapd.conf" 2>&1)" ''
	# Names without keys are for all to see.
	echo 'identities = ( { name = "x509:a"; may = ( { handle = "a"; } ); } );' > "$tmp/auth"
	chmod 644 "$tmp/auth"
	same "$(enrpd -t -c "$tmp/enrpd.conf" 2>&1)" ''
	# Who starts is told so, too.
	hosts 1
	auth_file 1 > "$tmp/auth"
	chmod 644 "$tmp/auth"
	registrar 1
	says enrpd-1 "^<4>$tmp/auth: it has keys"
}

# A key or a list of who may do what is of no use where nobody has to prove anything.
test_plain() {
	auth_file 1 > "$tmp/auth"
	peers_file 1 2 > "$tmp/peers"
	chmod 600 "$tmp/auth" "$tmp/peers"
	echo 'secure = false; asap-listen = "127.0.0.1:3863"; enrp-listen = "127.0.0.1:9901";
		authorization = "'"$tmp/auth"'"; peers = "'"$tmp/peers"'";' > "$tmp/conf"
	same "$(enrpd -t -c "$tmp/conf" 2>&1)" \
		"$tmp/conf:2: authorization: with secure = false it is not used: who connects is believed
$tmp/peers: with secure = false its keys are not used"
	echo "secure = false; registrars = ( \"127.0.0.1:3863\" );
		identity = \"a\"; key = \"$(key 1)\";" > "$tmp/conf"
	chmod 600 "$tmp/conf"
	same "$(asapd -t -c "$tmp/conf" 2>&1)" \
		"$tmp/conf:2: key: with secure = false it is not used: who connects is believed"
}

ktap_run enrpd
