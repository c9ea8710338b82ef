#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make demo CLUSTER=1 runs this in the test guest: three registrars, two hosts that serve
# and one that asks, each a network namespace. A registrar is killed, then a host that
# serves, then one of both at once; the client goes on.
set -e
umask 077

show() { echo; echo "\$ $*"; "$@"; }
# brief COMMAND...: what matters of what it says
brief() { echo; echo "\$ $* | head -n 2"; "$@" | sed -n 1,2p; }
on() { ip netns exec "host$1" "${@:2}"; }
key() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

ip link add name lan type bridge
ip link set lan up
for i in 1 2 3 4 5 6; do
	ip netns add host$i
	ip -n host$i link set lo up
	ip link add name port$i type veth peer name eth0 netns host$i
	ip link set port$i master lan up
	ip -n host$i addr add 192.0.2.$i/24 dev eth0
	ip -n host$i link set eth0 up
done

# Hosts 1 to 3: registrars. Each two share a key, and so does each other host with all.
for who in 12 13 23 4 5 6; do keys[who]=$(key); done
# peers N: what the file says of the others
peers() {
	local other list=

	for other in 1 2 3; do
		[ $other = "$1" ] && continue
		pair=$((other < $1 ? other * 10 + $1 : $1 * 10 + other))
		list+="${list:+, }{ name = \"registrar-$other\"; key = \"${keys[pair]}\";"
		list+=" address = \"192.0.2.$other:9902\"; }"
	done
	echo "name = \"registrar-$1\"; peers = ( $list );"
}
cat > /tmp/enrpd.auth <<END
identities = (
	{ name = "host4"; key = "${keys[4]}"; may = ( { handle = "web"; ids = [ 4, 4 ]; } ); },
	{ name = "host5"; key = "${keys[5]}"; may = ( { handle = "web"; ids = [ 5, 5 ]; } ); },
	{ name = "host6"; key = "${keys[6]}"; }
);
END
for i in 1 2 3; do
	peers $i > /tmp/enrpd$i.peers
	cat > /tmp/enrpd$i.conf <<END
server-id = $i;
asap-listen = [ "192.0.2.$i:3864" ];
authorization = "/tmp/enrpd.auth";
enrp-listen = [ "192.0.2.$i:9902" ];
peers = "/tmp/enrpd$i.peers";
control = "/tmp/enrpd$i.sock";
heartbeat-cycle = "1s";
max-time-last-heard = "5s";
keep-alive-interval = "5s";
END
done
# Hosts 4 to 6 have none, but an agent.
for i in 4 5 6; do
	cat > /tmp/asapd$i.conf <<END
registrars = ( "192.0.2.1:3864", "192.0.2.2:3864", "192.0.2.3:3864" );
identity = "host$i";
key = "${keys[i]}";
control = "/tmp/asapd$i.sock";
END
done

registrar_start() {
	echo "   (host$1: enrpd starts)"
	on "$1" setsid -f enrpd -c /tmp/enrpd"$1".conf 2>> /tmp/enrpd"$1".log
}
agent_start() { on "$1" setsid -f asapd -c /tmp/asapd"$1".conf 2>> /tmp/asapd"$1".log; }
serve() {
	echo "   (host$1: asapd and echo start)"
	agent_start "$1"
	on "$1" setsid -f echo web 4000 "$1" 2>> /tmp/echo"$1".log
}
# host_kill N: all that runs there
host_kill() {
	echo "   (host$1 gets SIGKILL: $(ip netns pids "host$1" | xargs ps -o comm= -p |
		sort -u | paste -sd ' '))"
	ip netns pids "host$1" | xargs kill -KILL
}
# until_shown TEXT COMMAND...: it says this
until_shown() {
	local text=$1

	shift
	until "$@" 2> /dev/null | grep -qE -- "$text"; do sleep 0.1; done
}
# answers N: the client has N answers more than it had
answers() {
	local have

	have=$(grep -c request /tmp/output) || :
	until [ "$(grep -c request /tmp/output)" -ge $((have + $1)) ]; do sleep 0.1; done
}
# The element that serves now, which is also its host.
serving() { on 6 rspctl session show | sed -n 's/.* peer 192.0.2.\([0-9]*\):4000.*/\1/p'; }
home() { rspctl agent show at /tmp/asapd6.sock | sed -n 's/.* home 192.0.2.\([0-9]*\):.*/\1/p'; }
elements() { until_shown "elements $1 " rspctl registrar show at "/tmp/enrpd$2.sock"; }

echo 'Registrars: host1, host2, host3. Servers of pool web: host4, host5. Client: host6.'
show cat /tmp/enrpd1.conf
show sed 's/key = .*/key = .../' /tmp/asapd4.conf
for i in 1 2 3; do registrar_start $i; done
serve 4
serve 5
agent_start 6
for i in 1 2 3; do elements 2 $i; done
until_shown 'home 192' rspctl agent show at /tmp/asapd6.sock
brief rspctl registrar show at /tmp/enrpd1.sock
show rspctl peer show at /tmp/enrpd1.sock

echo
echo "\$ ip netns exec host6 ask web"
on 6 ask web > /tmp/output 2>&1 &
client=$!
tail -n +1 -f /tmp/output &
telling=$!
answers 2
show ip netns exec host6 rspctl pe show
brief rspctl agent show at /tmp/asapd6.sock
first=$(home)
host_kill "$first"
until i=$(home) && [ "$i" ] && [ "$i" != "$first" ]; do sleep 0.1; done
answers 2
brief rspctl agent show at /tmp/asapd6.sock
left=$(for i in 1 2 3; do [ $i = "$first" ] || echo $i; done | head -n 1)
show rspctl peer show at "/tmp/enrpd$left.sock"

i=$(serving)
host_kill "$i"
answers 3
elements 1 "$left"
show ip netns exec host6 rspctl pe show
serve "$i"
elements 2 "$left"

registrar_start "$first"
elements 2 "$first"
i=$(serving) second=$(home)
host_kill "$second"
host_kill "$i"
answers 3
until h=$(home) && [ "$h" ] && [ "$h" != "$second" ]; do sleep 0.1; done
registrar_start "$second"
serve "$i"
for n in 1 2 3; do elements 2 $n; done

kill $client $telling
wait $client $telling || :
brief rspctl registrar show at "/tmp/enrpd$second.sock"
show rspctl peer show at "/tmp/enrpd$second.sock"
show ip netns exec host6 rspctl pe show
[ "$(grep -c moved /tmp/output)" -ge 2 ]
# Each was answered, and once.
grep request /tmp/output | cmp - <(seq -f 'request %g' "$(grep -c request /tmp/output)")
echo
echo "$(grep -c request /tmp/output) requests, each answered once, whoever was killed"
