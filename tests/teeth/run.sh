#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tests/teeth/run.sh [NAME]: can the tests bite? Each patch beside this script takes
# one protection out of the module, or out of enrpd and asapd; the tests that its head
# names must fail then. With NAME, an extended regular expression, only the patches
# whose names it matches.
#
# A copy of the tree is patched and built once for each; one test machine then runs
# the tests of each (bite.sh).
set -u
cd "$(dirname "$0")/../.." || exit
. <(sed '/^set -eu/d;/^vm=/d;/^tree=/d' tests/vm/common.sh)
pick=${1:-}
copy=$cache/teeth
mapfile -t names < <(basename -s .patch tests/teeth/*.patch | grep -E "$pick")
[ ${#names[@]} -gt 0 ] || die "no patch has $pick in its name"

need_packages rsync patch
lock "$copy"
mkdir -p "$copy"
rsync -a --delete --exclude=.git --exclude=/out ./ "$copy/" || exit
# Nothing is wrong yet: what fails below fails by the patch.
build=$("$copy/tests/vm/build.sh" debian) || die "the tree does not build"
rm -rf "$build/out/teeth"
mkdir -p "$build/out/teeth"

made=()
for name in "${names[@]}"; do
	patch=tests/teeth/$name.patch
	why=
	patch -s -p1 -d "$copy" < "$patch" > "$copy.log" 2>&1 || why="does not apply"
	grep -q '^+++ b/tools/' "$patch" && part=daemons || part=module
	[ "$why" ] || "$copy/tests/vm/build.sh" $part > "$copy.log" 2>&1 ||
		why="does not build"
	mkdir "$build/out/teeth/$name"
	if [ "$why" ]; then
		sed 's/^/# /' "$copy.log"
		echo "# $name $why"
	else
		case $part in
		module) files=net/rserpool/rserpool.ko ;;
		daemons) files='out/bin/enrpd out/bin/asapd out/tests/asap_client' ;;
		esac
		(cd "$build" && cp $files "out/teeth/$name/")
		made+=("$name")
	fi
	# As new, or make would take the patched object for what it wants.
	rsync -rl --delete --checksum net tools "$copy/" || exit
done

# The machine builds what is in the copy: the tree as it is.
said=$(VM_TIMEOUT=7200 "$copy/tests/vm/run.sh" debian tests/teeth/bite.sh "${made[@]}" |
	tee "$copy.log")
echo "$said" | grep '^# '
echo "KTAP version 1"
echo "1..${#names[@]}"
n=0 status=0
for name in "${names[@]}"; do
	n=$((n + 1))
	if echo "$said" | grep -qx "bitten $name"; then
		echo "ok $n teeth.$name"
	else
		echo "not ok $n teeth.$name"
		status=1
	fi
done
exit $status
