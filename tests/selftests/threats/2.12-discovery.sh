#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.12: an attacker on the way between who looks for a registrar and the
# registrars. He lets none be found (a, b), or himself (c, d).
. "$(dirname "$0")/threat.sh"

group=224.0.1.185:3863
hears=("announced = \"$group\"" 'announced-interface = "eth0"' 'announced-outdate = "1s"')
service='services = ( { handle = "echo"; id = 207; port = 7007; } )'

# hides N: nothing comes to that host any more; unhides N
hides() { ip -n "$ns" route add blackhole "10.9.$1.2"; }
unhides() { ip -n "$ns" route del blackhole "10.9.$1.2"; }

# announces N ADDRESS PORT COUNT: he tells host N, all the time, that there are registrars at
# so many ports of that address, from this one on
announces() {
	cat > "$tmp/announce.py" << 'END'
import socket, struct, sys, time

at, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[4]))
while True:
    for i in range(count):
        body = struct.pack("!IHHHHHH4s", i + 1, 5, 16, port + i, 0, 1, 8, socket.inet_aton(at))
        s.sendto(struct.pack("!BBH", 10, 0, 4 + len(body)) + body, ("224.0.1.185", 3863))
    time.sleep(.1)
END
	ip netns exec "$ns" python3 "$tmp/announce.py" "$2" "$3" "$4" "10.9.$1.1" > "$tmp/announces" 2>&1 &
	echo $! > "$tmp/announces.pid"
}

# serves N: a daemon is there, and an element of pool echo once its agent has a registrar
serves() {
	starts "$1" "server-$1" socat TCP-LISTEN:7007,fork,reuseaddr EXEC:cat
	within 20 listens "$1" 7007
}

# hints N: the agent there has heard all that, and keeps 16 of it
hints() {
	shows "agent-$1" agent 'v["hints"]' 16
	shows "agent-$1" agent 'v["counters"]["hints-dropped"] > 0' true
}

# a. An element's agent hears of registrars that there are not, and one of the two that
# there are is hidden; then both.
test_a() {
	hosts 1 2 3 4
	registrar 1 'feed = false'
	registrar 4 'feed = false'
	hides 1
	hides 4
	serves 2
	announces 2 10.9.2.1 1000 40
	at='"10.9.1.2:3864", "10.9.4.2:3864"' agent 2 "$service" "${hears[@]}" \
		'hunt-timeout = "2s"' 'retry-max = "2s"'
	says asapd-2 'no registrar of the list is there'
	hints 2
	unhides 4
	homes 2 4
	resolves 3 4 echo '^resolved echo 0x000000cf 10.9.2.2:7007 '
	shows agent-2 agent 'v["counters"]["attempts-failed"] > 1' true
}

# b. So does a user's agent; and one of a registrar's peers is hidden.
test_b() {
	hosts 1 2 3 4
	peer 1; peer 2
	together 1 2
	stays 2 2 register echo 207 10.9.2.2:7007 600
	resolves 4 1 echo 0x000000cf
	hides 1
	announces 3 10.9.3.1 1000 40
	mentor=1h peer 3
	says enrpd-3 'gave us all 1 elements'
	at='"10.9.1.2:3864", "10.9.2.2:3864"' agent 3 "${hears[@]}" 'hunt-timeout = "2s"'
	homes 3 2
	hints 3
	serves 2
	user 3 echo
}

# poses PORT: he is a registrar on host 9, as good as one can be without a key of anybody,
# and announced; his answers would lead to himself
poses() {
	auth_file 1 2 3 4 9 | sed "s/0\{50\}/$(printf '7%.0s' {1..50})/g" > "$tmp/false"
	{
		echo "asap-listen = \"0.0.0.0:$1\"; control = \"$tmp/false.sock\"; server-id = 1;"
		echo "authorization = \"$tmp/false\"; log-debug = true; feed = false;"
	} > "$tmp/false.conf"
	starts 9 enrpd-false enrpd -c "$tmp/false.conf"
	within 20 listens 9 "$1"
	starts 9 client-false asap_client "10.9.9.2:$1" psk host-9 \
		"$(sed -n 's/.*host-9.*key = "\(.*\)".*/\1/p' "$tmp/false")" \
		register echo 900 10.9.9.2:7007 600 stay
	says client-false registered
}
# nothing_told: nobody has told him anything
nothing_told() {
	says enrpd-false 'turned away: TLS handshake: '
	same "$(json '[v["counters"][c] for c in ("registrations", "resolutions")]' \
		rspctl -j registrar show at "$tmp/false.sock")" '[1, 0]'
}

# c. An element's agent finds him, in his announcement and at an address of its list.
test_c() {
	hosts 1 2 3 9
	auth_file 1 2 3 > "$tmp/auth"
	poses 3864
	registrar 1 'feed = false'
	hides 1
	serves 2
	announces 2 10.9.9.2 3864 1
	at='"10.9.9.2:3864", "10.9.1.2:3864"' agent 2 "$service" "${hears[@]}" \
		'hunt-timeout = "2s"' 'retry-max = "2s"'
	says asapd-2 'registrar 10.9.9.2:3864: TLS handshake: '
	says asapd-2 'no registrar of the list is there'
	nothing_told
	unhides 1
	homes 2 1
	resolves 3 echo '^resolved echo 0x000000cf 10.9.2.2:7007 '
	nothing_told
}

# d. So does a user's agent, and a registrar, to which he poses as its peer.
test_d() {
	hosts 1 2 3 9
	auth_file 1 2 3 > "$tmp/auth"
	poses 3865
	starts 9 false-peer gnutls-serv --echo -p 9902 --pskpasswd <(echo "registrar-2:$(key 7)") \
		--priority NORMAL:-KX-ALL:+ECDHE-PSK
	peers_file() {
		echo 'name = "registrar-1"; peers = ( { name = "registrar-2";'
		echo "key = \"$(key 1)\"; address = \"10.9.9.2:9902\"; } );"
	}
	peer 1
	says enrpd-1 'peer 10.9.9.2:9902: no connection: TLS handshake: '
	says enrpd-1 'no peer gives us'
	stays 2 register echo 207 10.9.2.2:7007 600
	says client-2 registered
	hides 1
	announces 3 10.9.9.2 3865 1
	at='"10.9.1.2:3864"' agent 3 "${hears[@]}" 'hunt-timeout = "2s"' 'retry-max = "2s"'
	says asapd-3 'registrar 10.9.9.2:3865: TLS handshake: '
	nothing_told
	unhides 1
	homes 3 1
	same "$(client 3 resolve echo)" 'resolved echo 0x000000cf 10.9.2.2:7007 home 0x00000001'
	nothing_told
	same "$(json 'v["elements"]' rspctl -j registrar show at "$tmp/1.sock")" 1
}

ktap_run 2.12
