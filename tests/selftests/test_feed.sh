#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The registrar and the kernel of its host: what other hosts register over TLS a
# client here connects to, and what listens here others are told of.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"

# serves N: an echo server on port 7000 of that host
serves() {
	starts "$1" "server-$1" socat TCP-LISTEN:7000,fork,reuseaddr EXEC:cat
	within 20 listens "$1" 7000
}

# knows POOL: the kernel of host 1 has it, now or soon
has() { on 1 rspctl -j pe show | grep -q "\"pool\":\"$1\""; }
has_not() { ! has "$1"; }
knows() { within 20 has "$1"; }
forgets() { within 20 has_not "$1"; }

test_pool_of_another_host() {
	hosts 1 2
	serves 2
	registrar 1 'feed = true' 'start-grace = "0s"'
	says enrpd-1 'the kernel has all 0 elements, told in [0-9]* ms$'
	same "$(grep -c "^<4>the kernel's scope is plain" "$tmp/enrpd-1")" 1
	# What is nowhere is said to be nowhere, and not after some time.
	on 1 rspctl scope set resolve-timeout 1h
	refused 1 'No such file' on 1 ask echo
	stays 2 register echo 207 10.9.2.2:7000 600
	knows echo
	same "$(json '[v[0]["id"], v[0]["home"], "lifetime-ms" in v[0]]' on 1 rspctl -j pe show)" \
		'[207, 1, false]'
	starts 1 ask ask echo
	says ask request
	kills client-2
	client 2 register other 208 10.9.2.2:7000 600 deregister echo 207 > /dev/null
	forgets echo
	knows other
}

# A connect that comes before the elements do waits for them.
test_before() {
	hosts 1 2
	serves 2
	registrar 1 'start-grace = "1h"'
	on 1 rspctl scope set resolve-timeout 1h
	starts 1 ask ask echo
	within 20 eval 'on 1 rspctl -j scope | grep -q "\"resolutions\":1"'
	stays 2 register echo 207 10.9.2.2:7000 600
	says ask request
}

# No time in which a known pool is unknown; what does not come again goes.
test_restart() {
	hosts 1 2 3
	registrar 1 'start-grace = "0s"'
	stays 2 register echo 207 10.9.2.2:7000 600
	stays 3 register echo 300 10.9.3.2:7000 600 register lost 301 10.9.3.2:7000 600
	knows echo
	knows lost
	starts 1 monitor rspctl monitor handlespace
	within 20 eval 'on 1 rspctl pool add p; on 1 rspctl pool del p; grep -q . "$tmp/monitor"'
	kills enrpd-1
	fails wait "$(cat "$tmp/client-2.pid")"
	fails wait "$(cat "$tmp/client-3.pid")"
	knows echo
	registrar 1 'start-grace = "3s"'
	stays 2 register echo 207 10.9.2.2:7000 600
	forgets lost
	says monitor 'pe-del .*id 0x0000012d'
	says monitor 'pe-del .*id 0x0000012c'
	knows echo
	none 'pe-del .*id 0x000000cf' "$tmp/monitor"
	# One that ends properly leaves it all to the next one.
	ends enrpd-1 TERM
	knows echo
}

# A socket that listens here is an element for other hosts.
test_listener() {
	hosts 1 2
	registrar 1 'start-grace = "0s"' 'keep-alive-interval = "500ms"'
	says enrpd-1 'the kernel has all'
	starts 1 counter counter tally 4001 100
	resolves 2 tally '^resolved tally 0x00000064 10.9.1.2:4001 home 0x00000001$'
	same "$(json 'v[0]["listener"]' on 1 rspctl -j pe show)" '"agent"'
	on 1 timeout 20 count tally 1
	# Nobody has the same one, neither there nor here.
	same "$(client 2 register tally 200 10.9.2.2:4001 600)" \
		'refused tally 0x000000c8 cause 0x8'
	kills enrpd-1
	registrar 1 'start-grace = "0s"' 'keep-alive-interval = "500ms"'
	resolves 2 tally '0x00000064 10.9.1.2:4001'
	kills counter
	resolves 2 tally 'cause 0x9'
	starts 1 again counter tally 4001 100
	resolves 2 tally '0x00000064 10.9.1.2:4001'
	kill -STOP "$(cat "$tmp/enrpd-1.pid")"
	kills again
	kill -CONT "$(cat "$tmp/enrpd-1.pid")"
	resolves 2 tally 'cause 0x9'
}

test_one_feeder() {
	hosts 1 2
	registrar 1 'start-grace = "0s"'
	stays 2 register echo 207 10.9.2.2:7000 600
	knows echo
	sed 's/3864/3865/; s/1.sock/second.sock/' "$tmp/1.conf" > "$tmp/second.conf"
	starts 1 second enrpd -c "$tmp/second.conf"
	says second 'another program feeds this scope'
	knows echo
	# It is the next in turn.
	kills enrpd-1
	forgets echo
	says second 'the kernel has all 0 elements'
}

# More is asked than finds room while nobody reads.
test_lost() {
	hosts 1 2
	registrar 1 'start-grace = "0s"'
	says enrpd-1 'the kernel has all'
	kill -STOP "$(cat "$tmp/enrpd-1.pid")"
	on 1 perl -e 'for (1 .. 300) {
		socket($s[$_], 18, 1 | 2048, 0) or die "socket: $!";
		connect($s[$_], pack("S n L C x3 a*", 18, 0, 0, length, $_));
		$!{EINPROGRESS} or die "connect: $!";
	}'
	kill -CONT "$(cat "$tmp/enrpd-1.pid")"
	says enrpd-1 'was lost: all is told anew'
	stays 2 register echo 207 10.9.2.2:7000 600
	knows echo
	refused 1 'No such file' on 1 ask nobody
}

ktap_run feed
