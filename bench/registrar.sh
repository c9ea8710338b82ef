# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by guest.sh: the rows of registrars. Registrar N listens at port 386N for
# elements and users and at 990N for its peers, which find it at ${at[N]}.

folder=/run/bench-registrars
mkdir -p $folder
at=(- 127.0.0.1 127.0.0.1 127.0.0.1)

# peers N M...: the file of the peers of registrar N, which are those others
peers() {
	local n=$1 m separator=

	echo "name = \"registrar-$n\"; peers = ("
	for m in "${@:2}"; do
		echo "$separator { name = \"registrar-$m\"; address = \"${at[m]}:990$m\";"
		echo "  key = \"$(printf "%064d" $((n < m ? 10 * n + m : 10 * m + n)))\"; }"
		separator=,
	done
	echo ');'
}

# said N TEXT: that registrar says this, now or soon
said() { until grep -q -- "$2" "$folder/$1.log"; do sleep 0.02; done; }

# [ inside=COMMAND ] registrar N "PEER..." [SETTING...]: start it, and wait until it
# serves.  No element is asked whether it is there: that is not what is measured.
inside=
registrar() {
	local n=$1 peers=$2 setting

	shift 2
	[ -e $folder/auth ] || out/bench/registrar authorization > $folder/auth
	{
		echo "asap-listen = \"0.0.0.0:386$n\"; control = \"$folder/$n.sock\";"
		echo "authorization = \"$folder/auth\"; server-id = $n; pools-max = 200000;"
		echo 'keep-alive-interval = "1h"; keep-alive-timeout = "1h";'
		for setting; do echo "$setting;"; done
		[ -z "$peers" ] ||
			echo "enrp-listen = \"0.0.0.0:990$n\"; peers = \"$folder/$n.peers\";"
	} > $folder/$n.conf
	# shellcheck disable=SC2086
	[ -z "$peers" ] || peers "$n" $peers > $folder/$n.peers
	: > $folder/$n.log
	# shellcheck disable=SC2086
	$inside enrpd -c $folder/$n.conf 2> $folder/$n.log &
	echo $! > $folder/$n.pid
	until $inside ss -Hltn "sport = 386$n" | grep -q .; do sleep 0.05; done
	[ -z "$peers" ] || said "$n" 'no peer gives us\|gave us all'
}

# To forget a million elements one after the other would only take time.
registrar_ends() {
	kill -KILL "$(cat "$folder/$1.pid")"
	wait "$(cat "$folder/$1.pid")" 2> /dev/null || :
}

# resident REGISTRAR: octets
resident() { awk '/^VmRSS/ { print 1024 * $2 }' "/proc/$(cat "$folder/$1.pid")/status"; }

memory() {
	local before

	registrar 1 "" "feed = false"
	before=$(resident 1)
	out/bench/registrar load 3861 1000000 100000
	echo "sample registrar-memory 0 ours $((($(resident 1) - before) / 1000000))"
	registrar_ends 1
}

# feeds COUNT ELEMENTS POOLS: a registrar tells an empty kernel all, then the program does
# in another namespace.  The kernel is empty when the module is new.
feeds() {
	local turn syncs

	modprobe rserpool
	ip netns add prepared
	registrar 1 "" "start-grace = \"0s\""
	out/bench/registrar load 3861 "$2" "$3"
	for ((turn = -1; turn < $1; turn++)); do
		syncs=$(grep -c 'told in' $folder/1.log)
		rmmod rserpool
		until [ "$(grep -c 'told in' $folder/1.log)" -gt "$syncs" ]; do sleep 0.1; done
		[ $turn -lt 0 ] || sed -n '$ s/.* all \([0-9]*\) elements, told in \([0-9]*\) ms/\1 \2/p' \
			<(grep 'told in' $folder/1.log) |
			awk -v turn=$turn '{ print "sample feed", turn, "ours", $1 / $2 * 1000 }'
		ip netns exec prepared out/bench/feed "$2" "$3" $turn
	done
	registrar_ends 1
	ip netns del prepared
}

# checksum N OBJECT: of what registrar 1 owns, as registrar N says of it
checksum() {
	rspctl -j "$2" show at $folder/"$1".sock |
		grep -o '"checksum":"[^"]*"' | head -n 1
}

join_ms() {
	local turn start octets

	registrar 1 3 "feed = false"
	out/bench/registrar load 3861 100000 10000
	for turn in 0 1 2 3 4; do
		start=$(date +%s%N)
		registrar 3 1 "feed = false"
		until [ "$(checksum 1 registrar)" = "$(checksum 3 peer)" ]; do :; done
		echo "sample join-ms $turn ours $((($(date +%s%N) - start) / 1000000))"
		octets=$(ss -Htin "( sport = 9901 or dport = 9903 )" |
			sed -n 's/.*bytes_sent:\([0-9]*\).*/\1/p' | sort -n | tail -n 1)
		echo "# $octets octets"
		out/bench/registrar octets $turn "$octets" 0
		registrar_ends 3
	done
	registrar_ends 1
}

update_ms() {
	[ -e /run/netns/client ] || ip netns attach client $$
	ip netns add user
	ip -n user link set lo up
	hop client user 9
	at=(- 10.0.9.1 10.0.9.2)
	modprobe rserpool
	registrar 1 2 "feed = false"
	inside="ip netns exec user" registrar 2 1 "start-grace = \"0s\""
	said 2 'the kernel has all'
	out/bench/registrar updates 1000 3861 0
	registrar_ends 2
	registrar_ends 1
	ip netns del user
}

# registrar_row NAME: do a row
registrar_row() {
	case $1 in
	registrar-registrations)
		registrar 1 2 "feed = false"
		registrar 2 1 "feed = false"
		said 1 'registrar-2 .* is there'
		out/bench/registrar registrations 11 3861 3862
		registrar_ends 2
		registrar_ends 1 ;;
	registrar-resolutions)
		registrar 1 "" "feed = false"
		out/bench/registrar load 3861 100000 10000
		out/bench/registrar resolutions 11 3861 10000
		registrar_ends 1 ;;
	registrar-memory) memory ;;
	feed) feeds 11 100000 10000 ;;
	join-ms) join_ms ;;
	update-ms) update_ms ;;
	esac
}
