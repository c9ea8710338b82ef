#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In UML: run the KUnit suites and print their KTAP out of the kernel's log;
# with $1 only the suites, or else the cases, that have it in their name. insmod
# succeeds whatever the cases do: the KTAP says.
pick=${1:-}
cd "$(dirname "$0")" || exit

# What a suite's own task allocates fails while the suite says so.
failslab=/sys/kernel/debug/failslab
for setting in task-filter=Y ignore-gfp-wait=N probability=100 interval=1 \
	times=-1 verbose=0
do
	[ ! -d $failslab ] || echo ${setting#*=} > $failslab/${setting%=*} || exit
done

if [ "$pick" ]; then
	glob="*.*$pick*"
	! grep -q "\.name[[:space:]]*= *\".*$pick" ./*_test.c || glob="*$pick*.*"
	printf %s "$glob" > /sys/module/kunit/parameters/filter_glob
fi
before=$(dmesg | wc -l)
insmod rserpool_kunit.ko || exit
log=$(dmesg -t | tail -n +$((before + 1)) | sed -n '/^KTAP version/,$p')
echo "$log"
grep -q '^ *ok [0-9]' <<< "$log" || { echo "# no case ran"; exit 1; }
! grep -q '^ *not ok [0-9]' <<< "$log"
