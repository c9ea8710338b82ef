# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by the tests of the threats of RFC 5355, one file a section: 2.NN-WORDS.sh,
# which ends with "ktap_run 2.NN". Host 1 has the registrar, host 2 an element of pool
# echo, host 3 a user of it. The attacker is on host 9; he has no key unless a test
# gives him one.
. "$(dirname "$0")/../ktap.sh"
. "$(dirname "$0")/../registrar.sh"

# serves N ID: an echo server there, which knows nothing of pools
serves() {
	starts "$1" "server-$2" socat "TCP-LISTEN:7$2,fork,reuseaddr" EXEC:cat
	within 20 listens "$1" "7$2"
}

# element N ID POOL [REGISTRAR]: one, registered as this element
element() {
	serves "$1" "$2"
	stays "$1" ${4:+"$4"} register "$3" "$2" "10.9.$1.2:7$2" 600
	says "client-$1" "registered $3"
}

# user N POOL: a program there asks the pool, about once a second
user() {
	starts "$1" "user-$1" ask "$2"
	says "user-$1" request
}

# has_key MAY [SETTINGS]: host 9 has a key, and may register what MAY says; before scene
has_key() {
	{
		auth_file 1 2 3 | sed '$d'
		echo ", { name = \"host-9\"; key = \"$(key 9)\"; ${2:-} may = ( $1 ); } );"
	} > "$tmp/auth"
}

# scene [SETTING...]: the three of them, the settings being the registrar's; auth_file
# may have been called
scene() {
	[ -e "$tmp/auth" ] || auth_file 1 2 3 > "$tmp/auth"
	registrar 1 'start-grace = "0s"' "$@"
	says enrpd-1 'the kernel has all'
	element 2 207 echo
	at='"10.9.1.2:3864"' agent 3
	homes 3 1
	user 3 echo
}

# rogue NAME PORT SETTING...: a registrar on host 9, as the attacker likes it
rogue() {
	local name=$1 port=$2 setting

	{
		echo "asap-listen = \"0.0.0.0:$port\"; feed = false;"
		echo "control = \"$tmp/rogue-$name.sock\"; log-debug = true;"
		for setting in "${@:3}"; do echo "$setting;"; done
	} > "$tmp/rogue-$name.conf"
	starts 9 "rogue-$name" enrpd -c "$tmp/rogue-$name.conf"
	within 20 listens 9 "$port"
}

# failed N LEAST: the agent there has turned to so many registrars in vain, now or soon
failed() { shows "agent-$1" agent "v['counters']['attempts-failed'] >= $2" true; }

# served N: the user there gets its next answers, from the element that it had
more() { [ "$(wc -l < "$tmp/user-$1")" -ge "$2" ]; }
served() {
	within 20 more "$1" $(($(wc -l < "$tmp/user-$1") + 2))
	none -v '^request ' "$tmp/user-$1"
}

# counted N COUNTER [LEAST]: the registrar there has counted so many, now or soon
counted() { shows "$1" registrar "v['counters'].get('$2', 0) >= ${3:-1}" true; }

# [ but=N ] picture: what all registrars, agents and kernels here have, without what time
# and traffic change; of the kernels not that of host N
picture() {
	local socket host object objects

	for socket in "$tmp"/*.sock; do
		[ -e "$socket" ] || continue
		case $socket in */agent-*) objects=agent ;; *) objects='registrar peer' ;; esac
		for object in $objects; do
			echo "$(basename "$socket" .sock) $object"
			rspctl -j "$object" show at "$socket"
		done
	done
	for host in $(ip netns list | grep -o "^$ns-[0-9]*" |
		grep -v -- "-${but:-none}\$" | sort); do
		for object in pool pe; do
			echo "kernel of ${host##*-} $object"
			rspctl -n "$host" -j "$object" show
		done
	done
}
settled() {
	python3 -c '
import json, sys

def settled(v):
	if isinstance(v, dict):
		return {k: settled(w) for k, w in v.items()
			if k not in ("counters", "connections") and not k.endswith("-ms")}
	if isinstance(v, list):
		return sorted(map(settled, v), key=lambda w: json.dumps(w, sort_keys=True))
	return v

for what in sys.stdin:
	print(what + json.dumps(settled(json.loads(next(sys.stdin))), sort_keys=True, indent=1))'
}

# before: take the picture with which unchanged compares; it also listens to what the
# kernels of these hosts tell from now on
before() {
	local n

	for n; do
		starts "$n" "told-$n" rspctl monitor handlespace
		within 20 eval "on $n rspctl pool add heard; on $n rspctl pool del heard
			grep -q heard '$tmp/told-$n'"
	done
	for n; do
		within 20 eval "! on $n rspctl pool show | grep heard"
		: > "$tmp/told-$n"
	done
	picture | settled > "$tmp/before"
}

# unchanged [PATTERN]: all is as it was, now or soon, and no kernel has told of a
# change in between, but for lines with the pattern
as_before() {
	picture | settled > "$tmp/after"
	cmp -s "$tmp/before" "$tmp/after"
}
unchanged() {
	within 20 as_before || { diff "$tmp/before" "$tmp/after"; return 1; }
	find "$tmp" -name 'told-[0-9]' -exec cat {} + | none -v "${1:-^\$}"
}

# registered_in_time: a proper element comes and goes, and waits for neither
registered_in_time() {
	in_time 10 client 2 register echo 208 10.9.2.2:7208 600
	in_time 10 client 2 deregister echo 208
}

# in_time SECONDS COMMAND...: it succeeds, and takes no longer; says how long it took
in_time() {
	local most=$1 begun=${EPOCHREALTIME/[.,]/} took

	shift
	"$@"
	took=$(((${EPOCHREALTIME/[.,]/} - begun) / 1000))
	echo "# $took ms: $*"
	[ $took -le $((most * 1000)) ]
}

# attacks NAME COMMAND...: it goes on on host 9, until called_off
attacks() { starts 9 "$@"; }
called_off() {
	local pid

	for pid in $(ip netns pids "$ns-9"); do
		kill -KILL "$pid"
		wait "$pid" 2> /dev/null || :
	done
}
