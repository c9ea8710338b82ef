#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Print the folder of the UML debug kernel 7.2; make it first when missing.
#
#   linux           the kernel, a program of this host
#   modules/        what of it is loadable
#   (the rest)      its build folder: what modules are built against
#   patched/        the sources after uml-edit.py: links to linux-source.sh's,
#                   but for the files that it changes

. "$(dirname "$0")/common.sh"

out=$cache/linux-um-$(key "$0" "$vm/uml.config" "$vm/uml-edit.py")
[ -e "$out/done" ] && { echo "$out"; exit; }
lock "$out"
[ -e "$out/done" ] && { echo "$out"; exit; }

need_packages build-essential flex bison bc xz-utils kmod python3
src=$("$vm/linux-source.sh")

say "building the UML kernel in $out: 5 to 16 minutes on 2 cores"
rm -rf "$out"
mkdir -p "$out"
cp -al "$src" "$out/patched"
src=$out/patched
{
	"$vm/uml-edit.py" "$src"
	make -C "$src" O="$out" ARCH=um defconfig
	cd "$out"
	"$src/scripts/kconfig/merge_config.sh" -O "$out" -m .config "$vm/uml.config"
	make ARCH=um olddefconfig
	make ARCH=um -j"$(($(nproc) + 1))"
	make ARCH=um INSTALL_MOD_PATH="$out/modules" modules_install
} > "$out.log" 2>&1 || { tail -n 30 "$out.log" >&2; die "see $out.log"; }
missing=$(grep -E '=(y|m)$' "$vm/uml.config" | grep -vxF -f "$out/.config") || true
[ -z "$missing" ] || die "options that this kernel does not have: $missing"
touch "$out/done"
echo "$out"
