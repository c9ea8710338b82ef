#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In a test machine: run the selftests, or those whose file or name has $1 in it.
# A program prints KTAP and takes such a part of a name as its argument. It spends
# much of its time waiting, so a second one runs beside it, in namespaces of its own.
# RSP_TIMEOUT: the seconds that each may take.
export pick=${1:-}
programs=(out/tests/selftests/test_* tests/selftests/test_*.sh
	tests/selftests/threats/2.*.sh out/tests/fuzz/fuzz_*)
# They look at what is not of one namespace: memory, the module, where workers fail.
alone='/test_(charge|half_open|hostile_(control|user)|survive|tls_stages|failslab.*|(module|doctor|cluster)\.sh)$'
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
said=$(mktemp -d)
export said
# shellcheck disable=SC2064
trap "kill $!; rm -r '$said'" EXIT

# one PROGRAM: run it, if it was picked; what it says comes when it has ended.
one() {
	local program=$1 name part=$pick status begun=$SECONDS

	name=$(basename "$program")
	case $program in *32/*) name+=.32 ;; esac
	# Debian's kernel cannot be told to fail.
	case $name in
	test_failslab*) [ -e /proc/self/fail-nth ] || return 0 ;;
	esac
	case $name in
	*"$pick"*) part= ;;
	*.sh) grep -qF -- "$pick" "$program" || return 0 ;;
	esac
	echo "# Subtest: $name" > "$said/$name"
	timeout -k 5 "${RSP_TIMEOUT:-600}" "$program" "$part" \
		< /dev/null >> "$said/$name" 2>&1
	status=$?
	# Servers that a test left: they may hold its sockets.
	pkill -KILL -f "^$program( |\$)"
	{
		flock 9
		cat "$said/$name"
		echo "# $name ended with $status after $((SECONDS - begun)) s"
		# A test that is killed has said nothing of it.
		[ $status -lt 124 ] || echo "not ok 0 $name ended with $status"
	} 9> "$said/lock"
	return $status
}
export -f one

status=0
for beside in 2 1; do
	for program in "${programs[@]}"; do
		[ -x "$program" ] || continue
		[[ $program =~ $alone ]] && at_once=1 || at_once=2
		[ $at_once = $beside ] && echo "$program"
	done | xargs -r -P $beside -I{} bash -c 'one {}' || status=1
done
exit $status
