#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tshark's dissectors, which are not ours, read what the codec built (make
# message-files): they must find in each message what was meant, and no fault.
cd "$(dirname "$0")/../.." || exit

# read_as PROTOCOL FILTER: the numbers of the packets that it finds.
read_as() {
	if ! tshark -n -r "out/$1/samples.pcap" -Y "$2" -T fields -e frame.number \
		2> "out/$1/tshark.log"
	then
		sed 's/^/# /' "out/$1/tshark.log" >&2
		return 1
	fi
}

# check PROTOCOL: a line for each of its messages.
check() {
	samples=out/$1/samples at=0
	filter=$(awk -F '\t' '{ printf "%s(%s)", sep, $2; sep = " || " }' "$samples")
	[ "$filter" ] || exit
	found=$(read_as "$1" "$filter") || exit
	faulty=$(read_as "$1" '_ws.expert || _ws.malformed') || exit
	while read -r name _; do
		n=$((n + 1)) at=$((at + 1)) not=
		echo "$found" | grep -qx $at || not='not '
		! echo "$faulty" | grep -qx $at || not='not '
		echo "${not}ok $n tshark.$name"
		[ -z "$not" ] || status=1
	done < "$samples"
}

n=0 status=0
echo "1..$(cat out/asap/samples out/enrp/samples | wc -l)"
check asap
check enrp
exit $status
