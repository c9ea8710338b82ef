#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Registrars that multicast groups are told of, and what an agent makes of it.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"

group=224.0.1.185:3863
announces=("announce = \"$group\"" 'announce-interface = "eth0"'
	'announce-interval = "100ms"')

# here N SETTING...: an agent on the router, which hears what host N announces; the one
# registrar of its file is nowhere
here() {
	ip netns exec "$ns" ip link set lo up
	{
		echo 'registrars = ( "127.0.0.1:9" ); hunt-timeout = "500ms";'
		echo "identity = \"host-3\"; key = \"$(key 3)\"; log-debug = true;"
		echo "control = \"$tmp/agent-0.sock\"; retry-max = \"1s\";"
		echo "announced = \"$group\"; announced-interface = \"host$1\";"
		shift
		for setting; do echo "$setting;"; done
	} > "$tmp/agent.conf"
	touch "$tmp/asapd"
	nsenter --net="/run/netns/$ns" asapd -c "$tmp/agent.conf" >> "$tmp/asapd" 2>&1 &
	echo $! > "$tmp/asapd.pid"
}

at_home() { rspctl agent show at "$tmp/agent-0.sock" 2>&1 | grep -q " home 10.9.$1:3864"; }

test_found() {
	hosts 1
	here 1 'announced-outdate = "1s"'
	says asapd 'no registrar of the list is there'
	registrar 1 'feed = false' "${announces[@]}"
	within 20 at_home 1.2
	shows agent-0 agent 'v["hints"]' 1
	shows 1 registrar 'v["counters"]["announcements"] > 2' true
	kills enrpd-1
	says asapd 'home registrar .* is lost'
	# T7-ENRPoutdate: what nobody says any more is forgotten.
	shows agent-0 agent 'v["hints"]' 0
	registrar 1 'feed = false' "${announces[@]}"
	within 20 at_home 1.2
}

# Two of them hear each other, and each is as often heard as all together should be.
test_two() {
	hosts 1
	registrar 1 'feed = false' "${announces[@]}"
	echo "asap-listen = \"10.9.1.1:3864\"; authorization = \"$tmp/auth\"; feed = false;
		control = \"$tmp/0.sock\"; announce = \"$group\"; announce-interface = \"host1\";
		announce-interval = \"100ms\"; server-id = 9;" > "$tmp/0.conf"
	touch "$tmp/enrpd-0"
	nsenter --net="/run/netns/$ns" enrpd -c "$tmp/0.conf" >> "$tmp/enrpd-0" 2>&1 &
	here 1
	for n in 0 1; do
		shows "$n" registrar 'v["counters"]["announcements-heard"] > 5' true
	done
	shows agent-0 agent 'v["hints"]' 2
	within 20 eval 'at_home 1.1 || at_home 1.2'
}

# RFC 5355, 2.12: anybody can announce anything. What is kept is bounded, who is
# found so is authenticated, and one that is right is found when the flood is over.
test_false() {
	hosts 1 2
	auth_file 1 > "$tmp/other"
	sed -i "s/$(key 1)/$(key 66)/" "$tmp/other"
	auth=$tmp/other registrar 2 'feed = false'
	here 2 'announced-outdate = "1s"'
	cat > "$tmp/flood.py" << 'END'
import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def announce(server, *at):
    body = struct.pack("!I", server)
    for address, port in at:
        body += struct.pack("!HHHHHH4s", 5, 16, port, 0, 1, 8, socket.inet_aton(address))
    s.sendto(struct.pack("!BBH", 10, 0, 4 + len(body)) + body, ("224.0.1.185", 3863))
while True:
    announce(7, ("10.9.2.2", 3864))
    for i in range(1, 41):
        announce(i, ("10.9.2.2", 1000 + i), ("10.9.2.2", 2000 + i))
    for junk in (b"", b"x", b"\x0a\0\0\xff", b"\x0a" * 1500, b"\x01\0\0\x08\0\x09\0\x05"):
        s.sendto(junk, ("224.0.1.185", 3863))
    time.sleep(.1)
END
	starts 2 flood python3 "$tmp/flood.py"
	shows agent-0 agent 'v["hints"]' 16
	shows agent-0 agent 'v["counters"]["hints-dropped"] > 100' true
	shows agent-0 agent 'v["counters"]["attempts-failed"] > 20' true
	shows agent-0 agent '[v["counters"]["announcements-malformed"] > 10,
		v["counters"]["malformed"]]' '[true, 0]'
	same "$(json 'v["home"]' rspctl -j agent show at "$tmp/agent-0.sock")" '"none"'
	same "$(json 'v["counters"]["homes"]' rspctl -j agent show at "$tmp/agent-0.sock")" 0
	says enrpd-2 'handshake\|has ended'
	kills flood
	kills enrpd-2
	registrar 2 'feed = false' "${announces[@]}"
	within 20 at_home 2.2
}

ktap_run announce
