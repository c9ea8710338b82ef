#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rspctl against the kernel.
. "$(dirname "$0")/ktap.sh"
dir=$(cd "$(dirname "$0")/../.." && pwd)
# With KASAN and lockdep all of this is some ten times slower.
[ -e /sys/kernel/debug/kmemleak ] && : "${RSPCTL_ELEMENTS:=10000}"
: "${RSPCTL_ELEMENTS:=100000}"

test_scope() {
	ctl scope set name 'a\x20b' pools-max 7 elements-max 0x10 \
		sessions-max 5 resolutions-max 3 replay-max 1000000 avoid-min 2s avoid-max 1m \
		resolve-timeout 1500ms register-timeout 2s cookie-window 5m \
		registration own pe-group-range 5-6 pe-id-range 0x100-0x1ff \
		unreachable-rate 7 unreachable-burst 8 unreachable-pe-rate 9 \
		client 3 handshake-timeout 5s records-max 4096
	same "$(ctl scope show | head -n 1)" 'scope name a\x20b pools-max 7 elements-max 16 sessions-max 5 resolutions-max 3 replay-max 1000000 avoid-min 2s avoid-max 1m resolve-timeout 1500ms register-timeout 2s cookie-window 5m unreachable-rate 7 unreachable-burst 8 unreachable-pe-rate 9 unreachable-pe-burst 2 client 3 handshake-timeout 5s records-max 4096 pe-id-range 0x00000100-0x000001ff registration own pe-group-range 5-6 mode plain auth none'
	same "$(json '[v["name"], v["avoid-min-ms"], v["pe-id-max"]]' ctl -j scope)" \
		'["a\\x20b", 2000, 511]'
	refused 1 'from 1ms to 1h' ctl scope set avoid-min 2h
	refused 1 'MIN-MAX is expected' ctl scope set pe-id-range 5
	refused 1 'MIN-MAX is expected' ctl scope set pe-id-range 5-4
	refused 1 'MIN-MAX is expected' ctl scope set pe-group-range 5-4
	refused 1 'no keyword of the scope' ctl scope set colour red
	refused 1 'what shall be set' ctl scope set
	refused 2 '' ctl scope set avoid-min 2m
}

test_pool() {
	ctl pool add web policy wrr fin failure failover auto
	same "$(ctl pool show web)" 'web policy wrr fin failure failover auto elements 0 avoided 0 explicit'
	ctl pool set web failover off
	same "$(json 'v' ctl -j pool show)" \
		'[{"avoided": 0, "cookie-keys": 0, "elements": 0, "explicit": true, "failover": "off", "fin": "failure", "identify": "none", "policy": "wrr", "pool": "web", "sessions": 0}]'
	refused 2 'rspctl: There is a pool with this handle; to change it: rspctl pool set web' \
		ctl pool add web
	ctl pool set web policy rr
	ctl pool del web
	same "$(ctl pool show)" ''
	refused 2 'see: rspctl pool show' ctl pool del web
	refused 2 'see: rspctl pool show' ctl pool set web fin eof
	refused 2 'see: rspctl pool show' ctl pool show web
	refused 1 'no policy' ctl pool add web policy best
	refused 1 'no failover mode' ctl pool add web failover never
	refused 1 'at most 96' ctl pool add "$(printf 'a%.0s' {1..97})"
	ctl pool add "$(printf 'a%.0s' {1..96})"
}

test_pe() {
	ctl pe add pool web id 1 tcp 192.0.2.1:80 tcp '[2001:db8::1]:81' \
		policy wrr weight 3
	ctl pe add pool web id 0x2 tcp '[fe80::1%lo]:82' weight 1 lifetime 1h
	same "$(ctl pe show pool web id 1)" 'pool web id 0x00000001 tcp 192.0.2.1:80 tcp [2001:db8::1]:81 policy wrr weight 3'
	same "$(json '[v[1]["tcp"], v[1]["lifetime-ms"], v[1]["expires-ms"] > 3590000]' ctl -j pe show pool web)" \
		'[["[fe80::1%lo]:82"], 3600000, true]'
	[[ $(ctl pe show) == *'lifetime 1h expires in '* ]]
	refused 2 'rspctl pe set pool web' ctl pe add pool web id 1 \
		tcp 192.0.2.1:80 weight 3
	refused 2 'needs this parameter' ctl pe add pool web id 5 \
		tcp 192.0.2.1:80
	ctl pe set pool web id 1 weight 9
	same "$(json 'v[0]["weight"], len(v[0]["tcp"])' ctl -j pe show pool web id 1)" '[9, 2]'
	ctl pe set pool web id 1 tcp 192.0.2.7:7
	same "$(json 'v[0]["tcp"]' ctl -j pe show pool web id 1)" '["192.0.2.7:7"]'
	refused 2 '' ctl pe add pool web id 3 tcp 192.0.2.1:80 policy rr
	refused 1 "the pool's" ctl pe set pool web id 1 policy rr
	refused 2 'see: rspctl pe show pool web' ctl pe set pool web id 77 weight 1
	refused 2 'see: rspctl pe show pool web' ctl pe del pool web id 77
	refused 2 'see: rspctl pool show' ctl pe del pool nope id 1
	refused 2 'see: rspctl pool show' ctl pe show pool nope
	ctl pe del pool web id 1
	same "$(ctl pe del pool web id 2 now)" 'severed 0'
	same "$(ctl pool show)" ''
}

test_pe_use() {
	ctl pe add pool web id 1 tcp 192.0.2.1:80 use control \
		tcp '[2001:db8::1]:81'
	same "$(ctl pe show)" 'pool web id 0x00000001 tcp 192.0.2.1:80 tcp [2001:db8::1]:81 use control policy rr'
	same "$(json 'v[0]["tcp"], v[0]["use"]' ctl -j pe)" \
		'[["192.0.2.1:80", "[2001:db8::1]:81"], "control"]'
	ctl pe set pool web id 1 home 7
	same "$(json 'v[0]["use"]' ctl -j pe)" '"control"'
	ctl pe set pool web id 1 tcp 192.0.2.1:80
	same "$(json 'v[0]["use"]' ctl -j pe)" '"data"'
	ctl pe set pool web id 1 tcp 192.0.2.1:80 use control
	same "$(json 'v[0]["use"]' ctl -j pe)" '"control"'
	refused 1 'data, control' ctl pe set pool web id 1 tcp 192.0.2.1:80 use all
	refused 1 'which addresses' ctl pe set pool web id 1 use data
	refused 2 "other elements" ctl pe add pool web id 2 tcp 192.0.2.2:80
}

test_pe_policies() {
	local p

	for p in rr rand 'wrand weight 2' 'prio priority 5' 'lu load 20%' \
		'lud load 20% degradation 1%' 'plu load 0% degradation 12.50%' \
		'rlu load 1234567'; do
		ctl pe add pool "p-${p%% *}" id 1 tcp 192.0.2.1:80 policy $p
		same "$(ctl pe show pool "p-${p%% *}")" "pool p-${p%% *} id 0x00000001 tcp 192.0.2.1:80 policy $p"
	done
}

test_pe_picked_id() {
	local i

	ctl scope set pe-id-range 0x40-0x47
	for i in 1 2 3 4 5 6 7 8; do
		[[ $(ctl pe add pool web tcp 192.0.2.1:$i) =~ ^pool\ web\ id\ 0x0000004[0-7]$ ]]
	done
	same "$(json 'sorted(e["id"] for e in v)' ctl -j pe show pool web)" \
		'[64, 65, 66, 67, 68, 69, 70, 71]'
	refused 2 'see: rspctl scope show' ctl pe add pool web tcp 192.0.2.1:9
	same "$(json 'v["id"] & ~7, v["pool"]' ctl -j pe add pool other tcp 192.0.2.1:1)" '[64, "other"]'
	# Among many in one message some collide; all get in.
	ctl scope set pe-id-range 0x1000-0x11ff
	for ((i = 1; i <= 400; i++)); do
		echo "pe add pool many tcp 192.0.2.1:$i"
	done > "$tmp/many"
	same "$(ctl -b "$tmp/many" | sort -u | wc -l)" 400
	same "$(json 'len(v)' ctl -j pe show pool many)" 400
}

test_pe_drain() {
	ctl pe add pool web id 1 tcp 192.0.2.1:80
	ctl pe drain pool web id 1
	[[ $(ctl pe show) == *'avoided: drain, sessions left 0'* ]]
	same "$(json 'v[0]["avoid"]' ctl -j pe)" '"drain"'
	same "$(json 'v[0]["avoided"]' ctl -j pool)" 1
	ctl pe drain pool web id 1 off
	same "$(json 'v[0]["avoid"]' ctl -j pe)" '"none"'
	refused 1 'id ID' ctl pe drain pool web
}

test_pe_expires() {
	ctl pe add pool web id 1 tcp 192.0.2.1:80 lifetime 3s
	same "$(json 'len(v)' ctl -j pe)" 1
	within 10 eval '[ "$(ctl -j pe)" = "[]" ]'
}

test_handles() {
	local name

	for name in 'a\x00b' '\\' '\xff\xfe' '\x30x61' '\x23' 'a\x20b' '\x22'; do
		ctl pool add "$name"
		[[ $(ctl pool show "$name") == "$name policy rr "* ]]
		same "$(ctl -j pool show "$name" | python3 -c 'import json, sys
print(json.load(sys.stdin)[0]["pool"])')" "$name"
		ctl pool del "$name"
	done
	ctl pool add 0x61ff
	[[ $(ctl pool show) == 'a\xff policy '* ]]
	ctl pool del 'a\xff'
	refused 1 'two hexadecimal digits' ctl pool add 'a\b'
}

test_abbreviations() {
	ctl po a web
	ctl pe a poo web id 1 t 192.0.2.1:80
	[[ $(ctl po) == 'web policy'* ]]
	[[ $(ctl pe sh) == 'pool web id'* ]]
	refused 1 '"p" could be: pool, pe' ctl p
	refused 1 'is no object; there are: scope, pool' ctl pools
	refused 1 'there is no option -frobnicate' ctl -frobnicate
	refused 1 'is too much here' ctl pool del web now later
	refused 1 '"-j": options come before the object' ctl doctor -j
	refused 1 '"-j": options come before the object' ctl pe show -j
	refused 2 'options come before the object, as: rspctl -j pool show' ctl pool show -j
	refused 1 'its value is missing' ctl pool add
}

test_unprivileged() {
	local as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'

	ip netns exec "$ns" $as_nobody rspctl pool show
	refused 2 'CAP_NET_ADMIN' ip netns exec "$ns" $as_nobody \
		rspctl pool add web
	refused 2 'CAP_NET_ADMIN' ip netns exec "$ns" $as_nobody \
		rspctl pe add pool web tcp 192.0.2.1:80
	refused 2 '' timeout 5 ip netns exec "$ns" $as_nobody rspctl monitor asap
}

test_netns() {
	ip netns add "$ns-b"
	ctl pool add web
	rspctl -n "$ns-b" pool add other
	same "$(json '[p["pool"] for p in v]' ctl -j pool)" '["web"]'
	same "$(json '[p["pool"] for p in v]' rspctl -j -n "$ns-b" pool)" '["other"]'
	ip netns del "$ns-b"
	refused 1 'see: ip netns' rspctl -n "$ns-b" pool
	refused 1 'no name of a namespace' rspctl -n ../x pool
}

test_stats() {
	refused 2 '' ctl pool del nope
	same "$(json 'all(type(n) is int for n in v.values()) and len(v) > 10' ctl -j stats)" true
	same "$(json '0 in v.values()' ctl -j stats show zero never)" false
	[ "$(ctl stats show zero never | wc -l)" -lt "$(ctl stats | wc -l)" ]
	same "$(ctl -j session show)" '[]'
	refused 2 'see: rspctl session show' ctl session show id 12345
	refused 2 'rspctl: There is no pool with this handle; see: rspctl pool show' \
		ctl session show pool nope
	ctl pool add idle
	same "$(ctl -j session show pool idle)" '[]'
	refused 1 'value of zero' ctl stats show zero sometimes
}

test_batch_lines() {
	cat > "$tmp/batch" <<-'END'
	# a comment, then an empty line

	pool add web policy wrr
	pe add pool web id 1 tcp 192.0.2.1:80 weight 1
	pe add pool web id 2 \
		tcp 192.0.2.2:80 weight 1
	pe add pool web id 3 tcp 192.0.2.3:80 policy rr
	pe add pool web id 4 tcp 192.0.2.4:80 weight 1
	pe add pool web id 4 tcp 192.0.2.4:80 weight 1
	pe add pool web id 5 tcp 192.0.2.5
	pe add pool web id 6 tcp "192.0.2.6:80" weight 1
	pool add web
	pool show "web
	END
	# What is before the wrong line is carried out, what is behind is not.
	refused 2 "$tmp/batch:7: " ctl -b "$tmp/batch"
	same "$(json 'sorted(e["id"] for e in v)' ctl -j pe)" '[1, 2]'
	ctl pool del web
	refused 2 "$tmp/batch:7: " ctl -force -b "$tmp/batch"
	same "$(json 'sorted(e["id"] for e in v)' ctl -j pe)" '[1, 2, 4, 6]'
	ctl pool del web
	ctl -f -b "$tmp/batch" 2>"$tmp/said" || :
	same "$(cut -d : -f 2 "$tmp/said" | sort -n | tr '\n' ' ')" '7 9 10 12 13 '
	ctl pool del web
	refused 2 'standard input:7: ' ctl -b - < "$tmp/batch"
	refused 1 'No such file' ctl -b "$tmp/none"
	refused 1 'an octet 0' ctl -b - < <(printf 'pool add a\0b\n')
	refused 1 'standard input:2: ' ctl -b - < <(printf '\nfrobnicate\n')
	refused 1 '-sync goes with -batch' ctl -sync pool show
}

test_batch_order() {
	# The pool command waits for the elements before it, and they for it.
	ctl -b - <<-'END'
	pe add pool a id 1 tcp 192.0.2.1:80
	pool set a fin failure
	pe add pool a id 2 tcp 192.0.2.2:80
	pe del pool a id 1
	pe add pool b id 1 tcp 192.0.2.1:80
	pool del b
	END
	same "$(json '[[e["pool"], e["id"]] for e in v]' ctl -j pe)" '[["a", 2]]'
	same "$(json '[p["fin"] for p in v]' ctl -j pool)" '["failure"]'
}

test_sync() {
	local i

	for i in 1 2 3 4; do
		ctl pe add pool web id $i tcp 192.0.2.1:$i
	done
	ctl pool add hand fin eof
	cat > "$tmp/batch" <<-'END'
	pool add hand fin failure
	pe add pool web id 2 tcp 192.0.2.1:222
	pe add pool web id 5 tcp 192.0.2.1:5
	END
	same "$(ctl -sync -b "$tmp/batch")" 'swept 3'
	same "$(json 'sorted([e["id"], e["tcp"]] for e in v)' ctl -j pe)" \
		'[[2, ["192.0.2.1:222"]], [5, ["192.0.2.1:5"]]]'
	same "$(json '[p["fin"] for p in v if p["pool"] == "hand"]' ctl -j pool)" '["failure"]'
	# An error, and nothing is swept; nor does the sync go on.
	printf 'pe add pool web id 9 tcp 192.0.2.1:9\nnonsense\n' > "$tmp/batch"
	refused 1 'nothing is swept' ctl -sync -b "$tmp/batch"
	same "$(json 'sorted(e["id"] for e in v)' ctl -j pe)" '[2, 5, 9]'
	within 5 eval '[ "$(json "v[\"syncing\"]" ctl -j scope)" = false ]'
	same "$(printf 'sync begin\npe add pool x id 1 tcp 192.0.2.1:1\nsync end\n' | ctl -b -)" 'swept 3'
	refused 1 'lines of a batch' ctl sync begin
	refused 2 'sync begin' ctl -b - <<< 'sync end'
}

test_save() {
	cat > "$tmp/batch" <<-'END'
	scope set name lab pools-max 1000 avoid-min 1500ms pe-id-range 1-99
	pool add web policy wrr fin failure failover auto
	pool add empty policy lud
	pe add pool web id 1 tcp 192.0.2.1:80 tcp [2001:db8::1]:80 use control weight 3
	pe add pool web id 0xffffffff tcp [fe80::1%lo]:80 use control weight 0 lifetime 1h
	pe add pool \x00\xff\\\x30x id 1 tcp 192.0.2.1:80 policy lud load 12.5% degradation 12345
	pe add pool "with blank" id 7 tcp 192.0.2.1:80 policy prio priority 4
	pool set "with blank" failover off
	pe drain pool web id 1
	pe add pool foreign id 1 tcp 192.0.2.1:80 home 5
	END
	ctl -b "$tmp/batch"
	ctl save > "$tmp/saved"
	none foreign "$tmp/saved"
	ctl pe del pool foreign id 1
	ctl -j pool > "$tmp/pools"
	ctl -j pe > "$tmp/pes"
	ip netns del "$ns"
	ip netns add "$ns"
	# As the unit does it.
	eval "ctl > /dev/null $(sed -n 's|^ExecStart=/usr/sbin/rspctl ||p' \
		"$dir/packaging/rserpool-restore.service" |
		sed "s|/etc/rserpool/rserpool.conf|$tmp/saved|")"
	diff <(sort "$tmp/saved") <(ctl save | sort)
	local sort='sorted(v, key=lambda e: (e["pool"], e.get("id"))), [e.pop("expires-ms", 0) for e in v] and 0'
	same "$(json "$sort" ctl -j pool)" "$(json "$sort" cat "$tmp/pools")"
	same "$(json "$sort" ctl -j pe)" "$(json "$sort" cat "$tmp/pes")"
	# Over itself it changes nothing.
	same "$(ctl -sync -b "$tmp/saved")" 'swept 0'
	diff <(sort "$tmp/saved") <(ctl save | sort)
	refused 1 'not JSON' ctl -j save
}

test_monitor() {
	local pid

	ctl -j monitor handlespace > "$tmp/events" &
	pid=$!
	# It listens once it sees something.
	within 10 eval 'ctl pool add probe && ctl pool del probe &&
		[ -s "$tmp/events" ]'
	ctl pool add web policy wrr
	ctl pool set web fin failure
	ctl pe add pool web id 1 tcp 192.0.2.1:80 weight 2
	ctl pe set pool web id 1 weight 3
	ctl pe drain pool web id 1
	ctl pe drain pool web id 1 off
	ctl pe del pool web id 1
	ctl pe add pool web id 2 tcp 192.0.2.1:80 lifetime 200ms weight 1
	within 5 eval 'grep -q pe-expired "$tmp/events"'
	ctl pool del web
	within 5 eval 'grep -q "pool-del.*web" "$tmp/events"'
	kill $pid
	wait $pid 2>/dev/null || :
	same "$(python3 - "$tmp/events" <<-'END'
	import json, sys
	for line in open(sys.argv[1]):
	    v = json.loads(line)
	    if v["pool"] != "probe":
	        print(v["event"], v.get("id", "-"), v.get("weight", "-"), end=";")
	END
	)" 'pool-new - -;pool-set - -;pe-new 1 2;pe-set 1 3;pe-avoided 1 3;pe-returned 1 3;pe-del 1 3;pe-new 2 1;pe-expired 2 1;pool-del - -;'
}

test_monitor_text() {
	local pid

	ctl monitor > "$tmp/events" &
	pid=$!
	within 10 eval 'ctl pool add probe && ctl pool del probe &&
		[ -s "$tmp/events" ]'
	ctl pe add pool web id 1 tcp 192.0.2.1:80
	within 5 eval 'grep -q "^pe-new pool web id 0x00000001 tcp 192.0.2.1:80 policy rr$" "$tmp/events"'
	kill $pid
}

test_json_is_whole() {
	local c

	ctl pe add pool web id 1 tcp 192.0.2.1:80
	for c in scope pool pe session stats; do
		[ "$(json 1 ctl -j -p $c)" = 1 ] || fail "$c"
		same "$(json v ctl -j $c | sed 's/[0-9]//g')" \
			"$(json v ctl -j -p $c | sed 's/[0-9]//g')"
	done
	same "$(ctl -j pool show nope 2>/dev/null || :)" '[]'
	if ctl pool show > /dev/full 2>"$tmp/said"; then
		fail 'a full device is no error'
	fi
	grep -q 'No space left' "$tmp/said"
}

test_version() {
	local release

	release=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$dir/packaging/dkms.conf")
	[[ $release =~ ^[0-9]+\.[0-9]+ ]]
	[[ $(rspctl -V) =~ ^"rspctl $release, netlink family version "[0-9]+$ ]]
}

# The list of objects has each that has commands, and each says what these are.
test_help() {
	local object

	rspctl help | sed -n '/^OBJECT := {/,/}/p' | tr -cs a-z '\n' | grep . |
		sort -u > "$tmp/objects"
	rspctl help | sed -n 's/^rspctl \([a-z]*\).*/\1/p' | sort -u |
		diff "$tmp/objects" -
	[ "$(wc -l < "$tmp/objects")" -gt 10 ]
	while read -r object; do
		[[ $(rspctl "$object" help) == "rspctl $object "* ]]
		grep -q "^\\\\fBrspctl $object\\b" "$dir/Documentation/man/rspctl.8" ||
			[ "$object" = help ]
	done < "$tmp/objects"
	refused 1 'is too much here' rspctl doctor help me
}

# Every keyword of the grammar is in the manual and in the completion.
test_documented() {
	local word

	rspctl help | tr -c 'a-zA-Z\\-' '\n' | grep -xE '[a-z][a-z-]+' |
		grep -vxE 'rspctl|its|octets|for|any|of|them|to|ms' | sort -u \
		> "$tmp/words"
	[ "$(wc -l < "$tmp/words")" -gt 50 ]
	sed 's/\\-/-/g; s/\\f[BIR]//g' "$dir/Documentation/man/rspctl.8" > "$tmp/man"
	while read -r word; do
		grep -qw -- "$word" "$tmp/man" || fail "rspctl(8): $word"
		grep -qw -- "$word" "$dir/packaging/bash-completion/rspctl" ||
			fail "completion: $word"
	done < "$tmp/words"
}

test_completion() {
	bash -eu -c '
		set -o pipefail
		. "$1/packaging/bash-completion/rspctl"
		complete -p rspctl > /dev/null
		complete_line() {
			COMP_WORDS=("$@")
			COMP_CWORD=$(($# - 1))
			_rspctl
			echo "${COMPREPLY[*]}"
		}
		ns=$2
		rspctl -n "$ns" pe add pool web id 1 tcp 192.0.2.1:80
		rspctl -n "$ns" pool add "\$(reboot)"
		[ "$(complete_line rspctl po)" = pool ]
		[ "$(complete_line rspctl -n "$ns" pool del w)" = web ]
		[ "$(complete_line rspctl -n "$ns" pe del pool web id "")" = 0x00000001 ]
		[ "$(complete_line rspctl -n "$ns" pool show "\\$")" = "\\\$\\(reboot\\)" ]
		[ "$(complete_line rspctl pool set web failover a)" = auto ]
		[ "$(complete_line rspctl pe add pool web tcp 192.0.2.1:80 u)" = use ]
		[ "$(complete_line rspctl pe add pool web tcp 192.0.2.1:80 use "")" = "data control" ]
		[ "$(complete_line rspctl -n "${ns%?}")" != "" ]
	' bash "$dir" "$ns"
}

test_load() {
	local start ms n=$RSPCTL_ELEMENTS

	ctl scope set pools-max 100000 elements-max 2000000
	awk -v n="$n" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "pe add pool pool-%d id %d tcp 10.%d.%d.%d:%d policy wrr weight %d\n",
				i / 100, i + 1, i / 65536 % 256, i / 256 % 256,
				i % 256, 1024 + i % 60000, i % 7 }' > "$tmp/batch"
	start=$(date +%s%N)
	ctl -b "$tmp/batch"
	ms=$((($(date +%s%N) - start) / 1000000))
	echo "# $n elements in $ms ms, $((n * 1000 / ms)) a second"
	same "$(json 'v["elements"], v["pools"]' ctl -j scope)" "[$n, $((n / 100))]"
	start=$(date +%s%N)
	same "$(ctl pe show | wc -l)" "$n"
	echo "# shown in $((($(date +%s%N) - start) / 1000000)) ms"
	# A line that is wrong among many is named, the rest gets in.
	sed "$((n / 2))s/tcp 10/tcp 224/" "$tmp/batch" > "$tmp/wrong"
	ip netns del "$ns"
	ip netns add "$ns"
	ctl scope set pools-max 100000 elements-max 2000000
	refused 2 "$tmp/wrong:$((n / 2)): " ctl -force -b "$tmp/wrong"
	same "$(json 'v["elements"]' ctl -j scope)" $((n - 1))
}

ktap_run rspctl
