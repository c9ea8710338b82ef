#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In a test machine: run the selftests, or those whose file or name has $1 in it.
# A program prints KTAP and takes such a part of a name as its argument.
# RSP_TIMEOUT: the seconds that each may take.
pick=${1:-}
programs=(out/tests/selftests/test_* tests/selftests/test_*.sh out/tests/fuzz/fuzz_*)
# Of 32 bits, which UML does not run, all that are asked for by name; else those that
# have every option, message and structure of the interface in them.
of32=(socket connect data like_tcp framed cookie endpoint listen rdm netlink)
if ! grep -q 'User Mode Linux' /proc/cpuinfo; then
	[ -z "$pick" ] || of32=('*')
	# shellcheck disable=SC2206
	programs+=(${of32[@]/#/out/tests/selftests32/test_})
fi
# A machine that is emulated with two processors meets, now and then, the breakpoint
# by which the kernel switches a jump label when the kernel is through with it,
# and panics. So the hooks that tests come and go with stay in use.
unshare -n sh -c 'nft "add table inet stay;
	add chain inet stay in { type filter hook input priority 0; };
	add chain inet stay out { type filter hook output priority 0; }" &&
	exec sleep infinity' > /dev/null 2>&1 &
# shellcheck disable=SC2064
trap "kill $!" EXIT
status=0
for program in "${programs[@]}"; do
	[ -x "$program" ] || continue
	name=$(basename "$program")
	case $program in *32/*) name+=.32 ;; esac
	# Debian's kernel cannot be told to fail.
	case $name in
	test_failslab*) [ -e /proc/self/fail-nth ] || continue ;;
	esac
	part=$pick
	case $name in
	*"$pick"*) part= ;;
	*.sh) grep -qF -- "$pick" "$program" || continue ;;
	esac
	echo "# Subtest: $name"
	begun=$SECONDS
	timeout -k 5 "${RSP_TIMEOUT:-600}" "$program" "$part" < /dev/null
	result=$?
	echo "# $name ended with $result after $((SECONDS - begun)) s"
	# Servers that a test left: they may hold its sockets.
	pkill -KILL -f "^$program" || :
	[ $result = 0 ] || status=1
	# A test that is killed has said nothing of it.
	[ $result -lt 124 ] || echo "not ok 0 $name ended with $result"
done
exit $status
