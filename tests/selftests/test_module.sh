#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What rspctl says and does where the module is not loaded.
. "$(dirname "$0")/ktap.sh"

test_not_there() {
	local path status

	if [ -d /sys/module/rserpool ]; then
		# Where KASAN runs a module is loaded once a boot.
		[ -e /sys/kernel/debug/kmemleak ] && exit 4
		rmmod rserpool
	fi
	path=$(cat /proc/sys/kernel/modprobe)
	echo /bin/false > /proc/sys/kernel/modprobe
	status=0
	refused 2 'module is not loaded; try: modprobe rserpool' \
		ctl pool show || status=1
	echo "$path" > /proc/sys/kernel/modprobe
	return $status
}

test_comes_by_itself() {
	ctl pool show
	[ -d /sys/module/rserpool ]
}

ktap_run module
