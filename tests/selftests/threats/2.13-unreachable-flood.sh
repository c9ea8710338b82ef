#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.13: a flood of reports that elements are unreachable, by a user who means
# it, and by one who does not.
. "$(dirname "$0")/threat.sh"
. "$(dirname "$0")/crowd.sh"

# He has a key, and reports all elements as fast as he can, by three connections. They are
# all there.
test_flood() {
	local begun seconds kept i reports asked words

	hosts 1 2 3 4 9
	crowd_file 1 3 4 9 > "$tmp/auth"
	scene 'report-rate = 10' 'report-burst = 50' 'keep-alive-rate = 200'
	crowds
	before 1 3
	kept=$(counter_of 1 keep-alives)
	begun=$(now_ms)
	one_more 1000 207
	client_command 9
	for i in a b c; do
		starts 9 "flood-$i" "${command[@]}" flood "$many" unreachable crowd 10000 \
			"${words[@]}" resolve echo stay
	done
	# What others ask for meanwhile is answered in two seconds.
	client_command 4 register fresh 400 10.9.4.2:9 600 deregister fresh 400
	for i in 1 2 3 4 5; do
		same "$(on 4 timeout 2 "${command[@]}" | paste -s -d ' ')" \
			'registered fresh 0x00000190 deregistered fresh 0x00000190'
	done
	for i in a b c; do
		says flood-$i 'resolved echo 0x000000cf'
	done
	served 3
	asked=$(($(counter_of 1 keep-alives) - kept))
	reports=$(counter_of 1 reports)
	seconds=$((($(now_ms) - begun) / 1000 + 1))
	[ "$reports" -le $((3 * (50 + 10 * seconds))) ] || fail "$reports reports in $seconds s"
	[ "$asked" -le $((200 + 200 * seconds)) ] || fail "$asked keep-alives in $seconds s"
	counted 1 reports-dropped $((3 * (many + 1000 - 50 - 10 * seconds)))
	says enrpd-1 '10.9.9.2:.* (host-9): it reports more elements than report-rate'
	unchanged fresh
	at_most 1 unreachable 0
	at_most 1 reported 0
}

# What a user's own host tells: a pool whose elements are all dead is tried from its
# beginning to its end.
test_own() {
	local dead=300 begun seconds reports

	grep -q 'User Mode Linux' /proc/cpuinfo && dead=60
	hosts 1 2 3
	crowd_file 1 3 > "$tmp/auth"
	registrar 1 'start-grace = "0s"' 'bad-pe-reports = 1000' 'report-burst = 100000'
	many=$dead crowds
	agent 3 'report-rate = 5' 'report-burst = 10'
	shows agent-3 agent '[v["kernel"], v["home"] == "none"]' '["fed", false]'
	on 3 rspctl scope set resolve-timeout 1h
	begun=$(now_ms)
	refused 1 'No route to host' on 3 ask crowd
	# The kernel's own limit, then the agent's.
	shows agent-3 agent 'v["counters"]["reports"] > 0' true
	reports=$(counter_of 1 reports)
	seconds=$((($(now_ms) - begun) / 1000 + 1))
	[ "$reports" -le $((10 + 5 * seconds)) ] || fail "$reports reports in $seconds s"
	on 3 rspctl scope set avoid-min 1ms avoid-max 1ms unreachable-rate 1000000 \
		unreachable-burst 1000000 unreachable-pe-rate 1000000 unreachable-pe-burst 1000000
	refused 1 'No route to host' on 3 ask crowd
	shows agent-3 agent "v['counters']['reports-dropped'] > 0" true
	reports=$(counter_of 1 reports)
	seconds=$((($(now_ms) - begun) / 1000 + 1))
	[ "$reports" -le $((10 + 5 * seconds)) ] || fail "$reports reports in $seconds s"
}

ktap_run 2.13
