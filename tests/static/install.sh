#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a Debian root of its own: what README says of building, installing and DKMS,
# for kernel $1, which is not the one that runs.
set -eux
cd /src
kdir=/usr/lib/modules/$1/build
jobs=-j$(nproc)

make -s "$jobs" KDIR="$kdir"
make -s KDIR="$kdir" install
modprobe -n -v -S "$1" rserpool
modprobe -n -v -S "$1" net-pf-18
modinfo -k "$1" -F filename rserpool | grep updates/rserpool.ko
/usr/local/sbin/rspctl -V
echo '#include <linux/rserpool.h>
int main(void) { return sizeof(struct sockaddr_rserpool) != 108; }' > /tmp/t.c
gcc -o /tmp/t -I/usr/local/include /tmp/t.c
/tmp/t
[ -s /usr/local/share/man/man7/rserpool.7 ]
[ -s /usr/local/share/man/man8/rspctl.8 ]
exec=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' \
	/usr/local/lib/systemd/system/rserpool-restore.service)
[ -x "$exec" ]
exec=$(sed -n 's/^ExecStart=\(.\)/\1/p' \
	/usr/local/lib/systemd/system/tlshd.service.d/rserpool.conf)
[ -x "$exec" ]

rm "$(modinfo -k "$1" -F filename rserpool)"
make -s install-dkms
dkms install -k "$1" "rserpool/$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' packaging/dkms.conf)"
dkms status rserpool | grep installed
modprobe -n -v -S "$1" net-pf-18
modinfo -k "$1" -F filename rserpool | grep updates/dkms/
