#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A registrar that has no descriptors, no memory or no disk left: new work is refused, and
# that is said; what is stored stays, and is served.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"
. "$(dirname "$0")/threats/crowd.sh"

# memory NAME: this of its memory, in KiB
memory() { awk "\$1 == \"Vm$1:\" { print \$2 }" "/proc/$(cat "$tmp/enrpd-1.pid")/status"; }
limits() { prlimit --pid "$(cat "$tmp/enrpd-1.pid")" "$@"; }
counter() { json "v['counters']['$1']" rspctl -j registrar show at "$tmp/1.sock"; }

# A crowd that says nothing takes all descriptors there are.
test_descriptors() {
	hosts 1 2 3 9
	registrar 1 'feed = false' 'keep-alive-interval = "500ms"' 'handshake-timeout = "1h"'
	stays 2 register web 207 10.9.2.2:80 600
	says client-2 registered
	limits --nofile=48:
	starts 9 crowd python3 -c 'import socket, time
s = [socket.create_connection(("10.9.1.2", 3864)) for _ in range(100)]
time.sleep(1000)'
	says enrpd-1 'connections are not taken now: Too many open files'
	: > "$tmp/client-2"
	says client-2 'keep-alive web'
	kills crowd
	resolves 3 web '^resolved web 0x000000cf 10.9.2.2:80 home 0x00000001$'
	[ "$(counter connections-refused)" -gt 0 ]
	same "$(counter unreachable)" 0
	[ "$(grep -c 'are not taken now' "$tmp/enrpd-1")" -lt 20 ]
}

# words N COMMAND...: of the client there, which needs no key where none is asked for
words() {
	client_command "$@"
	[ "$secure" = true ] || command=("${command[@]:0:2}" "${command[@]:5}")
}

# full PLACES: connections that say nothing take all
full() {
	local places=$1 size

	ulimit -n 20000
	hosts 1 2 3
	registrar 1 'feed = false' 'keep-alive-interval = "1s"' "connections-max = $places" \
		"secure = $secure"
	words 2 register web 207 10.9.2.2:80 600 stay
	starts 2 client-2 "${command[@]}"
	says client-2 registered
	size=$(memory RSS)
	words 2 crowd $((places - 2)) stay
	starts 2 crowd "${command[@]}"
	within 200 grep -q "crowd of $((places - 2)), turned away 0" "$tmp/crowd"
	size=$(($(memory RSS) - size))
	echo "# $((size * 1024 / places)) octets a connection"
	[ "$size" -lt $((places * 48)) ]
	words 3 resolve web
	[[ $(on 3 "${command[@]}") == closed:* ]]
	says enrpd-1 "turned away: there are $places connections, which is connections-max"
	: > "$tmp/client-2"
	says client-2 'keep-alive web'
	kills crowd
	within 20 eval "on 3 ${command[*]} | grep -qx \
		'resolved web 0x000000cf 10.9.2.2:80 home 0x00000001'"
	same "$(counter unreachable)" 0
}

test_connections() {
	secure=false full "$many"
}

# Handshakes take their time.
test_secure_connections() {
	secure=true full $((many / 10))
}

# crowded: a registrar of which host 2 may want more than there is memory for
crowded() {
	hosts 1 2 3
	auth_file 1 3 | sed '$d' > "$tmp/auth"
	echo ", { name = \"host-2\"; key = \"$(key 2)\"; elements = 1000000; updates = 1000000;
		updates-burst = 1000000; may = ( { handle = \"*\"; ids = [ 200, 299 ]; },
		{ handle = \"crowd\"; ids = [ 10000, 1000000 ]; } ); } );" >> "$tmp/auth"
	registrar 1 'feed = false' 'keep-alive-interval = "1h"'
	stays 2 register web 207 10.9.2.2:80 600
	says client-2 registered
}

# too_many N: so many are, and some are refused
too_many() {
	local before

	client_command 2
	starts 2 many "${command[@]}" flood "$1" register crowd 10000 10.9.2.2:9 600 stay
	within 60 grep -q "flood of $1, refused [1-9]" "$tmp/many"
	says enrpd-1 'registration of pool crowd id 0x[0-9a-f]* refused, cause 0x6: '
	before=$(json 'v["elements"]' rspctl -j registrar show at "$tmp/1.sock")
	[ "$before" -gt 1000 ]
	same "$(client 3 resolve web)" 'resolved web 0x000000cf 10.9.2.2:80 home 0x00000001'
	same "$(client 3 register other 300 10.9.3.2:80 600)" 'refused other 0x0000012c cause 0x6'
	kill -0 "$(cat "$tmp/many.pid")" "$(cat "$tmp/client-2.pid")"
}

# More is registered than there is memory for.
test_memory() {
	local size before

	crowded
	size=$(memory Size)
	limits --as=$(((size + 10000) * 1024)):
	too_many 20000
	before=$(json 'v["elements"]' rspctl -j registrar show at "$tmp/1.sock")
	limits --as=unlimited:
	same "$(client 3 register other 300 10.9.3.2:80 600)" 'registered other 0x0000012c'
	shows 1 registrar 'v["elements"]' $((before + 1))
}

# A cgroup does not refuse memory: it kills.
test_cgroup() {
	local groups=/sys/fs/cgroup

	grep -qsw memory $groups/cgroup.controllers || exit 4
	echo +memory > $groups/cgroup.subtree_control
	group=$groups/$ns
	mkdir "$group"
	trap 'echo 1 > "$group/cgroup.kill"; within 20 rmdir "$group"' EXIT
	echo 16M > "$group/memory.max"
	# shellcheck disable=SC2016
	inside=(sh -c 'echo $$ > "$0/cgroup.procs"; exec "$@"' "$group")
	crowded
	says enrpd-1 "at most 12 MiB are used: three quarters of the cgroup's memory.max"
	too_many 50000
	same "$(grep '^oom_kill ' "$group/memory.events")" 'oom_kill 0'
}

# Its log finds no room.
test_disk() {
	hosts 1 2 3
	auth_file 1 2 3 > "$tmp/auth"
	echo "asap-listen = \"0.0.0.0:3864\"; control = \"$tmp/1.sock\"; server-id = 1;
		authorization = \"$tmp/auth\"; log-debug = true; feed = false;" > "$tmp/1.conf"
	on 1 enrpd -c "$tmp/1.conf" 2> /dev/full &
	within 20 listens 1 3864
	stays 2 register web 207 10.9.2.2:80 600
	says client-2 registered
	same "$(client 2 register web 300 10.9.2.2:80 600)" 'refused web 0x0000012c cause 0xa'
	same "$(client 3 resolve web)" 'resolved web 0x000000cf 10.9.2.2:80 home 0x00000001'
	kill -HUP $!
	shows 1 registrar 'v["elements"]' 1
}

ktap_run exhausted
