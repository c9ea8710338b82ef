#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Print the folder of Debian's linux-source-7.2; fetch and unpack it when missing.

. "$(dirname "$0")/common.sh"

package=linux-source-7.2
out=$cache/$package
[ -e "$out/MAINTAINERS" ] && { echo "$out"; exit; }
lock "$out"
[ -e "$out/MAINTAINERS" ] && { echo "$out"; exit; }

need_packages xz-utils debian-archive-keyring
debian=$(mirror Debian)
[ -n "$debian" ] || die "apt knows no Debian mirror; see apt-get indextargets"

say "fetching $package from Debian unstable: 150 MB"
tmp=$out.tmp
rm -rf "$tmp" "$out"
mkdir -p "$tmp/lists/partial" "$tmp/archives/partial" "$tmp/none"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $debian sid main" \
	> "$tmp/sources.list"
: > "$tmp/status"
cd "$tmp"
set -- -q -o Dir::Etc::sourcelist="$tmp/sources.list" \
	-o Dir::Etc::sourceparts="$tmp/none" -o Dir::State::lists="$tmp/lists" \
	-o Dir::State::status="$tmp/status" -o Dir::Cache="$tmp" \
	-o APT::Sandbox::User=root
apt-get "$@" update >&2
apt-get "$@" download "$package" >&2
dpkg-deb --fsys-tarfile "$package"_*.deb |
	tar -xO --wildcards "*/$package.tar.xz" | tar -xJ
mv "$package" "$out"
cd "$cache"
rm -rf "$tmp"
echo "$out"
