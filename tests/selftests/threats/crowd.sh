# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after threat.sh: very many elements on host 2, in pool crowd. The debug kernel's
# machine has fewer.
grep -q 'User Mode Linux' /proc/cpuinfo && many=1000 || many=10000

# crowd_file N...: as auth_file, and host 2 may have them
crowd_file() {
	auth_file "$@" | sed '$d'
	echo ", { name = \"host-2\"; key = \"$(key 2)\"; elements = 20000;"
	echo "updates = 1000000; updates-burst = 1000000;"
	echo "may = ( { handle = \"*\"; ids = [ 200, 299 ]; },"
	echo "{ handle = \"crowd\"; ids = [ 10000, 29999 ]; } ); } );"
}

# crowds [REGISTRAR]: they register, and answer
crowds() {
	client_command 2 "${1:-1}"
	starts 2 "crowd-${1:-1}" "${command[@]}" flood "$many" register crowd 10000 10.9.2.2:9 600 stay
	within 60 grep -q "flood of $many, refused 0" "$tmp/crowd-${1:-1}"
}

# counter_of N COUNTER: of the registrar there, or of agent-N
counter_of() {
	case $1 in agent-*) set -- "$@" agent ;; *) set -- "$@" registrar ;; esac
	json "v['counters']['$2']" rspctl -j "$3" show at "$tmp/$1.sock"
}

# at_most N COUNTER MOST
at_most() {
	local n

	n=$(counter_of "$1" "$2")
	[ "$n" -le "$3" ] || fail "$2: $n" "want: $3 at most"
}

# one_more N ID: words that report this element of pool echo so often
one_more() {
	local i

	words=()
	for ((i = 0; i < $1; i++)); do
		words+=(unreachable echo "$2")
	done
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }
