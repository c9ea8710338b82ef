#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In a test machine: with the module or the daemons of out/teeth/NAME, for each NAME,
# every test that the head of NAME.patch names must fail: then this says "bitten NAME".
# First they must be good with what is there; with one that is not, nothing bites.
export RSP_TEST_TIMEOUT=60
updates=/usr/lib/modules/$(uname -r)/updates
cp "$updates/rserpool.ko" /tmp/good.ko

tests_of() { sed -n 's/^Fails: //p' "tests/teeth/$1.patch"; }

unload() {
	local tries=400

	while [ -d /sys/module/rserpool ] && ! rmmod rserpool 2> /dev/null; do
		[ $((tries--)) -gt 0 ] || { echo "# rserpool does not unload"; exit 1; }
		sleep 0.1
	done
}

# run TEST: what the test says. Servers that it leaves may hold its output.
run() {
	local program said=/tmp/said

	case $1 in
	2.*) program=$(ls tests/selftests/threats/"${1%%_*}"-*.sh) ;;
	*)
		program=$(grep -l "^TEST($1)" tests/selftests/test_*.c)
		program=out/${program%.c}
		;;
	esac
	timeout -k 5 1000 "$program" "$1" < /dev/null > $said 2>&1
	# So it has said nothing, or that before.
	[ $? -lt 124 ] || echo "# $1 was killed" >> $said
	pkill -KILL -f "^$program( |\$)"
	sed -n "/^#/p; s/^\(not \)\?ok [0-9]* $1\$/\1ok/p" $said
}

declare -A bad
for test in $(for name; do tests_of "$name"; done | tr ' ' '\n' | sort -u); do
	said=$(run "$test")
	echo "$said" | grep -qx ok && continue
	echo "${said//#/# $test:}"
	echo "# $test fails without any patch"
	bad[$test]=1
done

for name; do
	unload
	module=out/teeth/$name/rserpool.ko
	[ -e "$module" ] || module=/tmp/good.ko
	cp "$module" "$updates/rserpool.ko"
	bitten=1
	for test in $(tests_of "$name"); do
		[ "${bad[$test]:-}" ] && bitten=0 && continue
		said=$(PATH=$PWD/out/teeth/$name:$PATH run "$test")
		echo "# $name: $(echo "$said" | tail -n 2 | tr '\n' ' ')"
		echo "$said" | grep -qx "not ok" && continue
		echo "# $name: $test does not fail"
		bitten=0
	done
	[ $bitten = 0 ] || echo "bitten $name"
done
