#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# generate.sh [check]: make from specs/rserpool.yaml what is generated, with the
# kernel's own generator; with "check", only say what differs from the tree.

. "$(dirname "$0")/../../tests/vm/common.sh"
tree=$(cd "$(dirname "$0")/../.." && pwd)
vm=$tree/tests/vm

need_packages python3 python3-yaml diffutils
linux=$("$vm/linux-source.sh")

# The generator finds the schema above the spec, and ends its search for the
# tree's root at a file MAINTAINERS.
root=$tree/out/gen
spec=Documentation/netlink/specs/rserpool.yaml
rm -rf "$root"
mkdir -p "$root/$(dirname $spec)" "$root/include/uapi/linux" "$root/net/rserpool"
cp "$tree/MAINTAINERS" "$root/"
cp "$tree/$spec" "$root/$spec"
ln -s "$linux/Documentation/netlink/genetlink.yaml" "$root/Documentation/netlink/"
cd "$root"

# generate MODE FORM FILE: one of the files, and what becomes of it.
generate() {
	python3 "$linux/tools/net/ynl/pyynl/ynl_gen_c.py" \
		--mode "$1" "$2" --spec "$spec" -o "$3"
	# The tree has no such script.
	sed -i 's|^/\* To regenerate run: .* \*/$|/* To regenerate run: make gen */|' "$3"
	if [ "${check:-}" ]; then
		diff -u "$tree/$3" "$3" || differs=1
	else
		cmp -s "$3" "$tree/$3" || cp "$3" "$tree/$3"
	fi
}

check=${1:-} differs=
generate uapi --header include/uapi/linux/rserpool_netlink.h
generate kernel --header net/rserpool/netlink-gen.h
generate kernel --source net/rserpool/netlink-gen.c
[ -z "$differs" ] || die "generated files differ from the spec: run make gen"
