#!/bin/sh
# Fuzzes what reads files from outside (tests/fuzz/targets.c) with libFuzzer, under clang's address and
# undefined-behaviour sanitizers. Prints a table, then what was found; ends with "N passed, N failed".
#
#   sh ci/fuzz.sh [TARGET...]       default: all
#   sh ci/fuzz.sh --sum             the table alone, of targets on standard input that have run
#
# FUZZ_SECONDS   of each target (60)
# FUZZ_JOBS      targets at once (2)
# CLANG          the compiler (clang)
# BUILD          folder of the build, and of what was found (build/fuzz): found/TARGET has inputs that reached new
#                code, with which the next run begins, crashes/TARGET those that failed
#
# A finding is a sanitizer's report, a leak, an input that takes more than 30 seconds (one or two without sanitizers,
# which slow down the planning of networks twentyfold), and one that takes more than 1 GB (500 MB without).
set -u
cd "$(dirname "$0")/.." || exit 1
seconds=${FUZZ_SECONDS-60}
build=${BUILD-build/fuzz}
clang=${CLANG-clang}
export FUZZ_TARGET

# fuzz_one TARGET DICTIONARY MORE-INPUTS: "-" stands for none.
fuzz_one()
{
	FUZZ_TARGET=$1
	dictionary=${2#-} more=${3#-}
	mkdir -p "$build/found/$1" "$build/crashes/$1" "$build/logs"
	"$build/fuzzer" -max_total_time="$seconds" -max_len=4096 -timeout=30 -rss_limit_mb=1024 -print_final_stats=1 \
		${dictionary:+-dict="tests/fuzz/$dictionary"} -artifact_prefix="$build/crashes/$1/" \
		"$build/found/$1" "tests/fixtures/fuzz/$1" ${more:+"$more"} >"$build/logs/$1" 2>&1
	echo "exit status $?" >>"$build/logs/$1"
}

# The table of the targets on standard input, from their logs. Fails unless every one ran and found nothing.
sum_up()
{
	awk -v logs="$build/logs" '
		function row(a, b, c, d, e, f) { printf "%-12s %12s %9s %9s %7s %8s\n", a, b, c, d, e, f }
		function read_line(    i) {
			for (i = 1; i < NF; i++) {
				if ($i == "cov:") coverage = $(i + 1)
				if ($i == "corp:") inputs = $(i + 1)
			}
			if ($1 == "stat::number_of_executed_units:") runs = $2
			if ($1 == "stat::average_exec_per_sec:") rate = $2
			if (/^exit status /) status = $3
			if (/Test unit written to /) { findings++; found = found target ": " $NF "\n" }
			if (/^SUMMARY: /) found = found target ": " $0 "\n"
		}
		BEGIN { row("target", "runs", "runs/s", "coverage", "inputs", "findings") }
		{
			target = $1
			runs = rate = coverage = inputs = findings = 0
			status = "unknown"
			while ((getline < (logs "/" target)) > 0) read_line()
			sub(/\/.*/, "", inputs)
			row(target, runs, rate, coverage, inputs, findings)
			if (status == "0" && runs > 0) { passed++; next }
			failed++
			if (!findings) found = found target ": exit status " status ", see " logs "/" target "\n"
		}
		END { printf "%s%d passed, %d failed\n", found, passed, failed; exit failed > 0 || passed == 0 }'
}

case "${1-}" in
--one) shift; fuzz_one "$@"; exit 0 ;;
--sum) sum_up; exit ;;
esac

probe='int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }'
if ! echo "$probe" | $clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null; then
	echo "make fuzz: skipped: there is no clang with libFuzzer here (Debian: clang, libclang-rt-dev)"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi

# The kernels are not what is fuzzed, so one set of them is enough. A make of its own, which uses all processors.
env -u MAKEFLAGS -u MAKELEVEL make CC="$clang" BUILD="$build" SETS=portable SANITIZE=fuzzer,address,undefined \
	CFLAGS='-O1 -g1' "$build/fuzzer" || { echo "0 passed, 1 failed"; exit 1; }

# In memory: every input is written to a file.
TMPDIR=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR-/tmp}")") || exit 1
export TMPDIR FUZZ_SECONDS="$seconds" BUILD="$build"
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM HUP

targets=$("$build/fuzzer" --targets | awk -v wanted=" $* " 'wanted == "  " || index(wanted, " " $1 " ")')
[ -n "$targets" ] || { echo "make fuzz: no target of that name; \`$build/fuzzer --targets\` lists them"; exit 2; }
# Threads of OpenBLAS and OpenMP would only take the other job's core.
echo "$targets" | OMP_NUM_THREADS=1 xargs -L 1 -P "${FUZZ_JOBS-2}" sh ci/fuzz.sh --one

echo "$targets" | sum_up
