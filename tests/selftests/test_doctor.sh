#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rspctl doctor, which must find each thing that a secure scope lacks.
. "$(dirname "$0")/ktap.sh"

# doctor STATUS: it ends so; what it says is in $tmp/said.
doctor() {
	local got=0

	ctl doctor > "$tmp/said" || got=$?
	[ "$got" = "$1" ] || fail "status $got" "$(cat "$tmp/said")"
}

# says VERDICT CHECK TEXT: it has a line with these.
says() {
	grep -q "^$1 *$2 .*$3" "$tmp/said" || fail "want: $*" "$(cat "$tmp/said")"
}

# agent COMMAND...: it runs in the namespace until it listens.
agent() {
	ip netns exec "$ns" setsid "$@" > /dev/null 2>&1 &
	within 30 listens
}

listens() {
	ctl doctor > "$tmp/said" || :
	grep -q '^ok *agent ' "$tmp/said"
}

# keys_named KEYRINGS: a configuration of tlshd; its path
config() {
	printf '[debug]\nloglevel=0\n[authenticate]\nkeyrings=%s\n' "$1" > "$tmp/conf"
	echo "$tmp/conf"
}

secure_scope() {
	head -c 32 /dev/urandom > "$tmp/key"
	ctl scope set name "doctor-$ns" mode secure auth psk
}

test_lacks_all() {
	ctl pool add p
	doctor 1
	says ok module loaded
	says problem scope plain
	says ok tls kTLS
	says ok psk .
	says problem agent 'no tlshd'
	says problem keys 'pool p has no key'
	says ok clock .
	same "$(json '[v[1]["check"], v[1]["ok"], "next" in v[1]]' fails ctl -j doctor)" \
		'["scope", false, true]'
}

test_well() {
	secure_scope
	ctl key add pool p file "$tmp/key"
	ctl pe add pool p id 1 tcp 127.0.0.1:9
	agent rserpool-tlshd
	doctor 0
	none problem "$tmp/said"
	says ok agent 'tlshd does'
	says ok keyring .rserpool
	says ok keys 'pool p has 1'
	same "$(json 'all(line["ok"] for line in v)' ctl -j doctor)" true
}

test_keyring_not_named() {
	secure_scope
	agent tlshd -c "$(config .nfs)"
	doctor 1
	says problem keyring "$tmp/conf does not name"
}

test_keyring_is_one_of_several() {
	secure_scope
	agent tlshd "--config=$(config '.nfs;.rserpool')"
	doctor 0
}

# Another loading of the module makes another keyring, which the agent has not.
test_agent_is_older_than_the_module() {
	# Where KASAN runs a module is loaded once a boot.
	[ ! -e /sys/kernel/debug/kmemleak ] || exit 4
	agent tlshd -c "$(config .rserpool)"
	rmmod rserpool
	modprobe rserpool
	secure_scope
	doctor 1
	says problem keyring 'began before the module'
}

test_keys() {
	secure_scope
	agent rserpool-tlshd
	ctl pe add pool p id 1 tcp 127.0.0.1:9
	ctl pe add pool p id 2 tcp 127.0.0.1:10
	ctl key add pool p pe 1 file "$tmp/key"
	doctor 1
	says problem keys 'no key for element 0x00000002'
	ctl key add pool p pe 2 file "$tmp/key"
	doctor 0
	ctl pool set p identify client
	doctor 1
	says problem keys 'wants to know its clients'
	ctl scope set client 4
	doctor 1
	says problem keys 'no key for element 0x00000001'
	ctl key add pool p client 4 file "$tmp/key"
	doctor 0
	ctl pool set p identify both
	doctor 1
	head -c 32 /dev/urandom > "$tmp/seal"
	ctl pool set p identify none cookie-key "$tmp/seal"
	ctl doctor > "$tmp/said" || :
	grep -qE '^(ok|problem) *clock .*synchronized' "$tmp/said"
}

test_words() {
	refused 1 'too much' ctl doctor now
}

ktap_run doctor
