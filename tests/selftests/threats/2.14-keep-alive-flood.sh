#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.14: elements are asked whether they are there, and not flooded: when they
# have changed their home registrar, and whoever says that they are not there.
. "$(dirname "$0")/threat.sh"
. "$(dirname "$0")/crowd.sh"

rate=500

# bounded N SECONDS: the registrar there asks so many a second at most, and burst, in each
# part of this time; and it does ask. The time of a part begins before the first count, and
# ends after the last.
bounded() {
	local begun=0 before kept=0 last first took end=$(($(now_ms) + 1000 * $2))

	first=$(counter_of "$1" keep-alives)
	while [ "$begun" -lt "$end" ]; do
		before=$begun last=$kept
		begun=$(now_ms)
		kept=$(counter_of "$1" keep-alives)
		took=$(($(now_ms) - before))
		[ $((kept - last)) -le $((rate + rate * took / 1000)) ] ||
			fail "$((kept - last)) keep-alives in $took ms"
		sleep 0.5
	done
	[ "$kept" -ge $((first + 20)) ] || fail "$((kept - first)) keep-alives"
}

# taken_over: the second registrar has taken over, and all elements have come to it
taken_over() {
	says enrpd-2 "taken over: $many elements"
	crowds 2
	shows 2 registrar '[v["elements"], v["own"]]' "[$many, $many]"
}

# A registrar dies, and many come to another one at once.
test_home() {
	local begun asked

	hosts 1 2 3
	crowd_file 1 3 > "$tmp/auth"
	peer 1; peer 2 "keep-alive-rate = $rate" 'keep-alive-interval = "3s"' \
		'start-grace = "1m"'
	together 1 2
	crowds 1
	shows 2 registrar 'v["elements"]' "$many"
	kills enrpd-1
	begun=$(now_ms)
	in_time 60 taken_over
	asked=$(counter_of 2 keep-alives)
	[ "$asked" -le $((rate + rate * ($(now_ms) - begun) / 1000)) ] ||
		fail "$asked keep-alives in $(($(now_ms) - begun)) ms"
	bounded 2 5
	shows 2 registrar 'v["elements"]' "$many"
	at_most 2 unreachable 0
}

# All are reported, over and over.
test_reports() {
	local n words=()

	hosts 1 2 3 9
	crowd_file 1 3 9 > "$tmp/auth"
	scene "keep-alive-rate = $rate" 'keep-alive-interval = "10s"' \
		'report-rate = 1000000' 'report-burst = 1000000'
	crowds
	before 1 3
	for n in {1..10}; do
		words+=(flood "$many" unreachable crowd 10000 resolve echo)
	done
	client_command 9
	starts 9 flood "${command[@]}" "${words[@]}" stay
	bounded 1 5
	says flood 'resolved echo'
	served 3
	unchanged
	counted 1 keep-alives-delayed
	at_most 1 unreachable 0
	at_most 1 reported 0
}

# One is reported, by all who may.
test_one() {
	local begun kept seconds n words

	hosts 1 2 3 4 5 9
	auth_file 1 2 3 4 5 9 > "$tmp/auth"
	scene 'report-rate = 1000000' 'report-burst = 1000000'
	before 1 3
	begun=$(now_ms)
	kept=$(grep -c keep-alive "$tmp/client-2" || :)
	one_more 3000 207
	for n in 4 5 9; do
		client_command "$n"
		starts "$n" "flood-$n" "${command[@]}" "${words[@]}" \
			resolve echo "${words[@]}" stay
	done
	sleep 3
	served 3
	seconds=$((($(now_ms) - begun) / 1000 + 1))
	n=$(($(grep -c keep-alive "$tmp/client-2") - kept))
	[ "$n" -ge 1 ] && [ "$n" -le $((1 + seconds)) ] || fail "$n keep-alives in $seconds s"
	unchanged
	counted 1 keep-alives-delayed
	at_most 1 reported 0
}

# A registrar that has the key, and does nothing but ask.
floods() {
	cat > "$tmp/flood.py" << 'END'
import socket, ssl, struct, sys, threading

key = bytes.fromhex(sys.argv[1])
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.maximum_version = ssl.TLSVersion.TLSv1_2
tls.set_ciphers("ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES128-GCM-SHA256")
tls.set_psk_server_callback(lambda identity: key)
listener = socket.create_server(("10.9.9.2", 3864))
sock = tls.wrap_socket(listener.accept()[0], server_side=True)

def read(n):
    octets = b""
    while len(octets) < n:
        octets += sock.recv(n - len(octets))
    return octets

def message():
    head = read(4)
    length = struct.unpack("!H", head[2:])[0]
    return head[0], read((length + 3 & ~3) - 4)

def say(kind, body):
    return struct.pack("!BBH", kind, 0, 4 + len(body)) + body

kind = 0
while kind != 1:
    kind, body = message()
handle = body[:(struct.unpack("!H", body[2:4])[0] + 3) & ~3]
# The element's parameter begins with its identifier.
ident = struct.pack("!HH", 14, 8) + body[len(handle) + 4:len(handle) + 8]
sock.sendall(say(3, handle + ident))
many = say(7, struct.pack("!I", 9) + handle + ident) * 200
threading.Thread(target=lambda: [sock.sendall(many) for _ in range(int(sys.argv[2]) // 200)],
                 daemon=True).start()
acks = 0
while True:
    acks += message()[0] == 8
    print("acks", acks, flush=True)
END
	starts 9 floods python3 "$tmp/flood.py" "$(key 2)" "$((5 * many))"
	within 20 listens 9 3864
}

test_agent() {
	local begun acks seconds

	hosts 2 3 9
	floods
	starts 2 server-2 socat TCP-LISTEN:7007,fork,reuseaddr EXEC:cat
	within 20 listens 2 7007
	begun=$(now_ms)
	at='"10.9.9.2:3864"' agent 2 'keep-alive-rate = 100' \
		'services = ( { handle = "echo"; id = 207; port = 7007; } )'
	homes 2 9
	shows agent-2 agent "v['counters']['keep-alives-delayed'] >= $((4 * many))" true
	seconds=$((($(now_ms) - begun) / 1000 + 1))
	at_most agent-2 keep-alives $((100 + 100 * seconds))
	says floods acks
	acks=$(sed -n 's/acks //p' "$tmp/floods" | tail -n 1)
	[ "$acks" -le $((100 + 100 * seconds)) ] || fail "$acks acks in $seconds s"
	says asapd-2 'asks more often than keep-alive-rate'
	# Who is served there is served.
	same "$(echo here | on 3 timeout 5 socat - TCP:10.9.2.2:7007)" here
}

ktap_run 2.14
