#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Plant each fault that a test machine is there to notice; it must notice.
# tests/kunit/planted.c commits them.

. "$(dirname "$0")/common.sh"

n=0
# notices KERNEL FAULT WORDS: the run fails, and says so with these words.
notices() {
	n=$((n + 1))
	out=$("$vm/run.sh" "$1" "insmod tests/kunit/planted.ko fault=$2" 2>&1 || true)
	if echo "$out" | grep -q "^# machine: $3"; then
		echo "ok $n $1 notices $2"
	else
		echo "$out" | tail -n 20 | sed 's/^/# /'
		echo "not ok $n $1 notices $2"
		failed=1
	fi
}

failed=0
echo "KTAP version 1"
echo "1..3"
notices uml warning "the kernel's log has a splat"
notices uml leak "kmemleak found something"
notices uml use-after-free "the kernel's log has a splat"
exit $failed
