# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by tests of registrars, after ktap.sh: hosts around the router $ns, and an
# enrpd, or an asapd, on each that wants one. Host N is the namespace $ns-N, its address is
# 10.9.N.2; identity host-N may register identifiers N00 to N99 in any pool.

PATH=$PATH:$PWD/out/tests

# on N COMMAND...: on that host
on() { nsenter --net="/run/netns/$ns-$1" "${@:2}"; }

# starts N NAME COMMAND...: the same, and it goes on; what it says goes to $tmp/NAME,
# its number to $tmp/NAME.pid
starts() {
	touch "$tmp/$2"
	nsenter --net="/run/netns/$ns-$1" "${@:3}" >> "$tmp/$2" 2>&1 &
	echo $! > "$tmp/$2.pid"
}
# ends NAME SIGNAL: who was started so
ends() {
	kill "-$2" "$(cat "$tmp/$1.pid")"
	wait "$(cat "$tmp/$1.pid")"
}

# kills NAME: who was started so, and is there yet
kills() {
	local status=0

	ends "$1" KILL || status=$?
	same "$status" 137
}

# shows N registrar|peer EXPRESSION TEXT, shows agent-N agent EXPRESSION TEXT: of what the
# registrar or agent there says of itself, v, the expression is this, now or soon
shown() { [ "$(json "$3" rspctl -j "$2" show at "$tmp/$1.sock")" = "$4" ]; }
shows() { within 20 shown "$@"; }

# listens N PORT: somebody does on that host
listens() { on "$1" ss -Hltn "sport = $2" | grep -q .; }

# says NAME TEXT: who was started so says this, now or soon
says() { within 20 grep -q -- "$2" "$tmp/$1"; }

# hosts N...: make these hosts
hosts() {
	local n

	rm -f "$tmp"/*
	ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1
	for n; do
		ip netns add "$ns-$n"
		ip -n "$ns-$n" link set lo up
		ip -n "$ns" link add "host$n" type veth peer name eth0 netns "$ns-$n"
		ip -n "$ns" address add "10.9.$n.1/24" dev "host$n"
		ip -n "$ns" link set "host$n" up
		ip -n "$ns-$n" address add "10.9.$n.2/24" dev eth0
		ip -n "$ns-$n" link set eth0 up
		ip -n "$ns-$n" route add default via "10.9.$n.1"
	done
}

key() { printf "%064d" "$1"; }

# auth_file N...: the identities of these hosts
auth_file() {
	local n

	echo 'identities = ('
	for n; do
		[ "$n" = "$1" ] || echo ,
		echo "{ name = \"host-$n\"; key = \"$(key "$n")\";"
		echo "may = ( { handle = \"*\"; ids = [ ${n}00, ${n}99 ]; } ); }"
	done
	echo ');'
}

# [ auth=FILE id=ID ] registrar N [SETTING...]: start enrpd on that host, by the command
# "inside", and wait until it listens
inside=()
registrar() {
	local n=$1 setting

	shift
	[ -e "$tmp/auth" ] || auth_file 1 2 3 4 5 > "$tmp/auth"
	{
		echo "asap-listen = \"0.0.0.0:3864\"; control = \"$tmp/$n.sock\";"
		echo "authorization = \"${auth:-$tmp/auth}\"; server-id = ${id:-$n}; log-debug = true;"
		for setting; do echo "$setting;"; done
	} > "$tmp/$n.conf"
	starts "$n" "enrpd-$n" "${inside[@]}" enrpd -c "$tmp/$n.conf"
	within 20 listens "$n" 3864
}

# [ at=LIST who=SETTINGS ] agent N [SETTING...]: start asapd on that host; its registrars are
# those of hosts 1 and 2, and they have the host's key
agent() {
	local n=$1 setting

	shift
	{
		echo "registrars = ( ${at:-"\"10.9.1.2:3864\", \"10.9.2.2:3864\""} );"
		echo "${who:-"identity = \"host-$n\"; key = \"$(key "$n")\";"} log-debug = true;"
		echo "control = \"$tmp/agent-$n.sock\";"
		for setting; do echo "$setting;"; done
	} > "$tmp/agent-$n.conf"
	starts "$n" "asapd-$n" asapd -c "$tmp/agent-$n.conf"
}

# client N [REGISTRAR] COMMAND...: the host's, at that registrar or at the first
client_command() {
	local n=$1 at=1

	shift
	[[ $1 == [0-9] ]] && { at=$1; shift; }
	command=(asap_client "10.9.$at.2:3864" psk "host-$n" "$(key "$n")" "$@")
}
client() {
	client_command "$@"
	on "$1" "${command[@]}"
}

# stays N [REGISTRAR] COMMAND...: the same, and it stays, as client-N
stays() {
	client_command "$@"
	starts "$1" "client-$1" "${command[@]}" stay
}

# resolves N [REGISTRAR] POOL TEXT: this is what it gets, now or soon
answered() { client "${asked[@]}" | grep -qE -- "$answer"; }
resolves() {
	answer=${*: -1} asked=("${@:1:$#-2}" resolve "${@: -2:1}")
	within 20 answered
}

# pair_key N M: what the registrars of these two hosts share
pair_key() { printf "%032d%032d" $(($1 < $2 ? $1 : $2)) $(($1 < $2 ? $2 : $1)); }

# peers_file N M...: the peers of host N are those of the others
peers_file() {
	local n=$1 m first=y

	shift
	echo "name = \"registrar-$n\"; peers = ("
	for m; do
		[ "$m" = "$n" ] && continue
		[ $first ] || echo ,
		first=
		echo "{ name = \"registrar-$m\"; key = \"$(pair_key "$n" "$m")\";"
		echo "  address = \"10.9.$m.2:9902\"; }"
	done
	echo ');'
}

# [ mentor=TIME heard=TIME auth=FILE feed=true ] peer N SETTING...: start one whose peers are
# those of hosts 1 to 3, unless there is a peers_file of it; the timers are short, but for what
# a slow machine could be late with
peer() {
	local n=$1

	shift
	[ -e "$tmp/peers-$n" ] || peers_file "$n" 1 2 3 > "$tmp/peers-$n"
	registrar "$n" "feed = ${feed:-false}" 'enrp-listen = "0.0.0.0:9902"' \
		"peers = \"$tmp/peers-$n\"" 'heartbeat-cycle = "500ms"' \
		"max-time-last-heard = \"${heard:-5s}\"" 'max-time-no-response = "2s"' \
		"mentor-timeout = \"${mentor:-2s}\"" "$@"
}

# apart N M: these two hosts do not hear each other; apart_over N M: they do again
apart() {
	ip netns exec "$ns" nft "add table ip apart$1$2;
		add chain ip apart$1$2 on { type filter hook forward priority 0; };
		add rule ip apart$1$2 on ip saddr 10.9.$1.2 ip daddr 10.9.$2.2 drop;
		add rule ip apart$1$2 on ip saddr 10.9.$2.2 ip daddr 10.9.$1.2 drop"
}
apart_over() { ip netns exec "$ns" nft delete table ip "apart$1$2"; }

# together N...: each of these knows each other, and serves
together() {
	local n m

	for n; do
		for m; do
			[ "$n" = "$m" ] || says "enrpd-$n" "peer registrar-$m .*is there"
		done
		says "enrpd-$n" 'no peer gives us\|gave us all'
	done
}

# elements N ID...: these are what the kernel there knows, now or soon
known() {
	[ "$(on "$1" rspctl pe show | sed -n 's/.* id 0x0*\([0-9a-f]*\) .*/\1/p' |
		LC_ALL=C sort | paste -sd ' ')" = "$2" ]
}
elements() { within 20 known "$1" "${*:2}"; }

# homes N A: the home registrar of the agent there is that of host A, now or soon
homed() { rspctl agent show at "$tmp/agent-$1.sock" 2>&1 | grep -q " home 10.9.$2.2:3864"; }
homes() { within 20 homed "$@"; }

# counter N ID: it listens for pool tally there, as counter-ID
counts() { starts "$1" "counter-$2" counter tally "4$2" "$2"; }

# busy N: a session there is served
busy() { within 20 eval "on $1 rspctl -j session show | grep -q '\"state\":\"ready\"'"; }
