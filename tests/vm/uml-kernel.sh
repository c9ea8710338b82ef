#!/bin/sh
# Print the folder of the UML debug kernel 7.2; make it first when missing.
#
#   linux           the kernel, a program of this host
#   modules/        what of it is loadable
#   (the rest)      its build folder: what modules are built against
#   source/         the sources, also for sparse, checkpatch and the spec's tools

. "$(dirname "$0")/common.sh"

out=$cache/uml-$(key "$0" "$vm/uml.config")
[ -e "$out/done" ] && { echo "$out"; exit; }

need_packages build-essential flex bison bc xz-utils kmod python3
src=$("$vm/linux-source.sh")

say "building the UML kernel in $out: 16 minutes on 2 cores"
rm -rf "$out"
mkdir -p "$out"
ln -s "$src" "$out/source"
{
	make -C "$src" O="$out" ARCH=um defconfig
	cd "$out"
	"$src/scripts/kconfig/merge_config.sh" -O "$out" -m .config "$vm/uml.config"
	make ARCH=um olddefconfig
	make ARCH=um -j"$(($(nproc) + 1))"
	make ARCH=um INSTALL_MOD_PATH="$out/modules" modules_install
} > "$out.log" 2>&1 || { tail -n 30 "$out.log" >&2; die "see $out.log"; }
while IFS='=' read -r option value; do
	[ "$value" = y ] || continue
	grep -q "^$option=y" "$out/.config" || say "not in this kernel: $option"
done < "$vm/uml.config"
touch "$out/done"
echo "$out"
