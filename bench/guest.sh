#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh [pool] [haproxy] [standby] [secure]: in a test machine, make ready what the rows want
# and run those that come on standard input, one a line: the arguments of
# out/bench/client, "elements", "asap-parse", "select POLICY", or the name of a row that
# registrar.sh does.  The ports: 7000 the server, 7001 the one with frames, 7002 one
# without that has TCP_NODELAY, 7100 HAProxy, 7200 to 7299 and 7300 to 7399 the servers
# of failover, 7400 those of session, 7500 and 7501 those of accept, 7600 to 7799 those
# of standby.  Rows whose name begins with tls are done in the namespace secure: 7000 to
# 7002 as above, over kTLS, 7600 to 7799 the servers of tls-failover.
set -eu -o pipefail
client=out/bench/client
. bench/registrar.sh

# Of a host: 500 connects a sample leave as many ports in TIME_WAIT; buffers are
# of one size, whatever sizes TCP would find by itself from run to run.
settings() {
	sysctl -qw net.ipv4.ip_local_port_range="10000 65001" \
		net.ipv4.tcp_rmem="4096 1048576 1048576" \
		net.ipv4.tcp_wmem="4096 1048576 1048576" \
		net.ipv4.tcp_slow_start_after_idle=0
}
settings
for arguments in 7000 "-c bench-framed 7001" "-d 7002"; do
	# shellcheck disable=SC2086
	out/bench/server $arguments >> /run/bench-servers &
done
until [ "$(grep -c ready /run/bench-servers)" = 3 ]; do sleep 0.1; done

pools() {
	modprobe rserpool
	rspctl pool add bench
	rspctl pe add pool bench tcp 127.0.0.1:7000
	rspctl pool add bench-framed
	rspctl pe add pool bench-framed tcp 127.0.0.1:7001 use control
	rspctl pool add bench-far
	rspctl pe add pool bench-far tcp 10.0.1.2:7000
	rspctl pool add bench-session
	rspctl pe add pool bench-session tcp 127.0.0.1:7400
	rspctl pool add bench-failover fin failure
	for port in $(seq 7200 7250); do
		rspctl pe add pool bench-failover id "$port" tcp "127.0.0.1:$port"
	done
}

# hop NAMESPACE NAMESPACE N: a link between them, 10.0.N.1 and 10.0.N.2.
hop() {
	ip -n "$1" link add "to-$2" type veth peer name "to-$1" netns "$2"
	ip -n "$1" addr add "10.0.$3.1/24" dev "to-$2"
	ip -n "$2" addr add "10.0.$3.2/24" dev "to-$1"
	ip -n "$1" link set "to-$2" up
	ip -n "$2" link set "to-$1" up
}

# Servers on a host that is 10 ms away, each way.
standby_starts() {
	[ -e /run/netns/client ] || ip netns attach client $$
	ip netns add far
	ip -n far link set lo up
	hop client far 4
	tc qdisc add dev to-far root netem delay 10ms
	tc -n far qdisc add dev to-client root netem delay 10ms
	for first in 7600 7700; do
		pool=bench-standby-$first
		rspctl pool add "$pool" fin failure
		for port in $(seq "$first" $((first + 50))); do
			rspctl pe add pool "$pool" id "$port" tcp "10.0.4.2:$port"
		done
	done
}

# The server on a host of its own, and HAProxy on another between it and us.
haproxy_starts() {
	[ -e /run/netns/client ] || ip netns attach client $$
	for host in server proxy; do
		ip netns add $host
		ip -n $host link set lo up
		nsenter --net=/run/netns/$host bash -c "$(declare -f settings); settings"
	done
	hop client server 1
	hop client proxy 2
	hop proxy server 3
	ip netns exec server out/bench/server 7000 > /run/bench-far &
	until grep -q ready /run/bench-far; do sleep 0.1; done
	cat > /run/haproxy.cfg <<-END
	global
		nbthread 1
		maxconn 4000
	defaults
		mode tcp
		timeout connect 10s
		timeout client 1h
		timeout server 1h
	listen bench
		bind 10.0.2.2:7100
		server bench 10.0.3.2:7000
	END
	ip netns exec proxy haproxy -D -f /run/haproxy.cfg
}

# A secure scope.  A connection of the agent's is not of the scope, so its key is
# known by its serial.
secure_starts() {
	ip netns add secure
	ip -n secure link set lo up
	head -c 32 /dev/urandom > /run/bench.key
	nsenter --net=/run/netns/secure bash -eu -c "
		$(declare -f settings secure_pools)
		settings
		secure_pools
		rserpool-tlshd > /run/bench-tlshd 2>&1 &"
	# As udev would.
	modprobe -q aesni_intel || :
	insmod bench/upcall/rsp_upcall_bench.ko \
		key=$((0x$(sed -n 's/^\([0-9a-f]*\) .* psk .*/\1/p' /proc/keys | head -n 1)))
	for arguments in 7000 "-c bench-tls-framed 7001" "-d 7002"; do
		# shellcheck disable=SC2086
		ip netns exec secure out/bench/server -t $arguments \
			>> /run/bench-tls 2>> /run/bench-tls-errors &
	done
	until [ "$(grep -c ready /run/bench-tls)" = 3 ]; do sleep 0.1; done
	until ip netns exec secure rspctl doctor > /run/bench-doctor; do
		sleep 0.5
	done
}

secure_pools() {
	modprobe rserpool
	rspctl scope set name bench mode secure auth psk
	for pool in tls tls-framed tls-standby-7600 tls-standby-7700; do
		rspctl pool add bench-$pool fin failure
		rspctl key add pool bench-$pool file /run/bench.key
	done
	rspctl pe add pool bench-tls tcp 127.0.0.1:7000
	rspctl pe add pool bench-tls-framed tcp 127.0.0.1:7001 use control
	for first in 7600 7700; do
		for port in $(seq $first $((first + 50))); do
			rspctl pe add pool bench-tls-standby-$first id "$port" \
				tcp "127.0.0.1:$port"
		done
	done
}

# elements SUFFIX POOLS: octets an element when 10^6 are in so many pools.
elements() {
	before=$($client memory)
	awk -v pools="$2" 'BEGIN {
		for (p = 0; p < pools; p++)
			print "pool add e" p
		for (e = 0; e < 1000000; e++)
			printf "pe add pool e%d id %d tcp 10.%d.%d.%d:7000\n",
				e % pools, e + 1, e / 65536, e / 256 % 256, e % 256
	}' | rspctl -batch - 2>&1 | cat
	after=$($client memory)
	echo "sample element-bytes.$1 0 ours $(((after - before) / 1000000))"
	awk -v pools="$2" 'BEGIN {
		for (p = 0; p < pools; p++)
			print "pool del e" p
	}' | rspctl -batch - 2>&1 | cat
}

# select_scale POLICY: the module's samples, out of the kernel's log.
select_scale() {
	before=$(dmesg | wc -l)
	insmod bench/select/rsp_select_bench.ko policy="$1"
	rmmod rsp_select_bench
	dmesg -t | tail -n +$((before + 1)) |
		sed -n 's/^select-scale-.*: /# &/p; /^sample select-scale-/p'
}

for want in "$@"; do
	case $want in
	pool) pools ;;
	haproxy) haproxy_starts ;;
	standby) standby_starts ;;
	secure) secure_starts ;;
	esac
done
while read -r line; do
	echo "# $line"
	inside=
	case $line in
	elements)
		elements pools 10000
		elements one 1
		continue ;;
	asap-parse)
		out/bench/asap_parse 11
		continue ;;
	registrar-*|feed|join-ms|update-ms)
		registrar_row "$line"
		continue ;;
	select\ *)
		select_scale "${line#select }"
		continue ;;
	esac
	# Sessions that were closed would keep memory for another minute.
	case $line in
	*" session "*) sysctl -qw net.ipv4.tcp_max_tw_buckets=0 ;;
	esac
	case $line in
	tls*|noise-tls*) inside="ip netns exec secure" ;;
	esac
	# shellcheck disable=SC2086
	$inside $client $line
done
