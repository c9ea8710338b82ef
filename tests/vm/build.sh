#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build.sh debian|uml: build the module, the tests and the programs for a test
# machine, in a copy of the tree in the cache; print that copy's folder.
# build.sh module, build.sh daemons: only these, for a machine that had all the rest.
# build.sh sparse: what sparse says of the module, on 6.12.
# build.sh unit: build the programs' own tests and run them; let tshark read what
# the codec wrote, and libFuzzer try it for some seconds.
# build.sh fuzz: libFuzzer's fuzzers, RSP_RUNS executions each.
# build.sh install: install all in a copy of the guest's root, as README says.

. "$(dirname "$0")/common.sh"

kernel=$1
need_packages rsync build-essential kmod
guest=$("$vm/guest-root.sh")
build=$cache/build-$(echo "$tree" | sha256sum | cut -c 1-12)

# stage FOLDER: copy the sources; keep what an earlier build left there.
stage() {
	mkdir -p "$1"
	rsync -a --delete --exclude=.git --exclude=/out --exclude='*.o' \
		--exclude='*.ko' --exclude='*.mod' --exclude='*.mod.c' \
		--exclude='.*.cmd' --exclude=Module.symvers \
		--exclude=modules.order "$tree/" "$1/"
}

# in_guest FOLDER COMMAND...: run a command in the guest's root, with a
# compiler and libraries of its own; the folder is its /src.
in_guest() {
	folder=$1
	shift
	unshare -m sh -eu -c '
		mount --bind "$1" "$2/src"
		mount -t proc proc "$2/proc"
		root=$2
		shift 2
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin HOME=/root "$@"
	' sh "$folder" "$guest/root" "$@" >&2
}

# depmod_with FOLDER MODULES: what depmod says of the kernel's modules with ours
# among them goes to the folder's out/modules.
depmod_with() {
	mkdir -p "$1/out/modules"
	unshare -m sh -eu -c '
		release=$(basename "$2")
		mount -t tmpfs tmpfs /mnt
		mkdir -p "/mnt/usr/lib/modules/$release" /mnt/upper /mnt/work
		ln -s usr/lib /mnt/lib
		mount -t overlay overlay "/mnt/usr/lib/modules/$release" \
			-o "lowerdir=$2,upperdir=/mnt/upper,workdir=/mnt/work"
		mkdir "/mnt/usr/lib/modules/$release/updates"
		cp "$1/net/rserpool/rserpool.ko" "/mnt/usr/lib/modules/$release/updates/"
		depmod -b /mnt "$release"
		rm -f "$1/out/modules/"*
		cp "/mnt/usr/lib/modules/$release/modules."* "$1/out/modules/"
	' sh "$1" "$2" >&2
}

jobs=-j$(nproc)
lock "$build"
stage "$build/debian"
case $kernel in
module) ;;
daemons)
	in_guest "$build/debian" make -s "$jobs" -C /src \
		out/bin/enrpd out/bin/asapd out/tests/asap_client
	echo "$build/debian"
	exit
	;;
*) in_guest "$build/debian" make -s "$jobs" -C /src user user32 ;;
esac

# The kernel's own netlink client, for the tests.
linux=$("$vm/linux-source.sh")
mkdir -p "$build/debian/out/ynl"
rsync -a "$linux/tools/net/ynl/pyynl" "$linux/Documentation/netlink/genetlink.yaml" \
	"$build/debian/out/ynl/"
case $kernel in
debian|module)
	in_guest "$build/debian" make -s "$jobs" W=1e RSERPOOL_BENCH=y \
		-C "/usr/lib/modules/$(cat "$guest/version")/build" M=/src modules
	[ "$kernel" = module ] || depmod_with "$build/debian" \
		"$guest/root/usr/lib/modules/$(cat "$guest/version")"
	kernel=debian
	;;
uml)
	uml=$("$vm/uml-kernel.sh")
	stage "$build/uml"
	rsync -a --delete --exclude=/modules "$build/debian/out/" "$build/uml/out/"
	make -s "$jobs" W=1e -C "$uml" ARCH=um M="$build/uml" modules >&2
	depmod_with "$build/uml" "$uml/modules/lib/modules/"*
	;;
sparse)
	# With the flags of the build above: then nothing is compiled anew.
	in_guest "$build/debian" make -s "$jobs" W=1e RSERPOOL_BENCH=y C=2 CF=-Wsparse-error \
		-C "/usr/lib/modules/$(cat "$guest/version")/build" M=/src modules
	;;
unit)
	need_packages clang libclang-rt-dev tshark
	in_guest "$build/debian" make -s -C /src unit
	flock -u 9
	cd "$build/debian"
	tests/unit/tshark.sh >&2
	tests/fuzz/libfuzzer.sh 300000 15 >&2
	;;
fuzz)
	need_packages clang libclang-rt-dev
	in_guest "$build/debian" make -s -C /src message-files
	flock -u 9
	cd "$build/debian"
	tests/fuzz/libfuzzer.sh "${RSP_RUNS:-10000000}" 0 >&2
	;;
install)
	flock -u 9
	stage "$build/install"
	unshare -m sh -eu -c '
		mount -t tmpfs tmpfs /mnt
		mkdir /mnt/upper /mnt/work /mnt/root
		mount -t overlay overlay /mnt/root \
			-o "lowerdir=$2,upperdir=/mnt/upper,workdir=/mnt/work"
		mount --rbind "$1" /mnt/root/src
		mount -t proc proc /mnt/root/proc
		exec chroot /mnt/root env -i PATH=/usr/sbin:/usr/bin HOME=/root \
			/src/tests/static/install.sh "$3"
	' sh "$build/install" "$guest/root" "$(cat "$guest/version")" >&2
	;;
*)
	die "unknown kernel $kernel: debian or uml"
	;;
esac
echo "$build/$kernel"
