# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by test programs in bash: each test is a function test_NAME, run in a
# subshell with a network namespace of its own, $ns, and those that it makes whose
# names begin with that; ctl is rspctl there. The first command that fails ends the
# test; exit 4 skips it. At the end of the file stands "ktap_run PREFIX".
pick=${1:-}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

ctl() { rspctl -n "$ns" "$@"; }

fail() {
	echo "# $*"
	return 1
}

# same GOT WANT
same() {
	[ "$1" = "$2" ] || fail "got: $1" "want: $2"
}

# fails COMMAND...: it does. A line "! COMMAND" ends no test.
fails() { ! "$@" || fail "succeeds: $*"; }

# none [OPTION] PATTERN FILE...: no line of them has it, or of what comes in
none() {
	local found status=0

	found=$(grep "$@") || status=$?
	[ $status = 1 ] || fail "found: $found"
}

# json EXPRESSION COMMAND...: what the expression is of the command's JSON, v
json() {
	local expression=$1

	shift
	"$@" | python3 -c 'import json, sys
v = json.load(sys.stdin)
print(json.dumps(eval(sys.argv[1]), sort_keys=True))' "$expression"
}

# refused STATUS TEXT COMMAND...: it fails so, and says this
refused() {
	local status=$1 text=$2 said got=0

	shift 2
	said=$("$@" 2>&1 >/dev/null) || got=$?
	same "$got" "$status"
	[[ $said == *"$text"* ]] || fail "said: $said" "want: $text"
}

# within SECONDS COMMAND...: it succeeds in that time
within() {
	local i tries=$(($1 * 10))

	shift
	for ((i = 0; i < tries; i++)); do
		"$@" && return
		sleep 0.1
	done
	fail "not in time: $*"
}

run() {
	local test=$1 status each

	ns=ktap-$BASHPID
	ip netns add "$ns"
	ip -n "$ns" link set lo up
	# Not in a condition: set -e would not hold there.
	(set -eE; trap 'echo "# line $LINENO: $BASH_COMMAND" >&2' ERR; "test_$test")
	status=$?
	for each in $(ip netns list | cut -d ' ' -f 1 | grep -E "^$ns(-|\$)"); do
		ip netns pids "$each" | xargs -r kill -KILL
		ip netns del "$each"
	done
	return $status
}

# ktap_run PREFIX: run the tests that the argument picks; print KTAP.
ktap_run() {
	local tests order picked t n failed

	tests=$(declare -F | sed -n 's/^declare -f test_//p')
	order=$(grep -oE '^test_[a-z_]+' "$0" | sed s/test_//)
	[ "$(wc -w <<< "$tests")" = "$(wc -w <<< "$order")" ] || exit 1
	picked=()
	for t in $order; do
		[[ ${1}_$t == *"$pick"* ]] && picked+=("$t")
	done
	echo "KTAP version 1"
	echo "1..${#picked[@]}"
	n=0 failed=0
	for t in "${picked[@]}"; do
		n=$((n + 1))
		run "$t"
		case $? in
		0) echo "ok $n ${1}_$t" ;;
		4) echo "ok $n ${1}_$t # SKIP" ;;
		*)
			echo "not ok $n ${1}_$t"
			failed=1
			;;
		esac
	done
	exit $failed
}
