#!/bin/sh
# Runs each argument as a shell command and adds their tests up into one closing line, "N passed, N failed".
#
# A command that ends with such a line itself brings those numbers; any other is one test, passed if its exit status is
# 0. A command that fails without naming a failure is one more failed test. Exit status 1 if anything failed or nothing
# ran.
#
# JUNIT=FILE in the environment: FILE becomes JUnit's XML of all commands. Each finds in JUNIT a file of its own, to
# which it may write its suites; one that writes none is a suite of one test.
set -u

log=$(mktemp) || exit 1
parts=$(mktemp -d) || exit 1
trap 'rm -rf "$log" "$parts"' EXIT
trap 'exit 130' INT TERM HUP
mark="ended-$$"         # a sum inside a sum has another
junit=${JUNIT-}

# Standard input as the content of an XML element or attribute; what is not printable ASCII becomes "?".
xml_text()
{
	LC_ALL=C tr -c '\t\n -~' '?' | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'
}

# junit_case COMMAND STATUS OUTPUT: the suite of a command that wrote none.
junit_case()
{
	name=$(printf '%s' "$1" | xml_text)
	printf '  <testsuite name="%s" tests="1" failures="%s">\n' "$name" "$(($2 != 0))"
	printf '    <testcase classname="check" name="%s">\n' "$name"
	if [ "$2" != 0 ]; then
		printf '      <failure message="exit status %s">' "$2"
		xml_text <"$3"
		printf '</failure>\n'
	fi
	printf '    </testcase>\n  </testsuite>\n'
}

# The suites in a part are all but its first two lines and its last.
junit_part()
{
	if [ -s "$parts/part" ]; then
		sed '1,2d; $d' "$parts/part"
	else
		junit_case "$1" "$2" "$parts/output"
	fi >>"$parts/suites"
	rm -f "$parts/part"
}

run()
{
	if [ -z "$junit" ]; then
		sh -c "$1" 2>&1
		return
	fi
	{
		JUNIT=$parts/part sh -c "$1" 2>&1
		echo $? >"$parts/status"
	} | tee "$parts/output"
	junit_part "$1" "$(cat "$parts/status")"
	return "$(cat "$parts/status")"
}

for command; do
	echo "== $command"
	run "$command"
	status=$?
	[ $status = 0 ] || printf '\n%s: exit status %s' "$command" $status
	printf '\n%s %s\n' "$mark" $status
done | tee "$log" |
	grep --line-buffered -v -E "^([0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?|$mark [0-9]+|)\$"

if [ -n "$junit" ]; then
	{
		printf '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
		cat "$parts/suites" 2>/dev/null
		echo '</testsuites>'
	} >"$junit" || exit 1
fi
awk -v commands=$# -v mark="$mark" '
	/^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ {
		own_passed = $1; own_failed = $3 + 0; skipped += $5; counted = 1
	}
	$1 == mark {
		ended++
		if (!counted) own_passed = ($2 == 0)
		if ($2 != 0 && own_failed == 0) own_failed = 1
		passed += own_passed; failed += own_failed
		own_passed = own_failed = counted = 0
	}
	END {
		failed += commands - ended
		printf "%d passed, %d failed", passed, failed
		if (skipped) printf ", %d skipped", skipped
		printf "\n"
		exit failed > 0 || passed == 0
	}' "$log"
