# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after threat.sh: an attacker on the way to the registrar of host 1. He has no
# key; who takes 10.9.9.2 for the registrar's address goes by him.

# meddles PORT THING...: he does this to connections to that port
meddles() {
	starts 9 "way-$1" on_the_way "10.9.9.2:$1" "10.9.1.2:$1" "${@:2}"
	within 20 listens 9 "$1"
}
# stops PORT: he does so no more
stops() {
	kills "way-$1"
	rm -f "$tmp/way-$1"
}

# intercepts N WHY: to host N, whose agent was at home there, he is the registrar from now
# on, and is seen not to be it
intercepts() {
	ip netns exec "$ns" nft "table inet way {
		chain new { type nat hook prerouting priority -100;
			ip saddr 10.9.$1.2 ip daddr 10.9.1.2 dnat ip to 10.9.9.2; };
		chain old { type filter hook forward priority 0;
			ip saddr 10.9.$1.2 ip daddr 10.9.1.2 tcp dport 0-65535 reject with tcp reset; };
	}"
	says "asapd-$1" 'home registrar 10.9.1.2:3864 is lost'
	says "asapd-$1" "registrar 10.9.1.2:3864: $2"
	failed "$1" 2
}
# passes N: no more; he, whose registrar is called malicious, has been told nothing
passes() {
	shown rogue-malicious registrar "[v['counters'][c] for c in
		('registrations', 'deregistrations', 'resolutions')]" "${told:-[0, 0, 0]}"
	ip netns exec "$ns" nft delete table inet way
	homes "$1" 1
}

# tried PORT: he has done it to each record
tried() { grep -q ' 0$' "$tmp/way-$1"; }

# each_record THING COMMAND...: run the command again and again, until he has done it to
# each record, both ways
each_record() {
	local thing=$1 way tries

	shift
	for way in up down; do
		meddles 3864 "$thing" "$way"
		for ((tries = 0; tries < 40; tries++)); do
			tried 3864 && break
			"$@"
		done
		tried 3864 || fail "$way: $tries times" "$(cat "$tmp/way-3864")"
		stops 3864
	done
}

# anywhere N...: as auth_file, and they may say that their elements are elsewhere
anywhere() { auth_file "$@" | sed 's| ]; } );| ]; addresses = [ "10.9.0.0/16", "192.0.2.0/24" ]; } );|'; }

# octets_of ADDRESS: as they are in a message, in hexadecimal digits
octets_of() {
	# shellcheck disable=SC2046
	printf %02x $(tr . ' ' <<< "$1")
}

# peers_by_way: registrar 2 connects to registrar 1 by the attacker, who listens at port
# 9902; and that waits for it
peers_by_way() {
	eval "honest_$(declare -f peers_file)"
	peers_file() {
		honest_peers_file "$@" | sed 's/"10.9.1.2:9902"/"10.9.9.2:9902"/
			s/ address = "10.9.2.2:9902";//'
	}
}
