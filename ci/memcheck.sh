#!/bin/sh
# Runs the tests of small sweeps with the program under valgrind: an access outside of its memory, a value that nobody
# set, or memory that is lost, is a failed test. Ends with "N passed, N failed"; without valgrind all of it is skipped.
# The stacks of OpenMP's threads, which live until the end, would only be called possibly lost.
#
#   sh ci/memcheck.sh [BUILD]       folder of a build without sanitizers; default: build
set -eu
build=$(cd "${1-build}" && pwd)

if ! command -v valgrind >/dev/null; then
	echo "skipped: there is no valgrind here"
	echo "0 passed, 0 failed, 1 skipped"
	exit
fi
wrapper=$(mktemp)
trap 'rm -f "$wrapper"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$wrapper" <<END
#!/bin/sh
exec valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \\
	'$build/archsweep' "\$@"
END
chmod +x "$wrapper"
ARCHSWEEP=$wrapper "$build/tests" run_keeps_the_weights run_again_trains_only summary_joins eval_of_classes \
	params_as_json
