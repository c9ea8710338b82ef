#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# libfuzzer.sh RUNS SECONDS: so many executions of each of libFuzzer's fuzzers, or
# what is done of them in so many seconds (0: all), from the corpus that make
# message-files wrote and RSP_SEED on. What breaks one stays in out/fuzz.
cd "$(dirname "$0")/../.." || exit
make -s libfuzzers || exit
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
n=0 status=0
runs=$1 seconds=$2
set -- out/fuzz/fuzz_*
echo "1..$#"
for fuzzer; do
	n=$((n + 1)) name=$(basename "$fuzzer")
	# Of four octets fuzz_frames makes a frame of up to 64 KiB.
	case $name in fuzz_frames) longest=512 ;; *) longest=4096 ;; esac
	rm -rf "${corpus:?}"/*
	cp "out/${name#fuzz_}/corpus"/* "$corpus/"
	if "$fuzzer" -seed="${RSP_SEED:-1}" -runs="$runs" -max_total_time="$seconds" \
		-max_len=$longest -timeout=20 \
		-print_final_stats=1 -verbosity=0 -artifact_prefix=out/fuzz/ \
		"$corpus" > out/fuzz/log 2>&1
	then
		echo "# $(grep number_of_executed_units out/fuzz/log)"
		echo "ok $n libfuzzer.$name"
	else
		sed 's/^/# /' out/fuzz/log
		echo "not ok $n libfuzzer.$name"
		status=1
	fi
done
exit $status
