#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tshark's dissector, which is not ours, reads what the codec built (make
# asap-files): it must find in each message what was meant, and no fault.
cd "$(dirname "$0")/../.." || exit

# read_as FILTER: the numbers of the packets that it finds.
read_as() {
	if ! tshark -n -r out/asap/samples.pcap -Y "$1" -T fields -e frame.number \
		2> out/asap/tshark.log
	then
		sed 's/^/# /' out/asap/tshark.log >&2
		return 1
	fi
}

filter=$(awk -F '\t' '{ printf "%s(%s)", sep, $2; sep = " || " }' out/asap/samples)
[ "$filter" ] || exit
found=$(read_as "$filter") || exit
faulty=$(read_as '_ws.expert || _ws.malformed') || exit
n=0 status=0
echo "1..$(wc -l < out/asap/samples)"
while read -r name _; do
	n=$((n + 1)) not=
	echo "$found" | grep -qx $n || not='not '
	! echo "$faulty" | grep -qx $n || not='not '
	echo "${not}ok $n tshark.$name"
	[ -z "$not" ] || status=1
done < out/asap/samples
exit $status
