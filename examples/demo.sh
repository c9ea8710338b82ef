#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make demo runs this in the test guest: three servers that know nothing of
# pools, on three hosts (network namespaces); a client that knows only the
# pool; and what it sees when the server it talks to is killed.
set -e

# The service: it says who answers, and what. While /tmp/slow is there, it says
# in that file that it was asked, and takes its time.
cat > /tmp/service <<'END'
#!/bin/sh
while read -r line; do
	[ -e /tmp/slow ] && echo "$line" >> /tmp/slow && sleep 60
	echo "$1 answers $line"
done
END
chmod +x /tmp/service

show() { echo; echo "\$ $*"; "$@"; }

ip link add name lan type bridge
ip addr add 192.0.2.254/24 dev lan
ip link set lan up
for i in 1 2 3; do
	ip netns add host$i
	ip link add name port$i type veth peer name eth0 netns host$i
	ip link set port$i master lan up
	ip -n host$i addr add 192.0.2.$i/24 dev eth0
	ip -n host$i link set eth0 up
	ip netns exec host$i setsid -f \
		socat TCP-LISTEN:2000,fork,reuseaddr "EXEC:/tmp/service host$i"
done
for i in 1 2 3; do
	until ip netns exec host$i ss -Hltn 'sport = 2000' | grep -q .; do
		sleep 0.1
	done
done

show rspctl pool add demo policy rr fin failure
for i in 1 2 3; do
	show rspctl pe add pool demo id $i tcp 192.0.2.$i:2000
done
show rspctl pe show

echo
echo "\$ ask demo"
strace -f -e trace=socket,connect -o /tmp/calls ask demo > /tmp/output 2>&1 &
asking=$!
tail -n +1 -f /tmp/output &
telling=$!

# answers N: wait until the client has N answers in all.
answers() {
	until [ "$(grep -c answers /tmp/output)" -ge "$1" ]; do sleep 0.1; done
}

# Kill the server that answered last, and each of its children.
kill_server() {
	host=$(grep answers /tmp/output | tail -n 1 | cut -d ' ' -f 1)
	echo "   ($host gets SIGKILL while the session is $1)"
	ip netns pids "$host" | xargs kill -KILL
}

answers 3
kill_server idle
answers 6
touch /tmp/slow
until [ -s /tmp/slow ]; do sleep 0.1; done
mv /tmp/slow /tmp/asked
kill_server "in the middle of a request"
answers 9

show rspctl pool show
show rspctl pe show
show rspctl session show
echo
echo "All the sockets that the client opened, and all its connects:"
grep -E 'socket\(|connect\(' /tmp/calls
[ "$(grep -c 'connect(' /tmp/calls)" = 1 ]
[ "$(grep -c moved /tmp/output)" = 2 ]

kill $asking $telling

# And with state. The servers are elements by themselves, on their own hosts;
# this host is told of them. A connection says on its own whether its element
# ended or died.
cat <<'END'

Now a service with state: it counts. Its state is the cookie of the session,
which the kernels hand on. One of its servers is killed each second.

END
counter_start() {
	ip netns exec "host$1" setsid -f counter count 3000 "$1"
	until ip netns exec "host$1" ss -Hltn 'sport = 3000' | grep -q .; do
		sleep 0.1
	done
}

# The host that serves now; none while the session moves.
serving() {
	rspctl session show | sed -n 's/.* peer 192.0.2.\([0-9]*\):3000.*/\1/p'
}

for i in 1 2 3; do
	counter_start $i
	rspctl pe add pool count id $i tcp 192.0.2.$i:3000 use control
done
echo "\$ count count 20"
count count 20 > /tmp/count 2>&1 &
client=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	sleep 1
	until i=$(serving) && [ "$i" ]; do
		kill -0 $client 2> /dev/null || break 2
		sleep 0.1
	done
	echo "   (host$i gets SIGKILL)"
	pkill -KILL --ns "$(ip netns pids "host$i" | head -n 1)" --nslist net counter
	counter_start "$i"
done
wait $client
cat /tmp/count
grep -q 'no gap and no repeat' /tmp/count
