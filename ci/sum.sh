#!/bin/sh
# Runs each argument as a shell command and adds their tests up into one closing line, "N passed, N failed".
#
# A command that ends with such a line itself brings those numbers; any other is one test, passed if its exit status is 0. A command
# that fails without naming a failure is one more failed test. Exit status 1 if anything failed or nothing ran.
set -u

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM HUP
mark="ended-$$"         # a sum inside a sum has another

for command; do
	echo "== $command"
	sh -c "$command" 2>&1
	status=$?
	[ $status = 0 ] || printf '\n%s: exit status %s' "$command" $status
	printf '\n%s %s\n' "$mark" $status
done | tee "$log" | grep --line-buffered -v -E "^([0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?|$mark [0-9]+|)\$"

awk -v commands=$# -v mark="$mark" '
	/^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ { own_passed = $1; own_failed = $3 + 0; skipped += $5; counted = 1 }
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
