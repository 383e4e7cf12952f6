#!/bin/sh
# Lists the lines of error handling that no test reached: by file, how many of all lines were not reached, then each of
# those that fail, refuse or give up, with its number.
#
#   sh ci/coverage.sh BUILD         folder of a build with --coverage whose tests have run
set -eu
build=${1:?usage: sh ci/coverage.sh BUILD}

find "$build/float/bench" "$build/float/nn" -name '*.gcno' | LC_ALL=C sort | while read -r notes; do
	${GCOV-gcov} --stdout --object-directory "$(dirname "$notes")" "$notes" 2>/dev/null
done | LC_ALL=C awk '
	# "COUNT: LINE:CODE"; a count of "#####" was never reached, one of "-" is no code.
	function show(    i) {
		if (path ~ /\.c$/ && missed > 0) printf "%s: %d of %d lines not reached\n", path, missed, lines
		if (path ~ /\.c$/) {
			for (i = 1; i <= shown; i++) print list[i]
			all_lines += lines; all_missed += missed; all_shown += shown
		}
		lines = missed = shown = 0
	}
	match($0, /^ *[^:]+: *[0-9]+:/) {
		head = substr($0, 1, RLENGTH)
		code = substr($0, RLENGTH + 1)
		count = head; sub(/:.*/, "", count); gsub(/[ *]/, "", count)
		line = head; sub(/^[^:]*: */, "", line); sub(/:$/, "", line)
		if (line == 0) {
			if (code ~ /^Source:/) { show(); path = substr(code, 8) }
			next
		}
		if (count == "-") next
		lines++
		if (count !~ /^[#=]+$/) next
		missed++
		if (code ~ /fail(_at)?\(|refuse|return (false|NULL|-1);|EXIT_FAILED|abort\(/) {
			sub(/^[ \t]+/, "", code)
			list[++shown] = sprintf("  %5d  %s", line, code)
		}
	}
	END {
		show()
		if (all_lines == 0) { print "nothing was measured there"; exit 1 }
		printf "%d of %d lines reached (%.1f %%); %d lines of error handling are not\n", all_lines - all_missed,
		       all_lines, 100 * (all_lines - all_missed) / all_lines, all_shown
	}'
