# SPDX-License-Identifier: GPL-2.0
# Count the results of KTAP, as "N passed, N failed, N skipped", after the names
# of those that failed. A line of results at a deeper level sums up in the next
# one above it, which counts only if it failed and none of them did. A plan that
# is not kept is a failure: a test program that dies half way does not pass.
#
# "# Layer: NAME" opens a layer, "# Layer NAME ended with STATUS" ends it; between
# them "# machine: TEXT" says what a test machine found wrong.

BEGIN { deepest = 0 }

function fail(what) { failed++; names[failed] = what }

# The plans of this level and of those below it are over.
function close_plans(level,	l) {
	for (l = deepest; l >= level; l--) {
		if (l in plan && plan[l] != got[l]) {
			fail(layer ": " where[l] ": planned " plan[l] \
			     " results, gave " got[l] + 0)
			inner_failed[l]++
		}
		delete plan[l]
	}
	if (deepest > level)
		deepest = level
}

{
	match($0, /^ */)
	level = int(RLENGTH / 4)
	line = substr($0, RLENGTH + 1)
	sub(/\r$/, "", line)
}

line ~ /^# Layer: / {
	close_plans(0)
	layer = substr(line, 10)
	delete where[0]
	layer_failed = failed
}

line ~ /^# Layer .* ended with [0-9]+/ {
	close_plans(0)
	if (line !~ / ended with 0/ && (fault || failed == layer_failed))
		fail("layer " layer fault)
	fault = ""
}

# That the command failed the tests have said.
line ~ /^# machine: / && line !~ /the command ended with/ { fault = fault ": " substr(line, 12) }

line ~ /^# Subtest: / {
	close_plans(level)
	where[level] = substr(line, 12)
}

line ~ /^1\.\.[0-9]+/ {
	close_plans(level)
	split(substr(line, 4), word, " ")
	plan[level] = word[1]
	got[level] = 0
	if (level > deepest)
		deepest = level
}

line ~ /^(not )?ok [0-9]+/ {
	close_plans(level + 1)
	got[level]++
	bad = line ~ /^not /
	skip = line ~ /# *[Ss][Kk][Ii][Pp]/
	if (bad && !inner_failed[level + 1])
		fail(layer ": " where[level] ": " line)
	else if (!bad && !inner[level + 1] && skip)
		skipped++
	else if (!bad && !inner[level + 1])
		passed++
	inner[level + 1] = inner_failed[level + 1] = 0
	inner[level]++
	inner_failed[level] += bad
}

line ~ /^Bail out!/ { fail(layer ": " where[level] ": " line) }

END {
	close_plans(0)
	for (i = 1; i <= failed; i++)
		print "FAILED " names[i]
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed || !passed
}
