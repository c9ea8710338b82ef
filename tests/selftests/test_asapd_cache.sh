#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the agent of a host without a registrar keeps in its kernel, and how long.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"

# The kernel keeps what it has; what is otherwise meanwhile is found.
test_restart() {
	hosts 1 2 3 4
	registrar 1 'keep-alive-timeout = "1m"'
	agent 3; agent 4
	counts 3 300
	stays 2 register tally 200 10.9.2.2:1 600 control register tally 201 10.9.2.2:2 600 control
	says client-2 'registered tally 0x000000c9'
	resolves 1 tally 0x0000012c
	starts 4 count count tally 0
	elements 4 12c c8 c9
	on 4 rspctl pe add pool mine id 7 tcp 192.0.2.1:1
	kills asapd-4
	kills asapd-3
	client 2 deregister tally 200 register tally 202 10.9.2.2:3 600 control > /dev/null
	elements 4 12c 7 c8 c9
	starts 4 monitor rspctl monitor handlespace
	within 20 eval 'on 4 rspctl pool add p; on 4 rspctl pool del p; grep -q . "$tmp/monitor"'
	agent 3; agent 4
	elements 4 12c 7 c9 ca
	resolves 1 tally '0x0000012c 10.9.3.2:4300 '
	none 'pe-del .*id 0x0000012c' "$tmp/monitor"
	# One that ends properly leaves it all to the next one.
	ends asapd-4 TERM
	elements 4 12c 7 c9 ca
	# What nobody uses is forgotten, but not what an operator said.
	agent 4 'stale-timeout = "500ms"' 'cache-lifetime = "1s"'
	elements 4 7
}

# A pool is kept as long as it is used, and no longer.
test_lifetime() {
	hosts 1 3 4
	registrar 1
	agent 3
	agent 4 'stale-timeout = "300ms"' 'cache-lifetime = "1s"'
	counts 3 300
	resolves 1 tally 0x0000012c
	starts 4 count count tally 1000
	busy 4
	sleep 2
	elements 4 12c
	kills count
	elements 4
	# Killed, it cannot say so: the kernel forgets by itself.
	starts 4 again count tally 1000
	busy 4
	kills asapd-4
	elements 4
	busy 4
}

# One that does not answer is reported, and is not there any more.
test_unreachable() {
	hosts 1 2 4
	registrar 1 'bad-pe-reports = 0'
	agent 4
	stays 2 mute register tally 200 10.9.2.2:1 600 control
	says client-2 registered
	fails on 4 timeout 5 count tally 0
	shows 1 registrar 'v["counters"]["reported"]' 1
	elements 4
}

ktap_run asapd_cache
