#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make demo SECURE=1 runs this in the test guest: a client and two elements on hosts of
# their own (network namespaces), the same programs twice: in a plain scope, and in a
# secure one. Each time the element that serves is killed, and the wire is captured.
set -e

show() { echo; echo "\$ $*"; "$@"; }

ip link add name lan type bridge
ip addr add 192.0.2.254/24 dev lan
ip link set lan up
for i in 1 2; do
	ip netns add host$i
	ip -n host$i link set lo up
	ip link add name port$i type veth peer name eth0 netns host$i
	ip link set port$i master lan up
	ip -n host$i addr add 192.0.2.$i/24 dev eth0
	ip -n host$i link set eth0 up
done

# on HOST COMMAND...: on host1, host2, or here, where the client is.
on() {
	if [ "$1" = here ]; then "${@:2}"; else ip netns exec "$@"; fi
}

elements_start() {
	for i in 1 2; do
		# An element says that its client was killed, which is what happens here.
		on host$i setsid -f echo wire 4000 $i 2> "/tmp/echo$i"
		until on host$i rspctl pe show | grep -q listener; do
			sleep 0.1
		done
		rspctl pe add pool wire id $i tcp 192.0.2.$i:4000 use control
	done
}

# The host that serves now.
serving() {
	rspctl session show | sed -n 's/.* peer 192.0.2.\([0-9]*\):4000.*/\1/p'
}

# answers N: wait until the client has N answers in all.
answers() {
	until [ "$(grep -c request /tmp/output)" -ge "$1" ]; do sleep 0.1; done
}

# failover NAME: the client asks, is moved, asks on; NAME.pcap has all of it.
failover() {
	elements_start
	tcpdump -i lan -U -w "/tmp/$1.pcap" 2> "/tmp/$1.said" &
	capture=$!
	until grep -q listening "/tmp/$1.said"; do sleep 0.1; done
	echo "\$ ask wire"
	ask wire > /tmp/output 2>&1 &
	client=$!
	tail -n +1 -f /tmp/output &
	telling=$!
	answers 2
	show rspctl session show
	i=$(serving)
	echo "   (host$i gets SIGKILL)"
	pkill -KILL --ns "$(ip netns pids "host$i" | head -n 1)" --nslist net -x echo
	answers 5
	grep -q moved /tmp/output
	sleep 0.5
	kill $client $telling $capture
	wait $client $telling $capture || :
	pkill -KILL -x echo
	rspctl pool del wire
}

# What strings(1) would say: lines of the capture with a request in them.
requests_on_the_wire() {
	grep -ao 'request [0-9]*' "/tmp/$1.pcap" | sort -u
}

echo "A plain scope:"
failover plain
echo
echo "What of that is to be read on the wire:"
requests_on_the_wire plain
[ "$(requests_on_the_wire plain | wc -l)" -ge 5 ]

echo
echo "Now a secure one. All three hosts get the pool's key, and an agent for handshakes:"
head -c 32 /dev/urandom > /tmp/wire.key
for host in here host1 host2; do
	until on $host rspctl scope set name demo mode secure auth psk 2> /tmp/why
	do
		grep -q 'elements or sessions' /tmp/why
		sleep 0.1
	done
	on $host rspctl key add pool wire file /tmp/wire.key
	on $host setsid -f rserpool-tlshd > /dev/null 2>&1
done
for host in here host1 host2; do
	until on $host rspctl doctor > /tmp/doctor; do sleep 0.1; done
done
show cat /tmp/doctor
failover secure
echo
echo "What of that is to be read on the wire, in $(stat -c %s /tmp/secure.pcap) octets:"
! requests_on_the_wire secure | grep . || exit 1
echo "nothing"
