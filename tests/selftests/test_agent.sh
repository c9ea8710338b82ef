#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An operator who is the agent: rspctl hears what a registrar's agent would be
# asked, and answers for it.
. "$(dirname "$0")/ktap.sh"

# asked EVENT PATTERN: the agent heard of such a one
asked() { within 10 grep -q "^$1 .*$2" "$tmp/asked"; }

# The monitor is there when it hears of a pool that nobody has.
agent_start() {
	ctl monitor asap > "$tmp/asked" 2>&1 &
	within 10 eval '! ip netns exec "$ns" timeout 1 ask nobody; grep -q nobody "$tmp/asked"'
}

test_done() {
	ctl scope set resolve-timeout 100ms
	agent_start
	ip netns exec "$ns" counter tally 4001 7 &
	asked register 'pool tally .*id 0x00000007.*listener asked'
	same "$(json 'v[0]["listener"]' ctl -j registration show)" '"asked"'
	same "$(ctl -j pe show)" '[]'
	ctl registration "done" pool tally id 7
	same "$(json 'v[0]["listener"]' ctl -j pe show)" '"agent"'
	ctl registration keep-alive pool tally id 7 home 9
	ctl pe show pool tally | grep -q 'home 0x00000009'
	within 10 eval 'ip netns exec "$ns" timeout 5 count tally 1'
	kill -KILL $!
	asked deregister 'pool tally id 0x00000007'
	refused 2 'No socket' ctl registration keep-alive pool tally id 7
	same "$(ctl -j registration show)" '[]'
}

test_refused() {
	ctl scope set resolve-timeout 100ms
	agent_start
	ip netns exec "$ns" counter tally 4001 7 2> "$tmp/said" &
	asked register 'pool tally'
	ctl registration refuse pool tally id 7 error policy
	fails wait $!
	grep -q 'type for socket' "$tmp/said"
	same "$(ctl -j pe show)" '[]'
	same "$(ctl -j registration show)" '[]'
}

ktap_run agent
