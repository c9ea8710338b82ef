#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Programs of Debian's packages, unchanged, in a pool with "failover auto": the
# element that serves them is killed, and they live on. README.md names them.
. "$(dirname "$0")/ktap.sh"

# What socat is told of pool "web": the family, the protocol, and the octets of
# struct sockaddr_rserpool from the port on.
web=SOCKET-CONNECT:18:0:x00000000000003000000776562

# servers: three of socat, which answer each line with their number and the
# line. While $tmp/slow is there, it gets the line and nobody answers.
servers() {
	local i

	cat > "$tmp/service" <<-END
	#!/bin/sh
	while read -r line; do
		[ -e $tmp/slow ] && echo "\$line" >> $tmp/slow && sleep 600
		echo "\$1 \$line"
	done
	END
	chmod +x "$tmp/service"
	rm -f "$tmp/slow"
	ctl pool add web fin failure failover auto
	for i in 1 2 3; do
		ip netns exec "$ns" setsid socat "TCP-LISTEN:200$i,fork,reuseaddr" \
			"EXEC:$tmp/service $i" &
		server[i]=$!
		disown
	done
	for i in 1 2 3; do
		within 20 eval "ip netns exec $ns ss -Hltn 'sport = 200$i' | grep -q ."
		ctl pe add pool web id $i tcp "127.0.0.1:200$i"
	done
}

serving() {
	json 'v[0]["pe"] if v[0]["state"] == "ready" else 0' ctl -j session show
}
other_serves() { [ "$(serving)" != 0 ] && [ "$(serving)" != "$1" ]; }

# kill_server: that of the session and its children; wait for the next one.
kill_server() {
	local id

	id=$(serving)
	kill -KILL -- "-${server[id]}"
	within 20 other_serves "$id"
}

# asks WHAT: the program, whose standard input and output are those of the
# coprocess, gets an answer from the element that serves it.
asks() {
	local answer

	echo "$1" >&"${program[1]}"
	read -r -t 30 answer <&"${program[0]}"
	same "$answer" "$(serving) $1"
}

# lives_through_kills: one while it is idle, one while it waits for an answer,
# which is lost with the server.
lives_through_kills() {
	within 20 eval '[ "$(ctl -j session show)" != "[]" ]'
	asks one
	asks two
	kill_server
	asks three
	: > "$tmp/slow"
	echo lost >&"${program[1]}"
	within 20 grep -q lost "$tmp/slow"
	rm "$tmp/slow"
	kill_server
	asks four
	[ -d "/proc/$program_PID" ]
	same "$(json 'v[0]["generation"], len(v)' ctl -j session show)" '[2, 1]'
}

test_socat() {
	servers
	coproc program { exec ip netns exec "$ns" socat STDIO "$web"; }
	lives_through_kills
}

# A program that speaks TCP only, and a pool behind a local port.
test_socat_relay() {
	servers
	ip netns exec "$ns" socat TCP-LISTEN:2000,fork,reuseaddr "$web" &
	within 20 eval "ip netns exec $ns ss -Hltn 'sport = 2000' | grep -q ."
	coproc program { exec ip netns exec "$ns" ncat 127.0.0.1 2000; }
	lives_through_kills
}

# A program that is given the pool's socket as its input and output.
test_socat_hands_over() {
	servers
	cat > "$tmp/program" <<-'END'
	#!/bin/sh
	while read -r question <&3; do
		echo "$question"
		read -r answer
		echo "$answer" >&4
	done
	END
	chmod +x "$tmp/program"
	coproc program { exec ip netns exec "$ns" \
		socat "$web" "EXEC:$tmp/program,nofork" 3<&0 4>&1; }
	within 20 eval '[ "$(ctl -j session show)" != "[]" ]'
	asks one
	kill_server
	asks two
	[ "$(json 'len(v)' ctl -j session show)" = 1 ]
}

test_perl() {
	servers
	coproc program { exec ip netns exec "$ns" perl -e '
		use Socket;
		$| = 1;
		socket(my $web, 18, SOCK_STREAM, 0) or die "socket: $!";
		connect($web, pack("S n L C x3 a*", 18, 0, 0, 3, "web"))
			or die "connect: $!";
		unless (fork) {
			print while <$web>;
			exit;
		}
		syswrite($web, $_) while <STDIN>'; }
	lives_through_kills
}

# Its socket module opens the family, and refuses to make an address of it.
test_python() {
	servers
	coproc program { exec ip netns exec "$ns" python3 -c '
import ctypes, os, socket, struct, sys
address = struct.pack("=HHIB3x3s", 18, 0, 0, 3, b"web")
web = socket.socket(18, socket.SOCK_STREAM)
if ctypes.CDLL(None).connect(web.fileno(), address, len(address)):
    sys.exit("connect")
if os.fork():
    for line in sys.stdin:
        web.sendall(line.encode())
else:
    for line in web.makefile():
        print(line, end="", flush=True)'; }
	lives_through_kills
}

ktap_run programs
