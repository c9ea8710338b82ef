#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Print the folder of the guest's Debian 13 root; make it first when missing.
#
#   root/     the file system, used read-only: 9p below QEMU, hostfs below UML
#   initrd    loads 9p and overlay, then switches to the root
#   version   the release of the Debian kernel in it

. "$(dirname "$0")/common.sh"

packages=linux-image-amd64,linux-headers-amd64,kmod,iproute2,procps,strace,\
tcpdump,python3,python3-yaml,python3-jsonschema,gcc,gcc-multilib,make,\
libc6-dev,libmnl-dev,libjansson-dev,libcmocka-dev,libuv1-dev,libgnutls28-dev,\
liburing-dev,pkgconf,ktls-utils,keyutils,gnutls-bin,openssl,socat,ncat,curl,haproxy,\
bash-completion,perl,nftables,ethtool,util-linux,sparse,dkms,libconfig-dev,\
qemu-system-x86,seabios,nginx-light,redis-server

out=$cache/debian-$(key "$0" "$vm/initrd-init")
[ -e "$out/version" ] && { echo "$out"; exit; }
lock "$out"
[ -e "$out/version" ] && { echo "$out"; exit; }

need_packages mmdebstrap busybox-static cpio xz-utils
debian=$(mirror Debian) security=$(mirror Debian-Security)
[ -n "$debian" ] || die "apt knows no Debian mirror; see apt-get indextargets"

say "making the Debian 13 root in $out: 3 minutes, 2 GB"
rm -rf "$out"
mkdir -p "$out"
{
	echo "deb $debian trixie main"
	echo "deb $debian trixie-updates main"
	[ -z "$security" ] || echo "deb $security trixie-security main"
} > "$out/sources.list"
mmdebstrap --variant=minbase --mode=root --include="$packages" \
	--dpkgopt=path-exclude='/usr/share/doc/*' \
	--dpkgopt=path-exclude='/usr/share/locale/*' \
	trixie "$out/root" - < "$out/sources.list" >&2
mkdir -p "$out/root/src" "$out/root/build"
: > "$out/root/etc/resolv.conf"
version=$(cd "$out/root/usr/lib/modules" && ls | grep -v -- -rt- | sort -V | tail -n 1)

mkdir -p "$out/initrd.d/bin" "$out/initrd.d/mods" "$out/initrd.d/proc" \
	"$out/initrd.d/sys" "$out/initrd.d/dev"
cp "$(command -v busybox)" "$out/initrd.d/bin/"
for m in netfs 9pnet 9pnet_virtio 9p overlay; do
	xz -dc "$(find "$out/root/usr/lib/modules/$version" -name "$m.ko.xz")" \
		> "$out/initrd.d/mods/$m.ko"
done
install -m 755 "$vm/initrd-init" "$out/initrd.d/init"
(cd "$out/initrd.d" && find . | cpio -o -H newc 2>/dev/null | gzip) > "$out/initrd"
echo "$version" > "$out/version"
echo "$out"
