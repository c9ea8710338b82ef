#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Three to five registrars, each with its kernel, 1000 elements that the agents of two hosts
# register, users of a service that counts, and what befalls them, in an order that a seed
# gives. It befalls fewer registrars than half at a time, and an element can always reach
# one: so none that lives is ever removed, and afterwards all know what lives.
#
# RSP_SEED: the seed; it is printed, and another one each time unless it is set
# RSP_ROUNDS: how often something befalls them (2)
#
# Where there is no module the registrars and agents are tested without kernels.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"

# The debug kernel's machine has fewer.
grep -q 'User Mode Linux' /proc/cpuinfo && group=20 || group=100
modinfo rserpool > /dev/null 2>&1 && kernel=true || kernel=false
events=(killed stopped parted lone)
# In a test machine links can be slow, and the clock, which is all its programs', is ours.
[ $kernel = false ] || events+=(slow)
grep -q guest-init /proc/1/cmdline && events+=(stepped)
rounds=${RSP_ROUNDS:-2}

# Each pool has a group of elements on each server, at the ports from this one on; those of
# mortal pools come and go.
servers=(6 7) user=8 looker=9
declare -A ports=([p0]=10000 [p1]=10100 [p2]=10200 [m3]=10300 [m4]=10400)
pools=(p0 p1 p2 m3 m4) mortal=(m3 m4)

# draw N: a number below N, drawn
draw() {
	dice=$((dice * 6364136223846793005 + 1442695040888963407))
	drawn=$(((dice >> 33 & 0x7fffffff) % $1))
}
# one_of WORD...: one of them, drawn
one_of() {
	draw $#
	shift "$drawn"
	drawn=$1
}
# maybe COMMAND...: it is in the schedule, or not
maybe() {
	draw 2
	[ "$drawn" = 0 ] || echo "$@"
}

schedule_round() {
	local most=$(((${#registrars[@]} - 1) / 2)) victims=() befalls=() n i pool

	one_of "${registrars[@]}"; victims[0]=$drawn
	one_of "${registrars[@]}"
	[ $most = 1 ] || [ "$drawn" = "${victims[0]}" ] || victims[1]=$drawn
	for i in "${!victims[@]}"; do
		one_of "${events[@]}"; befalls[i]=$drawn
		draw 172800
		echo "ill ${befalls[i]} ${victims[i]} $drawn"
	done
	one_of "${servers[@]}"; n=$drawn
	one_of "${mortal[@]}"; pool=$drawn
	# What goes while its agent or a registrar is killed is there for some minutes yet,
	# there or in the kernel: that is for many rounds.
	one_of agent group
	if [ "$rounds" -gt 3 ]; then
		maybe comes_or_goes "$n" "$pool"
		one_of "${servers[@]}"
		maybe agent_again "$drawn"
	elif [[ $drawn == agent || ${befalls[*]} == *killed* ]]; then
		echo agent_again "$n"
	else
		echo comes_or_goes "$n" "$pool"
	fi
	[ $kernel = false ] || echo counters_again "${servers[round % 2]}"
	for i in "${!victims[@]}"; do
		case ${befalls[i]} in
		slow|stepped) ;;
		parted) maybe missed "${victims[i]}" ;;
		*)
			one_of missed left
			maybe "$drawn" "${victims[i]}"
			;;
		esac
		echo "well ${befalls[i]} ${victims[i]}"
	done
	# Or the next round begins while this one heals.
	maybe settled
}

ill() {
	is_ill[$2]=y
	"$@"
}
well() {
	"$1_over" "$2"
	unset "is_ill[$2]"
}

killed() { kills "enrpd-$1"; }
killed_over() { registrar_starts "$1"; }
stopped() { kill -STOP "$(cat "$tmp/enrpd-$1.pid")"; }
stopped_over() { kill -CONT "$(cat "$tmp/enrpd-$1.pid")"; }

# From the other registrars.
parted() {
	local n

	for n in "${registrars[@]}"; do [ "$n" = "$1" ] || apart "$1" "$n"; done
}
parted_over() {
	local n

	for n in "${registrars[@]}"; do [ "$n" = "$1" ] || apart_over "$1" "$n"; done
}

# From everybody.
lone() { ip -n "$ns" link set "host$1" down; }
lone_over() { ip -n "$ns" link set "host$1" up; }

slow() {
	tc -n "$ns" qdisc add dev "host$1" root netem delay 200ms 100ms loss 3%
	tc -n "$ns-$1" qdisc add dev eth0 root netem delay 200ms 100ms loss 3%
}
slow_over() {
	tc -n "$ns" qdisc del dev "host$1" root
	tc -n "$ns-$1" qdisc del dev eth0 root
}

# By a day back or forth at most; it is put back however the test ends.
clock() { date -s "@$(($(date +%s) + $1))" > /dev/null; }
stepped() {
	step=$(($2 - 86400))
	clock $step
	trap 'clock $((-step))' EXIT
}
stepped_over() {
	clock $((-step))
	trap - EXIT
}

# missed N: all who are well have seen that this registrar is not there
missing() { rspctl peer show at "$tmp/$1.sock" | grep -q "^registrar-$2 .* down "; }
missed() {
	local n

	for n in "${registrars[@]}"; do
		[ "${is_ill[$n]:-}" ] || within 60 missing "$n" "$1"
	done
}

# left N: the agents of the servers have other homes
has_left() { ! homed "$1" "$2"; }
left() {
	local n

	for n in "${servers[@]}"; do within 60 has_left "$n" "$1"; done
}

# Who is not heard is not given up before TCP has tried to connect for the third time.
registrar_starts() {
	heard=15s feed=$kernel peer "$1" 'start-grace = "2m"' 'keep-alive-timeout = "1m"' \
		'dead-timeout = "2m"'
}

agent_starts() {
	local n=$1 pool k services= at= i

	for pool in "${pools[@]}"; do
		for ((k = 0; k < group; k++)); do
			services+=",{ handle = \"$pool\"; id = $((100 * n + k));"
			services+="port = $((ports[$pool] + k)); interval = \"10s\";"
			services+='timeout = "20s"; rise = 1; fall = 1; }'
		done
	done
	[[ " ${servers[*]} " == *" $n "* ]] || services=
	# Each begins with another registrar.
	for ((i = 0; i < ${#registrars[@]}; i++)); do
		at+=", \"10.9.${registrars[(i + n) % ${#registrars[@]}]}.2:3864\""
	done
	at=${at#,} agent "$n" 'dead-timeout = "3s"' 'stale-timeout = "20s"' \
		'request-timeout = "10s"' "services = ( ${services#,} )"
}
agent_again() {
	kills "asapd-$1"
	agent_starts "$1"
}

group_starts() {
	starts "$1" "group-$1-$2" listeners "10.9.$1.2:${ports[$2]}" $group
	says "group-$1-$2" "^$group listen"
	groups[$1-$2]=y
}
comes_or_goes() {
	if [ "${groups[$1-$2]:-}" ]; then
		kills "group-$1-$2"
		rm "$tmp/group-$1-$2"
		unset "groups[$1-$2]"
	else
		group_starts "$1" "$2"
	fi
}

counters_start() {
	local id

	for id in "$1"0{0,1}; do
		counts "$1" "$id"
		within 60 listens "$1" "4$id"
	done
}
counters_again() {
	local id

	for id in "$1"0{0,1}; do
		pkill -KILL -P "$(cat "$tmp/counter-$id.pid")" || :
		kills "counter-$id"
	done
	counters_start "$1"
}

# What lives: pool, identifier, address.
living() {
	local n

	for n in "${servers[@]}"; do
		on "$n" ss -Hltn | awk -v n="$n" -v pools="${pools[*]}" '
			BEGIN { split(pools, pool) }
			{ port = $4; sub(/.*:/, "", port); port += 0 }
			port >= 10000 {
				i = port - 10000
				printf "%s 0x%08x 10.9.%d.2:%d\n", pool[int(i / 100) + 1],
					100 * n + i % 100, n, port
			}
			port >= 4000 && port < 5000 {
				printf "tally 0x%08x 10.9.%d.2:%d\n", port - 4000, n, port
			}'
	done | LC_ALL=C sort
}

# What a registrar says of all that, and who its home is; and what its kernel does.
handlespace() {
	local pool words=()

	for pool in "${pools[@]}" tally; do words+=(resolve "$pool"); done
	client $looker "$1" "${words[@]}" | awk '$3 != "cause" {
		for (i = 3; i < NF; i += 4)
			print $2, $i, $(i + 1), $(i + 3)
	}' | LC_ALL=C sort
}
handlespace_of_kernel() {
	on "$1" rspctl -j pe show | python3 -c 'import json, sys
for e in json.load(sys.stdin):
	print(e["pool"], "0x%08x" % e["id"], *e["tcp"], "0x%08x" % e["home"])' | LC_ALL=C sort
}

# sums N: of each registrar that the one there hears, how many elements it owns, and their
# checksum
sums() {
	{
		rspctl registrar show at "$tmp/$1.sock"
		rspctl peer show at "$tmp/$1.sock"
	} | sed -nE 's/.*(0x0000000.) .*(ready|active) .*(own [0-9]+ checksum 0x....).*/\1 \3/p'
}

# agreed: all say the same, and that is what lives
agreed() {
	local n

	living > "$tmp/living"
	for n in "${registrars[@]}"; do sums "$n"; done | sort | uniq -c > "$tmp/sums"
	awk -v n=${#registrars[@]} -v living="$(wc -l < "$tmp/living")" '
		$1 != n { exit 1 }
		{ own += $4 }
		END { exit NR != n || own != living }' "$tmp/sums" || return
	handlespace 1 > "$tmp/agreed"
	awk '{ print $1, $2, $3 }' "$tmp/agreed" | cmp -s - "$tmp/living" || return
	for n in "${registrars[@]}"; do
		handlespace "$n" > "$tmp/other"
		cmp -s "$tmp/agreed" "$tmp/other" || return
		[ $kernel = true ] || continue
		handlespace_of_kernel "$n" > "$tmp/other"
		cmp -s "$tmp/agreed" "$tmp/other" || return
	done
}
disagreed() {
	local n

	echo '# what lives, what registrar 1 says, what another one or a kernel does:'
	touch "$tmp/agreed" "$tmp/other"
	wc -l "$tmp/living" "$tmp/agreed" "$tmp/other"
	awk '{ print $1, $2, $3 }' "$tmp/agreed" | diff "$tmp/living" - | head -n 20
	diff "$tmp/agreed" "$tmp/other" | head -n 20
	cat "$tmp/sums"
	fail "not in $1 s"
}
# By this clock nothing steps.
uptime() { cut -d . -f 1 /proc/uptime; }
settled() {
	local end=$(($(uptime) + 240))

	until agreed; do
		[ "$(uptime)" -lt $end ] || disagreed 240
		sleep 0.5
	done
	spared
}

# spared: nothing was removed but what is mortal
spared() {
	if grep -H 'removed:\|registration has ended\|pe-del\|pe-expired' \
			"$tmp"/enrpd-* "$tmp"/monitor-* 2> /dev/null |
			grep -v 'pool \(m[34]\|tally\) ' | head -n 20 | grep .; then
		return 1
	fi
}

# all_start: all of them, and what the kernels tell is heard
all_start() {
	local n pool

	auth_file "${servers[@]}" $user $looker |
		sed 's/key =/updates = 100000; updates-burst = 100000; &/' > "$tmp/auth"
	for n in "${registrars[@]}"; do
		peers_file "$n" "${registrars[@]}" > "$tmp/peers-$n"
		registrar_starts "$n"
		[ $kernel = false ] || starts "$n" "monitor-$n" rspctl monitor handlespace
	done
	together "${registrars[@]}"
	for n in "${servers[@]}" $user; do agent_starts "$n"; done
	for n in "${servers[@]}"; do
		for pool in "${pools[@]}"; do group_starts "$n" "$pool"; done
		[ $kernel = false ] || counters_start "$n"
	done
	settled
	[ "$(wc -l < "$tmp/living")" -ge $((${#servers[@]} * ${#pools[@]} * group)) ]
	[ $kernel = false ] || users_start
}

# Users count from now on.
users_start() {
	local n

	for n in "${registrars[@]}"; do grep -q 'pe-new .*pool p0 ' "$tmp/monitor-$n"; done
	for n in 1 2; do starts $user "count-$n" count tally 1000000000; done
	busy $user
}
# counted: nobody has missed an answer, or got one twice
counted() {
	local n

	for n in 1 2; do
		ends "count-$n" INT || fail "$(cat "$tmp/count-$n")"
		sed 's/^/# /' "$tmp/count-$n"
		grep -q '^[1-9].* no gap and no repeat$' "$tmp/count-$n"
		[ "$rounds" -lt 2 ] || ! grep ' 0 failovers' "$tmp/count-$n" || return
	done
}

test_schedule() {
	local all=(1 2 3 4 5) registrars round seed begun command
	declare -A groups
	declare -a is_ill plan

	begun=$(uptime)
	seed=${RSP_SEED:-$(od -An -N4 -tu4 /dev/urandom)}
	dice=$((seed))
	echo "# again: make check T=cluster SEED=$((seed))"
	draw 3
	registrars=("${all[@]:0:drawn + 3}")
	hosts "${registrars[@]}" "${servers[@]}" $user $looker
	for ((round = 0; round < rounds; round++)); do
		schedule_round
	done > "$tmp/schedule"
	mapfile -t plan < "$tmp/schedule"

	all_start
	echo "# ${#registrars[@]} registrars, $(wc -l < "$tmp/living") elements"
	[ $kernel = false ] || plan+=(counted)
	for command in "${plan[@]}" settled; do
		echo "# $(($(uptime) - begun)) s: $command"
		$command
	done
}

ktap_run cluster
