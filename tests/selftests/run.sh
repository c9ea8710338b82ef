#!/bin/bash
# In a test machine: run the selftests whose file or test name has $1 in it.
pick=${1:-}
status=0
for test in out/tests/selftests/test_* tests/selftests/test_*.sh; do
	[ -x "$test" ] || continue
	echo "# Subtest: $(basename "$test")"
	case $test in
	*"$pick"*) timeout 600 "$test" || status=1 ;;
	*.sh) ;;
	*) timeout 600 "$test" "$pick" || status=1 ;;
	esac
done
exit $status
