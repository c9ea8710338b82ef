#!/bin/bash
# What can be said of the sources without running them; with $1 only the checks
# that have it in their name.
set -u
pick=${1:-}
cd "$(dirname "$0")/../.." || exit
self=tests/static/run.sh
. <(sed '/^set -eu/d;/^vm=/d;/^tree=/d' tests/vm/common.sh)
linux=$(tests/vm/linux-source.sh) || exit
n=0 status=0
check() {
	[[ $1 == *"$pick"* ]] || return
	n=$((n + 1))
	name=$1
	shift
	if out=$("$@" 2>&1); then
		echo "ok $n static.$name"
	else
		echo "$out" | sed 's/^/# /'
		echo "not ok $n static.$name"
		status=1
	fi
}

# The first two ask for a kernel tree; compat.h is the one file that may ask for
# a version, and checkpatch reads that as a comparison with a constant. It takes
# the layout that all trace headers have for that of a call.
checkpatch() {
	git ls-files -co --exclude-standard 'net/*.[ch]' 'include/*.h' 'tests/kunit/*.c' |
		grep -v -e '-gen\.' -e '/trace\.h$' |
		xargs "$linux/scripts/checkpatch.pl" --no-tree --strict --quiet \
			--terse --show-types --file \
			--ignore FILE_PATH_CHANGES,SPDX_LICENSE_TAG \
			--ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON
}
kernel_doc() {
	! git ls-files -co --exclude-standard 'net/*.[ch]' 'include/*.h' |
		xargs "$linux/scripts/kernel-doc" -none -Wall 2>&1 | grep -E 'warning|error'
}
# Left out: a variable that coproc or a sourced file sets; "ls | grep" and
# "a= b=", which mean what they say; that busybox is no dash.
shell() {
	git ls-files -co --exclude-standard | xargs grep -lE '^# shellcheck shell|^#!.*sh$' |
		xargs shellcheck -x -P SCRIPTDIR -S warning \
			-e SC2154,SC1090,SC2010,SC1007,SC2187
}
# "! COMMAND" ends no test, whatever it finds: fails and none of ktap.sh do.
negations() {
	! grep -rnE '^[[:space:]]*! ' --include='*.sh' tests/selftests
}
spdx() {
	! git ls-files -co --exclude-standard |
		grep -vxE 'LICENSE|MAINTAINERS|README.md|.gitignore|tests/data/.*' |
		xargs grep -L SPDX-License-Identifier | grep .
}
# No host but the machine itself, and no folder of one machine or one person.
names() {
	! git ls-files -co --exclude-standard | grep -vxF -e LICENSE -e "$self" |
		xargs grep -nIE '(https?|ftp|git)://[a-z]|/home/|[ "=]/(root|work)/|/tmp/wt' |
		grep .
}
# make check-teeth says whether they do what they are for.
teeth() {
	local patch test programs status=0

	for patch in tests/teeth/*.patch; do
		patch -s -p1 --dry-run < "$patch" || status=1
		for test in $(sed -n 's/^Fails: //p' "$patch"); do
			case $test in
			2.*) programs="tests/selftests/threats/${test%%_*}-*.sh" ;;
			*) programs="tests/selftests/test_*.c" ;;
			esac
			# shellcheck disable=SC2086
			grep -q "^TEST($test)\|^test_${test#*_}()" $programs ||
				{ echo "$patch: there is no test $test"; status=1; }
		done
	done
	return $status
}
# Each counter of a daemon, and what it means, is in the daemon's manual.
counters() {
	python3 - << 'END'
import re, sys
missing = 0
for manual, *tables in (("enrpd.8", "tools/enrpd/counters.c", "tools/lib/channel_show.c"),
                        ("asapd.8", "tools/asapd/counters.c", "tools/lib/channel_show.c")):
    text = open("Documentation/man/" + manual).read()
    for table in tables:
        rows = re.findall(r'ROW\("([^"]+)",\s*\w+,\s*"([^"]+)"\)', open(table).read())
        assert len(rows) == open(table).read().count("ROW(") - 1, table
        for name, help in rows:
            if ".B %s\n%s\n" % (name.replace("-", "\\-"), help) not in text:
                print("%s: %s: %s" % (manual, name, help))
                missing += 1
sys.exit(missing > 0)
END
}
echo "KTAP version 1"
echo "1..$(grep -c "^check .*$pick" $self)"
need_packages perl python3 shellcheck patch
check checkpatch checkpatch
check kernel_doc kernel_doc
check shell shell
check negations negations
check spdx spdx
check names names
check teeth teeth
check counters counters
check sparse tests/vm/build.sh sparse
check install tests/vm/build.sh install
check gen Documentation/netlink/generate.sh check
exit $status
