#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sessions as an operator sees them, with servers that know nothing of pools.
. "$(dirname "$0")/ktap.sh"

in_ns() { nsenter --net="/run/netns/$ns" "$@"; }

# serve ID: an echo server on port 7000 + ID, registered in pool p.
serve() {
	in_ns setsid socat "TCP-LISTEN:700$1,fork,reuseaddr" EXEC:cat > /dev/null 2>&1 &
	within 10 eval "in_ns ss -Hltn 'sport = 700$1' | grep -q ."
	ctl pe add pool p id "$1" tcp "127.0.0.1:700$1"
}

# kill_server ID: and all its children.
kill_server() {
	pkill -KILL -s "$(ps -o sid= -p "$(pgrep -o -f "^socat.*700$1")" | tr -d ' ')"
}

# client: asks pool p for ever; its output goes to $tmp/client
client() {
	in_ns ask p > "$tmp/client" 2>&1 &
	within 10 grep -q request "$tmp/client"
}

# session FIELD: of the only one there is
session() { json "v[0]['$1'] if v else None" ctl -j session show; }

test_show() {
	ctl pool add p fin failure
	serve 1
	same "$(ctl -j session show)" '[]'
	client
	same "$(session pool)" '"p"'
	same "$(session state)" '"ready"'
	same "$(session mode)" '"notify"'
	same "$(session pe)" 1
	same "$(json 'v["sessions"]' ctl -j scope)" 1
	same "$(json 'v[0]["sessions"]' ctl -j pe show)" 1
	same "$(json 'v[0]["sessions"]' ctl -j pool show)" 1
	same "$(json 'len(v)' ctl -j session show pool p)" 1
	in_ns pkill -KILL -x ask
	within 5 eval '[ "$(ctl -j session show)" = "[]" ]'
	same "$(json 'v[0]["sessions"]' ctl -j pe show)" 0
}

test_failover() {
	ctl pool add p fin failure policy prio
	serve_prio 1 9
	serve_prio 2 5
	client
	ctl -j monitor session > "$tmp/events" &
	within 10 eval 'ctl -j session show | grep -q ready'
	kill_server 1
	within 10 grep -q 'moved from element 1 to element 2' "$tmp/client"
	# What it had not read is reset.
	[[ $(session failure) =~ fin|reset ]]
	same "$(session generation)" 1
	within 5 grep -q 'failover-done' "$tmp/events"
	within 10 eval 'ctl stats | grep -qE "Failure(Fin|Reset) *1$"'
}

# serve_prio ID PRIORITY: as serve
serve_prio() {
	in_ns setsid socat "TCP-LISTEN:700$1,fork,reuseaddr" EXEC:cat > /dev/null 2>&1 &
	within 10 eval "in_ns ss -Hltn 'sport = 700$1' | grep -q ."
	ctl pe add pool p id "$1" tcp "127.0.0.1:700$1" priority "$2"
}

test_avoided() {
	ctl scope set avoid-min 60s avoid-max 60s
	ctl pool add p fin failure
	ctl pe add pool p id 9 tcp 127.0.0.1:9
	serve 1
	client
	client
	ctl pe show pool p id 9 | grep -q 'avoided: failed'
	same "$(json 'v[0]["avoided"]' ctl -j pool show)" 1
}

test_sever() {
	ctl pool add p failover auto
	serve 1
	serve 2
	client
	was=$(session pe)
	ctl pe del pool p id "$was" now > "$tmp/said"
	grep -q 'severed 1' "$tmp/said"
	within 10 eval '[ "$(session pe)" != "$was" ] && [ "$(session state)" = "\"ready\"" ]'
	same "$(session failure)" '"severed"'
}

# The session is at the element that was registered first; its pool went with it.
test_sever_registered_anew() {
	ctl pool add other
	serve 1
	client
	ctl pe del pool p id 1
	ctl pe add pool p id 1 tcp 127.0.0.1:7001
	ctl pe set pool p id 1 tcp 127.0.0.1:7009
	ctl pe add pool other id 1 tcp 127.0.0.1:7001
	ctl pe del pool other id 1 now | grep -q 'severed 0'
	ctl pe del pool p id 1 now | grep -q 'severed 1'
	within 10 eval '[ "$(session generation)" = 1 ]'
	same "$(session failure)" '"severed"'
	serve 2
	within 10 eval '[ "$(session pe)" = 2 ] && [ "$(session state)" = "\"ready\"" ]'
}

# Elements that were removed before are the pool's as well.
test_sever_pool() {
	serve 1
	client
	ctl pe del pool p id 1
	serve 2
	client
	serve 3
	ctl pool del p now | grep -q 'severed 2'
	within 10 eval '[ "$(json "sum(s[\"generation\"] for s in v)" ctl -j session show)" = 2 ]'
}

test_drain_lets_be() {
	ctl pool add p failover auto
	serve 1
	client
	serve 2
	ctl pe drain pool p id 1
	n=$(grep -c request "$tmp/client")
	within 10 eval '[ "$(grep -c request "$tmp/client")" -gt "$n" ]'
	same "$(session pe)" 1
	same "$(session generation)" 0
	same "$(json '[e["sessions"] for e in v if e["id"] == 1][0]' ctl -j pe show)" 1
}

# What is opened by a worker for a failover is the program's all the same.
test_cgroup_and_owner() {
	local group=/sys/fs/cgroup/rsp-$BASHPID

	[ -e /sys/fs/cgroup/cgroup.controllers ] || exit 4
	grep -qw memory /sys/fs/cgroup/cgroup.controllers || exit 4
	echo +memory > /sys/fs/cgroup/cgroup.subtree_control || exit 4
	mkdir "$group"
	ctl pool add p fin failure failover auto
	serve 1
	client_in_group "$group"
	serve 2
	kill_server 1
	within 10 eval '[ "$(session pe)" = 2 ]'
	said=$(in_ns ss -Htne --cgroup 'dport = 7002')
	[[ $said == *uid:65534* ]] || fail "$said"
	# UML's file handles do not lead ss to the group.
	[[ $said == *cgroup:/rsp-* ]] || [ -e /sys/kernel/debug/kmemleak ] ||
		fail "$said"
	in_ns pkill -KILL -x ask
	within 10 rmdir "$group"
}

client_in_group() {
	in_ns bash -c "echo \$BASHPID > $1/cgroup.procs &&
		exec setpriv --reuid=65534 --regid=65534 --clear-groups ask p" \
		> "$tmp/client" 2>&1 &
	within 10 grep -q request "$tmp/client" || { cat "$tmp/client"; false; }
}

ktap_run sessions
